"""Rules of thumb by their definitions, and the comparison with certified seeds."""

import json

import networkx as nx
import numpy as np
import pytest

from mechanism import Graph, InvalidInputError, Members, SolveError, TopDegree
from solvers.greedy_seeds import celf
from solvers.seed_baselines import baseline_seeds, compare_seeds, core_numbers, page_rank
from solvers.seeding import seed
from tests.solvers.seed_networks import random_graph

NAMES = ("certified", "degree", "pagerank", "core", "random")


def in_networkx(graph):
    network = nx.DiGraph()
    network.add_nodes_from(range(graph.n))
    network.add_edges_from(zip(np.repeat(np.arange(graph.n), graph.out_degree), graph.indices, strict=True))
    return network


class TestPageRank:
    @pytest.mark.parametrize("damping", [0.0, 0.5, 0.85])
    def test_beside_networkx(self, damping):
        """With arcs turned round: some activate nobody, and some nobody activates."""
        graph = random_graph(n=80, m=160)
        assert (graph.in_degree == 0).any()
        assert (graph.out_degree == 0).any()
        expected = nx.pagerank(in_networkx(graph).reverse(), alpha=damping, tol=1e-13, max_iter=1000)
        rank = page_rank(graph, damping=damping, tolerance=1e-13)
        assert rank == pytest.approx([expected[v] for v in range(graph.n)], abs=1e-10)
        assert rank.sum() == pytest.approx(1)

    def test_a_path(self):
        """u_0 = s (1 + d + d^2), u_1 = s (1 + d), u_2 = s."""
        rank = page_rank(Graph.from_edges([0, 1], [1, 2]), damping=0.5)
        assert rank / rank[2] == pytest.approx([1.75, 1.5, 1], abs=1e-9)

    def test_errors(self):
        graph = random_graph(n=30, m=90)
        for damping in (-0.1, 1.0, np.nan):
            with pytest.raises(InvalidInputError, match="damping"):
                page_rank(graph, damping=damping)
        with pytest.raises(InvalidInputError, match="max_passes"):
            page_rank(graph, max_passes=0)
        with pytest.raises(SolveError, match="after 2 passes") as caught:
            page_rank(graph, max_passes=2)
        assert caught.value.solution == pytest.approx(page_rank(graph), abs=0.05)


class TestCores:
    @pytest.mark.parametrize("number", range(4))
    def test_beside_networkx(self, number):
        graph = random_graph(n=120, m=200 + 300 * number, number=number)
        ties = in_networkx(graph).to_undirected()
        assert core_numbers(graph).tolist() == [nx.core_number(ties)[v] for v in range(graph.n)]

    def test_no_arcs(self):
        assert core_numbers(Graph(np.zeros(4, int), np.empty(0, int), np.arange(3))).tolist() == [
            0,
            0,
            0,
        ]


class TestRules:
    def test_a_clique_beside_a_star(self):
        """The star's centre has most contacts; the clique is the core; a source above the centre ranks highest."""
        clique = [(u, v) for u in range(4) for v in range(4) if u != v]
        star = [(4, v) for v in range(5, 15)]
        graph = Graph.from_edges(*zip(*clique, *star, (15, 4), strict=True))
        assert baseline_seeds(graph, 1, "degree").tolist() == [4]
        assert baseline_seeds(graph, 4, "core").tolist() == [0, 1, 2, 3]
        assert baseline_seeds(graph, 5, "core").tolist() == [0, 1, 2, 3, 4]
        assert baseline_seeds(graph, 2, "pagerank").tolist() == [4, 15]
        assert baseline_seeds(graph, 16, "degree").tolist() == TopDegree(16).select(graph).tolist()

    def test_at_random(self):
        graph = random_graph()
        drawn = [baseline_seeds(graph, 50, "random", rng=rng) for rng in (1, 1, 2)]
        assert drawn[0].tolist() == drawn[1].tolist() != drawn[2].tolist()
        assert len(set(drawn[0].tolist())) == 50
        for rule in NAMES[1:]:
            seeds = baseline_seeds(graph, 7, rule)
            assert seeds.dtype == np.int32
            assert len(set(seeds.tolist())) == 7

    @pytest.mark.parametrize(
        ("argument", "changes"),
        [
            ("graph", {"graph": 3}),
            *(("k", {"k": k}) for k in (0, 401, 1.0)),
            *(("rule", {"rule": rule}) for rule in ("betweenness", None)),
            ("rng", {"rule": "random", "rng": -1}),
        ],
    )
    def test_errors(self, argument, changes):
        settings = {"graph": random_graph(), "k": 1, "rule": "degree"} | changes
        with pytest.raises(InvalidInputError) as caught:
            baseline_seeds(settings.pop("graph"), settings.pop("k"), settings.pop("rule"), **settings)
        assert caught.value.argument == argument


