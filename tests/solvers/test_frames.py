"""Results as frames and labelled arrays: every number where it belongs, in both libraries, and what is missing."""

import re
import sys
from fractions import Fraction
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mechanism import (
    Budget,
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    LinearQuadratic,
    Participation,
    PathTable,
    Recursive,
    ReferralForest,
    Search,
    TopDegree,
)
from mechanism.errors import BackendMissingError
from mechanism.memory import ExponentialMemory
from mechanism.message import Message
from mechanism.objectives import Recruits
from mechanism.opinions import Opinions
from solvers.agreement import consensus
from solvers.campaign_opinions import campaign_effect, compare_campaigns
from solvers.demands import AXES, grid_of
from solvers.design_frontier import Frontier, FrontierRow
from solvers.design_surface import Surface
from solvers.diffusion import spread
from solvers.forest_forecast import forecast
from solvers.frames import columns, to_frame
from solvers.interventions import target
from solvers.key_players import key_player
from solvers.labelled_arrays import arrays, to_xarray
from solvers.measurability import MeasurabilityBias
from solvers.message_ranking import suitability
from solvers.motive_inference import infer_motives
from solvers.network_equilibrium import equilibrium
from solvers.phases import phase_diagram
from solvers.rate_inference import infer_rates
from solvers.recruitment import recruit
from solvers.retention import sustain
from solvers.schedules import Response, schedule
from solvers.seed_baselines import SeedComparison
from solvers.seeding import seed
from solvers.subsidy_design import subsidies
from solvers.surface_sweep import SurfacePoint
from solvers.sustained_design import aftermath
from solvers.timeline import Timeline

TRIO = Graph.from_edges(["ann", "bob"], ["bob", "cem"], directed=False)
STAR = Graph.from_edges([0] * 9, range(1, 10), directed=False)
GAME = Participation(TRIO, 0.0, support=1.0, cost=1.5)
LINEAR = LinearQuadratic(TRIO, 1.0, interaction=0.25)


@cache
def campaign():
    ring = Graph.from_edges(range(30), [*range(1, 30), 0], directed=False)
    cheap = CostModel.exponential(mean=0.1)
    network = IncentiveNetwork(ring, contact=0.9, support=1.0, join=cheap, invite=cheap)
    return Campaign(network, Search(prize=1000, find=0.01), team=TopDegree(1), max_depth=5)


@cache
def recruitment():
    return recruit(campaign(), Recursive(1 / 2), replicates=20, rng=7)


@cache
def bias():
    rng = np.random.default_rng(1)
    levels = np.array([0.0, 0.5])
    estimates = rng.random((2, 3, 4))
    return MeasurabilityBias(
        levels, levels / 2, levels + 0.1, 0.05, ("blind", "proxy", "aware"), estimates, estimates / 9, 0.95
    )


@cache
def surface():
    """Return a surface over epsilon and collusion whose last point has no design."""
    grid = grid_of({"epsilon": (0, 0.5), "collusion": (None, 1, 0), "budget": (Budget.expected(0.5),)})
    points = [
        SurfacePoint(one, SimpleNamespace(value=10.0 + at, value_stderr=0.5), 20.0 - at, 15.0 - at)
        for at, one in enumerate(grid[:-1])
    ]
    return Surface((*points, SurfacePoint(grid[-1], None, np.nan, np.nan, "nothing meets it")), Recruits())


@cache
def frontier():
    tables = (PathTable([[1], [Fraction(1, 2), Fraction(1, 4)]]), PathTable([[Fraction(3, 4)]]))
    designs = tuple(SimpleNamespace(scheme=one, recruitment=recruitment()) for one in tables)
    rows = (
        FrontierRow("half", "known", None, Recursive(1 / 2), recruitment(), 0.5, np.inf, "refuted"),
        FrontierRow("mine", "designed", Fraction(1, 4), tables[1], recruitment(), 0.0, 0.0, "proved"),
    )
    return Frontier(campaign(), (Fraction(0), Fraction(1, 4)), designs, rows)


