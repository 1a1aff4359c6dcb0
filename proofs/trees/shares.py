"""Schemes with a share function: decided by its values on the grid, refuted by the forests that these point to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import floor
from typing import Any

from mechanism.schemes import TreeScheme
from proofs import check_share
from proofs.spelling import short
from proofs.trees.budget import BudgetConstraint
from proofs.trees.case import TreeCase
from proofs.trees.incentives import ContributionIncentive, ProportionalReward, SolicitationIncentive
from proofs.trees.opportunity import ProfitableOpportunity, UnboundedReward
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Forest, Rule
from proofs.trees.splitting import UnprofitableGeneralizedSybilAttack, UnprofitableSybilAttack
from proofs.trees.symbolic import RewardCeiling

__all__ = ["prove_shares", "refute_shares", "share_split", "share_witness"]

_TINY = Fraction(1, 2**64)
_GROWTH = 16  # units that a member contributes whose next contribution is looked at: small against a cell


def prove_shares(scheme: TreeScheme, claimed: TreeProperty) -> dict[str, Any] | None:
    """Return a certificate that a scheme with a share function has a property in every forest, or None.

    Parameters
    ----------
    scheme : ShareTree or ShareLottery
        Exact.
    claimed : TreeProperty

    Returns
    -------
    dict or None
        As `proofs.check_share` reads it, and accepted by it. It holds the claim alone: the checker recomputes
        superadditivity at all pairs of the grid.

    Examples
    --------
    >>> from mechanism.schemes import ShareTree
    >>> scheme = ShareTree([0, Fraction(1, 4), 1])
    >>> prove_shares(scheme, ProportionalReward(Fraction(1, 2)))["claims"][0]["multipliers"]
    {}
    >>> prove_shares(scheme, ProportionalReward(Fraction(5, 8))) is None
    True

    Notes
    -----
    Complete for superadditive share functions of trees: None means that the claim is false. Cost: O(N ** 2).
    """
    return _accepted(scheme, claimed.to_dict())


def refute_shares(scheme: TreeScheme, claimed: TreeProperty) -> RewardCeiling | None:
    """Return a proof that denies a promise of large rewards, or None.

    Examples
    --------
    >>> from mechanism.schemes import ShareLottery
    >>> print(refute_shares(ShareLottery([0, Fraction(1, 4), 1]), UnboundedReward()))
    rewards are bounded in all forests, for some contribution
    """
    if isinstance(claimed, ProfitableOpportunity):
        words = "in no forest is the contribution returned, for some contribution"
    elif isinstance(claimed, UnboundedReward):
        words = "rewards are bounded in all forests, for some contribution"
    else:
        return None
    certificate = _accepted(scheme, {"not": claimed.to_dict()})
    return None if certificate is None else RewardCeiling(words, certificate)


def share_split(scheme: TreeScheme, claimed: TreeProperty) -> TreeCase | None:
    """Return the smallest split that gains where the share function is not superadditive, or None.

    Returns
    -------
    TreeCase or None
        One member alone that becomes two, if there is such a case, else one of two members; of those the one that
        gains most. With a cost of identities the contributions are as large as it takes.

    Examples
    --------
    >>> from mechanism.schemes import ShareTree
    >>> print(share_split(ShareTree([0, Fraction(1, 2), Fraction(3, 4), 1]), UnprofitableSybilAttack()))
    before: [3]
    after:  [1], [2]
    the member in brackets is paid 3, its 2 identities 15/4
    gain:   3/4
    """
    if isinstance(claimed, UnprofitableSybilAttack) and claimed.structure != "chain":
        identity_cost = claimed.identity_cost
    elif isinstance(claimed, UnprofitableGeneralizedSybilAttack):
        identity_cost = Fraction(0)
    else:
        return None
    pi = check_share.read_scheme(scheme.to_dict())
    v, n = pi.values, pi.cells
    if pi.is_lottery and isinstance(claimed, UnprofitableGeneralizedSybilAttack):
        return share_witness(scheme, claimed)  # two members; no search over large contributions finds them
    pairs = [(i, k - i) for k in range(2, n + 1) for i in range(1, k // 2 + 1) if v[i] + v[k - i] > v[k]]
    if not pairs:
        return None
    i, j = max(pairs, key=lambda pair: (sum(pair) == n, v[pair[0]] + v[pair[1]] - v[sum(pair)]))
    gain = pi.budget * n * (v[i] + v[j] - v[i + j])
    scale = floor(identity_cost / gain) + 1
    rest = [Fraction(scale * (n - i - j))] if i + j < n else []
    own = Fraction(scale * (i + j))
    before: Forest = (-1,) * (1 + len(rest)), (own, *rest)
    after: Forest = (-1,) * (2 + len(rest)), (Fraction(scale * i), Fraction(scale * j), *rest)
    rule = Rule(scheme)
    alone, paid = rule(before)[0], sum(rule(after)[:2])
    if isinstance(claimed, UnprofitableSybilAttack):
        cost = f" at a cost of {short(identity_cost)}" if identity_cost else ""
        words = f"the member in brackets is paid {short(alone)}, its 2 identities {{value}}{cost}\ngain:   {{gain}}"
        value, bound = paid, alone + identity_cost
    else:
        words = "the member in brackets has a profit of {bound}, its 2 identities afterwards {value}\ngain:   {gain}"
        value, bound = paid - own, alone - own
    return TreeCase.of(before, 0, words, value=value, bound=bound, after=after, identities=(0, 1))


def share_witness(scheme: TreeScheme, claimed: TreeProperty) -> TreeCase | None:
    """Return a violation in one of the forests that the values of a share function point to, or None.

    Parameters
    ----------
    scheme : ShareTree or ShareLottery
        Exact.
    claimed : TreeProperty

    Returns
    -------
    TreeCase or None
        None for properties that hold, for promises of large rewards, and where a lottery keeps a promise that
        `proofs.check_share` does not know.

    Examples
    --------
    >>> from mechanism.schemes import ShareTree
    >>> pachira = ShareTree.from_pachira(Fraction(1, 2), 1, cells=8)
    >>> print(share_witness(pachira, SolicitationIncentive()))
    before: [1](16)
    after:  [1](16(1))
    a new member that contributes 1 joins below the member in brackets, who is paid 23/16 instead of 23/16

    Notes
    -----
    Forests with shares on the grid, and for incentives those with shares next to it whose recruits' cells the checker's
    sums name. Cost: O(N ** 2) evaluations of at most N members.
    """
    rule = Rule(scheme)
    pi = check_share.read_scheme(scheme.to_dict())
    for forest in _forests(pi, claimed):
        case = next(claimed.violations(rule, forest, claimed.added[0]), None)
        if case is not None:
            return case
    return None


def _accepted(scheme: TreeScheme, claim: dict[str, Any]) -> dict[str, Any] | None:
    """Return the certificate of a claim if the checker accepts it."""
    certificate = {"format": check_share.FORMAT, "claims": [{"claim": claim, "multipliers": {}}]}
    try:
        check_share.check(scheme.to_dict(), certificate)
    except check_share.Refused:
        return None
    return certificate


def _forests(pi: check_share.Shares, claimed: TreeProperty) -> Iterator[Forest]:
    """Yield the forests in which a claim fails if it fails anywhere, small ones first."""
    n = pi.cells
    if isinstance(claimed, BudgetConstraint):
        parts = _parts(pi.values, n)
        yield _roots([*parts, *[n - sum(parts)] * (sum(parts) < n)])
        yield (-1,), (_TINY,)  # a lottery pays no less where less is contributed
    elif isinstance(claimed, SolicitationIncentive):
        yield (-1, 0), (Fraction(1), Fraction(2 * n))
        yield (-1, 0), (Fraction(1), Fraction(n))
    elif isinstance(claimed, UnprofitableGeneralizedSybilAttack) and pi.is_lottery:
        for k in range(1, n + 1):
            yield (-1, -1), (k * _TINY, max(n - k, 1) * _TINY)
    elif isinstance(claimed, (ContributionIncentive, UnprofitableGeneralizedSybilAttack)):
        starts = pi.starts()
        if isinstance(claimed, UnprofitableGeneralizedSybilAttack):
            starts = [-g for g in starts]
        for k in range(n):
            for full in (False, True):
                yield _growing(n, k, _parts(starts, k), full=full)
    else:
        yield (-1,), (Fraction(n),)
        for k in range(1, n):
            yield _roots([k, n - k])
        for k in range(2, n + 1):
            for i in range(1, k // 2 + 1):
                if isinstance(claimed, ProportionalReward):
                    rest = [Fraction(n - k)] if k < n else []
                    yield (-1, 0, 0, *[-1] * len(rest)), (Fraction(0), Fraction(i), Fraction(k - i), *rest)
                elif k < n:
                    yield _roots([i, k - i, n - k])


def _roots(shares: Sequence[int]) -> Forest:
    return (-1,) * len(shares), tuple(map(Fraction, shares))


def _parts(items: Sequence[Fraction], size: int) -> list[int]:
    """Return indices, summing to at most `size`, of the largest sum of items."""
    best = check_share.largest_sums(list(items))
    parts = []
    while size > 0:
        if best[size] == best[size - 1]:
            size -= 1
            continue
        part = next(j for j in range(1, size + 1) if items[j] + best[size - j] == best[size])
        parts.append(part)
        size -= part
    return parts


def _growing(cells: int, k: int, recruits: Sequence[int], *, full: bool) -> Forest:
    """Return a member whose share is in cell k, those of its recruits in given cells, near their left ends.

    Unless it is `full` the member contributes what is left; else further recruits that hold a cell each do, and
    the member hardly anything.
    """
    margin = _GROWTH * (cells + 2)
    cell = margin * (cells + 2) + 2 * _GROWTH
    held = [j * cell + margin for j in recruits]
    if full:
        held += [cell] * (k - sum(recruits))
    own = _GROWTH + (0 if full else (k - sum(recruits)) * cell)
    rest = cells * cell - own - sum(held)
    amounts = [own, *held, *([rest] if rest > 0 else [])]
    return (-1, *[0] * len(held), *([-1] if rest > 0 else [])), tuple(map(Fraction, amounts))
