"""Motive weights in scikit-learn: its own checks, the estimate behind it, weights of answers, and a prior."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.calibration import calibration_curve
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from mechanism import CostModel
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from solvers.motive_classifier import MotiveClassifier
from solvers.motive_inference import NotIdentifiedError, infer_motives, simulate_exposures

LAWS = {
    "logistic": CostModel.logistic(mean=4, scale=1),
    "exponential": CostModel.exponential(mean=4),
    "weibull:2": CostModel.weibull(scale=5, shape=2),
    "uniform": CostModel.uniform(low=0, high=9),
}
BOTH = ["profit", "charity"]


def data(cost="logistic", n=500, seed=3):
    """Return offers of profit and charity, and who took them."""
    payoffs = np.random.default_rng(seed).uniform(0, 4, (n, 2))
    return payoffs, simulate_exposures([1.0, 0.5], cost=LAWS[cost], payoffs=payoffs, rng=seed)


# Its data are separated or fewer than the columns more often than not: only a prior gives these an answer.
def test_scikit_learn_finds_nothing_wrong():
    found = check_estimator(MotiveClassifier(prior=1.0), on_skip=None)
    assert len(found) > 50
    assert {one["check_name"] for one in found if one["status"] != "passed"} <= {"check_array_api_input"}


def test_without_a_prior_separated_offers_are_refused():
    with pytest.raises(NotIdentifiedError, match="separated"):
        MotiveClassifier().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    with pytest.raises(NotIdentifiedError, match="vary one"):
        MotiveClassifier().fit([[0.0, 0], [1, 2], [2, 4], [1, 2]], [0, 1, 0, 1])


@pytest.mark.parametrize("cost", list(LAWS))
def test_the_estimate_is_that_of_infer_motives(cost):
    payoffs, joined = data(cost)
    model = MotiveClassifier(cost=cost, names=BOTH, confidence=0.9).fit(payoffs, joined)
    found = infer_motives(payoffs, joined, names=BOTH, cost=cost, confidence=0.9)
    np.testing.assert_array_equal(model.weights_, found.weights[:2])
    np.testing.assert_array_equal(model.intervals_, found.weights_interval[:2])
    np.testing.assert_array_equal(model.coef_, found.coefficients[None, :2])
    assert model.intercept_ == (-found.coefficients[2] if cost == "logistic" else 0)
    assert model.estimate_.cost == cost
    # The chances are those of the inferred game, also beyond the data.
    asked = np.vstack((payoffs, [[0.0, 0.0], [50.0, 9.0]]))
    chance = found.cost_model().cdf(asked @ found.weights[:2])
    np.testing.assert_allclose(model.predict_proba(asked), np.column_stack((1 - chance, chance)), atol=1e-12)
    odds = model.decision_function(asked)
    np.testing.assert_array_equal(odds > 0, model.predict_proba(asked)[:, 1] > 0.5)
    np.testing.assert_array_equal(model.predict(asked), odds > 0)
    assert model.score(payoffs, joined) == np.mean(model.predict(payoffs) == joined) > 0.6


def test_the_chance_of_who_surely_refuses_is_told_to_the_last_digit():
    model = MotiveClassifier().fit(*data())
    worth = model.decision_function([[-400.0, 0.0]])
    np.testing.assert_allclose(model.predict_proba([[-400.0, 0.0]])[:, 1], np.exp(worth), rtol=1e-12)


def test_offers_worth_less_than_nothing_have_no_chance_where_costs_begin_at_0():
    model = MotiveClassifier(cost="weibull:2").fit(*data("weibull:2"))
    assert model.predict_proba([[-1.0, -1.0]]).tolist() == [[1.0, 0.0]]
    assert model.decision_function([[-1.0, -1.0]]) == -np.inf
    with pytest.raises(InvalidInputError, match="at least 0"):
        model.fit([[-1.0, 1.0], [2.0, 1.0], [3.0, 3.0]], [0, 1, 0])


def test_columns_of_a_frame_name_the_motives():
    payoffs, joined = data()
    labels = np.where(joined, "joined", "refused")
    frame = pd.DataFrame(payoffs, columns=BOTH)
    model = MotiveClassifier().fit(frame, labels)
    assert model.estimate_.names == ("profit", "charity", "mean cost")
    assert model.classes_.tolist() == ["joined", "refused"]  # in sorted order: the second is "joins"
    other = MotiveClassifier(numeraire=None).fit(frame, ~joined)
    np.testing.assert_allclose(other.coef_, model.coef_)
    np.testing.assert_array_equal(other.weights_, other.coef_[0])
    np.testing.assert_array_equal(other.intervals_, other.estimate_.interval[:2])
    unnamed = MotiveClassifier().fit(payoffs, joined)
    assert unnamed.estimate_.names == ("x0", "x1", "mean cost")
    four = np.hstack((payoffs, payoffs[::-1]))
    assert MotiveClassifier().fit(four, joined).estimate_.names[2] == "reciprocity"


def test_a_weight_counts_answers():
    payoffs, joined = data(n=80)
    often = np.random.default_rng(1).integers(0, 4, 80)
    weighed = MotiveClassifier(names=BOTH, prior=0.5).fit(payoffs, joined, sample_weight=often)
    repeated = MotiveClassifier(names=BOTH, prior=0.5).fit(
        np.repeat(payoffs, often, 0), np.repeat(joined, often)
    )
    np.testing.assert_allclose(weighed.weights_, repeated.weights_, rtol=1e-8)
    np.testing.assert_allclose(weighed.intervals_, repeated.intervals_, rtol=1e-4)
    assert weighed.estimate_.people == often.sum()
    half = infer_motives(payoffs, joined, names=BOTH, importance=0.5)
    whole = infer_motives(payoffs, joined, names=BOTH)
    np.testing.assert_allclose(half.coefficients, whole.coefficients, rtol=1e-7)
    np.testing.assert_allclose(half.stderr, np.sqrt(2) * whole.stderr, rtol=1e-6)
    with pytest.raises(InvalidInputError, match=r"importance\[1\] is 0.0; it must be above 0"):
        infer_motives(payoffs, joined, names=BOTH, importance=np.where(np.arange(80) == 1, 0.0, 1.0))


@pytest.mark.parametrize(
    "labels, often, words",
    [
        ([0, 1, 2, 1], None, "Only binary classification is supported. The type of the target is multiclass"),
        ([0, 0, 0, 0], None, "y has just one class"),
        ([0, 0, 1, 1], [1, 1, 0, 0], "two classes where sample_weight is above 0"),
        ([0, 0, 1, 1], [0, 0, 0, 0], "sample_weight is 'zero for all'"),
        ([0, 0, 1, 1], [1, -1, 1, 1], r"sample_weight\[1\] is -1"),
        ([0, 0, 1, 1], [1, 1, 1], "sample_weight"),
    ],
)
def test_what_is_no_choice_of_two_is_refused(labels, often, words):
    with pytest.raises(ValueError, match=words):
        MotiveClassifier().fit([[1.0], [2.0], [1.5], [3.0]], labels, sample_weight=often)


def test_it_works_in_pipelines_and_searches():
    payoffs, joined = data(n=300)
    model = make_pipeline(FunctionTransformer(np.log1p), MotiveClassifier(prior=1.0))
    search = GridSearchCV(
        model, {"motiveclassifier__prior": [0.1, 300.0]}, scoring="neg_log_loss", cv=3, error_score="raise"
    ).fit(payoffs, joined)
    assert search.best_params_ == {"motiveclassifier__prior": 0.1}
    fresh = clone(search.best_estimator_[-1])
    assert fresh.get_params()["prior"] == 0.1
    assert not hasattr(fresh, "coef_")
    seen, said = calibration_curve(joined, search.predict_proba(payoffs)[:, 1], n_bins=3)
    np.testing.assert_allclose(seen, said, atol=0.1)


# The prior


@pytest.mark.parametrize("people", [0.5, 3.0])
def test_the_prior_is_that_of_log_f(people):
    """Another optimiser, on the likelihood with the law of the coefficients written out."""
    payoffs, joined = data(n=60)
    typical = np.sqrt((payoffs**2).mean(axis=0))

    def loss(beta):
        worth = payoffs @ beta[:2] - beta[2]
        spread = beta[:2] * typical
        fit = np.logaddexp(0, np.where(joined, -worth, worth)).sum()
        return fit - (people / 2 * spread - people * np.logaddexp(0, spread)).sum()

    best = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-8})
    found = infer_motives(payoffs, joined, names=BOTH, prior=people)
    np.testing.assert_allclose(found.coefficients, best.x, atol=1e-6)
    assert "prior" in found.method
    worth = payoffs @ best.x[:2] - best.x[2]
    assert found.loglik == pytest.approx(-np.logaddexp(0, np.where(joined, -worth, worth)).sum())
    assert found.people == 60
    # The interval ends where the profile of this very loss has risen by half a quantile of chi-square.
    edge = found.interval[0, 1]
    held = minimize(lambda free: loss(np.array([edge, *free])), best.x[1:], method="BFGS")
    assert held.fun - best.fun == pytest.approx(1.959964**2 / 2, rel=1e-4)


def test_the_prior_answers_where_the_data_do_not():
    apart = infer_motives([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1], names=["profit"], prior=1)
    assert np.isfinite(apart.coefficients).all()
    assert apart.coefficients[0] > 0
    together = infer_motives([[0.0, 0], [1, 2], [2, 4], [1, 2]], [0, 1, 1, 0], names=BOTH, prior=1)
    first, second = together.coefficients[:2]
    assert first > 0.1
    assert first == pytest.approx(2 * second)  # both columns are the same but for their unit


def test_the_prior_knows_no_unit_of_money():
    payoffs, joined = data(n=100)
    here = infer_motives(payoffs, joined, names=BOTH, prior=2)
    there = infer_motives(payoffs * 100, joined, names=BOTH, prior=2)
    np.testing.assert_allclose(there.coefficients[:2] * 100, here.coefficients[:2], rtol=1e-7)
    np.testing.assert_allclose(there.weights[1], here.weights[1], rtol=1e-7)


def test_where_a_prior_has_no_meaning_it_is_refused():
    payoffs, joined = data(n=100)
    with pytest.raises(UnsupportedProblemError, match="a prior does not go with robust intervals"):
        infer_motives(payoffs, joined, names=BOTH, prior=1, robust=True)
    with pytest.raises(UnsupportedProblemError, match="a prior does not go with exponential costs"):
        infer_motives(payoffs, joined, names=BOTH, prior=1, cost="exponential")
    with pytest.raises(InvalidInputError, match="prior is -1; it must be a number of people"):
        infer_motives(payoffs, joined, names=BOTH, prior=-1)
