"""An economy of friends: what somebody contributes is rewarded to itself and to its friends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.numbers import number

__all__ = ["FriendRewards"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FriendRewards:
    """People who contribute for their own reward, and because their friends are rewarded for it, too.

    If i is paid s_i for its own contribution, and each of its friends t_i, then i contributes
    own * sqrt(s_i) + altruism * (number of friends) * sqrt(t_i). Ours, after the incentive networks of Lv and
    Moscibroda (AAAI 2015), in which a reward depends on friends' contributions and people care for friends
    (directed altruism, Leider et al. 2009); the square roots are ours, the simplest concave response.

    Parameters
    ----------
    graph : Graph
        An arc i -> j makes j a friend of i, rewarded for what i contributes.
    own : float
        Contribution per square root of money to oneself, above 0.
    altruism : float
        The same for money to a friend, at least 0.

    Examples
    --------
    >>> pair = Graph.from_edges([0], [1], directed=False)
    >>> economy = FriendRewards(pair, own=1.0, altruism=0.5)
    >>> economy.saving.round(6).tolist()
    [0.2, 0.2]

    Notes
    -----
    With d friends the best split of T gives s / T = own^2 / (own^2 + d altruism^2) to oneself: by the inequality of
    Cauchy and Schwarz the contribution is then sqrt(T (own^2 + d altruism^2)), and that is the most. So at equal
    contributions paying friends saves tau^2 / (1 + tau^2) of the rewards, where tau^2 = d (altruism / own)^2:
    nothing without altruism, and more, the more friends. Paying friends too much costs more than paying none: see
    `break_even`. Where only the sum of contributions counts, the saving depends on the graph by its mean number of
    friends alone: see `least_total`. All methods cost O(n + m).

    References
    ----------
    Lv and Moscibroda, "Incentive networks", AAAI 2015.
    Leider, Mobius, Rosenblat and Do, "Directed altruism and enforced reciprocity in social networks", 2009.
    """

    graph: Graph
    own: float
    altruism: float

    def __post_init__(self) -> None:
        for name in ("own", "altruism"):
            allowed = f"a finite number {'above' if name == 'own' else 'of at least'} 0"
            value = float(number(getattr(self, name), argument=name, allowed=allowed))
            if value < 0 or (name == "own" and value == 0):
                raise InvalidInputError(name, value, allowed=allowed)
            object.__setattr__(self, name, value)

    @property
    def friends(self) -> NDArray[np.int64]:
        """Number of friends of each person."""
        return np.diff(self.graph.indptr)

    @property
    def own_share(self) -> Reals:
        """The share of the rewards for each person's contribution that it is best to pay to itself, in (0, 1]."""
        return np.asarray(self.own**2 / self._strength())

    @property
    def saving(self) -> Reals:
        """The share of the rewards for each person's contribution that paying friends saves, in [0, 1)."""
        return 1 - self.own_share

    @property
    def break_even(self) -> Reals:
        """The share paid to oneself at which paying friends costs as much as paying none, in [0, 1].

        Paying friends saves money if the share is above it and below 1. With share = cos(x)^2 the contribution is
        own * sqrt(T) * (cos(x) + tau sin(x)), which is above own * sqrt(T) for 0 < x < 2 arctan(tau): until
        the share is ((1 - tau^2) / (1 + tau^2))^2, or 0 from tau = 1 on.

        Examples
        --------
        >>> pair = Graph.from_edges([0], [1], directed=False)
        >>> FriendRewards(pair, own=1.0, altruism=0.5).break_even.round(6).tolist()
        [0.36, 0.36]
        """
        return np.maximum(2 * self.own_share - 1, 0) ** 2

    def contributions(self, rewards: ArrayLike, own_share: ArrayLike | None = None) -> Reals:
        """Return what each contributes if so much is paid for its contribution.

        Parameters
        ----------
        rewards : array_like of float, shape () or (n,)
            Money paid in all for each person's contribution, at least 0.
        own_share : array_like of float, shape () or (n,), optional
            The share paid to the person itself, in [0, 1]; the friends share the rest equally. By default the best one.
            Who has no friends is paid all.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        to_itself, to_friends = self._split(rewards, own_share)
        return self.own * np.sqrt(to_itself) + self.altruism * self.friends * np.sqrt(to_friends)

    def equilibrium(self, *, own_rate: float, friend_rate: float) -> Reals:
        """Return what each contributes if rewards are in proportion to contributions.

        Parameters
        ----------
        own_rate, friend_rate : float
            Money to a person, and to each of its friends, per unit that the person contributes, at least 0.

        Returns
        -------
        ndarray of float64, shape (n,)

        Examples
        --------
        >>> pair = Graph.from_edges([0], [1], directed=False)
        >>> economy = FriendRewards(pair, own=1.0, altruism=0.5)
        >>> economy.equilibrium(own_rate=0.64, friend_rate=0.16).round(6).tolist()
        [1.0, 1.0]

        Notes
        -----
        C = k sqrt(C) with k = own * sqrt(own_rate) + altruism * d * sqrt(friend_rate) has the solution C = k^2 apart
        from 0, and whoever starts above 0 and responds again and again comes to it, since the response is concave.
        """
        rates = {"own_rate": own_rate, "friend_rate": friend_rate}
        allowed = "a finite number of at least 0"
        for name, rate in rates.items():
            if number(rate, argument=name, allowed=allowed) < 0:
                raise InvalidInputError(name, rate, allowed=allowed)
        respond = self.own * np.sqrt(own_rate) + self.altruism * self.friends * np.sqrt(friend_rate)
        return np.asarray(respond**2)

    def rewards_for(self, contributions: ArrayLike, *, friends: bool = True) -> Reals:
        """Return the least money that makes each contribute so much, with or without paying friends.

        Examples
        --------
        >>> star = Graph.from_edges([0, 0, 0], [1, 2, 3], directed=False)
        >>> economy = FriendRewards(star, own=1.0, altruism=0.5)
        >>> economy.rewards_for(1.0).round(4).tolist(), economy.rewards_for(1.0, friends=False).tolist()
        ([0.5714, 0.8, 0.8, 0.8], [1.0, 1.0, 1.0, 1.0])
        """
        wanted = self._amounts("contributions", contributions, np.inf)
        return wanted**2 / (self._strength() if friends else self.own**2)

    def least_total(self, total: float, *, friends: bool = True) -> float:
        """Return the least money for which all together contribute so much, with or without paying friends.

        Examples
        --------
        >>> star = Graph.from_edges([0, 0, 0], [1, 2, 3], directed=False)
        >>> economy = FriendRewards(star, own=1.0, altruism=0.5)
        >>> round(economy.least_total(4.0), 4), economy.least_total(4.0, friends=False)
        (2.9091, 4.0)

        Notes
        -----
        The sum of C_i^2 / k_i, k_i = own^2 + d_i altruism^2, is least for C_i in proportion to k_i: total^2 / sum k_i.
        So friends save z / (1 + z) with z = (altruism / own)^2 times the mean number of friends, on any graph.
        """
        allowed = "a finite number of at least 0"
        wanted = float(number(total, argument="total", allowed=allowed))
        if wanted < 0:
            raise InvalidInputError("total", total, allowed=allowed)
        together = self._strength().sum() if friends else self.graph.n * self.own**2
        return float(wanted**2 / together)

    def received(self, rewards: ArrayLike, own_share: ArrayLike | None = None) -> Reals:
        """Return what each is paid in all, for its own contribution and for those of others whose friend it is.

        Parameters are those of `contributions`. All that is paid is received: the sums of both are equal.
        """
        to_itself, to_friends = self._split(rewards, own_share)
        from_others = np.bincount(
            self.graph.indices, weights=np.repeat(to_friends, self.friends), minlength=self.graph.n
        )
        return np.asarray(to_itself + from_others)

    def _strength(self) -> Reals:
        """Return the square of what each contributes per square root of money, at the best split."""
        return np.asarray(self.own**2 + self.friends * self.altruism**2, dtype=np.float64)

    def _split(self, rewards: ArrayLike, own_share: ArrayLike | None) -> tuple[Reals, Reals]:
        """Return what is paid to each for its contribution, and to each of its friends."""
        paid = self._amounts("rewards", rewards, np.inf)
        share = self.own_share if own_share is None else self._amounts("own_share", own_share, 1.0)
        share = np.where(self.friends > 0, share, 1.0)
        return share * paid, (1 - share) * paid / np.maximum(self.friends, 1)

    def _amounts(self, name: str, given: ArrayLike, most: float) -> Reals:
        values = np.asarray(given, dtype=np.float64)
        if values.shape not in ((), (self.graph.n,)):
            raise InvalidInputError(name, values.shape, index="shape", allowed=f"() or ({self.graph.n},)")
        values = np.broadcast_to(values, (self.graph.n,))
        wrong = ~(np.isfinite(values) & (values >= 0) & (values <= most))
        if wrong.any():
            i = int(np.argmax(wrong))
            high = "a finite number of at least 0" if most == np.inf else "a number in [0, 1]"
            raise InvalidInputError(name, float(values[i]), index=i, allowed=high)
        return values
