"""Compilation of the kernels: one place, one set of flags, one cache that cannot go stale."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

__all__ = ["bind", "is_cached"]

Function = TypeVar("Function", bound=Callable[..., object])
_config: Any = numba.config


def _cache_directory() -> Path:
    """Return a folder named by the contents of every kernel source and by bounds checking.

    numba's on-disk cache looks only at the file a kernel is written in, so an edit in a module that
    the kernel calls, or another setting, would silently keep the old machine code.
    """
    digest = hashlib.sha256(f"{numba.__version__} {_config.BOUNDSCHECK}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    if _config.CACHE_DIR:
        root = Path(_config.CACHE_DIR)
    elif os.environ.get("XDG_CACHE_HOME"):
        root = Path(os.environ["XDG_CACHE_HOME"]) / "incentive-networks"
    else:
        try:
            root = Path.home() / ".cache" / "incentive-networks"
        except RuntimeError:  # no home directory: a container with an arbitrary user
            root = Path(tempfile.gettempdir()) / "incentive-networks"
    return root / digest.hexdigest()[:16]


_CACHE = _cache_directory()


def bind(function: Function) -> Function:
    """Compile a kernel with the house's flags: cached, without the GIL, IEEE arithmetic.

    ``NUMBA_DISABLE_JIT=1`` returns the plain function and ``NUMBA_BOUNDSCHECK=1`` checks every
    index, both numba's own switches. The cache lies in ``NUMBA_CACHE_DIR``, else in the user's
    cache directory.
    """
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(_CACHE)
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        _config.CACHE_DIR = before
    return cast(Function, compiled)


def is_cached() -> bool:
    """Return whether compiled kernels of exactly this version are on disk."""
    return any(_CACHE.rglob("*.nbi")) if _CACHE.is_dir() else False
