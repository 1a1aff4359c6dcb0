"""Schemes in a few characters, as one types them: ``recursive:1/2``."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.numbers import parse
from mechanism.schemes import FAMILIES, PathScheme, TreeScheme

__all__ = ["scheme_from_text"]


def scheme_from_text(text: str) -> PathScheme | TreeScheme:
    """Return the scheme that a text such as ``"geometric:0.7,0.3"`` or ``"power:scale=1,p=1/2,q=1"`` names.

    Parameters
    ----------
    text : str
        The name of a family, a colon, and its parameters in order or by name. Numbers with a point or an
        exponent are floats, others exact.

    Raises
    ------
    InvalidInputError
        If there is no such family, or the parameters are not those of the family.

    Examples
    --------
    >>> scheme_from_text("recursive:1/2"), scheme_from_text("cdrm_1:budget=1,penalty=1/4")
    (Recursive(ratio=Fraction(1, 2)), CDRM1(budget=Fraction(1, 1), penalty=Fraction(1, 4)))
    """
    kind, _, rest = text.partition(":")
    family = FAMILIES.get(kind.strip().replace("-", "_").lower())
    if family is None:
        raise InvalidInputError("scheme", kind, allowed=f"one of {', '.join(sorted(FAMILIES))}")
    names = [item.name for item in fields(family) if item.init and item.repr]
    given: dict[str, Any] = {}
    parts = [part.strip() for part in rest.split(",") if part.strip()]
    for index, part in enumerate(parts):
        name, equals, value = part.rpartition("=")
        name = name.strip() if equals else names[index] if index < len(names) else part
        if name not in names or name in given:
            raise InvalidInputError("scheme", part, allowed=f"{family.kind!r} with the parameters {names}")
        given[name] = parse(value.strip())
    if set(given) != set(names):
        raise InvalidInputError("scheme", text, allowed=f"{family.kind!r} with the parameters {names}")
    return family(**given)
