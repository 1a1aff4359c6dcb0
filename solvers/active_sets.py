"""Active sets of small linear-quadratic games: who is at which bound, and the equilibria that this leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import UnsupportedProblemError
from mechanism.numbers import exact as rational
from proofs.elimination import solve_first
from solvers.continua import (
    FREE,
    LOWER,
    SINGULAR,
    UPPER,
    Bounded,
    Continuum,
    OpenSet,
    States,
    choices_of,
    lies_on,
)

__all__ = ["active_sets", "distinct", "equilibria_of_sets"]

Reals = NDArray[np.float64]
_OPEN = 2  # not decided yet
_HUGE = 1e100  # stands for infinity in intervals, so that 0 times it is 0
_BLOCK = 1 << 13  # sets that are looked at together
_MOST_OPEN = 20_000  # singular sets that are looked at, of whom
_MOST_SOLVED = 2000  # may lie in no continuum that is known


def active_sets(game: Bounded) -> Iterator[States]:
    """Yield all active sets that may hold an equilibrium, int8 of shape (sets, n), in blocks.

    Notes
    -----
    People are decided one after the other. For the decided ones what they do, and for all others what they may do, lies
    in an interval; the intervals of the values b + W x drop sets in which somebody would be on the wrong side of its
    bound, and shrink those of the actions. No set with an equilibrium is dropped.
    """
    n = game.n
    choices = choices_of(game)
    low, high = np.maximum(game.lower, -_HUGE), np.minimum(game.upper, _HUGE)
    stack = [(0, np.full((1, n), _OPEN, dtype=np.int8), low[None, :], high[None, :])]
    while stack:
        person, state, lows, highs = stack.pop()
        if person == n:
            yield state
            continue
        parts = []
        for choice in choices[person]:
            one, least, most = state.copy(), lows.copy(), highs.copy()
            one[:, person] = choice
            if choice != FREE:
                least[:, person] = most[:, person] = (game.lower if choice == LOWER else game.upper)[person]
            parts.append((one, least, most))
        state, lows, highs = (np.concatenate([part[k] for part in parts]) for k in range(3))
        for _ in range(2):
            kept, lows, highs = _shrink(game, state, lows, highs)
            state, lows, highs = state[kept], lows[kept], highs[kept]
        for start in range(0, len(state), _BLOCK):
            cut = slice(start, start + _BLOCK)
            stack.append((person + 1, state[cut], lows[cut], highs[cut]))


def _shrink(
    game: Bounded, state: States, lows: Reals, highs: Reals
) -> tuple[NDArray[np.bool_], Reals, Reals]:
    """Return which sets may still hold an equilibrium, and narrower intervals of the actions."""
    more, less = np.maximum(game.weights, 0.0).T, np.minimum(game.weights, 0.0).T
    least = game.standalone + lows @ more + highs @ less - game.near
    most = game.standalone + highs @ more + lows @ less + game.near
    fixed = game.lower == game.upper
    wrong = np.where(
        state == LOWER, (least > game.lower) & ~fixed,
        np.where(state == UPPER, most < game.upper, (state == FREE) & ((most < game.lower) | (least > game.upper))),
    )  # fmt: skip
    moves = (state == FREE) | (state == _OPEN)
    least, most = (np.clip(x, game.lower, game.upper) for x in (least, most))
    lows = np.where(moves, np.maximum(lows, least), lows)
    highs = np.where(moves, np.minimum(highs, most), highs)
    wrong |= lows > highs + game.near
    return np.asarray(~wrong.any(axis=1)), lows, highs


def equilibria_of_sets(game: Bounded, states: States, *, exact: bool) -> tuple[Reals, list[Continuum]]:
    """Return the isolated equilibria of the sets, once each, and the continua.

    Parameters
    ----------
    game : Bounded
        The game.
    states : ndarray of int8, shape (sets, n)
        Active sets.
    exact : bool
        Whether every equilibrium that stands alone is verified, and every tie decided, in fractions.

    Raises
    ------
    UnsupportedProblemError
        If more than 2,000 sets leave equilibria open that do not lie in one another's continua, or more than 20,000 in
        all.
    """
    isolated: list[Reals] = []
    singular: list[States] = []
    free = (states == FREE).sum(axis=1)
    for size in np.unique(free)[::-1]:
        group = states[free == size]
        for start in range(0, len(group), _BLOCK):
            found, left = _regular(game, group[start : start + _BLOCK], int(size), exact)
            isolated += found
            singular += left
            _refuse(len(singular) > _MOST_OPEN)
    continua: list[Continuum] = []
    looked = 0
    for state in singular:
        open_set = OpenSet.of(game, state)
        if open_set is None or any(lies_on(game, one, open_set.point, open_set.basis) for one in continua):
            continue
        looked += 1
        _refuse(looked > _MOST_SOLVED)
        one = open_set.equilibria()
        if isinstance(one, Continuum):
            if not any(lies_on(game, other, one.point, one.directions) for other in continua):
                continua.append(one)
        elif one is not None:
            isolated.append(one)
    none = np.zeros((0, game.n))
    points = distinct(np.array(isolated), 100 * game.near) if isolated else none
    alone = [not any(lies_on(game, one, x, none) for one in continua) for x in points]
    return points[np.array(alone, dtype=np.bool_)], continua


def _refuse(is_open: bool) -> None:
    if is_open:
        raise UnsupportedProblemError(
            "too many active sets leave the equilibria open to tell their continua apart: the weights are special; "
            "others, however near, have isolated equilibria"
        )


def distinct(points: Reals, distance: float) -> Reals:
    """Return points in lexicographic order, one of each group that are nearer to each other than a distance."""
    from scipy.spatial import cKDTree

    ordered = points[np.lexsort(points.T[::-1])]
    kept = np.ones(len(ordered), dtype=np.bool_)
    pairs = cKDTree(ordered).query_pairs(distance, p=np.inf, output_type="ndarray")
    kept[pairs[:, 1]] = False
    return np.asarray(ordered[kept] + 0.0)  # no negative zeros


def _regular(game: Bounded, states: States, size: int, exact: bool) -> tuple[list[Reals], list[States]]:
    """Return the equilibria of sets with so many free people each, and the sets in which these leave them open."""
    actions = game.at_bounds(states)
    rows = np.arange(len(states))[:, None]
    people = np.nonzero(states == FREE)[1].reshape(len(states), size)
    blocks = np.eye(size) - game.weights[people[:, :, None], people[:, None, :]]
    if size:
        spectrum = np.linalg.svd(blocks, compute_uv=False)
        condition = spectrum[:, 0] / np.maximum(spectrum[:, -1], 1e-300)
    else:
        condition = np.ones(len(states))
    is_singular = condition >= 1 / SINGULAR
    right = game.standalone[people] + (actions @ game.weights.T)[rows, people]
    regular = ~is_singular
    if size and regular.any():
        solved = np.linalg.solve(blocks[regular], right[regular][:, :, None])[:, :, 0]
        actions[rows[regular], people[regular]] = solved
    # What is ill-conditioned is known less well.
    near = game.near * np.maximum(1000.0 if exact else 1.0, 1e-6 * condition)
    fits = regular & (game.excess(states, actions) <= near[:, None]).all(axis=1)
    if not exact:
        return list(np.clip(actions[fits], game.lower, game.upper)), list(states[is_singular])
    found: list[Reals] = []
    left: list[States] = []
    for state in states[fits | is_singular]:
        one = _solved_exactly(game, state)
        if one is None:
            left.append(state)
        elif len(one):
            found.append(one)
    return found, left


def _solved_exactly(game: Bounded, state: States) -> Reals | None:
    """Return the equilibrium of a set, decided in fractions; an empty array if there is none, None if it is open."""
    weights = [[rational(x) for x in row] for row in game.weights.tolist()]
    standalone = [rational(x) for x in game.standalone.tolist()]
    bounds = {LOWER: game.lower, UPPER: game.upper}
    actions = {i: rational(float(bounds[s][i])) for i, s in enumerate(state.tolist()) if s != FREE}
    free = [i for i in range(game.n) if i not in actions]
    equations: list[tuple[Mapping[int, Fraction], Fraction]] = [
        (
            {j: (1 if i == j else 0) - weights[i][j] for j in free},
            standalone[i] + sum(weights[i][j] * x for j, x in actions.items()),
        )
        for i in free
    ]
    solved = solve_first(equations, free)
    if solved is None:
        return None
    actions |= solved[0]
    for i, s in enumerate(state.tolist()):
        value = standalone[i] + sum(weights[i][j] * x for j, x in actions.items())
        low, high = float(game.lower[i]), float(game.upper[i])
        if low == high:
            continue
        if s == FREE:
            stays = (low == -np.inf or value > rational(low)) and (high == np.inf or value < rational(high))
        else:
            stays = value <= rational(low) if s == LOWER else value >= rational(high)
        if not stays:
            return np.empty(0)
    return np.array([float(actions[i]) for i in range(game.n)])
