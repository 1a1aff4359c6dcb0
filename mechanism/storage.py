"""Files that are written whole or not at all; arrays in one ``.npz`` file, read where they lie."""

from __future__ import annotations

import glob
import os
import platform
import re
import shutil
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.readers import largest

__all__ = ["draft_of", "load_arrays", "map_arrays", "whole_file", "write_arrays"]

_ALIGNMENT = 64
_LOCAL_HEADER, _ZIP64_FIELD, _FIELD = 30, 20, 4  # bytes, in the format of zip files
_TOKEN = 8  # hexadecimal digits


def draft_of(path: Path) -> Path:
    """Return a new name beside a file or folder, to write to and then rename: ``.NAME.MACHINE.PROCESS.TOKEN.part``.

    What killed processes of this machine left there by such names of the same file is removed first, so that drafts
    do not pile up.

    Examples
    --------
    >>> draft_of(Path("graph.npz")).name.startswith(".graph.npz.")
    True
    """
    machine = re.sub(r"[^A-Za-z0-9-]", "-", platform.node()) or "here"
    begin = f".{path.name}.{machine}."
    for left in path.parent.glob(glob.escape(begin) + "*.part"):
        process = re.fullmatch(r"([0-9]+)\.[0-9a-f]+\.part", left.name[len(begin) :])
        if process and not _is_running(int(process[1])):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
    return path.with_name(f"{begin}{os.getpid()}.{os.urandom(_TOKEN // 2).hex()}.part")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a draft to write to, which takes the place of the file at the end: it is the old one or the new one.

    Parameters
    ----------
    path : pathlib.Path
        The file. If writing fails the draft is removed and the file stays as it was.

    Notes
    -----
    The draft is on the disk before it is renamed, so that this holds when the machine loses power, too, if renames are
    atomic and in order there, as on file systems with a journal.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with whole_file(path) as draft:
    ...     _ = draft.write_text("all of it")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('all of it', 1)
    """
    draft = draft_of(path)
    try:
        yield draft
        with draft.open("r+b") as stream:
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name != "posix":  # elsewhere one cannot ask without harm
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool) -> None:
    """Write arrays so that `numpy.load` reads them, whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        The file; what stood there is replaced once the new file is complete.
    arrays : mapping of str to ndarray
        Names and arrays.
    compressed : bool
        Whether to save space; such a file cannot be memory-mapped.

    Notes
    -----
    Stored arrays begin at multiples of 64 bytes, so that they can be used where they lie.
    """
    with (
        whole_file(path) as draft,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as file,
    ):
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = file.compression
            begin = file.start_dir + _LOCAL_HEADER + len(entry.filename) + _ZIP64_FIELD + _FIELD
            padding = -begin % _ALIGNMENT
            entry.extra = struct.pack("<HH", 0xFFFF, padding) + bytes(padding)
            with file.open(entry, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asarray(array), allow_pickle=False)


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file in memory; objects are refused, since reading them would run what they say.

    Raises
    ------
    InvalidInputError
        If the arrays take more than `mechanism.readers.largest` allows; at most that much is held in memory.
    """
    with zipfile.ZipFile(path) as file:
        entries, most = file.infolist(), largest(path)
        if sum(entry.file_size for entry in entries) > most:
            raise InvalidInputError(
                "path",
                str(path),
                allowed=f"a file of arrays of at most {most:,} bytes; if they are right, store them uncompressed, "
                "with numpy.load and numpy.savez",
            )
        arrays = {}
        for entry in entries:
            with file.open(entry) as stream:
                shape, dtype = _header(stream)
                if stream.tell() + _size(shape, dtype) != entry.file_size:
                    raise InvalidInputError("path", str(path), allowed="a file of arrays as long as they say")
            with file.open(entry) as stream:
                arrays[entry.filename.removesuffix(".npy")] = np.lib.format.read_array(
                    stream, allow_pickle=False
                )
        return arrays


def map_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file as read-only memory maps; nothing is copied.

    Raises
    ------
    InvalidInputError
        If an array is compressed or lies where it cannot be used.
    """
    with path.open("rb") as stream, zipfile.ZipFile(stream) as file:
        return {entry.filename.removesuffix(".npy"): _map(path, stream, entry) for entry in file.infolist()}


def _map(path: Path, stream: IO[bytes], entry: zipfile.ZipInfo) -> NDArray[Any]:
    stream.seek(entry.header_offset + 26)
    name, extra = struct.unpack("<HH", stream.read(4))
    stream.seek(entry.header_offset + _LOCAL_HEADER + name + extra)
    usable = entry.compress_type == zipfile.ZIP_STORED
    if usable:
        begin = stream.tell()
        shape, dtype = _header(stream)
        if stream.tell() - begin + _size(shape, dtype) != entry.file_size:
            raise InvalidInputError("path", str(path), allowed="a file of arrays as long as they say")
        if not shape or 0 in shape:
            stream.seek(begin)
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
        usable = stream.tell() % max(dtype.alignment, 1) == 0
    if not usable:
        raise InvalidInputError(
            "memory_map",
            True,
            allowed=f"left out, since {path.name} is compressed or not aligned: load it and save it anew",
        )
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", offset=stream.tell(), shape=shape))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the kind of the array that begins at a place."""
    major, _ = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("it holds objects, which are not read")
    return shape, dtype


def _size(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    return prod(shape) * dtype.itemsize
