"""What the machine can do at most: streaming, independent random reads, dependent reads."""

from __future__ import annotations

import time
from collections.abc import Callable

import numba
import numpy as np


@numba.njit(nogil=True)
def gather(values, order):  # pragma: no cover - compiled
    """Independent random reads."""
    total = 0
    for i in order:
        total += values[i]
    return total


@numba.njit(nogil=True)
def chase(following, steps):  # pragma: no cover - compiled
    """Reads each of which waits for the one before."""
    i = 0
    for _ in range(steps):
        i = following[i]
    return i


@numba.njit(nogil=True)
def triad(a, b, c):  # pragma: no cover - compiled
    """STREAM's third kernel (McCalpin 1995)."""
    for i in range(len(a)):
        a[i] = b[i] + 3.0 * c[i]


def fastest(run: Callable[[], object], rounds: int = 5) -> float:
    """Return the median time of some runs, seconds, after one that is not counted."""
    run()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


def gather_rate(megabytes: int) -> float:
    """Return independent random reads of 8 bytes per second in an array of a given size."""
    # Zeros never written to share one page of memory, which the first cache holds.
    values = np.ones(megabytes << 17, dtype=np.int64)
    order = np.random.default_rng(0).integers(0, len(values), 2_000_000)
    return len(order) / fastest(lambda: gather(values, order))


def latency(megabytes: int) -> float:
    """Return seconds per dependent read in an array of a given size."""
    n = megabytes << 17
    order = np.random.default_rng(0).permutation(n)
    following = np.empty(n, dtype=np.int64)
    following[order] = np.roll(order, -1)
    return fastest(lambda: chase(following, 500_000), 3) / 500_000


def bandwidth() -> float:
    """Return bytes per second of the triad on arrays that no cache holds."""
    a, b, c = (np.ones(8_000_000) for _ in range(3))
    return 24 * len(a) / fastest(lambda: triad(a, b, c))
