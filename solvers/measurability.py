"""What an estimate of peer influence gets wrong when motives drive adoption and friends have like motives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph
from mechanism.errors import InvalidInputError
from mechanism.numbers import number, whole
from solvers.joining_likelihood import JoiningLaw, Joins, fit
from solvers.precision import check_replicates
from solvers.progress import Progress
from solvers.seeds import Rng, child, seed_sequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MeasurabilityBias", "measurability_bias"]

Reals = NDArray[np.float64]
_LAW = JoiningLaw("exponential")
_BLIND, _AWARE = "diffusion only", "incentive-aware"
_SMOOTHING = 2  # steps over which a latent field is shared


@dataclass(frozen=True, slots=True, eq=False)
class MeasurabilityBias:
    """Estimates of peer influence by analysts who see more or less of the motives, over many cascades.

    Attributes
    ----------
    homophily : ndarray of float64, shape (levels,)
        Share of the variance of the latent trait that neighbours have in common sources.
    likeness : ndarray of float64, shape (levels,)
        Correlation of the motives of neighbours that came of it, mean over the cascades.
    adopted : ndarray of float64, shape (levels,)
        Share of the people who adopted, mean over the cascades.
    influence : float
        The truth: what one adopted neighbour is worth, in mean costs.
    analysts : tuple of str
        The first sees adoptions alone, the last also what the incentive is worth to each; between them those who see a
        proxy of it.
    estimates, stderr : ndarray of float64, shape (levels, analysts, replicates)
        Estimated influence, in mean costs, cascade by cascade, and the standard error that the analyst would state.
    confidence : float
        Confidence of the intervals.
    """

    homophily: Reals
    likeness: Reals
    adopted: Reals
    influence: float
    analysts: tuple[str, ...]
    estimates: Reals
    stderr: Reals
    confidence: float

    @property
    def replicates(self) -> int:
        """Cascades at each level."""
        return int(self.estimates.shape[2])

    @property
    def mean(self) -> Reals:
        """Mean estimate, float64 of shape (levels, analysts)."""
        return np.asarray(self.estimates.mean(axis=2))

    @property
    def interval(self) -> Reals:
        """Interval of the mean estimate, float64 of shape (levels, analysts, 2)."""
        return _interval(self.estimates, self.confidence)

    @property
    def bias(self) -> Reals:
        """Mean estimate less the truth, float64 of shape (levels, analysts)."""
        return self.mean - self.influence

    @property
    def coverage(self) -> Reals:
        """Share of the cascades whose analyst's interval holds the truth, float64 of shape (levels, analysts)."""
        reach = _quantile(self.confidence) * self.stderr
        return np.asarray((np.abs(self.estimates - self.influence) <= reach).mean(axis=2))

    @property
    def measurability(self) -> Reals:
        """Interval of the diffusion-only less the incentive-aware estimate, paired, float64 of shape (levels, 2)."""
        return _interval(self.estimates[:, 0] - self.estimates[:, -1], self.confidence)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        columns = [
            cell
            for one in self.analysts
            for cell in (one, f"{100 * self.confidence:g} %", "bias %", "covers %")
        ]
        table = plain_table(("homophily", "likeness", "adopted %", *columns), left=0)
        mean, ends, covered = self.mean, self.interval, self.coverage
        for i, level in enumerate(self.homophily):
            cells = [f"{level:g}", f"{self.likeness[i]:.3f}", f"{100 * self.adopted[i]:.1f}"]
            for j in range(len(self.analysts)):
                off = f"{100 * (mean[i, j] / self.influence - 1):+.1f}" if self.influence else "-"
                low, high = ends[i, j]
                cells += [f"{mean[i, j]:.4f}", f"{low:.4f} .. {high:.4f}", off, f"{100 * covered[i, j]:.0f}"]
            table.add_row(*cells)
        low, high = self.measurability[0]
        footer = [
            f"truth      one adopted neighbour is worth {self.influence:g} mean costs",
            "likeness   correlation of the motives of neighbours",
            f"intervals  of the mean over {self.replicates} cascades",
            "covers     share of the cascades whose own interval holds the truth",
        ]
        if self.homophily[0] == 0:
            footer.append(f"without homophily the first and the last differ by {low:+.4f} .. {high:+.4f}")
        return render("Peer influence as analysts see it", table, footer=footer)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; without the single cascades."""
        arrays = ("homophily", "likeness", "adopted", "mean", "interval", "bias", "coverage", "measurability")
        return {
            **{name: getattr(self, name).tolist() for name in arrays},
            "influence": self.influence,
            "analysts": list(self.analysts),
            "replicates": self.replicates,
            "confidence": self.confidence,
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the estimates against homophily; return the axes.

        Bars are intervals of the means; bands hold as many of the single cascades as the confidence says.
        """
        from solvers.plots import BLUE, GREEN, GREY, ORANGE, styled_axes

        tail = 50 * (1 - self.confidence)
        last = len(self.analysts) - 1
        with styled_axes(ax) as axes:
            for j, name in enumerate(self.analysts):
                main = j in (0, last)
                color = {0: ORANGE, last: BLUE}.get(j, GREEN)
                mean = self.mean[:, j]
                bars = np.abs(self.interval[:, j].T - mean)
                axes.errorbar(
                    self.homophily, mean, yerr=bars, color=color, linewidth=2 if main else 1.2, capsize=3,
                    marker={0: "s", last: "o"}.get(j, "^"), markersize=6 if main else 4,
                    linestyle={0: "--", last: "-"}.get(j, ":"), label=name, zorder=3,
                )  # fmt: skip
                if main:
                    low, high = np.percentile(self.estimates[:, j], [tail, 100 - tail], axis=1)
                    axes.fill_between(self.homophily, low, high, color=color, alpha=0.15, linewidth=0)
            axes.axhline(self.influence, color=GREY, linewidth=1.2, linestyle="-.", label="truth", zorder=2)
            axes.set_xlabel(
                "homophily (share of the variance of motives that is common to the neighbourhood)"
            )
            axes.set_ylabel("estimated worth of one adopted neighbour (mean costs)")
            axes.legend(
                loc="upper left",
                title=f"bars: mean; bands: {100 * self.confidence:g} % of the cascades",
                alignment="left",
            )
        return axes


