"""What seeding is worth: recruits by whom to hire first, against recruits by a higher prize."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign, Search
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.numbers import number, whole
from mechanism.schemes import PathScheme
from solvers.engine import Engine
from solvers.precision import Difference
from solvers.progress import Progress, Stages
from solvers.recruitment import Recruitment
from solvers.seeds import Rng, seed_sequence
from solvers.team_search import TeamSearch, with_team

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SeededSize", "SeedingValue", "seeding_value"]

Reals = NDArray[np.float64]
_ROUNDS = 5  # of the search for each team


@dataclass(frozen=True, slots=True, eq=False)
class SeededSize:
    """A designed team of one size, and the prize that would do as much for the team of the campaign.

    Attributes
    ----------
    team : tuple of int or str
        Labels of the team.
    recruitment : Recruitment
        The equilibrium at the prize of the campaign, on fresh worlds.
    ahead : Difference
        By how much it recruits more than the team of the campaign at the same prize, in the same worlds.
    prize : float
        Prize per target with which the team of the campaign recruits as many, money, interpolated between those
        tried; the prize of the campaign if no more is needed, infinity if the largest one tried is not enough.
    interval : tuple of float
        The same at the ends of a 95 % interval of the recruits at every prize: the error of the simulation, not that
        of the interpolation.
    bracket : tuple of float
        The prizes tried next to it.
    """

    team: tuple[int | str, ...]
    recruitment: Recruitment
    ahead: Difference
    prize: float
    interval: tuple[float, float]
    bracket: tuple[float, float]

    @property
    def k(self) -> int:
        """People of the team."""
        return len(self.team)


@dataclass(frozen=True, slots=True, eq=False)
class SeedingValue:
    """Recruits by seeding against recruits by prizes.

    Attributes
    ----------
    campaign : Campaign
        The campaign.
    scheme : PathScheme
        The reward scheme.
    sizes : tuple of SeededSize
        Designed teams, in increasing size.
    prizes : ndarray of float64
        Prizes per target, increasing from that of the campaign, money.
    at_prizes : tuple of Recruitment
        The equilibria with the team of the campaign at these prizes, on the same fresh worlds.
    salary : float or None
        What each person of a team costs, money, if given.
    """

    campaign: Campaign
    scheme: PathScheme
    sizes: tuple[SeededSize, ...]
    prizes: Reals
    at_prizes: tuple[Recruitment, ...] = field(repr=False)
    salary: float | None

    def spent(self, recruitment: Recruitment, k: int) -> float:
        """Return what prizes and salaries are expected to cost more than in the campaign as it is, money."""
        more = _paid(recruitment) - _paid(self.at_prizes[0])
        return more + (self.salary or 0.0) * (k - len(self.campaign.team_nodes))

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        base = len(self.campaign.team_nodes)
        columns = (
            "team",
            "prize",
            "recruits",
            "s.e.",
            "ahead",
            "s.e.",
            "same by prize",
            "95 %",
            "extra cost",
        )
        table = plain_table(columns)
        for size in self.sizes:
            one = size.recruitment
            low, high = size.interval
            table.add_row(
                f"{size.k} designed", f"{self.prizes[0]:,.6g}", f"{one.recruits:,.5g}", f"{one.recruits_stderr:.2g}",
                f"{size.ahead.mean:+,.4g}", f"{size.ahead.stderr:.2g}", self._shown(size.prize),
                f"{self._shown(low)} to {self._shown(high)}", f"{self.spent(one, size.k):+,.5g}",
            )  # fmt: skip
        for prize, one in zip(self.prizes.tolist(), self.at_prizes, strict=True):
            ahead = one.difference(self.at_prizes[0])
            table.add_row(
                f"{base} as they are", f"{prize:,.6g}", f"{one.recruits:,.5g}", f"{one.recruits_stderr:.2g}",
                f"{ahead.mean:+,.4g}", f"{ahead.stderr:.2g}", "", "", f"{self.spent(one, base):+,.5g}",
            )  # fmt: skip
        cost = (
            "expected prizes"
            if self.salary is None
            else f"expected prizes, and {self.salary:g} for each hired"
        )
        return render(
            f"Whom to hire against how much to pay, under {self.scheme.label}",
            table,
            footer=(
                f"extra cost      {cost}, compared with the campaign as it is",
                "same by prize   interpolated",
            ),
        )

    def _shown(self, prize: float) -> str:
        if prize == inf:
            return f"> {self.prizes[-1]:,.6g}"
        return f"<= {prize:,.5g}" if prize <= self.prizes[0] else f"{prize:,.5g}"

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw recruits against extra money, or without a salary against the prize that does as much; return the axes.

        Notes
        -----
        Bars are 95 % intervals. Prizes beyond those tried are drawn at the end of the curve.
        """
        from solvers.plots import BLUE, ORANGE, styled_axes

        base, payers = len(self.campaign.team_nodes), self.at_prizes
        hired = [size.recruitment for size in self.sizes]
        recruits = np.array([one.recruits for one in hired])
        with styled_axes(ax) as drawn:
            if self.salary is None:
                drawn.set(xlabel="prize per target (money)")
                paid: Reals = self.prizes
                spent = np.minimum([size.prize for size in self.sizes], self.prizes[-1])
                ends = np.minimum([size.interval for size in self.sizes], self.prizes[-1])
                bars = {"xerr": np.abs(ends.T - spent), "linestyle": "none"}
                name = f"designed teams at {self.prizes[0]:,.6g}: the prize that does as much"
                drawn.hlines(recruits, self.prizes[0], spent, color=ORANGE, linestyle=":", linewidth=1)
            else:
                drawn.set(xlabel="expected extra cost: prizes and salaries (money)")
                paid = np.array([self.spent(one, base) for one in payers])
                spent = np.array(
                    [self.spent(one, size.k) for one, size in zip(hired, self.sizes, strict=True)]
                )
                bars = {"yerr": [1.96 * one.recruits_stderr for one in hired], "linestyle": "-"}
                name = f"designed teams, prize {self.prizes[0]:,.6g}"
            drawn.errorbar(
                paid,
                [one.recruits for one in payers],
                yerr=[1.96 * one.recruits_stderr for one in payers],
                color=BLUE,
                marker="o",
                markersize=4,
                label=f"team of {base} as it is, higher prizes",
            )
            drawn.errorbar(
                spent, recruits, color=ORANGE, marker="s", markersize=4, capsize=3, label=name, **bars
            )
            for size, x, y in zip(self.sizes, spent.tolist(), recruits.tolist(), strict=True):
                drawn.annotate(
                    f"k = {size.k}",
                    (x, y),
                    xytext=(-7, 5),
                    textcoords="offset points",
                    ha="right",
                    color=ORANGE,
                    fontsize=9,
                )
            drawn.margins(x=0.08)
            drawn.set(ylabel="expected recruits")
            drawn.grid(visible=True)
            drawn.legend(loc="lower right")
            return drawn

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; no prize (None) where none tried is enough."""
        base = len(self.campaign.team_nodes)
        return {
            "scheme": self.scheme.to_dict(),
            "salary": self.salary,
            "sizes": [
                {
                    "k": size.k,
                    "team": list(size.team),
                    "recruits": size.recruitment.recruits,
                    "recruits_stderr": size.recruitment.recruits_stderr,
                    "ahead": size.ahead.mean,
                    "ahead_stderr": size.ahead.stderr,
                    "prize": _finite(size.prize),
                    "interval": [_finite(end) for end in size.interval],
                    "bracket": [_finite(end) for end in size.bracket],
                    "extra_cost": self.spent(size.recruitment, size.k),
                }
                for size in self.sizes
            ],
            "prizes": [
                {
                    "prize": prize,
                    "recruits": one.recruits,
                    "recruits_stderr": one.recruits_stderr,
                    "extra_cost": self.spent(one, base),
                }
                for prize, one in zip(self.prizes.tolist(), self.at_prizes, strict=True)
            ],
        }


def seeding_value(
    campaign: Campaign,
    scheme: PathScheme,
    *,
    ks: Sequence[int],
    prizes: Sequence[float],
    salary: float | None = None,
    tries: int = 16,
    replicates: int = 1024,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> SeedingValue:
    """Weigh the choice of whom to hire first against a higher prize.

    Parameters
    ----------
    campaign : Campaign
        Network, task, largest depth and team.
    scheme : PathScheme
        The reward scheme, the same at every prize.
    ks : sequence of int
        Sizes of the teams that are designed for the prize of the campaign, increasing.
    prizes : sequence of float
        Prizes per target for the team of the campaign, money, increasing from above its own.
    salary : float, optional
        What each person of a team costs, money, at least 0.
    tries, replicates
        As in `seeded_team`.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds of the search and those of the report, the same at all prizes and sizes.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    SeedingValue

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    UnsupportedProblemError
        If the task is no `Search`: contributions are what they are, not a choice of the organiser.

    Notes
    -----
    At each prize and for each size the recruits are compared in the same worlds. The prize that does as much is where
    the difference, taken as linear between the prizes tried, first reaches 0.

    Examples
    --------
    >>> from mechanism import CostModel, Graph, IncentiveNetwork, Members, Recursive
    >>> stars = Graph.from_edges([0] * 9 + [20] * 30, [*range(1, 10), *range(21, 51)])
    >>> network = IncentiveNetwork(stars, contact=0.5, join=CostModel.exponential(mean=0.5),
    ...                            invite=CostModel.exponential(mean=0.1))
    >>> campaign = Campaign(network, Search(prize=100, find=0.01), team=Members([0]), max_depth=2)
    >>> found = seeding_value(campaign, Recursive(1 / 2), ks=[1], prizes=[200, 400], replicates=256, rng=7)
    >>> found.sizes[0].team, found.sizes[0].prize  # no prize makes up for the smaller star
    ((20,), inf)
    """
    root = seed_sequence(rng)
    if not isinstance(campaign, Campaign):
        raise InvalidInputError("campaign", campaign, allowed="a Campaign")
    if not isinstance(campaign.task, Search):
        raise UnsupportedProblemError("prizes are raised in a Search; where members contribute there is none")
    sizes = [whole(k, argument="ks") for k in ks]
    if not sizes or any(more <= k for k, more in pairwise(sizes)):
        raise InvalidInputError("ks", ks, allowed="sizes of teams, increasing")
    allowed = f"prizes above that of the campaign, {campaign.task.prize:g}, increasing"
    grid = [
        campaign.task.prize,
        *(float(number(prize, argument="prizes", allowed=allowed)) for prize in prizes),
    ]
    if len(grid) < 2 or any(more <= prize for prize, more in pairwise(grid)):
        raise InvalidInputError("prizes", prizes, allowed=allowed)
    wage = None if salary is None else float(number(salary, argument="salary", allowed="money of at least 0"))
    if wage is not None and wage < 0:
        raise InvalidInputError("salary", salary, allowed="money of at least 0")
    stages = Stages(progress, len(grid) + len(sizes))
    own = campaign.team_nodes

    def search(k: int, prize: float) -> TeamSearch:
        stages.tick(f"team of {k}, prize {prize:g}")
        priced = with_team(campaign, own, prize=prize)
        return TeamSearch(priced, scheme, k, objective=None, replicates=replicates, rng=root, engine=engine)

    payers = [search(len(own), prize).fresh(own)[0] for prize in grid]
    found = list[SeededSize]()
    for k in sizes:
        one = search(k, grid[0])
        best, _, _ = one.run(one.start, _ROUNDS, tries=tries, epsilon=0.2, stages=Stages(None, _ROUNDS))
        result = one.fresh(best)[0]
        found.append(_weighed(one.labels(best), result, payers, np.array(grid)))
    stages.done()
    curve = np.array(grid)
    curve.flags.writeable = False
    return SeedingValue(campaign, scheme, tuple(found), curve, tuple(payers), wage)


def _weighed(
    team: tuple[int | str, ...], result: Recruitment, payers: Sequence[Recruitment], prizes: Reals
) -> SeededSize:
    """Return a size with the prize that does as much."""
    more = [one.difference(result) for one in payers]
    prize = _crossing(prizes, np.array([one.mean for one in more]))
    low = _crossing(prizes, np.array([one.high for one in more]))
    high = _crossing(prizes, np.array([one.low for one in more]))
    place = int(np.searchsorted(prizes, prize))
    bracket = (float(prizes[max(place - 1, 0)]), float(prizes[place]) if place < len(prizes) else inf)
    return SeededSize(team, result, result.difference(payers[0]), prize, (low, high), bracket)


def _crossing(prizes: Reals, gaps: Reals) -> float:
    """Return where a piecewise linear function first reaches 0; infinity if nowhere."""
    reached = np.flatnonzero(gaps >= 0)
    if not len(reached):
        return inf
    place = int(reached[0])
    if place == 0:
        return float(prizes[0])
    share = -gaps[place - 1] / (gaps[place] - gaps[place - 1])
    return float(prizes[place - 1] + share * (prizes[place] - prizes[place - 1]))


def _paid(recruitment: Recruitment) -> float:
    """Return what is expected to be paid in prizes, money."""
    return (recruitment.targets or 0) * recruitment.prize * recruitment.payout


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
