"""Adoption of what a few are told first: who gets to know of it, and who of them takes part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError, SolveError
from mechanism.graph import Graph
from mechanism.numbers import whole
from mechanism.vectors import Reals, one_each, one_or_each
from solvers.seeds import Rng, seed_sequence

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Adoption", "AdoptionFit", "AdoptionModel", "Introduction", "Rule", "fit_adoption"]

Rule = Literal["once", "repeated", "settled"]
_LIMITS = {"intercept": (-6.0, 6.0), "contact": (-8.0, 5.0), "support": (0.0, 3.9)}  # contact: of its logit
_STARTS = {"intercept": -0.5, "contact": -2.0, "support": 0.5}
_SETTLED, _MOST_ROUNDS = 1e-8, 2000
_STEP = 1e-4  # of finite differences


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Introduction:
    """Something new that a few people are told of first.

    Parameters
    ----------
    graph : Graph
        An arc i -> j: i tells j, and j looks at whether i takes part. Several communities may be one graph.
    first : array_like of int, shape (k,)
        Who is told first, by number in 0..n - 1.
    periods : int or array_like of int, shape () or (n,)
        Rounds of telling, at least 1: for all, or in the community of each.
    score : float or array_like of float, shape () or (n,)
        What is known of how much each wants to take part, in units of the logit.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    """

    graph: Graph
    first: NDArray[np.bool_]
    periods: NDArray[np.int64]
    score: Reals
    _hears: csr_array = field(repr=False)
    _share: Reals = field(repr=False)

    def __init__(
        self, graph: Graph, *, first: ArrayLike, periods: int | ArrayLike, score: float | ArrayLike = 0.0
    ) -> None:
        from scipy.sparse import csr_array

        if not isinstance(graph, Graph):
            raise InvalidInputError("graph", graph, allowed="a Graph")
        chosen = np.atleast_1d(np.asarray(first))
        allowed = f"different whole numbers in 0..{graph.n - 1}"
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or len(np.unique(chosen)) != len(chosen):
            raise InvalidInputError("first", first, allowed=allowed)
        if chosen.size and not (chosen.min() >= 0 and chosen.max() < graph.n):
            raise InvalidInputError("first", first, allowed=allowed)
        told = np.zeros(graph.n, dtype=bool)
        told[chosen] = True
        if np.ndim(periods) == 0:
            rounds = np.full(graph.n, whole(periods, argument="periods"))
        else:
            given = one_each("periods", periods, graph.n)
            if (given < 1).any() or (given != np.rint(given)).any():
                raise InvalidInputError("periods", periods, allowed="whole numbers of at least 1")
            rounds = given.astype(np.int64)
        arcs = csr_array((np.ones(graph.m), graph.indices, graph.indptr), shape=(graph.n, graph.n)).T.tocsr()
        tellers = np.asarray(arcs.sum(axis=1)).ravel()
        wish = np.array(one_each("score", score, graph.n))
        for name, value in (
            ("graph", graph),
            ("first", told),
            ("periods", rounds),
            ("score", wish),
            ("_hears", arcs),
            ("_share", 1 / np.maximum(tellers, 1)),
        ):
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, name, value)

    def support(self, joined: Reals) -> Reals:
        """Return the mean of `joined` over those who may tell each; 0 for who has none; float64 of shape (n,)."""
        return np.asarray((self._hears @ joined) * self._share)


@dataclass(frozen=True, slots=True, eq=False)
class Adoption:
    """Who is told and who takes part.

    Attributes
    ----------
    told, joined : ndarray of float64, shape (n,)
        Chance that each has been told, and that each takes part, at the end.
    """

    told: Reals
    joined: Reals


@dataclass(frozen=True, slots=True)
class AdoptionModel:
    """How news passes, and how those who know decide.

    Parameters
    ----------
    rule : {"once", "repeated", "settled"}
        Those who know take part with chance s(intercept + score + support * share), where s(z) = 1 / (1 + exp(-z)) and
        the share is that of those who may tell them and take part. They decide ``"once"``, when they are told; or are
        ``"repeated"``-ly asked, each period until they join; or when all is told they ``"settle"`` in the least
        equilibrium of the game in which everybody decides so given the chances of the others (`mechanism.Logit`).
    intercept : float
        Added to every score.
    contact : float
        Chance that one who knows tells a contact in a period, in [0, 1].
    support : float
        What it counts if all who may tell one take part rather than none, at least 0, in units of the logit.

    Raises
    ------
    InvalidInputError
        If a parameter is out of its range.

    References
    ----------
    Banerjee, Chandrasekhar, Duflo and Jackson, "The diffusion of microfinance", Science 341, 2013, where those who take
    part tell with another chance than those who do not.
    McKelvey and Palfrey, "Quantal response equilibria for normal form games", Games and Economic Behavior 10, 1995.

    Examples
    --------
    >>> pair = Introduction(Graph.from_edges(["ann"], ["bob"]), first=[0], periods=2)
    >>> found = AdoptionModel("once", intercept=0.0, contact=0.5).expected(pair)
    >>> found.told.tolist(), found.joined.round(3).tolist()
    ([1.0, 0.75], [0.5, 0.375])
    """

    rule: Rule
    intercept: float
    contact: float
    support: float = 0.0

    def __post_init__(self) -> None:
        _check_rule(self.rule)
        one_or_each("intercept", self.intercept, 0)
        one_or_each("contact", self.contact, 0, least=0, most=1)
        one_or_each("support", self.support, 0, least=0)

    def expected(self, setting: Introduction) -> Adoption:
        """Return the chances, taking what neighbours know and do for independent.

        Notes
        -----
        One product with the graph per period, O((n + m) periods). On a graph with ways back to where news came from
        too many are told: `simulate` says by how much.

        Raises
        ------
        SolveError
            If the equilibrium of the settled rule was not reached.
        """
        return _expected(setting, self.rule, self.intercept, self.contact, self.support)

    def simulate(self, setting: Introduction, *, replicates: int, rng: Rng) -> Adoption:
        """Return the shares of simulated worlds in which each is told and takes part; O((n + m) periods) a world."""
        worlds = whole(replicates, argument="replicates")
        coins = np.random.default_rng(seed_sequence(rng))
        told, joined = np.zeros(setting.graph.n), np.zeros(setting.graph.n)
        for _ in range(worlds):
            knows, acts = _one_world(setting, self, coins)
            told += knows
            joined += acts
        return Adoption(told / worlds, joined / worlds)


@dataclass(frozen=True, slots=True, eq=False)
class AdoptionFit:
    """A model fitted to who took part.

    Attributes
    ----------
    setting : Introduction
        The network, the first told and the scores.
    joined : ndarray of bool, shape (n,)
        Who took part.
    counted : ndarray of bool, shape (n,)
        To whom the model was fitted.
    model : AdoptionModel
        The fitted model.
    log_likelihood : float
        Sum over those counted of the log-chance of what each did: a composite likelihood, as people are taken one by
        one.
    """

    setting: Introduction
    joined: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    model: AdoptionModel
    log_likelihood: float
    _point: Reals = field(repr=False)

    def left_out(self, groups: ArrayLike) -> Adoption:
        """Return what the model expects of each group if it is fitted to the others, to first order.

        Parameters
        ----------
        groups : array_like of int, shape (n,)
            The group of each person, from 0: groups that no arc joins.

        Returns
        -------
        Adoption

        Raises
        ------
        InvalidInputError
            If there is not one group for each, or an arc joins two.
        SolveError
            If the likelihood is flat in a direction.

        Notes
        -----
        The infinitesimal jackknife: parameters without a group are those fitted, plus the inverse Hessian times the
        gradient of the group's part of the likelihood. A dozen evaluations of the model for all groups together.
        Parameters at a limit stay there.

        References
        ----------
        Giordano, Stephenson, Liu, Jordan and Broderick, "A Swiss army infinitesimal jackknife", AISTATS 2019.
        """
        graph = self.setting.graph
        group = np.asarray(groups)
        if group.shape != (graph.n,) or group.dtype.kind not in "iu" or (group < 0).any():
            raise InvalidInputError("groups", groups, allowed=f"{graph.n} whole numbers of at least 0")
        if (group[graph.indices] != np.repeat(group, graph.out_degree)).any():
            raise InvalidInputError("groups", groups, allowed="groups that no arc joins")
        names = _names(self.model.rule, supported=len(self._point) == 3)
        limits = np.array([_LIMITS[name] for name in names])
        free = (self._point > limits[:, 0] + 2 * _STEP) & (self._point < limits[:, 1] - 2 * _STEP)
        moves = np.eye(len(names))[free]
        loss, gradient, hessian = self._slopes(group, moves)
        points = np.tile(self._point, (len(loss), 1))
        try:
            points += np.linalg.solve(hessian, gradient.T).T @ moves  # each group's own pull is taken away
        except np.linalg.LinAlgError:
            raise SolveError("the likelihood does not tell the parameters apart", solution=self) from None
        points = np.clip(points, limits[:, 0], limits[:, 1])
        return _at(self.setting, self.model.rule, points[group].T)

    def _slopes(self, group: NDArray[Any], moves: Reals) -> tuple[Reals, Reals, Reals]:
        """Return the loss of each group, its gradient by group, and the Hessian of all."""

        def losses(point: Reals) -> Reals:
            found = _at(self.setting, self.model.rule, point)
            lost = np.where(self.counted, _surprise(found.joined, self.joined), 0.0)
            return np.bincount(group, lost).astype(np.float64)

        step, k = 10 * _STEP, len(moves)
        middle = losses(self._point)
        up = [losses(self._point + step * move) for move in moves]
        down = [losses(self._point - step * move) for move in moves]
        hessian = np.zeros((k, k))
        for i in range(k):
            hessian[i, i] = (up[i] + down[i] - 2 * middle).sum() / step**2
            for j in range(i):
                both = losses(self._point + step * (moves[i] + moves[j]))
                hessian[i, j] = hessian[j, i] = (both - up[i] - up[j] + middle).sum() / step**2
        gradient = np.column_stack([(a - b) / (2 * step) for a, b in zip(up, down, strict=True)])
        return middle, gradient, hessian


def fit_adoption(
    setting: Introduction,
    joined: ArrayLike,
    *,
    rule: Rule,
    supported: bool = False,
    counted: ArrayLike | None = None,
    start: AdoptionFit | None = None,
) -> AdoptionFit:
    """Fit the chance of contact, an intercept and, if asked for, the support to who took part.

    Parameters
    ----------
    setting : Introduction
        The network, the first told and the scores.
    joined : array_like of bool, shape (n,)
        Who took part.
    rule : {"once", "repeated", "settled"}
        How those who know decide, see `AdoptionModel`.
    supported : bool
        Whether the support is fitted; else it is 0.
    counted : array_like of bool, shape (n,), optional
        To whom the model is fitted, at least one; all by default.
    start : AdoptionFit, optional
        A fit of the same kind to start from.

    Returns
    -------
    AdoptionFit

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, or somebody who counts took part and cannot have been told in time
        (to be asked, under the repeated rule, in a period after that).
    SolveError
        If the search ended without a maximum.

    Notes
    -----
    Maximises the sum of the log-chances of what each person did by L-BFGS with finite differences: a local maximum,
    within intercepts of -6..6, logits of the contact of -8..5 and support of 0..3.9: below 4 the game of the settled
    rule contracts, as the slope of s is at most 1/4, and has one equilibrium. Some hundred evaluations of
    `AdoptionModel.expected`.

    Examples
    --------
    >>> ring = Graph.from_edges(range(30), [*range(1, 30), 0], directed=False)
    >>> setting = Introduction(ring, first=[0, 10, 20], periods=20)
    >>> fit = fit_adoption(setting, np.arange(30) % 3 == 0, rule="once")
    >>> round(float(fit.model.expected(setting).joined.mean()), 2)
    0.33
    """
    from scipy.optimize import minimize

    _check_rule(rule)
    if not isinstance(setting, Introduction):
        raise InvalidInputError("setting", setting, allowed="an Introduction")
    n = setting.graph.n
    acts = _flags("joined", joined, n)
    chosen = np.ones(n, dtype=bool) if counted is None else _flags("counted", counted, n)
    if not chosen.any():
        raise InvalidInputError("counted", counted, allowed="at least one person")
    lost = chosen & acts & (_expected(setting, rule, 0.0, 0.5, 0.0).joined == 0)
    if lost.any():
        raise InvalidInputError(
            "joined", True, index=int(np.argmax(lost)), allowed="False for who cannot have been told in time"
        )
    names = _names(rule, supported=supported)

    def loss(point: Reals) -> float:
        return float(_surprise(_at(setting, rule, point).joined, acts)[chosen].mean())

    origin = np.array([_STARTS[name] for name in names]) if start is None else start._point
    if len(origin) != len(names):
        raise InvalidInputError("start", start, allowed="a fit of as many parameters")
    found = minimize(
        loss, origin, method="L-BFGS-B", bounds=[_LIMITS[name] for name in names],
        options={"eps": _STEP, "ftol": 1e-9, "gtol": 1e-6},
    )  # fmt: skip
    if not np.isfinite(found.fun):
        raise SolveError("the likelihood was not maximised", solution=found.x)
    intercept, contact, support = _parameters(found.x)
    model = AdoptionModel(rule, float(intercept), float(contact), float(support))
    likelihood = -float(_surprise(model.expected(setting).joined, acts)[chosen].sum())
    return AdoptionFit(setting, acts, chosen, model, likelihood, found.x)


def _check_rule(rule: object) -> None:
    if rule not in get_args(Rule):
        raise InvalidInputError("rule", rule, allowed=f"one of {', '.join(get_args(Rule))}")


def _flags(argument: str, values: ArrayLike, n: int) -> NDArray[np.bool_]:
    array = np.array(values)
    if array.shape != (n,) or array.dtype != bool:
        raise InvalidInputError(argument, values, allowed=f"{n} truth values, one per person")
    array.flags.writeable = False
    return array


def _names(rule: Rule, *, supported: bool) -> tuple[str, ...]:
    return ("intercept", "contact", "support") if supported else ("intercept", "contact")


def _parameters(point: Reals) -> tuple[Any, Any, Any]:
    """Return intercept, contact and support of a point of the search, numbers or one for each person."""
    from scipy.special import expit

    return point[0], expit(point[1]), point[2] if len(point) == 3 else 0.0


def _at(setting: Introduction, rule: Rule, point: Reals) -> Adoption:
    return _expected(setting, rule, *_parameters(point))


def _surprise(chance: Reals, acts: NDArray[np.bool_]) -> Reals:
    """Return minus the log-chance of what each did; infinite for what cannot be."""
    with np.errstate(divide="ignore"):
        return -np.log(np.where(acts, chance, 1 - chance))


def _expected(setting: Introduction, rule: Rule, intercept: Any, contact: Any, support: Any) -> Adoption:
    """Parameters are numbers, or one for each person of communities that do not touch."""
    from scipy.special import expit

    base = setting.score + intercept
    alone = not np.any(support)
    fixed = expit(base)

    def chance(joined: Reals) -> Reals:
        return fixed if alone else np.asarray(expit(base + support * setting.support(joined)))

    told = setting.first.astype(np.float64)
    joined = told * fixed if rule == "once" else np.zeros_like(told)
    with np.errstate(divide="ignore", invalid="ignore"):
        for period in range(1, int(setting.periods.max()) + 1):
            on = setting.periods >= period
            if rule == "repeated":
                joined = joined + on * (told - joined) * chance(joined)
            missed = np.exp(setting._hears @ np.log1p(-contact * told))
            new = on * (1 - told) * (1 - missed)
            if rule == "once":
                joined = joined + new * chance(joined)
            told = told + new
    if rule != "settled":
        return Adoption(told, joined)
    return Adoption(told, _settled(told, chance))


def _settled(told: Reals, chance: Callable[[Reals], Reals]) -> Reals:
    """Return the least fixed point of told * chance(joined), from nobody."""
    joined = np.zeros_like(told)
    for _ in range(_MOST_ROUNDS):
        following = told * chance(joined)
        if np.abs(following - joined).max(initial=0) <= _SETTLED:
            return following
        joined = following
    raise SolveError("the game among those who know did not settle", solution=joined)


def _one_world(
    setting: Introduction, model: AdoptionModel, coins: np.random.Generator
) -> tuple[NDArray[np.bool_], Reals]:
    """Return who is told and who joins in one world; under the settled rule the chances of joining."""
    from scipy.special import expit

    base = setting.score + model.intercept
    told, n = setting.first.copy(), setting.graph.n

    def chance(joined: Reals) -> Reals:
        return np.asarray(expit(base + model.support * setting.support(joined)), dtype=np.float64)

    acts = np.zeros(n, dtype=bool)
    if model.rule == "once":
        acts = told & (coins.random(n) < expit(base))
    for period in range(1, int(setting.periods.max()) + 1):
        on = setting.periods >= period
        if model.rule == "repeated":
            acts = acts | (on & told & (coins.random(n) < chance(acts.astype(np.float64))))
        tellers = setting._hears @ told.astype(np.float64)
        new = on & ~told & (coins.random(n) < 1 - (1 - model.contact) ** tellers)
        if model.rule == "once":
            acts = acts | (new & (coins.random(n) < chance(acts.astype(np.float64))))
        told = told | new
    if model.rule == "settled":
        return told, _settled(told.astype(np.float64), chance)
    return told, acts.astype(np.float64)
