"""Key players: the published example, deletion of players as the truth, and searches against brute force."""

import json
from itertools import combinations
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph, LinearQuadratic, datasets
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from mechanism.layers import Layer
from solvers import key_players
from solvers.key_players import key_player
from solvers.spectral import spectral_radius

GROUPS = [(first, second) for base in (1, 6) for first, second in combinations(range(base, base + 5), 2)]
ELEVEN = Graph.from_edges(
    *zip(*GROUPS, *((0, member) for member in (1, 2, 6, 7)), strict=True), directed=False
)
TYPES = {1: [0], 2: [1, 2, 6, 7], 3: [3, 4, 5, 8, 9, 10]}
STAR = Graph.from_edges([0] * 4, [1, 2, 3, 4], directed=False)


def drop_by_deletion(game, group):
    """Return by how much the sum of equilibrium actions falls if rows and columns of a group are deleted."""
    weights = game.matrix.toarray()
    rest = [i for i in range(game.n) if i not in group]
    before = np.linalg.solve(np.eye(game.n) - weights, game.standalone)
    after = np.linalg.solve(np.eye(len(rest)) - weights[np.ix_(rest, rest)], game.standalone[rest])
    return before.sum() - after.sum()


@st.composite
def games(draw, *, fewest=2, substitutes=False, own=0.0, share=0.95):
    """Draw a game on a directed graph, its weights scaled to a spectral radius of |W| below 1."""
    n = draw(st.integers(fewest, 9))
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    arcs = set(draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=4 * n)))
    arcs |= {(i, i + 1) for i in range(0, n - 1, 2)} | {(n - 1, 0)}  # nobody is alone
    graph = Graph.from_edges(*zip(*sorted(arcs), strict=True))
    sizes = np.array(draw(st.lists(st.floats(0.05, 2), min_size=graph.m, max_size=graph.m)))
    sizes *= draw(st.floats(0.1, share)) / max(spectral_radius(graph, sizes).upper, 1.0)
    if substitutes:
        signs = draw(st.lists(st.sampled_from([-1.0, 1.0]), min_size=graph.m - 1, max_size=graph.m - 1))
        sizes *= np.array([-1.0, *signs])
    standalone = draw(st.lists(st.floats(own, 3), min_size=graph.n, max_size=graph.n))
    return LinearQuadratic(graph, standalone, interaction=sizes)


@pytest.mark.parametrize(
    ("share", "actions", "drops", "key"),
    [
        (0.1, {1: 1.7516, 2: 1.8790, 3: 1.7197}, {1: 2.9193, 2: 3.2811, 3: 2.7860}, 1),
        (0.2, {1: 8.3333, 2: 9.1667, 3: 7.7778}, {1: 41.6667, 2: 40.3333, 3: 32.6667}, 0),
    ],
)
def test_the_published_example(share, actions, drops, key):
    """A bridge, player 0, joined to two members of each of two cliques of five."""
    radius = spectral_radius(ELEVEN)
    assert radius.lower == pytest.approx(4.4040, abs=5e-5)
    found = key_player(LinearQuadratic(ELEVEN, 1.0, interaction=share), ranked=11)
    assert found.labels == (key,)
    assert found.method == "exact"
    assert len(found.ranking) == 11
    kind = {player: number for number, players in TYPES.items() for player in players}
    for one in found.ranking:
        assert one.action == pytest.approx(actions[kind[one.label]], abs=5.1e-5)
        assert one.reach == pytest.approx(one.action)
        assert one.drop == pytest.approx(drops[kind[one.label]], abs=5.1e-5)
        assert one.drop == pytest.approx(one.action**2 / one.returns)
    assert found.total == pytest.approx(sum(actions[kind[i]] for i in range(11)), abs=1e-3)


@given(games(), st.integers(1, 9))
def test_the_drop_is_that_of_deletion(game, ranked):
    """Directed graphs, weights of at least 0: the search gives the first of all players, in order."""
    found = key_player(game, ranked=ranked)
    truth = np.array([drop_by_deletion(game, [i]) for i in range(game.n)])
    assert found.method == "exact"
    assert found.drop == pytest.approx(truth.max(), rel=1e-8, abs=1e-10)
    assert found.bound == pytest.approx(found.drop, rel=1e-8, abs=1e-10)
    assert [one.drop for one in found.ranking] == pytest.approx(
        np.sort(truth)[::-1][:ranked], rel=1e-8, abs=1e-10
    )
    for one in found.ranking:
        assert one.drop == pytest.approx(truth[game.graph.index_of(one.label)], rel=1e-8, abs=1e-10)


