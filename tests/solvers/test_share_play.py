"""Lottery trees played on a network: equilibria against the scheme's own rewards, and designs that recruit more."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mechanism import (
    Campaign,
    CostModel,
    IncentiveNetwork,
    Motives,
    ResponseTime,
    Search,
    ShareTree,
    TopDegree,
)
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from solvers import improve_shares, play_shares
from solvers.seeds import child, seed_sequence
from solvers.worlds import Worlds
from tests.solvers.designs import small_campaign, small_graph

CAMPAIGN = small_campaign(n=150, depth=3)
SCHEME = ShareTree.from_pachira(0.4, 1.0, cells=40)
PRIZE = 60.0


def campaign(**changes):
    usual = {
        "contact": 0.5,
        "join": CostModel.exponential(mean=0.8),
        "invite": CostModel.exponential(mean=0.1),
    }
    extra = {name: changes.pop(name) for name in ("response",) if name in changes}
    network = IncentiveNetwork(small_graph(150), **(usual | changes))
    return Campaign(network, Search(prize=10, find=0.1), team=TopDegree(3), max_depth=3, **extra)


@pytest.fixture(scope="module")
def played():
    return play_shares(CAMPAIGN, SCHEME, prize=PRIZE, replicates=32, rng=5)


@pytest.fixture(scope="module")
def improved():
    return improve_shares(CAMPAIGN, prize=PRIZE, replicates=24, steps=2, grid=60, rng=5)


def test_decisions_answer_what_the_scheme_pays(played):
    """Chances from the rewards of the forests, member by member, in exact arithmetic."""
    assert played.gap < 0.005
    exact = SCHEME.exact()
    paid, brought = ([[] for _ in range(3)] for _ in range(2))
    for forest in played.forests:
        chance = exact.rewards(forest.exact()) / Fraction(forest.size)
        share = [Fraction(len(forest.subtree(u)), forest.size) for u in range(forest.size)]
        for u, depth in enumerate(forest.depths):
            paid[depth - 1].append(float(chance[u]))
            above = int(forest.parents[u])
            if above >= 0:
                slack = (
                    exact.weight(share[above])
                    - exact.weight(share[above] - share[u])
                    - exact.weight(share[u])
                )
                brought[depth - 2].append(float(slack))
    network = CAMPAIGN.network
    for d in range(3):
        assert played.join[d] == pytest.approx(float(network.join.cdf(PRIZE * np.mean(paid[d]))), abs=0.006)
    worlds = Worlds(CAMPAIGN, child(seed_sequence(5), 0))
    made = worlds.play(played.join, played.invite, replicates=32).invitations.sum(axis=0)
    for d in range(2):
        expected = PRIZE * sum(brought[d]) / made[d]
        assert played.invite[d] == pytest.approx(float(network.invite.cdf(expected)), abs=0.006)
    assert played.won == pytest.approx(sum(map(len, brought)) / made.sum())
    assert played.invite[2] == 0
    sizes = [forest.size for forest in played.forests]
    assert sorted(sizes) == sorted(int(x) for x in played.sample if x)
    assert played.recruits == pytest.approx(np.mean(played.sample))


def test_the_same_worlds_whoever_plays(played):
    again = play_shares(CAMPAIGN, SCHEME, prize=PRIZE, replicates=32, rng=5, engine=1)
    assert again.sample.tolist() == played.sample.tolist()
    assert again.join.tobytes() == played.join.tobytes()


def test_the_prize_draws_recruits(played):
    more = play_shares(CAMPAIGN, SCHEME, prize=2 * PRIZE, replicates=32, rng=5)
    assert more.recruits > played.recruits


def test_only_improvements_are_kept(improved):
    history = improved.history
    kept = history[: len(improved.designs) + 1]
    assert list(kept) == sorted(kept)
    assert len(improved.designs) >= 1
    assert improved.play.scheme == improved.designs[-1].scheme
    assert improved.play.recruits > improved.start.recruits  # also on worlds that no choice was fitted to
    for design in improved.designs:
        assert design.scheme.is_superadditive
        assert all(verdict.holds for verdict in design.verdicts)


def test_forms(improved):
    assert "best Pachira found" in str(improved)
    values = improved.to_dict()
    assert values["recruits"] == improved.play.recruits
    assert len(values["designs"]) == len(improved.designs)


def test_nobody_joins():
    with pytest.raises(SolveError, match="nobody joins under any Pachira lottery tried"):
        improve_shares(campaign(join=CostModel.uniform(low=1000, high=2000)), prize=1.0, replicates=4, rng=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: play_shares(3, SCHEME, prize=1, rng=1), "campaign is 3"),
        (lambda: play_shares(CAMPAIGN, 3, prize=1, rng=1), "scheme is 3"),
        (lambda: play_shares(CAMPAIGN, ShareTree([0, 0.6, 1]), prize=1, rng=1), "it must be superadditive"),
        (lambda: play_shares(CAMPAIGN, SCHEME, prize=0, rng=1), "prize is 0"),
        (lambda: play_shares(CAMPAIGN, SCHEME, prize=1, replicates=0, rng=1), "replicates is 0"),
        (lambda: play_shares(CAMPAIGN, SCHEME, prize=1, rng=-1), "rng is -1"),
        (lambda: improve_shares(CAMPAIGN, prize=1, steps=0, rng=1), "steps is 0"),
        (lambda: improve_shares(CAMPAIGN, prize=1, grid=1, rng=1), "grid is 1"),
        (lambda: improve_shares(CAMPAIGN, prize=1, fair_share=2, rng=1), "fair_share is 2"),
    ],
)
def test_wrong_input(call, words):
    with pytest.raises(InvalidInputError, match=words):
        call()


def test_campaigns_that_are_not_played():
    with pytest.raises(UnsupportedProblemError, match="without response times"):
        play_shares(campaign(response=ResponseTime.lognormal(median=1, sigma=1)), SCHEME, prize=1, rng=1)
    with pytest.raises(UnsupportedProblemError, match="their own profit only"):
        play_shares(campaign(motives=Motives(reciprocity=0.5)), SCHEME, prize=1, rng=1)
