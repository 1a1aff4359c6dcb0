"""The equilibrium of the recruitment game: the fixed point of beliefs and simulated statistics."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solvers.beliefs import Odds, motive_payoffs, odds, payoffs
from solvers.worlds import Counts, Worlds

__all__ = ["Equilibrium", "Profile", "best_response", "play", "solve", "solve_from"]

Reals = NDArray[np.float64]
_STALL = 4  # rounds without progress before the step is halved
_PATIENCE = 6  # more rounds for the gap once the recruits have settled
_PILOT = 128  # worlds that bring the beliefs near the equilibrium
_PILOT_TOLERANCE = 2e-3


@dataclass(frozen=True, slots=True)
class Profile:
    """How people decide at each depth.

    Attributes
    ----------
    join : ndarray of float64, shape (max_depth,) or (kinds, max_depth)
        Chance that a person asked to join at depth d accepts, at index d - 1; by kind where motives differ.
    invite : ndarray of float64, shape (max_depth,)
        Chance that a member of depth d makes a given invitation, at index d - 1. The last entry is 0.
    """

    join: Reals
    invite: Reals

    @classmethod
    def full(cls, max_depth: int) -> Profile:
        """Return full participation."""
        return cls(np.ones(max_depth), np.append(np.ones(max_depth - 1), 0.0))

    @classmethod
    def few(cls, max_depth: int) -> Profile:
        """Return low participation: one in twenty."""
        return cls(np.full(max_depth, 0.05), np.append(np.full(max_depth - 1, 0.05), 0.0))

    def gap(self, other: Profile) -> float:
        """Return the largest difference of any probability."""
        return float(max(np.abs(self.join - other.join).max(), np.abs(self.invite - other.invite).max()))

    def drift(self, other: Profile, members: Reals, reach: tuple[float, float]) -> float:
        """Return the relative difference of the decisions, weighted by the members they bring in.

        Parameters
        ----------
        other : Profile
            The decisions to compare with.
        members : ndarray of float64, shape (max_depth,)
            Expected members by depth.
        reach : tuple of float
            People that the team reaches, and that a member reaches who makes all invitations: what decisions
            would bring in at depths that stand empty because of them.
        """
        accept, change = np.atleast_2d(self.join).mean(axis=0), np.abs(other.join - self.join)
        invite = np.append(1.0, self.invite[:-1])
        above = np.append(reach[0], members[:-1] * reach[1])
        asked = np.where(members > 0, members / np.maximum(accept, 1e-300), above * invite)
        full = np.where(members > 0, members / np.maximum(invite, 1e-300), above * accept)
        joined = asked * np.atleast_2d(change).mean(axis=0)
        invited = full[1:] * np.abs(other.invite - self.invite)[:-1]
        moved = joined.sum() + invited.sum()
        return float(moved / members.sum()) if members.any() else float(min(moved, 1.0))

    def toward(self, other: Profile, step: float) -> Profile:
        """Return the profile a fraction `step` of the way to another."""
        return Profile(
            self.join + step * (other.join - self.join),
            self.invite + step * (other.invite - self.invite),
        )


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """A profile, what it leads to in the played worlds, and how far it is from a best response.

    Attributes
    ----------
    profile : Profile
        The decisions.
    counts : Counts
        The played worlds.
    odds : Odds
        What members expect after them.
    gap : float
        Largest difference of any probability from its best response.
    drift : float
        The same differences relative to the probabilities, weighted by the members they bring in:
        about the relative error of the recruits.
    rounds : int
        Simulations used.
    interrupted : bool
        Whether the search was interrupted from the keyboard.
    """

    profile: Profile
    counts: Counts
    odds: Odds
    gap: float
    drift: float
    rounds: int
    interrupted: bool = False

    @property
    def recruits(self) -> float:
        """Expected recruits in the played worlds."""
        return float(self.odds.members.sum())


def play(worlds: Worlds, profile: Profile, *, replicates: int) -> tuple[Counts, Odds]:
    """Play worlds under given decisions; return what happened and what members then expect."""
    counts = worlds.play(profile.join, profile.invite, replicates=replicates)
    return counts, odds(worlds, counts, profile.join, profile.invite)


def best_response(worlds: Worlds, table: Reals, beliefs: Odds) -> Profile:
    """Return how people decide who believe in given odds.

    A person joins if the private cost is at most what joining is expected to bring, weighted by the person's
    motives (money); an invitation is made if its effort is at most what one invitation is worth.
    """
    campaign = worlds.campaign
    task, network = campaign.task, campaign.network
    joining, inviting = payoffs(table, beliefs, targets=task.copies)
    if not network.motives.is_profit_alone:
        brought = motive_payoffs(table, beliefs, targets=task.copies)
        joining = worlds.motives[:, :3] @ brought + worlds.motives[:, 3:] / task.stake
    join = np.asarray(network.join.cdf(task.stake * joining))
    return Profile(
        join[0] if len(join) == 1 and join.ndim == 2 else join,
        # Nobody joins below max_depth: its members have nobody to invite, whatever effort costs.
        np.append(np.asarray(network.invite.cdf(task.stake * inviting[:-1])), 0.0),
    )


def solve(
    worlds: Worlds,
    table: Reals,
    *,
    replicates: int,
    start: Profile | None = None,
    tolerance: float = 3e-4,
    gap: float = 1.0,
    max_rounds: int = 40,
    interruptible: bool = False,
) -> Equilibrium:
    """Iterate best responses on fixed worlds from `start` (full participation by default).

    Parameters
    ----------
    worlds : Worlds
        The worlds; the first `replicates` of them are played in every round.
    table : ndarray of float64, shape (max_depth, max_depth)
        Rewards in shares of the prize, or of each contribution.
    replicates : int
        Worlds per round.
    start : Profile, optional
        First beliefs.
    tolerance : float
        Stop once the drift, about the relative error of the recruits, is at most this,
    gap : float
        and no probability is further from its best response, however few people it concerns; at depths
        that hardly any world reaches this may not come true, and is given up after some rounds.
    max_rounds : int
        Stop after so many rounds with the best profile met.
    interruptible : bool
        Whether an interrupt from the keyboard ends the search with the best profile met, if there is one.

    Returns
    -------
    Equilibrium

    Notes
    -----
    Common worlds make each round's map deterministic, so that progress is not noise; the step is
    halved whenever four rounds bring none. Cost: one simulation per round.
    """
    profile = start or Profile.full(worlds.max_depth)
    stage = worlds.stage
    best: Equilibrium | None = None
    step, stalled, settled = 1.0, 0, 0
    for number in range(1, max(max_rounds, 1) + 1):
        worlds.stage = f"{stage}, round {number}"
        try:
            counts, beliefs = play(worlds, profile, replicates=replicates)
        except KeyboardInterrupt:
            if best is None or not interruptible:
                raise
            return replace(best, interrupted=True)
        response = best_response(worlds, table, beliefs)
        drift = profile.drift(response, beliefs.members, worlds.reach)
        stalled = stalled + 1 if best and drift > 0.9 * best.drift else 0
        distance = profile.gap(response)
        settled += drift <= tolerance
        both = best is not None and max(drift, best.drift) <= tolerance
        if best is None or (distance < best.gap if both else drift < best.drift):
            best = Equilibrium(profile, counts, beliefs, distance, drift, number)
        if settled and (distance <= gap or settled > _PATIENCE):
            break
        if stalled >= _STALL:
            step, stalled = step / 2, 0
        profile = profile.toward(response, step)
    return best  # type: ignore[return-value]  # at least one round


def solve_from(
    worlds: Worlds,
    table: Reals,
    *,
    replicates: int,
    start: Profile | None = None,
    gap: float = 1.0,
    interruptible: bool = False,
) -> Equilibrium:
    """Search the equilibrium from full or given participation, first on the first 128 worlds, then on all."""
    pilot = solve(
        worlds,
        table,
        replicates=min(replicates, _PILOT),
        start=start,
        tolerance=_PILOT_TOLERANCE,
        interruptible=interruptible,
    )
    if pilot.interrupted:
        return pilot
    try:
        return solve(
            worlds, table, replicates=replicates, start=pilot.profile, gap=gap, interruptible=interruptible
        )
    except KeyboardInterrupt:
        if not interruptible:
            raise
        return replace(pilot, interrupted=True)
