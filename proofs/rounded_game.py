"""Games in float64, with what rounding may do to every number: bounds that hold in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import CertificateError, InvalidInputError
from mechanism.games import Interdependent, LinearQuadratic, Logit, Participation, PayoffSystem
from mechanism.vectors import Reals
from proofs.check_game import FAR, LARGEST, Refused, caring, read_game, read_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["EPS", "TINY", "RoundedGame"]

EPS = 2.0**-52
TINY = 1e-300  # stands for what underflows
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RoundedGame:
    """A game in float64, whose bounds hold in exact arithmetic for the numbers as they are written in documents.

    Attributes
    ----------
    kind : str
        Name of the system; with utilities, of its base.
    matrix, absolute : scipy.sparse.csr_array of float64, shape (n, n)
        Weights, and their absolute values.
    benefit, cost : ndarray of float64, shape (n,)
        What a unit of action is worth by itself, and what it costs.
    lower, upper : ndarray of float64, shape (n,)
        Bounds of actions.
    scale : ndarray of float64, shape (n,)
        What a unit of gain counts: in utilities, or 1 over the rationality.
    sharpness : float
        Rationality of a Logit game.
    written : list of Fraction or None
        The weights as they are in exact arithmetic, if those of the matrix are not their shortest decimals.
    """

    kind: str
    matrix: csr_array
    absolute: csr_array
    benefit: Reals
    cost: Reals
    lower: Reals
    upper: Reals
    scale: Reals
    sharpness: float
    written: list[Fraction] | None

    @classmethod
    def of(cls, system: PayoffSystem | Interdependent) -> Self:
        """Return the game of a system: with utilities, that of people who maximise them.

        Raises
        ------
        CertificateError
            If people with utilities are more than 60, or one would lose utility by its own payoff. The spectral radius
            of |A| must be below 1.
        """
        from scipy.sparse import csr_array

        base = system.base if isinstance(system, Interdependent) else system
        if not isinstance(base, (LinearQuadratic, Participation, Logit)):
            raise InvalidInputError("system", base, allowed="a LinearQuadratic, Participation or Logit game")
        n = base.n
        matrix, scale, sharpness, written = base.matrix, np.ones(n), 1.0, None
        if isinstance(system, Interdependent):
            if n > LARGEST:
                raise CertificateError(f"{n} people: utilities are solved for {LARGEST} at most")
            document = system.to_dict()
            try:
                exact = caring(
                    read_game(document["base"]),
                    read_rows(document["graph"], document["altruism"], "altruism"),
                )
            except Refused as reason:
                raise CertificateError(str(reason)) from reason
            written = [w for row in exact.rows for _, w in row]
            ends = [j for row in exact.rows for j, _ in row]
            pointers = np.cumsum([0, *map(len, exact.rows)])
            matrix = csr_array((np.array(written, dtype=np.float64), ends, pointers), shape=(n, n))
            scale = np.array(exact.scale, dtype=np.float64)
        if isinstance(base, Logit):
            sharpness = base.rationality
            scale = np.full(n, 1 / sharpness)
        return cls(
            kind=base.kind,
            matrix=matrix,
            absolute=abs(matrix),
            benefit=base.standalone if isinstance(base, LinearQuadratic) else base.benefit,
            cost=np.zeros(n) if isinstance(base, LinearQuadratic) else base.cost,
            lower=base.lower if isinstance(base, LinearQuadratic) else np.zeros(n),
            upper=base.upper if isinstance(base, LinearQuadratic) else np.ones(n),
            scale=scale,
            sharpness=sharpness,
            written=written,
        )

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.benefit)

    @property
    def start(self) -> Reals:
        """What the action is worth by itself, less what it costs."""
        return self.benefit - self.cost

    @property
    def steepest(self) -> Reals:
        """The largest slope of anybody's best response."""
        return np.full(self.n, self.sharpness / 4 if self.kind == "logit" else 1.0)

    def slack(self, reach: Reals) -> Reals:
        """Return what rounding may do to values, if actions are at most `reach` in absolute value."""
        size = np.abs(self.benefit) + np.abs(self.cost) + self.absolute @ reach
        return np.asarray((np.diff(self.matrix.indptr) + 8) * (EPS / 2) * size + TINY)

    def slips(self, x: Reals) -> tuple[Reals, Reals]:
        """Return bounds on how far each action is from the best one, and on what each gains."""
        value = self.start + self.matrix @ x
        slack = self.slack(np.abs(x))
        if self.kind == "logit":
            return self._logit_slips(x, value, slack)
        if self.kind == "participation":
            wrong = self.joins(value, slack, x[self.matrix.indices] == 1) != (x == 1)
            return wrong.astype(np.float64), wrong * (np.abs(value) + slack) * self.scale
        distance, gain = np.zeros(self.n), np.zeros(self.n)
        for z in (value - slack, value + slack):  # both are convex in the value
            best = np.minimum(np.maximum(z, self.lower), self.upper)
            ulp = 2 * EPS * (np.abs(x) + np.abs(best))
            step = np.where(best != x, np.abs(best - x) + ulp, 0.0)
            beyond = np.where(best != z, np.abs(z - best) + ulp, 0.0)
            distance = np.maximum(distance, step)
            gain = np.maximum(gain, step * (beyond + step / 2) * self.scale + (step > 0) * TINY)
        return distance, gain

    def _logit_slips(self, x: Reals, value: Reals, slack: Reals) -> tuple[Reals, Reals]:
        from scipy.special import expit, logit

        t = self.sharpness * value
        error = self.sharpness * slack + 8 * EPS * np.abs(t)
        far = (np.abs(t) + error > FAR) & (x != (t > 0))
        if far.any():
            first = int(np.argmax(far))
            raise CertificateError(
                f"person {first} plays {x[first]:g}, and exp({abs(t[first]):g}) is too much"
            )
        distance = np.maximum(np.abs(x - expit(t - error)), np.abs(x - expit(t + error))) + 8 * EPS * x + TINY
        inside = (x > 0) & (x < 1)
        p = np.where(inside, x, 0.5)
        odds = np.abs(logit(p) - t) + error + 4 * EPS / (1 - p) + 8 * EPS * np.abs(t)
        certain = np.logaddexp(0.0, np.where(x > 0.5, -t, t) + error)  # -log of the chance of what is played
        divergence = np.where(
            inside, 1.1 * distance * odds, 1.5 * certain
        )  # the checker's logarithm is above
        return distance, divergence * self.scale + TINY

    def joins(self, value: Reals, slack: Reals, counted: Flags) -> Flags:
        """Return whose values are at least 0; where rounding may decide, from what is written on the arcs counted."""
        joins = value >= 0
        pointers = self.matrix.indptr
        for i in np.flatnonzero(np.abs(value) <= slack).tolist():
            exact = _written(self.benefit[i]) - _written(self.cost[i])
            for arc in range(pointers[i], pointers[i + 1]):
                if counted[arc]:
                    exact += _written(self.matrix.data[arc]) if self.written is None else self.written[arc]
            joins[i] = exact >= 0
        return joins

    def across(self, low: Reals, high: Reals) -> tuple[Reals, Reals, Reals]:
        """Return bounds on best responses to actions between `low` and `high`, and on their slopes."""
        from scipy.special import expit

        slack = self.slack(np.maximum(np.abs(low), np.abs(high)))
        gains, losses = (self.absolute + self.matrix) / 2, (self.absolute - self.matrix) / 2
        least = self.start + gains @ low - losses @ high - slack
        most = self.start + gains @ high - losses @ low + slack
        if self.kind == "logit":
            least, most = self.sharpness * least, self.sharpness * most
            least = expit(least - 8 * EPS * np.abs(least)) * (1 - 8 * EPS)
            most = np.minimum(expit(most + 8 * EPS * np.abs(most)) * (1 + 8 * EPS), 1.0)
            middle = np.minimum(np.maximum(0.5, least), most)
            return least, most, self.sharpness * (middle * (1 - middle) + 8 * EPS)
        least, most = (np.minimum(np.maximum(z, self.lower), self.upper) for z in (least, most))
        return least, most, (least < most).astype(np.float64)


def _written(x: float) -> Fraction:
    """Return the number that stands for a float in documents: its shortest decimal."""
    return Fraction(repr(float(x)))
