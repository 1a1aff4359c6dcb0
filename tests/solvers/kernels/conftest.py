"""Kernels also run uncompiled here (NUMBA_DISABLE_JIT=1), where words wrap around with a warning."""

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _words_wrap() -> Iterator[None]:
    with np.errstate(over="ignore"):
        yield
