"""Equilibria of linear-quadratic games that fill lines and planes: where responses leave one another open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import LinearQuadratic
from mechanism.errors import SolveError

__all__ = [
    "FREE",
    "LOWER",
    "SINGULAR",
    "UPPER",
    "Bounded",
    "Continuum",
    "OpenSet",
    "States",
    "choices_of",
    "lies_on",
]

Reals = NDArray[np.float64]
States = NDArray[np.int8]
LOWER, FREE, UPPER = -1, 0, 1
SINGULAR = 1e-10
"""The smallest singular value of a block, relative to the largest, at which it counts as singular."""


def choices_of(game: LinearQuadratic | Bounded) -> list[list[int]]:
    """Return the states that each person may be in: at a finite bound, or between; of equal bounds, the lower."""
    return [
        [LOWER] if low == high else [LOWER] * bool(low > -np.inf) + [FREE] + [UPPER] * bool(high < np.inf)
        for low, high in zip(game.lower, game.upper, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """A linear-quadratic game as dense arrays, and the size of a difference that counts as none.

    Attributes
    ----------
    standalone, lower, upper : ndarray of float64, shape (n,)
        b and the bounds.
    weights : ndarray of float64, shape (n, n)
        W.
    near : float
        Differences of at most this size count as none.
    """

    standalone: Reals
    weights: Reals
    lower: Reals
    upper: Reals
    near: float

    @classmethod
    def of(cls, game: LinearQuadratic, near: float) -> Bounded:
        """Return the arrays of a game."""
        return cls(game.standalone, game.matrix.toarray(), game.lower, game.upper, near)

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.standalone)

    def at_bounds(self, state: States) -> Reals:
        """Return the actions of those at a bound, 0 for the others; also for many sets, a row each."""
        return np.where(state == LOWER, self.lower, np.where(state == UPPER, self.upper, 0.0))

    def excess(self, state: States, actions: Reals) -> Reals:
        """Return by how much anybody is on the wrong side of a bound; a row for every set, at most 0 if nobody is."""
        value = self.standalone + actions @ self.weights.T
        fixed = self.lower == self.upper
        outside = np.maximum(self.lower - actions, actions - self.upper)
        inside = np.where(state == LOWER, value - self.lower, self.upper - value)
        return np.where(state == FREE, outside, np.where(fixed, 0.0, inside))


@dataclass(frozen=True, slots=True, eq=False)
class Continuum:
    """Equilibria that fill a line, a plane or more: those between bounds respond to one another in a circle.

    Attributes
    ----------
    point : ndarray of float64, shape (n,)
        One of them; the middle, of a line between two ends.
    directions : ndarray of float64, shape (dimension, n)
        Orthonormal directions in which they extend.
    ends : ndarray of float64, shape (2, n), or None
        The two ends of a line, infinite where it has none; None in more dimensions.
    state : ndarray of int8, shape (n,)
        Who is at the lower bound (-1), between (0) or at the upper bound (1) throughout.
    """

    point: Reals
    directions: Reals
    ends: Reals | None
    state: States

    @property
    def dimension(self) -> int:
        """1 for a line, 2 for a plane, and so on."""
        return len(self.directions)

    def to_dict(self) -> dict[str, Any]:
        """Return the continuum as plain Python values, ready for JSON; what is infinite becomes None."""
        ends = None
        if self.ends is not None:
            ends = [[x if np.isfinite(x) else None for x in end] for end in self.ends.tolist()]
        return {
            "point": self.point.tolist(),
            "directions": self.directions.tolist(),
            "ends": ends,
            "state": self.state.tolist(),
        }


def lies_on(game: Bounded, continuum: Continuum, point: Reals, directions: Reals) -> bool:
    """Return whether a point, and all that lies along the directions from it, solves what a continuum solves."""
    at = continuum.state != FREE
    system = (np.eye(game.n) - game.weights)[~at]
    off = np.concatenate(
        (system @ point - game.standalone[~at], point[at] - game.at_bounds(continuum.state)[at])
    )
    turned = np.concatenate((directions @ system.T, directions[:, at]), axis=1)
    return bool((np.abs(off) <= 100 * game.near).all() and (np.abs(turned) <= 1e-7).all())


@dataclass(frozen=True, slots=True, eq=False)
class OpenSet:
    """An active set in which those between their bounds leave one another open: x = point + z basis."""

    game: Bounded
    state: States
    point: Reals
    basis: Reals  # orthonormal, of shape (nullity, n)

    @classmethod
    def of(cls, game: Bounded, state: States) -> OpenSet | None:
        """Return the set; None if the equations contradict one another."""
        free = state == FREE
        point = game.at_bounds(state)
        block = np.eye(int(free.sum())) - game.weights[free][:, free]
        right = game.standalone[free] + game.weights[free] @ point
        left, sizes, turned = np.linalg.svd(block)
        kept = sizes > SINGULAR * max(float(sizes[0]), 1e-300)
        part = left.T @ right
        if (np.abs(part[~kept]) > 10 * game.near).any():
            return None
        point[free] = turned[kept].T @ (part[kept] / sizes[kept])
        basis = np.zeros((int((~kept).sum()), game.n))
        basis[:, free] = turned[~kept]
        return cls(game, state, point, basis)

    def _rows(self) -> tuple[Reals, Reals]:
        """Return G and h: the equilibria are the z with G z <= h."""
        game, state, w = self.game, self.state, self.game.weights
        value, slope = game.standalone + w @ self.point, w @ self.basis.T
        fixed = game.lower == game.upper
        low, high = (state == LOWER) & ~fixed, (state == UPPER) & ~fixed
        below, above = (state == FREE) & np.isfinite(game.upper), (state == FREE) & np.isfinite(game.lower)
        lines = (slope[low], -slope[high], self.basis.T[below], -self.basis.T[above])
        limits = (
            (game.lower - value)[low],
            (value - game.upper)[high],
            (game.upper - self.point)[below],
            (self.point - game.lower)[above],
        )
        return np.concatenate(lines), np.concatenate(limits)

    def equilibria(self) -> Continuum | Reals | None:
        """Return the continuum, its only point, or None if somebody is on the wrong side of a bound everywhere."""
        rows, limits = self._rows()
        if len(self.basis) == 1:
            return self._line(rows[:, 0], limits)
        near, ways = self.game.near, np.eye(len(self.basis))
        corners = [_lowest(0 * ways[0], rows, limits + near, None)]
        if corners[0] is None:
            return None
        box = (corners[0] - 1 - np.abs(self.point).max(), corners[0] + 1 + np.abs(self.point).max())
        span = []
        while len(
            ways
        ):  # orthonormal; either nothing extends along the first, or a step leaves one way fewer
            ends = [_lowest(sign * ways[0], rows, limits + near, box) for sign in (1.0, -1.0)]
            corners += ends
            step = ends[1] - ends[0]
            if step @ ways[0] > 1000 * near:
                span.append(step)
                turned = np.linalg.qr((ways @ step)[:, None], mode="complete")[0]
                ways = turned.T @ ways
            ways = ways[1:]
        point = self._at(np.mean(corners, axis=0))
        if not span:
            return point
        directions = np.linalg.qr((np.array(span) @ self.basis).T)[0].T
        return Continuum(point, directions, None, self.state)

    def _line(self, row: Reals, limits: Reals) -> Continuum | Reals | None:
        """Return what `equilibria` does, of one direction: the ratios of limits and slopes are the ends."""
        near = self.game.near
        flat = np.abs(row) <= 1e-9
        if (limits[flat] < -near).any():
            return None
        ratio = limits[~flat] / row[~flat]
        low = float(ratio[row[~flat] < 0].max(initial=-np.inf))
        high = float(ratio[row[~flat] > 0].min(initial=np.inf))
        if high < low - 10 * near:
            return None
        inner = [x for x in (low, high) if np.isfinite(x)]
        middle = self._at(np.array([np.mean(inner) if inner else 0.0]))
        if high - low <= 1000 * near:
            return middle
        with np.errstate(invalid="ignore"):
            far = self.point + np.array([[low], [high]]) * self.basis
        ends = np.where(self.basis == 0, self.point, far)
        return Continuum(middle, self.basis, np.clip(ends, self.game.lower, self.game.upper), self.state)

    def _at(self, place: Reals) -> Reals:
        return np.clip(self.point + place @ self.basis, self.game.lower, self.game.upper)


def _lowest(cost: Reals, rows: Reals, limits: Reals, box: tuple[Reals, Reals] | None) -> Any:
    """Return the z of least cost with G z <= h within a box, by HiGHS; None if no z satisfies them."""
    from scipy.optimize import linprog

    bounds = (None, None) if box is None else np.stack(box, axis=1)
    done = linprog(cost, A_ub=rows, b_ub=limits, bounds=bounds, method="highs")
    if done.status == 2:
        return None
    if done.status != 0:
        raise SolveError(f"the equilibria that fill a space could not be measured: {done.message}")
    return done.x
