"""The catalogue of reward schemes, one family per module."""

from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.schemes.additive_tree import AdditiveTree
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
from mechanism.schemes.share_lottree import SHARE_FAMILIES, ShareLottery, ShareTree
from mechanism.schemes.split_contract import split_contract
from mechanism.schemes.table import PathTable
from mechanism.schemes.tdrm import TDRM
from mechanism.schemes.tree import TreeScheme

__all__ = [
    "CDRM1",
    "CDRM2",
    "FAMILIES",
    "SHARE_FAMILIES",
    "TDRM",
    "TREE_FAMILIES",
    "AdditiveTree",
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
    "ShareLottery",
    "ShareTree",
    "TreeScheme",
    "scheme_from_dict",
    "split_contract",
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


TREE_FAMILIES: dict[str, type[TreeScheme]] = {
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

FAMILIES: dict[str, type[PathScheme | TreeScheme]] = {
    **_FAMILIES,
    **TREE_FAMILIES,
    **SHARE_FAMILIES,
    AdditiveTree.kind: AdditiveTree,
}
"""Every family by its name in files and on the command line."""


def scheme_from_dict(values: dict[str, Any]) -> PathScheme | TreeScheme:
    """Return the scheme that `PathScheme.to_dict` or `TreeScheme.to_dict` wrote.

    Examples
    --------
    >>> scheme_from_dict({"scheme": "recursive", "ratio": "1/2"})
    Recursive(ratio=Fraction(1, 2))
    """
    if not isinstance(values, dict):
        raise InvalidInputError("scheme", values, allowed="a dictionary as a scheme's to_dict returns it")
    parameters = dict(values)
    kind = parameters.pop("scheme", None)
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise InvalidInputError("scheme", kind, allowed=f"one of {sorted(FAMILIES)}")
    return FAMILIES[kind].from_parameters(parameters)
