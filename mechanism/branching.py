"""Branching processes and random recursive trees: what recruitment looks like on a network without cycles."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import e, exp, log
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.arcs import opposite_arcs
from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.numbers import number, whole

__all__ = ["GaltonWatson", "RecursiveTree"]

Reals = NDArray[np.float64]
_NEGLIGIBLE = 1e-17
_MOST_DEPTHS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class GaltonWatson:
    """A branching process: everybody recruits independently, by the same law.

    Parameters
    ----------
    offspring : array_like of float, shape (k,)
        Chance of 0, 1, ... recruits, adding up to 1 within 1e-9.

    Raises
    ------
    InvalidInputError
        If these are no chances.

    References
    ----------
    Harris, The Theory of Branching Processes, 1963.

    Examples
    --------
    >>> process = GaltonWatson.poisson(mean=0.8)
    >>> round(process.expected_size, 9), round(process.expected_height, 4)
    (5.0, 1.9368)
    """

    offspring: Reals

    def __post_init__(self) -> None:
        try:
            law = np.array(self.offspring, dtype=np.float64)
        except (ValueError, TypeError, OverflowError):  # no numbers, or rows of different lengths
            raise InvalidInputError("offspring", self.offspring, allowed="chances that add up to 1") from None
        allowed = "chances of 0, 1, ... recruits that add up to 1"
        if law.ndim != 1 or not law.size or not ((law >= 0) & (law <= 1)).all() or abs(law.sum() - 1) > 1e-9:
            raise InvalidInputError("offspring", self.offspring, allowed=allowed)
        law /= law.sum()
        law.flags.writeable = False
        object.__setattr__(self, "offspring", law)

    @classmethod
    def poisson(cls, *, mean: float) -> Self:
        """Return the process with a Poisson number of recruits, cut where it is below 1e-17."""
        value = _at_least_0("mean", mean)
        law, k, term = [], 0, exp(-value)
        while k <= value or term > _NEGLIGIBLE:
            law.append(term)
            k += 1
            term *= value / k
        return cls(np.array(law) / sum(law))

    @classmethod
    def binomial(cls, *, contacts: int, chance: float) -> Self:
        """Return the process in which each of so many contacts is recruited with a chance in [0, 1]."""
        from scipy.stats import binom

        count = whole(contacts, argument="contacts", least=0)
        value = _at_least_0("chance", chance, most=1.0)
        return cls(binom.pmf(np.arange(count + 1), count, value))

    @classmethod
    def of_graph(cls, graph: Graph, *, chance: float) -> Self:
        """Return the process in which recruits are met along random arcs and recruit each contact with a chance.

        The law of out-degrees is weighted by in-degrees: those who are met are those who are easy to meet. Who
        recruited a person is not recruited back: a contact in both directions counts once less at its end. O(m log m).

        Examples
        --------
        >>> ring = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
        >>> GaltonWatson.of_graph(ring, chance=1.0).mean
        1.0
        """
        from scipy.stats import binom

        value = _at_least_0("chance", chance, most=1.0)
        if not graph.m:
            return cls(np.ones(1))
        source = np.repeat(np.arange(graph.n), graph.out_degree)
        back = opposite_arcs(source, graph.indices, graph.n) >= 0
        met = np.bincount(graph.out_degree[graph.indices] - back) / graph.m
        law = np.zeros(len(met))
        for degree in np.flatnonzero(met):
            law[: degree + 1] += met[degree] * binom.pmf(np.arange(degree + 1), degree, value)
        return cls(law / law.sum())

    @property
    def mean(self) -> float:
        """Mean number of recruits of a member."""
        return float(self.offspring @ np.arange(len(self.offspring)))

    def generating(self, s: ArrayLike) -> Reals:
        """Return the probability generating function at s in [0, 1]."""
        return np.asarray(np.polynomial.polynomial.polyval(np.asarray(s, dtype=np.float64), self.offspring))

    @property
    def extinction(self) -> float:
        """Chance that recruitment ends: the smallest fixed point of the generating function.

        Examples
        --------
        >>> round(GaltonWatson.poisson(mean=1.5).extinction, 6)
        0.417188
        """
        if self.mean <= 1:
            return 0.0 if self.offspring[0] == 0 else 1.0
        from scipy.optimize import brentq

        if self.offspring[0] == 0:
            return 0.0
        low, high = 0.0, 1.0  # f(s) - s is convex, 0 at 1 with a positive slope: below 0 just before
        gap = 0.5
        while float(self.generating(high - gap)) - (high - gap) >= 0:
            gap /= 2
        return float(brentq(lambda s: float(self.generating(s)) - s, low, high - gap, xtol=1e-15))

    @property
    def expected_size(self) -> float:
        """Expected number of members, the first one included: 1 / (1 - mean); infinite from mean 1 on."""
        return 1.0 / (1.0 - self.mean) if self.mean < 1 else float("inf")

    def expected_members(self, max_depth: int) -> Reals:
        """Return the expected members at depths 0 .. `max_depth`."""
        return np.asarray(self.mean ** np.arange(whole(max_depth, argument="max_depth", least=0) + 1))

    def height_distribution(self, max_depth: int) -> Reals:
        """Return the chance that the deepest member stands at depth d, for d = 0 .. `max_depth`."""
        below = [0.0]
        for _ in range(whole(max_depth, argument="max_depth", least=0) + 1):
            below.append(float(self.generating(below[-1])))
        return np.diff(below)

    @property
    def expected_height(self) -> float:
        """Expected depth of the deepest member; infinite if recruitment may go on for ever or the mean is 1."""
        if self.mean >= 1:
            return float("inf")
        total, ended = 0.0, float(self.generating(0.0))
        for _ in range(_MOST_DEPTHS):
            if 1.0 - ended < 1e-16:
                break
            total += 1.0 - ended
            ended = float(self.generating(ended))
        return total

    def size_distribution(self, most: int) -> Reals:
        """Return the chance of exactly k members, k = 0 .. `most` (Otter 1949; Dwass 1969).

        P(size = k) is P(k members recruit k - 1 in all) / k. O(most^2 log most) time.

        Examples
        --------
        >>> GaltonWatson([0.5, 0, 0.5]).size_distribution(5).tolist()
        [0.0, 0.5, 0.0, 0.125, 0.0, 0.0625]
        """
        count = whole(most, argument="most", least=1)
        chances = np.zeros(count + 1)
        law = self.offspring[:count]
        total = np.ones(1)
        for k in range(1, count + 1):
            total = np.convolve(total, law)[:count]
            chances[k] = total[k - 1] / k if len(total) >= k else 0.0
        return chances


@dataclass(frozen=True, slots=True)
class RecursiveTree:
    """A random recursive tree: each newcomer is recruited by a member drawn uniformly.

    Parameters
    ----------
    n : int
        Members, at least 1; the first one stands at depth 0.

    References
    ----------
    Smythe and Mahmoud, "A survey of recursive trees", 1995.
    Pittel, "Note on the heights of random recursive trees", 1994.

    Examples
    --------
    >>> tree = RecursiveTree(3)
    >>> tree.expected_members(2), tree.mean_depth
    ([Fraction(1, 1), Fraction(3, 2), Fraction(1, 2)], Fraction(5, 6))
    """

    n: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", whole(self.n, argument="n"))

    @property
    def mean_depth(self) -> Fraction:
        """Expected depth of a member drawn uniformly: H_n - 1 with the harmonic number H_n."""
        return sum((Fraction(1, k) for k in range(2, self.n + 1)), Fraction(0))

    def expected_members(self, max_depth: int) -> list[Any]:
        """Return the expected members at depths 0 .. `max_depth`, exactly: the coefficients of prod (1 + x / k)."""
        deepest = whole(max_depth, argument="max_depth", least=0)
        members = [Fraction(1)] + [Fraction(0)] * deepest
        for k in range(1, self.n):
            for depth in range(deepest, 0, -1):
                members[depth] += members[depth - 1] / k
        return members

    @property
    def expected_leaves(self) -> Fraction:
        """Expected members who recruit nobody: n / 2 from two members on."""
        return Fraction(self.n, 2) if self.n > 1 else Fraction(1)

    @property
    def typical_height(self) -> float:
        """The order of the depth of the deepest member, e ln n; the ratio tends to 1."""
        return e * log(self.n)


def _at_least_0(name: str, value: object, *, most: float = float("inf")) -> float:
    allowed = "a finite number of at least 0" if most == float("inf") else f"in [0, {most:g}]"
    amount = float(number(value, argument=name, allowed=allowed))
    if not 0 <= amount <= most:
        raise InvalidInputError(name, value, allowed=allowed)
    return amount
