"""Peer pressure: people whose actions harm others, and peers who press them to do less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import InvalidInputError
from mechanism.games.system import (
    fields_of,
    graph_from_dict,
    graph_given,
    graph_to_dict,
    numbers_from,
    numbers_to,
)
from mechanism.graph import Graph
from mechanism.numbers import number
from mechanism.vectors import Reals, one_each

__all__ = ["PeerPressure", "bend", "bend_slope", "enjoyed", "marginal", "peer_rate"]

_TINY = np.finfo(np.float64).tiny
_TIE = 1e-9  # relative


def enjoyed(value: Any, price: Any, curvature: float, action: Any) -> Any:
    """Return u(x), up to a constant: a ln x - k x, or a x^(1 - q) / (1 - q) - k x; floats, or arrays."""
    if curvature == 1:
        return value * np.log(action) - price * action
    return value * action ** (1 - curvature) / (1 - curvature) - price * action


def marginal(value: Any, price: Any, curvature: Any, action: Any) -> Any:
    """Return u'(x) = a / x^q - k, what a bit more of an action is worth; any numbers, or arrays.

    Examples
    --------
    >>> from fractions import Fraction
    >>> marginal(10, 1, 1, Fraction(5))
    Fraction(1, 1)
    """
    return value / action**curvature - price


def bend(value: Any, curvature: Any, action: Any) -> Any:
    """Return -u''(x) = a q / x^(q + 1): how fast that falls; any numbers, or arrays."""
    return value * curvature / action ** (curvature + 1)


def bend_slope(value: Any, curvature: Any, action: Any) -> Any:
    """Return u'''(x) = a q (q + 1) / x^(q + 2), above 0; any numbers, or arrays."""
    return value * curvature * (curvature + 1) / action ** (curvature + 2)


def peer_rate(pressure_cost: Any, bent: Any, harm: Any) -> Any:
    """Return c |u''(x)| - v, the reward per unit for which a peer's best pressure leads to x; any numbers."""
    return pressure_cost * bent - harm


@dataclass(frozen=True, slots=True, eq=False, init=False)
class PeerPressure:
    """Person j chooses x_j > 0 for its utility u_j(x_j); that harms its peers, who may press it to do less.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i is a peer of j, is harmed by what j does, and can press j.
    value, price : float or array_like of float, shape () or (n,)
        a_j and k_j of the utility u with u'(x) = a / x^q - k, above 0: for q = 1 that is u = a ln x - k x.
    harm : float or array_like of float, shape () or (m,)
        v_ij, what a unit of x_j costs i, of every arc in the order of ``graph.indices``, at least 0.
    pressure_cost : float or array_like of float, shape () or (m,)
        c_ij, what a unit of pressure costs i, above 0.
    society : float or array_like of float, shape () or (n,)
        What a unit of x_j costs all others than its peers together, at least 0.
    curvature : float
        q, above 0.

    Raises
    ------
    InvalidInputError
        If a number is out of its range; the message names the first.

    Notes
    -----
    First all peers choose pressures p_ij >= 0, then all people actions. In money,

        U_i = u_i(x_i) - x_i sum_j p_ji - sum_j v_ij x_j - sum_j c_ij p_ij
              + sum_j r_ij (y_j - x_j) + s_i (y_i - x_i),

    where y is the `baseline`, what is done if nobody is paid; a peer reward r_ij pays i for each unit that j does less,
    a subsidy s_i pays i itself.

    *The pressed*: u_j'(x_j) = P_j + s_j with the total pressure P_j, so one more unit of it changes x_j by 1 / u_j''.

    *Peers*: one more unit of pressure brings i (r_ij + v_ij) / |u_j''(x_j)| and costs c_ij. Since u''' > 0, |u''| grows
    as x falls: i presses until |u_j''(x_j)| = (r_ij + v_ij) / c_ij, or not at all where it is above that already. So
    the peer with the largest (r_ij + v_ij) / c_ij decides what j does, and the others leave it to that peer: pressure
    is a public good. An action x below the baseline takes r_ij = c_ij |u_j''(x)| - v_ij for one peer, while the
    Pigouvian subsidy for it is s_j = u_j'(x), as no peer presses then. With a quadratic u, u''' = 0, what a peer gains
    is linear in pressure: it presses not at all or as much as it can, and no reward leads to an action in between.

    The model is our reconstruction of that of Mani, Rahwan and Pentland.

    References
    ----------
    Mani, Rahwan and Pentland, "Inducing peer pressure to promote cooperation", Scientific Reports 3, 1735, 2013.
    Pigou, The Economics of Welfare, 1920.

    Examples
    --------
    >>> game = PeerPressure(Graph.from_edges(["bob"], ["ann"]), value=10.0, price=1.0, harm=0.1, pressure_cost=1.0)
    >>> game.baseline.tolist()
    [10.0, 10.0]
    >>> game.reward_rates([5.0, 10.0]).round(9).tolist(), game.subsidy_rates([5.0, 10.0]).tolist()
    ([0.3], [1.0, 0.0])
    >>> actions, pressure = game.settle(rewards=0.3)
    >>> actions.round(9).tolist(), pressure.round(9).tolist()
    ([5.0, 10.0], [1.0])
    """

    kind: ClassVar[str] = "peer_pressure"
    graph: Graph
    value: Reals
    price: Reals
    harm: Reals
    pressure_cost: Reals
    society: Reals
    curvature: float

    def __init__(
        self,
        graph: Graph,
        *,
        value: float | ArrayLike,
        price: float | ArrayLike,
        harm: float | ArrayLike,
        pressure_cost: float | ArrayLike,
        society: float | ArrayLike = 0.0,
        curvature: float = 1.0,
    ) -> None:
        n, m = graph_given(graph).n, graph.m
        allowed = "a finite number above 0"
        power = float(number(curvature, argument="curvature", allowed=allowed))
        if power <= 0:
            raise InvalidInputError("curvature", curvature, allowed=allowed)
        for name, given in (
            ("graph", graph),
            ("value", one_each("value", value, n, least=_TINY)),
            ("price", one_each("price", price, n, least=_TINY)),
            ("harm", one_each("harm", harm, m, least=0.0, each="arc")),
            ("pressure_cost", one_each("pressure_cost", pressure_cost, m, least=_TINY, each="arc")),
            ("society", one_each("society", society, n, least=0.0)),
            ("curvature", power),
        ):
            object.__setattr__(self, name, given)

    @property
    def n(self) -> int:
        """Number of people."""
        return self.graph.n

    @property
    def alone(self) -> Reals:
        """What each does if nobody presses it, float64 of shape (n,): (a / k)^(1 / q)."""
        return self.response(np.zeros(self.n))

    @property
    def baseline(self) -> Reals:
        """What each does if nobody is paid, float64 of shape (n,)."""
        return self.settle()[0]

    @property
    def harm_done(self) -> Reals:
        """What a unit of each person's action costs all others, money, float64 of shape (n,)."""
        return np.asarray(self.society + np.bincount(self.graph.indices, self.harm, minlength=self.n))

    def response(self, pressure: ArrayLike) -> Reals:
        """Return what each does under a total pressure, and subsidy, per unit of action; float64, shape (n,).

        Parameters
        ----------
        pressure : array_like of float, shape () or (n,)
            At least 0.
        """
        total = one_each("pressure", pressure, self.n, least=0.0)
        return np.asarray((self.value / (self.price + total)) ** (1 / self.curvature))

    def settle(
        self, *, rewards: float | ArrayLike = 0.0, subsidies: float | ArrayLike = 0.0
    ) -> tuple[Reals, Reals]:
        """Return what everybody does, and every pressure, when nobody gains by another pressure or action alone.

        Parameters
        ----------
        rewards : float or array_like of float, shape () or (m,)
            What i is paid for each unit that j does less, for every arc i -> j, at least 0.
        subsidies : float or array_like of float, shape () or (n,)
            What each is paid for each unit that it does less itself, at least 0.

        Returns
        -------
        actions : ndarray of float64, shape (n,)
            Unique.
        pressure : ndarray of float64, shape (m,)
            In all unique for each person pressed; peers who would press equally far, up to 1e-9, share it equally.

        Notes
        -----
        O(n + m).
        """
        paid = one_each("rewards", rewards, self.graph.m, least=0.0, each="arc")
        own = one_each("subsidies", subsidies, self.n, least=0.0)
        wish = (paid + self.harm) / self.pressure_cost  # the bend at which each peer stops pressing
        pressed = self.graph.indices
        furthest = np.zeros(self.n)
        np.maximum.at(furthest, pressed, wish)
        with np.errstate(divide="ignore", over="ignore"):
            where_stopped = (self.value * self.curvature / furthest) ** (1 / (self.curvature + 1))
        unpressed = self.response(own)
        actions = np.minimum(unpressed, where_stopped)
        total = np.where(actions < unpressed, np.maximum(self.marginal(actions) - own, 0.0), 0.0)
        drives = wish >= furthest[pressed] * (1 - _TIE)
        drivers = np.bincount(pressed, drives, minlength=self.n)
        return actions, drives * total[pressed] / np.maximum(drivers, 1)[pressed]

    def marginal(self, actions: ArrayLike) -> Reals:
        """Return u'(x) of each, float64 of shape (n,)."""
        return np.asarray(marginal(self.value, self.price, self.curvature, self.checked(actions)))

    def bend(self, actions: ArrayLike) -> Reals:
        """Return -u''(x) of each, float64 of shape (n,)."""
        return np.asarray(bend(self.value, self.curvature, self.checked(actions)))

    def subsidy_rates(self, actions: ArrayLike) -> Reals:
        """Return the Pigouvian subsidies for which each does no more than given, per unit, float64 of shape (n,).

        Parameters
        ----------
        actions : array_like of float, shape () or (n,)
            At most the baseline. The rate is 0 where it is equal to the baseline: nothing is to be paid for then.
        """
        x = self._reduced(actions)
        return np.where(x < self.baseline, self.marginal(x), 0.0)

    def reward_rates(self, actions: ArrayLike) -> Reals:
        """Return the reward per unit that makes each peer, even alone, press a person to an action.

        Parameters
        ----------
        actions : array_like of float, shape () or (n,)
            At most the baseline; one action for each person pressed.

        Returns
        -------
        ndarray of float64, shape (m,)
            c |u''(x)| - v, at least 0 up to rounding; to pay one peer of each person is enough.
        """
        bent = self.bend(self._reduced(actions))[self.graph.indices]
        return np.asarray(np.maximum(peer_rate(self.pressure_cost, bent, self.harm), 0.0))

    def peers_cost_less(self, actions: ArrayLike, *, rewarded: str = "one") -> Any:
        """Return for whom an action costs less in peer rewards than in Pigouvian subsidies, bool of shape (n,).

        Parameters
        ----------
        actions : array_like of float, shape () or (n,)
            Below the baseline where it is to be told.
        rewarded : {"one", "all"}
            Whether to pay the peer who needs least, or all of them.
        """
        rates = self.reward_rates(actions)
        if rewarded not in ("one", "all"):
            raise InvalidInputError("rewarded", rewarded, allowed='"one" or "all"')
        paid = np.full(self.n, np.inf) if rewarded == "one" else np.zeros(self.n)
        (np.minimum if rewarded == "one" else np.add).at(paid, self.graph.indices, rates)
        return (paid < self.subsidy_rates(actions)) & (self.graph.in_degree > 0)

    def utilities(
        self,
        actions: ArrayLike,
        pressure: float | ArrayLike = 0.0,
        *,
        rewards: float | ArrayLike = 0.0,
        subsidies: float | ArrayLike = 0.0,
    ) -> Reals:
        """Return U of everybody, harm by others and all payments included, float64 of shape (n,); O(n + m)."""
        x, m = self.checked(actions), self.graph.m
        pressed, peers = self.graph.indices, np.repeat(np.arange(self.n), self.graph.out_degree)
        force = one_each("pressure", pressure, m, least=0.0, each="arc")
        paid = one_each("rewards", rewards, m, least=0.0, each="arc")
        own = one_each("subsidies", subsidies, self.n, least=0.0)
        less = self.baseline - x
        by_arc = paid * less[pressed] - self.harm * x[pressed] - self.pressure_cost * force
        borne = x * np.bincount(pressed, force, minlength=self.n)
        return np.asarray(self.enjoyed(x) - borne + own * less + np.bincount(peers, by_arc, minlength=self.n))

    def enjoyed(self, actions: ArrayLike) -> Reals:
        """Return u(x) of each, up to a constant, float64 of shape (n,)."""
        return np.asarray(enjoyed(self.value, self.price, self.curvature, self.checked(actions)))

    def externality(self, actions: ArrayLike) -> float:
        """Return what all actions cost others in all, money; what the actors do not count."""
        return float(self.harm_done @ self.checked(actions))

    def checked(self, actions: ArrayLike) -> Reals:
        """Return actions as float64 of shape (n,); refuse what is not above 0."""
        return one_each("actions", actions, self.n, least=_TINY)

    def _reduced(self, actions: ArrayLike) -> Reals:
        x, most = self.checked(actions), self.baseline
        over = x > most * (1 + _TIE)
        if over.any():
            first = int(np.argmax(over))
            raise InvalidInputError(
                "actions",
                float(x[first]),
                index=first,
                allowed=f"at most what is done if nobody is paid, {most[first]:g}",
            )
        return x

    def to_dict(self) -> dict[str, Any]:
        """Return the game as plain Python values, ready for JSON."""
        names = ("value", "price", "harm", "pressure_cost", "society")
        return {
            "system": self.kind,
            "graph": graph_to_dict(self.graph),
            **{name: numbers_to(getattr(self, name)) for name in names},
            "curvature": self.curvature,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the game that `to_dict` wrote."""
        names = ("value", "price", "harm", "pressure_cost", "society")
        given = fields_of(document, cls.kind, (*names, "curvature"))
        return cls(
            graph_from_dict(given["graph"]),
            **{name: numbers_from(given[name]) for name in names},
            curvature=given["curvature"],
        )
