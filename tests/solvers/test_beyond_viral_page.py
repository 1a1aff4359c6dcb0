"""The page of the manual on what lasts."""

import numpy as np

from tests.pages import run


def test_the_page_says_what_comes_out():
    page = run("beyond_viral.md")
    names = [message.name for message in page["ranking"].messages]
    assert names[int(np.argmax(page["ranking"].virality))] == "joke"
    assert names[int(page["ranking"].order[0])] != "joke"
    assert 0 < page["after"].sustained < page["after"].burst
