"""The coverage kernels against sets."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.kernels import coverage as kernels


@st.composite
def families(draw):
    """Sketches as lists of distinct nodes, some of them empty, more entries than are fetched ahead."""
    n = draw(st.integers(1, 12))
    rows = st.lists(st.integers(0, n - 1), unique=True, max_size=n)
    return n, draw(st.lists(rows, max_size=30))


def flat(sketches):
    pointers = np.concatenate(([0], np.cumsum([len(row) for row in sketches]))).astype(np.int64)
    return pointers, np.array([v for row in sketches for v in row], dtype=np.int32)


def inverted(n, sketches):
    pointers, nodes = flat(sketches)
    counts = np.bincount(nodes, minlength=n).astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    by_node = np.full(len(nodes), -1, dtype=np.int32)
    kernels.invert(pointers, nodes, starts[:-1].copy(), by_node)
    return pointers, nodes, starts, by_node, counts


@settings(max_examples=60)
@given(families())
def test_sketches_of_every_node(family):
    n, sketches = family
    _, _, starts, by_node, _ = inverted(n, sketches)
    for node in range(n):
        own = by_node[starts[node] : starts[node + 1]].tolist()
        assert own == [s for s, row in enumerate(sketches) if node in row]


@settings(max_examples=60)
@given(families(), st.data())
def test_covering(family, data):
    n, sketches = family
    *arrays, counts = inverted(n, sketches)
    covered = np.zeros(len(sketches), dtype=np.int8)
    chosen = data.draw(st.lists(st.integers(0, n - 1), max_size=4))  # also twice the same
    for node in chosen:
        kernels.cover(node, *arrays, counts, covered)
    left = [row for row in sketches if not set(row) & set(chosen)]
    assert covered.tolist() == [int(bool(set(row) & set(chosen))) for row in sketches]
    assert counts.tolist() == [sum(node in row for row in left) for node in range(n)]


@settings(max_examples=60)
@given(families(), st.data())
def test_greedy_choice(family, data):
    """Each choice covers most of what is left among those not barred, who may become more; ties by number at first."""
    n, sketches = family
    *arrays, counts = inverted(n, sketches)
    covered = np.zeros(len(sketches), dtype=np.int8)
    barred = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)), dtype=np.int8)
    top = int(counts.max())
    heads, following = np.full(top + 1, 7, dtype=np.int32), np.full(n, 7, dtype=np.int32)
    kernels.fill(counts, heads, following)
    left, taken = sketches, []
    while True:
        gains = [sum(v in row for row in left) * (not barred[v]) for v in range(n)]
        node, top = kernels.largest(top, counts, heads, following, barred)
        if max(gains) == 0:
            assert (node, top) == (-1, 0)
            break
        assert gains[node] == max(gains) == top
        if not taken:
            assert node == gains.index(top)
        taken.append(node)
        kernels.cover(node, *arrays, counts, covered)
        left = [row for row in left if node not in row]
        if data.draw(st.booleans()):
            barred[data.draw(st.integers(0, n - 1))] = 1
    assert len(set(taken)) == len(taken)


def test_buckets():
    counts = np.array([2, 0, 2, 1], dtype=np.int64)
    heads, following = np.empty(3, dtype=np.int32), np.empty(4, dtype=np.int32)
    kernels.fill(counts, heads, following)
    assert heads.tolist() == [1, 3, 0]
    assert following.tolist() == [2, -1, -1, -1]
