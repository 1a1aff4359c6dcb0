"""The best guaranteed reward of path schemes that resist splitting, and merging if that is asked."""

from __future__ import annotations

from fractions import Fraction

from mechanism.numbers import Number
from mechanism.schemes import PathTable
from proofs.check_linear import LEAST
from proofs.impossibility.bound import Positions, RewardBound, SchemeRules
from proofs.impossibility.formulas import interior_guarantee, universal_guarantee
from proofs.linear import LinearProgram, Row, maximise

__all__ = ["guaranteed_reward", "reward_program", "solve_guarantee"]


def guaranteed_reward(
    max_depth: int,
    *,
    epsilon: Number = 0,
    identity_cost: Number = 0,
    collusion: Number | None = None,
    positions: Positions = "all",
    budget: Number = 1,
) -> RewardBound:
    """Return the largest reward that a path scheme can guarantee to all given positions, with its proof.

    Parameters
    ----------
    max_depth : int
        Length N of the longest chain, at least 1; identities and mergers stay within it.
    epsilon : float, int or Fraction
        The scheme is sybil-proof up to this relative gain, at least 0. Floats stand for their shortest decimals.
    identity_cost : float, int or Fraction
        What each fake identity costs, in shares of the prize, at least 0.
    collusion : float, int or Fraction, optional
        If given, the scheme is also collusion-proof up to this relative gain, at least 0.
    positions : str or iterable of (int, int)
        Who is guaranteed: ``"all"``, ``"interior"`` (1 <= distance <= depth - 2), or pairs (depth, distance).
    budget : float, int or Fraction
        What the members of a chain get at most in all, in shares of the prize, above 0.

    Returns
    -------
    RewardBound
        The value is exact, with a scheme that attains it and multipliers that prove it.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range; interior positions need a `max_depth` of at least 3.
    SolveError
        If no vertex of the linear program could be proved optimal.

    Examples
    --------
    >>> guaranteed_reward(10).value
    Fraction(1, 512)
    >>> guaranteed_reward(6, positions="interior", collusion=0).value
    Fraction(0, 1)
    >>> print(guaranteed_reward(3, positions="interior", collusion=0, identity_cost=0.01))
    At most 3/100 of the prize to every interior position.
    Schemes: sybil-proof at 1/100 per identity, collusion-proof, chains of length at most 3.
    Attained by the rewards, the finder's first:
      3/100
      1/50  1/50
      0  3/100  0
    Proved by 5 multipliers, from a linear program.

    Notes
    -----
    In chains of length l <= N, with S_k(l, j) = R(l+k, j) + ... + R(l+k, j+k), the linear program is

        maximise t    t <= R(l, j)                                       at the positions,
                      R(l, 0) + ... + R(l, l-1) <= budget                for all l,
                      S_k(l, j) <= (1 + epsilon) R(l, j) + k kappa       for all j and l + k <= N,
                      R(l, j) <= (1 + collusion) S_k(l, j)               likewise.

    Without `collusion` it is solved by a formula if the positions are all, or interior in the exact case
    (`proofs.impossibility.formulas`); at any depth the multipliers follow one pattern. Else it has
    O(N ** 2) unknowns and O(N ** 3) rows, and `proofs.linear` solves it: about a second for N = 20. Either way
    the standard-library checker has accepted the result.
    """
    rules = SchemeRules.of(
        max_depth,
        epsilon=epsilon,
        identity_cost=identity_cost,
        collusion=collusion,
        positions=positions,
        budget=budget,
    )
    if rules.collusion is None and rules.positions == "all":
        return universal_guarantee(rules)
    if (
        rules.collusion is None
        and rules.positions == "interior"
        and rules.epsilon == rules.identity_cost == 0
    ):
        return interior_guarantee(rules)
    return solve_guarantee(rules)


def solve_guarantee(rules: SchemeRules) -> RewardBound:
    """Return the best guarantee under some rules from its linear program, even where a formula is known."""
    best = maximise(reward_program(rules))
    zero = Fraction(0)
    lengths = range(1, rules.max_depth + 1)
    table = [[best.point.get((length, j), zero) for j in range(length)] for length in lengths]
    return RewardBound("least", rules, best.value, PathTable(table), best.multipliers, "linear program")


def reward_program(rules: SchemeRules) -> LinearProgram:
    """Return the linear program of the best guarantee, its rows as the checker states them.

    Exactly and at no cost one fake identity is the worst case for sybil-proofness, since a chain of k + 1 identities
    is a chain of k one of which splits; the rows of more identities are left out then.
    """
    depth, program = rules.max_depth, rules.program("least")
    single = rules.epsilon == rules.identity_cost == 0
    names: list[tuple[str, tuple[int, ...]]] = [("budget", (length,)) for length in range(1, depth + 1)]
    for length in range(1, depth):
        for j in range(length):
            names += [("sybil", (length, j, k)) for k in range(1, 2 if single else depth - length + 1)]
    if rules.collusion is not None:
        for length in range(1, depth):
            for j in range(length):
                names += [("collusion", (length, j, k)) for k in range(1, depth - length + 1)]
    names += [("paid", place) for place in rules.places()]
    rows: dict[str, Row] = {}
    for kind, at in names:
        row = program.row(kind, *at)
        if row is not None:
            rows[f"{kind}({', '.join(map(str, at))})"] = row
    return LinearProgram({LEAST: Fraction(1)}, rows)
