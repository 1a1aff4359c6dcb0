"""`import mechanism` is light: it loads no back end."""

import subprocess
import sys

HEAVY = (
    "numba",
    "cvxpy",
    "scipy.stats",
    "scipy.optimize",
    "scipy",
    "matplotlib",
    "rich",
    "click",
    "distributed",
    "igraph",
    "networkx",
    "pandas",
    "polars",
    "pyarrow",
    "proofs",
    "solvers",
)


def test_import_loads_no_back_end():
    code = "import sys, mechanism; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())
