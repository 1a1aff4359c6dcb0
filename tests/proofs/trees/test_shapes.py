"""Small forests: each shape once, and none left out; splits: every one of the definition, up to isomorphism."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import networkx as nx
import pytest

from proofs.trees.shapes import brooms, forest_shapes, forests
from proofs.trees.splitting import splits
from tests.reference.trees import all_splits, canonical, named

F = Fraction


def shape_of(parents):
    return canonical(dict(enumerate(parents)), dict.fromkeys(range(len(parents)), 1))


def test_rooted_trees_are_as_many_as_known():
    """A rooted tree is a root, the organiser, above a forest with one node less."""
    assert [1] + [len(forest_shapes(n)) for n in range(1, 10)] == [1, 1, 2, 4, 9, 20, 48, 115, 286, 719]


@pytest.mark.parametrize("members", range(1, 8))
def test_every_shape_comes_once(members):
    shapes = forest_shapes(members)
    assert all(parent < u for shape in shapes for u, parent in enumerate(shape))
    everything = {shape_of(parents) for parents in product(*(range(-1, u) for u in range(members)))}
    assert sorted(map(shape_of, shapes)) == sorted(everything)


@pytest.mark.parametrize("members", range(1, 6))
def test_networkx_tells_all_shapes_apart(members):
    def tree(shape):
        return nx.DiGraph([(parent, u) for u, parent in enumerate(shape)])

    trees = [tree(shape) for shape in forest_shapes(members)]
    for i, one in enumerate(trees):
        assert not any(nx.is_isomorphic(one, other) for other in trees[:i])


def test_forests_come_with_equal_contributions_first():
    found = list(forests(3, (F(1), F(2))))
    assert len(found) == 4 * 2**3
    assert len(set(found)) == len(found)
    kinds = [len(set(contributions)) for _, contributions in found]
    assert kinds == sorted(kinds)


def test_brooms_go_from_the_star_to_the_chain():
    shapes = list(dict.fromkeys(shape for shape, _ in brooms(5, (F(1), F(4)))))
    assert shapes == [(-1, 0, 0, 0, 0), (-1, 0, 1, 1, 1), (-1, 0, 1, 2, 2), (-1, 0, 1, 2, 3)]
    star = [contributions for shape, contributions in brooms(3, (F(1), F(4))) if shape == (-1, 0, 0)]
    chain = [contributions for shape, contributions in brooms(3, (F(1), F(4))) if shape == (-1, 0, 1)]
    assert ["".join(map(str, label)) for label in star] == ["111", "444", "411", "144", "144", "411"]
    assert ["".join(map(str, label)) for label in chain] == ["111", "444", "141", "144", "414", "411"]


ONE, TWO = F(1), F(2)
SPLIT = [  # with recruits that are alike, that differ in what they give, or only in whom they recruited
    *(forest for n in (1, 2, 3) for forest in forests(n, (ONE, TWO))),
    ((-1, 0), (ONE, F(0))),
    ((-1, 0, 0, 1), (ONE,) * 4),
    ((-1, 0, 0, 2), (ONE,) * 4),
    ((-1, 0, 0, 0), (ONE, TWO, ONE, ONE)),
    ((-1, 0, 1, 1), (TWO,) * 4),
    ((-1, -1, 1, 1), (ONE,) * 4),
]


@pytest.mark.parametrize("factor", [F(1), F(3, 2)])
@pytest.mark.parametrize("structure", ["any", "chain", "siblings"])
@pytest.mark.parametrize("added", [1, 2])
def test_splits_are_those_of_the_definition(added, structure, factor):
    for forest in SPLIT if added == 1 else SPLIT[:6]:
        for member in range(len(forest[0])):
            found = [
                canonical(*named(after), marked=identities)
                for after, identities in splits(forest, member, added, factor, structure)
            ]
            wanted = {
                canonical(after, given, marked=fakes)
                for after, given, fakes in all_splits(forest, member, added + 1, factor, structure)
            }
            assert set(found) == wanted, (forest, member)


def test_even_splits_of_few_kinds_come_first():
    first = next(splits(((-1,), (ONE,)), 0, 1))
    assert first == (((-1, 0), (F(1, 2), F(1, 2))), (0, 1))
    assert forest_shapes(3)[0] == (-1, -1, -1)
    assert forest_shapes(3)[-1] == (-1, 0, 1)


@pytest.mark.parametrize("factor", [F(1), F(2)])
def test_who_stays_one_only_contributes_more(factor):
    forest = ((-1, 0), (F(3), F(1)))
    changed = list(splits(forest, 0, 0, factor))
    assert changed == ([] if factor == 1 else [(((-1, 0), (F(6), F(1))), (0,))])
