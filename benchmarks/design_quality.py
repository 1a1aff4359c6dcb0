"""What designs are worth on real networks: effort, exactness, cents, and points solved alone or with their neighbours.

    python -m benchmarks.design_quality effort             # NetHEPT: recruits and time against effort
    python -m benchmarks.design_quality exact              # what exactness and cents cost, depths 10, 30 and 50
    python -m benchmarks.design_quality surface nethept    # warm against cold over epsilon, identity cost and budget

Times are of this machine; compare those of one run only.
"""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import product

import click
import numpy as np
import pandas as pd

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
from proofs import SybilProof, verify
from solvers import design, surface
from solvers.climb import climb
from solvers.design_properties import wanted_properties
from solvers.engine import Progress
from solvers.progress import Stages
from solvers.reward_space import RewardSpace
from solvers.scheme_design import DesignSearch
from solvers.tables import plain_table, render

NETWORKS = {  # contact, prize, chance to find, largest depth
    "nethept": (0.5, 4000.0, 1e-3, 10),
    "wiki-vote": (0.1, 8000.0, 1e-3, 6),
    "ego-facebook": (0.1, 4000.0, 1e-3, 6),
    "village": (0.3, 400.0, 1e-2, 6),
}


def campaign_on(name: str, *, depth: int | None = None) -> Campaign:
    """Return the campaign of a network."""
    contact, prize, find, largest = NETWORKS[name]
    if name == "village":
        edges = pd.read_csv(datasets.path("games/india_edges"), sep="\t", comment="#")
        edges = edges[edges.iloc[:, 0] == edges.iloc[:, 0].mode()[0]]
        graph = Graph.from_edges(
            edges.iloc[:, 1].to_numpy(), edges.iloc[:, 2].to_numpy(), directed=False, duplicates="merge"
        )
    else:
        graph = Graph.from_file(datasets.path(f"graphs/{name}"), directed=name == "wiki-vote")
    network = IncentiveNetwork(
        graph, contact=contact, join=CostModel.exponential(mean=0.8), invite=CostModel.exponential(mean=0.12)
    )
    return Campaign(network, Search(prize=prize, find=find), team=TopDegree(5), max_depth=depth or largest)


def counted() -> Progress:
    """Return a progress that writes one line over and over."""
    return lambda stage, done, total: click.echo(f"\r{stage}: {done}/{total}   ", nl=False, err=True)


@click.group()
def main() -> None:
    """Measure designs on real networks."""


@main.command()
@click.option("--most", default=3, show_default=True, help="Largest effort.")
def effort(most: int) -> None:
    """Recruits and time against effort, on NetHEPT at depth 10."""
    campaign = campaign_on("nethept")
    design(campaign_on("nethept", depth=2), rng=0)  # compiles the kernels
    table = plain_table(
        ("epsilon", "effort", "seconds", "recruits", "s.e.", "in the search", "best family there")
    )
    for epsilon, much in product((0, 0.1, 0.25, 0.5, 1), range(1, most + 1)):
        begun = time.perf_counter()
        found = design(campaign, epsilon=epsilon, effort=much, rng=7)
        seconds = time.perf_counter() - begun
        table.add_row(
            f"{epsilon:g}", str(much), f"{seconds:.0f}", f"{found.recruitment.recruits:.1f}",
            f"{found.recruitment.recruits_stderr:.1f}", f"{found.search_value:.1f}", f"{found.rivals[0].value:.1f}",
        )  # fmt: skip
        click.echo(f"epsilon {epsilon:g}, effort {much}: {seconds:.0f} s", err=True)
    click.echo(render("Designs on NetHEPT, largest depth 10: time and quality against effort", table))


@main.command()
def exact() -> None:
    """What exactness and whole cents cost, as a share of the recruits, on NetHEPT."""
    table = plain_table(
        ("depth", "epsilon", "in floats", "exact, relative loss", "cents, relative loss", "proved"), left=0
    )
    cent = Fraction(1, 400_000)
    for depth, epsilon in product((10, 30, 50), (0, 0.25, 1)):
        campaign = campaign_on("nethept", depth=depth)
        search = DesignSearch(campaign, 7, effort=1, engine=None)
        wanted = wanted_properties(epsilon, (), search.chain_limit)
        quiet = Stages(None, 0)
        start = search.rivals(wanted, quiet)[0].candidate
        floats = climb(search.problem, start, RewardSpace(depth, wanted), np.zeros((depth, depth)))
        loss = []
        for unit in (None, cent):
            search.unit = unit
            exactly = search.exact_rows(floats, wanted)
            table_exact = PathTable(exactly).table(depth)
            kept = search.problem.at(table_exact, starts=floats.profiles, tolerance=1e-9)
            base = search.problem.at(floats.table, starts=floats.profiles, tolerance=1e-9)
            loss.append(1 - kept.value / base.value)
            sure = verify(PathTable(exactly), SybilProof(epsilon), max_depth=depth).holds
        table.add_row(
            str(depth), f"{epsilon:g}", f"{base.value:.3f}", f"{loss[0]:.1e}", f"{loss[1]:.1e}", str(sure)
        )
        click.echo(f"depth {depth}, epsilon {epsilon:g}", err=True)
    click.echo(render("What exactness costs on NetHEPT, on common worlds", table))


@main.command("surface")
@click.argument("name", type=click.Choice(sorted(NETWORKS)))
@click.option("--epsilon", "epsilons", multiple=True, default=("0", "0.25", "1"), show_default=True)
@click.option("--identity-cost", "costs", multiple=True, default=("0", "0.02"), show_default=True)
@click.option(
    "--budget", "budgets", multiple=True, default=("0.5", "1"), show_default=True, help="Prizes per chain."
)
@click.option("--folder", default=None, help="Where points are kept, to go on from there.")
def surface_command(
    name: str,
    epsilons: tuple[str, ...],
    costs: tuple[str, ...],
    budgets: tuple[str, ...],
    folder: str | None,
) -> None:
    """Points solved alone against points helped by their neighbours."""
    begun = time.perf_counter()
    found = surface(
        campaign_on(name),
        epsilons=list(map(Fraction, epsilons)),
        identity_costs=list(map(Fraction, costs)),
        budgets=[Budget.worst_case(Fraction(share)) for share in budgets],
        rng=7,
        folder=folder,
        progress=counted(),
    )
    click.echo(f"\n{found}")
    gaps = [1 - point.cold / point.value for point in found.points]
    lower = max(
        (one.value / other.value - 1)
        for one in found.points
        for other in found.points
        if one.demands.implies(other.demands)
    )
    click.echo(
        f"{name}: alone at most {100 * max(gaps):.2f} % below, mean {100 * float(np.mean(gaps)):.2f} %; "
        f"a less demanding point is at most {100 * max(lower, 0.0):.2f} % lower; {time.perf_counter() - begun:.0f} s"
    )


if __name__ == "__main__":
    main()
