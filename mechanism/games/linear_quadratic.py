"""Linear-quadratic games: how much effort, if the efforts of some raise or lower what effort is worth to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import InvalidInputError
from mechanism.games.system import (
    PayoffSystem,
    actions_between,
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

__all__ = ["LinearQuadratic", "payoff", "response", "response_gain"]


def payoff(value: Any, action: Any) -> Any:
    """Return value * action - action^2 / 2: what an action brings if a unit of it is worth `value`; any numbers."""
    return value * action - action * action / 2


def response(value: Any, lower: Any, upper: Any) -> Any:
    """Return the action within its bounds that brings most if a unit is worth `value`; any numbers, or arrays."""
    return np.minimum(np.maximum(value, lower), upper)


def response_gain(value: Any, action: Any, best: Any) -> Any:
    """Return what `best` brings more than `action`, without the cancellation of a difference of payoffs."""
    return (best - action) * (value - (best + action) / 2)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class LinearQuadratic(PayoffSystem):
    """Person i chooses x_i between bounds; the payoff is b_i x_i - x_i^2 / 2 + x_i sum_j w_ij x_j.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: what j does enters the payoff of i.
    standalone : float or array_like of float, shape () or (n,)
        b_i, what a unit of action is worth by itself.
    interaction : float or array_like of float, shape () or (m,)
        w_ij of every arc in the order of ``graph.indices``: above 0 for complements, below for substitutes.
    lower, upper : float or array_like of float, shape () or (n,)
        Bounds of the actions, infinite where there is none.

    Raises
    ------
    InvalidInputError
        If a number is not finite, or a lower bound above the upper one; the message names the first.

    Notes
    -----
    The best response is b_i + sum_j w_ij x_j, cut at the bounds. Payoffs and responses cost O(n + m).

    References
    ----------
    Ballester, Calvo-Armengol and Zenou, "Who's who in networks. Wanted: the key player", Econometrica 74, 2006.
    Bramoulle, Kranton and D'Amours, "Strategic interaction and networks", American Economic Review 104, 2014.

    Examples
    --------
    >>> pair = Graph.from_edges(["ann"], ["bob"], directed=False)
    >>> game = LinearQuadratic(pair, 1.0, interaction=0.5)
    >>> game.best_response([2.0, 2.0]).tolist(), game.payoffs([2.0, 2.0]).tolist()
    ([2.0, 2.0], [2.0, 2.0])
    >>> game.gains([2.0, 1.0]).tolist()
    [0.125, 0.5]
    """

    kind: ClassVar[str] = "linear_quadratic"
    graph: Graph
    standalone: Reals
    interaction: float | Reals
    lower: Reals
    upper: Reals

    def __init__(
        self,
        graph: Graph,
        standalone: float | ArrayLike,
        *,
        interaction: float | ArrayLike,
        lower: float | ArrayLike = -inf,
        upper: float | ArrayLike = inf,
    ) -> None:
        n, m = graph_given(graph).n, graph.m
        low = one_each("lower", lower, n, infinite=True)
        high = one_each("upper", upper, n, infinite=True)
        for name, array, wrong in (("lower", low, inf), ("upper", high, -inf)):
            if (array == wrong).any():
                raise InvalidInputError(
                    name, wrong, index=int(np.argmax(array == wrong)), allowed=f"a number or {-wrong}"
                )
        if (low > high).any():
            first = int(np.argmax(low > high))
            raise InvalidInputError(
                "lower", float(low[first]), index=first, allowed=f"at most the upper bound, {high[first]:g}"
            )
        for name, given in (
            ("graph", graph),
            ("standalone", one_each("standalone", standalone, n)),
            ("interaction", one_or_each("interaction", interaction, m, each="arc")),
            ("lower", low),
            ("upper", high),
        ):
            object.__setattr__(self, name, given)

    @classmethod
    def from_network(
        cls,
        network: IncentiveNetwork,
        standalone: float | ArrayLike,
        *,
        lower: float | ArrayLike = -inf,
        upper: float | ArrayLike = inf,
    ) -> Self:
        """Return the game whose interaction is the support layer of a network.

        Raises
        ------
        InvalidInputError
            If the network has no support layer.
        """
        layer = support_of(network)
        return cls(layer.graph, standalone, interaction=layer.weights, lower=lower, upper=upper)

    @property
    def weights(self) -> float | Reals:
        """The interaction."""
        return self.interaction

    @property
    def is_bounded(self) -> bool:
        """Whether any action has a bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    @property
    def layer(self) -> Layer:
        """The interaction with its graph."""
        return Layer(self.graph, self.interaction)

    def checked(self, actions: ArrayLike) -> Reals:
        """Return actions as float64 of shape (n,); refuse what lies outside the bounds."""
        return actions_between("actions", actions, self.n, self.lower, self.upper)

    def payoffs(self, actions: ArrayLike) -> Reals:
        """Return everybody's payoff, float64 of shape (n,)."""
        x = self.checked(actions)
        return np.asarray(payoff(self.standalone + self.pull(x), x))

    def deviations(self, actions: ArrayLike) -> tuple[Reals, Reals]:
        """Return the best each could do alone and by how much that raises its payoff, both float64 of shape (n,)."""
        x = self.checked(actions)
        value = self.standalone + self.pull(x)
        best = response(value, self.lower, self.upper)
        return np.asarray(best), np.asarray(response_gain(value, x, best))

    def potential(self, actions: ArrayLike) -> float:
        """Return the potential of a symmetric game: it changes by what any deviator's payoff changes.

        Raises
        ------
        InvalidInputError
            If the interaction is not symmetric: then there is none.

        Notes
        -----
        sum_i (b_i x_i - x_i^2 / 2) + sum_(i,j) w_ij x_i x_j / 2 (Monderer and Shapley, 1996).
        """
        if not self.is_symmetric:
            raise InvalidInputError("interaction", "asymmetric", verb="is", allowed="symmetric: w_ij = w_ji")
        x = self.checked(actions)
        return float((payoff(self.standalone, x) + x * self.pull(x) / 2).sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the system as plain Python values, ready for JSON."""
        return {
            "system": self.kind,
            "graph": graph_to_dict(self.graph),
            "standalone": numbers_to(self.standalone),
            "interaction": numbers_to(self.interaction),
            "lower": numbers_to(self.lower),
            "upper": numbers_to(self.upper),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the system that `to_dict` wrote.

        Examples
        --------
        >>> game = LinearQuadratic(Graph.from_edges([0], [1]), 1.0, interaction=0.5, lower=0.0)
        >>> LinearQuadratic.from_dict(game.to_dict()).to_dict() == game.to_dict()
        True
        """
        given = fields_of(document, cls.kind, ("standalone", "interaction", "lower", "upper"))
        return cls(
            graph_from_dict(given["graph"]),
            numbers_from(given["standalone"]),
            interaction=numbers_from(given["interaction"]),
            lower=numbers_from(given["lower"], -inf),
            upper=numbers_from(given["upper"], inf),
        )
