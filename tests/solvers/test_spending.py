"""Budgets on chances: what is reported is what an independent simulation of payouts pays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Budget, InvalidInputError
from solvers import design
from solvers.fixed_point import solve_from
from solvers.spending import spend
from solvers.worlds import Counts, Worlds
from tests.solvers.designs import small_campaign

shares = st.floats(0, 2, allow_subnormal=False)


@st.composite
def played(draw):
    """Counts of some worlds, and what chains are paid."""
    worlds, depth = draw(st.integers(2, 6)), draw(st.integers(1, 4))
    parts = draw(
        st.lists(
            st.lists(st.floats(0.001, 1), min_size=depth + 1, max_size=depth + 1),
            min_size=worlds,
            max_size=worlds,
        )
    )
    wins = np.array([np.array(row[:-1]) / sum(row) for row in parts])
    totals = np.array(draw(st.lists(shares, min_size=depth, max_size=depth)))
    return Counts(np.ones_like(wins, dtype=np.int64), wins.copy(), wins), totals


def tail_mean(paid, chance, level):
    """The conditional value at risk by its definition: the least t + E[(X - t)+] / (1 - level)."""
    return min(t + (np.maximum(paid - t, 0) @ chance) / (1 - level) for t in paid)


@given(played(), st.sampled_from([0.0, 0.3, 0.9]))
def test_the_tail_of_one_target_is_the_conditional_value_at_risk(case, level):
    counts, totals = case
    found = spend(Budget.tail(1, level=level), counts, totals, targets=1, key=(1, 2))
    chances = np.append(1 - counts.wins.sum(axis=1).mean(), counts.wins.mean(axis=0))
    assert found.value == pytest.approx(tail_mean(np.append(0.0, totals), chances, level), abs=1e-9)
    assert found.slope @ totals == pytest.approx(found.value, abs=1e-9)


@given(
    played(), st.lists(shares, min_size=4, max_size=4), st.integers(1, 3), st.sampled_from([0.0, 0.5, 0.8])
)
def test_slopes_bound_the_spending_of_every_other_table_from_below(case, other, targets, level):
    counts, totals = case
    other = np.array(other[: len(totals)])
    for budget in (Budget.expected(1), Budget.tail(1, level=level)):
        here = spend(budget, counts, totals, targets=targets, key=(1, 2))
        there = spend(budget, counts, other, targets=targets, key=(1, 2))
        assert there.value >= here.slope @ other - 1e-9


@given(played())
def test_a_tail_of_everything_is_the_mean(case):
    counts, totals = case
    mean = spend(Budget.expected(1), counts, totals, targets=1, key=(1, 2))
    assert spend(Budget.tail(1, level=0), counts, totals, targets=1, key=(1, 2)).value == pytest.approx(
        mean.value
    )


def test_a_budget_on_every_chain_is_no_budget_on_chances():
    counts = Counts(np.ones((2, 1), dtype=np.int64), np.ones((2, 1)), np.full((2, 1), 0.5))
    assert spend(Budget.worst_case(), counts, np.ones(1), targets=1, key=(1, 2)) is None


@pytest.mark.parametrize(
    ("budget", "targets"),
    [
        (Budget.expected(0.15), 1),
        (Budget.expected(0.15), 4),
        (Budget.tail(0.4, level=0.8), 1),
        (Budget.tail(0.3, level=0.8), 4),
    ],
)
def test_designs_keep_their_budget_in_an_independent_simulation_of_payouts(budget, targets):
    campaign = small_campaign(targets=targets)
    found = design(campaign, budget=budget, rng=1)
    table = found.scheme.table(campaign.max_depth)
    worlds = Worlds(campaign, np.random.SeedSequence(77))
    final = solve_from(worlds, table, replicates=4000)
    rng = np.random.default_rng(5)
    paid = np.zeros(4000)
    for world, members in enumerate(final.counts.members):  # who finds what, member by member
        for _ in range(targets):
            for depth, count in enumerate(members):
                if (rng.random(count) < campaign.task.find).any():
                    paid[world] += table[depth].sum() / targets
                    break
    level = getattr(budget, "level", 0.0)
    dearest = np.sort(paid)[int(level * len(paid)) :]
    error = dearest.std() / np.sqrt(len(dearest)) + paid.std() / np.sqrt(len(paid)) / (1 - level)
    assert abs(dearest.mean() - found.spending[0].value) < 4 * np.hypot(error, found.spending[0].stderr)
    assert found.spending[0].value < float(budget.share) + 4 * found.spending[0].stderr + 1e-6
    assert all(verdict.holds for verdict in found.verdicts)


def test_a_budget_that_binds_is_used_up():
    found = design(small_campaign(), budget=Budget.expected(0.1), rng=1)
    assert found.spending[0].value == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Budget.worst_case(0),
        lambda: Budget.expected(-1),
        lambda: Budget.tail(1, level=1),
        lambda: Budget.total(float("inf")),
        lambda: Budget.expected(1, chain=0),
    ],
)
def test_wrong_budgets_are_named(make):
    with pytest.raises(InvalidInputError):
        make()
