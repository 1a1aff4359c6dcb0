"""The equilibrium: closed forms, best responses, determinism, wrong input."""

from dataclasses import fields

import numpy as np
import pytest
from scipy import optimize

from mechanism import (
    Campaign,
    CostModel,
    FinderTakesAll,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Members,
    PathTable,
    Recursive,
    Search,
    TopDegree,
)
from solvers import Status, recruit
from solvers.fixed_point import Profile, best_response, play
from solvers.seeds import child, seed_sequence
from solvers.worlds import Worlds


def campaign_on(
    graph, *, depth=4, join=1.0, invite=1.0, prize=100, find=0.02, contact=0.5, team=None, targets=1
):
    network = IncentiveNetwork(
        graph,
        contact=contact,
        join=CostModel.exponential(mean=join),
        invite=CostModel.exponential(mean=invite),
    )
    return Campaign(
        network, Search(prize=prize, find=find, targets=targets), team=team or TopDegree(1), max_depth=depth
    )


def star(n):
    return Graph.from_edges([0] * n, list(range(1, n + 1)))


def random_graph(n=400, m=2000, seed=0):
    pairs = np.random.default_rng(seed).integers(0, n, (m, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Graph.from_edges(pairs[:, 0], pairs[:, 1], directed=False, duplicates="merge")


def test_star_with_finder_takes_all_solves_the_fixed_point_equation():
    n, contact, find, prize, cost = 60, 0.5, 0.02, 100.0, 1.0
    campaign = campaign_on(star(n), depth=2, join=cost, prize=prize, find=find, contact=contact)
    result = recruit(campaign, FinderTakesAll(), replicates=20_000, rng=3)

    def excess(a):  # members are Binomial(n, contact a); w = 1 - (1 - find contact a)^n
        won = 1 - (1 - find * contact * a) ** n
        return 1 - np.exp(-prize * won / (n * contact * a) / cost) - a

    accept = optimize.brentq(excess, 1e-6, 1)
    deviation = np.sqrt(contact * accept * (1 - contact * accept) * n / 20_000)
    assert result.recruits == pytest.approx(n * contact * accept, abs=6 * deviation)
    assert result.join[0] == pytest.approx(accept, abs=0.002)
    assert result.recruits_stderr == pytest.approx(deviation, rel=0.05)
    assert result.mean_depth == 1
    assert result.max_depth == 1
    assert result.found == pytest.approx(1 - (1 - find * contact * accept) ** n, abs=6 * result.found_stderr)
    assert result.payout == pytest.approx(result.found, rel=1e-12)


def test_result_is_a_best_response_to_what_it_leads_to():
    campaign = campaign_on(random_graph(), targets=2)
    scheme = Recursive(0.5)
    result = recruit(campaign, scheme, replicates=2000, rng=5)
    assert result.status is Status.CONVERGED
    assert result.gap < 0.01
    # On other worlds the same decisions are best responses up to noise.
    worlds = Worlds(campaign, np.random.SeedSequence(99))
    profile = Profile(result.join, result.invite)
    _, beliefs = play(worlds, profile, replicates=2000)
    response = best_response(worlds, scheme.table(4), beliefs)
    assert profile.drift(response, beliefs.members, worlds.reach) < 0.02


def test_payout_and_depth_follow_from_the_members():
    campaign = campaign_on(random_graph())
    scheme = PathTable([[1], [0.5, 0.25], [0.2, 0.1, 0.1], [0, 0, 0, 0]])
    result = recruit(campaign, scheme, replicates=500, rng=5)
    assert result.recruits == pytest.approx(result.members_by_depth.sum())
    assert result.recruits == pytest.approx(result.sample.mean())
    assert 0 < result.payout <= result.found
    assert 1 <= result.mean_depth <= result.max_depth <= 3  # a chain of 4 pays nobody, so nobody joins there
    assert result.invite[-1] == 0


def test_money_is_a_unit():
    graph = random_graph()
    one = recruit(campaign_on(graph), Recursive(0.5), replicates=300, rng=2)
    cents = recruit(
        campaign_on(graph, prize=10_000, join=100, invite=100), Recursive(0.5), replicates=300, rng=2
    )
    assert np.array_equal(one.sample, cents.sample)


def test_isolated_people_change_nothing():
    graph = random_graph()
    source = np.repeat(np.arange(graph.n), graph.out_degree)
    lonely = Graph.from_edges(
        np.append(graph.labels[source], 9000), np.append(graph.labels[graph.indices], 9001)
    )
    one = recruit(campaign_on(graph), Recursive(0.5), replicates=2000, rng=2)
    two = recruit(campaign_on(lonely), Recursive(0.5), replicates=2000, rng=2)
    assert two.recruits == pytest.approx(
        one.recruits, abs=6 * np.hypot(one.recruits_stderr, two.recruits_stderr)
    )


def test_same_seed_same_bits_for_any_number_of_threads():
    campaign = campaign_on(random_graph())
    results = [recruit(campaign, Recursive(0.5), rng=8, engine=threads) for threads in (1, 2, 3)]
    results.append(recruit(campaign, Recursive(0.5), rng=np.random.SeedSequence(8)))
    for result in results[1:]:
        for item in fields(result):
            assert np.array_equal(getattr(result, item.name), getattr(results[0], item.name)), item.name
    other = recruit(campaign, Recursive(0.5), rng=9, replicates=results[0].replicates)
    assert not np.array_equal(other.sample, results[0].sample)


def test_default_replicates_reach_the_promised_precision():
    result = recruit(campaign_on(random_graph()), Recursive(0.5), rng=1)
    assert result.recruits_stderr / result.recruits < 0.0025 or result.replicates == 100_000


def test_nobody_is_paid_and_nobody_comes():
    result = recruit(campaign_on(random_graph()), PathTable([[0]]), rng=1)
    assert result.recruits == 0
    assert np.isnan(result.mean_depth)
    assert result.status is Status.CONVERGED
    assert result.gap == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"replicates": 1}, "replicates is 1"),
        ({"replicates": 2.5}, "replicates is 2.5"),
        ({"rng": -1}, "rng is -1"),
        ({"rng": "seed"}, "rng is 'seed'"),
        ({"engine": 0}, "engine is 0"),
        ({"precision": 2}, "precision is 2"),
        ({"precision": 0.1, "replicates": 9}, "precision is 0.1"),
    ],
)
def test_wrong_arguments_are_named(change, words):
    with pytest.raises(InvalidInputError, match=words):
        recruit(campaign_on(star(3)), Recursive(0.5), **({"rng": 1} | change))


