"""Processes that are killed while they write leave the old file or the new one, and no heap of drafts."""

import subprocess
import sys
from pathlib import Path

from benchmarks import kills
from mechanism.storage import whole_file

ROOT = Path(__file__).parents[2]


def test_no_file_is_lost():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", "--kills", "21"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "21 kills survived, seed 1; files lost: none." in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def in_place(folder, turn):
    (folder / "note").write_bytes(b"01"[turn : turn + 1] * 9_000_000)


def whole(folder, turn):
    with whole_file(folder / "note") as draft:
        draft.write_bytes(b"01"[turn : turn + 1] * 2_000_000)


KILLED = """
from benchmarks import kills
from tests.fortress import test_kills
kills.WRITERS = {"note": (lambda: test_kills.WRITER, True)}
kept = kills.kill("note", kills=8, seed=1)
print(len(kept.lost), kept.kills, kept.meanwhile, kept.drafts)
"""


def killed(writer):
    script = KILLED.replace("test_kills.WRITER", f"test_kills.{writer}")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_a_writer_in_place_is_noticed():
    lost, done, *_ = killed("in_place")
    assert done == 8
    assert lost > 0


def test_drafts_do_not_pile_up():
    lost, done, meanwhile, drafts = killed("whole")
    assert (lost, done, drafts) == (0, 8, 0)
    assert meanwhile > 0


def test_every_writer_is_there():
    assert {name for name in kills.WRITERS if name.startswith("Graph.save")} == {
        "Graph.save .npz", "Graph.save .mtx", "Graph.save .parquet",
    }  # fmt: skip
    assert {"certificate", "--out", "point of a surface", "folder of results"} <= set(kills.WRITERS)
