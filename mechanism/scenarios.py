"""Scenarios: what is assumed of a campaign, known only as intervals or samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import log
from typing import Literal

import numpy as np

from mechanism.campaign import Campaign
from mechanism.errors import InvalidInputError
from mechanism.network import IncentiveNetwork
from mechanism.numbers import number, whole
from mechanism.tasks import Search

__all__ = ["ASSUMPTIONS", "Scenarios", "assuming"]

ASSUMPTIONS = ("join", "invite", "find", "contact")
"""What may be uncertain: the two costs, the chance to find a target, the chance to reach a contact."""
Interval = tuple[float, float]


def assuming(
    campaign: Campaign, *, join: float = 1.0, invite: float = 1.0, find: float = 1.0, contact: float = 1.0
) -> Campaign:
    """Return a campaign with costs or probabilities multiplied by factors.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    join, invite : float
        Factors of the costs, above 0.
    find, contact : float
        Factors of the probabilities, above 0; the product may not exceed 1.

    Raises
    ------
    InvalidInputError
        If a factor is not above 0, or makes a probability exceed 1.

    Examples
    --------
    >>> from mechanism import CostModel, Graph, TopDegree
    >>> pair = Graph.from_edges([1, 2], [2, 3], directed=False)
    >>> network = IncentiveNetwork(
    ...     pair, contact=0.5, join=CostModel.exponential(mean=0.8), invite=CostModel.exponential(mean=0.1)
    ... )
    >>> campaign = Campaign(network, Search(prize=10, find=0.01), team=TopDegree(1), max_depth=2)
    >>> assuming(campaign, join=2, find=0.5).task.find
    0.005
    """
    factors = {
        name: _factor(name, value)
        for name, value in (("join", join), ("invite", invite), ("find", find), ("contact", contact))
    }
    network, task = campaign.network, campaign.task
    reached = np.asarray(network.contact) * factors["contact"]
    for name, most in (("find", task.find * factors["find"]), ("contact", float(reached.max(initial=0.0)))):
        if most > 1:
            raise InvalidInputError(
                name, factors[name], allowed=f"a factor of at most {factors[name] / most:g}"
            )
    return Campaign(
        IncentiveNetwork(
            network.graph,
            contact=float(reached) if reached.ndim == 0 else reached,
            join=network.join.scaled(factors["join"]),
            invite=network.invite.scaled(factors["invite"]),
            motives=network.motives,
        ),
        Search(prize=task.prize, targets=task.targets, find=task.find * factors["find"]),
        team=campaign.team,
        max_depth=campaign.max_depth,
        max_invites=campaign.max_invites,
        response=campaign.response,
        horizon=None if campaign.response is None or np.isinf(campaign.horizon) else campaign.horizon,
    )


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Scenarios:
    """Campaigns one of which is the true one, and how a scheme is judged over them.

    Parameters
    ----------
    campaigns : sequence of Campaign
        At least one, all of the same largest depth.
    weights : sequence of float, optional
        How likely each is, above 0, in any unit; equal by default.
    criterion : "average" or "worst"
        Whether the weighted mean counts, or the worst scenario.

    Attributes
    ----------
    weights : tuple of float
        The chances, which sum to 1.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    """

    campaigns: tuple[Campaign, ...]
    weights: tuple[float, ...]
    criterion: Literal["average", "worst"]

    def __init__(
        self,
        campaigns: Sequence[Campaign],
        *,
        weights: Sequence[float] | None = None,
        criterion: Literal["average", "worst"] = "average",
    ) -> None:
        given = tuple(campaigns)
        if not given:
            raise InvalidInputError("campaigns", given, allowed="at least one campaign")
        for index, campaign in enumerate(given):
            if not isinstance(campaign, Campaign):
                raise InvalidInputError("campaigns", campaign, index=index, allowed="a Campaign")
            if campaign.max_depth != given[0].max_depth:
                raise InvalidInputError(
                    "campaigns",
                    campaign.max_depth,
                    index=index,
                    allowed=f"of largest depth {given[0].max_depth}, as the first",
                )
        if criterion not in ("average", "worst"):
            raise InvalidInputError("criterion", criterion, allowed="'average' or 'worst'")
        shares = [1.0] * len(given) if weights is None else list(weights)
        if len(shares) != len(given):
            raise InvalidInputError("weights", len(shares), allowed=f"{len(given)}, one per campaign")
        for index, weight in enumerate(shares):
            if not _finite(weight) or weight <= 0:
                raise InvalidInputError("weights", weight, index=index, allowed="a finite number above 0")
        total = sum(shares)
        object.__setattr__(self, "campaigns", given)
        object.__setattr__(self, "weights", tuple(weight / total for weight in shares))
        object.__setattr__(self, "criterion", criterion)

    @classmethod
    def corners(
        cls,
        campaign: Campaign,
        *,
        join: Interval | None = None,
        invite: Interval | None = None,
        find: Interval | None = None,
        contact: Interval | None = None,
        criterion: Literal["average", "worst"] = "worst",
    ) -> Scenarios:
        """Return the campaign at every corner of a box of factors.

        Parameters
        ----------
        campaign : Campaign
            At factor 1.
        join, invite, find, contact : tuple of float, optional
            Smallest and largest factor; see `assuming`. What is left out is certain.
        criterion : "average" or "worst"
            The worst corner by default.
        """
        named = _intervals({"join": join, "invite": invite, "find": find, "contact": contact})
        corners = product(*(dict.fromkeys(interval) for interval in named.values()))
        return cls(
            [assuming(campaign, **dict(zip(named, corner, strict=True))) for corner in corners],
            criterion=criterion,
        )

    @classmethod
    def sample(
        cls,
        campaign: Campaign,
        count: int,
        *,
        join: Interval | None = None,
        invite: Interval | None = None,
        find: Interval | None = None,
        contact: Interval | None = None,
        rng: int,
        criterion: Literal["average", "worst"] = "average",
    ) -> Scenarios:
        """Return the campaign at a Latin hypercube of factors, uniform in their logarithms.

        Parameters
        ----------
        campaign : Campaign
            At factor 1.
        count : int
            Scenarios, at least 1.
        join, invite, find, contact : tuple of float, optional
            Smallest and largest factor; see `assuming`. What is left out is certain.
        rng : int
            Names the sample.
        criterion : "average" or "worst"
            The mean by default.
        """
        from scipy.stats import qmc

        named = _intervals({"join": join, "invite": invite, "find": find, "contact": contact})
        points = qmc.LatinHypercube(len(named), rng=np.random.default_rng(rng)).random(
            whole(count, argument="count")
        )
        low = np.array([log(interval[0]) for interval in named.values()])
        high = np.array([log(interval[1]) for interval in named.values()])
        factors = np.exp(low + points * (high - low))
        return cls(
            [assuming(campaign, **dict(zip(named, map(float, row), strict=True))) for row in factors],
            criterion=criterion,
        )


def _intervals(given: dict[str, Interval | None]) -> dict[str, Interval]:
    """Return the intervals that are given, after a look at their ends."""
    intervals = {name: interval for name, interval in given.items() if interval is not None}
    if not intervals:
        raise InvalidInputError("join", None, allowed=f"an interval, or one of {', '.join(ASSUMPTIONS[1:])}")
    for name, interval in intervals.items():
        ends = tuple(interval) if isinstance(interval, Sequence) else ()
        if len(ends) != 2 or not all(map(_finite, ends)) or not 0 < ends[0] <= ends[1]:
            raise InvalidInputError(name, interval, allowed="two factors above 0, the smaller one first")
    return {name: (float(low), float(high)) for name, (low, high) in intervals.items()}


def _finite(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and bool(np.isfinite(value))


def _factor(name: str, value: float) -> float:
    allowed = "a finite factor above 0"
    factor = float(number(value, argument=name, allowed=allowed))
    if factor <= 0:
        raise InvalidInputError(name, value, allowed=allowed)
    return factor
