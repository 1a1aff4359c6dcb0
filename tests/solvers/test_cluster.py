"""The cluster plays the same bits as one thread, also when workers die; it stops when told to."""

import mmap
import os
import pickle
import re
import signal
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mechanism import (
    BackendMissingError,
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Recursive,
    Search,
    SolveError,
    TopDegree,
)
from solvers import parcels
from solvers.cluster import Cluster, sweep
from solvers.diffusion import spread
from solvers.engine import Job, Threads, run
from solvers.parcels import opened, pack
from solvers.recruitment import recruit
from solvers.worlds import Worlds

distributed = pytest.importorskip("distributed")

BLOCKS = [(start, min(start + 7, 200)) for start in range(0, 200, 7)]
LARGE = 1 << 18  # bytes, more than what travels with each task


@pytest.fixture(scope="module")
def client():
    with start() as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def frail():
    """Give a client of workers that a test may kill."""
    with start() as cluster, distributed.Client(cluster) as client:
        yield client


def start(workers=2):
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    )


def draw(shared, parameters, start, stop):
    """Return numbers that depend on the world alone, and a sum whose rounding depends on its order."""
    scale, pause = parameters
    time.sleep(pause)
    rows = [np.random.default_rng(world).standard_normal(50) for world in range(start, stop)]
    return np.array(rows) * scale, np.array([float((row * shared[:50]).sum()) for row in rows])


def fail_at(shared, parameters, start, stop):
    if start >= parameters[0]:
        raise InvalidInputError("world", start, allowed=f"below {parameters[0]}")
    return (np.arange(start, stop),)


def end_worker(shared, parameters, start, stop):
    os.kill(os.getpid(), signal.SIGKILL)
    return (np.arange(start, stop),)


def how_arrays_lie(shared, parameters, start, stop):
    flags = [(a.flags.aligned, a.flags.writeable, a.ctypes.data % 8 == 0) for a in shared]
    return (np.array([flags] * (stop - start)),)


def mark(shared, parameters, start, stop):
    time.sleep(0.1)
    (shared / f"{start}").touch()
    return (np.arange(start, stop),)


def where_it_lies(graph, parameters, start, stop):
    maps = [isinstance(array.base, np.memmap | mmap.mmap) for array in (graph.indptr, graph.indices)]
    aligned = [array.flags.aligned for array in (graph.indptr, graph.indices)]
    return np.array([maps, aligned]), graph.indices[start:stop].copy()


def double(point):
    time.sleep(0.02 * (point % 3))
    if point == 11:
        raise ValueError("no luck")
    return 2 * point


def played(engine, job, blocks=BLOCKS):
    """Return the bytes of each block, in order; each occurs once."""
    got = list(engine.each(job, blocks))
    assert sorted(number for number, _ in got) == list(range(len(blocks)))
    return [[array.tobytes() for array in arrays] for _, arrays in sorted(got, key=lambda item: item[0])]


