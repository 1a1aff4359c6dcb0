"""Linear programs solved in exact rational arithmetic: floats find the vertex, fractions prove it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from operator import mul
from typing import Any

import numpy as np

from mechanism.errors import InvalidInputError, SolveError

__all__ = ["LinearOptimum", "LinearProgram", "Row", "maximise"]

Row = tuple[Mapping[Any, Fraction], Fraction]
_ROUNDS = 12
_CLEAR = (1e-4, 1e-2, 1.0, 1e-6)  # in the unit of a round: what is taken for positive, tried in turn
_SURE = 1e5  # in the unit of a round: what is taken for positive while correcting
_TOLERANCES = (1e-10, 1e-8, 1e-7)  # tried in turn
_ZOOM = 10**9
_RIGHT = 2**62  # the column of the right-hand side, after all others


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
    with a multiplier and the unknowns that are positive. Degenerate vertices need no care: whatever tight rows
    are left over hold as well, or the attempt fails. Equal objectives of a feasible x and a feasible y prove both
    optimal, and nothing else is returned. If the floats cannot tell what is tight, the residuals of x and y
    are computed exactly, scaled up, and solved for again: every round adds up to nine digits.

    Cost: a solve in floats, and elimination on the tight rows, at worst O(n ** 3) operations on integers for n
    unknowns, far fewer where rows are short.

    References
    ----------
    Applegate, Cook, Dash and Espinoza, "Exact solutions to linear programming problems", Operations Research
    Letters 35 (2007); Gleixner, Steffy and Wolter, "Iterative refinement for linear programming", INFORMS
    Journal on Computing 28 (2016).
    """
    search = _Search(program)
    for _ in range(_ROUNDS):
        search.refine()
        for clear in _CLEAR:
            best = search.vertex(clear)
            if best is not None:
                return best
    raise SolveError("no vertex of the linear program could be proved optimal", solution=search.primal)


