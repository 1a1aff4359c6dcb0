"""Tasks that a campaign recruits for: what is paid for, and where in the recruitment forest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import number, whole

__all__ = ["Contribution", "Search", "Task"]

Reals = NDArray[np.float64]


class Task(ABC):
    """What members are paid for: stakes of money, each shared by a path scheme along one recruiter line.

    If a stake falls to a member at depth l, the member j steps above it in its line is paid the share R(l, j) of it.
    All that the recruitment game needs to know of a task is how many stakes are expected to fall to each depth.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def stake(self) -> float:
        """Money of which rewards are shares: a prize, or a contribution."""

    @property
    @abstractmethod
    def copies(self) -> int:
        """How many times everything is paid: once per target."""

    @abstractmethod
    def stakes(self, members: NDArray[np.int64], *, others: NDArray[np.int64] | None = None) -> Reals:
        """Return the expected stakes that fall to each depth, world by world.

        Parameters
        ----------
        members : ndarray of int64, shape (..., max_depth)
            Members by depth.
        others : ndarray of int64, shape that broadcasts to (..., 1), optional
            Members elsewhere who come first.

        Returns
        -------
        ndarray of float64, shape of `members`
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Task):
    """Find targets: the chain of the first finder of each target shares its prize.

    Parameters
    ----------
    prize : float
        Prize per target, money above 0.
    targets : int
        Number of targets, at least 1.
    find : float
        Chance in (0, 1] that a member sees a given target.

    Raises
    ------
    InvalidInputError
        If a value is out of range.

    Examples
    --------
    Ten balloons at 4,000 dollars each:

    >>> Search(prize=4000, targets=10, find=0.001)
    Search(prize=4000.0, targets=10, find=0.001)
    """

    prize: float
    targets: int = 1
    find: float

    def __post_init__(self) -> None:
        for name, top, allowed in (
            ("prize", inf, "a finite amount of money above 0"),
            ("find", 1.0, "a probability in (0, 1]"),
        ):
            object.__setattr__(self, name, _positive(name, getattr(self, name), top, allowed))
        object.__setattr__(self, "targets", whole(self.targets, argument="targets"))

    @property
    def stake(self) -> float:
        """The prize."""
        return self.prize

    @property
    def copies(self) -> int:
        """The number of targets."""
        return self.targets

    def stakes(self, members: NDArray[np.int64], *, others: NDArray[np.int64] | None = None) -> Reals:
        """Return the chance of each depth to hold a given target's winner, world by world: the shallowest finder wins.

        Examples
        --------
        >>> Search(prize=1, find=0.5).stakes(np.array([[1, 2]]))
        array([[0.5  , 0.375]])
        """
        above = np.cumsum(members, axis=-1) - members
        miss = 1.0 - self.find
        chance: Reals = np.power(miss, above) * (1.0 - np.power(miss, members))
        return chance if others is None else np.asarray(np.power(miss, others) * chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution(Task):
    """Contribute: every recruit brings the same amount, and its recruiter line shares a part of it.

    A purchase, a donation, hours of work. For the contribution of a member at depth l, the member j steps above it in
    its recruiter line is paid the share R(l, j) of it, j = 0 being the member itself; what is not paid goes to the
    cause. What it costs somebody to contribute, less what they like about it, is part of their cost of joining.

    Parameters
    ----------
    amount : float
        What every recruit contributes, money above 0.

    Raises
    ------
    InvalidInputError
        If the amount is out of range.

    Notes
    -----
    With N(d) members expected at depth d and I(d) invitations made there, each contribution made m levels below depth
    d has one ancestor at that depth, so joining there is worth

        amount * sum over m >= 0 of N(d + m) / N(d) * R(d + m, m),

    and one invitation amount * sum over m >= 1 of N(d + m) / I(d) * R(d + m, m): the game of a `Search`, in which
    the chance that a target's winner stands at depth d is replaced by N(d). All is paid at most b times what is
    contributed, whatever the forest, if R(l, 0) + ... + R(l, l - 1) <= b for every l.

    *Fake identities.* Let S_k(l, j) = R(l + k, j) + ... + R(l + k, j + k) <= (1 + epsilon) R(l, j) for every place
    and every k (`SybilProof` of path schemes). Then no member gains more than the share epsilon of its honest pay by
    splitting into identities, dividing its own contribution among them in any way and attaching those whom it
    recruited to any of them. An identity may be recruited by the member's recruiter, by another identity or by
    somebody below. Proof: the member stands at depth d. Honestly it is paid c R(d + m, m) for a contribution c made m
    levels below it, m = 0 being its own. After the split the lowest identity on the line of that contribution is
    still m steps above it, since those in between stay as they are, and the highest is at depth d. If it is made k
    levels deeper than before, the identities on its line are some of the k + 1 places from m to m + k steps above it,
    all of them where they form a chain. Rewards are at least 0, so they are paid at most c S_k(d + m, m) <= (1 +
    epsilon) c R(d + m, m). An own contribution that is divided is a sum of parts, each with its own k; add everything
    up. Conversely, if S_k(l, j) > (1 + epsilon) R(l, j), then a member with enough contributions j levels below it
    gains more than that by a chain of k fake identities. Nothing is said of attackers who contribute *more* for it.
    And what an identity costs is paid once, not for each contribution that passes it: so the version with
    `identity_cost` says nothing here.

    Examples
    --------
    >>> Contribution(amount=25).stakes(np.array([[4, 2]]))
    array([[4., 2.]])
    """

    amount: float

    def __post_init__(self) -> None:
        allowed = "a finite amount of money above 0"
        object.__setattr__(self, "amount", _positive("amount", self.amount, inf, allowed))

    @property
    def stake(self) -> float:
        """The contribution of one member."""
        return self.amount

    @property
    def copies(self) -> int:
        """Once: every member contributes once."""
        return 1

    def stakes(self, members: NDArray[np.int64], *, others: NDArray[np.int64] | None = None) -> Reals:
        """Return the contributions made at each depth, one per member, whoever else there is."""
        return np.asarray(members, dtype=np.float64)


def _positive(name: str, given: Any, top: float, allowed: str) -> float:
    value = float(number(given, argument=name, allowed=allowed))
    if not 0 < value <= top:
        raise InvalidInputError(name, value, allowed=allowed)
    return value
