"""The sketch kernels equal their slow twins on the same numbers, and their sketches have the exact chances."""

from itertools import combinations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mechanism import Graph
from solvers.exact_diffusion import exact_spread
from solvers.kernels import sketch as kernels
from tests.reference import sketches as twin

FALSE_ALARM = 1e-6
MANY = 4000 if numba.config.DISABLE_JIT else 200_000
chance = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1, width=32))


@st.composite
def networks(draw):
    n = draw(st.integers(1, 70))
    node = st.integers(0, n - 1)
    pairs = st.tuples(node, node).filter(lambda arc: arc[0] != arc[1])
    hub = [(u, 0) for u in range(1, n)] if draw(st.booleans()) else []  # more arcs than a word has bits
    arcs = sorted({*hub, *(draw(st.sets(pairs, max_size=60)) if n > 1 else ())})
    weights = draw(st.just([]) | st.lists(st.sampled_from([0.0, 0.5, 2.0]), min_size=n, max_size=n))
    walls = draw(st.just([0] * n) | st.lists(st.sampled_from([0, 0, 0, 0, 1, 2]), min_size=n, max_size=n))
    key = draw(st.tuples(*[st.integers(0, 2**64 - 1)] * 2))
    into = [[u for u, v in arcs if v == node] for node in range(n)]
    weights = weights if any(weights) else []
    return into, weights, walls, key, draw(st.integers(0, 8) | st.just(n)), draw(st.integers(0, 2**41))


def flat(into, numbers, dtype):
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in into]))).astype(np.int64)
    numbers = np.array([x for row in numbers for x in row], dtype=dtype)
    return indptr, np.array([u for row in into for u in row], dtype=np.int32), numbers


