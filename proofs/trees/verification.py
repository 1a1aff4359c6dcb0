"""Verify a claim about a tree scheme: proof, counterexample, or neither."""

from __future__ import annotations

from mechanism.schemes import SHARE_FAMILIES, TREE_FAMILIES, TreeScheme
from proofs.falsification import falsify
from proofs.trees.opportunity import ProfitableOpportunity, UnboundedReward, best_rewards
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Rule, TreeRule
from proofs.trees.search import Reach, search
from proofs.trees.shares import prove_shares, refute_shares, share_split, share_witness
from proofs.trees.symbolic import prove, refute
from proofs.trees.witness import witness
from proofs.verdict import Claim, Proved, Refuted, Unrefuted, Verdict

__all__ = ["verify_tree"]

_DRAWN, _LARGEST_DRAWN = 100, 6


def verify_tree(
    scheme: TreeScheme | TreeRule, claimed: TreeProperty, *, reach: Reach | None = None
) -> Verdict:
    """Decide whether a tree scheme has a property in every referral forest.

    Parameters
    ----------
    scheme : TreeScheme or callable (forest) -> rewards
        A callable gets a `ReferralForest` with exact contributions and returns one reward per member.
    claimed : TreeProperty
        Such as `UnprofitableSybilAttack`.
    reach : Reach, optional
        How far counterexamples are looked for.

    Returns
    -------
    Proved, Refuted or Unrefuted
        A proof has been accepted by `proofs.check_tree` or `proofs.check_share`; a counterexample has the fewest
        members within reach; what was only searched is unrefuted.

    Examples
    --------
    >>> from mechanism.schemes import GeometricTree
    >>> from proofs.trees import UnprofitableSybilAttack
    >>> print(verify_tree(GeometricTree(0.5, 0.25), UnprofitableSybilAttack()))
    Refuted: not resistant to splitting into any structure in every referral forest.
      before: [1]
      after:  [1/2]([1/2])
      the member in brackets is paid 1/4, its 2 identities 5/16
      gain:   1/16

    Notes
    -----
    Families of the catalogue are proved by inequalities between their formulas, or by a lemma of the family
    (`proofs.check_tree`), those with share functions by the values on their grid (`proofs.check_share`). What is not
    proved is searched: all small forests, exactly, or with enclosures if rewards are irrational; then larger stars and
    chains, and of families of the catalogue those far away that may be needed (`proofs.trees.witness`). Schemes of
    your own are searched likewise, then by random forests (`proofs.falsification`), and never called proved. That
    some forest brings a large reward no forest refutes: what is told then is which trees bring it
    (`proofs.trees.opportunity`).
    """
    claim = Claim(claimed)
    exact = _of_the_catalogue(scheme)
    shared = type(exact) in SHARE_FAMILIES.values()
    if exact is not None:
        certificate = (prove_shares if shared else prove)(exact, claimed)
        if certificate is not None:
            return Proved(claim, certificate, exact.to_dict())
        ceiling = (refute_shares if shared else refute)(exact, claimed)
        if ceiling is not None:
            return Refuted(claim, ceiling)
        split = share_split(exact, claimed) if shared else None
        if split is not None:
            return Refuted(claim, split)
    rule = Rule(scheme if exact is None else exact)
    if isinstance(claimed, (ProfitableOpportunity, UnboundedReward)):
        return Unrefuted(claim, best_rewards(rule, claimed))
    reach = Reach() if reach is None else reach
    case = search(rule, claimed, reach)
    searched = str(reach)
    if len(claimed.added) > 1:
        searched += f" before attacks that add {claimed.added[0]}"
    if case is None and exact is not None:
        case = (share_witness if shared else witness)(exact, claimed)
    elif case is None:
        case = falsify(scheme, claimed, max_examples=_DRAWN, members=_LARGEST_DRAWN)
        searched += f", and {_DRAWN} random forests of at most {_LARGEST_DRAWN}"
    return Unrefuted(claim, searched) if case is None else Refuted(claim, case)


def _of_the_catalogue(scheme: TreeScheme | TreeRule) -> TreeScheme | None:
    """Return a scheme whose family is known, exactly; what a scheme of somebody else says of itself proves nothing."""
    if isinstance(scheme, TreeScheme) and type(scheme) in (*TREE_FAMILIES.values(), *SHARE_FAMILIES.values()):
        return scheme.exact()
    return None