@given(games(fewest=4, substitutes=True, own=-3.0), st.integers(1, 3))
def test_the_drop_is_that_of_deletion_whatever_the_signs(game, size):
    """Substitutes and complements, and own values below 0; groups one by one."""
    found = key_player(game, size=size)
    truth = {group: drop_by_deletion(game, group) for group in combinations(range(game.n), size)}
    assert found.method == "exact"
    assert found.drop == pytest.approx(max(truth.values()), rel=1e-7, abs=1e-7)
    members = tuple(game.graph.index_of(label) for label in found.labels)
    assert found.drop == pytest.approx(truth[members], rel=1e-7, abs=1e-7)
    for one in found.ranking:
        alone = drop_by_deletion(game, [game.graph.index_of(one.label)])
        assert one.drop == pytest.approx(alone, rel=1e-7, abs=1e-7)


@given(games(fewest=5), st.integers(2, 4))
def test_a_greedy_group_and_its_bound(game, size):
    with patch.object(key_players, "_MOST_WORK", 0):
        greedy = key_player(game, size=size)
    best = key_player(game, size=size)
    assert best.method == "exact"
    assert greedy.method in ("exact", "greedy")
    members = [game.graph.index_of(label) for label in greedy.labels]
    assert greedy.drop == pytest.approx(drop_by_deletion(game, members), rel=1e-8, abs=1e-10)
    assert (1 - 1 / np.e) * best.drop <= greedy.drop * (1 + 1e-9)
    assert greedy.drop <= best.drop * (1 + 1e-9)
    assert best.drop <= greedy.bound * (1 + 1e-9)
    if greedy.method == "exact":
        assert greedy.drop == pytest.approx(best.drop, rel=1e-8, abs=1e-10)


def test_greed_can_miss_the_best_group():
    """On a path of five the middle is the key player, but the best pair are its two neighbours."""
    path = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 4], directed=False)
    game = LinearQuadratic(path, 1.0, interaction=0.52)
    assert key_player(game).labels == (2,)
    best = key_player(game, size=2)
    with patch.object(key_players, "_MOST_WORK", 0):
        greedy = key_player(game, size=2)
    assert best.labels == (1, 3)
    assert greedy.labels == (2, 0)
    assert greedy.method == "greedy"
    assert greedy.drop < 0.96 * best.drop < best.drop < greedy.bound
    assert "another group may" in str(greedy)


@given(games(fewest=4, substitutes=True, own=-3.0), st.integers(2, 3))
def test_a_greedy_group_among_substitutes(game, size):
    with patch.object(key_players, "_MOST_WORK", 0):
        found = key_player(game, size=size)
    assert (found.method, found.bound, found.solves) == ("greedy", None, 0)
    members = []
    for label in found.labels:
        further = {i: drop_by_deletion(game, [*members, i]) for i in range(game.n) if i not in members}
        members.append(game.graph.index_of(label))
        assert further[members[-1]] == pytest.approx(max(further.values()), rel=1e-7, abs=1e-7)
    assert found.drop == pytest.approx(drop_by_deletion(game, members), rel=1e-7, abs=1e-7)


def test_everybody_is_a_group_too():
    game = LinearQuadratic(STAR, 1.0, interaction=0.3)
    found = key_player(game, size=5)
    assert found.drop == pytest.approx(found.total)
    assert sorted(found.labels) == [0, 1, 2, 3, 4]
    with patch.object(key_players, "_MOST_WORK", 0):
        assert key_player(game, size=5).drop == pytest.approx(found.total)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_few_systems_are_solved(share):
    """6,000 people: as many systems as players are ranked, or little more."""
    graph = datasets.example_graph()
    decay = share / spectral_radius(graph).upper
    found = key_player(LinearQuadratic(graph, 1.0, interaction=decay), ranked=5)
    assert found.method == "exact"
    assert 5 <= found.solves <= 12
    drops = [one.drop for one in found.ranking]
    assert drops == sorted(drops, reverse=True)


def test_a_search_that_stops_says_so():
    """All players of a ring are alike, but each bound lies above the drop: one cannot tell without trying all."""
    ring = Graph.from_edges(np.arange(40), np.roll(np.arange(40), -1), directed=False)
    game = LinearQuadratic(ring, 1.0, interaction=0.4)
    found = key_player(game, most_solves=3)
    assert (found.method, found.solves, found.labels) == ("stopped", 3, (found.ranking[0].label,))
    assert found.drop < found.bound
    assert "at most" in str(found)
    full = key_player(game)
    assert (full.method, full.solves, full.labels) == ("exact", 40, (0,))
    assert full.drop == pytest.approx(found.drop)
    assert full.drop == pytest.approx(drop_by_deletion(game, [17]))
    pair = key_player(game, size=2, most_solves=3, ranked=1)
    assert pair.method == "exact"
    with patch.object(key_players, "_MOST_WORK", 0):
        pair = key_player(game, size=2, most_solves=3, ranked=1)
    assert (pair.method, pair.solves) == ("stopped", 6)


