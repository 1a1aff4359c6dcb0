"""Schemes for what lasts: who stays once a campaign is over, and rewards that leave most members behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Campaign, CostModel, Objective, Participation
from mechanism.costs import fractions
from mechanism.errors import InvalidInputError
from mechanism.games.participation import network_benefit
from mechanism.layers import support_of
from mechanism.numbers import number, whole
from mechanism.schemes import PathScheme
from mechanism.vectors import one_each
from solvers.engine import Engine, Progress
from solvers.peeling import leaving_rounds
from solvers.precision import Difference, check_replicates, paired_difference
from solvers.recruitment import settle
from solvers.scheme_design import Design, design
from solvers.seeds import Rng, child, seed_sequence
from solvers.worlds import Worlds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Aftermath", "SustainedDesign", "aftermath", "design_sustained"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Aftermath:
    """What is left of a campaign once it is over.

    Attributes
    ----------
    scheme : PathScheme
        The scheme of the campaign.
    sample : ndarray of int64, shape (replicates, 2)
        Members when the campaign stops, and those who stay for ever, world by world.
    stay : ndarray of float64, shape (max_depth,)
        Chance that a member of depth d stays, at index d - 1; that of all members at depths which nobody reached.
    members : ndarray of float64, shape (periods,)
        Expected members by period: at index 0 when the campaign stops, at the end those who stay for ever.
    world_key : tuple of int
        Names the worlds.
    """

    scheme: PathScheme
    sample: NDArray[np.int64]
    stay: Reals
    members: Reals
    world_key: tuple[int, int]

    @property
    def burst(self) -> float:
        """Expected members when the campaign stops."""
        return float(self.members[0])

    @property
    def sustained(self) -> float:
        """Expected members who stay for ever."""
        return float(self.members[-1])

    @property
    def stderr(self) -> tuple[float, float]:
        """Standard errors of the two."""
        burst, kept = self.sample.std(axis=0, ddof=1) / np.sqrt(len(self.sample))
        return float(burst), float(kept)

    @property
    def share(self) -> float:
        """Those who stay, as a share of the burst; NaN if there was none."""
        return self.sustained / self.burst if self.burst else float("nan")

    @property
    def half_life(self) -> float:
        """Periods until half of the burst is gone, linear between periods; infinite if more than half stays."""
        below = np.flatnonzero(self.members <= self.burst / 2)
        if not len(below) or not self.burst:
            return float("inf")
        after = int(below[0])
        high, low = self.members[after - 1], self.members[after]
        return float(after - 1 + (high - self.burst / 2) / (high - low))

    def value(self, discount: float) -> float:
        """Return the discounted sum of members over all periods from the end of the campaign on; discount in [0, 1)."""
        allowed = "a number of at least 0 and below 1"
        rate = float(number(discount, argument="discount", allowed=allowed))
        if not 0 <= rate < 1:
            raise InvalidInputError("discount", discount, allowed=allowed)
        last = len(self.members) - 1
        weights = rate ** np.arange(last + 1, dtype=np.float64)
        weights[-1] /= 1 - rate
        return float(weights @ self.members)

    def difference(self, other: Aftermath, *, confidence: float = 0.95) -> Difference:
        """Return by how much more members stay than under another scheme in the same worlds.

        Raises
        ------
        InvalidInputError
            If the two did not meet the same worlds: use one `rng` for both.
        """
        if other.world_key != self.world_key:
            raise InvalidInputError(
                "other", "other worlds", allowed="an aftermath with the same rng", verb="met"
            )
        return paired_difference(self.sample[:, 1], other.sample[:, 1], confidence=confidence)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("depth", "chance to stay"), left=0)
        for depth, chance in enumerate(self.stay.tolist(), 1):
            table.add_row(str(depth), f"{chance:.3f}")
        burst, kept = self.stderr
        return render(
            f"After the campaign with {self.scheme}",
            table,
            footer=(
                f"burst          {self.burst:,.1f} members (s.e. {burst:.1f})",
                f"sustained      {self.sustained:,.1f} members (s.e. {kept:.1f}), {100 * self.share:.1f} % of them",
                f"half-life      {self.half_life:.2f} periods",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "scheme": self.scheme.to_dict(),
            "burst": self.burst,
            "sustained": self.sustained,
            "stderr": list(self.stderr),
            "stay": self.stay.tolist(),
            "members": self.members.tolist(),
            "half_life": self.half_life if np.isfinite(self.half_life) else None,
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the members by period after the campaign; return the axes."""
        from solvers.plots import BLUE, GREY, styled_axes

        with styled_axes(ax) as axes:
            axes.plot(np.arange(len(self.members)), self.members, color=BLUE, marker="o", markersize=4)
            axes.axhline(self.sustained, color=GREY, linestyle="--", linewidth=1)
            axes.set_ylim(bottom=0)
            axes.set_xlabel("periods after the campaign (dashed: those who stay for ever)")
            axes.set_ylabel("members")
        return axes


