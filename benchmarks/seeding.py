"""Seeds with a certified ratio: quality beside greedy simulation, speed beside the machine and a peer, size.

    python -m benchmarks.seeding --quick     # two real networks, greedy in few worlds, up to 10^5 nodes
    python -m benchmarks.seeding             # three real networks, greedy in 10^4 worlds, up to 10^6 nodes: an hour
    python -m benchmarks.seeding --large     # besides, 4 * 10^6 nodes with 6 * 10^7 arcs, in 12 GiB

Figures of a row come from one run, times are medians of interleaved rounds, one thread each. Networks that are not
there are left out, with a word about it.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from math import e
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.limits import gather_rate
from benchmarks.peers import chances_of
from benchmarks.workloads import power_law
from mechanism import Graph, datasets
from solvers import spread
from solvers.engine import Threads
from solvers.greedy_seeds import celf
from solvers.seeding import seed
from solvers.sketches import Sampler
from solvers.tables import plain_table, render
from tests.reference.sketches import Patterns, subsets

ROUNDS = 5
WANTED = 1 - 1 / e - 0.1
NETWORKS = {"ego-facebook": False, "wiki-vote": True, "nethept": False}  # whether arcs have a direction
KEY = np.array([1, 2], dtype=np.uint64)


def say(text: str) -> None:
    click.echo(text, err=True)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = run()
    return time.perf_counter() - begun, found


def medians(
    runs: dict[str, Callable[[], Any]], rounds: int = ROUNDS
) -> tuple[dict[str, float], dict[str, Any]]:
    """Median seconds of each, run in turn, and what each returned last; a first run is not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    found: dict[str, Any] = {}
    for number in range(rounds + 1):
        for name, run in runs.items():
            seconds, found[name] = timed(run)
            if number:
                times[name].append(seconds)
    return {name: float(np.median(values)) for name, values in times.items()}, found


def network(name: str) -> Graph | None:
    try:
        return Graph.from_file(datasets.path(f"graphs/{name}"), directed=NETWORKS[name])
    except datasets.DatasetMissingError as missing:
        say(f"{name} is left out: {missing}")
        return None


def progress_of(title: str) -> Callable[[str, int, int], None]:
    """Tell how far greedy choice is, now and then."""
    told = 0.0

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > 20:
            told = time.monotonic()
            say(f"{title}, {stage}: {done:,} of {total:,}")

    return tell


def quality_table(names: list[str], *, worlds: int, simulations: int) -> str:
    """Seeds of sketches and of greedy simulation (CELF), both played in fresh worlds."""
    columns = (
        "network, chance",
        "k",
        "spread",
        "greedy",
        "ratio",
        "s.e.",
        "certified",
        "sketches",
        "s",
        "greedy, s",
    )
    table = plain_table(columns)
    for name in names:
        graph = network(name)
        if graph is None:
            continue
        for probability in ("weighted", 0.01):
            title = f"{name}, {probability}"
            say(f"{title}: greedy in {worlds:,} worlds")
            play = partial(spread, graph, probability=probability, replicates=simulations)
            settings = {"probability": probability, "replicates": worlds, "progress": progress_of(title)}
            seconds, greedy = timed(partial(celf, graph, 50, rng=3, **settings))
            for k in (1, 10, 50):
                say(f"{title}: {k} seeds by sketches")
                own, found = timed(partial(seed, graph, k, probability=probability, rng=1))
                ours, theirs = play(found.seeds, rng=10 + k), play(greedy.seeds[:k], rng=20 + k)
                error = (
                    ours.spread
                    / theirs.spread
                    * np.hypot(ours.stderr / ours.spread, theirs.stderr / theirs.spread)
                )
                table.add_row(
                    title if k == 1 else "",
                    str(k),
                    f"{ours.spread:,.3f}",
                    f"{theirs.spread:,.3f}",
                    f"{ours.spread / theirs.spread:.4f}",
                    f"{error:.4f}",
                    f"{found.ratio:.3f}" + ("" if found.ratio >= WANTED else " (below)"),
                    f"2 x {found.sketches:,}",
                    f"{own:.2f}",
                    f"{seconds:,.0f}" if k == 50 else "",
                )
    footer = [
        f"greedy: CELF in {worlds:,} worlds; spreads over {simulations:,} fresh worlds; wanted: {WANTED:.3f}"
    ]
    return render("Seeds by sketches beside greedy simulation", table, footer=footer)


