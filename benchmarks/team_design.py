"""Whom to hire first on real networks: the designed team beside those of rules of thumb.

python -m benchmarks.team_design                             # NetHEPT and ego-facebook, a few minutes
python -m benchmarks.team_design --network nethept --tries 32 --replicates 2048 --figure team.svg
"""

from __future__ import annotations

from pathlib import Path

import click

from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Recursive, Search, TopDegree, datasets
from solvers.plots import figure_bytes
from solvers.progress import progress_bar
from solvers.team_design import TeamDesign, seeded_team

NETWORKS = ("nethept", "ego-facebook")
TEAM = 5


def campaign_on(name: str) -> Campaign:
    """Return the campaign of the README on a real network."""
    network = IncentiveNetwork(
        Graph.from_file(datasets.path(f"graphs/{name}"), directed=False),
        contact=0.5,
        join=CostModel.exponential(mean=0.8),
        invite=CostModel.exponential(mean=0.12),
    )
    return Campaign(network, Search(prize=4000, find=1e-3), team=TopDegree(TEAM), max_depth=10)


def compare(name: str, *, tries: int, rounds: int, replicates: int) -> TeamDesign:
    """Return the team designed for the scheme that the red balloons were found with."""
    with progress_bar() as progress:
        return seeded_team(
            campaign_on(name),
            Recursive(1 / 2),
            TEAM,
            tries=tries,
            max_rounds=rounds,
            replicates=replicates,
            rng=7,
            progress=progress,
        )


@click.command()
@click.option(
    "--network", "names", type=click.Choice(NETWORKS), multiple=True, default=NETWORKS, show_default=True
)
@click.option(
    "--tries", default=16, show_default=True, type=click.IntRange(min=0), help="Challengers per round."
)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1), help="Most rounds.")
@click.option("--replicates", default=1024, show_default=True, type=click.IntRange(min=2), help="Worlds.")
@click.option(
    "--figure", type=click.Path(dir_okay=False), help="Draw the members by depth of the last network."
)
def main(names: tuple[str, ...], tries: int, rounds: int, replicates: int, figure: str | None) -> None:
    """Print what designed teams recruit beside others on real networks."""
    for name in names:
        result = compare(name, tries=tries, rounds=rounds, replicates=replicates)
        click.echo(f"{name}\n\n{result}\n")
    if figure:
        drawn = result.plot().figure
        Path(figure).write_bytes(figure_bytes(drawn, Path(figure).suffix.lstrip(".")))


if __name__ == "__main__":
    main()
