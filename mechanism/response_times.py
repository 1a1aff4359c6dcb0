"""Response times: how long it takes from an invitation to the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import exp, inf, isfinite, log
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.costs import fractions
from mechanism.errors import InvalidInputError
from mechanism.numbers import number

__all__ = ["ExponentialTime", "GammaTime", "LognormalTime", "ParetoTime", "ResponseTime"]

Reals = NDArray[np.float64]
_LARGEST = log(np.finfo(np.float64).max)


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

    @abstractmethod
    def ppf(self, u: ArrayLike) -> Reals:
        """Return the time within which a fraction u of the answers comes, u in [0, 1)."""

    @property
    def median(self) -> float:
        """Time within which half of the answers come."""
        return float(self.ppf(0.5))

    def to_dict(self) -> dict[str, Any]:
        """Return the law and its parameters as plain Python values, ready for JSON.

        Examples
        --------
        >>> ResponseTime.gamma(shape=2, mean=1).to_dict()
        {'law': 'gamma', 'shape': 2.0, 'mean': 1.0}
        """
        return {"law": self.kind, **{_spelling(own.name): getattr(self, own.name) for own in fields(self)}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ResponseTime:
        """Return the law that `to_dict` wrote; refuse unknown laws and parameters.

        Examples
        --------
        >>> ResponseTime.from_dict({"law": "pareto", "least": 1, "exponent": 2}).mean
        2.0
        """
        law = _LAWS.get(str(data.get("law"))) if isinstance(data, Mapping) else None
        names = [_spelling(own.name) for own in fields(law)] if law is not None else []
        if law is None or set(data) != {"law", *names}:
            raise InvalidInputError(
                "response time", data, allowed="a law and its parameters, as to_dict writes them"
            )
        made: ResponseTime = law(*(data[name] for name in names))
        return made

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

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        return np.asarray(-self.average * np.log1p(-fractions(u)))


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

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        from scipy.special import gammaincinv

        return np.asarray(gammaincinv(self.shape, fractions(u)) * (self.average / self.shape))


@dataclass(frozen=True, slots=True)
class LognormalTime(ResponseTime):
    """The logarithm of the time is normal with mean log(median) and standard deviation sigma."""

    kind: ClassVar[str] = "lognormal"
    median: float = field()  # no default: the inherited property is none
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
        """Mean time; infinite where it is beyond the largest float."""
        logarithm = log(self.median) + self.sigma * self.sigma / 2
        return exp(logarithm) if logarithm < _LARGEST else inf

    def cdf(self, t: ArrayLike) -> Reals:
        """Return P(time <= t)."""
        from scipy.special import ndtr

        with np.errstate(divide="ignore"):
            return np.asarray(ndtr((np.log(_times(t)) - log(self.median)) / self.sigma))

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        from scipy.special import ndtri

        with np.errstate(over="ignore"):
            return np.asarray(self.median * np.exp(self.sigma * ndtri(fractions(u))))


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

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        with np.errstate(over="ignore"):
            return np.asarray(self.least * np.exp(-np.log1p(-fractions(u)) / self.exponent))


_LAWS: dict[str, Any] = {law.kind: law for law in (ExponentialTime, GammaTime, LognormalTime, ParetoTime)}


def _spelling(name: str) -> str:
    """Return what users call a field: an inherited property has the name of the mean."""
    return "mean" if name == "average" else name


def _positive(name: str, value: object) -> float:
    allowed = "a finite number above 0"
    amount = float(number(value, argument=name, allowed=allowed))
    if not (isfinite(amount) and amount > 0):
        raise InvalidInputError(name, value, allowed=allowed)
    return amount


def _times(t: ArrayLike) -> Reals:
    return np.maximum(np.asarray(t, dtype=np.float64), 0.0)
