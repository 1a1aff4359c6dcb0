"""Team design: whom to hire first, once people decide as the reward scheme makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Campaign, Graph, Members, Objective
from mechanism.errors import InvalidInputError
from mechanism.numbers import whole
from mechanism.schemes import PathScheme
from solvers.engine import Engine
from solvers.progress import Progress, Stages
from solvers.recruitment import Recruitment
from solvers.seeds import Rng, seed_sequence
from solvers.team_search import RULES, Reason, TeamFigure, TeamRound, TeamSearch, with_team

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TeamDesign", "seeded_team"]

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class TeamDesign:
    """A team for a reward scheme, beside that of the campaign and those of rules of thumb.

    Attributes
    ----------
    campaign : Campaign
        The campaign with the new team.
    scheme : PathScheme
        The reward scheme.
    objective : Objective
        What was to be large.
    figures : tuple of TeamFigure
        The designed team first, then the team before and the rules of thumb, all on the same fresh worlds, drawn after
        every choice had been made.
    rounds : tuple of TeamRound
        The search.
    reason : {"settled", "rounds", "interrupted"}
        Why it ended: no challenger was better, or as many rounds as asked for, or an interrupt from the keyboard.
    """

    campaign: Campaign
    scheme: PathScheme
    objective: Objective
    figures: tuple[TeamFigure, ...]
    rounds: tuple[TeamRound, ...] = field(repr=False)
    reason: Reason

    @property
    def team(self) -> tuple[int | str, ...]:
        """Labels of the team."""
        return self.figures[0].team

    @property
    def recruitment(self) -> Recruitment:
        """The equilibrium with the team, on fresh worlds."""
        return self.figures[0].recruitment

    @property
    def before(self) -> Recruitment:
        """The equilibrium with the team that the campaign had, on the same worlds."""
        return self.figures[1].recruitment

    def figure(self, name: str) -> TeamFigure:
        """Return the figure of a team by its name."""
        for one in self.figures:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in self.figures)
        raise InvalidInputError("name", name, allowed=f"one of {names}")

    def select(self, graph: Graph) -> Ids:
        """Return the nodes: a result is a `Team` of campaigns on graphs with these people."""
        return Members(self.team).select(graph)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("team", str(self.objective), "s.e.", "designed ahead", "s.e.", "mean depth"))
        for one in self.figures:
            ahead = (
                ("", "") if one.name == "designed" else (f"{one.ahead.mean:+,.4g}", f"{one.ahead.stderr:.2g}")
            )
            depth = f"{one.recruitment.mean_depth:.2f}"
            table.add_row(one.name, f"{one.value:,.5g}", f"{one.stderr:.2g}", *ahead, depth)
        shown = ", ".join(map(str, self.team[:12])) + (", ..." if len(self.team) > 12 else "")
        lines = [
            f"round {number}: {one.kind}, {one.gain.mean:+,.4g} ± {one.gain.stderr:.2g}, "
            + ("hired" if one.accepted else "not surely better")
            for number, one in enumerate(self.rounds, start=1)
        ]
        footer = (f"team     {shown}", *lines, f"ended    {self.reason}")
        return render(f"A team of {len(self.team)} for {self.scheme.label}", table, footer=footer)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the members by depth with each team; return the axes."""
        from solvers.plots import BLUE, GREEN, GREY, ORANGE, styled_axes

        styles = (
            (BLUE, "o", "-"), (ORANGE, "s", "-"), (GREY, "^", "--"), (GREEN, "v", "--"), ("black", "x", ":")
        )  # fmt: skip
        with styled_axes(ax) as drawn:
            for one, (color, marker, line) in zip(self.figures, styles, strict=True):
                members = one.recruitment.members_by_depth
                label = f"{one.name}: {one.recruitment.recruits:,.0f} recruits"
                depths = np.arange(1, len(members) + 1)
                drawn.plot(
                    depths, members, color=color, marker=marker, linestyle=line, markersize=4, label=label
                )
            drawn.set(xlabel="depth (steps from the team)", ylabel="expected members", ylim=(0, None))
            drawn.set_xticks(depths)
            drawn.grid(visible=True)
            drawn.legend()
            return drawn

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "team": list(self.team),
            "scheme": self.scheme.to_dict(),
            "objective": str(self.objective),
            "figures": [one.to_dict() for one in self.figures],
            "rounds": [one.to_dict() for one in self.rounds],
            "reason": self.reason,
            "recruitment": self.recruitment.to_dict(),
        }


