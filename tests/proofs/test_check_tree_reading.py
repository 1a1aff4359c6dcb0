"""The checker of tree schemes: what it refuses to read, what it says, and the command."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import proofs.check_tree
from mechanism.errors import CertificateError
from mechanism.schemes import CDRM1, GeometricTree, ShapleyTree, scheme_from_dict
from proofs import certificate_of, check_certificate, verify, write_json
from proofs.check_tree import (
    FAMILIES,
    FORMAT,
    PARAMETERS,
    Refused,
    check,
)
from proofs.trees import BudgetBalance, BudgetConstraint, SubtreeLocality

F = Fraction
TINY = F(1, 10**30)
CHECKER = Path(proofs.check_tree.__file__)
ROOT = CHECKER.parent.parent
HALF = F(1, 2)
NO_NUMBERS = (
    *("", "1/0", "1/00", "nan", "inf", "1_0", " 1", "1 ", "+1", "1\n", "٣", "-1", "-0"),
    *(".5", "5.", "1/2/3", "1e9999", "0x1", "1.5/2", "½", "1" * 5000, "/2", "1/", "1e", "1/-2"),
    *(1, 0.5, None, True, ["1"], {"1": "1"}),
)
GEOMETRIC = {"scheme": "geometric_tree", "decay": "1/3", "share": "1/3"}
BUDGET = {"property": "budget_constraint", "budget": "1/2"}
SPLIT = {"property": "unprofitable_sybil_attack", "structure": "any", "identity_cost": "0"}


def certificate(claim, multipliers=None):
    multipliers = {} if multipliers is None else multipliers
    return {"format": FORMAT, "claims": [{"claim": claim, "multipliers": multipliers}]}


def accepts(document, claim, multipliers=None):
    try:
        return bool(check(document, certificate(claim, multipliers)))
    except Refused:
        return False


def named(name, **given):
    return {"property": name} | given


PO, URO = named("profitable_opportunity"), named("unbounded_reward", max_children=None)
URO2 = named("unbounded_reward", max_children=2)


class TestReading:
    @pytest.mark.parametrize(
        ("document", "claim", "multipliers"),
        [
            (GEOMETRIC, BUDGET, {"potential": "1/6"}),
            ({"scheme": "cdrm_1", "budget": "1/2", "penalty": "1/4"}, SPLIT, {}),
            ({"scheme": "shapley_tree"}, named("budget_balance"), {}),
            ({"scheme": "luxor", "climb": "1/2"}, {"not": PO}, {}),
        ],
    )
    def test_edits(self, document, claim, multipliers):
        good = certificate(claim, multipliers)
        assert check(document, good)
        entry = good["claims"][0]
        edits = [
            *({}, None, [], "x", good | {"format": FORMAT + "0"}, good | {"format": None}),
            *(
                good | {"claims": []},
                good | {"claims": {}},
                good | {"claims": [entry, {}]},
                good | {"digest": "0"},
            ),
            *(good | {"claims": None}, good | {"claims": (entry,)}, good | {"claims": [entry, None]}),
            *({"claims": good["claims"]}, {"format": FORMAT}),
            *(
                certificate(claim, wrong)
                for wrong in (multipliers | {"more": "1"}, [], None, "", "potential")
            ),
            certificate(claim | {"more": "1"}, multipliers),
            *(certificate(wrong) for wrong in (None, [], "x", {}, {"property": []}, {"property": "unknown"})),
            *(certificate({"not": wrong}) for wrong in (None, [], {}, {"not": claim}, "x")),
            {"format": FORMAT, "claims": [{"claim": claim}]},
        ]
        for bad in edits:
            if bad == good:
                continue
            with pytest.raises(Refused):
                check(document, bad)
        broken = [document | {"more": "1"}, document | {"scheme": "lottery"}, document | {"scheme": []}]
        broken += [{key: x for key, x in document.items() if key != name} for name in document]
        for bad in (*broken, {}, None, [], "geometric_tree", {"scheme": None}):
            with pytest.raises(Refused):
                check(bad, good)
        assert len(check(document, good | {"claims": [entry, entry]})) == 2

    @pytest.mark.parametrize("text", NO_NUMBERS)
    def test_no_numbers(self, text):
        assert not accepts(GEOMETRIC | {"share": text}, named("symmetry"))
        assert not accepts(GEOMETRIC, BUDGET | {"budget": text}, {"potential": "1/6"})
        assert not accepts({"scheme": "shapley_tree"}, BUDGET | {"budget": text})
        assert not accepts(GEOMETRIC, named("proportional_reward", fraction=text))
        assert not accepts({"scheme": "pachira", "beta": "0", "delta": "1"}, SPLIT | {"identity_cost": text})

    @pytest.mark.parametrize("text", ["1/2", "0.5", "5e-1", "2/4", "0.50", "05e-01", "5E-1", "50e-2"])
    def test_numbers(self, text):
        assert accepts(GEOMETRIC, BUDGET | {"budget": text}, {"potential": "1/6"})
        assert accepts(GEOMETRIC | {"decay": text, "share": "1/4"}, BUDGET, {"potential": "0.25"})

    @pytest.mark.parametrize("structure", ["tree", "", None, 1, "Any", ["any"], True])
    def test_an_unknown_structure(self, structure):
        assert accepts({"scheme": "pachira", "beta": "0", "delta": "1"}, SPLIT)
        assert not accepts({"scheme": "pachira", "beta": "0", "delta": "1"}, SPLIT | {"structure": structure})
        assert not accepts(GEOMETRIC | {"decay": "0"}, SPLIT | {"structure": structure})

    @pytest.mark.parametrize("most", [0, -1, 1.0, 2.0, "1", True, [2], {}])
    def test_wrong_numbers_of_recruits(self, most):
        for document in ({"scheme": "shapley_tree"}, GEOMETRIC | {"decay": "2/3"}):
            rise = {"kappa": "2/9", "tau": "1", "rho": "2/3"} if len(document) > 1 else {}
            assert accepts(document, URO2, rise)
            assert not accepts(document, named("unbounded_reward", max_children=most), rise)

    @pytest.mark.parametrize(
        ("kind", "good", "bad"),
        [
            ("geometric_tree", [["0", "0"], ["0.99", "9"]], [["1", "1/2"], ["2", "0"]]),
            ("multi_level", [["0", "0"], ["0.99", "9"]], [["1", "1/2"]]),
            ("linear_luxor", [["1", "0"], ["1e-9", "0.9"]], [["0", "1/2"], ["1.01", "1/2"], ["1/2", "1"]]),
            ("cdrm_1", [["1", "1"], ["1/2", "1e-9"]], [["1/2", "3/4"], ["1/2", "0"], ["1.01", "1/2"]]),
            ("cdrm_2", [["1", "1"], ["1/2", "1e-9"]], [["1/2", "3/4"], ["1/2", "0"], ["1.01", "1/2"]]),
            (
                "tdrm",
                [["0.9", "9", "0", "9"], ["1e-9", "1e-9", "2", "1e-9"]],
                [["0", "1", "1", "1"], ["1", "1", "1", "1"], ["1/2", "0", "1", "1"], ["1/2", "1", "1", "0"]],
            ),
            (
                "linear_pachira",
                [["1", "0", "9"], ["1e-9", "0.9", "1e-9"]],
                [["0", "1/2", "1"], ["2", "1", "1"]],
            ),
            (
                "linear_pachira",
                [["1", "1", "1"]],
                [["1/2", "1.01", "1"], ["1/2", "1/2", "0"], ["1", "1", "0"]],
            ),
            ("capped_rate", [["0", "0", "0"], ["1", "9", "1"]], [["1/2", "1", "1/4"], ["1/2", "1", "1.01"]]),
            ("pachira", [["0", "9"], ["1", "1e-9"]], [["1.01", "1"], ["1", "0"]]),
            ("luxor", [["0"], ["0.99"]], [["1"], ["2"]]),
        ],
    )
    def test_ranges_of_parameters(self, kind, good, bad):
        for texts, within in [(texts, True) for texts in good] + [(texts, False) for texts in bad]:
            document = {"scheme": kind} | dict(zip(FAMILIES[kind][0], texts, strict=True))
            assert accepts(document, named("symmetry")) is within
            if within:
                scheme_from_dict(document)
            else:
                with pytest.raises(Refused, match="out of range"):
                    check(document, certificate(named("symmetry")))
                with pytest.raises(ValueError, match="must be"):
                    scheme_from_dict(document)

    def test_the_format(self):
        assert FORMAT == "incentive-networks/tree-certificate/1"

    def test_which_inequality(self):
        with pytest.raises(Refused, match="inequality 1 does"):
            check(GEOMETRIC, certificate(BUDGET, {"potential": "0"}))
        with pytest.raises(Refused, match="inequality 2 does"):
            check(GEOMETRIC | {"decay": "0"}, certificate(named("solicitation_incentive")))

    def test_words(self):
        assert check(GEOMETRIC, certificate(BUDGET, {"potential": "1/6"})) == [
            "budget constraint with budget = 1/2 in every forest"
        ]
        told = check({"scheme": "luxor", "climb": "0"}, certificate({"not": URO2}))
        assert told == ["not unbounded reward with max_children = 2 in every forest"]
        told = check({"scheme": "shapley_tree"}, certificate(URO))
        assert told == ["unbounded reward in every forest"]

    @pytest.mark.parametrize("name", sorted(PARAMETERS))
    def test_reasons_name_the_property(self, name):
        """Every refusal of a claim of no truth says what fails."""
        claim = named(name, **dict.fromkeys(PARAMETERS[name], "1e9"))
        claim |= {"structure": "any"} if "structure" in claim else {}
        claim |= {"max_children": 1} if "max_children" in claim else {}
        document = {"scheme": "pachira", "beta": "1/2", "delta": "1"}
        if not accepts(document, claim):
            with pytest.raises(Refused, match=name):
                check(document, certificate(claim))


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
