"""Properties of diffusion auctions, and the search for the smallest market that breaks them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, pairwise, product
from typing import Any, ClassVar

from mechanism.auctions import DiffusionAuction, Market, vickrey_clarke_groves
from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number, whole
from proofs.properties.property import Property
from proofs.spelling import full, short
from proofs.verdict import Claim, Refuted, Unrefuted, Verdict

__all__ = [
    "AUCTION_PROPERTIES",
    "AuctionProperty",
    "IncentiveCompatible",
    "IndividuallyRational",
    "MarketCase",
    "RevenueAtLeastVCG",
    "SybilResistant",
    "WeaklyBudgetBalanced",
    "verify_auction",
]

_SELLER = "seller"
_NAMES = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class MarketCase:
    """A market in which a property of auctions fails.

    Attributes
    ----------
    market : Market
        All bid what the item is worth to them and invite all whom they can.
    words : str
        What is wrong.
    gain : Fraction
        By how much, in money.
    """

    market: Market
    words: str
    gain: Fraction

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {
            "invitations": {str(u): list(map(str, v)) for u, v in self.market.invitations.items()},
            "bids": {str(u): full(exact(bid)) for u, bid in self.market.bids.items()},
            "words": self.words,
            "gain": full(self.gain),
        }

    def __str__(self) -> str:
        bids = ", ".join(f"{u} {short(exact(bid))}" for u, bid in self.market.bids.items())
        arcs = ", ".join(f"{u} > {v}" for u, heard in self.market.invitations.items() for v in heard)
        return f"worth: {bids}\nknown: {arcs}\n{self.words}"


@dataclass(frozen=True, slots=True)
class AuctionProperty(Property):
    """A statement about a diffusion auction that holds or fails in every market."""

    @abstractmethod
    def violations(self, auction: DiffusionAuction, market: Market) -> Iterator[MarketCase]:
        """Yield the violations in a market of what the item is worth and of who knows whom."""

    def to_dict(self) -> dict[str, Any]:
        """Return the property by its name."""
        return {"property": self.name}

    def claim(self, max_depth: int | None) -> dict[str, Any]:
        """Return the claim of the property, for every market."""
        return self.to_dict()

    def scope(self, max_depth: int | None) -> str:
        """Return a phrase that says for what the property is claimed."""
        return "in every market"


@dataclass(frozen=True, slots=True)
class IndividuallyRational(AuctionProperty):
    """Nobody who is truthful loses."""

    name: ClassVar[str] = "individually_rational"
    code: ClassVar[str] = "IR"
    statement: ClassVar[str] = "the utility of a buyer that bids its value is at least 0"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Li, Hao, Zhao and Zhou, AAAI 2017"

    def violations(self, auction: DiffusionAuction, market: Market) -> Iterator[MarketCase]:
        """Yield buyers who lose."""
        outcome = auction(market)
        for buyer in market.reached:
            utility = exact(outcome.utility(buyer, market.bids[buyer]))
            if utility < 0:
                yield MarketCase(market, f"{buyer} loses {short(-utility)}", -utility)

    def __str__(self) -> str:
        return "individually rational"


@dataclass(frozen=True, slots=True)
class IncentiveCompatible(AuctionProperty):
    """Bidding one's value and inviting all neighbours is dominant."""

    name: ClassVar[str] = "incentive_compatible"
    code: ClassVar[str] = "IC"
    statement: ClassVar[str] = (
        "no other bid and no smaller set of invitations brings a buyer more, whatever others do"
    )
    adversary: ClassVar[str] = "a buyer that bids otherwise or keeps the sale to itself"
    source: ClassVar[str] = "Li, Hao, Zhao and Zhou, AAAI 2017"

    def violations(self, auction: DiffusionAuction, market: Market) -> Iterator[MarketCase]:
        """Yield deviations that gain: any of the market's bids or one between, and any of the invitations."""
        honest = auction(market)
        tries = _tries(market)
        for buyer in market.reached:
            value = market.bids[buyer]
            before = exact(honest.utility(buyer, value))
            neighbours = market.invitations.get(buyer, ())
            for invited in _subsets(neighbours):
                told_to = {**market.invitations, buyer: invited}
                telling = Market(told_to, market.bids, seller=market.seller)
                for bid in tries:
                    after = exact(auction(telling.bidding({buyer: bid})).utility(buyer, value))
                    if after > before:
                        told = ", ".join(map(str, invited)) or "nobody"
                        words = (
                            f"{buyer} gains {short(before)} honestly; {short(after)} if it bids {short(bid)} and "
                            f"invites {told}"
                        )
                        yield MarketCase(market, words, after - before)

    def __str__(self) -> str:
        return "incentive compatible"


