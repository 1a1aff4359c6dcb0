"""Contribution campaigns: beliefs against recruiter links, closed forms, reports, budgets and designs."""

from __future__ import annotations

import json
import pickle

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mechanism import (
    AdditiveTree,
    Budget,
    Campaign,
    Contribution,
    CostModel,
    Geometric,
    Graph,
    IncentiveNetwork,
    Members,
    Motives,
    Objective,
    PathTable,
    Recursive,
    ReferralForest,
    ResponseTime,
    Search,
    TopDegree,
)
from mechanism.errors import UnsupportedProblemError
from proofs import SybilProof, verify
from proofs.check import check
from solvers import design, equilibria, recruit
from solvers.beliefs import motive_payoffs, odds, payoffs
from solvers.fixed_point import Profile
from solvers.spending import spend
from solvers.timeline import timeline
from solvers.worlds import Counts, Worlds
from tests.solvers.designs import small_graph

AMOUNT = 20.0


def campaign_on(graph, task=None, *, depth=4, contact=0.5, join=8.0, invite=1.2, team=None, **rules):
    network = IncentiveNetwork(
        graph,
        contact=contact,
        join=CostModel.exponential(mean=join),
        invite=CostModel.exponential(mean=invite),
        motives=rules.pop("motives", None),
    )
    task = task or Contribution(amount=AMOUNT)
    return Campaign(network, task, team=team or TopDegree(2), max_depth=depth, **rules)


def clique(**rules):
    return campaign_on(
        Graph.from_edges(*zip(*nx.complete_graph(30).edges, strict=True), directed=False),
        contact=0.15,
        **rules,
    )


def scattered(**rules):
    return campaign_on(small_graph(150), **rules)


JOIN = np.array([0.9, 0.7, 0.6, 0.5])
INVITE = np.array([0.6, 0.5, 0.7, 0.0])
TABLE = Recursive(0.5).table(4)
UNEVEN = np.tril(np.random.default_rng(5).random((4, 4)) / 4)


def walk(depth, recruiter, table):
    """Pay every contribution up its line by hand.

    Returns what members of each depth receive in all, what they receive as recruiters, what their lines leave to the
    cause, and what their lines bring to their own recruiters.
    """
    found = np.zeros((4, len(table)))
    for w in np.flatnonzero(depth > 0):
        row = table[depth[w] - 1]
        line, u = [], w
        while depth[u] > 0:
            line.append(u)
            u = recruiter[u]
        assert depth[u] == 0
        assert len(line) == depth[w]
        for j, u in enumerate(line):
            found[0, depth[u] - 1] += row[j]
            found[1, depth[u] - 1] += row[j] if j else 0
            found[2, depth[u] - 1] += 1 - row.sum()
            if j + 1 < len(line):
                found[3, depth[u] - 1] += row[j + 1]
    return found


@pytest.mark.parametrize("table", [TABLE, UNEVEN], ids=["recursive", "uneven"])
@pytest.mark.parametrize("build", [clique, scattered])
def test_formulas_are_the_payments_along_recruiter_links(build, table):
    """In the same worlds the two agree to rounding: nothing else is by chance."""
    worlds = Worlds(build(), np.random.SeedSequence(3), engine=1)
    replicates = 300
    counts = worlds.play(JOIN, INVITE, replicates=replicates)
    beliefs = odds(worlds, counts, JOIN, INVITE)
    assert beliefs.members.min() > 0.05
    received = (
        sum(walk(*worlds.tree(JOIN, INVITE, replicate=r), table) for r in range(replicates)) / replicates
    )
    joining, inviting = payoffs(table, beliefs, targets=1)
    profit, charity, reciprocity = motive_payoffs(table, beliefs, targets=1)
    assert joining * beliefs.members == pytest.approx(received[0], rel=1e-9)
    assert inviting * counts.invitations.mean(axis=0) == pytest.approx(received[1], rel=1e-9)
    assert profit == pytest.approx(joining)
    assert charity * beliefs.members == pytest.approx(received[2], rel=1e-9)
    assert reciprocity * beliefs.members == pytest.approx(received[3], rel=1e-9)
    assert received[1, 0] > 0
    assert inviting[-1] == received[1, -1] == 0


