"""Campaigns on small graphs for tests of the designer."""

import numpy as np

from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Search, TopDegree


def small_graph(n=400, seed=0):
    """A random graph with degrees of a heavy tail."""
    rng = np.random.default_rng(seed)
    weight = (1 - rng.random(n)) ** (-1 / 1.8)
    ends = rng.choice(n, size=(2 * n, 2), p=weight / weight.sum())
    ends = ends[ends[:, 0] != ends[:, 1]]
    return Graph.from_edges(ends[:, 0], ends[:, 1], directed=False, duplicates="merge")


def small_campaign(*, n=400, depth=3, join=None, motives=None, prize=1500.0, targets=1, find=1e-3):
    """A campaign in which about half of those asked join."""
    network = IncentiveNetwork(
        small_graph(n),
        contact=0.5,
        join=join or CostModel.exponential(mean=0.8),
        invite=CostModel.exponential(mean=0.12),
        motives=motives,
    )
    task = Search(prize=prize, find=find, targets=targets)
    return Campaign(network, task, team=TopDegree(3), max_depth=depth)
