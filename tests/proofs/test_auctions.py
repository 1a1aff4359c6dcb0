"""Properties of diffusion auctions: what the literature says, and planted faults."""

import pytest

from mechanism.auctions import Outcome, information_diffusion, vickrey_clarke_groves
from mechanism.errors import InvalidInputError
from proofs.auctions import (
    AUCTION_PROPERTIES,
    IncentiveCompatible,
    IndividuallyRational,
    RevenueAtLeastVCG,
    SybilResistant,
    WeaklyBudgetBalanced,
    verify_auction,
)

SMALL = {"buyers": 3, "bids": (0, 2)}
POSITIVE = {"buyers": 3, "bids": (1, 2)}


@pytest.mark.parametrize("claimed", AUCTION_PROPERTIES)
def test_idm(claimed):
    verdict = verify_auction(information_diffusion, claimed(), **SMALL)
    assert verdict.holds is (False if claimed is SybilResistant else None)


def test_the_smallest_sybil_attack_on_idm():
    """Somebody who passes the sale on invents a rival of the one below it, whom it then pays more for."""
    case = verify_auction(information_diffusion, SybilResistant(), **SMALL).counterexample
    assert (len(case.market.bids), sum(map(len, case.market.invitations.values()))) == (2, 2)
    assert "A gains 0 honestly" in str(case)


def test_vcg():
    assert verify_auction(vickrey_clarke_groves, IncentiveCompatible(), **SMALL).holds is None
    assert verify_auction(vickrey_clarke_groves, IndividuallyRational(), **SMALL).holds is None
    deficit = verify_auction(vickrey_clarke_groves, WeaklyBudgetBalanced(), **SMALL)
    assert deficit.holds is False
    assert len(deficit.counterexample.market.bids) == 2


def first_price(market):
    outcome = information_diffusion(market)
    return Outcome(
        outcome.winner, {outcome.winner: outcome.welfare} if outcome.winner else {}, outcome.welfare
    )


def unpaid(market):
    """IDM that forgets to pay those who pass the sale on."""
    outcome = information_diffusion(market)
    return Outcome(outcome.winner, {u: x for u, x in outcome.payments.items() if x > 0}, outcome.welfare)


def next_price(market):
    """IDM in which the winner pays the price of the one above it."""
    best = market.highest_bidder()
    if best is None:
        return Outcome(None, {}, 0)
    first = market.critical_sequence(best)[0]
    return Outcome(best, {best: market.highest_without(first)}, market.bids[best])


def loss(market):
    outcome = information_diffusion(market)
    return Outcome(outcome.winner, {u: x + 1 for u, x in outcome.payments.items()}, outcome.welfare)


def give_away(market):
    outcome = information_diffusion(market)
    return Outcome(outcome.winner, {}, outcome.welfare)


@pytest.mark.parametrize(
    ("auction", "claimed"),
    [
        (first_price, IncentiveCompatible()),
        (unpaid, IncentiveCompatible()),
        (loss, IndividuallyRational()),
        (give_away, RevenueAtLeastVCG()),
        (vickrey_clarke_groves, WeaklyBudgetBalanced()),
        (vickrey_clarke_groves, SybilResistant()),
    ],
    ids=lambda x: getattr(x, "__name__", getattr(x, "code", None)),
)
def test_planted_faults_are_found(auction, claimed):
    verdict = verify_auction(auction, claimed, **(POSITIVE if auction is unpaid else SMALL))
    assert verdict.holds is False
    assert next(claimed.violations(auction, verdict.counterexample.market)).gain > 0
    assert verdict.to_dict()["counterexample"]["words"]


def test_a_wrong_price_is_found():
    assert verify_auction(next_price, IncentiveCompatible(), **SMALL).holds is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"buyers": 0}, "buyers is 0"),
        ({"buyers": 9}, "buyers is 9"),
        ({"bids": ()}, "bids is"),
        ({"bids": (-1,)}, "bids is"),
    ],
)
def test_wrong_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        verify_auction(information_diffusion, IncentiveCompatible(), **arguments)


def test_no_property():
    with pytest.raises(InvalidInputError, match="property is"):
        verify_auction(information_diffusion, "IC")
