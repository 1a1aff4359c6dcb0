"""The surrogate: its formulas against loops, its equilibria, its derivatives, and the game it stands for."""

from math import expm1, log1p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.feasible import grid, sobol_tables, square
from mechanism import CostModel, InvalidInputError, Motives, ResponseTime, SolveError, UnsupportedProblemError
from mechanism.campaign import Campaign
from proofs import FinderShare, SybilProof, WithinBudget
from solvers.fixed_point import solve_from
from solvers.reward_space import RewardSpace
from solvers.surrogate import Surrogate
from solvers.surrogate_fit import calibrate
from solvers.surrogate_start import surrogate_start
from solvers.worlds import Worlds
from tests.solvers.designs import small_campaign

LAWS = (
    CostModel.exponential(mean=0.8),
    CostModel.uniform(low=0.1, high=2.0),
    CostModel.lognormal(median=0.6, sigma=0.8),
    CostModel.weibull(scale=0.8, shape=1.5),
    CostModel.logistic(mean=0.8, scale=0.3),
)


def numbers(low, high):
    return st.floats(low, high, allow_nan=False)


@st.composite
def games(draw, *, depth, laws=LAWS):
    """Games of a depth in which somebody may join at every depth."""

    def several(low, high):
        value = numbers(low, high) if low else st.just(0.0) | numbers(1e-3 * high, high)
        return draw(st.lists(value, min_size=depth - 1, max_size=depth - 1))

    return Surrogate(
        money=draw(numbers(20.0, 200.0)),
        find=draw(numbers(0.005, 0.08)),
        reached=draw(numbers(2.0, 60.0)),
        contacts=several(1.0, 8.0),
        rivalry=several(0.0, 0.05),
        conversion=several(0.2, 0.8),
        saturation=several(0.0, 0.05),
        correction=draw(st.lists(numbers(0.9, 1.0), min_size=depth, max_size=depth)),
        join=draw(st.sampled_from(laws)),
        invite=draw(st.sampled_from(laws)).scaled(0.2),
    )


def twin(game, join, invite, table):
    """Members, wins and payoffs at given decisions by loops, with divisions."""
    depth, miss, decay = game.max_depth, 1 - game.find, log1p(-game.find)
    members = [game.reached * join[0]]
    made = []
    for d in range(depth - 1):
        room = game.contacts[d] / (1 + game.rivalry[d] * sum(members))
        made.append(members[d] * invite[d] * room)
        load = game.conversion[d] * made[d]
        s = game.saturation[d]
        members.append(join[d + 1] * (load if s == 0 else -expm1(-s * load) / s))
    wins = [game.correction[d] * miss ** sum(members[:d]) * -expm1(decay * members[d]) for d in range(depth)]
    joining = [
        sum(game.money * wins[e] / members[d] * table[e][e - d] for e in range(d, depth))
        for d in range(depth)
    ]
    inviting = [
        sum(game.money * wins[e] / made[d] * table[e][e - d] for e in range(d + 1, depth))
        for d in range(depth - 1)
    ]
    return members, wins, joining, inviting


@given(st.data(), st.integers(1, 4))
@settings(max_examples=50)
def test_formulas_agree_with_loops(data, depth):
    game = data.draw(games(depth=depth))
    chance = st.floats(0.05, 1.0)
    join = np.array(data.draw(st.lists(chance, min_size=depth, max_size=depth)))
    invite = np.array(data.draw(st.lists(chance, min_size=depth - 1, max_size=depth - 1)))
    table = square(sobol_tables(depth, 1.0, 8, seed=1)[data.draw(st.integers(0, 7))])
    members, wins, joining, inviting = twin(game, join, invite, table)
    flow = game.flow(join, invite)
    ours = game.payoffs(table, flow)
    for mine, theirs in (
        (flow.members, members), (flow.wins, wins), (ours[0], joining), (ours[1], inviting),
    ):  # fmt: skip
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-13)


@given(st.data(), st.integers(1, 3))
@settings(max_examples=20)
def test_equilibria_are_best_responses_and_tables_do_not_mix(data, depth):
    game = data.draw(games(depth=depth, laws=LAWS[:1]))
    tables = np.array([square(rows) for rows in sobol_tables(depth, 1.0, 8, seed=2)])
    settled = game.settle(tables)
    joining, inviting = game.payoffs(tables, settled.flow)
    np.testing.assert_allclose(settled.join, game.join.cdf(joining), atol=1e-9)
    np.testing.assert_allclose(settled.invite, game.invite.cdf(inviting), atol=1e-9)
    for table, recruits in zip(tables, settled.recruits, strict=True):
        assert game.recruits(table) == pytest.approx(recruits, rel=1e-12)


