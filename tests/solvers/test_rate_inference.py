"""Transmission rates from times of adoption: likelihood, optimality, recovery, and what the data do not say."""

import json
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, kstest

from mechanism import Graph
from mechanism.errors import InvalidInputError, SolveError
from solvers.adoption_times import log_likelihood, simulate_times
from solvers.mixture_weights import most_likely_weights
from solvers.rate_inference import infer_rates
from tests.reference.inference import cascade_log_likelihood, first_arrivals, most_likely_rates

LAWS = [("exponential", None), ("power", 0.5), ("rayleigh", None)]
laws = st.sampled_from(LAWS)


@st.composite
def observed(draw, people=4):
    """Times on a coarse grid, so that there are ties, and a horizon."""
    time = st.one_of(st.just(inf), st.just(nan), st.integers(0, 8).map(lambda t: t / 2))
    rows = draw(
        st.lists(st.lists(time, min_size=people, max_size=people), min_size=1, max_size=8).filter(
            lambda rows: any(a < b - 0.5 < inf for row in rows for a in row for b in row)
        )
    )
    return rows, 4.0 + draw(st.integers(0, 4))


@settings(max_examples=30)
@given(observed(), laws, st.integers(0, 2**32))
def test_the_likelihood_is_that_of_plain_loops(data, law, seed):
    (times, horizon), (delay, shortest) = data, law
    rates = np.random.default_rng(seed).exponential(size=(4, 4))
    expected = cascade_log_likelihood(rates, times, horizon, delay, shortest)
    found = log_likelihood(rates, times, horizon=horizon, delay=delay, shortest=shortest)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@settings(max_examples=10)
@given(observed(), laws)
def test_no_rates_are_more_likely(data, law):
    (times, horizon), (delay, shortest) = data, law
    found = infer_rates(times, horizon=horizon, delay=delay, shortest=shortest)
    again = cascade_log_likelihood(found.matrix.toarray(), times, horizon, delay, shortest)
    assert found.log_likelihood == pytest.approx(again, rel=1e-10, abs=1e-10)
    _, best = most_likely_rates(times, horizon, delay, shortest)
    assert found.log_likelihood == pytest.approx(best, abs=1e-5)
    assert found.log_likelihood + found.gap >= best - 1e-5
    assert 0 <= found.gap <= 1e-9 * found.infections


@settings(max_examples=30)
@given(st.integers(1, 30), st.integers(1, 200), st.floats(0.05, 1.0), st.integers(0, 2**32))
def test_weights_of_a_mixture_satisfy_the_conditions_of_optimality(rows, columns, share, seed):
    rng = np.random.default_rng(seed)
    density = rng.exponential(size=(rows, columns)) * 10.0 ** rng.uniform(-3, 3, size=columns)
    density *= rng.random((rows, columns)) < share
    density[np.arange(rows), rng.integers(columns, size=rows)] += 1.0
    cost = 10.0 ** rng.uniform(-3, 3, size=columns)
    weights, stderr, gap = most_likely_weights(density, cost)
    slope = density.T @ (1 / (density @ weights)) / cost
    assert slope.max() <= 1 + 1e-8
    assert slope[weights > 0] == pytest.approx(1, abs=1e-6)
    assert gap <= 1e-9 * rows
    assert (np.isnan(stderr) == (weights == 0)).all()


def test_a_single_source_in_closed_form():
    """Infections over time at risk, and that over the root of their number."""
    times = [[0.0, 2.0], [1.0, inf], [0.0, nan], [3.0, 3.5], [2.0, 1.0], [1.0, 1.0]]
    found = infer_rates(times, horizon=4)
    forth = 2 / (2 + 3 + 4 + 0.5)  # 0 -> 1
    back = 1 / 1.0
    assert found.rates == pytest.approx([forth, back])
    assert found.stderr == pytest.approx([forth / np.sqrt(2), back])
    assert found.spontaneous == 10 - 3
    assert found.tied == 2


