"""The command line of proofs: verify one claim, or print the whole table of schemes and properties."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mechanism.errors import InvalidInputError
from solvers.cli_output import Verb, check_free, write_whole
from solvers.progress import progress_bar

if TYPE_CHECKING:
    from proofs import Comparison, Verdict

__all__ = ["REFUTED", "UNDECIDED", "matrix", "scheme_from_word", "verify"]

REFUTED, UNDECIDED = 1, 3


@click.command(
    cls=Verb,
    short_help="Prove or refute that a scheme keeps a promise.",
    examples=(
        "mechanism verify recursive:1/2 SP",
        "mechanism verify double_geometric:0.2 sybil_proof:epsilon=1/4 --out proof",
        "mechanism verify --campaign balloons.toml SP --json",
    ),
)
@click.argument("scheme")
@click.argument("property", required=False)
@click.option(
    "--campaign",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Take the scheme from a file, and cut it at the largest depth there: PROPERTY is then the only word.",
)
@click.option(
    "--max-depth",
    type=int,
    default=None,
    help="Claim it of a path scheme cut at this length; longer chains pay nobody.  [default: any length]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Write scheme.json and certificate.json there if the claim is proved.",
)
@click.option("--force", is_flag=True, help="Let --out replace these files.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.pass_context
def verify(
    context: click.Context,
    scheme: str,
    property: str | None,  # noqa: A002 - the word of the field
    campaign: Path | None,
    max_depth: int | None,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Prove or refute that SCHEME has PROPERTY.

    SCHEME is a family with its parameters (recursive:1/2, cdrm_1:budget=1/2,penalty=0.3), a file that
    `mechanism solve` wrote (scheme.json), or a Python function of your own (rules.py:my_rule): of depth and
    distance, or of a referral forest.

    PROPERTY is a code or a name with parameters: SP, sybil_proof:epsilon=1/4, budget_constraint:budget=1/2.

    The exit code is 0 if the claim is proved, 1 if it is refuted, 3 if it is neither.
    """
    from proofs import property_from_text
    from proofs import verify as decide

    subject: Any
    if property is not None:
        if campaign is not None:
            raise click.UsageError(f"SCHEME is {scheme!r}; it must be left out where there is a --campaign")
        word, subject = property, scheme_from_word(scheme)
    elif campaign is not None:
        word, (subject, depth) = scheme, _of_campaign(campaign)
        max_depth = depth if max_depth is None else max_depth
    else:
        raise click.UsageError("PROPERTY is missing; it must be a property such as SP")
    if out is not None:
        for name in ("scheme.json", "certificate.json"):
            check_free(out / name, force=force)
    claimed = property_from_text(word, scheme=subject)
    with progress_bar():
        verdict = decide(subject, claimed, max_depth=max_depth)
    click.echo(json.dumps(verdict.to_dict(), indent=1, ensure_ascii=False) if as_json else str(verdict))
    if out is not None:
        _write(verdict, out)
    context.exit({True: 0, False: REFUTED, None: UNDECIDED}[verdict.holds])


def _of_campaign(path: Path) -> tuple[Any, int | None]:
    """Return the scheme of a campaign file, and where the campaign cuts it if it pays along chains."""
    from mechanism import PathScheme
    from mechanism.campaign_file import load_campaign

    loaded = load_campaign(path)
    if loaded.scheme is None:
        raise click.UsageError(f"--campaign: {path} has no scheme; it must have a table [scheme]")
    chains = isinstance(loaded.scheme, PathScheme)
    return loaded.scheme, loaded.campaign.max_depth if chains else None


