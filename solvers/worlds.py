"""Monte Carlo runner: the same worlds for every scheme, the same bits for any number of threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign, Graph, ResponseTime, Search, Task
from mechanism.errors import UnsupportedProblemError
from solvers import kernels
from solvers.engine import Engine, Job, Pool, Progress, engine_of, run

__all__ = ["Counts", "Limit", "Worlds"]

Reals = NDArray[np.float64]
Longs = NDArray[np.int64]
Words = NDArray[np.uint64]
Scratch = tuple[Words, Words, NDArray[np.int32], Longs, Reals, Longs, Longs]


_WORK = 1_000_000  # people and arcs in the worlds of a block
_LATEST = float(np.finfo(np.float64).max)  # an answer that takes longer than any number never comes
_LAWS = {
    "exponential": kernels.EXPONENTIAL,
    "gamma": kernels.GAMMA,
    "lognormal": kernels.LOGNORMAL,
    "pareto": kernels.PARETO,
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened in each world, by depth.

    Attributes
    ----------
    members : ndarray of int64, shape (replicates, max_depth)
        Members at depth d in column d - 1.
    invitations : ndarray of float64, shape (replicates, max_depth)
        Invitations that the members of depth d made to people who were no members, in column d - 1;
        an unbiased count, one over the contact probability for each that arrived.
    wins : ndarray of float64, shape (replicates, max_depth)
        Expected stakes of the task that fall to depth d, in column d - 1: the chance that the winner of a given target
        stands there, or the contributions made there.
    """

    members: Longs
    invitations: Reals
    wins: Reals

    def without(self, worlds: NDArray[np.int64]) -> Counts:
        """Return the counts of all worlds but some."""
        return Counts(
            np.delete(self.members, worlds, axis=0),
            np.delete(self.invitations, worlds, axis=0),
            np.delete(self.wins, worlds, axis=0),
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """Worlds in which one person at each empty depth is forced in.

    Attributes
    ----------
    members : ndarray of int64, shape (worlds, max_depth)
        Natural members.
    followers : ndarray of int64, shape (worlds, max_depth, max_depth)
        At [r, s - 1, d - 1] the members of depth d that follow from the person forced in at s.
    reach : ndarray of float64, shape (worlds, max_depth)
        Contact probability of the forcing arc, 0 where nobody could be forced in.
    pairs : ndarray of int64, shape (worlds,)
        Weight of each world: the pairs from which the first forced one was drawn.
    """

    members: Longs
    followers: Longs
    reach: Reals
    pairs: Longs


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """What all worlds of a campaign have in common; sent to other processes once."""

    graph: Graph
    contact: NDArray[Any]
    team: NDArray[np.int32]
    kinds: NDArray[np.int32]
    max_invites: int
    key: NDArray[np.uint64]
    task: Task
    response: ResponseTime | None
    horizon: float
    scratch: Pool[Scratch] = field(init=False)
    heaps: Pool[tuple[Reals, Longs, NDArray[np.int32]]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scratch", Pool(partial(_scratch, self.graph.n, self.max_invites)))
        object.__setattr__(self, "heaps", Pool(partial(_heap, self.graph.m)))


def _scratch(n: int, max_invites: int) -> Scratch:
    return (
        np.zeros(n // 64 + 1, dtype=np.uint64),
        np.zeros(n // 64 + 1, dtype=np.uint64),
        np.empty(n, dtype=np.int32),
        np.empty(0, dtype=np.int64),
        np.empty(max_invites),
        np.empty(max_invites, dtype=np.int64),
        np.empty(kernels.PENDING, dtype=np.int64),
    )


def _heap(m: int) -> tuple[Reals, Longs, NDArray[np.int32]]:
    """Return room for all invitations at once; what is not used is never touched."""
    return np.empty(m), np.empty(m, dtype=np.int64), np.empty(m, dtype=np.int32)


def _play_block(
    stage: _Stage, parameters: tuple[Any, ...], start: int, stop: int
) -> tuple[Longs, Reals, Reals]:
    """Return members, invitations and stakes by depth in worlds start .. stop - 1."""
    if stage.response is not None:
        return _race_block(stage, (*parameters, np.empty(0)), start, stop)[:3]
    accept, chance = parameters
    shape = (stop - start, len(chance) - 1)
    members, invitations = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    with stage.scratch.lend() as scratch:
        kernels.cascade(
            stage.graph.indptr, stage.graph.indices, stage.contact, stage.team, stage.kinds, accept, chance,
            stage.max_invites, stage.key, start, members, invitations, *scratch,
        )  # fmt: skip
    return members, invitations, stage.task.stakes(members)


def _race_block(
    stage: _Stage, parameters: tuple[Any, ...], start: int, stop: int
) -> tuple[Longs, Reals, Reals, Longs, Reals]:
    """Return the same, members by the times asked for, and when recruitment ended, by the clock."""
    accept, chance, times = parameters
    response = stage.response
    if response is None:
        raise UnsupportedProblemError("give the campaign a response time to see it by the clock")
    worlds, depth = stop - start, len(chance) - 1
    find = stage.task.find if isinstance(stage.task, Search) else 0.0
    members, joined = (np.zeros((worlds, size), dtype=np.int64) for size in (depth, len(times)))
    invitations, chances, ends = (np.zeros((worlds, size)) for size in (depth, depth, 2))
    with stage.scratch.lend() as scratch, stage.heaps.lend() as (when, arcs, depths):
        kernels.race(
            stage.graph.indptr, stage.graph.indices, stage.contact, stage.team, stage.kinds, accept, chance,
            stage.max_invites, _LAWS[response.kind], *response.parameters, find,
            min(stage.horizon, _LATEST), stage.key, start, times, members, invitations, chances, joined, ends,
            scratch[0], scratch[2], scratch[3], scratch[4], scratch[5], when, arcs, depths,
        )  # fmt: skip
    if not isinstance(stage.task, Search):  # who is first matters in a search alone
        chances = stage.task.stakes(members)
    return members, invitations, chances, joined, ends


def _limit_block(
    stage: _Stage, parameters: tuple[Any, ...], start: int, stop: int
) -> tuple[Longs, Longs, Reals, Longs]:
    """Return what `Limit` holds for the worlds at places start .. stop - 1 of a list."""
    accept, chance, replicates, deepest = parameters
    size, depth = stop - start, len(chance) - 1
    limit = Limit(
        np.zeros((size, depth), dtype=np.int64),
        np.zeros((size, depth, depth), dtype=np.int64),
        np.zeros((size, depth)),
        np.zeros(size, dtype=np.int64),
    )
    with stage.scratch.lend() as scratch:
        kernels.vanishing(
            stage.graph.indptr, stage.graph.indices, stage.contact, stage.team, stage.kinds, accept, chance,
            stage.max_invites, stage.key, replicates[start:stop], deepest,
            limit.members, limit.followers, limit.reach, limit.pairs, *scratch,
        )  # fmt: skip
    return limit.members, limit.followers, limit.reach, limit.pairs


class Worlds:
    """A family of worlds for one campaign: joining costs, invitation and contact coins, ties.

    World number r is a function of the seed and r alone, so counts do not depend on the engine, on the
    order of play or on how many worlds are played.

    Parameters
    ----------
    campaign : Campaign
        The network, the task and the team.
    seed : numpy.random.SeedSequence
        Names the worlds.
    engine : int, Engine or distributed.Client, optional
        Where they are played: a number of threads or a cluster; all cores by default.
    progress : callable, optional
        Called with (stage, worlds played, worlds in all).

    Attributes
    ----------
    stage : str
        Name of what is going on, for the progress.
    motives : ndarray of float64, shape (kinds, 4)
        Weights of each kind of people.
    reach : tuple of float
        People that the team reaches, and that a member reaches on average who makes all invitations.
    """

    def __init__(
        self,
        campaign: Campaign,
        seed: np.random.SeedSequence,
        *,
        engine: int | Engine | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.progress = progress
        self.stage = "equilibrium"
        network = campaign.network
        self.campaign = campaign
        self.max_depth = campaign.max_depth
        self.engine = engine_of(engine)
        self.motives, kinds = network.motives.kinds()
        contact = float(np.mean(network.contact))
        team = campaign.team_nodes.astype(np.int64)
        arcs = int((network.graph.indptr[team + 1] - network.graph.indptr[team]).sum())
        self.reach = (contact * arcs, contact * network.graph.m / network.graph.n)
        self._stage = _Stage(
            network.graph,
            np.atleast_1d(np.asarray(network.contact)),
            campaign.team_nodes,
            kinds,
            campaign.max_invites or 0,
            seed.generate_state(2, np.uint64).astype(np.uint64),
            campaign.task,
            campaign.response,
            campaign.horizon,
        )

    @property
    def key(self) -> tuple[int, int]:
        """What names the family of worlds: two campaigns with the same key meet the same coins."""
        first, second = self._stage.key.tolist()
        return first, second

    @property
    def people(self) -> Reals:
        """Share of the people that each kind is, shape (kinds,)."""
        counts = np.bincount(self._stage.kinds, minlength=len(self.motives))
        return np.asarray(counts / counts.sum())

    def average(self, join: Reals) -> Reals:
        """Return the mean over people of chances by kind and depth."""
        if join.ndim == 1:
            return join.copy()
        return np.asarray(self.people @ join)

    @property
    def _least(self) -> int:
        """Worlds that are worth handing to a worker together."""
        graph = self.campaign.network.graph
        return max(_WORK // (graph.n + graph.m), 1)

    def play(self, join: Reals, invite: Reals, *, replicates: int, first: int = 0) -> Counts:
        """Play worlds ``first .. first + replicates - 1``.

        Parameters
        ----------
        join : ndarray of float64, shape (max_depth,) or (kinds, max_depth)
            Chance that a person (of each kind) accepts at depth d, at index d - 1.
        invite : ndarray of float64, shape (max_depth,)
            Chance that a member of depth d makes a given invitation, at index d - 1. The team makes every
            invitation.
        replicates : int
            How many worlds.
        first : int
            Number of the first world.

        Returns
        -------
        Counts

        Notes
        -----
        One coin per arc that leaves a member and per world.
        """
        job = Job(_play_block, self._stage, _by_depth(join, invite))
        outcome = run(
            job, replicates, engine=self.engine, first=first, least=self._least, progress=self.progress,
            stage=self.stage,
        )  # fmt: skip
        return Counts(*(np.concatenate(parts) for parts in zip(*outcome.blocks, strict=True)))

    def race(self, join: Reals, invite: Reals, times: Reals, *, replicates: int) -> tuple[Longs, Reals]:
        """Play the first worlds by the clock.

        Returns
        -------
        joined : ndarray of int64, shape (replicates, len(times))
            Members at each of the times, increasing.
        ends : ndarray of float64, shape (replicates, 2)
            When the last one joined, and the sum over members of the time of joining times the chance to be the
            first finder of a given target (0 where there is nothing to find).

        Raises
        ------
        UnsupportedProblemError
            If the campaign has no response time.
        """
        job = Job(_race_block, self._stage, (*_by_depth(join, invite), times))
        outcome = run(job, replicates, engine=self.engine, progress=self.progress, stage="calendar time")
        *_, joined, ends = (np.concatenate(parts) for parts in zip(*outcome.blocks, strict=True))
        return joined, ends

    def limit(self, join: Reals, invite: Reals, *, replicates: Longs, deepest: int) -> Limit:
        """Play the given worlds, then force one person into each depth below `deepest`."""
        job = Job(_limit_block, self._stage, (*_by_depth(join, invite), replicates, deepest))
        outcome = run(job, len(replicates), engine=self.engine, least=self._least)
        return Limit(*(np.concatenate(parts) for parts in zip(*outcome.blocks, strict=True)))

    def tree(self, join: Reals, invite: Reals, *, replicate: int) -> tuple[Longs, Longs]:
        """Play one world and return the recruitment forest.

        Returns
        -------
        depth : ndarray of int64, shape (n,)
            Depth of each person; 0 for the team, -1 for those who did not join.
        recruiter : ndarray of int64, shape (n,)
            Who recruited each member; -1 for the team and for those who did not join.

        Raises
        ------
        UnsupportedProblemError
            If the race runs by the clock.
        """
        if self.campaign.response is not None:
            raise UnsupportedProblemError(
                "recruitment trees are shown for races in rounds, without response times"
            )
        accept, chance = _by_depth(join, invite)
        members = np.zeros(self.max_depth, dtype=np.int64)
        stage = self._stage
        indptr, n = stage.graph.indptr, stage.graph.n
        marks, fresh, queue, _, rank, given, pending = _scratch(n, stage.max_invites)
        via = np.zeros(n, dtype=np.int64)
        kernels.play(
            indptr, stage.graph.indices, stage.contact, stage.team, stage.kinds, accept, chance, stage.max_invites,
            stage.key, replicate, members, np.zeros(self.max_depth), marks, fresh, queue, via, rank, given, pending,
        )  # fmt: skip
        depth, recruiter = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
        counts = np.append(len(stage.team), members)
        joined = queue[: counts.sum()]
        depth[joined] = np.repeat(np.arange(len(counts)), counts)
        recruited = joined[counts[0] :]
        recruiter[recruited] = np.searchsorted(indptr, via[recruited], side="right") - 1
        return depth, recruiter


def _by_depth(join: Reals, invite: Reals) -> tuple[Reals, Reals]:
    """Return the kernels' arrays, last index = depth: the team stands at 0 and always invites."""
    rows = np.atleast_2d(join)
    return np.hstack((np.zeros((len(rows), 1)), rows)), np.concatenate(([1.0], invite))
