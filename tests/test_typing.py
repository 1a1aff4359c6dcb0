"""Types reach who uses the packages: a script of a user, checked strictly, and one mistake in it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = """\
from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Recursive, Search, TopDegree
from proofs import SybilProof, verify
from solvers import Recruitment, recruit

graph = Graph.from_edges([0, 1, 2], [1, 2, 3], directed=False)
cost = CostModel.exponential(mean=0.8)
network = IncentiveNetwork(graph, contact=0.5, join=cost, invite=cost)
campaign = Campaign(network, Search(prize=4000, targets=10, find=1e-3), team=TopDegree(1), max_depth=5)
result: Recruitment = recruit(campaign, Recursive(ratio=1 / 2), rng=7)
words: str = f"{result.recruits:.1f} {verify(result.scheme, SybilProof()).holds}"
wrong: str = result.recruits
"""


@pytest.mark.parametrize("package", ["mechanism", "proofs", "solvers"])
def test_packages_say_that_they_are_typed(package):
    assert (ROOT / package / "py.typed").is_file()


def test_a_script_is_checked_against_the_types(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        ROOT / ".mypy_cache" / "script",
        "script.py",
    ]
    quiet = {name: value for name, value in os.environ.items() if name not in ("MYPYPATH", "PYTHONPATH")}
    done = subprocess.run(command, cwd=tmp_path, env=quiet, capture_output=True, text=True, check=False)
    last = len(SCRIPT.splitlines())
    assert re.findall(r"^script.py:(\d+): error: .*\[(.*)\]$", done.stdout, re.MULTILINE) == [
        (str(last), "assignment")
    ], done.stdout + done.stderr
    assert 'expression has type "float", variable has type "str"' in done.stdout
