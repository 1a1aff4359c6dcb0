"""The convex set of path tables that have the wanted properties, in solver coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import comb

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mechanism.errors import UnsupportedProblemError
from proofs import (
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Monotone,
    PathProperty,
    Property,
    RecruiterShare,
    RewardCap,
    SubtreeLocal,
    SybilProof,
    WithinBudget,
)
from solvers.programs import solve_program

__all__ = ["Inequality", "RewardSpace", "check_designable"]

Reals = NDArray[np.float64]
Inequality = tuple[dict[tuple[int, int], Fraction], Fraction]
"""Coefficients of the rewards R(depth, distance), and what their sum may be at most."""
_NOISE = 1e-11
_LITTLE = 0.05  # of the prize
_KNOWN = (
    WithinBudget, SybilProof, CollusionProof, FinderShare, RecruiterShare, Monotone, RewardCap,
    IndividualRationality, SubtreeLocal,
)  # fmt: skip


def check_designable(wanted: Property, *, argument: str) -> PathProperty:
    """Return a property of tables that is a set of linear inequalities; refuse any other."""
    if isinstance(wanted, _KNOWN) and wanted != RecruiterShare():
        return wanted
    names = ", ".join(kind.__name__ for kind in _KNOWN)
    more = ": give RecruiterShare a delta" if isinstance(wanted, RecruiterShare) else ""
    raise UnsupportedProblemError(f"{argument} is {wanted!r}, but schemes are designed under {names}{more}")


class RewardSpace:
    """Tables R(depth, distance) >= 0 with given properties.

    Parameters
    ----------
    max_depth : int
        Longest chain that is paid.
    properties : sequence of PathProperty
        What every table has in chains up to that length; see `check_designable`.

    Attributes
    ----------
    depth, distance : ndarray of int64, shape (size,)
        Place of each reward in a vector of rewards.
    basis : scipy.sparse.csr_array, shape (size, size)
        From solver coordinates, all at least 0, to rewards.

    Notes
    -----
    If exact sybil-proofness is among the properties the case of one fake identity implies all others (a chain of
    k + 1 identities is a chain of k, one of which splits), and the table is written in its slacks s >= 0,

        R(l, j) = s(l, j) + R(l + 1, j) + R(l + 1, j + 1),

    scaled by the binomial C(l - 1, j), with which s(l, j) enters R(1, 0): whatever a solver returns is
    sybil-proof, and rounding errors of deep rows are not amplified on the way up. Otherwise the coordinates
    are the rewards. Sybil- and collusion-proofness are O(max_depth ** 3) inequalities, generated as they
    are violated (`cut`); all others are there from the start.
    """

    def __init__(self, max_depth: int, properties: Sequence[PathProperty]) -> None:
        self.max_depth = max_depth
        self.properties = tuple(properties)
        lengths, self.distance = np.tril_indices(max_depth)
        self.depth = lengths + 1
        self.size = len(self.depth)
        self._at = {
            (int(d), int(j)): i for i, (d, j) in enumerate(zip(self.depth, self.distance, strict=True))
        }
        self.is_exactly_sybil_proof = any(
            isinstance(wanted, SybilProof) and not wanted.epsilon and not wanted.identity_cost
            for wanted in self.properties
        )
        plain = self.is_exactly_sybil_proof
        self.basis = self._slack_basis() if plain else sp.eye_array(self.size, format="csr")
        self._attacks = tuple(
            wanted
            for wanted in self.properties
            if isinstance(wanted, CollusionProof) or (isinstance(wanted, SybilProof) and not plain)
        )
        fixed = [
            row
            for wanted in self.properties
            if not isinstance(wanted, (SybilProof, CollusionProof))
            for row in inequalities(wanted, max_depth)
        ]
        self._matrix, self._bound = self._sparse(fixed)
        self._cuts: dict[tuple[int, int, int, int], Inequality] = {}

    def _slack_basis(self) -> sp.csr_array:
        """Return the matrix from scaled slacks to rewards: ratios of binomials, all in [0, 1]."""
        rows, columns, values = [], [], []
        for (depth, distance), row in self._at.items():
            for steps in range(self.max_depth - depth + 1):
                for moved in range(steps + 1):
                    rows.append(row)
                    columns.append(self._at[depth + steps, distance + moved])
                    values.append(comb(steps, moved) / comb(depth + steps - 1, distance + moved))
        return sp.csr_array((values, (rows, columns)), shape=(self.size, self.size))

    def _sparse(self, rows: Sequence[Inequality]) -> tuple[sp.csr_array, Reals]:
        """Return inequalities over vectors of rewards as (A, b)."""
        places, columns, values = [], [], []
        for place, (coefficients, _) in enumerate(rows):
            for at, value in coefficients.items():
                places.append(place)
                columns.append(self._at[at])
                values.append(float(value))
        matrix = sp.csr_array((values, (places, columns)), shape=(len(rows), self.size))
        return matrix, np.array([float(bound) for _, bound in rows])

    def constraints(self) -> tuple[sp.csr_array, Reals]:
        """Return (A, b) with ``A @ coordinates <= b``: the fixed inequalities and the cuts so far."""
        cuts, bound = self._sparse(list(self._cuts.values()))
        matrix = sp.vstack([self._matrix, cuts], format="csr") @ self.basis
        return sp.csr_array(matrix), np.concatenate((self._bound, bound))

    def cut(self, table: Reals, *, tolerance: float = 1e-9) -> bool:
        """Add the most violated attack of every kind and (depth, distance); return whether any was new."""
        found = False
        for kind, wanted in enumerate(self._attacks):
            excess = _excess(wanted, table)
            worst = excess.argmax(axis=0)
            highest = np.take_along_axis(excess, worst[None], axis=0)[0]
            for depth, distance in np.argwhere(highest > tolerance):
                key = (kind, int(depth) + 1, int(distance), int(worst[depth, distance]) + 1)
                if key not in self._cuts:
                    found = True
                    self._cuts[key] = attack(wanted, *key[1:])
        return found

    def violation(self, table: Reals) -> float:
        """Return by how much a table exceeds the most violated inequality; at most 0 if it has all properties."""
        worst = [float((self._matrix @ self.vector(table) - self._bound).max(initial=-np.inf))]
        attacks: Sequence[PathProperty] = self._attacks
        if self.is_exactly_sybil_proof:
            attacks = (*attacks, SybilProof(identities=1))
        worst += [float(_excess(wanted, table).max(initial=-np.inf)) for wanted in attacks]
        return max(worst)

    def table(self, coordinates: Reals) -> Reals:
        """Return the table (float64, shape (max_depth, max_depth)) of solver coordinates, noise removed."""
        rewards = self.basis @ np.maximum(coordinates, 0.0)
        if not self.is_exactly_sybil_proof:  # noise of the solver is absolute; entries below it stand for 0
            rewards[rewards < _NOISE * rewards.max(initial=0.0)] = 0.0
        return self.square(rewards)

    def square(self, rewards: Reals) -> Reals:
        """Return a vector of rewards as a table."""
        table = np.zeros((self.max_depth, self.max_depth))
        table[self.depth - 1, self.distance] = rewards
        return table

    def vector(self, table: Reals) -> Reals:
        """Return the rewards of a table in the order of the rows of `basis`."""
        rewards: Reals = table[self.depth - 1, self.distance]
        return rewards

    def nearest(self, table: Reals) -> Reals:
        """Return a table of the space with the least sum of absolute differences from a given one.

        Raises
        ------
        SolveError
            If there is none, or the solver fails.
        """
        wanted = self.vector(table)
        coordinates = cp.Variable(self.size, nonneg=True)
        objective = cp.Minimize(cp.norm1(self.basis @ coordinates - wanted))
        return self._solved(coordinates, objective, "the nearest table")

    def widest(self) -> Reals:
        """Return a table that pays as many places of as many chains as the properties allow, a little each.

        Raises
        ------
        SolveError
            If the space is empty, or the solver fails.
        """
        coordinates = cp.Variable(self.size, nonneg=True)
        paid = cp.sum(cp.minimum(self.basis @ coordinates, _LITTLE))
        return self._solved(coordinates, cp.Maximize(paid), "the widest table")

    def inner(self, table: Reals) -> Reals:
        """Return the table that keeps the most from every inequality, relative to the size of its terms in `table`.

        Raises
        ------
        SolveError
            If the space is empty, or the solver fails.
        """
        self._cut_all()
        matrix, bound = self.constraints()
        size = np.abs(matrix) @ _coordinates(self, table) + np.abs(bound)
        coordinates, slack = cp.Variable(self.size, nonneg=True), cp.Variable(nonneg=True)
        kept = [
            matrix @ coordinates + slack * size <= bound,
            coordinates >= slack * _coordinates(self, table),
            slack <= 1,
        ]
        problem = cp.Problem(cp.Maximize(slack), kept)
        return self.table(_solve(problem, coordinates, "the inner table"))

    def _cut_all(self) -> None:
        """Add every attack that there is."""
        for kind, wanted in enumerate(self._attacks):
            for depth in range(1, self.max_depth):
                for fakes in range(1, self.max_depth - depth + 1):
                    for distance in range(depth):
                        key = (kind, depth, distance, fakes)
                        self._cuts.setdefault(key, attack(wanted, depth, distance, fakes))

    def _solved(self, coordinates: cp.Variable, objective: cp.Minimize | cp.Maximize, what: str) -> Reals:
        """Solve over the space, with cuts as they are needed."""
        while True:
            matrix, bound = self.constraints()
            table = self.table(
                _solve(cp.Problem(objective, [matrix @ coordinates <= bound]), coordinates, what)
            )
            if not self.cut(table):
                return table


def _coordinates(space: RewardSpace, table: Reals) -> Reals:
    """Return the solver coordinates of a table, clipped at 0."""
    if not space.is_exactly_sybil_proof:
        return space.vector(table)
    below = np.zeros((len(table) + 1, len(table) + 1))
    below[:-1, :-1] = table
    slack = table - below[1:, :-1] - below[1:, 1:]
    scale = np.array([comb(int(d) - 1, int(j)) for d, j in zip(space.depth, space.distance, strict=True)])
    return np.asarray(np.maximum(space.vector(slack) * scale, 0.0))


def _solve(problem: cp.Problem, coordinates: cp.Variable, what: str) -> Reals:
    """Return the coordinates that solve a linear program."""
    solve_program(problem, what)
    return np.asarray(coordinates.value)


def inequalities(wanted: PathProperty, max_depth: int) -> Iterator[Inequality]:
    """Yield what a property other than an attack demands of chains of at most a length.

    Examples
    --------
    >>> [bound for _, bound in inequalities(WithinBudget(2), 2)]
    [Fraction(2, 1), Fraction(2, 1)]
    """
    one = Fraction(1)
    for depth in range(1, max_depth + 1):
        pairs = [((depth, j), (depth, j + 1)) for j in range(depth - 1)]
        longer = [((depth - 1, j), (depth, j)) for j in range(depth - 1)]
        match wanted:
            case WithinBudget(budget=budget):
                yield {(depth, j): one for j in range(depth)}, budget
            case FinderShare(gamma=gamma):
                yield {(depth, 0): -one}, -gamma
            case IndividualRationality(cost=cost):
                yield from (({(depth, j): -one}, -cost) for j in range(depth))
            case RewardCap(cap=cap):
                yield from (({(depth, j): one}, cap) for j in range(depth))
            case Monotone():
                yield from (({below: -one, above: one}, Fraction(0)) for below, above in pairs)
            case SubtreeLocal():  # an equation is two inequalities
                yield from (
                    ({here: sign, there: -sign}, Fraction(0))
                    for here, there in longer
                    for sign in (one, -one)
                )
            case RecruiterShare(delta=Fraction() as delta):
                yield from (({below: delta, above: -one}, Fraction(0)) for below, above in pairs)


def attack(wanted: PathProperty, depth: int, distance: int, more: int) -> Inequality:
    """Return one inequality of sybil- or collusion-proofness: `more` places more on a chain, or fewer.

    Examples
    --------
    >>> attack(SybilProof(), 1, 0, 1)[0] == {(2, 0): 1, (2, 1): 1, (1, 0): -1}
    True
    """
    several = [(depth + more, distance + step) for step in range(more + 1)]
    if isinstance(wanted, CollusionProof):
        row = dict.fromkeys(several, -(1 + wanted.epsilon))
        return row | {(depth, distance): Fraction(1)}, Fraction(0)
    if not isinstance(wanted, SybilProof):
        raise TypeError(f"{wanted!r} is no attack")
    row = dict.fromkeys(several, Fraction(1)) | {(depth, distance): -(1 + wanted.epsilon)}
    return row, more * wanted.identity_cost


def _excess(wanted: PathProperty, table: Reals) -> Reals:
    """Return by how much each attack pays too much, at [places more - 1, depth - 1, distance]; -inf for none."""
    size = len(table)
    total = np.hstack([np.zeros((size, 1)), np.cumsum(table, axis=1)])
    excess = np.full((max(size - 1, 1), size, size), -np.inf)
    last = size - 1
    if isinstance(wanted, SybilProof) and wanted.identities is not None:
        last = min(last, wanted.identities)
    for depth in range(1, size):
        at = np.arange(depth)
        for more in range(1, min(last, size - depth) + 1):
            several = total[depth + more - 1, at + more + 1] - total[depth + more - 1, at]
            one = table[depth - 1, :depth]
            if isinstance(wanted, SybilProof):
                paid = several - (1.0 + float(wanted.epsilon)) * one - more * float(wanted.identity_cost)
            elif isinstance(wanted, CollusionProof):
                paid = one - (1.0 + float(wanted.epsilon)) * several
            excess[more - 1, depth - 1, :depth] = paid
    return excess
