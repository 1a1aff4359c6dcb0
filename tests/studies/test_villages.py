"""The study of villages: its parts on data whose truth is known, and figures of the real data."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import coo_array

from benchmarks.studies import villages as study
from mechanism import Graph, datasets
from solvers.adoption import AdoptionModel, fit_adoption


@pytest.fixture(scope="module")
def real():
    try:
        return study.load()
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))


def planted(seed=3, *, count=10, size=50):
    """Return villages in which households decide once, when they are told."""
    rng = np.random.default_rng(seed)
    n = count * size
    village = np.repeat(np.arange(count), size)
    u, v = np.triu_indices(n, 1)
    kept = (village[u] == village[v]) & (rng.random(len(u)) < 4 / size)
    leader = np.arange(n) % size < 3
    data = study.Villages(
        names=np.arange(count),
        graph=Graph.from_scipy(coo_array((np.ones(kept.sum()), (u[kept], v[kept])), shape=(n, n)), directed=False),
        village=village, leader=leader, joined=np.zeros(n, dtype=bool),
        traits=np.column_stack([rng.normal(size=n), leader]), periods=2 + np.arange(count) % 3,
        published=np.zeros(count),
    )  # fmt: skip
    chance = AdoptionModel("once", 0.8, 0.3).expected(study.setting_of(data, data.traits[:, 0])).joined
    return replace(data, joined=rng.random(n) < chance)


def test_forecasts_of_planted_villages_beat_covariates(monkeypatch):
    data = planted()
    monkeypatch.setattr(study, "FORMS", (("once", False), ("once", True)))
    found = study.forecast(data)
    assert found.parameters[0, :, 1] == pytest.approx(0.3, abs=0.15)
    scores = study.household_scores(data, found)
    areas = {}
    for name, score in scores.items():
        right, total = study.pairs_by_village(score, data.joined, data.village, data.tied)
        areas[name] = right.sum() / total.sum()
    assert areas[study.MODEL] > areas[study.COVARIATES] + 0.02


def test_a_village_does_not_tell_its_own_forecast(monkeypatch):
    monkeypatch.setattr(study, "FORMS", (("once", False),))
    data = planted(count=4)
    own = data.village == 2
    turned = replace(data, joined=np.where(own & data.tied, ~data.joined, data.joined))
    before, after = study.forecast(data), study.forecast(turned)
    assert after.take_up[0, 2] == pytest.approx(before.take_up[0, 2], abs=1e-3)
    assert after.households[0, own] == pytest.approx(before.households[0, own], abs=1e-3)
    assert np.abs(after.take_up[0, 1] - before.take_up[0, 1]).max() > 0.01


def test_left_out_is_the_residual_over_what_leverage_leaves():
    rng = np.random.default_rng(0)
    columns, aim = rng.normal(size=(12, 2)), rng.normal(size=12)
    x = np.column_stack([np.ones(12), columns])
    hat = x @ np.linalg.pinv(x)
    wanted = aim - (aim - hat @ aim) / (1 - hat.diagonal())
    found = study.left_out(np.broadcast_to(columns, (12, 12, 2)), aim)
    assert found == pytest.approx(wanted)
    assert study.predictive(found, aim) < study.explained(columns, aim)
    nothing = study.left_out(np.empty((12, 12, 0)), aim)
    assert study.predictive(nothing, aim) == pytest.approx(0, abs=1e-12)


def test_pairs_are_those_counted_one_by_one():
    rng = np.random.default_rng(1)
    score, joined, village = rng.integers(0, 4, 40), rng.random(40) < 0.4, rng.integers(0, 3, 40)
    right, total = study.pairs_by_village(score, joined, village, np.ones(40, dtype=bool))
    for number in range(3):
        pairs = [
            (score[i] > score[j]) + (score[i] == score[j]) / 2
            for i in np.flatnonzero((village == number) & joined)
            for j in np.flatnonzero((village == number) & ~joined)
        ]
        assert (right[number], total[number]) == (pytest.approx(sum(pairs)), len(pairs))


def test_logit_solves_its_score_equations():
    rng = np.random.default_rng(2)
    traits, joined = rng.normal(size=(200, 2)), rng.random(200) < 0.3
    counted = np.arange(200) < 150
    chance = 1 / (1 + np.exp(-study.logit_score(traits, joined, counted)))
    wrong = (joined - chance)[counted]
    assert np.column_stack([np.ones(150), traits[counted]]).T @ wrong == pytest.approx(0, abs=1e-8)


def test_interval_holds_the_whole_and_widens_with_scatter():
    first, whole = np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4)
    low, high = study.resampled((first, np.zeros(4)), whole)
    assert low < 2.5 < high
    assert study.resampled((np.full(4, 2.5), np.zeros(4)), whole) == (2.5, 2.5)


def test_baselines_of_the_real_villages(real):
    assert real.centrality() == pytest.approx(real.published, abs=5e-4)
    aim = real.take_up
    columns = np.column_stack([real.controls, real.published])
    foretold = study.left_out(np.broadcast_to(columns, (25, 25, 3)), aim)
    assert study.explained(columns, aim) == pytest.approx(0.356, abs=1e-3)
    assert study.predictive(foretold, aim) == pytest.approx(0.188, abs=1e-3)


def test_the_network_tells_households_apart_but_not_villages(real):
    inside, foretold = study.without_network(real)
    assert study.predictive(foretold, real.take_up) == pytest.approx(0.296, abs=0.005)
    assert inside > 0.3
    score = study.logit_score(real.traits, real.joined, real.tied)
    fit = fit_adoption(study.setting_of(real, score), real.joined, rule="once", counted=real.tied)
    assert 0.1 < fit.model.contact < 0.25
    chance = 1 / (1 + np.exp(-score))
    alone = np.log(np.where(real.joined, chance, 1 - chance))[real.tied].sum()
    assert fit.log_likelihood > alone + 5
