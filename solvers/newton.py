"""Fixed points x = f(b + W x) of responses to what others do: sweeps, and Newton steps by Krylov methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.products import RowBlocks
from solvers.progress import Progress

__all__ = ["FixedPoint", "Responses", "Work", "looks_symmetric", "settle", "solve_linear"]

Reals = NDArray[np.float64]
Floats = NDArray[Any]
_SWEEPS = 3  # sweeps before the first Newton step,
_FEW = 12  # and more while so few seem to be left
_LOOSE = 3e-3  # relative residual of a Newton system while the slopes still change
_REACH = {np.dtype(np.float32): 3e-6, np.dtype(np.float64): 1e-13}  # relative residual of a Newton system
_SMALL = 500_000  # arcs up to which double precision is as fast: vectors stay in the cache
_SAMPLE = 100  # arcs whose like in the other direction is asked for
_MANY = 0.8  # share of people free to move above which the others' arcs are worth no effort
_PATIENCE = 6  # Newton steps without progress before sweeps are made instead
_ITERATIONS = 500  # of a Krylov method
_STEPS = (0.6180339887498949, 0.41421356237309515)  # of two sequences without pattern


@dataclass(frozen=True, slots=True)
class Responses:
    """Responses x_i = f_i(b_i + sum_j W_ij x_j), each f_i non-decreasing.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of float64, shape (n, n)
        W.
    standalone : ndarray of float64, shape (n,)
        b.
    respond, slope : callable
        f and a slope of f, at least 0, of given values.
    within : callable
        Takes actions to the nearest allowed ones.
    sweep : callable, optional
        Lets everybody respond in turn, in place, and returns the largest change. None if f is the identity: then one
        Newton step leads to the fixed point, and sweeps could lead away from it.
    """

    matrix: Any
    standalone: Reals
    respond: Callable[[Reals], Reals]
    slope: Callable[[Reals], Reals]
    within: Callable[[Reals], Reals]
    sweep: Callable[[Reals], float] | None


@dataclass(slots=True)
class Work:
    """Counts of what a search did.

    Attributes
    ----------
    passes : int
        Passes over all arcs: products with W, and sweeps.
    sweeps, steps : int
        Sweeps and Newton steps among them.
    """

    passes: int = 0
    sweeps: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Where a search ended.

    Attributes
    ----------
    actions : ndarray of float64, shape (n,)
        The best actions met.
    residual : float
        Largest distance of one of them from its response.
    converged : bool
        Whether that is within the tolerance.
    symmetric : bool or None
        Whether W looks symmetric; None if that was never asked.
    work : Work
        What it took.
    """

    actions: Reals
    residual: float
    converged: bool
    symmetric: bool | None = None
    work: Work = field(default_factory=Work)


