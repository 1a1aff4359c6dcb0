"""CMA-ES from a design: what a general search of ten minutes still gains on a large network."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarks.feasible import Coordinates
from benchmarks.game import Game

Reals = NDArray[np.float64]


def evolved(
    game: Game, own: Reals, epsilon: Fraction, *, worlds: int, seconds: float, say: Callable[[str], None]
) -> tuple[Reals, int, int]:
    """Return the best table that CMA-ES meets from a given one, the tables tried and the generations.

    Moved are the rewards of the lengths of chains that win now and then, and of one more; the rest stay.
    """
    from cma import CMAEvolutionStrategy

    coordinates = Coordinates(len(own), epsilon)
    origin = coordinates.point(own)
    start = game.settle(own, replicates=worlds, tolerance=1e-4)
    won = game.worlds.play(start.join, start.invite, replicates=worlds).wins.mean(axis=0)
    deepest = min(int(np.flatnonzero(won > 1e-3 * won.sum())[-1]) + 2, len(own))
    moved = np.arange(deepest * (deepest + 1) // 2)
    say(f"{start.recruits:.2f} recruits on {worlds} worlds; {len(moved)} rewards, chains up to {deepest}")

    def table_at(part: Reals) -> Reals:
        point = origin.copy()
        point[moved] = part
        return coordinates.table(point)

    strategy = CMAEvolutionStrategy(origin[moved], 0.03, {"seed": 11, "verbose": -9})
    best, best_point, tables, begun, told = start.recruits, origin[moved], 0, time.monotonic(), 0.0
    try:
        while time.monotonic() - begun < seconds and not strategy.stop():
            points = strategy.ask()
            found = []
            for point in points:
                outcome = game.settle(table_at(point), replicates=worlds, start=start, tolerance=3e-4)
                found.append(outcome.recruits)
                if outcome.recruits > best:
                    best, best_point, start = outcome.recruits, point, outcome
            tables += len(points)
            strategy.tell(points, [-value for value in found])
            if time.monotonic() - told > 15:
                told = time.monotonic()
                say(f"CMA-ES: generation {strategy.countiter}, {tables} tables, best {best:.2f} here")
    except KeyboardInterrupt:
        say("interrupted")
    tried = [own, table_at(best_point), table_at(strategy.result.xfavorite)]
    values = [game.settle(table, replicates=8 * worlds, tolerance=1e-4).recruits for table in tried]
    say("design, best, mean on more worlds: " + ", ".join(f"{value:.2f}" for value in values))
    return tried[1 + int(np.argmax(values[1:]))], tables, strategy.countiter
