"""Diffusion against recruitment: closed forms, common worlds, rankings and what they lose."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from mechanism import (
    Campaign,
    Contribution,
    CostModel,
    FinderTakesAll,
    Graph,
    IncentiveNetwork,
    Members,
    Motives,
    Recursive,
    ResponseTime,
    Search,
    TopDegree,
    datasets,
)
from mechanism.errors import InvalidInputError
from mechanism.message import Message, random_messages
from solvers.diffusion import spread
from solvers.message_ranking import _agreement, suitability
from solvers.recruitment import Status, recruit
from solvers.seeds import child, seed_sequence

SCHEME = Recursive(1 / 2)
MOTIVES = Motives(charity=0.3, reciprocity=0.5, entertainment=0.2)
JOKE = Message("joke", sharing=0.9, profit=0.3, entertainment=1.0)
CAUSE = Message("cause", sharing=0.5, profit=0.5, charity=1.5)
CASH = Message("cash", sharing=0.2, profit=1.5)
DULL = Message("dull", sharing=0.1, profit=1.0, cost=0.3)
MESSAGES = (JOKE, CAUSE, CASH, DULL)


def path(**changed):
    """The team, one person, and another one: 0 -> 1 -> 2."""
    network = IncentiveNetwork(
        Graph.from_edges([0, 1], [1, 2]),
        **{
            "contact": 0.8,
            "join": CostModel.uniform(low=0, high=2),
            "invite": CostModel.uniform(low=0, high=1),
            "motives": MOTIVES,
        }
        | changed,
    )
    return Campaign(network, Contribution(amount=1), team=Members([0]), max_depth=2)


def crowd(**changed):
    rng = np.random.default_rng(5)
    arcs = np.unique(np.sort(rng.integers(0, 20, (45, 2)), axis=1), axis=0)
    arcs = arcs[arcs[:, 0] < arcs[:, 1]]
    network = IncentiveNetwork(
        Graph.from_edges(*arcs.T, directed=False),
        contact=0.4,
        join=CostModel.exponential(mean=0.6),
        invite=CostModel.exponential(mean=0.05),
        motives=MOTIVES,
    )
    return Campaign(network, Search(prize=10, find=0.05), team=TopDegree(2), max_depth=3, **changed)


@pytest.fixture(scope="module")
def result():
    return suitability(crowd(), MESSAGES, SCHEME, replicates=60, batches=3, top=[1, 2], rng=3)


def exact_recruits(network, scheme=SCHEME):
    """Expected recruits on the path, from the deepest place up: who stands there knows what follows."""
    weights = network.motives.weights[0]
    reward, reached = scheme.table(2), network.contact
    paid, kept = reward[1, 1], 1 - reward.sum(axis=1)

    def chance(*brought):
        return float(network.join.cdf(weights @ (*brought, 1.0)))

    second = chance(reward[1, 0], kept[1], paid)
    invited = float(network.invite.cdf(reached * second * paid))
    more = invited * reached * second  # recruits of the first person
    first = chance(reward[0, 0] + more * paid, kept[0] + more * kept[1], 0.0)
    return reached * first * (1 + more)


def test_a_single_arc():
    """Virality contact x sharing, suitability contact x F(profit - cost)."""
    network = IncentiveNetwork(
        Graph.from_edges([0], [1]),
        contact=0.6,
        join=CostModel.exponential(mean=0.5),
        invite=CostModel.exponential(mean=1),
    )
    campaign = Campaign(network, Contribution(amount=1), team=Members([0]), max_depth=1)
    messages = [Message("a", sharing=0.7, profit=0.8, cost=0.3), Message("b", sharing=1.0, profit=0.2)]
    result = suitability(campaign, messages, FinderTakesAll(), replicates=1000, batches=20, top=[1], rng=1)
    reached = np.array([0.42, 0.6])
    acted = 0.6 * (1 - np.exp(-np.array([0.5, 0.2]) / 0.5))
    for found, error, exact in (
        (result.virality, result.virality_stderr, reached),
        (result.suitability, result.suitability_stderr, acted),
    ):
        true = np.sqrt(exact * (1 - exact) / 20_000)
        assert (np.abs(found - exact) < 5 * true).all()
        assert ((true / 2 < error) & (error < 2 * true)).all()  # told from 20 batches
    assert result.action_rate == pytest.approx(result.suitability / result.virality)
    assert result.action_rate == pytest.approx(acted / reached, rel=0.1)
    loss = result.losses[0]
    assert (loss.shared, loss.acting) == (("b",), ("a",))
    assert loss.absolute == pytest.approx(acted[0] - acted[1], abs=0.03)
    assert loss.relative == pytest.approx(1 - acted[1] / acted[0], abs=0.1)
    assert 0 < loss.absolute_stderr < 0.01
    assert 0 < loss.relative_stderr < 0.03
    assert result.kendall.value == result.spearman.value == -1.0


def test_a_path_in_closed_form():
    campaign = path()
    result = suitability(campaign, MESSAGES, SCHEME, replicates=2000, batches=5, top=[1], rng=2)
    exact = np.array([exact_recruits(one.on(campaign.network)) for one in MESSAGES])
    # Recruits are 0, 1 or 2, so their variance is at most 1 in each world.
    assert (np.abs(result.suitability - exact) < 6 / np.sqrt(10_000)).all()
    assert (result.suitability_stderr < 2 / np.sqrt(10_000)).all()
    passed = np.array([0.8 * one.sharing for one in MESSAGES])
    assert (np.abs(result.virality - passed * (1 + passed)) < 5 / np.sqrt(10_000)).all()
    assert (np.diff(np.sort(exact)) > 0.02).all()
    assert result.order.tolist() == np.argsort(exact)[::-1].tolist()


amounts = st.floats(0, 3)


@given(
    st.sampled_from([CostModel.uniform(low=0, high=2), CostModel.exponential(mean=1.0)]),
    st.lists(amounts, min_size=5, max_size=5),
    st.sampled_from(["profit", "charity", "reciprocity", "entertainment", "cost"]),
    amounts,
)
def test_more_appeal_never_loses_recruits_and_more_cost_never_wins_any(law, values, what, more):
    names = ("profit", "charity", "reciprocity", "entertainment", "cost")
    before = Message("m", sharing=0.5, **dict(zip(names, values, strict=True)))
    after = Message.from_dict(before.to_dict() | {what: before.to_dict()[what] + more})
    network = path(join=law).network
    gain = exact_recruits(after.on(network)) - exact_recruits(before.on(network))
    assert (gain <= 1e-12) if what == "cost" else (gain >= -1e-12)


def test_sharing_changes_virality_alone_and_never_down_in_any_world():
    chances = [0.0, 0.1, 0.3, 0.3, 0.7, 1.0]
    messages = [Message(f"m{i}", sharing=s, charity=1.0) for i, s in enumerate(chances)]
    result = suitability(crowd(), messages, SCHEME, replicates=20, batches=2, top=[1], rng=3)
    assert (np.diff(result.reached, axis=0) >= 0).all()
    assert not result.reached[0].any()
    assert (result.reached[2] == result.reached[3]).all()
    assert (result.acted == result.acted[0]).all()
    assert (result.acted <= result.reached[-1]).all()  # the same coins: who acts would have been reached
    assert result.acted.any()
    assert np.isnan(result.kendall.value)  # nothing to rank
    assert np.isnan(result.action_rate[0])
    assert result.virality_rank.tolist() == [6, 5, 3, 3, 2, 1]
    assert all(loss.absolute == 0 for loss in result.losses if loss.shared == loss.acting)
    assert all(loss.relative == 0 and loss.relative_stderr == 0 for loss in result.losses)


def test_each_side_agrees_with_the_solver_of_its_own_model():
    """Sharing is the independent cascade, drawn otherwise; acting is the recruitment game, on the same worlds."""
    campaign = crowd()
    result = suitability(campaign, MESSAGES[:3], SCHEME, replicates=250, batches=2, top=[1], rng=4)
    network = campaign.network
    for i, one in enumerate(MESSAGES[:3]):
        plain = spread(
            network.graph, campaign.team, probability=network.contact * one.sharing,
            max_depth=3, replicates=20_000, rng=5,
        )  # fmt: skip
        error = plain.stderr * np.hypot(1, np.sqrt(20_000 / 500))
        assert abs(plain.spread - 2 - result.virality[i]) < 5 * error
    alone = Campaign(CASH.on(network), campaign.task, team=campaign.team, max_depth=3)
    for batch, found in enumerate(result.recruitments[2]):
        own = recruit(alone, SCHEME, replicates=250, rng=child(seed_sequence(4), batch))
        assert (found.sample == own.sample).all()
        assert result.acted[2, batch] == own.sample.mean()
    assert len({one.world_key for one in result.recruitments[2]}) == 2
    for first, second in zip(*result.recruitments[:2], strict=True):
        assert first.world_key == second.world_key


def test_coupons_and_clocks_hold_for_recruitment():
    campaign = crowd(max_invites=1, response=ResponseTime.exponential(mean=1.0), horizon=2.0)
    result = suitability(campaign, MESSAGES[:2], SCHEME, replicates=30, batches=2, top=[1], rng=4)
    there = Campaign(
        JOKE.on(campaign.network), campaign.task, team=campaign.team, max_depth=3,
        max_invites=1, response=campaign.response, horizon=2.0,
    )  # fmt: skip
    alone = recruit(there, SCHEME, replicates=30, rng=child(seed_sequence(4), 1))
    assert (result.recruitments[0][1].sample == alone.sample).all()
    free = suitability(crowd(), MESSAGES[:2], SCHEME, replicates=30, batches=2, top=[1], rng=4)
    assert (result.reached == free.reached).all()
    assert result.acted.sum() < free.acted.sum()


values = st.lists(st.integers(-3, 3), min_size=2, max_size=9)


@settings(max_examples=60)
@given(st.data(), values)
def test_rank_correlations_are_those_of_scipy(data, first):
    second = data.draw(st.lists(st.integers(-3, 3), min_size=len(first), max_size=len(first)))
    found = _agreement(np.array(first, dtype=float), np.array(second))
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert np.isnan(found).all()
        return
    expected = kendalltau(first, second).statistic, spearmanr(first, second).statistic
    assert found == pytest.approx(expected, abs=1e-12)


def test_rank_correlations_of_a_result_and_their_noise(result):
    for found, expected in (
        (result.kendall, kendalltau(result.virality, result.suitability)),
        (result.spearman, spearmanr(result.virality, result.suitability)),
    ):
        assert found.value == pytest.approx(expected.statistic)
        assert found.low <= found.value <= found.high
    assert result.kendall.unrelated == pytest.approx(np.sqrt(2 * 13 / (9 * 4 * 3)))
    assert result.spearman.unrelated == pytest.approx(np.sqrt(1 / 3))
    close = [
        Message("a", sharing=0.5, profit=1.0, charity=1.0),
        Message("b", sharing=0.7, profit=1.1, charity=0.8),
        Message("c", sharing=0.9, cost=1.0),
    ]
    unsure = suitability(path(), close, SCHEME, replicates=20, batches=8, top=[1], rng=6).kendall
    assert unsure.low < unsure.high
    assert unsure.stderr > 0


def test_nothing_is_lost_where_one_message_is_best_for_both():
    best = Message("best", sharing=0.95, profit=2.0, charity=2.0, entertainment=2.0)
    result = suitability(crowd(), [DULL, best, CASH], SCHEME, replicates=30, batches=2, top=[1, 3], rng=7)
    one, all_three = result.losses
    assert (one.shared, one.acting) == (("best",), ("best",))
    assert (one.absolute, one.absolute_stderr, one.relative, one.relative_stderr) == (0, 0, 0, 0)
    assert one.actions > 0
    assert (all_three.top, all_three.absolute, all_three.relative) == (3, 0, 0)
    assert sorted(all_three.shared) == sorted(all_three.acting) == ["best", "cash", "dull"]


def test_losses_are_measured_afresh_and_add_up(result):
    one, two = result.losses
    acts = dict(zip((m.name for m in MESSAGES), result.suitability, strict=True))
    assert one.shared == ("joke",)
    assert two.shared == ("joke", "cause")
    assert two.acting == tuple(sorted(acts, key=acts.get)[:1:-1])
    for loss in result.losses:
        here = np.mean([acts[name] for name in loss.acting]) - np.mean([acts[name] for name in loss.shared])
        assert loss.absolute != here
        assert loss.absolute == pytest.approx(here, abs=1.0)
        assert loss.relative == pytest.approx(loss.absolute / loss.actions)


def test_the_loss_grows_as_sharing_and_acting_decouple():
    settings_ = {"replicates": 30, "batches": 2, "top": [1], "rng": 9}
    lost = [
        suitability(crowd(), random_messages(5, rng=2, correlation=r), SCHEME, **settings_).losses[0]
        for r in (1.0, 0.0, -1.0)
    ]
    assert lost[0].relative == 0
    assert lost[0].relative < lost[1].relative < lost[2].relative
    assert lost[2].relative > 0.5


def test_nobody_acts():
    mute = [Message("a", sharing=0.5, profit=0.0), Message("b", sharing=0.2, profit=0.0)]
    result = suitability(path(), mute, SCHEME, replicates=10, batches=2, rng=1)
    assert not result.suitability.any()
    assert result.losses[0].absolute == 0.0  # ties go to the first
    assert np.isnan(result.losses[0].relative)
    assert result.to_dict()["losses"][0]["relative"] is None
    assert result.to_dict()["kendall"]["value"] is None
    assert "nan" in str(result)
    assert result.plot().get_xlabel().startswith("virality")


def test_deterministic(result):
    again = suitability(crowd(), MESSAGES, SCHEME, replicates=60, batches=3, top=[1, 2], rng=3, engine=2)
    assert again.to_dict() == result.to_dict()
    assert (again.reached == result.reached).all()
    generator = np.random.default_rng(3)
    given_ = {"replicates": 20, "batches": 2, "top": [1]}
    one, two, other = (
        suitability(path(), MESSAGES[:2], SCHEME, rng=rng, **given_) for rng in (generator, generator, 4)
    )
    assert (one.reached != two.reached).any()
    assert (one.reached != other.reached).any()


def test_prints_draws_and_writes(result):
    lines = str(result).splitlines()
    rows = [cells for cells in map(str.split, lines) if cells and cells[0] in {m.name for m in MESSAGES}]
    assert [cells[0] for cells in rows] == [MESSAGES[i].name for i in result.order]
    assert [int(cells[5]) for cells in rows] == [result.virality_rank[i] for i in result.order]
    assert "4: the tau of so many is 0 ± 0.49" in str(result)
    assert "not settled" not in str(result)
    document = json.loads(json.dumps(result.to_dict()))
    assert [Message.from_dict(one["message"]) for one in document["messages"]] == list(MESSAGES)
    assert document["messages"][0]["suitability"] == result.suitability[0]
    assert document["losses"][1]["top"] == 2
    axes = result.plot()
    assert {text.get_text() for text in axes.texts} == {m.name for m in MESSAGES}
    assert result.losses[0].percent in axes.get_legend().get_texts()[1].get_text()
    assert result.plot(ax=axes) is axes
    assert "3 batches of 60" in str(result)
    rows = [list(row) for row in result.recruitments]
    rows[1][2] = replace(rows[1][2], status=Status.NOT_CONVERGED)
    partly = replace(result, recruitments=tuple(map(tuple, rows)))
    assert partly.settled == (True, False, True, True)
    assert "not settled    cause" in str(partly)


def test_many_messages_are_drawn_with_the_chosen_ones_named():
    messages = random_messages(26, rng=2, correlation=-0.9, sharing=(0.5, 0.9))
    result = suitability(path(), messages, SCHEME, replicates=40, batches=2, top=[1], rng=3)
    assert "2 more" in str(result)
    axes = result.plot()
    assert {text.get_text() for text in axes.texts} == {*result.losses[0].shared, *result.losses[0].acting}
    assert axes.get_xscale() == "linear"
    far = [Message(f"m{i}", sharing=s) for i, s in enumerate((0.01, 0.2, 0.9))]
    wide = suitability(path(), far, SCHEME, replicates=1000, batches=2, top=[1], rng=3)
    assert wide.plot().get_xscale() == "log"


def test_an_interrupt_ends_the_comparison():
    def stop(stage, done, total):
        if "equilibrium" in stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        suitability(crowd(), MESSAGES, SCHEME, replicates=20, rng=3, engine=1, progress=stop)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"campaign": crowd().network}, "a Campaign"),
        ({"messages": [JOKE]}, "at least two messages"),
        ({"messages": "joke"}, "at least two messages"),
        ({"messages": [JOKE, "cash"]}, r"messages\[1\] is 'cash'"),
        ({"messages": [JOKE, CASH, JOKE]}, r"messages\[2\] is 'joke'"),
        ({"scheme": MESSAGES}, "a path scheme"),
        ({"replicates": 1}, "replicates is 1"),
        ({"batches": 1}, "batches is 1"),
        ({"top": []}, "top is"),
        ({"top": [2, 1]}, "increasing"),
        ({"top": [1, 5]}, "in 1..4"),
        ({"top": [0]}, "top is 0"),
        ({"top": 2}, "top is 2"),
        ({"rng": -1}, "rng is -1"),
    ],
)
def test_wrong_input(change, words):
    given_ = {"campaign": crowd(), "messages": MESSAGES, "scheme": SCHEME, "rng": 1} | change
    campaign, messages, scheme = (given_.pop(name) for name in ("campaign", "messages", "scheme"))
    with pytest.raises(InvalidInputError, match=words):
        suitability(campaign, messages, scheme, **given_)


def test_the_karate_club():
    try:
        graph = Graph.from_file(datasets.path("graphs/karate"), directed=False)
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))
    network = IncentiveNetwork(
        graph, contact=0.3, join=CostModel.exponential(mean=2.0), invite=CostModel.exponential(mean=0.3),
        motives=MOTIVES,
    )  # fmt: skip
    campaign = Campaign(network, Search(prize=100, find=0.02), team=TopDegree(1), max_depth=5)
    result = suitability(campaign, MESSAGES, SCHEME, replicates=200, batches=2, top=[1], rng=7)
    assert [MESSAGES[i].name for i in np.argsort(-result.virality)] == ["joke", "cause", "cash", "dull"]
    assert MESSAGES[result.order[0]] == CASH
    assert 0.4 < result.losses[0].relative < 0.8
    assert all(result.settled)
