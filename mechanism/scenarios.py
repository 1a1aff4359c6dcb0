"""Scenarios: what is assumed of a campaign, known only as intervals or samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import log
from typing import Any, Literal

import numpy as np

from mechanism.campaign import Campaign
from mechanism.errors import InvalidInputError
from mechanism.motives import Motives
from mechanism.network import IncentiveNetwork
from mechanism.numbers import number, whole
from mechanism.tasks import Search

__all__ = ["ASSUMPTIONS", "Scenarios", "assuming"]

ASSUMPTIONS = ("join", "invite", "find", "contact")
"""What may be uncertain: the two costs, the chance to find a target, the chance to reach a contact."""
Interval = tuple[float, float]


def assuming(
    campaign: Campaign,
    *,
    join: float = 1.0,
    invite: float = 1.0,
    find: float = 1.0,
    contact: float = 1.0,
    motives: Motives | None = None,
) -> Campaign:
    """Return a campaign with costs or probabilities multiplied by factors, or people moved by other motives.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    join, invite : float
        Factors of the costs, above 0.
    find, contact : float
        Factors of the probabilities, above 0; the product may not exceed 1. Nothing is found where members contribute.
    motives : Motives, optional
        What moves people instead; the campaign's motives by default.

    Raises
    ------
    InvalidInputError
        If a factor is not above 0, or makes a probability exceed 1, or there is no such probability.

    Examples
    --------
    >>> from mechanism import CostModel, Graph, Search, TopDegree
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
    if not isinstance(campaign, Campaign):
        raise InvalidInputError("campaign", campaign, allowed="a Campaign")
    network, task = campaign.network, campaign.task
    reached = np.asarray(network.contact)
    if factors["contact"] != 1:
        reached = np.asarray(reached * factors["contact"])
    if isinstance(task, Search):
        found = task.find * factors["find"]
    elif factors["find"] == 1:
        found = 1.0
    else:
        raise InvalidInputError(
            "find", find, allowed="left out where members contribute and nothing is found"
        )
    for name, most in (("find", found), ("contact", float(reached.max(initial=0.0)))):
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
            motives=network.motives if motives is None else motives,
            altruism=network.altruism,
            support=network.support,
        ),
        replace(task, find=found) if isinstance(task, Search) else task,
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
        How likely each is, above 0, in any unit; equal by default. Only where their mean counts.
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
        if weights is not None and criterion == "worst":
            raise InvalidInputError(
                "weights", weights, allowed="left out where the worst scenario counts, however likely"
            )
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
            [_scaled(campaign, named, corner) for corner in corners],
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
            Names the sample, at least 0.
        criterion : "average" or "worst"
            The mean by default.
        """
        named = _intervals({"join": join, "invite": invite, "find": find, "contact": contact})
        count = whole(count, argument="count")
        random = np.random.default_rng(whole(rng, argument="rng", least=0))
        cells = np.array([random.permutation(count) for _ in named]).T
        points = (cells + random.random(cells.shape)) / count
        low = np.array([log(interval[0]) for interval in named.values()])
        high = np.array([log(interval[1]) for interval in named.values()])
        factors = np.clip(np.exp(low + points * (high - low)), np.exp(low), np.exp(high))
        return cls(
            [_scaled(campaign, named, row) for row in factors.tolist()],
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


def _scaled(campaign: Campaign, names: Iterable[str], factors: Iterable[float]) -> Campaign:
    """Return the campaign at a point of the box."""
    given: dict[str, Any] = dict(zip(names, factors, strict=True))
    return assuming(campaign, **given)


def _finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    return bool(np.isfinite(value))


def _factor(name: str, value: float) -> float:
    allowed = "a finite factor above 0"
    factor = float(number(value, argument=name, allowed=allowed))
    if factor <= 0:
        raise InvalidInputError(name, value, allowed=allowed)
    return factor
