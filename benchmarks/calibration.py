"""Whether intervals of motive weights cover the truth as often as they say, on data from our own model.

    python -m benchmarks.calibration                 # 500 data sets for each law of the cost
    python -m benchmarks.calibration --runs 100 --cost exponential

Each data set has weights drawn at random and its own offers. A correct 95 % interval covers the truth in 89.6 to 99.0 %
of 500 runs, but for 5 intervals in ten million; the command fails if one does not.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from mechanism import CostModel
from solvers.motive_inference import infer_motives, simulate_exposures
from solvers.tables import plain_table, render

LEAST, MOST = 0.896, 0.990
COSTS = ("logistic", "exponential", "weibull:2")


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Truths and estimates; arrays have one row per data set and one column per name."""

    cost: str
    exposures: int
    names: tuple[str, ...]
    truth: NDArray[np.float64]
    estimate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def runs(self) -> int:
        return len(self.truth)

    @property
    def coverage(self) -> NDArray[np.float64]:
        """Share of the runs whose interval holds the truth, by name."""
        return np.mean((self.low <= self.truth) & (self.truth <= self.high), axis=0)

    @property
    def is_calibrated(self) -> bool:
        return bool(((self.coverage >= LEAST) & (self.coverage <= MOST)).all())

    def __str__(self) -> str:
        table = plain_table(
            ("weight", "coverage %", "below", "above", "width", "endless", "bias", "s.e.", "error")
        )
        for j, name in enumerate(self.names):
            truth, error = self.truth[:, j], self.estimate[:, j] - self.truth[:, j]
            width = self.high[:, j] - self.low[:, j]
            ended = np.isfinite(width)
            table.add_row(
                name, f"{100 * self.coverage[j]:.1f}", f"{100 * np.mean(truth < self.low[:, j]):.1f}",
                f"{100 * np.mean(truth > self.high[:, j]):.1f}", f"{width[ended].mean():.3f}", f"{(~ended).sum()}",
                f"{error.mean():+.3f}", f"{error.std(ddof=1) / np.sqrt(len(error)):.3f}", f"{error.std():.3f}",
            )  # fmt: skip
        return render(
            f"{self.runs} data sets of {self.exposures} offers, {self.cost} cost: 95 % intervals",
            table,
            footer=(
                "below, above: % of the runs whose truth lies on that side; width: mean over those with ends;",
                "bias, error: mean and standard deviation of estimate less truth.",
                f"Coverage of {100 * LEAST:.1f} to {100 * MOST:.1f} %: {'yes' if self.is_calibrated else 'NO'}.",
            ),
        )


def calibrate(runs: int, *, cost: str = "logistic", exposures: int = 600, seed: int = 1) -> Calibration:
    """Return what intervals do on data sets with random weights and offers.

    Payoffs are up to 4; weights on charity and reciprocity are up to 1, half of the offers come with fun that is worth
    up to 2, and costs are such that some people join and some do not at most offers.
    """
    rows: list[tuple[Any, ...]] = []
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        weights = np.array([1.0, *rng.uniform(0.1, 1.0, 2), rng.uniform(0.2, 2.0)])
        payoffs = rng.uniform(0.0, 4.0, (exposures, 4))
        payoffs[:, 3] = rng.random(exposures) < 0.5
        scale = rng.uniform(0.7, 1.3)
        mean = rng.uniform(3.0, 5.0)
        law, truth = {
            "logistic": (CostModel.logistic(mean=mean, scale=scale), [*weights[1:], mean, scale]),
            "exponential": (CostModel.exponential(mean=4 * scale), [*weights[1:], 4 * scale]),
            "weibull:2": (CostModel.weibull(scale=5 * scale, shape=2), [*weights[1:], 5 * scale]),
        }[cost]
        took = simulate_exposures(weights, cost=law, payoffs=payoffs, rng=rng)
        found = infer_motives(payoffs, took, cost=cost)
        low, high = (np.append(found.weights_interval[1:, k], found.scale_interval[k]) for k in (0, 1))
        rows.append((truth, np.append(found.weights[1:], found.scale), low, high))
    names = (*found.names[1:], "scale of the cost")
    return Calibration(cost, exposures, names, *(np.array(column) for column in zip(*rows, strict=True)))


@click.command()
@click.option("--runs", default=500, show_default=True, type=click.IntRange(min=2), help="Data sets per law.")
@click.option("--exposures", default=600, show_default=True, help="Offers in a data set.")
@click.option("--cost", "costs", multiple=True, default=COSTS, type=click.Choice(COSTS), show_default=True)
@click.option("--seed", default=1, show_default=True, help="Names the data sets.")
def main(runs: int, exposures: int, costs: tuple[str, ...], seed: int) -> None:
    """Count how often intervals of motive weights cover the truth."""
    results = [calibrate(runs, cost=cost, exposures=exposures, seed=seed) for cost in costs]
    click.echo("\n\n".join(map(str, results)))
    if not all(result.is_calibrated for result in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
