"""Readers of network files."""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mechanism.arcs import Edges
from mechanism.errors import InvalidInputError

__all__ = ["read_edges"]

_WHOLE = re.compile(r"[+-]?[0-9]+")
_MISSING = frozenset({"", "nan", "null", "none"})
_COLUMN_NAMES = frozenset(
    (
        *("u", "v", "i", "j", "source", "target", "src", "dst", "from", "to", "ego", "alter"),
        *("sender", "receiver", "node1", "node2", "id1", "id2", "fromnodeid", "tonodeid"),
        *("from_id", "to_id", "source_id", "target_id"),
    )
)


class _Row(NamedTuple):
    """The ends of one edge and the line where they stand."""

    line: int
    source: str
    target: str

    @property
    def whole_ends(self) -> int:
        """How many of the ends are whole numbers."""
        return bool(_WHOLE.fullmatch(self.source)) + bool(_WHOLE.fullmatch(self.target))


def read_edges(path: Path) -> Edges:
    r"""Read the first two columns of an edge list.

    Parameters
    ----------
    path : pathlib.Path
        Text in UTF-8, gzip-compressed or not, with tabs, commas, semicolons or spaces between columns.
        ``#`` begins a comment. A first line of two texts holds column names if whole numbers stand
        below it, or if they are usual names, such as source and target, that no edge uses again.

    Returns
    -------
    Edges
        The labels are whole numbers if at least half of the edges join two of them, and a text among
        them is refused; otherwise all labels are texts.

    Raises
    ------
    InvalidInputError
        If the file is no such text; the message names the line.

    Notes
    -----
    O(size of the file); whole numbers are read several times faster than texts.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "friends.csv"
    >>> _ = path.write_text("source,target\nann,bob\nbob,cem\n")
    >>> read_edges(path).source.tolist()
    ['ann', 'bob']
    """
    text = re.sub("#[^\n]*", "", _text(path)).replace("\r", "") + "\n"
    start = re.search(r"\S.*", text)
    if start is None:
        raise InvalidInputError("path", str(path), allowed="a file with at least one edge")
    separator = _separator(start[0])
    first = next(_rows(path, text, separator))
    edges = _whole_numbers(path, text, separator, skipped=0 if first.whole_ends else first.line)
    return edges or _checked(path, list(_rows(path, text, separator)))


def _text(path: Path) -> str:
    """Return the contents, decompressed if the file begins as gzip does."""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInputError("path", str(path), allowed=f"a readable file ({error})") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "path", str(path), allowed=f"a text file in UTF-8 (byte {error.start} is not)"
        ) from error


def _separator(row: str) -> str | None:
    """Return what separates the columns, None for spaces."""
    ends = row.partition("{")[0]  # attributes in braces hold commas of their own
    return next((mark for mark in "\t,;" if mark in ends), None)


def _whole_numbers(path: Path, text: str, separator: str | None, *, skipped: int) -> Edges | None:
    """Return the edges below the skipped lines, or None if the ends are not all whole numbers."""
    body = text.split("\n", skipped)[skipped]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # no data; 1.5 as a whole number in older versions of numpy
            ends = np.loadtxt(
                io.StringIO(body),
                dtype=np.int64,
                comments=None,
                delimiter=separator,
                usecols=(0, 1),
                ndmin=2,
                quotechar='"',
            )
    except (ValueError, Warning):
        return None
    data = np.frombuffer(body.encode(), dtype=np.uint8)
    begins = np.concatenate(([0], np.flatnonzero(data == ord("\n"))[:-1] + 1))
    filled = np.flatnonzero(np.logical_or.reduceat(data > ord(" "), begins))
    if len(filled) != len(ends):  # a quoted text ran over several lines
        return None
    return Edges(ends[:, 0], ends[:, 1], filled + skipped + 1, path.name)


def _rows(path: Path, text: str, separator: str | None) -> Iterator[_Row]:
    """Yield the first two fields of every line that is not blank."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.isspace():
            continue
        source, target, *_ = (*line.split(separator, 2), None, None)
        if source is None or target is None:
            raise InvalidInputError(
                "path", line[:60], index=_place(path, number), allowed="two columns, the ends of an edge"
            )
        row = _Row(number, source.strip(' "'), target.strip(' "'))
        if row.source.lower() in _MISSING or row.target.lower() in _MISSING:
            raise InvalidInputError(
                "path", line[:60], index=_place(path, number), allowed="an edge with both ends given"
            )
        yield row


def _place(path: Path, line: int) -> str:
    return f"{path.name}, line {line}"


def _checked(path: Path, rows: list[_Row]) -> Edges:
    """Return the edges in rows that may hold column names, texts or what has to be refused."""
    whole = sum(row.whole_ends == 2 for row in rows)
    if not rows[0].whole_ends and (0 < len(rows) - 1 <= 2 * whole or _are_column_names(*rows)):
        del rows[0]
    if not rows:
        raise InvalidInputError(
            "path", str(path), allowed="a file with at least one edge below the column names"
        )
    lines, source, target = (list(column) for column in zip(*rows, strict=True))
    if 2 * whole < len(rows):
        return Edges(np.array(source), np.array(target), np.array(lines), path.name)
    limits = np.iinfo(np.int64)
    for row in rows:
        for field in row[1:]:
            if not (_WHOLE.fullmatch(field) and limits.min <= int(field) <= limits.max):
                raise InvalidInputError(
                    "path",
                    field,
                    index=_place(path, row.line),
                    allowed="a whole number within int64, as most labels of the file are",
                )
    return Edges(
        np.array(source).astype(np.int64), np.array(target).astype(np.int64), np.array(lines), path.name
    )


def _are_column_names(first: _Row, *rows: _Row) -> bool:
    """Return whether a first line holds usual names of columns that no edge uses again."""
    names = {first.source, first.target}
    return (
        len(names) == 2
        and {name.lower() for name in names} <= _COLUMN_NAMES
        and all(names.isdisjoint(row[1:]) for row in rows)
    )