def measurability_bias(
    graph: Graph,
    *,
    homophily: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    influence: float = 0.05,
    incentive: float = 0.1,
    baseline: float = 0.02,
    motives: ArrayLike | None = None,
    reliability: Sequence[float] = (),
    periods: int = 8,
    replicates: int = 100,
    confidence: float = 0.95,
    rng: Rng,
    progress: Progress | None = None,
) -> MeasurabilityBias:
    """Measure how far peer influence is misjudged by who sees adoptions but not motives.

    In each period everybody who has not adopted meets a fresh private cost, exponential with mean 1, and adopts if it
    is at most the worth of adopting: a baseline, plus the incentive times the own weight on it, plus the influence
    times the neighbours who have adopted before. The weights are latent and, with homophily, alike among neighbours.

    Parameters
    ----------
    graph : Graph
        Arc u -> v: what u did moves v.
    homophily : sequence of float
        Levels in [0, 1], increasing: the share of the variance of the latent trait that is shared with people up to two
        steps away.
    influence, incentive, baseline : float
        Worths in mean costs: of one adopted neighbour, at least 0; of the incentive at weight 1, at least 0; of
        adopting by itself, above 0.
    motives : array_like of float, shape (any,), optional
        Weights, at least 0, as observed or assumed: people's weights are drawn from them. Exponential with mean 1 by
        default.
    reliability : sequence of float
        Analysts who see a proxy of the weight, by the share of its variance that comes from the trait, in (0, 1).
    periods : int
        Periods.
    replicates : int
        Cascades at each level, at least 2. Cascade r has the same draws at all levels.
    confidence : float
        Confidence of the intervals, in (0, 1).
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the cascades.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    MeasurabilityBias

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If the likelihood of a cascade has no greatest value, as when nobody adopts in some period.

    Notes
    -----
    *Analysts* maximise the likelihood of `infer_motives` with exponential costs: the chance to adopt in period t is
    1 - exp(-(a_t + b w + g A)), A the neighbours who have adopted, w the weight or a proxy of it, absent for the
    diffusion-only analyst. No coefficient is held at 0, which would bend the others: the derivative of the
    log-likelihood has mean 0 at the truth, so that its root is right on average in large networks.

    *What is estimated* is g, the worth of one adopted neighbour. It is collapsible, and selection does not bend it. Let
    w be independent between people, as it is at homophily 0, with distribution f. Given all adoptions before t, the
    likelihood of the weight of a person who has not adopted is f(w) prod_s exp(-(a + w + g A_s)): in w it is
    f(w) exp(-w (t - 1)) whatever the A_s. So the chance to adopt given all earlier adoptions is
    1 - exp(-(a_t + g A)) with a_t = a - log E_t exp(-w), the same g, and the product over people and periods is a
    likelihood: without homophily both analysts estimate g, with intervals that hold. In a logistic model, where worths
    do not add up in the survival, leaving out w would move the coefficient without any homophily.

    With homophily those with more adopted neighbours have more motive themselves: influence and motive are confounded
    (Manski 1993; Aral et al. 2009; Shalizi and Thomas 2011) unless the incentives are measured.

    *Trait*. sqrt(1 - h) times noise plus sqrt(h) times a field, the normalised rows of (I + A)^2 (A the ties in either
    direction) times noise: standard normal at each level and for each person; its quantile is the weight.

    O(replicates levels (analysts n periods^2 + m periods)) time.

    References
    ----------
    Shalizi and Thomas, "Homophily and contagion are generically confounded in observational social network studies",
    Sociological Methods and Research 40, 2011.
    Aral, Muchnik and Sundararajan, "Distinguishing influence-based contagion from homophily-driven diffusion in dynamic
    networks", PNAS 106, 2009.
    Manski, "Identification of endogenous social effects: the reflection problem", Review of Economic Studies 60, 1993.
    Greenland, Robins and Pearl, "Confounding and collapsibility in causal inference", Statistical Science 14, 1999.
    Martinussen and Vansteelandt, "On collapsibility and confounding bias in Cox and Aalen regression models", Lifetime
    Data Analysis 19, 2013.

    Examples
    --------
    >>> people = np.arange(300)
    >>> ring = Graph.from_edges(
    ...     np.tile(people, 3), np.concatenate([(people + step) % 300 for step in (1, 2, 3)]), directed=False
    ... )
    >>> found = measurability_bias(ring, homophily=[0, 1], replicates=20, rng=1)
    >>> found.analysts, bool(found.bias[1, 0] > found.bias[0, 0])
    (('diffusion only', 'incentive-aware'), True)
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    levels = _shares("homophily", homophily, "increasing numbers in [0, 1], at least one")
    proxies = _shares("reliability", reliability, "increasing numbers in (0, 1)", inside=True)
    worth = [
        _at_least("influence", influence),
        _at_least("incentive", incentive),
        _at_least("baseline", baseline),
    ]
    if worth[2] == 0:
        raise InvalidInputError("baseline", baseline, allowed="a finite number above 0")
    level = float(number(confidence, argument="confidence", allowed="a number in (0, 1)"))
    if not 0 < level < 1:
        raise InvalidInputError("confidence", confidence, allowed="a number in (0, 1)")
    world = _World(graph, worth, whole(periods, argument="periods"), _sample(motives))
    count, seed = check_replicates(replicates), seed_sequence(rng)
    names = (_BLIND, *(f"proxy, reliability {share:g}" for share in proxies), _AWARE)
    shape = (len(levels), len(names), count)
    estimates, stderr = np.empty(shape), np.empty(shape)
    likeness, adopted = np.empty((len(levels), count)), np.empty((len(levels), count))
    for r in range(count):
        draws = _Draws.of(child(seed, r), graph.n, world.periods)
        for i, share in enumerate(levels):
            trait = sqrt(1 - share) * draws.own + sqrt(share) * (world.smooth @ draws.field)
            cascade = world.cascade(trait, draws.coin)
            likeness[i, r], adopted[i, r] = (
                world.likeness(cascade.weights),
                (cascade.when < world.periods).mean(),
            )
            seen = [sqrt(p) * trait + sqrt(1 - p) * draws.proxy for p in proxies]
            for j, motive in enumerate([None, *(world.weights(one) for one in seen), cascade.weights]):
                estimates[i, j, r], stderr[i, j, r] = cascade.influence(motive)
        if progress is not None:
            progress("cascades", r + 1, count)
    for array in (estimates, stderr):
        array.flags.writeable = False
    return MeasurabilityBias(
        homophily=np.array(levels),
        likeness=likeness.mean(axis=1),
        adopted=adopted.mean(axis=1),
        influence=worth[0],
        analysts=names,
        estimates=estimates,
        stderr=stderr,
        confidence=level,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Draws of one cascade: noise of the trait, the shared field and proxies, and a coin per period and person."""

    own: Reals
    field: Reals
    proxy: Reals
    coin: Reals

    @classmethod
    def of(cls, seed: np.random.SeedSequence, n: int, periods: int) -> _Draws:
        rng = np.random.Generator(np.random.Philox(seed))
        own, field, proxy = rng.standard_normal((3, n))
        return cls(own, field, proxy, rng.random((periods, n)))


