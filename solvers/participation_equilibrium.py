"""The least and the greatest equilibrium of a participation game, by chains of decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from mechanism import Participation
from mechanism.errors import InvalidInputError
from mechanism.numbers import exact
from solvers.kernels.peel import CHANGED, WAITS, peel_by_count, peel_by_weight

__all__ = ["Chains", "chains", "supporters_needed"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int32]
_NEAR = 1e-9  # relative distance from a whole number below which a quotient is taken in exact arithmetic
_ROUNDING = 4 * np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class Chains:
    """Who joins one after the other from nobody, and who leaves from everybody.

    Attributes
    ----------
    joining : ndarray of int32
        Those who take part in the least equilibrium, in an order in which each wants to, given those before.
    leaving : ndarray of int32
        Those who do not take part in the greatest one, in an order in which each wants to leave.
    """

    joining: Ids
    leaving: Ids

    def least(self, n: int) -> Reals:
        """Return the least equilibrium, 0 or 1 for each of n people."""
        actions = np.zeros(n)
        actions[self.joining] = 1.0
        return actions

    def greatest(self, n: int) -> Reals:
        """Return the greatest equilibrium, 0 or 1 for each of n people."""
        actions = np.ones(n)
        actions[self.leaving] = 0.0
        return actions


def chains(system: Participation) -> Chains:
    """Return who joins from nobody, and who leaves from everybody.

    Parameters
    ----------
    system : Participation
        The game; all support at least 0.

    Returns
    -------
    Chains

    Raises
    ------
    InvalidInputError
        If any support is negative: then there may be no least and no greatest equilibrium, or none at all.

    Notes
    -----
    O(n + m): every person changes sides at most once, and its supporters are told (Dowling and Gallier, 1984, do the
    same for Horn clauses). Numbers stand for their shortest decimals, and who is within rounding errors of being
    indifferent is decided in exact arithmetic: the result is that of the exact game. The arcs are turned round first,
    which takes about as long as some chains.
    """
    support = system.support
    if isinstance(support, float):
        if support < 0:
            raise _negative(support, None)
        return _by_count(system, support)
    if (support < 0).any():
        first = int(np.argmin(support >= 0))
        raise _negative(float(support[first]), first)
    return _by_weight(system, support)


def _negative(value: float, index: int | None) -> InvalidInputError:
    return InvalidInputError(
        "support",
        value,
        index=index,
        allowed="at least 0 for a least and a greatest equilibrium; see all_equilibria and sample_equilibria",
    )


def _by_count(system: Participation, support: float) -> Chains:
    """All arcs weigh the same: count supporters."""
    graph = system.graph
    back = system.matrix.tocsc()
    pointers, people = back.indptr.astype(np.int64), back.indices.astype(np.int32, copy=False)
    needed = supporters_needed(system, support)
    joining = _count(pointers, people, needed)
    leaving = _count(pointers, people, graph.out_degree - needed + 1)
    return Chains(joining, leaving)


def _count(pointers: NDArray[np.int64], people: Ids, need: NDArray[np.int64]) -> Ids:
    """Return who changes if person i does once need[i] of those who matter have."""
    queue = np.empty(len(need), dtype=np.int32)
    first = np.flatnonzero(need <= 0)
    queue[: len(first)] = first
    kind = np.int16 if np.abs(need).max(initial=0) < 2**14 else np.int32  # half the memory to jump about in
    tail = peel_by_count(pointers, people, need.astype(kind), queue, len(first))
    return queue[:tail]


def supporters_needed(system: Participation, support: float) -> NDArray[np.int64]:
    """Return how many supporters make each take part, int64 of shape (n,): one more than it has if none do.

    All arcs weigh `support`, at least 0. Quotients next to whole numbers are taken in exact arithmetic.
    """
    gap = system.cost - system.benefit
    degree = system.graph.out_degree
    if support == 0.0:
        return np.where(gap <= 0, 0, degree + 1)
    quotient = gap / support
    # Only between 0 and the degree does it matter which whole number it is.
    inside = (quotient > -0.5) & (quotient < degree + 0.5)
    needed = np.where(quotient <= 0, 0, degree + 1)
    needed[inside] = np.ceil(quotient[inside])
    doubtful = inside & (np.abs(quotient - np.rint(quotient)) <= _NEAR * (1 + np.abs(quotient)))
    if (
        support.is_integer()
    ):  # differences of whole numbers are exact, and so is what their quotient is rounded to
        doubtful &= (system.cost != np.rint(system.cost)) | (system.benefit != np.rint(system.benefit))
    near = np.flatnonzero(doubtful)
    if len(near):
        pairs, kind = np.unique(
            np.column_stack((system.cost[near], system.benefit[near])), axis=0, return_inverse=True
        )
        weight = exact(support)
        counts = [ceil((exact(cost) - exact(benefit)) / weight) for cost, benefit in pairs.tolist()]
        needed[near] = np.array(counts)[kind.ravel()]
    return needed


def _by_weight(system: Participation, support: Reals) -> Chains:
    """Arcs differ: add up what supporters weigh."""
    back = system.matrix.tocsc()
    pointers, people = back.indptr.astype(np.int64), back.indices.astype(np.int32, copy=False)
    alone = system.benefit - system.cost
    total = np.asarray(system.matrix.sum(axis=1)).ravel()
    slack = _ROUNDING * (system.graph.out_degree + 4) * (np.abs(system.benefit) + np.abs(system.cost) + total)
    joining = _weigh(system, pointers, people, back.data, alone, slack, joins=True)
    leaving = _weigh(system, pointers, people, back.data, -(alone + total), slack, joins=False)
    return Chains(joining, leaving)


def _weigh(
    system: Participation,
    pointers: NDArray[np.int64],
    people: Ids,
    weights: Reals,
    margin: Reals,
    slack: Reals,
    *,
    joins: bool,
) -> Ids:
    """Return who changes sides if changes add up to a margin above 0; joining also at 0."""
    n = system.n
    margin = margin.copy()
    state = np.zeros(n, dtype=np.int8)
    queue, doubts = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    first = np.flatnonzero(margin > slack)
    queue[: len(first)] = first
    state[first] = CHANGED
    head, tail = 0, len(first)
    open_cases: Iterable[int] = np.flatnonzero((margin >= -slack) & (margin <= slack)).tolist()
    while True:
        # Decided one at a time: who is indifferent may depend on another who is.
        for person in open_cases:
            if state[person] != CHANGED:
                state[person] = CHANGED if _changes(system, person, state, joins) else WAITS
                if state[person] == CHANGED:
                    queue[tail] = person
                    tail += 1
        if head == tail:
            return queue[:tail]
        tail, doubtful = peel_by_weight(
            pointers, people, weights, margin, slack, state, queue, head, tail, doubts
        )
        head = tail
        open_cases = doubts[:doubtful].tolist()


def _changes(system: Participation, person: int, state: NDArray[np.int8], joins: bool) -> bool:
    """Return in exact arithmetic whether a person changes sides."""
    graph, support = system.graph, np.asarray(system.support)
    arcs = range(int(graph.indptr[person]), int(graph.indptr[person + 1]))
    margin = exact(float(system.benefit[person])) - exact(float(system.cost[person]))
    for arc in arcs:
        if (state[graph.indices[arc]] == CHANGED) == joins:  # takes part
            margin += exact(float(support[arc]))
    return margin >= Fraction(0) if joins else margin < Fraction(0)
