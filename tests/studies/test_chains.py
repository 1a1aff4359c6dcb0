"""Attrition in chains: exact where the truth is known, and what completed chains cannot tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.studies import chains
from mechanism import datasets

RATES = st.floats(0.05, 0.7)


def completed(law, attrition, started):
    """Return the expected completed chains."""
    return started * law * attrition.survival(len(law) - 1)


def of_rate(rate, slope=0.0):
    return chains.Attrition(float(np.log(rate / (1 - rate))), slope)


@given(RATES, st.floats(2, 7), st.floats(-0.2, 0.3))
def test_attrition_and_lengths_are_recovered(rate, mean, slope):
    law, truth = chains.poisson_law(mean), of_rate(rate, slope)
    counts = completed(law, truth, 1000)
    found = chains.fit(counts, 1000, slope)
    assert found.rate == pytest.approx(rate, rel=1e-6)
    assert chains.corrected(counts, found) == pytest.approx(law, abs=1e-9)
    share = counts.sum() / 1000
    assert chains.fit_given(law, share, slope).rate == pytest.approx(rate, rel=1e-6)


def test_poisson_lengths_in_closed_form():
    """Lengths Poisson(m) thinned by s: completed ones are Poisson(m s), a share exp(-m (1 - s)) of those started."""
    mean, rate = 3.0, 0.2
    law = chains.poisson_law(mean)
    counts = completed(law, of_rate(rate), 1.0)
    assert counts.sum() == pytest.approx(np.exp(-mean * rate), rel=1e-4)
    assert counts / counts.sum() == pytest.approx(chains.poisson_law(mean * (1 - rate)), abs=1e-4)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 50), min_size=13, max_size=13).filter(any), RATES)
def test_lengths_alone_do_not_identify_attrition(counts, rate):
    """Every rate explains completed lengths exactly as well, with lengths of its own."""
    seen = np.array(counts, dtype=float)
    truth = chains.corrected(seen, of_rate(rate))
    again = truth * of_rate(rate).survival()
    own = chains.log_score(seen / seen.sum(), seen)
    assert chains.log_score(again / again.sum(), seen) == pytest.approx(own, abs=1e-9)


def test_one_study_predicts_another_of_the_same_lengths():
    """Where only the attrition differs the model is right, and the same lengths as before are wrong."""
    law = chains.poisson_law(5.0)
    first, second = completed(law, of_rate(0.1), 1e6), completed(law, of_rate(0.4), 1e6)
    laws = chains.predictions(first, 10**6, second.sum() / 1e6, 0.1)
    assert laws["constant attrition"] == pytest.approx(second / second.sum(), abs=1e-4)
    best = chains.log_score(laws["constant attrition"], second)
    assert all(
        best > chains.log_score(laws[name], second) + 0.1
        for name in ("same lengths (naive)", "all lengths alike (naive)")
    )
    assert all(one.sum() == pytest.approx(1) for one in laws.values())


def test_median():
    assert chains.median(np.array([0.2, 0.2, 0.2, 0.4])) == 2


def test_the_real_chains():
    """More drop out by e-mail than by post, beyond chance; the model loses to the same lengths, as the study says."""
    try:
        data = {name: counts.astype(float) for name, counts in chains.chains().items()}
        slope, error = chains.jazz_slope()
    except datasets.DatasetMissingError as reason:
        pytest.skip(str(reason))
    assert {name: counts.sum() for name, counts in data.items()} == {"milgram1967": 64, "dodds2003": 402}
    assert 0 < error < slope
    bounds = {}
    for name, counts in data.items():
        started = chains.STARTED[name]
        found = chains.fit(counts, started)
        assert counts @ (1 / found.survival()) == pytest.approx(started)
        again = chains.spread(counts, started, 0.0, rng=np.random.default_rng(7))
        bounds[name] = np.quantile(again[:, 0], [0.01, 0.99])
        assert bounds[name][0] < found.rate < bounds[name][1]
        assert chains.median(chains.corrected(counts, found)) > chains.median(counts)
    assert bounds["milgram1967"][1] < bounds["dodds2003"][0]
    other = data["dodds2003"]
    share = other.sum() / chains.STARTED["dodds2003"]
    laws = chains.predictions(data["milgram1967"], 217, share, slope)
    assert chains.log_score(laws["constant attrition"], other) < chains.log_score(
        laws["same lengths (naive)"], other
    )