def true_ratio_table(instances: int) -> str:
    """How often the true ratio is below the certified one, or a bound is wrong, on networks that can be enumerated."""
    table = plain_table(
        ("model", "instances", "ratio too high", "interval wrong", "least true", "mean certified")
    )
    delta = 0.05
    for model in ("cascade", "threshold"):
        say(f"{instances:,} enumerated networks, {model}")
        failures = [small_instance(number, model, delta) for number in range(instances)]
        true, certified, inside = (np.array(column) for column in zip(*failures, strict=True))
        table.add_row(
            model, f"{instances:,}", str(int((true < certified).sum())), str(int((~inside).sum())),
            f"{true.min():.3f}", f"{certified.mean():.3f}",
        )  # fmt: skip
    footer = [f"each may happen with a chance of {delta}; 1,024 sketches of either kind"]
    return render("Certified ratios against the best of all sets", table, footer=footer)


def small_instance(number: int, model: str, delta: float) -> tuple[float, float, bool]:
    """Return the true ratio, the certified one, and whether the interval holds the true spread."""
    rng = np.random.default_rng(number)
    n, k = int(rng.integers(4, 10)), int(rng.integers(1, 4))
    pairs = [(u, v) for u in range(n) for v in range(n) if u != v]
    arcs = sorted(pairs[i] for i in rng.choice(len(pairs), min(len(pairs), 10), replace=False))
    graph = Graph.from_edges(*zip(*arcs, strict=True), duplicates="merge")
    position = {label: node for node, label in enumerate(graph.labels.tolist())}
    arcs = [(position[u], position[v]) for u, v in arcs]
    chances = (
        rng.random(len(arcs)).astype(np.float32) * np.float32(1 if model == "cascade" else 0.2)
    ).tolist()
    patterns = Patterns(graph.n, arcs, chances, model=model)
    found = seed(
        graph, min(k, graph.n), probability=chances, epsilon=0.6, delta=delta, overfit=100, rng=number, model=model,
        engine=1,
    )  # fmt: skip
    best = patterns.best(subsets(range(graph.n), k))
    true = patterns.spread(found.seeds.tolist())
    low, high = found.interval
    return true / best, found.ratio, low <= true <= high


def sampler_of(graph: Graph) -> Sampler:
    return Sampler(graph, "weighted", max_depth=graph.n, key=KEY)


def indexed(sampler: Sampler, count: int) -> Any:
    """Draw sketches and list those of every node."""
    drawn = sampler.draw(0, count, engine=Threads(1))
    drawn.by_node(drawn.counts())
    return drawn


def throughput_table(sizes: list[tuple[int, int]]) -> str:
    columns = ("network", "sketches/s", "mean size", "nodes/s", "random reads/s", "reads a node")
    table = plain_table(columns)
    for n, m in sizes:
        say(f"sketches of {n:,} nodes")
        graph = power_law(n, m)
        sampler, count = sampler_of(graph), 20_000 if n > 10**6 else 50_000
        rates: list[float] = []
        runs = {"own": lambda: indexed(sampler, count), "reads": lambda: rates.append(gather_rate(64))}  # noqa: B023
        times, found = medians(runs)
        nodes = len(found["own"].nodes)
        rate = float(np.median(rates[1:]))
        table.add_row(
            f"{graph.n:,} nodes, {graph.m:,} arcs",
            f"{count / times['own']:,.0f}",
            f"{nodes / count:.1f}",
            f"{nodes / times['own'] / 1e6:.1f} million",
            f"{rate / 1e6:.0f} million",
            f"{rate * times['own'] / nodes:.1f}",
        )
    footer = ["sketches with the list of those of every node; random reads of 8 bytes, independent, in 64 MB"]
    return render("Sketches, weighted cascade, one thread", table, footer=footer)