@dataclass(frozen=True, slots=True)
class WeaklyBudgetBalanced(AuctionProperty):
    """The seller never pays more than it gets."""

    name: ClassVar[str] = "weakly_budget_balanced"
    code: ClassVar[str] = "WBB"
    statement: ClassVar[str] = "the sum of all payments is at least 0"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Li, Hao, Zhao and Zhou, AAAI 2017"

    def violations(self, auction: DiffusionAuction, market: Market) -> Iterator[MarketCase]:
        """Yield the market if the seller loses."""
        revenue = exact(auction(market).revenue)
        if revenue < 0:
            yield MarketCase(market, f"the seller loses {short(-revenue)}", -revenue)

    def __str__(self) -> str:
        return "weakly budget-balanced"


@dataclass(frozen=True, slots=True)
class RevenueAtLeastVCG(AuctionProperty):
    """The seller keeps at least what the Vickrey-Clarke-Groves mechanism leaves it."""

    name: ClassVar[str] = "revenue_at_least_vcg"
    code: ClassVar[str] = "REV"
    statement: ClassVar[str] = "the revenue is at least that of the extended Vickrey-Clarke-Groves mechanism"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Li, Hao, Zhao and Zhou, AAAI 2017"

    def violations(self, auction: DiffusionAuction, market: Market) -> Iterator[MarketCase]:
        """Yield the market if the seller would keep more."""
        kept, other = exact(auction(market).revenue), exact(vickrey_clarke_groves(market).revenue)
        if kept < other:
            words = f"the seller keeps {short(kept)}, with Vickrey-Clarke-Groves {short(other)}"
            yield MarketCase(market, words, other - kept)

    def __str__(self) -> str:
        return "at least as profitable as Vickrey-Clarke-Groves"


@dataclass(frozen=True, slots=True)
class SybilResistant(AuctionProperty):
    """No buyer gains by inviting an invented buyer, who invites whom the buyer likes."""

    name: ClassVar[str] = "sybil_resistant"
    code: ClassVar[str] = "SP"
    statement: ClassVar[str] = (
        "no false identity that a buyer invites, with any bid and invitations, brings it more"
    )
    adversary: ClassVar[str] = "a buyer that invents another one"
    source: ClassVar[str] = "Chen, Deng, Wang, Wu and Zhao, 2022"

    def violations(self, auction: DiffusionAuction, market: Market) -> Iterator[MarketCase]:
        """Yield attacks with one false identity that gain."""
        honest = auction(market)
        tries = _tries(market)
        for buyer in market.reached:
            value = market.bids[buyer]
            before = exact(honest.utility(buyer, value))
            neighbours = market.invitations.get(buyer, ())
            fake = f"{buyer}'"
            while fake in market.bids or fake == market.seller:
                fake += "'"
            for through, own in product(reversed(_subsets(neighbours)), _subsets(neighbours)):
                told_to = {**market.invitations, buyer: (*own, fake), fake: through}
                split = Market(told_to, {**market.bids, fake: 0}, seller=market.seller)
                for bid, feigned in product(tries, repeat=2):
                    outcome = auction(split.bidding({buyer: bid, fake: feigned}))
                    after = exact(outcome.utility(buyer, value) + outcome.utility(fake, 0))
                    if outcome.winner == fake:
                        after += exact(value)
                    if after > before:
                        words = (
                            f"{buyer} gains {short(before)} honestly; {short(after)} if it bids {short(bid)} and "
                            f"invites {', '.join((*map(str, own), fake))}, who bids {short(feigned)} and invites "
                            f"{', '.join(map(str, through)) or 'nobody'}"
                        )
                        yield MarketCase(market, words, after - before)

    def __str__(self) -> str:
        return "sybil-proof"


AUCTION_PROPERTIES: tuple[type[AuctionProperty], ...] = (
    IndividuallyRational,
    IncentiveCompatible,
    WeaklyBudgetBalanced,
    RevenueAtLeastVCG,
    SybilResistant,
)
"""Every property of diffusion auctions."""


