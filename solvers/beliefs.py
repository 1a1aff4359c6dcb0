"""What members expect: from counts in simulated worlds to payoffs, linear in the reward scheme.

With ``w[d]`` the expected stakes of the task that fall to depth d (the chance that a target's winner stands there, or
the contributions made there), ``N[d]`` the expected members and ``I[d]`` the expected invitations of depth d, a member
of depth d expects ``w[d + m] / N[d]`` stakes m levels below itself, since each has exactly one ancestor at each
depth above it; per invitation it is ``w[d + m] / I[d]``. The latter is the consistent belief: it holds the
recruits per invitation as they turn out, crowding and refusals included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechanism import Task
from solvers.worlds import Counts, Limit, Worlds

__all__ = ["Odds", "by_winner", "motive_payoffs", "motive_rewards", "odds", "payoffs"]

Reals = NDArray[np.float64]
_LIMIT_WORLDS = 64


@dataclass(frozen=True, slots=True)
class Odds:
    """Where the stakes of the task fall, as seen by a member: a target's winner, or contributions.

    Attributes
    ----------
    members : ndarray of float64, shape (max_depth,)
        Expected members at depth d, at index d - 1.
    wins : ndarray of float64, shape (max_depth,)
        Expected stakes at depth d: the chance that a given target's winner stands there, or the contributions.
    joining : ndarray of float64, shape (max_depth, max_depth)
        At [d - 1, e - 1] the expected stakes, per member of depth d, that fall to depth e in the member's own
        line (itself included); 0 for e < d.
    inviting : ndarray of float64, shape (max_depth, max_depth)
        The same per invitation made at depth d, for e > d.
    """

    members: Reals
    wins: Reals
    joining: Reals
    inviting: Reals


def odds(worlds: Worlds, counts: Counts, join: Reals, invite: Reals) -> Odds:
    """Return the odds that follow from played worlds, also where nobody stands.

    At a depth that no world reaches, the odds are the limit of vanishing participation: those of a
    person forced in there while all else goes on as believed. The worlds among the first
    ones in which the deepest occupied depth is reached serve for it, weighted by the number of pairs
    from which the first forced person is drawn. A depth that cannot be reached even by force
    (nobody there has a contact left) has odds 0.
    """
    members = counts.members.mean(axis=0)
    won = counts.wins.mean(axis=0)
    invitations = counts.invitations.mean(axis=0)
    depth = len(members)
    below = np.triu(np.ones((depth, depth)))
    occupied = members > 0
    joining = np.divide(below * won, members[:, None], where=occupied[:, None], out=np.zeros_like(below))
    deepest = int(np.count_nonzero(occupied))
    # An invitation of depth d has odds of its own only if some invitation of that depth was accepted.
    accepted = np.append(occupied[1:], False) & (invitations > 0)
    inviting = np.divide(
        np.triu(below * won, 1), invitations[:, None], where=accepted[:, None], out=np.zeros_like(below)
    )
    if deepest < depth:
        reached = (
            np.flatnonzero(counts.members[:, deepest - 1]) if deepest else np.arange(len(counts.members))
        )
        limit = worlds.limit(join, invite, replicates=reached[:_LIMIT_WORLDS], deepest=deepest)
        forced, conversion = _limit_odds(limit, deepest, worlds.campaign.task)
        joining[deepest:] = forced[deepest:]
        first = max(deepest, 1)
        inviting[first - 1 : -1] = (conversion * worlds.average(join))[first:, None] * forced[first:]
    return Odds(members, won, joining, inviting)


def _limit_odds(limit: Limit, deepest: int, task: Task) -> tuple[Reals, Reals]:
    """Return the odds per forced person, by depth, and the contact probability of being asked."""
    depth = limit.members.shape[1]
    # Natural members come first in a search; whoever else contributes takes nothing from the forced person's line.
    chance = task.stakes(limit.followers, others=limit.members.sum(axis=1)[:, None, None])
    weight = limit.pairs[:, None] * (limit.reach > 0)
    total = weight.sum(axis=0).astype(np.float64)
    possible = total > 0
    forced = np.zeros((depth, depth))
    conversion = np.zeros(depth)
    forced[possible] = np.einsum("rs,rse->se", weight, chance)[possible] / total[possible, None]
    conversion[possible] = (weight * limit.reach).sum(axis=0)[possible] / total[possible]
    forced[:deepest] = 0.0
    return forced, conversion


def payoffs(table: Reals, beliefs: Odds, *, targets: int) -> tuple[Reals, Reals]:
    """Return what joining and what one invitation is worth at each depth, in shares of one stake.

    Parameters
    ----------
    table : ndarray of float64, shape (max_depth, max_depth)
        Reward R(depth, distance) at [depth - 1, distance].
    beliefs : Odds
        The odds.
    targets : int
        How many times all is paid.

    Returns
    -------
    joining, inviting : ndarray of float64, shape (max_depth,)
    """
    lined = by_winner(table)
    joining: Reals = targets * (beliefs.joining * lined).sum(axis=1)
    inviting: Reals = targets * (beliefs.inviting * lined).sum(axis=1)
    return joining, inviting


def motive_payoffs(table: Reals, beliefs: Odds, *, targets: int) -> Reals:
    """Return what joining brings to whom at each depth, in shares of one stake.

    Returns
    -------
    ndarray of float64, shape (3, max_depth)
        To the member itself (profit), to the cause, which keeps what is not paid of the prizes that the member's line
        wins or of what it contributes (charity), and to the member's recruiter through that line (reciprocity; 0 at
        depth 1, whose recruiters are never paid).
    """
    brought: Reals = targets * (beliefs.joining * motive_rewards(table)).sum(axis=2)
    return brought


def motive_rewards(table: Reals) -> Reals:
    """Return what `motive_payoffs` weighs with the odds, at [motive, d - 1, e - 1] for a winner at depth e."""
    depth = len(table)
    member, winner = np.triu_indices(depth)
    unpaid = np.broadcast_to(1.0 - table.sum(axis=1), (depth, depth))
    recruiters = np.zeros((depth, depth))
    paid = member > 0
    above = (winner - member + 1)[paid]
    recruiters[member[paid], winner[paid]] = table[winner[paid], above]
    return np.stack((by_winner(table), unpaid, recruiters))


def by_winner(table: Reals) -> Reals:
    """Return the reward of a member at depth d when the winner stands at depth e, at [d - 1, e - 1]."""
    depth = len(table)
    member, winner = np.triu_indices(depth)
    lined = np.zeros((depth, depth))
    lined[member, winner] = table[winner, winner - member]
    return lined
