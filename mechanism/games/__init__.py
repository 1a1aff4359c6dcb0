"""Payoff systems: games on a graph in which payoffs depend on payoffs and actions of others."""

from collections.abc import Mapping
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.games.interdependent import Interdependent
from mechanism.games.linear_quadratic import LinearQuadratic
from mechanism.games.logit import Logit
from mechanism.games.normal_form import NormalForm
from mechanism.games.participation import Participation
from mechanism.games.peer_pressure import PeerPressure
from mechanism.games.polymatrix import Polymatrix
from mechanism.games.query import QueryNetwork
from mechanism.games.system import PayoffSystem

__all__ = [
    "Interdependent",
    "LinearQuadratic",
    "Logit",
    "NormalForm",
    "Participation",
    "PayoffSystem",
    "PeerPressure",
    "Polymatrix",
    "QueryNetwork",
    "system_from_dict",
]


def system_from_dict(document: Mapping[str, Any]) -> PayoffSystem | Interdependent:
    """Return the system that its `to_dict` wrote.

    Raises
    ------
    InvalidInputError
        If the document describes no system.
    """
    kinds: dict[str, Any] = {one.kind: one for one in (Interdependent, LinearQuadratic, Logit, Participation)}
    if not isinstance(document, Mapping) or document.get("system") not in kinds:
        raise InvalidInputError("document", document, allowed=f"an object of the system {', '.join(kinds)}")
    made: PayoffSystem | Interdependent = kinds[document["system"]].from_dict(document)
    return made
