"""The independent cascade exactly: the whole distribution of its size, in fractions or in floats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from mechanism import Graph
from mechanism.campaign import Team
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.network import arc_probabilities
from mechanism.numbers import Number, exact, number, whole
from solvers.diffusion import nodes_of

__all__ = ["ExactSpread", "exact_spread"]

_MOST_STATES = 2_000_000


@dataclass(frozen=True, slots=True)
class ExactSpread:
    """The distribution of the number of active nodes.

    Attributes
    ----------
    spread : Number
        Expected active nodes, the seeds included.
    distribution : tuple of Number, length n + 1
        Chance of exactly k active nodes, at index k.
    members_by_depth : tuple of Number
        Expected nodes that become active at each depth; depth 0 are the seeds.
    """

    spread: Number
    distribution: tuple[Number, ...]
    members_by_depth: tuple[Number, ...]

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("active nodes", "chance"), left=0)
        for size, chance in enumerate(self.distribution):
            if chance:
                table.add_row(str(size), f"{float(chance):.6f}")
        return render("Exact distribution of the spread", table, footer=[f"spread {float(self.spread):,.6f}"])


def exact_spread(
    graph: Graph,
    seeds: ArrayLike | Team,
    *,
    probability: Number | Sequence[Number] | Literal["weighted"],
    max_depth: int | None = None,
) -> ExactSpread:
    """Return the exact distribution of the independent cascade.

    Parameters
    ----------
    graph : Graph
        A small network, or an out-tree of some thousand nodes below one seed.
    seeds : array_like of int or Team
        Numbers of the nodes that are active at the start, or a rule.
    probability : Number, "weighted", or sequence of Number, length m
        As `solvers.spread` takes it. Fractions, and "weighted", give exact rationals; floats give floats.
    max_depth : int, optional
        Stop after so many rounds.

    Returns
    -------
    ExactSpread

    Raises
    ------
    UnsupportedProblemError
        If more than two million states would have to be visited.

    Notes
    -----
    A Markov chain over pairs (nodes activated in the last round, active nodes): given these, whether each further
    node is activated is independent of the others. Up to about 20 nodes that are neither certain nor
    impossible. Where every node is reached by one way only, the generating functions of the sizes are
    multiplied instead, O(n^2).

    Examples
    --------
    >>> result = exact_spread(Graph.from_edges([0, 0, 1, 2], [1, 2, 3, 3]), [0], probability=Fraction(1, 2))
    >>> result.spread, [str(chance) for chance in result.distribution]
    (Fraction(39, 16), ['0', '1/4', '1/4', '5/16', '3/16'])
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    nodes = [int(node) for node in nodes_of(graph, seeds)]
    limit = graph.n if max_depth is None else whole(max_depth, argument="max_depth", least=0)
    chances = _chances(graph, probability)
    contacts: list[list[tuple[int, Number]]] = [
        [(int(graph.indices[arc]), chances[arc]) for arc in range(start, stop) if chances[arc]]
        for start, stop in pairwise(graph.indptr.tolist())
    ]
    if len(nodes) == 1 and limit >= graph.n - 1 and _is_out_tree(contacts, nodes[0]):
        sizes, depths = _tree(contacts, nodes[0])
    else:
        sizes, depths = _chain(contacts, nodes, limit)
    distribution = tuple(sizes.get(size, 0) for size in range(graph.n + 1))
    spread: Number = sum(
        (size * chance for size, chance in enumerate(distribution)), start=0 * distribution[-1]
    )
    while len(depths) > 1 and not depths[-1]:
        depths.pop()
    return ExactSpread(spread, distribution, tuple(depths))


def _chances(graph: Graph, probability: Any) -> list[Number]:
    """Return one chance per arc, in the number type that was given."""
    if isinstance(probability, str):
        if probability != "weighted":
            raise InvalidInputError(
                "probability", probability, allowed='a probability in [0, 1], one per arc, or "weighted"'
            )
        return [Fraction(1, int(degree)) for degree in graph.in_degree[graph.indices]]
    single = isinstance(probability, (int, float, Fraction, np.number))
    given = [probability] * graph.m if single else list(probability)
    arc_probabilities(np.array([float(p) for p in given]), graph.m, argument="probability")
    values = [number(p, argument="probability", allowed="a probability in [0, 1]") for p in given]
    return [exact(p) if isinstance(p, int) else p for p in values]


def _is_out_tree(contacts: list[list[tuple[int, Number]]], root: int) -> bool:
    """Return whether every node is reached from the root by one way only, and the root by none."""
    entered = [0] * len(contacts)
    for row in contacts:
        for other, _ in row:
            entered[other] += 1
    return entered[root] == 0 and max(entered) <= 1


def _tree(contacts: list[list[tuple[int, Number]]], root: int) -> tuple[dict[int, Number], list[Number]]:
    """Return the distribution of the size and the expected members by depth below a root."""
    order, depth = [root], {root: 0}
    reach: dict[int, Any] = {root: 1}
    for node in order:
        for other, chance in contacts[node]:
            order.append(other)
            reach[other] = reach[node] * chance
            depth[other] = depth[node] + 1
    members: list[Number] = [0] * (max(depth.values()) + 1)
    for node in order:
        members[depth[node]] = members[depth[node]] + reach[node]
    sizes: dict[int, Any] = {}
    for node in reversed(order):  # chance of k active nodes below and including this one, once it is active
        polynomial: Any = np.array([0, 1], dtype=object)
        for other, chance in contacts[node]:
            below = chance * sizes.pop(other)
            below[0] = below[0] + (1 - chance)
            polynomial = np.convolve(polynomial, below)
        sizes[node] = polynomial
    return dict(enumerate(sizes[root].tolist())), members


def _chain(
    contacts: list[list[tuple[int, Number]]], seeds: list[int], limit: int
) -> tuple[dict[int, Number], list[Number]]:
    """Return the same by following all states round by round."""
    start = sum(1 << seed for seed in seeds)
    states: dict[tuple[int, int], Any] = {(start, start): 1}
    sizes: dict[int, Any] = defaultdict(int)
    members: list[Any] = [len(seeds)]
    visited = 0
    for depth in range(limit + 1):
        following: dict[tuple[int, int], Any] = defaultdict(int)
        joined: Any = 0
        for (fresh, active), weight in states.items():
            spared: dict[int, Any] = {}
            for node in _bits(fresh) if depth < limit else ():
                for other, chance in contacts[node]:
                    if not active >> other & 1:
                        spared[other] = spared.get(other, 1) * (1 - chance)
            outcomes: list[tuple[int, Any]] = [(0, weight)]
            for other, miss in spared.items():
                bit, hit = 1 << other, 1 - miss
                if not miss:
                    outcomes = [(mask | bit, w) for mask, w in outcomes]
                else:
                    outcomes += [(mask | bit, w * hit) for mask, w in outcomes]
                    half = len(outcomes) // 2
                    outcomes[:half] = [(mask, w * miss) for mask, w in outcomes[:half]]
                joined = joined + weight * hit
                visited += len(outcomes)
                if visited > _MOST_STATES:
                    raise UnsupportedProblemError(
                        f"the exact distribution has more than {_MOST_STATES:,} states to visit: simulate with spread"
                    )
            for mask, chance in outcomes:
                if mask:
                    following[mask, active | mask] += chance
                else:
                    sizes[active.bit_count()] += chance
        members.append(joined)
        states = following
        if not states:
            break
    return dict(sizes), members


def _bits(mask: int) -> list[int]:
    return [place for place in range(mask.bit_length()) if mask >> place & 1]
