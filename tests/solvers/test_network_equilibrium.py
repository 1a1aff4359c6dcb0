"""Equilibria of linear-quadratic and logit games: against dense algebra, convex programmes and known counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from mechanism import (
    CostModel,
    Graph,
    IncentiveNetwork,
    Interdependent,
    LinearQuadratic,
    Logit,
    Participation,
)
from mechanism.errors import CertificateError, InvalidInputError, SolveError
from proofs import check_certificate
from solvers import all_equilibria, equilibrium
from solvers.lemke import lemke
from tests.reference.games import complete, random_graph, ring, star

SEEDS = st.integers(0, 10**6)


def random_game(seed, *, n=30, size=0.9, signs=False, bounds=False, symmetric=False):
    """A game whose interaction has the given spectral radius, of absolute values."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, n, 4 * n)
    if symmetric:
        graph = Graph.from_scipy(LinearQuadratic(graph, 0, interaction=1.0).matrix, directed=False)
    dense = LinearQuadratic(graph, 0.0, interaction=1.0).matrix.toarray()
    noise = rng.uniform(0.2, 1.0, (n, n)) * (rng.choice([-1, 1], (n, n)) if signs else 1.0)
    dense = dense * ((noise + noise.T) / 2 if symmetric else noise)
    radius = np.abs(np.linalg.eigvals(np.abs(dense))).max()
    dense *= size / radius if radius > 1e-3 else 1.0  # a graph without cycles has radius 0
    weights = dense[np.repeat(np.arange(n), graph.out_degree), graph.indices]
    lower, upper = (rng.uniform(-1, 0, n), rng.uniform(0, 1, n)) if bounds else (-np.inf, np.inf)
    return LinearQuadratic(graph, rng.normal(0.3, 1.0, n), interaction=weights, lower=lower, upper=upper)


def best_by_hand(game, x):
    """Everybody's best response, from the dense matrix."""
    return np.clip(game.standalone + game.matrix.toarray() @ x, game.lower, game.upper)


@settings(max_examples=60)
@given(SEEDS, st.floats(0.05, 0.99), st.booleans(), st.booleans())
def test_without_bounds_it_is_a_linear_system(seed, size, signs, symmetric):
    game = random_game(seed, size=size, signs=signs, symmetric=symmetric)
    found = equilibrium(game)
    truth = np.linalg.solve(np.eye(game.n) - game.matrix.toarray(), game.standalone)
    assert np.abs(found.actions - truth).max() <= 1e-8 * max(1, np.abs(truth).max())
    assert found.unique is True
    assert np.abs(found.actions - truth).max() <= found.error + 1e-14 * np.abs(truth).max()
    value = game.standalone + game.matrix.toarray() @ found.actions
    assert found.gain == pytest.approx(((value - found.actions) ** 2).max() / 2, rel=0.05, abs=1e-26)


@settings(max_examples=60)
@given(SEEDS, st.floats(0.05, 0.99), st.booleans(), st.booleans())
def test_between_bounds_actions_are_best_responses(seed, size, signs, symmetric):
    game = random_game(seed, size=size, signs=signs, bounds=True, symmetric=symmetric)
    found = equilibrium(game)
    assert np.abs(best_by_hand(game, found.actions) - found.actions).max() <= 1e-9
    assert ((found.actions >= game.lower) & (found.actions <= game.upper)).all()
    assert found.unique is True
    again = equilibrium(game, start="upper")
    assert np.abs(found.actions - again.actions).max() <= found.error + again.error


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("signs", [False, True])
def test_symmetric_games_maximise_their_potential(seed, signs):
    import cvxpy as cp

    game = random_game(seed, n=60, size=0.95, signs=signs, bounds=True, symmetric=True)
    x = cp.Variable(game.n)
    hessian = np.eye(game.n) - game.matrix.toarray()
    potential = game.standalone @ x - cp.quad_form(x, cp.psd_wrap(hessian)) / 2
    tight = {"tol_gap_abs": 1e-13, "tol_gap_rel": 1e-13, "tol_feas": 1e-13}
    cp.Problem(cp.Maximize(potential), [x >= game.lower, x <= game.upper]).solve(solver=cp.CLARABEL, **tight)
    found = equilibrium(game)
    assert np.abs(found.actions - x.value).max() <= 1e-7
    assert game.potential(found.actions) == pytest.approx(
        float(game.standalone @ x.value - x.value @ hessian @ x.value / 2), abs=1e-10
    )


