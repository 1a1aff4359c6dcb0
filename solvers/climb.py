"""Local search over path tables: convex steps, each checked by the real equilibrium."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.convex_step import convex_step
from solvers.design_problem import Candidate, DesignProblem
from solvers.reward_space import RewardSpace
from solvers.sensitivity import Sensitivity, sensitivity

__all__ = ["climb"]

_RADIUS = 0.2
_LARGEST = 0.5
_SMALLEST = 2e-3
_GAIN = 2e-5  # a step that promises less than this share of the objective ends the climb


def climb(
    problem: DesignProblem,
    start: Candidate,
    space: RewardSpace,
    least: NDArray[np.float64],
    *,
    max_steps: int = 20,
) -> Candidate:
    """Improve a table by convex steps in a trust region until none gains.

    Parameters
    ----------
    problem : DesignProblem
        Scenarios, objective and budget.
    start : Candidate
        Where to begin; admissible and affordable.
    space : RewardSpace
        The admissible tables.
    least : ndarray of float64, shape (max_depth, max_depth)
        The least admissible table: what costs too much is moved towards it.
    max_steps : int
        Steps tried at most.

    Returns
    -------
    Candidate
        Never worse than `start` on these worlds.

    Raises
    ------
    SolveError
        If the linear program of a step cannot be solved.

    Notes
    -----
    A step's equilibrium is searched from the decisions that the step predicts. The radius, the largest
    change of the logarithm of a decision's probability, doubles where the prediction was good and shrinks
    where not. Cost per step: about 2 * depth simulations of half the worlds, 5 of all of them and a
    linear program.
    """
    best = start
    radius = _RADIUS
    effects = _effects(problem, best)
    for _ in range(max_steps):
        step = convex_step(problem, best, effects, space, radius=radius)
        if step is None or step.gain <= _GAIN * abs(best.value):
            break
        found = problem.fitted(step.table, least, starts=step.profiles)
        gained = (found.value - best.value) / step.gain
        if gained > 0 and problem.is_affordable(found):
            best = found
            effects = _effects(problem, best)
            if gained > 0.7:
                radius = min(2 * radius, _LARGEST)
            elif gained < 0.3:
                radius /= 2
        else:
            radius /= 3
        if radius < _SMALLEST:
            break
    return best


def _effects(problem: DesignProblem, here: Candidate) -> list[Sensitivity]:
    """Return how figures and odds move with the decisions, in every scenario."""
    totals = here.table.sum(axis=1)
    return [
        sensitivity(
            worlds, equilibrium, problem.figures(scenario, totals), replicates=problem.replicates // 2
        )
        for scenario, (worlds, equilibrium) in enumerate(zip(problem.worlds, here.equilibria, strict=True))
    ]
