"""Expected members depth by depth without simulation: exact on trees, an approximation where ways to a person meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Campaign, Graph
from mechanism.arcs import opposite_arcs
from mechanism.campaign import Team
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.numbers import whole
from solvers.diffusion import Spread, chances_of, nodes_of
from solvers.kernels.message import pass_messages
from solvers.recruitment import Recruitment

__all__ = ["MessagePassing", "expected_recruits", "expected_spread"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MessagePassing:
    """Expected members by depth.

    Attributes
    ----------
    members_by_depth : ndarray of float64, shape (max_depth + 1,)
        Expected members at each depth; depth 0 are the seeds or the team.
    is_tree : bool
        Whether no two people are joined by two ways, so that the values are exact.
    """

    members_by_depth: Reals
    is_tree: bool

    @property
    def total(self) -> float:
        """Expected members of all depths, the seeds or the team included."""
        return float(self.members_by_depth.sum())

    def bias(self, simulated: Spread | Recruitment) -> tuple[float, float]:
        """Return by how much the total exceeds a simulated one, relative to that, and the standard error of this.

        Parameters
        ----------
        simulated : Spread or Recruitment
            The same seeds, chances and largest depth; of a recruitment the team is left out on both sides.
        """
        if isinstance(simulated, Spread):
            mean, error, own = simulated.spread, simulated.stderr, self.total
        else:
            mean, error = simulated.recruits, simulated.recruits_stderr
            own = self.total - float(self.members_by_depth[0])
        return own / mean - 1.0, own * error / mean**2

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("depth", "members"), left=0)
        deepest = int(np.flatnonzero(self.members_by_depth > 5e-4).max(initial=0))
        for depth, members in enumerate(self.members_by_depth[: deepest + 1]):
            table.add_row(str(depth), f"{members:,.3f}")
        kind = "exact: the network is a tree" if self.is_tree else "an approximation: ways to a person meet"
        return render(
            "Expected members by message passing", table, footer=[f"total {self.total:,.3f}, {kind}"]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {"members_by_depth": self.members_by_depth.tolist(), "is_tree": self.is_tree}


def expected_spread(
    graph: Graph,
    seeds: ArrayLike | Team,
    *,
    probability: float | ArrayLike | Literal["weighted"],
    max_depth: int,
) -> MessagePassing:
    """Return the expected active nodes of the independent cascade by depth.

    Parameters
    ----------
    graph, seeds, probability
        As `solvers.spread` takes them.
    max_depth : int
        Last depth, at least 0.

    Returns
    -------
    MessagePassing

    Notes
    -----
    O(m) time per depth, about 100 bytes per arc. Each message is the chance that a node becomes active at a depth
    while the receiver is left out; messages into a node count as independent. Exact on trees; elsewhere ways that
    meet are counted as if they did not share arcs, which overstates the total.

    References
    ----------
    Lokhov, Mezard and Zdeborova, "Dynamic message-passing equations for models with unidirectional
    dynamics", Physical Review E 91, 2015.

    Examples
    --------
    >>> path = Graph.from_edges([0, 1, 2], [1, 2, 3])
    >>> expected_spread(path, [0], probability=0.5, max_depth=3).members_by_depth.tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    depth = whole(max_depth, argument="max_depth", least=0)
    always = np.ones(depth + 1)
    chance = np.atleast_1d(np.asarray(chances_of(graph, probability), dtype=np.float64))
    return _passed(graph, nodes_of(graph, seeds), chance, always, np.ones((1, depth + 1), dtype=np.bool_))


