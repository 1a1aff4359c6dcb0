"""Layers of a network: weighted arcs that say what one person is to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.vectors import Reals, one_or_each

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mechanism.network import IncentiveNetwork

__all__ = ["Layer", "altruism_of", "combined", "support_of"]


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Layer:
    """Weighted arcs: the arc i -> j weighs what j does, or gets, for i.

    Parameters
    ----------
    graph : Graph
        The arcs.
    weights : float or array_like of float, shape () or (m,)
        The weight of every arc in the order of ``graph.indices``, finite.

    Raises
    ------
    InvalidInputError
        If a weight is not finite or their number is not m.

    Examples
    --------
    >>> Layer(Graph.from_edges([0, 1], [1, 2]), [0.5, -0.25]).matrix.toarray().tolist()
    [[0.0, 0.5, 0.0], [0.0, 0.0, -0.25], [0.0, 0.0, 0.0]]
    """

    graph: Graph
    weights: float | Reals

    def __init__(self, graph: Graph, weights: float | ArrayLike, *, argument: str = "weights") -> None:
        if not isinstance(graph, Graph):
            raise InvalidInputError("graph", graph, allowed="a Graph")
        object.__setattr__(self, "graph", graph)
        object.__setattr__(self, "weights", one_or_each(argument, weights, graph.m, each="arc"))

    @property
    def by_arc(self) -> Reals:
        """The weight of every arc, float64 of shape (m,)."""
        return np.broadcast_to(np.asarray(self.weights, dtype=np.float64), (self.graph.m,))

    @property
    def matrix(self) -> csr_array:
        """The weights as a sparse matrix of scipy, float64 of shape (n, n); made at each call, O(n + m)."""
        from scipy.sparse import csr_array

        n = self.graph.n
        return csr_array((self.by_arc, self.graph.indices, self.graph.indptr), shape=(n, n))

    @property
    def reversed(self) -> Layer:
        """The layer with every arc turned round, j -> i with the weight of i -> j; O(n + m)."""
        return _layer_of(self.matrix.T.tocsr(), self.graph)


def combined(layers: Sequence[Layer], factors: Sequence[float | ArrayLike] | None = None) -> Layer:
    """Return the weighted sum of layers, such as the motives through which people matter to one another.

    Parameters
    ----------
    layers : sequence of Layer
        At least one, all on the same people.
    factors : sequence of float or array_like of float, shape () or (n,), optional
        What each layer counts: for all, or for each person (the arcs that begin there). 1 by default.

    Returns
    -------
    Layer
        On the union of the arcs; an arc whose weights add up to 0 is left out.

    Raises
    ------
    InvalidInputError
        If there is no layer, the people differ, or a factor is not finite.

    Notes
    -----
    O(n + m log m).

    Examples
    --------
    >>> chain = Graph.from_edges([0, 1], [1, 2])
    >>> friends, rivals = Layer(chain, 0.5), Layer(chain, [0.5, 1.0])
    >>> combined([friends, rivals], [2.0, [-1.0, 1.0, 0.0]]).matrix.toarray().tolist()
    [[0.0, 0.5, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]
    """
    if not layers:
        raise InvalidInputError("layers", layers, allowed="at least one layer")
    first = layers[0].graph
    counts = [1.0] * len(layers) if factors is None else list(factors)
    if len(counts) != len(layers):
        raise InvalidInputError(
            "factors", len(counts), index="number", allowed=f"one per layer, {len(layers)}"
        )
    total = None
    for place, (layer, factor) in enumerate(zip(layers, counts, strict=True)):
        graph = layer.graph
        if graph is not first and not np.array_equal(graph.labels, first.labels):
            raise InvalidInputError(
                "layers", f"{graph.n} people", index=place, allowed="on the same people as the first layer"
            )
        count = one_or_each(f"factors[{place}]", factor, graph.n)
        matrix = layer.matrix
        if isinstance(count, float):
            matrix = matrix * count
        else:
            matrix.data = matrix.data * np.repeat(count, graph.out_degree)
        total = matrix if total is None else total + matrix
    return _layer_of(total, first)


def _layer_of(matrix: csr_array, like: Graph) -> Layer:
    matrix = matrix.copy()  # the arrays may be those of a graph
    matrix.eliminate_zeros()
    matrix.sort_indices()
    graph = Graph(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), like.labels)
    return Layer(graph, matrix.data)


def support_of(network: IncentiveNetwork) -> Layer:
    """Return the support layer of a network; refuse a network without one."""
    if network.support is None:
        raise InvalidInputError(
            "network", "without a support layer", allowed="one such as IncentiveNetwork(..., support=0.2)"
        )
    return network.support


def altruism_of(network: IncentiveNetwork) -> Layer:
    """Return the altruism layer of a network; refuse a network without one."""
    if network.altruism is None:
        raise InvalidInputError(
            "network", "without an altruism layer", allowed="one such as IncentiveNetwork(..., altruism=0.2)"
        )
    return network.altruism
