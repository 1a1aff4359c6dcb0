"""Diffusion auctions by their definitions: every simple path, every buyer left out in turn."""

from __future__ import annotations

from mechanism.auctions import Market, Outcome

__all__ = ["diffusion_by_paths", "vickrey_by_welfare"]


def _paths(market: Market, absent: object = None) -> list[tuple[object, ...]]:
    """Return the simple paths of invitations from the seller that avoid somebody."""
    found, longest = [], [(market.seller,)]
    while longest:
        path = longest.pop()
        for buyer in market.invitations.get(path[-1], ()):
            if buyer not in path and buyer != absent:
                longest.append((*path, buyer))
                found.append((*path[1:], buyer))
    return found


def _best(market: Market, absent: object = None) -> object:
    """Return who bids most of those at the end of a path; of equal bids the first in the market's order."""
    heard = {path[-1] for path in _paths(market, absent)}
    return max((buyer for buyer in market.bids if buyer in heard), key=market.bids.get, default=None)


def _highest(market: Market, absent: object) -> object:
    best = _best(market, absent)
    return 0 if best is None else market.bids[best]


def diffusion_by_paths(market: Market) -> Outcome:
    """Return the outcome of IDM; the needed buyers are those on every path to the best bidder."""
    best = _best(market)
    if best is None:
        return Outcome(None, {}, 0)
    ways = [path for path in _paths(market) if path[-1] == best]
    needed = [buyer for buyer in ways[0] if all(buyer in way for way in ways)]
    prices = {buyer: _highest(market, buyer) for buyer in needed}
    place = 0
    while needed[place] != best and market.bids[needed[place]] < prices[needed[place + 1]]:
        place += 1
    winner = needed[place]
    payments = {needed[k]: prices[needed[k]] - prices[needed[k + 1]] for k in range(place)}
    return Outcome(winner, {**payments, winner: prices[winner]}, market.bids[winner])


def vickrey_by_welfare(market: Market) -> Outcome:
    """Return the outcome of VCG: everybody pays what the others lose by its taking part."""
    best = _best(market)
    if best is None:
        return Outcome(None, {}, 0)
    payments = {}
    for buyer in market.bids:
        others = 0 if buyer == best else market.bids[best]
        payments[buyer] = _highest(market, buyer) - others
    return Outcome(best, payments, market.bids[best])
