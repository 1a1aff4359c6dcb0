"""Microfinance in 25 Indian villages: does the participation model foretell who joins in a village it has not seen?

    python -m benchmarks.studies.villages --out villages.svg

Leaders are told first. Every figure is for a village that was left out when everything was fitted; the form of the
model is chosen on the other villages alone. But the list of forms was drawn up with these villages in view: the form
asked each period was added after the others had been tried, and the support was limited where it ran away. Take-up
is that of households that are no leaders' (Banerjee, Chandrasekhar, Duflo and Jackson, "The diffusion of
microfinance", Science 341, 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from benchmarks.studies import panels, write
from mechanism import Graph, datasets
from mechanism.layers import Layer
from mechanism.vectors import Reals
from solvers.adoption import AdoptionFit, Introduction, fit_adoption
from solvers.centrality import diffusion_centrality
from solvers.plots import BLUE, GREY, ORANGE
from solvers.spectral import spectral_radius
from solvers.tables import plain_table, render

FORMS = (("once", False), ("once", True), ("repeated", False), ("repeated", True), ("settled", True))
NAMES = {
    ("once", False): "decide once",
    ("once", True): "decide once, support",
    ("repeated", False): "asked each period",
    ("repeated", True): "asked each period, support",
    ("settled", True): "Logit game, support",
}
DRAWS, WORLDS = 10_000, 100
SHORTEST = 5  # periods that every village has


@dataclass(frozen=True)
class Villages:
    """Households of all villages, one graph, and what is known of each village."""

    names: np.ndarray
    graph: Graph
    village: np.ndarray
    leader: np.ndarray
    joined: np.ndarray
    traits: Reals
    periods: np.ndarray
    published: Reals  # diffusion centrality in the authors' panel

    @property
    def tied(self) -> np.ndarray:
        """Households with a contact in the survey."""
        return self.graph.out_degree > 0

    def mean(self, values: Reals, among: np.ndarray) -> Reals:
        """Return the mean of each village."""
        number = len(self.names)
        total = np.bincount(self.village[among], values[among], number)
        return total / np.bincount(self.village[among], minlength=number)

    @property
    def take_up(self) -> Reals:
        return self.mean(self.joined.astype(float), ~self.leader)

    @property
    def controls(self) -> Reals:
        size = np.bincount(self.village)
        return np.column_stack([size, np.bincount(self.village, self.leader) / size])

    def centrality(self, periods: int | None = None) -> Reals:
        """Return the leaders' mean diffusion centrality in the largest component, as its authors computed it."""
        from scipy.sparse.csgraph import connected_components

        arcs = Layer(self.graph, 1.0).matrix
        component = connected_components(arcs)[1]
        found = []
        for number, last in enumerate(self.periods):
            here = np.flatnonzero(self.village == number)
            giant = here[component[here] == np.bincount(component[here]).argmax()]
            graph = Graph.from_scipy(arcs[giant][:, giant])
            q = spectral_radius(graph).critical_decay
            central = diffusion_centrality(graph, probability=q, periods=periods or int(last))
            found.append(central[self.leader[giant]].mean())
        return np.array(found)


def load() -> Villages:
    """Read the villages; households without a survey answer on electricity count as having it (3 of 5,655)."""
    homes, edges, panel = (
        pd.read_csv(datasets.path(f"games/india_{name}"), sep="\t", comment="#")
        for name in ("households", "edges", "panel")
    )
    place = pd.Series(np.arange(len(homes)), index=pd.MultiIndex.from_frame(homes[["village", "hh"]]))
    ends = [place.loc[list(zip(edges["village"], edges[end], strict=True))] for end in ("hh_u", "hh_v")]
    u, v = (end.to_numpy() for end in ends)
    arcs = coo_array((np.ones(len(u)), (u, v)), shape=(len(homes), len(homes)))
    names, village = np.unique(homes["village"], return_inverse=True)
    traits = [
        np.log1p(homes["rooms"]),
        np.log1p(homes["beds"]),
        homes["electricity"].fillna(1),
        homes["leader"],
    ]
    by_village = panel.groupby("village")
    return Villages(
        names=names,
        graph=Graph.from_scipy(arcs, directed=False),
        village=village,
        leader=homes["leader"].to_numpy() == 1,
        joined=homes["adopt"].to_numpy() == 1,
        traits=np.column_stack(traits).astype(float),
        periods=by_village["t"].max().to_numpy(),
        published=by_village["diffusion_centrality"].first().to_numpy(),
    )


