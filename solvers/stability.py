"""Whether people come back to an equilibrium after a small disturbance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import LinearQuadratic, Participation
from mechanism.errors import InvalidInputError
from solvers.uniqueness import contraction

__all__ = ["is_stable", "scale_of"]

Reals = NDArray[np.float64]
_AWAY = 1e-4  # from the best response, relative to the size of the game
_DENSE = 1000  # people up to whom all eigenvalues are found


def is_stable(
    game: LinearQuadratic | Participation, actions: ArrayLike, *, tolerance: float = 1e-9
) -> bool | None:
    """Return whether best responses lead back to an equilibrium after any small disturbance; None if undecided.

    Parameters
    ----------
    game : LinearQuadratic or Participation
        The game.
    actions : array_like of float, shape (n,)
        An equilibrium.
    tolerance : float
        Differences of this size, relative to the size of the game's numbers, count as none.

    Raises
    ------
    InvalidInputError
        If the actions are not allowed in the game, or somebody would gain by another.

    Notes
    -----
    In a linear-quadratic game everybody moves gradually towards its best response, dx/dt = r(x) - x, and the
    equilibrium is stable if it is asymptotically stable. Near an equilibrium only those act whose action lies strictly
    between its bounds, F, provided that all others would go beyond their bounds: it is stable if all eigenvalues of
    the block W_FF have real parts below 1, and not if one is above. For substitutes of strength delta on an undirected
    network this says that the lowest eigenvalue of the network among those who act is above -1 / delta (Bramoulle,
    Kranton and D'Amours, 2014). If others, D, are at their bound and just content to be there, and W is symmetric among
    F and D, the potential decides: stable if all eigenvalues of that larger block are below 1, not stable if one of
    W_FF is above. Else, or within the tolerance of 1, it is undecided; so is a block of more than
    1,000 people of which bounds on the eigenvalues do not tell.

    All responding at once may overshoot where this does not.

    A participation game is disturbed by small changes of what taking part is worth: stable means that nobody is
    indifferent.

    References
    ----------
    Bramoulle, Kranton and D'Amours, "Strategic interaction and networks", American Economic Review 104, 2014.

    Examples
    --------
    >>> from mechanism import Graph
    >>> square = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
    >>> game = LinearQuadratic(square, 1.0, interaction=-0.75, lower=0.0)
    >>> is_stable(game, [0.4] * 4), is_stable(game, [1, 0, 1, 0])
    (False, True)
    """
    if not isinstance(game, (LinearQuadratic, Participation)):
        raise InvalidInputError("game", game, allowed="a LinearQuadratic or a Participation game")
    x = game.checked(actions)
    size = scale_of(game)
    near = tolerance * size
    best, gains = game.deviations(x)
    if isinstance(game, Participation):
        _refuse(bool((gains > near).any()))
        return bool((np.abs(game.margin(x)) > near).all())
    _refuse(not np.abs(best - x).max() <= _AWAY * size)
    value = game.standalone + game.pull(x)
    is_low, is_high = x <= game.lower + near, x >= game.upper - near
    is_free = ~is_low & ~is_high
    is_torn = (is_low & (value >= game.lower - near)) | (is_high & (value <= game.upper + near))
    is_torn &= game.lower < game.upper
    matrix = game.matrix
    top = _abscissa(matrix, is_free)
    if top is None:
        return None
    if not is_torn.any():
        return None if abs(top - 1) <= tolerance else bool(top < 1)
    both = matrix[is_free | is_torn][:, is_free | is_torn]
    if (both != both.T).nnz:
        return None
    if top > 1 + tolerance:
        return False
    wide = _abscissa(matrix, is_free | is_torn)
    return True if wide is not None and wide < 1 - tolerance else None


def _refuse(is_wrong: bool) -> None:
    if is_wrong:
        raise InvalidInputError(
            "actions", "no equilibrium", verb="are", allowed="such that nobody gains alone"
        )


def scale_of(game: LinearQuadratic | Participation) -> float:
    """Return the size of a game's numbers, in the unit of its actions or its money; 1 if all are 0."""
    if isinstance(game, Participation):
        numbers = [np.concatenate((game.benefit, game.cost, np.atleast_1d(game.support)))]
    else:
        # Bounds may stand for no bound at all: they count only where nothing has a worth of its own.
        numbers = [game.standalone, *(x[np.isfinite(x)] for x in (game.lower, game.upper))]
    sizes = (float(np.abs(x).max(initial=0.0)) for x in numbers)
    return next((size for size in sizes if size > 0), 1.0)


def _abscissa(matrix: Any, people: NDArray[np.bool_]) -> float | None:
    """Return the largest real part of the eigenvalues of a block, or a bound on the same side of 1; None if unknown."""
    size = int(people.sum())
    if not size:
        return -np.inf
    block = matrix[people][:, people]
    is_symmetric = (block != block.T).nnz == 0
    if size <= _DENSE:
        full = block.toarray()
        values = np.linalg.eigvalsh(full) if is_symmetric else np.linalg.eigvals(full).real
        return float(values.max())
    certificate = contraction(abs(block), symmetric=is_symmetric)
    if certificate is not None:
        return certificate.rate
    if not is_symmetric:
        return None
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    start = np.random.default_rng(0).normal(size=size)
    try:  # rough: what it finds is below the largest, so that it may only tell that this is above 1
        value = float(eigsh(block, k=1, which="LA", v0=start, tol=1e-3, return_eigenvectors=False)[0])
    except ArpackNoConvergence:
        return None
    return value if value > 1 else None
