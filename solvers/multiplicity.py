"""More than one equilibrium: what full participation leads to beside what low participation leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mechanism import Campaign
from mechanism.errors import InvalidInputError
from mechanism.schemes import PathScheme
from solvers.engine import Engine, Progress
from solvers.fixed_point import Profile, solve_from
from solvers.precision import Difference, Stop, check_replicates
from solvers.recruitment import Recruitment, Status, measure
from solvers.seeds import Rng, seed_sequence
from solvers.worlds import Worlds

__all__ = ["Equilibria", "equilibria"]

_GAP = 0.01
_SIGNS = 0.999_94  # four standard errors on both sides
_RELATIVE = 0.01
_MORE = 4
_VERDICTS = {
    True: "one equilibrium, as far as both searches tell",
    False: "two equilibria",
    None: "a search did not settle, nothing can be told",
}


@dataclass(frozen=True, slots=True, eq=False)
class Equilibria:
    """The equilibria that are reached from both ends.

    Attributes
    ----------
    high, low : Recruitment
        The equilibrium searched from full and from low participation (one in twenty), on the same worlds.
    differences : tuple of Difference
        By how much the first recruits more: on a quarter of the worlds and on all.
    is_unique : bool or None
        Whether the two count as one; they count as two if they differ in the same direction by more than 1 % of the
        recruits and by more than four standard errors, on a quarter of the worlds and on all. There may be others
        between them. None if a search did not settle, so that nothing can be told.
    """

    high: Recruitment
    low: Recruitment
    differences: tuple[Difference, Difference]
    is_unique: bool | None

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("searched from", "recruits", "s.e.", "depth", "P(found)", "gap"))
        for name, found in (("full participation", self.high), ("low participation", self.low)):
            table.add_row(
                name,
                f"{found.recruits:,.1f}",
                f"{found.recruits_stderr:.1f}",
                f"{found.mean_depth:.2f}",
                f"{found.found:.3f}" if found.is_search else "-",
                f"{found.gap:.2g}",
            )
        return render(
            f"Equilibria under {self.high.scheme.label}: {_VERDICTS[self.is_unique]}",
            table,
            footer=[f"difference     {difference}" for difference in self.differences],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {"high": self.high.to_dict(), "low": self.low.to_dict(), "is_unique": self.is_unique}


def equilibria(
    campaign: Campaign,
    scheme: PathScheme,
    *,
    replicates: int = 4096,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Equilibria:
    """Search the equilibrium from full and from low participation, and tell whether they differ.

    Where nobody takes part, beliefs are those of a person who joins all the same, the limit of vanishing
    participation: an empty depth fills if it pays to be the first there.

    Parameters
    ----------
    campaign : Campaign
        Network, task, team and largest depth.
    scheme : PathScheme
        Rewards.
    replicates : int
        Worlds, at least 8; the two are compared on a quarter of them and on all.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default.
    progress : callable, optional
        Called with (stage, worlds played, worlds in all).

    Returns
    -------
    Equilibria

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    Notes
    -----
    Four equilibria are computed: cost as of `recruit`, two and a half times.

    Examples
    --------
    >>> from mechanism import CostModel, Graph, IncentiveNetwork, Recursive, Search, TopDegree
    >>> star = Graph.from_edges([0] * 50, list(range(1, 51)))
    >>> network = IncentiveNetwork(star, contact=0.5, join=CostModel.exponential(mean=0.1),
    ...                            invite=CostModel.exponential(mean=0.1))
    >>> campaign = Campaign(network, Search(prize=100, find=0.01), team=TopDegree(1), max_depth=3)
    >>> equilibria(campaign, Recursive(1 / 2), replicates=512, rng=7).is_unique
    True
    """
    if not isinstance(scheme, PathScheme):
        raise InvalidInputError("scheme", scheme, allowed="a path scheme such as Recursive(1/2)")
    count = check_replicates(replicates)
    if count < 2 * _MORE:
        raise InvalidInputError("replicates", replicates, allowed=f"an integer of at least {2 * _MORE}")
    worlds = Worlds(campaign, seed_sequence(rng), engine=engine, progress=progress)
    table = scheme.table(campaign.max_depth)
    pairs: list[tuple[Recruitment, Recruitment]] = []
    for size in (count // _MORE, count):
        found = []
        for name, start in (("from full participation", None), ("from few", Profile.few(campaign.max_depth))):
            worlds.stage = name
            end = solve_from(worlds, table, replicates=size, start=start, gap=_GAP)
            found.append(measure(worlds, scheme, end, stop=Stop.REPLICATES))
        pairs.append((found[0], found[1]))
    gaps = [high.difference(low, confidence=_SIGNS) for high, low in pairs]
    return Equilibria(*pairs[-1], differences=(gaps[0], gaps[1]), is_unique=_is_unique(pairs, gaps))


def _is_unique(pairs: Sequence[tuple[Recruitment, Recruitment]], gaps: Sequence[Difference]) -> bool | None:
    """Return whether pairs of recruitments on more and more worlds show one equilibrium, None if they do not tell."""
    if any(found.status is not Status.CONVERGED for found in pairs[-1]):
        return None
    differ = all(
        gap.is_significant and abs(gap.mean) > _RELATIVE * max(high.recruits, low.recruits)
        for gap, (high, low) in zip(gaps, pairs, strict=True)
    )
    return not (differ and gaps[0].mean * gaps[1].mean > 0)
