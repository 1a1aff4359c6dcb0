"""A referral forest, or a change of one, in which a property of tree schemes fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs.enclosure import lower, upper
from proofs.spelling import full, short
from proofs.trees.rule import Forest

__all__ = ["TreeCase", "drawn"]


@dataclass(frozen=True, slots=True)
class TreeCase:
    """What breaks a property: a member, before and after, and what that does to it.

    Attributes
    ----------
    before, after : (recruiters, contributions)
        The forests; `after` is None if nothing changes.
    member : int
        Whom it is about, in the forest before.
    identities : tuple of int
        The same, or its identities, in the forest after.
    words : str
        What is wrong, with the numbers.
    value, bound : Fraction
        What exceeds what, in the unit of the contributions; bounds of irrational numbers.
    """

    before: Forest
    after: Forest | None
    member: int | None
    identities: tuple[int, ...]
    words: str
    value: Fraction
    bound: Fraction

    @classmethod
    def of(
        cls,
        before: Forest,
        member: int | None,
        words: str,
        *,
        value: Any,
        bound: Any,
        after: Forest | None = None,
        identities: Sequence[int] = (),
    ) -> TreeCase:
        """Return the case; `{value}`, `{bound}` and `{gain}` in the words are replaced by exact numbers."""
        low, high = lower(value), upper(bound)
        told = words.format(value=_told(value), bound=_told(bound), gain=_told(value - bound))
        return cls(before, after, member, tuple(identities), told, low, high)

    @property
    def gain(self) -> Fraction:
        """By how much the value exceeds the bound: exactly, or at least."""
        return self.value - self.bound

    @property
    def members(self) -> int:
        """Members of the larger forest."""
        return max(len(forest[0]) for forest in (self.before, self.after) if forest is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {
            "before": _plain(self.before),
            "after": None if self.after is None else _plain(self.after),
            "member": self.member,
            "identities": list(self.identities),
            "value": full(self.value),
            "bound": full(self.bound),
            "gain": full(self.gain),
            "words": self.words,
        }

    def __str__(self) -> str:
        who = () if self.member is None else (self.member,)
        lines = [f"before: {drawn(self.before, who)}"]
        if self.after is not None:
            lines.append(f"after:  {drawn(self.after, self.identities)}")
        return "\n".join([*lines, *self.words.splitlines()])


def drawn(forest: Forest, marked: Sequence[int] = ()) -> str:
    """Return a forest as contributions with those of the recruited in parentheses, some members in brackets.

    Examples
    --------
    >>> drawn(((-1, 0, 0, -1), (Fraction(1), Fraction(2), Fraction(3), Fraction(4))), [0])
    '[1](2, 3), 4'
    """
    parents, contributions = forest
    inside: list[list[str]] = [[] for _ in range(len(parents) + 1)]
    for u in reversed(range(len(parents))):
        text = short(contributions[u])
        text = f"[{text}]" if u in marked else text
        if inside[u]:
            text += f"({', '.join(reversed(inside[u]))})"
        inside[parents[u]].append(text)  # -1 is the organiser's place, the last
    return ", ".join(reversed(inside[-1]))


def _told(x: Any) -> str:
    return short(x) if isinstance(x, Fraction) else f"about {float(x.mid()):.6g}"


def _plain(forest: Forest) -> dict[str, Any]:
    return {"parents": list(forest[0]), "contributions": [full(c) for c in forest[1]]}
