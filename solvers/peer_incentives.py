"""Peer rewards against Pigouvian subsidies: what a budget brings if peers are paid to press, or people to do less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError
from mechanism.games.peer_pressure import PeerPressure
from mechanism.numbers import number
from solvers.reductions import least_loss, moves_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BudgetCurve", "PeerRewards", "budget_curve", "peer_rewards"]

Reals = NDArray[np.float64]
Mechanism = Literal["peer", "pigou", "both"]
_NAMES = {"peer": "peer rewards", "pigou": "Pigouvian subsidies", "both": "the cheaper for each"}
_ROWS = 24  # people shown one by one
_TOLERANCE = 1e-9  # relative


@dataclass(frozen=True, slots=True, eq=False)
class PeerRewards:
    """Rates within a budget, and what they bring.

    Attributes
    ----------
    game : PeerPressure
        The game.
    mechanism : {"peer", "pigou", "both"}
        Who may be paid.
    objective : {"externality", "welfare"}
        What was to be small, or large.
    budget : float
        What may be paid, money.
    rewards : ndarray of float64, shape (m,)
        What i is paid for each unit that j does less than without payments, for every arc i -> j.
    subsidies : ndarray of float64, shape (n,)
        What each is paid for each unit that it does less itself.
    actions : ndarray of float64, shape (n,)
        What everybody does then.
    pressure : ndarray of float64, shape (m,)
        How hard i presses j.
    bound : float
        No rates of this kind have less externality, or more welfare.
    """

    game: PeerPressure
    mechanism: Mechanism
    objective: Literal["externality", "welfare"]
    budget: float
    rewards: Reals
    subsidies: Reals
    actions: Reals
    pressure: Reals
    bound: float

    @property
    def less(self) -> Reals:
        """How much less each does than without payments, float64 of shape (n,)."""
        return np.asarray(self.game.baseline - self.actions)

    @property
    def spent(self) -> float:
        """What is paid, money."""
        less = self.less
        return float(self.rewards @ less[self.game.graph.indices] + self.subsidies @ less)

    @property
    def externality(self) -> float:
        """What all actions cost others, money."""
        return self.game.externality(self.actions)

    @property
    def externality_before(self) -> float:
        """The same without payments."""
        return self.game.externality(self.game.baseline)

    @property
    def pressure_cost(self) -> float:
        """What pressing costs those who press, money."""
        return float(self.game.pressure_cost @ self.pressure)

    @property
    def burden(self) -> float:
        """What being pressed costs, money."""
        return float(self.pressure @ self.actions[self.game.graph.indices])

    @property
    def welfare(self) -> float:
        """What all enjoy, less externality, pressing and being pressed; payments cancel out; up to a constant."""
        enjoyed = float(self.game.enjoyed(self.actions).sum())
        return enjoyed - self.externality - self.pressure_cost - self.burden

    @property
    def cost_by_subsidies(self) -> float:
        """What the same actions would cost in Pigouvian subsidies alone, money."""
        return float(self.game.subsidy_rates(np.minimum(self.actions, self.game.baseline)) @ self.less)

    @property
    def gap(self) -> float:
        """How far the objective may be from the best, at least 0, money."""
        reached = (
            self.externality - self.bound if self.objective == "externality" else self.bound - self.welfare
        )
        return max(reached, 0.0)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("person", "without", "with", "own rate", "peers' rate", "pressure"))
        pressed, n = self.game.graph.indices, self.game.n
        force = np.bincount(pressed, self.pressure, minlength=n)
        rate = np.bincount(pressed, self.rewards, minlength=n)
        before = self.game.baseline
        moved = np.argsort(-self.less * self.game.harm_done, kind="stable")
        for i in moved[:_ROWS]:
            cells = (before[i], self.actions[i], self.subsidies[i], rate[i], force[i])
            table.add_row(str(self.game.graph.labels[i]), *(f"{x:,.4g}" for x in cells))
        if n > _ROWS:
            table.add_row(f"{n - _ROWS:,} more", *[""] * 5)
        was = self.externality_before
        saved = 1 - self.externality / was if was else 0.0
        return render(
            f"{_NAMES[self.mechanism].capitalize()} within a budget of {self.budget:g}",
            table,
            footer=(
                f"externality    {self.externality:,.6g} instead of {was:,.6g}: {100 * saved:.2f} % less",
                f"spent          {self.spent:,.5g}; subsidies for the same {self.cost_by_subsidies:,.5g}",
                f"pressure       costs {self.pressure_cost:,.5g} to exert and {self.burden:,.5g} to bear",
                f"welfare        {self.welfare:,.6g}",
                f"{self.objective:<15}is within {self.gap:.2g} of the best possible",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        names = ("rewards", "subsidies", "actions", "pressure")
        figures = (
            "budget",
            "spent",
            "externality",
            "externality_before",
            "pressure_cost",
            "burden",
            "welfare",
        )
        return {
            "mechanism": self.mechanism,
            "objective": self.objective,
            **{name: getattr(self, name).tolist() for name in names},
            **{name: getattr(self, name) for name in (*figures, "cost_by_subsidies", "bound", "gap")},
        }


def peer_rewards(
    game: PeerPressure,
    budget: float,
    *,
    mechanism: Mechanism = "peer",
    objective: Literal["externality", "welfare"] = "externality",
    rewarded: Literal["one", "all"] = "one",
    identity_cost: float = inf,
) -> PeerRewards:
    """Choose the rates that bring most within a budget.

    Parameters
    ----------
    game : PeerPressure
        The game.
    budget : float
        Most that may be paid, money, at least 0.
    mechanism : {"peer", "pigou", "both"}
        Pay peers for what those they press do less, or people for what they do less themselves, or for each person
        whichever is better.
    objective : {"externality", "welfare"}
        Make the externality least, or welfare greatest: what everybody enjoys, less externality and all costs of
        pressure, to exert and to bear.
    rewarded : {"one", "all"}
        For each person pay the peer that needs least, or every peer so much that it would press as far alone.
    identity_cost : float
        What it costs to make a fake identity that is taken for a peer, money, above 0: no number of them is to pay.
        Infinite: peers are known. People themselves always are, so that subsidies are not limited.

    Returns
    -------
    PeerRewards
        Its actions are what the game settles at under the rates.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    To bring person j from y down to x costs (sum c |u''(x)| - sum v) (y - x) in rewards to one peer or to all, and
    u'(x) (y - x) in subsidies. Both are convex and fall with x, for u''' and u'''' as they are here: with one way to
    move each person (pressure cost the same for all peers of a person, or all rewarded) the program is convex, and its
    Lagrangian, one bisection for each person inside one for the multiplier, solves it exactly. With several ways it
    gives the bound, and a design that spends the budget on the ways chosen next to the best multiplier.

    *Low budgets*. Where no peer presses unpaid, u'(y) = 0: the first unit less costs nothing in subsidies, but
    r(y) = min (c |u''(y)| - v) in rewards. So rewards bring more for low budgets only where r(y) = 0: where peers
    press unpaid, which makes u'(y) > 0, or are about to, if c (q + 1) < y. *High budgets*. For x below about c q,
    subsidies are cheaper, whatever the harm. Between, rewards to one peer cost less if c |u''(x)| - v < u'(x).

    *Fakes*. A fake that is taken for a peer of j, made by j, by a peer or by anybody, is paid r_j = max_i r_ij for each
    unit that j does less. No number of fakes pays if and only if r_j y_j <= kappa. If: with k fakes and whatever it
    does, their maker gets k r_j (y_j - x_j) - k kappa < k (r_j y_j - kappa) <= 0 more than by doing the same without
    fakes, which is at most what it gets now. Only if: otherwise some x > 0 has r_j (y_j - x) > kappa; a peer that
    presses j to that x gains k (r_j (y_j - x) - kappa) less an amount that does not depend on k, so many fakes pay.

    References
    ----------
    Mani, Rahwan and Pentland, "Inducing peer pressure to promote cooperation", Scientific Reports 3, 1735, 2013.
    Everett, "Generalized Lagrange multiplier method for solving problems of optimum allocation of resources",
    Operations Research 11, 1963.

    Examples
    --------
    >>> from mechanism import Graph
    >>> game = PeerPressure(Graph.from_edges(["bob"], ["ann"]), value=10.0, price=1.0, harm=0.1, pressure_cost=1.0)
    >>> plan = peer_rewards(game, 1.5)
    >>> plan.actions.round(6).tolist(), plan.rewards.round(6).tolist(), round(plan.cost_by_subsidies, 6)
    ([5.0, 10.0], [0.3], 5.0)
    """
    if not isinstance(game, PeerPressure):
        raise InvalidInputError("game", game, allowed="a PeerPressure game")
    for name, given, kinds in (
        ("mechanism", mechanism, get_args(Mechanism)),
        ("objective", objective, ("externality", "welfare")),
        ("rewarded", rewarded, ("one", "all")),
    ):
        if given not in kinds:
            raise InvalidInputError(name, given, allowed=f"one of {', '.join(kinds)}")
    money = _at_least_0("budget", budget)
    kappa = inf if identity_cost == inf else _at_least_0("identity_cost", identity_cost)
    welfare = objective == "welfare"
    moves = moves_of(
        game, mechanism=mechanism, counts_welfare=welfare, rewarded=rewarded, identity_cost=kappa
    )
    plan = least_loss(moves, money)
    person, arc = moves.person[plan.chosen], moves.arc[plan.chosen]
    subsidised = moves.by_subsidy[plan.chosen]
    wanted = game.baseline
    wanted[person] = plan.actions
    rewards, subsidies = np.zeros(game.graph.m), np.zeros(game.n)
    rates = game.reward_rates(wanted)
    rewards[arc[arc >= 0]] = rates[arc[arc >= 0]]
    everybody = np.isin(game.graph.indices, person[(arc < 0) & ~subsidised])
    rewards[everybody] = rates[everybody]
    subsidies[person[subsidised]] = game.marginal(wanted)[person[subsidised]]
    actions, pressure = game.settle(rewards=rewards, subsidies=subsidies)
    bound = float(moves.loss_before().sum()) + plan.bound
    result = PeerRewards(
        game=game,
        mechanism=mechanism,
        objective=objective,
        budget=money,
        rewards=_frozen(rewards),
        subsidies=_frozen(subsidies),
        actions=_frozen(actions),
        pressure=_frozen(pressure),
        bound=-bound if welfare else bound,
    )
    wrong = np.abs(actions - wanted) > _TOLERANCE * wanted
    if wrong.any() or result.spent > money * (1 + _TOLERANCE):
        raise SolveError("the rates that were found do not lead to the actions they are for", solution=result)
    return result


def _at_least_0(name: str, given: float) -> float:
    allowed = "a finite number of at least 0"
    value = float(number(given, argument=name, allowed=allowed))
    if value < 0:
        raise InvalidInputError(name, given, allowed=allowed)
    return value


def _frozen(array: Reals) -> Reals:
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, eq=False)
class BudgetCurve:
    """What budgets bring under each mechanism.

    Attributes
    ----------
    budgets : tuple of float
        The budgets, money.
    plans : dict of str to tuple of PeerRewards
        The best rates for each budget, by mechanism.
    """

    budgets: tuple[float, ...]
    plans: dict[Mechanism, tuple[PeerRewards, ...]]

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        columns = [name for one in self.plans for name in (_NAMES[one], "welfare")]
        table = plain_table(("budget", *columns, "pressure costs", "rewards bring more"), left=0)
        for place, budget in enumerate(self.budgets):
            here = {one: plans[place] for one, plans in self.plans.items()}
            cells = [f"{x:,.5g}" for plan in here.values() for x in (plan.externality, plan.welfare)]
            gain = here["pigou"].externality - here["peer"].externality
            sure = abs(gain) > _TOLERANCE * here["pigou"].externality_before
            better = ("yes" if gain > 0 else "no") if sure else "equal"
            table.add_row(f"{budget:g}", *cells, f"{here['peer'].pressure_cost:,.4g}", better)
        return render(
            "Externality under budgets, by who is paid",
            table,
            footer=(
                "welfare: what all enjoy, less externality, and pressure to exert and to bear.",
                "pressure costs: what the peers who are rewarded bear to press.",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {one: [plan.to_dict() for plan in plans] for one, plans in self.plans.items()}

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the externality that is left against the budget, for each mechanism; return the axes."""
        from solvers.plots import BLUE, GREEN, ORANGE, styled_axes

        looks = {"peer": (BLUE, "-", "o"), "pigou": (ORANGE, "--", "s"), "both": (GREEN, ":", "^")}
        with styled_axes(ax) as axes:
            for one, plans in self.plans.items():
                color, dash, marker = looks[one]
                share = [100 * plan.externality / plan.externality_before for plan in plans]
                axes.plot(
                    self.budgets, share, color=color, linestyle=dash, marker=marker, markersize=4,
                    label=_NAMES[one],
                )  # fmt: skip
            axes.set_xlabel("budget (money)")
            axes.set_ylabel("externality left (% of that without payments)")
            axes.legend()
        return axes


def budget_curve(
    game: PeerPressure,
    budgets: Sequence[float],
    *,
    objective: Literal["externality", "welfare"] = "externality",
    rewarded: Literal["one", "all"] = "one",
    identity_cost: float = inf,
) -> BudgetCurve:
    """Compare peer rewards, Pigouvian subsidies and the better of both for each person under common budgets.

    Parameters
    ----------
    game : PeerPressure
        The game; its externality above 0.
    budgets : sequence of float
        Budgets, money, at least 0, at least one.
    objective, rewarded, identity_cost
        As in `peer_rewards`.

    Returns
    -------
    BudgetCurve

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Examples
    --------
    >>> from mechanism import Graph
    >>> game = PeerPressure(Graph.from_edges(["bob"], ["ann"]), value=10.0, price=1.0, harm=0.1, pressure_cost=1.0)
    >>> curve = budget_curve(game, [0.5, 50.0])
    >>> [round(float(plan.actions[0]), 3) for name in ("peer", "pigou") for plan in curve.plans[name]]
    [6.446, 1.307, 8.0, 1.459]
    """
    amounts = tuple(_at_least_0(f"budgets[{place}]", budget) for place, budget in enumerate(budgets))
    if not amounts:
        raise InvalidInputError("budgets", budgets, allowed="at least one budget")
    plans: dict[Mechanism, tuple[PeerRewards, ...]] = {
        one: tuple(
            peer_rewards(
                game,
                budget,
                mechanism=one,
                objective=objective,
                rewarded=rewarded,
                identity_cost=identity_cost,
            )
            for budget in amounts
        )
        for one in get_args(Mechanism)
    }
    return BudgetCurve(amounts, plans)
