"""What a scheme costs: on average, or in the dearest cases, from counts in simulated worlds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechanism.budgets import Budget, ExpectedBudget, TailBudget
from solvers.worlds import Counts

__all__ = ["Spending", "spend"]

Reals = NDArray[np.float64]
_DRAWS = 8  # of the winners' depths per world, where several targets are paid together
_STREAM = 5  # names these draws among all that a family of worlds names


@dataclass(frozen=True, slots=True)
class Spending:
    """What a target costs under a budget, in shares of its prize, or all contributions, in shares of them.

    Attributes
    ----------
    value : float
        The mean for an expected budget, the conditional value at risk for a tail budget.
    stderr : float
        Its standard error over the worlds, given the beliefs.
    slope : ndarray of float64, shape (max_depth,)
        How it rises with what chains of length d are paid in all, at index d - 1: the value is
        ``slope @ totals``, and for any other totals at least that.
    """

    value: float
    stderr: float
    slope: Reals


def spend(
    budget: Budget, counts: Counts, totals: Reals, *, targets: int | None, key: tuple[int, int]
) -> Spending | None:
    """Return what a scheme costs in played worlds under a budget on chances; None for a budget on every chain.

    Parameters
    ----------
    budget : Budget
        Which figure is limited.
    counts : Counts
        The played worlds.
    totals : ndarray of float64, shape (max_depth,)
        What a chain of length d is paid in all, in shares of the prize, at index d - 1.
    targets : int or None
        Number of targets; all of them are paid. None if members contribute and all contributions are paid for.
    key : tuple of int
        Names the draws of the winners' depths, the same for the same worlds.

    Notes
    -----
    Given the counts of a world, the winners of several targets stand at depths drawn independently. One target
    takes no draws: its winner's depths are weighted by their chances. The conditional value at risk at level a is
    the mean over the dearest cases of chance 1 - a (Rockafellar and Uryasev, 2000), a case on the border
    counted in part. O(worlds * max_depth * targets) time.

    Of contributions, expected payments are divided by expected contributions, with the standard error of a ratio. A
    case is then a world, weighted by what is contributed there: at level 0 all worlds count, and the two budgets
    agree.
    """
    if targets is None:
        return _of_contributions(budget, counts.wins, totals)
    if isinstance(budget, ExpectedBudget):
        paid = counts.wins @ totals
        slope = counts.wins.mean(axis=0)
        return Spending(float(slope @ totals), _stderr(paid), slope)
    if not isinstance(budget, TailBudget):
        return None
    if targets == 1:
        chances = np.hstack((1.0 - counts.wins.sum(axis=1, keepdims=True), counts.wins))
        paid = np.broadcast_to(np.append(0.0, totals), chances.shape)
        taken, at_risk = _dearest(np.append(0.0, totals), chances.mean(axis=0), 1.0 - budget.level)
        slope = taken[1:]
        excess = (np.maximum(paid - at_risk, 0.0) * chances).sum(axis=1)
    else:
        won = _winners(counts.wins, targets, key)
        cases = won.reshape(-1, won.shape[-1])
        paid = cases @ totals
        taken, at_risk = _dearest(paid, np.full(len(paid), 1.0 / len(paid)), 1.0 - budget.level)
        slope = taken @ cases
        excess = np.maximum(won @ totals - at_risk, 0.0).mean(axis=1)
    return Spending(float(slope @ totals), _stderr(excess) / (1.0 - budget.level), slope)


def _of_contributions(budget: Budget, made: Reals, totals: Reals) -> Spending | None:
    """Return what is paid, as a share of the contributions made at each depth of each world."""
    if not isinstance(budget, (ExpectedBudget, TailBudget)):
        return None
    brought = made.sum(axis=1)
    if not brought.any():
        return Spending(0.0, 0.0, np.zeros_like(totals))
    if isinstance(budget, ExpectedBudget):
        slope = made.sum(axis=0) / brought.sum()
        value = float(slope @ totals)
        return Spending(value, _stderr((made @ totals - value * brought) / brought.mean()), slope)
    cases = np.divide(made, brought[:, None], where=brought[:, None] > 0, out=np.zeros_like(made))
    paid = cases @ totals
    taken, at_risk = _dearest(paid, brought / brought.sum(), 1.0 - budget.level)
    slope = taken @ cases
    value = float(slope @ totals)
    # Of the ratio (paid above the border) / (contributed), the border moved along with it.
    excess = np.maximum(paid - at_risk, 0.0) * brought / brought.mean()
    stderr = _stderr(excess - excess.mean() * brought / brought.mean()) / (1.0 - budget.level)
    return Spending(value, stderr, slope)


def _winners(wins: Reals, targets: int, key: tuple[int, int]) -> Reals:
    """Return the share of the targets won at each depth, shape (worlds, draws, max_depth)."""
    draws = np.random.default_rng([*key, _STREAM]).random((len(wins), _DRAWS, targets))
    won = np.zeros((len(wins), _DRAWS, wins.shape[1]))
    below = np.cumsum(wins, axis=1)
    for depth in range(wins.shape[1]):
        above = below[:, depth - 1] if depth else np.zeros(len(wins))
        inside = (draws >= above[:, None, None]) & (draws < below[:, depth, None, None])
        won[:, :, depth] = inside.mean(axis=2)
    return won


def _dearest(paid: Reals, chances: Reals, share: float) -> tuple[Reals, float]:
    """Return the weight of each case in the mean of the dearest ones, and the least that these cost."""
    order = np.argsort(-paid, kind="stable")
    room = share - (np.cumsum(chances[order]) - chances[order])
    weight = np.empty_like(chances)
    weight[order] = np.clip(room, 0.0, chances[order]) / share
    last = order[np.flatnonzero(room > 0)[-1]]
    return weight, float(paid[last])


def _stderr(sample: Reals) -> float:
    return float(sample.std(ddof=1) / np.sqrt(len(sample))) if len(sample) > 1 else 0.0