def expected_recruits(campaign: Campaign, *, join: ArrayLike, invite: ArrayLike) -> MessagePassing:
    """Return the expected members of a campaign by depth under given decisions.

    Parameters
    ----------
    campaign : Campaign
        Network, team and largest depth H; invitations without limit, race in rounds, one kind of motives.
    join, invite : array_like of float, shape (max_depth,)
        Chance that a person accepts at depth d, and that a member of depth d makes an invitation, at index d - 1,
        such as a `Recruitment` holds.

    Returns
    -------
    MessagePassing

    Raises
    ------
    UnsupportedProblemError
        If the campaign has coupons, response times or several kinds of motives.

    Notes
    -----
    O(m H) time per depth: the joining cost is drawn once per person, so that people are told apart by the depths
    at which they would join.

    Examples
    --------
    >>> from mechanism import CostModel, IncentiveNetwork, Members, Search
    >>> network = IncentiveNetwork(Graph.from_edges([0, 1], [1, 2]), contact=0.5,
    ...                            join=CostModel.exponential(mean=1), invite=CostModel.exponential(mean=1))
    >>> campaign = Campaign(network, Search(prize=1, find=0.1), team=Members([0]), max_depth=2)
    >>> expected_recruits(campaign, join=[0.8, 0.5], invite=[1.0, 0.0]).members_by_depth.round(6).tolist()
    [1.0, 0.4, 0.1]
    """
    if not isinstance(campaign, Campaign):
        raise InvalidInputError("campaign", campaign, allowed="a Campaign")
    network = campaign.network
    if (
        campaign.max_invites is not None
        or campaign.response is not None
        or len(network.motives.kinds()[0]) > 1
    ):
        raise UnsupportedProblemError(
            "messages are passed for one kind of people, unlimited invitations and races in rounds: use recruit"
        )
    accept, chance = (
        _decisions(name, values, campaign.max_depth) for name, values in (("join", join), ("invite", invite))
    )
    # Costs between two neighbouring thresholds decide alike at every depth.
    cuts = np.unique(np.concatenate(([0.0], accept, [1.0])))
    share = np.diff(cuts)
    accepts = np.zeros((len(share), campaign.max_depth + 1), dtype=np.bool_)
    accepts[:, 1:] = cuts[:-1, None] < accept[None, :]
    contact = np.atleast_1d(np.asarray(network.contact, dtype=np.float64))
    invites = np.concatenate(([1.0], chance))
    return _passed(network.graph, campaign.team_nodes, contact, invites, accepts, share)


def _decisions(name: str, values: ArrayLike, depth: int) -> Reals:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (depth,) or not ((array >= 0) & (array <= 1)).all():
        raise InvalidInputError(name, values, allowed=f"{depth} probabilities, one per depth")
    return array


def _passed(
    graph: Graph,
    team: NDArray[np.int32],
    contact: Reals,
    invite: Reals,
    accepts: NDArray[np.bool_],
    share: Sequence[float] | Reals = (1.0,),
) -> MessagePassing:
    """Run the kernel."""
    from scipy.sparse import csr_array

    n, m = graph.n, graph.m
    numbers = csr_array((np.arange(1, m + 1), graph.indices, graph.indptr), shape=(n, n))
    columns = numbers.tocsc()
    source = np.repeat(np.arange(n), graph.out_degree)
    reverse = opposite_arcs(source, graph.indices, n)
    weights = np.asarray(share, dtype=np.float64)
    members = np.zeros(len(invite))
    is_team = np.zeros(n, dtype=np.bool_)
    is_team[team] = True
    pass_messages(
        graph.indptr, graph.indices, columns.indptr.astype(np.int64), columns.data - 1, reverse,
        contact, is_team, invite, weights, accepts, members,
        np.zeros((m, len(weights))), np.ones(m), np.zeros(m),
    )  # fmt: skip
    members.flags.writeable = False
    return MessagePassing(members, is_tree=_is_forest(graph, reverse))


def _is_forest(graph: Graph, reverse: NDArray[np.int64]) -> bool:
    """Return whether the contacts, directions aside, contain no cycle."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    edges = graph.m - int(np.count_nonzero(reverse >= 0)) // 2
    ones = np.ones(graph.m, dtype=np.int8)
    matrix = csr_array((ones, graph.indices, graph.indptr), shape=(graph.n, graph.n))
    parts, _ = connected_components(matrix, directed=False)
    return bool(edges == graph.n - parts)
