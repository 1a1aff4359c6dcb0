"""Diffusion against recruitment: a message that is shared a lot is not a message that people act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from math import inf, nan, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign
from mechanism.errors import InvalidInputError
from mechanism.message import Message
from mechanism.numbers import whole
from mechanism.schemes import PathScheme
from solvers.engine import Engine, Progress
from solvers.precision import check_replicates
from solvers.recruitment import Recruitment, Status, recruit
from solvers.seeds import Rng, child, seed_sequence
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Loss", "RankCorrelation", "Suitability", "suitability"]

Reals = NDArray[np.float64]
Longs = NDArray[np.int64]
_FIGURES = [name + end for name in ("suitability", "virality", "action_rate") for end in ("", "_stderr")]
_RESAMPLES = 500
_TOP = (1, 3, 5)
_ROWS = 24  # messages shown one by one, in a table or by their names in a figure
_WIDE = 30.0  # largest over smallest from which an axis is logarithmic


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How far the rankings by virality and by suitability agree, from -1 to 1; NaN where one of them is all ties.

    Attributes
    ----------
    value : float
        The correlation of the estimated rankings.
    stderr, low, high : float
        Standard error and 95 % interval for the noise of the simulation alone: batches of worlds are drawn again, with
        replacement, each with what all messages did in it. Which messages there are is not by chance.
    unrelated : float
        Standard deviation that the correlation would have among so few messages if the rankings had nothing to do with
        each other: how much the number of messages lets one conclude beyond these.
    """

    value: float
    stderr: float
    low: float
    high: float
    unrelated: float

    def __str__(self) -> str:
        return f"{self.value:+.2f} ± {self.stderr:.2g}, 95 % interval [{self.low:+.2f}, {self.high:+.2f}]"


@dataclass(frozen=True, slots=True)
class Loss:
    """What it costs to choose messages by how much they are shared, on worlds drawn after the choice.

    Attributes
    ----------
    top : int
        How many messages are chosen; the campaign uses one of them at random.
    shared, acting : tuple of str
        The most shared messages, and those with most actions, best first.
    actions, actions_stderr : float
        Expected actions by the latter.
    absolute, absolute_stderr : float
        Expected actions lost by the former; may be negative by chance, and is exactly 0 for the same messages.
    relative, relative_stderr : float
        The same in shares of `actions`; NaN if there are none.
    """

    top: int
    shared: tuple[str, ...]
    acting: tuple[str, ...]
    actions: float
    actions_stderr: float
    absolute: float
    absolute_stderr: float
    relative: float
    relative_stderr: float

    def __str__(self) -> str:
        names = (
            f"{self.shared[0]} instead of {self.acting[0]}" if self.top == 1 else f"of {self.top}, the mean"
        )
        lost = f"{self.absolute:,.4g} ± {self.absolute_stderr:.2g} of {self.actions:,.4g} actions"
        return f"{names}: loses {lost}, {self.percent}"

    @property
    def percent(self) -> str:
        """The relative loss and its standard error, as a text."""
        return f"{100 * self.relative:.3g} ± {100 * self.relative_stderr:.1g} %"


