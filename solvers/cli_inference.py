"""The command line of inference: motives, networks and rates from tables of what was observed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import click

from mechanism.errors import InvalidInputError
from solvers.cli_output import Output, Verb, output_options
from solvers.progress import progress_bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["infer"]

_RESULTS = (".json", ".txt", ".svg", ".png", ".pdf")
_table = click.argument("table", type=click.Path(path_type=Path))


@click.group(short_help="Estimate motives, a network or rates.")
def infer() -> None:
    """Estimate motives, a network or rates from what was observed.

    Tables are text, gzip-compressed or not, with tabs, commas or semicolons between columns, and a first line
    with their names.
    """


@infer.command(
    cls=Verb,
    examples=(
        "mechanism infer motives offers.csv --payoff profit --payoff charity --joined joined",
        "mechanism infer motives offers.csv --payoff profit --payoff charity --joined took --count asked --json",
    ),
)
@_table
@click.option(
    "--payoff",
    "payoffs",
    multiple=True,
    required=True,
    metavar="COLUMN",
    help="What an offer promised, money.",
)
@click.option(
    "--joined", required=True, metavar="COLUMN", help="Whether the person joined, 1 or 0, or how many did."
)
@click.option("--count", metavar="COLUMN", help="To how many people the offer was made.  [default: to one]")
@click.option("--covariate", "covariates", multiple=True, metavar="COLUMN", help="What else may move people.")
@click.option("--cluster", metavar="COLUMN", help="Whose answers depend on each other.")
@click.option(
    "--cost",
    default="logistic",
    show_default=True,
    help="Law of the cost: logistic, exponential, uniform or weibull:SHAPE.",
)
@click.option("--numeraire", default="profit", show_default=True, help="Term whose weight is set to 1.")
@click.option("--nonnegative", is_flag=True, help="Hold the weights at 0 or above.")
@click.option("--robust", is_flag=True, help="Standard errors that hold if the law is wrong.")
@click.option("--confidence", type=float, default=0.95, show_default=True)
@output_options
def motives(
    table: Path,
    output: Output,
    payoffs: tuple[str, ...],
    joined: str,
    count: str | None,
    covariates: tuple[str, ...],
    cluster: str | None,
    cost: str,
    numeraire: str,
    nonnegative: bool,
    robust: bool,
    confidence: float,
) -> None:
    """Estimate what moves people from which offers they took: a row of TABLE per offer."""
    import numpy as np

    output.check(*_RESULTS)
    data = _Table.read(table, [*payoffs, joined, *covariates, *filter(None, (count, cluster))])
    from solvers.motive_inference import infer_motives

    with progress_bar():
        result = infer_motives(
            np.column_stack([data.numbers(name) for name in payoffs]),
            data.whole(joined),
            names=payoffs,
            cost=cost,
            counts=None if count is None else data.whole(count),
            covariates={name: data.numbers(name) for name in covariates} or None,
            numeraire=numeraire,
            nonnegative=nonnegative,
            robust=robust,
            clusters=data.columns[cluster] if cluster else None,
            confidence=confidence,
        )
    output.give(result)


@infer.command(
    cls=Verb,
    examples=(
        "mechanism infer network games.csv --interaction 0.5 --subtract-means",
        "mechanism infer network games.csv --interaction 0.3 --interaction 0.6 --action effort --json",
    ),
)
@_table
@click.option("--person", default="person", show_default=True, metavar="COLUMN")
@click.option("--game", default="game", show_default=True, metavar="COLUMN")
@click.option("--action", default="action", show_default=True, metavar="COLUMN")
@click.option(
    "--interaction",
    type=float,
    multiple=True,
    required=True,
    help="Strength of the links, not 0; of several that which predicts best is taken.",
)
@click.option("--penalty", type=float, help="Weight of the squared links.  [default: what predicts best]")
@click.option("--effort-penalty", type=float, default=1.0, show_default=True)
@click.option("--homophilous", is_flag=True, help="Linked people have like standalone values.")
@click.option("--subtract-means", is_flag=True, help="First subtract what each person does on average.")
@output_options
def network(
    table: Path,
    output: Output,
    person: str,
    game: str,
    action: str,
    interaction: tuple[float, ...],
    penalty: float | None,
    effort_penalty: float,
    homophilous: bool,
    subtract_means: bool,
) -> None:
    """Estimate who matters to whom from joint actions: a row of TABLE per person and game."""
    import numpy as np

    output.check(*_RESULTS)
    data = _Table.read(table, [person, game, action])
    people, i = np.unique(data.columns[person], return_inverse=True)
    games, k = np.unique(data.columns[game], return_inverse=True)
    actions = np.empty((len(people), len(games)))
    actions[i, k] = data.numbers(action)
    pairs, rows = len(np.unique(i * len(games) + k)), len(data.lines)
    if not pairs == rows == actions.size:
        raise InvalidInputError(
            "table",
            f"{rows:,} rows on {pairs:,} of {actions.size:,} pairs of a person and a game",
            verb="has",
            allowed="one row for each pair",
            index=table.name,
        )
    if subtract_means:
        actions -= actions.mean(axis=1, keepdims=True)
    from solvers.network_inference import infer_network

    with progress_bar():
        result = infer_network(
            actions,
            interaction=interaction[0] if len(interaction) == 1 else list(interaction),
            penalty="validated" if penalty is None else penalty,
            effort_penalty=effort_penalty,
            homophilous=homophilous,
        )
    output.give(result, extra={"labels": people.tolist()})
    if not output.as_json:
        click.echo("people         " + ", ".join(f"{n} {label}" for n, label in enumerate(people[:20])))


@infer.command(
    cls=Verb,
    examples=(
        "mechanism infer rates adoptions.tsv --horizon 30",
        "mechanism infer rates adoptions.tsv --horizon 30 --delay power --shortest 0.1 --candidates follows.tsv --json",
    ),
)
@_table
@click.option("--cascade", default="cascade", show_default=True, metavar="COLUMN")
@click.option("--person", default="person", show_default=True, metavar="COLUMN")
@click.option("--time", default="time", show_default=True, metavar="COLUMN")
@click.option("--horizon", type=float, required=True, help="Until when the cascades were watched.")
@click.option(
    "--delay",
    type=click.Choice(["exponential", "power", "rayleigh"]),
    default="exponential",
    show_default=True,
)
@click.option("--shortest", type=float, help="The shortest delay, of the power law.")
@click.option(
    "--candidates",
    type=click.Path(path_type=Path),
    metavar="EDGE_LIST",
    help="Who could infect whom: arcs from the first to the second column.  [default: everybody]",
)
@output_options
def rates(
    table: Path,
    output: Output,
    cascade: str,
    person: str,
    time: str,
    horizon: float,
    delay: Literal["exponential", "power", "rayleigh"],
    shortest: float | None,
    candidates: Path | None,
) -> None:
    """Estimate who passes things on to whom, and how fast, from times of adoption: a row of TABLE per adoption."""
    from mechanism import Graph

    output.check(*_RESULTS)
    data = _Table.read(table, [cascade, person, time])
    known = None if candidates is None else Graph.from_file(candidates)
    numeric = known is not None and known.labels.dtype.kind == "i"
    from solvers.rate_inference import infer_rates

    with progress_bar():
        result = infer_rates(
            (
                data.columns[cascade],
                data.whole(person) if numeric else data.columns[person],
                data.numbers(time),
            ),
            horizon=horizon,
            delay=delay,
            shortest=shortest,
            candidates=known,
        )
    output.give(result)


@dataclass(frozen=True, slots=True)
class _Table:
    """Columns of a table as texts, and the line of each row."""

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]

    @classmethod
    def read(cls, path: Path, names: list[str]) -> _Table:
        from mechanism.readers import read_rows

        if not path.is_file():
            raise InvalidInputError("table", str(path), allowed="an existing file")
        wanted = list(dict.fromkeys(names))
        rows = list(read_rows(path, wanted))
        if not rows:
            raise InvalidInputError("table", str(path), allowed="a file with a row below the column names")
        columns = {name: [row[place] for _, row in rows] for place, name in enumerate(wanted)}
        return cls(path, columns, [line for line, _ in rows])

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column as numbers; refuse what is none, by its line."""
        import numpy as np

        values = np.empty(len(self.lines))
        for row, text in enumerate(self.columns[name]):
            try:
                values[row] = float(text)
            except ValueError:
                self.refuse(name, row, "a number")
        return values

    def whole(self, name: str) -> NDArray[np.int64]:
        """Return a column as whole numbers; refuse what is none, by its line."""
        import numpy as np

        values = self.numbers(name)
        wrong = ~(np.isfinite(values) & (values == np.floor(values)))
        if wrong.any():
            self.refuse(name, int(wrong.argmax()), "a whole number")
        return values.astype(np.int64)

    def refuse(self, name: str, row: int, allowed: str) -> NoReturn:
        """Refuse an entry; name its line."""
        place = f"{self.path.name}, line {self.lines[row]}"
        raise InvalidInputError(name, self.columns[name][row], index=place, allowed=allowed)
