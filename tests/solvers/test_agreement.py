"""Consensus: closed forms, dense twins, theorems on polarisation, and networks of real and of large size."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from mechanism import Graph, InvalidInputError, SolveError, datasets
from mechanism.opinions import Opinions
from solvers import closed_groups
from solvers.agreement import consensus
from solvers.closed_groups import Parts
from tests.mechanism.test_opinions import peoples
from tests.reference.agreement import closed_groups as twin_groups
from tests.reference.agreement import long_run, rates, trust_matrix

PAIR = Graph.from_edges(["ann"], ["bob"], directed=False)


def ring(n):
    return Graph.from_edges(np.arange(n), np.roll(np.arange(n), 1), directed=False)


def complete(n):
    return Graph.from_scipy(csr_array(1.0 - np.eye(n)))


def connected(rng, n, *, weighted=True):
    """A connected undirected graph with symmetric trust."""
    upper = np.triu(rng.random((n, n)) < 0.3, 1) + np.eye(n, k=1)
    weights = np.where(upper > 0, rng.uniform(0.2, 3, (n, n)) if weighted else 1.0, 0.0)
    weights = weights + weights.T
    return Graph.from_scipy(csr_array(weights)), csr_array(weights).data, weights


def random_graph(n, degree, seed, *, directed=True):
    rng = np.random.default_rng(seed)
    source, target = rng.integers(n, size=(2, n * degree))
    kept = source != target
    return Graph.from_edges(source[kept], target[kept], directed=directed, duplicates="merge")


# ---- closed forms


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.9, 0.2), (0.0, 0.3)])
def test_two_people(a, b):
    """P = [[a, 1-a], [1-b, b]]: influence in proportion to what each gets, second eigenvalue a + b - 1."""
    result = consensus(Opinions(PAIR, [1.0, 0.0], self_trust=[a, b]))
    heard = np.array([1 - b, 1 - a])
    assert result.influence == pytest.approx(heard / heard.sum(), rel=1e-13)
    assert result.limit == pytest.approx(np.full(2, heard[0] / heard.sum()), rel=1e-13)
    assert result.rate == pytest.approx(abs(a + b - 1), abs=1e-13)
    assert result.is_consensus
    assert result.periods == (1,)


def test_two_stubborn_people():
    """x = (x' + s) / 2 for both: two thirds of one's own opinion, one third of the other's."""
    result = consensus(Opinions(PAIR, [1.0, 0.0], stubbornness=0.5))
    assert result.limit == pytest.approx([2 / 3, 1 / 3], rel=1e-13)
    assert result.rate == pytest.approx(0.5, rel=1e-5)
    assert result.influence == pytest.approx([0.5, 0.5], rel=1e-13)
    assert not result.is_consensus
    assert (result.groups, result.converges) == (0, True)


@pytest.mark.parametrize("n", [3, 6, 11])
def test_ring_and_complete_graph(n):
    """Lazy ring: second eigenvalue (1 + cos 2pi/n) / 2. Complete graph, all weighing alike: agreed after one period."""
    around = consensus(Opinions(ring(n), np.arange(n, dtype=float), self_trust=0.5))
    assert around.rate == pytest.approx((1 + np.cos(2 * np.pi / n)) / 2, rel=1e-12)
    assert around.limit == pytest.approx(np.full(n, (n - 1) / 2), rel=1e-12)
    assert around.voices == pytest.approx(n)
    all_alike = consensus(Opinions(complete(n), np.arange(n, dtype=float), self_trust=1 / n))
    assert all_alike.time == 1
    assert all_alike.rate == pytest.approx(0, abs=1e-12)


def test_star_with_stubborn_leaves():
    """The centre does not hold on to anything: only the leaves' opinions count."""
    star = Graph.from_edges([0] * 4, [1, 2, 3, 4], directed=False)
    people = Opinions(star, [9.0, 1, 2, 3, 4], stubbornness=[0, 0.5, 0.5, 0.5, 0.5])
    result = consensus(people)
    assert result.influence == pytest.approx([0, 0.25, 0.25, 0.25, 0.25], abs=1e-14)
    assert result.limit == pytest.approx([2.5, 1.75, 2.25, 2.75, 3.25], rel=1e-13)
    assert result.voices == pytest.approx(4)


def test_gambler_between_two_who_listen_to_nobody():
    """On a path the chance to end up with one end is the distance from the other."""
    n = 6
    inner = np.arange(1, n - 1)
    graph = Graph.from_edges(np.repeat(inner, 2), np.column_stack((inner - 1, inner + 1)).ravel())
    result = consensus(Opinions(graph, [0.0, 7, 7, 7, 7, 1.0]))
    assert result.limit == pytest.approx(np.arange(n) / (n - 1), abs=1e-13)
    assert result.periods == (1, 1)
    assert result.group.tolist() == [0, -1, -1, -1, -1, 1]
    assert result.weight_of(0) == pytest.approx(1 - np.arange(n) / (n - 1), abs=1e-13)
    assert result.influence == pytest.approx([0.5, 0, 0, 0, 0, 0.5], abs=1e-13)
    assert result.rate == pytest.approx(np.cos(np.pi / (n - 1)), rel=1e-5)


@pytest.mark.parametrize(("graph", "period"), [(PAIR, 2), (ring(6), 2), (ring(5), 1)])
def test_two_sides_never_agree_unless_lazy(graph, period):
    start = np.arange(graph.n, dtype=float)
    result = consensus(Opinions(graph, start), max_periods=20)
    assert result.periods == (period,)
    assert result.converges == (period == 1)
    if period == 2:
        assert result.time is None
        assert result.rate == 1.0
    assert result.limit == pytest.approx(np.full(graph.n, start.mean()))  # on average over time
    lazy = consensus(Opinions(graph, start, self_trust=0.5), max_periods=200)
    assert lazy.is_consensus
    assert lazy.time is not None


def test_directed_cycle_has_the_period_of_its_length():
    cycle = Graph.from_edges(range(6), [1, 2, 3, 4, 5, 0])
    assert consensus(Opinions(cycle, 0.0)).periods == (6,)
    chord = Graph.from_edges([*range(6), 0], [1, 2, 3, 4, 5, 0, 4])  # cycles of 6 and of 3
    assert consensus(Opinions(chord, 0.0)).periods == (3,)


def test_all_stubborn_say_what_they_think():
    people = Opinions(ring(7), np.arange(7.0), stubbornness=1.0, innate=np.arange(7.0) ** 2)
    result = consensus(people)
    assert result.limit.tolist() == people.innate.tolist()
    assert (result.rate, result.time) == (0.0, 1)


def test_one_stubborn_person_leads_all():
    people = Opinions(ring(5), [1.0, 0, 0, 0, 0], stubbornness=[0.1, 0, 0, 0, 0])
    result = consensus(people)
    assert result.is_consensus
    assert result.limit == pytest.approx(np.ones(5), rel=1e-12)


# ---- twins


@given(peoples())
@settings(max_examples=80)
def test_limit_influence_and_groups_are_those_of_matrix_powers(people):
    result = consensus(people, max_periods=50)
    maps = long_run(people)
    there = maps @ np.concatenate((people.initial, people.innate))
    assert result.limit == pytest.approx(there, abs=1e-10)
    weights = maps.mean(axis=0)
    assert result.influence == pytest.approx(weights[: people.n] + weights[people.n :], abs=1e-10)
    assert result.influence.sum() == pytest.approx(1, abs=1e-12)
    groups = twin_groups(people)
    assert result.periods == tuple(period for _, period in groups)
    for number, (members, _) in enumerate(groups):
        assert np.flatnonzero(result.group == number).tolist() == members
        assert result.weight_of(number) == pytest.approx(maps[:, members].sum(axis=1), abs=1e-10)
        inside = np.where(result.group == number, result.power, 0.0)
        assert inside.sum() == pytest.approx(1)
        assert inside @ trust_matrix(people) == pytest.approx(inside, abs=1e-12)
    assert result.residual <= 1e-12
    assert result.error is not None
    assert np.abs(result.limit - there).max() <= result.error + 1e-13


@given(peoples(), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_bounds_on_errors_hold_for_wrong_answers(people, seed):
    rng = np.random.default_rng(seed)
    wrong = rng.uniform(0.9, 1.1, people.n)
    error, bound = error_and_bound(people, wrong, rng.normal(size=people.n) * 0.01)
    assert error <= bound + 1e-12


def test_bounds_on_errors_count_how_slowly_they_fade():
    """A lazy ring whose power is wrong along its slowest mode, and a follower who is led by what is wrong there."""
    arcs = np.eye(21, k=1) + np.eye(21, k=-1)
    arcs[0, 19] = arcs[19, 0] = 1.0
    arcs[19, 20] = 0.0
    wave = np.cos(2 * np.pi * np.arange(21) / 20)
    people = Opinions(Graph.from_scipy(csr_array(arcs)), wave, self_trust=0.5)
    error, bound = error_and_bound(people, 1 + 0.1 * wave, 0.0)
    assert error == pytest.approx(0.05)
    assert error <= bound <= 100 * error


def error_and_bound(people, factors, noise):
    """Return the error that wrong power, and noise on others, make, and the bound that is given for it."""
    parts = Parts.of(people)
    wrong = parts._normalised(parts.perron() * factors[: len(parts.inside)])
    settled = np.zeros(people.n)
    if parts.groups:
        settled[parts.inside] = np.bincount(parts.members, wrong * people.initial[parts.inside])[
            parts.members
        ]
    limit = parts.spread_out(settled, people.stubbornness * people.innate)
    limit[parts.outside] += np.broadcast_to(noise, (people.n,))[parts.outside]
    bound = parts.error(limit, wrong, 0.0, parts.certificate())
    return np.abs(limit - consensus(people, speed=False).limit).max(), bound


@given(peoples())
@settings(max_examples=30)
def test_the_rate_is_the_largest_eigenvalue_but_those_of_the_groups(people):
    """One eigenvalue 1 for each group; defective eigenvalues near 0 are known to some digits only."""
    result = consensus(people, max_periods=5)
    assert result.rate == pytest.approx(
        rates(people)[result.groups] if result.groups < people.n else 0.0, abs=1e-3
    )


@given(peoples())
@settings(max_examples=20)
def test_time_is_the_first_period_near_the_limit(people):
    result = consensus(people, epsilon=0.05, max_periods=100)
    known = np.concatenate((people.initial, people.innate[people.stubbornness > 0]))
    x, away, mean = people.initial, [], []
    for _ in range(101):
        away.append(np.abs(x - result.limit).max() / np.ptp(known))
        mean.append(x.mean())
        x = people.step(x)
    assert (np.diff(away) <= 1e-12).all()  # distances never grow
    near = np.array(away) <= 0.05
    assert result.time == (int(near.argmax()) if near.any() else None)
    assert result.mean == pytest.approx(mean[: len(result.mean)], abs=1e-12)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_friedkin_johnsen_against_a_dense_system(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 60))
    graph, trust, _ = connected(rng, n)
    people = Opinions(graph, rng.normal(size=n), trust=trust, stubbornness=rng.uniform(0.01, 1, n))
    result = consensus(people, speed=False)
    system = np.eye(n) - (1 - people.stubbornness)[:, None] * trust_matrix(people)
    inverse = np.linalg.inv(system) * people.stubbornness
    exact = np.linalg.solve(system, people.stubbornness * people.innate)
    assert np.abs(result.limit - exact).max() <= 1e-10
    assert result.influence == pytest.approx(inverse.mean(axis=0), abs=1e-12)
    assert people.innate.min() - 1e-12 <= result.limit.min()
    assert result.limit.max() <= people.innate.max() + 1e-12
    assert (result.rate, result.time, len(result.mean)) == (None, None, 0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_theorems_on_the_symmetric_model(seed):
    """With l_i = 1 / (1 + d_i) the limit is (I + L)^-1 s: the mean stays, polarisation does not rise, and conflict is
    conserved: |x - s|^2 + 2 disagreement + |x|^2 = |s|^2 (Chen, Lijffijt and De Bie, 2018)."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 30))
    graph, trust, weights = connected(rng, n)
    s = rng.normal(size=n)
    people = Opinions(graph, s, trust=trust, stubbornness=1 / (1 + weights.sum(axis=1)))
    result = consensus(people, speed=False)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    x = np.linalg.solve(np.eye(n) + laplacian, s)
    assert result.limit == pytest.approx(x, abs=1e-10)
    assert result.limit.mean() == pytest.approx(s.mean(), abs=1e-12)
    assert result.influence == pytest.approx(np.full(n, 1 / n), rel=1e-10)
    assert result.polarisation <= people.polarisation(s) * (1 + 1e-12)
    assert result.disagreement == pytest.approx(x @ laplacian @ x)
    assert ((x - s) ** 2).sum() + 2 * result.disagreement + x @ x == pytest.approx(s @ s)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_symmetric_trust_gives_influence_by_strength(seed):
    rng = np.random.default_rng(seed)
    graph, trust, weights = connected(rng, 12)
    result = consensus(Opinions(graph, rng.normal(size=12), trust=trust, self_trust=0.25))
    strength = weights.sum(axis=1)
    assert result.influence == pytest.approx(strength / strength.sum(), rel=1e-12)


# ---- ways of computing


def test_iterations_and_factorisation_agree(monkeypatch):
    """Power vectors of a directed network of several groups: by deflated iterations, by factorisation, densely."""
    rng = np.random.default_rng(0)
    arcs = rng.random((90, 90)) < 0.2
    arcs[:30, 30:] = arcs[30:60, :30] = arcs[30:60, 60:] = (
        False  # two groups, and thirty people who hear them
    )
    np.fill_diagonal(arcs, False)
    graph = Graph.from_scipy(csr_array(arcs.astype(float)))
    people = Opinions(
        graph, rng.random(graph.n), trust=rng.uniform(0.1, 1, graph.m), self_trust=rng.random(graph.n)
    )
    parts = Parts.of(people)
    power = parts.perron()
    assert (parts.groups, len(parts.inside)) == (2, 60)
    eliminated = parts._perron_by_elimination(power)
    assert eliminated == pytest.approx(power, rel=1e-11)
    monkeypatch.setattr(closed_groups, "_DENSE", 0)
    wide = consensus(people)
    monkeypatch.undo()
    assert consensus(people).rate == pytest.approx(wide.rate, rel=1e-7)


def test_other_ways_where_iterations_break_down(monkeypatch):
    """Power vectors then come from a factorisation, and a rate that is not found is not told."""
    from scipy.sparse import linalg

    def fails(*_, **__):
        raise linalg.ArpackNoConvergence("none", np.zeros(0), np.zeros((0, 0)))

    rng = np.random.default_rng(0)
    people = Opinions(random_graph(40, 6, 3), 0.0, self_trust=rng.uniform(0.1, 0.9, 40))
    expected = consensus(people)
    assert (expected.group == 0).sum() > 30
    monkeypatch.setattr(closed_groups, "solve_linear", lambda matrix, root, right, **_: np.zeros_like(right))
    monkeypatch.setattr(closed_groups, "_DENSE", 0)
    monkeypatch.setattr(linalg, "eigs", fails)
    result = consensus(people)
    assert result.influence == pytest.approx(expected.influence, rel=1e-11)
    assert (result.rate, result.rate_residual) == (None, None)
    monkeypatch.setattr(closed_groups, "_FACTORED", 10)
    with pytest.raises(SolveError, match="error of rounding"):
        consensus(people)


def test_stubbornness_that_floats_cannot_tell():
    with pytest.raises(SolveError, match="does not add up to 1") as caught:
        consensus(Opinions(ring(7), np.arange(7.0), stubbornness=1e-14), speed=False)
    assert caught.value.solution.residual <= 1e-12
    someone = consensus(Opinions(ring(7), np.arange(7.0), stubbornness=[1e-14, *[0.5] * 6]), speed=False)
    assert someone.error <= 1e-12


def test_where_iterations_fail_a_factorisation_does_not(monkeypatch):
    """A long path between two people who listen to nobody: opinions lie on a line."""
    n = 3001
    inner = np.arange(1, n - 1)
    graph = Graph.from_edges(np.repeat(inner, 2), np.column_stack((inner - 1, inner + 1)).ravel())
    start = np.zeros(n)
    start[-1] = 1.0
    result = consensus(Opinions(graph, start), speed=False)
    assert result.limit == pytest.approx(np.linspace(0, 1, n), abs=1e-9)
    monkeypatch.setattr(closed_groups, "_FACTORED", 100)
    with pytest.raises(SolveError, match="error of rounding"):
        consensus(Opinions(graph, start), speed=False)


def test_large_random_networks_with_a_certified_error():
    n = 100_000
    graph = random_graph(n, 5, 1)
    rng = np.random.default_rng(2)
    people = Opinions(graph, rng.random(graph.n), stubbornness=rng.choice([0.0, 0.3], graph.n))
    result = consensus(people, max_periods=200)
    assert result.residual <= 1e-13
    assert result.error is not None
    assert result.error <= 1e-11
    assert result.influence @ people.innate == pytest.approx(result.limit.mean(), rel=1e-11)
    assert 0 < result.rate < 1
    crowd = random_graph(20_000, 5, 1)
    followers = Opinions(crowd, rng.random(crowd.n), self_trust=0.5)
    agreed = consensus(followers, speed=False)
    assert agreed.groups > 1
    assert agreed.error is not None
    assert agreed.error <= 1e-8
    assert agreed.influence @ followers.initial == pytest.approx(agreed.limit.mean(), rel=1e-11)


def test_karate_club():
    """34 people with symmetric ties: influence by degree, instructor and president first."""
    try:
        path = datasets.path("graphs/karate")
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))
    graph = Graph.from_file(path, directed=False)
    start = np.zeros(34)
    start[0] = 1.0
    result = consensus(Opinions(graph, start, self_trust=0.5))
    assert result.is_consensus
    assert result.influence == pytest.approx(graph.out_degree / 156)
    assert result.limit == pytest.approx(np.full(34, 16 / 156))
    assert result.rate == pytest.approx(rates(result.opinions)[1])
    assert result.rate_residual <= 1e-12
    lead = np.argsort(-result.influence)[:2]
    assert sorted(graph.labels[lead].tolist()) in ([0, 33], [1, 34])


# ---- the rest


def test_prints_draws_and_writes():
    people = Opinions(ring(30), np.arange(30.0), stubbornness=[0.5, *[0.0] * 29])
    result = consensus(people)
    text = str(result)
    assert "All come to think the same" in text
    assert "closed groups: 0 (all converge); stubborn people: 1" in text
    assert "18 more" in text
    assert json.loads(json.dumps(result.to_dict()))["is_consensus"] is True
    assert len(result.plot().lines) == 2
    assert "1 may go round for ever" in str(consensus(Opinions(PAIR, [0.0, 1.0]), max_periods=3))
    quick = consensus(people, speed=False)
    assert "rate  " not in str(quick)
    with pytest.raises(InvalidInputError, match="time course"):
        quick.plot()


def test_accuracy_is_not_promised_where_it_is_not_certified(monkeypatch):
    monkeypatch.setattr(closed_groups, "contraction", lambda matrix: None)
    result = consensus(Opinions(ring(5), np.arange(5.0), stubbornness=0.5))
    assert result.error is None
    assert "not certified" in str(result)
    assert consensus(Opinions(ring(5), np.arange(5.0))).error is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: consensus(PAIR), "opinions is 'Graph'"),
        (lambda: consensus(Opinions(PAIR, 0.0), epsilon=0.0), "epsilon is 0.0"),
        (lambda: consensus(Opinions(PAIR, 0.0), epsilon="near"), "epsilon is 'near'"),
        (lambda: consensus(Opinions(PAIR, 0.0, stubbornness=[0, 1e-17])), r"stubbornness\[1\] is 1e-17"),
        (lambda: consensus(Opinions(PAIR, 0.0), max_periods=0), "max_periods is 0"),
        (lambda: consensus(Opinions(PAIR, 0.0)).weight_of(1), "group is 1"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
