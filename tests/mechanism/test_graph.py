"""Graphs: the same for any order of the input, and clear about what is refused."""

import gzip

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph, InvalidInputError, TopDegree, datasets

labels = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 12))
simple_edges = st.sets(
    st.tuples(labels, labels).filter(lambda edge: edge[0] != edge[1]), min_size=1, max_size=30
)


def arcs_of(graph):
    """The arcs with their labels, as plain Python values."""
    source = np.repeat(np.arange(graph.n), graph.out_degree)
    return {
        (graph.labels[u].item(), graph.labels[v].item()) for u, v in zip(source, graph.indices, strict=True)
    }


@given(simple_edges, st.randoms())
def test_directed_graph_holds_the_arcs_in_any_order(edges, random):
    shuffled = sorted(edges)
    random.shuffle(shuffled)
    graph = Graph.from_edges(*zip(*shuffled, strict=True))
    assert arcs_of(graph) == edges
    assert graph.m == len(edges)
    assert graph.labels.tolist() == sorted({end for edge in edges for end in edge})
    again = Graph.from_edges(*zip(*sorted(edges), strict=True))
    assert np.array_equal(graph.indptr, again.indptr)
    assert np.array_equal(graph.indices, again.indices)
    for u in range(graph.n):
        row = graph.indices[graph.indptr[u] : graph.indptr[u + 1]]
        assert (np.diff(row) > 0).all()


@given(simple_edges)
def test_undirected_graph_holds_both_arcs(edges):
    once = {tuple(sorted(edge)) for edge in edges}
    graph = Graph.from_edges(*zip(*once, strict=True), directed=False)
    assert arcs_of(graph) == once | {(v, u) for u, v in once}


@given(simple_edges)
def test_file_round_trips(tmp_path_factory, edges):
    folder = tmp_path_factory.mktemp("graph")
    graph = Graph.from_edges(*zip(*edges, strict=True))
    graph.save(folder / "graph.npz")
    text = "".join(f"{u}\t{v}\n" for u, v in edges)
    (folder / "graph.txt").write_text(text)
    for name in ("graph.npz", "graph.txt"):
        again = Graph.from_file(folder / name)
        assert np.array_equal(graph.indptr, again.indptr)
        assert np.array_equal(graph.indices, again.indices)
        assert graph.labels.tolist() == again.labels.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "1 2\n2 3\n",
        "# a comment\n1 2\n\n2 3   # another\n",
        "u\tv\tweight\n1\t2\t0.5\n2\t3\t\n",
        "source,target\n1,2\n2,3\n",
        "first;second\n1;2\n2;3\n",
        "1 2\r\n2 3\r\n",
        "\ufeffu v\n1 2\n2 3\n",
        '"1","2"\n"2","3"',
        "   1   2   7\n   2   3   8\n",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_formats_of_edge_lists(tmp_path, text, packed):
    path = tmp_path / ("edges.gz" if packed else "edges.txt")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert arcs_of(Graph.from_file(path)) == {(1, 2), (2, 3)}


