"""Normal forms: pure equilibria by trying everything, ties, utilities, and the format of Gambit."""

import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, Interdependent, LinearQuadratic, Participation
from mechanism.errors import BackendMissingError, InvalidInputError
from mechanism.games.normal_form import NormalForm
from tests.mechanism.test_games import PAIR, systems
from tests.reference.games import ring

BATTLE = NormalForm([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])


def test_pure_equilibria_of_classics():
    assert BATTLE.pure_equilibria().tolist() == [[0, 0], [1, 1]]
    pennies = NormalForm([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    assert pennies.pure_equilibria().shape == (0, 2)
    dilemma = NormalForm([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    assert dilemma.pure_equilibria().tolist() == [[1, 1]]
    alone = NormalForm([[1.0, 3.0, 3.0]])
    assert alone.pure_equilibria().tolist() == [[1], [2]]
    assert (BATTLE.n, BATTLE.strategies) == (2, (2, 2))


@given(st.integers(1, 3), st.integers(0, 10**6))
def test_pure_equilibria_by_trying_everything(n, seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 4, size=n))
    form = NormalForm([rng.integers(-2, 3, size=shape) for _ in range(n)])
    expected = []
    for profile in np.ndindex(*shape):
        others = [
            tuple(x if k == i else y for k, y in enumerate(profile))
            for i in range(n)
            for x in range(shape[i])
        ]
        owner = [i for i in range(n) for _ in range(shape[i])]
        if all(
            form.payoffs[i][other] <= form.payoffs[i][profile] for i, other in zip(owner, others, strict=True)
        ):
            expected.append(list(profile))
    assert form.pure_equilibria().tolist() == expected


def test_ties_are_exact_in_fractions_and_tolerated_in_floats():
    game = Participation(PAIR, 0.1, support=0.2, cost=0.3)  # 0.1 + 0.2 exceeds 0.3 in floats
    # In floats taking part seems to pay a little if the other does, and to hurt if it does not.
    assert NormalForm.of(game, exact=True).pure_equilibria().tolist() == [[0, 0], [1, 1]]
    away = Participation(Graph.from_edges([0], [1]), [0.1, 1.0], support=0.2, cost=[0.3, 0.0])
    assert (
        NormalForm.of(away).pure_equilibria().tolist()
        != NormalForm.of(away, exact=True).pure_equilibria().tolist()
    )
    assert NormalForm.of(away, exact=True).pure_equilibria().tolist() == [[0, 1], [1, 1]]
    assert NormalForm.of(away).pure_equilibria(tolerance=1e-12).tolist() == [[0, 1], [1, 1]]


@settings(max_examples=40)
@given(st.data())
def test_the_normal_form_holds_everybodys_payoffs(data):
    """And of interdependent utilities the utilities, in floats and in fractions."""
    base = data.draw(systems(("participation",)))
    system = base
    if data.draw(st.booleans()):
        system = Interdependent(base, altruism=0.125, graph=ring(base.n) if base.n > 2 else base.graph)
    floats, exact = (NormalForm.of(system, exact=one) for one in (False, True))
    for profile in np.ndindex(*floats.strategies):
        expected = (
            system.utilities(profile) if isinstance(system, Interdependent) else system.payoffs(profile)
        )
        assert [array[profile] for array in floats.payoffs] == pytest.approx(expected)
        assert [float(array[profile]) for array in exact.payoffs] == pytest.approx(expected)


def test_normal_form_documents():
    third = NormalForm.of(Participation(PAIR, 0.3, support=0.1, cost=0.2), exact=True)
    for form in (BATTLE, third):
        document = json.loads(json.dumps(form.to_dict()))
        again = NormalForm.from_dict(document)
        assert again.to_dict() == form.to_dict()
        assert [one.dtype for one in again.payoffs] == [one.dtype for one in form.payoffs]
        assert not again.payoffs[0].flags.writeable


def test_the_text_format_of_gambit():
    """Profile by profile, the first player's strategy counting fastest; quotes in titles are escaped."""
    form = NormalForm([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]])
    head, _, numbers = form.to_nfg(title='a "b"').split("\n")
    assert head == 'NFG 1 R "a \\"b\\"" { "1" "2" } { 2 3 }'
    assert [float(x) for x in numbers.split()] == [1, 7, 4, 10, 2, 8, 5, 11, 3, 9, 6, 12]


def test_without_pygambit(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygambit", None)
    with pytest.raises(BackendMissingError, match="pip install --pre 'pygambit>=17"):
        BATTLE.to_gambit()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NormalForm([]), "payoffs is"),
        (lambda: NormalForm([[1.0, 2.0], [1.0, 2.0]]), r"payoffs\[0\]\[shape\].*one axis for each of 2"),
        (lambda: NormalForm([[[1.0], [2.0]], [[1.0, 2.0]]]), r"payoffs\[1\]\[shape\]"),
        (lambda: NormalForm([[1.0, np.nan]]), r"payoffs\[0\]\[1\] is nan"),
        (lambda: NormalForm([[[1.0], [1.0, 2.0]], [[1.0]]]), r"payoffs\[0\] has rows of different lengths"),
        (lambda: NormalForm([["a"]]), r"number is 'a'"),
        (lambda: NormalForm([[None]]), r"payoffs\[0\] is None"),
        (lambda: NormalForm([[True]]), r"payoffs\[0\] is dtype"),
        (lambda: NormalForm.of(PAIR), "system is"),
        (lambda: NormalForm.of(LinearQuadratic(PAIR, 1.0, interaction=0.5)), "system is"),
        (lambda: NormalForm.of(Participation(ring(17), 0.0, support=1.0, cost=0.0)), "system has 17 people"),
        (
            lambda: NormalForm.of(
                Interdependent(Participation(PAIR, 0.0, support=1.0, cost=0.0), altruism=1.0)
            ),
            "altruism has a spectral radius of 1 or more",
        ),
        (lambda: BATTLE.pure_equilibria(tolerance=-1.0), "tolerance is -1.0"),
        (lambda: NormalForm.from_dict({"payoffs": []}), "document is"),
        (lambda: NormalForm.from_dict({"system": "logit", "payoffs": []}), r"document\[system\] is 'logit'"),
    ],
)
def test_wrong_normal_forms(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()
