"""Random search for a counterexample, shrunk to a small one."""

from __future__ import annotations

from random import Random

from mechanism.errors import InvalidInputError
from mechanism.numbers import whole
from mechanism.schemes import TreeScheme
from proofs.trees.case import TreeCase
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Forest, Rule, TreeRule

__all__ = ["falsify"]


def falsify(
    scheme: TreeScheme | TreeRule,
    claimed: TreeProperty,
    *,
    max_examples: int = 200,
    members: int = 8,
    seed: int = 0,
) -> TreeCase | None:
    """Return a counterexample among random forests, shrunk by Hypothesis, or None.

    Parameters
    ----------
    scheme : TreeScheme or callable (forest) -> rewards
    claimed : TreeProperty
    max_examples : int
        Forests drawn before the search gives up, at least 1.
    members : int
        Members of the largest forest drawn, before an attack adds some, at least 1.
    seed : int
        The same seed draws the same forests.

    Returns
    -------
    TreeCase or None
        None is no proof.

    Examples
    --------
    A rule that goes wrong for members with five recruits or more:

    >>> from proofs.trees import ProportionalReward
    >>> def rule(forest):
    ...     return [0 if len(forest.children(u)) > 4 else c for u, c in enumerate(forest.contributions)]
    >>> print(falsify(rule, ProportionalReward(1)))
    before: [1](1, 1, 1, 1, 1)
    the member in brackets is paid 0, 1 less than the promised 1

    Notes
    -----
    Forests are drawn by `proofs.strategies.small_forests`; for each, all changes that the property speaks about and
    that add one member at most are tried. Cost: `max_examples` forests, some hundred evaluations each for attacks.
    """
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import NoSuchExample

    from proofs.strategies import small_forests

    if not isinstance(claimed, TreeProperty):
        raise InvalidInputError("property", claimed, allowed="a property such as UnprofitableSybilAttack()")
    rule = Rule(scheme)

    def breaks(forest: Forest) -> bool:
        return _violation(rule, claimed, forest) is not None

    try:
        forest = find(
            small_forests(most=whole(members, argument="members")),
            breaks,
            settings=settings(
                max_examples=whole(max_examples, argument="max_examples"),
                phases=(Phase.generate, Phase.shrink),
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
            random=Random(whole(seed, argument="seed", least=0)),
        )
    except NoSuchExample:
        return None
    return _violation(rule, claimed, forest)


def _violation(rule: Rule, claimed: TreeProperty, forest: Forest) -> TreeCase | None:
    for added in claimed.added:
        if added <= 1:
            case = next(claimed.violations(rule, forest, added), None)
            if case is not None:
                return case
    return None
