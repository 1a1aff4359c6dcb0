"""Payoffs from the sufficient statistics against payouts counted by walking recruiter links."""

import networkx as nx
import numpy as np
import pytest
from scipy import stats

from mechanism import (
    Campaign,
    CostModel,
    Geometric,
    Graph,
    IncentiveNetwork,
    Recursive,
    Search,
    TopDegree,
    datasets,
)
from mechanism.errors import MechanismError
from solvers.beliefs import odds, payoffs
from solvers.worlds import Worlds

REPLICATES = 4_000
DEPTH = 5
FALSE_ALARM = 1e-6  # of a whole network: shared by every depth and both decisions
BOUND = stats.norm.isf(FALSE_ALARM / (2 * 2 * DEPTH))


def campaign_on(graph, find, contact, targets=3):
    network = IncentiveNetwork(
        graph, contact=contact, join=CostModel.exponential(mean=1), invite=CostModel.exponential(mean=1)
    )
    return Campaign(network, Search(prize=1, targets=targets, find=find), team=TopDegree(2), max_depth=DEPTH)


def clique():
    return campaign_on(
        Graph.from_edges(*zip(*nx.complete_graph(40).edges, strict=True), directed=False), 0.02, 0.15
    )


def tree():
    edges = nx.balanced_tree(3, 6).edges
    return campaign_on(Graph.from_edges(*zip(*edges, strict=True), directed=False), 0.02, 0.9)


def facebook():
    try:
        path = datasets.path("graphs/ego-facebook")
    except MechanismError as missing:
        pytest.skip(str(missing))
    return campaign_on(Graph.from_file(path, directed=False), 0.005, 0.05)


def walk(depth, recruiter, scheme, find, targets, rng):
    """Draw each target's winner among the finders of smallest depth and pay its chain by hand."""
    received = np.zeros((2, DEPTH))  # what members of each depth receive: in all, and as recruiters
    members = np.flatnonzero(depth > 0)
    for _ in range(targets):
        finders = members[rng.random(len(members)) < find]
        if not len(finders):
            continue
        first = finders[depth[finders] == depth[finders].min()]
        payee, length = int(rng.choice(first)), int(depth[first[0]])
        for distance in range(length):
            reward = float(scheme.reward(length, distance))
            received[0, length - distance - 1] += reward
            received[1, length - distance - 1] += reward if distance else 0.0
            payee = int(recruiter[payee])
        assert depth[payee] == 0  # the chain ends at the team
    return received


@pytest.mark.parametrize("scheme", [Recursive(0.5), Geometric(0.4, 0.6)], ids=str)
@pytest.mark.parametrize("build", [clique, tree, facebook])
def test_formulas_agree_with_payouts_along_recruiter_links(build, scheme):
    campaign = build()
    task = campaign.task
    worlds = Worlds(campaign, np.random.SeedSequence(11))
    join = np.array([0.9, 0.7, 0.6, 0.5, 0.6])
    invite = np.array([0.6, 0.5, 0.7, 0.5, 0.0])
    replicates = REPLICATES if campaign.network.graph.n < 3000 else REPLICATES // 4
    counts = worlds.play(join, invite, replicates=replicates)
    beliefs = odds(worlds, counts, join, invite)
    joining, inviting = payoffs(scheme.table(DEPTH), beliefs, targets=task.targets)

    rng = np.random.default_rng(13)
    received = np.zeros((replicates, 2, DEPTH))
    for replicate in range(replicates):
        depth, recruiter = worlds.tree(join, invite, replicate=replicate)
        assert np.array_equal(
            np.bincount(depth[depth > 0], minlength=DEPTH + 1)[1:], counts.members[replicate]
        )
        received[replicate] = walk(depth, recruiter, scheme, task.find, task.targets, rng)

    # The formula spreads each depth's total over its members, or over the invitations they make.
    expected = np.array([joining * beliefs.members, inviting * counts.invitations.mean(axis=0)])
    # In each world the walk's expectation is the formula's with that world's counts, so the errors of the
    # differences are at most those of the walk.
    error = received.std(axis=0, ddof=1) / np.sqrt(replicates)
    assert beliefs.members.min() > 0.05
    difference = np.abs(received.mean(axis=0) - expected)
    assert np.all(difference[:, :-1] < BOUND * error[:, :-1]), (difference / error).round(2)
    assert difference[0, -1] < BOUND * error[0, -1]
    assert expected[1, -1] == received[:, 1, -1].max() == 0
