"""Diffusion centrality of the first informed in 25 Indian villages, as its authors computed it."""

import csv
import gzip

import networkx as nx
import numpy as np
import pytest

from mechanism import Graph, datasets
from solvers.centrality import bonacich_centrality, diffusion_centrality
from solvers.spectral import spectral_radius


def read(name):
    """Return the rows of a data set as dicts of texts."""
    try:
        path = datasets.path(f"games/{name}")
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))


@pytest.fixture(scope="module")
def villages():
    """Yield for each village its largest component, the leaders in it, and the last row of the panel."""
    edges, leaders, last = {}, {}, {}
    for row in read("india_edges"):
        edges.setdefault(row["village"], []).append((int(row["hh_u"]), int(row["hh_v"])))
    for row in read("india_households"):
        if row["leader"] == "1":
            leaders.setdefault(row["village"], []).append(int(row["hh"]))
    for row in read("india_panel"):
        if int(row["t"]) >= int(last.get(row["village"], row)["t"]):
            last[row["village"]] = row
    found = []
    for village, pairs in edges.items():
        network = nx.Graph(pairs)
        giant = network.subgraph(max(nx.connected_components(network), key=len))
        graph = Graph.from_edges(*zip(*giant.edges(), strict=True), directed=False)
        inside = [graph.index_of(one) for one in leaders[village] if one in giant]
        found.append((graph, inside, last[village]))
    return found


def test_leaders_are_as_central_as_published(villages):
    assert len(villages) == 25
    for graph, leaders, row in villages:
        radius = spectral_radius(graph)
        assert radius.upper - radius.lower < 1e-8
        central = diffusion_centrality(graph, probability=radius.critical_decay, periods=int(row["t"]))
        assert central[leaders].mean() == pytest.approx(float(row["diffusion_centrality"]), abs=5e-4)


def test_the_limit_is_the_published_eigenvector_centrality(villages):
    for graph, leaders, row in villages:
        decay = (1 - 1e-6) * spectral_radius(graph).critical_decay
        near = bonacich_centrality(graph, decay=decay)
        vector = near / np.linalg.norm(near)
        assert vector[leaders].mean() == pytest.approx(float(row["eigenvector_centrality"]), abs=1e-5)
