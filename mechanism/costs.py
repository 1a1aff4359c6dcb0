"""Cost distributions: what joining or inviting costs a person, in money."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import number

__all__ = ["CostModel", "ExponentialCost", "UniformCost", "fractions", "money"]

if TYPE_CHECKING:
    from mechanism.cost_laws import EmpiricalCost, LogisticCost, LognormalCost, WeibullCost

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CostModel(ABC):
    """Distribution of a private cost: F(x) = P(cost <= x), money.

    Make one with `CostModel.exponential`, `uniform`, `lognormal`, `weibull`, `logistic` or `empirical`. All but the
    last are log-concave: log F is concave, which scheme design relies on.
    """

    @staticmethod
    def exponential(*, mean: float) -> ExponentialCost:
        """Return the exponential distribution with the given mean, money > 0.

        Examples
        --------
        >>> float(CostModel.exponential(mean=2.0).cdf(2.0).round(4))
        0.6321
        """
        return ExponentialCost(mean)

    @staticmethod
    def uniform(*, low: float, high: float) -> UniformCost:
        """Return the uniform distribution on [low, high], money, 0 <= low < high.

        Examples
        --------
        >>> float(CostModel.uniform(low=0, high=4).cdf(1.0))
        0.25
        """
        return UniformCost(low, high)

    @staticmethod
    def lognormal(*, median: float, sigma: float) -> LognormalCost:
        """Return the lognormal distribution with a median, money > 0, and a standard deviation of the logarithm > 0.

        Examples
        --------
        >>> float(CostModel.lognormal(median=2.0, sigma=0.5).cdf(2.0))
        0.5
        """
        from mechanism.cost_laws import LognormalCost

        return LognormalCost(median, sigma)

    @staticmethod
    def weibull(*, scale: float, shape: float) -> WeibullCost:
        """Return the Weibull distribution with a scale, money > 0, and a shape > 0.

        Examples
        --------
        >>> CostModel.weibull(scale=2.0, shape=1.0).mean
        2.0
        """
        from mechanism.cost_laws import WeibullCost

        return WeibullCost(scale, shape)

    @staticmethod
    def logistic(*, mean: float, scale: float) -> LogisticCost:
        """Return the logistic distribution with a mean, money >= 0, and a scale, money > 0; it has a share below zero.

        Examples
        --------
        >>> round(CostModel.logistic(mean=2.0, scale=1.0).below_zero, 4)
        0.1192
        """
        from mechanism.cost_laws import LogisticCost

        return LogisticCost(mean, scale)

    @staticmethod
    def empirical(sample: ArrayLike) -> EmpiricalCost:
        """Return the distribution of observed costs, money.

        Examples
        --------
        >>> float(CostModel.empirical([3.0, 1.0, 2.0, 2.0]).cdf(2.0))
        0.75
        """
        from mechanism.cost_laws import EmpiricalCost

        return EmpiricalCost(tuple(np.atleast_1d(np.asarray(sample)).tolist()))

    @property
    def is_log_concave(self) -> bool:
        """Whether log F is concave."""
        return True

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean cost, money."""

    @abstractmethod
    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""

    @abstractmethod
    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the derivative of log F at x, 1 / money; 0 where F is 1, inf where F is 0."""

    @abstractmethod
    def ppf(self, u: ArrayLike) -> Reals:
        """Return the cost below which a fraction u of the people lies, u in [0, 1)."""

    @abstractmethod
    def scaled(self, factor: float) -> CostModel:
        """Return the distribution of the cost multiplied by a factor above 0."""

    def log_concave_majorant(self) -> CostModel:
        """Return the least log-concave distribution function that is nowhere below this one: most laws' own."""
        return self

    def log_cdf(self, x: ArrayLike) -> Reals:
        """Return log F(x); -inf where F is 0.

        Examples
        --------
        >>> CostModel.uniform(low=0, high=1).log_cdf([0.0, 1.0]).tolist()
        [-inf, 0.0]
        """
        with np.errstate(divide="ignore"):
            return np.log(self.cdf(x))

    @classmethod
    def parse(cls, text: str) -> CostModel:
        """Read ``"0.8"`` (a mean), or a law and its parameters such as ``"uniform:0:2"`` (low, high).

        The others are ``"exponential:MEAN"``, ``"lognormal:MEDIAN:SIGMA"``, ``"weibull:SCALE:SHAPE"`` and
        ``"logistic:MEAN:SCALE"``.

        Examples
        --------
        >>> CostModel.parse("uniform:0:2")
        UniformCost(low=0.0, high=2.0)
        """
        from mechanism import cost_laws

        laws: dict[str, Any] = {
            "exponential": ExponentialCost,
            "uniform": UniformCost,
            "lognormal": cost_laws.LognormalCost,
            "weibull": cost_laws.WeibullCost,
            "logistic": cost_laws.LogisticCost,
        }
        name, *rest = text.split(":") if isinstance(text, str) else ("",)
        try:
            if not rest:
                return ExponentialCost(float(name))
            if name in laws and len(rest) == len(fields(laws[name])):
                law: CostModel = laws[name](*map(float, rest))
                return law
        except InvalidInputError:
            raise
        except ValueError:
            pass
        raise InvalidInputError(
            "cost",
            text,
            allowed=(
                "a mean such as 0.8, exponential:MEAN, uniform:LOW:HIGH, lognormal:MEDIAN:SIGMA, "
                "weibull:SCALE:SHAPE or logistic:MEAN:SCALE"
            ),
        )


