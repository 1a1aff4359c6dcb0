"""Path tables on referral forests: payments counted by walking recruiter links, exact and in floats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import AdditiveTree, GeometricTree, PathTable, Recursive, ReferralForest, scheme_from_dict
from mechanism.errors import InvalidInputError
from proofs import Additivity, BudgetConstraint, SubtreeLocality, UnprofitableSybilAttack, verify
from proofs.trees.rule import Rule
from proofs.trees.search import Reach, search
from solvers import tree_rewards
from tests.proofs.strategies import tables

F = Fraction


FRACTIONS = st.builds(F, st.integers(0, 6), st.integers(1, 4))
DEEP = ((F(1, 2),), (F(1, 2), F(1, 8)), (F(1, 2), F(1, 8), F(1, 16)))
UNEVEN = ((F(1, 2),), (F(1, 4), F(1, 4)))


@st.composite
def forests(draw, amounts=FRACTIONS, most=12):
    """Forests whose members are numbered in any order."""
    n = draw(st.integers(1, most))
    above = [draw(st.integers(-1, i - 1)) for i in range(n)]
    order = draw(st.permutations(range(n)))
    parents = [0] * n
    for i, parent in enumerate(above):
        parents[order[i]] = order[parent] if parent >= 0 else -1
    return ReferralForest(parents, draw(st.lists(amounts, min_size=n, max_size=n)))


def walked(rows, forest):
    """Pay every contribution up its line, one member at a time."""
    paid = [0] * forest.size
    for w in range(forest.size):
        line = [w]
        while forest.parents[line[-1]] >= 0:
            line.append(int(forest.parents[line[-1]]))
        if len(line) <= len(rows):
            for j, payee in enumerate(line):
                paid[payee] += rows[len(line) - 1][j] * forest.contributions[w]
    return paid


@given(tables(), forests())
def test_every_contribution_is_shared_along_its_line(rows, forest):
    paid = AdditiveTree(rows).rewards(forest)
    assert all(isinstance(x, Fraction) for x in paid)
    assert paid.tolist() == walked(rows, forest)
    most = max(sum(row) for row in rows)
    assert sum(paid) <= most * sum(forest.contributions)


@given(tables(), forests(st.floats(0, 9)))
def test_floats_compute_the_same_and_compiled_bit_for_bit(rows, forest):
    scheme = AdditiveTree(PathTable(rows).table(len(rows)))
    paid = scheme.rewards(forest)
    assert paid.dtype == np.float64
    assert paid == pytest.approx(np.array(walked(rows, forest), dtype=float), rel=1e-12, abs=1e-300)
    assert tree_rewards(scheme, forest).tobytes() == paid.tobytes()
    assert tree_rewards(AdditiveTree(rows), forest).tobytes() == AdditiveTree(rows).rewards(forest).tobytes()


@given(forests(most=8))
def test_geometric_rewards_are_a_table(forest):
    table = [[F(1, 4) * F(1, 3) ** j for j in range(depth)] for depth in range(1, 9)]
    assert (
        AdditiveTree(table).rewards(forest).tolist()
        == GeometricTree(F(1, 3), F(1, 4)).rewards(forest).tolist()
    )


@given(tables(), forests(), st.integers(1, 7))
def test_path_schemes_are_cut(rows, forest, depth):
    cut = AdditiveTree.of(Recursive(F(1, 3)), depth)
    assert cut.rewards(forest).tolist() == walked(Recursive(F(1, 3)).exact_table(depth), forest)
    assert AdditiveTree.of(PathTable(rows), len(rows)).table.rows == AdditiveTree(rows).table.rows


@settings(max_examples=25)
@given(tables(), forests())
def test_round_trips(rows, forest):
    scheme = AdditiveTree(rows)
    assert scheme_from_dict(scheme.to_dict()) == scheme.exact() == scheme
    floats = AdditiveTree(PathTable(rows).table(len(rows)))
    assert scheme_from_dict(floats.to_dict()).rewards(forest) == pytest.approx(floats.rewards(forest))
    assert str(scheme) == scheme.label


def test_many_members_on_a_long_chain_and_below_one():
    n, table = 50_000, np.tril(np.full((3, 3), 0.25))
    chain = tree_rewards(AdditiveTree(table), ReferralForest(np.arange(-1, n - 1), np.ones(n)))
    assert chain[:4].tolist() == [0.75, 0.5, 0.25, 0.0]
    assert chain.sum() == 1.5
    star = tree_rewards(
        AdditiveTree(table), ReferralForest(np.r_[-1, np.zeros(n - 1, dtype=int)], np.ones(n))
    )
    assert star.sum() == pytest.approx(0.25 + (n - 1) * 0.5)


class TestVerdicts:
    """Properties of forests, searched: the table decides which of them fail."""

    def test_over_budget(self):
        assert verify(AdditiveTree(DEEP), BudgetConstraint(F(1, 2))).holds is False
        assert verify(AdditiveTree(DEEP), BudgetConstraint(F(11, 16))).holds is None

    def test_splitting_gains_if_it_does_on_a_chain(self):
        leaky = verify(AdditiveTree.of(Recursive(F(1, 2)), 3), UnprofitableSybilAttack())
        assert leaky.holds is False
        assert leaky.counterexample.gain > 0
        proof = [[F(1, 2)], [F(1, 4)] * 2, [F(1, 8)] * 3, [F(1, 16)] * 4]
        assert search(Rule(AdditiveTree(proof)), UnprofitableSybilAttack(), Reach(brooms=8)) is None

    def test_local_or_not(self):
        assert verify(AdditiveTree(UNEVEN), SubtreeLocality()).holds is False
        assert verify(AdditiveTree(UNEVEN), Additivity()).holds is False


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdditiveTree([]), "table is"),
        (lambda: AdditiveTree([[1], [1]]), "table"),
        (lambda: AdditiveTree(7), "table is 7; it must be rows of rewards"),
        (lambda: AdditiveTree([[-1]]), "table.* is -1"),
        (lambda: AdditiveTree.of(GeometricTree(0.5, 0.5), 3), "scheme is"),
        (lambda: AdditiveTree.of(Recursive(0.5), 0), "max_depth is 0"),
        (lambda: AdditiveTree([[1]]).rewards([-1]), "forest is"),
        (lambda: scheme_from_dict({"scheme": "additive_tree", "table": "1"}), "scheme is"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()
