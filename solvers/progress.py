"""Progress: a count of steps, and a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "Stages", "progress_bar"]

Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all)."""


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield a callback (stage, done, total) that draws a progress bar on a terminal, None elsewhere."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bar,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        job = bar.add_task("starting", total=None)

        def report(stage: str, done: int, total: int) -> None:
            bar.update(job, description=stage, completed=done, total=total)

        yield report


class Stages:
    """Progress over a known number of steps."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._count = 0

    def tick(self, stage: str) -> None:
        """Report one more step."""
        self._count += 1
        if self._progress:
            self._progress(stage, self._count, self._total)

    def done(self) -> None:
        """Report the end."""
        if self._progress:
            self._progress("done", self._total, self._total)
