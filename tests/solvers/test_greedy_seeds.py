"""Greedy seeds: exactly the greedy algorithm where spreads are exact, its answer where they are simulated; errors."""

import json
from math import e

import numpy as np
import pytest
from scipy import stats

from mechanism import Graph, InvalidInputError
from solvers import spread
from solvers.exact_diffusion import exact_spread
from solvers.greedy_seeds import celf
from tests.reference.sketches import Patterns, subsets
from tests.solvers.seed_networks import random_graph, random_network

STAR = Graph.from_edges([0] * 9, range(1, 10))


@pytest.mark.parametrize("max_depth", [None, 1])
@pytest.mark.parametrize("number", range(8))
def test_lazy_is_greedy(number, max_depth):
    """Lazily evaluated or not, the same nodes; and what each adds is what it adds."""
    graph, arcs, chances = random_network(number)
    found = celf(graph, 3, probability=chances, replicates=None, max_depth=max_depth)
    patterns = Patterns(graph.n, arcs, chances, max_depth=max_depth)
    seeds, reached = [], 0.0
    for node, gain in zip(found.seeds.tolist(), found.gains.tolist(), strict=True):
        values = {v: patterns.spread([*seeds, v]) for v in range(graph.n) if v not in seeds}
        assert values[node] == pytest.approx(max(values.values()), rel=1e-9)
        assert gain == pytest.approx(values[node] - reached, rel=1e-9, abs=1e-9)
        seeds, reached = [*seeds, node], values[node]
    assert reached >= (1 - 1 / e) * patterns.best(subsets(range(graph.n), 3))
    assert graph.n <= found.evaluations < 3 * graph.n
    assert found.replicates is None


def test_most_nodes_are_evaluated_once():
    """Of many stars alike the first is taken, then the next, each after one more look."""
    graph = Graph.from_edges(np.repeat(range(20), 5), range(20, 120))
    found = celf(graph, 4, probability=1.0, replicates=None)
    assert found.seeds.tolist() == [0, 1, 2, 3]
    assert found.gains.tolist() == [6.0] * 4
    assert found.evaluations == graph.n + 3


@pytest.mark.parametrize("model", ["cascade", "threshold"])
def test_simulated_spreads(model):
    """The hub is found, and what it adds is estimated within its noise."""
    found = celf(STAR, 2, probability=0.5, replicates=4000, rng=3, model=model)
    assert found.seeds[0] == 0
    assert found.gains[0] == pytest.approx(5.5, abs=stats.norm.isf(5e-7) * 1.5 / np.sqrt(4000))
    assert found.gains.sum() == pytest.approx(6.0, abs=0.2)
    again = celf(STAR, 2, probability=0.5, replicates=4000, rng=3, model=model, engine=2)
    assert again.to_dict() == found.to_dict()
    other = celf(STAR, 2, probability=0.5, replicates=4000, rng=4, model=model)
    assert other.gains.tolist() != found.gains.tolist()


def test_limits_of_depth():
    path = Graph.from_edges(range(5), range(1, 6))
    assert celf(path, 1, probability=1.0, replicates=2, max_depth=2).gains.tolist() == [3.0]
    assert celf(path, 1, probability=1.0, replicates=None, max_depth=0).gains.tolist() == [1.0]
    assert celf(path, 6, probability=1.0, replicates=None).gains.tolist() == [6.0, *[0.0] * 5]


def test_progress():
    told = []
    celf(STAR, 2, probability=0.5, replicates=None, progress=lambda *told_now: told.append(told_now))
    assert told[:10] == [("spreads of one seed", done, 10) for done in range(1, 11)]
    assert told[10:] == [("seeds", 1, 2), ("seeds", 2, 2)]


def test_the_result():
    graph = Graph.from_edges(["ann", "ann", "bob"], ["bob", "cem", "dan"])
    found = celf(graph, 2, probability=0.5, replicates=None)
    assert found.gains[0] == exact_spread(graph, [0], probability=0.5).spread
    text = str(found)
    for words in ("Greedy seeds", "ann", "2.2500", f"{found.evaluations} exact spreads"):
        assert words in text
    assert "spreads over 200 worlds" in str(celf(graph, 1, probability=0.5, replicates=200))
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain == found.to_dict()
    assert plain["seeds"][0] == "ann"
    for array in (found.seeds, found.gains):
        assert not array.flags.writeable
    assert found.select(graph) is found.seeds
    assert spread(graph, found, probability=0.0, replicates=2, rng=1).spread == 2
    with pytest.raises(InvalidInputError, match="team is "):
        found.select(random_graph())


BAD = [
    ("graph", {"graph": [[1]]}),
    *(("k", {"k": value}) for value in (0, 11, 1.5, None)),
    *(("replicates", {"replicates": value}) for value in (1, 2.5, True)),
    ("model", {"model": "threshold", "replicates": None}),
    ("model", {"model": "sir"}),
    *(("probability", {"probability": value}) for value in (2.0, "even", [0.5])),
    *(("max_depth", {"max_depth": value, "replicates": count}) for value in (-1, 0.5) for count in (2, None)),
    ("rng", {"rng": -1}),
    ("engine", {"engine": 0}),
]


@pytest.mark.parametrize(("argument", "changes"), BAD)
def test_errors(argument, changes):
    settings = {"graph": STAR, "k": 1, "probability": 0.5, "replicates": 2, **changes}
    with pytest.raises(InvalidInputError) as caught:
        celf(settings.pop("graph"), settings.pop("k"), **settings)
    assert caught.value.argument == argument
