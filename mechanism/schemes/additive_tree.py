"""Path tables on referral forests: every contribution is shared along the recruiter line of its member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, whole
from mechanism.schemes.path import PathScheme
from mechanism.schemes.table import PathTable
from mechanism.schemes.tree import TreeScheme

__all__ = ["AdditiveTree"]


@dataclass(frozen=True, slots=True, init=False)
class AdditiveTree(TreeScheme):
    """R(u) = sum over w in the subtree of u of R(l, j) C(w), with l the depth of w and j its distance from u.

    For the contribution C(w) of a member at depth l, the member j levels above it is paid the share R(l, j), j = 0
    being w itself: what a table designed for a `Contribution` campaign pays on a real forest. Members deeper than the
    table bring nothing. Rewards add up over contributions, whence the name.

    Parameters
    ----------
    table : PathTable, or rows of rewards as it takes them
        Row l - 1 holds the shares of a contribution made at depth l, at the distances 0..l - 1.

    Notes
    -----
    What is paid in all is at most b times what is contributed, on every forest, if and only if no row sums to more
    than b. Splitting into fake identities gains a member at most the share epsilon of its pay on every forest,
    however contributions are divided and recruits attached, if the path scheme is sybil-proof up to epsilon
    (`Contribution` has the proof). Rewards depend on the subtree alone if they do not depend on the depth of the
    contribution.

    Cost: O(n * depth of the table) operations and numbers.

    Examples
    --------
    A member, one whom it recruited, and one below that; each keeps half of its own contribution:

    >>> from mechanism import ReferralForest
    >>> scheme = AdditiveTree([[0.5], [0.5, 0.25], [0.5, 0.125, 0.125]])
    >>> scheme.rewards(ReferralForest([-1, 0, 1], [4.0, 8.0, 16.0])).tolist()
    [6.0, 6.0, 8.0]
    """

    kind: ClassVar[str] = "additive_tree"
    local: ClassVar[bool] = False
    table: PathTable

    def __init__(self, table: PathTable | Sequence[Sequence[Number]] | np.ndarray[Any, Any]) -> None:
        object.__setattr__(self, "table", table if isinstance(table, PathTable) else PathTable(table))

    @classmethod
    def of(cls, scheme: PathScheme, max_depth: int) -> Self:
        """Return a path scheme cut at a depth, in exact arithmetic.

        Examples
        --------
        >>> from mechanism import Recursive
        >>> AdditiveTree.of(Recursive(0.5), 2).table.rows
        ((Fraction(1, 2),), (Fraction(1, 2), Fraction(1, 4)))
        """
        if not isinstance(scheme, PathScheme):
            raise InvalidInputError("scheme", scheme, allowed="a path scheme such as Recursive(1/2)")
        max_depth = whole(max_depth, argument="max_depth")
        return cls(PathTable(scheme.exact_table(max_depth), label=f"{scheme.label}, cut at {max_depth}"))

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The rows of the table."""
        return self.table.rows

    @property
    def width(self) -> int:  # type: ignore[override]  # the depth of the table, not of the family
        """Numbers in a message: contributions 0, 1, 2, ... levels below, as far as they may count."""
        return self.table.longest

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what was contributed by the member, one level below it, two levels, ..."""
        return (contribution, *below[:-1])

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the shares of what was contributed at every level."""
        paid = contribution * 0
        for distance in range(len(parameters) - depth + 1):
            level = below[distance - 1] if distance else contribution
            paid = paid + parameters[depth + distance - 1][distance] * level
        return paid

    def exact(self) -> Self:
        """Return the same scheme in exact arithmetic: floats stand for their shortest decimals."""
        return type(self)(self.table.exact())

    def to_dict(self) -> dict[str, Any]:
        """Return the scheme as JSON-ready values, as of the table."""
        return self.table.to_dict() | {"scheme": self.kind}

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the scheme with the given rewards, as texts."""
        return cls(PathTable.from_parameters(parameters))

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"additive, {self.table.label}"
