"""Regimes of mobilisation: a flash in the pan, steady, or take-off; and how a peak that grew from within relaxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.costs import money
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.memory import Memory, PowerMemory, Response
from mechanism.numbers import whole
from solvers.mobilisation import frozen, mobilise, sustained_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PhaseDiagram", "Regime", "endogenous_relaxation", "phase_diagram"]

Reals = NDArray[np.float64]
_SHOWN = 9  # columns and rows of the table
_CONTOURS = (0.05, 0.1, 0.25, 0.5, 0.75)
_ROOM = 0.08  # of the picture's width on either side of the name of a regime
_FLAT = 3.0  # how much wider than high a name is


class Regime(IntEnum):
    """What becomes of a mobilisation."""

    FLASH = 0
    """A flash in the pan: branching ratio below 1, and a sustained share below the threshold."""
    STEADY = 1
    """Branching ratio below 1, and a sustained share from the threshold on."""
    TAKE_OFF = 2
    """Branching ratio of 1 or more: growth as long as the rewards last."""


@dataclass(frozen=True, slots=True, eq=False)
class PhaseDiagram:
    """Regimes over the branching ratio, or the reward, and how the budget or the memory is spread in time.

    Attributes
    ----------
    across : ndarray of float64, shape (columns,)
        Branching ratios or rewards, increasing.
    branching : ndarray of float64, shape (columns,)
        The branching ratios themselves.
    along : ndarray of float64, shape (rows,)
        Shares spent in the first period or exponents of the memory, increasing.
    across_label, along_label : str
        What these are.
    sustained : ndarray of float64, shape (rows, columns)
        Mean rate in the last tenth of the horizon, as a share of the peak.
    threshold : float
        The least sustained share that is steady.
    """

    across: Reals
    branching: Reals
    along: Reals
    across_label: str
    along_label: str
    sustained: Reals
    threshold: float

    @property
    def regimes(self) -> NDArray[np.int64]:
        """The `Regime` of each case, int64 of shape (rows, columns)."""
        below = np.where(self.sustained < self.threshold, Regime.FLASH, Regime.STEADY)
        return np.where(self.branching >= 1, Regime.TAKE_OFF, below).astype(np.int64)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        columns, rows = (_some(len(values)) for values in (self.across, self.along))
        table = plain_table((self.along_label, *(f"{self.across[column]:.3g}" for column in columns)), left=0)
        names, regimes = ("flash", "steady", "take-off"), self.regimes
        for row in rows[::-1]:
            cells = [f"{names[regimes[row, k]]} {self.sustained[row, k]:.2f}" for k in columns]
            table.add_row(f"{self.along[row]:.3g}", *cells)
        return render(
            f"Regimes by {self.across_label} (columns) and {self.along_label} (rows), with the sustained share",
            table,
            footer=(
                "sustained share: mean rate in the last tenth of the horizon over the peak.",
                f"flash: below {self.threshold:g}; steady: from there on; take-off: branching ratio of 1 or more.",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; regimes by name."""
        names = [regime.name.lower().replace("_", "-") for regime in Regime]
        return {
            "across": {"label": self.across_label, "values": self.across.tolist()},
            "along": {"label": self.along_label, "values": self.along.tolist()},
            "branching": self.branching.tolist(),
            "threshold": self.threshold,
            "sustained": self.sustained.tolist(),
            "regimes": [[names[regime] for regime in row] for row in self.regimes],
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the sustained share as a heat map with its contours and the regimes by name; return the axes."""
        from matplotlib.patheffects import AbstractPathEffect, withStroke

        from solvers.plots import GREY, styled_axes

        if min(self.sustained.shape) < 2:
            raise UnsupportedProblemError("a picture needs at least two rows and two columns")
        with styled_axes(ax) as axes:
            mesh = axes.pcolormesh(
                self.across, self.along, self.sustained, cmap="cividis", vmin=0, vmax=1, shading="gouraud",
                rasterized=True,
            )  # fmt: skip
            axes.figure.colorbar(mesh, ax=axes, label="sustained share of the peak", pad=0.02)
            halo: list[AbstractPathEffect] = [withStroke(linewidth=2.5, foreground="white")]
            below, levels = self.branching < 1, np.union1d(_CONTOURS, self.threshold)
            part = self.sustained[:, below]
            met = [level for level in levels if below.sum() > 1 and part.min() < level < part.max()]
            if met:
                drawn = axes.contour(
                    self.across[below], self.along, part, levels=met, colors="white",
                    linewidths=[2.2 if level == self.threshold else 0.8 for level in met],
                    linestyles=["-" if level == self.threshold else "--" for level in met],
                )  # fmt: skip
                for text in axes.clabel(drawn, fmt="%.2g", fontsize=8, colors=GREY):
                    text.set_path_effects(halo)
            edge = _crossing(self.across, self.branching)
            if edge is not None:
                axes.axvline(edge, color="white", linewidth=2.2)
                axes.axvspan(
                    edge, self.across[-1], alpha=0.5, facecolor="none", edgecolor="white", hatch="//", linewidth=0
                )  # fmt: skip
            bands = np.where(below, np.digitize(self.sustained, levels), len(levels) + 1)
            for regime, name in zip(Regime, ("flash in the pan", "steady", "take-off"), strict=True):
                place, room = _inside(self.regimes == regime, bands)
                if not room:
                    continue
                aside = (0, 0) if room > _ROOM else (-75 if 2 * place[1] > len(self.across) else 75, 25)
                axes.annotate(
                    name, (self.across[place[1]], self.along[place[0]]), xytext=aside, ha="center", va="center",
                    textcoords="offset points", fontsize=11, fontweight="bold", color=GREY, path_effects=halo,
                    arrowprops={"arrowstyle": "->", "color": "white"} if any(aside) else None,
                )  # fmt: skip
            axes.set(xlabel=self.across_label, ylabel=self.along_label)
            axes.grid(visible=False)
        return axes


def phase_diagram(
    memory: Memory | Sequence[PowerMemory],
    *,
    first_share: float | ArrayLike,
    branching: ArrayLike | None = None,
    rewards: ArrayLike | None = None,
    response: Response | None = None,
    horizon: float,
    periods: int = 24,
    threshold: float = 0.5,
    cells: int = 8,
) -> PhaseDiagram:
    """Classify mobilisations by branching ratio or reward, and by how they are spread in time.

    Parameters
    ----------
    memory : Memory or sequence of PowerMemory
        Law of the delays; or several power laws of increasing theta, the rows of the diagram, with one `first_share`.
    first_share : float or array_like of float, shape (rows,)
        Share of the purchases made in the first period, in [0, 1] and increasing; the rest is spread evenly over the
        others.
    branching : array_like of float, shape (columns,), optional
        Branching ratios, at least 0 and increasing; or else
    rewards : array_like of float, shape (columns,), optional
        rewards, money, at least 0 and increasing, whose branching ratios a `response` gives.
    response : Response, optional
        With `rewards`.
    horizon : float
        End, time > 0; rewards last until then.
    periods : int
        Equal periods, at least 2.
    threshold : float
        Least sustained share that counts as steady, in (0, 1].
    cells : int
        Cells of a period, at least 1.

    Returns
    -------
    PhaseDiagram

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or neither or both of `branching` and `rewards` are given.

    Notes
    -----
    The regimes are by definition: take-off if and only if n >= 1, else by the sustained share, the mean rate in the
    last tenth of the horizon over the highest. How much is bought plays no part: rates are linear in purchases.
    One renewal equation is solved for each ratio and memory.

    Examples
    --------
    >>> from mechanism.memory import ExponentialMemory
    >>> phases = phase_diagram(
    ...     ExponentialMemory(1.0), first_share=[0.04, 0.9], branching=[0.2, 0.8, 1.0], horizon=24.0
    ... )
    >>> [[Regime(regime).name for regime in row] for row in phases.regimes]
    [['STEADY', 'STEADY', 'TAKE_OFF'], ['FLASH', 'FLASH', 'TAKE_OFF']]
    """
    if (branching is None) == (rewards is None) or (rewards is None) != (response is None):
        raise InvalidInputError("branching", branching, allowed="given, or else rewards with their response")
    if response is None:
        across = ratios = _increasing("branching", branching)
        label = "branching ratio"
    else:
        across, label = _increasing("rewards", rewards), "reward (money per action)"
        ratios = response.branching(across)
    memories = [memory] if isinstance(memory, Memory) else list(memory)
    several = not isinstance(memory, Memory)
    shares = _increasing("first_share", np.atleast_1d(np.asarray(first_share, dtype=np.float64)), most=1.0)
    if several and (
        len(shares) > 1 or not memories or not all(isinstance(one, PowerMemory) for one in memories)
    ):
        raise InvalidInputError(
            "memory", memory, allowed="one memory, or PowerMemory laws with one first_share"
        )
    along = (
        _increasing("theta", [one.theta for one in memories if isinstance(one, PowerMemory)])
        if several
        else shares
    )
    count, per_period = whole(periods, argument="periods", least=2), whole(cells, argument="cells")
    end = money("horizon", horizon, above=0.0, unit="time")
    least = money("threshold", threshold, above=0.0, unit="number")
    if least > 1:
        raise InvalidInputError("threshold", threshold, allowed="in (0, 1]")
    first = np.repeat(np.arange(count) == 0, per_period).astype(np.float64)
    sustained = np.empty((len(along), len(ratios)))
    for column, ratio in enumerate(ratios):
        step = end / (count * per_period)
        for row, one in enumerate(memories):
            after = mobilise(one, exogenous=first, branching=ratio, horizon=end, step=step).rate
            later = np.zeros(len(after))
            for period in range(1, count):  # the same course, one period later each
                later[period * per_period :] += after[: len(after) - period * per_period] / (count - 1)
            for place, share in enumerate(shares):
                sustained[row + place, column] = sustained_share(share * after + (1.0 - share) * later)
    return PhaseDiagram(
        across=frozen(across),
        branching=frozen(np.array(ratios)),
        along=frozen(along),
        across_label=label,
        along_label="exponent of the memory" if several else "share bought in the first period",
        sustained=frozen(sustained),
        threshold=least,
    )


def _increasing(name: str, given: object, *, most: float = np.inf) -> Reals:
    """Return increasing finite numbers of at least 0."""
    values = np.array(given, dtype=np.float64)
    fine = values.ndim == 1 and values.size and np.isfinite(values).all()
    if not fine or values[0] < 0 or values[-1] > most or (np.diff(values) <= 0).any():
        bound = "of at least 0" if most == np.inf else f"in [0, {most:g}]"
        raise InvalidInputError(name, given, allowed=f"increasing finite numbers {bound}")
    return values


def _some(count: int) -> NDArray[np.int64]:
    """Return indices of at most a few of so many, evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, _SHOWN)).round().astype(np.int64))


