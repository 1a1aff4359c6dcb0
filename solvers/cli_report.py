"""The command line of reports: one page about a campaign and the schemes designed for it."""

from __future__ import annotations

import shlex
from fractions import Fraction
from pathlib import Path, PureWindowsPath
from typing import Any

import click
from click.core import ParameterSource

from solvers.cli_options import CampaignRequest, campaign_options
from solvers.cli_output import Verb, announce_compilation, check_free
from solvers.cli_proofs import scheme_from_word
from solvers.progress import progress_bar

__all__ = ["report"]

_UNSEEN = ("out", "force")  # they do not change what the page says


@click.command(
    cls=Verb,
    examples=(
        "mechanism report friends.tsv --undirected --epsilon 0 --epsilon 0.25 --out page.html",
        "mechanism report --campaign balloons.toml --scheme recursive:1/2 --title Balloons",
    ),
)
@campaign_options
@click.option(
    "--epsilon",
    "epsilons",
    type=float,
    multiple=True,
    default=(0.0, 0.25),
    show_default=True,
    help="What a cheater may gain at most, relative to the honest reward; may be repeated.",
)
@click.option(
    "--scheme",
    metavar="SCHEME",
    help="How recruits are paid today, to be shown beside the design: recursive:1/2 or scheme.json.",
)
@click.option(
    "--effort", type=int, default=1, show_default=True, help="Each step doubles the simulated worlds."
)
@click.option("--title", help="Heading of the page.  [default: the name of the network and its size]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("mechanism-report.html"),
    show_default=True,
    metavar="FILE",
    help="The page.",
)
@click.option("--force", is_flag=True, help="Let --out replace a file.")
@click.pass_context
def report(
    context: click.Context,
    request: CampaignRequest,
    epsilons: tuple[float, ...],
    scheme: str | None,
    effort: int,
    title: str | None,
    out: Path,
    *,
    force: bool,
) -> None:
    """Design reward schemes for a campaign and write one page about them: numbers, pictures and certificates.

    The page is a single HTML file that needs no network and runs no script. The scheme shown in detail is that of
    the smallest epsilon. The same command on the same network gives the same page.
    """
    from mechanism.schemes import PathScheme
    from proofs import SybilProof

    check_free(out, force=force)
    allowed: list[Fraction] = [SybilProof(epsilon).epsilon for epsilon in epsilons]
    if effort < 1:
        raise click.UsageError(f"--effort is {effort}; it must be at least 1")
    named = None if scheme is None else scheme_from_word(scheme)
    loaded = request.load()
    paid: Any = loaded.scheme if named is None else named
    if paid is not None and not isinstance(paid, PathScheme):
        raise click.UsageError("--scheme is a rule on trees; it must be a path scheme such as recursive:1/2")
    announce_compilation()
    from solvers.design_frontier import frontier
    from solvers.recruitment import recruit
    from solvers.report import Provenance, write_report
    from solvers.report.forest import same_worlds

    seed = loaded.seed or 0
    beside = None
    with progress_bar() as progress:
        result = frontier(loaded.campaign, allowed, effort=effort, rng=seed, progress=progress)
        if paid is not None:
            found = result.designs[0].recruitment
            beside = recruit(
                loaded.campaign,
                paid,
                replicates=found.replicates,
                rng=same_worlds(found),
                progress=progress,
            )
    file, command = _network(request, loaded.settings), _command(context)
    provenance = (
        Provenance(network="generated example network", seed=seed, effort=effort, command=command)
        if file is None
        else Provenance.of_file(file, seed=seed, effort=effort, command=command)
    )
    write_report(
        out,
        frontier=result,
        recruitment=beside,
        title=request.title(loaded) if title is None else title,
        provenance=provenance,
        force=force,
    )
    click.echo(f"{result}\n\nWrote {out}.")


def _network(request: CampaignRequest, settings: dict[str, Any]) -> Path | None:
    """Return the file of the network, which a campaign file names from its own folder; None for the generated one."""
    typed: Path | None = request.options["edge_list"]
    name = settings["network"].get("file")
    if typed is not None or name is None:
        return typed
    return Path(name) if request.file is None else request.file.parent / name


def _command(context: click.Context) -> str:
    """Return what was typed, with the names of files alone: folders are those of one machine."""
    words = ["mechanism", "report"]
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in _UNSEEN or context.get_parameter_source(name) is ParameterSource.DEFAULT:
            continue
        value = context.params[name]
        if isinstance(parameter, click.Argument):
            words.append(_word(value))
        elif isinstance(value, bool):
            words += (parameter.opts if value else parameter.secondary_opts)[:1]
        else:
            for one in value if isinstance(value, tuple) else (value,):
                words += [parameter.opts[0], _word(one)]
    return shlex.join(words)


def _word(value: object) -> str:
    """Return a value as it is typed; of the path of a file the last part."""
    text = str(value)
    if isinstance(value, float):
        return text.removesuffix(".0")
    is_file = isinstance(value, Path) or text.endswith(".json") or ".py:" in text
    return PureWindowsPath(text).name if is_file else text
