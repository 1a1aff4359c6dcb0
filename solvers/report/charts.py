"""Charts as SVG markup whose colours are those of the style sheet, so that they follow light, dark and print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite, log10

from solvers.report.markup import text

__all__ = ["SIZE", "Scale", "bars", "lines", "stems"]

SIZE = (420, 280)
"""Width and height of a chart; on the narrowest telephones its text is still 9 pixels high."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 22, 12, 46
_TICKS = 5
_LETTER = 7.0  # half the room of the letter of a point
_AROUND = ((0.9, -0.9), (-0.9, -0.9), (0.9, 0.9), (-0.9, 0.9), (0, -1.2), (0, 1.2), (-1.2, 0), (1.2, 0))


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis from `low` to `high`, and the places of its ticks.

    Examples
    --------
    >>> Scale.over(0, 7.3).ticks
    (0.0, 2.0, 4.0, 6.0, 8.0)
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, low: float, high: float, *, most: int = _TICKS) -> Scale:
        """Return an axis with round ticks that covers a range."""
        span = high - low if high > low else 1.0
        power = 10.0 ** floor(log10(span / most))
        step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if span / step <= most)
        first, last = floor(low / step + 1e-9), ceil((low + span) / step - 1e-9)
        ticks = tuple(round(number * step, 12) for number in range(first, last + 1))
        return cls(ticks[0], ticks[-1], ticks)

    def at(self, value: float) -> float:
        """Return the share of the axis that lies below a value."""
        return (value - self.low) / (self.high - self.low)


