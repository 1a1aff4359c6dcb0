"""Worlds on many machines: an engine over dask.distributed, and sweeps over parameter points.

``python -m solvers.cluster`` shows it on this machine: the bundled network, two worker processes.
"""

from __future__ import annotations

import pickle
import time
from asyncio import CancelledError as Withdrawn
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from mechanism.errors import InvalidInputError, SolveError
from solvers.engine import Arrays, Block, Job
from solvers.parcels import Parcel, library, opened, pack, pickled

__all__ = ["Cluster", "demo", "sweep"]

Point = TypeVar("Point")
Result = TypeVar("Result")
Unit = Any  # one task's share of the work: blocks or a point
_CHUNKS = 8  # tasks per worker thread and run: few enough to cost little, enough to even out
_IN_FLIGHT = 4  # tasks per worker thread at a time; more would only fill memory
_KEPT = 2  # shared objects that an engine leaves on the workers
_POLL = 1.0  # seconds between looks at whether any worker is left


def _work(common: bytes | Parcel, function: bytes, unit: bytes) -> Any:
    """Do one unit of work; runs on a worker, in one thread."""
    return pickle.loads(function)(opened(common), pickle.loads(unit))


def _play(function: Any, parameters: tuple[Any, ...], shared: Any, chunk: Sequence[Block]) -> list[Arrays]:
    """Play the blocks of a chunk."""
    return [function(shared, parameters, *block) for block in chunk]


def _at(function: Callable[[Any], Any], place: tuple[int, Any]) -> Any:
    """Return the value at a point; a failure says at which."""
    number, point = place
    try:
        return function(point)
    except Exception as error:
        raise SolveError(f"{_named(number, point)} failed: {type(error).__name__}: {error}") from error


