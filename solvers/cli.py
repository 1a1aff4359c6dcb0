"""The command line: from an edge list to a certified reward scheme."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

import click

from mechanism.errors import InvalidInputError, MechanismError
from solvers.cli_bench import bench
from solvers.cli_campaigns import design, frontier, recruit, solve, surface
from solvers.cli_games import equilibrium, sustain, target
from solvers.cli_inference import infer
from solvers.cli_proofs import matrix, verify
from solvers.cli_report import report
from solvers.cli_seeding import seed

__all__ = ["main"]

_INVALID, _FAILED, _INTERRUPTED = 2, 1, 130
_CODES = (
    ("0", "done; a claim is proved"),
    ("1", "a computation failed, or a claim is refuted"),
    ("2", "wrong input; nothing was done"),
    ("3", "a claim is neither proved nor refuted"),
    ("130", "interrupted from the keyboard; the last line says what was kept"),
)
_COMPLETION = (
    ("bash", 'eval "$(_MECHANISM_COMPLETE=bash_source mechanism)"  in ~/.bashrc'),
    ("zsh", 'eval "$(_MECHANISM_COMPLETE=zsh_source mechanism)"  in ~/.zshrc'),
    (
        "fish",
        "_MECHANISM_COMPLETE=fish_source mechanism | source  in ~/.config/fish/completions/mechanism.fish",
    ),
)


class _Commands(click.Group):
    """The commands in the order of use; the help tells the exit codes and how the shell completes words."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, rows in (("Exit codes", _CODES), ("Shell completion", _COMPLETION)):
            with formatter.section(title):
                formatter.write_dl(rows)


def _version() -> str:
    try:
        return version("incentive-networks")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "not installed"


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    invoke_without_command=True,
)
@click.version_option(_version(), prog_name="mechanism", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Reward schemes that recruit most through a network, cannot be gamed, and are proved.

    A campaign is described by options, or by one TOML file, --campaign FILE.toml. Results are printed as
    tables, or as JSON with --json, in which infinite numbers are the texts "inf" and "-inf" and unknown ones null.
    Files are written where --out says, whole or not at all, and nowhere else.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (
    solve, recruit, design, frontier, surface, report, verify, matrix, equilibrium, target, seed, sustain, infer, bench,
):  # fmt: skip
    cli.add_command(_command)


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
        return _INVALID, str(error)
    except click.ClickException as error:
        return error.exit_code, error.format_message()
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
