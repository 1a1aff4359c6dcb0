"""Participation games: who takes part, if people support one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from mechanism.costs import fractions
from mechanism.errors import InvalidInputError
from mechanism.games.system import (
    PayoffSystem,
    fields_of,
    graph_from_dict,
    graph_given,
    graph_to_dict,
    numbers_from,
    numbers_to,
)
from mechanism.graph import Graph
from mechanism.layers import Layer, support_of
from mechanism.vectors import Reals, one_each, one_or_each

if TYPE_CHECKING:
    from mechanism.network import IncentiveNetwork

__all__ = ["Joining", "Participation", "network_benefit", "payoff"]


def payoff(margin: Any, action: Any) -> Any:
    """Return what taking part (1) or not (0) brings, if it brings `margin` more than it costs; any numbers."""
    return margin * action


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Joining(PayoffSystem):
    """What games of taking part have in common: own benefits b_i, support w_ij, costs c_i.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i is supported by j if j takes part.
    benefit : float or array_like of float, shape () or (n,)
        b_i, what taking part brings by itself, money.
    support : float or array_like of float, shape () or (m,)
        w_ij of every arc in the order of ``graph.indices``, money; below 0 where j puts i off.
    cost : float or array_like of float, shape () or (n,)
        c_i, what taking part costs, money.

    Raises
    ------
    InvalidInputError
        If a number is not finite; the message names the first.
    """

    graph: Graph
    benefit: Reals
    support: float | Reals
    cost: Reals

    def __init__(
        self,
        graph: Graph,
        benefit: float | ArrayLike,
        *,
        support: float | ArrayLike,
        cost: float | ArrayLike,
    ) -> None:
        n, m = graph_given(graph).n, graph.m
        for name, given in (
            ("graph", graph),
            ("benefit", one_each("benefit", benefit, n)),
            ("support", one_or_each("support", support, m, each="arc")),
            ("cost", one_each("cost", cost, n)),
        ):
            object.__setattr__(self, name, given)

    @property
    def weights(self) -> float | Reals:
        """The support."""
        return self.support

    @property
    def layer(self) -> Layer:
        """The support with its graph."""
        return Layer(self.graph, self.support)

    def margin(self, actions: ArrayLike) -> Reals:
        """Return what taking part brings each more than it costs, given what the others do; money, shape (n,)."""
        return np.asarray(self.benefit + self.pull(actions) - self.cost)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Participation(Joining):
    """Person i takes part (x_i = 1) if b_i + sum_j w_ij x_j >= c_i, and then gets the difference; 0 otherwise.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i is supported by j if j takes part.
    benefit : float or array_like of float, shape () or (n,)
        b_i, what taking part brings by itself, money.
    support : float or array_like of float, shape () or (m,)
        w_ij of every arc in the order of ``graph.indices``, money; below 0 where j puts i off.
    cost : float or array_like of float, shape () or (n,)
        c_i, what taking part costs, money.

    Raises
    ------
    InvalidInputError
        If a number is not finite; the message names the first.

    Notes
    -----
    Who is indifferent takes part. Payoffs and responses cost O(n + m). With support of at least 0 the game has
    strategic complements: its equilibria have a least and a greatest (Topkis, 1979; Milgrom and Roberts, 1990).

    References
    ----------
    Granovetter, "Threshold models of collective behavior", American Journal of Sociology 83, 1978.
    Milgrom and Roberts, "Rationalizability, learning, and equilibrium in games with strategic complementarities",
    Econometrica 58, 1990.

    Examples
    --------
    >>> pair = Graph.from_edges(["ann"], ["bob"], directed=False)
    >>> game = Participation(pair, 0.0, support=1.0, cost=0.5)
    >>> game.gains([0, 0]).tolist(), game.gains([1, 1]).tolist(), game.gains([1, 0]).tolist()
    ([0.0, 0.0], [0.0, 0.0], [0.5, 0.5])
    """

    kind: ClassVar[str] = "participation"

    @classmethod
    def from_network(
        cls, network: IncentiveNetwork, *, reward: float | ArrayLike = 0.0, donation: float = 0.0, rng: Any
    ) -> Self:
        """Return the game of people who decide whether to take part for given rewards.

        Parameters
        ----------
        network : IncentiveNetwork
            Its support layer holds the weights, its joining costs are drawn once per person, and its motives say what
            rewards, donations and fun count.
        reward : float or array_like of float, shape () or (n,)
            What is paid for taking part, money.
        donation : float
            What goes to the cause for each who takes part, money.
        rng : int, numpy.random.SeedSequence or numpy.random.Generator
            Draws the costs.

        Raises
        ------
        InvalidInputError
            If the network has no support layer, or a number is not finite.

        Examples
        --------
        >>> from mechanism import CostModel, IncentiveNetwork
        >>> network = IncentiveNetwork(Graph.from_edges([0], [1], directed=False), contact=1.0, support=0.5,
        ...     join=CostModel.exponential(mean=1.0), invite=CostModel.exponential(mean=1.0))
        >>> Participation.from_network(network, reward=2.0, rng=7).benefit.tolist()
        [2.0, 2.0]
        """
        layer = support_of(network)
        draws = np.random.default_rng(rng).random(network.graph.n)
        benefit = network_benefit(network, reward, donation)
        return cls(layer.graph, benefit, support=layer.weights, cost=network.join.ppf(fractions(draws)))

    def checked(self, actions: ArrayLike) -> Reals:
        """Return actions as float64 of shape (n,); refuse all but 0 and 1."""
        array = one_each("actions", actions, self.n)
        wrong = (array != 0) & (array != 1)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise InvalidInputError("actions", float(array[first]), index=first, allowed="0 or 1")
        return array

    def payoffs(self, actions: ArrayLike) -> Reals:
        """Return everybody's payoff, money, float64 of shape (n,)."""
        x = self.checked(actions)
        return np.asarray(payoff(self.margin(x), x))

    def deviations(self, actions: ArrayLike) -> tuple[Reals, Reals]:
        """Return the best each could do alone (0 or 1) and by how much that raises its payoff, float64, shape (n,)."""
        x = self.checked(actions)
        margin = self.margin(x)
        best = (margin >= 0).astype(np.float64)
        return best, np.asarray(payoff(margin, best) - payoff(margin, x))

    def to_dict(self) -> dict[str, Any]:
        """Return the system as plain Python values, ready for JSON."""
        return {
            "system": self.kind,
            "graph": graph_to_dict(self.graph),
            "benefit": numbers_to(self.benefit),
            "support": numbers_to(self.support),
            "cost": numbers_to(self.cost),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the system that `to_dict` wrote."""
        given = fields_of(document, cls.kind, ("benefit", "support", "cost"))
        return cls(
            graph_from_dict(given["graph"]),
            numbers_from(given["benefit"]),
            support=numbers_from(given["support"]),
            cost=numbers_from(given["cost"]),
        )


def network_benefit(network: IncentiveNetwork, reward: float | ArrayLike, donation: float) -> Reals:
    """Return what taking part brings each person by itself: the motives weigh reward, donation and fun."""
    n = network.graph.n
    paid = one_each("reward", reward, n)
    given = one_each("donation", donation, n)
    profit, charity, _, fun = np.broadcast_to(network.motives.weights, (n, 4)).T
    return np.asarray(profit * paid + charity * given + fun)
