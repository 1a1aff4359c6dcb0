"""Incentive networks: people, what joining and inviting costs them, and how rewards are shared."""

from mechanism import datasets
from mechanism.campaign import Campaign, Members, TopDegree
from mechanism.costs import CostModel
from mechanism.errors import (
    BackendMissingError,
    CertificateError,
    InvalidInputError,
    MechanismError,
    SolveError,
    UnsupportedProblemError,
)
from mechanism.graph import Graph
from mechanism.network import IncentiveNetwork
from mechanism.schemes import (
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathScheme,
    PathTable,
    Power,
    Recursive,
    scheme_from_dict,
)
from mechanism.tasks import Search

__all__ = [
    "BackendMissingError",
    "Campaign",
    "CertificateError",
    "CostModel",
    "DirectReferral",
    "DoubleGeometric",
    "EqualSplit",
    "FinderTakesAll",
    "Geometric",
    "Graph",
    "IncentiveNetwork",
    "InvalidInputError",
    "MechanismError",
    "Members",
    "PathScheme",
    "PathTable",
    "Power",
    "Recursive",
    "Search",
    "SolveError",
    "TopDegree",
    "UnsupportedProblemError",
    "datasets",
    "scheme_from_dict",
]
