"""Edges as they come, and the arcs that they make: numbered, checked, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError

__all__ = ["Edges", "Labels", "Nodes", "labels_of", "opposite_arcs", "simple_arcs"]

_SPARSE = 8  # numbers per edge up to which a table of all numbers is worth its memory
Labels = NDArray[Any]
"""Names of people: int64 or text."""
Nodes = NDArray[np.int64]
"""Numbers of people, 0..n - 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Labels of the two ends of every edge, and where they were read.

    Parameters
    ----------
    source, target : ndarray of int64 or str, shape (edges,)
        Labels of the ends.
    lines : callable, optional
        Returns the line of each edge in the file, from 1; called for messages only.
    file : str
        Name of the file.

    Examples
    --------
    >>> Edges(np.array([1, 2]), np.array([2, 3])).where(1)
    'edge 1'
    """

    source: Labels
    target: Labels
    lines: Callable[[], NDArray[np.int64]] | None = None
    file: str = ""

    def where(self, edge: int) -> str:
        """Return the place of an edge, for messages."""
        lines = () if self.lines is None else self.lines()
        return f"line {lines[edge]} of {self.file}" if edge < len(lines) else f"edge {edge}"

    def numbered(self) -> tuple[Labels, Nodes, Nodes]:
        """Return the labels in order and the numbers of both ends; O(m) for whole numbers close together."""
        if self.source.dtype.kind == "i" and len(self.source):
            low = int(min(self.source.min(), self.target.min()))
            span = int(max(self.source.max(), self.target.max())) - low + 1
            if span <= _SPARSE * len(self.source):
                source, target = self.source - low, self.target - low
                occurs = np.zeros(span, dtype=np.bool_)
                occurs[source] = True
                occurs[target] = True
                labels = np.flatnonzero(occurs)
                if len(labels) < span:
                    number = np.cumsum(occurs) - 1
                    source, target = number[source], number[target]
                return labels + low, source, target
        labels, nodes = np.unique(np.concatenate((self.source, self.target)), return_inverse=True)
        return labels, nodes[: len(self.source)], nodes[len(self.source) :]


def labels_of(argument: str, values: ArrayLike) -> Labels:
    """Return labels as int64 or text; refuse anything else.

    Examples
    --------
    >>> labels_of("source", [3, 1]).dtype
    dtype('int64')
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidInputError(argument, array.shape, allowed="one-dimensional")
    if array.size == 0:
        raise InvalidInputError(argument, [], allowed="the ends of at least one edge")
    texts = array.dtype.kind == "U"  # numpy makes texts of numbers that stand among texts
    if texts and (isinstance(values, np.ndarray) or all(isinstance(x, str) for x in cast(list[Any], values))):
        return array
    if array.dtype.kind in "iu" and np.can_cast(array.dtype, np.int64):
        return array.astype(np.int64)
    items = np.asarray(values, dtype=object).tolist()  # as given: numpy turns large integers into floats
    if all(isinstance(item, str) for item in items):
        return array.astype(str)
    limits = np.iinfo(np.int64)
    for index, item in enumerate(items):
        if (
            isinstance(item, bool)
            or not isinstance(item, (int, np.integer))
            or not limits.min <= item <= limits.max
        ):
            raise InvalidInputError(
                argument,
                item,
                index=index,
                allowed="a whole number within int64 or a text, and all labels of one kind",
            )
    return np.array(items, dtype=np.int64)


def simple_arcs(
    source: Nodes,
    target: Nodes,
    n: int,
    where: Callable[[int], str],
    *,
    directed: bool,
    self_loops: str,
    duplicates: str,
) -> tuple[Nodes, Nodes]:
    """Return the arcs of a simple graph in order of (source, target).

    Parameters
    ----------
    source, target : ndarray of int64, shape (edges,)
        Ends of the edges as node numbers below `n`.
    n : int
        Number of nodes.
    where : callable
        Names the place of an edge in messages.
    directed : bool
        False makes both arcs of every edge.
    self_loops : {"refuse", "drop"}
        What to do with edges from a node to itself.
    duplicates : {"refuse", "merge"}
        What to do with repeated edges.

    Raises
    ------
    InvalidInputError
        If edges are refused; the message has their number and the place of the first.

    Notes
    -----
    O(m log m) time.

    Examples
    --------
    >>> ends = np.array([2, 0]), np.array([1, 1])
    >>> source, target = simple_arcs(
    ...     *ends, 3, str, directed=False, self_loops="refuse", duplicates="refuse"
    ... )
    >>> list(zip(source.tolist(), target.tolist()))
    [(0, 1), (1, 0), (1, 2), (2, 1)]
    """
    for argument, value, choices in (
        ("self_loops", self_loops, ("refuse", "drop")),
        ("duplicates", duplicates, ("refuse", "merge")),
    ):
        if value not in choices:
            raise InvalidInputError(argument, value, allowed=" or ".join(map(repr, choices)))
    loops = np.flatnonzero(source == target)
    if len(loops) and self_loops == "refuse":
        raise InvalidInputError(
            "edges",
            f"{_count(len(loops), 'self-loop')} (the first: {where(int(loops[0]))})",
            verb="has",
            allowed='free of them; pass self_loops="drop" to drop them',
        )
    edges = np.flatnonzero(source != target)
    source, target = source[edges].astype(np.int64), target[edges].astype(np.int64)
    if not directed:
        source, target = np.minimum(source, target), np.maximum(source, target)
    code = source * n + target
    ordered = np.sort(code)
    repeated = np.zeros(len(code), dtype=bool)
    repeated[1:] = ordered[1:] == ordered[:-1]
    if duplicates == "refuse" and repeated.any():
        order = np.argsort(code, kind="stable")
        first = int(edges[order[repeated].min()])
        raise InvalidInputError(
            "edges",
            f"{_count(int(repeated.sum()), 'repeated arc')} (the first: {where(first)})",
            verb="has",
            allowed='free of them; pass duplicates="merge" to merge them',
        )
    code = ordered[~repeated]
    if not directed:
        code = np.sort(np.concatenate((code, code % n * n + code // n)))
    return code // n, code % n


def opposite_arcs(source: Nodes, target: NDArray[Any], n: int) -> Nodes:
    """Return for each arc the number of the arc with the same ends turned round, -1 if there is none.

    Parameters
    ----------
    source, target : ndarray of int, shape (m,)
        Ends of the arcs, in order of (source, target).
    n : int
        Number of nodes.

    Returns
    -------
    ndarray of int64, shape (m,)

    Notes
    -----
    O(m log m) time.

    Examples
    --------
    >>> opposite_arcs(np.array([0, 0, 1]), np.array([1, 2, 0]), 3).tolist()
    [2, -1, 0]
    """
    code = source * n + target
    wanted = target.astype(np.int64) * n + source
    place = np.minimum(np.searchsorted(code, wanted), max(len(code) - 1, 0))
    return np.where(code[place] == wanted, place, -1) if len(code) else np.empty(0, dtype=np.int64)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
