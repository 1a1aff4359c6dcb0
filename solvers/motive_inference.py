"""What moves people: weights on motives, and the cost of joining, from who took which offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import CostModel, Motives
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from mechanism.numbers import number
from mechanism.vectors import one_each
from solvers.joining_intervals import Intervals, fit_test
from solvers.joining_likelihood import (
    Fit,
    Joins,
    NotIdentifiedError,
    dependence,
    fit,
    joining_law,
    separation,
    spelled,
)
from solvers.motive_estimate import MEAN_COST, MOTIVES, MotiveEstimate
from solvers.seeds import Rng, seed_sequence

__all__ = [
    "CostComparison",
    "MotiveEstimate",
    "NotIdentifiedError",
    "compare_costs",
    "infer_motives",
    "simulate_exposures",
]

Reals = NDArray[np.float64]


def infer_motives(
    payoffs: ArrayLike,
    joined: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    cost: str = "logistic",
    counts: ArrayLike | None = None,
    covariates: Mapping[str, ArrayLike] | None = None,
    numeraire: str | None = "profit",
    nonnegative: bool = False,
    confidence: float = 0.95,
    robust: bool = False,
    clusters: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    prior: float = 0.0,
) -> MotiveEstimate:
    """Estimate what moves people from which offers they took.

    A person joins if the private cost is at most theta . z, z the payoffs of the offer.

    Parameters
    ----------
    payoffs : array_like of float, shape (offers, k)
        Payoffs of each offer, money: what it promises to oneself, the cause, the recruiter, and as fun, or some of
        these, as `names` says.
    joined : array_like of bool or int, shape (offers,)
        Whether the person joined, or how many of `counts` did.
    names : sequence of str, optional
        Names of the columns; profit, charity, reciprocity, entertainment if there are four.
    cost : str
        Law of the cost: "logistic" (unknown mean and scale), or with unknown scale "exponential", "weibull:SHAPE" or
        "uniform" (from 0).
    counts : array_like of int, shape (offers,), optional
        People to whom each offer was made; one by default.
    covariates : mapping of str to array_like of float, shape (offers,), optional
        What else may move people, or cost them; coefficients of any sign. With the logistic law only.
    numeraire : str or None
        Term whose weight is set to 1. Without it among the names only weights per unit of scale are told.
    nonnegative : bool
        Hold the weights of motives at 0 or above. Always so with the other laws: costs that begin at 0 give an offer
        worth less than nothing no chance.
    confidence : float
        Confidence of the intervals, in (0, 1).
    robust : bool
        Standard errors that hold if the law is wrong (sandwich).
    clusters : array_like, shape (offers,), optional
        Whose answers depend on each other, such as those of one recruiter; implies `robust`.
    importance : array_like of float, shape (offers,), optional
        How often each answer counts, above 0, as if so many people had given it; 1 by default. Where that is not so,
        as with the weights of a survey, give a cluster of its own to each offer.
    prior : float
        Imagined people for each payoff and covariate, at least 0: offered its typical amount (root mean square) and
        nothing else at a mean cost of 0, half of them join. Draws weights towards 0, so that they are finite and
        determined where offers are separated or motives move together; 1 is usual. With the logistic law only, and
        not `robust`; the intervals and the test of fit count these people too.

    Returns
    -------
    MotiveEstimate

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    UnsupportedProblemError
        If the likelihood of the law is not concave, or has no interval for these data.
    NotIdentifiedError
        If motives always moved together, or the offers that were taken are separated from the others; the message
        names the direction and what to vary.
    SolveError
        If the greatest likelihood was not found.

    Notes
    -----
    log F and log(1 - F) are concave in theta . z for the logistic, exponential and uniform laws and for Weibull laws of
    a shape of at least 1, so that the likelihood has one maximum (Pratt 1981). For lognormal laws log(1 - F) is not.

    *Intervals* are by profile likelihood. The profile of a ratio theta_j / theta_1 at r is a fit in which columns 1 and
    j are merged to z_1 + r z_j; the set of ratios on a convex set with theta_1 > 0 is an interval. With `robust` they
    are Wald intervals, and Fieller's (1954) for ratios; by clusters with Student quantiles, clusters less one.

    *Fit*. Bins of equal size of the fitted chance; the covariance of observed less expected joins is W - C J^-1 C',
    as the weights were estimated on the same data (Moore and Spruill 1975; Tsiatis 1980).

    O(n k^2) time for each Newton step, about 100 steps for each term.

    References
    ----------
    Pratt, "Concavity of the log likelihood", Journal of the American Statistical Association 76, 1981.
    Fieller, "Some problems in interval estimation", Journal of the Royal Statistical Society B 16, 1954.
    Tsiatis, "A note on a goodness-of-fit test for the logistic regression model", Biometrika 67, 1980.
    Moore and Spruill, "Unified large-sample theory of general chi-squared statistics", Annals of Statistics 3, 1975.
    Greenland and Mansournia, "Penalization, bias reduction, and default priors in logistic and related categorical and
    survival regressions", Statistics in Medicine 34, 2015: the log-F(prior, prior) law.
    White, "Maximum likelihood estimation of misspecified models", Econometrica 50, 1982.

    Examples
    --------
    Of 100 people each, 20 joined for 1, 50 for 2, and 80 for 1 and as much for a cause:

    >>> found = infer_motives([[1, 0], [2, 0], [1, 1]], [20, 50, 80], counts=[100] * 3, names=["profit", "charity"])
    >>> found.names, found.weights.round(4).tolist(), round(found.scale, 4)
    (('profit', 'charity', 'mean cost'), [1.0, 2.0, 2.0], 0.7213)
    """
    law = joining_law(cost)
    columns, labels = _columns(payoffs, names)
    n = len(columns)
    taken, asked = _answers(joined, counts, n)
    if importance is not None:
        often = one_each("importance", importance, n, each="offer")
        if (often <= 0).any():
            worst = int((often <= 0).argmax())
            raise InvalidInputError("importance", float(often[worst]), index=worst, allowed="above 0")
        taken, asked = taken * often, asked * often
    level = float(number(confidence, argument="confidence", allowed="a number in (0, 1)"))
    if not 0 < level < 1:
        raise InvalidInputError("confidence", confidence, allowed="a number in (0, 1)")
    extra = {} if covariates is None else dict(covariates)
    for name in extra:
        if name in labels or name == MEAN_COST:
            raise InvalidInputError("covariates", name, allowed="named differently from the payoffs")
    if extra and not law.has_location:
        raise UnsupportedProblemError(
            f"covariates of any sign need costs of any sign: use cost='logistic', not {cost!r}"
        )
    if not law.has_location and (columns < 0).any():
        place = tuple(int(i) for i in np.argwhere(columns < 0)[0])
        raise InvalidInputError(
            "payoffs",
            float(columns[place]),
            index=place,
            allowed=f"at least 0 for {cost} costs, which begin at 0",
        )
    held = np.full(columns.shape[1], bool(nonnegative) or not law.has_location)
    design = np.column_stack(
        [columns, *(one_each(f"covariates[{c}]", v, n, each="offer") for c, v in extra.items())]
    )
    held = np.append(held, np.zeros(len(extra), dtype=bool))
    labels = (*labels, *extra)
    if law.has_location:
        design, held, labels = (
            np.column_stack((design, -np.ones(n))),
            np.append(held, False),
            (*labels, MEAN_COST),
        )
    elif (worthless := (design == 0).all(axis=1) & (taken > 0)).any():
        raise InvalidInputError(
            "joined", "an offer of nothing", index=int(worthless.argmax()), allowed="0: no cost is below 0"
        )
    if numeraire is not None and numeraire not in labels and numeraire != "profit":
        raise InvalidInputError("numeraire", numeraire, allowed=f"one of {', '.join(labels)}, or None")
    if numeraire == MEAN_COST or numeraire in extra:
        raise InvalidInputError("numeraire", numeraire, allowed="one of the payoffs")
    base = labels.index(numeraire) if numeraire in labels else None
    data = Joins(design, taken, asked - taken, law, held, np.zeros(n))
    joins = _with_prior(data, prior, robust or clusters is not None)
    best = _identified_fit(joins, labels)
    groups = None if clusters is None else _groups(clusters, n)
    spread = Intervals.of(joins, best, level, robust=robust or groups is not None, groups=groups)
    ratios = np.full((len(labels), 2), (-inf, inf))
    weights, weights_stderr = np.full(len(labels), nan), np.full(len(labels), nan)
    interval = np.array([spread.coefficient(j) for j in range(len(labels))])
    scale, scale_interval = nan, (nan, nan)
    if base is not None and best.coefficients[base] > 0:
        unit = best.coefficients[base]
        weights, weights_stderr = best.coefficients / unit, spread.ratio_stderr(base)
        ratios = np.array([spread.ratio(j, base) for j in range(len(labels))])
        low, high = np.maximum(interval[base], 0.0)
        scale, scale_interval = float(1 / unit), (1 / high, 1 / low if low > 0 else inf)
    value = data.pieces(best.coefficients)[0]
    share = taken.sum() / asked.sum()
    null = float(taken.sum() * np.log(share) + (asked - taken).sum() * np.log1p(-share))
    return MotiveEstimate(
        names=labels,
        coefficients=_frozen(best.coefficients),
        stderr=_frozen(spread.stderr),
        interval=_frozen(interval),
        weights=_frozen(weights),
        weights_stderr=_frozen(weights_stderr),
        weights_interval=_frozen(ratios),
        scale=scale,
        scale_interval=scale_interval,
        numeraire=numeraire if base is not None else None,
        cost=str(law),
        confidence=level,
        method=spread.method if joins is data else f"{spread.method}, log-F({prior:g}, {prior:g}) prior",
        held=tuple(name for name, one in zip(labels, held, strict=True) if one),
        covariance=_frozen(spread.covariance),
        loglik=value,
        people=float(asked.sum()),
        joined=float(taken.sum()),
        mcfadden=1 - value / null,
        test=fit_test(joins, best),
        gradient=best.gradient,
    )


def _columns(payoffs: ArrayLike, names: Sequence[str] | None) -> tuple[Reals, tuple[str, ...]]:
    """Return payoffs as a matrix, and the names of its columns."""
    allowed = "a matrix of finite numbers with one row per offer and one column per motive"
    try:
        given = np.asarray(payoffs)
    except ValueError:  # rows of different lengths
        raise InvalidInputError("payoffs", payoffs, allowed=allowed) from None
    if given.dtype.kind not in "fiu" or given.ndim != 2 or not given.size:
        raise InvalidInputError("payoffs", payoffs, allowed=allowed)
    columns = given.astype(np.float64)
    if not np.isfinite(columns).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(columns))[0])
        raise InvalidInputError("payoffs", float(columns[place]), index=place, allowed="a finite number")
    if names is None and columns.shape[1] == len(MOTIVES):
        return columns, MOTIVES
    width = columns.shape[1]
    labels = () if names is None or isinstance(names, str) else tuple(names)
    if (
        len(labels) != width
        or len(set(labels)) != width
        or not all(isinstance(one, str) and one != MEAN_COST for one in labels)
    ):
        raise InvalidInputError(
            "names", names, allowed=f"a list of different names, one for each of {width} columns"
        )
    return columns, labels


def _answers(joined: ArrayLike, counts: ArrayLike | None, n: int) -> tuple[Reals, Reals]:
    """Return how many joined and how many were asked, for each offer."""
    given = np.asarray(joined)
    taken = one_each(
        "joined", given.astype(np.int64) if given.dtype == bool else given, n, least=0.0, each="offer"
    )
    asked = one_each("counts", 1 if counts is None else counts, n, least=1.0, each="offer")
    for name, array, limit in (("counts", asked, asked), ("joined", taken, asked)):
        bad = (array != np.floor(array)) | (array > limit)
        if bad.any():
            first = int(bad.argmax())
            raise InvalidInputError(
                name, float(array[first]), index=first, allowed="a number of people, no more than were asked"
            )
    if not 0 < taken.sum() < asked.sum():
        raise InvalidInputError(
            "joined", "nobody" if not taken.any() else "everybody", allowed="some people and not all"
        )
    return taken, asked


def _with_prior(data: Joins, prior: float, robust: bool) -> Joins:
    """Return the data and the imagined people; the same object without any."""
    allowed = "a number of people of at least 0"
    people = float(number(prior, argument="prior", allowed=allowed))
    if people < 0:
        raise InvalidInputError("prior", prior, allowed=allowed)
    if not people:
        return data
    if not data.law.has_location or robust:
        what = "robust intervals" if robust else f"{data.law} costs, which begin at 0"
        raise UnsupportedProblemError(f"a prior does not go with {what}; leave one of them out")
    asked = data.joined + data.refused
    typical = np.sqrt(asked @ data.design**2 / asked.sum())
    typical[-1] = 0.0  # the mean cost has none
    half = np.full(len(typical) - 1, people / 2)
    return replace(
        data,
        design=np.vstack((data.design, np.diag(typical)[:-1])),
        joined=np.append(data.joined, half),
        refused=np.append(data.refused, half),
        offset=np.append(data.offset, 0 * half),
    )


def _groups(clusters: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return the number of the cluster of each offer."""
    given = np.asarray(clusters)
    found, groups = np.unique(given, return_inverse=True)
    if given.shape != (n,) or len(found) < 2:
        raise InvalidInputError(
            "clusters", clusters, allowed=f"{n} labels, one per offer, at least two different ones"
        )
    return groups.astype(np.int64)


