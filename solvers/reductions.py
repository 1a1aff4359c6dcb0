"""Reductions within a budget: whom to move how far, if to move anybody further costs more and more."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.games.peer_pressure import PeerPressure, bend, bend_slope, enjoyed, marginal, peer_rate

__all__ = ["Moves", "Plan", "least_loss", "moves_of"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
_HALVINGS = 60  # of an interval of actions
_STEPS = 100  # of the search for the multiplier
_PRECISION = 1e-11  # to which a budget is spent
_APART = 1e-7
_NEXT_TO_NONE = 1e-12  # of what somebody does unpaid: nobody is brought below that
_FACTOR = 16.0  # between multipliers until the best is bracketed


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Ways to make people do less, one entry for each, and what each brings and costs.

    Attributes
    ----------
    game : PeerPressure
        The game.
    counts_welfare : bool
        Whether what people enjoy and pressure count as well as the externality.
    person : ndarray of int64, shape (k,)
        Who is moved.
    arc : ndarray of int64, shape (k,)
        The arc from the one peer who is rewarded, or -1.
    by_subsidy : ndarray of bool, shape (k,)
        Whether the person is paid itself; if not, and there is no arc, all its peers are.
    cost, harm : ndarray of float64, shape (k,)
        Sums of c and v over those rewarded.
    effort : ndarray of float64, shape (k,)
        What a unit of pressure costs those who press.
    least : ndarray of float64, shape (k,)
        Smallest action that is allowed.
    start : ndarray of float64, shape (k,)
        What the person does unpaid.
    value, price, external : ndarray of float64, shape (k,)
        a and k of the person's utility, and what a unit of its action costs others.
    """

    game: PeerPressure
    counts_welfare: bool
    person: Ids
    arc: Ids
    by_subsidy: NDArray[np.bool_]
    cost: Reals
    harm: Reals
    effort: Reals
    least: Reals
    start: Reals
    value: Reals
    price: Reals
    external: Reals

    def some(self, chosen: Ids) -> Moves:
        """Return some of the ways."""
        names = [field.name for field in fields(self) if field.name not in ("game", "counts_welfare")]
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})

    def rate(self, actions: Reals) -> Reals:
        """Return what is paid per unit less, money."""
        power = self.game.curvature
        own = marginal(self.value, self.price, power, actions)
        peers = peer_rate(self.cost, bend(self.value, power, actions), self.harm)
        return np.asarray(np.where(self.by_subsidy, own, peers))

    def rate_slope(self, actions: Reals) -> Reals:
        """Return how fast that rises as actions fall."""
        power = self.game.curvature
        peers = self.cost * bend_slope(self.value, power, actions)
        return np.asarray(np.where(self.by_subsidy, bend(self.value, power, actions), peers))

    def loss(self, actions: Reals) -> Reals:
        """Return the externality, or what counts against welfare, money."""
        if not self.counts_welfare:
            return self.external * actions
        utility = self.value, self.price, self.game.curvature
        pressure = np.where(self.by_subsidy, 0.0, marginal(*utility, actions))
        borne = pressure * (actions + self.effort)
        return np.asarray(self.external * actions - enjoyed(*utility, actions) + borne)

    def loss_slope(self, actions: Reals) -> Reals:
        """Return how fast that falls as actions fall."""
        if not self.counts_welfare:
            return self.external
        power = self.game.curvature
        own = marginal(self.value, self.price, power, actions)
        pressed = (actions + self.effort) * bend(self.value, power, actions)
        return np.asarray(self.external - np.where(self.by_subsidy, own, pressed))

    def loss_before(self) -> Reals:
        """Return the loss of each person without payments, float64 of shape (n,)."""
        game = self.game
        start, pressure = game.settle()
        lost = game.harm_done * start
        if self.counts_welfare:
            pressed = game.graph.indices
            borne = pressure * (start[pressed] + game.pressure_cost)
            lost = lost - game.enjoyed(start) + np.bincount(pressed, borne, minlength=game.n)
        return np.asarray(lost)


