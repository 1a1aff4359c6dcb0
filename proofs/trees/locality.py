"""What a reward in a tree scheme may depend on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any, ClassVar

from proofs.trees.case import TreeCase
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Forest, Rule

__all__ = ["Additivity", "SubtreeLocality", "Symmetry", "UnprofitableBypassing"]

_MOST_RELABELLED = 4


@dataclass(frozen=True, slots=True)
class SubtreeLocality(TreeProperty):
    """A reward depends on the member's own subtree and its contributions only."""

    name: ClassVar[str] = "subtree_locality"
    code: ClassVar[str] = "SL"
    statement: ClassVar[str] = "R(u) is a function of T_u and the contributions in it"
    adversary: ClassVar[str] = "nobody: everybody outside the subtree may be or do anything"
    source: ClassVar[str] = "Emek, Karidi, Tennenholtz and Zohar, EC 2011"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield members who would be paid otherwise if nobody stood outside their subtree."""
        for u in range(len(forest[0])):
            alone = _subtree(forest, u)
            if len(alone[0]) < len(forest[0]):
                words = "its subtree is the same, but the member in brackets is paid {before}, then {after}"
                yield from _different(rule, forest, u, alone, 0, words)

    def __str__(self) -> str:
        return "local to subtrees"


@dataclass(frozen=True, slots=True)
class UnprofitableBypassing(TreeProperty):
    """A joiner's reward does not depend on whom it names as its solicitor."""

    name: ClassVar[str] = "unprofitable_bypassing"
    code: ClassVar[str] = "USB"
    statement: ClassVar[str] = "R(v) is the same under every existing member and under the organiser"
    adversary: ClassVar[str] = "a joiner that names another solicitor than the one who told it"
    source: ClassVar[str] = "Douceur and Moscibroda, SIGCOMM 2007"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield members who are paid otherwise under somebody else."""
        parents, contributions = forest
        for v in range(len(parents)):
            below = _descendants(parents, v)
            for solicitor in range(-1, len(parents)):
                if solicitor in below or solicitor == parents[v]:
                    continue
                moved = (*parents[:v], solicitor, *parents[v + 1 :])
                after, places = _ordered(moved, contributions)
                words = "with another solicitor the member in brackets is paid {after} instead of {before}"
                yield from _different(rule, forest, v, after, places[v], words)

    def __str__(self) -> str:
        return "indifferent to whom a joiner names as its solicitor"


@dataclass(frozen=True, slots=True)
class Symmetry(TreeProperty):
    """Relabelling the members relabels the rewards."""

    name: ClassVar[str] = "symmetry"
    code: ClassVar[str] = "SYM"
    statement: ClassVar[str] = "R of a relabelled forest is the relabelled R"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Cheng and Friedman, 2005"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield members who are paid otherwise under another number.

        All orders of at most 4 members are tried; of more, all exchanges of two numbers. Everybody stays behind
        its recruiter.
        """
        parents, contributions = forest
        n = len(parents)
        for order in _orders(n):
            if all(parents[u] < 0 or order[parents[u]] < order[u] for u in range(n)):
                recruiters, amounts = [0] * n, [Fraction(0)] * n
                for u in range(n):
                    recruiters[order[u]] = order[parents[u]] if parents[u] >= 0 else -1
                    amounts[order[u]] = contributions[u]
                after = tuple(recruiters), tuple(amounts)
                words = "under another number the member in brackets is paid {after} instead of {before}"
                for u in range(n):
                    yield from _different(rule, forest, u, after, order[u], words)

    def __str__(self) -> str:
        return "symmetric"


@dataclass(frozen=True, slots=True)
class Additivity(TreeProperty):
    """A reward is a sum over the levels below, each level weighing its contributions alike."""

    name: ClassVar[str] = "additivity"
    code: ClassVar[str] = "DLD"
    statement: ClassVar[str] = "R(u) = sum over h >= 0 of f(h) * (contributions h levels below u)"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Emek, Karidi, Tennenholtz and Zohar, EC 2011"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield members whose reward is not the sum that single contributions of 1 on chains make."""
        parents, contributions = forest
        for u in range(len(parents)):
            predicted: Any = rule.lift(Fraction(0))
            for w, contribution in enumerate(contributions):
                h = _steps(parents, w, u)
                if h is not None:
                    chain = tuple(range(-1, h)), (*[Fraction(0)] * h, Fraction(1))
                    predicted = predicted + rule.lift(contribution) * rule(chain)[0]
            paid = rule(forest)[u]
            words = (
                "single contributions of 1 add up to {bound} for the member in brackets, who is paid {value}"
            )
            if rule.exceeds(paid, predicted):
                yield TreeCase.of(forest, u, words, value=paid, bound=predicted)
            elif rule.exceeds(predicted, paid):
                words = (
                    words.replace("{bound}", "{0}").replace("{value}", "{bound}").replace("{0}", "{value}")
                )
                yield TreeCase.of(forest, u, words, value=predicted, bound=paid)

    def __str__(self) -> str:
        return "additive, by levels"


def _different(
    rule: Rule, forest: Forest, u: int, after: Forest, place: int, words: str
) -> Iterator[TreeCase]:
    before, then = rule(forest)[u], rule(after)[place]
    if rule.exceeds(before, then):
        told = words.replace("{before}", "{value}").replace("{after}", "{bound}")
        yield TreeCase.of(forest, u, told, value=before, bound=then, after=after, identities=(place,))
    elif rule.exceeds(then, before):
        told = words.replace("{before}", "{bound}").replace("{after}", "{value}")
        yield TreeCase.of(forest, u, told, value=then, bound=before, after=after, identities=(place,))


def _orders(n: int) -> Iterator[tuple[int, ...]]:
    """Yield new numbers of all members: every order of a few, exchanges of two of many."""
    if n <= _MOST_RELABELLED:
        yield from permutations(range(n))
        return
    for u, v in combinations(range(n), 2):
        order = list(range(n))
        order[u], order[v] = v, u
        yield tuple(order)


def _descendants(parents: tuple[int, ...], u: int) -> set[int]:
    """Return a member and all below it; everybody stands after its recruiter."""
    inside = {u}
    for v in range(u + 1, len(parents)):
        if parents[v] in inside:
            inside.add(v)
    return inside


def _subtree(forest: Forest, u: int) -> Forest:
    """Return the subtree of a member as a forest of its own, the member first."""
    parents, contributions = forest
    kept = sorted(_descendants(parents, u))
    place = {v: i for i, v in enumerate(kept)}
    return tuple(place.get(parents[v], -1) if v != u else -1 for v in kept), tuple(
        contributions[v] for v in kept
    )


def _ordered(parents: tuple[int, ...], contributions: tuple[Fraction, ...]) -> tuple[Forest, list[int]]:
    """Return a forest with everybody after its recruiter, and the new number of each member."""
    order: list[int] = []
    waiting = [v for v, parent in enumerate(parents) if parent < 0]
    while waiting:
        u = waiting.pop(0)
        order.append(u)
        waiting += [v for v, parent in enumerate(parents) if parent == u]
    places = [0] * len(parents)
    for place, u in enumerate(order):
        places[u] = place
    recruiters = tuple(places[parents[u]] if parents[u] >= 0 else -1 for u in order)
    return (recruiters, tuple(contributions[u] for u in order)), places


def _steps(parents: tuple[int, ...], w: int, u: int) -> int | None:
    """Return how many levels a member stands below another, None if it does not."""
    steps = 0
    while w != u:
        if w < 0:
            return None
        w, steps = parents[w], steps + 1
    return steps
