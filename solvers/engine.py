"""Engines: where blocks of worlds are played, with the same bits everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from numpy.typing import NDArray

from mechanism.errors import InvalidInputError

__all__ = ["Engine", "Job", "Outcome", "Pool", "Progress", "Threads", "engine_of", "run"]

Arrays = tuple[NDArray[Any], ...]
Block = tuple[int, int]
Progress = Callable[[str, int, int], None]
"""Called with the name of the stage, how many units are done and how many there are."""
Part = TypeVar("Part")

_BLOCKS = 64  # per run, so that progress shows and an interrupt does not wait long
_LARGEST_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Job:
    """A pure function of a block of worlds; it can be sent to other processes.

    Attributes
    ----------
    function : callable
        ``function(shared, parameters, start, stop)`` returns arrays that hold worlds start .. stop - 1.
        A function of a module, so that it can be pickled.
    shared : object
        What many jobs have in common and is large, such as the network.
    parameters : tuple
        What differs from job to job, and is small.
    """

    function: Callable[[Any, tuple[Any, ...], int, int], Arrays]
    shared: Any
    parameters: tuple[Any, ...] = ()

    def __call__(self, start: int, stop: int) -> Arrays:
        """Play worlds start .. stop - 1."""
        return self.function(self.shared, self.parameters, start, stop)


class Engine(Protocol):
    """Something that plays blocks."""

    @property
    def workers(self) -> int:
        """How many blocks are played at a time."""
        ...

    def each(self, job: Job, blocks: Sequence[Block]) -> Iterator[tuple[int, Arrays]]:
        """Yield (number of the block, its arrays), each block once, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Threads:
    """An engine of threads; kernels release the interpreter lock.

    Parameters
    ----------
    number : int
        Threads, at least 1.
    """

    number: int

    @property
    def workers(self) -> int:
        """How many blocks are played at a time."""
        return self.number

    def each(self, job: Job, blocks: Sequence[Block]) -> Generator[tuple[int, Arrays]]:
        """Yield (number of the block, its arrays); waiting blocks are dropped when the caller stops early."""
        if self.number == 1 or len(blocks) == 1:
            for number, block in enumerate(blocks):
                yield number, job(*block)
            return
        pool = ThreadPoolExecutor(self.number)
        try:
            waiting: dict[Future[Arrays], int] = {
                pool.submit(job, *block): number for number, block in enumerate(blocks)
            }
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def engine_of(engine: Any) -> Engine:
    """Return the engine that an `engine` argument stands for.

    Parameters
    ----------
    engine : int, Engine, distributed.Client or None
        A number of threads, an engine, a client of a Dask cluster, or None for all cores.

    Raises
    ------
    InvalidInputError
        If it is none of these.

    Examples
    --------
    >>> engine_of(2)
    Threads(number=2)
    """
    if engine is None:
        return Threads(os.cpu_count() or 1)
    if isinstance(engine, int) and not isinstance(engine, bool) and engine >= 1:
        return Threads(engine)
    if hasattr(engine, "each") and hasattr(engine, "workers"):
        return engine  # type: ignore[no-any-return]  # it has what the protocol asks for
    if hasattr(engine, "scheduler_info"):
        from solvers.cluster import Cluster

        cluster: Engine = Cluster(engine)
        return cluster
    raise InvalidInputError(
        "engine", engine, allowed="a number of threads, at least 1, or a client of dask.distributed"
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of blocks returned.

    Attributes
    ----------
    blocks : list of tuple of ndarray
        The arrays of each block, in order; after an interrupt those before the first that is missing.
    worlds : int
        How many worlds these blocks hold.
    interrupted : bool
        Whether the run was interrupted from the keyboard.
    """

    blocks: list[Arrays]
    worlds: int
    interrupted: bool


def run(
    job: Job,
    count: int,
    *,
    engine: Engine,
    first: int = 0,
    least: int = 1,
    progress: Progress | None = None,
    stage: str = "worlds",
    interruptible: bool = False,
) -> Outcome:
    """Play worlds ``first .. first + count - 1`` in blocks.

    Parameters
    ----------
    job : Job
        What a block is.
    count : int
        How many worlds.
    engine : Engine
        Where they are played.
    first : int
        Number of the first world.
    least : int
        Worlds that a block holds at least, unless workers would have nothing to do: small worlds are played in
        less time than it takes to hand out a block.
    progress : callable, optional
        Called with (stage, worlds done, worlds in all) after each block.
    stage : str
        Name for the progress.
    interruptible : bool
        Whether an interrupt from the keyboard ends the run with the worlds played so far, instead of being
        raised.

    Notes
    -----
    How worlds are cut into blocks depends on the number of workers; what a world is does not.
    """
    size = max(-(-count // max(_BLOCKS, 4 * engine.workers)), min(least, -(-count // engine.workers)))
    size = max(1, min(size, _LARGEST_BLOCK))
    stop = first + count
    blocks = [(start, min(start + size, stop)) for start in range(first, stop, size)]
    results: list[Arrays | None] = [None] * len(blocks)
    done, interrupted = 0, False
    try:
        for number, arrays in engine.each(job, blocks):
            results[number] = arrays
            done += blocks[number][1] - blocks[number][0]
            if progress is not None:
                progress(stage, done, count)
    except KeyboardInterrupt:
        if not interruptible:
            raise
        interrupted = True
    whole = next((number for number, arrays in enumerate(results) if arrays is None), len(results))
    kept = [arrays for arrays in results[:whole] if arrays is not None]
    worlds = blocks[whole - 1][1] - first if whole else 0
    return Outcome(kept, worlds, interrupted)


@dataclass(slots=True)
class Pool(Generic[Part]):
    """Scratch memory, made once per thread and lent to one block at a time; empty in another process.

    Parameters
    ----------
    make : callable
        Makes one piece.
    """

    make: Callable[[], Part]
    _free: list[Part] = field(default_factory=list)

    @contextmanager
    def lend(self) -> Iterator[Part]:
        """Lend a piece; one on which a block failed is not used again."""
        try:
            part = self._free.pop()
        except IndexError:
            part = self.make()
        yield part
        self._free.append(part)

    def __reduce__(self) -> tuple[type[Pool[Part]], tuple[Callable[[], Part]]]:
        return type(self), (self.make,)