def moves_of(
    game: PeerPressure, *, mechanism: str, counts_welfare: bool, rewarded: str, identity_cost: float
) -> Moves:
    """Return the ways to move people; the arguments are those of `solvers.peer_rewards`.

    Notes
    -----
    O(m log m). A peer is left out if another presses for less and is harmed more.
    """
    arcs, people = np.arange(game.graph.m), np.arange(game.n)
    pressed, c, v = game.graph.indices.astype(np.int64), game.pressure_cost, game.harm
    start = game.baseline
    # A reward c |u''(x)| - v of at most identity_cost / start leaves the bend at most this:
    bent = (identity_cost / start[pressed] + v) / c
    with np.errstate(divide="ignore", over="ignore"):
        least = (game.value[pressed] * game.curvature / bent) ** (1 / (game.curvature + 1))
    least = np.minimum(least, start[pressed])
    none = np.zeros(0, dtype=np.int64)
    one, every, own = none, none, none if mechanism == "peer" else people
    if mechanism != "pigou":
        if rewarded == "one":
            one = _undominated(pressed, c, v)
        else:
            every = np.unique(pressed)
    count = np.bincount(pressed, minlength=game.n)[every]
    total_c, total_v = (np.bincount(pressed, x, minlength=game.n)[every] for x in (c, v))
    floor = _NEXT_TO_NONE * start
    least = np.maximum(least, floor[pressed])
    np.maximum.at(floor, pressed, least)
    person = np.concatenate((pressed[one], every, own))
    zero = np.zeros(len(own))
    return Moves(
        game,
        counts_welfare,
        person,
        np.concatenate((arcs[one], np.full(len(every) + len(own), -1))),
        np.arange(len(person)) >= len(one) + len(every),
        np.concatenate((c[one], total_c, zero)),
        np.concatenate((v[one], total_v, zero)),
        np.concatenate((c[one], total_c / count, zero)),
        np.concatenate((least[one], floor[every], _NEXT_TO_NONE * start[own])),
        start[person],
        game.value[person],
        game.price[person],
        game.harm_done[person],
    )


