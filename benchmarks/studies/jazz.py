"""A real recruitment forest: what its first waves tell of the later ones.

    python -m benchmarks.studies.jazz --out jazz.svg

Jazz musicians of New York recruited one another with coupons. The model sees waves 0 to 3, 4 or 5 and nothing
later: not the numbers of the members either, which follow the order of the interviews and would give the size away.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy.stats import binom, poisson

from benchmarks.studies import panels, write
from mechanism import ReferralForest, datasets
from solvers.forest_forecast import Forecast, RecruitmentPrior, forecast
from solvers.tables import plain_table, render

ORIGINS, UNTIL, LEVEL, DRAWS = (3, 4, 5), 12, 0.9, 4000
QUOTED = {"last wave carried forward": (1.39, 23.6), "hurdle branching with depletion": (0.48, 3.47)}
"""CRPS and interval score of these two in another implementation, for orientation."""
VARIANTS = {
    "without attrition": RecruitmentPrior(attrition=0.0),
    "without depletion": RecruitmentPrior(reach=np.inf),
    "without swings": RecruitmentPrior(swing=0.0),
    "twice the attrition": RecruitmentPrior(attrition=0.2),
    "vaguer recruits": RecruitmentPrior(recruits_spread=1.0),
}
"""Other priors, to see what the choice matters; none was chosen by its score."""


def jazz() -> tuple[ReferralForest, np.ndarray]:
    """Return the forest and the coupons of its members."""
    path = datasets.path("trees/rds_nyjazz")
    table = pd.read_csv(path, sep="\t", comment="#")
    return ReferralForest.from_file(path), table["coupons"].to_numpy()


def carried(members: np.ndarray, ahead: int, rng: np.random.Generator) -> np.ndarray:
    """Return futures in which every wave is as the last one, up to Poisson noise."""
    return rng.poisson(members[-1], (DRAWS, ahead))


def hurdle(forest: ReferralForest, through: int, ahead: int, rng: np.random.Generator) -> np.ndarray:
    """Return futures of a hurdle branching process with depletion, its parameters drawn by their likelihood.

    A recruited member recruits anybody with chance h, and then one or more by a Poisson law cut at 0; each of those
    counts if it is not taken yet, with chance 1 - members so far / M. A grid of h, of the law's mean and of M.
    """
    wave = forest.depths - 1
    recruits = np.bincount(forest.parents[(wave <= through) & (forest.parents >= 0)], minlength=forest.size)
    members = np.bincount(wave[wave <= through])
    taken, k = np.cumsum(members), np.arange(31)
    chances, means = np.linspace(0.05, 1, 39), np.linspace(0.2, 4, 39)
    reaches = members.sum() * np.geomspace(1.01, 100, 40)
    cut = poisson.pmf(k, means[:, None]) * (k > 0)
    cut /= cut.sum(axis=1, keepdims=True)
    fit = np.zeros((len(reaches), len(means), len(chances)))
    for d, (i, reach) in product(range(1, through), enumerate(reaches)):
        some = cut @ binom.pmf(k[:, None], k, 1 - taken[d] / reach).T  # by mean: those not taken yet
        law = chances[None, :, None] * some[:, None] + (1 - chances)[None, :, None] * (k == 0)
        fit[i] += np.log(np.maximum(law, 1e-300)) @ np.bincount(recruits[wave == d], minlength=len(k))
    weight = np.exp(fit - fit.max()).ravel()
    drawn = rng.choice(fit.size, DRAWS, p=weight / weight.sum())
    at = np.unravel_index(drawn, fit.shape)
    reach, mean, chance = reaches[at[0]], means[at[1]], chances[at[2]]
    out = np.zeros((DRAWS, ahead), dtype=np.int64)
    alive, total = np.full(DRAWS, members[-1]), np.full(DRAWS, members.sum())
    for step in range(ahead):
        whose = np.repeat(np.arange(DRAWS), alive)
        whose = whose[rng.random(len(whose)) < chance[whose]]
        u = rng.uniform(np.exp(-mean)[whose], 1.0)
        meant = np.bincount(whose, poisson.ppf(u, mean[whose]), minlength=DRAWS).astype(int)
        alive = rng.binomial(meant, np.clip(1 - total / reach, 0, 1))
        out[:, step], total = alive, total + alive
    return out


def as_forecast(members: np.ndarray, sample: np.ndarray) -> Forecast:
    """Return futures as a forecast, to be scored alike."""
    return Forecast(members, sample, {}, float(len(sample)))


def forecasts(forest: ReferralForest, coupons: np.ndarray, through: int) -> dict[str, Forecast]:
    """Return the forecasts from one origin: ours first, then the two baselines."""
    wave = forest.depths - 1
    members = np.bincount(wave[wave <= through])
    ahead = UNTIL - through
    ours = forecast(forest, through=through, until=UNTIL, coupons=coupons, rng=7, draws=DRAWS)
    last, process = QUOTED
    return {
        "recruitment with attrition": ours,
        last: as_forecast(members, carried(members, ahead, np.random.default_rng(7))),
        process: as_forecast(members, hurdle(forest, through, ahead, np.random.default_rng(7))),
    }


def truth(forest: ReferralForest, through: int) -> np.ndarray:
    """Return the members of the waves after an origin."""
    return np.bincount(forest.depths - 1, minlength=UNTIL + 1)[through + 1 :]


def compare(forest: ReferralForest, coupons: np.ndarray) -> tuple[dict[str, np.ndarray], dict[int, Forecast]]:
    """Return the scores of every model by origin, shape (origins, 3), and our forecasts."""
    scores: dict[str, list[tuple[float, float, float]]] = {}
    ours = {}
    for through in ORIGINS:
        came = truth(forest, through)
        found = forecasts(forest, coupons, through)
        ours[through] = next(iter(found.values()))
        for name, prior in VARIANTS.items():
            found[f"ours, {name}"] = forecast(
                forest, through=through, until=UNTIL, coupons=coupons, rng=7, draws=DRAWS, prior=prior
            )
        for name, one in found.items():
            scores.setdefault(name, []).append(one.scores(came, level=LEVEL))
    return {name: np.array(rows) for name, rows in scores.items()}, ours


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the picture.")
def main(out: Path | None) -> None:
    """Forecast the later waves of a real recruitment forest from the first ones."""
    forest, coupons = jazz()
    scores, ours = compare(forest, coupons)
    table = plain_table(
        (
            "model",
            *(f"{what} {w}" for what in ("CRPS", "score") for w in ORIGINS),
            "CRPS",
            "score",
            "inside",
            "quoted",
        )
    )
    for name, rows in scores.items():
        quoted = " / ".join(map(str, QUOTED[name])) if name in QUOTED else ""
        mean = rows.mean(axis=0)
        cells = [*(f"{x:.2f}" for x in (*rows[:, 0], *rows[:, 1])), *(f"{x:.3f}" for x in mean[:2])]
        table.add_row(name, *cells, f"{100 * mean[2]:.0f} %", quoted)
    click.echo(
        render(
            "Log members of the waves up to 12, forecast from waves 0 to 3, 4 and 5",
            table,
            footer=(
                "CRPS and score (of the 90 % interval) of log(1 + members), by origin and on average: the smaller, the",
                "better. inside: waves within the 90 % interval. quoted: CRPS and score of another implementation.",
                "ours, ...: with another prior; shown, not chosen from.",
            ),
        )
    )
    table = plain_table(("waves seen", "members", "90 %", "came", "last wave", "90 %", "came"), left=0)
    for through, one in ours.items():
        cells = [f"0-{through}"]
        for sample, came in ((one.size, forest.size), (one.last_wave, int(forest.depths.max()) - 1)):
            low, middle, high = np.quantile(sample, [0.05, 0.5, 0.95])
            cells += [f"{middle:.0f}", f"{low:.0f}-{high:.0f}", str(came)]
        table.add_row(*cells)
    click.echo("\n" + render("Size and depth of the forest by wave 12", table))
    figure, axes = panels(len(ORIGINS), share=True)
    for ax, (through, one) in zip(axes, ours.items(), strict=True):
        one.plot(members=truth(forest, through).tolist(), ax=ax)
        ax.set_title(f"waves 0 to {through} seen", loc="left", fontsize=10)
        ax.set_ylabel("members of the wave" if ax is axes[0] else "")
        ax.set_xticks(range(0, UNTIL + 1, 2))
        if ax is not axes[0]:
            ax.get_legend().remove()
    write(figure, out)


if __name__ == "__main__":
    main()
