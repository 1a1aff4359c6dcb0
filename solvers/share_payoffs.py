"""What a share function is worth to the members of referral forests: payoffs that are linear in its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mechanism.costs import CostModel
from mechanism.errors import InvalidInputError
from mechanism.forest import ReferralForest

__all__ = ["Decision", "SharePayoffs", "natural_grid", "share_payoffs", "subtree_shares"]

Reals = NDArray[np.float64]
Longs = NDArray[np.int64]
_FINEST = 300


@dataclass(frozen=True, slots=True)
class Decision:
    """People who expect the same payoff from the same decision.

    Attributes
    ----------
    kind : {"join", "invite"}
        What is decided.
    depth : int
        Smallest depth of those who decide, 1 for a root.
    weight : float
        How many decide so, per forest.
    """

    kind: Literal["join", "invite"]
    depth: int
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class SharePayoffs:
    """Payoffs of the decisions in referral forests, and the log-probability that all are taken.

    Attributes
    ----------
    decisions : tuple of Decision
        Who decides what.
    matrix : ndarray of float64, shape (decisions, N + 1)
        Payoffs are ``matrix @ values``, money.
    laws : tuple of CostModel
        What each decision costs.
    """

    decisions: tuple[Decision, ...]
    matrix: Reals
    laws: tuple[CostModel, ...]

    @property
    def weights(self) -> Reals:
        """How many decide so, per forest, shape (decisions,)."""
        return np.array([one.weight for one in self.decisions])

    def payoffs(self, values: Reals) -> Reals:
        """Return what each decision brings, money, shape (decisions,)."""
        return np.asarray(self.matrix @ values)

    def chances(self, values: Reals) -> Reals:
        """Return the chance that each decision is taken, shape (decisions,)."""
        payoffs = self.payoffs(values)
        return np.array([float(law.cdf(x)) for law, x in zip(self.laws, payoffs, strict=True)])

    def logs(self, payoffs: Reals) -> Reals:
        """Return log F of each payoff, -inf where nobody accepts it, shape (decisions,)."""
        return np.array([float(law.log_cdf(x)) for law, x in zip(self.laws, payoffs, strict=True)])

    def value(self, values: Reals) -> float:
        """Return the log-probability that everybody in a forest joins and invites, on average over forests."""
        return float(self.weights @ self.logs(self.payoffs(values)))


def subtree_shares(forest: ReferralForest) -> Reals:
    """Return the share of all contributions that each member's subtree holds, shape (n,).

    Examples
    --------
    >>> subtree_shares(ReferralForest([-1, 0, 0], [2.0, 1.0, 1.0])).tolist()
    [1.0, 0.25, 0.25]
    """
    held = forest.contributions.astype(np.float64)
    for u in forest.order[::-1]:
        if forest.parents[u] >= 0:
            held[forest.parents[u]] += held[u]
    return np.asarray(held / held[forest.roots].sum())


def natural_grid(forests: Sequence[ReferralForest]) -> int:
    """Return a number of cells: one for every least contribution in the largest forest, at most 300.

    Examples
    --------
    >>> natural_grid([ReferralForest([-1, 0, 0], [2, 1, 1])])
    4
    """
    cells = []
    for forest in forests:
        amounts = forest.contributions.astype(np.float64)
        cells.append(ceil(float(amounts.sum() / amounts[amounts > 0].min()) - 1e-9))
    return min(max(cells), _FINEST)


def share_payoffs(
    forests: Sequence[ReferralForest],
    *,
    cells: int,
    amounts: Sequence[float],
    join: CostModel,
    invite: CostModel | None,
    by: Literal["depth", "member"],
    won: float = 1.0,
) -> SharePayoffs:
    """Return the payoffs of joining and of inviting in some forests.

    Parameters
    ----------
    forests : sequence of ReferralForest
        Each with a contribution above 0.
    cells : int
        N, of the grid on which the share function is given.
    amounts : sequence of float
        What is paid in each forest for pi(1), money.
    join : CostModel
        What joining costs a member, money.
    invite : CostModel or None
        What an invitation costs, money; None if inviting is free.
    by : {"depth", "member"}
        Members expect the mean at their depth over all forests, or know their place.
    won : float
        Recruits that an invitation wins, on average.

    Raises
    ------
    InvalidInputError
        If the grid is so coarse that some decision is worth nothing, whatever the share function.

    Notes
    -----
    Who stands at u expects A (pi(x_u) - sum of pi(x_v)) of joining, A the amount. Recruiting v brings it
    A (pi(x_u) - pi(x_u - x_v) - pi(x_v)), all contributions as they are: what v's subtree adds to the reward of u if,
    without u, somebody else had recruited v. That is never negative just where pi is superadditive: the slack of
    sybil-proofness is what solicitation lives on. Cost: O(n N).
    """
    rows: list[Reals] = []
    keys: list[tuple[str, int]] = []
    for forest, amount in zip(forests, amounts, strict=True):
        shares, depths, parents = subtree_shares(forest), forest.depths, forest.parents
        recruits = np.flatnonzero(parents >= 0)
        weight = _interpolation(shares, cells)
        below = np.zeros_like(weight)
        np.add.at(below, parents[recruits], weight[recruits])
        rows += list(amount * (weight - below))
        keys += [("join", int(depth)) for depth in depths]
        if invite is not None:
            above = parents[recruits]
            rest = np.maximum(shares[above] - shares[recruits], 0.0)
            rows += list(won * amount * (weight[above] - _interpolation(rest, cells) - weight[recruits]))
            keys += [("invite", int(depth)) for depth in depths[above]]
    decisions, matrix = _grouped(rows, keys, by, len(forests))
    for one, row in zip(decisions, matrix, strict=True):
        if np.abs(row).max() <= 1e-9 * max(amounts):
            raise InvalidInputError(
                "grid", cells, allowed=f"finer: no share function pays to {one.kind} at depth {one.depth}"
            )
    laws = tuple(join if one.kind == "join" or invite is None else invite for one in decisions)
    return SharePayoffs(tuple(decisions), matrix, laws)


def _interpolation(shares: Reals, cells: int) -> Reals:
    """Return weights of the values at grid points in pi at some shares, shape (len(shares), N + 1)."""
    place = shares * cells
    near = np.round(place)
    place = np.where(np.abs(place - near) < 1e-9, near, place)
    cell = np.minimum(place.astype(np.int64), cells - 1)
    weight, every = np.zeros((len(shares), cells + 1)), np.arange(len(shares))
    weight[every, cell] = 1.0 - (place - cell)
    weight[every, cell + 1] = place - cell
    weight[:, 0] = 0.0  # pi(0) = 0
    return weight


def _grouped(
    rows: Sequence[Reals], keys: Sequence[tuple[str, int]], by: Literal["depth", "member"], forests: int
) -> tuple[list[Decision], Reals]:
    """Return the mean payoffs by kind and depth, or equal payoffs once."""
    groups: dict[tuple[str, int] | tuple[str, bytes], list[int]] = {}
    for index, (row, key) in enumerate(zip(rows, keys, strict=True)):
        group = key if by == "depth" else (key[0], np.round(row, 9).tobytes())
        groups.setdefault(group, []).append(index)
    decisions, means = [], []
    for indices in groups.values():
        kind: Literal["join", "invite"] = "join" if keys[indices[0]][0] == "join" else "invite"
        depth = min(keys[index][1] for index in indices)
        decisions.append(Decision(kind, depth, len(indices) / forests))
        means.append(np.mean([rows[index] for index in indices], axis=0))
    order = sorted(range(len(decisions)), key=lambda k: (decisions[k].kind != "join", decisions[k].depth))
    return [decisions[k] for k in order], np.array([means[k] for k in order])
