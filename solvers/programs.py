"""Linear programs in cvxpy: solved by HiGHS, by Clarabel if that fails, or refused with both reasons."""

from __future__ import annotations

import os
import warnings
from functools import cache

import cvxpy as cp

from mechanism.errors import SolveError

__all__ = ["silence_highs", "solve_program"]

_STDOUT = 1  # where compiled code prints
_SOLVERS = (cp.HIGHS, cp.CLARABEL)


@cache
def silence_highs() -> None:
    """Make HiGHS say its name once, where nobody reads it: its first object prints a banner, whatever is asked for."""
    import highspy

    try:
        kept = os.dup(_STDOUT)
    except OSError:  # it is closed
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDOUT)
        highspy.Highs()  # type: ignore[no-untyped-call]
    finally:
        os.dup2(kept, _STDOUT)
        os.close(kept)
        os.close(nowhere)


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
    silence_highs()
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
