"""The searches that designs are compared with: feasible tables only, all of them on a grid, and real equilibria."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.feasible import (
    Coordinates,
    from_slacks,
    grid,
    is_feasible,
    repaired,
    slacks_of,
    sobol_tables,
    square,
)
from benchmarks.optimality import judge, summary
from benchmarks.small_cases import GRAPHS, Case, Effort, small_cases
from mechanism import PathTable
from proofs import SybilProof, WithinBudget, verify
from solvers.fixed_point import solve_from

EPSILONS = [Fraction(0), Fraction(1, 10), Fraction(1, 4), Fraction(1), Fraction(3)]
TINY = Effort(
    parts=5, scan=32, polish=64, choose=128, fresh=1024, kept=3, tables=32, polishes=1, evaluations=20
)


def is_proved(rows, epsilon):
    scheme = PathTable(rows)
    return all(verify(scheme, wanted).holds for wanted in (SybilProof(epsilon), WithinBudget()))


def rewards(count):
    return st.lists(
        st.fractions(min_value=0, max_value=1, max_denominator=12), min_size=count, max_size=count
    )


@st.composite
def tables(draw):
    depth = draw(st.integers(1, 4))
    return [draw(rewards(length)) for length in range(1, depth + 1)]


@settings(max_examples=40)
@given(tables(), st.sampled_from(EPSILONS))
def test_repaired_tables_are_proved_feasible_and_feasible_ones_stay(rows, epsilon):
    table = repaired(rows, epsilon)
    assert is_proved(table, epsilon)
    assert repaired(table, epsilon) == table


@settings(max_examples=40)
@given(tables(), st.sampled_from(EPSILONS))
def test_feasibility_is_what_the_proofs_say(rows, epsilon):
    assert is_feasible(rows, epsilon) == is_proved(rows, epsilon)
    shrunk = [[reward / (2 * len(row) ** 2) for reward in row] for row in rows]
    assert is_feasible(shrunk, epsilon) == is_proved(shrunk, epsilon)


@settings(max_examples=40)
@given(st.integers(1, 4).flatmap(lambda depth: rewards(depth * (depth + 1) // 2)))
def test_tables_from_slacks_are_proved_exactly_sybil_proof(slacks):
    depth = next(depth for depth in range(1, 5) if depth * (depth + 1) // 2 == len(slacks))
    table = from_slacks(slacks, depth)
    assert is_proved(table, 0)
    scale = table[0][0] / from_slacks(slacks, depth, limit=10**6)[0][0] if table[0][0] else 0
    assert slacks_of(table) == [scale * slack for slack in slacks]


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("limit", [1, 2])
def test_the_grid_holds_every_feasible_table_once(epsilon, limit):
    parts = 4
    listed = list(grid(parts, epsilon, first=range(parts + 1), limit=limit))
    wanted = {
        (a, b, c)
        for a, b, c in product(range(parts + 1), range(limit * parts + 1), range(limit * parts + 1))
        if is_feasible([[Fraction(a, parts)], [Fraction(b, parts), Fraction(c, parts)]], epsilon, limit=limit)
    }
    assert len(listed) == len(set(listed))
    assert set(listed) == wanted


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_sobol_tables_are_feasible_and_differ(depth, epsilon):
    found = sobol_tables(depth, float(epsilon), 32, seed=1)
    assert all(is_feasible(rows, float(epsilon), slack=1e-12) for rows in found)
    assert len({str(rows) for rows in found}) == 32
    assert max(rows[0][0] for rows in found) > 0.7


@settings(max_examples=30)
@given(tables(), st.sampled_from(EPSILONS))
def test_coordinates_hold_every_feasible_table(rows, epsilon):
    table = square([[float(reward) for reward in row] for row in repaired(rows, epsilon)])
    coordinates = Coordinates(len(table), epsilon)
    np.testing.assert_allclose(coordinates.table(coordinates.point(table)), table, atol=1e-7)


@settings(max_examples=30)
@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6), st.sampled_from(EPSILONS))
def test_every_point_is_a_feasible_table(point, epsilon):
    table = Coordinates(3, epsilon).table(np.array(point))
    rows = [row[: length + 1] for length, row in enumerate(table.tolist())]
    assert is_feasible(rows, float(epsilon), slack=1e-12)


TABLE = np.array([[1.0, 0.0, 0.0], [0.6, 0.4, 0.0], [0.4, 0.2, 0.15]])


@pytest.fixture(scope="module")
def game():
    return Case("small world 40", 3, (Fraction(0),), None).game(3, 1)


def test_the_equilibrium_is_that_of_the_library(game):
    own = game.settle(TABLE, replicates=512, tolerance=1e-4)
    other = solve_from(game.worlds, TABLE, replicates=512)
    assert own.recruits == pytest.approx(other.recruits, rel=3e-3)
    np.testing.assert_allclose(own.join, other.profile.join, atol=5e-3)
    assert own.gap < 2e-3
    warm = game.settle(0.99 * TABLE, replicates=512, start=own, tolerance=1e-4)
    cold = game.settle(0.99 * TABLE, replicates=512, tolerance=1e-4)
    assert warm.recruits == pytest.approx(cold.recruits, rel=3e-3)


def test_an_expected_budget_is_used_up_whatever_the_scale_of_the_table():
    game = Case("small world 40", 3, (Fraction(0),), 0.2).game(3, 1)
    one, half = (game.settle(part * TABLE, replicates=512, tolerance=1e-4) for part in (1, 0.5))
    assert one.spent == pytest.approx(0.2, abs=1e-12)
    np.testing.assert_allclose(one.table, half.table, rtol=1e-9)
    dear = Case("small world 40", 3, (Fraction(0),), 5.0).game(3, 1)
    assert dear.settle(TABLE, replicates=512).table.sum(axis=1).max() == pytest.approx(10)


def test_polishing_mends_a_planted_bad_table(game):
    bad = square(from_slacks([0.7, 0.0, 0.0, 0.1, 0.0, 0.0], 3))
    coordinates = Coordinates(3, Fraction(0))
    before = game.settle(bad, replicates=128)
    after = game.polish(bad, coordinates.table, coordinates.point(bad), replicates=64, evaluations=40)
    assert after.recruits > 1.2 * before.recruits
    rows = [row[: length + 1] for length, row in enumerate(after.table.tolist())]
    assert is_feasible(rows, 0.0, slack=1e-12)


@pytest.mark.parametrize("depth", [2, 3])
def test_a_quick_run_finds_no_better_table_than_the_design(depth):
    case = Case("small world 40", depth, (Fraction(1, 4),), None)
    (row,) = judge(case, TINY, 1)
    assert row.excess <= 0.5 + 5 * row.stderr
    assert row.own == pytest.approx(row.reported, rel=0.03)
    assert f"{row.excess:+.2f}" in summary([row], cases=1)
    assert row.tables > TINY.evaluations


def test_graphs_have_at_most_300_people():
    for build, *_ in GRAPHS.values():
        if build.__name__ != "karate":
            assert 40 <= build().n <= 300


def test_the_cases_are_all_of_them():
    listed = [
        (case.graph, case.depth, epsilon, case.share is None)
        for case in small_cases(quick=False)
        for epsilon in case.epsilons
    ]
    assert len(listed) == len(set(listed)) == 3 * 2 * 3 * 2
