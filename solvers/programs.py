"""Linear programs in cvxpy: solved by HiGHS, by Clarabel if that fails, or refused with both reasons."""

from __future__ import annotations

import warnings

import cvxpy as cp

from mechanism.errors import SolveError

__all__ = ["solve_program"]

_SOLVERS = (cp.HIGHS, cp.CLARABEL)


def solve_program(program: cp.Problem, what: str) -> None:
    """Solve a linear program that has an optimum.

    Parameters
    ----------
    program : cvxpy.Problem
        Its variables receive the solution.
    what : str
        What is looked for, for the error.

    Warns
    -----
    RuntimeWarning
        If HiGHS failed and Clarabel found the solution, to about 1e-8.

    Raises
    ------
    SolveError
        If neither solver finds an optimum; the message gives the reasons.
    """
    reasons: list[str] = []
    for solver in _SOLVERS:
        try:
            program.solve(solver=solver)
            if program.status == cp.OPTIMAL:
                if reasons:
                    warnings.warn(
                        f"{what} was found by {solver} ({'; '.join(reasons)})", RuntimeWarning, stacklevel=2
                    )
                return
            reasons.append(f"{solver}: the program is {program.status}")
        except cp.SolverError as error:
            reasons.append(f"{solver}: {error}")
    raise SolveError(f"{what} was not found: {'; '.join(reasons)}")