@dataclass(frozen=True, slots=True, eq=False)
class Suitability:
    """How far messages spread if they are only shared, and how many people act on them.

    Attributes
    ----------
    messages : tuple of Message
        The messages.
    reached : ndarray of float64, shape (messages, batches)
        People whom costless sharing reaches, the team excluded, on average in each batch of worlds.
    recruitments : tuple of tuple of Recruitment
        The equilibrium of costly recruitment for each message and batch, in the same worlds.
    kendall, spearman : RankCorrelation
        How far the rankings agree: Kendall's tau-b, Spearman's rho.
    losses : tuple of Loss
        What choosing by virality costs, for each number of messages chosen.
    """

    messages: tuple[Message, ...]
    reached: Reals = field(repr=False)
    recruitments: tuple[tuple[Recruitment, ...], ...] = field(repr=False)
    kendall: RankCorrelation
    spearman: RankCorrelation
    losses: tuple[Loss, ...]

    @property
    def acted(self) -> Reals:
        """People who act, the team excluded, on average in each batch: float64 of shape (messages, batches)."""
        return np.array([[one.sample.mean() for one in batches] for batches in self.recruitments])

    @property
    def virality(self) -> Reals:
        """Expected people reached by costless sharing, float64 of shape (messages,)."""
        return np.asarray(self.reached.mean(axis=1))

    @property
    def virality_stderr(self) -> Reals:
        """Standard error of the virality."""
        return _stderr(self.reached)

    @property
    def suitability(self) -> Reals:
        """Expected people who act at the equilibrium of costly recruitment, float64 of shape (messages,)."""
        return np.asarray(self.acted.mean(axis=1))

    @property
    def suitability_stderr(self) -> Reals:
        """Standard error of the suitability, each batch having an equilibrium of its own."""
        return _stderr(self.acted)

    @property
    def action_rate(self) -> Reals:
        """Suitability over virality; NaN where nobody is reached. Above 1 if acting carries further than sharing."""
        return _ratio(self.acted, self.reached)[0]

    @property
    def action_rate_stderr(self) -> Reals:
        """Standard error of the action rate, both being measured in the same worlds."""
        return _ratio(self.acted, self.reached)[1]

    @property
    def order(self) -> Longs:
        """Numbers of the messages by suitability, best first; ties in the given order."""
        return _best(self.suitability)

    @property
    def virality_rank(self) -> Longs:
        """Rank of each message by virality, 1 for the most shared; messages that tie share the best rank."""
        virality = self.virality
        return np.array([1 + np.count_nonzero(virality > own) for own in virality])

    @property
    def settled(self) -> tuple[bool, ...]:
        """Whether recruitment reached an equilibrium in all batches, for each message."""
        return tuple(all(one.status is Status.CONVERGED for one in row) for row in self.recruitments)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        columns = (
            "suitability",
            "s.e.",
            "virality",
            "s.e.",
            "rank by virality",
            "per person reached",
            "s.e.",
        )
        table = plain_table(("message", *columns))
        figures = np.column_stack([getattr(self, name) for name in _FIGURES])
        rank, (size, batches) = self.virality_rank, self.reached.shape
        for i in self.order[:_ROWS]:
            *counts, rate, error = (f"{x:,.4g}" for x in figures[i])
            table.add_row(self.messages[i].name, *counts, str(rank[i]), rate, error)
        if size > _ROWS:
            table.add_row(f"{size - _ROWS:,} more", *[""] * len(columns))
        footer = [
            f"Kendall tau-b  {self.kendall}",
            f"Spearman rho   {self.spearman}",
            f"messages       {size}: the tau of so many is 0 ± {self.kendall.unrelated:.2g} if rankings are unrelated",
            *(f"most shared    {one}" for one in self.losses),
            f"worlds         {batches} batches of {self.recruitments[0][0].replicates:,}, losses in fresh ones",
        ]
        if unsettled := [one.name for i, one in enumerate(self.messages) if not self.settled[i]]:
            footer.append(f"not settled    {', '.join(unsettled)}")
        return render("Messages by suitability for action", table, footer=footer)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; without the batches one by one."""
        figures = {name: getattr(self, name).tolist() for name in (*_FIGURES, "virality_rank")}
        return {
            "batches": self.reached.shape[1],
            "replicates": self.recruitments[0][0].replicates,
            "messages": [
                {
                    "message": message.to_dict(),
                    **_plain({name: column[i] for name, column in figures.items()}),
                    "settled": self.settled[i],
                }
                for i, message in enumerate(self.messages)
            ],
            "kendall": _plain(asdict(self.kendall)),
            "spearman": _plain(asdict(self.spearman)),
            "losses": [_plain(asdict(one)) for one in self.losses],
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw suitability against virality, with two standard errors, the choices of the first of `losses` marked."""
        from solvers.labels import place_labels
        from solvers.plots import BLUE, GREY, ORANGE, styled_axes

        x, y, k, loss = self.virality, self.suitability, self.kendall, self.losses[0]
        dx, dy = self.virality_stderr, self.suitability_stderr
        names = np.array([message.name for message in self.messages])
        shared, acting = np.isin(names, loss.shared), np.isin(names, loss.acting)
        looks = (
            (~shared & ~acting, GREY, "o", 5, "other messages"),
            (shared & ~acting, ORANGE, "s", 8, f"most shared: loses {loss.percent}"),
            (acting & ~shared, BLUE, "D", 8, "most acted on"),
            (shared & acting, BLUE, "*", 12, "most shared and most acted on"),
        )
        with styled_axes(ax) as axes:
            for chosen, color, marker, size, label in looks:
                if chosen.any():
                    axes.errorbar(
                        x[chosen], y[chosen], 2 * dy[chosen], 2 * dx[chosen], color=color, marker=marker,
                        markersize=size, linestyle="none", elinewidth=1, label=label, zorder=4,
                    )  # fmt: skip
            for scale, axis, values in ((axes.set_xscale, axes.xaxis, x), (axes.set_yscale, axes.yaxis, y)):
                if 0 < _WIDE * values.min() < values.max():
                    scale("log")
                axis.set_major_formatter("{x:,.5g}")
            axes.margins(0.09)
            axes.set_xlabel("virality (people reached by costless sharing)")
            axes.set_ylabel("suitability (people who act)")
            tau = f"{k.value:.2f} ± {k.stderr:.1g} (0 ± {k.unrelated:.2g} if unrelated)"
            tau = tau.replace("-", "\N{MINUS SIGN}", 1)
            axes.set_title(f"{len(names)} messages, Kendall tau-b {tau}", loc="left", fontsize=11)
            axes.legend(loc="best")
            named = (len(names) <= _ROWS) | shared | acting
            points = np.column_stack((x, y))[named].tolist()
            bars = np.array([at for i in (-2, -1, 1, 2) for at in ((x + i * dx, y), (x, y + i * dy))])
            bars = np.maximum(bars, np.array([x, y]) / 4)  # on a logarithmic axis too
            covered = bars.transpose(0, 2, 1).reshape(-1, 1, 2).tolist()
            place_labels(axes, points, names[named].tolist(), lines=covered, color=GREY, size=9)
        return axes


