"""Certificates of equilibria: whatever is made is accepted, says what is so, and is refused where it cannot be made."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mechanism import Graph, Interdependent, LinearQuadratic, Logit, Participation
from mechanism.errors import CertificateError, InvalidInputError
from proofs import (
    check_certificate,
    contraction_vector,
    deviation,
    game_certificate,
    monotone_factor,
    read_certificate,
    write_json,
)
from proofs.check_game import FORMAT, LARGEST, check
from tests.proofs.game_claims import goods
from tests.proofs.game_strategies import (
    allowed_actions,
    linear_quadratic,
    logit,
    participation,
    systems,
)
from tests.reference.game_payoffs import participation_equilibria
from tests.reference.games import complete, random_graph, ring, star


def claims_of(certificate):
    return [(claim["claim"], claim.get("by")) for claim in certificate["claims"]]


def claim_of(certificate, name):
    return next(claim for claim in certificate["claims"] if claim["claim"] == name)


def settled(game, *, rounds=400):
    x = game.best_response(
        np.clip(0.0, game.lower, game.upper) if hasattr(game, "lower") else np.zeros(game.n)
    )
    for _ in range(rounds):
        x = (x + game.best_response(x)) / 2
    return np.clip(x, game.lower, game.upper) if hasattr(game, "lower") else x


class TestEquilibrium:
    @settings(max_examples=100)
    @given(st.data(), systems)
    def test_what_is_made_is_accepted_and_tight(self, data, system):
        x = allowed_actions(data.draw, system)
        if isinstance(system, Logit):  # beyond, float64 has no name for the chances
            assume(np.abs(system.rationality * system.margin(x)).max() < 700)
        made = game_certificate(system, x)
        assert check(system.to_dict(), made)
        told, found = claim_of(made, "equilibrium"), deviation(system, x)
        rounding = 1e-13 * max(1, getattr(system, "rationality", 1))
        assert found.residual <= told["residual"] * (1 + 1e-12) + 1e-15
        assert told["residual"] <= found.residual * 1.000001 + rounding
        assert found.gain <= told["gain"] * (1 + 1e-6) + rounding
        if system.kind != "logit":
            assert told["gain"] <= found.gain * 1.000001 + rounding

    @settings(max_examples=50)
    @given(st.data(), logit())
    def test_gains_of_logit_games_are_a_little_above(self, data, game):
        """Twice the gain near an equilibrium, up to six times far away, where the odds are not."""
        x = np.array(data.draw(st.lists(st.floats(0.01, 0.99), min_size=game.n, max_size=game.n)))
        assume(np.abs(game.rationality * game.margin(x)).max() < 1)
        told = claim_of(game_certificate(game, x), "equilibrium")
        assert game.gains(x).max() <= told["gain"] <= 6 * game.gains(x).max() + 1e-12
        near = game.best_response(x) * (1 + 1e-6)
        for _ in range(3 if game.rationality < 1 else 0):  # here responses hardly depend on others
            near = game.best_response(near) * (1 + 1e-6)
            told = claim_of(game_certificate(game, near), "equilibrium")
            assert told["gain"] <= 2.3 * game.gains(near).max() + 1e-18

    def test_corners_are_exact(self):
        game = LinearQuadratic(ring(4), 0.3, interaction=0.1, lower=0.0, upper=0.2)
        told = claim_of(game_certificate(game, [0.2] * 4), "equilibrium")
        assert (told["gain"], told["residual"]) == (0.0, 0.0)

    def test_ties_are_those_of_decimals(self):
        """0.1 + 0.1 + 0.1 - 0.3 is 0 as written, and above 0 in floats; 0.1 * 3 - 0.3 below 0."""
        game = Participation(ring(3), 0.1, support=0.1, cost=0.3)
        assert claim_of(game_certificate(game, [1] * 3), "equilibrium")["residual"] == 0
        below = Participation(ring(3), -0.3, support=0.1, cost=-0.1)
        assert float(below.margin([1] * 3)[0]) != 0
        told = claim_of(game_certificate(below, [1] * 3), "equilibrium")
        assert (told["gain"], told["residual"]) == (0, 0)

    def test_too_far_for_a_bound(self):
        game = Logit(ring(3), 9.0, support=1.0, cost=0.0, rationality=1000.0)
        assert check(game.to_dict(), game_certificate(game, [1] * 3))
        with pytest.raises(CertificateError, match=r"exp\(10000\) is too much"):
            game_certificate(game, [0.5] * 3)

    def test_actions_are_checked(self):
        with pytest.raises(InvalidInputError, match="actions"):
            game_certificate(goods(ring(3), 0.1), [-1, 0, 0])
        with pytest.raises(InvalidInputError, match="system"):
            game_certificate(Unknown(), [0.0])


class Unknown:
    def checked(self, actions):
        return np.asarray(actions)


class TestContraction:
    @settings(max_examples=40)
    @given(st.one_of(linear_quadratic(), logit()))
    def test_vectors_that_are_found(self, game):
        vector, rate = contraction_vector(game)
        slope = game.rationality / 4 if isinstance(game, Logit) else 1
        matrix = abs(game.matrix).toarray() * slope
        assert vector.min() > 0
        assert vector.max() <= 1
        assert (matrix @ vector <= rate * vector).all()
        radius = np.abs(np.linalg.eigvals(matrix)).max()
        assert rate >= radius - 1e-9
        if radius < 0.9:
            x = settled(game)
            made = game_certificate(game, x, vector=vector)
            assert claims_of(made) == [("equilibrium", None), ("unique", "contraction"), ("error", None)]
            assert check(game.to_dict(), made)
        if radius > 1 + 1e-9:
            x = game.best_response(np.zeros(game.n).clip(*bounds(game)))
            with pytest.raises(CertificateError, match="contract"):
                game_certificate(game, x, vector=vector)

    @settings(max_examples=25)
    @given(linear_quadratic(bounded=True), st.integers(0, 40))
    def test_boxes(self, game, steps):
        graph = game.graph
        game = LinearQuadratic(
            graph,
            game.standalone,
            interaction=game.interaction,
            lower=game.lower.clip(-1),
            upper=game.upper.clip(None, 2),
        )
        x = settled(game)
        try:
            made = game_certificate(game, x, steps=steps)
        except CertificateError:
            return
        assert check(game.to_dict(), made)

    @settings(max_examples=25)
    @given(logit(), st.integers(0, 40))
    def test_boxes_of_chances(self, game, steps):
        x = settled(game)
        try:
            made = game_certificate(game, x, steps=steps)
        except CertificateError:
            return
        assert check(game.to_dict(), made)

    def test_a_box_is_no_smaller_than_it_must_be(self):
        game = Logit(ring(4), 0.0, support=1.0, cost=0.4, rationality=2.2)
        x = settled(game)
        assert contraction_vector(game)[1] > 1
        made = game_certificate(game, x, steps=1000)
        told = claim_of(made, "unique")
        assert 1 <= told["steps"] <= 8
        assert claim_of(made, "error")["bound"] < 1e-12
        assert check(game.to_dict(), made)
        with pytest.raises(CertificateError, match="contract"):
            game_certificate(game, x, steps=told["steps"] // 2)

    def test_two_equilibria(self):
        for game in (
            Logit(ring(4), 0.0, support=1.0, cost=1.0, rationality=2.5),
            LinearQuadratic(ring(4), -0.5, interaction=0.75, lower=0.0, upper=1.0),
        ):
            for steps in (0, 1000):
                with pytest.raises(CertificateError, match="contract"):
                    game_certificate(game, [0.0] * 4, steps=steps)

    def test_errors_are_near(self):
        game = LinearQuadratic(star(5), 1.0, interaction=-0.4)
        x = np.linalg.solve(np.eye(5) - game.matrix.toarray(), np.ones(5))
        moved = x + np.array([1e-3, 0, 0, 0, 0])
        made = game_certificate(game, moved, vector=[2, 1, 1, 1, 1])
        bound = claim_of(made, "error")["bound"]
        assert 1e-3 <= bound < 0.011
        assert check(game.to_dict(), made)

    @pytest.mark.parametrize(
        ("vector", "word"),
        [
            ([1, 1], "shape"),
            ([1, 1, 0], "above 0"),
            ([1, 1, -1], "above 0"),
            ([1, 1, np.nan], "finite"),
            ("a", "finite"),
        ],
        ids=str,
    )
    def test_wrong_vectors(self, vector, word):
        with pytest.raises(InvalidInputError, match=word):
            game_certificate(goods(ring(3), 0.1), [1] * 3, vector=vector)

    @pytest.mark.parametrize("steps", [-1, 1001, 1.5, True, "1"])
    def test_wrong_steps(self, steps):
        game = Logit(ring(3), 0.0, support=1.0, cost=0.4, rationality=1.0)
        with pytest.raises(InvalidInputError, match="steps"):
            game_certificate(game, [0.5] * 3, steps=steps)

    def test_not_here(self):
        with pytest.raises(CertificateError, match="bounded"):
            game_certificate(goods(ring(3), 0.1), [1] * 3, steps=3)
        with pytest.raises(CertificateError, match="jump"):
            game_certificate(Participation(ring(3), 0, support=1, cost=1), [0] * 3, vector=[1] * 3)


def bounds(game):
    return (0.0, 1.0) if isinstance(game, Logit) else (game.lower, game.upper)


class TestMonotone:
    @pytest.mark.parametrize(
        ("graph", "least"), [(ring(4), -2), (ring(5), -1.618034), (complete(5), -1), (star(6), -(5**0.5))]
    )
    def test_up_to_the_smallest_eigenvalue(self, graph, least):
        below, above = goods(graph, -0.999 / least), goods(graph, -1.001 / least)
        x = settled(below, rounds=40)
        made = game_certificate(below, x, factor=True)
        assert claims_of(made) == [("equilibrium", None), ("unique", "monotone"), ("error", None)]
        assert check(below.to_dict(), made)
        assert monotone_factor(above) is None
        with pytest.raises(CertificateError, match="positive definite"):
            game_certificate(above, x, factor=True)

    @settings(max_examples=60)
    @given(st.data(), linear_quadratic())
    def test_random_games(self, data, game):
        symmetric = np.eye(game.n) - (game.matrix + game.matrix.T).toarray() / 2
        least = np.linalg.eigvalsh(symmetric)[0]
        x = allowed_actions(data.draw, game)
        if least > 1e-3:
            assert check(game.to_dict(), game_certificate(game, x, factor=True))
        if least < 0:
            assert monotone_factor(game) is None

    def test_numbers_are_short(self):
        rng = np.random.default_rng(5)
        game = LinearQuadratic(random_graph(rng, 60, 240), 1.0, interaction=-0.15, lower=0.0)
        rows = monotone_factor(game)
        assert max(len(repr(x)) for row in rows for x in row["values"]) <= 9
        assert sum(len(row["columns"]) for row in rows) < 60 * 61 / 2
        assert check(game.to_dict(), game_certificate(game, settled(game), factor=True))

    def test_not_here(self):
        game = LinearQuadratic(ring(10), 1.0, interaction=0.1)
        assert monotone_factor(game) is not None
        assert monotone_factor(game, largest=9) is None
        assert monotone_factor(Logit(ring(4), 0.0, support=0.1, cost=0.1, rationality=1.0)) is None

    def test_the_better_error_is_told(self):
        game = goods(ring(4), 0.45)
        moved = [0.5265, 0.5263, 0.5263, 0.5263]
        both = game_certificate(game, moved, vector=[1] * 4, factor=True)
        alone = [
            claim_of(made, "error")["bound"]
            for made in (
                game_certificate(game, moved, vector=[1] * 4),
                game_certificate(game, moved, factor=True),
            )
        ]
        assert claim_of(both, "error")["bound"] == min(alone)
        assert check(game.to_dict(), both)


class TestOrders:
    @settings(max_examples=50)
    @given(participation())
    def test_orders_of_joining_and_leaving(self, game):
        equilibria = participation_equilibria(game.to_dict())
        least, greatest = ([int(a) for a in x] for x in (equilibria[0], equilibria[-1]))
        up, down = order_of(game, joins=True), order_of(game, joins=False)
        made = game_certificate(game, least, order_up=up)
        assert claims_of(made) == [("equilibrium", None), ("least", None)]
        assert check(game.to_dict(), made)
        assert check(game.to_dict(), game_certificate(game, greatest, order_down=down))
        if least == greatest:
            made = game_certificate(game, least, order_up=up, order_down=down)
            assert claims_of(made)[-1] == ("unique", "extremes")
            assert check(game.to_dict(), made)
        else:
            with pytest.raises(CertificateError, match="do not agree"):
                game_certificate(game, least, order_up=up, order_down=down)

    def test_a_wrong_turn(self):
        chain = Participation(Graph.from_edges([1, 2], [0, 1]), [1, 0, 0], support=1.0, cost=0.5)
        assert game_certificate(chain, [1, 1, 1], order_up=[0, 1, 2])
        with pytest.raises(CertificateError, match="person 1 does not come"):
            game_certificate(chain, [1, 1, 1], order_up=[1, 0, 2])
        with pytest.raises(CertificateError, match="person 2 do not agree"):
            game_certificate(chain, [1, 1, 1], order_up=[0, 1])
        with pytest.raises(CertificateError, match="person 1 does not come"):
            game_certificate(chain, [1, 0, 0], order_up=[0])

    @pytest.mark.parametrize(
        "order",
        [[0, 0, 1], [0, 1, 3], [-1, 0, 1], [0.0, 1.0, 2.0], [[0, 1, 2]], ["a"], [True, False]],
        ids=str,
    )
    def test_wrong_orders(self, order):
        game = Participation(ring(3), 1.0, support=0.1, cost=0.5)
        with pytest.raises(InvalidInputError, match="order_up"):
            game_certificate(game, [1] * 3, order_up=order)

    def test_not_here(self):
        game = Participation(Graph.from_edges([0], [1]), 1.0, support=-0.1, cost=0.5)
        with pytest.raises(CertificateError, match="negative"):
            game_certificate(game, [1, 1], order_up=[0, 1])
        with pytest.raises(CertificateError, match="only a participation game"):
            game_certificate(goods(ring(3), 0.1), [1] * 3, order_up=[0, 1, 2])


def order_of(game, *, joins):
    """Return the order in which people join or leave, in rational arithmetic."""
    start = [
        Fraction(repr(b)) - Fraction(repr(c))
        for b, c in zip(game.benefit.tolist(), game.cost.tolist(), strict=True)
    ]
    pointers, ends = game.graph.indptr, game.graph.indices
    support = np.broadcast_to(game.support, (game.graph.m,))
    active, order = [not joins] * game.n, []
    while True:
        for i in range(game.n):
            arcs = range(pointers[i], pointers[i + 1])
            value = start[i] + sum(Fraction(repr(float(support[arc]))) for arc in arcs if active[ends[arc]])
            if active[i] is not joins and (value >= 0) is joins:
                active[i] = joins
                order.append(i)
                break
        else:
            return order


class TestInterdependent:
    def test_all_claims_at_once(self):
        rng = np.random.default_rng(3)
        base = LinearQuadratic(
            random_graph(rng, 12, 30), rng.normal(size=12), interaction=-0.1, lower=0.0, upper=3.0
        )
        system = Interdependent(base, altruism=0.1)
        x = np.zeros(12)
        vector, rate = contraction_vector(system)
        assert rate < 1
        made = game_certificate(system, x, vector=vector, factor=True)
        assert claims_of(made) == [
            ("well_posed", None),
            ("equilibrium", None),
            ("unique", "contraction"),
            ("unique", "monotone"),
            ("error", None),
        ]
        assert check_certificate(system, made)

    def test_participation_with_utilities(self):
        base = Participation(ring(4), 0.0, support=0.5, cost=1.2)
        selfish = game_certificate(base, [0] * 4, order_up=[], order_down=[0, 1, 2, 3])
        assert claims_of(selfish)[-1] == ("unique", "extremes")
        caring = Interdependent(base, altruism=0.25)
        made = game_certificate(caring, [1] * 4, order_down=[])  # helping friends is worth something too
        assert check_certificate(caring, made)

    def test_without_end(self):
        system = Interdependent(LinearQuadratic(ring(4), 1.0, interaction=0.1), altruism=0.5)
        for make in (
            lambda: game_certificate(system, [1] * 4),
            lambda: contraction_vector(system),
            lambda: monotone_factor(system),
        ):
            with pytest.raises(CertificateError, match="without end"):
                make()

    def test_many_people(self):
        base = LinearQuadratic(ring(LARGEST + 1), 1.0, interaction=0.1)
        system = Interdependent(base, altruism=0.25)
        made = game_certificate(system, np.ones(base.n))
        assert claims_of(made) == [("well_posed", None)]
        assert check_certificate(system, made)
        with pytest.raises(CertificateError, match=f"{LARGEST} at most"):
            game_certificate(system, np.ones(base.n), factor=True)
        with pytest.raises(CertificateError, match=f"{LARGEST} at most"):
            contraction_vector(system)


class TestFiles:
    def test_round_trip(self, tmp_path):
        game = goods(ring(4), 0.3)
        made = game_certificate(game, settled(game), vector=np.ones(4))
        assert made["format"] == FORMAT
        write_json(tmp_path / "certificate.json", made)
        assert read_certificate(tmp_path / "certificate.json") == made
        assert check_certificate(game, made) == check_certificate(game.to_dict(), made)
        assert len(check_certificate(game, made)) == 3

    def test_a_certificate_of_another_game_is_refused(self):
        made = game_certificate(goods(ring(4), 0.3), [0.625] * 4)
        with pytest.raises(CertificateError, match="refused: person 0"):
            check_certificate(goods(ring(4), 0.31), made)
        with pytest.raises(CertificateError, match="refused"):
            check_certificate(goods(ring(4), 0.3), made | {"format": [FORMAT]})


def test_many_people_and_arcs():
    """Numbers of 3,000 people and 30,000 arcs pass the exact checker."""
    rng = np.random.default_rng(9)
    graph = random_graph(rng, 3000, 30_000)
    game = LinearQuadratic(
        graph, rng.normal(size=3000), interaction=rng.uniform(-0.05, 0.05, graph.m), lower=0.0, upper=1.5
    )
    x = settled(game, rounds=100)
    made = game_certificate(game, x, vector=contraction_vector(game)[0])
    assert claim_of(made, "error")["bound"] < 1e-12
    assert len(check_certificate(game, made)) == 3
