"""The page of the manual on what lasts: its code runs as it stands, block by block."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "beyond_viral.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def page():
    return {"__name__": "page"}


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_blocks_of_the_page_run(page, number):
    exec(BLOCKS[number], page)


def test_the_page_says_what_comes_out(page):
    names = [message.name for message in page["ranking"].messages]
    assert names[int(np.argmax(page["ranking"].virality))] == "joke"
    assert names[int(page["ranking"].order[0])] != "joke"
    assert 0 < page["after"].sustained < page["after"].burst
