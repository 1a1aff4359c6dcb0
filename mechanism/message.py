"""Messages: what a campaign says, how gladly it is passed on, and how well it speaks to what makes people act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import inf
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.cost_laws import LogisticCost
from mechanism.costs import CostModel, UniformCost, money
from mechanism.errors import InvalidInputError
from mechanism.motives import Motives
from mechanism.network import IncentiveNetwork
from mechanism.numbers import number, whole

__all__ = ["Message", "ShiftedCost", "random_messages"]

Reals = NDArray[np.float64]
_MOTIVES = ("profit", "charity", "reciprocity", "entertainment")


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """What a campaign says: how gladly it is passed on, and how well it speaks to each motive to act.

    To pass a message on costs nothing and commits to nothing; to act on it costs what joining costs. So a message has
    two sides that need not go together.

    Parameters
    ----------
    name : str
        Name of the message, not empty; may be given by position.
    sharing : float
        Sharing appeal in [0, 1]: chance that somebody whom the message has reached passes it on to a given contact
        whom it can reach. It multiplies the contact probability where people only share, and is of no effect on
        those who act.
    cost : float
        What it costs more to do what this message asks for, money, at least 0; added to the cost of joining.
    profit, charity, reciprocity, entertainment : float
        Appeals, at least 0: factors by which the message multiplies the weight of each of a person's motives. 1 leaves
        a motive as it is, 0 silences it. A message of itself moves nobody: it speaks to motives that people have.

    Raises
    ------
    InvalidInputError
        If a value is out of its range.

    Examples
    --------
    A joke that everybody passes on, and a plain request that pays as well and speaks to what people care for:

    >>> joke = Message("joke", sharing=0.9, profit=0.5, entertainment=1.0)
    >>> plain = Message("plain", sharing=0.2, charity=1.0)
    >>> Message.from_dict(plain.to_dict()) == plain
    True
    """

    name: str
    sharing: float
    cost: float
    profit: float
    charity: float
    reciprocity: float
    entertainment: float

    def __init__(
        self,
        name: str,
        *,
        sharing: float,
        cost: float = 0.0,
        profit: float = 1.0,
        charity: float = 0.0,
        reciprocity: float = 0.0,
        entertainment: float = 0.0,
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise InvalidInputError("name", name, allowed="a text that is not empty")
        object.__setattr__(self, "name", name)
        allowed = "a chance in [0, 1]"
        chance = float(number(sharing, argument="sharing", allowed=allowed))
        if not 0 <= chance <= 1:
            raise InvalidInputError("sharing", sharing, allowed=allowed)
        object.__setattr__(self, "sharing", chance)
        object.__setattr__(self, "cost", money("cost", cost, least=0.0))
        for motive, appeal in zip(_MOTIVES, (profit, charity, reciprocity, entertainment), strict=True):
            object.__setattr__(self, motive, money(motive, appeal, least=0.0, unit="number"))

    @property
    def appeals(self) -> tuple[float, float, float, float]:
        """The factors on profit, charity, reciprocity and entertainment, in the order of ``Motives.weights``."""
        return self.profit, self.charity, self.reciprocity, self.entertainment

    def on(self, network: IncentiveNetwork) -> IncentiveNetwork:
        """Return the network whose people have met this message: their motives weighed by it, joining dearer.

        Who can contact whom is left as it is: what acting takes is told in person, by somebody who acts. All other
        layers stay too.

        Raises
        ------
        InvalidInputError
            If `network` is none, or a weight becomes too large for a number.

        Notes
        -----
        O(n). Exact: the chance to join for a payoff v becomes F(v - cost), F being the distribution of the
        joining cost (`ShiftedCost`).

        Examples
        --------
        >>> from mechanism.graph import Graph
        >>> network = IncentiveNetwork(Graph.from_edges([0], [1]), contact=0.5, motives=Motives(charity=0.5),
        ...                            join=CostModel.uniform(low=0, high=2), invite=CostModel.exponential(mean=1))
        >>> there = Message("ask", sharing=0.1, cost=1, profit=2, charity=3).on(network)
        >>> there.motives.weights.tolist(), there.join
        ([[2.0, 1.5, 0.0, 0.0]], UniformCost(low=1.0, high=3.0))
        """
        _check(network)
        with np.errstate(over="ignore"):  # refused below
            weights = network.motives.weights * self.appeals
        return IncentiveNetwork(
            network.graph,
            contact=network.contact,
            join=_dearer(network.join, self.cost),
            invite=network.invite,
            motives=Motives(**dict(zip(_MOTIVES, weights.T, strict=True))),
            altruism=network.altruism,
            support=network.support,
        )

    def shared_on(self, network: IncentiveNetwork) -> IncentiveNetwork:
        """Return the network on which this message is only passed on: contact probabilities times its sharing appeal.

        Raises
        ------
        InvalidInputError
            If `network` is none.

        Notes
        -----
        O(n + m). In single precision where contact probabilities are.
        """
        _check(network)
        return IncentiveNetwork(
            network.graph,
            contact=network.contact * self.sharing,
            join=network.join,
            invite=network.invite,
            motives=network.motives,
            altruism=network.altruism,
            support=network.support,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the message as plain Python values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the message that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If the fields are not those of a message, or a value is out of its range.
        """
        names = {one.name for one in fields(cls)}
        if not isinstance(document, Mapping) or set(document) != names:
            given = sorted(map(str, document)) if isinstance(document, Mapping) else document
            raise InvalidInputError("document", given, allowed=f"the fields {', '.join(sorted(names))}")
        return cls(**document)


