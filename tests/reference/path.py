"""Slow twin of the properties of path schemes: every definition word by word, and a list of all that is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

Reward = Callable[[int, int], Fraction]
Place = tuple[int, int, int]
"""Length of the longer chain, fake identities or members merged less one (else 0), distance."""


def broken(reward: Reward, claim: dict[str, Any], longest: int) -> list[Place]:
    """Return every broken inequality of a claim in chains of at most `longest`, the smallest first.

    `claim` is as certificates state it, its `max_depth` left out.
    """
    numbers = {key: value for key, value in claim.items() if key not in ("property", "max_depth")}
    return sorted(DEFINITIONS[claim["property"]](reward, longest, **numbers))


def together(reward: Reward, length: int, distance: int, members: int) -> Fraction:
    """Return what consecutive members of a chain are paid, from a distance up."""
    return sum((reward(length, distance + i) for i in range(members)), Fraction(0))


def sybil_proof(
    reward: Reward, longest: int, epsilon: str, identity_cost: str = "0", identities: int | None = None
) -> Iterator[Place]:
    for depth in range(1, longest + 1):
        for distance in range(depth):
            for fakes in range(1, longest + 1):
                if depth + fakes > longest or (identities is not None and fakes > identities):
                    continue
                split = together(reward, depth + fakes, distance, fakes + 1)
                allowed = reward(depth, distance) * (1 + Fraction(epsilon)) + fakes * Fraction(identity_cost)
                if split > allowed:
                    yield depth + fakes, fakes, distance


def collusion_proof(reward: Reward, longest: int, epsilon: str) -> Iterator[Place]:
    for length in range(1, longest + 1):
        for lowest in range(length):
            for highest in range(lowest + 1, length):
                k = highest - lowest
                honest = together(reward, length, lowest, k + 1)
                if reward(length - k, lowest) > honest + honest * Fraction(epsilon):
                    yield length, k, lowest


def within_budget(reward: Reward, longest: int, budget: str = "1") -> Iterator[Place]:
    for length in range(1, longest + 1):
        if together(reward, length, 0, length) > Fraction(budget):
            yield length, 0, 0


def budget_balanced(reward: Reward, longest: int) -> Iterator[Place]:
    for length in range(1, longest + 1):
        if together(reward, length, 0, length) != 1:
            yield length, 0, 0


def recruiter_share(reward: Reward, longest: int, delta: str | None) -> Iterator[Place]:
    for length in range(1, longest + 1):
        for distance in range(length):
            if delta is None:
                somebody = any(reward(length, j) > 0 for j in range(length))
                if somebody and not reward(length, distance) > 0:
                    yield length, 0, distance
            elif distance > 0 and reward(length, distance) < Fraction(delta) * reward(length, distance - 1):
                yield length, 0, distance


def finder_share(reward: Reward, longest: int, gamma: str) -> Iterator[Place]:
    for length in range(1, longest + 1):
        if reward(length, 0) < Fraction(gamma):
            yield length, 0, 0


def rho_split(reward: Reward, longest: int, rho: str) -> Iterator[Place]:
    for length in range(1, longest + 1):
        for distance in range(1, length):
            if reward(length, distance) != Fraction(rho) * reward(length, distance - 1):
                yield length, 0, distance


def individual_rationality(reward: Reward, longest: int, cost: str) -> Iterator[Place]:
    for length in range(1, longest + 1):
        for distance in range(length):
            if reward(length, distance) < Fraction(cost):
                yield length, 0, distance


def monotone(reward: Reward, longest: int) -> Iterator[Place]:
    for length in range(1, longest + 1):
        for distance in range(1, length):
            if reward(length, distance) > reward(length, distance - 1):
                yield length, 0, distance


def reward_cap(reward: Reward, longest: int, cap: str) -> Iterator[Place]:
    for length in range(1, longest + 1):
        for distance in range(length):
            if reward(length, distance) > Fraction(cap):
                yield length, 0, distance


def subtree_local(reward: Reward, longest: int) -> Iterator[Place]:
    for longer in range(1, longest + 1):
        for distance in range(longer):
            if any(
                reward(shorter, distance) != reward(longer, distance)
                for shorter in range(distance + 1, longer)
            ):
                yield longer, 0, distance


DEFINITIONS: dict[str, Callable[..., Iterator[Place]]] = {
    definition.__name__: definition
    for definition in (
        sybil_proof,
        collusion_proof,
        within_budget,
        budget_balanced,
        recruiter_share,
        finder_share,
        rho_split,
        individual_rationality,
        monotone,
        reward_cap,
        subtree_local,
    )
}
