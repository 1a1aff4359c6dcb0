"""Regret: what a scheme loses if the truth is not what it was designed for, and which assumption matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign, Motives, Objective, PathTable
from mechanism.errors import InvalidInputError
from mechanism.objectives import Recruits
from mechanism.scenarios import assuming
from proofs import WithinBudget
from solvers.engine import Engine
from solvers.progress import Progress, Stages
from solvers.recruitment import Recruitment, measure, replicates_for, settle
from solvers.scheme_design import Design, DesignSearch
from solvers.seeds import Rng, seed_sequence
from solvers.worlds import Counts, Worlds

__all__ = ["Regret", "RegretRow", "regret", "stress", "sweep_motives"]

Reals = NDArray[np.float64]
Interval = tuple[float, float]
_BLOCKS = 32  # of worlds, for standard errors


@dataclass(frozen=True, slots=True, eq=False)
class RegretRow:
    """A scheme in a campaign that it was not designed for.

    Attributes
    ----------
    name : str
        The other campaign in a few words.
    kept : Recruitment
        The scheme there, on fresh worlds.
    redesigned : Design
        The scheme designed for it, on the same fresh worlds.
    regret, regret_stderr : float
        The objective, such as recruits, lost for want of that design, and the standard error of the paired
        difference given the beliefs.
    moved : float
        Largest difference of any reward between the two schemes, in shares of the prize.
    spent : float or None
        What a target costs there with the scheme as it is, in shares of the prize, under a budget on chances: more
        than the budget allows, if the campaign does better than was assumed.
    """

    name: str
    kept: Recruitment
    redesigned: Design
    regret: float
    regret_stderr: float
    moved: float
    spent: float | None

    @property
    def relative(self) -> float:
        """The regret as a share of what the other design reaches."""
        return self.regret / self.redesigned.value if self.redesigned.value else 0.0

    @property
    def mean_rewards(self) -> tuple[float, float, float]:
        """Mean reward of a finder, of its recruiter and of all above, by the other design, in shares of the prize.

        The means are over the finders of targets that are found, or over contributions; NaN if there are none.
        """
        found = self.redesigned.recruitment
        won = found.winners_by_depth if found.is_search else found.members_by_depth
        if not won.any():
            return float("nan"), float("nan"), float("nan")
        mean = won @ self.redesigned.scheme.table(len(won)) / won.sum()
        return float(mean[0]), float(mean[1:2].sum()), float(mean[2:].sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain Python values, ready for JSON."""
        return {
            "name": self.name,
            "kept": self.kept.to_dict(),
            "redesigned": self.redesigned.to_dict(),
            "regret": self.regret,
            "regret_stderr": self.regret_stderr,
            "moved": self.moved,
            "spent": self.spent,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Regret:
    """A scheme in several campaigns that it was not designed for.

    Attributes
    ----------
    scheme : PathTable
        The scheme.
    objective : Objective
        What it was designed for, and the regret is measured in.
    rows : tuple of RegretRow
        One per campaign.
    """

    scheme: PathTable
    objective: Objective
    rows: tuple[RegretRow, ...]

    def __str__(self) -> str:
        from solvers.tables import regret_table

        return regret_table(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "scheme": self.scheme.to_dict(),
            "objective": str(self.objective),
            "rows": [row.to_dict() for row in self.rows],
        }


def regret(
    found: Design,
    alternatives: Mapping[str, Campaign],
    *,
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Regret:
    """Compare a design with those for other campaigns: other costs, chances, motives, networks.

    Parameters
    ----------
    found : Design
        The design whose scheme is kept.
    alternatives : mapping from str to Campaign
        What may be true instead, by name; all of the same largest depth.
    effort, rng, engine, progress
        As in `design`.

    Returns
    -------
    Regret
        The greatest relative regret first.

    Raises
    ------
    InvalidInputError
        If there is no alternative, one has another largest depth, or the budget, an amount of money, does not pay
        the scheme there.

    Notes
    -----
    Each alternative is designed for under the same properties, objective and budget by climbing from the scheme
    itself, from effort 2 on from the best members of the known families too; so on the worlds of the search the
    regret is at least 0, unless the scheme spends more there than a budget on chances allows. On fresh worlds,
    common to both schemes, it is paired, and may come out negative within its error.
    """
    rows = _rows(found, alternatives, effort, rng, engine, progress)
    return Regret(found.scheme, found.objective, tuple(sorted(rows, key=lambda row: -row.relative)))


def _rows(
    found: Design,
    alternatives: Mapping[str, Campaign],
    effort: int,
    rng: Rng,
    engine: int | Engine | None,
    progress: Progress | None,
) -> list[RegretRow]:
    """Return the regret in each campaign, in their order, on the same seed."""
    if not isinstance(found, Design):
        raise InvalidInputError("found", found, allowed="a Design, such as design(...) returns")
    if not isinstance(alternatives, Mapping) or not alternatives:
        raise InvalidInputError("alternatives", alternatives, allowed="a mapping with at least one campaign")
    depth = found.scheme.longest
    for name, campaign in alternatives.items():
        if not isinstance(campaign, Campaign) or campaign.max_depth != depth:
            raise InvalidInputError(
                "alternatives", campaign, index=name, allowed=f"a Campaign of largest depth {depth}"
            )
        limit = found.budget.chain_limit(campaign.task)
        if limit < min(one.budget for one in found.properties if isinstance(one, WithinBudget)):
            raise InvalidInputError(
                "alternatives",
                f"{campaign.task}",
                index=name,
                allowed="a Campaign in which the budget pays the design",
            )
    seed = seed_sequence(rng)
    stages = Stages(progress, len(alternatives))
    rows = []
    for name, campaign in alternatives.items():
        search = DesignSearch(
            campaign, seed, effort=effort, engine=engine, budget=found.budget, objective=found.objective
        )
        rows.append(_row(name, found, search))
        stages.tick(name)
    return rows


def _row(name: str, found: Design, search: DesignSearch) -> RegretRow:
    """Return what a scheme loses in the campaign of a search."""
    table = found.scheme.table(found.scheme.longest)
    quiet = Stages(None, 0)
    rivals = search.rivals(found.properties, quiet) if search.effort > 1 else ()
    best = search.best(found.properties, rivals, quiet, neighbours=[table])
    kept = search.problem.at(table)
    if search.problem.is_affordable(kept) and kept.value >= best.value:
        best = kept
    replicates = replicates_for(best.equilibria[0])
    other = search.finish(best, found.properties, rivals, replicates=replicates)
    same, counts = _play(search, found.scheme, replicates)
    if isinstance(found.objective, Recruits):
        lost = (other.recruitment.sample - same.sample).astype(np.float64)
        mean, error = float(lost.mean()), float(lost.std(ddof=1) / np.sqrt(len(lost)))
    else:
        mean, error = _paired(search, counts, _play(search, other.scheme, replicates)[1])
    spending = search.problem.spending(0, counts, table.sum(axis=1))
    return RegretRow(
        name=name,
        kept=same,
        redesigned=other,
        regret=mean,
        regret_stderr=error,
        moved=float(np.abs(other.scheme.table(len(table)) - table).max()),
        spent=None if spending is None else spending.value,
    )


def _play(search: DesignSearch, scheme: PathTable, replicates: int) -> tuple[Recruitment, Counts]:
    """Return a scheme's equilibrium on the fresh worlds."""
    worlds = Worlds(search.campaign, search.fresh, engine=search.engine)
    equilibrium, stop = settle(worlds, scheme.table(search.campaign.max_depth), replicates=replicates)
    return measure(worlds, scheme, equilibrium, stop=stop), equilibrium.counts


def _paired(search: DesignSearch, kept: Counts, other: Counts) -> tuple[float, float]:
    """Return the objective lost, and by the jackknife over blocks of common worlds its standard error."""

    def lost(one: Counts, two: Counts) -> float:
        return search.problem.value(0, two) - search.problem.value(0, one)

    blocks = np.array_split(np.arange(len(kept.members)), min(_BLOCKS, len(kept.members)))
    left = [lost(kept.without(block), other.without(block)) for block in blocks]
    return lost(kept, other), float(np.std(left) * np.sqrt(len(left) - 1))


def stress(
    found: Design,
    campaign: Campaign,
    *,
    join: Interval | None = (0.5, 2.0),
    invite: Interval | None = (0.5, 2.0),
    find: Interval | None = (0.5, 2.0),
    contact: Interval | None = (0.75, 1.25),
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Regret:
    """Return the regret of a design where one assumption at a time is wrong by a factor.

    Parameters
    ----------
    found : Design
        The design whose scheme is kept.
    campaign : Campaign
        What was assumed.
    join, invite, find, contact : tuple of float, optional
        Smallest and largest factor of the two costs, of the chance to find and the chance to reach a contact, as in
        `mechanism.assuming`; None leaves one out.
    effort, rng, engine, progress
        As in `design`.

    Returns
    -------
    Regret
        Which assumption moves the answer: the greatest regret first.
    """
    intervals = {"join": join, "invite": invite, "find": find, "contact": contact}
    words = {
        "join": "cost of joining",
        "invite": "effort of inviting",
        "find": "P(find)",
        "contact": "P(contact)",
    }
    alternatives = {
        f"{words[name]} x {factor:g}": assuming(
            campaign,
            join=factor if name == "join" else 1.0,
            invite=factor if name == "invite" else 1.0,
            find=factor if name == "find" else 1.0,
            contact=factor if name == "contact" else 1.0,
        )
        for name, interval in intervals.items()
        if interval is not None
        for factor in interval
    }
    return regret(found, alternatives, effort=effort, rng=rng, engine=engine, progress=progress)


def sweep_motives(
    found: Design,
    campaign: Campaign,
    *,
    profit: Sequence[float] = (),
    charity: Sequence[float] = (),
    reciprocity: Sequence[float] = (),
    entertainment: Sequence[float] = (),
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Regret:
    """Return how the best scheme moves as one motive at a time takes other weights.

    Parameters
    ----------
    found : Design
        The design whose scheme is kept.
    campaign : Campaign
        What was assumed. The other motives keep their weights, person by person.
    profit, charity, reciprocity, entertainment : sequence of float
        Weights of a motive for everybody, as in `mechanism.Motives`; entertainment in money.
    effort, rng, engine, progress
        As in `design`.

    Returns
    -------
    Regret
        A row for each motive and weight, in this order.

    Raises
    ------
    InvalidInputError
        If no weight is given, or one is negative or not finite.
    """
    if not isinstance(campaign, Campaign):
        raise InvalidInputError("campaign", campaign, allowed="a Campaign")
    weights = {
        "profit": profit,
        "charity": charity,
        "reciprocity": reciprocity,
        "entertainment": entertainment,
    }
    if not any(map(len, weights.values())):
        raise InvalidInputError("profit", profit, allowed="weights, or those of another motive")
    alternatives = {
        f"{motive} {weight:g}": _moved_by(campaign, motive, weight)
        for motive, several in weights.items()
        for weight in several
    }
    rows = _rows(found, alternatives, effort, rng, engine, progress)
    return Regret(found.scheme, found.objective, tuple(rows))


def _moved_by(campaign: Campaign, motive: str, weight: float) -> Campaign:
    """Return a campaign in which a motive has another weight for everybody."""
    network = campaign.network
    names = ("profit", "charity", "reciprocity", "entertainment")
    old: dict[str, Any] = dict(zip(names, network.motives.weights.T, strict=True))
    return assuming(campaign, motives=Motives(**(old | {motive: weight})))
