"""How good are designs? Exhaustive grids, Sobol tables with Nelder-Mead, and CMA-ES beside `design`, on fresh worlds.

    python -m benchmarks.optimality small --quick           # one combination of each kind, in a minute
    python -m benchmarks.optimality small                   # three graphs, two depths, two budgets, three epsilons
    python -m benchmarks.optimality cma --minutes 10        # NetHEPT at depth 10; needs the package cma

The searches (`benchmarks.feasible`, `benchmarks.game`) use no part of the designer. Their best tables, chosen on
worlds of their own, are compared with the design on worlds that neither has seen, the equilibrium solved there from
full participation.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.evolution import evolved
from benchmarks.feasible import Coordinates, grid, sobol_tables, square
from benchmarks.game import Game, Outcome
from benchmarks.small_cases import CHAIN, QUICK, Case, Effort, small_cases
from mechanism import Budget, Campaign, CostModel, Graph, IncentiveNetwork, Search, TopDegree, datasets
from proofs import write_json
from solvers import design
from solvers.tables import plain_table, render

Reals = NDArray[np.float64]
SEARCH, FRESH = 20250, 30250  # seeds of the worlds to search on and of those to compare on
STARTED = time.monotonic()


@dataclass(frozen=True, slots=True)
class Row:
    """The design of a case beside the best table found.

    Attributes
    ----------
    case, epsilon : Case, Fraction
        What was designed.
    found : str
        Which search found the best table.
    tables : int
        Tables whose equilibrium was solved.
    own, best : float
        Recruits of the design and of the table, on fresh worlds; under an expected budget both scaled to it there.
    excess, stderr : float
        What the table brings more, in per cent of the design, and the standard error over paired worlds.
    reported, spent : float
        Recruits of the design as it reports them, and what a target costs then, in prizes.
    design, table : ndarray of float64, shape (max_depth, max_depth)
        The rewards.
    """

    case: Case
    epsilon: Fraction
    found: str
    tables: int
    own: float
    best: float
    excess: float
    stderr: float
    reported: float
    spent: float
    design: Reals
    table: Reals


def say(text: str) -> None:
    click.echo(f"{time.monotonic() - STARTED:7.1f} s  {text}", err=True)


def scan_grid(case: Case, game: Game, effort: Effort) -> dict[Fraction, tuple[list[Outcome], int]]:
    """Return for each epsilon the best tables of the grid, solved again from full participation, and their number.

    What is feasible for an epsilon is so for all larger ones: one scan serves all. Under an expected budget
    a table is known but for its scale: its rewards are multiples of the step in units of R(1, 0).
    """
    largest = max(case.epsilons)
    if case.share is None:
        points = list(grid(effort.parts, largest, first=range(effort.parts + 1), limit=1))
    else:
        points = list(grid(effort.parts, largest, first=[effort.parts], limit=case.depth))
    places = np.array(points)
    recruits = np.zeros(len(places))
    last = None
    for number, (a, b, c) in enumerate(points):
        if not a:
            continue
        table = np.array([[a, 0.0], [b, c]]) / effort.parts
        last = game.settle(table, replicates=effort.scan, start=last, tolerance=3e-3)
        recruits[number] = last.recruits
        if number % 10000 == 9999:
            say(f"{case}: {number + 1} of {len(points)} tables of the grid")
    best = {}
    for epsilon in case.epsilons:
        excess = (places[:, 1] + places[:, 2]) * epsilon.denominator - places[:, 0] * (
            epsilon.denominator + epsilon.numerator
        )
        allowed = np.flatnonzero((excess <= 0) & (places[:, 0] > 0))
        top = allowed[np.argsort(-recruits[allowed], kind="stable")[: effort.kept]]
        solved = [
            game.settle(np.array([[a, 0.0], [b, c]]) / effort.parts, replicates=effort.choose, tolerance=2e-4)
            for a, b, c in places[top]
        ]
        best[epsilon] = sorted(solved, key=lambda one: -one.recruits), len(allowed)
    return best


def scan_sobol(
    case: Case, epsilon: Fraction, game: Game, effort: Effort
) -> tuple[list[tuple[str, Reals]], int]:
    """Return the polished tables of the most promising Sobol points."""
    tables = [square(rows) for rows in sobol_tables(case.depth, float(epsilon), effort.tables, seed=5)]
    scanned, last = [], None
    for table in tables:
        last = game.settle(table, replicates=effort.scan, start=last, tolerance=3e-3)
        scanned.append(last.recruits)
    coordinates = Coordinates(case.depth, epsilon)
    best = []
    for place in np.argsort(-np.array(scanned), kind="stable")[: effort.polishes]:
        found = game.polish(
            tables[place],
            coordinates.table,
            coordinates.point(tables[place]),
            replicates=effort.polish,
            evaluations=effort.evaluations,
        )
        best.append(("Sobol", found.table))
    return best, effort.tables + effort.polishes * effort.evaluations


def compare(
    case: Case,
    epsilon: Fraction,
    candidates: list[tuple[str, Reals]],
    game: Game,
    effort: Effort,
    *,
    tables: int,
    engine: int,
) -> Row:
    """Return the design beside the best of some tables and of what Nelder-Mead makes of the design."""
    campaign = case.campaign()
    budget = Budget.worst_case() if case.share is None else Budget.expected(case.share, chain=CHAIN)
    plan = design(campaign, epsilon=epsilon, budget=budget, rng=7, engine=engine)
    own = plan.scheme.table(case.depth)
    coordinates = Coordinates(case.depth, epsilon)

    def polished(name: str, table: Reals, replicates: int) -> tuple[str, Reals]:
        found = game.polish(
            table,
            coordinates.table,
            coordinates.point(table),
            replicates=replicates,
            evaluations=effort.evaluations,
        )
        return name, found.table

    tried = [*candidates, polished("near the design", own, effort.choose)]

    def chosen(table: Reals) -> float:
        return game.settle(table, replicates=effort.choose, tolerance=2e-4).recruits

    values = [chosen(table) for _, table in tried]
    name, table = tried[int(np.argmax(values))]
    name, table = polished(name, table, effort.choose)
    fresh = case.game(FRESH, engine)
    ours = fresh.settle(own, replicates=effort.fresh, tolerance=5e-5)
    theirs = fresh.settle(table, replicates=effort.fresh, tolerance=5e-5)
    difference = (theirs.sample - ours.sample) / ours.recruits
    stderr = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    return Row(
        case, epsilon, name, tables + 2 * effort.evaluations, ours.recruits, theirs.recruits,
        100 * float(difference.mean()), 100 * stderr, plan.value, plan.recruitment.payout, own, theirs.table,
    )  # fmt: skip


def search(case: Case, game: Game, effort: Effort) -> dict[Fraction, tuple[list[tuple[str, Reals]], int]]:
    """Return for each epsilon the best tables that searches without the designer find, and how many were tried."""
    if case.depth == 2:
        found = scan_grid(case, game, effort)
        return {
            epsilon: ([("grid", one.table) for one in best[:3]], tables)
            for epsilon, (best, tables) in found.items()
        }
    return {epsilon: scan_sobol(case, epsilon, game, effort) for epsilon in case.epsilons}


def searched(
    case: Case, game: Game, effort: Effort, folder: Path | None
) -> dict[Fraction, tuple[list[tuple[str, Reals]], int]]:
    """Return the tables of the searches, kept in a folder: they do not depend on the designer."""
    if folder is None:
        return search(case, game, effort)
    epsilons = " ".join(f"{float(epsilon):g}" for epsilon in case.epsilons)
    path = folder / f"{case}, epsilon {epsilons}.json"
    request = {"case": repr(case), "effort": repr(effort), "seed": SEARCH}
    if path.exists():
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["request"] == request:
            return {
                Fraction(epsilon): ([(name, np.array(rows)) for name, rows in tables], count)
                for epsilon, (tables, count) in document["tables"].items()
            }
    found = search(case, game, effort)
    kept = {
        str(epsilon): [[(name, table.tolist()) for name, table in tables], count]
        for epsilon, (tables, count) in found.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, {"request": request, "tables": kept})
    return found


def judge(case: Case, effort: Effort, engine: int, folder: Path | None = None) -> list[Row]:
    """Return the rows of a case."""
    game = case.game(SEARCH, engine)
    return [
        compare(case, epsilon, candidates, game, effort, tables=tables, engine=engine)
        for epsilon, (candidates, tables) in searched(case, game, effort, folder).items()
    ]


def summary(rows: list[Row], *, cases: int) -> str:
    """Return the rows as a table, worst first, and below it the tables that beat the design by more than .5 %."""
    table = plain_table(
        (
            "graph",
            "depth",
            "budget",
            "epsilon",
            "design",
            "best found",
            "excess, %",
            "s.e.",
            "found by",
            "tables",
        ),
        left=1,
    )
    rows = sorted(rows, key=lambda row: -row.excess)
    for row in rows:
        budget = "worst case" if row.case.share is None else f"expected {row.case.share:g}"
        table.add_row(
            row.case.graph, str(row.case.depth), budget, f"{float(row.epsilon):g}", f"{row.own:.3f}", f"{row.best:.3f}",
            f"{row.excess:+.2f}", f"{row.stderr:.2f}", row.found, f"{row.tables:,}",
        )  # fmt: skip
    beaten = [row for row in rows if row.excess > 0.5]
    lines = [f"{len(rows)} of {cases} combinations; more than .5 % above the design: {len(beaten)}"]
    lines += [detail(row) for row in beaten]
    return render("Best table found beside the design: recruits on fresh worlds, paired", table, footer=lines)


def detail(row: Row) -> str:
    """Return a row in words, with both tables."""
    tables = [
        "; ".join(" ".join(f"{x:.4f}" for x in line[: index + 1]) for index, line in enumerate(table))
        for table in (row.design, row.table)
    ]
    return (
        f"{row.case}, epsilon {float(row.epsilon):g}: {row.excess:+.2f} % (s.e. {row.stderr:.2f}), by {row.found}; "
        f"the design reports {row.reported:.3f} at {row.spent:.4f} prizes\n"
        f"    design  {tables[0]}\n    found   {tables[1]}"
    )


def judged(cases: list[Case], effort: Effort, jobs: int, folder: Path | None) -> Iterator[list[Row]]:
    """Yield the rows of each case as they are ready."""
    if jobs == 1:
        for case in cases:
            yield judge(case, effort, 1, folder)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(judge, case, effort, 1, folder) for case in cases]
        try:
            for ready in as_completed(waiting):
                yield ready.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@click.group()
def main() -> None:
    """Compare designs with independent searches."""


@main.command()
@click.option("--quick", is_flag=True, help="A graph of 40 people, coarse grids, few tables.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
@click.option("--only", default="", help="Only cases whose description holds this text.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Keeps what the searches find, for another run."
)
@click.option("--out", type=click.Path(dir_okay=False), help="Also write the table here.")
def small(quick: bool, jobs: int, only: str, folder: Path | None, out: str | None) -> None:
    """Exhaustive grids at depth 2, Sobol tables and Nelder-Mead at depth 3, on graphs of at most 300 people."""
    cases = [case for case in small_cases(quick=quick) if only in str(case)]
    rows: list[Row] = []
    try:
        for ready in judged(cases, QUICK if quick else Effort(), jobs, folder):
            rows += ready
            for row in ready:
                say(detail(row))
    except KeyboardInterrupt:
        say("interrupted")
    text = summary(rows, cases=sum(len(case.epsilons) for case in cases))
    click.echo(text)
    if out:
        Path(out).write_text(text + "\n", encoding="utf-8")
    sys.exit(any(row.excess > 0.5 + 2 * row.stderr for row in rows))


@main.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long CMA-ES may search.")
@click.option("--epsilon", default="0", show_default=True, help="What a split may gain.")
@click.option("--depth", default=10, show_default=True, help="Longest chain that is paid.")
@click.option("--graph", default="graphs/nethept", show_default=True, help="Data set, undirected.")
@click.option("--worlds", default=128, show_default=True, help="Worlds to search on.")
@click.option("--engine", default=2, show_default=True, help="Threads.")
@click.option("--out", type=click.Path(dir_okay=False), help="Also write the result here.")
def cma(
    minutes: float, epsilon: str, depth: int, graph: str, worlds: int, engine: int, out: str | None
) -> None:
    """CMA-ES (Hansen, 2016) from the design of a large network."""
    network = IncentiveNetwork(
        Graph.from_file(datasets.path(graph), directed=False),
        contact=0.5,
        join=CostModel.exponential(mean=0.8),
        invite=CostModel.exponential(mean=0.12),
    )
    campaign = Campaign(network, Search(prize=4000, find=1e-3), team=TopDegree(5), max_depth=depth)
    begun = time.monotonic()
    plan = design(campaign, epsilon=Fraction(epsilon), rng=7, engine=engine)
    own = plan.scheme.table(depth)
    say(
        f"design in {time.monotonic() - begun:.0f} s: {plan.value:.2f} recruits (s.e. {plan.value_stderr:.2f})"
    )
    game = Game.of(campaign, SEARCH, share=None, chain=CHAIN, engine=engine)
    table, tables, generations = evolved(
        game, own, Fraction(epsilon), worlds=worlds, seconds=60 * minutes, say=say
    )
    fresh = Game.of(campaign, FRESH, share=None, chain=CHAIN, engine=engine)
    ours, theirs = (fresh.settle(one, replicates=2048, tolerance=1e-4) for one in (own, table))
    difference = 100 * (theirs.sample - ours.sample) / ours.recruits
    text = (
        f"{graph}, depth {depth}, epsilon {epsilon}: design {ours.recruits:.2f} recruits, after {minutes:g} minutes "
        f"of CMA-ES ({tables:,} tables, {generations} generations) {theirs.recruits:.2f}\n"
        f"gain on {len(difference):,} fresh worlds: {difference.mean():+.3f} % "
        f"(s.e. {difference.std(ddof=1) / np.sqrt(len(difference)):.3f})\n"
    )
    text += "\n".join(
        " ".join(f"{x:.5f}" for x in row[: index + 1]) for index, row in enumerate(theirs.table)
    )
    click.echo(text)
    if out:
        Path(out).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
