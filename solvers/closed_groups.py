"""Whom opinions come from: closed groups, who is led by them, and the linear systems that tell how far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import SolveError
from mechanism.opinions import Opinions
from solvers.centrality import feedback
from solvers.newton import Work, solve_linear
from solvers.products import RowBlocks
from solvers.spectral import radius_of, rounding_of_sums
from solvers.uniqueness import Contraction, contraction

__all__ = ["Parts"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
_DENSE = 400  # people up to which all eigenvalues are computed
_FACTORED = 50_000  # people up to which a sparse factorisation is made where iterations fail
_ROUNDS = 20
_RESIDUAL = 1e-15  # of a share of influence, relative to the largest


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Closed groups, and all others, of the matrix M = (1 - l) P."""

    opinions: Opinions
    moves: Any  # M, in rows
    back: Any  # its transpose, in rows
    group: Ids
    inside: Ids  # people in closed groups
    members: Ids  # their groups
    outside: Ids
    periods: tuple[int, ...]

    @classmethod
    def of(cls, opinions: Opinions) -> Parts:
        """Take a network to pieces."""
        from scipy.sparse.csgraph import connected_components

        moves = opinions.matrix
        moves.data = moves.data * np.repeat(1 - opinions.stubbornness, np.diff(moves.indptr))
        moves.eliminate_zeros()
        count, part = connected_components(moves, connection="strong")
        arcs = moves.tocoo()
        open_part = np.zeros(count, dtype=bool)
        open_part[part[arcs.row[part[arcs.row] != part[arcs.col]]]] = True
        open_part[part[opinions.stubbornness > 0]] = True
        inside = np.flatnonzero(~open_part[part])
        _, first, which = np.unique(part[inside], return_index=True, return_inverse=True)
        members = np.argsort(np.argsort(first))[which]  # groups in the order of their first people
        group = np.full(opinions.n, -1)
        group[inside] = members
        return cls(
            opinions, moves, moves.T.tocsr(), group, inside, members, np.flatnonzero(group < 0),
            _periods(_square(moves, inside), members, np.sort(first)),
        )  # fmt: skip

    @property
    def groups(self) -> int:
        """Number of closed groups."""
        return len(self.periods)

    @property
    def longest(self) -> int:
        """Most terms in a sum of a product with M or its transpose."""
        return int(max(np.diff(self.moves.indptr).max(), np.diff(self.back.indptr).max()))

    def step(self, x: Reals) -> Reals:
        """Return what people think a period after they thought x."""
        return np.asarray(self.moves @ x + self.opinions.stubbornness * self.opinions.innate)

    def spread_out(self, settled: Reals, source: Reals) -> Reals:
        """Return what all come to think, if people in groups think what is given, and others have these sources."""
        limit = settled.copy()
        if len(self.outside):
            given = (source + self.moves @ settled)[self.outside]
            limit[self.outside] = _solver(_square(self.moves, self.outside))(given)
        return limit

    def influence(self, power: Reals) -> Reals:
        """Return what the source of each counts in the mean of the limits."""
        n = self.opinions.n
        visits = np.zeros(n)
        if len(self.outside):
            # A constant right side is an eigenvector of M if all are as stubborn: BiCGStab would break down on it.
            even, back = np.full(len(self.outside), 1 / n), _square(self.back, self.outside)
            visits[self.outside] = even + _solver(back)(back @ even)
        influence = visits * self.opinions.stubbornness
        if self.groups:
            mass = 1 / n + (self.back @ visits)[self.inside]
            influence[self.inside] = (
                power * np.bincount(self.members, mass, minlength=self.groups)[self.members]
            )
        return influence

    def perron(self) -> Reals:
        """Return the left Perron vectors of all groups, one after another in the order of `inside`."""
        if not self.groups:
            return np.zeros(0)
        people, sizes = self.opinions, np.bincount(self.members)
        lead = _Deflated(_square(self.back, self.inside), self.members, 1 / sizes)
        # Exact if trust is symmetric; people who listen to nobody are groups of their own.
        held = 1 - people.self_trust[self.inside]
        guess = np.divide(people.attention[self.inside], held, out=np.ones(len(held)), where=held > 0)
        power = self._normalised(np.where(guess > 0, guess, 1.0))
        away = lead.plain @ power - power
        for _ in range(_ROUNDS):
            if np.abs(away).max() <= _RESIDUAL * power.max():
                break
            with np.errstate(all="ignore"):  # what breaks down leaves a residual
                change = solve_linear(lead, None, away, symmetric=False, precision=1e-10, work=Work())
                better = self._normalised(np.maximum(power + change, 0.0))
                left = lead.plain @ better - better
            if not np.abs(left).max() < 0.5 * np.abs(away).max():
                break
            power, away = better, left
        if np.abs(away).max() <= 100 * _RESIDUAL * power.max():
            return power
        return self._perron_by_elimination(power)

    def _normalised(self, power: Reals) -> Reals:
        total = np.bincount(self.members, power, minlength=self.groups)
        return np.asarray(power / total[self.members])

    def _grounded(self, power: Reals) -> tuple[Ids, Ids]:
        """Return places of the most powerful of each group, and of all others, among the people in groups."""
        order = np.lexsort((-power, self.members))
        heads = order[np.flatnonzero(np.diff(self.members[order], prepend=-1))]
        return heads, np.setdiff1d(np.arange(len(power)), heads)

    def _perron_by_elimination(self, power: Reals) -> Reals:
        """Return the same, found by a factorisation: visits of others between two of the head of a group."""
        heads, others = self._grounded(power)
        back = _square(self.back, self.inside)
        found = np.ones(len(power))
        found[others] = _factored(_square(back, others))((back[others][:, heads]).sum(axis=1))
        return self._normalised(np.maximum(found, 0.0))

    def certificate(self) -> Contraction | None:
        """Return a proof that those in no group are led out, None if none is found, or if there are none."""
        return contraction(_square(self.moves, self.outside)) if len(self.outside) else None

    def error(
        self, limit: Reals, power: Reals, rounding: float, certificate: Contraction | None
    ) -> float | None:
        """Return a bound on the distance of any limit from the exact one; None if none is certified."""
        among = self._error_in_groups(power) if self.groups else 0.0
        if among is None or not len(self.outside):
            return among
        if certificate is None:
            return None
        away = np.abs(self.step(limit) - limit)[self.outside] + rounding
        return among + certificate.error(away)

    def _error_in_groups(self, power: Reals) -> float | None:
        start = self.opinions.initial[self.inside]
        back, sizes = _square(self.back, self.inside), np.bincount(self.members)
        sums = 2 * rounding_of_sums(int(sizes.max())) * float(np.abs(start).max())
        _, others = self._grounded(power)
        if not len(others):
            return 0.0
        within = _square(back, others).T.tocsr()
        certificate = contraction(within)
        if certificate is None:
            return None
        unit, v = rounding_of_sums(self.longest + 2), certificate.vector
        slack = float((v - within @ v - unit * v).min())
        if slack <= 0:
            return None
        away = np.abs(back @ power - power) + unit * power
        missed = np.bincount(self.members[others], away[others] * v, minlength=self.groups) / slack
        head_first = np.argsort(self.members, kind="stable")
        starts = np.flatnonzero(np.diff(self.members[head_first], prepend=-1))
        spread = np.maximum.reduceat(start[head_first], starts) - np.minimum.reduceat(
            start[head_first], starts
        )
        return float((missed * spread).max()) * (1 + 1e-6) + sums

    def rate(self, power: Reals, certificate: Contraction | None) -> tuple[float | None, float | None]:
        """Return the factor by which distances fall in the long run, and how exact it is."""
        rate, residual = 0.0, 0.0
        if len(self.outside):
            radius = radius_of(_square(self.moves, self.outside), tolerance=1e-6, steps=1000)
            rate = min(radius.upper, 1.0 if certificate is None else certificate.rate)
            residual = max(rate - radius.lower, 0.0)
        if any(period > 1 for period in self.periods):
            return 1.0, 0.0
        if len(self.inside) > self.groups:
            second = _second(_square(self.moves, self.inside), power, self.members)
            if second is None:
                return None, None
            rate, residual = max(rate, second[0]), max(residual, second[1])
        return rate, residual

    def play(self, limit: Reals, share: float, most: int, rounding: float) -> tuple[int | None, Reals]:
        """Return the time until all are near the limit, and the mean and deviation of opinions until then."""
        people = self.opinions
        x = people.initial
        known = np.concatenate((x, people.innate[people.stubbornness > 0]))
        goal = max(share * float(np.ptp(known)), rounding)
        blocks, constant = RowBlocks(self.moves), people.stubbornness * people.innate
        course = []
        for period in range(most + 1):
            course.append((x.mean(), x.std()))
            if np.abs(x - limit).max() <= goal:
                return period, np.array(course)
            x = blocks @ x + constant
        return None, np.array(course)


