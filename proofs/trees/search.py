"""Search for the smallest forest in which a property of tree schemes fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from proofs.trees.case import TreeCase
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Forest, Rule
from proofs.trees.shapes import brooms, forests

__all__ = ["Reach", "search"]

_LARGE = (Fraction(1), Fraction(1, 2), Fraction(4))


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a search goes.

    Parameters
    ----------
    members : int
        All forests of so many members after the change are searched, with every contribution from the grid.
    amounts : tuple of Fraction
        The grid of contributions.
    brooms : int
        Beyond, chains that end in a star, up to so many members before the change.
    """

    members: int = 4
    amounts: tuple[Fraction, ...] = (Fraction(1), Fraction(2))
    brooms: int = 12

    def __str__(self) -> str:
        grid = ", ".join(map(str, self.amounts))
        return (
            f"all forests of at most {self.members} members with contributions among {grid}, and chains that end "
            f"in a star of up to {self.brooms}"
        )


def search(rule: Rule, claimed: TreeProperty, reach: Reach) -> TreeCase | None:
    """Return the smallest violation within reach, or None.

    The smallest has the fewest members after the change, then adds the fewest; forests with equal
    contributions come first.
    """
    for members in range(1, reach.members + 1):
        found = next(_among(rule, claimed, members, claimed.added, lambda n: forests(n, reach.amounts)), None)
        if found is not None:
            return found
    for members in range(reach.members + 1, reach.brooms + 1):
        found = next(_among(rule, claimed, members, claimed.added[:1], lambda n: brooms(n, _LARGE)), None)
        if found is not None:
            return found
    return None


def _among(
    rule: Rule,
    claimed: TreeProperty,
    members: int,
    changes: Sequence[int],
    given: Callable[[int], Iterator[Forest]],
) -> Iterator[TreeCase]:
    for added in changes:
        if members > added:
            for forest in given(members - added):
                yield from claimed.violations(rule, forest, added)
