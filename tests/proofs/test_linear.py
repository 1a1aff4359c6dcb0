"""Exact linear programs: against floats, against all vertices, and where floats cannot tell."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import proofs.linear
from mechanism.errors import InvalidInputError, SolveError
from proofs.elimination import solve_first
from proofs.linear import LinearProgram, maximise
from proofs.simplex import Basis, Tableau
from tests.reference.linear import best_vertex, dot, solve

small = st.builds(Fraction, st.integers(-6, 6), st.integers(1, 4))
above = st.builds(Fraction, st.integers(0, 6), st.integers(1, 4))


@st.composite
def programs(draw, *, most_unknowns=3, most_rows=4, bounds=above):
    """Dense coefficients, with one more row that bounds the sum of the unknowns."""
    n, m = draw(st.integers(1, most_unknowns)), draw(st.integers(0, most_rows))
    vectors = st.lists(small, min_size=n, max_size=n)
    objective, rows = draw(vectors), draw(st.lists(vectors, min_size=m, max_size=m))
    right = draw(st.lists(bounds, min_size=m, max_size=m))
    return objective, [*rows, [Fraction(1)] * n], [*right, draw(above)]


def program(objective, rows, bounds):
    named = zip(rows, bounds, strict=True)
    return LinearProgram(
        dict(enumerate(objective)),
        {f"row {i}": (dict(enumerate(row)), bound) for i, (row, bound) in enumerate(named)},
    )


def proves(best, objective, rows, bounds):
    point = [best.point.get(i, Fraction(0)) for i in range(len(objective))]
    factors = [best.multipliers.get(f"row {i}", Fraction(0)) for i in range(len(rows))]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return (
        min([*point, *factors]) >= 0
        and all(dot(row, point) <= bound for row, bound in zip(rows, bounds, strict=True))
        and all(dot(column, factors) >= worth for column, worth in zip(columns, objective, strict=True))
        and dot(objective, point) == best.value == dot(bounds, factors)
    )


def without_floats(monkeypatch):
    monkeypatch.setattr(proofs.linear, "_floats", lambda tableau, units: None)


class TestOptima:
    @given(programs())
    def test_is_the_best_vertex(self, given_):
        best = maximise(program(*given_))
        assert best.value == best_vertex(*given_)
        assert proves(best, *given_)

    @given(programs(bounds=small))
    def test_feasible_or_not(self, given_):
        expected = best_vertex(*given_)
        if expected is None:
            with pytest.raises(SolveError, match="infeasible"):
                maximise(program(*given_))
        else:
            best = maximise(program(*given_))
            assert best.value == expected
            assert proves(best, *given_)

    @given(programs(most_unknowns=8, most_rows=12))
    @settings(max_examples=50)
    def test_is_near_that_of_floats(self, given_):
        objective, rows, bounds = given_
        best = maximise(program(*given_))
        result = linprog(
            [-float(x) for x in objective],
            A_ub=np.array(rows, dtype=float),
            b_ub=np.array(bounds, dtype=float),
            method="highs-ipm",
        )
        assert float(best.value) == pytest.approx(-result.fun, abs=1e-6)
        assert proves(best, *given_)

    @given(programs(bounds=small))
    def test_exact_steps_alone_lead_there(self, given_):
        with pytest.MonkeyPatch.context() as patch:
            without_floats(patch)
            try:
                best = maximise(program(*given_))
            except SolveError:
                assert best_vertex(*given_) is None
            else:
                assert best.value == best_vertex(*given_)
                assert proves(best, *given_)

    @given(programs(bounds=small), st.randoms(use_true_random=False))
    def test_from_any_basis(self, given_, random):
        objective, rows, bounds = given_
        tableau = Tableau([{i: x for i, x in enumerate(row) if x} for row in rows], bounds, objective)
        size = random.randint(0, min(len(rows), len(objective)))
        used = sorted(random.sample(range(len(objective)), size))
        tight = sorted(random.sample(range(len(rows)), size))
        square = [[rows[row][column] for column in used] for row in tight]
        start = Basis() if size and solve(square, [0] * size) is None else Basis(tuple(tight), tuple(used))
        expected = best_vertex(*given_)
        if expected is None:
            with pytest.raises(SolveError, match="infeasible"):
                tableau.best_basis(start)
        else:
            point = tableau.point(tableau.best_basis(start))
            assert sum((objective[column] * x for column, x in point.items()), Fraction(0)) == expected


class TestHardCases:
    @pytest.mark.parametrize("exactly", [False, True])
    def test_values_far_below_the_floats_noise(self, exactly, monkeypatch):
        """x1 <= 1e-3 x0, x2 <= 1e-3 x1, ...: the optimum is 1e-60."""
        if exactly:
            without_floats(monkeypatch)
        rows = {"first": ({0: Fraction(1)}, Fraction(1))}
        for i in range(1, 21):
            rows[f"row {i}"] = ({i: Fraction(1), i - 1: Fraction(-1, 1000)}, Fraction(0))
        assert maximise(LinearProgram({20: Fraction(1)}, rows)).value == Fraction(1, 10**60)

    @pytest.mark.parametrize("exactly", [False, True])
    def test_an_instance_on_which_careless_steps_cycle(self, exactly, monkeypatch):
        """Beale (1955)."""
        if exactly:
            without_floats(monkeypatch)
        f = Fraction
        objective = [f(3, 4), f(-150), f(1, 50), f(-6)]
        rows = [
            [f(1, 4), f(-60), f(-1, 25), f(9)],
            [f(1, 2), f(-90), f(-1, 50), f(3)],
            [f(0), f(0), f(1), f(0)],
        ]
        bounds = [f(0), f(0), f(1)]
        best = maximise(program(objective, rows, bounds))
        assert best.value == f(1, 20)
        assert proves(best, objective, rows, bounds)

    @pytest.mark.parametrize("exactly", [False, True])
    def test_all_matchings_are_degenerate(self, exactly, monkeypatch):
        if exactly:
            without_floats(monkeypatch)
        worth = {(i, j): Fraction((3 * i + 5 * j + i * j) % 7, 3) for i in range(4) for j in range(4)}
        rows = {f"row {i}": ({(i, j): Fraction(1) for j in range(4)}, Fraction(1)) for i in range(4)}
        rows |= {f"column {j}": ({(i, j): Fraction(1) for i in range(4)}, Fraction(1)) for j in range(4)}
        best = maximise(LinearProgram(worth, rows))
        assert best.value == max(
            sum(worth[i, j] for i, j in enumerate(order)) for order in permutations(range(4))
        )

    @pytest.mark.parametrize("exactly", [False, True])
    def test_unbounded_and_infeasible(self, exactly, monkeypatch):
        if exactly:
            without_floats(monkeypatch)
        one = Fraction(1)
        with pytest.raises(SolveError, match=r"^the linear program is unbounded"):
            maximise(LinearProgram({"x": one}, {"row": ({"y": one}, one)}))
        with pytest.raises(SolveError, match=r"^the linear program is unbounded"):
            maximise(LinearProgram({"x": one}, {"row": ({"x": one, "y": -one}, one)}))
        with pytest.raises(SolveError, match="infeasible"):
            maximise(LinearProgram({"x": one}, {"row": ({"x": one}, -one)}))
        with pytest.raises(SolveError, match="infeasible"):
            maximise(
                LinearProgram({"x": -one}, {"row": ({"x": one}, one), "other": ({"x": -one}, Fraction(-2))})
            )

    def test_wrong_floats_are_not_believed(self, monkeypatch):
        wrong = np.array([0.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.0])
        monkeypatch.setattr(proofs.linear, "_floats", lambda tableau, units: wrong)
        one = Fraction(1)
        best = maximise(LinearProgram({"x": one, "y": 2 * one}, {"row": ({"x": one, "y": one}, one)}))
        assert (best.value, best.point, best.multipliers) == (2, {"y": 1}, {"row": 2})

    def test_empty_programs(self):
        with pytest.raises(InvalidInputError, match="objective"):
            LinearProgram({}, {"row": ({"x": Fraction(1)}, Fraction(1))})
        with pytest.raises(InvalidInputError, match="rows"):
            LinearProgram({"x": Fraction(1)}, {})

    def test_a_row_without_entries(self):
        best = maximise(LinearProgram({"x": Fraction(-1)}, {"row": ({"x": Fraction(0)}, Fraction(0))}))
        assert (best.value, best.point, best.multipliers) == (0, {}, {})


class TestElimination:
    @given(
        st.integers(1, 4).flatmap(
            lambda n: st.tuples(
                st.lists(st.lists(small, min_size=n, max_size=n), min_size=n, max_size=n),
                st.lists(small, min_size=n, max_size=n),
            )
        )
    )
    def test_square_systems(self, system):
        matrix, right = system
        equations = [
            ({i: x for i, x in enumerate(row) if x}, b) for row, b in zip(matrix, right, strict=True)
        ]
        expected = solve(matrix, right)
        solved = solve_first(equations, list(range(len(matrix))))
        if expected is None:
            assert solved is None
        else:
            assert solved == (dict(enumerate(expected)), list(range(len(matrix))))

    def test_dependent_equations_are_passed_over(self):
        x, y = {0: Fraction(1)}, {0: Fraction(2), 1: Fraction(1)}
        equations = [(x, Fraction(3)), (x, Fraction(4)), (y, Fraction(5)), (y, Fraction(6))]
        assert solve_first(equations, [0, 1]) == ({0: 3, 1: -1}, [0, 2])
        assert solve_first(equations[:2], [0, 1]) is None
        assert solve_first(equations, [1]) == ({1: 5}, [2])
        assert solve_first([], []) == ({}, [])