def seeded_team(
    campaign: Campaign,
    scheme: PathScheme,
    k: int,
    *,
    objective: Objective | None = None,
    epsilon: float = 0.2,
    tries: int = 16,
    max_rounds: int = 5,
    replicates: int = 1024,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> TeamDesign:
    """Choose the k people to hire first, under the equilibrium that the scheme then leads to.

    Parameters
    ----------
    campaign : Campaign
        Network, task, largest depth and the team to start from.
    scheme : PathScheme
        The reward scheme.
    k : int
        People of the team.
    objective : Objective, optional
        What is to be large; recruits by default.
    epsilon : float
        Teams from sketches spread at least 1 - 1/e - epsilon of the most, while people decide as before.
    tries : int
        Further challengers in each round, at least 0: the team with one member exchanged, and teams drawn at random.
    max_rounds : int
        Most rounds, at least 1.
    replicates : int
        Worlds on which teams are compared, and fresh worlds of the report, at least 2.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds of the search, those of the report, the sketches and the draws.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster; all cores by default. The result does not depend on it.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    TeamDesign

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    UnsupportedProblemError
        If the objective is to find targets and there are none.

    Notes
    -----
    The search begins with the team of the campaign, or with the k people with most contacts if it has not k members.
    Each round, challengers race on ever more worlds, the better half of them each time, and the last one takes the
    place of the team if its own equilibrium is better in the same worlds, by the lower end of a 95 % interval. So no
    step makes the team worse on the worlds of the search; the report is on others, since the best of many is luck in
    part. The first challenger is the certified best spread while people decide as they do now (`seed`): persons join
    with the mean chance of those asked, arcs fire with the chance that an invitation is made and arrives, and only
    the team makes every invitation. But decisions change with the team. Well connected people fill the first depths,
    where they compete for the same prize and so stop to invite; a team at the edge of the network may recruit more
    through more depths. That is why teams of other kinds are tried, in the first round those of the rules of thumb
    too. The result is a good team, with no bound on how much better another may be.

    Cost: each challenger needs an equilibrium on 128 worlds, the best of a round one on all.

    Examples
    --------
    >>> from mechanism import CostModel, FinderTakesAll, IncentiveNetwork, Search
    >>> stars = Graph.from_edges([0] * 9 + [20] * 30, [*range(1, 10), *range(21, 51)])
    >>> network = IncentiveNetwork(stars, contact=0.5, join=CostModel.exponential(mean=0.1),
    ...                            invite=CostModel.exponential(mean=0.1))
    >>> campaign = Campaign(network, Search(prize=100, find=0.01), team=Members([0]), max_depth=2)
    >>> found = seeded_team(campaign, FinderTakesAll(), 1, replicates=256, rng=7)
    >>> found.team, found.rounds[0].accepted
    ((20,), True)
    """
    rounds = whole(max_rounds, argument="max_rounds")
    root = seed_sequence(rng)
    search = TeamSearch(
        campaign, scheme, k, objective=objective, replicates=replicates, rng=root, engine=engine
    )
    stages = Stages(progress, rounds + len(RULES) + 2)
    best, history, reason = search.run(search.start, rounds, tries=tries, epsilon=epsilon, stages=stages)
    figures = search.report(best, stages)
    stages.done()
    return TeamDesign(
        with_team(campaign, best), scheme, search.problem.objective, figures, tuple(history), reason
    )
