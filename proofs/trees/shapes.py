"""All small forests, and the families of larger ones in which attacks are looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import product

from proofs.trees.rule import Forest

__all__ = ["brooms", "forest_shapes", "forests"]


@cache
def forest_shapes(members: int) -> tuple[tuple[int, ...], ...]:
    """Return all forests of so many unlabelled members as tuples of recruiters, -1 for a root.

    Each shape once, members in depth-first order: the rooted trees with one node more, whose root is the
    organiser, by their level sequences (Beyer and Hedetniemi, 1980).

    Examples
    --------
    >>> [len(forest_shapes(n)) for n in range(1, 8)]
    [1, 2, 4, 9, 20, 48, 115]
    """
    shapes = []
    levels: list[int] | None = list(range(members + 1))
    while levels is not None:
        shapes.append(_parents(levels))
        levels = _next_tree(levels)
    return tuple(reversed(shapes))


def _next_tree(levels: list[int]) -> list[int] | None:
    """Return the level sequence after this one, in falling order."""
    last = max((i for i, level in enumerate(levels) if level > 1), default=None)
    if last is None:
        return None
    above = max(i for i in range(last) if levels[i] == levels[last] - 1)
    period = last - above
    after = levels[:last]
    while len(after) < len(levels):
        after.append(after[len(after) - period])
    return after


def _parents(levels: list[int]) -> tuple[int, ...]:
    """Return who recruited whom in a tree whose root, the organiser, is left out."""
    latest = [0] * (len(levels) + 1)
    parents = []
    for i, level in enumerate(levels):
        if i:
            parents.append(latest[level - 1] - 1)
        latest[level] = i
    return tuple(parents)


def forests(members: int, amounts: Sequence[Fraction]) -> Iterator[Forest]:
    """Yield every forest of so many members with contributions from a grid, equal contributions first."""
    labels = sorted(product(amounts, repeat=members), key=lambda label: (len(set(label)), label))
    for label in labels:
        for shape in forest_shapes(members):
            yield shape, label


def brooms(members: int, amounts: Sequence[Fraction]) -> Iterator[Forest]:
    """Yield chains that end in a star, from the plain star to the plain chain, with three kinds of contributions.

    All contribute the same; or, of the least and the most, the end of the chain something else, or all but the first.
    """
    for stem in range(1, members):
        shape = (*range(-1, stem - 1), *[stem - 1] * (members - stem))
        for ordinary in amounts:
            yield shape, (ordinary,) * members
        least, most = min(amounts), max(amounts)
        for ordinary, other in ((least, most), (most, least)):
            yield shape, (*[ordinary] * (stem - 1), other, *[ordinary] * (members - stem))
            yield shape, (ordinary, *[other] * (members - 1))
