"""More cost distributions: lognormal, Weibull, logistic, and costs as observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, gamma, inf, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.costs import CostModel, fractions, money
from mechanism.errors import InvalidInputError

__all__ = ["EmpiricalCost", "LogisticCost", "LognormalCost", "WeibullCost"]

Reals = NDArray[np.float64]
_LOG_ROOT_TWO_PI = 0.5 * log(2 * np.pi)
_LARGEST = log(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class LognormalCost(CostModel):
    """The logarithm of the cost is normal: F(x) = Phi(log(x / median) / sigma) for x > 0."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "median", money("median", self.median, above=0.0))
        object.__setattr__(self, "sigma", money("sigma", self.sigma, above=0.0, unit="number"))

    @property
    def mean(self) -> float:
        """Mean cost, money; infinite where it is beyond the largest float."""
        logarithm = log(self.median) + self.sigma * self.sigma / 2
        return exp(logarithm) if logarithm < _LARGEST else inf

    def _standard(self, x: ArrayLike) -> Reals:
        with np.errstate(divide="ignore"):
            return (np.log(np.maximum(np.asarray(x, dtype=np.float64), 0.0)) - log(self.median)) / self.sigma

    def scaled(self, factor: float) -> LognormalCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        return LognormalCost(self.median * factor, self.sigma)

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        from scipy.special import ndtr

        return np.asarray(ndtr(self._standard(x)))

    def log_cdf(self, x: ArrayLike) -> Reals:
        """Return log F(x), exact also where F underflows; -inf where x <= 0."""
        from scipy.special import log_ndtr

        return np.asarray(log_ndtr(self._standard(x)))

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the derivative of log F at x."""
        from scipy.special import log_ndtr

        amount = np.asarray(x, dtype=np.float64)
        z = self._standard(amount)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inverse_mills = np.exp(-z * z / 2 - _LOG_ROOT_TWO_PI - log_ndtr(z))
            return np.where(amount > 0, inverse_mills / (self.sigma * amount), np.inf)

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        from scipy.special import ndtri

        return np.asarray(self.median * np.exp(self.sigma * ndtri(fractions(u))))


@dataclass(frozen=True, slots=True)
class WeibullCost(CostModel):
    """F(x) = 1 - exp(-(x / scale) ** shape) for x >= 0; log-concave for every shape.

    From shape 1 on the density is log-concave, below 1 the distribution function is concave itself.
    """

    scale: float
    shape: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", money("scale", self.scale, above=0.0))
        object.__setattr__(self, "shape", money("shape", self.shape, above=0.0, unit="number"))

    @property
    def mean(self) -> float:
        """Mean cost, money; infinite where it is beyond the largest float."""
        try:
            return self.scale * gamma(1 + 1 / self.shape)
        except OverflowError:
            return inf

    def _power(self, x: ArrayLike) -> Reals:
        with np.errstate(over="ignore"):
            return np.asarray((np.maximum(np.asarray(x, dtype=np.float64), 0.0) / self.scale) ** self.shape)

    def scaled(self, factor: float) -> WeibullCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        return WeibullCost(self.scale * factor, self.shape)

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        return -np.expm1(-self._power(x))

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the derivative of log F at x."""
        amount = np.asarray(x, dtype=np.float64)
        power = self._power(amount)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = self.shape * power / (amount * np.expm1(power))
            return np.where(amount > 0, np.where(np.isinf(power), 0.0, np.nan_to_num(slope, nan=0.0)), np.inf)

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        return np.asarray(self.scale * (-np.log1p(-fractions(u))) ** (1 / self.shape))


@dataclass(frozen=True, slots=True)
class LogisticCost(CostModel):
    """F(x) = 1 / (1 + exp(-(x - mean) / scale)): some people would pay to take part.

    Attributes
    ----------
    below_zero : float
        Share of the people whose cost is negative, F(0).
    """

    mean: float = field()  # no default: the inherited property is none
    scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", money("mean", self.mean, least=0.0))
        object.__setattr__(self, "scale", money("scale", self.scale, above=0.0))

    @property
    def below_zero(self) -> float:
        """Share of the people whose cost is negative."""
        return float(self.cdf(0.0))

    def scaled(self, factor: float) -> LogisticCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        return LogisticCost(self.mean * factor, self.scale * factor)

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        from scipy.special import expit

        return np.asarray(expit((np.asarray(x, dtype=np.float64) - self.mean) / self.scale))

    def log_cdf(self, x: ArrayLike) -> Reals:
        """Return log F(x), finite everywhere."""
        return -np.logaddexp(0.0, -(np.asarray(x, dtype=np.float64) - self.mean) / self.scale)

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the derivative of log F at x, at most 1 / scale."""
        from scipy.special import expit

        return np.asarray(expit(-(np.asarray(x, dtype=np.float64) - self.mean) / self.scale) / self.scale)

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile; -inf for u = 0."""
        share = fractions(u)
        with np.errstate(divide="ignore"):
            return np.asarray(self.mean + self.scale * (np.log(share) - np.log1p(-share)))


