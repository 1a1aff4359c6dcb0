"""Properties of path schemes, one per module."""

from proofs.properties.balance import BudgetBalanced, Imbalance
from proofs.properties.budget import Overspending, WithinBudget
from proofs.properties.collusion import CollusionProof, Merger
from proofs.properties.finder_share import FinderShare
from proofs.properties.monotone import Monotone, Rise
from proofs.properties.path import PathProperty
from proofs.properties.property import Counterexample, Property
from proofs.properties.rationality import IndividualRationality
from proofs.properties.recruiter_share import RecruiterShare
from proofs.properties.reward_cap import RewardCap
from proofs.properties.rho_split import RhoSplit
from proofs.properties.shortfall import Shortfall
from proofs.properties.subtree_local import DepthEffect, SubtreeLocal
from proofs.properties.sybil import SybilAttack, SybilProof

__all__ = [
    "PATH_PROPERTIES",
    "BudgetBalanced",
    "CollusionProof",
    "Counterexample",
    "DepthEffect",
    "FinderShare",
    "Imbalance",
    "IndividualRationality",
    "Merger",
    "Monotone",
    "Overspending",
    "PathProperty",
    "Property",
    "RecruiterShare",
    "RewardCap",
    "RhoSplit",
    "Rise",
    "Shortfall",
    "SubtreeLocal",
    "SybilAttack",
    "SybilProof",
    "WithinBudget",
]

PATH_PROPERTIES: tuple[type[PathProperty], ...] = (
    WithinBudget,
    BudgetBalanced,
    SybilProof,
    CollusionProof,
    RecruiterShare,
    FinderShare,
    RhoSplit,
    IndividualRationality,
    Monotone,
    RewardCap,
    SubtreeLocal,
)
"""Every property of path schemes."""
