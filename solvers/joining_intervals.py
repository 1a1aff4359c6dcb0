"""How sure weights are: profile likelihood, Fieller and sandwich intervals, and a test of fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from math import inf, nan, sqrt
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import UnsupportedProblemError
from solvers.joining_likelihood import Fit, Joins, fit

__all__ = ["FitTest", "Intervals", "fit_test"]

Reals = NDArray[np.float64]
_BINS = 10
_FAR = 1e3  # where the likelihood is 0, on the scale of a standard normal
_ROUGH = 1e-5  # last step of a fit on a profile; its log-likelihood is exact to the square
_NULL = 1e-9  # variance that counts as none, relative


@dataclass(frozen=True, slots=True)
class FitTest:
    """Joins observed against joins expected, in bins of the fitted chance.

    Attributes
    ----------
    statistic : float
        Quadratic form of the differences in the inverse of their covariance.
    freedom : int
        Its degrees of freedom; 0 if the bins leave none.
    p : float
        Chance of a larger one if the model is right; NaN without degrees of freedom.
    observed, expected : tuple of float
        Joins in each bin.
    """

    statistic: float
    freedom: int
    p: float
    observed: tuple[float, ...]
    expected: tuple[float, ...]


def fit_test(joins: Joins, best: Fit) -> FitTest:
    """Return observed and expected joins in at most ten bins of the fitted chance, and their chi-square.

    Notes
    -----
    The covariance of observed less expected is W - C J^-1 C': W the variance of the joins in each bin, C their
    covariance with the score, J the expected information.
    """
    asked = joins.joined + joins.refused
    chance, slope = joins.law.chance(joins.offset + joins.design @ best.coefficients)
    _, pattern = np.unique(chance.round(12), return_inverse=True)
    size = np.bincount(pattern, asked)
    place = np.minimum(((np.cumsum(size) - size / 2) / asked.sum() * _BINS).astype(np.int64), _BINS - 1)
    _, bins = np.unique(place[pattern], return_inverse=True)
    observed, expected = np.bincount(bins, joins.joined), np.bincount(bins, asked * chance)
    variance = asked * chance * (1 - chance)
    free = ~(joins.held & (best.coefficients <= 0))
    design = joins.design[:, free]
    score = np.divide(asked * slope**2, chance * (1 - chance), out=np.zeros_like(slope), where=variance > 0)
    shared = np.zeros((len(observed), design.shape[1]))
    np.add.at(shared, bins, (asked * slope)[:, None] * design)
    information = (design.T * score) @ design
    covariance = np.diag(np.bincount(bins, variance)) - shared @ np.linalg.solve(information, shared.T)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _NULL * max(float(np.bincount(bins, variance).max()), 1e-300)
    statistic = float((((observed - expected) @ vectors[:, kept]) ** 2 / values[kept]).sum())
    freedom = int(kept.sum())
    from scipy.stats import chi2

    p = float(chi2.sf(statistic, freedom)) if freedom else nan
    return FitTest(statistic, freedom, p, tuple(observed.tolist()), tuple(expected.tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Intervals of the coefficients of a fit and of their ratios.

    Attributes
    ----------
    joins : Joins
        The data.
    best : Fit
        The coefficients of greatest likelihood.
    covariance : ndarray of float64, shape (k, k)
        Covariance of the coefficients; 0 for those at their bound.
    quantile : float
        How many standard errors an interval reaches to each side.
    method : str
        How the intervals are made.
    by_profile : bool
        Whether by profile likelihood, else by the covariance.
    """

    joins: Joins
    best: Fit
    covariance: Reals
    quantile: float
    method: str
    by_profile: bool

    @classmethod
    def of(
        cls, joins: Joins, best: Fit, confidence: float, *, robust: bool, groups: NDArray[np.int64] | None
    ) -> Self:
        """Return the intervals of a fit; `groups` numbers the cluster of each offer.

        Raises
        ------
        UnsupportedProblemError
            If robust errors are wanted for a fit with a coefficient at its bound.
        """
        from scipy.stats import norm, t

        free = ~(joins.held & (best.coefficients <= 0))
        inside = np.ix_(free, free)
        covariance = np.zeros_like(best.information)
        covariance[inside] = np.linalg.inv(best.information[inside])
        upper = (1 + confidence) / 2
        if not robust:
            return cls(joins, best, covariance, float(norm.ppf(upper)), "profile likelihood", True)
        if not free.all():
            raise UnsupportedProblemError(
                "a weight is at its bound of 0, where sandwich errors say nothing; leave that motive out, or robust"
            )
        if groups is None:
            meat, factor, quantile, method = (
                _meat(joins, best),
                1.0,
                float(norm.ppf(upper)),
                "sandwich, Fieller",
            )
        else:
            number = int(groups.max()) + 1
            summed = np.zeros((number, len(best.coefficients)))
            np.add.at(summed, groups, joins.pieces(best.coefficients)[1][:, None] * joins.design)
            meat, factor = summed.T @ summed, number / (number - 1)
            quantile, method = float(t.ppf(upper, number - 1)), f"sandwich by {number} clusters, Fieller"
        return cls(joins, best, factor * covariance @ meat @ covariance, quantile, method, False)

    @property
    def stderr(self) -> Reals:
        """Standard errors, float64 of shape (k,); NaN for coefficients at their bound."""
        variance = np.diag(self.covariance)
        return np.sqrt(np.where(variance > 0, variance, nan))

    def ratio_stderr(self, base: int) -> Reals:
        """Return standard errors of all coefficients over that of column `base`, by the delta method."""
        beta, cov = self.best.coefficients, self.covariance
        ratio = beta / beta[base]
        variance = np.diag(cov) - 2 * ratio * cov[base] + ratio**2 * cov[base, base]
        variance[base] = 0.0
        return np.where(np.isnan(self.stderr), nan, np.sqrt(np.maximum(variance, 0.0)) / beta[base])

    def coefficient(self, j: int) -> tuple[float, float]:
        """Return the interval of coefficient `j`."""
        centre, stderr = float(self.best.coefficients[j]), float(self.stderr[j])
        if not self.by_profile:
            reach = self.quantile * stderr
            return (max(centre - reach, 0.0) if self.joins.held[j] else centre - reach), centre + reach
        joins = self.joins
        column = joins.design[:, j]
        fewer = replace(joins, design=np.delete(joins.design, j, axis=1), held=np.delete(joins.held, j))
        step = stderr if stderr > 0 else 1 / sqrt(self.best.information[j, j])

        def value(at: float) -> float:
            start = np.delete(self._near(np.eye(len(joins.held))[j], at), j)
            return fit(replace(fewer, offset=joins.offset + at * column), start=start, tolerance=_ROUGH).value

        return self._profile(value, centre, step, least=0.0 if joins.held[j] else -inf)

    def ratio(self, j: int, base: int) -> tuple[float, float]:
        """Return the interval of coefficient `j` over coefficient `base`, which is above 0.

        The ends are infinite if the data do not tell the coefficient of `base` from 0.
        """
        if j == base:
            return 1.0, 1.0
        joins, beta, held = self.joins, self.best.coefficients, bool(self.joins.held[j])
        if not self.by_profile:
            low, high = self._fieller(j, base)
            return (max(low, 0.0) if held else low), high
        design = joins.design
        least = 0.0 if held else -inf
        without = replace(joins, design=np.delete(design, base, axis=1), held=np.delete(joins.held, base))
        told = self._depth(fit(without).value) > 0
        if not told and not held:
            return -inf, inf
        place = base - (base > j)
        fewer, unit = replace(joins, held=np.delete(joins.held, j)), np.eye(len(beta))

        def value(ratio: float) -> float:
            start = np.delete(self._near(unit[j] - ratio * unit[base], 0.0), j)
            merged = np.delete(design, j, axis=1)
            merged[:, place] = design[:, base] + ratio * design[:, j]
            return fit(replace(fewer, design=merged), start=start, tolerance=_ROUGH).value

        step = float(self.ratio_stderr(base)[j])
        if not step > 0:
            step = 1 / (sqrt(self.best.information[j, j]) * beta[base])
        low, high = self._profile(value, float(beta[j] / beta[base]), step, least=least, bounded=told)
        return low, high

    def _near(self, row: Reals, total: float) -> Reals:
        """Return about the best coefficients whose product with a row is given: exact for a quadratic likelihood."""
        beta, along = self.best.coefficients, self.covariance @ row
        if not along.any():
            return beta
        moved = beta + along * (total - row @ beta) / (row @ along)
        return np.where(self.joins.held, np.maximum(moved, 0.0), moved)

    def _depth(self, value: float) -> float:
        """Return how far a log-likelihood lies below the greatest, less the quantile, in standard errors."""
        return min(sqrt(max(2 * (self.best.value - value), 0.0)), _FAR) - self.quantile

    def _profile(
        self,
        value: Callable[[float], float],
        centre: float,
        step: float,
        *,
        least: float,
        bounded: bool = True,
    ) -> tuple[float, float]:
        """Return where a quasi-concave profile of the log-likelihood has fallen by what the confidence allows."""
        from scipy.optimize import brentq

        @cache
        def depth(at: float) -> float:
            return self._depth(value(at)) if at != centre else -self.quantile

        def edge(side: int) -> float:
            inner, reach = centre, self.quantile * step
            while True:
                outer = max(centre + side * reach, least)
                if depth(outer) >= 0:
                    return float(brentq(depth, inner, outer, xtol=1e-5 * step, rtol=1e-12))
                if outer == least or reach > 1e9 * step:
                    return outer if outer == least else side * inf
                inner, reach = outer, 1.5 * reach

        return edge(-1), edge(1) if bounded else inf

    def _fieller(self, j: int, base: int) -> tuple[float, float]:
        beta, cov, square = self.best.coefficients, self.covariance, self.quantile**2
        a = float(beta[base] ** 2 - square * cov[base, base])
        b = float(beta[j] * beta[base] - square * cov[j, base])
        c = float(beta[j] ** 2 - square * cov[j, j])
        if a <= 0:
            return -inf, inf
        root = sqrt(max(b * b - a * c, 0.0))
        return (b - root) / a, (b + root) / a


def _meat(joins: Joins, best: Fit) -> Reals:
    """Return the sum over people of the squares of their scores."""
    worth = joins.offset + joins.design @ best.coefficients
    square = np.zeros_like(worth)
    for count, parts in ((joins.joined, joins.law.joined), (joins.refused, joins.law.refused)):
        some = count > 0
        square[some] += count[some] * parts(worth[some])[1] ** 2
    return np.asarray((joins.design.T * square) @ joins.design)
