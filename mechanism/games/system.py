"""Payoff systems: games in which each person's payoff depends on what those it is linked to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.vectors import Reals, one_each

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "PayoffSystem",
    "actions_between",
    "fields_of",
    "graph_from_dict",
    "graph_given",
    "graph_to_dict",
    "numbers_from",
    "numbers_to",
]


class PayoffSystem(ABC):
    """A game on a graph: an arc i -> j with weight w_ij says that what j does enters the payoff of i.

    What the others do reaches a person through one number, the pull: the sum over the arcs i -> j of w_ij x_j.
    """

    __slots__ = ()
    kind: ClassVar[str]
    """Name of the system in documents."""

    graph: Graph

    @property
    @abstractmethod
    def weights(self) -> float | Reals:
        """The weight of every arc: one number for all, or an array in the order of ``graph.indices``."""

    @property
    def n(self) -> int:
        """Number of people."""
        return self.graph.n

    @property
    def matrix(self) -> csr_array:
        """The weights as a sparse matrix of scipy, float64 of shape (n, n); made at each call, O(n + m)."""
        from scipy.sparse import csr_array

        weights = np.broadcast_to(np.asarray(self.weights, dtype=np.float64), (self.graph.m,))
        return csr_array((weights, self.graph.indices, self.graph.indptr), shape=(self.n, self.n))

    @property
    def is_symmetric(self) -> bool:
        """Whether w_ij = w_ji for all pairs; O(n + m)."""
        matrix = self.matrix
        return bool((matrix != matrix.T).nnz == 0)

    def pull(self, actions: ArrayLike) -> Reals:
        """Return what the others' actions weigh for each person: sum_j w_ij x_j; float64, shape (n,).

        Notes
        -----
        O(n + m).
        """
        return np.asarray(self.matrix @ self.checked(actions), dtype=np.float64)

    @abstractmethod
    def payoffs(self, actions: ArrayLike) -> Reals:
        """Return everybody's payoff, float64 of shape (n,)."""

    def best_response(self, actions: ArrayLike) -> Reals:
        """Return the best each could do while the others keep their actions, float64 of shape (n,)."""
        return self.deviations(actions)[0]

    @abstractmethod
    def deviations(self, actions: ArrayLike) -> tuple[Reals, Reals]:
        """Return the best each could do alone and by how much that raises its payoff, both float64 of shape (n,)."""

    def gains(self, actions: ArrayLike) -> Reals:
        """Return by how much each could raise its own payoff alone, at least 0, float64 of shape (n,)."""
        return self.deviations(actions)[1]

    @abstractmethod
    def checked(self, actions: ArrayLike) -> Reals:
        """Return actions as float64 of shape (n,); refuse what is not allowed in the game."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the system as plain Python values, ready for JSON."""

    @classmethod
    @abstractmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the system that `to_dict` wrote."""


def graph_to_dict(graph: Graph) -> dict[str, Any]:
    """Return a graph as plain Python values."""
    return {name: getattr(graph, name).tolist() for name in ("indptr", "indices", "labels")}


def graph_from_dict(document: Any) -> Graph:
    """Return the graph that `graph_to_dict` wrote."""
    if not isinstance(document, Mapping) or set(document) != {"indptr", "indices", "labels"}:
        raise InvalidInputError(
            "graph", sorted(document) if isinstance(document, Mapping) else document,
            allowed="an object with indptr, indices and labels",
        )  # fmt: skip
    arrays = []
    for name, kind in (("indptr", np.int64), ("indices", np.int32), ("labels", None)):
        try:
            arrays.append(np.asarray(document[name], dtype=kind))
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidInputError(
                "graph", document[name], index=name, allowed=f"a list of plain values ({error})"
            ) from None
    return Graph(*arrays)


def numbers_to(values: float | NDArray[np.float64]) -> Any:
    """Return a number or an array as plain values; what is infinite becomes None."""
    if isinstance(values, float):
        return values if np.isfinite(values) else None
    return [x if np.isfinite(x) else None for x in values.tolist()]


def numbers_from(document: Any, missing: float = np.nan) -> Any:
    """Return what `numbers_to` wrote, None as the infinite number that is given."""
    if isinstance(document, list):
        return [missing if x is None else x for x in document]
    return missing if document is None else document


def actions_between(
    argument: str, actions: ArrayLike, n: int, lower: float | Reals, upper: float | Reals
) -> Reals:
    """Return actions as an array; refuse what lies outside its bounds."""
    array = one_each(argument, actions, n)
    outside = (array < lower) | (array > upper)
    if outside.any():
        first = int(np.argmax(outside))
        low, high = (np.broadcast_to(np.asarray(x), (n,))[first] for x in (lower, upper))
        raise InvalidInputError(argument, float(array[first]), index=first, allowed=f"in [{low:g}, {high:g}]")
    return array


def graph_given(graph: object) -> Graph:
    """Return a graph; refuse anything else."""
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    return graph


def fields_of(document: Mapping[str, Any], kind: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the entries of a document, but for its kind; refuse another kind, and entries that lack or are unknown."""
    if not isinstance(document, Mapping) or document.get("system") != kind:
        raise InvalidInputError("document", document, allowed=f'an object whose "system" is "{kind}"')
    given = {name: value for name, value in document.items() if name != "system"}
    if set(given) != {"graph", *names}:
        raise InvalidInputError("document", sorted(given), allowed=f"one with graph, {', '.join(names)}")
    return given
