"""The page of the manual on seeding."""

from tests.pages import run


def test_the_page_says_what_comes_out():
    page = run("seeding.md")
    assert page["found"].ratio > 0.53
    assert page["bought"].cost <= 30
    assert len(page["team"].team) == 3
