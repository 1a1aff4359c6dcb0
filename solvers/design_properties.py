"""What is asked of a design: properties, a currency, and the proof that it was kept."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mechanism import Scenarios
from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import Number, exact, number
from mechanism.schemes import PathTable
from proofs import PathProperty, Property, SybilProof, Verdict, WithinBudget, verify
from solvers.reward_space import check_designable

__all__ = ["currency_unit", "prove", "wanted_properties"]


def wanted_properties(
    epsilon: Number | None, subject_to: Sequence[Property], chain_limit: Fraction
) -> tuple[PathProperty, ...]:
    """Return what a design must be proved to have: sybil-proofness first, then the rest, then the budget.

    Raises
    ------
    InvalidInputError
        If epsilon is out of range.
    UnsupportedProblemError
        If a property is none of tables, or no set of linear inequalities.
    """
    given = [check_designable(one, argument=f"subject_to[{index}]") for index, one in enumerate(subject_to)]
    attacks = [one for one in given if isinstance(one, SybilProof)]
    if epsilon is not None or not attacks:
        attacks.insert(0, SybilProof(0 if epsilon is None else epsilon))
    free = [one for one in attacks if not one.identity_cost and one.identities is None]
    if free:
        strictest = min(free, key=lambda one: one.epsilon)
        attacks = [strictest, *(one for one in attacks if one.epsilon < strictest.epsilon)]
    budgets = [WithinBudget(chain_limit), *(one for one in given if isinstance(one, WithinBudget))]
    rest = [one for one in given if not isinstance(one, (SybilProof, WithinBudget))]
    tightest = min(budgets, key=lambda one: one.budget)
    return tuple(dict.fromkeys([*attacks, *rest, tightest]))


def prove(scheme: PathTable, wanted: PathProperty, max_depth: int) -> Verdict:
    """Return the proof at every length or else within the campaign; raise if there is none."""
    verdict = verify(scheme, wanted)
    if verdict.holds is not True:
        verdict = verify(scheme, wanted, max_depth=max_depth)
    if verdict.holds is not True:
        raise SolveError(f"the designed scheme is not what was asked for: {verdict}", solution=scheme)
    return verdict


def currency_unit(unit: float, scenarios: Scenarios) -> Fraction:
    """Return the smallest unit of the currency as a share of the prize."""
    allowed = "an amount of money above 0"
    amount = exact(number(unit, argument="unit", allowed=allowed))
    prizes = {campaign.task.stake for campaign in scenarios.campaigns}
    if amount <= 0:
        raise InvalidInputError("unit", unit, allowed=allowed)
    if len(prizes) > 1:
        raise InvalidInputError("unit", unit, allowed="left out where the prize differs between scenarios")
    prize = exact(prizes.pop())
    if amount > prize:
        raise InvalidInputError("unit", unit, allowed=f"at most the prize, {float(prize):g}")
    return amount / prize
