"""Almost right certificates of games: each says a little too much, and is refused for that reason."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from mechanism import Graph, Interdependent, LinearQuadratic, Logit, Participation
from mechanism.errors import CertificateError
from proofs import check_certificate, contraction_vector, game_certificate
from proofs.deviations import utility_weights
from tests.reference.games import complete, ring, star

MILLIONTH = 1e-6
LINE = Graph.from_edges([1, 2, 3], [0, 1, 2])


def made(game, x, **options):
    certificate = game_certificate(game, x, **options)
    assert check_certificate(game, certificate)
    return game, certificate


def logit_equilibrium(game):
    x = np.full(game.n, 0.5)
    for _ in range(500):
        x = game.best_response(x)
    return x


COMPLEMENTS = LinearQuadratic(star(5), 1.0, interaction=0.3)
EFFORTS = np.linalg.solve(np.eye(5) - COMPLEMENTS.matrix.toarray(), np.ones(5))
GOODS = LinearQuadratic(ring(5), 1.0, interaction=-0.6, lower=0.0)
CHANCES = Logit(ring(4), 0.2, support=0.5, cost=0.3, rationality=2.0)
CARING = Interdependent(LinearQuadratic(ring(4), 1.0, interaction=0.1), altruism=0.2)
CARED = [1 / (1 - 2 * utility_weights(CARING)[0].toarray()[0, 1])] * 4
LIKED = Participation(LINE, [1.0, 0, 0, 0], support=[0.5, 0.5, 0.4], cost=0.5)
PROVED = {
    "complements": made(COMPLEMENTS, EFFORTS, vector=contraction_vector(COMPLEMENTS)[0]),
    "public goods": made(GOODS, [1 / 2.2] * 5, factor=True),
    "chances": made(CHANCES, logit_equilibrium(CHANCES), vector=[1.0] * 4),
    "a box": made(
        Logit(ring(4), 0.0, support=1.0, cost=0.4, rationality=2.2),
        logit_equilibrium(Logit(ring(4), 0.0, support=1.0, cost=0.4, rationality=2.2)),
        steps=100,
    ),
    "participation": made(LIKED, [1, 1, 1, 0], order_up=[0, 1, 2], order_down=[3]),
    "caring": made(CARING, CARED, factor=True),
}


def edited(name, edit):
    game, certificate = PROVED[name]
    planted = copy.deepcopy(certificate)
    edit(planted)
    assert planted != certificate
    return game, planted


def claim(certificate, name):
    return next(one for one in certificate["claims"] if one["claim"] == name)


@pytest.mark.parametrize("name", ["complements", "public goods", "chances", "a box", "caring"])
@pytest.mark.parametrize("away", [MILLIONTH, -MILLIONTH])
@pytest.mark.parametrize("person", range(4))
def test_an_action_off_by_a_millionth(name, person, away):
    def move(certificate):
        certificate["actions"][person] += away

    with pytest.raises(CertificateError, match=r"gains more|further"):
        check_certificate(*edited(name, move))


@pytest.mark.parametrize("person", range(4))
def test_another_participant(person):
    def move(certificate):
        certificate["actions"][person] = 1 - certificate["actions"][person]

    with pytest.raises(CertificateError, match=r"gains more|further|action of person"):
        check_certificate(*edited("participation", move))


@pytest.mark.parametrize("name", ["complements", "public goods", "chances", "a box"])
def test_an_error_too_small(name):
    """Moved by a thousandth, actions are still told to be as near as before."""

    def move(certificate):
        certificate["actions"][0] *= 1.001
        claim(certificate, "equilibrium").update(gain=1, residual=1)

    with pytest.raises(CertificateError, match="within"):
        check_certificate(*edited(name, move))


@pytest.mark.parametrize("name", ["complements", "chances", "a box"])
@pytest.mark.parametrize(
    "rate", [lambda r: r * (1 - MILLIONTH), lambda r: -r, lambda r: 1.0, lambda r: 1 / r]
)
def test_a_wrong_rate(name, rate):
    def change(certificate):
        claim(certificate, "unique")["rate"] = rate(claim(certificate, "unique")["rate"])

    with pytest.raises(CertificateError, match="rate"):
        check_certificate(*edited(name, change))


VECTORS = {
    "swapped": lambda v: [v[1], v[0], *v[2:]],
    "short": lambda v: v[:-1],
    "long": lambda v: [*v, 1.0],
    "a zero": lambda v: [*v[:-1], 0.0],
    "negative": lambda v: [-x for x in v],
    "not a number": lambda v: [*v[:-1], float("nan")],
    "infinite": lambda v: [*v[:-1], float("inf")],
    "a text": lambda v: [*v[:-1], "1"],
    "missing": lambda v: None,
}


@pytest.mark.parametrize("edit", VECTORS, ids=str)
def test_a_wrong_vector(edit):
    def change(certificate):
        unique = claim(certificate, "unique")
        unique["vector"] = VECTORS[edit](unique["vector"])

    with pytest.raises(CertificateError, match=r"vector|rate|finite"):
        check_certificate(*edited("complements", change))


@pytest.mark.parametrize("at", [(0, 0), (1, 1), (3, 2), (4, 4)])
@pytest.mark.parametrize("away", [0.5, -0.5])
def test_a_wrong_factor(at, away):
    def change(certificate):
        row = claim(certificate, "unique")["factor"][at[0]]
        row["values"][row["columns"].index(at[1])] += away

    with pytest.raises(CertificateError, match="dominant"):
        check_certificate(*edited("public goods", change))


@pytest.mark.parametrize(
    ("order", "word"),
    [
        ([1, 0, 2], "join in its turn"),
        ([0, 1], "lacks"),
        ([0, 1, 2, 3], "join in its turn"),
        ([0, 0, 1], "once"),
    ],
    ids=str,
)
def test_a_wrong_order(order, word):
    def change(certificate):
        claim(certificate, "least")["order"] = order

    with pytest.raises(CertificateError, match=word):
        check_certificate(*edited("participation", change))


def test_a_supporter_who_is_worth_a_millionth_less():
    game, certificate = PROVED["participation"]
    weaker = Participation(LINE, [1.0, 0, 0, 0], support=[0.5, 0.5 - MILLIONTH, 0.4], cost=0.5)
    with pytest.raises(CertificateError, match="person 2"):
        check_certificate(weaker, certificate)
    assert check_certificate(game, certificate)


SEVERAL = {  # games of several equilibria, beside which stand neighbours of one
    "C4, delta = 1/2": (
        LinearQuadratic(ring(4), 1.0, interaction=-0.5, lower=0.0),
        LinearQuadratic(ring(4), 1.0, interaction=-0.4999, lower=0.0),
    ),
    "C5, delta = 0.6181": (
        LinearQuadratic(ring(5), 1.0, interaction=-0.6181, lower=0.0),
        LinearQuadratic(ring(5), 1.0, interaction=-0.618, lower=0.0),
    ),
    "K5, delta = 1": (
        LinearQuadratic(complete(5), 1.0, interaction=-1.0, lower=0.0),
        LinearQuadratic(complete(5), 1.0, interaction=-0.999, lower=0.0),
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_one_equilibrium_where_there_are_several(name):
    several, one = SEVERAL[name]
    certificate = game_certificate(one, [0.0] * one.n, factor=True)
    assert check_certificate(one, certificate)
    with pytest.raises(CertificateError, match="dominant"):
        check_certificate(several, certificate | {"claims": [claim(certificate, "unique")]})
    vector, rate = contraction_vector(several)
    planted = {"claim": "unique", "by": "contraction", "vector": vector.tolist()}
    for told in (rate, 1 - 1e-15, 0.999, 0.5):
        with pytest.raises(CertificateError, match="rate"):
            check_certificate(several, certificate | {"claims": [planted | {"rate": told}]})


def test_one_equilibrium_of_a_coordination_game():
    """Nobody joins first and nobody leaves first: the least and the greatest equilibrium differ."""
    game = Participation(ring(4), 0.0, support=1.0, cost=1.5)
    low, high = game_certificate(game, [0] * 4, order_up=[]), game_certificate(game, [1] * 4, order_down=[])
    assert check_certificate(game, low)
    assert check_certificate(game, high)
    extremes = {"claim": "unique", "by": "extremes"}
    for certificate in (low, high):
        with pytest.raises(CertificateError, match="needs least and greatest"):
            check_certificate(game, certificate | {"claims": [*certificate["claims"], extremes]})
        for other in (low, high):
            claims = [*certificate["claims"], *other["claims"], extremes]
            with pytest.raises(CertificateError, match="refused"):
                check_certificate(game, certificate | {"claims": claims})


def test_altruism_that_feeds_on_itself():
    for altruism, posed in ((0.4999, True), (0.5, False), (-0.5, False)):
        system = Interdependent(LinearQuadratic(ring(4), 1.0, interaction=0.1), altruism=altruism)
        certificate = {
            "format": game_certificate(CARING, [1.0] * 4)["format"],
            "actions": [1.0] * 4,
            "claims": [{"claim": "well_posed", "vector": 1, "rate": 0.9999}],
        }
        if posed:
            assert check_certificate(system, certificate)
        else:
            with pytest.raises(CertificateError, match="rate"):
                check_certificate(system, certificate)
