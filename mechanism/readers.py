"""Readers of network files."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError

__all__ = ["read_edges"]

_WHOLE = re.compile(r"[+-]?\d+")
_MISSING = frozenset({"", "nan", "na", "null", "none"})
_COLUMN_NAMES = frozenset(
    (
        "u",
        "v",
        "i",
        "j",
        "a",
        "b",
        "source",
        "target",
        "src",
        "dst",
        "from",
        "to",
        "ego",
        "alter",
        "sender",
        "receiver",
        "node1",
        "node2",
        "id1",
        "id2",
        "fromnodeid",
        "tonodeid",
        "from_id",
        "to_id",
        "source_id",
        "target_id",
    )
)


def read_edges(path: Path) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Read the first two columns of an edge list.

    Parameters
    ----------
    path : pathlib.Path
        Text, gzip-compressed or not, with tabs, commas or spaces between columns. ``#`` begins a comment. A
        first line of column names is recognised by the names or by whole numbers below.

    Returns
    -------
    source, target : ndarray of int64 or str, shape (edges,)
        Whole numbers if the first edge has them, else text.
    lines : ndarray of int64, shape (edges,)
        Line of each edge in the file, from 1.

    Raises
    ------
    InvalidInputError
        If the file is no such text; the message names the line.

    Notes
    -----
    O(size of the file), about a second for 10^6 lines.
    """
    rows = [
        (number, line)
        for number, raw in enumerate(_text(path).split("\n"), start=1)
        if (line := raw.partition("#")[0].strip("\r ").rstrip())
    ]
    if not rows:
        raise InvalidInputError("path", str(path), allowed="a file with at least one edge")
    separator = next((mark for mark in ",\t;" if mark in rows[0][1]), None)
    ends = [_ends(path, number, line, separator) for number, line in rows]
    if _is_header(ends):
        del rows[0], ends[0]
    if not ends:
        raise InvalidInputError(
            "path", str(path), allowed="a file with at least one edge below the column names"
        )
    lines = np.array([number for number, _ in rows], dtype=np.int64)
    if all(map(_WHOLE.fullmatch, ends[0])):
        return *_whole_numbers(path, ends, lines), lines
    array = np.array(ends, dtype=str)
    return array[:, 0], array[:, 1], lines


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


def _ends(path: Path, number: int, line: str, separator: str | None) -> tuple[str, str]:
    """Return the first two fields of a line."""
    fields = line.split(separator, 2)
    if len(fields) < 2:
        raise InvalidInputError(
            "path", line[:60], index=f"{path.name}, line {number}", allowed="two columns, the ends of an edge"
        )
    first, second = fields[0].strip(' "'), fields[1].strip(' "')
    if first.lower() in _MISSING or second.lower() in _MISSING:
        raise InvalidInputError(
            "path", line[:60], index=f"{path.name}, line {number}", allowed="an edge with both ends given"
        )
    return first, second


def _is_header(ends: list[tuple[str, str]]) -> bool:
    """Return whether the first line holds column names."""
    first = [name.lower() for name in ends[0]]
    if any(map(_WHOLE.fullmatch, first)):
        return False
    if all(name in _COLUMN_NAMES for name in first) and first[0] != first[1]:
        return True
    return len(ends) > 1 and all(map(_WHOLE.fullmatch, ends[1]))


def _whole_numbers(
    path: Path, ends: list[tuple[str, str]], lines: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    try:
        array = np.array([(int(u), int(v)) for u, v in ends], dtype=np.int64)
    except (ValueError, OverflowError):
        limits = np.iinfo(np.int64)
        for number, pair in zip(lines, ends, strict=True):
            for field in pair:
                if not _WHOLE.fullmatch(field) or not limits.min <= int(field) <= limits.max:
                    raise InvalidInputError(
                        "path",
                        field,
                        index=f"{path.name}, line {number}",
                        allowed="a whole number within int64, as the ends of the first edge are",
                    ) from None
        raise
    return array[:, 0], array[:, 1]
