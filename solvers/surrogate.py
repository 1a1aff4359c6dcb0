"""A branching surrogate of the recruitment game: its statistics by formula, calibrated at a simulated equilibrium."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism import CostModel
from mechanism.errors import InvalidInputError, SolveError

__all__ = ["Flow", "Settled", "Surrogate", "mean_decay"]

Reals = NDArray[np.float64]
_ROUNDS = 2000
_STALL = 4  # rounds without progress before the step is halved
_TOLERANCE = 1e-12
_SETTLED = 1e-8  # a larger distance from a best response is no equilibrium
_COMPLEX_STEP = 1e-30
_SMALL = 1e-4  # below it the series of (1 - exp(-x)) / x is used


@dataclass(frozen=True, slots=True)
class Flow:
    """What decisions lead to: arrays over any number of leading axes, last ones by depth.

    Attributes
    ----------
    members : ndarray, shape (..., max_depth)
        Expected members.
    wins : ndarray, shape (..., max_depth)
        Chance that a given target's winner stands at depth d.
    joining, inviting : ndarray, shape (..., max_depth, max_depth)
        Odds per member and per invitation, as in `solvers.beliefs.Odds`.
    """

    members: NDArray[Any]
    wins: NDArray[Any]
    joining: NDArray[Any]
    inviting: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Settled:
    """Equilibria of the surrogate, one per table.

    Attributes
    ----------
    join, invite : ndarray of float64, shape (..., max_depth) and (..., max_depth - 1)
        The decisions.
    flow : Flow
        What they lead to.
    gap : ndarray of float64, shape (...)
        Largest distance of a decision from its best response.
    """

    join: Reals
    invite: Reals
    flow: Flow
    gap: Reals

    @property
    def recruits(self) -> Reals:
        """Expected members in all, shape (...)."""
        return np.asarray(self.flow.members.sum(axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Surrogate:
    """A recruitment campaign as a branching process with crowding.

    Attributes
    ----------
    money : float
        The prizes of all targets, money above 0.
    find : float
        Chance in (0, 1] that a member sees a given target.
    reached : float
        People whom the team's invitations reach, at least 0.
    contacts : ndarray of float64, shape (max_depth - 1,)
        Contacts that a member of depth d considers while there are hardly any members, above 0.
    rivalry : ndarray of float64, shape (max_depth - 1,)
        Share of them that each member down to that depth takes away, at least 0.
    conversion : ndarray of float64, shape (max_depth - 1,)
        People reached per invitation of depth d while there are few invitations, above 0.
    saturation : ndarray of float64, shape (max_depth - 1,)
        One over the people whom the invitations of depth d reach at most, at least 0.
    correction : ndarray of float64, shape (max_depth,)
        What the chances to win by expected members are multiplied by, above 0.
    join, invite : CostModel
        Log-concave laws of the costs.

    Notes
    -----
    With a[d] and i[d] the chances to join and to invite, T[d] = N[1] + ... + N[d] and q = 1 - find,

        N[1] = reached a[1],                        I[d] = N[d] i[d] contacts[d] / (1 + rivalry[d] T[d]),
        N[d+1] = a[d+1] (1 - exp(-saturation[d] conversion[d] I[d])) / saturation[d],
        w[d] = correction[d] q^T[d-1] (1 - q^N[d]);

    payoffs and decisions follow from N, I and w as in the game itself. All ratios w[e] / N[d], w[e] / I[d] are
    formed without a division by N or I, so that at empty depths they are the limits of vanishing participation.

    Examples
    --------
    >>> game = Surrogate(
    ...     money=100.0, find=0.02, reached=70.0, contacts=[4.0], rivalry=[0.0], conversion=[0.5], saturation=[0.0],
    ...     correction=[1.0, 1.0], join=CostModel.exponential(mean=0.8), invite=CostModel.exponential(mean=0.12),
    ... )
    >>> float(game.recruits(np.array([[0.9, 0.0], [0.5, 0.3]])).round(2))
    61.25
    """

    money: float
    find: float
    reached: float
    contacts: Reals
    rivalry: Reals
    conversion: Reals
    saturation: Reals
    correction: Reals
    join: CostModel
    invite: CostModel

    def __post_init__(self) -> None:
        for name in ("contacts", "rivalry", "conversion", "saturation", "correction"):
            array = np.array(getattr(self, name), dtype=np.float64)
            least = 0.0 if name in ("rivalry", "saturation") else np.finfo(np.float64).tiny
            good = array.ndim == 1 and bool((np.isfinite(array) & (array >= least)).all())
            if not good:
                allowed = f"a vector of finite numbers {'of at least' if least == 0 else 'above'} 0"
                raise InvalidInputError(name, getattr(self, name), allowed=allowed)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        depth = len(self.correction)
        for name in ("contacts", "rivalry", "conversion", "saturation"):
            if len(getattr(self, name)) != depth - 1:
                raise InvalidInputError(name, getattr(self, name), allowed=f"{depth - 1} numbers")
        for name, good, allowed in (
            ("money", 0 < self.money < np.inf, "a finite amount of money above 0"),
            ("find", 0 < self.find <= 1, "a probability in (0, 1]"),
            ("reached", 0 <= self.reached < np.inf, "a finite number of at least 0"),
            ("join", self.join.is_log_concave, "a log-concave law"),
            ("invite", self.invite.is_log_concave, "a log-concave law"),
        ):
            if not good:
                raise InvalidInputError(name, getattr(self, name), allowed=allowed)

    @property
    def max_depth(self) -> int:
        """Longest chain that is paid."""
        return len(self.correction)

    @property
    def log_miss(self) -> float:
        """-log(1 - find): how fast the chance that nobody has seen a target falls with the members."""
        return float(-np.log1p(-min(self.find, 1 - 1e-16)))

    def flow(self, join: NDArray[Any], invite: NDArray[Any]) -> Flow:
        """Return what decisions lead to.

        Parameters
        ----------
        join : ndarray, shape (..., max_depth)
            Chances to join.
        invite : ndarray, shape (..., max_depth - 1)
            Chances to make an invitation.

        Notes
        -----
        Differentiable term by term: complex decisions give derivatives to machine precision (complex step).
        O(max_depth ** 2) per table.
        """
        depth, decay = self.max_depth, self.log_miss
        members = [self.reached * join[..., 0]]
        accepted, onward = [], []  # recruits per invitation, recruits per member
        total = members[0]
        for d in range(depth - 1):
            made = invite[..., d] * self.contacts[d] / (1.0 + self.rivalry[d] * total)
            load = self.saturation[d] * self.conversion[d] * made * members[d]
            accepted.append(join[..., d + 1] * self.conversion[d] * mean_decay(load))
            onward.append(made * accepted[d])
            members.append(members[d] * onward[d])
            total = total + members[-1]
        joining = np.zeros((*join.shape, depth), dtype=join.dtype)
        inviting = np.zeros_like(joining)
        wins = np.zeros(join.shape, dtype=join.dtype)
        above = 0.0 * members[0]
        for e in range(depth):
            each = self.correction[e] * np.exp(-decay * above) * decay * mean_decay(decay * members[e])
            wins[..., e] = each * members[e]
            joining[..., e, e] = each
            for d in range(e - 1, -1, -1):
                joining[..., d, e] = joining[..., d + 1, e] * onward[d]
                inviting[..., d, e] = joining[..., d + 1, e] * accepted[d]
            above = above + members[e]
        return Flow(np.stack(members, axis=-1), wins, joining, inviting)

    def payoffs(self, tables: Reals, flow: Flow) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return what joining and what one invitation brings at each depth, money."""
        lined = _by_winner(tables)
        joining = self.money * (flow.joining * lined).sum(axis=-1)
        inviting = self.money * (flow.inviting * lined).sum(axis=-1)
        return joining, inviting[..., :-1]

    def settle(self, tables: Reals) -> Settled:
        """Return the equilibria that best responses reach from full participation.

        Parameters
        ----------
        tables : ndarray of float64, shape (..., max_depth, max_depth)
            Rewards R(depth, distance) at [..., depth - 1, distance], in shares of the prize.

        Notes
        -----
        Linear convergence, some 50 rounds; the step of a table is halved where four rounds bring no progress.
        """
        depth = self.max_depth
        flat = np.asarray(tables, dtype=np.float64).reshape(-1, depth, depth)
        best = np.ones((len(flat), 2 * depth - 1))
        gap = np.full(len(flat), np.inf)
        here, step, stalled = best.copy(), np.ones(len(flat)), np.zeros(len(flat), dtype=np.int64)
        active = np.arange(len(flat))
        for _ in range(_ROUNDS):
            now = here[active]
            flow = self.flow(now[:, :depth], now[:, depth:])
            joining, inviting = self.payoffs(flat[active], flow)
            wanted = np.hstack((self.join.cdf(joining), self.invite.cdf(inviting)))
            distance = np.abs(wanted - now).max(axis=1)
            stalled[active] = np.where(distance > 0.9 * gap[active], stalled[active] + 1, 0)
            better = distance < gap[active]
            best[active[better]], gap[active[better]] = now[better], distance[better]
            halved = active[stalled[active] >= _STALL]
            step[halved] /= 2
            stalled[halved] = 0
            here[active] += step[active, None] * (wanted - now)
            active = active[(gap[active] > _TOLERANCE) & (step[active] > _TOLERANCE)]
            if not len(active):
                break
        shape = np.shape(tables)[:-2]
        join, invite = best[:, :depth].reshape(*shape, depth), best[:, depth:].reshape(*shape, depth - 1)
        return Settled(join, invite, self.flow(join, invite), gap.reshape(shape))

    def recruits(self, tables: Reals) -> Reals:
        """Return the expected recruits of each table, shape (...)."""
        return self.settle(tables).recruits

    def spending(self, tables: Reals) -> Reals:
        """Return what a target costs on average under each table, in shares of its prize, shape (...)."""
        return np.asarray((self.settle(tables).flow.wins * np.asarray(tables).sum(axis=-1)).sum(axis=-1))

    def gradient(self, table: Reals) -> Reals:
        """Return the derivative of the recruits with respect to each reward, shape (max_depth, max_depth)."""
        return self.gradients(table)[0]

    def gradients(self, table: Reals) -> tuple[Reals, Reals]:
        """Return the derivatives of recruits and of spending with respect to each reward.

        Parameters
        ----------
        table : ndarray of float64, shape (max_depth, max_depth)
            The rewards.

        Returns
        -------
        recruits, spending : ndarray of float64, shape (max_depth, max_depth)

        Raises
        ------
        SolveError
            If no equilibrium is found, or it is a turning point.

        Notes
        -----
        Implicit function theorem: decisions x solve x = F(V(x, R)), so that
        ``dx/dR = (1 - F' dV/dx)^-1 F' dV/dR``. Derivatives with respect to x by complex steps.
        """
        depth = self.max_depth
        settled = self.settle(table)
        if settled.gap > _SETTLED:
            raise SolveError(f"the surrogate did not settle: gap {float(settled.gap):.2g}", solution=settled)
        here = np.append(settled.join, settled.invite)
        moved = here + 1j * _COMPLEX_STEP * np.eye(len(here))
        flow = self.flow(moved[:, :depth], moved[:, depth:])
        totals = table.sum(axis=1)
        by_decision = np.hstack(self.payoffs(table, flow)).imag.T / _COMPLEX_STEP
        members = flow.members.imag.sum(axis=1) / _COMPLEX_STEP
        spent = (flow.wins.imag @ totals) / _COMPLEX_STEP
        joining, inviting = self.payoffs(table, settled.flow)
        slope = np.append(_density(self.join, joining), _density(self.invite, inviting))
        try:
            price = np.linalg.solve(
                (np.eye(len(here)) - slope[:, None] * by_decision).T, np.stack((members, spent), axis=1)
            )
        except np.linalg.LinAlgError:
            raise SolveError(
                "the equilibrium of the surrogate is a turning point", solution=settled
            ) from None
        worth = self.money * price * slope[:, None]  # per unit of the odds that a reward is paid with
        member, winner = np.triu_indices(depth)
        found = np.zeros((2, depth, depth))
        for k in range(2):
            own = worth[:depth, k, None] * settled.flow.joining
            own[:-1] += worth[depth:, k, None] * settled.flow.inviting[:-1]
            found[k, winner, winner - member] = own[member, winner]
        found[1] += np.tril(np.ones((depth, depth))) * settled.flow.wins[:, None]
        return found[0], found[1]

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as plain Python values."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else str(value)
            if isinstance(value, CostModel) else float(value)
            for name, value in values.items()
        }  # fmt: skip


def mean_decay(x: NDArray[Any]) -> NDArray[Any]:
    """Return (1 - exp(-x)) / x, the mean of exp(-t) over [0, x]."""
    small = np.abs(x) < _SMALL
    safe = np.where(small, 1.0, x)
    return np.asarray(np.where(small, 1.0 - x / 2 + x * x / 6 - x * x * x / 24, -np.expm1(-safe) / safe))


def _by_winner(tables: Reals) -> Reals:
    """Return R(e, e - d) at [..., d - 1, e - 1]: `solvers.beliefs.by_winner` over leading axes."""
    depth = tables.shape[-1]
    member, winner = np.triu_indices(depth)
    lined = np.zeros_like(tables)
    lined[..., member, winner] = tables[..., winner, winner - member]
    return lined


def _density(law: CostModel, payoff: Reals) -> Reals:
    """Return the density of a cost at payoffs of at least 0, the limit from above at 0."""
    least = 1e-12 * float(law.ppf(0.5))
    at = np.maximum(payoff, max(least, np.finfo(np.float64).tiny))
    chance = law.cdf(at)
    with np.errstate(invalid="ignore"):
        return np.where(chance > 0, chance * law.log_cdf_slope(at), 0.0)
