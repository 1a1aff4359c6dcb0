"""Pieces of a page: every text that goes in is escaped here, and nowhere else."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import isfinite, isnan
from typing import Any

__all__ = [
    "Html",
    "attribute",
    "download",
    "facts",
    "figure",
    "foreign",
    "join",
    "paragraph",
    "table",
    "text",
]

# Controls, halves of surrogate pairs, marks that turn the direction of the text around them, and what is no character.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile(r"[\t\n\r]+")


class Html(str):
    """Text that is markup already: what the functions of this module return."""

    __slots__ = ()


def _plain(value: object) -> str:
    r"""Return a value as one line in which everything can be seen.

    Examples
    --------
    >>> _plain("ann\u202e\nbob")
    'ann[U+202E] bob'
    """
    line = _BREAKS.sub(" ", str(value))
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", line)


def text(value: object) -> Html:
    """Return a value as text of the page; markup stays as it is.

    Examples
    --------
    >>> text("a < b"), text(Html("<b>a</b>"))
    ('a &lt; b', '<b>a</b>')
    """
    return value if isinstance(value, Html) else Html(escape(_plain(value)))


def attribute(value: object) -> str:
    """Return a value as the text of an attribute between double quotes.

    Examples
    --------
    >>> attribute('"x" onload=y')
    '&quot;x&quot; onload=y'
    """
    return escape(_plain(value))


def foreign(value: object) -> Html:
    """Return a name that others chose, kept apart from the direction of the text around it.

    Examples
    --------
    >>> foreign("<script>")
    '<bdi>&lt;script&gt;</bdi>'
    """
    return Html(f"<bdi>{text(value)}</bdi>")


def join(parts: Iterable[str], between: str = "\n") -> Html:
    """Return markup put together; parts that are no markup are escaped."""
    return Html(between.join(text(part) for part in parts))


def paragraph(*sentences: object) -> Html:
    """Return a paragraph.

    Examples
    --------
    >>> paragraph("Nobody joins.", "Nobody is paid.")
    '<p>Nobody joins. Nobody is paid.</p>'
    """
    return Html(f"<p>{' '.join(text(sentence) for sentence in sentences)}</p>")


def facts(pairs: Iterable[tuple[object, object]], *, kind: str = "facts") -> Html:
    """Return names and what they stand for as a description list of a class of the style sheet.

    Examples
    --------
    >>> facts([("seed", 7)])
    '<dl class="facts"><div><dt>seed</dt><dd>7</dd></div></dl>'
    """
    rows = (f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in pairs)
    return Html(f'<dl class="{kind}">{"".join(rows)}</dl>')


def table(
    caption: str,
    columns: Sequence[str],
    groups: Sequence[tuple[str, Sequence[Sequence[object]]]],
    *,
    left: Sequence[int] = (),
) -> Html:
    """Return a table in a box that scrolls on its own, which the keyboard can reach.

    Parameters
    ----------
    caption : str
        What the table shows.
    columns : sequence of str
        Heads of the columns.
    groups : sequence of (str, rows)
        A head for a group of rows, or an empty text, and its rows; the first cell of a row is its head.
    left : sequence of int
        Numbers of the columns of words, besides the first; the others are aligned right.

    Examples
    --------
    >>> '<th scope="row">1</th><td>2</td>' in table("Members", ("depth", "members"), [("", [(1, 2)])])
    True
    """
    words = {0, *left}
    kinds = [' class="words"' if number in words else "" for number in range(len(columns))]
    heads = "".join(
        f'<th scope="col"{kind}>{text(column)}</th>' for column, kind in zip(columns, kinds, strict=True)
    )
    bodies = []
    for name, rows in groups:
        lines = [f'<tr><th scope="rowgroup" colspan="{len(columns)}">{text(name)}</th></tr>'] if name else []
        for first, *others in rows:
            cells = "".join(
                f"<td{kind}>{text(cell)}</td>" for cell, kind in zip(others, kinds[1:], strict=True)
            )
            lines.append(f'<tr><th scope="row">{text(first)}</th>{cells}</tr>')
        bodies.append(f"<tbody>\n{join(map(Html, lines))}\n</tbody>")
    return Html(
        f'<div class="scroll" role="group" aria-label="{attribute(caption)}" tabindex="0"><table>\n'
        f"<caption><span>{text(caption)}</span></caption>\n<thead><tr>{heads}</tr></thead>\n{join(map(Html, bodies))}\n"
        "</table></div>"
    )


def figure(
    name: str, title: str, description: str, drawing: str, *, size: tuple[int, int], caption: object
) -> Html:
    """Return a drawing with the words that stand for it where it cannot be seen.

    Parameters
    ----------
    name : str
        Its identifier on the page.
    title, description : str
        What it is, and what it shows.
    drawing : str
        The inside of an SVG element, markup.
    size : tuple of int
        Width and height in its own units.
    caption : object
        The text below it.
    """
    width, height = size
    return Html(
        f'<figure>\n<svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{name}-title" aria-describedby="{name}-desc">\n'
        f'<title id="{name}-title">{text(title)}</title>\n<desc id="{name}-desc">{text(description)}</desc>\n'
        f"{drawing}\n</svg>\n<figcaption>{text(caption)}</figcaption>\n</figure>"
    )


def download(name: str, document: Mapping[str, Any]) -> Html:
    """Return a link that saves a document as a JSON file; the file is in the link.

    Examples
    --------
    >>> download("a.json", {"x": [1, float("inf")]})[:52]
    '<a download="a.json" href="data:application/json;bas'
    """
    content = json.dumps(_finite(document), indent=1, allow_nan=False) + "\n"
    packed = base64.b64encode(content.encode()).decode("ascii")
    return Html(
        f'<a download="{attribute(name)}" href="data:application/json;base64,{packed}">{text(name)}</a>'
    )


def _finite(value: Any) -> Any:
    """Return a document as JSON can hold it: null for what is not known, "inf" for infinity."""
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not isfinite(value):
        return None if isnan(value) else str(value)
    return value
