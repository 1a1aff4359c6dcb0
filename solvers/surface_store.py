"""A folder with a file for every point of a surface that was solved, so that a run that ended early goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mechanism import Budget, PathTable
from mechanism.errors import CertificateError, InvalidInputError
from mechanism.numbers import parse
from mechanism.storage import whole_file
from proofs import PathProperty
from solvers.scheme_design import DesignSearch
from solvers.surface_sweep import Rewards, Settings, Task

__all__ = ["Store"]

_FORMAT = "incentive-networks/surface-point/2"


class Store:
    """A folder with a file per solved task; runs with other arguments have other files and may share it.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there.
    settings : Settings
        What all points have in common: a digest of it stands in every file.

    Raises
    ------
    InvalidInputError
        If the folder is a file or cannot be made.
    """

    def __init__(self, folder: str | Path, settings: Settings) -> None:
        self.folder = Path(folder).expanduser()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InvalidInputError(
                "folder", str(folder), allowed=f"a folder to write to ({reason})"
            ) from error
        search = settings.search(Budget.worst_case())
        self._campaign = _fingerprint(search)
        self._depth = search.campaign.max_depth

    def _request(self, task: Task) -> dict[str, Any]:
        start = None if task.start is None else [list(row) for row in task.start]
        return {"campaign": self._campaign, "demands": task.demands.to_dict(), "start": start}

    def _path(self, request: dict[str, Any]) -> Path:
        text = json.dumps(request, sort_keys=True)
        return self.folder / f"point-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"

    def write(self, task: Task, rewards: Rewards | str) -> None:
        """Keep what a task came to, whole or not at all."""
        request = self._request(task)
        kept: dict[str, Any] = {"failure": rewards}
        if not isinstance(rewards, str):
            kept = {"rewards": [list(row) for row in rewards]}
        text = json.dumps({"format": _FORMAT, "request": request} | kept, indent=1, allow_nan=False)
        with whole_file(self._path(request)) as draft:
            draft.write_text(text + "\n", encoding="utf-8")

    def read(self, task: Task, wanted: Sequence[PathProperty]) -> Rewards | str | None:
        """Return what an earlier run with the same arguments kept of a task, None if it kept nothing.

        Raises
        ------
        CertificateError
            If the file is damaged, or its rewards do not have the wanted properties.
        """
        request = self._request(task)
        path = self._path(request)
        if not path.exists():
            return None
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["format"] != _FORMAT or document["request"] != request:
                raise ValueError("it answers another request")
            if "failure" in document:
                return _failure(document["failure"])
            return _rewards(document["rewards"], self._depth, wanted)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise CertificateError(
                f"{path} holds no point of this surface ({reason}): move it away, or choose another folder"
            ) from error


def _failure(text: object) -> str:
    if not isinstance(text, str) or not text:
        raise ValueError("a failure without words")
    return text


def _rewards(rows: Any, depth: int, wanted: Sequence[PathProperty]) -> Rewards:
    """Return rewards as read if they are a table of a depth with the wanted properties."""
    if not isinstance(rows, list) or [len(row) for row in rows] != list(range(1, depth + 1)):
        raise ValueError(f"its rewards are no table of depth {depth}")
    exact = PathTable([[parse(x) for x in row] for row in rows]).exact_table(depth)
    for one in wanted:
        if one.violation(exact) is not None:
            raise ValueError(f"its rewards are not {one}")
    return tuple(map(tuple, rows))


def _fingerprint(search: DesignSearch) -> str:
    """Return a digest of everything that a point depends on beside its demands."""
    digest = hashlib.sha256()
    for campaign in search.scenarios.campaigns:
        network = campaign.network
        for array in (
            network.graph.indptr,
            network.graph.indices,
            np.asarray(network.contact),
            network.motives.weights,
            campaign.team_nodes,
        ):
            digest.update(f"{array.dtype.str} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(
            repr((
                network.join, network.invite, campaign.task, campaign.max_depth, campaign.max_invites,
                campaign.response, campaign.horizon,
            )).encode()
        )  # fmt: skip
    digest.update(
        repr((
            search.scenarios.weights, search.scenarios.criterion, search.problem.objective, search.effort,
            search.problem.replicates,
            search.problem.worlds[0].key,
        )).encode()
    )  # fmt: skip
    return digest.hexdigest()