def _crossing(across: Reals, branching: Reals) -> float | None:
    """Return where the branching ratio reaches 1, linearly between columns; None if it does not or always is."""
    above = int(np.searchsorted(branching >= 1, True))
    if not 0 < above < len(across):
        return float(across[0]) if above == 0 else None
    low, high = branching[above - 1], branching[above]
    return float(across[above - 1] + (1 - low) / (high - low) * (across[above] - across[above - 1]))


def _inside(mask: NDArray[np.bool_], bands: NDArray[np.int64]) -> tuple[tuple[int, int], float]:
    """Return the place in a region that is furthest from its border and from contours, and how far, in its widths."""
    from scipy.ndimage import distance_transform_edt

    best, room = (0, 0), 0.0
    sides = (_FLAT / mask.shape[0], 1 / mask.shape[1])
    for band in np.unique(bands[mask]):
        part = mask & (bands == band)
        distance = distance_transform_edt(np.pad(part, 1), sampling=sides)[1:-1, 1:-1]
        if distance.max() > room:
            room = float(distance.max())
            far = np.argwhere(distance >= 0.9 * room)  # of these the one in the middle
            row, column = far[np.abs(far - far.mean(axis=0)).sum(axis=1).argmin()]
            best = (int(row), int(column))
    return best, room