def shared_of(size):
    return np.random.default_rng(0).standard_normal(size // 8)


def small_campaign(contact=0.4):
    rng = np.random.default_rng(0)
    arcs = sorted({(int(u), int(v)) for u, v in rng.integers(0, 200, (1500, 2)) if u != v})
    network = IncentiveNetwork(
        Graph.from_edges(*zip(*arcs, strict=True)),
        contact=contact,
        join=CostModel.exponential(mean=1),
        invite=CostModel.exponential(mean=0.1),
    )
    return Campaign(network, Search(prize=100, find=0.01), team=TopDegree(2), max_depth=5)


@pytest.mark.parametrize("size", [800, LARGE], ids=["with each task", "sent once"])
@pytest.mark.parametrize("blocks", [BLOCKS, BLOCKS[:1], []], ids=["many", "one", "none"])
def test_cluster_plays_the_bits_of_one_thread(client, size, blocks):
    job = Job(draw, shared_of(size), (0.1, 0.0))
    assert played(Cluster(client), job, blocks) == played(Threads(1), job, blocks)


def parcels_on(client):
    return {
        worker: sorted(k for k in keys if "Parcel" in str(k)) for worker, keys in client.has_what().items()
    }


def test_what_jobs_share_is_sent_once(client):
    engine, shared = Cluster(client), shared_of(LARGE)
    held = []
    for scale in (1.0, 2.0, 3.0):
        played(engine, Job(draw, shared, (scale, 0.0)))
        held.append(parcels_on(client))
    assert held[0] == held[1] == held[2]
    assert len(held[0]) == 2  # workers
    assert all(held[0].values())
    played(engine, Job(draw, shared.copy(), (1.0, 0.0)))
    assert parcels_on(client) != held[0]


def test_worlds_are_those_of_one_thread(client):
    join, invite = np.full(5, 0.8), np.append(np.full(4, 0.7), 0)
    seed = np.random.SeedSequence(3)
    here, there = (Worlds(small_campaign(), seed, engine=engine) for engine in (1, client))
    expected, got = (worlds.play(join, invite, replicates=333) for worlds in (here, there))
    assert expected.members.tobytes() == got.members.tobytes()
    assert expected.invitations.tobytes() == got.invitations.tobytes()


def test_equilibrium_is_that_of_one_thread(client):
    here, there = (
        recruit(small_campaign(), Recursive(0.5), replicates=200, rng=5, engine=engine)
        for engine in (1, Cluster(client))
    )
    assert here.to_dict() == there.to_dict()
    assert here.sample.tobytes() == there.sample.tobytes()


@pytest.mark.parametrize("size", [100, LARGE])
def test_arrays_reach_workers_as_they_were(client, size):
    """Otherwise every worker would compile the kernels again, for arrays of another kind."""
    fixed, free, whole = np.zeros(size, dtype=np.int8), np.zeros(size + 3, dtype=np.int8), np.zeros(size)
    fixed.flags.writeable = False
    ((_, (flags,)),) = Cluster(client).each(Job(how_arrays_lie, (fixed, free, whole)), [(0, 1)])
    assert flags[0].tolist() == [[True, False, True], [True, True, True], [True, True, True]]


def test_a_memory_mapped_graph_travels_as_its_file(client, tmp_path):
    file = tmp_path / "graph.npz"
    rng = np.random.default_rng(2)
    Graph.from_edges(*rng.integers(0, 20_000, (2, 40_000)), self_loops="drop", duplicates="merge").save(file)
    held, mapped = Graph.from_file(file), Graph.from_file(file, memory_map=True)
    assert isinstance(pack("graph", held), parcels.Parcel)
    assert len(pack("graph", mapped)) < 1000
    ((_, (facts, contacts)),) = Cluster(client).each(Job(where_it_lies, mapped), [(100, 900)])
    assert facts.all()
    assert contacts.tobytes() == held.indices[100:900].tobytes()
    settings = {"probability": 0.3, "replicates": 50, "rng": 3}
    here, there = (
        spread(held, [0, 1], engine=1, **settings),
        spread(mapped, [0, 1], engine=client, **settings),
    )
    assert here.members_by_depth.tobytes() == there.members_by_depth.tobytes()


def test_parcels_open_anywhere():
    value = {"a": np.arange(100_000), "b": np.asfortranarray(np.ones((300, 7))), "c": "text"}
    parcel = pickle.loads(pickle.dumps(pack("value", value), protocol=5))
    buffers = []
    frame = pickle.dumps(pack("value", value), protocol=5, buffer_callback=buffers.append)
    shifted = [memoryview(b"x" * 3 + bytes(buffer.raw()))[3:] for buffer in buffers]
    for other in (opened(parcel), opened(pickle.loads(frame, buffers=shifted))):
        assert [np.array_equal(other[k], value[k]) for k in "abc"] == [True] * 3
        assert other["a"].flags.aligned
        assert other["a"].flags.writeable
        assert other["b"].flags.f_contiguous
    assert parcel.__sizeof__() > value["a"].nbytes
    assert opened(parcel) is opened(parcel)


def test_a_killed_worker_changes_no_bit(frail):
    job = Job(draw, shared_of(LARGE), (0.1, 0.03))
    expected = played(Threads(1), Job(draw, job.shared, (0.1, 0.0)))
    victim = next(iter(frail.run(os.getpid).values()))
    got = {}
    for number, arrays in Cluster(frail).each(job, BLOCKS):
        if len(got) == 3:
            os.kill(victim, signal.SIGKILL)
        assert number not in got
        got[number] = [array.tobytes() for array in arrays]
    assert [got[number] for number in range(len(BLOCKS))] == expected
    assert victim not in frail.run(os.getpid).values()


def test_a_worker_killed_in_a_recruitment_changes_no_bit(frail):
    victim, calls = next(iter(frail.run(os.getpid).values())), []

    def kill(stage, done, total):
        calls.append(done)
        if len(calls) == 5:
            os.kill(victim, signal.SIGKILL)

    settings = {"replicates": 100, "rng": 5}
    assert isinstance(pack("graph", small_campaign().network.graph), bytes)  # goes with each task
    expected = recruit(small_campaign(), Recursive(0.5), engine=1, **settings)
    got = recruit(small_campaign(), Recursive(0.5), engine=frail, progress=kill, **settings)
    assert got.to_dict() == expected.to_dict()
    assert got.sample.tobytes() == expected.sample.tobytes()
    assert len(calls) > 12
    assert victim not in frail.run(os.getpid).values()


def test_all_workers_killed_changes_no_bit(frail):
    job = Job(draw, shared_of(LARGE), (0.1, 0.03))
    expected = played(Threads(1), Job(draw, job.shared, (0.1, 0.0)))
    got = {}
    for number, arrays in Cluster(frail).each(job, BLOCKS):
        if len(got) == 3:
            for victim in frail.run(os.getpid).values():
                os.kill(victim, signal.SIGKILL)
        assert number not in got
        got[number] = [array.tobytes() for array in arrays]
    assert [got[number] for number in range(len(BLOCKS))] == expected


def test_what_is_lost_too_often_is_given_up(frail):
    results = Cluster(frail, retries=0).each(Job(draw, shared_of(LARGE), (0.1, 0.03)), BLOCKS)
    next(results)
    for victim in frail.run(os.getpid).values():
        os.kill(victim, signal.SIGKILL)
    with pytest.raises(SolveError, match="all workers that held what the tasks need ended"):
        list(results)


def test_a_job_that_kills_workers_is_given_up(frail):
    with pytest.raises(SolveError, match=r"worlds 0 to 2: every worker that tried ended.*--memory-limit"):
        list(Cluster(frail).each(Job(end_worker, None), [(0, 3)]))


def test_no_worker_left():
    with start(workers=0) as empty, distributed.Client(empty) as lonely:
        engine = Cluster(lonely, patience=0.2)
        assert engine.workers == 1
        for size in (800, LARGE):
            with pytest.raises(SolveError, match=r"no worker for 0.2 s: start one with `dask worker tcp"):
                list(engine.each(Job(draw, shared_of(size), (1.0, 0.0)), BLOCKS))


def test_errors_of_a_job_are_raised_and_the_rest_is_cancelled(client):
    with pytest.raises(InvalidInputError, match=r"world is 1[0-9]+; it must be below 100"):
        list(Cluster(client).each(Job(fail_at, None, (100,)), BLOCKS))
    assert idle(client)


def idle(client):
    """Return whether no task is left at the scheduler, the shared objects apart."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not any(client.processing().values()):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def keyboard():
    """Interrupts are heard, also where a shell in the background has them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keyboard")
def test_an_interrupt_cancels_what_waits(client, tmp_path):
    """The signal arrives while the engine waits, as from the keyboard."""
    job = Job(mark, tmp_path)
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    outcome = run(job, 200, engine=Cluster(client), interruptible=True)
    timer.join()
    assert outcome.interrupted
    assert outcome.worlds < 200
    begun = len(list(tmp_path.iterdir()))
    assert begun < 40  # blocks, of 50 in chunks of four
    time.sleep(1)
    assert len(list(tmp_path.iterdir())) <= begun + 2 * 4  # the chunks under way end by themselves
    assert idle(client)


def test_a_caller_that_stops_early_cancels_what_waits(client, tmp_path):
    results = Cluster(client).each(Job(mark, tmp_path), [(world, world + 1) for world in range(160)])
    next(results)
    results.close()
    assert idle(client)
    assert len(list(tmp_path.iterdir())) < 60


def test_few_tasks_are_under_way(client):
    """However slowly the caller takes the results, those that wait for it stay few."""
    results = Cluster(client).each(Job(draw, shared_of(800), (1.0, 0.0)), [(w, w + 1) for w in range(160)])
    next(results)
    time.sleep(0.5)
    assert sum(len(keys) for keys in client.has_what().values()) <= 4 * 2
    results.close()


def test_sweep_keeps_the_order(client):
    points = list(range(10))
    assert sweep(double, points, client=client) == sweep(double, points) == [2 * point for point in points]
    assert sweep(double, [], client=client) == sweep(double, []) == []
    assert sweep(lambda point: (*point, len), [(max, 1)], client=client) == [(max, 1, len)]  # no Dask graph


@pytest.mark.parametrize("where", ["here", "there"])
def test_sweep_names_the_point_that_failed(request, where):
    client = None if where == "here" else request.getfixturevalue("client")
    with pytest.raises(SolveError, match=r"points\[1\] = 11 failed: ValueError: no luck"):
        sweep(double, [3, 11, 5], client=client)


def recruits_at(campaign, contact):
    return recruit(small_campaign(contact), Recursive(0.5), replicates=64, rng=1, engine=1).sample.tobytes()


def test_sweep_of_recruitments(client):
    contacts = [0.1, 0.5, 0.3]
    at = partial(recruits_at, None)
    here = sweep(at, contacts)
    assert sweep(at, contacts, client=client) == here
    assert len(set(here)) == 3


@pytest.mark.parametrize(
    "argument, change",
    [("retries", {"retries": -1}), ("retries", {"retries": True}), ("patience", {"patience": 0})],
)
def test_bad_arguments(client, argument, change):
    with pytest.raises(InvalidInputError, match=f"{argument} is"):
        Cluster(client, **change)


def test_what_cannot_be_sent(client):
    with pytest.raises(InvalidInputError, match=r"job is .*it must be something that pickles"):
        list(Cluster(client).each(Job(draw, threading.Lock(), (1.0, 0.0)), BLOCKS))
    with pytest.raises(InvalidInputError, match=r"client is .*a connected dask.distributed.Client"):
        Cluster(distributed.Client)


def test_a_connection_that_ends_in_mid_run(client):
    own = distributed.Client(client.scheduler.address)
    results = Cluster(own).each(Job(draw, shared_of(800), (1.0, 0.03)), BLOCKS)
    next(results)
    own.close()
    with pytest.raises(SolveError, match="connection to the scheduler of the cluster is lost"):
        list(results)


def test_a_closed_client():
    with start(workers=0) as cluster:
        client = distributed.Client(cluster)
        client.close()
        with pytest.raises(InvalidInputError, match="client is"):
            Cluster(client)


def test_the_page_of_the_manual_runs(capsys):
    text = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    page = {"__name__": "page"}
    try:
        for block in blocks:
            exec(block, page)
    finally:
        for opened_there in (page["client"], page["cluster"]):
            opened_there.close()
    assert page["many"].spread == page["one"].spread == page["far"].spread
    assert "recruits" in capsys.readouterr().out


def test_missing_library(monkeypatch):
    def missing(name):
        raise ImportError(name=name)

    monkeypatch.setattr(parcels, "import_module", missing)
    with pytest.raises(BackendMissingError, match=r"pip install 'incentive-networks\[cluster\]'"):
        pack("value", 1)
