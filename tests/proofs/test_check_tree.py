"""The checker of tree schemes: it accepts what is true of every forest, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import proofs.check_tree
from mechanism.errors import CertificateError
from mechanism.schemes import (
    CDRM1,
    CDRM2,
    TDRM,
    CappedRate,
    GeometricTree,
    LinearLuxor,
    LinearPachira,
    MultiLevel,
    ShapleyTree,
)
from proofs import Proved, certificate_of, check_certificate, verify, write_json
from proofs.check_tree import CLAIMS, FAMILIES, FORMAT, Refused, check, fold_of, holds, ratio
from proofs.enclosure import enclose
from proofs.trees import (
    Additivity,
    BudgetBalance,
    BudgetConstraint,
    ContributionIncentive,
    ProfitableOpportunity,
    ProportionalReward,
    SolicitationIncentive,
    SubtreeLocality,
    Symmetry,
    UnboundedReward,
    UnprofitableBypassing,
    UnprofitableGeneralizedSybilAttack,
    UnprofitableSybilAttack,
)
from proofs.trees.rule import Rule
from proofs.trees.search import Reach, search
from proofs.trees.symbolic import prove, refute

F = Fraction
TINY = F(1, 10**30)
CHECKER = Path(proofs.check_tree.__file__)
ROOT = CHECKER.parent.parent
HALF = F(1, 2)


def certificate(claim, multipliers=None):
    return {"format": FORMAT, "claims": [{"claim": claim, "multipliers": multipliers or {}}]}


def accepts(scheme, claim, multipliers=None):
    document = scheme if isinstance(scheme, dict) else scheme.exact().to_dict()
    try:
        return bool(check(document, certificate(claim, multipliers)))
    except Refused:
        return False


def proved(scheme, claimed):
    return prove(scheme.exact(), claimed) is not None


unit = st.builds(F, st.integers(0, 8), st.just(8))
inner = st.builds(F, st.integers(1, 7), st.just(8))
amounts = st.sampled_from([F(1, 8), F(1, 2), F(1), F(2)])
schemes = st.one_of(
    st.builds(GeometricTree, st.builds(F, st.integers(0, 7), st.just(8)), unit),
    st.builds(MultiLevel, st.builds(F, st.integers(0, 7), st.just(8)), unit),
    st.builds(LinearLuxor, inner, st.builds(F, st.integers(0, 7), st.just(8))),
    st.tuples(inner, inner).map(lambda pair: CDRM1(max(pair), min(pair))),
    st.tuples(inner, inner).map(lambda pair: CDRM2(max(pair), min(pair))),
    st.builds(TDRM, inner, amounts, unit, amounts),
    st.builds(LinearPachira, inner, unit, st.sampled_from([F(1, 2), F(1), F(2)])),
    st.tuples(unit, unit, amounts).map(lambda t: CappedRate(min(t[:2]), t[2], max(t[:2]))),
    st.just(ShapleyTree()),
)
properties = st.one_of(
    st.builds(BudgetConstraint, st.sampled_from([F(1, 4), HALF, F(3, 4), F(1), F(2)])),
    st.builds(ProportionalReward, unit),
    st.builds(UnprofitableSybilAttack, st.sampled_from(["any", "chain", "siblings"])),
    st.sampled_from(
        [
            BudgetBalance(),
            ContributionIncentive(),
            SolicitationIncentive(),
            SubtreeLocality(),
            UnprofitableBypassing(),
            Symmetry(),
            Additivity(),
            UnprofitableGeneralizedSybilAttack(),
        ]
    ),
)


class TestAgainstTheDefinition:
    @settings(max_examples=150)
    @given(schemes, properties)
    def test_what_is_accepted_has_no_counterexample(self, scheme, claimed):
        if proved(scheme, claimed):
            reach = Reach(members=3, amounts=(F(1), F(3)), brooms=5)
            assert search(Rule(scheme), claimed, reach) is None

    @settings(max_examples=60)
    @given(schemes, properties, st.dictionaries(st.sampled_from(["potential", "slope"]), unit.map(str)))
    def test_no_multiplier_proves_what_is_false(self, scheme, claimed, multipliers):
        if accepts(scheme, claimed.to_dict(), multipliers):
            assert search(Rule(scheme), claimed, Reach(members=3, brooms=5)) is None

    @settings(max_examples=60)
    @given(schemes, st.sampled_from([ProfitableOpportunity(), UnboundedReward()]))
    def test_a_promise_is_not_both_proved_and_refuted(self, scheme, claimed):
        assert not (proved(scheme, claimed) and refute(scheme.exact(), claimed))

    @settings(max_examples=60)
    @given(schemes, st.integers(1, 200))
    def test_a_proved_promise_is_kept_by_a_wide_star(self, scheme, wanted):
        """A star of leaves, wider and wider, brings any reward, if rewards are proved to be unbounded."""
        if proved(scheme, UnboundedReward()):
            rule, width = Rule(scheme), 1
            while not rule.exceeds(rule(star(width))[0], F(wanted, 100)):
                width *= 4
                assert width < 10**5

    @settings(max_examples=40)
    @given(schemes)
    def test_a_proved_bound_is_kept(self, scheme):
        ceiling = refute(scheme.exact(), UnboundedReward())
        if ceiling is not None:
            bound = F(ceiling.certificate["claims"][0]["claim"]["bound"])
            for width in (1, 5, 50):
                assert not Rule(scheme).exceeds(Rule(scheme)(star(width))[0], bound)


def star(width):
    return (-1, *[0] * width), (F(1),) * (width + 1)


class TestFormulas:
    """The checker's own formulas are those of the catalogue."""

    @given(schemes, unit, st.builds(F, st.integers(0, 40), st.integers(1, 8)))
    def test_folds(self, scheme, own, below):
        given_parameters = [F(x) for x in scheme.exact().parameters]
        fold = fold_of(scheme.kind, given_parameters)
        if fold is None:
            return
        if isinstance(scheme, TDRM):
            own = max(own, F(1, 8)) * scheme.unit  # one piece; who contributed nothing has none
        c = own
        sent, paid = value(fold.send(ratio(c), ratio(below))), value(fold.pay(ratio(c), ratio(below)))
        if not fold.weight:
            assert sent == scheme.message(given_parameters, c, [below], None, None)[0]
            assert paid == scheme.pay(given_parameters, c, [below], None, None)
            return
        balls = [enclose(x) for x in given_parameters]
        exact = scheme.pay(balls, enclose(c), [enclose(below)], None, None)
        argument = enclose(value(fold.argument(ratio(c), ratio(below))))
        assert (enclose(paid) - enclose(fold.weight) * argument.log()).overlaps(exact)

    def test_every_family_is_known(self):
        from mechanism.schemes import TREE_FAMILIES

        chances = {"pachira", "luxor"}  # lottery trees are proved by their linear versions
        assert set(FAMILIES) == set(TREE_FAMILIES) - chances