def logit_score(traits: Reals, joined: np.ndarray, counted: np.ndarray) -> Reals:
    """Return everybody's log-odds of joining by a logit on traits, fitted to those counted by Newton's method."""
    columns = np.column_stack([np.ones(len(traits)), traits])
    x, y, weights = columns[counted], joined[counted], np.zeros(columns.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-x @ weights))
        step = np.linalg.solve((x * (chance * (1 - chance))[:, None]).T @ x, x.T @ (y - chance))
        weights += step
        if np.abs(step).max() < 1e-10:
            return columns @ weights
    raise RuntimeError("the logit did not converge")


@dataclass(frozen=True)
class Forecasts:
    """By fold: what is expected of all villages by a fit to all but one.

    take_up has shape (forms, folds, villages); households holds what is expected of each household by the fit without
    its own village. inner_error and inner_likelihood, of shape (forms, folds), judge a form on the villages of the
    fold, each left out in turn to first order.
    """

    take_up: Reals
    households: Reals
    inner_error: Reals
    inner_likelihood: Reals
    parameters: Reals

    @property
    def by_take_up(self) -> np.ndarray:
        """The form with the least inner error on take-up, for each fold; the first where they tie."""
        return self.inner_error.round(7).argmin(axis=0)

    @property
    def by_household(self) -> np.ndarray:
        """The form with the largest inner likelihood of households, for each fold."""
        return self.inner_likelihood.argmax(axis=0)


def forecast(data: Villages) -> Forecasts:
    """Fit every form once without each village."""
    count, tied, aim = len(data.names), data.tied, data.take_up
    among = tied & ~data.leader
    take_up = np.zeros((len(FORMS), count, count))
    households = np.zeros((len(FORMS), data.graph.n))
    error, likelihood = np.zeros((len(FORMS), count)), np.zeros((len(FORMS), count))
    parameters = np.zeros((len(FORMS), count, 3))
    last: dict[int, AdoptionFit] = {}
    for fold in range(count):
        others, own = data.village != fold, data.village == fold
        rest = np.arange(count) != fold
        setting = setting_of(data, logit_score(data.traits, data.joined, others & tied))
        for number, (rule, supported) in enumerate(FORMS):
            fit = fit_adoption(
                setting, data.joined, rule=rule, supported=supported, counted=others & tied,
                start=last.get(number),
            )  # fmt: skip
            last[number] = fit
            expected = fit.model.expected(setting).joined
            take_up[number, fold] = data.mean(expected, among)
            households[number, own] = expected[own]
            parameters[number, fold] = fit.model.intercept, fit.model.contact, fit.model.support
            inner = fit.left_out(data.village).joined
            error[number, fold] = ((data.mean(inner, among) - aim)[rest] ** 2).mean()
            chance = np.where(data.joined, inner, 1 - inner)[others & tied]
            likelihood[number, fold] = np.log(chance).sum()
    return Forecasts(take_up, households, error, likelihood, parameters)


def setting_of(data: Villages, score: Reals) -> Introduction:
    """Return the introduction of microfinance in all villages at once."""
    leaders = np.flatnonzero(data.leader)
    return Introduction(data.graph, first=leaders, periods=data.periods[data.village], score=score)


def left_out(columns: Reals, aim: Reals) -> Reals:
    """Return what least squares on the other villages foretells of each; columns (folds, villages, k) may differ."""
    count = len(aim)
    found = np.zeros(count)
    for fold in range(count):
        x = np.column_stack([np.ones(count), columns[fold]])
        rest = np.arange(count) != fold
        found[fold] = x[fold] @ np.linalg.lstsq(x[rest], aim[rest], rcond=None)[0]
    return found


def explained(columns: Reals, aim: Reals) -> float:
    """Return the R2 of least squares in the sample."""
    x = np.column_stack([np.ones(len(aim)), columns])
    rest = aim - x @ np.linalg.lstsq(x, aim, rcond=None)[0]
    return float(1 - rest @ rest / ((aim - aim.mean()) @ (aim - aim.mean())))