def _identified_fit(joins: Joins, labels: tuple[str, ...]) -> Fit:
    """Return the fit, or say which direction the data leave open."""
    for name, column in zip(labels, joins.design.T, strict=True):
        if not column.any():
            raise NotIdentifiedError(
                f"{name} is 0 in every offer: vary it or leave it out", direction={name: 1.0}
            )
    free = dependence(joins.design)
    if free is not None:
        constant = (
            " (the mean cost is the same in every offer)" if labels[-1] == MEAN_COST and free[-1] else ""
        )
        raise NotIdentifiedError(
            f"adding any multiple of ({spelled(free, labels)}) to the weights changes no offer's worth{constant}; "
            "vary one of these without the others, or leave one out",
            direction=_named(free, labels),
        )
    try:
        return fit(joins)
    except (SolveError, UnsupportedProblemError):
        apart = separation(joins)
        if apart is None:
            raise
        threshold = float(apart[-1]) if labels[-1] == MEAN_COST else 0.0
        moving = [d if name != MEAN_COST else 0.0 for name, d in zip(labels, apart, strict=True)]
        raise NotIdentifiedError(
            f"the data are separated: {spelled(np.array(moving), labels) or 0} is at least {threshold:.4g} wherever "
            "somebody joined and at most that wherever somebody did not, so that no weights in this proportion are too "
            "large; make offers on both sides that are closer to it, or ask more people",
            direction=_named(apart, labels),
        ) from None


