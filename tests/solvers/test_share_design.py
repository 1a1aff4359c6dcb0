"""Designed share functions: payoffs and optimum against slow twins, exactness, the Pachira family, wrong input."""

from __future__ import annotations

from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import CostModel, ReferralForest, ShareTree, datasets
from mechanism.datasets import DatasetMissingError
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from proofs import check_certificate
from solvers import design_shares
from solvers.plots import figure_bytes
from solvers.share_design import best_pachira
from solvers.share_payoffs import natural_grid, share_payoffs
from solvers.share_program import best_shares, exact_shares
from tests.mechanism.test_share_tree import forests

F = Fraction
JOIN, INVITE = CostModel.exponential(mean=1.0), CostModel.exponential(mean=0.4)
TREE = ReferralForest.random_recursive(12, roots=2, rng=3)
SMALL = ReferralForest([-1, 0, 0, 1, 1, -1], [2, 1, 1, 1, 2, 1])
AMOUNT = 12.0


def payoffs_of(given_, *, cells, by="depth", join=JOIN, invite=INVITE, won=1.0):
    return share_payoffs(
        given_, cells=cells, amounts=[AMOUNT] * len(given_), join=join, invite=invite, by=by, won=won
    )


def twin_payoffs(forest, values):
    """Return (depth, payoff) of every joiner and of every recruiter, from the scheme's own rewards."""
    scheme = ShareTree(values)
    chances = scheme.rewards(forest) / forest.total
    share = [sum(forest.contributions[forest.subtree(u)]) / forest.total for u in range(forest.size)]
    joins = [(int(d), float(AMOUNT * x)) for d, x in zip(forest.depths, chances, strict=True)]
    invites = []
    for v, u in enumerate(forest.parents.tolist()):
        if u >= 0:
            slack = scheme.weight(share[u]) - scheme.weight(share[u] - share[v]) - scheme.weight(share[v])
            invites.append((int(forest.depths[u]), float(AMOUNT * slack)))
    return joins, invites


@settings(max_examples=40)
@given(
    st.lists(forests(most=6, zero=False), min_size=1, max_size=2), st.lists(st.integers(0, 12), min_size=24)
)
def test_payoffs_are_what_the_scheme_pays(given_, numbers):
    cells = natural_grid(given_)
    values = [F(0), *(F(numbers[k % 24], 12) for k in range(cells))]
    payoffs = payoffs_of(given_, cells=cells)
    found = payoffs.payoffs(np.array(values, dtype=float))
    told = {"join": [], "invite": []}
    for forest in given_:
        for kind, pairs in zip(told, twin_payoffs(forest, values), strict=True):
            told[kind] += pairs
    for one, payoff in zip(payoffs.decisions, found, strict=True):
        mine = [x for depth, x in told[one.kind] if depth == one.depth]
        assert one.weight * len(given_) == len(mine)
        assert payoff == pytest.approx(np.mean(mine), abs=1e-9)
    members = payoffs_of(given_, cells=cells, by="member")
    every = sorted(x for pairs in told.values() for _, x in pairs)
    spread = np.repeat(
        members.payoffs(np.array(values, dtype=float)), np.round(members.weights * len(given_)).astype(int)
    )
    assert sorted(spread) == pytest.approx(every, abs=1e-7)


def twin_optimum(payoffs, *, kind, slope):
    """The same program with all pairs and conic logarithms, by another solver."""
    cells = payoffs.matrix.shape[1] - 1
    values, logs = cp.Variable(cells + 1), cp.Variable(len(payoffs.decisions))
    kept = [values[0] == 0, values[cells] <= 1, values >= slope * np.arange(cells + 1) / cells]
    if kind == "convex":
        kept += [values[k - 1] + values[k + 1] >= 2 * values[k] for k in range(1, cells)]
    else:
        kept += [
            values[i] + values[j] <= values[i + j] for i in range(1, cells) for j in range(i, cells + 1 - i)
        ]
    for index, (row, law) in enumerate(zip(payoffs.matrix, payoffs.laws, strict=True)):
        if hasattr(law, "high"):
            kept += [
                logs[index] <= cp.log((row @ values - law.low) / (law.high - law.low)),
                logs[index] <= 0,
            ]
        else:  # y <= log(1 - exp(-V / mean))
            kept += [cp.exp(logs[index]) + cp.exp(-(row @ values) / law.mean) <= 1]
    program = cp.Problem(cp.Maximize(payoffs.weights @ logs), kept)
    program.solve(solver=cp.CLARABEL)
    assert program.status == cp.OPTIMAL
    return program.value


