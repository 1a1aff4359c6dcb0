"""The measurability bias: none without homophily, growing with it, none for who measures incentives."""

import json

import numpy as np
import pytest
from scipy.stats import norm

from mechanism import Graph
from mechanism.errors import InvalidInputError
from solvers.measurability import measurability_bias
from solvers.motive_inference import infer_motives

LEVELS = (0.0, 0.5, 1.0)
SURE = 4.9  # standard errors that a right answer exceeds with a chance of 1e-6


def lattice(n=300, reach=4):
    """Return a ring on which everybody knows the `reach` next people on each side."""
    people = np.arange(n)
    ends = [(people + step) % n for step in range(1, reach + 1)]
    return Graph.from_edges(np.tile(people, reach), np.concatenate(ends), directed=False)


@pytest.fixture(scope="module")
def found():
    return measurability_bias(lattice(), homophily=LEVELS, reliability=[0.5], periods=6, replicates=40, rng=1)


def stderr(sample):
    return sample.std(axis=-1, ddof=1) / np.sqrt(sample.shape[-1])


def test_without_homophily_both_are_right(found):
    """Influence is collapsible with exponential costs: leaving out independent motives does no harm."""
    blind, aware = found.estimates[0, 0], found.estimates[0, -1]
    assert abs((blind - aware).mean()) <= SURE * stderr(blind - aware)
    assert abs(blind.mean() - found.influence) <= SURE * stderr(blind)
    assert abs(found.likeness[0]) < 0.02
    low, high = found.measurability[0]
    assert low < high < 0.01


def test_the_diffusion_only_bias_grows_with_homophily(found):
    """Paired over the cascades, each level against the one before."""
    blind = found.estimates[:, 0]
    growth = np.diff(blind, axis=0)
    assert (growth.mean(axis=1) > SURE * stderr(growth)).all()
    assert (np.diff(found.likeness) > 0.1).all()
    assert found.bias[-1, 0] > 0.2 * found.influence


def test_the_incentive_aware_estimate_stays_right(found):
    aware = found.estimates[:, -1]
    assert (np.abs(aware.mean(axis=1) - found.influence) <= SURE * stderr(aware)).all()
    assert (found.coverage[:, -1] >= 28 / 40).all()  # fewer have a chance of 1e-8 if each covers in 95 %
    assert found.coverage[-1, 0] < found.coverage[-1, -1]


def test_a_proxy_removes_a_part_of_the_bias(found):
    blind, proxy, aware = found.estimates[-1]
    for more, less in ((blind, proxy), (proxy, aware)):
        assert (more - less).mean() > SURE * stderr(more - less)


def test_without_incentives_nothing_is_confounded():
    """Motives that nothing appeals to: the same cascades, whatever the homophily."""
    found = measurability_bias(lattice(200), homophily=[0, 1], incentive=0.0, replicates=4, rng=2)
    assert found.estimates[0, 0] == pytest.approx(found.estimates[1, 0])
    assert found.adopted[0] == found.adopted[1]


def test_the_analyst_is_infer_motives():
    """A cascade replayed as offers to people: influence, motive and a constant for each period, exponential costs."""
    from solvers.measurability import _Draws, _World
    from solvers.seeds import child, seed_sequence

    graph, periods = lattice(600), 3
    world = _World(graph, (0.05, 0.1, 0.3), periods, None)
    draws = _Draws.of(child(seed_sequence(3), 0), graph.n, periods)
    cascade = world.cascade(draws.own, draws.coin)
    rows, took = [], []
    for t in range(periods):
        for i in np.flatnonzero(cascade.when >= t):
            friends = graph.indices[graph.indptr[i] : graph.indptr[i + 1]]
            adopted = (cascade.when[friends] < t).sum()
            rows.append([adopted, cascade.weights[i], *(np.arange(periods) == t)])
            took.append(cascade.when[i] == t)
    names = ["adopted neighbours", "incentive", *(f"period {t}" for t in range(periods))]
    same = infer_motives(np.array(rows, dtype=float), took, names=names, cost="exponential")
    estimate, error = cascade.influence(cascade.weights)
    assert estimate == pytest.approx(same.coefficients[0], abs=1e-8)
    assert error == pytest.approx(same.stderr[0], rel=1e-6)