def settle(
    responses: Responses,
    start: Reals,
    *,
    tolerance: float,
    max_passes: int = 2000,
    sweeps: bool = True,
    progress: Progress | None = None,
) -> FixedPoint:
    """Search a fixed point.

    Parameters
    ----------
    responses : Responses
        The responses.
    start : ndarray of float64, shape (n,)
        First actions.
    tolerance : float
        Stop once no action is further from its response than this, relative to the largest action or standalone value.
    max_passes : int
        Stop after so many passes over the arcs, when the step at hand is done.
    sweeps : bool
        Whether to begin with sweeps.
    progress : callable, optional
        Called with (stage, passes made, most passes).

    Returns
    -------
    FixedPoint

    Notes
    -----
    With residuals g = f(b + W x) - x and slopes D = S^2 the Newton step is g + S e, where (I - S W S) e = S W g: a
    system that is symmetric where W is. It is solved by conjugate gradients for symmetric W, else by BiCGStab, in
    single precision if W is large; residuals are taken in double precision, so that each step refines the one before.
    Where f cuts values
    at bounds this is the semismooth Newton method (Qi and Sun, "A nonsmooth version of Newton's method", 1993), that is
    the primal-dual active set method (Hintermueller, Ito and Kunisch, 2003), which ends after finitely many steps if
    I - W is an M-matrix. Where steps bring nothing, sweeps are made from the best actions instead; each raises the
    potential of a symmetric game. O(n + m) memory; a pass costs O(n + m).
    """
    matrix = RowBlocks(responses.matrix)
    rough = RowBlocks(responses.matrix, np.float32) if responses.matrix.nnz > _SMALL else matrix
    work = Work()
    scale = float(np.abs(responses.standalone).max(initial=0.0))
    x = start.copy()
    if responses.sweep is not None and sweeps:
        _sweep_while_fast(responses.sweep, x, tolerance, work)
    best, least, stale, more = x, np.inf, 0, _SWEEPS
    slopes: Reals | None = None
    symmetric: bool | None = None
    while True:
        values = responses.standalone
        if work.passes or x.any():
            values = values + matrix @ x
            work.passes += 1
        away = responses.respond(values) - x
        residual = float(np.abs(away).max(initial=0.0))
        stale = 0 if residual < 0.5 * least else stale + 1
        if residual < least or not np.isfinite(least):
            best, least = x, residual
        wanted = tolerance * max(scale, float(np.abs(best).max(initial=0.0)))
        if progress is not None:
            progress("equilibrium", min(work.passes, max_passes), max_passes)
        if least <= wanted or work.passes >= max_passes:
            return FixedPoint(best, least, least <= wanted, symmetric, work)
        if stale > _PATIENCE or not np.isfinite(residual):
            if responses.sweep is None:
                return FixedPoint(best, least, False, symmetric, work)
            x, stale, more = best.copy(), 0, 2 * more
            _sweep(responses.sweep, x, min(more, max_passes - work.passes), work)
            continue
        if symmetric is None:
            symmetric = looks_symmetric(rough, work)
        new = responses.slope(values)
        settled = responses.sweep is None or _alike(slopes, new)
        slopes = new
        linear = responses.sweep is None
        precision = _precision(wanted / residual, _REACH[rough.dtype]) if settled else _LOOSE
        x = responses.within(
            x + _newton_step(rough, away, None if linear else slopes, symmetric, precision, work)
        )


def _precision(reduction: float, reach: float) -> float:
    """Return to which residual to solve, so that equal steps of what is in reach bring the whole reduction."""
    steps = max(1, int(np.ceil(np.log(reduction) / np.log(reach))))
    return float(min(max(reduction ** (1 / steps), reach), 0.1))


def _alike(before: Reals | None, now: Reals) -> bool:
    return before is not None and bool(np.abs(now - before).max() <= 0.1 * now.max())


def _sweep_while_fast(sweep: Callable[[Reals], float], actions: Reals, tolerance: float, work: Work) -> None:
    """Make some sweeps, and more as long as few seem to be left."""
    before = np.inf
    while True:
        work.passes += 1
        work.sweeps += 1
        change = sweep(actions)
        goal = tolerance * float(np.abs(actions).max(initial=0.0))
        if change <= 0.1 * goal:
            return
        if work.sweeps >= _SWEEPS:
            rate = change / before
            if rate >= 1 or np.log(goal / change) / np.log(rate) > _FEW:
                return
        before = change


def _sweep(sweep: Callable[[Reals], float], actions: Reals, times: int, work: Work) -> None:
    """Make sweeps; stop early once nothing changes."""
    for _ in range(times):
        work.passes += 1
        work.sweeps += 1
        if sweep(actions) == 0.0:
            break


def looks_symmetric(matrix: RowBlocks, work: Work) -> bool:
    """Return whether W_ij = W_ji for some arcs, and y'Wz = z'Wy for two vectors without pattern.

    Never False for symmetric W, but for rounding.
    """
    if matrix.matrix.nnz > _SMALL and not _some_are_mutual(matrix.matrix):
        return False
    place = np.arange(1, matrix.shape[0] + 1, dtype=np.float64)
    one, two = (np.modf(place * step)[0].astype(matrix.dtype) - matrix.dtype.type(0.5) for step in _STEPS)
    left, right = matrix @ one, matrix @ two
    work.passes += 2
    difference = abs(
        float(np.dot(two.astype(np.float64), left)) - float(np.dot(one.astype(np.float64), right))
    )
    size = float(np.linalg.norm(left) * np.linalg.norm(two) + np.linalg.norm(right) * np.linalg.norm(one))
    return difference <= 1e-6 * size


