"""The spread kernels equal their slow twins on the same coins, exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.kernels import spread as kernels
from solvers.kernels.binding import bind
from solvers.kernels.machine import lowest_bit
from solvers.kernels.random import SPREAD_STREAM, stream, uniform, which_fire, which_fire_alike
from tests.reference import spread as twin

chance = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1, width=32))


@st.composite
def networks(draw):
    n = draw(st.integers(2, 70))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda arc: arc[0] != arc[1])
    hub = [(0, v) for v in range(1, n)] if draw(st.booleans()) else []  # more arcs than a word has bits
    arcs = sorted({*hub, *draw(st.sets(pairs, max_size=60))})
    seeds = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3, unique=True))
    key = draw(st.tuples(*[st.integers(0, 2**64 - 1)] * 2))
    return n, arcs, seeds, key, draw(st.integers(0, 8)), draw(st.integers(0, 10**6))


def play(kernel, network, how, *, thresholds=False):
    n, arcs, seeds, key, max_depth, first = network
    counts = np.bincount([arc[0] for arc in arcs], minlength=n) if arcs else np.zeros(n, int)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    indices = np.array([arc[1] for arc in arcs], dtype=np.int32)
    sizes, work = np.zeros(1, np.int32), np.zeros(3, np.int64)
    scratch = [np.zeros(n // 64 + 1, np.uint64), np.empty(n, np.int32)] + [np.zeros(n)] * thresholds
    worlds = []
    for replicate in range(first, first + 3):  # the scratch memory is used again
        levels, squares = np.zeros(n, np.int64), np.zeros(n, np.int64)
        work[:] = 0
        status = kernel(
            indptr, indices, how, np.array(seeds, np.int32), np.array(key, np.uint64), replicate,
            max_depth, sizes, levels, squares, work, *scratch,
        )  # fmt: skip
        assert status == 0
        assert (squares == levels**2).all()
        assert work[0] == sizes[0] == levels.sum()
        worlds.append((np.trim_zeros(levels, "b").tolist(), *work[1:].tolist()))
    assert not scratch[0].any()
    return worlds


def rows(network, values):
    n, arcs, *_ = network
    contacts, chances = [[] for _ in range(n)], [[] for _ in range(n)]
    for (u, v), value in zip(arcs, values, strict=True):
        contacts[u].append(v)
        chances[u].append(value)
    return contacts, chances


@given(networks(), st.data())
def test_coins(network, data):
    _, arcs, seeds, key, max_depth, first = network
    chances = data.draw(st.lists(chance, min_size=len(arcs), max_size=len(arcs)))
    expected = [
        twin.coins(*rows(network, chances), seeds, key, replicate, max_depth)
        for replicate in range(first, first + 3)
    ]
    assert play(kernels.spread_coins, network, np.array(chances, np.float32)) == expected


@given(networks(), chance)
def test_alike(network, p):
    _, arcs, seeds, key, max_depth, first = network
    with np.errstate(divide="ignore"):
        inverse_hazard = float(-1 / np.log1p(-np.float64(p))) if p else float("inf")
    contacts, _ = rows(network, arcs)
    expected = [
        twin.alike(contacts, p, seeds, key, replicate, max_depth) for replicate in range(first, first + 3)
    ]
    assert play(kernels.spread_alike, network, inverse_hazard) == expected


@given(networks(), st.data())
def test_thresholds(network, data):
    _, arcs, seeds, key, max_depth, first = network
    weights = data.draw(st.lists(chance, min_size=len(arcs), max_size=len(arcs)))
    expected = [
        twin.thresholds(*rows(network, weights), seeds, key, replicate, max_depth)
        for replicate in range(first, first + 3)
    ]
    played = play(kernels.spread_thresholds, network, np.array(weights, np.float32), thresholds=True)
    assert played == expected


def test_more_depths_than_bins():
    """A path of four nodes needs four bins; the scratch memory is clean after the refusal."""
    indptr, indices = np.array([0, 1, 2, 3, 3]), np.array([1, 2, 3], np.int32)
    active, queue = np.zeros(1, np.uint64), np.empty(4, np.int32)
    key, seeds = np.array([1, 2], np.uint64), np.array([0], np.int32)
    for bins, status in ((3, 1), (4, 0)):
        arrays = (
            np.zeros(1, np.int32),
            np.zeros(bins, np.int64),
            np.zeros(bins, np.int64),
            np.zeros(3, np.int64),
        )
        assert kernels.spread_alike(indptr, indices, 0.0, seeds, key, 0, 9, *arrays, active, queue) == status
        assert not active.any()


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.lists(chance, min_size=1, max_size=64))
def test_coins_of_a_word(key, item, chances):
    stream_key = np.uint64(stream(np.array([key, 1], np.uint64), 3, SPREAD_STREAM))
    draws = [uniform(stream_key, item + k) for k in range(len(chances))]
    mask = int(which_fire(stream_key, item, len(chances), np.array([9.0, *chances]), 1, 0.5))
    assert mask == sum((draw < 0.5 * p) << k for k, (draw, p) in enumerate(zip(draws, chances, strict=True)))
    alike = int(which_fire_alike(stream_key, item, len(chances), chances[0]))
    assert alike == sum((draw < chances[0]) << k for k, draw in enumerate(draws))


def _found(word):
    return lowest_bit(word)


found = bind(_found)


@pytest.mark.parametrize("bit", [0, 1, 31, 32, 63])
def test_lowest_bit(bit):
    assert found(np.uint64(1 << bit)) == bit
    assert found(np.uint64((1 << bit) | (1 << 63))) == bit
