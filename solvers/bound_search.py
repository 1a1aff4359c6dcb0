"""Best-first branch and bound over member counts: the most that any admissible table recruits on the surrogate."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from solvers.box_program import BoxProgram
from solvers.box_rows import Box, Setting
from solvers.reward_space import RewardSpace
from solvers.surrogate import Surrogate

__all__ = ["BoundSearch", "bound_recruits"]

Reals = NDArray[np.float64]
_MARGIN = 1e-9  # relative, by which the bound is raised for rounding
_TRY = 8  # every so many boxes the rewards of the program are tried as a table
_NARROW = 1e-4  # members below this share of the recruits are not told apart
_ADMISSIBLE = 1e-9
_BESIDE = 0.05  # what members of a depth are worth beyond themselves, as a share of all
_INVITES = 0.2  # what ends for invitations are worth, relative to those for the members they bring in


@dataclass(frozen=True, slots=True)
class BoundSearch:
    """How far a search got.

    Attributes
    ----------
    upper : float
        No admissible table recruits more on the surrogate, at any of its equilibria.
    lower : float
        Recruits of the best table known.
    table : ndarray of float64, shape (max_depth, max_depth)
        That table.
    boxes, programs : int
        Boxes bounded and linear programs solved.
    finished : bool
        Whether the gap asked for was reached.
    """

    upper: float
    lower: float
    table: Reals
    boxes: int
    programs: int
    finished: bool

    @property
    def gap(self) -> float:
        """How much larger the upper bound is, relative to the lower one."""
        return self.upper / self.lower - 1 if self.lower > 0 else (np.inf if self.upper > 0 else 0.0)


def bound_recruits(
    game: Surrogate,
    space: RewardSpace,
    known: Sequence[Reals],
    *,
    share: float | None = None,
    gap: float = 0.01,
    boxes: int = 20_000,
    tick: Callable[[int, float, float], None] = lambda boxes, lower, upper: None,
) -> BoundSearch:
    """Bound what any table of a space recruits at any equilibrium of the surrogate.

    Parameters
    ----------
    game : Surrogate
        The game.
    space : RewardSpace
        The admissible tables.
    known : sequence of ndarray of float64, shape (max_depth, max_depth)
        Admissible tables; those that cost too much on the surrogate are passed over.
    share : float, optional
        What a target may cost on average, in shares of the prize.
    gap : float
        Stop once the upper bound is within this share of the best table known, above 0.
    boxes : int
        Stop after so many boxes, at least 1.
    tick : callable
        Called now and then with boxes, lower and upper bound.

    Notes
    -----
    Boxes are halved in the logarithm of the members of one depth. A box whose bound is within the gap of the best
    table known is set aside. The number of boxes grows with (1 / gap) to a power of about the depth.
    """
    for name, good, allowed in (
        ("gap", np.isfinite(gap) and gap > 0, "a number above 0"),
        ("boxes", boxes >= 1, "an integer of at least 1"),
        ("share", share is None or share > 0, "a number above 0"),
    ):
        if not good:
            raise InvalidInputError(name, {"gap": gap, "boxes": boxes, "share": share}[name], allowed=allowed)
    program = BoxProgram(Setting(game, space, share=share))
    lower, table = 0.0, np.zeros((game.max_depth, game.max_depth))

    def attempt(candidate: Reals) -> None:
        nonlocal lower, table
        settled = game.settle(candidate)
        spent = float(settled.flow.wins @ candidate.sum(axis=1))
        affordable = share is None or spent <= share * (1 + _ADMISSIBLE)
        if affordable and settled.gap < _ADMISSIBLE and settled.recruits > lower:
            lower, table = float(settled.recruits), candidate

    for one in known:
        attempt(one)
    number, aside = 0, 0.0
    heap: list[tuple[float, int, Box]] = []
    waiting: tuple[Box, ...] = (program.root(),)
    while True:
        for box in waiting:
            goal = lower * (1 + gap)
            found = program.bound(box, goal=goal)
            number += 1
            if number % _TRY == 1 and space.violation(found.table) <= _ADMISSIBLE:
                attempt(found.table)
            if found.value <= goal:
                aside = max(aside, goal)
            else:
                heapq.heappush(heap, (-found.value, number, found.box))
        if not heap:
            return BoundSearch(_raised(max(aside, lower)), lower, table, number, program.solved, True)
        if number % 256 < 2:
            tick(number, lower, -heap[0][0])
        upper = max(-heap[0][0], aside, lower)
        if upper <= lower * (1 + gap) or number >= boxes:
            return BoundSearch(
                _raised(upper), lower, table, number, program.solved, upper <= lower * (1 + gap)
            )
        waiting = _halves(heapq.heappop(heap)[2])


def _raised(value: float) -> float:
    return value * (1 + _MARGIN)


def _halves(box: Box) -> tuple[Box, Box]:
    """Halve a box where it is widest: in logarithms, weighted by the members that a dimension concerns."""
    total = float(box.high.sum())
    floor = _NARROW * total
    members = _width(box.low, box.high, floor) * (box.high + _BESIDE * total)
    # Where the box holds an empty depth no equation is used, and ends for its invitations serve nothing.
    invites = _width(box.least, box.most, _NARROW) * _INVITES * box.high[1:] * (box.low[1:] > 0)
    place = int(np.argmax(np.append(members, invites)))
    if place < len(members):
        below, above = _cut(box.low, box.high, place, floor)
        return replace(box, high=below), replace(box, low=above)
    below, above = _cut(box.least, box.most, place - len(members), _NARROW)
    return replace(box, most=below), replace(box, least=above)


def _width(low: Reals, high: Reals, floor: float) -> Reals:
    return np.log(np.maximum(high, floor) / np.maximum(low, floor))


def _cut(low: Reals, high: Reals, place: int, floor: float) -> tuple[Reals, Reals]:
    """Return the new upper end of the lower half, and the new lower end of the upper half."""
    below, above = high.copy(), low.copy()
    top = float(high[place])
    below[place] = above[place] = np.sqrt(max(float(low[place]), floor) * top) if top > floor else top / 2
    return below, above
