"""Calendar time: how many have joined by when, and when a target is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Search
from solvers.fixed_point import Profile
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Timeline", "timeline"]

_POINTS = 101
_ENDED = 0.95  # share of the worlds that have ended by the last of the times looked at first
_SHOWN = 0.99  # share of the recruits that have joined by the last of the times shown


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """A campaign by the clock, in the unit of its response time.

    Attributes
    ----------
    times : ndarray of float64, shape (points,)
        Equally spaced, from the start until 99 % of the expected recruits have joined.
    joined, joined_stderr : ndarray of float64, shape (points,)
        Expected members by each time, and its standard error.
    found : ndarray of float64, shape (points,)
        Chance that a given target is found by each time; NaN where there is nothing to find.
    time_to_find : float
        Mean time until a given target is found, in the worlds and by the finders that find it; NaN if nobody can.
    half_time : float
        When half of all expected members have joined.
    """

    times: NDArray[np.float64]
    joined: NDArray[np.float64]
    joined_stderr: NDArray[np.float64]
    found: NDArray[np.float64]
    time_to_find: float
    half_time: float

    def find_quantile(self, share: float) -> float:
        """Return the first of the times by which the target is found with a given chance; NaN if none is.

        Parameters
        ----------
        share : float
            A chance in (0, 1).
        """
        later = self.found >= share
        return float(self.times[later.argmax()]) if later.any() else float("nan")

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the expected members and the chance that a target is found against time; return the axes."""
        from solvers.plots import plot_timeline

        return plot_timeline(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "times": self.times.tolist(),
            "joined": self.joined.tolist(),
            "joined_stderr": self.joined_stderr.tolist(),
            "found": None if np.isnan(self.found).any() else self.found.tolist(),
            "time_to_find": None if np.isnan(self.time_to_find) else self.time_to_find,
            "half_time": self.half_time,
        }


def timeline(worlds: Worlds, profile: Profile, *, replicates: int) -> Timeline:
    """Play worlds by the clock under given decisions.

    Raises
    ------
    UnsupportedProblemError
        If the campaign has no response time.

    Notes
    -----
    Three simulations: two tell how long recruitment lasts.
    """
    _, ends = worlds.race(profile.join, profile.invite, np.empty(0), replicates=replicates)
    last = float(np.quantile(ends[:, 0], _ENDED)) or 1.0
    for _ in range(2):
        times = np.linspace(0.0, last, _POINTS)
        joined, _ = worlds.race(profile.join, profile.invite, np.append(times, np.inf), replicates=replicates)
        mean = joined.mean(axis=0)
        enough = mean[:-1] >= _SHOWN * mean[-1]
        if mean[-1] > 0 and enough.any():
            last = float(times[enough.argmax()]) or last
    task = worlds.campaign.task
    chances = 1.0 - (1.0 - task.find) ** joined if isinstance(task, Search) else np.full(joined.shape, np.nan)
    half = mean >= mean[-1] / 2
    found = float(chances[:, -1].mean())
    return Timeline(
        times=_frozen(times),
        joined=_frozen(mean[:-1].copy()),
        joined_stderr=_frozen(joined[:, :-1].std(axis=0, ddof=1) / np.sqrt(replicates)),
        found=_frozen(chances[:, :-1].mean(axis=0)),
        time_to_find=float(ends[:, 1].mean() / found) if found > 0 else float("nan"),
        half_time=float(np.append(times, np.inf)[half.argmax()]) if mean[-1] > 0 else float("nan"),
    )


def _frozen(array: NDArray[Any]) -> NDArray[np.float64]:
    array.flags.writeable = False
    return array
