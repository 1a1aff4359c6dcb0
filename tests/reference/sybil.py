"""Slow twins of the properties: the definitions, word by word, and no order of search to get wrong."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

Reward = Callable[[int, int], Fraction]


def from_rows(rows: list[list[Fraction]]) -> Reward:
    """Return the reward of a table; a chain longer than the table pays nobody."""
    return lambda depth, distance: rows[depth - 1][distance] if depth <= len(rows) else Fraction(0)


def collected(reward: Reward, depth: int, distance: int, identities: int) -> Fraction:
    """Return what a member collects who adds that many fake identities to its chain."""
    total = Fraction(0)
    for identity in range(identities + 1):
        total += reward(depth + identities, distance + identity)
    return total


def sybil_violations(reward: Reward, epsilon: Fraction, longest: int) -> list[tuple[int, int, int]]:
    """Return every broken inequality (depth, distance, identities) in attacked chains of at most `longest`.

    The smallest attack comes first: shortest attacked chain, then fewest identities, then distance.
    """
    broken = [
        (depth, distance, identities)
        for depth in range(1, longest + 1)
        for distance in range(depth)
        for identities in range(1, longest + 1)
        if depth + identities <= longest
        and collected(reward, depth, distance, identities) > (1 + epsilon) * reward(depth, distance)
    ]
    return sorted(broken, key=lambda attack: (attack[0] + attack[2], attack[2], attack[1]))


def overspent(reward: Reward, longest: int) -> list[int]:
    """Return the lengths of the chains that are paid more than the prize."""
    return [depth for depth in range(1, longest + 1) if sum(reward(depth, j) for j in range(depth)) > 1]
