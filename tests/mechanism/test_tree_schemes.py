"""Tree schemes: formulas against their definitions, one number type against the other, published figures."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mechanism import (
    CDRM1,
    CDRM2,
    TDRM,
    CappedRate,
    GeometricTree,
    LinearLuxor,
    LinearPachira,
    Luxor,
    MultiLevel,
    Pachira,
    ReferralForest,
    ShapleyTree,
    scheme_from_dict,
)
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.schemes import FAMILIES
from mechanism.schemes.spelling import scheme_from_text

F = Fraction
SCHEMES = (
    GeometricTree(F(1, 3), F(2, 3)),
    MultiLevel(F(1, 3), F(2, 3)),
    LinearLuxor(F(1, 2), F(1, 3)),
    LinearPachira(F(1, 2), F(1, 3), F(2)),
    Pachira(F(1, 3), F(1)),
    Luxor(F(1, 3)),
    TDRM(F(1, 2), F(1, 5), F(1, 10), F(2, 3)),
    CDRM1(F(1, 2), F(1, 3)),
    CDRM2(F(1, 2), F(1, 3)),
    CappedRate(F(1, 10), F(1, 5), F(1, 2)),
    ShapleyTree(),
)
LOCAL = [scheme for scheme in SCHEMES if scheme.local]


@st.composite
def forests(draw, most=8):
    n = draw(st.integers(1, most))
    parents = [draw(st.integers(-1, i - 1)) for i in range(n)]
    return ReferralForest(parents, [F(draw(st.integers(1, 8)), 2) for _ in range(n)])


def distances(forest):
    """Yield (u, w, steps) for every member u and every w in its subtree."""
    for w in range(forest.size):
        u, steps = w, 0
        while u >= 0:
            yield u, w, steps
            u, steps = int(forest.parents[u]), steps + 1


def summed(forest, weight):
    rewards = [F(0)] * forest.size
    for u, w, steps in distances(forest):
        rewards[u] += weight(forest, w, steps) * forest.contributions[w]
    return rewards


class TestDefinitions:
    @given(forests())
    def test_geometric(self, forest):
        paid = GeometricTree(F(1, 3), F(2, 3)).rewards(forest)
        assert paid.tolist() == summed(forest, lambda _, w, d: F(2, 3) * F(1, 3) ** d)

    @given(forests())
    def test_multi_level(self, forest):
        paid = MultiLevel(F(1, 3), F(2, 3)).rewards(forest)
        assert paid.tolist() == summed(forest, lambda _, w, d: F(2, 3) * F(1, 3) ** (d - 1) if d else F(0))

    @given(forests())
    def test_luxor_climbs(self, forest):
        total = sum(forest.contributions)
        chances = Luxor(F(1, 4)).rewards(forest)
        assert chances.tolist() == summed(forest, lambda _, w, d: F(3, 4) * F(1, 4) ** d / total)
        linear = LinearLuxor(F(1, 2), F(1, 4)).rewards(forest)
        assert linear.tolist() == [total * chance / 2 for chance in chances]

    @settings(max_examples=25)
    @given(forests(most=5))
    def test_shapley_by_its_own_definition(self, forest):
        """The mean marginal contribution over all orders; a contribution counts once its whole chain is there."""
        n, parents = forest.size, forest.parents

        def worth(members):
            total = F(0)
            for w in members:
                u = w
                while u >= 0 and u in members:
                    u = parents[u]
                total += forest.contributions[w] if u < 0 else 0
            return total

        mean = [F(0)] * n
        orders = list(permutations(range(n)))
        for order in orders:
            for i, u in enumerate(order):
                mean[u] += worth(set(order[: i + 1])) - worth(set(order[:i]))
        assert ShapleyTree().rewards(forest).tolist() == [x / len(orders) for x in mean]

    @given(forests())
    def test_contribution_deterministic(self, forest):
        below = [F(0)] * forest.size
        for u, w, steps in distances(forest):
            below[u] += forest.contributions[w] if steps else 0
        pairs = list(zip(forest.contributions, below, strict=True))
        first = [(F(1, 2) - F(1, 3) / (1 + x + y)) * x for x, y in pairs]
        assert CDRM1(F(1, 2), F(1, 3)).rewards(forest).tolist() == first
        rate = [x * min(F(1, 2), F(1, 10) + F(1, 5) * (x + y)) for x, y in pairs]
        assert CappedRate(F(1, 10), F(1, 5), F(1, 2)).rewards(forest).tolist() == rate
        floats = ReferralForest(forest.parents, [float(c) for c in forest.contributions])
        second = [0.5 * x - log((1 + x + y) / (1 + y)) / 4 for x, y in pairs]
        assert CDRM2(0.5, 0.25).rewards(floats) == pytest.approx([float(x) for x in second])

    @given(forests())
    def test_pachira(self, forest):
        scheme, total = Pachira(F(1, 3), F(1)), sum(forest.contributions)
        share = [F(0)] * forest.size
        for u, w, _ in distances(forest):
            share[u] += forest.contributions[w] / total
        weight = [x / 3 + 2 * x * x / 3 for x in share]
        chances = list(weight)
        for v, parent in enumerate(forest.parents):
            if parent >= 0:
                chances[parent] -= weight[v]
        assert scheme.rewards(forest).tolist() == chances
        paid = LinearPachira(F(1, 2), F(1, 3), F(1)).rewards(forest)
        assert paid.tolist() == [total * chance / 2 for chance in chances]

    @given(forests())
    def test_tdrm_by_its_pieces(self, forest):
        """Cut every contribution into pieces, each a member of a larger forest, and pay the pieces."""
        a, slope, base, unit = F(1, 2), F(1, 5), F(1, 10), F(2, 3)
        parents, amounts, owner, bottom = [], [], [], []
        for u, contribution in enumerate(forest.contributions):
            above = bottom[forest.parents[u]] if forest.parents[u] >= 0 else -1
            full, rest = divmod(contribution, unit)
            for amount in [rest] * (rest > 0) + [unit] * int(full):
                parents.append(above)
                amounts.append(amount)
                owner.append(u)
                above = len(parents) - 1
            bottom.append(above)
        pieces = ReferralForest(parents, amounts)
        reached = GeometricTree(a, F(1)).rewards(pieces)
        paid = [F(0)] * forest.size
        for x, u in enumerate(owner):
            paid[u] += slope / unit * amounts[x] * reached[x] + base * amounts[x]
        assert TDRM(a, slope, base, unit).rewards(forest).tolist() == paid


class TestEveryScheme:
    @pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.kind)
    @settings(max_examples=30)
    @given(forest=forests())
    def test_floats_agree_with_fractions(self, scheme, forest):
        floats = ReferralForest(forest.parents, [float(c) for c in forest.contributions])
        rounded = type(scheme)(*map(float, scheme.parameters)).rewards(floats)
        if scheme.is_rational:
            exact = scheme.rewards(forest)
            assert exact.dtype == object
            assert rounded == pytest.approx([float(x) for x in exact], rel=1e-12, abs=1e-12)
        else:
            with pytest.raises(UnsupportedProblemError):
                scheme.rewards(forest)

    @pytest.mark.parametrize("scheme", LOCAL, ids=lambda scheme: scheme.kind)
    @given(first=forests(), second=forests())
    def test_local_rewards_know_no_other_tree(self, scheme, first, second):
        if not scheme.is_rational:
            scheme = CDRM2(0.5, 0.25)
        n = first.size
        union = ReferralForest(
            [*first.parents, *(p + n if p >= 0 else -1 for p in second.parents)],
            [*first.contributions, *second.contributions]
            if scheme.is_rational
            else [float(c) for c in (*first.contributions, *second.contributions)],
        )
        alone = first if scheme.is_rational else ReferralForest(first.parents, union.contributions[:n])
        assert scheme.rewards(union)[:n].tolist() == scheme.rewards(alone).tolist()

    @pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.kind)
    def test_round_trips(self, scheme):
        assert scheme_from_dict(scheme.to_dict()) == scheme
        assert scheme.exact() == scheme
        text = ",".join(map(str, scheme.parameters))
        assert scheme_from_text(f"{scheme.kind}:{text}") == scheme
        assert FAMILIES[scheme.kind] is type(scheme)
        assert scheme.label == str(scheme)

    @pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.kind)
    def test_wrong_forests(self, scheme):
        with pytest.raises(InvalidInputError, match="forest is"):
            scheme.rewards([-1, 0])


class TestLotteries:
    FOREST = ReferralForest([-1, 0, 0, -1])

    def test_published_chances(self):
        chances = Pachira(F(1, 2), F(1)).rewards(self.FOREST)
        assert [float(x) for x in chances] == [0.34375, 0.15625, 0.15625, 0.15625]
        assert float(1 - sum(chances)) == 0.1875

    @pytest.mark.parametrize("scheme", [Pachira(0.5, 1.0), Pachira(0.2, 0.5), Luxor(0.4)], ids=str)
    def test_winners_are_drawn_with_their_chances(self, scheme):
        """Chi-square of 100,000 draws, the organiser included; false alarm below 1e-6."""
        draws = 100_000
        winners = scheme.draw(self.FOREST, draws, rng=11)
        forest = ReferralForest(self.FOREST.parents, [1.0] * 4)
        chances = scheme.rewards(forest)
        observed = np.bincount(winners + 1, minlength=5)
        expected = draws * np.r_[1 - chances.sum(), chances]
        assert stats.chisquare(observed, expected).pvalue > 1e-6
        assert (winners == scheme.draw(self.FOREST, draws, rng=11)).all()

    def test_nothing_to_draw(self):
        with pytest.raises(InvalidInputError, match="forest is"):
            Pachira(0.5, 1.0).draw(ReferralForest([-1], [0.0]), rng=1)
        with pytest.raises(InvalidInputError, match="draws is 0"):
            Pachira(0.5, 1.0).draw(self.FOREST, 0, rng=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GeometricTree(1, 0.5), r"decay is 1; it must be a number in \[0, 1\)"),
        (lambda: GeometricTree(0.5, -1), "share is -1"),
        (lambda: CDRM1(0.5, 0.6), "penalty is 0.6; it must be at most the budget, 0.5"),
        (lambda: CDRM2(0, 0.5), "budget is 0"),
        (lambda: TDRM(0.5, 0.2, 0.1, 0), "unit is 0"),
        (lambda: TDRM(0.5, float("inf"), 0.1, 1), "slope is inf"),
        (lambda: CappedRate(0.5, 0.1, 0.4), "cap is 0.4; it must be at least the floor, 0.5"),
        (lambda: LinearPachira(0.5, 1.5, 1), "beta is 1.5"),
        (lambda: Pachira(0.5, 0), "delta is 0"),
        (lambda: Luxor("0.5"), "climb is '0.5'"),
        (lambda: scheme_from_dict({"scheme": "tdrm", "decay": "1/2"}), "with the parameters"),
        (lambda: scheme_from_dict({"scheme": "lottery"}), "scheme is 'lottery'"),
        (lambda: scheme_from_dict([]), r"scheme is \[\]"),
    ],
)
def test_wrong_parameters(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()
