"""Objects on their way to other processes: sent once, opened once, laid out as compiled code expects."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from mechanism.errors import BackendMissingError, InvalidInputError

__all__ = ["Parcel", "library", "opened", "pack", "pickled"]

_EMBEDDED = 1 << 16  # bytes; what is larger is sent to each worker once, not with each task
_ALIGNMENT = 8  # bytes, of the widest numbers here; arrays that lie otherwise need code compiled for them


class Parcel:
    """A large object on its way: pickled without copying its arrays, opened once per worker."""

    __slots__ = ("_buffers", "_contents", "_frame", "_read_only")

    def __init__(self, frame: bytes, buffers: Sequence[Any], read_only: Sequence[bool]) -> None:
        self._frame, self._buffers, self._read_only = frame, buffers, read_only

    def open(self) -> Any:
        """Return the object: arrays aligned, and writeable exactly where they were."""
        if not hasattr(self, "_contents"):
            views = map(_aligned, self._buffers, self._read_only)
            self._contents = pickle.loads(self._frame, buffers=views)
        return self._contents

    def __sizeof__(self) -> int:
        return len(self._frame) + sum(memoryview(buffer).nbytes for buffer in self._buffers)

    def __reduce__(self) -> tuple[type[Parcel], tuple[Any, ...]]:
        return type(self), (self._frame, [pickle.PickleBuffer(b) for b in self._buffers], self._read_only)


def _aligned(buffer: Any, read_only: bool) -> memoryview:
    """Return the bytes as compiled code expects them; copied only if they lie wrongly."""
    view = memoryview(buffer).cast("B")
    address = np.frombuffer(view, dtype=np.uint8).ctypes.data if view.nbytes else 0
    if address % _ALIGNMENT or (view.readonly and not read_only):
        view = memoryview(bytearray(view))
    return view.toreadonly() if read_only else view


def pack(argument: str, value: Any) -> bytes | Parcel:
    """Return an object ready to be sent: bytes if it is small, else a parcel; `argument` is its name.

    Examples
    --------
    >>> opened(pack("numbers", [1, 2, 3]))
    [1, 2, 3]
    >>> type(pack("zeros", np.zeros(100_000))).__name__
    'Parcel'
    """
    buffers: list[pickle.PickleBuffer] = []
    frame = pickled(argument, value, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    if len(frame) + sum(view.nbytes for view in views) <= _EMBEDDED:
        return pickled(argument, value)
    return Parcel(frame, views, [view.readonly for view in views])


def pickled(argument: str, value: Any, *, buffer_callback: Any = None) -> bytes:
    """Return an object as bytes; functions of scripts and notebooks go along whole.

    Raises
    ------
    InvalidInputError
        If it cannot be pickled; `argument` is the name in the message.
    """
    cloudpickle = library("cloudpickle")
    try:
        frame: bytes = cloudpickle.dumps(value, protocol=5, buffer_callback=buffer_callback)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise InvalidInputError(argument, value, allowed=f"something that pickles ({error})") from error
    return frame


def library(name: str) -> Any:
    """Return a module of the cluster library."""
    try:
        return import_module(name)
    except ImportError as error:
        raise BackendMissingError(
            f"clusters need dask.distributed ({error}): pip install 'incentive-networks[cluster]'"
        ) from error


@lru_cache(maxsize=2)
def _unpickled(frame: bytes) -> Any:
    return pickle.loads(frame)


def opened(packed: bytes | Parcel) -> Any:
    """Return what `pack` was given; the same object each time for as long as the process holds it."""
    return packed.open() if isinstance(packed, Parcel) else _unpickled(packed)
