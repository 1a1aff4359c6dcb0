"""The catalogue of reward schemes, one family per module."""

from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.schemes.direct_referral import DirectReferral
from mechanism.schemes.double_geometric import DoubleGeometric
from mechanism.schemes.equal_split import EqualSplit
from mechanism.schemes.finder_takes_all import FinderTakesAll
from mechanism.schemes.geometric import Geometric
from mechanism.schemes.path import PathScheme, PowerTerm
from mechanism.schemes.power import Power
from mechanism.schemes.recursive import Recursive
from mechanism.schemes.table import PathTable

__all__ = [
    "DirectReferral",
    "DoubleGeometric",
    "EqualSplit",
    "FinderTakesAll",
    "Geometric",
    "PathScheme",
    "PathTable",
    "Power",
    "PowerTerm",
    "Recursive",
    "scheme_from_dict",
]

_FAMILIES: dict[str, type[PathScheme]] = {
    family.kind: family
    for family in (
        FinderTakesAll,
        Recursive,
        Geometric,
        DoubleGeometric,
        DirectReferral,
        EqualSplit,
        Power,
        PathTable,
    )
}


def scheme_from_dict(values: dict[str, Any]) -> PathScheme:
    """Return the scheme that `PathScheme.to_dict` wrote.

    Examples
    --------
    >>> scheme_from_dict({"scheme": "recursive", "ratio": "1/2"})
    Recursive(ratio=Fraction(1, 2))
    """
    if not isinstance(values, dict):
        raise InvalidInputError("scheme", values, allowed="a dictionary as PathScheme.to_dict returns it")
    parameters = dict(values)
    kind = parameters.pop("scheme", None)
    if not isinstance(kind, str) or kind not in _FAMILIES:
        raise InvalidInputError("scheme", kind, allowed=f"one of {sorted(_FAMILIES)}")
    return _FAMILIES[kind].from_parameters(parameters)
