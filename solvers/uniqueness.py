"""Whether a payoff system has one equilibrium: what can be certified, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.newton import Work, looks_symmetric, solve_linear
from solvers.products import RowBlocks

__all__ = ["Contraction", "certified", "contraction", "is_monotone"]

Reals = NDArray[np.float64]
_EPS = float(np.finfo(np.float64).eps)
_DENSE = 3000  # people up to which a dense factorisation is made


@dataclass(frozen=True, slots=True)
class Contraction:
    """A positive vector v with |W| v <= rate * v: responses are a contraction in the norm max |x_i| / v_i.

    Attributes
    ----------
    vector : ndarray of float64, shape (n,)
        v.
    rate : float
        Below 1; an upper bound on the spectral radius of |W| (Collatz, 1942; Wielandt, 1950).
    """

    vector: Reals
    rate: float

    def error(self, away: Reals) -> float:
        """Return the most that any action differs from the equilibrium, if actions are so far from their responses.

        Banach's fixed point theorem in the weighted norm: |x - x*|_v <= |f(x) - x|_v / (1 - rate).
        """
        furthest = float((np.abs(away) / self.vector).max(initial=0.0))
        return furthest / (1 - self.rate) * float(self.vector.max(initial=0.0)) * (1 + 8 * _EPS)


def contraction(
    weights: Any, candidate: Reals | None = None, *, symmetric: bool | None = None
) -> Contraction | None:
    """Search a positive vector that certifies a spectral radius below 1.

    Parameters
    ----------
    weights : scipy.sparse.csr_array of float64, shape (n, n)
        |W|, at least 0.
    candidate : ndarray of float64, shape (n,), optional
        Is tried first.
    symmetric : bool, optional
        Whether |W| looks symmetric, so that conjugate gradients may serve; found out by default.

    Returns
    -------
    Contraction or None
        None if none was found, which proves nothing.

    Notes
    -----
    v = (I - |W|)^-1 1 is positive, and |W| v = v - 1 < v, if and only if the radius is below 1: the system is solved
    more and more precisely until the vector found does. A few dozen passes over the arcs.
    """
    found = None if candidate is None else certified(weights, candidate)
    if found is not None:
        return found
    rough = RowBlocks(weights, np.float32)
    if symmetric is None:
        symmetric = looks_symmetric(rough, Work())
    ones = np.ones(weights.shape[0], dtype=np.float32)
    for precision in (1e-2, 1e-4, 1e-6):
        vector = solve_linear(rough, None, ones, symmetric=symmetric, precision=precision, work=Work())
        found = certified(weights, vector.astype(np.float64))
        if found is not None:
            return found
        if (vector < -0.1 * np.abs(vector).max()).any():  # at a radius above 1 the solution is not positive
            return None
    # Close to 1 only double precision tells.
    whole = RowBlocks(weights)
    vector = solve_linear(
        whole, None, ones.astype(np.float64), symmetric=symmetric, precision=1e-12, work=Work()
    )
    return certified(weights, vector)


def certified(weights: Any, vector: Reals) -> Contraction | None:
    """Return what a vector certifies about a matrix |W| of entries at least 0; None if nothing.

    Notes
    -----
    v > 0 and |W| v < v, rounding of the sums allowed for. One pass over the arcs.
    """
    if not np.isfinite(vector).all() or not (vector > 0).all():
        return None
    terms = int(np.diff(weights.indptr).max(initial=0))
    rate = float(((RowBlocks(weights) @ vector) / vector).max(initial=0.0)) * (1 + (terms + 8) * _EPS)
    return Contraction(vector, rate) if rate < 1 else None


def is_monotone(matrix: Any) -> bool | None:
    """Return whether I - (W + W') / 2 is positive definite, None if that is not decided.

    Notes
    -----
    If it is, responses between any bounds have one fixed point (Rosen, 1965, diagonal strict concavity). Up to 3,000
    people by a Cholesky factorisation of the matrix less what rounding may add (Rump, 2006); O(n^3).
    """
    n = matrix.shape[0]
    if n > _DENSE:
        return None
    full = matrix.toarray()
    symmetric = np.eye(n) - (full + full.T) / 2
    eps = np.finfo(np.float64).eps
    margin = 2 * (n + 2) * eps * float(np.abs(np.diag(symmetric)).sum()) + 4 * eps * float(np.abs(full).sum())
    symmetric[np.diag_indices(n)] -= margin
    try:
        np.linalg.cholesky(symmetric)
    except np.linalg.LinAlgError:
        return None
    return True
