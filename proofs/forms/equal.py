"""Equal shares at every length."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, inf
from typing import Any

from proofs.check import LONGEST_CHAIN
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

__all__ = ["EqualShares"]


class EqualShares(ClosedForm):
    """R(l, j) = 1 / l.

    Notes
    -----
    *Sybil-proof.* S_k(l, j) / R(l, j) = (k + 1) l / (l + k) exceeds every bound, and for fixed k tends to
    k + 1 from below: so with at most K identities for nothing it is sybil-proof if and only if epsilon >= K. In an
    attacked chain of length n the factor is (k + 1) (n - k) / n, which rises with k up to
    k = (n - 1) // 2; that maximum, about n / 4, rises with n.

    If an identity costs c > 0, then (k + 1) / (l + k) <= (1 + epsilon) / l + k c holds of itself if k c >= 1, and
    if l c >= 2: for (k + 1) / (l + k) <= 2 k / l. The other pairs are finitely many. At epsilon = 0 one identity
    is the worst case, as (S_k(l, j) - R(l, j)) / k = (l - 1) / (l (l + k)), which is 1 / 6 at most, at l = 2 and 3.

    *Collusion-proof.* l <= (k + 1) (l - k), since k <= k (l - k).
    """

    reach = LONGEST_CHAIN

    def reward(self, depth: int, distance: int) -> Fraction:
        """Return R(depth, distance)."""
        return Fraction(1, depth)

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
                holds = delta <= 1
            case RhoSplit(rho=rho):
                holds = rho == 1
            case FinderShare(gamma=bound) | IndividualRationality(cost=bound):
                holds = bound == 0
            case _:
                holds = False
        return {} if holds else None

    def violation(self, claimed: PathProperty) -> Counterexample | None:
        """Return the smallest violation, for properties that may first fail on a long chain."""
        match claimed:
            case SybilProof(identity_cost=Fraction(numerator=0), epsilon=epsilon):
                return self.smallest_split(claimed, lambda n, k: (k + 1) * (n - k) > (1 + epsilon) * n)
            case SybilProof():
                return self._priced_split(claimed)
            case FinderShare(gamma=bound) | IndividualRationality(cost=bound):
                return self.shortfall(bound, falls=lambda depth: depth * bound > 1)
        return None

    def leak(self) -> Leak:
        """Return that attacks gain without bound."""
        return inf, None

    def _sybil_proof(self, claimed: SybilProof) -> dict[str, Any] | None:
        """Return no multipliers if epsilon suffices, else the length of the chains that are to be looked at."""
        cost = claimed.identity_cost
        if claimed.identities is not None and claimed.epsilon >= claimed.identities:
            return {}
        if cost * LONGEST_CHAIN < 3 or self._priced_split(claimed, ceil(3 / cost)) is not None:
            return None
        return {"horizon": ceil(2 / cost)}

    def _priced_split(self, claimed: SybilProof, longest: int = LONGEST_CHAIN) -> SybilAttack | None:
        most = longest if claimed.identities is None else claimed.identities
        for n in range(2, longest + 1):
            for k in range(1, min(n - 1, most) + 1):
                if claimed.pays(Fraction(1, n - k), Fraction(k + 1, n), k):
                    return self.attack(n - k, 0, k, claimed)
        return None
