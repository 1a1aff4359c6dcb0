"""Check how near to the best some seeds are, in exact arithmetic, from counts of reverse-reachable sketches.

Run ``python -m proofs.check_seeding CERTIFICATE.json``, or this file under ``python -I -S``: it needs the standard
library only. Exit code 0: the claim follows from the counts; 1: refused; 2: the file cannot be read.

A sketch is the set of nodes that would have reached a random node: the spread of a set of nodes is proportional to the
chance that it meets a sketch (Borgs, Brautbar, Chayes and Lucier 2014). In round i the seeds were chosen on "choice"
sketches, of which a part of the seeds covers "prefix", and no allowed set covers more than "more" of the others; so no
allowed set covers more than "prefix" + "more". They then met "covered" of "test" independent sketches. Rounds are as
many as it pleased to make, each with "delta" / (2 i (i + 1)) for the failure of either bound, "delta" in all:

    spread of the seeds   >=  ((sqrt(covered + 2 h / 9) - sqrt(h / 2))^2 - h / 18) / test
    spread of the best    <=  (sqrt(prefix + more + h / 2) + sqrt(h / 2))^2 / choice,      h = log(2 i (i + 1) / delta)

(Tang, Tang, Xiao and Yuan, "Online processing algorithms for influence maximization", SIGMOD 2018, lemmas 4.2 and 4.3).
The claim is that the first is at least "ratio" times the second. What the sketches were is not checked here: the counts
are those of the run, which its random key names.
"""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from math import ceil, floor, isqrt, log
from pathlib import Path
from typing import Any

__all__ = ["FORMAT", "Refused", "check", "guaranteed", "spread_between"]
FORMAT = "incentive-networks/seeding-certificate/1"
_FIELDS = ["format", "ratio", "delta", "round", "choice", "prefix", "more", "test", "covered"]
_NUMBER = re.compile(
    r"(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?(e-[0-9]{1,3})?|(0|[1-9][0-9]{0,30})/[1-9][0-9]{0,30}"
)
_SCALE = 10**12  # one over the width within which roots are enclosed
_UNIT = 10**40  # one, in the terms of the exponential series


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


def _root(value: Fraction, *, up: bool) -> Fraction:
    """Return a bound on a square root, at most 1e-12 away."""
    whole = value * _SCALE**2
    below = isqrt(whole.numerator // whole.denominator)
    return Fraction(below + up, _SCALE)


def _hazard(delta: Fraction, number: int) -> Fraction:
    """Return h with exp(h) >= 2 i (i + 1) / delta: terms of the exponential series prove it."""
    odds = 2 * number * (number + 1) / delta
    magnitude = log(odds.numerator) - log(odds.denominator)
    h = Fraction(ceil(magnitude * 10**9) + 1, 10**9)
    total, term, place = _UNIT, _UNIT, 0
    while total < odds * _UNIT:
        place += 1
        term = term * h.numerator // (h.denominator * place)  # rounded down
        total += term
        if not term:
            raise Refused("the logarithm of delta could not be enclosed")
    return h


def _at_least(covered: int, h: Fraction) -> Fraction:
    distance = max(_root(covered + 2 * h / 9, up=False) - _root(h / 2, up=True), Fraction(0))
    return max(distance**2 - h / 18, Fraction(0))


def _at_most(covered: Fraction, h: Fraction) -> Fraction:
    return (_root(covered + h / 2, up=True) + _root(h / 2, up=True)) ** 2


def spread_between(covered: int, test: int, *, delta: Fraction, number: int) -> tuple[Fraction, Fraction]:
    """Return bounds on the chance that a sketch is met, of which `covered` of `test` were; each fails in turn.

    Examples
    --------
    >>> low, high = spread_between(500, 1000, delta=Fraction(1, 100), number=1)
    >>> round(float(low), 3), round(float(high), 3)
    (0.426, 0.584)
    """
    h = _hazard(delta, number)
    return _at_least(covered, h) / test, min(_at_most(Fraction(covered), h) / test, Fraction(1))


def guaranteed(
    *, delta: Fraction, number: int, choice: int, prefix: int, more: Fraction, test: int, covered: int
) -> Fraction:
    """Return the ratio to the best spread that the counts guarantee, but for a chance of `delta`.

    Examples
    --------
    >>> float(guaranteed(delta=Fraction(1, 100), number=1, choice=8000, prefix=4000, more=Fraction(90),
    ...     test=8000, covered=3950)) > 0.85
    True
    """
    h = _hazard(delta, number)
    best = min(_at_most(prefix + more, h) / choice, Fraction(1))
    return _at_least(covered, h) / test / best


def check(document: Any) -> Fraction:
    """Check a certificate; return the ratio that its counts guarantee.

    Raises
    ------
    Refused
        If it is not well formed, or claims more than that.
    """
    if not isinstance(document, dict) or set(document) != set(_FIELDS):
        raise Refused(f"a certificate has the fields {', '.join(_FIELDS)}")
    if document["format"] != FORMAT:
        raise Refused(f"the format is not {FORMAT}")
    whole = {name: _whole(document, name) for name in ("round", "choice", "prefix", "test", "covered")}
    ratio, delta, more = (_number(document, name) for name in ("ratio", "delta", "more"))
    if not 0 < delta < 1:
        raise Refused('"delta" is not between 0 and 1')
    if not whole["round"] or not whole["choice"] or not whole["test"]:
        raise Refused('"round", "choice" and "test" are at least 1')
    if whole["prefix"] > whole["choice"] or whole["covered"] > whole["test"]:
        raise Refused("more sketches are covered than there are")
    found = guaranteed(
        delta=delta,
        number=whole["round"],
        choice=whole["choice"],
        prefix=whole["prefix"],
        more=more,
        test=whole["test"],
        covered=whole["covered"],
    )
    if ratio > found:
        raise Refused(f"the counts guarantee a ratio of {float(found):.6g}, less than {float(ratio):.6g}")
    return found


def _whole(document: dict[str, Any], name: str) -> int:
    value = document[name]
    if type(value) is not int or not 0 <= value <= 10**15:
        raise Refused(f'"{name}" is not a whole number from 0 to 10^15')
    return value


def _number(document: dict[str, Any], name: str) -> Fraction:
    value = document[name]
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise Refused(f'"{name}" is not a number in quotes such as "0.53" or "3/4"')
    number = Fraction(value)
    if number > 10**15:
        raise Refused(f'"{name}" is above 10^15')
    return number


def load(path: str) -> Any:
    """Read a JSON file; an object that repeats a name is refused."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Refused(f"{path} repeats a name in a JSON object")
        return dict(pairs)

    return json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=unique)


def main(arguments: list[str]) -> int:
    """Check the file named on the command line; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m proofs.check_seeding CERTIFICATE.json", file=sys.stderr)
        return 2
    try:
        found = check(load(arguments[0]))
    except Refused as reason:
        print(f"refused: {reason}")
        return 1
    except (OSError, ValueError, RecursionError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print(f"accepted: the counts guarantee {floor(found * 10**6) / 10**6:.6f} of the best spread")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
