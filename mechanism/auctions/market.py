"""A single item, a seller, and buyers who hear of the sale from one another."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.numbers import Number, number

__all__ = ["DiffusionAuction", "Market", "Outcome"]

Buyer = Hashable


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Market:
    """Who invites whom, and what the buyers bid.

    Parameters
    ----------
    invitations : mapping from seller or buyer to collection of buyers
        Whom each invites; who is left out invites nobody. Invitations to the seller change nothing.
    bids : mapping from buyer to number
        At least 0, in money. Of equal bids the first in this order counts as the highest.
    seller : hashable, optional
        ``"seller"`` by default.

    Attributes
    ----------
    reached : tuple
        The buyers who hear of the sale, in the order of the bids. Others take no part.

    Raises
    ------
    InvalidInputError
        If the seller bids or is not among those who invite, if somebody who invites or is invited makes no bid, or
        if a bid is not a finite number of at least 0.

    Examples
    --------
    >>> Market({"seller": ["ann"], "ann": ["bob"]}, {"ann": 1, "bob": 3, "cem": 5}).reached
    ('ann', 'bob')
    """

    invitations: Mapping[Buyer, tuple[Buyer, ...]]
    bids: Mapping[Buyer, Number]
    seller: Buyer
    reached: tuple[Buyer, ...]
    _heard: dict[Buyer | None, frozenset[Buyer]] = field(repr=False)

    def __init__(
        self,
        invitations: Mapping[Any, Collection[Any]],
        bids: Mapping[Any, Number],
        *,
        seller: Buyer = "seller",
    ) -> None:
        for name in (seller, None):
            if name in bids:
                allowed = "left out: the seller" if name == seller else "the bid of a buyer with a name"
                raise InvalidInputError("bids", bids[name], index=repr(name), allowed=allowed)
        if seller not in invitations:
            raise InvalidInputError("seller", seller, allowed="one of those who invite")
        checked = {buyer: _bid(buyer, bid) for buyer, bid in bids.items()}
        kept: dict[Buyer, tuple[Buyer, ...]] = {}
        for inviter, invited in invitations.items():
            for buyer in (inviter, *invited):
                if buyer != seller and buyer not in checked:
                    raise InvalidInputError(
                        "invitations", buyer, index=repr(inviter), allowed="the seller and buyers who bid"
                    )
            kept[inviter] = tuple(buyer for buyer in invited if buyer != seller)
        self._set(kept, checked, seller, {})

    @classmethod
    def from_graph(cls, graph: Graph, bids: Mapping[Any, Number], *, seller: int | str) -> Self:
        """Return the market in which all nodes but the seller are buyers, and invite those whom they can contact.

        Parameters
        ----------
        graph : Graph
        bids : mapping from label to number
            Of all nodes but the seller, in money, at least 0.
        seller : int or str
            A label of the graph.

        Examples
        --------
        >>> path = Graph.from_edges(["shop", "ann"], ["ann", "bob"], directed=False)
        >>> Market.from_graph(path, {"ann": 1, "bob": 3}, seller="shop").critical_sequence("bob")
        ('ann', 'bob')
        """
        graph.index_of(seller)
        labels = graph.labels.tolist()
        contacts = {
            label: [labels[v] for v in graph.indices[start:end].tolist()]
            for label, start, end in zip(labels, graph.indptr[:-1], graph.indptr[1:], strict=True)
        }
        return cls(contacts, bids, seller=seller)

    def bidding(self, bids: Mapping[Any, Number]) -> Self:
        """Return the market in which some buyers bid otherwise.

        Raises
        ------
        InvalidInputError
            If one of them is unknown, or a bid is not a finite number of at least 0.

        Examples
        --------
        >>> Market({"seller": ["ann", "bob"]}, {"ann": 1, "bob": 3}).bidding({"ann": 4}).highest_bidder()
        'ann'
        """
        for buyer in bids:
            if buyer not in self.bids:
                raise InvalidInputError("bids", buyer, index=repr(buyer), allowed="the bid of a known buyer")
        changed = object.__new__(type(self))
        mixed = {**self.bids, **{buyer: _bid(buyer, bid) for buyer, bid in bids.items()}}
        changed._set(self.invitations, mixed, self.seller, self._heard)
        return changed

    def _set(
        self,
        invitations: Mapping[Buyer, tuple[Buyer, ...]],
        bids: Mapping[Buyer, Number],
        seller: Buyer,
        heard: dict[Buyer | None, frozenset[Buyer]],
    ) -> None:
        """Fill a new market; those of the same invitations share what is known of who hears of the sale."""
        for name, value in (
            ("invitations", invitations),
            ("bids", bids),
            ("seller", seller),
            ("_heard", heard),
        ):
            object.__setattr__(self, name, value)
        hears = self.reached_without(None)
        object.__setattr__(self, "reached", tuple(buyer for buyer in bids if buyer in hears))

    def reached_without(self, absent: Buyer | None) -> frozenset[Buyer]:
        """Return the buyers who would hear of the sale if one were absent. Cost: O(invitations), once."""
        known = self._heard.get(absent)
        if known is not None:
            return known
        heard: set[Buyer] = set()
        waiting = [self.seller]
        while waiting:
            for buyer in self.invitations.get(waiting.pop(), ()):
                if buyer != absent and buyer not in heard:
                    heard.add(buyer)
                    waiting.append(buyer)
        self._heard[absent] = frozenset(heard)
        return self._heard[absent]

    def highest_without(self, absent: Buyer | None) -> Number:
        """Return the highest bid of those who would hear of the sale if one were absent; 0 if nobody would."""
        return max((self.bids[buyer] for buyer in self.reached_without(absent)), default=0)

    def highest_bidder(self) -> Buyer | None:
        """Return who bids most of those who hear of the sale, the first of equals; None if nobody does."""
        return max(self.reached, key=lambda buyer: self.bids[buyer], default=None)

    def critical_sequence(self, buyer: Buyer) -> tuple[Buyer, ...]:
        """Return those without whom a buyer would not hear of the sale, from the seller on, itself the last.

        Its dominators in the graph of invitations, the seller left out. Cost: O(buyers * invitations).
        """
        needed = [other for other in self.reached if buyer not in self.reached_without(other)]
        # Of two dominators one dominates the other, and leaves more of them behind when it is absent.
        return tuple(sorted(needed, key=lambda other: len(self.reached_without(other))))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who gets the item, and who pays what.

    Attributes
    ----------
    winner : hashable or None
        None if nobody takes part.
    payments : mapping from buyer to number
        In money, negative if the buyer is paid; buyers who neither pay nor are paid are left out.
    welfare : number
        The winner's bid.
    """

    winner: Buyer | None
    payments: Mapping[Buyer, Number]
    welfare: Number

    @property
    def revenue(self) -> Number:
        """What the seller keeps; negative for a deficit."""
        return sum(self.payments.values())

    def utility(self, buyer: Buyer, value: Number) -> Number:
        """Return what a buyer gains to whom the item is worth a value."""
        return (value if buyer == self.winner else 0) - self.payments.get(buyer, 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain Python values; numbers are texts."""
        return {
            "winner": self.winner,
            "payments": {str(buyer): str(paid) for buyer, paid in self.payments.items()},
            "revenue": str(self.revenue),
            "welfare": str(self.welfare),
        }

    def __str__(self) -> str:
        if self.winner is None:
            return "Nobody takes part."
        lines = [f"{self.winner} wins; the seller keeps {self.revenue}."]
        for buyer, paid in self.payments.items():
            lines.append(f"  {buyer} {'pays' if paid >= 0 else 'is paid'} {abs(paid)}")
        return "\n".join(lines)


class DiffusionAuction(Protocol):
    """Any rule from a market to an outcome."""

    def __call__(self, market: Market) -> Outcome:
        """Return the outcome."""
        ...


def _bid(buyer: Buyer, bid: Any) -> Number:
    """Return a bid; refuse what is not a finite number of at least 0."""
    allowed = "a finite number of at least 0"
    try:
        checked = number(bid, argument="bids", allowed=allowed)
    except InvalidInputError:
        raise InvalidInputError("bids", bid, index=repr(buyer), allowed=allowed) from None
    if checked < 0:
        raise InvalidInputError("bids", bid, index=repr(buyer), allowed=allowed)
    return checked
