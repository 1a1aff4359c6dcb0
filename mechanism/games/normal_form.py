"""Games in normal form: the payoffs of every profile of a few players, and their pure equilibria."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from io import StringIO
from math import prod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import BackendMissingError, InvalidInputError
from mechanism.games.interdependent import Interdependent
from mechanism.games.participation import Participation
from mechanism.games.polymatrix import Payoffs, Polymatrix, exact_array, payoffs_given, payoffs_to
from mechanism.numbers import number, spell

__all__ = ["NormalForm", "refuse_large"]

_MOST_PEOPLE = 16
_MOST_NUMBERS = 1 << 20


@dataclass(frozen=True, slots=True, eq=False, init=False)
class NormalForm:
    """A finite game: for every player an array of its payoffs, one axis per player.

    Parameters
    ----------
    payoffs : sequence of array_like of float or Fraction, each of shape (s_0, ..., s_(n-1))
        ``payoffs[i][x_0, ..., x_(n-1)]`` is what player i gets if player k plays strategy x_k.

    Raises
    ------
    InvalidInputError
        If a number is not finite or a shape is wrong.

    Notes
    -----
    Fractions stay fractions: then payoffs are compared exactly.

    Examples
    --------
    >>> battle = NormalForm([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])
    >>> battle.pure_equilibria().tolist()
    [[0, 0], [1, 1]]
    """

    kind: ClassVar[str] = "normal_form"
    payoffs: tuple[Payoffs, ...]

    def __init__(self, payoffs: Sequence[ArrayLike]) -> None:
        arrays = tuple(payoffs_given(f"payoffs[{i}]", one) for i, one in enumerate(payoffs))
        if not arrays:
            raise InvalidInputError("payoffs", arrays, allowed="one array for each player, at least one")
        shape = arrays[0].shape
        if len(shape) != len(arrays) or not prod(shape):
            raise InvalidInputError(
                "payoffs[0]", shape, index="shape", allowed=f"of one axis for each of {len(arrays)} players"
            )
        for player, array in enumerate(arrays):
            if array.shape != shape:
                raise InvalidInputError(f"payoffs[{player}]", array.shape, index="shape", allowed=f"{shape}")
        object.__setattr__(self, "payoffs", arrays)

    @classmethod
    def of(cls, system: Participation | Interdependent, *, exact: bool = False) -> Self:
        """Return the normal form of a participation game, or of one of interdependent utilities.

        Parameters
        ----------
        system : Participation or Interdependent
            At most 16 people; strategy 1 is to take part. The payoffs of an interdependent game are the utilities.
        exact : bool
            Whether payoffs become fractions; a float stands for its shortest decimal.

        Raises
        ------
        InvalidInputError
            If it is another system, there are more than 16 people, or altruism has a spectral radius of 1 or more.

        Notes
        -----
        O(2^n n^2) time, 2^n n numbers.

        Examples
        --------
        >>> from mechanism import Graph
        >>> pair = Graph.from_edges([0], [1], directed=False)
        >>> game = NormalForm.of(Participation(pair, 0.0, support=0.3, cost=0.3), exact=True)
        >>> game.pure_equilibria().tolist(), game.payoffs[0].ravel().tolist()[2]
        ([[0, 0], [1, 1]], Fraction(-3, 10))
        """
        base = system.base if isinstance(system, Interdependent) else system
        if not isinstance(base, Participation):
            raise InvalidInputError(
                "system", system, allowed="a Participation game, or an Interdependent one of such"
            )
        if base.n > _MOST_PEOPLE:
            raise InvalidInputError(
                "system", f"{base.n} people", verb="has", allowed=f"of at most {_MOST_PEOPLE}"
            )
        payoffs = Polymatrix.of(base, exact=exact).normal_form().payoffs
        if isinstance(system, Interdependent):
            shape = payoffs[0].shape
            utilities = _inverse(system, exact) @ np.stack([one.ravel() for one in payoffs])
            payoffs = tuple(row.reshape(shape) for row in utilities)
        return cls(payoffs)

    @property
    def n(self) -> int:
        """Number of players."""
        return len(self.payoffs)

    @property
    def strategies(self) -> tuple[int, ...]:
        """Number of strategies of each player."""
        return self.payoffs[0].shape

    def pure_equilibria(self, *, tolerance: float | Fraction = 0) -> NDArray[np.int64]:
        """Return every profile from which nobody gains alone, in lexicographic order, shape (equilibria, n).

        Parameters
        ----------
        tolerance : float or Fraction
            The largest gain that counts as none, at least 0: floats that ought to be equal may differ in the last bits.

        Notes
        -----
        O(n) per profile.
        """
        most = number(tolerance, argument="tolerance", allowed="a number of at least 0")
        if most < 0:
            raise InvalidInputError("tolerance", tolerance, allowed="a number of at least 0")
        stays = np.ones(self.strategies, dtype=np.bool_)
        for player, own in enumerate(self.payoffs):
            stays &= np.asarray(own.max(axis=player, keepdims=True) - own <= most, dtype=np.bool_)
        return np.argwhere(stays).astype(np.int64)

    def to_nfg(self, *, title: str = "") -> str:
        """Return the game in the text format of Gambit for strategic games (``.nfg``), payoffs exact.

        Notes
        -----
        Payoffs profile by profile, the strategy of the first player counting fastest.

        References
        ----------
        Savani and Turocy, "Gambit: the package for computation in game theory", https://www.gambit-project.org.

        Examples
        --------
        >>> print(NormalForm([[[2, 0], [0, 1]], [[1, 0], [0, 2]]]).to_nfg(title="battle"))
        NFG 1 R "battle" { "1" "2" } { 2 2 }
        <BLANKLINE>
        2.0 1.0 0.0 0.0 0.0 0.0 1.0 2.0
        """
        words = title.replace("\\", "\\\\").replace('"', '\\"')
        players = " ".join(f'"{player + 1}"' for player in range(self.n))
        counts = " ".join(map(str, self.strategies))
        columns = [array.ravel(order="F").tolist() for array in self.payoffs]
        numbers = " ".join(spell(x) for profile in zip(*columns, strict=True) for x in profile)
        return f'NFG 1 R "{words}" {{ {players} }} {{ {counts} }}\n\n{numbers}'

    def to_gambit(self, *, title: str = "") -> Any:
        """Return the game as a ``pygambit.Game``, payoffs exact.

        Raises
        ------
        BackendMissingError
            If pygambit is not installed.
        """
        try:
            gambit = import_module("pygambit")
        except ImportError as error:
            raise BackendMissingError(
                "this needs pygambit: pip install --pre 'pygambit>=17.0.0b1'; to_nfg() writes the game without it"
            ) from error
        return gambit.read_nfg(StringIO(self.to_nfg(title=title)))

    def to_dict(self) -> dict[str, Any]:
        """Return the game as plain Python values, ready for JSON; fractions are spelled as text."""
        return {"system": self.kind, "payoffs": [payoffs_to(array) for array in self.payoffs]}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the game that `to_dict` wrote."""
        if not isinstance(document, Mapping) or set(document) != {"system", "payoffs"}:
            raise InvalidInputError("document", document, allowed="an object with system and payoffs")
        if document["system"] != cls.kind:
            raise InvalidInputError("document", document["system"], index="system", allowed=f'"{cls.kind}"')
        return cls(document["payoffs"])


