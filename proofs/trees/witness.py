"""Counterexamples beyond the small forests: long chains, large stars, tiny and huge contributions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from mechanism.schemes import TDRM, CappedRate, TreeScheme
from proofs.spelling import short
from proofs.trees.budget import BudgetConstraint
from proofs.trees.case import TreeCase
from proofs.trees.incentives import ProportionalReward, SolicitationIncentive
from proofs.trees.locality import Additivity
from proofs.trees.property import TreeProperty
from proofs.trees.rule import Forest, Rule
from proofs.trees.splitting import UnprofitableGeneralizedSybilAttack

__all__ = ["witness"]

_FARTHEST = 128  # powers of 2
_LONGEST = 1024
_LARGEST = 256
_ONE = Fraction(1)


def witness(scheme: TreeScheme, claimed: TreeProperty) -> TreeCase | None:
    """Return a violation that no search over small forests finds, or None.

    Parameters
    ----------
    scheme : TreeScheme
        Exact.
    claimed : TreeProperty
        Something is returned for budgets, proportional rewards, the incentive to solicit, additivity and
        resistance to generalised attacks only.

    Returns
    -------
    TreeCase or None
        Of its kind with the fewest members: one member whose contribution is a power of 2, or two; else a chain with
        one contribution, or equal ones, of at most 1024 members; else a star of at most 256.

    Examples
    --------
    The limit of a geometric scheme is approached on long chains:

    >>> from mechanism.schemes import GeometricTree
    >>> case = witness(GeometricTree(Fraction(1, 2), Fraction(1, 2)), BudgetConstraint(1 - Fraction(1, 10**6)))
    >>> case.members, case.gain
    (20, Fraction(759, 16384000000))

    Notes
    -----
    Cost: some hundreds of evaluations, of chains O(log n) of length n.
    """
    rule = Rule(scheme)
    if isinstance(claimed, UnprofitableGeneralizedSybilAttack):
        return next(_raises(rule), None)
    kinds: list[Callable[[int], Forest]] = []
    if isinstance(claimed, BudgetConstraint):
        kinds = [lambda n: (tuple(range(-1, n - 1)), (*[Fraction(0)] * (n - 1), _ONE))]
    elif isinstance(claimed, ProportionalReward):
        kinds = [lambda n: (tuple(range(-1, n - 1)), (_ONE,) * n)]
    elif not isinstance(claimed, (Additivity, SolicitationIncentive)):
        return None
    # A scheme that cuts contributions into pieces takes a step for each.
    most = _LONGEST * Fraction(scheme.unit) if isinstance(scheme, TDRM) else None
    for forest in _scales():
        if most is not None and max(forest[1]) > most:
            continue
        case = next(claimed.violations(rule, forest, claimed.added[0]), None)
        if case is not None:
            return case
    for chain in kinds:
        case = _shortest(rule, claimed, chain)
        if case is not None:
            return case
    return None


def _scales() -> Iterator[Forest]:
    """Yield one member with contributions ever farther from 1, then two that nobody recruited."""
    for e in range(_FARTHEST + 1):
        for c in (_ONE * 2**e, _ONE / 2**e):
            yield (-1,), (c,)
    for e in range(_FARTHEST + 1):
        yield (-1, -1), (_ONE, _ONE * 2**e)


def _shortest(rule: Rule, claimed: TreeProperty, chain: Callable[[int], Forest]) -> TreeCase | None:
    """Return the violation on the shortest chain, if longer ones violate a claim whenever shorter ones do."""

    def case(n: int) -> TreeCase | None:
        return next(claimed.violations(rule, chain(n), claimed.added[0]), None)

    length = 1
    while (found := case(length)) is None:
        if length == _LONGEST:
            return None
        length *= 2
    low, high = length // 2, length
    while high - low > 1:
        middle = (low + high) // 2
        better = case(middle)
        low, high, found = (middle, high, found) if better is None else (low, middle, better)
    return found


def _raises(rule: Rule) -> Iterator[TreeCase]:
    """Yield larger contributions that raise a member's profit."""
    scheme = rule.scheme
    tried: list[tuple[Forest, Fraction]] = []
    if isinstance(scheme, CappedRate) and scheme.slope > 0:  # just below the cap
        reached = Fraction(scheme.cap - scheme.floor) / Fraction(scheme.slope)
        least = max(Fraction(0), Fraction(1 - scheme.floor) / Fraction(scheme.slope) - reached)
        tried.append((((-1,), ((reached + least) / 2,)), (reached - least) / 2))
    for e in range(_FARTHEST // 2):
        tiny = _ONE / 2**e
        tried.append((((-1, 0), (Fraction(0), _ONE)), tiny))
        tried.append((((-1, -1), (tiny**2, tiny**2)), tiny))
    tried += [(((-1, *[0] * m), (_ONE,) * (m + 1)), _ONE) for m in range(1, _LARGEST)]
    for (parents, contributions), growth in tried:
        after = parents, (contributions[0] + growth, *contributions[1:])
        profit = rule((parents, contributions))[0] - rule.lift(contributions[0])
        then = rule(after)[0] - rule.lift(after[1][0])
        if growth > 0 and rule.exceeds(then, profit):
            yield TreeCase.of(
                (parents, contributions),
                0,
                f"the member in brackets has a profit of {{bound}}, after contributing {short(growth)} more of "
                "{value}\ngain:   {gain}",
                value=then,
                bound=profit,
                after=after,
                identities=(0,),
            )
