"""Inference of incentives: payoff networks from joint actions, transmission rates from adoption times.

    python -m benchmarks.inference                    # recovery of planted networks and rates, some minutes
    python -m benchmarks.inference --large            # also 2,000 people
    python -m benchmarks.inference --data             # also real data, from the folder MECHANISM_DATA

Times of a row are from the same run, one after the other; set OPENBLAS_NUM_THREADS.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from typing import Any

import click
import numpy as np

from mechanism import Graph, datasets
from solvers.adoption_times import AdoptionTimes, DelayLaw, Exposure, simulate_times
from solvers.network_inference import auc, infer_network
from solvers.rate_inference import infer_rates
from solvers.tables import plain_table, render

RADII, GAMES, PEOPLE, DEGREE = (0.2, 0.5, 0.8, 0.95), (50, 200, 1000), 50, 4


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = run()
    return time.perf_counter() - begun, found


def say(text: str) -> None:
    click.echo(text, err=True)


def world(n: int, games: int, radius: float, seed: int) -> tuple[np.ndarray, float, np.ndarray]:
    """A random network of sum n, the interaction with a spectral radius, and actions in equilibrium."""
    rng = np.random.default_rng(seed)
    links = np.triu(rng.random((n, n)) < DEGREE / n, 1)
    truth = (links | links.T) * (n / (2 * links.sum()))
    beta = radius / np.linalg.eigvalsh(truth)[-1]
    return truth, beta, np.linalg.solve(np.eye(n) - beta * truth, rng.standard_normal((n, games)))


def by_cvxpy(x: np.ndarray, beta: float, penalty: float) -> tuple[np.ndarray, float]:
    """The published objective as it is written, B eliminated at effort penalty 1, and its value.

    Of more games than people the triangle of a QR factorisation is used, which has the same norms: all the faster.
    """
    import cvxpy as cp

    n = len(x)
    x = np.linalg.qr(x.T, mode="r").T if x.shape[1] > n else x
    network = cp.Variable((n, n), symmetric=True)
    aim = cp.sum_squares(x - beta * network @ x) / 2 + penalty * cp.sum_squares(network)
    limits = [network >= 0, cp.diag(network) == 0, cp.sum(network) == n]
    value = cp.Problem(cp.Minimize(aim), limits).solve(solver="CLARABEL")
    return network.value, float(value)


def recovery_table() -> str:
    columns = (
        "radius", "games", "first mode", "AUC", "AUC cvxpy", "objectives differ", "time cvxpy / ours",
        "identified", "reliability", "AUC, penalty 10 x mean", "AUC, interaction x 3", "AUC, interaction / 3",
    )  # fmt: skip
    table = plain_table(columns, left=0)
    for radius in RADII:
        for games in GAMES:
            say(f"network: radius {radius}, {games} games")
            truth, beta, x = world(PEOPLE, games, radius, 1)
            chosen = infer_network(x, interaction=beta)
            mean = beta**2 / 2 * np.vdot(x, x) / PEOPLE
            fixed = {"penalty": chosen.penalty, "compare_halves": False}
            seconds, ours = timed(lambda: infer_network(x, interaction=beta, **fixed))  # noqa: B023
            slow, (theirs, value) = timed(lambda: by_cvxpy(x, beta, chosen.penalty))  # noqa: B023
            others = [
                infer_network(x, interaction=beta, penalty=10 * mean, compare_halves=False),
                infer_network(x, interaction=3 * beta, penalty=1e-2 * 9 * mean, compare_halves=False),
                infer_network(x, interaction=beta / 3, penalty=1e-2 / 9 * mean, compare_halves=False),
            ]
            table.add_row(
                f"{radius}", f"{games:,}", f"{100 * chosen.first_share:.0f} %",
                f"{auc(ours.network, truth):.4f}", f"{auc(np.where(theirs > 1e-6, theirs, 0), truth):.4f}",
                f"{abs(value / ours.objective - 1):.0e}", f"{slow / seconds:,.0f}",
                {True: "yes", False: "no", None: "unknown"}[chosen.identified],
                f"{chosen.reliability:.2f}", *(f"{auc(one.network, truth):.3f}" for one in others),
            )  # fmt: skip
    title = (
        f"Planted payoff networks of {PEOPLE} people, mean degree {DEGREE}; penalty validated unless it says"
    )
    return render(title, table)


def large_table() -> str:
    table = plain_table(("people", "games", "radius", "seconds", "steps", "gap / objective", "AUC"), left=0)
    for n, games, radius in ((1000, 1000, 0.5), (2000, 1000, 0.5), (2000, 2000, 0.8)):
        say(f"network: {n} people")
        truth, beta, x = world(n, games, radius, 1)
        mean = beta**2 / 2 * np.vdot(x, x) / n
        seconds, found = timed(
            lambda: infer_network(x, interaction=beta, penalty=mean, compare_halves=False, tolerance=1e-6)  # noqa: B023
        )
        table.add_row(
            f"{n:,}", f"{games:,}", f"{radius}", f"{seconds:.0f}", f"{found.steps}",
            f"{found.gap / found.objective:.0e}", f"{auc(found.network, truth):.3f}",
        )  # fmt: skip
    return render("Payoff networks of many people, no validation", table)


def rates_table() -> str:
    table = plain_table(
        (
            "delays",
            "cascades",
            "relative error",
            "x root of cascades",
            "links found",
            "not links",
            "seconds",
            "gap",
        )
    )
    rng = np.random.default_rng(3)
    n = 50
    mask = (rng.random((n, n)) < DEGREE / n) & ~np.eye(n, dtype=bool)
    source, target = np.nonzero(mask)
    truth = np.zeros((n, n))
    truth[source, target] = rng.uniform(0.5, 2.0, len(source))
    graph = Graph.from_edges(source, target)
    for delay, shortest in (("exponential", None), ("power", 0.5), ("rayleigh", None)):
        for cascades in (200, 800, 3200, 12800):
            say(f"rates: {delay}, {cascades} cascades")
            times = simulate_times(
                graph, truth[source, target], horizon=2.0, cascades=cascades, delay=delay, shortest=shortest
            )
            seconds, found = timed(
                lambda: infer_rates(times, horizon=2.0, delay=delay, shortest=shortest)  # noqa: B023
            )
            rates = found.matrix.toarray()
            error = np.linalg.norm(rates - truth) / np.linalg.norm(truth)
            table.add_row(
                delay, f"{cascades:,}", f"{error:.3f}", f"{error * np.sqrt(cascades):.2f}",
                f"{100 * (rates[mask] > 0.1).mean():.0f} %", f"{(rates[~mask] > 0.1).sum():,}",
                f"{seconds:.2f}", f"{found.gap:.0e}",
            )  # fmt: skip
    return render(
        f"Planted transmission rates, {n} people, {graph.m} links of rate 0.5 to 2; found: above 0.1", table
    )


def columns_of(name: str) -> tuple[list[str], ...]:
    with gzip.open(datasets.path(name), "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")][1:]
    return tuple(map(list, zip(*rows, strict=True)))


def complete(labels: list[str]) -> Graph:
    n = len(labels)
    first, second = np.nonzero(~np.eye(n, dtype=bool))
    names = np.array(labels)
    return Graph.from_edges(names[first], names[second])


def policies() -> str:
    """Rates between states, and how well they foretell policies kept aside."""
    policy, state, year = columns_of("cascades/spid_policies")
    names, number = np.unique(policy, return_inverse=True)
    times = np.array(year, dtype=float)
    who = np.array(state)
    everybody = complete(sorted(set(state)))
    part = np.random.default_rng(0).permutation(len(names)) % 5
    seconds, found = timed(lambda: infer_rates((policy, who, times), horizon=2017))
    table = plain_table(("rates", "kept aside", "learnt from"))

    def chosen(*folds: int) -> AdoptionTimes:
        kept = np.isin(part[number], folds)
        return AdoptionTimes.read((number[kept], who[kept], times[kept]), horizon=2017, candidates=everybody)

    law = DelayLaw.named("exponential")
    learnt, tuned, tested = (list(chosen(*folds).exposures(law)) for folds in ((0, 1, 2), (3,), (4,)))
    events = np.array([len(one.hazard) for one in learnt], dtype=float)
    costs = np.array([one.cost.sum() for one in learnt])
    kept = np.isin(part[number], (0, 1, 2))
    net = infer_rates((number[kept], who[kept], times[kept]), horizon=2017, candidates=everybody)
    one_rate = np.full((everybody.n, everybody.n), events.sum() / costs.sum())
    by_state = np.broadcast_to(events / costs, one_rate.shape)
    estimate = net.matrix.toarray()

    def score(rates: np.ndarray, data: list[Exposure]) -> float:
        """Mean log-likelihood of an infection that has a possible source."""
        total = 0.0
        with np.errstate(divide="ignore"):
            for one in data:
                column = rates[:, one.receiver]
                total += np.log(one.hazard @ column[one.sources]).sum() - one.cost @ column
        return total / sum(len(one.hazard) for one in data)

    shares = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
    share = max(shares, key=lambda s: score((1 - s) * estimate + s * by_state, tuned))
    for name, rates in (
        ("one for all pairs", one_rate),
        ("one for each state that adopts", by_state),
        ("estimated for all pairs", estimate),
        (f"{1 - share:g} estimated + {share:g} one for each", (1 - share) * estimate + share * by_state),
    ):
        table.add_row(name, f"{score(rates, tested):.4f}", f"{score(rates, learnt):.4f}")
    title = "Policies of the states: 3 of 5 learnt from, 1 to mix, 1 kept aside; mean log-likelihood of an adoption"
    return f"{found}\n{seconds:.1f} seconds\n\n{render(title, table)}"


def christianity() -> str:
    cascade, split, user, after = columns_of("cascades/christianity_cascades")
    del split
    days = np.array(after, dtype=float) / 86_400
    data = (np.array(cascade).astype(int), np.array(user).astype(int), days)
    seconds, found = timed(lambda: infer_rates(data, horizon=float(days.max())))
    lines = str(found).splitlines()
    return "\n".join(["Tags of a forum, time in days", *lines[-4:], f"{seconds:.1f} seconds"])


def girls() -> str:
    """Alcohol and smoking of 50 girls in three waves: six joint actions."""
    node, wave, alcohol, smoking = (np.array(c, dtype=int) for c in columns_of("games/s50_actions"))
    x = np.zeros((50, 6))
    for kind, values in enumerate((alcohol, smoking)):
        x[node - 1, 2 * (wave - 1) + kind] = values
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    _, src, dst = (np.array(c, dtype=int) for c in columns_of("games/s50_edges"))
    friends = np.zeros((50, 50))
    friends[src - 1, dst - 1] = 1
    found = infer_network(x, interaction=[0.2, 0.4, 0.6, 0.8])
    fond = infer_network(
        x, interaction=found.interaction, penalty=found.penalty, homophilous=True, tolerance=1e-5
    )
    correlation = np.corrcoef(x)
    rng = np.random.default_rng(0)
    chance = []
    for _ in range(2000):
        order = rng.permutation(50)
        chance.append(auc(found.network, friends[np.ix_(order, order)]))
    table = plain_table(("estimate", "AUC against friends in any wave"))
    table.add_row("payoff network, independent values", f"{auc(found.network, friends):.3f}")
    table.add_row("payoff network, homophilous values", f"{auc(fond.network, friends):.3f}")
    table.add_row("correlation of actions", f"{auc(correlation, friends):.3f}")
    table.add_row(
        "names shuffled, 95 % of 2,000",
        f"{np.quantile(chance, 0.025):.3f} .. {np.quantile(chance, 0.975):.3f}",
    )
    return f"{found}\n\n{render('50 girls: six joint actions', table)}"


@click.command()
@click.option("--large", is_flag=True, help="Networks of up to 2,000 people.")
@click.option("--data", is_flag=True, help="Real data.")
def main(large: bool, data: bool) -> None:
    """Print the tables."""
    parts = [recovery_table(), rates_table()]
    if large:
        parts.append(large_table())
    if data:
        parts += [policies(), christianity(), girls()]
    click.echo("\n\n".join(parts))


if __name__ == "__main__":
    main()