class TestComparison:
    def test_two_communities(self):
        """Rules of thumb put both seeds into the larger star; certified and greedy seeds share theirs."""
        source = [0] * 60 + [1] * 58 + [62] * 30
        graph = Graph.from_edges(source, [*range(2, 62), *range(2, 60), *range(63, 93)])
        greedy = celf(graph, 2, probability=0.9, replicates=500)
        compared = compare_seeds(
            graph, 2, probability=0.9, rng=1, replicates=2000, others={"greedy": greedy, "last": [91, 92]}
        )
        assert compared.names == (*NAMES, "greedy", "last")
        spreads = dict(zip(compared.names, (result.spread for result in compared.spreads), strict=True))
        assert spreads["certified"] == pytest.approx(2 + 0.9 * 90, rel=0.01)
        assert spreads["greedy"] == pytest.approx(spreads["certified"], rel=0.01)
        assert spreads["degree"] == pytest.approx(2 + 58 * 0.99 + 2 * 0.9, rel=0.01)
        assert spreads["last"] == 2
        assert compared.ratio > 0.53
        text = str(compared)
        for words in ("Spread of 2 seeds", "100.0 %", "2 of 2", "0 of 2", f"at least {compared.ratio:.3f}"):
            assert words in text
        plain = json.loads(json.dumps(compared.to_dict()))
        assert [row["name"] for row in plain["rows"]] == list(compared.names)
        assert plain["rows"][-1] == {"name": "last", "seeds": [91, 92], "spread": 2.0, "stderr": 0.0}

    @pytest.mark.parametrize("model", ["cascade", "threshold"])
    def test_what_is_compared(self, model):
        """Seeds of a kind do not depend on the others, nor on the engine; worlds are fresh."""
        graph = random_graph(n=100, m=400)
        settings = {"probability": "weighted", "rng": 5, "replicates": 200, "model": model, "max_depth": 2}
        one = compare_seeds(graph, 3, **settings, engine=1)
        two = compare_seeds(graph, 3, **settings, engine=2, others={"team": Members([3, 1])})
        assert two.to_dict()["rows"][:-1] == one.to_dict()["rows"]
        assert two.seeds[-1].tolist() == [3, 1]
        for name, seeds in zip(NAMES[1:4], one.seeds[1:4], strict=True):
            assert seeds.tolist() == baseline_seeds(graph, 3, name).tolist()
        own = seed(graph, 3, probability="weighted", model=model, max_depth=2, rng=1)
        assert own.interval[0] <= one.spreads[0].spread + 6 * one.spreads[0].stderr
        assert all(result.replicates == 200 for result in one.spreads)

    @pytest.mark.parametrize(
        ("argument", "changes"),
        [
            ("graph", {"graph": 3}),
            *(("k", {"k": k}) for k in (0, 101, None)),
            ("replicates", {"replicates": 1}),
            ("epsilon", {"epsilon": 0.7}),
            ("model", {"model": "sir"}),
            ("max_depth", {"max_depth": -1}),
            ("probability", {"probability": 2}),
            ("rng", {"rng": None}),
            ("engine", {"engine": -1}),
            *(("others", {"others": {name: [1]}}) for name in NAMES),
            *(("others", {"others": {"mine": seeds}}) for seeds in ([], [100], [1, 1], Members(["x"]))),
        ],
    )
    def test_errors(self, argument, changes):
        settings = {"graph": random_graph(n=100, m=400), "k": 1, "probability": 0.1, "rng": 1} | changes
        with pytest.raises(InvalidInputError) as caught:
            compare_seeds(settings.pop("graph"), settings.pop("k"), **settings)
        assert caught.value.argument == argument

    def test_bad_seeds_are_refused_before_any_work(self):
        def progress(*told):
            raise AssertionError

        with pytest.raises(InvalidInputError, match=r"others\[mine\] is 100"):
            compare_seeds(
                random_graph(n=100, m=400),
                1,
                probability=0.1,
                rng=1,
                others={"mine": [100]},
                progress=progress,
            )
