"""The page of the manual on design: its code runs as it stands, block by block."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = re.findall(r"```python\n(.*?)```", (DOCS / "design.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def page():
    return {"__name__": "page"}


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_blocks_of_the_page_run(page, number):
    exec(BLOCKS[number], page)


def test_the_page_says_what_comes_out(page):
    plan, fair, result = page["plan"], page["fair"], page["result"]
    assert fair.search_value > plan.search_value  # a leak is worth more than fairness costs here
    assert page["thrifty"].spending[0].value == pytest.approx(0.1, rel=0.05)
    assert page["safe"].value == min(one.recruits for one in page["safe"].recruitments)
    assert page["least"].share < 1
    assert max(price for _, price in result.price("epsilon")) > 0.01
    for folder in (page["folder"], DOCS):
        drawn = (folder / "surface.svg").read_text(encoding="utf-8")
        assert "<svg" in drawn
        assert len(drawn) < 150_000
