"""Hypothesis strategies: random graphs, forests, schemes and attacks, to test schemes and properties of your own."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from mechanism.forest import ReferralForest
from mechanism.graph import Graph
from mechanism.schemes import (
    CDRM1,
    TDRM,
    AlmostUniform,
    BalancedGeometric,
    CappedRate,
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    GeometricTree,
    LinearLuxor,
    LinearPachira,
    MultiLevel,
    PathScheme,
    PathTable,
    Power,
    Recursive,
    ShapleyTree,
    TreeScheme,
)
from proofs.trees.rule import Forest
from proofs.trees.splitting import splits

__all__ = [
    "forests",
    "graphs",
    "identity_splits",
    "path_schemes",
    "path_tables",
    "shares",
    "small_forests",
    "tree_schemes",
]


def shares(*, denominator: int = 12, zero: bool = True, one: bool = True) -> st.SearchStrategy[Fraction]:
    """Return fractions of [0, 1] with a denominator, simple ones first; the ends may be left out."""
    return st.integers(0 if zero else 1, denominator if one else denominator - 1).map(
        lambda n: Fraction(n, denominator)
    )


@st.composite
def graphs(draw: st.DrawFn, *, most: int = 8) -> Graph:
    """Draw a directed graph of 2 to `most` nodes with at least one arc."""
    n = draw(st.integers(2, most))
    arcs = st.tuples(st.integers(0, n - 1), st.integers(1, n - 1)).map(lambda arc: (arc[0], sum(arc) % n))
    source, target = zip(*draw(st.lists(arcs, min_size=1, max_size=n * (n - 1), unique=True)), strict=True)
    return Graph.from_edges(list(source), list(target))


@st.composite
def small_forests(
    draw: st.DrawFn, *, most: int = 8, contributions: st.SearchStrategy[Fraction] | None = None
) -> Forest:
    """Draw a forest as properties search it: recruiters, each member after its own, and contributions.

    Every shape can be drawn; shrinks towards few members, recruited by the first, and equal contributions of 1.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(small_forests(), lambda forest: max(forest[0]) == 1)
    ((-1, 0, 1), (Fraction(1, 1), Fraction(1, 1), Fraction(1, 1)))
    """
    given = _CONTRIBUTIONS if contributions is None else contributions
    n = draw(st.integers(1, most))
    parents = tuple(draw(st.integers(-1, i - 1)) for i in range(n))
    return parents, tuple(draw(given) for _ in range(n))


_CONTRIBUTIONS = st.sampled_from(
    [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3), Fraction(1, 3), Fraction(10), Fraction(1, 10)]
)


def forests(
    *, most: int = 8, contributions: st.SearchStrategy[Fraction] | None = None
) -> st.SearchStrategy[ReferralForest]:
    """Return referral forests of at most so many members, with exact contributions."""
    return small_forests(most=most, contributions=contributions).map(lambda forest: ReferralForest(*forest))


@st.composite
def identity_splits(draw: st.DrawFn, forest: Forest, *, most: int = 3) -> tuple[int, Forest, tuple[int, ...]]:
    """Draw a member of a forest and a split of it: (member, forest after, numbers of its identities)."""
    member = draw(st.integers(0, len(forest[0]) - 1))
    added = draw(st.integers(1, most - 1))
    after, identities = draw(st.sampled_from(list(splits(forest, member, added))))
    return member, after, identities


@st.composite
def path_tables(draw: st.DrawFn, *, most: int = 6) -> PathTable:
    """Draw any table of rewards in [0, 1] for chains of at most so many members."""
    depth = draw(st.integers(1, most))
    return PathTable([draw(st.lists(shares(), min_size=n, max_size=n)) for n in range(1, depth + 1)])


def path_schemes() -> st.SearchStrategy[PathScheme]:
    """Return path schemes of the catalogue with exact parameters."""
    inner = shares(zero=False, one=False)
    factors = st.integers(0, 24).map(lambda n: Fraction(n, 12))
    return st.one_of(
        st.sampled_from([FinderTakesAll(), EqualSplit()]),
        st.builds(Recursive, shares(one=False)),
        st.builds(Geometric, shares(), shares()),
        st.builds(DoubleGeometric, inner),
        st.builds(BalancedGeometric, inner),
        st.builds(DirectReferral, shares(zero=False)),
        st.builds(ConstantSplit, st.integers(1, 6)),
        st.builds(AlmostUniform, shares(zero=False), st.integers(1, 6)),
        st.builds(Power, shares(), factors, factors),
        path_tables(),
    )


def tree_schemes() -> st.SearchStrategy[TreeScheme]:
    """Return tree schemes of the catalogue with exact parameters, all with rational rewards."""
    inner = shares(zero=False, one=False)
    pairs = st.tuples(inner, inner).map(sorted)
    return st.one_of(
        st.just(ShapleyTree()),
        st.builds(GeometricTree, shares(one=False), shares()),
        st.builds(MultiLevel, shares(one=False), shares()),
        st.builds(LinearLuxor, inner, shares(one=False)),
        st.builds(LinearPachira, inner, shares(), st.sampled_from([Fraction(1), Fraction(2)])),
        st.builds(TDRM, inner, inner, shares(), st.sampled_from([Fraction(1), Fraction(1, 2)])),
        pairs.map(lambda pair: CDRM1(pair[1], pair[0])),
        st.tuples(pairs, shares()).map(lambda given: CappedRate(given[0][0], given[1], given[0][1])),
    )
