"""Counter-based random numbers: a world is a function of (key, replicate), never of the order of draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind

__all__ = [
    "ARC_STREAM",
    "CHUNK",
    "COUPON_STREAM",
    "DELAY_STREAM",
    "FORCED_STREAM",
    "PERSON_STREAM",
    "REACH_STREAM",
    "SKETCH_STREAM",
    "SPREAD_STREAM",
    "TIE_STREAM",
    "mix",
    "stream",
    "uniform",
    "which_fire",
    "which_fire_alike",
]

CHUNK = 64
"""Coins tossed together: the bits of a word."""

# One odd increment per kind of draw keeps the streams of one replicate apart.
ARC_STREAM = np.uint64(0xD1342543DE82EF95)
PERSON_STREAM = np.uint64(0xA0761D6478BD642F)
TIE_STREAM = np.uint64(0xE7037ED1A0B428DB)
FORCED_STREAM = np.uint64(0x8EBC6AF09C88C6E3)
COUPON_STREAM = np.uint64(0x589965CC75374CC3)
REACH_STREAM = np.uint64(0x1D8E4E27C47D124F)
DELAY_STREAM = np.uint64(0x2127599BF4325C37)
SPREAD_STREAM = np.uint64(0xEB44ACCAB455D165)
SKETCH_STREAM = np.uint64(0x9FB21C651E98DF25)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30 = np.uint64(30)
_S27 = np.uint64(27)
_S31 = np.uint64(31)
_S11 = np.uint64(11)
_UNIT = 2.0**-53


def _mix(word: np.uint64) -> np.uint64:
    """Return the SplitMix64 finaliser of a word (Steele, Lea and Flood 2014)."""
    word = (word ^ (word >> _S30)) * _FIRST
    word = (word ^ (word >> _S27)) * _SECOND
    return word ^ (word >> _S31)


mix = bind(_mix)


def _stream(key: NDArray[np.uint64], replicate: int, kind: np.uint64) -> np.uint64:
    """Return the key of one kind of draw in one replicate; `key` is uint64[2]."""
    return mix(mix(key[0] + np.uint64(replicate) * _GOLDEN) ^ (key[1] + kind))


stream = bind(_stream)


def _uniform(stream_key: np.uint64, item: int) -> float:
    """Return draw number `item` of a stream, in [0, 1) with 53 bits: SplitMix64 by random access."""
    return np.float64(mix(stream_key + np.uint64(item + 1) * _GOLDEN) >> _S11) * _UNIT


uniform = bind(_uniform)


def _which_fire_alike(stream_key: np.uint64, item: int, count: int, chance: float) -> np.uint64:
    """Return the bits k < `count` <= 64 for which draw number ``item + k`` is below one chance.

    No branch and no carried state, so that compilers toss several coins at once.
    """
    mask = np.uint64(0)
    start = stream_key + np.uint64(item + 1) * _GOLDEN
    for k in range(count):
        draw = np.float64(np.int64(mix(start + np.uint64(k) * _GOLDEN) >> _S11)) * _UNIT
        mask |= np.uint64(draw < chance) << np.uint64(k)
    return mask


which_fire_alike = bind(_which_fire_alike)


def _which_fire(
    stream_key: np.uint64, item: int, count: int, chances: NDArray[np.floating], low: int, scale: float
) -> np.uint64:
    """Return the bits k < `count` <= 64 for which draw ``item + k`` is below ``scale * chances[low + k]``."""
    mask = np.uint64(0)
    start = stream_key + np.uint64(item + 1) * _GOLDEN
    for k in range(count):
        draw = np.float64(np.int64(mix(start + np.uint64(k) * _GOLDEN) >> _S11)) * _UNIT
        mask |= np.uint64(draw < scale * np.float64(chances[low + k])) << np.uint64(k)
    return mask


which_fire = bind(_which_fire)
