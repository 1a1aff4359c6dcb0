"""The game that people play who care how others fare: utilities that feed on utilities, as a game of payoffs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph, Interdependent, LinearQuadratic, Participation
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.layers import Layer
from solvers.engine import Engine, Job, Pool, engine_of, run
from solvers.kernels.push import push_rows
from solvers.spectral import certified_radius, radius_of_powers, rounding_of_sums

__all__ = ["EffectiveGame", "effective_game"]

Reals = NDArray[np.float64]
_DENSE = 500  # people up to whom one dense factorisation is quicker than pushes
_WORST = 1e-6  # residual of the dense inverse beyond which the system is refused as ill-conditioned


@dataclass(frozen=True, slots=True, eq=False)
class EffectiveGame:
    """A game of payoffs with the best responses of a game of interdependent utilities.

    Attributes
    ----------
    game : LinearQuadratic or Participation
        Its weights are w_ij + B_ij w_ji / B_ii on the arcs of W and their reverses.
    diagonal : ndarray of float64, shape (n,)
        B_ii: what a unit of the own payoff is worth once it has gone round; a gain in the game, times it, is a gain
        of utility.
    radius : float
        Bound below 1 on the spectral radius of A.
    vector : ndarray of float64, shape (n,), or None
        v > 0 with |A| v <= radius v, the proof of the bound; None where powers of A prove it.
    error : float
        Bound on the error of the entries of B that were used.
    weight_error : float
        Bound on the error of the weights of the game.
    work : dict
        Pushes, and arcs along which they went; both 0 if B was found by a dense factorisation.
    """

    game: LinearQuadratic | Participation
    diagonal: Reals
    radius: float
    vector: Reals | None
    error: float
    weight_error: float
    work: dict[str, int]

    def utility_gains(self, actions: ArrayLike) -> Reals:
        """Return by how much each could raise its own utility alone, at least 0, float64 of shape (n,)."""
        return self.diagonal * self.game.gains(actions)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("", "number", "least", "mean", "most"))
        for name, values in (("weights", self.game.layer.by_arc), ("B_ii", self.diagonal)):
            cells = [f"{x:.4g}" for x in (values.min(), values.mean(), values.max())] if len(values) else []
            table.add_row(name, f"{len(values):,}", *cells)
        return render(
            "Effective game of interdependent utilities",
            table,
            footer=(
                f"spectral radius of A at most {self.radius:.6g}",
                f"error of B at most {self.error:.2g}, of the weights at most {self.weight_error:.2g}",
                f"{self.work['pushes']:,} pushes along {self.work['arcs']:,} arcs",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "game": self.game.to_dict(),
            "diagonal": self.diagonal.tolist(),
            "radius": self.radius,
            "vector": None if self.vector is None else self.vector.tolist(),
            "error": self.error,
            "weight_error": self.weight_error,
            "work": dict(self.work),
        }


def effective_game(
    system: Interdependent,
    *,
    tolerance: float = 1e-12,
    method: Literal["dense", "push"] | None = None,
    engine: int | Engine | None = None,
) -> EffectiveGame:
    """Return the game of payoffs in which everybody's best responses are those of interdependent utilities.

    Parameters
    ----------
    system : Interdependent
        Utilities u = p + A u.
    tolerance : float
        Asked error of the entries of B by pushes, above 0; rounding comes on top.
    method : {"dense", "push"}, optional
        One dense factorisation, O(n^3), or local pushes, whose cost depends on how far altruism reaches, not on n.
        By default dense for up to 500 people.
    engine : int or Engine, optional
        Number of threads for the pushes, all cores by default. The result does not depend on it.

    Returns
    -------
    EffectiveGame

    Raises
    ------
    InvalidInputError
        If the spectral radius of A is not certified to be below 1, or some B_ii to be above 0, or I - A is so
        ill-conditioned that B cannot be told.
    UnsupportedProblemError
        If A has negative weights whose absolute values have a radius of 1 or more, and there are more than 500 people.

    Notes
    -----
    u = B p with B = (I - A)^-1, and person i maximises sum_k B_ik p_k. Of the p_k only p_i and those with an arc
    k -> i contain x_i, and these as w_ki x_k x_i: B_ii p_i + x_i sum_k B_ik w_ki x_k, which is B_ii times the payoff
    of the same game with the weights w_ij + B_ij w_ji / B_ii. With A of at least 0 so is B, and B_ii >= 1. With
    negative weights B_ii may be below 0, and then who meets its first-order condition is worst off: this is refused.

    References
    ----------
    Bergstrom, "Systems of benevolent utility functions", Journal of Public Economic Theory 1, 1999.
    Andersen, Chung and Lang, "Local graph partitioning using PageRank vectors", FOCS 2006: the pushes.

    Examples
    --------
    Two people, a = 0.5 and b = 0.25: B = [[1, a], [b, 1]] / (1 - a b), so that the weights are 0.1 + a 0.3 and
    0.3 + b 0.1.

    >>> pair = Graph.from_edges([0], [1], directed=False)
    >>> base = LinearQuadratic(pair, 1.0, interaction=[0.1, 0.3])
    >>> effective_game(Interdependent(base, altruism=[0.5, 0.25])).game.interaction.round(12).tolist()
    [0.25, 0.325]
    """
    if not isinstance(system, Interdependent):
        raise InvalidInputError("system", system, allowed="an Interdependent system")
    if not (isinstance(tolerance, (int, float)) and 0 < tolerance < 1):
        raise InvalidInputError("tolerance", tolerance, allowed="a number in (0, 1)")
    if method not in (None, "dense", "push"):
        raise InvalidInputError("method", method, allowed='"dense", "push" or None')
    threads = engine_of(engine)
    graph, own, back = _both_ways(system.base.layer)
    is_dense = system.n <= _DENSE if method is None else method == "dense"
    radius, vector = _radius(system.altruism, is_dense)
    rows = (graph.indptr, graph.indices)
    if vector is None or is_dense:
        entries, diagonal, slack = _by_inverse(system.altruism, *rows)
        scale, work = np.ones(system.n), np.zeros(2, dtype=np.int64)
    else:
        job = Job(_push, _Pushed.of(system.altruism, vector, radius, float(tolerance), *rows))
        parts = run(job, system.n, engine=threads, least=16, stage="people").blocks
        entries, diagonal, slack = (np.concatenate([part[k] for part in parts]) for k in range(3))
        scale, work = vector, sum((part[3] for part in parts), np.zeros(2, dtype=np.int64))
    at_self = slack / scale  # bound on the error of B_ii
    if (diagonal <= at_self).any():
        first = int(np.argmax(diagonal <= at_self))
        raise InvalidInputError(
            "altruism", f"B_ii = {diagonal[first]:.4g} at person {first}, not certified to be above 0, so that the "
            "first-order condition need not be a maximum", verb="has", allowed="of smaller negative weights",
        )  # fmt: skip
    source = np.repeat(np.arange(system.n), graph.out_degree)
    ratio = entries / diagonal[source]
    at_arcs = slack[source] / scale[graph.indices]
    ratio_error = (at_arcs + np.abs(ratio) * at_self[source]) / (diagonal - at_self)[source]
    weights = own + ratio * back
    error = np.abs(back) * ratio_error + 4 * np.finfo(float).eps * (np.abs(own) + np.abs(ratio * back))
    diagonal.flags.writeable = False
    return EffectiveGame(
        game=_with_weights(system.base, graph, weights),
        diagonal=diagonal,
        radius=radius,
        vector=vector,
        error=float(max(at_self.max(), at_arcs.max(initial=0.0))),
        weight_error=float(error.max(initial=0.0)),
        work={"pushes": int(work[0]), "arcs": int(work[1])},
    )


def _radius(altruism: Layer, is_dense: bool) -> tuple[float, Reals | None]:
    """Return a bound on the spectral radius and the vector that proves it; None if powers do."""
    matrix = altruism.matrix
    try:
        found = certified_radius(matrix, argument="altruism")
    except InvalidInputError:
        if not (altruism.by_arc < 0).any():
            raise
        if not is_dense:
            raise UnsupportedProblemError(
                "altruism has negative weights whose absolute values have a spectral radius of 1 or more: "
                f'only method="dense" judges these, the default for up to {_DENSE} people'
            ) from None
    else:
        return found.rate, found.vector
    radius = radius_of_powers(matrix.toarray())
    if radius >= 1:
        raise InvalidInputError(
            "altruism", "powers that do not vanish, so that its spectral radius is not certified to be below 1",
            verb="has", allowed="of smaller weights: utilities feed one another without end",
        )  # fmt: skip
    return radius, None


def _both_ways(layer: Layer) -> tuple[Graph, Reals, Reals]:
    """Return the arcs and their reverses, and w_ij and w_ji of each."""
    graph = layer.graph
    source = np.repeat(np.arange(graph.n, dtype=np.int64), graph.out_degree)
    code, reverse = source * graph.n + graph.indices, graph.indices * np.int64(graph.n) + source
    union = np.union1d(code, reverse)
    own, back = np.zeros(len(union)), np.zeros(len(union))
    own[np.searchsorted(union, code)] = layer.by_arc
    back[np.searchsorted(union, reverse)] = layer.by_arc
    tails, heads = np.divmod(union, graph.n)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(tails, minlength=graph.n))))
    return Graph(indptr, heads.astype(np.int32), graph.labels), own, back


def _with_weights(
    base: LinearQuadratic | Participation, graph: Graph, weights: Reals
) -> LinearQuadratic | Participation:
    if isinstance(base, LinearQuadratic):
        return LinearQuadratic(
            graph, base.standalone, interaction=weights, lower=base.lower, upper=base.upper
        )
    return Participation(graph, base.benefit, support=weights, cost=base.cost)


def _by_inverse(
    altruism: Layer, indptr: NDArray[np.int64], columns: NDArray[np.int32]
) -> tuple[Reals, Reals, Reals]:
    """Return entries, diagonal and the bound on the errors in every row, from a dense inverse X.

    With R = I - (I - A) X of norm b < 1, B - X = X R (I - R)^-1: entries of row i are off by at most
    sum_k |X_ik| b / (1 - b).
    """
    n = altruism.graph.n
    system = np.eye(n) - altruism.matrix.toarray()
    try:
        inverse = np.linalg.inv(system)
    except np.linalg.LinAlgError:
        inverse = np.full((n, n), np.inf)
    with np.errstate(all="ignore"):
        sizes = np.abs(system).sum(axis=1)[:, None] * np.abs(inverse).max(axis=0)
        left = np.abs(np.eye(n) - system @ inverse) + rounding_of_sums(n) * (1 + sizes)
        norm = float(left.sum(axis=1).max())
    if not norm < _WORST:
        raise InvalidInputError(
            "altruism", "a system I - A too close to a singular one to be solved", verb="makes",
            allowed="of smaller weights",
        )  # fmt: skip
    source = np.repeat(np.arange(n), np.diff(indptr))
    slack = np.abs(inverse).sum(axis=1) * (1 + rounding_of_sums(n)) * norm / (1 - norm)
    return inverse[source, columns], np.diagonal(inverse).copy(), slack


@dataclass(frozen=True, slots=True)
class _Pushed:
    """What the pushes read, and the scratch memory of each thread."""

    arrays: tuple[Any, ...]
    rows: NDArray[np.int64]
    columns: NDArray[np.int32]
    scratch: Pool[tuple[Any, ...]] = field(repr=False)

    @classmethod
    def of(
        cls,
        altruism: Layer,
        vector: Reals,
        radius: float,
        tolerance: float,
        rows: NDArray[np.int64],
        columns: NDArray[np.int32],
    ) -> _Pushed:
        graph = altruism.graph
        rounding = rounding_of_sums(int(graph.in_degree.max(initial=0)))
        weights = np.atleast_1d(np.asarray(altruism.weights, dtype=np.float64))
        arrays = (graph.indptr, graph.indices, weights, vector, radius, tolerance, rounding)
        return cls(arrays, rows, columns, Pool(partial(_scratch, graph.n)))


def _scratch(n: int) -> tuple[Any, ...]:
    return np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.bool_), np.empty(n, dtype=np.int32)


def _push(shared: _Pushed, parameters: tuple[Any, ...], start: int, stop: int) -> tuple[NDArray[Any], ...]:
    """Return entries, diagonal, slack and work of rows start .. stop - 1."""
    first, last = shared.rows[start], shared.rows[stop]
    entries, work = np.zeros(last - first), np.zeros(2, dtype=np.int64)
    diagonal, slack = np.zeros(stop - start), np.zeros(stop - start)
    wanted: tuple[Any, ...] = (shared.rows, shared.columns, start, stop, entries, diagonal, slack, work)
    with shared.scratch.lend() as scratch:
        push_rows(*shared.arrays, *wanted, *scratch)
    return entries, diagonal, slack, work