@pytest.mark.parametrize(
    "text", ["source target\nann bob\nbob cem\n", "ann bob\nbob cem", "ann,bob\nbob,cem\n"]
)
def test_text_labels(tmp_path, text):
    path = tmp_path / "edges.txt"
    path.write_text(text)
    graph = Graph.from_file(path)
    assert arcs_of(graph) == {("ann", "bob"), ("bob", "cem")}
    assert graph.index_of("cem") == 2
    with pytest.raises(InvalidInputError, match="dan"):
        graph.index_of("dan")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least one edge"),
        ("# nothing\n", "at least one edge"),
        ("u v\n", "below the column names"),
        ("1 2\n3\n", "line 2"),
        ("1 2\n3 nan\n", "line 2"),
        ("1,2\n3,\n", "line 2"),
        ("1 2\n3 x\n", "line 2"),
        ("1 2\n3 2.5\n", "line 2"),
        ("1 2\n3 99999999999999999999\n", "line 2"),
        ("1 2\n2 2\n3 3\n", r"2 self-loops.*line 2"),
        ("1 2\n2 3\n1 2\n", r"1 repeated.*line 3"),
    ],
)
def test_bad_files_are_answered_with_the_line(tmp_path, text, words):
    path = tmp_path / "edges.txt"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=words) as caught:
        Graph.from_file(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe1 2\n", b"\x1f\x8bbroken", b"1 2\n\x80\n"],
    ids=["utf-16", "broken gzip", "not UTF-8"],
)
def test_files_that_are_no_text(tmp_path, content):
    path = tmp_path / "edges.txt"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="path"):
        Graph.from_file(path)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(InvalidInputError, match="an existing file"):
        Graph.from_file(tmp_path / "absent.txt")
    with pytest.raises(InvalidInputError, match="an existing file"):
        Graph.from_file(tmp_path)
    np.savez(tmp_path / "other.npz", x=[1])
    with pytest.raises(InvalidInputError, match=r"Graph\.save"):
        Graph.from_file(tmp_path / "other.npz")
    (tmp_path / "text.npz").write_text("1 2")
    with pytest.raises(InvalidInputError, match=r"Graph\.save"):
        Graph.from_file(tmp_path / "text.npz")


@pytest.mark.parametrize("kind", [object, np.uint64, np.int8])
def test_labels_of_other_kinds_of_arrays(kind):
    graph = Graph.from_edges(np.array([5, 7], dtype=kind), np.array([7, 9], dtype=kind))
    assert graph.labels.dtype == np.int64
    assert arcs_of(graph) == {(5, 7), (7, 9)}
    words = Graph.from_edges(np.array(["ann"], dtype=object), np.array(["bob"], dtype=object))
    assert words.labels.tolist() == ["ann", "bob"]


def test_whole_numbers_beside_texts_become_texts():
    graph = Graph.from_edges([10, 9], ["ann", "bob"])
    assert graph.labels.tolist() == ["10", "9", "ann", "bob"]


def test_save_wants_the_ending_of_an_archive(tmp_path):
    with pytest.raises(InvalidInputError, match=r"ends in \.npz"):
        Graph.from_edges([1], [2]).save(tmp_path / "graph.txt")
    assert not list(tmp_path.iterdir())


def test_a_later_format_is_refused(tmp_path):
    graph = Graph.from_edges([0], [1])
    arrays = {"indptr": graph.indptr, "indices": graph.indices, "labels": graph.labels}
    np.savez(tmp_path / "later.npz", format=2, **arrays)
    with pytest.raises(InvalidInputError, match="format is 2"):
        Graph.from_file(tmp_path / "later.npz")


def test_text_labels_survive_an_archive(tmp_path):
    graph = Graph.from_edges(["zoë", "ann"], ["ann", "李"])
    graph.save(tmp_path / "graph.npz")
    assert Graph.from_file(tmp_path / "graph.npz").labels.tolist() == ["ann", "zoë", "李"]


def test_damaged_npz_is_refused(tmp_path):
    graph = Graph.from_edges([0, 1], [1, 2])
    arrays = {"format": 1, "indptr": graph.indptr, "indices": graph.indices + 5, "labels": graph.labels}
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(InvalidInputError, match=r"Graph\.save"):
        Graph.from_file(tmp_path / "bad.npz")


def test_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "graph.npz"
    Graph.from_edges([0, 1], [1, 2]).save(path)
    before = path.read_bytes()

    def fail(file, array, **settings):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(KeyboardInterrupt):
        Graph.from_edges([5, 6], [6, 7]).save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["graph.npz"]