def verify_auction(
    auction: DiffusionAuction,
    claimed: AuctionProperty,
    *,
    buyers: int = 3,
    bids: Sequence[Number] = (0, 1, 2),
    essential: bool = False,
) -> Verdict:
    """Look for the smallest market in which a diffusion auction breaks a property.

    Parameters
    ----------
    auction : callable (Market) -> Outcome
        Such as `mechanism.auctions.information_diffusion`.
    claimed : AuctionProperty
    buyers : int
        Markets of at most so many buyers are searched, in 1..8; more than 3 take long.
    bids : sequence of numbers
        What the item may be worth to a buyer.
    essential : bool, optional
        Search only markets in which nobody but the seller knows those whom the seller knows, and in which buyers are
        listed from the lowest worth to the highest. This makes 4 buyers possible.

    Returns
    -------
    Refuted or Unrefuted
        Never proved: what was searched is no proof for larger markets.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Examples
    --------
    >>> from mechanism.auctions import vickrey_clarke_groves
    >>> print(verify_auction(vickrey_clarke_groves, WeaklyBudgetBalanced()))
    Refuted: not weakly budget-balanced in every market.
      worth: A 0, B 1
      known: seller > A, A > B
      the seller loses 1

    Notes
    -----
    All markets, by the number of buyers, then of acquaintances: each knows any set of others, and the seller any
    of them. Buyers are labelled, so that many markets come up several times.

    What others report need not be varied: other reports of theirs are the truth in another of the markets, one with
    those bids and without the invitations withheld. So what holds in all markets holds whatever others report.

    The essential markets are enough for an auction that asks only who hears of the sale without whom, and uses the
    order of buyers to break ties alone: an invitation to whom the seller invites changes nothing for it, and another
    order of the buyers changes only who wins a tie after a deviation.
    """
    if not isinstance(claimed, AuctionProperty):
        raise InvalidInputError("property", claimed, allowed="a property such as IncentiveCompatible()")
    most = whole(buyers, argument="buyers")
    if most > len(_NAMES):
        raise InvalidInputError("buyers", buyers, allowed=f"an integer in 1..{len(_NAMES)}")
    allowed = "a finite number of at least 0"
    worths = [exact(number(bid, argument="bids", allowed=allowed, index=(i,))) for i, bid in enumerate(bids)]
    if not worths or min(worths) < 0:
        raise InvalidInputError("bids", bids, allowed="at least one number, none negative")
    claim = Claim(claimed)
    for size in range(1, most + 1):
        for market in _markets(size, sorted(worths), essential=essential):
            case = next(claimed.violations(auction, market), None)
            if case is not None:
                return Refuted(claim, case)
    told = ", ".join(map(short, sorted(worths)))
    kind = "essential markets" if essential else "markets"
    return Unrefuted(claim, f"all {kind} of at most {most} buyers, to whom the item is worth one of {told}")


def _markets(size: int, worths: Sequence[Fraction], *, essential: bool) -> Iterator[Market]:
    """Yield every market of so many buyers, all of whom hear of the sale, with few acquaintances first."""
    names = _NAMES[:size]
    dealt = list(combinations_with_replacement(worths, size) if essential else product(worths, repeat=size))
    arcs = [(_SELLER, v) for v in names] + [(u, v) for u in names for v in names if u != v]
    for count in range(size, len(arcs) + 1):
        for known in combinations(arcs, count):
            heard = {u: tuple(v for w, v in known if w == u) for u in (_SELLER, *names)}
            if essential and any(u != _SELLER and v in heard[_SELLER] for u, v in known):
                continue
            market = Market(heard, dict.fromkeys(names, 0))
            if len(market.reached) == size:
                for bids in dealt:
                    yield market.bidding(dict(zip(names, bids, strict=True)))


def _subsets(items: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return all subsets, the largest first."""
    return [subset for size in range(len(items), -1, -1) for subset in combinations(items, size)]


def _tries(market: Market) -> list[Fraction]:
    """Return bids in every order among those of a market: 0, each of them, one between any two, and one above all."""
    worths = sorted({Fraction(0), *(exact(bid) for bid in market.bids.values())})
    between = [(low + high) / 2 for low, high in pairwise(worths)]
    return sorted({*worths, *between, worths[-1] + 1})
