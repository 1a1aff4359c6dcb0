"""The command line of seeding: whom to hire first."""

from __future__ import annotations

from typing import Any, Literal

import click

from solvers.cli_options import CampaignRequest, labels_in, network_options, seed_of
from solvers.cli_output import Interrupted, Output, Verb, announce_compilation, output_options
from solvers.progress import progress_bar

__all__ = ["seed"]


@click.command(
    cls=Verb,
    short_help="Choose the seeds of a diffusion.",
    examples=(
        "mechanism seed friends.tsv --undirected -k 10 --probability 0.1",
        "mechanism seed friends.tsv --undirected -k 10 --probability weighted --model threshold --json",
        "mechanism seed --campaign balloons.toml -k 5 --seconds 60 --out seeds.json",
    ),
)
@network_options
@click.option("-k", "k", type=int, required=True, help="Most seeds.")
@click.option(
    "--probability",
    metavar="CHANCE|weighted",
    help="Chance that an arc fires, or 1 over the number of arcs into its end.  "
    "[default: the contact of the campaign file]",
)
@click.option("--model", type=click.Choice(["cascade", "threshold"]), default="cascade", show_default=True)
@click.option(
    "--epsilon",
    type=float,
    default=0.1,
    show_default=True,
    help="Stop once 1 - 1/e less this of the best spread is certified.",
)
@click.option("--delta", type=float, help="Chance that the guarantee fails.  [default: 1 / people]")
@click.option("--max-depth", type=int, help="Most rounds of the diffusion.  [default: no limit]")
@click.option("--blocked", metavar="LABEL,...", help="People who never become active.")
@click.option("--seconds", type=float, help="Return the best seeds found in about this time.")
@click.option(
    "--seed", "rng", type=int, help="The same seed gives the same result.  [default: that of the file, or 0]"
)
@output_options
def seed(
    request: CampaignRequest,
    output: Output,
    k: int,
    probability: str | None,
    model: Literal["cascade", "threshold"],
    epsilon: float,
    delta: float | None,
    max_depth: int | None,
    blocked: str | None,
    seconds: float | None,
    rng: int | None,
) -> None:
    """Choose the seeds of a diffusion, with a certified ratio to the best that there is.

    Ctrl-C ends the search: the best seeds found until then are shown, and the exit code is 130.
    """
    output.check(".json", ".txt")
    graph, loaded = request.network()
    chance: Any = "weighted" if probability == "weighted" else None
    if probability is None:
        if loaded is None:
            raise click.UsageError("--probability is missing; it must be a chance in [0, 1], or weighted")
        chance = loaded.campaign.network.contact
    elif chance is None:
        try:
            chance = float(probability)
        except ValueError:
            raise click.UsageError(
                f"--probability is {probability!r}; it must be a chance in [0, 1], or weighted"
            ) from None
    stopped = None
    if blocked is not None:
        try:
            names = labels_in(blocked, numeric=graph.labels.dtype.kind == "i")
            stopped = [graph.index_of(name) for name in names]
        except ValueError as error:
            raise click.UsageError(f"--blocked is {blocked!r}: {error}") from error
    announce_compilation()
    from solvers.seeding import seed as choose

    with progress_bar() as report:
        result = choose(
            graph,
            k,
            probability=chance,
            epsilon=epsilon,
            delta=delta,
            rng=seed_of(rng, loaded),
            model=model,
            max_depth=max_depth,
            blocked=stopped,
            seconds=seconds,
            progress=report,
        )
    output.give(result)
    if result.reason == "interrupted":
        raise Interrupted("interrupted: what was reached is shown above; to go on, repeat the command")
