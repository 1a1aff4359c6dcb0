"""The linear map of a linear-quadratic game without bounds: its leading modes, and linear systems in it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError

__all__ = [
    "DENSE",
    "Floor",
    "LinearGame",
    "Modes",
    "floor_of",
    "leading_modes",
    "solve",
    "solve_across",
]

Reals = NDArray[np.float64]
DENSE = 500
"""Up to so many people all modes are computed."""
_CHOLESKY = 1500  # people up to which a factorisation certifies the least eigenvalue
_LANCZOS = 1e-9  # of eigenvalues, relative
_SINGULAR = 1e-7  # least singular value over a bound on the largest
_ETAS = (1e-9, 1e-7, 1e-5, 1e-3)  # relative distances below the least eigenvalue at which it is certified
_GUESS = 1e-7  # relative distance below the least eigenvalue where nothing certifies it
_ROUNDS = 5
_ITERATIONS = 2000
_RESTARTS = 3000
_UNIT = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class LinearGame:
    """The linear map from standalone values to equilibrium actions, in units in which the cost is a square.

    With p_i the price of a squared change, c = sqrt(p) b and z = sqrt(p) y, the equilibrium of b + y is
    x = L^-1 (c + z) where L = diag(sqrt(p)) (I - W), and the cost is |z|^2. S is L L'.

    Attributes
    ----------
    matrix, back : scipy.sparse.csr_array of float64, shape (n, n)
        W and its transpose.
    root : ndarray of float64, shape (n,)
        sqrt(p).
    """

    matrix: Any
    back: Any
    root: Reals

    @classmethod
    def of(cls, matrix: Any, price: Reals) -> LinearGame:
        """Return the map of a matrix in rows and of prices."""
        return cls(matrix, matrix.T.tocsr(), np.sqrt(price))

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.root)

    @property
    def is_complementary(self) -> bool:
        """Whether no weight is negative."""
        return bool(np.all(self.matrix.data >= 0))

    def forward(self, x: Reals) -> Reals:
        """Return L x, O(n + m)."""
        return np.asarray(self.root * (x - self.matrix @ x))

    def backward(self, z: Reals) -> Reals:
        """Return L' z, O(n + m)."""
        scaled = self.root * z
        return np.asarray(scaled - self.back @ scaled)

    def gram(self, z: Reals) -> Reals:
        """Return S z, O(n + m)."""
        return self.forward(self.backward(z))

    def norm_bound(self) -> float:
        """Return at least the largest singular value of L: the root of its largest row sum times column sum."""
        absolute, ones = abs(self.matrix), np.ones(self.n)
        rows = self.root * (1 + absolute @ ones)
        columns = self.root + absolute.T @ self.root
        return sqrt(float(rows.max()) * float(columns.max()))


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """Eigenvectors of S to its least eigenvalues: what amplifies interventions most comes first.

    Attributes
    ----------
    values : ndarray of float64, shape (k,)
        Increasing, above 0; an intervention along the mode is amplified by 1 / values in squared actions.
    vectors : ndarray of float64, shape (n, k)
        One mode per column, of length 1; the entries of each add up to at least 0.
    """

    values: Reals
    vectors: Reals

    @property
    def is_complete(self) -> bool:
        """Whether these are all modes."""
        return len(self.values) == len(self.vectors)

    def first(self, count: int) -> Modes:
        """Return the leading modes."""
        return Modes(self.values[:count], self.vectors[:, :count])


@dataclass(frozen=True, slots=True)
class Floor:
    """A lower bound on the least eigenvalue of S.

    Attributes
    ----------
    value : float
        The bound, above 0.
    is_certified : bool
        Whether it is proved, rounding allowed for; else it rests on the eigenvalue that Lanczos found.
    """

    value: float
    is_certified: bool


