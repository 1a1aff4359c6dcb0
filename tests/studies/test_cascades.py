"""Contacts fitted to cascades: counts by hand, chances of known truth, and the real tags."""

import numpy as np
import pytest

from benchmarks.studies import cascades
from benchmarks.studies.cascades import Cascade, Contacts
from mechanism import Graph, datasets

PATH = Graph.from_edges([0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6], directed=False)


def contacts(contact, alone):
    return Contacts(contact, alone, np.ones(1), np.ones(1))


def network(rng, n=400, edges=1600):
    pairs = {tuple(sorted(rng.choice(n, 2, replace=False).tolist())) for _ in range(edges)}
    pairs |= {(i, i + 1) for i in range(n - 1)}
    return Graph.from_edges(*zip(*sorted(pairs), strict=True), directed=False)


def grown(graph, rng, contact, alone):
    """Return a cascade in rounds: some alone in the first one, then everybody who is new asks each contact once."""
    first = rng.choice(graph.n, cascades.KNOWN, replace=False)
    new = [int(u) for u in np.flatnonzero(rng.random(graph.n) < alone) if u not in first]
    users = [*first.tolist(), *new]
    using, asking = set(users), list(users)
    while asking:
        came = []
        for u in asking:
            for v in graph.indices[graph.indptr[u] : graph.indptr[u + 1]]:
                if int(v) not in using and rng.random() < contact:
                    using.add(int(v))
                    came.append(int(v))
        users += came
        asking = came
    return Cascade(np.array(users), 1.0, True)


def test_exposures_by_hand():
    """On a path, 0, 1 and 2 are known; 3 has one contact, 5 none; 4 and 6 stay, with two contacts and one."""
    took, stayed = cascades.exposures(PATH, [Cascade(np.array([0, 1, 2, 3, 5]), 1.0, True)])
    assert took.tolist() == [[1, 1, 0]]
    assert stayed.tolist() == [[0, 1, 1]]


def test_the_likelihood_is_that_of_coins():
    took, stayed = np.array([[1.0, 2.0, 0.0]]), np.array([[3.0, 1.0, 2.0]])
    stay = 0.9 * 0.8 ** np.arange(3)
    expected = np.prod((1 - stay) ** took[0] * stay ** stayed[0])
    assert np.exp(cascades.likelihood(took, stayed, 0.2, 0.1)) == pytest.approx([expected])


def test_chances_are_recovered():
    rng = np.random.default_rng(2)
    graph = network(rng)
    took, stayed = cascades.exposures(graph, [grown(graph, rng, 0.05, 0.01) for _ in range(150)])
    found = cascades.alike(took, stayed)
    assert found.contact == pytest.approx(0.05, rel=0.15)
    assert found.alone == pytest.approx(0.01, rel=0.3)


def test_differing_tags_are_told_apart():
    """Half of the tags are four times as catching: the fitted zeals spread as much, and a fast start tells which."""
    rng = np.random.default_rng(3)
    graph = network(rng)
    some = []
    for i in range(160):
        zeal = (0.5, 2.0)[i % 2]
        one = grown(graph, rng, 0.04 * zeal, 0.008 * zeal)
        some.append(
            Cascade(one.users, float(np.exp(3 - 2 * np.log(zeal) + 0.3 * rng.standard_normal())), True)
        )
    took, stayed = cascades.exposures(graph, some)
    fit = cascades.differing(took, stayed, cascades.alike(took, stayed))
    zeals = np.log(fit.zeals)
    spread = np.sqrt(fit.weights @ (zeals - fit.weights @ zeals) ** 2)
    assert 0.4 < spread < 1.1  # log 2 = 0.69
    fast, slow = (
        cascades.hurried(took, stayed, fit, some, [Cascade(np.arange(3), days, False)])[0] for days in (5, 80)
    )
    assert fast @ fit.zeals > 2 * (slow @ fit.zeals)


def test_forecast_sizes_have_the_mean_of_the_model():
    """From the first of a path: 1 + p + p^2 + ... of those beyond the known; nobody alone."""
    sizes, depths = cascades.play(PATH, contacts(0.5, 0.0), [Cascade(np.array([0, 1, 2]), 1.0, False)] * 60)
    assert sizes.mean() == pytest.approx(3 + 0.5 + 0.25 + 0.125 + 0.0625, abs=0.08)
    assert depths.mean() == pytest.approx((0.5 + 2 * 0.25 + 3 * 0.125 + 4 * 0.0625) / 0.9375, abs=0.1)


def test_who_takes_a_tag_up_alone():
    sizes, depths = cascades.play(PATH, contacts(0.0, 1.0), [Cascade(np.array([0, 1, 2]), 1.0, False)])
    assert (sizes == 7).all()
    assert depths == pytest.approx([1.0])


def test_zeals_are_mixed_by_their_weights():
    sizes = np.array([1.0, 5.0])[:, None, None] * np.ones((2, cascades.WORLDS, 3))
    found = cascades.mixed(sizes, np.array([[1, 0], [0, 1], [0.5, 0.5]]))
    assert found[:, 0].tolist() == [1.0] * cascades.DRAWS
    assert found[:, 1].tolist() == [5.0] * cascades.DRAWS
    assert found[:, 2].mean() == pytest.approx(3, abs=0.3)


def test_depth_of_what_came():
    one = Cascade(np.array([0, 1, 2, 3, 4]), 1.0, False)
    assert cascades.observed_depth(PATH, one, contacts(0.5, 0.0)) == pytest.approx(1.5)
    assert cascades.observed_depth(PATH, one, contacts(0.0, 0.5)) == pytest.approx(1.0)


def test_scores_of_a_sure_forecast():
    came = np.array([4.0, 8.0])
    assert cascades.scores(came[None, :] * [[1], [1]], came) == pytest.approx((0, 1, 0, 0, 1), abs=1e-12)


def test_the_real_tags():
    """On a part of the tags: knowing how fast a tag began is better than the sizes of other tags."""
    try:
        graph, some = cascades.data()
    except datasets.DatasetMissingError as reason:
        pytest.skip(str(reason))
    assert (graph.n, len(graph.indices)) == (2897, 2 * 30044)
    train, held = ([one for one in some if one.train is which] for which in (True, False))
    _, sizes, depths = cascades.compare(graph, train[::3] + held[::6])
    came = np.array([one.size for one in held[::6]], dtype=float)
    score = {name: cascades.scores(sample, came)[2] for name, sample in sizes.items()}
    assert score["tags differ, by time"] < score["tags differ"]
    assert (
        score["tags differ, by time"]
        < score["sizes of the training tags (naive)"]
        < score["their mean (naive)"]
    )
    assert all((one >= 0).all() for one in depths.values())
