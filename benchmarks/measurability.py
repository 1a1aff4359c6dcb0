"""The network measurability bias on a real network: the table, and the figure docs/measurability.svg.

    python -m benchmarks.measurability                          # households of 25 Indian villages
    python -m benchmarks.measurability --network ego-facebook --figure facebook.svg

Ties are real; motives, costs and cascades are simulated, so that the truth is known.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import click

from mechanism import Graph, datasets
from solvers.measurability import MeasurabilityBias, measurability_bias
from solvers.plots import figure_bytes, styled_axes

NETWORKS = {  # title, and influence: less where people have more friends
    "villages": ("25 Indian villages", 0.03),
    "ego-facebook": ("ego-facebook", 0.005),
}


def network(name: str) -> Graph:
    """Return a real network; households of the villages are named village:household."""
    if name != "villages":
        return Graph.from_file(datasets.path(f"graphs/{name}"), directed=False)
    with gzip.open(datasets.path("games/india_edges"), "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))
    one, other = ([f"{row['village']}:{row[end]}" for row in rows] for end in ("hh_u", "hh_v"))
    return Graph.from_edges(one, other, directed=False)


def measure(name: str, replicates: int) -> MeasurabilityBias:
    """Return the bias on a network."""
    with click.progressbar(length=replicates, label=name) as bar:
        return measurability_bias(
            network(name),
            influence=NETWORKS[name][1],
            incentive=0.1,
            baseline=0.02,
            reliability=(0.5,),
            replicates=replicates,
            rng=7,
            progress=lambda _, done, __: bar.update(done - bar.pos),
        )


@click.command()
@click.option("--network", "name", type=click.Choice(sorted(NETWORKS)), default="villages", show_default=True)
@click.option(
    "--replicates", default=100, show_default=True, type=click.IntRange(min=2), help="Cascades per level."
)
@click.option(
    "--figure", default="docs/measurability.svg", show_default=True, type=click.Path(dir_okay=False)
)
def main(name: str, replicates: int, figure: str) -> None:
    """Print what analysts conclude, by homophily, and draw it."""
    found = measure(name, replicates)
    click.echo(f"\n{found}")
    with styled_axes(None) as axes:
        found.plot(ax=axes)
        axes.set_title(
            f"Peer influence on {NETWORKS[name][0]}, {replicates} cascades per level", loc="left", fontsize=11
        )
        kind = Path(figure).suffix.lstrip(".")
        Path(figure).write_bytes(figure_bytes(axes.figure, kind))


if __name__ == "__main__":
    main()
