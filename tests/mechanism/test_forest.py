"""Referral forests: what they accept, refuse and tell."""

from __future__ import annotations

import gzip
import pickle
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import ReferralForest, ShapleyTree, datasets
from mechanism.errors import InvalidInputError
from mechanism.schemes import GeometricTree


@st.composite
def parent_lists(draw):
    n = draw(st.integers(1, 40))
    above = [draw(st.integers(-1, i - 1)) for i in range(n)]
    order = draw(st.permutations(range(n)))
    parents = [0] * n
    for i, parent in enumerate(above):
        parents[order[i]] = order[parent] if parent >= 0 else -1
    return parents


@given(parent_lists())
def test_shape_against_networkx(parents):
    forest = ReferralForest(parents)
    tree = nx.DiGraph([(parent, u) for u, parent in enumerate(parents)])  # -1 is the organiser
    depths = nx.single_source_shortest_path_length(tree, -1)
    assert forest.depths.tolist() == [depths[u] for u in range(len(parents))]
    assert forest.roots.tolist() == sorted(tree.successors(-1))
    for u in range(len(parents)):
        assert forest.children(u).tolist() == sorted(tree.successors(u))
        assert forest.subtree(u).tolist() == sorted({u} | nx.descendants(tree, u))


@given(parent_lists())
def test_everybody_comes_after_its_recruiter(parents):
    forest = ReferralForest(parents)
    place = {int(u): i for i, u in enumerate(forest.order)}
    assert sorted(place) == list(range(len(parents)))
    assert all(parent < 0 or place[parent] < place[u] for u, parent in enumerate(parents))


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ([], r"parents\[length\] is 0"),
        ([[-1]], r"parents\[shape\]"),
        ([-1.0], r"parents\[dtype\]"),
        ([-1, 5], r"parents\[1\] is 5; it must be -1 or another member, in 0..1"),
        ([-1, -2], r"parents\[1\] is -2"),
        ([-1, 1], r"parents\[1\] is 1"),
        ([1, 2, 0], "lead to a root"),
        ([-1, 2, 3, 4, 1, 0], "lead to a root"),
    ],
)
def test_wrong_recruiters(parents, message):
    with pytest.raises(InvalidInputError, match=message):
        ReferralForest(parents)


@given(st.integers(2, 40), st.integers(0, 39), st.randoms())
def test_cycles_are_refused_and_named(n, extra, random):
    """A cycle of n members among some others, numbered at random: the error names one of the cycle."""
    label = list(range(n + extra))
    random.shuffle(label)
    parents = [0] * (n + extra)
    for i in range(n):
        parents[label[i]] = label[(i + 1) % n]
    for i in range(n, n + extra):
        parents[label[i]] = label[random.randrange(i)] if random.random() < 0.7 else -1
    with pytest.raises(InvalidInputError) as error:
        ReferralForest(parents)
    assert error.value.index in label[:n]


@pytest.mark.parametrize(
    ("contributions", "message"),
    [
        ([1, -1], r"contributions\[1\] is -1"),
        ([1, float("nan")], r"contributions\[1\] is nan"),
        (np.array([1.0, np.inf]), r"contributions\[1\] is inf"),
        (np.array([[1.0], [1.0]]), r"contributions\[shape\]"),
        ([1], r"contributions\[length\] is 1; it must be 2"),
        ("12", "contributions is '12'"),
        ([1, "2"], r"contributions\[1\] is '2'"),
        (3, "contributions is 3"),
    ],
)
def test_wrong_contributions(contributions, message):
    with pytest.raises(InvalidInputError, match=message):
        ReferralForest([-1, 0], contributions)


def test_arithmetic_is_kept():
    assert ReferralForest([-1, 0], [1, Fraction(1, 3)]).is_exact
    assert not ReferralForest([-1, 0], [1, 0.5]).is_exact
    assert not ReferralForest([-1, 0], np.array([1, 2])).is_exact
    assert ReferralForest([-1], [0.1]).exact().contributions.tolist() == [Fraction(1, 10)]
    assert ReferralForest([-1, 0], [Fraction(1, 3)] * 2).total == Fraction(2, 3)
    assert ReferralForest([-1, 0]).contributions.tolist() == [Fraction(1)] * 2


