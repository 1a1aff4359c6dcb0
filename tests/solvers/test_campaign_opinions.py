"""What campaigns do to opinions: closed forms, what more members bring, and reach without agreement."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from mechanism import Graph, InvalidInputError, datasets
from mechanism.opinions import Opinions
from solvers.campaign_opinions import campaign_effect, compare_campaigns
from tests.mechanism.test_opinions import PAIR, peoples


def ring(n):
    return Graph.from_edges(np.arange(n), np.roll(np.arange(n), 1), directed=False)


@given(peoples(), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_more_members_bring_all_nearer_to_the_highest_opinion(people, seed):
    rng = np.random.default_rng(seed)
    few = rng.random(people.n) < 0.3
    many = few | (rng.random(people.n) < 0.3)
    top = float(max(people.initial.max(), people.innate.max())) + 1
    one, two = (campaign_effect(people, who, opinion=top, weight=0.7) for who in (few, many))
    assert (one.after.limit >= one.before.limit - 1e-9).all()
    assert (two.after.limit >= one.after.limit - 1e-9).all()
    assert two.reach >= one.reach
    assert two.shift >= one.shift - 1e-9
    assert two.distances[1] <= two.distances[0] + 1e-9


def test_campaign_in_closed_form():
    """Bob is certain of 1; ann is half stubborn at 0."""
    effect = campaign_effect(Opinions(PAIR, 0.0, stubbornness=0.5), [0, 1])
    assert effect.after.limit == pytest.approx([0.5, 1.0])
    assert effect.shift == pytest.approx(0.75)
    assert effect.shift_of_others == pytest.approx(0.5)
    assert effect.shift_per_member == pytest.approx(0.75)
    assert effect.polarisation_change == pytest.approx(0.125)
    assert effect.disagreement_change == pytest.approx(0.25)
    assert effect.distances == pytest.approx((1.0, 0.25))
    without = campaign_effect(Opinions(PAIR, 0.0, stubbornness=0.5), [0, 0])
    assert (without.reach, without.shift, without.shift_per_member) == (0.0, 0.0, None)
    assert campaign_effect(Opinions(PAIR, 0.0), [1, 1]).shift_of_others is None


def test_whom_all_follow_is_moved_by_any_member():
    """Without stubbornness one member leads a whole connected network, however small its weight."""
    effect = campaign_effect(Opinions(ring(9), 0.0, self_trust=0.5), np.arange(9) == 3, weight=0.05)
    assert effect.after.limit == pytest.approx(np.ones(9), rel=1e-11)
    assert effect.after.is_consensus


def test_reach_rises_and_agreement_falls():
    """Two circles of ten, one bridge: all of one circle are more people than two in each, and divide the network."""
    own = np.arange(20) // 10
    weights = (own[:, None] == own).astype(float) - np.eye(20)
    weights[0, 10] = weights[10, 0] = 1.0
    people = Opinions(Graph.from_scipy(csr_array(weights)), 0.0, stubbornness=0.1)
    table = compare_campaigns(people, {"one circle": own == 0, "both": np.isin(np.arange(20) % 10, [3, 7])})
    one, both = table.effects["one circle"], table.effects["both"]
    assert one.reach > both.reach
    assert one.shift < both.shift
    assert one.after.polarisation > 4 * both.after.polarisation
    assert one.before is both.before


def test_shifted_opinions_and_chances():
    """A shift of all by as much, at full weight, is one of the mean; a chance of 1/2 is a weight of 1/2."""
    rng = np.random.default_rng(3)
    people = Opinions(ring(8), rng.random(8), stubbornness=0.3)
    everybody = campaign_effect(people, np.ones(8), opinion=people.innate + 0.2)
    assert everybody.after.limit == pytest.approx(people.innate + 0.2)
    half = campaign_effect(people, np.full(8, 0.5))
    assert half.after.limit == pytest.approx(campaign_effect(people, np.ones(8), weight=0.5).after.limit)
    assert half.reach == 4.0


def test_karate_club():
    """One member of 34: the instructor moves the others, but by less than the mean, in which it counts itself."""
    try:
        path = datasets.path("graphs/karate")
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))
    people = Opinions(Graph.from_file(path, directed=False), 0.0, stubbornness=0.2)
    hub, other = (campaign_effect(people, np.arange(34) == one) for one in (0, 11))  # 16 friends and 1 friend
    assert hub.reach == other.reach == 1
    assert 0 < other.shift_of_others < hub.shift_of_others < hub.shift < 1


def test_prints_draws_and_writes():
    people = Opinions(ring(30), np.arange(30.0), stubbornness=[0.5, *[0.0] * 29])
    table = compare_campaigns(people, {"none": np.zeros(30), "all": np.ones(30)}, opinion=40.0)
    first = [line.split()[0] for line in str(table).splitlines() if line.strip()]
    assert first[3:6] == ["nobody", "none", "all"]
    assert set(json.loads(json.dumps(table.to_dict()))) == {"none", "all"}
    assert len(table.plot().texts) == 2
    effect = table.effects["all"]
    assert "A campaign with 30 members among 30 people" in str(effect)
    assert effect.plot().get_xlabel().startswith("opinion")
    alike = campaign_effect(Opinions(ring(9), 0.3, self_trust=0.5), np.zeros(9))
    assert sum(bar.get_height() for bar in alike.plot().patches[:5]) == 9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: campaign_effect(PAIR, [0, 1]), "opinions is 'Graph'"),
        (lambda: campaign_effect(Opinions(PAIR, 0.0), [0, 1.5]), r"members\[1\] is 1.5"),
        (lambda: compare_campaigns(Opinions(PAIR, 0.0), {}), "at least one"),
        (lambda: compare_campaigns(Opinions(PAIR, 0.0), [0, 1]), "a mapping of names"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
