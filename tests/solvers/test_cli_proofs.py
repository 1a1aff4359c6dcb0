"""The commands verify and matrix: what they print, write, return and refuse."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from proofs import check_certificate
from solvers.cli import main


@pytest.fixture
def run(capsys):
    def command(*words):
        code = main(list(map(str, words)))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


class TestVerify:
    @pytest.mark.parametrize(
        ("scheme", "claimed", "code", "words"),
        [
            ("double_geometric:0.2", "SP", 0, "Proved: sybil-proof in chains of every length."),
            ("recursive:1/2", "SP", 1, "gain:   1/4 of the prize (+50 %)"),
            ("recursive:1/2", "sybil_proof:epsilon=1", 0, "Proved: sybil-proof with epsilon = 1"),
            ("recursive:1/2", "SP:1", 0, "Proved"),
            ("geometric_tree:1/3,1/3", "BC:1/2", 0, "within a budget of 1/2"),
            ("geometric-tree:decay=1/3,share=1/3", "USA", 1, "after:  [1/2]([1/2])"),
            ("cdrm_2:0.5,0.3", "usa:structure=chain", 0, "resistant to splitting into a chain"),
            ("cdrm_1:0.5,0.3", "PO", 1, "in no forest is the contribution returned"),
            ("shapley_tree", "budget_balance", 0, "budget-balanced in every referral forest"),
        ],
    )
    def test_verdicts(self, run, scheme, claimed, code, words):
        result, out, err = run("verify", scheme, claimed)
        assert (result, err) == (code, "")
        assert words in out

    def test_a_cut_scheme(self, run):
        assert run("verify", "equal_split", "SP:2", "--max-depth", "10")[0] == 0
        assert run("verify", "equal_split", "SP:2")[0] == 1

    def test_own_rules(self, run, tmp_path):
        rules = tmp_path / "rules.py"
        rules.write_text(
            "from fractions import Fraction\n"
            "def half(depth, distance):\n    return Fraction(1, 2**depth)\n"
            "def refund(forest):\n    return forest.contributions\n"
        )
        code, out, _ = run("verify", f"{rules}:half", "SP")
        assert code == 3
        assert out.startswith("Unrefuted, not proved: sybil-proof")
        assert run("verify", f"{rules}:half", "SP", "--max-depth", "8")[0] == 0
        assert run("verify", f"{rules}:refund", "USA")[0] == 3
        assert run("verify", f"{rules}:refund", "CSI")[0] == 1

    def test_json(self, run):
        code, out, _ = run("verify", "recursive:1/2", "SP", "--json")
        assert code == 1
        assert json.loads(out)["counterexample"]["gain"] == "1/4"

    @pytest.mark.parametrize(
        ("scheme", "claimed"), [("double_geometric:1/3", "SP"), ("tdrm:1/2,1/5,1/10,1", "USA")]
    )
    def test_a_proof_is_written_and_read_again(self, run, tmp_path, scheme, claimed):
        code, _, err = run("verify", scheme, claimed, "--out", tmp_path / "proof")
        assert code == 0
        assert "Wrote scheme.json and certificate.json" in err
        files = [tmp_path / "proof" / name for name in ("scheme.json", "certificate.json")]
        assert check_certificate(*(json.loads(file.read_text()) for file in files))
        checker = "proofs.check" if claimed == "SP" else "proofs.check_tree"
        done = subprocess.run(
            [sys.executable, "-m", checker, *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        assert run("verify", files[0], claimed)[0] == 0

    def test_nothing_is_written_without_a_proof(self, run, tmp_path):
        code, _, err = run("verify", "recursive:1/2", "SP", "--out", tmp_path / "proof")
        assert code == 1
        assert "no certificate without a proof" in err
        assert not (tmp_path / "proof").exists()

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("recursiv:1/2", "SP"), "scheme is 'recursiv'; it must be one of"),
            (("recursive", "SP"), "with the parameters ['ratio']"),
            (("recursive:1/2,1/3", "SP"), "with the parameters ['ratio']"),
            (("recursive:2", "SP"), "ratio is 2; it must be a number in [0, 1)"),
            (("recursive:half", "SP"), "number is 'half'"),
            (("recursive:1/2", "SPQ"), "property is 'SPQ'; it must be one of"),
            (("recursive:1/2", "SP:delta=1"), "property is 'delta=1'"),
            (("recursive:1/2", "SP:-1"), "epsilon is -1"),
            (("recursive:1/2", "SEC"), "finder_share:gamma=..."),
            (("recursive:1/2", "USA"), "it must be a property of path schemes"),
            (("shapley_tree", "SP"), "it must be a property of tree schemes"),
            (("shapley_tree", "BB", "--max-depth", "3"), "--max-depth is 3"),
            (("nowhere.json", "SP"), "nowhere.json"),
            (("nowhere.py:rule", "SP"), "a Python file that exists"),
        ],
    )
    def test_wrong_words(self, run, words, message):
        code, out, err = run("verify", *words)
        assert code in (1, 2)
        assert out == ""
        assert message in err

    def test_a_file_without_the_rule(self, run, tmp_path):
        (tmp_path / "rules.py").write_text("")
        code, _, err = run("verify", f"{tmp_path / 'rules.py'}:mine", "SP")
        assert code == 2
        assert "a name that" in err


class TestMatrix:
    def test_text(self, run):
        code, out, err = run("matrix", "--of", "paths")
        assert (code, err) == (0, "")
        assert "double geometric 1/2         ✓    ✗    ✓" in out
        assert "equal split, SP: not sybil-proof" in out
        assert "not sybil-proof" not in run("matrix", "--of", "paths", "--no-witnesses")[1]

    @pytest.mark.parametrize(
        ("suffix", "start"), [(".md", "## Path"), (".html", "<!doctype"), (".json", "["), (".txt", "Path")]
    )
    def test_files(self, run, tmp_path, suffix, start):
        file = tmp_path / "new" / f"matrix{suffix}"
        code, out, _ = run("matrix", "--of", "paths", "--out", file)
        assert code == 0
        assert out == f"Wrote {file}.\n"
        assert file.read_text(encoding="utf-8").startswith(start)

    def test_an_unknown_format(self, run, tmp_path):
        code, _, err = run("matrix", "--of", "paths", "--out", tmp_path / "matrix.pdf")
        assert code == 2
        assert ".md" in err
