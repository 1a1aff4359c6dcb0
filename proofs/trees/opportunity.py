"""Opportunities in tree schemes: rewards that are large for those who recruit enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mechanism.numbers import whole
from proofs.trees.case import TreeCase
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Forest, Rule

__all__ = ["ProfitableOpportunity", "UnboundedReward"]


@dataclass(frozen=True, slots=True)
class ProfitableOpportunity(TreeProperty):
    """Whatever somebody contributes, some subtree brings at least as much back."""

    name: ClassVar[str] = "profitable_opportunity"
    code: ClassVar[str] = "PO"
    statement: ClassVar[str] = "for every c > 0 there is T_u with C(u) = c and R(u) >= c"
    adversary: ClassVar[str] = "nobody: the subtree is the member's hope"
    source: ClassVar[str] = "Lv and Moscibroda, PODC 2013"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield nothing: a forest in which nobody profits does not refute that another one exists."""
        return iter(())

    def __str__(self) -> str:
        return "able to return every contribution"


@dataclass(frozen=True, slots=True, init=False)
class UnboundedReward(TreeProperty):
    """Whatever somebody contributes, some subtree brings any reward.

    Parameters
    ----------
    max_children : int, optional
        Nobody recruits more than that; any number by default.
    """

    name: ClassVar[str] = "unbounded_reward"
    code: ClassVar[str] = "URO"
    statement: ClassVar[str] = "for every K and c > 0 there is T_u with C(u) = c and R(u) >= K"
    adversary: ClassVar[str] = "nobody: the subtree is the member's hope"
    source: ClassVar[str] = "Emek, Karidi, Tennenholtz and Zohar, EC 2011"
    max_children: int | None

    def __init__(self, max_children: int | None = None) -> None:
        if max_children is not None:
            max_children = whole(max_children, argument="max_children")
        object.__setattr__(self, "max_children", max_children)

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield nothing: a forest with small rewards does not refute that another one has large ones."""
        return iter(())

    def __str__(self) -> str:
        narrow = f" in trees of at most {self.max_children} recruits each" if self.max_children else ""
        return f"without a bound on rewards{narrow}"
