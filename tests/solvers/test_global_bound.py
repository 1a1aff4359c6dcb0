"""The global bound: no table, at any equilibrium in any box, recruits more; and it is tight."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.feasible import grid, sobol_tables, square
from mechanism import Budget, CostModel, InvalidInputError, Objective, UnsupportedProblemError
from mechanism.errors import SolveError
from proofs import FinderShare, Monotone, SybilProof, WithinBudget
from solvers import design, global_bound
from solvers.bound_search import bound_recruits
from solvers.box_program import BoxProgram
from solvers.box_rows import Box, Setting
from solvers.reward_space import RewardSpace
from tests.solvers.designs import small_campaign
from tests.solvers.test_surrogate import LAWS, example, games, space_of

EMPIRICAL = CostModel.empirical([0.2, 0.5, 0.9, 1.4]).log_concave_majorant()


def all_tables(depth, epsilon, *, parts=10, sobol=256):
    """A grid of admissible tables at depths 1 and 2, Sobol tables below."""
    if depth == 1:
        return np.linspace(0, 1, 101).reshape(-1, 1, 1)
    if depth == 2:
        places = np.array(list(grid(parts, Fraction(epsilon), first=range(parts + 1), limit=1))) / parts
        tables = np.zeros((len(places), 2, 2))
        tables[:, 0, 0], tables[:, 1, 0], tables[:, 1, 1] = places.T
        return tables
    return np.array([square(rows) for rows in sobol_tables(depth, epsilon, sobol, seed=5)])


@given(st.data(), st.integers(1, 2), st.sampled_from([0, 0.25, 1]), st.sampled_from([None, 0.3]))
@settings(max_examples=6)
def test_no_table_of_a_grid_recruits_more_than_the_bound(data, depth, epsilon, share):
    game = data.draw(games(depth=depth, laws=(LAWS[0], LAWS[3])))
    tables = all_tables(depth, epsilon)
    settled = game.settle(tables)
    fits = settled.gap < 1e-8
    if share is not None:
        fits &= (settled.flow.wins * tables.sum(axis=2)).sum(axis=1) <= share
    found = bound_recruits(game, space_of(depth, epsilon), [], share=share, gap=0.03, boxes=2000)
    assert found.upper >= settled.recruits[fits].max() - 1e-9
    assert found.finished
    assert found.gap <= 0.03 + 1e-6


@given(st.data(), st.integers(1, 3), st.sampled_from([0, 0.25, 1]))
@settings(max_examples=30)
def test_every_equilibrium_stays_below_the_bound_of_every_box_around_it(data, depth, epsilon):
    """Whatever the law of the costs: thin boxes make the inequalities equations, wide ones loosen all of them."""
    game = data.draw(games(depth=depth, laws=(*LAWS, EMPIRICAL)))
    table = square(sobol_tables(depth, epsilon, 16, seed=8)[data.draw(st.integers(0, 15))])
    settled = game.settle(table)
    if settled.gap > 1e-10 or settled.recruits == 0:
        return  # costs with atoms may leave no equilibrium in pure beliefs
    members, invite = settled.flow.members, settled.invite

    def around(values):
        below, above = (np.array([data.draw(st.floats(0.0, 1.0)) ** 4 for _ in values]) for _ in range(2))
        return values * (1 - below), values * (1 + above)

    low, high = around(members)
    least, most = around(invite)
    share = float(settled.flow.wins @ table.sum(axis=1)) * (1 + 1e-9)
    setting = Setting(game, space_of(depth, epsilon), share=data.draw(st.sampled_from([None, share])))
    found = BoxProgram(setting).bound(Box(low, high, least, np.minimum(most, 1.0)), goal=0.0)
    assert found.value >= settled.recruits * (1 - 1e-7)


def test_thin_boxes_leave_no_room():
    """Around a point that is no equilibrium of any table a thin box is empty, around one it is tight."""
    game, space = example(), space_of(3, 1)
    setting = Setting(game, space, share=None)
    settled = game.settle(square(sobol_tables(3, 1.0, 4, seed=5)[1]))
    members, invite = settled.flow.members, settled.invite

    def bound(members, invite):
        box = Box(members * (1 - 1e-5), members * (1 + 1e-5), invite * (1 - 1e-5), invite * (1 + 1e-5))
        return BoxProgram(setting).bound(box, goal=0.0).value

    assert bound(members, invite) == pytest.approx(settled.recruits, rel=3e-5)
    assert bound(members * [0.2, 1, 1], invite) < 0  # so few at the first depth cannot bring in so many
    assert bound(members, np.minimum(invite * [3, 1], 1.0)) < 0


@pytest.mark.parametrize("epsilon", [0, 0.25, 1])
def test_depth_three_is_bounded_within_the_gap(epsilon):
    game = example(money=40.0, reached=9.0, find=0.05, rivalry=[0.08, 0.08], contacts=[3.2, 8.0])
    tables = all_tables(3, epsilon, sobol=512)
    recruits = game.recruits(tables)
    found = bound_recruits(game, space_of(3, epsilon), [], gap=0.03, boxes=2000)
    assert found.finished
    assert found.upper >= recruits.max()
    assert found.gap <= 0.03 + 1e-6
    assert game.recruits(found.table) == pytest.approx(found.lower)


def test_small_gaps_need_ends_for_invitations_and_get_them():
    game = example(contacts=[5.8], rivalry=[0.006], conversion=[0.46], saturation=[0.005],
                   correction=[0.997, 0.989], reached=72.9)  # fmt: skip
    tables = all_tables(2, 0, parts=25)
    best = tables[np.argmax(game.recruits(tables))]
    found = bound_recruits(game, space_of(2, 0), [best], gap=1e-3, boxes=2000)
    assert found.finished
    assert found.upper >= game.recruits(tables).max()


def test_more_demands_lower_the_bound_and_the_limit_of_boxes_is_honest():
    game = example()
    free, bound = (
        bound_recruits(game, space_of(3, 0.25, *more), [], gap=0.05, boxes=3000)
        for more in ((), (FinderShare(0.9), Monotone()))
    )
    assert free.finished
    assert bound.finished
    assert bound.upper < free.upper
    short = bound_recruits(game, space_of(3, 0.25), [free.table], gap=1e-3, boxes=3)
    assert not short.finished
    assert short.boxes == 3
    assert short.upper >= free.lower
    assert short.gap > 1e-3


def test_impossible_demands_and_wrong_arguments_are_refused():
    game = example()
    with pytest.raises(SolveError, match="all the properties"):
        bound_recruits(game, space_of(3, 0, FinderShare(2)), [], boxes=10)
    for changes, name in (({"gap": 0.0}, "gap"), ({"boxes": 0}, "boxes"), ({"share": -1.0}, "share")):
        with pytest.raises(InvalidInputError, match=name):
            bound_recruits(game, space_of(3, 0), [], **changes)
    with pytest.raises(InvalidInputError, match="space"):
        bound_recruits(game, space_of(2, 0), [])


@pytest.fixture(scope="module")
def designed():
    campaign = small_campaign(n=100, depth=2, prize=200.0, find=8e-3)
    return campaign, design(campaign, epsilon=Fraction(1, 4), rng=7, engine=1)


def test_the_bound_of_a_design(designed):
    campaign, plan = designed
    found = global_bound(campaign, plan, gap=0.01, replicates=512, rng=3, engine=1)
    assert found.finished
    assert found.design <= found.lower * (1 + 1e-12) <= found.upper
    assert found.gap <= 0.01 + 1e-6
    assert found.checks[0].name == "the design"
    assert abs(found.checks[0].error) < 2e-3
    assert len(found.checks) == len(plan.rivals) + 2
    assert found.surrogate_error < 0.1
    assert "floating point" in str(found)
    again = global_bound(campaign, plan, gap=0.01, replicates=512, rng=3, engine=2)
    assert again.to_dict() == found.to_dict()


def test_what_cannot_be_bounded_is_refused(designed):
    campaign, plan = designed
    deep = small_campaign(n=100, depth=4)
    with pytest.raises(UnsupportedProblemError, match="depth 3"):
        global_bound(deep, plan, rng=1)
    with pytest.raises(InvalidInputError, match="found"):
        global_bound(small_campaign(n=100, depth=3), plan, rng=1)
    with pytest.raises(InvalidInputError, match="gap"):
        global_bound(campaign, plan, gap=0.0, rng=1)
    for changes, word in (
        ({"objective": Objective.mean_depth()}, "recruits"),
        ({"budget": Budget.tail(0.5)}, "budgets"),
        ({"recruitments": plan.recruitments * 2}, "scenario"),
    ):
        with pytest.raises(UnsupportedProblemError, match=word):
            global_bound(campaign, replace(plan, **changes), rng=1)


def test_spaces_need_a_limit_for_every_chain():
    assert WithinBudget() in space_of(2, 0).properties
    with pytest.raises(InvalidInputError, match="budget"):
        Setting(example(), RewardSpace(3, (SybilProof(),)), share=None)
