"""The page of the manual on design."""

import pytest

from tests.pages import DOCS, run


def test_the_page_says_what_comes_out():
    page = run("design.md")
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
