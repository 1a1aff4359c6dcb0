"""Local pushes: push for push what a slow twin does, within certified distance of the exact inverse."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.kernels.push import push_rows
from tests.reference import push as twin


@st.composite
def networks(draw, *, single=None):
    """Arcs with weights of either sign, and v > 0 with |A| v <= r v, r < 1."""
    n = draw(st.integers(1, 7))
    share = st.floats(-0.9, 0.9)
    single = draw(st.booleans()) if single is None else single
    everyone = draw(st.floats(-0.15, 0.15))
    arcs = []
    for i in range(n):
        others = sorted(draw(st.sets(st.integers(0, n - 1).filter(lambda j, i=i: j != i))))
        if single:
            arcs.append([(j, everyone) for j in others])
        else:
            shares = [draw(share) for _ in others]
            size = max(sum(map(abs, shares)), 1.0)
            arcs.append([(j, 0.9 * one / size) for j, one in zip(others, shares, strict=True)])
    return arcs, single


def arrays(arcs, single):
    degree = [len(row) for row in arcs]
    weights = [a for row in arcs for _, a in row]
    return (
        np.concatenate(([0], np.cumsum(degree))).astype(np.int64),
        np.array([j for row in arcs for j, _ in row], dtype=np.int32),
        np.array((weights[:1] or [0.1]) if single else weights),
    )


def scratch(n):
    return np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.bool_), np.empty(n, dtype=np.int32)


def run(arcs, single, tolerance, *, vector=None, radius=0.95, rounding=1e-14, rows=None):
    """Return entries (everybody's, as a matrix), diagonal, slack and work of the rows in [start, stop)."""
    n = len(arcs)
    start, stop = rows or (0, n)
    v = np.ones(n) if vector is None else vector
    entries, work = np.zeros((stop - start) * n), np.zeros(2, np.int64)
    diagonal, slack = np.zeros(stop - start), np.zeros(stop - start)
    memory = scratch(n)
    push_rows(
        *arrays(arcs, single), v, radius, tolerance, rounding,
        np.arange(n + 1) * n, np.tile(np.arange(n, dtype=np.int32), n), start, stop,
        entries, diagonal, slack, work, *memory,
    )  # fmt: skip
    assert not any(part.any() for part in memory[:3])
    return entries.reshape(stop - start, n), diagonal, slack, work


@settings(max_examples=60)
@given(networks(), st.floats(1e-14, 0.5))
def test_pushes_equal_the_twin(network, tolerance):
    arcs, single = network
    n = len(arcs)
    entries, diagonal, _, work = run(arcs, single, tolerance)
    rows = [twin.row(arcs, np.ones(n), i, tolerance * (1.0 - 0.95)) for i in range(n)]
    assert entries.tolist() == [[row.get(j, 0.0) for j in range(n)] for row, _, _ in rows]
    assert diagonal.tolist() == [row.get(i, 0.0) for i, (row, _, _) in enumerate(rows)]
    assert work.tolist() == [sum(pushes for _, pushes, _ in rows), sum(crossed for _, _, crossed in rows)]


@settings(max_examples=60)
@given(networks(), st.sampled_from([1e-15, 1e-12, 1e-6, 0.1]), st.data())
def test_the_error_is_certified(network, tolerance, data):
    """In exact arithmetic, for any certificate, also where rounding is all the error there is."""
    arcs, single = network
    n = len(arcs)
    vector = np.array(data.draw(st.lists(st.floats(1, 1.05), min_size=n, max_size=n)))
    entries, diagonal, slack, _ = run(arcs, single, tolerance, vector=vector, radius=0.96)
    exact = twin.inverse(arcs)
    for i in range(n):
        for j in range(n):
            assert abs(Fraction(entries[i, j]) - exact[i][j]) <= Fraction(slack[i]) / Fraction(vector[j])
        assert diagonal[i] == entries[i, i]
    assert (slack / vector.min() <= tolerance * 1.05 + 1e-11).all()


@settings(max_examples=20)
@given(networks())
def test_rows_do_not_depend_on_the_block(network):
    arcs, single = network
    n = len(arcs)
    whole = run(arcs, single, 1e-9)
    for i in range(n):
        part = run(arcs, single, 1e-9, rows=(i, i + 1))
        assert [x[i].tolist() for x in whole[:3]] == [x[0].tolist() for x in part[:3]]


def test_weights_of_at_least_0_fall_short_and_never_exceed():
    arcs = [[(1, 0.5)], [(0, 0.25), (2, 0.5)], [(0, 0.125)]]
    exact = np.array([[float(x) for x in row] for row in twin.inverse(arcs)])
    entries, *_ = run(arcs, False, 0.01)
    assert (entries <= exact).all()
    assert entries == pytest.approx(exact, abs=0.011)
    assert (entries < exact).any()
