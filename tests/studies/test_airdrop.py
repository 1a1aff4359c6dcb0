"""The study of an airdrop: its parts on a small forest, and the shares that are quoted of the real one."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import airdrop as study
from mechanism import DoubleGeometric, EqualSplit, FinderTakesAll, PathTable, Recursive, datasets


def ties(*rows):
    return pd.DataFrame(rows, columns=["src", "dst", "count"])


def forest(parents, sybil):
    return study.Forest.of(
        ties(*[(parent, child, 1) for child, parent in enumerate(parents) if parent >= 0]), np.array(sybil)
    )


@pytest.fixture(scope="module")
def real():
    try:
        return study.Forest.of(*study.transfers())
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))


def test_funders_are_the_most_frequent_and_cycles_lose_their_rarest_link():
    given = ties((0, 1, 2), (2, 1, 5), (1, 3, 1), (4, 3, 1), (5, 6, 3), (6, 5, 2), (6, 7, 1))
    assert study.funders(given, 9).tolist() == [-1, 2, -1, 1, -1, -1, 5, 6, -1]
    ring = ties((0, 1, 4), (1, 2, 3), (2, 0, 9))
    assert study.funders(ring, 3).tolist() == [2, 0, -1]


def test_who_has_no_tie_is_left_out():
    small = study.Forest.of(ties((1, 3, 1)), np.array([True, False, True, True]))
    assert small.parents.tolist() == [-1, 0]
    assert small.depths.tolist() == [1, 2]
    assert small.sybil.tolist() == [False, True]


def test_payments_on_a_chain_by_hand():
    chain = forest([-1, 0, 1], [False, True, True])
    paid, lost = chain.payments(Recursive(0.5), 3)
    assert paid.tolist() == [0.5, 0.75, 0.875]
    assert lost.tolist() == [0.0, 0.5, 0.75]
    assert study.captured(chain, Recursive(0.5), 3) == pytest.approx(1.25 / 2.125)
    paid, _ = chain.payments(Recursive(0.5), 2)  # the chain of three is too long
    assert paid.tolist() == [0.5, 0.75, 0.0]
    assert study.captured(chain, FinderTakesAll(), 3) == pytest.approx(2 / 3)


def test_payments_agree_with_walks_up_the_links():
    rng = np.random.default_rng(4)
    parents = np.array([-1, *(int(rng.integers(-1, i)) for i in range(1, 60))])
    tree = study.Forest(parents, study.ReferralForest(parents).depths, rng.random(60) < 0.4)
    scheme = EqualSplit()
    paid, lost = tree.payments(scheme, 5)
    for finder in range(60):
        chain, at = [], finder
        while at >= 0:
            chain.append(at)
            at = parents[at]
        share = 1 / len(chain) if len(chain) <= 5 else 0.0
        assert paid[finder] == pytest.approx(share * len(chain))
        assert lost[finder] == pytest.approx(share * tree.sybil[chain].sum())
    weights = np.bincount(tree.depths, minlength=6)[1:6, None] * scheme.table(5)
    places = np.nan_to_num(tree.sybil_share(5))
    assert (weights * places).sum() == pytest.approx(lost.sum())
    assert len(np.unique(tree.trees)) == (parents < 0).sum()
    assert (tree.trees[parents >= 0] == tree.trees[parents[parents >= 0]]).all()


def test_places_foretell_the_other_half_of_equal_trees():
    trees = 40
    parents = np.ravel([[-1, 3 * i, 3 * i + 1] for i in range(trees)])
    equal = forest(parents, np.tile([False, False, True], trees))
    model, naive = study.errors_between_halves(equal, [Recursive(0.5), FinderTakesAll()])
    assert model == pytest.approx(0, abs=1e-12)
    assert naive[0] > 0.05
    assert naive[1] == pytest.approx(0, abs=1e-12)  # it pays everybody alike
    low, high = study.interval(equal, Recursive(0.5), 3)
    assert low == pytest.approx(high)


def test_verdict_compares_designs_with_what_is_quoted():
    class Stub:
        def __init__(self, recruits):
            self.recruits = recruits

        def difference(self, other):
            gap = self.recruits - other.recruits
            return SimpleNamespace(mean=gap, low=gap - 1, high=gap + 1)

    chain = forest([-1, 0, 1], [False, True, True])
    rows = [
        SimpleNamespace(name="MIT", kind="known", scheme=Recursive(0.5), recruitment=Stub(10)),
        SimpleNamespace(name="designed", kind="designed", scheme=PathTable([[1]]), recruitment=Stub(8)),
    ]
    (line,) = study.verdict(chain, rows)
    assert line == "designed less MIT: -58.8 points of the budget to sybils, -2.0 recruits (-3.0..-1.0)."


def test_shares_of_the_real_airdrop(real):
    deepest = int(real.depths.max())
    assert len(real.parents) == 18_517
    assert study.captured(real, FinderTakesAll(), deepest) == pytest.approx(real.sybil.mean())
    mit, proof = (study.captured(real, one, deepest) for one in (Recursive(0.5), DoubleGeometric(0.5)))
    assert mit == pytest.approx(0.62, abs=0.01)
    assert proof == pytest.approx(0.36, abs=0.01)
    assert study.captured(real, Recursive(0.5), study.DEPTH) < mit
    finders = real.sybil_share(study.DEPTH)[:, 0]
    assert (np.diff(finders) > 0).all()  # the deeper, the more sybils
