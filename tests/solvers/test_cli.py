"""The command line: files of one run, the same for the same seed, and one sentence for wrong input."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from proofs import check
from solvers.cli import main

ROOT = Path(__file__).parents[2]
FILES = {
    "certificate-epsilon-0.25.json",
    "certificate.json",
    "frontier.png",
    "frontier.svg",
    "scheme-epsilon-0.25.json",
    "scheme.json",
    "table.csv",
    "table.txt",
}
SMALL = [
    "--undirected",
    "--max-depth",
    "3",
    "--team",
    "2",
    "--find",
    "0.05",
    "--epsilon",
    "0.25",
    "--epsilon",
    "0",
]


@pytest.fixture(scope="module")
def edge_list(tmp_path_factory):
    rng = np.random.default_rng(5)
    edges = {(min(u, v), max(u, v)) for u, v in rng.integers(40, size=(110, 2)).tolist() if u != v}
    path = tmp_path_factory.mktemp("network") / "friends.tsv"
    path.write_text("# who knows whom\n" + "".join(f"{u}\t{v}\n" for u, v in sorted(edges)))
    return path


def solve(*words):
    return main(["solve", *map(str, words)])


@pytest.fixture(scope="module")
def folder(edge_list, tmp_path_factory):
    target = tmp_path_factory.mktemp("out") / "result"
    assert solve(edge_list, *SMALL, "--out", target) == 0
    return target


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_writes_its_files_and_nothing_else(folder):
    assert set(contents(folder)) == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["result"]


def test_the_same_seed_gives_the_same_bytes(edge_list, folder, tmp_path):
    assert solve(edge_list, *SMALL, "--seed", "0", "--out", tmp_path / "again") == 0
    assert contents(tmp_path / "again") == contents(folder)


def test_another_seed_gives_another_table(edge_list, folder, tmp_path):
    assert solve(edge_list, *SMALL, "--seed", "1", "--out", tmp_path / "other") == 0
    assert (tmp_path / "other" / "table.csv").read_bytes() != (folder / "table.csv").read_bytes()


def test_the_order_of_the_lines_does_not_matter(edge_list, folder, tmp_path):
    lines = edge_list.read_text().splitlines()
    shuffled = tmp_path / edge_list.name
    shuffled.write_text("\n".join(reversed(lines)))
    assert solve(shuffled, *SMALL, "--out", tmp_path / "out") == 0
    assert contents(tmp_path / "out") == contents(folder)


def test_files_tell_no_time(folder):
    files = contents(folder)
    text = b"".join(data for name, data in files.items() if not name.endswith(".png"))
    assert b"dc:date" not in text
    assert not re.search(rb"20\d\d-\d\d-\d\d", text)
    assert b"tIME" not in files["frontier.png"]
    assert b"Software" not in files["frontier.png"]


@pytest.mark.parametrize("suffix", ["", "-epsilon-0.25"])
def test_the_checker_accepts_the_files_on_its_own(folder, suffix):
    command = [sys.executable, "-I", "-S", ROOT / "proofs" / "check.py"]
    files = [folder / f"scheme{suffix}.json", folder / f"certificate{suffix}.json"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("accepted") == 2


def test_scheme_json_is_of_the_smallest_epsilon(folder):
    claims = json.loads((folder / "certificate.json").read_text())["claims"]
    assert claims[0]["claim"]["epsilon"] == "0"
    claims = json.loads((folder / "certificate-epsilon-0.25.json").read_text())["claims"]
    assert claims[0]["claim"]["epsilon"] == "1/4"


def test_a_certificate_is_of_its_own_scheme(folder):
    scheme = check.load(str(folder / "scheme.json"))
    scheme["rewards"][0][0] = "1/1000"
    with pytest.raises(check.Refused):
        check.check(scheme, check.load(str(folder / "certificate.json")))


def test_the_table_compares_known_best_and_designed(folder):
    with (folder / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"known", "best of family", "designed"}
    assert [float(row["epsilon"]) for row in rows if row["kind"] == "designed"] == [0.0, 0.25]
    split = next(row for row in rows if row["scheme"] == "equal split")
    assert (float(split["gain"]), float(split["gain_any_length"])) == (pytest.approx(1 / 3), float("inf"))
    for row in rows:
        assert 0 <= float(row["found"]) <= 1
        assert 0 <= float(row["payout"]) <= 1
        assert float(row["recruits_stderr"]) >= 0
        if row["epsilon"]:
            assert float(row["gain"]) <= float(row["epsilon"]) + 1e-12


def test_the_command_prints_what_it_writes(edge_list, folder, tmp_path, capsys):
    capsys.readouterr()
    assert solve(edge_list, *SMALL, "--out", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    heading, table = (folder / "table.txt").read_text().split("\n\n", 1)
    assert heading in printed
    assert table.rstrip() in printed
    assert "…" not in printed


def test_a_second_run_replaces_only_its_own_files(edge_list, folder, tmp_path):
    target = tmp_path / "out"
    assert solve(edge_list, *SMALL, "--out", target) == 0
    (target / "notes.txt").write_text("mine")
    assert solve(edge_list, *SMALL[:-4], "--epsilon", "0", "--out", target) == 0
    assert set(contents(target)) == FILES - {name for name in FILES if "0.25" in name} | {"notes.txt"}
    assert (target / "notes.txt").read_text() == "mine"
    assert (target / "scheme.json").read_bytes() == (folder / "scheme.json").read_bytes()


def test_foreign_files_are_not_overwritten(edge_list, tmp_path, capsys):
    (tmp_path / "table.csv").write_text("mine")
    assert solve(edge_list, *SMALL, "--out", tmp_path) == 2
    assert "holds a table.csv that is not from an earlier run" in capsys.readouterr().err
    assert contents(tmp_path) == {"table.csv": b"mine"}


def test_a_failure_while_writing_leaves_nothing_behind(edge_list, tmp_path, monkeypatch, capsys):
    def full(*arguments):
        raise OSError("no space left on the disk")

    monkeypatch.setattr("solvers.export.write_json", full)
    assert solve(edge_list, *SMALL, "--out", tmp_path / "out") == 1
    assert capsys.readouterr().err.endswith("mechanism: no space left on the disk\n")
    assert not list(tmp_path.iterdir())


def test_a_failure_while_writing_keeps_the_earlier_files(edge_list, folder, tmp_path, monkeypatch):
    target = tmp_path / "out"
    assert solve(edge_list, *SMALL, "--out", target) == 0
    before = contents(target)

    def full(*arguments):
        raise OSError("no space left on the disk")

    monkeypatch.setattr("solvers.export.write_json", full)
    assert solve(edge_list, *SMALL, "--seed", "1", "--out", target) == 1
    assert contents(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_people_and_costs_can_be_named(edge_list, tmp_path, capsys):
    words = [
        *SMALL[:3],
        "--team",
        "members:3,7",
        "--join-cost",
        "uniform:0:2",
        "--invite-cost",
        "exponential:0.3",
    ]
    assert solve(edge_list, *words, "--targets", "2", "--out", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert "cost of joining uniform:0:2, of an invitation exponential:0.3" in printed
    assert "team of 2" in printed
    assert "2 targets" in printed


WRONG_FILES = {
    "one column": ("1 2\n3\n", "EDGE_LIST[friends.tsv, line 2] is '3'; it must be two columns"),
    "a text among numbers": (
        "1 2\n3 x\n",
        "EDGE_LIST[friends.tsv, line 2] is 'x'; it must be a whole number",
    ),
    "not a number": (
        "1 2\n3 nan\n",
        "EDGE_LIST[friends.tsv, line 2] is '3 nan'; it must be an edge with both ends",
    ),
    "empty": ("", "must be a file with at least one edge"),
    "comments only": ("# nobody\n", "must be a file with at least one edge"),
    "column names only": ("source,target\n", "must be a file with at least one edge"),
    "self-loops": ("1 2\n2 2\n3 3\n", "EDGE_LIST has 2 self-loops (the first: line 2"),
    "repeated edges": ("1 2\n2 3\n2 1\n", "EDGE_LIST has 1 repeated arc (the first: line 3"),
}
WRONG_OPTIONS = {
    "--prize -1": "--prize is -1.0; it must be a finite amount of money above 0",
    "--prize nan": "--prize is nan; it must be",
    "--prize inf": "--prize is inf; it must be",
    "--targets 0": "--targets is 0; it must be an integer of at least 1",
    "--targets two": "'two' is not a valid integer",
    "--find 1.2": "--find is 1.2; it must be a probability in (0, 1]",
    "--find 0": "--find is 0.0; it must be",
    "--find nan": "--find is nan; it must be",
    "--contact 1.2": "--contact is 1.2; it must be a probability in [0, 1]",
    "--contact nan": "--contact is nan; it must be",
    "--contact -0.1": "--contact is -0.1; it must be",
    "--max-depth 0": "--max-depth is 0; it must be an integer of at least 1",
    "--team 0": "--team is 0; it must be an integer of at least 1",
    "--team 41": "--team is 41; it must be at most the 40 people of the graph",
    "--team members:3,77": "--team[1] is 77; it must be one of the 40 labels of the graph",
    "--team members:3,ann": "--team is 'members:3,ann'; it must be a whole number or members:LABEL",
    "--team members:": "at least one label",
    "--team everybody": "--team is 'everybody'; it must be a whole number or members:LABEL",
    "--join-cost 0": "--join-cost: mean is 0.0; it must be a finite amount of money above 0",
    "--join-cost nan": "--join-cost: mean is nan; it must be",
    "--join-cost uniform:2:1": "--join-cost: high is 1.0; it must be",
    "--invite-cost gamma:1": "--invite-cost: cost is 'gamma:1'; it must be a mean such as 0.8",
    "--epsilon -0.5": "--epsilon is -0.5; it must be",
    "--epsilon nan": "--epsilon is nan; it must be",
    "--effort 0": "--effort is 0; it must be at least 1",
    "--seed -1": "--seed is -1; it must be at least 0",
    "--frobnicate": "No such option",
    "another.tsv": "unexpected extra argument",
}


def refused(words, tmp_path, capsys):
    """Return the sentence that wrong input is answered by; nothing may be written."""
    before = sorted(tmp_path.rglob("*"))
    assert solve(*words, "--out", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("mechanism: ")
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    assert sorted(tmp_path.rglob("*")) == before
    return printed.err


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_file_is_refused(case, tmp_path, capsys):
    text, sentence = WRONG_FILES[case]
    (tmp_path / "friends.tsv").write_text(text)
    assert sentence in refused([tmp_path / "friends.tsv", "--undirected"], tmp_path, capsys)


@pytest.mark.parametrize("words", WRONG_OPTIONS)
def test_a_wrong_option_is_refused(words, edge_list, tmp_path, capsys):
    sentence = refused([edge_list, "--undirected", *words.split()], tmp_path, capsys)
    assert WRONG_OPTIONS[words] in sentence


def test_a_missing_file_is_refused(tmp_path, capsys):
    assert "it must be an existing file" in refused([tmp_path / "nobody.tsv"], tmp_path, capsys)


def test_a_folder_is_no_edge_list(tmp_path, capsys):
    assert "it must be an existing file" in refused([tmp_path], tmp_path, capsys)


def test_a_broken_archive_is_refused(tmp_path, capsys):
    (tmp_path / "friends.tsv.gz").write_bytes(b"\x1f\x8b not gzip")
    assert "it must be a readable file" in refused([tmp_path / "friends.tsv.gz"], tmp_path, capsys)


def test_self_loops_and_repetitions_are_dropped_on_request(tmp_path, capsys):
    path = tmp_path / "friends.tsv"
    path.write_text("1 2\n2 2\n2 1\n2 3\n3 4\n")
    words = [
        path,
        "--undirected",
        "--max-depth",
        "2",
        "--team",
        "1",
        "--epsilon",
        "0",
        "--out",
        tmp_path / "out",
    ]
    assert solve(*words) == 2
    assert "pass --self-loops drop to drop them" in capsys.readouterr().err
    assert solve(*words, "--self-loops", "drop") == 2
    assert "pass --duplicates merge to merge them" in capsys.readouterr().err
    assert solve(*words, "--self-loops", "drop", "--duplicates", "merge") == 0
    assert "4 people, 3 edges" in capsys.readouterr().out


def test_the_generated_network_has_no_direction(tmp_path, capsys):
    assert "the generated network is undirected" in refused(["--directed"], tmp_path, capsys)


def test_a_file_is_no_folder_to_write_to(edge_list, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert "is a file, not a folder" in refused([edge_list, "--undirected"], tmp_path, capsys)


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
def test_an_interruption_leaves_nothing_behind(tmp_path):
    command = [sys.executable, "-m", "solvers.cli", "solve", "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert "generated" in process.stdout.readline()
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.endswith("mechanism: interrupted, nothing was written\n")
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["solve", "--help"]])
def test_help_is_given(words, capsys):
    assert main(words) == 0
    printed = capsys.readouterr()
    assert "mechanism" in printed.out
    assert printed.err == ""


def test_an_unknown_command_is_refused(capsys):
    assert main(["dissolve"]) == 2
    assert capsys.readouterr().err.startswith("mechanism: No such command 'dissolve'.")


def test_progress_is_silent_where_nobody_watches(edge_list, tmp_path, capsys):
    assert solve(edge_list, *SMALL, "--out", tmp_path / "out") == 0
    assert capsys.readouterr().err == ""


def test_compilation_is_announced(edge_list, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("solvers.kernels.binding.is_cached", lambda: False)
    assert solve(edge_list, *SMALL, "--out", tmp_path / "out") == 0
    assert capsys.readouterr().err.startswith("Compiling the simulation kernels")
