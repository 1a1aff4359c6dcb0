"""The catalogue of reward schemes, one family per module."""

from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.schemes.almost_uniform import AlmostUniform
from mechanism.schemes.balanced_geometric import BalancedGeometric
from mechanism.schemes.capped import CappedRate
from mechanism.schemes.cdrm import CDRM1, CDRM2
from mechanism.schemes.constant_split import ConstantSplit
from mechanism.schemes.direct_referral import DirectReferral
from mechanism.schemes.double_geometric import DoubleGeometric
from mechanism.schemes.equal_split import EqualSplit
from mechanism.schemes.finder_takes_all import FinderTakesAll
from mechanism.schemes.geometric import Geometric
from mechanism.schemes.geometric_tree import GeometricTree
from mechanism.schemes.hybrid import Hybrid
from mechanism.schemes.lottree import LinearLuxor, LinearPachira, LotteryTree, Luxor, Pachira
from mechanism.schemes.multilevel import MultiLevel
from mechanism.schemes.path import PathScheme, PowerTerm
from mechanism.schemes.power import Power
from mechanism.schemes.power_sum import PowerSum
from mechanism.schemes.recursive import Recursive
from mechanism.schemes.shapley import ShapleyTree
from mechanism.schemes.split_contract import split_contract
from mechanism.schemes.table import PathTable
from mechanism.schemes.tdrm import TDRM
from mechanism.schemes.tree import TreeScheme

__all__ = [
    "CDRM1",
    "CDRM2",
    "FAMILIES",
    "TDRM",
    "AlmostUniform",
    "BalancedGeometric",
    "CappedRate",
    "ConstantSplit",
    "DirectReferral",
    "DoubleGeometric",
    "EqualSplit",
    "FinderTakesAll",
    "Geometric",
    "GeometricTree",
    "Hybrid",
    "LinearLuxor",
    "LinearPachira",
    "LotteryTree",
    "Luxor",
    "MultiLevel",
    "Pachira",
    "PathScheme",
    "PathTable",
    "Power",
    "PowerSum",
    "PowerTerm",
    "Recursive",
    "ShapleyTree",
    "TreeScheme",
    "scheme_from_dict",
    "split_contract",
    "tree_scheme_from_dict",
]

_FAMILIES: dict[str, type[PathScheme]] = {
    family.kind: family
    for family in (
        FinderTakesAll,
        Recursive,
        Geometric,
        BalancedGeometric,
        DoubleGeometric,
        DirectReferral,
        AlmostUniform,
        EqualSplit,
        ConstantSplit,
        Power,
        PowerSum,
        PathTable,
    )
}


_TREE_FAMILIES: dict[str, type[TreeScheme]] = {
    family.kind: family
    for family in (
        GeometricTree,
        MultiLevel,
        LinearPachira,
        LinearLuxor,
        Pachira,
        Luxor,
        TDRM,
        CDRM1,
        CDRM2,
        CappedRate,
        ShapleyTree,
    )
}

FAMILIES: dict[str, type[PathScheme | TreeScheme]] = {**_FAMILIES, **_TREE_FAMILIES}
"""Every family by its name in files and on the command line."""


def tree_scheme_from_dict(values: dict[str, Any]) -> TreeScheme:
    """Return the scheme that `TreeScheme.to_dict` wrote.

    Examples
    --------
    >>> tree_scheme_from_dict({"scheme": "cdrm_1", "budget": "1/2", "penalty": "0.25"})
    CDRM1(budget=Fraction(1, 2), penalty=0.25)
    """
    kind, parameters = _split(values, "TreeScheme", _TREE_FAMILIES)
    return _TREE_FAMILIES[kind].from_parameters(parameters)


def scheme_from_dict(values: dict[str, Any]) -> PathScheme:
    """Return the scheme that `PathScheme.to_dict` wrote.

    Examples
    --------
    >>> scheme_from_dict({"scheme": "recursive", "ratio": "1/2"})
    Recursive(ratio=Fraction(1, 2))
    """
    kind, parameters = _split(values, "PathScheme", _FAMILIES)
    return _FAMILIES[kind].from_parameters(parameters)


def _split(values: Any, base: str, families: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the kind and the parameters of a scheme's dictionary."""
    if not isinstance(values, dict):
        raise InvalidInputError("scheme", values, allowed=f"a dictionary as {base}.to_dict returns it")
    parameters = dict(values)
    kind = parameters.pop("scheme", None)
    if not isinstance(kind, str) or kind not in families:
        raise InvalidInputError("scheme", kind, allowed=f"one of {sorted(families)}")
    return kind, parameters