def seeds():
    spreads = tuple(spread(STAR, [one], probability=1.0, replicates=50, rng=1) for one in (0, 1))
    return SeedComparison(("certified", "random"), (np.array([0]), np.array([1])), spreads, 0.6)


def programme():
    response = Response(0.2, 1.2, CostModel.exponential(mean=4.0), price=5.0, returns="root", capacity=10.0)
    return schedule(ExponentialMemory(1.0), response=response, budget=500.0, horizon=6.0, periods=3)


def messages():
    both = [Message("joke", sharing=0.8, profit=0.2), Message("plain", sharing=0.2, profit=0.6)]
    return suitability(campaign(), both, Recursive(1 / 2), replicates=5, batches=3, rng=7)


def opinions():
    return Opinions(TRIO, [1.0, 0.0, 0.5], stubbornness=[0.5, 0.0, 0.1], self_trust=0.5)


def waves():
    forest = ReferralForest([-1] * 4 + [0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 8, 8, 10, 12, 13, 14])
    return forecast(forest, through=3, until=6, coupons=3, rng=7, draws=40)


def clock():
    points = np.linspace(0, 1, 4)
    return Timeline(points, points * 3, points / 9, points / 2, 0.7, 0.5)


# For each result: how it is made, the columns, and the first or all values of some.
RESULTS = {
    "Recruitment": recruitment,
    "Timeline": clock,
    "Frontier": frontier,
    "Surface": surface,
    "Spread": lambda: spread(STAR, [0], probability=0.5, replicates=50, rng=1),
    "SeedComparison": seeds,
    "Seeding": lambda: seed(TRIO, 2, probability=0.5, rng=7),
    "NashEquilibrium": lambda: equilibrium(GAME),
    "Targeting": lambda: target(LINEAR, 4.0),
    "Subsidies": lambda: subsidies(GAME, [1, 1, 1], robust=True),
    "KeyPlayers": lambda: key_player(LINEAR),
    "Retention": lambda: sustain(GAME, [1, 1, 1], periods=4),
    "Aftermath": lambda: aftermath(
        campaign(), Recursive(1 / 2), upkeep=CostModel.uniform(low=0, high=2), replicates=10, rng=7
    ),
    "Schedule": programme,
    "Suitability": messages,
    "MotiveEstimate": lambda: infer_motives(
        [[1, 0], [2, 0], [1, 1]], [20, 50, 80], counts=[100] * 3, names=["profit", "charity"]
    ),
    "RateEstimate": lambda: infer_rates([[0, 1, 2], [0, 3, 1], [0, 2, np.inf]], horizon=4),
    "Consensus": lambda: consensus(opinions()),
    "CampaignEffect": lambda: campaign_effect(opinions(), [1, 0, 0]),
    "CampaignComparison": lambda: compare_campaigns(opinions(), {"ann": [1, 0, 0], "all": [1, 1, 1]}),
    "Forecast": waves,
    "MeasurabilityBias": bias,
    "PhaseDiagram": lambda: phase_diagram(
        ExponentialMemory(1.0), first_share=[0.04, 0.9], branching=[0.2, 0.8, 1.0], horizon=24.0
    ),
}
made = cache(lambda name: RESULTS[name]())


def rows_of_the_manual():
    """Return what the docstring says of each result."""
    table = re.findall(r"=====\n(.*)\n *=====", to_frame.__doc__, re.DOTALL)[0]
    found = {}
    for line in table.splitlines():
        words = line.strip()
        if re.match(r" {4}[A-Z]", line):
            last, words = words.split(maxsplit=1)
            found[last] = ""
        found[last] += f" {words}"
    return found


def test_all_results_are_tried_and_documented():
    known = {one.__name__ for one in columns.registry if one is not object}
    assert known == set(RESULTS) == set(rows_of_the_manual())


