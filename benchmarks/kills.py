"""Kill processes while they write over a file, again and again: the file is always the old one or the new one.

    python -m benchmarks.kills --kills 200

A child process writes two contents in turn over one file, by each writer of the library; it is killed by SIGKILL at a
moment that follows from the seed (as far as the machine's load lets it). After each kill the file must hold one of the
two, bit for bit; a killed writer may leave one draft beside it, which the next one removes. Exit code 1 if not.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import click

from solvers.tables import plain_table, render

__all__ = ["WRITERS", "Kept", "kill"]

LONGEST = 0.05  # seconds from the first write to the kill


def save_graph(name: str) -> Callable[[], Callable[[Path, int], None]]:
    def ready() -> Callable[[Path, int], None]:
        import numpy as np

        from mechanism import Graph

        graphs = []
        for size in (300, 500):
            ring = np.arange(size)
            graphs.append(Graph.from_edges(ring, np.roll(ring, 1)))
        return lambda folder, turn: graphs[turn].save(folder / name)

    return ready


def certificate() -> Callable[[Path, int], None]:
    from proofs import write_json

    return lambda folder, turn: write_json(folder / "certificate.json", {"claims": [turn] * (900 + turn)})


def output() -> Callable[[Path, int], None]:
    from solvers.cli_output import write_whole

    return lambda folder, turn: write_whole(
        folder / "out.json", b"01"[turn : turn + 1] * (90_000 + turn), force=True
    )


def surface() -> Callable[[Path, int], None]:
    """Write a point of a surface, by its store but without a search."""
    from solvers.surface_store import Store

    def write(folder: Path, turn: int) -> None:
        Store._path = lambda self, request: folder / "point.json"  # type: ignore[method-assign]
        Store._request = lambda self, task: {}  # type: ignore[method-assign]
        Store.write(object.__new__(Store), None, "why not " * (900 + turn))  # type: ignore[arg-type]

    return write


def frontier() -> Callable[[Path, int], None]:
    """Write a folder of results, with the names of a frontier's files but without one."""
    from proofs import check, write_json
    from solvers import export

    def files(turn: int, folder: Path, heading: str, title: str) -> None:
        write_json(folder / "certificate.json", {"format": check.FORMAT, "claims": [turn] * (900 + turn)})
        (folder / "table.txt").write_text(f"{turn}" * (9000 + turn), encoding="utf-8")

    def write(folder: Path, turn: int) -> None:
        export._write_files = files  # type: ignore[assignment]
        export.write_frontier(turn, folder / "results")  # type: ignore[arg-type]

    return write


# What is ready to write, and whether drafts of killed writers are removed by the next.
WRITERS: dict[str, tuple[Callable[[], Callable[[Path, int], None]], bool]] = {
    "Graph.save .npz": (save_graph("graph.npz"), True),
    "Graph.save .mtx": (save_graph("graph.mtx"), True),
    "Graph.save .parquet": (save_graph("graph.parquet"), True),
    "certificate": (certificate, False),
    "--out": (output, False),
    "point of a surface": (surface, True),
    "folder of results": (frontier, True),
}


@dataclass
class Kept:
    """What came of the kills of one writer."""

    name: str
    kills: int = 0
    meanwhile: int = 0
    """Kills that left a draft, so came in the middle of a write."""
    lost: list[str] = field(default_factory=list)
    drafts: int = 0
    """Drafts that are there after the last write."""


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, without drafts."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if ".part" not in name}


def drafts(folder: Path) -> int:
    return sum(path.name.endswith(".part") for path in folder.iterdir())


def kill(name: str, *, kills: int, seed: int) -> Kept:
    """Kill a writer so often; return what was kept."""
    rng, found, write = random.Random(f"{seed}/{name}"), Kept(name), WRITERS[name][0]()
    with tempfile.TemporaryDirectory() as parent:
        folders = [Path(parent) / turn for turn in ("0", "1", "both")]
        for folder in folders:
            folder.mkdir()
        started(write, folders[:2], forever=False).join()
        whole = [contents(folder) for folder in folders[:2]]
        if not whole[0] or whole[0].keys() != whole[1].keys() or whole[0] == whole[1]:
            raise RuntimeError(f"{name} does not write two contents")
        for _ in range(kills):
            process = started(write, folders[2:] * 2, forever=True)
            time.sleep(rng.uniform(0, LONGEST))
            process.kill()
            process.join()
            found.kills += 1
            found.meanwhile += drafts(folders[2]) > 0
            now = contents(folders[2])
            for file in whole[0]:
                if now.get(file) not in (whole[0][file], whole[1][file]):
                    found.lost.append(f"{name}: {file} after kill {found.kills}")
        started(write, folders[2:] * 2, forever=False).join()
        found.drafts = drafts(folders[2])
    return found


def started(write: Callable[[Path, int], None], folders: list[Path], *, forever: bool) -> Any:
    """Start a process that writes both contents, once or in turn until it is killed; wait for its first write."""
    fork = multiprocessing.get_context("fork")
    begun = fork.Event()
    process = fork.Process(target=_write, args=(write, folders, begun, forever))
    process.start()
    if not begun.wait(60):
        raise RuntimeError("nothing was written")
    return process


def _write(write: Callable[[Path, int], None], folders: list[Path], begun: Any, forever: bool) -> None:
    for turn in count() if forever else range(2):
        write(folders[turn % 2], turn % 2)
        begun.set()


@click.command()
@click.option("--kills", default=140, show_default=True, type=click.IntRange(min=1), help="In all.")
@click.option("--seed", default=1, show_default=True)
def main(kills: int, seed: int) -> None:
    """Print what was kept of files whose writers were killed."""
    table = plain_table(("writer", "kills", "while writing", "files lost", "drafts left"))
    kept = [kill(name, kills=-(-kills // len(WRITERS)), seed=seed) for name in WRITERS]
    for one in kept:
        table.add_row(one.name, str(one.kills), str(one.meanwhile), str(len(one.lost)), str(one.drafts))
    lost = [words for one in kept for words in one.lost]
    click.echo(render("Writers that are killed", table))
    click.echo(
        f"{sum(one.kills for one in kept)} kills survived, seed {seed}; files lost: {len(lost) or 'none'}."
    )
    for words in lost:
        click.echo(words)
    sys.exit(1 if lost or any(one.drafts and WRITERS[one.name][1] for one in kept) else 0)


if __name__ == "__main__":
    main()
