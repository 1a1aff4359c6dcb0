"""Polymatrix games: everybody plays one small game with each of those who matter to it, the same strategy in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.games.participation import Participation
from mechanism.games.system import fields_of, graph_from_dict, graph_given, graph_to_dict
from mechanism.graph import Graph
from mechanism.numbers import exact as rational
from mechanism.numbers import number, parse, spell

if TYPE_CHECKING:
    from mechanism.games.normal_form import NormalForm

__all__ = ["Payoffs", "Polymatrix", "exact_array", "payoffs_given", "payoffs_to"]

Payoffs = NDArray[Any]
"""An array of float64, or of exact numbers (dtype object)."""


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Polymatrix:
    """Person i chooses one of s strategies; the payoff is unary_i[x_i] + the sum over arcs i -> j of M_ij[x_i, x_j].

    Parameters
    ----------
    graph : Graph
        An arc i -> j: what j chooses enters the payoff of i.
    pairs : array_like of float or Fraction, shape (m, s, s)
        M_ij of every arc in the order of ``graph.indices``: first the own strategy, then that of the other.
    unary : array_like of float or Fraction, shape (n, s)
        What each strategy brings by itself.

    Raises
    ------
    InvalidInputError
        If a number is not finite or a shape is wrong; the message names the first.

    Notes
    -----
    Fractions stay fractions: payoffs are then exact. Payoffs cost O(n s + m).

    References
    ----------
    Yanovskaya, "Equilibrium points in polymatrix games", Litovskii Matematicheskii Sbornik 8, 1968.

    Examples
    --------
    Two people who want to do the same:

    >>> pair = Graph.from_edges(["ann"], ["bob"], directed=False)
    >>> game = Polymatrix(pair, [[[1, 0], [0, 2]]] * 2, unary=[[0, 0], [0, 0]])
    >>> game.payoffs([1, 1]).tolist(), game.gains([0, 1]).tolist()
    ([2.0, 2.0], [2.0, 1.0])
    """

    kind: ClassVar[str] = "polymatrix"
    graph: Graph
    pairs: Payoffs
    unary: Payoffs

    def __init__(self, graph: Graph, pairs: ArrayLike, *, unary: ArrayLike) -> None:
        n, m = graph_given(graph).n, graph.m
        alone = payoffs_given("unary", unary)
        if alone.ndim != 2 or alone.shape[0] != n or not alone.shape[1]:
            raise InvalidInputError(
                "unary",
                alone.shape,
                index="shape",
                allowed=f"({n}, s), at least one strategy for each person",
            )
        s = alone.shape[1]
        together = payoffs_given("pairs", pairs) if m else np.zeros((0, s, s), dtype=alone.dtype)
        if together.shape != (m, s, s):
            raise InvalidInputError(
                "pairs",
                together.shape,
                index="shape",
                allowed=f"({m}, {s}, {s}): own and other strategy per arc",
            )
        for name, given in (("graph", graph), ("pairs", together), ("unary", alone)):
            object.__setattr__(self, name, given)

    @classmethod
    def of(cls, system: Participation, *, exact: bool = False) -> Self:
        """Return a participation game as a polymatrix game with the strategies 0 and 1.

        Parameters
        ----------
        system : Participation
            The game.
        exact : bool
            Whether payoffs become fractions; a float stands for its shortest decimal.

        Examples
        --------
        >>> pair = Graph.from_edges([0], [1], directed=False)
        >>> Polymatrix.of(Participation(pair, 0.1, support=0.2, cost=0.3), exact=True).payoffs([1, 1])[0]
        Fraction(0, 1)
        """
        if not isinstance(system, Participation):
            raise InvalidInputError("system", system, allowed="a Participation game")
        convert = exact_array if exact else np.asarray
        benefit, cost, support = (
            convert(one) for one in (system.benefit, system.cost, system.layer.by_arc)
        )  # fmt: skip
        unary = np.zeros((system.n, 2), dtype=benefit.dtype)
        pairs = np.zeros((system.graph.m, 2, 2), dtype=benefit.dtype)
        unary[:, 1] = benefit - cost
        pairs[:, 1, 1] = support
        return cls(system.graph, pairs, unary=unary)

    @property
    def n(self) -> int:
        """Number of people."""
        return self.graph.n

    @property
    def strategies(self) -> int:
        """Number of strategies of each person."""
        return int(self.unary.shape[1])

    def checked(self, profile: ArrayLike) -> NDArray[np.intp]:
        """Return a profile as whole numbers of shape (n,); refuse what is no strategy."""
        given = np.asarray(profile)
        if given.shape != (self.n,):
            raise InvalidInputError("profile", given.shape, index="shape", allowed=f"({self.n},)")
        with np.errstate(invalid="ignore"):
            whole = given.astype(np.intp) if given.dtype.kind in "iufb" else np.full(self.n, -1)
        wrong = (whole != given) | (whole < 0) | (whole >= self.strategies)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise InvalidInputError(
                "profile", given[first], index=first, allowed=f"a strategy, 0..{self.strategies - 1}"
            )
        return whole

    def values(self, profile: ArrayLike) -> Payoffs:
        """Return what every strategy would bring each person while the others keep theirs, shape (n, s)."""
        x = self.checked(profile)
        total = self.unary.copy()
        source = np.repeat(np.arange(self.n), self.graph.out_degree)
        np.add.at(total, source, self.pairs[np.arange(self.graph.m), :, x[self.graph.indices]])
        return total

    def payoffs(self, profile: ArrayLike) -> Payoffs:
        """Return everybody's payoff, shape (n,)."""
        return np.asarray(self.values(profile)[np.arange(self.n), self.checked(profile)])

    def gains(self, profile: ArrayLike) -> Payoffs:
        """Return by how much each could raise its own payoff alone, at least 0, shape (n,)."""
        return np.asarray(self.values(profile).max(axis=1) - self.payoffs(profile))

    def normal_form(self) -> NormalForm:
        """Return the payoffs of every profile; the game has to be small.

        Raises
        ------
        InvalidInputError
            If the payoffs of all profiles are more than 2^20 numbers.
        """
        from mechanism.games.normal_form import NormalForm, refuse_large

        shape = (self.strategies,) * self.n
        refuse_large(shape)
        axes = np.arange(self.n)
        arrays = []
        for person in range(self.n):
            total = np.zeros(shape, dtype=self.unary.dtype)
            total = total + np.expand_dims(self.unary[person], tuple(axes[axes != person]))
            for arc in range(self.graph.indptr[person], self.graph.indptr[person + 1]):
                other = int(self.graph.indices[arc])
                matrix = self.pairs[arc] if person < other else self.pairs[arc].T
                total = total + np.expand_dims(matrix, tuple(axes[(axes != person) & (axes != other)]))
            arrays.append(total)
        return NormalForm(arrays)

    def to_dict(self) -> dict[str, Any]:
        """Return the game as plain Python values, ready for JSON; fractions are spelled as text."""
        return {
            "system": self.kind,
            "graph": graph_to_dict(self.graph),
            "pairs": payoffs_to(self.pairs),
            "unary": payoffs_to(self.unary),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the game that `to_dict` wrote."""
        given = fields_of(document, cls.kind, ("pairs", "unary"))
        return cls(graph_from_dict(given["graph"]), given["pairs"], unary=given["unary"])


def exact_array(values: ArrayLike) -> Payoffs:
    """Return numbers as fractions, an array of dtype object; a float stands for its shortest decimal."""
    given = np.asarray(values)
    return np.array([rational(x) for x in given.ravel().tolist()], dtype=object).reshape(given.shape)


def payoffs_given(argument: str, values: ArrayLike) -> Payoffs:
    """Return payoffs as a read-only array of float64, or of fractions if any is one or is spelled as text.

    Raises
    ------
    InvalidInputError
        If something is no finite number, or rows differ in length.
    """
    allowed = "finite numbers in an array"
    try:
        given = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise InvalidInputError(argument, "rows of different lengths", verb="has", allowed=allowed) from None
    if given.dtype.kind in "UO":
        read = [
            number(parse(x) if isinstance(x, str) else x, argument=argument, allowed=allowed)
            for x in given.ravel().tolist()
        ]
        found = np.array([rational(x) for x in read], dtype=object).reshape(given.shape)
    elif given.dtype.kind in "iuf":
        found = given.astype(np.float64)
        if not np.isfinite(found).all():
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(found))[0])
            raise InvalidInputError(argument, float(found[place]), index=place, allowed="a finite number")
    else:
        raise InvalidInputError(argument, given.dtype, allowed=allowed)
    found.flags.writeable = False
    return found


def payoffs_to(array: Payoffs) -> Any:
    """Return payoffs as plain values: floats as numbers, fractions spelled as text."""
    if array.dtype != object:
        return array.tolist()
    return np.array([spell(x) for x in array.ravel().tolist()], dtype=object).reshape(array.shape).tolist()
