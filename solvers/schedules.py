"""Burst or programme: how to spend a budget over time on bought actions and on rewards for those they trigger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mechanism.costs import money
from mechanism.errors import InvalidInputError, SolveError
from mechanism.memory import Memory, Response
from mechanism.numbers import whole
from solvers.mobilisation import Mobilisation, frozen, mobilise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Programme", "Schedule", "schedule"]

Reals = NDArray[np.float64]
Objective = Literal["actions", "alive"]
Rewards = Literal["constant", "periods"]
Plan = tuple[float, Reals, Reals]  # value, rewards, rates of bought actions
_WORDS = {"actions": "discounted actions", "alive": "people active at the horizon"}
_MOST = 0.99  # actions that an action may trigger: no period is to take off
_GRID = 33  # constant rewards that are tried before the best is refined
_STEPS = 60  # of the search over the rewards of all periods
_WIDTH = 1e-6  # of differences in rewards, in shares of the highest
_SATURATED = 30.0  # money beyond which purchases differ from the capacity by rounding only
_PRECISION = 4 * float(np.finfo(np.float64).eps)
_TOLERANCE = 1e-9  # relative: of budgets, and of values that count as better


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """A way to spend a budget, and what it brings.

    Attributes
    ----------
    rewards : ndarray of float64, shape (periods,)
        Money for every action of the period.
    bought, paid : ndarray of float64, shape (periods,)
        Money spent on bought actions and on rewards.
    course : Mobilisation
        Bought and all actions, on the cells of all periods.
    value : float
        What it brings by the objective.
    """

    rewards: Reals
    bought: Reals
    paid: Reals
    course: Mobilisation
    value: float

    @property
    def spent(self) -> float:
        """All money spent."""
        return float(self.bought.sum() + self.paid.sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the programme as plain Python values, ready for JSON."""
        arrays = {name: getattr(self, name).tolist() for name in ("rewards", "bought", "paid")}
        return {**arrays, "spent": self.spent, "value": self.value, "course": self.course.to_dict()}


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The best way found to spend a budget over time, beside a pure burst and a pure steady programme.

    Attributes
    ----------
    burst, steady, optimal : Programme
        Everything bought in the first period; the same bought and paid in every period; the best found. Each spends
        the budget, with its own best rewards.
    budget : float
        Money.
    objective : {"actions", "alive"}
        What is valued.
    gap : float
        Under the rewards of `optimal` no purchases bring more than its value and this much, by duality.
    """

    burst: Programme
    steady: Programme
    optimal: Programme
    budget: float
    objective: Objective
    gap: float

    @property
    def programmes(self) -> dict[str, Programme]:
        """The three programmes by name."""
        return {"burst": self.burst, "steady": self.steady, "optimal": self.optimal}

    def __str__(self) -> str:
        from solvers.tables import percent, plain_table, render

        columns = ("spent", "on rewards", "reward", "peak", "half-life", "sustained", "value")
        table = plain_table(("programme", *columns))
        for name, one in self.programmes.items():
            low, high, course = float(one.rewards.min()), float(one.rewards.max()), one.course
            reward = f"{high:.3g}" if low == high else f"{low:.3g}-{high:.3g}"
            cells = [f"{one.spent:,.5g}", percent(float(one.paid.sum()) / one.spent), reward]
            cells += [
                f"{course.peak:,.4g}",
                "beyond" if course.half_life == inf else f"{course.half_life:.3g}",
            ]
            table.add_row(name, *cells, f"{course.sustained_share:.3f}", f"{one.value:,.6g}")
        return render(
            f"A budget of {self.budget:,g} over time: {_WORDS[self.objective]}",
            table,
            footer=(
                "half-life: from the peak rate until half of it; sustained: mean rate in the last tenth over the peak.",
                f"Other purchases under the optimal rewards bring at most {self.gap:.2g} more;",
                f"its rates err by at most about {self.optimal.course.error:.1g} by the grid.",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        own = {name: getattr(self, name) for name in ("objective", "budget", "gap")}
        return own | {name: one.to_dict() for name, one in self.programmes.items()}

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the three rates and, below, the share of the budget spent by when; return the upper axes."""
        from solvers.plots import BLUE, GREEN, ORANGE, styled_axes

        looks = {"optimal": (BLUE, "-", 2.8), "steady": (GREEN, "-.", 1.6), "burst": (ORANGE, "--", 1.6)}
        with styled_axes(ax) as axes:
            if (place := axes.get_subplotspec()) is None:
                raise InvalidInputError("ax", ax, allowed="axes of a grid, such as those of subplots")
            halves = place.subgridspec(2, 1, height_ratios=(3, 2))
            axes.set_subplotspec(halves[0])
            below = axes.figure.add_subplot(halves[1], sharex=axes)
            for name, (color, dash, width) in looks.items():
                one = self.programmes[name]
                axes.plot(one.course.times, one.course.rate, dash, color=color, linewidth=width, label=name)
                share = 100 / self.budget * np.append(0.0, np.cumsum(one.bought + one.paid))
                ends = np.linspace(0.0, one.course.horizon, len(share))
                below.plot(ends, share, dash, color=color, linewidth=width)
            paid = 100 / self.budget * np.append(0.0, np.cumsum(self.optimal.paid))
            if paid[-1] >= 1:
                below.fill_between(ends, paid, color=BLUE, alpha=0.18, linewidth=0, label="rewards (optimal)")
                below.legend(loc="lower right")
            top = max(one.course.peak for one in self.programmes.values())
            axes.set(yscale="log", xlim=(0, ends[-1]), ylabel="actions per time")
            axes.set_ylim(max(axes.get_ylim()[0], 1e-4 * top), 2.5 * top)
            axes.tick_params(labelbottom=False)
            axes.legend(loc="upper right", ncols=3)
            below.set(ylim=(0, 104), ylabel="budget spent (%)", xlabel="time (units of the memory)")
        return axes


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """The linear algebra of a schedule on a grid of cells; rates are linear in purchases under given rewards."""

    response: Response
    budget: float
    period: float
    chances: Reals  # (cells, cells), lower triangular: by the cell of the action and of its trigger
    weights: Reals  # (cells,), what an action of each cell is worth
    level: float  # actions per period that do not count
    periods: int
    parts: tuple[int, ...]  # one period, about a quarter, half, and all of them

    @property
    def per_period(self) -> int:
        return len(self.weights) // self.periods

    @property
    def cell(self) -> float:
        return self.period / self.per_period

    def matrix(self, rewards: Reals) -> Reals:
        """Return I - W N, which takes rates to purchases."""
        return np.eye(len(self.weights)) - self.chances * np.repeat(
            self.response.branching(rewards), self.per_period
        )

    def linear(self, rewards: Reals) -> tuple[Reals, Reals, Reals]:
        """Return what buying at rate 1 in each period leads to: rates by cell, actions by period, cost of rewards."""
        from scipy.linalg import solve_triangular

        one = np.repeat(np.eye(self.periods), self.per_period, axis=0)
        rates = solve_triangular(self.matrix(rewards), one, lower=True, check_finite=False)
        counts = self.by_period(rates)
        return rates, counts, rewards @ counts

    def worth(self, rate: Reals) -> float:
        """Return the value of a course."""
        if not self.level:
            return float(self.weights @ rate) * self.cell
        return float(self.weights[:: self.per_period] @ np.maximum(self.by_period(rate) - self.level, 0.0))

    def by_period(self, rate: Reals) -> Reals:
        """Return the actions in each period, of one course or of several in columns."""
        cells = rate.reshape(self.periods, self.per_period, *rate.shape[1:])
        return np.asarray(cells.sum(axis=1) * self.cell)

    def spent(self, exogenous: Reals, reward_cost: Reals) -> float:
        """Return all spending where one unit of each purchase costs so much in rewards."""
        return float(self.period * self.response.spending(exogenous).sum() + reward_cost @ exogenous)

    def scaled(self, shape: Reals, reward_cost: Reals) -> Reals:
        """Return purchases of a given shape that spend the budget and not more."""
        most = self.budget / (self.period * self.response.price * shape.sum())
        while self.spent(most * shape, reward_cost) < self.budget:
            most *= 2
        most = _root(lambda x: self.spent(x * shape, reward_cost) / self.budget, 0.0, most)
        while self.spent(most * shape, reward_cost) > self.budget:
            most *= 1.0 - _PRECISION
        return most * shape

    def best_purchases(self, gain: Reals, reward_cost: Reals) -> tuple[Reals, float, float]:
        """Return the purchases that gain most within the budget, the price of money, and a bound on the gain.

        With a multiplier nu of the budget the purchases separate: each maximises
        gain mu - nu (period spending(mu) + reward_cost mu), which is concave. The bound is the dual value at nu.
        """
        if self.response.capacity is None:  # all on what gains most per money
            ratio = gain / (self.period * self.response.price + reward_cost)
            shape = np.zeros(self.periods)
            shape[int(ratio.argmax())] = 1.0
            return self.scaled(shape, reward_cost), float(ratio.max()), float(ratio.max()) * self.budget
        start = float(gain.sum()) / self.budget

        def choice(doublings: float) -> Reals:
            return self.response.bought((gain / (start * 2.0**doublings) - reward_cost) / self.period)

        low, high = -1.0, 1.0
        while self.spent(choice(low), reward_cost) <= self.budget:
            low *= 2
        while self.spent(choice(high), reward_cost) > self.budget:
            high *= 2
        doublings = _root(lambda x: self.spent(choice(x), reward_cost) / self.budget, low, high)
        chosen, price = choice(doublings), start * 2.0**doublings
        bound = price * (self.budget - self.spent(chosen, reward_cost)) + float(gain @ chosen)
        while (spent := self.spent(chosen, reward_cost)) > self.budget:  # by rounding
            chosen = chosen * (self.budget / spent - _PRECISION)
        return chosen, price, bound

    def best(self, rewards: Reals) -> tuple[Reals, Reals, float, Reals]:
        """Return rates by purchases, the best purchases found, the price of money, and which cells count."""
        rates, counts, cost = self.linear(rewards)
        if not self.level:
            bought, price, _ = self.best_purchases(self.weights @ rates * self.cell, cost)
            return rates, bought, price, np.ones(len(self.weights))
        # Guess which periods exceed the level, buy what is best for these, and guess again: never worse.
        value, top = self.weights[:: self.per_period], -1.0
        ahead = [np.arange(self.periods) < length for length in self.parts]
        for counted in (*ahead, *(guess[::-1] for guess in ahead[:-1])):
            reached = -1.0
            while counted.any():
                bought, price, _ = self.best_purchases((value * counted) @ counts, cost)
                counted = counts @ bought > self.level
                now = self.worth(rates @ bought)
                if now >= top * (1 - _TOLERANCE):  # if equal the later: its price is of what counts
                    which = np.repeat(counted.astype(np.float64), self.per_period)
                    top, best = now, (rates, bought, price, which)
                if now <= reached * (1 + _TOLERANCE):
                    break
                reached = now
        return best

    def bound(self, rewards: Reals) -> float:
        """Return what no purchases under given rewards exceed, by duality."""
        rates, counts, cost = self.linear(rewards)
        if not self.level:
            return self.best_purchases(self.weights @ rates * self.cell, cost)[2]
        most = np.array([self.best_purchases(row, cost)[2] for row in counts])
        share = np.maximum(most - self.level, 0.0) / most  # for x up to the most, (x - level)+ <= share * x
        value = self.weights[:: self.per_period] * share
        return self.best_purchases(value @ counts, cost)[2] if share.any() else 0.0

    def chosen(self, rewards: Reals, factor: float = 1.0) -> Plan:
        """Return the plan with the best purchases found under given rewards, multiplied by a factor."""
        rates, exogenous, _, _ = self.best(factor * rewards)
        return self.worth(rates @ exogenous), factor * rewards, exogenous

    def chosen_and_slope(self, rewards: Reals) -> tuple[Plan, Reals]:
        """Return the same and how its value rises with each reward, by the adjoint of the rates."""
        from scipy.linalg import solve_triangular

        rates, exogenous, price, counted = self.best(rewards)
        rate = rates @ exogenous
        gain = self.cell * (self.weights * counted - price * np.repeat(rewards, self.per_period))
        adjoint = solve_triangular(self.matrix(rewards), gain, lower=True, trans="T", check_finite=False)
        triggered = (self.chances.T @ adjoint * rate).reshape(self.periods, -1).sum(axis=1)
        width = _WIDTH * self.response.highest
        up, down = rewards + width, np.maximum(rewards - width, 0.0)
        rise = (self.response.branching(up) - self.response.branching(down)) / (up - down)
        slope = np.asarray(rise * triggered - price * self.by_period(rate))
        return (self.worth(rate), rewards, exogenous), slope

    def shaped(self, rewards: Reals, shape: Reals) -> Plan:
        """Return the plan that spends the budget on purchases of a given shape."""
        rates, _, cost = self.linear(rewards)
        exogenous = self.scaled(shape, cost)
        return self.worth(rates @ exogenous), rewards, exogenous

    def programme(self, memory: Memory, plan: Plan) -> Programme:
        """Return a plan with its course, from rewards and purchases alone."""
        _, rewards, exogenous = plan
        rate = self.linear(rewards)[0] @ exogenous
        rewards = np.where(self.by_period(rate) > 0, rewards, 0.0)  # where nobody acts none is paid
        mu, ratio = np.repeat([exogenous, self.response.branching(rewards)], self.per_period, axis=1)
        end = self.period * self.periods
        finer = mobilise(memory, exogenous=mu, branching=ratio, horizon=end, step=self.cell)
        return Programme(
            rewards=frozen(rewards),
            bought=frozen(self.period * self.response.spending(exogenous)),
            paid=frozen(rewards * self.by_period(rate)),
            course=replace(finer, rate=frozen(rate), error=float(np.abs(finer.rate - rate).max())),
            value=self.worth(rate),
        )


