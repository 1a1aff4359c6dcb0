"""Where the numbers of a report come from, and how to get them again: nothing that names a machine or its user."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PureWindowsPath
from typing import Any, Self

import numpy as np

from mechanism import Campaign, Search
from mechanism.errors import InvalidInputError

__all__ = ["Provenance", "campaign_facts", "versions"]

_PACKAGES = ("incentive-networks", "numpy", "scipy", "numba", "cvxpy", "highspy", "polars")
_SHOWN = 12  # members of the team
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a result does not know of its own making.

    Parameters
    ----------
    network : str, optional
        Name of the file of the network, or what the network is; of a path only the last part is kept.
    sha256 : str, optional
        SHA-256 of that file, hexadecimal.
    seed : int, optional
        The `rng` that was given.
    effort : int, optional
        The `effort` of the design.
    command : str, optional
        What to type to get the same report.

    Examples
    --------
    >>> Provenance(network="data/friends.tsv", seed=7).network
    'friends.tsv'
    """

    network: str | None = None
    sha256: str | None = None
    seed: int | None = None
    effort: int | None = None
    command: str | None = None

    def __post_init__(self) -> None:
        if self.network is not None:
            object.__setattr__(self, "network", PureWindowsPath(self.network).name)

    @classmethod
    def of_file(
        cls,
        path: str | os.PathLike[str],
        *,
        seed: int | None = None,
        effort: int | None = None,
        command: str | None = None,
    ) -> Self:
        """Return the provenance of results on the network in a file, with its SHA-256.

        Raises
        ------
        InvalidInputError
            If the file cannot be read.

        Notes
        -----
        O(size of the file) time.
        """
        digest = hashlib.sha256()
        try:
            with Path(path).open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except OSError as error:
            raise InvalidInputError("path", os.fspath(path), allowed="a readable file") from error
        return cls(
            network=os.fspath(path), sha256=digest.hexdigest(), seed=seed, effort=effort, command=command
        )


def versions() -> list[tuple[str, str]]:
    """Return the versions of what computes, by name."""
    found = [("Python", platform.python_version())]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:  # run from a checkout that is not installed
            found.append((name, "not installed"))
    return found


def campaign_facts(campaign: Campaign) -> list[tuple[str, str]]:
    """Return the parameters of a campaign in words."""
    network, task = campaign.network, campaign.task
    graph = network.graph
    if isinstance(task, Search):
        targets = "1 target" if task.targets == 1 else f"{task.targets:,} targets"
        work = f"{targets}, prize {task.prize:g} each, seen by a member with probability {task.find:g}"
    else:
        work = f"every recruit contributes {task.stake:g}"
    contact = np.asarray(network.contact)
    chance = (
        f"{float(contact):g}"
        if contact.ndim == 0
        else f"by arc, {contact.min():g} to {contact.max():g}, mean {contact.mean():g}"
    )
    facts = [
        ("network", f"{graph.n:,} people, {graph.m:,} arcs (an undirected edge is two)"),
        ("task", work),
        ("contact", f"an invitation arrives with probability {chance}"),
        ("cost of joining", _law(network.join)),
        ("cost of an invitation", _law(network.invite)),
        ("motives", _motives(campaign)),
        ("team", _team(campaign)),
        ("largest depth", str(campaign.max_depth)),
    ]
    if campaign.max_invites is not None:
        facts.append(("invitations", f"at most {campaign.max_invites} by each member"))
    if campaign.response is not None:
        facts.append(("response time", _law(campaign.response)))
        if np.isfinite(campaign.horizon):
            facts.append(("end", f"nobody joins after {campaign.horizon:g}"))
    return facts


def _law(law: Any) -> str:
    """Return a distribution in words: its family and its parameters."""
    family = type(law).__name__.removesuffix("Cost").removesuffix("Time").lower()
    words = []
    for field in fields(law):
        value = getattr(law, field.name)
        if field.init and isinstance(value, (int, float)):
            words.append(f"{field.name} {value:g}")
        elif field.init and isinstance(value, tuple):
            words.append(f"{len(value):,} observations")
    return f"{family}, {', '.join(words)}" if words else family


def _motives(campaign: Campaign) -> str:
    motives = campaign.network.motives
    if motives.is_profit_alone:
        return "the own reward alone"
    kinds, _ = motives.kinds()
    names = ("profit", "charity", "reciprocity", "entertainment")
    means = ", ".join(
        f"{name} {mean:g}" for name, mean in zip(names, motives.weights.mean(axis=0), strict=True)
    )
    return f"{means}" if len(kinds) == 1 else f"{len(kinds):,} kinds of people, on average {means}"


def _team(campaign: Campaign) -> str:
    nodes = campaign.team_nodes
    names = ", ".join(str(label) for label in campaign.network.graph.labels[nodes[:_SHOWN]].tolist())
    return f"{len(nodes):,}: {names}" + (", ..." if len(nodes) > _SHOWN else "")
