"""Spread of plain diffusion models against exact values, and what users meet: errors, tables, determinism."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from mechanism import Graph, InvalidInputError, TopDegree
from solvers import spread
from solvers.diffusion import Spread
from solvers.precision import Stop

FALSE_ALARM = 1e-6
BOUND = stats.norm.isf(FALSE_ALARM / 2)

DIAMOND = ([0, 0, 1, 2, 3, 1], [1, 2, 3, 3, 4, 4])
CYCLE = ([0, 1, 2, 3, 1, 3, 2], [1, 2, 3, 0, 3, 1, 0])
GRAPHS = {"diamond": Graph.from_edges(*DIAMOND), "cycle with chords": Graph.from_edges(*CYCLE)}


def arcs_of(graph):
    return list(zip(np.repeat(np.arange(graph.n), graph.out_degree), graph.indices, strict=True))


def depths(graph, seeds, live):
    """Breadth-first depths over the live arcs."""
    depth, layer, level = dict.fromkeys(seeds, 0), list(seeds), 0
    while layer:
        level += 1
        layer = [v for u, v in live if u in layer and v not in depth]
        depth.update(dict.fromkeys(layer, level))
        layer = list(dict.fromkeys(layer))
    return list(depth.values())


def enumerated(graph, seeds, chances):
    """Expected members by depth over all subsets of live arcs."""
    arcs, total = arcs_of(graph), np.zeros(graph.n)
    for pattern in product((0, 1), repeat=len(arcs)):
        weight = np.prod([p if on else 1 - p for p, on in zip(chances, pattern, strict=True)])
        for depth in depths(graph, seeds, [arc for arc, on in zip(arcs, pattern, strict=True) if on]):
            total[depth] += weight
    return total


def enumerated_thresholds(graph, seeds, weights):
    """The same over all choices of at most one live arc into each node: the threshold model (Kempe et al. 2003)."""
    arcs = arcs_of(graph)
    into = [[number for number, arc in enumerate(arcs) if arc[1] == v] for v in range(graph.n)]
    total = np.zeros(graph.n)
    for choice in product(*([None, *numbers] for numbers in into)):
        weight = 1.0
        for numbers, chosen in zip(into, choice, strict=True):
            weight *= 1 - sum(weights[k] for k in numbers) if chosen is None else weights[chosen]
        for depth in depths(graph, seeds, [arcs[k] for k in choice if k is not None]):
            total[depth] += weight
    return total


def agree(result: Spread, expected):
    last = len(result.members_by_depth)
    assert expected[last:] == pytest.approx(0, abs=20 / result.replicates)
    error = np.maximum(result.members_by_depth_stderr, 1e-12)
    assert (np.abs(result.members_by_depth - expected[:last]) <= BOUND * error).all()
    assert abs(result.spread - expected.sum()) <= BOUND * result.stderr + 1e-12


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("probability", [0.3, "weighted", "by arc"])
def test_cascade_equals_enumeration(graph, probability):
    in_degree = np.bincount(graph.indices, minlength=graph.n)
    chances = {0.3: np.full(graph.m, 0.3), "weighted": 1 / in_degree[graph.indices]}.get(
        probability, np.linspace(1, 0, graph.m)
    )
    given = chances if probability == "by arc" else probability
    result = spread(graph, [0], probability=given, replicates=200_000, rng=11)
    agree(result, enumerated(graph, [0], chances))


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("probability", ["weighted", 0.3])
def test_threshold_model_equals_enumeration(graph, probability):
    in_degree = np.bincount(graph.indices, minlength=graph.n)
    weights = 1 / in_degree[graph.indices] if probability == "weighted" else np.full(graph.m, 0.3)
    result = spread(graph, [0], probability=probability, replicates=200_000, rng=11, model="threshold")
    agree(result, enumerated_thresholds(graph, [0], weights))


def random_graph(n=500, m=3000, seed=1):
    pairs = np.random.default_rng(seed).integers(0, n, (m, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Graph.from_edges(pairs[:, 0], pairs[:, 1], duplicates="merge")


@pytest.mark.parametrize("model", ["cascade", "threshold"])
@pytest.mark.parametrize("probability", [0.1, "weighted"])
def test_engines_do_not_change_a_bit(model, probability):
    graph = random_graph()
    weight = 0.01 if model == "threshold" and probability == 0.1 else probability
    settings = {"probability": weight, "replicates": 777, "rng": 5, "model": model}
    one, two, three = (spread(graph, TopDegree(3), **settings, engine=engine) for engine in (1, 2, 3))
    for other in (two, three):
        assert one.to_dict() == other.to_dict()
        assert one.sample.tobytes() == other.sample.tobytes()
    more = spread(graph, TopDegree(3), **{**settings, "replicates": 900})
    assert more.sample[:777].tolist() == one.sample.tolist()


@pytest.mark.parametrize("probability", [0.1, "weighted"])
def test_a_memory_map_does_not_change_a_bit(tmp_path, probability):
    graph = random_graph()
    graph.save(tmp_path / "graph.npz")
    mapped = Graph.from_file(tmp_path / "graph.npz", memory_map=True)
    one, two = (
        spread(network, [1, 2], probability=probability, replicates=300, rng=5) for network in (graph, mapped)
    )
    assert one.to_dict() == two.to_dict()
    assert one.sample.tobytes() == two.sample.tobytes()


def test_certain_and_impossible_arcs():
    path = Graph.from_edges(range(3000), range(1, 3001))  # deeper than the depths counted at first
    everybody = spread(path, [0], probability=1, replicates=2, rng=1)
    assert everybody.members_by_depth.tolist() == [1.0] * 3001
    assert everybody.work == {"members": 6002, "arcs": 6000, "fired": 6000}
    assert spread(path, [0], probability=1, replicates=2, rng=1, max_depth=7).spread == 8
    assert spread(path, [0], probability=1, replicates=2, rng=1, max_depth=0).spread == 1
    nobody = spread(path, [0, 5], probability=0.0, replicates=2, rng=1)
    assert (nobody.spread, nobody.stderr, nobody.work["fired"]) == (2, 0, 0)
    by_arc = spread(path, [0], probability=np.r_[np.ones(100), np.zeros(2900)], replicates=2, rng=1)
    assert by_arc.spread == 101


def test_precision_is_reached():
    graph = random_graph()
    result = spread(graph, [1, 2], probability=0.1, precision=0.02, rng=3)
    assert result.stop is Stop.PRECISION
    assert result.stderr <= 0.02 * result.spread
    assert result.replicates < 100_000
    assert "as small as asked for" in str(result)


def test_standard_errors_are_those_of_the_sample():
    result = spread(random_graph(), [1, 2], probability=0.1, replicates=400, rng=3)
    assert result.spread == result.sample.mean() == pytest.approx(result.members_by_depth.sum())
    assert result.stderr == pytest.approx(result.sample.std(ddof=1) / 20)
    alone = spread(random_graph(), [1, 2], probability=0.1, replicates=400, rng=3, max_depth=1)
    counts = alone.sample - 2  # the nodes at depth 1
    assert alone.members_by_depth_stderr[1] == pytest.approx(counts.std(ddof=1) / 20)


def test_an_interrupt_returns_what_is_done():
    calls = []

    def stop_after_three(stage, done, total):
        calls.append((done, total))
        if len(calls) == 3:
            raise KeyboardInterrupt

    settings = {"probability": 0.1, "rng": 3, "engine": 1}
    result = spread(random_graph(), [1], replicates=6400, progress=stop_after_three, **settings)
    assert (result.stop, result.replicates) == (Stop.INTERRUPTED, 300)
    assert calls == [(100, 6400), (200, 6400), (300, 6400)]
    whole = spread(random_graph(), [1], replicates=300, **settings)
    assert whole.sample.tolist() == result.sample.tolist()


def test_an_interrupt_before_anything_is_done_is_raised():
    class Interrupted:
        workers = 1

        def each(self, job, blocks):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spread(random_graph(), [1], probability=0.1, replicates=10, rng=1, engine=Interrupted())


def test_table_and_picture():
    result = spread(random_graph(), [1, 2], probability=0.1, replicates=100, rng=3)
    assert str(result).splitlines()[4].split()[:2] == ["0", "2.000"]
    axes = result.plot()
    assert axes.get_xlabel() == "depth"
    assert len(axes.patches) == len(result.members_by_depth)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": []}, "seeds is"),
        ({"seeds": [0, 7]}, r"seeds\[1\] is 7; .* 0..4"),
        ({"seeds": [0, -1]}, r"seeds\[1\] is -1"),
        ({"seeds": [3, 1, 3]}, r"seeds\[2\] is 3; .*distinct"),
        ({"seeds": [0.5]}, "seeds is"),
        ({"seeds": TopDegree(9)}, "team is 9"),
        ({"probability": 1.5}, "probability is 1.5"),
        ({"probability": [0.1, 0.2]}, r"probability is \(2,\)"),
        ({"probability": [0.1, 0.2, 2, 0, 0, 0]}, r"probability\[2\] is 2.0"),
        ({"probability": "wc"}, "probability is 'wc'"),
        ({"replicates": 1}, "replicates is 1"),
        ({"replicates": None}, "precision is None"),
        ({"precision": 0.1}, "precision is 0.1"),
        ({"replicates": None, "precision": 0}, "precision is 0"),
        ({"model": "SIR"}, "model is 'SIR'"),
        ({"max_depth": -1}, "max_depth is -1"),
        ({"engine": "fast"}, "engine is 'fast'"),
        ({"model": "threshold", "probability": 0.7}, "probability adds up to 1.4 over the arcs into node 3"),
    ],
)
def test_wrong_arguments_are_named(change, words):
    arguments = {"seeds": [0], "probability": 0.5, "replicates": 10, "rng": 1} | change
    with pytest.raises(InvalidInputError, match=words):
        spread(GRAPHS["diamond"], arguments.pop("seeds"), **arguments)
