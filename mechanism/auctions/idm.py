"""The information diffusion mechanism: those who pass a sale on are paid for the better bids that they bring."""

from __future__ import annotations

from mechanism.auctions.market import Market, Outcome

__all__ = ["information_diffusion"]


def information_diffusion(market: Market) -> Outcome:
    """Return the outcome of the information diffusion mechanism, IDM (Li, Hao, Zhao and Zhou, AAAI 2017).

    Let c_1, ..., c_l be those without whom the highest bidder c_l would not hear of the sale, and p_i the highest bid
    if c_i were absent. The item goes to the first c_i whose bid is at least p_(i+1), else to c_l; the winner
    pays its p_i, and each c_i before it is paid p_(i+1) - p_i. Of equal bids the first in the market's order counts
    as the highest.

    Examples
    --------
    >>> market = Market({"seller": ["ann", "dan"], "ann": ["bob"]}, {"ann": 1, "bob": 7, "dan": 3})
    >>> print(information_diffusion(market))
    bob wins; the seller keeps 3.
      ann pays 0
      bob pays 3

    Notes
    -----
    Without c_i, whoever needs c_(i+1) is missing, too: prices rise along the sequence, nobody in it before the
    winner pays, and the seller keeps p_1, the best bid of those who do not need c_1. Truthful bids and inviting all
    neighbours are dominant. With `vickrey_clarke_groves` c_l pays p_l and each c_i before it is paid the bid of c_l
    less p_i, c_1 alone enough to leave the seller no more than p_1. A buyer may gain by posing as several
    (`proofs.auctions`). Cost: O(buyers * invitations).

    References
    ----------
    Li, Hao, Zhao and Zhou, "Mechanism design in social networks", AAAI 2017.
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
