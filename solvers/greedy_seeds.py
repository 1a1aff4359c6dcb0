"""Greedy seeds by simulation or exactly, node by node: the baseline that sketches are measured against."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph
from mechanism.errors import InvalidInputError
from mechanism.numbers import whole
from solvers.diffusion import Model, spread
from solvers.engine import Engine, Progress
from solvers.exact_diffusion import exact_spread
from solvers.precision import check_replicates
from solvers.seeds import Rng, child, seed_sequence

__all__ = ["GreedySeeds", "celf"]


@dataclass(frozen=True, slots=True, eq=False)
class GreedySeeds:
    """Seeds chosen one after another, each for what it adds.

    Attributes
    ----------
    graph : Graph
        The graph.
    seeds : ndarray of int32, shape (k,)
        Their numbers, in the order of their choice.
    gains : ndarray of float64, shape (k,)
        What each added to the spread, as it was estimated then.
    evaluations : int
        Spreads that were computed.
    replicates : int or None
        Worlds for each; None if spreads are exact.
    """

    graph: Graph
    seeds: NDArray[np.int32]
    gains: NDArray[np.float64]
    evaluations: int
    replicates: int | None

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("seed", "adds"), left=1)
        for label, gain in zip(self.graph.labels[self.seeds].tolist(), self.gains.tolist(), strict=True):
            table.add_row(str(label), f"{gain:,.4f}")
        how = "exact spreads" if self.replicates is None else f"spreads over {self.replicates:,} worlds"
        return render("Greedy seeds", table, footer=[f"{self.evaluations:,} {how}"])

    def select(self, graph: Graph) -> NDArray[np.int32]:
        """Return the seeds: a result is a `Team` of campaigns on the same graph."""
        if graph is not self.graph and not np.array_equal(graph.labels, self.graph.labels):
            raise InvalidInputError("team", self.graph, allowed="seeds chosen on the graph of the campaign")
        return self.seeds

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "seeds": self.graph.labels[self.seeds].tolist(),
            "gains": self.gains.tolist(),
            "evaluations": self.evaluations,
            "replicates": self.replicates,
        }


def celf(
    graph: Graph,
    k: int,
    *,
    probability: float | ArrayLike | Literal["weighted"],
    replicates: int | None,
    rng: Rng = 0,
    model: Model = "cascade",
    max_depth: int | None = None,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> GreedySeeds:
    """Choose seeds greedily, evaluating a node again only when its turn may have come.

    Parameters
    ----------
    graph : Graph
        Arc u -> v: u can activate v.
    k : int
        How many seeds.
    probability : float, "weighted", or array_like of float, shape (m,)
        As in `spread`.
    replicates : int or None
        Worlds that each spread is simulated in, at least 2; None for exact spreads, on small graphs only.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    model : {"cascade", "threshold"}
        The model; exact spreads are those of the cascade.
    max_depth : int, optional
        Most rounds of the diffusion.
    engine, progress
        As in `spread`.

    Returns
    -------
    GreedySeeds

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    Notes
    -----
    Spread is submodular, so what a node adds never grows as others are chosen (Leskovec, Krause, Guestrin, Faloutsos,
    VanBriesen and Glance 2007). At least n spreads are evaluated: hopeless for large graphs, a yardstick for small
    ones. Simulated gains carry the noise of their worlds. Exact spreads make it the greedy algorithm itself, at least
    1 - 1/e of the best.

    Examples
    --------
    >>> star = Graph.from_edges([0] * 9, range(1, 10))
    >>> celf(star, 2, probability=0.5, replicates=None).gains.tolist()
    [5.5, 0.5]
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    wanted = whole(k, argument="k")
    if wanted > graph.n:
        raise InvalidInputError("k", k, allowed=f"at most the {graph.n} nodes of the graph")
    if replicates is None and model != "cascade":
        raise InvalidInputError("model", model, allowed='"cascade" where spreads are exact')
    worlds = None if replicates is None else check_replicates(replicates)
    root, evaluations = seed_sequence(rng), 0

    def value(seeds: list[int]) -> float:
        nonlocal evaluations
        evaluations += 1
        if worlds is None:
            return float(exact_spread(graph, seeds, probability=probability, max_depth=max_depth).spread)  # type: ignore[arg-type]
        return spread(
            graph, seeds, probability=probability, replicates=worlds, rng=child(root, evaluations), model=model,
            max_depth=max_depth, engine=engine,
        ).spread  # fmt: skip

    queue = []
    for node in range(graph.n):
        queue.append((-value([node]), node, 0))
        if progress is not None:
            progress("spreads of one seed", node + 1, graph.n)
    heapq.heapify(queue)
    seeds: list[int] = []
    gains: list[float] = []
    reached = 0.0
    while len(seeds) < wanted:
        gain, node, seen = heapq.heappop(queue)
        if seen < len(seeds):
            heapq.heappush(queue, (reached - value([*seeds, node]), node, len(seeds)))
            continue
        seeds.append(node)
        gains.append(-gain)
        reached -= gain
        if progress is not None:
            progress("seeds", len(seeds), wanted)
    found, added = np.array(seeds, dtype=np.int32), np.array(gains)
    found.flags.writeable = added.flags.writeable = False
    return GreedySeeds(graph, found, added, evaluations, worlds)
