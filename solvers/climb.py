"""Local search over path tables: convex steps, each checked by the real equilibrium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.convex_step import convex_step
from solvers.equilibrium import Equilibrium, solve
from solvers.reward_space import RewardSpace
from solvers.sensitivity import sensitivity
from solvers.worlds import Worlds

__all__ = ["Candidate", "climb"]

_RADIUS = 0.2
_LARGEST = 0.5
_SMALLEST = 2e-3
_GAIN = 2e-5  # a step that promises less than this share of the recruits ends the climb


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A table (float64, shape (max_depth, max_depth)) with its equilibrium."""

    table: NDArray[np.float64]
    equilibrium: Equilibrium

    @property
    def recruits(self) -> float:
        """Expected recruits on the worlds of the search."""
        return self.equilibrium.recruits


def climb(
    worlds: Worlds,
    start: Candidate,
    space: RewardSpace,
    *,
    replicates: int,
    max_steps: int = 20,
) -> Candidate:
    """Improve a table by convex steps in a trust region until none gains.

    Parameters
    ----------
    worlds : Worlds
        The worlds of the search.
    start : Candidate
        Where to begin; need not lie in `space`.
    space : RewardSpace
        The admissible tables.
    replicates : int
        Worlds per simulation.
    max_steps : int
        Steps tried at most.

    Returns
    -------
    Candidate
        Never worse than `start` on these worlds.

    Notes
    -----
    A step's equilibrium is searched from the decisions that the step predicts. The radius, the largest
    change of the logarithm of a decision's probability, doubles where the prediction was good and shrinks
    where not. Cost per step: about 2 * depth simulations of half the worlds, 5 of all of them and a
    linear program.
    """
    best = start
    radius = _RADIUS
    effects = sensitivity(worlds, best.equilibrium, replicates=replicates // 2)
    for _ in range(max_steps):
        step = convex_step(worlds.campaign, best.table, best.equilibrium, effects, space, radius=radius)
        if step is None or step.gain < _GAIN * best.recruits:
            break
        found = Candidate(step.table, solve(worlds, step.table, replicates=replicates, start=step.profile))
        gained = (found.recruits - best.recruits) / step.gain
        if gained > 0:
            best = found
            effects = sensitivity(worlds, best.equilibrium, replicates=replicates // 2)
            if gained > 0.7:
                radius = min(2 * radius, _LARGEST)
            elif gained < 0.3:
                radius /= 2
        else:
            radius /= 3
        if radius < _SMALLEST:
            break
    return best
