"""Directed graphs in compressed sparse rows: who can contact whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.arcs import Edges, Labels, Nodes, labels_of, simple_arcs
from mechanism.errors import InvalidInputError
from mechanism.readers import read_edges
from mechanism.storage import load_arrays, map_arrays, write_arrays

if TYPE_CHECKING:
    from scipy.sparse import sparray, spmatrix

__all__ = ["Graph"]

_FORMAT = 1
_BLOCK = 1 << 20  # arcs that are looked at together
_MOST_NODES = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class _MappedFile:
    """A file and what tells that it is still the same."""

    path: str
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> Self:
        status = path.stat()
        return cls(str(path.resolve()), status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Graph:
    """A simple directed graph: arc u -> v means that u can contact v.

    Make one with `from_file`, `from_edges` or `from_scipy`. Nodes are numbered 0..n - 1 in the order of
    their labels (by value if all are whole numbers, else as text), and the contacts of a node in
    increasing order, so that the order of the input does not matter.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n + 1,)
        The contacts of node u are ``indices[indptr[u]:indptr[u + 1]]``.
    indices : ndarray of int32, shape (m,)
        Contacts, increasing for each node, none of them the node itself.
    labels : ndarray, shape (n,)
        Original names of the nodes, int64 or text, increasing.

    Raises
    ------
    InvalidInputError
        If the arrays are no such graph.

    Examples
    --------
    >>> graph = Graph.from_edges([30, 10], [20, 30])
    >>> graph, graph.labels.tolist(), graph.indptr.tolist(), graph.indices.tolist()
    (Graph(n=3, m=2), [10, 20, 30], [0, 1, 1, 2], [2, 1])
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    labels: Labels
    _file: _MappedFile | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        for name, dtype in (("indptr", np.int64), ("indices", np.int32), ("labels", None)):
            array = _one_dimensional(name, getattr(self, name), dtype)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if not len(self.labels) or len(self.indptr) != len(self.labels) + 1:
            raise InvalidInputError(
                "indptr", self.indptr.shape, allowed="one longer than labels, of which there is at least one"
            )
        degrees = np.diff(self.indptr)
        if self.indptr[0] != 0 or self.indptr[-1] != self.m or (degrees < 0).any():
            raise InvalidInputError("indptr", "no row pointer", allowed=f"non-decreasing from 0 to {self.m}")
        for start in range(0, self.m, _BLOCK):
            self._check_arcs(start, min(start + _BLOCK, self.m))
        if self.labels.dtype.kind not in "iU" or (self.labels[1:] <= self.labels[:-1]).any():
            raise InvalidInputError("labels", self.labels.dtype, allowed="increasing, int64 or text")

    def _check_arcs(self, start: int, stop: int) -> None:
        """Refuse arcs start .. stop - 1 that are out of range or out of order; memory for these alone."""
        first = int(np.searchsorted(self.indptr, start, side="right")) - 1
        last = int(np.searchsorted(self.indptr, stop, side="left"))
        ends = np.clip(self.indptr[first : last + 1], start, stop)
        source = np.repeat(np.arange(first, last), np.diff(ends))
        target = self.indices[start:stop]
        outside = (target < 0) | (target >= self.n) | (target == source)
        outside[1:] |= (target[1:] <= target[:-1]) & (source[1:] == source[:-1])
        if start > self.indptr[first]:  # the row began in the block before
            outside[0] |= target[0] <= self.indices[start - 1]
        if outside.any():
            arc = int(outside.argmax())
            raise InvalidInputError(
                "indices",
                int(target[arc]),
                index=start + arc,
                allowed=f"another node, 0..{self.n - 1}, and the contacts of a node increasing",
            )

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

    @property
    def in_degree(self) -> NDArray[np.int64]:
        """Number of nodes that each node is a contact of, int64 of shape (n,)."""
        count = np.zeros(self.n, dtype=np.int64)
        for start in range(0, self.m, _BLOCK):
            count += np.bincount(self.indices[start : start + _BLOCK], minlength=self.n)
        return count

    def index_of(self, label: int | str) -> int:
        """Return the number of the node with a label; its inverse is ``labels[number]``.

        Raises
        ------
        InvalidInputError
            If no node has it.

        Examples
        --------
        >>> Graph.from_edges(["ann"], ["bob"]).index_of("bob")
        1
        """
        numeric = self.labels.dtype.kind == "i"
        if isinstance(label, (int, np.integer) if numeric else str) and not isinstance(label, bool):
            limits = np.iinfo(np.int64)
            if isinstance(label, str) or limits.min <= label <= limits.max:
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
            What to do with edges from a node to itself; the node stays.
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
        first, second = labels_of("source", source), labels_of("target", target)
        if first.shape != second.shape:
            raise InvalidInputError("target", second.shape, allowed=f"as long as source, {first.shape}")
        if first.dtype.kind != second.dtype.kind:
            first, second = first.astype(str), second.astype(str)
        return cls._from(Edges(first, second), directed, self_loops, duplicates)

    @classmethod
    def from_scipy(
        cls,
        matrix: sparray | spmatrix,
        *,
        directed: bool = True,
        self_loops: Literal["refuse", "drop"] = "refuse",
    ) -> Self:
        """Return the graph whose arcs are the stored non-zero entries of a square sparse matrix.

        Labels are the row numbers; nodes without arcs are kept. With ``directed=False`` each edge may be
        stored once or in both directions.

        Raises
        ------
        InvalidInputError
            If the matrix is not sparse, square and of at least one row, or has refused entries.

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> Graph.from_scipy(csr_array(([1.0], ([0], [2])), shape=(4, 4)))
        Graph(n=4, m=1)
        """
        if not hasattr(matrix, "tocoo"):
            raise InvalidInputError("matrix", type(matrix).__name__, allowed="a sparse matrix of scipy")
        rows, columns = matrix.shape
        if rows != columns or rows == 0:
            raise InvalidInputError("matrix", (rows, columns), allowed="square, with at least one row")
        entries = matrix.tocoo()
        kept = np.asarray(entries.data != 0)
        edges = Edges(np.asarray(entries.row)[kept], np.asarray(entries.col)[kept])
        arcs = simple_arcs(
            edges.source,
            edges.target,
            rows,
            edges.where,
            directed=directed,
            self_loops=self_loops,
            duplicates="refuse" if directed else "merge",
        )
        return cls._compress(*arcs, np.arange(rows, dtype=np.int64))

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        directed: bool = True,
        self_loops: Literal["refuse", "drop"] = "refuse",
        duplicates: Literal["refuse", "merge"] = "refuse",
        memory_map: bool = False,
    ) -> Self:
        r"""Read a graph from an edge list, or from what `save` writes: ``.npz``, ``.parquet`` or ``.mtx`` files.

        An edge list is text, gzip-compressed or not, with tabs, commas, semicolons or spaces between
        columns: ``#`` begins a comment, the first line may hold column names, and the first two
        columns are the ends of an edge; further columns are ignored. If at least half of the edges join
        whole numbers, all labels must be; otherwise all are texts.

        Parameters
        ----------
        path : path
            The file.
        directed, self_loops, duplicates
            As in `from_edges`; an ``.npz`` file holds the arcs of a simple graph and takes none of them.
        memory_map : bool
            Leave the arrays of an uncompressed ``.npz`` file on disk and read them where they lie. The graph then
            goes to other processes as the name of its file.

        Returns
        -------
        Graph

        Raises
        ------
        InvalidInputError
            If the file is missing, empty or malformed, or edges are refused; the message names the
            first line concerned.

        Notes
        -----
        O(size of the file + m log m) time.

        Examples
        --------
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "friends.tsv"
        >>> _ = path.write_text("# who knows whom\nsource\ttarget\n7\t8\n8\t9\n")
        >>> Graph.from_file(path, directed=False)
        Graph(n=3, m=4)
        """
        path = Path(path)
        if not path.is_file():
            raise InvalidInputError("path", str(path), allowed="an existing file")
        if path.suffix != ".npz":
            if memory_map:
                raise InvalidInputError(
                    "memory_map", memory_map, allowed="left out: only .npz files are mapped"
                )
            return cls._from_others(path, directed, self_loops, duplicates)
        for argument, value, default in (
            ("directed", directed, True),
            ("self_loops", self_loops, "refuse"),
            ("duplicates", duplicates, "refuse"),
        ):
            if value != default:
                raise InvalidInputError(argument, value, allowed="left out: an .npz file holds the arcs")
        return cls._load(path, memory_map)

    @classmethod
    def _from_others(
        cls,
        path: Path,
        directed: bool,
        self_loops: Literal["refuse", "drop"],
        duplicates: Literal["refuse", "merge"],
    ) -> Self:
        """Read an edge list, a parquet file or a matrix, as the name of the file tells."""
        from mechanism import formats

        if path.suffix == ".parquet":
            graph = formats.read_parquet(
                path, directed=directed, self_loops=self_loops, duplicates=duplicates
            )
        elif path.name.endswith((".mtx", ".mtx.gz")):
            if not directed or duplicates != "refuse":
                raise InvalidInputError(
                    "directed", directed, allowed="left out, as duplicates: a matrix tells by itself"
                )
            graph = formats.read_matrix_market(path, self_loops=self_loops)
        else:
            return cls._from(read_edges(path), directed, self_loops, duplicates)
        return cls(graph.indptr, graph.indices, graph.labels)

    def save(self, path: str | PathLike[str], *, compressed: bool = False) -> None:
        """Write the graph to a file, whole or not at all.

        Parameters
        ----------
        path : path
            The file: ``.npz`` keeps everything, ``.parquet`` the arcs (columns source and target), ``.mtx`` the
            adjacency matrix.
        compressed : bool
            Whether to save space in an ``.npz`` file; such a file cannot be memory-mapped.

        Raises
        ------
        InvalidInputError
            If the name ends otherwise, or the file cannot hold the graph: a list of arcs has no nodes
            without arcs, a matrix no labels but 0 .. n - 1.

        Examples
        --------
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "friends.npz"
        >>> Graph.from_edges([1], [2]).save(path)
        >>> Graph.from_file(path, memory_map=True)
        Graph(n=2, m=1)
        """
        path = Path(path)
        if path.suffix in (".parquet", ".mtx"):
            from mechanism import formats

            write = formats.write_parquet if path.suffix == ".parquet" else formats.write_matrix_market
            write(self, path)
            return
        if path.suffix != ".npz":
            raise InvalidInputError(
                "path", str(path), allowed="a file name that ends in .npz, .parquet or .mtx"
            )
        arrays: dict[str, NDArray[Any]] = {"format": np.array(_FORMAT)}
        arrays |= {"indptr": self.indptr, "indices": self.indices, "labels": self.labels}
        write_arrays(path, arrays, compressed=compressed)

    @classmethod
    def _load(cls, path: Path, memory_map: bool) -> Self:
        allowed = "a graph written by Graph.save"
        file = _MappedFile.of(path) if memory_map else None
        try:
            stored = map_arrays(path) if memory_map else load_arrays(path)
            if int(stored["format"]) != _FORMAT:
                raise InvalidInputError("format", int(stored["format"]), allowed=str(_FORMAT))
            return cls(stored["indptr"], stored["indices"], stored["labels"], _file=file)
        except InvalidInputError as error:
            if error.argument == "memory_map":
                raise
            raise InvalidInputError("path", str(path), allowed=f"{allowed} ({error})") from error
        except Exception as error:  # zipfile, zlib, numpy and OS errors all mean the same to the reader
            raise InvalidInputError("path", str(path), allowed=f"{allowed} ({error})") from error

    @classmethod
    def _reopened(cls, file: _MappedFile) -> Self:
        """Return the graph in a file that another process has checked."""
        try:
            same = _MappedFile.of(Path(file.path)) == file
        except OSError:
            same = False
        if not same:
            raise InvalidInputError(
                "path",
                file.path,
                allowed="the file that the graph was read from, unchanged and on this machine",
            )
        arrays = map_arrays(Path(file.path))
        graph = cls.__new__(cls)
        for name in ("indptr", "indices", "labels"):
            object.__setattr__(graph, name, arrays[name])
        object.__setattr__(graph, "_file", file)
        return graph

    def __reduce__(self) -> tuple[Any, ...]:
        if self._file is not None:
            return type(self)._reopened, (self._file,)
        return type(self), (self.indptr, self.indices, self.labels)

    @classmethod
    def _from(cls, edges: Edges, directed: bool, self_loops: str, duplicates: str) -> Self:
        """Return the graph after numbering the labels."""
        labels, source, target = edges.numbered()
        arcs = simple_arcs(
            source,
            target,
            len(labels),
            edges.where,
            directed=directed,
            self_loops=self_loops,
            duplicates=duplicates,
        )
        return cls._compress(*arcs, labels)

    @classmethod
    def _compress(cls, source: Nodes, target: Nodes, labels: Labels) -> Self:
        """Return the graph of arcs in order."""
        n = len(labels)
        if n > _MOST_NODES:
            raise InvalidInputError("labels", n, allowed=f"at most {_MOST_NODES:,} nodes")
        indptr = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=n), out=indptr[1:])
        return cls(indptr, target.astype(np.int32), labels)


def _one_dimensional(name: str, values: ArrayLike, dtype: type | None) -> NDArray[np.generic]:
    """Return a read-only view of an array, so that the caller's stays as it is; refuse what does not fit."""
    given = np.asarray(values)
    if given.ndim != 1 or (dtype is not None and given.dtype.kind not in "iu"):
        kind = "" if dtype is None else ", of integers"
        raise InvalidInputError(
            name, f"{given.dtype} of shape {given.shape}", allowed="one-dimensional" + kind
        )
    array = given.astype(dtype, copy=False) if dtype is not None else given
    if dtype is not None and not np.array_equal(array, given):
        raise InvalidInputError(name, str(given.dtype), allowed=f"within {np.dtype(dtype)}")
    return array.view()
