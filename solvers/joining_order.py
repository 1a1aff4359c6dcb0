"""Orders of joining: who is to join before whom, so that what is missing to each is least in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import SolveError, UnsupportedProblemError

__all__ = ["JoiningOrder", "Needs", "joining_order"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
_KICKS = 4000  # over the size of the knot: how often a heuristic order is disturbed


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """What people need before they join, and how those who joined before lower it.

    Attributes
    ----------
    need : ndarray of float64, shape (k,)
        What person i is short of if nobody has joined; at most 0: nothing.
    support : scipy.sparse.csr_array of float64, shape (k, k)
        What j who has joined takes off the need of i, at least 0.
    most : ndarray of float64, shape (k,)
        The largest need of i that can be met if nobody has joined; infinite: any.
    more : ndarray of float64, shape (arcs,)
        By how much j who has joined raises that; in the order of ``support.data``.
    slack : ndarray of float64, shape (k,)
        Needs up to this are rounding errors, and none.
    """

    need: Reals
    support: Any
    most: Reals
    more: Reals
    slack: Reals

    @property
    def short_at_end(self) -> Reals:
        """What each is short of if all others have joined, at least 0; float64 of shape (k,)."""
        short = self.need - self.support.sum(axis=1)
        return np.where(short > self.slack, short, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class JoiningOrder:
    """An order, what is missing along it, and whether any order has less.

    Attributes
    ----------
    order : ndarray of int64, shape (k,)
        People, first to join first.
    missing : ndarray of float64, shape (k,)
        What each is short of when its turn comes, at least 0.
    bound : float
        No order has a smaller sum of these.
    is_least : bool
        Whether every knot was ordered by an exhaustive search.
    """

    order: Ids
    missing: Reals
    bound: float
    is_least: bool


def joining_order(needs: Needs, *, exact: int = 16) -> JoiningOrder:
    """Return an order in which as little as possible is missing.

    Parameters
    ----------
    needs : Needs
        The needs.
    exact : int
        Largest knot that is ordered exactly.

    Returns
    -------
    JoiningOrder

    Raises
    ------
    SolveError
        If some need cannot be met in any order.
    UnsupportedProblemError
        If needs have limits and a knot is larger than `exact`.

    Notes
    -----
    Who needs nothing joins at once, since joining early never harms. The others fall into the strongly connected parts
    of the graph of who helps whom, the knots: a knot that depends on another joins after it, which costs the other
    nothing, so each knot is a problem of its own. A knot of k people is solved exactly by dynamic programming over its
    subsets (Held and Karp, 1962), O(2^k k), or, if it is larger, by a local search that moves one person at a time to
    its best place: a heuristic. Its part of the bound is then what its people are short of at the end. To find the
    least order is a linear ordering problem, NP-hard (Garey and Johnson, 1979, GT8).
    """
    joining = _Joining(needs)
    bound, is_least = 0.0, True
    parts: list[Ids] = [np.arange(len(needs.need))]
    joining.join_free(parts[0])
    while parts:
        part = parts.pop()
        part = part[~joining.joined[part]]
        if not len(part):
            continue
        if len(part) == 1 and joining.open[part] <= joining.limits(part) + needs.slack[part]:
            joining.join_at_last(int(part[0]))
            bound += float(joining.missing[part[0]])
            continue
        support, more = joining.inside(part)
        knots = list(_knots(support, more))
        if len(knots) > 1:
            parts += [part[knot] for knot in reversed(knots)]
            continue
        need, slack = joining.open[part], needs.slack[part]
        if len(part) <= exact:
            room = need - joining.limits(part)
            order = part[_least_order(need, support.toarray(), room, more.toarray(), slack)]
        elif np.isfinite(needs.most[part]).any():
            raise UnsupportedProblemError(
                f"{len(part)} people wait for one another and payments have limits: "
                f"orders are searched for up to {exact}"
            )
        else:
            order, is_least = part[_good_order(need, support)], False
        for person in order:
            joining.join_at_last(int(person))
        bound += float((joining.missing if len(part) <= exact else needs.short_at_end)[part].sum())
    return JoiningOrder(np.array(joining.order, dtype=np.int64), joining.missing, bound, is_least)


class _Joining:
    """Who has joined, in order, and what the others still need."""

    def __init__(self, needs: Needs) -> None:
        k = len(needs.need)
        self.needs = needs
        self.back = needs.support.tocsc()
        self.open = needs.need.copy()
        self.joined = np.zeros(k, dtype=bool)
        self.missing = np.zeros(k)
        self.order: list[int] = []
        self._place = np.full(k, -1)

    def join_free(self, people: Ids) -> None:
        """Let join those of the people who need nothing, and those who then need nothing."""
        while True:
            people = people[(self.open[people] <= self.needs.slack[people]) & ~self.joined[people]]
            if not len(people):
                return
            self.joined[people] = True
            self.order += people.tolist()
            arcs = _arcs_of(self.back.indptr, people)
            helped = self.back.indices[arcs]
            np.subtract.at(self.open, helped, self.back.data[arcs])
            people = np.unique(helped)

    def join_at_last(self, person: int) -> None:
        """Let a person join, whatever it is short of, and those who then need nothing."""
        if not self.joined[person]:
            self.missing[person] = self.open[person]
            self.open[person] = 0.0
            self.join_free(np.array([person]))

    def inside(self, part: Ids) -> tuple[Any, Any]:
        """Return support, and what raises limits, among the people of a part."""
        from scipy.sparse import csr_array

        support = self.needs.support
        self._place[part] = np.arange(len(part))
        arcs = _arcs_of(support.indptr, part)
        row = np.repeat(np.arange(len(part)), support.indptr[part + 1] - support.indptr[part])
        column = self._place[support.indices[arcs]]
        self._place[part] = -1
        kept = column >= 0
        pairs, shape = (row[kept], column[kept]), (len(part), len(part))
        return (
            csr_array((support.data[arcs[kept]], pairs), shape=shape),
            csr_array((self.needs.more[arcs[kept]], pairs), shape=shape),
        )

    def limits(self, part: Ids) -> Reals:
        """Return the largest need of each that can be met, given who has joined."""
        support = self.needs.support
        arcs = _arcs_of(support.indptr, part)
        row = np.repeat(np.arange(len(part)), support.indptr[part + 1] - support.indptr[part])
        more = self.needs.more[arcs] * self.joined[support.indices[arcs]]
        return np.asarray(self.needs.most[part] + np.bincount(row, weights=more, minlength=len(part)))


def _arcs_of(indptr: NDArray[Any], people: Ids) -> Ids:
    """Return the numbers of the arcs of people, one person after the other."""
    starts = indptr[people].astype(np.int64)
    counts = indptr[people + 1] - starts
    return np.asarray(np.repeat(starts - (counts.cumsum() - counts), counts) + np.arange(counts.sum()))


def _knots(support: Any, more: Any) -> Iterator[Ids]:
    """Yield the strongly connected parts, those first that depend on no later one."""
    from scipy.sparse.csgraph import connected_components

    helps = support + more
    helps.eliminate_zeros()
    count, label = connected_components(helps, connection="strong")
    if count == 1:
        yield np.arange(len(label))
        return
    arcs = helps.tocoo()
    pairs = np.unique(np.column_stack((label[arcs.row], label[arcs.col])), axis=0)
    before: dict[int, list[int]] = {part: [] for part in range(count)}
    for part, helper in pairs[pairs[:, 0] != pairs[:, 1]].tolist():
        before[part].append(helper)
    members = np.split(np.argsort(label, kind="stable"), np.cumsum(np.bincount(label))[:-1])
    for part in TopologicalSorter(before).static_order():
        yield members[part]


def _least_order(need: Reals, support: Reals, room: Reals, more: Reals, slack: Reals) -> Ids:
    """Return the order with least missing, by dynamic programming over the sets of those who have joined."""
    k = len(need)
    sets = np.arange(1 << k)
    sizes = np.bitwise_count(sets)
    step = np.empty((k, 1 << k))
    for person in range(k):
        short = need[person] - _subset_sums(support[person])
        step[person] = np.where(short > slack[person], short, 0.0)
        too_much = room[person] - _subset_sums(more[person] + support[person]) > slack[person]
        step[person][too_much & (step[person] > 0)] = np.inf
    least = np.full(1 << k, np.inf)
    least[0] = 0.0
    last = np.zeros(1 << k, dtype=np.int64)
    for size in range(k):
        before = sets[sizes == size]
        for person in reversed(range(k)):  # of equal orders the first
            here = before[(before >> person) & 1 == 0]
            after = here | (1 << person)
            total = least[here] + step[person][here]
            better = total < least[after]
            least[after[better]] = total[better]
            last[after[better]] = person
    if not np.isfinite(least[-1]):
        raise SolveError("no order of joining meets the limits of the payments")
    order = np.empty(k, dtype=np.int64)
    rest = (1 << k) - 1
    for place in range(k - 1, -1, -1):
        order[place] = last[rest]
        rest ^= 1 << int(last[rest])
    return order


def _subset_sums(weights: Reals) -> Reals:
    """Return the sum of the weights in each set, sets as binary numbers."""
    sums = np.zeros(1)
    for weight in weights:
        sums = np.concatenate((sums, sums + weight))
    return sums


def _good_order(need: Reals, support: Any) -> Ids:
    """Return a local optimum: who is short of least joins next, then moves, and random kicks that are kept if good."""
    back = support.T.tocsr()
    k = len(need)
    rng = np.random.default_rng(0)
    order = _moved_while_better(_cheapest_next(need, back), need, support, back)
    least = float(np.maximum(_open(order, need, support), 0.0).sum())
    for _ in range(_KICKS // k):
        place = np.empty(k)
        place[order] = np.arange(k)
        place[rng.choice(k, 3, replace=False)] = k * rng.random(3)
        tried = _moved_while_better(np.argsort(place, kind="stable"), need, support, back)
        cost = float(np.maximum(_open(tried, need, support), 0.0).sum())
        if cost <= least:
            order, least = tried, cost
    return order


def _cheapest_next(need: Reals, back: Any) -> Ids:
    """Return the order in which always joins next who is short of least."""
    still = need.copy()
    joined = np.zeros(len(need), dtype=bool)
    order = []
    heap = list(zip(need.tolist(), range(len(need)), strict=True))
    heapify(heap)
    while heap:
        _, person = heappop(heap)
        if joined[person]:
            continue
        joined[person] = True
        order.append(person)
        column = slice(*back.indptr[person : person + 2])
        helped = back.indices[column]
        still[helped] -= back.data[column]
        for other in helped[~joined[helped]].tolist():
            heappush(heap, (float(still[other]), other))
    return np.array(order, dtype=np.int64)


def _open(order: Ids, need: Reals, support: Any) -> Reals:
    """Return what each needs once those before it have joined."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    arcs = support.tocoo()
    helped = arcs.data * (place[arcs.col] < place[arcs.row])
    return np.asarray(need - np.bincount(arcs.row, weights=helped, minlength=len(need)))


