"""Scheme design: the reward scheme that does most within a budget and cannot be gamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Budget, Campaign, Objective, Scenarios
from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import Number
from mechanism.schemes import PathScheme, PathTable
from proofs import PathProperty, Property, SybilProof, Verdict
from solvers.climb import climb
from solvers.design_problem import Candidate, DesignProblem
from solvers.design_properties import currency_unit, prove, wanted_properties
from solvers.engine import Engine
from solvers.families import FAMILIES, Member, best_members, scaled
from solvers.progress import Progress, Stages
from solvers.recruitment import Recruitment, measure, settle
from solvers.reward_space import RewardSpace
from solvers.rounding import exactly_feasible, least_table
from solvers.seeds import Rng, child, seed_sequence
from solvers.spending import Spending
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Design", "DesignSearch", "design"]

Reals = NDArray[np.float64]
_SEARCH, _FRESH = 0, 1  # children of the seed: worlds to choose on, worlds to report on
_WORLDS, _MOST_WORLDS = 512, 1024  # of the search at effort 1; more where they are small:
_WORK = 4_000_000  # people and arcs in all worlds of the search
_CALIBRATION = 8  # times as many worlds tell what a design costs under a budget on chances
_WORTH = 5e-4  # a longer table must gain so much more to be tried further
_CLIMBS = 2  # climbs more than effort
_BLOCKS = 32  # of worlds, for standard errors
_THRIFT = 1e-4  # by which a rounded table that costs too much is made smaller at a time


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The best reward scheme found for a campaign, with its equilibrium and its proofs.

    Attributes
    ----------
    scheme : PathTable
        Rewards in shares of the prize, exact rationals.
    properties : tuple of PathProperty
        What was asked for.
    objective : Objective
        What was maximised.
    budget : Budget
        What may be paid.
    recruitments : tuple of Recruitment
        The equilibrium in every scenario on fresh worlds, drawn after every choice had been made.
    value, value_stderr : float
        The objective on the fresh worlds, and its standard error given the beliefs.
    spending : tuple of Spending
        What a target costs in every scenario on the fresh worlds, under a budget on chances; else empty.
    verdicts : tuple of Verdict
        The proofs of what was asked for, in chains of every length where that holds, else in those of the campaign.
    rivals : tuple of Member
        Best member of each known family under the same constraints, on the worlds of the search.
    search_value : float
        The objective on the worlds of the search: more than `value` by how much the choice was fitted to them.
    search_recruits : float
        Recruits there, in the first scenario.
    """

    scheme: PathTable
    properties: tuple[PathProperty, ...]
    objective: Objective
    budget: Budget
    recruitments: tuple[Recruitment, ...]
    value: float
    value_stderr: float
    spending: tuple[Spending, ...]
    verdicts: tuple[Verdict, ...]
    rivals: tuple[Member, ...] = field(repr=False)
    search_value: float
    search_recruits: float

    @property
    def recruitment(self) -> Recruitment:
        """The equilibrium in the first scenario, on fresh worlds."""
        return self.recruitments[0]

    @property
    def epsilon(self) -> Fraction:
        """What a cheater may gain at most, relative to the honest reward, by the strictest demand."""
        return min(wanted.epsilon for wanted in self.properties if isinstance(wanted, SybilProof))

    @property
    def certificate(self) -> dict[str, Any]:
        """The certificate of all claims, as the checker reads it."""
        from proofs import certificate_of

        return certificate_of(self.verdicts)

    def __str__(self) -> str:
        from solvers.tables import design_table

        return design_table(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the rewards along the chain for each length; return the axes."""
        from solvers.plots import plot_rewards

        return plot_rewards(self.scheme, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "epsilon": str(self.epsilon),
            "properties": [wanted.to_dict() for wanted in self.properties],
            "objective": str(self.objective),
            "budget": str(self.budget),
            "value": self.value,
            "value_stderr": self.value_stderr,
            "spending": [{"value": one.value, "stderr": one.stderr} for one in self.spending],
            "scheme": self.scheme.to_dict(),
            "recruitment": self.recruitment.to_dict(),
            "scenarios": [one.to_dict() for one in self.recruitments[1:]],
            "certificate": self.certificate,
        }


def design(
    campaign: Campaign | Scenarios,
    *,
    epsilon: Number | None = None,
    subject_to: Sequence[Property] = (),
    budget: Budget | None = None,
    objective: Objective | None = None,
    unit: float | None = None,
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Design:
    """Design the path table that recruits most, or does best by another objective, under budget and constraints.

    Parameters
    ----------
    campaign : Campaign or Scenarios
        Network, task, team and largest depth; or several campaigns one of which is the true one.
    epsilon : float or Fraction, optional
        What a member may gain at most by splitting into fake identities, relative to its honest
        reward: shorthand for ``SybilProof(epsilon)`` in `subject_to`. By default 0, exact sybil-proofness, unless
        `subject_to` holds a `SybilProof`.
    subject_to : sequence of Property
        `SybilProof` (also with a cost or a number of identities), `CollusionProof`, `FinderShare`, `RecruiterShare`,
        `IndividualRationality`, `Monotone`, `RewardCap`, `SubtreeLocal`, `WithinBudget`.
    budget : Budget, optional
        What may be paid; by default the prize, whatever happens.
    objective : Objective, optional
        What is to be large; recruits by default.
    unit : float, optional
        Smallest unit of the currency, money above 0: all rewards are whole multiples of it.
    effort : int
        1 takes about a minute on a network of 15,000 people; each step more doubles the worlds and adds starts.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds of the search and, independent of them, those of the report.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Design

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    UnsupportedProblemError
        If `subject_to` holds a property that the designer does not know.
    SolveError
        If no table has all the properties, or a solver fails; the message says which.

    Notes
    -----
    The equilibrium is not concave in the rewards, so a local method climbs from several starts: the
    best member of every known family first. Each step measures how objective, spending and beliefs move with
    every decision (finite differences on common worlds), solves a convex program over tables and
    decisions, linearised through the fixed point, and is accepted if the real equilibrium on the real
    graph is better and affordable. Lengths that a step stops to pay do not come back by themselves, so the best
    table is tried again with one length more as long as that gains. The optimum is local: the comparison with
    the families is the gap known, not a bound. Costs that are not log-concave are designed for with their least
    log-concave majorant; the equilibria are those of the costs themselves.
    """
    search = DesignSearch(
        campaign, rng, effort=effort, engine=engine, budget=budget, objective=objective, unit=unit
    )
    wanted = wanted_properties(epsilon, subject_to, search.chain_limit)
    stages = Stages(progress, search.steps + 1)
    rivals = search.rivals(wanted, stages)
    best = search.best(wanted, rivals, stages)
    result = search.finish(best, wanted, rivals)
    stages.done()
    return result


class DesignSearch:
    """The worlds, the objective, the budget and the effort shared by the designs of one campaign."""

    def __init__(
        self,
        campaign: Campaign | Scenarios,
        rng: Rng,
        *,
        effort: int,
        engine: int | Engine | None,
        budget: Budget | None = None,
        objective: Objective | None = None,
        unit: float | None = None,
    ) -> None:
        if isinstance(effort, bool) or not isinstance(effort, (int, np.integer)) or effort < 1:
            raise InvalidInputError("effort", effort, allowed="an integer of at least 1")
        if not isinstance(campaign, (Campaign, Scenarios)):
            raise InvalidInputError("campaign", campaign, allowed="a Campaign or Scenarios")
        self.scenarios = Scenarios([campaign]) if isinstance(campaign, Campaign) else campaign
        self.budget = Budget.worst_case() if budget is None else budget
        if not isinstance(self.budget, Budget):
            raise InvalidInputError("budget", budget, allowed="a budget such as Budget.expected(0.5)")
        aim = Objective.recruits() if objective is None else objective
        if not isinstance(aim, Objective):
            raise InvalidInputError(
                "objective", objective, allowed="an objective such as Objective.recruits()"
            )
        self.campaign = self.scenarios.campaigns[0]
        self.chain_limit = min(self.budget.chain_limit(one.task) for one in self.scenarios.campaigns)
        self.unit = None if unit is None else currency_unit(unit, self.scenarios)
        self.effort = int(effort)
        self.engine = engine
        self.seed = seed_sequence(rng)
        worlds = tuple(
            Worlds(one, child(self.seed, _SEARCH), engine=engine) for one in self.scenarios.campaigns
        )
        self.problem = DesignProblem(
            worlds,
            self.scenarios.weights,
            self.scenarios.criterion == "worst",
            aim,
            self.budget,
            _worlds(self.scenarios) * 2 ** (self.effort - 1),
        )
        self._sketch = replace(self.problem, replicates=self.problem.replicates // 4)
        self.climbs = _CLIMBS + self.effort
        self.steps = FAMILIES + self.climbs
        self._met: dict[PathScheme, Member] = {}
        self._measured: dict[PathScheme, Member] = {}

    @property
    def fresh(self) -> np.random.SeedSequence:
        """The seed of the worlds to report on: the same for every scheme, never used in a choice."""
        return child(self.seed, _FRESH)

    def rivals(self, wanted: tuple[PathProperty, ...], stages: Stages) -> tuple[Member, ...]:
        """Return the best member of each known family."""
        self.problem.check(wanted)
        sketched = best_members(
            self._sketch,
            RewardSpace(self.campaign.max_depth, wanted),
            evaluations=8 + 4 * self.effort,
            met=self._met,
            tick=lambda: stages.tick(f"known families, {_words(wanted)}"),
        )
        for member in sketched:  # on all worlds of the search, so that they compare with the design
            if member.scheme not in self._measured:
                self._measured[member.scheme] = self._whole(member)
        members = (replace(self._measured[member.scheme], family=member.family) for member in sketched)
        return tuple(sorted(members, key=lambda member: -member.value))

    def _whole(self, member: Member) -> Member:
        """Return a member with its equilibria on all worlds, made smaller where it costs too much there."""
        depth = self.campaign.max_depth
        table = member.scheme.table(depth)
        part, found = self.problem.exhausted(table, starts=member.candidate.profiles)
        if part == 1.0:
            return replace(member, candidate=found)
        smaller = scaled(member.scheme, part, depth)
        return Member(member.family, smaller, self.problem.at(smaller.table(depth), starts=found.profiles))

    def best(
        self,
        wanted: tuple[PathProperty, ...],
        rivals: Sequence[Member],
        stages: Stages,
        *,
        neighbours: Sequence[Reals] = (),
    ) -> Candidate:
        """Climb from designs under other demands and from the best rivals; return the best candidate met.

        Where all of these pay finders alone, first from a table that pays as many others as it may.
        """
        starts = [*neighbours, *(member.candidate.table for member in rivals)]
        depth = self.campaign.max_depth
        if not any(table[:, 1:].any() for table in starts):
            least_table(depth, wanted)  # says so if no table is admissible
            starts.insert(0, RewardSpace(depth, wanted).widest())
        tables = starts[: self.climbs]
        found = [self.climb_from(wanted, table, stages) for table in tables]
        for _ in range(self.climbs - len(tables)):
            stages.tick(f"climbing, {_words(wanted)}")
        found += [member.candidate for member in rivals if self.problem.is_affordable(member.candidate)]
        return max(found, key=_value)

    def climb_from(self, wanted: tuple[PathProperty, ...], table: Reals, stages: Stages) -> Candidate:
        """Climb from the admissible table next to a given one; return an exactly admissible one, not worse."""
        self.problem.check(wanted)
        depth = self.campaign.max_depth
        space = RewardSpace(depth, wanted)
        least = _floats(least_table(depth, wanted), depth)
        best = self._climb(self._near(table, space, least), space, least)
        while (longer := _longer(best.table)) is not None:
            found = self._climb(self._near(longer, space, least), space, least)
            if found.value < best.value + _WORTH * abs(best.value):
                break
            best = found
        stages.tick(f"climbing, {_words(wanted)}")
        return best

    def _near(self, table: Reals, space: RewardSpace, least: Reals) -> Candidate:
        """Return an exactly admissible and affordable table next to a given one, with its equilibria."""
        try:
            near = self._exact(table, space)
        except SolveError:
            near = self._exact(space.nearest(table), space)
        found = self.problem.fitted(near, least)
        if not self.problem.is_affordable(found):
            found = self.problem.at(least)
        if not self.problem.is_affordable(found):
            cost, share = found.spent, self.problem.share
            raise SolveError(
                f"what is asked for costs {cost:.4g} of a prize at the least, more than the budget of {share:g}: "
                f"allow more, or ask for less"
            )
        return found

    def _climb(self, start: Candidate, space: RewardSpace, least: Reals) -> Candidate:
        """Climb and make the result exactly admissible; return the start if that was better."""
        found = climb(self.problem, start, space, least)
        near = self.problem.fitted(self._exact(found.table, space), least)
        return max(near, start, key=_value) if self.problem.is_affordable(near) else start

    def _exact(self, table: Reals, space: RewardSpace) -> Reals:
        """Return the exactly admissible table next to a table, in floating point again."""
        return _floats(exactly_feasible(table, space.properties), len(table))

    def finish(
        self,
        best: Candidate,
        wanted: tuple[PathProperty, ...],
        rivals: tuple[Member, ...],
        *,
        replicates: int | None = None,
    ) -> Design:
        """Make the scheme exact, prove it and measure it on fresh worlds."""
        scheme = PathTable(self.exact_rows(self._calibrated(best, wanted), wanted))
        verdicts = tuple(prove(scheme, one, self.campaign.max_depth) for one in wanted)
        problem, table = self.problem, scheme.table(self.campaign.max_depth)
        recruitments, counts = [], []
        for campaign in self.scenarios.campaigns:
            worlds = Worlds(campaign, self.fresh, engine=self.engine)
            equilibrium, stop = settle(worlds, table, replicates=replicates)
            replicates = len(equilibrium.counts.members)  # the same worlds in every scenario
            recruitments.append(measure(worlds, scheme, equilibrium, stop=stop))
            counts.append(equilibrium.counts)
        totals = table.sum(axis=1)
        spendings = [problem.spending(scenario, one, totals) for scenario, one in enumerate(counts)]
        values = [problem.value(scenario, one) for scenario, one in enumerate(counts)]
        blocks = np.array_split(np.arange(len(counts[0].members)), min(_BLOCKS, len(counts[0].members)))
        left = [
            problem.total([problem.value(k, one.without(block)) for k, one in enumerate(counts)])
            for block in blocks
        ]
        return Design(
            scheme=scheme,
            properties=wanted,
            objective=problem.objective,
            budget=self.budget,
            recruitments=tuple(recruitments),
            value=problem.total(values),
            value_stderr=float(np.std(left) * np.sqrt(len(left) - 1)),
            spending=tuple(one for one in spendings if one is not None),
            verdicts=verdicts,
            rivals=rivals,
            search_value=best.value,
            search_recruits=best.recruits,
        )

    def _calibrated(self, best: Candidate, wanted: tuple[PathProperty, ...]) -> Candidate:
        """Return a candidate that keeps a budget on chances in more worlds than it was chosen on."""
        if self.problem.share is None:
            return best
        precise = replace(self.problem, replicates=_CALIBRATION * self.problem.replicates)
        least = _floats(least_table(self.campaign.max_depth, wanted), self.campaign.max_depth)
        return precise.fitted(best.table, least, starts=best.profiles)

    def exact_rows(self, best: Candidate, wanted: tuple[PathProperty, ...]) -> list[list[Fraction]]:
        """Return the exact rewards, in the unit of the currency if there is one, within the budget."""
        if self.unit is None:
            return exactly_feasible(best.table, wanted)
        shrink = 1.0
        while True:
            rows = exactly_feasible(shrink * best.table, wanted, unit=self.unit)
            if self.problem.share is None:
                return rows
            found = self.problem.at(_floats(rows, len(best.table)), starts=best.profiles)
            if self.problem.is_affordable(found) or shrink < 0.5:
                return rows
            shrink *= 1 - _THRIFT


def _worlds(scenarios: Scenarios) -> int:
    """Return how many worlds a search takes at effort 1: powers of two."""
    size = max(campaign.network.graph.n + campaign.network.graph.m for campaign in scenarios.campaigns)
    worlds = _WORLDS
    while worlds < _MOST_WORLDS and 2 * worlds * size <= _WORK:
        worlds *= 2
    return worlds


def _longer(table: Reals) -> Reals | None:
    """Return the table with one length more that is paid, half as much as the one before; None at its end."""
    paid = int(np.count_nonzero(table.sum(axis=1)))
    if not 0 < paid < len(table):
        return None
    longer = table.copy()
    longer[paid] = table[paid - 1] / 2
    return longer


def _value(candidate: Candidate) -> float:
    return candidate.value


def _words(wanted: tuple[PathProperty, ...]) -> str:
    """Return the first demand in words, for the progress."""
    return str(wanted[0])


def _floats(rows: Sequence[Sequence[Fraction]], depth: int) -> Reals:
    return PathTable(rows).table(depth)
