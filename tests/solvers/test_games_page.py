"""The page of the manual on payoff systems: its code runs as it stands, block by block."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "games.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def page():
    return {"__name__": "page"}


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_blocks_of_the_page_run(page, number):
    exec(BLOCKS[number], page)


def test_the_page_says_what_comes_out(page):
    assert page["joined"].least.sum() < page["joined"].greatest.sum()
    assert page["found"].certificate["claims"]
    assert not page["everybody"].order
    assert page["curve"].plans["peer"][-1].externality < page["curve"].plans["peer"][0].externality