@pytest.mark.parametrize("n", [800])
def test_close_to_the_critical_interaction_few_passes_suffice(n):
    """Sweeps alone would need about a thousand."""
    rng = np.random.default_rng(1)
    pairs = random_graph(rng, n, 5 * n)
    graph = Graph.from_scipy(LinearQuadratic(pairs, 0, interaction=1.0).matrix, directed=False)
    radius = float(np.linalg.eigvalsh(LinearQuadratic(graph, 0, interaction=1.0).matrix.toarray()).max())
    for standalone in (rng.uniform(0, 0.02, n), rng.uniform(-1, 1, n)):
        game = LinearQuadratic(graph, standalone, interaction=0.99 / radius, lower=0.0, upper=1.0)
        found = equilibrium(game)
        assert found.work.passes < 100
        assert found.residual <= 1e-10
        assert found.unique is True
        assert 0.99 <= found.contraction.rate < 1


@settings(max_examples=60)
@given(SEEDS, st.integers(1, 25), st.sampled_from([1.0, 3.0, 10.0]))
def test_strong_feedback_of_mixed_signs(seed, n, size):
    """Sweeps and Newton steps may run in circles; between finite bounds there always is an equilibrium."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, n, 4 * n)
    weights = rng.normal(0, size, graph.m)
    game = LinearQuadratic(graph, rng.normal(0, 1, n), interaction=weights, lower=-1, upper=1)
    found = equilibrium(game)
    assert np.abs(best_by_hand(game, found.actions) - found.actions).max() <= 1e-9 * (1 + size)


@settings(max_examples=60)
@given(SEEDS, st.integers(1, 25), st.sampled_from([0.3, 1.0, 10.0]))
def test_pivots_end_in_an_equilibrium(seed, n, size):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(0, size, (n, n)) * (rng.random((n, n)) < 0.4)
    np.fill_diagonal(matrix, 0.0)
    standalone, lower, upper = rng.normal(0, 1, n), rng.uniform(-2, 0, n), rng.uniform(0, 2, n)
    x = lemke(matrix, standalone, lower, upper)
    # b is shifted by up to 3e-9 of its size; the shift moves actions by as much as the free block magnifies.
    assert np.abs(np.clip(standalone + matrix @ x, lower, upper) - x).max() <= 1e-7


def substitutes(graph, delta):
    """Best responses max(0, 1 - delta times the contacts' effort)."""
    return LinearQuadratic(graph, 1.0, interaction=-delta, lower=0.0)


@pytest.mark.parametrize(
    ("graph", "critical"),
    [(ring(4), 0.5), (ring(5), 2 / (1 + 5**0.5)), (complete(5), 1.0), (star(6), 5**-0.5)],
)
def test_substitutes_are_certified_up_to_the_lowest_eigenvalue(graph, critical):
    """Bramoulle, Kranton and D'Amours, 2014: unique if delta * |lowest eigenvalue| < 1."""
    lowest = float(np.linalg.eigvalsh(substitutes(graph, 1.0).matrix.toarray()).max())
    assert lowest == pytest.approx(1 / critical)
    assert equilibrium(substitutes(graph, 0.98 * critical)).unique is True
    assert equilibrium(substitutes(graph, 1.02 * critical)).unique is not True


@pytest.mark.parametrize(
    ("graph", "delta"), [(ring(4), 0.5), (ring(4), 0.7), (ring(5), 0.65), (ring(6), 0.9)]
)
def test_several_equilibria_are_never_called_one(graph, delta):
    for start in (None, "lower", np.linspace(0, 1, graph.n)):
        assert equilibrium(substitutes(graph, delta), start=start).unique is not True


@settings(max_examples=60)
@given(SEEDS, st.floats(0.5, 3.0))
def test_uniqueness_is_never_claimed_beside_a_second_equilibrium(seed, size):
    """Strong complements between bounds: where all low and all high differ, there are two."""
    game = random_game(seed, n=12, size=size, bounds=True)
    low, high = (equilibrium(game, start=end) for end in ("lower", "upper"))
    if np.abs(low.actions - high.actions).max() > 1e-6:
        assert low.unique is False
        assert high.unique is False
        assert low.other is not None
    for found in (low, high):
        if found.least is not None and found.greatest is not None:
            assert (found.least <= found.actions + 1e-8).all()
            assert (found.actions <= found.greatest + 1e-8).all()


@settings(max_examples=60)
@given(SEEDS, st.floats(0.2, 3.0), st.booleans(), st.booleans())
def test_what_is_found_is_among_all_equilibria(seed, size, signs, symmetric):
    """Against the enumeration of who is at which bound; and what is called unique is alone there."""
    game = random_game(seed, n=7, size=size, signs=signs, bounds=True, symmetric=symmetric)
    every = all_equilibria(game)
    found = equilibrium(game)
    if not every.continua:
        assert np.abs(every.profiles - found.actions).max(axis=1).min() <= 1e-7
    if found.unique:
        assert len(every.profiles) == 1
        assert not every.continua
    if found.unique is False:
        assert len(every.profiles) + len(every.continua) > 1


@settings(max_examples=40)
@given(SEEDS, st.floats(0.05, 0.8))
def test_people_who_care_do_what_is_best_for_their_utility(seed, share):
    """Utilities by a dense inverse: no other action within the bounds, on a fine grid, has a higher one."""
    base = random_game(seed, n=6, size=0.6, bounds=True)
    altruism = random_game(seed + 1, n=6, size=share)
    game = Interdependent(base, altruism=altruism.interaction, graph=altruism.graph)
    found = equilibrium(game)
    person = seed % 6
    inverse = np.linalg.inv(np.eye(6) - altruism.matrix.toarray())
    reached = (inverse @ base.payoffs(found.actions))[person]
    for action in np.linspace(base.lower[person], base.upper[person], 101):
        x = found.actions.copy()
        x[person] = action
        assert (inverse @ base.payoffs(x))[person] <= reached + 1e-10


def test_two_who_pull_each_other_to_the_bounds():
    pair = Graph.from_edges([0], [1], directed=False)
    game = LinearQuadratic(pair, 0.0, interaction=2.0, lower=-1.0, upper=1.0)
    found = equilibrium(game, start="upper")
    assert found.actions.tolist() == [1.0, 1.0]
    assert found.least.tolist() == [-1.0, -1.0]
    assert found.unique is False
    assert equilibrium(game).actions.tolist() == [0.0, 0.0]  # the one between them, which no sweep reaches


@settings(max_examples=40)
@given(SEEDS, st.floats(0.1, 8.0), st.booleans())
def test_logit_probabilities_are_responses(seed, rationality, signs):
    base = random_game(seed, n=20, size=1.0, signs=signs)
    game = Logit(base.graph, base.standalone, support=base.interaction, cost=0.5, rationality=rationality)
    found = equilibrium(game)
    p = found.actions
    value = base.standalone + base.matrix.toarray() @ p - 0.5
    assert np.abs(p - expit(rationality * value)).max() <= 1e-9
    assert found.gain <= 1e-15
    if rationality < 3.9:
        assert found.unique is True
        assert found.contraction.rate < 1
        assert found.error < 1e-6


def test_a_logit_club_has_two_equilibria_and_says_so():
    game = Logit(complete(6), 0.0, support=1.0, cost=2.5, rationality=4.0)
    found = equilibrium(game, start="lower")
    above = equilibrium(game, start="upper")
    assert found.total < 1
    assert above.total > 5
    assert found.unique is False
    assert np.abs(found.greatest - above.actions).max() <= 1e-9
    # Where most have a reason of their own the same support leaves one: an enclosure shows it.
    clear = Logit(complete(6), 4.0, support=1.0, cost=2.5, rationality=4.0)
    certain = equilibrium(clear)
    assert certain.unique is True
    assert certain.contraction is None
    assert "enclosure" in certain.reason


def test_logistic_costs_make_a_logit_game():
    law = CostModel.logistic(mean=2.0, scale=0.5)
    network = IncentiveNetwork(ring(5), contact=1.0, join=law, invite=law, support=0.3)
    game = Logit.from_network(network, reward=1.5)
    found = equilibrium(game).actions
    assert np.allclose(found, law.cdf(1.5 + 0.6 * found), atol=1e-9)


@settings(max_examples=25)
@given(SEEDS)
def test_names_do_not_matter(seed):
    game = random_game(seed, n=25, bounds=True)
    order = np.random.default_rng(seed).permutation(25)
    matrix = game.matrix[order][:, order].tocsr()
    matrix.sort_indices()
    graph = Graph(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), np.arange(25))
    other = LinearQuadratic(
        graph,
        game.standalone[order],
        interaction=matrix.data,
        lower=game.lower[order],
        upper=game.upper[order],
    )
    assert np.abs(equilibrium(other).actions - equilibrium(game).actions[order]).max() <= 1e-7


