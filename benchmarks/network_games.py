"""Equilibria of payoff systems beside scipy and cvxpy, in one table each.

    python -m benchmarks.network_games                       # 10^4 and 10^5 people, some minutes
    python -m benchmarks.network_games --large --scaling     # 10^6 people beside the peers, 10^7 alone

All figures of a row are medians of interleaved rounds of the same run. `equilibrium` multiplies on all cores and is
timed as a whole: checks, search, the gain recomputed, and the certificate of uniqueness; peers solve and no more. Set
OPENBLAS_NUM_THREADS=1: on a busy machine its threads wait for one another, and slow the peers down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from scipy.optimize import minimize
from scipy.sparse import eye_array
from scipy.sparse.linalg import bicgstab, cg, gmres

from benchmarks.workloads import power_law
from mechanism import Graph, LinearQuadratic, Participation
from solvers import equilibrium
from solvers.kernels.peel import peel_by_count
from solvers.network_equilibrium import responses_of
from solvers.newton import settle
from solvers.participation_equilibrium import supporters_needed
from solvers.tables import plain_table, render

ROUNDS = 5
STEP = 10  # arcs per person


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = run()
    return time.perf_counter() - begun, found


def say(text: str) -> None:
    click.echo(text, err=True)


def radius_of(matrix: Any) -> float:
    """The spectral radius, by the power method."""
    vector = np.ones(matrix.shape[0])
    for _ in range(100):
        image = matrix @ vector
        vector = image / np.linalg.norm(image)
    return float(np.linalg.norm(matrix @ vector))


def network(n: int, *, symmetric: bool) -> tuple[Graph, float]:
    """A power-law graph, with both directions of every arc if symmetric, and its spectral radius."""
    graph = power_law(n, STEP * n)
    if symmetric:
        graph = Graph.from_scipy(LinearQuadratic(graph, 0.0, interaction=1.0).matrix, directed=False)
    return graph, radius_of(LinearQuadratic(graph, 0.0, interaction=1.0).matrix)


def residual(game: LinearQuadratic, x: np.ndarray) -> float:
    best = np.clip(game.standalone + game.matrix @ x, game.lower, game.upper)
    return float(np.abs(best - x).max() / np.abs(x).max())


def interleaved(
    runs: dict[str, Callable[[], Any]], rounds: int = ROUNDS
) -> tuple[dict[str, float], dict[str, Any]]:
    """Median seconds of each, and what each returned last."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    found = {}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds, found[name] = timed(run)
            times[name].append(seconds)
    return {name: float(np.median(values)) for name, values in times.items()}, found


def unbounded_table(sizes: list[int]) -> str:
    table = plain_table(("network", "method", "times ours", "search alone", "residual", "passes"), left=2)
    for n in sizes:
        for symmetric in (False, True):
            say(f"without bounds: {n:,} people")
            graph, radius = network(n, symmetric=symmetric)
            game = LinearQuadratic(graph, 1.0, interaction=0.9 / radius)
            matrix = (eye_array(n, format="csr") - game.matrix).tocsr()
            right = game.standalone
            responses = responses_of(game)

            def krylov(method: Any, matrix=matrix, right=right, **extra: Any) -> Callable[[], Any]:
                return lambda: method(matrix, right, rtol=1e-10, atol=0.0, maxiter=3000, **extra)[0]

            def jacobi(game=game) -> np.ndarray:
                x, weights = game.standalone, game.matrix
                while True:
                    after = game.standalone + weights @ x
                    if np.linalg.norm(after - x) <= 1e-10 * np.linalg.norm(game.standalone):
                        return after
                    x = after

            runs = {
                "equilibrium": lambda game=game: equilibrium(game, tolerance=1e-10),
                "search": lambda responses=responses: settle(responses, np.zeros(n), tolerance=1e-10),  # noqa: B023
                "bicgstab": krylov(bicgstab),
                "gmres": krylov(gmres, restart=30),
                **({"cg": krylov(cg)} if symmetric else {}),
                "Jacobi": jacobi,
            }
            runs["search"](), runs["bicgstab"]()  # warm
            times, found = interleaved(runs, 3 if n >= 10**6 else ROUNDS)
            own = found["equilibrium"]
            kind = "symmetric" if symmetric else "directed"
            for name in runs:
                x = found[name].actions if name in ("equilibrium", "search") else found[name]
                off = np.linalg.norm(right - matrix @ x) / np.linalg.norm(right)
                table.add_row(
                    f"{n:,} people, {graph.m:,} arcs, {kind}" if name == "equilibrium" else "",
                    name,
                    f"{times[name] / times['equilibrium']:.2f}",
                    f"{times[name] / times['search']:.2f}",
                    f"{off:.0e}",
                    f"{own.work.passes}" if name == "equilibrium" else "",
                )
    return render("x = b + W x without bounds, interaction at .9 of the critical: time in multiples", table)


