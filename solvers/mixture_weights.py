"""The most likely weights of a mixture, with a bound on what is missing and standard errors."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

__all__ = ["most_likely_weights"]

Reals = NDArray[np.float64]
_STEPS = 100  # of the interior-point method; fewer than 20 are usual
_ROUNDING = 1e-13  # relative gap that no step improves
_NEWTON = 6
_TIGHT = 1e-7  # relative slope within which a column does as well as those in use
_SINGULAR = 1e-10  # least eigenvalue of an information matrix, relative, that is not taken for 0


def most_likely_weights(
    density: Reals, cost: Reals, *, tolerance: float = 1e-9
) -> tuple[Reals, Reals, float]:
    """Maximise sum_e log (sum_j f_ej a_j) - sum_j c_j a_j over weights a_j of at least 0.

    Parameters
    ----------
    density : ndarray of float64, shape (rows, columns)
        f, at least 0, a number above 0 in every row.
    cost : ndarray of float64, shape (columns,)
        c, above 0.
    tolerance : float
        What the objective may miss, per row, for the search to end.

    Returns
    -------
    weights : ndarray of float64, shape (columns,)
        a, with exact zeros.
    stderr : ndarray of float64, shape (columns,)
        From the observed information of the weights above 0; NaN at 0, infinite where the objective is flat.
    gap : float
        No weights have an objective that is larger by more; computed from the weights.

    Notes
    -----
    At the optimum c a = rows, so that c_j a_j / rows are the proportions of a mixture. A primal-dual interior-point
    method (Mehrotra's steps), then Newton's on the weights above 0; where columns abound, among those that matter. For
    weights of that sum the objective is within rows * log max_j (1 / c_j) sum_e f_ej / (f a)_e of the best, by duality.
    O(rows columns min(rows, columns)) a step.

    References
    ----------
    Koenker and Mizera, "Convex optimization, shape constraints, compound decisions, and empirical Bayes rules", Journal
    of the American Statistical Association 109, 2014.

    Examples
    --------
    >>> weights, _, gap = most_likely_weights(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([4.0, 4.0]))
    >>> weights.tolist(), gap
    ([0.5, 0.0], 0.0)
    """
    table = density / cost
    rows, columns = table.shape
    scaled = table / table.max(axis=1, keepdims=True)
    active = np.arange(columns) if columns <= 2 * rows else np.unique(scaled.argmax(axis=1))
    while True:  # columns join as long as they would improve, or do as well as those there
        part, price = _interior_point(scaled[:, active], tolerance)
        weights = np.zeros(columns)
        weights[active] = part
        weights, gap = _scaled(table, weights)
        slope = table.T @ (1 / (table @ weights))
        slope[active] = 0.0
        join = np.flatnonzero(slope > 1 - _TIGHT)
        if not len(join):
            break
        active = np.union1d(active, join[np.argsort(-slope[join], kind="stable")[: 2 * rows]])
    found, least = weights, gap
    support = active[part > price]
    on = table[:, support]
    step = np.where(np.isin(np.arange(columns), support), weights, 0.0)
    for _ in range(_NEWTON):  # where the weights are above 0; the others exactly 0
        step, gap = _scaled(table, step)
        if gap <= max(least, tolerance * rows):
            found, least = step, gap
        if not np.isfinite(gap):
            break
        share = on / (on @ step[support])[:, None]
        step = step.copy()
        step[support] += np.linalg.lstsq(share.T @ share, share.sum(axis=0) - 1, rcond=_SINGULAR)[0]
        if (step[support] <= 0).any():
            break
    return found / cost, _errors(table, found) / cost, least


def _scaled(table: Reals, weights: Reals) -> tuple[Reals, float]:
    """Return weights that sum to the number of rows, and how much more sum log(table w) others may reach."""
    rows = len(table)
    scaled = weights * (rows / weights.sum())
    value = table @ scaled
    if value.min() <= 0:
        return scaled, inf
    return scaled, max(rows * float(np.log((table.T @ (1 / value)).max())), 0.0)


def _interior_point(table: Reals, tolerance: float) -> tuple[Reals, Reals]:
    """Maximise sum log(table w) - sum w over w >= 0; return w and the multipliers of w >= 0."""
    from scipy.linalg import cho_factor, cho_solve

    rows, columns = table.shape
    weights = np.full(columns, rows / columns)
    weights *= 2 * (table.T @ (1 / (table @ weights))).max()
    price = np.full(columns, 0.5)
    enough = rows * max(0.01 * tolerance, _ROUNDING)
    for _ in range(_STEPS):
        value = table @ weights
        slope = table.T @ (1 / value)
        if weights @ price <= enough and _scaled(table, weights)[1] <= enough:
            break
        ratio = price / weights
        normal = (table.T / value**2) @ table
        normal[np.diag_indices(columns)] += ratio
        try:
            factor = cho_factor(normal)
        except np.linalg.LinAlgError:  # as exact as it gets
            break
        goal = 0.0
        product = float(weights @ price) / columns
        for _ in range(2):  # straight ahead, then towards what that reaches
            step = cho_solve(factor, slope - 1 + goal / weights)
            change = goal / weights - price - ratio * step
            nearest = min((step / weights).min(), (change / price).min())
            length = min(1.0, 0.99 / -nearest) if nearest < 0 else 1.0
            ahead, cheaper = weights + length * step, price + length * change
            goal = max((float(ahead @ cheaper) / columns / product) ** 3, 1e-4) * product
        weights, price = ahead, cheaper
    return weights, price


def _errors(table: Reals, weights: Reals) -> Reals:
    """Return standard errors of the weights above 0: NaN at 0, infinite where the likelihood is flat."""
    errors = np.full(len(weights), np.nan)
    on = np.flatnonzero(weights)
    share = table[:, on] / (table @ weights)[:, None] * weights[on]  # of relative errors
    values, vectors = np.linalg.eigh(share.T @ share)
    flat = values <= _SINGULAR * max(values[-1], 1.0)
    variance = (vectors[:, ~flat] ** 2 / values[~flat]).sum(axis=1)
    variance[(vectors[:, flat] ** 2).sum(axis=1) > 1e-8] = inf
    errors[on] = np.sqrt(variance) * weights[on]
    return errors
