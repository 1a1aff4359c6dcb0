"""Budget: a chain never gets more than the prize."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mechanism.schemes import EqualSplit, PathScheme
from proofs.power import Bounded, Exceeded, decide
from proofs.properties.base import Property, Reason, Rows
from proofs.verdict import Counterexample

__all__ = ["Overspending", "WithinBudget"]


@dataclass(frozen=True, slots=True)
class Overspending:
    """A chain of length `depth` is paid `total` > 1 shares of the prize."""

    depth: int
    total: Fraction

    def to_dict(self) -> dict[str, Any]:
        """Return the case as JSON-ready values."""
        return {"depth": self.depth, "total": str(self.total), "excess": str(self.total - 1)}

    def __str__(self) -> str:
        return f"a chain of {self.depth} is paid {self.total} of the prize, {self.total - 1} too much"


@dataclass(frozen=True, slots=True)
class WithinBudget(Property):
    """R(l, 0) + ... + R(l, l - 1) <= 1 for every length l of a chain."""

    def to_dict(self) -> dict[str, str]:
        """Return the name as a certificate spells it."""
        return {"property": "within_budget"}

    def __str__(self) -> str:
        return "within budget"

    def violation(self, rows: Rows) -> Overspending | None:
        """Return the shortest chain that is paid too much."""
        for depth, row in enumerate(rows, start=1):
            if (total := sum(row, Fraction(0))) > 1:
                return Overspending(depth, total)
        return None

    def at_every_length(self, scheme: PathScheme) -> Reason | Counterexample | None:
        """Decide by the closed form."""
        if isinstance(scheme, EqualSplit):
            return Reason({"rule": "identity"})
        term = scheme.exact().power_term()
        if term is None:
            return None
        scale, p, q = Fraction(term.scale), Fraction(term.p), Fraction(term.q)
        if scale == 0:
            return Reason({})
        decision = decide(p, q, 1 / scale)
        if isinstance(decision, Bounded):
            return Reason(decision.multipliers)
        if isinstance(decision, Exceeded):
            k = decision.fakes
            return Overspending(k + 1, scale * p**k * sum(q**i for i in range(k + 1)))
        return None