def test_dropping_and_merging():
    source, target = [1, 1, 2, 3, 2], [2, 2, 1, 3, 1]
    graph = Graph.from_edges(source, target, self_loops="drop", duplicates="merge")
    assert arcs_of(graph) == {(1, 2), (2, 1)}
    assert graph.labels.tolist() == [1, 2, 3]  # a person who only knows itself stays a person
    both = Graph.from_edges(source, target, directed=False, self_loops="drop", duplicates="merge")
    assert both.m == 2
    with pytest.raises(InvalidInputError, match=r"1 repeated.*edge 1"):
        Graph.from_edges([1, 2], [2, 1], directed=False)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (([], []), {}, "at least one edge"),
        (([1], [1, 2]), {}, "as long as source"),
        (([1.5], [2.0]), {}, r"source\[0\] is 1.5"),
        (([[1]], [[2]]), {}, "one-dimensional"),
        (([1], [2]), {"duplicates": "keep"}, "duplicates is 'keep'"),
        (([1], [2]), {"self_loops": "keep"}, "self_loops is 'keep'"),
        (([True], [2]), {}, "source"),
        (([1, None], [2, 3]), {}, r"source\[1\] is None"),
        (([1, 2**63], [2, 3]), {}, r"source\[1\] is 9223372036854775808; .*int64"),
    ],
)
def test_wrong_arguments_are_named(arguments, options, words):
    with pytest.raises(InvalidInputError, match=words):
        Graph.from_edges(*arguments, **options)


def test_from_scipy_keeps_lonely_people():
    matrix = sp.csr_array(([1.0, 0.0, 2.0], ([0, 1, 2], [1, 2, 0])), shape=(4, 4))
    graph = Graph.from_scipy(matrix)
    assert graph.n == 4
    assert arcs_of(graph) == {(0, 1), (2, 0)}
    assert arcs_of(Graph.from_scipy(matrix, directed=False)) == {(0, 1), (1, 0), (0, 2), (2, 0)}
    with pytest.raises(InvalidInputError, match="square"):
        Graph.from_scipy(sp.csr_array((2, 3)))
    with pytest.raises(InvalidInputError, match="1 self-loop "):
        Graph.from_scipy(sp.eye_array(1, format="csr"))


def test_from_scipy_wants_a_sparse_matrix():
    with pytest.raises(InvalidInputError, match="a sparse matrix of scipy"):
        Graph.from_scipy(np.eye(3))


@pytest.mark.parametrize(
    ("indptr", "indices", "labels", "words"),
    [
        ([0, 1, 1], [1], [1], "one longer than labels"),
        ([0], [], [], "one longer than labels"),
        ([0, 2, 1], [1], [1, 2], "non-decreasing from 0 to 1"),
        ([1, 1, 1], [0], [1, 2], "non-decreasing from 0"),
        ([0, 1, 1], [2], [1, 2], r"indices\[0\] is 2"),
        ([0, 1, 1], [-1], [1, 2], r"indices\[0\] is -1"),
        ([0, 1, 1], [0], [1, 2], "another node"),
        ([0, 2, 2], [1, 1], [1, 2], r"indices\[1\] is 1"),
        ([0, 2, 2, 2], [2, 1], [1, 2, 3], "increasing"),
        ([0, 1, 1], [1], [2, 1], "labels"),
        ([0, 1, 1], [1.0], [1, 2], "of integers"),
        ([0, 1, 1], [2**40], [1, 2], "int32"),
    ],
)
def test_arrays_that_are_no_graph_are_refused(indptr, indices, labels, words):
    with pytest.raises(InvalidInputError, match=words):
        Graph(np.array(indptr), np.array(indices, dtype=None if indices else np.int32), np.array(labels))


def test_the_arrays_of_the_caller_stay_as_they_are():
    indices = np.array([1], dtype=np.int32)
    graph = Graph(np.array([0, 1, 1]), indices, np.array([1, 2]))
    indices[0] = 1
    assert graph.indices.dtype == np.int32
    assert not graph.indices.flags.writeable


@pytest.mark.parametrize("label", [2**70, -(2**70), True, "7", 7.0, None])
def test_labels_that_nobody_has(label):
    with pytest.raises(InvalidInputError, match="one of the 2 labels"):
        Graph.from_edges([1], [7]).index_of(label)