def value(quotient):
    (below,) = quotient.below.values()
    return F(sum(quotient.above.values())) / below


class TestExactConditions:
    """A hair within the condition: accepted; a hair beyond: refused."""

    @pytest.mark.parametrize("hair", [-TINY, F(0), TINY])
    @pytest.mark.parametrize(
        ("scheme", "claimed"),
        [
            (lambda e: GeometricTree(HALF, HALF + e), BudgetConstraint()),
            (lambda e: GeometricTree(F(1, 3), F(1, 3) + e), BudgetConstraint(HALF)),
            (lambda e: LinearLuxor(HALF + e, F(1, 3)), BudgetConstraint(HALF)),
            (lambda e: MultiLevel(HALF, HALF + e), BudgetConstraint()),
            (lambda e: TDRM(HALF, F(1, 5) + e, F(1, 10), F(3)), BudgetConstraint(HALF)),
            (lambda e: CDRM1(HALF + e, F(1, 4)), BudgetConstraint(HALF)),
            (lambda e: CDRM2(HALF + e, F(1, 4)), BudgetConstraint(HALF)),
            (lambda e: LinearPachira(HALF + e, F(1, 4), HALF), BudgetConstraint(HALF)),
            (lambda e: CappedRate(F(1, 4), F(1), HALF + e), BudgetConstraint(HALF)),
            (lambda e: GeometricTree(HALF, HALF - e), ProportionalReward(HALF)),
            (lambda e: CDRM1(HALF - e, F(1, 4)), ProportionalReward(F(1, 4))),
            (lambda e: CDRM2(HALF - e, F(1, 4)), ProportionalReward(F(1, 4))),
            (lambda e: TDRM(HALF, F(1, 5), F(1, 10) - e, F(3)), ProportionalReward(F(1, 10))),
            (lambda e: LinearPachira(HALF, HALF - e, HALF), ProportionalReward(F(1, 4))),
            (lambda e: CappedRate(F(1, 4) - e, F(1), HALF), ProportionalReward(F(1, 4))),
            (lambda e: LinearPachira(HALF + e, HALF, F(2)), UnprofitableGeneralizedSybilAttack()),
            (lambda e: CappedRate(HALF, F(1), F(3, 4) + e), UnprofitableGeneralizedSybilAttack()),
            (lambda e: GeometricTree(HALF - e, F(1, 4)), UnboundedReward(max_children=2)),
        ],
    )
    def test_a_hair(self, scheme, claimed, hair):
        assert proved(scheme(hair), claimed) is (hair <= 0)

    def test_narrow_trees(self):
        """With decay a and at most m recruits each, rewards are unbounded if and only if a m >= 1."""
        for m in range(1, 6):
            for k in range(1, 12):
                known = proved(GeometricTree(F(k, 12), F(1, 12)), UnboundedReward(max_children=m))
                assert known is (F(k, 12) * m >= 1)

    @pytest.mark.parametrize("m", [1, 2])
    def test_rewards_in_narrow_trees_as_deep_as_it_takes(self, m):
        """At a m = 1 every level adds the same: checked by hand on chains and binary trees."""
        scheme = GeometricTree(HALF, HALF)
        reached = [F(0)]
        for _ in range(12):
            reached.append(1 + HALF * m * reached[-1])
        grows = {b - a for a, b in pairwise(reached[1:])}
        assert (grows == {F(1)}) is proved(scheme, UnboundedReward(max_children=m))

    def test_additivity(self):
        assert proved(GeometricTree(HALF, HALF), Additivity())
        assert not proved(CDRM1(HALF, F(1, 4)), Additivity())
        assert proved(LinearPachira(HALF, F(1), HALF), Additivity())

    def test_who_is_felt_one_level_up_only(self):
        """With a decay of 0 recruits of recruits are worth nothing."""
        scheme = MultiLevel(F(0), HALF)
        assert not proved(scheme, SolicitationIncentive())
        case = search(Rule(scheme), SolicitationIncentive(), Reach(members=3))
        assert case is not None
        assert case.members == 3
        assert not proved(GeometricTree(F(0), HALF), SolicitationIncentive())

    def test_penalty_as_large_as_the_budget(self):
        for scheme in (CDRM1(HALF, HALF), CDRM2(HALF, HALF)):
            assert proved(scheme, ContributionIncentive())
            assert proved(scheme, ProportionalReward(F(0)))


