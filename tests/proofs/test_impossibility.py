"""Impossibility theorems and best guarantees: formulas, linear programs and certificates agree."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import proofs.linear
from mechanism.errors import CertificateError, InvalidInputError
from mechanism.schemes import DoubleGeometric, PathTable
from proofs import (
    RewardBound,
    SybilProof,
    WithinBudget,
    guaranteed_reward,
    interior_rewards_vanish,
    reward_trade_off,
    verify,
)
from proofs.check_linear import Refused, check
from proofs.impossibility.bound import SchemeRules
from proofs.impossibility.guarantee import reward_program, solve_guarantee
from proofs.linear import LinearProgram, maximise
from tests.reference.linear import dense, is_proof

F = Fraction
rates = st.one_of(
    st.sampled_from([F(0), F(1, 10), F(1), F(3)]), st.builds(F, st.integers(0, 20), st.integers(1, 20))
)
costs = st.one_of(
    st.sampled_from([F(0), F(1, 100), F(1, 2)]), st.builds(F, st.integers(0, 9), st.integers(1, 200))
)


def closed_form(max_depth, cost):
    """kappa + min over l of (1/l - kappa) 2^-(N-l): the exact guarantee with an identity cost."""
    return cost + min((F(1, length) - cost) / 2 ** (max_depth - length) for length in range(1, max_depth + 1))


class TestInteriorRewardsVanish:
    @pytest.mark.parametrize("depth", range(3, 13))
    def test_every_interior_position_of_every_chain(self, depth):
        bound = interior_rewards_vanish(depth)
        assert bound.value == 0
        assert bound.rules.places() == [(n, j) for n in range(3, depth + 1) for j in range(1, n - 1)]
        assert is_proof(bound.to_dict())

    def test_deep_chains(self):
        assert interior_rewards_vanish(40).value == 0

    @pytest.mark.parametrize("depth", range(3, 8))
    def test_the_linear_program_agrees(self, depth):
        """The sum of the interior rewards is maximised with other multipliers."""
        rules = SchemeRules(depth, collusion=F(0), positions="interior")
        rows = {name: row for name, row in reward_program(rules).rows.items() if "paid" not in name}
        assert maximise(LinearProgram(dict.fromkeys(rules.places(), F(1)), rows)).value == 0
        assert guaranteed_reward(depth, positions="interior", collusion=0).value == 0

    @pytest.mark.parametrize("depth", range(2, 9))
    def test_no_other_position_is_forced(self, depth):
        ends = [(1, 0)] + [(n, j) for n in range(2, depth + 1) for j in (0, n - 1)]
        assert guaranteed_reward(depth, positions=ends, collusion=0).value == F(1, 2)

    def test_four_inequalities_prove_one_position(self):
        bound = interior_rewards_vanish(3)
        assert bound.multipliers == {
            "sybil(1, 0, 1)": 1,
            "sybil(2, 0, 1)": 1,
            "sybil(2, 1, 1)": 1,
            "collusion(1, 0, 2)": 1,
        }

    @pytest.mark.parametrize(
        "left_out", ["sybil(1, 0, 1)", "sybil(2, 0, 1)", "sybil(2, 1, 1)", "collusion(1, 0, 2)"]
    )
    def test_and_none_of_them_can_be_spared(self, left_out):
        rows = dict(reward_program(SchemeRules(3, collusion=F(0), positions="interior")).rows)
        del rows[left_out]
        assert maximise(LinearProgram({(3, 1): F(1)}, rows)).value > 0

    @pytest.mark.parametrize("depth", [-1, 0, 1, 2, True, 3.0, None])
    def test_short_chains_have_no_interior(self, depth):
        with pytest.raises(InvalidInputError, match="max_depth"):
            interior_rewards_vanish(depth)

    def test_prints_readably(self):
        assert str(interior_rewards_vanish(4)).splitlines() == [
            "In all at most 0 of the prize to every interior position.",
            "Schemes: sybil-proof, collusion-proof, chains of length at most 4.",
            "Attained by the rewards, the finder's first:",
            "  1",
            "  1/2  1/2",
            "  1/2  0  1/2",
            "  1/2  0  0  1/2",
            "Proved by 9 multipliers, from a formula.",
        ]


class TestExactlySybilProof:
    @pytest.mark.parametrize("depth", range(1, 13))
    def test_half_with_every_level(self, depth):
        bound = guaranteed_reward(depth)
        assert bound.value == F(1, 2 ** (depth - 1))
        assert bound.method == "formula"
        assert is_proof(bound.to_dict())

    @pytest.mark.parametrize("depth", range(1, 11))
    def test_the_linear_program_agrees(self, depth):
        bound = solve_guarantee(SchemeRules(depth))
        assert (bound.value, bound.method) == (F(1, 2 ** (depth - 1)), "linear program")

    def test_the_double_geometric_scheme_attains_it(self):
        assert guaranteed_reward(6).scheme.rows == tuple(map(tuple, DoubleGeometric(F(1, 2)).exact_table(6)))

    @pytest.mark.parametrize("depth", range(3, 11))
    def test_interior_positions(self, depth):
        bound = guaranteed_reward(depth, positions="interior")
        assert bound.value == solve_guarantee(bound.rules).value == F(1, 2 ** (depth - 1) - 2)
        assert bound.method == "formula"
        assert is_proof(bound.to_dict())

    def test_deep_chains(self):
        assert guaranteed_reward(60).value == F(1, 2**59)
        assert guaranteed_reward(40, positions="interior").value == F(1, 2**39 - 2)

    @pytest.mark.parametrize("depth", [2, 5, 9])
    def test_the_scheme_keeps_its_promises(self, depth):
        """The verifier of schemes knows nothing of linear programs."""
        for bound in (guaranteed_reward(depth), guaranteed_reward(depth, epsilon=0.25)):
            assert verify(bound.scheme, SybilProof(bound.rules.epsilon), max_depth=depth).holds
            assert verify(bound.scheme, WithinBudget()).holds


class TestIdentityCost:
    @pytest.mark.parametrize("cost", [F(0), F(1, 1000), F(1, 20), F(1, 6), F(1, 5), F(1, 2), F(2)])
    @pytest.mark.parametrize("depth", range(1, 9))
    def test_closed_form(self, depth, cost):
        assert guaranteed_reward(depth, identity_cost=cost).value == closed_form(depth, cost)

    @pytest.mark.parametrize("depth", range(3, 9))
    def test_from_which_cost_on_everybody_can_get_an_equal_split(self, depth):
        steps = [(2 ** (depth - length), length) for length in range(1, depth)]
        threshold = max((F(power, depth) - F(1, length)) / (power - 1) for power, length in steps)
        assert guaranteed_reward(depth, identity_cost=threshold).value == F(1, depth)
        assert guaranteed_reward(depth, identity_cost=threshold - F(1, 10**9)).value < F(1, depth)

    def test_three_costs_are_the_most_in_the_shortest_interior(self):
        assert guaranteed_reward(3, positions="interior", collusion=0, identity_cost=0.01).value == F(3, 100)

    @pytest.mark.parametrize("depth", range(5, 13))
    def test_with_collusion_proofness_the_cost_is_what_remains(self, depth):
        """A certified table; that it goes on like this is not claimed."""
        value = guaranteed_reward(depth, positions="interior", collusion=0, identity_cost=F(1, 100)).value
        assert value == F(1, 100) * (1 + F(2**7, 11 * 2**depth))


class TestAnyRules:
    @given(st.integers(1, 6), rates, costs, st.sampled_from([F(1), F(3), F(1, 7)]))
    @settings(max_examples=60)
    def test_formula_and_linear_program_agree(self, depth, epsilon, cost, budget):
        bound = guaranteed_reward(depth, epsilon=epsilon, identity_cost=cost, budget=budget)
        assert bound.method == "formula"
        assert bound.value == solve_guarantee(bound.rules).value
        assert is_proof(bound.to_dict())
        rows = bound.scheme.exact_table(depth)
        assert rows == [[row[0]] * len(row) for row in rows]
        assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)

    @given(st.integers(1, 5), rates, costs, st.none() | rates, st.data())
    @settings(max_examples=60)
    def test_any_bound_is_proved(self, depth, epsilon, cost, collusion, data):
        places = [(n, j) for n in range(1, depth + 1) for j in range(n)]
        chosen = data.draw(st.just("all") | st.lists(st.sampled_from(places), min_size=1, unique=True))
        bound = guaranteed_reward(
            depth, epsilon=epsilon, identity_cost=cost, collusion=collusion, positions=chosen
        )
        assert is_proof(bound.to_dict())
        assert json.loads(json.dumps(bound.to_dict())) == bound.to_dict()
        assert all(factor > 0 for factor in bound.multipliers.values())
        assert set(bound.multipliers) <= set(dense(bound.claim)[2])

    @given(st.integers(1, 4), rates, costs, st.none() | rates)
    @settings(max_examples=25)
    def test_money_has_no_unit(self, depth, epsilon, cost, collusion):
        one = guaranteed_reward(depth, epsilon=epsilon, identity_cost=cost, collusion=collusion)
        other = guaranteed_reward(
            depth, epsilon=epsilon, identity_cost=7 * cost, collusion=collusion, budget=7
        )
        assert other.value == 7 * one.value

    @given(st.integers(3, 5), rates, rates, costs, costs)
    @settings(max_examples=25)
    def test_looser_rules_guarantee_no_less(self, depth, epsilon, collusion, cost, more):
        rules = {"epsilon": epsilon, "identity_cost": cost, "collusion": collusion, "positions": "interior"}
        value = guaranteed_reward(depth, **rules).value
        for looser in ("epsilon", "identity_cost", "collusion"):
            assert guaranteed_reward(depth, **rules | {looser: rules[looser] + more}).value >= value
        assert guaranteed_reward(depth, **rules | {"collusion": None}).value >= value
        assert guaranteed_reward(depth + 1, **rules).value <= value

    def test_floats_stand_for_their_shortest_decimals(self):
        bound = guaranteed_reward(3, epsilon=0.1, identity_cost=0.01, collusion=0.2, budget=1.5)
        assert bound.rules == SchemeRules(3, F(1, 10), F(1, 100), F(1, 5), "all", F(3, 2))

    def test_tiny_guarantees_are_exact(self):
        """Far below what floats can tell from 0, down to about 1e-19."""
        for depth, digits in ((8, 10), (10, 14), (12, 18)):
            value = guaranteed_reward(depth, collusion=F(1, 1000)).value
            assert 0 < value < F(1, 10**digits)
            tenfold = guaranteed_reward(depth, collusion=F(1, 1000), budget=10).value
            assert tenfold == 10 * value

    def test_only_what_is_proved_is_returned(self):
        bound = guaranteed_reward(3)
        rest = (bound.rules, bound.value + F(1, 10**30), bound.scheme, bound.multipliers, "formula")
        with pytest.raises(CertificateError, match="the bound is not proved"):
            RewardBound("least", *rest)

    def test_wrong_floats_do_no_harm(self, monkeypatch):
        monkeypatch.setattr(proofs.linear, "_floats", lambda tableau, units: None)
        assert guaranteed_reward(4, positions="interior", collusion=0.1, epsilon=0.1).value == F(4641, 48400)

    def test_is_frozen(self):
        with pytest.raises(AttributeError):
            guaranteed_reward(2).value = F(1)

    def test_prints_readably(self):
        bound = guaranteed_reward(
            7, epsilon=0.5, identity_cost=0.01, collusion=0.25, budget=2, positions=[(7, 3)]
        )
        lines = str(bound).splitlines()
        assert lines[0].startswith("At most ")
        assert lines[0].endswith(" of the prize to 1 given position(s).")
        schemes = "sybil-proof up to 1/2 at 1/100 per identity, collusion-proof up to 1/4, budget 2"
        assert lines[1] == f"Schemes: {schemes}, chains of length at most 7."
        assert lines[2] == f"Proved by {len(bound.multipliers)} multipliers, from a linear program."
        assert float(bound) == pytest.approx(float(bound.value))


class TestBadInput:
    @pytest.mark.parametrize("argument", ["epsilon", "identity_cost", "collusion", "budget"])
    @pytest.mark.parametrize("value", [-1, -1e-9, float("nan"), float("inf"), "1", True, F(-1, 3)])
    def test_numbers(self, argument, value):
        with pytest.raises(InvalidInputError, match=f"^{argument} is "):
            guaranteed_reward(3, **{argument: value})

    def test_a_budget_of_nothing(self):
        with pytest.raises(InvalidInputError, match=r"^budget is 0; it must be a number above 0$"):
            guaranteed_reward(3, budget=0)

    @pytest.mark.parametrize("depth", [0, -1, True, 2.0, None, "3"])
    def test_depths(self, depth):
        with pytest.raises(InvalidInputError, match=r"^max_depth is "):
            guaranteed_reward(depth)

    @pytest.mark.parametrize("depth", [1, 2])
    def test_no_interior(self, depth):
        with pytest.raises(InvalidInputError, match=r"^max_depth is .*3$"):
            guaranteed_reward(depth, positions="interior")

    @pytest.mark.parametrize(
        "positions",
        [
            "",
            "some",
            [],
            [(0, 0)],
            [(4, 0)],
            [(2, 2)],
            [(2, -1)],
            [(1, 0), (1, 0)],
            [(1,)],
            [1],
            7,
            None,
            [(1.0, 0)],
        ],
    )
    def test_positions(self, positions):
        with pytest.raises(InvalidInputError, match=r"^positions"):
            guaranteed_reward(3, positions=positions)

    @pytest.mark.parametrize("given", [[], 0.5, "01", None])
    def test_grids(self, given):
        with pytest.raises(InvalidInputError, match=r"^epsilons is "):
            reward_trade_off(3, epsilons=given, collusions=[0])
        with pytest.raises(InvalidInputError, match=r"^collusions is "):
            reward_trade_off(3, epsilons=[0], collusions=given)


class TestTradeOff:
    def test_a_grid_of_certified_values(self):
        grid = reward_trade_off(5, epsilons=[0, F(1, 10), 1], collusions=[0, F(1, 10), 1, None])
        assert grid.values[0][0] == 0
        assert grid.values[0][-1] == F(1, 14)
        for rows in (grid.values, tuple(zip(*grid.values, strict=True))):
            assert all(list(row) == sorted(row) for row in rows)
        assert len(check(grid.certificate)) == 12
        assert json.loads(json.dumps(grid.to_dict())) == grid.to_dict()
        grid.certificate["claims"][3]["multipliers"].clear()
        damaged = grid.certificate
        damaged["claims"][3]["multipliers"].clear()
        with pytest.raises(Refused):
            check(damaged)

    def test_positions_may_be_an_iterator(self):
        places = [(2, 0), (3, 1)]
        grid = reward_trade_off(3, epsilons=[0, 1], collusions=[None, 0], positions=iter(places))
        assert {bound.rules.positions for row in grid.bounds for bound in row} == {tuple(places)}

    def test_collusion_alone_relaxed_buys_interior_rewards(self):
        values = [
            guaranteed_reward(3, positions="interior", collusion=c).value for c in (0, F(1, 100), F(1, 10))
        ]
        assert values[0] == 0 < values[1] < values[2]


def test_the_scheme_is_a_table():
    bound = guaranteed_reward(3, positions="interior")
    assert isinstance(bound.scheme, PathTable)
    assert bound.scheme.rows == ((1,), (F(1, 2), F(1, 2)), (0, F(1, 2), 0))
