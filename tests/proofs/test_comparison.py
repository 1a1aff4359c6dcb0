"""Tables of verdicts: what they print, export and refuse."""

from __future__ import annotations

import json
from fractions import Fraction
from html.parser import HTMLParser

import pytest

from mechanism.errors import InvalidInputError
from mechanism.schemes import CDRM1, DoubleGeometric, EqualSplit, Recursive
from proofs import Claim, SybilProof, WithinBudget, compare
from proofs.trees import UnprofitableSybilAttack

SCHEMES = {"MIT": Recursive(0.5), "two | halves": DoubleGeometric(0.5)}
PROPERTIES = {"BC": WithinBudget(), "SP": SybilProof(), "SP(1)": SybilProof(1)}


@pytest.fixture(scope="module")
def table():
    return compare(SCHEMES, PROPERTIES, title="Two schemes")


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.inside = [], None

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.inside = ""

    def handle_data(self, data):
        if self.inside is not None:
            self.inside += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self.inside)
            self.inside = None


def test_text(table):
    assert str(table).splitlines() == [
        "Two schemes",
        "scheme         BC   SP  SP(1)",
        "─────────────────────────────",
        "MIT            ✓    ✗     ✓",
        "two | halves   ✓    ✓     ✓",
        "✓ proved   ✗ refuted   ? neither proved nor refuted   · does not apply",
    ]


def test_colours_do_not_move_columns(table):
    from rich.text import Text

    painted = Text.from_markup(table.__rich__()).plain
    assert [line.rstrip() for line in painted.splitlines()] == str(table).splitlines()


def test_the_report_holds_every_counterexample(table):
    assert [(row, column) for row, column, _ in table.witnesses()] == [("MIT", "SP")]
    assert "MIT, SP: not sybil-proof in chains of every length" in table.report()
    assert "gain:   1/4 of the prize (+50 %)" in table.report()


def test_html(table):
    parser = Cells()
    parser.feed(table.to_html())
    assert parser.rows == [
        ["scheme", "BC", "SP", "SP(1)"],
        ["MIT", "✓", "✗", "✓"],
        ["two | halves", "✓", "✓", "✓"],
    ]
    assert table._repr_html_() == table.to_html()


def test_html_is_escaped():
    html = compare({"<b>": Recursive(0.5)}, {"&": WithinBudget()}).to_html()
    assert "<b>" not in html
    assert "&amp;" in html


def test_markdown(table):
    lines = table.to_markdown().splitlines()
    assert "| MIT | ✓ | ✗ | ✓ |" in lines
    assert r"| two \| halves | ✓ | ✓ | ✓ |" in lines
    assert "**MIT, SP**" in lines
    assert "**MIT, SP**" not in table.to_markdown(witnesses=False)


def test_json(table):
    values = json.loads(json.dumps(table.to_dict()))
    assert values["verdicts"]["MIT"]["SP"]["verdict"] == "refuted"
    assert values["verdicts"]["MIT"]["SP"]["counterexample"]["gain"] == "1/4"


def test_sequences_go_by_labels_and_codes():
    table = compare([Recursive(0.5), EqualSplit()], [WithinBudget(), SybilProof()])
    assert table.schemes == ("recursive 0.5", "equal split")
    assert table.properties == ("BC", "SP")


def test_chains_and_trees_do_not_mix():
    table = compare([Recursive(0.5), CDRM1(0.5, 0.25)], [SybilProof(), UnprofitableSybilAttack()])
    assert [table.mark(scheme, "SP") for scheme in table.schemes] == ["✗", "·"]
    assert [table.mark(scheme, "USA") for scheme in table.schemes] == ["·", "✓"]


def test_a_rule_may_name_the_claim():
    def claimed(scheme):
        return SybilProof(scheme.ratio / (1 - scheme.ratio)) if isinstance(scheme, Recursive) else None

    table = compare([Recursive(Fraction(1, 3)), EqualSplit()], {"SP": claimed})
    assert [table.mark(scheme, "SP") for scheme in table.schemes] == ["✓", "·"]


def test_a_claim_may_be_cut():
    table = compare(
        {"mine": lambda depth, distance: Fraction(1, 3)},
        {"all": WithinBudget(), "three": Claim(WithinBudget(), 3)},
    )
    assert [table.mark("mine", name) for name in table.properties] == ["✗", "✓"]


def test_progress_is_told():
    told = []
    compare(SCHEMES, PROPERTIES, progress=lambda *stage: told.append(stage))
    assert [done for _, done, _ in told] == list(range(6))
    assert {total for _, _, total in told} == {6}


@pytest.mark.parametrize(
    ("schemes", "properties", "message"),
    [
        ([Recursive(0.5)] * 2, PROPERTIES, r"schemes\[1\] is 'recursive 0.5'"),
        (SCHEMES, [SybilProof(), SybilProof(1)], r"properties\[1\] is 'SP'"),
        ([], PROPERTIES, "schemes is "),
        (SCHEMES, {}, "properties is "),
        ("recursive", PROPERTIES, "schemes is 'recursive'"),
    ],
)
def test_wrong_input(schemes, properties, message):
    with pytest.raises(InvalidInputError, match=message):
        compare(schemes, properties)
