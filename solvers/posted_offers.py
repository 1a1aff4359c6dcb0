"""Posted offers: the same own subsidy, and the same reward for every friend, for everybody who takes part."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from mechanism import Participation
from mechanism.errors import SolveError, UnsupportedProblemError

__all__ = ["PostedOffer", "posted_offer"]

Reals = NDArray[np.float64]
_TOLERANCE = 1e-9  # relative


@dataclass(frozen=True, slots=True, eq=False)
class PostedOffer:
    """An offer to everybody.

    Attributes
    ----------
    own, peer : float
        What is paid for taking part, and for every friend who does, too, money.
    bound : float
        No such offer costs less, money.
    order : ndarray of int64, or None
        Those wanted in, in an order in which they join, if they are to join one after the other from nobody.
    rounding : float
        What a margin may be off by, money.
    """

    own: float
    peer: float
    bound: float
    order: NDArray[np.int64] | None
    rounding: float


def posted_offer(
    system: Participation,
    wanted: Reals,
    slack: Reals,
    *,
    peers: bool,
    robust: bool,
    most: float,
    identity_cost: float,
    identities: int | None,
) -> PostedOffer:
    """Return the cheapest offer to everybody for which the wanted profile is an equilibrium, or the least one.

    Parameters
    ----------
    system : Participation
        The game.
    wanted : ndarray of float64, shape (n,)
        The profile, 0 or 1.
    slack : ndarray of float64, shape (n,)
        Margins as small as this are rounding errors.
    peers, robust, most, identity_cost, identities
        As `solvers.subsidies` takes them.

    Returns
    -------
    PostedOffer

    Raises
    ------
    SolveError
        If no offer does.
    UnsupportedProblemError
        If peer rewards are to make a least equilibrium: which orders of joining they allow depends on their height.

    Notes
    -----
    Own subsidies alone must be as high as what somebody lacks most: at the profile, or, from nobody, each time that
    nobody else wants to join as high as who lacks least; O(n + m) for each time. With rewards for friends it is a
    linear program in two numbers, s + d_i r >= what i lacks at the profile if it is wanted in, <= if it is wanted out,
    where d_i counts the friends who take part. HiGHS solves it; the bound is recomputed from the multipliers.
    """
    if peers and robust:
        raise UnsupportedProblemError("posted peer rewards make an equilibrium here, but not a least one")
    members = wanted == 1
    sources = np.repeat(np.arange(system.n), system.graph.out_degree)
    friends = np.bincount(sources, wanted[system.graph.indices], minlength=system.n).astype(np.float64)
    lacks = -system.margin(wanted)
    order, rounding = None, 0.0
    if peers and friends[members].any() and (identities is not None or identity_cost == inf):
        fakes = 0 if identities is None else identities
        limits = np.array([[1.0, 0.0, most], [1.0, fakes + 1.0, identity_cost]])
        own, peer, bound = _program(lacks, friends, members, limits[np.isfinite(limits[:, 2])])
        rounding = _TOLERANCE * float(np.abs(lacks).max())
        too_much = (own > most + rounding) or (own + (fakes + 1) * peer > identity_cost + rounding)
    else:
        own, peer = float(lacks[members].max(initial=0.0)), 0.0
        if robust:
            own, order = _from_nobody(system, members, slack)
        bound = own * int(members.sum())
        too_much = own > min(most, identity_cost)
    wants_in = ~members & (own + peer * friends - lacks > (-slack if robust else slack + rounding))
    if too_much or wants_in.any():
        why = "the limits are too low" if too_much else "it would attract people who are wanted out"
        raise SolveError(f"no posted offer does: {why}", solution=np.flatnonzero(wants_in).tolist())
    if own:
        own += float(slack[members].max())
    return PostedOffer(own, peer, bound, order, rounding)


def _from_nobody(
    system: Participation, members: NDArray[np.bool_], slack: Reals
) -> tuple[float, NDArray[np.int64]]:
    """Return the least own subsidy for which all members join one after the other, and their order."""
    joined = np.zeros(system.n)
    paid, order = 0.0, np.empty(0, dtype=np.int64)
    while True:
        waiting = np.flatnonzero(members & (joined == 0))
        if not len(waiting):
            return paid, order
        lacks = -system.margin(joined)[waiting]
        least = float(lacks.min())
        if least > slack[waiting[np.argmin(lacks)]]:
            paid = max(paid, least)
        more = waiting[lacks <= paid + slack[waiting]]
        joined[more] = 1.0
        order = np.concatenate((order, more))


def _program(
    lacks: Reals, friends: Reals, members: NDArray[np.bool_], limits: Reals
) -> tuple[float, float, float]:
    """Return the cheapest own subsidy and peer reward, and a bound on the cost."""
    import cvxpy as cp

    from solvers.programs import solve_program

    size = float(np.abs(lacks).max()) or 1.0
    sign = np.where(members, -1.0, 1.0)
    rows = np.vstack((np.column_stack((sign, sign * friends)), limits[:, :2]))
    right = np.concatenate((sign * lacks, limits[:, 2])) / size
    prices = np.array([members.sum(), friends[members].sum()], dtype=np.float64)
    offer = cp.Variable(2, nonneg=True)
    kept = rows @ offer <= right
    solve_program(cp.Problem(cp.Minimize(prices @ offer), [kept]), "a posted offer")
    peer = max(float(offer.value[1]), 0.0)
    own = float((lacks / size - peer * friends)[members].max(initial=0.0))
    # Any multipliers of at least 0 bound the cost of offers that cost at most as much as this one.
    multipliers = np.maximum(kept.dual_value, 0.0)
    most = float(prices @ (own, peer)) / prices
    bound = -multipliers @ right + np.minimum(prices + rows.T @ multipliers, 0.0) @ most
    return own * size, peer * size, float(bound) * size