class TestPolynomials:
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-2, 3)), max_size=5))
    def test_a_quotient_that_holds_is_at_least_zero(self, terms):
        difference = ratio(0)
        for c, s, factor in terms:
            term = ratio(factor)
            for variable, power in (("c", c), ("s", s)):
                for _ in range(power):
                    term = term * ratio(variable)
            difference = difference + term / (1 + ratio("c") + ratio("s"))
        at = [(F(x), F(y)) for x in (0, 1, 7) for y in (0, F(1, 3), 5)]
        if holds(difference):
            assert all(evaluate(difference, x, y) >= 0 for x, y in at)
        if holds(difference, "c"):
            assert all(evaluate(difference, x, y) > 0 for x, y in at if x > 0)
        for x, y in at:
            expected = sum(f * x**c * y**s for c, s, f in terms) / (1 + x + y)
            assert evaluate(difference, x, y) == expected

    def test_strict_only_where_variables_are_positive(self):
        c, s = ratio("c"), ratio("s")
        assert holds(c * s)
        assert not holds(c * s, "c")
        assert holds(c * s + c, "c")
        assert not holds(c - s)
        assert not holds(c / s)
        assert not holds(ratio(1) / (c - 1))
        assert holds(ratio(1) / (1 + c * HALF))
        assert holds(ratio(1) / (HALF + c))