def endogenous_relaxation(memory: PowerMemory, *, horizon: float, step: float) -> tuple[Reals, Reals]:
    """Return how the rate relaxes after a peak that grew from within, at branching ratio 1, up to a constant.

    Parameters
    ----------
    memory : PowerMemory
        With theta < 1/2: else the fluctuations of the rate at branching ratio 1 are infinite.
    horizon : float
        Time > 0 up to which the response is computed; it is returned up to a quarter of it.
    step : float
        Length of a cell, time > 0; a whole fraction of the horizon.

    Returns
    -------
    times, excess : ndarray of float64, shape (cells // 4,)
        Moments after the peak and the excess of the rate over its mean, for one unit of the mean.

    Raises
    ------
    UnsupportedProblemError
        If theta is at least 1/2 or the memory is no PowerMemory.

    Notes
    -----
    To first order the expected excess at time t after a peak is proportional to the covariance of the rate with the
    actions t before, K(t) + integral of K(u) K(u + t) du with K the response to one action. K and the integral up to
    the horizon are numerical; beyond, K(u) ~ sin(pi theta) / pi * u ** (theta - 1) / scale ** theta (from the Laplace
    transform of g), whose integral is a hypergeometric function and no small part of the whole.
    """
    from scipy.fft import irfft, next_fast_len, rfft
    from scipy.special import hyp2f1

    if not isinstance(memory, PowerMemory) or memory.theta >= 0.5:
        raise UnsupportedProblemError("fluctuations at branching ratio 1 are finite for theta < 1/2 only")
    response = mobilise(memory, exogenous=0.0, branching=1.0, horizon=horizon, step=step, burst=1.0)
    kernel, cells = response.rate, len(response.rate)
    size = next_fast_len(2 * cells, real=True)
    spectrum = rfft(kernel, size)
    lags = np.arange(cells // 4)
    inner = response.step * irfft(np.abs(spectrum) ** 2, size)[lags]
    times: Reals = np.asarray(response.step * lags)
    beta = 1.0 - memory.theta
    start = response.horizon - times
    level = np.sin(np.pi * memory.theta) / np.pi * memory.scale**-memory.theta
    outer = start ** (1 - 2 * beta) / (2 * beta - 1) * hyp2f1(beta, 2 * beta - 1, 2 * beta, -times / start)
    here = (kernel[lags] + kernel[np.maximum(lags - 1, 0)]) / 2  # the mean of the cells that meet there
    return times, np.asarray(here + inner + level**2 * outer)