def suitability(
    campaign: Campaign,
    messages: Sequence[Message],
    scheme: PathScheme,
    *,
    replicates: int = 200,
    batches: int = 10,
    top: Sequence[int] | None = None,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Suitability:
    """Measure how far each message spreads if it is only shared, and how many people act on it.

    *Virality*: whoever is reached passes the message on to each contact, who is reached with the contact probability
    times the sharing appeal, and nobody decides or pays anything: the independent cascade from the campaign's
    team. *Suitability for action*: the equilibrium of the recruitment game, in which people join at a cost, for the
    motives that the message speaks to, and invite others in person. Both go on for as many rounds as the campaign's
    largest depth and do not count the team.

    Parameters
    ----------
    campaign : Campaign
        Network, task, team and largest depth. Coupons and response times hold for recruitment, not for sharing.
    messages : sequence of Message
        At least 2, with different names.
    scheme : PathScheme
        Rewards, the same for all messages.
    replicates : int
        Simulated worlds in a batch, at least 2, for each side of each message.
    batches : int
        Independent batches of worlds, at least 2, each with an equilibrium of its own: what errors are told from.
    top : sequence of int, optional
        For how many messages, chosen together, the loss is to be told, increasing; by default 1, 3 and 5, as far as
        there are more messages.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. It does not change the result.
    progress : callable, optional
        Called with (stage, worlds played, worlds in all).

    Returns
    -------
    Suitability

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    *Common worlds*. The coin of an arc and the joining cost of a person are functions of (rng, world, arc or person)
    alone. So every message meets the same worlds; in each of them, not on average only, a higher sharing appeal reaches
    whomever a lower one reaches, and whoever acts is among those whom sharing with appeal 1 reaches (without
    coupons and response times).

    *Errors*. What people expect is learnt in the very worlds in which it is measured what they do, so those worlds
    alone would show too little noise, above all in differences between messages. Each batch is therefore solved by
    itself, and errors are told from how batches differ: to about 1 / sqrt(2 batches - 2) of themselves. They are those
    of the simulation and say nothing of other messages or of a wrong network. Batches are not to be small: beliefs
    from few worlds bend an equilibrium, in proportion to 1 / replicates.

    *Losses*. Messages are chosen on these worlds and compared on fresh ones, so that the best is not the luckiest.
    Ties go to the message given first. Of several equilibria, that reached from full participation is meant.

    Cost: for each message and world one simulation for sharing and 10 to 20 for recruitment; the latter once more for
    those chosen.

    References
    ----------
    Kempe, Kleinberg and Tardos, "Maximizing the spread of influence through a social network", KDD 2003.
    Kendall, "A new measure of rank correlation", Biometrika 30, 1938.

    Examples
    --------
    >>> from mechanism import Contribution, CostModel, FinderTakesAll, Graph, IncentiveNetwork, TopDegree
    >>> star = Graph.from_edges([0] * 50, list(range(1, 51)))
    >>> network = IncentiveNetwork(star, contact=0.5, join=CostModel.uniform(low=0, high=1),
    ...                            invite=CostModel.exponential(mean=1))
    >>> campaign = Campaign(network, Contribution(amount=1), team=TopDegree(1), max_depth=1)
    >>> joke, plain = Message("joke", sharing=0.8, profit=0.2), Message("plain", sharing=0.2, profit=0.6)
    >>> result = suitability(campaign, [joke, plain], FinderTakesAll(), rng=7)
    >>> result.virality.round().tolist(), result.suitability.round().tolist()  # 25 x sharing, 25 x F(profit)
    ([20.0, 5.0], [5.0, 15.0])
    >>> result.kendall.value, round(result.losses[0].relative, 1)
    (-1.0, 0.7)
    """
    if not isinstance(campaign, Campaign):
        raise InvalidInputError("campaign", campaign, allowed="a Campaign")
    given = _messages(messages)
    if not isinstance(scheme, PathScheme):
        raise InvalidInputError("scheme", scheme, allowed="a path scheme such as Recursive(1/2)")
    count = check_replicates(replicates)
    parts = whole(batches, argument="batches", least=2)
    tops = _tops(top, len(given))
    seed = seed_sequence(rng)

    def reached(message: Message, batch: int) -> float:
        network = message.shared_on(campaign.network)
        sharing = Campaign(network, campaign.task, team=campaign.team, max_depth=campaign.max_depth)
        worlds = Worlds(sharing, child(seed, batch), engine=engine, progress=progress)
        worlds.stage = "sharing"
        always = np.ones(campaign.max_depth)  # recruitment in which nobody hesitates
        return float(worlds.play(always, always, replicates=count).members.sum() / count)

    def recruited(message: Message, batch: int) -> Recruitment:
        there = Campaign(
            message.on(campaign.network), campaign.task, team=campaign.team, max_depth=campaign.max_depth,
            max_invites=campaign.max_invites, response=campaign.response,
            horizon=None if campaign.horizon == inf else campaign.horizon,
        )  # fmt: skip
        found = recruit(
            there, scheme, replicates=count, rng=child(seed, batch), engine=engine, progress=progress
        )
        if found.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        return found

    shared = np.array([[reached(one, batch) for batch in range(parts)] for one in given])
    shared.flags.writeable = False
    recruitments = tuple(tuple(recruited(one, batch) for batch in range(parts)) for one in given)
    acted = np.array([[one.sample.mean() for one in row] for row in recruitments])
    draw = np.random.default_rng(child(seed, 2 * parts))
    kendall, spearman = _rank_correlations(shared, acted, draw)
    by_sharing, by_acting = (_best(means.mean(axis=1))[: tops[-1]].tolist() for means in (shared, acted))
    afresh = {
        i: np.array([recruited(given[i], batch).sample.mean() for batch in range(parts, 2 * parts)])
        for i in {*by_sharing, *by_acting}
    }
    names = [one.name for one in given]
    losses = tuple(_loss(names, by_sharing[:k], by_acting[:k], afresh) for k in tops)
    return Suitability(given, shared, recruitments, kendall, spearman, losses)


def _messages(messages: Sequence[Message]) -> tuple[Message, ...]:
    if isinstance(messages, str) or not isinstance(messages, Sequence) or len(messages) < 2:
        raise InvalidInputError("messages", messages, allowed="at least two messages, each a Message")
    seen = set()
    for place, one in enumerate(messages):
        if not isinstance(one, Message):
            raise InvalidInputError("messages", one, index=place, allowed="a Message")
        if one.name in seen:
            raise InvalidInputError("messages", one.name, index=place, allowed="named unlike others")
        seen.add(one.name)
    return tuple(messages)


def _tops(top: Sequence[int] | None, most: int) -> tuple[int, ...]:
    if top is None:
        return tuple(k for k in _TOP if k < most)
    allowed = f"increasing numbers of messages in 1..{most}, at least one"
    if isinstance(top, str) or not isinstance(top, Sequence) or not len(top):
        raise InvalidInputError("top", top, allowed=allowed)
    tops = tuple(whole(k, argument="top") for k in top)
    if max(tops) > most or any(b <= a for a, b in pairwise(tops)):
        raise InvalidInputError("top", top, allowed=allowed)
    return tops


def _best(values: Reals) -> Longs:
    """Return places of values, the largest first, ties in their order."""
    return np.argsort(-values, kind="stable")


def _stderr(sample: NDArray[Any]) -> Reals:
    return np.asarray(sample.std(axis=-1, ddof=1) / np.sqrt(sample.shape[-1]))


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> tuple[Reals, Reals]:
    """Return ratios of means over common batches and their standard errors (delta method); NaN for those of 0."""
    mean = below.mean(axis=-1)
    mean = np.where(mean == 0, nan, mean)
    ratio = np.asarray(above.mean(axis=-1) / mean)
    return ratio, np.asarray(_stderr(above - ratio[..., None] * below) / mean)


def _rank_correlations(reached: Reals, acted: Reals, draw: np.random.Generator) -> list[RankCorrelation]:
    """Return Kendall's and Spearman's, with the noise that batches drawn again show."""
    size, batches = reached.shape
    values = _agreement(reached.mean(axis=1), acted.mean(axis=1))
    again = np.empty((_RESAMPLES, 2))
    for row in again:
        chosen = draw.integers(batches, size=batches)
        row[:] = _agreement(reached[:, chosen].mean(axis=1), acted[:, chosen].mean(axis=1))
    low, high = np.quantile(again, (0.025, 0.975), axis=0).tolist()
    errors = (again - again[0]).std(axis=0, ddof=1).tolist()
    unrelated = sqrt((4 * size + 10) / (9 * size * (size - 1))), 1 / sqrt(size - 1)
    return [RankCorrelation(*row) for row in zip(values, errors, low, high, unrelated, strict=True)]


def _agreement(first: NDArray[Any], second: NDArray[Any]) -> tuple[float, float]:
    """Return Kendall's tau-b and Spearman's rho from the signs of all differences; NaN where either ranks nothing."""
    pairs = [np.sign(np.subtract.outer(values, values)) for values in (first, second)]
    ranks = [signs.sum(axis=1) for signs in pairs]

    def cosine(a: Reals, b: Reals) -> float:
        scale = sqrt(float((a * a).sum() * (b * b).sum()))
        return float((a * b).sum()) / scale if scale else nan

    return cosine(*pairs), cosine(*ranks)


def _loss(names: list[str], shared: list[int], acting: list[int], afresh: dict[int, Reals]) -> Loss:
    """Return what the most shared messages lose against the best ones, in the batches of `afresh`."""
    mine, best = (np.mean([afresh[i] for i in sorted(picks)], axis=0) for picks in (shared, acting))
    kept, relative_stderr = _ratio(mine, best)
    return Loss(
        top=len(shared),
        shared=tuple(names[i] for i in shared),
        acting=tuple(names[i] for i in acting),
        actions=float(best.mean()),
        actions_stderr=float(_stderr(best)),
        absolute=float((best - mine).mean()),
        absolute_stderr=float(_stderr(best - mine)),
        relative=float(1 - kept),
        relative_stderr=float(relative_stderr),
    )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values ready for JSON: None for NaN, which alone differs from itself, and lists for tuples."""
    return {
        name: None if value != value else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }
