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
    nothing without altruism, and more, the more friends.
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
        strength = self.own**2 + self.friends.astype(np.float64) * self.altruism**2
        return np.asarray(self.own**2 / strength)

    @property
    def saving(self) -> Reals:
        """The share of the rewards for each person's contribution that paying friends saves, in [0, 1)."""
        return 1 - self.own_share

    def contributions(self, rewards: ArrayLike, own_share: ArrayLike | None = None) -> Reals:
        """Return what each contributes if so much is paid for its contribution.

        Parameters
        ----------
        rewards : array_like of float, shape () or (n,)
            Money paid in all for each person's contribution, at least 0.
        own_share : array_like of float, shape () or (n,), optional
            The share paid to the person itself, in [0, 1]; the friends share the rest equally. By default the best one.
            Without friends there is nobody to share the rest.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        paid = self._amounts("rewards", rewards, np.inf)
        share = self.own_share if own_share is None else self._amounts("own_share", own_share, 1.0)
        friends = self.friends
        return self.own * np.sqrt(share * paid) + self.altruism * np.sqrt(friends * (1 - share) * paid)

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
        strength = self.own**2 + (self.friends * self.altruism**2 if friends else 0.0)
        return wanted**2 / strength

    def received(self, rewards: ArrayLike) -> Reals:
        """Return what each is paid in all, for itself and for its friends, if rewards are split in the best way."""
        paid = self._amounts("rewards", rewards, np.inf)
        share = self.own_share
        each = np.divide((1 - share) * paid, self.friends, out=np.zeros(self.graph.n), where=self.friends > 0)
        from_friends = np.bincount(
            self.graph.indices, weights=np.repeat(each, self.friends), minlength=self.graph.n
        )
        return np.asarray(share * paid + from_friends)

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
