"""The convex set of path tables that keep the budget and are sybil-proof, in solver coordinates."""

from __future__ import annotations

from math import comb

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["RewardSpace"]

Reals = NDArray[np.float64]
_NOISE = 1e-11


class RewardSpace:
    """Tables R(depth, distance) >= 0 with row sums at most 1 and an epsilon-sybil-proof chain.

    A member at distance j of a chain of length l who splits into k + 1 identities collects
    ``S_k(l, j) = sum(R(l + k, j + i) for i in 0..k)``, at most ``(1 + epsilon) R(l, j)`` here.

    Parameters
    ----------
    max_depth : int
        Longest chain that is paid.
    epsilon : float
        Allowed relative gain of a cheater, at least 0.

    Notes
    -----
    At epsilon = 0 the case k = 1 implies all others (a chain of k + 1 identities is a chain of k, one of
    which splits), and the table is written in its slacks s >= 0,

        R(l, j) = s(l, j) + R(l + 1, j) + R(l + 1, j + 1),

    scaled by the binomial C(l - 1, j), with which s(l, j) enters R(1, 0): all coordinates lie in [0, 1],
    whatever a solver returns is feasible, and rounding errors of deep rows are not amplified on the
    way up. At epsilon > 0 the coordinates are the rewards, and
    the rows of all k, O(max_depth ** 3) of them, are generated as they are violated (`cut`).
    """

    def __init__(self, max_depth: int, epsilon: float) -> None:
        self.max_depth = max_depth
        self.epsilon = epsilon
        lengths, self.distance = np.tril_indices(max_depth)
        self.depth = lengths + 1
        self.size = len(self.depth)
        self._at = {
            (int(d), int(j)): i for i, (d, j) in enumerate(zip(self.depth, self.distance, strict=True))
        }
        self.basis = self._slack_basis() if epsilon == 0 else sp.eye_array(self.size, format="csr")
        budget = sp.csr_array(
            (np.ones(self.size), (self.depth - 1, np.arange(self.size))), shape=(max_depth, self.size)
        )
        self._budget = sp.csr_array(budget @ self.basis)
        self._cuts: dict[tuple[int, int, int], None] = {}

    def _slack_basis(self) -> sp.csr_array:
        """Return the matrix from scaled slacks to rewards: ratios of binomials, all in [0, 1]."""
        rows, columns, values = [], [], []
        for (depth, distance), row in self._at.items():
            for steps in range(self.max_depth - depth + 1):
                for moved in range(steps + 1):
                    rows.append(row)
                    columns.append(self._at[depth + steps, distance + moved])
                    values.append(comb(steps, moved) / comb(depth + steps - 1, distance + moved))
        return sp.csr_array((values, (rows, columns)), shape=(self.size, self.size))

    def constraints(self) -> tuple[sp.csr_array, Reals]:
        """Return (A, b) with ``A @ coordinates <= b``: the budget rows and the sybil cuts so far."""
        rows, columns, values = [], [], []
        for row, (depth, distance, fakes) in enumerate(self._cuts):
            for step in range(fakes + 1):
                rows.append(row)
                columns.append(self._at[depth + fakes, distance + step])
                values.append(1.0)
            rows.append(row)
            columns.append(self._at[depth, distance])
            values.append(-(1.0 + self.epsilon))
        cuts = sp.csr_array((values, (rows, columns)), shape=(len(self._cuts), self.size))
        bound = np.concatenate((np.ones(self.max_depth), np.zeros(len(self._cuts))))
        return sp.csr_array(sp.vstack([self._budget, cuts], format="csr")), bound

    def cut(self, table: Reals, *, tolerance: float = 1e-9) -> bool:
        """Add the most violated inequality of every (depth, distance); return whether any was."""
        if self.epsilon == 0:
            return False
        found = False
        total = np.hstack([np.zeros((self.max_depth, 1)), np.cumsum(table, axis=1)])
        for depth in range(1, self.max_depth):
            at = np.arange(depth)
            taken = np.array(
                [
                    total[depth + fakes - 1, at + fakes + 1] - total[depth + fakes - 1, at]
                    for fakes in range(1, self.max_depth - depth + 1)
                ]
            )
            excess = taken - (1.0 + self.epsilon) * table[depth - 1, :depth]
            worst = excess.argmax(axis=0)
            for distance in np.flatnonzero(excess[worst, at] > tolerance):
                key = (depth, int(distance), int(worst[distance]) + 1)
                found |= key not in self._cuts
                self._cuts[key] = None
        return found

    def table(self, coordinates: Reals) -> Reals:
        """Return the table (float64, shape (max_depth, max_depth)) of solver coordinates, noise removed."""
        rewards = self.basis @ np.maximum(coordinates, 0.0)
        if self.epsilon > 0:  # noise of the solver is absolute; entries below it stand for 0
            rewards[rewards < _NOISE * rewards.max(initial=0.0)] = 0.0
        table = np.zeros((self.max_depth, self.max_depth))
        table[self.depth - 1, self.distance] = rewards
        return table

    def vector(self, table: Reals) -> Reals:
        """Return the rewards of a table in the order of the rows of `basis`."""
        return table[self.depth - 1, self.distance]
