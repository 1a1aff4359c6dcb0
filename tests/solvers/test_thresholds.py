"""Cascades with thresholds: published windows, sums over degrees, and what play on graphs shows."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import poisson

from mechanism import Graph, Participation
from mechanism.errors import InvalidInputError
from solvers.participation_equilibrium import chains
from solvers.thresholds import (
    can_cascade,
    cascade_window,
    ring_limit,
    spreads_on_ring,
    threshold_cascade,
    threshold_game,
)
from tests.reference.games import extreme_profile, random_graph, ring


@pytest.mark.parametrize(
    ("threshold", "low", "high"),
    [
        (0.18, "1.0207", "5.7647"),
        (0.22, "1.1141", "3.8631"),
        (0.25, "1.1141", "3.8631"),
        (0.1, "1.0000", "13.659"),
        (Fraction(1, 5), "1.0207", "5.7647"),
    ],
)
def test_windows_to_the_printed_digits(threshold, low, high):
    for value, printed in zip(cascade_window(threshold), (low, high), strict=True):
        assert f"{value:.{len(printed.partition('.')[2])}f}" == printed


@settings(max_examples=40)
@given(st.integers(4, 60))
def test_the_ends_of_the_window_balance(most):
    """Summed by degree, with thresholds on both sides of 1 / K."""
    low, high = cascade_window(Fraction(1, most))
    k = np.arange(most + 1)
    for mean in (low, high):
        assert (k * (k - 1) * poisson.pmf(k, mean)).sum() == pytest.approx(mean, rel=1e-9)
    middle = (low + high) / 2
    assert (k * (k - 1) * poisson.pmf(k, middle)).sum() > middle
    assert cascade_window(1 / most) == (low, high)
    assert cascade_window(Fraction(1, most) - Fraction(1, 10**6)) == (low, high)


def test_no_window():
    """Where three neighbours or fewer may be watched, z exp(-z) (1 + z) stays below 1."""
    assert [cascade_window(x) for x in (0.2501, 1 / 3, 0.34, 0.5, 0.7, 1.0)] == [None] * 6


@settings(max_examples=40)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), st.integers(1, 20), st.integers(1, 20))
def test_degree_sequences(degrees, above, below):
    share = Fraction(min(above, below), max(above, below))
    vulnerable = sum(k * (k - 1) for k in degrees if k * share <= 1)
    assert can_cascade(degrees, share) == (vulnerable > sum(degrees))


def test_degree_sequences_meet_the_window():
    for share in (0.1, 0.18):
        for mean in (0.9, 1.5, 5.0, 6.5, 12.0, 15.0):
            low, high = cascade_window(share)
            degrees = poisson.ppf((np.arange(20_000) + 0.5) / 20_000, mean).astype(int)
            assert can_cascade(degrees, share) == (low < mean < high)


def test_a_tenth_of_ten_is_one():
    """In floats 1 / 0.1 is 10 but 3 * 0.1 is above 0.3; shares are decimals."""
    assert can_cascade([10] * 5, 0.1)
    assert not can_cascade([10] * 5, 0.1000000001)
    star = Graph.from_edges([0] * 10, range(1, 11))
    assert threshold_cascade(star, [1, 2, 3], share=0.3).tolist() == [1, 2, 3, 0]
    assert threshold_cascade(star, [1, 2, 3], share=0.3000000001).tolist() == [1, 2, 3]


def erdos(n, mean, seed):
    rng = np.random.default_rng(seed)
    pairs = rng.integers(n, size=(int(mean * n / 2), 2))
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    ones = csr_array((np.ones(len(pairs)), pairs.T), shape=(n, n))
    return Graph.from_scipy(ones + ones.T)


@pytest.mark.parametrize(
    ("mean", "inside"), [(0.8, False), (1.5, True), (3.0, True), (5.0, True), (6.8, False), (9.0, False)]
)
def test_cascades_from_one_person_on_random_graphs(mean, inside):
    """Inside the window some of 40 persons move more than a tenth of 20,000, outside nobody does."""
    low, high = cascade_window(0.18)
    assert (low < mean < high) == inside
    graph = erdos(20_000, mean, seed=1)
    assert can_cascade(graph.out_degree, 0.18) == inside
    persons = np.random.default_rng(2).choice(20_000, 40, replace=False)
    sizes = [len(threshold_cascade(graph, [person], share=0.18)) for person in persons]
    assert (max(sizes) > 2000) == inside


@pytest.mark.parametrize("neighbours", [2, 4, 6, 8])
def test_rings(neighbours):
    found = [spreads_on_ring(60, neighbours, a) for a in range(1, neighbours + 2)]
    assert found == [a <= ring_limit(neighbours) for a in range(1, neighbours + 2)]
    assert ring_limit(neighbours) == neighbours / 2
    assert spreads_on_ring(2 * neighbours + 2, neighbours, neighbours // 2)
    assert not spreads_on_ring(2 * neighbours + 2, neighbours, neighbours // 2 + 1)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12))
def test_shares_are_weights_of_one_over_the_degree(seed, above, below):
    """The same game with weights 1 / degree, in exact numbers."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 8, 20)
    share, seeds = Fraction(min(above, below), max(above, below)), rng.choice(8, 2, replace=False)
    degree = graph.out_degree
    weights = [Fraction(1, int(degree[i])) for i in np.repeat(np.arange(8), degree)]
    cost = [Fraction(0) if i in seeds else share for i in range(8)]
    expected = extreme_profile(graph, weights, [Fraction(0)] * 8, cost, greatest=False)
    joined = threshold_cascade(graph, seeds, share=share)
    assert set(joined.tolist()) == set(np.flatnonzero(expected).tolist())
    game = threshold_game(graph, share=share, seeds=seeds)
    assert (chains(game).least(8) == expected).all()
    assert isinstance(game, Participation)


def test_who_watches_nobody_does_not_take_part():
    pair = Graph.from_edges([0], [1])
    assert threshold_cascade(pair, [], share=0.5).tolist() == []
    assert threshold_cascade(pair, [1], number=1).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cascade_window(0.0), r"threshold is 0\.0"),
        (lambda: cascade_window(1.1), r"threshold is 1\.1"),
        (lambda: cascade_window("low"), "threshold is 'low'"),
        (lambda: cascade_window(0.1, degrees="regular"), "degrees is 'regular'"),
        (lambda: can_cascade([], 0.1), "degrees is"),
        (lambda: can_cascade([1.5], 0.1), "degrees is"),
        (lambda: can_cascade([3, -1], 0.1), r"degrees\[1\] is -1"),
        (lambda: threshold_game("ring", share=0.1), "a Graph"),
        (lambda: threshold_game(ring(5)), "share is None"),
        (lambda: threshold_game(ring(5), share=0.5, number=2), "without number"),
        (lambda: threshold_game(ring(5), number=0), "number is 0"),
        (lambda: threshold_game(ring(5), number=1, seeds=[5]), r"seeds\[0\] is 5"),
        (lambda: threshold_game(ring(5), number=1, seeds=[0.5]), "seeds is"),
        (lambda: ring_limit(3), "neighbours is 3; it must be even"),
        (lambda: spreads_on_ring(9, 4, 2), "n is 9"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
