"""How far can a design be from the best table? The bound on the surrogate beside designs for small graphs.

python -m benchmarks.bound_quality                     # every graph, depths 2 and 3, two budgets, three epsilons
python -m benchmarks.bound_quality --only karate       # some of them
python -m benchmarks.bound_quality --gap 0.001 --only "depth 2"
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction

import click

from benchmarks.small_cases import CHAIN, EPSILONS, GRAPHS, Case
from mechanism import Budget
from solvers import design, global_bound
from solvers.design_bound import GlobalBound
from solvers.tables import plain_table, render

COLUMNS = (
    "graph", "depth", "budget", "epsilon", "design", "on surrogate", "best known", "upper bound", "above design, %",
    "gap, %", "boxes", "programs", "s", "error, %", "at",
)  # fmt: skip


def cases(only: str) -> list[Case]:
    """Return a case for each graph, depth and budget whose description holds a text."""
    made = [
        Case(name, depth, EPSILONS, limit)
        for depth in (2, 3)
        for name, (*_, share) in GRAPHS.items()
        for limit in (None, share)
    ]
    return [case for case in made if only in str(case)]


def row(
    case: Case, epsilon: Fraction, *, gap: float, boxes: int, engine: int
) -> tuple[GlobalBound, list[str]]:
    """Return a bound and its line of the table."""
    campaign = case.campaign()
    budget = Budget.worst_case() if case.share is None else Budget.expected(case.share, chain=CHAIN)
    plan = design(campaign, epsilon=epsilon, budget=budget, rng=7, engine=engine)
    begun = time.monotonic()
    found = global_bound(campaign, plan, gap=gap, boxes=boxes, rng=11, engine=engine)
    worst = max(found.checks, key=lambda check: abs(check.error))
    return found, [
        case.graph, str(case.depth), "worst case" if case.share is None else f"expected {case.share:g}",
        f"{float(epsilon):g}", f"{plan.value:.3f}", f"{found.design:.3f}", f"{found.lower:.3f}", f"{found.upper:.3f}",
        f"{100 * found.design_gap:.2f}", f"{100 * found.gap:.2f}", f"{found.boxes:,}", f"{found.programs:,}",
        f"{time.monotonic() - begun:.1f}", f"{100 * worst.error:+.2f}", worst.name,
    ]  # fmt: skip


@click.command()
@click.option("--only", default="", help="Only cases whose description holds this text.")
@click.option("--epsilon", "epsilons", multiple=True, help="What a split may gain; 0, 1/4 and 1 by default.")
@click.option("--gap", default=0.01, show_default=True, help="Relative gap to stop at.")
@click.option("--boxes", default=20_000, show_default=True, help="Boxes to stop after.")
@click.option("--engine", default=1, show_default=True, help="Threads.")
@click.option(
    "--details", is_flag=True, help="Also print every bound with the tables that it was checked at."
)
def main(only: str, epsilons: tuple[str, ...], gap: float, boxes: int, engine: int, details: bool) -> None:
    """Design schemes for small graphs and bound what any admissible table recruits on their surrogates."""
    table = plain_table(COLUMNS, left=1)
    table.columns[-1].justify = "left"
    wanted = tuple(map(Fraction, epsilons)) or EPSILONS
    finished = True
    try:
        for case in cases(only):
            for epsilon in wanted:
                found, cells = row(case, epsilon, gap=gap, boxes=boxes, engine=engine)
                finished &= found.finished
                table.add_row(*cells)
                click.echo("  ".join(cells), err=True)
                if details:
                    click.echo(f"{case}, epsilon {epsilon}\n{found}\n")
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
    footer = (
        "design: recruits on fresh worlds; on surrogate: on the surrogate, calibrated at the design's equilibrium on",
        "other worlds. upper bound: no admissible table recruits more on the surrogate, in floating point; gap: how",
        "far it is above the best table known there. error: the largest of the surrogate against the simulation at the",
        "design, the best member of every known family and the best table known on the surrogate, and where.",
    )
    click.echo(render("Bounds on the surrogate over all admissible tables", table, footer=footer))
    sys.exit(not finished)


if __name__ == "__main__":
    main()