def test_two_sources_that_always_act_together_are_not_told_apart():
    times = [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 0.0, inf]]
    found = infer_rates(times, horizon=3)
    assert found.rates.sum() == pytest.approx(2 / 6)
    assert np.isinf(found.stderr).all()
    assert found.ambiguous == 2
    assert "2 of them are not unique" in str(found)
    assert found.undetermined == 4  # nobody is ever at risk from 2, nor 0 from 1 or 1 from 0
    assert None in found.to_dict()["stderr"]


def test_of_many_sources_that_act_together_none_is_left_out():
    times = [[0.0] * 9 + [1.0], [inf] * 8 + [0.5, 1.0]]
    found = infer_rates([times[0]], horizon=2)
    assert found.rates == pytest.approx(1 / 9)
    assert found.ambiguous == 9
    both = infer_rates(times, horizon=2)  # the ninth explains both: the others are worth nothing
    assert both.rates == pytest.approx([0] * 8 + [2 / 1.5])
    assert both.ambiguous == 0


def test_a_rate_at_the_boundary_is_0_and_has_no_error():
    times = [[0.0, 3.9, 4.0]] * 3 + [[0.0, inf, 4.0]] * 3 + [[0.0, 1.0, inf]] * 50
    found = infer_rates(times, horizon=5)
    arc = np.flatnonzero((found.source == 1) & (found.graph.indices == 2))
    assert found.rates[arc] == 0
    assert np.isnan(found.stderr[arc])
    assert found.matrix.nnz == 2


@pytest.mark.parametrize(("delay", "shortest"), LAWS)
def test_planted_rates_are_recovered(delay, shortest):
    """The error falls as one over the root of the cascades; nothing is told about the network."""
    rng = np.random.default_rng(3)
    n = 12
    mask = (rng.random((n, n)) < 0.25) & ~np.eye(n, dtype=bool)
    truth = np.where(mask, rng.uniform(0.5, 2.0, size=(n, n)), 0.0)
    source, target = np.nonzero(mask)
    graph = Graph.from_edges(source, target)
    errors = []
    for cascades in (100, 1600):
        times = simulate_times(
            graph, truth[source, target], horizon=3.0, cascades=cascades, sources=2, delay=delay,
            shortest=shortest, rng=5,
        )  # fmt: skip
        found = infer_rates(times, horizon=3.0, delay=delay, shortest=shortest).matrix.toarray()
        errors.append(np.linalg.norm(found - truth) / np.linalg.norm(truth))
    assert errors[1] < 0.12
    assert 2.5 < errors[0] / errors[1] < 6.5  # 4, but for chance


def test_standard_errors_are_those_of_repetitions():
    """With the network known, 95 % intervals hold the truth 95 times in 100, up to a chance of 1e-6."""
    rng = np.random.default_rng(8)
    graph = Graph.from_edges(
        rng.integers(0, 8, 30), (rng.integers(0, 8, 30)), self_loops="drop", duplicates="merge"
    )
    truth = rng.uniform(0.5, 2.0, graph.m)
    scores = []
    for seed in range(10):
        times = simulate_times(graph, truth, horizon=2.0, cascades=250, rng=seed)
        found = infer_rates(times, horizon=2.0, candidates=graph)
        assert found.graph.m == graph.m
        scores.append((found.rates - truth) / found.stderr)
    z = np.concatenate(scores)
    assert np.isfinite(z).all()
    covered = int((np.abs(z) <= 1.96).sum())
    assert binom.cdf(covered, z.size, 0.95) > 5e-7
    assert binom.sf(covered - 1, z.size, 0.95) > 5e-7
    assert abs(z.mean()) < 5 / np.sqrt(z.size) + 0.1  # a bias of order one over the root of the infections
    assert 0.9 < z.std() < 1.1


