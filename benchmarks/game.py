"""The equilibrium of a reward table and its improvement by Nelder-Mead, apart from the library's own solvers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from mechanism import Campaign
from solvers.beliefs import odds, payoffs
from solvers.worlds import Worlds

Reals = NDArray[np.float64]
ROUNDS = 40
PATIENCE = 4  # rounds without progress before the step is halved


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a table leads to on given worlds.

    Attributes
    ----------
    table : ndarray of float64, shape (max_depth, max_depth)
        Rewards, scaled to the expected budget if there is one.
    join, invite : ndarray of float64, shape (max_depth,)
        The decisions.
    gap : float
        Largest difference of a probability from its best response, at depths that somebody reaches.
    sample : ndarray of float64, shape (worlds,)
        Recruits in each world.
    spent : float
        What a target costs on average, in prizes.
    """

    table: Reals
    join: Reals
    invite: Reals
    gap: float
    sample: Reals
    spent: float

    @property
    def recruits(self) -> float:
        return float(self.sample.mean())


@dataclass(frozen=True, slots=True)
class Game:
    """A campaign on worlds of its own, and what a target may cost on average (None: whatever chains allow).

    Under an expected budget a table is a direction: it is scaled so that the budget is used up.
    """

    worlds: Worlds
    share: float | None
    chain: float

    @classmethod
    def of(cls, campaign: Campaign, seed: int, *, share: float | None, chain: float, engine: int) -> Game:
        return cls(Worlds(campaign, np.random.SeedSequence(seed), engine=engine), share, chain)

    def settle(
        self, table: Reals, *, replicates: int, start: Outcome | None = None, tolerance: float = 1e-3
    ) -> Outcome:
        """Iterate best responses from full participation or from where another table led."""
        task, network = self.worlds.campaign.task, self.worlds.campaign.network
        depth, totals = self.worlds.max_depth, table.sum(axis=1)
        join = np.ones(depth) if start is None else start.join
        invite = np.append(np.ones(depth - 1), 0.0) if start is None else start.invite
        step, stalled, best = 1.0, 0, None
        for _ in range(ROUNDS):
            counts = self.worlds.play(join, invite, replicates=replicates)
            beliefs = odds(self.worlds, counts, join, invite)
            factor = 1.0
            if self.share is not None:
                cost = float(beliefs.wins @ totals)
                factor = min(self.share / cost if cost > 0 else np.inf, self.chain / totals.max())
            joining, inviting = payoffs(factor * table, beliefs, targets=task.targets)
            accept = np.asarray(network.join.cdf(task.prize * joining))
            offer = np.append(np.asarray(network.invite.cdf(task.prize * inviting[:-1])), 0.0)
            reached = np.append(True, beliefs.members[:-1] > 0)
            gap = float(max(np.abs(accept - join)[reached].max(), np.abs(offer - invite)[reached].max()))
            stalled = stalled + 1 if best is not None and gap > 0.9 * best.gap else 0
            if best is None or gap < best.gap:
                sample = counts.members.sum(axis=1).astype(np.float64)
                spent = float(beliefs.wins @ totals) * factor
                best = Outcome(factor * table, join, invite, gap, sample, spent)
            if gap <= tolerance:
                break
            if stalled >= PATIENCE:
                step, stalled = step / 2, 0
            join, invite = join + step * (accept - join), invite + step * (offer - invite)
        return best

    def polish(
        self,
        table: Reals,
        to_table: Callable[[Reals], Reals],
        coordinates: Reals,
        *,
        replicates: int,
        evaluations: int,
        tolerance: float = 3e-4,
    ) -> Outcome:
        """Improve a table by Nelder-Mead in given coordinates on common worlds; return the best one met."""
        best = self.settle(table, replicates=replicates, tolerance=tolerance)
        last = best

        def loss(point: Reals) -> float:
            nonlocal best, last
            last = self.settle(to_table(point), replicates=replicates, start=last, tolerance=tolerance)
            if last.recruits > best.recruits:
                best = last
            return -last.recruits

        size = len(coordinates)
        steps = np.where(coordinates > 0.2, -0.06, 0.12)
        simplex = np.vstack((coordinates, coordinates + np.diag(steps)))
        minimize(
            loss,
            coordinates,
            method="Nelder-Mead",
            options={
                "maxfev": evaluations,
                "initial_simplex": simplex,
                "xatol": 1e-4,
                "fatol": 1e-5 * abs(best.recruits),
                "adaptive": size > 4,
            },
        )
        return best