def _undominated(pressed: Ids, c: Reals, v: Reals) -> Ids:
    """Return the arcs of peers such that no peer of the same person presses for less and is harmed more."""
    order = np.lexsort((-v, c, pressed))
    rank = np.empty(len(v), dtype=np.int64)
    rank[np.argsort(v, kind="stable")] = np.arange(len(v))
    most = pressed[order] * len(v) + rank[order]  # increasing from person to person
    kept = np.ones(len(v), dtype=bool)
    kept[1:] = most[1:] > np.maximum.accumulate(most)[:-1]
    return np.asarray(order[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Who is moved how far.

    Attributes
    ----------
    chosen : ndarray of int64
        Numbers of the moves that are made.
    actions : ndarray of float64
        What those people do then.
    loss : float
        How much less the loss is than without payments, at most 0.
    bound : float
        No plan has less.
    """

    chosen: Ids
    actions: Reals
    loss: float
    bound: float


def least_loss(moves: Moves, budget: float) -> Plan:
    """Return who is to be moved how far so that the loss is least within a budget.

    Parameters
    ----------
    moves : Moves
        The ways to move people, at most one of which is taken for each.
    budget : float
        Money, at least 0.

    Returns
    -------
    Plan
        The best one if there is one way for each person; else its gap to the bound tells how far it may be from it.

    Notes
    -----
    Costs and losses of each way are convex in the action, so that for each multiplier of the budget every way has one
    best action, and the best way for each person is read off. O(k) for each of some thousand steps.
    """
    none = Plan(np.zeros(0, dtype=np.int64), np.zeros(0), 0.0, 0.0)
    if not len(moves.person) or budget == 0.0:
        return none
    low, high = _Dual(moves, budget).bracket()
    points = [high]
    if high.cost < budget * (1 - _PRECISION) and high is not low:  # the best ways change there: keep either
        for chosen in {tuple(low.chosen.tolist()), tuple(high.chosen.tolist())}:
            some = np.array(chosen, dtype=np.int64)
            end = _Dual(moves.some(some), budget).bracket()[1]
            points.append(replace(end, chosen=some[end.chosen]))
    best = min(points, key=lambda point: point.loss)
    actions = _told_apart(moves.some(best.chosen), best.actions, budget)
    return Plan(best.chosen, actions, best.loss, min(best.loss, max(low.bound, high.bound)))


def _told_apart(moves: Moves, actions: Reals, budget: float) -> Reals:
    """Return actions at which nobody who is rewarded presses exactly as far as another who is not, if money allows."""
    near = np.maximum(moves.start * (1 - _APART), moves.least)
    apart = np.where(moves.by_subsidy, actions, np.minimum(actions, near))
    cost = float(moves.rate(apart) @ (moves.start - apart))
    return np.asarray(apart if cost <= budget else actions)


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """The best moves for a multiplier, what they lose and cost, and the bound that they give."""

    chosen: Ids
    actions: Reals
    loss: float
    cost: float
    bound: float


class _Dual:
    """The best moves at prices of money."""

    def __init__(self, moves: Moves, budget: float) -> None:
        self.moves, self.budget = moves, budget
        self.before = moves.loss_before()[moves.person]
        self.furthest = self._where(lambda x, less: moves.rate(x) * less - budget, moves.start - moves.least)

    def _where(self, rising: Any, furthest: Reals) -> Reals:
        """Return how much less makes a rising function 0, within 0 and the furthest."""
        low, high = np.zeros(len(furthest)), furthest
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            over = rising(self.moves.start - middle, middle) > 0
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return low

    def at(self, multiplier: float) -> _Point:
        """Return the best moves if a unit of money counts as much as so many units of loss."""
        moves = self.moves

        def slope(x: Reals, less: Reals) -> Reals:
            paid = moves.rate_slope(x) * less + moves.rate(x)
            return np.asarray(multiplier * paid - moves.loss_slope(x))

        less = self._where(slope, self.furthest)
        actions = moves.start - less
        cost = moves.rate(actions) * less
        loss = moves.loss(actions) - self.before
        total = loss + multiplier * cost  # 0 for a peer that is paid for nothing
        order = np.lexsort((total, moves.person))
        first = np.ones(len(order), dtype=bool)
        first[1:] = moves.person[order[1:]] != moves.person[order[:-1]]
        best = order[first]
        chosen = best[total[best] < 0]
        return _Point(
            chosen,
            actions[chosen],
            float(loss[chosen].sum()),
            float(cost[chosen].sum()),
            float(total[chosen].sum()) - multiplier * self.budget,
        )

    def bracket(self) -> tuple[_Point, _Point]:
        """Return the best moves next to the best multiplier: those that cost more than the budget, if any, and less."""
        point = self.at(0.0)
        if point.cost <= self.budget:
            return point, point
        above, high = point, 1.0
        below = self.at(high)
        while below.cost > self.budget:
            above, high = below, high * _FACTOR
            below = self.at(high)
        low = high / _FACTOR
        while (point := self.at(low)).cost <= self.budget:
            below, high, low = point, low, low / _FACTOR
        above = point
        ends = [np.log(low), np.log(high)]
        heights = [self._height(above), self._height(below)]
        before = -1
        for step in range(1, _STEPS):
            if below.cost >= self.budget * (1 - _PRECISION) or ends[1] - ends[0] <= _PRECISION:
                break
            place = (ends[0] + ends[1]) / 2
            if step % 4 and np.isfinite(heights[1]):  # the Illinois rule, and a bisection now and then
                place = (ends[0] * heights[1] - ends[1] * heights[0]) / (heights[1] - heights[0])
            point = self.at(float(np.exp(place)))
            side = int(point.cost <= self.budget)
            above, below = (above, point) if side else (point, below)
            ends[side], heights[side] = place, self._height(point)
            if side == before:
                heights[1 - side] /= 2
            before = side
        return above, below

    def _height(self, point: _Point) -> float:
        return float(np.log(point.cost / self.budget)) if point.cost else -np.inf