@dataclass(frozen=True, slots=True, eq=False)
class _Cascade:
    """Who adopted when, and with how many adopted neighbours.

    Attributes
    ----------
    weights : ndarray of float64, shape (n,)
        Weights on the incentive.
    when : ndarray of int64, shape (n,)
        Period of adoption, from 0; the number of periods for those who never did.
    neighbours : ndarray of float64, shape (periods, n)
        Neighbours who had adopted before each period.
    """

    weights: Reals
    when: NDArray[np.int64]
    neighbours: Reals

    def influence(self, motive: Reals | None) -> tuple[float, float]:
        """Return the estimated influence and its standard error, for an analyst who sees `motive` of each person."""
        periods = len(self.neighbours)
        columns = [self.neighbours]
        if motive is not None:
            columns.append(np.broadcast_to(motive, self.neighbours.shape))
        at_risk = np.arange(periods)[:, None] <= self.when
        now = np.arange(periods)[:, None] == self.when
        period = np.nonzero(now)[0]
        took = np.column_stack((*(column[now] for column in columns), period[:, None] == np.arange(periods)))
        waits = at_risk & ~now
        waited = np.concatenate(([column[waits].sum() for column in columns], waits.sum(axis=1)))
        # log(1 - F) is linear for exponential costs: those who waited enter by the sum of what they were offered.
        design = np.vstack((took, waited))
        joined = np.append(np.ones(len(took)), 0.0)
        k = design.shape[1]
        joins = Joins(design, joined, 1 - joined, _LAW, np.zeros(k, dtype=bool), np.zeros(len(design)))
        best = fit(joins)
        return float(best.coefficients[0]), float(np.sqrt(np.linalg.inv(best.information)[0, 0]))


