"""Weights on motives as data tell them: a result that prints, draws and goes back into the game."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import CostModel, Motives
from mechanism.errors import UnsupportedProblemError
from solvers.joining_intervals import FitTest
from solvers.joining_likelihood import joining_law

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MEAN_COST", "MOTIVES", "MotiveEstimate"]

Reals = NDArray[np.float64]
MOTIVES = ("profit", "charity", "reciprocity", "entertainment")
MEAN_COST = "mean cost"
"""Name of the term that is the mean of a logistic cost."""


@dataclass(frozen=True, slots=True, eq=False)
class MotiveEstimate:
    """Weights on motives as the data tell them.

    Only weights per unit of the cost's scale are identified. If the numeraire (profit) is among the terms, its weight
    is set to 1: then the others are what a unit of them is worth in units of it, and the cost comes out in money.

    Attributes
    ----------
    names : tuple of str, length k
        The terms: motives, covariates, and for the logistic law the mean cost.
    coefficients, stderr : ndarray of float64, shape (k,)
        Coefficients per unit of scale, the mean cost's as mean over scale, and their standard errors; NaN for terms
        at their bound of 0.
    interval : ndarray of float64, shape (k, 2)
        Their intervals.
    weights, weights_stderr : ndarray of float64, shape (k,)
        Coefficients relative to the numeraire, and their standard errors by the delta method; NaN without a numeraire
        above 0.
    weights_interval : ndarray of float64, shape (k, 2)
        Their intervals; infinite ends if the numeraire's coefficient is not told from 0.
    scale : float
        Scale of the cost, in units of the numeraire: the exponential's mean, the largest cost of the uniform law.
    scale_interval : tuple of float
        Its interval.
    numeraire : str or None
        The term whose weight is 1.
    cost : str
        Law of the private cost.
    confidence : float
        Confidence of the intervals.
    method : str
        How the intervals were made.
    held : tuple of str
        Terms whose coefficients are held at 0 or above.
    covariance : ndarray of float64, shape (k, k)
        Covariance of the coefficients; 0 for terms at their bound.
    loglik : float
        Log-likelihood.
    people, joined : float
        People asked, and those who joined.
    mcfadden : float
        1 - loglik / loglik of one chance for all; below 0 if the law fits worse than that.
    test : FitTest
        Goodness of fit.
    gradient : float
        Largest derivative of the log-likelihood that is left, in columns with mean square 1.
    """

    names: tuple[str, ...]
    coefficients: Reals
    stderr: Reals
    interval: Reals
    weights: Reals
    weights_stderr: Reals
    weights_interval: Reals
    scale: float
    scale_interval: tuple[float, float]
    numeraire: str | None
    cost: str
    confidence: float
    method: str
    held: tuple[str, ...]
    covariance: Reals
    loglik: float
    people: float
    joined: float
    mcfadden: float
    test: FitTest
    gradient: float

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 loglik: the smaller, the better the law of the cost fits."""
        return 2 * len(self.names) - 2 * self.loglik

    @property
    def at_bound(self) -> tuple[str, ...]:
        """Terms that are held at 0: their intervals begin there and cover more often than stated."""
        return tuple(
            n for n, c in zip(self.names, self.coefficients, strict=True) if n in self.held and c <= 0
        )

    def motives(self) -> Motives:
        """Return the weights as motives of the game, in units of profit.

        Raises
        ------
        UnsupportedProblemError
            If profit is not the numeraire or has no effect.
        InvalidInputError
            If a weight is negative; infer with ``nonnegative=True`` then.
        """
        self._money()
        chosen = {n: float(w) for n, w in zip(self.names, self.weights, strict=True) if n in MOTIVES}
        return Motives(**chosen)

    def cost_model(self) -> CostModel:
        """Return the cost in money; the terms that are no motives of the game are left out.

        Raises
        ------
        UnsupportedProblemError
            If profit is not the numeraire or has no effect.
        """
        self._money()
        law = joining_law(self.cost)
        if law.name == "exponential":
            return CostModel.exponential(mean=self.scale)
        if law.name == "uniform":
            return CostModel.uniform(low=0, high=self.scale)
        if law.name == "weibull":
            return CostModel.weibull(scale=self.scale, shape=law.shape)
        return CostModel.logistic(mean=float(self.weights[-1]), scale=self.scale)

    def _money(self) -> None:
        if self.numeraire != "profit" or not isfinite(self.scale):
            raise UnsupportedProblemError(
                "only weights per unit of the cost's scale are known: offer different profits, then they are in money"
            )

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        percent = f"{100 * self.confidence:g} % interval"
        columns = ["term", "per scale", "s.e.", percent]
        columns += [f"per {self.numeraire}", "s.e.", percent] if self.numeraire else []
        table = plain_table(columns)
        for j, name in enumerate(self.names):
            cells = [_shown(self.coefficients[j]), _shown(self.stderr[j]), _span(self.interval[j])]
            if self.numeraire:
                cells += [
                    _shown(self.weights[j]),
                    _shown(self.weights_stderr[j]),
                    _span(self.weights_interval[j]),
                ]
            table.add_row(name, *cells)
        lines = []
        if self.numeraire:
            lines.append(f"scale of the cost  {_shown(self.scale)}, {percent} {_span(self.scale_interval)}")
        else:
            lines.append("No numeraire: only weights per unit of the cost's scale are identified.")
        if self.numeraire and not np.isfinite(self.weights_interval).all():
            lines.append(f"The effect of {self.numeraire} is not told from 0: ratios to it have no bounds.")
        test = self.test
        lines += [
            f"intervals          {self.method}",
            f"log-likelihood     {self.loglik:,.3f}; AIC {self.aic:,.2f}; McFadden R2 {self.mcfadden:.3f}",
            f"fit                chi-square {test.statistic:.2f}, freedom {test.freedom}, p {_shown(test.p)}",
        ]
        if self.held:
            lines.append(f"Held at 0 or above: {', '.join(self.held)}.")
        if self.at_bound:
            lines.append(
                f"At that bound: {', '.join(self.at_bound)}; intervals there begin at 0 and cover more than they say."
            )
        return render(
            f"What moved {self.joined:,.0f} of {self.people:,.0f} people to join; {self.cost} cost",
            table,
            footer=lines,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; None for what is not known or infinite."""
        arrays = (
            "coefficients",
            "stderr",
            "interval",
            "weights",
            "weights_stderr",
            "weights_interval",
            "covariance",
        )
        plain = (
            "numeraire",
            "cost",
            "confidence",
            "method",
            "loglik",
            "aic",
            "people",
            "joined",
            "mcfadden",
            "gradient",
        )
        return {
            "names": list(self.names),
            **{name: _plain(getattr(self, name).tolist()) for name in arrays},
            "scale": _plain(self.scale),
            "scale_interval": _plain(list(self.scale_interval)),
            **{name: getattr(self, name) for name in plain},
            "held": list(self.held),
            "at_bound": list(self.at_bound),
            "fit": {
                "statistic": self.test.statistic,
                "freedom": self.test.freedom,
                "p": _plain(self.test.p),
                "observed": list(self.test.observed),
                "expected": list(self.test.expected),
            },
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the weights and their intervals, relative to the numeraire if there is one; return the axes."""
        from solvers.plots import BLUE, GREY, styled_axes

        relative = self.numeraire is not None and isfinite(self.scale)
        values, ends = (
            (self.weights, self.weights_interval) if relative else (self.coefficients, self.interval)
        )
        shown = [
            j
            for j, name in enumerate(self.names)
            if name not in (self.numeraire if relative else None, MEAN_COST)
        ]
        with styled_axes(ax) as axes:
            for place, j in enumerate(reversed(shown)):
                low, high = ends[j]
                reach = (
                    [values[j] - low if isfinite(low) else 0.0],
                    [high - values[j] if isfinite(high) else 0.0],
                )
                axes.errorbar(
                    values[j], place, xerr=reach, color=BLUE, marker="o", markersize=6, capsize=4, linewidth=2,
                    xlolims=not isfinite(high), xuplims=not isfinite(low),
                )  # fmt: skip
            axes.axvline(0.0, color=GREY, linewidth=1)
            axes.set_yticks(range(len(shown)), [self.names[j] for j in reversed(shown)])
            axes.set_ylim(-0.6, len(shown) - 0.4)
            unit = f"weight (units of {self.numeraire})" if relative else "weight (units of the cost's scale)"
            axes.set_xlabel(f"{unit}, {100 * self.confidence:g} % interval")
        return axes


def _shown(value: float) -> str:
    return f"{value:,.4g}" if isfinite(value) else "-"


def _span(ends: ArrayLike) -> str:
    low, high = np.asarray(ends).tolist()
    return f"{low:,.4g} .. {high:,.4g}"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isfinite(value) else None
