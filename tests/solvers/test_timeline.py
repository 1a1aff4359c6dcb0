"""Races by the clock: closed forms, and the same game as in rounds where time does not matter."""

import numpy as np
import pytest
from scipy import stats

from mechanism import (
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Members,
    Recursive,
    ResponseTime,
    Search,
    TopDegree,
    UnsupportedProblemError,
)
from solvers import recruit
from solvers.fixed_point import Profile
from solvers.timeline import timeline
from solvers.worlds import Worlds

EXPONENTIAL = ResponseTime.exponential(mean=2)


def campaign_on(graph, *, depth=4, contact=0.5, find=0.02, team=None, prize=100, **rules):
    network = IncentiveNetwork(
        graph, contact=contact, join=CostModel.exponential(mean=1), invite=CostModel.exponential(mean=1)
    )
    team = team or TopDegree(1)
    return Campaign(network, Search(prize=prize, find=find), team=team, max_depth=depth, **rules)


def random_graph(n=300, m=1500, seed=0):
    pairs = np.random.default_rng(seed).integers(0, n, (m, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Graph.from_edges(pairs[:, 0], pairs[:, 1], directed=False, duplicates="merge")


PATH = Graph.from_edges(range(4), range(1, 5))


def test_times_on_a_path_are_gamma():
    worlds = Worlds(
        campaign_on(PATH, contact=1.0, team=Members([0]), response=EXPONENTIAL), np.random.SeedSequence(1)
    )
    full = Profile.full(4)
    _, ends = worlds.race(full.join, full.invite, np.empty(0), replicates=5000)
    assert stats.kstest(ends[:, 0], stats.gamma(4, scale=2).cdf).pvalue > 1e-6
    by_clock = timeline(worlds, full, replicates=5000)
    expected = sum(stats.gamma(k, scale=2).cdf(by_clock.times) for k in range(1, 5))
    error = np.maximum(by_clock.joined_stderr, 1e-9)
    assert (np.abs(by_clock.joined - expected) < 6 * error + 1e-3).all()
    # The k-th member is the first finder with chance f (1 - f)^(k - 1) and joins at 2 k on average.
    chances = 0.02 * 0.98 ** np.arange(4)
    assert by_clock.time_to_find == pytest.approx(chances @ [2, 4, 6, 8] / chances.sum(), rel=0.05)
    assert by_clock.found[-1] == pytest.approx(1 - 0.98 ** by_clock.joined[-1], rel=1e-2)


def test_on_a_tree_time_does_not_change_who_joins():
    """Everybody has one possible recruiter: the same people join, world by world."""
    tree = Graph.from_edges([0, 0, 1, 1, 2, 2, 3, 4], range(1, 9))
    join, invite = np.array([0.9, 0.7, 0.5, 0]), np.array([0.8, 0.9, 0, 0])
    rounds, clock = (
        Worlds(campaign_on(tree, team=Members([0]), response=law), np.random.SeedSequence(3)).play(
            join, invite, replicates=500
        )
        for law in (None, ResponseTime.pareto(least=1, exponent=1.5))
    )
    assert rounds.members.tolist() == clock.members.tolist()
    assert rounds.invitations == pytest.approx(clock.invitations)
    assert rounds.wins.sum(axis=1) == pytest.approx(clock.wins.sum(axis=1))


def test_all_that_is_won_is_found():
    campaign = campaign_on(random_graph(), response=EXPONENTIAL)
    result = recruit(campaign, Recursive(0.5), replicates=500, rng=1)
    assert result.found == pytest.approx(np.mean(1 - 0.98**result.sample))
    assert result.winners_by_depth.sum() == pytest.approx(result.found)
    assert result.timeline is not None
    assert result.timeline.joined[-1] <= result.recruits
    assert result.timeline.joined[-1] > 0.9 * result.recruits
    assert 0 < result.timeline.half_time < result.timeline.times[-1]
    assert result.timeline.find_quantile(0.1) <= result.timeline.find_quantile(0.2)
    assert np.isnan(result.timeline.find_quantile(0.999999))
    assert "by the clock" in str(result)
    assert result.to_dict()["timeline"]["half_time"] == result.timeline.half_time


def test_nobody_joins_after_the_horizon():
    free, cut = (
        recruit(
            campaign_on(random_graph(), response=EXPONENTIAL, horizon=end),
            Recursive(0.5),
            replicates=500,
            rng=1,
        )
        for end in (None, 1.0)
    )
    assert cut.recruits < free.recruits
    assert cut.timeline.times[-1] <= 1.0


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_do_not_change_a_bit(threads):
    campaign = campaign_on(random_graph(), response=EXPONENTIAL, max_invites=2)
    one, many = (recruit(campaign, Recursive(0.5), replicates=100, rng=1, engine=n) for n in (1, threads))
    assert one.to_dict() == many.to_dict()


def test_picture():
    axes = recruit(
        campaign_on(random_graph(), response=EXPONENTIAL), Recursive(0.5), replicates=50, rng=1
    ).timeline.plot()
    assert axes.get_ylabel() == "expected recruits"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["recruits", "target found"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"response": 1.0}, "response is 1.0"),
        ({"horizon": 3.0}, "horizon is 3.0"),
        ({"response": EXPONENTIAL, "horizon": 0}, "horizon is 0"),
        ({"response": EXPONENTIAL, "horizon": np.nan}, "horizon is nan"),
    ],
)
def test_wrong_rules_are_named(rules, words):
    with pytest.raises(InvalidInputError, match=words):
        campaign_on(PATH, **rules)


def test_what_needs_the_other_kind_of_race_says_so():
    profile = Profile.full(4)
    by_rounds = Worlds(campaign_on(PATH), np.random.SeedSequence(1))
    with pytest.raises(UnsupportedProblemError, match="response time"):
        by_rounds.race(profile.join, profile.invite, np.empty(0), replicates=2)
    by_clock = Worlds(campaign_on(PATH, response=EXPONENTIAL), np.random.SeedSequence(1))
    with pytest.raises(UnsupportedProblemError, match="in rounds"):
        by_clock.tree(profile.join, profile.invite, replicate=0)


def test_answers_that_never_come():
    """With such a tail some delays are beyond all numbers: their invitations are lost."""
    law = ResponseTime.pareto(least=1, exponent=0.002)
    worlds = Worlds(
        campaign_on(PATH, contact=1.0, team=Members([0]), response=law), np.random.SeedSequence(1)
    )
    full = Profile.full(4)
    _, ends = worlds.race(full.join, full.invite, np.empty(0), replicates=400)
    assert np.isfinite(ends).all()
    first = worlds.play(full.join, full.invite, replicates=400).members[:, 0]
    assert 0 < first.mean() < 1
