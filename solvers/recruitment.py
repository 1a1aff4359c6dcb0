"""The recruitment game on a real network: who joins, who recruits, what is paid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign, Search
from mechanism.errors import InvalidInputError
from mechanism.schemes import PathScheme
from solvers.engine import Engine, Progress
from solvers.fixed_point import Equilibrium, solve, solve_from
from solvers.precision import (
    Difference,
    Stop,
    check_precision,
    check_replicates,
    paired_difference,
    worlds_wanted,
)
from solvers.seeds import Rng, seed_sequence
from solvers.timeline import Timeline, timeline
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Recruitment", "Status", "recruit"]

_PILOT = 128  # worlds that tell how many are needed
_RELATIVE_STDERR = 0.002
_MOST_REPLICATES = 100_000
_LEAST_REPLICATES = 256
_GAP = 0.01
_SLACK = 1.25  # a miss of the precision by less is not worth another search


class Status(Enum):
    """How the search for the equilibrium ended; the value is the message."""

    CONVERGED = "the decisions are best responses to what they lead to"
    NOT_CONVERGED = "the decisions did not settle: `gap` says how far from a best response they are"
    INTERRUPTED = "interrupted: the best decisions met until then"


@dataclass(frozen=True, slots=True, eq=False)
class Recruitment:
    """Equilibrium of a campaign under one reward scheme.

    Attributes
    ----------
    scheme : PathScheme
        The reward scheme.
    prize : float
        Money of which payouts are shares: the prize per target, or where members contribute the contribution of each.
    targets : int or None
        Number of targets; None where members contribute.
    replicates : int
        Simulated worlds.
    recruits, recruits_stderr : float
        Expected members, the team excluded, and its standard error given the beliefs; where crowding makes
        people hold back after lucky worlds, equilibria on other worlds scatter less than this.
    members_by_depth : ndarray of float64, shape (max_depth,)
        Expected members at depth d, at index d - 1.
    mean_depth : float
        Mean depth of a member; NaN if nobody joins.
    max_depth : int
        Largest depth reached in any world.
    winners_by_depth : ndarray of float64, shape (max_depth,)
        Chance that the winner of a given target stands at depth d, at index d - 1; zeros where members contribute.
    found, found_stderr : float
        Chance that a given target is found, and its standard error; NaN where members contribute.
    payout, payout_std : float
        Mean and standard deviation of what is paid for one target, in shares of its prize, or for all contributions
        of a run together, in shares of one contribution.
    join : ndarray of float64, shape (max_depth,)
        Equilibrium chance that a person asked to join at depth d accepts, at index d - 1; the mean over people
        where motives differ.
    invite : ndarray of float64, shape (max_depth,)
        Equilibrium chance that a member of depth d makes a given invitation, at index d - 1.
    gap : float
        Largest distance of any of these chances from a best response. At depths that hardly any world
        reaches, beliefs rest on few members and the gap on noise.
    status : Status
        Whether the equilibrium was reached.
    sample : ndarray of int64, shape (replicates,)
        Recruits world by world: recruitments with the same `rng` and `replicates` met the same worlds,
        so that their differences can be paired (`difference`).
    world_key : tuple of int
        Names the worlds.
    stop : Stop
        Why no more worlds were played.
    timeline : Timeline or None
        The campaign by the clock, if it has a response time.
    """

    scheme: PathScheme
    prize: float
    targets: int | None
    replicates: int
    recruits: float
    recruits_stderr: float
    members_by_depth: NDArray[np.float64]
    mean_depth: float
    max_depth: int
    winners_by_depth: NDArray[np.float64]
    found: float
    found_stderr: float
    payout: float
    payout_std: float
    join: NDArray[np.float64]
    invite: NDArray[np.float64]
    gap: float
    status: Status
    sample: NDArray[np.int64] = field(repr=False)
    world_key: tuple[int, int] = field(repr=False)
    stop: Stop
    timeline: Timeline | None = None

    @property
    def is_search(self) -> bool:
        """Whether targets are searched; else members contribute."""
        return self.targets is not None

    @property
    def paid_share(self) -> float:
        """Expected share that is paid of a prize, or of all contributions together (NaN if nobody contributes)."""
        if self.is_search:
            return self.payout
        return self.payout / self.recruits if self.recruits else float("nan")

    @property
    def depth_distribution(self) -> NDArray[np.float64]:
        """Share of all recruits that stand at depth d, at index d - 1; NaN if there are none."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.members_by_depth / self.members_by_depth.sum())

    @property
    def size_distribution(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Numbers of recruits that occurred, increasing, and the share of the worlds with each."""
        sizes, worlds = np.unique(self.sample, return_counts=True)
        return sizes, np.asarray(worlds / self.replicates, dtype=np.float64)

    @property
    def payout_distribution(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Amounts that are paid for one target, in shares of its prize, increasing from 0, and their chances.

        Of contributions, what is paid for one of them, in shares of it, and the shares of the contributions for which
        it is; NaN if there are none.
        """
        paid = np.append(0.0, self.scheme.table(len(self.winners_by_depth)).sum(axis=1))
        amounts, place = np.unique(paid, return_inverse=True)
        if self.is_search:
            weights = np.append(1.0 - self.found, self.winners_by_depth)
        else:
            weights = np.append(0.0, self.depth_distribution)
        return amounts, np.asarray(np.bincount(place.ravel(), weights=weights), dtype=np.float64)

    def difference(self, other: Recruitment, *, confidence: float = 0.95) -> Difference:
        """Return by how much this scheme recruits more than another in the same worlds.

        Raises
        ------
        InvalidInputError
            If the two did not meet the same worlds: use one `rng` for both.
        """
        if not isinstance(other, Recruitment) or other.world_key != self.world_key:
            raise InvalidInputError(
                "other", "other worlds", allowed="a recruitment with the same rng", verb="met"
            )
        return paired_difference(self.sample, other.sample, confidence=confidence)

    def __str__(self) -> str:
        from solvers.tables import recruitment_table

        return recruitment_table(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the members by depth; return the axes."""
        from solvers.plots import plot_members_by_depth

        return plot_members_by_depth(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "scheme": self.scheme.to_dict(),
            "prize": self.prize,
            "targets": self.targets,
            "replicates": self.replicates,
            "recruits": self.recruits,
            "recruits_stderr": self.recruits_stderr,
            "members_by_depth": self.members_by_depth.tolist(),
            "mean_depth": self.mean_depth,
            "max_depth": self.max_depth,
            "found": self.found if self.is_search else None,
            "found_stderr": self.found_stderr if self.is_search else None,
            "payout": self.payout,
            "payout_std": self.payout_std,
            "join": self.join.tolist(),
            "invite": self.invite.tolist(),
            "gap": self.gap,
            "status": self.status.name.lower(),
            "winners_by_depth": self.winners_by_depth.tolist(),
            "stop": self.stop.name.lower(),
            "timeline": None if self.timeline is None else self.timeline.to_dict(),
        }


def recruit(
    campaign: Campaign,
    scheme: PathScheme,
    *,
    replicates: int | None = None,
    precision: float | None = None,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Recruitment:
    """Find the equilibrium of the recruitment game and measure it.

    Members know their depth and what joining and inviting there leads to on average; they join and
    invite when that is worth their private cost. The equilibrium is searched from full
    participation, on the same worlds in every round.

    Parameters
    ----------
    campaign : Campaign
        Network, task, team and largest depth.
    scheme : PathScheme
        Rewards; chains longer than the campaign's largest depth do not occur.
    replicates : int, optional
        Simulated worlds, at least 2; by default as many as `precision` asks for (256 to 100,000).
    precision : float, optional
        Wanted standard error of the recruits, relative to them; 0.002 by default. Not with `replicates`.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. The result does not depend on it.
    progress : callable, optional
        Called with (stage, worlds played, worlds in all).

    Returns
    -------
    Recruitment
        After an interrupt from the keyboard, of the best decisions met until then (``status`` says so).

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    Cost: 10 to 20 rounds of `replicates` simulations, each a coin per arc that leaves a member.
    Beliefs are by depth, one member's effect on the totals is neglected, and the value of joining is gross of
    the effort of later invitations.

    Examples
    --------
    >>> from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Recursive, Search, TopDegree
    >>> star = Graph.from_edges([0] * 50, list(range(1, 51)))
    >>> network = IncentiveNetwork(star, contact=0.5, join=CostModel.exponential(mean=0.1),
    ...                            invite=CostModel.exponential(mean=0.1))
    >>> campaign = Campaign(network, Search(prize=100, find=0.01), team=TopDegree(1), max_depth=3)
    >>> result = recruit(campaign, Recursive(1 / 2), rng=7)
    >>> 20 < result.recruits < 30 and result.max_depth == 1
    True
    """
    if not isinstance(scheme, PathScheme):
        raise InvalidInputError("scheme", scheme, allowed="a path scheme such as Recursive(1/2)")
    if replicates is not None and precision is not None:
        raise InvalidInputError("precision", precision, allowed="left out where replicates are given")
    wanted = _RELATIVE_STDERR if precision is None else check_precision(precision)
    if replicates is not None:
        check_replicates(replicates)
    worlds = Worlds(campaign, seed_sequence(rng), engine=engine, progress=progress)
    final, stop = settle(worlds, scheme.table(campaign.max_depth), replicates=replicates, precision=wanted)
    return measure(worlds, scheme, final, stop=stop)


def settle(
    worlds: Worlds,
    table: NDArray[np.float64],
    *,
    replicates: int | None = None,
    precision: float = _RELATIVE_STDERR,
) -> tuple[Equilibrium, Stop]:
    """Return the equilibrium on so many worlds, or on as many as the precision asks for, and why not more."""
    if replicates is not None:
        final = solve_from(worlds, table, replicates=replicates, gap=_GAP, interruptible=True)
        return final, Stop.REPLICATES
    pilot = solve_from(worlds, table, replicates=_PILOT, interruptible=True)
    if pilot.interrupted:
        return pilot, Stop.INTERRUPTED
    count = replicates_for(pilot, relative_stderr=precision)
    final = solve_from(worlds, table, replicates=count, gap=_GAP, interruptible=True)
    while not final.interrupted:
        count, stop = worlds_wanted(
            final.counts.members.sum(axis=1),
            precision * _SLACK,
            least=_LEAST_REPLICATES,
            most=_MOST_REPLICATES,
        )
        if count == len(final.counts.members):
            return final, stop
        final = _again(worlds, table, final, count)
    return final, Stop.INTERRUPTED


def _again(worlds: Worlds, table: NDArray[np.float64], before: Equilibrium, count: int) -> Equilibrium:
    """Return the equilibrium on more worlds, searched from the one on fewer."""
    try:
        return solve(worlds, table, replicates=count, start=before.profile, gap=_GAP, interruptible=True)
    except KeyboardInterrupt:
        return replace(before, interrupted=True)


def replicates_for(pilot: Equilibrium, *, relative_stderr: float = _RELATIVE_STDERR) -> int:
    """Return how many worlds bring the recruits to a relative standard error."""
    recruits = pilot.counts.members.sum(axis=1)
    if recruits.mean() == 0:
        return _LEAST_REPLICATES
    wanted = (recruits.std(ddof=1) / (relative_stderr * recruits.mean())) ** 2
    return int(np.clip(np.ceil(wanted), _LEAST_REPLICATES, _MOST_REPLICATES))


def measure(worlds: Worlds, scheme: PathScheme, equilibrium: Equilibrium, *, stop: Stop) -> Recruitment:
    """Return the result that the worlds of an equilibrium show."""
    campaign = worlds.campaign
    members = equilibrium.counts.members
    replicates = len(members)
    sample = members.sum(axis=1)
    by_depth = members.mean(axis=0)
    task, stakes = campaign.task, equilibrium.counts.wins
    paid = scheme.table(campaign.max_depth).sum(axis=1)
    payout = float(stakes.mean(axis=0) @ paid)
    if isinstance(task, Search):
        by_winner, found = stakes.mean(axis=0), stakes.sum(axis=1)
        variance = float(by_winner @ paid**2) - payout**2
    else:  # all contributions are paid for, so only what is contributed is by chance
        by_winner, found = np.zeros(campaign.max_depth), np.full(replicates, np.nan)
        variance = float((stakes @ paid).var(ddof=1))
    depths = np.arange(1, campaign.max_depth + 1)
    root = np.sqrt(replicates)
    by_clock = None
    if campaign.response is not None and not equilibrium.interrupted:
        by_clock = timeline(worlds, equilibrium.profile, replicates=replicates)
    return Recruitment(
        scheme=scheme,
        prize=task.stake,
        targets=task.targets if isinstance(task, Search) else None,
        replicates=replicates,
        recruits=float(by_depth.sum()),
        recruits_stderr=float(sample.std(ddof=1) / root),
        members_by_depth=_frozen(by_depth),
        mean_depth=float(depths @ by_depth / by_depth.sum()) if by_depth.any() else float("nan"),
        max_depth=int(np.count_nonzero(by_depth)),
        winners_by_depth=_frozen(by_winner),
        found=float(found.mean()),
        found_stderr=float(found.std(ddof=1) / root),
        payout=payout,
        payout_std=float(np.sqrt(max(variance, 0.0))),
        join=_frozen(worlds.average(equilibrium.profile.join)),
        invite=_frozen(equilibrium.profile.invite),
        gap=equilibrium.gap,
        status=_status(equilibrium),
        sample=_frozen(sample),
        world_key=worlds.key,
        stop=stop,
        timeline=by_clock,
    )


def _status(equilibrium: Equilibrium) -> Status:
    if equilibrium.interrupted:
        return Status.INTERRUPTED
    settled = equilibrium.drift <= 2 * _RELATIVE_STDERR
    return Status.CONVERGED if settled else Status.NOT_CONVERGED


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