@pytest.mark.parametrize("kind", ["superadditive", "convex"])
@pytest.mark.parametrize(
    ("given_", "cells", "by", "join", "slope"),
    [
        ([TREE], 12, "depth", JOIN, 0.0),
        ([TREE, SMALL], 9, "depth", JOIN, 0.3),
        ([SMALL], 8, "member", JOIN, 0.1),
        ([TREE], 24, "depth", CostModel.uniform(low=0.1, high=8.0), 0.0),
    ],
)
def test_the_optimum_of_a_slow_twin(kind, given_, cells, by, join, slope):
    payoffs = payoffs_of(given_, cells=cells, by=by, join=join)
    found = best_shares(payoffs, kind=kind, slope=slope)
    wanted = twin_optimum(payoffs, kind=kind, slope=slope)
    assert payoffs.value(found.values) == pytest.approx(wanted, rel=3e-6, abs=3e-6)
    assert found.bound == pytest.approx(wanted, rel=3e-6, abs=3e-6)
    exact = exact_shares(found.values, kind=kind, slope=F(str(slope)))
    lost = payoffs.value(found.values) - payoffs.value(np.array(exact, dtype=float))
    assert lost <= 1e-6 * max(1, abs(wanted))


@settings(max_examples=12)
@given(forests(most=8, zero=False), st.sampled_from([F(0), F(1, 4), F(1)]), st.booleans())
def test_designs_keep_their_promises_and_beat_pachira(forest, fair, contributions):
    given_ = {"budget": F(1)} if contributions else {"prize": AMOUNT}
    grid = max(natural_grid([forest]), 2)
    found = {
        kind: design_shares(forest, join=JOIN, grid=grid, sybil_proof=kind, fair_share=fair, **given_)
        for kind in ("superadditive", "convex")
    }
    for kind, design in found.items():
        assert design.scheme.is_superadditive
        assert design.scheme.is_convex or kind == "superadditive"
        assert all(verdict.holds for verdict in design.verdicts)
        assert len(check_certificate(design.scheme, design.certificate)) == 3
        assert (design.scheme.rewards(forest) >= fair * forest.contributions).all()
        assert design.scheme.rewards(forest).sum() <= forest.total
        assert design.value >= design.rival.value
        assert design.bound - design.value <= 2e-6 * max(1, abs(design.value))
        assert design.value == design.payoffs.value(np.array(design.scheme.values, dtype=float))
    error = 2e-6 * max(1, abs(found["convex"].value))
    assert found["superadditive"].value >= found["convex"].value - error
    if fair == 1:  # everybody gets its own contribution back, and nothing is left
        assert all(x == F(k, grid) for k, x in enumerate(found["convex"].scheme.values))


def test_superadditive_is_more_than_convex():
    """Where all hold the same small share a step pays them what no convex function may."""
    found = [
        design_shares(TREE, join=JOIN, invite=INVITE, prize=AMOUNT, sybil_proof=kind)
        for kind in ("superadditive", "convex")
    ]
    assert found[0].value > found[1].value + 0.01 > found[0].rival.value + 0.01
    assert not found[0].scheme.is_convex


class TestMetamorphic:
    def design(self, given_, **changes):
        usual = {"join": JOIN, "invite": INVITE, "prize": AMOUNT, "grid": 12}
        return design_shares(given_, **(usual | changes))

    def test_money(self):
        cents = self.design(TREE, join=JOIN.scaled(100), invite=INVITE.scaled(100), prize=100 * AMOUNT)
        assert cents.value == pytest.approx(self.design(TREE).value, rel=3e-6)

    def test_names_and_copies(self):
        order = np.random.default_rng(1).permutation(TREE.size)
        parents = np.empty(TREE.size, dtype=int)
        for u, parent in enumerate(TREE.parents):
            parents[order[u]] = order[parent] if parent >= 0 else -1
        renamed = self.design([ReferralForest(parents)] * 2)
        assert renamed.value == pytest.approx(self.design(TREE).value, rel=3e-6)

    def test_the_same_again(self):
        first, second = self.design(TREE), self.design(TREE)
        assert first.scheme == second.scheme
        assert first.to_dict() == second.to_dict()

    def test_a_fair_share_costs_something(self):
        values = [self.design(TREE, fair_share=fair).value for fair in (0, 0.5, 0.9)]
        assert values[0] >= values[1] - 1e-4
        assert values[1] > values[2]

    def test_won(self):
        """An invitation that wins a recruit every second time costs twice as much per recruit."""
        half = self.design(TREE, won=0.5)
        assert half.value == pytest.approx(self.design(TREE, invite=INVITE.scaled(2)).value, rel=3e-6)

    def test_contributions_are_money(self):
        """A budget pays what a prize of that size pays, if the forest is the only one."""
        paid = self.design(TREE, prize=None, budget=F(1, 2), fair_share=F(1, 10))
        prize = self.design(TREE, prize=TREE.size / 2, fair_share=F(1, 5))
        assert paid.scheme.values == prize.scheme.values
        assert paid.scheme.budget == F(1, 2)


class TestPachira:
    def test_no_other_member_is_better(self):
        payoffs = payoffs_of([TREE], cells=12)
        best = best_pachira(payoffs)
        x = np.arange(13) / 12
        for beta in np.linspace(0, 1, 21):
            for delta in np.exp(np.linspace(-4, 3, 41)):
                assert payoffs.value(beta * x + (1 - beta) * x ** (1 + delta)) <= best.value + 1e-6

    @pytest.mark.parametrize("slope", [F(1, 10), F(1, 2), F(9, 10)])
    def test_a_fair_share_narrows_it(self, slope):
        payoffs = payoffs_of([TREE], cells=12)
        best = best_pachira(payoffs, slope=slope)
        assert best.scheme.is_convex
        assert best.scheme.values[1] >= slope / 12
        assert best.value <= best_pachira(payoffs).value + 1e-9


