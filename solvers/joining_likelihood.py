"""The likelihood of who joined: cost laws whose logarithms are concave, Newton steps, and what data cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError

__all__ = [
    "Fit",
    "JoiningLaw",
    "Joins",
    "NotIdentifiedError",
    "dependence",
    "fit",
    "joining_law",
    "separation",
    "spelled",
]

Reals = NDArray[np.float64]
_STEPS = 200
_SETTLED = 1e-7  # slope of the likelihood at a bound, in columns with mean square 1
_FARTHEST = 20.0  # most that a step changes the worth of an offer
_DEPENDENT = 1e-9  # part of a column, relative, that others do not explain
_APART = 1e-7
_TINY = 1e-300
_REFUSED = {
    "lognormal": "log(1 - F) is not concave, so that the likelihood may have several maxima",
    "empirical": "a step function has no likelihood that weights can be found from",
}


class NotIdentifiedError(SolveError):
    """The data do not determine the answer; the message says what to vary.

    Parameters
    ----------
    message : str
        What happened and what to do.
    direction : dict of str to float
        Change of the coefficients that the data do not speak against.
    """

    def __init__(self, message: str, *, direction: dict[str, float]) -> None:
        super().__init__(message)
        self.direction = direction


@dataclass(frozen=True, slots=True)
class JoiningLaw:
    """Law of a private cost in units of its scale: a person joins with probability F(x), x the worth of the offer.

    log F and log(1 - F) are concave, so that the log-likelihood of weights is.

    Attributes
    ----------
    name : {"logistic", "exponential", "weibull", "uniform"}
        The law.
    shape : float
        Shape of the Weibull law, at least 1.
    """

    name: str
    shape: float = 1.0

    def __str__(self) -> str:
        return f"weibull:{self.shape:g}" if self.name == "weibull" else self.name

    @property
    def has_location(self) -> bool:
        """Whether a mean cost is estimated beside the scale; the other laws begin at 0."""
        return self.name == "logistic"

    def joined(self, x: Reals) -> tuple[Reals, Reals, Reals]:
        """Return log F(x) and its first two derivatives; NaN where F is 0."""
        if self.name == "logistic":
            from scipy.special import expit

            refuse = expit(-x)
            return -np.logaddexp(0.0, -x), refuse, -refuse * (1 - refuse)
        inside = np.where(x > 0, x, np.nan)
        if self.name == "uniform":
            inside = np.where(x < 1, inside, np.nan)
            return np.log(inside), 1 / inside, -1 / inside**2
        power, slope, bend = self._hazard(inside)
        odds = np.expm1(np.minimum(power, 700.0))
        return np.log(-np.expm1(-power)), slope / odds, bend / odds - slope**2 * (1 / odds + 1 / odds**2)

    def refused(self, x: Reals) -> tuple[Reals, Reals, Reals]:
        """Return log(1 - F(x)) and its first two derivatives; NaN where F is 1 or the worth is negative."""
        if self.name == "logistic":
            from scipy.special import expit

            join = expit(x)
            return -np.logaddexp(0.0, x), -join, -join * (1 - join)
        inside = np.where(x >= 0, x, np.nan)
        if self.name == "uniform":
            left = np.where(x < 1, 1 - inside, np.nan)
            return np.log(left), -1 / left, -1 / left**2
        power, slope, bend = self._hazard(inside)
        return -power, -slope, -bend

    def _hazard(self, x: Reals) -> tuple[Reals, Reals, Reals]:
        k = self.shape
        if k == 1.0:
            return x, np.ones_like(x), np.zeros_like(x)
        least = np.maximum(x, _TINY ** (1 / (k + 2)))
        return x**k, k * x ** (k - 1), k * (k - 1) * least ** (k - 2)

    def chance(self, x: Reals) -> tuple[Reals, Reals]:
        """Return F(x) and its derivative."""
        chance = np.exp(self.refused(x)[0])
        return 1 - chance, -self.refused(x)[1] * chance


def joining_law(cost: str) -> JoiningLaw:
    """Return the law that a text names: "logistic", "exponential", "uniform" or "weibull:SHAPE" (at least 1).

    Raises
    ------
    InvalidInputError
        If it names no law.
    UnsupportedProblemError
        If its likelihood is not concave; the message says what to use.

    Examples
    --------
    >>> str(joining_law("weibull:2"))
    'weibull:2'
    """
    allowed = "logistic, exponential, uniform or weibull:SHAPE with a shape of at least 1"
    if not isinstance(cost, str):
        raise InvalidInputError("cost", cost, allowed=allowed)
    name, *rest = cost.split(":")
    if name in _REFUSED:
        raise UnsupportedProblemError(
            f"cost {cost!r}: {_REFUSED[name]}; use logistic, exponential or weibull:SHAPE"
        )
    if name == "weibull" and len(rest) == 1:
        try:
            shape = float(rest[0])
        except ValueError:
            raise InvalidInputError("cost", cost, allowed=allowed) from None
        if 0 < shape < 1:
            raise UnsupportedProblemError(
                f"cost {cost!r}: log(1 - F) is concave only for a shape of at least 1"
            )
        if 1 <= shape < inf:
            return JoiningLaw("weibull", shape)
    elif name in ("logistic", "exponential", "uniform") and not rest:
        return JoiningLaw(name)
    raise InvalidInputError("cost", cost, allowed=allowed)


@dataclass(frozen=True, slots=True, eq=False)
class Joins:
    """Offers and how many took them.

    Attributes
    ----------
    design : ndarray of float64, shape (offers, k)
        What each offer holds of each term.
    joined, refused : ndarray of float64, shape (offers,)
        How many joined and did not.
    law : JoiningLaw
        Law of the private cost.
    held : ndarray of bool, shape (k,)
        Terms whose coefficients are held at 0 or above.
    offset : ndarray of float64, shape (offers,)
        What is added to the worth of each offer.
    """

    design: Reals
    joined: Reals
    refused: Reals
    law: JoiningLaw
    held: NDArray[np.bool_]
    offset: Reals

    def pieces(self, coefficients: Reals) -> tuple[float, Reals, Reals]:
        """Return the log-likelihood, -inf where it has none, and its first two derivatives by each offer's worth."""
        worth = self.offset + self.design @ coefficients
        value, slope, bend = 0.0, np.zeros_like(worth), np.zeros_like(worth)
        for count, parts in ((self.joined, self.law.joined), (self.refused, self.law.refused)):
            some = count > 0
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                log, first, second = parts(worth[some])
                value += float(count[some] @ log)
                slope[some] += count[some] * first
                bend[some] += count[some] * second
        return (value if np.isfinite(value) else -inf), slope, bend

    def start(self) -> Reals:
        """Return coefficients from which Newton's steps can begin."""
        k = self.design.shape[1]
        if self.law.has_location or not k:
            return np.zeros(k)
        size = np.sqrt(np.mean(self.design**2, axis=0))
        even = np.divide(1.0, size, out=np.ones(k), where=size > 0)
        share = self.joined.sum() / (self.joined + self.refused).sum()
        wanted = (-np.log1p(-min(share, 0.99))) ** (1 / self.law.shape)
        start: Reals = even * wanted / max(float(np.mean(self.design @ even)), _TINY)
        return start


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients of greatest likelihood.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (k,)
        The coefficients, per unit of scale.
    value : float
        Log-likelihood; -inf if no coefficients give the data a chance.
    information : ndarray of float64, shape (k, k)
        Minus its second derivatives.
    gradient : float
        Largest derivative of the log-likelihood by a coefficient of a column with mean square 1, those that hold a
        coefficient at its bound left out.
    steps : int
        Newton steps.
    """

    coefficients: Reals
    value: float
    information: Reals
    gradient: float
    steps: int


def fit(joins: Joins, *, start: Reals | None = None, tolerance: float = 1e-9) -> Fit:
    """Return the coefficients of greatest likelihood.

    Parameters
    ----------
    joins : Joins
        The data; columns independent, not separated.
    start : ndarray of float64, shape (k,), optional
        Where to begin.
    tolerance : float
        Largest last step, in the metric of the information; a hundred times as much in the worth of an offer, relative,
        which separated data keep changing by about 1.

    Raises
    ------
    SolveError
        If the steps do not settle: the greatest likelihood is not reached by finite coefficients, or lies at the edge
        of what the law allows.

    Notes
    -----
    Newton steps, halved until the concave log-likelihood rises enough. A coefficient that would pass its bound is held
    there, and released, one at a time, when the others have settled and its derivative says so (an active set).
    O(n k^2) time a step.
    """
    design = joins.design
    k = design.shape[1]
    size = np.sqrt(np.mean(design**2, axis=0)) if k else np.ones(0)
    beta = joins.start() if start is None else start.copy()
    value, slope, bend = joins.pieces(beta)
    for _ in range(60):
        if value > -inf or not k:
            break
        beta = beta / 2 if start is None else joins.start()
        start = None
        value, slope, bend = joins.pieces(beta)
    if value == -inf or not k:
        return Fit(beta, value, np.zeros((k, k)), 0.0, 0)
    bound = joins.held & (beta <= 0)
    for step in range(1, _STEPS + 1):
        gradient, information = design.T @ slope, -(design.T * bend) @ design
        free = ~bound
        move = np.zeros(k)
        try:
            move[free] = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        except np.linalg.LinAlgError:
            break
        rise = float(gradient @ move)
        if not np.isfinite(rise) or rise < 0:
            break
        change = float(np.abs(design @ move).max())
        if rise <= tolerance**2 and change <= 100 * tolerance * (1 + float(np.abs(design @ beta).max())):
            pull = np.where(bound, gradient / size, 0.0)
            if pull.max(initial=0.0) <= _SETTLED:
                left = float(np.abs(gradient[free] / size[free]).max(initial=0.0))
                return Fit(beta, value, information, left, step)
            bound[int(pull.argmax())] = False
            continue
        falls = free & joins.held & (beta + move < 0)
        room = -beta[falls] / move[falls]
        length = min(1.0, float(room.min(initial=inf)))
        if (
            joins.law.has_location
        ):  # where all is almost certain Newton's steps are far too long; others have bounds
            length = min(length, _FARTHEST / max(change, _TINY))
        stopped = np.flatnonzero(falls)[room <= length]
        for halving in range(60):
            tried = beta + length * move
            if not halving:
                tried[stopped] = 0.0
            new, new_slope, new_bend = joins.pieces(tried)
            if new >= value + 1e-4 * length * rise - 1e-12 * abs(value):
                break
            length /= 2
        else:
            break
        if not halving:
            bound[stopped] = True
        beta, value, slope, bend = tried, new, new_slope, new_bend
    if joins.law.name == "uniform":
        raise UnsupportedProblemError(
            "some offer would be worth the largest cost, where the uniform law has no interval; "
            "offer less, or use logistic or weibull:SHAPE"
        )
    raise SolveError("the likelihood has no greatest value that Newton's steps settle at", solution=beta)


def dependence(design: Reals) -> Reals | None:
    """Return coefficients of the columns whose sum is 0 in every row, 1 for one of them; None if there are none.

    Examples
    --------
    >>> dependence(np.array([[1.0, 2.0], [2.0, 4.0]])).round(6).tolist()
    [-2.0, 1.0]
    """
    for j in range(design.shape[1]):
        before, column = design[:, :j], design[:, j]
        scale = np.linalg.norm(before, axis=0)
        rest = np.linalg.lstsq(before / scale, column, rcond=None)[0] / scale if j else np.zeros(0)
        if np.linalg.norm(column - before @ rest) <= _DEPENDENT * np.linalg.norm(column):
            rest[np.abs(rest) * scale <= 1e-7 * np.linalg.norm(column)] = 0.0
            return np.concatenate((-rest, [1.0], np.zeros(design.shape[1] - j - 1)))
    return None


def separation(joins: Joins) -> Reals | None:
    """Return a change of coefficients that makes no outcome less likely and some more; None if there is none.

    Notes
    -----
    A linear program: x . d >= 0 where somebody joined, <= 0 where somebody did not, and the sum of |x . d| greatest
    (Albert and Anderson 1984; Konis 2007). Solved by HiGHS, checked here.
    """
    from scipy.optimize import linprog

    sign = np.where(joins.refused > 0, -1.0, 1.0)
    mixed = (joins.joined > 0) & (joins.refused > 0)
    size = np.abs(joins.design).max(axis=0)
    rows = np.unique(np.column_stack((joins.design / size * sign[:, None], mixed)), axis=0)
    rows, equal = rows[:, :-1], rows[:, -1] > 0
    low = np.where(joins.held, 0.0, -1.0)
    found = linprog(
        -rows[~equal].sum(axis=0),
        A_ub=-rows[~equal], b_ub=np.zeros(int((~equal).sum())),
        A_eq=rows[equal], b_eq=np.zeros(int(equal.sum())),
        bounds=np.column_stack((low, np.ones(len(size)))), method="highs",
    )  # fmt: skip
    if found.x is None:
        return None
    along = rows @ found.x
    if along[~equal].max(initial=0.0) <= _APART or along[~equal].min(initial=0.0) < -_APART:
        return None
    if np.abs(along[equal]).max(initial=0.0) > _APART:
        return None
    direction = np.where(np.abs(found.x) > _APART, found.x, 0.0) / size
    return np.asarray(direction / np.abs(direction).max())


def spelled(direction: Reals, names: Sequence[str]) -> str:
    """Return a sum of terms in words, those that are added first.

    Examples
    --------
    >>> spelled(np.array([-2.0, 1.0]), ["profit", "charity"])
    'charity - 2 profit'
    """
    parts = sorted(((-weight, name) for weight, name in zip(direction, names, strict=True) if weight))
    text = ""
    for minus, name in parts:
        size = "" if np.isclose(abs(minus), 1) else f"{abs(minus):.4g} "
        sign = (" - " if minus > 0 else " + ") if text else ("-" if minus > 0 else "")
        text += f"{sign}{size}{name}"
    return text
