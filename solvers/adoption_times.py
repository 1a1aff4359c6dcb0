"""Times at which people adopt in cascades: laws of delays, likelihood, simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.arcs import Labels, labels_of
from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.layers import Layer
from mechanism.numbers import number, whole
from mechanism.vectors import one_each
from solvers.seeds import Rng, seed_sequence

if TYPE_CHECKING:
    from scipy.sparse import csc_array, sparray

__all__ = ["AdoptionTimes", "Delay", "DelayLaw", "Exposure", "Times", "log_likelihood", "simulate_times"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
Delay = Literal["exponential", "power", "rayleigh"]
Times = ArrayLike | tuple[ArrayLike, ArrayLike, ArrayLike]


@dataclass(frozen=True, slots=True)
class DelayLaw:
    """A law of delays whose hazard is a rate a times h(d), d the delay.

    Attributes
    ----------
    hazard : callable
        h(d), of an array of delays above 0.
    total : callable
        H(d), the integral of h from 0.
    inverse : callable
        The delay d with H(d) = y.
    shortest : float
        No delay is shorter.

    Examples
    --------
    >>> law = DelayLaw.named("rayleigh")
    >>> law.total(law.inverse(np.array([2.0]))).tolist()
    [2.0]
    """

    hazard: Callable[[Reals], Reals]
    total: Callable[[Reals], Reals]
    inverse: Callable[[Reals], Reals]
    shortest: float = 0.0

    @classmethod
    def named(cls, delay: str, shortest: float | None = None) -> DelayLaw:
        """Return the law with a name: "exponential" (h = 1), "power" (1 / d above the shortest) or "rayleigh" (d).

        Raises
        ------
        InvalidInputError
            If there is no such law, or the shortest delay is missing, not above 0 or not wanted.
        """
        if delay not in get_args(Delay):
            raise InvalidInputError("delay", delay, allowed=f"one of {', '.join(get_args(Delay))}")
        if delay != "power":
            if shortest is not None:
                raise InvalidInputError("shortest", shortest, allowed='left out unless delay is "power"')
            if delay == "exponential":
                return cls(np.ones_like, np.copy, np.copy)
            return cls(np.copy, lambda d: d * d / 2, lambda y: np.sqrt(2 * y))
        allowed = 'a number above 0, the shortest delay there is, if delay is "power"'
        least = float(number(shortest, argument="shortest", allowed=allowed))
        if least <= 0:
            raise InvalidInputError("shortest", shortest, allowed=allowed)
        return cls(
            lambda d: np.asarray((d > least) / d),
            lambda d: np.log(np.maximum(d / least, 1.0)),
            lambda y: np.asarray(least * np.exp(y)),
            least,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """What the data say about who infected one person.

    Attributes
    ----------
    receiver : int
        The number of the person, i.
    sources : ndarray of int64, shape (p,)
        Those who may have infected it at least once.
    hazard : ndarray of float64, shape (E, p)
        h of each source at each infection that has one; 0 where the source had not adopted before.
    cost : ndarray of float64, shape (n,)
        H summed over the times that i was at risk from each person j: what a unit of a_ji costs in log-likelihood.
    risk : ndarray of int64, shape (n,)
        In how many cascades i was at risk from each.
    """

    receiver: int
    sources: Ids
    hazard: Reals
    cost: Reals
    risk: Ids


@dataclass(frozen=True, slots=True, eq=False)
class AdoptionTimes:
    """Who adopted when, in many cascades; made by `read`.

    Attributes
    ----------
    labels : ndarray, shape (n,)
        Names of the people, increasing.
    cascade, node : ndarray of int64, shape (infections,)
        The cascade and the person of every infection.
    time : ndarray of float64, shape (infections,)
        When it was.
    horizon : ndarray of float64, shape (cascades,)
        Until when each cascade was watched.
    candidates : Graph, optional
        Who could infect whom; None for everybody.
    """

    labels: Labels
    cascade: Ids
    node: Ids
    time: Reals
    horizon: Reals
    candidates: Graph | None

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.labels)

    @property
    def tied(self) -> int:
        """Number of infections at the very time of another in the same cascade."""
        order = np.lexsort((self.time, self.cascade))
        cascade, time = self.cascade[order], self.time[order]
        same = (cascade[1:] == cascade[:-1]) & (time[1:] == time[:-1])
        return int((np.append(same, False) | np.insert(same, 0, False)).sum())

    @classmethod
    def read(
        cls, times: Times, *, horizon: float | ArrayLike, candidates: Graph | None = None
    ) -> AdoptionTimes:
        """Return checked times, given as a matrix or as a tuple (cascade, person, time): see `infer_rates`."""
        if candidates is not None and not isinstance(candidates, Graph):
            raise InvalidInputError("candidates", candidates, allowed="a Graph")
        known = None if candidates is None else candidates.labels
        if isinstance(times, tuple) and len(times) == 3:
            cascade, names = _numbered("times[0]", times[0], None)
            node, people = _numbered("times[1]", times[1], known)
            if len(cascade) != len(node):
                raise InvalidInputError(
                    "times[1]", len(node), index="length", allowed=f"as long as times[0], {len(cascade)}"
                )
            time = one_each("times[2]", times[2], len(cascade), each="infection")
            cascades = len(names)
            key = cascade * len(people) + node
            order = np.argsort(key, kind="stable")
            twice = np.flatnonzero(np.diff(key[order]) == 0)
            if len(twice):
                raise InvalidInputError(
                    "times", "infected before in the same cascade", index=int(order[twice[0] + 1]),
                    allowed="at most one infection of each in a cascade",
                )  # fmt: skip
        else:
            given = np.asarray(times)
            if given.ndim != 2 or given.dtype.kind not in "fiu" or not given.size:
                raise InvalidInputError(
                    "times", given.shape, index="shape",
                    allowed="numbers of shape (cascades, n), or a tuple (cascade, person, time) of three arrays",
                )  # fmt: skip
            cascades, n = given.shape
            if known is not None and len(known) != n:
                raise InvalidInputError(
                    "candidates", candidates, allowed=f"a graph of the {n} people of times"
                )
            if (given == -inf).any():
                where = tuple(int(x) for x in np.argwhere(given == -inf)[0])
                raise InvalidInputError(
                    "times", -inf, index=where, allowed="a number, or infinite or NaN for never"
                )
            cascade, node = np.nonzero(np.isfinite(given))
            time = given[cascade, node].astype(np.float64)
            people = np.arange(n) if known is None else known
        until = np.array(one_each("horizon", horizon, cascades, each="cascade"))
        late = time > until[cascade]
        if late.any():
            first = int(np.argmax(late))
            raise InvalidInputError(
                "times", float(time[first]), index=f"cascade {cascade[first]}, person {people[node[first]]}",
                allowed=f"at most the horizon, {until[cascade[first]]:g}",
            )  # fmt: skip
        return cls(people, cascade, node, time, until, candidates)

    def exposures(self, law: DelayLaw) -> Iterator[Exposure]:
        """Yield for every person what the data say about who infected it; O(infections) for each."""
        allowed = None if self.candidates is None else Layer(self.candidates, 1.0).reversed.graph
        own = np.argsort(self.node, kind="stable")
        ends = np.searchsorted(self.node[own], np.arange(self.n + 1))
        for i in range(self.n):
            may = np.ones(self.n, dtype=np.bool_)
            if allowed is not None:
                may[:] = False
                may[allowed.indices[allowed.indptr[i] : allowed.indptr[i + 1]]] = True
            may[i] = False
            yield self._exposure(i, own[ends[i] : ends[i + 1]], may, law)

    def _exposure(self, i: int, mine: Ids, may: NDArray[np.bool_], law: DelayLaw) -> Exposure:
        until = self.horizon.copy()
        until[self.cascade[mine]] = self.time[mine]
        waited = until[self.cascade] - self.time
        at = np.flatnonzero((waited > 0) & may[self.node])
        waited, node = waited[at], self.node[at]
        row = np.full(len(until), -1)
        row[self.cascade[mine]] = np.arange(len(mine))
        rows, hazard = row[self.cascade[at]], law.hazard(waited)
        seen = (rows >= 0) & (hazard > 0)
        kept, rows = np.unique(rows[seen], return_inverse=True)
        sources, columns = np.unique(node[seen], return_inverse=True)
        table = np.zeros((len(kept), len(sources)))
        table[rows, columns] = hazard[seen]
        cost = np.bincount(node, law.total(waited), minlength=self.n).astype(np.float64)
        return Exposure(i, sources, table, cost, np.bincount(node, minlength=self.n))


def _numbered(argument: str, given: ArrayLike, known: Labels | None) -> tuple[Ids, Labels]:
    """Return the numbers of names, and the names in order."""
    names = labels_of(argument, given)
    if known is None:
        known, numbers = np.unique(names, return_inverse=True)
        return numbers, known
    if known.dtype.kind != names.dtype.kind:
        known = known.astype(str)
        names = names.astype(str)
    numbers = np.minimum(np.searchsorted(known, names), len(known) - 1)
    strange = known[numbers] != names
    if strange.any():
        first = int(np.argmax(strange))
        raise InvalidInputError(argument, names[first], index=first, allowed="a label of the candidates")
    return numbers, known


def log_likelihood(
    rates: ArrayLike | sparray,
    times: Times,
    *,
    horizon: float | ArrayLike,
    delay: Delay = "exponential",
    shortest: float | None = None,
    candidates: Graph | None = None,
) -> float:
    """Return the log-likelihood of times of adoption under given rates, such as of cascades kept aside.

    Parameters
    ----------
    rates : array_like or sparse matrix of float, shape (n, n)
        a_ji in row j and column i, at least 0.
    times, horizon, delay, shortest, candidates
        As in `infer_rates`. Names are numbered in increasing order: name people by numbers 0..n - 1, or give
        candidates, where not all occur.

    Returns
    -------
    float
        Of all infections after which a candidate could have caused them, and of all that did not happen; minus
        infinity if an infection had candidates but all their rates are 0.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Examples
    --------
    >>> round(log_likelihood([[0, 0.25], [0, 0]], [[0, 1], [0, 3], [0, 9]], horizon=4), 4)
    Traceback (most recent call last):
    ...
    mechanism.errors.InvalidInputError: times[cascade 2, person 1] is 9.0; it must be at most the horizon, 4
    >>> round(log_likelihood([[0, 0.25], [0, 0]], [[0, 1], [0, 3]], horizon=4), 4)
    -3.7726
    """
    law = DelayLaw.named(delay, shortest)
    events = AdoptionTimes.read(times, horizon=horizon, candidates=candidates)
    matrix = _rate_matrix(rates, events.n)
    value = 0.0
    with np.errstate(divide="ignore"):
        for one in events.exposures(law):
            column = matrix[:, [one.receiver]].toarray()[:, 0]
            value += float(np.log(one.hazard @ column[one.sources]).sum() - one.cost @ column)
    return value


def _rate_matrix(rates: ArrayLike | sparray, n: int) -> csc_array:
    from scipy.sparse import csc_array, issparse

    matrix = csc_array(rates if issparse(rates) else np.asarray(rates, dtype=np.float64))
    if matrix.shape != (n, n):
        raise InvalidInputError("rates", matrix.shape, index="shape", allowed=f"({n}, {n})")
    if not ((matrix.data >= 0) & np.isfinite(matrix.data)).all():
        wrong = matrix.data[~((matrix.data >= 0) & np.isfinite(matrix.data))][0]
        raise InvalidInputError("rates", float(wrong), index="entry", allowed="finite, at least 0")
    return matrix


def simulate_times(
    graph: Graph,
    rates: float | ArrayLike,
    *,
    horizon: float,
    cascades: int,
    sources: int | ArrayLike = 1,
    delay: Delay = "exponential",
    shortest: float | None = None,
    rng: Rng = 0,
) -> Reals:
    """Return the times at which people adopt in simulated cascades.

    Parameters
    ----------
    graph : Graph
        An arc j -> i: j can infect i.
    rates : float or array_like of float, shape () or (m,)
        a_ji of every arc, at least 0.
    horizon : float
        Until when the cascades are watched, in units of time, above 0.
    cascades : int
        How many, at least 1.
    sources : int or array_like of int, shape (s,)
        How many people, drawn for each cascade, adopt at time 0; or their numbers, the same in all cascades.
    delay, shortest
        The law of delays, as in `infer_rates`.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the randomness.

    Returns
    -------
    ndarray of float64, shape (cascades, n)
        Infinite for those who had not adopted at the horizon.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    A delay is drawn for each arc; people adopt as late as the shortest path takes. O((n + m) log n) for each cascade.

    Examples
    --------
    >>> chain = Graph.from_edges([0, 1], [1, 2])
    >>> times = simulate_times(chain, 2.0, horizon=1e9, cascades=2000, sources=[0])
    >>> times.shape, (times[:, 0] == 0).all(), np.diff(times.mean(axis=0)).round(1).tolist()
    ((2000, 3), np.True_, [0.5, 0.5])
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    law = DelayLaw.named(delay, shortest)
    speed = one_each("rates", rates, graph.m, least=0.0, each="arc")
    until = float(number(horizon, argument="horizon", allowed="a finite number above 0"))
    if until <= 0:
        raise InvalidInputError("horizon", horizon, allowed="a finite number above 0")
    count = whole(cascades, argument="cascades")
    given = np.asarray(sources)
    drawn = int(given) if given.ndim == 0 and given.dtype.kind in "iu" else 0
    fixed = np.zeros(0, dtype=np.int64) if drawn else given
    allowed = f"a number of people in 1..{graph.n}, or an array of people in 0..{graph.n - 1}"
    inside = fixed.ndim == 1 and fixed.dtype.kind in "iu" and (drawn or len(fixed))
    if not inside or not 0 <= drawn <= graph.n or ((fixed < 0) | (fixed >= graph.n)).any():
        raise InvalidInputError("sources", sources, allowed=allowed)
    random = np.random.default_rng(seed_sequence(rng))
    first = np.repeat(np.arange(graph.n), graph.out_degree)
    open_ = np.flatnonzero(speed > 0)
    result = np.empty((count, graph.n))
    for one in result:
        waits = law.inverse(random.exponential(size=len(open_)) / speed[open_])
        delays = csr_array((waits, (first[open_], graph.indices[open_])), shape=(graph.n, graph.n))
        begin = random.choice(graph.n, drawn, replace=False) if drawn else fixed
        one[:] = dijkstra(delays, indices=begin, min_only=True, limit=until)
    return result
