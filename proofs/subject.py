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
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathScheme,
    PathTable,
    Power,
    Recursive,
)
from proofs.properties.path import Rows, Term
from proofs.spelling import full

__all__ = ["RewardRule", "Subject", "depth_limit", "table_document"]

RewardRule = Callable[[int, int], Number]
"""Any rule (depth, distance) -> share of the prize."""

_KNOWN_TO_CHECKER = (
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathTable,
    Power,
    Recursive,
)


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
    term : Term or None
        The closed form as a power term.
    """

    scheme: PathScheme | RewardRule
    document: dict[str, Any] | None
    term: Term | None

    @classmethod
    def of(cls, scheme: PathScheme | RewardRule) -> Subject:
        """Return the exact form of a scheme or callable."""
        if not isinstance(scheme, PathScheme):
            if not callable(scheme):
                raise InvalidInputError(
                    "scheme", scheme, allowed="a path scheme or a callable (depth, distance)"
                )
            return cls(scheme, None, None)
        scheme = scheme.exact()
        if type(scheme) in _KNOWN_TO_CHECKER:
            return cls(scheme, scheme.to_dict(), _term(scheme))
        return cls(scheme, None, None)  # what a scheme of somebody else says of itself proves nothing

    @property
    def max_depth(self) -> int | None:
        """Length of the longest chain that is paid, where that is known."""
        return self.scheme.longest if isinstance(self.scheme, PathTable) else None

    @property
    def is_equal_split(self) -> bool:
        """Whether everybody on a chain is paid the same."""
        return type(self.scheme) is EqualSplit

    @property
    def is_direct_referral(self) -> bool:
        """Whether only the finder and its recruiter are paid, by the one-parameter family."""
        return type(self.scheme) is DirectReferral

    def rows(self, max_depth: int) -> Rows:
        """Return the rewards in chains of at most `max_depth`; rows of zeros below a table are left out."""
        if isinstance(self.scheme, PathTable):
            max_depth = min(max_depth, self.scheme.longest)
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


def _term(scheme: PathScheme) -> Term | None:
    given = scheme.power_term()
    if given is None:
        return None
    scale, p, q = exact(given.scale), exact(given.p), exact(given.q)
    return (scale, p, q) if scale > 0 else (scale, scale, scale)


def _reward(rule: RewardRule, depth: int, distance: int) -> Fraction:
    allowed = "a finite reward of at least 0"
    reward = number(rule(depth, distance), argument="scheme", allowed=allowed, index=(depth, distance))
    if reward < 0:
        raise InvalidInputError("scheme", reward, allowed=allowed, index=(depth, distance))
    return exact(reward)
