"""Campaigns: a task on a network, started by the organiser's team."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.graph import Graph
from mechanism.network import IncentiveNetwork
from mechanism.numbers import number, whole
from mechanism.response_times import ResponseTime
from mechanism.tasks import Task

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
        object.__setattr__(self, "k", whole(self.k, argument="k"))

    def select(self, graph: Graph) -> NDArray[np.int32]:
        """Return the nodes of the team."""
        if self.k > graph.n:
            raise InvalidInputError("team", self.k, allowed=f"at most the {graph.n} people of the graph")
        # Nodes are numbered by label, so a stable sort breaks ties by the smallest one.
        return np.argsort(-graph.out_degree, kind="stable")[: self.k].astype(np.int32)


@dataclass(frozen=True, slots=True)
class Members:
    """A team named by the labels of its members.

    Examples
    --------
    >>> Members(["cem", "ann"]).select(Graph.from_edges(["ann", "bob"], ["bob", "cem"])).tolist()
    [2, 0]
    """

    labels: Sequence[int | str]

    def __post_init__(self) -> None:
        if isinstance(self.labels, str) or not isinstance(self.labels, Iterable):
            raise InvalidInputError("team", self.labels, allowed="a sequence of labels")
        object.__setattr__(self, "labels", tuple(self.labels))

    def select(self, graph: Graph) -> NDArray[np.int32]:
        """Return the nodes of the team."""
        if not len(self.labels):
            raise InvalidInputError("team", self.labels, allowed="at least one label")
        nodes: dict[int, None] = {}
        for position, label in enumerate(self.labels):
            try:
                node = graph.index_of(label)
            except InvalidInputError as error:
                raise InvalidInputError("team", label, index=position, allowed=error.allowed) from None
            if node in nodes:
                raise InvalidInputError("team", label, index=position, allowed="named once")
            nodes[node] = None
        return np.array(list(nodes), dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Campaign:
    """A recruitment campaign.

    Parameters
    ----------
    network : IncentiveNetwork
        The people.
    task : Task
        What for: a `Search` or a `Contribution`.
    team : Team
        Who starts: `TopDegree` or `Members`.
    max_depth : int
        Nobody joins deeper than this, at least 1; every reward scheme is cut there.
    max_invites : int, optional
        Invitations that a member may give, at least 1, such as the coupons of respondent-driven sampling; no limit by
        default. The team has none. An invitation that does not reach the contact is given all the same.
    response : ResponseTime, optional
        How long invitations take to be answered. The race then runs by the clock: first to join, first to find. By
        default it runs in rounds, one per depth.
    horizon : float, optional
        Nobody joins later than this, in the unit of the response time, above 0; only with `response`.

    Attributes
    ----------
    team_nodes : ndarray of int32
        The nodes of the team.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range or the team is not in the graph.

    Examples
    --------
    >>> from mechanism import CostModel, Search
    >>> network = IncentiveNetwork(
    ...     Graph.from_edges([1, 2], [2, 3], directed=False),
    ...     contact=0.5,
    ...     join=CostModel.exponential(mean=0.8),
    ...     invite=CostModel.exponential(mean=0.12),
    ... )
    >>> task = Search(prize=4000, find=0.001)
    >>> Campaign(network, task, team=TopDegree(1), max_depth=10).team_nodes.tolist()
    [1]
    """

    network: IncentiveNetwork
    task: Task
    team: Team
    max_depth: int
    max_invites: int | None
    response: ResponseTime | None
    horizon: float
    team_nodes: NDArray[np.int32]

    def __init__(
        self,
        network: IncentiveNetwork,
        task: Task,
        *,
        team: Team,
        max_depth: int,
        max_invites: int | None = None,
        response: ResponseTime | None = None,
        horizon: float | None = None,
    ) -> None:
        if not isinstance(network, IncentiveNetwork):
            raise InvalidInputError("network", network, allowed="an IncentiveNetwork")
        if not isinstance(task, Task):
            raise InvalidInputError("task", task, allowed="a task such as Search(prize=1, find=0.001)")
        max_depth = whole(max_depth, argument="max_depth")
        max_invites = None if max_invites is None else whole(max_invites, argument="max_invites")
        if response is not None and not isinstance(response, ResponseTime):
            raise InvalidInputError(
                "response", response, allowed="a ResponseTime such as ResponseTime.exponential(mean=1)"
            )
        if not hasattr(team, "select"):
            raise InvalidInputError("team", team, allowed="a team such as TopDegree(5)")
        nodes = _nodes(team, network.graph)
        for name, value in (
            ("network", network),
            ("task", task),
            ("team", team),
            ("max_depth", max_depth),
            ("max_invites", max_invites),
            ("response", response),
            ("horizon", _end(horizon, response)),
            ("team_nodes", nodes),
        ):
            object.__setattr__(self, name, value)


def _end(horizon: float | None, response: ResponseTime | None) -> float:
    """Return when joining ends, infinity by default."""
    if horizon is None:
        return inf
    if response is None:
        raise InvalidInputError("horizon", horizon, allowed="left out where there are no response times")
    allowed = "a finite time above 0"
    end = float(number(horizon, argument="horizon", allowed=allowed))
    if end <= 0:
        raise InvalidInputError("horizon", horizon, allowed=allowed)
    return end


def _nodes(team: Team, graph: Graph) -> NDArray[np.int32]:
    """Return the nodes that a team selects, read-only; refuse what are not distinct nodes of the graph."""
    nodes = np.array(team.select(graph))
    inside = nodes.ndim == 1 and nodes.dtype.kind in "iu" and nodes.size > 0
    if not inside or nodes.min() < 0 or nodes.max() >= graph.n or len(np.unique(nodes)) < len(nodes):
        raise InvalidInputError("team", team, allowed=f"a rule that selects distinct nodes, 0..{graph.n - 1}")
    nodes = nodes.astype(np.int32)
    nodes.flags.writeable = False
    return nodes