def test_an_empty_depth_has_the_odds_of_a_person_forced_in():
    """As in a search, but whoever else contributes takes nothing away."""
    tree = Graph.from_edges(*zip(*nx.balanced_tree(3, 5, create_using=nx.DiGraph).edges, strict=True))
    worlds = Worlds(campaign_on(tree, team=Members([0])), np.random.SeedSequence(1))
    join, invite = np.array([1.0, 0.0, 0.6, 0.5]), np.array([0.8, 0.7, 0.6, 0.0])
    counts = worlds.play(join, invite, replicates=2000)
    beliefs = odds(worlds, counts, join, invite)
    assert counts.members[:, 1:].sum() == 0
    assert beliefs.joining[1, 1] == beliefs.joining[2, 2] == 1
    assert beliefs.joining[1, 2] == pytest.approx(3 * 0.5 * 0.7 * 0.6, rel=0.5)
    assert beliefs.inviting[0] == pytest.approx(0.5 * join[1] * beliefs.joining[1])
    assert beliefs.inviting[1, 2] == pytest.approx(0.5 * join[2] * beliefs.joining[2, 2])
    assert not beliefs.wins[1:].any()


def test_nobody_at_all_would_still_be_paid_for_an_own_contribution():
    worlds = Worlds(scattered(), np.random.SeedSequence(1))
    none = Profile(np.zeros(4), np.append(np.ones(3), 0.0))
    beliefs = odds(worlds, worlds.play(none.join, none.invite, replicates=50), none.join, none.invite)
    assert np.diag(beliefs.joining).tolist() == [1, 1, 1, 1]


def test_the_equilibrium_on_a_star():
    """All stand at depth 1 and are paid r of what they bring: they join with chance F(r * amount)."""
    star = Graph.from_edges([0] * 60, list(range(1, 61)))
    result = recruit(campaign_on(star, team=Members([0])), PathTable([[0.4]]), rng=1)
    accept = 1 - np.exp(-0.4 * AMOUNT / 8.0)
    assert result.join[0] == pytest.approx(accept, rel=1e-3)
    assert result.recruits == pytest.approx(60 * 0.5 * accept, abs=6 * result.recruits_stderr)
    assert result.payout == pytest.approx(0.4 * result.recruits)
    assert result.paid_share == pytest.approx(0.4)


def test_a_search_for_needles_is_a_contribution():
    """With prizes of amount / f and f towards 0, every member finds with chance f and none is in another's way."""
    find = 1e-7
    here = recruit(scattered(), Recursive(0.5), replicates=256, rng=5)
    there = recruit(
        scattered(task=Search(prize=AMOUNT / find, find=find)), Recursive(0.5), replicates=256, rng=5
    )
    assert here.join == pytest.approx(there.join, rel=1e-4)
    assert here.invite == pytest.approx(there.invite, rel=1e-4)
    assert here.members_by_depth == pytest.approx(there.members_by_depth, rel=1e-3)
    assert here.payout == pytest.approx(there.payout / find, rel=1e-3)


def test_the_unit_of_money_does_not_matter():
    one = recruit(scattered(), Geometric(0.4, 0.5), replicates=256, rng=5)
    other = recruit(
        scattered(task=Contribution(amount=8 * AMOUNT), join=64.0, invite=9.6), Geometric(0.4, 0.5), replicates=256,
        rng=5, engine=1,
    )  # fmt: skip
    assert one.sample.tolist() == other.sample.tolist()
    assert one.payout == pytest.approx(other.payout)