@pytest.mark.parametrize(
    "options", [{"directed": False}, {"self_loops": "drop"}, {"duplicates": "merge"}], ids=str
)
def test_an_archive_takes_no_options(tmp_path, options):
    Graph.from_edges([1], [2]).save(tmp_path / "graph.npz")
    with pytest.raises(InvalidInputError, match="left out"):
        Graph.from_file(tmp_path / "graph.npz", **options)


@given(simple_edges)
def test_a_matrix_and_its_edges_make_the_same_graph(edges):
    graph = Graph.from_edges(*zip(*edges, strict=True))
    matrix = sp.csr_array((np.ones(graph.m), graph.indices, graph.indptr), shape=(graph.n, graph.n))
    again = Graph.from_scipy(matrix)
    assert np.array_equal(graph.indptr, again.indptr)
    assert np.array_equal(graph.indices, again.indices)


def test_arrays_cannot_be_changed():
    graph = Graph.from_edges([0], [1])
    with pytest.raises(ValueError, match="read-only"):
        graph.indices[0] = 0


def test_top_degree_breaks_ties_by_the_smallest_label():
    graph = Graph.from_edges([9, 9, 10, 10, 2], [1, 2, 1, 2, 1])
    assert graph.labels[TopDegree(2).select(graph)].tolist() == [9, 10]
    words = Graph.from_edges(["b10", "b9"], ["a", "a"])
    assert words.labels[TopDegree(1).select(words)].tolist() == ["b10"]


def test_example_graph_looks_like_people():
    graph = datasets.example_graph()
    assert graph.n >= 5000
    degree = graph.out_degree
    assert degree.min() >= 1
    assert degree.max() > 10 * degree.mean()  # hubs
    assert 4 <= degree.mean() <= 6
    known = nx.from_scipy_sparse_array(
        sp.csr_array((np.ones(graph.m), graph.indices, graph.indptr), shape=(graph.n, graph.n))
    )
    assert nx.transitivity(known) > 0.1  # friends of friends; about 0.001 if ties were drawn at random
    assert len(max(nx.connected_components(known), key=len)) > 0.9 * graph.n
    again = datasets.example_graph()
    assert np.array_equal(graph.indices, again.indices)


@pytest.mark.parametrize(
    ("name", "n", "edges", "directed"),
    [
        ("graphs/karate", 34, 78, False),
        ("graphs/nethept", 15229, 31376, False),
        ("graphs/netphy", 37149, 174161, False),
        ("graphs/ego-facebook", 4039, 88234, False),
        ("graphs/ca-grqc", 5241, 14484, False),
        ("graphs/p2p-gnutella08", 6301, 20777, True),
        ("graphs/wiki-vote", 7115, 103689, True),
        ("trust/bitcoin-otc", 5881, 35592, True),
    ],
)
def test_published_sizes_of_real_networks(name, n, edges, directed):
    try:
        path = datasets.path(name)
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))
    graph = Graph.from_file(path, directed=directed)
    assert (graph.n, graph.m) == (n, edges if directed else 2 * edges)


def test_data_are_found_through_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("MECHANISM_DATA", raising=False)
    monkeypatch.delenv("MECHANISM_DATA_URL", raising=False)
    monkeypatch.setenv("MECHANISM_CACHE", str(tmp_path / "none"))
    with pytest.raises(datasets.DatasetMissingError, match="set MECHANISM_DATA"):
        datasets.path("graphs/karate")
    monkeypatch.setenv("MECHANISM_DATA", str(tmp_path))
    with pytest.raises(datasets.DatasetMissingError, match="no data set 'graphs/karate'"):
        datasets.path("graphs/karate")
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "karate.tsv.gz").touch()
    assert datasets.path("graphs/karate") == tmp_path / "graphs" / "karate.tsv.gz"
