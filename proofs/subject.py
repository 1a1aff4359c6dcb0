"""What is verified: exact rewards, a closed form if there is one, and the scheme as the checker reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number
from mechanism.schemes import (
    AlmostUniform,
    BalancedGeometric,
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathScheme,
    PathTable,
    Power,
    PowerSum,
    PowerTerm,
    Recursive,
)
from proofs.forms import BalancedShares, ClosedForm, EqualShares, PowerTerms, ReferralShares, Term
from proofs.properties.path import Rows
from proofs.spelling import full

__all__ = ["RewardRule", "Subject", "depth_limit", "table_document"]

RewardRule = Callable[[int, int], Number]
"""Any rule (depth, distance) -> share of the prize."""

_FORMS: dict[type[PathScheme], Callable[[Any], ClosedForm]] = {
    **dict.fromkeys(
        (FinderTakesAll, Recursive, Geometric, DoubleGeometric, Power),
        lambda scheme: PowerTerms([_term(scheme.power_term())]),
    ),
    PowerSum: lambda scheme: PowerTerms([_term(term) for term in scheme.terms]),
    BalancedGeometric: lambda scheme: BalancedShares(scheme.ratio),
    EqualSplit: lambda scheme: EqualShares(),
    DirectReferral: lambda scheme: ReferralShares(scheme.referral),
}
"""The closed forms of the catalogue, of exact schemes."""

_STOPPING = (AlmostUniform, ConstantSplit, DirectReferral, PathTable)
"""Families that pay nobody on chains that are too long."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A reward scheme in exact arithmetic.

    Parameters
    ----------
    scheme : PathScheme or callable (depth, distance) -> number
        Floats stand for their shortest decimals.

    Attributes
    ----------
    document : dict or None
        The scheme at every length as the checker reads it, if it can be written down.
    form : ClosedForm or None
        What is known of it at every length.
    longest : int or None
        Length of the longest chain that may be paid, where that is known.
    """

    scheme: PathScheme | RewardRule
    document: dict[str, Any] | None
    form: ClosedForm | None
    longest: int | None

    @classmethod
    def of(cls, scheme: PathScheme | RewardRule) -> Subject:
        """Return the exact form of a scheme or callable."""
        if not isinstance(scheme, PathScheme):
            if not callable(scheme):
                raise InvalidInputError(
                    "scheme", scheme, allowed="a path scheme or a callable (depth, distance)"
                )
            return cls(scheme, None, None, None)
        scheme = scheme.exact()
        kind = type(scheme)
        if kind not in _FORMS and kind not in _STOPPING:
            return cls(
                scheme, None, None, None
            )  # what a scheme of somebody else says of itself proves nothing
        form = _FORMS[kind](scheme) if kind in _FORMS else None
        return cls(scheme, scheme.to_dict(), form, scheme.longest if kind in _STOPPING else None)

    def rows(self, max_depth: int) -> Rows:
        """Return the rewards in chains of at most `max_depth`; of those that pay nobody, the shortest only."""
        if self.longest is not None:
            max_depth = min(max_depth, self.longest + 1)
        if isinstance(self.scheme, PathScheme):
            return self.scheme.exact_table(max_depth)
        rule = self.scheme
        return [
            [_reward(rule, depth, distance) for distance in range(depth)] for depth in range(1, max_depth + 1)
        ]


def depth_limit(max_depth: int | None) -> int | None:
    """Return a validated largest depth, None if there is none."""
    if max_depth is None:
        return None
    if isinstance(max_depth, bool) or not isinstance(max_depth, (int, np.integer)) or max_depth < 1:
        raise InvalidInputError("max_depth", max_depth, allowed="an integer of at least 1")
    return int(max_depth)


def table_document(rows: Rows) -> dict[str, Any]:
    """Return a table as the checker reads it."""
    return {"scheme": "path_table", "rewards": [[full(reward) for reward in row] for row in rows]}


def _term(given: PowerTerm) -> Term:
    scale, p, q = exact(given.scale), exact(given.p), exact(given.q)
    return (scale, p, q) if scale > 0 else (scale, scale, scale)


def _reward(rule: RewardRule, depth: int, distance: int) -> Fraction:
    allowed = "a finite reward of at least 0"
    reward = number(rule(depth, distance), argument="scheme", allowed=allowed, index=(depth, distance))
    if reward < 0:
        raise InvalidInputError("scheme", reward, allowed=allowed, index=(depth, distance))
    return exact(reward)