class _Search:
    """A primal and a dual approximation, exact as numbers, that come nearer to an optimum every round.

    The program in equality form is A z = b, z >= 0 with one slack per row after the unknowns; the
    reduced cost of a slack is its multiplier, that of an unknown the excess of its combined coefficient.
    """

    def __init__(self, program: LinearProgram) -> None:
        self.names = list(program.rows)
        self.unknowns = program.unknowns
        at = {unknown: column for column, unknown in enumerate(self.unknowns)}
        self.rows = [
            {at[unknown]: Fraction(x) for unknown, x in coefficients.items() if x}
            for coefficients, _ in program.rows.values()
        ]
        self.bounds = [Fraction(bound) for _, bound in program.rows.values()]
        self.objective = [Fraction(program.objective.get(unknown, 0)) for unknown in self.unknowns]
        self.columns: list[dict[int, Fraction]] = [{} for _ in self.unknowns]
        for index, row in enumerate(self.rows):
            for column, x in row.items():
                self.columns[column][index] = x
        self.primal = [Fraction(0)] * len(self.unknowns)
        self.dual = [Fraction(0)] * len(self.rows)
        self.zoom = (Fraction(1), Fraction(1))

    def slacks(self) -> list[Fraction]:
        """Return the unknowns and then what the rows leave: negative where the point is infeasible."""
        left = [bound - _dot(row, self.primal) for row, bound in zip(self.rows, self.bounds, strict=True)]
        return self.primal + left

    def reduced(self) -> list[Fraction]:
        """Return the excess of every unknown's coefficient and then the multipliers: negative if infeasible."""
        paid = zip(self.columns, self.objective, strict=True)
        return [_dot(column, self.dual) - worth for column, worth in paid] + self.dual

    def refine(self) -> None:
        """Solve for the corrections of both approximations, in their own units."""
        import scipy.sparse as sp
        from scipy.optimize import linprog

        slacks, reduced = self.slacks(), self.reduced()
        up, across = self.zoom
        places = [(i, column, float(x)) for i, row in enumerate(self.rows) for column, x in row.items()]
        at = np.array([place[:2] for place in places], dtype=np.int64).reshape(-1, 2).T
        shape = (len(self.rows), len(self.unknowns))
        matrix = sp.csr_array((np.array([place[2] for place in places]), (at[0], at[1])), shape=shape)
        costs = [float(across * x) for x in reduced]
        floors = [-float(up * x) for x in slacks]
        sure = [cost > _SURE for cost in costs]  # at their bounds; what is far from its bound has none
        for tolerance in _TOLERANCES:
            result = linprog(
                [0.0 if fixed else cost for fixed, cost in zip(sure, costs, strict=True)],
                A_eq=sp.hstack([matrix, sp.eye_array(len(self.rows))], format="csr"),
                b_eq=np.zeros(len(self.rows)),
                bounds=[
                    (None if floor < -_SURE else floor, floor if fixed else None)
                    for fixed, floor in zip(sure, floors, strict=True)
                ],
                method="highs-ds",
                options={"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance},
            )
            if result.status == 0:
                break
        else:
            raise SolveError(f"the linear program was not solved: {result.message}", solution=self.primal)
        steps = zip(self.primal, result.x, strict=False)
        self.primal = [x + Fraction(step) / up for x, step in steps]
        turns = zip(self.dual, result.eqlin.marginals, strict=True)
        self.dual = [y - Fraction(turn) / across for y, turn in turns]
        self.zoom = (_closer(self.slacks(), up), _closer(self.reduced(), across))

    def vertex(self, clear: float) -> LinearOptimum | None:
        """Return the optimum if the tight inequalities of the approximations determine one."""
        up, across = self.zoom
        slacks = [float(up * x) for x in self.slacks()]
        reduced = [float(across * x) for x in self.reduced()]
        n, m = len(self.unknowns), len(self.rows)
        used = [column for column in range(n) if slacks[column] > clear]
        active = [row for row in range(m) if reduced[n + row] > clear]
        tight = [row for row in range(m) if slacks[n + row] <= clear]
        tight.sort(key=lambda row: (reduced[n + row] <= clear, slacks[n + row]))
        priced = [column for column in range(n) if reduced[column] <= clear]
        priced.sort(key=lambda column: (slacks[column] <= clear, reduced[column]))
        point = _solve([(self.rows[row], self.bounds[row]) for row in tight], used)
        factors = _solve([(self.columns[column], self.objective[column]) for column in priced], active)
        if point is None or factors is None:
            return None
        return self.proved(point, factors)

    def proved(self, point: dict[int, Fraction], factors: dict[int, Fraction]) -> LinearOptimum | None:
        """Return the optimum if the point and the multipliers are feasible and agree on the objective."""
        self.primal, kept = (
            [point.get(column, Fraction(0)) for column in range(len(self.unknowns))],
            self.primal,
        )
        self.dual, weights = [factors.get(row, Fraction(0)) for row in range(len(self.rows))], self.dual
        value = sum(map(mul, self.objective, self.primal), Fraction(0))
        agreed = value == sum(map(mul, self.bounds, self.dual), Fraction(0))
        if agreed and min(self.slacks()) >= 0 and min(self.reduced()) >= 0:
            return LinearOptimum(
                value,
                {self.unknowns[column]: x for column, x in sorted(point.items()) if x},
                {self.names[row]: y for row, y in sorted(factors.items()) if y},
            )
        self.primal, self.dual = kept, weights
        return None


def _closer(residuals: list[Fraction], zoom: Fraction) -> Fraction:
    """Return the unit in which the worst violation is 1, but no more than nine digits below the last unit."""
    worst = -min(residuals)
    return min(1 / worst, zoom * _ZOOM) if worst > 0 else zoom * _ZOOM


def _dot(row: Mapping[int, Fraction], x: Sequence[Fraction]) -> Fraction:
    return sum((entry * x[column] for column, entry in row.items()), Fraction(0))


def _solve(
    equations: list[tuple[Mapping[int, Fraction], Fraction]], wanted: list[int]
) -> dict[int, Fraction] | None:
    """Return the wanted unknowns, all others being 0, from the first equations that determine them.

    Equations that depend on earlier ones are passed over. Rows of integers are
    eliminated in order, each divided by its content; rare unknowns first, which keeps rows short.
    """
    count = Counter(column for row, _ in equations for column in row)
    rank = {column: place for place, column in enumerate(sorted(wanted, key=count.__getitem__))}
    pivots: dict[int, dict[int, int]] = {}
    for row, right in equations:
        if len(pivots) == len(wanted):
            break
        line = _whole({rank[column]: x for column, x in row.items() if column in rank} | {_RIGHT: right})
        while (lead := min(line)) < _RIGHT:
            pivot = pivots.get(lead)
            if pivot is None:
                pivots[lead] = line
                break
            line = _eliminate(line, pivot, lead)
    if len(pivots) < len(wanted):
        return None
    solved: dict[int, Fraction] = {_RIGHT: Fraction(-1)}
    for place in range(len(wanted) - 1, -1, -1):
        line = pivots[place]
        rest = sum((x * solved[other] for other, x in line.items() if other != place), Fraction(0))
        solved[place] = -rest / line[place]
    return {column: solved[place] for column, place in rank.items()}


def _whole(row: dict[int, Fraction]) -> dict[int, int]:
    """Return a row without denominators and common factors; the right-hand side stays, even if it is 0."""
    scale = lcm(*(x.denominator for x in row.values()))
    return _reduced({column: int(x * scale) for column, x in row.items()})


def _eliminate(line: dict[int, int], pivot: dict[int, int], lead: int) -> dict[int, int]:
    """Return a combination of two rows in which the lead is gone."""
    common = gcd(line[lead], pivot[lead])
    ours, theirs = pivot[lead] // common, line[lead] // common
    mixed = {column: ours * x for column, x in line.items()}
    for column, x in pivot.items():
        mixed[column] = mixed.get(column, 0) - theirs * x
    return _reduced({column: x for column, x in mixed.items() if x or column == _RIGHT})


def _reduced(row: dict[int, int]) -> dict[int, int]:
    content = gcd(*row.values()) or 1
    return {column: x // content for column, x in row.items()}
