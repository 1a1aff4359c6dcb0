"""The spectral radius of weights: how far feedback goes, with certified bounds."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.layers import Layer
from mechanism.numbers import number, whole
from mechanism.vectors import one_or_each
from solvers.uniqueness import Contraction, contraction

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "SpectralRadius",
    "certified_radius",
    "radius_of",
    "radius_of_powers",
    "rounding_of_sums",
    "spectral_radius",
    "weighted_matrix",
]

Reals = NDArray[np.float64]
_SQUARINGS = 40
_UNIT = 2.0**-53
_EPS = float(np.finfo(np.float64).eps)
_SHIFT = 0.1  # of the identity, in radii: makes powers of a periodic matrix converge
_LEAST = 1e-280  # of a trial vector whose largest entry is 1; any positive vector gives bounds


def rounding_of_sums(terms: int) -> float:
    """Return a bound on the relative rounding error of a sum of products of float64."""
    return 1.01 * (terms + 3) * _UNIT


@dataclass(frozen=True, slots=True)
class SpectralRadius:
    """Two numbers that enclose the spectral radius of a non-negative matrix.

    Attributes
    ----------
    lower, upper : float
        The largest eigenvalue is at least the one and at most the other; both are 0 if there is no cycle.
    """

    lower: float
    upper: float

    @property
    def critical_decay(self) -> float:
        """One over the upper bound: with a decay below it every sum over walks is finite; infinite without a cycle."""
        return 1 / self.upper if self.upper else inf

    def __str__(self) -> str:
        return f"spectral radius in [{self.lower:.12g}, {self.upper:.12g}]"

    def to_dict(self) -> dict[str, float]:
        """Return the bounds as plain Python values, ready for JSON."""
        return {"lower": self.lower, "upper": self.upper}


def spectral_radius(
    graph: Graph, weights: float | ArrayLike | None = None, *, tolerance: float = 1e-10, steps: int = 5000
) -> SpectralRadius:
    """Enclose the largest eigenvalue of a graph whose arcs have weights of at least 0.

    Parameters
    ----------
    graph : Graph
        Directed or not, connected or not.
    weights : float or array_like of float, shape () or (m,), optional
        The weight of every arc in the order of ``graph.indices``, at least 0; 1 by default.
    tolerance : float
        Width of the enclosure, relative to the upper bound, at which to stop; at least 0.
    steps : int
        Most multiplications by the matrix. Where they do not suffice the bounds hold all the same and are wider.

    Returns
    -------
    SpectralRadius

    Raises
    ------
    InvalidInputError
        If a weight is below 0 or not finite, or another argument out of its range.

    Notes
    -----
    For a positive vector x the radius of an irreducible matrix A lies between the least and the largest of
    (A x)_i / x_i. The radius of any A is the largest of those of its strongly connected components, all of which are
    treated at once by powers of A + s I from x = 1. Rounding is allowed for: the bounds hold in exact arithmetic.
    O(n + m) per step; the number of steps grows where the second eigenvalue is close, as on long paths.

    References
    ----------
    Collatz, "Einschliessungssatz fuer die charakteristischen Zahlen von Matrizen", Mathematische Zeitschrift 48, 1942.
    Wielandt, "Unzerlegbare, nicht negative Matrizen", Mathematische Zeitschrift 52, 1950.

    Examples
    --------
    >>> star = Graph.from_edges([0] * 9, range(1, 10), directed=False)
    >>> radius = spectral_radius(star)
    >>> round(radius.lower, 6), round(radius.upper, 6), radius.lower <= 3.0 <= radius.upper
    (3.0, 3.0, True)
    >>> spectral_radius(Graph.from_edges([0, 1], [1, 2]))
    SpectralRadius(lower=0.0, upper=0.0)
    """
    wanted = number(tolerance, argument="tolerance", allowed="a number of at least 0")
    if wanted < 0:
        raise InvalidInputError("tolerance", tolerance, allowed="a number of at least 0")
    return radius_of(
        weighted_matrix(graph, weights),
        tolerance=float(wanted),
        steps=whole(steps, argument="steps", least=1),
    )


def radius_of(matrix: csr_array, *, tolerance: float = 1e-10, steps: int = 5000) -> SpectralRadius:
    """Enclose the spectral radius of a square sparse matrix of entries of at least 0; see `spectral_radius`."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    arcs = matrix.tocoo()
    arcs.eliminate_zeros()
    _, part = connected_components(arcs, connection="strong")
    inside = part[arcs.row] == part[arcs.col]
    if not inside.any():
        return SpectralRadius(0.0, 0.0)
    row, column, weight = arcs.row[inside], arcs.col[inside], arcs.data[inside]
    largest = float(weight.max())
    nodes = np.unique(row)  # those on a cycle, component by component
    nodes = nodes[np.argsort(part[nodes], kind="stable")]
    place = np.empty(len(part), dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    block = csr_array((weight / largest, (place[row], place[column])), shape=(len(nodes),) * 2)
    starts = np.flatnonzero(np.diff(part[nodes], prepend=-1))
    sizes = np.diff(starts, append=len(nodes))
    rounding = (np.diff(block.indptr) + 5) * _EPS
    x = np.ones(len(nodes))
    low, high = np.zeros(len(starts)), np.full(len(starts), inf)
    for _ in range(steps):
        y = block @ x
        ratio = y / x
        low = np.maximum(low, np.minimum.reduceat(ratio * (1 - rounding), starts))
        high = np.minimum(high, np.maximum.reduceat(ratio * (1 + rounding), starts))
        if high.max() - low.max() <= tolerance * high.max():
            break
        y += _SHIFT * np.repeat(high, sizes) * x
        x = np.maximum(y / np.repeat(np.maximum.reduceat(y, starts), sizes), _LEAST)
    return SpectralRadius(
        float(low.max() * largest * (1 - _EPS)), float(min(high.max() * largest * (1 + _EPS), inf))
    )


def weighted_matrix(graph: Graph, weights: float | ArrayLike | None) -> Any:
    """Return the weights of the arcs as a sparse matrix of its own; refuse those below 0."""
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    given = one_or_each("weights", 1.0 if weights is None else weights, graph.m, least=0, each="arc")
    matrix = Layer(graph, given).matrix
    matrix.data = matrix.data.copy()
    return matrix


def certified_radius(matrix: Any, *, argument: str) -> Contraction:
    """Return a bound r < 1 on the spectral radius of |A|, with a vector v > 0 with |A| v <= r v that proves it.

    Parameters
    ----------
    matrix : sparse array of scipy in rows, shape (n, n)
        A.
    argument : str
        Name of the argument it came from, for messages.

    Raises
    ------
    InvalidInputError
        If no bound below 1 is found; the message says what is known of the radius.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> found = certified_radius(csr_array([[0.0, 0.5], [0.125, 0.0]]), argument="altruism")
    >>> 0.25 <= found.rate < 0.5
    True
    """
    absolute = abs(matrix)
    found = contraction(absolute)
    if found is None:
        least = radius_of(absolute).lower
        words = "not certified to be below 1" if least < 1 - 1e-9 else f"of at least {least:.6g}"
        raise InvalidInputError(
            argument, f"a spectral radius {words}: utilities feed one another without end",
            verb="has", allowed=f"scaled by less than {1 / least:.4g}, for a radius below 1",
        )  # fmt: skip
    found.vector.flags.writeable = False
    return found


def radius_of_powers(matrix: Reals) -> float:
    """Return a bound on the spectral radius of a dense matrix from its powers; infinite if none is below 1.

    Notes
    -----
    The radius is at most the k-th root of the norm of the k-th power, with equality as k grows (Gelfand, 1941). Powers
    are squared until the norm is below 1/2, up to 40 times, O(n^3) each; their rounding errors are summed.

    Examples
    --------
    >>> round(radius_of_powers(np.array([[0.5, -4.0], [0.0, 0.5]])), 3)
    0.843
    """
    power, error = np.asarray(matrix, dtype=np.float64), 0.0
    rounding = rounding_of_sums(len(power))
    for squarings in range(_SQUARINGS):
        norm = float(np.abs(power).sum(axis=1).max(initial=0.0))
        if norm + error < 0.5:
            return float((norm + error) ** (0.5**squarings)) * (1 + rounding)
        if norm + error > 1e100:
            break
        power = power @ power
        error = (2 * norm + error) * error + rounding * norm**2
    return np.inf
