"""Which properties imply which, and which exclude one another."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from proofs.properties import (
    BudgetBalanced,
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Monotone,
    Property,
    RecruiterShare,
    RhoSplit,
    SubtreeLocal,
    SybilProof,
    WithinBudget,
)
from proofs.trees import (
    Additivity,
    BudgetBalance,
    BudgetConstraint,
    ProfitableOpportunity,
    ProportionalReward,
    SubtreeLocality,
    Symmetry,
    UnboundedReward,
    UnprofitableBypassing,
    UnprofitableGeneralizedSybilAttack,
    UnprofitableSybilAttack,
)

__all__ = ["IMPLICATIONS", "Implication"]


@dataclass(frozen=True, slots=True)
class Implication:
    """Every scheme with the premises has the conclusion; without a conclusion no scheme has all premises.

    Attributes
    ----------
    premises : tuple of Property
        At least one.
    conclusion : Property or None
        What follows; None if the premises exclude one another.
    reason : str
        Why, in a sentence.
    """

    premises: tuple[Property, ...]
    conclusion: Property | None
    reason: str

    def __str__(self) -> str:
        conclusion = "nothing has all of these" if self.conclusion is None else str(self.conclusion)
        return f"{' and '.join(map(str, self.premises))}: {conclusion}. {self.reason}"


_E, _F = Fraction(1, 4), Fraction(1, 2)

IMPLICATIONS: tuple[Implication, ...] = (
    # Path schemes. A constant stands for every other in the same order.
    Implication((BudgetBalanced(),), WithinBudget(), "What is all paid out is not exceeded."),
    Implication((SybilProof(),), SybilProof(_E), "Rewards are at least 0, so a larger tolerance is weaker."),
    Implication(
        (SybilProof(_E),), SybilProof(_F), "Rewards are at least 0, so a larger tolerance is weaker."
    ),
    Implication((SybilProof(),), SybilProof(identity_cost=_E), "A cost only deters."),
    Implication((SybilProof(_E),), SybilProof(_E, identities=1), "Fewer identities are fewer attacks."),
    Implication(
        (SybilProof(identities=1),),
        SybilProof(),
        "More identities are one at a time on longer chains: S_k(l, j) <= S_(k-1)(l+1, j) + S_(k-1)(l+1, j+1).",
    ),
    Implication((CollusionProof(),), CollusionProof(_E), "Rewards are at least 0."),
    Implication(
        (RhoSplit(_F),),
        RecruiterShare(_E),
        "A recruiter gets half of what the one recruited gets, so a quarter.",
    ),
    Implication(
        (RecruiterShare(_E), FinderShare(_F)), RecruiterShare(), "From a paid finder every recruiter is paid."
    ),
    Implication((RecruiterShare(_F),), RecruiterShare(_E), "A smaller share is weaker."),
    Implication((FinderShare(_F),), FinderShare(_E), "A smaller share is weaker."),
    Implication(
        (IndividualRationality(_F),), IndividualRationality(_E), "A smaller cost is easier to cover."
    ),
    Implication(
        (IndividualRationality(_E),), RecruiterShare(), "Who is paid at least a positive cost is paid."
    ),
    Implication(
        (IndividualRationality(_E),), FinderShare(_E), "The finder is one of those whose cost is covered."
    ),
    Implication(
        (SybilProof(), CollusionProof(), RecruiterShare(), FinderShare(_E)),
        None,
        "Merging three must not pay and splitting twice must not either, so R(l+2, j+1) <= 0: interior members "
        "get nothing.",
    ),
    Implication(
        (IndividualRationality(_E), WithinBudget()),
        None,
        "A chain of five would need more than the prize.",
    ),
    Implication(
        (SybilProof(_E), SubtreeLocal()),
        Monotone(),
        "One fake identity must not gain too much: a(j) + a(j + 1) <= (1 + epsilon) a(j), so a(j + 1) <= epsilon a(j).",
    ),
    Implication(
        (SybilProof(), SubtreeLocal(), RecruiterShare(), FinderShare(_E)),
        None,
        "Where depth does not matter a fake identity adds a(j + 1) to a(j), so nobody but the finder is paid.",
    ),
    # Tree schemes.
    Implication((BudgetBalance(),), BudgetConstraint(), "What is all paid out is not exceeded."),
    Implication((BudgetConstraint(_E),), BudgetConstraint(_F), "A larger budget is weaker."),
    Implication((ProportionalReward(_F),), ProportionalReward(_E), "Contributions are at least 0."),
    Implication((ProportionalReward(Fraction(1)),), ProfitableOpportunity(), "Every tree is profitable."),
    Implication(
        (SubtreeLocality(),), UnprofitableBypassing(), "A joiner's subtree is the same under everybody."
    ),
    Implication(
        (UnprofitableGeneralizedSybilAttack(),),
        UnprofitableSybilAttack(),
        "Attacks with the same contribution are among those with at least the same.",
    ),
    Implication(
        (UnprofitableSybilAttack(),),
        UnprofitableSybilAttack(structure="chain"),
        "Chains are some structures.",
    ),
    Implication(
        (UnprofitableSybilAttack(),), UnprofitableSybilAttack(structure="siblings"), "So are siblings."
    ),
    Implication(
        (UnprofitableSybilAttack(),), UnprofitableSybilAttack(identity_cost=_E), "A cost only deters."
    ),
    Implication(
        (UnboundedReward(),), ProfitableOpportunity(), "Among all rewards some exceed the contribution."
    ),
    Implication((UnboundedReward(max_children=2),), UnboundedReward(), "Narrow trees are trees."),
    Implication((Additivity(),), SubtreeLocality(), "Level sums of a subtree are a function of the subtree."),
    Implication((Additivity(),), Symmetry(), "Level sums do not see labels."),
)
"""What follows from what; a test looks for schemes that contradict it, among those of the catalogue and random ones."""
