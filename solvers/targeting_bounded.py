"""Interventions in a linear-quadratic game whose actions have bounds: a cone program, or ascents from many starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import LinearQuadratic
from mechanism.errors import SolveError, UnsupportedProblemError
from mechanism.games.linear_quadratic import payoff, response
from solvers.targeting_exact import Found, Objective, unbounded
from solvers.targeting_modes import DENSE, LinearGame
from solvers.uniqueness import contraction

__all__ = ["Cone", "ascend", "bounded", "cone_program", "settled", "value_of"]

Reals = NDArray[np.float64]
_STEPS = 100_000
_PRECISION = 1e-13  # of actions, relative to the largest
_SLACK = 1e-12  # relative, by which a value may miss a lower bound by rounding
_ASCENT = 500
_ROUGH = 1e-11  # the same during ascents
_PROGRESS = 1e-9  # relative gain of a step below which an ascent ends
_MANY = (
    "actions have bounds and the spectral radius of the absolute interaction is not below 1, so that there may be many "
    "equilibria"
)
_LONGEST = 1e3  # first step of an ascent, in budgets
_HALVINGS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Cone:
    """What the cone program found.

    Attributes
    ----------
    change : ndarray of float64, shape (n,)
        The intervention, at least 0.
    bound : float
        No intervention within the budget leads to a larger sum of actions.
    shadow_price : float
        What a further unit of budget adds to it.
    """

    change: Reals
    bound: float
    shadow_price: float


def bounded(
    system: LinearQuadratic,
    game: LinearGame,
    budget: float,
    objective: Objective,
    random: NDArray[np.float64],
) -> Found:
    """Return the best intervention if it can be told, else the best that ascents find.

    Parameters
    ----------
    system : LinearQuadratic
        The game.
    game : LinearGame
        Its map without the bounds.
    budget : float
        Above 0.
    objective : {"welfare", "actions"}
        The sum of payoffs or of actions.
    random : ndarray of float64, shape (starts, n)
        Directions in which ascents start, besides those that the game suggests.

    Raises
    ------
    UnsupportedProblemError
        If no bound on what is best is known.

    Notes
    -----
    With v = b + y + W x the values, x is v cut at the bounds. Where these allow an action of 0, |x| <= |v|, so that
    |v| <= |b| + |y| + |W| |v|: if the spectral radius of |W| is below 1, |v| is at most the equilibrium without bounds
    of |W| and |b| under |y|, which costs the same. Nobody's action exceeds |v|, and nobody's payoff v^2 / 2.

    For W >= 0 and lower bounds of at least 0, payoffs rise in the values and these in y: only y >= 0 need be looked at.
    If the lower bounds are slack without intervention they stay so, and 0 <= v is at most the equilibrium of the game
    itself without bounds.
    """
    matrix, b, lower, upper = game.matrix, system.standalone, system.lower, system.upper
    positive = game.is_complementary
    absolute = game if positive else LinearGame(abs(game.matrix), abs(game.back), game.root)
    contracts = contraction(absolute.matrix) is not None
    if not contracts and not (positive and objective == "actions" and np.isfinite(upper).all()):
        raise UnsupportedProblemError(
            f"{_MANY}: scale the interaction (for complements and the sum of actions, bound all actions above)"
        )
    start = np.clip(b, lower, upper) if contracts else upper
    before = settled(matrix, b, lower, upper, start)
    values = b + matrix @ before
    slack = bool((values >= lower - _SLACK * np.abs(values)).all())
    price = game.root**2
    if positive and slack and objective == "actions":
        last = settled(matrix, b + sqrt(budget) / game.root, lower, upper, start) if contracts else upper
        cone = cone_program(system, matrix, budget, price, before, last)
        actions = settled(matrix, b + cone.change, lower, upper, last)
        return Found("cone", cone.change, before, actions, cone.bound, True, cone.shadow_price)
    if not contracts:
        raise UnsupportedProblemError(f"{_MANY}, and lower bounds bind without intervention: lower them")
    ordered = positive and slack and bool((lower >= 0).all())
    if not ordered and not bool(((lower <= 0) & (upper >= 0)).all()):
        raise UnsupportedProblemError(
            "no bound on the best intervention is known: let the bounds of all allow an action of 0"
            + (", or the lower bounds be slack without intervention" if positive else "")
        )
    itself = positive and (ordered or bool((b >= 0).all()))
    method = "dense" if system.n <= DENSE else "secular"
    free = unbounded(absolute, b if itself else np.abs(b), budget, objective, method, 0)
    if itself and ((free.actions >= lower) & (free.actions <= upper)).all():
        return replace(free, before=before, is_unique=None)
    scaled = random * (sqrt(budget) / np.linalg.norm(random, axis=1, keepdims=True)) / game.root
    starts = [free.change, -free.change, np.zeros(system.n), *scaled]
    change, actions = ascend(system, matrix, budget, price, starts, objective)
    bound = free.bound if objective == "welfare" else min(free.bound, float(upper.sum()))
    return Found("ascent", change, before, actions, bound, free.bound_is_certified)


def settled(
    matrix: Any,
    standalone: Reals,
    lower: Reals,
    upper: Reals,
    start: Reals,
    *,
    precision: float = _PRECISION,
    what: str = "the actions",
) -> Reals:
    """Return the actions at which best responses to one another end, all made at once from a start.

    They end when no action moves by more than `precision` of the largest.

    Raises
    ------
    SolveError
        If they still move after 100,000 rounds.

    Notes
    -----
    O(n + m) per round. Where the spectral radius of |W| is below 1 they contract to the one equilibrium; from the upper
    bounds and with weights of at least 0 they fall to the greatest.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> pair = csr_array([[0.0, 0.5], [0.5, 0.0]])
    >>> settled(pair, np.ones(2), np.zeros(2), np.array([1.0, 9.0]), np.zeros(2)).tolist()
    [1.0, 1.5]
    """
    x = start
    for _ in range(_STEPS):
        following = np.asarray(response(standalone + matrix @ x, lower, upper))
        moved = float(np.abs(following - x).max(initial=0.0))
        x = following
        if moved <= precision * float(np.abs(x).max(initial=0.0)):
            return x
    raise SolveError(f"{what} do not settle: the last round moved one by {moved:.2g}", solution=x)


def cone_program(
    system: LinearQuadratic, matrix: Any, budget: float, price: Reals, first: Reals, last: Reals
) -> Cone:
    """Maximise the sum of actions of a game with weights of at least 0 whose lower bounds play no part.

    Parameters
    ----------
    system : LinearQuadratic
        The game; every best response in its equilibrium is at least the lower bound.
    matrix : scipy.sparse.csr_array of float64, shape (n, n)
        Its weights, W >= 0.
    budget : float
        Most of sum p_i y_i^2.
    price : ndarray of float64, shape (n,)
        p, above 0.
    first, last : ndarray of float64, shape (n,)
        The equilibrium without intervention, and actions that no intervention exceeds.

    Raises
    ------
    SolveError
        If the program is not solved.

    Notes
    -----
    The program is: maximise sum x over x and y with x <= b + y + W x, first <= x <= upper, sum p y^2 <= budget.

    It is exact. Let T x = min(upper, max(lower, b + y + W x)); it is monotone as W >= 0, and "the equilibrium" is its
    greatest fixed point, the only one if the spectral radius of W is below 1. (1) Equilibria rise with y, so |y| is
    as good as y at the same cost: only y >= 0 need be looked at. (2) For y >= 0 actions are at least those without
    intervention, where the values b + W x reach the lower bounds; so they do here, and the equilibrium satisfies the
    constraints: the program loses nothing. (3) Of any feasible (x, y), x <= T x, so that the greatest fixed point is at
    least x (Tarski, 1955): the equilibrium of y is at least as good as the program says.

    The bound is the Lagrangian of x <= b + y + W x at the multipliers found, any of which give one, over the box
    first <= x <= last; it is computed here. The intervention returned is the least that keeps the actions found.
    """
    import cvxpy as cp
    from scipy.sparse import eye_array

    n, upper = system.n, np.minimum(system.upper, last)
    room = np.maximum(upper - first, 0.0)
    spare = np.maximum(system.standalone + matrix @ first - first, 0.0)  # of those whom the upper bound cuts
    if float(room.sum()) <= _SLACK * float(np.abs(first).sum()):
        return Cone(np.zeros(n), float(first.sum() + room.sum()), 0.0)
    unit = float(room.max())
    reach = sqrt(budget) / np.sqrt(price)
    balance = (eye_array(n, format="csr") - matrix).tocsr()
    rise, share = cp.Variable(n), cp.Variable(n)
    within = balance @ rise <= spare / unit + cp.multiply(reach / unit, share)
    program = cp.Problem(
        cp.Maximize(cp.sum(rise)), [within, rise >= 0, rise <= room / unit, cp.norm(share, 2) <= 1]
    )
    try:
        program.solve(solver=cp.CLARABEL)
    except cp.SolverError as error:
        raise SolveError(f"the intervention was not found: {error}") from error
    if rise.value is None or within.dual_value is None:
        raise SolveError(f"the intervention was not found: the program is {program.status}")
    worth = np.maximum(np.asarray(within.dual_value), 0.0)
    steepest = float(np.linalg.norm(worth / np.sqrt(price)))
    left = 1.0 - balance.T @ worth
    bound = float(first.sum() + np.maximum(left * room, 0.0).sum() + worth @ spare) + sqrt(budget) * steepest
    x = first + np.clip(np.asarray(rise.value) * unit, 0.0, room)
    change = np.maximum(x - system.standalone - matrix @ x, 0.0)
    cost = float(price @ change**2)
    return Cone(
        change * min(1.0, sqrt(budget / cost)) if cost else change, bound, steepest / (2 * sqrt(budget))
    )


def value_of(objective: Objective, values: Reals, actions: Reals) -> float:
    """Return the sum of payoffs, or of actions, where a unit of action is worth `values` to each."""
    return float(np.sum(payoff(values, actions))) if objective == "welfare" else float(actions.sum())


def ascend(
    system: LinearQuadratic,
    matrix: Any,
    budget: float,
    price: Reals,
    starts: Sequence[Reals],
    objective: Objective,
) -> tuple[Reals, Reals]:
    """Climb from each start and return the best intervention met, with its equilibrium.

    Parameters
    ----------
    system, matrix, budget, price
        As of `cone_program`; the spectral radius of |W| is below 1.
    starts : sequence of ndarray of float64, shape (n,)
        At least one intervention, each scaled to the budget if it exceeds it.
    objective : {"welfare", "actions"}
        What is raised.

    Notes
    -----
    Steps along the gradient, cut to the budget, long ones first and halved until the objective rises; it ends where
    none does. With D the people whom no bound cuts the gradient is g = e + D W' g, e the actions for welfare and 1 on D
    for their sum. A local maximum, or a kink.
    """
    root, back = np.sqrt(price), matrix.T.tocsr()
    free, none = np.full(system.n, -np.inf), np.full(system.n, np.inf)

    def valued(z: Reals, x: Reals) -> tuple[float, Reals, Reals]:
        standalone = system.standalone + z / root
        x = settled(matrix, standalone, system.lower, system.upper, x, precision=_ROUGH)
        values = standalone + matrix @ x
        return value_of(objective, values, x), x, values

    def gradient(x: Reals, values: Reals) -> Reals:
        slack = ((values > system.lower) & (values < system.upper)).astype(np.float64)
        seed = x if objective == "welfare" else slack
        shadow = _scaled_feedback(back, slack)
        return settled(shadow, seed, free, none, seed, precision=_ROUGH, what="the gradient") / root

    ends = []
    for start in starts:
        z = _cut(root * start, budget)
        value, x, values = valued(z, np.clip(system.standalone, system.lower, system.upper))
        for _ in range(_ASCENT):
            step = _risen(valued, z, x, value, gradient(x, values), budget)
            if step is None:
                break
            gained = step[1] - value
            z, value, x, values = step
            if gained <= _PROGRESS * abs(value):
                break
        ends.append((value, z / root, x))
    _, change, x = max(ends, key=lambda end: end[0])
    return change, settled(matrix, system.standalone + change, system.lower, system.upper, x)


def _risen(
    valued: Callable[[Reals, Reals], tuple[float, Reals, Reals]],
    z: Reals,
    x: Reals,
    value: float,
    slope: Reals,
    budget: float,
) -> tuple[Reals, float, Reals, Reals] | None:
    """Return the best point of a step that is halved until it gets worse, with its value, actions and values."""
    size = float(np.linalg.norm(slope))
    length = _LONGEST * sqrt(budget) / size if size else 0.0
    best: tuple[Reals, float, Reals, Reals] | None = None
    for _ in range(_HALVINGS if length else 0):
        trial = _cut(z + length * slope, budget)
        reached, actions, values = valued(trial, x)
        if reached > (value if best is None else best[1]):
            best = trial, reached, actions, values
        elif best is not None:
            break
        length /= 2
    return best


def _cut(z: Reals, budget: float) -> Reals:
    """Return the nearest point within the budget."""
    size = float(np.linalg.norm(z))
    return z * min(1.0, sqrt(budget) / size) if size else z


def _scaled_feedback(back: Any, slack: Reals) -> Any:
    """Return D W'."""
    from scipy.sparse import diags_array

    return (diags_array(slack) @ back).tocsr()
