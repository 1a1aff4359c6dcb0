"""The convex program of share functions: tangents to log F and superadditivity cuts, laid where they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Literal

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mechanism.errors import SolveError
from solvers.programs import solve_program
from solvers.share_payoffs import SharePayoffs

__all__ = ["Kind", "Optimum", "best_shares", "exact_shares"]

Reals = NDArray[np.float64]
Kind = Literal["superadditive", "convex"]
_ERROR = 1e-6  # between bound and value, relative to the value
_SLACK = 1e-9  # by which a pair may break superadditivity before it is cut off
_FINE = 1024.0  # values are unknowns in such parts, so that the solver's tolerance of 1e-7 is finer
_ROUNDS = 200
_AT_ONCE = 8  # pairs cut off for each k
_FAR = 0.002  # pairs with so much slack are let go in the first rounds
_KEEP_ALL = 15
_MULTIPLES = np.exp2(np.arange(-6.0, 7.0))
_CHANCES = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99)
_DIGITS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The best values up to rounding.

    Attributes
    ----------
    values : ndarray of float64, shape (N + 1,)
        pi at 0, 1/N, ..., 1.
    bound : float
        No share function on the grid has a larger objective, by the last linear program.
    rounds, tangents, pairs : int
        Linear programs solved, and the inequalities of the last one: tangents, pairs of superadditivity.
    """

    values: Reals
    bound: float
    rounds: int
    tangents: int
    pairs: int


def best_shares(payoffs: SharePayoffs, *, kind: Kind, slope: float) -> Optimum:
    """Maximise the log-probability that everybody joins and invites over share functions on a grid.

    Parameters
    ----------
    payoffs : SharePayoffs
        With log-concave costs.
    kind : {"superadditive", "convex"}
        What pi must be.
    slope : float
        pi(x) >= slope x, in [0, 1].

    Raises
    ------
    SolveError
        If no share function gives every decision a chance, or the linear programs fail.

    Notes
    -----
    maximise sum of w y over pi and y <= log F(payoff), pi(1) <= 1. log F is concave, so tangents hold y from above; in
    each round one is laid for every decision at the payoff that the linear program chose, and for each k the pairs
    i + j = k that break superadditivity most are cut off; in the first rounds those far from binding are let go. It
    ends when the program's optimum, a bound, is within 1e-6 of the objective itself, relatively. Cost: some tens of
    linear programs with N + 2 decisions unknowns.
    """
    cells, count = payoffs.matrix.shape[1] - 1, len(payoffs.decisions)
    most = payoffs.logs(np.maximum(payoffs.matrix, 0.0).sum(axis=1))
    if not np.isfinite(most).all():
        one = payoffs.decisions[int(np.argmin(most))]
        raise SolveError(
            f"nobody will {one.kind} at depth {one.depth}, whatever the share function: pay more"
        )
    pairs = _first_pairs(cells) if kind == "superadditive" else []
    tangents = _Tangents(payoffs)
    line = slope * np.arange(cells + 1) / cells
    for start in (np.linspace(0, 1, cells + 1), line + (1 - slope) * np.linspace(0, 1, cells + 1) ** 2):
        for multiple in _MULTIPLES:
            tangents.lay(payoffs.payoffs(start) * multiple)
    for chance in _CHANCES:
        tangents.lay(np.array([float(law.ppf(chance)) for law in payoffs.laws]))
    units = np.maximum(np.abs(payoffs.payoffs(line + (1 - slope) * np.linspace(0, 1, cells + 1) ** 2)), 1e-9)
    weigh = sp.csr_array(payoffs.matrix / (units[:, None] * _FINE))
    for number in range(1, _ROUNDS + 1):
        values, paid, logs = cp.Variable(cells + 1), cp.Variable(count), cp.Variable(count)
        rows, bounds = tangents.rows(units)
        shape = _pair_rows(pairs, cells) if kind == "superadditive" else _convex_rows(cells)
        program = cp.Problem(
            cp.Maximize(payoffs.weights @ logs),
            [
                values >= _FINE * line,
                values[0] == 0,
                values[-1] <= _FINE,
                logs <= 0,
                paid == weigh @ values,
                rows @ cp.hstack([paid, logs]) <= bounds,
                *([shape @ values <= 0] if shape.shape[0] else []),
            ],
        )
        solve_program(program, "a share function")
        found, bound = np.asarray(values.value, dtype=np.float64) / _FINE, float(program.value)
        fresh = _broken_pairs(found, set(pairs)) if kind == "superadditive" else []
        if number < _KEEP_ALL:  # what is far from binding only slows the next program down
            pairs = [(i, j) for i, j in pairs if found[i + j] - found[i] - found[j] < _FAR]
        pairs += fresh
        reached = payoffs.value(found)
        if not fresh and bound - reached <= _ERROR * max(1.0, abs(reached)):
            return Optimum(found, bound, number, len(tangents.cuts), len(pairs))
        tangents.lay(payoffs.payoffs(found))
    raise SolveError(
        f"no share function was found in {_ROUNDS} rounds: the last reached {reached:g} of at most {bound:g}; "
        "pay more, or demand less"
    )


