"""Where data come from: a folder, a cache that is filled from a server, and a bundled generated network."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from mechanism.errors import InvalidInputError, MechanismError
from mechanism.graph import Graph

__all__ = [
    "Catalogue",
    "Dataset",
    "DatasetHashError",
    "DatasetMissingError",
    "example_graph",
    "list",
    "path",
]

_FOLDER, _CACHE, _URL = "MECHANISM_DATA", "MECHANISM_CACHE", "MECHANISM_DATA_URL"
_SUFFIXES = ("", ".tsv.gz", ".tsv", ".txt.gz", ".txt", ".csv", ".npz")
_ENDING = ".tsv.gz"
_CHUNK = 1 << 16  # bytes


class DatasetMissingError(MechanismError, FileNotFoundError):
    """A data set is not on this machine; the message says where it was looked for and what to do."""


class DatasetHashError(MechanismError, ValueError):
    """What a server sent, or what the cache holds, is not the data set that is meant; nothing was kept of it."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published data set that `path` knows.

    Attributes
    ----------
    name : str
        Its name.
    what : str
        What it holds, in a few words.
    n, m : int or None
        People (or nodes), and ties, events or rows; None where there are none.
    licence, cite : str
        Under which terms it was published, and whom to cite.
    source : str
        Where it was taken from, before it was brought into this form.
    sha256 : str
        Digest of its file, a gzipped table with ``#`` header lines.
    """

    name: str
    what: str
    n: int | None
    m: int | None
    licence: str
    cite: str
    source: str
    sha256: str


class Catalogue(tuple[Dataset, ...]):
    """Data sets; prints as a table."""

    __slots__ = ()

    def __str__(self) -> str:
        rows: Any = [("name", "what", "n", "m", "licence", "cite")]
        for one in self:
            sizes = ("" if size is None else f"{size:,}" for size in (one.n, one.m))
            rows.append((one.name, one.what, *sizes, one.licence, one.cite))
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = []
        for row in rows:
            cells = [
                cell.rjust(width) if place in (2, 3) else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, wide, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join([lines[0], "─" * (sum(wide) + 2 * len(wide) - 2), *lines[1:]])

    __repr__ = __str__


@cache
def list() -> Catalogue:  # noqa: A001
    """Return the data sets that `path` knows, as a table with their sizes, licences and citations.

    Examples
    --------
    >>> from mechanism import datasets
    >>> [(one.name, one.n, one.m, one.cite) for one in datasets.list()][0]
    ('graphs/karate', 34, 78, 'Zachary 1977')
    """
    text = (files("mechanism") / "datasets.tsv").read_text(encoding="utf-8")
    return Catalogue(_dataset(row) for row in csv.DictReader(text.splitlines(), delimiter="\t"))


def _dataset(row: dict[str, Any]) -> Dataset:
    sizes = {size: int(row[size]) if row[size] else None for size in ("n", "m")}
    return Dataset(**(row | sizes))


def path(name: str, *, progress: Callable[[str, int, int], None] | None = None) -> Path:
    """Return the file of a data set.

    It is looked for in the folder that the environment variable MECHANISM_DATA names, then in the cache. What is in
    neither is downloaded into the cache if MECHANISM_DATA_URL names a server.

    Parameters
    ----------
    name : str
        Path below the data folder, with or without the ending: ``"graphs/nethept"``. Those in the cache and from the
        server are the names of `list`.
    progress : callable, optional
        Called with (name, bytes done, bytes in all) during a download; 0 in all if the server does not tell.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DatasetMissingError
        If it is in neither place and cannot be downloaded.
    DatasetHashError
        If the server sent something else than the data set; the cache is as it was before.
    InvalidInputError
        If MECHANISM_DATA_URL is no URL of http or https.

    Notes
    -----
    The cache is the folder MECHANISM_CACHE, else the usual one for caches of the operating system. What it holds, and
    what is downloaded, must have the SHA-256 of `list`; a file appears there whole or not at all. Files of
    MECHANISM_DATA are yours and taken as they are. A server holds ``graphs/karate.tsv.gz`` and so on below its URL.
    """
    folder = os.environ.get(_FOLDER)
    for suffix in _SUFFIXES if folder else ():
        candidate = Path(folder or "") / f"{name}{suffix}"
        if candidate.is_file():
            return candidate
    known = next((one for one in list() if one.name == name.removesuffix(_ENDING)), None)
    if known is not None and (found := _cached(known)):
        return found
    server = os.environ.get(_URL)
    if known is not None and server:
        return _downloaded(known, server, progress)
    absent = (
        f"{_FOLDER} is {folder!r}, but that folder has no data set {name!r}"
        if folder
        else f"set {_FOLDER} to the folder that holds the data to use {name!r}"
    )
    if known is None:
        raise DatasetMissingError(f"{absent}; datasets.list() does not name it, so that no server is asked")
    target = _in_cache(known)
    kept = f"holds another file as {target}" if target.is_file() else f"has no {target}"
    raise DatasetMissingError(f"{absent}; or set {_URL} to the URL of a server that has it; the cache {kept}")


def _in_cache(known: Dataset) -> Path:
    """Return where the cache has a data set or would have it."""
    folder = os.environ.get(_CACHE)
    if folder:
        return Path(folder).expanduser() / f"{known.name}{_ENDING}"
    import pooch

    return Path(pooch.os_cache("incentive-networks")) / f"{known.name}{_ENDING}"


def _cached(known: Dataset) -> Path | None:
    """Return the file in the cache, None if there is none or it is another."""
    target = _in_cache(known)
    if not target.is_file() or hashlib.sha256(target.read_bytes()).hexdigest() != known.sha256:
        return None
    return target


def _downloaded(known: Dataset, server: str, progress: Callable[[str, int, int], None] | None) -> Path:
    """Return the file in the cache, downloaded there."""
    import pooch

    if not server.startswith(("https://", "http://")):
        raise InvalidInputError(_URL, server, allowed="a URL that begins with https:// or http://")
    url, target = f"{server.rstrip('/')}/{known.name}{_ENDING}", _in_cache(known)
    # The file is compressed by itself: what a server packs or unpacks on the way would be another one.
    get = pooch.HTTPDownloader(
        progressbar=_Report(known.name, progress) if progress else False,
        chunk_size=_CHUNK,
        headers={"Accept-Encoding": "identity"},
    )
    try:
        pooch.retrieve(url, f"sha256:{known.sha256}", fname=target.name, path=target.parent, downloader=get)
    except OSError as error:  # all errors of the network are
        raise DatasetMissingError(
            f"{known.name!r} could not be downloaded from {url} to {target}: {error}; try again with a connection, "
            f"correct {_URL}, or set {_FOLDER} to a folder that holds the data"
        ) from error
    except ValueError as error:
        raise DatasetHashError(
            f"{url} is not the data set {known.name!r}: its SHA-256 is not {known.sha256}; nothing was kept. "
            f"Ask whoever runs {_URL} for the file as published, or set {_FOLDER} to a folder that holds it"
        ) from error
    return target


class _Report:
    """Passes the bytes of a download on, in the form of a bar of pooch."""

    def __init__(self, name: str, progress: Callable[[str, int, int], None]) -> None:
        self._name, self._progress = name, progress
        self._done = self.total = 0

    def update(self, more: int) -> None:
        self._done += more
        done = min(self._done, self.total) if self.total else self._done
        self._progress(self._name, done, self.total)

    def reset(self) -> None:
        """All is there: what follows is the total, if it is known."""
        if self.total:
            self._done = 0

    def close(self) -> None:
        """Nothing is open."""


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
    met[np.array([*edges]).ravel()] = True
    for loner in np.flatnonzero(~met):  # everybody knows somebody in the neighbourhood
        others = np.delete(np.arange(block), loner % block)
        other = int(loner // block * block + others[int(rng.random() * (block - 1))])
        edges.add((min(int(loner), other), max(int(loner), other)))
    source, target = zip(*sorted(edges), strict=True)
    return Graph.from_edges(source, target, directed=False)
