"""Monte Carlo runner: the same worlds for every scheme, the same bits for any number of threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign
from solvers import kernels

__all__ = ["Counts", "Limit", "Worlds"]

_BLOCK = 32
Reals = NDArray[np.float64]
Longs = NDArray[np.int64]
Scratch = tuple[Longs, NDArray[np.int32], Longs, Longs]


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
    """

    members: Longs
    invitations: Reals


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


class Worlds:
    """A family of worlds for one campaign: joining costs, invitation and contact coins, ties.

    World number r is a function of the seed and r alone, so counts do not depend on the number of
    threads, on the order of play or on how many worlds are played.

    Parameters
    ----------
    campaign : Campaign
        The network, the task and the team.
    seed : numpy.random.SeedSequence
        Names the worlds.
    threads : int, optional
        Worker threads; all cores by default.
    """

    def __init__(
        self, campaign: Campaign, seed: np.random.SeedSequence, *, threads: int | None = None
    ) -> None:
        graph = campaign.network.graph
        self.campaign = campaign
        self.max_depth = campaign.max_depth
        self._n = graph.n
        self._arrays = (
            np.ascontiguousarray(graph.indptr, dtype=np.int64),
            np.ascontiguousarray(graph.indices, dtype=np.int32),
            np.atleast_1d(np.asarray(campaign.network.contact, dtype=np.float64)),
            np.ascontiguousarray(campaign.team_nodes, dtype=np.int32),
        )
        self._key: NDArray[np.uint64] = seed.generate_state(2, np.uint64).astype(np.uint64)
        self._threads = threads or os.cpu_count() or 1
        self._free: list[Scratch] = []

    @contextmanager
    def _scratch(self) -> Iterator[Scratch]:
        """Lend one set of scratch arrays to a block; they are made once per thread."""
        try:
            scratch = self._free.pop()
        except IndexError:
            scratch = (
                np.full(self._n, -1, dtype=np.int64),
                np.empty(self._n, dtype=np.int32),
                np.zeros(self._n, dtype=np.int64),
                np.zeros(1, dtype=np.int64),
            )
        yield scratch
        self._free.append(scratch)

    def _each_block(self, count: int, play: Callable[[int, int], None]) -> None:
        """Call ``play(start, stop)`` for fixed blocks of worlds on all threads."""
        blocks = [(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
        if self._threads == 1 or len(blocks) == 1:
            for start, stop in blocks:
                play(start, stop)
            return
        with _executor(self._threads) as pool:
            for future in [pool.submit(play, start, stop) for start, stop in blocks]:
                future.result()

    def play(self, join: Reals, invite: Reals, *, replicates: int, first: int = 0) -> Counts:
        """Play worlds ``first .. first + replicates - 1``.

        Parameters
        ----------
        join, invite : ndarray of float64, shape (max_depth,)
            Chance that a person accepts at depth d and that a member of depth d makes a given
            invitation, at index d - 1. The team makes every invitation.
        replicates : int
            How many worlds.
        first : int
            Number of the first world.

        Returns
        -------
        Counts

        Notes
        -----
        One step per arc that leaves a member and per world.
        """
        accept, chance = self._by_depth(join, invite)
        shape = (replicates, self.max_depth)
        counts = Counts(np.zeros(shape, dtype=np.int64), np.zeros(shape))

        def block(start: int, stop: int) -> None:
            with self._scratch() as scratch:
                kernels.cascade(
                    *self._arrays, accept, chance, self._key, first + start,
                    counts.members[start:stop], counts.invitations[start:stop], *scratch,
                )  # fmt: skip

        self._each_block(replicates, block)
        return counts

    def limit(self, join: Reals, invite: Reals, *, replicates: Longs, deepest: int) -> Limit:
        """Play the given worlds, then force one person into each depth below `deepest`."""
        accept, chance = self._by_depth(join, invite)
        size, depth = len(replicates), self.max_depth
        limit = Limit(
            np.zeros((size, depth), dtype=np.int64),
            np.zeros((size, depth, depth), dtype=np.int64),
            np.zeros((size, depth)),
            np.zeros(size, dtype=np.int64),
        )

        def block(start: int, stop: int) -> None:
            with self._scratch() as scratch:
                kernels.vanishing(
                    *self._arrays, accept, chance, self._key, replicates[start:stop], deepest,
                    limit.members[start:stop], limit.followers[start:stop],
                    limit.reach[start:stop], limit.pairs[start:stop], *scratch,
                )  # fmt: skip

        self._each_block(size, block)
        return limit

    def tree(self, join: Reals, invite: Reals, *, replicate: int) -> tuple[Longs, Longs]:
        """Play one world and return the recruitment forest.

        Returns
        -------
        depth : ndarray of int64, shape (n,)
            Depth of each person; 0 for the team, -1 for those who did not join.
        recruiter : ndarray of int64, shape (n,)
            Who recruited each member; -1 for the team and for those who did not join.
        """
        accept, chance = self._by_depth(join, invite)
        members = np.zeros(self.max_depth, dtype=np.int64)
        with self._scratch() as scratch:
            base = kernels.play(
                *self._arrays, accept, chance, self._key, replicate,
                members, np.zeros(self.max_depth), *scratch,
            )  # fmt: skip
            stamp, _, via, _ = scratch
            depth = np.where(stamp >= base, stamp - base, -1)
            recruiter = np.full(self._n, -1, dtype=np.int64)
            joined = depth > 0
            recruiter[joined] = np.searchsorted(self._arrays[0], via[joined], side="right") - 1
        return depth, recruiter

    def _by_depth(self, join: Reals, invite: Reals) -> tuple[Reals, Reals]:
        """Return the kernels' arrays, index = depth: the team stands at 0 and always invites."""
        return np.concatenate(([0.0], join)), np.concatenate(([1.0], invite))


@contextmanager
def _executor(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool that drops waiting work when the caller is interrupted."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
