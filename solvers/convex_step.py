"""One convex program of the designer: the best table near an equilibrium, to first order."""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mechanism import Campaign
from solvers.beliefs import by_winner
from solvers.equilibrium import Equilibrium, Profile
from solvers.reward_space import RewardSpace
from solvers.sensitivity import Sensitivity

__all__ = ["Step", "convex_step"]

Reals = NDArray[np.float64]
# Tangents to log F are laid at these multiples of the present payoff.
_TANGENTS = np.exp([-1.0, -0.5, -0.25, -0.1, 0.0, 0.1, 0.25, 0.5, 1.0])


@dataclass(frozen=True, slots=True)
class Step:
    """A proposed table, the recruits it should gain to first order, and the decisions it should lead to."""

    table: Reals
    gain: float
    profile: Profile


def convex_step(
    campaign: Campaign,
    table: Reals,
    equilibrium: Equilibrium,
    effects: Sensitivity,
    space: RewardSpace,
    *,
    radius: float,
) -> Step | None:
    """Maximise recruits over tables and decisions, linearised at an equilibrium, in a trust region.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    table : ndarray of float64, shape (max_depth, max_depth)
        The present scheme.
    equilibrium : Equilibrium
        Its equilibrium.
    effects : Sensitivity
        How recruits and odds move with the decisions there.
    space : RewardSpace
        The admissible tables; violated sybil inequalities are added to it.
    radius : float
        Largest change of the logarithm of any decision's probability.

    Returns
    -------
    Step or None
        None if nobody's decision matters or the program could not be solved.

    Notes
    -----
    With x the log probabilities of the decisions and V their payoffs, linear in the table, the
    equilibrium reads ``x = log F(V(R, x))``. Here V is linearised in x at the present point, through
    the measured sensitivities of the odds: the program differentiates through the fixed point. log F
    is concave for log-concave cost distributions and enters as tangents, ``x <= log F(V)``. Where more
    of a decision would *lower* the objective the inequality would not bind; there the equation itself
    is linearised.
    """
    prize, targets = campaign.task.prize, campaign.task.targets
    lined = by_winner(table)
    present = space.vector(table)
    count = len(effects.depths)
    by_reward = np.zeros((count, space.size))
    by_decision = np.zeros((count, count))
    value = np.zeros(count)
    costs = [campaign.network.invite if inviting else campaign.network.join for inviting in effects.inviting]
    for row, (depth, inviting) in enumerate(zip(effects.depths, effects.inviting, strict=True)):
        odds = equilibrium.odds.inviting if inviting else equilibrium.odds.joining
        moved = effects.odds_inviting if inviting else effects.odds_joining
        member = space.depth - space.distance - 1 == depth
        by_reward[row, member] = prize * targets * odds[depth, space.depth[member] - 1]
        by_decision[row] = prize * targets * (moved[:, depth, :] * lined[depth]).sum(axis=1)
        value[row] = by_reward[row] @ present
    if count == 0 or not np.all(value > 0):
        return None  # nobody decides anything that depends on the rewards
    slope = np.array([float(cost.log_cdf_slope(v)) for cost, v in zip(costs, value, strict=True)])
    # Shadow price of each equilibrium equation: where it is negative, the equation is kept as such.
    try:
        price = np.linalg.solve(np.eye(count) - (slope[:, None] * by_decision).T, effects.recruits)
    except np.linalg.LinAlgError:
        return None
    rows: list[Reals] = []
    bounds: list[float] = []
    for row, (cost, here) in enumerate(zip(costs, value, strict=True)):
        level = float(cost.log_cdf(here))
        for point in _TANGENTS * here if price[row] >= 0 else [here]:
            # x <= log F(point) - log F(here) + slope * (V(R, x) - point)
            tilt = float(cost.log_cdf_slope(point))
            rows.append(np.concatenate((-tilt * by_reward[row], -tilt * by_decision[row])))
            rows[-1][space.size + row] += 1.0
            bounds.append(float(cost.log_cdf(point)) - level - tilt * point)
        if price[row] < 0:
            rows.append(-rows[-1])
            bounds.append(-bounds[-1])
    basis = sp.block_diag([space.basis, sp.eye_array(count)], format="csr")
    equations = sp.csr_array(np.array(rows) @ basis)
    coordinates = cp.Variable(space.size, nonneg=True)
    change = cp.Variable(count)
    while True:
        matrix_space, bound_space = space.constraints()
        problem = cp.Problem(
            cp.Maximize(effects.recruits @ change),
            [
                matrix_space @ coordinates <= bound_space,
                equations @ cp.hstack([coordinates, change]) <= np.array(bounds),
                cp.abs(change) <= radius,
            ],
        )
        problem.solve(solver=cp.HIGHS)
        if coordinates.value is None or change.value is None:
            return None
        proposed = space.table(coordinates.value)
        if not space.cut(proposed):
            break
    join, invite = equilibrium.profile.join.copy(), equilibrium.profile.invite.copy()
    factor = np.exp(change.value)
    join[effects.depths[~effects.inviting]] *= factor[~effects.inviting]
    invite[effects.depths[effects.inviting]] *= factor[effects.inviting]
    profile = Profile(np.minimum(join, 1.0), np.minimum(invite, 1.0))
    return Step(proposed, float(effects.recruits @ change.value), profile)
