"""Cascades of people with thresholds: when they can go round a network, by formula and by play.

A share given as a float stands for the fraction that it is the machine number of, if one has a denominator of up to a
million (0.1 for 1 / 10, ``1 / 11`` for 1 / 11), and else for its shortest decimal.
"""

from __future__ import annotations

from fractions import Fraction
from math import exp, floor, lgamma, log
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph, Participation
from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number, whole
from solvers.participation_equilibrium import chains

__all__ = [
    "can_cascade",
    "cascade_window",
    "ring_limit",
    "spreads_on_ring",
    "threshold_cascade",
    "threshold_game",
]

_SHARE = "a share in (0, 1]"
_SIMPLE = 10**6  # largest denominator of a fraction that a float is taken for


def cascade_window(
    threshold: Number, *, degrees: Literal["poisson"] = "poisson"
) -> tuple[float, float] | None:
    """Return between which mean degrees one person may set off a cascade through a large random graph.

    Parameters
    ----------
    threshold : float or Fraction
        Share of its neighbours that makes a person take part, in (0, 1].
    degrees : {"poisson"}
        Law of the degrees: links between all pairs are equally likely, the random graph of Erdos and Renyi. For
        others see `can_cascade`.

    Returns
    -------
    tuple of float or None
        The least and the largest mean degree; None if there is no such mean degree: for thresholds above 1/4.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    Global cascades are possible iff sum_k k (k - 1) p_k > z over the degrees k <= K, K = floor(1 / threshold), of those
    whom one neighbour moves; z is the mean degree and p_k the share of people of degree k. For Poisson degrees that is
    z P(N <= K - 2) > 1 with N Poisson of mean z. The left side has one peak, where P(N <= K - 2) = z P(N = K - 2): the
    ratio of the two falls with z; there is one root on each side of it.

    References
    ----------
    Watts, "A simple model of global cascades on random networks", PNAS 99, 2002, equation 5.

    Examples
    --------
    >>> low, high = cascade_window(0.18)
    >>> round(low, 4), round(high, 4), cascade_window(0.3)
    (1.0207, 5.7647, None)
    """
    from scipy.optimize import brentq
    from scipy.special import pdtr

    if degrees != "poisson":
        raise InvalidInputError("degrees", degrees, allowed='"poisson"; see can_cascade for others')
    most = floor(1 / _share(threshold)) - 2  # neighbours beside the one a person is reached by
    if most < 0:
        return None

    def spread(mean: float) -> float:
        return mean * float(pdtr(most, mean)) - 1

    def slope(mean: float) -> float:
        return float(pdtr(most, mean)) - exp((most + 1) * log(mean) - mean - lgamma(most + 1))

    start = 1e-3  # z P < 1 there, and it grows: P is nearly 1
    peak = brentq(slope, start, most + 2.0, xtol=1e-12)
    if spread(peak) <= 0:
        return None
    high = 2 * peak
    while spread(high) > 0:
        high *= 2
    return brentq(spread, start, peak, xtol=1e-14), brentq(spread, peak, high, xtol=1e-14)


def can_cascade(degrees: ArrayLike, threshold: Number) -> bool:
    """Return whether one person may set off a cascade through a large random graph with given degrees.

    Parameters
    ----------
    degrees : array_like of int, shape (n,)
        Number of neighbours of each person, at least 0; their order does not matter.
    threshold : float or Fraction
        Share of its neighbours that makes a person take part, in (0, 1].

    Returns
    -------
    bool
        Whether sum k (k - 1) over the people of degree k <= 1 / threshold exceeds the sum of all degrees, in whole
        numbers. It speaks of graphs that are random but for their degrees: clustering changes it.

    Raises
    ------
    InvalidInputError
        If an argument is out of range; the message names the first degree.

    References
    ----------
    Watts, "A simple model of global cascades on random networks", PNAS 99, 2002, equation 5.

    Examples
    --------
    >>> can_cascade([3] * 100, 1 / 3), can_cascade([3] * 100, 0.34), can_cascade([2] * 100, 1 / 3)
    (True, False, False)
    """
    given = np.asarray(degrees)
    allowed = "whole numbers of at least 0, at least one"
    if given.ndim != 1 or not given.size or given.dtype.kind not in "iu":
        raise InvalidInputError("degrees", degrees, allowed=allowed)
    if (given < 0).any():
        first = int(np.argmax(given < 0))
        raise InvalidInputError("degrees", int(given[first]), index=first, allowed=allowed)
    k, people = np.unique(given.astype(np.int64), return_counts=True)
    most = floor(1 / _share(threshold))
    pairs = zip(k.tolist(), people.tolist(), strict=True)
    surplus: int = sum(count * d * ((d - 1 if d <= most else 0) - 1) for d, count in pairs)
    return surplus > 0


