"""The tables of the literature, recomputed: which scheme of the catalogue keeps which promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import inf
from typing import Any

from mechanism.auctions import information_diffusion, vickrey_clarke_groves
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
    LinearLuxor,
    LinearPachira,
    MultiLevel,
    PathScheme,
    Recursive,
    ShapleyTree,
    TreeScheme,
)
from proofs.auctions import AUCTION_PROPERTIES, verify_auction
from proofs.comparison import Comparison, compare
from proofs.gain import sybil_gain
from proofs.properties import (
    BudgetBalanced,
    CollusionProof,
    Property,
    RecruiterShare,
    SybilProof,
    WithinBudget,
)
from proofs.trees import (
    BudgetConstraint,
    ContributionIncentive,
    ProfitableOpportunity,
    ProportionalReward,
    SolicitationIncentive,
    SubtreeLocality,
    UnboundedReward,
    UnprofitableBypassing,
    UnprofitableGeneralizedSybilAttack,
    UnprofitableSybilAttack,
)
from proofs.verdict import Claim, Verdict

__all__ = ["PATH_SCHEMES", "TABLES", "TREE_SCHEMES", "auction_matrix", "path_matrix", "tree_matrix"]

Progress = Callable[[str, int, int], None]
_HALF, _THIRD, _FIFTH, _TENTH = (Fraction(1, n) for n in (2, 3, 5, 10))

PATH_SCHEMES: Mapping[str, PathScheme] = {
    "recursive 1/2 (MIT)": Recursive(_HALF),
    "geometric .7 * .3^j": Geometric(7 * _TENTH, 3 * _TENTH),
    "balanced geometric 1/2": BalancedGeometric(_HALF),
    "double geometric 1/2": DoubleGeometric(_HALF),
    "double geometric 1/5": DoubleGeometric(_FIFTH),
    "equal split": EqualSplit(),
    "constant split, 10 members": ConstantSplit(10),
    "finder takes all": FinderTakesAll(),
    "direct referral 1/10": DirectReferral(_TENTH),
    "almost uniform (1/5, 5)": AlmostUniform(_FIFTH, 5),
}
"""Path schemes at published or typical parameters."""

TREE_SCHEMES: Mapping[str, TreeScheme] = {
    "geometric (1/3, 1/3)": GeometricTree(_THIRD, _THIRD),
    "L-Luxor 1/3 (ours, after)": LinearLuxor(_HALF, _THIRD),
    "multi-level (1/3, 1/3)": MultiLevel(_THIRD, _THIRD),
    "L-Pachira (.5, .2, .5)": LinearPachira(_HALF, _FIFTH, _HALF),
    "L-Pachira (.9, .2, .5)": LinearPachira(9 * _TENTH, _FIFTH, _HALF),
    "TDRM (.5, .2, .1, 1)": TDRM(_HALF, _FIFTH, _TENTH, 1),
    "CDRM-1 (.5, .3)": CDRM1(_HALF, 3 * _TENTH),
    "CDRM-2 (.5, .3)": CDRM2(_HALF, 3 * _TENTH),
    "capped rate (ours, after)": CappedRate(_TENTH, _FIFTH, _HALF),
    "Shapley value": ShapleyTree(),
}
"""Tree schemes, each within half of all contributions, but for the second L-Pachira (.9) and Shapley (all)."""

_BUDGETS = {"L-Pachira (.9, .2, .5)": 9 * _TENTH, "Shapley value": Fraction(1)}
_FAIR: dict[type, Callable[[Any], Fraction]] = {
    GeometricTree: lambda scheme: scheme.share,
    LinearLuxor: lambda scheme: scheme.budget * (1 - scheme.climb),
    LinearPachira: lambda scheme: scheme.budget * scheme.beta,
    TDRM: lambda scheme: scheme.base,
    CDRM1: lambda scheme: scheme.budget - scheme.penalty,
    CDRM2: lambda scheme: scheme.budget - scheme.penalty,
    CappedRate: lambda scheme: scheme.floor,
}


def _within(scheme: Any) -> BudgetConstraint:
    name = next(name for name, known in TREE_SCHEMES.items() if known == scheme)
    return BudgetConstraint(_BUDGETS.get(name, _HALF))


def _fair(scheme: Any) -> ProportionalReward:
    """Return the share that the literature promises; a tenth where it promises none."""
    promised = _FAIR.get(type(scheme))
    return ProportionalReward(_TENTH if promised is None else promised(scheme))


def _leaky(scheme: Any) -> Property | None:
    """Return sybil-proofness up to the very gain of the best attack."""
    gain = sybil_gain(scheme).gain
    return SybilProof(gain) if 0 < gain < inf else None


def _while_paid(claimed: Property) -> Callable[[PathScheme], Claim]:
    """Return the claim about the chains that a scheme pays at all."""
    return lambda scheme: Claim(claimed, scheme.longest)


def path_matrix(*, progress: Progress | None = None) -> Comparison:
    """Return the table of path schemes, for chains of every length.

    ``SP(gain)`` is sybil-proofness up to the gain of the best attack on the scheme itself. Where a scheme stops
    paying at some length, ``BB`` is claimed of the chains up to it.
    """
    return compare(
        PATH_SCHEMES,
        {
            "BC": WithinBudget(),
            "BB": _while_paid(BudgetBalanced()),
            "SP": SybilProof(),
            "SP(gain)": _leaky,
            "CP": CollusionProof(),
            "SCR": RecruiterShare(),
        },
        title="Path schemes, chains of every length",
        progress=progress,
    )


def tree_matrix(*, progress: Progress | None = None) -> Comparison:
    """Return the table of tree schemes, for every referral forest.

    ``chain`` and ``siblings`` are the two kinds of splits that the contribution-deterministic schemes are
    built to resist; ``USA`` is every split.
    """
    return compare(
        TREE_SCHEMES,
        {
            "BC": _within,
            "CCI": ContributionIncentive(),
            "CSI": SolicitationIncentive(),
            "RPC": _fair,
            "SL": SubtreeLocality(),
            "USB": UnprofitableBypassing(),
            "chain": UnprofitableSybilAttack(structure="chain"),
            "siblings": UnprofitableSybilAttack(structure="siblings"),
            "USA": UnprofitableSybilAttack(),
            "UGSA": UnprofitableGeneralizedSybilAttack(),
            "PO": ProfitableOpportunity(),
            "URO": UnboundedReward(),
        },
        title="Tree schemes, every referral forest",
        progress=progress,
    )


def auction_matrix(*, progress: Progress | None = None) -> Comparison:
    """Return the table of diffusion auctions, searched in all markets of at most three buyers."""
    auctions = {"IDM": information_diffusion, "extended VCG": vickrey_clarke_groves}
    claims = {family.code: family() for family in AUCTION_PROPERTIES}
    verdicts: dict[tuple[str, str], Verdict | None] = {}
    for name, auction in auctions.items():
        for code, claimed in claims.items():
            if progress is not None:
                progress(f"{name}: {code}", len(verdicts), len(auctions) * len(claims))
            verdicts[name, code] = verify_auction(auction, claimed)
    return Comparison(tuple(auctions), tuple(claims), verdicts, "Diffusion auctions, every market")


TABLES: Mapping[str, Callable[..., Comparison]] = {
    "paths": path_matrix,
    "trees": tree_matrix,
    "auctions": auction_matrix,
}
"""The tables by their names on the command line."""
