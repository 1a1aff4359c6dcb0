"""A branching surrogate calibrated at a simulated equilibrium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from mechanism import Campaign, Search
from mechanism.errors import SolveError, UnsupportedProblemError
from solvers.fixed_point import Equilibrium, Profile, play
from solvers.surrogate import Surrogate, mean_decay
from solvers.worlds import Worlds

__all__ = ["calibrate", "check_surrogate"]

Reals = NDArray[np.float64]
_RARE = 0.01  # depths that hold less than this share of the members are calibrated at larger chances,
_LIFTED = 0.25  # at least these
_FEWER_JOIN, _FEWER_INVITE = 0.7, 0.5  # of all, in the two more runs that show crowding
_MOST_LOAD = 50.0


def check_surrogate(campaign: Campaign) -> Search:
    """Return the task of a campaign; refuse a campaign that the surrogate does not describe.

    Raises
    ------
    UnsupportedProblemError
        If the task is no search, people have other motives than profit, or the race runs by the clock.
    """
    if not isinstance(campaign.task, Search):
        raise UnsupportedProblemError("the surrogate describes searches alone")
    if not campaign.network.motives.is_profit_alone:
        raise UnsupportedProblemError(
            "the surrogate describes people who are moved by their own reward alone"
        )
    if campaign.response is not None:
        raise UnsupportedProblemError("the surrogate describes races in rounds, without response times")
    return campaign.task


def calibrate(worlds: Worlds, equilibrium: Equilibrium, *, replicates: int) -> Surrogate:
    """Calibrate a surrogate so that members, invitations and chances to win are those of an equilibrium.

    Parameters
    ----------
    worlds : Worlds
        Those of the equilibrium.
    equilibrium : Equilibrium
        Where the surrogate is to be exact.
    replicates : int
        Worlds per run, those of the equilibrium first.

    Raises
    ------
    UnsupportedProblemError
        See `check_surrogate`.
    SolveError
        If the team reaches nobody, or its members nobody.

    Notes
    -----
    Three runs. In one fewer people join, which shows how contacts of a member who are members themselves crowd it
    out (rivalry); in one fewer invitations are made, which shows how many go to the same people (saturation). Depths
    that hold less than 1 % of the members are played at chances of at least a quarter: what happens at a depth
    does not depend on decisions further down, so all depths above stay exact.
    """
    campaign = worlds.campaign
    task = check_surrogate(campaign)
    depth = worlds.max_depth
    profile = equilibrium.profile
    members = equilibrium.odds.members
    rare = members < _RARE * max(float(members.sum()), 1e-300)
    join = np.where(rare, np.maximum(profile.join, _LIFTED), profile.join)
    invite = profile.invite.copy()
    invite[:-1] = np.where(rare[1:], np.maximum(invite[:-1], _LIFTED), invite[:-1])
    lone = _Run.of(worlds, join, invite, replicates)
    if not (lone.members > 0).all():
        bare = int(np.argmin(lone.members)) + 1
        raise SolveError(
            f"nobody can be recruited at depth {bare}: there is nothing to calibrate", solution=lone
        )
    thin = _Run.of(worlds, _FEWER_JOIN * join, invite, replicates)
    quiet = _Run.of(worlds, join, _FEWER_INVITE * invite, replicates)
    decay = -np.log1p(-min(task.find, 1 - 1e-16))
    total = np.cumsum(lone.members)
    expected = np.exp(-decay * (total - lone.members)) * -np.expm1(-decay * lone.members)
    rivalry, contacts = np.zeros(depth - 1), np.zeros(depth - 1)
    saturation, conversion = np.zeros(depth - 1), np.zeros(depth - 1)
    for d in range(depth - 1):
        less = thin.contacts[d] / lone.contacts[d]
        room = total[d] - less * thin.members[: d + 1].sum()
        rivalry[d] = max(less - 1.0, 0.0) / room if room > 0 else 0.0
        contacts[d] = lone.contacts[d] * (1.0 + rivalry[d] * total[d])
        load = _load(quiet.invitations[d] / lone.invitations[d], quiet.conversion[d] / lone.conversion[d])
        conversion[d] = lone.conversion[d] / mean_decay(np.asarray(load))
        saturation[d] = load / (conversion[d] * lone.invitations[d])
    return Surrogate(
        money=task.prize * task.targets,
        find=task.find,
        reached=float(lone.members[0] / join[0]),
        contacts=contacts,
        rivalry=rivalry,
        conversion=conversion,
        saturation=saturation,
        correction=lone.wins / expected,
        join=campaign.network.join.log_concave_majorant(),
        invite=campaign.network.invite.log_concave_majorant(),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What given decisions led to in played worlds."""

    members: Reals
    invitations: Reals
    wins: Reals
    contacts: Reals
    conversion: Reals

    @classmethod
    def of(cls, worlds: Worlds, join: Reals, invite: Reals, replicates: int) -> _Run:
        counts, odds = play(worlds, Profile(join, invite), replicates=replicates)
        made = counts.invitations.mean(axis=0)[:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            contacts = made / (odds.members[:-1] * invite[:-1])
            conversion = odds.members[1:] / (join[1:] * made)
        return cls(odds.members, made, odds.wins, contacts, conversion)


def _load(fewer: float, better: float) -> float:
    """Return the load x at which `fewer` times the invitations reach `better` times the people per invitation."""

    def excess(load: float) -> float:
        return float(mean_decay(np.asarray(fewer * load)) / mean_decay(np.asarray(load))) - better

    if not fewer < 1 or excess(1e-6) >= 0:
        return 0.0
    return float(brentq(excess, 1e-6, _MOST_LOAD)) if excess(_MOST_LOAD) > 0 else _MOST_LOAD
