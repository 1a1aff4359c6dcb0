"""Surfaces: asking for less never costs anything, alone or together, after a kill and on a cluster."""

import json
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import (
    Budget,
    Campaign,
    CertificateError,
    CostModel,
    DirectReferral,
    IncentiveNetwork,
    InvalidInputError,
    Objective,
    Search,
    TopDegree,
)
from mechanism.numbers import parse
from proofs import WithinBudget, verify
from proofs.check import check
from solvers import surface
from solvers.demands import AXES, grid_of
from solvers.plots import figure_bytes
from solvers.scheme_design import DesignSearch
from solvers.seeds import seed_sequence
from solvers.spending import spend
from solvers.surface_store import Store
from solvers.surface_sweep import Settings, Task
from tests.solvers.designs import small_campaign, small_graph
from tests.solvers.test_spending import played

WORLDS = 128
WORST = [Budget.worst_case(Fraction(1, 2)), Budget.worst_case()]


def hurry(patch):
    """Let designs alone climb once, from direct referral, so that tests are quick and neighbours can help."""

    def best(self, wanted, rivals, stages, neighbours=()):
        return self.climb_from(wanted, DirectReferral(0.2).table(self.campaign.max_depth), stages)

    patch.setattr("solvers.scheme_design._WORLDS", WORLDS)
    patch.setattr("solvers.scheme_design._MOST_WORLDS", WORLDS)
    patch.setattr(DesignSearch, "rivals", lambda *_: ())
    patch.setattr(DesignSearch, "best", best)


def hurry_for_good():
    hurry(pytest.MonkeyPatch())


@pytest.fixture(scope="module")
def campaign():
    return small_campaign(n=100, depth=3, prize=400.0, find=5e-3)


def quick(campaign, **given):
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch)
        return surface(campaign, **{"rng": 1, "engine": 1} | given)


GRIDS = {
    "attacks": {"epsilons": (0, 0.5), "collusion": (None, 0)},
    "ranks": {"identity_costs": (0, 0.05), "recruiter_shares": (0, 0.3)},
    "fairness": {"finder_shares": (0, 0.6), "budgets": WORST},
}


@pytest.fixture(scope="module")
def surfaces(campaign):
    return {name: quick(campaign, **grid) for name, grid in GRIDS.items()}


@pytest.fixture(params=GRIDS)
def found(request, surfaces):
    return surfaces[request.param]


def looseness(point):
    """Numbers that are all as large or larger where less is asked for."""
    asked = point.demands
    merged = inf if asked.collusion is None else asked.collusion
    return (
        asked.epsilon, asked.identity_cost, merged, -asked.finder_share, -asked.recruiter_share, asked.budget.share,
    )  # fmt: skip


def rest(point, place):
    """The looseness of all demands but one."""
    numbers = looseness(point)
    return numbers[:place] + numbers[place + 1 :]


def as_text(result):
    return json.dumps(result.to_dict(), allow_nan=False)


def test_asking_for_less_never_costs_anything(found):
    compared = 0
    for strict, loose in permutations(found.points, 2):
        if strict.design and all(x <= y for x, y in zip(looseness(strict), looseness(loose), strict=True)):
            assert loose.design is not None
            assert loose.value >= strict.value
            compared += 1
    assert compared >= 2
    assert len({point.value for point in found.points if point.design}) > 1


def test_every_design_is_proved_to_be_what_was_asked_for(found, campaign):
    for point in found.points:
        if point.design:
            check(point.design.scheme.to_dict(), point.design.certificate)
            limit = point.demands.budget.chain_limit(campaign.task)
            for wanted in [*point.demands.properties(), WithinBudget(limit)]:
                assert verify(point.design.scheme, wanted, max_depth=3).holds


def test_values_are_those_of_the_schemes_on_the_worlds_of_the_search(found, campaign):
    search = DesignSearch(campaign, 1, effort=1, engine=1)
    search.problem = replace(search.problem, replicates=WORLDS)
    for point in found.points:
        if point.design:
            again = search.problem.at(point.design.scheme.table(3)).value
            assert point.value == pytest.approx(again, rel=2e-3)
            assert not point.value < point.cold
            assert point.design.value == pytest.approx(point.value, rel=0.05)


