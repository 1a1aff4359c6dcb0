"""Mobilisation over time: actions that are bought, and those that actions trigger (a Hawkes process)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.costs import money
from mechanism.errors import InvalidInputError, SolveError
from mechanism.memory import Memory
from mechanism.numbers import whole
from solvers.seeds import Rng, seed_sequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Mobilisation",
    "Simulation",
    "finite_or_none",
    "frozen",
    "half_life",
    "mobilise",
    "per_cell",
    "relaxation_exponent",
    "renewal",
    "simulate",
    "sustained_share",
]

Reals = NDArray[np.float64]
_BLOCK = 128  # cells solved together; what they trigger later is added by fast convolutions
_END = 0.1  # share of the horizon at its end that tells what is sustained
_ROWS = 12  # moments shown
_WHOLE = 1e-9  # relative error allowed in the number of cells
_MOST_ACTIONS = 50_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Mobilisation:
    """The expected course of a mobilisation.

    Attributes
    ----------
    memory : Memory
        Law of the delay between an action and those that it triggers.
    step : float
        Length of a cell, time.
    exogenous, branching : ndarray of float64, shape (cells,)
        Rate of bought actions, 1 / time, and actions that each action triggers on average, cell by cell.
    burst : float
        Actions bought at once at time 0.
    rate : ndarray of float64, shape (cells,)
        Expected actions per time in each cell, without those at time 0 itself.
    error : float
        Largest difference of a rate from that of twice as long cells, 1 / time: an upper estimate of the error of
        the grid.
    """

    memory: Memory
    step: float
    exogenous: Reals
    branching: Reals
    burst: float
    rate: Reals
    error: float

    @property
    def times(self) -> Reals:
        """Middle of each cell."""
        return np.asarray(self.step * (np.arange(len(self.rate)) + 0.5))

    @property
    def horizon(self) -> float:
        """End of the last cell."""
        return self.step * len(self.rate)

    @property
    def total(self) -> float:
        """Expected actions up to the horizon, the burst included."""
        return self.burst + self.step * float(self.rate.sum())

    @property
    def bought(self) -> float:
        """Actions that were bought."""
        return self.burst + self.step * float(self.exogenous.sum())

    @property
    def peak(self) -> float:
        """Highest rate, 1 / time."""
        return float(self.rate.max())

    @property
    def half_life(self) -> float:
        """Time from the peak until the rate is half of it; infinite if it is not within the horizon."""
        return half_life(self.rate, step=self.step)

    @property
    def sustained_share(self) -> float:
        """Mean rate in the last tenth of the horizon, as a share of the peak."""
        return sustained_share(self.rate)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("time", "bought", "rate", "branching", "actions so far"), left=0)
        so_far = self.burst + self.step * np.cumsum(self.rate)
        shown = np.unique(np.linspace(0, len(self.rate) - 1, _ROWS).round().astype(int))
        columns = (self.times, self.exogenous, self.rate, self.branching, so_far)
        for row in np.stack(columns, axis=1)[shown]:
            table.add_row(*(f"{x:,.4g}" for x in row))
        return render(
            "Expected course of a mobilisation",
            table,
            footer=(
                f"actions          {self.total:,.6g} in {self.horizon:g}, {self.bought:,.6g} of them bought",
                f"at once          {self.burst:g} at time 0",
                f"peak             {self.peak:,.5g} per time, half-life {self.half_life:.4g}",
                f"sustained share  {self.sustained_share:.4f}",
                f"error            at most about {self.error:.1g} per time",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; what is infinite or undefined is None."""
        figures = ("burst", "error", "total", "bought", "peak", "half_life", "sustained_share")
        return {
            **self.memory.to_dict(),
            "step": self.step,
            **{name: getattr(self, name).tolist() for name in ("exogenous", "branching", "rate")},
            **{name: finite_or_none(getattr(self, name)) for name in figures},
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the rate of all actions and of those bought against time; return the axes."""
        from solvers.plots import BLUE, ORANGE, styled_axes

        with styled_axes(ax) as axes:
            axes.plot(self.times, self.rate, color=BLUE, linewidth=2, label="all actions")
            if self.exogenous.any():
                axes.plot(self.times, self.exogenous, color=ORANGE, linestyle="--", label="bought")
            axes.set_xlabel("time (units of the memory)")
            axes.set_ylabel("expected actions per time")
            axes.set_xlim(0, self.horizon)
            axes.set_ylim(bottom=0)
            axes.legend()
        return axes


def mobilise(
    memory: Memory,
    *,
    exogenous: ArrayLike,
    branching: ArrayLike,
    horizon: float,
    step: float,
    burst: float = 0.0,
) -> Mobilisation:
    """Return the expected course of a mobilisation.

    Parameters
    ----------
    memory : Memory
        Law of the delay between an action and those that it triggers.
    exogenous : float or array_like of float, shape (cells,)
        Rate of actions that are bought, 1 / time, at least 0, constant in each cell.
    branching : float or array_like of float, shape (cells,)
        How many actions each action triggers on average, by the cell in which it happens, at least 0. It may exceed
        1: the course then grows as long as that lasts.
    horizon : float
        End, time > 0.
    step : float
        Length of a cell, time > 0; a whole fraction of the horizon.
    burst : float
        Actions bought at once at time 0, at least 0.

    Returns
    -------
    Mobilisation

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or the step too long for the branching.
    SolveError
        If the rate grows beyond the largest number.

    Notes
    -----
    The rate solves the renewal equation lambda(t) = mu(t) + integral of n(s) g(t - s) lambda(s) ds, after the burst B
    with B n(0) g(t) added (Hawkes and Oakes 1974). Unknown are its means over cells; the kernel enters by its exact
    double integrals over pairs of cells, so that actions are conserved, rates are never negative, and the error is of
    second order in the step; of lower order after a burst on a kernel with a cusp at 0 (StretchedMemory with a power
    below 1). The system is lower triangular: it is solved
    block by block, each adding what it triggers later by convolutions of doubling length (Hairer, Lubich and Schlichte
    1985), in O(T log^2 T) for T cells. It is solved with the step and with half of it; the latter is returned.

    References
    ----------
    Hawkes and Oakes, "A cluster process representation of a self-exciting process", J. Appl. Probab. 11, 1974.
    Hairer, Lubich and Schlichte, "Fast numerical solution of nonlinear Volterra convolution equations", SIAM J. Sci.
    Stat. Comput. 6, 1985.

    Examples
    --------
    >>> from mechanism.memory import ExponentialMemory
    >>> steady = mobilise(ExponentialMemory(1.0), exogenous=1.0, branching=0.5, horizon=40, step=0.1)
    >>> float(steady.rate[-1].round(6))  # mu / (1 - n)
    2.0
    """
    mu, ratio, length, mass = _case(memory, exogenous, branching, horizon, step, burst)
    coarse = _solve(memory, mu, ratio, step=length, burst=mass)
    fine = _solve(memory, np.repeat(mu, 2), np.repeat(ratio, 2), step=length / 2, burst=mass)
    fine = fine.reshape(-1, 2).mean(axis=1)
    return Mobilisation(
        memory=memory,
        step=length,
        exogenous=frozen(mu),
        branching=frozen(ratio),
        burst=mass,
        rate=frozen(fine),
        error=float(np.abs(fine - coarse).max()),
    )


def _solve(memory: Memory, exogenous: Reals, branching: Reals, *, step: float, burst: float) -> Reals:
    """Return the mean rate in each cell."""
    source = exogenous.copy()
    if burst:
        source += burst * branching[0] * -np.diff(memory.survival(step * np.arange(len(source) + 1))) / step
    chances = memory.lags(step, len(source))
    most = float(branching.max(initial=0.0)) * float(chances[0])
    if most >= 1:
        raise InvalidInputError(
            "step",
            step,
            allowed=f"so short that each action triggers less than one in its cell, not {most:.3g}",
        )
    with np.errstate(over="ignore", invalid="ignore"):
        rate = renewal(chances, source, branching)
    if not np.isfinite(rate).all():
        raise SolveError("the rate grows beyond the largest number: shorten the horizon or the time above 1")
    return rate


def renewal(chances: Reals, source: Reals, branching: Reals) -> Reals:
    """Solve rate[k] = source[k] + sum over j <= k of chances[k - j] branching[j] rate[j]; O(T log^2 T)."""
    from scipy.fft import irfft, rfft
    from scipy.linalg import solve_triangular, toeplitz

    size = len(source)
    rate = source.copy()
    near = np.tril(toeplitz(chances[:_BLOCK]))
    spectra: dict[int, NDArray[np.complex128]] = {}
    for start in range(0, size, _BLOCK):
        end = min(start + _BLOCK, size)
        count = end - start
        matrix = np.eye(count) - near[:count, :count] * branching[start:end]
        rate[start:end] = solve_triangular(matrix, rate[start:end], lower=True, check_finite=False)
        number_done = start // _BLOCK + 1
        reach = (number_done & -number_done) * _BLOCK  # as many cells back as ahead
        last = min(end + reach, size)
        if last > end:
            if reach not in spectra:
                spectra[reach] = rfft(chances[: 2 * reach], 2 * reach)
            triggers = rfft(rate[end - reach : end] * branching[end - reach : end], 2 * reach)
            later = irfft(triggers * spectra[reach], 2 * reach)[reach : reach + last - end]
            rate[end:last] += np.maximum(later, 0.0)  # nothing negative but rounding
    return rate


def half_life(rate: Reals, *, step: float) -> float:
    """Return the time from the peak of a rate until it is half of it, linear between cells; infinite if it is not."""
    top = int(rate.argmax())
    half = rate[top] / 2
    below = np.flatnonzero(rate[top:] <= half)
    if not below.size or not half:
        return inf
    after = top + int(below[0])
    return step * (after - top - float((half - rate[after]) / (rate[after - 1] - rate[after])))


def sustained_share(rate: Reals) -> float:
    """Return the mean of the last tenth of a rate as a share of its peak; NaN if it is 0 throughout."""
    top = float(rate.max())
    return float(rate[-ceil(_END * len(rate)) :].mean()) / top if top else nan


def relaxation_exponent(times: ArrayLike, rate: ArrayLike, *, window: tuple[float, float]) -> float:
    """Return the exponent p of the decay rate ~ 1 / t ** p: the slope in logarithms over a window.

    Parameters
    ----------
    times, rate : array_like of float, shape (cells,)
        Moments and rates, above 0 in the window.
    window : tuple of float
        First and last moment, 0 < first < last; at least two moments within.

    Returns
    -------
    float

    Raises
    ------
    InvalidInputError
        If the window is out of range or a rate in it is not above 0.

    Notes
    -----
    Least squares on log rate, in which equal parts of log t weigh the same. After a burst on a power memory with
    theta < 1/2 the exponents tend to 1 + theta (n < 1), 1 - theta (n = 1), and 1 - 2 theta after a peak that grew
    from within at n = 1: see `solvers.phases.endogenous_relaxation` (Crane and Sornette 2008). They do so slowly:
    state the window.

    Examples
    --------
    >>> t = np.arange(1.0, 100.0)
    >>> round(relaxation_exponent(t, 5 * t**-1.4, window=(10, 90)), 9)
    1.4
    """
    t, values = np.asarray(times, dtype=np.float64), np.asarray(rate, dtype=np.float64)
    if t.ndim != 1 or t.shape != values.shape:
        raise InvalidInputError("rate", values, allowed="one rate for each moment")
    first, last = (money("window", end, above=0.0, unit="number") for end in window)
    inside = (t >= first) & (t <= last)
    if first >= last or inside.sum() < 2:
        raise InvalidInputError(
            "window", window, allowed="two moments in order with at least two others between"
        )
    if not (values[inside] > 0).all():
        raise InvalidInputError("rate", float(values[inside].min()), allowed="above 0 in the window")
    slope = np.polyfit(np.log(t[inside]), np.log(values[inside]), 1, w=t[inside] ** -0.5)[0]
    return -float(slope)


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Simulated courses of a mobilisation.

    Attributes
    ----------
    rate, rate_stderr : ndarray of float64, shape (cells,)
        Mean rate in each cell without the burst itself, 1 / time, and its standard error.
    totals : ndarray of int64, shape (replicates,)
        Actions up to the horizon in each replicate, the burst included.
    """

    rate: Reals
    rate_stderr: Reals
    totals: NDArray[np.int64]

    @property
    def total(self) -> float:
        """Mean number of actions up to the horizon."""
        return float(self.totals.mean())

    @property
    def total_stderr(self) -> float:
        """Its standard error."""
        return float(self.totals.std(ddof=1) / np.sqrt(len(self.totals)))

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        arrays = {name: getattr(self, name).tolist() for name in ("rate", "rate_stderr", "totals")}
        return {**arrays, "total": self.total, "total_stderr": self.total_stderr}


def simulate(
    memory: Memory,
    *,
    exogenous: ArrayLike,
    branching: ArrayLike,
    horizon: float,
    step: float,
    burst: float = 0.0,
    replicates: int = 1000,
    rng: Rng,
) -> Simulation:
    """Simulate a mobilisation by its generations: exact, whatever the step.

    Parameters
    ----------
    memory, exogenous, branching, horizon, step, burst
        As in `mobilise`. A burst that is no whole number is rounded up or down at random, with the right mean.
    replicates : int
        Independent courses, at least 2.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the random numbers.

    Returns
    -------
    Simulation

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        Beyond 50 million actions in all.

    Notes
    -----
    Bought actions are Poisson; each action triggers a Poisson number, after independent delays (Hawkes and Oakes
    1974). Without a horizon a burst of one leads to a Poisson branching process. O(actions + replicates * cells).

    Examples
    --------
    >>> from mechanism.memory import ExponentialMemory
    >>> course = simulate(
    ...     ExponentialMemory(1.0), exogenous=1.0, branching=0.5, horizon=20, step=5.0, replicates=400, rng=1
    ... )
    >>> bool(abs(course.rate[-1] - 2) < 4 * course.rate_stderr[-1])
    True
    """
    mu, ratio, length, mass = _case(memory, exogenous, branching, horizon, step, burst)
    runs = whole(replicates, argument="replicates", least=2)
    draw = np.random.default_rng(seed_sequence(rng))
    cells = len(mu)
    end = length * cells
    if runs * (mass + length * mu.sum()) > _MOST_ACTIONS:
        raise SolveError(
            f"more than {_MOST_ACTIONS:,} actions are bought: fewer replicates, or fewer actions"
        )
    at_once = int(mass) + (draw.random(runs) < mass - int(mass))
    bought = draw.poisson(length * mu, (runs, cells)).ravel()
    place = np.repeat(np.arange(runs * cells), bought)
    run = np.append(np.repeat(np.arange(runs), at_once), place // cells)
    time = np.append(np.zeros(at_once.sum()), length * (place % cells + draw.random(len(place))))
    counts = bought.astype(np.int64)
    actions = len(time)
    while len(time):
        cell = np.minimum((time / length).astype(np.int64), cells - 1)
        triggered = draw.poisson(ratio[cell])
        actions += int(triggered.sum())
        if actions > _MOST_ACTIONS:
            raise SolveError(f"more than {_MOST_ACTIONS:,} actions: fewer replicates, or less time above 1")
        time = np.repeat(time, triggered)
        time += memory.draw(draw, len(time))
        run = np.repeat(run, triggered)[time < end]
        time = time[time < end]
        cell = np.minimum((time / length).astype(np.int64), cells - 1)
        counts += np.bincount(run * cells + cell, minlength=runs * cells)
    by_run = counts.reshape(runs, cells)
    return Simulation(
        rate=frozen(by_run.mean(axis=0) / length),
        rate_stderr=frozen(by_run.std(axis=0, ddof=1) / np.sqrt(runs) / length),
        totals=by_run.sum(axis=1) + at_once,
    )


def _case(
    memory: Memory, exogenous: ArrayLike, branching: ArrayLike, horizon: float, step: float, burst: float
) -> tuple[Reals, Reals, float, float]:
    """Return checked rates, ratios, length of a cell and burst."""
    if not isinstance(memory, Memory):
        raise InvalidInputError("memory", memory, allowed="a memory, such as ExponentialMemory(1.0)")
    end, length = (
        money("horizon", horizon, above=0.0, unit="number"),
        money("step", step, above=0.0, unit="number"),
    )
    cells = round(end / length)
    if not cells or abs(cells * length - end) > _WHOLE * end:
        raise InvalidInputError("step", step, allowed="a whole fraction of the horizon")
    return (
        per_cell("exogenous", exogenous, cells),
        per_cell("branching", branching, cells),
        end / cells,
        money("burst", burst, least=0.0, unit="number"),
    )


def per_cell(name: str, given: ArrayLike, cells: int) -> Reals:
    """Return one finite number of at least 0 for each cell, from one or as many."""
    values = np.asarray(given, dtype=np.float64)
    if values.shape not in ((), (cells,)):
        allowed = f"one number, or one for each of {cells} cells"
        raise InvalidInputError(name, f"shape {values.shape}", verb="has", allowed=allowed)
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if wrong.size:
        place = int(wrong[0])
        raise InvalidInputError(
            name, float(values.ravel()[place]), index=place if values.ndim else None,
            allowed="a finite number of at least 0",
        )  # fmt: skip
    return np.array(np.broadcast_to(values, cells))


def finite_or_none(value: float) -> float | None:
    """Return a number as JSON can hold it."""
    return value if np.isfinite(value) else None


def frozen(array: Reals) -> Reals:
    """Return an array made read-only."""
    array.flags.writeable = False
    return array
