"""Opportunities in tree schemes: rewards that are large for those who recruit enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.numbers import whole
from proofs.enclosure import lower, upper
from proofs.spelling import short
from proofs.trees.case import TreeCase, drawn
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Forest, Rule

__all__ = ["ProfitableOpportunity", "UnboundedReward", "best_rewards"]

_OWN = (Fraction(1, 10), Fraction(1), Fraction(10))
_OTHERS = (Fraction(1), Fraction(1000))
_FACTORS = (Fraction(10), Fraction(100))  # what an unbounded reward is asked for, in contributions
_MOST = 31
_DRAWN = 6


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
        Nobody recruits more than that, and nobody below contributes more than the member itself, as with unit
        purchases; any number and any contributions by default.
    """

    name: ClassVar[str] = "unbounded_reward"
    code: ClassVar[str] = "URO"
    statement: ClassVar[str] = (
        "for every K and c > 0 there is T_u with C(u) = c and R(u) >= K; with max_children, nobody in T_u recruits "
        "more and nobody below u contributes more than c"
    )
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


def best_rewards(rule: Rule, claimed: ProfitableOpportunity | UnboundedReward) -> str:
    """Say which trees bring the rewards that a property promises, and where none was found.

    Stars, chains and complete binary trees of at most 31 members are tried, small ones first. What is found supports
    the claim for some contributions and proves it for none else; what is not found refutes nothing.

    Examples
    --------
    >>> def rule(forest):
    ...     return [c / 2 + len(forest.children(u)) / 2 for u, c in enumerate(forest.contributions)]
    >>> for line in best_rewards(Rule(rule), ProfitableOpportunity()).split("; "):
    ...     print(line)
    stars, chains and binary trees of at most 31 members: who contributes 1/10 is paid 11/20 in [1/10](1)
    who contributes 1 is paid 1 in [1](1)
    who contributes 10 is paid 10 in a tree of 11
    """
    narrow = claimed.max_children if isinstance(claimed, UnboundedReward) else None
    factors = _FACTORS if isinstance(claimed, UnboundedReward) else (Fraction(1),)
    told = [_best(rule, own, factor * own, narrow) for own in _OWN for factor in factors]
    return f"stars, chains and binary trees of at most {_MOST} members: {'; '.join(told)}"


def _best(rule: Rule, own: Fraction, wanted: Fraction, narrow: int | None) -> str:
    """Return the smallest tree that brings what is wanted, or the most that was found."""
    most: Fraction | None = None
    for forest in _hopes(own, narrow):
        paid: Any = rule(forest)[0]
        if rule.at_most(rule.lift(wanted), paid):
            where = drawn(forest, [0]) if len(forest[0]) <= _DRAWN else f"a tree of {len(forest[0])}"
            return f"who contributes {short(own)} is paid {_about(lower(paid))} in {where}"
        most = upper(paid) if most is None else max(most, upper(paid))
    return f"who contributes {short(own)} is paid {_about(most or Fraction(0))} at most, not {short(wanted)}"


def _about(x: Fraction) -> str:
    """Return a number exactly if that is short."""
    told = short(x)
    return told if len(told) <= 12 else f"about {float(x):.6g}"


def _hopes(own: Fraction, narrow: int | None) -> Iterator[Forest]:
    """Yield trees whose root contributes a given amount and all others another one."""
    for n in range(1, _MOST + 1):
        shapes = [tuple(range(-1, n - 1))]
        if narrow is None or narrow >= 2:
            shapes.append((-1, *((i - 1) // 2 for i in range(1, n))))
        if narrow is None or narrow >= n - 1:
            shapes.append((-1, *[0] * (n - 1)))
        for shape in dict.fromkeys(shapes):
            for other in _OTHERS if narrow is None else (own,):
                yield shape, (own, *[other] * (n - 1))
