"""Rules of thumb for choosing seeds, and what certified seeds are worth beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph, Layer, TopDegree
from mechanism.campaign import Team
from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import whole
from solvers.diffusion import Model, Spread, nodes_of, spread
from solvers.engine import Engine, Progress
from solvers.kernels.core import peel_cores
from solvers.precision import check_replicates
from solvers.seeding import seed
from solvers.seeds import Rng, child, seed_sequence

__all__ = ["Baseline", "SeedComparison", "baseline_seeds", "compare_seeds", "core_numbers", "page_rank"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
Baseline = Literal["degree", "pagerank", "core", "random"]


def baseline_seeds(graph: Graph, k: int, rule: Baseline, *, rng: Rng = 0) -> Ids:
    """Return k seeds by a rule of thumb.

    Parameters
    ----------
    graph : Graph
        Arc u -> v: u can activate v.
    k : int
        How many.
    rule : {"degree", "pagerank", "core", "random"}
        Most contacts; highest PageRank with arcs turned round, so that who activates important nodes is important;
        highest core number, ties by contacts; or at random. Further ties go to the smallest number.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Of use with "random" alone.

    Returns
    -------
    ndarray of int32, shape (k,)

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    Examples
    --------
    >>> baseline_seeds(Graph.from_edges([0, 0, 1], [1, 2, 2]), 1, "pagerank").tolist()
    [0]
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    wanted = whole(k, argument="k")
    if wanted > graph.n:
        raise InvalidInputError("k", k, allowed=f"at most the {graph.n} nodes of the graph")
    if rule == "degree":
        return TopDegree(wanted).select(graph)
    if rule == "pagerank":
        return np.argsort(-page_rank(graph), kind="stable")[:wanted].astype(np.int32)
    if rule == "core":
        order = np.lexsort((np.arange(graph.n), -graph.out_degree, -core_numbers(graph)))
        return order[:wanted].astype(np.int32)
    if rule == "random":
        chosen = np.random.default_rng(seed_sequence(rng)).choice(graph.n, wanted, replace=False)
        return chosen.astype(np.int32)
    raise InvalidInputError("rule", rule, allowed=f"one of {', '.join(get_args(Baseline))}")


def page_rank(
    graph: Graph, *, damping: float = 0.85, tolerance: float = 1e-10, max_passes: int = 1000
) -> Reals:
    """Return PageRank with arcs turned round: a walker goes from who is activated to who activates.

    Parameters
    ----------
    graph : Graph
        Arc u -> v: u can activate v.
    damping : float
        Chance that the walker follows an arc, in [0, 1); else, and where nobody activates a node, it starts anew.
    tolerance : float
        Largest sum of changes in the last pass.
    max_passes : int
        Most passes over the arcs.

    Returns
    -------
    ndarray of float64, shape (n,)
        Chances that add up to 1.

    References
    ----------
    Brin and Page, "The anatomy of a large-scale hypertextual web search engine", 1998.
    """
    if not 0 <= damping < 1:
        raise InvalidInputError("damping", damping, allowed="at least 0 and below 1")
    passes = whole(max_passes, argument="max_passes")
    in_degree = graph.in_degree
    share = damping / np.maximum(in_degree, 1)
    matrix = Layer(graph, 1.0).matrix
    rank: Reals = np.full(graph.n, 1 / graph.n)
    for _ in range(passes):
        new = matrix @ (share * rank)
        new += (1 - float(new.sum())) / graph.n  # also the share of those whom nobody activates
        change = float(np.abs(new - rank).sum())
        rank = new
        if change <= tolerance:
            return rank
    raise SolveError(f"PageRank still changes by {change:.2g} after {passes} passes", solution=rank)


def core_numbers(graph: Graph) -> Longs:
    """Return the core number of every node, arcs taken as ties in both directions.

    Returns
    -------
    ndarray of int64, shape (n,)

    Notes
    -----
    O(n + m).

    References
    ----------
    Seidman, "Network structure and minimum degree", 1983.

    Examples
    --------
    >>> core_numbers(Graph.from_edges([0, 1, 2, 2], [1, 2, 0, 3])).tolist()
    [2, 2, 2, 1]
    """
    matrix = Layer(graph, 1.0).matrix
    ties = (matrix + matrix.T).tocsr()
    ties.setdiag(0)
    ties.eliminate_zeros()
    degree: Longs = np.diff(ties.indptr).astype(np.int64)
    order = np.argsort(degree, kind="stable").astype(np.int64)
    place = np.empty(graph.n, dtype=np.int64)
    place[order] = np.arange(graph.n)
    first = np.searchsorted(degree[order], np.arange(int(degree.max(initial=0)) + 2)).astype(np.int64)
    peel_cores(ties.indptr.astype(np.int64), ties.indices.astype(np.int32), degree, order, place, first)
    return degree


