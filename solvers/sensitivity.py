"""How figures and beliefs move with the decisions: finite differences on common worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.fixed_point import Equilibrium, Profile, play
from solvers.worlds import Counts, Worlds

__all__ = ["Sensitivity", "sensitivity"]

Reals = NDArray[np.float64]
_STEP = 0.05
_SHARE = 1e-5  # decisions behind less than this share of the members are left out


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """First-order effect of each decision, in logarithms of its probability.

    Attributes
    ----------
    depths : ndarray of int64, shape (decisions,)
        Depth of the decision, minus 1.
    inviting : ndarray of bool, shape (decisions,)
        Whether it is an inviting decision; else a joining decision, of all kinds of people alike.
    figures : ndarray of float64, shape (decisions, figures)
        Change of each figure per unit of log probability.
    odds_joining, odds_inviting : ndarray of float64, shape (decisions, max_depth, max_depth)
        Change of the odds per unit of log probability.
    """

    depths: NDArray[np.int64]
    inviting: NDArray[np.bool_]
    figures: Reals
    odds_joining: Reals
    odds_inviting: Reals


def sensitivity(
    worlds: Worlds,
    equilibrium: Equilibrium,
    figures: Callable[[Counts], Reals],
    *,
    replicates: int,
) -> Sensitivity:
    """Differentiate what happens with respect to every decision that matters.

    Parameters
    ----------
    worlds : Worlds
        The worlds that the equilibrium was found on.
    equilibrium : Equilibrium
        Where to differentiate.
    figures : callable
        What is to be known of played worlds, as a vector.
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
    counts, here = play(worlds, profile, replicates=replicates)
    present = figures(counts)
    members = here.members
    large = members > _SHARE * members.sum()
    joins = np.flatnonzero(large & (np.atleast_2d(profile.join).max(axis=0) > 0))
    invites = np.flatnonzero(large[:-1] & (profile.invite[:-1] > 0) & (members[1:] > 0))
    depths = np.concatenate((joins, invites))
    inviting = np.arange(len(depths)) >= len(joins)
    size = (len(depths), *here.joining.shape)
    moves, joining, invited = np.empty((len(depths), len(present))), np.empty(size), np.empty(size)
    for number, (depth, invites_here) in enumerate(zip(depths, inviting, strict=True)):
        join, invite = profile.join.copy(), profile.invite.copy()
        changed = invite if invites_here else join
        most = float(np.max(changed[..., depth]))
        factor = 1 + _STEP if most * (1 + _STEP) <= 1 else 1 - _STEP
        changed[..., depth] *= factor
        moved_counts, moved = play(worlds, Profile(join, invite), replicates=replicates)
        step = float(np.log(factor))
        moves[number] = (figures(moved_counts) - present) / step
        joining[number] = (moved.joining - here.joining) / step
        invited[number] = (moved.inviting - here.inviting) / step
    return Sensitivity(depths, inviting, moves, joining, invited)
