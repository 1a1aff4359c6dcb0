"""Properties of tree schemes: what they say, how they are refuted and how they are proved."""

from proofs.trees.budget import BudgetBalance, BudgetConstraint, ZeroValueRoot
from proofs.trees.case import TreeCase
from proofs.trees.incentives import ContributionIncentive, ProportionalReward, SolicitationIncentive
from proofs.trees.locality import Additivity, SubtreeLocality, Symmetry, UnprofitableBypassing
from proofs.trees.opportunity import ProfitableOpportunity, UnboundedReward
from proofs.trees.property import TreeProperty
from proofs.trees.splitting import UnprofitableGeneralizedSybilAttack, UnprofitableSybilAttack

__all__ = [
    "TREE_PROPERTIES",
    "Additivity",
    "BudgetBalance",
    "BudgetConstraint",
    "ContributionIncentive",
    "ProfitableOpportunity",
    "ProportionalReward",
    "SolicitationIncentive",
    "SubtreeLocality",
    "Symmetry",
    "TreeCase",
    "TreeProperty",
    "UnboundedReward",
    "UnprofitableBypassing",
    "UnprofitableGeneralizedSybilAttack",
    "UnprofitableSybilAttack",
    "ZeroValueRoot",
]

TREE_PROPERTIES: tuple[type[TreeProperty], ...] = (
    BudgetConstraint,
    BudgetBalance,
    ContributionIncentive,
    SolicitationIncentive,
    ProportionalReward,
    ProfitableOpportunity,
    UnboundedReward,
    SubtreeLocality,
    UnprofitableBypassing,
    UnprofitableSybilAttack,
    UnprofitableGeneralizedSybilAttack,
    Symmetry,
    Additivity,
    ZeroValueRoot,
)
"""Every property of tree schemes."""
