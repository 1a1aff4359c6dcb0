"""All equilibria of small games: published counts, ties, continua, stability, and enumeration without any tricks."""

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mechanism import Graph, Interdependent, LinearQuadratic, Participation, system_from_dict
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.games.normal_form import NormalForm
from solvers.equilibrium_enumeration import all_equilibria
from solvers.equilibrium_sampling import sample_equilibria
from solvers.stability import is_stable
from tests.reference.games import complete, random_graph, ring, star

EIGHTHS = st.integers(-16, 16).map(lambda k: k / 8)


def substitutes(graph, strength, **bounds):
    return LinearQuadratic(graph, 1.0, interaction=-strength, **({"lower": 0.0} | bounds))


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("graph", "strengths", "count", "stable"),
    [
        (ring(4), (0.2, 0.499), 1, 1),
        (ring(4), (0.501, 0.75, 0.99), 3, 2),
        (ring(5), (0.3, 0.618), 1, 1),
        (ring(5), (0.6181, 0.75, 0.99), 11, 5),
        (complete(5), (0.2, 0.7, 0.99), 1, 1),
        (star(6), (0.2, 0.44, 0.45, 0.7, 0.99), 1, 1),
    ],
)
def test_counts(graph, strengths, count, stable, exact):
    """Bramoulle, Kranton and D'Amours (2014): one below -1 / lowest eigenvalue, 1/2 for C4, .618 for C5."""
    for strength in strengths:
        found = all_equilibria(substitutes(graph, strength), exact=exact)
        assert len(found) == count
        assert found.stable.count(True) == stable
        assert None not in found.stable
        assert found.complete
        assert found.continua == ()
        assert (found.gains < 1e-15).all()
        lowest = np.linalg.eigvalsh(found.game.matrix.toarray() / -strength)[0]
        if -lowest < 1 / strength:
            assert count == 1


def test_stable_equilibria_are_corners_above_the_threshold():
    found = all_equilibria(substitutes(ring(5), 0.75))
    inside = (found.profiles > 0).all(axis=1)
    assert inside.sum() == 1
    assert found.profiles[inside] == pytest.approx(np.full((1, 5), 1 / 2.5))
    assert not found.stable[int(np.flatnonzero(inside)[0])]
    # One alone, and two neighbours who share: 1 / (1 + 0.75) each.
    stable = {tuple(x) for x, ok in zip(found.profiles.round(9).tolist(), found.stable, strict=True) if ok}
    assert stable == {tuple(np.roll([1.0, 0.0, 4 / 7, 4 / 7, 0.0], k).round(9).tolist()) for k in range(5)}
    below = all_equilibria(substitutes(ring(5), 0.6))
    assert below.stable == (True,)
    assert (below.profiles > 0).all()


@pytest.mark.parametrize("exact", [False, True])
def test_at_the_threshold_four_neighbours_may_do_anything_on_a_line(exact):
    found = all_equilibria(substitutes(ring(4), 0.5), exact=exact)
    assert len(found) == 0
    (line,) = found.continua
    assert line.dimension == 1
    assert sorted(line.ends.round(12).tolist()) == [[0, 1, 0, 1], [1, 0, 1, 0]]
    assert line.point == pytest.approx([0.5] * 4)
    for share in np.linspace(0, 1, 7):
        x = line.ends[0] + share * (line.ends[1] - line.ends[0])
        assert (found.game.gains(np.clip(x, 0, None)) < 1e-20).all()


@pytest.mark.parametrize("exact", [False, True])
def test_five_who_all_know_one_another_share_one_effort(exact):
    """At strength 1 every way to share it is an equilibrium: a simplex of dimension 4, without its faces."""
    found = all_equilibria(substitutes(complete(5), 1.0), exact=exact)
    assert len(found) == 0
    (one,) = found.continua
    assert one.dimension == 4
    assert one.ends is None
    assert one.point.sum() == pytest.approx(1)
    assert one.directions.sum(axis=1) == pytest.approx(np.zeros(4))
    assert one.directions @ one.directions.T == pytest.approx(np.eye(4))


