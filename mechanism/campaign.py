"""Campaigns: a task on a network, started by the organiser's team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.network import IncentiveNetwork
from mechanism.tasks import Search

__all__ = ["Campaign", "Members", "Team", "TopDegree"]


class Team(Protocol):
    """A rule that picks the organiser's team: it stands at depth 0, is never paid and never counted."""

    def select(self, graph: Graph) -> NDArray[np.int32]:
        """Return the nodes of the team."""
        ...


@dataclass(frozen=True, slots=True)
class TopDegree:
    """The k nodes with the most contacts; ties go to the smallest label.

    Examples
    --------
    >>> TopDegree(1).select(Graph.from_edges([4, 4, 9], [7, 9, 4])).tolist()
    [0]
    """

    k: int

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, (int, np.integer)) or self.k < 1:
            raise InvalidInputError("k", self.k, allowed="an integer of at least 1")

    def select(self, graph: Graph) -> NDArray[np.int32]:
        """Return the nodes of the team."""
        if self.k > graph.n:
            raise InvalidInputError("team", self.k, allowed=f"at most the {graph.n} people of the graph")
        # Nodes are numbered by label, so a stable sort breaks ties by the smallest one.
        return np.argsort(-graph.out_degree, kind="stable")[: self.k].astype(np.int32)


@dataclass(frozen=True, slots=True)
class Members:
    """A team named by the labels of its members."""

    labels: Sequence[int | str]

    def select(self, graph: Graph) -> NDArray[np.int32]:
        """Return the nodes of the team."""
        if not len(self.labels):
            raise InvalidInputError("team", self.labels, allowed="at least one label")
        nodes = []
        for position, label in enumerate(self.labels):
            try:
                node = graph.index_of(label)
            except InvalidInputError as error:
                raise InvalidInputError("team", label, index=position, allowed=error.allowed) from None
            if node in nodes:
                raise InvalidInputError("team", label, index=position, allowed="named once")
            nodes.append(node)
        return np.array(nodes, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Campaign:
    """A recruitment campaign.

    Parameters
    ----------
    network : IncentiveNetwork
        The people.
    task : Search
        What for.
    team : Team
        Who starts: `TopDegree` or `Members`.
    max_depth : int
        Nobody joins deeper than this, at least 1; every reward scheme is cut there.

    Attributes
    ----------
    team_nodes : ndarray of int32
        The nodes of the team.
    """

    network: IncentiveNetwork
    task: Search
    team: Team
    max_depth: int
    team_nodes: NDArray[np.int32]

    def __init__(self, network: IncentiveNetwork, task: Search, *, team: Team, max_depth: int) -> None:
        if not isinstance(network, IncentiveNetwork):
            raise InvalidInputError("network", network, allowed="an IncentiveNetwork")
        if not isinstance(task, Search):
            raise InvalidInputError("task", task, allowed="a task such as Search(prize=1, find=0.001)")
        if isinstance(max_depth, bool) or not isinstance(max_depth, (int, np.integer)) or max_depth < 1:
            raise InvalidInputError("max_depth", max_depth, allowed="an integer of at least 1")
        if not hasattr(team, "select"):
            raise InvalidInputError("team", team, allowed="a team such as TopDegree(5)")
        nodes = team.select(network.graph)
        nodes.flags.writeable = False
        for name, value in (
            ("network", network),
            ("task", task),
            ("team", team),
            ("max_depth", int(max_depth)),
            ("team_nodes", nodes),
        ):
            object.__setattr__(self, name, value)
