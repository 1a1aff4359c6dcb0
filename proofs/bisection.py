"""The first index from which on something holds."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["first_index"]


def first_index(holds: Callable[[int], bool], *, last: int | None = None) -> int | None:
    """Return the first k in 0..last at which a predicate holds that stays true once it is; None if there is none.

    Examples
    --------
    >>> first_index(lambda k: 2**k > 1000)
    10

    Notes
    -----
    Doubling, then bisection: O(log k) evaluations, none beyond 2 k + 1.
    """
    below, k = -1, 0
    while not holds(k):
        if k == last:
            return None
        below, k = k, 2 * k + 1 if last is None else min(2 * k + 1, last)
    while k - below > 1:
        middle = (below + k) // 2
        below, k = (below, middle) if holds(middle) else (middle, k)
    return k
