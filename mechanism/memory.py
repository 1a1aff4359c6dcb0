"""How a crowd answers: how long after an action those it triggers come, and how many, for what reward and money."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from math import exp, inf, lgamma, log
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.costs import CostModel, fractions, money
from mechanism.errors import InvalidInputError
from mechanism.numbers import whole

__all__ = ["ExponentialMemory", "Memory", "PowerMemory", "Response", "StretchedMemory"]

Reals = NDArray[np.float64]
Returns = Literal["linear", "root", "saturating"]
_EXACT_LAGS = (
    64  # from here on differences of the limited mean lose digits, and the density is smooth over a cell
)
_GAUSS = np.polynomial.legendre.leggauss(6)
_NODES, _NODE_WEIGHTS = 0.5 * _GAUSS[0] + 0.5, 0.5 * _GAUSS[1]
_CHECKED = 257  # rewards at which a given function is looked at


@dataclass(frozen=True, slots=True)
class Memory(ABC):
    """Law of the delay between an action and an action that it triggers, in the user's unit of time."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean delay; may be infinite."""

    @abstractmethod
    def density(self, t: ArrayLike) -> Reals:
        """Return the density at t, 1 / time; 0 before 0."""

    @abstractmethod
    def survival(self, t: ArrayLike) -> Reals:
        """Return P(delay > t), with full relative precision where it is small."""

    @abstractmethod
    def distribution(self, t: ArrayLike) -> Reals:
        """Return P(delay <= t), with full relative precision where it is small."""

    @abstractmethod
    def quantile(self, u: ArrayLike) -> Reals:
        """Return the delay within which a fraction u in [0, 1) of the triggered actions comes."""

    @abstractmethod
    def limited_mean(self, t: ArrayLike) -> Reals:
        """Return the mean of min(delay, t): the integral of the survival from 0 to t."""

    @property
    def median(self) -> float:
        """Delay within which half of the triggered actions come."""
        return float(self.quantile(0.5))

    def draw(self, rng: np.random.Generator, size: int) -> Reals:
        """Return independent delays, float64 of shape (size,)."""
        return self.quantile(rng.random(whole(size, argument="size", least=0)))

    def lags(self, step: float, count: int) -> Reals:
        """Return the chances that a triggered action comes 0, 1, ..., `count` - 1 cells of time after its trigger.

        The trigger is at a uniformly random moment of its cell of length `step`. O(count).

        Examples
        --------
        >>> chances = ExponentialMemory(1.0).lags(0.5, 60)
        >>> float(chances[0].round(6)), float(chances.sum().round(6))
        (0.213061, 1.0)
        """
        length = money("step", step, above=0.0, unit="time")
        cells = whole(count, argument="count")
        few = min(cells, _EXACT_LAGS)
        chances = np.empty(cells)
        limited = self.limited_mean(length * np.arange(few + 1))
        chances[0] = 1.0 - limited[1] / length
        chances[1:few] = -np.diff(limited, 2)[: few - 1] / length
        far = np.arange(few, cells, dtype=np.float64)
        chances[few:] = 0.0
        for node, weight in zip(_NODES, _NODE_WEIGHTS * (1.0 - _NODES) * length, strict=True):
            chances[few:] += weight * (
                self.density((far - node) * length) + self.density((far + node) * length)
            )
        return np.maximum(chances, 0.0)  # rounding alone makes a chance negative

    def to_dict(self) -> dict[str, Any]:
        """Return the law and its parameters as plain Python values, ready for JSON.

        Examples
        --------
        >>> PowerMemory(theta=0.4, scale=2).to_dict()
        {'memory': 'power', 'theta': 0.4, 'scale': 2.0}
        """
        return {"memory": self.kind, **{own.name: getattr(self, own.name) for own in fields(self)}}

    def _check(self) -> None:
        for own in fields(self):
            object.__setattr__(
                self, own.name, money(own.name, getattr(self, own.name), above=0.0, unit="number")
            )


