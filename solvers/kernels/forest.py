"""One pass over a referral forest from the leaves up, with the scheme's own functions compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, cast

import numba
import numpy as np
from numpy.typing import NDArray

from mechanism import numbers
from solvers.kernels.binding import bind

__all__ = ["Walk", "add_levels", "compiled_walk"]

Walk = Callable[..., None]
"""(parents, order, contributions, parameters, below, rewards) -> None; `below` must be 0."""


def _power(x: Any, exponent: Any) -> Any:
    return x if x == 0 else x**exponent


_IN_FLOAT64: dict[Any, Any] = {numbers.log: math.log, numbers.power: numba.njit(_power)}
"""What stands for functions that choose by the type of a number."""


@cache
def compiled_walk(message: Callable[..., Any], pay: Callable[..., Any], *, local: bool, width: int) -> Walk:
    """Return the pass for the functions of one family; compiled when it is first called, once per process.

    Parameters
    ----------
    message, pay : callable
        As `mechanism.schemes.TreeScheme` describes them.
    local : bool
        Whether the functions are given None for total and depth.
    width : int
        Numbers in a message.

    Notes
    -----
    One visit per member, O(1) memory beyond the arrays; another O(n) integers for depths unless local. Not cached
    on disk: machine code there would outlive an edit of the family.
    """
    send, earn = _compile(message), _compile(pay)
    widths = tuple(range(width))

    def visit(
        u: int,
        parents: NDArray[np.int64],
        contributions: NDArray[np.float64],
        parameters: Any,
        total: Any,
        depth: Any,
        below: NDArray[np.float64],
        rewards: NDArray[np.float64],
    ) -> None:
        rewards[u] = earn(parameters, contributions[u], below[u], total, depth)
        above = parents[u]
        if above >= 0:
            sent = send(parameters, contributions[u], below[u], total, depth)
            for k in widths:
                below[above, k] += sent[k]

    step = _compile(visit)

    def walk_local(
        parents: NDArray[np.int64],
        order: NDArray[np.int64],
        contributions: NDArray[np.float64],
        parameters: Any,
        below: NDArray[np.float64],
        rewards: NDArray[np.float64],
    ) -> None:
        n = len(parents)
        for i in range(n - 1, -1, -1):
            u = order[i] if len(order) else i
            step(u, parents, contributions, parameters, None, None, below, rewards)

    def walk_with_depths(
        parents: NDArray[np.int64],
        order: NDArray[np.int64],
        contributions: NDArray[np.float64],
        parameters: Any,
        below: NDArray[np.float64],
        rewards: NDArray[np.float64],
    ) -> None:
        n = len(parents)
        total = 0.0
        depths = np.ones(n, dtype=np.int64)
        for u in range(n):
            total += contributions[u]
        for i in range(n):
            u = order[i] if len(order) else i
            if parents[u] >= 0:
                depths[u] = depths[parents[u]] + 1
        for i in range(n - 1, -1, -1):
            u = order[i] if len(order) else i
            step(u, parents, contributions, parameters, total, depths[u], below, rewards)

    walk: Walk = _compile(walk_local if local else walk_with_depths)
    return walk


def _compile(function: Callable[..., Any]) -> Any:
    """Compile a function and the plain functions that it calls by their global names."""
    given = cast(FunctionType, function)
    space = given.__globals__ | {
        name: _IN_FLOAT64[called] if called in _IN_FLOAT64 else _compile(called)
        for name in given.__code__.co_names
        if isinstance(called := given.__globals__.get(name), FunctionType)
    }
    copy = FunctionType(given.__code__, space, given.__name__, given.__defaults__, given.__closure__)
    return numba.njit(nogil=True, error_model="numpy")(copy)


def _add_levels(
    parents: NDArray[np.int64],
    order: NDArray[np.int64],
    contributions: NDArray[np.float64],
    table: NDArray[np.float64],
    levels: NDArray[np.float64],
    rewards: NDArray[np.float64],
) -> None:
    """Share every contribution along the line above it by a table.

    Symbols
    -------
    parents        int64[n]        recruiters, -1 for a root
    order          int64[n] or [0] every member after its recruiter; empty if 0..n - 1 is such an order
    contributions  float64[n]
    table          float64[H, H]   share of a contribution at depth l for the member j above it, at [l - 1, j]
    levels         float64[n, H]   receives what is contributed 1, 2, ... levels below; must be 0
    rewards        float64[n]      receives what members are paid

    Notes
    -----
    O(n H) time, O(n) memory beyond the arrays; the additions of `AdditiveTree.evaluate` in the same order.
    """
    n, longest = len(parents), len(table)
    depths = np.ones(n, dtype=np.int64)
    for i in range(n):
        u = order[i] if len(order) else i
        if parents[u] >= 0:
            depths[u] = depths[parents[u]] + 1
    for i in range(n - 1, -1, -1):
        u = order[i] if len(order) else i
        paid = 0.0
        for j in range(longest - depths[u] + 1):
            paid += table[depths[u] + j - 1, j] * (levels[u, j - 1] if j else contributions[u])
        rewards[u] = paid
        above = parents[u]
        if above >= 0:
            levels[above, 0] += contributions[u]
            for k in range(1, longest):
                levels[above, k] += levels[u, k - 1]


add_levels = bind(_add_levels)