class _Deflated(RowBlocks):
    """W = P' - a 1', group by group, a of sum 1: it has the eigenvalues of P, but 0 in place of the 1 of each group."""

    __slots__ = ("members", "plain", "shares")

    def __init__(self, back: Any, members: Ids, shares: Reals) -> None:
        super().__init__(back)
        self.plain = RowBlocks(back)
        self.members, self.shares = members, shares

    def __matmul__(self, vector: NDArray[Any]) -> NDArray[Any]:
        total = self.shares * np.bincount(self.members, vector, minlength=len(self.shares))
        return np.asarray(self.plain @ vector - total[self.members])


def _square(matrix: Any, people: Ids) -> Any:
    """Return the rows and columns of some people."""
    return matrix if len(people) == matrix.shape[0] else matrix[people][:, people]


def _periods(within: Any, members: Ids, heads: Ids) -> tuple[int, ...]:
    """Return for each closed group the greatest common divisor of the lengths of its cycles.

    With d the distance from one person of the group it is that of d_i + 1 - d_j over the arcs i -> j (Denardo, 1977).
    """
    from scipy.sparse.csgraph import dijkstra

    if not len(heads):
        return ()
    distance = dijkstra(within, indices=heads, unweighted=True, min_only=True).astype(np.int64)
    arcs = within.tocoo()
    gaps = np.abs(distance[arcs.row] + 1 - distance[arcs.col])
    found = np.zeros(len(heads), dtype=np.int64)
    np.gcd.at(found, members[arcs.row], gaps)
    return tuple(found.tolist())


