"""A starting table for the designer: the best one on the surrogate, by linear programs in a trust region."""

from __future__ import annotations

from collections.abc import Sequence

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError
from mechanism.schemes import DoubleGeometric
from solvers.programs import solve_program
from solvers.reward_space import RewardSpace
from solvers.surrogate import Surrogate

__all__ = ["surrogate_start"]

Reals = NDArray[np.float64]
_RADIUS = 0.1  # largest change of a reward at first, in prizes
_LARGEST = 0.5
_SMALLEST = 1e-5
_GAIN = 1e-8  # a step that promises less than this share of the recruits ends a climb
_ADMISSIBLE = 1e-9
_PASSES, _MIXTURES = 3, 17  # to find how far an affordable table reaches towards another
_ALL_PAID = DoubleGeometric(1 / 3)  # sybil-proof, within the prize


def surrogate_start(
    game: Surrogate,
    space: RewardSpace,
    starts: Sequence[Reals],
    *,
    share: float | None = None,
    max_steps: int = 40,
) -> Reals:
    """Climb on the surrogate from several tables; return the best table met.

    Parameters
    ----------
    game : Surrogate
        Where recruits are counted.
    space : RewardSpace
        The admissible tables; violated inequalities are added to it.
    starts : sequence of ndarray of float64, shape (max_depth, max_depth)
        Where to begin, at least one; the nearest admissible tables are taken, and one more that pays everybody.
    share : float, optional
        What a target may cost on average on the surrogate, in shares of the prize. What costs more is scaled down.
    max_steps : int
        Steps per climb at most.

    Returns
    -------
    ndarray of float64, shape (max_depth, max_depth)
        Admissible to 1e-9, affordable on the surrogate, and not worse there than any start that is both.

    Raises
    ------
    InvalidInputError
        If there are no starts.
    SolveError
        If no start can be made admissible and affordable, or a solver fails.

    Notes
    -----
    Each step maximises the recruits to first order (`Surrogate.gradients`) by a linear program over the space, no
    reward moving by more than a radius. It is kept if the surrogate's equilibrium is better; the radius then doubles,
    and shrinks to a third otherwise. The game is not concave, so the result is a local optimum.
    """
    if not len(starts):
        raise InvalidInputError("starts", starts, allowed="at least one table")
    best: tuple[float, Reals] | None = None
    # Where a depth is neither paid nor invited to, only both together gain: one start pays everybody.
    for start in (*starts, _ALL_PAID.table(space.max_depth)):
        table = start if space.violation(start) <= _ADMISSIBLE else space.nearest(start)
        fitted = _fitted(game, space, table, share)
        if fitted is None:
            continue
        found = _climb(game, space, fitted, share, max_steps)
        if best is None or found[0] > best[0]:
            best = found
    if best is None:
        raise SolveError("no start is admissible and affordable on the surrogate")
    return best[1]


def _fitted(game: Surrogate, space: RewardSpace, table: Reals, share: float | None) -> Reals | None:
    """Return the table, or the largest affordable multiple of it; None if that is not admissible."""
    if share is None or game.spending(table) <= share:
        return table
    smaller = _dearest(game, np.zeros_like(table), table, share)
    return smaller if space.violation(smaller) <= _ADMISSIBLE else None


def _climb(
    game: Surrogate, space: RewardSpace, table: Reals, share: float | None, max_steps: int
) -> tuple[float, Reals]:
    """Return the recruits and the table at the end of a climb."""
    value, radius = float(game.recruits(table)), _RADIUS
    for _ in range(max_steps):
        try:
            gain, proposal = _step(game, space, table, share, radius)
        except SolveError:
            break  # a turning point, or rewards at the edge of what the solver tells apart
        if gain < _GAIN * max(value, 1e-300) or radius < _SMALLEST:
            break
        proposal = _affordable(game, table, proposal, share)
        reached = float(game.recruits(proposal))
        if reached > value and space.violation(proposal) <= _ADMISSIBLE:
            radius = min(2 * radius, _LARGEST) if reached - value > 0.5 * gain else radius
            table, value = proposal, reached
        else:
            radius /= 3
    return value, table


def _step(
    game: Surrogate, space: RewardSpace, table: Reals, share: float | None, radius: float
) -> tuple[float, Reals]:
    """Return the gain to first order of the best table within a radius, and that table."""
    recruits, spending = (space.vector(slope) for slope in game.gradients(table))
    here = space.vector(table)
    coordinates = cp.Variable(space.size, nonneg=True)
    change = space.basis @ coordinates - here
    kept = [cp.abs(change) <= radius]
    if share is not None:
        kept.append(float(game.spending(table)) + spending @ change <= share)
    scale = max(float(np.abs(recruits).max()), 1e-300)
    while True:
        matrix, bound = space.constraints()
        program = cp.Problem(cp.Maximize((recruits / scale) @ change), [*kept, matrix @ coordinates <= bound])
        solve_program(program, "a step on the surrogate")
        proposal = space.table(coordinates.value)
        if not space.cut(proposal):
            # Rounding of the solver may leave the space by its tolerance; towards 0 no cap is exceeded.
            for _ in range(3):
                excess = space.violation(proposal)
                if excess <= _ADMISSIBLE:
                    break
                proposal = (1 - 2 * excess) * proposal
            return scale * float(program.value), proposal


def _affordable(game: Surrogate, table: Reals, proposal: Reals, share: float | None) -> Reals:
    """Return the affordable mixture of an affordable table with a proposal that is nearest to the latter."""
    if share is None or game.spending(proposal) <= share:
        return proposal
    return _dearest(game, table, proposal, share)


def _dearest(game: Surrogate, cheap: Reals, dear: Reals, share: float) -> Reals:
    """Return the affordable mixture of an affordable and another table that is nearest to the latter."""
    low, high = 0.0, 1.0
    for _ in range(_PASSES):
        parts = np.linspace(low, high, _MIXTURES)
        spent = game.spending(cheap + parts[:, None, None] * (dear - cheap))
        last = int(np.flatnonzero(spent <= share)[-1]) if (spent <= share).any() else 0
        low, high = float(parts[last]), float(parts[min(last + 1, _MIXTURES - 1)])
    return cheap + low * (dear - cheap)
