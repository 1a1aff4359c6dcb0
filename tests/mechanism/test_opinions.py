"""Opinions: whose are averaged, who is stubborn, what a campaign changes, and what is refused."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from mechanism import CostModel, Graph, IncentiveNetwork, InvalidInputError, Layer
from mechanism.opinions import Opinions
from tests.reference.agreement import trust_matrix

PAIR = Graph.from_edges(["ann"], ["bob"], directed=False)
CHAIN = Graph.from_edges([0, 1], [1, 2])


@st.composite
def peoples(draw):
    """Opinions on a random directed graph, some arcs of no trust, some people stubborn."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(2, 9))
    arcs = rng.random((n, n)) < rng.choice([0.2, 0.4, 0.8])
    np.fill_diagonal(arcs, False)
    graph = Graph.from_scipy(csr_array(arcs.astype(float)))
    share = rng.choice([0.0, 0.3, 1.0], n, p=[0.5, 0.4, 0.1]) if rng.random() < 0.5 else 0.0
    return Opinions(
        graph,
        rng.normal(size=graph.n),
        trust=rng.choice([0.0, 1.0, 2.5], graph.m, p=[0.1, 0.5, 0.4]),
        self_trust=share,
        stubbornness=rng.choice([0.0, 0.4, 1.0], graph.n, p=[0.7, 0.2, 0.1]),
        innate=rng.normal(size=graph.n),
    )


@given(peoples())
@settings(max_examples=40)
def test_a_step_is_the_definition(people):
    P = trust_matrix(people)
    assert people.matrix.toarray() == pytest.approx(P)
    assert (people.matrix.data > 0).all()
    assert P.sum(axis=1) == pytest.approx(np.ones(people.n))
    x = np.linspace(-1, 1, people.n)
    moved = (1 - people.stubbornness) * (P @ x) + people.stubbornness * people.innate
    assert people.step(x) == pytest.approx(moved, abs=1e-12)


@given(peoples(), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_members_say_what_the_campaign_says_for_a_part(people, seed):
    rng = np.random.default_rng(seed)
    chance, weight = rng.choice([0.0, 0.3, 1.0], people.n), rng.choice([0.0, 0.5, 1.0], people.n)
    wanted, x = rng.normal(size=people.n), rng.normal(size=people.n)
    spoken = chance * weight
    moved = people.with_campaign(chance, opinion=wanted, weight=weight).step(x)
    assert moved == pytest.approx((1 - spoken) * people.step(x) + spoken * wanted, abs=1e-12)


def test_nobody_to_listen_to():
    """Without an arc, or with trust 0 on all: the opinion stays, or drifts to the innate one."""
    people = Opinions(CHAIN, [0.0, 1.0, 2.0], trust=[1.0, 0.0], stubbornness=[0, 0, 0.5], innate=[0, 0, 4.0])
    assert people.matrix.toarray().tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert people.step(people.initial).tolist() == [1.0, 1.0, 3.0]


def test_indices_in_closed_form():
    """Edges count once: (1 - 0)^2 and (3 - 1)^2 with the trust 1 and 2."""
    path = Graph.from_edges([0, 1], [1, 2], directed=False)
    people = Opinions(path, [0.0, 1.0, 3.0], trust=[1, 1, 2, 2])
    assert people.disagreement(people.initial) == pytest.approx(1 + 2 * 4)
    assert people.polarisation(people.initial) == pytest.approx(10 - 3 * (4 / 3) ** 2)
    assert Opinions(CHAIN, [0.0, 1.0, 3.0]).disagreement([0.0, 1.0, 3.0]) == pytest.approx((1 + 4) / 2)


def test_from_networks_and_layers():
    """Who can be contacted listens, the more the surer the contact."""
    costs = {"join": CostModel.exponential(mean=1), "invite": CostModel.exponential(mean=1)}
    graph = Graph.from_edges([0, 1, 2], [2, 2, 0])
    network = IncentiveNetwork(graph, contact=[0.2, 0.6, 0.5], **costs)
    people = Opinions.from_network(network, [1.0, 2.0, 3.0], self_trust=0.2)
    assert people.matrix.toarray() == pytest.approx(np.array([[0.2, 0, 0.8], [0, 1, 0], [0.2, 0.6, 0.2]]))
    same = Opinions(Layer(CHAIN, [3.0, 1.0]), 0.0)
    assert same.matrix.toarray().tolist() == Opinions(CHAIN, 0.0, trust=[3.0, 1.0]).matrix.toarray().tolist()


@given(peoples())
@settings(max_examples=20)
def test_documents_round_trip(people):
    document = json.loads(json.dumps(people.to_dict()))
    again = Opinions.from_dict(document)
    assert again.to_dict() == people.to_dict()
    assert again.step(people.initial).tolist() == people.step(people.initial).tolist()


def test_tiny_and_large_trust():
    """Only ratios count, however small or large."""
    graph = Graph.from_edges([0, 0], [1, 2])
    for unit in (5e-324, 1e-300, 1e300):
        rows = Opinions(graph, 0.0, trust=[unit, 3 * unit]).matrix.toarray()
        assert rows[0].tolist() == [0.0, 0.25, 0.75]


def test_arrays_are_read_only_and_not_the_callers():
    start = np.array([0.0, 1.0])
    people = Opinions(PAIR, start)
    start[0] = 5.0
    assert people.initial.tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        people.initial[0] = 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Opinions("ann", 0.0), "graph is 'ann'; it must be a Graph"),
        (lambda: Opinions(PAIR, [0.0, np.nan]), r"initial\[1\] is nan"),
        (lambda: Opinions(PAIR, 1e200), "initial is 1e.200"),
        (lambda: Opinions(PAIR, [0.0]), r"initial\[shape\] is \(1,\)"),
        (lambda: Opinions(PAIR, 0.0, trust=[1.0, -1.0]), r"trust\[1\] is -1.0"),
        (lambda: Opinions(PAIR, 0.0, trust=[1.0]), r"trust\[shape\]"),
        (lambda: Opinions(Layer(PAIR, 1.0), 0.0, trust=1.0), "the layer holds it"),
        (lambda: Opinions(Layer(PAIR, -1.0), 0.0), "trust is -1.0"),
        (lambda: Opinions(PAIR, 0.0, self_trust=1.5), "self_trust is 1.5"),
        (lambda: Opinions(PAIR, 0.0, stubbornness=[0.0, -0.1]), r"stubbornness\[1\] is -0.1"),
        (lambda: Opinions(PAIR, 0.0, innate="high"), "innate is 'high'"),
        (lambda: Opinions(Graph.from_edges([0, 0], [1, 2]), 0.0, trust=1e308), "arcs of person 0"),
        (lambda: Opinions(PAIR, 0.0).step([1.0, np.inf]), r"opinions\[1\] is inf"),
        (lambda: Opinions(PAIR, 0.0).with_campaign([0, 1, 1]), r"members\[shape\] is \(3,\)"),
        (lambda: Opinions(PAIR, 0.0).with_campaign(1.0), r"members\[shape\] is \(\)"),
        (lambda: Opinions(PAIR, 0.0).with_campaign([0, 2]), r"members\[1\] is 2.0"),
        (lambda: Opinions(PAIR, 0.0).with_campaign([0, 1], weight=-1), "weight is -1.0"),
        (lambda: Opinions(PAIR, 0.0).with_campaign([0, 1], opinion=np.inf), "opinion is inf"),
        (lambda: Opinions.from_network(PAIR, 0.0), "network is 'Graph'"),
        (lambda: Opinions.from_dict({"graph": {}}), "an object with graph, initial"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
