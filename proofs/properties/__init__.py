"""Promises that a reward scheme can make, each with the case that would break it."""

from proofs.properties.base import Property
from proofs.properties.budget import Overspending, WithinBudget
from proofs.properties.sybil import SybilAttack, SybilProof

__all__ = ["Overspending", "Property", "SybilAttack", "SybilProof", "WithinBudget"]
