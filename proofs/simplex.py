"""The simplex method in exact rational arithmetic, from any basis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mechanism.errors import SolveError
from proofs.elimination import solve_first

__all__ = ["Basis", "Tableau"]

Vector = dict[int, Fraction]


@dataclass(frozen=True, slots=True)
class Basis:
    """As many rows that hold with equality as unknowns that may differ from 0; these determine one another.

    Attributes
    ----------
    tight : tuple of int
        The rows.
    used : tuple of int
        The unknowns.
    """

    tight: tuple[int, ...] = ()
    used: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tableau:
    """Maximise ``objective . x`` over x >= 0 with ``rows x <= bounds``; unknowns and rows are numbered.

    Attributes
    ----------
    rows : sequence of mapping from int to Fraction
        Coefficients of each row by unknown, without zeros.
    bounds : sequence of Fraction
        One per row.
    objective : sequence of Fraction
        One per unknown.
    """

    rows: Sequence[Mapping[int, Fraction]]
    bounds: Sequence[Fraction]
    objective: Sequence[Fraction]

    def dual(self) -> Tableau:
        """Return the dual program, written as a maximisation: rows and unknowns change places."""
        columns: list[Vector] = [{} for _ in self.objective]
        for index, row in enumerate(self.rows):
            for column, x in row.items():
                columns[column][index] = -x
        return Tableau(columns, [-x for x in self.objective], [-x for x in self.bounds])

    def point(self, basis: Basis) -> Vector:
        """Return the unknowns that a basis uses."""
        return self._solve(basis, [self.bounds[row] for row in basis.tight])

    def slacks(self, point: Vector) -> list[Fraction]:
        """Return what every row leaves, negative where it is broken."""
        return [bound - _dot(row, point) for row, bound in zip(self.rows, self.bounds, strict=True)]

    def best_basis(self, basis: Basis) -> Basis:
        """Return an optimal basis.

        Parameters
        ----------
        basis : Basis
            Where to start, best near the optimum; it need not be feasible.

        Raises
        ------
        SolveError
            If the program is infeasible or unbounded.

        Notes
        -----
        Bounds are moved until the starting point, with its negative entries set to 0, is feasible. The simplex
        method then makes the multipliers feasible, and from there, with the true bounds, the same method on
        the dual program makes the point feasible. What promises most is improved first, after degenerate steps
        what has the smallest index (Bland's rule), so that it ends. Every step solves three sparse systems.

        References
        ----------
        Bland, "New finite pivoting rules for the simplex method", Mathematics of Operations Research 2 (1977).
        """
        start = {column: max(x, Fraction(0)) for column, x in self.point(basis).items()}
        reached = [_dot(row, start) for row in self.rows]
        relaxed = [max(pair) for pair in zip(self.bounds, reached, strict=True)]
        for row in basis.tight:
            relaxed[row] = reached[row]
        basis = Tableau(self.rows, relaxed, self.objective)._ascend(basis, "unbounded or infeasible")
        other = self.dual()._ascend(Basis(basis.used, basis.tight), "infeasible")
        return Basis(other.used, other.tight)

    def _ascend(self, basis: Basis, failure: str) -> Basis:
        """Return an optimal basis from a feasible one."""
        dual, stuck = self.dual(), False
        while True:
            factors = dual.point(Basis(basis.used, basis.tight))
            excess = dual.slacks(factors)
            falling = [(excess[column], 0, column) for column in range(len(excess)) if excess[column] < 0]
            falling += [(factor, 1, row) for row, factor in factors.items() if factor < 0]
            if not falling:
                return basis
            _, kind, enters = min(falling, key=lambda worst: worst[1:] if stuck else worst)
            along = {column: -x for column, x in self._direction(basis, kind, enters).items()}
            if kind == 0:
                along[enters] = Fraction(1)
            point = self.point(basis)
            left = self.slacks(point)
            limits = [(-point[column] / x, 0, column) for column, x in along.items() if x < 0]
            tight = set(basis.tight)
            for row, coefficients in enumerate(self.rows):
                if row not in tight and (speed := _dot(coefficients, along)) > 0:
                    limits.append((left[row] / speed, 1, row))
            if not limits:
                raise SolveError(f"the linear program is {failure}")
            step, blocked, leaves = min(limits)
            stuck = step == 0
            basis = _exchange(basis, (kind, enters), (blocked, leaves))

    def _direction(self, basis: Basis, kind: int, enters: int) -> Vector:
        """Return by how much the used unknowns fall when an unknown, or the slack of a tight row, rises."""
        if kind == 0:
            return self._solve(basis, [self.rows[row].get(enters, Fraction(0)) for row in basis.tight])
        return self._solve(basis, [Fraction(int(row == enters)) for row in basis.tight])

    def _solve(self, basis: Basis, right: list[Fraction]) -> Vector:
        equations = [(self.rows[row], x) for row, x in zip(basis.tight, right, strict=True)]
        solved = solve_first(equations, list(basis.used))
        if solved is None:
            raise SolveError("the tight rows of the basis do not determine its unknowns")
        return solved[0]


def _exchange(basis: Basis, enters: tuple[int, int], leaves: tuple[int, int]) -> Basis:
    """Return the basis after a step; kind 0 names an unknown, kind 1 the slack of a row."""
    tight, used = set(basis.tight), set(basis.used)
    for kind, index in (enters, leaves):
        (used, tight)[kind].symmetric_difference_update({index})
    return Basis(tuple(sorted(tight)), tuple(sorted(used)))


def _dot(row: Mapping[int, Fraction], x: Mapping[int, Fraction]) -> Fraction:
    if len(x) < len(row):
        row, x = x, row
    return sum((entry * x[index] for index, entry in row.items() if index in x), Fraction(0))