def test_traits_are_standard_normal_for_everybody():
    from solvers.measurability import _World

    star = Graph.from_edges(np.zeros(30, dtype=int), np.arange(1, 31), directed=False)
    world = _World(star, (0.0, 0.0, 0.1), 1, None)
    assert np.asarray(world.smooth.multiply(world.smooth).sum(axis=1)) == pytest.approx(1)
    trait = np.array([-8.0, -1.0, 0.0, 1.0, 8.0])
    assert world.weights(trait) == pytest.approx(-np.log(norm.sf(trait)))  # exponential with mean 1
    given = _World(star, (0.0, 0.0, 0.1), 1, np.array([1.0, 2.0, 7.0]))
    assert given.weights(norm.ppf([0.01, 0.3, 0.4, 0.6, 0.7, 1.0])).tolist() == [1, 1, 2, 2, 7, 7]


def test_influence_runs_along_arcs():
    """0 -> 1: what 0 did moves 1, not the reverse."""
    from solvers.measurability import _World

    world = _World(Graph.from_edges([0], [1]), (50.0, 0.0, 1e-9), 2, None)
    coin = np.array([[0.0, 0.5], [0.5, 0.5]])  # 0 adopts at once, 1 by influence alone
    assert world.cascade(np.zeros(2), coin).when.tolist() == [0, 1]
    assert world.cascade(np.zeros(2), coin[:, ::-1]).when.tolist() == [2, 0]


def test_the_same_seed_gives_the_same_cascades():
    """Also if more of them or other levels are asked for."""
    few = measurability_bias(lattice(200), homophily=[0.5], replicates=3, rng=5)
    more = measurability_bias(lattice(200), homophily=[0, 0.5], replicates=4, rng=5)
    assert np.array_equal(few.estimates[0], more.estimates[1, :, :3])
    other = measurability_bias(lattice(200), homophily=[0.5], replicates=3, rng=6)
    assert not np.array_equal(few.estimates, other.estimates)


def test_prints_draws_and_writes(found):
    text = str(found)
    assert "incentive-aware" in text
    assert "mean over 40 cascades" in text
    assert "without homophily the first and the last differ by" in text
    stored = json.loads(json.dumps(found.to_dict()))
    assert stored["analysts"] == ["diffusion only", "proxy, reliability 0.5", "incentive-aware"]
    assert np.shape(stored["interval"]) == (3, 3, 2)
    axes = found.plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == "incentive-aware"
    steps = []
    measurability_bias(
        lattice(100),
        homophily=[0],
        replicates=2,
        motives=[0.5, 1.5],
        rng=1,
        progress=lambda *step: steps.append(step),
    )
    assert steps == [("cascades", 1, 2), ("cascades", 2, 2)]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"homophily": []}, "homophily is"),
        ({"homophily": [0, 1.5]}, r"homophily\[1\] is 1.5"),
        ({"homophily": [0.5, 0.5]}, r"homophily\[1\] is 0.5"),
        ({"reliability": [1.0]}, r"reliability\[0\] is 1.0"),
        ({"influence": -0.1}, "influence is -0.1"),
        ({"baseline": 0.0}, "baseline is 0.0"),
        ({"motives": [1.0, -1.0]}, r"motives\[1\] is -1.0"),
        ({"motives": []}, "motives is"),
        ({"periods": 0}, "periods is 0"),
        ({"replicates": 1}, "replicates is 1"),
        ({"confidence": 0}, "confidence is 0"),
        ({"rng": "today"}, "rng is 'today'"),
    ],
)
def test_wrong_input(changed, message):
    with pytest.raises(InvalidInputError, match=message):
        measurability_bias(lattice(20), **{"rng": 1, **changed})


def test_a_graph_is_needed():
    with pytest.raises(InvalidInputError, match="a Graph"):
        measurability_bias([[0, 1]], rng=1)