def evaluate(quotient, c, s):
    def polynomial(terms):
        return sum((x * c ** m.count("c") * s ** m.count("s") for m, x in terms.items()), F(0))

    return polynomial(quotient.above) / polynomial(quotient.below)


PROVED = [
    (GeometricTree(F(1, 3), F(1, 3)), BudgetConstraint(HALF)),
    (CDRM1(HALF, F(1, 4)), UnprofitableSybilAttack()),
    (CDRM2(HALF, F(1, 4)), UnprofitableGeneralizedSybilAttack()),
    (TDRM(HALF, F(1, 5), F(1, 10), F(1)), UnprofitableSybilAttack()),
    (LinearPachira(0.5, 0.2, 0.5), SolicitationIncentive()),
    (ShapleyTree(), BudgetBalance()),
    (CappedRate(0.1, 0.2, 0.5), UnprofitableSybilAttack()),
    (CappedRate(0.5, 0.2, 0.5), ContributionIncentive()),
    (GeometricTree(HALF, HALF), SubtreeLocality()),
    (GeometricTree(HALF, HALF), UnprofitableBypassing()),
    (MultiLevel(HALF, HALF), Symmetry()),
    (GeometricTree(F(0), F(1)), BudgetBalance()),
]


class TestBadCertificates:
    @pytest.mark.parametrize(("scheme", "claimed"), PROVED, ids=lambda x: getattr(x, "code", str(x)))
    def test_edits(self, scheme, claimed):
        verdict = verify(scheme, claimed)
        assert isinstance(verdict, Proved)
        document, good = dict(verdict.scheme), dict(verdict.certificate)
        assert check(document, good)
        entry = good["claims"][0]
        edits = [
            good | {"format": FORMAT + "0"},
            good | {"claims": []},
            good | {"claims": [entry, {}]},
            good | {"digest": "0"},
            good | {"claims": [entry | {"multipliers": entry["multipliers"] | {"more": "1"}}]},
            good | {"claims": [entry | {"multipliers": []}]},
            good | {"claims": [entry | {"claim": entry["claim"] | {"more": "1"}}]},
            good | {"claims": [entry | {"claim": {"property": "unknown"}}]},
        ]
        for bad in edits:
            with pytest.raises(Refused):
                check(document, bad)
        for broken in (document | {"more": "1"}, document | {"scheme": "lottery"}, {}, None, []):
            with pytest.raises(Refused):
                check(broken, good)

    @pytest.mark.parametrize("name", sorted(CLAIMS))
    def test_constants_are_texts(self, name):
        claim = {"property": name} | dict.fromkeys(CLAIMS[name], 1.5)
        for scheme in (GeometricTree(HALF, HALF), ShapleyTree(), LinearPachira(HALF, HALF, HALF)):
            assert not CLAIMS[name] or not accepts(scheme, claim)

    @pytest.mark.parametrize("multipliers", [{}, {"potential": "0"}, {"potential": 1}, {"slope": "1"}])
    def test_a_budget_needs_its_potential(self, multipliers):
        claim = BudgetConstraint(HALF).to_dict()
        assert not accepts(GeometricTree(F(1, 3), F(1, 3)), claim, multipliers)
        assert accepts(GeometricTree(F(1, 3), F(1, 3)), claim, {"potential": "1/6"})

    @pytest.mark.parametrize(("scheme", "claimed"), PROVED, ids=lambda x: getattr(x, "code", str(x)))
    def test_only_the_multipliers_that_are_needed(self, scheme, claimed):
        needed = prove(scheme.exact(), claimed)["claims"][0]["multipliers"]
        for more in ({"slope": "1/100"}, {"potential": "0"}, {"x": "1"}):
            if set(more) != set(needed):
                assert not accepts(scheme, claimed.to_dict(), more)
                assert not accepts(scheme, claimed.to_dict(), needed | more)

    @pytest.mark.parametrize("structure", ["tree", "", None, 1, "Any"])
    def test_an_unknown_structure(self, structure):
        claim = {"property": "unprofitable_sybil_attack", "structure": structure, "identity_cost": "0"}
        for scheme, _ in PROVED:
            assert not accepts(scheme, claim)

    @pytest.mark.parametrize("bound", [0, -1, 1.0, "1", True])
    def test_wrong_numbers_of_recruits(self, bound):
        claim = {"property": "unbounded_reward", "max_children": bound}
        for scheme in (GeometricTree(F(3, 4), F(1, 8)), ShapleyTree(), LinearPachira(HALF, HALF, HALF)):
            assert not accepts(scheme, claim, {"slope": "1/100"})
            assert not accepts(scheme, claim)

    @pytest.mark.parametrize(
        ("kind", "parameters"),
        [
            ("geometric_tree", ["1", "1/2"]),
            ("multi_level", ["1", "1/2"]),
            ("linear_luxor", ["0", "1/2"]),
            ("linear_luxor", ["2", "1/2"]),
            ("linear_luxor", ["1/2", "1"]),
            ("cdrm_1", ["1/2", "3/4"]),
            ("cdrm_1", ["1/2", "0"]),
            ("cdrm_2", ["2", "1/2"]),
            ("tdrm", ["0", "1", "1", "1"]),
            ("tdrm", ["1", "1", "1", "1"]),
            ("tdrm", ["1/2", "0", "1", "1"]),
            ("tdrm", ["1/2", "1", "1", "0"]),
            ("linear_pachira", ["0", "1/2", "1"]),
            ("linear_pachira", ["2", "1/2", "1"]),
            ("linear_pachira", ["1/2", "2", "1"]),
            ("linear_pachira", ["1/2", "1/2", "0"]),
            ("capped_rate", ["1/2", "1", "1/4"]),
            ("capped_rate", ["1/2", "1", "2"]),
        ],
    )
    def test_parameters_out_of_range(self, kind, parameters):
        document = {"scheme": kind} | dict(zip(FAMILIES[kind], parameters, strict=True))
        assert not accepts(document, {"property": "symmetry"})
        with pytest.raises(Refused, match="out of its range"):
            check(document, certificate({"property": "symmetry"}))