@given(st.integers(0, 2**32))
@settings(max_examples=10)
def test_the_order_of_people_and_cascades_and_the_unit_of_time_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    graph = Graph.from_edges([0, 1, 2, 3, 0], [1, 2, 3, 0, 2])
    times = simulate_times(graph, 1.0, horizon=2.0, cascades=30, sources=2, rng=seed)
    found = infer_rates(times, horizon=2.0)
    people = rng.permutation(4)
    other = infer_rates(7 * times[rng.permutation(30)][:, people], horizon=14.0)
    moved = np.zeros((4, 4))
    moved[np.ix_(people, people)] = 7 * other.matrix.toarray()
    assert moved == pytest.approx(found.matrix.toarray(), abs=1e-4)


def test_long_data_are_read_like_a_matrix():
    times = np.array([[0.0, 1.0, inf], [inf, 0.0, 2.0], [1.0, 0.0, 1.5]])
    cascade, node = np.nonzero(np.isfinite(times))
    names = np.array(["ann", "bob", "cem"])
    found = infer_rates((cascade * 10, names[node], times[cascade, node]), horizon=[3.0, 3.0, 2.0])
    same = infer_rates(times, horizon=[3.0, 3.0, 2.0])
    assert found.graph.labels.tolist() == names.tolist()
    assert found.rates.tolist() == same.rates.tolist()
    assert "ann" in str(found)


def test_candidates_limit_who_infects_whom():
    times = [[0.0, 1.0, 2.0], [1.0, inf, 2.0]]
    known = Graph.from_edges([0, 1], [1, 2])
    found = infer_rates(times, horizon=3, candidates=known)
    assert found.rates == pytest.approx([1 / (1 + 2), 1.0])
    assert found.spontaneous == 3  # two that are first, and one that its only candidate did not precede
    assert found.undetermined == 0
    rates = found.matrix
    assert log_likelihood(rates, times, horizon=3, candidates=known) == pytest.approx(found.log_likelihood)
    assert log_likelihood(rates, times, horizon=3) == -inf  # of 0 alone can 2 have it, in the second cascade
    late = infer_rates(
        ([5, 5], ["bob", "cem"], [0, 1]),
        horizon=3,
        candidates=Graph.from_edges(["ann", "bob"], ["bob", "cem"]),
    )
    assert late.matrix.toarray()[1, 2] == 1
    assert late.undetermined == 1


@settings(max_examples=30)
@given(st.integers(0, 2**32), laws)
def test_simulated_times_are_shortest_paths_of_delays(seed, law):
    """The same delays, reached by relaxation; and a person reached over one arc waits as its law says."""
    delay, shortest = law
    rng = np.random.default_rng(seed)
    mask = (rng.random((6, 6)) < 0.4) & ~np.eye(6, dtype=bool)
    mask[0, 5] = True
    source, target = np.nonzero(mask)
    graph = Graph.from_edges(source, target)
    rates = rng.uniform(0.5, 2, graph.m)
    found = simulate_times(
        graph, rates, horizon=2.0, cascades=1, sources=[0], delay=delay, shortest=shortest, rng=seed
    )
    force = np.random.default_rng(np.random.SeedSequence(seed)).exponential(size=graph.m) / rates
    waits = {"exponential": force, "power": 0.5 * np.exp(force), "rayleigh": np.sqrt(2 * force)}[delay]
    table = np.full((graph.n, graph.n), inf)
    table[np.repeat(np.arange(graph.n), graph.out_degree), graph.indices] = waits
    assert found[0] == pytest.approx(np.array(first_arrivals(table, {0}, 2.0)), rel=1e-12)


@pytest.mark.parametrize(("delay", "shortest"), LAWS)
def test_delays_follow_their_law(delay, shortest):
    pair = Graph.from_edges([0], [1])
    times = simulate_times(pair, 1.5, horizon=1e9, cascades=1000, sources=[0], delay=delay, shortest=shortest)
    laws = {
        "exponential": lambda d: 1 - np.exp(-1.5 * d),
        "power": lambda d: 1 - (d / 0.5) ** -1.5,
        "rayleigh": lambda d: 1 - np.exp(-0.75 * d * d),
    }
    assert kstest(times[:, 1], laws[delay]).pvalue > 1e-6
    nobody = simulate_times(pair, 0.0, horizon=9.0, cascades=3, sources=[0])
    assert np.isinf(nobody[:, 1]).all()


