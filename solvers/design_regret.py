"""Regret: what a scheme loses if the truth is not what it was designed for, and which assumption matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mechanism import Campaign, PathTable
from mechanism.errors import InvalidInputError
from mechanism.scenarios import assuming
from solvers.engine import Engine
from solvers.recruitment import Recruitment, replicates_for
from solvers.scheme_design import Design, DesignSearch, Progress, Stages
from solvers.seeds import Rng

__all__ = ["Regret", "RegretRow", "regret", "stress"]

Interval = tuple[float, float]


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
        Recruits lost for want of that design, and the standard error of the paired difference.
    moved : float
        Largest difference of any reward between the two schemes, in shares of the prize.
    """

    name: str
    kept: Recruitment
    redesigned: Design
    regret: float
    regret_stderr: float
    moved: float

    @property
    def relative(self) -> float:
        """The regret as a share of what the other design recruits."""
        return self.regret / self.redesigned.recruitment.recruits

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain Python values, ready for JSON."""
        return {
            "name": self.name,
            "kept": self.kept.to_dict(),
            "redesigned": self.redesigned.to_dict(),
            "regret": self.regret,
            "regret_stderr": self.regret_stderr,
            "moved": self.moved,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Regret:
    """A scheme in several campaigns that it was not designed for, the greatest relative regret first.

    Attributes
    ----------
    scheme : PathTable
        The scheme.
    rows : tuple of RegretRow
        One per campaign.
    """

    scheme: PathTable
    rows: tuple[RegretRow, ...]

    def __str__(self) -> str:
        from solvers.tables import regret_table

        return regret_table(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {"scheme": self.scheme.to_dict(), "rows": [row.to_dict() for row in self.rows]}


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

    Raises
    ------
    InvalidInputError
        If there is no alternative, or one has another largest depth.

    Notes
    -----
    Each alternative is designed for under the same properties, objective and budget by climbing from the scheme
    itself, so on the worlds of the search there is nothing to regret less than 0. On fresh worlds, common to both
    schemes, the regret is paired, and may come out negative within its error.
    """
    if not alternatives:
        raise InvalidInputError("alternatives", dict(alternatives), allowed="at least one campaign")
    depth = found.scheme.longest
    for name, campaign in alternatives.items():
        if not isinstance(campaign, Campaign) or campaign.max_depth != depth:
            raise InvalidInputError(
                "alternatives", campaign, index=name, allowed=f"a Campaign of largest depth {depth}"
            )
    stages = Stages(progress, len(alternatives))
    rows = []
    for name, campaign in alternatives.items():
        search = DesignSearch(
            campaign, rng, effort=effort, engine=engine, budget=found.budget, objective=found.objective
        )
        table = found.scheme.table(depth)
        kept = search.problem.at(table)
        best = max(
            kept,
            search.climb_from(found.properties, table, Stages(None, 0)),
            key=lambda one: one.value if search.problem.is_affordable(one) else -np.inf,
        )
        replicates = replicates_for(best.equilibria[0])
        other = search.finish(best, found.properties, (), replicates=replicates)
        same = search.finish(kept, found.properties, (), replicates=replicates).recruitment
        lost = other.recruitment.sample - same.sample
        rows.append(
            RegretRow(
                name,
                same,
                other,
                float(lost.mean()),
                float(lost.std(ddof=1) / np.sqrt(len(lost))),
                float(np.abs(other.scheme.table(depth) - table).max()),
            )
        )
        stages.tick(name)
    rows.sort(key=lambda row: -row.relative)
    return Regret(found.scheme, tuple(rows))


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
