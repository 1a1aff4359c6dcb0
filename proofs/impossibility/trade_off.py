"""How the best guarantee grows as sybil-proofness and collusion-proofness are relaxed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, whole
from proofs import check_linear
from proofs.impossibility.bound import Positions, RewardBound
from proofs.impossibility.guarantee import guaranteed_reward
from proofs.spelling import short

__all__ = ["RewardTradeOff", "reward_trade_off"]


@dataclass(frozen=True, slots=True)
class RewardTradeOff:
    """Best guarantees on a grid of relaxations, each with its proof.

    Attributes
    ----------
    epsilons : tuple of Fraction
        Relative gains allowed to a split, one per row.
    collusions : tuple of Fraction or None
        Relative gains allowed to a merger, one per column; None where mergers are not ruled out.
    bounds : tuple of tuple of RewardBound
        Row by row.
    """

    epsilons: tuple[Fraction, ...]
    collusions: tuple[Fraction | None, ...]
    bounds: tuple[tuple[RewardBound, ...], ...]

    @property
    def values(self) -> tuple[tuple[Fraction, ...], ...]:
        """The best guarantees, in shares of the prize, row by row."""
        return tuple(tuple(bound.value for bound in row) for row in self.bounds)

    @property
    def certificate(self) -> dict[str, Any]:
        """One certificate with the proofs of all values, as `proofs.check_linear` reads it."""
        claims = [claim for row in self.bounds for bound in row for claim in bound.certificate["claims"]]
        return {"format": check_linear.FORMAT, "claims": claims}

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as plain Python values, ready for JSON."""
        return {"bounds": [[bound.to_dict() for bound in row] for row in self.bounds]}

    def __str__(self) -> str:
        heads = ["none" if x is None else short(x) for x in self.collusions]
        lines = [["epsilon / collusion", *heads]]
        for epsilon, row in zip(self.epsilons, self.bounds, strict=True):
            lines.append([short(epsilon), *(short(bound.value) for bound in row)])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        )


def reward_trade_off(
    max_depth: int,
    *,
    epsilons: Sequence[Number],
    collusions: Sequence[Number | None],
    identity_cost: Number = 0,
    positions: Positions = "interior",
    budget: Number = 1,
) -> RewardTradeOff:
    """Return the best guarantee for every pair of an epsilon and a collusion tolerance.

    Parameters
    ----------
    max_depth : int
        Length of the longest chain.
    epsilons : sequence of float, int or Fraction
        Relative gains allowed to a split, at least one.
    collusions : sequence of float, int, Fraction or None
        Relative gains allowed to a merger, at least one; None where mergers are not ruled out.
    identity_cost, positions, budget
        As for `guaranteed_reward`.

    Returns
    -------
    RewardTradeOff

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    SolveError
        If a linear program could not be solved exactly.

    Examples
    --------
    >>> print(reward_trade_off(4, epsilons=[0, 0.1], collusions=[0, 0.1, None]))
    epsilon / collusion         0        1/10     none
                      0         0        1/44      1/6
                   1/10  331/4400  4641/48400  121/600
    """
    whole(max_depth, argument="max_depth")
    for argument, given in (("epsilons", epsilons), ("collusions", collusions)):
        if isinstance(given, str) or not isinstance(given, Sequence) or not given:
            raise InvalidInputError(argument, given, allowed="a sequence of at least one number")
    if not isinstance(positions, str):
        positions = list(positions)
    bounds = tuple(
        tuple(
            guaranteed_reward(
                max_depth,
                epsilon=epsilon,
                identity_cost=identity_cost,
                collusion=collusion,
                positions=positions,
                budget=budget,
            )
            for collusion in collusions
        )
        for epsilon in epsilons
    )
    rows = tuple(row[0].rules.epsilon for row in bounds)
    return RewardTradeOff(rows, tuple(bound.rules.collusion for bound in bounds[0]), bounds)