def aftermath(
    campaign: Campaign,
    scheme: PathScheme,
    *,
    upkeep: CostModel,
    residual: float | ArrayLike = 0.0,
    replicates: int = 200,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Aftermath:
    """Play campaigns to their end, and see who stays when no more prizes are paid.

    Parameters
    ----------
    campaign : Campaign
        Its network has a support layer: what it is worth to a member per period that others take part.
    scheme : PathScheme
        Rewards of the campaign.
    upkeep : CostModel
        What taking part costs a person per period, money; drawn once per person and world.
    residual : float or array_like of float, shape () or (n,)
        What is paid on to everybody who stays, money per period, at least 0.
    replicates : int
        Worlds, at least 2.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    engine : int, Engine or distributed.Client, optional
        Number of threads, or a Dask cluster, for the search of the equilibrium; all cores by default.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Aftermath

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or the network has no support layer.

    Notes
    -----
    A member stays as long as fun, residual reward and support of the members who are left are worth the upkeep: the
    largest self-supporting part of the burst stays for ever, the others leave in rounds. The organiser's team is gone
    when the campaign is over. O(n + m) a world.

    Examples
    --------
    >>> from mechanism import Graph, IncentiveNetwork, Recursive, Search, TopDegree
    >>> ring = Graph.from_edges(range(30), [*range(1, 30), 0], directed=False)
    >>> network = IncentiveNetwork(ring, contact=0.9, support=1.0, join=CostModel.exponential(mean=0.1),
    ...     invite=CostModel.exponential(mean=0.1))
    >>> campaign = Campaign(network, Search(prize=1000, find=0.01), team=TopDegree(1), max_depth=5)
    >>> after = aftermath(campaign, Recursive(1 / 2), upkeep=CostModel.uniform(low=0, high=2), replicates=50, rng=7)
    >>> 0 < after.sustained < after.burst < 10
    True
    """
    if not isinstance(upkeep, CostModel):
        raise InvalidInputError("upkeep", upkeep, allowed="a CostModel such as CostModel.exponential(mean=1)")
    network = campaign.network
    layer, count = support_of(network), check_replicates(replicates)
    paid = one_each("residual", residual, network.graph.n, least=0)
    root = seed_sequence(rng)
    worlds = Worlds(campaign, child(root, 0), engine=engine, progress=progress)
    final, _ = settle(worlds, scheme.table(campaign.max_depth), replicates=count)
    benefit = network_benefit(network, paid, 0.0)
    nothing = np.zeros(network.graph.n)
    sample = np.zeros((count, 2), dtype=np.int64)
    by_depth = np.zeros((2, campaign.max_depth + 1))
    leavers = np.zeros(1, dtype=np.int64)  # by round, from 1 on
    for world in range(count):
        depth, _ = worlds.tree(final.profile.join, final.profile.invite, replicate=world)
        present = depth > 0
        draws = np.random.default_rng(child(child(root, 1), world)).random(network.graph.n)
        game = Participation(layer.graph, benefit, support=layer.weights, cost=upkeep.ppf(fractions(draws)))
        rounds, _ = leaving_rounds(game, present.astype(np.float64), nothing)
        kept = present & (rounds == 0)
        sample[world] = present.sum(), kept.sum()
        for row, who in zip(by_depth, (present, kept), strict=True):
            row += np.bincount(depth[who], minlength=len(row))
        gone = np.bincount(rounds[present & (rounds > 0)])
        leavers = np.pad(leavers, (0, max(0, len(gone) - len(leavers))))
        leavers[: len(gone)] += gone
        if progress is not None:
            progress("aftermath", world + 1, count)
    burst, stayed = by_depth[:, 1:]
    everybody = float(stayed.sum() / burst.sum()) if burst.any() else 0.0
    stay = np.divide(stayed, burst, out=np.full(campaign.max_depth, everybody), where=burst > 0)
    members = (sample[:, 0].sum() - np.cumsum(leavers)) / count
    for array in (sample, stay, members):
        array.flags.writeable = False
    return Aftermath(scheme, sample, stay, members, worlds.key)


@dataclass(frozen=True, slots=True, eq=False)
class SustainedDesign:
    """A scheme designed for what lasts, beside the one that recruits most.

    Attributes
    ----------
    design : Design
        The design that leaves most members behind.
    aftermath : Aftermath
        What it leaves behind, in fresh worlds.
    recruiting : Design
        The design that recruits most.
    recruiting_aftermath : Aftermath
        What that leaves behind, in the same fresh worlds.
    steps : tuple of float
        Members who stay under the best design of each step, in the worlds of the search; never decreasing.
    """

    design: Design
    aftermath: Aftermath
    recruiting: Design
    recruiting_aftermath: Aftermath
    steps: tuple[float, ...]

    @property
    def gain(self) -> Difference:
        """By how much more members stay than under the scheme that recruits most, in the same fresh worlds."""
        return self.aftermath.difference(self.recruiting_aftermath)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("designed for", "burst", "stay", "s.e.", "share"))
        for name, after in (("what lasts", self.aftermath), ("recruits", self.recruiting_aftermath)):
            table.add_row(
                name,
                f"{after.burst:,.1f}",
                f"{after.sustained:,.1f}",
                f"{after.stderr[1]:.1f}",
                f"{100 * after.share:.1f} %",
            )
        gain = self.gain
        footer = (
            f"difference     {gain.mean:+,.2f} members who stay ({gain.low:+,.2f} to {gain.high:+,.2f})",
            f"steps          {', '.join(f'{x:,.1f}' for x in self.steps)}",
        )
        return render("Schemes by what is left once the campaign is over", table, footer=footer)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "design": self.design.to_dict(),
            "aftermath": self.aftermath.to_dict(),
            "recruiting": self.recruiting.to_dict(),
            "recruiting_aftermath": self.recruiting_aftermath.to_dict(),
            "steps": list(self.steps),
        }


