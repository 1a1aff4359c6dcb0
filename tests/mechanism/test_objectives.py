"""Objectives: figures by their definition, mixtures, words, wrong input."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mechanism import InvalidInputError, Objective

members = st.lists(st.floats(0, 1000, allow_subnormal=False), min_size=1, max_size=6).map(np.array)
chances = st.floats(0, 1)
weights = st.floats(0, 100)


def parts():
    return [
        Objective.recruits(),
        Objective.all_found(),
        Objective.mean_depth(),
        Objective.depth_quantile(0.3),
    ]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), chances)
def test_figures_are_those_of_a_list_of_recruits(counts, found):
    depths = np.repeat(np.arange(1, len(counts) + 1), counts)
    given = np.array(counts, dtype=float)
    assert Objective.recruits().value(given, found) == len(depths)
    assert Objective.all_found().value(given, found) == found
    mean = depths.mean() if len(depths) else 0.0
    assert Objective.mean_depth().value(given, found) == pytest.approx(mean)


@given(members, st.floats(0.01, 0.99))
def test_so_many_stand_above_the_quantile(counts, q):
    assume(counts.sum() > 1e-6)
    depth = Objective.depth_quantile(q).value(counts, 0.0)
    assert 0 < depth <= len(counts)
    whole = int(np.floor(min(depth, len(counts) - 1e-12)))
    above = counts[:whole].sum() + (depth - whole) * counts[whole]
    assert above == pytest.approx(q * counts.sum(), rel=1e-6, abs=1e-9)


@given(members, chances, st.floats(0.01, 0.98), st.floats(1e-3, 1e3))
def test_depths_do_not_depend_on_how_many_there_are(counts, found, q, scale):
    for objective in (Objective.mean_depth(), Objective.depth_quantile(q)):
        assert objective.value(scale * counts, found) == pytest.approx(
            objective.value(counts, found), abs=1e-6
        )
    lower, higher = (Objective.depth_quantile(share).value(counts, found) for share in (q, q + 0.01))
    assert lower <= higher + 1e-12


@given(members, chances, st.lists(weights, min_size=4, max_size=4))
def test_mixtures_are_weighted_sums(counts, found, given_weights):
    mixed = given_weights[0] * parts()[0]
    for weight, part in zip(given_weights[1:], parts()[1:], strict=True):
        mixed = mixed + weight * part
    expected = sum(w * part.value(counts, found) for w, part in zip(given_weights, parts(), strict=True))
    assert mixed.value(counts, found) == pytest.approx(expected)
    assert (2 * mixed).value(counts, found) == pytest.approx(2 * expected)


def test_nobody_stands_at_depth_0():
    for objective in parts():
        assert objective.value(np.zeros(3), 0.0) == 0


def test_words():
    assert str(Objective.recruits() + 500 * Objective.all_found()) == "1 recruits + 500 P(all found)"
    assert [str(part) for part in parts()] == [
        "recruits", "P(all found)", "mean depth", "depth of the 0.3 quantile",
    ]  # fmt: skip
    assert Objective.recruits() == Objective.recruits()
    assert 2 * Objective.recruits() != 3 * Objective.recruits()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Objective.depth_quantile(0), "q is 0; it must be a number above 0 and below 1"),
        (lambda: Objective.depth_quantile(1), "q is 1"),
        (lambda: Objective.depth_quantile("a"), "q is 'a'"),
        (lambda: -1 * Objective.recruits(), "weight is -1; it must be a finite weight of at least 0"),
        (lambda: float("inf") * Objective.recruits(), "weight is inf"),
        (lambda: Objective.recruits() + 5, "objective is 5"),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(InvalidInputError, match=words):
        make()
