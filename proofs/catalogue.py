"""Every property by its name and its code, and as one types it: ``sybil_proof:epsilon=1/4``."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from inspect import signature
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.numbers import parse
from mechanism.schemes import TreeScheme
from proofs.properties import PATH_PROPERTIES, PathProperty
from proofs.properties.property import Property
from proofs.trees import TREE_PROPERTIES, TreeProperty

__all__ = ["PROPERTIES", "property_from_text"]

PROPERTIES: Mapping[str, type[Property]] = {
    family.name: family for family in (*PATH_PROPERTIES, *TREE_PROPERTIES)
}
"""Every property by the name that certificates use."""


def property_from_text(text: str, *, scheme: object = None) -> Property:
    """Return the property that a text such as ``"SP"`` or ``"sybil_proof:epsilon=1/4"`` names.

    Parameters
    ----------
    text : str
        The name or the code of a property, a colon, and its parameters in order or by name.
    scheme : object, optional
        What the property is wanted of: some codes are those of a property of chains and of one of forests.

    Raises
    ------
    InvalidInputError
        If there is no such property, or a parameter is not one of its own.

    Examples
    --------
    >>> print(property_from_text("SP:1/4"))
    sybil-proof with epsilon = 1/4
    """
    kind, _, rest = text.partition(":")
    word = kind.strip()
    named = PROPERTIES.get(word.replace("-", "_").lower())
    wanted = TreeProperty if isinstance(scheme, TreeScheme) else PathProperty
    coded = [family for family in PROPERTIES.values() if family.code == word.upper()]
    coded.sort(key=lambda family: not issubclass(family, wanted))
    family = named or next(iter(coded), None)
    if family is None:
        known = ", ".join(f"{kind.code} ({name})" for name, kind in PROPERTIES.items())
        raise InvalidInputError("property", word, allowed=f"one of {known}")
    names = list(signature(family).parameters)
    given: dict[str, Any] = {}
    for index, part in enumerate(part.strip() for part in rest.split(",") if part.strip()):
        name, equals, value = part.rpartition("=")
        name = name.strip() if equals else names[index] if index < len(names) else part
        if name not in names or name in given:
            allowed = f"{family.name} with the parameters {names}" if names else f"{family.name} alone"
            raise InvalidInputError("property", part, allowed=allowed)
        given[name] = _value(value.strip())
    missing = [
        name
        for name, parameter in signature(family).parameters.items()
        if parameter.default is parameter.empty and name not in given
    ]
    if missing:
        raise InvalidInputError("property", text, allowed=f"{family.name}:{missing[0]}=...")
    return family(**given)


def _value(text: str) -> Any:
    """Return a whole number, another number, or a word."""
    try:
        value = parse(text)
    except InvalidInputError:
        return text
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value
