"""Verification: does a scheme keep a promise? A proof, the smallest counterexample, or neither."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number, spell
from mechanism.schemes import PathScheme, PathTable
from proofs.properties.base import Property, Reason, Rows
from proofs.verdict import Claim, Proved, Refuted, Unrefuted, Verdict

__all__ = ["verify"]

_CALLABLE_DEPTH = 12
Scheme = PathScheme | Callable[[int, int], Number]


def verify(scheme: Scheme, property: Property, *, max_depth: int | None = None) -> Verdict:
    """Prove or refute a property of a reward scheme in exact arithmetic.

    Parameters
    ----------
    scheme : PathScheme or callable
        A scheme of the catalogue, or any function R(depth, distance) that returns the share of the prize for
        the payee `distance` steps above a finder at `depth`, an int, float or Fraction of at least 0. Floats
        stand for their shortest decimals.
    property : Property
        `SybilProof(epsilon)` or `WithinBudget()`.
    max_depth : int, optional
        Speak of chains of at most this length only. By default the claim is about every length; a table
        pays nobody beyond its length.

    Returns
    -------
    Proved, Refuted or Unrefuted
        `Proved` carries a certificate, `Refuted` the smallest counterexample (shortest chain, fewest fakes).
        A callable without `max_depth` is searched up to length 12 and is at most `Unrefuted`.

    Raises
    ------
    InvalidInputError
        If an argument is not of these kinds or a reward is negative or not finite.

    Notes
    -----
    Tables and claims with `max_depth`: O(max_depth ** 3) exact inequalities. Closed forms: a bound on
    geometric sums, usually O(1).

    Examples
    --------
    >>> from mechanism import DoubleGeometric, Recursive
    >>> from proofs import SybilProof, WithinBudget
    >>> print(verify(DoubleGeometric(0.2), SybilProof()))
    proved: sybil-proof in chains of every length
    >>> print(verify(Recursive(1 / 2), SybilProof()))
    refuted: sybil-proof in chains of every length
      in a chain of 1, the finder gets 1/2 of the prize; with 1 fake identity (a chain of 2) 3/4: 1/4 of the prize more (+0.5 of it)
    """
    if not isinstance(property, Property):
        raise InvalidInputError("property", property, allowed="a property such as SybilProof()")
    if max_depth is not None and (
        isinstance(max_depth, bool) or not isinstance(max_depth, (int, np.integer)) or max_depth < 1
    ):
        raise InvalidInputError("max_depth", max_depth, allowed="None or an integer of at least 1")
    if not isinstance(scheme, PathScheme):
        if not callable(scheme):
            raise InvalidInputError("scheme", scheme, allowed="a path scheme or a function R(depth, distance)")
        return _verify_callable(scheme, property, max_depth)
    claim = Claim(scheme.to_dict(), property.to_dict(), str(property), max_depth)
    if isinstance(scheme, PathTable) or max_depth is not None:
        depth = scheme.max_depth if isinstance(scheme, PathTable) and max_depth is None else max_depth
        return _exhaust(claim, property, scheme.exact_table(int(depth or 1)))
    answer = property.at_every_length(scheme)
    if isinstance(answer, Reason):
        return Proved(claim, answer.multipliers)
    if answer is not None:
        return Refuted(claim, answer)
    counterexample = property.violation(scheme.exact_table(_CALLABLE_DEPTH))
    if counterexample is not None:
        return Refuted(claim, counterexample)
    return Unrefuted(claim, f"all chains of length at most {_CALLABLE_DEPTH}")


def _exhaust(claim: Claim, property: Property, rows: Rows) -> Verdict:
    """Evaluate every inequality of a finite table."""
    counterexample = property.violation(rows)
    return Proved(claim, {}) if counterexample is None else Refuted(claim, counterexample)


def _verify_callable(
    function: Callable[[int, int], Number], property: Property, max_depth: int | None
) -> Verdict:
    """Tabulate a function, then evaluate every inequality; nothing is proved beyond the table."""
    depth = _CALLABLE_DEPTH if max_depth is None else int(max_depth)
    rows = [[_reward(function, length, j) for j in range(length)] for length in range(1, depth + 1)]
    scheme = {"scheme": PathTable.kind, "rewards": [[spell(x) for x in row] for row in rows]}
    claim = Claim(scheme, property.to_dict(), str(property), max_depth)
    verdict = _exhaust(claim, property, rows)
    if max_depth is None and isinstance(verdict, Proved):
        return Unrefuted(claim, f"all chains of length at most {depth}")
    return verdict


def _reward(function: Callable[[int, int], Number], depth: int, distance: int) -> Fraction:
    allowed = "a finite reward of at least 0"
    value = number(function(depth, distance), argument="scheme", allowed=allowed, index=(depth, distance))
    if value < 0:
        raise InvalidInputError("scheme", value, allowed=allowed, index=(depth, distance))
    return exact(value)
