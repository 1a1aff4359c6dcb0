"""The least log-concave majorant of observed costs, against chords drawn between all pairs of observations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import CostModel, InvalidInputError
from mechanism.cost_laws import ConcaveLogCost

samples = st.lists(st.integers(-20, 60).map(lambda tenths: tenths / 10), min_size=1, max_size=12)


def by_chords(law, x):
    """The greatest value at x of any chord between two points of log F: the upper hull, by brute force."""
    costs = sorted(set(law.sample))
    if x < costs[0]:
        return -np.inf
    points = [(cost, float(law.log_cdf(cost))) for cost in [*costs, costs[-1] + 100]]
    heights = [y for cost, y in points if cost == x]
    for one in points:
        for two in points:
            if one[0] <= x <= two[0] and one[0] < two[0]:
                part = (x - one[0]) / (two[0] - one[0])
                heights.append((1 - part) * one[1] + part * two[1])
    return max(heights)


@given(samples, st.lists(st.floats(-3, 8), min_size=1, max_size=20))
def test_it_is_the_upper_hull(sample, places):
    law = CostModel.empirical(sample)
    majorant = law.log_concave_majorant()
    for x in [*places, *sample]:
        assert float(majorant.log_cdf(x)) == pytest.approx(by_chords(law, x), abs=1e-9)


@given(samples, st.floats(-3, 8), st.floats(-3, 8))
def test_it_is_above_log_concave_and_a_distribution(sample, x, y):
    law = CostModel.empirical(sample)
    majorant = law.log_concave_majorant()
    assert majorant.is_log_concave
    assert majorant.cdf(x) >= law.cdf(x) - 1e-12
    middle = float(majorant.log_cdf((x + y) / 2))
    assert middle >= (float(majorant.log_cdf(x)) + float(majorant.log_cdf(y))) / 2 - 1e-9
    assert majorant.cdf(max(x, y)) >= majorant.cdf(min(x, y))
    assert majorant.cdf(max(sample)) == 1
    touched = [cost for cost in sample if abs(float(majorant.cdf(cost) - law.cdf(cost))) < 1e-12]
    assert {min(sample), max(sample)} <= set(touched)
    assert set(majorant.knots) <= set(touched)


@given(samples)
def test_its_quantiles_slope_and_mean_belong_together(sample):
    majorant = CostModel.empirical(sample).log_concave_majorant()
    u = (np.arange(20_000) + 0.5) / 20_000
    costs = majorant.ppf(u)
    assert majorant.cdf(costs + 1e-9).min() >= 0
    assert (majorant.cdf(costs + 1e-9) >= u - 1e-6).all()
    assert costs.mean() == pytest.approx(majorant.mean, abs=2e-3)
    assert majorant.mean <= CostModel.empirical(sample).mean + 1e-9
    x = np.linspace(min(sample), max(sample) + 1, 37) + 1e-4
    rise = (majorant.log_cdf(x + 1e-7) - majorant.log_cdf(x)) / 1e-7
    inside = np.array([not any(at <= knot <= at + 1e-7 for knot in majorant.knots) for at in x])
    assert majorant.log_cdf_slope(x)[inside] == pytest.approx(rise[inside], abs=1e-4)
    assert majorant.log_cdf_slope(min(sample) - 1) == np.inf


@given(samples, st.floats(0.1, 10))
def test_other_units_scale_it(sample, factor):
    law = CostModel.empirical(sample)
    one, two = law.scaled(factor).log_concave_majorant(), law.log_concave_majorant().scaled(factor)
    x = np.linspace(-3, 8, 23) * factor + 1e-7
    assert one.cdf(x) == pytest.approx(two.cdf(x), abs=1e-9)


def test_log_concave_laws_are_their_own():
    law = CostModel.exponential(mean=1)
    assert law.log_concave_majorant() is law


def test_observed_costs_slope_to_nowhere_below_the_first():
    assert CostModel.empirical([1, 2]).log_cdf_slope([0.5, 1, 1.5, 3]).tolist() == [np.inf, 0, 0, 0]


def test_a_mean_beyond_all_numbers_is_infinite():
    assert CostModel.weibull(scale=1, shape=0.005).mean == np.inf


@pytest.mark.parametrize(
    ("knots", "logs", "words"),
    [
        ((), (), "knots is"),
        ((1, 1), (-1, 0), "knots is"),
        ((1, 2), (0,), "logs is"),
        ((1, 2), (-1, -0.5), "logs is"),
        ((1, 2, 3), (-3, -2, 0), "logs is"),
    ],
)
def test_what_is_no_concave_law_is_refused(knots, logs, words):
    with pytest.raises(InvalidInputError, match=words):
        ConcaveLogCost(knots, logs)
