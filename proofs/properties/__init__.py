"""Properties of reward schemes, one per module."""

from proofs.properties.budget import Overspending, WithinBudget
from proofs.properties.path import Counterexample, Property
from proofs.properties.sybil import SybilAttack, SybilProof

__all__ = [
    "Counterexample",
    "Overspending",
    "Property",
    "SybilAttack",
    "SybilProof",
    "WithinBudget",
]