def test_prices_are_what_the_loosest_demand_would_bring(found):
    for axis in AXES:
        prices = found.price(axis)
        assert len(prices) == sum(point.design is not None for point in found.points)
        place = AXES.index(axis)
        for point, price in prices:
            alike = [
                other for other in found.points if other.design and rest(other, place) == rest(point, place)
            ]
            loosest = max(alike, key=lambda other: looseness(other)[place])
            assert price == pytest.approx(1 - point.value / loosest.value, abs=1e-12)
            assert 0 <= price < 1


def test_what_nobody_can_meet_says_why(surfaces):
    result = surfaces["fairness"]
    (point,) = (point for point in result.points if point.design is None)
    assert point.demands.finder_share == Fraction(3, 5)  # out of half a prize
    assert point.demands.budget == WORST[0]
    assert "no table of depth 3 has all of these properties" in point.failure
    assert np.isnan([point.value, point.cold]).all()
    assert point.to_dict()["value"] is None
    assert point.failure in str(result)
    assert "no scheme for some" in result.plot().get_legend_handles_labels()[1]
    assert all(point.failure == "" for point in result.points if point.design)


def test_a_point_that_pays_nobody_between_is_solved_alone(surfaces):
    """Exact sybil- and collusion-proofness: no known family pays anybody but the finder there."""
    point = surfaces["attacks"].points[1]
    assert point.cold == pytest.approx(point.value, rel=5e-3)
    assert point.design is not None
    assert point.failure == ""


def test_tables_and_pictures_show_every_point(found):
    text = str(found)
    for axis in found.varied:
        prices = [100 * price for _, price in found.price(axis)]
        assert f": {min(prices):.2f} to {max(prices):.2f} %" in text
    axes = found.plot()
    drawn = [bar.lines[0].get_ydata() for bar in axes.containers]
    values = [point.design.value for point in found.points if point.design]
    assert sorted(y for line in drawn for y in line) == sorted(values)
    assert all(f"{value:,.5g}" in text for value in values)
    assert as_text(found)
    assert figure_bytes(axes.figure, "svg") == figure_bytes(found.plot().figure, "svg")


class Killed(Exception):
    """Stands for the end of the process."""


def killed_after(steps):
    def progress(stage, done, total):
        if done == steps:
            raise Killed

    return progress


@pytest.fixture(scope="module")
def line():
    campaign = small_campaign(n=80, depth=2, prize=400.0, find=5e-3)
    return {"campaign": campaign, "epsilons": (0.5, 0), "budgets": [Budget.expected(0.1)], "rng": 5}


@pytest.fixture(scope="module")
def whole(line):
    return quick(**line)


@pytest.fixture(scope="module")
def kept(line, whole, tmp_path_factory):
    """A folder of a run that was killed alone, killed while points helped one another, and went on."""
    folder = tmp_path_factory.mktemp("surface")
    files = []
    for steps in (1, 4):
        with pytest.raises(Killed):
            quick(**line, folder=folder, progress=killed_after(steps))
        files.append(len(list(folder.iterdir())))
    stages = []
    resumed = quick(**line, folder=folder, progress=lambda stage, *_: stages.append(stage))
    assert as_text(resumed) == as_text(whole)
    assert str(resumed) == str(whole)
    assert files == [1, 3]
    assert stages.count("points of an earlier run") == 3
    return folder


def test_a_killed_run_goes_on_to_the_same_bits(line, whole, kept, monkeypatch):
    def never(*_):
        raise AssertionError("solved again")

    monkeypatch.setattr("solvers.surface_sweep.solve_task", never)
    before = {path: path.read_bytes() for path in kept.iterdir()}
    assert as_text(quick(**line, folder=kept, engine=2)) == as_text(whole)
    assert {path: path.read_bytes() for path in kept.iterdir()} == before


def spoil(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_text(path.read_text()[:-40]), "holds no point of this surface"),
        (lambda path: path.write_text("[1, 2]"), "holds no point of this surface"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "holds no point of this surface"),
        (lambda path: spoil(path, lambda d: d.pop("rewards")), "'rewards' is missing"),
        (lambda path: spoil(path, lambda d: d.update(format="2")), "answers another request"),
        (lambda path: spoil(path, lambda d: d["request"].update(campaign="other")), "answers another request"),
        (lambda path: spoil(path, lambda d: d.update(failure="")), "a failure without words"),
        (lambda path: spoil(path, lambda d: d["rewards"].pop()), "no table of depth 2"),
        (lambda path: spoil(path, lambda d: d["rewards"][0].__setitem__(0, "x")), "holds no point"),
        (lambda path: spoil(path, lambda d: d["rewards"][1].__setitem__(1, "9")), "its rewards are not sybil-proof"),
    ],
)  # fmt: skip
def test_damaged_files_are_refused_by_name(line, kept, tmp_path, damage, words):
    for path in kept.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
        damage(tmp_path / path.name)
    with pytest.raises(CertificateError, match=words) as error:
        quick(**line, folder=tmp_path)
    assert str(tmp_path / "point-") in str(error.value)


