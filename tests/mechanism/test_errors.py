"""Errors: one sentence, and the same after a journey to another process."""

import pickle

import numpy as np
import pytest

from mechanism import BackendMissingError, InvalidInputError, MechanismError, SolveError


def test_an_error_travels_between_processes():
    error = InvalidInputError("contact", 1.2, index=(0, 3), allowed="a probability in [0, 1]")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is InvalidInputError
    assert str(again) == str(error) == "contact[0, 3] is 1.2; it must be a probability in [0, 1]"
    assert (again.argument, again.value, again.index, again.allowed) == (
        error.argument,
        error.value,
        error.index,
        error.allowed,
    )


def test_the_verb_travels_along():
    error = InvalidInputError("edges", "2 self-loops", verb="has", allowed="free of them")
    assert str(pickle.loads(pickle.dumps(error))) == "edges has 2 self-loops; it must be free of them"


def test_what_a_solver_reached_travels_too():
    again = pickle.loads(pickle.dumps(SolveError("stopped", solution=[1, 2])))
    assert str(again) == "stopped"
    assert again.solution == [1, 2]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(np.float64(1.5), "x is 1.5;"), (np.eye(3), "x is array"), ("a\nb" * 500, "...; it must be")],
)
def test_values_are_shown_on_one_line(value, shown):
    text = str(InvalidInputError("x", value, allowed="smaller"))
    assert shown in text
    assert "\n" not in text
    assert len(text) < 300


def test_builtin_errors_catch_ours():
    assert issubclass(InvalidInputError, ValueError)
    assert issubclass(BackendMissingError, ImportError)
    assert issubclass(BackendMissingError, MechanismError)
