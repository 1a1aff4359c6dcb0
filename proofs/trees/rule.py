"""A tree scheme as an exact rule: fractions, or enclosures where rewards are irrational."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.forest import ReferralForest
from mechanism.numbers import exact, number
from mechanism.schemes import TreeScheme
from proofs.enclosure import enclose

__all__ = ["Forest", "Rule", "TreeRule"]

TreeRule = Callable[[ReferralForest], Sequence[Any]]
"""Any rule from a referral forest to one reward per member."""

Forest = tuple[tuple[int, ...], tuple[Fraction, ...]]
"""Recruiters, each member after its own, -1 for a root; and contributions."""

_MOST_KEPT = 200_000


class Rule:
    """The rewards of a scheme on small forests, exactly; each forest is evaluated once.

    Parameters
    ----------
    scheme : TreeScheme or callable (forest) -> rewards
        Floats, parameters or rewards, stand for their shortest decimals.

    Raises
    ------
    InvalidInputError
        If the scheme is neither.
    """

    def __init__(self, scheme: TreeScheme | TreeRule) -> None:
        self.scheme = scheme
        self._known: dict[Forest, tuple[Any, ...]] = {}
        self._is_scheme = isinstance(scheme, TreeScheme)
        self._encloses = False
        if isinstance(scheme, TreeScheme):
            given = scheme.exact()
            self._encloses = not given.is_rational
            if self._encloses:
                # Parameters are checked already; enclosures have no range to be checked again.
                self._parameters = tuple(enclose(exact(x)) for x in given.parameters)
            self._scheme = given
        elif not callable(scheme):
            raise InvalidInputError("scheme", scheme, allowed="a tree scheme or a callable (forest)")

    def __call__(self, forest: Forest) -> tuple[Any, ...]:
        """Return the reward of every member: fractions, or balls of `flint.arb`."""
        known = self._known.get(forest)
        if known is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            known = self._known[forest] = tuple(self._evaluate(*forest))
        return known

    def _evaluate(self, parents: tuple[int, ...], contributions: tuple[Fraction, ...]) -> Sequence[Any]:
        if self._encloses:
            return self._scheme.evaluate(
                parents, [enclose(c) for c in contributions], parameters=self._parameters
            )
        if self._is_scheme:
            return self._scheme.evaluate(parents, contributions)
        rewards = list(self.scheme(ReferralForest(parents, contributions)))  # type: ignore[operator]
        if len(rewards) != len(parents):
            raise InvalidInputError(
                "scheme", len(rewards), index="rewards", allowed=f"{len(parents)}: one per member"
            )
        allowed = "a finite reward"
        return [
            exact(number(x, argument="scheme", allowed=allowed, index=(u,))) for u, x in enumerate(rewards)
        ]

    def lift(self, x: Fraction) -> Any:
        """Return a fraction in the arithmetic of the rewards."""
        return enclose(x) if self._encloses else x

    def exceeds(self, x: Any, y: Any) -> bool:
        """Return whether x > y for certain, for rewards or fractions."""
        if self._encloses:
            x, y = (enclose(Fraction(z)) if isinstance(z, (int, Fraction)) else z for z in (x, y))
        return bool(x > y)

    def at_most(self, x: Any, y: Any) -> bool:
        """Return whether x <= y for certain."""
        return bool(x <= y)
