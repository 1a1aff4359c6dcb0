"""Feed broken and hostile files to every reader and every checker of certificates.

    python -m benchmarks.fuzz --inputs 100000
    python -m benchmarks.fuzz --target "edge list" --inputs 1000 --seed 2

Each input is a valid file that was changed, or a text made from the words of the format; it follows from the seed, the
target and its number alone. It must be accepted, or refused by an error of the library (a checker: exit code 1 or 2).
Anything else is a crash: another exception, a process that ends, more than 20 s of CPU, more than 4 GB of memory. What
is accepted must be true: `benchmarks.fuzz_targets` says what is recomputed. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import click

from benchmarks.fuzz_inputs import made
from benchmarks.fuzz_targets import Target, Untrue, targets
from mechanism.errors import MechanismError
from solvers.tables import plain_table, render

SECONDS, MEMORY = 20.0, 4 << 30
SHOWN = 3  # crashes of a target that are described


class Hang(BaseException):
    """An input took too long; no reader can take this for one of its own errors."""


@dataclass
class Outcome:
    """What came of the inputs of a target."""

    name: str
    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    crashes: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, more: Outcome) -> None:
        """Count what came of further inputs."""
        self.inputs += more.inputs
        self.accepted += more.accepted
        self.refused += more.refused
        self.crashes += more.crashes
        self.messages = {
            key: self.messages.get(key, 0) + more.messages.get(key, 0)
            for key in self.messages | more.messages
        }
        self.shown = [*self.shown, *more.shown][:SHOWN]

    def crashed(self, number: int, what: str) -> None:
        """Count a crash; describe the first ones."""
        self.crashes += 1
        if len(self.shown) < SHOWN:
            self.shown.append(f"{self.name}, input {number}: {' '.join(what.split())[:300]}")


def normalised(error: object) -> str:
    """Return a message without what differs from input to input.

    >>> normalised("path[a.csv, line 3] is 'x'; it must be 7")
    'path[…] is …; it must be #'
    """
    text = re.sub(
        r"(?<= is ).*(?=; it must be)|'[^']*'", "\u2026", re.sub(r"\[[^\]]*\]", "[\u2026]", str(error))
    )
    return re.sub(r"\d[\d,.e+-]*", "#", " ".join(text.split()))[:90]


def run(target: Target, *, inputs: int, seed: int, first: int = 0, progress: Any = None) -> Outcome:
    """Try inputs number first, first + 1, ... of a target in this process."""
    found = Outcome(target.name)
    with tempfile.TemporaryDirectory() as name, limited(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        target.prepare(folder)
        for number in range(first, first + inputs):
            if progress is not None:
                progress.seek(0)
                progress.write(struct.pack("<q", number))
                progress.flush()
            data = made(random.Random(f"{seed}/{target.name}/{number}"), target)
            found.inputs += 1
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                target.accept(folder, data)
                signal.setitimer(signal.ITIMER_PROF, 0)
                found.accepted += 1
            except MechanismError as error:
                found.refused += 1
                words = normalised(error)
                found.messages[words] = found.messages.get(words, 0) + 1
            except Untrue as error:
                found.crashed(number, f"accepted, but {error}")
            except Hang:
                found.crashed(number, f"took more than {SECONDS:g} s of CPU: {data[:200]!r}")
            except Exception as error:  # noqa: BLE001
                found.crashed(number, f"{type(error).__name__}: {error}")
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    return found


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Turn the signal of used-up CPU time into an exception."""

    def stop(_: int, __: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, before)


def run_apart(tasks: list[list[Any]], *, seed: int) -> dict[str, Outcome]:
    """Try inputs in another process of limited memory, each task being a target, its first input, and how many.

    An input that ends the process is a crash; the next process goes on behind it.
    """
    found = {name: Outcome(name) for name, *_ in tasks}
    while tasks:
        with tempfile.TemporaryDirectory() as folder:
            place, answers = Path(folder) / "place", Path(folder) / "answers"
            place.write_bytes(bytes(8))
            answers.touch()
            order = json.dumps([tasks, seed, str(place), str(answers)])
            done = subprocess.run([sys.executable, "-m", "benchmarks.fuzz", "--child", order], check=False)
            finished = [
                Outcome(**json.loads(line)) for line in answers.read_text(encoding="utf-8").splitlines()
            ]
            for one in finished:
                found[one.name].add(one)
            tasks = tasks[len(finished) :]
            if done.returncode and tasks:
                name, first, count = tasks[0]
                number = struct.unpack("<q", place.read_bytes())[0]
                found[name].inputs += number + 1 - first
                found[name].crashed(number, f"the process ended with exit code {done.returncode}")
                tasks[0] = [name, number + 1, count - (number + 1 - first)]
    return found


def play(order: str) -> None:
    """Try inputs as another process orders it, and write what came of them."""
    tasks, seed, place, answers = json.loads(order)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    known = {one.name: one for one in targets()}
    for name, first, count in tasks:
        with Path(place).open("r+b") as progress:
            found = run(known[name], inputs=count, seed=seed, first=first, progress=progress)
        with Path(answers).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(found)) + "\n")


@click.command()
@click.option("--inputs", default=100_000, show_default=True, type=click.IntRange(min=1), help="In all.")
@click.option("--seed", default=1, show_default=True)
@click.option("--target", "only", help="Of this target only.")
@click.option("--messages", is_flag=True, help="Print the messages too.")
@click.option("--child", hidden=True)
def main(inputs: int, seed: int, only: str | None, messages: bool, child: str | None) -> None:
    """Print what came of broken and hostile inputs, target by target."""
    if child is not None:
        play(child)
        return
    chosen = [one for one in targets() if only in (None, one.name)]
    if not chosen:
        raise click.UsageError(f"--target: one of {', '.join(one.name for one in targets())}")
    total = sum(one.weight for one in chosen)
    tasks = [[one.name, 0, max(1, round(inputs * one.weight / total))] for one in chosen]
    outcomes = list(run_apart(tasks, seed=seed).values())
    table = plain_table(("target", "inputs", "accepted", "refused", "messages", "crashes"))
    for one in outcomes:
        counts = (one.inputs, one.accepted, one.refused, len(one.messages), one.crashes)
        table.add_row(one.name, *(f"{count:,}" for count in counts))
    tried, crashes = sum(one.inputs for one in outcomes), sum(one.crashes for one in outcomes)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    click.echo(render("Broken and hostile inputs", table))
    click.echo(
        f"{tried:,} inputs, seed {seed}: crashes: {crashes or 'none'}. "
        f"{used.ru_utime + used.ru_stime:.0f} s of CPU, at most {used.ru_maxrss / 1024:.0f} MB."
    )
    for one in outcomes:
        for words in one.shown:
            click.echo(words)
        if messages:
            for words, count in sorted(one.messages.items(), key=lambda item: -item[1]):
                click.echo(f"{one.name:>16} {count:>6}  {words}")
    sys.exit(1 if crashes else 0)


if __name__ == "__main__":
    main()
