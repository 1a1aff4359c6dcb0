"""Claims about reward schemes: properties, verdicts, certificates and their checker."""

from proofs.certificate import certificate_of, write_json
from proofs.gain import sybil_gain
from proofs.properties import Overspending, Property, SybilAttack, SybilProof, WithinBudget
from proofs.verdict import Claim, Proved, Refuted, Unrefuted, Verdict
from proofs.verify import verify

__all__ = [
    "Claim",
    "Overspending",
    "Property",
    "Proved",
    "Refuted",
    "SybilAttack",
    "SybilProof",
    "Unrefuted",
    "Verdict",
    "WithinBudget",
    "certificate_of",
    "sybil_gain",
    "verify",
    "write_json",
]
