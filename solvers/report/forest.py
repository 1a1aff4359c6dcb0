"""One run of a campaign as a picture: who recruited whom, with depth as the distance from the middle."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign
from mechanism.errors import InvalidInputError
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from solvers.recruitment import Recruitment

__all__ = ["SIDE", "SampleRun", "draw", "longest_chain", "same_worlds", "sample_run", "shown"]

SIDE = 420
"""Width and height of the picture."""
_MOST = 4_000  # people who can be told apart in it
_SPREAD = 2_654_435_761  # its multiples, modulo 2 ** 32, lie evenly (Knuth, volume 3, 6.4)
_MARGIN = 16

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SampleRun:
    """The recruitment forest of one world.

    Attributes
    ----------
    world : int
        Its number: the first whose number of recruits is the (lower) median of all worlds.
    people : ndarray of int64, shape (k,)
        The team and all members, by depth and then by number.
    depth : ndarray of int64, shape (k,)
        Depth of each; 0 for the team.
    above : ndarray of int64, shape (k,)
        Place in `people` of the recruiter, -1 for the team.
    below : ndarray of int64, shape (k,)
        How many members follow from each, the person excluded.
    """

    world: int
    people: Longs
    depth: Longs
    above: Longs
    below: Longs


class _Known(np.random.SeedSequence):
    """A seed that names given worlds."""

    def __init__(self, key: tuple[int, int]) -> None:
        super().__init__(0)
        self._key = key

    def generate_state(self, n_words: int, dtype: Any = np.uint64) -> NDArray[Any]:
        """Return the words that name the worlds."""
        return np.array(self._key[:n_words], dtype=dtype)


def same_worlds(recruitment: Recruitment) -> np.random.SeedSequence:
    """Return an `rng` that names the worlds of a result, whatever it was drawn from.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> same_worlds(SimpleNamespace(world_key=(3, 4))).generate_state(2).tolist()
    [3, 4]
    """
    return _Known(recruitment.world_key)


def sample_run(campaign: Campaign, recruitment: Recruitment) -> SampleRun | None:
    """Return the run with the median number of recruits, on the worlds of the result.

    Returns
    -------
    SampleRun or None
        None where a run is not shown: motives differ between people, or the race runs by the clock.

    Raises
    ------
    InvalidInputError
        If the result is not one of the campaign.
    """
    if campaign.response is not None or len(campaign.network.motives.kinds()[0]) > 1:
        return None
    sample = recruitment.sample
    median = np.sort(sample)[(len(sample) - 1) // 2]
    world = int((sample == median).argmax())
    if len(recruitment.join) != campaign.max_depth:
        raise InvalidInputError(
            "campaign", campaign.max_depth, allowed="that of the result", verb="has depth"
        )
    worlds = Worlds(campaign, same_worlds(recruitment))
    depths, recruiters = worlds.tree(recruitment.join, recruitment.invite, replicate=world)
    people = np.flatnonzero(depths >= 0)
    people = people[np.argsort(depths[people], kind="stable")]
    if int((depths > 0).sum()) != median:
        raise InvalidInputError(
            "campaign", "another number of people", allowed="that of the result", verb="recruits"
        )
    place = np.full(len(depths), -1, dtype=np.int64)
    place[people] = np.arange(len(people))
    depth = depths[people]
    above = np.where(depth > 0, place[recruiters[people]], -1)
    below = np.zeros(len(people), dtype=np.int64)
    for level in range(int(depth.max()), 0, -1):
        there = depth == level
        np.add.at(below, above[there], below[there] + 1)
    return SampleRun(world, people, depth, above, below)


def longest_chain(run: SampleRun) -> list[int]:
    """Return the places in `people` from the team to the deepest member, the first of them; empty if nobody joined."""
    if not run.depth.any():
        return []
    chain = [int(run.depth.argmax())]
    while run.above[chain[-1]] >= 0:
        chain.append(int(run.above[chain[-1]]))
    return chain[::-1]


def shown(run: SampleRun) -> Longs:
    """Return the places in `people` of those who are drawn, increasing.

    They are those with most members below them, at equal numbers evenly chosen, and the longest chain: with everybody
    the recruiter is drawn.
    """
    spread = np.arange(len(run.people), dtype=np.int64) * _SPREAD % 2**32
    order = np.lexsort((spread, -run.below))
    return np.union1d(order[:_MOST], np.array(longest_chain(run), dtype=np.int64))


def draw(run: SampleRun) -> str:
    """Return the inside of an SVG element: rings for depths, lines from recruiters to recruits.

    Notes
    -----
    Members stand on the ring of their depth, each recruiter in the middle of the angle that its line takes up;
    angles are shared by the number of ends of lines. O(k) for the k people drawn.
    """
    drawn = shown(run)
    rings = int(run.depth[drawn].max())
    single = int((run.depth == 0).sum()) == 1
    step = (SIDE / 2 - _MARGIN) / max(rings if single else rings + 0.5, 1)
    angle = _angles(run, drawn)
    radius = {int(place): (float(run.depth[place]) + (0.0 if single else 0.5)) * step for place in drawn}
    points = {place: _point(radius[place], angle[place]) for place in radius}
    chain = longest_chain(run)
    edges = [place for place in points if run.above[place] >= 0]
    size = 1.5 if len(drawn) > 1500 else 2.2 if len(drawn) > 500 else 3.5 if len(drawn) > 100 else 6.0
    links = "link fine" if len(drawn) > 500 else "link"

    parts = []
    for ring in range(1, rings + 1):
        distance = (ring if single else ring + 0.5) * step
        parts.append(f'<circle class="ring" cx="{SIDE / 2:g}" cy="{SIDE / 2:g}" r="{distance:.1f}"/>')
    parts.append(
        f'<path class="{links}" d="{"".join(_link(run, place, radius, angle) for place in edges)}"/>'
    )
    if chain:
        path = "".join(_link(run, place, radius, angle) for place in chain[1:])
        parts.append(f'<path class="link chosen" d="{path}"/>')
    parts.append(_dots("member", [points[place] for place in edges], size))
    parts.append(_dots("member chosen", [points[place] for place in chain[1:]], 1.6 * size))
    parts.append(_dots("team", [points[place] for place in points if run.above[place] < 0], 1.6 * size))
    for ring in range(1, rings + 1):
        distance = (ring if single else ring + 0.5) * step
        parts.append(
            f'<text class="middle halo" x="{SIDE / 2:g}" y="{SIDE / 2 - distance + 4:.1f}">{ring}</text>'
        )
    return "\n".join(parts)


def _angles(run: SampleRun, drawn: Longs) -> dict[int, float]:
    """Return the angle of everybody who is drawn."""
    ends = dict.fromkeys(drawn.tolist(), 0)
    for place in reversed(drawn.tolist()):  # those below come later
        ends[place] = max(ends[place], 1)
        recruiter = int(run.above[place])
        if recruiter >= 0:
            ends[recruiter] += ends[place]
    total = sum(ends[place] for place in ends if run.above[place] < 0)
    free: dict[int, float] = {-1: 0.0}  # where the next one of each recruiter begins
    angle = {}
    for place in ends:
        recruiter = int(run.above[place])
        begin = free[recruiter]
        free[recruiter] = begin + ends[place]
        free[place] = begin
        angle[place] = 2 * pi * (begin + ends[place] / 2) / total
    return angle


def _point(radius: float, angle: float) -> tuple[float, float]:
    return SIDE / 2 + radius * sin(angle), SIDE / 2 - radius * cos(angle)


def _link(run: SampleRun, place: int, radius: dict[int, float], angle: dict[int, float]) -> str:
    """Return the line to a member from its recruiter, which leaves and arrives along the radius."""
    recruiter = int(run.above[place])
    middle = (radius[recruiter] + radius[place]) / 2
    bends = (
        (radius[recruiter], angle[recruiter]),
        (middle, angle[recruiter]),
        (middle, angle[place]),
        (radius[place], angle[place]),
    )
    first, *others = (f"{x:.1f} {y:.1f}" for x, y in (_point(*bend) for bend in bends))
    return f"M{first}C{' '.join(others)}"


def _dots(kind: str, points: list[tuple[float, float]], size: float) -> str:
    """Return dots as one path: lines without length have round ends."""
    path = "".join(f"M{x:.1f} {y:.1f}h.01" for x, y in points)
    return f'<path class="dots {kind}" stroke-width="{size:g}" d="{path}"/>'
