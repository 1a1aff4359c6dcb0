"""What a campaign does to opinions: how far its members move others, beside how many they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.opinions import Opinions
from solvers.agreement import Consensus, consensus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CampaignComparison", "CampaignEffect", "campaign_effect", "compare_campaigns"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CampaignEffect:
    """What a campaign's members do to the opinions of all, beside how many they are.

    Attributes
    ----------
    members : ndarray of float64, shape (n,)
        Who takes part: 0, 1 or a chance.
    opinion : ndarray of float64, shape (n,)
        What the campaign says to and through each.
    before, after : Consensus
        Where opinions lead without it and with it.
    """

    members: Reals
    opinion: Reals
    before: Consensus
    after: Consensus

    @property
    def reach(self) -> float:
        """Number of members."""
        return float(self.members.sum())

    @property
    def shift(self) -> float:
        """Change of the mean opinion."""
        return float(self.after.limit.mean() - self.before.limit.mean())

    @property
    def shift_of_others(self) -> float | None:
        """Change of the mean opinion of those who are no members; None if all are."""
        others = 1 - self.members
        total = float(others.sum())
        return float(others @ (self.after.limit - self.before.limit)) / total if total else None

    @property
    def shift_per_member(self) -> float | None:
        """Change of the mean opinion for each member; None without members."""
        return self.shift / self.reach if self.reach else None

    @property
    def distances(self) -> tuple[float, float]:
        """Mean distance from the campaign's opinion, before and after."""
        before, after = (float(np.abs(one.limit - self.opinion).mean()) for one in (self.before, self.after))
        return before, after

    @property
    def polarisation_change(self) -> float:
        """By how much polarisation rises."""
        return self.after.polarisation - self.before.polarisation

    @property
    def disagreement_change(self) -> float:
        """By how much disagreement along the arcs rises."""
        return self.after.disagreement - self.before.disagreement

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("in the long run", "before", "after", "change"))
        before, after = self.before, self.after
        for name, was, now in (
            ("mean opinion", before.limit.mean(), after.limit.mean()),
            ("distance from the campaign", *self.distances),
            ("polarisation", before.polarisation, after.polarisation),
            ("disagreement", before.disagreement, after.disagreement),
        ):
            table.add_row(name, f"{was:,.5g}", f"{now:,.5g}", f"{now - was:+,.4g}")
        others, each = self.shift_of_others, self.shift_per_member
        return render(
            f"A campaign with {self.reach:,.6g} members among {before.opinions.n:,} people",
            table,
            footer=(
                f"others         {'nobody' if others is None else f'{others:+.4g} in their mean opinion'}",
                f"per member     {'nobody' if each is None else f'{each:+.4g} in the mean opinion'}",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        names = (
            "reach", "shift", "shift_of_others", "shift_per_member", "polarisation_change", "disagreement_change",
        )  # fmt: skip
        return {
            "members": self.members.tolist(),
            "opinion": self.opinion.tolist(),
            **{name: getattr(self, name) for name in names},
            "distances": list(self.distances),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw how many people end up with which opinion, before and after; return the axes."""
        from solvers.plots import BLUE, ORANGE, styled_axes

        both = np.concatenate((self.before.limit, self.after.limit))
        low, high = float(both.min()), float(both.max())
        if high - low <= 1e-9 * max(abs(low), abs(high), 1e-300):  # all the same, but for rounding
            low, high = low - 0.5, high + 0.5
        bins = np.linspace(low, high, min(30, max(5, int(np.sqrt(len(both))))) + 1)
        with styled_axes(ax) as axes:
            axes.hist(self.before.limit, bins=bins.tolist(), color=BLUE, alpha=0.45, label="before")
            axes.hist(
                self.after.limit,
                bins=bins.tolist(),
                histtype="step",
                color=ORANGE,
                linewidth=2,
                label="after",
            )
            for one, color in ((self.before, BLUE), (self.after, ORANGE)):
                axes.axvline(float(one.limit.mean()), color=color, linestyle="--", linewidth=1.2)
            axes.set_xlabel("opinion in the long run (dashed: mean)")
            axes.set_ylabel("people")
            axes.legend()
        return axes


@dataclass(frozen=True, slots=True, eq=False)
class CampaignComparison:
    """Reach and agreement of several campaigns.

    Attributes
    ----------
    effects : dict of str to CampaignEffect
        Each campaign's, by name.
    """

    effects: dict[str, CampaignEffect]

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        columns = (
            "members",
            "reach",
            "mean opinion",
            "shift",
            "of others",
            "per member",
            "polarisation",
            "disagreement",
        )
        table = plain_table(columns)
        first = next(iter(self.effects.values())).before
        rows = [("nobody", first, None), *((name, one.after, one) for name, one in self.effects.items())]
        for name, there, effect in rows:
            shifts = [""] * 4
            if effect is not None:
                some = (effect.shift, effect.shift_of_others, effect.shift_per_member)
                shifts = [f"{effect.reach:,.6g}", *("-" if x is None else f"{x:+.4g}" for x in some)]
            table.add_row(
                name, shifts[0], f"{there.limit.mean():.5g}", *shifts[1:], f"{there.polarisation:,.5g}",
                f"{there.disagreement:,.5g}",
            )  # fmt: skip
        return render(
            "Reach of campaigns, and what people think in the long run",
            table,
            footer=(
                "shift: change of the mean opinion of all; of others: of those who are no members.",
                "polarisation: squared distances from the mean; disagreement: along the arcs, weighted with trust.",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {name: effect.to_dict() for name, effect in self.effects.items()}

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the shift of the mean opinion against the reach, with the polarisation beside; return the axes."""
        from solvers.labels import place_labels
        from solvers.plots import BLUE, GREY, styled_axes

        points = [(effect.reach, effect.shift) for effect in self.effects.values()]
        with styled_axes(ax) as axes:
            axes.plot(
                [x for x, _ in points], [y for _, y in points], color=BLUE, marker="o", linestyle="none"
            )
            axes.axhline(0, color=GREY, linewidth=1)
            axes.margins(x=0.15, y=0.15)
            axes.set_xlim(left=0)
            axes.set_xlabel("reach (members); in brackets: polarisation in the long run")
            axes.set_ylabel("shift of the mean opinion")
            names = [f"{name} ({one.after.polarisation:.3g})" for name, one in self.effects.items()]
            place_labels(axes, points, names, color=GREY, size=9)
        return axes


def campaign_effect(
    opinions: Opinions,
    members: ArrayLike,
    *,
    opinion: float | ArrayLike = 1.0,
    weight: float | ArrayLike = 1.0,
) -> CampaignEffect:
    """Return what people think in the long run once some of them speak for a campaign, beside what they think without.

    Parameters
    ----------
    opinions : Opinions
        The people.
    members, opinion, weight
        Who takes part, what the campaign says and how much its members hold on to it, as in `Opinions.with_campaign`.
        ``opinions.innate + 0.2`` shifts all members by as much.

    Returns
    -------
    CampaignEffect

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If a linear system was not solved to an error of rounding.

    Notes
    -----
    A campaign that says more than anybody thinks never lowers an opinion, but its members may leave the others behind:
    polarisation may rise with reach. Costs two calls of `consensus` without speed.

    Examples
    --------
    Ten in a circle hold on to what they think a little. Five neighbours reach more than two people opposite each other,
    and move the mean further, but there is less agreement.

    >>> from mechanism import Graph
    >>> ring = Graph.from_edges(range(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0], directed=False)
    >>> people = Opinions(ring, 0.0, stubbornness=0.2)
    >>> five, two = (campaign_effect(people, who) for who in (np.arange(10) < 5, np.arange(10) % 5 == 0))
    >>> five.reach, round(five.shift, 3), round(five.after.polarisation, 3)
    (5.0, 0.691, 1.026)
    >>> two.reach, round(two.shift, 3), round(two.after.polarisation, 3)
    (2.0, 0.564, 0.542)
    """
    return compare_campaigns(opinions, {"": members}, opinion=opinion, weight=weight).effects[""]


def compare_campaigns(
    opinions: Opinions,
    members: Mapping[str, ArrayLike],
    *,
    opinion: float | ArrayLike = 1.0,
    weight: float | ArrayLike = 1.0,
) -> CampaignComparison:
    """Return the effect of campaigns that differ in their members, side by side.

    Parameters
    ----------
    opinions : Opinions
        The people.
    members : mapping of str to array_like of bool or float, shape (n,)
        Who takes part in each campaign, by its name; at least one.
    opinion, weight
        As in `Opinions.with_campaign`, the same for all campaigns.

    Returns
    -------
    CampaignComparison

    Raises
    ------
    InvalidInputError
        If an argument is out of range.

    Examples
    --------
    >>> from mechanism import Graph
    >>> star = Graph.from_edges([0] * 4, [1, 2, 3, 4], directed=False)
    >>> people = Opinions(star, 0.0, stubbornness=0.5)
    >>> table = compare_campaigns(people, {"hub": [1, 0, 0, 0, 0], "leaves": [0, 1, 1, 0, 0]})
    >>> [round(effect.shift, 6) for effect in table.effects.values()]
    [0.6, 0.514286]
    """
    if not isinstance(members, Mapping) or not members:
        raise InvalidInputError("members", members, allowed="a mapping of names to members, at least one")
    before = consensus(opinions, speed=False)
    effects = {}
    for name, who in members.items():
        changed = opinions.with_campaign(who, opinion=opinion, weight=weight)
        said = np.broadcast_to(np.asarray(opinion, dtype=np.float64), (opinions.n,)).copy()
        took_part = np.array(who, dtype=np.float64)
        for array in (took_part, said):
            array.flags.writeable = False
        effects[name] = CampaignEffect(took_part, said, before, consensus(changed, speed=False))
    return CampaignComparison(effects)
