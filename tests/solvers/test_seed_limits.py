"""Certified seeds against the best of all allowed sets, on networks that can be enumerated."""

from fractions import Fraction
from functools import cache
from math import e

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mechanism import Graph, TopDegree
from proofs.check_seeding import _at_most, _hazard, check
from solvers import spread
from solvers.seeding import seed
from tests.reference.sketches import Patterns, subsets
from tests.solvers.seed_networks import LIMITS, SAMPLERS, expanded, patterns_of, random_graph, random_network

FALSE_ALARM = 1e-6
BOUND = stats.norm.isf(FALSE_ALARM / 2)
WANTED = 1 - 1 / e - 0.1
LOOSE = {"epsilon": 0.63, "overfit": 100.0, "engine": 1}  # one round of 1,024 sketches


@cache
def enumerated(model):
    """Seeds of networks beside the truth, where either bound may fail with a chance of 0.225."""
    rows = []
    for number in range(200 if model == "cascade" else 100):
        graph, arcs, chances = random_network(number, n=14, model=model)
        k = 1 + number % 2
        found = seed(graph, k, probability=chances, delta=0.9, rng=number, model=model, **LOOSE)
        patterns = Patterns(graph.n, arcs, chances, model=model)
        best = patterns.best(subsets(range(graph.n), k))
        counts = found.certificate
        h = _hazard(Fraction(counts["delta"]), counts["round"])
        most = _at_most(counts["prefix"] + Fraction(counts["more"]), h) * graph.n / counts["choice"]
        rows.append((patterns.spread(found.seeds.tolist()), best, found.ratio, *found.interval, float(most)))
        assert found.rounds == 1
    return np.transpose(rows)


class TestBounds:
    @pytest.mark.parametrize("model", ["cascade", "threshold"])
    def test_certified_ratios_are_true(self, model):
        true, best, ratio, low, high, most = enumerated(model)
        allowed = stats.binom.isf(FALSE_ALARM, len(true), 0.9 / 4)
        for failures in (low > true, high < true, most < best):
            assert failures.sum() <= allowed
        assert (true < ratio * best).sum() <= stats.binom.isf(FALSE_ALARM, len(true), 0.9 / 2)
        if model == "cascade":
            assert (low > true).sum() > 1  # bounds are hardly wider than they say
            assert (true < 0.999 * best).any()
            assert (ratio > 0.8).any()

    def test_estimates_have_no_bias(self):
        """The spread of the seeds over the sketches that test them: they were not chosen on these."""
        differences = []
        for number in range(60):
            graph, arcs, chances = random_network(number)
            found = seed(graph, 2, probability=chances, rng=number, **LOOSE)
            p = Patterns(graph.n, arcs, chances).spread(found.seeds.tolist()) / graph.n
            differences.append((found.spread / graph.n - p) / np.sqrt(p * (1 - p) / found.sketches))
        assert abs(np.mean(differences)) <= BOUND / np.sqrt(60)
        assert 0.5 < np.std(differences) < 1.5