def refuse_large(strategies: Sequence[int]) -> None:
    """Refuse games whose payoffs are more numbers than anybody could want to list."""
    size = prod(strategies) * len(strategies)
    if size > _MOST_NUMBERS:
        raise InvalidInputError(
            "strategies",
            f"{size:,} payoffs in all profiles",
            verb="make",
            allowed=f"at most {_MOST_NUMBERS:,}",
        )


def _inverse(system: Interdependent, exact: bool) -> Payoffs:
    """Return (I - A)^-1, in fractions by Gauss and Jordan if it is to be exact."""
    n, altruism = system.n, system.altruism.matrix.toarray()
    if not np.abs(np.linalg.eigvals(altruism)).max() < 1:
        raise InvalidInputError(
            "altruism", "a spectral radius of 1 or more: utilities feed one another without end",
            verb="has", allowed="of smaller weights",
        )  # fmt: skip
    if not exact:
        return np.asarray(np.linalg.inv(np.eye(n) - altruism), dtype=np.float64)
    unit = exact_array(np.eye(n, dtype=np.int64))
    rows = np.hstack([unit - exact_array(altruism), unit])
    for i in range(n):
        pivot = next(k for k in range(i, n) if rows[k, i])
        rows[[i, pivot]] = rows[[pivot, i]]
        rows[i] = rows[i] / rows[i, i]
        for k in range(n):
            if k != i and rows[k, i]:
                rows[k] = rows[k] - rows[k, i] * rows[i]
    return rows[:, n:]
