"""Who leaves in which round, if people stay only as long as those who are left support them enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mechanism import Participation
from mechanism.errors import InvalidInputError
from mechanism.numbers import exact
from solvers.kernels.retention import leave_in_rounds
from solvers.participation_equilibrium import supporters_needed

__all__ = ["leaving_rounds", "with_residual"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int32]
_ROUNDING = 4 * np.finfo(np.float64).eps


def with_residual(system: Participation, residual: Reals) -> Participation:
    """Return the game in which everybody's benefit is raised by a residual reward, as decimals are added.

    Examples
    --------
    >>> from mechanism import Graph
    >>> game = Participation(Graph.from_edges([0], [1]), 0.7, support=1.0, cost=0.8)
    >>> with_residual(game, np.full(2, 0.1)).benefit.tolist()
    [0.8, 0.8]
    """
    benefit = system.benefit
    total = benefit + residual
    rough = (benefit != 0) & (residual != 0)
    rough &= (benefit != np.rint(benefit)) | (residual != np.rint(residual))
    if rough.any():
        pairs, kind = np.unique(np.column_stack((benefit, residual))[rough], axis=0, return_inverse=True)
        sums = np.array([float(exact(one) + exact(other)) for one, other in pairs.tolist()])
        total[rough] = sums[kind.ravel()]
    return Participation(system.graph, total, support=system.support, cost=system.cost)


def leaving_rounds(system: Participation, present: Reals, residual: Reals) -> tuple[Ids, int]:
    """Let those who are worse off leave, all at once, then those who are worse off without them, and so on.

    Parameters
    ----------
    system : Participation
        The game; all support at least 0.
    present : ndarray of float64, shape (n,)
        Who is there at first, 1 or 0.
    residual : ndarray of float64, shape (n,)
        What is paid to who stays, money.

    Returns
    -------
    rounds : ndarray of int32, shape (n,)
        The round in which each leaves, 0 for those who stay for ever, -1 for those who never were there.
    visited : int
        Arcs visited after the first round's leavers are known.

    Raises
    ------
    InvalidInputError
        If any support is negative.

    Notes
    -----
    O(n + m). If all arcs weigh the same, whole numbers of supporters are counted; else sums are in floats, and who is
    within their rounding errors is decided in exact arithmetic at the end of the round.

    Examples
    --------
    >>> from mechanism import Graph
    >>> path = Participation(Graph.from_edges([0, 1, 2], [1, 2, 3]), [0, 0, 0, 1], support=1.0, cost=1.0)
    >>> rounds, visited = leaving_rounds(path, np.array([1.0, 1, 1, 0]), np.zeros(4))
    >>> rounds.tolist(), visited
    ([3, 2, 1, -1], 2)
    """
    support = np.atleast_1d(system.support)
    if (support < 0).any():
        first = int(np.argmax(support < 0))
        raise InvalidInputError(
            "support",
            float(support[first]),
            index=None if isinstance(system.support, float) else first,
            allowed="at least 0 for members to leave in rounds",
        )
    game = with_residual(system, residual)
    back = game.matrix.tocsc()
    left = np.where(present > 0, 0, -1).astype(np.int32)
    weights = np.ones(1)
    if isinstance(game.support, float):  # whole numbers of supporters, which leave no doubt
        supporters = np.bincount(back.indices, np.repeat(present, np.diff(back.indptr)), minlength=game.n)
        margin = np.asarray(supporters_needed(game, game.support) - supporters - 0.5, dtype=np.float64)
        slack = np.zeros(game.n)
    else:
        total = game.pull(present)
        margin, weights = game.cost - game.benefit - total, back.data
        size = np.abs(game.benefit) + np.abs(game.cost) + total
        slack = _ROUNDING * (game.graph.out_degree + 4) * size
    queue, doubts = np.empty(game.n, dtype=np.int32), np.empty(game.n, dtype=np.int32)
    first_out = np.flatnonzero((left == 0) & (margin > slack))
    queue[: len(first_out)] = first_out
    left[first_out] = 1
    open_cases, work = np.zeros(game.n, dtype=np.int8), np.zeros(1, dtype=np.int64)
    head, tail, gone = 0, len(first_out), 0
    unsure = np.flatnonzero((left == 0) & (margin >= -slack)).tolist()
    while True:
        for person in unsure:
            if _wants_out(game, person, left, gone):
                left[person] = gone + 1
                queue[tail] = person
                tail += 1
        if head == tail:
            return left, int(work[0])
        head, tail, doubtful = leave_in_rounds(
            back.indptr.astype(np.int64), back.indices, weights, margin, slack, left, queue, head, tail,
            open_cases, doubts, work,
        )  # fmt: skip
        unsure = doubts[:doubtful].tolist()
        gone = int(left[queue[head - 1]])


def _wants_out(game: Participation, person: int, left: Ids, gone: int) -> bool:
    """Return in exact arithmetic whether a person leaves once `gone` rounds are over."""
    graph, support = game.graph, np.asarray(game.support)
    margin = exact(float(game.benefit[person])) - exact(float(game.cost[person]))
    for arc in range(int(graph.indptr[person]), int(graph.indptr[person + 1])):
        when = left[graph.indices[arc]]
        if when == 0 or when > gone:
            margin += exact(float(support[arc]))
    return margin < 0