def design_sustained(
    campaign: Campaign,
    *,
    upkeep: CostModel,
    residual: float | ArrayLike = 0.0,
    rounds: int = 3,
    replicates: int = 200,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> SustainedDesign:
    """Design the scheme that leaves most members behind once the campaign is over.

    Parameters
    ----------
    campaign, upkeep, residual, replicates, engine, progress
        As in `aftermath`.
    rounds : int
        Most designs after the first, at least 1.
    rng : int, numpy.random.SeedSequence or numpy.random.Generator
        Names the worlds.
    **options
        As `design` takes them: epsilon, subject_to, budget, unit, effort.

    Returns
    -------
    SustainedDesign

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Notes
    -----
    The chance to stay depends on where a member stands, and on the scheme itself: it is measured for the best design by
    now, the next is made for the members who would stay at those chances (`Objective.sustained`), and taken if more
    stay in the same worlds. The first design is the one that recruits most, so the result is never worse in these
    worlds; the figures reported are of fresh ones.
    """
    most = whole(rounds, argument="rounds")
    root = seed_sequence(rng)

    def seen(scheme: PathScheme, name: int) -> Aftermath:
        return aftermath(
            campaign, scheme, upkeep=upkeep, residual=residual, replicates=replicates, rng=child(root, name),
            engine=engine, progress=progress,
        )  # fmt: skip

    def designed(objective: Objective) -> Design:
        return design(
            campaign, objective=objective, rng=child(root, 0), engine=engine, progress=progress, **options
        )

    best = recruiting = designed(Objective.recruits())
    after = seen(best.scheme, 1)
    steps = [after.sustained]
    for _ in range(most):
        new = designed(Objective.sustained(after.stay.tolist()))
        then = seen(new.scheme, 1)
        if not then.sustained > after.sustained:
            break
        best, after = new, then
        steps.append(after.sustained)
    return SustainedDesign(best, seen(best.scheme, 2), recruiting, seen(recruiting.scheme, 2), tuple(steps))
