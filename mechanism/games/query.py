"""Query incentive networks: a question is passed on along a random tree for a reward, until somebody answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Any, ClassVar, Self

import numpy as np

from mechanism.arcs import opposite_arcs
from mechanism.branching import GaltonWatson
from mechanism.errors import InvalidInputError
from mechanism.games.query_offers import NOTHING, Reach, reach, secant
from mechanism.graph import Graph
from mechanism.numbers import Number, number, whole

__all__ = ["QueryNetwork"]

_RAREST = 1e300


@dataclass(frozen=True, slots=True, eq=False)
class QueryNetwork:
    """Somebody asks a question; people pass it on along a random tree, and each may hold the answer.

    The asker is the root. Everybody has children by the law of its generation, holds the answer with chance
    1 / rarity, and passes the question on to its children or not. If an answer is found, it comes up one path, and
    each person on it bears the cost of its effort. Who has several children with answers takes one at random.

    Parameters
    ----------
    offspring : GaltonWatson or sequence of GaltonWatson
        Chances of 0, 1, ... children: one law for everybody, or one for each generation, the asker's first; people of
        the generation after the last have no children.
    rarity : float
        One in so many people holds the answer, in (1, 1e300].
    cost : float
        Money that pays for a person's effort if an answer passes through it, above 0.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    Notes
    -----
    People know the laws, their generation and their own offer, not the tree below them. Everybody belongs to one
    place in the tree: where a network has cycles, people who are met twice count twice.

    References
    ----------
    Kleinberg and Raghavan, "Query incentive networks", FOCS 2005.
    Arcaute, Kirsch, Kumar, Liben-Nowell and Vassilvitskii, "On threshold behavior in query incentive
    networks", EC 2007: any law of offspring.

    Examples
    --------
    >>> network = QueryNetwork(GaltonWatson.binomial(contacts=5, chance=0.3), rarity=1e6)
    >>> round(network.mean, 9), round(network.limit, 4), round(network.exponent, 3)
    (1.5, 0.6811, 1.71)
    """

    offspring: GaltonWatson | Sequence[GaltonWatson]
    rarity: float
    cost: float = 1.0
    kind: ClassVar[str] = "query_network"

    def __post_init__(self) -> None:
        if not isinstance(self.offspring, GaltonWatson):
            allowed = "a GaltonWatson, or a sequence of at least one"
            if isinstance(self.offspring, str) or not isinstance(self.offspring, Sequence):
                raise InvalidInputError("offspring", self.offspring, allowed=allowed)
            wrong = [i for i, law in enumerate(self.offspring) if not isinstance(law, GaltonWatson)]
            if wrong or not self.offspring:
                value = self.offspring[wrong[0]] if wrong else self.offspring
                raise InvalidInputError(
                    "offspring", value, index=wrong[0] if wrong else None, allowed=allowed
                )
            object.__setattr__(self, "offspring", tuple(self.offspring))
        for name, least, most, allowed in (
            ("rarity", 1, _RAREST, f"in (1, {_RAREST:g}]"),
            ("cost", 0, inf, "a finite number above 0"),
        ):
            given: Number = number(getattr(self, name), argument=name, allowed=allowed)
            if not least < given <= most:
                raise InvalidInputError(name, given, allowed=allowed)
            object.__setattr__(self, name, float(given))

    @classmethod
    def unfolded(
        cls,
        graph: Graph,
        root: int | str,
        *,
        depth: int,
        chance: float = 1.0,
        rarity: float,
        cost: float = 1.0,
    ) -> Self:
        """Return the network around one person of a graph: the tree of all walks that never turn straight back.

        Parameters
        ----------
        graph : Graph
            An arc u -> v: u can ask v.
        root : int or str
            Label of the asker.
        depth : int
            Generations, at least 1; the tree is cut there.
        chance : float
            Chance that an arc is active, in (0, 1], independently.
        rarity, cost : float
            As above.

        Returns
        -------
        QueryNetwork
            A law for each generation: the contacts of the asker, then those of a person drawn uniformly from the
            first generation of the tree, and so on, without the contact that asked.

        Notes
        -----
        It is assumed that people know these laws and take them for independent: who is asked at a generation
        believes to be a typical person of it. Walks that meet count as different people, so that success is
        overstated as soon as the generations hold more people than the graph. O(depth * (n + m) + sum of squared
        degrees that occur).

        Examples
        --------
        >>> ring = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
        >>> network = QueryNetwork.unfolded(ring, 0, depth=3, rarity=10)
        >>> [law.offspring.tolist() for law in network.offspring]
        [[0.0, 0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
        """
        from scipy.stats import binom

        if not isinstance(graph, Graph):
            raise InvalidInputError("graph", graph, allowed="a Graph")
        start, generations = graph.index_of(root), whole(depth, argument="depth")
        active = float(number(chance, argument="chance", allowed="in (0, 1]"))
        if not 0 < active <= 1:
            raise InvalidInputError("chance", chance, allowed="in (0, 1]")
        source = np.repeat(np.arange(graph.n), graph.out_degree)
        back = opposite_arcs(source, graph.indices, graph.n)
        onward = graph.out_degree[graph.indices] - (back >= 0)
        walks = (source == start).astype(np.float64)
        counts = np.bincount(graph.out_degree[[start]], weights=[1.0])
        laws = []
        while True:
            law = np.zeros(len(counts))
            for degree in np.flatnonzero(counts):
                law[: degree + 1] += counts[degree] * binom.pmf(np.arange(degree + 1), degree, active)
            laws.append(GaltonWatson(law / law.sum()))
            total = walks.sum()
            if len(laws) == generations or not total:
                return cls(laws, rarity=rarity, cost=cost)
            walks /= total
            counts = np.trim_zeros(np.bincount(onward, weights=walks), "b")
            arrived = np.bincount(graph.indices, weights=walks, minlength=graph.n)
            walks = arrived[source] - np.where(back >= 0, walks[back], 0.0)

    @property
    def chance(self) -> float:
        """Chance that a person holds the answer."""
        return 1.0 / self.rarity

    @property
    def laws(self) -> tuple[list[float], ...]:
        """Chances of 0, 1, ... children: of everybody, or of each generation."""
        offspring = (self.offspring,) if isinstance(self.offspring, GaltonWatson) else self.offspring
        return tuple(law.offspring.tolist() for law in offspring)

    @property
    def mean(self) -> float:
        """Mean number of children; of several laws their geometric mean, the growth per generation."""
        means = [float(np.dot(law, np.arange(len(law)))) for law in self.laws]
        return float(np.prod(means) ** (1 / len(means))) if len(means) > 1 else means[0]

    @property
    def limit(self) -> float:
        """Chance that anybody in the tree holds the answer: no reward buys more.

        Notes
        -----
        For one law the root of f = p + (1 - p)(1 - phi(1 - f)), by bisection; it tends to the chance that the tree
        lives for ever as the answer becomes rare.
        """
        if not isinstance(self.offspring, GaltonWatson):
            return float(self.generations()[0][-1].found)
        law, p = self.laws[0], self.chance
        low, high = p, 1.0
        while (middle := sqrt(low * high)) > low and middle < high:
            if p + (1 - p) * middle * secant(law, 1.0, 1.0 - middle) >= middle:
                low = middle
            else:
                high = middle
        return high * float(secant(law, 1.0, 1.0 - high))

    @property
    def exponent(self) -> float:
        """The power of the rarity that a fixed payment grows with: -log(mean - 1) / log(mean) below mean 2, else 0.

        For real payments and a constant chance of success. From each level to the next the increments of the payment
        grow by 1 / (mean - 1), and log(rarity) / log(mean) levels are explored.

        Raises
        ------
        InvalidInputError
            If there are several laws, or the mean is at most 1: the question dies out.
        """
        b = self._supercritical()
        return -log(b - 1) / log(b) if b < 2 else 0.0

    @property
    def slope(self) -> float:
        """What a level adds to a fixed payment, in units of cost: (mean - 1) / (mean - 2) above mean 2, else infinite.

        At mean 2 the increments grow linearly: the payment is of the order log(rarity)^2.

        Raises
        ------
        InvalidInputError
            As of `exponent`.
        """
        b = self._supercritical()
        return (b - 1) / (b - 2) if b > 2 else inf

    def generations(self) -> list[list[Reach]]:
        """Return the reaches of each generation of a tree with a law for each, the asker's first; O(generations^2)."""
        laws = self.laws
        rows = [[NOTHING]]
        for place in range(len(laws) - 1, -1, -1):
            below, row = rows[0], [NOTHING]
            row += [reach(laws[place], self.chance, below[:levels]) for levels in range(1, len(below) + 1)]
            rows.insert(0, row)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the network as plain Python values, ready for JSON."""
        laws = [list(law) for law in self.laws]
        return {
            "system": self.kind,
            "offspring": laws[0] if isinstance(self.offspring, GaltonWatson) else laws,
            "rarity": self.rarity,
            "cost": self.cost,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the network that `to_dict` wrote.

        Examples
        --------
        >>> network = QueryNetwork(GaltonWatson([0.5, 0, 0.5]), rarity=10)
        >>> QueryNetwork.from_dict(network.to_dict()).to_dict() == network.to_dict()
        True
        """
        fields = {"system", "offspring", "rarity", "cost"}
        if not isinstance(document, Mapping) or document.get("system") != cls.kind or set(document) != fields:
            raise InvalidInputError(
                "document", document, allowed=f"an object with {', '.join(sorted(fields))}"
            )
        laws = document["offspring"]
        several = isinstance(laws, list) and laws and isinstance(laws[0], list)
        return cls(
            [GaltonWatson(law) for law in laws] if several else GaltonWatson(laws),
            rarity=document["rarity"],
            cost=document["cost"],
        )

    def _supercritical(self) -> float:
        if not isinstance(self.offspring, GaltonWatson):
            raise InvalidInputError(
                "offspring", len(self.laws), index="laws", allowed="one law for everybody"
            )
        if self.mean <= 1:
            raise InvalidInputError(
                "offspring", self.mean, index="mean", allowed="above 1: else the tree dies out"
            )
        return self.mean
