"""Designs under every kind of demand: proved, not worse than what they rival, and refused with the reason."""

import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import cvxpy as cp
import numpy as np
import pytest

from mechanism import (
    Budget,
    CostModel,
    InvalidInputError,
    Motives,
    Objective,
    Scenarios,
    SolveError,
    UnsupportedProblemError,
    assuming,
)
from proofs import (
    BudgetBalanced,
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Monotone,
    RecruiterShare,
    RewardCap,
    SybilProof,
    WithinBudget,
    verify,
)
from proofs.check import check
from solvers import design, recruit
from solvers.design_properties import wanted_properties
from solvers.fixed_point import solve_from
from solvers.progress import Stages
from solvers.scheme_design import DesignSearch
from solvers.worlds import Worlds
from tests.solvers.designs import small_campaign

DEMANDS = [
    [SybilProof(0, identity_cost=0.02)],
    [SybilProof(Fraction(1, 4), identities=1)],
    [SybilProof(0.5), CollusionProof(0.5)],
    [SybilProof(0), CollusionProof(1)],
    [SybilProof(0), FinderShare(0.5)],
    [SybilProof(0.25), RecruiterShare(0.2), Monotone()],
    [SybilProof(0), RewardCap(0.4)],
    [SybilProof(0), IndividualRationality(0.02)],
    [SybilProof(0), WithinBudget(0.7)],
]


@pytest.fixture(scope="module")
def campaign():
    return small_campaign()


@pytest.fixture(scope="module")
def plain(campaign):
    return design(campaign, rng=1)


@pytest.mark.parametrize("demands", DEMANDS, ids=lambda demands: ", ".join(map(str, demands)))
def test_what_is_asked_for_is_proved(campaign, demands):
    found = design(campaign, subject_to=demands, rng=1)
    check(found.scheme.to_dict(), found.certificate)
    for wanted in demands:
        assert wanted in found.properties
        assert verify(found.scheme, wanted, max_depth=campaign.max_depth).holds
    for member in found.rivals:
        assert found.search_value >= member.value * (1 - 1e-9)
        assert all(verify(member.scheme, one, max_depth=campaign.max_depth).holds for one in demands)


def test_a_demand_that_does_not_bind_costs_nothing(campaign, plain):
    found = design(campaign, subject_to=[RewardCap(1), FinderShare(0), RecruiterShare(0)], rng=1)
    assert found.search_value == pytest.approx(plain.search_value, rel=2e-3)


def test_motives_set_to_profit_alone_change_nothing(campaign, plain):
    people = campaign.network.graph.n
    told = small_campaign(motives=Motives(profit=np.ones(people), charity=np.zeros(people)))
    found = design(told, rng=1)
    assert found.scheme == plain.scheme


def test_motives_are_designed_for(plain):
    rng = np.random.default_rng(0)
    people = small_campaign().network.graph.n
    campaign = small_campaign(
        motives=Motives(
            profit=rng.choice([0.5, 1.5], people), charity=rng.choice([0.0, 0.8], people), reciprocity=0.3,
            entertainment=rng.choice([0.0, 0.3], people),
        )
    )  # fmt: skip
    found = design(campaign, rng=1)
    worlds = Worlds(campaign, np.random.SeedSequence(5))
    here, there = (
        solve_from(worlds, scheme.table(3), replicates=2000).recruits
        for scheme in (found.scheme, plain.scheme)
    )
    assert here >= there * 0.999
    assert found.search_value >= max(member.value for member in found.rivals)


@pytest.mark.parametrize(
    "law",
    [
        CostModel.lognormal(median=0.6, sigma=0.8),
        CostModel.weibull(scale=0.8, shape=1.5),
        CostModel.logistic(mean=0.8, scale=0.3),
        CostModel.empirical(np.random.default_rng(0).exponential(0.8, 40)),
    ],
    ids=lambda law: type(law).__name__,
)
def test_every_cost_law_is_designed_for(law):
    campaign = small_campaign(join=law)
    found = design(campaign, epsilon=0.25, rng=1)
    assert found.search_value >= max(member.value for member in found.rivals)
    assert found.recruitment.recruits == pytest.approx(found.search_value, rel=0.05)


@pytest.mark.parametrize(
    "objective",
    [
        Objective.all_found(),
        Objective.mean_depth(),
        Objective.depth_quantile(0.5),
        Objective.recruits() + 200.0 * Objective.all_found(),
    ],
    ids=str,
)
def test_objectives_are_what_is_reported(objective):
    campaign = small_campaign(targets=2)
    found = design(campaign, epsilon=0.25, objective=objective, rng=1)
    members = found.recruitment.members_by_depth
    worlds = Worlds(campaign, np.random.SeedSequence(9))
    final = solve_from(worlds, found.scheme.table(3), replicates=4000)
    both = float((final.counts.wins.sum(axis=1) ** 2).mean())
    again = objective.value(final.counts.members.mean(axis=0), both)
    assert found.value == pytest.approx(again, abs=6 * found.value_stderr + 0.02 * abs(again))
    assert found.value == pytest.approx(objective.value(members, both), rel=0.05)
    assert found.search_value >= max(member.value for member in found.rivals) * (1 - 1e-9)


def test_cents_are_proved_and_cost_next_to_nothing(plain):
    found = design(small_campaign(), unit=0.01, rng=1)
    unit = Fraction(1, 100) / 1500
    assert all((reward / unit).denominator == 1 for row in found.scheme.rows for reward in row)
    assert verify(found.scheme, SybilProof(0)).holds
    assert found.value >= plain.value * 0.995