def test_the_same_bits_each_time():
    game = random_game(4, n=200, bounds=True)
    assert (equilibrium(game).actions == equilibrium(game).actions).all()


@pytest.mark.parametrize("size", [1.0, 1.3])
def test_complements_without_end_are_refused(size):
    game = LinearQuadratic(complete(4), 1.0, interaction=size / 3)
    with pytest.raises(InvalidInputError, match=r"radius 1(\.3)?, .* below (1|0\.7692) times as strong, or"):
        equilibrium(game)


def test_errors_name_the_cause():
    graph = ring(4)
    with pytest.raises(InvalidInputError, match=r"standalone\[2\] is nan"):
        LinearQuadratic(graph, [1, 1, np.nan, 1], interaction=0.1)
    with pytest.raises(InvalidInputError, match=r"lower\[1\] is 2.0; it must be at most the upper bound, 1"):
        LinearQuadratic(graph, 1.0, interaction=0.1, lower=[0, 2, 0, 0], upper=1.0)
    with pytest.raises(InvalidInputError, match="one number or 8, one per arc"):
        LinearQuadratic(graph, 1.0, interaction=[0.1] * 4)
    with pytest.raises(InvalidInputError, match="symmetric"):
        LinearQuadratic(Graph.from_edges([0], [1]), 1.0, interaction=0.1).potential([1, 1])
    game = LinearQuadratic(graph, 1.0, interaction=0.1)
    with pytest.raises(InvalidInputError, match="tolerance"):
        equilibrium(game, tolerance=0)
    with pytest.raises(InvalidInputError, match="not all lower bounds are finite"):
        equilibrium(game, start="lower")
    with pytest.raises(InvalidInputError, match="system is"):
        equilibrium(graph)
    with pytest.raises(SolveError, match="raise max_passes") as caught:
        equilibrium(random_game(1, n=400, size=0.99, bounds=True), max_passes=1)
    assert caught.value.solution.residual > 1e-10


