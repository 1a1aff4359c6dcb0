"""Workloads: generated power-law networks, the same on every machine, kept on disk once made.

Directed Chung and Lu (2002) graphs with exponent 2.5: the chance of an arc u -> v grows with the weights of both ends,
and the largest expected degree is the square root of the number of arcs. Files go to the folder that
``MECHANISM_BENCH_CACHE`` names, by default one in the temporary folder.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from mechanism import Graph

GOLDEN, FIRST, SECOND = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


@dataclass(frozen=True, slots=True)
class Workload:
    """A spread to simulate: 50 fixed seeds on a power-law graph.

    Attributes
    ----------
    n, m : int
        Nodes, and arcs up to what duplicates and loops take away.
    probability : float or "weighted"
        As `solvers.spread` takes it.
    replicates : int
        Worlds in one timed run.
    """

    n: int
    m: int
    probability: Any
    replicates: int

    @property
    def name(self) -> str:
        return f"n = {self.n:.0e}, m = {self.m:.0e}, {self.probability}".replace("e+0", "e")

    @property
    def seeds(self) -> np.ndarray:
        return np.sort(np.random.default_rng(3).choice(self.n, min(50, self.n), replace=False))

    def graph(self, *, memory_map: bool = False) -> Graph:
        return power_law(self.n, self.m, memory_map=memory_map)


SMALL = [
    Workload(10**4, 10**5, "weighted", 300),
    Workload(10**4, 10**5, 0.01, 3000),
    Workload(10**4, 10**5, 0.1, 100),
]
LARGE = [
    Workload(10**5, 10**6, "weighted", 1500),
    Workload(10**5, 10**6, 0.01, 60_000),
    Workload(10**5, 10**6, 0.1, 60),
    Workload(10**6, 10**7, "weighted", 400),
    Workload(10**6, 10**7, 0.01, 3000),
    Workload(10**6, 10**7, 0.1, 6),
]
SIZES = [
    Workload(10**4, 10**5, 0.1, 400),
    Workload(10**5, 10**6, 0.1, 40),
    Workload(10**6, 10**7, 0.1, 4),
    Workload(10**7, 10**8, 0.1, 1),
]
DENSITIES = [Workload(10**5, degree * 10**5, 1 / degree, 50) for degree in (2, 5, 20, 100)]


def power_law(n: int, m: int, *, seed: int = 1, memory_map: bool = False) -> Graph:
    """Return the generated graph from its file, which is made at the first call."""
    folder = Path(os.environ.get("MECHANISM_BENCH_CACHE", Path(tempfile.gettempdir()) / "mechanism-bench"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"power-law-{n}-{m}-{seed}.npz"
    if not path.exists():
        indptr, indices = _generate(n, m, seed)
        Graph(indptr, indices, np.arange(n)).save(path)
    return Graph.from_file(path, memory_map=memory_map)


def _generate(n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the arrays of the graph; beyond them it holds one permutation of the nodes."""
    # Weights (i + shift)^(-2/3): the exponent of the degrees is 1 + 3/2.
    shift = (m**0.5 / (3 * n ** (1 / 3))) ** 1.5
    rng = np.random.default_rng(seed)
    rank = rng.permutation(n).astype(np.int32)  # of each node
    node = np.empty(n, dtype=np.int32)  # of each rank
    node[rank] = np.arange(n, dtype=np.int32)
    low, high = shift ** (1 / 3), (n + shift) ** (1 / 3)
    edges = ((np.arange(n + 1) + shift) ** (1 / 3) - low) / (high - low)
    expected = m * np.diff(edges)[rank]
    degree = np.floor(expected + rng.random(n)).astype(np.int64)
    indptr = np.concatenate(([0], np.cumsum(degree)))
    indices = np.empty(indptr[-1], dtype=np.int32)
    m = _fill(indptr, indices, node, low, high, shift, np.uint64(seed))
    return indptr, indices[:m]


@numba.njit(nogil=True)
def _fill(indptr, indices, node, low, high, shift, seed):  # pragma: no cover - compiled
    """Draw the contacts of each node, in order, without loops and duplicates; rows close up as they shrink."""
    n = len(indptr) - 1
    write = 0
    begin = indptr[0]
    for u in range(n):
        end = indptr[u + 1]
        row = indices[begin:end]
        for k in range(end - begin):
            word = (np.uint64(begin + k) + np.uint64(1)) * GOLDEN + seed
            word = (word ^ (word >> np.uint64(30))) * FIRST
            word = (word ^ (word >> np.uint64(27))) * SECOND
            draw = ((word ^ (word >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53
            place = np.int64((low + draw * (high - low)) ** 3 - shift)
            row[k] = node[min(max(place, 0), n - 1)]
        row.sort()
        last = -1
        indptr[u] = write
        for k in range(end - begin):
            v = row[k]
            if v != last and v != u:
                indices[write] = v
                write += 1
            last = v
        begin = end
    indptr[n] = write
    return write
