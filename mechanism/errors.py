"""Errors of the library: what is wrong, where, and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np

__all__ = [
    "BackendMissingError",
    "CertificateError",
    "InvalidInputError",
    "MechanismError",
    "SolveError",
    "UnsupportedProblemError",
]

_LONGEST = 200


class MechanismError(Exception):
    """Base class of all errors that this library raises on purpose."""


class InvalidInputError(MechanismError, ValueError):
    """An argument is out of its range; nothing has been done.

    Parameters
    ----------
    argument : str
        Name of the argument.
    value : object
        The offending value.
    allowed : str
        What would have been accepted, as a noun phrase.
    index : int, tuple of int or str, optional
        Where in the argument the value stands.
    verb : str
        What joins argument and value in the message; with another than "is" the value is words.

    Examples
    --------
    >>> raise InvalidInputError("contact", 1.2, allowed="a probability in [0, 1]")
    Traceback (most recent call last):
    ...
    mechanism.errors.InvalidInputError: contact is 1.2; it must be a probability in [0, 1]
    """

    def __init__(
        self,
        argument: str,
        value: object,
        *,
        allowed: str,
        index: int | tuple[int, ...] | str | None = None,
        verb: str = "is",
    ) -> None:
        place = ", ".join(map(str, index)) if isinstance(index, tuple) else index
        where = argument if index is None else f"{argument}[{place}]"
        shown = _on_one_line(value) if verb == "is" else str(value)
        super().__init__(f"{where} {verb} {shown}; it must be {allowed}")
        self.argument = argument
        self.value = value
        self.index = index
        self.allowed = allowed
        self.verb = verb

    def __reduce__(self) -> tuple[Callable[[], InvalidInputError], tuple[()]]:
        # Keyword arguments are not kept by exceptions, and errors have to cross to other processes.
        rebuild = partial(type(self), self.argument, self.value, allowed=self.allowed)
        return partial(rebuild, index=self.index, verb=self.verb), ()


class UnsupportedProblemError(MechanismError):
    """The problem is well posed but no method here solves it."""


class SolveError(MechanismError):
    """A solver failed; what it had reached is attached.

    Parameters
    ----------
    message : str
        What happened and what to do.
    solution : object, optional
        The best that was found.

    Examples
    --------
    >>> SolveError("the limit was reached", solution=3).solution
    3
    """

    def __init__(self, message: str, *, solution: object = None) -> None:
        super().__init__(message)
        self.solution = solution


class CertificateError(MechanismError):
    """A certificate is malformed or does not prove its claim."""


class BackendMissingError(MechanismError, ImportError):
    """An optional package is not installed; the message holds the command that installs it."""


def _on_one_line(value: object) -> str:
    """Return a value as a message shows it: numbers of numpy as plain ones, anything long cut."""
    plain = value.item() if isinstance(value, np.generic) else value
    text = str(plain) if isinstance(plain, Fraction) else " ".join(repr(plain).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