def test_labels_survive():
    graph = Graph.from_edges(["hub"] * 3, ["ann", "bob", "cem"], directed=False)
    found = key_player(LinearQuadratic(graph, 1.0, interaction=0.2), size=1, ranked=2)
    assert found.labels == ("hub",)
    assert [one.label for one in found.ranking] == ["hub", "ann"]


@given(games(), st.data())
def test_slack_bounds_change_nothing(game, data):
    free = key_player(game)
    actions = np.linalg.solve(np.eye(game.n) - game.matrix.toarray(), game.standalone)
    room = data.draw(st.floats(1.001, 3))
    within = LinearQuadratic(
        game.graph, game.standalone, interaction=game.interaction, lower=0.0, upper=room * actions + 0.01
    )
    assert key_player(within).to_dict() == free.to_dict()


@pytest.mark.parametrize(
    ("limits", "label"),
    [
        ({"upper": 1.5}, 0),
        ({"lower": [0.0, 0.0, 0.0, 2.0, 0.0]}, 3),
        ({"lower": -1.0, "standalone": -0.5}, 0),
    ],
)
def test_bounds_that_may_bind_are_refused(limits, label):
    game = LinearQuadratic(STAR, **({"standalone": 1.0, "interaction": 0.3} | limits))
    with pytest.raises(UnsupportedProblemError, match=f"bounds of player {label} may bind"):
        key_player(game)


def test_substitutes_with_bounds_or_too_many_are_refused():
    with pytest.raises(UnsupportedProblemError, match="substitutes with bounds"):
        key_player(LinearQuadratic(STAR, 1.0, interaction=-0.3, lower=0.0))
    with patch.object(key_players, "_MOST_DENSE", 4), pytest.raises(UnsupportedProblemError, match="than 4"):
        key_player(LinearQuadratic(STAR, 1.0, interaction=-0.3))


def test_a_game_that_falls_apart_is_refused():
    """Without player 2 the other two answer each other one to one: no equilibrium, or many."""
    graph = Graph.from_edges([0, 1, 0, 2], [1, 0, 2, 0])
    game = LinearQuadratic(graph, 1.0, interaction=Layer(graph, [1.0, -0.5, 1.0, 0.5]).by_arc)
    with pytest.raises(UnsupportedProblemError, match="without 2 the game has no single equilibrium"):
        key_player(game)
    pair = Graph.from_edges([0, 1], [1, 0])
    with pytest.raises(InvalidInputError, match="interaction leaves I - W singular"):
        key_player(LinearQuadratic(pair, 1.0, interaction=-1.0))


@pytest.mark.parametrize("share", [1.0, 1.2, 7.0])
def test_too_strong_complements_are_refused(share):
    critical = 1 / spectral_radius(ELEVEN).lower
    game = LinearQuadratic(ELEVEN, 1.0, interaction=share * critical)
    with pytest.raises(InvalidInputError, match="interaction has a spectral radius of") as refusal:
        key_player(game)
    assert float(refusal.value.allowed.split()[-1]) == pytest.approx(1 / share, rel=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "size is 0"),
        ({"size": 6}, "size is 6; it must be at most the number of players, 5"),
        ({"ranked": 0}, "ranked is 0"),
        ({"most_solves": 0}, "most_solves is 0"),
    ],
)
def test_wrong_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        key_player(LinearQuadratic(STAR, 1.0, interaction=0.2), **arguments)
    with pytest.raises(InvalidInputError, match="system is"):
        key_player(STAR)


def test_a_wrong_drop_is_noticed():
    """The removal is solved anew, so that a drop that is not the difference does not pass."""
    honest = key_players.feedback

    def wrong(matrix):
        solve = honest(matrix)
        return lambda source: solve(source) * (1.0 if source.sum() > 1 else 0.9)  # the diagonal of M

    with patch.object(key_players, "feedback", wrong), pytest.raises(SolveError, match="afresh"):
        key_player(LinearQuadratic(ELEVEN, 1.0, interaction=0.2))


def test_it_prints_plots_and_travels():
    found = key_player(LinearQuadratic(ELEVEN, 1.0, interaction=0.2), ranked=3)
    text = str(found)
    assert text.startswith("Key player: 0")
    assert "sum of actions 91.6667, without the key player 50.0000" in text
    assert "45.5 %" in text
    again = json.loads(json.dumps(found.to_dict()))
    assert again["labels"] == [0]
    assert again["ranking"][0]["drop"] == found.drop
    axes = found.plot()
    assert [bar.get_width() for bar in axes.patches] == [one.drop for one in found.ranking]
    assert [label.get_text() for label in axes.get_yticklabels()] == [str(one.label) for one in found.ranking]
    group = key_player(LinearQuadratic(ELEVEN, 1.0, interaction=0.2), size=2)
    assert str(group).startswith("Key group: 1, 6")