def test_a_continuum_beside_an_isolated_equilibrium():
    """C5 at strength 1: two neighbours share one effort beside a third; all of them at 1/3 stands alone."""
    found = all_equilibria(substitutes(ring(5), 1.0))
    assert found.profiles == pytest.approx(np.full((1, 5), 1 / 3))
    assert [one.dimension for one in found.continua] == [1] * 5
    assert {tuple(np.sort(one.ends.round(9), axis=1)[0]) for one in found.continua} == {(0, 0, 0, 1, 1)}


def test_an_open_block_may_hold_one_point_or_none():
    """Two who only respond to each other are open; a third, to whom their difference matters, may rule all out."""
    graph = Graph.from_edges([0, 1, 2, 2], [1, 0, 0, 1])

    def game(at, lower=-5.0, upper=5.0):
        return LinearQuadratic(
            graph,
            [0.0, 0.0, at],
            interaction=[1.0, 1.0, -3.0, 1.0],
            lower=[-9.0, -9.0, lower],
            upper=[9.0, 9.0, upper],
        )

    free = all_equilibria(game(0.0))
    assert [one.dimension for one in free.continua] == [1, 1, 1]  # the third between its bounds, or at either
    assert len(free) == 0
    pinned = all_equilibria(LinearQuadratic(
        Graph.from_edges([0, 1], [1, 0]), [-1.0, 1.0], interaction=1.0, lower=[0.0, 0.0], upper=[4.0, 5.0]
    ))  # fmt: skip
    # x = y - 1 on a line from (0, 1) to (4, 5).
    assert sorted(pinned.continua[0].ends.round(9).tolist()) == [[0, 1], [4, 5]]
    none = all_equilibria(LinearQuadratic(Graph.from_edges([0, 1], [1, 0]), 1.0, interaction=1.0))
    assert (len(none), none.continua) == (0, ())  # x = y + 1 and y = x + 1
    point = all_equilibria(LinearQuadratic(
        Graph.from_edges([0, 1], [1, 0]), [-1.0, 1.0], interaction=1.0, lower=[4.0, 0.0], upper=[9.0, 5.0]
    ))  # fmt: skip
    assert (point.profiles.tolist(), point.continua) == ([[4.0, 5.0]], ())


def test_a_line_without_ends():
    pair = Graph.from_edges([0, 1], [1, 0])
    found = all_equilibria(LinearQuadratic(pair, 0.0, interaction=1.0, lower=[-np.inf, 1.0]))
    (line,) = found.continua
    assert line.ends.min(axis=0) == pytest.approx(1.0)
    assert line.ends.max(axis=0).tolist() == [np.inf, np.inf]
    assert [None, None] in line.to_dict()["ends"]
    json.dumps(found.to_dict(), allow_nan=False)


@st.composite
def bounded_games(draw, *, most=5):
    n = draw(st.integers(1, most))
    graph = random_graph(np.random.default_rng(draw(st.integers(0, 10**6))), n, draw(st.integers(0, 3 * n)))
    m = graph.m
    lower = np.array(draw(st.lists(st.sampled_from([-np.inf, 0.0, -1.0]), min_size=n, max_size=n)))
    upper = np.array(draw(st.lists(st.sampled_from([np.inf, 1.0, 0.0]), min_size=n, max_size=n)))
    return LinearQuadratic(
        graph,
        draw(st.lists(EIGHTHS, min_size=n, max_size=n)),
        interaction=draw(st.lists(EIGHTHS, min_size=m, max_size=m)),
        lower=lower,
        upper=upper,
    )


def by_all_sets(game):
    """Everybody at the lower bound, free or at the upper: solve, and keep equilibria; None if any is open."""
    n, found = game.n, []
    weights = game.matrix.toarray()
    for state in product((-1, 0, 1), repeat=n):
        state = np.array(state)
        x = np.where(state < 0, game.lower, np.where(state > 0, game.upper, 0.0))
        if not np.isfinite(x).all():
            continue
        free = state == 0
        block = np.eye(free.sum()) - weights[np.ix_(free, free)]
        if free.any():
            if abs(np.linalg.det(block)) < 1e-9:
                return None
            x[free] = np.linalg.solve(block, game.standalone[free] + weights[free] @ x)
        if (x < game.lower - 1e-9).any() or (x > game.upper + 1e-9).any():
            continue
        if np.abs(np.clip(game.standalone + weights @ x, game.lower, game.upper) - x).max() < 1e-9:
            found.append(tuple((x + 0.0).round(6).tolist()))
    return sorted(set(found))


