"""Branching processes and recursive trees against closed forms, published values and simulation."""

from fractions import Fraction
from math import exp, factorial

import numpy as np
import pytest

from mechanism import Graph, InvalidInputError, ReferralForest
from mechanism.branching import GaltonWatson, RecursiveTree


@pytest.mark.parametrize(("mean", "size", "height"), [(0.8, 5, 1.9368), (0.93, 14.286, 3.5862)])
def test_published_values(mean, size, height):
    process = GaltonWatson.poisson(mean=mean)
    assert process.expected_size == pytest.approx(size, abs=5e-4)
    assert process.expected_height == pytest.approx(height, abs=5e-5)
    assert process.mean == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("mean", [1.01, 1.5, 4])
def test_extinction_is_the_smallest_fixed_point(mean):
    process = GaltonWatson.poisson(mean=mean)
    assert process.generating(process.extinction) == pytest.approx(process.extinction, abs=1e-12)
    assert process.extinction < 1
    # By iteration from 0, which never passes the smallest fixed point.
    reached = 0.0
    for _ in range(20_000):
        reached = float(process.generating(reached))
    assert process.extinction == pytest.approx(reached, abs=1e-9)


def test_extinction_at_the_edges():
    assert GaltonWatson([0.3, 0.7]).extinction == 1
    assert GaltonWatson([0, 1]).extinction == 0
    assert GaltonWatson([0, 0.5, 0.5]).extinction == 0
    assert GaltonWatson([0.25, 0, 0.75]).extinction == pytest.approx(1 / 3)


def test_sizes_of_the_poisson_process_are_borel():
    mean = 0.7
    borel = [exp(-mean * k) * (mean * k) ** (k - 1) / factorial(k) for k in range(1, 30)]
    assert GaltonWatson.poisson(mean=mean).size_distribution(29)[1:] == pytest.approx(borel, rel=1e-10)


def test_sizes_and_heights_add_up():
    process = GaltonWatson.binomial(contacts=5, chance=0.1)
    sizes = process.size_distribution(400)
    assert sizes.sum() == pytest.approx(1, abs=1e-9)
    assert sizes @ np.arange(401) == pytest.approx(process.expected_size, rel=1e-6)
    heights = process.height_distribution(200)
    assert heights.sum() == pytest.approx(1)
    assert heights @ np.arange(201) == pytest.approx(process.expected_height)
    assert process.expected_members(3) == pytest.approx([1, 0.5, 0.25, 0.125])


def test_the_law_of_a_graph_weighs_degrees_by_who_is_met():
    # Arcs 0 -> 1, 0 -> 2, 1 -> 2, 2 -> 3: met are 1 (one contact), 2 twice (one contact), 3 (none).
    graph = Graph.from_edges([0, 0, 1, 2], [1, 2, 2, 3])
    process = GaltonWatson.of_graph(graph, chance=1.0)
    assert process.offspring == pytest.approx([1 / 4, 3 / 4])
    assert GaltonWatson.of_graph(graph, chance=0.5).mean == pytest.approx(0.5 * 3 / 4)


def test_recruiters_are_not_recruited_back():
    # Now 2 knows 0, too: met by 0 it has nobody else, met by 1 it has 0; and 0, met by 2, has 1 alone.
    graph = Graph.from_edges([0, 0, 1, 2], [1, 2, 2, 0])
    assert GaltonWatson.of_graph(graph, chance=1.0).offspring == pytest.approx([1 / 4, 3 / 4])
    path = Graph.from_edges([0, 1, 2], [1, 2, 3], directed=False)
    assert GaltonWatson.of_graph(path, chance=1.0).offspring == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("law", [[], [0.5, 0.4], [1.5, -0.5], [[1.0]], [np.nan, 1]])
def test_wrong_laws(law):
    with pytest.raises(InvalidInputError, match="offspring is"):
        GaltonWatson(law)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 30])
def test_recursive_trees_add_up(n):
    tree = RecursiveTree(n)
    members = tree.expected_members(n)
    assert sum(members) == n
    assert sum(d * x for d, x in enumerate(members)) / Fraction(n) == tree.mean_depth


def test_recursive_trees_against_simulated_ones():
    n, runs = 60, 3000
    tree = RecursiveTree(n)
    depth = np.zeros((runs, n), dtype=int)
    leaves = []
    for run in range(runs):
        forest = ReferralForest.random_recursive(n, rng=run)
        found = np.bincount(forest.depths - forest.depths.min(), minlength=n)
        depth[run] = found[:n]
        leaves.append(n - len(set(forest.parents.tolist()) - {-1}))
    expected = np.array([float(x) for x in tree.expected_members(n - 1)])
    error = depth.std(axis=0) / np.sqrt(runs)
    assert (np.abs(depth.mean(axis=0) - expected) <= 5 * error + 1e-3).all()
    assert abs(np.mean(leaves) - float(tree.expected_leaves)) < 5 * np.std(leaves) / np.sqrt(runs)
    assert RecursiveTree(20_000).typical_height == pytest.approx(26.92, abs=0.01)