def _named(direction: Reals, labels: tuple[str, ...]) -> dict[str, float]:
    return {name: float(d) for name, d in zip(labels, direction, strict=True) if d}


def _frozen(array: Reals) -> Reals:
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True)
class CostComparison:
    """Fits under several laws of the cost, the best first.

    Attributes
    ----------
    estimates : tuple of MotiveEstimate
        By Akaike's criterion, the smallest first.
    """

    estimates: tuple[MotiveEstimate, ...]

    @property
    def best(self) -> MotiveEstimate:
        """The fit with the smallest criterion."""
        return self.estimates[0]

    @property
    def akaike_weights(self) -> tuple[float, ...]:
        """Share of each law, exp(-difference / 2) over the sum."""
        odds = np.exp([(self.best.aic - one.aic) / 2 for one in self.estimates])
        return tuple((odds / odds.sum()).tolist())

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("cost", "log-likelihood", "AIC", "more", "share", "McFadden R2", "p of fit"))
        for one, share in zip(self.estimates, self.akaike_weights, strict=True):
            table.add_row(
                one.cost, f"{one.loglik:,.2f}", f"{one.aic:,.2f}", f"{one.aic - self.best.aic:.2f}", f"{share:.3f}",
                f"{one.mcfadden:.3f}", f"{one.test.p:.3g}",
            )  # fmt: skip
        return render("Laws of the cost of joining, by Akaike's criterion", table)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "estimates": [one.to_dict() for one in self.estimates],
            "akaike_weights": list(self.akaike_weights),
        }


