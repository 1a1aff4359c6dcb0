"""Searches for good reward tables that share nothing with the designer: maps into the feasible set, grids, Nelder-Mead.

A table is a list of rows, row l - 1 with the rewards R(l, 0), ..., R(l, l - 1) in shares of the prize, in floating
point or in fractions. A member splits into k + 1 identities, for every k; no chain is paid more than a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import qmc

from mechanism import Campaign
from solvers.beliefs import odds, payoffs
from solvers.worlds import Worlds

Reals = NDArray[np.float64]
Table = list[list[Any]]
ROUNDS = 40
PATIENCE = 4  # rounds without progress before the step is halved


def split_pays(rows: Sequence[Sequence[Any]], length: int, distance: int) -> Any:
    """Return the most that a member collects by splitting, over every number of identities; 0 if it cannot."""
    best = 0
    for longer in range(length + 1, len(rows) + 1):
        paid = sum(rows[longer - 1][distance : distance + longer - length + 1])
        best = max(best, paid)
    return best


def is_feasible(rows: Sequence[Sequence[Any]], epsilon: Any, *, limit: Any = 1, slack: Any = 0) -> bool:
    """Return whether no split gains more than `epsilon` of the honest reward and no chain is paid too much."""
    return all(sum(row) <= limit + slack for row in rows) and all(
        split_pays(rows, length, distance) <= (1 + epsilon) * rows[length - 1][distance] + slack
        for length in range(1, len(rows) + 1)
        for distance in range(length)
    )


def repaired(rows: Sequence[Sequence[Any]], epsilon: Any, *, limit: Any = 1) -> Table:
    """Return a feasible table near a given one: from the longest chain up, rewards are raised to what splits leave.

    Where a chain would then be paid too much, it and all longer ones are scaled down, which no split minds.
    """
    table = [list(row) for row in rows]
    for length in range(len(table), 0, -1):
        row = table[length - 1]
        for distance in range(length):
            row[distance] = max(row[distance], split_pays(table, length, distance) / (1 + epsilon))
        total = sum(row)
        if total > limit:
            for longer in table[length - 1 :]:
                longer[:] = [reward * limit / total for reward in longer]
    return table


def from_slacks(slacks: Sequence[Any], depth: int, *, limit: Any = 1) -> Table:
    """Return the exactly sybil-proof table R(l, j) = s(l, j) + R(l + 1, j) + R(l + 1, j + 1), scaled to the limit.

    `slacks` come row by row. One fake identity decides, since k + 1 identities are k of which one splits, and R(1, 0)
    bounds what any chain is paid in all.
    """
    ends = [0, *accumulate(range(1, depth + 1))]
    table = [list(slacks[start:stop]) for start, stop in pairwise(ends)]
    for length in range(depth - 1, 0, -1):
        below = table[length]
        for distance in range(length):
            table[length - 1][distance] += below[distance] + below[distance + 1]
    top = table[0][0]
    return [[reward * limit / top for reward in row] for row in table] if top > limit else table


def slacks_of(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Return the slacks from which `from_slacks` makes a table."""
    below = [*rows[1:], [0] * (len(rows) + 1)]
    return [
        row[j] - longer[j] - longer[j + 1]
        for row, longer in zip(rows, below, strict=True)
        for j in range(len(row))
    ]


def grid(
    parts: int, epsilon: Fraction, *, first: Sequence[int], limit: int
) -> Iterator[tuple[int, int, int]]:
    """Yield every feasible table of depth 2 in whole parts, as R(1, 0), R(2, 0), R(2, 1), neighbours in a row.

    Parameters
    ----------
    parts : int
        Parts in a prize: one over the step.
    epsilon : Fraction
        What a split may gain.
    first : sequence of int
        Rewards R(1, 0) to try, in parts.
    limit : int
        The most that a chain is paid, in prizes.
    """
    for a in first:
        top = min(limit * parts, int((1 + epsilon) * a))
        for b in range(top + 1):
            column = range(top - b + 1)
            for c in column if b % 2 else reversed(column):
                yield a, b, c


def sobol_tables(depth: int, epsilon: float, count: int, *, seed: int) -> list[Table]:
    """Return scrambled Sobol points mapped into the feasible set of a worst-case budget of one prize."""
    size = depth * (depth + 1) // 2
    points = np.clip(qmc.Sobol(size + 1, rng=np.random.default_rng(seed)).random(count), 1e-12, 1 - 1e-12)
    weights = -np.log(points)
    powers = 1.0 + 2.0 * (np.arange(count)[:, None] % 2)  # every other point near a face
    weights = weights**powers
    lengths = np.repeat(np.arange(1, depth + 1), np.arange(1, depth + 1))
    tables = []
    for weight in weights:
        if epsilon == 0:
            binomial = _binomials(depth)
            share = (
                weight / weight.sum()
            )  # what each slack contributes to R(1, 0); the last is not paid at all
            tables.append(from_slacks(list(share[:-1] / binomial), depth))
            continue
        rows: Table = []
        for length in range(1, depth + 1):
            row = weight[:-1][lengths == length]
            rows.append(list(row / max(row.sum(), weight[-1])))
        tables.append(repaired(rows, epsilon))
    return tables


