"""How good designs are: brute force on small graphs, and an evolution strategy on a large one.

``python -m benchmarks.optimality small`` compares `design` with exhaustive and random search on three graphs of at most
300 people; ``python -m benchmarks.optimality cma`` lets CMA-ES improve the design on NetHEPT. What is feasible and
what is searched is written here a second time, on purpose: nothing of the designer is used but `design`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import click
import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.stats import qmc

from mechanism import (
    Budget,
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    PathTable,
    Search,
    TopDegree,
    datasets,
)
from solvers import design
from solvers.equilibrium import Profile, solve, solve_from
from solvers.worlds import Worlds

Reals = NDArray[np.float64]
EPSILONS = (0.0, 0.25, 1.0)
FRESH = 99
WORLDS = {"scan": 64, "polish": 256, "choose": 2048, "fresh": 8192}


@dataclass(frozen=True)
class Case:
    """A graph with a campaign whose participation is interior."""

    name: str
    prize: float
    find: float
    share: float

    def graph(self) -> Graph:
        if self.name == "karate":
            return Graph.from_file(datasets.path("graphs/karate"), directed=False)
        rng = np.random.default_rng(1)
        if self.name == "power law":
            weight = (1 - rng.random(300)) ** (-1 / 1.8)
            ends = rng.choice(300, size=(700, 2), p=weight / weight.sum())
        else:  # a ring of 200 in which everybody knows the two next on either side, one tie in ten moved
            people = np.repeat(np.arange(200), 2)
            ends = np.stack((people, (people + np.tile([1, 2], 200)) % 200), axis=1)
            moved = rng.random(400) < 0.1
            ends[moved, 1] = rng.integers(200, size=moved.sum())
        ends = ends[ends[:, 0] != ends[:, 1]]
        return Graph.from_edges(ends[:, 0], ends[:, 1], directed=False, duplicates="merge")

    def campaign(self, depth: int) -> Campaign:
        network = IncentiveNetwork(
            self.graph(),
            contact=0.5,
            join=CostModel.exponential(mean=0.8),
            invite=CostModel.exponential(mean=0.12),
        )
        task = Search(prize=self.prize, find=self.find)
        return Campaign(network, task, team=TopDegree(1 if self.name == "karate" else 3), max_depth=depth)


CASES = (
    Case("karate", 60.0, 0.05, 0.2),
    Case("power law", 300.0, 0.01, 0.25),
    Case("small world", 120.0, 0.02, 0.2),
)


def repaired(table: Reals, epsilon: float) -> Reals:
    """Return a table raised until no split gains more than epsilon, then scaled so that no row exceeds 1."""
    depth = len(table)
    raised = table.copy()
    for length in range(depth - 1, 0, -1):
        for j in range(length):
            taken = [raised[length + k - 1, j : j + k + 1].sum() for k in range(1, depth - length + 1)]
            raised[length - 1, j] = max(raised[length - 1, j], max(taken) / (1 + epsilon))
    return raised / max(raised.sum(axis=1).max(), 1e-12)


def grid(step: float) -> Iterator[Reals]:
    """Yield every table of depth 2 within the prize whose rewards are multiples of a step."""
    n = round(1 / step)
    for a in range(n + 1):
        for b in range(n + 1):
            for c in range(n + 1 - b):
                yield np.array([[a, 0.0], [b, c]]) * step


class Player:
    """Equilibria on fixed worlds, each from the one before."""

    def __init__(self, campaign: Campaign, seed: int, worlds: int, engine: int = 1) -> None:
        self.worlds = Worlds(campaign, np.random.SeedSequence(seed), engine=engine)
        self.count = worlds
        self.start: Profile | None = None

    def __call__(self, table: Reals, *, warm: bool = True) -> tuple[float, float]:
        """Return recruits and what a target costs."""
        if warm:
            found = solve(self.worlds, table, replicates=self.count, start=self.start, tolerance=1e-3)
        else:
            found = solve_from(self.worlds, table, replicates=self.count)
        if found.recruits > 0:
            self.start = found.profile
        return found.recruits, float(found.odds.wins @ table.sum(axis=1))

    def within(self, table: Reals, share: float | None, *, warm: bool = True) -> tuple[Reals, float]:
        """Return the table, made smaller until it is affordable, and its recruits."""
        part, low, high = 1.0, 0.0, 1.0
        recruits, spent = self(table, warm=warm)
        if share is None or spent <= share:
            return table, recruits
        best = (0.0, 0.0)
        for _ in range(12):
            if spent <= share:
                low, best = part, (part, recruits)
                if spent > share * (1 - 2e-3):
                    break
            else:
                high = part
            guess = part * (share * (1 - 1e-3) / spent) ** 0.7 if spent > 0 else (low + high) / 2
            part = guess if low < guess < high else (low + high) / 2
            recruits, spent = self(part * table, warm=warm)
        return best[0] * table, best[1]


def scan(case: Case, step: float, slice_: tuple[int, int]) -> list[tuple[Reals, float, float]]:
    """Return (table, recruits, cost) for a slice of the grid."""
    player = Player(case.campaign(2), 5, WORLDS["scan"])
    first, every = slice_
    tables = [table for k, table in enumerate(grid(step)) if k % every == first]
    return [(table, *player(table)) for table in tables]


def best_of_grid(
    case: Case, scanned: list[tuple[Reals, float, float]], epsilon: float, share: float | None
) -> Reals:
    """Return the best feasible table of a scan, the 50 most promising compared on many worlds."""
    good = [
        (table, recruits)
        for table, recruits, spent in scanned
        if table[1].sum() <= (1 + epsilon) * table[0, 0] + 1e-12 and (share is None or spent <= 1.02 * share)
    ]
    good.sort(key=lambda pair: -pair[1])
    player = Player(case.campaign(2), 6, WORLDS["choose"])
    tried = [(table, *player(table, warm=False)) for table, _ in good[:50]]
    affordable = [one for one in tried if share is None or one[2] <= 1.002 * share]
    return max(affordable, key=lambda one: one[1])[0]


def random_search(case: Case, count: int, polished: int, job: tuple[float, float | None]) -> Reals:
    """Return the best of Sobol tables of depth 3, the most promising polished by Nelder and Mead."""
    epsilon, share = job
    depth = 3
    rows, columns = np.tril_indices(depth)
    player = Player(case.campaign(depth), 5, WORLDS["polish"])

    def table_of(logs: Reals) -> Reals:
        raw = np.zeros((depth, depth))
        raw[rows, columns] = np.exp(np.clip(logs, -12, 3))
        return repaired(raw, epsilon)

    points = qmc.Sobol(len(rows), rng=np.random.default_rng(3)).random(count)
    logs = np.log(-np.log(np.clip(points, 1e-9, 1 - 1e-9))) - 1.2 * rows
    scored = sorted(((player.within(table_of(one), share)[1], k) for k, one in enumerate(logs)), reverse=True)
    found = []
    for _, k in scored[:polished]:
        result = optimize.minimize(
            lambda x: -player.within(table_of(x), share)[1], logs[k], method="Nelder-Mead",
            options={"maxfev": 200, "xatol": 1e-2, "fatol": 1e-3},
        )  # fmt: skip
        found.append(result.x)
    final = Player(case.campaign(depth), 6, WORLDS["choose"])
    tables = [final.within(table_of(x), share, warm=False) for x in found]
    return max(tables, key=lambda pair: pair[1])[0]


def compared(case: Case, depth: int, epsilon: float, share: float | None, rival: Reals) -> tuple[float, ...]:
    """Return recruits of design and rival on fresh worlds, and the rival's excess in % with its s.e. and costs."""
    campaign = case.campaign(depth)
    budget = None if share is None else Budget.expected(share, chain=1)
    found = design(campaign, epsilon=epsilon, budget=budget, rng=1, engine=1)
    fresh = Worlds(campaign, np.random.SeedSequence(FRESH), engine=1)
    samples, costs = [], []
    for table in (found.scheme.table(depth), rival):
        played = solve_from(fresh, table, replicates=WORLDS["fresh"])
        samples.append(played.counts.members.sum(axis=1))
        costs.append(float(played.odds.wins @ table.sum(axis=1)))
    difference = samples[1] - samples[0]
    mean = samples[0].mean()
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return (mean, samples[1].mean(), 100 * difference.mean() / mean, 100 * error / mean, *costs)