@click.command(
    cls=Verb,
    short_help="Print which scheme keeps which promise.",
    examples=(
        "mechanism matrix",
        "mechanism matrix --of paths --no-witnesses",
        "mechanism matrix --out matrix.md",
    ),
)
@click.option(
    "--of",
    "part",
    type=click.Choice(["all", "paths", "trees", "auctions"]),
    default="all",
    show_default=True,
    help="Which schemes.",
)
@click.option(
    "--witnesses/--no-witnesses",
    default=True,
    show_default=True,
    help="Print the smallest counterexample to each refuted claim below the table.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="Write the tables to a file instead: .md, .html, .json or .txt.",
)
@click.option("--force", is_flag=True, help="Let --out replace a file.")
def matrix(
    part: Literal["all", "paths", "trees", "auctions"],
    witnesses: bool,
    as_json: bool,
    out: Path | None,
    force: bool,
) -> None:
    """Print which scheme of the catalogue keeps which promise, each cell proved or refuted where it can be.

    Takes a minute or two.
    """
    from proofs.matrix import TABLES

    if out is not None and out.suffix not in _FORMATS:
        raise click.UsageError(f"--out: {out} must end in {', '.join(_FORMATS)}")
    if out is not None:
        check_free(out, force=force)
    wanted = list(TABLES) if part == "all" else [part]
    with progress_bar() as report:
        tables = [TABLES[name](progress=report) for name in wanted]
    if as_json:
        click.echo(_json(tables, witnesses), nl=False)
    if out is None:
        if not as_json:
            _print(tables, witnesses=witnesses)
        return
    try:
        write_whole(out, _FORMATS[out.suffix](tables, witnesses).encode(), force=force)
    except OSError as error:
        raise click.UsageError(f"--out: {error}") from error
    click.echo(f"Wrote {out}.", err=as_json)


def _text(tables: list[Comparison], witnesses: bool) -> str:
    return "\n\n".join(table.report() if witnesses else table.table() for table in tables) + "\n"


def _html(tables: list[Comparison], witnesses: bool) -> str:
    body = "\n".join(table.to_html() for table in tables)
    return (
        f"<!doctype html>\n<meta charset='utf-8'>\n<title>Reward schemes and their properties</title>\n{body}"
    )


def _json(tables: list[Comparison], witnesses: bool) -> str:
    return json.dumps([table.to_dict() for table in tables], indent=1, ensure_ascii=False) + "\n"


def _markdown(tables: list[Comparison], witnesses: bool) -> str:
    return "\n".join(table.to_markdown(witnesses=witnesses) for table in tables)


_FORMATS: dict[str, Callable[[list[Comparison], bool], str]] = {
    ".txt": _text,
    ".md": _markdown,
    ".html": _html,
    ".json": _json,
}


def _print(tables: list[Comparison], *, witnesses: bool) -> None:
    """Print tables, with colours on a terminal."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    for number, table in enumerate(tables):
        if number:
            click.echo()
        if console.is_terminal:
            console.print(table.__rich__())
        else:
            click.echo(table.table())
        if witnesses and (found := table.witness_report()):
            click.echo(f"\n{found}")


def scheme_from_word(text: str) -> Any:
    """Return the scheme or rule that a word on the command line names."""
    from mechanism.schemes.spelling import scheme_from_text
    from proofs import read_scheme

    path, colon, name = text.rpartition(":")
    if colon and path.endswith(".py"):
        return _rule(Path(path), name)
    if text.endswith(".json"):
        return read_scheme(text)
    return scheme_from_text(text)


def _rule(path: Path, name: str) -> Any:
    """Return a function from a Python file."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if specification is None or specification.loader is None or not path.is_file():
        raise InvalidInputError("scheme", str(path), allowed="a Python file that exists")
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    rule = getattr(module, name, None)
    if rule is None:
        raise InvalidInputError("scheme", name, allowed=f"a name that {path} defines")
    return rule


def _write(verdict: Verdict, folder: Path) -> None:
    from proofs import Proved, write_json

    if not isinstance(verdict, Proved):
        click.echo(f"Nothing is written to {folder}: there is no certificate without a proof.", err=True)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "scheme.json", verdict.scheme)
        write_json(folder / "certificate.json", verdict.certificate)
    except OSError as error:
        raise click.UsageError(f"--out: {error}") from error
    click.echo(f"Wrote scheme.json and certificate.json to {folder}.", err=True)
