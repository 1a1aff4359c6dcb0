"""The figures of the manual's page on what lasts, made by running code.

python -m benchmarks.figures --out docs
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from mechanism import (
    Campaign,
    CostModel,
    ExponentialMemory,
    Graph,
    IncentiveNetwork,
    Message,
    Motives,
    Recursive,
    Response,
    Search,
    TopDegree,
    datasets,
    random_messages,
)
from solvers import aftermath, phase_diagram, schedule, suitability
from solvers.plots import figure_bytes


def campaign() -> Campaign:
    """A search on a real network of friends, some of whom care for the cause."""
    graph = Graph.from_file(datasets.path("graphs/ego-facebook"), directed=False)
    caring = np.random.default_rng(1).exponential(0.3, graph.n)
    network = IncentiveNetwork(
        graph, contact=0.05, join=CostModel.exponential(mean=1.0), invite=CostModel.exponential(mean=0.1),
        motives=Motives(charity=caring, entertainment=0.1), support=0.1,
    )  # fmt: skip
    return Campaign(network, Search(prize=2000, find=1e-3), team=TopDegree(5), max_depth=8)


def virality() -> str:
    """Draw virality against suitability, and return the table."""
    messages = (
        Message("joke", sharing=1.0, profit=0.2, entertainment=1.0),
        Message("plain offer", sharing=0.3, profit=1.0),
        Message("good cause", sharing=0.5, profit=0.6, charity=1.0),
        Message("hard ask", sharing=0.4, profit=1.0, charity=1.0, cost=1.0),
        *random_messages(12, rng=3, correlation=0.0, appeal=(0.0, 1.2)),
    )
    found = suitability(campaign(), messages, Recursive(1 / 2), replicates=60, batches=8, rng=7)
    figures["virality"] = found.plot().figure
    return str(found)


def burst() -> str:
    """Draw what is left of a campaign."""
    found = aftermath(
        campaign(), Recursive(1 / 2), upkeep=CostModel.exponential(mean=1.0), replicates=100, rng=7
    )
    figures["aftermath"] = found.plot().figure
    return str(found)


def programme() -> str:
    """Draw a budget over time."""
    response = Response(
        least=0.3, most=0.95, law=CostModel.exponential(mean=1.0), returns="saturating", capacity=20.0
    )
    found = schedule(
        ExponentialMemory(1.0), response=response, budget=500, horizon=24, periods=24, discount=0.97
    )
    figures["schedule"] = found.plot().figure
    return str(found)


def phases() -> str:
    """Draw the regimes of a mobilisation."""
    found = phase_diagram(
        ExponentialMemory(1.0),
        first_share=np.linspace(0.05, 0.95, 31),
        branching=np.linspace(0.0, 1.2, 41),
        horizon=24.0,
    )
    figures["phases"] = found.plot().figure
    return str(found)


figures: dict[str, object] = {}


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the figures."
)
def main(out: Path) -> None:
    """Write the figures."""
    for make in (virality, burst, programme, phases):
        click.echo(make() + "\n")
    for name, figure in figures.items():
        (out / f"{name}.svg").write_bytes(figure_bytes(figure, "svg"))


if __name__ == "__main__":
    main()
