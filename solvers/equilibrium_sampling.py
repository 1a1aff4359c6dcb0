"""Equilibria of games too large for enumeration: those to which best responses lead from random starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mechanism import LinearQuadratic, Participation
from mechanism.numbers import whole
from solvers.active_sets import distinct
from solvers.equilibrium_enumeration import AllEquilibria, System, gains_of, game_of, result_of
from solvers.kernels.sweep import sweep_bounded
from solvers.seeds import Rng, seed_sequence
from solvers.stability import scale_of

__all__ = ["sample_equilibria"]

Reals = NDArray[np.float64]
_ROUNDS = 2000
_FAR = 1e12  # actions so much beyond the size of the game run away


def sample_equilibria(system: System, *, starts: int, rng: Rng, tolerance: float = 1e-9) -> AllEquilibria:
    """Return the equilibria to which best responses lead from random starts; there may be others.

    Parameters
    ----------
    system : LinearQuadratic, Participation or Interdependent
        The game.
    starts : int
        How many searches, at least 1.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Draws the starts, and who responds when.
    tolerance : float
        Gains and distances of this size, relative to the size of the game's numbers, count as none.

    Returns
    -------
    AllEquilibria
        Each equilibrium once, with the number of searches that ended there. Those that came to no end within 2,000
        rounds are counted in `work`.

    Notes
    -----
    Linear-quadratic: all respond in turn, from actions uniform between finite bounds, and else off the bound by
    exponential lengths of the size of the game's numbers (normal ones if there is no bound). Participation: in each
    round everybody who gains by it changes with chance 1/2, from profiles of a random share of participants. In a game
    with a potential both climb it; equilibria that are not stable are as a rule not met. O(n + m) per round.

    Examples
    --------
    >>> from mechanism import Graph
    >>> square = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
    >>> found = sample_equilibria(LinearQuadratic(square, 1.0, interaction=-0.75, lower=0.0), starts=20, rng=1)
    >>> found.profiles.round(6).tolist(), found.complete, int(found.reached.sum())
    ([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]], False, 20)
    """
    count = whole(starts, argument="starts")
    game, diagonal, near = game_of(system, tolerance)
    draw = np.random.default_rng(seed_sequence(rng))
    if isinstance(game, Participation):
        ends = _settled_profiles(game, count, draw, near)
        profiles, reached = np.unique(ends, axis=0, return_counts=True)
    else:
        ends = _settled_actions(game, count, draw, near)
        profiles = distinct(ends, 1e4 * near) if len(ends) else ends
        nearest = [int(np.abs(profiles - end).max(axis=1).argmin()) for end in ends]
        reached = np.bincount(nearest, minlength=len(profiles))
    return result_of(
        game, diagonal, profiles, tolerance, complete=False, reached=reached.astype(np.int64),
        work={"searches": count, "without end": count - len(ends)},
    )  # fmt: skip


def _settled_profiles(game: Participation, count: int, draw: np.random.Generator, near: float) -> Reals:
    """Return the profiles at which the searches of a participation game ended."""
    profiles = (draw.random((count, game.n)) < draw.random((count, 1))).astype(np.float64)
    open_ = np.ones(count, dtype=np.bool_)
    for _ in range(_ROUNDS):
        gains = gains_of(game, profiles[open_]) > near
        open_[open_] = gains.any(axis=1)
        if not open_.any():
            break
        moves = gains[gains.any(axis=1)] & (draw.random((int(open_.sum()), game.n)) < 0.5)
        profiles[open_] = np.where(moves, 1 - profiles[open_], profiles[open_])
    return profiles[~open_]


def _settled_actions(game: LinearQuadratic, count: int, draw: np.random.Generator, near: float) -> Reals:
    """Return the actions at which the searches of a linear-quadratic game ended."""
    size = scale_of(game)
    low, high = np.isfinite(game.lower), np.isfinite(game.upper)
    graph, weights = game.graph, np.atleast_1d(np.asarray(game.interaction, dtype=np.float64))
    ends = []
    for _ in range(count):
        length = size * draw.exponential(size=game.n)
        x = np.where(
            low, game.lower + length, np.where(high, game.upper - length, size * draw.normal(size=game.n))
        )
        both = low & high
        x[both] = draw.uniform(game.lower[both], game.upper[both])
        for _ in range(_ROUNDS):
            change = sweep_bounded(
                graph.indptr, graph.indices, weights, game.standalone, game.lower, game.upper, x
            )
            if change <= 0.01 * near or not np.abs(x).max() < _FAR * size:
                break
        if change <= 0.01 * near:
            ends.append(x)
    return np.array(ends).reshape(-1, game.n)
