"""Proofs for every forest: the multipliers that the checker of tree schemes needs, where a claim is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from mechanism.schemes import (
    CDRM1,
    CDRM2,
    TDRM,
    CappedRate,
    GeometricTree,
    LinearLuxor,
    LinearPachira,
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
    """A proof that rewards are never large, which refutes a promise that some forest makes them so.

    Attributes
    ----------
    words : str
        What is proved.
    certificate : mapping
        Its proof, as `proofs.check_tree` reads it: of the claim that is denied.
    """

    words: str
    certificate: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the proof as plain Python values."""
        return {"words": self.words, "certificate": dict(self.certificate)}

    def __str__(self) -> str:
        return self.words


class _Slopes(NamedTuple):
    """Of a fold f = c + sent s, g = own c + received s, or one with such bounds."""

    sent: Fraction
    own: Fraction
    received: Fraction


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
        As `proofs.check_tree` reads it, and accepted by it.

    Examples
    --------
    >>> from mechanism.schemes import CDRM2
    >>> from proofs.trees import UnprofitableSybilAttack
    >>> prove(CDRM2(Fraction(1, 2), Fraction(1, 4)), UnprofitableSybilAttack())["claims"][0]["multipliers"]
    {}

    Notes
    -----
    Complete for all properties and families of the catalogue: None means that the claim is false. The inequalities of a
    fold whose f and g are linear are tight for the multipliers tried, coefficient by coefficient; those of
    contribution-deterministic schemes need none. Elsewhere the checker knows the exact condition.

    Cost: a few products of small polynomials.
    """
    return _first(scheme, claimed.to_dict(), _multipliers(scheme, claimed))


def refute(scheme: TreeScheme, claimed: TreeProperty) -> RewardCeiling | None:
    """Return a proof that denies a promise of large rewards, or None.

    Parameters
    ----------
    scheme : TreeScheme
        Exact, and of a family that the checker knows.
    claimed : TreeProperty
        None is returned for others than `ProfitableOpportunity` and `UnboundedReward`.

    Examples
    --------
    >>> from mechanism.schemes import CDRM1
    >>> print(refute(CDRM1(Fraction(1, 2), Fraction(1, 4)), UnboundedReward()))
    rewards are bounded in all forests, for some contribution

    Notes
    -----
    Complete as `prove` is: for these two properties just one of both returns something.
    """
    slopes = _slopes(scheme)
    tried: list[dict[str, str]] = [{}]
    if isinstance(claimed, ProfitableOpportunity):
        words = "in no forest is the contribution returned, for some contribution"
    elif isinstance(claimed, UnboundedReward):
        words = "rewards are bounded in all forests, for some contribution"
        if slopes is not None:
            tried = [{"phi": full(slopes.own), "kappa": full(slopes.received)} | _sent(slopes)]
    else:
        return None
    certificate = _first(scheme, {"not": claimed.to_dict()}, iter(tried))
    return None if certificate is None else RewardCeiling(words, certificate)


def _first(
    scheme: TreeScheme, claim: dict[str, Any], tried: Iterator[dict[str, str]]
) -> dict[str, Any] | None:
    """Return the first certificate that the checker accepts."""
    for multipliers in tried:
        certificate = {"format": check_tree.FORMAT, "claims": [{"claim": claim, "multipliers": multipliers}]}
        try:
            check_tree.check(scheme.to_dict(), certificate)
        except check_tree.Refused:
            continue
        return certificate
    return None


def _multipliers(scheme: TreeScheme, claimed: TreeProperty) -> Iterator[dict[str, str]]:
    """Yield the multipliers that may prove a claim."""
    slopes = _slopes(scheme)
    if isinstance(claimed, BudgetConstraint):
        if isinstance(scheme, TDRM):  # a full piece earns slope * decay per unit from below
            slopes = _Slopes(Fraction(scheme.decay), Fraction(0), Fraction(scheme.slope * scheme.decay))
        if slopes is not None:
            # What s earns and what of it is passed on must not exceed its potential k: received + k sent <= k.
            yield {"potential": full(slopes.received and slopes.received / (1 - slopes.sent))}
            return
    elif slopes is not None and isinstance(claimed, (ProfitableOpportunity, UnboundedReward)):
        yield {"kappa": full(slopes.received)} | _sent(slopes)
    yield {}


def _sent(slopes: _Slopes) -> dict[str, str]:
    return {"tau": "1", "rho": full(slopes.sent)}


def _slopes(scheme: TreeScheme) -> _Slopes | None:
    """Return the slopes of a fold, of CDRM those of its bounds; None for other families."""
    match scheme:
        case GeometricTree(decay=decay, share=share):
            return _Slopes(Fraction(decay), Fraction(share), Fraction(decay * share))
        case LinearLuxor(budget=budget, climb=decay):
            share = budget * (1 - decay)
            return _Slopes(Fraction(decay), Fraction(share), Fraction(decay * share))
        case MultiLevel(decay=decay, share=share):
            return _Slopes(Fraction(decay), Fraction(0), Fraction(share))
        case CDRM1(budget=share) | CDRM2(budget=share):
            return _Slopes(Fraction(1), Fraction(share), Fraction(0))
        case CappedRate(floor=share, slope=slope, cap=cap) if slope == 0 or share == cap:
            return _Slopes(Fraction(0), Fraction(share), Fraction(0))
        case LinearPachira(budget=share, beta=1):
            return _Slopes(Fraction(0), Fraction(share), Fraction(0))
    return None
