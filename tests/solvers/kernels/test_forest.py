"""The compiled pass over a forest: bit for bit what the scheme's own functions say, one member at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import (
    CDRM1,
    CDRM2,
    TDRM,
    CappedRate,
    GeometricTree,
    LinearLuxor,
    LinearPachira,
    Luxor,
    MultiLevel,
    Pachira,
    ReferralForest,
    ShapleyTree,
    TreeScheme,
)
from mechanism.errors import InvalidInputError
from mechanism.schemes import TREE_FAMILIES
from solvers.forest_rewards import tree_rewards

SCHEMES = (
    GeometricTree(0.3, 0.7),
    MultiLevel(0.3, 0.7),
    LinearLuxor(0.9, 0.3),
    LinearPachira(0.9, 0.3, 0.7),
    Pachira(0.3, 0.7),
    Luxor(0.3),
    TDRM(0.5, 0.2, 0.1, 0.3),
    CDRM1(0.9, 0.3),
    CDRM2(0.9, 0.3),
    CappedRate(0.1, 0.2, 0.5),
    ShapleyTree(),
)


@st.composite
def forests(draw):
    """Members in any order, some without a contribution, at least one with."""
    n = draw(st.integers(1, 30))
    above = [draw(st.integers(-1, i - 1)) for i in range(n)]
    order = draw(st.permutations(range(n)))
    parents = [0] * n
    for i, parent in enumerate(above):
        parents[order[i]] = order[parent] if parent >= 0 else -1
    amounts = draw(st.lists(st.floats(0, 4) | st.just(0.0), min_size=n, max_size=n))
    return ReferralForest(parents, [*amounts[:-1], amounts[-1] + 0.1])


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.kind)
@settings(max_examples=40)
@given(forest=forests())
def test_bit_for_bit(scheme, forest):
    assert tree_rewards(scheme, forest).tobytes() == scheme.rewards(forest).tobytes()


def test_every_family_is_compiled():
    assert {scheme.kind for scheme in SCHEMES} == set(TREE_FAMILIES)


def test_exact_numbers_are_rounded_first():
    forest = ReferralForest([-1, 0, 1], [1, 2, 3])
    exact = CDRM1(0.9, 0.3).exact()
    floats = ReferralForest([-1, 0, 1], [1.0, 2.0, 3.0])
    assert tree_rewards(exact, forest).tolist() == CDRM1(0.9, 0.3).rewards(floats).tolist()


def test_deep_and_wide_forests():
    n = 20_000
    for parents in (np.arange(-1, n - 1), np.r_[-1, np.zeros(n - 1, dtype=int)], np.full(n, -1)):
        forest = ReferralForest(parents, np.ones(n))
        paid = tree_rewards(ShapleyTree(), forest)
        assert paid.sum() == pytest.approx(n)


def helper(x):
    return x + 1


@dataclass(frozen=True, slots=True)
class Mine(TreeScheme):
    kind: ClassVar[str] = "mine"
    rate: float = 0.5

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        return (helper(below[0]),)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        return parameters[0] * below[0]

    @property
    def label(self) -> str:
        return "members below"


def test_a_scheme_of_ones_own():
    forest = ReferralForest([-1, 0, 0, 1], [1.0] * 4)
    assert tree_rewards(Mine(), forest).tolist() == [1.5, 0.5, 0.0, 0.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("geometric", ReferralForest([-1])), "scheme is"), ((ShapleyTree(), [-1]), "forest is")],
)
def test_wrong_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        tree_rewards(*arguments)
