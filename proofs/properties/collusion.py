"""Collusion-proofness: no consecutive members of a chain gain by posing as one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any, ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.parameters import check_parameter
from proofs.properties.chain import Chain, draw, keep, name_of, spell_out
from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, percent, short

__all__ = ["CollusionProof", "Merger"]


@dataclass(frozen=True, slots=True)
class Merger:
    """Consecutive members of a chain pose as one.

    Attributes
    ----------
    depth : int
        Depth of the finder on the honest chain, its length.
    distance : int
        Steps from the finder up to the lowest of them, and afterwards to the one that they pose as.
    members : int
        How many they are, at least 2.
    before, after : Fraction
        What they are paid together, in shares of the prize.
    chain_before, chain_after : tuple of Fraction, or None
        The rewards on the whole chain, the finder's first; None if the honest chain is longer than 64.
    """

    depth: int
    distance: int
    members: int
    before: Fraction
    after: Fraction
    chain_before: Chain | None = None
    chain_after: Chain | None = None

    @classmethod
    def on(cls, rows: Rows, depth: int, distance: int, *, members: int) -> Merger:
        """Return the merger at a position of a table."""
        before, after = rows[depth - 1], rows[depth - members]
        paid = sum(before[distance : distance + members], Fraction(0))
        return cls(depth, distance, members, paid, after[distance], *keep(before, after))

    @property
    def gain(self) -> Fraction:
        """What they gain, in shares of the prize."""
        return self.after - self.before

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {
            "depth": self.depth,
            "distance": self.distance,
            "members": self.members,
            "before": full(self.before),
            "after": full(self.after),
            "gain": full(self.gain),
            "chain_before": spell_out(self.chain_before),
            "chain_after": spell_out(self.chain_after),
        }

    def __str__(self) -> str:
        places = range(self.distance, self.distance + self.members)
        before = draw(self.chain_before, marked=places)
        after = draw(self.chain_after, marked=places[:1], longest=self.depth)
        relative = percent(self.gain / self.before) if self.before else "from nothing"
        return (
            f"before: {before}{self.members} members, {name_of(self.distance)} and those above, "
            f"in a chain of length {self.depth}, are paid {short(self.before)}\n"
            f"after:  {after}as one member, in a chain of length {self.depth - self.members + 1}, "
            f"they are paid {short(self.after)}\n"
            f"gain:   {short(self.gain)} of the prize ({relative})"
        )


@dataclass(frozen=True, slots=True, init=False)
class CollusionProof(PathProperty):
    """No consecutive members of a chain gain more than `epsilon` by posing as one.

    If the members at the distances j, ..., j + k of a chain of length l pose as one, they are paid R(l - k, j)
    instead of S = R(l, j) + ... + R(l, j + k). Claimed is R(l - k, j) <= (1 + epsilon) S for all k >= 1 and
    0 <= j < l - k. Some authors call it collapse-proof.

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
    >>> from mechanism.schemes import DoubleGeometric, Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 2), CollusionProof()))
    Proved: collusion-proof in chains of every length.
    >>> print(verify(DoubleGeometric(1 / 2), CollusionProof()))
    Refuted: not collusion-proof in chains of every length.
      before: team > [1/4] > [1/4] > [1/4]; 3 members, the finder and those above, in a chain of length 3, are paid 3/4
      after:  team > [1]; as one member, in a chain of length 1, they are paid 1
      gain:   1/4 of the prize (+33.3333 %)

    Notes
    -----
    At epsilon = 0 this and sybil-proofness are the two halves of one equation, R(l - k, j) = S; for k = 1 twice and
    k = 2 once it makes R(l, j + 1) vanish, so with both nobody in the interior of a chain is paid.

    References
    ----------
    Nath, Dayama, Garg, Narahari and Zou, WINE 2012; Zhang and Tang, AAAI 2023.
    """

    name: ClassVar[str] = "collusion_proof"
    code: ClassVar[str] = "CP"
    statement: ClassVar[str] = (
        "R(l - k, j) <= (1 + epsilon) (R(l, j) + ... + R(l, j + k)) for all k >= 1 and 0 <= j < l - k"
    )
    adversary: ClassVar[str] = "k + 1 consecutive members of a chain, posing as one"
    source: ClassVar[str] = "Nath et al., WINE 2012; Zhang and Tang, AAAI 2023"
    epsilon: Fraction

    def __init__(self, epsilon: Number = 0) -> None:
        object.__setattr__(self, "epsilon", exact(check_parameter("epsilon", epsilon)))

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name, "epsilon": full(self.epsilon)}

    def violation(self, rows: Rows) -> Merger | None:
        """Return the smallest merger on a table that gains too much, or None. Cost: O(max_depth ** 3)."""
        bound = 1 + self.epsilon
        for depth, row in enumerate(rows, 1):
            sums = [Fraction(0), *accumulate(row)]
            for k in range(1, depth):
                for j, after in enumerate(rows[depth - k - 1]):
                    if after > bound * (sums[j + k + 1] - sums[j]):
                        return Merger.on(rows, depth, j, members=k + 1)
        return None

    def __str__(self) -> str:
        return "collusion-proof" + (
            f" with epsilon = {short(self.epsilon, width=80)}" if self.epsilon else ""
        )
