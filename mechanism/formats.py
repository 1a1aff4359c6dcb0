"""Networks from and to other libraries and their files; each library is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mechanism.errors import BackendMissingError, InvalidInputError
from mechanism.graph import Graph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "from_frame",
    "from_igraph",
    "from_networkx",
    "read_matrix_market",
    "read_parquet",
    "to_frame",
    "to_igraph",
    "to_networkx",
    "to_scipy",
    "write_matrix_market",
    "write_parquet",
]

SelfLoops = Literal["refuse", "drop"]
Duplicates = Literal["refuse", "merge"]


def from_networkx(
    network: Any, *, self_loops: SelfLoops = "refuse", duplicates: Duplicates = "refuse"
) -> Graph:
    """Return the graph of a networkx graph; an undirected edge makes both arcs, nodes without edges stay.

    Raises
    ------
    InvalidInputError
        If it is no graph of networkx, its nodes are not all whole numbers or all texts, or edges are refused.

    Notes
    -----
    O(m log m).

    Examples
    --------
    >>> import networkx as nx
    >>> from_networkx(nx.path_graph(3))
    Graph(n=3, m=4)
    """
    if not (hasattr(network, "is_directed") and hasattr(network, "edges") and hasattr(network, "nodes")):
        raise InvalidInputError("network", type(network).__name__, allowed="a graph of networkx")
    edges = [(edge[0], edge[1]) for edge in network.edges()]
    settings: dict[str, Any] = {"self_loops": self_loops, "duplicates": duplicates}
    return _with_nodes(list(network.nodes()), edges, directed=network.is_directed(), **settings)


def to_networkx(graph: Graph) -> Any:
    """Return a ``networkx.DiGraph`` with the labels as nodes."""
    network = _library("networkx").DiGraph()
    network.add_nodes_from(graph.labels.tolist())
    network.add_edges_from(zip(*_ends(graph), strict=True))
    return network


def from_igraph(
    network: Any, *, self_loops: SelfLoops = "refuse", duplicates: Duplicates = "refuse"
) -> Graph:
    """Return the graph of an igraph graph, labelled by the vertex attribute ``name`` if there is one, else by number.

    Raises
    ------
    InvalidInputError
        If it is no graph of igraph, or names or edges are refused.
    """
    if not (hasattr(network, "get_edgelist") and hasattr(network, "vs")):
        raise InvalidInputError("network", type(network).__name__, allowed="a graph of igraph")
    named = "name" in network.vs.attributes()
    names = network.vs["name"] if named else list(range(network.vcount()))
    edges = [(names[u], names[v]) for u, v in network.get_edgelist()]
    settings: dict[str, Any] = {"self_loops": self_loops, "duplicates": duplicates}
    return _with_nodes(names, edges, directed=network.is_directed(), **settings)


def to_igraph(graph: Graph) -> Any:
    """Return a directed ``igraph.Graph`` with the labels as vertex attribute ``name``."""
    source = np.repeat(np.arange(graph.n), graph.out_degree)
    network = _library("igraph").Graph(
        n=graph.n, edges=np.column_stack((source, graph.indices)), directed=True
    )
    network.vs["name"] = graph.labels.tolist()
    return network


def from_frame(
    frame: Any,
    *,
    source: str = "source",
    target: str = "target",
    directed: bool = True,
    self_loops: SelfLoops = "refuse",
    duplicates: Duplicates = "refuse",
) -> Graph:
    """Return the graph of a pandas or polars frame with an edge in each row.

    Parameters
    ----------
    frame : pandas.DataFrame or polars.DataFrame
        Edges.
    source, target : str
        Columns with the ends.
    directed, self_loops, duplicates
        As `Graph.from_edges` takes them.

    Raises
    ------
    InvalidInputError
        If a column is missing or holds something else than labels, or edges are refused.
    """
    names = list(getattr(frame, "columns", ()))
    columns = []
    for argument, name in (("source", source), ("target", target)):
        if name not in names:
            raise InvalidInputError(argument, name, allowed=f"one of the columns {names}")
        columns.append(frame[name].to_numpy())
    ends = [column if column.dtype.kind in "iu" else column.tolist() for column in columns]
    return Graph.from_edges(*ends, directed=directed, self_loops=self_loops, duplicates=duplicates)


def to_frame(graph: Graph, *, library: Literal["pandas", "polars"] = "pandas") -> Any:
    """Return a frame with the columns source and target and a row per arc.

    Raises
    ------
    InvalidInputError
        If a node without arcs would be lost.
    """
    if library not in ("pandas", "polars"):
        raise InvalidInputError("library", library, allowed="'pandas' or 'polars'")
    _refuse_loners(graph)
    source, target = (np.asarray(end) for end in _ends(graph, as_lists=False))
    data: dict[str, Any] = {"source": source, "target": target}
    return _library(library).DataFrame(data)


def read_parquet(path: str | Path, **settings: Any) -> Graph:
    """Read a graph from two columns of a parquet file; `settings` are those of `from_frame`."""
    file = _existing(path)
    polars = _library("polars")
    try:
        names = list(polars.read_parquet_schema(file))
        wanted = [settings.get("source", "source"), settings.get("target", "target")]
        frame = polars.read_parquet(file, columns=[name for name in wanted if name in names])
    except (polars.exceptions.PolarsError, OSError) as error:
        raise InvalidInputError("path", str(path), allowed=f"a readable parquet file ({error})") from error
    return from_frame(frame, **settings)


def write_parquet(graph: Graph, path: str | Path) -> None:
    """Write the arcs to a parquet file with the columns source and target, whole or not at all."""
    frame = to_frame(graph, library="polars")
    _replace(Path(path), frame.write_parquet)


def read_matrix_market(path: str | Path, *, self_loops: SelfLoops = "refuse") -> Graph:
    """Read a square matrix in the Matrix Market format, gzip-compressed or not: entries other than 0 are arcs.

    A symmetric matrix makes both arcs of every edge.

    Raises
    ------
    InvalidInputError
        If the file is no such matrix, or has entries on the diagonal that are refused.
    """
    from scipy.io import mmread
    from scipy.sparse import coo_array

    file = _existing(path)
    try:
        matrix = mmread(file, spmatrix=False)
    except (ValueError, OSError, EOFError) as error:
        raise InvalidInputError("path", str(path), allowed=f"a Matrix Market file ({error})") from error
    return Graph.from_scipy(coo_array(matrix), self_loops=self_loops)


def write_matrix_market(graph: Graph, path: str | Path) -> None:
    """Write the arcs as a Matrix Market pattern, whole or not at all.

    Raises
    ------
    InvalidInputError
        If the labels are not 0 .. n - 1, which such a file cannot hold.
    """
    from scipy.io import mmwrite

    if graph.labels.dtype.kind != "i" or not np.array_equal(graph.labels, np.arange(graph.n)):
        raise InvalidInputError(
            "graph", "labels of its own", verb="has", allowed=f"labelled 0 .. {graph.n - 1} to be a matrix"
        )
    matrix = to_scipy(graph)

    def write(part: Path) -> None:
        with part.open("wb") as stream:
            mmwrite(stream, matrix, field="pattern", symmetry="general")

    _replace(Path(path), write)


def to_scipy(graph: Graph) -> csr_array:
    """Return the adjacency matrix, a ``scipy.sparse.csr_array`` of int8 of shape (n, n) by node numbers."""
    from scipy.sparse import csr_array

    ones = np.ones(graph.m, dtype=np.int8)
    return csr_array((ones, graph.indices, graph.indptr), shape=(graph.n, graph.n))


def _with_nodes(
    names: list[Any],
    edges: list[tuple[Any, Any]],
    *,
    directed: bool,
    self_loops: SelfLoops,
    duplicates: Duplicates,
) -> Graph:
    """Return the graph of the edges, with all nodes: a loop at each, which is then dropped."""
    if not names:
        raise InvalidInputError("network", "no nodes", verb="has", allowed="a network of at least one node")
    loops = [edge for edge in edges if edge[0] == edge[1]]
    if loops and self_loops == "refuse":
        raise InvalidInputError(
            "edges",
            f"a self-loop at {loops[0][0]!r}",
            verb="has",
            allowed='free of them; pass self_loops="drop" to drop them',
        )
    kept = [edge for edge in edges if edge[0] != edge[1]]
    source = [*(edge[0] for edge in kept), *names]
    target = [*(edge[1] for edge in kept), *names]
    return Graph.from_edges(source, target, directed=directed, self_loops="drop", duplicates=duplicates)


def _ends(graph: Graph, *, as_lists: bool = True) -> tuple[Any, Any]:
    """Return the labels of both ends of every arc."""
    source = graph.labels[np.repeat(np.arange(graph.n), graph.out_degree)]
    target = graph.labels[graph.indices]
    return (source.tolist(), target.tolist()) if as_lists else (source, target)


def _refuse_loners(graph: Graph) -> None:
    alone = (graph.out_degree == 0) & (graph.in_degree == 0)
    if alone.any():
        first = int(alone.argmax())
        raise InvalidInputError(
            "graph",
            f"{int(alone.sum())} nodes without arcs (the first: {graph.labels[first]})",
            verb="has",
            allowed="free of them to be a list of edges; an .npz file keeps them",
        )


def _existing(path: str | Path) -> Path:
    if not Path(path).is_file():
        raise InvalidInputError("path", str(path), allowed="an existing file")
    return Path(path)


def _replace(path: Path, write: Any) -> None:
    """Write a file beside the wanted one, then put it in its place."""
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise BackendMissingError(f"this needs {name}: pip install {name}") from error
