"""A path scheme given by its table, as the designer returns it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number, parse, spell, whole
from mechanism.schemes.path import PathScheme

__all__ = ["PathTable"]


@dataclass(frozen=True, slots=True, init=False)
class PathTable(PathScheme):
    """R(l, j) read from a table; a chain longer than the table pays nobody.

    Parameters
    ----------
    table : sequence of sequences of float, int or Fraction, or ndarray
        Row l - 1 holds the rewards of a chain of length l at the distances 0..l - 1. A square array
        with zeros right of the diagonal, as `PathScheme.table` returns it, is accepted too.
    label : str, optional
        Name for tables and plots.

    Examples
    --------
    >>> scheme = PathTable([[1], [0.75, 0.25]])
    >>> scheme.reward(2, 1), scheme.reward(3, 0)
    (0.25, 0)
    """

    kind: ClassVar[str] = "path_table"
    rows: tuple[tuple[Number, ...], ...]
    name: str

    def __init__(self, table: Sequence[Sequence[Number]] | np.ndarray[Any, Any], *, label: str = "") -> None:
        if isinstance(table, str) or not isinstance(table, (Sequence, np.ndarray)):
            raise InvalidInputError("table", table, allowed="rows of rewards")
        rows = []
        for index, given in enumerate(table):
            if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)):
                raise InvalidInputError("table", given, index=index, allowed="a row of rewards")
            row = []
            for distance, x in enumerate(given):
                allowed = "a finite reward of at least 0"
                reward = number(x, argument="table", allowed=allowed, index=(index, distance))
                if reward < 0:
                    raise InvalidInputError("table", reward, allowed=allowed, index=(index, distance))
                if distance > index and reward != 0:
                    raise InvalidInputError(
                        "table",
                        reward,
                        index=(index, distance),
                        allowed="0 where the distance is not below the length",
                    )
                row.append(reward)
            if len(row) < index + 1:
                raise InvalidInputError(
                    "table",
                    len(row),
                    index=f"{index}, length",
                    allowed=f"at least {index + 1}: one reward per distance",
                )
            rows.append(tuple(row[: index + 1]))
        if not rows:
            raise InvalidInputError("table", table, allowed="at least one row")
        object.__setattr__(self, "rows", tuple(rows))
        object.__setattr__(self, "name", label)

    @property
    def longest(self) -> int:
        """Length of the longest chain in the table."""
        return len(self.rows)

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return self.name or f"table of depth {self.longest}"

    def _formula(self, depth: int, distance: int) -> Number:
        return self.rows[depth - 1][distance] if depth <= self.longest else 0 * self.rows[0][0]

    def exact(self) -> Self:
        """Return the table in exact arithmetic."""
        return type(self)([[exact(x) for x in row] for row in self.rows], label=self.name)

    def exact_table(self, max_depth: int) -> list[list[Fraction]]:
        """Return the rewards as fractions."""
        max_depth = whole(max_depth, argument="max_depth")
        zero = Fraction(0)
        rows = [[exact(x) for x in row] for row in self.rows[:max_depth]]
        return rows + [[zero] * depth for depth in range(len(rows) + 1, max_depth + 1)]

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        return {"scheme": self.kind, "rewards": [[spell(x) for x in row] for row in self.rows]}

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the scheme with the given rewards, as texts."""
        if sorted(parameters) != ["rewards"]:
            raise InvalidInputError("scheme", sorted(parameters), allowed="'path_table' with 'rewards' only")
        rewards = parameters["rewards"]
        if not isinstance(rewards, list) or not all(isinstance(row, list) for row in rewards):
            raise InvalidInputError("rewards", rewards, allowed="a list of lists of texts")
        return cls([[parse(x) for x in row] for row in rewards])
