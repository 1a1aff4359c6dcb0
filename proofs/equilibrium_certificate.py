"""Certificates of equilibria: claims about actions in a game, each with what proves it, rounded to hold exactly."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import CertificateError, InvalidInputError
from mechanism.games import Interdependent, PayoffSystem
from mechanism.vectors import Reals, one_each
from proofs.check_game import FORMAT, LARGEST, MOST_STEPS
from proofs.rounded_game import EPS, TINY, RoundedGame

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["contraction_vector", "game_certificate", "monotone_factor"]

_MARGIN = 1e-9  # relative, of bounds
_ITERATIONS = 200  # of a power method


def game_certificate(
    system: PayoffSystem | Interdependent,
    actions: ArrayLike,
    *,
    vector: ArrayLike | None = None,
    steps: int | None = None,
    factor: bool = False,
    order_up: ArrayLike | None = None,
    order_down: ArrayLike | None = None,
) -> dict[str, Any]:
    """Return a certificate for actions in a game, which `check_certificate` checks in exact arithmetic.

    Parameters
    ----------
    system : PayoffSystem or Interdependent
        The game.
    actions : array_like of float, shape (n,)
        What everybody does. The certificate says how much anybody gains by deviating alone, and how far any action
        is from the best one.
    vector : array_like of float, shape (n,), optional
        Numbers above 0 with slope_i sum_j |w_ij| v_j < v_i for everybody: claims that the equilibrium is the only
        one, and how far it is. See `contraction_vector`.
    steps : int, optional
        Looks for such numbers in a box that holds every equilibrium, made smaller at most so often, 1000 times at most,
        and as few times as will do. For games of bounded actions; a given `vector` is used as it is.
    factor : bool
        Whether to claim a unique equilibrium since I - (W + W^T) / 2 is positive definite. See `monotone_factor`.
    order_up : array_like of int, shape (members,), optional
        Those who take part, in an order in which they join from nobody: claims that the actions are the least
        equilibrium of a participation game. With `order_down` too: that it is the only one.
    order_down : array_like of int, shape (n - members,), optional
        The others, in an order in which they leave from all: claims that the actions are the greatest equilibrium.

    Returns
    -------
    dict
        ``{"format": ..., "actions": [...], "claims": [{"claim": "equilibrium", "gain": ..., "residual": ...}, ...]}``.
        Of an interdependent system of more than 60 people, utilities are not solved for in exact arithmetic: its only
        claim is that they are well posed.

    Raises
    ------
    InvalidInputError
        If actions are not allowed in the game, or an argument is malformed.
    CertificateError
        If a claim is asked for that does not hold, or that these numbers do not prove.

    Examples
    --------
    >>> from mechanism import Graph, LinearQuadratic
    >>> game = LinearQuadratic(Graph.from_edges(["ann"], ["bob"], directed=False), 1.0, interaction=0.5)
    >>> certificate = game_certificate(game, [2.0, 2.0], vector=[1.0, 1.0])
    >>> [claim["claim"] for claim in certificate["claims"]]
    ['equilibrium', 'unique', 'error']
    >>> from proofs.check_game import check
    >>> check(game.to_dict(), certificate)[1]
    'there is one equilibrium: best responses contract at the rate 0.5000000000000019'

    Notes
    -----
    Each bound holds in exact arithmetic, where every number is its shortest decimal: it has the rounding errors of
    float64 on top. Ties of participation games are decided by rational arithmetic. O(n + m), vectorised, for every
    claim and step; O(n^3) with `factor`.
    """
    certificate: dict[str, Any] = {"format": FORMAT, "actions": [], "claims": []}
    claims = certificate["claims"]
    if isinstance(system, Interdependent):
        x = system.base.checked(actions)
        claims.append(_well_posed(system))
    else:
        x = system.checked(actions)
    certificate["actions"] = x.tolist()
    if isinstance(system, Interdependent) and system.n > LARGEST:
        if factor or any(given is not None for given in (vector, steps, order_up, order_down)):
            raise CertificateError(f"{system.n} people: utilities are solved for {LARGEST} at most")
        return certificate
    game = RoundedGame.of(system)
    distances, gains = game.slips(x)
    claims.append({"claim": "equilibrium", "gain": _up(gains.max()), "residual": _up(distances.max())})
    far = inf
    if vector is not None or steps is not None:
        claim, far = _contraction(game, x, distances, vector, steps)
        claims.append(claim)
    if factor:
        found = _factor(game)
        if found is None:
            raise CertificateError(
                "no factor: the game is not linear-quadratic, I - (W + W^T) / 2 not positive definite, or too large"
            )
        claims.append({"claim": "unique", "by": "monotone", "factor": found[0]})
        far = min(far, _far_if_monotone(game, x, found[1]))
    if far < inf:
        claims.append({"claim": "error", "bound": _up(far)})
    for name, order, joins in (("least", order_up, True), ("greatest", order_down, False)):
        if order is not None:
            claims.append({"claim": name, "order": _order(game, x, order, joins=joins)})
    if order_up is not None and order_down is not None:
        claims.append({"claim": "unique", "by": "extremes"})
    return certificate


def contraction_vector(system: PayoffSystem | Interdependent) -> tuple[Reals, float]:
    """Return numbers v > 0 with slope_i sum_j |w_ij| v_j <= rate v_i, and the least such rate that is found.

    Parameters
    ----------
    system : PayoffSystem or Interdependent
        A LinearQuadratic or Logit game; or one of utilities on top of it, of at most 60 people.

    Returns
    -------
    vector : ndarray of float64, shape (n,)
        In (0, 1].
    rate : float
        An upper bound on the spectral radius. Below 1 the best responses contract, and the equilibrium is unique.

    Raises
    ------
    CertificateError
        If utilities are without bound, or people too many to solve for them.

    Examples
    --------
    >>> from mechanism import Graph, LinearQuadratic
    >>> star = LinearQuadratic(Graph.from_edges([0, 0, 0, 0], [1, 2, 3, 4], directed=False), 1.0, interaction=-0.4)
    >>> vector, rate = contraction_vector(star)
    >>> vector.round(3).tolist(), round(rate, 3)
    ([1.0, 0.5, 0.5, 0.5, 0.5], 0.8)

    Notes
    -----
    The slope is that of best responses: 1, or at most rationality / 4 in a Logit game. A power method with the bound of
    Collatz and Wielandt; O(n + m) for each of at most 200 iterations.
    """
    if isinstance(system, Interdependent):
        _well_posed(system)
    game = RoundedGame.of(system)
    return _shrinking(_scaled(game.absolute, game.steepest))


def monotone_factor(
    system: PayoffSystem | Interdependent, *, largest: int = 300
) -> list[dict[str, list[Any]]] | None:
    """Return a lower triangular F that proves I - (W + W^T) / 2 positive definite; None if that cannot be certified.

    Parameters
    ----------
    system : PayoffSystem or Interdependent
        A LinearQuadratic game, with whatever bounds; or one of utilities on top of it, of at most 60 people.
    largest : int
        Games of more people are not tried.

    Returns
    -------
    list of dict, or None
        The rows ``{"columns": [...], "values": [...]}`` of F, in short decimals; F F^T lacks a part of
        I - (W + W^T) / 2 that is strictly diagonally dominant.

    Raises
    ------
    CertificateError
        If utilities are without bound, or people too many to solve for them.

    Examples
    --------
    >>> from mechanism import Graph, LinearQuadratic
    >>> pair = Graph.from_edges([0], [1], directed=False)
    >>> monotone_factor(LinearQuadratic(pair, 1.0, interaction=0.5))
    [{'columns': [0], 'values': [0.866]}, {'columns': [0, 1], 'values': [-0.577, 0.645]}]
    >>> monotone_factor(LinearQuadratic(pair, 1.0, interaction=-1.0)) is None
    True

    Notes
    -----
    Dense: O(n^3) time, O(n^2) memory.

    References
    ----------
    Parise and Ozdaglar, "A variational inequality framework for network games", Games and Economic Behavior 114, 2019.
    """
    if isinstance(system, Interdependent):
        _well_posed(system)
    found = _factor(RoundedGame.of(system), largest)
    return None if found is None else found[0]


def _well_posed(system: Interdependent) -> dict[str, Any]:
    """Return the claim that utilities do not feed one another without end."""
    vector, rate = _shrinking(abs(system.altruism.matrix))
    if rate >= 1:
        raise CertificateError(
            f"altruism may feed on itself without end: its spectral radius is not shown below {rate:.6g}"
        )
    return {"claim": "well_posed", "vector": vector.tolist(), "rate": rate}


def _contraction(
    game: RoundedGame, x: Reals, distances: Reals, vector: ArrayLike | None, steps: int | None
) -> tuple[dict[str, Any], float]:
    """Return the claim that best responses contract, and how far the equilibrium is at most."""
    if game.kind == "participation":
        raise CertificateError("the best responses of a participation game jump and do not contract")
    given = None
    if vector is not None:
        given = one_each("vector", vector, game.n)
        if given.min() <= 0:
            raise InvalidInputError(
                "vector", float(given.min()), index=int(given.argmin()), allowed="a number above 0"
            )
    if steps is None:
        matrix = _scaled(game.absolute, game.steepest)
        v, rate = (given, _rate(matrix, matrix @ given, given)) if given is not None else _shrinking(matrix)
        claim: dict[str, Any] = {"claim": "unique", "by": "contraction"}
        inside = True
    else:
        claim, v, rate, (low, high) = _in_a_box(game, given, steps)
        room = _MARGIN * (1 + np.abs(x))  # the box is computed again with other rounding
        inside = bool(
            (((x >= low + room) | (low == game.lower)) & ((x <= high - room) | (high == game.upper))).all()
        )
    if rate >= 1:
        raise CertificateError(f"best responses are not shown to contract: their rate is {rate:.6g} at best")
    spare = 1 - rate - EPS
    far = float(v.max() * (distances / v).max() / spare) if inside and spare > 0 else inf
    return claim | {"vector": v.tolist(), "rate": rate}, far


def _in_a_box(
    game: RoundedGame, given: Reals | None, steps: int
) -> tuple[dict[str, Any], Reals, float, tuple[Reals, Reals]]:
    """Return a claim, vector and rate for the largest box around all equilibria in which best responses contract."""
    if not isinstance(steps, int) or isinstance(steps, bool) or not 0 <= steps <= MOST_STEPS:
        raise InvalidInputError("steps", steps, allowed=f"a whole number in [0, {MOST_STEPS}]")
    low, high = game.lower, game.upper
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise CertificateError("only bounded actions are in a box")
    grid = 2.0**-62  # the checker rounds boxes to multiples of 2^-64
    for step in range(steps + 1):
        least, most, slopes = game.across(low, high)
        least, most = np.maximum(low, least - grid), np.minimum(high, most + grid)
        last = step == steps or (np.array_equal(least, low) and np.array_equal(most, high))
        if last or step & (step - 1) == 0:
            matrix = _scaled(game.absolute, slopes)
            v, rate = _shrinking(matrix) if given is None else (given, _rate(matrix, matrix @ given, given))
            if last or rate < 1:
                break
        low, high = least, most
    return {"claim": "unique", "by": "enclosure", "steps": step}, v, rate, (low, high)


def _shrinking(matrix: csr_array) -> tuple[Reals, float]:
    """Return numbers v in (0, 1] and a rate with M v <= rate v, M of at least 0: the least that is found."""
    v = np.ones(matrix.shape[0])
    best, least, before = v, inf, inf
    for iteration in range(_ITERATIONS):
        reach = matrix @ v
        rate = _rate(matrix, reach, v)
        if rate < least:
            best, least = v, rate
        if iteration % 10 == 9:
            if least < 1 and before - least < 1e-3 * (1 - least):
                break
            before = least
        v = v + reach
        v = np.maximum(v / v.max(), _MARGIN)
    return best, least


def _rate(matrix: csr_array, reach: Reals, v: Reals) -> float:
    """Return the largest of M v over v, rounded up."""
    terms = int(np.diff(matrix.indptr).max(initial=0))
    return float((reach / v).max()) * (1 + (terms + 16) * EPS) + (TINY if terms else 0.0)


def _scaled(matrix: csr_array, slopes: Reals) -> csr_array:
    """Return a matrix with its rows times the slopes."""
    scaled = matrix.copy()
    scaled.data = scaled.data * np.repeat(slopes, np.diff(matrix.indptr))
    return scaled


def _factor(game: RoundedGame, largest: int = 300) -> tuple[list[dict[str, list[Any]]], float] | None:
    """Return F and a number that no eigenvalue of I - (W + W^T) / 2 is below."""
    if game.kind != "linear_quadratic" or game.n > largest:
        return None
    dense = game.matrix.toarray()
    symmetric = np.eye(game.n) - (dense + dense.T) / 2
    lowest = float(np.linalg.eigvalsh(symmetric)[0])
    size = float(np.abs(symmetric).sum(axis=1).max())
    if lowest <= _MARGIN * size:
        return None
    whole = np.linalg.cholesky(symmetric - lowest / 2 * np.eye(game.n))
    for digits in (3, 6, 9, 12):
        factor = np.round(whole, digits)
        rest = symmetric - factor @ factor.T
        spare = (
            float((2 * rest.diagonal() - np.abs(rest).sum(axis=1)).min())
            - game.n * (game.n + 16) * EPS * size
        )
        if spare > lowest / 4:
            columns = [np.flatnonzero(row) for row in factor]
            rows = zip(columns, factor, strict=True)
            return [{"columns": at.tolist(), "values": row[at].tolist()} for at, row in rows], spare
    return None


def _far_if_monotone(game: RoundedGame, x: Reals, least: float) -> float:
    """Return how far the equilibrium is at most from actions if no eigenvalue of I - (W + W^T) / 2 is below `least`."""
    best = np.minimum(np.maximum(game.start + game.matrix @ x, game.lower), game.upper)
    error = game.slack(np.abs(x)) + 16 * EPS * (np.abs(x) + np.abs(best))
    step = x - best
    error += (game.n + 16) * EPS * np.abs(step)
    push = np.abs(2 * step - game.matrix.T @ step) + game.absolute.T @ error + 2 * error
    return float(np.linalg.norm(push)) / least * (1 + game.n * EPS)


def _order(game: RoundedGame, x: Reals, order: ArrayLike, *, joins: bool) -> list[int]:
    """Return the order in which people join from nobody, or leave from all, after looking at every turn."""
    argument, n = ("order_up" if joins else "order_down"), game.n
    turns = np.asarray(order)
    if turns.size == 0:
        turns = turns.astype(np.int64)
    if turns.ndim != 1 or turns.dtype.kind not in "iu":
        raise InvalidInputError(argument, order, allowed="an array of people by number")
    if turns.size and (turns.min() < 0 or turns.max() >= n or len(np.unique(turns)) < len(turns)):
        raise InvalidInputError(argument, order, allowed=f"people in 0..{n - 1}, each once")
    if game.kind != "participation":
        raise CertificateError("only a participation game has an order in which people join")
    if game.matrix.nnz and game.matrix.data.min() < 0:
        raise CertificateError("an order proves nothing where support is negative")
    takes_part = x == 1
    moved = np.zeros(n, dtype=np.bool_)
    moved[turns] = True
    if (moved != (takes_part == joins)).any():
        first = int(np.argmax(moved != (takes_part == joins)))
        raise CertificateError(f"{argument} and the action of person {first} do not agree")
    rank = np.full(n, n)
    rank[turns] = np.arange(len(turns))
    rows = np.repeat(np.arange(n), np.diff(game.matrix.indptr))
    ends = game.matrix.indices
    counted = rank[ends] < rank[rows] if joins else rank[ends] >= rank[rows]
    value = game.start + np.bincount(rows, weights=game.matrix.data * counted, minlength=n)
    wrong = game.joins(value, game.slack(np.ones(n)), counted) != takes_part
    if wrong.any():
        first = int(np.argmax(wrong))
        raise CertificateError(f"in this order person {first} does not come to do what it does")
    made: list[int] = turns.tolist()
    return made


def _up(x: float) -> float:
    """Return a number a little above."""
    return float(x) * (1 + _MARGIN) + TINY if x > 0 else 0.0
