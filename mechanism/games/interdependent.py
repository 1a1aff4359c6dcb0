"""Utilities that feed on utilities: people who care how others fare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import InvalidInputError
from mechanism.games.linear_quadratic import LinearQuadratic
from mechanism.games.participation import Participation
from mechanism.games.system import fields_of, graph_from_dict, graph_to_dict, numbers_from, numbers_to
from mechanism.graph import Graph
from mechanism.layers import Layer, altruism_of
from mechanism.vectors import Reals

if TYPE_CHECKING:
    from mechanism.network import IncentiveNetwork

__all__ = ["Interdependent"]


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Interdependent:
    """A game whose players maximise utilities u = p + A u: the own payoff p_i, and a share a_ij of the utility of j.

    Parameters
    ----------
    base : LinearQuadratic or Participation
        The game that makes the payoffs p.
    altruism : float or array_like of float, shape () or (arcs,)
        a_ij of every arc i -> j: how much a unit of j's utility is worth to i.
    graph : Graph, optional
        The arcs of altruism, on the same people; those of the base game by default.

    Raises
    ------
    InvalidInputError
        If a weight is not finite, or the graphs are on different people.

    Notes
    -----
    If the spectral radius of A is below 1, u = B p with B = (I - A)^-1, and person i maximises sum_k B_ik p_k. Since
    x_i enters p_k through w_ki x_k alone, the game keeps its form, with the weights w_ij + B_ij w_ji / B_ii instead of
    w_ij: the `effective_game` of the solvers. With A of at least 0 so is B (I - A is an M-matrix), and no utility is
    lost; at a spectral radius of 1 or more utilities feed one another without end and the system means nothing.

    References
    ----------
    Bergstrom, "Systems of benevolent utility functions", Journal of Public Economic Theory 1, 1999.

    Examples
    --------
    >>> pair = Graph.from_edges(["ann"], ["bob"], directed=False)
    >>> game = Interdependent(LinearQuadratic(pair, 1.0, interaction=0.25), altruism=0.5)
    >>> game.utilities([1.0, 1.0]).round(6).tolist()
    [1.5, 1.5]
    """

    kind: ClassVar[str] = "interdependent"
    base: LinearQuadratic | Participation
    altruism: Layer

    def __init__(
        self,
        base: LinearQuadratic | Participation,
        *,
        altruism: float | ArrayLike,
        graph: Graph | None = None,
    ) -> None:
        if not isinstance(base, (LinearQuadratic, Participation)):
            raise InvalidInputError("base", base, allowed="a LinearQuadratic or a Participation game")
        arcs = base.graph if graph is None else graph
        if not isinstance(arcs, Graph) or not np.array_equal(arcs.labels, base.graph.labels):
            raise InvalidInputError("graph", graph, allowed="a Graph on the same people as the base game")
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "altruism", Layer(arcs, altruism, argument="altruism"))

    @classmethod
    def from_network(cls, base: LinearQuadratic | Participation, network: IncentiveNetwork) -> Self:
        """Return the base game with the altruism layer of a network."""
        layer = altruism_of(network)
        return cls(base, altruism=layer.weights, graph=layer.graph)

    @property
    def n(self) -> int:
        """Number of people."""
        return self.base.n

    def utilities(self, actions: ArrayLike) -> Reals:
        """Return everybody's utility u = (I - A)^-1 p, float64 of shape (n,).

        Notes
        -----
        One sparse factorisation; whether the spectral radius of A is below 1 is not checked here.
        """
        from scipy.sparse import csc_array, eye_array
        from scipy.sparse.linalg import spsolve

        system = csc_array(eye_array(self.n, format="csc") - self.altruism.matrix)
        return np.atleast_1d(np.asarray(spsolve(system, self.base.payoffs(actions)), dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Return the system as plain Python values, ready for JSON."""
        return {
            "system": self.kind,
            "graph": graph_to_dict(self.altruism.graph),
            "base": self.base.to_dict(),
            "altruism": numbers_to(self.altruism.weights),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the system that `to_dict` wrote."""
        given = fields_of(document, cls.kind, ("base", "altruism"))
        inner = given["base"]
        kinds = {one.kind: one for one in (LinearQuadratic, Participation)}
        if not isinstance(inner, Mapping) or inner.get("system") not in kinds:
            raise InvalidInputError("base", inner, allowed=f"an object of the system {' or '.join(kinds)}")
        base: LinearQuadratic | Participation = kinds[inner["system"]].from_dict(inner)
        return cls(base, altruism=numbers_from(given["altruism"]), graph=graph_from_dict(given["graph"]))
