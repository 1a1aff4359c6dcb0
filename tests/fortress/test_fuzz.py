"""Broken and hostile files are refused by name, or what is read from them is true."""

import gzip
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import fuzz
from benchmarks.fuzz_inputs import made
from benchmarks.fuzz_targets import Target, Untrue, path_claims, targets
from mechanism import Graph, InvalidInputError, ReferralForest
from proofs import check

ROOT = Path(__file__).parents[2]


def test_nothing_breaks():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz", "--inputs", "2000"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "crashes: none" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def planted(accept):
    return Target("planted", accept, (b'{"a": 1}',), is_json=True)


def fails(error):
    def accept(folder, data):
        raise error

    return accept


def forever(folder, data):
    while True:
        pass


@pytest.mark.parametrize(
    "accept, refused, crashes, words",
    [
        (fails(KeyError("a")), 0, 3, "KeyError"),
        (fails(ValueError("a")), 0, 3, "ValueError"),
        (fails(MemoryError("a")), 0, 3, "MemoryError"),
        (fails(Untrue("it lies")), 0, 3, "accepted, but it lies"),
        (forever, 0, 3, "took more than"),
        (fails(InvalidInputError("a", 1, allowed="b")), 3, 0, ""),
    ],
)
def test_what_breaks_is_noticed(monkeypatch, accept, refused, crashes, words):
    monkeypatch.setattr(fuzz, "SECONDS", 0.1)
    found = fuzz.run(planted(accept), inputs=3, seed=1)
    assert (found.inputs, found.accepted, found.refused, found.crashes) == (3, 0, refused, crashes)
    assert all(words in one for one in found.shown)
    assert len(found.shown) == crashes


def test_an_input_follows_from_its_number_alone():
    form = planted(print)
    one, other = ([made(random.Random(f"1/planted/{number}"), form) for number in range(50)] for _ in "ab")
    assert one == other
    assert len(set(one)) > 30


def test_every_target_accepts_its_valid_files(tmp_path):
    for target in targets():
        if target.name != ".parquet":  # takes another process
            target.prepare(tmp_path)
            for seed in target.seeds:
                target.accept(tmp_path, seed)


def test_a_false_certificate_is_called_untrue():
    claim = {"property": "sybil_proof", "epsilon": "0", "max_depth": None}
    certificate = {"format": check.FORMAT, "claims": [{"claim": claim, "multipliers": {}}]}
    with pytest.raises(Untrue, match="identities earn more"):
        path_claims({"scheme": "equal_split"}, certificate)


@pytest.mark.parametrize(
    "text, words",
    [
        (b"1 2\n3 " + b"9" * 5000 + b"\n", "whole number within int64"),  # int() refuses so many digits
        (b"ann\0 bob\nann bob\n", "NUL"),  # which arrays of texts drop: two people became one
        (b"#\n" * 100_001 + b"1 2\n", "first 100,000 lines"),
        (b"a b\n" * 40_000 + b"a " + b"x" * 100_000, "shorter labels"),  # 30 GB as a table
    ],
)
def test_edge_lists_that_broke(tmp_path, text, words):
    (tmp_path / "edges.txt").write_bytes(text)
    with pytest.raises(InvalidInputError, match=words):
        Graph.from_file(tmp_path / "edges.txt", duplicates="merge")


@pytest.mark.parametrize(
    "text", [b"1 2\r3 4\r", b"\r1 2\n3 4\n", b"# x\r1 2\n3 4\n", b"1 2\n# x\r3 4\n", b"1 2\r\r\n3 4"]
)
def test_lines_may_end_in_carriage_returns_alone(tmp_path, text):
    """They were dropped, so that edges ran into one another or were lost."""
    (tmp_path / "edges.txt").write_bytes(text)
    graph = Graph.from_file(tmp_path / "edges.txt")
    assert graph.labels.tolist() == [1, 2, 3, 4]
    assert graph.m == 2


def test_what_is_compressed_twice_is_refused(tmp_path):
    """One of the readers went on to decompress, without a limit."""
    (tmp_path / "edges.txt").write_bytes(gzip.compress(gzip.compress(b"1 2\n")))
    with pytest.raises(InvalidInputError, match="UTF-8"):
        Graph.from_file(tmp_path / "edges.txt")


@pytest.mark.parametrize(
    "text, words",
    [
        ('id,recruiter\nann,\n"bob,ann\n', "unexpected end of data"),
        ("id,recruiter\nann," + "x" * 200_000, "field larger"),
        ("id,id,recruiter\nann,bob,\n", "only one"),
    ],
)
def test_forests_that_broke(tmp_path, text, words):
    (tmp_path / "members.csv").write_text(text)
    with pytest.raises(InvalidInputError, match=words):
        ReferralForest.from_file(tmp_path / "members.csv")


HEAD = "%%MatrixMarket matrix "


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "coordinate pattern general\n%\n4 4 4\n1 2\n2 3\n3 4\n4 1*",
            "could not convert",
        ),  # ended the process
        ("coordinate pattern general\n2000000000 2000000000 1\n1 2\n", "list its edges"),
        ("coordinate pattern general\n3 3 1000000000000\n1 2\n", "as many numbers"),
        ("array real general\n1000000 1000000\n1\n", "as many numbers"),
        ("coordinate integer general\n3 3 1\n1 2 99999999999999999999\n", "could not convert"),
        ("coordinate real general\n3 3 1\nnan 2 1\n", "whole numbers in range"),
        ("coordinate real symmetric\n3 4 1\n1 2 1\n", "square"),
    ],
)
def test_matrices_that_broke(tmp_path, text, words):
    (tmp_path / "graph.mtx").write_text(HEAD + text)
    with pytest.raises(InvalidInputError, match=words):
        Graph.from_file(tmp_path / "graph.mtx")


@pytest.mark.parametrize("depth", [10**6, 10**25])
@pytest.mark.parametrize(
    "scheme, claim",
    [
        ({"scheme": "equal_split"}, {"property": "collusion_proof", "epsilon": "0"}),
        ({"scheme": "recursive", "ratio": "1/2"}, {"property": "within_budget"}),
        ({"scheme": "direct_referral", "referral": "1e-999"}, {"property": "monotone"}),
    ],
)
def test_a_checker_ends(monkeypatch, scheme, claim, depth):
    monkeypatch.setattr(check, "MOST_WORK", 20_000)
    claims = [{"claim": claim | {"max_depth": depth}, "multipliers": {}}]
    with pytest.raises(check.Refused, match="too many chains"):
        check.check(scheme, {"format": check.FORMAT, "claims": claims})


@pytest.mark.parametrize("multipliers", [{"peak": 10_000}, {"horizon": 10_000}])
def test_a_checker_takes_no_endless_numbers(multipliers):
    document = {"scheme": "power", "scale": "1", "p": "0." + "3" * 3900, "q": "0." + "7" * 3900}
    claim = {"property": "sybil_proof", "epsilon": "0", "max_depth": None, "identity_cost": "1"}
    if "peak" in multipliers:
        del claim["identity_cost"]
    with pytest.raises(check.Refused, match="too long numbers"):
        check.check(
            document, {"format": check.FORMAT, "claims": [{"claim": claim, "multipliers": multipliers}]}
        )


def test_deep_nesting_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text('{"claims":' * 100_000)
    assert check.main([str(path), str(path)]) == 2
