"""Scheme design: the reward scheme that recruits most within the prize and cannot be gamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from mechanism.schemes import PathScheme, PathTable
from proofs import Property, SybilProof, Verdict, WithinBudget, verify
from solvers.climb import Candidate, climb
from solvers.engine import Engine
from solvers.equilibrium import Equilibrium, solve_from
from solvers.families import FAMILIES, Member, best_members
from solvers.recruitment import Recruitment, recruit
from solvers.reward_space import RewardSpace
from solvers.rounding import exactly_feasible
from solvers.seeds import Rng, child, seed_sequence
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Design", "DesignSearch", "Progress", "Stages", "design"]

Reals = NDArray[np.float64]
Start = tuple[float, Reals]
"""About how many a table recruits, and the table."""
Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all)."""

_SEARCH, _FRESH = 0, 1  # children of the seed: worlds to choose on, worlds to report on
_WORLDS = 512
_WORTH = 5e-4  # a longer table must recruit so much more to be tried further


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The best reward scheme found for a campaign, with its equilibrium and its proof.

    Attributes
    ----------
    scheme : PathTable
        Rewards in shares of the prize, exact rationals.
    epsilon : Fraction
        What a cheater may gain at most, relative to the honest reward.
    recruitment : Recruitment
        The equilibrium on fresh worlds, drawn after every choice had been made.
    verdicts : tuple of Verdict
        The proofs of what was asked for: sybil-proofness first, then the budget.
    rivals : tuple of Member
        Best member of each known family under the same constraints, on the worlds of the search.
    search_recruits : float
        Recruits on the worlds of the search: more than `recruitment.recruits` by how much the choice was
        fitted to them.
    """

    scheme: PathTable
    epsilon: Fraction
    recruitment: Recruitment
    verdicts: tuple[Verdict, ...]
    rivals: tuple[Member, ...] = field(repr=False)
    search_recruits: float

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
            "scheme": self.scheme.to_dict(),
            "recruitment": self.recruitment.to_dict(),
            "certificate": self.certificate,
        }


def design(
    campaign: Campaign,
    *,
    epsilon: float | Fraction = 0,
    subject_to: Sequence[Property] = (),
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Design:
    """Design the path table that recruits most, sybil-proof up to `epsilon` and within the prize.

    Parameters
    ----------
    campaign : Campaign
        Network, task, team and largest depth.
    epsilon : float or Fraction
        What a member may gain at most by splitting into fake identities, relative to its honest
        reward; 0 demands exact sybil-proofness. Shorthand for ``SybilProof(epsilon)``.
    subject_to : sequence of Property
        More properties: `SybilProof` (the strictest epsilon counts) and `WithinBudget` (always kept).
    effort : int
        1 takes some seconds on a network of 10,000 people; each step more doubles the worlds and adds starts.
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

    Notes
    -----
    The equilibrium is not concave in the rewards, so a local method climbs from several starts: the
    best member of every known family first. Each step measures how recruits and beliefs move with
    every decision (finite differences on common worlds), solves a convex program over tables and
    decisions, linearised through the fixed point, and is accepted if the real equilibrium on the real
    graph is better. Lengths that a step stops to pay do not come back by themselves, so the best table is
    tried again with one length more as long as that gains. The optimum is local: the comparison with
    the families is the gap known, not a bound.
    """
    allowed = _tightest(epsilon, subject_to)
    search = DesignSearch(campaign, rng, effort=effort, engine=engine)
    stages = Stages(progress, search.steps + 1)
    rivals = search.rivals(allowed, stages)
    best = search.best(allowed, search.starts(rivals), stages)
    result = search.finish(best, allowed, rivals)
    stages.done()
    return result


class DesignSearch:
    """The worlds and the effort shared by the designs of one campaign."""

    def __init__(self, campaign: Campaign, rng: Rng, *, effort: int, engine: int | Engine | None) -> None:
        if isinstance(effort, bool) or not isinstance(effort, (int, np.integer)) or effort < 1:
            raise InvalidInputError("effort", effort, allowed="an integer of at least 1")
        if not campaign.network.motives.is_profit_alone:
            raise UnsupportedProblemError(
                "schemes are designed for people who are moved by their own reward alone: leave motives out"
            )
        for name, cost in (("join", campaign.network.join), ("invite", campaign.network.invite)):
            if not cost.is_log_concave:
                raise UnsupportedProblemError(
                    f"schemes are designed for log-concave costs, and those to {name} are not: fit a distribution"
                )
        self.campaign = campaign
        self.effort = int(effort)
        self.engine = engine
        self.seed = seed_sequence(rng)
        self.worlds = Worlds(campaign, child(self.seed, _SEARCH), engine=engine)
        self.replicates = _WORLDS * 2 ** (self.effort - 1)
        self.steps = FAMILIES + self.effort
        self._met: dict[PathScheme, Equilibrium] = {}

    @property
    def fresh(self) -> np.random.SeedSequence:
        """The seed of the worlds to report on: the same for every scheme, never used in a choice."""
        return child(self.seed, _FRESH)

    def rivals(self, epsilon: Fraction, stages: Stages) -> tuple[Member, ...]:
        """Return the best member of each known family."""
        return best_members(
            self.worlds,
            epsilon=float(epsilon),
            replicates=self.replicates // 4,
            evaluations=8 + 4 * self.effort,
            met=self._met,
            tick=lambda: stages.tick(f"known families, epsilon {float(epsilon):g}"),
        )

    def starts(self, rivals: Sequence[Member]) -> list[Start]:
        """Return the rivals as starts for `best`."""
        depth = self.campaign.max_depth
        return [(member.equilibrium.recruits, member.scheme.table(depth)) for member in rivals]

    def best(self, epsilon: Fraction, starts: Sequence[Start], stages: Stages) -> Candidate:
        """Climb from the most promising starts; return the best exactly feasible table."""
        ranked = sorted(starts, key=lambda start: -start[0])[: self.effort]
        found = [self.climb_from(epsilon, table, stages) for _, table in ranked]
        return max(found, key=_recruits)

    def climb_from(self, epsilon: Fraction, table: Reals, stages: Stages) -> Candidate:
        """Climb from the feasible table next to a given one; return an exactly feasible table, not worse."""
        space = RewardSpace(self.campaign.max_depth, float(epsilon))
        best = self._climb(self._at(_exact(table, epsilon)), epsilon, space)
        while (longer := _longer(best.table)) is not None:
            found = self._climb(self._at(_exact(longer, epsilon)), epsilon, space)
            if found.recruits < (1 + _WORTH) * best.recruits:
                break
            best = found
        stages.tick(f"climbing, epsilon {float(epsilon):g}")
        return best

    def _climb(self, start: Candidate, epsilon: Fraction, space: RewardSpace) -> Candidate:
        """Climb and make the result exactly feasible; return the start if that was better."""
        found = climb(self.worlds, start, space, replicates=self.replicates)
        return max(self._at(_exact(found.table, epsilon)), start, key=_recruits)

    def _at(self, table: Reals) -> Candidate:
        """Return a table with its equilibrium, searched from full participation."""
        return Candidate(table, solve_from(self.worlds, table, replicates=self.replicates))

    def finish(
        self,
        best: Candidate,
        epsilon: Fraction,
        rivals: tuple[Member, ...],
        *,
        replicates: int | None = None,
    ) -> Design:
        """Make the scheme exact, prove it and measure it on fresh worlds."""
        scheme = PathTable(exactly_feasible(best.table, epsilon=epsilon))
        verdicts = (verify(scheme, SybilProof(epsilon)), verify(scheme, WithinBudget()))
        for verdict in verdicts:
            if verdict.holds is not True:
                raise SolveError(f"the designed scheme is not what was asked for: {verdict}", solution=scheme)
        fresh = recruit(self.campaign, scheme, replicates=replicates, rng=self.fresh, engine=self.engine)
        return Design(scheme, epsilon, fresh, verdicts, rivals, best.recruits)


def _longer(table: Reals) -> Reals | None:
    """Return the table with one length more that is paid, half as much as the one before; None at its end."""
    paid = int(np.count_nonzero(table.sum(axis=1)))
    if not 0 < paid < len(table):
        return None
    longer = table.copy()
    longer[paid] = table[paid - 1] / 2
    return longer


def _recruits(candidate: Candidate) -> float:
    return candidate.recruits


class Stages:
    """Progress over a known number of steps."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._count = 0

    def tick(self, stage: str) -> None:
        """Report one more step."""
        self._count += 1
        if self._progress:
            self._progress(stage, self._count, self._total)

    def done(self) -> None:
        """Report the end."""
        if self._progress:
            self._progress("done", self._total, self._total)


def _exact(table: Reals, epsilon: Fraction) -> Reals:
    """Return the exactly feasible table next to a table, in floating point again."""
    rows = exactly_feasible(table, epsilon=epsilon)
    return PathTable(rows).table(len(rows))


def _tightest(epsilon: float | Fraction, subject_to: Sequence[Property]) -> Fraction:
    """Return the smallest epsilon that is asked for."""
    allowed = SybilProof(epsilon).epsilon
    for index, wanted in enumerate(subject_to):
        if isinstance(wanted, SybilProof):
            allowed = min(allowed, wanted.epsilon)
        elif not isinstance(wanted, WithinBudget):
            raise UnsupportedProblemError(
                f"subject_to[{index}] is {wanted!r}, but the designer knows SybilProof and WithinBudget only"
            )
    return allowed
