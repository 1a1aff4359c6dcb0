"""Verify a claim about a reward scheme: proof, counterexample, or neither."""

from __future__ import annotations

from typing import Any, cast

from mechanism.errors import CertificateError, InvalidInputError
from mechanism.schemes import PathScheme, TreeScheme
from proofs import check
from proofs.forms import ClosedForm
from proofs.properties.path import PathProperty, Rows
from proofs.properties.property import Property
from proofs.subject import RewardRule, Subject, depth_limit, table_document
from proofs.trees.property import TreeProperty
from proofs.trees.rule import TreeRule
from proofs.trees.verification import verify_tree
from proofs.verdict import Claim, Proved, Refuted, Unrefuted, Verdict

__all__ = ["is_about", "verify"]

_DEFAULT_DEPTH = 12


def is_about(property: Property, scheme: object) -> bool:  # noqa: A002 - the word of the field
    """Return whether a property is one of such schemes: of chains, or of whole forests.

    Examples
    --------
    >>> from mechanism.schemes import GeometricTree, Recursive
    >>> from proofs.properties import SybilProof
    >>> is_about(SybilProof(), Recursive(0.5)), is_about(SybilProof(), GeometricTree(0.5, 0.2))
    (True, False)
    """
    return not isinstance(scheme, TreeScheme if isinstance(property, PathProperty) else PathScheme)


def verify(
    scheme: PathScheme | TreeScheme | RewardRule | TreeRule,
    property: Property,  # noqa: A002 - the word of the field
    *,
    max_depth: int | None = None,
) -> Verdict:
    """Decide whether a reward scheme has a property.

    Parameters
    ----------
    scheme : PathScheme or callable (depth, distance) -> number; TreeScheme or callable (forest) -> rewards
        Rewards in shares of the prize, or in the unit of the contributions. A float, parameter or reward,
        stands for its shortest decimal.
    property : Property
        Such as `SybilProof` for the chains of a path scheme or `UnprofitableSybilAttack` for the forests of a
        tree scheme.
    max_depth : int, optional
        Claim the property of a path scheme cut there: longer chains pay nobody, and no attacked chain
        is longer. By default the claim is about chains of every length.

    Returns
    -------
    Proved, Refuted or Unrefuted
        A proof has been accepted by `proofs.check` or `proofs.check_tree`; a counterexample is the smallest;
        what was only searched is unrefuted.

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
    Tables, families that stop and cut schemes are checked exhaustively, O(max_depth ** 3) rational
    operations for sybil- and collusion-proofness. If a scheme pays nobody on chains longer than L, all of those
    say what the chain of length L + 1 says. Closed forms are decided at every length (`proofs.forms`), as long as the
    first violation lies within reach. Everything else, schemes of your own included, is searched up to
    depth 12, and never called proved.
    """
    if not isinstance(property, (PathProperty, TreeProperty)):
        raise InvalidInputError("property", property, allowed="a property such as SybilProof()")
    if not is_about(property, scheme):
        kind = "path schemes" if isinstance(scheme, PathScheme) else "tree schemes"
        raise InvalidInputError("property", str(property), allowed=f"a property of {kind}")
    limit = depth_limit(max_depth)
    if isinstance(property, TreeProperty):
        if limit is not None:
            raise InvalidInputError("max_depth", limit, allowed="left out: forests are not cut")
        return verify_tree(cast("TreeScheme | TreeRule", scheme), property)
    return _verify_path(cast("PathScheme | RewardRule", scheme), property, limit)


def _verify_path(scheme: PathScheme | RewardRule, property: PathProperty, limit: int | None) -> Verdict:  # noqa: A002
    subject = Subject.of(scheme)
    claim = Claim(property, limit)
    if limit is not None:
        return _exhaustive(subject, property, claim, limit)
    if subject.form is not None:
        multipliers = subject.form.proof(property)
        if multipliers is not None:
            return _proved(claim, multipliers, subject.document)
    if subject.longest is not None:
        return _exhaustive(subject, property, claim, subject.longest + 1)
    return _searched(property, claim, subject.rows(_DEFAULT_DEPTH), subject.form)


def _exhaustive(subject: Subject, property: PathProperty, claim: Claim, last: int) -> Verdict:  # noqa: A002
    if subject.longest is not None:
        last = min(last, subject.longest + 1)
    depth = 0
    while depth < last:
        depth = min(4 * depth + _DEFAULT_DEPTH, last)  # what fails often fails early
        rows = subject.rows(depth)
        violation = property.violation(rows)
        if violation is not None:
            return Refuted(claim, violation)
    return _proved(claim, {}, subject.document or table_document(rows))


def _searched(
    property: PathProperty,  # noqa: A002
    claim: Claim,
    rows: Rows,
    form: ClosedForm | None,
) -> Verdict:
    violation = property.violation(rows)
    if violation is None and form is not None:
        violation = form.violation(property)
    if violation is not None:
        return Refuted(claim, violation)
    reach = len(rows) if form is None else form.reach
    return Unrefuted(claim, f"all chains of length at most {reach}")


def _proved(claim: Claim, multipliers: dict[str, Any], document: dict[str, Any] | None) -> Proved:
    """Return the verdict after the independent checker has accepted the proof."""
    entry = {"claim": claim.to_dict(), "multipliers": multipliers}
    certificate = {"format": check.FORMAT, "claims": [entry]}
    try:
        check.check(document, certificate)
    except check.Refused as reason:
        raise CertificateError(f"the checker does not accept the proof: {reason}") from reason
    return Proved(claim, certificate, document or {})
