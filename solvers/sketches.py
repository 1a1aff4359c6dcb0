"""Reverse-reachable sketches of a diffusion model: drawn in parallel, stored flat, the same bits on any engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph
from solvers.diffusion import Model, chances_of, weights_of
from solvers.engine import Arrays, Engine, Job, Pool, Progress, run
from solvers.kernels import sketch as kernels
from solvers.kernels.coverage import invert

__all__ = ["Sampler", "Sketches"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
_ROOM = 1 << 16  # nodes for which a block has room at first, besides those of one sketch
_reversed: WeakKeyDictionary[Graph, tuple[Longs, Ids]] = WeakKeyDictionary()
"""The arcs of a graph turned round, for as long as the graph is in use."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketches:
    """Sets of nodes, each of which would have reached a random node.

    Attributes
    ----------
    n : int
        Nodes of the graph.
    number : int
        Sketches drawn.
    met : int
        Those that hold a node which is active from the start; they are not stored.
    pointers : ndarray of int64, shape (stored + 1,)
        The nodes of stored sketch s are ``nodes[pointers[s]:pointers[s + 1]]``.
    nodes : ndarray of int32
        Nodes, sketch by sketch.
    """

    n: int
    number: int
    met: int
    pointers: Longs
    nodes: Ids

    def counts(self) -> Longs:
        """Return how many stored sketches hold each node, int64 of shape (n,)."""
        return np.bincount(self.nodes, minlength=self.n)

    def by_node(self, counts: Longs) -> tuple[Longs, Ids]:
        """Return the sketches of every node: where they start, int64 of shape (n + 1,), and their numbers, int32."""
        starts = np.zeros(self.n + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        sketches = np.empty(len(self.nodes), dtype=np.int32)
        invert(self.pointers, self.nodes, starts[:-1].copy(), sketches)
        return starts, sketches

    def covered(self, seeds: Ids) -> int:
        """Return how many stored sketches hold one of some nodes."""
        chosen = np.zeros(self.n, dtype=bool)
        chosen[seeds] = True
        hits = np.flatnonzero(chosen[self.nodes])
        return int(np.count_nonzero(np.diff(np.searchsorted(self.pointers, hits, side="right"), prepend=0)))

    def joined(self, other: Sketches) -> Sketches:
        """Return these sketches followed by others."""
        pointers = np.concatenate((self.pointers, other.pointers[1:] + self.pointers[-1]))
        nodes = np.concatenate((self.nodes, other.nodes))
        return Sketches(self.n, self.number + other.number, self.met + other.met, pointers, nodes)


class Sampler:
    """Draws sketches of one model on one graph.

    Parameters
    ----------
    graph : Graph
        Arc u -> v: u can activate v.
    probability : float, "weighted", or array_like of float, shape (m,)
        As `solvers.spread` takes it.
    model : {"cascade", "threshold"}
        The model.
    weights : ndarray of float64, shape (n,), optional
        Chances of nodes to be the root, in proportion; all alike by default.
    walls : ndarray of int8, shape (n,), optional
        `BLOCKED` for nodes that are never active, `ACTIVE` for those that are from the start.
    max_depth : int
        Most arcs between a node and those it activates.
    key : ndarray of uint64, shape (2,)
        Names the sketches.

    Notes
    -----
    Where the arcs into a node have one chance, a sketch takes O(nodes + arcs that fire), else a coin for each arc met.
    Turning the arcs round takes O(n + m), once for as long as the graph is in use.
    """

    def __init__(
        self,
        graph: Graph,
        probability: float | ArrayLike | Literal["weighted"],
        *,
        model: Model = "cascade",
        weights: Reals | None = None,
        walls: NDArray[np.int8] | None = None,
        max_depth: int,
        key: NDArray[np.uint64],
    ) -> None:
        self.graph = graph
        pointers, sources = _turned_round(graph)
        kernel, numbers = _kernel(graph, probability, model, np.diff(pointers))
        roots = np.empty(0) if weights is None else np.cumsum(weights, dtype=np.float64)
        walls = np.empty(0, dtype=np.int8) if walls is None else walls
        self.stage = _Stage(kernel, pointers, sources, numbers, roots, walls, key, max_depth)

    def draw(
        self,
        first: int,
        count: int,
        *,
        engine: Engine,
        progress: Progress | None = None,
        stage: str = "sketches",
    ) -> Sketches:
        """Draw sketches ``first .. first + count - 1``."""
        job = Job(_block, self.stage)
        outcome = run(job, count, engine=engine, first=first, least=256, progress=progress, stage=stage)
        sizes = np.concatenate([block[0] for block in outcome.blocks])
        nodes = np.concatenate([block[1] for block in outcome.blocks])
        stored = sizes[sizes != kernels.MET]
        pointers = np.zeros(len(stored) + 1, dtype=np.int64)
        np.cumsum(stored, out=pointers[1:])
        return Sketches(self.graph.n, count, count - len(stored), pointers, nodes)


def _turned_round(graph: Graph) -> tuple[Longs, Ids]:
    """Return the arcs into every node: where they are, and where they begin."""
    if graph not in _reversed:
        pointers = np.zeros(graph.n + 1, dtype=np.int64)
        np.cumsum(graph.in_degree, out=pointers[1:])
        sources = np.empty(graph.m, dtype=np.int32)
        invert(graph.indptr, graph.indices, pointers[:-1].copy(), sources)
        _reversed[graph] = pointers, sources
    return _reversed[graph]


def _kernel(
    graph: Graph, probability: float | ArrayLike | Literal["weighted"], model: Model, in_degree: Longs
) -> tuple[str, NDArray[Any]]:
    """Return the name of the kernel for a model, and the numbers it needs."""
    if model == "cascade" and (isinstance(probability, str) or np.ndim(probability) == 0):
        if isinstance(probability, str) and probability == "weighted":
            by_degree = 1 / np.maximum(np.arange(int(in_degree.max(initial=0)) + 1), 1)
        else:
            by_degree = np.atleast_1d(chances_of(graph, probability))
        with np.errstate(divide="ignore"):
            return "sketch_alike", -np.log1p(-by_degree.astype(np.float64))
    chances = chances_of(graph, probability)
    if model == "threshold":
        chances = weights_of(graph, chances)
    by_end = np.argsort(graph.indices, kind="stable")
    return "sketch_coins" if model == "cascade" else "sketch_walks", np.asarray(chances)[by_end]


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """What all sketches have in common; sent to other processes once."""

    kernel: str
    pointers: Longs
    sources: Ids
    numbers: NDArray[Any]
    roots: Reals
    walls: NDArray[np.int8]
    key: NDArray[np.uint64]
    max_depth: int
    scratch: Pool[NDArray[np.uint64]] = field(init=False)

    def __post_init__(self) -> None:
        words = len(self.pointers) // 64 + 1
        object.__setattr__(self, "scratch", Pool(partial(np.zeros, words, dtype=np.uint64)))


def _block(stage: _Stage, parameters: tuple[()], start: int, stop: int) -> Arrays:
    """Draw sketches start .. stop - 1; return their sizes and nodes."""
    kernel, n = getattr(kernels, stage.kernel), len(stage.pointers) - 1
    sizes = np.empty(stop - start, dtype=np.int32)
    parts, done, room = [], 0, _ROOM
    with stage.scratch.lend() as active:
        while done < len(sizes):
            nodes = np.empty(n + room, dtype=np.int32)
            made, stored = kernel(
                stage.pointers, stage.sources, stage.numbers, stage.roots, stage.walls, stage.key,
                start + done, stage.max_depth, sizes[done:], nodes, active,
            )  # fmt: skip
            parts.append(nodes[:stored].copy())
            done, room = done + made, 4 * room
    return sizes, np.concatenate(parts)
