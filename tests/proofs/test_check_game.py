"""The checker of games: it accepts what is true and refuses what is false or badly proved."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, Interdependent, LinearQuadratic, Logit, Participation
from proofs.check_game import FAR, LARGEST, MOST_STEPS, Refused, exponential, logit_slip
from tests.proofs.game_claims import (
    about,
    accepts,
    contraction,
    enclosure,
    equilibrium,
    error,
    goods,
    monotone,
)
from tests.proofs.game_strategies import (
    allowed_actions,
    interdependent,
    linear_quadratic,
    participation,
    weights,
)
from tests.reference.game_payoffs import bounded_equilibria, participation_equilibria, slips, solved
from tests.reference.games import complete, ring, star

TINY = Fraction(1, 10**30)


class TestEquilibrium:
    """Claim exactly what is so: accepted. Claim 1e-30 less: refused."""

    @settings(max_examples=60)
    @given(st.data(), st.one_of(linear_quadratic(), participation(support=weights), interdependent()))
    def test_gain_and_residual(self, data, system):
        x = [Fraction(repr(float(a))) for a in allowed_actions(data.draw, system)]
        document, before = system.to_dict(), []
        if isinstance(system, Interdependent):
            before = [{"claim": "well_posed", "vector": 1, "rate": 0.99}]
        gain, residual = slips(document, x)
        assert accepts(document, x, *before, equilibrium(gain, residual))
        assert not accepts(document, x, *before, equilibrium(gain - TINY, residual))
        assert not accepts(document, x, *before, equilibrium(gain, residual - TINY))

    def test_floats_are_decimals(self):
        game = LinearQuadratic(Graph.from_edges([0], [1]), [0.1, 0.2], interaction=1.0)
        assert accepts(game, [0.3, 0.2], equilibrium())  # 0.1 + 0.2 in decimals
        assert not accepts(game, [0.1 + 0.2, 0.2], equilibrium())

    def test_the_words_round_up(self):
        game = LinearQuadratic(Graph.from_edges([0], [1]), 0.0, interaction=1.0)
        words = about(game, [0, 0], equilibrium(Fraction(1, 3), 1e-7))[0]
        assert (
            words
            == "nobody gains over 0.33333333333333333334 alone, or is further than 1E-7 from what is best"
        )

    @given(st.fractions(0, 30, max_denominator=10**6))
    def test_exponentials(self, t):
        low, high = exponential(t)
        ctx.prec = 300
        true = (-arb(t.numerator) / t.denominator).exp()
        assert arb(low.numerator) / low.denominator < true < arb(high.numerator) / high.denominator
        assert high - low < low * Fraction(1, 10**30)

    @pytest.mark.parametrize("t", [0, Fraction(1, 10**300), 1, 1000, FAR, FAR + Fraction(1, 10**9), 10**300])
    def test_exponentials_at_the_ends(self, t):
        low, high = exponential(Fraction(t))
        ctx.prec = 300
        if t > FAR:
            assert (low, high) == (0, Fraction(1, 2**FAR))
        else:
            true = (-arb(Fraction(t).numerator) / Fraction(t).denominator).exp()
            assert 0 < arb(low.numerator) / low.denominator < true < arb(high.numerator) / high.denominator
            assert high - low < low * Fraction(1, 10**30)

    @settings(max_examples=200)
    @given(
        st.one_of(st.floats(-60, 60), st.sampled_from([0.0, 400.0, -400.0])),
        st.one_of(st.floats(0, 1), st.just(None)),
    )
    def test_chances(self, value, p):
        """The bounds are above |p - q| and KL(p || q), and not far above."""
        value = Fraction(repr(value))
        ctx.prec = 1000
        t = arb(value.numerator) / value.denominator
        q, rest = 1 / (1 + (-t).exp()), 1 / (1 + t.exp())
        if p is None:  # what a good solver would return
            p = float(q.mid())
        x = Fraction(repr(p))
        distance, divergence = logit_slip(value, x)
        p_ball = arb(x.numerator) / x.denominator
        true = sum(
            (a * (a / b).log() for a, b in ((p_ball, q), (1 - p_ball, rest)) if not a.contains(0)), arb(0)
        )
        told = arb(distance.numerator) / distance.denominator
        above = arb(divergence.numerator) / divergence.denominator
        assert told >= abs(p_ball - q)
        assert told <= abs(p_ball - q) * 1.0001 + arb("1e-35")
        assert above >= true
        if not 0 < x < 1:
            assert above <= true * 1.5 + arb("1e-35")

    def test_the_gain_of_a_logit_game(self):
        game = Logit(Graph.from_edges([0], [1]), [0.3, 0.0], support=1.0, cost=0.0, rationality=2.0)
        x = [float(game.best_response([0.5, 0.5])[0]), 0.5]
        assert accepts(game, x, equilibrium(1e-30, 1e-15))
        for away in (1e-6, -1e-6):
            moved = [x[0] + away, 0.5]
            gain = float(game.gains(moved).max())
            assert accepts(game, moved, equilibrium(gain * 2.2, 1.01e-6))
            assert not accepts(game, moved, equilibrium(gain * 0.99, 1.01e-6))
            assert not accepts(game, moved, equilibrium(1, 0.99e-6))

    def test_a_gain_without_a_bound(self):
        game = Logit(Graph.from_edges([0], [1]), [9.0, 0.0], support=1.0, cost=0.0, rationality=1000.0)
        assert accepts(game, [1, 0.5], equilibrium(1e-35, 1e-35))
        with pytest.raises(Refused, match="no bound"):
            about(game, [0.5, 0.5], equilibrium(10**9, 1))


class TestContraction:
    @settings(max_examples=60)
    @given(st.data(), linear_quadratic())
    def test_every_inequality_counts(self, data, game):
        v = data.draw(st.lists(st.integers(1, 9), min_size=game.n, max_size=game.n))
        rows = abs(game.matrix).toarray().tolist()
        rates = [
            sum(Fraction(repr(w)) * a for w, a in zip(row, v, strict=True)) / b
            for row, b in zip(rows, v, strict=True)
        ]
        x = np.clip(0.0, game.lower, game.upper)
        assert accepts(game, x, contraction(v, max(rates))) is (max(rates) < 1)
        assert not accepts(game, x, contraction(v, max(rates) - TINY))

    @settings(max_examples=40)
    @given(linear_quadratic(bounded=False))
    def test_errors(self, game):
        """The exact equilibrium of games without bounds is as near as the checker says."""
        game = LinearQuadratic(game.graph, game.standalone, interaction=game.interaction)
        inverse = np.eye(game.n) - np.abs(game.matrix.toarray())
        v = np.linalg.lstsq(inverse, np.ones(game.n))[0].round(6)
        if not (v > 0).all() or (inverse @ v <= 1e-6).any():
            return
        rate = float((1 - (inverse @ v / v)).max()) + 1e-9
        dense = [[Fraction(i == j) for j in range(game.n)] for i in range(game.n)]
        for i, j in zip(*np.nonzero(game.matrix.toarray()), strict=True):
            dense[i][j] -= Fraction(repr(float(game.matrix.toarray()[i, j])))
        exact = solved(dense, [Fraction(repr(b)) for b in game.standalone.tolist()])
        x = [Fraction(round(float(a), 3)).limit_denominator(1000) for a in exact]
        away = max(abs(a - b) for a, b in zip(x, exact, strict=True))
        residual = max(
            abs(sum(w * b for w, b in zip(row, x, strict=True)) - Fraction(repr(s)))
            for row, s in zip(dense, game.standalone.tolist(), strict=True)
        )
        told = contraction(v.tolist(), rate)
        if away > 0:
            assert not accepts(game, x, told, error(away * Fraction(999, 1000)))
        spread = Fraction(repr(float(v.max()))) / Fraction(repr(float(v.min())))
        enough = spread * residual / (1 - Fraction(repr(rate)))
        assert accepts(game, x, told, error(enough))
        if residual > 0 and len(set(v.tolist())) == 1:
            assert not accepts(game, x, told, error(enough - TINY))

    def test_an_error_needs_a_proof_of_uniqueness(self):
        game = LinearQuadratic(ring(4), 1.0, interaction=0.25)
        assert accepts(game, [2] * 4, contraction(1, 0.5), error(0))
        assert not accepts(game, [2] * 4, error(1))
        assert not accepts(game, [2] * 4, error(1), contraction(1, 0.5))
        assert not accepts(game, [2] * 4, contraction(1, 0.5), error(-1))

    def test_the_slope_of_a_logit_game(self):
        game = Logit(ring(4), 0.0, support=1.0, cost=1.0, rationality=1.9)
        assert accepts(game, [0.5] * 4, contraction(1, 0.95))
        assert not accepts(game, [0.5] * 4, contraction(1, 0.949999))
        assert not accepts(
            Logit(ring(4), 0.0, support=1.0, cost=1.0, rationality=2.0), [0.5] * 4, contraction(1, 1 - 1e-9)
        )

    def test_whole_actions_do_not_contract(self):
        game = Participation(ring(4), 0.0, support=0.1, cost=1.0)
        with pytest.raises(Refused, match="whole"):
            about(game, [0] * 4, contraction(1, 0.5))


class TestEnclosure:
    def test_a_box_helps_where_responses_are_flat(self):
        game = Logit(ring(4), 0.0, support=1.0, cost=-2.0, rationality=4.0)
        x = game.best_response([1] * 4)
        for _ in range(50):
            x = game.best_response(x)
        x = x.tolist()
        assert not accepts(game, x, contraction(1, 0.5))
        assert accepts(game, x, enclosure(1, 0.5, 0), equilibrium(1e-20, 1e-14), error(1e-13))
        assert not accepts(game, [0.5] * 4, enclosure(1, 0.5, 3), error(0.5))  # outside the box
        assert accepts(game, [0.5] * 4, enclosure(1, 0.5, 0), error(1))

    def test_steps_cut_at_the_bounds(self):
        game = LinearQuadratic(ring(4), 3.0, interaction=0.9, lower=0.0, upper=1.0)
        assert not accepts(game, [1] * 4, contraction(1, 0.999))
        assert accepts(game, [1] * 4, enclosure(1, 0, 0), equilibrium(), error(0))

    @pytest.mark.parametrize("steps", [0, 1, 2, 10, 50])
    @pytest.mark.parametrize("rate", [0, 0.5, 1 - 1e-12])
    def test_two_equilibria_are_never_one(self, steps, rate):
        coordination = Logit(ring(4), 0.0, support=1.0, cost=1.0, rationality=2.5)
        low, high = [0.0] * 4, [1.0] * 4
        for _ in range(300):
            low, high = coordination.best_response(low), coordination.best_response(high)
        assert high[0] - low[0] > 0.5
        bounded = LinearQuadratic(ring(4), -0.5, interaction=0.75, lower=0.0, upper=1.0)
        for x in ([0] * 4, [1] * 4):
            assert accepts(bounded, x, equilibrium())
        chicken = Logit(ring(4), 1.0, support=-1.0, cost=0.0, rationality=4.0)
        for game in (coordination, bounded, chicken, goods(ring(4), 0.5)):
            for vector in (1, [1, 2, 1, 2], [1, 1000, 1, 1000]):
                assert not accepts(game, [0] * 4, enclosure(vector, rate, steps))

    @pytest.mark.parametrize("steps", [-1, MOST_STEPS + 1, 10**30, 1.0, True, "1", None, [1]])
    def test_wrong_steps(self, steps):
        game = Logit(ring(4), 0.0, support=1.0, cost=1.0, rationality=1.0)
        assert accepts(game, [0.5] * 4, enclosure(1, 0.5, 1))
        claim = enclosure(1, 0.5, steps)
        assert not accepts(game, [0.5] * 4, claim) or steps is None

    def test_it_needs_bounds(self):
        with pytest.raises(Refused, match="bounds"):
            about(goods(ring(4), 0.1), [1] * 4, enclosure(1, 0.5, 1))


class TestMonotone:
    @pytest.mark.parametrize(
        ("graph", "below", "above"),
        [
            (ring(4), 0.499, 0.5),
            (ring(5), 0.618, 0.6181),
            (complete(5), 0.999, 1.0),
            (star(6), 0.447, 0.4473),
        ],
        ids=["C4", "C5", "K5", "star"],
    )
    def test_smallest_eigenvalues(self, graph, below, above):
        """I + delta G is positive definite up to a delta that is known; beyond, no factor is accepted."""
        game = goods(graph, below)
        symmetric = np.eye(graph.n) - game.matrix.toarray()
        least = np.linalg.eigvalsh(symmetric)[0]
        factor = np.linalg.cholesky(symmetric - least / 2 * np.eye(graph.n))
        x = [0] * graph.n
        assert accepts(game, x, monotone(factor.tolist()))
        assert not accepts(goods(graph, above), x, monotone(factor.tolist()))
        assert not accepts(game, x, monotone(np.linalg.cholesky(symmetric).tolist()))  # nothing is left over
        if graph.n == 5:
            assert not accepts(game, x, contraction(1, 0.999999))

    @settings(max_examples=40)
    @given(linear_quadratic(bounded=False), st.floats(0.05, 0.9))
    def test_errors(self, game, share):
        """The only equilibrium between lower bounds, found by trying all supports, is as near as the checker says."""
        game = LinearQuadratic(game.graph, game.standalone, interaction=game.interaction, lower=0.0)
        dense = game.matrix.toarray()
        symmetric = np.eye(game.n) - (dense + dense.T) / 2
        least = np.linalg.eigvalsh(symmetric)[0]
        if least < 0.01:
            return
        factor = np.linalg.cholesky(symmetric - share * least * np.eye(game.n)).round(9)
        equilibria = bounded_equilibria(game.to_dict())
        assert len(equilibria) == 1
        x = [Fraction(round(float(a), 2)).limit_denominator(100) for a in equilibria[0]]
        away = sum((a - b) ** 2 for a, b in zip(x, equilibria[0], strict=True))
        largest = max(abs(a - b) for a, b in zip(x, equilibria[0], strict=True))
        told = monotone(factor.tolist())
        assert accepts(game, x, told, error(1000 * max(largest, TINY) / Fraction(share * least)))
        assert not accepts(game, x, told, error(largest * Fraction(999, 1000))) or away == 0

    @pytest.mark.parametrize(
        ("graph", "delta"), [(ring(4), 0.5), (ring(4), 0.8), (ring(5), 0.62), (ring(5), 0.95)]
    )
    def test_no_factor_for_several_equilibria(self, graph, delta):
        game, entries = goods(graph, delta), st.floats(-2, 2)
        assert delta == 0.5 or len(bounded_equilibria(game.to_dict())) > 1

        @settings(max_examples=25)
        @given(st.lists(st.lists(entries, min_size=5, max_size=5), min_size=graph.n, max_size=graph.n))
        def refuse(factor):
            assert not accepts(game, [0] * graph.n, monotone(factor))

        refuse()

    @pytest.mark.parametrize(
        "row",
        [
            {"columns": [0, 2], "values": [0.1, 0.9]},
            {"columns": [-1, 1], "values": [0.1, 0.9]},
            {"columns": [0.0, 1], "values": [0.1, 0.9]},
            {"columns": [True, 1], "values": [0.1, 0.9]},
            {"columns": [0, 1], "values": [0.1]},
            {"columns": [0, 1], "values": [0.1, float("nan")]},
            {"columns": 0, "values": 0.1},
            {"columns": [0, 1]},
            [[0, 1], [0.1, 0.9]],
            None,
        ],
        ids=str,
    )
    def test_wrong_rows(self, row):
        game = LinearQuadratic(Graph.from_edges([0], [1], directed=False), 1.0, interaction=0.5)
        good = monotone([[0.8, 0], [-0.6, 0.5]])
        assert accepts(game, [2, 2], good)
        good["factor"][1] = row
        assert not accepts(game, [2, 2], good)
        assert not accepts(game, [2, 2], good | {"factor": good["factor"][:1]})
        assert not accepts(game, [2, 2], good | {"factor": None})

    def test_a_repeated_column_counts_once(self):
        game = LinearQuadratic(Graph.from_edges([0], [1], directed=False), 1.0, interaction=0.5)
        claim = monotone([[0.8, 0], [-0.6, 0.5]])
        claim["factor"][1] = {"columns": [0, 0, 1], "values": [1000, -0.6, 0.5]}
        assert accepts(game, [2, 2], claim)  # the last one is the factor
        claim["factor"][1] = {"columns": [0, 0, 1], "values": [-0.6, 0.6, 0.5]}
        assert not accepts(game, [2, 2], claim)

    def test_only_linear_quadratic_games(self):
        game = Logit(ring(4), 0.0, support=0.1, cost=1.0, rationality=1.0)
        with pytest.raises(Refused, match="linear_quadratic"):
            about(game, [0.5] * 4, monotone(np.eye(4).tolist()))


class TestOrders:
    @settings(max_examples=40)
    @given(participation(most=4))
    def test_extremes_by_trying_all(self, game):
        document = game.to_dict()
        equilibria = participation_equilibria(document)
        least, greatest = equilibria[0], equilibria[-1]
        for x in equilibria:
            assert all(a <= b <= c for a, b, c in zip(least, x, greatest, strict=True))
        for profile in product([0, 1], repeat=game.n):
            x = list(profile)
            ups = permutations([i for i in range(game.n) if x[i] == 1])
            downs = permutations([i for i in range(game.n) if x[i] == 0])
            up = [
                list(order) for order in ups if accepts(document, x, {"claim": "least", "order": list(order)})
            ]
            down = [
                list(order)
                for order in downs
                if accepts(document, x, {"claim": "greatest", "order": list(order)})
            ]
            assert bool(up) is (x == least)
            assert bool(down) is (x == greatest)
            if up and down:
                extremes = [{"claim": "least", "order": up[0]}, {"claim": "greatest", "order": down[0]}]
                assert accepts(document, x, *extremes, {"claim": "unique", "by": "extremes"})
                assert not accepts(document, x, extremes[0], {"claim": "unique", "by": "extremes"})

    def test_ties_take_part(self):
        game = Participation(
            ring(3), 0.1, support=0.1, cost=0.3
        )  # 0.1 + 2 * 0.1 - 0.3 is 0, though not in floats
        assert accepts(game, [1] * 3, {"claim": "greatest", "order": []})
        assert accepts(game, [0] * 3, {"claim": "least", "order": []})
        free = Participation(ring(3), 0.1, support=0.1, cost=0.1)
        assert accepts(free, [1] * 3, {"claim": "least", "order": [0, 1, 2]})
        assert not accepts(free, [0] * 3, {"claim": "least", "order": []})

    @pytest.mark.parametrize(
        "order",
        [
            [0, 1],
            [0, 1, 2, 2],
            [0, 1, 2, 3],
            [-1, 1, 2],
            [0, 1, 2.0],
            [True, 0, 2],
            ["0", 1, 2],
            [None],
            None,
            0,
            {},
        ],
        ids=str,
    )
    def test_wrong_orders(self, order):
        game = Participation(ring(3), 1.0, support=0.1, cost=0.5)
        assert accepts(game, [1] * 3, {"claim": "least", "order": [2, 0, 1]})
        assert not accepts(game, [1] * 3, {"claim": "least", "order": order})

    def test_negative_support(self):
        game = Participation(Graph.from_edges([0], [1]), 1.0, support=-0.1, cost=0.5)
        with pytest.raises(Refused, match="at least 0"):
            about(game, [1, 1], {"claim": "least", "order": [0, 1]})


class TestInterdependent:
    def test_well_posed_needs_a_rate_below_one(self):
        pair = Graph.from_edges([0], [1], directed=False)
        base = LinearQuadratic(pair, 1.0, interaction=0.1)
        for altruism, rate, accepted in (([2.0, 0.25], 0.75, True), ([2.0, 0.5], 0.999, False)):
            system = Interdependent(base, altruism=altruism)
            claim = {"claim": "well_posed", "vector": [2.72, 1], "rate": rate}
            assert accepts(system, [0, 0], claim) is accepted

    def test_other_claims_need_it_first(self):
        pair = Graph.from_edges([0], [1], directed=False)
        system = Interdependent(LinearQuadratic(pair, 1.0, interaction=0.3), altruism=0.5)
        posed = {"claim": "well_posed", "vector": 1, "rate": 0.5}
        x = [Fraction(20, 11)] * 2  # 1 / (1 - 0.45)
        assert accepts(system, x, posed, equilibrium(), contraction(1, 0.45), error(0))
        for claim in (equilibrium(), contraction(1, 0.45), monotone([[0.8, 0], [-0.5, 0.5]])):
            with pytest.raises(Refused, match="well_posed before"):
                about(system, x, claim, posed)

    def test_many_people(self):
        base = LinearQuadratic(ring(LARGEST + 1), 1.0, interaction=0.1)
        system = Interdependent(base, altruism=0.25)
        posed = {"claim": "well_posed", "vector": 1, "rate": 0.5}
        assert accepts(system, [1] * base.n, posed)
        with pytest.raises(Refused, match=f"{LARGEST} at most"):
            about(system, [1] * base.n, posed, equilibrium(9, 9))

    def test_only_interdependent_systems(self):
        with pytest.raises(Refused, match="only an interdependent"):
            about(goods(ring(3), 0.1), [1] * 3, {"claim": "well_posed", "vector": 1, "rate": 0.5})