def schedule(
    memory: Memory,
    *,
    response: Response,
    budget: float,
    horizon: float,
    periods: int = 24,
    objective: Objective = "actions",
    level: float = 0.0,
    discount: float = 1.0,
    rewards: Rewards = "periods",
    cells: int = 8,
) -> Schedule:
    """Choose how to spend a budget over time, between a burst and a steady programme.

    Parameters
    ----------
    memory : Memory
        Law of the delay between an action and those that it triggers.
    response : Response
        What rewards and money bring.
    budget : float
        Most that is spent on bought actions and on rewards, in expectation, money > 0.
    horizon : float
        End, time > 0.
    periods : int
        Equal periods within which purchases and rewards are constant, at least 2.
    objective : {"actions", "alive"}
        What is valued: the sum of discount^k (actions in period k above the level), k = 0, 1, ...; or the people
        still active at the horizon, where who acts stays active for a time drawn from the memory.
    level : float
        Actions per time that do not count, at least 0; 0 with "alive".
    discount : float
        In (0, 1]; 1 with "alive".
    rewards : {"constant", "periods"}
        Whether the reward is the same in all periods. With "periods" a burst is rewarded in the first period only.
        Rewards keep the branching ratio below 0.99: no period takes off.
    cells : int
        Cells of a period, at least 1, on which the renewal equation is solved.

    Returns
    -------
    Schedule

    Raises
    ------
    InvalidInputError
        If an argument is out of range or even unrewarded actions trigger too many.
    SolveError
        If a programme that was found breaks the budget or the limit of branching when checked.

    Notes
    -----
    Every action of a period is paid its reward. Under given rewards all rates are linear in the purchases, which
    solve a concave program with one constraint: by Lagrange's multiplier of the budget, with the dual value as a
    bound. *Linear returns*: the program is linear and its solution a corner, all on the one period with most value per
    money, the first if nothing is gained by waiting. A steady programme can be best only if returns diminish.
    *Above a level* the program is not concave; the periods that count are guessed and improved, `gap` is of a majorant.

    Rewards are searched: the best constant one, the best for some first periods, then all periods by a quasi-Newton
    method. The problem is not concave in them: what is found is never worse than both other programmes, and not
    proved best. With linear returns, no discount and a horizon much longer than the memory the best constant reward
    obeys price * n'(R) = 1. Deterministic; O(T^2 periods) time for each set of rewards on T cells.

    Examples
    --------
    >>> from mechanism import CostModel
    >>> from mechanism.memory import ExponentialMemory
    >>> response = Response(0.2, 1.2, CostModel.exponential(mean=4.0), price=5.0, returns="root", capacity=10.0)
    >>> plan = schedule(ExponentialMemory(1.0), response=response, budget=500.0, horizon=12.0, periods=6)
    >>> plan.burst.value < plan.steady.value < plan.optimal.value
    True
    """
    from scipy.linalg import toeplitz

    for name, given, kinds in (("objective", objective, Objective), ("rewards", rewards, Rewards)):
        if given not in get_args(kinds):
            raise InvalidInputError(name, given, allowed=f"one of {', '.join(get_args(kinds))}")
    for name, kind, value in (("memory", Memory, memory), ("response", Response, response)):
        if not isinstance(value, kind):
            raise InvalidInputError(name, value, allowed=f"a {kind.__name__}")
    factor = money("discount", discount, above=0.0, unit="number")
    floor = money("level", level, least=0.0, unit="rate")
    if factor > 1 or (objective == "alive" and factor < 1):
        raise InvalidInputError("discount", discount, allowed="in (0, 1], and 1 with 'alive'")
    if objective == "alive" and floor:
        raise InvalidInputError("level", level, allowed="0 with 'alive'")
    limit = response.reward_below(_MOST)
    if limit == -inf:
        unpaid = f"{float(response.branching(0.0)):g} actions without reward"
        raise InvalidInputError("response", unpaid, verb="triggers", allowed=f"one of less than {_MOST:g}")
    count, per_period = whole(periods, argument="periods", least=2), whole(cells, argument="cells")
    period = money("horizon", horizon, above=0.0, unit="time") / count
    amount = money("budget", budget, above=0.0)
    most = _SATURATED * response.price * (response.capacity or inf) * period
    if response.returns == "saturating" and amount > most:
        raise InvalidInputError("budget", budget, allowed=f"at most {most:g}: a period is at its capacity")
    size, step = count * per_period, period / per_period
    weights = np.repeat(factor ** np.arange(count), per_period)
    if objective == "alive":
        weights = -np.diff(memory.limited_mean(step * np.arange(size, -1, -1))) / step
    problem = _Problem(
        response=response,
        budget=amount,
        period=period,
        chances=np.tril(toeplitz(memory.lags(step, size))),
        weights=weights,
        level=period * floor,
        periods=count,
        parts=tuple(sorted({1, -(-count // 4), -(-count // 2), count})),
    )
    early: list[Reals] = [np.where(np.arange(count) < length, 1.0, 0.0) for length in problem.parts]
    shapes, everywhere = early if rewards == "periods" else early[-1:], early[-1]
    burst = _best_level(lambda reward: problem.shaped(reward * shapes[0], early[0]), limit)
    steady = _best_level(lambda reward: problem.shaped(reward * everywhere, everywhere), limit)
    found = [problem.chosen(burst[1]), problem.chosen(steady[1])]
    found += [_best_level(partial(problem.chosen, shape), limit) for shape in shapes]
    if rewards == "periods":
        found += [_polished(problem, plan, limit) for plan in sorted(found, key=itemgetter(0))[-2:]]
    best = max((burst, steady, *found), key=itemgetter(0))
    result = Schedule(
        burst=problem.programme(memory, burst),
        steady=problem.programme(memory, steady),
        optimal=problem.programme(memory, best),
        budget=amount,
        objective=objective,
        gap=max(problem.bound(best[1]) - best[0], 0.0),
    )
    for name, one in result.programmes.items():
        if one.spent > amount * (1 + _TOLERANCE) or (one.course.branching >= 1).any():
            raise SolveError(f"the {name} programme breaks its limits when checked", solution=result)
    return result


def _best_level(make: Callable[[float], Plan], limit: float) -> Plan:
    """Return the best of the plans made from one number in [0, limit]: a grid, then refined about its best."""
    from scipy.optimize import minimize_scalar

    levels = np.linspace(0.0, limit, _GRID)
    grid = [make(float(level)) for level in levels]
    best = max(range(_GRID), key=lambda place: grid[place][0])
    around = (float(levels[max(best - 1, 0)]), float(levels[min(best + 1, _GRID - 1)]))

    def loss(level: float) -> float:
        return -make(float(level))[0]

    found = minimize_scalar(loss, bounds=around, method="bounded", options={"xatol": 1e-6 * limit})
    return max(grid[best], make(float(found.x)), key=itemgetter(0))


def _polished(problem: _Problem, start: Plan, limit: float) -> Plan:
    """Return the best plan on the way of a quasi-Newton method over the rewards of all periods."""
    from scipy.optimize import minimize

    best, scale = start, start[0] or 1.0

    def loss(shares: Reals) -> tuple[float, Reals]:
        nonlocal best
        here, slope = problem.chosen_and_slope(limit * shares)
        best = max(best, here, key=itemgetter(0))
        return -here[0] / scale, -limit / scale * slope

    bounds, options = [(0.0, 1.0)] * problem.periods, {"maxiter": _STEPS}
    minimize(loss, start[1] / limit, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return best


def _root(ratio: Callable[[float], float], low: float, high: float) -> float:
    """Return where a monotone spending, in budgets and perhaps infinite at an end, is 1."""
    from scipy.optimize import brentq

    found: float = brentq(
        lambda x: min(ratio(x), 4.0) - 1.0, low, high, xtol=_PRECISION * high, rtol=_PRECISION, maxiter=1000
    )
    return found
