"""Incentives of tree schemes: to contribute more, to recruit, and a fair return."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from mechanism.numbers import Number
from proofs.spelling import short
from proofs.trees.case import TreeCase
from proofs.trees.property import TreeProperty, amount
from proofs.trees.rule import Forest, Rule

__all__ = ["ContributionIncentive", "ProportionalReward", "SolicitationIncentive"]

_GROWTH = (Fraction(1, 2), Fraction(1), Fraction(2))
_JOINERS = (Fraction(1), Fraction(1, 2), Fraction(2))


@dataclass(frozen=True, slots=True)
class ContributionIncentive(TreeProperty):
    """Who contributes more, while all else is equal, gets more."""

    name: ClassVar[str] = "contribution_incentive"
    code: ClassVar[str] = "CCI"
    statement: ClassVar[str] = "C'(u) > C(u), all else equal, implies R'(u) > R(u)"
    adversary: ClassVar[str] = "a member that thinks of contributing more"
    source: ClassVar[str] = "Douceur and Moscibroda, SIGCOMM 2007"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield members whom a larger contribution does not bring more."""
        parents, contributions = forest
        for u, own in enumerate(contributions):
            for growth in _GROWTH:
                larger = (*contributions[:u], own + growth, *contributions[u + 1 :])
                before, after = rule(forest)[u], rule((parents, larger))[u]
                if rule.at_most(after, before):
                    yield TreeCase.of(
                        forest,
                        u,
                        f"the member in brackets contributes {short(growth)} more and is paid {{bound}} "
                        "instead of {value}",
                        value=before,
                        bound=after,
                        after=(parents, larger),
                        identities=(u,),
                    )

    def __str__(self) -> str:
        return "rewarding every further contribution"


@dataclass(frozen=True, slots=True)
class SolicitationIncentive(TreeProperty):
    """Who has contributed something gets more with every contributor that joins below."""

    name: ClassVar[str] = "solicitation_incentive"
    code: ClassVar[str] = "CSI"
    statement: ClassVar[str] = "a new v with C(v) > 0 anywhere below u, C(u) > 0, implies R'(u) > R(u)"
    adversary: ClassVar[str] = "a member that thinks of recruiting, or of helping those below to recruit"
    source: ClassVar[str] = "Douceur and Moscibroda, SIGCOMM 2007"
    added: ClassVar[tuple[int, ...]] = (1,)

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield members whom a new one below does not bring more."""
        parents, contributions = forest
        for under in range(len(parents)):
            for joiner in _JOINERS:
                after = (*parents, under), (*contributions, joiner)
                u = under
                while u >= 0:
                    paid, then = rule(forest)[u], rule(after)[u]
                    if contributions[u] > 0 and rule.at_most(then, paid):
                        yield TreeCase.of(
                            forest,
                            u,
                            f"a new member that contributes {short(joiner)} joins below the member in brackets, "
                            "who is paid {bound} instead of {value}",
                            value=paid,
                            bound=then,
                            after=after,
                            identities=(u,),
                        )
                    u = parents[u]

    def __str__(self) -> str:
        return "rewarding every recruit below"


@dataclass(frozen=True, slots=True, init=False)
class ProportionalReward(TreeProperty):
    """Everybody gets at least a fraction of its own contribution.

    Parameters
    ----------
    fraction : int, float or Fraction
        At least 0; floats stand for their shortest decimals.
    """

    name: ClassVar[str] = "proportional_reward"
    code: ClassVar[str] = "RPC"
    statement: ClassVar[str] = "R(u) >= fraction * C(u)"
    adversary: ClassVar[str] = "nobody: the forest and its contributions may be any"
    source: ClassVar[str] = "Lv and Moscibroda, PODC 2013"
    fraction: Fraction

    def __init__(self, fraction: Number) -> None:
        object.__setattr__(self, "fraction", amount("fraction", fraction))

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield members that get less."""
        for u, own in enumerate(forest[1]):
            paid, promised = rule(forest)[u], self.fraction * own
            if rule.exceeds(promised, paid):
                yield TreeCase.of(
                    forest,
                    u,
                    "the member in brackets is paid {bound}, {gain} less than the promised {value}",
                    value=rule.lift(promised),
                    bound=paid,
                )

    def __str__(self) -> str:
        return f"paying everybody at least {short(self.fraction)} of its own contribution"
