"""An intervention in a linear-quadratic game: what it costs, what it brings, and how near it is to the best."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from mechanism import LinearQuadratic
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.numbers import number
from mechanism.vectors import Reals
from solvers.targeting_exact import Objective
from solvers.targeting_modes import Modes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Targeting"]

_OPTIMAL = 1e-6  # relative gap
_SHOWN = 10
_MOST_DOTS = 20_000
_METHODS = {
    "dense": "secular equation in all modes",
    "secular": "secular equation, conjugate gradients across the leading modes",
    "lanczos": "within the leading modes",
    "cone": "second-order cone program",
    "ascent": "best of several ascents",
}


@dataclass(frozen=True, slots=True, eq=False)
class Targeting:
    """An intervention in a linear-quadratic game under a budget.

    Attributes
    ----------
    system : LinearQuadratic
        The game without intervention.
    budget : float
        Most of sum_i price_i change_i^2.
    objective : {"welfare", "actions"}
        What is raised: the sum of payoffs, or of actions, in equilibrium.
    price : ndarray of float64, shape (n,)
        What the square of a person's change costs.
    change : ndarray of float64, shape (n,)
        What is added to everybody's standalone value.
    before, actions : ndarray of float64, shape (n,)
        Equilibrium actions without and with the intervention.
    value_before, value : float
        The objective there, computed from the actions.
    bound : float
        No intervention within the budget leads to more than this.
    bound_is_certified : bool
        Whether that is proved, but for the rounding of its last sum; else it rests on the leading eigenvalue that
        Lanczos iterations found.
    method : {"dense", "secular", "lanczos", "cone", "ascent"}
        How the intervention was found.
    shadow_price : float or None
        What a further unit of budget would add to the objective; None where it is not known.
    is_unique : bool or None
        False in the hard case: without a part of the standalone values along the leading mode, an intervention with the
        sign of that mode turned is as good. None where it is not known.
    modes : Modes or None
        Some leading modes of the game, in units in which the cost is a square; None where bounds bind.
    """

    system: LinearQuadratic
    budget: float
    objective: Objective
    price: Reals
    change: Reals
    before: Reals
    actions: Reals
    value_before: float
    value: float
    bound: float
    bound_is_certified: bool
    method: str
    shadow_price: float | None
    is_unique: bool | None
    modes: Modes | None

    @property
    def cost(self) -> float:
        """What the intervention costs, at most the budget but for rounding."""
        return float(self.price @ self.change**2)

    @property
    def gap(self) -> float:
        """By how much the bound exceeds the value, relative to the bound; below 0 by rounding alone."""
        return (self.bound - self.value) / (abs(self.bound) or 1.0)

    @property
    def is_optimal(self) -> bool:
        """Whether a certified bound leaves a relative gap of at most 10^-6."""
        return self.bound_is_certified and self.gap <= _OPTIMAL

    @property
    def cosine(self) -> float | None:
        """Cosine of the intervention with the leading mode, from 0 to 1; None without modes or change."""
        size = sqrt(self.cost)
        if self.modes is None or not size:
            return None
        return abs(float(self.modes.vectors[:, 0] @ (np.sqrt(self.price) * self.change))) / size

    @property
    def simple_value(self) -> float | None:
        """Welfare if the whole budget goes to the leading mode; None with bounds, or for the sum of actions."""
        if self.modes is None or self.objective != "welfare" or self.system.is_bounded:
            return None
        amplified = 1 / float(self.modes.values[0])
        part = abs(float(self.modes.vectors[:, 0] @ (np.sqrt(self.price) * self.system.standalone)))
        return self.value_before + amplified * (sqrt(self.budget) * part + self.budget / 2)

    @property
    def game(self) -> LinearQuadratic:
        """The game with the intervention."""
        system = self.system
        return LinearQuadratic(
            system.graph, system.standalone + self.change, interaction=system.interaction,
            lower=system.lower, upper=system.upper,
        )  # fmt: skip

    def simplicity(self, epsilon: float) -> float:
        """Return a budget above which the simple intervention, all on the leading mode, is nearly best for welfare.

        Parameters
        ----------
        epsilon : float
            In (0, 1).

        Returns
        -------
        float
            For every larger budget the welfare of the best intervention is below 1 + epsilon times that of the simple
            one, and their cosine above sqrt(1 - epsilon). Infinite if the two leading modes amplify alike.

        Raises
        ------
        InvalidInputError
            If epsilon is out of range.
        UnsupportedProblemError
            If bounds bind.

        Notes
        -----
        (2 |b|^2 / epsilon) (a_2 / (a_1 - a_2))^2, where a_l = 1 / s_l is what mode l amplifies squared actions by, and
        |b|^2 weighs standalone values by the prices. Beyond 500 people a_2 is what Lanczos iterations found.

        References
        ----------
        Galeotti, Golub and Goyal, "Targeting interventions in networks", Econometrica 88, 2020, proposition 2.
        """
        wanted = number(epsilon, argument="epsilon", allowed="a number in (0, 1)")
        if not 0 < wanted < 1:
            raise InvalidInputError("epsilon", epsilon, allowed="a number in (0, 1)")
        if self.modes is None or self.system.is_bounded:
            raise UnsupportedProblemError("how simple the best intervention is, is known without bounds only")
        if self.system.n == 1:
            return 0.0
        first, second = 1 / self.modes.values[:2]
        if first <= second:
            return inf
        size = float(self.price @ self.system.standalone**2)
        return float(2 * size / wanted * (second / (first - second)) ** 2)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("person", "standalone", "change", "action before", "after"))
        for person in np.argsort(-np.abs(self.change), kind="stable")[:_SHOWN]:
            numbers = (self.system.standalone, self.change, self.before, self.actions)
            table.add_row(str(self.system.graph.labels[person]), *(f"{one[person]:,.5g}" for one in numbers))
        if self.system.n > _SHOWN:
            table.add_row(f"{self.system.n - _SHOWN:,} more", "", "", "", "")
        ratio = f" (x {self.value / self.value_before:,.4g})" if self.value_before > 0 else ""
        kind = "certified" if self.bound_is_certified else "an estimate"
        found = "optimal" if self.is_optimal else "the best found"
        notes = [
            f"budget         {self.budget:,.6g}, spent {self.cost:,.6g}",
            f"{self.objective:<15}{self.value_before:,.6g} before, {self.value:,.6g} after{ratio}",
            f"bound          {self.bound:,.6g}, {kind}; gap {self.gap:.1e}: {found}",
        ]
        if self.cosine is not None:
            words = f"leading mode   cosine {self.cosine:.6f}"
            if self.simple_value is not None:
                words += f"; all of the budget on it gives {self.simple_value:,.6g}"
            notes.append(words)
        if self.is_unique is False:
            notes.append("not unique     the part along the leading mode may as well be turned round")
        notes.append(f"method         {_METHODS[self.method]}")
        return render(
            f"Intervention for {self.objective}: {self.system.n:,} people, {self.system.graph.m:,} arcs",
            table,
            footer=notes,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        names = (
            "budget", "objective", "method", "cost", "value_before", "value", "bound", "bound_is_certified", "gap",
            "shadow_price", "is_unique", "cosine", "simple_value",
        )  # fmt: skip
        arrays = {name: getattr(self, name).tolist() for name in ("price", "change", "before", "actions")}
        return {name: getattr(self, name) for name in names} | arrays

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw each person's change against the entry of the leading mode, or against the action before.

        Returns
        -------
        matplotlib.axes.Axes
            The line is the simple intervention, all of the budget on the leading mode. At most 20,000 people are drawn,
            evenly chosen.
        """
        from solvers.plots import BLUE, ORANGE, styled_axes

        shown = np.linspace(0, self.system.n - 1, min(self.system.n, _MOST_DOTS)).astype(np.int64)
        root = np.sqrt(self.price)
        with styled_axes(ax) as axes:
            if self.modes is None:
                place = self.before
                axes.set_xlabel("action without intervention")
            else:
                place = self.modes.vectors[:, 0] / root
                turned = -1.0 if (root * self.change) @ self.modes.vectors[:, 0] < 0 else 1.0
                ends = np.array([place.min(), place.max()])
                axes.plot(
                    ends,
                    turned * sqrt(self.budget) * ends,
                    "--",
                    color=ORANGE,
                    label="all on the leading mode",
                )
                axes.set_xlabel("entry of the leading mode")
            axes.plot(
                place[shown], self.change[shown], ".", color=BLUE, markersize=6, alpha=0.6, label="a person"
            )
            axes.set_ylabel("change of the standalone value")
            axes.set_title(f"budget {self.budget:,.6g}, {self.objective}", loc="left", fontsize=11)
            axes.legend()
            return axes
