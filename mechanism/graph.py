"""Directed graphs in compressed sparse rows: who can contact whom."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError

if TYPE_CHECKING:
    from scipy.sparse import sparray, spmatrix

__all__ = ["Graph"]

Labels = NDArray[Any]
_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A simple directed graph: arc u -> v means that u can contact v.

    Make one with `from_file`, `from_edges` or `from_scipy`. Nodes are numbered 0..n - 1 in the order of
    their labels (by value if all are whole numbers, else as text), and the contacts of a node in
    increasing order, so that the order of the input does not matter.

    Attributes
    ----------
    indptr : ndarray of int64, shape (n + 1,)
        The contacts of node u are ``indices[indptr[u]:indptr[u + 1]]``.
    indices : ndarray of int32, shape (m,)
        Contacts.
    labels : ndarray, shape (n,)
        Original names of the nodes, int64 or text.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    labels: Labels

    def __post_init__(self) -> None:
        for name in ("indptr", "indices", "labels"):
            getattr(self, name).flags.writeable = False

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def m(self) -> int:
        """Number of arcs; an undirected edge counts twice."""
        return len(self.indices)

    @property
    def out_degree(self) -> NDArray[np.int64]:
        """Number of contacts of each node, int64 of shape (n,)."""
        return np.diff(self.indptr)

    def index_of(self, label: int | str) -> int:
        """Return the number of the node with a label.

        Raises
        ------
        InvalidInputError
            If no node has it.
        """
        numeric = self.labels.dtype.kind == "i"
        if numeric == isinstance(label, (int, np.integer)):
            position = int(np.searchsorted(self.labels, label))
            if position < self.n and self.labels[position] == label:
                return position
        raise InvalidInputError("label", label, allowed=f"one of the {self.n} labels of the graph")

    def __repr__(self) -> str:
        return f"Graph(n={self.n}, m={self.m})"

    @classmethod
    def from_edges(
        cls,
        source: ArrayLike,
        target: ArrayLike,
        *,
        directed: bool = True,
        self_loops: Literal["refuse", "drop"] = "refuse",
        duplicates: Literal["refuse", "merge"] = "refuse",
    ) -> Self:
        """Return the graph with the given arcs.

        Parameters
        ----------
        source, target : array_like of int or str, shape (edges,)
            Labels of the two ends.
        directed : bool
            False makes both arcs of every edge.
        self_loops : {"refuse", "drop"}
            What to do with edges from a node to itself.
        duplicates : {"refuse", "merge"}
            What to do with repeated arcs (for ``directed=False`` also the reversed edge).

        Returns
        -------
        Graph

        Raises
        ------
        InvalidInputError
            If there is no edge, the ends differ in number or are not whole numbers or texts, or
            edges are refused.

        Notes
        -----
        O(m log m) time.

        Examples
        --------
        >>> graph = Graph.from_edges(["ann", "bob"], ["bob", "cem"], directed=False)
        >>> graph
        Graph(n=3, m=4)
        >>> graph.indices[graph.indptr[1] : graph.indptr[2]].tolist()
        [0, 2]
        """
        return cls._build(source, target, None, directed, self_loops, duplicates)

    @classmethod
    def from_scipy(
        cls,
        matrix: sparray | spmatrix,
        *,
        directed: bool = True,
        self_loops: Literal["refuse", "drop"] = "refuse",
    ) -> Self:
        """Return the graph whose arcs are the stored non-zero entries of a square sparse matrix.

        Labels are the row numbers; nodes without arcs are kept. With ``directed=False`` each edge may be stored
        once or in both directions.
        """
        rows, columns = matrix.shape
        if rows != columns or rows == 0:
            raise InvalidInputError("matrix", (rows, columns), allowed="square, with at least one row")
        entries = matrix.tocoo()
        kept = np.asarray(entries.data != 0)
        source, target = np.asarray(entries.row)[kept], np.asarray(entries.col)[kept]
        duplicates: Literal["refuse", "merge"] = "refuse" if directed else "merge"
        loops = source == target
        _refuse_loops(int(loops.sum()), int(loops.argmax()) if loops.any() else 0, None, self_loops)
        source, target = source[~loops], target[~loops]
        if not directed:
            source, target = np.concatenate((source, target)), np.concatenate((target, source))
        return cls._compress(source, target, np.arange(rows, dtype=np.int64), None, duplicates)

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        directed: bool = True,
        self_loops: Literal["refuse", "drop"] = "refuse",
        duplicates: Literal["refuse", "merge"] = "refuse",
    ) -> Self:
        """Read a graph from an edge list, or from the ``.npz`` file that `save` wrote.

        An edge list is text, gzip-compressed or not, with tabs, spaces or commas between columns:
        ``#`` begins a comment, the first line may hold column names, and the first two
        columns are the ends of an edge; further columns are ignored.

        Parameters
        ----------
        path : path
            The file.
        directed, self_loops, duplicates
            As in `from_edges`; an ``.npz`` file holds arcs and ignores them.

        Returns
        -------
        Graph

        Raises
        ------
        InvalidInputError
            If the file is missing, empty or malformed, or edges are refused; the message names the
            first line concerned.
        """
        from mechanism.readers import read_edges

        path = Path(path)
        if not path.is_file():
            raise InvalidInputError("path", str(path), allowed="an existing file")
        if path.suffix == ".npz":
            return cls._load(path)
        source, target, lines = read_edges(path)
        return cls._build(source, target, lines, directed, self_loops, duplicates)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the graph to an ``.npz`` file, whole or not at all."""
        path = Path(path)
        if path.suffix != ".npz":
            raise InvalidInputError("path", str(path), allowed="a file name that ends in .npz")
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as file:
                labels = self.labels.astype(str) if self.labels.dtype.kind != "i" else self.labels
                np.savez_compressed(
                    file, format=_FORMAT, indptr=self.indptr, indices=self.indices, labels=labels
                )
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def _load(cls, path: Path) -> Self:
        allowed = "a graph written by Graph.save"
        try:
            with np.load(path, allow_pickle=False) as stored:
                indptr, indices, labels = stored["indptr"], stored["indices"], stored["labels"]
                version = int(stored["format"])
        except Exception as error:  # zipfile, numpy and OS errors all mean the same to the reader
            raise InvalidInputError("path", str(path), allowed=f"{allowed} ({error})") from error
        sound = (
            version == _FORMAT
            and indptr.ndim == indices.ndim == labels.ndim == 1
            and len(indptr) == len(labels) + 1
            and indptr[0] == 0
            and indptr[-1] == len(indices)
            and bool(np.all(np.diff(indptr) >= 0))
            and (len(indices) == 0 or (indices.min() >= 0 and indices.max() < len(labels)))
        )
        if not sound:
            raise InvalidInputError("path", str(path), allowed=allowed)
        return cls(indptr.astype(np.int64), indices.astype(np.int32), labels)

    @classmethod
    def _build(
        cls,
        source: ArrayLike,
        target: ArrayLike,
        lines: NDArray[np.int64] | None,
        directed: bool,
        self_loops: str,
        duplicates: str,
    ) -> Self:
        """Return the graph after numbering the labels; `lines` are the line numbers of the edges in a file."""
        _choice("self_loops", self_loops, ("refuse", "drop"))
        _choice("duplicates", duplicates, ("refuse", "merge"))
        ends = [_labels("source", source), _labels("target", target)]
        if ends[0].shape != ends[1].shape:
            raise InvalidInputError("target", ends[1].shape, allowed=f"as long as source, {ends[0].shape}")
        if not len(ends[0]):
            raise InvalidInputError("source", "empty", allowed="at least one edge")
        if ends[0].dtype.kind != ends[1].dtype.kind:
            ends = [end.astype(str) for end in ends]
        names, numbers = np.unique(np.concatenate(ends), return_inverse=True)
        first, second = numbers[: len(ends[0])], numbers[len(ends[0]) :]
        loops = first == second
        _refuse_loops(int(loops.sum()), int(loops.argmax()) if loops.any() else 0, lines, self_loops)
        if loops.any():
            first, second = first[~loops], second[~loops]
            lines = np.flatnonzero(~loops) + 1 if lines is None else lines[~loops]
        if not directed:
            low, high = np.minimum(first, second), np.maximum(first, second)
            kept = _distinct(low, high, len(names), lines, duplicates)
            first, second = low[kept], high[kept]
            first, second = np.concatenate((first, second)), np.concatenate((second, first))
            lines = None
        return cls._compress(first, second, names, lines, duplicates)

    @classmethod
    def _compress(
        cls,
        source: NDArray[np.int64],
        target: NDArray[np.int64],
        labels: Labels,
        lines: NDArray[np.int64] | None,
        duplicates: str,
    ) -> Self:
        n = len(labels)
        if n > np.iinfo(np.int32).max:
            raise InvalidInputError("labels", n, allowed="at most 2,147,483,647 nodes")
        kept = _distinct(source, target, n, lines, duplicates)
        source, target = source[kept], target[kept]
        indptr = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=n), out=indptr[1:])
        return cls(indptr, target.astype(np.int32), labels)


