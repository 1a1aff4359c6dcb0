"""Offers in query incentive networks: for how much people pass a question on, from the leaves of the tree upwards."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mechanism.errors import SolveError

__all__ = [
    "NOTHING",
    "Offer",
    "Payments",
    "Reach",
    "Shares",
    "Terms",
    "largest_gain",
    "menu",
    "reach",
    "secant",
]

_TIE = 1e-9  # of the cost of a person's effort: who is so close to indifferent asks


class Reach(NamedTuple):
    """What it brings a person to have so many levels below it explored.

    Attributes
    ----------
    found : number
        Chance that somebody on these levels holds the answer.
    gained : number
        What the last of the levels adds to that chance.
    missed : number
        One less the chance, without the cancellation of a difference.
    """

    found: Any
    gained: Any
    missed: Any


NOTHING = Reach(0, 0, 1)
"""The reach of a person who asks nobody."""


class Offer(NamedTuple):
    """What a person is offered so that it explores so many levels.

    Attributes
    ----------
    levels : int
        Levels explored, the person itself included: at 1 it answers if it can and asks nobody.
    price : number
        The least offer for which it does: a payment in units of cost, or the share that it keeps.
    lost : number
        What the person loses of each answer from below by its own offer to its children, 0 if it makes none.
    carried : number
        The same on average over all answers of the person, its own included.
    """

    levels: int
    price: Any
    lost: Any
    carried: Any


def secant(law: Sequence[Any], a: Any, b: Any) -> Any:
    """Return (phi(a) - phi(b)) / (a - b) for the generating function phi of a law, its slope if a = b; any numbers.

    A sum of products of numbers of at least 0: no digit is lost, however close a and b are. O(len(law)).

    Examples
    --------
    >>> secant([0.5, 0.0, 0.5], 1.0, 0.5), secant([0.5, 0.0, 0.5], 1.0, 1.0)
    (0.75, 1.0)
    """
    slope = value = 0
    for chance in reversed(law[1:]):
        slope = chance + a * slope
        value = value * b + slope
    return value


def reach(law: Sequence[Any], chance: Any, children: Sequence[Reach]) -> Reach:
    """Return the reach of a person whose children explore len(children) levels each, themselves included.

    Parameters
    ----------
    law : sequence of number
        Chances that the person has 0, 1, ... children.
    chance : number
        Chance that a person holds the answer, in (0, 1).
    children : sequence of Reach
        The reach of a child with 0, 1, ... levels below it.

    Notes
    -----
    A child that explores j levels holds the answer or finds it below: f_j = p + (1 - p) s_(j-1); then
    s_j = 1 - phi(1 - f_j). Every value is a sum of products of numbers of at least 0, also where f_j is 1e-128 or
    all but 1: the relative error is about j roundings. O(len(law)); Fractions give exact values.

    Examples
    --------
    >>> from fractions import Fraction
    >>> path = [Fraction(0), Fraction(1)]
    >>> reach(path, Fraction(1, 3), [NOTHING, Reach(Fraction(1, 3), Fraction(1, 3), Fraction(2, 3))]).found
    Fraction(5, 9)
    """
    last = children[-1]
    found, missed = _child(chance, last)
    if len(children) == 1:
        before, more = 1, chance
    else:
        before, more = _child(chance, children[-2])[1], (1 - chance) * last.gained
    without = 0
    for k in reversed(law):
        without = without * missed + k
    return Reach(found * secant(law, 1, missed), more * secant(law, before, missed), without)


def _child(chance: Any, below: Reach) -> tuple[Any, Any]:
    """Return the chances that a child with that reach finds the answer and that it does not."""
    found = chance + (1 - chance) * below.found
    return found, 1 - found if 2 * found < 1 else (1 - chance) * below.missed


class Terms(ABC):
    """How people are paid for handing on an answer; money is counted in units of the cost of a person's effort."""

    __slots__ = ()
    most: ClassVar[float]
    """The most that can be offered."""

    @property
    @abstractmethod
    def first(self) -> Any:
        """The least offer for which a person answers."""

    @abstractmethod
    def lost(self, price: Any, carried: Any) -> Any:
        """Return what a person loses of each answer if it offers this price to its children."""

    @abstractmethod
    def price(self, lost: Any) -> Any:
        """Return the offer at which a person is indifferent to more answers of which it loses so much."""

    @abstractmethod
    def payoff(self, price: Any, lost: Any) -> Any:
        """Return what a person offered a price has of an answer from below of which it loses so much."""


