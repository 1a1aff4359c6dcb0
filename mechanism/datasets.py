"""Where data come from: a folder named by the environment, and a bundled generated network."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from mechanism.errors import MechanismError
from mechanism.graph import Graph

__all__ = ["DatasetMissingError", "example_graph", "path"]

_VARIABLE = "MECHANISM_DATA"
_SUFFIXES = ("", ".tsv.gz", ".tsv", ".txt.gz", ".txt", ".csv", ".npz")


class DatasetMissingError(MechanismError, FileNotFoundError):
    """A data set is not on this machine; the message says where it was looked for."""


def path(name: str) -> Path:
    """Return the file of a data set.

    Parameters
    ----------
    name : str
        Path below the data folder, with or without the ending: ``"graphs/nethept"``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DatasetMissingError
        If the environment variable MECHANISM_DATA is not set or the folder has no such file.
    """
    folder = os.environ.get(_VARIABLE)
    if not folder:
        raise DatasetMissingError(f"set {_VARIABLE} to the folder that holds the data to use {name!r}")
    for suffix in _SUFFIXES:
        candidate = Path(folder) / f"{name}{suffix}"
        if candidate.is_file():
            return candidate
    raise DatasetMissingError(f"{_VARIABLE} is {folder!r}, but that folder has no data set {name!r}")


def example_graph() -> Graph:
    """Return the bundled network: generated, not observed.

    6,000 people meet in small overlapping circles of two to six. How often a person shows up is
    heavy-tailed, and three quarters of each circle come from one neighbourhood of 30: the network has
    hubs, many people with few contacts, and clustering, as co-author networks do. Always the same.

    Examples
    --------
    >>> example_graph().n
    6000
    """
    people, circles, block = 6000, 5200, 30
    rng = np.random.Generator(np.random.PCG64(20091205))
    activity = np.minimum((1.0 - rng.random(people)) ** (-1 / 1.6), 60.0)
    total = np.cumsum(activity)
    by_block = activity.reshape(-1, block)
    within = np.cumsum(by_block, axis=1)
    edges: set[tuple[int, int]] = set()
    for founder in np.searchsorted(total, rng.random(circles) * total[-1]):
        home = founder // block
        members = {int(founder)}
        size = 2 + int(np.searchsorted([0.45, 0.75, 0.9, 0.97], rng.random()))
        while len(members) < size:
            if rng.random() < 0.75:
                place = np.searchsorted(within[home], rng.random() * within[home, -1])
                members.add(int(home * block + place))
            else:
                members.add(int(np.searchsorted(total, rng.random() * total[-1])))
        ordered = sorted(members)
        edges.update((u, v) for i, u in enumerate(ordered) for v in ordered[i + 1 :])
    met = np.zeros(people, dtype=bool)
    met[np.array(list(edges)).ravel()] = True
    for loner in np.flatnonzero(~met):  # everybody knows somebody in the neighbourhood
        others = np.delete(np.arange(block), loner % block)
        other = int(loner // block * block + others[int(rng.random() * (block - 1))])
        edges.add((min(int(loner), other), max(int(loner), other)))
    source, target = zip(*sorted(edges), strict=True)
    return Graph.from_edges(source, target, directed=False)