@settings(max_examples=80)
@given(bounded_games())
def test_nothing_is_missed(game):
    expected = by_all_sets(game)
    assume(expected is not None)
    for exact in (False, True):
        found = all_equilibria(game, exact=exact)
        assert sorted(map(tuple, (found.profiles.round(6) + 0.0).tolist())) == expected
        assert found.continua == ()
        assert (found.gains <= 1e-12).all()


@settings(max_examples=40)
@given(bounded_games(), st.floats(0.1, 50), st.randoms(use_true_random=False))
def test_names_and_units_do_not_matter(game, unit, random):
    order = list(range(game.n))
    random.shuffle(order)
    matrix = game.matrix.toarray()[np.ix_(order, order)]
    source, target = np.nonzero(matrix)
    graph = Graph(
        np.concatenate(([0], np.cumsum(np.bincount(source, minlength=game.n)))), target.astype(np.int32),
        np.arange(game.n),
    )  # fmt: skip
    other = LinearQuadratic(
        graph, game.standalone[order] * unit, interaction=matrix[source, target],
        lower=game.lower[order] * unit, upper=game.upper[order] * unit,
    )  # fmt: skip
    one, two = all_equilibria(game), all_equilibria(other)
    assert len(one) == len(two)
    distance = np.abs(one.profiles[:, None, order] - two.profiles[None] / unit).max(axis=-1, initial=0.0)
    assert (distance.min(axis=0, initial=np.inf) < 1e-6).all()
    assert (distance.min(axis=1, initial=np.inf) < 1e-6).all()
    assert sorted(x.dimension for x in one.continua) == sorted(x.dimension for x in two.continua)
    assert sorted(map(str, one.stable)) == sorted(map(str, two.stable))


@settings(max_examples=60)
@given(bounded_games())
def test_points_of_continua_are_equilibria(game):
    for one in all_equilibria(game).continua:
        assert (game.gains(one.point) < 1e-12).all()
        assert one.dimension >= 1
        small = one.point + 1e-6 * one.directions[0]
        other = one.point - 1e-6 * one.directions[0]
        inside = [x for x in (small, other) if (x >= game.lower).all() and (x <= game.upper).all()]
        assert any((game.gains(x) < 1e-20 + 1e-15).all() for x in inside)


@st.composite
def participations(draw, *, most=6):
    n = draw(st.integers(1, most))
    graph = random_graph(np.random.default_rng(draw(st.integers(0, 10**6))), n, draw(st.integers(0, 3 * n)))
    tenths = st.integers(-9, 9).map(lambda k: k / 10)
    m = graph.m
    support = draw(st.lists(tenths, min_size=m, max_size=m))
    benefit, cost = (draw(st.lists(tenths, min_size=n, max_size=n)) for _ in range(2))
    return Participation(graph, benefit, support=support, cost=cost)


@settings(max_examples=40)
@given(participations())
def test_participation_by_trying_everything(game):
    """Tenths are no machine numbers: ties are decided within the tolerance, or in fractions, alike."""
    every = [np.array(x) for x in product((0.0, 1.0), repeat=game.n)]
    expected = [x.tolist() for x in every if game.gains(x).max() < 1e-9]
    for exact in (False, True):
        found = all_equilibria(game, exact=exact)
        assert found.profiles.tolist() == expected
        strict = [bool((np.abs(game.margin(x)) > 1e-9).all()) for x in found.profiles]
        assert list(found.stable) == strict == [is_stable(game, x) for x in found.profiles]
        assert found.complete
        assert found.work == {"profiles": 2**game.n}


def test_who_is_indifferent_may_do_either():
    pair = Graph.from_edges([0], [1], directed=False)
    game = Participation(pair, 0.1, support=0.2, cost=0.3)  # 0.1 + 0.2 exceeds 0.3 in floats
    found = all_equilibria(game, exact=True)
    assert found.profiles.tolist() == [[0, 0], [1, 1]]
    assert found.stable == (True, False)
    nobody = all_equilibria(Participation(ring(12), 0.5, support=0.0, cost=0.5))
    assert len(nobody) == 2**12
    assert not any(nobody.stable)