def _x(share: float) -> float:
    return _LEFT + share * (SIZE[0] - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return SIZE[1] - _BOTTOM - share * (SIZE[1] - _TOP - _BOTTOM)


def _frame(
    x_ticks: Sequence[tuple[float, str]], y: Scale, names: tuple[str, str], y_word: Callable[[float], str]
) -> list[str]:
    """Return grid, ticks and names of the axes; ticks of the first axis stand at shares of it."""
    left, right, bottom, top = _x(0), _x(1), _y(0), _y(1)
    parts = []
    for tick in y.ticks:
        height = _y(y.at(tick))
        parts.append(f'<path class="grid" d="M{left:.1f} {height:.1f}H{right:.1f}"/>')
        parts.append(f'<text class="end" x="{left - 6:.1f}" y="{height + 4:.1f}">{text(y_word(tick))}</text>')
    parts.append(f'<path class="axis" d="M{left:.1f} {bottom:.1f}H{right:.1f}"/>')
    for share, word in x_ticks:
        parts.append(f'<text class="middle" x="{_x(share):.1f}" y="{bottom + 16:.1f}">{text(word)}</text>')
    middle = (left + right) / 2
    parts.append(f'<text class="middle" x="{middle:.1f}" y="{SIZE[1] - 8}">{text(names[0])}</text>')
    parts.append(
        f'<text class="middle" transform="translate(13 {(bottom + top) / 2:.1f}) rotate(-90)">{text(names[1])}</text>'
    )
    return parts


def bars(
    values: Sequence[float], *, names: tuple[str, str], word: Callable[[float], str] = "{:,g}".format
) -> str:
    """Return bars at 1, 2, ..., such as members by depth.

    Examples
    --------
    >>> bars([3.0, 1.5], names=("depth", "members")).count('class="bar"')
    2
    """
    y = Scale.over(0.0, max(values, default=0.0))
    count = max(len(values), 1)
    every = ceil(count / 12)
    places = [(number + 0.5) / count for number in range(len(values))]
    ticks = [(place, str(number + 1)) for number, place in enumerate(places) if number % every == 0]
    parts = _frame(ticks, y, names, word)
    width = 0.7 * (_x(1) - _x(0)) / count
    for place, value in zip(places, values, strict=True):
        top = _y(y.at(value))
        parts.append(
            f'<rect class="bar" x="{_x(place) - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{_y(0) - top:.1f}"/>'
        )
    return "\n".join(parts)


def stems(
    points: Sequence[tuple[float, float]],
    *,
    names: tuple[str, str],
    words: tuple[Callable[[float], str], Callable[[float], str]],
) -> str:
    """Return a stem at each place of a line, such as the chances of amounts.

    Examples
    --------
    >>> stems([(0, 0.5), (1, 0.5)], names=("paid", "chance"), words=(str, str)).count('class="stem"')
    2
    """
    x = Scale.over(0.0, max((place for place, _ in points), default=0.0))
    y = Scale.over(0.0, max((chance for _, chance in points), default=0.0))
    parts = _frame([(x.at(tick), words[0](tick)) for tick in x.ticks], y, names, words[1])
    for place, chance in points:
        across, top = _x(x.at(place)), _y(y.at(chance))
        parts.append(f'<path class="stem" d="M{across:.1f} {_y(0):.1f}V{top:.1f}"/>')
        parts.append(f'<circle class="point" cx="{across:.1f}" cy="{top:.1f}" r="3.5"/>')
    return "\n".join(parts)


def lines(
    curves: Sequence[tuple[str, Sequence[tuple[float, float, float]]]],
    points: Sequence[tuple[str, float, float]],
    *,
    names: tuple[str, str],
    words: tuple[Callable[[float], str], Callable[[float], str]],
) -> str:
    """Return curves with error bars, and points with letters.

    Parameters
    ----------
    curves : sequence of (str, points)
        Class of the style sheet, and (x, y, half the error bar) of each point in order of x.
    points : sequence of (str, float, float)
        Letter and place of single points. One that lies right of all curves by more than a fifth of them stands at
        the edge, as an arrow.
    names : tuple of str
        What the axes show.
    words : tuple of callables
        How the numbers at the ticks are written.
    """
    line = [point for _, curve in curves for point in curve]
    reach = max((place for place, _, _ in line), default=0.0)
    edge = 1.2 * reach if reach > 0 else max([gain for _, gain, _ in points if isfinite(gain)], default=0.0)
    edge = edge if edge > 0 else 1.0
    tallest = max([*(height + error for _, height, error in line), *(height for _, _, height in points)])
    margin = 0.04 * edge
    x, y = Scale(-margin, edge + margin, ()), Scale.over(0.0, tallest)
    ticks = [(x.at(tick), words[0](tick)) for tick in Scale.over(0.0, reach or edge).ticks if tick <= edge]
    if any(place > edge for _, place, _ in points):
        ticks.append((x.at(edge), "more"))
    parts = _frame(ticks, y, names, words[1])
    taken = []
    for kind, curve in curves:
        places = [(_x(x.at(place)), _y(y.at(height))) for place, height, _ in curve]
        taken += [
            ((1 - part) * start + part * end, (1 - part) * first + part * last)
            for (start, first), (end, last) in pairwise(places)
            for part in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
        ]
        taken += places[-1:]
        path = "L".join(f"{across:.1f} {up:.1f}" for across, up in places)
        if path:
            parts.append(f'<path class="line {kind}" d="M{path}"/>')
        for (across, up), (_, height, error) in zip(places, curve, strict=True):
            if error:
                low, high = _y(y.at(height - error)), _y(y.at(height + error))
                parts.append(f'<path class="error {kind}" d="M{across:.1f} {low:.1f}V{high:.1f}"/>')
            mark = "M-4 -4h8v8h-8z" if kind == "second" else "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"
            parts.append(
                f'<path class="mark {kind}" transform="translate({across:.1f} {up:.1f})" d="{mark}"/>'
            )
    inside = [(_x(x.at(min(gain, edge))), _y(y.at(height))) for _, gain, height in points]
    taken += inside
    for (letter, gain, _), (across, up) in zip(points, inside, strict=True):
        mark = "M0 -5l5 5l-5 5l-5 -5z" if gain <= edge else "M-4 -5l9 5l-9 5z"
        parts.append(f'<path class="mark third" transform="translate({across:.1f} {up:.1f})" d="{mark}"/>')
        beside = _free(across, up, taken)
        taken.append(beside)
        parts.append(
            f'<text class="middle letter" x="{beside[0]:.1f}" y="{beside[1] + 4:.1f}">{text(letter)}</text>'
        )
    return "\n".join(parts)


def _free(across: float, up: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the place next to a point that is farthest from all that is drawn, the nearest free one if there is."""
    around = [
        (across + right * reach, up + down * reach) for reach in (12.0, 17.0, 24.0) for right, down in _AROUND
    ]
    inside = [
        (right, down)
        for right, down in around
        if _x(0) + _LETTER < right < _x(1) - 2 and _y(1) + 2 < down < _y(0) - _LETTER
    ]

    def room(place: tuple[float, float]) -> float:
        return min(max(abs(place[0] - right), abs(place[1] - down)) for right, down in taken)

    candidates = inside or around
    return next((place for place in candidates if room(place) >= 1.3 * _LETTER), max(candidates, key=room))
