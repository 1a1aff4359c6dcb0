"""Equilibria of payoff systems: where nobody gains by deciding otherwise alone, how surely, and what else there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Interdependent, LinearQuadratic, Logit, Participation
from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import number, whole
from solvers.extremes import Extreme, extreme, is_enclosed
from solvers.lemke import MOST_PEOPLE, lemke
from solvers.nash_equilibrium import NashEquilibrium, System
from solvers.newton import FixedPoint, Responses, Work, settle
from solvers.participation_equilibrium import chains
from solvers.progress import Progress
from solvers.spectral import radius_of
from solvers.uniqueness import Contraction, contraction, is_monotone

if TYPE_CHECKING:
    pass

__all__ = ["equilibrium", "responses_of"]

Reals = NDArray[np.float64]
_SINGULAR = 1e-9  # nearer than this to the spectral radius 1 the efforts are beyond all measure
_FAR = 1e-6  # relative distance from which two equilibria count as different


def equilibrium(
    system: System | Interdependent,
    *,
    start: Literal["lower", "upper"] | ArrayLike | None = None,
    tolerance: float = 1e-10,
    max_passes: int = 5000,
    progress: Progress | None = None,
) -> NashEquilibrium:
    """Find an equilibrium of a payoff system, and tell how good it is and whether there are others.

    Parameters
    ----------
    system : LinearQuadratic, Participation, Logit or Interdependent
        The game.
    start : {"lower", "upper"} or array_like of float, shape (n,), optional
        Where to begin: at the lowest or highest actions, or at given ones. By default at the allowed actions nearest
        to 0; of a participation game from nobody, which leads to the least equilibrium, as "upper" to the greatest.
    tolerance : float
        Largest distance of an action from the best response, relative to the largest action or standalone value; in
        (0, 0.1]. Of no use in a participation game, which is solved exactly.
    max_passes : int
        Most passes over the arcs, at least 1.
    progress : callable, optional
        Called with (stage, passes made, most passes).

    Returns
    -------
    NashEquilibrium

    Raises
    ------
    InvalidInputError
        If an argument is out of range; if complements without bounds feed one another without end, the spectral
        radius of the interaction being 1 or more; if a participation game has negative support.
    SolveError
        If the search does not settle; the best actions found are attached.

    Notes
    -----
    Games without bounds are one linear system, solved by Krylov methods with iterative refinement; with bounds, and
    with logit responses, by sweeps and semismooth Newton-Krylov steps (`solvers.newton`); participation games by chains
    of decisions in O(n + m). Where strong feedback of mixed signs leads these astray, Lemke's pivots find an
    equilibrium of up to 300 people with finite bounds (`solvers.lemke`).

    Uniqueness is certified by a positive vector v with |W| v < v (Collatz and Wielandt: then responses are a
    contraction), else, up to 3,000 people, by a Cholesky factor of I - (W + W') / 2 (then the game is diagonally
    strictly concave: Rosen, 1965), else, if all weights are at least 0, by enclosing all equilibria between the least
    and the greatest (Milgrom and Roberts, 1990). Where nothing decides, `unique` is None.

    Examples
    --------
    >>> from mechanism import Graph
    >>> star = Graph.from_edges([0, 0, 0], [1, 2, 3], directed=False)
    >>> found = equilibrium(LinearQuadratic(star, 1.0, interaction=0.25))
    >>> found.actions.round(6).tolist(), found.unique
    ([2.153846, 1.538462, 1.538462, 1.538462], True)
    """
    precision = float(number(tolerance, argument="tolerance", allowed="a number in (0, 0.1]"))
    if not 0 < precision <= 0.1:
        raise InvalidInputError("tolerance", tolerance, allowed="a number in (0, 0.1]")
    limit = whole(max_passes, argument="max_passes")
    if isinstance(system, Interdependent):
        from solvers.interdependence import effective_game

        system = effective_game(system).game
    if isinstance(system, Participation):
        return _participation(system, start)
    if not isinstance(system, (LinearQuadratic, Logit)):
        raise InvalidInputError(
            "system", system, allowed="a LinearQuadratic, Participation, Logit or Interdependent game"
        )
    return _Search(system, precision, limit, progress).run(start)


def responses_of(system: LinearQuadratic | Logit) -> Responses:
    """Return how the people of a game respond."""
    from solvers.kernels.sweep import sweep_bounded, sweep_logistic

    graph = system.graph
    arcs = (graph.indptr, graph.indices, np.atleast_1d(np.asarray(system.weights, dtype=np.float64)))
    if isinstance(system, Logit):
        from scipy.special import expit

        sharp, alone = system.rationality, system.benefit - system.cost
        return Responses(
            matrix=system.matrix,
            standalone=alone,
            respond=lambda values: np.asarray(expit(sharp * values)),
            slope=lambda values: sharp * expit(sharp * values) * expit(-sharp * values),
            within=lambda actions: np.clip(actions, 0.0, 1.0),
            sweep=lambda actions: sweep_logistic(*arcs, alone, sharp, actions),
        )
    low, high = system.lower, system.upper
    if not system.is_bounded:
        return Responses(
            matrix=system.matrix,
            standalone=system.standalone,
            respond=lambda values: values,
            slope=np.ones_like,
            within=lambda actions: actions,
            sweep=None,
        )
    return Responses(
        matrix=system.matrix,
        standalone=system.standalone,
        respond=lambda values: np.minimum(np.maximum(values, low), high),
        slope=lambda values: ((values > low) & (values < high)).astype(np.float64),
        within=lambda actions: np.minimum(np.maximum(actions, low), high),
        sweep=lambda actions: sweep_bounded(*arcs, system.standalone, low, high, actions),
    )


def _steepest(system: LinearQuadratic | Logit, below: Reals, above: Reals) -> Reals:
    """Return the largest slope of each response for values between two."""
    if isinstance(system, LinearQuadratic):
        return ((above > system.lower) & (below < system.upper)).astype(np.float64)
    from scipy.special import expit

    nearest = system.rationality * np.clip(0.0, below, above)
    return np.asarray(system.rationality * expit(nearest) * expit(-nearest))


class _Search:
    """The search of an equilibrium of a game with continuous actions."""

    def __init__(
        self, system: LinearQuadratic | Logit, tolerance: float, limit: int, progress: Progress | None
    ) -> None:
        self.system, self.tolerance, self.limit, self.progress = system, tolerance, limit, progress
        self.responses = responses_of(system)
        self.complements = bool((np.asarray(system.weights) >= 0).all())
        self.absolute = self.responses.matrix if self.complements else abs(self.responses.matrix)
        if isinstance(system, Logit):
            self.low, self.high = np.zeros(system.n), np.ones(system.n)
            self.absolute = self.absolute * (system.rationality / 4)
        else:
            self.low, self.high = system.lower, system.upper

    def run(self, start: Any) -> NashEquilibrium:
        """Search from a start."""
        begin = self._start(start)
        found = settle(
            self.responses,
            begin,
            tolerance=self.tolerance,
            max_passes=self.limit,
            progress=self.progress,
        )
        if not found.converged:
            found = self._by_pivots(found)
        x, standalone = found.actions, self.responses.standalone
        unbounded = self.responses.sweep is None
        own = self.complements and unbounded and bool((standalone > 0).all())
        certified = contraction(self.absolute, x if own else None, symmetric=found.symmetric)
        if certified is None and unbounded and self.complements:
            radius = radius_of(self.absolute).lower
            if radius >= 1 - _SINGULAR:
                raise InvalidInputError(
                    "interaction",
                    f"spectral radius {radius:.6g}, so that efforts feed one another without end",
                    verb="has",
                    allowed=f"below {1 / radius:.4g} times as strong, or the actions bounded",
                )
        result = self._measured(x, found.work, certified)
        if not found.converged:
            raise SolveError(
                f"no equilibrium within {self.tolerance:g} in {found.work.passes} passes over the arcs (residual "
                f"{found.residual:.3g}): raise max_passes or the tolerance, give bounds, or see sample_equilibria",
                solution=result,
            )
        return result

    def _by_pivots(self, failed: FixedPoint) -> FixedPoint:
        """Search again from where Lemke's pivots lead, where they may be made."""
        system, finite = self.system, np.isfinite(self.low).all() and np.isfinite(self.high).all()
        if not isinstance(system, LinearQuadratic) or not finite or system.n > MOST_PEOPLE:
            return failed
        begin = lemke(self.responses.matrix.toarray(), system.standalone, system.lower, system.upper)
        if begin is None:
            return failed
        found = settle(self.responses, begin, tolerance=self.tolerance, max_passes=self.limit, sweeps=False)
        return found if found.converged else failed

    def _start(self, start: Any) -> Reals:
        if start is None:
            return np.array(np.minimum(np.maximum(0.0, self.low), self.high))
        if isinstance(start, str):
            if start not in ("lower", "upper"):
                raise InvalidInputError("start", start, allowed='"lower", "upper" or an array of actions')
            bound = np.array(self.low if start == "lower" else self.high)
            if not np.isfinite(bound).all():
                raise InvalidInputError(
                    "start", start, allowed=f"left out: not all {start} bounds are finite"
                )
            return bound
        return np.array(self.system.checked(start))

    def _measured(self, x: Reals, work: Work, certified: Contraction | None) -> NashEquilibrium:
        """Return the result: what could be gained, and whether there are other equilibria."""
        best, gains = self.system.deviations(x)
        away = best - x
        deviator = int(np.argmax(gains))
        common: dict[str, Any] = {
            "system": self.system,
            "actions": _read_only(x),
            "gain": float(gains[deviator]),
            "deviator": deviator,
            "residual": float(np.abs(away).max()),
            "work": work,
        }
        if certified is not None:
            return NashEquilibrium(
                **common,
                unique=True,
                reason=f"responses are a contraction: spectral radius at most {certified.rate:.4g}",
                error=certified.error(np.abs(away) + self._rounding(x, certified)),
                contraction=certified,
            )
        if isinstance(self.system, LinearQuadratic) and is_monotone(self.responses.matrix):
            return NashEquilibrium(
                **common, unique=True, reason="the game is diagonally strictly concave: I - (W + W') / 2 > 0"
            )
        if self.responses.sweep is None:
            return NashEquilibrium(
                **common, unique=None, reason="not decided: I - W was not certified to be non-singular"
            )
        if self.complements:
            return self._between(common)
        return self._elsewhere(common)

    def _rounding(self, x: Reals, certified: Contraction) -> Reals:
        """Return what rounding may do to everybody's response: |W| |x| is at most rate * v where |x| is at most v."""
        steepest = self.system.rationality / 4 if isinstance(self.system, Logit) else 1.0
        vector = certified.vector
        others = certified.rate * float((np.abs(x) / vector).max(initial=0.0)) * vector
        size = steepest * np.abs(self.responses.standalone) + others + np.abs(x)
        return np.asarray((self.system.graph.out_degree + 8) * np.finfo(np.float64).eps * size)

    def _between(self, common: dict[str, Any]) -> NashEquilibrium:
        """Decide uniqueness by the least and the greatest equilibrium."""
        ends: list[Extreme | None] = []
        for bound in (self.low, self.high):
            if np.isfinite(bound).all():
                ends.append(
                    extreme(
                        self.responses,
                        np.array(bound),
                        lambda below, above: _steepest(self.system, below, above),
                        tolerance=self.tolerance,
                        max_passes=self.limit,
                    )
                )
            else:
                ends.append(None)
        low, high = ends
        least = low.actions if low is not None and low.certified else None
        greatest = high.actions if high is not None and high.certified else None
        if (
            low is not None
            and high is not None
            and is_enclosed(
                self.responses, low.iterate, high.iterate, lambda *values: _steepest(self.system, *values)
            )
        ):
            return NashEquilibrium(
                **common,
                least=least,
                greatest=greatest,
                unique=True,
                reason="all equilibria lie in an enclosure in which responses are a contraction",
            )
        others = [end for end in (least, greatest) if end is not None]
        others += [end.actions for end in ends if end is not None and end.settled and not end.certified]
        other = self._furthest(common["actions"], others)
        reason = (
            "not decided: no certificate, and no other equilibrium met from the lowest and highest actions"
        )
        if other is not None:
            reason = "there are others: see least, greatest and other"
        return NashEquilibrium(
            **common,
            least=least,
            greatest=greatest,
            other=other,
            unique=None if other is None else False,
            reason=reason,
        )

    def _elsewhere(self, common: dict[str, Any]) -> NashEquilibrium:
        """Look for another equilibrium from other starts."""
        found = []
        for begin in (self.low, self.high):
            if np.isfinite(begin).all():
                end = settle(self.responses, np.array(begin), tolerance=self.tolerance, max_passes=self.limit)
                if end.converged:
                    found.append(end.actions)
        other = self._furthest(common["actions"], found)
        reason = "not decided: some may be substitutes; see all_equilibria and sample_equilibria"
        if other is not None:
            reason = "another was met: see other, all_equilibria and sample_equilibria"
        return NashEquilibrium(**common, other=other, unique=None if other is None else False, reason=reason)

    def _furthest(self, actions: Reals, others: list[Reals]) -> Reals | None:
        """Return the one that differs most, None if none differs by more than rounding and tolerance explain."""
        far = max(_FAR, 1e3 * self.tolerance) * max(1e-300, float(np.abs(actions).max(initial=0.0)))
        best = max(others, key=lambda one: float(np.abs(one - actions).max()), default=None)
        if best is None or float(np.abs(best - actions).max()) <= max(far, _FAR * float(np.abs(best).max())):
            return None
        return _read_only(best)


def _participation(system: Participation, start: Any) -> NashEquilibrium:
    """Return the least or the greatest equilibrium of a participation game."""
    if not (start is None or (isinstance(start, str) and start in ("lower", "upper"))):
        raise InvalidInputError(
            "start", start, allowed='"lower" for the least equilibrium, "upper" for the greatest'
        )
    ends = chains(system)
    least, greatest = (_read_only(one) for one in (ends.least(system.n), ends.greatest(system.n)))
    actions, other = (greatest, least) if start == "upper" else (least, greatest)
    unique = len(ends.joining) + len(ends.leaving) == system.n
    gains = system.gains(actions)
    deviator = int(np.argmax(gains))
    reason = "the least and the greatest equilibrium are the same"
    if not unique:
        several = int((least != greatest).sum())
        reason = f"{several:,} people take part in the greatest equilibrium and not in the least"
    return NashEquilibrium(
        system,
        actions,
        gain=float(gains[deviator]),
        deviator=deviator,
        residual=0.0,
        unique=unique,
        reason=reason,
        least=least,
        greatest=greatest,
        other=None if unique else other,
        chains=ends,
    )


def _read_only(array: Reals) -> Reals:
    array.flags.writeable = False
    return array
