"""Graphs in files: whole or not at all, read where they lie, the same in every process."""

import pickle
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph, InvalidInputError
from mechanism import graph as module
from mechanism.storage import map_arrays, write_arrays


def random_graph(n=300, m=2000, seed=0):
    pairs = np.random.default_rng(seed).integers(0, n, (m, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Graph.from_edges(pairs[:, 0], pairs[:, 1], duplicates="merge")


def same(one, two):
    return all(
        getattr(one, name).dtype == getattr(two, name).dtype
        and getattr(one, name).tobytes() == getattr(two, name).tobytes()
        for name in ("indptr", "indices", "labels")
    )


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("labels", ["numbers", "texts"])
def test_round_trip(tmp_path, compressed, labels):
    graph = random_graph() if labels == "numbers" else Graph.from_edges(["ann", "bob"], ["bob", "zoë"])
    path = tmp_path / "graph.npz"
    graph.save(path, compressed=compressed)
    assert same(Graph.from_file(path), graph)
    if not compressed:
        mapped = Graph.from_file(path, memory_map=True)
        assert same(mapped, graph)
        assert not mapped.indices.flags.writeable
        assert mapped.indices.flags.aligned


def test_no_arcs(tmp_path):
    graph = Graph([0, 0], np.zeros(0, dtype=int), ["alone"])
    graph.save(tmp_path / "graph.npz")
    assert same(Graph.from_file(tmp_path / "graph.npz", memory_map=True), graph)


def test_a_compressed_file_is_not_mapped(tmp_path):
    random_graph().save(tmp_path / "graph.npz", compressed=True)
    with pytest.raises(InvalidInputError, match=r"memory_map is True.*graph.npz is compressed"):
        Graph.from_file(tmp_path / "graph.npz", memory_map=True)


def test_only_npz_files_are_mapped(tmp_path):
    (tmp_path / "graph.tsv").write_text("1\t2\n")
    with pytest.raises(InvalidInputError, match="memory_map is True"):
        Graph.from_file(tmp_path / "graph.tsv", memory_map=True)


@pytest.mark.parametrize("shift", range(8))
def test_files_of_numpy_are_mapped_where_they_lie_right_and_refused_otherwise(tmp_path, shift):
    path = tmp_path / "graph.npz"
    graph = random_graph()
    arrays = {"x" * (shift + 1): np.zeros(1), "indptr": graph.indptr, "indices": graph.indices}
    np.savez(path, format=1, labels=graph.labels, **arrays)
    with suppress(InvalidInputError):
        mapped = Graph.from_file(path, memory_map=True)
        assert same(mapped, graph)
        assert mapped.indptr.flags.aligned
        return
    with pytest.raises(InvalidInputError, match="save it anew"):
        Graph.from_file(path, memory_map=True)


@given(st.integers(0, 200), st.sampled_from([np.int8, np.int32, np.float64]))
def test_arrays_begin_at_whole_lines(tmp_path_factory, size, dtype):
    path = tmp_path_factory.mktemp("storage") / "arrays.npz"
    arrays = {"first": np.arange(size, dtype=np.int8), "b": np.arange(size, dtype=dtype)}
    write_arrays(path, arrays, compressed=False)
    for name, array in map_arrays(path).items():
        assert array.tolist() == arrays[name].tolist()
        assert array.flags.aligned


def test_a_mapped_graph_travels_as_the_name_of_its_file(tmp_path):
    graph = random_graph()
    assert same(pickle.loads(pickle.dumps(graph)), graph)
    graph.save(tmp_path / "graph.npz")
    frame = pickle.dumps(Graph.from_file(tmp_path / "graph.npz", memory_map=True))
    assert len(frame) < 500
    assert same(pickle.loads(frame), graph)
    random_graph(seed=1).save(tmp_path / "graph.npz")
    with pytest.raises(InvalidInputError, match="unchanged"):
        pickle.loads(frame)
    (tmp_path / "graph.npz").unlink()
    with pytest.raises(InvalidInputError, match="on this machine"):
        pickle.loads(frame)


def test_arcs_are_checked_in_blocks(monkeypatch):
    """Faults are found wherever blocks begin, also in long rows."""
    monkeypatch.setattr(module, "_BLOCK", 3)
    indptr = np.array([0, 5, 5, 9, 10])
    indices = np.array([1, 2, 3, 4, 5, 0, 1, 3, 5, 0])
    labels = np.arange(6)
    indptr = np.r_[indptr, 10, 10]
    graph = Graph(indptr, indices, labels)
    assert graph.in_degree.tolist() == np.bincount(indices, minlength=6).tolist()
    for place in range(1, 10):
        source = int(np.searchsorted(indptr, place, side="right")) - 1
        for value in (-1, 6, source, *indices[max(place - 1, indptr[source]) : place]):
            wrong = indices.copy()
            wrong[place] = value
            with pytest.raises(InvalidInputError, match="indices") as caught:
                Graph(indptr, wrong, labels)
            assert caught.value.index == place


MEASURE = """
import sys
from mechanism import Graph
def anonymous():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024
Graph.from_edges([1], [2]).in_degree
before = anonymous()
graph = Graph.from_file(sys.argv[1], memory_map=True)
total = int(graph.indices.sum()) + int(graph.out_degree.max())
print(anonymous() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_a_mapped_graph_is_not_copied(tmp_path):
    n, degree = 50_000, 800  # 40 million arcs, 160 MB
    around = np.repeat(np.arange(n, dtype=np.int32), degree) + np.tile(
        np.arange(1, degree + 1, dtype=np.int32), n
    )
    rows = np.sort((around % n).reshape(n, degree), axis=1)
    graph = Graph(np.arange(n + 1) * degree, rows.ravel(), np.arange(n))
    graph.save(tmp_path / "graph.npz")
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "graph.npz")]
    grown = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert grown < 80  # MB, for blocks; loading the graph takes 160 and checking it at once a thousand