def _distinct(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    n: int,
    lines: NDArray[np.int64] | None,
    duplicates: str,
) -> NDArray[np.int64]:
    """Return positions of the distinct arcs in order of (source, target); refuse others if so wanted."""
    code = source.astype(np.int64) * n + target
    order = np.argsort(code, kind="stable")
    repeated = np.zeros(len(code), dtype=bool)
    repeated[1:] = code[order][1:] == code[order][:-1]
    if duplicates == "refuse" and repeated.any():
        first = int(order[repeated].min())
        raise InvalidInputError(
            "edges",
            f"{_count(int(repeated.sum()), 'repeated arc')} (the first: {_where(first, lines)})",
            verb="has",
            allowed='free of them; pass duplicates="merge" to merge them',
        )
    kept: NDArray[np.int64] = order[~repeated]
    return kept


def _refuse_loops(count: int, first: int, lines: NDArray[np.int64] | None, self_loops: str) -> None:
    if count and self_loops == "refuse":
        raise InvalidInputError(
            "edges",
            f"{_count(count, 'self-loop')} (the first: {_where(first, lines)})",
            verb="has",
            allowed='free of them; pass self_loops="drop" to drop them',
        )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _where(position: int, lines: NDArray[np.int64] | None) -> str:
    return f"edge {position}" if lines is None else f"line {int(lines[position])}"


def _labels(argument: str, values: ArrayLike) -> Labels:
    """Return labels as int64 or text."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidInputError(argument, array.shape, allowed="one-dimensional")
    if array.dtype.kind in "iu":
        if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
            raise InvalidInputError(argument, int(array.max()), allowed="labels within int64")
        return array.astype(np.int64)
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind == "O" and all(isinstance(x, str) for x in array):
        return array.astype(str)
    if array.size == 0:
        return array.astype(np.int64)
    bad = next(
        (i for i, x in enumerate(array.tolist()) if not isinstance(x, (int, str)) or isinstance(x, bool)), 0
    )
    raise InvalidInputError(
        argument, array.tolist()[bad], index=bad, allowed="a whole number or a text, all of one kind"
    )


def _choice(argument: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidInputError(argument, value, allowed=" or ".join(map(repr, choices)))