class _World:
    """A network, what moves people on it, and how alike neighbours can be."""

    def __init__(self, graph: Graph, worth: Sequence[float], periods: int, sample: Reals | None) -> None:
        from scipy.sparse import csr_array, eye_array

        ones = np.ones(graph.m)
        arcs = csr_array((ones, graph.indices, graph.indptr), shape=(graph.n, graph.n))
        self.incoming = csr_array(arcs.T)
        near = csr_array(((arcs + arcs.T) > 0).astype(np.float64) + eye_array(graph.n, format="csr"))
        shared = near
        for _ in range(_SMOOTHING - 1):
            shared = shared @ near
        self.smooth = csr_array(shared.multiply(1 / np.sqrt(shared.multiply(shared).sum(axis=1))[:, None]))
        self.ends = np.repeat(np.arange(graph.n), np.diff(graph.indptr)), graph.indices
        self.influence, self.incentive, self.baseline = worth
        self.periods, self.sample = periods, sample

    def weights(self, trait: Reals) -> Reals:
        """Return the weights that standard normal traits stand for."""
        from scipy.special import log_ndtr, ndtr

        if self.sample is None:
            return np.asarray(-log_ndtr(-trait))
        place = np.ceil(ndtr(trait) * len(self.sample)).astype(np.int64) - 1
        return np.asarray(self.sample[np.clip(place, 0, len(self.sample) - 1)])

    def likeness(self, weights: Reals) -> float:
        """Return the correlation of the weights at the two ends of an arc; 0 if they do not differ."""
        one, other = (weights[end] - weights[end].mean() for end in self.ends)
        size = sqrt(float((one @ one) * (other @ other)))
        return float(one @ other) / size if size else 0.0

    def cascade(self, trait: Reals, coin: Reals) -> _Cascade:
        """Return who adopts when, a fresh cost for everybody in each period."""
        weights = self.weights(trait)
        when = np.full(len(trait), self.periods)
        neighbours = np.empty((self.periods, len(trait)))
        for t in range(self.periods):
            neighbours[t] = self.incoming @ (when < t).astype(np.float64)
            worth = self.baseline + self.incentive * weights + self.influence * neighbours[t]
            when[(when == self.periods) & (coin[t] < -np.expm1(-worth))] = t
        return _Cascade(weights, when, neighbours)