def compare_costs(
    payoffs: ArrayLike,
    joined: ArrayLike,
    *,
    costs: Sequence[str] = ("logistic", "exponential", "weibull:2"),
    names: Sequence[str] | None = None,
    counts: ArrayLike | None = None,
    nonnegative: bool = False,
) -> CostComparison:
    """Fit several laws of the cost to the same data.

    Parameters
    ----------
    payoffs, joined, names, counts, nonnegative
        As in `infer_motives`.
    costs : sequence of str
        The laws, at least one.

    Returns
    -------
    CostComparison

    Raises
    ------
    InvalidInputError, UnsupportedProblemError, NotIdentifiedError, SolveError
        As `infer_motives` does.

    Examples
    --------
    >>> offers = [[1.0], [2.0], [3.0], [4.0]]
    >>> found = compare_costs(offers, [63, 86, 95, 98], counts=[100] * 4, names=["profit"])
    >>> found.best.cost, round(found.best.scale, 2)
    ('exponential', 1.01)
    """
    if isinstance(costs, str) or not costs:
        raise InvalidInputError("costs", costs, allowed="a list of laws, at least one")
    found = [
        infer_motives(payoffs, joined, names=names, cost=cost, counts=counts, nonnegative=nonnegative)
        for cost in costs
    ]
    return CostComparison(tuple(sorted(found, key=lambda one: one.aic)))


