"""Path schemes: the formulas of the papers, one code for floats and fractions."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import (
    AlmostUniform,
    BalancedGeometric,
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    InvalidInputError,
    PathTable,
    Power,
    PowerSum,
    Recursive,
    scheme_from_dict,
)

share = st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=1000)
schemes = st.one_of(
    st.just(FinderTakesAll()),
    st.just(EqualSplit()),
    st.builds(Recursive, share),
    st.builds(DoubleGeometric, share),
    st.builds(DirectReferral, st.integers(1, 1000).map(lambda k: Fraction(k, 1000))),
    st.builds(Geometric, share, share),
    st.builds(BalancedGeometric, share),
    st.builds(ConstantSplit, st.integers(1, 20)),
    st.builds(AlmostUniform, share, st.integers(1, 20)),
    st.lists(st.tuples(share, share, share), min_size=1, max_size=3).map(PowerSum),
    st.builds(Power, share, share, st.fractions(0, 3, max_denominator=100)),
    st.lists(share, min_size=3, max_size=3).map(lambda x: PathTable([x[:1], x[1:]])),
)
positions = st.integers(1, 30).flatmap(lambda depth: st.tuples(st.just(depth), st.integers(0, depth - 1)))


@given(schemes, positions)
def test_the_formula_is_generic_over_the_number_type(scheme, position):
    exact = scheme.exact().reward(*position)
    assert isinstance(exact, (int, Fraction))
    whole = ("members", "height")
    values = {k: v if k in whole else float(v) for k, v in _parameters(scheme).items()}
    if values:
        floating = type(scheme)(**values).reward(*position)
        assert isinstance(floating, float)
        assert floating == pytest.approx(float(exact), rel=1e-9, abs=1e-15)


def _parameters(scheme):
    document = scheme.to_dict()
    return (
        {}
        if {"rewards", "terms"} & set(document)
        else {k: Fraction(v) for k, v in document.items() if k != "scheme"}
    )


@given(schemes, st.integers(1, 8))
def test_tables_agree_with_rewards(scheme, depth):
    table, exact = scheme.table(depth), scheme.exact_table(depth)
    assert table.shape == (depth, depth)
    assert table.dtype == np.float64
    for length in range(1, depth + 1):
        assert len(exact[length - 1]) == length
        for distance in range(length):
            assert exact[length - 1][distance] == scheme.exact().reward(length, distance)
            assert table[length - 1, distance] == float(scheme.reward(length, distance))
        assert not table[length - 1, length:].any()


@given(schemes, positions)
def test_closed_forms_agree_with_rewards(scheme, position):
    term = scheme.exact().power_term()
    if term is not None:
        depth, distance = position
        power = Fraction(term.scale) * Fraction(term.p) ** (depth - 1) * Fraction(term.q) ** distance
        assert power == scheme.exact().reward(depth, distance)


@given(schemes)
def test_dictionaries_round_trip(scheme):
    assert scheme_from_dict(scheme.to_dict()) == scheme
    assert scheme_from_dict(scheme.exact().to_dict()).exact() == scheme.exact()


def test_floats_keep_their_shortest_decimal():
    assert DoubleGeometric(0.2).exact() == DoubleGeometric(Fraction(1, 5))
    assert DoubleGeometric(0.2).to_dict() == {"scheme": "double_geometric", "b": "0.2"}
    assert scheme_from_dict({"scheme": "recursive", "ratio": "0.5"}) == Recursive(0.5)
    assert isinstance(scheme_from_dict({"scheme": "recursive", "ratio": "0.5"}).ratio, float)


@given(share, positions)
def test_integers_of_numpy_do_not_overflow(ratio, position):
    depth, distance = 3 * position[0], 3 * position[1]
    there = Recursive(ratio).reward(np.int64(depth), np.int64(distance))
    assert there == Recursive(ratio).reward(depth, distance) == (1 - ratio) * ratio**distance


@given(schemes, positions)
def test_exact_schemes_pay_fractions(scheme, position):
    assert type(scheme.exact().reward(*position)) is Fraction


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        (FinderTakesAll(), "finder takes all"),
        (EqualSplit(), "equal split"),
        (Recursive(Fraction(1, 2)), "recursive 0.5"),
        (Geometric(0.7, 0.3), "geometric 0.7 * 0.3^j"),
        (DoubleGeometric(0.2), "double geometric 0.2"),
        (DirectReferral(0.2), "direct referral 0.2"),
        (Power(1, 0.5, 0.25), "1 * 0.5^(l-1) * 0.25^j"),
        (PowerSum([(1, 0.5, 0.25), (2, 1, 0)]), "1 * 0.5^(l-1) * 0.25^j + 2 * 1^(l-1) * 0^j"),
        (BalancedGeometric(0.5), "balanced geometric 0.5"),
        (ConstantSplit(4), "constant split 4"),
        (AlmostUniform(0.2, 5), "almost uniform (0.2, 5)"),
        (PathTable([[1]]), "table of depth 1"),
        (PathTable([[1]], label="mine"), "mine"),
    ],
)
def test_schemes_have_a_name(scheme, words):
    assert str(scheme) == scheme.label == words


def test_the_worked_example_of_the_network_challenge():
    """Alice, Bob, Carol, Dave: 250, 500, 1,000, 2,000 of 4,000; 250 go to charity (Pickard et al. 2011)."""
    scheme = Recursive(Fraction(1, 2))
    rewards = [4000 * scheme.reward(4, j) for j in range(4)]
    assert rewards == [2000, 1000, 500, 250]
    assert 4000 - sum(rewards) == 250


@given(share, positions)
def test_double_geometric_breaks_even_with_one_fake(b, position):
    depth, distance = position
    scheme = DoubleGeometric(b)
    split = scheme.reward(depth + 1, distance) + scheme.reward(depth + 1, distance + 1)
    assert split == scheme.reward(depth, distance)


@given(share)
def test_direct_referral_breaks_even_for_the_finder(referral):
    scheme = DirectReferral(referral)
    last = scheme.longest
    for depth in range(1, last):
        split = scheme.reward(depth + 1, 0) + scheme.reward(depth + 1, 1)
        assert split == scheme.reward(depth, 0)
    assert scheme.reward(last, 0) >= 0 > 1 - referral * last
    assert not any(scheme.reward(last + 1, j) for j in range(last + 1))


def test_direct_referral_in_floats_is_never_negative():
    for k in range(1, 1001):
        assert DirectReferral(k / 1000).table(40).min() >= 0


def test_double_geometric_at_one_half_pays_each_the_same():
    assert sum(DoubleGeometric(Fraction(1, 2)).reward(5, j) for j in range(5)) == Fraction(5, 16)


def test_power_contains_the_known_families():
    for depth, j in [(1, 0), (4, 2), (6, 5)]:
        assert Power(Fraction(1, 2), 1, Fraction(1, 2)).reward(depth, j) == Recursive(Fraction(1, 2)).reward(
            depth, j
        )
        b = Fraction(1, 5)
        assert Power(1, 1 - b, b / (1 - b)).reward(depth, j) == DoubleGeometric(b).reward(depth, j)
        assert Power(1, 1, 0).reward(depth, j) == FinderTakesAll().reward(depth, j)


def test_a_chain_longer_than_the_table_pays_nobody():
    scheme = PathTable([[1], [Fraction(3, 4), Fraction(1, 4)]])
    assert [scheme.reward(3, j) for j in range(3)] == [0, 0, 0]
    assert scheme.table(4)[2:].sum() == 0
    assert scheme.table(1).tolist() == [[1.0]]


def test_a_square_table_is_read_back():
    table = Recursive(0.3).table(5)
    assert np.array_equal(PathTable(table).table(5), table)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Recursive(1), r"ratio is 1; .*\[0, 1\)"),
        (lambda: Recursive(-0.1), "ratio is -0.1"),
        (lambda: Recursive(float("nan")), "ratio is nan"),
        (lambda: Recursive("0.5"), "ratio is '0.5'"),
        (lambda: Recursive(True), "ratio is True"),
        (lambda: DoubleGeometric(0), r"b is 0; .*\(0, 1\)"),
        (lambda: DirectReferral(1.5), r"referral is 1.5; .*\(0, 1\]"),
        (lambda: Geometric(float("inf"), 0.5), "first is inf"),
        (lambda: BalancedGeometric(1), r"ratio is 1; .*\(0, 1\)"),
        (lambda: BalancedGeometric(0), "ratio is 0"),
        (lambda: ConstantSplit(0), "members is 0"),
        (lambda: ConstantSplit(2.0), "members is 2.0"),
        (lambda: ConstantSplit(Fraction(5, 2)), "members is 5/2"),
        (lambda: AlmostUniform(0, 3), "beta is 0"),
        (lambda: AlmostUniform(1, "3"), "height is '3'"),
        (lambda: PowerSum([]), "terms is"),
        (lambda: PowerSum("abc"), "terms is 'abc'"),
        (lambda: PowerSum([(1, 2)]), r"terms\[0\] is"),
        (lambda: PowerSum([(1, 1, 1), (1, -1, 1)]), r"terms\[1, 1\] is -1"),
        (lambda: scheme_from_dict({"scheme": "power_sum", "terms": "1"}), "a list of lists"),
        (lambda: scheme_from_dict({"scheme": "power_sum", "term": []}), "'terms' only"),
        (lambda: Power(1, 1, -1), "q is -1"),
        (lambda: PathTable([]), "at least one row"),
        (lambda: PathTable([[1], [1]]), "at least 2"),
        (lambda: PathTable([[1], [0.5, -0.5]]), r"table\[1, 1\] is -0.5"),
        (lambda: PathTable([[1], [0.5, float("nan")]]), r"table\[1, 1\] is nan"),
        (lambda: PathTable([[1, 0.5], [0.5, 0.5]]), r"table\[0, 1\] is 0.5"),
        (lambda: Recursive(0.5).reward(0, 0), "depth is 0"),
        (lambda: Recursive(0.5).table(0), "max_depth is 0"),
        (lambda: Recursive(0.5).exact_table(-1), "max_depth is -1"),
        (lambda: PathTable([[1]]).exact_table(1.0), "max_depth is 1.0"),
        (lambda: Geometric(10**400, 0.5), "first is 1000"),
        (lambda: PathTable(5), "table is 5"),
        (lambda: PathTable([1]), r"table\[0\] is 1"),
        (lambda: scheme_from_dict([]), r"scheme is \[\]"),
        (lambda: scheme_from_dict({"scheme": ["recursive"]}), "one of"),
        (lambda: scheme_from_dict({"scheme": "recursive", "ratio": 0.5}), "number is 0.5"),
        (lambda: scheme_from_dict({"scheme": "path_table", "rewards": ["1"]}), "a list of lists"),
        (lambda: Recursive(0.5).reward(2, 2), r"distance is 2; .*0\.\.1"),
        (lambda: Recursive(0.5).reward(2.0, 0), "depth is 2.0"),
        (lambda: scheme_from_dict({"scheme": "pyramid"}), "'pyramid'"),
        (lambda: scheme_from_dict({"scheme": "recursive"}), "ratio"),
        (lambda: scheme_from_dict({"scheme": "recursive", "ratio": "half"}), "half"),
        (lambda: scheme_from_dict({"scheme": "path_table", "rewards": [["1"]], "more": 1}), "more"),
    ],
)
def test_wrong_arguments_are_named(build, words):
    with pytest.raises(InvalidInputError, match=words):
        build()


def test_an_iterated_split_follows_the_binomials():
    """R(1, 0) of a sybil-proof table bounds every deeper reward: C(l - 1, j) of them meet there."""
    scheme = DoubleGeometric(Fraction(1, 3))
    for depth in range(1, 8):
        assert sum(comb(depth - 1, j) * scheme.reward(depth, j) for j in range(depth)) == 1
