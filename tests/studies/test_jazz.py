"""Forecasts of a real recruitment forest, and the rivals they are compared with."""

import numpy as np
import pytest

from benchmarks.studies import jazz
from mechanism import ReferralForest, datasets


def hurdle_forest(rng, *, roots, chance, mean, waves):
    """Return a forest of a hurdle branching process without depletion."""
    parents, wave = [-1] * roots, list(range(roots))
    for _ in range(waves):
        below = []
        for member in wave:
            recruits = 0
            if rng.random() < chance:
                while recruits == 0:
                    recruits = rng.poisson(mean)
            below += range(len(parents), len(parents) + recruits)
            parents += [member] * recruits
        wave = below
    return ReferralForest(parents)


def test_the_hurdle_process_finds_its_own_law():
    rng = np.random.default_rng(5)
    forest = hurdle_forest(rng, roots=60, chance=0.5, mean=1.5, waves=4)
    members = np.bincount(forest.depths - 1)
    futures = jazz.hurdle(forest, 3, 2, rng)
    mean = 0.5 * 1.5 / (1 - np.exp(-1.5))
    assert futures[:, 0].mean() == pytest.approx(members[3] * mean, rel=0.25)
    assert np.quantile(futures[:, 0], 0.01) < members[4] < np.quantile(futures[:, 0], 0.99)


def test_the_last_wave_carried_forward():
    futures = jazz.carried(np.array([3, 40]), 5, np.random.default_rng(1))
    assert futures.shape == (jazz.DRAWS, 5)
    assert futures.mean() == pytest.approx(40, rel=0.01)


def test_the_real_forest():
    """Over three origins ours is better than both rivals, in both scores; the truth is inside for size and depth."""
    try:
        forest, coupons = jazz.jazz()
    except datasets.DatasetMissingError as reason:
        pytest.skip(str(reason))
    scores = {}
    for through in jazz.ORIGINS:
        came = jazz.truth(forest, through)
        assert len(came) == jazz.UNTIL - through
        found = jazz.forecasts(forest, coupons, through)
        for name, one in found.items():
            scores.setdefault(name, []).append(one.scores(came, level=jazz.LEVEL))
        ours = next(iter(found.values()))
        for sample, value in ((ours.size, forest.size), (ours.last_wave, 11)):
            assert np.quantile(sample, 0.05) <= value <= np.quantile(sample, 0.95)
        assert np.quantile(ours.size, 0.95) < 4 * forest.size  # not uselessly wide
    ours, carried, hurdle = (np.mean(rows, axis=0) for rows in scores.values())
    assert (ours[:2] < 0.5 * carried[:2]).all()
    assert (ours[:2] < hurdle[:2]).all()
