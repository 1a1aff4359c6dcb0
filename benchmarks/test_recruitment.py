"""Recruitment on the bundled network: worlds per second beside the machine's limit, and counts of the work done.

    pytest benchmarks                       # timed
    pytest benchmarks --benchmark-disable   # once each, for the counts alone

Times depend on the machine; compare figures of one run only. ``extra_info`` holds the work, which does not.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.limits import gather
from mechanism import Campaign, CostModel, IncentiveNetwork, PathTable, Recursive, Search, TopDegree, datasets
from proofs import SybilProof, WithinBudget, verify
from solvers import recruit
from solvers.rounding import exactly_feasible
from solvers.worlds import Worlds

DEPTH = 10
REPLICATES = 64


@pytest.fixture(scope="module")
def campaign():
    network = IncentiveNetwork(
        datasets.example_graph(),
        contact=0.5,
        join=CostModel.exponential(mean=0.8),
        invite=CostModel.exponential(mean=0.12),
    )
    return Campaign(network, Search(prize=4000, find=1e-3), team=TopDegree(5), max_depth=DEPTH)


@pytest.fixture(scope="module")
def equilibrium(campaign):
    return recruit(campaign, Recursive(0.5), replicates=256, rng=7)


def test_random_gathers_the_limit(benchmark, campaign):
    """As many independent random reads of a person's state as the cascade of the next benchmark makes arcs' coins."""
    rng = np.random.default_rng(0)
    graph = campaign.network.graph
    values = np.ones(graph.n, dtype=np.int64)
    order = rng.integers(0, graph.n, 1_000_000)
    gather(values, order)
    benchmark(gather, values, order)
    benchmark.extra_info["reads"] = len(order)


@pytest.mark.parametrize("threads", [1, 2])
def test_cascade(benchmark, campaign, equilibrium, threads):
    """Worlds at the equilibrium of the recursive scheme."""
    worlds = Worlds(campaign, np.random.SeedSequence(7), engine=threads)
    join, invite = equilibrium.join, equilibrium.invite
    counts = worlds.play(join, invite, replicates=REPLICATES)
    members = int(counts.members.sum())
    tree = [worlds.tree(join, invite, replicate=r)[0] for r in range(REPLICATES)]
    degree = campaign.network.graph.out_degree
    coins = sum(int(degree[(depth >= 0) & (depth < DEPTH)].sum()) for depth in tree)
    benchmark.extra_info.update(worlds=REPLICATES, members=members, coins=coins)
    again = benchmark(worlds.play, join, invite, replicates=REPLICATES)
    assert int(again.members.sum()) == members
    assert members == sum(int((depth > 0).sum()) for depth in tree)


def test_equilibrium(benchmark, campaign):
    """The whole equilibrium with its rounds."""
    result = benchmark(recruit, campaign, Recursive(0.5), replicates=REPLICATES, rng=7)
    benchmark.extra_info.update(worlds=REPLICATES, recruits=result.recruits)


@pytest.mark.parametrize("depth", [10, 30])
def test_proof_of_a_table(benchmark, depth):
    """All splits of a table in rationals, proved and checked."""
    wanted = [SybilProof(Fraction(1, 4)), WithinBudget()]
    scheme = exactly_feasible(Recursive(0.5).table(depth), wanted)
    verdict = benchmark(verify, PathTable(scheme), SybilProof(Fraction(1, 4)))
    assert verdict.holds
    benchmark.extra_info["inequalities"] = sum(length * (depth - length) for length in range(1, depth + 1))
