"""Direct referral at every length."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from proofs.forms.form import ClosedForm, Leak
from proofs.properties import Counterexample, PathProperty, SybilProof, WithinBudget

__all__ = ["ReferralShares"]


class ReferralShares(ClosedForm):
    """R(l, 0) = 1 - c (l - 1) and R(l, 1) = c, as long as the first is not negative.

    Notes
    -----
    Every chain is paid at most 1. A split of the finder gets at most R(l+1, 0) + R(l+1, 1) <= R(l, 0), one of its
    recruiter at most c, one of others 0. Chains longer than 1 / c + 1 are paid nothing, so what else there
    is to know takes a table.
    """

    def __init__(self, referral: Fraction) -> None:
        self.referral = referral

    def reward(self, depth: int, distance: int) -> Fraction:
        """Return R(depth, distance)."""
        finder = 1 - self.referral * (depth - 1)
        return Fraction(0) if finder < 0 or distance > 1 else self.referral if distance else finder

    def proof(self, claimed: PathProperty) -> dict[str, Any] | None:
        """Return the multipliers of a proof for chains of every length, or None if there is none."""
        match claimed:
            case SybilProof():
                return {}
            case WithinBudget(budget=budget) if budget >= 1:
                return {}
        return None

    def violation(self, claimed: PathProperty) -> Counterexample | None:
        """Return None: a table shows every violation."""
        return None

    def leak(self) -> Leak:
        """Return that nobody gains."""
        return Fraction(0), None
