"""Proofs for every forest: the multipliers that the checker of tree schemes needs, where a family has a proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mechanism.schemes import (
    CDRM1,
    CDRM2,
    TDRM,
    GeometricTree,
    LinearLuxor,
    MultiLevel,
    TreeScheme,
)
from proofs import check_tree
from proofs.spelling import full
from proofs.trees.budget import BudgetConstraint
from proofs.trees.opportunity import ProfitableOpportunity, UnboundedReward
from proofs.trees.property import TreeProperty

__all__ = ["RewardCeiling", "prove", "refute"]


@dataclass(frozen=True, slots=True)
class RewardCeiling:
    """A bound on every reward of a tree scheme, which refutes that rewards can be large.

    Attributes
    ----------
    words : str
        The bound.
    certificate : mapping
        Its proof, as `proofs.check_tree` reads it.
    """

    words: str
    certificate: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the bound as plain Python values."""
        return {"words": self.words, "certificate": dict(self.certificate)}

    def __str__(self) -> str:
        return self.words


def prove(scheme: TreeScheme, claimed: TreeProperty) -> dict[str, Any] | None:
    """Return a certificate that a scheme of the catalogue has a property in every forest, or None.

    Parameters
    ----------
    scheme : TreeScheme
        Exact, and of a family that the checker knows.
    claimed : TreeProperty

    Returns
    -------
    dict or None
        As `proofs.check_tree` reads it, and accepted by it. None does not mean that the claim is false.
    """
    for multipliers in _multipliers(scheme, claimed):
        certificate = _accepted(scheme, claimed.to_dict(), multipliers)
        if certificate is not None:
            return certificate
    return None


def refute(scheme: TreeScheme, claimed: TreeProperty) -> RewardCeiling | None:
    """Return a bound on all rewards that refutes a promise of large ones, or None."""
    if isinstance(claimed, ProfitableOpportunity):
        certificate = _accepted(scheme, {"property": "certain_loss"}, {})
        words = "in every forest everybody who contributes is paid less than its contribution"
        return None if certificate is None else RewardCeiling(words, certificate)
    if isinstance(claimed, UnboundedReward):
        for name in ("budget", "cap", "floor"):
            bound = getattr(scheme, name, None)
            if bound is not None:
                claim = {"property": "bounded_reward", "bound": full(bound)}
                certificate = _accepted(scheme, claim, {})
                if certificate is not None:
                    words = f"in every forest everybody is paid at most {full(bound)} of its contribution"
                    return RewardCeiling(words, certificate)
    return None


def _accepted(
    scheme: TreeScheme, claim: dict[str, Any], multipliers: dict[str, str]
) -> dict[str, Any] | None:
    certificate = {"format": check_tree.FORMAT, "claims": [{"claim": claim, "multipliers": multipliers}]}
    try:
        check_tree.check(scheme.to_dict(), certificate)
    except check_tree.Refused:
        return None
    return certificate


def _multipliers(scheme: TreeScheme, claimed: TreeProperty) -> Iterator[dict[str, str]]:
    """Yield the multipliers that may prove a claim."""
    weights = _weights(scheme)
    if isinstance(claimed, BudgetConstraint) and weights is not None:
        yield {"potential": full(weights[0])}
    elif isinstance(claimed, (UnboundedReward, ProfitableOpportunity)) and weights is not None:
        if weights[1]:
            yield {"slope": full(weights[1])}
    else:
        yield {}


def _weights(scheme: TreeScheme) -> tuple[Fraction, Fraction] | None:
    """Return the least potential of a fold's budget, and how fast its rewards grow; None for another family.

    With f = c + a s the potential k must make up for what is paid of s: (1 - a) k >= the slope of g in s.
    """
    match scheme:
        case GeometricTree(decay=decay, share=share):
            slope = Fraction(decay * share)
        case LinearLuxor(budget=budget, climb=decay):
            slope = Fraction(decay * budget * (1 - decay))
        case MultiLevel(decay=decay, share=share):
            slope = Fraction(share)
        case TDRM(decay=decay, slope=rate, unit=unit):
            slope = Fraction(rate * decay)
            return slope / Fraction(1 - decay), slope / Fraction(unit)
        case CDRM1() | CDRM2():
            return Fraction(0), Fraction(0)
        case _:
            return None
    return slope / Fraction(1 - decay), min(slope, Fraction(1))
