"""Whom to subsidise: the change of standalone values that raises an equilibrium most for a budget."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from mechanism import LinearQuadratic
from mechanism.errors import InvalidInputError
from mechanism.numbers import number, whole
from mechanism.vectors import one_each
from solvers.seeds import Rng, seed_sequence
from solvers.targeting import Targeting
from solvers.targeting_bounded import bounded, value_of
from solvers.targeting_exact import Objective, unbounded
from solvers.targeting_modes import DENSE, LinearGame
from solvers.uniqueness import contraction

__all__ = ["target"]

_MODES = 10


def target(
    system: LinearQuadratic,
    budget: float,
    *,
    objective: Objective = "welfare",
    price: float | ArrayLike = 1.0,
    method: Literal["auto", "dense", "secular", "lanczos"] = "auto",
    modes: int | None = None,
    starts: int = 8,
    rng: Rng = 0,
) -> Targeting:
    r"""Return the change of standalone values that raises welfare, or the sum of actions, most in equilibrium.

    Parameters
    ----------
    system : LinearQuadratic
        The game. Without bounds on actions the equilibrium is (I - W)^-1 b.
    budget : float
        Most of sum_i price_i y_i^2, above 0; y_i is added to the standalone value b_i.
    objective : {"welfare", "actions"}
        The sum of payoffs, or the sum of actions.
    price : float or array_like of float, shape () or (n,)
        Cost of a person's squared change, above 0.
    method : {"auto", "dense", "secular", "lanczos"}
        "dense" by all modes, O(n^3), at most 500 people; "secular" at any size, with conjugate gradients; "auto" is the
        first of them that may be; "lanczos" seeks among combinations of the leading `modes` only. All give the bound.
        With bounds on actions the method follows from the problem: "auto".
    modes : int, optional
        Modes of "lanczos", from 1; 10 by default.
    starts : int
        Random starts of the ascent that is made where bounds leave a problem that is not concave; at least 0.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the random starts.

    Returns
    -------
    Targeting

    Raises
    ------
    InvalidInputError
        If an argument is out of range; if I - W is singular, so that there is no single equilibrium; or if the weights
        are not negative and of spectral radius 1 or more: efforts then raise one another without end, and the solution
        of the equations, with negative actions, is no state that people would reach.
    UnsupportedProblemError
        If actions are bounded and no bound on what is best is known.
    SolveError
        If a linear system or a program is not solved.

    Notes
    -----
    Without bounds the payoff of everybody in equilibrium is x_i^2 / 2. The sum of actions is largest for y in
    proportion to (I - W')^-1 1 over the prices; welfare as `solvers.targeting_exact.best_changes` says, for any
    invertible I - W, symmetric or not, complements or substitutes. For symmetric W = beta G and prices alike, the
    leading mode is the eigenvector of the largest eigenvalue of G if beta > 0, of the least if beta < 0.

    The bound is the Lagrangian dual near the multiplier found, computed from the solution of a linear system and its
    residual. It is certified if the multiplier is proved to exceed the largest amplification: by a factorisation up to
    1,500 people, by a positive vector for W >= 0 of any size.

    With bounds on actions, objective "actions", W >= 0 and lower bounds that nobody is at without intervention, the
    problem is a second-order cone program (`solvers.targeting_bounded.cone_program`); if the spectral radius is not
    below 1 it is the greatest equilibrium that counts. Otherwise the spectral radius of |W| must be below 1, and
    actions of 0 must be allowed or, for welfare and W >= 0, the lower bounds be at least 0 and slack without
    intervention. Then no intervention is better with bounds than the best one without them in the game of |W| and
    |b| (actions obey |x| <= |W| |x| + |b| + |y|). If that is the game itself and its optimum respects the
    bounds, it is the optimum; else several ascents are made and the best is returned beside that bound.

    O(n + m) memory; the secular equation takes about four linear systems, each of some tens to hundreds of passes over
    the arcs, and the leading modes some hundreds.

    References
    ----------
    Galeotti, Golub and Goyal, "Targeting interventions in networks", Econometrica 88, 2020.
    More and Sorensen, "Computing a trust region step", SIAM Journal on Scientific and Statistical Computing 4, 1983.

    Examples
    --------
    A star of complements: half of the budget, in squares, goes to the centre.

    >>> from mechanism import Graph
    >>> star = LinearQuadratic(Graph.from_edges([0] * 4, [1, 2, 3, 4], directed=False), 1.0, interaction=0.3)
    >>> result = target(star, 1e6)
    >>> (result.change**2 / result.budget).round(3).tolist()
    [0.5, 0.125, 0.125, 0.125, 0.125]
    >>> result.is_optimal, round(result.cosine, 4), result.simplicity(0.01) < 1e6
    (True, 1.0, True)
    """
    if not isinstance(system, LinearQuadratic):
        raise InvalidInputError("system", type(system).__name__, allowed="a LinearQuadratic game")
    money = float(number(budget, argument="budget", allowed="a finite number above 0"))
    if not money > 0:
        raise InvalidInputError("budget", budget, allowed="a finite number above 0")
    if objective not in ("welfare", "actions"):
        raise InvalidInputError("objective", objective, allowed='"welfare" or "actions"')
    prices = one_each("price", price, system.n, least=0.0)
    if not (prices > 0).all():
        first = int(np.argmin(prices > 0))
        raise InvalidInputError("price", float(prices[first]), index=first, allowed="above 0")
    chosen, count = _method(system, method, modes)
    count_of_starts = whole(starts, argument="starts", least=0)
    seed = seed_sequence(rng)
    game = LinearGame.of(system.matrix, prices)
    if system.is_bounded:
        random = np.random.default_rng(seed).standard_normal((count_of_starts, system.n))
        found = bounded(system, game, money, objective, random)
    elif game.is_complementary and contraction(game.matrix) is None:
        raise InvalidInputError(
            "interaction",
            "so strong that efforts raise one another without end: its spectral radius is not below 1, or hardly",
            allowed="weaker, or the actions bounded above", verb="is",
        )  # fmt: skip
    else:
        found = unbounded(game, system.standalone, money, objective, chosen, count)
    b, after = system.standalone, system.standalone + found.change
    for array in (found.change, found.before, found.actions):
        array.flags.writeable = False
    return Targeting(
        system=system, budget=money, objective=objective, price=prices,
        change=found.change, before=found.before, actions=found.actions,
        value_before=value_of(objective, b + game.matrix @ found.before, found.before),
        value=value_of(objective, after + game.matrix @ found.actions, found.actions),
        bound=found.bound, bound_is_certified=found.bound_is_certified, method=found.method,
        shadow_price=found.shadow_price, is_unique=found.is_unique, modes=found.modes,
    )  # fmt: skip


def _method(system: LinearQuadratic, method: str, modes: int | None) -> tuple[str, int]:
    """Return the method and the number of modes within which it seeks; refuse what does not fit."""
    if method not in ("auto", "dense", "secular", "lanczos"):
        raise InvalidInputError("method", method, allowed='"auto", "dense", "secular" or "lanczos"')
    if system.is_bounded and method != "auto":
        raise InvalidInputError("method", method, allowed='"auto" where actions are bounded')
    if method == "dense" and system.n > DENSE:
        raise InvalidInputError("method", method, allowed=f'another for more than {DENSE} people: "secular"')
    if modes is not None and method != "lanczos":
        raise InvalidInputError("modes", modes, allowed='left out unless the method is "lanczos"')
    if method == "auto":
        method = "dense" if system.n <= DENSE else "secular"
    if method == "lanczos":
        count = min(_MODES, system.n) if modes is None else whole(modes, argument="modes")
        if count > system.n:
            raise InvalidInputError("modes", count, allowed=f"at most the number of people, {system.n}")
        return method, count
    return method, 0
