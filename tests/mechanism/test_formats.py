"""Networks of other libraries and files: they come back as they went."""

import gzip

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import BackendMissingError, Graph, InvalidInputError, formats
from mechanism.formats import (
    from_frame,
    from_igraph,
    from_networkx,
    read_matrix_market,
    read_parquet,
    to_frame,
    to_igraph,
    to_networkx,
    to_scipy,
    write_matrix_market,
    write_parquet,
)


@st.composite
def graphs(draw, loners=True):
    n = draw(st.integers(2, 8))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda arc: arc[0] != arc[1])
    arcs = sorted(draw(st.sets(pairs, min_size=1, max_size=20)))
    labels = np.arange(n) * 3 if draw(st.booleans()) else np.array([f"p{v}" for v in range(n)])
    indptr = np.searchsorted([u for u, _ in arcs], np.arange(n + 1))
    graph = Graph(indptr, np.array([v for _, v in arcs]), labels)
    if loners:
        return graph
    return Graph.from_edges(labels[[u for u, _ in arcs]], labels[[v for _, v in arcs]])


def same(one, two):
    return (
        one.labels.tolist() == two.labels.tolist()
        and one.indptr.tolist() == two.indptr.tolist()
        and one.indices.tolist() == two.indices.tolist()
    )


@given(graphs())
def test_networkx_and_igraph(graph):
    assert same(from_networkx(to_networkx(graph)), graph)
    assert same(from_igraph(to_igraph(graph)), graph)


@given(graphs(loners=False))
def test_frames(graph):
    for library in ("pandas", "polars"):
        assert same(from_frame(to_frame(graph, library=library)), graph)


@given(graphs(loners=False))
def test_parquet(tmp_path_factory, graph):
    path = tmp_path_factory.mktemp("formats") / "arcs.parquet"
    write_parquet(graph, path)
    assert same(read_parquet(path), graph)
    assert pd.read_parquet(path).columns.tolist() == ["source", "target"]


@pytest.mark.parametrize("compressed", [False, True])
def test_matrix_market(tmp_path, compressed):
    graph = Graph(np.array([0, 2, 2, 3]), np.array([1, 2, 0]), np.arange(3))
    path = tmp_path / "graph.mtx"
    write_matrix_market(graph, path)
    if compressed:
        path = tmp_path / "graph.mtx.gz"
        path.write_bytes(gzip.compress((tmp_path / "graph.mtx").read_bytes()))
    assert same(read_matrix_market(path), graph)


@pytest.mark.parametrize("name", ["graph.parquet", "graph.mtx", "graph.npz"])
def test_graphs_know_their_files(tmp_path, name):
    graph = Graph(np.array([0, 2, 2, 3]), np.array([1, 2, 0]), np.arange(3))
    graph.save(tmp_path / name)
    assert same(Graph.from_file(tmp_path / name), graph)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_matrix_tells_by_itself(tmp_path):
    path = tmp_path / "graph.mtx"
    Graph.from_edges([0], [1]).save(path)
    with pytest.raises(InvalidInputError, match="directed is False"):
        Graph.from_file(path, directed=False)


def test_a_symmetric_matrix_has_both_arcs(tmp_path):
    path = tmp_path / "graph.mtx"
    path.write_text("%%MatrixMarket matrix coordinate real symmetric\n3 3 2\n2 1 1.5\n3 2 2.0\n")
    graph = read_matrix_market(path)
    assert (graph.n, graph.m) == (3, 4)
    assert to_scipy(graph).toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def test_undirected_and_unnamed_networks():
    assert from_networkx(nx.karate_club_graph()).m == 2 * 78
    assert from_igraph(igraph.Graph.Ring(5)).m == 10
    assert from_igraph(igraph.Graph(n=3, edges=[(0, 1)], directed=True)).labels.tolist() == [0, 1, 2]
    lonely = nx.Graph()
    lonely.add_nodes_from(["b", "a"])
    assert from_networkx(lonely).labels.tolist() == ["a", "b"]


def test_multigraphs_and_loops():
    network = nx.MultiDiGraph([(1, 2), (1, 2), (2, 2)])
    with pytest.raises(InvalidInputError, match="a self-loop at 2"):
        from_networkx(network)
    with pytest.raises(InvalidInputError, match="repeated"):
        from_networkx(network, self_loops="drop")
    assert from_networkx(network, self_loops="drop", duplicates="merge").m == 1


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda path: from_networkx([1, 2]), "network is 'list'"),
        (lambda path: from_networkx(nx.Graph()), "network has no nodes"),
        (lambda path: from_networkx(nx.Graph([(1, "a")])), "all labels of one kind"),
        (lambda path: from_igraph(3), "network is 'int'"),
        (lambda path: from_frame(pd.DataFrame({"a": [1]})), "source is 'source'; .*'a'"),
        (lambda path: from_frame(pl.DataFrame({"source": [1.5], "target": [2]})), r"source\[0\] is 1.5"),
        (lambda path: to_frame(Graph([0, 0], np.zeros(0, int), [3])), "1 nodes without arcs .the first: 3"),
        (lambda path: to_frame(Graph.from_edges([1], [2]), library="arrow"), "library is 'arrow'"),
        (lambda path: read_parquet(path / "none.parquet"), "path is"),
        (lambda path: read_matrix_market(path / "none.mtx"), "path is"),
        (lambda path: write_matrix_market(Graph.from_edges(["a"], ["b"]), path / "a.mtx"), "labelled 0 .. 1"),
    ],
)
def test_wrong_input_is_named(tmp_path, act, words):
    with pytest.raises(InvalidInputError, match=words):
        act(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("reader", [read_parquet, read_matrix_market])
def test_damaged_files(tmp_path, reader):
    path = tmp_path / "damaged"
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InvalidInputError, match="path is"):
        reader(path)


def test_a_matrix_that_is_not_square(tmp_path):
    path = tmp_path / "graph.mtx"
    path.write_text("%%MatrixMarket matrix coordinate pattern general\n2 3 1\n1 3\n")
    with pytest.raises(InvalidInputError, match="square"):
        read_matrix_market(path)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(formats.__dict__, "import_module", lambda name: __import__("no_such_" + name))
    with pytest.raises(BackendMissingError, match="pip install igraph"):
        to_igraph(Graph.from_edges([1], [2]))
