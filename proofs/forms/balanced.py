"""Balanced geometric rewards at every length."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

from proofs.bisection import first_index
from proofs.check import LARGEST_PEAK
from proofs.forms.form import ClosedForm, Leak
from proofs.properties import (
    BudgetBalanced,
    CollusionProof,
    Counterexample,
    FinderShare,
    IndividualRationality,
    Monotone,
    PathProperty,
    RecruiterShare,
    RewardCap,
    RhoSplit,
    SybilAttack,
    SybilProof,
    WithinBudget,
)

__all__ = ["BalancedShares"]

_LONGEST_SEARCHED = 200


class BalancedShares(ClosedForm):
    """R(l, j) = (1 - r) r^j / (1 - r^l) with 0 < r < 1.

    Notes
    -----
    *Sybil-proof.* A split into k + 1 identities multiplies a reward by
    h = (1 - r^(k+1)) (1 - r^l) / ((1 - r) (1 - r^(l+k))), whatever its distance. That rises with l to the limit
    1 + r + ... + r^k, and with k to (1 - r^l) / (1 - r), neither of which it reaches. So it is sybil-proof, identities
    for nothing, if and only if epsilon >= r + ... + r^K if there are at most K of them, and epsilon >= r / (1 - r) if
    there may be any number. In an attacked chain of length n = l + k the numerator is
    1 + r^(n+1) - r^(k+1) - r^(n-k), which is largest for k = (n - 1) // 2.

    If an identity costs c > 0, the finder has most to gain, as h > 1 and its reward is the largest. With y = r^l,

        Q_k(y) = k c (1 - y) (1 - r^k y) - (1 - r^(k+1)) (1 - y) + (1 + epsilon) (1 - r) (1 - r^k y) >= 0

    is to hold for y = r, r^2, ... and all k with k c < 1: others hold of themselves, since S_k <= 1. Q_k is convex, so
    Q_k(y) >= Q_k(0) + Q_k'(0) y: from some l on it holds if Q_k(0) > 0 or Q_k(0) = 0 <= Q_k'(0), and it fails if not.

    *Collusion-proof.* h >= 1, since (1 - r^(k+1)) (1 - r^l) - (1 - r) (1 - r^(l+k)) = (r - r^l) (1 - r^k) >= 0.
    """

    reach = _LONGEST_SEARCHED

    def __init__(self, ratio: Fraction) -> None:
        self.ratio = ratio

    def reward(self, depth: int, distance: int) -> Fraction:
        """Return R(depth, distance)."""
        return (1 - self.ratio) * self.ratio**distance / (1 - self.ratio**depth)

    def proof(self, claimed: PathProperty) -> dict[str, Any] | None:
        """Return the multipliers of a proof for chains of every length, or None if there is none."""
        match claimed:
            case BudgetBalanced() | CollusionProof() | RecruiterShare(delta=None) | Monotone():
                return {}
            case WithinBudget(budget=most) | RewardCap(cap=most):
                holds = most >= 1
            case SybilProof():
                return self._sybil_proof(claimed)
            case RecruiterShare(delta=Fraction() as delta):
                holds = delta <= self.ratio
            case RhoSplit(rho=rho):
                holds = rho == self.ratio
            case FinderShare(gamma=gamma):
                holds = gamma <= 1 - self.ratio
            case IndividualRationality(cost=cost):
                holds = cost == 0
            case _:
                holds = False
        return {} if holds else None

    def violation(self, claimed: PathProperty) -> Counterexample | None:
        """Return the smallest violation, for properties that may first fail on a long chain."""
        match claimed:
            case SybilProof(identity_cost=Fraction(numerator=0), epsilon=epsilon):
                return self.smallest_split(claimed, lambda n, k: self._factor(n, k) > 1 + epsilon)
            case SybilProof():
                return self._priced_split(claimed)
            case FinderShare(gamma=gamma):
                return self.shortfall(gamma, falls=lambda depth: self.reward(depth, 0) < gamma)
            case IndividualRationality(cost=cost):
                return self.shortfall(
                    cost, falls=lambda depth: self.reward(depth, depth - 1) < cost, at_the_top=True
                )
        return None

    def leak(self) -> Leak:
        """Return that the gain r / (1 - r) is approached."""
        return self.ratio / (1 - self.ratio), None

    def _factor(self, n: int, k: int) -> Fraction:
        """Return by how much k identities multiply a reward, in an attacked chain of length n."""
        r = self.ratio
        return (1 - r ** (k + 1)) * (1 - r ** (n - k)) / ((1 - r) * (1 - r**n))

    def _sybil_proof(self, claimed: SybilProof) -> dict[str, Any] | None:
        """Return no multipliers if epsilon suffices, else the length of the chains that are to be looked at."""
        r, c = self.ratio, claimed.identity_cost
        most = claimed.identities
        rest = 0 if most is None or most > LARGEST_PEAK else r ** (most + 1)
        if claimed.epsilon * (1 - r) >= r - rest:
            return {}
        if not c:
            return None
        last = min(ceil(1 / c) - 1, LARGEST_PEAK if most is None else most)
        depths = [self._settled(k, claimed) for k in range(1, last + 1)]
        horizon = max((depth for depth in depths if depth is not None), default=0)
        if None in depths or horizon > _LONGEST_SEARCHED or last > _LONGEST_SEARCHED:
            return None
        for depth in range(1, horizon + 1):
            for k in range(1, last + 1):
                before = self.reward(depth, 0)
                if claimed.pays(before, before * self._factor(depth + k, k), k):
                    return None
        return {"horizon": horizon}

    def _settled(self, k: int, claimed: SybilProof) -> int | None:
        """Return from which length on k identities do not gain too much; None if that is not seen."""
        r, price = self.ratio, k * claimed.identity_cost
        allowed, fell = (1 + claimed.epsilon) * (1 - r), 1 - r ** (k + 1)
        start = price - fell + allowed
        slope = fell - price * (1 + r**k) - allowed * r**k
        return first_index(
            lambda index: start + min(slope, Fraction(0)) * r**index >= 0, last=_LONGEST_SEARCHED
        )

    def _priced_split(self, claimed: SybilProof) -> SybilAttack | None:
        most = _LONGEST_SEARCHED if claimed.identities is None else claimed.identities
        for n in range(2, _LONGEST_SEARCHED + 1):
            for k in range(1, min(n - 1, most) + 1):
                before = self.reward(n - k, 0)
                if claimed.pays(before, before * self._factor(n, k), k):
                    return self.attack(n - k, 0, k, claimed)
        return None