def bounded_table(n: int, *, every: bool) -> str:
    import cvxpy as cp

    graph, radius = network(n, symmetric=True)
    table = plain_table(("game", "method", "times ours", "residual", "passes"), left=2)
    rng = np.random.default_rng(1)
    for name, standalone, share in (
        ("half at a bound", rng.uniform(-1, 1, n), 0.9),
        ("half at a bound", rng.uniform(-1, 1, n), 0.99),
        ("few at a bound", rng.uniform(0, 0.02, n), 0.99),
    ):
        game = LinearQuadratic(graph, standalone, interaction=share / radius, lower=0.0, upper=1.0)
        matrix, hessian = game.matrix, (eye_array(n, format="csr") - game.matrix).tocsc()
        say(f"between bounds: {name}, at {share} of the critical interaction")

        def projected(game=game, matrix=matrix) -> np.ndarray:
            x = np.zeros(n)
            while True:
                after = np.clip(game.standalone + matrix @ x, 0.0, 1.0)
                if np.abs(after - x).max() <= 1e-10:
                    return after
                x = after

        def quasi_newton(game=game, matrix=matrix) -> np.ndarray:
            def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
                slope = point - matrix @ point - game.standalone
                return float(point @ (slope - game.standalone) / 2), slope

            options = {"maxiter": 10_000, "maxfun": 20_000, "ftol": 1e-15, "gtol": 1e-9}
            bounds = [(0, 1)] * n
            return minimize(loss, np.zeros(n), jac=True, method="L-BFGS-B", bounds=bounds, options=options).x

        def programme(solver: str, game=game, hessian=hessian) -> np.ndarray:
            x = cp.Variable(n)
            loss = cp.quad_form(x, cp.psd_wrap(hessian)) / 2 - game.standalone @ x
            cp.Problem(cp.Minimize(loss), [x >= 0, x <= 1]).solve(solver=solver)
            return x.value

        fast = {
            "equilibrium": lambda game=game: equilibrium(game),
            "projected Jacobi": projected,
            "L-BFGS-B": quasi_newton,
        }
        fast["equilibrium"]()
        times, found = interleaved(fast)
        for solver in ("SCS", "CLARABEL") if every else ("SCS",):
            times[f"cvxpy, {solver}"], found[f"cvxpy, {solver}"] = timed(lambda s=solver: programme(s))
            times["equilibrium"] = min(times["equilibrium"], interleaved({"": fast["equilibrium"]})[0][""])
        for method in times:
            x = found[method].actions if method == "equilibrium" else found[method]
            table.add_row(
                f"{name}, {share} of critical" if method == "equilibrium" else "",
                method,
                f"{times[method] / times['equilibrium']:,.1f}",
                f"{residual(game, x):.0e}",
                f"{found[method].work.passes}" if method == "equilibrium" else "",
            )
    return render(f"0 <= x <= 1, {n:,} people, {graph.m:,} arcs, symmetric: time in multiples", table)