def pynetim(graph: Graph, k: int) -> Callable[[], list[int]]:
    """PyNetIM's OPIM-C, in C++; nodes keep their numbers only if it is told so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of parts that want a deep-learning library
        from pynetim import IMGraph, OPIMCAlgorithm

    source = np.repeat(np.arange(graph.n), graph.out_degree)
    edges = list(zip(source.tolist(), graph.indices.tolist(), strict=True))
    built = IMGraph(edges, chances_of(graph, "weighted").tolist(), directed=True, renumber=False)
    return lambda: sorted(OPIMCAlgorithm(built, model="IC", random_seed=7).run(k=k, epsilon=0.1))


def end_to_end_table(sizes: list[tuple[int, int]], *, peer_up_to: int) -> str:
    columns = ("network", "method", "s", "in 180,000 sketches", "spread", "s.e.", "certified", "sketches")
    table = plain_table(columns, left=2)
    for n, m in sizes:
        say(f"50 seeds among {n:,} nodes")
        graph = power_law(n, m)
        sampler = sampler_of(graph)
        runs: dict[str, Callable[[], Any]] = {
            "seed": lambda: seed(graph, 50, probability="weighted", rng=1, engine=1),  # noqa: B023
            "sketches": lambda: indexed(sampler, 18_000),  # noqa: B023
        }
        if n <= peer_up_to and importlib.util.find_spec("pynetim"):
            runs["pynetim OPIM-C"] = pynetim(graph, 50)
        times, found = medians(runs, 3)
        unit = 10 * times.pop("sketches")
        for name, seconds in times.items():
            own = found[name]
            seeds = own.seeds if name == "seed" else np.array(own)
            played = spread(graph, seeds, probability="weighted", replicates=2000, rng=5)
            table.add_row(
                f"{graph.n:,} nodes, {graph.m:,} arcs" if name == "seed" else "",
                name,
                f"{seconds:.2f}",
                f"{seconds / unit:.2f}",
                f"{played.spread:,.0f}",
                f"{played.stderr:,.0f}",
                f"{own.ratio:.3f}" if name == "seed" else "-",
                f"2 x {own.sketches:,}" if name == "seed" else "-",
            )
    footer = ["a unit is ten times what 18,000 sketches with their lists take in the same run"]
    return render("50 seeds, weighted cascade, epsilon 0.1, one thread", table, footer=footer)


MEASURE = """
import json, sys, time
from benchmarks.workloads import power_law
from mechanism import Graph
from solvers.seeding import seed
seed(Graph.from_edges([0, 1], [1, 2]), 1, probability="weighted", rng=1, engine=1)  # the code is warm
graph = power_law(int(sys.argv[1]), int(sys.argv[2]))
def memory(kind):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(kind)) << 10
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak begins anew
before, begun = memory("VmRSS"), time.perf_counter()
found = seed(graph, 50, probability="weighted", rng=1, engine=1)
seconds = time.perf_counter() - begun
print(json.dumps([graph.n, graph.m, before, memory("VmHWM"), seconds, found.sketches, found.ratio]))
"""


def size_table(sizes: list[tuple[int, int]], rounds: int = 3) -> str:
    """Time and memory of a run in a process of its own."""
    columns = ("network", "s", "ns an arc", "before, MB", "peak, MB", "bytes an arc", "sketches", "certified")
    table = plain_table(columns)
    for n, m in sizes:
        power_law(n, m)  # the file is there
    results: dict[tuple[int, int], list[list[Any]]] = {size: [] for size in sizes}
    for number in range(rounds):
        for n, m in sizes:
            say(f"a process for {n:,} nodes, round {number + 1} of {rounds}")
            command = [sys.executable, "-c", MEASURE, str(n), str(m)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
            )
            results[n, m].append(json.loads(done.stdout))
    for rows in results.values():
        n, m, before, peak, _, sketches, ratio = rows[0]
        seconds = float(np.median([row[4] for row in rows]))
        table.add_row(
            f"{n:,} nodes, {m:,} arcs", f"{seconds:.2f}", f"{seconds / m * 1e9:.0f}", f"{before / 2**20:,.0f}",
            f"{peak / 2**20:,.0f}", f"{(peak - before) / m:.0f}", f"2 x {sketches:,}", f"{ratio:.3f}",
        )  # fmt: skip
    footer = ["before: interpreter, compiler and graph; bytes an arc: what the search takes beyond that"]
    return render("50 seeds as the network grows, weighted cascade, one thread", table, footer=footer)


@click.command()
@click.option("--quick", is_flag=True, help="Small networks, greedy in few worlds.")
@click.option("--large", is_flag=True, help="Also 4 million nodes.")
@click.option("--only", type=click.Choice(["quality", "true", "throughput", "peer", "size"]), multiple=True)
@click.option("--out", type=click.Path(), help="Write the tables here as well.")
def main(quick: bool, large: bool, only: tuple[str, ...], out: str | None) -> None:
    """Print the tables."""
    steps = (
        [(10**4, 10**5), (10**5, 10**6)] + [(10**6, 10**7)] * (not quick) + [(4 * 10**6, 6 * 10**7)] * large
    )
    names = [name for name in NETWORKS if not (quick and name == "nethept")]
    worlds, simulations = (100, 10_000) if quick else (10_000, 100_000)
    tables = {
        "quality": lambda: quality_table(names, worlds=worlds, simulations=simulations),
        "true": lambda: true_ratio_table(200 if quick else 1000),
        "throughput": lambda: throughput_table(steps[1:]),
        "peer": lambda: end_to_end_table(steps[1:], peer_up_to=10**5),
        "size": lambda: size_table(steps),
    }
    parts = []
    for name, table in tables.items():
        if not only or name in only:
            parts.append(table())
            click.echo(parts[-1] + "\n")
    if out:
        Path(out).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