def test_reports():
    campaign = scattered(depth=3)
    result = recruit(campaign, Recursive(0.5), replicates=64, rng=2)
    worlds = Worlds(campaign, np.random.SeedSequence(2))
    assert result.world_key == worlds.key
    scheme = AdditiveTree.of(Recursive(0.5), 3)
    paid = [forest_of(worlds, result, r, scheme) for r in range(64)]
    assert result.payout == pytest.approx(np.mean(paid))
    assert result.payout_std == pytest.approx(np.std(paid, ddof=1))
    assert result.paid_share == pytest.approx(np.sum(paid) / result.sample.sum())
    assert (result.is_search, result.targets, result.prize) == (False, None, AMOUNT)
    assert np.isnan(result.found)
    assert not result.winners_by_depth.any()
    amounts, shares = result.payout_distribution
    assert amounts.tolist() == [0, 0.5, 0.75, 0.875]
    assert shares == pytest.approx(np.append(0, result.depth_distribution))
    assert amounts @ shares == pytest.approx(result.paid_share)
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["found"] is document["targets"] is None
    text = str(result)
    assert f"contributed    {result.recruits * AMOUNT:,.2f} in money on average, 20 each" in text
    assert f"payout         {result.payout * AMOUNT:,.2f} in money on average" in text
    assert f"{result.paid_share:.3f} of all contributions" in text
    assert "nan" not in text
    assert "P(found)" not in text
    assert "  -  " in str(equilibria(campaign, Recursive(0.5), replicates=64, rng=2))


def forest_of(worlds, result, replicate, scheme):
    """Return what a tree scheme pays in all on the forest of a simulated world, one unit contributed by each."""
    invite = np.append(result.invite[:-1], 0.0)
    depth, recruiter = worlds.tree(result.join, invite, replicate=replicate)
    people = np.flatnonzero(depth > 0)
    if not len(people):
        return 0.0
    place = {int(u): i for i, u in enumerate(people)}
    forest = ReferralForest([place.get(int(recruiter[u]), -1) for u in people])
    assert forest.depths.tolist() == depth[people].tolist()
    return float(sum(scheme.rewards(forest)))


def test_tasks_travel_to_other_processes():
    for task in (Contribution(amount=3), Search(prize=3, find=0.5)):
        assert pickle.loads(pickle.dumps(task)) == task


def test_nobody_comes():
    result = recruit(scattered(join=1e9), Recursive(0.5), replicates=16, rng=2)
    assert result.recruits == result.payout == 0
    assert np.isnan(result.paid_share)
    assert "- of all contributions" in str(result)


def test_motives_count():
    """Whoever cares for the cause joins for what is not paid out."""
    plain = recruit(scattered(), Geometric(0.1, 0.5), replicates=256, rng=5)
    caring = recruit(scattered(motives=Motives(charity=0.5)), Geometric(0.1, 0.5), replicates=256, rng=5)
    assert caring.recruits > 2 * plain.recruits


def test_by_the_clock():
    campaign = scattered(response=ResponseTime.exponential(mean=1))
    result = recruit(campaign, Recursive(0.5), replicates=128, rng=5)
    assert result.timeline.half_time > 0
    assert np.isnan(result.timeline.found).all()
    assert np.isnan(result.timeline.time_to_find)
    assert np.isnan(result.timeline.find_quantile(0.5))
    assert result.payout == pytest.approx(
        float(result.members_by_depth @ Recursive(0.5).table(4).sum(axis=1))
    )
    assert "a target is found" not in str(result)
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))["timeline"]
    assert document["found"] is document["time_to_find"] is None
    result.timeline.plot()
    worlds = Worlds(campaign, np.random.SeedSequence(5))
    profile = Profile(result.join, np.append(result.invite[:-1], 0.0))
    assert timeline(worlds, profile, replicates=128).joined[-1] == pytest.approx(result.recruits, rel=0.05)


made = arrays(np.int64, st.tuples(st.integers(2, 6), st.just(3)), elements=st.integers(0, 9))
totals = arrays(np.float64, 3, elements=st.floats(0, 2))


def counts_of(members):
    return Counts(members, members.astype(float), Contribution(amount=1).stakes(members))


