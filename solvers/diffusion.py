"""The plain diffusion models of the literature: how far an activation spreads from given seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph
from mechanism.campaign import Team
from mechanism.errors import InvalidInputError
from mechanism.network import arc_probabilities
from mechanism.numbers import whole
from solvers.engine import Arrays, Engine, Job, Pool, Progress, engine_of, run
from solvers.kernels import spread as kernels
from solvers.precision import Stop, check_precision, check_replicates, worlds_wanted
from solvers.seeds import Rng, seed_sequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Model", "Spread", "chances_of", "nodes_of", "spread", "weights_of"]

Chances = NDArray[np.float32]
Model = Literal["cascade", "threshold"]
_BINS = 1024  # depths that are counted at first; a block that goes deeper is played again
_weighted: WeakKeyDictionary[Graph, Chances] = WeakKeyDictionary()
"""One over the in-degree, arc by arc, for as long as the graph is in use."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How far an activation spread, over many worlds.

    Attributes
    ----------
    spread, stderr : float
        Expected number of active nodes, the seeds included, and its standard error.
    members_by_depth, members_by_depth_stderr : ndarray of float64, shape (deepest + 1,)
        Expected number of nodes that become active at each depth, the seeds at depth 0, and its
        standard error.
    replicates : int
        Simulated worlds.
    stop : Stop
        Why the simulation ended.
    sample : ndarray of int32, shape (replicates,)
        Active nodes world by world.
    work : dict of str to int
        ``members``: active nodes, ``arcs``: arcs that leave them, each of which had its chance, and ``fired``:
        those that took it (in the threshold model: arcs that met a node not yet active), all worlds together.
    """

    spread: float
    stderr: float
    members_by_depth: NDArray[np.float64]
    members_by_depth_stderr: NDArray[np.float64]
    replicates: int
    stop: Stop
    sample: NDArray[np.int32] = field(repr=False)
    work: dict[str, int]

    def __str__(self) -> str:
        from solvers.tables import spread_table

        return spread_table(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the active nodes by depth; return the axes."""
        from solvers.plots import plot_spread

        return plot_spread(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; without the sample."""
        return {
            "spread": self.spread,
            "stderr": self.stderr,
            "members_by_depth": self.members_by_depth.tolist(),
            "members_by_depth_stderr": self.members_by_depth_stderr.tolist(),
            "replicates": self.replicates,
            "stop": self.stop.name.lower(),
            "work": dict(self.work),
        }


def spread(
    graph: Graph,
    seeds: ArrayLike | Team,
    *,
    probability: float | ArrayLike | Literal["weighted"],
    replicates: int | None = None,
    precision: float | None = None,
    rng: Rng,
    model: Model = "cascade",
    max_depth: int | None = None,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Spread:
    """Simulate the independent cascade or the linear threshold model from given seeds.

    In the cascade each newly active node has one chance per arc to activate the node at its end. In the
    threshold model a node becomes active once the weights of its active in-neighbours reach a threshold,
    drawn uniformly once per node and world.

    Parameters
    ----------
    graph : Graph
        Arc u -> v: u can activate v.
    seeds : array_like of int or Team
        Numbers of the nodes that are active at the start, or a rule such as ``TopDegree(50)``.
    probability : float, "weighted", or array_like of float, shape (m,)
        Chance in [0, 1] that an arc fires: one for all, one over the in-degree of its end ("weighted"), or one
        per arc in the order of ``graph.indices``. In the threshold model these are weights, at most 1 in total
        for each node. Kept in single precision where they differ by arc.
    replicates : int, optional
        Worlds, at least 2.
    precision : float, optional
        Play as many worlds as bring the standard error to this fraction of the spread. One of
        `replicates` and `precision` is to be given.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    model : {"cascade", "threshold"}
        The model.
    max_depth : int, optional
        Stop after so many rounds.
    engine : int or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Spread
        After an interrupt from the keyboard, of the worlds played until then (``stop`` says so).

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    Notes
    -----
    With one chance p for all arcs a world costs one step per active node and per arc that fires: geometric gaps
    lead from one success to the next (Guo et al. 2020 do so in sketches). Otherwise it costs a coin per arc of an
    active node, many of them tossed at a time. Memory: 4 bytes per arc for chances that differ, 5 bytes per node
    and thread.

    References
    ----------
    Kempe, Kleinberg and Tardos, "Maximizing the spread of influence through a social network", KDD 2003.
    Guo, Wang, Wei and Chen, "Influence maximization revisited", SIGMOD 2020.

    Examples
    --------
    >>> path = Graph.from_edges([0, 1, 2], [1, 2, 3])
    >>> result = spread(path, [0], probability=0.5, replicates=100_000, rng=7)
    >>> round(result.spread, 2), round(float(result.members_by_depth[2]), 2)  # 1 + 1/2 + 1/4 + 1/8
    (1.88, 0.25)
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    if model not in ("cascade", "threshold"):
        raise InvalidInputError("model", model, allowed='"cascade" or "threshold"')
    nodes = nodes_of(graph, seeds)
    chance = chances_of(graph, probability)
    if model == "threshold":
        chance = weights_of(graph, chance)
    depth = graph.n if max_depth is None else whole(max_depth, argument="max_depth", least=0)
    if (replicates is None) == (precision is None):
        raise InvalidInputError(
            "precision", precision, allowed="given without replicates, or replicates without precision"
        )
    count = None if replicates is None else check_replicates(replicates)
    wanted_precision = None if precision is None else check_precision(precision)
    key = seed_sequence(rng).generate_state(2, np.uint64).astype(np.uint64)
    tally = _Tally(_Stage(graph, nodes, chance, model, key), depth, engine_of(engine), progress)
    if count is not None:
        tally.play(count)
        return tally.result(Stop.REPLICATES)
    while True:
        count, stop = worlds_wanted(tally.sizes, wanted_precision or 0.0)
        missing = count - len(tally.sizes)
        if not missing or not tally.play(missing):
            return tally.result(stop)


def nodes_of(graph: Graph, seeds: ArrayLike | Team) -> NDArray[np.int32]:
    """Return the seeds as distinct numbers of nodes."""
    given = np.asarray(seeds.select(graph) if hasattr(seeds, "select") else seeds)
    allowed = f"distinct numbers of nodes, 0..{graph.n - 1}, at least one"
    if given.ndim != 1 or given.dtype.kind not in "iu" or not given.size:
        raise InvalidInputError("seeds", seeds, allowed=allowed)
    outside = (given < 0) | (given >= graph.n)
    if outside.any():
        first = int(outside.argmax())
        raise InvalidInputError("seeds", int(given[first]), index=first, allowed=allowed)
    values, firsts = np.unique(given, return_index=True)
    if len(values) < len(given):
        repeated = np.ones(len(given), dtype=bool)
        repeated[firsts] = False
        first = int(repeated.argmax())
        raise InvalidInputError("seeds", int(given[first]), index=first, allowed=allowed)
    return given.astype(np.int32)


def chances_of(graph: Graph, probability: float | ArrayLike | Literal["weighted"]) -> float | Chances:
    """Return one chance for all arcs, or one per arc in single precision."""
    if isinstance(probability, str):
        if probability != "weighted":
            raise InvalidInputError(
                "probability", probability, allowed='a probability in [0, 1], one per arc, or "weighted"'
            )
        if graph not in _weighted:
            inverse = np.float32(1) / np.maximum(graph.in_degree, 1).astype(np.float32)
            _weighted[graph] = inverse[graph.indices]
        return _weighted[graph]
    chance = arc_probabilities(probability, graph.m, argument="probability")
    return chance if isinstance(chance, float) else chance.astype(np.float32, copy=False)


def weights_of(graph: Graph, chance: float | Chances) -> Chances:
    """Return the weights of the threshold model; refuse what adds up to more than 1 at a node."""
    weights = np.full(graph.m, chance, dtype=np.float32) if isinstance(chance, float) else chance
    total = np.bincount(graph.indices, weights=weights, minlength=graph.n)
    over = total > 1 + 1e-5
    if over.any():
        first = int(over.argmax())
        raise InvalidInputError(
            "probability",
            f"{total[first]:g} over the arcs into node {first}",
            allowed="at most 1 in total into each node, in the threshold model",
            verb="adds up to",
        )
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """What all worlds have in common; sent to other processes once."""

    graph: Graph
    seeds: NDArray[np.int32]
    chance: float | Chances
    model: Model
    key: NDArray[np.uint64]
    scratch: Pool[Arrays] = field(init=False)

    def __post_init__(self) -> None:
        make = partial(_scratch, self.graph.n, thresholds=self.model == "threshold")
        object.__setattr__(self, "scratch", Pool(make))


def _scratch(n: int, *, thresholds: bool) -> Arrays:
    marks = np.zeros(n // 64 + 1, dtype=np.uint64), np.empty(n, dtype=np.int32)
    return (*marks, np.zeros(n)) if thresholds else marks


def _block(stage: _Stage, parameters: tuple[int, ...], start: int, stop: int) -> Arrays:
    """Play worlds start .. stop - 1; return sizes, sums by depth, sums of squares by depth, and work."""
    (max_depth,) = parameters
    graph, chance = stage.graph, stage.chance
    bins = min(_BINS, graph.n, max_depth + 1)
    while True:
        sizes = np.empty(stop - start, dtype=np.int32)
        levels, squares = np.zeros(bins, dtype=np.int64), np.zeros(bins, dtype=np.int64)
        work = np.zeros(3, dtype=np.int64)
        with stage.scratch.lend() as (active, queue, *influence):
            if isinstance(chance, float):
                deeper = kernels.spread_alike(
                    graph.indptr, graph.indices, _inverse_hazard(chance), stage.seeds, stage.key, start,
                    max_depth, sizes, levels, squares, work, active, queue,
                )  # fmt: skip
            elif stage.model == "cascade":
                deeper = kernels.spread_coins(
                    graph.indptr, graph.indices, chance, stage.seeds, stage.key, start,
                    max_depth, sizes, levels, squares, work, active, queue,
                )  # fmt: skip
            else:
                deeper = kernels.spread_thresholds(
                    graph.indptr, graph.indices, chance, stage.seeds, stage.key, start,
                    max_depth, sizes, levels, squares, work, active, queue, *influence,
                )  # fmt: skip
        if not deeper:
            depths = int(np.flatnonzero(levels)[-1]) + 1
            return sizes, levels[:depths], squares[:depths], work
        bins = min(2 * bins, graph.n, max_depth + 1)


def _inverse_hazard(chance: float) -> float:
    """Return -1 / log(1 - p): 0 where every arc fires, inf where none does."""
    with np.errstate(divide="ignore"):
        return float(-1.0 / np.log1p(-np.float64(chance))) if chance > 0 else float("inf")


class _Tally:
    """Counts that grow with the worlds played; sums are whole numbers, so that their order does not matter."""

    def __init__(self, stage: _Stage, max_depth: int, engine: Engine, progress: Progress | None) -> None:
        self.job = Job(_block, stage, (max_depth,))
        self.engine, self.progress = engine, progress
        self.sizes = np.empty(0, dtype=np.int32)
        self.levels: list[int] = []
        self.squares: list[int] = []
        self.work = np.zeros(3, dtype=np.int64)
        self.interrupted = False

    def play(self, count: int) -> bool:
        """Play `count` more worlds; return False after an interrupt."""
        done = len(self.sizes)
        outcome = run(
            self.job, count, engine=self.engine, first=done, progress=self.progress, interruptible=True
        )
        if not outcome.worlds and not done:
            raise KeyboardInterrupt
        self.sizes = np.concatenate((self.sizes, *(block[0] for block in outcome.blocks)))
        for _, levels, squares, work in outcome.blocks:
            self.levels = _add(self.levels, levels)
            self.squares = _add(self.squares, squares)
            self.work += work
        self.interrupted = outcome.interrupted
        return not outcome.interrupted

    def result(self, stop: Stop) -> Spread:
        """Return what the worlds show."""
        count = len(self.sizes)
        deepest = max(depth for depth, total in enumerate(self.levels) if total)
        levels, squares = self.levels[: deepest + 1], self.squares[: deepest + 1]
        sizes = self.sizes.astype(np.float64)
        # Whole numbers of any length: exact before the one rounding.
        scale = count * count * max(count - 1, 1)
        variances = [(count * q - s * s) / scale for s, q in zip(levels, squares, strict=True)]
        return Spread(
            spread=float(sizes.mean()),
            stderr=float(sizes.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan"),
            members_by_depth=_frozen(np.array([total / count for total in levels])),
            members_by_depth_stderr=_frozen(np.sqrt(variances)),
            replicates=count,
            stop=Stop.INTERRUPTED if self.interrupted else stop,
            sample=_frozen(self.sizes),
            work=dict(zip(("members", "arcs", "fired"), self.work.tolist(), strict=True)),
        )


def _add(total: list[int], counts: NDArray[np.int64]) -> list[int]:
    longer = max(len(total), len(counts))
    padded = total + [0] * (longer - len(total))
    for depth, count in enumerate(counts.tolist()):
        padded[depth] += count
    return padded


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
