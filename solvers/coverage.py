"""Which nodes cover most sketches, within a number, quotas or a budget, and what nobody can exceed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, nextafter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.coverage import cover, fill, largest
from solvers.sketches import Sketches

__all__ = ["Affordable", "AtMost", "Choice", "Rule", "WithinQuotas"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
Marks = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Choice:
    """Nodes chosen on some sketches.

    Attributes
    ----------
    seeds : ndarray of int32
        The nodes, in the order of their choice.
    covered : int
        Sketches that hold one of them.
    prefix : int
        Sketches covered by the first so many of the nodes that the bound below is smallest.
    more : Fraction
        The most that an allowed choice covers of the others: no allowed choice covers more than prefix + more.
    """

    seeds: Ids
    covered: int
    prefix: int
    more: Fraction

    @property
    def most(self) -> Fraction:
        """No allowed choice covers more."""
        return self.prefix + self.more


class Rule(Protocol):
    """What may be chosen."""

    def choose(self, sketches: Sketches) -> Choice:
        """Choose greedily, and bound what any allowed choice covers."""
        ...


class _Greedy:
    """Choices one after another, and what is left to cover."""

    def __init__(self, sketches: Sketches, barred: Marks) -> None:
        self.sketches, self.barred = sketches, barred.copy()
        self.counts = sketches.counts()
        self.starts, self.by_node = sketches.by_node(self.counts)
        self.taken = np.zeros(len(sketches.pointers) - 1, dtype=np.int8)
        self.seeds: list[int] = []
        self.covered = 0
        self.prefix, self.more = 0, Fraction(len(self.taken))

    def take(self, node: int) -> None:
        """Choose a node."""
        self.covered += int(self.counts[node])
        self.seeds.append(node)
        cover(
            node,
            self.sketches.pointers,
            self.sketches.nodes,
            self.starts,
            self.by_node,
            self.counts,
            self.taken,
        )

    def bound(self, more: Fraction) -> None:
        """Note what any allowed choice may add to the nodes chosen by now."""
        if self.covered + more < self.prefix + self.more:
            self.prefix, self.more = self.covered, more

    def gains(self) -> Longs:
        """Return what each node that may be chosen would add."""
        return np.where(self.barred != 0, 0, self.counts)

    def choice(self) -> Choice:
        """Return the nodes chosen."""
        return Choice(np.array(self.seeds, dtype=np.int32), self.covered, self.prefix, self.more)


class _Buckets:
    """The node that adds most, in time linear in the entries for any number of calls."""

    def __init__(self, counts: Longs) -> None:
        self.top = int(counts.max(initial=0))
        self.counts = counts
        self.heads = np.empty(self.top + 1, dtype=np.int32)
        self.following = np.empty(len(counts), dtype=np.int32)
        fill(counts, self.heads, self.following)

    def largest(self, barred: Marks) -> int:
        """Return the node that adds most among those not barred, -1 if none adds anything."""
        node, self.top = largest(self.top, self.counts, self.heads, self.following, barred)
        return int(node)


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most k nodes.

    Attributes
    ----------
    k : int
        How many.
    barred : ndarray of int8, shape (n,)
        1 for nodes that may not be chosen.
    """

    k: int
    barred: Marks

    def choose(self, sketches: Sketches) -> Choice:
        """Choose greedily, and bound what any k nodes cover (Tang et al. 2018, equation 10)."""
        greedy = _Greedy(sketches, self.barred)
        buckets = _Buckets(greedy.counts)
        for chosen in range(self.k + 1):
            if chosen in _looks(self.k):
                greedy.bound(Fraction(_top(greedy.gains(), self.k)))
            node = buckets.largest(greedy.barred) if chosen < self.k else -1
            if node < 0:
                break
            greedy.take(node)
        greedy.bound(Fraction(_top(greedy.gains(), self.k)))
        _complete(greedy, self.k)
        return greedy.choice()


