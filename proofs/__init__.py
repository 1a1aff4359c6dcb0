"""Claims about reward schemes and games, their proofs, and the counterexamples that refute them.

Names are imported when first used, so that ``python -m proofs.check`` loads the standard library only.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proofs.catalogue import (
        PROPERTIES,
        property_from_text,
    )
    from proofs.certificate import (
        certificate_of,
        check_certificate,
        read_certificate,
        read_scheme,
        write_json,
    )
    from proofs.comparison import (
        Comparison,
        compare,
    )
    from proofs.deviations import Deviation, deviation
    from proofs.equilibrium_certificate import contraction_vector, game_certificate, monotone_factor
    from proofs.falsification import falsify
    from proofs.gain import SybilGain, sybil_gain, sybil_gain_float
    from proofs.implications import (
        IMPLICATIONS,
        Implication,
    )
    from proofs.impossibility import (
        RewardBound,
        RewardTradeOff,
        guaranteed_reward,
        interior_rewards_vanish,
        reward_trade_off,
    )
    from proofs.properties import (
        BudgetBalanced,
        CollusionProof,
        Counterexample,
        DepthEffect,
        FinderShare,
        Imbalance,
        IndividualRationality,
        Merger,
        Monotone,
        Overspending,
        PathProperty,
        Property,
        RecruiterShare,
        RewardCap,
        RhoSplit,
        Rise,
        Shortfall,
        SubtreeLocal,
        SybilAttack,
        SybilProof,
        WithinBudget,
    )
    from proofs.trees import (
        Additivity,
        BudgetBalance,
        BudgetConstraint,
        ContributionIncentive,
        ProfitableOpportunity,
        ProportionalReward,
        SolicitationIncentive,
        SubtreeLocality,
        Symmetry,
        TreeCase,
        TreeProperty,
        UnboundedReward,
        UnprofitableBypassing,
        UnprofitableGeneralizedSybilAttack,
        UnprofitableSybilAttack,
        ZeroValueRoot,
    )
    from proofs.verdict import Claim, Proved, Refuted, Unrefuted, Verdict
    from proofs.verification import verify

__all__ = [
    "IMPLICATIONS",
    "PROPERTIES",
    "Additivity",
    "BudgetBalance",
    "BudgetBalanced",
    "BudgetConstraint",
    "Claim",
    "CollusionProof",
    "Comparison",
    "ContributionIncentive",
    "Counterexample",
    "DepthEffect",
    "Deviation",
    "FinderShare",
    "Imbalance",
    "Implication",
    "IndividualRationality",
    "Merger",
    "Monotone",
    "Overspending",
    "PathProperty",
    "ProfitableOpportunity",
    "Property",
    "ProportionalReward",
    "Proved",
    "RecruiterShare",
    "Refuted",
    "RewardBound",
    "RewardCap",
    "RewardTradeOff",
    "RhoSplit",
    "Rise",
    "Shortfall",
    "SolicitationIncentive",
    "SubtreeLocal",
    "SubtreeLocality",
    "SybilAttack",
    "SybilGain",
    "SybilProof",
    "Symmetry",
    "TreeCase",
    "TreeProperty",
    "UnboundedReward",
    "UnprofitableBypassing",
    "UnprofitableGeneralizedSybilAttack",
    "UnprofitableSybilAttack",
    "Unrefuted",
    "Verdict",
    "WithinBudget",
    "ZeroValueRoot",
    "certificate_of",
    "check_certificate",
    "compare",
    "contraction_vector",
    "deviation",
    "falsify",
    "game_certificate",
    "guaranteed_reward",
    "interior_rewards_vanish",
    "monotone_factor",
    "property_from_text",
    "read_certificate",
    "read_scheme",
    "reward_trade_off",
    "sybil_gain",
    "sybil_gain_float",
    "verify",
    "write_json",
]

_ROOMS = {
    "proofs.catalogue": (
        "PROPERTIES",
        "property_from_text",
    ),
    "proofs.comparison": (
        "Comparison",
        "compare",
    ),
    "proofs.implications": (
        "IMPLICATIONS",
        "Implication",
    ),
    "proofs.trees": (
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
    ),
    "proofs.certificate": (
        "certificate_of",
        "check_certificate",
        "read_certificate",
        "read_scheme",
        "write_json",
    ),
    "proofs.deviations": ("Deviation", "deviation"),
    "proofs.equilibrium_certificate": ("contraction_vector", "game_certificate", "monotone_factor"),
    "proofs.falsification": ("falsify",),
    "proofs.gain": ("SybilGain", "sybil_gain", "sybil_gain_float"),
    "proofs.impossibility": (
        "RewardBound",
        "RewardTradeOff",
        "guaranteed_reward",
        "interior_rewards_vanish",
        "reward_trade_off",
    ),
    "proofs.properties": (
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
    ),
    "proofs.verdict": ("Claim", "Proved", "Refuted", "Unrefuted", "Verdict"),
    "proofs.verification": ("verify",),
}


def __getattr__(name: str) -> object:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(room), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
