"""What is left of a campaign, and schemes designed for it."""

import numpy as np
import pytest

from mechanism import (
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    Objective,
    Recursive,
    Search,
    TopDegree,
)
from mechanism.errors import InvalidInputError
from solvers.recruitment import recruit
from solvers.sustained_design import Aftermath, aftermath, design_sustained


def campaign(support=0.6, n=60, max_depth=4):
    rng = np.random.default_rng(5)
    source, target = rng.integers(0, n, 4 * n), rng.integers(0, n, 4 * n)
    pairs = np.unique(np.sort(np.column_stack((source, target)), axis=1)[source != target], axis=0)
    graph = Graph.from_edges(*pairs.T, directed=False)
    network = IncentiveNetwork(
        graph,
        contact=0.6,
        support=support,
        join=CostModel.exponential(mean=0.5),
        invite=CostModel.exponential(mean=0.2),
    )
    return Campaign(network, Search(prize=100, find=0.01), team=TopDegree(2), max_depth=max_depth)


def test_the_burst_is_that_of_the_game():
    game = campaign()
    after = aftermath(game, Recursive(1 / 2), upkeep=CostModel.uniform(low=0, high=2), replicates=400, rng=7)
    found = recruit(game, Recursive(1 / 2), replicates=4000, rng=3)
    assert abs(after.burst - found.recruits) < 4 * (after.stderr[0] + found.recruits_stderr)
    assert (after.sample[:, 1] <= after.sample[:, 0]).all()
    assert after.members[0] == pytest.approx(after.sample[:, 0].mean())
    assert after.members[-1] == pytest.approx(after.sample[:, 1].mean())
    assert (np.diff(after.members) <= 1e-12).all()


def test_without_support_everybody_decides_alone():
    after = aftermath(
        campaign(support=0.0), Recursive(1 / 2), upkeep=CostModel.uniform(low=0, high=2), residual=0.5,
        replicates=300, rng=7,
    )  # fmt: skip
    members = after.sample[:, 0].sum()
    assert abs(after.share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / members)
    assert len(after.members) == 2  # all who leave do so at once


def test_who_has_no_upkeep_stays():
    after = aftermath(
        campaign(),
        Recursive(1 / 2),
        upkeep=CostModel.uniform(low=0, high=1e-9),
        residual=1.0,
        replicates=20,
        rng=7,
    )
    assert after.share == 1
    assert after.half_life == np.inf
    assert after.value(0.5) == pytest.approx(2 * after.burst)
    assert (after.stay == 1).all()


def test_half_life_and_value_in_closed_form():
    after = Aftermath(
        Recursive(1 / 2), np.array([[8, 2], [8, 2]]), np.array([0.25]), np.array([8.0, 5.0, 2.0]), (1, 2)
    )
    assert after.half_life == pytest.approx(1 + 1 / 3)
    assert after.value(0.5) == 8 + 2.5 + 0.25 * 2 / 0.5
    with pytest.raises(InvalidInputError, match="discount"):
        after.value(1.0)


def test_more_residual_reward_keeps_more_in_every_world():
    game, upkeep = campaign(), CostModel.exponential(mean=1.0)
    less, more = (
        aftermath(game, Recursive(1 / 2), upkeep=upkeep, residual=r, replicates=60, rng=7) for r in (0.0, 0.3)
    )
    assert (more.sample[:, 1] >= less.sample[:, 1]).all()
    assert (more.sample[:, 0] == less.sample[:, 0]).all()
    assert more.difference(less).mean > 0


def test_the_same_rng_gives_the_same_bits_on_any_number_of_threads():
    one, two = (
        aftermath(
            campaign(),
            Recursive(1 / 2),
            upkeep=CostModel.exponential(mean=1.0),
            replicates=30,
            rng=7,
            engine=e,
        ).to_dict()
        for e in (1, 3)
    )
    assert one == two


def test_the_design_is_never_worse_than_the_one_that_recruits_most():
    result = design_sustained(
        campaign(n=40, max_depth=2),
        upkeep=CostModel.uniform(low=0, high=2),
        epsilon=0.25,
        rng=7,
        rounds=1,
        replicates=60,
    )
    assert list(result.steps) == sorted(result.steps)
    assert result.steps[0] > 0
    assert result.design.certificate
    assert "what lasts" in str(result)
    assert result.gain.mean == pytest.approx(
        result.aftermath.sustained - result.recruiting_aftermath.sustained
    )


def test_objective():
    assert Objective.sustained([0.5, 0.1]).value(np.array([10.0, 20.0]), 0.0) == 7
    assert str(2 * Objective.sustained([0.5]) + Objective.recruits()) == "2 members who stay + 1 recruits"
    for stay, index in (([0.5, 1.5], 1), ([-0.1], 0)):
        with pytest.raises(InvalidInputError, match="stay") as caught:
            Objective.sustained(stay)
        assert caught.value.index == index
    with pytest.raises(InvalidInputError, match="depths"):
        Objective.sustained([0.5]).value(np.array([1.0, 2.0]), 0.0)
    with pytest.raises(InvalidInputError, match="stay"):
        Objective.sustained([])


def test_errors():
    game = campaign()
    bare = Campaign(
        IncentiveNetwork(
            game.network.graph, contact=0.5, join=game.network.join, invite=game.network.invite
        ),
        game.task, team=TopDegree(1), max_depth=2,
    )  # fmt: skip
    cost = CostModel.exponential(mean=1.0)
    with pytest.raises(InvalidInputError, match="support layer"):
        aftermath(bare, Recursive(1 / 2), upkeep=cost, rng=1)
    with pytest.raises(InvalidInputError, match="upkeep"):
        aftermath(game, Recursive(1 / 2), upkeep=1.0, rng=1)
    with pytest.raises(InvalidInputError, match="residual"):
        aftermath(game, Recursive(1 / 2), upkeep=cost, residual=-1.0, rng=1)
    one = aftermath(game, Recursive(1 / 2), upkeep=cost, replicates=5, rng=1)
    with pytest.raises(InvalidInputError, match="worlds"):
        one.difference(aftermath(game, Recursive(1 / 2), upkeep=cost, replicates=5, rng=2))
