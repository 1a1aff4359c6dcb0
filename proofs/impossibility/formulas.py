"""Best guarantees of sybil-proof path schemes in closed form, with their proofs for every depth."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import comb

from mechanism.schemes import PathTable
from proofs.impossibility.bound import RewardBound, SchemeRules

__all__ = ["interior_guarantee", "universal_guarantee"]


def universal_guarantee(rules: SchemeRules) -> RewardBound:
    """Return the largest reward that a scheme can guarantee to all positions, mergers being allowed.

    Parameters
    ----------
    rules : SchemeRules
        With positions ``"all"`` and collusion None.

    Returns
    -------
    RewardBound

    Notes
    -----
    With the budget B, chains of length at most N and identities that cost kappa, let

        u_l = min(B / l, min over 1 <= k < l of ((1 + epsilon) u_(l-k) + k kappa) / (k + 1)),     l = 1, ..., N.

    *Theorem.* The best guarantee is u_N, and the scheme R(l, j) = u_l attains it.

    The scheme is allowed, since l u_l <= B and (k + 1) u_(l+k) <= (1 + epsilon) u_l + k kappa. It pays everybody
    u_N at least, since the u_l never rise. By induction, let u_1 >= ... >= u_(l-1). If u_(l-1) = B / (l - 1),
    then u_l <= B / l is less. Else u_(l-1) is a mean of (1 + epsilon) u_i with weight 1 and kappa with weight k,
    where i = l - 1 - k, and u_l is at most their mean with weights 1 and k + 1. That is no larger if
    (1 + epsilon) u_i >= kappa. And (1 + epsilon) u_i < kappa is impossible: the first mean would exceed u_i >= u_(l-1).

    No scheme guarantees more. If the weighted mean of the rewards R(l, j) over j is at most u, for some weights,
    then splits of all these members into k + 1 identities show that the mean of R(l+k, j), with
    weights spread accordingly, is at most ((1 + epsilon) u + k kappa) / (k + 1). Along the minima, from equal weights
    and B / l on, some mean of the rewards R(N, j) is at most u_N, and so is the least of them. The
    multipliers are these weights. Cost: O(N ** 2) operations and multipliers.

    At epsilon = kappa = 0 this is B 2**-(N-1), twice as little with every step; with a cost it is
    kappa + min over l of (B / l - kappa) 2**-(N-l).
    """
    depth, split, cost, budget = rules.max_depth, 1 + rules.epsilon, rules.identity_cost, rules.budget
    most: list[Fraction] = []
    steps: list[int] = []  # the k of the minimum, 0 for the budget
    for length in range(1, depth + 1):
        choices = [(budget / length, 0)]
        choices += [((split * most[length - k - 1] + k * cost) / (k + 1), k) for k in range(1, length)]
        value, step = min(choices)
        most.append(value)
        steps.append(step)
    chain = [depth]
    while step := steps[chain[0] - 1]:
        chain.insert(0, chain[0] - step)
    weights = [Fraction(1)] * chain[0]
    multipliers = {f"budget({chain[0]})": Fraction(1)}
    for length, longer in pairwise(chain):
        k = longer - length
        spread = [Fraction(0)] * longer
        for j, weight in enumerate(weights):
            multipliers[f"sybil{(length, j, k)}"] = weight / split
            for i in range(k + 1):
                spread[j + i] += weight / split
        weights = spread
    multipliers |= {f"paid{(depth, j)}": weight for j, weight in enumerate(weights)}
    scheme = PathTable([[u] * length for length, u in enumerate(most, 1)], label="equal pay")
    return _bound(rules, most[-1], scheme, multipliers, sum(weights, Fraction(0)))


def interior_guarantee(rules: SchemeRules) -> RewardBound:
    """Return the largest reward that an exactly sybil-proof scheme can guarantee to all interior positions.

    Parameters
    ----------
    rules : SchemeRules
        With positions ``"interior"``, collusion None, epsilon 0 and no identity cost.

    Returns
    -------
    RewardBound

    Notes
    -----
    *Theorem.* With the budget B and chains of length at most N >= 3 it is t = B / (2**(N-1) - 2).

    Let a(l, j) be the number of ways from (l, j) to an interior position of the chains of length N by
    steps to (l+1, j) and (l+1, j+1). One fake identity does not pay, hence R(l, j) >= a(l, j) t, and
    a(1, 0) = 2**(N-1) - 2: all ways but the two to the ends. R(l, j) = a(l, j) t is sybil-proof, with
    equality; it pays a chain of length l in all (l 2**(N-l) - 2) t <= (2**(N-1) - 2) t = B; and every interior
    position has a(l, j) >= 1.
    """
    depth = rules.max_depth
    unit = rules.budget / (2 ** (depth - 1) - 2)
    ways = [[0, *[1] * (depth - 2), 0]]
    while len(ways) < depth:
        after = ways[0]
        ways.insert(0, [after[j] + after[j + 1] for j in range(len(after) - 1)])
    multipliers = {"budget(1)": Fraction(1)}
    for length in range(1, depth):
        multipliers |= {f"sybil{(length, j, 1)}": Fraction(comb(length - 1, j)) for j in range(length)}
    multipliers |= {f"paid{(depth, j)}": Fraction(comb(depth - 1, j)) for j in range(1, depth - 1)}
    scheme = PathTable([[way * unit for way in row] for row in ways], label="ways into the interior")
    return _bound(rules, unit, scheme, multipliers, rules.budget / unit)


def _bound(
    rules: SchemeRules, value: Fraction, scheme: PathTable, multipliers: dict[str, Fraction], scale: Fraction
) -> RewardBound:
    """Return the bound with its multipliers in units in which those of the paid positions add up to 1."""
    weighted = {name: factor / scale for name, factor in multipliers.items()}
    return RewardBound("least", rules, value, scheme, weighted, "formula")
