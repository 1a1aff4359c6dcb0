"""Subtree local: what a member is paid depends on the distance to the finder alone, not on what stands above it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from proofs.properties.chain import Chain, draw, keep, name_of, spell_out
from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, short

__all__ = ["DepthEffect", "SubtreeLocal"]


@dataclass(frozen=True, slots=True)
class DepthEffect:
    """A member that is paid something else if one member more stands above it.

    Attributes
    ----------
    depth : int
        Depth of the finder in the longer chain, its length.
    distance : int
        Steps from the finder up to the member.
    before, after : Fraction
        What the member is paid in the chain one shorter, and in this one, in shares of the prize.
    shorter, chain : tuple of Fraction, or None
        The rewards on both chains, the finder's first; None if the longer one is longer than 64.
    """

    depth: int
    distance: int
    before: Fraction
    after: Fraction
    shorter: Chain | None = None
    chain: Chain | None = None

    @classmethod
    def on(cls, rows: Rows, depth: int, distance: int) -> DepthEffect:
        """Return the case at a position of a table."""
        shorter, row = rows[depth - 2], rows[depth - 1]
        return cls(depth, distance, shorter[distance], row[distance], *keep(shorter, row))

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {
            "depth": self.depth,
            "distance": self.distance,
            "before": full(self.before),
            "after": full(self.after),
            "shorter": spell_out(self.shorter),
            "chain": spell_out(self.chain),
        }

    def __str__(self) -> str:
        return (
            f"{draw(self.chain, marked=[self.distance])}{name_of(self.distance)} is paid {short(self.before)} in a "
            f"chain of length {self.depth - 1}, but {short(self.after)} in one of length {self.depth}"
        )


@dataclass(frozen=True, slots=True)
class SubtreeLocal(PathProperty):
    """Rewards depend on the distance alone: R(l, j) = a(j) for every l, so R(l + 1, j) = R(l, j) wherever both exist.

    Of a table, claim it up to the length of the table: longer chains pay nobody.

    Notes
    -----
    *What it costs.* Let a subtree-local scheme be sybil-proof up to epsilon. One fake identity must not gain more:
    a(j) + a(j + 1) <= (1 + epsilon) a(j), so a(j + 1) <= epsilon a(j): rewards fall at least geometrically, by the
    factor epsilon. With epsilon = 0 the finder alone is paid. Conversely a(j) = a q^j with q <= epsilon / (1 +
    epsilon) will do, since a split multiplies it by at most 1 + q + q^2 + ... = 1 / (1 - q). So what makes it
    possible to pay recruiters without a leak is that rewards fall with the depth of the finder. Merging never gains:
    what was one's own is still paid. A chain is paid most if it is longest.

    Examples
    --------
    >>> from mechanism.schemes import DoubleGeometric, Geometric
    >>> from proofs import verify
    >>> print(verify(Geometric(1 / 2, 1 / 4), SubtreeLocal()))
    Proved: subtree local in chains of every length.
    >>> print(verify(DoubleGeometric(1 / 2), SubtreeLocal()))
    Refuted: not subtree local in chains of every length.
      team > 1/2 > [1/2]; the finder is paid 1 in a chain of length 1, but 1/2 in one of length 2
    """

    name: ClassVar[str] = "subtree_local"
    code: ClassVar[str] = "SL"
    statement: ClassVar[str] = "R(l + 1, j) = R(l, j) for all 0 <= j < l"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "after Emek, Karidi, Tennenholtz and Zohar, EC 2011 (subtree constraint)"

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name}

    def violation(self, rows: Rows) -> DepthEffect | None:
        """Return the first member of a table that its depth matters to, or None. Cost: O(max_depth ** 2)."""
        for depth in range(2, len(rows) + 1):
            for distance, reward in enumerate(rows[depth - 2]):
                if rows[depth - 1][distance] != reward:
                    return DepthEffect.on(rows, depth, distance)
        return None

    def __str__(self) -> str:
        return "subtree local"
