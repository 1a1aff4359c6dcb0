"""Teams under the equilibrium: never worse, near the best of all, joint with the scheme, against the prize."""

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import (
    Budget,
    Campaign,
    Contribution,
    CostModel,
    FinderTakesAll,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Members,
    Motives,
    Objective,
    Recursive,
    Search,
    TopDegree,
    UnsupportedProblemError,
    datasets,
)
from solvers.campaign_design import design_campaign
from solvers.engine import engine_of
from solvers.fixed_point import Profile, play
from solvers.recruitment import recruit
from solvers.seeding_worth import _crossing, seeding_value
from solvers.seeds import seed_sequence
from solvers.sketches import Sampler
from solvers.team_design import seeded_team
from solvers.team_search import TeamSearch, decided
from solvers.worlds import Worlds


def campaign_on(
    graph, *, team=None, depth=4, prize=100, find=0.02, contact=0.5, task=None, motives=None, **more
):
    network = IncentiveNetwork(
        graph,
        contact=contact,
        join=CostModel.exponential(mean=0.5),
        invite=CostModel.exponential(mean=0.2),
        motives=motives,
    )
    task = task or Search(prize=prize, find=find)
    return Campaign(network, task, team=team or TopDegree(1), max_depth=depth, **more)


def random_graph(n, m, seed):
    pairs = np.random.default_rng(seed).integers(0, n, (m, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    ring = np.arange(n)  # so that everybody is in the graph
    return Graph.from_edges(
        np.append(pairs[:, 0], ring),
        np.append(pairs[:, 1], (ring + 1) % n),
        directed=False,
        duplicates="merge",
    )


def communities():
    """A dense community with the best connected people, and a star of stars whose hubs have fewer contacts each."""
    rng = np.random.default_rng(1)
    dense = [(u, v) for u in range(30) for v in range(30) if u < v and rng.random() < 0.8]
    hubs = [(100 + h, 200 + 12 * h + leaf) for h in range(8) for leaf in range(12)]
    return Graph.from_edges(
        *zip(*dense, *hubs, *[(100, 101 + h) for h in range(7)], strict=True), directed=False
    )


def search_on(campaign, scheme, k, *, replicates=512, rng=7, objective=None):
    return TeamSearch(
        campaign, scheme, k, objective=objective, replicates=replicates, rng=seed_sequence(rng), engine=1
    )


@given(seed=st.integers(0, 10**6), k=st.integers(1, 4), own=st.integers(1, 4))
@settings(max_examples=6)
def test_the_team_has_k_people_and_is_never_worse_on_the_worlds_of_the_search(seed, k, own):
    campaign = campaign_on(random_graph(30, 60, seed), team=TopDegree(own))
    found = seeded_team(
        campaign, Recursive(1 / 2), k, replicates=128, tries=4, max_rounds=3, rng=seed, engine=1
    )
    assert len(set(found.team)) == k == len(found.campaign.team_nodes)
    search = search_on(campaign, Recursive(1 / 2), k, replicates=128, rng=seed)
    values = [search.at(search.start).recruits]
    values += [one.value for one in found.rounds if one.accepted]
    assert values == sorted(values)
    assert search.at(found.campaign.team_nodes).recruits == pytest.approx(values[-1], rel=1e-12)
    assert all(one.gain.low > 0 for one in found.rounds if one.accepted)
    assert found.before.recruits == found.figure("before").value
    assert len(found.figure("before").team) == own


def test_where_top_degree_is_wrong_the_team_wins_clearly():
    graph = communities()
    assert int(graph.labels[TopDegree(1).select(graph)[0]]) < 30
    campaign = campaign_on(graph, team=TopDegree(2), depth=3, prize=300)
    found = seeded_team(campaign, Recursive(1 / 2), 2, replicates=512, rng=3)
    rival = found.figure("degree")
    assert rival.ahead.is_significant
    assert rival.ahead.mean > 5
    assert rival.ahead.mean == pytest.approx(found.recruitment.recruits - rival.recruitment.recruits)
    assert max(found.team) >= 100


def test_the_team_is_as_good_as_the_best_of_all():
    graph = random_graph(9, 8, 5)
    campaign = campaign_on(graph, team=Members([0, 1]), depth=3)
    found = seeded_team(campaign, FinderTakesAll(), 2, replicates=2000, tries=8, max_rounds=8, rng=1)
    search = search_on(campaign, FinderTakesAll(), 2, replicates=2000, rng=1)
    teams = [np.array(team, dtype=np.int32) for team in combinations(range(9), 2)]
    best = max(teams, key=lambda team: search.at(team).recruits)
    worst = min(teams, key=lambda team: search.at(team).recruits)
    behind = search.gain(search.at(best).counts, search.at(found.campaign.team_nodes).counts)
    assert behind.mean <= 2 * behind.stderr
    assert search.gain(search.at(best).counts, search.at(worst).counts).low > 0.5


def settled(search, campaign, join, invite, *, replicates=8000):
    """Return an equilibrium with other decisions in place of its own, and what these lead to."""
    before = search.at(search.start)
    counts, odds = play(
        Worlds(campaign, seed_sequence(3), engine=1), Profile(join, invite), replicates=replicates
    )
    alike = np.full(campaign.max_depth, invite[0])
    return replace(before, profile=Profile(join, alike), odds=odds), counts.members.sum(axis=1)


def test_the_diffusion_is_the_campaign_where_decisions_are_alike_at_every_depth():
    graph = Graph.from_edges([0, 0, 0, 1, 2, 3, 4], [1, 2, 3, 4, 4, 5, 6])
    kinds = Motives(entertainment=[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    campaign = campaign_on(graph, depth=3, contact=np.linspace(0.3, 0.9, graph.m), motives=kinds)
    search = search_on(campaign, Recursive(1 / 2), 1)
    join, invite = np.broadcast_to([[0.4], [0.8]], (2, 3)), np.array([0.5, 0.5, 0.0])
    equilibrium, sample = settled(search, campaign, join, invite)
    diffusion, chances = decided(campaign, equilibrium)
    assert chances[:7].tolist() == pytest.approx([0.4, 0.4, 0.8, 0.4, 0.8, 0.8, 0.4])
    sampler = Sampler(
        diffusion,
        chances,
        weights=np.repeat([0.0, 1.0, 0.0], 7),
        max_depth=7,
        key=np.array([1, 2], dtype=np.uint64),
    )
    sketches = sampler.draw(0, 100_000, engine=engine_of(1))
    share = sketches.covered(np.array([14], dtype=np.int32)) / sketches.number
    noise = 7 * np.sqrt(share * (1 - share) / sketches.number) + sample.std() / np.sqrt(len(sample))
    assert noise < 0.04
    assert abs(7 * share - (1 + sample.mean())) < 5 * noise  # the one hired counts there


def test_the_diffusion_hands_out_as_many_invitations_as_are_allowed():
    star = Graph.from_edges([0] * 10, range(1, 11), directed=False)
    campaign = campaign_on(star, depth=3, contact=1.0, max_invites=2)
    search = search_on(campaign, Recursive(1 / 2), 1)
    equilibrium, _ = settled(search, campaign, np.ones(3), np.array([0.5, 0.5, 0.0]))
    _, chances = decided(campaign, equilibrium)
    joined, hired = chances[11 : 11 + star.m], chances[11 + star.m :]
    assert joined[:10] == pytest.approx(0.2)  # the hub: two of ten
    assert joined[10:] == pytest.approx(0.5)
    assert 1 - (1 - hired[:10]) * (1 - joined[:10]) == pytest.approx(1.0)  # the team's reach everybody
    assert hired[10] == 1.0


def test_equal_numbers_name_equal_results_and_threads_do_not_matter():
    campaign = campaign_on(random_graph(40, 80, 2), team=TopDegree(3))
    one, two = (
        seeded_team(campaign, Recursive(1 / 2), 3, replicates=128, tries=4, rng=5, engine=threads).to_dict()
        for threads in (1, 2)
    )
    assert one == two
    assert json.loads(json.dumps(one)) == one


def test_contributions_other_objectives_and_whole_networks_are_served():
    campaign = campaign_on(random_graph(12, 10, 3), team=TopDegree(2), task=Contribution(amount=20))
    found = seeded_team(campaign, Recursive(1 / 2), 12, replicates=64, rng=1, engine=1)
    assert found.recruitment.recruits == 0
    assert found.reason == "settled"
    with pytest.raises(UnsupportedProblemError, match="nothing to find"):
        seeded_team(campaign, Recursive(1 / 2), 2, objective=Objective.all_found(), rng=1)
    deep = seeded_team(
        campaign,
        Recursive(1 / 2),
        2,
        objective=Objective.mean_depth(),
        replicates=128,
        tries=6,
        rng=1,
        engine=1,
    )
    assert deep.figures[0].value == pytest.approx(deep.recruitment.mean_depth, rel=0.05)
    assert "mean depth" in str(deep)


def test_a_network_nobody_joins_keeps_its_team():
    campaign = campaign_on(random_graph(12, 10, 3), prize=1e-9)
    found = seeded_team(campaign, Recursive(1 / 2), 1, replicates=64, tries=3, rng=1, engine=1)
    assert found.campaign.team_nodes.tolist() == campaign.team_nodes.tolist()
    assert not any(one.accepted for one in found.rounds)


def test_the_result_is_a_team_prints_and_draws(tmp_path):
    graph = communities()
    campaign = campaign_on(graph, depth=3)
    found = seeded_team(campaign, Recursive(1 / 2), 1, replicates=128, tries=2, rng=1, engine=1)
    again = Campaign(campaign.network, campaign.task, team=found, max_depth=3)
    assert again.team_nodes.tolist() == found.campaign.team_nodes.tolist()
    same = recruit(again, Recursive(1 / 2), replicates=128, rng=9)
    assert same.recruits == recruit(found.campaign, Recursive(1 / 2), replicates=128, rng=9).recruits
    assert "designed" in str(found)
    assert str(found.team[0]) in str(found)
    ax = found.plot()
    assert len(ax.lines) == len(found.figures)
    assert ax.get_xlabel()
    with pytest.raises(InvalidInputError, match="name"):
        found.figure("nobody")


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": 0}, {"k": 13}, {"k": 1.5}, {"tries": -1}, {"max_rounds": 0}, {"replicates": 1}, {"epsilon": 0.9},
        {"objective": "recruits"}, {"rng": -1}, {"scheme": "mit"}, {"campaign": None},
    ],
)  # fmt: skip
def test_wrong_input_is_refused(wrong):
    given_arguments = {
        "campaign": campaign_on(random_graph(12, 10, 3)),
        "scheme": Recursive(1 / 2),
        "k": 2,
        "rng": 1,
    }
    with pytest.raises(InvalidInputError) as caught:
        seeded_team(**{"replicates": 64, "engine": 1, **given_arguments, **wrong})
    assert next(iter(wrong)) in str(caught.value)


def test_team_and_scheme_in_turns_never_get_worse():
    campaign = campaign_on(communities(), team=TopDegree(2), depth=2)
    found = design_campaign(campaign, 2, rounds=1, epsilon=1, tries=4, replicates=256, rng=2, engine=1)
    first, *later = found.steps
    assert first.kind == "scheme"
    assert first.gain is None
    assert all(step.accepted == (step.gain.low > 0) for step in later)
    assert any(step.accepted and step.kind == "team" for step in later)
    assert found.recruitment.difference(first.recruitment).low > 0  # on fresh worlds too
    assert found.team == tuple(found.campaign.network.graph.labels[found.campaign.team_nodes].tolist())
    assert found.final.scheme is found.scheme
    assert found.certificate == found.design.certificate
    assert "team" in str(found)
    json.dumps(found.to_dict())


def test_a_budget_on_chances_changes_team_and_scheme_together():
    campaign = campaign_on(random_graph(20, 30, 1), team=TopDegree(1), depth=2)
    found = design_campaign(
        campaign,
        1,
        rounds=1,
        epsilon=1,
        budget=Budget.expected(0.3),
        tries=3,
        replicates=128,
        rng=2,
        engine=1,
    )
    assert {step.kind for step in found.steps[1:]} <= {"team and scheme"}
    assert found.design.spending[0].value < 0.35


def test_seeding_is_worth_the_prize_that_recruits_as_many():
    campaign = campaign_on(communities(), team=TopDegree(2), depth=3)
    found = seeding_value(
        campaign, Recursive(1 / 2), ks=[1, 2], prizes=[200, 400, 800, 4000], salary=10, tries=4, replicates=256, rng=1,
        engine=1,
    )  # fmt: skip
    assert [size.k for size in found.sizes] == [1, 2]
    assert found.prizes.tolist() == [100, 200, 400, 800, 4000]
    two = found.sizes[1]
    assert two.ahead.low > 0
    low, high = two.interval
    assert low <= two.prize <= high
    assert two.bracket[0] <= two.prize <= two.bracket[1]
    one = found.sizes[0]
    assert found.spent(one.recruitment, 1) == pytest.approx(
        100 * (one.recruitment.payout - found.at_prizes[0].payout) - 10
    )
    for result in (found, replace(found, salary=None)):
        ax = result.plot()
        assert ax.get_ylabel() == "expected recruits"
        assert "designed" in str(result)
        json.dumps(result.to_dict())


def test_crossings_are_those_of_the_line_between_points():
    prizes = np.array([1.0, 2.0, 4.0])
    assert _crossing(prizes, np.array([-1.0, -0.5, 0.5])) == 3.0
    assert _crossing(prizes, np.array([0.0, 1.0, 2.0])) == 1.0
    assert _crossing(prizes, np.array([-3.0, -2.0, -1.0])) == np.inf


@pytest.mark.parametrize(
    "wrong",
    [
        {"ks": []}, {"ks": [2, 1]}, {"ks": [0]}, {"prizes": []}, {"prizes": [100]}, {"prizes": [300, 200]},
        {"salary": -1}, {"campaign": None},
    ],
)  # fmt: skip
def test_wrong_sizes_and_prizes_are_refused(wrong):
    usual = {
        "campaign": campaign_on(random_graph(12, 10, 3)),
        "ks": [1],
        "prizes": [200],
        "replicates": 64,
        "rng": 1,
    }
    with pytest.raises(InvalidInputError) as caught:
        seeding_value(scheme=Recursive(1 / 2), **{**usual, **wrong})
    assert next(iter(wrong)) in str(caught.value)


def test_contributions_have_no_prize_to_raise():
    campaign = campaign_on(random_graph(12, 10, 3), task=Contribution(amount=20))
    with pytest.raises(UnsupportedProblemError, match="Search"):
        seeding_value(campaign, Recursive(1 / 2), ks=[1], prizes=[200], rng=1)


def real(name, labels):
    """Return the campaign of the README on a real network, with a team."""
    try:
        path = datasets.path(f"graphs/{name}")
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))
    network = IncentiveNetwork(
        Graph.from_file(path, directed=False),
        contact=0.5,
        join=CostModel.exponential(mean=0.8),
        invite=CostModel.exponential(mean=0.12),
    )
    team = Members(labels) if labels else TopDegree(5)
    return Campaign(network, Search(prize=4000, find=1e-3), team=team, max_depth=10)


def test_the_karate_club_gets_a_team():
    found = seeded_team(real("karate", None), Recursive(1 / 2), 5, replicates=128, tries=4, rng=7, engine=1)
    assert len(set(found.team)) == 5
    assert (
        found.figure("designed").value
        >= found.figure("before").value - 2 * found.figure("before").ahead.stderr
    )


def test_on_nethept_people_at_the_edge_recruit_more_than_the_best_connected():
    edge, hubs = (
        recruit(real("nethept", labels), Recursive(1 / 2), replicates=128, rng=99)
        for labels in ([9406, 2663, 13561, 479, 8384], None)
    )
    ahead = edge.difference(hubs)
    assert ahead.mean > 3 * ahead.stderr
    assert edge.mean_depth > hubs.mean_depth + 1