def _some_are_mutual(matrix: Any) -> bool:
    """Return whether a hundred arcs, evenly spread, have their like in the other direction."""
    arcs = np.unique(np.linspace(0, matrix.nnz - 1, _SAMPLE).astype(np.int64))
    heads = matrix.indices[arcs]
    tails = np.searchsorted(matrix.indptr, arcs, side="right") - 1
    return bool((matrix[tails, heads] == matrix[heads, tails]).all())


def _newton_step(
    matrix: RowBlocks, away: Reals, slopes: Reals | None, symmetric: bool, precision: float, work: Work
) -> Reals:
    """Return the change of the actions by one Newton step; without slopes they are all 1."""
    work.steps += 1
    size = float(np.abs(away).max())
    scaled = (away / size).astype(matrix.dtype)
    if slopes is None:
        step = solve_linear(matrix, None, scaled, symmetric=symmetric, precision=precision, work=work)
        return size * step.astype(np.float64)
    root = np.sqrt(slopes).astype(matrix.dtype)
    right = root * (matrix @ scaled)
    work.passes += 1
    free = np.flatnonzero(root)
    if precision == _LOOSE or len(free) > _MANY * len(root):
        step = root * solve_linear(matrix, root, right, symmetric=symmetric, precision=precision, work=work)
    else:  # who is held at a bound does not move
        step = np.zeros_like(right)
        step[free] = root[free] * solve_linear(
            matrix.among(free), root[free], right[free], symmetric=symmetric, precision=precision, work=work
        )
    return away + size * step.astype(np.float64)


def solve_linear(
    matrix: RowBlocks, root: Floats | None, right: Floats, *, symmetric: bool, precision: float, work: Work
) -> Floats:
    """Solve (I - S W S) e = r, S diagonal, in the precision of W.

    Parameters
    ----------
    matrix : RowBlocks of float32 or float64, shape (n, n)
        W.
    root : ndarray, shape (n,), optional
        The diagonal of S; all 1 by default.
    right : ndarray, shape (n,)
        r.
    symmetric : bool
        Whether to try conjugate gradients first.
    precision : float
        Relative residual to reach.
    work : Work
        Is increased by the products made.

    Returns
    -------
    ndarray, shape (n,)
        e; zeros if no method reached a residual below that of zeros.
    """
    from scipy.sparse.linalg import LinearOperator, bicgstab, cg, gmres

    goal = float(np.linalg.norm(right))
    if goal == 0.0:
        return np.zeros_like(right)

    def product(vector: Floats) -> Floats:
        work.passes += 1
        if root is None:
            return np.asarray(vector - matrix @ vector)
        return np.asarray(vector - root * (matrix @ (root * vector)))

    operator = LinearOperator(matrix.shape, matvec=product, dtype=matrix.dtype)
    settings: dict[str, Any] = {"rtol": precision, "atol": 0.0, "maxiter": _ITERATIONS}
    best, least = np.zeros_like(right), goal
    for method in (cg, bicgstab, gmres) if symmetric else (bicgstab, gmres):
        extra = {"restart": 30, "maxiter": 10} if method is gmres else {}
        with np.errstate(all="ignore"):  # what overflows is seen by its residual
            found, info = method(operator, right, **(settings | extra))
            if info == 0 and np.isfinite(found).all():
                return np.asarray(found)
            residual = float(np.linalg.norm(right - product(found)))
        if np.isfinite(residual) and residual < least:
            best, least = found, residual
        if least <= 0.1 * goal:
            break
    return np.asarray(best)