def _named(number: int, point: Any) -> str:
    text = " ".join(repr(point).split())
    return f"points[{number}] = {text if len(text) <= 200 else text[:200] + '...'}"


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """An engine of Dask workers.

    Parameters
    ----------
    client : distributed.Client
        A client of a running cluster, not an asynchronous one.
    retries : int
        How often in a row, at least 0, what was lost with all workers that held it is sent again.
    patience : float
        Seconds, above 0, to go on without any worker.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    What jobs have in common goes to each worker once and stays there for the next run; a graph opened from a
    memory-mapped file goes as the name of the file. Blocks travel in chunks, about eight per worker thread,
    of which four are under way at a time. A chunk is played by one thread. A job is a pure function of its
    blocks, so that a chunk that is played again after a worker died has the same bits.
    """

    client: Any
    retries: int = field(default=2, kw_only=True)
    patience: float = field(default=300.0, kw_only=True)
    _sent: deque[tuple[Any, Any]] = field(
        default_factory=lambda: deque(maxlen=_KEPT), init=False, repr=False
    )  # (what it is, the parcel's future or its bytes)

    def __post_init__(self) -> None:
        if getattr(self.client, "asynchronous", True) or self.client.status != "running":
            raise InvalidInputError(
                "client", self.client, allowed="a connected dask.distributed.Client that is not asynchronous"
            )
        if not isinstance(self.retries, int) or isinstance(self.retries, bool) or self.retries < 0:
            raise InvalidInputError("retries", self.retries, allowed="an integer, at least 0")
        if not self.patience > 0:
            raise InvalidInputError("patience", self.patience, allowed="a number of seconds above 0")

    @property
    def workers(self) -> int:
        """How many blocks are played at a time: the threads of all workers; 1 as long as there are none."""
        with _connection(self.client):
            threads: int = sum(self.client.nthreads().values())
        return max(1, threads)

    def each(self, job: Job, blocks: Sequence[Block]) -> Generator[tuple[int, Arrays]]:
        """Yield (number of the block, its arrays); waiting blocks are cancelled when the caller stops early.

        Raises
        ------
        SolveError
            If a chunk ended every worker that tried it, no worker is left or the scheduler is gone.
        InvalidInputError
            If the job cannot be pickled.
        """
        size = -(-len(blocks) // (_CHUNKS * self.workers))
        chunks = [tuple(blocks[start : start + size]) for start in range(0, len(blocks), size or 1)]
        play = partial(_play, job.function, job.parameters)
        names = [f"worlds {chunk[0][0]} to {chunk[-1][1] - 1}" for chunk in chunks]
        with closing(self.each_unit("job", job.shared, play, chunks, names)) as results:
            for chunk, parts in results:
                yield from enumerate(parts, chunk * size)

    def each_unit(
        self,
        argument: str,
        common: Any,
        function: Callable[[Any, Unit], Any],
        units: Sequence[Unit],
        names: Sequence[str],
    ) -> Generator[tuple[int, Any]]:
        """Yield (number of the unit, ``function(common, unit)``) in any order, each unit once.

        Parameters
        ----------
        argument : str
            What to name if something cannot be pickled.
        common : object
            What all units share.
        function : callable
            A pure function.
        units : sequence
            One per task.
        names : sequence of str
            What to call each in an error.
        """
        body = pickled(argument, function)
        frames = [pickled(argument, unit) for unit in units]
        pending = deque(range(len(units)))
        waiting: dict[str, tuple[int, Any]] = {}
        finished: SimpleQueue[str] = SimpleQueue()
        losses = 0
        try:
            while pending or waiting:
                bound = _IN_FLIGHT * self.workers
                with _connection(self.client):
                    while pending and len(waiting) < bound:
                        sent = self._send(argument, common)
                        number = pending.popleft()
                        future = self.client.submit(_work, sent, body, frames[number], pure=False)
                        waiting[future.key] = number, future
                        future.add_done_callback(lambda done: finished.put(done.key))
                # Tasks given up before, together with the data they needed, are reported too.
                ready = {key: waiting[key] for key in self._next(finished) if key in waiting}
                try:
                    results = self._results(ready.values(), names)
                except (CancelledError, Withdrawn) as error:
                    losses += 1
                    with _connection(self.client):
                        if losses > self.retries:
                            raise SolveError(
                                f"all workers that held what the tasks need ended, and {self.retries} repeats did"
                                " not help: see their logs, or give the graph as a memory-mapped file"
                            ) from error
                    pending.extendleft(number for number, _ in waiting.values())
                    self._forget(waiting)
                    self._sent.clear()
                    continue
                for key in ready:
                    del waiting[key]
                if results:
                    losses = 0
                yield from results
        finally:
            self._forget(waiting)

    def _send(self, argument: str, common: Any) -> Any:
        """Return what stands for the shared object in a task; a large one is sent to the workers once."""
        for known, sent in self._sent:
            if known is common and getattr(sent, "status", "finished") == "finished":
                return sent
        packed: Any = pack(argument, common)
        if isinstance(packed, Parcel):
            self._await_worker()
            packed = self.client.scatter(packed, broadcast=True, hash=False)
        self._sent.append((common, packed))
        return packed

    def _next(self, finished: SimpleQueue[str]) -> list[str]:
        """Wait for a task; return it and those that ended meanwhile."""
        while True:
            try:
                keys = [finished.get(timeout=_POLL)]
            except Empty:
                self._await_worker()
            else:
                keys.extend(finished.get() for _ in range(finished.qsize()))
                return keys

    def _results(self, tasks: Collection[tuple[int, Any]], names: Sequence[str]) -> list[tuple[int, Any]]:
        """Fetch what tasks returned; raise what they raised."""
        for number, future in tasks:
            if future.status != "finished":
                try:
                    future.result()
                except library("distributed").KilledWorker as error:
                    raise SolveError(
                        f"{names[number]}: every worker that tried ended, most likely out of memory; give workers"
                        " more (`dask worker --memory-limit`) or fewer threads (`--nthreads 1`), and see their"
                        f" logs ({error})"
                    ) from error
        values = self.client.gather([future for _, future in tasks])
        return [(number, value) for (number, _), value in zip(tasks, values, strict=True)]

    def _await_worker(self) -> None:
        """Wait until there is a worker."""
        give_up = time.monotonic() + self.patience
        with _connection(self.client):
            while not self.client.nthreads():
                if time.monotonic() > give_up:
                    raise SolveError(
                        f"the cluster has had no worker for {self.patience:g} s: start one with"
                        f" `dask worker {self.client.scheduler_info()['address']}`"
                    )
                time.sleep(min(_POLL, self.patience) / 4)

    def _forget(self, waiting: dict[str, tuple[int, Any]]) -> None:
        """Cancel tasks."""
        futures = [future for _, future in waiting.values()]
        waiting.clear()
        if futures and self.client.status == "running":
            self.client.cancel(futures, force=True)


@contextmanager
def _connection(client: Any) -> Iterator[None]:
    """Turn a lost connection to the scheduler into an error that says so."""
    try:
        if client.status != "running":
            raise ConnectionError(f"the client is {client.status}")
        yield
    except OSError as error:
        raise SolveError(
            f"the connection to the scheduler of the cluster is lost, see its log: {error}"
        ) from error


def sweep(
    function: Callable[[Point], Result], points: Sequence[Point], *, client: Any = None
) -> list[Result]:
    """Return the values of a function at parameter points, in the order of the points.

    Parameters
    ----------
    function : callable
        A pure function of one point that can be pickled. Give what it calls ``engine=1``: workers are many
        already.
    points : sequence
        Parameters, such as contact rates or seeds.
    client : distributed.Client, optional
        Where the points are computed; here, one after the other, by default. The bits are the same.

    Raises
    ------
    SolveError
        If the function fails at a point; the message names it.
    InvalidInputError
        If the function or a point cannot be pickled.

    Notes
    -----
    What the function carries, such as the campaign in a ``functools.partial``, goes to each worker once.

    Examples
    --------
    >>> sweep(abs, [3, -4])
    [3, 4]
    >>> sweep(abs, [3, "four"])
    Traceback (most recent call last):
    ...
    mechanism.errors.SolveError: points[1] = 'four' failed: TypeError: bad operand type for abs(): 'str'
    """
    places = list(enumerate(points))
    if client is None:
        return [_at(function, place) for place in places]
    names = [_named(*place) for place in places]
    with closing(Cluster(client).each_unit("function", function, _at, places, names)) as results:
        values = dict(results)
    return [values[number] for number, _ in places]


def demo(*, workers: int = 2, replicates: int = 1000) -> str:
    """Recruit on the bundled network by one thread and by worker processes of this machine.

    Parameters
    ----------
    workers : int
        Processes, at least 1.
    replicates : int
        Simulated worlds, at least 2.

    Returns
    -------
    str
        The table, both times and whether the results are bit-equal.
    """
    distributed = library("distributed")
    from mechanism import Campaign, CostModel, IncentiveNetwork, Recursive, Search, TopDegree, datasets
    from solvers.recruitment import recruit

    network = IncentiveNetwork(
        datasets.example_graph(),
        contact=0.5,
        join=CostModel.exponential(mean=0.8),
        invite=CostModel.exponential(mean=0.12),
    )
    campaign = Campaign(network, Search(prize=4000, find=0.001), team=TopDegree(5), max_depth=10)

    def run(engine: Any) -> tuple[Any, bytes, float]:
        begun = time.perf_counter()
        result = recruit(campaign, Recursive(1 / 2), replicates=replicates, rng=0, engine=engine)
        seconds = time.perf_counter() - begun
        arrays = (result.sample, result.join, result.invite, result.winners_by_depth)
        return result, b"".join(array.tobytes() for array in arrays), seconds

    one, bits, alone = run(1)
    settings = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        many, others, together = run(Cluster(client))
    same = "yes" if bits == others and str(one) == str(many) else "NO"
    return (
        f"{many}\n\nOne thread {alone:.1f} s, {workers} worker processes {together:.1f} s (with their start-up)."
        f"\nBit-equal: {same}"
    )


if __name__ == "__main__":  # worker processes import this module under its own name
    import click

    click.echo(import_module("solvers.cluster").demo())
