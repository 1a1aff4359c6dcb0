"""The Shapley value of recruiting: what somebody contributed is shared equally by the chain that brought it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mechanism.schemes.tree import TreeScheme

__all__ = ["ShapleyTree"]


@dataclass(frozen=True, slots=True)
class ShapleyTree(TreeScheme):
    """R(u) = sum over w in the subtree of u of C(w) / depth(w), with depth 1 for the roots.

    The Shapley value of the game in which a coalition is worth the contributions of those members whose whole
    chain of recruiters belongs to it (Rahwan, Naroditskiy, Michalak, Wooldridge and Jennings, 2014): each C(w)
    is a unanimity game of the depth(w) members on that chain, so it is shared equally among them. Everything
    contributed is paid out.

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> ShapleyTree().rewards(ReferralForest([-1, 0, 1], [1.0, 2.0, 3.0])).tolist()
    [3.0, 2.0, 1.0]
    """

    kind: ClassVar[str] = "shapley_tree"
    local: ClassVar[bool] = False

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return the shares in all contributions of the subtree."""
        return (contribution / depth + below[0],)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the shares in all contributions of the subtree."""
        return contribution / depth + below[0]

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return "Shapley value"
