"""Opinions on a network: whom people listen to, and how far they hold on to what they think by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from mechanism.errors import InvalidInputError
from mechanism.games.system import graph_from_dict, graph_given, graph_to_dict, numbers_from, numbers_to
from mechanism.graph import Graph
from mechanism.layers import Layer
from mechanism.network import IncentiveNetwork
from mechanism.vectors import Reals, one_each, one_or_each

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Opinions"]

_MOST = 1e100  # of an opinion, so that squares are finite
_FIELDS = ("graph", "initial", "trust", "self_trust", "stubbornness", "innate")


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Opinions:
    """People who take up, period by period, an average of what those they listen to think.

    Person i moves to x_i(t + 1) = (1 - l_i) sum_j P_ij x_j(t) + l_i s_i: with stubbornness l_i = 0 for all this is the
    model of DeGroot, otherwise that of Friedkin and Johnsen. Somebody who listens to nobody, because no arc of a trust
    above 0 leaves it, has P_ii = 1: it keeps its opinion, or drifts to its innate one if it is stubborn.

    Parameters
    ----------
    graph : Graph or Layer
        An arc i -> j: i listens to j. A layer brings the trust with it.
    initial : float or array_like of float, shape () or (n,)
        x(0), what everybody thinks at first, up to 1e100 in size.
    trust : float or array_like of float, shape () or (m,), optional
        How much i listens to j, for every arc in the order of ``graph.indices``, at least 0; only the ratios among the
        arcs that leave a person count. 1 by default; left out with a layer.
    self_trust : float or array_like of float, shape () or (n,)
        P_ii, the share in [0, 1] of a person's attention that goes to its own last opinion; the others share the rest
        in proportion to trust.
    stubbornness : float or array_like of float, shape () or (n,)
        l in [0, 1]: 0 for people led by others alone, 1 for those who never leave their innate opinion.
    innate : float or array_like of float, shape () or (n,), optional
        s, what the stubborn come back to, up to 1e100 in size; their initial opinion by default.

    Raises
    ------
    InvalidInputError
        If a number is out of range; the message names the first.

    Notes
    -----
    With symmetric trust w, no self-trust and l_i = 1 / (1 + sum_j w_ij), everybody chooses the x_i that makes
    (x_i - s_i)^2 + sum_j w_ij (x_i - x_j)^2 least given the others (Bindel, Kleinberg and Oren, 2011), and opinions
    tend to (I + L)^-1 s, where L is the Laplacian of w: polarisation ends no higher than that of s.

    References
    ----------
    Bindel, Kleinberg and Oren, "How bad is forming your own opinion?", FOCS 2011.
    DeGroot, "Reaching a consensus", Journal of the American Statistical Association 69, 1974.
    Friedkin and Johnsen, "Social influence and opinions", Journal of Mathematical Sociology 15, 1990.

    Examples
    --------
    >>> chain = Graph.from_edges(["ann", "bob"], ["bob", "cem"])  # nobody has cem's ear
    >>> people = Opinions(chain, [0.0, 0.0, 1.0], self_trust=0.5)
    >>> people.step(people.initial).tolist(), people.matrix.toarray().tolist()
    ([0.0, 0.5, 1.0], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    """

    graph: Graph
    initial: Reals
    trust: float | Reals
    self_trust: Reals
    stubbornness: Reals
    innate: Reals

    def __init__(
        self,
        graph: Graph | Layer,
        initial: float | ArrayLike,
        *,
        trust: float | ArrayLike | None = None,
        self_trust: float | ArrayLike = 0.0,
        stubbornness: float | ArrayLike = 0.0,
        innate: float | ArrayLike | None = None,
    ) -> None:
        if isinstance(graph, Layer):
            if trust is not None:
                raise InvalidInputError("trust", trust, allowed="left out: the layer holds it")
            people, trust = graph.graph, graph.weights
        else:
            people = graph_given(graph)
        n = people.n
        start = one_each("initial", initial, n, least=-_MOST, most=_MOST)
        for name, value in (
            ("graph", people),
            ("initial", start),
            ("trust", one_or_each("trust", 1.0 if trust is None else trust, people.m, least=0, each="arc")),
            ("self_trust", one_each("self_trust", self_trust, n, least=0, most=1)),
            ("stubbornness", one_each("stubbornness", stubbornness, n, least=0, most=1)),
            ("innate", start if innate is None else one_each("innate", innate, n, least=-_MOST, most=_MOST)),
        ):
            object.__setattr__(self, name, value)
        if not np.isfinite(self.attention).all():
            first = int(np.argmin(np.isfinite(self.attention)))
            raise InvalidInputError(
                "trust", f"more than the floats hold over the arcs of person {first}",
                allowed="a finite number in total", verb="adds up to",
            )  # fmt: skip

    @classmethod
    def from_network(
        cls,
        network: IncentiveNetwork,
        initial: float | ArrayLike,
        *,
        self_trust: float | ArrayLike = 0.0,
        stubbornness: float | ArrayLike = 0.0,
        innate: float | ArrayLike | None = None,
    ) -> Self:
        """Return opinions among people who listen to those who can contact them, the more the surer the contact.

        An arc u -> v of the network says that u can contact v, so that v listens to u: all arcs are turned round. To
        let people listen to those whom they support, give ``network.support`` to `Opinions` itself.

        Examples
        --------
        >>> from mechanism import CostModel
        >>> network = IncentiveNetwork(Graph.from_edges(["ann"], ["bob"]), contact=0.5,
        ...                            join=CostModel.exponential(mean=1), invite=CostModel.exponential(mean=1))
        >>> people = Opinions.from_network(network, [1.0, 0.0])
        >>> people.step(people.initial).tolist()  # bob hears of it from ann
        [1.0, 1.0]
        """
        if not isinstance(network, IncentiveNetwork):
            raise InvalidInputError("network", type(network).__name__, allowed="an IncentiveNetwork")
        heard = Layer(network.graph, np.asarray(network.contact, dtype=np.float64)).reversed
        return cls(heard, initial, self_trust=self_trust, stubbornness=stubbornness, innate=innate)

    @property
    def n(self) -> int:
        """Number of people."""
        return self.graph.n

    @property
    def layer(self) -> Layer:
        """The trust with its graph."""
        return Layer(self.graph, self.trust)

    @property
    def attention(self) -> Reals:
        """How much trust each gives to others in total, float64 of shape (n,)."""
        source = np.repeat(np.arange(self.n), self.graph.out_degree)
        return np.asarray(np.bincount(source, self.layer.by_arc, minlength=self.n), dtype=np.float64)

    @property
    def matrix(self) -> csr_array:
        """P, whose rows add up to 1, as a sparse matrix of scipy without zeros; made at each call, O(n + m)."""
        from scipy.sparse import csr_array, diags_array

        total = self.attention
        own = np.where(total > 0, self.self_trust, 1.0)
        others = self.layer.matrix
        degree = self.graph.out_degree
        others.data = (
            others.data / np.repeat(np.where(total > 0, total, 1.0), degree) * np.repeat(1 - own, degree)
        )
        matrix = csr_array(others + diags_array(own))
        matrix.eliminate_zeros()
        return matrix

    def step(self, opinions: ArrayLike) -> Reals:
        """Return what people think one period after they thought this, float64 of shape (n,); O(n + m)."""
        x = one_each("opinions", opinions, self.n)
        return np.asarray((1 - self.stubbornness) * (self.matrix @ x) + self.stubbornness * self.innate)

    def polarisation(self, opinions: ArrayLike) -> float:
        """Return sum_i (x_i - mean)^2, how far opinions lie apart.

        References
        ----------
        Musco, Musco and Tsourakakis, "Minimizing polarization and disagreement in social networks", WWW 2018.
        """
        x = one_each("opinions", opinions, self.n)
        return float(((x - x.mean()) ** 2).sum())

    def disagreement(self, opinions: ArrayLike) -> float:
        """Return sum w_ij (x_i - x_j)^2 over pairs who listen to one another, w the trust: tension along the arcs.

        Every arc counts half, so that an edge of two arcs with the same trust counts once, as in the papers, and
        networks that are not symmetric have a disagreement too.

        References
        ----------
        Chen, Lijffijt and De Bie, "Quantifying and minimizing risk of conflict in social networks", KDD 2018.
        Musco, Musco and Tsourakakis, "Minimizing polarization and disagreement in social networks", WWW 2018.
        """
        x = one_each("opinions", opinions, self.n)
        apart = np.repeat(x, self.graph.out_degree) - x[self.graph.indices]
        return float(self.layer.by_arc @ apart**2) / 2

    def with_campaign(
        self, members: ArrayLike, *, opinion: float | ArrayLike = 1.0, weight: float | ArrayLike = 1.0
    ) -> Self:
        """Return the same people once some of them speak for a campaign.

        A member puts a weight on the campaign's opinion c and moves as before otherwise: with y = p * weight,
        x_i(t + 1) = (1 - y_i) ((1 - l_i) sum_j P_ij x_j(t) + l_i s_i) + y_i c_i.

        Parameters
        ----------
        members : array_like of bool or float, shape (n,)
            p, who takes part: 0 or 1, or in between the chance that a person speaks for the campaign in a period,
            drawn afresh each period, so that opinions are expectations.
        opinion : float or array_like of float, shape () or (n,)
            c, up to 1e100 in size. ``people.innate + 0.2`` shifts every member by as much.
        weight : float or array_like of float, shape () or (n,)
            In [0, 1]. With 1 a member says what the campaign says and listens to nobody any more.

        Returns
        -------
        Opinions
            With the same initial opinions, the stubbornness 1 - (1 - y)(1 - l) and innate opinions between s and c.

        Raises
        ------
        InvalidInputError
            If a number is out of range.

        Examples
        --------
        >>> people = Opinions(Graph.from_edges([0], [1], directed=False), 0.0, stubbornness=0.5)
        >>> joined = people.with_campaign([1, 0], weight=0.5)
        >>> joined.stubbornness.tolist(), joined.innate.round(12).tolist()
        ([0.75, 0.5], [0.666666666667, 0.0])
        """
        given = np.asarray(members)
        if given.shape != (self.n,):
            raise InvalidInputError(
                "members",
                given.shape,
                index="shape",
                allowed=f"({self.n},): 0, 1 or a chance for each person",
            )
        chance = one_each(
            "members", given.astype(np.float64) if given.dtype == bool else given, self.n, least=0, most=1
        )
        spoken = chance * one_each("weight", weight, self.n, least=0, most=1)
        wanted = one_each("opinion", opinion, self.n, least=-_MOST, most=_MOST)
        own = (1 - spoken) * self.stubbornness
        held = own + spoken
        anchor = np.divide(
            spoken * wanted + own * self.innate, held, out=self.innate.copy(), where=spoken > 0
        )
        return type(self)(
            self.graph, self.initial, trust=self.trust, self_trust=self.self_trust,
            stubbornness=np.minimum(held, 1.0), innate=anchor,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the opinions as plain Python values, ready for JSON."""
        values = {name: numbers_to(getattr(self, name)) for name in _FIELDS[1:]}
        return {"graph": graph_to_dict(self.graph), **values}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the opinions that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If the document is no such object.
        """
        if not isinstance(document, Mapping) or set(document) != set(_FIELDS):
            raise InvalidInputError("document", document, allowed=f"an object with {', '.join(_FIELDS)}")
        values = {name: numbers_from(document[name]) for name in _FIELDS[1:]}
        return cls(graph_from_dict(document["graph"]), **values)