@dataclass(frozen=True, slots=True)
class ExponentialCost(CostModel):
    """F(x) = 1 - exp(-x / mean) for x >= 0."""

    mean: float = field()  # no default: the inherited property is none

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", money("mean", self.mean, above=0.0))

    def scaled(self, factor: float) -> ExponentialCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        return ExponentialCost(self.mean * factor)

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        return -np.expm1(-np.maximum(np.asarray(x, dtype=np.float64), 0.0) / self.mean)

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the derivative of log F at x."""
        ratio = np.maximum(np.asarray(x, dtype=np.float64), 0.0) / self.mean
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(1.0 / (self.mean * np.expm1(ratio)))

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        return np.asarray(-self.mean * np.log1p(-fractions(u)))


@dataclass(frozen=True, slots=True)
class UniformCost(CostModel):
    """F(x) = (x - low) / (high - low) on [low, high]."""

    low: float
    high: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", money("low", self.low, least=0.0))
        object.__setattr__(self, "high", money("high", self.high, above=self.low))

    @property
    def mean(self) -> float:
        """Mean cost, money."""
        return (self.low + self.high) / 2

    def scaled(self, factor: float) -> UniformCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        return UniformCost(low=self.low * factor, high=self.high * factor)

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        share = (np.asarray(x, dtype=np.float64) - self.low) / (self.high - self.low)
        return np.clip(share, 0.0, 1.0)

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the derivative of log F at x."""
        above = np.asarray(x, dtype=np.float64) - self.low
        with np.errstate(divide="ignore"):
            inside = np.where(above <= 0, np.inf, 1.0 / np.maximum(above, 0.0))
        return np.where(above >= self.high - self.low, 0.0, inside)

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        return np.asarray(self.low + (self.high - self.low) * fractions(u))


def money(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    unit: str = "amount of money",
) -> float:
    """Return an amount of money; refuse what is not finite and in range."""
    bound = f"above {above:g}" if above is not None else f"at least {least:g}"
    allowed = f"a finite {unit} {bound}"
    amount = float(number(value, argument=name, allowed=allowed))
    if (above is not None and amount <= above) or (least is not None and amount < least):
        raise InvalidInputError(name, value, allowed=allowed)
    return amount


def fractions(u: ArrayLike) -> Reals:
    """Return fractions of people in [0, 1) as an array."""
    array = np.asarray(u, dtype=np.float64)
    outside = ~((array >= 0) & (array < 1))
    if outside.any():
        index = tuple(int(i) for i in np.argwhere(outside)[0])
        raise InvalidInputError("u", float(array[index]), index=index or None, allowed="in [0, 1)")
    return array