class TestLimits:
    """Ours beside the best of all allowed sets, on networks that can be enumerated."""

    def compare(self, network, limits, is_allowed, *, how=SAMPLERS["by arc"], share=WANTED, **choice):
        graph, _, chances = network
        found = seed(
            graph, probability=chances if how["probability"] is None else how["probability"], delta=1e-6, rng=9,
            model=how.get("model", "cascade"), engine=1, **limits, **choice,
        )  # fmt: skip
        patterns, weights, members = (
            patterns_of(network, how, limits), limits.get("weights"), list(limits.get("members", ()))
        )  # fmt: skip
        shut = {*members, *limits.get("blocked", ())} | (
            set(range(graph.n)) - set(limits.get("candidates", range(graph.n)))
        )
        free = [node for node in range(graph.n) if node not in shut]
        seeds = found.seeds.tolist()
        assert len(set(seeds)) == len(seeds) > 0
        assert set(seeds) <= set(free)
        assert is_allowed(seeds)
        best = patterns.best([s for s in subsets(free, len(free)) if is_allowed(s)], weights, members)
        own = patterns.best([seeds], weights, members)
        assert own >= found.ratio * best
        assert own >= share * best
        if found.reason == "ratio":
            assert found.ratio >= WANTED - 1e-6
        else:
            assert found.reason == "bound"
        base = patterns.spread(members, weights)
        assert found.interval[0] <= base + own <= found.interval[1]
        assert found.interval[0] <= found.spread <= found.interval[1]
        error = BOUND * (graph.n if weights is None else sum(weights)) / 2 / np.sqrt(found.sketches)
        assert found.base == pytest.approx(base, abs=error)
        assert check(found.certificate) >= Fraction(found.certificate["ratio"])
        return found

    @pytest.mark.parametrize("limits", LIMITS)
    @pytest.mark.parametrize("how", SAMPLERS)
    def test_models(self, how, limits):
        for number in (1, 2):
            network = random_network(number)
            limited = expanded(LIMITS[limits], network[0].n)
            found = self.compare(network, limited, lambda seeds: len(seeds) <= 2, how=SAMPLERS[how], k=2)
            assert (len(found.seeds), found.cost) == (min(2, network[0].n - 3), 2) or len(found.seeds) == 2

    @pytest.mark.parametrize("number", range(6))
    def test_candidates(self, number):
        network = random_network(number)
        limits = {"candidates": [3, 1, 2], "members": [0]} if number % 2 else {"candidates": [2]}
        self.compare(network, limits, lambda seeds: len(seeds) <= 1, k=1)

    @pytest.mark.parametrize("number", range(12))
    def test_costs(self, number):
        network = random_network(number)
        n = network[0].n
        costs = np.random.default_rng(number).choice([0.1, 0.2, 0.3, 0.7], n)
        budget = [0.3, 0.6, 0.1 + 0.2, 1.0][number % 4]
        limits = expanded(LIMITS["all"], n) if number > 7 else {}

        def is_allowed(seeds):
            return sum(Fraction(float(costs[v])) for v in seeds) <= Fraction(budget)

        found = self.compare(
            network, limits, is_allowed, share=(1 - 1 / e) / 2 - 0.05, costs=costs, budget=budget
        )
        assert found.cost <= budget
        assert found.cost == pytest.approx(costs[found.seeds].sum())

    def test_one_cost_for_all(self):
        found = self.compare(random_network(3), {}, lambda seeds: len(seeds) <= 2, costs=0.4, budget=0.9)
        assert found.cost == 0.8

    @pytest.mark.parametrize("number", range(8))
    def test_quotas(self, number):
        network = random_network(number)
        groups = np.random.default_rng(number).integers(0, 2, network[0].n)
        groups[:2] = 0, 1
        quotas, k = [(1, 1), (2, 0), (0, 3), (1, 2)][number % 4], 1 + number % 3

        def is_allowed(seeds):
            return len(seeds) <= k and all(sum(groups[v] == g for v in seeds) <= quotas[g] for g in (0, 1))

        self.compare(network, {}, is_allowed, share=0.45, k=k, groups=groups, quotas=quotas)

    def test_a_team_from_the_start(self):
        graph = random_graph()
        team = TopDegree(3)
        by_rule, by_number = (
            seed(graph, 2, probability=0.1, rng=1, members=members) for members in (team, team.select(graph))
        )
        assert by_rule.to_dict() == by_number.to_dict()
        assert not set(by_rule.seeds.tolist()) & set(team.select(graph).tolist())
        together = spread(
            graph, [*by_rule.seeds, *team.select(graph)], probability=0.1, replicates=40_000, rng=2
        )
        assert by_rule.interval[0] <= together.spread <= by_rule.interval[1]
        alone = spread(graph, team, probability=0.1, replicates=40_000, rng=3)
        assert by_rule.base == pytest.approx(alone.spread, rel=0.05)

    def test_nobody_twice(self):
        """More seeds than help: the others are the first by number, and nobody is blocked or a member."""
        graph = Graph.from_edges([0, 1, 2, 3, 4], [1, 2, 3, 4, 5])
        found = seed(graph, 4, probability=1.0, rng=1, members=[5], blocked=[2], **LOOSE)
        assert sorted(found.seeds.tolist()) == [0, 1, 3, 4]
        assert set(found.seeds[:2].tolist()) == {0, 3}

    @settings(max_examples=25)
    @given(st.data())
    def test_budgets_are_never_exceeded(self, data):
        graph = random_network(1)[0]
        amount = st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 0.7, 1e-9])
        costs = data.draw(st.lists(amount, min_size=graph.n, max_size=graph.n))
        budget = max(sum(data.draw(st.lists(amount, min_size=1, max_size=3))), min(costs))
        found = seed(graph, probability=0.2, costs=costs, budget=budget, rng=1, **LOOSE)
        assert sum(Fraction(costs[v]) for v in found.seeds) <= Fraction(budget)
        assert found.cost <= budget