def _binomials(depth: int) -> Reals:
    rows = [[1]]
    for _ in range(depth - 1):
        last = rows[-1]
        rows.append([1, *(x + y for x, y in pairwise(last)), 1])
    return np.array([float(x) for row in rows for x in row])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a table leads to on given worlds.

    Attributes
    ----------
    table : ndarray of float64, shape (max_depth, max_depth)
        Rewards, scaled to the expected budget if there is one.
    join, invite : ndarray of float64, shape (max_depth,)
        The decisions.
    gap : float
        Largest difference of a probability from its best response, at depths that somebody reaches.
    sample : ndarray of float64, shape (worlds,)
        Recruits in each world.
    spent : float
        What a target costs on average, in prizes.
    """

    table: Reals
    join: Reals
    invite: Reals
    gap: float
    sample: Reals
    spent: float

    @property
    def recruits(self) -> float:
        return float(self.sample.mean())


@dataclass(frozen=True, slots=True)
class Game:
    """A campaign on worlds of its own, and what a target may cost on average (None: whatever chains allow).

    Under an expected budget a table is a direction: it is scaled so that the budget is used up.
    """

    worlds: Worlds
    share: float | None
    chain: float

    @classmethod
    def of(cls, campaign: Campaign, seed: int, *, share: float | None, chain: float, engine: int) -> Game:
        return cls(Worlds(campaign, np.random.SeedSequence(seed), engine=engine), share, chain)

    def settle(
        self, table: Reals, *, replicates: int, start: Outcome | None = None, tolerance: float = 1e-3
    ) -> Outcome:
        """Iterate best responses from full participation or from where another table led."""
        task, network = self.worlds.campaign.task, self.worlds.campaign.network
        depth, totals = self.worlds.max_depth, table.sum(axis=1)
        join = np.ones(depth) if start is None else start.join
        invite = np.append(np.ones(depth - 1), 0.0) if start is None else start.invite
        step, stalled, best = 1.0, 0, None
        for _ in range(ROUNDS):
            counts = self.worlds.play(join, invite, replicates=replicates)
            beliefs = odds(self.worlds, counts, join, invite, find=task.find)
            factor = 1.0
            if self.share is not None:
                cost = float(beliefs.wins @ totals)
                factor = min(self.share / cost if cost > 0 else np.inf, self.chain / totals.max())
            joining, inviting = payoffs(factor * table, beliefs, targets=task.targets)
            accept = np.asarray(network.join.cdf(task.prize * joining))
            offer = np.append(np.asarray(network.invite.cdf(task.prize * inviting[:-1])), 0.0)
            reached = np.append(True, beliefs.members[:-1] > 0)
            gap = float(max(np.abs(accept - join)[reached].max(), np.abs(offer - invite)[reached].max()))
            stalled = stalled + 1 if best is not None and gap > 0.9 * best.gap else 0
            if best is None or gap < best.gap:
                sample = counts.members.sum(axis=1).astype(np.float64)
                spent = float(beliefs.wins @ totals) * factor
                best = Outcome(factor * table, join, invite, gap, sample, spent)
            if gap <= tolerance:
                break
            if stalled >= PATIENCE:
                step, stalled = step / 2, 0
            join, invite = join + step * (accept - join), invite + step * (offer - invite)
        return best

    def polish(
        self,
        table: Reals,
        to_table: Callable[[Reals], Reals],
        coordinates: Reals,
        *,
        replicates: int,
        evaluations: int,
        tolerance: float = 3e-4,
    ) -> Outcome:
        """Improve a table by Nelder-Mead in given coordinates on common worlds; return the best one met."""
        best = self.settle(table, replicates=replicates, tolerance=tolerance)
        last = best

        def loss(point: Reals) -> float:
            nonlocal best, last
            last = self.settle(to_table(point), replicates=replicates, start=last, tolerance=tolerance)
            if last.recruits > best.recruits:
                best = last
            return -last.recruits

        size = len(coordinates)
        steps = np.where(coordinates > 0.2, -0.06, 0.12)
        simplex = np.vstack((coordinates, coordinates + np.diag(steps)))
        minimize(
            loss,
            coordinates,
            method="Nelder-Mead",
            options={
                "maxfev": evaluations,
                "initial_simplex": simplex,
                "xatol": 1e-4,
                "fatol": 1e-5 * abs(best.recruits),
                "adaptive": size > 4,
            },
        )
        return best


class Coordinates:
    """Square roots of slacks (exactly sybil-proof tables) or of rewards that are then repaired: any point is feasible.

    Parameters
    ----------
    depth : int
        Longest chain that is paid.
    epsilon : Fraction
        What a split may gain.
    """

    def __init__(self, depth: int, epsilon: Fraction) -> None:
        self.depth = depth
        self.epsilon = epsilon
        self.weights = _binomials(depth) if epsilon == 0 else np.ones(depth * (depth + 1) // 2)

    def table(self, point: Reals) -> Reals:
        """Return the feasible table at a point, within a worst-case budget of one prize."""
        amounts = (point**2 / self.weights).tolist()
        if self.epsilon == 0:
            rows = from_slacks(amounts, self.depth)
        else:
            ends = [0, *accumulate(range(1, self.depth + 1))]
            raw = [amounts[start:stop] for start, stop in pairwise(ends)]
            rows = repaired(raw, float(self.epsilon))
        return square(rows)

    def point(self, table: Reals) -> Reals:
        """Return a point at which a feasible table stands."""
        rows = [row[: index + 1] for index, row in enumerate(table.tolist())]
        amounts = slacks_of(rows) if self.epsilon == 0 else [reward for row in rows for reward in row]
        return np.sqrt(np.maximum(np.array(amounts) * self.weights, 0.0))


def square(rows: Sequence[Sequence[float]]) -> Reals:
    """Return a table as a square array with zeros right of the diagonal."""
    table = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        table[index, : index + 1] = row
    return table
