"""How much the best sybil attack gains: the leak of a reward scheme."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.schemes import PathScheme
from proofs.check import LARGEST_PEAK
from proofs.properties.path import Rows
from proofs.properties.sybil import SybilAttack, splits
from proofs.spelling import full, percent
from proofs.subject import RewardRule, Subject, depth_limit

__all__ = ["SybilGain", "sybil_gain", "sybil_gain_float"]


@dataclass(frozen=True, slots=True)
class SybilGain:
    """The largest relative gain from splitting into several identities on a chain.

    Attributes
    ----------
    gain : Fraction or float
        Supremum of S_k(l, j) / R(l, j) - 1, at least 0; ``math.inf`` if it is unbounded, or if a member
        that is paid nothing can be paid something.
    witness : SybilAttack or None
        The smallest attack that gains as much; None if nobody gains, or if the supremum is only approached.
    max_depth : int or None
        Length of the longest attacked chain; None for any length.
    """

    gain: Fraction | float
    witness: SybilAttack | None
    max_depth: int | None

    def __float__(self) -> float:
        return float(self.gain)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values; exact numbers are texts."""
        return {
            "gain": full(self.gain),
            "witness": None if self.witness is None else self.witness.to_dict(),
            "max_depth": self.max_depth,
        }

    def __str__(self) -> str:
        where = "at any length" if self.max_depth is None else f"in chains of length at most {self.max_depth}"
        if self.gain == inf:
            return f"unbounded {where}"
        approached = ", approached but not reached" if self.gain and self.witness is None else ""
        return f"{percent(self.gain)} {where}{approached}"


def sybil_gain(scheme: PathScheme | RewardRule, max_depth: int | None = None) -> SybilGain:
    """Return what a sybil attack on a scheme gains at most, in exact arithmetic.

    Parameters
    ----------
    scheme : PathScheme or callable (depth, distance) -> number
        Rewards in shares of the prize; floats stand for their shortest decimals.
    max_depth : int, optional
        Length of the longest attacked chain. By default any length is allowed.

    Returns
    -------
    SybilGain

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or a reward is negative or not finite.
    UnsupportedProblemError
        If the supremum over all lengths is not known: for callables, and where the best attack needs more
        than 10,000 fake identities.

    Examples
    --------
    >>> from mechanism.schemes import EqualSplit, Recursive
    >>> print(sybil_gain(Recursive(1 / 2)))
    +100 % at any length, approached but not reached
    >>> sybil_gain(Recursive(1 / 2), 3).gain
    Fraction(3, 4)
    >>> print(sybil_gain(EqualSplit(), 10))
    +200 % in chains of length at most 10

    Notes
    -----
    Cost: O(max_depth ** 3) rational operations; O(log k) if the best attack on a power term has k identities.
    """
    limit = depth_limit(max_depth)
    subject = Subject.of(scheme)
    if limit is not None:
        return _largest(subject.rows(limit), limit)
    if subject.form is not None:
        leak = subject.form.leak()
        if leak is None:
            raise UnsupportedProblemError(
                f"the best attack is not known, or needs more than {LARGEST_PEAK} identities: give max_depth"
            )
        return SybilGain(*leak, None)
    if subject.longest is None:
        raise UnsupportedProblemError("the gain at any length is known for closed forms only: give max_depth")
    return _largest(subject.rows(subject.longest), None)


def sybil_gain_float(table: NDArray[np.float64]) -> float:
    """Return what a sybil attack on a table gains at most, in float64.

    Parameters
    ----------
    table : ndarray of float64, shape (max_depth, max_depth)
        Finite rewards of at least 0 at [depth - 1, distance], as `PathScheme.table` returns them.

    Returns
    -------
    float
        Relative gain, at least 0; rounding may turn an exact 0 into a few units of 1e-16.

    Raises
    ------
    InvalidInputError
        If the table is not square, or a reward is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import Recursive
    >>> sybil_gain_float(Recursive(1 / 2).table(3))
    0.75

    Notes
    -----
    Window sums of every row grow by one reward at a time, without cancellation. Cost: O(max_depth ** 3), vectorised.
    """
    rewards = np.asarray(table, dtype=np.float64)
    if rewards.ndim != 2 or rewards.shape[0] != rewards.shape[1] or not rewards.size:
        raise InvalidInputError("table", rewards.shape, index="shape", allowed="(max_depth, max_depth)")
    valid = np.isfinite(rewards) & (rewards >= 0)
    if not valid.all():
        depth, distance = (int(i) for i in np.argwhere(~valid)[0])
        reward = float(rewards[depth, distance])
        raise InvalidInputError(
            "table", reward, index=(depth, distance), allowed="a finite reward of at least 0"
        )
    size = len(rewards)
    on_chain = np.tri(size, dtype=bool)
    most = 1.0
    windows = rewards
    for k in range(1, size):
        # [l - 1, j] becomes the sum over the places j..j + k of a chain of length l + k.
        windows = windows[1:, :-1] + rewards[k:, k:]
        valid = on_chain[: size - k, : size - k]
        before, after = rewards[: size - k, : size - k][valid], windows[valid]
        if (after[before == 0] > 0).any():
            return inf
        most = max(most, float(np.max(after / np.where(before == 0, 1.0, before))))
    return most - 1.0


def _largest(rows: Rows, limit: int | None) -> SybilGain:
    most, best = Fraction(1), None
    for depth, distance, identities, before, after in splits(rows):
        if after > most * before:
            best = depth, distance, identities
            if not before:
                break
            most = after / before
    if best is None:
        return SybilGain(Fraction(0), None, limit)
    depth, distance, identities = best
    witness = SybilAttack.on(rows, depth, distance, identities=identities)
    return SybilGain(witness.relative_gain, witness, limit)
