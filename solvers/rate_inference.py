"""Who passes things on to whom, and how fast: transmission rates from the times at which people adopt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError, SolveError
from mechanism.graph import Graph
from mechanism.numbers import number
from solvers.adoption_times import AdoptionTimes, Delay, DelayLaw, Times
from solvers.mixture_weights import most_likely_weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from scipy.sparse import csr_array

__all__ = ["RateEstimate", "infer_rates"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
_ROWS = 24  # links shown one by one


@dataclass(frozen=True, slots=True, eq=False)
class RateEstimate:
    """Transmission rates that make observed times most likely.

    Attributes
    ----------
    graph : Graph
        The candidates j -> i: pairs in which j was seen to adopt before i, and so may have passed it on.
    rates : ndarray of float64, shape (m,)
        a_ji of every candidate, per unit of time (exponential), pure (power) or per squared unit (Rayleigh), at least
        0. The rates of all other pairs are 0 or undetermined.
    stderr : ndarray of float64, shape (m,)
        Standard errors from the observed information of the rates above 0. At 0, the boundary, there is none: NaN.
        Infinite where the likelihood is flat: other rates of the same links explain the times as well.
    delay : {"exponential", "power", "rayleigh"}
        The law of delays.
    shortest : float
        No delay is shorter; 0 unless the law is "power".
    log_likelihood : float
        Of all times after the first of each cascade, recomputed from the rates.
    gap : float
        No rates have a log-likelihood that is larger by more than this.
    cascades, infections : int
        How many there are in the data.
    spontaneous : int
        Infections before which no candidate had adopted, or none by more than the shortest delay: taken as given, not
        explained.
    tied : int
        Infections at the very time of another in the same cascade; neither can have caused the other.
    undetermined : int
        Ordered pairs about which the data say nothing: i was never at risk after j had adopted.
    """

    graph: Graph
    rates: Reals
    stderr: Reals
    delay: Delay
    shortest: float
    log_likelihood: float
    gap: float
    cascades: int
    infections: int
    spontaneous: int
    tied: int
    undetermined: int

    @property
    def source(self) -> Ids:
        """The number of j for every candidate j -> i, int64 of shape (m,)."""
        return np.repeat(np.arange(self.graph.n), self.graph.out_degree)

    @property
    def matrix(self) -> csr_array:
        """The rates above 0 as a sparse matrix of scipy, entry (j, i) for j -> i, float64 of shape (n, n)."""
        from scipy.sparse import csr_array

        n = self.graph.n
        matrix = csr_array(
            (self.rates.copy(), self.graph.indices.copy(), self.graph.indptr.copy()), shape=(n, n)
        )
        matrix.eliminate_zeros()
        return matrix

    @property
    def ambiguous(self) -> int:
        """Number of rates above 0 where the likelihood is flat."""
        return int(np.isinf(self.stderr).sum())

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("from", "to", "rate", "s.e.", "95 % interval"), left=2)
        names, source, target = self.graph.labels, self.source, self.graph.indices
        sure = np.flatnonzero(np.isfinite(self.stderr))
        strong = sure[np.argsort(-self.rates[sure], kind="stable")]
        for arc in strong[:_ROWS]:
            rate, error = self.rates[arc], self.stderr[arc]
            ends = f"{max(rate - 1.96 * error, 0.0):.3g} .. {rate + 1.96 * error:.3g}"
            table.add_row(
                str(names[source[arc]]), str(names[target[arc]]), f"{rate:.4g}", f"{error:.2g}", ends
            )
        if len(strong) > _ROWS:
            table.add_row(f"{len(strong) - _ROWS:,} more", "", "", "", "")
        positive, tied = int((self.rates > 0).sum()), f"{self.tied:,} share their time with another"
        least = f", none shorter than {self.shortest:g}" if self.shortest else ""
        explained = self.infections - self.spontaneous
        flat = f"; {self.ambiguous:,} of them are not unique" if self.ambiguous else ""
        return render(
            f"Transmission rates from {self.cascades:,} cascades, delays {self.delay}{least}",
            table,
            footer=(
                f"links          {positive:,} of {self.graph.m:,} candidates have a rate above 0{flat}",
                f"undetermined   {self.undetermined:,} ordered pairs: never at risk one after the other",
                f"infections     {explained:,} of {self.infections:,} have a possible source; {tied}",
                f"log-likelihood {self.log_likelihood:,.6g}, at most {self.gap:.1g} below the best possible",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; a standard error that is none is None."""
        names = (
            "delay",
            "shortest",
            "log_likelihood",
            "gap",
            "cascades",
            "infections",
            "spontaneous",
            "tied",
        )
        return {
            "labels": self.graph.labels.tolist(),
            "source": self.source.tolist(),
            "target": self.graph.indices.tolist(),
            "rates": self.rates.tolist(),
            "stderr": [float(x) if np.isfinite(x) else None for x in self.stderr],
            **{name: getattr(self, name) for name in (*names, "undetermined", "ambiguous")},
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the strongest links with their 95 % intervals; returns the axes of matplotlib."""
        from solvers.plots import BLUE, styled_axes

        units = {
            "exponential": "1 / unit of time",
            "power": "no unit",
            "rayleigh": "1 / unit of time, squared",
        }
        sure = np.flatnonzero(np.isfinite(self.stderr))
        strong = sure[np.argsort(-self.rates[sure], kind="stable")][:_ROWS][::-1]
        names, source = self.graph.labels, self.source
        with styled_axes(ax) as axes:
            rate, error = self.rates[strong], 1.96 * self.stderr[strong]
            bars = np.stack((np.minimum(error, rate), error))
            places = np.arange(len(strong))
            axes.errorbar(rate, places, xerr=bars, color=BLUE, marker="o", linestyle="none", capsize=3)
            words = [f"{names[source[arc]]} → {names[self.graph.indices[arc]]}" for arc in strong]
            axes.set_yticks(places, words, fontsize=7 if len(strong) > _ROWS // 2 else 9)
            axes.set_xlim(left=0.0)
            axes.set_xlabel(f"transmission rate ({units[self.delay]}), with 95 % interval")
            return axes


def infer_rates(
    times: Times,
    *,
    horizon: float | ArrayLike,
    delay: Delay = "exponential",
    shortest: float | None = None,
    candidates: Graph | None = None,
    tolerance: float = 1e-9,
) -> RateEstimate:
    """Return the transmission rates that make the times of adoption in many cascades most likely.

    Parameters
    ----------
    times : array_like of float, shape (cascades, n), or tuple of three array_like, each of shape (infections,)
        When each person adopted in each cascade, infinite or NaN for never; or the tuple (cascade, person, time).
    horizon : float or array_like of float, shape () or (cascades,)
        Until when each cascade was watched; cascades in increasing order of their names.
    delay : {"exponential", "power", "rayleigh"}
        The law of delays: hazards a, a / d (for d above the shortest delay) or a d after a delay d.
    shortest : float, optional
        The shortest delay of the power law, above 0, in units of time; to be given for it alone.
    candidates : Graph, optional
        Who could infect whom, if known: arcs j -> i. Its labels are the names of people (of the columns, in order). By
        default everybody could infect everybody.
    tolerance : float
        Largest part of 1 that the log-likelihood of an infection may be below the best, on average, above 0.

    Returns
    -------
    RateEstimate

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If the tolerance is not reached; the estimate is attached.

    Notes
    -----
    A person who adopts at t_j infects i after a random delay, all independent; the first to reach i counts. Given those
    who adopted with nobody before them, the log-likelihood is, with H the integral of the hazard h for rate 1,

        sum over infections (c, i) of log sum_(j: t_j < t_i) a_ji h(t_i - t_j)
            - sum_(c, i, j) a_ji H(min(t_i, T_c) - t_j),

    where t_i is infinite for those never infected. It is concave and falls apart into one problem for each receiver i.
    With A_j the factor of a_ji in the second sum and p_j = a_ji A_j / E for the E infections of i it becomes the choice
    of the proportions of a mixture (at the optimum sum_j a_ji A_j = E), solved by a primal-dual interior-point method
    and, on the rates above 0, Newton's. For any rates scaled to that sum, no others have a log-likelihood larger by
    more than E log max_j (1 / A_j) sum_c h_cj / (sum_k a_ki h_ck): this dual bound is the gap that is reported.

    People with equal times do not infect each other. O(n infections) time, and for each receiver with E infections and
    p candidates O(E p min(E, p)) for each of about 15 steps.

    References
    ----------
    Gomez-Rodriguez, Balduzzi and Schoelkopf, "Uncovering the temporal dynamics of diffusion networks", ICML 2011.
    Koenker and Mizera, "Convex optimization, shape constraints, compound decisions, and empirical Bayes rules", Journal
    of the American Statistical Association 109, 2014 (interior points for mixtures).

    Examples
    --------
    Ann adopts at 0, bob 1 and 3 later, and once not until 4: his rate is 2 infections in 8 units of time at risk.

    >>> estimate = infer_rates([[0, 1], [0, 3], [0, float("inf")]], horizon=4)
    >>> estimate.graph.m, estimate.rates.tolist(), estimate.stderr.round(4).tolist()
    (1, [0.25], [0.1768])
    >>> estimate.undetermined, estimate.spontaneous
    (1, 3)
    """
    law = DelayLaw.named(delay, shortest)
    precision = float(number(tolerance, argument="tolerance", allowed="a number above 0"))
    if precision <= 0:
        raise InvalidInputError("tolerance", tolerance, allowed="a number above 0")
    events = AdoptionTimes.read(times, horizon=horizon, candidates=candidates)
    n = events.n
    parts: list[tuple[Ids, Ids, Reals, Reals]] = []
    gap, value, explained, determined = 0.0, 0.0, 0, 0
    for one in events.exposures(law):
        determined += int((one.risk > 0).sum())
        if not len(one.sources):
            continue
        cost = one.cost[one.sources]
        rates, errors, missing = most_likely_weights(one.hazard, cost, tolerance=precision)
        gap += missing
        value += float(np.log(one.hazard @ rates).sum() - cost @ rates)
        explained += len(one.hazard)
        parts.append((one.sources, np.full(len(cost), one.receiver), rates, errors))
    if not parts:
        raise InvalidInputError("times", "without", verb="are", allowed="such that some adopt after others")
    source, target, rates, errors = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((target, source))
    pointers = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=n), out=pointers[1:])
    rates, errors = rates[order], errors[order]
    for array in (rates, errors):
        array.flags.writeable = False
    result = RateEstimate(
        graph=Graph(pointers, target[order].astype(np.int32), events.labels),
        rates=rates, stderr=errors, delay=delay, shortest=law.shortest, log_likelihood=value, gap=gap,
        cascades=len(events.horizon), infections=len(events.time), spontaneous=len(events.time) - explained,
        tied=events.tied,
        undetermined=(n * (n - 1) if candidates is None else candidates.m) - determined,
    )  # fmt: skip
    if gap > precision * explained:
        raise SolveError(
            f"the log-likelihood may be {gap:.2g} below the best: the tolerance was not reached",
            solution=result,
        )
    return result
