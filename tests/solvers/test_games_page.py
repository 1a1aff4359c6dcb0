"""The page of the manual on payoff systems."""

from tests.pages import run


def test_the_page_says_what_comes_out():
    page = run("games.md")
    assert page["joined"].least.sum() < page["joined"].greatest.sum()
    assert page["found"].certificate["claims"]
    assert not page["everybody"].order
    assert page["curve"].plans["peer"][-1].externality < page["curve"].plans["peer"][0].externality
