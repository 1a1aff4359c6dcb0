"""Verify a claim about a reward scheme: proof, counterexample, or neither."""

from __future__ import annotations

from typing import Any

from mechanism.errors import CertificateError, InvalidInputError
from mechanism.schemes import PathScheme
from proofs import check
from proofs.growth import Peak
from proofs.properties.path import Property, Term
from proofs.subject import RewardRule, Subject, depth_limit, table_document
from proofs.verdict import Claim, Proved, Refuted, Unrefuted, Verdict

__all__ = ["verify"]

_DEFAULT_DEPTH = 12


def verify(
    scheme: PathScheme | RewardRule,
    property: Property,  # noqa: A002 - the word of the field
    *,
    max_depth: int | None = None,
) -> Verdict:
    """Decide whether a reward scheme has a property.

    Parameters
    ----------
    scheme : PathScheme or callable (depth, distance) -> number
        Rewards in shares of the prize. A float, parameter or reward, stands for its shortest decimal.
    property : Property
        `SybilProof` or `WithinBudget`.
    max_depth : int, optional
        Claim the property of the scheme cut there: longer chains pay nobody, and no attacked chain
        is longer. By default the claim is about chains of every length.

    Returns
    -------
    Proved, Refuted or Unrefuted
        A proof has been accepted by `proofs.check`; a counterexample is the smallest; what was only
        searched is unrefuted.

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or a reward is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import DoubleGeometric
    >>> from proofs.properties import SybilProof
    >>> print(verify(DoubleGeometric(0.2), SybilProof()))
    Proved: sybil-proof in chains of every length.
    >>> print(verify(lambda depth, distance: 0.5**depth, SybilProof()))
    Unrefuted, not proved: sybil-proof in chains of every length. Searched all chains of length at most 12.
    >>> print(verify(lambda depth, distance: 0.5**depth, SybilProof(), max_depth=12))
    Proved: sybil-proof in chains of length at most 12.

    Notes
    -----
    Tables and cut schemes are checked exhaustively, O(max_depth ** 3) rational operations. Power schemes
    are decided at every length by the peak of one sequence (`proofs.growth`), as long as that or the
    first violation lies within chains of 10,000, direct referral by an identity. Everything else, schemes of
    your own included, is searched up to depth 12, and never called proved.
    """
    if not isinstance(property, Property):
        raise InvalidInputError("property", property, allowed="a property such as SybilProof()")
    limit = depth_limit(max_depth)
    subject = Subject.of(scheme)
    claim = Claim(property, limit)
    if limit is not None or subject.max_depth is not None:
        return _exhaustive(subject, claim)
    if subject.is_equal_split:
        violation = property.violation_by_equal_split()
        return _proved(claim, {}, subject.document) if violation is None else Refuted(claim, violation)
    if subject.is_direct_referral:  # both properties hold for every parameter, as the checker knows
        return _proved(claim, {}, subject.document)
    if subject.term is not None:
        return _closed_form(subject, claim, subject.term)
    return _searched(subject, claim, _DEFAULT_DEPTH)


def _exhaustive(subject: Subject, claim: Claim) -> Verdict:
    rows = subject.rows(min(depth for depth in (claim.max_depth, subject.max_depth) if depth is not None))
    violation = claim.property.violation(rows)
    if violation is not None:
        return Refuted(claim, violation)
    return _proved(claim, {}, subject.document or table_document(rows))


def _closed_form(subject: Subject, claim: Claim, term: Term) -> Verdict:
    peak = claim.property.peak(term)
    if peak is not None:
        return _proved(claim, {"peak": peak}, subject.document)
    violation = claim.property.violation_by_term(term)
    if violation is not None:
        return Refuted(claim, violation)
    return Unrefuted(claim, f"all chains of length at most {check.LARGEST_PEAK + 1}")


def _searched(subject: Subject, claim: Claim, depth: int) -> Verdict:
    violation = claim.property.violation(subject.rows(depth))
    if violation is not None:
        return Refuted(claim, violation)
    return Unrefuted(claim, f"all chains of length at most {depth}")


def _proved(claim: Claim, multipliers: dict[str, Peak], document: dict[str, Any] | None) -> Proved:
    """Return the verdict after the independent checker has accepted the proof."""
    entry = {"claim": claim.to_dict(), "multipliers": multipliers}
    certificate = {"format": check.FORMAT, "claims": [entry]}
    try:
        check.check(document, certificate)
    except check.Refused as reason:
        raise CertificateError(f"the checker does not accept the proof: {reason}") from reason
    return Proved(claim, certificate, document or {})
