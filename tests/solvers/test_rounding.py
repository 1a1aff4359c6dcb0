"""Exactly feasible tables: every inequality holds in rationals, and next to nothing is lost."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import DoubleGeometric, PathTable
from proofs import SybilProof, WithinBudget, verify
from solvers.reward_space import RewardSpace
from solvers.rounding import exactly_feasible as feasible


def space_of(depth, epsilon):
    return RewardSpace(depth, [SybilProof(epsilon), WithinBudget()])


def exactly_feasible(table, *, epsilon):
    return feasible(table, [SybilProof(epsilon), WithinBudget()])


EPSILONS = [Fraction(0), Fraction(1, 10), Fraction(1, 4), Fraction(1)]


def random_point(space, epsilon, rng):
    """A table on the boundary of the space: random slacks or rewards, made feasible, scaled to the budget."""
    coordinates = rng.random(space.size) * (rng.random(space.size) < 0.3)
    if epsilon == 0:
        table = space.table(coordinates)
    else:
        table = np.zeros((space.max_depth, space.max_depth))
        table[space.depth - 1, space.distance] = coordinates / 2.0 ** (space.depth - 1)
        for depth in range(space.max_depth - 1, 0, -1):
            for distance in range(depth):
                splits = [
                    table[depth + fakes - 1, distance : distance + fakes + 1].sum()
                    for fakes in range(1, space.max_depth - depth + 1)
                ]
                least = max(splits) / (1 + float(epsilon))
                table[depth - 1, distance] = max(table[depth - 1, distance], least)
    most = table.sum(axis=1).max()
    return table / most if most else table


@pytest.mark.parametrize("depth", [1, 2, 10, 30, 50])
@pytest.mark.parametrize("epsilon", EPSILONS)
def test_exact_and_close_at_every_depth(depth, epsilon):
    space = space_of(depth, epsilon)
    table = random_point(space, epsilon, np.random.default_rng(depth))
    noisy = table * (1 + 1e-9 * np.random.default_rng(1).standard_normal(table.shape))
    rows = exactly_feasible(noisy, epsilon=epsilon)
    scheme = PathTable(rows)
    assert verify(scheme, WithinBudget()).holds
    if depth <= 30:
        assert verify(scheme, SybilProof(epsilon)).holds
    else:  # every inequality of 50 levels takes long in rationals; a sample of them does not
        assert_splits_lose(rows, epsilon)
    loss = np.abs(scheme.table(depth) - table) / np.maximum(table, 1e-6 * 2.0 ** -np.arange(depth)[:, None])
    assert loss.max() < 1e-6


def assert_splits_lose(rows, epsilon):
    rng = np.random.default_rng(0)
    for _ in range(3000):
        depth = int(rng.integers(1, len(rows)))
        distance, fakes = int(rng.integers(depth)), int(rng.integers(1, len(rows) - depth + 1))
        split = sum(rows[depth + fakes - 1][distance : distance + fakes + 1])
        assert split <= (1 + epsilon) * rows[depth - 1][distance]


@given(st.integers(1, 6), st.sampled_from(EPSILONS), st.data())
def test_any_table_becomes_feasible(depth, epsilon, data):
    entries = st.floats(0, 2, allow_subnormal=False)
    table = np.zeros((depth, depth))
    for length in range(depth):
        table[length, : length + 1] = [data.draw(entries) for _ in range(length + 1)]
    scheme = PathTable(exactly_feasible(table, epsilon=epsilon))
    assert verify(scheme, WithinBudget()).holds
    assert verify(scheme, SybilProof(epsilon)).holds


def test_an_exact_table_stays_as_it_is():
    rows = DoubleGeometric(Fraction(1, 5)).exact_table(6)
    table = DoubleGeometric(0.2).table(6)
    for found, expected in zip(exactly_feasible(table, epsilon=Fraction(0)), rows, strict=True):
        assert all(abs(x - y) < Fraction(1, 10**12) for x, y in zip(found, expected, strict=True))


@pytest.mark.parametrize("epsilon", [0.0, 0.25])
def test_space_holds_exactly_the_feasible_tables(epsilon):
    space = space_of(6, epsilon)
    rng = np.random.default_rng(2)
    for _ in range(20):
        table = random_point(space, epsilon, rng)
        assert not space.cut(table)
        worse = table.copy()
        worse[0, 0] = 0.5 * max(table[1:, :].sum(axis=1).max() / (1 + epsilon), 1e-3)
        splits = [worse[k, : k + 1].sum() for k in range(1, 6)]
        if epsilon and max(splits) > (1 + epsilon) * worse[0, 0] + 1e-6:
            assert space_of(6, epsilon).cut(worse)


def test_slack_coordinates_are_sybil_proof_whatever_they_are():
    space = space_of(12, 0)
    coordinates = np.random.default_rng(0).random(space.size)
    table = space.table(coordinates)
    matrix, bound = space.constraints()
    assert matrix @ coordinates == pytest.approx(table.sum(axis=1))
    assert bound.tolist() == [1] * 12
    for depth in range(1, 12):
        for distance in range(depth):
            split = table[depth, distance] + table[depth, distance + 1]
            assert split <= table[depth - 1, distance] * (1 + 1e-12)
