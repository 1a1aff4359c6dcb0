"""Chains and members in words, for counterexamples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from proofs.spelling import full, short

__all__ = ["Chain", "draw", "keep", "name_of", "spell_out"]

Chain = tuple[Fraction, ...]
"""The rewards on a chain, the finder's first."""

_LONGEST_KEPT = 64
_LONGEST_DRAWN = 6


def keep(*chains: Sequence[Fraction]) -> tuple[Chain | None, ...]:
    """Return chains as they are attached to a counterexample: all of them, or none if one is longer than 64."""
    if max(map(len, chains)) > _LONGEST_KEPT:
        return (None,) * len(chains)
    return tuple(map(tuple, chains))


def draw(chain: Chain | None, *, marked: Iterable[int], longest: int | None = None) -> str:
    """Return a chain from the team down, with some places in brackets; nothing if it is long or unknown.

    Examples
    --------
    >>> draw((Fraction(1, 2), Fraction(1, 4)), marked=[1])
    'team > [1/4] > 1/2; '
    """
    if chain is None or (longest or len(chain)) > _LONGEST_DRAWN:
        return ""
    places = set(marked)
    marks = [f"[{short(x)}]" if j in places else short(x) for j, x in enumerate(chain)]
    return " > ".join(["team", *reversed(marks)]) + "; "


def name_of(distance: int) -> str:
    """Return who stands there."""
    return "the finder" if distance == 0 else f"the recruiter {distance} above the finder"


def spell_out(chain: Chain | None) -> list[str] | None:
    """Return a chain as exact texts."""
    return None if chain is None else [full(x) for x in chain]