@pytest.mark.parametrize("name", RESULTS)
def test_both_libraries_hold_the_columns_that_the_manual_names(name):
    ours, theirs = to_frame(made(name)), to_frame(made(name), "pandas")
    assert isinstance(ours, pl.DataFrame)
    assert isinstance(theirs, pd.DataFrame)
    assert ours.columns == theirs.columns.tolist()
    assert len(ours) == len(theirs) > 0
    said = re.sub("price_AXIS", "price_epsilon price_collusion", rows_of_the_manual()[name])
    said = said.replace("each with its stderr", "virality_stderr suitability_stderr action_rate_stderr")
    said = said.replace(
        "each with stderr, low and high", "stderr low high weight_stderr weight_low weight_high"
    )
    assert set(ours.columns) <= set(re.findall(r"\w+", said))
    for column in ours.columns:
        for mine, other in zip(ours[column].to_list(), theirs[column].tolist(), strict=True):
            assert mine == other or (pd.isna(mine) and pd.isna(other))


def test_depths_begin_at_1_and_the_members_are_all_there():
    result, table = recruitment(), to_frame(recruitment())
    assert table["depth"].to_list() == list(range(1, result.max_depth + 1))
    assert table["members"].sum() == pytest.approx(result.recruits)
    assert table["scheme"].unique().to_list() == [result.scheme.label]
    assert table["join"].to_list() == result.join.tolist()


def test_rows_of_a_frontier_keep_what_is_not_known():
    table = to_frame(frontier())
    assert table["epsilon"].to_list() == [None, 0.25]
    assert table["gain_any_length"].to_list() == [np.inf, 0.0]
    assert table["recruits"].to_list() == [recruitment().recruits] * 2


def test_points_of_a_surface_have_their_demands_and_prices():
    table = to_frame(surface())
    assert table["epsilon"].to_list() == [0, 0, 0, 0.5, 0.5, 0.5]
    assert table["collusion"].to_list() == [np.inf, 1, 0] * 2
    assert table["fresh"].to_list()[:5] == [10.0, 11.0, 12.0, 13.0, 14.0]
    assert np.isnan(table["fresh"][5])
    assert table["failure"][5] == "nothing meets it"
    assert table["price_collusion"].to_list()[:5] == pytest.approx([0, 1 / 20, 2 / 20, 0, 1 / 17])
    assert np.isnan(table["price_collusion"][5])
    assert set(AXES) < set(table.columns)


def test_people_are_called_by_their_labels():
    for name in ("NashEquilibrium", "Targeting", "Subsidies", "Consensus", "CampaignEffect"):
        assert to_frame(made(name))["person"].to_list() == ["ann", "bob", "cem"]
    assert sorted(to_frame(made("KeyPlayers"))["person"]) == ["ann", "bob", "cem"]
    assert to_frame(made("KeyPlayers")).filter(pl.col("is_key"))["person"].to_list() == ["bob"]
    assert to_frame(made("Seeding"))["person"].to_list() == made("Seeding").labels
    plan = to_frame(made("Subsidies"))
    assert plan["place"].to_list() == [1, 2, 3]
    assert plan["paid"].sum() == pytest.approx(made("Subsidies").cost)
    assert to_frame(subsidies(GAME, [1, 1, 1]))["place"].to_list() == [None] * 3
    other = to_frame(equilibrium(LINEAR))
    assert other["action"].to_list() == equilibrium(LINEAR).actions.tolist()
    assert other["other"].is_nan().all()


def test_what_a_schedule_does_adds_up():
    result = made("Schedule")
    table = to_frame(result).group_by("programme").sum()
    for name, one in result.programmes.items():
        row = table.row(by_predicate=pl.col("programme") == name, named=True)
        assert row["bought"] + row["paid"] == pytest.approx(result.budget)
        assert row["actions"] == pytest.approx(one.course.total)
        assert row["period"] == 1 + 2 + 3


def test_links_are_from_source_to_target():
    result = made("RateEstimate")
    table, matrix = to_frame(result), result.matrix.toarray()
    assert len(table) == result.graph.m
    for source, target_, rate, _ in table.iter_rows():
        assert matrix[source, target_] == rate