def _solver(matrix: Any) -> Callable[[Reals], Reals]:
    """Return the function that solves x = e + W x, by iterations or else by a factorisation."""
    iterate = feedback(matrix)

    def solve(source: Reals) -> Reals:
        try:
            return iterate(source)
        except SolveError:
            if len(source) > _FACTORED:
                raise
        return _factored(matrix)(source)

    return solve


def _factored(matrix: Any) -> Callable[[Reals], Reals]:
    """Return the function that solves x = e + W x by a sparse factorisation, its solution refined once."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    n = matrix.shape[0]
    if n > _FACTORED:
        raise SolveError(f"iterations do not solve a linear system of {n:,} people to an error of rounding")
    system = (eye_array(n) - matrix).tocsc()
    try:
        factors = splu(system)
    except RuntimeError as failure:  # an exact zero on the diagonal
        raise SolveError(
            "a linear system is singular to rounding: somebody is led out too slowly"
        ) from failure

    def solve(source: Reals) -> Reals:
        x = factors.solve(source)
        return np.asarray(x + factors.solve(source - system @ x))

    return solve


def _second(within: Any, power: Reals, members: Ids) -> tuple[float, float] | None:
    """Return the largest modulus of an eigenvalue of P other than those 1 of its groups, and its residual."""
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigs, eigsh

    n, groups = len(power), int(members.max()) + 1
    flow = within.copy()
    flow.data = flow.data * np.repeat(power, np.diff(flow.indptr))
    reversible = bool((power > 0).all() and abs(flow - flow.T).max() <= 1e-12 * flow.max())
    # For reversible chains D^(1/2) P D^(-1/2) is symmetric.
    root = np.sqrt(power) if reversible else np.ones(n)
    left = root if reversible else power

    def product(vector: NDArray[Any]) -> NDArray[Any]:
        x = np.asarray(vector).ravel()
        real = np.bincount(members, left * x.real, minlength=groups)
        total = (
            real + 1j * np.bincount(members, left * x.imag, minlength=groups) if np.iscomplexobj(x) else real
        )
        return np.asarray(root * (within @ (x / root)) - root * total[members])

    if n <= _DENSE:
        matrix = root[:, None] * within.toarray() / root
        matrix -= np.where(members[:, None] == members, np.outer(root, left), 0.0)
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2) if reversible else np.linalg.eig(matrix)
    else:
        operator = LinearOperator((n, n), matvec=product, dtype=np.float64)
        start = np.modf(np.arange(1, n + 1) * 0.6180339887498949)[0] - 0.5
        try:
            values, vectors = (eigsh if reversible else eigs)(
                operator, k=2, which="LM", v0=start, ncv=40, maxiter=50, tol=1e-7
            )
        except ArpackError:
            return None
    first = int(np.argmax(np.abs(values)))
    vector = vectors[:, first]
    away = np.linalg.norm(product(vector) - values[first] * vector) / np.linalg.norm(vector)
    return min(float(np.abs(values[first])), 1.0), float(away)
