"""The checker: it accepts what is true and refuses what is false or badly proved, from files alone."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import proofs.check
from mechanism.schemes import (
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathTable,
    Power,
    Recursive,
)
from proofs import SybilProof, WithinBudget, certificate_of, verify, write_json
from proofs.check import FORMAT, LARGEST_PEAK, Refused, check
from tests.proofs.strategies import closed_forms, epsilons, near_misses, sybil_proof_tables, tables
from tests.reference.sybil import from_rows, overspent, sybil_violations

TINY = Fraction(1, 10**30)
CHECKER = Path(proofs.check.__file__)
ROOT = CHECKER.parent.parent


def table(rows):
    return {"scheme": "path_table", "rewards": [[str(reward) for reward in row] for row in rows]}


def sybil(epsilon=0, max_depth=None, multipliers=None):
    claim = {"property": "sybil_proof", "epsilon": str(epsilon), "max_depth": max_depth}
    return {"format": FORMAT, "claims": [{"claim": claim, "multipliers": multipliers or {}}]}


def budget(max_depth=None, multipliers=None):
    claim = {"property": "within_budget", "max_depth": max_depth}
    return {"format": FORMAT, "claims": [{"claim": claim, "multipliers": multipliers or {}}]}


def accepts(scheme, certificate):
    try:
        return bool(check(scheme, certificate))
    except Refused:
        return False


def mit(depth):
    return Recursive(Fraction(1, 2)).exact_table(depth)


PLACES = [(n, j, k) for n in range(1, 7) for j in range(n) for k in range(1, 8 - n)]
QUARTERS = DoubleGeometric(Fraction(1, 4)).exact_table(5)
NO_NUMBERS = (
    *("", "1/0", "1/00", "nan", "inf", "1_0", " 1", "1 ", "+1", "1\n", "٣"),
    *(".5", "5.", "1/2/3", "1e9999", "0x1", "1.5/2", "½", "-0", "1" * 5000),
)
FIFTHS = DoubleGeometric(0.2).to_dict()


class TestEveryInequalityCounts:
    """Break one inequality by 1e-30: refused. Let it hold with equality: accepted."""

    @pytest.mark.parametrize("epsilon", [Fraction(0), Fraction(1, 4), Fraction(1)])
    @pytest.mark.parametrize(("n", "j", "k"), PLACES)
    def test_sybil_rows(self, n, j, k, epsilon):
        rows = DoubleGeometric(Fraction(1, 3)).exact_table(7)
        split = sum(rows[n + k - 1][j : j + k + 1])
        rows[n - 1][j] = split / (1 + epsilon) - TINY
        broken = sybil_violations(from_rows(rows), epsilon, 7)
        assert (n, j, k) in broken
        assert not accepts(table(rows), sybil(epsilon))
        most = max(sum(rows[n + i - 1][j : j + i + 1]) for i in range(1, 8 - n))
        rows[n - 1][j] = most / (1 + epsilon)
        assert accepts(table(rows), sybil(epsilon))

    @pytest.mark.parametrize(("n", "j", "k"), PLACES)
    def test_sybil_rows_one_at_a_time(self, n, j, k):
        rows = mit(n + k)  # cut there, k identities are the worst for this place, and no other place is tight
        rows[n - 1][j] = sum(rows[n + k - 1][j : j + k + 1]) / 2 - TINY
        assert sybil_violations(from_rows(rows), Fraction(1), n + k) == [(n, j, k)]
        with pytest.raises(
            Refused,
            match=rf"^S_{k}\({n}, {j}\) <= \(1 \+ epsilon\) R\({n}, {j}\) \+ {k} identity_cost fails$",
        ):
            check(table(rows), sybil(1))
        rows[n - 1][j] += TINY
        assert accepts(table(rows), sybil(1))

    @pytest.mark.parametrize("n", range(1, 8))
    def test_budget_rows(self, n):
        rows = [[Fraction(1, depth)] * depth for depth in range(1, 8)]
        assert accepts(table(rows), budget())
        rows[n - 1][n // 2] += TINY
        with pytest.raises(Refused, match=rf"^R\({n}, 0\) \+ ... \+ R\({n}, {n - 1}\) <= 1 fails$"):
            check(table(rows), budget())

    @pytest.mark.parametrize("n", range(1, 8))
    def test_a_cut_leaves_out_longer_chains_only(self, n):
        rows = [[Fraction(1, depth)] * depth for depth in range(1, 8)]
        rows[n - 1][0] += TINY
        for depth in range(1, 10):
            assert accepts(table(rows), budget(depth)) is (depth < n)

    @pytest.mark.parametrize(
        ("scheme", "epsilon", "peak"),
        [
            (lambda e: Recursive(Fraction(1, 2) + e), 1, "limit"),
            (lambda e: Power(Fraction(1, 2), Fraction(1, 2) + e, Fraction(1)), 0, 0),
            (lambda e: Power(Fraction(1, 2), Fraction(1, 3), Fraction(2) + e), 0, 0),
            (lambda e: Power(Fraction(1, 2), Fraction(2, 3) + e, Fraction(1)), Fraction(1, 3), 1),
            (lambda e: Geometric(Fraction(1, 2), Fraction(1, 3) + e), Fraction(1, 2), "limit"),
        ],
    )
    def test_closed_forms(self, scheme, epsilon, peak):
        for change, accepted in ((0, True), (-TINY, True), (TINY, False)):
            document = scheme(Fraction(change)).to_dict()
            peaks = [*range(4), "limit"]
            assert any(accepts(document, sybil(epsilon, multipliers={"peak": k})) for k in peaks) is accepted
        assert accepts(scheme(Fraction(0)).to_dict(), sybil(epsilon, multipliers={"peak": peak}))

    def test_closed_forms_and_the_budget(self):
        for first, accepted in ((Fraction(1, 2), True), (Fraction(1, 2) + TINY, False)):
            document = Geometric(first, Fraction(1, 2)).to_dict()
            assert accepts(document, budget(multipliers={"peak": "limit"})) is accepted


class TestHarmlessEdits:
    @pytest.mark.parametrize("j", range(5))
    def test_a_smaller_reward(self, j):
        rows = [list(row) for row in QUARTERS]
        rows[-1][j] -= TINY
        assert accepts(table(rows), sybil())
        assert accepts(table(rows), budget())

    @pytest.mark.parametrize(
        "text", ["0.25", "1/4", "2/8", "25e-2", "2.5E-1", "0.2500", "00.25", "25/0100", "0.0025e+2"]
    )
    def test_another_spelling(self, text):
        scheme = DoubleGeometric(Fraction(1, 4)).to_dict()
        certificate = certificate_of(verify(DoubleGeometric(0.25), SybilProof()))
        assert scheme == {"scheme": "double_geometric", "b": "1/4"}
        assert accepts({"scheme": "double_geometric", "b": text}, certificate)
        assert accepts({"scheme": "path_table", "rewards": [["1"], [text, text]]}, sybil())
        assert accepts(Recursive(0.2).to_dict(), sybil(text, multipliers={"peak": "limit"}))

    def test_another_key_order(self):
        certificate = sybil(multipliers={"peak": 0})
        entry = dict(reversed(certificate["claims"][0].items()))
        entry["claim"] = dict(reversed(entry["claim"].items()))
        assert accepts({"b": "0.2", "scheme": "double_geometric"}, {"claims": [entry], "format": FORMAT})

    def test_the_same_scheme_as_another_family(self):
        certificate = sybil(1, multipliers={"peak": "limit"})
        assert accepts(Recursive(0.5).to_dict(), certificate)
        assert accepts(Geometric(0.5, 0.5).to_dict(), certificate)
        assert accepts(Power(0.5, 1, 0.5).to_dict(), certificate)


class TestBadProofs:
    @pytest.mark.parametrize(
        "peak", [1, 2, -1, 10**6, LARGEST_PEAK + 1, True, False, 0.0, "0", "Limit", None, [0], {"k": 0}]
    )
    def test_a_wrong_peak(self, peak):
        scheme = Power(0.5, 0.5, 0.5).to_dict()
        assert accepts(scheme, sybil(multipliers={"peak": 0}))
        assert not accepts(scheme, sybil(1, multipliers={"peak": peak}))
        assert not accepts(scheme, budget(multipliers={"peak": peak}))

    @pytest.mark.parametrize("peak", [0, 1, LARGEST_PEAK])
    def test_every_place_on_a_plateau_is_a_peak(self, peak):
        assert accepts(FinderTakesAll().to_dict(), sybil(multipliers={"peak": peak}))
        assert accepts(Power(1, 0.5, 1).to_dict(), budget(multipliers={"peak": peak})) is (peak <= 1)

    def test_a_peak_beyond_reach_is_refused(self):
        with pytest.raises(Refused, match=str(LARGEST_PEAK)):
            check(FinderTakesAll().to_dict(), sybil(multipliers={"peak": LARGEST_PEAK + 1}))

    def test_no_peak_among_zeros(self):
        scheme = Power(2, 0, 1).to_dict()
        for peak in range(5):
            assert not accepts(scheme, budget(multipliers={"peak": peak}))
            assert accepts(scheme, sybil(multipliers={"peak": peak})) is (peak == 0)

    def test_the_limit_is_no_ceiling_of_a_growing_sequence(self):
        for p, q in ((1, 1), (2, 0), (0.5, 3), (1.5, 0.5)):
            assert not accepts(Power(0.001, p, q).to_dict(), sybil(10**9, multipliers={"peak": "limit"}))

    def test_a_power_scheme_above_one_has_no_peak(self):
        for peak in range(40):
            assert not accepts(Recursive(0.5).to_dict(), sybil(5, multipliers={"peak": peak}))

    @pytest.mark.parametrize(
        "multipliers", [{"peak": 0, "more": 1}, {"peaks": [0]}, {"horizon": 1}, [], None, "peak", 0]
    )
    def test_wrong_multipliers(self, multipliers):
        entry = {"claim": sybil()["claims"][0]["claim"], "multipliers": multipliers}
        assert not accepts(FIFTHS, {"format": FORMAT, "claims": [entry]})

    @pytest.mark.parametrize(
        "scheme", [PathTable([[1], [0.5, 0.5]]).to_dict(), EqualSplit().to_dict()], ids=lambda d: d["scheme"]
    )
    def test_multipliers_where_none_belong(self, scheme):
        assert accepts(scheme, budget())
        assert not accepts(scheme, budget(multipliers={"peak": 0}))
        assert not accepts(FIFTHS, budget(3, multipliers={"peak": 0}))

    @pytest.mark.parametrize("epsilon", [0, 1, 10**6])
    def test_equal_split_is_never_sybil_proof_at_every_length(self, epsilon):
        assert not accepts(EqualSplit().to_dict(), sybil(epsilon))

    @pytest.mark.parametrize(
        "claim",
        [
            {"property": "monotonous", "max_depth": None},
            {"property": "sybil_proof", "max_depth": None},
            {"property": "sybil_proof", "epsilon": "0"},
            {"property": "within_budget", "epsilon": "0", "max_depth": None},
            {"property": "sybil_proof", "epsilon": 0, "max_depth": None},
            {"property": "sybil_proof", "epsilon": 0.0, "max_depth": None},
            {"property": "sybil_proof", "epsilon": "-1", "max_depth": None},
            {"property": "sybil_proof", "epsilon": "nan", "max_depth": None},
            {"property": ["sybil_proof"], "epsilon": "0", "max_depth": None},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": 0},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": True},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": "3"},
            {"property": "sybil_proof", "epsilon": "0", "max_depth": 3.0},
            {},
            None,
            "sybil_proof",
        ],
        ids=str,
    )
    def test_wrong_claims(self, claim):
        for multipliers in ({}, {"peak": 0}):
            entry = {"claim": claim, "multipliers": multipliers}
            assert not accepts(FIFTHS, {"format": FORMAT, "claims": [entry]})

    @pytest.mark.parametrize(
        "certificate",
        [
            None,
            [],
            {},
            {"format": FORMAT},
            {"format": FORMAT, "claims": []},
            {"format": FORMAT, "claims": {}},
            {"format": FORMAT, "claims": [[]]},
            sybil() | {"format": FORMAT + "0"},
            sybil() | {"format": None},
            sybil() | {"digest": "0"},
        ],
        ids=str,
    )
    def test_wrong_certificates(self, certificate):
        assert accepts(table([[Fraction(1)]]), sybil())
        assert not accepts(table([[Fraction(1)]]), certificate)

    @pytest.mark.parametrize(
        "scheme",
        [
            None,
            [],
            {},
            {"scheme": None},
            {"scheme": ["recursive"]},
            {"scheme": "lottery"},
            {"scheme": "recursive"},
            {"scheme": "recursive", "ratio": 0.5},
            {"scheme": "recursive", "ratio": 0},
            {"scheme": "recursive", "ratio": "3/2"},
            {"scheme": "recursive", "ratio": "-1/2"},
            {"scheme": "recursive", "ratio": "1/2", "first": "1/2"},
            {"scheme": "double_geometric", "b": "1"},
            {"scheme": "double_geometric", "b": "2"},
            {"scheme": "power", "scale": "1", "p": "1", "q": "-1"},
            {"scheme": "equal_split", "prize": "1"},
            {"scheme": "path_table", "rewards": []},
            {"scheme": "path_table", "rewards": {}},
            {"scheme": "path_table", "rewards": [["1"], ["1"]]},
            {"scheme": "path_table", "rewards": [["1", "0"]]},
            {"scheme": "path_table", "rewards": [[]]},
            {"scheme": "path_table", "rewards": ["1"]},
            {"scheme": "path_table", "rewards": [["1"], ["-1/4", "1"]]},
            {"scheme": "path_table", "rewards": [[1]]},
            {"scheme": "path_table", "rewards": [["1"]], "digest": ""},
            *({"scheme": "path_table", "rewards": [[text]]} for text in NO_NUMBERS),
        ],
        ids=str,
    )
    def test_wrong_schemes(self, scheme):
        for max_depth in (None, 2):
            for multipliers in ({}, {"peak": 0}, {"peak": "limit"}):
                assert not accepts(scheme, sybil(100, max_depth, multipliers))

    def test_one_false_claim_among_true_ones(self):
        rows = mit(4)
        true, false = sybil(1)["claims"][0], sybil()["claims"][0]
        assert accepts(table(rows), {"format": FORMAT, "claims": [true, budget()["claims"][0]]})
        for claims in ([true, false], [false, true], [budget()["claims"][0], false]):
            assert not accepts(table(rows), {"format": FORMAT, "claims": claims})


class TestAgainstTheDefinition:
    @given(st.one_of(tables(), sybil_proof_tables(), near_misses()), epsilons, st.none() | st.integers(1, 8))
    def test_a_table_is_accepted_if_and_only_if_the_claim_is_true(self, rows, epsilon, depth):
        reward = from_rows(rows[:depth])
        assert accepts(table(rows), sybil(epsilon, depth)) is (
            not sybil_violations(reward, epsilon, len(rows))
        )
        assert accepts(table(rows), budget(depth)) is (not overspent(reward, len(rows)))

    @given(closed_forms, epsilons, st.one_of(st.just("limit"), st.integers(0, 6)))
    def test_no_multiplier_proves_what_is_false(self, scheme, epsilon, peak):
        reward = scheme.exact().reward
        for multipliers in ({"peak": peak}, {}):
            if accepts(scheme.to_dict(), sybil(epsilon, multipliers=multipliers)):
                assert not sybil_violations(reward, epsilon, 12)
            if accepts(scheme.to_dict(), budget(multipliers=multipliers)):
                assert not overspent(reward, 20)

    @given(closed_forms, epsilons, st.integers(1, 7))
    def test_a_cut_scheme_is_accepted_if_and_only_if_the_claim_is_true(self, scheme, epsilon, depth):
        reward = scheme.exact().reward
        assert accepts(scheme.to_dict(), sybil(epsilon, depth)) is (
            not sybil_violations(reward, epsilon, depth)
        )
        assert accepts(scheme.to_dict(), budget(depth)) is (not overspent(reward, depth))

    @given(closed_forms)
    def test_the_checker_knows_every_family(self, scheme):
        known = proofs.check.read_scheme(scheme.to_dict())
        assert [known.row(depth) for depth in range(1, 9)] == scheme.exact_table(8)


PROVED = [
    (DoubleGeometric(0.2), [SybilProof(), WithinBudget()]),
    (Recursive(0.5), [SybilProof(1), WithinBudget()]),
    (Geometric(0.7, 0.3), [SybilProof(Fraction(3, 7)), WithinBudget()]),
    (FinderTakesAll(), [SybilProof(), WithinBudget()]),
    (EqualSplit(), [WithinBudget()]),
    (Power(0.5, 0.9, 0.5), [SybilProof(0.5), WithinBudget()]),
    (PathTable(DoubleGeometric(Fraction(1, 3)).exact_table(6)), [SybilProof(), WithinBudget()]),
]


def run(command, *files):
    return subprocess.run(
        [sys.executable, *command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False
    )


MODULE = ("-m", "proofs.check")
BARE = ("-I", "-S", str(CHECKER))


class TestCommand:
    @pytest.mark.parametrize("command", [MODULE, BARE], ids=["module", "bare file"])
    @pytest.mark.parametrize(("scheme", "properties"), PROVED, ids=lambda x: getattr(x, "label", None))
    def test_proofs_are_accepted(self, tmp_path, scheme, properties, command):
        write_json(tmp_path / "scheme.json", scheme.to_dict())
        certificate = certificate_of([verify(scheme, wanted) for wanted in properties])
        write_json(tmp_path / "certificate.json", certificate)
        done = run(command, tmp_path / "scheme.json", tmp_path / "certificate.json")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("accepted: ") == len(properties)

    @pytest.mark.parametrize("command", [MODULE, BARE], ids=["module", "bare file"])
    def test_a_false_claim_is_refused(self, tmp_path, command):
        write_json(tmp_path / "scheme.json", Recursive(0.5).to_dict())
        write_json(tmp_path / "certificate.json", sybil(1 - TINY, multipliers={"peak": "limit"}))
        done = run(command, tmp_path / "scheme.json", tmp_path / "certificate.json")
        assert done.returncode == 1
        assert done.stdout.startswith("refused: ")

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ('{"scheme": "recursive", "ratio": 0.5}', 1),
            ('{"scheme": "recursive", "ratio": NaN}', 1),
            ('{"scheme": "recursive", "ratio": "1/2", "ratio": "1/3"}', 1),
            ('{"scheme": "recursive", "ratio": "1/2"', 2),
            ("", 2),
            ("[" * 100_000, 2),
            ("9" * 5000, 2),
            (b"\xff\xfe", 2),
            (None, 2),
        ],
        ids=["float", "nan", "repeated", "cut", "empty", "deep", "long", "binary", "missing"],
    )
    def test_exit_codes(self, tmp_path, capsys, text, code):
        path = tmp_path / "scheme.json"
        if text is not None:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        write_json(tmp_path / "certificate.json", sybil(1, multipliers={"peak": "limit"}))
        assert proofs.check.main([str(path), str(tmp_path / "certificate.json")]) == code
        printed = capsys.readouterr()
        assert printed.out.startswith("refused") if code == 1 else printed.err.startswith("cannot be read")

    @pytest.mark.parametrize("arguments", [[], ["scheme.json"], ["a", "b", "c"]])
    def test_usage(self, capsys, arguments):
        assert proofs.check.main(arguments) == 2
        assert "usage" in capsys.readouterr().err

    def test_it_loads_the_standard_library_only(self):
        script = (
            "import runpy, sys\n"
            "import proofs.check\n"
            "foreign = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
            "print(sorted(name for name in foreign if getattr(sys.modules[name], '__file__', None)))\n"
        )
        done = run(("-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}"))
        assert done.stdout.strip() in ("['proofs']", "['__main__', 'proofs']"), done.stderr

    def test_a_referee_can_read_it(self):
        assert len(CHECKER.read_text().splitlines()) <= 420


def test_a_designed_certificate_survives_the_file(tmp_path):
    rows = DoubleGeometric(Fraction(1, 7)).exact_table(10)
    certificate = certificate_of(
        [verify(PathTable(rows), wanted) for wanted in (SybilProof(), WithinBudget())]
    )
    write_json(tmp_path / "certificate.json", certificate)
    assert json.loads((tmp_path / "certificate.json").read_text()) == certificate
    assert "rewards" not in json.dumps(certificate)
