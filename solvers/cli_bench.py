"""The command line of the benchmarks: run the suite where it is installed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from mechanism.errors import BackendMissingError
from solvers.cli_output import Output, Verb, write_whole

__all__ = ["bench", "suite_folder"]

_NOTHING = 5  # what pytest returns if no test was chosen


def suite_folder() -> Path:
    """Return the folder of the benchmarks, which stands beside the packages."""
    return Path(__file__).resolve().parents[1] / "benchmarks"


@click.command(
    cls=Verb,
    short_help="Run the benchmarks on this machine.",
    examples=(
        "mechanism bench",
        "mechanism bench -k spread --out speed.json",
        "mechanism bench -k recruitment --json",
    ),
)
@click.option("-k", "chosen", metavar="EXPRESSION", help="Only benchmarks whose names match, as of pytest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Also write the JSON to a file.")
@click.option("--force", is_flag=True, help="Let --out replace a file.")
def bench(chosen: str | None, as_json: bool, out: Path | None, force: bool) -> None:
    """Run the benchmarks of this machine by pytest; they come with the source, not with the installed package."""
    output = Output(as_json, out, force)
    output.check(".json")
    folder = suite_folder()
    if not (folder / "workloads.py").is_file():
        raise BackendMissingError(
            f"there is no benchmark suite in {folder}: it comes with the source, and needs pip install -e '.[bench]'"
        )
    for name in ("pytest", "pytest_benchmark"):
        if importlib.util.find_spec(name) is None:
            raise BackendMissingError(f"the benchmarks need {name}: pip install 'incentive-networks[bench]'")
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "benchmarks.json"
        command = [
            sys.executable,
            "-m",
            "pytest",
            str(folder),
            "-o",
            "addopts=",
            "-o",
            "filterwarnings=",
            "-p",
            "no:cacheprovider",
            "-q",
        ]
        command += [
            f"--benchmark-json={report}",
            f"--benchmark-storage={scratch}",
            *(["-k", chosen] if chosen else []),
        ]
        settings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        settings["PYTHONDONTWRITEBYTECODE"] = "1"
        done = subprocess.run(
            command,
            cwd=folder.parent,
            env=settings,
            check=False,
            stdout=subprocess.PIPE if as_json else None,
        )
        if done.returncode == _NOTHING:
            raise click.UsageError(f"-k is {chosen!r}; it must match the name of a benchmark")
        if done.returncode:
            said = (done.stdout or b"").decode(errors="replace").strip()[-2000:]
            raise click.ClickException(
                f"the benchmarks failed: pytest returned {done.returncode} {said}".strip()
            )
        text = report.read_text(encoding="utf-8")
    if as_json:
        click.echo(text)
    if out is not None:
        write_whole(out, text.encode(), force=force)
        click.echo(f"Wrote {out}.", err=True)
