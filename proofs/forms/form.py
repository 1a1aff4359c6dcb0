"""What is known of a family of path schemes at every length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from proofs.bisection import first_index
from proofs.check import LARGEST_PEAK
from proofs.properties import Counterexample, PathProperty, Shortfall, SybilAttack, SybilProof
from proofs.properties.chain import keep

__all__ = ["ClosedForm", "Leak"]

Leak = tuple[Fraction | float, SybilAttack | None]
"""The supremum of S_k(l, j) / R(l, j) - 1, and the smallest attack that gains as much if there is one."""


class ClosedForm(ABC):
    """A formula that holds at every length, and what follows from it."""

    reach: int = LARGEST_PEAK + 1
    """Length of the longest chain in which `violation` looks."""

    @abstractmethod
    def reward(self, depth: int, distance: int) -> Fraction:
        """Return R(depth, distance)."""

    @abstractmethod
    def proof(self, claimed: PathProperty) -> dict[str, Any] | None:
        """Return the multipliers of a proof for chains of every length, or None if there is none."""

    @abstractmethod
    def violation(self, claimed: PathProperty) -> Counterexample | None:
        """Return the smallest violation, for properties that may first fail on a long chain."""

    @abstractmethod
    def leak(self) -> Leak | None:
        """Return what the best sybil attack gains; None if that is not known."""

    def row(self, depth: int) -> list[Fraction]:
        """Return the rewards on a chain, the finder's first."""
        return [self.reward(depth, distance) for distance in range(depth)]

    def shortfall(
        self, promised: Fraction, *, falls: Callable[[int], bool], at_the_top: bool = False
    ) -> Shortfall | None:
        """Return the first reward below a bound, on the first chain of which that is known to hold one.

        Parameters
        ----------
        promised : Fraction
            The bound.
        falls : callable (depth) -> bool
            Whether a chain holds one; once true, always true.
        at_the_top : bool
            Whether rewards fall from the finder up, so that the first one is not the finder's.
        """
        index = first_index(lambda k: falls(k + 1), last=LARGEST_PEAK)
        if index is None:
            return None
        depth, distance = index + 1, 0
        if at_the_top:
            found = first_index(lambda j: self.reward(depth, j) < promised, last=index)
            distance = index if found is None else found
        chain = keep(self.row(depth))[0] if depth <= 64 else None
        return Shortfall(depth, distance, self.reward(depth, distance), promised, chain)

    def attack(self, depth: int, distance: int, identities: int, claimed: SybilProof) -> SybilAttack:
        """Return a split as a counterexample."""
        after = sum(
            (self.reward(depth + identities, distance + i) for i in range(identities + 1)), Fraction(0)
        )
        whole = depth + identities <= 64
        before, chain = keep(self.row(depth), self.row(depth + identities)) if whole else (None, None)
        cost = identities * claimed.identity_cost
        return SybilAttack(
            depth, distance, identities, self.reward(depth, distance), after, before, chain, cost
        )

    def smallest_split(self, claimed: SybilProof, gains: Callable[[int, int], bool]) -> SybilAttack | None:
        """Return the smallest split that gains too much; None if there is none within reach.

        Parameters
        ----------
        claimed : SybilProof
            With no cost of identities.
        gains : callable (n, k) -> bool
            Whether k fake identities gain too much in an attacked chain of length n. That must be most so
            for k = (n - 1) // 2, less so for fewer, and more so in longer chains.
        """
        most = claimed.identities

        def best(n: int) -> int:
            return (n - 1) // 2 if most is None else min(most, (n - 1) // 2)

        index = first_index(lambda i: gains(i + 3, best(i + 3)), last=LARGEST_PEAK)
        if index is None:
            return None
        n = index + 3
        k = first_index(lambda i: gains(n, i + 1), last=best(n) - 1)
        return None if k is None else self.attack(n - k - 1, 0, k + 1, claimed)
