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
    frame = pickled(argument, value, buffers)
    views = [buffer.raw() for buffer in buffers]
    if len(frame) + sum(view.nbytes for view in views) <= _EMBEDDED:
        return pickled(argument, value)
    return Parcel(frame, views, [view.readonly for view in views])


def pickled(argument: str, value: Any, buffers: list[pickle.PickleBuffer] | None = None) -> bytes:
    """Return an object as bytes; functions of scripts and notebooks go along whole.

    Parameters
    ----------
    argument : str
        What the object is called in an error.
    value : object
        The object.
    buffers : list, optional
        Filled with the contents of arrays, which are then not in the bytes.

    Raises
    ------
    InvalidInputError
        If it cannot be pickled.
    """
    cloudpickle = library("cloudpickle")
    callback = None if buffers is None else buffers.append
    try:
        frame = pickle.dumps(value, protocol=5, buffer_callback=callback)
        if b"__main__" not in frame:  # a script's own name, which in another process means another module
            return frame
    except (TypeError, AttributeError, pickle.PicklingError):
        pass  # not by name: cloudpickle sends the code
    if buffers is not None:
        buffers.clear()
    try:
        whole: bytes = cloudpickle.dumps(value, protocol=5, buffer_callback=callback)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise InvalidInputError(argument, value, allowed=f"something that pickles ({error})") from error
    return whole


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
