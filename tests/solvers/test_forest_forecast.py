"""Forecasts of recruitment forests: scores against their definitions, intervals on forests of known law."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from mechanism import ReferralForest
from mechanism.errors import InvalidInputError, SolveError
from solvers.forest_forecast import Forecast, RecruitmentPrior, crps, forecast, interval_score

FOREST = ReferralForest([-1] * 4 + [0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 8, 8, 10, 12, 13, 14])
FLOATS = st.floats(-50, 50)


@given(st.lists(FLOATS, min_size=1, max_size=30), FLOATS)
def test_crps_is_its_definition(sample, truth):
    """Both the expectation and the integral of the squared distance of the distribution functions."""
    x = np.array(sample)
    pairs = np.abs(x[:, None] - x[None, :]).mean()
    found = crps(x[:, None], [truth])[0]
    assert found == pytest.approx(np.abs(x - truth).mean() - pairs / 2, abs=1e-9)
    ends = np.sort(np.append(x, truth))
    steps = [(np.mean(x <= a) - (truth <= a)) ** 2 * (b - a) for a, b in itertools.pairwise(ends)]
    assert found == pytest.approx(sum(steps), abs=1e-9)


def test_crps_of_a_normal_law():
    """sigma (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt pi), Gneiting and Raftery 2007, section 4.2."""
    sample = norm.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None] * [1.0, 2.0]
    z = np.array([0.7, -1.5])
    closed = np.array([1, 2]) * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert crps(sample, z * [1, 2]) == pytest.approx(closed, abs=1e-3)


@given(FLOATS, st.floats(0, 20), FLOATS, st.floats(0.05, 0.95))
def test_interval_score_is_its_definition(low, width, truth, level):
    missed = max(low - truth, truth - (low + width), 0)
    found = interval_score([low], [low + width], [truth], level=level)[0]
    assert found == pytest.approx(width + 2 / (1 - level) * missed, abs=1e-9)


def test_quantiles_minimise_the_interval_score():
    x = np.random.default_rng(3).standard_normal(4000)
    best = interval_score(*np.quantile(x, [0.05, 0.95]), x).mean()
    for low, high in ((0.02, 0.95), (0.05, 0.98), (0.1, 0.9), (0.2, 0.95)):
        assert interval_score(*np.quantile(x, [low, high]), x).mean() > best


def grown(rng, prior, *, roots=12, coupons=5, waves=10):
    """Return a forest of the model, member by member, with parameters drawn from a prior.

    People are asked one after another; whom one asks is taken already with the chance that a random one is.
    """
    recruits = prior.recruits * np.exp(prior.recruits_spread * rng.standard_normal())
    evenness = prior.evenness * np.exp(prior.evenness_spread * rng.standard_normal())
    attrition = prior.attrition * rng.exponential()
    swing = prior.swing * abs(rng.standard_normal())
    reach = 150 * 10 ** rng.random()
    parents, wave = [-1] * roots, list(range(roots))
    for d in range(waves):
        zeal = recruits * np.exp(swing * rng.standard_normal() - attrition * (d - 1) * (d > 0))
        below = []
        for member in wave:
            # The mean number of recruits is scaled by the share that is free, as fewer of those asked are.
            free = max(1 - len(parents) / reach, 0.0)
            q = 1 - np.exp(-zeal * free / coupons)
            own = rng.beta(max(q * evenness, 1e-9), (1 - q) * evenness)
            for _ in range(rng.binomial(coupons, own)):
                below.append(len(parents))
                parents.append(member)
        wave = below
    return ReferralForest(parents)


def test_intervals_hold_what_they_say():
    """Forests of the model: ranks of what came are uniform and 80 % intervals hold about 80 % of it.

    30 forests; the chance of fewer than 16 of 30 inside with 80 % each is below 1e-3, with a fixed seed.
    """
    prior = RecruitmentPrior(recruits=1.5, recruits_spread=0.3)
    rng = np.random.default_rng(11)
    inside, ranks = [], []
    while len(inside) < 30:
        forest = grown(rng, prior)
        members = np.bincount(forest.depths - 1, minlength=11)
        if members[3] < 5 or len(forest.parents) > 1500:
            continue
        found = forecast(forest, through=3, until=7, coupons=5, rng=len(inside), prior=prior, draws=400)
        came = members[4:8].sum()
        low, high = np.quantile(found.size - found.observed.sum(), [0.1, 0.9])
        inside.append(low <= came <= high)
        ranks.append(np.mean(found.sample.sum(axis=1) < came))
    assert 17 <= sum(inside) <= 29
    assert 0.35 < np.mean(ranks) < 0.65


def test_a_law_without_doubt_has_a_known_mean():
    """With everything known, the next wave has mean (members) x c x q and later ones multiply."""
    sure = RecruitmentPrior(
        recruits=1.2, recruits_spread=0, evenness_spread=0, attrition=0, swing=0, reach=float("inf")
    )
    found = forecast(FOREST, through=3, until=5, coupons=4, rng=5, prior=sure, draws=20_000)
    mean = 4 * (1 - np.exp(-1.2 / 4))
    members = found.observed[-1]
    assert found.effective == pytest.approx(40_000)
    assert found.sample.mean(axis=0) == pytest.approx([members * mean, members * mean**2], rel=0.02)


def test_a_taken_population_ends_recruitment():
    """Within reach are hardly more people than the members: nearly nobody is left to recruit."""
    found = forecast(
        FOREST, through=3, until=8, coupons=4, rng=5, prior=RecruitmentPrior(reach=1.1), draws=500
    )
    assert found.size.max() <= 1.1 * found.observed.sum()


def test_attrition_and_swing_move_the_forecast():
    def mean(**changed):
        prior = RecruitmentPrior(recruits_spread=0.2, **changed)
        return forecast(FOREST, through=2, until=6, coupons=4, rng=5, prior=prior, draws=3000).sample[:, -1]

    assert mean(attrition=0.0).mean() > 1.3 * mean(attrition=0.5).mean()
    assert mean(swing=1.0, attrition=0.0).std() > 1.3 * mean(swing=0.0, attrition=0.0).std()


def test_later_waves_are_not_looked_at():
    """The forest without its later waves, and with others, gives the same forecast."""
    cut = ReferralForest(FOREST.parents[FOREST.depths <= 3])
    grown_otherwise = ReferralForest([*cut.parents.tolist(), *[12] * 7])
    limits = np.full(grown_otherwise.size, 3)
    limits[cut.size :] = 50
    asked = {"through": 2, "until": 6, "rng": 7, "draws": 200}
    first = forecast(cut, coupons=3, **asked)
    for other in (
        forecast(FOREST, coupons=3, **asked),
        forecast(grown_otherwise, coupons=limits, **asked),
    ):
        assert (first.sample == other.sample).all()
        assert (first.parameters["reach"] == other.parameters["reach"]).all()


@settings(max_examples=5)
@given(st.permutations(range(FOREST.size)))
def test_numbers_of_members_do_not_matter(order):
    place = np.argsort(order)
    moved = ReferralForest([-1 if FOREST.parents[i] < 0 else int(place[FOREST.parents[i]]) for i in order])
    asked = {"through": 2, "until": 4, "coupons": 3, "rng": 7, "draws": 50}
    assert (forecast(FOREST, **asked).sample == forecast(moved, **asked).sample).all()


def test_what_a_forecast_shows():
    found = forecast(FOREST, through=2, until=5, coupons=3, rng=7, draws=300)
    assert found.waves.tolist() == [3, 4, 5]
    assert "90 %" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["observed"] == [4, 6, 6]
    assert (found.last_wave <= 5).all()
    assert (found.size >= 16).all()
    axes = found.plot(members=[4, 2, 0])
    assert axes.get_xlabel() == "wave"
    with pytest.raises(ValueError, match="read-only"):
        found.sample[0, 0] = 1


def test_scores_of_a_sure_forecast():
    sure = Forecast(np.array([3, 4]), np.tile([5, 0], (10, 1)), {}, 10.0)
    score, interval, inside = sure.scores([5, 1])
    assert score == pytest.approx(np.log(2) / 2)
    assert interval == pytest.approx(20 * np.log(2) / 2)
    assert inside == 0.5
    assert sure.last_wave.tolist() == [2] * 10


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"through": 1}, "through is 1; it must be an integer of at least 2"),
        ({"through": 9}, "through is 9; it must be at most the last wave"),
        ({"until": 2}, "until is 2"),
        ({"coupons": -1}, "coupons is -1"),
        ({"coupons": [3, 3]}, "coupons is"),
        ({"coupons": 2.5}, "coupons is 2.5"),
        ({"draws": 1}, "draws is 1"),
        ({"forest": [-1, 0]}, "a ReferralForest"),
    ],
)
def test_wrong_input(changed, message):
    asked = {"forest": FOREST, "through": 2, "until": 4, "coupons": 3, "rng": 7} | changed
    with pytest.raises(InvalidInputError, match=message):
        forecast(asked.pop("forest"), **asked)


@pytest.mark.parametrize(
    "wrong",
    [{"recruits": 0.0}, {"reach": 0.5}, {"swing": -0.1}, {"attrition": float("nan")}, {"evenness": 0}],
)
def test_wrong_priors(wrong):
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        RecruitmentPrior(**wrong)


def test_wrong_scores():
    found = Forecast(np.array([3, 4]), np.zeros((10, 2), dtype=np.int64), {}, 10.0)
    with pytest.raises(InvalidInputError, match="members"):
        found.scores([1, 2, 3])
    with pytest.raises(InvalidInputError, match="levels"):
        found.quantiles([1.5])
    with pytest.raises(InvalidInputError, match="level"):
        interval_score([0], [1], [0], level=1.0)
    with pytest.raises(InvalidInputError, match="low"):
        interval_score([2], [1], [0])
    with pytest.raises(InvalidInputError, match="sample"):
        crps([1.0, 2.0], [1.0])


def test_a_prior_that_excludes_what_was_seen():
    """Members who recruit three each, and a prior sure that hardly anybody recruits anyone."""
    parents = [-1, -1, *np.repeat(np.arange(2 + 6 + 18), 3).tolist()]
    far = RecruitmentPrior(recruits=0.01, recruits_spread=0.6, evenness=50, evenness_spread=0, swing=0)
    with pytest.raises(SolveError, match="widen the prior"):
        forecast(ReferralForest(parents), through=3, until=5, coupons=3, rng=7, prior=far)
