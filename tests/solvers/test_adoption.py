"""Who is told and who joins: closed forms, simulation, the game it settles in, and fits to planted parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from mechanism import Graph, Logit
from mechanism.errors import InvalidInputError, SolveError
from solvers.adoption import AdoptionModel, Introduction, fit_adoption
from solvers.network_equilibrium import equilibrium

RULES = ("once", "repeated", "settled")


def communities(seed, *, count=8, size=60, degree=5.0):
    """Return random graphs side by side, the community of each person, and two told first in each."""
    rng = np.random.default_rng(seed)
    u, v = np.triu_indices(size, 1)
    ends = []
    for number in range(count):
        kept = rng.random(len(u)) < degree / size
        ring = np.arange(size)
        pairs = np.column_stack((np.append(u[kept], ring), np.append(v[kept], np.roll(ring, 1))))
        ends.append(np.unique(np.sort(pairs, axis=1), axis=0) + number * size)
    edges = np.concatenate(ends)
    group = np.repeat(np.arange(count), size)
    first = (np.arange(count)[:, None] * size + [0, size // 2]).ravel()
    return Graph.from_edges(*edges.T, directed=False), group, first


def planted(model, seed=1, **kinds):
    """Return a setting, and who joined drawn from the model's own chances."""
    graph, group, first = communities(seed, **kinds)
    rng = np.random.default_rng([seed, 1])
    setting = Introduction(graph, first=first, periods=3 + group % 3, score=rng.normal(size=graph.n))
    return setting, group, rng.random(graph.n) < model.expected(setting).joined


@pytest.mark.parametrize("periods", [1, 2, 5])
def test_star_in_closed_form(periods):
    star = Introduction(Graph.from_edges([0] * 4, [1, 2, 3, 4]), first=[0], periods=periods, score=0.3)
    h = expit(0.3 - 1.0)
    told = 1 - 0.6**periods
    once = AdoptionModel("once", -1.0, 0.4).expected(star)
    assert once.told == pytest.approx([1, told, told, told, told], abs=1e-14)
    assert once.joined == pytest.approx(once.told * h, abs=1e-14)
    asked = AdoptionModel("repeated", -1.0, 0.4).expected(star)
    # Told in period t, asked in each of the periods t + 1..T.
    leaf = sum(0.4 * 0.6 ** (t - 1) * (1 - (1 - h) ** (periods - t)) for t in range(1, periods + 1))
    assert asked.joined == pytest.approx([1 - (1 - h) ** periods, *[leaf] * 4], abs=1e-14)


@pytest.mark.parametrize("rule", RULES)
def test_simulation_agrees_where_news_has_one_way(rule):
    tree = Graph.from_edges([0, 0, 1, 1, 2], [1, 2, 3, 4, 5])
    setting = Introduction(tree, first=[0], periods=3, score=[0.0, 0.5, -0.5, 0.2, 0.0, 1.0])
    model = AdoptionModel(rule, -0.3, 0.5)
    exact, drawn = model.expected(setting), model.simulate(setting, replicates=2000, rng=3)
    for name in ("told", "joined"):
        chance = getattr(exact, name)
        error = np.sqrt(np.maximum(chance * (1 - chance), 1e-9) / 2000)
        assert (np.abs(getattr(drawn, name) - chance) < 5.5 * error + 1e-12).all()


def test_ways_back_make_the_estimate_too_large_and_simulation_shows_it():
    graph, _, first = communities(4, count=2)
    setting = Introduction(graph, first=first, periods=4)
    model = AdoptionModel("once", -0.5, 0.2, 1.0)
    exact, drawn = model.expected(setting), model.simulate(setting, replicates=800, rng=5)
    gap = exact.told.mean() - drawn.told.mean()
    assert 0 < gap < 0.1
    assert abs(exact.joined.mean() - drawn.joined.mean()) < 0.05


def test_settled_rule_is_the_logit_game_if_all_are_told():
    graph, _, _ = communities(2, count=2)
    score = np.random.default_rng(0).normal(size=graph.n)
    setting = Introduction(graph, first=np.arange(graph.n), periods=1, score=score)
    found = AdoptionModel("settled", -0.4, 0.1, 2.5).expected(setting)
    weights = np.repeat(2.5 / graph.out_degree, graph.out_degree)
    game = Logit(graph, score - 0.4, support=weights, cost=0.0, rationality=1.0)
    assert found.joined == pytest.approx(equilibrium(game).actions, abs=1e-7)


@given(
    st.integers(0, 50), st.sampled_from(RULES), st.floats(0, 1), st.floats(0, 3), st.floats(-2, 2),
    st.floats(0, 0.3), st.floats(0, 0.5),
)  # fmt: skip
@settings(max_examples=25)
def test_more_contact_and_support_bring_more(seed, rule, contact, support, intercept, closer, warmer):
    graph, group, first = communities(seed, count=2, size=12)
    setting = Introduction(graph, first=first, periods=1 + 2 * group)
    less = AdoptionModel(rule, intercept, contact, support).expected(setting)
    model = AdoptionModel(rule, intercept, min(1.0, contact + closer), support + warmer)
    more = model.expected(setting)
    assert (less.told <= more.told + 1e-12).all()
    assert (more.told <= 1 + 1e-12).all()
    assert (less.joined <= less.told + 1e-12).all()
    if rule != "once" or support + warmer == 0:  # who is told sooner decides when fewer have joined
        assert (less.joined <= more.joined + 1e-6).all()