def _quantile(confidence: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf((1 + confidence) / 2))


def _interval(sample: Reals, confidence: float) -> Reals:
    """Return the interval of the mean over the last axis, by Student's t."""
    from scipy.stats import t

    count = sample.shape[-1]
    mean, stderr = sample.mean(axis=-1), sample.std(axis=-1, ddof=1) / sqrt(count)
    reach = float(t.ppf((1 + confidence) / 2, count - 1)) * stderr
    return np.stack((mean - reach, mean + reach), axis=-1)


def _at_least(name: str, given: float) -> float:
    allowed = "a finite number of at least 0"
    value = float(number(given, argument=name, allowed=allowed))
    if value < 0:
        raise InvalidInputError(name, given, allowed=allowed)
    return value


def _shares(name: str, given: Sequence[float], allowed: str, *, inside: bool = False) -> list[float]:
    """Return increasing shares in [0, 1], or strictly inside."""
    values = [float(number(one, argument=name, index=(i,), allowed=allowed)) for i, one in enumerate(given)]
    for i, one in enumerate(values):
        if not (0 < one < 1 if inside else 0 <= one <= 1) or (i and one <= values[i - 1]):
            raise InvalidInputError(name, one, index=i, allowed=allowed)
    if not values and not inside:
        raise InvalidInputError(name, given, allowed=allowed)
    return values


def _sample(motives: ArrayLike | None) -> Reals | None:
    if motives is None:
        return None
    allowed = "finite numbers of at least 0, at least one"
    given = np.atleast_1d(np.asarray(motives))
    if given.dtype.kind not in "fiu" or given.ndim != 1 or not given.size:
        raise InvalidInputError("motives", motives, allowed=allowed)
    bad = ~(np.isfinite(given) & (given >= 0))
    if bad.any():
        raise InvalidInputError("motives", given[bad][0], index=int(bad.argmax()), allowed=allowed)
    return np.sort(given.astype(np.float64))
