"""Who may be a seed, and what nodes are worth: the limits of a choice of seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph
from mechanism.campaign import Team
from mechanism.errors import InvalidInputError
from mechanism.numbers import number, whole
from mechanism.vectors import one_each
from solvers.coverage import Affordable, AtMost, Rule, WithinQuotas
from solvers.diffusion import nodes_of
from solvers.kernels.sketch import ACTIVE, BLOCKED

__all__ = ["barred_of", "rule_of", "walls_of", "worth_of"]

Ids = NDArray[np.int32]
Reals = NDArray[np.float64]
Marks = NDArray[np.int8]


def walls_of(graph: Graph, members: ArrayLike | Team | None, blocked: ArrayLike | None) -> Marks:
    """Return which nodes are never active, and which are from the start."""
    walls = np.zeros(graph.n, dtype=np.int8)
    if blocked is not None:
        walls[_some(graph, blocked, "blocked")] = BLOCKED
    if members is not None:
        active = _some(graph, members, "members")
        both = walls[active] == BLOCKED
        if both.any():
            first = int(np.argmax(both))
            raise InvalidInputError("members", int(active[first]), index=first, allowed="not blocked")
        walls[active] = ACTIVE
    return walls


def _some(graph: Graph, given: ArrayLike | Team, argument: str) -> Ids:
    """Return distinct numbers of nodes, which may be none."""
    if not hasattr(given, "select") and not np.size(given):
        return np.empty(0, dtype=np.int32)
    try:
        return nodes_of(graph, given)
    except InvalidInputError as error:
        raise InvalidInputError(argument, error.value, index=error.index, allowed=error.allowed) from None


def barred_of(graph: Graph, walls: Marks, candidates: ArrayLike | None) -> Marks:
    """Return which nodes may not be seeds; refuse if that are all."""
    barred: Marks = (walls != 0).astype(np.int8)
    if candidates is not None:
        others = np.ones(graph.n, dtype=bool)
        others[_some(graph, candidates, "candidates")] = False
        barred[others] = 1
    if barred.all():
        raise InvalidInputError(
            "candidates",
            "nobody",
            allowed="at least one node that is neither blocked nor active from the start",
        )
    return barred


def rule_of(
    graph: Graph,
    k: int | None,
    costs: float | ArrayLike | None,
    budget: float | None,
    groups: ArrayLike | None,
    quotas: Sequence[int] | None,
    barred: Marks,
) -> tuple[Rule, Reals | None]:
    """Return what may be chosen, and what nodes cost."""
    if (costs is None) != (budget is None):
        raise InvalidInputError("budget", budget, allowed="given together with costs")
    if (groups is None) != (quotas is None):
        raise InvalidInputError("quotas", quotas, allowed="given together with groups")
    if (k is None) == (costs is None):
        raise InvalidInputError("k", k, allowed="given without costs, or costs and a budget without k")
    if costs is not None and budget is not None:
        if groups is not None:
            raise InvalidInputError("groups", "with costs", allowed="given with k")
        prices = one_each("costs", costs, graph.n)
        if (prices <= 0).any():
            first = int(np.argmax(prices <= 0))
            raise InvalidInputError("costs", float(prices[first]), index=first, allowed="above 0")
        most = float(number(budget, argument="budget", allowed="a finite amount above 0"))
        cheapest = float(prices[barred == 0].min())
        if most < cheapest:
            raise InvalidInputError("budget", budget, allowed=f"at least {cheapest:g}, the cheapest seed")
        return Affordable(prices, most, barred), prices
    number_of_seeds = whole(k, argument="k")
    free = int(np.count_nonzero(barred == 0))
    if number_of_seeds > free:
        raise InvalidInputError("k", k, allowed=f"at most the {free} nodes that may be seeds")
    if groups is None or quotas is None:
        return AtMost(number_of_seeds, barred), None
    if np.ndim(quotas) != 1 or not np.size(quotas):
        raise InvalidInputError("quotas", quotas, allowed="a whole number for each group")
    most_of_each = [min(whole(q, argument=f"quotas[{i}]", least=0), graph.n) for i, q in enumerate(quotas)]
    quota = np.array(most_of_each, dtype=np.int64)
    group = np.asarray(groups)
    if group.shape != (graph.n,) or group.dtype.kind not in "iu":
        raise InvalidInputError("groups", group.shape, allowed=f"whole numbers, shape ({graph.n},)")
    outside = (group < 0) | (group >= len(quota))
    if outside.any():
        first = int(np.argmax(outside))
        raise InvalidInputError(
            "groups", int(group[first]), index=first, allowed=f"0 to {len(quota) - 1}, one quota for each"
        )
    if not quota[group[barred == 0]].any():
        raise InvalidInputError("quotas", quotas, allowed="above 0 for a group of somebody who may be a seed")
    return WithinQuotas(number_of_seeds, group.astype(np.int64), quota, barred), None


def worth_of(weights: ArrayLike, walls: Marks) -> Reals:
    """Return what nodes are worth; refuse if nobody is whose state is open."""
    worth = one_each("weights", weights, len(walls))
    if (worth < 0).any():
        first = int(np.argmax(worth < 0))
        raise InvalidInputError("weights", float(worth[first]), index=first, allowed="at least 0")
    if not worth[walls == 0].any():
        allowed = "above 0 for somebody who is neither blocked nor active from the start"
        raise InvalidInputError("weights", weights, allowed=allowed)
    return worth