@dataclass(frozen=True, slots=True)
class WithinQuotas:
    """At most k nodes, and of each group at most its quota.

    Attributes
    ----------
    k : int
        How many in all.
    group : ndarray of int64, shape (n,)
        The group of each node, from 0 on.
    quota : ndarray of int64, shape (groups,)
        At most so many of each.
    barred : ndarray of int8, shape (n,)
        1 for nodes that may not be chosen.
    """

    k: int
    group: Longs
    quota: Longs
    barred: Marks

    def choose(self, sketches: Sketches) -> Choice:
        """Choose greedily (at least half of the best: Fisher, Nemhauser and Wolsey 1978), and bound any choice."""
        barred = self.barred.copy()
        barred[self.quota[self.group] == 0] = 1
        greedy = _Greedy(sketches, barred)
        buckets = _Buckets(greedy.counts)
        left = self.quota.copy()
        for chosen in range(self.k + 1):
            if chosen in _looks(self.k):
                greedy.bound(self._most(greedy.counts, barred))
            node = buckets.largest(greedy.barred) if chosen < self.k else -1
            if node < 0:
                break
            greedy.take(node)
            left[self.group[node]] -= 1
            if not left[self.group[node]]:
                greedy.barred[self.group == self.group[node]] = 1
        greedy.bound(self._most(greedy.counts, barred))
        return greedy.choice()

    def _most(self, counts: Longs, barred: Marks) -> Fraction:
        """Return the most that gains which do not interfere with one another could bring."""
        gains = np.where(barred != 0, 0, counts)
        order = np.lexsort((-gains, self.group))
        group = self.group[order]
        first = np.searchsorted(group, np.arange(len(self.quota)))
        rank = np.arange(len(order)) - first[group]
        return Fraction(_top(gains[order][rank < self.quota[group]], self.k))


@dataclass(frozen=True, slots=True)
class Affordable:
    """Nodes that cost no more than a budget together.

    Attributes
    ----------
    costs : ndarray of float64, shape (n,)
        Cost of each node, above 0.
    budget : float
        The budget.
    barred : ndarray of int8, shape (n,)
        1 for nodes that may not be chosen.
    """

    costs: Reals
    budget: float
    barred: Marks

    def choose(self, sketches: Sketches) -> Choice:
        """Choose by gain per cost, or the best single node if that covers more (Khuller, Moss and Naor 1999)."""
        barred = self.barred.copy()
        barred[self.costs > self.budget] = 1
        greedy = _Greedy(sketches, barred)
        first = greedy.gains()
        spent, left, looks = (
            Fraction(0),
            self.budget,
            0,
        )  # exact, and rounded down: nothing dearer is affordable
        while True:
            gains = greedy.gains()
            if len(greedy.seeds) == looks:
                greedy.bound(_fractional(gains, self.costs, self.budget))
                looks = max(1, 2 * looks)
            ratio = np.where(self.costs <= left, gains / self.costs, 0.0)
            node = int(np.argmax(ratio))
            if not ratio[node] > 0:
                break
            greedy.take(node)
            spent += Fraction(float(self.costs[node]))
            left = _rounded_down(Fraction(self.budget) - spent)
        greedy.bound(_fractional(greedy.gains(), self.costs, self.budget))
        found = greedy.choice()
        single = int(np.argmax(first))
        if first[single] > found.covered:
            found = Choice(np.array([single], dtype=np.int32), int(first[single]), found.prefix, found.more)
        return found


def _rounded_down(amount: Fraction) -> float:
    """Return the largest float that is not above an amount."""
    nearest = float(amount)
    return nearest if nearest <= amount else nextafter(nearest, -inf)


def _looks(k: int) -> set[int]:
    """Return after how many choices the bound is taken; it is taken at the end in any case."""
    return {k // 4, k // 2}


def _top(gains: Longs, k: int) -> int:
    """Return the sum of the k largest."""
    gains = gains[gains > 0]
    return int(
        gains.sum() if len(gains) <= k else np.partition(gains, len(gains) - k)[len(gains) - k :].sum()
    )


def _fractional(gains: Longs, costs: Reals, budget: float) -> Fraction:
    """Return an upper bound on what a budget buys if parts of nodes could be bought (Dantzig 1957)."""
    order = np.argsort(-(gains / costs), kind="stable")
    spent = np.cumsum(costs[order])
    budget *= 1 + 1e-9  # more than rounding takes away
    whole = int(np.searchsorted(spent, budget, side="right"))
    total = float(gains[order[:whole]].sum())
    if whole < len(order):
        rest = budget - (spent[whole - 1] if whole else 0.0)
        total += float(gains[order[whole]]) * min(rest / costs[order[whole]], 1.0)
    return Fraction(ceil(total * (1 + 1e-9) * 1000), 1000)


def _complete(greedy: _Greedy, k: int) -> None:
    """Add nodes that cover nothing more, the first by number, so that k are chosen where there are k."""
    if len(greedy.seeds) < k:
        chosen = set(greedy.seeds)
        spare = (node for node in np.flatnonzero(greedy.barred == 0).tolist() if node not in chosen)
        greedy.seeds.extend(node for node, _ in zip(spare, range(k - len(greedy.seeds)), strict=False))