def test_it_prints_and_draws_itself():
    found = equilibrium(random_game(3, bounds=True))
    text = str(found)
    assert "unique         certified: responses are a contraction" in text
    assert "at the lower bound" in text
    assert found.plot().get_ylabel() == "action"
    assert set(found.to_dict()) >= {"actions", "gain", "unique", "error"}


@settings(max_examples=30)
@given(SEEDS, st.floats(0.1, 2.0), st.booleans(), st.booleans())
def test_certificates_are_accepted_and_break_with_the_actions(seed, size, signs, symmetric):
    game = random_game(seed, n=8, size=size, signs=signs, bounds=True, symmetric=symmetric)
    found = equilibrium(game)
    certificate = found.certificate
    claims = check_certificate(game, certificate)
    assert any("one equilibrium" in claim for claim in claims) == (found.unique is True)
    for sign in (-1e-6, 1e-6):
        moved = certificate | {"actions": certificate["actions"].copy()}
        moved["actions"][seed % 8] += sign
        with pytest.raises(CertificateError):
            check_certificate(game, moved)


def test_a_logit_enclosure_is_certified():
    game = Logit(complete(6), 4.0, support=1.0, cost=2.5, rationality=4.0)
    assert any("in a box" in claim for claim in check_certificate(game, equilibrium(game).certificate))


def test_a_club_of_two_sizes_certifies_the_end_that_was_asked_for():
    game = Participation(complete(5), 0.0, support=1.0, cost=3.5)
    for start, word in ((None, "least"), ("upper", "greatest")):
        claims = check_certificate(game, equilibrium(game, start=start).certificate)
        assert any(word in claim for claim in claims)
        assert not any("one equilibrium" in claim for claim in claims)
