"""Lemke's pivots: an equilibrium of any linear-quadratic game with few people and finite bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_PEOPLE", "lemke"]

Reals = NDArray[np.float64]
MOST_PEOPLE = 300
"""People up to which pivots are made: the tableau has 8 n^2 entries."""
_PIVOTS = 50  # per person
_ZERO = 1e-11


def lemke(matrix: Reals, standalone: Reals, lower: Reals, upper: Reals) -> Reals | None:
    """Return actions x with x = min(max(b + W x, lower), upper), up to rounding and a tiny shift of b.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        W, of any kind.
    standalone, lower, upper : ndarray of float64, shape (n,)
        b, and the bounds, finite.

    Returns
    -------
    ndarray of float64, shape (n,), or None
        None if rounding led astray.

    Notes
    -----
    With z = x - lower the conditions are a linear complementarity problem: w = (I - W) z + q + y >= 0, z >= 0, w'z = 0,
    and v = upper - lower - z >= 0, y >= 0, v'y = 0. Lemke's method adds a variable times (1, 0) to (w, v), and pivots
    until it leaves. It cannot end in another ray than the first: along it z could not change, as v = upper - lower - z;
    then w changes by the change of y, which is 0 where z > 0 and, as v'y = 0, where v > 0, that is everywhere. So it
    finds an equilibrium, which exists (Eaves, "The linear complementarity problem", 1971). b is shifted by 1e-9 of its
    size, differently for each person, against cycling. O(n^2) per pivot, mostly a few pivots per person.
    """
    n = len(standalone)
    width = upper - lower
    shift = (
        1e-9 * (1 + np.abs(standalone).max()) * (0.5 + np.modf(np.arange(1, n + 1) * 0.6180339887498949)[0])
    )
    constant = lower - matrix @ lower - standalone + shift
    if (constant >= 0).all():
        return lower.copy()
    # Columns: w, v, z, y, the added variable, the constant.
    tableau = np.zeros((2 * n, 4 * n + 2))
    tableau[:, : 2 * n] = np.eye(2 * n)
    tableau[:n, 2 * n : 3 * n] = matrix - np.eye(n)
    tableau[n:, 2 * n : 3 * n] = np.eye(n)
    tableau[:n, 3 * n : 4 * n] = -np.eye(n)
    tableau[:n, 4 * n] = -1.0
    tableau[:, -1] = np.concatenate((constant, width))
    basis = np.arange(2 * n)
    row, entering = int(np.argmin(constant)), 4 * n
    for _ in range(_PIVOTS * n):
        leaving = int(basis[row])
        basis[row] = entering
        pivot = tableau[row] / tableau[row, entering]
        tableau -= np.outer(tableau[:, entering], pivot)
        tableau[row] = pivot
        if leaving == 4 * n:
            z = np.zeros(4 * n + 1)
            z[basis] = tableau[:, -1]
            return np.asarray(np.clip(lower + z[2 * n : 3 * n], lower, upper))
        entering = leaving + 2 * n if leaving < 2 * n else leaving - 2 * n
        column = tableau[:, entering]
        open_rows = np.flatnonzero(column > _ZERO)
        if not len(open_rows):
            return None
        ratios = tableau[open_rows, -1] / column[open_rows]
        near = open_rows[ratios <= ratios.min() + 1e-12 * (1 + abs(ratios.min()))]
        added = near[basis[near] == 4 * n]
        row = int(added[0]) if len(added) else int(near[np.argmax(column[near])])
    return None
