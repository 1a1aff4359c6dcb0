"""Whom to hire first: seeds whose spread is certified to be near the best."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import e, floor, fsum, inf, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Graph
from mechanism.campaign import Team
from mechanism.errors import InvalidInputError
from mechanism.numbers import number, whole
from proofs.check_seeding import FORMAT, guaranteed, spread_between
from solvers.coverage import Choice, Rule
from solvers.diffusion import Model
from solvers.engine import Engine, Progress, engine_of
from solvers.seed_limits import barred_of, rule_of, walls_of, worth_of
from solvers.seeds import Rng, seed_sequence
from solvers.sketches import Sampler, Sketches

__all__ = ["Seeding", "seed"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
Marks = NDArray[np.int8]
_FIRST = 1024  # sketches of either kind in the first round
_MOST = 10**8
_SECOND = 1 << 40  # numbers of the sketches that test a choice


@dataclass(frozen=True, slots=True, eq=False)
class Seeding:
    """Seeds, how far they spread, and how near that is to the best.

    Attributes
    ----------
    graph : Graph
        The graph.
    seeds : ndarray of int32
        Their numbers, in the order in which they were chosen.
    spread : float
        Expected weight of the nodes that become active, with those active from the start; each node weighs 1 unless
        weights were given.
    interval : tuple of float
        Contains the spread but for a chance of `delta`.
    base : float
        Expected weight of what the nodes active from the start reach without the seeds; part of the spread.
    ratio : float
        What the seeds add is at least so much of the most that any allowed seeds add, but for a chance of `delta`.
    delta : float
        That chance, over all rounds together.
    reason : {"ratio", "bound", "time", "sketches", "interrupted"}
        Why the search ended; "bound" says that more sketches would hardly bring the ratio to the wanted one, since
        what greedy choice covers is too far below what is known of the best.
    rounds : int
        Rounds made; each doubles the sketches.
    sketches : int
        Sketches drawn to choose, and as many again to test the choice.
    cost : float
        Cost of the seeds; their number if no costs were given.
    certificate : dict
        The counts from which ``python -m proofs.check_seeding`` recomputes the ratio.
    """

    graph: Graph
    seeds: Ids
    spread: float
    interval: tuple[float, float]
    base: float
    ratio: float
    delta: float
    reason: str
    rounds: int
    sketches: int
    cost: float
    certificate: dict[str, Any] = field(repr=False)

    @property
    def labels(self) -> list[int | str]:
        """The labels of the seeds."""
        return list(self.graph.labels[self.seeds].tolist())

    def select(self, graph: Graph) -> Ids:
        """Return the seeds: a result is a `Team` of campaigns on the same graph."""
        if graph is not self.graph and not np.array_equal(graph.labels, self.graph.labels):
            raise InvalidInputError("team", self.graph, allowed="seeds chosen on the graph of the campaign")
        return self.seeds

    def __str__(self) -> str:
        low, high = self.interval
        shown = ", ".join(map(str, self.labels[:10])) + (", ..." if len(self.seeds) > 10 else "")
        lines = [
            f"{len(self.seeds)} seeds, cost {self.cost:g}: {shown}",
            f"spread   {self.spread:,.1f} ({low:,.1f} to {high:,.1f} but for a chance of {self.delta:.2g})",
            f"ratio    at least {self.ratio:.3f} of the best, but for the same chance",
            f"work     2 x {self.sketches:,} sketches in {self.rounds} rounds; ended by {self.reason}",
        ]
        if self.base:
            lines.insert(2, f"base     {self.base:,.1f} without the seeds")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "seeds": self.labels,
            "spread": self.spread,
            "interval": list(self.interval),
            "base": self.base,
            "ratio": self.ratio,
            "delta": self.delta,
            "reason": self.reason,
            "rounds": self.rounds,
            "sketches": self.sketches,
            "cost": self.cost,
            "certificate": dict(self.certificate),
        }


def seed(
    graph: Graph,
    k: int | None = None,
    *,
    probability: float | ArrayLike | Literal["weighted"],
    epsilon: float = 0.1,
    delta: float | None = None,
    overfit: float = 0.0175,
    rng: Rng,
    model: Model = "cascade",
    max_depth: int | None = None,
    weights: ArrayLike | None = None,
    costs: float | ArrayLike | None = None,
    budget: float | None = None,
    groups: ArrayLike | None = None,
    quotas: Sequence[int] | None = None,
    members: ArrayLike | Team | None = None,
    blocked: ArrayLike | None = None,
    candidates: ArrayLike | None = None,
    seconds: float | None = None,
    max_sketches: int = _MOST,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Seeding:
    """Choose the seeds of a diffusion, with a guarantee (influence maximisation).

    Parameters
    ----------
    graph : Graph
        Arc u -> v: u can activate v.
    k : int, optional
        Most seeds; either `k` or `costs` with a `budget` is to be given.
    probability : float, "weighted", or array_like of float, shape (m,)
        Chance that an arc fires, or weight of influence, as in `spread`.
    epsilon : float
        Stop once the seeds are certified to reach 1 - 1/e - epsilon of the best spread, in (0, 1 - 1/e). Where the
        best is easy to come near, less work certifies more.
    delta : float, optional
        Chance that the guarantee fails, in (0, 1); one over the number of nodes by default.
    overfit : float
        Go on, besides, while the seeds may cover more than this much more, relatively and with one standard error
        added, of the sketches on which they were chosen than of those on which they are tested, above 0: some half of
        it may be missing to those that greedy choice finds without noise.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the sketches.
    model : {"cascade", "threshold"}
        The model, as in `spread`.
    max_depth : int, optional
        Most rounds of the diffusion, at least 0.
    weights : array_like of float, shape (n,), optional
        What it is worth that each node becomes active, at least 0; 1 by default.
    costs : float or array_like of float, shape () or (n,), optional
        What each seed costs, above 0.
    budget : float, optional
        Most that the seeds cost together.
    groups : array_like of int, shape (n,), optional
        The group of each node, 0, 1, ...; with `k` and `quotas`.
    quotas : sequence of int, optional
        At most so many seeds of each group.
    members : array_like of int or Team, optional
        Nodes that are active from the start; seeds are chosen for what they add.
    blocked : array_like of int, optional
        Nodes that never become active.
    candidates : array_like of int, optional
        Nodes that may be seeds; all by default.
    seconds : float, optional
        Stop before a round that would probably end later than this; the best seeds by then are returned.
    max_sketches : int
        Most sketches drawn to choose.
    engine : int or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Seeding

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, or there is nobody to choose.

    Notes
    -----
    OPIM-C (Tang, Tang, Xiao and Yuan 2018) with sketches drawn by geometric gaps (Guo, Wang, Wei and Chen 2020):
    seeds are chosen greedily on one set of sketches and tested on another; both are doubled until the lower bound of
    what the seeds spread reaches the wanted part of the upper bound of what any allowed seeds spread. The bounds of
    round i fail with a chance of delta / (i (i + 1)), so the search may be stopped at any time. The greedy choice is at
    least 1 - 1/e of the best on the sketches for `k` seeds (Nemhauser, Wolsey and Fisher 1978), half of it with quotas,
    and (1 - 1/e) / 2 with costs; the ratio returned is that of the instance, usually higher, and the search ends where
    it is bound to stay below the wanted one.

    References
    ----------
    Tang, Tang, Xiao and Yuan, "Online processing algorithms for influence maximization", SIGMOD 2018.
    Guo, Wang, Wei and Chen, "Influence maximization revisited: efficient reverse reachable set generation with bound
    tightened", SIGMOD 2020.

    Examples
    --------
    >>> star = Graph.from_edges([0] * 9, range(1, 10))
    >>> found = seed(star, 1, probability=0.5, rng=7)
    >>> found.seeds.tolist(), found.interval[0] < 5.5 < found.interval[1], found.ratio > 0.53
    ([0], True, True)
    """
    if not isinstance(graph, Graph):
        raise InvalidInputError("graph", graph, allowed="a Graph")
    gap = float(number(epsilon, argument="epsilon", allowed="a number above 0 and below 1 - 1/e"))
    if not 0 < gap < 1 - 1 / e:
        raise InvalidInputError("epsilon", epsilon, allowed="a number above 0 and below 1 - 1/e")
    allowed = "a number above 0 and below 1"
    chance = 1 / max(graph.n, 2) if delta is None else float(number(delta, argument="delta", allowed=allowed))
    if not 0 < chance < 1:
        raise InvalidInputError("delta", delta, allowed=allowed)
    if model not in ("cascade", "threshold"):
        raise InvalidInputError("model", model, allowed='"cascade" or "threshold"')
    depth = graph.n if max_depth is None else min(whole(max_depth, argument="max_depth", least=0), graph.n)
    limit = (
        None if seconds is None else float(number(seconds, argument="seconds", allowed="a number above 0"))
    )
    if limit is not None and limit <= 0:
        raise InvalidInputError("seconds", seconds, allowed="a number above 0")
    excess = float(number(overfit, argument="overfit", allowed="a number above 0"))
    if excess <= 0:
        raise InvalidInputError("overfit", overfit, allowed="a number above 0")
    most = whole(max_sketches, argument="max_sketches", least=_FIRST)
    where = engine_of(engine)
    walls = walls_of(graph, members, blocked)
    rule, prices = rule_of(graph, k, costs, budget, groups, quotas, barred_of(graph, walls, candidates))
    worth = None if weights is None else worth_of(weights, walls)
    key = seed_sequence(rng).generate_state(2, np.uint64).astype(np.uint64)
    sampler = Sampler(
        graph,
        probability,
        model=model,
        weights=worth,
        walls=walls if walls.any() else None,
        max_depth=depth,
        key=key,
    )
    total = graph.n if worth is None else float(worth.sum())
    search = _Search(sampler, rule, total, Fraction(str(chance)), where, progress)
    reason = search.run(wanted=1 - 1 / e - gap, excess=excess, seconds=limit, most=most)
    return search.result(graph, reason, chance, prices)


class _Search:
    """Rounds of choosing and testing."""

    def __init__(
        self,
        sampler: Sampler,
        rule: Rule,
        total: float,
        delta: Fraction,
        engine: Engine,
        progress: Progress | None,
    ) -> None:
        self.sampler, self.rule, self.total, self.delta = sampler, rule, total, delta
        self.engine, self.progress = engine, progress
        self.round = 0
        self.first: Sketches | None = None
        self.second: Sketches | None = None
        self.best: tuple[Fraction, int, Choice, int, int, int, int] | None = None

    def run(self, *, wanted: float, excess: float, seconds: float | None, most: int) -> str:
        """Make rounds until the ratio is reached or a limit; return which."""
        begun = time.monotonic()
        try:
            while True:
                started = time.monotonic()
                ratio, hoped, overfit = self._step()
                now = time.monotonic()
                if overfit <= excess and (ratio >= wanted or hoped < wanted):
                    return "ratio" if ratio >= wanted else "bound"
                if seconds is not None and now - begun + 2 * (now - started) > seconds:
                    return "time"
                if self.first is None or 2 * self.first.number > most:
                    return "sketches"
        except KeyboardInterrupt:
            if self.best is None:
                raise
            return "interrupted"

    def _step(self) -> tuple[Fraction, float, float]:
        """Double the sketches, choose and test.

        Return the ratio that is certified by now, the one that many more sketches might certify, and the overfit.
        """
        first, second = self.first, self.second
        done = 0 if first is None else first.number
        count = _FIRST if first is None else done
        fresh = [
            self.sampler.draw(begin + done, count, engine=self.engine, progress=self.progress, stage=stage)
            for begin, stage in ((0, "sketches to choose"), (_SECOND, "sketches to test"))
        ]
        self.first = fresh[0] if first is None else first.joined(fresh[0])
        self.second = fresh[1] if second is None else second.joined(fresh[1])
        self.round += 1
        choice = self.rule.choose(self.first)
        covered = self.second.covered(choice.seeds)
        ratio = guaranteed(
            delta=self.delta,
            number=self.round,
            choice=self.first.number,
            prefix=choice.prefix,
            more=choice.more,
            test=self.second.number,
            covered=covered,
        )
        if self.best is None or ratio >= self.best[0]:
            counts = (self.first.number, self.second.number, covered, self.second.met)
            self.best = (ratio, self.round, choice, *counts)
        if not covered or not choice.covered:
            return self.best[0], inf, inf
        hoped = float(choice.covered / choice.most) * (1 + 2 / sqrt(choice.covered))
        excess = choice.covered * self.second.number / (covered * self.first.number) - 1
        return self.best[0], hoped, max(excess, 0.0) + sqrt(1 / choice.covered + 1 / covered)

    def result(self, graph: Graph, reason: str, delta: float, prices: Reals | None) -> Seeding:
        """Return the best of the rounds."""
        if self.best is None:  # never after `run`
            raise RuntimeError("no round was made")
        ratio, number, choice, chosen, tested, covered, met = self.best
        low, high = spread_between(covered + met, tested, delta=self.delta, number=number)
        rounded = floor(ratio * 10**6) / 10**6
        return Seeding(
            graph=graph,
            seeds=_read_only(choice.seeds),
            spread=self.total * (covered + met) / tested,
            interval=(self.total * float(low), self.total * float(high)),
            base=self.total * met / tested,
            ratio=rounded,
            delta=delta,
            reason=reason,
            rounds=self.round,
            sketches=0 if self.first is None else self.first.number,
            cost=float(len(choice.seeds)) if prices is None else fsum(prices[choice.seeds].tolist()),
            certificate={
                "format": FORMAT,
                "ratio": f"{rounded:.6f}",
                "delta": str(delta),
                "round": number,
                "choice": chosen,
                "prefix": choice.prefix,
                "more": str(choice.more),
                "test": tested,
                "covered": covered,
            },
        )


def _read_only(array: Ids) -> Ids:
    array.flags.writeable = False
    return array
