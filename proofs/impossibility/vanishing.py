"""Sybil-proof and collusion-proof together: nobody between finder and root is paid."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from mechanism.numbers import whole
from mechanism.schemes import PathTable
from proofs.impossibility.bound import RewardBound, SchemeRules

__all__ = ["interior_rewards_vanish"]


def interior_rewards_vanish(max_depth: int) -> RewardBound:
    """Return the proof that sybil-proofness and collusion-proofness forbid every interior reward.

    Parameters
    ----------
    max_depth : int
        Length N of the longest chain, at least 3. All identities and all mergers stay within it.

    Returns
    -------
    RewardBound
        The total of all rewards R(l, j) with 1 <= j <= l - 2 and l <= N is at most 0. No position is excepted,
        not even in the chains of length N. The attached scheme pays half to the finder and
        half to the root of every chain: no other position is forced to 0.

    Raises
    ------
    InvalidInputError
        If `max_depth` is no integer of at least 3; shorter chains have no interior.

    Examples
    --------
    >>> print(interior_rewards_vanish(3))
    In all at most 0 of the prize to every interior position.
    Schemes: sybil-proof, collusion-proof, chains of length at most 3.
    Attained by the rewards, the finder's first:
      1
      1/2  1/2
      1/2  0  1/2
    Proved by 4 multipliers, from a formula.

    Notes
    -----
    Let 1 <= l <= N - 2 and 0 <= j < l. One fake identity does not pay on chains of length l and l + 1, so that

        R(l+2, j) + 2 R(l+2, j+1) + R(l+2, j+2) <= R(l+1, j) + R(l+1, j+1) <= R(l, j),

    while a merger of the three members j, j + 1, j + 2 of a chain of length l + 2 does not pay either,

        R(l, j) <= R(l+2, j) + R(l+2, j+1) + R(l+2, j+2).

    The sum of these four inequalities, each with the multiplier 1, says R(l+2, j+1) <= 0. Every
    interior position is of this form. Neither the budget nor larger attacks are needed. The certificate
    adds up the proofs of all positions: O(N ** 2) multipliers.
    """
    max_depth = whole(max_depth, argument="max_depth", least=3)
    multipliers: Counter[str] = Counter()
    for depth in range(1, max_depth - 1):
        for j in range(depth):
            once = ((depth, j, 1), (depth + 1, j, 1), (depth + 1, j + 1, 1))
            multipliers.update(f"sybil{at}" for at in once)
            multipliers[f"collusion{(depth, j, 2)}"] += 1
    half = Fraction(1, 2)
    table = [[Fraction(1)]]
    table += [[half, *[Fraction(0)] * (depth - 2), half] for depth in range(2, max_depth + 1)]
    return RewardBound(
        objective="total",
        rules=SchemeRules(max_depth, collusion=Fraction(0), positions="interior"),
        value=Fraction(0),
        scheme=PathTable(table, label="half to the finder, half to the root"),
        multipliers={name: Fraction(times) for name, times in multipliers.items()},
        method="formula",
    )
