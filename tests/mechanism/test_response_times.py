"""Laws of response times: means and distribution functions that fit together, spelling, wrong input."""

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from mechanism import InvalidInputError, ResponseTime
from mechanism.response_times import ExponentialTime, GammaTime, LognormalTime, ParetoTime

LAWS = {
    "exponential:2": (ResponseTime.exponential(mean=2), stats.expon(scale=2)),
    "gamma:2.5:3": (ResponseTime.gamma(shape=2.5, mean=3), stats.gamma(2.5, scale=3 / 2.5)),
    "lognormal:1:1.5": (ResponseTime.lognormal(median=1, sigma=1.5), stats.lognorm(1.5)),
    "pareto:0.5:2.5": (ResponseTime.pareto(least=0.5, exponent=2.5), stats.pareto(2.5, scale=0.5)),
}


@pytest.mark.parametrize("text", LAWS)
def test_laws_are_those_of_the_books(text):
    law, book = LAWS[text]
    times = np.array([-1, 0, 0.1, 0.5, 1, 3, 50])
    assert law.cdf(times) == pytest.approx(book.cdf(times), abs=1e-14)
    assert law.mean == pytest.approx(book.mean())
    tail, _ = integrate.quad(lambda t: 1 - float(law.cdf(t)), 0, np.inf, limit=500)
    assert law.mean == pytest.approx(tail, rel=1e-4)
    assert ResponseTime.parse(text) == law


@pytest.mark.parametrize("text", LAWS)
def test_quantiles_turn_the_distribution_round(text):
    law, book = LAWS[text]
    shares = np.array([[0, 1e-12, 0.3], [0.5, 0.999, 1 - 1e-9]])
    assert law.ppf(shares) == pytest.approx(book.ppf(shares), rel=1e-7)
    assert law.cdf(law.ppf(shares)) == pytest.approx(shares, rel=1e-12, abs=1e-14)
    assert law.median == pytest.approx(book.median(), rel=1e-12)
    for share in (1.0, -0.1, np.nan):
        with pytest.raises(InvalidInputError, match="u"):
            law.ppf([0.5, share])


POSITIVE = st.floats(1e-3, 1e3)


@given(st.sampled_from([ExponentialTime, GammaTime, LognormalTime, ParetoTime]), POSITIVE, POSITIVE)
def test_laws_survive_json(law, first, second):
    made = law(*(first, second)[: len(fields(law))])
    assert ResponseTime.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"law": "weibull", "mean": 1},
        {"law": "gamma", "mean": 1},
        {"law": "exponential", "average": 1},
        {"law": "exponential", "mean": 1, "shape": 1},
        "exponential",
    ],
)
def test_what_is_no_law_is_refused(data):
    with pytest.raises(InvalidInputError, match="response time is"):
        ResponseTime.from_dict(data)


def test_means_beyond_the_largest_float_are_infinite():
    assert ResponseTime.lognormal(median=1, sigma=40).mean == np.inf
    assert ResponseTime.lognormal(median=1e-300, sigma=40).mean == pytest.approx(
        np.exp(800 - 300 * np.log(10))
    )


def test_a_heavy_tail_has_no_mean():
    assert ResponseTime.pareto(least=1, exponent=1).mean == np.inf


@pytest.mark.parametrize("text", ["", "exponential", "exponential:1:2", "weibull:1", "gamma:a:1", 3])
def test_wrong_spelling(text):
    with pytest.raises(InvalidInputError, match="response time is"):
        ResponseTime.parse(text)


@pytest.mark.parametrize("law", [ExponentialTime, GammaTime, LognormalTime, ParetoTime])
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, "1", True])
def test_parameters_are_above_zero(law, value):
    names = fields(law)
    for place in range(len(names)):
        values = [1.0] * len(names)
        values[place] = value
        with pytest.raises(InvalidInputError, match="finite number above 0"):
            law(*values)