def leading_modes(game: LinearGame, count: int) -> Modes:
    """Return at least `count` leading modes: all of them up to 500 people.

    Raises
    ------
    InvalidInputError
        If I - W is singular, or so nearly that no digits would be left.
    SolveError
        If Lanczos iterations do not converge.

    Notes
    -----
    The modes are the left singular vectors of L. O(n^3) up to 500 people. Beyond, Lanczos iterations with W where it is
    symmetric, prices are alike and its eigenvalues below 1: then S has the eigenvalues p (1 - lambda)^2; else with S.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    n = game.n
    if n <= DENSE or count >= n - 1:
        dense = game.root[:, None] * (np.eye(n) - game.matrix.toarray())
        left, singular, _ = np.linalg.svd(dense)
        values, vectors = singular[::-1] ** 2, left[:, ::-1]
    else:
        start = np.random.default_rng(0).standard_normal(n)  # fixed, and orthogonal to nothing
        settings: dict[str, Any] = {"k": count, "v0": start, "tol": _LANCZOS, "maxiter": _RESTARTS}
        settings["ncv"] = min(n, max(2 * count + 1, 32))
        try:
            values = np.zeros(0)
            if (game.root == game.root[0]).all() and (game.matrix != game.back).nnz == 0:
                found, vectors = eigsh(game.matrix, which="LA", **settings)
                if found[-1] < 1:
                    values, vectors = (game.root[0] * (1 - found[::-1])) ** 2, vectors[:, ::-1]
            if not len(values):
                operator = LinearOperator((n, n), matvec=game.gram, dtype=np.float64)
                values, vectors = eigsh(operator, which="SA", **settings)
        except ArpackError as error:
            raise SolveError(f"the leading modes of the game were not found: {error}") from error
    least = sqrt(max(float(values[0]), 0.0))
    if least <= _SINGULAR * game.norm_bound():
        raise InvalidInputError(
            "interaction", f"such that I - W has a singular value of {least:.2g}",
            allowed="one for which I - W is invertible: else there is no single equilibrium; scale the interaction",
            verb="is",
        )  # fmt: skip
    vectors = vectors * np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    for array in (values, vectors):
        array.flags.writeable = False
    return Modes(values, vectors)


def solve(
    game: LinearGame, modes: Modes, right: Reals, shift: float = 0.0, *, precision: float
) -> tuple[Reals, Reals]:
    """Solve (S - shift) q = right for a shift below the least eigenvalue.

    Returns
    -------
    q, residual : ndarray of float64, shape (n,)
        The solution, and right - (S - shift) q.

    Notes
    -----
    Along the modes by division, across them by conjugate gradients, refined until the residual is within the precision
    of the right-hand side or five rounds are made.
    """
    goal = precision * float(np.linalg.norm(right))
    solution, residual = np.zeros(game.n), right
    for _ in range(_ROUNDS):
        if float(np.linalg.norm(residual)) <= goal:
            break
        parts = modes.vectors.T @ residual
        step = modes.vectors @ (parts / (modes.values - shift))
        step += solve_across(game, modes, residual - modes.vectors @ parts, shift, goal, np.zeros(game.n))
        solution = solution + step
        residual = right - (game.gram(solution) - shift * solution)
    return solution, residual


def solve_across(
    game: LinearGame, modes: Modes, right: Reals, shift: float, goal: float, guess: Reals
) -> Reals:
    """Solve (S - shift) q = right among the vectors orthogonal to the modes."""
    from scipy.sparse.linalg import LinearOperator, cg

    if modes.is_complete:
        return np.zeros(game.n)
    vectors = modes.vectors

    def product(z: Reals) -> Reals:
        image = game.gram(z) - shift * z
        return np.asarray(image - vectors @ (vectors.T @ image))

    operator = LinearOperator((game.n, game.n), matvec=product, dtype=np.float64)
    found, _ = cg(operator, right, x0=guess, rtol=0.0, atol=0.5 * goal, maxiter=_ITERATIONS)
    return np.asarray(found - vectors @ (vectors.T @ found))


def floor_of(game: LinearGame, modes: Modes) -> Floor:
    """Return a lower bound on the least eigenvalue of S, certified where that is possible.

    Notes
    -----
    Up to 1,500 people by a Cholesky factorisation of S - t I: if it succeeds, no eigenvalue of S is below t less the
    rounding errors, at most (n + 1) u times the trace (Demmel, 1989). Beyond, for weights of at least 0: L^-1 is not
    negative, and a q > 0 with S q >= t q proves S^-1 q <= q / t, so that no eigenvalue of S^-1 exceeds 1 / t
    (Collatz, 1942); q = (S - t I)^-1 1 is such a vector for every t below the least eigenvalue. That rests on a
    spectral radius of W below 1, which the caller has checked. Elsewhere the bound is the eigenvalue found, less a part
    in 10^7.
    """
    least = float(modes.values[0])
    if game.n <= _CHOLESKY or game.is_complementary:
        certify = _factorised if game.n <= _CHOLESKY else _majorised
        for eta in _ETAS:
            value = certify(game, modes, least * (1 - eta))
            if value > 0:
                return Floor(value, True)
    return Floor(least * (1 - _GUESS), False)


def _factorised(game: LinearGame, modes: Modes, trial: float) -> float:
    """Return the lower bound that a Cholesky factorisation proves; 0 if it fails."""
    dense = game.root[:, None] * (np.eye(game.n) - game.matrix.toarray())
    gram = dense @ dense.T
    trace = float(np.trace(gram))
    absolute = np.abs(dense)
    sums = float((absolute @ (absolute.T @ np.ones(game.n))).max())  # norm of |L| |L'|, for the error of L L'
    try:
        np.linalg.cholesky(gram - trial * np.eye(game.n))
    except np.linalg.LinAlgError:
        return 0.0
    return trial - (game.n + 4) * _UNIT * (trace + sums + trial)


def _majorised(game: LinearGame, modes: Modes, trial: float) -> float:
    """Return the lower bound that a positive vector proves; 0 if it fails. For weights of at least 0."""
    q, _ = solve(game, modes, np.ones(game.n), trial, precision=1e-3 / sqrt(game.n))
    if not (q > 0).all():
        return 0.0
    scaled = game.root * q
    scaled = scaled + game.back @ scaled
    absolute = game.root * (scaled + game.matrix @ scaled)
    longest = int(np.diff(game.matrix.indptr).max(initial=0) + np.diff(game.back.indptr).max(initial=0))
    ratio = (game.gram(q) - (longest + 8) * _UNIT * absolute) / q
    return float(ratio.min())
