"""Small-world chains: how many people drop out at each step, and how long chains would be if nobody did.

    python -m benchmarks.studies.chains --out chains.svg

Of a completed chain we see how many intermediaries it had. Each of them passed it on with chance s = 1 - r, so the
lengths of completed chains follow g(L) s^L up to a constant, where g are the lengths without attrition. These alone
say nothing of r: any r fits them perfectly with its own g. The number of chains started bounds r, as the sum of s^-L
over completed chains is at most that number. It is that number, and r known, if every chain would arrive in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit, gammaln, logit

from benchmarks.studies import panels, write
from mechanism import ReferralForest, datasets
from solvers.plots import BLUE, GREEN, GREY, ORANGE
from solvers.tables import plain_table, render

Reals = NDArray[np.float64]
STARTED = {"milgram1967": 217, "dodds2003": 24163}
"""Chains that the first person passed on: Travers and Milgram 1969; Dodds, Muhamad and Watts 2003."""
LONGEST = 12
_LEAST, _MOST = -12.0, 12.0  # log-odds of dropping out


@dataclass(frozen=True, slots=True)
class Attrition:
    """Intermediary j = 1, 2, ... drops out with log-odds level + slope (j - 1)."""

    level: float
    slope: float = 0.0

    @property
    def rate(self) -> float:
        """Chance that the first intermediary drops out; everyone's if the slope is 0."""
        return float(expit(self.level))

    def survival(self, lengths: int = LONGEST) -> Reals:
        """Return the chance that 0, 1, ... intermediaries all pass the chain on."""
        return np.cumprod(np.r_[1.0, expit(-self.level - self.slope * np.arange(lengths))])


def chains() -> dict[str, NDArray[np.int64]]:
    """Return the completed chains of each study by intermediaries, 0..12."""
    table = pd.read_csv(datasets.path("trees/smallworld_chain_lengths"), sep="\t", comment="#")
    return {
        str(study): np.bincount(rows["intermediaries"], rows["chains"], minlength=LONGEST + 1).astype(
            np.int64
        )
        for study, rows in table.groupby("study", sort=False)
    }


def fit(completed: Reals, started: float, slope: float = 0.0) -> Attrition:
    """Return the attrition with which the completed chains are so many of those started."""
    counts = np.asarray(completed, dtype=np.float64)

    def missing(level: float) -> float:
        return float(
            np.log(counts @ (1 / Attrition(level, slope).survival(len(counts) - 1))) - np.log(started)
        )

    return Attrition(float(brentq(missing, _LEAST, _MOST)), slope)


def fit_given(lengths: Reals, share: float, slope: float = 0.0) -> Attrition:
    """Return the attrition that leaves so large a share of chains with given lengths."""

    def missing(level: float) -> float:
        return float(np.log(lengths @ Attrition(level, slope).survival(len(lengths) - 1)) - np.log(share))

    return Attrition(float(brentq(missing, _LEAST, _MOST)), slope)


def corrected(completed: Reals, attrition: Attrition) -> Reals:
    """Return the law of lengths without attrition."""
    weights = np.asarray(completed) / attrition.survival(len(completed) - 1)
    return weights / weights.sum()


def median(law: Reals) -> int:
    """Return the median length of a law on 0, 1, ..."""
    return int(np.searchsorted(np.cumsum(law), 0.5 * law.sum()))


def spread(completed: Reals, started: int, slope: float, *, rng: np.random.Generator) -> Reals:
    """Return rates and corrected medians of the study repeated by the bootstrap, shape (500, 2)."""
    law = np.r_[completed, started - completed.sum()] / started
    out = []
    for sample in rng.multinomial(started, law, size=500)[:, :-1].astype(np.float64):
        found = fit(sample, started, slope)
        out.append((found.rate, median(corrected(sample, found))))
    return np.array(out)


def jazz_slope() -> tuple[float, float]:
    """Return by how much the log-odds of recruiting nobody rise from wave to wave in a real forest, and the s.e."""
    forest = ReferralForest.from_file(datasets.path("trees/rds_nyjazz"))
    wave = forest.depths - 1
    idle = np.bincount(forest.parents[forest.parents >= 0], minlength=forest.size) == 0
    x, y = wave[wave >= 1] - 1.0, idle[wave >= 1]

    def loss(theta: Reals) -> float:
        z = theta[0] + theta[1] * x
        return float(np.logaddexp(0, z).sum() - z[y].sum())

    theta = minimize(loss, [0.0, 0.0], method="BFGS").x
    p = expit(theta[0] + theta[1] * x)
    design = np.stack([np.ones_like(x), x])
    information = (design * (p * (1 - p))) @ design.T
    return float(theta[1]), float(np.sqrt(np.linalg.inv(information)[1, 1]))


def poisson_law(mean: float) -> Reals:
    """Return a Poisson law cut at the longest length."""
    k = np.arange(LONGEST + 1)
    law = np.exp(k * np.log(mean) - gammaln(k + 1))
    return law / law.sum()


def smoothed(completed: Reals) -> Reals:
    """Return shares with half a chain added to each length: no length is impossible."""
    return (completed + 0.5) / (completed + 0.5).sum()


