"""The tables of the literature come out of our own verdicts, cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs import Proved, Refuted, check_certificate, interior_rewards_vanish
from proofs.matrix import TABLES, auction_matrix, path_matrix, tree_matrix

# Verdicts required: + proved, - refuted, . does not apply. Nothing may stay open where the literature is sure.
PATHS = """
                             BC  BB  SP  SP(gain)  CP  SCR
recursive 1/2 (MIT)          +   -   -   +         +   +
geometric .7 * .3^j          +   -   -   +         +   +
balanced geometric 1/2       +   +   -   +         +   +
double geometric 1/2         +   -   +   .         -   +
double geometric 1/5         +   -   +   .         -   +
equal split                  +   +   -   .         +   +
constant split, 10 members   +   -   -   +         -   +
finder takes all             +   +   +   .         +   -
direct referral 1/10         +   -   +   .         -   -
almost uniform (1/5, 5)      +   +   -   +         -   +
"""
TREES = """
                           BC  CCI  CSI  RPC  SL  USB  chain  siblings  USA  UGSA  PO  URO
geometric (1/3, 1/3)       +   +    +    +    +   +    -      +         -    -     +   +
L-Luxor 1/3 (ours, after)  +   +    +    +    +   +    -      +         -    -     +   +
multi-level (1/3, 1/3)     +   -    +    -    +   +    -      +         -    -     +   +
L-Pachira (.5, .2, .5)     +   +    +    +    -   +    +      +         +    +     +   +
L-Pachira (.9, .2, .5)     +   +    +    +    -   +    +      +         +    -     +   +
TDRM (.5, .2, .1, 1)       +   +    +    +    +   +    +      +         +    -     +   +
CDRM-1 (.5, .3)            +   +    +    +    +   +    +      +         +    +     -   -
CDRM-2 (.5, .3)            +   +    +    +    +   +    +      +         +    +     -   -
capped rate (ours, after)  +   +    -    +    +   +    +      +         +    +     -   -
Shapley value              +   +    +    -    -   -    -      +         -    -     +   +
"""
SIGNS = {"+": True, "-": False}


def cells(text):
    head, *rows = [line for line in text.splitlines() if line.strip()]
    columns = head.split()
    for row in rows:
        name = row[: row.index("  ")]
        for column, sign in zip(columns, row[len(name) :].split(), strict=True):
            yield name, column, sign


@pytest.fixture(scope="module")
def paths():
    return path_matrix()


@pytest.fixture(scope="module")
def trees():
    return tree_matrix()


def verdict_of(table, row, column):
    verdict = table[row, column]
    return "." if verdict is None else {True: "+", False: "-", None: "?"}[verdict.holds]


class TestPaths:
    def test_every_cell_is_listed(self, paths):
        assert {(row, column) for row, column, _ in cells(PATHS)} == set(paths.verdicts)

    @pytest.mark.parametrize(("row", "column", "sign"), list(cells(PATHS)), ids=str)
    def test_a_cell(self, paths, row, column, sign):
        assert verdict_of(paths, row, column) == sign, str(paths[row, column])

    def test_a_fake_identity_on_the_shortest_chain_breaks_the_recursive_scheme(self, paths):
        attack = paths["recursive 1/2 (MIT)", "SP"].counterexample
        assert (attack.depth, attack.distance, attack.identities) == (1, 0, 1)


class TestTrees:
    def test_every_cell_is_listed(self, trees):
        assert {(row, column) for row, column, _ in cells(TREES)} == set(trees.verdicts)

    @pytest.mark.parametrize(("row", "column", "sign"), list(cells(TREES)), ids=str)
    def test_a_cell(self, trees, row, column, sign):
        assert verdict_of(trees, row, column) == sign, str(trees[row, column])


class TestEvidence:
    @pytest.mark.parametrize("name", ["paths", "trees"])
    def test_every_proof_is_accepted_again(self, name, paths, trees):
        table = {"paths": paths, "trees": trees}[name]
        proofs = [verdict for verdict in table.verdicts.values() if isinstance(verdict, Proved)]
        assert proofs
        for proof in proofs:
            assert check_certificate(proof.scheme, proof.certificate)

    @pytest.mark.parametrize("name", ["paths", "trees"])
    def test_every_counterexample_is_drawn(self, name, paths, trees):
        table = {"paths": paths, "trees": trees}[name]
        refuted = [verdict for verdict in table.verdicts.values() if isinstance(verdict, Refuted)]
        assert refuted
        assert all(str(verdict.counterexample).strip() for verdict in refuted)


class TestPublishedStatements:
    """What abstracts say of systems, where the scheme has a formula."""

    def test_multi_level_marketing_falls_to_false_names(self, trees):
        """Emek et al., EC 2011."""
        assert trees["multi-level (1/3, 1/3)", "USA"].holds is False
        assert trees["multi-level (1/3, 1/3)", "BC"].holds is True

    def test_capped_rewards_resist_sybils(self, trees):
        """Drucker and Fleischer, EC 2012; the formula is ours."""
        assert trees["capped rate (ours, after)", "USA"].holds is True

    @pytest.mark.parametrize(
        "scheme", ["geometric .7 * .3^j", "balanced geometric 1/2", "recursive 1/2 (MIT)"]
    )
    def test_geometric_chains_resist_mergers_and_almost_splits(self, paths, scheme):
        """Nath et al., WINE 2012."""
        held = [paths[scheme, name].holds for name in ("CP", "SP(gain)", "SP")]
        assert held == [True, True, False]

    def test_splits_and_mergers_cannot_both_be_resisted(self, paths):
        """Zhang and Tang, AAAI 2023: one or the other, or nothing in between."""
        both = [
            name
            for name in paths.schemes
            if paths[name, "SP"].holds is True and paths[name, "CP"].holds is True
        ]
        assert both == ["finder takes all"]
        assert interior_rewards_vanish(6).value == 0

    def test_tree_schemes_between_all_properties(self, trees):
        """Lv and Moscibroda, PODC 2013: all but the strong attack, or all but unbounded rewards."""
        lacking = {
            name: [column for column in trees.properties if trees[name, column].holds is False]
            for name in ("TDRM (.5, .2, .1, 1)", "CDRM-1 (.5, .3)", "CDRM-2 (.5, .3)")
        }
        assert list(lacking.values()) == [["UGSA"], ["PO", "URO"], ["PO", "URO"]]

    def test_tdrm_falls_to_a_small_star(self, trees):
        case = trees["TDRM (.5, .2, .1, 1)", "UGSA"].counterexample
        assert case.members == 5  # the known one has 11
        assert case.gain > 0


AUCTIONS = """
              IR  IC  WBB  REV  SP
IDM           ?   ?   ?    ?    -
extended VCG  ?   ?   -    ?    -
"""


@pytest.fixture(scope="module")
def auctions():
    return auction_matrix()


@pytest.mark.parametrize(("row", "column", "sign"), list(cells(AUCTIONS)), ids=str)
def test_auctions(auctions, row, column, sign):
    """Markets are searched, so what the literature proves of all of them stays open here."""
    assert verdict_of(auctions, row, column) == sign


def test_the_stored_report_is_current(paths, trees, auctions):
    stored = (Path(__file__).parents[2] / "docs" / "matrix.txt").read_text(encoding="utf-8")
    assert stored == "\n\n".join(table.report() for table in (paths, trees, auctions)) + "\n"
    assert list(TABLES) == ["paths", "trees", "auctions"]
