"""Random reward tables and schemes for the tests of proofs."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from mechanism.schemes import (
    AlmostUniform,
    BalancedGeometric,
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathScheme,
    PathTable,
    Power,
    PowerSum,
    Recursive,
)
from proofs import (
    BudgetBalanced,
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Monotone,
    PathProperty,
    RecruiterShare,
    RewardCap,
    RhoSplit,
    SubtreeLocal,
    SybilProof,
    WithinBudget,
)

Rows = list[list[Fraction]]

MOST_DEPTH = 6

shares = st.builds(Fraction, st.integers(0, 12), st.integers(1, 12))
factors = st.one_of(
    st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2)]),
    st.builds(Fraction, st.integers(0, 30), st.integers(1, 24)),
)
epsilons = st.one_of(st.just(Fraction(0)), st.builds(Fraction, st.integers(0, 24), st.integers(1, 12)))


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Any table."""
    depth = draw(st.integers(1, MOST_DEPTH))
    return [draw(st.lists(shares, min_size=n, max_size=n)) for n in range(1, depth + 1)]


@st.composite
def sybil_proof_tables(draw: st.DrawFn) -> Rows:
    """A table built from slacks: R(l, j) = s(l, j) + R(l + 1, j) + R(l + 1, j + 1), scaled to the prize."""
    depth = draw(st.integers(1, MOST_DEPTH))
    below = [Fraction(0)] * (depth + 1)
    rows: Rows = []
    for n in range(depth, 0, -1):
        slacks = draw(st.lists(shares, min_size=n, max_size=n))
        below = [slack + below[j] + below[j + 1] for j, slack in enumerate(slacks)]
        rows.insert(0, below)
    most = max(sum(row) for row in rows)
    return [[reward / most for reward in row] for row in rows] if most else rows


def near_misses() -> st.SearchStrategy[Rows]:
    """A sybil-proof table with one reward changed by a little."""

    @st.composite
    def changed(draw: st.DrawFn) -> Rows:
        rows = [list(row) for row in draw(sybil_proof_tables())]
        n = draw(st.integers(1, len(rows)))
        j = draw(st.integers(0, n - 1))
        rows[n - 1][j] = max(
            Fraction(0), rows[n - 1][j] + draw(st.sampled_from([-1, 1])) * Fraction(1, 10**30)
        )
        return rows

    return changed()


powers = st.builds(Power, st.builds(Fraction, st.integers(0, 5), st.integers(1, 4)), factors, factors)

closed_forms: st.SearchStrategy[PathScheme] = st.one_of(
    powers,
    st.builds(DoubleGeometric, st.builds(Fraction, st.integers(1, 11), st.just(12))),
    st.builds(Recursive, st.builds(Fraction, st.integers(0, 11), st.just(12))),
    st.builds(Geometric, shares, factors),
    st.just(FinderTakesAll()),
    st.just(EqualSplit()),
)

twelfths = st.builds(Fraction, st.integers(1, 11), st.just(12))
sums = st.builds(
    PowerSum,
    st.lists(
        st.tuples(st.builds(Fraction, st.integers(0, 3), st.integers(1, 6)), factors, factors),
        min_size=1,
        max_size=3,
    ),
)

catalogue: st.SearchStrategy[PathScheme] = st.one_of(
    closed_forms,
    st.builds(BalancedGeometric, twelfths),
    st.builds(DirectReferral, st.builds(Fraction, st.integers(1, 12), st.just(12))),
    st.builds(ConstantSplit, st.integers(1, MOST_DEPTH)),
    st.builds(
        AlmostUniform, st.builds(Fraction, st.integers(1, 12), st.integers(1, 6)), st.integers(1, MOST_DEPTH)
    ),
    sums,
    tables().map(PathTable),
)
"""Every family, at parameters that make many inequalities tight."""

costs = st.one_of(st.just(Fraction(0)), st.builds(Fraction, st.integers(1, 6), st.integers(1, 24)))
bounds = st.one_of(st.sampled_from([Fraction(0), Fraction(1)]), twelfths, shares)

path_properties: st.SearchStrategy[PathProperty] = st.one_of(
    st.builds(
        SybilProof,
        st.one_of(epsilons, st.integers(0, 4)),
        identity_cost=costs,
        identities=st.none() | st.integers(1, 4),
    ),
    st.builds(CollusionProof, epsilons),
    st.just(WithinBudget()),
    st.builds(WithinBudget, bounds),
    st.just(Monotone()),
    st.just(SubtreeLocal()),
    st.builds(RewardCap, bounds),
    st.just(BudgetBalanced()),
    st.builds(RecruiterShare, st.none() | bounds),
    st.builds(RhoSplit, bounds),
    st.builds(FinderShare, bounds),
    st.builds(IndividualRationality, st.one_of(st.just(Fraction(0)), bounds)),
)
"""Every property of path schemes."""
