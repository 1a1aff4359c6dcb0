"""The checker of games reads documents and files that others wrote: wrong ones are refused, with a reason, at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import proofs.check_game
from mechanism import Graph, LinearQuadratic, Logit, Participation
from proofs import game_certificate, write_json
from proofs.check_game import FORMAT, Refused, check
from tests.proofs.game_claims import about, accepts, contraction, equilibrium, error, goods
from tests.reference.games import ring

CHECKER = Path(proofs.check_game.__file__)
ROOT = CHECKER.parent.parent
PAIR = LinearQuadratic(Graph.from_edges(["ann"], ["bob"], directed=False), 1.0, interaction=0.5).to_dict()
NO_NUMBERS = ("0.5", None, True, float("nan"), float("inf"), -float("inf"), [0.5], {}, "nan", 1j)


def changed(document, **entries):
    return document | entries


class TestReading:
    @pytest.mark.parametrize("value", NO_NUMBERS, ids=str)
    def test_no_numbers(self, value):
        assert accepts(PAIR, [2, 2.0], equilibrium())
        assert not accepts(PAIR, [2, value], equilibrium())
        assert not accepts(PAIR, [2, 2], equilibrium(value, 0))
        assert not accepts(PAIR, [2, 2], equilibrium(0, value))
        assert not accepts(PAIR, [2, 2], contraction([1, value], 0.9))
        assert not accepts(PAIR, [2, 2], contraction(1, value)) or value is True
        assert not accepts(PAIR, [2, 2], contraction(1, 0.5), error(value))
        assert not accepts(changed(PAIR, standalone=[1, value]), [2, 2], equilibrium())
        assert not accepts(changed(PAIR, interaction=value), [2, 2], equilibrium())
        if value is not None:
            assert not accepts(changed(PAIR, lower=value), [2, 2], equilibrium())

    @pytest.mark.parametrize(
        "vector", [[1], [1, 1, 1], [], [1, -1], [0, 1], 0, -1, [[1, 1]], {"0": 1, "1": 1}, None], ids=str
    )
    def test_wrong_vectors(self, vector):
        assert accepts(PAIR, [2, 2], contraction([1, 1], 0.5))
        assert not accepts(PAIR, [2, 2], contraction(vector, 0.9))

    @pytest.mark.parametrize("rate", [1, 1.0, 1.5, -0.5, 0.4999999])
    def test_wrong_rates(self, rate):
        assert not accepts(PAIR, [2, 2], contraction(1, rate))

    @pytest.mark.parametrize("actions", [[2], [2, 2, 2], [], {"ann": 2, "bob": 2}, None, "22"], ids=str)
    def test_wrong_actions(self, actions):
        certificate = {"format": FORMAT, "actions": actions, "claims": [equilibrium(9, 9)]}
        with pytest.raises(Refused):
            check(PAIR, certificate)

    def test_actions_out_of_bounds(self):
        cut = changed(PAIR, lower=[0, None], upper=[None, 2])
        assert accepts(cut, [0, 2], equilibrium(9, 9))
        with pytest.raises(Refused, match=r"actions\[0\]"):
            about(cut, [-1e-300, 2], equilibrium(9, 9))
        with pytest.raises(Refused, match=r"actions\[1\]"):
            about(cut, [0, 2.0000000000000004], equilibrium(9, 9))
        game = Participation(ring(3), 1.0, support=0.1, cost=0.5)
        with pytest.raises(Refused, match=r"actions\[2\]"):
            about(game, [1, 1, 0.5], equilibrium(9, 9))

    @pytest.mark.parametrize(
        "certificate",
        [
            None,
            [],
            {},
            {"format": FORMAT, "actions": [2, 2]},
            {"format": FORMAT, "actions": [2, 2], "claims": []},
            {"format": FORMAT, "actions": [2, 2], "claims": {}},
            {"format": FORMAT, "actions": [2, 2], "claims": [None]},
            {"format": FORMAT + "0", "actions": [2, 2], "claims": [equilibrium()]},
            {"format": [FORMAT], "actions": [2, 2], "claims": [equilibrium()]},
            {"format": FORMAT, "actions": [2, 2], "claims": [equilibrium()], "more": 1},
            {"format": FORMAT, "actions": [2, 2], "claims": [equilibrium() | {"more": 1}]},
            {"format": FORMAT, "actions": [2, 2], "claims": [{"claim": "equilibrium"}]},
            {"format": FORMAT, "actions": [2, 2], "claims": [{"claim": "unique"}]},
            {"format": FORMAT, "actions": [2, 2], "claims": [{"claim": "unique", "by": "faith"}]},
            {"format": FORMAT, "actions": [2, 2], "claims": [{"claim": ["equilibrium"]}]},
            {"format": FORMAT, "actions": [2, 2], "claims": [{"claim": "least", "order": [0, 1]}]},
            {"format": FORMAT, "actions": [2, 2], "claims": [{"claim": "unique", "by": "extremes"}]},
        ],
        ids=str,
    )
    def test_wrong_certificates(self, certificate):
        with pytest.raises(Refused):
            check(PAIR, certificate)

    @pytest.mark.parametrize(
        "system",
        [
            None,
            [],
            {},
            changed(PAIR, system="lottery"),
            changed(PAIR, system=["linear_quadratic"]),
            changed(PAIR, more=1),
            {name: value for name, value in PAIR.items() if name != "upper"},
            changed(PAIR, standalone=[1]),
            changed(PAIR, interaction=[0.5]),
            changed(PAIR, lower=[1, 1], upper=[0, 0]),
            changed(PAIR, graph=None),
            *(
                changed(PAIR, graph=PAIR["graph"] | entries)
                for entries in (
                    {"indptr": [0, 1]},
                    {"indptr": [0, 1, 1]},
                    {"indptr": [0, 3, 2]},
                    {"indptr": [0, -1, 2]},
                    {"indptr": [1, 1, 2]},
                    {"indptr": [0, 1.0, 2]},
                    {"indptr": [0, True, 2]},
                    {"indices": [1, 2]},
                    {"indices": [1, -1]},
                    {"indices": [0, 0]},
                    {"indices": [1, 0.0]},
                    {"indptr": [0, 2, 2], "indices": [1, 1]},
                    {"labels": ["ann"]},
                    {"labels": None},
                    {"indptr": [], "indices": [], "labels": []},
                    {"indptr": [0], "indices": [], "labels": []},
                )
            ),
            {"system": "interdependent", "graph": PAIR["graph"], "base": PAIR},
            {"system": "interdependent", "graph": PAIR["graph"], "base": {}, "altruism": 0.1},
            {
                "system": "interdependent",
                "graph": PAIR["graph"] | {"labels": ["bob", "ann"]},
                "base": PAIR,
                "altruism": 0.1,
            },
            {"system": "interdependent", "graph": PAIR["graph"], "base": PAIR, "altruism": [0.1]},
        ],
        ids=lambda document: None,
    )
    def test_wrong_systems(self, system):
        with pytest.raises(Refused):
            check(system, {"format": FORMAT, "actions": [2, 2], "claims": [equilibrium(9, 9)]})

    @pytest.mark.parametrize("rationality", [0, -1, None, float("inf")])
    def test_wrong_rationality(self, rationality):
        document = Logit(ring(3), 0.0, support=0.1, cost=0.5, rationality=1.0).to_dict()
        assert accepts(document, [0.5] * 3, equilibrium(1, 1))
        assert not accepts(document | {"rationality": rationality}, [0.5] * 3, equilibrium(1, 1))

    def test_one_number_for_all(self):
        spread = changed(PAIR, standalone=1, lower=None, upper=[None, None], interaction=[0.5, 0.5])
        assert about(spread, [2, 2], equilibrium()) == about(PAIR, [2, 2], equilibrium())


def run(command, *files):
    return subprocess.run(
        [sys.executable, *command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False
    )


MODULE = ("-m", "proofs.check_game")
BARE = ("-I", "-S", str(CHECKER))


class TestCommand:
    @pytest.mark.parametrize("command", [MODULE, BARE], ids=["module", "bare file"])
    def test_proofs_are_accepted(self, tmp_path, command):
        game = goods(ring(4), 0.3)
        write_json(tmp_path / "system.json", game.to_dict())
        made = game_certificate(game, [0.625] * 4, vector=[1.0] * 4, factor=True)
        write_json(tmp_path / "certificate.json", made)
        done = run(command, tmp_path / "system.json", tmp_path / "certificate.json")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("accepted: ") == 4

    @pytest.mark.parametrize("command", [MODULE, BARE], ids=["module", "bare file"])
    def test_a_false_claim_is_refused(self, tmp_path, command):
        game = goods(ring(4), 0.3)
        write_json(tmp_path / "system.json", game.to_dict())
        made = game_certificate(game, [0.625] * 4)
        made["actions"][2] += 1e-6
        write_json(tmp_path / "certificate.json", made)
        done = run(command, tmp_path / "system.json", tmp_path / "certificate.json")
        assert done.returncode == 1
        assert done.stdout.startswith("refused: person 1 gains more than")

    @pytest.mark.parametrize(
        ("gain", "code"),
        [
            ("0", 0),
            ("1e-999", 0),
            ("0." + "0" * 4000, 0),
            ("1e999999999", 1),
            ("-1e999999999", 1),
            ("1e-999999999", 1),
            ("1.5E+1000", 1),
            ("0." + "1" * 4001, 1),
            ("NaN", 1),
            ("Infinity", 1),
            ("-Infinity", 1),
            ('"0"', 1),
            ("9" * 5000, 2),
            ("0x1", 2),
            (".5", 2),
        ],
        ids=lambda text: str(text)[:16],
    )
    def test_numbers_in_files(self, tmp_path, capsys, gain, code):
        write_json(tmp_path / "system.json", PAIR)
        claim = json.dumps(equilibrium()).replace('"gain": 0', f'"gain": {gain}')
        (tmp_path / "certificate.json").write_text(
            f'{{"format": "{FORMAT}", "actions": [2, 2.0], "claims": [{claim}]}}'
        )
        arguments = [str(tmp_path / "system.json"), str(tmp_path / "certificate.json")]
        assert proofs.check_game.main(arguments) == code
        printed = capsys.readouterr()
        words = {0: "accepted: ", 1: "refused: ", 2: "cannot be read: "}[code]
        assert (printed.err if code == 2 else printed.out).startswith(words)

    def test_long_decimals_count(self, tmp_path, capsys):
        """A file is read digit by digit, not through floats."""
        write_json(tmp_path / "system.json", PAIR)
        for digits, code in (("2.000000000000000000000", 0), ("2.000000000000000000001", 1)):
            (tmp_path / "certificate.json").write_text(
                f'{{"format": "{FORMAT}", "actions": [2, {digits}], "claims": [{json.dumps(equilibrium())}]}}'
            )
            arguments = [str(tmp_path / "system.json"), str(tmp_path / "certificate.json")]
            assert proofs.check_game.main(arguments) == code
        assert "person" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ('{"a": 1, "a": 2}', 1),
            ("{", 2),
            ("", 2),
            ("[" * 100_000, 2),
            (b"\xff\xfe", 2),
            (None, 2),
        ],
        ids=["repeated", "cut", "empty", "deep", "binary", "missing"],
    )
    def test_exit_codes(self, tmp_path, capsys, text, code):
        path = tmp_path / "system.json"
        if text is not None:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        write_json(tmp_path / "certificate.json", {"format": FORMAT})
        assert proofs.check_game.main([str(path), str(tmp_path / "certificate.json")]) == code
        printed = capsys.readouterr()
        assert printed.out.startswith("refused") if code == 1 else printed.err.startswith("cannot be read")

    @pytest.mark.parametrize("arguments", [[], ["system.json"], ["a", "b", "c"]])
    def test_usage(self, capsys, arguments):
        assert proofs.check_game.main(arguments) == 2
        assert "usage" in capsys.readouterr().err
