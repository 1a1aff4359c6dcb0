"""The command line of games on a network: their equilibrium, whom to support, and what lasts of a burst."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mechanism.errors import InvalidInputError
from solvers.cli_options import CampaignRequest, labels_in, network_options, seed_of
from solvers.cli_output import Output, Verb, output_options, refuse
from solvers.progress import progress_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mechanism import Graph
    from mechanism.campaign_file import CampaignFile

__all__ = ["equilibrium", "sustain", "target"]

_RESULTS = (".json", ".txt", ".svg", ".png", ".pdf")
_EACH = "NUMBER|TABLE:COLUMN"
_PARAMETERS = {
    "participation": ("benefit", "cost", "support"),
    "logit": ("benefit", "cost", "support", "rationality"),
    "linear-quadratic": ("standalone", "interaction", "lower", "upper"),
}
_SUPPORT = click.option(
    "--support",
    type=float,
    help="What it is worth that a neighbour takes part, money.  [default: the layer of the campaign file]",
)
_JOINING = (
    click.option("--benefit", metavar=_EACH, help="What taking part brings by itself, money."),
    click.option("--cost", metavar=_EACH, help="What taking part costs, money."),
    _SUPPORT,
    click.option(
        "--rationality",
        type=float,
        help="Of a logit game: near 0 people toss coins, as it grows they respond best.",
    ),
)
_STANDALONE = click.option("--standalone", metavar=_EACH, help="What a unit of action is worth by itself.")
_INTERACTION = click.option(
    "--interaction", type=float, help="Weight of every arc: above 0 for complements, below for substitutes."
)


def _joining(function: Any) -> Any:
    for add in reversed(_JOINING):
        function = add(function)
    return function


@click.command(
    cls=Verb,
    short_help="Find an equilibrium of a game on a network.",
    examples=(
        "mechanism equilibrium friends.tsv --undirected --game participation --benefit 0.1 --cost 1 --support 0.3",
        "mechanism equilibrium edges.tsv --game logit --benefit people.csv:fun --cost 1 --support 0.3 --rationality 2",
        "mechanism equilibrium friends.tsv --game linear-quadratic --standalone 1 --interaction 0.05 --json",
    ),
)
@network_options
@click.option(
    "--game", type=click.Choice(list(_PARAMETERS)), required=True, help="Which game is played on the arcs."
)
@_joining
@_STANDALONE
@_INTERACTION
@click.option("--lower", metavar=_EACH, help="Least action.  [default: none]")
@click.option("--upper", metavar=_EACH, help="Largest action.  [default: none]")
@click.option("--start", type=click.Choice(["lower", "upper"]), help="Where the search begins.")
@click.option("--tolerance", type=float, default=1e-10, show_default=True)
@output_options
def equilibrium(
    request: CampaignRequest,
    output: Output,
    game: str,
    start: Literal["lower", "upper"] | None,
    tolerance: float,
    **parameters: Any,
) -> None:
    """Find an equilibrium of a game on the network, how good it is, and whether there are others.

    An arc u v says that what v does matters to u. A number for everybody may be a column of a table instead,
    people.csv:cost, whose column person holds the labels.
    """
    output.check(*_RESULTS)
    graph, loaded = request.network()
    system = _system(game, parameters, graph, loaded)
    from solvers.network_equilibrium import equilibrium as find

    with progress_bar() as report:
        result = find(system, start=start, tolerance=tolerance, progress=report)
    output.give(result, extra={"game": game, "labels": graph.labels.tolist()})


@click.command(
    cls=Verb,
    short_help="Choose whose standalone values to change.",
    examples=(
        "mechanism target friends.tsv --undirected --standalone 1 --interaction 0.05 --budget 10",
        "mechanism target friends.tsv --standalone 1 --interaction 0.05 --budget 10 --objective actions --json",
    ),
)
@network_options
@_STANDALONE
@_INTERACTION
@click.option("--lower", metavar=_EACH, help="Least action.  [default: none]")
@click.option("--upper", metavar=_EACH, help="Largest action.  [default: none]")
@click.option("--budget", type=float, required=True, help="Most of the sum of price times squared change.")
@click.option("--objective", type=click.Choice(["welfare", "actions"]), default="welfare", show_default=True)
@click.option("--price", default="1", show_default=True, metavar=_EACH, help="Cost of a squared change.")
@click.option("--seed", type=int, help="Names the random starts.  [default: that of the campaign file, or 0]")
@output_options
def target(
    request: CampaignRequest,
    output: Output,
    budget: float,
    objective: Literal["welfare", "actions"],
    price: str,
    seed: int | None,
    **parameters: Any,
) -> None:
    """Choose whose standalone values to change within a budget, for the most welfare or effort in equilibrium."""
    output.check(*_RESULTS)
    graph, loaded = request.network()
    system = _system("linear-quadratic", parameters, graph, loaded)
    from solvers.interventions import target as find

    prices = _each("price", price, graph)
    with progress_bar():
        result = find(system, budget, objective=objective, price=prices, rng=seed_of(seed, loaded))
    output.give(result, extra={"labels": graph.labels.tolist()})


@click.command(
    cls=Verb,
    short_help="Follow the members after a campaign.",
    examples=(
        "mechanism sustain edges.tsv --game participation --benefit 0 --cost 1 --support 0.4 --burst all",
        "mechanism sustain --campaign balloons.toml --game participation --benefit 0 --cost 1 --burst campaign",
        "mechanism sustain edges.tsv --game logit --benefit 0 --cost 1 --support 0.4 --rationality 3 --burst all",
    ),
)
@network_options
@click.option("--game", type=click.Choice(["participation", "logit"]), required=True)
@_joining
@click.option(
    "--burst",
    required=True,
    metavar="WHO",
    help="Who takes part when the campaign stops: all, members:LABEL,..., or campaign, for those who are recruited "
    "in one world of the --campaign.",
)
@click.option(
    "--residual",
    default="0",
    show_default=True,
    metavar=_EACH,
    help="What is paid on to who stays, per period.",
)
@click.option("--periods", type=int, default=50, show_default=True, help="Periods that are followed.")
@click.option("--discount", type=float, default=1.0, show_default=True, help="Worth of the next period.")
@click.option("--returns", is_flag=True, help="Logit: members who left may come back.")
@click.option("--replicates", type=int, help="Logit: simulated worlds.  [default: 1000]")
@click.option(
    "--seed",
    type=int,
    help="The same seed gives the same result.  [default: that of the campaign file, or 0]",
)
@output_options
def sustain(
    request: CampaignRequest,
    output: Output,
    game: str,
    burst: str,
    residual: str,
    periods: int,
    discount: float,
    returns: bool,
    replicates: int | None,
    seed: int | None,
    **parameters: Any,
) -> None:
    """Follow the members after a campaign: each stays as long as those who are left make it worth it."""
    output.check(*_RESULTS)
    graph, loaded = request.network()
    system = _system(game, parameters, graph, loaded)
    rng = seed_of(seed, loaded)
    from solvers.retention import sustain as follow

    with progress_bar() as report:
        result = follow(
            system,
            _burst(burst, graph, loaded, rng, report),
            residual=_each("residual", residual, graph),
            periods=periods,
            discount=discount,
            returns=returns,
            replicates=replicates,
            rng=rng if game == "logit" else None,
        )
    output.give(result, extra={"game": game, "labels": graph.labels.tolist()})


def _burst(text: str, graph: Graph, loaded: CampaignFile | None, rng: int, report: Any) -> Any:
    """Return who takes part when the campaign stops, 1 or 0 for each person."""
    import numpy as np

    present = np.zeros(graph.n)
    kind, colon, names = text.partition(":")
    if text == "all":
        present[:] = 1.0
    elif kind == "members" and colon:
        try:
            labels = labels_in(names, numeric=graph.labels.dtype.kind == "i")
            present[[graph.index_of(label) for label in labels]] = 1.0
        except ValueError as error:
            reason = str(error) if isinstance(error, InvalidInputError) else "the labels are whole numbers"
            raise click.UsageError(f"--burst is {text!r}: {reason}") from error
    elif text == "campaign":
        from mechanism import PathScheme

        if loaded is None or not isinstance(loaded.scheme, PathScheme):
            raise click.UsageError("--burst campaign needs a --campaign FILE.toml with a path scheme")
        from solvers.recruitment import recruit
        from solvers.retention import burst_of

        found = recruit(loaded.campaign, loaded.scheme, rng=rng, progress=report)
        return burst_of(loaded.campaign, found, rng=rng)
    else:
        raise click.UsageError(f"--burst is {text!r}; it must be all, members:LABEL,... or campaign")
    return present


def _system(game: str, given: Mapping[str, Any], graph: Graph, loaded: CampaignFile | None) -> Any:
    """Return the game that the options describe; refuse those of another game."""
    from mechanism import LinearQuadratic, Logit, Participation

    values = {name: value for name, value in given.items() if value is not None}
    for name in values:
        if name not in _PARAMETERS[game]:
            shown = ", ".join(f"--{known}" for known in _PARAMETERS[game])
            raise click.UsageError(f"--{name} is of another game; a {game} game takes {shown}")
    layered = {"support": "support", "interaction": "support"}
    for name in _PARAMETERS[game]:
        layer = None if loaded is None or name not in layered else loaded.campaign.network.support
        if name not in values and layer is not None:
            graph, values[name] = layer.graph, layer.weights
        elif name not in values and name not in ("lower", "upper"):
            raise click.UsageError(f"--{name} is missing; a {game} game needs it")
    numbers: dict[str, Any] = {
        name: _each(name, value, graph) if isinstance(value, str) else value for name, value in values.items()
    }
    if game == "linear-quadratic":
        return LinearQuadratic(graph, numbers.pop("standalone"), **numbers)
    return (Participation if game == "participation" else Logit)(graph, numbers.pop("benefit"), **numbers)


def _each(name: str, text: str, graph: Graph) -> float | NDArray[Any]:
    """Return the number that a text is, or those in a column of a table with a column person."""
    try:
        return float(text)
    except ValueError:
        pass
    path, colon, column = text.rpartition(":")
    if not colon:
        raise click.UsageError(
            f"--{name} is {text!r}; it must be a number, or a column of a table, people.csv:{name}"
        )
    with refuse(f"--{name}"):
        return column_by_person(name, Path(path), column, graph)


def column_by_person(name: str, path: Path, column: str, graph: Graph) -> NDArray[Any]:
    """Return a number for everybody in the order of the graph, from a table with a column person.

    Raises
    ------
    InvalidInputError
        If the table is none, a number is missing or given twice, or a label is not in the graph; it names the line.
    """
    import numpy as np

    from mechanism.readers import read_rows

    if not path.is_file():
        raise InvalidInputError(name, str(path), allowed="an existing file")
    values = np.full(graph.n, np.nan)
    numeric = graph.labels.dtype.kind == "i"
    for line, (label, text) in read_rows(path, ("person", column)):
        place = f"{path.name}, line {line}"
        try:
            node = graph.index_of(int(label) if numeric else label)
        except ValueError:
            raise InvalidInputError(
                name, label, index=place, allowed=f"one of the {graph.n} labels of the graph"
            ) from None
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if np.isnan(value) or not np.isnan(values[node]):
            allowed = "a number" if np.isnan(value) else f"given once for person {label}"
            raise InvalidInputError(name, text, index=place, allowed=allowed)
        values[node] = value
    if np.isnan(values).any():
        person = graph.labels[int(np.isnan(values).argmax())].item()
        raise InvalidInputError(
            name, f"for person {person!r} in {path.name}", verb="is not given", allowed="given for all"
        )
    return values