def _depth_two(case: Case, scanned: list[tuple[Reals, float, float]], job: tuple[float, float | None]) -> str:
    rival = best_of_grid(case, scanned, *job)
    return _row(case, 2, job, rival)


def _depth_three(case: Case, count: int, polished: int, job: tuple[float, float | None]) -> str:
    return _row(case, 3, job, random_search(case, count, polished, job))


def _row(case: Case, depth: int, job: tuple[float, float | None], rival: Reals) -> str:
    epsilon, share = job
    mean, other, excess, error, cost, cost_rival = compared(case, depth, epsilon, share, rival)
    budget = "worst case 1" if share is None else f"expected {share:g}"
    return (
        f"{case.name:12} {depth:5} {epsilon:7g}  {budget:13} {mean:9.2f} {other:9.2f} {excess:+8.2f} {error:6.2f} "
        f"{cost:8.4f} {cost_rival:8.4f}   {np.round(rival[np.tril_indices(depth)], 3).tolist()}"
    )


def small(*, quick: bool, workers: int) -> None:
    """Print the comparison on small graphs."""
    step, count, polished = (0.1, 64, 2) if quick else (0.02, 2000, 20)
    click.echo(
        f"graph        depth epsilon  budget           design  best found excess %  s.e.     cost cost found   "
        f"table found (grid of {step:g}; {count} Sobol tables, {polished} polished)"
    )
    begun = time.perf_counter()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for case in CASES[: 1 if quick else None]:
            jobs = [(epsilon, share) for share in (None, case.share) for epsilon in EPSILONS]
            slices = [(k, 4 * workers) for k in range(4 * workers)]
            scanned = [one for part in pool.map(partial(scan, case, step), slices) for one in part]
            for line in pool.map(partial(_depth_two, case, scanned), jobs):
                click.echo(line)
            for line in pool.map(partial(_depth_three, case, count, polished), jobs):
                click.echo(line)
            click.echo(f"{case.name}: done after {time.perf_counter() - begun:.0f} s", err=True)


