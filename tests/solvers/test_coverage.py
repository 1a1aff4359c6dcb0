"""Greedy coverage of given sketches: what is allowed, what it covers, and bounds on what any allowed choice covers."""

from fractions import Fraction
from itertools import combinations, pairwise
from math import e, inf, nextafter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.coverage import Affordable, AtMost, WithinQuotas, _rounded_down
from solvers.sketches import Sketches


def sketches_of(n, rows, *, met=0):
    pointers = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    nodes = np.array([v for row in rows for v in row], dtype=np.int32)
    return Sketches(n, len(rows) + met, met, pointers, nodes)


@st.composite
def problems(draw):
    n = draw(st.integers(1, 7))
    rows = draw(st.lists(st.lists(st.integers(0, n - 1), unique=True, max_size=n), max_size=25))
    barred = draw(st.lists(st.sampled_from([0, 0, 0, 1]), min_size=n, max_size=n))
    return n, rows, np.array(barred, dtype=np.int8)


def covers(rows, nodes):
    return sum(bool(set(row) & set(nodes)) for row in rows)


def check(choice, problem, is_allowed, *, share):
    """Compare with all sets of nodes that may be chosen."""
    n, rows, barred = problem
    free = [node for node in range(n) if not barred[node]]
    sets = [
        chosen for size in range(len(free) + 1) for chosen in combinations(free, size) if is_allowed(chosen)
    ]
    best = max(covers(rows, chosen) for chosen in sets)
    seeds = choice.seeds.tolist()
    assert len(set(seeds)) == len(seeds)
    assert set(seeds) <= set(free)
    assert is_allowed(seeds)
    assert choice.covered == covers(rows, seeds)
    assert choice.covered >= share * best
    assert choice.most >= best
    assert 0 <= choice.prefix <= len(rows)
    return best


@settings(max_examples=80)
@given(problems(), st.integers(1, 6))
def test_at_most(problem, k):
    n, rows, barred = problem
    choice = AtMost(k, barred).choose(sketches_of(n, rows))
    best = check(choice, problem, lambda chosen: len(chosen) <= k, share=1 - 1 / e)
    assert len(choice.seeds) == min(k, int((barred == 0).sum()))
    if k == 1:
        assert choice.covered == choice.most == best  # the best node is found, and known to be


@settings(max_examples=80)
@given(problems(), st.integers(1, 6), st.data())
def test_within_quotas(problem, k, data):
    n, rows, barred = problem
    group = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    quota = np.array(data.draw(st.lists(st.integers(0, 3), min_size=3, max_size=3)))
    choice = WithinQuotas(k, group, quota, barred).choose(sketches_of(n, rows))

    def is_allowed(chosen):
        return len(chosen) <= k and all(sum(group[v] == g for v in chosen) <= quota[g] for g in range(3))

    check(choice, problem, is_allowed, share=1 / 2)


def test_quotas_bound_what_takes_the_place_of_others():
    """One of the first two, and the third: the first hides the third, so the second and the third are best."""
    rows = [[0, 2]] * 3 + [[1]] * 3
    rule = WithinQuotas(2, np.array([0, 0, 1]), np.array([1, 1]), np.zeros(3, dtype=np.int8))
    choice = rule.choose(sketches_of(3, rows))
    assert choice.seeds.tolist() == [0]
    assert (choice.covered, choice.most) == (3, 6)
    alone = WithinQuotas(2, np.array([0, 0, 0]), np.array([1]), np.zeros(3, dtype=np.int8))
    assert alone.choose(sketches_of(3, rows)).most == 3


amount = st.sampled_from([0.1, 0.2, 0.3, 0.7, 1 / 3, 1.0, 1e-9, 3.0, 1e17])


@settings(max_examples=80)
@given(problems(), st.data())
def test_affordable(problem, data):
    """Costs such as 0.1 and 0.2 and budgets such as 0.3, which they exceed by less than a rounding error."""
    n, rows, barred = problem
    costs = np.array(data.draw(st.lists(amount, min_size=n, max_size=n)))
    budget = data.draw(amount | st.just(0.1 + 0.2) | st.just(0.1 + 0.7))
    choice = Affordable(costs, budget, barred).choose(sketches_of(n, rows))

    def is_allowed(chosen):
        return sum(Fraction(float(costs[v])) for v in chosen) <= Fraction(budget)

    check(choice, problem, is_allowed, share=(1 - 1 / e) / 2)


def test_a_rounding_error_is_not_spent():
    """0.1 + 0.2 is above 0.3 in machine numbers; the pair is not bought, yet either could be and bounds know it."""
    rows = [[0]] * 5 + [[1]] * 9
    costs, free = np.array([0.1, 0.2]), np.zeros(2, dtype=np.int8)
    tight = Affordable(costs, 0.3, free).choose(sketches_of(2, rows))
    assert tight.covered == 9
    assert tight.most >= 13
    loose = Affordable(costs, 0.1 + 0.2, free).choose(sketches_of(2, rows))
    assert (loose.covered, float(loose.most)) == (14, 14.0)


def test_the_best_node_alone():
    """Gain per cost would buy the cheap node, after which nothing is affordable."""
    rows = [[0]] * 2 + [[1]] * 9
    choice = Affordable(np.array([0.1, 1.0]), 1.0, np.zeros(2, dtype=np.int8)).choose(sketches_of(2, rows))
    assert choice.seeds.tolist() == [1]
    assert choice.covered == 9


@settings(max_examples=50)
@given(st.fractions(0, 10**6, max_denominator=10**30))
def test_rounding_down(value):
    low = _rounded_down(value)
    assert low <= value < nextafter(low, inf)


def test_sketches_that_are_joined():
    one, two = sketches_of(3, [[0, 1], [], [2]], met=2), sketches_of(3, [[1], [1, 2]], met=1)
    both = one.joined(two)
    assert (both.number, both.met, both.n) == (8, 3, 3)
    assert both.counts().tolist() == [1, 3, 2]
    starts, by_node = both.by_node(both.counts())
    assert [by_node[a:b].tolist() for a, b in pairwise(starts)] == [
        [0],
        [0, 3, 4],
        [2, 4],
    ]
    assert [both.covered(np.array(seeds, dtype=np.int32)) for seeds in ([], [0], [1], [0, 2], [1, 2])] == [
        *(0, 1, 3, 3, 4)
    ]
