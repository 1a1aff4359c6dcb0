"""Readers of network files."""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mechanism.arcs import Edges
from mechanism.errors import InvalidInputError

__all__ = ["decompressed", "largest", "read_edges", "read_rows"]

_WHOLE = re.compile(r"[+-]?[0-9]+")
_GROWTH, _SMALL = (
    100,
    1 << 26,
)  # how many times its size a file may grow to in memory; bytes that are never too many
_CHUNK = 1 << 20
_COMPRESSED = (
    b"\x1f\x8b",
    b"(\xb5/\xfd",
    *(b"x" + bytes([level]) for level in (0x01, 0x5E, 0x9C, 0xDA)),
)  # for polars
_DIGITS = 19  # of the largest int64
_LONGEST_HEADER = 100_000  # lines
_MISSING = frozenset({"", "nan", "null", "none"})
_COLUMN_NAMES = frozenset(
    (
        *("u", "v", "i", "j", "source", "target", "src", "dst", "from", "to", "ego", "alter"),
        *("sender", "receiver", "node1", "node2", "id1", "id2", "fromnodeid", "tonodeid"),
        *("from_id", "to_id", "source_id", "target_id"),
    )
)


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
        If the file is no such text; the message names the line. Also if it grows too much: see `largest`.

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
    data = decompressed(path)
    edges = _numbers_at_once(path, data)
    return edges or _read_with_care(path, data)


def _read_with_care(path: Path, data: bytes) -> Edges:
    """Return the edges of any file that is accepted; refuse the others."""
    text = re.sub("#[^\n]*", "", re.sub("\r+\n|\r", "\n", _decoded(path, data))) + "\n"
    start = re.search(r"\S.*", text)
    if start is None:
        raise InvalidInputError("path", str(path), allowed="a file with at least one edge")
    separator = _separator(start[0])
    line = text.count("\n", 0, start.start()) + 1
    first = _ends(path, line, start[0], separator)
    edges = _whole_numbers(path, text, separator, skipped=0 if any(map(_is_whole, first)) else line)
    return edges or _line_by_line(path, text, separator)


def _numbers_at_once(path: Path, data: bytes) -> Edges | None:
    """Return the edges of a clean file of whole numbers; None for whatever needs more care."""
    try:
        import polars as pl
    except ImportError:
        return None
    lone = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")  # they end lines, for one reader only
    if lone or data.startswith(_COMPRESSED):
        return None
    begin = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
    skipped = 0
    while data[begin : begin + 1] in (b"#", b"\n", b"\r"):  # comments and empty lines
        begin = data.find(b"\n", begin) + 1 or len(data)
        skipped += 1
        if skipped > _LONGEST_HEADER:
            raise InvalidInputError(
                "path",
                str(path),
                allowed=f"a file whose edges begin within its first {_LONGEST_HEADER:,} lines",
            )
    end = data.find(b"\n", begin)
    row = data[begin : end if end >= 0 else len(data)].decode("utf-8", errors="replace").rstrip("\r")
    if "#" in row:  # a comment behind the first edge may hold separators of its own
        return None
    separator = _separator(row) or " "
    ends = [end.strip(' "') for end in row.split(separator)[:2]]
    if len(ends) < 2 or not all(ends):
        return None
    named = not any(map(_is_whole, ends))
    try:
        columns = pl.read_csv(
            data[begin:] if begin else data,
            has_header=False,
            skip_lines=int(named),
            separator=separator,
            comment_prefix="#",
            columns=[0, 1],
            quote_char=None,
            truncate_ragged_lines=True,
        )
    except (pl.exceptions.PolarsError, ValueError):
        return None
    if columns.dtypes != [pl.Int64, pl.Int64] or not columns.height or sum(columns.null_count().row(0)):
        return None
    source, target = (columns[name].to_numpy() for name in columns.columns)
    return Edges(source, target, lambda: _lines_of(path, data, len(source)), path.name)


def _lines_of(path: Path, data: bytes, count: int) -> NDArray[np.int64]:
    """Return the line of each edge, for messages."""
    edges = _read_with_care(path, data)
    if edges.lines is None or len(edges.source) != count:
        return np.empty(0, dtype=np.int64)  # no line rather than a wrong one
    return edges.lines()


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the texts of some columns of a table, row by row.

    Parameters
    ----------
    path : pathlib.Path
        Text in UTF-8, gzip-compressed or not, with tabs, commas or semicolons between columns; the first line that is
        neither empty nor a ``#`` comment names them.
    columns : sequence of str
        Names of the wanted columns.

    Raises
    ------
    InvalidInputError
        If the file is no such text, a column is missing, or a row is too short; the message names the line.
    """
    lines = [
        (number, line)
        for number, line in enumerate(_text(path).splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    if not lines:
        raise InvalidInputError("path", str(path), allowed="a file with a line of column names")
    separator = _separator(lines[0][1]) or "\t"
    names = _row(path, *lines[0], separator)
    for column in columns:
        if names.count(column) != 1:
            raise InvalidInputError(
                "column", column, allowed=f"one of {names}, the columns of {path.name}, and only one"
            )
    places = [names.index(column) for column in columns]
    for number, line in lines[1:]:
        row = _row(path, number, line, separator)
        if len(row) <= max(places):
            raise InvalidInputError(
                "path", line[:60], index=_place(path, number), allowed=f"a row of {len(names)} columns"
            )
        yield number, [row[place].strip() for place in places]


def _row(path: Path, number: int, line: str, separator: str) -> list[str]:
    """Return the fields of a line; a quoted text stays within its line."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error as error:
        raise InvalidInputError(
            "path", line[:60], index=_place(path, number), allowed=f"a row of a table ({error})"
        ) from error


