"""Response times: how long it takes from an invitation to the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from math import exp, inf, isfinite, log
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import number

__all__ = ["ExponentialTime", "GammaTime", "LognormalTime", "ParetoTime", "ResponseTime"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ResponseTime(ABC):
    """Distribution of a response time, in the user's unit of time, such as days.

    Make one with `ResponseTime.exponential`, `gamma`, `lognormal` or `pareto`. Answers to e-mails and chain letters are
    well described by the heavy-tailed last two (Iribarren and Moro 2009).
    """

    kind: ClassVar[str]

    @staticmethod
    def exponential(*, mean: float) -> ExponentialTime:
        """Return the exponential distribution with a mean above 0.

        Examples
        --------
        >>> float(ResponseTime.exponential(mean=2).cdf(2.0).round(4))
        0.6321
        """
        return ExponentialTime(mean)

    @staticmethod
    def gamma(*, shape: float, mean: float) -> GammaTime:
        """Return the gamma distribution with a shape and a mean above 0.

        Examples
        --------
        >>> float(ResponseTime.gamma(shape=2, mean=1).cdf(1.0).round(4))  # 1 - 3 exp(-2)
        0.594
        """
        return GammaTime(shape, mean)

    @staticmethod
    def lognormal(*, median: float, sigma: float) -> LognormalTime:
        """Return the lognormal distribution with a median and a standard deviation of the logarithm above 0.

        Examples
        --------
        >>> float(ResponseTime.lognormal(median=3, sigma=1.5).cdf(3.0))
        0.5
        """
        return LognormalTime(median, sigma)

    @staticmethod
    def pareto(*, least: float, exponent: float) -> ParetoTime:
        """Return the Pareto distribution P(time > t) = (least / t) ** exponent from `least` on, both above 0.

        Examples
        --------
        >>> float(ResponseTime.pareto(least=1, exponent=2).cdf(2.0))
        0.75
        """
        return ParetoTime(least, exponent)

    @property
    @abstractmethod
    def parameters(self) -> tuple[float, float]:
        """The two numbers that a simulation draws with: a scale and a shape (1 where there is none)."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean time; infinite for a Pareto exponent of at most 1."""

    @abstractmethod
    def cdf(self, t: ArrayLike) -> Reals:
        """Return P(time <= t)."""

    @classmethod
    def parse(cls, text: str) -> ResponseTime:
        """Read a law and its parameters in the order of their names, such as ``"gamma:SHAPE:MEAN"``.

        Examples
        --------
        >>> ResponseTime.parse("lognormal:1:1.5")
        LognormalTime(median=1.0, sigma=1.5)
        """
        allowed = "exponential:MEAN, gamma:SHAPE:MEAN, lognormal:MEDIAN:SIGMA or pareto:LEAST:EXPONENT"
        name, *rest = text.split(":") if isinstance(text, str) else ("",)
        law = _LAWS.get(name)
        if law is None or len(rest) != len(fields(law)):
            raise InvalidInputError("response time", text, allowed=allowed)
        try:
            values = [float(value) for value in rest]
        except ValueError:
            raise InvalidInputError("response time", text, allowed=allowed) from None
        made: ResponseTime = law(*values)
        return made


@dataclass(frozen=True, slots=True)
class ExponentialTime(ResponseTime):
    """P(time > t) = exp(-t / mean)."""

    kind: ClassVar[str] = "exponential"
    average: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "average", _positive("mean", self.average))

    @property
    def parameters(self) -> tuple[float, float]:
        """Mean and 1."""
        return self.average, 1.0

    @property
    def mean(self) -> float:
        """Mean time."""
        return self.average

    def cdf(self, t: ArrayLike) -> Reals:
        """Return P(time <= t)."""
        return -np.expm1(-_times(t) / self.average)


@dataclass(frozen=True, slots=True)
class GammaTime(ResponseTime):
    """Density proportional to t ** (shape - 1) * exp(-t * shape / mean)."""

    kind: ClassVar[str] = "gamma"
    shape: float
    average: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _positive("shape", self.shape))
        object.__setattr__(self, "average", _positive("mean", self.average))

    @property
    def parameters(self) -> tuple[float, float]:
        """Scale mean / shape and shape."""
        return self.average / self.shape, self.shape

    @property
    def mean(self) -> float:
        """Mean time."""
        return self.average

    def cdf(self, t: ArrayLike) -> Reals:
        """Return P(time <= t)."""
        from scipy.special import gammainc

        return np.asarray(gammainc(self.shape, _times(t) * self.shape / self.average))


@dataclass(frozen=True, slots=True)
class LognormalTime(ResponseTime):
    """The logarithm of the time is normal with mean log(median) and standard deviation sigma."""

    kind: ClassVar[str] = "lognormal"
    median: float
    sigma: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "median", _positive("median", self.median))
        object.__setattr__(self, "sigma", _positive("sigma", self.sigma))

    @property
    def parameters(self) -> tuple[float, float]:
        """Median and sigma."""
        return self.median, self.sigma

    @property
    def mean(self) -> float:
        """Mean time."""
        return self.median * exp(self.sigma**2 / 2)

    def cdf(self, t: ArrayLike) -> Reals:
        """Return P(time <= t)."""
        from scipy.special import ndtr

        with np.errstate(divide="ignore"):
            return np.asarray(ndtr((np.log(_times(t)) - log(self.median)) / self.sigma))


@dataclass(frozen=True, slots=True)
class ParetoTime(ResponseTime):
    """P(time > t) = (least / t) ** exponent for t >= least."""

    kind: ClassVar[str] = "pareto"
    least: float
    exponent: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "least", _positive("least", self.least))
        object.__setattr__(self, "exponent", _positive("exponent", self.exponent))

    @property
    def parameters(self) -> tuple[float, float]:
        """Least time and exponent."""
        return self.least, self.exponent

    @property
    def mean(self) -> float:
        """Mean time."""
        return self.least * self.exponent / (self.exponent - 1) if self.exponent > 1 else inf

    def cdf(self, t: ArrayLike) -> Reals:
        """Return P(time <= t)."""
        return 1.0 - (self.least / np.maximum(_times(t), self.least)) ** self.exponent


_LAWS: dict[str, Any] = {law.kind: law for law in (ExponentialTime, GammaTime, LognormalTime, ParetoTime)}


def _positive(name: str, value: object) -> float:
    allowed = "a finite number above 0"
    amount = float(number(value, argument=name, allowed=allowed))
    if not (isfinite(amount) and amount > 0):
        raise InvalidInputError(name, value, allowed=allowed)
    return amount


def _times(t: ArrayLike) -> Reals:
    return np.maximum(np.asarray(t, dtype=np.float64), 0.0)