def test_files_of_other_requests_are_left_alone(line, kept):
    (task,) = map(Task, grid_of({"epsilon": (0,), "budget": [Budget.expected(0.1)]}))
    wanted = task.demands.wanted(Fraction(10))

    def read(task=task, **change):
        given = {"objective": None, "effort": 1, "rng": seed_sequence(5), "engine": 1}
        with pytest.MonkeyPatch.context() as patch:
            hurry(patch)
            store = Store(kept, Settings(**{"campaign": line["campaign"]} | given | change))
        return store.read(task, wanted)

    assert [[parse(x) for x in row] for row in read()]
    assert read(engine=2) == read()
    others = [
        {"rng": seed_sequence(6)},
        {"effort": 2},
        {"objective": 1e-9 * Objective.all_found() + Objective.recruits()},
        {"campaign": small_campaign(n=80, depth=2, prize=400.0, find=5.001e-3)},
        {"task": Task(*grid_of({"epsilon": (1e-9,), "budget": [Budget.expected(0.1)]}))},
        {"task": Task(*grid_of({"epsilon": (0,), "budget": [Budget.expected(0.1, chain=11)]}))},
    ]
    assert [read(**other) for other in others] == [None] * len(others)


def test_a_folder_that_is_a_file_is_refused(campaign, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidInputError, match=r"folder is .*it must be a folder to write to"):
        surface(campaign, rng=1, folder=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_generator_names_the_same_worlds_for_all_points(line):
    line = line | {"epsilons": (0,)}
    one = quick(**line | {"rng": np.random.default_rng(3)})
    named = np.random.SeedSequence(np.random.default_rng(3).integers(2**63, size=2).tolist())
    assert as_text(one) == as_text(quick(**line | {"rng": named}))


def test_a_cluster_returns_the_same_bits(line, whole):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(hurry_for_good)
        assert as_text(quick(**line, client=client)) == as_text(whole)


@settings(max_examples=2, derandomize=True)
@given(
    people=st.integers(60, 90),
    law=st.sampled_from([CostModel.exponential(mean=0.5), CostModel.lognormal(median=0.6, sigma=0.8)]),
    effort=st.floats(0.05, 0.3),
    find=st.floats(2e-3, 1e-2),
)
def test_points_alone_come_close_to_points_together(people, law, effort, find):
    network = IncentiveNetwork(
        small_graph(people), contact=0.5, join=law, invite=CostModel.exponential(mean=effort)
    )
    campaign = Campaign(network, Search(prize=400, find=find), team=TopDegree(3), max_depth=2)
    result = surface(campaign, epsilons=(0, 0.3), rng=people, engine=1)
    for point in result.points:
        assert point.cold <= point.value <= 1.005 * point.cold


gains = st.sampled_from([0, 0.25, 1])
shares = st.sampled_from([Fraction(1, 5), Fraction(1, 2), Fraction(1)])
budgets = st.one_of(
    shares.map(Budget.worst_case),
    shares.map(lambda share: Budget.total(400 * share)),
    st.builds(lambda share, chain: Budget.expected(share, chain=chain), shares, shares),
    st.builds(
        lambda share, chain, level: Budget.tail(share, level=level, chain=chain),
        shares,
        shares,
        st.sampled_from([0.0, 0.5]),
    ),
)
demands = st.builds(
    lambda **asked: grid_of({axis: (value,) for axis, value in asked.items()})[0],
    epsilon=gains,
    identity_cost=gains,
    collusion=st.none() | gains,
    finder_share=gains,
    recruiter_share=gains,
    budget=budgets,
)


@given(demands, demands, demands)
def test_implication_is_an_order(one, two, three):
    assert one.implies(one)
    assert not (one.implies(two) and two.implies(three)) or one.implies(three)
    assert not (one.implies(two) and two.implies(one)) or one == two


@st.composite
def nested(draw):
    """Demands and looser ones."""

    def pair(values):
        return sorted((draw(values), draw(values)))

    less, more = pair(shares), pair(shares)
    levels = draw(st.sampled_from([(0.5, 0.5), (0.5, 0.0)]))
    limits = draw(
        st.sampled_from([
            [Budget.worst_case(share) for share in less],
            [Budget.total(400 * share) for share in less],
            [Budget.expected(share, chain=chain) for share, chain in zip(less, more, strict=True)],
            [Budget.tail(one[0], chain=one[1], level=one[2]) for one in zip(less, more, levels, strict=True)],
            [Budget.worst_case(less[0]), Budget.expected(less[1], chain=max(less[0], more[1]))],
            [Budget.worst_case(less[0]), Budget.tail(less[1], level=levels[1], chain=max(less[0], more[1]))],
        ])
    )  # fmt: skip
    axes = {
        "epsilon": pair(gains),
        "identity_cost": pair(gains),
        "collusion": draw(st.sampled_from([(0, None), (1, None), (None, None)]) | st.just(pair(gains))),
        "finder_share": pair(gains)[::-1],
        "recruiter_share": pair(gains)[::-1],
        "budget": limits,
    }
    strict, loose = (grid_of({axis: (ends[end],) for axis, ends in axes.items()})[0] for end in (0, 1))
    return strict, loose


def meets(asked, rows):
    limit = asked.budget.chain_limit(Search(prize=400, find=0.5))
    return all(one.violation(rows) is None for one in [*asked.properties(), WithinBudget(limit)])


@given(nested(), st.lists(st.integers(0, 6), min_size=6, max_size=6))
def test_what_meets_the_stricter_demands_meets_the_looser(pair, tenths):
    strict, loose = pair
    assert strict.implies(loose)
    assert strict == loose or not loose.implies(strict)
    values = iter(Fraction(x, 10) for x in tenths)
    rows = [[next(values) for _ in range(depth)] for depth in (1, 2, 3)]
    assert meets(loose, rows) or not meets(strict, rows)


@given(nested(), played())
def test_what_keeps_the_stricter_budget_keeps_the_looser_in_the_same_worlds(pair, case):
    counts, totals = case
    limits = [float(one.budget.chain_limit(Search(prize=400, find=0.5))) for one in pair]
    totals = np.minimum(totals, limits[0])
    spent = [spend(one.budget, counts, totals, targets=1, key=(1, 2)) for one in pair]
    kept = [
        one is None or one.value <= float(asked.budget.share) + 1e-9
        for one, asked in zip(spent, pair, strict=True)
    ]
    assert kept[1] or not kept[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epsilons": ()}, r"epsilons is \(\); it must be a sequence of at least one number"),
        ({"epsilons": 0.5}, "epsilons is 0.5"),
        ({"epsilons": (0, -1)}, r"epsilons\[1\] is -1; it must be a finite number of at least 0"),
        ({"identity_costs": (inf,)}, r"identity_costs\[0\] is inf"),
        ({"collusion": (None, "x")}, r"collusion\[1\] is 'x'; .*at least 0, or None"),
        ({"finder_shares": (None,)}, r"finder_shares\[0\] is None"),
        ({"recruiter_shares": "12"}, "recruiter_shares is '12'"),
        ({"budgets": Budget.worst_case()}, "budgets is .*a sequence of at least one budget"),
        ({"budgets": [1]}, r"budgets\[0\] is 1; it must be a budget"),
        ({"objective": "recruits"}, "objective is 'recruits'"),
        ({"effort": 0}, "effort is 0"),
        ({"rng": -1}, "rng is -1"),
        ({"campaign": "karate"}, "campaign is 'karate'"),
    ],
)
def test_wrong_arguments_are_named(campaign, change, words):
    with pytest.raises(InvalidInputError, match=words):
        surface(**{"campaign": campaign, "rng": 1} | change)


def test_unknown_axes_are_named(surfaces):
    with pytest.raises(InvalidInputError, match="axis is 'eps'; it must be one of epsilon, identity_cost"):
        surfaces["ranks"].price("eps")


def test_repetitions_are_points_once():
    grid = grid_of({"epsilon": (0, Fraction(0), 0.5), "budget": WORST})
    assert [(one.word("epsilon"), one.budget) for one in grid] == list(product(("0", "0.5"), WORST))