def threshold_game(
    graph: Graph, *, share: Number | None = None, number: int | None = None, seeds: ArrayLike = ()
) -> Participation:
    """Return the game of people who take part once enough of those whom they watch do.

    Parameters
    ----------
    graph : Graph
        Arc i -> j: i watches j.
    share : float or Fraction, optional
        Share of those whom a person watches that makes it take part, in (0, 1].
    number : int, optional
        How many make it take part, at least 1. One of `share` and `number` is to be given.
    seeds : array_like of int
        Persons who take part anyhow.

    Returns
    -------
    Participation
        Its least equilibrium is the cascade from the seeds. All arcs weigh 1 and costs are numbers of people: payoffs
        with weights of 1 / degree and the share as cost, times the degree, so that ties are whole numbers. Who watches
        nobody does not take part.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    References
    ----------
    Granovetter, "Threshold models of collective behavior", American Journal of Sociology 83, 1978.

    Examples
    --------
    >>> path = Graph.from_edges([0, 1, 2], [1, 2, 3], directed=False)
    >>> threshold_game(path, share=0.5, seeds=[0]).cost.tolist()
    [0.0, 1.0, 1.0, 1.0]
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    if (share is None) == (number is None):
        raise InvalidInputError("share", share, allowed="given without number, or number without share")
    if share is None:
        need = np.full(graph.n, float(whole(number, argument="number")))
    else:
        part = _share(share)
        degrees, kind = np.unique(graph.out_degree, return_inverse=True)
        need = np.array([max(-floor(-part * d), 1) for d in degrees.tolist()], dtype=np.float64)[kind]
    need[_nodes(seeds, graph.n)] = 0.0
    return Participation(graph, 0.0, support=1.0, cost=need)


def threshold_cascade(
    graph: Graph, seeds: ArrayLike, *, share: Number | None = None, number: int | None = None
) -> NDArray[np.int32]:
    """Return who takes part in the end, seeds included, in an order in which each is moved by those before.

    Parameters
    ----------
    graph, seeds, share, number
        As in `threshold_game`.

    Returns
    -------
    ndarray of int32

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    O(n + m).

    Examples
    --------
    >>> path = Graph.from_edges([0, 1, 2], [1, 2, 3], directed=False)
    >>> threshold_cascade(path, [0], share=0.5).tolist(), threshold_cascade(path, [0], share=0.6).tolist()
    ([0, 1, 2, 3], [0])
    """
    return chains(threshold_game(graph, share=share, number=number, seeds=seeds)).joining


def ring_limit(neighbours: int) -> int:
    """Return how many neighbours at most may be needed to move a person if a behaviour is to go round a ring.

    Parameters
    ----------
    neighbours : int
        Neighbours of each person, half of them on each side: even, at least 2.

    Returns
    -------
    int
        neighbours / 2.

    Raises
    ------
    InvalidInputError
        If the number is odd or below 2.

    Notes
    -----
    Next to an unbroken row of people who take part stands one with half of its neighbours among them, and nobody has
    more. On a random graph of the same degree a simple contagion (1 needed) is faster; a complex one stops.

    References
    ----------
    Centola and Macy, "Complex contagions and the weakness of long ties", American Journal of Sociology 113, 2007.

    Examples
    --------
    >>> ring_limit(6)
    3
    """
    if whole(neighbours, argument="neighbours", least=2) % 2:
        raise InvalidInputError("neighbours", neighbours, allowed="even: as many on each side")
    return neighbours // 2


def spreads_on_ring(n: int, neighbours: int, threshold: int) -> bool:
    """Play a cascade on a ring from a person and its neighbours; return whether everybody takes part in the end.

    Parameters
    ----------
    n : int
        People on the ring, at least 2 neighbours + 2, so that the two ends of the row of seeds are apart.
    neighbours : int
        Neighbours of each, half of them on each side: even, at least 2.
    threshold : int
        How many neighbours move a person, at least 1.

    Returns
    -------
    bool
        By `ring_limit` whether the threshold is at most neighbours / 2.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Examples
    --------
    >>> spreads_on_ring(100, 8, 4), spreads_on_ring(100, 8, 5)
    (True, False)
    """
    side = ring_limit(neighbours)
    people = np.arange(whole(n, argument="n", least=2 * neighbours + 2))
    steps = np.arange(1, side + 1)
    ring = Graph.from_edges(np.repeat(people, side), (people[:, None] + steps).ravel() % n, directed=False)
    return len(threshold_cascade(ring, np.arange(neighbours + 1), number=threshold)) == n


def _share(threshold: Any) -> Fraction:
    """Return the share that a number stands for: floats miss 1 / 11, and 10 of them may not make a whole."""
    share = exact(number(threshold, argument="threshold", allowed=_SHARE))
    if not 0 < share <= 1:
        raise InvalidInputError("threshold", threshold, allowed=_SHARE)
    simple = share.limit_denominator(_SIMPLE)
    return simple if isinstance(threshold, float) and float(simple) == threshold else share


def _nodes(seeds: ArrayLike, n: int) -> NDArray[np.int64]:
    given = np.atleast_1d(np.asarray(seeds))
    allowed = f"numbers of persons, 0..{n - 1}"
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise InvalidInputError("seeds", seeds, allowed=allowed)
    outside = (given < 0) | (given >= n)
    if outside.any():
        first = int(outside.argmax())
        raise InvalidInputError("seeds", int(given[first]), index=first, allowed=allowed)
    return given.astype(np.int64)