def test_long_tables_keep_the_order_of_their_arrays():
    result = made("Forecast")
    table = to_frame(result).sort("future", "wave")
    np.testing.assert_array_equal(table["members"].to_numpy().reshape(40, 3), result.sample)
    assert table["wave"].to_list()[:4] == [4, 5, 6, 4]
    table = to_frame(bias()).filter(pl.col("homophily") == 0.5, pl.col("analyst") == "proxy")
    assert table["estimate"].to_list() == bias().estimates[1, 1].tolist()
    assert table["stderr"].to_list() == bias().stderr[1, 1].tolist()
    assert table["replicate"].to_list() == [0, 1, 2, 3]
    diagram = made("PhaseDiagram")
    case = to_frame(diagram).filter(pl.col("across") == 0.8, pl.col("along") == 0.9)
    assert case["sustained"].to_list() == [diagram.sustained[1, 1]]
    assert case["regime"].to_list() == ["flash"]


def test_arrays_are_labelled_by_what_varies():
    grid = to_xarray(surface())
    assert dict(grid.sizes) == {"epsilon": 2, "collusion": 3}
    assert grid.value.sel(epsilon=0.5, collusion=1).item() == 16.0
    assert grid.fresh.sel(epsilon=0, collusion=np.inf).item() == 10.0
    assert np.isnan(grid.cold.sel(epsilon=0.5, collusion=0))
    assert grid.value.attrs["units"] == str(Recruits())
    lone = to_xarray(Surface(surface().points[:1], Recruits()))
    assert lone.value.item() == 20.0
    rewards = to_xarray(frontier()).reward
    assert rewards.sel(epsilon=0, length=2, distance=1).item() == 0.25
    assert np.isnan(rewards.sel(epsilon=0.25, length=2)).all()
    seen = to_xarray(bias())
    np.testing.assert_array_equal(seen.estimates, bias().estimates)
    np.testing.assert_allclose(seen.estimates.mean("replicate") - seen.influence, seen.bias)
    assert seen.sel(homophily=0.5, analyst="aware").likeness.item() == 0.25
    diagram = to_xarray(made("PhaseDiagram"))
    assert diagram.regime.sel(along=0.04, across=1.0).item() == "take-off"
    assert diagram.across.attrs["long_name"] == made("PhaseDiagram").across_label
    future = to_xarray(made("Forecast"))
    assert future.members.sel(wave=5).mean().item() == made("Forecast").sample[:, 1].mean()
    assert future.attrs == {"result": "Forecast"}
    sent = to_xarray(made("Suitability"))
    np.testing.assert_allclose(sent.acted.mean("batch"), made("Suitability").suitability)


def test_what_has_no_table_is_refused_with_the_list_of_what_has():
    with pytest.raises(
        InvalidInputError, match=r"result is 'Graph'; it must be one of Aftermath, .*Timeline"
    ):
        to_frame(STAR)
    with pytest.raises(InvalidInputError, match=r"one of Forecast, Frontier, .*Surface"):
        to_xarray(recruitment())
    with pytest.raises(InvalidInputError, match=r'kind is .*; it must be "polars" or "pandas"'):
        to_frame(recruitment(), "numpy")


def test_other_classes_can_be_added():
    class Own:
        depth = (1, 2)

    with pytest.raises(InvalidInputError, match="Own"):
        to_frame(Own())
    columns.register(Own, lambda one: {"depth": one.depth})
    arrays.register(Own, lambda one: ({"depth": ("place", list(one.depth))}, {}))
    assert to_frame(Own())["depth"].to_list() == [1, 2]
    assert to_xarray(Own()).depth.sum().item() == 3


def test_a_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(BackendMissingError, match=r"pip install 'incentive-networks\[frames\]'"):
        to_frame(recruitment(), "pandas")
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(BackendMissingError, match="this needs xarray"):
        to_xarray(bias())
    assert len(to_frame(recruitment())) == recruitment().max_depth
