"""Sums of power terms at every length."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf
from typing import Any

from proofs.bisection import first_index
from proofs.check import LARGEST_PEAK
from proofs.forms.form import ClosedForm, Leak
from proofs.growth import Growth, Peak
from proofs.properties import (
    BudgetBalanced,
    CollusionProof,
    Counterexample,
    FinderShare,
    IndividualRationality,
    Merger,
    Monotone,
    Overspending,
    PathProperty,
    RecruiterShare,
    RewardCap,
    RhoSplit,
    Rise,
    SubtreeLocal,
    SybilAttack,
    SybilProof,
    WithinBudget,
)
from proofs.properties.chain import keep

__all__ = ["PowerTerms", "Term"]

Term = tuple[Fraction, Fraction, Fraction]
"""(s, p, q) of the rewards s p^(l-1) q^j, all at least 0, with 0^0 = 1; if s = 0 then p = q = 0."""


class PowerTerms(ClosedForm):
    """R(l, j) = sum over the terms of s p^(l-1) q^j, with a = p and b = p q below.

    Parameters
    ----------
    terms : sequence of Term
        At least one.

    Notes
    -----
    A split into k + 1 identities multiplies a term by g_k = a^k + a^(k-1) b + ... + b^k, whatever its place (`Growth`),
    and the term pays a chain of length l the sum s g_(l-1). So with one term every property is decided:

    - *within budget* if and only if s sup g <= 1; *budget-balanced* if and only if it is right up to length 3.
    - *sybil-proof*, identities for nothing: if and only if sup g <= 1 + epsilon. With a cost c > 0, and a, b <= 1, the
      lone finder has most to gain, for no R(l, j) exceeds s: if and only if
      s (g_k - 1 - epsilon) <= k c for all k. As g_(k+1) - g_k <= min(a, b)^(k+1), it holds from k = h on if it
      does for k = h and s min(a, b)^(h+1) <= c. If a > 1 or b > 1, then neither g nor R is bounded.
    - *collusion-proof* if and only if g_k (1 + epsilon) >= 1 for all k. As g is log-concave with g_0 = 1, its
      infimum is at an end: if and only if a >= 1 or b >= 1, whatever epsilon, for otherwise g tends to 0.
    - R(l, j + 1) = q R(l, j), and R(l, j) = s a^(l-1-j) b^j is least at an end of the chain.

    Promises that are linear in the rewards hold for a sum if they do for every term: sufficient, not
    necessary. Budget balance is an identity between 2 n + 1 exponentials in l if there are n terms, so it holds if it
    holds for l <= 2 n + 1. For a fixed split R(l, j + 1) - rho R(l, j) must vanish, and as exponentials are
    linearly independent q = rho in every term with p > 0; and rewards do not depend on l if and only if p = 1 in all.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self.growths = tuple(Growth.of(p, q) for _, p, q in terms)

    def reward(self, depth: int, distance: int) -> Fraction:
        """Return R(depth, distance)."""
        return sum((s * p ** (depth - 1) * q**distance for s, p, q in self.terms), Fraction(0))

    def proof(self, claimed: PathProperty) -> dict[str, Any] | None:
        """Return the multipliers of a proof for chains of every length, or None if there is none."""
        terms = self.terms
        lasting = [term for term in terms if term[0] * term[1] > 0]  # the others pay chains of length 1 only
        match claimed:
            case WithinBudget(budget=budget):
                ceilings = self._ceilings()
                total = sum(s * top for (s, _, _), (_, top) in zip(terms, ceilings, strict=False))
                return self._peaks() if len(ceilings) == len(terms) and total <= budget else None
            case SybilProof():
                return self._sybil_proof(claimed)
            case BudgetBalanced():
                holds = all(sum(self.row(depth)) == 1 for depth in range(1, 2 * len(terms) + 2))
            case CollusionProof():
                holds = all(s == 0 or max(p, p * q) >= 1 for s, p, q in terms)
            case RecruiterShare(delta=None):
                holds = not lasting or any(q > 0 for _, _, q in lasting)
            case RecruiterShare(delta=Fraction() as delta):
                holds = all(q >= delta for _, _, q in lasting)
            case RhoSplit(rho=rho):
                holds = all(q == rho for _, _, q in lasting)
            case FinderShare(gamma=gamma):
                holds = gamma <= sum(s for s, p, _ in terms if p >= 1)
            case IndividualRationality(cost=cost):
                holds = cost <= sum(s for s, p, q in terms if min(p, p * q) >= 1)
            case Monotone():
                holds = all(q <= 1 for _, _, q in lasting)
            case SubtreeLocal():
                holds = all(s == 0 or p == 1 for s, p, _ in terms)
            case RewardCap(cap=cap):
                holds = all(s == 0 or max(p, p * q) <= 1 for s, p, q in terms) and cap >= sum(
                    s for s, _, _ in terms
                )
            case _:
                holds = False
        return {} if holds else None

    def violation(self, claimed: PathProperty) -> Counterexample | None:
        """Return the smallest violation by a single term."""
        if len(self.terms) > 1:
            return None
        (s, p, q), growth = self.terms[0], self.growths[0]
        match claimed:
            case WithinBudget(budget=budget):
                k = growth.first_above(budget / s)
                return None if k is None else Overspending(k + 1, s * growth.value(k), budget)
            case SybilProof():
                return self._split(claimed)
            case CollusionProof(epsilon=epsilon):
                k = growth.first_below(1 / (1 + epsilon))
                return None if k is None else self._merger(k)
            case FinderShare(gamma=gamma):
                return self.shortfall(gamma, falls=lambda depth: s * p ** (depth - 1) < gamma)
            case IndividualRationality(cost=cost):
                low = min(p, p * q)
                return self.shortfall(
                    cost, falls=lambda depth: s * low ** (depth - 1) < cost, at_the_top=q < 1
                )
            case RewardCap(cap=cap):
                top = max(p, p * q)
                index = first_index(lambda k: s * top**k > cap, last=LARGEST_PEAK)
                if index is not None:
                    j = first_index(lambda j: self.reward(index + 1, j) > cap, last=index) if q > 1 else 0
                    chain = keep(self.row(index + 1))[0] if index < 64 else None
                    return Rise(index + 1, j or 0, self.reward(index + 1, j or 0), cap, chain)
        return None

    def leak(self) -> Leak | None:
        """Return what the best sybil attack gains; None if that is not known."""
        if len(self.terms) > 1:
            proved = self._sybil_proof(SybilProof())
            return None if proved is None else (Fraction(0), None)
        growth = self.growths[0]
        if growth.is_unbounded:
            return inf, None
        ceiling = growth.ceiling()
        if ceiling is None:
            return None
        peak, top = ceiling
        attack = self.attack(1, 0, peak, SybilProof()) if isinstance(peak, int) and peak else None
        return top - 1, attack

    def attack(self, depth: int, distance: int, identities: int, claimed: SybilProof) -> SybilAttack:
        """Return a split as a counterexample."""
        if len(self.terms) > 1 or depth + identities <= 64:
            return ClosedForm.attack(self, depth, distance, identities, claimed)
        before, cost = self.reward(depth, distance), identities * claimed.identity_cost
        after = before * self.growths[0].value(identities)
        return SybilAttack(depth, distance, identities, before, after, cost=cost)

    def _merger(self, k: int) -> Merger:
        s, growth = self.terms[0][0], self.growths[0]
        if k < 64:
            return Merger.on([self.row(depth) for depth in range(1, k + 2)], k + 1, 0, members=k + 1)
        return Merger(k + 1, 0, k + 1, s * growth.value(k), s)

    def _ceilings(self) -> list[tuple[Peak, Fraction]]:
        """Return the largest growth of every term that is bounded within reach."""
        ceilings = (growth.ceiling() for growth in self.growths)
        return [ceiling for ceiling in ceilings if ceiling is not None]

    def _peaks(self) -> dict[str, Any]:
        peaks = [peak for peak, _ in self._ceilings()]
        return {"peak": peaks[0]} if len(peaks) == 1 else {"peaks": peaks}

    def _sybil_proof(self, claimed: SybilProof) -> dict[str, Any] | None:
        """Return the peaks below 1 + epsilon, or else how many identities have to be looked at."""
        ceilings = self._ceilings()
        if len(ceilings) == len(self.terms) and all(top <= 1 + claimed.epsilon for _, top in ceilings):
            return self._peaks()
        if claimed.identities is None and (not claimed.identity_cost or self._explodes()):
            return None
        horizon = self._horizon(claimed)
        if horizon is None or any(self._excess(k, claimed) > 0 for k in range(1, horizon + 1)):
            return None
        return {"horizon": horizon}

    def _explodes(self) -> bool:
        return any(growth.high > growth.unit for growth in self.growths)

    def _horizon(self, claimed: SybilProof) -> int | None:
        """Return the number of identities from which on more of them earn no more than they cost."""
        most = LARGEST_PEAK if claimed.identities is None else min(claimed.identities, LARGEST_PEAK)

        def covered(h: int) -> bool:
            if claimed.identities is not None and h >= claimed.identities:
                return True
            rise = sum(s * min(p, p * q) ** (h + 1) for s, p, q in self.terms)
            return not self._explodes() and rise <= claimed.identity_cost

        return first_index(covered, last=most)

    def _excess(self, k: int, claimed: SybilProof) -> Fraction | float:
        """Return by how much k identities of a lone finder gain too much; infinite if in long chains they do."""
        excess = -k * claimed.identity_cost
        for (s, _, _), growth in zip(self.terms, self.growths, strict=True):
            above = growth.value(k) - 1 - claimed.epsilon
            if above > 0 and growth.high > growth.unit:
                return inf
            excess += s * max(above, Fraction(0))
        return excess

    def _split(self, claimed: SybilProof) -> SybilAttack | None:
        """Return the smallest split on a single term that gains too much; None if there is none within reach.

        Notes
        -----
        With a, b <= 1 a split that pays anywhere pays the lone finder. Otherwise R(l, j) is largest at an
        end of the chain, and for every k the shortest chain is found by bisection.
        """
        growth = self.growths[0]
        k = growth.first_above(1 + claimed.epsilon)
        if k is None or (claimed.identities is not None and k > claimed.identities):
            return None
        if not claimed.identity_cost:
            return self.attack(1, 0, k, claimed)
        most = LARGEST_PEAK if claimed.identities is None else claimed.identities
        if not self._explodes():
            horizon = self._horizon(claimed)
            last = most if horizon is None else horizon
            lone = next((k for k in range(k, last + 1) if self._excess(k, claimed) > 0), None)
            return None if lone is None else self.attack(1, 0, lone, claimed)
        return self._split_of_long_chains(claimed, k, most)

    def _split_of_long_chains(self, claimed: SybilProof, first: int, most: int) -> SybilAttack | None:
        growth, (s, p, q) = self.growths[0], self.terms[0]
        largest = max(p, p * q)
        found: tuple[int, int] | None = None
        k = first
        while k <= most and (found is None or k < found[0]):
            needed = k * claimed.identity_cost / (growth.value(k) - 1 - claimed.epsilon)

            def pays(index: int, needed: Fraction = needed) -> bool:
                return s * largest**index > needed

            last = LARGEST_PEAK if found is None else found[0] - k - 1
            index = first_index(pays, last=last)
            if index is not None and (found is None or index + 1 + k < found[0]):
                found = index + 1 + k, k
            k += 1
        if found is None:
            return None
        k, depth = found[1], found[0] - found[1]
        before = [(self.reward(depth, j), j) for j in range(depth)]
        factor = growth.value(k)
        distance = next(j for reward, j in before if claimed.pays(reward, factor * reward, k))
        return self.attack(depth, distance, k, claimed)
