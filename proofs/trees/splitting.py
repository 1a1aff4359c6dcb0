"""Splitting: one person as several members of a referral forest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain, combinations_with_replacement, product
from typing import ClassVar, Literal

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number
from proofs.spelling import short
from proofs.trees.case import TreeCase
from proofs.trees.property import TreeProperty, amount
from proofs.trees.rule import Forest, Rule

__all__ = ["UnprofitableGeneralizedSybilAttack", "UnprofitableSybilAttack", "splits"]

Structure = Literal["any", "chain", "siblings"]
_PARTS = 2  # identities share out halves of the contribution
_RAISED = (Fraction(1), Fraction(5, 4), Fraction(3, 2), Fraction(2))


@dataclass(frozen=True, slots=True, init=False)
class UnprofitableSybilAttack(TreeProperty):
    """Nobody gains by contributing as several identities what it would contribute as one.

    The identities form any forest where the member stood, and share out those whom it recruited.

    Parameters
    ----------
    structure : {"any", "chain", "siblings"}
        ``"chain"``: each identity recruits the next, and all real recruits stand under the last;
        ``"siblings"``: all have the same recruiter.
    identity_cost : int, float or Fraction
        What every fake identity costs, in the unit of the contributions, at least 0.
    """

    name: ClassVar[str] = "unprofitable_sybil_attack"
    code: ClassVar[str] = "USA"
    statement: ClassVar[str] = (
        "sum of R over identities with sum of C = C(u), any structure, any assignment of u's children, is at most "
        "R(u) + identity_cost * (number of fake ones)"
    )
    adversary: ClassVar[str] = "a member that joins as several"
    source: ClassVar[str] = "Douceur and Moscibroda, SIGCOMM 2007; Lv and Moscibroda, PODC 2013"
    added: ClassVar[tuple[int, ...]] = (1, 2)
    structure: Structure
    identity_cost: Fraction

    def __init__(self, structure: Structure = "any", *, identity_cost: Number = 0) -> None:
        if structure not in ("any", "chain", "siblings"):
            raise InvalidInputError("structure", structure, allowed='"any", "chain" or "siblings"')
        object.__setattr__(self, "structure", structure)
        object.__setattr__(self, "identity_cost", amount("identity_cost", identity_cost))

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield splits that gain."""
        for u in range(len(forest[0])):
            before = rule(forest)[u]
            for after, identities in splits(forest, u, added, Fraction(1), self.structure):
                paid = sum(rule(after)[i] for i in identities)
                allowed = before + rule.lift(added * self.identity_cost)
                if rule.exceeds(paid, allowed):
                    cost = f" at a cost of {short(added * self.identity_cost)}" if self.identity_cost else ""
                    yield TreeCase.of(
                        forest,
                        u,
                        f"the member in brackets is paid {_told(rule, before)}, its {added + 1} identities "
                        f"{{value}}{cost}\ngain:   {{gain}}",
                        value=paid,
                        bound=allowed,
                        after=after,
                        identities=identities,
                    )

    def __str__(self) -> str:
        kind = {"any": "any structure", "chain": "a chain", "siblings": "siblings"}[self.structure]
        cost = f" at {short(self.identity_cost)} per identity" if self.identity_cost else ""
        return f"resistant to splitting into {kind}{cost}"


