"""Results in a notebook: their tables instead of their fields, nothing else changed, and no notebook no harm."""

from types import SimpleNamespace

import pytest
from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell

import solvers
from mechanism import Graph, Recursive, UnsupportedProblemError
from proofs import SybilProof, compare, verify
from solvers.display import load_ipython_extension, notebook
from solvers.key_players import KeyPlayers, Player
from solvers.precision import Stop

FOUND = KeyPlayers(
    labels=("<ann>",), drop=2.0, total=5.0, method="exact", bound=2.0, solves=3,
    ranking=(Player("<ann>", 1.0, 2.0, 1.0, 2.0),),
)  # fmt: skip


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Return a session of IPython that keeps no history."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setattr(InteractiveShell, "displayhook_class", DisplayHook)
    shell = InteractiveShell.instance(history_load_length=0)
    shell.history_manager.enabled = False
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def shown(shell, result):
    return shell.display_formatter.format(result)[0]


def test_results_are_shown_as_their_tables(shell):
    assert "text/html" not in shown(shell, FOUND)
    notebook()
    html = shown(shell, FOUND)["text/html"]
    title, *lines = str(FOUND).replace("<", "&lt;").replace(">", "&gt;").splitlines()
    assert html.startswith("<pre")
    assert f"<b>{title}</b>" in html
    assert all(line in html for line in lines)
    assert "<ann>" not in html
    assert "KeyPlayers(" in shown(shell, FOUND)["text/plain"]


def test_verdicts_too_and_what_shows_itself_as_before(shell):
    notebook()
    verdict = verify(Recursive(1 / 2), SybilProof())
    assert str(verdict).splitlines()[0] in shown(shell, verdict)["text/html"]
    matrix = compare([Recursive(1 / 2)], [SybilProof()])
    assert shown(shell, matrix)["text/html"] == matrix.to_html()
    for other in (Graph.from_edges([0], [1]), Stop.LIMIT, "text", FOUND.ranking[0]):
        assert "text/html" not in shown(shell, other)


def test_every_result_that_prints_is_registered():
    seen = {}
    formatter = SimpleNamespace(for_type=lambda one, function: seen.update({one.__name__: function}))
    load_ipython_extension(
        SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": formatter}))
    )
    printing = {
        name
        for name in solvers.__all__
        if isinstance(one := getattr(solvers, name), type)
        and hasattr(one, "to_dict")
        and "__str__" in vars(one)
    }
    assert len(printing) > 30
    assert printing <= set(seen)


def test_elsewhere_it_says_where_it_belongs():
    assert not InteractiveShell.initialized()
    with pytest.raises(UnsupportedProblemError, match="for Jupyter and IPython"):
        notebook()
