"""Forecasts of a recruitment forest: how many members the waves to come will have, learnt from the first ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError, SolveError
from mechanism.forest import ReferralForest
from mechanism.numbers import number, whole
from solvers.seeds import Rng, child, seed_sequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Forecast", "RecruitmentPrior", "crps", "forecast", "interval_score"]

Reals = NDArray[np.float64]
Counts = NDArray[np.int64]
_BATCH = 40_000  # parameters drawn at a time
_MOST_BATCHES = 25
_ENOUGH, _LEAST = 1000.0, 100.0  # effective draws: asked for, and needed
_MOST_MEMBERS = 20_000_000  # of a wave in all futures together


@dataclass(frozen=True, slots=True)
class RecruitmentPrior:
    """What is believed of a campaign before anybody has recruited; weak, and the same for every campaign.

    Parameters
    ----------
    recruits, recruits_spread : float
        Median number of recruits of a member while nobody is taken yet, above 0, and the standard deviation
        of its logarithm, at least 0. By default 1 and 0.5: between 0.4 and 2.7 with a chance of 95 %.
    evenness, evenness_spread : float
        Median of a + b where the chance that a coupon works is Beta(a, b) over members, and the standard
        deviation of its logarithm. By default 2 and 1: from all or nothing to all alike.
    attrition : float
        Mean share by which zeal falls from wave to wave, on the log scale; exponential; 0 for none.
    swing : float
        Zeal of a whole wave differs by a factor whose logarithm has a standard deviation that is half-normal
        with this scale; 0 for none.
    reach : float
        The people within reach, those recruited already included, are log-uniform between the members so far
        and this many times as many, at least 1; infinity for no depletion.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.
    """

    recruits: float = 1.0
    recruits_spread: float = 0.5
    evenness: float = 2.0
    evenness_spread: float = 1.0
    attrition: float = 0.1
    swing: float = 0.3
    reach: float = 100.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value, name = getattr(self, item.name), item.name
            if name == "reach" and value == np.inf:
                continue
            least = {"recruits": "above 0", "evenness": "above 0", "reach": "of at least 1"}
            allowed = f"a finite number {least.get(name, 'of at least 0')}"
            amount = float(number(value, argument=name, allowed=allowed))
            if amount < (name == "reach") or (amount == 0 and name in ("recruits", "evenness")):
                raise InvalidInputError(name, value, allowed=allowed)


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Members of the waves to come, as a sample of joint futures.

    Attributes
    ----------
    observed : ndarray of int64, shape (through + 1,)
        Members of the waves that were seen; the roots are wave 0.
    sample : ndarray of int64, shape (draws, waves to come)
        Members of the waves to come, future by future.
    parameters : dict of str to ndarray of float64, shape (draws,)
        Posterior sample: ``recruits`` of a member while nobody is taken, ``evenness``, ``attrition`` per wave on
        the log scale, ``swing``, and people within ``reach``.
    effective : float
        How many equally weighted draws of the prior the posterior is worth.
    """

    observed: Counts
    sample: Counts = field(repr=False)
    parameters: dict[str, Reals] = field(repr=False)
    effective: float

    @property
    def waves(self) -> Counts:
        """Numbers of the waves to come."""
        return len(self.observed) + np.arange(self.sample.shape[1])

    @property
    def last_wave(self) -> Counts:
        """The last wave with members, future by future; the end of the forecast if recruitment goes on there."""
        return np.asarray(len(self.observed) - 1 + (self.sample > 0).sum(axis=1))

    @property
    def size(self) -> Counts:
        """All members by the end of the forecast, future by future."""
        return np.asarray(self.observed.sum() + self.sample.sum(axis=1))

    def quantiles(self, levels: ArrayLike) -> Reals:
        """Return quantiles of the members of every wave to come, shape (levels, waves); levels in [0, 1]."""
        asked = np.asarray(levels, dtype=np.float64)
        wrong = ~((asked >= 0) & (asked <= 1))
        if asked.ndim != 1 or wrong.any():
            raise InvalidInputError("levels", levels, allowed="levels in [0, 1]")
        return np.quantile(self.sample, asked, axis=0)

    def scores(self, members: ArrayLike, *, level: float = 0.9) -> tuple[float, float, float]:
        """Return the mean CRPS and interval score of log(1 + members), and the share of waves inside the interval."""
        truth = np.asarray(members)
        if truth.shape != self.waves.shape:
            raise InvalidInputError(
                "members", truth.shape, index="shape", allowed=f"({len(self.waves)},): a number for each wave"
            )
        logs, seen = np.log1p(self.sample), np.log1p(truth)
        tail = (1 - _inner(level)) / 2
        low, high = np.quantile(logs, [tail, 1 - tail], axis=0)
        inside = (low <= seen) & (seen <= high)
        return (
            float(crps(logs, seen).mean()),
            float(interval_score(low, high, seen, level=level).mean()),
            float(inside.mean()),
        )

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("wave", "5 %", "25 %", "median", "75 %", "95 %", "mean", "nobody"), left=0)
        marks = self.quantiles([0.05, 0.25, 0.5, 0.75, 0.95])
        for wave, row, column in zip(self.waves, marks.T, self.sample.T, strict=True):
            cells = (*(f"{x:,.0f}" for x in row), f"{column.mean():,.1f}", f"{(column == 0).mean():.3f}")
            table.add_row(str(wave), *cells)
        size, last = (np.quantile(x, [0.05, 0.5, 0.95]) for x in (self.size, self.last_wave))
        lines = [
            f"seen           {', '.join(map(str, self.observed))} members in waves 0 to {self.waves[0] - 1}"
        ]
        lines += [
            f"{name:<15}{low:,.0f} to {high:,.0f} with a chance of 90 %, median {middle:,.0f}"
            for name, (low, middle, high) in (("members", size), ("last wave", last))
        ]
        lines += [
            f"{name:<15}{np.median(values):,.3g} ({np.quantile(values, 0.05):,.3g} to {np.quantile(values, 0.95):,.3g})"
            for name, values in self.parameters.items()
        ]
        return render("Forecast of the waves to come", table, footer=lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the forecast as plain Python values, ready for JSON; quantiles in place of the sample."""
        levels = [0.05, 0.25, 0.5, 0.75, 0.95]
        return {
            "observed": self.observed.tolist(),
            "waves": self.waves.tolist(),
            "levels": levels,
            "members": self.quantiles(levels).tolist(),
            "size": np.quantile(self.size, levels).tolist(),
            "last_wave": np.quantile(self.last_wave, levels).tolist(),
            "parameters": {name: float(np.median(x)) for name, x in self.parameters.items()},
            "effective": self.effective,
        }

    def plot(self, *, members: Sequence[int] | None = None, ax: Axes | None = None) -> Axes:
        """Draw the waves seen and to come, with 50 and 90 % intervals, and what came if that is known."""
        from solvers.plots import BLUE, GREY, ORANGE, styled_axes

        with styled_axes(ax) as axes:
            seen = np.arange(len(self.observed))
            low, lower, middle, upper, high = self.quantiles([0.05, 0.25, 0.5, 0.75, 0.95])
            axes.fill_between(self.waves, low, high, color=BLUE, alpha=0.15, linewidth=0, label="90 %")
            axes.fill_between(self.waves, lower, upper, color=BLUE, alpha=0.3, linewidth=0, label="50 %")
            axes.plot(self.waves, middle, color=BLUE, linewidth=2, label="median forecast")
            axes.plot(seen, self.observed, color=GREY, marker="o", markersize=5, label="seen")
            if members is not None:
                axes.plot(
                    self.waves, members, color=ORANGE, marker="s", markersize=5, linestyle="none",
                    clip_on=False, label="came later",
                )  # fmt: skip
            axes.set_yscale("function", functions=(np.log1p, np.expm1))
            top = max(axes.get_ylim()[1], 1.2 * float(high.max()))
            ticks = [0, *(x * 10**k for k in range(8) for x in (1, 3))]
            axes.set_yticks([x for x in ticks if x <= top])
            axes.set_ylim(0, top)
            axes.yaxis.set_major_formatter("{x:,.0f}")
            axes.set_xlabel("wave")
            axes.set_ylabel("members of the wave")
            axes.legend(fontsize=8)
        return axes


def forecast(
    forest: ReferralForest,
    *,
    through: int,
    until: int,
    coupons: ArrayLike,
    rng: Rng,
    prior: RecruitmentPrior | None = None,
    draws: int = 2000,
) -> Forecast:
    """Learn from the first waves of a forest how many members each later wave will have.

    A member has some coupons. Each works with a chance that differs between members by a Beta law, and whose mean
    falls with depletion (people taken already cannot be recruited again) and with attrition from wave to wave, and
    swings from wave to wave. The roots were chosen, not recruited: how many they recruited teaches nothing
    about others, so it is used only as the number of members at wave 1.

    Parameters
    ----------
    forest : ReferralForest
        Members after wave `through` are not looked at.
    through : int
        The last wave seen, at least 2; the roots are wave 0.
    until : int
        The last wave to forecast, later than `through`.
    coupons : int or array_like of int, shape (n,)
        The most that each member may recruit, at least 0; one for all or one each. Where somebody recruited more,
        that many count. Coupons of members to come are drawn from those of the recruits seen.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the draws.
    prior : RecruitmentPrior, optional
        What is believed beforehand.
    draws : int
        Futures, at least 2.

    Returns
    -------
    Forecast

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    SolveError
        If the prior holds hardly anything like what was seen, or futures grow beyond all bounds.

    Notes
    -----
    Parameters are drawn from the prior and weighted by their likelihood (importance sampling with resampling), so
    forecasts carry what is unknown about them. With q the mean chance of a coupon, member i with c_i coupons
    recruits k_i ~ BetaBinomial(c_i, q s, (1 - q) s) and q = 1 - exp(-m S e^(-a (d - 1) + h_d) / c) at wave d, where
    m: recruits, c: mean number of coupons, s: evenness, a: attrition, h_d: swing, and S: mean share of the people
    within reach that is free while the wave recruits. O(parameters drawn (waves x coupons) + members drawn).

    References
    ----------
    Harris, The Theory of Branching Processes, 1963. Rubin, "Using the SIR algorithm to simulate posterior
    distributions", 1988.

    Examples
    --------
    >>> forest = ReferralForest([-1] * 4 + [0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 8, 8, 10, 12, 13, 14])
    >>> found = forecast(forest, through=3, until=6, coupons=3, rng=7, draws=500)
    >>> found.observed.tolist(), found.waves.tolist(), found.sample.shape
    ([4, 6, 6, 4], [4, 5, 6], (500, 3))
    """
    if not isinstance(forest, ReferralForest):
        raise InvalidInputError("forest", forest, allowed="a ReferralForest")
    wave = forest.depths - 1
    seen = whole(through, argument="through", least=2)
    if seen > wave.max():
        raise InvalidInputError("through", seen, allowed=f"at most the last wave, {wave.max()}")
    ahead = whole(until, argument="until", least=seen + 1) - seen
    count = whole(draws, argument="draws", least=2)
    belief = RecruitmentPrior() if prior is None else prior
    data = _Seen.of(forest, wave, seen, coupons)
    first, second, third = (np.random.default_rng(child(seed_sequence(rng), i)) for i in range(3))
    parts, weights = [], []
    for _ in range(_MOST_BATCHES):
        drawn = _drawn(belief, data, first)
        parts.append(drawn)
        weights.append(data.log_likelihood(drawn))
        logs = np.concatenate(weights)
        weight = np.exp(logs - logs.max())
        effective = float(weight.sum() ** 2 / (weight**2).sum())
        if effective >= _ENOUGH:
            break
    if effective < _LEAST:
        raise SolveError(f"the posterior is worth {effective:.0f} draws of the prior: widen the prior")
    chosen = second.choice(len(weight), count, p=weight / weight.sum())
    posterior = {name: np.concatenate([part[name] for part in parts])[chosen] for name in parts[0]}
    sample = _futures(posterior, data, ahead, third)
    del posterior["swings"]
    for array in (data.members, sample, *posterior.values()):
        array.flags.writeable = False
    return Forecast(data.members, sample, posterior, effective)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The waves that were seen."""

    members: Counts  # by wave
    coupons: Counts  # of all recruits seen: what members to come draw from
    last_coupons: Counts  # of the last wave
    cells: list[
        tuple[Counts, Counts, Counts]
    ]  # waves 1..: members with more than i recruits, unused coupons, coupons

    @classmethod
    def of(cls, forest: ReferralForest, wave: Counts, seen: int, coupons: ArrayLike) -> _Seen:
        given = np.asarray(coupons)
        shape_ok = given.ndim == 0 or given.shape == wave.shape
        if given.dtype.kind not in "iu" or not shape_ok or (given < 0).any():
            raise InvalidInputError(
                "coupons", coupons, allowed="whole numbers of at least 0, one for all or one each"
            )
        known = (wave <= seen) & (forest.parents >= 0)
        recruits = np.bincount(forest.parents[known], minlength=forest.size)
        limits = np.maximum(np.broadcast_to(given, wave.shape), recruits).astype(np.int64)
        pool = limits[(wave >= 1) & (wave <= seen)]
        if not pool.any():
            raise InvalidInputError("coupons", 0, allowed="above 0 for some recruit")
        cells = []
        for d in range(1, seen):
            k, c = recruits[wave == d], limits[wave == d]
            steps = np.arange(pool.max())
            cells.append(tuple((x[:, None] > steps).sum(axis=0) for x in (k, c - k, c)))
        return cls(np.bincount(wave[wave <= seen]), pool, limits[wave == seen], cells)

    def log_likelihood(self, drawn: dict[str, Reals]) -> Reals:
        """Return the log-likelihood of parameters, up to a constant."""
        total = np.zeros(len(drawn["recruits"]))
        taken = np.cumsum(self.members)
        for d, (works, fails, all_of) in enumerate(self.cells, start=1):
            free = drawn["reach"] - taken[d]
            came = self.members[d + 1]
            with np.errstate(divide="ignore", invalid="ignore"):
                z = np.where(free > 0, came / free, 1.0)
                within = np.where(z > 0, z / -np.log1p(-np.minimum(z, 1.0)), 1.0)
            share = np.where(np.isinf(free), 1.0, within * (1 - taken[d] / drawn["reach"]))
            chance = self.chance(drawn, d, share, drawn["swings"][:, d - 1])
            a, b = chance * drawn["evenness"], (1 - chance) * drawn["evenness"]
            with np.errstate(divide="ignore", invalid="ignore"):
                for i, counts in enumerate(zip(works, fails, all_of, strict=True)):
                    for value, weight in zip((a, b, a + b), counts * np.array([1, 1, -1]), strict=True):
                        if weight:
                            total += weight * np.log(value + i)
        return np.where(np.isnan(total), -np.inf, total)

    def chance(self, drawn: dict[str, Reals], wave: int, share: Reals, swing: Reals) -> Reals:
        """Return the mean chance that a coupon works."""
        zeal = drawn["recruits"] * share * np.exp(swing - drawn["attrition"] * (wave - 1))
        return np.asarray(np.clip(-np.expm1(-zeal / self.coupons.mean()), 0.0, 1 - 1e-9))


def _drawn(prior: RecruitmentPrior, data: _Seen, rng: np.random.Generator) -> dict[str, Reals]:
    """Draw parameters from the prior."""
    swing = prior.swing * np.abs(rng.standard_normal(_BATCH))
    reach = rng.random(_BATCH)
    so_far = float(data.members.sum())
    return {
        "recruits": prior.recruits * np.exp(prior.recruits_spread * rng.standard_normal(_BATCH)),
        "evenness": prior.evenness * np.exp(prior.evenness_spread * rng.standard_normal(_BATCH)),
        "attrition": prior.attrition * rng.standard_exponential(_BATCH),
        "swing": swing,
        "reach": np.full(_BATCH, np.inf) if np.isinf(prior.reach) else so_far * prior.reach**reach,
        "swings": swing[:, None] * rng.standard_normal((_BATCH, len(data.cells))),
    }


def _futures(drawn: dict[str, Reals], data: _Seen, ahead: int, rng: np.random.Generator) -> Counts:
    """Return the members of the waves to come, a future for each draw of the parameters."""
    count = len(drawn["recruits"])
    out = np.zeros((count, ahead), dtype=np.int64)
    alive = np.full(count, data.members[-1])
    taken = np.full(count, float(data.members.sum()))
    first = len(data.members) - 1
    for step in range(ahead):
        share = np.maximum(1 - taken / drawn["reach"], 0.0)
        swing = drawn["swing"] * rng.standard_normal(count)
        chance = data.chance(drawn, first + step, share, swing)
        if alive.sum() > _MOST_MEMBERS:
            raise SolveError(
                f"wave {first + step} has {alive.sum():,} members in all futures: forecast fewer waves"
            )
        whose = np.repeat(np.arange(count), alive)
        coupons = np.tile(data.last_coupons, count) if step == 0 else rng.choice(data.coupons, len(whose))
        a = np.maximum(chance * drawn["evenness"], 1e-12)[whose]
        own = rng.beta(a, ((1 - chance) * drawn["evenness"])[whose])
        meant = np.bincount(whose, rng.binomial(coupons, own), minlength=count).astype(np.int64)
        free = np.maximum(drawn["reach"] - taken, 0.0)
        # Of those whom the wave asks, the later ones find fewer people free.
        x = np.divide(meant, free, out=np.full(count, np.inf), where=free > 0)
        fresh = np.where(x > 1e-9, -np.expm1(-x) / np.maximum(x, 1e-9), 1.0)
        alive = np.minimum(rng.binomial(meant, fresh), np.floor(free)).astype(np.int64)
        out[:, step] = alive
        taken += alive
    return out


def crps(sample: ArrayLike, truth: ArrayLike) -> Reals:
    """Return the continuous ranked probability score of samples: E|X - y| - E|X - X'| / 2, the smaller the better.

    Parameters
    ----------
    sample : array_like of float, shape (draws, k)
        Draws of k quantities, each draw of equal weight.
    truth : array_like of float, shape (k,)
        What came.

    Returns
    -------
    ndarray of float64, shape (k,)
        In the unit of the quantities; of one draw, its absolute error.

    Notes
    -----
    O(k draws log draws).

    References
    ----------
    Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", 2007, equation 21.

    Examples
    --------
    >>> crps([[0.0], [1.0]], [0.0]).tolist()
    [0.25]
    """
    x, y = np.sort(np.asarray(sample, dtype=np.float64), axis=0), np.asarray(truth, dtype=np.float64)
    if x.ndim != 2 or not len(x) or y.shape != x.shape[1:]:
        raise InvalidInputError(
            "sample", x.shape, index="shape", allowed=f"(draws, k) for a truth of shape {y.shape}"
        )
    m = len(x)
    half = ((2 * np.arange(1, m + 1) - m - 1) @ x) / m**2
    return np.asarray(np.abs(x - y).mean(axis=0) - half)


def interval_score(low: ArrayLike, high: ArrayLike, truth: ArrayLike, *, level: float = 0.9) -> Reals:
    """Return the score of central intervals: their width, and 2 / (1 - level) times what is missed by.

    Parameters
    ----------
    low, high, truth : array_like of float
        Ends of the intervals and what came, of one shape.
    level : float
        Chance of the intervals, in (0, 1).

    References
    ----------
    Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", 2007, equation 43.

    Examples
    --------
    >>> interval_score([0.0, 0.0], [2.0, 2.0], [1.0, 3.0]).round(9).tolist()
    [2.0, 22.0]
    """
    chance = _inner(level)
    bottom, top, y = (np.asarray(x, dtype=np.float64) for x in (low, high, truth))
    if (bottom > top).any():
        raise InvalidInputError("low", low, allowed="at most high")
    missed = np.maximum(bottom - y, 0) + np.maximum(y - top, 0)
    return np.asarray(top - bottom + 2 / (1 - chance) * missed)


def _inner(level: float) -> float:
    chance = float(number(level, argument="level", allowed="in (0, 1)"))
    if not 0 < chance < 1:
        raise InvalidInputError("level", level, allowed="in (0, 1)")
    return chance
