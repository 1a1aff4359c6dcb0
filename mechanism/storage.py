"""Arrays in one ``.npz`` file: written whole or not at all, and read where they lie."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError

__all__ = ["map_arrays", "write_arrays"]

_ALIGNMENT = 64
_LOCAL_HEADER, _ZIP64_FIELD, _FIELD = 30, 20, 4  # bytes, in the format of zip files


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
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as file:
            for name, array in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = file.compression
                begin = file.start_dir + _LOCAL_HEADER + len(entry.filename) + _ZIP64_FIELD + _FIELD
                padding = -begin % _ALIGNMENT
                entry.extra = struct.pack("<HH", 0xFFFF, padding) + bytes(padding)
                with file.open(entry, "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=False)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
        major, _ = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        if not shape or 0 in shape:
            return np.asarray(np.lib.format.read_array(_rewound(stream, entry, name + extra)))
        usable = stream.tell() % max(dtype.alignment, 1) == 0
    if not usable:
        raise InvalidInputError(
            "memory_map",
            True,
            allowed=f"left out, since {path.name} is compressed or not aligned: load it and save it anew",
        )
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", offset=stream.tell(), shape=shape))


def _rewound(stream: IO[bytes], entry: zipfile.ZipInfo, skipped: int) -> IO[bytes]:
    stream.seek(entry.header_offset + _LOCAL_HEADER + skipped)
    return stream
