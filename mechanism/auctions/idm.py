"""The information diffusion mechanism: those who pass a sale on are paid for the better bids that they bring."""

from __future__ import annotations

from mechanism.auctions.market import Market, Outcome

__all__ = ["information_diffusion"]


def information_diffusion(market: Market) -> Outcome:
    """Return the outcome of the information diffusion mechanism, IDM (Li, Hao, Zhao and Zhou, AAAI 2017).

    Let c_1, ..., c_l be those without whom the highest bidder c_l would not hear of the sale, and p_i the highest bid
    if c_i were absent. The item goes to the first c_i whose bid is at least p_(i+1), else to c_l; the winner
    pays its p_i, and each c_i before it is paid p_(i+1) - p_i.

    Examples
    --------
    >>> market = Market({"seller": ["ann", "dan"], "ann": ["bob"]}, {"ann": 1, "bob": 7, "dan": 3})
    >>> print(information_diffusion(market))
    bob wins; the seller keeps 3.
      ann is paid 0
      bob pays 3

    Notes
    -----
    Truthful bids and inviting all neighbours are dominant, and the revenue is at least that of `vickrey_clarke_groves`,
    where nobody can pose as several buyers. Cost: O(buyers * invitations).
    """
    best = market.highest_bidder()
    if best is None:
        return Outcome(None, {}, 0)
    sequence = market.critical_sequence(best)
    prices = [market.highest_without(buyer) for buyer in sequence]
    payments = {}
    for buyer, price, following in zip(sequence, prices, [*prices[1:], None], strict=True):
        if following is None or market.bids[buyer] >= following:
            payments[buyer] = price
            return Outcome(buyer, payments, market.bids[buyer])
        payments[buyer] = price - following
    raise ArithmeticError("the critical sequence does not end with the highest bidder")
