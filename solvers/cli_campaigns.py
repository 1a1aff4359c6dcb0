"""The command line of campaigns: play one, design its rewards, and compare what can be had."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solvers.cli_options import CampaignRequest, campaign_options
from solvers.cli_output import Interrupted, Output, Verb, announce_compilation, output_options, to_json
from solvers.cli_proofs import scheme_from_word
from solvers.progress import progress_bar

if TYPE_CHECKING:
    from fractions import Fraction

    from mechanism import Budget

__all__ = ["design", "frontier", "recruit", "solve", "surface"]

_RESULTS = (".json", ".txt", ".svg", ".png", ".pdf")
_effort = click.option(
    "--effort", type=int, default=1, show_default=True, help="Each step doubles the simulated worlds."
)
_epsilons = click.option(
    "--epsilon",
    "epsilons",
    type=float,
    multiple=True,
    default=(0.0, 0.25, 1.0),
    show_default=True,
    help="What a cheater may gain at most, relative to the honest reward; may be repeated.",
)


def _check_effort(effort: int) -> None:
    if effort < 1:
        raise click.UsageError(f"--effort is {effort}; it must be at least 1")


def _allowed(epsilons: tuple[float, ...]) -> list[Fraction]:
    from proofs import SybilProof

    return [SybilProof(epsilon).epsilon for epsilon in epsilons]


@click.command(
    cls=Verb,
    short_help="Design schemes for a network, and write them with their certificates.",
    examples=(
        "mechanism solve",
        "mechanism solve friends.tsv --undirected --prize 4000 --epsilon 0 --epsilon 0.1 --out result",
        "mechanism solve --campaign balloons.toml --team 20 --json",
    ),
)
@campaign_options
@_epsilons
@_effort
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("mechanism-out"),
    show_default=True,
    metavar="DIR",
    help="Folder for the picture, the tables, the schemes and their certificates.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def solve(
    request: CampaignRequest, epsilons: tuple[float, ...], effort: int, out: Path, *, as_json: bool
) -> None:
    """Design reward schemes for the network in EDGE_LIST and compare them with the known ones.

    EDGE_LIST is text, gzip-compressed or not, with the two ends of an edge in the first two columns. Without
    it a bundled, generated network of 6,000 people is used.

    The folder DIR receives frontier.svg and frontier.png, table.txt and table.csv, and for the smallest
    epsilon scheme.json and certificate.json; those of another epsilon are named
    scheme-epsilon-0.25.json and so on. `python -m proofs.check scheme.json certificate.json` checks a
    certificate again. Files of an earlier run are replaced, no others.
    """
    from solvers.export import prepare_folder, write_frontier

    started = time.monotonic()
    allowed = _allowed(epsilons)
    _check_effort(effort)
    try:
        folder = prepare_folder(out)
    except OSError as error:
        raise click.UsageError(f"--out: {error}") from error
    loaded = request.load()
    seed = loaded.seed or 0
    heading = request.heading(loaded) + f" Seed {seed}, effort {effort}."
    click.echo(heading, err=as_json)
    announce_compilation()
    from solvers.design_frontier import frontier as draw
    from solvers.tables import frontier_report

    with progress_bar() as report:
        result = draw(loaded.campaign, allowed, effort=effort, rng=seed, progress=report)
    click.echo(to_json(result.to_dict()) if as_json else f"\n{frontier_report(result)}\n")
    files = write_frontier(result, folder, heading=heading, title=request.title(loaded))
    click.echo(
        f"Wrote {', '.join(file.name for file in files)} to {out}; each certificate has been checked there.",
        err=as_json,
    )
    click.echo(f"Took {time.monotonic() - started:.0f} s.", err=as_json)


@click.command(
    cls=Verb,
    short_help="Play a campaign: who joins and recruits, and what is paid.",
    examples=(
        "mechanism recruit friends.tsv --undirected --scheme recursive:1/2",
        "mechanism recruit --campaign balloons.toml --json",
        "mechanism recruit friends.tsv --scheme result/scheme.json --precision 0.001 --out play.json",
    ),
)
@campaign_options
@click.option(
    "--scheme",
    metavar="SCHEME",
    help="How recruits are paid: recursive:1/2, scheme.json or rules.py:my_rule, as in `mechanism verify`.",
)
@click.option("--replicates", type=int, help="Simulated worlds.  [default: as many as --precision asks for]")
@click.option(
    "--precision", type=float, help="Wanted standard error of the recruits, relative.  [default: 0.002]"
)
@output_options
def recruit(
    request: CampaignRequest,
    output: Output,
    scheme: str | None,
    replicates: int | None,
    precision: float | None,
) -> None:
    """Play a campaign: who joins and recruits in equilibrium, how deep, and what is paid.

    Ctrl-C ends the search: the best decisions met until then are shown, and the exit code is 130.
    """
    output.check(*_RESULTS)
    named = None if scheme is None else scheme_from_word(scheme)
    loaded = request.load()
    paid: Any = loaded.scheme if named is None else named
    if paid is None:
        raise click.UsageError("--scheme is missing; it must be a scheme such as recursive:1/2")
    announce_compilation()
    from solvers.recruitment import Status
    from solvers.recruitment import recruit as play

    with progress_bar() as report:
        result = play(
            loaded.campaign,
            paid,
            replicates=replicates,
            precision=precision,
            rng=loaded.seed or 0,
            progress=report,
        )
    output.give(result)
    if result.status is Status.INTERRUPTED:
        raise Interrupted("interrupted: what was reached is shown above; to go on, repeat the command")


@click.command(
    cls=Verb,
    short_help="Design the scheme that recruits most and cannot be gamed.",
    examples=(
        "mechanism design friends.tsv --undirected --epsilon 0.1",
        "mechanism design --campaign balloons.toml --subject-to SEC:1/4 --budget expected:1/2 --out plan.json",
    ),
)
@campaign_options
@click.option(
    "--epsilon",
    type=float,
    help="What a cheater may gain at most, relative to the honest reward.  [default: 0]",
)
@click.option(
    "--subject-to",
    multiple=True,
    metavar="PROPERTY",
    help="Also ask for a property, by code or name as in `mechanism verify`; may be repeated.",
)
@click.option(
    "--budget",
    default="worst_case:1",
    show_default=True,
    metavar="KIND:SHARE",
    help="worst_case:SHARE of the prize for a chain; expected:SHARE on average; total:AMOUNT; tail:SHARE:LEVEL.",
)
@click.option("--unit", type=float, help="Smallest unit of the currency: all rewards are multiples of it.")
@_effort
@output_options
def design(
    request: CampaignRequest,
    output: Output,
    epsilon: float | None,
    subject_to: tuple[str, ...],
    budget: str,
    unit: float | None,
    effort: int,
) -> None:
    """Design the reward scheme that recruits most within a budget and cannot be gamed, and prove it.

    JSON holds the scheme, its certificate and its equilibrium. For files that `python -m proofs.check`
    reads, use `mechanism solve`.
    """
    from proofs import property_from_text

    output.check(*_RESULTS)
    _check_effort(effort)
    wanted = [property_from_text(word) for word in subject_to]
    allowed = _budget(budget)
    loaded = request.load()
    announce_compilation()
    from solvers.scheme_design import design as find

    with progress_bar() as report:
        result = find(
            loaded.campaign,
            epsilon=epsilon,
            subject_to=wanted,
            budget=allowed,
            unit=unit,
            effort=effort,
            rng=loaded.seed or 0,
            progress=report,
        )
    output.give(result)


def _budget(text: str) -> Budget:
    """Return the budget that a text such as ``expected:1/2`` names."""
    from mechanism import Budget
    from mechanism.numbers import parse

    kinds: dict[str, Any] = {
        "worst_case": Budget.worst_case,
        "total": Budget.total,
        "expected": Budget.expected,
        "tail": lambda share, level: Budget.tail(share, level=float(level)),
    }
    kind, *numbers = text.split(":")
    kind = kind.replace("-", "_")
    if kind not in kinds or len(numbers) != (2 if kind == "tail" else 1):
        raise click.UsageError(
            f"--budget is {text!r}; it must be worst_case:SHARE, expected:SHARE, total:AMOUNT or tail:SHARE:LEVEL"
        )
    budget: Budget = kinds[kind](*map(parse, numbers))
    return budget


@click.command(
    cls=Verb,
    short_help="Print what sybil-proofness costs in recruits.",
    examples=(
        "mechanism frontier friends.tsv --undirected --epsilon 0 --epsilon 0.1",
        "mechanism frontier --campaign balloons.toml --json",
        "mechanism frontier --campaign balloons.toml --out frontier.svg",
    ),
)
@campaign_options
@_epsilons
@_effort
@output_options
def frontier(request: CampaignRequest, output: Output, epsilons: tuple[float, ...], effort: int) -> None:
    """Print what sybil-proofness costs in recruits, with the known schemes beside it.

    As `mechanism solve`, without its folder of files. A run that is interrupted keeps nothing; one that
    goes on where it was ended is `mechanism surface --keep DIR`.
    """
    output.check(*_RESULTS)
    _check_effort(effort)
    allowed = _allowed(epsilons)
    loaded = request.load()
    announce_compilation()
    from solvers.design_frontier import frontier as draw

    with progress_bar() as report:
        result = draw(
            loaded.campaign,
            allowed,
            effort=effort,
            rng=loaded.seed or 0,
            progress=report,
        )
    output.give(result)


@click.command(
    cls=Verb,
    short_help="Design schemes over a grid of demands; can be resumed.",
    examples=(
        "mechanism surface --campaign balloons.toml --epsilon 0 --epsilon 0.1 --identity-cost 0.01 --keep points",
        "mechanism surface friends.tsv --undirected --finder-share 0 --finder-share 0.25 --json",
    ),
)
@campaign_options
@_epsilons
@click.option(
    "--identity-cost",
    "identity_costs",
    type=float,
    multiple=True,
    default=(0.0,),
    show_default=True,
    help="Cost of a fake identity, in shares of the prize; may be repeated.",
)
@click.option(
    "--finder-share",
    "finder_shares",
    type=float,
    multiple=True,
    default=(0.0,),
    show_default=True,
    help="Least share of the finder; may be repeated.",
)
@click.option(
    "--recruiter-share",
    "recruiter_shares",
    type=float,
    multiple=True,
    default=(0.0,),
    show_default=True,
    help="Least share of a recruiter; may be repeated.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder that receives every finished climb: after an interruption the same command goes on from there.",
)
@_effort
@output_options
def surface(
    request: CampaignRequest,
    output: Output,
    epsilons: tuple[float, ...],
    identity_costs: tuple[float, ...],
    finder_shares: tuple[float, ...],
    recruiter_shares: tuple[float, ...],
    keep: Path | None,
    effort: int,
) -> None:
    """Design a scheme at every point of a grid of demands; with --keep a run can be resumed."""
    output.check(*_RESULTS)
    _check_effort(effort)
    loaded = request.load()
    announce_compilation()
    from solvers.design_surface import surface as sweep

    try:
        with progress_bar() as report:
            result = sweep(
                loaded.campaign,
                epsilons=epsilons,
                identity_costs=identity_costs,
                finder_shares=finder_shares,
                recruiter_shares=recruiter_shares,
                effort=effort,
                rng=loaded.seed or 0,
                folder=keep,
                progress=report,
            )
    except KeyboardInterrupt:
        if keep is None:
            raise
        kept = len(list(keep.glob("point-*.json")))
        raise Interrupted(
            f"interrupted: {kept} finished climbs are kept in {keep}; the same command goes on from there"
        ) from None
    output.give(result)