@dataclass(frozen=True, slots=True)
class EmpiricalCost(CostModel):
    """Costs as observed: F(x) is the share of the sample that is at most x. Not log-concave.

    Parameters
    ----------
    sample : sequence of float
        Observed costs, money; negative ones stand for people who would pay to take part.
    """

    sample: tuple[float, ...]

    def __post_init__(self) -> None:
        allowed = "finite amounts of money, at least one"
        try:
            values = np.asarray(self.sample, dtype=np.float64)
        except (TypeError, ValueError):
            raise InvalidInputError("sample", self.sample, allowed=allowed) from None
        if values.ndim != 1 or not values.size:
            raise InvalidInputError("sample", self.sample, allowed=allowed)
        bad = ~np.isfinite(values)
        if bad.any():
            first = int(bad.argmax())
            raise InvalidInputError("sample", float(values[first]), index=first, allowed=allowed)
        object.__setattr__(self, "sample", tuple(np.sort(values).tolist()))

    @property
    def is_log_concave(self) -> bool:
        """False: a step function is not."""
        return False

    @property
    def mean(self) -> float:
        """Mean of the sample, money."""
        return float(np.mean(self.sample))

    def scaled(self, factor: float) -> EmpiricalCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        factor = money("factor", factor, above=0.0, unit="number")
        return EmpiricalCost(tuple(cost * factor for cost in self.sample))

    def log_concave_majorant(self) -> ConcaveLogCost:
        """Return the least log-concave distribution function that is nowhere below this one.

        Its logarithm is the upper hull of the points (cost, log F(cost)).

        Examples
        --------
        >>> law = CostModel.empirical([1.0, 2.0, 3.0, 4.0]).log_concave_majorant()
        >>> law.cdf([0.5, 1.0, 1.5]).round(3).tolist()
        [0.0, 0.25, 0.354]
        """
        costs = np.unique(self.sample)
        hull: list[tuple[float, float]] = []
        for x, y in zip(costs.tolist(), np.log(self.cdf(costs)).tolist(), strict=True):
            while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], (x, y)):
                hull.pop()
            hull.append((x, y))
        return ConcaveLogCost(tuple(x for x, _ in hull), tuple(y for _, y in hull))

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        return np.searchsorted(self.sample, np.asarray(x, dtype=np.float64), side="right") / len(self.sample)

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return 0, the distribution function is flat between observations; inf below the first one."""
        return np.where(np.asarray(x, dtype=np.float64) < self.sample[0], np.inf, 0.0)

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the least cost that a share of more than u of the sample does not exceed."""
        place = np.floor(fractions(u) * len(self.sample)).astype(np.int64)
        return np.asarray(self.sample)[place]


@dataclass(frozen=True, slots=True)
class ConcaveLogCost(CostModel):
    """log F is linear between knots, -inf below the first and 0 from the last on; concave by its making.

    Parameters
    ----------
    knots : tuple of float
        Costs, money, increasing.
    logs : tuple of float
        log F there, increasing to 0, the slopes falling.
    """

    knots: tuple[float, ...]
    logs: tuple[float, ...]

    def __post_init__(self) -> None:
        x, y = np.array(self.knots), np.array(self.logs)
        if x.ndim != 1 or not x.size or not np.isfinite(x).all() or (np.diff(x) <= 0).any():
            raise InvalidInputError("knots", self.knots, allowed="increasing amounts of money, at least one")
        slopes = np.diff(y) / np.diff(x) if y.shape == x.shape else np.array([-1.0])
        rising = np.diff(slopes) > 1e-12 * slopes[:-1]  # more than rounding makes of them
        if (slopes <= 0).any() or rising.any() or y[-1] != 0:
            raise InvalidInputError(
                "logs", self.logs, allowed="as many logarithms, increasing to 0 ever more slowly"
            )

    @property
    def mean(self) -> float:
        """Mean cost, money."""
        x, y = np.array(self.knots), np.array(self.logs)
        rise = np.diff(y)
        area = np.diff(x) * np.divide(np.diff(np.exp(y)), rise, out=np.exp(y[1:]), where=rise != 0)
        return float(x[-1] - area.sum())

    def scaled(self, factor: float) -> ConcaveLogCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        factor = money("factor", factor, above=0.0, unit="number")
        return ConcaveLogCost(tuple(x * factor for x in self.knots), self.logs)

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        at = np.asarray(x, dtype=np.float64)
        return np.where(at < self.knots[0], 0.0, np.exp(np.interp(at, self.knots, self.logs)))

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the right derivative of log F at x."""
        slopes = np.append(np.diff(self.logs) / np.diff(self.knots), 0.0)
        place = np.searchsorted(self.knots, np.asarray(x, dtype=np.float64), side="right") - 1
        return np.where(place < 0, np.inf, slopes[np.maximum(place, 0)])

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        with np.errstate(divide="ignore"):
            return np.interp(np.log(fractions(u)), self.logs, self.knots)


def _slope(one: tuple[float, float], two: tuple[float, float]) -> float:
    return (two[1] - one[1]) / (two[0] - one[0])