def predictive(foretold: Reals, aim: Reals) -> float:
    """Return the R2 out of sample: the squared error saved of that of the mean of the other villages."""
    naive = (aim - aim.mean()) * len(aim) / (len(aim) - 1)
    return float(1 - ((aim - foretold) ** 2).sum() / (naive @ naive))


def pairs_by_village(
    score: Reals, joined: np.ndarray, village: np.ndarray, among: np.ndarray
) -> tuple[Reals, Reals]:
    """Return in each village the pairs of a joiner and another that the score orders rightly (ties half), and all."""
    from scipy.stats import rankdata

    right, total = [], []
    for number in range(village.max() + 1):
        here = among & (village == number)
        acts = joined[here]
        ones = acts.sum()
        right.append(rankdata(score[here])[acts].sum() - ones * (ones + 1) / 2)
        total.append(ones * (len(acts) - ones))
    return np.array(right, dtype=float), np.array(total, dtype=float)


def resampled(statistic: Sequence[Reals], whole: Reals, seed: int = 11) -> tuple[float, float]:
    """Return the 95 % interval over draws of villages of (sum of first less sum of second) / sum of whole."""
    draws = np.random.default_rng(seed).integers(len(whole), size=(DRAWS, len(whole)))
    gap = (statistic[0] - statistic[1])[draws].sum(axis=1) / whole[draws].sum(axis=1)
    low, high = np.quantile(gap, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class Report:
    """What is foretold of each village by every way, and how well households are told apart."""

    data: Villages
    forecasts: Forecasts
    village: dict[str, tuple[float, Reals]]  # name: R2 in the sample, forecasts left out
    households: dict[str, Reals]  # name: chances left out
    bias: float  # of expected take-up, which takes neighbours for independent, against simulated worlds

    @property
    def aim(self) -> Reals:
        return self.data.take_up

    def auc(self, name: str, *, leaders: bool = True) -> float:
        """Return the share of pairs within villages that a score orders rightly."""
        right, total = self.pairs(name, leaders=leaders)
        return float(right.sum() / total.sum())

    def pairs(self, name: str, *, leaders: bool = True) -> tuple[Reals, Reals]:
        data = self.data
        among = data.tied if leaders else data.tied & ~data.leader
        return pairs_by_village(self.households[name], data.joined, data.village, among)

    def gap_in_r2(self, first: str, second: str) -> tuple[float, float, float]:
        """Return by how much the first foretells better than the second in R2, and the interval over villages."""
        errors = [(self.aim - self.village[name][1]) ** 2 for name in (second, first)]
        count = len(self.aim)
        naive = ((self.aim - self.aim.mean()) * count / (count - 1)) ** 2
        gap = float((errors[0] - errors[1]).sum() / naive.sum())
        return gap, *resampled(errors, naive)

    def gap_in_auc(self, first: str, second: str, *, leaders: bool = True) -> tuple[float, float, float]:
        """Return the same in AUC."""
        (better, total), (worse, _) = (self.pairs(name, leaders=leaders) for name in (first, second))
        return float((better - worse).sum() / total.sum()), *resampled((better, worse), total)


OURS, PUBLISHED = "ours, as it is", "controls + diffusion centrality"
PLAIN = "covariates and periods, no network"
COVARIATES, DEGREE, MODEL, SEEN = (
    "covariates",
    "covariates + log degree",
    "ours: expected participation",
    "ours + what the neighbours did",
)


def study(data: Villages) -> Report:
    """Fit everything without each village in turn."""
    aim, count = data.take_up, len(data.names)
    forecasts = forecast(data)
    ours = forecasts.take_up[forecasts.by_take_up, np.arange(count)]  # folds, villages
    whole = setting_of(data, logit_score(data.traits, data.joined, data.tied))
    rule, supported = FORMS[np.bincount(forecasts.by_take_up).argmax()]
    fit = fit_adoption(whole, data.joined, rule=rule, supported=supported, counted=data.tied)
    among = data.tied & ~data.leader
    inside = data.mean(fit.model.expected(whole).joined, among)
    drawn = data.mean(fit.model.simulate(whole, replicates=WORLDS, rng=11).joined, among)
    central, short = data.centrality(), data.centrality(SHORTEST)
    ways = {
        "the mean of the others": [],
        "controls": [*data.controls.T],
        PUBLISHED: [*data.controls.T, central],
        "diffusion centrality alone": [central],
        f"the same, {SHORTEST} periods everywhere": [short],
        "number of periods alone": [data.periods],
    }
    village = {}
    for name, given in ways.items():
        columns = np.array(given, dtype=float).reshape(len(given), count).T
        stacked = np.broadcast_to(columns, (count, *columns.shape))
        village[name] = explained(columns, aim), left_out(stacked, aim)
    village[OURS] = 1 - ((aim - inside) ** 2).sum() / ((aim - aim.mean()) ** 2).sum(), ours.diagonal()
    village[PLAIN] = without_network(data)
    base = np.column_stack([data.controls, central])
    stacked = np.stack([np.column_stack([base, ours[fold]]) for fold in range(count)])
    village[PUBLISHED + " + ours"] = explained(np.column_stack([base, inside]), aim), left_out(stacked, aim)
    bias = float((inside - drawn).mean())
    return Report(data, forecasts, village, household_scores(data, forecasts), bias)


def without_network(data: Villages) -> tuple[float, Reals]:
    """Return R2 and forecasts of the form asked each period if everybody is told at once: one parameter."""
    from scipy.optimize import minimize_scalar

    among, aim = data.tied & ~data.leader, data.take_up

    def fitted(counted: np.ndarray) -> Reals:
        score = logit_score(data.traits, data.joined, counted)

        def chance(intercept: float) -> Reals:
            return 1 - (1 + np.exp(score + intercept)) ** -data.periods[data.village].astype(float)

        def loss(intercept: float) -> float:
            own = chance(intercept)
            return -float(np.log(np.where(data.joined, own, 1 - own))[counted].sum())

        return data.mean(chance(minimize_scalar(loss, bounds=(-6, 6), method="bounded").x), among)

    outside = [fitted(data.tied & (data.village != fold))[fold] for fold in range(len(aim))]
    rest = aim - fitted(data.tied)
    return float(1 - rest @ rest / ((aim - aim.mean()) @ (aim - aim.mean()))), np.array(outside)


def household_scores(data: Villages, forecasts: Forecasts) -> dict[str, Reals]:
    """Return the chance that each household joins by fits without its village."""
    degree = np.log1p(data.graph.out_degree)
    matrix = Layer(data.graph, 1.0).matrix
    seen = matrix @ data.joined / np.maximum(data.graph.out_degree, 1)
    ours = np.zeros(data.graph.n)
    for fold, form in enumerate(forecasts.by_household):
        own = data.village == fold
        ours[own] = forecasts.households[form, own]
    known = np.log(np.maximum(ours, 1e-9))
    columns = {
        COVARIATES: data.traits,
        DEGREE: np.column_stack([data.traits, degree]),
        SEEN: np.column_stack([known, seen]),
    }
    found = {MODEL: ours}
    for name, given in columns.items():
        score = np.zeros(data.graph.n)
        for fold in range(len(data.names)):
            own = data.village == fold
            score[own] = 1 / (1 + np.exp(-logit_score(given, data.joined, data.tied & ~own)[own]))
        found[name] = score
    return found


def tables(report: Report) -> str:
    """Return the tables and the verdict."""
    aim, forecasts = report.aim, report.forecasts
    first = plain_table(("take-up of a village from", "R2 inside", "R2 left out", "RMSE", "mean error"))
    for name, (inside, foretold) in report.village.items():
        wrong = aim - foretold
        first.add_row(
            name, f"{inside:.3f}", f"{predictive(foretold, aim):.3f}",
            f"{100 * np.sqrt((wrong**2).mean()):.2f}", f"{100 * np.abs(wrong).mean():.2f}",
        )  # fmt: skip
    second = plain_table(
        (
            "form of the model",
            "R2 left out",
            "log-chance",
            "AUC",
            "contact",
            "support",
            "chosen by take-up",
            "by households",
        )
    )
    tied, data = report.data.tied, report.data
    for number, form in enumerate(FORMS):
        right, total = pairs_by_village(forecasts.households[number], data.joined, data.village, tied)
        chance = np.where(data.joined, forecasts.households[number], 1 - forecasts.households[number])
        contact, support = forecasts.parameters[number, :, 1:].mean(axis=0)
        second.add_row(
            NAMES[form], f"{predictive(forecasts.take_up[number].diagonal(), aim):.3f}",
            f"{np.log(chance[tied]).sum():.1f}", f"{right.sum() / total.sum():.4f}", f"{contact:.2f}", f"{support:.2f}",
            str((forecasts.by_take_up == number).sum()), str((forecasts.by_household == number).sum()),
        )  # fmt: skip
    third = plain_table(
        ("households told apart by", "log-chance", "AUC", "AUC, no leaders", "above covariates", "95 %")
    )
    for name in (COVARIATES, DEGREE, MODEL, SEEN):
        gap, low, high = report.gap_in_auc(name, COVARIATES)
        chance = report.households[name]
        chance = np.where(data.joined, chance, 1 - chance)[tied]
        third.add_row(
            name, f"{np.log(chance).sum():.1f}", f"{report.auc(name):.4f}", f"{report.auc(name, leaders=False):.4f}",
            f"{gap:+.4f}", f"{low:+.4f}..{high:+.4f}",
        )  # fmt: skip
    return "\n\n".join(
        (
            render("Take-up of 25 villages, each left out", first, footer=(
                "R2 left out: squared error saved of that of the mean of the other villages. Errors in points.",
            )),
            render("Forms, each fitted without the village; chosen on the other villages alone", second),
            render("Households within villages", third, footer=(
                "what the neighbours did is known only afterwards: no forecast, but what neighbours share.",
            )),
            "\n".join(verdict(report)),
        )
    )  # fmt: skip


def verdict(report: Report) -> list[str]:
    """Say what is reached and where the model loses."""
    aim, names = report.aim, report.data.names
    lines = []
    for rival in (PUBLISHED, "diffusion centrality alone", PLAIN, "the mean of the others"):
        gap, low, high = report.gap_in_r2(OURS, rival)
        word = "above" if low > 0 else "below" if high < 0 else "not told apart from"
        lines.append(f"R2 left out, ours less {rival}: {gap:+.3f} ({low:+.3f}..{high:+.3f}): {word} it.")
    gap, low, high = report.gap_in_auc(MODEL, DEGREE)
    lines.append(f"AUC, ours less {DEGREE}: {gap:+.4f} ({low:+.4f}..{high:+.4f}).")
    lines.append(
        f"Expected less simulated take-up of a village, ours: {100 * report.bias:+.1f} points on average."
    )
    lost = (aim - report.village[OURS][1]) ** 2 - (aim - report.village[PUBLISHED][1]) ** 2
    worst = ", ".join(
        f"{names[i]} ({100 * aim[i]:.0f} % joined, {100 * report.village[OURS][1][i]:.0f} % foretold)"
        for i in np.argsort(-lost)[:3]
    )
    lines.append(f"Ours loses most to {PUBLISHED} in villages {worst}.")
    return lines


def picture(report: Report, out: Path | None) -> None:
    """Draw what was foretold against what came, and R2 inside the sample beside that left out."""
    figure, (left, right) = panels(2)
    aim = 100 * report.aim
    for name, color, marker in ((PUBLISHED, ORANGE, "s"), (OURS, BLUE, "o")):
        left.plot(
            100 * report.village[name][1], aim, marker, color=color, markersize=4.5, label=name, alpha=0.85
        )
    ends = [5, 47]
    left.plot(ends, ends, color=GREY, linewidth=1)
    left.set(xlim=(5, 35), ylim=ends, xlabel="foretold take-up (%), village left out", ylabel="take-up (%)")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), fontsize=8, frameon=False)
    names = list(report.village)
    place = np.arange(len(names))
    inside = [report.village[name][0] for name in names]
    outside = [predictive(report.village[name][1], report.aim) for name in names]
    right.barh(place - 0.2, inside, 0.38, color="#BBBBBB", label="in the sample")
    right.barh(place + 0.2, outside, 0.38, color=BLUE, label="village left out")
    right.axvline(0, color=GREY, linewidth=1)
    right.set_yticks(place, [name.replace(" + ", "\n+ ", 1) for name in names], fontsize=7)
    right.invert_yaxis()
    right.grid(visible=False, axis="y")
    right.set_xlabel("R2 of take-up")
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=8, frameon=False)
    write(figure, out)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the figure: .svg, .png or .pdf.")
def main(out: Path | None) -> None:
    """Foretell take-up in villages that were left out."""
    report = study(load())
    click.echo(tables(report))
    picture(report, out)


if __name__ == "__main__":
    main()
