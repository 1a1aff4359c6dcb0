"""The checker of linear certificates: it accepts proofs and refuses everything else, from a file alone."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import proofs.check_linear
from proofs import guaranteed_reward, interior_rewards_vanish
from proofs.check_linear import FORMAT, Refused, check, check_rewards, load, main, read_claim
from proofs.linear import LinearProgram, maximise
from tests.reference.linear import dense, is_proof

CHECKER = Path(proofs.check_linear.__file__)
TINY = Fraction(1, 10**30)
NO_NUMBERS = (
    *("", "1/0", "1/00", "nan", "inf", "1_0", " 1", "1 ", "+1", "1\n", "٣", "-1", "-0"),
    *(".5", "5.", "1/2/3", "1e9999", "0x1", "1.5/2", "½", "1" * 5000, "/2", "1/", "1e", "1/-2"),
    *(1, 0.5, None, True, ["1"], {"1": "1"}),
)


@cache
def proofs_to_edit():
    bounds = [
        interior_rewards_vanish(4),
        guaranteed_reward(1),
        guaranteed_reward(4),
        guaranteed_reward(4, positions="interior"),
        guaranteed_reward(4, epsilon=3, identity_cost=Fraction(1, 50)),
        guaranteed_reward(3, epsilon=0.1, collusion=0.1, positions="interior", budget=2),
        guaranteed_reward(4, identity_cost=0.01, collusion=0),
        guaranteed_reward(4, epsilon=0.25, identity_cost=0.05, collusion=0.5, positions=[(2, 1), (4, 2)]),
    ]
    return [bound.certificate["claims"][0] for bound in bounds]


def document(*entries):
    return {"format": FORMAT, "claims": list(entries)}


def accepts(entry):
    try:
        return bool(check(document(entry)))
    except Refused:
        return False


def simple():
    """Everybody on chains of at most two gets a half."""
    claim = {
        "objective": "least",
        "max_depth": 2,
        "epsilon": "0",
        "identity_cost": "0",
        "collusion": None,
        "positions": "all",
        "budget": "1",
        "value": "1/2",
    }
    multipliers = {"budget(2)": "1/2", "paid(2, 0)": "1/2", "paid(2, 1)": "1/2"}
    return {"claim": claim, "rewards": [["1"], ["1/2", "1/2"]], "multipliers": multipliers}


amounts = st.sampled_from(["0", "1/2", "1", "2", "1/50", "1/10", str(TINY)])


@st.composite
def edited(draw):
    """A proof, with some of its numbers moved, dropped, added or renamed."""
    entry = copy.deepcopy(draw(st.sampled_from(proofs_to_edit())))
    claim, multipliers = entry["claim"], entry["multipliers"]
    names = list(dense(claim)[2])
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["multiplier", "rename", "drop", "reward", "claim", "scale"]))
        if kind == "multiplier":
            name = draw(st.sampled_from(names))
            change = draw(st.sampled_from([TINY, -TINY, Fraction(1), Fraction(-1, 8)]))
            multipliers[name] = str(max(Fraction(multipliers.get(name, 0)) + change, Fraction(0)))
        elif kind == "rename" and multipliers:
            name = draw(st.sampled_from(sorted(multipliers)))
            other = draw(
                st.sampled_from([*names, "budget(9)", "sybil(1, 0)", "paid(0, 0)", "collusion(1, 1, 1)"])
            )
            multipliers[other] = multipliers.pop(name)
        elif kind == "drop" and multipliers:
            multipliers.pop(draw(st.sampled_from(sorted(multipliers))))
        elif kind == "reward":
            row = draw(st.sampled_from(entry["rewards"]))
            at = draw(st.integers(0, len(row) - 1))
            change = draw(st.sampled_from([TINY, -TINY, Fraction(1, 4)]))
            row[at] = str(max(Fraction(row[at]) + change, Fraction(0)))
        elif kind == "scale":
            factor = draw(st.sampled_from([Fraction(2), Fraction(1, 2), 1 - TINY, Fraction(0)]))
            for name in multipliers:
                multipliers[name] = str(factor * Fraction(multipliers[name]))
        else:
            member = draw(st.sampled_from(sorted(claim)))
            claim[member] = draw(
                {
                    "objective": st.sampled_from(["least", "total"]),
                    "max_depth": st.integers(1, 5),
                    "collusion": st.none() | amounts,
                    "positions": st.sampled_from(
                        ["all", "interior", [[2, 1]], [[4, 2], [2, 1]], [[2, 1], [4, 2]]]
                    ),
                }.get(member, amounts)
            )
    return entry


class TestAgainstTheOracle:
    @given(edited())
    def test_checker_and_oracle_agree(self, entry):
        assert accepts(entry) is is_proof(entry)

    def test_unedited_proofs_are_accepted(self):
        for entry in proofs_to_edit():
            assert is_proof(entry) is accepts(entry) is True

    @pytest.mark.parametrize("number", range(8))
    def test_every_multiplier_counts(self, number):
        entry = proofs_to_edit()[number]
        for name, text in entry["multipliers"].items():
            changed = copy.deepcopy(entry)
            changed["multipliers"][name] = str(Fraction(text) - TINY)
            assert not accepts(changed)
            changed["multipliers"][name] = str(Fraction(text) + TINY)
            assert accepts(changed) is is_proof(changed)


RULES = (
    {"epsilon": "1/4", "identity_cost": "1/20", "collusion": "1/4", "budget": "2"},
    {"epsilon": "0", "identity_cost": "0", "collusion": None, "budget": "1"},
)


class TestEveryInequalityCounts:
    """Break one inequality by 1e-30 and no other: refused. Let it hold with equality: not refused for that."""

    def table(self, claim, name, slack):
        """Return a scheme that keeps all rows but leaves one of them a given slack, or None."""
        unknowns, _, rows, bounds = dense(claim)
        sparse = {
            other: ({u: x for u, x in zip(unknowns, row, strict=True) if x}, bounds[other])
            for other, row in rows.items()
            if "paid" not in other
        }
        coefficients, bound = sparse[name]
        sparse[name] = (coefficients, bound - slack)
        best = maximise(LinearProgram(coefficients, sparse))
        if best.value < bound - slack:
            return None
        return [
            [best.point.get((n, j), Fraction(0)) for j in range(n)] for n in range(1, claim["max_depth"] + 1)
        ]

    @pytest.mark.parametrize("rules", RULES)
    def test_broken_and_kept(self, rules):
        claim = simple()["claim"] | rules | {"max_depth": 4}
        program, _ = read_claim(claim, [1, 2, 3, 4])
        broken = []
        for name in dense(claim)[2]:
            if "paid" in name:
                continue
            kept = self.table(claim, name, Fraction(0))
            if kept is not None:
                check_rewards(program, kept)
            table = self.table(claim, name, -TINY)
            if table is not None:
                broken.append(name)
                with pytest.raises(Refused, match=re.escape(f"the rewards break {name}") + "$"):
                    check_rewards(program, table)
        implied = [name for name in dense(claim)[2] if "paid" not in name and name not in broken]
        if rules["epsilon"] == "0":  # one identity is the worst case, and the budget of the shortest chain
            assert all(name.startswith(("sybil", "budget")) and not name.endswith(" 1)") for name in implied)
        else:
            assert implied == []

    def test_without_a_tolerance_mergers_are_free(self):
        program, _ = read_claim(simple()["claim"], [1, 2])
        check_rewards(program, [[Fraction(1)], [Fraction(0)] * 2])
        program, _ = read_claim(simple()["claim"] | {"collusion": "999"}, [1, 2])
        with pytest.raises(Refused, match="collusion"):
            check_rewards(program, [[Fraction(1)], [Fraction(0)] * 2])


class TestForms:
    def test_the_simple_proof(self):
        words = "the largest least reward is 1/2 with max_depth 2, epsilon 0, identity_cost 0, collusion None"
        assert check(document(simple(), simple())) == [f"{words}, positions all, budget 1"] * 2

    def test_the_format_is_an_old_promise(self):
        assert FORMAT == "incentive-networks/linear-certificate/1"

    def test_a_total(self):
        claim = simple()["claim"] | {"objective": "total", "value": "2"}
        entry = {
            "claim": claim,
            "rewards": [["1"], ["1/4", "3/4"]],
            "multipliers": {"budget(1)": "1", "budget(2)": "1"},
        }
        assert is_proof(entry) is accepts(entry) is True
        for value in ("1/4", "1"):
            claim["value"] = value
            assert not accepts(entry)

    @pytest.mark.parametrize("kind", ["paid", "budget"])
    def test_names_of_rows_have_their_own_length(self, kind):
        entry = simple()
        entry["claim"] |= {"collusion": "0"}
        entry["multipliers"][f"{kind}(1, 0, 1)"] = "0"
        with pytest.raises(Refused, match=r"^there is no row"):
            check(document(entry))

    @pytest.mark.parametrize("text", NO_NUMBERS)
    @pytest.mark.parametrize("member", ["epsilon", "identity_cost", "collusion", "budget", "value"])
    def test_no_number_in_the_claim(self, member, text):
        entry = simple()
        entry["claim"][member] = text
        assert accepts(entry) is (member == "collusion" and text is None)

    @pytest.mark.parametrize("text", NO_NUMBERS)
    def test_no_number_elsewhere(self, text):
        entry = simple()
        entry["rewards"][0][0] = text
        assert not accepts(entry)
        entry = simple()
        entry["multipliers"]["budget(1)"] = text
        assert not accepts(entry)

    @pytest.mark.parametrize("text", ["0.5", "5e-1", "5E-1", "2/4", "02/04", "50e-2"])
    def test_numbers_in_other_spellings(self, text):
        entry = simple()
        entry["claim"]["value"] = entry["rewards"][1][0] = text
        entry["multipliers"] = dict.fromkeys(entry["multipliers"], text)
        assert accepts(entry)

    @pytest.mark.parametrize(
        "name",
        [
            *(
                "budget(0)",
                "budget(3)",
                "budget(02)",
                "budget(2, 0)",
                "budget()",
                "budget(2) ",
                "Budget(2)",
                "budget",
            ),
            *(
                "budget(-1)",
                "budget(2, 0, 0)",
                "sybil(1, 0, 0)",
                "sybil(1, 0, 2)",
                "sybil(1, 1, 1)",
                "sybil(2, 0, 1)",
            ),
            *(
                "sybil(0, 0, 1)",
                "sybil(1, 0)",
                "sybil(1)",
                "sybil(1,0,1)",
                "sybil(1, 0, 1, 0)",
                "collusion(1, 0, 1)",
            ),
            *(
                "paid(0, 0)",
                "paid(3, 0)",
                "paid(1, 1)",
                "paid(1)",
                "paid(1, 0, 0)",
                "paid(1, 00)",
                "total(1, 0)",
                "",
            ),
            *("sybil(1, -1, 1)", "budget(99999)", "x\nbudget(2)", "budget(2)\n"),
        ],
    )
    def test_unknown_rows(self, name):
        entry = simple()
        entry["multipliers"][name] = "0"
        with pytest.raises(Refused, match=r"^there is no row"):
            check(document(entry))

    @pytest.mark.parametrize("name", ["budget(1)", "sybil(1, 0, 1)", "paid(1, 0)"])
    def test_known_rows(self, name):
        entry = simple()
        entry["multipliers"][name] = "0"
        assert accepts(entry)

    def test_rows_of_collusion_and_of_the_least_reward_are_those_of_the_claim(self):
        entry = simple()
        entry["claim"]["collusion"] = "0"
        entry["multipliers"]["collusion(1, 0, 1)"] = "0"
        assert accepts(entry)
        total = copy.deepcopy(proofs_to_edit()[0])
        total["multipliers"]["paid(3, 1)"] = "0"
        with pytest.raises(Refused, match=r"^there is no row"):
            check(document(total))
        entry = simple()
        entry["claim"]["positions"] = [[2, 0], [2, 1]]
        assert accepts(entry)
        entry["multipliers"]["paid(1, 0)"] = "0"
        assert not accepts(entry)

    @pytest.mark.parametrize(
        "positions",
        [
            *(
                [[2, 1], [2, 0]],
                [[2, 0], [2, 0], [2, 1]],
                [[2, 0], [2, 1], [3, 0]],
                [[2, 0], [2, 1], [2, 2]],
                [],
            ),
            *(
                [[2, 0], [2, 1], [0, 0]],
                [[2, False], [2, True]],
                [[2.0, 0], [2, 1]],
                [[2], [2, 1]],
                "some",
                None,
            ),
            *(
                [[2, 0, 0], [2, 1]],
                [[2, -1], [2, 0], [2, 1]],
                [["2", "0"]],
                [[[2], 0]],
                {"2": 0},
                7,
                "interior",
            ),
        ],
    )
    def test_bad_positions(self, positions):
        entry = simple()
        entry["claim"]["positions"] = positions
        with pytest.raises(Refused):
            check(document(entry))

    @pytest.mark.parametrize("depth", [0, 1, 3, -2, True, 2.0, "2", None, [2], 10**12])
    def test_bad_depths(self, depth):
        entry = simple()
        entry["claim"]["max_depth"] = depth
        with pytest.raises(Refused, match=r"^the rewards must be rows of 1, 2, ..., max_depth numbers$"):
            check(document(entry))

    def test_true_is_no_depth(self):
        entry = simple()
        entry["claim"] |= {"max_depth": 1, "value": "1"}
        entry |= {"rewards": [["1"]], "multipliers": {"budget(1)": "1", "paid(1, 0)": "1"}}
        assert accepts(entry)
        entry["claim"]["max_depth"] = True
        assert not accepts(entry)

    @pytest.mark.parametrize("objective", ["most", "", None, 1, ["least"], "Least"])
    def test_bad_objectives(self, objective):
        entry = simple()
        entry["claim"]["objective"] = objective
        with pytest.raises(Refused, match=r"^the objective must"):
            check(document(entry))

    @pytest.mark.parametrize(
        "rewards",
        [
            *(
                [],
                [["1"]],
                [["1"], ["1"]],
                [["1"], ["1/2", "1/2", "0"]],
                [["1"], ["1/2", "1/2"], []],
                None,
                "1",
            ),
            *([["1", "0"], ["1/2", "1/2"]], ["1", ["1/2", "1/2"]], {"0": ["1"]}),
        ],
    )
    def test_bad_rewards(self, rewards):
        with pytest.raises(Refused):
            check(document(simple() | {"rewards": rewards}))

    @pytest.mark.parametrize("multipliers", [[], None, "budget(2)", [["budget(2)", "1/2"]]])
    def test_bad_multipliers(self, multipliers):
        with pytest.raises(Refused, match=r"^the multipliers must be"):
            check(document(simple() | {"multipliers": multipliers}))

    @pytest.mark.parametrize(
        "value", ["1/4", "1/3", "1/1", str(Fraction(1, 2) + TINY), str(Fraction(1, 2) - TINY)]
    )
    def test_bad_values(self, value):
        entry = simple()
        entry["claim"]["value"] = value
        with pytest.raises(
            Refused, match=r"^the value is not what the rewards attain and the multipliers prove$"
        ):
            check(document(entry))

    def test_rewards_and_multipliers_must_both_reach_the_value(self):
        entry = simple()
        entry["rewards"][1][0] = "2/5"
        assert not accepts(entry)
        entry["claim"]["value"] = "2/5"
        assert not accepts(entry)
        entry = simple()
        entry["multipliers"]["budget(1)"] = "1/2"
        assert not accepts(entry)
        entry["claim"]["value"] = "1"
        assert not accepts(entry)

    def test_members(self):
        entry = simple()
        for damaged in (
            {"claims": [entry]},
            {"format": FORMAT},
            {"format": FORMAT, "claims": []},
            {"format": FORMAT, "claims": None},
            {"format": FORMAT, "claims": [None]},
            {"format": FORMAT + "0", "claims": [entry]},
            {"format": FORMAT, "claims": [entry], "note": ""},
            {"format": FORMAT, "claims": [entry | {"note": ""}]},
            {"format": FORMAT, "claims": [{"claim": entry["claim"], "rewards": entry["rewards"]}]},
            {"format": FORMAT, "claims": [entry | {"claim": entry["claim"] | {"note": ""}}]},
            {"format": FORMAT, "claims": [entry | {"claim": None}]},
            {"format": FORMAT, "claims": [entry, simple() | {"multipliers": {}}]},
            [FORMAT, [entry]],
            None,
        ):
            with pytest.raises(Refused):
                check(damaged)
        for member in entry["claim"]:
            claim = {name: told for name, told in entry["claim"].items() if name != member}
            with pytest.raises(Refused, match="expected a JSON object"):
                check(document(entry | {"claim": claim}))

    def test_missing_coefficients_are_named(self):
        entry = simple()
        del entry["multipliers"]["paid(2, 0)"]
        with pytest.raises(Refused, match=r"^the multipliers leave \(0, 0\) too small a coefficient$"):
            check(document(entry))
        entry = simple()
        entry["multipliers"] = {"budget(1)": "1/2", "paid(2, 0)": "1"}
        with pytest.raises(Refused, match=r"^the multipliers leave \(2, 0\) too small a coefficient$"):
            check(document(entry))


class TestFiles:
    def run(self, *arguments):
        command = [sys.executable, "-I", "-S", str(CHECKER), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")

    def test_a_bare_file_accepts_and_refuses(self, tmp_path):
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(interior_rewards_vanish(10).certificate), encoding="utf-8")
        done = self.run(path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("accepted: the largest total reward is 0 with max_depth 10")
        path.write_text(json.dumps(document(simple() | {"multipliers": {}})), encoding="utf-8")
        done = self.run(path)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout == "refused: the multipliers leave (0, 0) too small a coefficient\n"

    def test_exit_codes(self, tmp_path, capsys):
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(document(simple(), simple())), encoding="utf-8")
        assert main([str(path)]) == 0
        words = f"accepted: {check(document(simple()))[0]}\n"
        assert capsys.readouterr().out == 2 * words
        for arguments in ([], [str(path), str(path)]):
            assert main(arguments) == 2
            assert capsys.readouterr().err.startswith("usage: ")
        assert main([str(tmp_path / "none.json")]) == 2
        assert capsys.readouterr().err.startswith("cannot be read: ")
        for text in ("{", "[" * 100_000, '"\ud800'.encode("utf-8", "surrogatepass"), b"\xff"):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            assert main([str(path)]) == 2
            assert capsys.readouterr().err.startswith("cannot be read: ")

    def test_repeated_names(self, tmp_path, capsys):
        path = tmp_path / "certificate.json"
        path.write_text('{"format": 1, "claims": [], "format": 2}', encoding="utf-8")
        with pytest.raises(Refused, match="repeats a name"):
            load(str(path))
        assert main([str(path)]) == 1
        assert capsys.readouterr().out.startswith("refused: ")

    def test_at_most_200_lines(self):
        assert len(CHECKER.read_text(encoding="utf-8").splitlines()) <= 200
