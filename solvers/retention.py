"""Sustained value: what lasts of a burst when the campaign stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import inf, isinf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Campaign, Logit, Participation
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.numbers import number, whole
from mechanism.vectors import one_each
from solvers.engine import Arrays, Engine, Job, Pool, engine_of, run
from solvers.kernels.retention import stay_by_chance
from solvers.peeling import leaving_rounds
from solvers.precision import check_replicates
from solvers.seeds import Rng, seed_sequence
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from solvers.recruitment import Recruitment

__all__ = ["Retention", "burst_of", "members_of", "sustain"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int32]
_ROWS = 24  # periods shown one by one
_WORLDS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Retention:
    """The members from the end of a campaign on.

    Attributes
    ----------
    system : Participation or Logit
        The game.
    burst : ndarray of float64, shape (n,)
        Who takes part when the campaign stops, 1 or 0.
    residual : ndarray of float64, shape (n,)
        What goes on being paid to each who stays, money per period.
    members, members_stderr : ndarray of float64, shape (periods + 1,)
        Expected members by period, the burst at 0, and their standard errors; 0 where nothing is left to chance.
    lasting : ndarray of float64, shape (n,)
        Participation: 1 for those who stay for ever, else 0. Logit: the chance to be there in the last period.
    sustained, sustained_stderr : float
        Participation: how many stay for ever. Logit: expected members in the last period.
    rounds : int or None
        Participation: periods until nobody leaves any more, which may be more than are shown. None for Logit.
    discount : float
        What a member is worth in the next period, relative to this one.
    value, value_stderr : float
        Sum over the periods of discount^t times the members, in member periods, and its standard error.
    replicates : int or None
        Simulated worlds; None where nothing is left to chance.
    work : dict of str to int
        ``arcs``: arcs visited, all worlds together.
    """

    system: Participation | Logit
    burst: Reals
    residual: Reals
    members: Reals
    members_stderr: Reals
    lasting: Reals
    sustained: float
    sustained_stderr: float
    rounds: int | None
    discount: float
    value: float
    value_stderr: float
    replicates: int | None
    work: dict[str, int] = field(repr=False)

    @property
    def periods(self) -> int:
        """How many periods are shown after the campaign."""
        return len(self.members) - 1

    @property
    def peak(self) -> float:
        """Most expected members at a time."""
        return float(self.members.max())

    @property
    def half_life(self) -> float:
        """When members first are down to half of the peak, in periods, linear between them; inf if never by the end."""
        below = np.flatnonzero(self.members <= self.peak / 2)
        if not len(below):
            return inf
        t = int(below[0])
        before, after = float(self.members[t - 1]), float(self.members[t])
        return t - 1 + (before - self.peak / 2) / (before - after)

    @property
    def sustained_share(self) -> float:
        """Part of the burst that lasts."""
        return self.sustained / float(self.members[0])

    @property
    def residual_cost(self) -> float:
        """What the residual rewards cost in each period in the end, money."""
        return float(self.residual @ self.lasting)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("period", "members", "s.e.", "share"), left=0)
        moved = np.flatnonzero(np.diff(self.members))
        shown = min(self.periods, _ROWS - 1, int(moved[-1]) + 1 if len(moved) else 0)
        for t in range(shown + 1):
            share = self.members[t] / self.members[0]
            spread = "-" if self.replicates is None else f"{self.members_stderr[t]:,.3g}"
            table.add_row(str(t), f"{self.members[t]:,.6g}", spread, f"{100 * share:.1f} %")
        if shown < self.periods:
            rest = self.members[shown + 1 :]
            span = (
                f"{rest.min():,.6g}" if rest.min() == rest.max() else f"{rest.max():,.6g}..{rest.min():,.6g}"
            )
            last = "" if shown + 1 == self.periods else f"..{self.periods}"
            table.add_row(f"{shown + 1}{last}", span, "", "")
        chance = self.replicates is not None
        worlds = f", means of {self.replicates:,} worlds" if chance else ""
        ends = f"in period {self.periods}" if chance else f"for ever, from period {self.rounds} on"
        half = (
            f"{self.half_life:,.3g} periods" if self.half_life < inf else f"not within {self.periods} periods"
        )
        paid = self.residual.any()
        lasts = _with_error(self.sustained, self.sustained_stderr, chance)
        value = _with_error(self.value, self.value_stderr, chance)
        return render(
            f"What lasts of a burst of {self.members[0]:,.0f} members{worlds}",
            table,
            footer=(
                f"sustained      {lasts} members {ends}: {100 * self.sustained_share:.1f} %",
                f"peak           {self.peak:,.6g} members",
                f"half-life      {half}",
                f"value          {value} member periods, discounted by {self.discount:g}",
                *([f"residual       costs {self.residual_cost:,.5g} per period in the end"] if paid else ()),
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; an infinite half-life is None."""
        names = ("burst", "residual", "members", "members_stderr", "lasting")
        figures = ("sustained", "sustained_stderr", "sustained_share", "rounds", "peak")
        return {
            **{name: getattr(self, name).tolist() for name in names},
            **{name: getattr(self, name) for name in figures},
            "half_life": None if isinf(self.half_life) else self.half_life,
            **{name: getattr(self, name) for name in ("discount", "value", "value_stderr", "replicates")},
            "work": dict(self.work),
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the members by period with two standard errors, the peak and the half-life; return the axes."""
        from matplotlib.ticker import MaxNLocator

        from solvers.plots import BLUE, GREEN, GREY, ORANGE, styled_axes

        times, error = np.arange(self.periods + 1), 2 * self.members_stderr
        with styled_axes(ax) as axes:
            low, high = self.members - error, self.members + error
            axes.fill_between(times, low, high, color=BLUE, alpha=0.25, linewidth=0)
            axes.plot(
                times, self.members, color=BLUE, marker="." if self.periods <= 60 else "", label="members"
            )
            at = int(self.members.argmax())
            axes.plot(
                at, self.peak, color=ORANGE, marker="D", linestyle="none", label=f"peak {self.peak:,.5g}"
            )
            label = f"sustained {self.sustained:,.5g} ({100 * self.sustained_share:.1f} %)"
            axes.axhline(self.sustained, color=GREEN, linestyle="--", linewidth=1.5, label=label)
            if self.half_life < inf:
                life = self.half_life
                axes.plot(
                    [life, life], [0, self.peak / 2], color=GREY, linestyle=":", marker="o", markevery=[1],
                    label=f"half-life {life:,.3g}",
                )  # fmt: skip
            axes.set_xlabel("time after the campaign, periods")
            axes.set_ylabel("members" if self.replicates is None else "expected members")
            axes.set_xlim(-0.02 * self.periods, self.periods)
            axes.set_ylim(0, 1.05 * self.peak)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.yaxis.set_major_formatter("{x:,.5g}")
            axes.legend(loc="best")
            return axes


def _with_error(figure: float, stderr: float, shown: bool) -> str:
    return f"{figure:,.6g}" + (f" ± {stderr:,.3g}" if shown else "")


def sustain(
    system: Participation | Logit,
    burst: ArrayLike,
    *,
    residual: float | ArrayLike = 0.0,
    periods: int = 50,
    discount: float = 1.0,
    returns: bool = False,
    replicates: int | None = None,
    rng: Rng | None = None,
    engine: int | Engine | None = None,
) -> Retention:
    """Follow the members of a burst after the campaign: each stays as long as those who are left make it worth it.

    In a `Participation` game member i stays while b_i + r_i + sum_j w_ij x_j >= c_i, the sum over the members that
    are left and r_i the residual reward; all look at once, period by period. In a `Logit` game it stays with
    probability 1 / (1 + exp(-L (b_i + r_i + sum_j w_ij x_j - c_i))), given who was there in the period before.

    Parameters
    ----------
    system : Participation or Logit
        The game; support at least 0 in a Participation game.
    burst : array_like of 0 and 1 or bool, shape (n,), or of int, shape (members,)
        Who takes part when the campaign stops: one number for each person, or else distinct numbers of persons. At
        least one.
    residual : float or array_like of float, shape () or (n,)
        r_i, what goes on being paid to who stays, money per period.
    periods : int
        Periods that are followed after the campaign, at least 1. What lasts in a Participation game does not depend
        on it.
    discount : float
        What a member is worth in the next period relative to this one, in (0, 1].
    returns : bool
        Logit: whether members of the burst who left may come back, with the same probability. In a Participation game
        nobody would.
    replicates : int, optional
        Logit: worlds, at least 2; 1,000 by default.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator, optional
        Logit: names the worlds.
    engine : int, Engine or distributed.Client, optional
        Logit: number of threads, or a Dask cluster; all cores by default. The result does not depend on it.

    Returns
    -------
    Retention

    Raises
    ------
    InvalidInputError
        If an argument is out of range, a Logit game lacks `rng`, or a Participation game is given what is for chance.

    Notes
    -----
    *Participation*. With support of at least 0 the members only fall, and what is left in the end is the greatest
    equilibrium within the burst: the largest part of it that supports itself, whatever the order in which people leave.
    Each member leaves at most once and those whom it supported are told: O(n + m), and each arc into the game is
    visited at most once. Numbers stand for their shortest decimals and ties are decided in exact arithmetic, as in
    `solvers.participation_equilibrium.chains`; b_i + r_i is rounded once, to the nearest machine number.

    *Logit*. O(members x periods) draws and, without returns, at most one visit to each arc for each world. Draws are a
    function of (seed, world, person, period): results do not depend on threads, and games with the same `rng` meet the
    same draws. Means over worlds; with a finite rationality everybody leaves in the long run if nobody returns.

    References
    ----------
    Seidman, "Network structure and minimum degree", Social Networks 5, 1983 (the k-core: equal support and cost).
    Milgrom and Roberts, "Rationalizability, learning, and equilibrium in games with strategic complementarities",
    Econometrica 58, 1990.
    Blume, "The statistical mechanics of strategic interaction", Games and Economic Behavior 5, 1993.

    Examples
    --------
    A triangle with a tail of two: the tail comes off, the triangle lasts.

    >>> from mechanism import Graph
    >>> graph = Graph.from_edges([0, 1, 2, 2, 3], [1, 2, 0, 3, 4], directed=False)
    >>> result = sustain(Participation(graph, 0.0, support=1.0, cost=2.0), [1, 1, 1, 1, 1], periods=4)
    >>> result.members.tolist(), result.lasting.tolist()
    ([5.0, 4.0, 3.0, 3.0, 3.0], [1.0, 1.0, 1.0, 0.0, 0.0])

    Tossing coins, half of those left leave in each period.

    >>> fickle = Logit(graph, 0.0, support=0.0, cost=0.0, rationality=1.0)
    >>> result = sustain(fickle, [0, 1, 2, 3], periods=3, replicates=50_000, rng=7)
    >>> result.members.round(1).tolist(), round(result.half_life, 1)
    ([4.0, 2.0, 1.0, 0.5], 1.0)
    """
    if not isinstance(system, (Participation, Logit)):
        raise InvalidInputError("system", system, allowed="a Participation or a Logit game")
    members = members_of(burst, system.n)
    extra = one_each("residual", residual, system.n)
    horizon = whole(periods, argument="periods")
    allowed = "a number in (0, 1]"
    factor = float(number(discount, argument="discount", allowed=allowed))
    if not 0 < factor <= 1:
        raise InvalidInputError("discount", discount, allowed=allowed)
    powers = factor ** np.arange(horizon + 1)
    present = np.zeros(system.n)
    present[members] = 1.0
    if isinstance(system, Participation):
        for name, given in (("replicates", replicates), ("rng", rng), ("engine", engine)):
            if given is not None:
                raise InvalidInputError(
                    name, given, allowed="left out: in a Participation game nothing is by chance"
                )
        left, visited = leaving_rounds(system, present, extra)
        rounds = int(left.max(initial=0))
        gone = np.bincount(left[left > 0], minlength=horizon + 1)
        counts = (len(members) - np.cumsum(gone)[None, : horizon + 1]).astype(np.float64)
        lasting, worlds = (left == 0).astype(np.float64), None
        sustained, sustained_stderr = float(lasting.sum()), 0.0
    else:
        if rng is None:
            raise InvalidInputError("rng", rng, allowed="given: in a Logit game people stay by chance")
        worlds = _WORLDS if replicates is None else check_replicates(replicates)
        key = seed_sequence(rng).generate_state(2, np.uint64).astype(np.uint64)
        stage = _Stage.of(system, extra, members, present, bool(returns), horizon, key)
        blocks = run(Job(_block, stage), worlds, engine=engine_of(engine)).blocks
        counts = np.concatenate([block[0] for block in blocks]).astype(np.float64)
        lasting = np.sum([block[1] for block in blocks], axis=0) / worlds
        visited = int(sum(block[2][0] for block in blocks))
        rounds, sustained, sustained_stderr = None, *_mean(counts[:, -1])
    total, total_stderr = _mean(counts @ powers)
    return Retention(
        system=system,
        burst=_frozen(present),
        residual=extra,
        members=_frozen(counts.mean(axis=0)),
        members_stderr=_frozen(np.array([_mean(column)[1] for column in counts.T])),
        lasting=_frozen(lasting),
        sustained=sustained,
        sustained_stderr=sustained_stderr,
        rounds=rounds,
        discount=factor,
        value=total,
        value_stderr=total_stderr,
        replicates=worlds,
        work={"arcs": visited},
    )


def members_of(burst: ArrayLike, n: int) -> Ids:
    """Return the numbers of the people of a burst, int32, increasing.

    Parameters
    ----------
    burst : array_like
        n numbers 0 or 1 (or bool), one for each person; else distinct numbers of persons, 0..n - 1.
    n : int
        How many people there are.

    Raises
    ------
    InvalidInputError
        If it is neither, or nobody takes part.

    Examples
    --------
    >>> members_of([0, 1, 1], 3).tolist(), members_of([2, 0], 3).tolist()
    ([1, 2], [0, 2])
    """
    given = np.asarray(burst)
    allowed = f"{n} numbers 0 or 1, not all 0, or else distinct numbers of persons, 0..{n - 1}"
    if given.ndim != 1 or not given.size or given.dtype.kind not in "biuf":
        raise InvalidInputError("burst", burst, allowed=allowed)
    marks = (given == 0) | (given == 1)
    if len(given) == n and marks.all() and given.any():
        return np.flatnonzero(given).astype(np.int32)
    numbers = given.dtype.kind in "iu"
    wrong = (given < 0) | (given >= n) if numbers else ~marks
    if wrong.any():
        first = int(wrong.argmax())
        raise InvalidInputError("burst", given[first].item(), index=first, allowed=allowed)
    people = np.unique(given).astype(np.int32)
    if not numbers or len(people) < len(given):
        raise InvalidInputError("burst", burst, allowed=allowed)
    return people


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """What all worlds of a Logit game have in common; sent to other processes once."""

    indptr: NDArray[np.int64]
    indices: Ids
    weights: Reals
    scale: float
    alone: Reals
    rationality: float
    start: Reals
    members: Ids
    returns: bool
    periods: int
    key: NDArray[np.uint64]
    scratch: Pool[Arrays] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scratch", Pool(partial(_scratch, len(self.alone))))

    @classmethod
    def of(
        cls,
        system: Logit,
        residual: Reals,
        members: Ids,
        present: Reals,
        returns: bool,
        periods: int,
        key: NDArray[np.uint64],
    ) -> _Stage:
        """Return the stage: supporters are counted if all arcs weigh the same, which leaves no rounding errors."""
        back, support = system.matrix.tocsc(), system.support
        if isinstance(support, float):
            scale, weights, back.data = support, np.ones(1), np.ones(len(back.data))
        else:
            scale, weights = 1.0, back.data
        return cls(
            back.indptr.astype(np.int64), back.indices.astype(np.int32, copy=False), weights, scale,
            system.benefit + residual - system.cost, system.rationality, back @ present,
            members, returns, periods, key,
        )  # fmt: skip


def _scratch(n: int) -> Arrays:
    return np.zeros(n, np.int8), np.empty(n), np.empty(n, np.int32), np.empty(n, np.int32)


def _block(stage: _Stage, parameters: tuple[()], start: int, stop: int) -> Arrays:
    """Play worlds start .. stop - 1; return members by world and period, who is there in the end, and arcs visited."""
    counts = np.zeros((stop - start, stage.periods + 1), dtype=np.int64)
    stayed, work = np.zeros(len(stage.alone), dtype=np.int64), np.zeros(1, dtype=np.int64)
    with stage.scratch.lend() as scratch:
        stay_by_chance(
            stage.indptr, stage.indices, stage.weights, stage.scale, stage.alone, stage.rationality, stage.start,
            stage.members, stage.returns, stage.key, start, counts, stayed, work, *scratch,
        )  # fmt: skip
    return counts, stayed, work


def _mean(sample: Reals) -> tuple[float, float]:
    """Return the mean and its standard error, which is 0 for a single number."""
    spread = float(sample.std(ddof=1) / np.sqrt(len(sample))) if len(sample) > 1 else 0.0
    return float(sample.mean()), spread


def _frozen(array: Reals) -> Reals:
    array.flags.writeable = False
    return array


def burst_of(campaign: Campaign, recruitment: Recruitment, *, rng: Rng, world: int = 0) -> Reals:
    """Return who was recruited in one world of a campaign, 1 or 0 for each person; the team is not among them.

    Parameters
    ----------
    campaign : Campaign
        The campaign; a race without response times, all people of one kind.
    recruitment : Recruitment
        What `solvers.recruit` found for it.
    rng : int or numpy.random.SeedSequence
        The one that `recruit` was given.
    world : int
        Number of the world, below the replicates of the recruitment.

    Raises
    ------
    InvalidInputError
        If the recruitment met other worlds, or fewer.
    UnsupportedProblemError
        If motives differ, or the campaign has a response time.

    Examples
    --------
    >>> from mechanism import CostModel, Graph, IncentiveNetwork, Recursive, Search, TopDegree
    >>> from solvers import recruit
    >>> star = Graph.from_edges([0] * 50, list(range(1, 51)))
    >>> cost = CostModel.exponential(mean=0.1)
    >>> campaign = Campaign(IncentiveNetwork(star, contact=0.5, join=cost, invite=cost),
    ...                     Search(prize=100, find=0.01), team=TopDegree(1), max_depth=3)
    >>> found = recruit(campaign, Recursive(1 / 2), replicates=20, rng=7)
    >>> bool(burst_of(campaign, found, rng=7, world=3).sum() == found.sample[3])
    True
    """
    worlds = Worlds(campaign, seed_sequence(rng))
    if worlds.key != recruitment.world_key:
        raise InvalidInputError("rng", "other worlds", allowed="the one that recruit was given", verb="names")
    if whole(world, argument="world", least=0) >= recruitment.replicates:
        raise InvalidInputError("world", world, allowed=f"below {recruitment.replicates}")
    if len(worlds.motives) > 1:
        raise UnsupportedProblemError("a burst is shown for people of one kind, whose motives do not differ")
    depth, _ = worlds.tree(recruitment.join, recruitment.invite, replicate=world)
    return _frozen((depth > 0).astype(np.float64))
