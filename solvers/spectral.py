"""Certified bounds on the spectral radius of a matrix of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from solvers.uniqueness import Contraction, contraction, radius_at_least

__all__ = ["certified_radius", "radius_of_powers", "rounding_of_sums"]

Reals = NDArray[np.float64]
_SQUARINGS = 40
_SMALL = 500  # people: a dense solve costs nothing
_UNIT = 2.0**-53


def rounding_of_sums(terms: int) -> float:
    """Return a bound on the relative rounding error of a sum of products of float64."""
    return 1.01 * (terms + 3) * _UNIT


def certified_radius(matrix: Any, *, argument: str) -> Contraction:
    """Return a bound r < 1 on the spectral radius of |A|, with a vector v > 0 with |A| v <= r v that proves it.

    Parameters
    ----------
    matrix : sparse array of scipy in rows, shape (n, n)
        A.
    argument : str
        Name of the argument it came from, for messages.

    Raises
    ------
    InvalidInputError
        If no bound below 1 is found; the message says what is known of the radius.

    Notes
    -----
    Beyond what `contraction` tries, (I - |A|) v = 1 is solved in double precision: directly for up to 500 people, else
    by the stabilised method of biconjugate gradients.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> found = certified_radius(csr_array([[0.0, 0.5], [0.125, 0.0]]), argument="altruism")
    >>> 0.25 <= found.rate < 0.5
    True
    """
    absolute = abs(matrix)
    found = contraction(absolute)
    if found is None:
        least = radius_at_least(absolute)
        if least < 1 - 1e-9:
            found = contraction(absolute, _solved(absolute))
        if found is None:
            words = "not certified to be below 1" if least < 1 - 1e-9 else f"of at least {least:.6g}"
            raise InvalidInputError(
                argument, f"a spectral radius {words}: utilities feed one another without end",
                verb="has", allowed=f"scaled by less than {1 / least:.4g}, for a radius below 1",
            )  # fmt: skip
    found.vector.flags.writeable = False
    return found


def _solved(absolute: Any) -> Reals:
    """Return (I - |A|)^-1 1 as well as it can be found."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import bicgstab

    n = absolute.shape[0]
    system = (eye_array(n, format="csr") - absolute).tocsr()
    if n <= _SMALL:
        try:
            return np.asarray(np.linalg.solve(system.toarray(), np.ones(n)), dtype=np.float64)
        except np.linalg.LinAlgError:
            return np.zeros(n)
    with np.errstate(all="ignore"):
        found, _ = bicgstab(system, np.ones(n), rtol=1e-10, maxiter=1000)
    return np.asarray(found, dtype=np.float64)


def radius_of_powers(matrix: Reals) -> float:
    """Return a bound on the spectral radius of a dense matrix from its powers; infinite if none is below 1.

    Notes
    -----
    The radius is at most the k-th root of the norm of the k-th power, with equality as k grows (Gelfand, 1941). Powers
    are squared until the norm is below 1/2, up to 40 times, O(n^3) each; their rounding errors are summed.

    Examples
    --------
    >>> round(radius_of_powers(np.array([[0.5, -4.0], [0.0, 0.5]])), 3)
    0.843
    """
    power, error = np.asarray(matrix, dtype=np.float64), 0.0
    rounding = rounding_of_sums(len(power))
    for squarings in range(_SQUARINGS):
        norm = float(np.abs(power).sum(axis=1).max(initial=0.0))
        if norm + error < 0.5:
            return float((norm + error) ** (0.5**squarings)) * (1 + rounding)
        if norm + error > 1e100:
            break
        power = power @ power
        error = (2 * norm + error) * error + rounding * norm**2
    return np.inf
