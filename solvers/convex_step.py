"""One convex program of the designer: the best table near an equilibrium, to first order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from solvers.design_problem import Candidate, DesignProblem
from solvers.fixed_point import Profile
from solvers.payoff_lines import PayoffLines, payoff_lines
from solvers.programs import solve_program
from solvers.reward_space import RewardSpace
from solvers.sensitivity import Sensitivity

__all__ = ["Step", "convex_step"]

Reals = NDArray[np.float64]
# Tangents to log F are laid at these multiples of the present payoff.
_TANGENTS = np.exp([-1.0, -0.5, -0.25, -0.1, 0.0, 0.1, 0.25, 0.5, 1.0])
_RISK = 1e-7  # by which a convex figure may exceed its budget before another tangent is laid


@dataclass(frozen=True, slots=True)
class Step:
    """A proposed table, what it should gain to first order, and the decisions it should lead to."""

    table: Reals
    gain: float
    profiles: tuple[Profile, ...]


def convex_step(
    problem: DesignProblem,
    here: Candidate,
    effects: Sequence[Sensitivity],
    space: RewardSpace,
    *,
    radius: float,
) -> Step | None:
    """Maximise the objective over tables and decisions, linearised at an equilibrium, in a trust region.

    Parameters
    ----------
    problem : DesignProblem
        Scenarios, objective and budget.
    here : Candidate
        The present scheme with its equilibria.
    effects : sequence of Sensitivity
        How figures and odds move with the decisions there, in each scenario.
    space : RewardSpace
        The admissible tables; violated inequalities are added to it.
    radius : float
        Largest change of the logarithm of any decision's probability.

    Returns
    -------
    Step or None
        None if no decision depends on the rewards.

    Raises
    ------
    SolveError
        If the solver fails.

    Notes
    -----
    The unknowns are the table R and, in each scenario, the changes x of the logarithms of the decisions'
    probabilities; people whose motives differ move together. A decision of payoff V obeys
    ``x = log F(V(R, x)) - log F(V)``, with V linear in both to first order and log F concave: tangents make it
    the convex set ``x <= log F(V)``; a mixture of kinds with shares p of those who accept is bounded from below by
    its concave part, ``x <= sum of p log(F(V') / F(V))`` (Jensen). Where more of a decision would *lower* the
    objective the inequality would not bind; there the equation itself is linearised. A budget on chances is convex
    in R and linearised in x; tangents to it are added as they are violated.
    """
    lines = [
        payoff_lines(worlds, here.table, equilibrium, effect, space)
        for worlds, equilibrium, effect in zip(problem.worlds, here.equilibria, effects, strict=True)
    ]
    if not any(len(line.decision) for line in lines):
        return None
    coordinates = cp.Variable(space.size, nonneg=True)
    changes = [cp.Variable(max(len(effect.depths), 1)) for effect in effects]
    kept: list[cp.Constraint] = []
    gains = []
    for line, effect, change in zip(lines, effects, changes, strict=True):
        kept += [cp.abs(change) <= radius, *_responses(line, effect, space, coordinates, change)]
        slopes = effect.figures[:, 0] if len(effect.depths) else np.zeros(1)
        gains.append(slopes @ change)
    if problem.is_worst_case:
        worst = cp.Variable()
        kept += [worst <= value + gain for value, gain in zip(here.values, gains, strict=True)]
        objective = worst - problem.total(here.values)
    else:
        objective = sum(weight * gain for weight, gain in zip(problem.weights, gains, strict=True))
    risks = _Risks(problem, here, effects)
    while True:
        matrix, bound = space.constraints()
        program = cp.Problem(
            cp.Maximize(objective),
            [*kept, matrix @ coordinates <= bound, *risks.constraints(space, coordinates, changes)],
        )
        solve_program(program, "a step of the design")
        table = space.table(coordinates.value)
        values = [np.asarray(change.value) for change in changes]
        cut = space.cut(table)
        if not (risks.cut(table, values) or cut):
            break
    profiles = tuple(
        _moved(profile, effect, change)
        for profile, effect, change in zip(here.profiles, effects, values, strict=True)
    )
    return Step(table, float(program.value), profiles)


def _responses(
    line: PayoffLines, effect: Sensitivity, space: RewardSpace, coordinates: cp.Variable, change: cp.Variable
) -> list[cp.Constraint]:
    """Return what ties the decisions of a scenario to the rewards."""
    count, groups = len(effect.depths), len(line.decision)
    if not groups:
        return []
    # Shadow price of each equilibrium equation: where it is negative, the equation is kept as such.
    mean = sp.csr_array((line.share, (line.decision, np.arange(groups))), shape=(count, groups))
    response = mean @ (line.slope[:, None] * line.by_decision)
    try:
        price = np.linalg.solve(np.eye(count) - response.T, effect.figures[:, 0])
    except np.linalg.LinAlgError:
        price = np.ones(count)
    rows: list[Reals] = []  # over coordinates of rewards, changes, and logarithms by group
    bounds: list[float] = []
    for group in range(groups):
        law, here = line.laws[group], line.value[group]
        level = float(law.log_cdf(here))
        points = here + _spread(line.slope[group]) if law.cdf(0.0) > 0 else _TANGENTS * here
        for point in points if price[line.decision[group]] >= 0 else [here]:
            # y <= log F(point) - log F(here) + slope * (V(R, x) - point)
            tilt, height = float(law.log_cdf_slope(point)), float(law.log_cdf(point))
            if not (np.isfinite(tilt) and np.isfinite(height)):
                continue
            own = np.zeros(groups)
            own[group] = 1.0
            rows.append(np.concatenate((-tilt * line.by_reward[group], -tilt * line.by_decision[group], own)))
            bounds.append(height - level + tilt * (line.constant[group] - point))
            if price[line.decision[group]] < 0:
                rows.append(-rows[-1])
                bounds.append(-bounds[-1])
    logs = cp.Variable(groups)
    basis = sp.block_diag([space.basis, sp.eye_array(count + groups)], format="csr")
    together = [
        sp.csr_array(np.array(rows) @ basis) @ cp.hstack([coordinates, change, logs]) <= np.array(bounds)
    ]
    decided = np.unique(line.decision)
    up, down = decided[price[decided] >= 0], decided[price[decided] < 0]
    if len(up):
        together.append(change[up] <= mean[up] @ logs)
    if len(down):
        together.append(change[down] == mean[down] @ logs)
    return together


def _spread(slope: float) -> Reals:
    """Return distances at which tangents are laid where some take part for nothing."""
    return np.append(0.0, np.outer([-1.0, 1.0], [0.25, 0.5, 1.0, 2.0]).ravel() / max(slope, 1e-12))


class _Risks:
    """Tangents to what is spent under a budget on chances."""

    def __init__(self, problem: DesignProblem, here: Candidate, effects: Sequence[Sensitivity]) -> None:
        self.problem, self.here, self.effects = problem, here, effects
        self.slopes: list[tuple[int | None, list[Reals]]] = []
        if problem.share is not None:
            self.cut(here.table, [np.zeros(max(len(effect.depths), 1)) for effect in effects], first=True)

    def _spent(self, table: Reals, changes: Sequence[Reals]) -> tuple[list[float], list[Reals]]:
        totals = table.sum(axis=1)
        values, slopes = [], []
        for scenario, equilibrium in enumerate(self.here.equilibria):
            spending = self.problem.spending(scenario, equilibrium.counts, totals)
            if spending is None:
                continue
            moved = self._move(scenario) @ changes[scenario]
            values.append(spending.value + float(moved))
            slopes.append(spending.slope)
        return values, slopes

    def _move(self, scenario: int) -> Reals:
        figures = self.effects[scenario].figures
        return figures[:, 1] if len(figures) else np.zeros(1)

    def cut(self, table: Reals, changes: Sequence[Reals], *, first: bool = False) -> bool:
        """Lay tangents where a proposal spends too much; return whether any was laid."""
        share = self.problem.share
        if share is None:
            return False
        values, slopes = self._spent(table, changes)
        if not self.problem.is_worst_case:
            over = float(np.dot(self.problem.weights, values)) > share + _RISK
            if over or first:
                self.slopes.append((None, slopes))
            return over
        worst = [scenario for scenario, value in enumerate(values) if value > share + _RISK or first]
        self.slopes += [(scenario, [slopes[scenario]]) for scenario in worst]
        return bool(worst)

    def constraints(
        self, space: RewardSpace, coordinates: cp.Variable, changes: Sequence[cp.Variable]
    ) -> list[cp.Constraint]:
        """Return the tangents so far."""
        kept = []
        for scenario, slopes in self.slopes:
            chosen = range(len(changes)) if scenario is None else [scenario]
            weights = self.problem.weights if scenario is None else [1.0]
            spent: cp.Expression = 0.0
            for one, slope, weight in zip(chosen, slopes, weights, strict=True):
                by_reward = (slope[space.depth - 1] @ space.basis) * weight
                spent = spent + by_reward @ coordinates + weight * (self._move(one) @ changes[one])
            kept.append(spent <= self.problem.share)
        return kept


def _moved(profile: Profile, effect: Sensitivity, change: Reals) -> Profile:
    """Return decisions after a step."""
    join, invite = profile.join.copy(), profile.invite.copy()
    if len(effect.depths):
        factor = np.exp(change)
        join[..., effect.depths[~effect.inviting]] *= factor[~effect.inviting]
        invite[effect.depths[effect.inviting]] *= factor[effect.inviting]
    return Profile(np.minimum(join, 1.0), np.minimum(invite, 1.0))
