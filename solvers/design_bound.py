"""How good a design can be at best: an upper bound over all admissible tables, on the surrogate of a campaign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign
from mechanism.budgets import ExpectedBudget, TailBudget
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.numbers import number, whole
from mechanism.objectives import Recruits
from solvers.bound_search import bound_recruits
from solvers.engine import Engine
from solvers.fixed_point import solve_from
from solvers.reward_space import RewardSpace
from solvers.scheme_design import Design
from solvers.seeds import Rng, child, seed_sequence
from solvers.surrogate import Surrogate
from solvers.surrogate_fit import calibrate, check_surrogate
from solvers.surrogate_start import surrogate_start
from solvers.tables import plain_table, render
from solvers.worlds import Worlds

__all__ = ["GlobalBound", "SurrogateCheck", "global_bound"]

Reals = NDArray[np.float64]
_DEEPEST = 3
_STREAM = 6  # the child of the seed that names the worlds
_STARTS = 3  # tables from which the surrogate is climbed


@dataclass(frozen=True, slots=True)
class SurrogateCheck:
    """What one table recruits on the surrogate and in the simulated game.

    Attributes
    ----------
    name : str
        The table.
    surrogate, simulated : float
        Recruits.
    """

    name: str
    surrogate: float
    simulated: float

    @property
    def error(self) -> float:
        """By how much the surrogate is too high, relative to the simulation."""
        return (
            self.surrogate / self.simulated - 1 if self.simulated > 0 else (np.inf if self.surrogate else 0.0)
        )


@dataclass(frozen=True, slots=True, eq=False)
class GlobalBound:
    """A bound on the surrogate, in floating point.

    Attributes
    ----------
    upper : float
        No admissible table recruits more on the surrogate, at any of its equilibria.
    lower : float
        What the best table known recruits there.
    design : float
        What the design recruits there.
    table : ndarray of float64, shape (max_depth, max_depth)
        The best table known on the surrogate.
    share : float or None
        What a target may cost on average under an expected budget, in shares of the prize: the budget, or what the
        design costs on these worlds if that is more, so that the design is one of the tables.
    boxes, programs : int
        Boxes bounded and linear programs solved.
    finished : bool
        Whether the gap asked for was reached.
    checks : tuple of SurrogateCheck
        The surrogate beside the simulation: at the design first, where it is calibrated, then elsewhere.
    surrogate : Surrogate
        The game that the bound holds for.
    """

    upper: float
    lower: float
    design: float
    table: Reals
    share: float | None
    boxes: int
    programs: int
    finished: bool
    checks: tuple[SurrogateCheck, ...]
    surrogate: Surrogate = field(repr=False)

    @property
    def gap(self) -> float:
        """How far the upper bound is above the best table known, relative to it."""
        return self.upper / self.lower - 1 if self.lower > 0 else (np.inf if self.upper > 0 else 0.0)

    @property
    def design_gap(self) -> float:
        """How far the upper bound is above the design, relative to it."""
        return self.upper / self.design - 1 if self.design > 0 else (np.inf if self.upper > 0 else 0.0)

    @property
    def surrogate_error(self) -> float:
        """The largest relative error of the surrogate at the tables checked."""
        return max(abs(check.error) for check in self.checks)

    def __str__(self) -> str:
        table = plain_table(("table", "surrogate", "simulated", "error"))
        for check in self.checks:
            error = f"{100 * check.error:+.2f} %"
            table.add_row(check.name, f"{check.surrogate:,.3f}", f"{check.simulated:,.3f}", error)
        stop = "the gap asked for is reached" if self.finished else "stopped at the limit of boxes"
        return render(
            "Bound on the surrogate, in floating point: recruits of any admissible table",
            table,
            footer=(
                f"upper bound    {self.upper:,.3f}: {100 * self.design_gap:.2f} % above the design on the surrogate",
                f"best known     {self.lower:,.3f}: the bound is {100 * self.gap:.2f} % above it; {stop}",
                f"work           {self.boxes:,} boxes, {self.programs:,} linear programs",
                "The surrogate is exact at the design; the errors elsewhere tell what the bound is worth for the game.",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "upper": self.upper,
            "lower": self.lower,
            "design": self.design,
            "gap": self.gap,
            "design_gap": self.design_gap,
            "table": self.table.tolist(),
            "share": self.share,
            "boxes": self.boxes,
            "programs": self.programs,
            "finished": self.finished,
            "checks": [
                {"name": one.name, "surrogate": one.surrogate, "simulated": one.simulated}
                for one in self.checks
            ],
            "surrogate": self.surrogate.to_dict(),
        }


def global_bound(
    campaign: Campaign,
    found: Design,
    *,
    gap: float = 0.01,
    boxes: int = 20_000,
    replicates: int = 2048,
    rng: Rng,
    engine: int | Engine | None = None,
    tick: Callable[[int, float, float], None] = lambda boxes, lower, upper: None,
) -> GlobalBound:
    """Bound what any table with the properties of a design, within its budget, recruits on a surrogate of the campaign.

    Parameters
    ----------
    campaign : Campaign
        What the design was made for; at most 3 deep, people moved by their own reward alone.
    found : Design
        A design for recruits, under a budget on every chain or an expected budget.
    gap : float
        Stop once the bound is within this share of the best table known, above 0.
    boxes : int
        Stop after so many boxes, at least 1; the bound reached until then is reported.
    replicates : int
        Worlds to calibrate the surrogate and to check it on, at least 1.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names these worlds.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default.
    tick : callable
        Called now and then with boxes, lower and upper bound.

    Returns
    -------
    GlobalBound

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or the design is of another depth.
    UnsupportedProblemError
        For deeper campaigns, several scenarios, other objectives, tail budgets, other motives or response times.

    Notes
    -----
    The surrogate (`solvers.surrogate`) is calibrated at the design's equilibrium. `solvers.box_program` derives the
    bound of a box, `solvers.bound_search` splits boxes. All figures are in floating point: those of a box are widened
    by 1e-11 of their size, the bound of each linear program is formed from its multipliers and not taken from the
    solver, and the result is raised by 1e-9. That is a margin, not a proof by exact arithmetic. Nor is it a bound for
    the campaign itself: how well the surrogate predicts is measured at the design, at the best member of every known
    family and at the best table known on the surrogate, and stands beside it.
    """
    _check(campaign, found)
    replicates = whole(replicates, argument="replicates")
    boxes = whole(boxes, argument="boxes")
    allowed = "a number above 0"
    if float(number(gap, argument="gap", allowed=allowed)) <= 0:
        raise InvalidInputError("gap", gap, allowed=allowed)
    depth = campaign.max_depth
    worlds = Worlds(campaign, child(seed_sequence(rng), _STREAM), engine=engine)
    own = found.scheme.table(depth)
    equilibrium = solve_from(worlds, own, replicates=replicates)
    game = calibrate(worlds, equilibrium, replicates=replicates)
    space = RewardSpace(depth, found.properties)
    share = None
    if isinstance(found.budget, ExpectedBudget):
        share = max(float(found.budget.share), float(game.spending(own)))
    named = [("the design", own)]
    named += [(member.scheme.label, member.scheme.table(depth)) for member in found.rivals]
    starts = [table for _, table in named]
    best_first = np.argsort(-game.recruits(np.array(starts)), kind="stable")[:_STARTS]
    start = surrogate_start(game, space, [starts[index] for index in best_first], share=share)
    search = bound_recruits(game, space, [*starts, start], share=share, gap=gap, boxes=boxes, tick=tick)
    named.append(("the best known on the surrogate", search.table))
    checks = tuple(
        SurrogateCheck(
            name,
            float(game.recruits(table)),
            solve_from(worlds, table, replicates=replicates).recruits if index else equilibrium.recruits,
        )
        for index, (name, table) in enumerate(named)
    )
    search.table.flags.writeable = False
    return GlobalBound(
        upper=search.upper,
        lower=search.lower,
        design=checks[0].surrogate,
        table=search.table,
        share=share,
        boxes=search.boxes,
        programs=search.programs,
        finished=search.finished,
        checks=checks,
        surrogate=game,
    )


def _check(campaign: Campaign, found: Design) -> None:
    """Refuse what the bound is not made for."""
    if not isinstance(campaign, Campaign):
        raise InvalidInputError("campaign", campaign, allowed="a Campaign")
    if not isinstance(found, Design):
        raise InvalidInputError("found", found, allowed="a Design")
    if campaign.max_depth > _DEEPEST:
        raise UnsupportedProblemError(f"bounds are found down to depth {_DEEPEST}, not {campaign.max_depth}")
    check_surrogate(campaign)
    if len(found.recruitments) > 1:
        raise UnsupportedProblemError("bounds are found for a single scenario")
    if not isinstance(found.objective, Recruits):
        raise UnsupportedProblemError(f"bounds are found for recruits, not for {found.objective}")
    if isinstance(found.budget, TailBudget):
        raise UnsupportedProblemError("bounds are found under worst-case, total and expected budgets")
    if len(found.recruitment.members_by_depth) != campaign.max_depth:
        raise InvalidInputError("found", found.scheme, allowed="the design of a campaign as deep")
