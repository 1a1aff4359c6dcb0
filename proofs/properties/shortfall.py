"""A member of a chain that is paid less than promised, or something else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs.properties.chain import Chain, draw, keep, name_of, spell_out
from proofs.properties.path import Rows
from proofs.spelling import full, short

__all__ = ["Shortfall"]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A position whose reward is not what was promised.

    Attributes
    ----------
    depth : int
        Depth of the finder, the length of the chain.
    distance : int
        Steps from the finder up to the member.
    paid : Fraction
        What the member is paid, in shares of the prize.
    promised : Fraction
        What it was promised: at least that much, or exactly that, or, if 0, more than that.
    chain : tuple of Fraction, or None
        The rewards on the whole chain, the finder's first; None if it is longer than 64.
    """

    depth: int
    distance: int
    paid: Fraction
    promised: Fraction
    chain: Chain | None = None

    @classmethod
    def on(cls, rows: Rows, depth: int, distance: int, *, promised: Fraction) -> Shortfall:
        """Return the case at a position of a table."""
        row = rows[depth - 1]
        return cls(depth, distance, row[distance], promised, *keep(row))

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {
            "depth": self.depth,
            "distance": self.distance,
            "paid": full(self.paid),
            "promised": full(self.promised),
            "chain": spell_out(self.chain),
        }

    def __str__(self) -> str:
        instead = f"not {short(self.promised)}" if self.promised else "not more"
        return (
            f"{draw(self.chain, marked=[self.distance])}{name_of(self.distance)}, in a chain of length {self.depth}, "
            f"is paid {short(self.paid)}, {instead}"
        )
