"""Participation with noise: people take part the more surely, the more it brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.games.participation import Joining, network_benefit
from mechanism.games.system import (
    actions_between,
    fields_of,
    graph_from_dict,
    graph_to_dict,
    numbers_from,
    numbers_to,
)
from mechanism.graph import Graph
from mechanism.layers import support_of
from mechanism.vectors import Reals, one_or_each

if TYPE_CHECKING:
    from mechanism.network import IncentiveNetwork

__all__ = ["Logit"]


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Logit(Joining):
    """Person i takes part with probability p_i = 1 / (1 + exp(-L z_i)), where z_i = b_i + sum_j w_ij p_j - c_i.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i is supported by j if j takes part.
    benefit : float or array_like of float, shape () or (n,)
        b_i, what taking part brings by itself, money.
    support : float or array_like of float, shape () or (m,)
        w_ij of every arc in the order of ``graph.indices``, money.
    cost : float or array_like of float, shape () or (n,)
        c_i, what taking part costs, money.
    rationality : float
        L, above 0, per unit of money: near 0 people toss coins, as it grows they respond best.

    Raises
    ------
    InvalidInputError
        If a number is not finite or the rationality not above 0; the message names the first.

    Notes
    -----
    The same probabilities come from costs c_i + noise, the noise logistic with scale 1 / L. They are best responses to
    payoffs p_i z_i + H(p_i) / L, where H is the entropy of taking part or not: `payoffs` and `gains` are those.
    Responses cost O(n + m).

    References
    ----------
    McKelvey and Palfrey, "Quantal response equilibria for normal form games", Games and Economic Behavior 10, 1995.

    Examples
    --------
    >>> pair = Graph.from_edges(["ann"], ["bob"], directed=False)
    >>> game = Logit(pair, 0.0, support=2.0, cost=1.0, rationality=1.0)
    >>> game.best_response([0.5, 0.5]).tolist(), game.gains([0.5, 0.5]).tolist()
    ([0.5, 0.5], [0.0, 0.0])
    """

    kind: ClassVar[str] = "logit"
    rationality: float

    def __init__(
        self,
        graph: Graph,
        benefit: float | ArrayLike,
        *,
        support: float | ArrayLike,
        cost: float | ArrayLike,
        rationality: float,
    ) -> None:
        Joining.__init__(self, graph, benefit, support=support, cost=cost)
        sharpness = one_or_each("rationality", rationality, 1)
        if not isinstance(sharpness, float) or sharpness <= 0:
            raise InvalidInputError("rationality", rationality, allowed="a finite number above 0")
        object.__setattr__(self, "rationality", sharpness)

    @classmethod
    def from_network(
        cls, network: IncentiveNetwork, *, reward: float | ArrayLike = 0.0, donation: float = 0.0
    ) -> Self:
        """Return the game of people whose joining costs follow a logistic law and are not known to others.

        Parameters
        ----------
        network : IncentiveNetwork
            Its support layer holds the weights; its joining costs must be logistic: their mean is c_i, and the
            rationality one over their scale.
        reward : float or array_like of float, shape () or (n,)
            What is paid for taking part, money.
        donation : float
            What goes to the cause for each who takes part, money.

        Raises
        ------
        InvalidInputError
            If the network has no support layer, or a number is not finite.
        UnsupportedProblemError
            If joining costs follow another law.
        """
        from mechanism.cost_laws import LogisticCost

        layer = support_of(network)
        law = network.join
        if not isinstance(law, LogisticCost):
            raise UnsupportedProblemError(f"joining costs are {law}: a Logit game needs CostModel.logistic")
        return cls(
            layer.graph,
            network_benefit(network, reward, donation),
            support=layer.weights,
            cost=law.mean,
            rationality=1 / law.scale,
        )

    def checked(self, actions: ArrayLike) -> Reals:
        """Return probabilities as float64 of shape (n,); refuse what lies outside [0, 1]."""
        return actions_between("actions", actions, self.n, 0.0, 1.0)

    def payoffs(self, actions: ArrayLike) -> Reals:
        """Return everybody's expected payoff, the value of noise included; money, float64 of shape (n,)."""
        from scipy.special import entr

        p = self.checked(actions)
        return np.asarray(p * self.margin(p) + (entr(p) + entr(1 - p)) / self.rationality)

    def deviations(self, actions: ArrayLike) -> tuple[Reals, Reals]:
        """Return the chance that others' actions lead to, and what it brings more, both float64 of shape (n,)."""
        from scipy.special import entr, expit, kl_div, log_expit

        p = self.checked(actions)
        value = self.rationality * self.margin(p)
        best, rest = expit(value), expit(-value)
        lost = kl_div(p, best) + kl_div(1 - p, rest)
        far = ~np.isfinite(lost)  # a chance that underflows has a logarithm all the same
        if far.any():
            x, z = p[far], value[far]
            lost[far] = -entr(x) - entr(1 - x) - x * log_expit(z) - (1 - x) * log_expit(-z)
        return np.asarray(best), np.asarray(lost / self.rationality)

    def to_dict(self) -> dict[str, Any]:
        """Return the system as plain Python values, ready for JSON."""
        return {
            "system": self.kind,
            "graph": graph_to_dict(self.graph),
            "benefit": numbers_to(self.benefit),
            "support": numbers_to(self.support),
            "cost": numbers_to(self.cost),
            "rationality": self.rationality,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the system that `to_dict` wrote."""
        given = fields_of(document, cls.kind, ("benefit", "support", "cost", "rationality"))
        return cls(
            graph_from_dict(given["graph"]),
            numbers_from(given["benefit"]),
            support=numbers_from(given["support"]),
            cost=numbers_from(given["cost"]),
            rationality=given["rationality"],
        )
