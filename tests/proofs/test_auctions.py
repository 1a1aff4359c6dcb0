"""Properties of diffusion auctions: what the literature says, and planted faults."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism.auctions import Market, Outcome, information_diffusion, vickrey_clarke_groves
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
    assert verify_auction(vickrey_clarke_groves, IncentiveCompatible(), **SMALL, essential=True).holds is None
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


def dear(market):
    """IDM at prices too high by a millionth."""
    outcome = information_diffusion(market)
    slightly = 1 + Fraction(1, 10**6)
    return Outcome(outcome.winner, {u: x * slightly for u, x in outcome.payments.items()}, outcome.welfare)


def a_little_first_price(market):
    """IDM whose winner pays a millionth of its own bid, too."""
    outcome = information_diffusion(market)
    payments = dict(outcome.payments)
    if outcome.winner is not None:
        payments[outcome.winner] += (outcome.welfare - payments[outcome.winner]) * Fraction(1, 10**6)
    return Outcome(outcome.winner, payments, outcome.welfare)


def neighbours_only(market):
    """The second-price auction among those whom the seller knows: nobody gains by inviting, and nobody loses."""
    near = market.invitations[market.seller]
    return vickrey_clarke_groves(Market({"seller": near}, {u: market.bids[u] for u in near}))


@pytest.mark.parametrize(
    ("auction", "claimed"),
    [
        (dear, IndividuallyRational()),
        (a_little_first_price, IncentiveCompatible()),
        (neighbours_only, RevenueAtLeastVCG()),
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


@pytest.mark.parametrize("claimed", [IndividuallyRational(), WeaklyBudgetBalanced(), RevenueAtLeastVCG()])
def test_idm_in_all_essential_markets_of_four(claimed):
    verdict = verify_auction(information_diffusion, claimed, buyers=4, bids=(0, 1), essential=True)
    assert verdict.holds is None
    assert "all essential markets of at most 4 buyers" in str(verdict)


def long_way_fee(market):
    """IDM that charges too much if three others had to tell the best bidder: wrong only from four buyers on."""
    outcome = information_diffusion(market)
    if outcome.winner is None or len(market.critical_sequence(market.highest_bidder())) < 4:
        return outcome
    raised = {**outcome.payments, outcome.winner: outcome.welfare + 1}
    return Outcome(outcome.winner, raised, outcome.welfare)


def test_what_is_wrong_only_from_four_buyers_on_is_found():
    claimed = IndividuallyRational()
    assert verify_auction(long_way_fee, claimed, buyers=3, bids=(0, 1), essential=True).holds is None
    case = verify_auction(long_way_fee, claimed, buyers=4, bids=(0, 1), essential=True).counterexample
    assert [len(invited) for invited in case.market.invitations.values()].count(1) == 4
    assert sum(map(len, case.market.invitations.values())) == 4


@pytest.mark.parametrize("family", AUCTION_PROPERTIES)
@pytest.mark.parametrize("auction", [information_diffusion, vickrey_clarke_groves, first_price, unpaid])
def test_essential_markets_give_the_same_verdicts(auction, family):
    """Counterexamples have as few buyers and acquaintances as among all markets."""
    sizes = set()
    for essential in (False, True):
        verdict = verify_auction(auction, family(), buyers=2, bids=(1, 2), essential=essential)
        case = verdict.counterexample if verdict.holds is False else None
        known = 0 if case is None else sum(map(len, case.market.invitations.values()))
        sizes.add((verdict.holds, 0 if case is None else len(case.market.bids), known))
    assert len(sizes) == 1


@pytest.mark.parametrize("claimed", [IndividuallyRational(), WeaklyBudgetBalanced(), SybilResistant()])
def test_a_second_price_auction_without_rewards_keeps_them(claimed):
    assert verify_auction(neighbours_only, claimed, buyers=2, bids=(0, 1, 2)).holds is None


def test_an_attack_is_what_its_words_say():
    """A invents A', who bids between A and B: B pays that much more, and A is paid it."""
    case = verify_auction(information_diffusion, SybilResistant(), **SMALL).counterexample
    assert dict(case.market.bids) == {"A": 0, "B": 2}
    attack = Market({"seller": ["A"], "A": ["B", "A'"]}, {"A": 0, "B": 2, "A'": 1})
    assert information_diffusion(case.market).revenue == 0
    assert information_diffusion(attack).payments == {"A": -1, "B": 1}
    assert "1 if it bids 0 and invites B, A', who bids 1 and invites nobody" in str(case)


def test_a_false_name_is_nobody_elses():
    market = Market({"seller": ["A"], "A": ["A'"]}, {"A": 0, "A'": 2})
    case = next(SybilResistant().violations(information_diffusion, market))
    assert "A''" in str(case)
    assert case.gain == 1


@settings(max_examples=40)
@given(
    st.integers(4, 5).flatmap(
        lambda n: st.tuples(
            st.lists(
                st.lists(st.sampled_from("ABCDE"[:n]), unique=True, max_size=3),
                min_size=n + 1,
                max_size=n + 1,
            ),
            st.lists(st.fractions(0, 3, max_denominator=4), min_size=n, max_size=n),
        )
    )
)
def test_idm_in_larger_markets(drawn):
    known, worths = drawn
    names = "ABCDE"[: len(worths)]
    market = Market(dict(zip(["seller", *names], known, strict=True)), dict(zip(names, worths, strict=True)))
    for claimed in AUCTION_PROPERTIES:
        if claimed is not SybilResistant:
            assert next(claimed().violations(information_diffusion, market), None) is None


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
