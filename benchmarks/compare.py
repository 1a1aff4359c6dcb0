"""The plain cascade beside its peers and the machine's limits, in one table.

    python -m benchmarks.compare                         # 10^4 nodes, in a minute
    python -m benchmarks.compare --large --scaling       # up to 10^7 arcs beside peers, 10^8 alone

All figures of a row are medians of interleaved rounds of the same run, one thread each; other figures say so.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import click
import numpy as np

from benchmarks.limits import bandwidth, gather_rate, latency
from benchmarks.peers import PEERS, installed
from benchmarks.workloads import DENSITIES, LARGE, SIZES, SMALL, Workload, power_law
from mechanism import Campaign, CostModel, IncentiveNetwork, Members, Search
from solvers import spread
from solvers.tables import plain_table, render
from solvers.worlds import Worlds

ROUNDS = 5
CACHES = (1, 4, 16, 64, 256)  # MB


def timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def limit_of(workload: Workload, members: float, fired: float, arcs: float, rates: dict[int, float]) -> float:
    """Return the fewest seconds per world: two reads per member and one per arc that fires, arcs streamed."""
    bytes_of_arcs = 4.0 * workload.m * (1 + (workload.probability == "weighted"))
    size = next((size for size in CACHES if bytes_of_arcs <= size << 20), CACHES[-1])
    streamed = 4.0 * arcs * (workload.probability == "weighted")
    return (2 * members + fired) / rates[size] + streamed / rates[0]


def peers_table(workloads: list[Workload], rates: dict[int, float]) -> str:
    names = [name for name in PEERS if installed(name)]
    columns = ("workload", "worlds/s", *(f"x {name}" for name in names), "ns/arc", "of the limit")
    table = plain_table(columns)
    for workload in workloads:
        graph, seeds = workload.graph(), workload.seeds

        settings = {"probability": workload.probability, "replicates": workload.replicates, "engine": 1}
        result = spread(graph, seeds, **settings, rng=0)
        runs, times = {}, {"": []}
        for name in names:
            _, build, largest = PEERS[name]
            if graph.m <= 1.1 * largest:
                run = build(graph, seeds, workload.probability)
                once = timed(lambda run=run: run(2)) / 2
                runs[name] = run, max(2, int(min(workload.replicates, 2.0 / max(once, 1e-7))))
                times[name] = []
        for number in range(ROUNDS):
            click.echo(f"{workload.name}, round {number + 1} of {ROUNDS}", err=True)
            own_time = timed(lambda: spread(graph, seeds, **settings, rng=number))  # noqa: B023
            times[""].append(own_time / workload.replicates)
            for name, (run, worlds) in runs.items():
                if number < 3 or worlds > 2:
                    times[name].append(timed(lambda: run(worlds)) / worlds)  # noqa: B023
        own = float(np.median(times[""]))
        members, fired, arcs = (
            result.work[key] / workload.replicates for key in ("members", "fired", "arcs")
        )
        share = limit_of(workload, members, fired, arcs, rates) / own
        table.add_row(
            workload.name,
            f"{1 / own:,.0f}",
            *(f"{np.median(times[name]) / own:.1f}" if name in times else "-" for name in names),
            f"{own / arcs * 1e9:.2f}",
            f"{100 * share:.0f} %",
        )
    return render("Independent cascade from 50 seeds, one thread: how many times the peers' speed", table)


def scaling_table(workloads: list[Workload], title: str) -> str:
    table = plain_table(("workload", "ns/arc", "ns/member", "x smallest", "two threads"))
    first = None
    for workload in workloads:
        click.echo(f"{title}: {workload.name}", err=True)
        graph, seeds = workload.graph(), workload.seeds
        times: dict[int, list[float]] = {1: [], 2: []}
        for number in range(ROUNDS):
            for threads in times:
                replicates = max(workload.replicates, 2)
                settings = {"probability": workload.probability, "replicates": replicates}
                work = spread(graph, seeds, **settings, rng=number, engine=threads).work  # the code is warm
                times[threads].append(
                    timed(lambda: spread(graph, seeds, **settings, rng=number, engine=threads))  # noqa: B023
                )
        one, two = (float(np.median(times[threads])) for threads in (1, 2))
        per_arc = one / work["arcs"] * 1e9
        first = first or per_arc
        table.add_row(
            workload.name,
            f"{per_arc:.2f}",
            f"{one / work['members'] * 1e9:.0f}",
            f"{per_arc / first:.2f}",
            f"{one / two:.2f}",
        )
    return render(title, table)


def recruitment_table(sizes: list[tuple[int, int, int]]) -> str:
    """Time per arc of the recruitment kernel beside the plain cascade with one chance per arc.

    Recruitment is measured with one contact chance for all arcs, which it need not read, and with one per arc in
    single precision, as the plain cascade has them.
    """
    columns = (
        "graph",
        "plain, ns/arc",
        "one contact chance, ns/arc",
        "ratio",
        "one per arc, ns/arc",
        "ratio",
    )
    table = plain_table(columns)
    depth = 30
    for n, m, replicates in sizes:
        click.echo(f"recruitment: {n:,} people", err=True)
        graph = power_law(n, m)
        seeds = Workload(n, m, 0.1, replicates).seeds
        families = []
        for contact in (0.2, np.full(graph.m, 0.2, dtype=np.float32)):
            cost = CostModel.exponential(mean=1)
            network = IncentiveNetwork(graph, contact=contact, join=cost, invite=cost)
            campaign = Campaign(
                network, Search(prize=1, find=0.1), team=Members(seeds.tolist()), max_depth=depth
            )
            families.append(Worlds(campaign, np.random.SeedSequence(1), engine=1))
        join, invite = np.full(depth, 0.8), np.append(np.full(depth - 1, 0.6), 0)
        chances = np.full(graph.m, 0.096, dtype=np.float32)
        degree = graph.out_degree
        arcs = []
        for worlds in families:
            trees = [worlds.tree(join, invite, replicate=r)[0] for r in range(3)]
            arcs.append(np.mean([degree[(tree >= 0) & (tree < depth)].sum() for tree in trees]))
            worlds.play(join, invite, replicates=replicates)  # the code is warm
        plain, own = [], ([], [])
        for number in range(ROUNDS):
            settings = {"probability": chances, "replicates": replicates, "rng": number, "engine": 1}
            work = spread(graph, seeds, **settings).work
            plain.append(timed(lambda: spread(graph, seeds, **settings)) / work["arcs"])  # noqa: B023
            for worlds, count, times in zip(families, arcs, own, strict=True):
                seconds = timed(lambda: worlds.play(join, invite, replicates=replicates))  # noqa: B023
                times.append(seconds / replicates / count)
        one, alike, apart = (np.median(times) * 1e9 for times in (plain, *own))
        table.add_row(
            f"{n:,} people",
            *(f"{x:.2f}" for x in (one, alike, alike / one, apart, apart / one)),
        )
    return render(
        "Joining costs hashed per person, coins per arc, inviting per depth, beside a plain cascade", table
    )


MEASURE = """
import sys
from benchmarks.workloads import Workload
from solvers import spread
def memory(kind):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(kind)) / 1024
workload = Workload(int(sys.argv[1]), int(sys.argv[2]), 0.1, 2)
graph = workload.graph(memory_map=True)
before = memory("RssAnon")
result = spread(graph, workload.seeds, probability=0.1, replicates=2, rng=1, engine=1)
print(f"{graph.n:,} {graph.m:,} {result.spread:,.0f} {before:.0f} {memory('RssAnon'):.0f} {memory('VmHWM'):.0f}")
"""


def memory_table(sizes: list[tuple[int, int]]) -> str:
    table = plain_table(
        ("nodes", "arcs", "spread", "graph on disk, MB", "anonymous before, MB", "after, MB", "peak, MB"),
        left=0,
    )
    for n, m in sizes:
        power_law(n, m, memory_map=True)
        command = [sys.executable, "-c", MEASURE, str(n), str(m)]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        on_disk = (8 * n + 4 * m + 8 * n) / 2**20
        table.add_row(*shown[:3], f"{on_disk:,.0f}", *shown[3:])
    return render("A process that spreads over a memory-mapped graph: two worlds, chance 0.1", table)


@click.command()
@click.option("--large", is_flag=True, help="Graphs up to 10 million arcs beside the peers.")
@click.option("--scaling", is_flag=True, help="Sizes up to 100 million arcs, densities, threads, memory.")
@click.option("--out", type=click.Path(dir_okay=False), help="Also write the tables here.")
def main(large: bool, scaling: bool, out: str | None) -> None:
    """Print the tables."""
    rates = {size: gather_rate(size) for size in CACHES} | {0: bandwidth()}
    lines = [f"Sequential triad: {rates[0] / 1e9:.1f} GB/s, one thread"]
    for size in CACHES:
        waiting = latency(size) * 1e9
        lines.append(
            f"Random reads in {size:3} MB: {rates[size] / 1e6:4.0f} million/s independent, {waiting:3.0f} ns dependent"
        )
    parts = ["\n".join(lines), peers_table(SMALL + LARGE * large, rates)]
    if scaling:
        parts += [
            scaling_table(SIZES, "Size: chance 0.1, mean degree 10"),
            scaling_table(DENSITIES, "Density: 100,000 nodes, one over the mean degree"),
            recruitment_table([(10**4, 10**5, 200), (10**5, 10**6, 40), (10**6, 10**7, 4)]),
            memory_table([(10**6, 10**7), (10**7, 10**8)]),
        ]
    else:
        small = [replace(SIZES[0], replicates=50)]
        parts += [scaling_table(small, "Size"), recruitment_table([(10**4, 10**5, 50)])]
    text = "\n\n".join(parts)
    click.echo(text)
    if out:
        with open(out, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text + "\n")


if __name__ == "__main__":
    main()
