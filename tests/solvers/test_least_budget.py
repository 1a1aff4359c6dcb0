"""The least budget: it suffices, a little less does not, demands that need more are respected."""

import json
from fractions import Fraction

import numpy as np
import pytest

from mechanism import Budget, InvalidInputError, Motives, SolveError, UnsupportedProblemError, assuming
from proofs import BudgetBalanced, FinderShare, RewardCap, WithinBudget
from solvers import design, least_budget
from solvers.scheme_design import DesignSearch
from tests.solvers.designs import small_campaign


@pytest.fixture(scope="module")
def campaign():
    return small_campaign(n=80, depth=2, prize=400.0, find=5e-3)


def reached(campaign, found):
    """What a scheme reaches on the worlds of the search, played again."""
    search = DesignSearch(campaign, 1, effort=1, engine=1)
    return search.problem.at(found.design.scheme.table(2)).value


def test_it_suffices_and_a_little_less_does_not(campaign):
    found = least_budget(campaign, 20, rng=1, engine=1)
    tried = dict(found.tried)
    assert tried[float(found.share)] >= 20 > tried[float(found.insufficient)]
    assert found.insufficient < found.share <= found.insufficient * Fraction("1.005")
    assert reached(campaign, found) == pytest.approx(tried[float(found.share)], rel=2e-3)
    assert WithinBudget(found.share) in found.design.properties
    assert all(verdict.holds for verdict in found.design.verdicts)
    assert str(found).startswith(f"least budget: {found.design.budget}")
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Fraction(document["share"]) == found.share
    # A design from all families, made anew, does not reach it for one percent less.
    less = found.share * Fraction("0.99")
    assert design(campaign, budget=Budget.worst_case(less), rng=1, engine=1).search_value < 20
    shares = np.array([one for one, _ in found.tried])
    values = np.array([one for _, one in found.tried])
    assert (np.diff(values[np.argsort(shares)]) >= 0).all()


def test_small_budgets_that_no_scheme_keeps_do_not_suffice(campaign):
    """Half a prize for the finder costs half a prize, whatever is wanted."""
    found = least_budget(campaign, 1, subject_to=[FinderShare(Fraction(1, 2))], rng=1, engine=1)
    assert 0.5 <= found.share <= 0.5 * 1.005
    assert np.isnan(dict(found.tried)[0.25])
    assert found.to_dict()["tried"][0] == [0.25, None]


@pytest.fixture
def hurried(monkeypatch):
    """Designs climb once, from one table, in few worlds."""
    climb = DesignSearch.climb_from

    def best(self, wanted, rivals, stages, neighbours=()):
        return climb(self, wanted, np.array([[0.8, 0.0], [0.8, 0.2]]), stages)

    monkeypatch.setattr(DesignSearch, "rivals", lambda *_: ())
    monkeypatch.setattr(DesignSearch, "best", best)
    monkeypatch.setattr("solvers.scheme_design._WORLDS", 64)
    monkeypatch.setattr("solvers.scheme_design._MOST_WORLDS", 64)


@pytest.mark.usefixtures("hurried")
def test_budgets_may_be_sums_of_money(campaign):
    found = least_budget(
        campaign, 15, budget=lambda prizes: Budget.total(400 * prizes), rng=np.random.default_rng(2), engine=1
    )
    assert found.design.budget == Budget.total(400 * found.share)
    assert found.design.search_value >= 15
    assert found.share <= found.insufficient * Fraction("1.005")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("goal", "demands", "words"),
    [
        (1e6, [RewardCap(0.1)], r"100 prizes do not reach 1e\+06: want less"),
        (5, [FinderShare(0.6), RewardCap(0.5)], "100 prizes do not reach 5.*no table of depth 2 has all"),
    ],
)
def test_goals_out_of_reach(campaign, goal, demands, words):
    with pytest.raises(SolveError, match=words):
        least_budget(campaign, goal, subject_to=demands, rng=1, engine=1)


@pytest.mark.usefixtures("hurried")
def test_goals_that_are_reached_for_nothing(campaign):
    for_fun = assuming(campaign, motives=Motives(entertainment=5))
    with pytest.raises(SolveError, match=r"a budget of 0\.0001 prizes reaches 1 already: want more"):
        least_budget(for_fun, 1, rng=1, engine=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wanted": 0}, "wanted is 0; it must be a finite number above 0"),
        ({"wanted": "many"}, "wanted is 'many'"),
        ({"budget": lambda _: 3}, "budget is 3"),
        ({"epsilon": -1}, "epsilon is -1"),
        ({"rng": -1}, "rng is -1"),
    ],
)
def test_wrong_arguments_are_named(campaign, change, words):
    given = {"wanted": 5, "rng": 1} | change
    with pytest.raises(InvalidInputError, match=words):
        least_budget(campaign, given.pop("wanted"), **given)


def test_properties_that_are_no_inequalities_are_refused(campaign):
    with pytest.raises(UnsupportedProblemError, match=r"subject_to\[0\]"):
        least_budget(campaign, 5, subject_to=[BudgetBalanced()], rng=1)
