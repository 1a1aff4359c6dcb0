"""The convex program of network inference: quadratic in a symmetric, non-negative matrix of given sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import SolveError

__all__ = ["NetworkProgram", "project"]

Reals = NDArray[np.float64]
_EVERY = 10  # steps between certificates
_STEPS = 20_000
_PASSES = 100  # of Newton's method for the threshold; fewer than 20 are usual


def project(matrix: Reals, total: float, threshold: float = 0.0) -> tuple[Reals, float]:
    """Return the nearest matrix with entries of at least 0 that sum to a total, 0 where the given one is -inf.

    Parameters
    ----------
    matrix : ndarray of float64
        Any shape; at least one entry is finite.
    total : float
        Above 0.
    threshold : float
        Where to begin the search for the amount that is taken from all entries.

    Returns
    -------
    projection : ndarray of float64
        max(matrix - threshold, 0).
    threshold : float
        The amount, to begin the next search with.

    Notes
    -----
    Newton's method for the root of sum max(y - t, 0) - total, convex and piecewise linear in t, so that it ends after
    finitely many passes, few from a good start (Michelot, 1986; Condat, 2016). O(size) for each.

    Examples
    --------
    >>> project(np.array([3.0, 1.0, -1.0]), 2.0)[0].tolist()
    [2.0, 0.0, 0.0]
    """
    for _ in range(_PASSES):
        above = matrix[matrix > threshold]
        after = float((above.sum() - total) / above.size if above.size else matrix.max() - total)
        near = abs(after - threshold) <= 4 * np.finfo(np.float64).eps * max(abs(after), total / matrix.size)
        threshold = after
        if near:
            break
    return np.asarray(np.maximum(matrix - threshold, 0.0)), threshold


@dataclass(frozen=True, slots=True, eq=False)
class NetworkProgram:
    """Minimise constant + <Q, G> + a tr(G S G) + r ||G||^2 over symmetric G >= 0 with diagonal 0 and sum n.

    Attributes
    ----------
    actions : ndarray of float64, shape (n, K)
        X, whose products make S = XX'.
    products : ndarray of float64, shape (n, n), optional
        S; None where products with X twice are cheaper.
    largest : float
        The largest eigenvalue of S.
    linear : ndarray of float64, shape (n, n)
        Q, symmetric.
    curvature, ridge, constant : float
        a and r, at least 0 and not both 0; and the constant.
    """

    actions: Reals
    products: Reals | None
    largest: float
    linear: Reals
    curvature: float
    ridge: float
    constant: float

    def _times_products(self, network: Reals) -> Reals:
        if self.products is None:
            return np.asarray((network @ self.actions) @ self.actions.T)
        return np.asarray(network @ self.products)

    def slope(self, network: Reals) -> Reals:
        """Return the gradient, symmetric, float64 of shape (n, n); O(n^2 min(n, 2 K))."""
        half = self._times_products(network)
        return np.asarray(self.linear + self.curvature * (half + half.T) + 2 * self.ridge * network)

    def value(self, network: Reals) -> float:
        """Return the objective."""
        quadratic = self.curvature * np.vdot(self._times_products(network), network)
        return float(
            self.constant + np.vdot(self.linear, network) + quadratic + self.ridge * np.vdot(network, network)
        )

    def gap(self, network: Reals) -> float:
        """Return how much lower the objective may be elsewhere, by convexity: sum_ij G_ij (f'_ij - min f')."""
        slope = self.slope(network)
        least = float(np.where(np.eye(len(slope), dtype=np.bool_), np.inf, slope).min())
        return max(float(np.vdot(network, slope)) - len(slope) * least, 0.0)

    def solve(self, start: Reals, *, tolerance: float) -> tuple[Reals, float, int]:
        """Return a network, its gap and the steps made, by accelerated projected gradients.

        Parameters
        ----------
        start : ndarray of float64, shape (n, n)
            A network to begin with.
        tolerance : float
            Gap to reach, relative to the objective.

        Notes
        -----
        Beck and Teboulle's steps (2009) of length 1 / (2 a largest + 2 r), the momentum forgotten whenever it points
        uphill (O'Donoghue and Candes, 2015).
        """
        n = len(start)
        length = 1 / (2 * self.curvature * self.largest + 2 * self.ridge)
        network, ahead, momentum, threshold = start, start, 1.0, 0.0
        gap = self.gap(network)
        steps = 0
        while gap > tolerance * self.value(network) and steps < _STEPS:
            for _ in range(_EVERY):
                moved = ahead - length * self.slope(ahead)
                np.fill_diagonal(moved, -np.inf)
                after, threshold = project(moved, n, threshold)
                change = after - network
                if np.vdot(ahead - after, change) > 0:
                    momentum = 1.0
                following = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
                ahead = after + (momentum - 1) / following * change
                network, momentum = after, following
                steps += 1
            gap = self.gap(network)
        return network, gap, steps

    def solve_by_cvxpy(self) -> tuple[Reals, float, int]:
        """Return a network, its gap and the iterations made, by the conic solver Clarabel.

        Raises
        ------
        SolveError
            If it returns nothing.
        """
        import cvxpy as cp

        n = len(self.actions)
        network = cp.Variable((n, n), symmetric=True)
        values, vectors = np.linalg.eigh(self.actions @ self.actions.T)
        root = vectors * np.sqrt(np.maximum(values, 0.0))  # S = root root'
        aim = (
            cp.sum(cp.multiply(self.linear, network))
            + self.curvature * cp.sum_squares(network @ root)
            + self.ridge * cp.sum_squares(network)
        )
        problem = cp.Problem(cp.Minimize(aim), [network >= 0, cp.diag(network) == 0, cp.sum(network) == n])
        problem.solve(solver="CLARABEL")
        if network.value is None:
            raise SolveError(f"Clarabel found no network: {problem.status}")
        found = np.array((network.value + network.value.T) / 2)
        np.fill_diagonal(found, -np.inf)
        found, _ = project(found, n)
        return found, self.gap(found), int(problem.solver_stats.num_iters or 0)