@dataclass(frozen=True, slots=True)
class ExponentialMemory(Memory):
    """P(delay > t) = exp(-t / average): who acts is remembered at a constant rate of forgetting.

    Parameters
    ----------
    average : float
        Mean delay, time > 0.

    Raises
    ------
    InvalidInputError
        If it is not finite and above 0.

    Examples
    --------
    >>> round(ExponentialMemory(2.0).median, 4)
    1.3863
    """

    kind: ClassVar[str] = "exponential"
    average: float

    def __post_init__(self) -> None:
        self._check()

    @property
    def mean(self) -> float:
        """Mean delay."""
        return self.average

    def density(self, t: ArrayLike) -> Reals:
        """Return the density at t, 1 / time; 0 before 0."""
        time = np.asarray(t, dtype=np.float64)
        return np.where(time < 0, 0.0, np.exp(-_times(time) / self.average) / self.average)

    def survival(self, t: ArrayLike) -> Reals:
        """Return P(delay > t)."""
        return np.asarray(np.exp(-_times(t) / self.average))

    def distribution(self, t: ArrayLike) -> Reals:
        """Return P(delay <= t)."""
        return np.asarray(-np.expm1(-_times(t) / self.average))

    def quantile(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        return np.asarray(-self.average * np.log1p(-fractions(u)))

    def limited_mean(self, t: ArrayLike) -> Reals:
        """Return the mean of min(delay, t)."""
        return self.average * self.distribution(t)


@dataclass(frozen=True, slots=True)
class PowerMemory(Memory):
    """P(delay > t) = (1 + t / scale) ** -theta: the density falls as 1 / t ** (1 + theta), cut below the scale.

    Parameters
    ----------
    theta : float
        Exponent, above 0; the mean delay is infinite up to 1.
    scale : float
        Time > 0 below which the density is nearly constant.

    Raises
    ------
    InvalidInputError
        If one is not finite and above 0.

    References
    ----------
    Crane and Sornette, "Robust dynamic classes revealed by measuring the response function of a social system",
    PNAS 105, 2008.

    Examples
    --------
    >>> memory = PowerMemory(theta=0.5, scale=1.0)
    >>> memory.median, float(memory.survival(99.0).round(12)), memory.mean
    (3.0, 0.1, inf)
    """

    kind: ClassVar[str] = "power"
    theta: float
    scale: float

    def __post_init__(self) -> None:
        self._check()

    @property
    def mean(self) -> float:
        """Mean delay."""
        return self.scale / (self.theta - 1) if self.theta > 1 else inf

    def _log(self, t: ArrayLike) -> Reals:
        return np.asarray(np.log1p(_times(t) / self.scale))

    def density(self, t: ArrayLike) -> Reals:
        """Return the density at t, 1 / time; 0 before 0."""
        inside = self.theta / self.scale * np.exp(-(1.0 + self.theta) * self._log(t))
        return np.where(np.asarray(t) < 0, 0.0, inside)

    def survival(self, t: ArrayLike) -> Reals:
        """Return P(delay > t)."""
        return np.asarray(np.exp(-self.theta * self._log(t)))

    def distribution(self, t: ArrayLike) -> Reals:
        """Return P(delay <= t)."""
        return np.asarray(-np.expm1(-self.theta * self._log(t)))

    def quantile(self, u: ArrayLike) -> Reals:
        """Return the quantile; infinite where it is beyond the largest float."""
        with np.errstate(over="ignore"):
            return np.asarray(self.scale * np.expm1(-np.log1p(-fractions(u)) / self.theta))

    def limited_mean(self, t: ArrayLike) -> Reals:
        """Return the mean of min(delay, t)."""
        from scipy.special import exprel

        logarithm = self._log(t)
        return np.asarray(self.scale * logarithm * exprel((1.0 - self.theta) * logarithm))


@dataclass(frozen=True, slots=True)
class StretchedMemory(Memory):
    """Density proportional to exp(-rate * t ** power): novelty that fades as a stretched exponential.

    Parameters
    ----------
    rate : float
        Per time to the power `power`, above 0.
    power : float
        Above 0; below 1 the memory is stretched, at 1 it is exponential.

    Raises
    ------
    InvalidInputError
        If one is not finite and above 0.

    References
    ----------
    Wu and Huberman, "Novelty and collective attention", PNAS 104, 2007: with t in minutes, novelty
    exp(-0.4 t ** 0.4) has a half-life of 69 minutes. That is the median of all novelty; novelty itself is down
    to one half within 4 minutes.

    Examples
    --------
    >>> novelty = StretchedMemory(rate=0.4, power=0.4)
    >>> round(novelty.median, 2), float((novelty.density(3.95) / novelty.density(0)).round(3))
    (69.0, 0.5)
    """

    kind: ClassVar[str] = "stretched"
    rate: float
    power: float

    def __post_init__(self) -> None:
        self._check()

    @property
    def _log_mass(self) -> float:
        """Logarithm of the integral of exp(-rate * t ** power)."""
        return lgamma(1.0 + 1.0 / self.power) - log(self.rate) / self.power

    @property
    def mean(self) -> float:
        """Mean delay."""
        return exp(lgamma(2.0 / self.power) - lgamma(1.0 / self.power) - log(self.rate) / self.power)

    def _exponent(self, t: ArrayLike) -> Reals:
        return np.asarray(self.rate * _times(t) ** self.power)

    def density(self, t: ArrayLike) -> Reals:
        """Return the density at t, 1 / time; 0 before 0."""
        return np.where(np.asarray(t) < 0, 0.0, np.exp(-self._exponent(t) - self._log_mass))

    def survival(self, t: ArrayLike) -> Reals:
        """Return P(delay > t)."""
        from scipy.special import gammaincc

        return np.asarray(gammaincc(1.0 / self.power, self._exponent(t)))

    def distribution(self, t: ArrayLike) -> Reals:
        """Return P(delay <= t)."""
        from scipy.special import gammainc

        return np.asarray(gammainc(1.0 / self.power, self._exponent(t)))

    def quantile(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        from scipy.special import gammaincinv

        return np.asarray((gammaincinv(1.0 / self.power, fractions(u)) / self.rate) ** (1.0 / self.power))

    def limited_mean(self, t: ArrayLike) -> Reals:
        """Return the mean of min(delay, t)."""
        from scipy.special import gammainc

        before = self.mean * gammainc(2.0 / self.power, self._exponent(t))
        return np.asarray(_times(t) * self.survival(t) + before)


@dataclass(frozen=True, slots=True)
class Response:
    """What rewards and money bring: the branching ratio under a reward, and the mobilisation that money buys.

    Parameters
    ----------
    least, most : float
        Branching ratio without reward and under the highest rewards, 0 <= least <= most: how many actions each
        action triggers on average is n(R) = least + (most - least) F(R).
    law : CostModel or callable
        F: the distribution of what it costs to trigger an action, or any increasing function into [0, 1], of an array
        of rewards.
    price : float
        Money for each action that is bought, above 0: while few are; under "root" on average at the capacity.
    returns : {"linear", "root", "saturating"}
        How the rate mu of bought actions rises with money spent per time, s = spending(mu): linearly,
        s = price mu; as a square root, s = price mu^2 / capacity; or towards a capacity,
        s = -price capacity log(1 - mu / capacity).
    capacity : float, optional
        Rate of bought actions, 1 / time > 0, that sets where returns diminish; needed unless they are linear.
    most_reward : float, optional
        Highest reward that is considered, money > 0; by default what 99.9 % of the people ask at most. Needed with a
        function.

    Raises
    ------
    InvalidInputError
        If a parameter is out of range, or the function does not increase within [0, 1].

    Examples
    --------
    >>> from mechanism import CostModel
    >>> response = Response(0.2, 1.2, CostModel.uniform(low=0, high=2), price=5.0)
    >>> response.branching([0.0, 1.0, 2.0]).round(6).tolist(), round(response.critical_reward, 6)
    ([0.2, 0.7, 1.2], 1.6)
    """

    least: float
    most: float
    law: CostModel | Callable[[Reals], ArrayLike]
    price: float = 1.0
    returns: Returns = "linear"
    capacity: float | None = None
    most_reward: float | None = None

    def __post_init__(self) -> None:
        least = money("least", self.least, least=0.0, unit="number")
        most = money("most", self.most, least=least, unit="number")
        object.__setattr__(self, "least", least)
        object.__setattr__(self, "most", most)
        object.__setattr__(self, "price", money("price", self.price, above=0.0, unit="number"))
        if self.returns not in get_args(Returns):
            raise InvalidInputError("returns", self.returns, allowed=f"one of {', '.join(get_args(Returns))}")
        if self.returns == "linear" and self.capacity is not None:
            raise InvalidInputError("capacity", self.capacity, allowed="absent where returns are linear")
        if self.returns != "linear":
            object.__setattr__(self, "capacity", money("capacity", self.capacity, above=0.0, unit="number"))
        if not isinstance(self.law, CostModel) and not callable(self.law):
            raise InvalidInputError("law", self.law, allowed="a CostModel or a function of rewards")
        highest = self.most_reward
        if highest is None and isinstance(self.law, CostModel):
            highest = float(self.law.ppf(0.999))
        object.__setattr__(self, "most_reward", money("most_reward", highest, above=0.0))
        rewards = np.linspace(0.0, self.highest, _CHECKED)
        shares = self._share(rewards)
        wrong = ~((shares >= 0) & (shares <= 1)) | (np.diff(shares, prepend=0.0) < 0)
        if wrong.any():
            place = int(wrong.argmax())
            raise InvalidInputError(
                "law", f"{shares[place]} at a reward of {rewards[place]:g}", verb="gives",
                allowed="a function that increases within [0, 1]",
            )  # fmt: skip

    @property
    def highest(self) -> float:
        """The highest reward that is considered, money."""
        return float(self.most_reward)  # type: ignore[arg-type]  # set when made

    def _share(self, reward: ArrayLike) -> Reals:
        given = np.asarray(reward, dtype=np.float64)
        law = self.law.cdf if isinstance(self.law, CostModel) else self.law
        shares = np.asarray(law(given), dtype=np.float64)
        if shares.shape != given.shape:
            raise InvalidInputError(
                "law", f"shape {shares.shape} for rewards of shape {given.shape}", verb="gives",
                allowed="a function of arrays of rewards, element by element",
            )  # fmt: skip
        return shares

    def branching(self, reward: ArrayLike) -> Reals:
        """Return the branching ratio under each reward."""
        return self.least + (self.most - self.least) * self._share(reward)

    def reward_below(self, ratio: float) -> float:
        """Return the highest reward considered whose branching ratio is below a given one; -inf if there is none.

        By bisection to the last bit, for any increasing law.
        """
        if self.branching(0.0) >= ratio:
            return -inf
        low, high = 0.0, self.highest
        if self.branching(high) < ratio:
            return high
        while low < (middle := (low + high) / 2) < high:
            low, high = (middle, high) if self.branching(middle) < ratio else (low, middle)
        return low

    @property
    def critical_reward(self) -> float:
        """Reward above which each action triggers at least one: take-off; infinite if none considered does."""
        below = self.reward_below(1.0)
        return inf if below == self.highest else max(below, 0.0)

    def spending(self, rate: ArrayLike) -> Reals:
        """Return the money per time that a rate of bought actions costs; infinite from the capacity on."""
        mu = np.asarray(rate, dtype=np.float64)
        if self.capacity is None:
            return np.asarray(self.price * mu)
        if self.returns == "root":
            return np.asarray(self.price * mu * mu / self.capacity)
        with np.errstate(divide="ignore"):
            return np.asarray(-self.price * self.capacity * np.log1p(-np.minimum(mu / self.capacity, 1.0)))

    def bought(self, marginal: ArrayLike) -> Reals:
        """Return the rate of bought actions at which one more costs a given amount of money.

        0 where the first one costs more. Returns must diminish.
        """
        money = np.maximum(np.asarray(marginal, dtype=np.float64), 0.0)
        if self.capacity is None:
            raise InvalidInputError(
                "returns", self.returns, allowed="root or saturating: else the price is constant"
            )
        if self.returns == "root":
            return np.asarray(money * self.capacity / (2 * self.price))
        return np.asarray(self.capacity * (1.0 - self.price / np.maximum(money, self.price)))


def _times(t: ArrayLike) -> Reals:
    return np.maximum(np.asarray(t, dtype=np.float64), 0.0)