class TestCommand:
    @pytest.mark.parametrize("command", [("-m", "proofs.check_tree"), ("-I", "-S", str(CHECKER))], ids=str)
    def test_files(self, tmp_path, command):
        def run():
            return subprocess.run(
                [sys.executable, *command, tmp_path / "scheme.json", tmp_path / "certificate.json"],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )

        scheme = CDRM1(HALF, F(1, 4))
        verdicts = [verify(scheme, wanted) for wanted in (BudgetConstraint(HALF), SubtreeLocality())]
        write_json(tmp_path / "scheme.json", scheme.to_dict())
        write_json(tmp_path / "certificate.json", certificate_of(verdicts))
        assert (run().returncode, run().stdout.count("accepted: ")) == (0, 2)
        write_json(tmp_path / "scheme.json", CDRM1(HALF + TINY, F(1, 4)).to_dict())
        assert run().returncode == 1
        (tmp_path / "scheme.json").write_text("{")
        assert run().returncode == 2

    def test_usage(self, capsys):
        assert proofs.check_tree.main(["one"]) == 2
        assert "usage" in capsys.readouterr().err

    def test_a_repeated_name(self, tmp_path, capsys):
        (tmp_path / "a.json").write_text('{"scheme": "shapley_tree", "scheme": "shapley_tree"}')
        assert proofs.check_tree.main([str(tmp_path / "a.json")] * 2) == 1
        assert "repeats" in capsys.readouterr().out

    def test_it_loads_the_standard_library_only(self):
        script = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport proofs.check_tree\n"
            "foreign = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
            "print(sorted(name for name in foreign if getattr(sys.modules[name], '__file__', None)))\n"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False
        )
        assert done.stdout.strip() == "['proofs']", done.stderr

    def test_the_library_asks_the_right_checker(self):
        verdict = verify(ShapleyTree(), BudgetBalance())
        assert check_certificate(ShapleyTree(), verdict.certificate)
        with pytest.raises(CertificateError, match="refused"):
            check_certificate(GeometricTree(HALF, HALF), verdict.certificate)
