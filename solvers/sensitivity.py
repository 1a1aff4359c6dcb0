"""How recruits and beliefs move with the decisions: finite differences on common worlds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.equilibrium import Equilibrium, Profile, play
from solvers.worlds import Worlds

__all__ = ["Sensitivity", "sensitivity"]

Reals = NDArray[np.float64]
_STEP = 0.05
_SHARE = 1e-3  # decisions behind less than this share of the members are left out


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """First-order effect of each decision, in logarithms of its probability.

    Attributes
    ----------
    depths : ndarray of int64, shape (decisions,)
        Depth of the decision, minus 1.
    inviting : ndarray of bool, shape (decisions,)
        Whether it is an inviting decision; else a joining decision.
    recruits : ndarray of float64, shape (decisions,)
        Change of expected recruits per unit of log probability.
    odds_joining, odds_inviting : ndarray of float64, shape (decisions, max_depth, max_depth)
        Change of the odds per unit of log probability.
    """

    depths: NDArray[np.int64]
    inviting: NDArray[np.bool_]
    recruits: Reals
    odds_joining: Reals
    odds_inviting: Reals


def sensitivity(worlds: Worlds, equilibrium: Equilibrium, *, replicates: int) -> Sensitivity:
    """Differentiate what happens with respect to every decision that matters.

    Parameters
    ----------
    worlds : Worlds
        The worlds that the equilibrium was found on.
    equilibrium : Equilibrium
        Where to differentiate.
    replicates : int
        Worlds per simulation.

    Returns
    -------
    Sensitivity

    Notes
    -----
    One simulation per decision (about twice the depth that members reach), each with one
    probability 5 % larger, or smaller where it would exceed 1. On common worlds most people decide the same way, so the
    differences are far less noisy than the counts.
    """
    profile = equilibrium.profile
    _, here = play(worlds, profile, replicates=replicates)
    members = here.members
    large = members > _SHARE * members.sum()
    joins = np.flatnonzero(large & (profile.join > 0))
    invites = np.flatnonzero(large[:-1] & (profile.invite[:-1] > 0) & (members[1:] > 0))
    depths = np.concatenate((joins, invites))
    inviting = np.arange(len(depths)) >= len(joins)
    size = (len(depths), *here.joining.shape)
    recruits, joining, invited = np.empty(len(depths)), np.empty(size), np.empty(size)
    for number, (depth, invites_here) in enumerate(zip(depths, inviting, strict=True)):
        join, invite = profile.join.copy(), profile.invite.copy()
        changed = invite if invites_here else join
        factor = 1 + _STEP if changed[depth] * (1 + _STEP) <= 1 else 1 - _STEP
        changed[depth] *= factor
        _, moved = play(worlds, Profile(join, invite), replicates=replicates)
        size_of_step = float(np.log(factor))
        recruits[number] = (moved.members.sum() - members.sum()) / size_of_step
        joining[number] = (moved.joining - here.joining) / size_of_step
        invited[number] = (moved.inviting - here.inviting) / size_of_step
    return Sensitivity(depths, inviting, recruits, joining, invited)