def play(kernel, arrays, network, count, *, room=0):
    """Return the sizes of the sketches `first`, ..., and their nodes."""
    into, weights, walls, key, max_depth, first = network
    n = len(into)
    sizes, active, parts = np.full(count, -9, dtype=np.int32), np.zeros(n // 64 + 1, np.uint64), []
    roots = np.cumsum(np.array(weights, dtype=np.float64))
    marks = np.array(walls, dtype=np.int8) if any(walls) else np.empty(0, dtype=np.int8)
    done = 0
    while done < count:  # the room for nodes is used up again and again
        nodes = np.empty(n + room, dtype=np.int32)
        made, stored = kernel(
            *arrays, roots, marks, np.array(key, np.uint64), first + done, max_depth, sizes[done:], nodes, active
        )  # fmt: skip
        assert made >= 1
        assert not active.any()
        assert stored == np.maximum(sizes[done : done + made], 0).sum()
        parts.append(nodes[:stored])
        done += made
    return sizes, np.concatenate(parts)


def listed(sizes, nodes):
    """Return sketches as lists of nodes, None where they meet a node active from the start."""
    rows = np.split(nodes, np.cumsum(np.maximum(sizes, 0)))
    return [None if size == kernels.MET else row.tolist() for size, row in zip(sizes, rows[:-1], strict=True)]


def expected(drawn, numbers, network, count):
    into, weights, walls, key, max_depth, first = network
    return [drawn(into, numbers, weights, walls, key, first + k, max_depth) for k in range(count)]


def hazards_of(into, how):
    """One hazard for all in-degrees, or one for each."""
    if how == "weighted":
        return [twin.hazard(1 / max(degree, 1)) for degree in range(max(map(len, into)) + 1)]
    return [twin.hazard(how)]


@settings(max_examples=60)
@given(networks(), st.just("weighted") | chance, st.sampled_from([0, 10, 1000]))
def test_alike(network, how, room):
    into, hazards = network[0], hazards_of(network[0], how)
    arrays = (*flat(into, into, np.float64)[:2], np.array(hazards))
    drawn = play(kernels.sketch_alike, arrays, network, 4, room=room)
    assert listed(*drawn) == expected(twin.alike, hazards, network, 4)


@settings(max_examples=60)
@given(networks(), st.data(), st.sampled_from([0, 10, 1000]))
def test_coins(network, data, room):
    numbers = [data.draw(st.lists(chance, min_size=len(row), max_size=len(row))) for row in network[0]]
    arrays = flat(network[0], numbers, np.float32)
    drawn = play(kernels.sketch_coins, arrays, network, 4, room=room)
    assert listed(*drawn) == expected(twin.coins, numbers, network, 4)


@settings(max_examples=60)
@given(networks(), st.data(), st.sampled_from([0, 10, 1000]))
def test_walks(network, data, room):
    numbers = [data.draw(st.lists(chance, min_size=len(row), max_size=len(row))) for row in network[0]]
    arrays = flat(network[0], numbers, np.float32)
    drawn = play(kernels.sketch_walks, arrays, network, 4, room=room)
    assert listed(*drawn) == expected(twin.walks, numbers, network, 4)


ARCS = [
    (0, 1),
    (0, 3),
    (1, 2),
    (1, 4),
    (2, 0),
    (2, 3),
    (3, 1),
    (3, 4),
    (4, 2),
]  # cycles, and two ways to many
SETTINGS = {
    "plain": {},
    "depth 0": {"max_depth": 0},
    "depth 1": {"max_depth": 1},
    "depth 2": {"max_depth": 2},
    "weights": {"weights": [1.0, 0.0, 2.5, 0.25, 0.0]},
    "blocked": {"blocked": [3]},
    "members": {"members": [4]},
    "all": {"max_depth": 3, "weights": [1.0, 3.0, 0.0, 2.0, 1.0], "blocked": [0], "members": [4]},
}
BY_ARC = [0.3, 0.5, 0.25, 1.0, 0.0, 0.75, 0.125, 0.4, 0.6]  # into each node the threshold model's weights:
WEIGHTS = [0.25, 0.5, 0.5, 0.75, 0.5, 0.375, 0.5, 0.25, 0.5]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kernel", ["alike", "weighted", "coins", "walks"])
def test_chances_of_sketches(kernel, setting):
    """Chi-square of the frequency of every possible sketch."""
    options = {"weights": None, "members": [], "blocked": [], "max_depth": None} | SETTINGS[setting]
    into = [[u for u, v in ARCS if v == node] for node in range(5)]
    places = [[k for k, arc in enumerate(ARCS) if arc[1] == node] for node in range(5)]
    if kernel in ("alike", "weighted"):
        chances = [0.4 if kernel == "alike" else 1 / len(into[v]) for _, v in ARCS]
        arrays = (
            *flat(into, into, float)[:2],
            np.array(hazards_of(into, 0.4 if kernel == "alike" else kernel)),
        )
        run = kernels.sketch_alike
    else:
        chances = BY_ARC if kernel == "coins" else WEIGHTS
        arrays = flat(into, [[chances[k] for k in row] for row in places], np.float32)
        run = kernels.sketch_coins if kernel == "coins" else kernels.sketch_walks
    model = "threshold" if kernel == "walks" else "cascade"
    patterns = twin.Patterns(
        5, ARCS, chances, model=model, max_depth=options["max_depth"], blocked=options["blocked"]
    )
    exact = patterns.sketches(options["weights"], options["members"])
    walls = [1 if v in options["blocked"] else 2 if v in options["members"] else 0 for v in range(5)]
    depth = 5 if options["max_depth"] is None else options["max_depth"]
    network = into, options["weights"] or [], walls, (3, 5), depth, 10**12
    sizes, nodes = play(run, arrays, network, MANY, room=1 << 16)
    sums = np.concatenate(([0], np.cumsum(1 << nodes.astype(np.int64))))
    ends = np.cumsum(np.maximum(sizes, 0))
    masks = np.where(sizes == kernels.MET, 32, sums[ends] - sums[ends - np.maximum(sizes, 0)])
    counts = np.bincount(masks, minlength=33)
    names = [32 if name is None else name for name in exact]
    assert counts[names].sum() == MANY
    observed, wanted = counts[names], MANY * np.array(list(exact.values()))
    rare = wanted < 5
    if rare.any():
        observed, wanted = (np.append(x[~rare], x[rare].sum()) for x in (observed, wanted))
    statistic = ((observed - wanted) ** 2 / wanted).sum()
    assert stats.chi2.sf(statistic, max(len(wanted) - 1, 1)) > FALSE_ALARM
    assert len(wanted) == 1 or statistic > 0


@pytest.mark.parametrize("max_depth", [None, 0, 1, 2])
def test_enumeration_is_that_of_the_spread(max_depth):
    """n P(S meets the sketch) is the spread of S, computed in another way; and what members leave to add."""
    graph = Graph.from_edges(*zip(*ARCS, strict=True))
    patterns = twin.Patterns(5, ARCS, BY_ARC, max_depth=max_depth)
    for seeds in [*combinations(range(5), 1), *combinations(range(5), 2)]:
        spread = exact_spread(graph, list(seeds), probability=BY_ARC, max_depth=max_depth).spread
        mask = sum(1 << s for s in seeds)
        met = sum(p for sketch, p in patterns.sketches().items() if sketch & mask)
        assert 5 * met == pytest.approx(spread, rel=1e-12)
        assert patterns.spread(seeds) == pytest.approx(spread, rel=1e-12)
        others = patterns.sketches(members=[4])
        added = 5 * sum(p for sketch, p in others.items() if sketch is not None and sketch & mask)
        assert added == pytest.approx(patterns.spread({*seeds, 4}) - patterns.spread([4]), rel=1e-12)
        assert added == pytest.approx(patterns.best([seeds], members=[4]), rel=1e-12)


def test_roots():
    """A draw on the edge between two nodes is the later one's; nobody without weight is a root."""
    sums = np.array([0.0, 1.0, 1.0, 2.0, 2.0])
    draws = (0.0, 0.49, 0.5, 0.75, 1 - 2.0**-53)
    assert [kernels.root_of(draw, 5, sums) for draw in draws] == [1, 1, 3, 3, 3]
    assert [kernels.root_of(draw, 4, np.empty(0)) for draw in draws] == [0, 1, 2, 3, 3]