class TestExact:
    @given(
        st.lists(st.floats(0, 1), min_size=2, max_size=12), st.sampled_from([F(0), F(1, 3), F(1)]), st.data()
    )
    def test_from_noise(self, numbers, slope, data):
        """Superadditive up to 1e-9 before, exactly afterwards, and near."""
        kind = data.draw(st.sampled_from(["superadditive", "convex"]))
        raised = np.array([0.0, *numbers])
        if kind == "convex":
            raised = np.concatenate([[0.0], np.cumsum(np.sort(raised[1:]))])
        for k in range(1, len(raised)):
            raised[k] = max([raised[k], *(raised[i] + raised[k - i] for i in range(1, k))])
        n = len(raised) - 1
        line = np.arange(n + 1) / n
        values = float(slope) * line + (1 - float(slope)) * raised / max(raised[-1], 1.0)
        noise = np.array([0.0, *(data.draw(st.floats(-1e-9, 1e-9)) for _ in range(n))])
        exact = exact_shares(values + noise, kind=kind, slope=slope)
        scheme = ShareTree(exact)
        assert scheme.is_superadditive
        assert scheme.is_convex or kind == "superadditive"
        assert all(x >= slope * k / n for k, x in enumerate(exact))
        assert np.array(exact, dtype=float) == pytest.approx(values, abs=1e-7)


class TestForms:
    DESIGN = staticmethod(
        lambda: design_shares(SMALL, join=JOIN, invite=INVITE, prize=AMOUNT, fair_share=0.1)
    )

    def test_the_table(self):
        design = self.DESIGN()
        text = str(design)
        assert "Designed share function on 8 cells, superadditive, for a prize of 12" in text
        assert "best Pachira" in text
        assert text.count("Proved: ") == 3
        assert "50 % of contributions" in str(design_shares(SMALL, join=JOIN, budget=0.5))

    def test_the_picture(self):
        axes = self.DESIGN().plot()
        assert [line.get_label() for line in axes.lines][::2] == ["designed", "proportional"]
        assert figure_bytes(axes.figure, "svg").startswith(b"<?xml")

    def test_the_dictionary(self):
        design = self.DESIGN()
        values = design.to_dict()
        assert check_certificate(values["scheme"], values["certificate"])
        assert values["value"] >= values["pachira"]["value"]
        assert design.lottery.values == design.scheme.values


def test_a_real_forest():
    try:
        forest = ReferralForest.from_file(datasets.path("trees/rds_nyjazz"))
    except DatasetMissingError as missing:
        pytest.skip(str(missing))
    cost = CostModel.exponential(mean=10)
    design = design_shares(
        forest, join=cost, invite=cost.scaled(0.2), prize=4000, fair_share=0.1, sybil_proof="convex"
    )
    assert design.scheme.cells == 264
    assert design.value > design.rival.value + 10


class TestWrongInput:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"forests": []}, r"forests\[length\] is 0"),
            ({"forests": [TREE, 3]}, r"forests\[1\] is 3"),
            ({"forests": ReferralForest([-1], [0])}, r"forests\[0\] is"),
            ({"join": 3}, "join is 3"),
            ({"invite": 3}, "invite is 3"),
            ({"prize": None}, "prize is None; it must be given if the budget is not"),
            ({"budget": 0.5}, r"prize is 12\.0; it must be given if the budget is not"),
            ({"prize": 0}, "prize is 0"),
            ({"prize": None, "budget": 1.5}, r"budget is 1\.5"),
            ({"grid": 1}, "grid is 1"),
            ({"grid": 2}, "grid is 2; it must be finer: no share function pays to invite at depth"),
            ({"sybil_proof": "no"}, "sybil_proof is 'no'"),
            ({"fair_share": -1}, "fair_share is -1"),
            ({"fair_share": 0.6, "prize": None, "budget": 0.5}, r"fair_share is 0\.6"),
            ({"by": "age"}, "by is 'age'"),
            ({"won": 0}, "won is 0"),
        ],
    )
    def test_arguments(self, changes, words):
        usual = {"forests": TREE, "join": JOIN, "invite": INVITE, "prize": AMOUNT}
        with pytest.raises(InvalidInputError, match=words):
            design_shares(**(usual | changes))

    def test_costs_that_are_not_log_concave(self):
        with pytest.raises(UnsupportedProblemError, match="log_concave_majorant"):
            design_shares(TREE, join=CostModel.empirical([1, 2, 9]), prize=AMOUNT)

    def test_costs_that_nobody_can_be_paid(self):
        with pytest.raises(
            SolveError, match="nobody will join at depth 1, whatever the share function: pay more"
        ):
            design_shares(TREE, join=CostModel.uniform(low=1000, high=1001), prize=AMOUNT)