@dataclass(frozen=True, slots=True, eq=False)
class SeedComparison:
    """How far seeds of several kinds spread, in the same number of fresh worlds.

    Attributes
    ----------
    names : tuple of str
        The kinds.
    seeds : tuple of ndarray of int32
        Their seeds.
    spreads : tuple of Spread
        Their spreads.
    ratio : float
        What the certified seeds, the first kind, are guaranteed of the best spread.
    """

    names: tuple[str, ...]
    seeds: tuple[Ids, ...]
    spreads: tuple[Spread, ...]
    ratio: float

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("seeds", "spread", "s.e.", "of the certified", "in common"))
        best, chosen = self.spreads[0].spread, set(self.seeds[0].tolist())
        for name, seeds, result in zip(self.names, self.seeds, self.spreads, strict=True):
            common = len(chosen & set(seeds.tolist()))
            share = f"{100 * result.spread / best:.1f} %"
            table.add_row(
                name, f"{result.spread:,.1f}", f"{result.stderr:.1f}", share, f"{common} of {len(seeds)}"
            )
        footer = [f"certified: at least {self.ratio:.3f} of the best spread"]
        return render(f"Spread of {len(self.seeds[0])} seeds", table, footer=footer)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain Python values, ready for JSON."""
        return {
            "ratio": self.ratio,
            "rows": [
                {"name": name, "seeds": seeds.tolist(), "spread": result.spread, "stderr": result.stderr}
                for name, seeds, result in zip(self.names, self.seeds, self.spreads, strict=True)
            ],
        }


def compare_seeds(
    graph: Graph,
    k: int,
    *,
    probability: float | ArrayLike | Literal["weighted"],
    rng: Rng,
    replicates: int = 10_000,
    epsilon: float = 0.1,
    model: Model = "cascade",
    max_depth: int | None = None,
    others: dict[str, ArrayLike | Team] | None = None,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> SeedComparison:
    """Compare certified seeds with those of the rules of thumb, in fresh worlds.

    Parameters
    ----------
    graph, k, probability, epsilon, model, max_depth, engine, progress
        As in `seed`.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names sketches and worlds.
    replicates : int
        Worlds for each kind of seeds.
    others : dict of str to array_like of int or Team, optional
        Further seeds by name, such as those of `celf`.

    Returns
    -------
    SeedComparison

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    worlds, root = check_replicates(replicates), seed_sequence(rng)
    further = {name: _further(graph, name, seeds) for name, seeds in (others or {}).items()}
    best = seed(
        graph, k, probability=probability, epsilon=epsilon, model=model, max_depth=max_depth, engine=engine,
        progress=progress, rng=child(root, 0),
    )  # fmt: skip
    kinds = {"certified": best.seeds}
    kinds |= {rule: baseline_seeds(graph, k, rule, rng=child(root, 1)) for rule in get_args(Baseline)}
    kinds |= further
    spreads = tuple(
        spread(
            graph, seeds, probability=probability, replicates=worlds, model=model, max_depth=max_depth,
            engine=engine, progress=progress, rng=child(root, 2 + place),
        )
        for place, seeds in enumerate(kinds.values())
    )  # fmt: skip
    return SeedComparison(tuple(kinds), tuple(kinds.values()), spreads, best.ratio)


def _further(graph: Graph, name: str, seeds: ArrayLike | Team) -> Ids:
    """Return seeds that were given under a name."""
    if name in ("certified", *get_args(Baseline)):
        raise InvalidInputError("others", name, allowed="seeds under names that are not in the table anyway")
    try:
        return nodes_of(graph, seeds)
    except InvalidInputError as error:
        raise InvalidInputError("others", error.value, index=name, allowed=error.allowed) from None