def test_a_scheme_is_asked_for():
    with pytest.raises(InvalidInputError, match="scheme"):
        recruit(campaign_on(star(3)), 0.5, rng=1)


def test_seeds_are_independent_and_left_alone():
    seed = np.random.SeedSequence(4)
    assert seed_sequence(seed) is seed
    states = {tuple(child(seed, name).generate_state(2, np.uint64)) for name in range(5)}
    assert len(states) == 5
    assert seed.n_children_spawned == 0
    generator = np.random.default_rng(1)
    assert seed_sequence(generator).entropy != seed_sequence(generator).entropy


def test_a_team_by_name_is_not_counted():
    campaign = campaign_on(star(5), team=Members([0, 1]), contact=1.0, prize=1e9)
    result = recruit(campaign, Recursive(0.5), rng=1)
    assert result.recruits == 4


def test_a_memory_map_does_not_change_a_bit(tmp_path):
    graph = random_graph()
    graph.save(tmp_path / "graph.npz")
    mapped = Graph.from_file(tmp_path / "graph.npz", memory_map=True)
    one, two = (recruit(campaign_on(own), Recursive(0.5), replicates=200, rng=3) for own in (graph, mapped))
    assert one.to_dict() == two.to_dict()
    assert one.sample.tobytes() == two.sample.tobytes()
