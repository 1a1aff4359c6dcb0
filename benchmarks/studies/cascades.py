"""Cascades of tags: how many users take one up, against a contact model fitted to other tags.

    python -m benchmarks.studies.cascades --out cascades.svg

Users of a question site took up 589 tags one after another. On the first 411 (the split of those who published the
data) we fit by maximum likelihood the chance p with which a contact who uses a tag passes it on, the chance e of taking
it up alone, and how tags differ; of the 178 others we know the first three users and forecast how many follow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from scipy.stats import spearmanr

from benchmarks.studies import panels, write
from mechanism import Graph, datasets
from solvers.diffusion import spread
from solvers.forest_forecast import crps, interval_score
from solvers.plots import BLUE, GREY, ORANGE
from solvers.tables import plain_table, render

Reals = NDArray[np.float64]
KNOWN = 3  # first users of a cascade that are given
ZEALS = np.geomspace(1 / 16, 8, 13)  # how catching a tag may be, against the average
RATIOS = np.geomspace(1 / 4, 4, 9)  # contacts against taking up alone, against the fit with all tags alike
WORLDS, DRAWS = 40, 1000


@dataclass(frozen=True, slots=True)
class Cascade:
    """Users in the order in which they took up a tag, and days until the last of the known ones did."""

    users: NDArray[np.int64]
    days: float
    train: bool

    @property
    def size(self) -> int:
        return len(self.users)


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """Chances of passing on and of taking up alone, and the zeals by which tags multiply both."""

    contact: float
    alone: float
    zeals: Reals
    weights: Reals


def data() -> tuple[Graph, list[Cascade]]:
    """Return the contacts, in both directions, and the cascades with at least the known users."""
    arcs = pd.read_csv(datasets.path("cascades/christianity_graph"), sep="\t", comment="#").to_numpy()
    events = pd.read_csv(datasets.path("cascades/christianity_cascades"), sep="\t", comment="#")
    graph = Graph.from_edges(arcs[:, 0], arcs[:, 1], directed=False, duplicates="merge")
    number = {label: i for i, label in enumerate(graph.labels)}
    cascades = [
        Cascade(
            np.array([number[u] for u in rows["user"]]),
            float(rows["t"].iloc[KNOWN - 1]) / 86400,
            rows["split"].iloc[0] == "train",
        )
        for _, rows in events.groupby("cascade")
        if len(rows) >= KNOWN
    ]
    return graph, cascades


def exposures(graph: Graph, cascades: list[Cascade]) -> tuple[Reals, Reals]:
    """Return how many users took up each tag, and how many did not, by contacts who used it before."""
    most = int(graph.out_degree.max()) + 1
    took, stayed = np.zeros((2, len(cascades), most))
    for c, one in enumerate(cascades):
        using = np.zeros(graph.n, dtype=np.int64)
        for i, user in enumerate(one.users):
            if i >= KNOWN:
                took[c, using[user]] += 1
            using[graph.indices[graph.indptr[user] : graph.indptr[user + 1]]] += 1
        out = np.ones(graph.n, dtype=bool)
        out[one.users] = False
        stayed[c] = np.bincount(using[out], minlength=most)
    seen = took.any(axis=0) | stayed.any(axis=0)
    last = int(np.flatnonzero(seen)[-1]) + 1
    return took[:, :last], stayed[:, :last]


def likelihood(took: Reals, stayed: Reals, contact: float, alone: float) -> Reals:
    """Return the log-likelihood of each cascade: a user stays with chance (1 - e) (1 - p)^k, k contacts using."""
    stay = np.log1p(-min(alone, 1 - 1e-12)) + np.arange(took.shape[1]) * np.log1p(-min(contact, 1 - 1e-12))
    return np.asarray(took @ np.log(np.maximum(-np.expm1(stay), 1e-300)) + stayed @ stay)


def alike(took: Reals, stayed: Reals) -> Contacts:
    """Fit one chance to pass on and one to take up alone to all tags."""
    found = minimize(
        lambda t: -likelihood(took, stayed, *map(float, expit(t))).sum(), [-5.0, -6.0], method="Nelder-Mead"
    )
    contact, alone = expit(found.x)
    return Contacts(float(contact), float(alone), np.ones(1), np.ones(1))


def by_zeal(took: Reals, stayed: Reals, model: Contacts) -> Reals:
    """Return the log-likelihood of each cascade at each zeal, shape (cascades, zeals)."""
    parts = [likelihood(took, stayed, z * model.contact, z * model.alone) for z in model.zeals]
    return np.stack(parts, axis=1)


def differing(took: Reals, stayed: Reals, base: Contacts) -> Contacts:
    """Fit a law of zeals: its weights by expectation maximisation, contacts against taking up alone on a grid."""
    best, fit = -np.inf, base
    for ratio in np.sqrt(RATIOS):
        weights = np.full(len(ZEALS), 1 / len(ZEALS))
        tried = Contacts(base.contact * ratio, base.alone / ratio, ZEALS, weights)
        logs = by_zeal(took, stayed, tried)
        top = logs.max(axis=1, keepdims=True)
        chance = np.exp(logs - top)
        for _ in range(300):
            shares = chance * weights
            weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
        value = float((np.log(chance @ weights) + top[:, 0]).sum())
        if value > best:
            used = weights > 1e-3
            best = value
            fit = replace(tried, zeals=ZEALS[used], weights=weights[used] / weights[used].sum())
    return fit


def hurried(took: Reals, stayed: Reals, model: Contacts, train: list[Cascade], held: list[Cascade]) -> Reals:
    """Return the law of zeals of each held-out cascade, given how long its known users took: shape (cascades, zeals).

    log(1 + days) is normal around a line in log zeal, fitted together with what came of the training tags.
    """
    past = by_zeal(took, stayed, model) + np.log(model.weights)

    def log_chance(t: Reals, some: list[Cascade]) -> Reals:
        days = np.log1p([one.days for one in some])[:, None]
        return np.asarray(-0.5 * ((days - t[0] - t[1] * np.log(model.zeals)) / np.exp(t[2])) ** 2 - t[2])

    found = minimize(
        lambda t: -logsumexp(past + log_chance(t, train), axis=1).sum(),
        [5.0, -1.0, 0.0],
        method="Nelder-Mead",
    )
    weights = log_chance(found.x, held) + np.log(model.weights)
    return np.asarray(np.exp(weights - logsumexp(weights, axis=1, keepdims=True)))


def with_outside(graph: Graph) -> Graph:
    """Return the graph with one node more, the last, that has an arc to everybody: who takes up alone has it there."""
    everybody = np.arange(graph.n)
    source = np.repeat(everybody, graph.out_degree)
    return Graph.from_edges(np.r_[source, np.full(graph.n, graph.n)], np.r_[graph.indices, everybody])


def play(graph: Graph, model: Contacts, cascades: list[Cascade]) -> tuple[Reals, Reals]:
    """Return sizes, (zeals, worlds, cascades), and mean depths of those who follow, (zeals, cascades)."""
    wide = with_outside(graph)
    alone = np.repeat(np.arange(wide.n), wide.out_degree) == graph.n
    sizes = np.zeros((len(model.zeals), WORLDS, len(cascades)))
    depths = np.zeros((len(model.zeals), len(cascades)))
    for (i, zeal), (c, one) in product(enumerate(model.zeals), enumerate(cascades)):
        chance = np.minimum(zeal * np.where(alone, model.alone, model.contact), 1.0)
        seeds = np.r_[one.users[:KNOWN], graph.n]
        found = spread(wide, seeds, probability=chance, replicates=WORLDS, rng=1000 * c + i, engine=1)
        sizes[i, :, c] = found.sample - 1
        followers = found.members_by_depth[1:]
        depths[i, c] = np.arange(1, len(followers) + 1) @ followers / max(followers.sum(), 1e-300)
    return sizes, depths


def mixed(sizes: Reals, weights: Reals) -> Reals:
    """Return sampled sizes, (draws, cascades): a zeal for each draw, and one of the worlds of that zeal."""
    rng = np.random.default_rng(7)
    up_to = np.cumsum(weights, axis=1)
    zeal = (rng.random((DRAWS, len(weights), 1)) > up_to).sum(axis=2).clip(max=len(sizes) - 1)
    return sizes[zeal, rng.integers(WORLDS, size=zeal.shape), np.arange(len(weights))]


def regression(x: Reals, logs: Reals, ahead: Reals) -> Reals:
    """Return sampled sizes of a regression of log size on something known, (draws, cascades)."""
    slope, level = np.polyfit(x, logs, 1)
    left = logs - (level + slope * x)
    drawn = np.random.default_rng(7).choice(left, (DRAWS, len(ahead)))
    return np.asarray(np.maximum(np.exp(level + slope * ahead + drawn), KNOWN))


def observed_depth(graph: Graph, one: Cascade, model: Contacts) -> float:
    """Return the mean depth of those who follow, as the model expects it of what came.

    Who had k contacts that used the tag took it up alone with chance e / (1 - (1 - e) (1 - p)^k), and then stands at
    depth 1; otherwise one below a contact, each as likely. The known users stand at depth 0.
    """
    contacts, above = np.zeros((2, graph.n))
    total = 0.0
    for i, user in enumerate(one.users):
        depth, k = 0.0, contacts[user]
        if i >= KNOWN:
            stay = (1 - model.alone) * (1 - model.contact) ** k
            depth = 1 + (1 - model.alone / (1 - stay)) * above[user] / max(k, 1)
        total += depth
        beside = graph.indices[graph.indptr[user] : graph.indptr[user + 1]]
        contacts[beside] += 1
        above[beside] += depth
    return total / max(one.size - KNOWN, 1)


def scores(sizes: Reals, came: Reals) -> tuple[float, float, float, float, float]:
    """Return log error of the median, rank correlation of the mean, CRPS, interval score and share inside."""
    logs, truth = np.log(sizes), np.log(came)
    low, middle, high = np.quantile(logs, [0.05, 0.5, 0.95], axis=0)
    mean = sizes.mean(axis=0)
    rank = float(spearmanr(mean, came).statistic) if np.ptp(mean) > 0 else float("nan")
    return (
        float(np.abs(middle - truth).mean()),
        rank,
        float(crps(logs, truth).mean()),
        float(interval_score(low, high, truth).mean()),
        float(((low <= truth) & (truth <= high)).mean()),
    )


def compare(graph: Graph, cascades: list[Cascade]) -> tuple[Contacts, dict[str, Reals], dict[str, Reals]]:
    """Return the model with all tags alike, and sizes, (draws, cascades), and mean depths of held-out cascades."""
    train, held = ([one for one in cascades if one.train is which] for which in (True, False))
    took, stayed = exposures(graph, train)
    same = alike(took, stayed)
    differ = differing(took, stayed, same)
    sizes, depths = {}, {}
    played, deep = play(graph, differ, held)
    for name, weights in (
        ("tags differ, by time", hurried(took, stayed, differ, train, held)),
        ("tags differ", np.tile(differ.weights, (len(held), 1))),
    ):
        sizes[name], depths[name] = mixed(played, weights), (deep.T * weights).sum(axis=1)
    for name, model in (("tags alike", same), ("tags alike, contacts only", replace(same, alone=0.0))):
        played, deep = play(graph, model, held)
        sizes[name], depths[name] = played[0], deep[0]
    known = np.array([one.size for one in train], dtype=np.float64)

    def degrees(some: list[Cascade]) -> Reals:
        return np.log([graph.out_degree[one.users[:KNOWN]].sum() for one in some])

    def days(some: list[Cascade]) -> Reals:
        return np.log1p([one.days for one in some])

    for name, feature in (
        ("time of the third user (naive)", days),
        ("degree of the first users (naive)", degrees),
    ):
        sizes[name] = regression(feature(train), np.log(known), feature(held))
    sizes["sizes of the training tags (naive)"] = np.tile(known[:, None], (1, len(held)))
    sizes["their mean (naive)"] = np.full((1, len(held)), known.mean())
    before = [observed_depth(graph, one, same) for one in train if one.size > KNOWN]
    depths["mean of the training tags (naive)"] = np.full(len(held), np.mean(before))
    return same, sizes, depths


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the picture.")
def main(out: Path | None) -> None:
    """Forecast how many users take up a tag from the first three."""
    graph, cascades = data()
    held = [one for one in cascades if not one.train]
    came = np.array([one.size for one in held], dtype=np.float64)
    one, sizes, depths = compare(graph, cascades)
    table = plain_table(
        ("model", "log error", "rank corr.", "CRPS", "score", "inside", "mean size", "95 % size", "largest")
    )
    for name, sample in sizes.items():
        error, rank, score, interval, inside = scores(sample, came)
        table.add_row(
            name, f"{error:.3f}", "-" if np.isnan(rank) else f"{rank:.2f}", f"{score:.3f}", f"{interval:.2f}",
            f"{100 * inside:.0f} %", f"{sample.mean():.1f}", f"{np.quantile(sample, 0.95):.0f}", f"{sample.max():.0f}",
        )  # fmt: skip
    blank = [""] * 5
    table.add_row(
        "what came", *blank, f"{came.mean():.1f}", f"{np.quantile(came, 0.95):.0f}", f"{came.max():.0f}"
    )
    click.echo(
        render(
            f"Sizes of {len(held)} held-out cascades, forecast from their first {KNOWN} users",
            table,
            footer=(
                f"tags alike: a contact passes on with chance {one.contact:.4f}, alone {one.alone:.4f} take a tag up.",
                "log error: of the median; CRPS and score (90 % interval) of log size: the smaller, the better.",
            ),
        )
    )
    follow = np.array([each.size > KNOWN for each in held])
    seen = np.array([observed_depth(graph, each, one) for each in held])[follow]
    table = plain_table(("model", "mean depth", "mean error", "rank corr."))
    for name, depth in depths.items():
        part = depth[follow]
        rank = f"{spearmanr(part, seen).statistic:.2f}" if np.ptp(part) > 0 else "-"
        table.add_row(name, f"{part.mean():.2f}", f"{np.abs(part - seen).mean():.2f}", rank)
    table.add_row("what came", f"{seen.mean():.2f}", "", "")
    click.echo("\n" + render("Mean depth of those who follow", table))
    draw(sizes, came, out)


def draw(sizes: dict[str, Reals], came: Reals, out: Path | None) -> None:
    """Draw the tail of the sizes, and the sizes that came against the median forecast."""
    figure, (left, right) = panels(2)
    for sample, color, name in (
        (came, GREY, "what came"),
        (sizes["tags differ, by time"].ravel(), BLUE, "tags differ, by time"),
        (sizes["tags alike"].ravel(), ORANGE, "tags alike"),
    ):
        x = np.sort(sample)
        left.step(x, 1 - np.arange(len(x)) / len(x), color=color, where="post", label=name)
    left.set(
        xscale="log",
        yscale="log",
        xlabel="users of a tag",
        ylabel="share of tags with as many",
        ylim=(3e-3, 1.2),
    )
    low, middle, high = np.quantile(sizes["tags differ, by time"], [0.05, 0.5, 0.95], axis=0)
    right.vlines(came, low, high, color=BLUE, alpha=0.2, linewidth=1, label="90 % interval")
    right.plot(came, middle, ".", color=BLUE, label="median forecast, tags differ, by time")
    right.plot([KNOWN, came.max()], [KNOWN, came.max()], color=GREY, linewidth=1)
    right.set(xscale="log", yscale="log", xlabel="users of a tag", ylabel="users forecast")
    for axes in (left, right):
        axes.legend(fontsize=8, frameon=False)
    write(figure, out)


if __name__ == "__main__":
    main()
