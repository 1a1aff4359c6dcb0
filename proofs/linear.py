"""Linear programs solved in exact rational arithmetic: floats find the vertex, fractions prove it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError
from proofs.elimination import solve_first
from proofs.simplex import Basis, Tableau

__all__ = ["LinearOptimum", "LinearProgram", "Row", "maximise"]

Row = tuple[Mapping[Any, Fraction], Fraction]
Vector = dict[int, Fraction]
Floats = tuple[NDArray[np.float64], NDArray[np.float64]]
_CLEAR = (1e-9, 1e-7, 1e-12, 1e-14)  # what is taken for positive in floats, tried in turn
_ROUNDS = 4  # of measuring unknowns in new units
_TOLERANCES = (1e-10, 1e-8)


@dataclass(frozen=True, slots=True)
class LinearProgram:
    """Maximise a linear objective over unknowns x >= 0 under inequalities ``coefficients . x <= bound``.

    Parameters
    ----------
    objective : mapping from unknown to Fraction
        Coefficients of what is maximised; an unknown that is not named has 0. Unknowns are hashable.
    rows : mapping from str to (mapping from unknown to Fraction, Fraction)
        The inequalities by name: coefficients and bound.

    Examples
    --------
    >>> half = LinearProgram({"x": Fraction(1)}, {"twice": ({"x": Fraction(2)}, Fraction(1))})
    >>> half.unknowns
    ('x',)
    """

    objective: Mapping[Hashable, Fraction]
    rows: Mapping[str, Row]

    def __post_init__(self) -> None:
        if not self.objective:
            raise InvalidInputError("objective", self.objective, allowed="at least one coefficient")
        if not self.rows:
            raise InvalidInputError("rows", self.rows, allowed="at least one inequality")

    @property
    def unknowns(self) -> tuple[Hashable, ...]:
        """The unknowns, in the order in which objective and rows name them."""
        named = dict.fromkeys(self.objective)
        for coefficients, _ in self.rows.values():
            named |= dict.fromkeys(coefficients)
        return tuple(named)


@dataclass(frozen=True, slots=True)
class LinearOptimum:
    """The optimum of a linear program, proved by strong duality in exact arithmetic.

    Attributes
    ----------
    value : Fraction
        The largest objective.
    point : mapping from unknown to Fraction
        A feasible point that attains it; unknowns that are 0 are left out.
    multipliers : mapping from str to Fraction
        Positive multipliers of rows: their sum bounds the objective by the value.
    """

    value: Fraction
    point: Mapping[Hashable, Fraction]
    multipliers: Mapping[str, Fraction]


def maximise(program: LinearProgram) -> LinearOptimum:
    """Return the exact optimum of a linear program that has one.

    Parameters
    ----------
    program : LinearProgram
        Feasible and bounded.

    Returns
    -------
    LinearOptimum

    Raises
    ------
    SolveError
        If the program is infeasible or unbounded, or no vertex could be proved optimal.

    Examples
    --------
    >>> third = {"x": Fraction(1), "y": Fraction(2)}, Fraction(1)
    >>> even = {"x": Fraction(1), "y": Fraction(-1)}, Fraction(0)
    >>> best = maximise(LinearProgram({"x": Fraction(1)}, {"third": third, "even": even}))
    >>> print(best.value, *best.multipliers.values())
    1/3 1/3 2/3

    Notes
    -----
    The dual simplex method of HiGHS (within scipy) returns a vertex x and multipliers y in floats. Both are
    computed again in exact arithmetic from the inequalities that hold with equality there: x from its zeros and
    its tight rows, those with a multiplier first, until they determine a point; y likewise from the rows
    with a multiplier and the unknowns that are positive. Degenerate vertices need no care: the tight rows that
    are left over hold as well, or the attempt fails. Equal objectives of a feasible x and y prove both
    optimal, and nothing else is returned. If floats cannot tell what is tight, because some unknowns are tiny,
    they are measured in units of their own size and solved for again, a few times. If that does not help either,
    the simplex method goes on in exact arithmetic from the basis that the floats suggest (`proofs.simplex`).

    Cost: a solve in floats, and elimination on the tight rows, at worst O(n ** 3) operations on integers for n
    unknowns, far fewer where rows are short; exact simplex steps cost as much each.

    References
    ----------
    Applegate, Cook, Dash and Espinoza, "Exact solutions to linear programming problems", Operations Research
    Letters 35 (2007).
    """
    unknowns, names = program.unknowns, list(program.rows)
    at = {unknown: column for column, unknown in enumerate(unknowns)}
    tableau = Tableau(
        [{at[name]: Fraction(x) for name, x in row.items() if x} for row, _ in program.rows.values()],
        [Fraction(bound) for _, bound in program.rows.values()],
        [Fraction(program.objective.get(unknown, 0)) for unknown in unknowns],
    )
    for point, factors in _candidates(tableau):
        value = _proved(tableau, point, factors)
        if value is not None:
            return LinearOptimum(
                value,
                {unknowns[column]: x for column, x in sorted(point.items()) if x},
                {names[row]: y for row, y in sorted(factors.items()) if y},
            )
    raise SolveError("no vertex of the linear program could be proved optimal")


def _candidates(tableau: Tableau) -> Iterator[tuple[Vector, Vector]]:
    """Yield points and multipliers that may be optimal, the cheapest first."""
    units = np.ones(len(tableau.objective))
    basis = Basis()
    for _ in range(_ROUNDS):
        floats = _floats(tableau, units)
        if floats is None:
            break
        for clear in _CLEAR:
            vertex = _vertex(tableau, floats, clear)
            if vertex is not None:
                yield vertex
        basis = _basis(tableau, floats)
        sizes = units * floats[0][: len(units)]
        sizes[sizes <= units * _CLEAR[0]] = 0.0
        if not sizes.any():
            break
        units = np.exp2(np.round(np.log2(np.where(sizes > 0, sizes, sizes[sizes > 0].min()))))
    basis = tableau.best_basis(basis)
    yield tableau.point(basis), tableau.dual().point(Basis(basis.used, basis.tight))


def _floats(tableau: Tableau, units: NDArray[np.float64]) -> Floats | None:
    """Return an optimum in floats, if one is found: all slacks and all reduced costs, scaled.

    Unknowns are measured in given units, and every row is divided by its largest coefficient then.
    """
    import scipy.sparse as sp
    from scipy.optimize import linprog

    places = [(i, column, float(x)) for i, row in enumerate(tableau.rows) for column, x in row.items()]
    at = np.array([place[:2] for place in places], dtype=np.int64).reshape(-1, 2).T
    entries = np.array([place[2] for place in places]) * units[at[1]]
    heights = np.zeros(len(tableau.rows))
    np.maximum.at(heights, at[0], np.abs(entries))
    heights[heights == 0] = 1.0
    shape = (len(tableau.rows), len(tableau.objective))
    matrix = sp.csr_array((entries / heights[at[0]], (at[0], at[1])), shape=shape)
    objective = np.array([float(x) for x in tableau.objective]) * units
    objective /= np.abs(objective).max() or 1.0
    bounds = np.array([float(x) for x in tableau.bounds]) / heights
    for tolerance in _TOLERANCES:
        options = {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}
        result = linprog(-objective, A_ub=matrix, b_ub=bounds, method="highs-ds", options=options)
        if result.status == 0:
            x, y = result.x, -result.ineqlin.marginals
            return np.concatenate((x, bounds - matrix @ x)), np.concatenate((matrix.T @ y - objective, y))
    return None


def _vertex(tableau: Tableau, floats: Floats, clear: float) -> tuple[Vector, Vector] | None:
    """Return point and multipliers from what is tight in floats up to `clear`, if that determines them."""
    slacks, reduced = floats
    n, m = len(tableau.objective), len(tableau.rows)
    used = [column for column in range(n) if slacks[column] > clear]
    active = [row for row in range(m) if reduced[n + row] > clear]
    tight = [row for row in range(m) if slacks[n + row] <= clear]
    tight.sort(key=lambda row: (reduced[n + row] <= clear, slacks[n + row]))
    priced = [column for column in range(n) if reduced[column] <= clear]
    priced.sort(key=lambda column: (slacks[column] <= clear, reduced[column]))
    dual = tableau.dual()
    point = solve_first([(tableau.rows[row], tableau.bounds[row]) for row in tight], used)
    factors = solve_first([(dual.rows[column], dual.bounds[column]) for column in priced], active)
    return None if point is None or factors is None else (point[0], factors[0])


def _basis(tableau: Tableau, floats: Floats) -> Basis:
    """Return the basis of the unknowns that are positive in floats, with the nearest rows that determine them."""
    slacks, reduced = floats
    n = len(tableau.objective)
    used = [column for column in range(n) if slacks[column] > _CLEAR[0]]
    nearest = sorted(
        range(len(tableau.rows)), key=lambda row: slacks[n + row] - (reduced[n + row] > _CLEAR[0])
    )
    solved = solve_first([(tableau.rows[row], tableau.bounds[row]) for row in nearest], used)
    return (
        Basis()
        if solved is None
        else Basis(tuple(sorted(nearest[place] for place in solved[1])), tuple(used))
    )


def _proved(tableau: Tableau, point: Vector, factors: Vector) -> Fraction | None:
    """Return the optimum if point and multipliers are feasible and agree on it."""
    value = sum((tableau.objective[column] * x for column, x in point.items()), Fraction(0))
    bound = sum((tableau.bounds[row] * y for row, y in factors.items()), Fraction(0))
    left = [*point.values(), *factors.values(), *tableau.slacks(point), *tableau.dual().slacks(factors)]
    return value if value == bound and min(left) >= 0 else None