def _text(path: Path) -> str:
    """Return the contents, decompressed if the file begins as gzip does."""
    return _decoded(path, decompressed(path))


def largest(path: Path) -> int:
    """Return how many bytes a file may grow to in memory: 100 times its size, or 64 MiB if that is more.

    Readers refuse whatever claims more before they make room for it.

    Examples
    --------
    >>> largest(Path(__file__)) == 64 * 2**20
    True
    """
    return max(_SMALL, _GROWTH * path.stat().st_size)


def decompressed(path: Path) -> bytes:
    """Return the bytes of a file, decompressed if it begins as gzip does.

    Raises
    ------
    InvalidInputError
        If it cannot be read, or grows to more than `largest` allows; at most that much is held in memory.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "edges.gz"
    >>> _ = path.write_bytes(gzip.compress(b"1 2"))
    >>> decompressed(path)
    b'1 2'
    """
    try:
        with path.open("rb") as file:
            if file.read(2) != b"\x1f\x8b":
                return path.read_bytes()
        most, size, chunks = largest(path), 0, []
        with gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    allowed = (
                        f"a file that grows to at most {most:,} bytes; if it is right, give it uncompressed"
                    )
                    raise InvalidInputError("path", str(path), allowed=allowed)
        return b"".join(chunks)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInputError("path", str(path), allowed=f"a readable file ({error})") from error


def _decoded(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "path", str(path), allowed=f"a text file in UTF-8 (byte {error.start} is not)"
        ) from error
    if (place := text.find("\0")) >= 0:  # which arrays of texts would drop
        line = text.count("\n", 0, place) + 1
        raise InvalidInputError(
            "path", "a NUL", index=_place(path, line), allowed="a text file free of them", verb="has"
        )
    return text


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
    return Edges(ends[:, 0], ends[:, 1], lambda: filled + skipped + 1, path.name)


def _line_by_line(path: Path, text: str, separator: str | None) -> Edges:
    """Return the edges of a file with texts, column names or what has to be refused."""
    lines, source, target = [], [], []  # flat lists: a million tuples would keep the garbage collector busy
    for line, row in enumerate(text.split("\n"), start=1):
        if row and not row.isspace():
            first, second = _ends(path, line, row, separator)
            lines.append(line)
            source.append(first)
            target.append(second)
    whole = [_is_whole(u) and _is_whole(v) for u, v in zip(source, target, strict=True)]
    if not (_is_whole(source[0]) or _is_whole(target[0])) and (
        0 < len(lines) - 1 <= 2 * sum(whole) or _are_column_names(source, target)
    ):
        del lines[0], source[0], target[0], whole[0]
    if not lines:
        raise InvalidInputError(
            "path", str(path), allowed="a file with at least one edge below the column names"
        )
    if 2 * sum(whole) < len(whole):
        longest = max(max(map(len, source)), max(map(len, target)))
        if 8 * longest * len(lines) > max(_SMALL, _GROWTH * len(text)):  # both ends, 4 bytes a character
            raise InvalidInputError(
                "path",
                f"{len(lines):,} edges and a label of {longest:,} characters",
                verb="has",
                allowed="a file with shorter labels, such as numbers",
            )
        return Edges(np.array(source), np.array(target), lambda: np.array(lines), path.name)
    ends = [
        [_int64(path, line, end) for line, end in zip(lines, side, strict=True)] for side in (source, target)
    ]
    return Edges(np.array(ends[0]), np.array(ends[1]), lambda: np.array(lines), path.name)


def _ends(path: Path, line: int, row: str, separator: str | None) -> tuple[str, str]:
    """Return the first two fields of a line."""
    fields = row.split(separator, 2)
    if len(fields) < 2:
        raise InvalidInputError(
            "path", row[:60], index=_place(path, line), allowed="two columns, the ends of an edge"
        )
    first, second = fields[0].strip(' "'), fields[1].strip(' "')
    if first.lower() in _MISSING or second.lower() in _MISSING:
        raise InvalidInputError(
            "path", row[:60], index=_place(path, line), allowed="an edge with both ends given"
        )
    return first, second


def _is_whole(label: str) -> bool:
    return label[0] in "+-0123456789" and _WHOLE.fullmatch(label) is not None


def _are_column_names(source: list[str], target: list[str]) -> bool:
    """Return whether a first line holds usual names of columns that no edge uses again."""
    names = {source[0], target[0]}
    return (
        len(names) == 2
        and {name.lower() for name in names} <= _COLUMN_NAMES
        and names.isdisjoint(source[1:])
        and names.isdisjoint(target[1:])
    )


def _int64(path: Path, line: int, label: str) -> int:
    """Return a label as a number; refuse a text among numbers."""
    limits = np.iinfo(np.int64)
    digits = label.lstrip("+-0") or "0"
    if _is_whole(label) and len(digits) <= _DIGITS:
        number = -int(digits) if label[0] == "-" else int(digits)
        if limits.min <= number <= limits.max:
            return number
    raise InvalidInputError(
        "path",
        label,
        index=_place(path, line),
        allowed="a whole number within int64, as most labels of the file are",
    )


def _place(path: Path, line: int) -> str:
    return f"{path.name}, line {line}"
