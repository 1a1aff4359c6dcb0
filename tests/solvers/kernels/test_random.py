"""The counter-based draws: equal to a big-integer twin, uniform, and apart from each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from solvers.kernels.random import ARC_STREAM, PERSON_STREAM, stream, uniform
from tests.reference import worlds as twin

word = st.integers(0, 2**64 - 1)


def draw(key, replicate, kind, item):
    return uniform(np.uint64(stream(key, replicate, kind)), item)


@given(st.tuples(word, word), st.integers(0, 2**40), st.integers(0, 2**40))
def test_draws_equal_the_big_integer_twin(key, replicate, item):
    words = np.array(key, dtype=np.uint64)
    assert draw(words, replicate, ARC_STREAM, item) == twin.uniform(key, replicate, twin.ARC, item)


@pytest.mark.parametrize("kind", [ARC_STREAM, PERSON_STREAM])
def test_draws_are_uniform_along_items_and_along_replicates(kind):
    key = np.array([3, 141], dtype=np.uint64)
    items = [draw(key, 5, kind, item) for item in range(4000)]
    replicates = [draw(key, replicate, kind, 5) for replicate in range(4000)]
    # A true uniform sample fails with probability 1e-7 each.
    assert stats.kstest(items, "uniform").pvalue > 1e-7
    assert stats.kstest(replicates, "uniform").pvalue > 1e-7
    assert stats.pearsonr(items, replicates).pvalue > 1e-7


def test_kinds_of_draws_are_independent():
    key = np.array([3, 141], dtype=np.uint64)
    arcs = [draw(key, 5, ARC_STREAM, item) for item in range(4000)]
    people = [draw(key, 5, PERSON_STREAM, item) for item in range(4000)]
    assert stats.pearsonr(arcs, people).pvalue > 1e-7
