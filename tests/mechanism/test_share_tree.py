"""Schemes with a share function: the formula against its definition, the grid against every share, Pachira."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import LinearPachira, Pachira, ReferralForest, ShareLottery, ShareTree, scheme_from_dict
from mechanism.errors import InvalidInputError
from mechanism.schemes import FAMILIES, SHARE_FAMILIES
from mechanism.schemes.share_lottree import pachira_values
from solvers import tree_rewards

F = Fraction


@st.composite
def share_values(draw, most=7, superadditive=None):
    """Values in twelfths; raised to the least superadditive ones above, over their last, where that is wanted."""
    n = draw(st.integers(1, most))
    values = [F(0), *(F(draw(st.integers(0, 12)), 12) for _ in range(n))]
    if superadditive if superadditive is not None else draw(st.booleans()):
        for k in range(1, n + 1):
            values[k] = max([values[k], *(values[i] + values[k - i] for i in range(1, k))])
        values = [x / max(values[-1], 1) for x in values]
    return values


@st.composite
def forests(draw, most=7, zero=True):
    n = draw(st.integers(1, most))
    parents = [draw(st.integers(-1, i - 1)) for i in range(n)]
    amounts = [F(draw(st.integers(0 if zero else 1, 9))) for _ in range(n)]
    amounts[draw(st.integers(0, n - 1))] += 1
    return ReferralForest(parents, amounts)


def interpolated(values, x):
    """Return pi(x) by looking for the cell among the points of the grid."""
    points = [F(k, len(values) - 1) for k in range(len(values))]
    k = min(bisect_right(points, x) - 1, len(points) - 2)
    return values[k] + (x - points[k]) / (points[k + 1] - points[k]) * (values[k + 1] - values[k])


def shares(forest):
    return [sum(forest.contributions[forest.subtree(u)]) / forest.total for u in range(forest.size)]


@given(share_values(), forests(), st.sampled_from([F(1), F(2, 5)]))
def test_the_definition(values, forest, budget):
    x = shares(forest)
    chance = [
        interpolated(values, x[u]) - sum((interpolated(values, x[v]) for v in forest.children(u)), F(0))
        for u in range(forest.size)
    ]
    paid = ShareTree(values, budget).rewards(forest)
    assert paid.tolist() == [budget * forest.total * one for one in chance]
    if ShareTree(values).is_superadditive:
        assert ShareLottery(values).rewards(forest).tolist() == chance
        assert min(chance) >= 0
        assert sum(chance) <= values[-1]


@given(share_values(), forests())
def test_floats_agree_with_fractions(values, forest):
    scheme = ShareTree(values, F(1, 2))
    floats = ReferralForest(forest.parents, forest.contributions.astype(float))
    rounded = ShareTree([float(x) for x in values], 0.5).rewards(floats)
    assert rounded == pytest.approx(scheme.rewards(forest).astype(float), abs=1e-12)


@pytest.mark.parametrize(
    "scheme", [ShareTree([0, 0.1, 0.3, 1], 0.7), ShareLottery([0, 0.1, 0.3, 1])], ids=str
)
@settings(max_examples=20)
@given(forest=forests(most=20))
def test_compiled_bit_for_bit(scheme, forest):
    floats = ReferralForest(forest.parents, forest.contributions.astype(float))
    assert tree_rewards(scheme, floats).tobytes() == scheme.rewards(floats).tobytes()


@given(share_values(), st.data())
def test_the_grid_decides(values, data):
    """Superadditive at grid points is superadditive at all shares, and only then."""
    scheme, n = ShareTree(values), len(values) - 1
    x, y = (F(data.draw(st.integers(0, 60)), 60) for _ in range(2))
    gap = None if x + y > 1 else scheme.weight(x + y) - scheme.weight(x) - scheme.weight(y)
    if scheme.is_superadditive:
        assert gap is None or gap >= 0
        assert scheme.exact().is_superadditive
    else:
        pairs = [(i, k - i) for k in range(n + 1) for i in range(k + 1)]
        assert any(values[i] + values[j] > values[i + j] for i, j in pairs)
    if scheme.is_convex:
        assert scheme.is_superadditive
        middle = scheme.weight((x + y) / 2)
        assert 2 * middle <= scheme.weight(x) + scheme.weight(y)


class TestPachira:
    @given(forests(), st.sampled_from([F(0), F(1, 3), F(1)]), st.integers(1, 3))
    def test_on_the_grid_it_is_pachira(self, forest, beta, delta):
        """With a cell for every unit contributed all shares are on the grid."""
        cells = int(forest.total)
        scheme = ShareTree.from_pachira(beta, delta, cells=cells, budget=F(1, 2))
        assert scheme.rewards(forest).tolist() == LinearPachira(F(1, 2), beta, delta).rewards(forest).tolist()
        lottery = ShareLottery.from_pachira(beta, delta, cells=cells)
        assert lottery.rewards(forest).tolist() == Pachira(beta, F(delta)).rewards(forest).tolist()

    @given(st.floats(0, 1), st.floats(0.01, 20), st.integers(1, 60))
    def test_rounded_values_are_superadditive(self, beta, delta, cells):
        values = pachira_values(beta, delta, cells=cells)
        x = np.arange(cells + 1) / cells
        assert np.array(values, dtype=float) == pytest.approx(
            beta * x + (1 - beta) * x ** (1 + delta), abs=2e-12
        )
        assert ShareTree(values).is_superadditive
        assert values[-1] == 1

    def test_roots_that_are_rational(self):
        """(1/4) ** 1.5 is 1/8 exactly, and must not be rounded below it."""
        assert pachira_values(0, 0.5, cells=4)[1] == F(1, 8)

    def test_wrong_parameters(self):
        with pytest.raises(InvalidInputError, match=r"beta is 1\.5"):
            ShareTree.from_pachira(1.5, 1, cells=4)
        with pytest.raises(InvalidInputError, match="cells is 0"):
            ShareTree.from_pachira(0.5, 1, cells=0)


class TestForms:
    SCHEMES = (
        ShareTree([0, 0.1, 1], 0.5),
        ShareTree([0, F(1, 3), 1], F(1, 2)),
        ShareLottery([0, 0.25, F(3, 4)]),
    )

    @pytest.mark.parametrize("scheme", SCHEMES, ids=str)
    def test_round_trips(self, scheme):
        assert scheme_from_dict(scheme.to_dict()) == scheme
        assert scheme.exact().exact() == scheme.exact()
        assert FAMILIES[scheme.kind] is SHARE_FAMILIES[scheme.kind] is type(scheme)
        assert str(scheme) == scheme.label
        assert scheme.cells == 2

    def test_exact_is_the_shortest_decimal(self):
        assert ShareTree([0, 0.1, 1], 0.5).exact() == ShareTree([0, F(1, 10), F(1)], F(1, 2))

    def test_values_may_be_an_array(self):
        assert ShareTree(np.array([0.0, 0.25, 1.0])) == ShareTree([0.0, 0.25, 1.0])

    def test_nobody_contributes_nobody_is_paid(self):
        assert ShareTree([0, 1]).rewards(ReferralForest([-1, 0], [0, 0])).tolist() == [0, 0]

    def test_draws(self):
        lottery = ShareLottery([0, F(1, 4), 1])
        winners = lottery.draw(ReferralForest([-1, 0], [1, 1]), 4000, rng=7)
        assert abs(np.mean(winners == 1) - 0.25) < 6 * np.sqrt(0.25 * 0.75 / 4000)

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (lambda: ShareTree([0]), r"values\[length\] is 1; it must be at least 2"),
            (lambda: ShareTree("01"), "values is '01'"),
            (lambda: ShareTree(0.5), r"values is 0\.5"),
            (lambda: ShareTree([0.1, 1]), r"values\[0\] is 0\.1; it must be 0"),
            (lambda: ShareTree([0, -0.1, 1]), r"values\[1\] is -0\.1"),
            (lambda: ShareTree([0, 0.1, 1.5]), r"values\[2\] is 1\.5"),
            (lambda: ShareTree([0, float("nan")]), r"values\[1\] is nan"),
            (lambda: ShareTree([0, 1], 0), "budget is 0"),
            (lambda: ShareTree([0, 1], 1.1), r"budget is 1\.1"),
            (
                lambda: ShareLottery([0, 0.6, 1]),
                r"values\[2\] is 1; it must be superadditive: at least 0\.6 \+ 0\.6",
            ),
            (lambda: ShareTree([0, 1]).weight(2), "x is 2"),
            (
                lambda: scheme_from_dict({"scheme": "share_tree", "values": "01", "budget": "1"}),
                "values is '01'",
            ),
            (lambda: scheme_from_dict({"scheme": "share_tree", "values": ["0", "1"]}), "scheme is"),
        ],
    )
    def test_wrong_input(self, make, words):
        with pytest.raises(InvalidInputError, match=words):
            make()
