"""Designs whose rewards depend on the distance alone: exact after rounding, proved, and no better than others."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism.errors import SolveError
from proofs import (
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Monotone,
    RecruiterShare,
    RewardCap,
    SubtreeLocal,
    SybilProof,
    WithinBudget,
    verify,
)
from proofs.check import check
from solvers import design
from solvers.reward_space import RewardSpace, inequalities
from solvers.rounding import exactly_feasible, least_table
from tests.solvers.designs import small_campaign

DEPTH = 5
DEMANDS = [
    [SybilProof(0)],
    [SybilProof(0, identity_cost=0.02)],
    [SybilProof(0, identity_cost=0.02, identities=1), FinderShare(0.4)],
    [SybilProof(0.25)],
    [SybilProof(0.25, identity_cost=0.01)],
    [SybilProof(1, identities=2), RewardCap(0.6)],
    [SybilProof(0.5), CollusionProof(), FinderShare(0.3)],
    [SybilProof(0.5), RecruiterShare(0.2), IndividualRationality(0.001)],
    [SybilProof(2), RecruiterShare(0.5), Monotone(), WithinBudget(0.7)],
]


def all_of(demands):
    rest = [] if any(isinstance(one, WithinBudget) for one in demands) else [WithinBudget()]
    return [*demands, SubtreeLocal(), *rest]


def noisy(table, rng, size):
    return np.tril(np.maximum(table + size * rng.standard_normal(table.shape), 0.0))


@pytest.mark.parametrize("demands", DEMANDS, ids=lambda demands: ", ".join(map(str, demands)))
@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([0.0, 1e-11, 1e-7, 1e-3]))
def test_rounding_is_exact_and_near(demands, seed, size):
    """A table of the space with the noise of a solver becomes exact, and moves by little more than the noise."""
    rng = np.random.default_rng(seed)
    wanted = all_of(demands)
    space = RewardSpace(DEPTH, wanted)
    table = space.nearest(np.tril(rng.random((DEPTH, DEPTH)) / 2))
    rows = exactly_feasible(noisy(table, rng, size), wanted)
    assert [one for one in wanted if one.violation(rows) is not None] == []
    moved = max(abs(float(x) - table[n, j]) for n, row in enumerate(rows) for j, x in enumerate(row))
    assert moved <= 100 * size + 1e-6


@pytest.mark.parametrize("demands", DEMANDS, ids=lambda demands: ", ".join(map(str, demands)))
def test_rounding_to_cents(demands):
    unit, wanted = Fraction(1, 5000), all_of(demands)
    table = RewardSpace(DEPTH, wanted).nearest(np.tril(np.full((DEPTH, DEPTH), 0.3)))
    rows = exactly_feasible(table, wanted, unit=unit)
    assert [one for one in wanted if one.violation(rows) is not None] == []
    assert all((x / unit).denominator == 1 for row in rows for x in row)


def test_the_least_table():
    rows = least_table(4, [SybilProof(0.25), SubtreeLocal(), IndividualRationality(0.001), WithinBudget()])
    assert SubtreeLocal().violation(rows) is None
    assert rows[3] == [Fraction(x, 1000) for x in (100, 20, 4, 1)]  # four times what fakes would add


@pytest.mark.parametrize(
    "demands",
    [
        [SybilProof(0), RecruiterShare(0.1), FinderShare(0.1)],
        [SybilProof(0), IndividualRationality(0.01)],
        [SybilProof(0.1), RecruiterShare(0.2), FinderShare(0.1)],
        [SybilProof(0.1), IndividualRationality(0.01)],
    ],
    ids=lambda demands: ", ".join(map(str, demands)),
)
def test_what_cannot_be_had_together(demands):
    """As the theorem has it: the finder's recruiter may be paid epsilon of the finder's reward at most."""
    with pytest.raises(SolveError, match="no table of depth 5"):
        least_table(DEPTH, all_of(demands))


def test_inequalities_are_the_definition():
    rows = list(inequalities(SubtreeLocal(), 3))
    assert len(rows) == 2 * 3
    assert all(bound == 0 for _, bound in rows)
    places = {frozenset(row) for row, _ in rows}
    assert places == {frozenset(pair) for pair in ([(1, 0), (2, 0)], [(2, 0), (3, 0)], [(2, 1), (3, 1)])}


@pytest.fixture(scope="module")
def campaign():
    return small_campaign(n=100)


def test_designs(campaign):
    free = design(campaign, epsilon=0.25, rng=1)
    found = design(campaign, subject_to=[SybilProof(0.25), SubtreeLocal()], rng=1)
    check(found.scheme.to_dict(), found.certificate)
    assert verify(found.scheme, SubtreeLocal(), max_depth=3).holds
    level = found.scheme.rows[-1]
    assert 0 < level[1] <= level[0] / 4
    assert all(found.search_value >= member.value * (1 - 1e-9) for member in found.rivals)
    assert {"geometric", "recursive"} <= {member.family for member in found.rivals}
    assert found.search_value <= free.search_value * (1 + 1e-3)


def test_without_a_leak_there_is_nothing_to_design(campaign):
    found = design(campaign, subject_to=[SybilProof(0), SubtreeLocal()], rng=1)
    assert found.scheme.rows == tuple((Fraction(1), *[Fraction(0)] * j) for j in range(3))
