"""Valid files of every format, small ones."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.fuzz_targets import both, saved
from mechanism import Graph, games, schemes
from mechanism.branching import GaltonWatson
from mechanism.campaign_file import _KEYS, _PLAIN
from mechanism.message import Message
from mechanism.opinions import Opinions
from mechanism.response_times import ResponseTime
from proofs import (
    certificate_of,
    check_seeding,
    game_certificate,
    interior_rewards_vanish,
    property_from_text,
    verify,
)  # fmt: skip

__all__ = ["seeds"]

CAMPAIGN = """max_depth = 5
response = "lognormal:1:1.5"
seed = 7
[network]
file = "net.tsv"
directed = false
contact = 0.5
[costs]
join = 0.8
invite = "uniform:0:0.2"
[motives]
profit = 1.0
charity = [0.5, 0.5, 0.5, 0.5]
[task]
kind = "search"
prize = 4000
find = 0.001
[team]
members = ["bob"]
[scheme]
scheme = "double_geometric"
b = "1/5"
"""


def text(document: Any) -> bytes:
    return json.dumps(document).encode()


def seeds() -> dict[str, tuple[Any, ...]]:
    """Return valid files by the name of their target."""
    ring = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
    named = Graph.from_edges(["ann", "bob", "zoë"], ["bob", "zoë", "dan"])
    paths = [
        *(schemes.DoubleGeometric(Fraction(1, 5)), schemes.Recursive(Fraction(1, 2)), schemes.EqualSplit()),
        *(schemes.Geometric(0.5, 0.3), schemes.BalancedGeometric(Fraction(1, 3)), schemes.ConstantSplit(3)),
        *(schemes.DirectReferral(Fraction(1, 4)), schemes.PathTable([[1], [0.5, 0.25], [0.25, 0.25, 0.125]])),
    ]
    trees = [
        *(
            schemes.GeometricTree(Fraction(1, 2), Fraction(1, 4)),
            schemes.CDRM1(1, Fraction(1, 4)),
            schemes.ShapleyTree(),
        ),
        *(
            schemes.LinearPachira(Fraction(1, 2), Fraction(1, 3), 1),
            schemes.TDRM(Fraction(1, 3), 1, Fraction(1, 10), 1),
        ),
        *(
            schemes.CappedRate(Fraction(1, 10), Fraction(1, 10), Fraction(1, 2)),
            schemes.Luxor(Fraction(1, 3)),
        ),
    ]
    shares = [schemes.ShareTree([0, Fraction(1, 10), Fraction(1, 4), 1], budget=Fraction(1, 2))]
    linear = games.LinearQuadratic(ring, 1.0, interaction=0.2, lower=0.0, upper=5.0)
    joining = games.Participation(ring, [1.0, -0.5, -0.5, -2.0], support=0.6, cost=0.0)
    noisy = games.Logit(ring, [0.1, 0.2, 0.0, -0.1], support=0.3, cost=0.1, rationality=1.5)
    caring = games.Interdependent(linear, altruism=0.1)
    systems = [linear, joining, noisy, caring]
    cases = [
        both(linear.to_dict(), game_certificate(linear, [1 / 0.6] * 4, vector=[1.0] * 4, factor=True)),
        both(joining.to_dict(), game_certificate(joining, [1, 1, 1, 0], order_up=[0, 1, 2], order_down=[3])),
        both(noisy.to_dict(), game_certificate(noisy, [0.6, 0.6, 0.55, 0.5], vector=[1.0] * 4, steps=5)),
        both(caring.to_dict(), game_certificate(caring, [1 / 0.6] * 4)),
    ]
    counts = {"round": 3, "choice": 8000, "prefix": 4000, "more": "90", "test": 8000, "covered": 3950}
    bound = interior_rewards_vanish(4)
    path_cases = proved(
        paths,
        [
            "within-budget",
            "sybil-proof",
            "sybil-proof:epsilon=1/2",
            "collusion-proof",
            "monotone",
            "reward-cap:1",
        ],
    )
    everything = {
        "edges": (
            b"1 2\n2 3\n3 4\n",
            b"# a comment\nsource,target\n7,8\n8,9\n",
            b"1\t2\t{'w': 1}\n2\t3\t{}\n",
            b"0;1\n1;2\n",
        ),
        "text edges": (
            "ann bob\nbob zoë\n".encode(),
            b'a,b,1.5\n"b",c,2\n',
            b"\xef\xbb\xbffrom\tto\nx\ty\r\ny\tz\r\n",
        ),
        ".npz": (saved(ring, "g.npz"), saved(ring, "g.npz", compressed=True), saved(named, "g.npz")),
        ".parquet": (saved(ring, "g.parquet"), saved(named, "g.parquet")),
        ".mtx": (
            saved(ring, "g.mtx"),
            b"%%MatrixMarket matrix coordinate real symmetric\n% note\n3 3 2\n2 1 0.5\n3 2 1e-3\n",
            b"%%MatrixMarket matrix array integer general\n2 2\n0\n1\n1\n0\n",
        ),
        "forest": (
            b"id,recruiter,spent\nann,,3\nbob,ann,1/2\ncem,bob,0.5\n",
            b"# x\nid\trecruiter\tspent\nann\t\t3\nbob\tann\t1\n",
        ),
        "campaign": (CAMPAIGN.encode(),),
        "campaign words": (
            *_PLAIN,
            *_KEYS,
            *(key for keys in _KEYS.values() for key in keys),
            '"net.tsv"',
            "0.5",
            "3",
            "[",
            "]",
        ),
        "scheme texts": (b"double_geometric:1/5", b"power:scale=1,p=1/2,q=1", b"cdrm_1:budget=1,penalty=1/4"),
        "scheme words": tuple(schemes.FAMILIES),
        "schemes": tuple(text(one.to_dict()) for one in (*paths, *trees, *shares)),
        "systems": tuple(text(one.to_dict()) for one in systems),
        "NormalForm": (text(games.NormalForm([[[1, 0], [0, 2]], [[2, 0], [0, 1]]]).to_dict()),),
        "Polymatrix": (text(games.Polymatrix(named, np.ones((3, 2, 2)), unary=np.zeros((4, 2))).to_dict()),),
        "PeerPressure": (
            text(games.PeerPressure(ring, value=3.0, price=1.0, harm=0.2, pressure_cost=1.0).to_dict()),
        ),
        "QueryNetwork": (text(games.QueryNetwork(GaltonWatson([0.5, 0, 0.5]), rarity=10).to_dict()),),
        "Opinions": (text(Opinions(ring, [0.0, 1.0, 0.5, 0.2], stubbornness=0.1).to_dict()),),
        "Message": (text(Message("plain", sharing=0.2).to_dict()),),
        "ResponseTime": tuple(
            text(ResponseTime.parse(x).to_dict()) for x in ("lognormal:1:1.5", "pareto:1:2", "gamma:2:1")
        ),
        "check": path_cases,
        "check_tree": proved(
            trees,
            ["budget-constraint", "subtree-locality", "contribution-incentive", "proportional-reward:1/20"],
        ),
        "check_share": proved(shares, ["budget-constraint", "unprofitable-sybil-attack", "symmetry"]),
        "check_linear": (both(bound.certificate),),
        "check_game": tuple(cases),
        "check_seeding": (both({"format": check_seeding.FORMAT, "ratio": "0.85", "delta": "0.01"} | counts),),
    }
    everything["certificates"] = tuple(text(json.loads(case)[1]) for case in (*path_cases, *cases))
    return everything


def proved(rules: list[Any], properties: list[str]) -> tuple[bytes, ...]:
    """Return schemes with a certificate of all properties that they have."""
    found = []
    for rule in rules:
        verdicts = [verify(rule, property_from_text(one)) for one in properties]
        proofs = [verdict for verdict in verdicts if verdict.holds]
        if proofs:
            found.append(both(proofs[0].scheme, certificate_of(proofs)))
    return tuple(found)
