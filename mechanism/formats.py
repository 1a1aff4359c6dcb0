"""Networks from and to other libraries and their files; each library is imported when it is used."""

from __future__ import annotations

import io
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mechanism.errors import BackendMissingError, InvalidInputError
from mechanism.graph import Graph
from mechanism.readers import decompressed, largest
from mechanism.storage import whole_file

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
_VALUES = {
    "pattern": 0,
    "integer": 1,
    "unsigned-integer": 1,
    "real": 1,
    "double": 1,
    "complex": 2,
}  # of an entry
_PLACES = {"coordinate": 2, "array": 0}
_SYMMETRIES = ("general", "symmetric", "skew-symmetric", "hermitian")
_OWN: dict[str, tuple[int, int]] = {}  # parquet files that this process wrote, their sizes and times
_PROBE = """
import sys, polars
file, most, *wanted = sys.argv[1:]
rows = polars.scan_parquet(file).select(polars.len()).collect().item()
if 16 * rows > int(most):
    sys.exit(f"{rows:,} rows are more than a file of its size should hold")
polars.read_parquet(file, columns=[name for name in polars.read_parquet_schema(file) if name in wanted])
"""


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
        column = frame[name].to_numpy()
        if column.dtype.kind == "O":
            for index, x in enumerate(column):
                if not isinstance(x, (str, int, np.integer)):
                    raise InvalidInputError(argument, x, index=index, allowed="a whole number or a text")
        columns.append(column)
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
    """Read a graph from two columns of a parquet file; `settings` are those of `from_frame`.

    Raises
    ------
    InvalidInputError
        If the file is damaged, grows to more than `mechanism.readers.largest` allows, or `from_frame` refuses it.

    Notes
    -----
    Another process reads the file first, unless this one wrote it: about 0.5 s more. Certain damaged files end the
    process that reads them.
    """
    file = _existing(path)
    polars = _library("polars")
    wanted = [settings.get("source", "source"), settings.get("target", "target")]
    command = [sys.executable, "-P", "-c", _PROBE, str(file), str(largest(file)), *map(str, wanted)]
    try:
        if _OWN.get(str(file.resolve())) != _stamp(file):
            probe = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            if probe.returncode:
                raise OSError((probe.stderr.strip().splitlines() or [f"exit code {probe.returncode}"])[-1])
        names = list(polars.read_parquet_schema(file))
        frame = polars.read_parquet(file, columns=[name for name in names if name in wanted])
    except (polars.exceptions.PolarsError, OSError) as error:
        raise InvalidInputError("path", str(path), allowed=f"a readable parquet file ({error})") from error
    for column in frame:
        if column.dtype == polars.String and column.len():
            lengths = column.str.len_bytes()
            if max(lengths.sum(), 4 * column.len() * lengths.max() // 10) > largest(file):
                allowed = f"texts of at most {largest(file):,} bytes in all, or shorter ones, such as numbers"
                raise InvalidInputError("path", str(path), allowed=allowed)
    return from_frame(frame, **settings)


def write_parquet(graph: Graph, path: str | Path) -> None:
    """Write the arcs to a parquet file with the columns source and target, whole or not at all."""
    frame = to_frame(graph, library="polars")
    with whole_file(Path(path)) as draft:
        frame.write_parquet(draft)
    _OWN[str(Path(path).resolve())] = _stamp(Path(path))


def read_matrix_market(path: str | Path, *, self_loops: SelfLoops = "refuse") -> Graph:
    r"""Read a square matrix in the Matrix Market format, gzip-compressed or not: entries other than 0 are arcs.

    A symmetric matrix makes both arcs of every edge.

    Raises
    ------
    InvalidInputError
        If the file is no such matrix, has more rows than `mechanism.readers.largest` allows, or has entries on the
        diagonal that are refused.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "friends.mtx"
    >>> _ = path.write_text("%%MatrixMarket matrix coordinate pattern symmetric\n3 3 1\n3 1\n")
    >>> read_matrix_market(path)
    Graph(n=3, m=2)
    """
    from scipy.sparse import coo_array

    file = _existing(path)
    data = decompressed(file)
    try:
        rows, columns, source, target, values = _entries(data, largest(file))
    except ValueError as error:
        raise InvalidInputError("path", str(path), allowed=f"a Matrix Market file ({error})") from error
    return Graph.from_scipy(
        coo_array((values, (source, target)), shape=(rows, columns)), self_loops=self_loops
    )


def _entries(data: bytes, most: int) -> tuple[int, int, Any, Any, Any]:
    """Return rows, columns, and the places of the entries of a matrix and whether they are other than 0."""
    begin = data.find(b"\n") + 1 or len(data)
    words = data[:begin].decode("ascii", errors="replace").lower().split()
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise ValueError("its first line is not %%MatrixMarket matrix, a format, a field and a symmetry")
    form, field, symmetry = words[2:]
    if form not in _PLACES or field not in _VALUES or symmetry not in _SYMMETRIES:
        raise ValueError(f"{form} {field} {symmetry} is no kind of matrix")
    while data[begin : begin + 1] in (b"%", b"\n", b"\r"):
        begin = data.find(b"\n", begin) + 1 or len(data)
    end = data.find(b"\n", begin) + 1 or len(data)
    sizes, body = data[begin:end].split(), data[end:]
    places, width = _PLACES[form], _VALUES[field]
    if len(sizes) != 2 + places // 2 or not all(x.isdigit() and len(x) < 19 for x in sizes):
        raise ValueError("the line of its size must hold whole numbers, and no others")
    rows, columns, *told = map(int, sizes)
    if 16 * max(rows, columns) > most:
        raise ValueError(f"its {rows:,} rows are more than a file of its size should have: list its edges")
    half, empty = symmetry != "general", int(symmetry == "skew-symmetric")
    if half and rows != columns:
        raise ValueError("a symmetric matrix must be square")
    entries = np.empty((0, places + width))
    if body.strip():
        kind = np.int64 if field in ("pattern", "integer") else np.float64
        entries = np.loadtxt(io.BytesIO(body), dtype=kind, comments=None, ndmin=2, encoding="utf-8")
    count = told[0] if told else rows * (rows + 1 - 2 * empty) // 2 if half else rows * columns
    if entries.shape != (count, places + width) or not places + width:
        raise ValueError("it must hold as many numbers as it says")
    if told:
        at = entries[:, :2]
        if not ((at >= 1) & (at <= [rows, columns])).all() or (at != np.floor(at)).any():
            raise ValueError("places must be whole numbers in range")
        i, j = at.astype(np.int64).T - 1
    else:  # column by column
        across: Any = np.triu_indices(rows, empty) if half else np.indices((columns, rows)).reshape(2, -1)
        j, i = across
    values: Any = entries[:, places:].any(axis=1) if width else np.ones(count, dtype=bool)
    off = np.not_equal(i, j) & half
    return rows, columns, np.r_[i, j[off]], np.r_[j, i[off]], np.r_[values, values[off]]


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
    with whole_file(Path(path)) as draft, draft.open("wb") as stream:
        mmwrite(stream, matrix, field="pattern", symmetry="general")


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


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise BackendMissingError(f"this needs {name}: pip install {name}") from error
