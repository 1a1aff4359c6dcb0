"""The command line: from an edge list to a certified reward scheme."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from mechanism.errors import InvalidInputError, MechanismError
from solvers.cli_proofs import matrix, verify
from solvers.progress import progress_bar

if TYPE_CHECKING:
    from mechanism import Campaign, Graph
    from mechanism.campaign import Team

__all__ = ["main"]

_INVALID, _FAILED, _INTERRUPTED = 2, 1, 130
# Arguments of the library by the option that sets them.
_OPTIONS = {
    "contact": "--contact",
    "duplicates": "--duplicates",
    "edges": "EDGE_LIST",
    "effort": "--effort",
    "epsilon": "--epsilon",
    "find": "--find",
    "k": "--team",
    "max_depth": "--max-depth",
    "path": "EDGE_LIST",
    "prize": "--prize",
    "rng": "--seed",
    "self_loops": "--self-loops",
    "targets": "--targets",
    "team": "--team",
}
_GENERATED = "generated example network (not observed data)"


def _version() -> str:
    try:
        return version("incentive-networks")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "not installed"


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    invoke_without_command=True,
)
@click.version_option(_version(), prog_name="mechanism", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Reward schemes that recruit most through a network, cannot be gamed, and are proved."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


cli.add_command(verify)
cli.add_command(matrix)


@cli.command()
@click.argument("edge_list", required=False, type=click.Path(path_type=Path))
@click.option(
    "--directed/--undirected",
    default=None,
    help="Whether an edge u v lets only u contact v.  [default: directed]",
)
@click.option("--self-loops", type=click.Choice(["refuse", "drop"]), default="refuse", show_default=True)
@click.option(
    "--duplicates",
    type=click.Choice(["refuse", "merge"]),
    default="refuse",
    show_default=True,
    help="Repeated edges.",
)
@click.option("--prize", type=float, default=4000.0, show_default=True, help="Money for each target.")
@click.option("--targets", type=int, default=1, show_default=True, help="How many targets there are to find.")
@click.option(
    "--find", type=float, default=1e-3, show_default=True, help="Chance that a member sees a given target."
)
@click.option(
    "--contact", type=float, default=0.5, show_default=True, help="Chance that an invitation arrives."
)
@click.option(
    "--join-cost",
    default="0.8",
    show_default=True,
    metavar="COST",
    help="Private cost of joining, money: a mean, exponential:MEAN or uniform:LOW:HIGH.",
)
@click.option(
    "--invite-cost",
    default="0.12",
    show_default=True,
    metavar="COST",
    help="Effort of one invitation, likewise.",
)
@click.option("--max-depth", type=int, default=10, show_default=True, help="Nobody joins deeper than this.")
@click.option(
    "--team",
    default="5",
    show_default=True,
    metavar="K|members:LABEL,...",
    help="The organiser's team: the K people with most contacts, or those named.",
)
@click.option(
    "--epsilon",
    "epsilons",
    type=float,
    multiple=True,
    default=(0.0, 0.25, 1.0),
    show_default=True,
    help="What a cheater may gain at most, relative to the honest reward; may be repeated.",
)
@click.option(
    "--effort", type=int, default=1, show_default=True, help="Each step doubles the simulated worlds."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same files.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("mechanism-out"),
    show_default=True,
    metavar="DIR",
    help="Folder for the picture, the tables, the schemes and their certificates.",
)
def solve(
    edge_list: Path | None,
    directed: bool | None,
    self_loops: Literal["refuse", "drop"],
    duplicates: Literal["refuse", "merge"],
    prize: float,
    targets: int,
    find: float,
    contact: float,
    join_cost: str,
    invite_cost: str,
    max_depth: int,
    team: str,
    epsilons: tuple[float, ...],
    effort: int,
    seed: int,
    out: Path,
) -> None:
    """Design reward schemes for the network in EDGE_LIST and compare them with the known ones.

    EDGE_LIST is text, gzip-compressed or not, with the two ends of an edge in the first two columns. Without
    it a bundled, generated network of 6,000 people is used.

    The folder DIR receives frontier.svg and frontier.png, table.txt and table.csv, and for the smallest
    epsilon scheme.json and certificate.json; those of another epsilon are named
    scheme-epsilon-0.25.json and so on. `python -m proofs.check scheme.json certificate.json` checks a
    certificate again.
    """
    from mechanism import Campaign, CostModel, IncentiveNetwork, Search
    from proofs import SybilProof
    from solvers.export import prepare_folder, write_frontier

    started = time.monotonic()
    with _refuse("--join-cost"):
        join = CostModel.parse(join_cost)
    with _refuse("--invite-cost"):
        invite = CostModel.parse(invite_cost)
    task = Search(prize=prize, targets=targets, find=find)
    allowed = [SybilProof(epsilon).epsilon for epsilon in epsilons]
    for name, value, least in (("effort", effort, 1), ("seed", seed, 0)):
        if value < least:
            raise click.UsageError(f"--{name} is {value}; it must be at least {least}")
    try:
        folder = prepare_folder(out)
    except OSError as error:
        raise click.UsageError(f"--out: {error}") from error
    graph = _read(edge_list, directed, self_loops, duplicates)
    network = IncentiveNetwork(graph, contact=contact, join=join, invite=invite)
    campaign = Campaign(network, task, team=_team(team, graph), max_depth=max_depth)

    heading = _heading(campaign, edge_list, directed=directed, costs=(join_cost, invite_cost))
    heading += f" Seed {seed}, effort {effort}."
    click.echo(heading)
    _announce_compilation()
    from solvers.design_frontier import frontier
    from solvers.tables import frontier_report

    with progress_bar() as report:
        result = frontier(campaign, allowed, effort=effort, rng=seed, progress=report)
    click.echo(f"\n{frontier_report(result)}\n")
    files = write_frontier(result, folder, heading=heading, title=_title(campaign, edge_list))
    click.echo(
        f"Wrote {', '.join(file.name for file in files)} to {out}; each certificate has been checked there."
    )
    click.echo(f"Took {time.monotonic() - started:.0f} s.")


def _read(
    edge_list: Path | None,
    directed: bool | None,
    self_loops: Literal["refuse", "drop"],
    duplicates: Literal["refuse", "merge"],
) -> Graph:
    """Return the graph in a file, or the generated one."""
    from mechanism import Graph, datasets

    if edge_list is None:
        if directed:
            raise click.UsageError("--directed needs an EDGE_LIST: the generated network is undirected")
        return datasets.example_graph()
    return Graph.from_file(
        edge_list, directed=directed is not False, self_loops=self_loops, duplicates=duplicates
    )


def _team(text: str, graph: Graph) -> Team:
    """Return the team that ``5`` or ``members:ann,bob`` names."""
    from mechanism import Members, TopDegree

    kind, colon, names = text.partition(":")
    numeric = graph.labels.dtype.kind == "i"
    try:
        if not colon:
            return TopDegree(int(kind))
        if kind == "members":
            return Members(
                [int(name) if numeric else name.strip() for name in names.split(",") if name.strip()]
            )
    except ValueError as error:
        if isinstance(error, InvalidInputError):
            raise
    raise click.UsageError(
        f"--team is {text!r}; it must be a whole number or members:LABEL,..."
        + (" with whole numbers as labels" if numeric and colon else "")
    )


def _title(campaign: Campaign, edge_list: Path | None) -> str:
    """Return the name of the network and its size."""
    name = _GENERATED if edge_list is None else edge_list.name
    return f"{name}, {campaign.network.graph.n:,} people"


def _heading(
    campaign: Campaign, edge_list: Path | None, *, directed: bool | None, costs: tuple[str, str]
) -> str:
    """Return what is solved, in a few lines that are the same on every machine."""
    from mechanism import Search

    network, task = campaign.network, campaign.task
    undirected = edge_list is None or directed is False
    size = f"{network.graph.m // 2:,} edges" if undirected else f"{network.graph.m:,} arcs"
    work = f"every recruit contributes {task.stake:g}"
    if isinstance(task, Search):
        targets = "1 target" if task.targets == 1 else f"{task.targets:,} targets"
        work = f"{targets}, prize {task.prize:g} each, seen by a member with probability {task.find:g}"
    join, invite = (cost if ":" in cost else f"exponential:{cost}" for cost in costs)
    return (
        f"Network: {_title(campaign, edge_list)}, {size}.\n"
        f"Task: {work}.\n"
        f"People: contact {network.contact:g}, cost of joining {join}, of an invitation {invite}.\n"
        f"Campaign: team of {len(campaign.team_nodes)}, largest depth {campaign.max_depth}."
    )


def _announce_compilation() -> None:
    """Say so if the kernels are not compiled yet on this machine."""
    from solvers.kernels.binding import is_cached

    if not is_cached():
        click.echo("Compiling the simulation kernels, once on this machine: a few seconds.", err=True)


@contextmanager
def _refuse(option: str) -> Iterator[None]:
    """Name the option in errors about its value."""
    try:
        yield
    except InvalidInputError as error:
        raise click.UsageError(f"{option}: {error}") from error


def _sentence(error: InvalidInputError) -> str:
    """Return the message of an error in the words of the command line."""
    text = str(error)
    option = _OPTIONS.get(error.argument)
    if option is not None and text.startswith(error.argument):
        text = option + text[len(error.argument) :]
    for argument, value in (("self_loops", "drop"), ("duplicates", "merge")):
        text = text.replace(f'{argument}="{value}"', f"{_OPTIONS[argument]} {value}")
    return text


def _run(command: Callable[[], object]) -> tuple[int, str]:
    """Return the exit code of a command and the sentence to print on the error stream."""
    try:
        code = (
            command()
        )  # click hands over the code of an early exit, and None from a command that ran through
    except click.exceptions.Exit as leave:
        return leave.exit_code, ""
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED, "interrupted, nothing was written"
    except InvalidInputError as error:
        return _INVALID, _sentence(error)
    except click.ClickException as error:
        return _INVALID, error.format_message()
    except (MechanismError, OSError) as error:
        return _FAILED, str(error)
    return code if isinstance(code, int) else 0, ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command ``mechanism``.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command's name; those of the process by default.

    Returns
    -------
    int
        Exit code: 0, 1 if a computation failed or a claim is refuted, 2 for wrong input, 3 if a claim is neither
        proved nor refuted, 130 after an interruption.
    """
    words = None if arguments is None else list(arguments)
    code, sentence = _run(lambda: cli.main(words, prog_name="mechanism", standalone_mode=False))
    if sentence:
        click.echo(f"mechanism: {' '.join(sentence.split())}", err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