def test_communities_side_by_side_are_as_each_alone():
    model = AdoptionModel("repeated", -1.0, 0.2, 1.5)
    setting, group, _ = planted(model)
    both = model.expected(setting)
    one = np.flatnonzero(group == 1)
    whole = setting.graph
    arcs = [(u, int(v)) for u in one for v in whole.indices[whole.indptr[u] : whole.indptr[u + 1]]]
    alone = Introduction(
        Graph.from_edges(*(np.array(arcs) - one[0]).T),
        first=np.flatnonzero(setting.first[one]), periods=4, score=setting.score[one],
    )  # fmt: skip
    assert model.expected(alone).joined == pytest.approx(both.joined[one], abs=1e-13)


@pytest.mark.parametrize(
    ("rule", "support", "near"),
    [("once", 0.0, (0.2, 0.05)), ("repeated", 0.0, (0.2, 0.05)), ("settled", 2.0, (0.6, 0.1))],
)
def test_fit_finds_what_was_planted(rule, support, near):
    truth = AdoptionModel(rule, -0.5, 0.25, support)
    setting, _, joined = planted(truth, count=60)
    fit = fit_adoption(setting, joined, rule=rule, supported=support > 0)
    assert fit.model.intercept == pytest.approx(truth.intercept, abs=near[0])
    assert fit.model.contact == pytest.approx(truth.contact, abs=near[1])
    assert fit.model.support == pytest.approx(truth.support, abs=1.0)
    chance = truth.expected(setting).joined
    assert fit.log_likelihood >= np.log(np.where(joined, chance, 1 - chance)).sum() - 1e-3


@pytest.mark.parametrize("rule", ["once", "settled"])
def test_left_out_is_near_fits_without_each_group(rule):
    setting, group, joined = planted(AdoptionModel(rule, -0.5, 0.3, 1.0))
    fit = fit_adoption(setting, joined, rule=rule)
    near, whole = fit.left_out(group).joined, fit.model.expected(setting).joined
    moved, wrong = 0.0, 0.0
    for number in range(8):
        own = group == number
        exact = (
            fit_adoption(setting, joined, rule=rule, counted=~own, start=fit).model.expected(setting).joined
        )
        moved += np.abs(exact - whole)[own].sum()
        wrong += np.abs(exact - near)[own].sum()
    assert wrong < 0.3 * moved


def test_flat_likelihood_is_refused():
    graph, group, _ = communities(1, count=2, size=12)
    setting = Introduction(graph, first=np.arange(graph.n), periods=1)  # contact does not matter
    fit = fit_adoption(setting, np.arange(graph.n) % 2 == 0, rule="once")
    with pytest.raises(SolveError, match="tell the parameters apart"):
        fit.left_out(group)


PAIR = Graph.from_edges([0], [1])
SETTING = Introduction(PAIR, first=[0], periods=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Introduction(3, first=[0], periods=1), "a Graph"),
        (lambda: Introduction(PAIR, first=[2], periods=1), "first is"),
        (lambda: Introduction(PAIR, first=[0, 0], periods=1), "different whole numbers"),
        (lambda: Introduction(PAIR, first=[0], periods=0), "periods is 0"),
        (lambda: Introduction(PAIR, first=[0], periods=[1.5, 1]), "whole numbers"),
        (lambda: Introduction(PAIR, first=[0], periods=1, score=np.nan), "score is nan"),
        (lambda: AdoptionModel("twice", 0.0, 0.5), "rule is 'twice'"),
        (lambda: AdoptionModel("once", np.inf, 0.5), "intercept is inf"),
        (lambda: AdoptionModel("once", 0.0, 1.5), "contact is 1.5"),
        (lambda: AdoptionModel("once", 0.0, 0.5, -1.0), "support is -1.0"),
        (lambda: fit_adoption(PAIR, [True, True], rule="once"), "an Introduction"),
        (lambda: fit_adoption(SETTING, [1, 0], rule="once"), "2 truth values"),
        (lambda: fit_adoption(SETTING, [True, True], rule="once", counted=[False, False]), "one person"),
        (
            lambda: fit_adoption(Introduction(PAIR, first=[1], periods=1), [True, True], rule="once"),
            r"joined\[0\] is True",
        ),
        (lambda: fit_adoption(SETTING, [True, True], rule="repeated"), r"joined\[1\] is True"),
        (lambda: fit_adoption(SETTING, [True, False], rule="once").left_out([0, 1]), "no arc joins"),
        (lambda: fit_adoption(SETTING, [True, False], rule="once").left_out([0]), "2 whole numbers"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_a_start_of_another_kind_is_refused():
    fit = fit_adoption(SETTING, [True, False], rule="once")
    with pytest.raises(InvalidInputError, match="as many parameters"):
        fit_adoption(SETTING, [True, False], rule="once", supported=True, start=fit)
