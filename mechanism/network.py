"""Incentive networks: a graph with people on it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.costs import CostModel
from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.layers import Layer
from mechanism.motives import Motives

__all__ = ["IncentiveNetwork", "arc_probabilities"]


@dataclass(frozen=True, slots=True, eq=False, init=False)
class IncentiveNetwork:
    """Who can contact whom, how surely, and what joining and inviting costs people.

    Parameters
    ----------
    graph : Graph
        Arc u -> v: u can contact v.
    contact : float or array_like of float, shape (m,)
        Chance in [0, 1] that an invitation reaches the contact: one for all arcs, or one per
        arc in the order of ``graph.indices``.
    join : CostModel
        Private cost of joining, money; drawn once per person.
    invite : CostModel
        Effort of one invitation, money; drawn per arc.
    motives : Motives, optional
        What moves people to join; their own reward alone by default.
    altruism : float, array_like of float of shape (m,), or Layer, optional
        What a unit of j's utility is worth to i, for every arc i -> j. It enters payoff systems (`Interdependent`),
        not the recruitment game.
    support : float, array_like of float of shape (m,), or Layer, optional
        What it is worth to i that j takes part, for every arc i -> j, money. It enters payoff systems
        (`Participation`, `Logit`, `LinearQuadratic`), not the recruitment game.

    Raises
    ------
    InvalidInputError
        If a value is out of range; the message names the first offending arc.

    Examples
    --------
    >>> network = IncentiveNetwork(
    ...     Graph.from_edges([1, 2], [2, 3], directed=False),
    ...     contact=0.5,
    ...     join=CostModel.exponential(mean=0.8),
    ...     invite=CostModel.uniform(low=0, high=0.2),
    ... )
    >>> network.contact, network.graph
    (0.5, Graph(n=3, m=4))
    """

    graph: Graph
    contact: float | NDArray[np.float64] | NDArray[np.float32]
    join: CostModel
    invite: CostModel
    motives: Motives
    altruism: Layer | None
    support: Layer | None

    def __init__(
        self,
        graph: Graph,
        *,
        contact: float | ArrayLike,
        join: CostModel,
        invite: CostModel,
        motives: Motives | None = None,
        altruism: float | ArrayLike | Layer | None = None,
        support: float | ArrayLike | Layer | None = None,
    ) -> None:
        if not isinstance(graph, Graph):
            raise InvalidInputError("graph", graph, allowed="a Graph")
        for name, cost in (("join", join), ("invite", invite)):
            if not isinstance(cost, CostModel):
                raise InvalidInputError(
                    name, cost, allowed="a CostModel such as CostModel.exponential(mean=1)"
                )
        motives = Motives() if motives is None else motives
        if not isinstance(motives, Motives):
            raise InvalidInputError("motives", motives, allowed="Motives, such as Motives(charity=0.5)")
        if len(motives.weights) not in (1, graph.n):
            raise InvalidInputError(
                "motives", len(motives.weights), allowed=f"weights for all or for each of {graph.n} people"
            )
        for name, value in (("graph", graph), ("join", join), ("invite", invite), ("motives", motives)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "contact", arc_probabilities(contact, graph.m, argument="contact"))
        object.__setattr__(self, "altruism", _layer("altruism", altruism, graph))
        object.__setattr__(self, "support", _layer("support", support, graph))


def _layer(argument: str, given: float | ArrayLike | Layer | None, graph: Graph) -> Layer | None:
    """Return a layer on the people of a graph, on its arcs if only weights are given."""
    if given is None:
        return None
    if not isinstance(given, Layer):
        return Layer(graph, given, argument=argument)
    if not np.array_equal(given.graph.labels, graph.labels):
        raise InvalidInputError(argument, given.graph, allowed="a layer on the people of the network")
    return given


def arc_probabilities(
    value: float | ArrayLike, m: int, *, argument: str
) -> float | NDArray[np.float64] | NDArray[np.float32]:
    """Return one probability, or a read-only array of one per arc.

    Raises
    ------
    InvalidInputError
        If a value is no probability or their number is not `m`; the message names the first one.

    Examples
    --------
    >>> arc_probabilities([0.5, 1], 2, argument="contact").tolist()
    [0.5, 1.0]
    """
    allowed = "a probability in [0, 1]"
    try:
        given = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise InvalidInputError(argument, value, allowed=allowed) from None
    if given.dtype.kind not in "fiu":
        raise InvalidInputError(argument, value, allowed=allowed)
    if given.ndim == 0:
        chance = float(given)
        if not (isfinite(chance) and 0 <= chance <= 1):
            raise InvalidInputError(argument, value, allowed=allowed)
        return chance
    if given.shape != (m,):
        raise InvalidInputError(argument, given.shape, allowed=f"one number or an array of shape ({m},)")
    array: NDArray[np.float64] | NDArray[np.float32]
    if given.dtype == np.float32:
        array = given.astype(np.float32, copy=given.flags.writeable)
    else:
        array = given.astype(np.float64, copy=given.flags.writeable)
    bad = ~((array >= 0) & (array <= 1))
    if bad.any():
        first = int(bad.argmax())
        raise InvalidInputError(argument, float(array[first]), index=first, allowed=allowed)
    array.flags.writeable = False
    return array
