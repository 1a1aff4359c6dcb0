"""Random small games for the tests of certificates."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from mechanism import Graph, Interdependent, LinearQuadratic, Logit, Participation

MOST = 5
tenths = st.integers(-20, 20).map(lambda k: k / 10)
weights = st.one_of(st.integers(-9, 9).map(lambda k: k / 10), st.floats(-0.9, 0.9))
supports = st.one_of(st.integers(0, 9).map(lambda k: k / 10), st.floats(0, 0.9))


@st.composite
def graphs(draw, most=MOST):
    """Any graph of few people."""
    n = draw(st.integers(1, most))
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    arcs = sorted(draw(st.sets(st.sampled_from(pairs)))) if pairs else []
    pointers = np.searchsorted([i for i, _ in arcs], np.arange(n + 1))
    ends = np.array([j for _, j in arcs], dtype=np.int32)
    return Graph(pointers.astype(np.int64), ends, np.arange(n))


def each(draw, values, size):
    return draw(st.lists(values, min_size=size, max_size=size))


@st.composite
def linear_quadratic(draw, *, bounded=None):
    """Any linear-quadratic game, with bounds of some."""
    graph = draw(graphs())
    bounds = draw(st.booleans()) if bounded is None else bounded
    low = each(draw, st.sampled_from([0.0, -1.0] if bounds else [0.0, -np.inf]), graph.n)
    high = each(draw, st.sampled_from([0.5, 2.0] if bounds else [1.5, np.inf]), graph.n)
    return LinearQuadratic(
        graph,
        each(draw, tenths, graph.n),
        interaction=each(draw, weights, graph.m),
        lower=low,
        upper=high,
    )


@st.composite
def participation(draw, *, support=supports, most=MOST):
    """Any participation game; many margins are exactly 0 in decimals and not in floats."""
    graph = draw(graphs(most))
    return Participation(
        graph,
        each(draw, tenths, graph.n),
        support=each(draw, support, graph.m),
        cost=each(draw, tenths, graph.n),
    )


@st.composite
def logit(draw):
    """Any logit game, of people who toss coins or know what they want."""
    graph = draw(graphs())
    return Logit(
        graph,
        each(draw, tenths, graph.n),
        support=each(draw, weights, graph.m),
        cost=each(draw, tenths, graph.n),
        rationality=draw(st.sampled_from([0.1, 1.0, 3.7, 40.0, 2500.0])),
    )


@st.composite
def interdependent(draw):
    """Utilities on top of a game, of at most a quarter for each of at most four others."""
    base = draw(st.one_of(linear_quadratic(), participation(support=weights)))
    altruism = each(draw, st.integers(-24, 24).map(lambda k: k / 100), base.graph.m)
    return Interdependent(base, altruism=altruism)


def allowed_actions(draw, system):
    """Actions that are allowed in a game, near the best responses or anywhere."""
    base = system.base if isinstance(system, Interdependent) else system
    if isinstance(base, Participation):
        return np.array(each(draw, st.sampled_from([0.0, 1.0]), base.n))
    if isinstance(base, Logit):
        x = np.array(each(draw, st.floats(0, 1), base.n))
        return base.best_response(x) if draw(st.booleans()) else x
    x = np.array(each(draw, tenths, base.n))
    return np.clip(x, base.lower, base.upper)


systems = st.one_of(linear_quadratic(), participation(support=weights), logit(), interdependent())
