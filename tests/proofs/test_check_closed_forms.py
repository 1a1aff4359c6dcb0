"""The checker on closed forms at every length: what is false no multipliers prove, what is true the right ones do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mechanism.schemes import (
    AlmostUniform,
    BalancedGeometric,
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    Power,
    PowerSum,
    Recursive,
)
from proofs import (
    BudgetBalanced,
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Monotone,
    RecruiterShare,
    RewardCap,
    RhoSplit,
    SybilProof,
    WithinBudget,
    verify,
    write_json,
)
from proofs.check import FORMAT, LARGEST_PEAK, LONGEST_CHAIN, Refused, check, main, read_scheme

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
TINY = Fraction(1, 10**30)

PLACES = ["limit", 0, 1, 2, 3, 7]
MULTIPLIERS = [
    {},
    *({"peak": peak} for peak in PLACES),
    *({"horizon": h} for h in (0, 1, 2, 3, 5, 12, 40)),
    *({"peaks": [a, b]} for a in PLACES for b in PLACES),
    *({"peaks": [a]} for a in PLACES),
]


def certificate(wanted, multipliers, max_depth=None):
    claim = wanted.to_dict() | {"max_depth": max_depth}
    return {"format": FORMAT, "claims": [{"claim": claim, "multipliers": multipliers}]}


def accepted(scheme, wanted):
    """Return the multipliers that the checker takes for a claim at every length."""
    taken = []
    for multipliers in MULTIPLIERS:
        try:
            check(scheme.exact().to_dict(), certificate(wanted, multipliers))
        except Refused:
            continue
        taken.append(multipliers)
    return taken


BALANCED, MIT, DOUBLE = BalancedGeometric(HALF), Recursive(HALF), DoubleGeometric(THIRD)
TWO = PowerSum([(HALF, 1, 0), (HALF, HALF, 1)])

FALSE = [
    (EqualSplit(), SybilProof()),
    (EqualSplit(), SybilProof(0, identities=2)),
    (EqualSplit(), SybilProof(2 - TINY, identities=2)),
    (EqualSplit(), SybilProof(identity_cost=Fraction(1, 7))),
    (EqualSplit(), SybilProof(identity_cost=Fraction(1, 6) - TINY)),
    (EqualSplit(), SybilProof(HALF, identity_cost=Fraction(1, 20))),
    (EqualSplit(), SybilProof(identity_cost=Fraction(1, 7), identities=1)),
    (EqualSplit(), RecruiterShare(1 + TINY)),
    (EqualSplit(), WithinBudget(1 - TINY)),
    (EqualSplit(), RewardCap(1 - TINY)),
    (BALANCED, WithinBudget(HALF)),
    (BALANCED, RewardCap(1 - TINY)),
    (MIT, RewardCap(HALF - TINY)),
    (MIT, WithinBudget(1 - TINY)),
    (Power(1, HALF, 3), RewardCap(10**6)),
    (Power(1, 1, 1 + TINY), Monotone()),
    (PowerSum([(HALF, 1, 0), (HALF, HALF, 2)]), RewardCap(1 - TINY)),
    (DirectReferral(THIRD), WithinBudget(1 - TINY)),
    (EqualSplit(), RhoSplit(HALF)),
    (EqualSplit(), RhoSplit(2)),
    (EqualSplit(), FinderShare(TINY)),
    (EqualSplit(), IndividualRationality(TINY)),
    (BALANCED, SybilProof()),
    (BALANCED, SybilProof(1 - TINY)),
    (BALANCED, SybilProof(HALF - TINY, identities=1)),
    (BALANCED, SybilProof(Fraction(3, 4) - TINY, identities=2)),
    (BALANCED, SybilProof(identity_cost=Fraction(1, 4) - Fraction(1, 10**6))),
    (BALANCED, SybilProof(identity_cost=Fraction(1, 5), identities=1)),
    (BALANCED, SybilProof(HALF - TINY, identity_cost=TINY)),
    (BALANCED, RecruiterShare(HALF + TINY)),
    (BALANCED, RhoSplit(HALF + TINY)),
    (BALANCED, RhoSplit(HALF - TINY)),
    (BALANCED, FinderShare(HALF + TINY)),
    (BALANCED, IndividualRationality(TINY)),
    (BalancedGeometric(Fraction(4, 5)), SybilProof(identity_cost=Fraction(4, 25))),
    (EqualSplit(), SybilProof(1, identity_cost=Fraction(1, 40), identities=2)),
    (Power(1, 1, 1), SybilProof(1, identities=2)),
    (Power(HALF, 1, 1), SybilProof(HALF, identity_cost=Fraction(1, 8), identities=3)),
    (MIT, SybilProof(1 - TINY)),
    (MIT, SybilProof(HALF - TINY, identities=1)),
    (MIT, SybilProof(identity_cost=Fraction(1, 4) - TINY)),
    (MIT, BudgetBalanced()),
    (MIT, RecruiterShare(HALF + TINY)),
    (MIT, RhoSplit(HALF + TINY)),
    (MIT, FinderShare(HALF + TINY)),
    (MIT, IndividualRationality(TINY)),
    (DOUBLE, CollusionProof()),
    (DOUBLE, CollusionProof(10**6)),
    (DOUBLE, FinderShare(TINY)),
    (FinderTakesAll(), RecruiterShare()),
    (FinderTakesAll(), RecruiterShare(TINY)),
    (FinderTakesAll(), RhoSplit(TINY)),
    (Geometric(1, HALF), WithinBudget()),
    (Power(1, 1, TINY), BudgetBalanced()),
    (Power(1, HALF, 1), BudgetBalanced()),  # right up to length 2
    (Power(1, 2, 0), SybilProof(identity_cost=10**6)),
    (Power(1, 1, 1), SybilProof(10**6, identity_cost=1 - TINY)),
    (Power(1, HALF, 4), SybilProof(1, identity_cost=10**6, identities=1)),
    (Power(1, HALF, 4), SybilProof(10**6, identity_cost=10**6)),
    (Power(1, HALF, 0), FinderShare(TINY)),
    (Power(1, 2, THIRD), IndividualRationality(TINY)),
    (Power(1, HALF, 3), IndividualRationality(TINY)),
    (Power(HALF, 2, 2), FinderShare(HALF + TINY)),
    (Power(HALF, 2, 2), IndividualRationality(HALF + TINY)),
    (TWO, RhoSplit(0)),
    (PowerSum([(HALF, 1, HALF), (HALF, 1, 0)]), WithinBudget()),
    (PowerSum([(HALF, 1, 0), (HALF, HALF, 1 + TINY)]), SybilProof()),
    (PowerSum([(HALF, 2, 0), (HALF, 1, 0)]), SybilProof(identity_cost=10**6)),
    (PowerSum([(HALF, 2, 0), (HALF, 1, 0)]), SybilProof(identity_cost=10**6, identities=1)),
    (PowerSum([(HALF, 1, HALF), (HALF, 1, THIRD)]), RhoSplit(HALF)),
    (PowerSum([(HALF, 1, HALF), (HALF, 1, THIRD)]), SybilProof(identity_cost=Fraction(5, 12) - TINY)),
    (PowerSum([(HALF, HALF, 0), (THIRD, 1, 0)]), FinderShare(THIRD + TINY)),
    (DirectReferral(THIRD), CollusionProof()),
    (DirectReferral(THIRD), RecruiterShare()),
    (DirectReferral(THIRD), BudgetBalanced()),
    (ConstantSplit(3), SybilProof(identity_cost=THIRD - TINY)),
    (ConstantSplit(3), CollusionProof()),
    (ConstantSplit(3), BudgetBalanced()),
    (ConstantSplit(3), FinderShare(THIRD)),
    (AlmostUniform(1, 3), SybilProof()),
    (AlmostUniform(1, 3), SybilProof(identity_cost=Fraction(1, 4) - TINY)),
    (AlmostUniform(1, 3), BudgetBalanced()),
]

TRUE = [
    (EqualSplit(), SybilProof(2, identities=2), {}),
    (EqualSplit(), SybilProof(identity_cost=Fraction(1, 6)), {"horizon": 12}),
    (EqualSplit(), SybilProof(identity_cost=1), {"horizon": 2}),
    (EqualSplit(), SybilProof(identity_cost=Fraction(1, 6), identities=1), {"horizon": 12}),
    (EqualSplit(), SybilProof(HALF, identity_cost=Fraction(1, 20), identities=1), {"horizon": 40}),
    (EqualSplit(), WithinBudget(), {}),
    (EqualSplit(), Monotone(), {}),
    (EqualSplit(), RewardCap(1), {}),
    (BALANCED, Monotone(), {}),
    (BALANCED, RewardCap(1), {}),
    (MIT, Monotone(), {}),
    (MIT, RewardCap(HALF), {}),
    (MIT, WithinBudget(1), {"peak": "limit"}),
    (DirectReferral(THIRD), WithinBudget(2), {}),
    (EqualSplit(), RecruiterShare(1), {}),
    (EqualSplit(), RecruiterShare(), {}),
    (EqualSplit(), RhoSplit(1), {}),
    (EqualSplit(), FinderShare(0), {}),
    (EqualSplit(), IndividualRationality(0), {}),
    (EqualSplit(), BudgetBalanced(), {}),
    (EqualSplit(), CollusionProof(), {}),
    (BALANCED, SybilProof(1), {}),
    (BALANCED, SybilProof(HALF, identities=1), {}),
    (BALANCED, SybilProof(Fraction(3, 4), identities=2), {}),
    (BALANCED, SybilProof(identity_cost=Fraction(1, 4)), {"horizon": 0}),
    (BALANCED, SybilProof(1, identity_cost=1), {}),
    (BALANCED, RecruiterShare(HALF), {}),
    (BALANCED, RecruiterShare(), {}),
    (BALANCED, RhoSplit(HALF), {}),
    (BALANCED, FinderShare(HALF), {}),
    (BALANCED, IndividualRationality(0), {}),
    (BALANCED, BudgetBalanced(), {}),
    (BALANCED, WithinBudget(), {}),
    (BALANCED, CollusionProof(), {}),
    (MIT, SybilProof(1), {"peak": "limit"}),
    (MIT, SybilProof(HALF, identities=1), {"horizon": 1}),
    (MIT, SybilProof(identity_cost=Fraction(1, 4)), {"horizon": 1}),
    (MIT, CollusionProof(), {}),
    (MIT, RecruiterShare(HALF), {}),
    (MIT, RhoSplit(HALF), {}),
    (MIT, FinderShare(HALF), {}),
    (FinderTakesAll(), BudgetBalanced(), {}),
    (FinderTakesAll(), RhoSplit(0), {}),
    (FinderTakesAll(), FinderShare(1), {}),
    (Power(1, 1, 1), SybilProof(identity_cost=1), {"horizon": 0}),
    (Power(1, 2, 0), SybilProof(1, identity_cost=0, identities=1), {"horizon": 1}),
    (Power(1, HALF, 4), SybilProof(Fraction(3, 2), identities=1), {"horizon": 1}),
    (Power(1, 0, 5), RecruiterShare(7), {}),
    (Power(1, 0, 5), RecruiterShare(), {}),
    (Power(1, 0, 5), RhoSplit(7), {}),
    (Power(0, 1, 1), CollusionProof(), {}),
    (Power(0, 1, 1), FinderShare(0), {}),
    (Power(HALF, HALF, 2), IndividualRationality(0), {}),
    (Power(HALF, HALF, 2), CollusionProof(), {}),
    (Power(HALF, 2, 1), IndividualRationality(HALF), {}),
    (Power(HALF, 1, 1), FinderShare(HALF), {}),
    (TWO, SybilProof(), {"peaks": [0, 0]}),
    (TWO, WithinBudget(), {"peaks": [0, 0]}),
    (TWO, RecruiterShare(), {}),
    (TWO, RecruiterShare(0), {}),
    (TWO, FinderShare(HALF), {}),
    (PowerSum([(HALF, 1, 1), (HALF, HALF, 2)]), CollusionProof(), {}),
    (PowerSum([(HALF, 1, 1), (THIRD, 1, 2)]), IndividualRationality(Fraction(5, 6)), {}),
    (
        PowerSum([(HALF, 1, HALF), (HALF, 1, THIRD)]),
        SybilProof(identity_cost=Fraction(5, 12)),
        {"horizon": 1},
    ),
    (PowerSum([(HALF, 1, HALF), (HALF, HALF, HALF)]), RhoSplit(HALF), {}),
    (PowerSum([(HALF, 1, 0), (HALF, 1, 0)]), BudgetBalanced(), {}),
    (DirectReferral(1), SybilProof(), {}),
    (DirectReferral(THIRD), SybilProof(), {}),
    (ConstantSplit(3), SybilProof(identity_cost=THIRD), {}),
    (ConstantSplit(3), RecruiterShare(1), {}),
    (AlmostUniform(1, 3), SybilProof(identity_cost=Fraction(1, 4)), {}),
    (AlmostUniform(1, 3), WithinBudget(), {}),
]


@pytest.mark.parametrize(("scheme", "wanted"), FALSE, ids=str)
def test_what_is_false_is_proved_by_nothing(scheme, wanted):
    assert verify(scheme, wanted).holds is not True
    assert accepted(scheme, wanted) == []


@pytest.mark.parametrize(("scheme", "wanted", "multipliers"), TRUE, ids=str)
def test_what_is_true_is_proved_by_the_right_multipliers(scheme, wanted, multipliers):
    assert check(scheme.exact().to_dict(), certificate(wanted, multipliers))
    assert verify(scheme, wanted).holds is True
    if "peak" not in multipliers and "horizon" not in multipliers:
        assert not [
            taken for taken in accepted(scheme, wanted) if taken.keys() - multipliers.keys() - {"horizon"}
        ]


class TestHorizons:
    def test_a_horizon_that_is_too_near(self):
        for h in range(12):
            with pytest.raises(Refused, match="too near"):
                check(
                    EqualSplit().to_dict(),
                    certificate(SybilProof(identity_cost=Fraction(1, 6)), {"horizon": h}),
                )
        wanted = SybilProof(Fraction(1, 4), identity_cost=Fraction(1, 8))
        assert check(MIT.to_dict(), certificate(wanted, {"horizon": 1}))
        with pytest.raises(Refused, match="more than 0"):
            check(MIT.to_dict(), certificate(wanted, {"horizon": 0}))

    def test_every_chain_before_the_horizon_counts(self):
        """Balanced geometric at r = 4/5 gains most on chains of length 3, with one fake identity."""
        scheme, r = BalancedGeometric(Fraction(4, 5)), Fraction(4, 5)
        gains = [(1 - r**2) / (1 - r ** (n + 1)) - (1 - r) / (1 - r**n) for n in range(1, 40)]
        top = max(gains)
        for h in (30, 40):
            assert check(scheme.to_dict(), certificate(SybilProof(identity_cost=top), {"horizon": h}))
            for cost, words in ((top - TINY, r"S_1\(\d, 0\) is too much"), (r * (1 - r), "in long chains")):
                with pytest.raises(Refused, match=words):
                    check(scheme.to_dict(), certificate(SybilProof(identity_cost=cost), {"horizon": h}))
        with pytest.raises(Refused, match="in long chains"):
            check(scheme.to_dict(), certificate(SybilProof(identity_cost=top), {"horizon": 2}))

    def test_the_nearest_horizon_of_balanced_geometric(self):
        scheme, wanted = BalancedGeometric(Fraction(4, 5)), SybilProof(identity_cost=Fraction(1, 5))
        taken = []
        for h in range(40):
            try:
                check(scheme.to_dict(), certificate(wanted, {"horizon": h}))
            except Refused:
                continue
            taken.append(h)
        assert taken == list(range(taken[0], 40))
        r, c = Fraction(4, 5), Fraction(1, 5)
        start, slope = c - (1 - r**2) + (1 - r), (1 - r**2) - c * (1 + r) - (1 - r) * r
        assert slope < 0
        assert start + slope * r ** taken[0] >= 0 > start + slope * r ** (taken[0] - 1)

    def test_as_far_as_anybody_looks(self):
        wanted = SybilProof(identity_cost=1)
        assert check(EqualSplit().to_dict(), certificate(wanted, {"horizon": LONGEST_CHAIN}))
        with pytest.raises(Refused, match="too many chains"):
            check(EqualSplit().to_dict(), certificate(wanted, {"horizon": LONGEST_CHAIN + 1}))
        assert LONGEST_CHAIN == 600
        small = BalancedGeometric(Fraction(1, 1000)).to_dict()
        cheap = [SybilProof(identity_cost=Fraction(1, n)) for n in (LONGEST_CHAIN, LONGEST_CHAIN + 1)]
        assert check(small, certificate(cheap[0], {"horizon": 0}))
        with pytest.raises(Refused, match="too many chains"):
            check(small, certificate(cheap[1], {"horizon": 0}))
        with pytest.raises(Refused, match="at most 10000"):
            check(MIT.to_dict(), certificate(wanted, {"horizon": LARGEST_PEAK + 1}))

    def test_horizons_of_few_identities(self):
        for most, h in ((1, 1), (3, 3), (2, 5)):
            wanted = SybilProof(1 - HALF**most, identities=most)
            assert check(MIT.to_dict(), certificate(wanted, {"horizon": h}))
            with pytest.raises(Refused):
                check(MIT.to_dict(), certificate(wanted, {"horizon": most - 1}))

    @pytest.mark.parametrize("horizon", [-1, 1.0, "1", True, None, [1]])
    def test_wrong_horizons(self, horizon):
        for scheme in (MIT, EqualSplit(), BALANCED):
            with pytest.raises(Refused):
                check(scheme.to_dict(), certificate(SybilProof(identity_cost=2), {"horizon": horizon}))
            with pytest.raises(Refused):
                check(scheme.to_dict(), certificate(SybilProof(identity_cost=2), {"horizon": 1, "peak": 0}))

    def test_many_identities_are_as_good_as_any_number(self):
        for most in (LARGEST_PEAK, LARGEST_PEAK + 1, 10**9):
            assert check(BALANCED.to_dict(), certificate(SybilProof(1, identities=most), {}))
        exact = (HALF - HALF ** (LARGEST_PEAK + 1)) / HALF
        assert check(BALANCED.to_dict(), certificate(SybilProof(exact, identities=LARGEST_PEAK), {}))
        with pytest.raises(Refused):
            check(BALANCED.to_dict(), certificate(SybilProof(exact, identities=LARGEST_PEAK + 1), {}))


def test_every_member_counts_in_a_cut_scheme():
    wanted = IndividualRationality(Fraction(1, 4))
    assert check(MIT.to_dict(), certificate(wanted, {}, 2))
    with pytest.raises(Refused, match=r"R\(3, j\) >= cost fails"):
        check(MIT.to_dict(), certificate(wanted, {}, 3))


def test_mergers_in_a_cut_scheme():
    """Three members of the double geometric scheme with b = 1/2 are paid 3/4, as one 1."""
    scheme = DoubleGeometric(HALF).to_dict()
    assert check(scheme, certificate(CollusionProof(), {}, 2))
    assert check(scheme, certificate(CollusionProof(THIRD), {}, 3))
    for epsilon in (0, THIRD - TINY):
        with pytest.raises(Refused, match=r"R\(1, 0\) <= \(1 \+ epsilon\) S_2\(1, 0\) fails"):
            check(scheme, certificate(CollusionProof(epsilon), {}, 3))


def test_files_are_read(tmp_path, capsys):
    write_json(tmp_path / "scheme.json", MIT.to_dict())
    write_json(tmp_path / "certificate.json", certificate(SybilProof(1), {"peak": "limit"}))
    assert main([str(tmp_path / "scheme.json"), str(tmp_path / "certificate.json")]) == 0
    assert capsys.readouterr().out == "accepted: sybil-proof with epsilon = 1 at every length\n"


class TestReading:
    @pytest.mark.parametrize(
        "document",
        [
            {"scheme": "balanced_geometric", "ratio": "1"},
            {"scheme": "balanced_geometric", "ratio": "0"},
            {"scheme": "balanced_geometric", "ratio": "3/2"},
            {"scheme": "balanced_geometric", "ratio": "1/2", "height": "2"},
            {"scheme": "constant_split", "members": "0"},
            {"scheme": "constant_split", "members": "5/2"},
            {"scheme": "constant_split", "members": 5},
            {"scheme": "constant_split", "members": "10001"},
            {"scheme": "almost_uniform", "beta": "0", "height": "3"},
            {"scheme": "almost_uniform", "beta": "1", "height": "0"},
            {"scheme": "almost_uniform", "beta": "1"},
            {"scheme": "direct_referral", "referral": "0"},
            {"scheme": "direct_referral", "referral": "11/10"},
            {"scheme": "power_sum", "terms": []},
            {"scheme": "power_sum", "terms": [["1", "1"]]},
            {"scheme": "power_sum", "terms": [["1", "1", "1"], ["1", "1"]]},
            {"scheme": "power_sum", "terms": [["1", "1", "1", "1"]]},
            {"scheme": "power_sum", "terms": [["1", "1", "1"], ["1", "-1", "1"]]},
            {"scheme": "power_sum", "terms": [["1", "1", 1]]},
            {"scheme": "power_sum", "terms": ["111"]},
            {"scheme": "power_sum", "terms": "1"},
        ],
        ids=str,
    )
    def test_wrong_schemes(self, document):
        with pytest.raises(Refused):
            read_scheme(document)

    def test_whole_numbers_are_texts(self):
        for text in ("4", "4.0", "8/2"):
            assert read_scheme({"scheme": "constant_split", "members": text}).longest == 4
        assert read_scheme({"scheme": "constant_split", "members": "10000"}).longest == LARGEST_PEAK

    @pytest.mark.parametrize("claims", [[], {}, None])
    def test_no_claims(self, claims):
        with pytest.raises(Refused):
            check(MIT.to_dict(), {"format": FORMAT, "claims": claims})

    @pytest.mark.parametrize(
        "claim",
        [
            {"property": "within_budget", "max_depth": None, "epsilon": "0"},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": None, "identities": 0},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": None, "identities": "1"},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": None, "identities": True},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": None, "identity_cost": 0},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": None, "identity_cost": None},
            {"property": "sybil_proof", "epsilon": None, "max_depth": None},
            {"property": "collusion_proof", "epsilon": "0", "max_depth": None, "identities": 1},
            {"property": "collusion_proof", "max_depth": None},
            {"property": "collusion_proof", "epsilon": None, "max_depth": None},
            {"property": "recruiter_share", "max_depth": None},
            {"property": "recruiter_share above 0", "delta": None, "max_depth": None},
            {"property": "finder_share", "gamma": None, "max_depth": None},
            {"property": "individual_rationality", "cost": "x", "max_depth": None},
            {"property": "rho_split", "rho": "1/2", "delta": "1/2", "max_depth": None},
        ],
        ids=str,
    )
    def test_wrong_claims(self, claim):
        for depth in (None, 3):
            for multipliers in MULTIPLIERS[:10]:
                document = {"claim": claim | {"max_depth": depth}, "multipliers": multipliers}
                for scheme in (FinderTakesAll(), EqualSplit(), BALANCED, ConstantSplit(2)):
                    with pytest.raises(Refused):
                        check(scheme.to_dict(), {"format": FORMAT, "claims": [document]})

    def test_defaults_may_be_spelt_out(self):
        claim = {"property": "sybil_proof", "epsilon": "1", "identity_cost": "0", "identities": None}
        entry = {"claim": claim | {"max_depth": None}, "multipliers": {"peak": "limit"}}
        assert check(MIT.to_dict(), {"format": FORMAT, "claims": [entry]})

    def test_no_peak_before_the_first(self):
        for scheme in (FinderTakesAll(), DOUBLE, Power(1, 0, 1), Power(1, HALF, 1)):
            with pytest.raises(Refused, match="a peak must be"):
                check(scheme.exact().to_dict(), certificate(SybilProof(), {"peak": -1}))

    def test_peaks_one_for_each_term(self):
        for peaks in ([], [0], [0, 0, 0], 0, {"0": 0}):
            with pytest.raises(Refused):
                check(TWO.exact().to_dict(), certificate(SybilProof(), {"peaks": peaks}))
        with pytest.raises(Refused):
            check(TWO.exact().to_dict(), certificate(SybilProof(), {"peak": 0}))
        with pytest.raises(Refused):
            check(DOUBLE.to_dict(), certificate(SybilProof(), {"peaks": [0]}))

    @pytest.mark.parametrize(
        ("wanted", "depth", "words"),
        [
            (SybilProof(), None, "sybil-proof with epsilon = 0 at every length"),
            (CollusionProof(1), None, "collusion-proof with epsilon = 1 at every length"),
            (RecruiterShare(), 4, "recruiter share with delta = None in chains of length at most 4"),
            (WithinBudget(), 2, "within budget in chains of length at most 2"),
        ],
    )
    def test_words(self, wanted, depth, words):
        multipliers = {"peak": 0} if isinstance(wanted, SybilProof) else {}
        scheme = MIT if depth else FinderTakesAll()
        assert check(scheme.to_dict(), certificate(wanted, multipliers, depth)) == [words]

    def test_a_long_direct_referral_is_not_recomputed(self):
        scheme = DirectReferral(Fraction(1, 10**6))
        for wanted in (SybilProof(), WithinBudget()):
            assert check(scheme.to_dict(), certificate(wanted, {}))
            with pytest.raises(Refused):
                check(scheme.to_dict(), certificate(wanted, {"peak": 0}))


@pytest.mark.parametrize(
    ("scheme", "wanted", "longest"),
    [
        (ConstantSplit(4), BudgetBalanced(), None),
        (ConstantSplit(4), RecruiterShare(1), 9),
        (AlmostUniform(HALF, 4), BudgetBalanced(), 4),
        (DirectReferral(HALF), IndividualRationality(0), 9),
    ],
)
def test_one_chain_beyond_the_end_speaks_for_all(scheme, wanted, longest):
    """The row of zeros after the last one counts, but for a claim that is cut before."""
    for depth in (None, *range(1, 10)):
        document = certificate(wanted, {}, depth)
        true = verify(scheme, wanted, max_depth=depth).holds
        try:
            check(scheme.exact().to_dict(), document)
        except Refused:
            assert true is False
        else:
            assert true is True
        if longest is not None and depth is not None:
            assert true is (depth <= longest)
