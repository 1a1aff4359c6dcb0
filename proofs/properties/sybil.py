"""Sybil-proofness: no member of a chain gains by splitting into several identities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import inf
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number
from proofs.bisection import first_index
from proofs.growth import Growth, Peak
from proofs.properties.path import Property, Rows, Term
from proofs.spelling import full, percent, short

__all__ = ["SybilAttack", "SybilProof", "splits"]

_LONGEST_CHAIN_KEPT = 64
_LONGEST_CHAIN_DRAWN = 6


@dataclass(frozen=True, slots=True)
class SybilAttack:
    """A member of a chain splits into several identities that recruit one another.

    Attributes
    ----------
    depth : int
        Depth of the finder on the honest chain, its length.
    distance : int
        Steps from the finder up to the attacker.
    identities : int
        Fake identities, at least 1: the attacker stands on the chain once before, identities + 1 times after.
    before, after : Fraction
        What the attacker is paid, in shares of the prize.
    chain_before, chain_after : tuple of Fraction, or None
        The rewards on the whole chain, the finder's first; None if the attacked chain is longer than 64.
    """

    depth: int
    distance: int
    identities: int
    before: Fraction
    after: Fraction
    chain_before: tuple[Fraction, ...] | None = None
    chain_after: tuple[Fraction, ...] | None = None

    @classmethod
    def on(cls, rows: Rows, depth: int, distance: int, *, identities: int) -> SybilAttack:
        """Return the attack of a member at a position of a table."""
        before, after = rows[depth - 1], rows[depth + identities - 1]
        collected = sum(after[distance : distance + identities + 1], Fraction(0))
        kept = len(after) <= _LONGEST_CHAIN_KEPT
        chains = (tuple(before), tuple(after)) if kept else (None, None)
        return cls(depth, distance, identities, before[distance], collected, *chains)

    @classmethod
    def on_term(cls, term: Term, identities: int) -> SybilAttack:
        """Return the attack of a lone finder on a power term."""
        scale, p, q = term
        collected = scale * Growth.of(p, q).value(identities)
        if identities >= _LONGEST_CHAIN_KEPT:
            return cls(1, 0, identities, scale, collected)
        after = tuple(scale * p**identities * q**j for j in range(identities + 1))
        return cls(1, 0, identities, scale, collected, (scale,), after)

    @property
    def gain(self) -> Fraction:
        """What the attacker gains, in shares of the prize."""
        return self.after - self.before

    @property
    def relative_gain(self) -> Fraction | float:
        """The gain over the honest reward; infinite if that is nothing."""
        return self.gain / self.before if self.before else inf

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {
            "depth": self.depth,
            "distance": self.distance,
            "identities": self.identities,
            "before": full(self.before),
            "after": full(self.after),
            "gain": full(self.gain),
            "relative_gain": full(self.relative_gain),
            "chain_before": None if self.chain_before is None else [full(x) for x in self.chain_before],
            "chain_after": None if self.chain_after is None else [full(x) for x in self.chain_after],
        }

    def __str__(self) -> str:
        who = "the finder" if self.distance == 0 else f"the recruiter {self.distance} above the finder"
        fakes = "one fake identity" if self.identities == 1 else f"{self.identities} fake identities"
        gain = percent(self.relative_gain) if self.before else "from nothing"
        return (
            f"before: {self._drawn(self.chain_before, 1)}{who}, in a chain of length {self.depth}, "
            f"is paid {short(self.before)}\n"
            f"after:  {self._drawn(self.chain_after, self.identities + 1)}with {fakes}, "
            f"in a chain of length {self.depth + self.identities}, it is paid {short(self.after)}\n"
            f"gain:   {short(self.gain)} of the prize ({gain})"
        )

    def _drawn(self, chain: tuple[Fraction, ...] | None, places: int) -> str:
        """Return the chain from the team down, with the attacker's places in brackets."""
        if chain is None or self.depth + self.identities > _LONGEST_CHAIN_DRAWN:
            return ""
        own = range(self.distance, self.distance + places)
        marks = [f"[{short(x)}]" if j in own else short(x) for j, x in enumerate(chain)]
        return " > ".join(["team", *reversed(marks)]) + "; "


def splits(rows: Rows) -> Iterator[tuple[int, int, int, Fraction, Fraction]]:
    """Yield every split on a table as (depth, distance, identities, paid before, paid after).

    The smallest come first: by the length of the attacked chain, then by identities, then by distance.
    Cost: O(max_depth ** 3) rational subtractions.
    """
    for length, row in enumerate(rows, 1):
        sums = [Fraction(0), *accumulate(row)]
        for k in range(1, length):
            for j, before in enumerate(rows[length - k - 1]):
                yield length - k, j, k, before, sums[j + k + 1] - sums[j]


