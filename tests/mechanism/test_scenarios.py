"""Scenarios: what changes, what stays, corners and samples of a box, wrong input."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import (
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Motives,
    ResponseTime,
    Scenarios,
    Search,
    TopDegree,
    assuming,
)

RING = Graph.from_edges(np.arange(6), (np.arange(6) + 1) % 6, directed=False)
LAWS = [
    CostModel.exponential(mean=0.8),
    CostModel.uniform(low=0.2, high=1.5),
    CostModel.lognormal(median=0.6, sigma=0.8),
    CostModel.weibull(scale=0.8, shape=1.5),
    CostModel.logistic(mean=0.8, scale=0.3),
    CostModel.empirical([0.5, 0.1, 0.9, 0.9]),
    CostModel.empirical([0.5, 0.1, 0.9, 0.9]).log_concave_majorant(),
]
factors = st.floats(0.1, 10)


def campaign(*, contact=0.5, max_depth=3, join=LAWS[0], **given):
    network = IncentiveNetwork(
        RING, contact=contact, join=join, invite=CostModel.exponential(mean=0.1), motives=Motives(charity=0.5)
    )
    task = Search(prize=100, targets=3, find=0.01)
    return Campaign(network, task, team=TopDegree(1), max_depth=max_depth, **given)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@given(factor=factors, x=st.floats(-1, 5))
def test_scaled_costs_are_the_costs_in_another_unit(law, factor, x):
    scaled = law.scaled(factor)
    assert type(scaled) is type(law)
    assert float(scaled.cdf(factor * x * (1 + 1e-12))) == pytest.approx(float(law.cdf(x)), abs=1e-9) or (
        float(law.cdf(x * (1 - 1e-9))) <= float(scaled.cdf(factor * x)) <= float(law.cdf(x * (1 + 1e-9)) + 1e-9)
    )  # fmt: skip
    assert scaled.mean == pytest.approx(factor * law.mean)
    assert float(scaled.ppf(0.3)) == pytest.approx(factor * float(law.ppf(0.3)))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@pytest.mark.parametrize("factor", [0, -1, float("nan")])
def test_costs_are_not_scaled_by_nothing(law, factor):
    with pytest.raises(InvalidInputError, match="must be"):
        law.scaled(factor)


@given(join=factors, invite=factors, find=st.floats(0.1, 100), contact=st.floats(0.1, 2))
def test_what_is_assumed_changes_and_the_rest_stays(join, invite, find, contact):
    timed = campaign(
        contact=np.linspace(0.1, 0.5, RING.m),
        max_invites=2,
        response=ResponseTime.exponential(mean=1),
        horizon=7,
    )
    other = assuming(timed, join=join, invite=invite, find=find, contact=contact)
    assert other.network.join == timed.network.join.scaled(join)
    assert other.network.invite == timed.network.invite.scaled(invite)
    assert other.task == Search(prize=100, targets=3, find=0.01 * find)
    assert other.network.contact == pytest.approx(np.linspace(0.1, 0.5, RING.m) * contact)
    for name in ("team", "max_depth", "max_invites", "response", "horizon"):
        assert getattr(other, name) == getattr(timed, name)
    assert other.network.motives is timed.network.motives
    assert other.network.graph is RING


def test_nothing_assumed_is_the_same_campaign():
    one = campaign(contact=np.float32([0.5] * RING.m))
    same = assuming(one)
    assert same.network.contact is one.network.contact  # however many arcs there are
    assert (same.task, same.horizon, same.max_invites) == (one.task, one.horizon, None)


def test_motives_are_assumed_too():
    moved = assuming(campaign(), motives=Motives(reciprocity=2))
    assert moved.network.motives.weights.tolist() == [[1, 0, 2, 0]]


BOX = {"join": (0.5, 2.0), "find": (0.25, 4.0), "contact": (1.0, 1.0)}


def point(one):
    return one.network.join.mean / 0.8, one.task.find / 0.01, one.network.contact / 0.5


def test_corners_are_all_ends_of_all_intervals():
    scenarios = Scenarios.corners(campaign(), **BOX)
    corners = [point(one) for one in scenarios.campaigns]
    assert corners == [pytest.approx(corner) for corner in product((0.5, 2.0), (0.25, 4.0), (1.0,))]
    assert scenarios.criterion == "worst"
    assert scenarios.weights == (0.25,) * 4


@given(st.integers(1, 12), st.integers(0, 5))
def test_a_sample_has_one_point_in_each_slice_of_each_interval(count, rng):
    scenarios = Scenarios.sample(campaign(), count, **BOX, rng=rng)
    points = np.array([point(one) for one in scenarios.campaigns])
    for axis, (low, high) in enumerate(list(BOX.values())[:2]):
        place = np.log(points[:, axis] / low) / np.log(high / low) * count
        assert sorted(np.minimum(np.floor(place + 1e-9), count - 1).astype(int).tolist()) == list(
            range(count)
        )
    assert points[:, 2] == pytest.approx(1)
    again = Scenarios.sample(campaign(), count, **BOX, rng=rng)
    assert [point(one) for one in again.campaigns] == [point(one) for one in scenarios.campaigns]


def test_samples_differ_by_their_name():
    first, second = (Scenarios.sample(campaign(), 3, join=(0.5, 2), rng=rng) for rng in (1, 2))
    assert [point(one) for one in first.campaigns] != [point(one) for one in second.campaigns]


def test_weights_are_chances():
    scenarios = Scenarios([campaign(), campaign()], weights=[1, 3])
    assert scenarios.weights == (0.25, 0.75)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: assuming(campaign(), join=0), r"join is 0; it must be a finite factor above 0"),
        (lambda: assuming(campaign(), invite="2"), r"invite is '2'"),
        (lambda: assuming(campaign(), find=101), r"find is 101\.?0?; it must be a factor of at most 100"),
        (lambda: assuming(campaign(), contact=2.5), r"contact is 2.5; it must be a factor of at most 2"),
        (lambda: assuming(campaign(contact=np.linspace(0, 0.8, RING.m)), contact=1.5), "at most 1.25"),
        (lambda: assuming("karate"), r"campaign is 'karate'"),
        (lambda: assuming(campaign(), motives=2), r"motives is 2"),
        (lambda: Scenarios([]), r"campaigns is \(\)"),
        (lambda: Scenarios([campaign(), 2]), r"campaigns\[1\] is 2"),
        (lambda: Scenarios([campaign(), campaign(max_depth=4)]), r"campaigns\[1\] is 4; .*largest depth 3"),
        (lambda: Scenarios([campaign()], criterion="mean"), r"criterion is 'mean'"),
        (lambda: Scenarios([campaign()], weights=[1, 1]), r"weights is 2; it must be 1"),
        (lambda: Scenarios([campaign(), campaign()], weights=[1, 0]), r"weights\[1\] is 0"),
        (lambda: Scenarios([campaign()], weights=[True]), r"weights\[0\] is True"),
        (lambda: Scenarios([campaign()], weights=[1], criterion="worst"), r"weights is \[1\]; .*left out"),
        (lambda: Scenarios.corners(campaign()), r"join is None"),
        (lambda: Scenarios.corners(campaign(), join=(2, 1)), r"join is \(2, 1\); .*smaller one first"),
        (lambda: Scenarios.corners(campaign(), find=0.5), r"find is 0.5"),
        (lambda: Scenarios.corners(campaign(), find=(0, 1)), r"find is \(0, 1\)"),
        (lambda: Scenarios.sample(campaign(), 0, join=(1, 2), rng=1), r"count is 0"),
        (lambda: Scenarios.sample(campaign(), 2, join=(1, 2), rng=-1), r"rng is -1"),
        (lambda: Scenarios.sample(campaign(), 2, join=(1, 2), rng=True), r"rng is True"),
    ],
)
def test_wrong_input_is_named(build, words):
    with pytest.raises(InvalidInputError, match=words):
        build()
