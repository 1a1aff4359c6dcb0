"""Incentive networks: people, what joining and inviting costs them, and how rewards are shared."""

from mechanism import datasets, formats
from mechanism.branching import GaltonWatson, RecursiveTree
from mechanism.budgets import Budget
from mechanism.campaign import Campaign, Members, TopDegree
from mechanism.costs import CostModel
from mechanism.economy import FriendRewards
from mechanism.errors import (
    BackendMissingError,
    CertificateError,
    InvalidInputError,
    MechanismError,
    SolveError,
    UnsupportedProblemError,
)
from mechanism.forest import ReferralForest
from mechanism.graph import Graph
from mechanism.motives import Motives
from mechanism.network import IncentiveNetwork
from mechanism.objectives import Objective
from mechanism.response_times import ResponseTime
from mechanism.scenarios import Scenarios, assuming
from mechanism.schemes import (
    CDRM1,
    CDRM2,
    TDRM,
    AlmostUniform,
    BalancedGeometric,
    CappedRate,
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    GeometricTree,
    Hybrid,
    LinearLuxor,
    LinearPachira,
    LotteryTree,
    Luxor,
    MultiLevel,
    Pachira,
    PathScheme,
    PathTable,
    Power,
    PowerSum,
    Recursive,
    ShapleyTree,
    ShareLottery,
    ShareTree,
    TreeScheme,
    scheme_from_dict,
    split_contract,
)
from mechanism.tasks import Contribution, Search, Task

__all__ = [
    "CDRM1",
    "CDRM2",
    "TDRM",
    "AlmostUniform",
    "BackendMissingError",
    "BalancedGeometric",
    "Budget",
    "Campaign",
    "CappedRate",
    "CertificateError",
    "ConstantSplit",
    "Contribution",
    "CostModel",
    "DirectReferral",
    "DoubleGeometric",
    "EqualSplit",
    "FinderTakesAll",
    "FriendRewards",
    "GaltonWatson",
    "Geometric",
    "GeometricTree",
    "Graph",
    "Hybrid",
    "IncentiveNetwork",
    "InvalidInputError",
    "LinearLuxor",
    "LinearPachira",
    "LotteryTree",
    "Luxor",
    "MechanismError",
    "Members",
    "Motives",
    "MultiLevel",
    "Objective",
    "Pachira",
    "PathScheme",
    "PathTable",
    "Power",
    "PowerSum",
    "Recursive",
    "RecursiveTree",
    "ReferralForest",
    "ResponseTime",
    "Scenarios",
    "Search",
    "ShapleyTree",
    "ShareLottery",
    "ShareTree",
    "SolveError",
    "Task",
    "TopDegree",
    "TreeScheme",
    "UnsupportedProblemError",
    "assuming",
    "datasets",
    "formats",
    "scheme_from_dict",
    "split_contract",
]
