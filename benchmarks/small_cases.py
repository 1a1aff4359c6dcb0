"""Small campaigns on which designs are compared with independent searches, and how hard these try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarks.game import Game
from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Search, TopDegree, datasets

EPSILONS = (Fraction(0), Fraction(1, 4), Fraction(1))
PARTS = 50  # of a prize: a step of .02
CHAIN = 10  # prizes that a chain is paid at most under an expected budget


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard the searches try.

    Attributes
    ----------
    parts : int
        Grid parts in a prize.
    scan, polish, choose, fresh : int
        Worlds to scan on, to polish on, to choose on and to compare on.
    kept : int
        Tables of a grid that are solved again from full participation.
    tables, polishes, evaluations : int
        Sobol tables, how many of them are polished, and equilibria in each polish.
    """

    parts: int = PARTS
    scan: int = 128
    polish: int = 256
    choose: int = 2048
    fresh: int = 8192
    kept: int = 50
    tables: int = 2048
    polishes: int = 20
    evaluations: int = 220


QUICK = Effort(
    parts=10, scan=64, polish=256, choose=1024, fresh=4096, kept=20, tables=128, polishes=3, evaluations=80
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is designed: a campaign on a small graph, under a budget.

    Attributes
    ----------
    graph : str
        Name of the graph.
    depth : int
        Longest chain that is paid.
    epsilons : tuple of Fraction
        What a split may gain.
    share : float or None
        What a target may cost on average, in prizes; None for one prize per chain, whatever happens.
    """

    graph: str
    depth: int
    epsilons: tuple[Fraction, ...]
    share: float | None

    def __str__(self) -> str:
        budget = "worst case" if self.share is None else f"expected {self.share:g}"
        return f"{self.graph}, depth {self.depth}, {budget}"

    def campaign(self) -> Campaign:
        build, prize, find, team, _ = GRAPHS[self.graph]
        network = IncentiveNetwork(
            build(),
            contact=0.5,
            join=CostModel.exponential(mean=0.8),
            invite=CostModel.exponential(mean=0.12),
        )
        return Campaign(network, Search(prize=prize, find=find), team=TopDegree(team), max_depth=self.depth)

    def game(self, seed: int, engine: int) -> Game:
        return Game.of(self.campaign(), seed, share=self.share, chain=CHAIN, engine=engine)


def karate() -> Graph:
    return Graph.from_file(datasets.path("graphs/karate"), directed=False)


def power_law() -> Graph:
    """Return 300 people, those of many contacts meeting each other more often."""
    rng = np.random.default_rng(1)
    weight = (1 - rng.random(300)) ** (-1 / 1.6)
    ends = rng.choice(300, size=(600, 2), p=weight / weight.sum())
    loners = np.arange(300)
    met = rng.choice(300, size=300, p=weight / weight.sum())
    return _joined(np.append(ends[:, 0], loners), np.append(ends[:, 1], met))


def small_world(people: int = 200) -> Graph:
    """Return a ring in which everybody knows two on either side, one contact in seven moved elsewhere."""
    rng = np.random.default_rng(2)
    source = np.repeat(np.arange(people), 2)
    target = (source + np.tile([1, 2], people)) % people
    moved = rng.random(len(target)) < 1 / 7
    return _joined(source, np.where(moved, rng.integers(0, people, len(target)), target))


def _joined(source: NDArray[np.int64], target: NDArray[np.int64]) -> Graph:
    apart = source != target
    return Graph.from_edges(source[apart], target[apart], directed=False, duplicates="merge")


GRAPHS: dict[str, tuple[Callable[[], Graph], float, float, int, float]] = {
    # graph, prize, chance to find, team, what a target may cost on average
    "karate": (karate, 40.0, 0.05, 1, 0.25),
    "power law 300": (power_law, 100.0, 0.02, 2, 0.8),
    "small world 200": (small_world, 60.0, 0.03, 4, 0.5),
    "small world 40": (lambda: small_world(40), 60.0, 0.05, 1, 0.3),
}


def small_cases(*, quick: bool) -> list[Case]:
    """Return the cases, the longest first."""
    cases = []
    for depth in (2, 3):
        for name, (*_, share) in GRAPHS.items():
            if quick != (name == "small world 40"):
                continue
            for budget in (None, share):
                # The grid serves all epsilons at once; the others are independent.
                parts = [EPSILONS] if depth == 2 else [(epsilon,) for epsilon in EPSILONS]
                cases += [Case(name, depth, part, budget) for part in parts]
    return sorted(cases, key=lambda case: (case.depth, case.share is not None))
