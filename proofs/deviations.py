"""How much anybody gains by deviating alone: the measure of an equilibrium, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import UnsupportedProblemError
from mechanism.games import Interdependent, LinearQuadratic, PayoffSystem
from mechanism.games.linear_quadratic import response, response_gain
from mechanism.vectors import Reals

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Deviation", "deviation", "utility_weights"]

_MOST_UTILITIES = 2000  # people whose utilities are solved for by one dense inverse
_ENDLESS = 1e12  # so much utility from one unit of everybody's payoff stands for infinitely much


@dataclass(frozen=True, slots=True, eq=False)
class Deviation:
    """The most that anybody gains by deviating alone.

    Attributes
    ----------
    gain : float
        Largest gain, at least 0, in the units of payoffs, or of utilities; the actions are a `gain`-Nash equilibrium.
    player : int or None
        Number of who gains most; None if nobody gains.
    label : int, str or None
        Its label.
    residual : float
        Largest distance of an action from the best one.
    gains : ndarray of float64, shape (n,)
        What each gains at most, read-only.
    """

    gain: float
    player: int | None
    label: int | str | None
    residual: float
    gains: Reals

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values."""
        return {
            "gain": self.gain,
            "player": self.player,
            "label": self.label,
            "residual": self.residual,
            "gains": self.gains.tolist(),
        }

    def __str__(self) -> str:
        if self.player is None:
            most = "nobody gains by deviating alone"
        else:
            most = f"{self.label} gains {self.gain:.3g} by deviating alone, nobody gains more"
        return f"{most}; actions are within {self.residual:.3g} of the best ones"


def deviation(system: PayoffSystem | Interdependent, actions: ArrayLike) -> Deviation:
    """Return the most that anybody gains by deviating alone, computed from the system in numpy.

    Parameters
    ----------
    system : PayoffSystem or Interdependent
        The game; of interdependent utilities at most 2,000 people.
    actions : array_like of float, shape (n,)
        What everybody does.

    Returns
    -------
    Deviation

    Raises
    ------
    InvalidInputError
        If actions are not allowed in the game.
    UnsupportedProblemError
        If utilities are interdependent and people too many, or the utilities may be without bound.

    Examples
    --------
    >>> from mechanism import Graph
    >>> game = LinearQuadratic(Graph.from_edges(["ann"], ["bob"], directed=False), 1.0, interaction=0.5)
    >>> print(deviation(game, [2.0, 1.0]))
    bob gains 0.5 by deviating alone, nobody gains more; actions are within 1 of the best ones
    >>> print(deviation(game, [2.0, 2.0]))
    nobody gains by deviating alone; actions are within 0 of the best ones

    Notes
    -----
    O(n + m); O(n^3) for interdependent utilities, whose gains are those of u = (I - A)^-1 p.
    """
    if isinstance(system, Interdependent):
        x, best, gains = _with_utilities(system, actions)
        labels = system.base.graph.labels
    else:
        x, (best, gains) = system.checked(actions), system.deviations(actions)
        labels = system.graph.labels
    gains = np.array(gains)
    gains.flags.writeable = False
    first = int(np.argmax(gains))
    gain = float(gains[first])
    return Deviation(
        gain=gain,
        player=first if gain > 0 else None,
        label=labels[first].item() if gain > 0 else None,
        residual=float(np.abs(x - best).max()),
        gains=gains,
    )


def _with_utilities(system: Interdependent, actions: ArrayLike) -> tuple[Reals, Reals, Reals]:
    """Return actions, best actions and gains where people maximise utilities."""
    base = system.base
    x = base.checked(actions)
    weights, scale = utility_weights(system)
    if isinstance(base, LinearQuadratic):
        value = base.standalone + weights @ x
        best = np.asarray(response(value, base.lower, base.upper))
        return x, best, np.asarray(scale * response_gain(value, x, best))
    margin = base.benefit - base.cost + weights @ x
    best = (margin >= 0).astype(np.float64)
    return x, best, np.asarray(scale * np.maximum((1 - 2 * x) * margin, 0.0))


def utility_weights(system: Interdependent) -> tuple[csr_array, Reals]:
    """Return the game that people play who maximise utilities u = (I - A)^-1 p = B p, by one dense inverse.

    Parameters
    ----------
    system : Interdependent
        Of at most 2,000 people.

    Returns
    -------
    weights : scipy.sparse.csr_array of float64, shape (n, n)
        w_ij + B_ij w_ji / B_ii, in place of the weights w_ij of the base game.
    scale : ndarray of float64, shape (n,)
        B_ii: how much utility a unit of gain in that game brings.

    Raises
    ------
    UnsupportedProblemError
        If people are too many, the spectral radius of |A| is not below 1, or some B_ii is not above 0.

    Examples
    --------
    >>> from mechanism import Graph
    >>> pair = Graph.from_edges([0], [1], directed=False)
    >>> weights, scale = utility_weights(Interdependent(LinearQuadratic(pair, 1.0, interaction=0.3), altruism=0.5))
    >>> weights.toarray().round(9).tolist(), scale.round(9).tolist()
    ([[0.0, 0.45], [0.45, 0.0]], [1.333333333, 1.333333333])

    Notes
    -----
    The spectral radius of |A| is below 1 if and only if (I - |A|) v = 1 has a solution v > 0. O(n^3).
    """
    n = system.n
    if n > _MOST_UTILITIES:
        raise UnsupportedProblemError(
            f"utilities of {n} people are solved for {_MOST_UTILITIES} at most; "
            "give the game with the weights of people who maximise utilities instead"
        )
    identity, altruism = np.eye(n), system.altruism.matrix.toarray()
    try:
        reach = np.linalg.solve(identity - np.abs(altruism), np.ones(n))
        inverse = np.linalg.inv(identity - altruism)
    except np.linalg.LinAlgError:
        reach = np.full(n, -1.0)
    if not 0 < reach.min() <= reach.max() < _ENDLESS:
        raise UnsupportedProblemError(
            "altruism feeds on itself without end: the spectral radius of its absolute values is not below 1"
        )
    own = inverse.diagonal().copy()
    if not own.min() > 0:
        loser = int(np.argmin(own))
        raise UnsupportedProblemError(f"person {loser} would lose utility by its own payoff: no best action")
    own_weights = system.base.matrix
    cared = own_weights.T.tocsr().multiply(inverse / own[:, None]).tocsr()
    return (own_weights + cared).tocsr(), own
