"""Payoffs near an equilibrium as linear functions of rewards and decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechanism.costs import CostModel
from solvers.beliefs import motive_rewards
from solvers.fixed_point import Equilibrium
from solvers.reward_space import RewardSpace
from solvers.sensitivity import Sensitivity
from solvers.worlds import Worlds

__all__ = ["PayoffLines", "payoff_lines"]

Reals = NDArray[np.float64]
_GROUPS = 16  # groups of people of like payoffs, per depth
_SHARE = 1e-6  # groups behind less than this share of a decision are left out


@dataclass(frozen=True, slots=True)
class PayoffLines:
    """Payoffs of groups of people who decide: ``constant + by_reward @ rewards + by_decision @ changes``, money.

    Attributes
    ----------
    decision : ndarray of int64, shape (groups,)
        Which decision each group takes part in.
    share : ndarray of float64, shape (groups,)
        Share of the group among those who decide so; sums to 1 over a decision.
    laws : tuple of CostModel
        What the payoff is compared with; log-concave.
    value, slope : ndarray of float64, shape (groups,)
        The payoff at the equilibrium, and the derivative of log F there.
    constant : ndarray of float64, shape (groups,)
    by_reward : ndarray of float64, shape (groups, rewards)
    by_decision : ndarray of float64, shape (groups, decisions)
    """

    decision: NDArray[np.int64]
    share: Reals
    laws: tuple[CostModel, ...]
    value: Reals
    slope: Reals
    constant: Reals
    by_reward: Reals
    by_decision: Reals


def payoff_lines(
    worlds: Worlds, table: Reals, equilibrium: Equilibrium, effects: Sensitivity, space: RewardSpace
) -> PayoffLines:
    """Return the payoffs of all who decide, to first order in the decisions.

    Parameters
    ----------
    worlds : Worlds
        Those of the equilibrium.
    table : ndarray of float64, shape (max_depth, max_depth)
        The present rewards.
    equilibrium : Equilibrium
        Its equilibrium.
    effects : Sensitivity
        Which decisions there are, and how the odds move with them.
    space : RewardSpace
        Names the rewards.

    Notes
    -----
    People whose motives differ are put into at most 16 groups per depth by their chance to join; a group
    has the mean weights of its members, weighted by that chance.
    """
    campaign = worlds.campaign
    money = campaign.task.stake * campaign.task.copies
    join, invite = (
        campaign.network.join.log_concave_majorant(),
        campaign.network.invite.log_concave_majorant(),
    )
    kinds, people = worlds.motives, worlds.people
    rewards = motive_rewards(table)
    decisions, shares, laws, constants, by_reward, by_decision = [], [], [], [], [], []
    for row, (depth, inviting) in enumerate(zip(effects.depths, effects.inviting, strict=True)):
        odds = equilibrium.odds.inviting if inviting else equilibrium.odds.joining
        moved = effects.odds_inviting if inviting else effects.odds_joining
        lines = money * _by_reward(space, odds, int(depth))
        moves = money * np.einsum("xe,me->mx", moved[:, depth, :], rewards[:, depth, :])
        unpaid = money * float(odds[depth].sum())
        weights, sizes = (
            (np.array([[1.0, 0.0, 0.0, 0.0]]), np.ones(1))
            if inviting
            else _groups(kinds, people, np.atleast_2d(equilibrium.profile.join)[:, depth])
        )
        for weight, size in zip(weights, sizes, strict=True):
            decisions.append(row)
            shares.append(size)
            laws.append(invite if inviting else join)
            constants.append(weight[1] * unpaid + weight[3])
            by_reward.append(weight[:3] @ lines)
            by_decision.append(weight[:3] @ moves)
    count = len(effects.depths)
    lines_array = np.array(by_reward).reshape(len(decisions), space.size)
    constant = np.array(constants)
    value = constant + lines_array @ space.vector(table)
    slope = np.array([float(law.log_cdf_slope(v)) for law, v in zip(laws, value, strict=True)])
    good = np.isfinite(slope) & np.array(
        [float(law.cdf(v)) > 0 for law, v in zip(laws, value, strict=True)], dtype=bool
    )
    decision, share = np.array(decisions, dtype=np.int64), np.array(shares)
    decision, share = decision[good], share[good]
    total = np.bincount(decision, weights=share, minlength=max(count, 1))
    return PayoffLines(
        decision,
        share / total[decision],
        tuple(law for law, kept in zip(laws, good, strict=True) if kept),
        value[good],
        slope[good],
        constant[good],
        lines_array[good],
        np.array(by_decision).reshape(len(decisions), count)[good],
    )


def _by_reward(space: RewardSpace, odds: Reals, depth: int) -> Reals:
    """Return profit, charity and reciprocity per target and per unit of each reward, shape (3, rewards)."""
    winner, member = space.depth - 1, space.depth - 1 - space.distance
    chance = odds[depth, winner]
    return np.stack(
        (
            np.where(member == depth, chance, 0.0),
            np.where(winner >= depth, -chance, 0.0),
            np.where((member == depth - 1) & (winner >= depth), chance, 0.0),
        )
    )


def _groups(kinds: Reals, people: Reals, join: Reals) -> tuple[Reals, Reals]:
    """Return the weights of groups of kinds with like chances to join, and their shares of those who join."""
    joined = people * join
    order = np.argsort(join, kind="stable")
    order = order[joined[order] > 0]
    if not len(order):
        return np.empty((0, 4)), np.empty(0)
    reached = np.cumsum(joined[order]) / joined.sum()
    group = np.minimum((reached * _GROUPS - 1e-9).astype(np.int64), _GROUPS - 1)
    if len(order) <= _GROUPS:
        group = np.arange(len(order))
    sizes = np.bincount(group, weights=joined[order], minlength=_GROUPS)
    weights = np.stack(
        [np.bincount(group, weights=joined[order] * kinds[order, m], minlength=_GROUPS) for m in range(4)],
        axis=1,
    )
    kept = sizes > _SHARE * joined.sum()
    return weights[kept] / sizes[kept, None], sizes[kept] / joined.sum()