@dataclass(frozen=True, slots=True)
class ShiftedCost(CostModel):
    """A cost that is dearer by the same amount for everybody: F(x) = G(x - by), with G that of another law.

    Log-concave where the other law is. What holds of the law and of its logarithm is what holds of the other one,
    moved to the right.

    Parameters
    ----------
    law : CostModel
        The law without the addition.
    by : float
        The addition, money, at least 0.

    Examples
    --------
    >>> dearer = ShiftedCost(CostModel.exponential(mean=2.0), by=1.0)
    >>> dearer.mean, float(dearer.cdf(1.0)), float(dearer.cdf(3.0).round(4))
    (3.0, 0.0, 0.6321)
    """

    law: CostModel
    by: float

    def __post_init__(self) -> None:
        if not isinstance(self.law, CostModel):
            raise InvalidInputError(
                "law", self.law, allowed="a CostModel such as CostModel.exponential(mean=1)"
            )
        object.__setattr__(self, "by", money("by", self.by, least=0.0))

    def _before(self, x: ArrayLike) -> Reals:
        return np.asarray(x, dtype=np.float64) - self.by

    @property
    def is_log_concave(self) -> bool:
        """Whether log F is concave."""
        return self.law.is_log_concave

    @property
    def mean(self) -> float:
        """Mean cost, money."""
        return self.law.mean + self.by

    def scaled(self, factor: float) -> ShiftedCost:
        """Return the distribution of the cost multiplied by a factor above 0."""
        return ShiftedCost(self.law.scaled(factor), self.by * factor)

    def log_concave_majorant(self) -> CostModel:
        """Return the least log-concave distribution function that is nowhere below this one."""
        return ShiftedCost(self.law.log_concave_majorant(), self.by)

    def cdf(self, x: ArrayLike) -> Reals:
        """Return P(cost <= x)."""
        return self.law.cdf(self._before(x))

    def log_cdf(self, x: ArrayLike) -> Reals:
        """Return log F(x); -inf where F is 0."""
        return self.law.log_cdf(self._before(x))

    def log_cdf_slope(self, x: ArrayLike) -> Reals:
        """Return the derivative of log F at x."""
        return self.law.log_cdf_slope(self._before(x))

    def ppf(self, u: ArrayLike) -> Reals:
        """Return the quantile."""
        return self.law.ppf(u) + self.by


def _check(network: IncentiveNetwork) -> None:
    if not isinstance(network, IncentiveNetwork):
        raise InvalidInputError("network", network, allowed="an IncentiveNetwork")


def _dearer(law: CostModel, by: float) -> CostModel:
    """Return a law of costs with an amount added for everybody, of the same family where it holds such laws."""
    if by == 0:
        return law
    match law:
        case UniformCost():
            return UniformCost(law.low + by, law.high + by)
        case LogisticCost():  # the one law that quantal response knows
            return replace(law, mean=law.mean + by)
        case ShiftedCost():
            return ShiftedCost(law.law, law.by + by)
        case _:
            return ShiftedCost(law, by)


def random_messages(
    count: int,
    *,
    rng: int | np.random.SeedSequence | np.random.Generator,
    correlation: float = 0.0,
    sharing: tuple[float, float] = (0.0, 1.0),
    appeal: tuple[float, float] = (0.0, 2.0),
) -> tuple[Message, ...]:
    """Draw messages whose sharing appeal goes along with their appeal to act as far as wanted.

    Parameters
    ----------
    count : int
        How many, at least 2.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the messages.
    correlation : float
        Correlation in [-1, 1] of the two normal variables behind the appeals (Gaussian copula): 1 if the most shared
        message is the most appealing, -1 if it is the least.
    sharing : tuple of two floats
        Range in [0, 1] of the sharing appeal, uniform.
    appeal : tuple of two floats
        Range of the factor on all four motives, uniform, at least 0.

    Returns
    -------
    tuple of Message
        Named "m1", "m2", ...

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    Kendall's tau of the appeals is 2 / pi arcsin(correlation) on average, Spearman's rho of many about 6 / pi
    arcsin(correlation / 2).

    References
    ----------
    Kruskal, "Ordinal measures of association", Journal of the American Statistical Association 53, 1958.

    Examples
    --------
    >>> messages = random_messages(3, rng=7, correlation=1.0)
    >>> [round(one.sharing, 2) for one in messages], [round(one.profit, 2) for one in messages]
    ([0.5, 0.62, 0.39], [1.0, 1.23, 0.78])
    """
    from scipy.special import ndtr

    size = whole(count, argument="count", least=2)
    allowed = "a correlation in [-1, 1]"
    r = float(number(correlation, argument="correlation", allowed=allowed))
    if not -1 <= r <= 1:
        raise InvalidInputError("correlation", correlation, allowed=allowed)
    ranges = (_range("sharing", sharing, most=1.0), _range("appeal", appeal))
    normal = np.random.default_rng(rng).standard_normal((2, size))
    normal[1] = r * normal[0] + np.sqrt(1 - r * r) * normal[1]
    passed, moved = (
        low + (high - low) * share for (low, high), share in zip(ranges, ndtr(normal), strict=True)
    )
    return tuple(
        Message(f"m{i}", sharing=s, profit=a, charity=a, reciprocity=a, entertainment=a)
        for i, (s, a) in enumerate(zip(passed.tolist(), moved.tolist(), strict=True), start=1)
    )


def _range(argument: str, given: tuple[float, float], *, most: float = inf) -> tuple[float, float]:
    allowed = "a pair (low, high) of finite numbers, 0 <= low < high" + (
        f" <= {most:g}" if most < inf else ""
    )
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise InvalidInputError(argument, given, allowed=allowed)
    low, high = (float(number(x, argument=argument, allowed=allowed)) for x in given)
    if not 0 <= low < high <= most:
        raise InvalidInputError(argument, given, allowed=allowed)
    return low, high