@dataclass(frozen=True, slots=True)
class Payments(Terms):
    """Fixed payments (Kleinberg and Raghavan, 2005): offered r, a person offers x and has r - x - 1 of an answer.

    Parameters
    ----------
    integer : bool
        Whether payments are whole numbers. Who is within 1e-9 of indifferent passes the question on.
    """

    most: ClassVar[float] = inf
    integer: bool = False

    @property
    def first(self) -> Any:
        """The cost of the own effort."""
        return 1

    def lost(self, price: Any, carried: Any) -> Any:
        """Return what is handed on, and the cost of the own effort."""
        return price + 1

    def price(self, lost: Any) -> Any:
        """Return the least payment that covers the loss."""
        return ceil(lost - _TIE) if self.integer and lost < inf else lost

    def payoff(self, price: Any, lost: Any) -> Any:
        """Return the payment less the loss."""
        return price - lost


@dataclass(frozen=True, slots=True)
class Shares(Terms):
    """Splits of one reward: who keeps the share k of what it receives, and hands on the rest, has k * received - 1.

    What is lost is counted in shares of the reward. The contracts are those of Cebrian, Coviello, Vattani and Voulgaris
    (2012), rho = 1 - k. The game is our model of theirs: each person chooses the share that its children keep, to
    have most for itself in expectation, and with answers from several children it takes one at random.

    Parameters
    ----------
    reward : number
        What the person who answers receives, in units of cost, above 0.
    """

    most: ClassVar[float] = 1.0
    reward: Any

    @property
    def first(self) -> Any:
        """The share of the reward that pays for the own effort."""
        return 1 / self.reward

    def lost(self, price: Any, carried: Any) -> Any:
        """Return the part of the reward that does not come back from children who keep such a share."""
        return price + carried - price * carried

    def price(self, lost: Any) -> Any:
        """Return the share at which what is left of the reward pays for the effort."""
        return 1 / (self.reward * (1 - lost)) if lost < 1 else inf

    def payoff(self, price: Any, lost: Any) -> Any:
        """Return the share of what is left of the reward, less the cost of the effort."""
        return price * self.reward * (1 - lost) - 1


def menu(
    terms: Terms, chance: Any, reaches: Sequence[Reach], below: Sequence[Offer] | None = None
) -> list[Offer]:
    """Return the least offers for which a person explores 1, 2, ... levels in equilibrium.

    Parameters
    ----------
    terms : Terms
        How people are paid.
    chance : number
        Chance that a person holds the answer.
    reaches : sequence of Reach
        The person's own reach with 0, 1, ... levels below it.
    below : sequence of Offer, optional
        The menu of its children, none if it has no children. By default they are like the person itself.

    Raises
    ------
    SolveError
        If children are like the person and a level costs no more than the one before.

    Notes
    -----
    What a person may offer are straight lines in what it was offered itself: its payoff with the offer i is
    payoff(price, lost_i) * found_i. A best offer is the highest line, so that the prices are the corners of the
    upper envelope; an offer whose line is nowhere highest is left out. Who is indifferent explores more.
    The corner between i and the one before, l, is the loss on the answers that i adds:
    lost_i + (lost_i - lost_l) * found_l / (found_i - found_l). O(len(reaches)).
    """
    kept = [Offer(1, terms.first, 0, 0)]
    lines: list[tuple[int, Any]] = []  # what it offers: levels below, and what it loses of each answer
    for offer in kept if below is None else below:  # children like the person: the list grows as it is read
        levels, lost = offer.levels, terms.lost(offer.price, offer.carried)
        if levels >= len(reaches):
            break
        while True:
            before, lost_before = lines[-1] if lines else (0, 0)
            gained = sum(one.gained for one in reaches[before + 1 : levels + 1])
            if not gained or not lost < inf:
                price = inf
                break
            price = terms.price(lost + (lost - lost_before) * reaches[before].found / gained)
            if not lines or price > kept[-1].price:
                break
            if below is None:
                raise SolveError(f"{levels + 1} levels cost no more than {levels}: people skip levels")
            lines.pop()
            kept.pop()
        if price <= terms.most and price < inf:
            found = (1 - chance) * reaches[levels].found
            lines.append((levels, lost))
            kept.append(Offer(levels + 1, price, lost, found * lost / (chance + found)))
    return kept


def largest_gain(terms: Terms, own: Sequence[Offer], reaches: Sequence[Reach]) -> float:
    """Return the most that a person gains by another offer than the equilibrium's, over the prices on its menu.

    Relative to what it is offered for all answers below. The payoffs of all offers to children who answer by
    their menu are computed one by one; O(len(own)^2).
    """
    lost = np.array([float(offer.lost) for offer in own[1:]])
    found = np.array([float(reaches[offer.levels - 1].found) for offer in own[1:]])
    most = 0.0
    for place, offer in enumerate(own[1:]):
        payoffs = np.append(terms.payoff(float(offer.price), lost) * found, 0.0)
        scale = (terms.payoff(float(offer.price), 0.0) + 1) * found[place]
        most = max(most, float((payoffs.max() - payoffs[place]) / scale))
    return most
