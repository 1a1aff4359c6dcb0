"""Engines: every block once, in order, with what is done kept when a run is interrupted."""

import pickle
import threading

import numpy as np
import pytest

from mechanism import InvalidInputError
from solvers.engine import Job, Pool, Threads, engine_of, run


def square(shared, parameters, start, stop):
    (power,) = parameters
    return (np.arange(start, stop) ** power + shared,)


def fail(shared, parameters, start, stop):
    if start > 10:
        raise RuntimeError("lost")
    return (np.arange(start, stop),)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [1, 2, 63, 1000])
def test_blocks_come_back_in_order(threads, count):
    outcome = run(Job(square, 100, (2,)), count, engine=Threads(threads), first=7)
    got = np.concatenate([block[0] for block in outcome.blocks])
    assert got.tolist() == [k**2 + 100 for k in range(7, 7 + count)]
    assert (outcome.worlds, outcome.interrupted) == (count, False)


def test_progress_counts_worlds():
    calls = []
    run(Job(square, 0, (1,)), 100, engine=Threads(2), progress=lambda *call: calls.append(call), stage="x")
    assert calls[-1] == ("x", 100, 100)
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_in_a_block_is_raised(threads):
    with pytest.raises(RuntimeError, match="lost"):
        run(Job(fail, None), 1000, engine=Threads(threads))


class Shuffled:
    """Gives blocks last first, and is interrupted after some."""

    workers = 1

    def __init__(self, order):
        self.order = order

    def each(self, job, blocks):
        for number in self.order:
            yield number, job(*blocks[number])
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("order", "worlds"), [([3, 1, 0], 2), ([2, 1], 0), ([], 0), ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10)]
)
def test_an_interrupt_keeps_the_worlds_before_the_first_gap(order, worlds):
    outcome = run(Job(square, 0, (1,)), 10, engine=Shuffled(order), interruptible=True)
    assert (outcome.worlds, outcome.interrupted) == (worlds, True)
    assert [int(block[0][0]) for block in outcome.blocks] == list(range(worlds))
    with pytest.raises(KeyboardInterrupt):
        run(Job(square, 0, (1,)), 10, engine=Shuffled(order))


def test_waiting_blocks_are_dropped_when_the_caller_stops():
    started = []

    def slow(shared, parameters, start, stop):
        started.append(start)
        threading.Event().wait(0.02)
        return (np.zeros(1),)

    blocks = [(k, k + 1) for k in range(200)]
    results = Threads(2).each(Job(slow, None), blocks)
    next(results)
    results.close()
    assert len(started) < 100


def test_scratch_is_lent_to_one_at_a_time_and_used_again():
    made = []
    pool = Pool(lambda: made.append(1) or len(made))
    with pool.lend() as first, pool.lend() as second:
        assert (first, second) == (1, 2)
    with pool.lend() as third:
        assert third in (1, 2)
    with pytest.raises(RuntimeError), pool.lend():
        raise RuntimeError
    assert len(made) == 2


def test_a_pool_goes_to_other_processes_empty():
    pool = Pool(list)
    with pool.lend() as part:
        part.append(1)
    with pickle.loads(pickle.dumps(pool)).lend() as part:
        assert part == []


@pytest.mark.parametrize("engine", [0, -1, True, "many", 1.5, object()])
def test_wrong_engines_are_named(engine):
    with pytest.raises(InvalidInputError, match="engine"):
        engine_of(engine)
