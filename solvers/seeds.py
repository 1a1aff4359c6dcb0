"""Random seeds at the boundary: one `rng` argument in, named independent streams out."""

from __future__ import annotations

import numpy as np

from mechanism.errors import InvalidInputError

__all__ = ["Rng", "child", "seed_sequence"]

Rng = int | np.random.SeedSequence | np.random.Generator


def seed_sequence(rng: Rng) -> np.random.SeedSequence:
    """Return the seed sequence that an `rng` argument stands for.

    Parameters
    ----------
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        A non-negative integer and a seed sequence always name the same worlds; a generator is
        advanced, so that each use gives new ones.

    Raises
    ------
    InvalidInputError
        If `rng` is none of these.

    Examples
    --------
    >>> seed_sequence(7).entropy
    7
    """
    if isinstance(rng, np.random.SeedSequence):
        return rng
    if isinstance(rng, np.random.Generator):
        return np.random.SeedSequence(rng.integers(2**63, size=2).tolist())
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.SeedSequence(int(rng))
    raise InvalidInputError(
        "rng", rng, allowed="a non-negative integer, a numpy SeedSequence or a numpy Generator"
    )


def child(seed: np.random.SeedSequence, name: int) -> np.random.SeedSequence:
    """Return the independent child number `name` of a seed sequence, which stays as it is."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, name))
