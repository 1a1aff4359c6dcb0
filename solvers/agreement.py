"""Where opinions lead: whether people come to agree, on what, how fast, and who anchors it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import number, whole
from mechanism.opinions import Opinions
from solvers.closed_groups import Parts
from solvers.spectral import rounding_of_sums

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Consensus", "consensus"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
_ROWS = 12  # people shown one by one
_FAINT = 1e-15  # least stubbornness but 0
_LOST = 1e-6  # most error of the sum of influence, which is 1
_EXACT = 2e-6  # up to here a rate is shown without its residual


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """Where opinions lead.

    Attributes
    ----------
    opinions : Opinions
        The people.
    limit : ndarray of float64, shape (n,)
        What each thinks in the long run: the limit of its opinion or, where opinions go round for ever, the average
        over time.
    converges : bool
        Whether opinions tend to a limit from all initial opinions.
    group : ndarray of int64, shape (n,)
        Number of the closed group that a person belongs to, in the order of their first people; -1 for none. A closed
        group is a set of people without stubbornness who listen to one another, through others at least, and to nobody
        else.
    periods : tuple of int
        Of each closed group: 1, or the period in which its opinions may go round for ever.
    influence : ndarray of float64, shape (n,)
        What the opinion of each counts in the mean of the limits: at least 0, 1 in total. It is the innate opinion that
        counts, and the initial one for people in closed groups.
    residual : float
        Largest distance of a limit from what it would be one period later, computed afresh.
    error : float or None
        No limit is further off than this; None if that could not be certified.
    rate, rate_residual : float or None
        By what factor the distance to the limit falls per period, in the long run: the second largest modulus of an
        eigenvalue of P in one group without the stubborn, else also the largest of (1 - l) P among the others; and how
        far from solving their equations the eigenvalues are. None if not asked for or not found.
    epsilon : float
        How near counts as near: a share of the range of initial opinions and of innate ones of the stubborn.
    time : int or None
        Periods until nobody is, nor ever will be, further than that from the limit; None if not asked for, or not
        within the periods allowed.
    mean, deviation : ndarray of float64
        The mean of the opinions and their standard deviation, period by period from 0; empty if not asked for.
    """

    opinions: Opinions
    limit: Reals
    converges: bool
    group: Ids
    periods: tuple[int, ...]
    influence: Reals
    residual: float
    error: float | None
    rate: float | None
    rate_residual: float | None
    epsilon: float
    time: int | None
    mean: Reals
    deviation: Reals

    @property
    def groups(self) -> int:
        """Number of closed groups."""
        return len(self.periods)

    @property
    def is_consensus(self) -> bool:
        """Whether all come to think the same from any opinions: there is a single source, a group or a stubborn one."""
        return self.converges and self.groups + int((self.opinions.stubbornness > 0).sum()) == 1

    @property
    def power(self) -> Reals:
        """Social influence within each closed group, float64 of shape (n,); 1 in total in each, 0 for all others.

        Initial opinions weighted with it add up to what the group thinks in the long run.
        """
        inside = self.group >= 0
        total = np.bincount(self.group[inside], self.influence[inside], minlength=self.groups)
        power = np.zeros(self.opinions.n)
        power[inside] = self.influence[inside] / total[self.group[inside]]
        return power

    @property
    def voices(self) -> float:
        """One over the sum of squared influence: so many equal voices would make a mean of the same variance.

        A crowd is wise if this grows without end with its size (Golub and Jackson, 2010).
        """
        return float(1 / (self.influence**2).sum())

    @property
    def polarisation(self) -> float:
        """Sum of squared distances of the limits from their mean."""
        return self.opinions.polarisation(self.limit)

    @property
    def disagreement(self) -> float:
        """Tension along the arcs in the long run, as `Opinions.disagreement` says."""
        return self.opinions.disagreement(self.limit)

    def weight_of(self, group: int) -> Reals:
        """Return what the opinion of a closed group counts in each person's limit, float64 of shape (n,), in [0, 1].

        Raises
        ------
        InvalidInputError
            If there is no such group.

        Notes
        -----
        The chance that a walk along the trust ends up in the group. One linear system.
        """
        if whole(group, argument="group", least=0) >= self.groups:
            raise InvalidInputError("group", group, allowed=f"one of the {self.groups} closed groups, from 0")
        inside = (self.group == group).astype(np.float64)
        parts = Parts.of(self.opinions)
        weight = parts.spread_out(inside, np.zeros(self.opinions.n))
        weight.flags.writeable = False
        return weight

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        people, n = self.opinions, self.opinions.n
        table = plain_table(("person", "influence", "stubborn", "initially", "in the end", "group"))
        for i in np.argsort(-self.influence, kind="stable")[:_ROWS]:
            cells = (self.influence[i], people.stubbornness[i], people.initial[i], self.limit[i])
            own = str(self.group[i]) if self.group[i] >= 0 else ""
            table.add_row(str(people.graph.labels[i]), *(f"{x:,.4g}" for x in cells), own)
        if n > _ROWS:
            table.add_row(f"{n - _ROWS:,} more", *[""] * 5)
        stubborn = int((people.stubbornness > 0).sum())
        round_for_ever = sum(period > 1 for period in self.periods)
        ending = "all converge" if self.converges else f"{round_for_ever} may go round for ever"
        before, error = people.initial, "not certified" if self.error is None else f"at most {self.error:.2g}"
        return render(
            "All come to think the same" if self.is_consensus else "Opinions in the long run",
            table,
            footer=(
                f"sources        closed groups: {self.groups:,} ({ending}); stubborn people: {stubborn:,}",
                f"mean           {before.mean():.6g} at first, {self.limit.mean():.6g} in the end",
                f"polarisation   {people.polarisation(before):.6g} at first, {self.polarisation:.6g} in the end",
                f"disagreement   {people.disagreement(before):.6g} at first, {self.disagreement:.6g} in the end",
                f"anchors        as many as {self.voices:,.4g} equal voices make the mean",
                *self._speed(),
                f"accuracy       residual {self.residual:.2g}, error {error}",
            ),
        )

    def _speed(self) -> list[str]:
        lines = []
        if self.rate is not None:
            within = self.rate_residual or 0.0
            words = f", within {within:.1g}" if within > _EXACT else ""
            lines.append(f"rate           the distance falls by the factor {self.rate:.6g} per period{words}")
        if self.time is not None:
            share = f"{100 * self.epsilon:g} % of the range"
            lines.append(f"time           all are within {share} from period {self.time:,} on")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; without the people."""
        arrays = ("limit", "group", "influence", "mean", "deviation")
        figures = (
            "converges", "is_consensus", "groups", "voices", "polarisation", "disagreement", "residual", "error",
            "rate", "rate_residual", "epsilon", "time",
        )  # fmt: skip
        return {
            **{name: getattr(self, name).tolist() for name in arrays},
            **{name: getattr(self, name) for name in figures},
            "periods": list(self.periods),
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the mean opinion by period, with a band of one standard deviation; return the axes.

        Raises
        ------
        InvalidInputError
            If the result has no time course.
        """
        from solvers.plots import BLUE, GREY, styled_axes

        if not len(self.mean):
            raise InvalidInputError("speed", False, allowed="True in consensus() for a time course to draw")
        period = np.arange(len(self.mean))
        with styled_axes(ax) as axes:
            low, high = self.mean - self.deviation, self.mean + self.deviation
            axes.fill_between(
                period, low, high, color=BLUE, alpha=0.2, linewidth=0, label="± one standard deviation"
            )
            axes.plot(
                period, self.mean, color=BLUE, marker="o" if len(period) < 40 else None, label="mean opinion"
            )
            axes.axhline(
                self.limit.mean(), color=GREY, linestyle="--", linewidth=1, label="mean in the long run"
            )
            axes.set_xlabel("time (periods)")
            axes.set_ylabel("opinion")
            axes.legend()
        return axes


def consensus(
    opinions: Opinions, *, epsilon: float = 0.01, max_periods: int = 1000, speed: bool = True
) -> Consensus:
    """Return what people come to think, who anchors it and how fast it comes.

    Parameters
    ----------
    opinions : Opinions
        The people.
    epsilon : float
        How near to the limit opinions are to come, as a share of the range of all opinions, above 0.
    max_periods : int
        Most periods that are played to find the time that takes, at least 1.
    speed : bool
        Whether to find the rate and the time at all.

    Returns
    -------
    Consensus

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If a linear system was not solved to an error of rounding.

    Notes
    -----
    Let M = (1 - l) P. Its strongly connected parts that nobody in them leaves, by trust or by stubbornness, are the
    closed groups; each converges if and only if the greatest common divisor of the lengths of its cycles is 1, and
    then to pi x(0), where pi = pi P is its left Perron vector (DeGroot, 1974; Golub and Jackson, 2010). All others, T,
    forget their initial opinions: x_T = M_TT x_T + M_TC x_C + l_T s_T, which has one solution as everybody in T reaches
    a group or somebody stubborn. If all are in T this is x = (I - (I - L) P)^-1 L s (Friedkin and Johnsen, 1990).
    Influence comes from one system with the transpose of M_TT.

    Components O(n + m), periods O(m + n log n), then Krylov iterations of O(n + m) each, as in
    `solvers.centrality.feedback`; where these fail, for up to 50,000 people, a sparse factorisation. pi is known in
    closed form for symmetric trust. The error is bounded with vectors v > M v (Collatz, 1942), which exist as soon as
    everybody in T is led out of it; for a group the same is made of P without one person: with r = pi P - pi the error
    is at most the range of x(0) times sum |r_i| v_i / (v - P v). Distances to the limit never grow, so that the time is
    found by playing the periods. All eigenvalues are computed in groups of up to 400 people, otherwise the second
    largest by Lanczos or Arnoldi iterations; the largest among the others is enclosed by `solvers.spectral.radius_of`.

    References
    ----------
    DeGroot, "Reaching a consensus", Journal of the American Statistical Association 69, 1974.
    Denardo, "Periods of connected networks and powers of nonnegative matrices", Mathematics of Operations Research 2,
    1977.
    Friedkin and Johnsen, "Social influence and opinions", Journal of Mathematical Sociology 15, 1990.
    Golub and Jackson, "Naive learning in social networks and the wisdom of crowds", American Economic Journal:
    Microeconomics 2, 2010.

    Examples
    --------
    In a star the centre has half of the influence.

    >>> from mechanism import Graph
    >>> star = Graph.from_edges([0] * 4, [1, 2, 3, 4], directed=False)
    >>> result = consensus(Opinions(star, [1.0, 0, 0, 0, 0], self_trust=0.5))
    >>> result.is_consensus, result.influence.round(12).tolist(), round(result.rate, 12)
    (True, [0.5, 0.125, 0.125, 0.125, 0.125], 0.5)
    >>> consensus(Opinions(star, [1.0, 0, 0, 0, 0])).periods  # without self-trust centre and leaves swap opinions
    (2,)
    """
    if not isinstance(opinions, Opinions):
        raise InvalidInputError("opinions", type(opinions).__name__, allowed="Opinions")
    share = float(number(epsilon, argument="epsilon", allowed="a finite number above 0"))
    if not share > 0:
        raise InvalidInputError("epsilon", epsilon, allowed="a finite number above 0")
    most = whole(max_periods, argument="max_periods")
    faint = (opinions.stubbornness > 0) & (opinions.stubbornness < _FAINT)
    if faint.any():
        first = int(faint.argmax())
        allowed = f"0, or at least {_FAINT:g}: less is lost in rounding"
        raise InvalidInputError(
            "stubbornness", float(opinions.stubbornness[first]), index=first, allowed=allowed
        )
    parts = Parts.of(opinions)
    power = parts.perron()
    settled = np.zeros(opinions.n)
    if parts.groups:
        agreed = np.bincount(parts.members, power * opinions.initial[parts.inside], minlength=parts.groups)
        settled[parts.inside] = agreed[parts.members]
    limit = parts.spread_out(settled, opinions.stubbornness * opinions.innate)
    influence = parts.influence(power)
    largest = max(float(np.abs(limit).max()), float(np.abs(opinions.stubbornness * opinions.innate).max()))
    rounding = rounding_of_sums(parts.longest + 2) * largest
    residual = float(np.abs(parts.step(limit) - limit).max())
    certificate = parts.certificate()
    converges = all(period == 1 for period in parts.periods)
    rate: tuple[float | None, float | None] = parts.rate(power, certificate) if speed else (None, None)
    time, course = parts.play(limit, share, most, rounding) if speed else (None, np.empty((0, 2)))
    result = Consensus(
        opinions=opinions, limit=_frozen(limit), converges=converges, group=_frozen(parts.group), periods=parts.periods,
        influence=_frozen(influence), residual=residual, error=parts.error(limit, power, rounding, certificate),
        rate=rate[0], rate_residual=rate[1], epsilon=share, time=time,
        mean=_frozen(course[:, 0].copy()), deviation=_frozen(course[:, 1].copy()),
    )  # fmt: skip
    if not abs(influence.sum() - 1) <= _LOST:
        raise SolveError(
            "influence does not add up to 1 but for rounding: somebody is led away too slowly, by too little trust or "
            "stubbornness, for floats to tell where opinions lead", solution=result,
        )  # fmt: skip
    return result


def _frozen(array: Any) -> Any:
    array.flags.writeable = False
    return array