@given(made, totals, totals, st.sampled_from([0.0, 0.5, 0.9]))
def test_what_contributions_cost(members, paid, other, level):
    """The dearest worlds, one contribution at a time, against the figures and their slopes."""
    counts, key = counts_of(members), (1, 2)
    mean = spend(Budget.expected(1), counts, paid, targets=None, key=key)
    tail = spend(Budget.tail(1, level=level), counts, paid, targets=None, key=key)
    if not members.any():
        assert mean.value == tail.value == mean.slope.sum() == 0
        return
    assert mean.value == pytest.approx((members @ paid).sum() / members.sum())
    shares = np.repeat((members @ paid) / np.maximum(members.sum(axis=1), 1), members.sum(axis=1))
    shares = np.sort(shares)[::-1]
    room = (1 - level) * len(shares)
    weights = np.clip(room - np.arange(len(shares)), 0, 1)
    assert tail.value == pytest.approx(weights @ shares / room)
    assert spend(Budget.tail(1, level=0), counts, paid, targets=None, key=key).value == pytest.approx(
        mean.value
    )
    for budget, here in ((Budget.expected(1), mean), (Budget.tail(1, level=level), tail)):
        there = spend(budget, counts, other, targets=None, key=key).value
        assert here.slope @ paid == pytest.approx(here.value)
        assert here.slope @ other <= there + 1e-12
    assert spend(Budget.worst_case(), counts, paid, targets=None, key=key) is None


@pytest.mark.parametrize("budget", [Budget.expected(0.5), Budget.tail(0.5, level=0.9)], ids=str)
def test_standard_errors_of_what_contributions_cost(budget):
    """Against the scatter over 200 independent samples of worlds."""
    rng = np.random.default_rng(1)
    paid, found = np.array([0.2, 0.5, 0.9]), []
    for _ in range(200):
        size = rng.gamma(2, size=(400, 1))
        found.append(spend(budget, counts_of(rng.poisson(size * [9, 6, 3])), paid, targets=None, key=(1, 2)))
    assert np.mean([one.stderr for one in found]) == pytest.approx(
        np.std([one.value for one in found]), rel=0.25
    )


@pytest.fixture(scope="module")
def campaign():
    return campaign_on(small_graph(80), depth=3)


class TestDesigns:
    @pytest.mark.parametrize("epsilon", [0, 0.25])
    def test_they_are_proved_and_not_worse_than_the_families(self, campaign, epsilon):
        found = design(campaign, epsilon=epsilon, rng=1)
        check(found.scheme.to_dict(), found.certificate)
        assert verify(found.scheme, SybilProof(epsilon)).holds
        assert len(found.rivals) >= 3
        assert all(found.search_value >= member.value * (1 - 1e-9) for member in found.rivals)
        text = str(found)
        assert text.startswith("Designed scheme, in shares of each contribution: sybil-proof")
        assert f"payout         {found.recruitment.paid_share:.3f} of all contributions" in text
        worlds = Worlds(campaign, np.random.SeedSequence(99))
        for replicate in range(20):
            depth, _ = worlds.tree(found.recruitment.join, found.recruitment.invite, replicate=replicate)
            paid = forest_of(worlds, found.recruitment, replicate, AdditiveTree(found.scheme))
            assert paid <= np.count_nonzero(depth > 0)

    def test_a_part_of_all_contributions_is_paid_on_average(self):
        campaign = campaign_on(small_graph(80), depth=2)
        found = design(campaign, epsilon=0.25, budget=Budget.expected(0.4), rng=1)
        assert found.recruitment.paid_share == pytest.approx(0.4, rel=0.02)
        assert found.spending[0].value == pytest.approx(found.recruitment.paid_share)
        assert "at most 0.4 of all contributions on average: 0." in str(found)
        freer = design(campaign, epsilon=0.25, budget=Budget.worst_case(0.4), rng=1)
        assert freer.recruitment.paid_share <= 0.4
        assert found.search_value >= freer.search_value * (1 - 1e-3)

    @pytest.mark.parametrize(
        ("rules", "words"),
        [
            ({"objective": Objective.all_found()}, "nothing to find"),
            ({"objective": Objective.recruits() + 0 * Objective.all_found()}, "nothing to find"),
            ({"budget": Budget.total(100)}, "any number of members may contribute"),
            ({"subject_to": [SybilProof(0, identity_cost=0.1)]}, "leave out the identity_cost"),
        ],
    )
    def test_what_means_nothing_is_refused(self, campaign, rules, words):
        with pytest.raises(UnsupportedProblemError, match=words):
            design(campaign, rng=1, **rules)