def test_empty_depths_have_the_limits_of_vanishing_participation():
    game = example()
    join, few, none = np.array([0.8, 0.5, 0.3]), 1e-7, 0.0
    almost, empty = (game.flow(join, np.array([chance, 0.4])) for chance in (few, none))
    assert empty.members.tolist()[1:] == [0.0, 0.0]
    np.testing.assert_allclose(empty.joining, almost.joining, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(empty.inviting, almost.inviting, rtol=1e-5, atol=1e-8)
    assert (empty.inviting[0, 1:] > 0).all()


def example(**changes):
    values = {
        "money": 100.0, "find": 0.02, "reached": 40.0, "contacts": [4.0, 3.5], "rivalry": [0.006, 0.01],
        "conversion": [0.47, 0.5], "saturation": [0.005, 0.02], "correction": [0.99, 0.98, 0.95],
        "join": CostModel.exponential(mean=0.8), "invite": CostModel.exponential(mean=0.12),
    }  # fmt: skip
    return Surrogate(**(values | changes))


@given(st.data(), st.integers(1, 3))
@settings(max_examples=15)
def test_gradients_agree_with_differences(data, depth):
    game = data.draw(games(depth=depth, laws=(LAWS[0], LAWS[3])))
    inner = square(sobol_tables(depth, 1.0, 8, seed=3)[data.draw(st.integers(0, 7))]) + np.tril(
        np.full((depth, depth), 0.02)
    )
    recruits, spending = game.gradients(inner)
    step = 1e-5
    for winner, distance in zip(*np.tril_indices(depth), strict=True):
        move = np.zeros_like(inner)
        move[winner, distance] = step
        for exact, figure in ((recruits, game.recruits), (spending, game.spending)):
            difference = (figure(inner + move) - figure(inner - move)) / (2 * step)
            assert exact[winner, distance] == pytest.approx(difference, rel=1e-4, abs=1e-5 * game.reached)


def test_the_gradient_sees_what_a_first_reward_would_bring():
    """Where nobody is paid at a depth, its decisions are 0 and the derivative from above counts."""
    game, table = example(), np.zeros((3, 3))
    table[0, 0] = 0.9
    move = np.zeros_like(table)
    move[1, 0] = move[1, 1] = 1e-3
    assert game.settle(table).join[1] == 0.0
    assert game.recruits(table + move) > game.recruits(table)
    deep = np.array([[1.0, 0, 0], [0.5, 0.3, 0], [0, 0, 0]])
    slope = game.gradient(deep)
    deeper = deep.copy()
    deeper[2, 0] = 1e-6
    change = (game.recruits(deeper) - game.recruits(deep)) / 1e-6
    assert slope[2, 0] == pytest.approx(change, abs=1e-3)


@pytest.fixture(scope="module")
def calibrated():
    worlds = Worlds(small_campaign(n=200, prize=400.0, find=4e-3), np.random.SeedSequence(3), engine=1)
    table = np.array([[1.0, 0, 0], [0.7, 0.3, 0], [0.45, 0.25, 0.05]])
    equilibrium = solve_from(worlds, table, replicates=2048)
    return worlds, table, equilibrium, calibrate(worlds, equilibrium, replicates=2048)


def test_exact_at_the_calibration_point(calibrated):
    _, table, equilibrium, game = calibrated
    profile = equilibrium.profile
    flow = game.flow(profile.join, profile.invite[:-1])
    np.testing.assert_allclose(flow.members, equilibrium.odds.members, rtol=1e-9)
    np.testing.assert_allclose(flow.wins, equilibrium.odds.wins, rtol=1e-9)
    np.testing.assert_allclose(flow.joining, equilibrium.odds.joining, rtol=1e-9)
    np.testing.assert_allclose(flow.inviting, equilibrium.odds.inviting, rtol=1e-9)
    assert game.recruits(table) == pytest.approx(equilibrium.recruits, rel=1e-3)


def test_predicts_other_tables(calibrated):
    worlds, _, _, game = calibrated
    for epsilon in (0.0, 1.0):
        tables = [square(rows) for rows in sobol_tables(3, epsilon, 8, seed=4)]
        simulated = np.array([solve_from(worlds, table, replicates=2048).recruits for table in tables])
        error = game.recruits(np.array(tables)) / simulated - 1
        assert np.abs(error).max() < 0.06
        assert np.sqrt((error**2).mean()) < 0.03


def test_depths_that_nobody_reaches_are_calibrated_all_the_same(calibrated):
    worlds, _, _, known = calibrated
    table = np.diag([1.0, 0, 0])
    equilibrium = solve_from(worlds, table, replicates=1024)
    assert equilibrium.odds.members[2] == 0
    game = calibrate(worlds, equilibrium, replicates=1024)
    assert game.recruits(table) == pytest.approx(equilibrium.recruits, rel=1e-3)
    np.testing.assert_allclose(game.contacts, known.contacts, rtol=0.25)
    np.testing.assert_allclose(game.conversion, known.conversion, rtol=0.25)


def space_of(depth, epsilon, *more):
    return RewardSpace(depth, (SybilProof(epsilon), WithinBudget(), *more))


def test_the_start_is_the_best_table_of_a_grid():
    game = example(
        contacts=[4.0], rivalry=[0.006], conversion=[0.47], saturation=[0.005], correction=[0.99, 0.98]
    )
    places = np.array(list(grid(25, 0, first=range(26), limit=1))) / 25
    tables = np.zeros((len(places), 2, 2))
    tables[:, 0, 0], tables[:, 1, 0], tables[:, 1, 1] = places.T
    best = game.recruits(tables).max()
    space = space_of(2, 0)
    start = surrogate_start(game, space, [np.diag([1.0, 0.0])])
    assert space.violation(start) <= 1e-9
    assert game.recruits(start) >= best * (1 - 1e-6)


@pytest.mark.parametrize("share", [None, 0.3])
def test_the_start_is_admissible_affordable_and_no_worse(share):
    game, space = example(), space_of(3, 0.25)
    starts = [square(rows) for rows in sobol_tables(3, 0.25, 2, seed=6)]
    found = surrogate_start(game, space, starts, share=share, max_steps=12)
    assert space.violation(found) <= 1e-9
    value = game.recruits(found)
    parts = np.linspace(0.02, 1.0, 50) if share else np.ones(1)
    cheaper = np.concatenate([parts[:, None, None] * start for start in starts])
    affordable = np.ones(len(cheaper), dtype=bool) if share is None else game.spending(cheaper) <= share
    assert value >= game.recruits(cheaper)[affordable].max()
    assert share is None or game.spending(found) <= share * (1 + 1e-9)


def test_starts_that_cannot_be_had_are_refused():
    game = example()
    with pytest.raises(InvalidInputError, match="starts"):
        surrogate_start(game, space_of(3, 0), [])
    table = np.diag([1.0, 0.5, 0.25])
    with pytest.raises(SolveError, match="affordable"):
        surrogate_start(game, space_of(3, 1, FinderShare(0.2)), [table], share=1e-6)


def test_what_the_surrogate_does_not_describe_is_refused():
    charitable = small_campaign(n=100, motives=Motives(charity=0.5))
    plain = small_campaign(n=100)
    timed = Campaign(
        plain.network, plain.task, team=plain.team, max_depth=2, response=ResponseTime.exponential(mean=1)
    )
    for campaign, word in ((charitable, "own reward"), (timed, "response")):
        worlds = Worlds(campaign, np.random.SeedSequence(1), engine=1)
        with pytest.raises(UnsupportedProblemError, match=word):
            calibrate(worlds, None, replicates=4)


@pytest.mark.parametrize(
    "name, value",
    [
        ("money", 0.0), ("find", 1.5), ("reached", -1.0), ("contacts", [0.0, 1.0]), ("contacts", [1.0]),
        ("rivalry", [-1.0, 0.0]), ("correction", [1.0, np.nan, 1.0]), ("join", CostModel.empirical([1.0, 2.0])),
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(name, value):
    with pytest.raises(InvalidInputError, match=name):
        example(**{name: value})


def test_the_chance_to_see_a_target_may_be_certain():
    game = example(find=1.0)
    assert np.isfinite(game.recruits(np.diag([1.0, 0.5, 0.2])))
    assert example().log_miss == pytest.approx(-log1p(-0.02))
