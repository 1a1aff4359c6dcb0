"""The least and the greatest equilibrium of games with complements and continuous actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.newton import Responses, settle
from solvers.uniqueness import contraction

__all__ = ["Extreme", "extreme", "is_enclosed"]

Reals = NDArray[np.float64]
Steepest = Callable[[Reals, Reals], Reals]
_SWEEPS = 8  # in the first batch; each batch is twice the one before
_ROUNDING = 1e-12  # relative, of values at the ends of an enclosure
_TRIES = 200  # passes of the search from the end of a batch


@dataclass(frozen=True, slots=True)
class Extreme:
    """What is reached from the lowest, or from the highest, actions.

    Attributes
    ----------
    actions : ndarray of float64, shape (n,)
        The equilibrium.
    iterate : ndarray of float64, shape (n,)
        Actions on this side of all equilibria.
    certified : bool
        Whether the actions are certainly the least, or the greatest, up to rounding.
    settled : bool
        Whether they are an equilibrium at all.
    """

    actions: Reals
    iterate: Reals
    certified: bool
    settled: bool


def extreme(
    responses: Responses, start: Reals, steepest: Steepest, *, tolerance: float, max_passes: int
) -> Extreme:
    """Search the equilibrium next to the lowest or highest actions.

    Parameters
    ----------
    responses : Responses
        Responses that do not fall as others do more: all entries of W at least 0.
    start : ndarray of float64, shape (n,)
        The lowest or the highest actions.
    steepest : callable
        Returns the largest slope of each response for values between two arrays of them.
    tolerance : float
        As `solvers.newton.settle` takes it.
    max_passes : int
        Most passes over the arcs.

    Returns
    -------
    Extreme

    Notes
    -----
    Sweeps from the lowest actions never pass the least equilibrium (Tarski, 1955; Milgrom and Roberts, 1990), but may
    creep. So a Newton search is tried from where they are, and what it finds is kept if responses between there and the
    find are a contraction: then no other equilibrium, and so not the least, lies between.
    """
    iterate = start.copy()
    passes, batch = 0, _SWEEPS
    best, settled = iterate, False
    sweep = responses.sweep
    while sweep is not None and passes < max_passes:
        for _ in range(batch):
            passes += 1
            if sweep(iterate) == 0.0:
                break
        batch *= 2
        found = settle(responses, iterate, tolerance=tolerance, max_passes=_TRIES)
        passes += found.work.passes
        if not found.converged:
            continue
        best, settled = found.actions, True
        if is_enclosed(responses, np.minimum(iterate, best), np.maximum(iterate, best), steepest):
            return Extreme(best, iterate, certified=True, settled=True)
    return Extreme(best, iterate, certified=False, settled=settled)


def is_enclosed(responses: Responses, below: Reals, above: Reals, steepest: Steepest) -> bool:
    """Return whether responses to actions between two arrays are a contraction for certain."""
    from scipy.sparse import diags_array

    low, high = (responses.standalone + responses.matrix @ ends for ends in (below, above))
    rounding = _ROUNDING * (np.abs(responses.standalone) + np.abs(low) + np.abs(high))
    slopes = steepest(low - rounding, high + rounding)
    return contraction((diags_array(slopes) @ responses.matrix).tocsr()) is not None
