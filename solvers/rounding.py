"""From a table in floating point to one whose promises hold exactly, in decimals or in a currency."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import SolveError
from proofs import (
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Monotone,
    PathProperty,
    RecruiterShare,
    RewardCap,
    SubtreeLocal,
    SybilProof,
    WithinBudget,
)
from proofs.linear import LinearProgram, Row, maximise
from solvers.reward_space import RewardSpace, attack, inequalities

__all__ = ["exactly_feasible", "least_table"]

Reals = NDArray[np.float64]
Units = list[list[int]]
Rows = list[list[Fraction]]
_DIGITS = 12
_MIXTURES = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
_TRIALS = 40
_EXACT_DEPTH = 20  # up to which linear programs are solved in fractions
_ROUNDS = 400  # until rewards that depend on the distance alone agree, if they ever do


def exactly_feasible(
    table: Reals, properties: Sequence[PathProperty], *, unit: Fraction | None = None
) -> Rows:
    """Return a table of short decimals near `table` that has the properties exactly.

    Parameters
    ----------
    table : ndarray of float64, shape (max_depth, max_depth)
        Rewards at [depth - 1, distance], in shares of the prize, feasible up to rounding.
    properties : sequence of PathProperty
        What is wanted in chains of at most `max_depth`.
    unit : Fraction, optional
        All rewards are multiples of this share of the prize, such as 1 / 400000 for cents of 4,000; by default of
        a power of ten fine enough for the deepest row.

    Returns
    -------
    list of list of Fraction
        Row d - 1 holds the d rewards of a chain of length d.

    Raises
    ------
    SolveError
        If no table has the properties, or none was found near this one.

    Notes
    -----
    Rows are fixed from the longest chain up. Each reward is raised to what longer chains and the rewards nearer
    to the finder demand (sybil-proofness, shares of finder and recruiters, costs, monotonicity), rounded up to the
    grid: the least table above the given one that has these properties, since the greater the rest, the
    greater each demand. Relative errors are not amplified. Should a row then exceed the budget or a reward its cap,
    all is done again from a table nearer to the least of all tables. At epsilon = 0 rounding down
    alone keeps sybil-proofness, as floor(x) >= floor(y) + floor(z) where x >= y + z. Collusion-proofness bounds
    rewards from above: there the table is mixed with one inside the feasible set, by the smallest of some
    shares that does. If the set has no inside, as under exact sybil- and collusion-proofness together, the
    nearest table is found by a linear program in exact arithmetic (`proofs.linear`), up to depth 20. Where
    rewards depend on the distance alone, each is the largest that any chain demands, and
    rows are fixed again until nothing changes. Cost: O(max_depth ** 3) rational additions per trial and round.
    """
    depth = len(table)
    grid = unit or Fraction(1, 10 ** (_DIGITS + ceil((depth - 1) * log10(2))))
    if _is_local(properties):
        table = _by_distance(table, properties)
    rows = _fitted(table, properties, grid)
    broken = _broken(rows, properties)
    if broken is None:
        return rows
    inner = RewardSpace(depth, properties).inner(table)
    for share in _MIXTURES:
        rows = _fitted((1 - share) * table + share * inner, properties, grid)
        if _broken(rows, properties) is None:
            return rows
    if unit is None and depth <= _EXACT_DEPTH:
        return _nearest_exactly(table, properties)
    raise SolveError(f"no table near the one found is exactly {broken}: allow more, or a smaller unit")


def _nearest_exactly(table: Reals, properties: Sequence[PathProperty]) -> Rows:
    """Return the vertex of all tables with the properties that is nearest to a table by the sum of differences."""
    depth = len(table)
    bounds = [row for one in properties for row in inequalities(one, depth)]
    bounds += [
        attack(one, length, distance, more)
        for one in properties
        if isinstance(one, (SybilProof, CollusionProof))
        for length in range(1, depth)
        for more in range(1, depth - length + 1)
        for distance in range(length)
    ]
    rows: dict[str, Row] = {str(number): row for number, row in enumerate(bounds) if row[0]}
    one = Fraction(1)
    objective: dict[Hashable, Fraction] = {}
    for length in range(1, depth + 1):
        for distance in range(length):
            at, off = (length, distance), ("off", length, distance)
            wanted = Fraction(round(float(table[length - 1, distance]), _DIGITS)).limit_denominator(
                10**_DIGITS
            )
            objective[off] = -one
            rows[f"above {at}"] = ({at: one, off: -one}, wanted)
            rows[f"below {at}"] = ({at: -one, off: -one}, -wanted)
    point = maximise(LinearProgram(objective, rows)).point
    return [[point.get((length, j), Fraction(0)) for j in range(length)] for length in range(1, depth + 1)]


def least_table(
    max_depth: int, properties: Sequence[PathProperty], *, unit: Fraction = Fraction(1, 10**_DIGITS)
) -> Rows:
    """Return the table that pays everybody the least that the properties demand, on a grid.

    Raises
    ------
    SolveError
        If that exceeds a budget or a cap: then every table does.

    Examples
    --------
    >>> least_table(2, [SybilProof(), FinderShare(0.5)])[0]
    [Fraction(1, 2)]
    """
    return _money(_least(max_depth, properties, unit), unit)


def _least(max_depth: int, properties: Sequence[PathProperty], unit: Fraction) -> Units:
    least = _sweep([[0] * depth for depth in range(1, max_depth + 1)], properties, unit)
    for wanted in properties:
        for row in least:
            if (isinstance(wanted, WithinBudget) and sum(row) * unit > wanted.budget) or (
                isinstance(wanted, RewardCap) and max(row) * unit > wanted.cap
            ):
                words = ", ".join(map(str, properties))
                raise SolveError(f"no table of depth {max_depth} has all of these properties: {words}")
    return least


def _fitted(table: Reals, properties: Sequence[PathProperty], unit: Fraction) -> Rows:
    """Return the least table above a given one that is not over a budget or a cap, else above a smaller one."""
    least = _least(len(table), properties, unit)
    wanted = [
        [Fraction(float(x)) / unit - low for x, low in zip(row, lows, strict=False)]
        for row, lows in zip(table, least, strict=True)
    ]
    shrink = Fraction(max(1.0, float(_ratio(_whole(wanted, least, Fraction(1)), least, properties, unit))))
    for _ in range(_TRIALS):
        rows = _sweep(_whole(wanted, least, shrink), properties, unit)
        most = _ratio(rows, least, properties, unit)
        if most <= 1:
            return _money(rows, unit)
        shrink *= most + Fraction(1, 10**_DIGITS)
    raise SolveError("no table near the one found keeps budget and caps: ask for less, or a smaller unit")


def _whole(wanted: list[list[Fraction]], least: Units, shrink: Fraction) -> Units:
    """Return the least table and what is wanted above it, made smaller and rounded down."""
    return [
        [low + max(floor(x / shrink), 0) for x, low in zip(row, lows, strict=True)]
        for row, lows in zip(wanted, least, strict=True)
    ]


def _ratio(rows: Units, least: Units, properties: Sequence[PathProperty], unit: Fraction) -> Fraction:
    """Return what is used of the room between the least table and budget or caps, at the tightest place."""
    most = Fraction(0)
    for wanted in properties:
        for row, lows in zip(rows, least, strict=True):
            if isinstance(wanted, WithinBudget):
                pairs = [(sum(row), sum(lows), wanted.budget / unit)]
            elif isinstance(wanted, RewardCap):
                pairs = [(x, low, wanted.cap / unit) for x, low in zip(row, lows, strict=True)]
            else:
                continue
            for used, low, bound in pairs:
                if used > bound:
                    most = max(most, (used - low) / (bound - low) if bound > low else Fraction(10**6))
    return most


def _is_local(properties: Sequence[PathProperty]) -> bool:
    return any(isinstance(one, SubtreeLocal) for one in properties)


def _by_distance(table: Reals, properties: Sequence[PathProperty]) -> Reals:
    """Return a table near a given one whose rewards depend on the distance alone, sybil-proof as far as floats go.

    What fakes would add, a(j + 1) + ... + a(j + k), is lowered to epsilon a(j) + k identity_cost from the finder up: to
    raise a(j) instead, as is done where depth matters, is no help without a leak and amplifies small errors with one.
    """
    depth = len(table)
    level = np.array([table[distance:, distance].mean() for distance in range(depth)])
    for distance in range(depth - 1):
        for one in properties:
            if not isinstance(one, SybilProof):
                continue
            most = depth - distance - 1 if one.identities is None else one.identities
            for k in range(1, min(most, depth - distance - 1) + 1):
                added = level[distance + 1 : distance + k + 1]
                bound = float(one.epsilon) * level[distance] + k * float(one.identity_cost)
                if added.sum() > bound:
                    added *= bound / added.sum() * (1 - 1e-12)
    return np.tril(np.broadcast_to(level, (depth, depth)))


def _sweep(wanted: Units, properties: Sequence[PathProperty], unit: Fraction) -> Units:
    """Raise rewards to what the rest of the table demands."""
    rows = _raised(wanted, properties, unit)
    if not _is_local(properties):
        return rows
    for _ in range(_ROUNDS):
        level = [max(row[distance] for row in rows[distance:]) for distance in range(len(rows))]
        even = [level[: length + 1] for length in range(len(rows))]
        rows = _raised(even, properties, unit)
        if rows == even:
            return rows
    words = ", ".join(map(str, properties))
    raise SolveError(f"no table of depth {len(rows)} near the one found has all of these properties: {words}")


def _raised(wanted: Units, properties: Sequence[PathProperty], unit: Fraction) -> Units:
    """Raise rewards, from the longest chain up, to what longer chains and rewards nearer to the finder demand."""
    depth = len(wanted)
    attacks = [one for one in properties if isinstance(one, SybilProof)]
    rows: Units = [[] for _ in wanted]
    totals: Units = [[] for _ in wanted]
    for length in range(depth, 0, -1):
        row = []
        for distance, reward in enumerate(wanted[length - 1]):
            row.append(max([reward, *(_taken(one, totals, length, distance, unit) for one in attacks)]))
        for one in properties:
            if isinstance(one, FinderShare):
                row[0] = max(row[0], ceil(one.gamma / unit))
            elif isinstance(one, IndividualRationality):
                row = [max(x, ceil(one.cost / unit)) for x in row]
        for one in properties:
            if isinstance(one, RecruiterShare) and one.delta is not None:
                for j in range(1, length):
                    row[j] = max(row[j], ceil(one.delta * row[j - 1]))
        if any(isinstance(one, Monotone) for one in properties):
            for j in range(length - 2, -1, -1):
                row[j] = max(row[j], row[j + 1])
        rows[length - 1] = row
        total = [0]
        for x in row:
            total.append(total[-1] + x)
        totals[length - 1] = total
    return rows


def _taken(wanted: SybilProof, totals: Units, length: int, distance: int, unit: Fraction) -> int:
    """Return what a member must be paid so that no split into fake identities gains too much."""
    fakes = len(totals) - length
    # Where nothing is allowed and identities are free, one fake identity is the worst case.
    if not wanted.epsilon and not wanted.identity_cost:
        fakes = min(fakes, 1)
    elif wanted.identities is not None:
        fakes = min(fakes, wanted.identities)
    most = 0
    for k in range(1, fakes + 1):
        total = totals[length + k - 1]
        several = total[distance + k + 1] - total[distance]
        most = max(most, ceil((several - k * wanted.identity_cost / unit) / (1 + wanted.epsilon)))
    return most


def _money(rows: Units, unit: Fraction) -> Rows:
    return [[x * unit for x in row] for row in rows]


def _broken(rows: Rows, properties: Sequence[PathProperty]) -> PathProperty | None:
    """Return a property that the table does not have, or None."""
    return next((wanted for wanted in properties if wanted.violation(rows) is not None), None)
