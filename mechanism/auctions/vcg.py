"""The Vickrey-Clarke-Groves mechanism on a network: efficient, and it may cost the seller more than it earns."""

from __future__ import annotations

from mechanism.auctions.market import Market, Outcome

__all__ = ["vickrey_clarke_groves"]


def vickrey_clarke_groves(market: Market) -> Outcome:
    """Return the outcome of the Vickrey-Clarke-Groves mechanism, extended to invitations.

    The highest bidder wins. Everybody without whom it would not hear of the sale pays the others' welfare
    without it less the others' welfare with it (Li, Hao, Zhao and Zhou, AAAI 2017, compare with this extension).

    Examples
    --------
    >>> market = Market({"seller": ["ann", "dan"], "ann": ["bob"]}, {"ann": 1, "bob": 7, "dan": 3})
    >>> print(vickrey_clarke_groves(market))
    bob wins; the seller keeps -1.
      ann is paid 4
      bob pays 3
    """
    best = market.highest_bidder()
    if best is None:
        return Outcome(None, {}, 0)
    payments = {}
    for buyer in market.critical_sequence(best):
        others = 0 if buyer == best else market.bids[best]
        payments[buyer] = market.highest_without(buyer) - others
    return Outcome(best, payments, market.bids[best])