def exact_shares(values: Reals, *, kind: Kind, slope: Fraction) -> tuple[Fraction, ...]:
    """Return exact values near some that keep superadditivity or convexity, pi(x) >= slope x and pi(1) <= 1 exactly.

    Parameters
    ----------
    values : ndarray of float64, shape (N + 1,)
        Up to rounding as wanted.
    kind : {"superadditive", "convex"}
    slope : Fraction
        In [0, 1].

    Returns
    -------
    tuple of Fraction
        Multiples of 1e-12 but where slope = 1 leaves no room for rounding.

    Notes
    -----
    A line rounded up is taken off and the rest rounded down, which keeps superadditivity: floor(x) + floor(y) <=
    floor(x + y). Then values are fixed from 1/N up: each is raised to what pairs below it demand, or each
    increment to the one before. If pairs were broken by e at most, values rise by N e at most; should pi(1) then
    exceed 1, all is done again from a rest that is smaller by as much.

    Examples
    --------
    >>> values = exact_shares(np.array([0.0, 0.25, 0.5 - 1e-10, 1.0]), kind="superadditive", slope=Fraction(3, 4))
    >>> print(*values)
    0 1/4 1/2 1
    """
    cells = len(values) - 1
    unit = Fraction(1, 10**_DIGITS)
    step = -floor(-slope / cells / unit) * unit
    if step * cells > 1:
        step = slope / cells
    room = floor((1 - step * cells) / unit)
    wanted = [max((Fraction(float(x)) - k * step) / unit, Fraction(0)) for k, x in enumerate(values)]
    shrink = Fraction(1)
    for _ in range(_ROUNDS):
        rest = _raised([floor(x * shrink) for x in wanted], kind)
        if rest[-1] <= room:
            return tuple(x * unit + k * step for k, x in enumerate(rest))
        shrink *= Fraction(room, rest[-1]) * (1 - unit)
    raise SolveError("no exact share function was found near the best one: demand less, or a coarser grid")


def _raised(rest: list[int], kind: Kind) -> list[int]:
    """Return the least values above some that are superadditive, or have increments that never fall."""
    if kind == "convex":
        increments = [0]
        for k in range(1, len(rest)):
            increments.append(max(increments[-1], rest[k] - rest[k - 1]))
        return [int(x) for x in np.cumsum(np.array(increments, dtype=object))]
    raised = np.array(rest, dtype=np.int64)
    raised[0] = 0
    for k in range(2, len(raised)):
        half = k // 2
        raised[k] = max(raised[k], (raised[1 : half + 1] + raised[k - half : k][::-1]).max())
    return [int(x) for x in raised]


class _Tangents:
    """Lines above log F of the decisions' payoffs."""

    def __init__(self, payoffs: SharePayoffs) -> None:
        self.payoffs = payoffs
        self.cuts: list[tuple[int, float, float]] = []  # decision, slope, height at 0
        self._least = np.full(len(payoffs.decisions), np.inf)  # least payoff with a tangent

    def lay(self, points: Reals) -> None:
        """Lay a tangent for every decision at a payoff, or above it where nobody would accept."""
        for index, (law, given) in enumerate(zip(self.payoffs.laws, points, strict=True)):
            point = float(given)
            for _ in range(60):
                height, slope = float(law.log_cdf(point)), float(law.log_cdf_slope(point))
                if np.isfinite(height) and np.isfinite(slope):
                    self.cuts.append((index, slope, height - slope * point))
                    self._least[index] = min(self._least[index], point)
                    break
                if not np.isfinite(self._least[index]):
                    break
                point = (max(point, 0.0) + self._least[index]) / 2

    def rows(self, units: Reals) -> tuple[sp.csr_array, Reals]:
        """Return the tangents as rows over payoffs in units of each decision, and logarithms."""
        index, slope, height = (np.array(part) for part in zip(*self.cuts, strict=True))
        index = index.astype(np.int64)
        tilt = slope * units[index]
        scale = 1.0 / np.maximum(1.0, tilt)
        every, count = np.arange(len(index)), len(self.payoffs.decisions)
        entries = np.concatenate([-tilt * scale, scale])
        places = (np.tile(every, 2), np.concatenate([index, index + count]))
        return sp.csr_array((entries, places), shape=(len(index), 2 * count)), height * scale


def _first_pairs(cells: int) -> list[tuple[int, int]]:
    """Return for each k the pairs 1 + (k - 1) and the halves."""
    pairs = {(i, k - i) for k in range(2, cells + 1) for i in (1, k // 2)}
    return sorted(pairs)


def _broken_pairs(values: Reals, known: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return for each k the pairs that break superadditivity most, if by more than rounding and not known."""
    pairs = []
    for k in range(2, len(values)):
        half = k // 2
        together = values[1 : half + 1] + values[k - half : k][::-1]
        for place in np.argsort(-together, kind="stable")[:_AT_ONCE]:
            pair = int(place) + 1, k - int(place) - 1
            if together[place] > values[k] + _SLACK and pair not in known:
                pairs.append(pair)
    return pairs


def _pair_rows(pairs: Sequence[tuple[int, int]], cells: int) -> sp.csr_array:
    """Return pi(i/N) + pi(j/N) - pi((i+j)/N), which must not be positive."""
    if not pairs:
        return sp.csr_array((0, cells + 1))
    i, j = np.array(pairs, dtype=np.int64).T
    every = np.arange(len(pairs))
    ones = np.ones(len(pairs))
    entries = (np.concatenate([ones, ones, -ones]), (np.tile(every, 3), np.concatenate([i, j, i + j])))
    return sp.csr_array(entries, shape=(len(pairs), cells + 1))


def _convex_rows(cells: int) -> sp.csr_array:
    """Return 2 pi(k/N) - pi((k-1)/N) - pi((k+1)/N), which must not be positive."""
    return sp.csr_array(
        sp.diags_array([-1.0, 2.0, -1.0], offsets=[0, 1, 2], shape=(max(cells - 1, 0), cells + 1))
    )
