"""Sybil-proofness: no member of a chain gains by splitting into several identities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import inf
from typing import Any, ClassVar

from mechanism.numbers import Number, exact, whole
from mechanism.schemes.parameters import check_parameter
from proofs.properties.chain import Chain, draw, keep, name_of, spell_out
from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, percent, short

__all__ = ["SybilAttack", "SybilProof", "splits"]


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
    cost : Fraction
        What all the fake identities cost, in shares of the prize.
    """

    depth: int
    distance: int
    identities: int
    before: Fraction
    after: Fraction
    chain_before: Chain | None = None
    chain_after: Chain | None = None
    cost: Fraction = Fraction(0)

    @classmethod
    def on(
        cls, rows: Rows, depth: int, distance: int, *, identities: int, cost: Fraction = Fraction(0)
    ) -> SybilAttack:
        """Return the attack of a member at a position of a table."""
        before, after = rows[depth - 1], rows[depth + identities - 1]
        collected = sum(after[distance : distance + identities + 1], Fraction(0))
        chain_before, chain_after = keep(before, after)
        return cls(depth, distance, identities, before[distance], collected, chain_before, chain_after, cost)

    @property
    def gain(self) -> Fraction:
        """What the attacker gains after the cost of its identities, in shares of the prize."""
        return self.after - self.before - self.cost

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
            "cost": full(self.cost),
            "gain": full(self.gain),
            "relative_gain": full(self.relative_gain),
            "chain_before": spell_out(self.chain_before),
            "chain_after": spell_out(self.chain_after),
        }

    def __str__(self) -> str:
        fakes = "one fake identity" if self.identities == 1 else f"{self.identities} fake identities"
        gain = percent(self.relative_gain) if self.before else "from nothing"
        attacked = self.depth + self.identities
        places = range(self.distance, self.distance + self.identities + 1)
        before = draw(self.chain_before, marked=places[:1], longest=attacked)
        price = f", after {short(self.cost)} for the {fakes}" if self.cost else ""
        return (
            f"before: {before}{name_of(self.distance)}, in a chain of length {self.depth}, "
            f"is paid {short(self.before)}\n"
            f"after:  {draw(self.chain_after, marked=places)}with {fakes}, "
            f"in a chain of length {attacked}, it is paid {short(self.after)}\n"
            f"gain:   {short(self.gain)} of the prize{price} ({gain})"
        )


def splits(rows: Rows, *, most: int | None = None) -> Iterator[tuple[int, int, int, Fraction, Fraction]]:
    """Yield every split on a table as (depth, distance, identities, paid before, paid after).

    The smallest come first: by the length of the attacked chain, then by identities, then by distance. `most` is
    the largest number of identities. Cost: O(max_depth ** 3) rational subtractions.
    """
    for length, row in enumerate(rows, 1):
        sums = [Fraction(0), *accumulate(row)]
        for k in range(1, length if most is None else min(length, most + 1)):
            for j, before in enumerate(rows[length - k - 1]):
                yield length - k, j, k, before, sums[j + k + 1] - sums[j]


@dataclass(frozen=True, slots=True, init=False)
class SybilProof(PathProperty):
    """No member gains more than `epsilon` by splitting into several identities on its chain.

    A member at distance j of a chain of length l that splits into k + 1 identities collects
    S_k(l, j) = R(l + k, j) + ... + R(l + k, j + k) instead of R(l, j). Claimed is
    S_k(l, j) <= (1 + epsilon) R(l, j) + k identity_cost for all l >= 1, 0 <= j < l and 1 <= k <= identities.

    Parameters
    ----------
    epsilon : int, float or Fraction
        Allowed gain relative to the honest reward, at least 0; a float stands for its shortest decimal.
    identity_cost : int, float or Fraction
        What one fake identity costs, in shares of the prize, at least 0.
    identities : int, optional
        The most fake identities that an attacker can have, at least 1. By default any number.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Examples
    --------
    >>> from mechanism.schemes import EqualSplit, Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 2), SybilProof()))
    Refuted: not sybil-proof in chains of every length.
      before: team > [1/2]; the finder, in a chain of length 1, is paid 1/2
      after:  team > [1/4] > [1/2]; with one fake identity, in a chain of length 2, it is paid 3/4
      gain:   1/4 of the prize (+50 %)
    >>> print(verify(Recursive(1 / 2), SybilProof(1)))
    Proved: sybil-proof with epsilon = 1 in chains of every length.
    >>> print(verify(EqualSplit(), SybilProof(identity_cost=Fraction(1, 6))))
    Proved: sybil-proof at a cost of 1/6 per identity in chains of every length.

    Notes
    -----
    *Closure.* If nothing is allowed and identities cost nothing, one fake identity is the worst case:
    S_k(l, j) <= S_(k-1)(l+1, j) + S_(k-1)(l+1, j+1), since all rewards are >= 0 and each of the left side stands
    on the right; by induction the right side is at most R(l+1, j) + R(l+1, j+1) = S_1(l, j) <= R(l, j). With
    epsilon > 0 the same induction gives only (1 + epsilon)^k, and with a cost it pays for 2^k - 1 identities
    instead of k, so all k are checked.

    References
    ----------
    Zhang, Zhang and Zhao, IJCAI 2020, sybil-proof answer querying; with epsilon: Nath, Dayama, Garg, Narahari and
    Zou, WINE 2012.
    """

    name: ClassVar[str] = "sybil_proof"
    code: ClassVar[str] = "SP"
    statement: ClassVar[str] = (
        "R(l + k, j) + ... + R(l + k, j + k) <= (1 + epsilon) R(l, j) + k identity_cost "
        "for all 0 <= j < l and 1 <= k <= identities"
    )
    adversary: ClassVar[str] = "a member of a chain, splitting into identities that recruit one another"
    source: ClassVar[str] = "Zhang et al., IJCAI 2020; with epsilon: Nath et al., WINE 2012"
    epsilon: Fraction
    identity_cost: Fraction
    identities: int | None

    def __init__(
        self, epsilon: Number = 0, *, identity_cost: Number = 0, identities: int | None = None
    ) -> None:
        object.__setattr__(self, "epsilon", exact(check_parameter("epsilon", epsilon)))
        object.__setattr__(self, "identity_cost", exact(check_parameter("identity_cost", identity_cost)))
        most = None if identities is None else whole(identities, argument="identities")
        object.__setattr__(self, "identities", most)

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it: a cost and a number of identities if there is one."""
        cost = {"identity_cost": full(self.identity_cost)} if self.identity_cost else {}
        most = {} if self.identities is None else {"identities": self.identities}
        return {"property": self.name, "epsilon": full(self.epsilon)} | cost | most

    def pays(self, before: Fraction, after: Fraction, identities: int) -> bool:
        """Return whether a split into identities + 1 gains too much."""
        return after > (1 + self.epsilon) * before + identities * self.identity_cost

    def violation(self, rows: Rows) -> SybilAttack | None:
        """Return the smallest split on a table that gains too much, or None. Cost: O(max_depth ** 3)."""
        for depth, distance, k, before, after in splits(rows, most=self.identities):
            if self.pays(before, after, k):
                return SybilAttack.on(rows, depth, distance, identities=k, cost=k * self.identity_cost)
        return None

    def __str__(self) -> str:
        words = ["sybil-proof"]
        if self.epsilon:
            words.append(f"with epsilon = {short(self.epsilon, width=80)}")
        if self.identity_cost:
            words.append(f"at a cost of {short(self.identity_cost, width=80)} per identity")
        if self.identities is not None:
            words.append(f"against at most {self.identities} fake identities")
        return " ".join(words)
