"""Motives: kinds of people, and wrong input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import CostModel, Graph, IncentiveNetwork, InvalidInputError, Motives


def test_profit_alone_is_the_default():
    assert Motives().weights.tolist() == [[1, 0, 0, 0]]
    assert Motives().is_profit_alone
    assert Motives(profit=[1.0, 1.0]).is_profit_alone
    assert not Motives(profit=0.5).is_profit_alone
    assert not Motives(entertainment=[0, 1e-9]).is_profit_alone


@given(st.lists(st.sampled_from([0.0, 0.5, 2.0]), min_size=1, max_size=20))
def test_kinds_give_back_the_weights(charity):
    motives = Motives(charity=charity, reciprocity=0.25)
    weights, kind = motives.kinds()
    assert len(np.unique(weights, axis=0)) == len(weights)
    assert (
        weights[kind if len(kind) > 1 else np.zeros(len(charity), int)].tolist() == motives.weights.tolist()
    )
    assert kind.dtype == np.int32


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"profit": -1}, "profit is -1"),
        ({"charity": [0, np.nan]}, r"charity\[1\] is nan"),
        ({"reciprocity": [0, 1, np.inf]}, r"reciprocity\[2\] is inf"),
        ({"entertainment": "fun"}, "entertainment is 'fun'"),
        ({"entertainment": [[1.0]]}, "entertainment is"),
        ({"charity": []}, "charity is"),
        ({"charity": [1, 2], "profit": [1, 2, 3]}, "charity is .*3"),
    ],
)
def test_wrong_weights_are_named(weights, words):
    with pytest.raises(InvalidInputError, match=words):
        Motives(**weights)


@pytest.mark.parametrize("motives", [Motives(charity=[1, 2]), "profit"])
def test_a_network_wants_one_row_per_person(motives):
    with pytest.raises(InvalidInputError, match="motives is"):
        IncentiveNetwork(
            Graph.from_edges([1, 2], [2, 3]),
            contact=0.5,
            join=CostModel.exponential(mean=1),
            invite=CostModel.exponential(mean=1),
            motives=motives,
        )
