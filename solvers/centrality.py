"""Centralities that count walks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import InvalidInputError, SolveError
from mechanism.graph import Graph
from mechanism.numbers import number, whole
from mechanism.vectors import Reals, one_each, one_or_each
from solvers.newton import Work, looks_symmetric, solve_linear
from solvers.products import RowBlocks
from solvers.spectral import SpectralRadius, radius_of, weighted_matrix
from solvers.uniqueness import certified

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "bonacich_centrality",
    "certified_sums",
    "diffusion_centrality",
    "feedback",
    "katz_centrality",
]

_RESIDUAL = 1e-13  # of the largest entry of the solution
_ROUNDS = 20
_STEP = 1e-10  # relative residual of each solution, before the next refines it


def diffusion_centrality(
    graph: Graph,
    *,
    probability: float | ArrayLike,
    periods: int,
    weights: float | ArrayLike | None = None,
) -> Reals:
    """Return how often, in expectation, news that starts at each person is told within some periods.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i tells j.
    probability : float or array_like of float, shape () or (m,)
        Chance q that news passes an arc in a period, in [0, 1].
    periods : int
        Number of periods T, at least 1: the longest walk that counts.
    weights : float or array_like of float, shape () or (m,), optional
        What an arc counts, at least 0; 1 by default.

    Returns
    -------
    ndarray of float64, shape (n,)
        H = sum_{t=1..T} (q A)^t 1, where A holds the weights: row i counts the walks that leave i.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    SolveError
        If the sums exceed the floats.

    Notes
    -----
    O(T (n + m)). T = 1 is q times the out-degree; if q times the spectral radius is below 1, growing T leads to
    `bonacich_centrality` with decay q, less 1. With q = 1 / (spectral radius), as in the paper, large T leads to a
    multiple of the eigenvector of the largest eigenvalue.

    References
    ----------
    Banerjee, Chandrasekhar, Duflo and Jackson, "The diffusion of microfinance", Science 341, 2013.

    Examples
    --------
    >>> chain = Graph.from_edges(["ann", "bob"], ["bob", "cem"])
    >>> diffusion_centrality(chain, probability=0.5, periods=2).tolist()
    [0.75, 0.5, 0.0]
    """
    last = whole(periods, argument="periods")
    matrix = weighted_matrix(graph, weights)
    chance = one_or_each("probability", probability, graph.m, least=0, most=1, each="arc")
    matrix.data = matrix.data * chance
    heard = np.zeros(graph.n)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(last):
            heard = matrix @ (1 + heard)
    if not np.isfinite(heard).all():
        raise SolveError(
            f"walks of up to {last} periods are more than the floats hold: take fewer periods or a lower probability"
        )
    return _read_only(heard)


def bonacich_centrality(
    graph: Graph,
    *,
    decay: float,
    weights: float | ArrayLike | None = None,
    exogenous: float | ArrayLike = 1.0,
) -> Reals:
    """Return the centrality b = (I - a G)^-1 e: own worth, and a share of that of those one's arcs lead to.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i draws on j.
    decay : float
        a; below 0 it hurts to be linked to the central. Its size has to be below one over the spectral radius of G.
    weights : float or array_like of float, shape () or (m,), optional
        G: the weight of every arc in the order of ``graph.indices``, at least 0; 1 by default.
    exogenous : float or array_like of float, shape () or (n,)
        e, what everybody is worth by itself, finite.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    InvalidInputError
        If an argument is out of its range; for the decay the message names the critical value.
    SolveError
        If the linear system could not be solved to an error of rounding.

    Notes
    -----
    Three conventions are in use, for one matrix G with rows i and the arcs i -> j in them:

    - Ballester et al. (2006), and here with e = 1: b(a) = (I - a G)^-1 1 = sum_{k>=0} a^k G^k 1, which counts the
      walks that leave i, the walk of length 0 among them. It is the equilibrium of the linear-quadratic game.
    - Bonacich (1987): c(alpha, beta) = alpha (I - beta G)^-1 G 1 = alpha sum_{k>=0} beta^k G^(k+1) 1. So
      b(beta) = 1 + (beta / alpha) c(alpha, beta), and c = alpha G 1, the degree, at beta = 0. He fixes alpha by
      sum_i c_i^2 = n. Equally, c(alpha, beta) is ours with decay beta and e = alpha G 1.
    - Katz (1953): t(a) = sum_{k>=1} a^k (G^T)^k 1 counts the walks that arrive at i: `katz_centrality`, which is b of
      the graph with its arcs reversed, less 1. On undirected graphs t = b - 1 = (a / alpha) c(alpha, a).

    That the series converges is certified by y = (I - |a| G)^-1 1: y > 0 and y - |a| G y > 0 in exact arithmetic.
    Krylov iterations, O(n + m) each, conjugate gradients if G is symmetric; the residual is computed afresh. Errors
    are at most 1e-13 times the largest b times the largest y: near the critical decay digits are lost.

    References
    ----------
    Bonacich, "Power and centrality: a family of measures", American Journal of Sociology 92, 1987.
    Ballester, Calvo-Armengol and Zenou, "Who's who in networks. Wanted: the key player", Econometrica 74, 2006.

    Examples
    --------
    >>> star = Graph.from_edges([0] * 4, [1, 2, 3, 4], directed=False)
    >>> bonacich_centrality(star, decay=0.25).round(6).tolist()
    [2.666667, 1.666667, 1.666667, 1.666667, 1.666667]
    """
    matrix = weighted_matrix(graph, weights)
    share = float(number(decay, argument="decay", allowed="a finite number"))
    worth = one_each("exogenous", exogenous, graph.n)
    matrix.data = abs(share) * matrix.data
    walks = _check_decay(matrix, share)
    if share >= 0 and (worth == worth[0]).all():
        return _read_only(worth[0] * walks)
    return _read_only(feedback(matrix if share >= 0 else -matrix)(worth))


def katz_centrality(graph: Graph, *, decay: float, weights: float | ArrayLike | None = None) -> Reals:
    """Return the status of Katz: those who choose somebody count, those who choose these less, and so on.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i chooses j. Arcs into a person raise its status, arcs out of it do not.
    decay : float
        a, at least 0 and below one over the spectral radius of G.
    weights : float or array_like of float, shape () or (m,), optional
        G: the weight of every arc in the order of ``graph.indices``, at least 0; 1 by default.

    Returns
    -------
    ndarray of float64, shape (n,)
        t = sum_{k>=1} a^k (G^T)^k 1 = (I - a G^T)^-1 a G^T 1, the column sums of aG + (aG)^2 + ...

    Raises
    ------
    InvalidInputError
        If an argument is out of its range; for the decay the message names the critical value.
    SolveError
        If the linear system could not be solved to an error of rounding.

    Notes
    -----
    Newman's textbook and ``networkx.katz_centrality`` count the walk of length 0 as well and give every node a free
    beta: x = a G^T x + beta 1, so x = beta (1 + t). They count arcs that come in, as here, and networkx then divides
    by the Euclidean norm unless ``normalized=False``. See `bonacich_centrality` for the two other conventions.

    References
    ----------
    Katz, "A new status index derived from sociometric analysis", Psychometrika 18, 1953.
    Newman, "Networks: an introduction", 2010, section 7.3.

    Examples
    --------
    >>> fans = Graph.from_edges(["ann", "bob"], ["bob", "cem"])
    >>> katz_centrality(fans, decay=0.5).tolist()
    [0.0, 0.5, 0.75]
    """
    matrix = weighted_matrix(graph, weights)
    share = float(number(decay, argument="decay", allowed="a finite number of at least 0"))
    if share < 0:
        raise InvalidInputError("decay", decay, allowed="a finite number of at least 0")
    matrix.data = share * matrix.data
    chosen = matrix.T.tocsr()
    _check_decay(chosen, share)
    return _read_only(feedback(chosen)(chosen @ np.ones(graph.n)))


def feedback(matrix: csr_array) -> Callable[[Reals], Reals]:
    """Return the function that solves x = e + W x for a sparse W and any e.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array of float64, shape (n, n)
        W; of a spectral radius below 1, so that the solution is the sum of all W^k e.

    Returns
    -------
    callable
        Takes e and returns x, both float64 of shape (n,); raises a `SolveError` that holds what was reached if the
        residual, computed afresh, is not down to rounding.

    Notes
    -----
    Krylov methods (`solvers.newton.solve_linear`), restarted from the residual until that is rounding. O(n + m) per
    iteration.

    Examples
    --------
    >>> from mechanism import Layer
    >>> solve = feedback(Layer(Graph.from_edges([0, 1], [1, 2]), 0.5).matrix)
    >>> solve(np.ones(3)).round(12).tolist()
    [1.75, 1.5, 1.0]
    """
    blocks = RowBlocks(matrix)
    symmetric = looks_symmetric(blocks, Work())

    def solve(source: Reals) -> Reals:
        x, residual = np.zeros_like(source), source
        for _ in range(_ROUNDS):
            step = solve_linear(blocks, None, residual, symmetric=symmetric, precision=_STEP, work=Work())
            better = source + blocks @ (x + step) - (x + step)
            if not np.abs(better).max() < 0.5 * np.abs(residual).max():  # nothing helps any more
                break
            x, residual = x + step, better
            if np.abs(residual).max() <= _RESIDUAL / 10 * np.abs(x).max():
                break
        if np.abs(residual).max() <= _RESIDUAL * np.abs(x).max():
            return x
        raise SolveError("the linear system was not solved to an error of rounding", solution=x)

    def quietly(source: Reals) -> Reals:
        scale = np.abs(source).max()
        if scale == 0:
            return np.zeros_like(source)
        with np.errstate(all="ignore"):  # what breaks down leaves a residual
            return np.asarray(scale * solve(source / scale))

    return quietly


def certified_sums(matrix: csr_array, *, refuse: Callable[[SpectralRadius], InvalidInputError]) -> Reals:
    """Return (I - W)^-1 1 = sum_k W^k 1 for a sparse W >= 0, float64 of shape (n,), proved to be finite.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array of float64, shape (n, n)
        W.
    refuse : callable
        Makes the error that is raised if the spectral radius of W, which it is given, is not below 1.

    Raises
    ------
    SolveError
        If the radius is below 1 but the linear system was not solved well enough to prove it.
    """
    reason = "the sums over walks are too large to be told from infinite ones"
    try:
        sums = feedback(matrix)(np.ones(matrix.shape[0]))
        if certified(matrix, sums) is not None:
            return sums
    except SolveError as failure:
        reason = str(failure)
    radius = radius_of(matrix)
    if radius.upper < 1:
        raise SolveError(f"{reason}; the spectral radius is {radius.upper:.12g}, so they are finite")
    raise refuse(radius)


def _check_decay(matrix: csr_array, decay: float) -> Reals:
    """Return (I - W)^-1 1 for W = |decay| G; refuse a decay for which the series does not converge."""

    def refuse(radius: SpectralRadius) -> InvalidInputError:
        return InvalidInputError(
            "decay",
            decay,
            allowed=f"below {abs(decay) / radius.upper:.9g} in size, one over the spectral radius of the weights: "
            "lower it, or count walks up to a length with diffusion_centrality",
        )

    return certified_sums(matrix, refuse=refuse)


def _read_only(array: Reals) -> Reals:
    array.flags.writeable = False
    return array
