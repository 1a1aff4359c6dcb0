"""The recruitment game on a real network: who joins, who recruits, what is paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign
from mechanism.errors import InvalidInputError
from mechanism.schemes import PathScheme
from solvers.beliefs import wins
from solvers.equilibrium import Equilibrium, solve_from_full
from solvers.seeds import Rng, seed_sequence
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Recruitment", "Status", "recruit"]

_PILOT = 128  # worlds that tell how many are needed
_RELATIVE_STDERR = 0.002
_MOST_REPLICATES = 100_000
_LEAST_REPLICATES = 256
_GAP = 0.01


class Status(Enum):
    """How the search for the equilibrium ended; the value is the message."""

    CONVERGED = "the decisions are best responses to what they lead to"
    NOT_CONVERGED = "the decisions did not settle: `gap` says how far from a best response they are"


@dataclass(frozen=True, slots=True, eq=False)
class Recruitment:
    """Equilibrium of a campaign under one reward scheme.

    Attributes
    ----------
    scheme : PathScheme
        The reward scheme.
    prize : float
        Prize per target, money.
    targets : int
        Number of targets.
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
    found, found_stderr : float
        Chance that a given target is found, and its standard error.
    payout, payout_std : float
        Mean and standard deviation of what is paid for one target, in shares of its prize.
    join, invite : ndarray of float64, shape (max_depth,)
        Equilibrium chance that a person asked to join at depth d accepts, and that a member of
        depth d makes a given invitation, at index d - 1.
    gap : float
        Largest distance of any of these chances from a best response. At depths that hardly any world
        reaches, beliefs rest on few members and the gap on noise.
    status : Status
        Whether the equilibrium was reached.
    sample : ndarray of int64, shape (replicates,)
        Recruits world by world: recruitments with the same `rng` and `replicates` met the same worlds,
        so that their differences can be paired.
    """

    scheme: PathScheme
    prize: float
    targets: int
    replicates: int
    recruits: float
    recruits_stderr: float
    members_by_depth: NDArray[np.float64]
    mean_depth: float
    max_depth: int
    found: float
    found_stderr: float
    payout: float
    payout_std: float
    join: NDArray[np.float64]
    invite: NDArray[np.float64]
    gap: float
    status: Status
    sample: NDArray[np.int64] = field(repr=False)

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
            "found": self.found,
            "found_stderr": self.found_stderr,
            "payout": self.payout,
            "payout_std": self.payout_std,
            "join": self.join.tolist(),
            "invite": self.invite.tolist(),
            "gap": self.gap,
            "status": self.status.name.lower(),
        }


def recruit(
    campaign: Campaign,
    scheme: PathScheme,
    *,
    replicates: int | None = None,
    rng: Rng,
    threads: int | None = None,
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
        Simulated worlds, at least 2; by default as many as bring the relative standard error of
        the recruits to 0.2 % (256 to 100,000).
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    threads : int, optional
        Worker threads, all cores by default; the result does not depend on them.

    Returns
    -------
    Recruitment

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    Cost: 10 to 20 rounds of `replicates` simulations, each one step per arc that leaves a member.
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
    _check(scheme, replicates, threads)
    worlds = Worlds(campaign, seed_sequence(rng), threads=threads)
    table = scheme.table(campaign.max_depth)
    if replicates is None:
        replicates = replicates_for(solve_from_full(worlds, table, replicates=_PILOT))
    final = solve_from_full(worlds, table, replicates=replicates, gap=_GAP)
    return measure(campaign, scheme, final)


def replicates_for(pilot: Equilibrium, *, relative_stderr: float = _RELATIVE_STDERR) -> int:
    """Return how many worlds bring the recruits to a relative standard error."""
    recruits = pilot.counts.members.sum(axis=1)
    if recruits.mean() == 0:
        return _LEAST_REPLICATES
    wanted = (recruits.std(ddof=1) / (relative_stderr * recruits.mean())) ** 2
    return int(np.clip(np.ceil(wanted), _LEAST_REPLICATES, _MOST_REPLICATES))


def measure(campaign: Campaign, scheme: PathScheme, equilibrium: Equilibrium) -> Recruitment:
    """Return the result that the worlds of an equilibrium show."""
    members = equilibrium.counts.members
    replicates = len(members)
    sample = members.sum(axis=1)
    by_depth = members.mean(axis=0)
    won = wins(members, campaign.task.find)
    found = won.sum(axis=1)
    paid = scheme.table(campaign.max_depth).sum(axis=1)
    by_winner = won.mean(axis=0)
    payout = float(by_winner @ paid)
    variance = float(by_winner @ paid**2) - payout**2
    depths = np.arange(1, campaign.max_depth + 1)
    root = np.sqrt(replicates)
    return Recruitment(
        scheme=scheme,
        prize=campaign.task.prize,
        targets=campaign.task.targets,
        replicates=replicates,
        recruits=float(by_depth.sum()),
        recruits_stderr=float(sample.std(ddof=1) / root),
        members_by_depth=_frozen(by_depth),
        mean_depth=float(depths @ by_depth / by_depth.sum()) if by_depth.any() else float("nan"),
        max_depth=int(np.count_nonzero(by_depth)),
        found=float(found.mean()),
        found_stderr=float(found.std(ddof=1) / root),
        payout=payout,
        payout_std=float(np.sqrt(max(variance, 0.0))),
        join=_frozen(equilibrium.profile.join),
        invite=_frozen(equilibrium.profile.invite),
        gap=equilibrium.gap,
        status=Status.CONVERGED if equilibrium.drift <= 2 * _RELATIVE_STDERR else Status.NOT_CONVERGED,
        sample=_frozen(sample),
    )


def _check(scheme: PathScheme, replicates: int | None, threads: int | None) -> None:
    if not isinstance(scheme, PathScheme):
        raise InvalidInputError("scheme", scheme, allowed="a path scheme such as Recursive(1/2)")
    if replicates is not None and not (isinstance(replicates, (int, np.integer)) and replicates >= 2):
        raise InvalidInputError("replicates", replicates, allowed="an integer of at least 2")
    if threads is not None and not (isinstance(threads, (int, np.integer)) and threads >= 1):
        raise InvalidInputError("threads", threads, allowed="an integer of at least 1")


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
