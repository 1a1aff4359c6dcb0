"""Best interventions in a linear-quadratic game without bounds: the secular equation, and a bound from duality."""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, exp, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError
from solvers.targeting_modes import (
    Floor,
    LinearGame,
    Modes,
    floor_of,
    leading_modes,
    solve,
    solve_across,
)

__all__ = ["Found", "Objective", "best_changes", "unbounded", "welfare_bound"]

Reals = NDArray[np.float64]
Objective = Literal["welfare", "actions"]
_KEPT = 2  # modes along which systems are solved by division, and that a result holds
_EQUILIBRIUM = 1e-10  # residual of an equilibrium, relative to the standalone values
_CHANGES = 1e-7  # residual of changes, and error of their size: what they lose is of second order
_BOUND = 1e-9  # residual of the system that a bound rests on
_RESIDUAL = 1e-7  # of an equilibrium, above which it is none
_HARD = 1e-8  # part of the standalone values along the leading mode that is none
_TINY = 1e-150
_SECULAR = 25
_UNIT = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """An intervention and what is known of it; the attributes are those of `solvers.targeting.Targeting`."""

    method: str
    change: Reals
    before: Reals
    actions: Reals
    bound: float
    bound_is_certified: bool
    shadow_price: float | None = None
    is_unique: bool | None = None
    modes: Modes | None = None


def unbounded(
    game: LinearGame, standalone: Reals, budget: float, objective: Objective, method: str, count: int
) -> Found:
    """Return the best intervention.

    Parameters
    ----------
    game : LinearGame
        The map of the game.
    standalone : ndarray of float64, shape (n,)
        b.
    budget : float
        Above 0.
    objective : {"welfare", "actions"}
        The sum of payoffs, |x|^2 / 2, or of actions.
    method : {"dense", "secular", "lanczos"}
        As `solvers.target` has them.
    count : int
        Modes within which "lanczos" seeks.

    Raises
    ------
    InvalidInputError, SolveError
        As `leading_modes`; if the modes do not matter for the sum of actions; if an equilibrium is not found.
    """
    held = min(game.n, max(count, _KEPT) if method == "lanczos" else _KEPT)
    modes = leading_modes(game, held)
    floor = floor_of(game, modes)
    if method != "dense":  # up to 500 people all modes are there
        modes = modes.first(held)
    plain = game.root * standalone
    before = _equilibrium(game, modes, plain)
    within = modes.first(count) if method == "lanczos" else None
    if objective == "welfare":
        z, delta = best_changes(game, within or modes, plain, budget, within_modes=within is not None)
        bound = welfare_bound(game, modes, plain, budget, delta, floor) / 2
        shadow = (1 + delta) / (2 * float(modes.values[0]))
        top = modes.vectors[:, modes.values <= modes.values[0] * (1 + _HARD)]
        parts, moved = (float(np.linalg.norm(top.T @ one)) for one in (plain, z))
        unique = parts > _HARD * float(np.linalg.norm(plain)) or moved < 1e-6 * sqrt(budget)
    else:
        # The sum of actions is h'(c + z) with L'h = 1, so that S h = L 1: it is largest for z along h.
        h, _ = solve(game, modes, game.forward(np.ones(game.n)), precision=_EQUILIBRIUM)
        z = h if within is None else within.vectors @ (within.vectors.T @ h)
        along = float(np.linalg.norm(z))
        if along <= _CHANGES * float(np.linalg.norm(h)):
            raise InvalidInputError(
                "modes", count, allowed="more: changes along these leave the sum of actions as it is"
            )
        z = z * (sqrt(budget) / along)
        size = float(np.linalg.norm(h) + np.linalg.norm(1 - game.backward(h)) / sqrt(floor.value))
        unsolved = float(np.linalg.norm(plain - game.forward(before)))
        bound = float(before.sum()) + size * (sqrt(budget) + unsolved)
        shadow, unique = size / (2 * sqrt(budget)), True
    actions = _equilibrium(game, modes, plain + z)
    return Found(
        method, z / game.root, before, actions, bound, floor.is_certified, shadow, unique, modes.first(held)
    )


def _equilibrium(game: LinearGame, modes: Modes, right: Reals) -> Reals:
    """Return the actions x with L x = right."""
    x = game.backward(solve(game, modes, right, precision=_EQUILIBRIUM)[0])
    left = float(np.linalg.norm(right - game.forward(x)))
    if not left <= _RESIDUAL * float(np.linalg.norm(right)):
        raise SolveError(
            f"the equilibrium was not found: {left:.2g} of the equations is left; the interaction is nearly singular",
            solution=x,
        )
    return x