def _moved_while_better(order: Ids, need: Reals, support: Any, back: Any) -> Ids:
    """Move one person at a time to its best place, until no move brings anything."""
    k = len(order)
    tolerance = 1e-12 * float(np.abs(need).sum())
    place = np.empty(k)
    improved = True
    while improved:
        improved = False
        place[order] = np.arange(k, dtype=np.float64)
        short = _open(order, need, support)
        for person in order:
            improved |= _move(int(person), place, short, need, support, back, tolerance)
        order = np.argsort(place, kind="stable")
    return order


def _move(
    person: int, place: Reals, short: Reals, need: Reals, support: Any, back: Any, tolerance: float
) -> bool:
    """Move a person to where least is missing to it and to those it helps; return whether it moved."""
    row, column = (slice(*matrix.indptr[person : person + 2]) for matrix in (support, back))
    helpers, help_had = support.indices[row], support.data[row]
    helped, help_given = back.indices[column], back.data[column]
    without = short[helped] + help_given * (place[helped] > place[person])
    lost = np.maximum(without, 0.0) - np.maximum(without - help_given, 0.0)  # if they join before the person
    around = np.concatenate((place[helpers], place[helped]))
    by_place = np.argsort(around, kind="stable")
    around = around[by_place]
    had = np.concatenate(([0.0], np.concatenate((help_had, np.zeros(len(helped))))[by_place].cumsum()))
    others = np.concatenate(([0.0], np.concatenate((np.zeros(len(helpers)), lost))[by_place].cumsum()))
    total = np.maximum(need[person] - had, 0.0) + others
    total[1:-1][around[1:] == around[:-1]] = np.inf  # who helps and is helped is passed at once
    here = int(np.searchsorted(around, place[person]))
    best = int(np.argmin(total))
    before = around[best - 1] if best else around[0] - 2
    after = around[best] if best < len(around) else around[-1] + 2
    between = (before + after) / 2
    if total[best] >= total[here] - tolerance or not before < between < after:
        return False
    place[person] = between
    short[person] = need[person] - had[best]
    short[helped] = without - help_given * (place[helped] > place[person])
    return True