@settings(max_examples=40)
@given(participations(most=4), st.integers(0, 6))
def test_interdependent_participation(game, share):
    """Equilibria of utilities, exactly and by the effective game; what counts are gains of utility."""
    caring = ring(game.n) if game.n > 2 else game.graph
    system = Interdependent(game, altruism=share / 20, graph=caring)
    exact, floats = all_equilibria(system, exact=True), all_equilibria(system)
    assert exact.profiles.tolist() == floats.profiles.tolist()
    form = NormalForm.of(system)
    assert form.pure_equilibria(tolerance=1e-9).tolist() == floats.profiles.tolist()
    assert (exact.gains < 1e-9).all()


def test_interdependent_efforts():
    """The effective weights of two: 0.1 + 0.5 * 0.3 and 0.3 + 0.25 * 0.1."""
    pair = Graph.from_edges([0], [1], directed=False)
    base = LinearQuadratic(pair, 1.0, interaction=[0.1, 0.3], lower=0.0)
    system = Interdependent(base, altruism=[0.5, 0.25])
    expected = np.linalg.solve([[1, -0.25], [-0.325, 1]], [1, 1])
    assert all_equilibria(system).profiles == pytest.approx(expected[None, :])
    with pytest.raises(UnsupportedProblemError, match="floats only"):
        all_equilibria(system, exact=True)


def test_the_result_as_text_as_json_and_as_a_picture():
    found = all_equilibria(substitutes(ring(4), 0.75))
    document = json.loads(json.dumps(found.to_dict()))
    assert system_from_dict(document["game"]).to_dict() == found.game.to_dict()
    assert document["stable"] == [True, False, True]
    text = str(found)
    assert "3 isolated, 0 continua (all)" in text
    assert [line.split()[-1] for line in text.splitlines() if line[:9].strip().isdigit()] == [
        "yes",
        "no",
        "yes",
    ]
    assert "a line of equilibria around the sum 2" in str(all_equilibria(substitutes(ring(4), 0.5)))
    sampled = sample_equilibria(substitutes(ring(4), 0.75), starts=5, rng=1)
    assert "there may be others" in str(sampled)
    assert json.loads(json.dumps(sampled.to_dict()))["reached"] == sampled.reached.tolist()
    axes = found.plot()
    assert axes.get_xlabel() == "person"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0 stable", "1 not stable", "2 stable"]
    many = all_equilibria(Participation(ring(6), 0.5, support=0.0, cost=0.5))
    assert "40 more" in str(many)
    assert len(many.plot().get_yticklabels()) <= 24
    assert not many.profiles.flags.writeable
    line = all_equilibria(substitutes(ring(4), 0.5)).plot()
    assert [label.get_text() for label in line.get_yticklabels()] == ["continuum"]
    pair = Graph.from_edges([0], [1], directed=False)
    none = all_equilibria(Participation(pair, [0.0, 1.0], support=[1.0, -1.0], cost=0.5))
    assert none.plot().get_yticklabels() == []


@pytest.mark.parametrize(
    ("system", "options", "message"),
    [
        (substitutes(ring(21), 0.5), {}, "system has 2,097,152 active sets"),
        (substitutes(ring(13), 0.5, upper=1.0), {}, "system has 1,594,323 active sets"),
        (substitutes(ring(201), 0.5, lower=-np.inf), {}, "system has 201 people"),
        (Participation(ring(21), 0.0, support=1.0, cost=0.0), {}, "system has 21 people"),
        (substitutes(ring(13), 0.5), {"exact": True}, "exact is .*13 people"),
        (substitutes(ring(4), 0.5), {"tolerance": 0.0}, "tolerance is 0.0"),
        (ring(4), {}, "system is"),
    ],
)
def test_wrong_input(system, options, message):
    with pytest.raises(InvalidInputError, match=message):
        all_equilibria(system, **options)


def test_people_who_cannot_move_are_no_sets():
    game = substitutes(ring(30), 0.75, lower=[0.0] * 8 + [0.5] * 22, upper=[9.0] * 8 + [0.5] * 22)
    found = all_equilibria(game)
    assert found.work["active sets"] == 3**8
    assert (found.profiles[:, 8:] == 0.5).all()
    assert len(found) >= 1


def test_too_many_open_sets_are_refused():
    with pytest.raises(UnsupportedProblemError, match="active sets leave the equilibria open"):
        all_equilibria(substitutes(complete(15), 1.0))
