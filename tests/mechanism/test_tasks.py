"""Tasks: stakes by depth, what is refused, and what fake identities gain where members contribute."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import (
    Budget,
    Campaign,
    Contribution,
    CostModel,
    Graph,
    IncentiveNetwork,
    Recursive,
    Scenarios,
    Search,
    TopDegree,
    assuming,
)
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from tests.proofs.strategies import sybil_proof_tables, tables

F = Fraction


def campaign(task):
    network = IncentiveNetwork(
        Graph.from_edges([1, 2], [2, 3], directed=False),
        contact=0.5,
        join=CostModel.exponential(mean=1),
        invite=CostModel.exponential(mean=1),
    )
    return Campaign(network, task, team=TopDegree(1), max_depth=2)


class TestStakes:
    @given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.integers(0, 9), st.floats(0.001, 1))
    def test_the_shallowest_finder_wins(self, members, before, find):
        """Depth by depth, with whoever comes first: nobody above has found the target, somebody there has."""
        chance, expected = (1 - find) ** before, []
        for count in members:
            expected.append(chance * (1 - (1 - find) ** count))
            chance *= (1 - find) ** count
        task = Search(prize=7, find=find, targets=3)
        assert task.stakes(np.array(members), others=np.array([before])) == pytest.approx(expected, abs=1e-14)
        assert (task.stake, task.copies) == (7, 3)

    @given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.integers(0, 9))
    def test_every_member_contributes(self, members, before):
        task = Contribution(amount=7)
        stakes = task.stakes(np.array([members]), others=np.array([[before]]))
        assert stakes.dtype == np.float64
        assert stakes.tolist() == [members]
        assert (task.stake, task.copies) == (7, 1)


@pytest.mark.parametrize("amount", [0, -1, float("nan"), float("inf"), "10", None, True])
def test_amounts_are_money_above_0(amount):
    with pytest.raises(InvalidInputError, match=r"amount is .*; it must be a finite amount of money above 0"):
        Contribution(amount=amount)


def test_campaigns_take_both_tasks_and_nothing_else():
    assert campaign(Contribution(amount=np.float32(2))).task == Contribution(amount=2.0)
    assert type(Contribution(amount=np.int64(3)).amount) is float
    assert campaign(Search(prize=1, find=0.5)).task.find == 0.5
    with pytest.raises(InvalidInputError, match="task is 5"):
        campaign(5)


def test_budgets_of_contributions():
    task = Contribution(amount=50)
    assert Budget.worst_case(0.4).chain_limit(task) == F(2, 5)
    assert Budget.expected(0.4, chain=1).chain_limit(task) == 1
    assert Budget.tail(0.4, chain=2).chain_limit(task) == 2
    with pytest.raises(UnsupportedProblemError, match="any number of members may contribute"):
        Budget.total(1000).chain_limit(task)


def test_assumptions_about_contributions():
    given_ = campaign(Contribution(amount=50))
    assumed = assuming(given_, join=2, invite=3, contact=1.5)
    assert assumed.task == given_.task
    assert assumed.network.contact == 0.75
    assert assumed.network.join.mean == 2
    with pytest.raises(InvalidInputError, match=r"find is 0.5; it must be left out where members contribute"):
        assuming(given_, find=0.5)
    with pytest.raises(InvalidInputError, match="find is"):
        Scenarios.corners(given_, find=(0.5, 2))
    assert len(Scenarios.corners(given_, join=(0.5, 2)).campaigns) == 2


# Fake identities: forests as lists of recruiters, each member after its own.


def pay(rows, parents, contributions, who):
    """Return what some members are paid in all, by walking up from every contribution."""
    paid = F(0)
    for w, contribution in enumerate(contributions):
        line, u = [], w
        while u >= 0:
            line.append(u)
            u = parents[u]
        if len(line) <= len(rows):
            paid += contribution * sum((rows[len(line) - 1][j] for j, u in enumerate(line) if u in who), F(0))
    return paid


def below(parents, u):
    """Return the members of the subtree of u, u left out."""
    inside = {u}
    while more := {w for w, p in enumerate(parents) if p in inside} - inside:
        inside |= more
    return inside - {u}


def epsilon_of(rows):
    """Return what the best chain of fakes gains at any place, relative to the honest reward."""
    depth = len(rows)
    return max(
        sum(rows[n + k - 1][j : j + k + 1]) / rows[n - 1][j] - 1
        for n in range(1, depth + 1)
        for j in range(n)
        for k in range(depth - n + 1)
    )


@st.composite
def honest(draw, most=7):
    n = draw(st.integers(1, most))
    parents = [draw(st.integers(-1, i - 1)) for i in range(n)]
    return parents, [F(draw(st.integers(0, 6)), 2) for _ in range(n)]


@st.composite
def splits(draw):
    """A forest, a member, and the forest after it has split into identities."""
    parents, contributions = draw(honest())
    u = draw(st.integers(0, len(parents) - 1))
    fakes = draw(st.integers(1, 4))
    after = list(parents) + [None] * fakes
    identities = [u, *range(len(parents), len(after))]
    parts = [F(draw(st.integers(0, 4))) for _ in identities]
    parts = parts if sum(parts) else [F(1)] * len(identities)
    divided = list(contributions) + [F(0)] * fakes
    for identity, part in zip(identities, parts, strict=True):
        divided[identity] = contributions[u] * part / sum(parts)
    # One by one, those recruited by u go below an identity that has its place, and fakes below the recruiter of u, an
    # identity, or anybody in the subtree of u who has a place.
    placed, under = [u], []
    waiting = [w for w, p in enumerate(parents) if p == u] + identities[1:]
    for item in draw(st.permutations(waiting)):
        if item < len(parents):
            after[item] = draw(st.sampled_from(placed))
            under += [item, *sorted(below(parents, item))]
        else:
            after[item] = draw(st.sampled_from([parents[u], *placed, *under]))
            placed.append(item)
    return (parents, contributions), u, (after, divided), set(identities)


@settings(max_examples=80)
@given(sybil_proof_tables(), splits())
def test_no_split_gains_under_a_sybil_proof_table(rows, split):
    before, u, after, identities = split
    assert pay(rows, *after, identities) <= pay(rows, *before, {u})


@settings(max_examples=80)
@given(tables(), splits())
def test_no_split_gains_more_than_chains_do(rows, split):
    rows = [[reward + F(1, 24) for reward in row] for row in rows]
    before, u, after, identities = split
    gain = epsilon_of(rows)
    assert pay(rows, *after, identities) <= (1 + gain) * pay(rows, *before, {u})


@given(tables(), st.data())
def test_a_chain_of_fakes_gains_all_that_a_table_leaks(rows, data):
    """The converse: where the one who contributes stands at a leaking place, that is what a split gains."""
    depth = len(rows)
    n = data.draw(st.integers(1, depth))
    j, k = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, depth - n))
    chain = list(range(-1, n - 1))
    only = [F(0)] * (n - 1) + [F(1)]
    u = n - 1 - j
    longer = list(range(-1, n + k - 1))
    identities = set(range(u, u + k + 1))
    paid = pay(rows, longer, [F(0)] * (n + k - 1) + [F(1)], identities)
    assert pay(rows, chain, only, {u}) == rows[n - 1][j]
    assert paid == sum(rows[n + k - 1][j : j + k + 1])


def test_every_split_of_everybody_in_small_forests():
    """All forests of three with contributions 0 or 1, all ways to split into two or three: one table leaks, one not."""
    tight = [[F(1, 2) * F(1, 2) ** (n - 1)] * n for n in range(1, 7)]  # sums of two equal the one before
    leaky = Recursive(F(1, 2)).exact_table(6)
    most = {"tight": F(0), "leaky": F(0)}
    for parents in product((-1,), (-1, 0), (-1, 0, 1)):
        for contributions in product((F(0), F(1)), repeat=3):
            for u in range(3):
                for after, divided, identities in small_splits(parents, contributions, u):
                    for name, rows in (("tight", tight), ("leaky", leaky)):
                        honest_pay = pay(rows, parents, contributions, {u})
                        gained = pay(rows, after, divided, identities) - honest_pay
                        assert honest_pay or gained <= 0
                        most[name] = max(most[name], gained / honest_pay if honest_pay else F(0))
    assert most["tight"] == 0
    assert most["leaky"] == F(3, 4)  # 1/2 + 1/4 + 1/8 instead of 1/2
    assert epsilon_of(leaky) == F(31, 32)


def small_splits(parents, contributions, u):
    """Yield every split of u into two or three identities, its contribution made by one of them."""
    children = [w for w, p in enumerate(parents) if p == u]
    for fakes in (1, 2):
        identities = [u, *range(3, 3 + fakes)]
        above = [(parents[u], *identities[: i + 1]) for i in range(fakes)]
        for recruiters in product(*above):
            for homes in product(identities, repeat=len(children)):
                for payer in identities:
                    after, divided = [*parents, *recruiters], [*contributions, *[F(0)] * fakes]
                    divided[u], divided[payer] = F(0), contributions[u]
                    for child, home in zip(children, homes, strict=True):
                        after[child] = home
                    yield after, divided, set(identities)


@given(tables(), honest())
def test_all_payments_keep_the_budget_of_the_chains(rows, forest):
    parents, contributions = forest
    most = max(sum(row) for row in rows)
    assert pay(rows, parents, contributions, set(range(len(parents)))) <= most * sum(contributions)