def participation_table(sizes: list[int]) -> str:
    table = plain_table(
        ("people", "chain", "change sides", "arcs seen", "passes: time of the chain", "per arc seen")
    )
    for n in sizes:
        say(f"participation: {n:,} people")
        graph = power_law(n, STEP * n)
        game = Participation(graph, 0.0, support=1.0, cost=np.random.default_rng(0).uniform(-0.5, 6, n))
        matrix = game.matrix
        back = matrix.tocsc()
        pointers, people = back.indptr.astype(np.int64), back.indices
        needed = supporters_needed(game, 1.0)
        ones = np.ones(n)
        for name, need in (("joining", needed), ("leaving", graph.out_degree - needed + 1)):
            kind = np.int16 if np.abs(need).max() < 2**14 else np.int32
            first = np.flatnonzero(need <= 0).astype(np.int32)
            chain, passes = [], []
            for _ in range(2 * ROUNDS + 1):
                queue, waits = np.empty(n, dtype=np.int32), need.astype(kind)
                queue[: len(first)] = first
                seconds, tail = timed(lambda: peel_by_count(pointers, people, waits, queue, len(first)))  # noqa: B023
                chain.append(seconds)
                passes.append(timed(lambda: matrix @ ones)[0])  # noqa: B023
            arcs = int(np.diff(pointers)[queue[:tail]].sum())
            ratio = float(np.median(chain[1:]) / np.median(passes[1:]))
            table.add_row(
                f"{n:,}",
                name,
                f"{tail:,}",
                f"{arcs:,}",
                f"{ratio:.2f}",
                f"{ratio * graph.m / max(arcs, 1):.2f}",
            )
    return render("Chains of participation beside one pass over all arcs (a sparse product of scipy)", table)


def scaling_table(sizes: list[int]) -> str:
    table = plain_table(
        (
            "people",
            "arcs",
            "a product of scipy, ns/arc",
            "without bounds, ns/arc",
            "products",
            "0 <= x <= 1, ns/arc",
            "products",
            "participation, ns/arc",
            "products",
        ),
        left=0,
    )
    for n in sizes:
        say(f"scaling: {n:,} people")
        graph, radius = network(n, symmetric=False)
        rng = np.random.default_rng(1)
        games = [
            LinearQuadratic(graph, 1.0, interaction=0.9 / radius),
            LinearQuadratic(graph, rng.uniform(-1, 1, n), interaction=0.9 / radius, lower=0.0, upper=1.0),
            Participation(graph, 0.0, support=1.0, cost=rng.uniform(-0.5, 6, n)),
        ]
        matrix, ones = games[0].matrix, np.ones(n)
        product = float(np.median([timed(lambda: matrix @ ones)[0] for _ in range(ROUNDS)]))  # noqa: B023
        cells = [f"{product / graph.m * 1e9:.1f}"]
        for game in games:
            runs = [timed(lambda: equilibrium(game))[0] for _ in range(3 if n < 10**7 else 1)]  # noqa: B023
            seconds = float(np.median(runs))
            cells += [f"{seconds / graph.m * 1e9:,.0f}", f"{seconds / product:.1f}"]
        table.add_row(f"{n:,}", f"{graph.m:,}", *cells)
    return render("Equilibria as networks grow, ten arcs a person: everything that `equilibrium` does", table)


@click.command()
@click.option("--large", is_flag=True, help="A million people beside the peers, and every solver of cvxpy.")
@click.option("--scaling", is_flag=True, help="Sizes up to 100 million arcs.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the tables here.")
def main(large: bool, scaling: bool, out: Path | None) -> None:
    """Print the tables."""
    sizes = [10**5, 10**6] if large else [10**4, 10**5]
    equilibrium(LinearQuadratic(power_law(10**3, 10**4), 1.0, interaction=1e-3, lower=0.0))  # compiles
    parts = [unbounded_table(sizes), bounded_table(10**4, every=large), participation_table(sizes)]
    if scaling:
        parts.append(scaling_table([10**4, 10**5, 10**6, 10**7]))
    text = "\n\n".join(parts)
    click.echo(text)
    if out:
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
