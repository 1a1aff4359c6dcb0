"""Coupons, motives, precision, several equilibria and interrupts in the recruitment game."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from mechanism import (
    Campaign,
    CostModel,
    FinderTakesAll,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Members,
    Motives,
    PathTable,
    Recursive,
    Search,
    TopDegree,
)
from solvers import Status, equilibria, recruit
from solvers.beliefs import Odds, motive_payoffs, payoffs
from solvers.multiplicity import _is_unique
from solvers.precision import Stop, paired_difference, worlds_wanted
from solvers.worlds import Worlds

BOUND = stats.norm.isf(1e-6 / 2)


def campaign_on(graph, *, motives=None, depth=4, contact=0.5, find=0.02, prize=100, team=None, **rules):
    network = IncentiveNetwork(
        graph,
        contact=contact,
        join=CostModel.exponential(mean=1),
        invite=CostModel.exponential(mean=1),
        motives=motives,
    )
    team = team or TopDegree(1)
    return Campaign(network, Search(prize=prize, find=find), team=team, max_depth=depth, **rules)


def random_graph(n=300, m=1500, seed=0):
    pairs = np.random.default_rng(seed).integers(0, n, (m, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Graph.from_edges(pairs[:, 0], pairs[:, 1], directed=False, duplicates="merge")


BROOM = Graph.from_edges([0] + [1] * 6, range(1, 8))  # the team, one recruit, and six below


def test_coupons_on_a_broom():
    """Two of six get a coupon; one over the contact chance arrives; the team is not limited."""
    replicates = 50_000
    worlds = Worlds(campaign_on(BROOM, max_invites=2, team=Members([0])), np.random.SeedSequence(1))
    join, invite = np.array([1.0, 0.8, 0, 0]), np.array([1.0, 1, 0, 0])
    counts = worlds.play(join, invite, replicates=replicates)
    first, second = counts.members[:, 0], counts.members[:, 1]
    assert stats.binomtest(int(first.sum()), replicates, 0.5).pvalue > 1e-6
    assert (counts.invitations[:, 0] == 2 * first).all()
    assert second.max() == 2
    assert stats.binomtest(int(second.sum()), 2 * int(first.sum()), 0.5 * 0.8).pvalue > 1e-6
    depth = np.array([worlds.tree(join, invite, replicate=r)[0] for r in range(3000)])
    per_person = (depth == 2).sum(axis=0)[2:]
    assert stats.chisquare(per_person).pvalue > 1e-6


def test_only_wanted_invitations_use_coupons():
    """With inviting chance q the coupons given are min(2, Binomial(6, q))."""
    worlds = Worlds(
        campaign_on(BROOM, max_invites=2, contact=1.0, team=Members([0])), np.random.SeedSequence(1)
    )
    counts = worlds.play(np.ones(4), np.array([0.3, 0, 0, 0]), replicates=40_000)
    given = counts.invitations[:, 0]
    wanted = stats.binom(6, 0.3)
    expected = np.array([wanted.pmf(0), wanted.pmf(1), wanted.sf(1)]) * 40_000
    assert stats.chisquare(np.bincount(given.astype(int), minlength=3), expected).pvalue > 1e-6


def test_many_coupons_are_no_limit():
    graph = random_graph()
    free, limited = (
        recruit(campaign_on(graph, max_invites=limit), Recursive(0.5), replicates=2000, rng=3)
        for limit in (None, 10_000)
    )
    gap = np.hypot(free.recruits_stderr, limited.recruits_stderr)
    assert abs(free.recruits - limited.recruits) < BOUND * gap
    tight = recruit(campaign_on(graph, max_invites=1), Recursive(0.5), replicates=2000, rng=3)
    assert tight.recruits < limited.recruits


def odds_of(joining):
    depth = len(joining)
    return Odds(np.ones(depth), np.full(depth, 0.1), joining, np.zeros((depth, depth)))


def test_motives_by_their_definition():
    """Charity keeps the unpaid rest; reciprocity is the recruiter's reward when the winner is in one's line."""
    table = np.array([[0.5, 0, 0], [0.3, 0.2, 0], [0.1, 0.05, 0.25]])
    joining = np.array([[0.3, 0.2, 0.1], [0, 0.4, 0.2], [0, 0, 0.6]])
    profit, charity, reciprocity = motive_payoffs(table, odds_of(joining), targets=3)
    assert profit == pytest.approx(payoffs(table, odds_of(joining), targets=3)[0])
    assert charity[1] == pytest.approx(3 * (0.4 * (1 - 0.5) + 0.2 * (1 - 0.4)))
    assert reciprocity.tolist() == pytest.approx([0, 3 * (0.4 * 0.2 + 0.2 * 0.25), 3 * 0.6 * 0.05])


def test_equal_motives_in_one_row_or_in_n_are_the_same_game():
    graph = random_graph()
    people = np.ones(graph.n)
    one, many = (
        recruit(campaign_on(graph, motives=motives), Recursive(0.5), replicates=300, rng=3)
        for motives in (Motives(charity=0.5), Motives(charity=0.5 * people))
    )
    assert one.to_dict() == many.to_dict()


def test_motives_of_others_move_only_their_share():
    """Half of the people join for fun, whatever is paid; nothing is paid, so that the others stay away."""
    graph = Graph.from_edges([0] * 400, range(1, 401))
    fun = np.where(np.arange(401) % 2, 1e9, 0.0)
    campaign = campaign_on(graph, motives=Motives(entertainment=fun), contact=0.5, team=Members([0]))
    result = recruit(campaign, PathTable([[0]]), replicates=2000, rng=3)
    assert stats.binomtest(int(result.sample.sum()), 200 * 2000, 0.5).pvalue > 1e-6
    assert result.join[0] == pytest.approx(200 / 401)


def test_more_motives_recruit_more():
    graph = random_graph()
    alone = recruit(campaign_on(graph), Recursive(0.5), replicates=500, rng=3)
    for extra in ({"charity": 1.0}, {"reciprocity": 1.0}, {"entertainment": 0.3}):
        moved = recruit(campaign_on(graph, motives=Motives(**extra)), Recursive(0.5), replicates=500, rng=3)
        assert moved.difference(alone, confidence=0.999).low > 0


def test_differences_are_paired():
    campaign = campaign_on(random_graph())
    one, two = (
        recruit(campaign, scheme, replicates=800, rng=3) for scheme in (Recursive(0.5), FinderTakesAll())
    )
    gap = one.difference(two)
    assert gap.mean == pytest.approx(one.recruits - two.recruits)
    assert gap.low < gap.mean < gap.high
    assert gap.is_significant
    assert "common worlds" in str(gap)
    assert gap.stderr < np.hypot(one.recruits_stderr, two.recruits_stderr)
    other = recruit(campaign, FinderTakesAll(), replicates=800, rng=4)
    with pytest.raises(InvalidInputError, match="other met other worlds"):
        one.difference(other)


def test_the_interval_covers():
    rng = np.random.default_rng(0)
    covered = [
        (gap := paired_difference(rng.normal(1, 1, 50), rng.normal(0, 1, 50), confidence=0.9)).low
        < 1
        < gap.high
        for _ in range(2000)
    ]
    assert (
        stats.binomtest(sum(covered), 2000, 0.89).pvalue > 1e-4
    )  # normal, not Student's: a little short of 0.9


@pytest.mark.parametrize("precision", [0.05, 0.01])
def test_precision_of_the_recruits(precision):
    result = recruit(campaign_on(random_graph()), Recursive(0.5), precision=precision, rng=1)
    assert result.recruits_stderr <= 1.26 * precision * result.recruits
    assert result.stop is Stop.PRECISION


def test_worlds_wanted_ends():
    rng = np.random.default_rng(1)
    sample = np.empty(0)
    for _ in range(10):
        count, stop = worlds_wanted(sample, 0.01)
        if count == len(sample):
            break
        sample = np.concatenate((sample, rng.exponential(size=count - len(sample))))
    assert stop is Stop.PRECISION
    assert sample.std() / sample.mean() / np.sqrt(len(sample)) < 0.0101
    assert worlds_wanted(np.arange(500), 1e-9, most=500) == (500, Stop.LIMIT)


def test_distributions_add_up():
    result = recruit(campaign_on(random_graph()), Recursive(0.5), replicates=300, rng=1)
    sizes, shares = result.size_distribution
    assert sizes @ shares == pytest.approx(result.recruits)
    amounts, chances = result.payout_distribution
    assert chances.sum() == pytest.approx(1)
    assert amounts @ chances == pytest.approx(result.payout)
    assert result.depth_distribution @ np.arange(1, 5) == pytest.approx(result.mean_depth)


def test_one_equilibrium_from_both_ends():
    one = equilibria(campaign_on(random_graph()), Recursive(0.5), replicates=1024, rng=1)
    assert one.is_unique
    assert one.high.status is one.low.status is Status.CONVERGED
    assert "one equilibrium" in str(one)
    assert one.to_dict()["is_unique"] is True


@pytest.mark.parametrize(
    ("shifts", "status", "verdict"),
    [
        ((20, 20), Status.CONVERGED, False),
        ((20, 0.5), Status.CONVERGED, True),  # seen on few worlds only
        ((20, -20), Status.CONVERGED, True),  # noise in the search
        ((0.5, 0.5), Status.CONVERGED, True),  # significant and small
        ((20, 20), Status.NOT_CONVERGED, None),
    ],
)
def test_when_two_searches_count_as_two_equilibria(shifts, status, verdict):
    rng = np.random.default_rng(0)
    pairs, gaps = [], []
    for shift in shifts:
        low = rng.normal(100, 10, 1000)
        high = low + shift + rng.normal(0, 0.1, 1000)
        pairs.append(tuple(SimpleNamespace(recruits=x.mean(), status=status) for x in (high, low)))
        gaps.append(paired_difference(high, low, confidence=0.9999))
    assert _is_unique(pairs, gaps) is verdict


@pytest.mark.parametrize("replicates", [7, 1.5, True])
def test_wrong_replicates_of_equilibria(replicates):
    with pytest.raises(InvalidInputError, match="replicates is"):
        equilibria(campaign_on(random_graph()), Recursive(0.5), replicates=replicates, rng=1)


@pytest.mark.parametrize("rules", [{"max_invites": 0}, {"max_invites": 1.5}])
def test_wrong_rules_are_named(rules):
    with pytest.raises(InvalidInputError, match="max_invites is"):
        campaign_on(BROOM, **rules)


def test_an_interrupt_returns_the_best_decisions_met():
    rounds = []

    def stop_in_round_three(stage, done, total):
        rounds.append(stage)
        if "round 3" in stage:
            raise KeyboardInterrupt

    campaign = campaign_on(random_graph())
    result = recruit(campaign, Recursive(0.5), replicates=100, rng=1, engine=1, progress=stop_in_round_three)
    assert result.status is Status.INTERRUPTED
    assert result.recruits > 0
    assert "interrupted" in str(result)


def test_an_interrupt_before_anything_is_done_is_raised():
    def at_once(stage, done, total):
        raise KeyboardInterrupt

    campaign = campaign_on(random_graph())
    with pytest.raises(KeyboardInterrupt):
        recruit(campaign, Recursive(0.5), replicates=100, rng=1, engine=1, progress=at_once)


@pytest.mark.parametrize(
    "cost",
    [
        CostModel.lognormal(median=0.7, sigma=0.6),
        CostModel.weibull(scale=1, shape=0.7),
        CostModel.logistic(mean=1, scale=0.3),
        CostModel.empirical(np.linspace(0, 3, 200)),
    ],
)
def test_every_cost_distribution_is_played(cost):
    network = IncentiveNetwork(random_graph(), contact=0.5, join=cost, invite=CostModel.exponential(mean=1))
    campaign = Campaign(network, Search(prize=100, find=0.02), team=TopDegree(1), max_depth=3)
    result = recruit(campaign, Recursive(0.5), replicates=300, rng=3)
    assert result.recruits > 1
    assert result.gap < 0.2