@dataclass(frozen=True, slots=True, init=False)
class SybilProof(Property):
    """No member gains more than `epsilon` by splitting into any number of identities on its chain.

    A member at distance j of a chain of length l that splits into k + 1 identities collects
    S_k(l, j) = R(l + k, j) + ... + R(l + k, j + k) instead of R(l, j). Claimed is
    S_k(l, j) <= (1 + epsilon) R(l, j) for all l >= 1, 0 <= j < l and k >= 1.

    Parameters
    ----------
    epsilon : int, float or Fraction
        Allowed gain relative to the honest reward, at least 0; a float stands for its shortest decimal.

    Raises
    ------
    InvalidInputError
        If epsilon is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 2), SybilProof()))
    Refuted: not sybil-proof in chains of every length.
      before: team > [1/2]; the finder, in a chain of length 1, is paid 1/2
      after:  team > [1/4] > [1/2]; with one fake identity, in a chain of length 2, it is paid 3/4
      gain:   1/4 of the prize (+50 %)
    >>> print(verify(Recursive(1 / 2), SybilProof(1)))
    Proved: sybil-proof with epsilon = 1 in chains of every length.

    Notes
    -----
    *Closure.* At epsilon = 0 one fake identity is the worst case: S_k(l, j) <= S_(k-1)(l+1, j) + S_(k-1)(l+1, j+1),
    since all rewards are >= 0 and each of the left side stands on the right; by induction the right side is at
    most R(l+1, j) + R(l+1, j+1) = S_1(l, j) <= R(l, j). For epsilon > 0 the same induction gives only
    (1 + epsilon)^k, so all k are checked.

    *Power terms.* A split multiplies rewards s p^(l-1) q^j by g_k, whatever l and j, with the `Growth` g of the
    term. So the property holds at every length if and only if the supremum of g is at most
    1 + epsilon; else the smallest witness is the first g_k above, at l = 1 and j = 0: it attacks a
    chain of length k + 1, and shorter chains have no room for k fake identities.

    *Equal split.* S_k(l, j) / R(l, j) = (k + 1) l / (l + k) exceeds every bound.

    References
    ----------
    Zhang, Zhang and Zhao, IJCAI 2020, sybil-proof answer querying; with epsilon: Nath, Dayama, Garg, Narahari and
    Zou, WINE 2012.
    """

    epsilon: Fraction

    def __init__(self, epsilon: Number = 0) -> None:
        allowed = "a finite number of at least 0"
        value = exact(number(epsilon, argument="epsilon", allowed=allowed))
        if value < 0:
            raise InvalidInputError("epsilon", epsilon, allowed=allowed)
        object.__setattr__(self, "epsilon", value)

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": "sybil_proof", "epsilon": full(self.epsilon)}

    def violation(self, rows: Rows) -> SybilAttack | None:
        """Return the smallest split on a table that gains too much, or None. Cost: O(max_depth ** 3)."""
        bound = 1 + self.epsilon
        for depth, distance, identities, before, after in splits(rows):
            if after > bound * before:
                return SybilAttack.on(rows, depth, distance, identities=identities)
        return None

    def peak(self, term: Term) -> Peak | None:
        """Return the peak that proves the property of a power term at every length, or None."""
        ceiling = Growth.of(*term[1:]).ceiling()
        return None if ceiling is None or ceiling[1] > 1 + self.epsilon else ceiling[0]

    def violation_by_term(self, term: Term) -> SybilAttack | None:
        """Return the smallest split on a power term that gains too much; None if there is none within reach."""
        k = Growth.of(*term[1:]).first_above(1 + self.epsilon)
        return None if k is None else SybilAttack.on_term(term, k)

    def violation_by_equal_split(self) -> SybilAttack:
        """Return the smallest split on R(l, j) = 1 / l that gains too much.

        Notes
        -----
        In an attacked chain of length n a split into k + 1 identities multiplies by (k + 1) (n - k) / n, which
        rises with k up to k = (n - 1) // 2. That maximum, about n / 4, rises with n. So both the
        shortest chain and the fewest identities are found by bisection.
        """
        bound = 1 + self.epsilon

        def gains(n: int, k: int) -> bool:
            return (k + 1) * (n - k) > bound * n

        n = first_index(lambda n: gains(n, (n - 1) // 2))
        if n is None or (k := first_index(lambda k: gains(n, k), last=(n - 1) // 2)) is None:
            raise ArithmeticError("n / 4 exceeds no bound")
        before, after = Fraction(1, n - k), Fraction(1, n)
        kept = n <= _LONGEST_CHAIN_KEPT
        chains = ((before,) * (n - k), (after,) * n) if kept else (None, None)
        return SybilAttack(n - k, 0, k, before, (k + 1) * after, *chains)

    def __str__(self) -> str:
        return "sybil-proof" + (f" with epsilon = {short(self.epsilon, width=80)}" if self.epsilon else "")