def test_prints_draws_and_writes():
    graph = Graph.from_edges(np.repeat(np.arange(8), 7), [j for i in range(8) for j in range(8) if j != i])
    times = simulate_times(graph, 1.0, horizon=2.0, cascades=200, rng=1)
    found = infer_rates(times, horizon=2.0, delay="exponential")
    assert f"{(found.rates > 0).sum() - 24} more" in str(found)
    assert "undetermined   0 ordered pairs" in str(found)
    document = json.loads(json.dumps(found.to_dict()))
    assert len(document["rates"]) == found.graph.m
    assert len(found.plot().get_yticks()) == 24
    assert not found.rates.flags.writeable


def test_a_tolerance_out_of_reach_is_told_with_what_was_found():
    times = np.random.default_rng(0).uniform(0, 2, size=(50, 6))
    with pytest.raises(SolveError, match="tolerance was not reached") as error:
        infer_rates(times, horizon=2.0, tolerance=1e-300)
    assert error.value.solution.gap < 1e-9


PAIR = Graph.from_edges([0], [1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: infer_rates([[0, 1]], horizon=0.5), r"times\[cascade 0, person 1\] is 1.0"),
        (lambda: infer_rates([[0, 1]], horizon=[2.0, 3.0]), "one per cascade"),
        (lambda: infer_rates([0, 1], horizon=2), r"times\[shape\]"),
        (lambda: infer_rates([[0, -inf]], horizon=2), r"times\[0, 1\] is -inf"),
        (lambda: infer_rates([[0, 0]], horizon=2), "some adopt after others"),
        (lambda: infer_rates([[0, 1]], horizon=2, delay="normal"), "delay is 'normal'"),
        (lambda: infer_rates([[0, 1]], horizon=2, delay="power"), "shortest is None"),
        (lambda: infer_rates([[0, 1]], horizon=2, delay="power", shortest=0.0), "shortest is 0"),
        (lambda: infer_rates([[0, 1]], horizon=2, shortest=1.0), "left out"),
        (lambda: infer_rates([[0, 1]], horizon=2, tolerance=0.0), "tolerance is 0"),
        (lambda: infer_rates([[0, 1]], horizon=2, candidates=[[0]]), "a Graph"),
        (lambda: infer_rates([[0, 1, 2]], horizon=2, candidates=PAIR), "a graph of the 3 people"),
        (lambda: infer_rates(([0, 0], [1], [0, 1]), horizon=2), "as long as"),
        (lambda: infer_rates(([0, 0], [1, 1], [0, 1]), horizon=2), r"times\[1\] infected|times\[1\] is"),
        (
            lambda: infer_rates(([0, 0], [0, 7], [0, 1]), horizon=2, candidates=PAIR),
            "a label of the candidates",
        ),
        (lambda: log_likelihood([[0.0]], [[0, 1]], horizon=2), r"rates\[shape\]"),
        (lambda: log_likelihood([[0, -1], [0, 0]], [[0, 1]], horizon=2), "at least 0"),
        (lambda: simulate_times([[0]], 1.0, horizon=1.0, cascades=1), "a Graph"),
        (lambda: simulate_times(PAIR, -1.0, horizon=1.0, cascades=1), "rates is -1"),
        (lambda: simulate_times(PAIR, 1.0, horizon=0.0, cascades=1), "horizon is 0"),
        (lambda: simulate_times(PAIR, 1.0, horizon=1.0, cascades=0), "cascades is 0"),
        (lambda: simulate_times(PAIR, 1.0, horizon=1.0, cascades=1, sources=3), "sources is 3"),
        (lambda: simulate_times(PAIR, 1.0, horizon=1.0, cascades=1, sources=[2]), r"sources is \[2\]"),
        (lambda: simulate_times(PAIR, 1.0, horizon=1.0, cascades=1, sources=0), "sources is 0"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