def simulate_exposures(
    weights: Motives | ArrayLike, *, cost: CostModel, payoffs: ArrayLike, rng: Rng
) -> NDArray[np.bool_]:
    """Return who takes which offer when costs are drawn from a law.

    Parameters
    ----------
    weights : Motives or array_like of float, shape (k,) or (offers, k)
        Weights on the payoffs, alike for all or one row per offer.
    cost : CostModel
        Law of the private cost, money; one draw per offer.
    payoffs : array_like of float, shape (offers, k)
        Payoffs of each offer, money.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the draws.

    Returns
    -------
    ndarray of bool, shape (offers,)
        Whether the cost was at most the weighted sum of the payoffs.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Examples
    --------
    >>> took = simulate_exposures([1.0], cost=CostModel.exponential(mean=1), payoffs=[[0.0], [50.0]], rng=1)
    >>> took.tolist()
    [False, True]
    """
    if not isinstance(cost, CostModel):
        raise InvalidInputError("cost", cost, allowed="a CostModel such as CostModel.exponential(mean=1)")
    columns, _ = _columns(
        payoffs, [f"payoff {j}" for j in range(np.shape(payoffs)[-1] if np.ndim(payoffs) else 0)]
    )
    given = weights.weights if isinstance(weights, Motives) else np.asarray(weights, dtype=np.float64)
    if (
        given.shape not in ((columns.shape[1],), (1, columns.shape[1]), columns.shape)
        or not np.isfinite(given).all()
    ):
        raise InvalidInputError(
            "weights", weights, allowed="one finite weight per payoff, alike for all or by offer"
        )
    draws = np.random.Generator(np.random.Philox(seed_sequence(rng))).random(len(columns))
    return np.asarray(cost.ppf(draws) <= (columns * given).sum(axis=1))
