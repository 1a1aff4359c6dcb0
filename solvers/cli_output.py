"""What the commands share: examples in their help, errors in their words, and where results go."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from math import inf, isnan
from pathlib import Path
from typing import Any

import click

from mechanism.errors import InvalidInputError

__all__ = [
    "KEYS", "Interrupted", "Output", "Verb", "announce_compilation", "check_free", "output_options", "refuse",
    "to_json", "write_whole",
]  # fmt: skip

Command = Callable[..., Any]
# Options by the key of a campaign file that they set, and by arguments of the library that are named otherwise.
KEYS = {
    "directed": "network.directed",
    "self_loops": "network.self_loops",
    "duplicates": "network.duplicates",
    "contact": "network.contact",
    "join_cost": "costs.join",
    "invite_cost": "costs.invite",
    "prize": "task.prize",
    "targets": "task.targets",
    "find": "task.find",
    "max_depth": "max_depth",
    "max_invites": "max_invites",
    "response": "response",
    "horizon": "horizon",
    "seed": "seed",
}
_OTHER_NAMES = {
    "edges": "EDGE_LIST",
    "table": "TABLE",
    "path": "EDGE_LIST",
    "network.file": "EDGE_LIST",
    "k": "--team",
    "team": "--team",
    "rng": "--seed",
    "task.amount": "--amount",
    "epsilon": "--epsilon",
}


class Interrupted(click.ClickException):
    """The command was interrupted from the keyboard; the message says what was kept."""

    exit_code = 130


class Verb(click.Command):
    """A command with examples in its help, whose errors name options as they are typed."""

    def __init__(self, *words: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*words, **settings)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, a line each."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        super().format_epilog(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InvalidInputError as error:
            raise click.UsageError(_sentence(error, ctx)) from error


def _sentence(error: InvalidInputError, context: click.Context) -> str:
    """Return the message of an error in the words of the command line."""
    text, campaign = str(error), context.params.get("campaign")
    if campaign is not None and str(error.index).startswith(f"{campaign.name}, line "):
        return text  # it names the file, the line and the key
    names = {key: option for option, key in KEYS.items()}
    argument = names.get(error.argument, error.argument)
    options = {
        parameter.name: max(parameter.opts, key=len)
        for parameter in context.command.params
        if isinstance(parameter, click.Option)
    }
    shown = options.get(argument, _OTHER_NAMES.get(argument))
    if argument == "column":  # of a table: the option that named it
        named = (name for name, given in context.params.items() if error.value in (given, *_several(given)))
        shown = options.get(next(named, ""))
    if shown is not None and text.startswith(error.argument):
        text = shown + text[len(error.argument) :]
    for name, value in (("self_loops", "drop"), ("duplicates", "merge")):
        text = text.replace(f'{name}="{value}"', f"--{name.replace('_', '-')} {value}")
    return text


def _several(given: object) -> tuple[object, ...]:
    return given if isinstance(given, tuple) else ()


@contextmanager
def refuse(option: str) -> Iterator[None]:
    """Name the option in errors about its value."""
    try:
        yield
    except InvalidInputError as error:
        raise click.UsageError(f"{option}: {error}") from error


def announce_compilation() -> None:
    """Say so if the kernels are not compiled yet on this machine."""
    from solvers.kernels.binding import is_cached

    if not is_cached():
        click.echo("Compiling the simulation kernels, once on this machine: a few seconds.", err=True)


@dataclass(frozen=True, slots=True)
class Output:
    """Where a result goes: to the terminal as a table or as JSON, and to a file if one is named."""

    as_json: bool
    file: Path | None
    force: bool

    def check(self, *suffixes: str) -> None:
        """Refuse a file that cannot or must not be written, before any work."""
        if self.file is None:
            return
        if self.file.suffix not in suffixes:
            raise click.UsageError(f"--out: {self.file} must end in {', '.join(suffixes)}")
        check_free(self.file, force=self.force)

    def give(self, result: Any, *, extra: Mapping[str, Any] | None = None) -> None:
        """Print a result that has a table and `to_dict`, and write it to the file."""
        text = ""
        if self.as_json or (self.file is not None and self.file.suffix == ".json"):
            text = to_json({**(extra or {}), **result.to_dict()})
        click.echo(text if self.as_json else str(result))
        if self.file is None:
            return
        kind = self.file.suffix[1:]
        if kind == "json":
            data = f"{text}\n".encode()
        elif kind == "txt":
            data = f"{result}\n".encode()
        else:
            from solvers.plots import figure_bytes

            data = figure_bytes(result.plot().figure, kind)
        write_whole(self.file, data, force=self.force)
        click.echo(f"Wrote {self.file}.", err=self.as_json)


def output_options(function: Command) -> Command:
    """Add ``--json``, ``--out`` and ``--force``; the command gets them as `output`."""

    @wraps(function)
    def run(*, as_json: bool, out: Path | None, force: bool, **options: Any) -> Any:
        return function(output=Output(as_json, out, force), **options)

    for add in reversed(
        (
            click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table."),
            click.option(
                "--out",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Also write the result to a file: .json, .txt, or a picture, .svg, .png or .pdf.",
            ),
            click.option("--force", is_flag=True, help="Let --out replace a file."),
        )
    ):
        run = add(run)
    return run


def to_json(value: Any) -> str:
    """Return plain values as JSON; infinite numbers become the texts "inf" and "-inf", unknown ones null."""
    return json.dumps(_finite(value), indent=1, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, float):
        return None if isnan(value) else str(value) if value in (inf, -inf) else value
    return value.item() if hasattr(value, "item") else value


def check_free(path: Path, *, force: bool) -> None:
    """Refuse a folder, a file that exists unless it may be replaced, and a place that cannot be written to."""
    if path.is_dir():
        raise click.UsageError(f"--out: {path} is a folder")
    if path.exists() and not force:
        raise click.UsageError(f"--out: {path} exists; --force replaces it")
    existing = next(place for place in path.absolute().parents if place.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise click.UsageError(f"--out: the folder {existing} cannot be written to")


def write_whole(path: Path, data: bytes, *, force: bool) -> None:
    """Write a file, whole or not at all; its folder is made if need be."""
    check_free(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
