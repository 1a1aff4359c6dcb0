"""What a scheme is designed for: scenarios in simulated worlds, an objective and a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechanism import Search
from mechanism.budgets import Budget, ExpectedBudget, TailBudget
from mechanism.errors import UnsupportedProblemError
from mechanism.objectives import AllFound, Mixture, Objective
from proofs import PathProperty, SybilProof
from solvers.fixed_point import Equilibrium, Profile, solve, solve_from
from solvers.spending import Spending, spend
from solvers.worlds import Counts, Worlds

__all__ = ["Candidate", "DesignProblem"]

Reals = NDArray[np.float64]
_TRIALS = 12
_ABOVE = 1e-9  # what a figure may exceed its budget by, for rounding


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A table with its equilibrium in every scenario.

    Attributes
    ----------
    table : ndarray of float64, shape (max_depth, max_depth)
        Rewards at [depth - 1, distance], in shares of the prize.
    equilibria : tuple of Equilibrium
        One per scenario.
    values : tuple of float
        The objective in each scenario.
    value : float
        What is maximised: their weighted mean, or the least.
    spent : float
        What a target costs under a budget on chances, in shares of the prize, or what contributions do, in shares
        of them: the weighted mean over the scenarios, or the most; 0 under other budgets.
    """

    table: Reals
    equilibria: tuple[Equilibrium, ...]
    values: tuple[float, ...]
    value: float
    spent: float

    @property
    def recruits(self) -> float:
        """Expected recruits in the first scenario."""
        return self.equilibria[0].recruits

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The decisions in every scenario."""
        return tuple(equilibrium.profile for equilibrium in self.equilibria)


@dataclass(frozen=True, slots=True, eq=False)
class DesignProblem:
    """The worlds, the objective and the budget of a search; which tables are admissible is another matter.

    Parameters
    ----------
    worlds : tuple of Worlds
        Those of every scenario, with common seeds.
    weights : tuple of float
        Chances of the scenarios.
    is_worst_case : bool
        Whether the worst scenario counts, for the objective and for the budget.
    objective : Objective
        What is to be large.
    budget : Budget
        What may be paid.
    replicates : int
        Worlds per simulation.

    Raises
    ------
    UnsupportedProblemError
        If the objective is to find targets and some scenario has none.
    """

    worlds: tuple[Worlds, ...]
    weights: tuple[float, ...]
    is_worst_case: bool
    objective: Objective
    budget: Budget
    replicates: int

    def __post_init__(self) -> None:
        searched = all(isinstance(worlds.campaign.task, Search) for worlds in self.worlds)
        if not searched and _is_about_targets(self.objective):
            raise UnsupportedProblemError(
                f"the objective is {self.objective}, but where members contribute there is nothing to find"
            )

    def check(self, properties: Sequence[PathProperty]) -> None:
        """Refuse properties of tables that do not say of the campaigns what they seem to.

        Raises
        ------
        UnsupportedProblemError
            If fake identities are to cost something and members contribute: the cost is paid once, however many
            contributions pass an identity, and a table bounds what is gained by each of them.
        """
        contributed = any(not isinstance(worlds.campaign.task, Search) for worlds in self.worlds)
        for one in properties:
            if contributed and isinstance(one, SybilProof) and one.identity_cost:
                raise UnsupportedProblemError(
                    f"{one} is a promise about one payment, but an identity serves for many contributions: "
                    "leave out the identity_cost"
                )

    @property
    def share(self) -> float | None:
        """The limit of a budget on chances; None for one on every chain."""
        if isinstance(self.budget, (ExpectedBudget, TailBudget)):
            return float(self.budget.share)
        return None

    def total(self, values: Sequence[float]) -> float:
        """Return the objective over all scenarios."""
        return min(values) if self.is_worst_case else float(np.dot(self.weights, values))

    def value(self, scenario: int, counts: Counts) -> float:
        """Return the objective in the worlds of a scenario."""
        task = self.worlds[scenario].campaign.task
        is_search = isinstance(task, Search)
        found = float((counts.wins.sum(axis=1) ** task.copies).mean()) if is_search else np.nan
        return self.objective.value(counts.members.mean(axis=0), found)

    def spending(self, scenario: int, counts: Counts, totals: Reals) -> Spending | None:
        """Return what a target costs in the worlds of a scenario, None under a budget on every chain."""
        worlds = self.worlds[scenario]
        task = worlds.campaign.task
        targets = task.targets if isinstance(task, Search) else None
        return spend(self.budget, counts, totals, targets=targets, key=worlds.key)

    def figures(self, scenario: int, totals: Reals) -> Callable[[Counts], Reals]:
        """Return the rule that gives objective and spending in played worlds."""

        def of(counts: Counts) -> Reals:
            spending = self.spending(scenario, counts, totals)
            return np.array([self.value(scenario, counts), spending.value if spending else 0.0])

        return of

    def at(
        self, table: Reals, *, starts: Sequence[Profile] | None = None, tolerance: float = 3e-4
    ) -> Candidate:
        """Return a table with its equilibria, searched from full participation or from given decisions."""
        found = [
            solve_from(worlds, table, replicates=self.replicates)
            if starts is None
            else solve(worlds, table, replicates=self.replicates, start=starts[scenario], tolerance=tolerance)
            for scenario, worlds in enumerate(self.worlds)
        ]
        totals = table.sum(axis=1)
        values = [self.value(scenario, one.counts) for scenario, one in enumerate(found)]
        spendings = [self.spending(scenario, one.counts, totals) for scenario, one in enumerate(found)]
        spent = [one.value if one else 0.0 for one in spendings]
        most = max(spent) if self.is_worst_case else float(np.dot(self.weights, spent))
        return Candidate(table, tuple(found), tuple(values), self.total(values), most)

    def fitted(self, table: Reals, least: Reals, *, starts: Sequence[Profile] | None = None) -> Candidate:
        """Return the table, or if it costs too much a mixture of it with the least one, with the equilibria.

        Parameters
        ----------
        table, least : ndarray of float64, shape (max_depth, max_depth)
            Two admissible tables; mixtures of them are admissible too.
        starts : sequence of Profile, optional
            First decisions in every scenario.

        Notes
        -----
        Participation, and so the chance that a chain is paid, rises with the rewards: what is spent falls faster
        than the share of the table in the mixture, and a few steps suffice.
        """
        found = self.at(table, starts=starts)
        share = self.share
        if share is None:
            return found
        mixed = 1.0
        for _ in range(_TRIALS):
            if found.spent <= share * (1 + _ABOVE):
                return found
            mixed *= share / found.spent * (1 - 1e-5)
            found = self.at(least + mixed * (table - least), starts=found.profiles)
        return found

    def exhausted(
        self,
        table: Reals,
        *,
        starts: Sequence[Profile] | None = None,
        tolerance: float = 3e-4,
    ) -> tuple[float, Candidate]:
        """Return the largest share of a table that is affordable, within .2 % of the budget, and the candidate.

        Notes
        -----
        Secant steps in logarithms of share and spending, from below once one is affordable.
        """
        found = self.at(table, starts=starts, tolerance=tolerance)
        share = self.share
        if share is None or found.spent <= share * (1 + _ABOVE):
            return 1.0, found
        part, slope = 1.0, 1.0
        best: tuple[float, Candidate] | None = None
        last: tuple[float, float] | None = None
        for _ in range(_TRIALS):
            if found.spent > 0:
                if last is not None and abs(np.log(part / last[0])) > 1e-9:
                    slope = max(float(np.log(found.spent / last[1]) / np.log(part / last[0])), 0.5)
                last = (part, found.spent)
            target = share * (1 - 5e-4)
            part = min(part * (target / found.spent) ** (1 / slope) if found.spent > 0 else 2 * part, 1.0)
            found = self.at(part * table, starts=found.profiles, tolerance=tolerance)
            if found.spent <= share * (1 + _ABOVE) and (best is None or part > best[0]):
                best = part, found
                if found.spent >= share * (1 - 2e-3):
                    break
        if best is None:
            return part, self.fitted(part * table, np.zeros_like(table), starts=found.profiles)
        return best

    def is_affordable(self, candidate: Candidate) -> bool:
        """Return whether a candidate keeps the budget on the worlds of the search."""
        return self.share is None or candidate.spent <= self.share * (1 + 10 * _ABOVE)


def _is_about_targets(objective: Objective) -> bool:
    """Return whether an objective depends on the chance to find targets."""
    if isinstance(objective, Mixture):
        return any(_is_about_targets(part) for _, part in objective.parts)
    return isinstance(objective, AllFound)