@dataclass(frozen=True, slots=True)
class UnprofitableGeneralizedSybilAttack(TreeProperty):
    """Nobody profits more by contributing more than it would, as one identity or as several."""

    name: ClassVar[str] = "unprofitable_generalized_sybil_attack"
    code: ClassVar[str] = "UGSA"
    statement: ClassVar[str] = (
        "sum of R - C over identities with sum of C >= C(u), any structure, any assignment of u's children, is at "
        "most R(u) - C(u)"
    )
    adversary: ClassVar[str] = "a member that joins as several and contributes more"
    source: ClassVar[str] = "Lv and Moscibroda, PODC 2013"
    added: ClassVar[tuple[int, ...]] = (0, 1, 2)

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield attacks that raise the profit."""
        for u, own in enumerate(forest[1]):
            before = rule(forest)[u] - rule.lift(own)
            for factor in _RAISED:
                for after, identities in splits(forest, u, added, factor, "any"):
                    given = sum((after[1][i] for i in identities), Fraction(0))
                    profit = sum(rule(after)[i] for i in identities) - rule.lift(given)
                    if rule.exceeds(profit, before):
                        whom = "it" if not added else f"its {added + 1} identities"
                        yield TreeCase.of(
                            forest,
                            u,
                            f"the member in brackets has a profit of {{bound}}, {whom} afterwards {{value}}\n"
                            "gain:   {gain}",
                            value=profit,
                            bound=before,
                            after=after,
                            identities=identities,
                        )

    def __str__(self) -> str:
        return "resistant to splitting and contributing more"


def _told(rule: Rule, x: object) -> str:
    return short(x) if isinstance(x, Fraction) else f"about {float(x.mid()):.6g}"  # type: ignore[attr-defined]


def splits(
    forest: Forest,
    u: int,
    added: int,
    factor: Fraction = Fraction(1),
    structure: Structure = "any",
) -> Iterator[tuple[Forest, tuple[int, ...]]]:
    """Yield forests in which identities stand for a member, with the numbers of the identities.

    The identities come where the member stood, each after its recruiter, and contribute what it did, times a factor,
    shared out in parts of 1 / (2 k) among k of them. Recruits with equal subtrees are not told apart.
    """
    parents, contributions = forest
    k = added + 1
    children, kinds = _children(forest, u)
    identities = tuple(range(u, u + k))
    for shape in _structures(k, structure):
        homes: Sequence[int] = [k - 1] if structure == "chain" else range(k)
        for parts in _compositions(k):
            if not added and factor == 1:
                return
            amounts = [contributions[u] * factor * part for part in parts]
            for assigned in _assignments(kinds, homes):
                home = dict(zip(children, assigned, strict=True))
                recruiters = list(parents[:u])
                recruiters += [u + above if above >= 0 else parents[u] for above in shape]
                for v in range(u + 1, len(parents)):
                    above = parents[v]
                    recruiters.append(u + home[v] if above == u else above + added if above > u else above)
                after = (*contributions[:u], *amounts, *contributions[u + 1 :])
                yield (tuple(recruiters), after), identities


def _children(forest: Forest, u: int) -> tuple[list[int], tuple[int, ...]]:
    """Return a member's recruits, equal subtrees together, and how many there are of each kind."""
    parents, contributions = forest
    below: list[list[tuple[object, ...]]] = [[] for _ in parents]
    kinds: dict[tuple[object, ...], list[int]] = {}
    for v in range(len(parents) - 1, u, -1):
        key = (contributions[v], *sorted(below[v], key=repr))
        if parents[v] == u:
            kinds.setdefault(key, []).append(v)
        elif parents[v] >= 0:
            below[parents[v]].append(key)
    groups = list(kinds.values())
    return [v for group in groups for v in group], tuple(map(len, groups))


def _assignments(kinds: tuple[int, ...], homes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the ways to share out recruits, up to the order of equal ones."""
    for parts in product(*(combinations_with_replacement(homes, size) for size in kinds)):
        yield tuple(chain.from_iterable(parts))


@cache
def _structures(k: int, structure: Structure) -> tuple[tuple[int, ...], ...]:
    """Return how identities may stand: the recruiter of each among them, -1 for the member's own."""
    if structure == "chain":
        return (tuple(range(-1, k - 1)),)
    if structure == "siblings":
        return ((-1,) * k,)
    return tuple(product(*(range(-1, i) for i in range(k))))[::-1]


@cache
def _compositions(k: int) -> tuple[tuple[Fraction, ...], ...]:
    """Return the ways to share out a whole, the even one first."""
    ways = [parts for parts in product(range(_PARTS * k + 1), repeat=k) if sum(parts) == _PARTS * k]
    ways.sort(key=lambda parts: max(parts) - min(parts))
    return tuple(tuple(Fraction(part, _PARTS * k) for part in parts) for parts in ways)