def test_arrays_are_read_only_and_copied():
    parents, amounts = np.array([-1, 0]), np.array([1.0, 2.0])
    forest = ReferralForest(parents, amounts)
    parents[1], amounts[1] = -1, 9.0
    assert (forest.parents.tolist(), forest.contributions.tolist()) == ([-1, 0], [1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        forest.parents[0] = 0


@pytest.mark.parametrize("amounts", [[1, 2], [1.5, 2.5]])
def test_pickles(amounts):
    forest = ReferralForest([-1, 0], amounts)
    again = pickle.loads(pickle.dumps(forest))
    assert again.to_dict() == forest.to_dict()
    assert again.is_exact is forest.is_exact


def test_names():
    forest = ReferralForest.from_recruiters({"bob": "ann", "ann": None}, {"ann": 1, "bob": 2})
    assert (forest.parents.tolist(), forest.contributions.tolist()) == ([1, -1], [2, 1])
    with pytest.raises(InvalidInputError, match=r"recruiters\['bob'\] is 'cem'"):
        ReferralForest.from_recruiters({"bob": "cem"})
    with pytest.raises(InvalidInputError, match=r"contributions\['ann'\] is 'missing'"):
        ReferralForest.from_recruiters({"ann": None}, {})
    with pytest.raises(InvalidInputError, match=r"contributions\['cem'\] is 'given'"):
        ReferralForest.from_recruiters({"ann": None}, {"ann": 1, "cem": 1})


@pytest.mark.parametrize("member", [-1, 2, 1.0, True])
def test_wrong_members(member):
    with pytest.raises(InvalidInputError, match="member is"):
        ReferralForest([-1, 0]).subtree(member)


class TestRandomRecursive:
    def test_the_same_seed_gives_the_same_forest(self):
        first, again = (ReferralForest.random_recursive(1000, roots=3, rng=5) for _ in range(2))
        assert (first.parents == again.parents).all()
        assert first.roots.tolist() == [0, 1, 2]

    def test_mean_depth(self):
        """The mean of the mean depth is H_n - 1 steps below the root; 200 forests, false alarm below 1e-6."""
        n = 2000
        steps = [(ReferralForest.random_recursive(n, rng=seed).depths - 1).mean() for seed in range(200)]
        expected = sum(1 / k for k in range(1, n + 1)) - 1
        assert abs(np.mean(steps) - expected) < 5 * np.std(steps) / np.sqrt(len(steps))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"members": 0}, "members is 0"),
            ({"members": 2, "roots": 3}, "roots is 3"),
            ({"members": 2, "roots": 0}, "0"),
        ],
    )
    def test_wrong_input(self, arguments, message):
        with pytest.raises(InvalidInputError, match=message):
            ReferralForest.random_recursive(**arguments, rng=1)


class TestFiles:
    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    @pytest.mark.parametrize("mark", ["\t", ",", ";"])
    def test_columns(self, tmp_path, pack, mark):
        text = "# members\nwho,spent,by\nbob,2,ann\n\nann,1/2,\n".replace(",", mark)
        (tmp_path / "members").write_bytes(pack(text.encode()))
        forest = ReferralForest.from_file(
            tmp_path / "members", member="who", recruiter="by", contribution="spent"
        )
        assert (forest.parents.tolist(), forest.contributions.tolist()) == ([1, -1], [2, Fraction(1, 2)])

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "a line of column names"),
            ("id,recruiter,c\n", "at least one member"),
            ("id,by\nann,\n", "column is 'recruiter'; it must be one of"),
            ("id,recruiter,c\nann\n", "line 2"),
            ("id,recruiter,c\nann,,1\nann,,1\n", "line 3"),
            ("id,recruiter,c\n,,1\n", "line 2"),
            ("id,recruiter,c\nann,,one\n", "line 2"),
            ("id,recruiter,c\nann,bob,1\n", r"recruiters\['ann'\] is 'bob'"),
            ("id,recruiter,c\nann,,-1\n", r"contributions\[0\] is -1"),
        ],
    )
    def test_wrong_files(self, tmp_path, text, message):
        (tmp_path / "members.csv").write_text(text)
        with pytest.raises(InvalidInputError, match=message):
            ReferralForest.from_file(tmp_path / "members.csv", contribution="c")

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(InvalidInputError, match="a readable file"):
            ReferralForest.from_file(tmp_path / "nothing.csv")


def test_a_real_recruitment_forest():
    """Jazz musicians of New York, who recruited one another with coupons."""
    try:
        path = datasets.path("trees/rds_nyjazz")
    except datasets.DatasetMissingError as reason:
        pytest.skip(str(reason))
    forest = ReferralForest.from_file(path)
    assert (forest.size, len(forest.roots), int(forest.depths.max())) == (264, 13, 12)
    assert not forest.is_ordered
    assert ShapleyTree().rewards(forest).sum() == 264
    paid = GeometricTree(Fraction(1, 2), Fraction(1, 4)).rewards(forest)
    assert Fraction(264, 4) < paid.sum() < Fraction(264, 2)