def best_changes(
    game: LinearGame, modes: Modes, standalone: Reals, budget: float, *, within_modes: bool
) -> tuple[Reals, float]:
    """Return the z of |z|^2 = budget that maximises |L^-1 (c + z)|^2.

    Parameters
    ----------
    game : LinearGame
        The map.
    modes : Modes
        Some leading modes, or all.
    standalone : ndarray of float64, shape (n,)
        c.
    budget : float
        Above 0.
    within_modes : bool
        Whether z is sought among the combinations of the modes alone.

    Returns
    -------
    z : ndarray of float64, shape (n,)
        The changes.
    delta : float
        At least 0: the multiplier of the budget is (1 + delta) / s_1, s_1 the least eigenvalue of S.

    Notes
    -----
    The maximum is where S^-1 (c + z) = mu z with mu at least the largest eigenvalue of S^-1, that is
    z = (mu S - I)^-1 c, or z_l = c_l / (mu s_l - 1) along the mode l; |z|^2 falls in mu, and mu solves |z|^2 = budget
    (the secular equation). Across the given modes |z| is found by conjugate gradients at each trial of mu, and its
    inverse is interpolated linearly in mu between trials, as it nearly is (More and Sorensen, 1983).

    If c has no part along the first mode (the hard case), |z|^2 may stay below the budget as mu falls to 1 / s_1; what
    is left goes to that mode with either sign. It is met as the limit of a vanishing positive part.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> game = LinearGame.of(csr_array([[0.0, 0.5], [0.5, 0.0]]), np.ones(2))
    >>> z, delta = best_changes(game, leading_modes(game, 2), np.ones(2), 8.0, within_modes=False)
    >>> z.round(6).tolist(), round(delta, 6)
    ([2.0, 2.0], 0.5)
    """
    values, vectors = modes.values, modes.vectors
    least = float(values[0])
    parts = vectors.T @ standalone
    rest = standalone - vectors @ parts
    size = float(np.linalg.norm(standalone))
    smallest = _TINY * (size + sqrt(budget))
    parts[0] = copysign(max(abs(parts[0]), smallest), parts[0])
    beyond = float(np.linalg.norm(rest))
    tail = np.zeros(game.n)
    if within_modes or modes.is_complete or beyond <= _UNIT * size:
        delta = _secular(values, parts, budget, np.inf, 0.0)
        head = least * parts / (values - least + delta * values)
    else:
        mean = float(rest @ game.gram(rest)) / beyond**2
        slope = mean / (least * beyond)  # of 1 / |tail| in delta
        start = (mean - least) / (least * beyond)
        met = 0.0, start
        for _ in range(_SECULAR):
            delta = _secular(values, parts, budget, start, slope)
            head = least * parts / (values - least + delta * values)
            shift = least / (1 + delta)
            tail = solve_across(game, modes, shift * rest, shift, _CHANGES * shift * beyond, tail)
            length = float(np.linalg.norm(tail))
            if abs((float(head @ head) + length**2) / budget - 1) <= _CHANGES:
                break
            if delta != met[0] and (1 / length - met[1]) / (delta - met[0]) > 0:
                slope = (1 / length - met[1]) / (delta - met[0])
            met = delta, 1 / length
            start = 1 / length - slope * delta
    z = vectors @ head + tail
    return z * (sqrt(budget) / float(np.linalg.norm(z))), delta


def _secular(values: Reals, parts: Reals, budget: float, start: float, slope: float) -> float:
    """Return the delta at which the squares along the modes and 1 / (start + slope delta)^2 add up to the budget."""
    from scipy.optimize import brentq

    least = values[0]

    def excess(place: float) -> float:
        delta = exp(place)
        along = least * parts / (values - least + delta * values)
        level = start + slope * delta
        across = 1 / level**2 if level > _TINY else 1 / _TINY**2
        return log(float(along @ along) + across) - log(budget)

    low = log(abs(float(parts[0])) / sqrt(budget)) - 1.0  # there the first mode alone exceeds the budget
    high = max(low, log(float(np.linalg.norm(parts)) / sqrt(budget))) + 1.0
    while excess(high) > 0:
        high += 1.0
    return exp(brentq(excess, low, high, xtol=1e-14, rtol=8 * _UNIT))


def welfare_bound(
    game: LinearGame, modes: Modes, standalone: Reals, budget: float, delta: float, floor: Floor
) -> float:
    """Return an upper bound on |L^-1 (c + z)|^2 over all z with |z|^2 <= budget.

    Notes
    -----
    For any t between 0 and the least eigenvalue of S the Lagrangian dual at the multiplier 1 / t is
    budget / t + c' (S - t I)^-1 c; its least value is the optimum (one quadratic constraint: strong duality, Boyd and
    Vandenberghe, 2004, appendix B). With q found and r = c - (S - t I) q its second part is at most
    c'q + q'r + r'r / (s - t), s the floor under the eigenvalues of S.
    """
    least = float(modes.values[0])
    shift = least / (1 + delta)
    near = 2 * floor.value - least
    shift = min(shift, near if near > 0 else floor.value / 2)
    q, r = solve(game, modes, standalone, shift, precision=_BOUND)
    return float(budget / shift + standalone @ q + q @ r + (r @ r) / (floor.value - shift))
