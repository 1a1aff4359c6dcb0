"""Weights on motives from who joined: closed forms, another solver, other coordinates, coverage, and what data hide."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import chi2, norm

from benchmarks.calibration import calibrate
from mechanism import CostModel, Motives
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from solvers.joining_intervals import fit_test
from solvers.joining_likelihood import Joins, fit, joining_law
from solvers.motive_inference import (
    NotIdentifiedError,
    compare_costs,
    infer_motives,
    simulate_exposures,
)

LAWS = ("logistic", "exponential", "weibull:2", "weibull:1.5", "uniform")
BOTH = ("profit", "charity")
LAW = CostModel.exponential(mean=1)


def data(cost="logistic", n=400, seed=1, weights=(1.0, 0.6, 0.3, 0.8)):
    """Return offers and who took them."""
    rng = np.random.default_rng(seed)
    payoffs = rng.uniform(0, 4, (n, 4))
    payoffs[:, 3] = rng.random(n) < 0.5
    law = {
        "logistic": CostModel.logistic(mean=4, scale=1),
        "exponential": CostModel.exponential(mean=4),
        "weibull:2": CostModel.weibull(scale=5, shape=2),
        "weibull:1.5": CostModel.weibull(scale=5, shape=1.5),
        "uniform": CostModel.uniform(low=0, high=16),
    }[cost]
    return payoffs, simulate_exposures(weights, cost=law, payoffs=payoffs, rng=seed)


def joins(cost, design, joined, *, held=False):
    taken = np.asarray(joined, dtype=float)
    return Joins(
        design, taken, 1 - taken, joining_law(cost), np.full(design.shape[1], held), np.zeros(len(design))
    )


def profile(found, payoffs, joined, at):
    """Return the log-likelihood of the best weights whose ratio charity / profit is `at`."""
    merged = np.column_stack((payoffs[:, 0] + at * payoffs[:, 1], -np.ones(len(payoffs))))
    return fit(joins("logistic", merged, joined)).value


# Closed forms


@settings(max_examples=12)
@given(st.integers(1, 99), st.integers(1, 99))
def test_two_offers_reproduce_the_shares(few, many):
    """With as many parameters as offers the fitted chances are the shares: coefficients are logits."""
    found = infer_motives([[0.0], [2.0]], [few, many], counts=[100, 100], names=["profit"])
    low, high = logit(few / 100), logit(many / 100)
    assert found.coefficients == pytest.approx([(high - low) / 2, -low], abs=1e-8)
    information = 100 * np.array([few * (100 - few), many * (100 - many)]) / 1e4
    assert found.stderr[1] == pytest.approx(1 / np.sqrt(information[0]))
    assert found.stderr[0] == pytest.approx(np.sqrt((1 / information).sum()) / 2)
    assert found.test.freedom == 0
    if high > low:
        assert found.scale == pytest.approx(2 / (high - low))
        assert found.weights[1] == pytest.approx(-low * found.scale)
    elif high < low:
        assert np.isnan(found.scale)


@pytest.mark.parametrize("share", [0.03, 0.4, 0.97])
def test_one_offer_in_closed_form(share):
    """F(theta z) is the share who joined; the profile interval of theta is that of the share."""
    asked, offer = 1000, 2.5
    taken = round(share * asked)
    worth = {
        "exponential": -np.log1p(-share),
        "weibull:2": np.sqrt(-np.log1p(-share)),
        "uniform": share,
    }
    for cost, x in worth.items():
        found = infer_motives([[offer]], [taken], counts=[asked], names=["profit"], cost=cost)
        assert found.scale == pytest.approx(offer / x)
        for end in found.interval[0]:
            p = float(joining_law(cost).chance(np.array([end * offer]))[0][0])
            drop = taken * np.log(share / p) + (asked - taken) * np.log((1 - share) / (1 - p))
            assert 2 * drop == pytest.approx(chi2.ppf(0.95, 1), rel=1e-4)
        assert found.scale_interval == pytest.approx(tuple(1 / found.interval[0][::-1]))


def test_sandwich_of_one_share_is_that_of_the_binomial():
    found = infer_motives([[1.0]], [30], counts=[100], names=["profit"], cost="exponential", robust=True)
    assert found.stderr[0] == pytest.approx(np.sqrt(0.3 * 0.7 / 100) / 0.7)  # d x / d p = 1 / (1 - p)


def test_money_units_change_scale_and_nothing_else():
    payoffs, joined = data()
    one, cents = infer_motives(payoffs, joined), infer_motives(payoffs * [100, 100, 100, 1], joined)
    assert cents.scale == pytest.approx(100 * one.scale)
    assert cents.weights[1:3] == pytest.approx(one.weights[1:3], rel=1e-6)
    assert cents.weights[3:] == pytest.approx(100 * one.weights[3:], rel=1e-6)
    assert cents.weights_interval[1] == pytest.approx(one.weights_interval[1], rel=1e-4)
    assert cents.loglik == pytest.approx(one.loglik)


@pytest.mark.parametrize("cost", LAWS)
def test_grouped_and_single_answers_say_the_same(cost):
    payoffs, _ = data(cost, n=20)
    again = np.repeat(payoffs, 30, axis=0)
    joined = simulate_exposures([1, 0.6, 0.3, 0.8], cost=CostModel.exponential(mean=8), payoffs=again, rng=5)
    single = infer_motives(again, joined, cost=cost)
    grouped = infer_motives(payoffs, joined.reshape(20, 30).sum(axis=1), counts=[30] * 20, cost=cost)
    assert grouped.coefficients == pytest.approx(single.coefficients, abs=1e-9)
    assert grouped.weights_interval == pytest.approx(single.weights_interval, abs=1e-5)
    assert grouped.test.statistic == pytest.approx(single.test.statistic)


# The likelihood, its slopes, and its greatest value


@pytest.mark.parametrize("cost", LAWS)
def test_slopes_are_those_of_the_law(cost):
    law = joining_law(cost)
    x, h = np.linspace(0.05, 0.9, 12), 1e-5
    assert np.exp(law.joined(x)[0]) + np.exp(law.refused(x)[0]) == pytest.approx(1)
    for part in (law.joined, law.refused):
        value, slope, bend = part(x)
        above, below = part(x + h), part(x - h)
        assert slope == pytest.approx((above[0] - below[0]) / (2 * h), rel=1e-6)
        assert bend == pytest.approx((above[1] - below[1]) / (2 * h), rel=1e-6, abs=1e-8)
        assert (bend <= 0).all()
        assert value.shape == x.shape
    chance, density = law.chance(x)
    assert chance == pytest.approx(np.exp(law.joined(x)[0]))
    assert density == pytest.approx((law.chance(x + h)[0] - law.chance(x - h)[0]) / (2 * h), rel=1e-6)


@pytest.mark.parametrize(("cost", "model"), [
    ("exponential", CostModel.exponential(mean=1)), ("weibull:2", CostModel.weibull(scale=1, shape=2)),
    ("uniform", CostModel.uniform(low=0, high=1)), ("logistic", CostModel.logistic(mean=0, scale=1)),
])  # fmt: skip
def test_laws_are_those_of_the_game(cost, model):
    x = np.linspace(0.01, 0.99, 9)
    assert joining_law(cost).chance(x)[0] == pytest.approx(model.cdf(x), rel=1e-12)


@pytest.mark.parametrize("cost", ["logistic", "exponential", "uniform"])
@pytest.mark.parametrize("nonnegative", [False, True])
def test_a_cone_solver_finds_the_same_weights(cost, nonnegative):
    """Clarabel on the same likelihood, one motive without effect so that bounds matter."""
    cp = pytest.importorskip("cvxpy")
    payoffs, joined = data(cost, n=150, seed=4, weights=(1.0, 0.6, 0.0, 0.8))
    found = infer_motives(payoffs, joined, cost=cost, nonnegative=nonnegative)
    signed = cost == "logistic"
    design = np.column_stack((payoffs, -np.ones(150))) if signed else payoffs
    beta = cp.Variable(design.shape[1])
    x = design @ beta
    took, not_ = joined.astype(bool), ~joined.astype(bool)
    if signed:
        value = cp.sum(-cp.logistic(-x[took])) + cp.sum(-cp.logistic(x[not_]))
    elif cost == "uniform":
        value = cp.sum(cp.log(x[took])) + cp.sum(cp.log(1 - x[not_]))
    else:  # log(1 - exp(-x)) = log u with u <= 1 - exp(-x)
        u = cp.Variable(int(took.sum()))
        value = cp.sum(cp.log(u)) - cp.sum(x[not_])
    rules = [beta[:4] >= 0] if nonnegative or not signed else []
    if cost == "exponential":
        rules.append(cp.exp(-x[took]) <= 1 - u)
    problem = cp.Problem(cp.Maximize(value), rules)
    problem.solve(solver="CLARABEL", tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    assert found.loglik == pytest.approx(problem.value, abs=1e-6)
    assert found.coefficients == pytest.approx(beta.value, abs=1e-5)
    assert found.gradient <= 1e-6


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.sampled_from(["logistic", "exponential", "weibull:2"]))
def test_no_other_weights_are_more_likely(seed, cost):
    payoffs, joined = data(cost, n=80, seed=seed)
    found = infer_motives(payoffs, joined, cost=cost, nonnegative=True)
    held = np.array([name in found.held for name in found.names])
    design = np.column_stack((payoffs, -np.ones(80))) if cost == "logistic" else payoffs
    problem = joins(cost, design, joined)
    assert problem.pieces(found.coefficients)[0] == pytest.approx(found.loglik)
    rng = np.random.default_rng(seed)
    for size in (1e-4, 1e-2, 1.0):
        other = found.coefficients + size * rng.standard_normal(len(held))
        other = np.where(held, np.maximum(other, 0), other)
        assert problem.pieces(other)[0] <= found.loglik + 1e-9


def test_the_same_data_give_the_same_result():
    payoffs, joined = data()
    assert infer_motives(payoffs, joined).to_dict() == infer_motives(payoffs, joined).to_dict()
    order = np.random.default_rng(0).permutation(len(joined))
    mixed = infer_motives(payoffs[order], joined[order])
    assert mixed.coefficients == pytest.approx(infer_motives(payoffs, joined).coefficients, abs=1e-9)


# Intervals


def test_ends_of_a_ratio_lie_where_its_profile_has_fallen():
    payoffs, joined = data(n=300)
    found = infer_motives(payoffs[:, :2], joined, names=BOTH, confidence=0.9)
    assert profile(found, payoffs, joined, found.weights[1]) == pytest.approx(found.loglik)
    for end in found.weights_interval[1]:
        assert 2 * (found.loglik - profile(found, payoffs, joined, end)) == pytest.approx(
            chi2.ppf(0.9, 1), rel=1e-4
        )
    low, high = found.weights_interval[1]
    assert low < found.weights[1] < high
    assert high - low == pytest.approx(2 * norm.ppf(0.95) * found.weights_stderr[1], rel=0.25)


def test_a_weak_numeraire_bounds_no_ratio():
    rng = np.random.default_rng(3)
    payoffs = np.column_stack((rng.uniform(0, 0.2, 200), rng.uniform(0, 4, 200)))
    joined = simulate_exposures([1.0, 1.0], cost=CostModel.logistic(mean=2, scale=1), payoffs=payoffs, rng=6)
    for robust in (False, True):
        found = infer_motives(payoffs, joined, names=BOTH, robust=robust)
        assert found.interval[0, 0] < 0 < found.coefficients[0]
        assert found.weights_interval[1].tolist() == [-np.inf, np.inf]
        assert found.scale_interval[1] == np.inf
        assert "not told from 0" in str(found)
        assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["weights_interval"][1] == [None, None]
    held = infer_motives(payoffs, joined, names=BOTH, cost="exponential")
    assert held.weights_interval[1, 0] > 0
    assert held.weights_interval[1, 1] == np.inf


def test_weights_at_their_bound_have_one_sided_intervals():
    payoffs, _ = data()
    rng = np.random.default_rng(2)
    joined = rng.random(400) < 1 / (1 + np.exp(3 - payoffs[:, 0] + 0.5 * payoffs[:, 1]))  # charity repels
    free = infer_motives(payoffs[:, :2], joined, names=BOTH)
    held = infer_motives(payoffs[:, :2], joined, names=BOTH, nonnegative=True)
    assert free.weights[1] < 0
    assert free.at_bound == ()
    assert held.at_bound == ("charity",)
    assert held.weights[1] == held.weights_interval[1, 0] == held.interval[1, 0] == 0
    assert 0 < held.weights_interval[1, 1] < 1
    assert np.isnan(held.stderr[1])
    assert held.stderr[0] > 0
    assert "At that bound: charity" in str(held)
    with pytest.raises(UnsupportedProblemError, match="at its bound"):
        infer_motives(payoffs[:, :2], joined, names=BOTH, nonnegative=True, robust=True)


def test_copies_of_one_answer_count_once_by_clusters():
    """Every answer five times: plain errors shrink by sqrt 5, clustered ones do not."""
    payoffs, joined = data(n=300)
    once = infer_motives(payoffs, joined, robust=True)
    five = [np.repeat(array, 5, axis=0) for array in (payoffs, joined, np.arange(300))]
    plain = infer_motives(five[0], five[1], robust=True)
    clustered = infer_motives(five[0], five[1], clusters=five[2])
    assert plain.stderr * np.sqrt(5) == pytest.approx(once.stderr)
    assert clustered.stderr == pytest.approx(once.stderr * np.sqrt(300 / 299))
    assert "300 clusters" in clustered.method
    assert infer_motives(payoffs, joined).stderr == pytest.approx(once.stderr, rel=0.2)


RUNS = 40


@pytest.mark.parametrize("cost", ["logistic", "exponential"])
def test_intervals_cover_the_truth(cost):
    """Of 40 runs at least 28 cover: with 95 % each, fewer have a chance of 4e-8."""
    result = calibrate(RUNS, cost=cost, exposures=200)
    assert (result.coverage >= 28 / RUNS).all()
    outside = (result.truth < result.low) | (result.truth > result.high)
    assert outside.any()  # they are no wider than they say: of 160 or more intervals some miss
    assert result.runs == RUNS
    assert "coverage" in str(result)


def test_the_test_of_fit_is_calibrated_and_notices_a_wrong_law():
    """40 p-values of the right law, in fifths; and costs with shape 6 are not exponential."""
    values = []
    for seed in range(RUNS):
        payoffs, joined = data("exponential", n=300, seed=seed)
        design = joins("exponential", payoffs, joined, held=True)
        values.append(fit_test(design, fit(design)).p)
    fifths = np.histogram(values, 5, (0, 1))[0]
    assert ((fifths - RUNS / 5) ** 2 / (RUNS / 5)).sum() < chi2.isf(1e-6, 4)
    payoffs, _ = data(n=600)
    steep = CostModel.weibull(scale=4, shape=6)
    joined = simulate_exposures([1.0, 0.6, 0.3, 0.8], cost=steep, payoffs=payoffs, rng=1)
    found = compare_costs(payoffs, joined, costs=["exponential", "weibull:6", "logistic"])
    assert found.best.cost == "weibull:6"
    assert found.best.test.p > 1e-4
    assert found.estimates[-1].cost == "exponential"
    assert found.estimates[-1].test.p < 1e-6
    assert sum(found.akaike_weights) == pytest.approx(1)
    assert "weibull:6" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["akaike_weights"][0] > 0.5


# What the data hide


def test_motives_that_move_together_are_named():
    payoffs, joined = data()
    with pytest.raises(NotIdentifiedError, match=r"\(charity - 2 profit\)") as caught:
        infer_motives(payoffs[:, [0, 0]] * [1, 2], joined, names=BOTH, cost="exponential")
    assert caught.value.direction == pytest.approx({"profit": -2, "charity": 1})
    with pytest.raises(NotIdentifiedError, match="the mean cost is the same in every offer") as caught:
        infer_motives(
            np.column_stack((payoffs[:, 0], np.ones(400))), joined, names=["profit", "entertainment"]
        )
    assert caught.value.direction == pytest.approx({"entertainment": 1, "mean cost": 1})
    with pytest.raises(NotIdentifiedError, match="charity is 0 in every offer"):
        infer_motives(payoffs[:, :2] * [1, 0], joined, names=BOTH)


@pytest.mark.parametrize("cost", ["logistic", "exponential"])
def test_separated_data_are_named(cost):
    payoffs, joined = data()
    apart = payoffs[:, 0] > 2
    if cost == "exponential":  # nobody joins but where charity is offered, and there everybody does
        payoffs[~apart, 1], payoffs[apart, 0] = 0.0, 0.0
        joined = payoffs[:, 1] > 0
        match = "charity is at least"
    else:
        joined = payoffs[:, 0] > 0.5 * payoffs[:, 1] + 1
        match = "profit - 0.[45][0-9]* charity is at least"
    with pytest.raises(NotIdentifiedError, match=match) as caught:
        infer_motives(payoffs[:, :2], joined, names=BOTH, cost=cost)
    worth = payoffs[:, :2] @ [caught.value.direction.get(name, 0.0) for name in BOTH]
    worth -= caught.value.direction.get("mean cost", 0.0)
    assert (worth[joined] >= -1e-6).all()
    assert (worth[~joined] <= 1e-6).all()
    assert np.abs(worth).max() > 0.1


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(4, 14))
def test_few_answers_are_fitted_or_named(seed, n):
    """Either weights of greatest likelihood, or a direction along which the likelihood never falls."""
    rng = np.random.default_rng(seed)
    payoffs, joined = rng.uniform(0, 2, (n, 2)), rng.random(n) < 0.5
    joined[:2] = True, False
    try:
        found = infer_motives(payoffs, joined, names=BOTH)
    except NotIdentifiedError as caught:
        d = np.array([caught.direction.get(name, 0.0) for name in (*BOTH, "mean cost")])
        change = np.column_stack((payoffs, -np.ones(n))) @ d
        assert (change[joined] >= -1e-6).all()
        assert (change[~joined] <= 1e-6).all()
        assert np.abs(change).max() > 1e-6
    else:
        assert found.gradient <= 1e-6
        assert np.isfinite(found.interval).all()


def test_the_uniform_law_is_refused_at_its_edge():
    """The most generous offer is always taken: the largest cost is that offer or less."""
    with pytest.raises(UnsupportedProblemError, match="worth the largest cost"):
        infer_motives([[1.0], [2.0], [2.1]], [5, 95, 100], counts=[100] * 3, names=["profit"], cost="uniform")


# Covariates, the game, output


def test_covariates_shift_the_cost_and_may_have_any_sign():
    payoffs, _ = data()
    rng = np.random.default_rng(8)
    far = rng.standard_normal(400)
    chance = 1 / (1 + np.exp(2 - payoffs[:, 0] + 0.7 * far))
    found = infer_motives(
        payoffs[:, :1],
        rng.random(400) < chance,
        names=["profit"],
        covariates={"distance": far},
        nonnegative=True,
    )
    assert found.names == ("profit", "distance", "mean cost")
    assert found.held == ("profit",)
    assert found.weights[1] == pytest.approx(-0.7, abs=5 * found.weights_stderr[1])
    assert found.weights_interval[1, 1] < 0


def test_estimates_go_back_into_the_game():
    payoffs, joined = data("exponential")
    found = infer_motives(payoffs, joined, cost="exponential")
    assert isinstance(found.motives(), Motives)
    assert found.motives().weights[0] == pytest.approx(found.weights)
    assert found.cost_model().mean == pytest.approx(found.scale)
    worth = payoffs @ found.weights
    assert found.cost_model().cdf(worth).sum() == pytest.approx(sum(found.test.expected))
    again = infer_motives(payoffs, joined)
    law = again.cost_model()
    assert (law.mean, law.scale) == pytest.approx((again.weights[-1], again.scale))
    assert law.cdf(payoffs @ again.weights[:4]).sum() == pytest.approx(joined.sum())  # logistic: totals agree
    for cost in ("uniform", "weibull:2"):
        one = infer_motives([[1.0], [2.0]], [20, 40], counts=[100] * 2, names=["profit"], cost=cost)
        assert one.cost_model().cdf(one.scale) == pytest.approx(1 if cost == "uniform" else 1 - np.exp(-1))


def test_without_profit_only_weights_per_scale_are_told():
    payoffs, joined = data()
    found = infer_motives(payoffs[:, 1:], joined, names=["charity", "reciprocity", "entertainment"])
    assert found.numeraire is None
    assert np.isnan(found.weights).all()
    assert "only weights per unit" in str(found)
    with pytest.raises(UnsupportedProblemError, match="offer different profits"):
        found.motives()
    other = infer_motives(
        payoffs[:, 1:], joined, names=["charity", "reciprocity", "entertainment"], numeraire="charity"
    )
    assert other.weights[0] == 1
    assert other.coefficients.tolist() == found.coefficients.tolist()


def test_prints_draws_and_writes():
    payoffs, joined = data()
    found = infer_motives(payoffs, joined)
    text = str(found)
    assert f"What moved {joined.sum()} of 400 people" in text
    assert "reciprocity" in text
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert stored["fit"]["observed"] == list(found.test.observed)
    assert sum(stored["fit"]["observed"]) == joined.sum()
    assert [label.get_text() for label in found.plot().get_yticklabels()] == [
        "entertainment",
        "reciprocity",
        "charity",
    ]
    assert not found.weights.flags.writeable


def test_simulated_people_follow_their_law():
    payoffs = np.full((20_000, 1), 2.0)
    took = simulate_exposures(
        Motives(profit=1.5).weights[0][:1], cost=CostModel.exponential(mean=3), payoffs=payoffs, rng=1
    )
    assert took.mean() == pytest.approx(1 - np.exp(-1), abs=5 * np.sqrt(0.24 / 20_000))
    assert (
        took == simulate_exposures([1.5], cost=CostModel.exponential(mean=3), payoffs=payoffs, rng=1)
    ).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p, j: infer_motives(p[:, 0], j), InvalidInputError, "payoffs is"),
        (lambda p, j: infer_motives(p[:, :2], j), InvalidInputError, "names is None"),
        (lambda p, j: infer_motives(p[:, :2], j, names=["a", "a"]), InvalidInputError, "different names"),
        (lambda p, j: infer_motives(np.where(p > 3.99, np.nan, p), j), InvalidInputError, "payoffs.*nan"),
        (lambda p, j: infer_motives(p, j[1:]), InvalidInputError, r"joined\[shape\]"),
        (lambda p, j: infer_motives(p, 2 * j), InvalidInputError, r"joined\[\d+\] is 2.0"),
        (lambda p, j: infer_motives(p, 0 * j), InvalidInputError, "nobody"),
        (lambda p, j: infer_motives(p, j, counts=np.full(len(j), 1.5)), InvalidInputError, r"counts\[0\]"),
        (lambda p, j: infer_motives(p - 2, j, cost="exponential"), InvalidInputError, "payoffs.*begin at 0"),
        (lambda p, j: infer_motives(p * (1 - j[:, None]), j, cost="exponential"), InvalidInputError, "nothing"),
        (lambda p, j: infer_motives(p, j, cost="cauchy"), InvalidInputError, "cost is 'cauchy'"),
        (lambda p, j: infer_motives(p, j, cost="lognormal"), UnsupportedProblemError, "not concave"),
        (lambda p, j: infer_motives(p, j, cost="weibull:0.5"), UnsupportedProblemError, "at least 1"),
        (lambda p, j: infer_motives(p, j, cost="uniform", covariates={"a": 1}), UnsupportedProblemError, "logistic"),
        (lambda p, j: infer_motives(p, j, covariates={"profit": p[:, 0]}), InvalidInputError, "named differently"),
        (lambda p, j: infer_motives(p, j, numeraire="fame"), InvalidInputError, "numeraire is 'fame'"),
        (lambda p, j: infer_motives(p, j, confidence=1.0), InvalidInputError, "confidence is 1.0"),
        (lambda p, j: infer_motives(p, j, clusters=[1] * len(j)), InvalidInputError, "clusters"),
        (lambda p, j: compare_costs(p, j, costs=[]), InvalidInputError, "costs"),
        (lambda p, _: simulate_exposures([1.0], cost=LAW, payoffs=p, rng=1), InvalidInputError, "weights"),
        (lambda p, _: simulate_exposures([1.0] * 4, cost=1.0, payoffs=p, rng=1), InvalidInputError, "cost is 1.0"),
    ],
)  # fmt: skip
def test_wrong_input(call, error, message):
    payoffs, joined = data(n=60)
    with pytest.raises(error, match=message):
        call(payoffs, joined.astype(int))
