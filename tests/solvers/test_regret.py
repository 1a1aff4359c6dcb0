"""Regret: nothing where nothing changes, never less than nothing where schemes are chosen, paired on fresh worlds."""

import json

import numpy as np
import pytest

from mechanism import Budget, InvalidInputError, Motives, Objective, assuming
from solvers import design, recruit, regret, stress, sweep_motives
from solvers.fixed_point import solve_from
from solvers.scheme_design import DesignSearch
from solvers.worlds import Worlds
from tests.solvers.designs import small_campaign

DEPTH = 2


def tiny(**given):
    return small_campaign(n=80, depth=DEPTH, prize=400.0, find=5e-3, **given)


@pytest.fixture(scope="module")
def campaign():
    return tiny()


@pytest.fixture(scope="module")
def plan(campaign):
    return design(campaign, rng=1, engine=1)


@pytest.fixture(scope="module")
def moved(campaign):
    return {
        "same": campaign,
        "dear invitations": assuming(campaign, invite=3),
        "thankful people": assuming(campaign, motives=Motives(reciprocity=1)),
    }


@pytest.fixture(scope="module")
def found(plan, moved):
    return regret(plan, moved, rng=1, engine=1)


def rows(found):
    return {row.name: row for row in found.rows}


def test_where_nothing_changes_there_is_nothing_to_regret(plan, found):
    row = rows(found)["same"]
    assert abs(row.regret) <= 2e-3 * plan.value  # the climb may go on where the design stopped
    assert row.moved < 0.05


def test_on_the_worlds_of_the_search_it_is_at_least_0(plan, found, moved):
    for name, row in rows(found).items():
        search = DesignSearch(moved[name], 1, effort=1, engine=1)
        kept = search.problem.at(plan.scheme.table(DEPTH))
        assert row.redesigned.search_value >= kept.value
        again = search.problem.at(row.redesigned.scheme.table(DEPTH))
        assert again.value == pytest.approx(row.redesigned.search_value, rel=2e-3)


def test_it_is_the_paired_difference_on_fresh_worlds(plan, found, moved):
    for name, row in rows(found).items():
        seed = DesignSearch(moved[name], 1, effort=1, engine=1).fresh
        replicates = row.kept.replicates
        one, two = (
            recruit(moved[name], scheme, replicates=replicates, rng=seed, engine=1)
            for scheme in (plan.scheme, row.redesigned.scheme)
        )
        lost = two.sample - one.sample
        assert row.regret == pytest.approx(lost.mean())
        assert row.regret_stderr == pytest.approx(lost.std(ddof=1) / np.sqrt(replicates))
        assert row.relative == pytest.approx(row.regret / two.recruits)


def test_what_people_care_for_moves_the_scheme(plan, found, moved):
    """Where a recruiter's joy counts, an independent simulation recruits more under the scheme for it."""
    row = rows(found)["thankful people"]
    assert row.moved > 0.02
    assert row.regret > 3 * row.regret_stderr
    worlds = Worlds(moved["thankful people"], np.random.SeedSequence(99), engine=1)
    here, there = (
        solve_from(worlds, scheme.table(DEPTH), replicates=4000).recruits
        for scheme in (plan.scheme, row.redesigned.scheme)
    )
    assert there > here
    assert row.mean_rewards[1] > 0.05


def test_mean_rewards_are_those_of_winners(found):
    for row in found.rows:
        table = row.redesigned.scheme.table(DEPTH)
        won = row.redesigned.recruitment.winners_by_depth
        finder = sum(won[d] * table[d, 0] for d in range(DEPTH)) / won.sum()
        recruiter = won[1] * table[1, 1] / won.sum()
        assert row.mean_rewards == pytest.approx((finder, recruiter, 0.0))
        assert sum(row.mean_rewards) * won.sum() == pytest.approx(row.redesigned.recruitment.payout)


def test_the_greatest_regret_comes_first(found):
    relative = [row.relative for row in found.rows]
    assert relative == sorted(relative, reverse=True)
    text = str(found)
    for row in found.rows:
        assert row.name in text
        assert f"{row.moved:.3f}" in text
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["rows"][0]["name"] == found.rows[0].name


def test_other_objectives_are_regretted_in_their_own_unit(campaign):
    """Also where a budget on chances is overspent, which the table says."""
    plan = design(campaign, budget=Budget.expected(0.1), objective=Objective.all_found(), rng=1, engine=1)
    alternative = assuming(campaign, find=2)
    found = regret(plan, {"double": alternative}, rng=np.random.default_rng(4), engine=1)
    (row,) = found.rows
    assert row.regret == pytest.approx(row.redesigned.value - row.kept.found, abs=1e-12)
    assert 0 < row.regret_stderr < 0.01
    assert row.spent == pytest.approx(row.kept.payout)
    assert row.spent > 0.1
    assert f"spends {row.spent:.4f}, more than the budget of 0.1" in str(found)
    assert "P(all found) lost" in str(found)


def test_stress_is_the_regret_of_one_wrong_assumption_at_a_time(plan, campaign):
    found = stress(plan, campaign, join=None, find=None, contact=None, invite=(1.0, 3.0), rng=1, engine=1)
    assert {row.name for row in found.rows} == {"effort of inviting x 1", "effort of inviting x 3"}
    again = regret(plan, {"again": assuming(campaign, invite=3.0)}, rng=1, engine=1)
    row = rows(found)["effort of inviting x 3"]
    assert row.redesigned.scheme == again.rows[0].redesigned.scheme
    assert row.regret == again.rows[0].regret


def test_motives_are_swept_in_their_order(plan, campaign, found):
    moved = sweep_motives(plan, campaign, charity=(0.0,), reciprocity=(0, 1.0), rng=1, engine=1)
    assert [row.name for row in moved.rows] == ["charity 0", "reciprocity 0", "reciprocity 1"]
    assert moved.rows[2].regret == rows(found)["thankful people"].regret
    assert moved.rows[0].regret == moved.rows[1].regret == rows(found)["same"].regret


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda plan, _: regret(plan, {}, rng=1), r"alternatives is \{\}"),
        (lambda plan, one: regret(plan, one, rng=1), "alternatives is .*a mapping"),
        (lambda plan, _: regret(plan, {"x": 3}, rng=1), r"alternatives\[x\] is 3; .*of largest depth 2"),
        (
            lambda plan, _: regret(plan, {"deep": small_campaign(n=80, depth=3)}, rng=1),
            r"alternatives\[deep\] is",
        ),
        (lambda plan, one: regret("plan", {"x": one}, rng=1), "found is 'plan'"),
        (lambda plan, one: stress(plan, one, join=(0.5, -1), rng=1), "join is -1"),
        (lambda plan, one: sweep_motives(plan, one, rng=1), r"profit is \(\)"),
        (lambda plan, one: sweep_motives(plan, one, charity=(-1,), rng=1), "charity is -1"),
        (lambda plan, _: sweep_motives(plan, "karate", charity=(1,), rng=1), "campaign is 'karate'"),
    ],
)
def test_wrong_arguments_are_named(plan, campaign, call, words):
    with pytest.raises(InvalidInputError, match=words):
        call(plan, campaign)


def test_a_sum_of_money_that_no_longer_pays_is_refused(campaign):
    plan = design(campaign, budget=Budget.total(400), rng=1, engine=1)
    dear = tiny(targets=2)
    with pytest.raises(InvalidInputError, match=r"alternatives\[two\] is .*the budget pays the design"):
        regret(plan, {"two": dear}, rng=1)
