"""An equilibrium of a payoff system: what everybody does, how good that is, and whether there is anything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import LinearQuadratic, Logit, Participation
from mechanism.errors import CertificateError
from solvers.newton import Work
from solvers.participation_equilibrium import Chains
from solvers.uniqueness import Contraction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NashEquilibrium", "System"]

Reals = NDArray[np.float64]
System = LinearQuadratic | Participation | Logit
_STEPS = 1000  # of an enclosure


@dataclass(frozen=True, slots=True, eq=False)
class NashEquilibrium:
    """An equilibrium of a payoff system.

    Attributes
    ----------
    system : LinearQuadratic, Participation or Logit
        The game; the effective one where utilities are interdependent.
    actions : ndarray of float64, shape (n,)
        What everybody does.
    gain : float
        The most that anybody could gain by deciding otherwise alone, recomputed from the payoffs: the actions are an
        epsilon-equilibrium for every epsilon from here on.
    deviator : int
        Number of the person who could gain it.
    residual : float
        Largest distance of an action from the best response to the others'.
    unique : bool or None
        True if it is certified that there is no other equilibrium, False if two were met that differ by more than a
        millionth of their size, None if that is not decided. Of a participation game, which is decided exactly: whether
        there is another in pure strategies in which who is indifferent takes part.
    reason : str
        Why.
    error : float or None
        The most that an action may differ from that of the exact equilibrium, where responses are a contraction.
    contraction : Contraction or None
        The positive vector that certifies that they are.
    least, greatest : ndarray of float64, shape (n,), or None
        The least and the greatest equilibrium, of a participation game and where uniqueness had to be decided by them.
    other : ndarray of float64, shape (n,), or None
        Another equilibrium, if one was met.
    chains : Chains or None
        Who joins and who leaves in which order, of a participation game.
    work : Work
        Passes over the arcs of the search of the actions; 0 in a participation game, whose chains see each arc once at
        most on each side.
    """

    system: System
    actions: Reals
    gain: float
    deviator: int
    residual: float
    unique: bool | None
    reason: str
    error: float | None = None
    contraction: Contraction | None = None
    least: Reals | None = None
    greatest: Reals | None = None
    other: Reals | None = None
    chains: Chains | None = None
    work: Work = field(default_factory=Work)

    @property
    def total(self) -> float:
        """Sum of all actions: the aggregate effort, or the expected number of those who take part."""
        return float(self.actions.sum())

    @property
    def certificate(self) -> dict[str, Any]:
        """What `proofs.check_game` re-checks in exact arithmetic: the actions, the gain, and why they are unique.

        Made at each call, O(n + m) numbers. Uniqueness is left out where it stands on a factor of more than 300 people
        and no enclosure shows it.
        """
        from proofs import game_certificate

        if self.chains is not None:
            n, x = self.system.n, self.actions
            return game_certificate(
                self.system,
                x,
                order_up=self.chains.joining if (x == self.chains.least(n)).all() else None,
                order_down=self.chains.leaving if (x == self.chains.greatest(n)).all() else None,
            )
        ways: list[dict[str, Any]] = [{}]
        if self.contraction is not None:
            ways.insert(0, {"vector": self.contraction.vector})
        elif self.unique:
            ways = [{"factor": True}, {"steps": _STEPS}, {}]
        for way in ways[:-1]:
            try:
                return game_certificate(self.system, self.actions, **way)
            except CertificateError:  # not by this way, or not in exact arithmetic
                continue
        return game_certificate(self.system, self.actions)

    def __str__(self) -> str:
        from solvers.game_tables import equilibrium_table

        return equilibrium_table(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw everybody's action against the number of others who matter to it; return the axes."""
        from solvers.game_tables import plot_actions

        return plot_actions(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON; the system is not included."""
        arrays = {name: getattr(self, name) for name in ("actions", "least", "greatest", "other")}
        return {
            **{name: None if array is None else array.tolist() for name, array in arrays.items()},
            "gain": self.gain,
            "deviator": self.deviator,
            "residual": self.residual,
            "unique": self.unique,
            "reason": self.reason,
            "error": self.error,
            "passes": self.work.passes,
        }
