"""The rows of the linear program that bounds the recruits of the surrogate over a box."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, log, log1p

import numpy as np
from numpy.typing import NDArray

from mechanism import CostModel
from mechanism.errors import InvalidInputError
from proofs import WithinBudget
from solvers.reward_space import RewardSpace
from solvers.surrogate import Surrogate

__all__ = ["FLOOR", "ROOM", "Box", "BoxRows", "Setting", "reach"]

Reals = NDArray[np.float64]
FLOOR = 1e-12  # members below this count as none: no equation is used for them
ROOM = 1e-11  # relative, by which every figure of a box is widened: rounding is about 1e-15
_INVERSE = 1e-9  # the same for quantiles
_DEEP = 60.0  # logarithms of chances that matter are above minus this
_FIRST = (0.02, 0.2, 0.45, 0.7, 1.0)  # tangents are laid at these shares of the least logarithm of a chance
_PENALTY = 100.0  # recruits per unit of a violated logarithm, in multiples of all recruits
_EXCESS = 1e6
_STEEPEST = 1e12  # steeper rows are left out: solvers refuse them


@dataclass(frozen=True, slots=True)
class Box:
    """A set of equilibria.

    Attributes
    ----------
    low, high : ndarray of float64, shape (max_depth,)
        Ends of the expected members, at least 0.
    least, most : ndarray of float64, shape (max_depth - 1,)
        Ends of the chances to invite.
    """

    low: Reals
    high: Reals
    least: Reals
    most: Reals


class Setting:
    """What all boxes of a search have in common.

    Parameters
    ----------
    game : Surrogate
        The game.
    space : RewardSpace
        The admissible tables.
    share : float or None
        What a target may cost on average, in shares of the prize.

    Raises
    ------
    InvalidInputError
        If nothing limits what a chain is paid, or the depths differ.
    """

    def __init__(self, game: Surrogate, space: RewardSpace, *, share: float | None) -> None:
        limits = [float(one.budget) for one in space.properties if isinstance(one, WithinBudget)]
        if not limits or space.max_depth != game.max_depth:
            raise InvalidInputError(
                "space",
                space.properties,
                allowed=f"tables {game.max_depth} deep within a budget for every chain",
            )
        self.game = game
        self.space = space
        self.limit = min(limits)
        self.share = share
        dense = space.basis.toarray()
        # Rewards as functions of the coordinates, by winner and payee.
        self.reward: dict[tuple[int, int], Reals] = {
            (int(e), int(e - j)): dense[row]
            for row, (e, j) in enumerate(zip(space.depth, space.distance, strict=True))
        }
        self.totals = np.array(
            [sum(self.reward[e, d] for d in range(1, e + 1)) for e in range(1, game.max_depth + 1)]
        )


def reach(game: Surrogate, d: int, members: float, above: float, invite: float) -> float:
    """Return the people whom depth d + 1 reaches; rises with its members and invitations, falls with those above."""
    made = members * invite * game.contacts[d] / (1 + game.rivalry[d] * (above + members))
    load = game.conversion[d] * made
    return float(load if game.saturation[d] == 0 else -expm1(-game.saturation[d] * load) / game.saturation[d])


class BoxRows:
    """The linear program of a box: maximise ``cost @ x + constant`` subject to ``matrix @ x <= bound``.

    `solvers.box_program.BoxProgram` derives it. Variables, all with finite bounds `lower`, `upper`: coordinates of the
    rewards, log N, shortfall of log N, log F_join, log F_invite, excess of payoffs.
    """

    def __init__(self, setting: Setting, box: Box) -> None:
        space = setting.space
        self.setting, self.box = setting, box
        self.depth, self.size = len(box.low), space.size
        depth, size, low, high = self.depth, self.size, box.low, box.high
        self.count = int(np.cumprod(low > FLOOR).sum())  # equations are used down to here
        width = size + 4 * depth
        self.upper, self.lower, self.cost = np.zeros(width), np.zeros(width), np.zeros(width)
        self.upper[:size] = setting.limit
        penalty = -_PENALTY * high.sum()
        self.constant = float(high[self.count :].sum())
        for d in range(self.count):
            top, bottom = log(high[d]), log(low[d])
            self.upper[self.members(d)], self.lower[self.members(d)] = top, bottom - _DEEP
            # The chord of exp; the tangent at the top where the box is too thin for differences.
            rise = (high[d] - low[d]) / (top - bottom) if top - bottom > 1e-6 else high[d]
            self.cost[self.members(d)] = rise
            self.constant += max(low[d] - rise * bottom, high[d] - rise * top)
            self.upper[self.shortfall(d)], self.cost[self.shortfall(d)] = _DEEP, penalty
            self.lower[self.joins(d)] = -_DEEP
            if d:
                self.lower[self.invites(d - 1)] = -2 * _DEEP
                self.upper[self.invites(d - 1)] = log(max(box.most[d - 1], exp(-_DEEP)))
        self.upper[-1], self.cost[-1] = _EXCESS, penalty
        self.own: list[tuple[Reals, float]] = []
        self._coefficients()
        for d in range(self.count):
            self._depth(d)
            self._from_above(d)
        if setting.share is not None:
            self._add({}, self._least_wins() @ setting.totals, setting.share * (1 + ROOM))
        self.renew()

    @property
    def spare(self) -> int:
        """Return the place of the excess."""
        return len(self.cost) - 1

    def members(self, d: int) -> int:
        """Return the place of log N."""
        return self.size + d

    def shortfall(self, d: int) -> int:
        """Return the place of what log N is short of its lower end."""
        return self.size + self.depth + d

    def joins(self, d: int) -> int:
        """Return the place of log F_join."""
        return self.size + 2 * self.depth + d

    def invites(self, d: int) -> int:
        """Return the place of log F_invite, d < depth - 1."""
        return self.size + 3 * self.depth + d

    def _chance(self, d: int, e: int, *, upper: bool) -> float:
        """Return an end of w[e] / N[d] over the box, depths from 1."""
        game, decay = self.setting.game, self.setting.game.log_miss
        low, high = (self.box.low, self.box.high) if upper else (self.box.high, self.box.low)
        above = float(low[: e - 1].sum())
        own = high[e - 1] if e > d else low[e - 1]
        share = -expm1(-decay * own) / low[d - 1]
        return float(game.correction[e - 1] * exp(-decay * above) * share * (1 + ROOM * (1 if upper else -1)))

    def _crowded(self, d: int, *, upper: bool) -> float:
        """Return an end of q^x (1 + r (x + N[d])) in units of the q^x of `_chance`, x the members above depth d."""
        game, decay = self.setting.game, self.setting.game.log_miss
        rivalry = float(game.rivalry[d - 1])
        start, stop = float(self.box.low[: d - 1].sum()), float(self.box.high[: d - 1].sum())

        def factor(x: float, own: float, unit: float) -> float:
            return exp(-decay * (x - unit)) * (1 + rivalry * (x + own))

        if upper:
            own = float(self.box.low[d - 1])
            peak = 1 / decay - 1 / rivalry - own if rivalry > 0 else start
            return factor(min(max(peak, start), stop), own, start) * (1 + ROOM)
        own = float(self.box.high[d - 1])
        return min(factor(start, own, stop), factor(stop, own, stop)) * (1 - ROOM)

    def _least_wins(self) -> Reals:
        """Return the lower ends of w over the box."""
        game = self.setting.game
        above = np.cumsum(self.box.high) - self.box.high
        wins = game.correction * np.exp(-game.log_miss * above) * -np.expm1(-game.log_miss * self.box.low)
        return np.asarray(wins * (1 - ROOM))

    def _coefficients(self) -> None:
        """Form both ends of what joining brings, and inviting times its chance: money, as rows over coordinates."""
        setting, count = self.setting, self.count
        game = setting.game
        self.joining, self.inviting = np.zeros((2, count, self.size)), np.zeros((2, count, self.size))
        for end in (0, 1):
            for d in range(1, count + 1):
                for e in range(d, self.depth + 1):
                    line = game.money * self._chance(d, e, upper=bool(end)) * setting.reward[e, d]
                    self.joining[end, d - 1] += line
                    if d < e and d < count:
                        factor = self._crowded(d, upper=bool(end)) / game.contacts[d - 1]
                        self.inviting[end, d - 1] += factor * line

    def _add(self, places: dict[int, float], rewards: Reals | None, bound: float) -> None:
        row = np.zeros(len(self.cost))
        if rewards is not None:
            row[: self.size] = rewards
        for place, value in places.items():
            row[place] = value
        if max(float(np.abs(row).max()), abs(bound)) <= _STEEPEST:
            self.own.append((row, bound))

    def renew(self) -> None:
        """Put together the rows of the box and those of the space."""
        fixed, most = self.setting.space.constraints()
        dense = np.zeros((len(most), len(self.cost)))
        dense[:, : self.size] = fixed.toarray()
        self.matrix = np.vstack((dense, *(row for row, _ in self.own)))
        self.bound = np.concatenate((most, [bound for _, bound in self.own]))

    def _from_above(self, d: int) -> None:
        """Keep payoffs from above: from lower ends, no more people decide so than the box holds."""
        game, box = self.setting.game, self.box
        if d == 0:
            reached = game.reached
        else:
            reached = reach(game, d - 1, box.low[d - 1], float(box.high[: d - 1].sum()), box.least[d - 1])
            if box.most[d - 1] < 1:
                dearest = float(game.invite.ppf(box.most[d - 1]))
                self._at_most(self.inviting[0, d - 1], box.most[d - 1] * dearest, game.invite)
        if box.high[d] < reached:
            self._at_most(self.joining[0, d], float(game.join.ppf(box.high[d] / reached)), game.join)

    def _at_most(self, rewards: Reals, amount: float, law: CostModel) -> None:
        """Bound a payoff, in units of the bound."""
        unit = max(abs(amount), 1e-3 * abs(float(law.ppf(0.5))))
        self._add({self.spare: -1.0}, rewards / unit, amount / unit + _INVERSE)

    def _depth(self, d: int) -> None:
        """Lay the first tangents of a depth."""
        game, box = self.setting.game, self.box
        bottom = log(box.low[d])
        self._add({self.members(d): -1.0, self.shortfall(d): -1.0}, None, -bottom + ROOM)
        if d == 0:
            self._add(
                {self.members(0): 1.0, self.joins(0): -1.0, self.spare: -1.0}, None, log(game.reached) + ROOM
            )
            levels = np.linspace(bottom - log(game.reached), min(log(box.high[0] / game.reached), 0.0), 3)
            for level in levels:
                self._join_tangent(0, float(game.join.ppf(min(exp(level), 1 - 1e-12))))
            return
        above = float(box.low[: d - 1].sum())
        most = reach(game, d - 1, box.high[d - 1], above, box.most[d - 1])
        deepest = min(log(box.low[d] / most), -0.1) if most > 0 else -_DEEP
        if box.least[d - 1] > exp(-_DEEP):
            self._add({self.invites(d - 1): -1.0, self.spare: -1.0}, None, -log(box.least[d - 1]) + ROOM)
        highest = log(max(box.most[d - 1], exp(-_DEEP)))
        lowest = log(box.low[d] / (game.conversion[d - 1] * game.contacts[d - 1] * box.high[d - 1]))
        span = min(lowest - highest, -0.1)
        for share in _FIRST:
            self._join_tangent(d, float(game.join.ppf(exp(share * deepest))))
            self._invite_tangent(d - 1, float(game.invite.ppf(min(exp(highest + share * span), 1 - 1e-12))))
        middle = np.sqrt(box.low[: self.count] * box.high[: self.count])
        for level in (0.0,) if game.saturation[d - 1] == 0 else (0.0, deepest / 2, deepest):
            self._reach_tangent(d, middle, level)

    def _join_tangent(self, d: int, at: float) -> None:
        """Lay ``log F_join <= log F(at) + slope (V - at)``."""
        tangent = _tangent(self.setting.game.join, at)
        if tangent is not None:
            height, slope = tangent
            self._add(
                {self.joins(d): 1.0, self.spare: -1.0}, -slope * self.joining[1, d], height - slope * at
            )

    def _invite_tangent(self, d: int, cost: float) -> None:
        """Lay a tangent to log i(v) where the dearest invitation that is made costs `cost`: i = F(cost), v = i cost."""
        tangent = _tangent(self.setting.game.invite, cost)
        if tangent is not None:
            height, steep = tangent
            chance = max(exp(height), np.finfo(np.float64).tiny)
            slope = steep / (chance * (1 + steep * cost))
            self._add(
                {self.invites(d): 1.0, self.spare: -1.0},
                -slope * self.inviting[1, d],
                height - slope * chance * cost,
            )

    def _reach_tangent(self, d: int, at: Reals, invite: float) -> None:
        """Lay a tangent to the logarithm of the people whom depth d reaches, at members and log F_invite."""
        game = self.setting.game
        total = float(at[:d].sum())
        rivalry, saturation = game.rivalry[d - 1], game.saturation[d - 1]
        crowd = rivalry * at[:d] / (1 + rivalry * total)
        efficiency = log(game.conversion[d - 1] * game.contacts[d - 1])
        level = efficiency + log(at[d - 1]) + invite - log1p(rivalry * total)
        load = saturation * exp(level)
        height = log(-expm1(-load) / saturation) if load > 0 else level
        slope = load / expm1(load) if load > 1e-12 else 1.0
        weights = -slope * (np.append(np.zeros(d - 1), 1.0) - crowd)
        places = {self.members(d): 1.0, self.joins(d): -1.0, self.invites(d - 1): -slope, self.spare: -1.0}
        places |= {self.members(k): float(weights[k]) for k in range(d)}
        self._add(places, None, height - slope * invite + float(weights @ np.log(at[:d])) + ROOM)

    def refine(self, point: Reals) -> float:
        """Lay tangents where a solution of the program stands; return by how much it violates one at most."""
        known = len(self.own)
        rewards = point[: self.size]
        levels = np.maximum(np.exp(point[self.size : self.size + self.count]), self.box.low[: self.count])
        for d in range(self.count):
            self._join_tangent(d, float(self.joining[1, d] @ rewards))
            if d:
                value = float(self.inviting[1, d - 1] @ rewards)
                self._invite_tangent(d - 1, _dearest(self.setting.game.invite, value))
                self._reach_tangent(d, levels, float(point[self.invites(d - 1)]))
        self.renew()
        return max((float(row @ point) - bound for row, bound in self.own[known:]), default=0.0)


def _tangent(law: CostModel, at: float) -> tuple[float, float] | None:
    """Return log F and a slope of it, None where there is none that is finite."""
    if not at > 0:
        return None
    height, slope = float(law.log_cdf(at)), float(law.log_cdf_slope(at))
    return (height + ROOM, slope) if np.isfinite(height) and np.isfinite(slope) else None


def _dearest(law: CostModel, value: float) -> float:
    """Return about the cost u at which u F(u) is a value: where to lay a tangent, valid anywhere."""
    if value <= 0:
        return 0.0
    bottom, top = value, value
    while float(law.cdf(top)) * top < value and top < 1e6 * value:
        top *= 2
    for _ in range(40):
        middle = (bottom + top) / 2
        bottom, top = (middle, top) if float(law.cdf(middle)) * middle < value else (bottom, middle)
    return top
