"""Results as tables in a notebook."""

from __future__ import annotations

import sys
from html import escape
from importlib import import_module
from typing import Any

from mechanism.errors import UnsupportedProblemError

__all__ = ["load_ipython_extension", "notebook"]


def notebook() -> None:
    """Show results as their tables in this notebook, from now on; ``%load_ext solvers.display`` does the same.

    Raises
    ------
    UnsupportedProblemError
        If this is no notebook and no session of IPython.
    """
    ipython = sys.modules.get("IPython")  # loaded if we are in it
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        raise UnsupportedProblemError(
            "notebook() is for Jupyter and IPython, and this is neither: print results here"
        )
    load_ipython_extension(shell)


def load_ipython_extension(shell: Any) -> None:
    """Show results of `solvers` and verdicts of `proofs` as their tables in a session of IPython.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The session.
    """
    formatter = shell.display_formatter.formatters["text/html"]
    for package in (import_module("proofs"), import_module("solvers")):
        for name in package.__all__:
            one = getattr(package, name)
            if isinstance(one, type) and "__str__" in vars(one) and not hasattr(one, "_repr_html_"):
                formatter.for_type(one, _html)


def _html(result: object) -> str:
    title, _, rest = escape(str(result)).partition("\n")
    return f"<pre style='white-space:pre;overflow-x:auto'><b>{title}</b>\n{rest}</pre>"