def nethept() -> Campaign:
    """Return the large campaign."""
    network = IncentiveNetwork(
        Graph.from_file(datasets.path("graphs/nethept"), directed=False),
        contact=0.5,
        join=CostModel.exponential(mean=0.8),
        invite=CostModel.exponential(mean=0.12),
    )
    return Campaign(network, Search(prize=4000, find=1e-3), team=TopDegree(5), max_depth=10)


def evolve(
    campaign: Campaign,
    start: Reals,
    epsilon: float,
    *,
    minutes: float,
    entries: int,
    log: Callable[[str], None],
) -> Reals:
    """Return what CMA-ES makes of a table in some minutes, on common worlds."""
    import cma

    depth = len(start)
    rows, columns = np.tril_indices(depth)
    largest = np.argsort(-start[rows, columns] * 2.0**-columns, kind="stable")[:entries]
    player = Player(campaign, 5, WORLDS["polish"], engine=2)

    def table_of(logs: Reals) -> Reals:
        raw = start.copy()
        raw[rows[largest], columns[largest]] = np.exp(logs)
        return repaired(raw, epsilon)

    first = np.log(np.maximum(start[rows[largest], columns[largest]], 1e-6))
    strategy = cma.CMAEvolutionStrategy(first, 0.05, {"seed": 1, "verbose": -9, "timeout": 60 * minutes})
    begun = player(repaired(start, epsilon))[0]
    while not strategy.stop():
        asked = strategy.ask()
        strategy.tell(asked, [-player(table_of(np.asarray(x)))[0] for x in asked])
        log(f"{strategy.countevals} tables, best {-strategy.result.fbest:.1f}, design {begun:.1f}")
    return table_of(np.asarray(strategy.result.xbest))


def large(*, minutes: float, entries: int) -> None:
    """Print what CMA-ES gains from the design on NetHEPT."""
    campaign = nethept()
    click.echo("epsilon   design    CMA-ES   gain %   s.e.")
    for epsilon in EPSILONS:
        found = design(campaign, epsilon=epsilon, rng=1)
        start = PathTable(found.scheme.rows).table(campaign.max_depth)
        other = evolve(
            campaign, start, epsilon, minutes=minutes, entries=entries,
            log=lambda line: click.echo(f"{line}\r", nl=False, err=True),
        )  # fmt: skip
        fresh = Worlds(campaign, np.random.SeedSequence(FRESH))
        samples = [
            solve_from(fresh, table, replicates=4096).counts.members.sum(axis=1) for table in (start, other)
        ]
        difference, mean = samples[1] - samples[0], samples[0].mean()
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        click.echo(
            f"{epsilon:7g} {mean:8.1f} {samples[1].mean():9.1f} {100 * difference.mean() / mean:+8.2f} "
            f"{100 * error / mean:6.2f}",
        )


@click.group()
def main() -> None:
    """Compare designs with brute force and with an evolution strategy."""


@main.command("small")
@click.option("--quick", is_flag=True, help="One graph and a coarse grid: a minute.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
def small_command(quick: bool, workers: int) -> None:
    """Brute force on three small graphs: half an hour."""
    small(quick=quick, workers=workers)


@main.command("cma")
@click.option("--minutes", default=10.0, show_default=True, help="Time for each epsilon.")
@click.option("--entries", default=20, show_default=True, help="Rewards that may change.")
def cma_command(minutes: float, entries: int) -> None:
    """CMA-ES from the designs on NetHEPT."""
    large(minutes=minutes, entries=entries)


if __name__ == "__main__":
    main()