def predictions(seen: Reals, started_seen: int, share: float, slope: float) -> dict[str, Reals]:
    """Return laws of another study's completed lengths, from this study's and the other's completed share alone."""
    poisson = poisson_law(float(seen @ np.arange(len(seen)) / seen.sum()))
    out = {}
    for name, law, steps in (
        ("constant attrition", smoothed(seen), 0.0),
        ("constant attrition, Poisson", poisson, 0.0),
        ("rising attrition (jazz)", smoothed(seen), slope),
    ):
        truth = corrected(law, fit(law * seen.sum(), started_seen, steps))
        kept = truth * fit_given(truth, share, steps).survival()
        out[name] = kept / kept.sum()
    out["same lengths (naive)"] = smoothed(seen)
    out["all lengths alike (naive)"] = np.full(len(seen), 1 / len(seen))
    return out


def log_score(law: Reals, completed: Reals) -> float:
    """Return the mean logarithm of the chance of a completed length, nats: the larger, the better."""
    some = completed > 0
    return float(completed[some] @ np.log(law[some]) / completed.sum())


@click.command()
@click.option(
    "--milgram-started", default=STARTED["milgram1967"], show_default=True, help="Chains of Milgram's."
)
@click.option(
    "--dodds-started", default=STARTED["dodds2003"], show_default=True, help="Chains of Dodds et al."
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the picture.")
def main(milgram_started: int, dodds_started: int, out: Path | None) -> None:
    """Estimate attrition in small-world chains, correct lengths for it, and predict one study from the other."""
    data = {name: counts.astype(np.float64) for name, counts in chains().items()}
    started = {"milgram1967": milgram_started, "dodds2003": dodds_started}
    slope, error = jazz_slope()
    table = plain_table(
        ("study", "completed", "started", "attrition", "drop-out at 1st", "90 %", "median", "without", "90 %")
    )
    for study, counts in data.items():
        for name, steps in (("constant", 0.0), ("rising (jazz)", slope)):
            found = fit(counts, started[study], steps)
            again = spread(counts, started[study], steps, rng=np.random.default_rng(7))
            (low, least), (high, most) = np.quantile(again, [0.05, 0.95], axis=0)
            table.add_row(
                study, f"{counts.sum():.0f}", f"{started[study]:,}", name, f"{found.rate:.3f}",
                f"{low:.3f}-{high:.3f}", str(median(counts)), str(median(corrected(counts, found))),
                f"{least:.0f}-{most:.0f}",
            )  # fmt: skip
    notes = (
        "median: intermediaries of completed chains; without: of all chains, had nobody dropped out.",
        f"rising: log-odds of dropping out rise by {slope:.3f} (s.e. {error:.3f}) a step, as in the jazz forest.",
        "If some chains would never arrive, fewer drop out and lengths are shorter: upper bounds, if people are alike.",
    )
    click.echo(render("Attrition in small-world chains", table, footer=notes))

    table = plain_table(
        ("if r were", *(f"{study}: {what}" for study in data for what in ("fit", "started", "median"))),
        left=0,
    )
    for rate in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        cells = [f"{rate:.1f}"]
        for counts in data.values():
            attrition = Attrition(float(logit(max(rate, 1e-12))))
            truth = corrected(counts, attrition)
            again = truth * attrition.survival()
            score = log_score(again / again.sum(), counts)
            total = counts @ (1 / attrition.survival())
            cells += [f"{score:.4f}", f"{total:,.0f}", str(median(truth))]
        table.add_row(*cells)
    notes = (
        "fit: mean log chance of the completed lengths. It is the same for every r: lengths alone do not identify it.",
        "started, median: chains that must have been started, and their median length without attrition.",
    )
    click.echo("\n" + render("What completed chains leave open", table, footer=notes))

    pairs = (("milgram1967", "dodds2003"), ("dodds2003", "milgram1967"))
    laws = {
        seen: predictions(data[seen], started[seen], data[other].sum() / started[other], slope)
        for seen, other in pairs
    }
    table = plain_table(
        ("predicted by", *(f"{other} from {seen}" for seen, other in pairs), *("mean length",) * 2)
    )
    for name in laws["milgram1967"]:
        cells = [f"{log_score(laws[seen][name], data[other]):.3f}" for seen, other in pairs]
        cells += [f"{laws[seen][name] @ np.arange(LONGEST + 1):.2f}" for seen, _ in pairs]
        table.add_row(name, *cells)
    cells = [f"{log_score(data[other] / data[other].sum(), data[other]):.3f}" for _, other in pairs]
    cells += [f"{data[other] @ np.arange(LONGEST + 1) / data[other].sum():.2f}" for _, other in pairs]
    table.add_row("what came (not reachable)", *cells)
    click.echo(
        "\n"
        + render(
            "Lengths of completed chains in one study, predicted from the other",
            table,
            footer=(
                "Mean log chance of a completed length, nats: the larger, the better. The other study gives only its",
                "share of completed chains.",
            ),
        )
    )
    figure, axes = panels(2)
    lengths = np.arange(LONGEST + 1)
    for ax, (seen, other) in zip(axes, pairs, strict=True):
        ax.bar(lengths, data[other] / data[other].sum(), color=GREY, alpha=0.3, label=f"{other}, completed")
        for name, color, mark in (
            ("constant attrition", BLUE, "o"),
            ("rising attrition (jazz)", GREEN, "^"),
            ("same lengths (naive)", ORANGE, "s"),
        ):
            ax.plot(lengths, laws[seen][name], color=color, marker=mark, markersize=4, label=name)
        ax.set_title(f"{other} from {seen}", loc="left", fontsize=10)
        ax.set_xlabel("intermediaries")
        ax.set_ylabel("share of completed chains")
        ax.legend(fontsize=8, frameon=False)
    write(figure, out)


if __name__ == "__main__":
    main()