def test_a_design_for_the_worst_scenario_is_better_there(campaign, plain):
    scenarios = Scenarios.corners(campaign, join=(0.6, 1.6), find=(0.5, 1.5))
    found = design(scenarios, rng=1)
    assert len(found.recruitments) == 4
    worst = min(one.recruits for one in found.recruitments)
    assert found.value == pytest.approx(worst)
    kept = min(recruit(one, plain.scheme, replicates=2000, rng=3).recruits for one in scenarios.campaigns)
    mine = min(recruit(one, found.scheme, replicates=2000, rng=3).recruits for one in scenarios.campaigns)
    assert mine >= kept * 0.995


def test_scenarios_that_are_alike_change_nothing(campaign, plain):
    found = design(Scenarios([campaign, assuming(campaign)], criterion="average"), rng=1)
    assert found.scheme == plain.scheme


def test_kappa_and_epsilon_relax(campaign, plain):
    demands = [SybilProof(0, identity_cost=cost) for cost in (0.01, 0.05)]
    reached = [
        plain.search_value,
        *(design(campaign, subject_to=[one], rng=1).search_value for one in demands),
    ]
    assert all(more >= less * 0.995 for less, more in pairwise(reached))
    assert reached[-1] > 1.01 * reached[0]


class TestFailures:
    def test_demands_that_no_table_meets_are_named(self, campaign):
        with pytest.raises(SolveError, match="no table of depth 3 has all of these properties"):
            design(campaign, subject_to=[FinderShare(0.6), RewardCap(0.5)], rng=1)

    def test_a_property_that_is_no_inequality_is_refused(self, campaign):
        for index, wanted in enumerate([BudgetBalanced(), RecruiterShare()]):
            with pytest.raises(UnsupportedProblemError, match=rf"subject_to\[{index}\]"):
                design(campaign, subject_to=[*[WithinBudget()] * index, wanted], rng=1)

    def test_another_solver_takes_over_and_says_so(self, campaign, monkeypatch):
        solve = cp.Problem.solve

        def broken(self, solver=None, **options):
            if solver == cp.HIGHS:
                raise cp.SolverError("out of order")
            return solve(self, solver=solver, **options)

        monkeypatch.setattr(cp.Problem, "solve", broken)
        search = DesignSearch(campaign, 1, effort=1, engine=1)
        wanted = wanted_properties(0.25, (), Fraction(1))
        start = search.rivals(wanted, Stages(None, 1))[-1].scheme.table(3)
        with pytest.warns(RuntimeWarning, match="found by CLARABEL .HIGHS: out of order"):
            found = search.climb_from(wanted, start, Stages(None, 1))
        assert verify(search.finish(found, wanted, ()).scheme, SybilProof(0.25)).holds

    def test_no_solver_no_table(self, campaign, monkeypatch):
        def broken(self, solver=None, **options):
            raise cp.SolverError(f"{solver} is out of order")

        monkeypatch.setattr(cp.Problem, "solve", broken)
        with pytest.raises(SolveError, match=r"a step of the design was not found: HIGHS.*CLARABEL"):
            design(campaign, rng=1)

    def test_an_infeasible_step_is_no_step(self, campaign, monkeypatch):
        monkeypatch.setattr(cp.Problem, "status", property(lambda self: cp.INFEASIBLE))
        with pytest.raises(SolveError, match="the program is infeasible"):
            design(campaign, rng=1)

    def test_a_scheme_that_is_not_what_was_asked_for_is_not_returned(self, campaign, monkeypatch):
        monkeypatch.setattr(
            DesignSearch, "exact_rows", lambda *_: [[Fraction(1)], [Fraction(1), Fraction(1)]]
        )
        with pytest.raises(SolveError, match="not what was asked for"):
            design(campaign, rng=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": 1}, "budget is 1"),
        ({"objective": "recruits"}, "objective is 'recruits'"),
        ({"unit": 0}, "unit is 0"),
        ({"unit": 2000}, "unit is 2000; it must be at most the prize, 1500"),
        ({"campaign": "karate"}, "campaign is 'karate'"),
    ],
)
def test_wrong_arguments_are_named(campaign, change, words):
    given = {"campaign": campaign, "rng": 1} | change
    with pytest.raises(InvalidInputError, match=words):
        design(given.pop("campaign"), **given)


def test_exact_sybil_and_collusion_proofness_leave_finder_and_first_recruit():
    """Every known family pays the finder alone here, and the set of admissible tables has no inside."""
    campaign = small_campaign(n=100, depth=3, prize=400.0, find=5e-3)
    found = design(campaign, subject_to=[SybilProof(0), CollusionProof(0)], rng=1)
    assert found.search_value > 1.2 * max(member.value for member in found.rivals)
    assert not any(row[j] for row in found.scheme.rows for j in range(1, len(row) - 1))
    assert all(verify(found.scheme, wanted, max_depth=3).holds for wanted in found.properties)


def test_an_objective_of_nothing_is_reached_at_once():
    assert design(small_campaign(n=100), objective=0 * Objective.recruits(), rng=1).value == 0


def test_a_budget_below_what_is_asked_for_is_refused():
    campaign = small_campaign(n=100, prize=400.0, find=5e-3)
    with pytest.raises(SolveError, match=r"more than the budget of 0\.01"):
        design(campaign, subject_to=[FinderShare(0.5)], budget=Budget.expected(0.01), rng=1)


def test_a_design_prints_no_banner():
    """The first object of HiGHS prints its name from compiled code, past Python's own output."""
    code = (
        "from tests.solvers.designs import small_campaign; from solvers import design; "
        "design(small_campaign(n=60, depth=2), rng=1, engine=1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
