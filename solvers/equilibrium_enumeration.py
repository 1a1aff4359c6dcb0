"""All equilibria of small games by enumeration, and those of larger games that searches meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Interdependent, LinearQuadratic, Participation
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.games.linear_quadratic import response, response_gain
from mechanism.games.normal_form import NormalForm
from solvers.active_sets import active_sets, equilibria_of_sets
from solvers.continua import Bounded, Continuum, choices_of
from solvers.interdependence import effective_game
from solvers.stability import is_stable, scale_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AllEquilibria", "System", "all_equilibria", "gains_of", "game_of", "result_of"]

Reals = NDArray[np.float64]
System = LinearQuadratic | Participation | Interdependent
_MOST_SETS = 1 << 20
_MOST_PEOPLE = 200
_MOST_EXACT = 12
_SHOWN = 24
_CHUNK = 1 << 14
_SYSTEMS = "a LinearQuadratic, a Participation or an Interdependent game"
_STABLE = {True: "yes", False: "no", None: "undecided"}


@dataclass(frozen=True, slots=True, eq=False)
class AllEquilibria:
    """Equilibria in pure strategies: all of a small game, or those of a larger one that searches met.

    Attributes
    ----------
    game : LinearQuadratic or Participation
        The game; the effective one where utilities are interdependent.
    profiles : ndarray of float64, shape (equilibria, n)
        The isolated equilibria, in lexicographic order.
    gains : ndarray of float64, shape (equilibria,)
        The most that anybody could gain by deciding otherwise alone, recomputed from the payoffs; of interdependent
        utilities the gain of utility.
    stable : tuple of bool or None
        Whether each is stable (`is_stable`); None where that is undecided.
    continua : tuple of Continuum
        Equilibria that are not isolated. None of `profiles` lies on them.
    complete : bool
        Whether these are all there are.
    exact : bool
        Whether every isolated one was verified, and every tie decided, in fractions.
    reached : ndarray of int64, shape (equilibria,), or None
        How many searches ended at each; None if nothing was searched.
    work : dict
        Profiles or active sets that were looked at, or searches and those that came to no end.
    """

    game: LinearQuadratic | Participation
    profiles: Reals
    gains: Reals
    stable: tuple[bool | None, ...]
    complete: bool
    continua: tuple[Continuum, ...] = ()
    exact: bool = False
    reached: NDArray[np.int64] | None = None
    work: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.profiles)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        columns = ["number", "sum of actions", "least", "most", "gain", "stable"]
        table = plain_table([*columns, "reached"] if self.reached is not None else columns, left=0)
        for number, (x, gain, stable) in enumerate(zip(self.profiles, self.gains, self.stable, strict=True)):
            if number == _SHOWN:
                table.add_row(f"{len(self) - _SHOWN:,} more")
                break
            cells = [f"{y:.5g}" for y in (x.sum(), x.min(), x.max())]
            reached = [] if self.reached is None else [f"{self.reached[number]:,}"]
            table.add_row(str(number), *cells, f"{gain:.2g}", _STABLE[stable], *reached)
        notes = [f"{name:<14} {count:,}" for name, count in self.work.items()]
        for one in self.continua:
            kind = {1: "a line", 2: "a plane"}.get(one.dimension, f"{one.dimension} dimensions")
            notes.append(f"continuum      {kind} of equilibria around the sum {one.point.sum():.5g}")
        how = "all" if self.complete else "those that were met; there may be others"
        title = f"Equilibria: {len(self):,} isolated, {len(self.continua):,} continua ({how})"
        return render(title, table, footer=notes)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "game": self.game.to_dict(),
            "profiles": self.profiles.tolist(),
            "gains": self.gains.tolist(),
            "stable": list(self.stable),
            "complete": self.complete,
            "continua": [one.to_dict() for one in self.continua],
            "exact": self.exact,
            "reached": None if self.reached is None else self.reached.tolist(),
            "work": dict(self.work),
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the equilibria, a row each, and everybody's action in them by shade; return the axes.

        Of every continuum one point is drawn.
        """
        from solvers.plots import styled_axes

        rows = np.array([*self.profiles, *(one.point for one in self.continua)]).reshape(-1, self.game.n)
        marks = {True: " stable", False: " not stable", None: ""}
        names = [f"{number}{marks[stable]}" for number, stable in enumerate(self.stable)]
        names += ["continuum"] * len(self.continua)
        with styled_axes(ax) as axes:
            if len(rows):
                image = axes.imshow(rows, aspect="auto", cmap="cividis", interpolation="nearest")
                axes.figure.colorbar(image, ax=axes, label="action")
            shown = range(0, len(rows), max(1, -(-len(rows) // _SHOWN)))
            axes.set_yticks(list(shown), [names[number] for number in shown])
            axes.set_xlabel("person")
            axes.set_ylabel("equilibrium")
            axes.grid(False)
        return axes


def all_equilibria(system: System, *, exact: bool = False, tolerance: float = 1e-9) -> AllEquilibria:
    """Return all equilibria in pure strategies of a small game.

    Parameters
    ----------
    system : LinearQuadratic, Participation or Interdependent
        The game. Participation: at most 20 people, of whom those who are indifferent may do either. Linear-quadratic:
        at most 200 people and 2^20 active sets, of which there are two to a person with one finite bound, three to one
        with two, one to one with none, and which do not grow with those whose bounds agree.
    exact : bool
        Whether to verify every isolated equilibrium, and to decide every tie, in fractions, a float standing for its
        shortest decimal; for at most 12 people.
    tolerance : float
        Otherwise, gains and distances of this size, relative to the size of the game's numbers, count as none.

    Returns
    -------
    AllEquilibria

    Raises
    ------
    InvalidInputError
        If the game is too large; the message names the limit.
    UnsupportedProblemError
        If so many active sets leave the equilibria open that their continua cannot be told apart, or an exact answer is
        asked of interdependent utilities in a linear-quadratic game.

    Notes
    -----
    At an equilibrium of a linear-quadratic game everybody is at a bound beyond which its value b + W x lies, or between
    them and at its value: every set of people at their bounds leaves linear equations for the others. Sets that
    intervals rule out are dropped while people are decided one by one; all others are solved. Where those equations
    are singular and consistent the set may hold a continuum of equilibria, which is reported with its dimension.

    References
    ----------
    Bramoulle, Kranton and D'Amours, "Strategic interaction and networks", American Economic Review 104, 2014.

    Examples
    --------
    Four neighbours in a circle rely on one another's efforts: above the strength 1/2 two of them may do all of it.

    >>> from mechanism import Graph
    >>> square = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
    >>> found = all_equilibria(LinearQuadratic(square, 1.0, interaction=-0.75, lower=0.0))
    >>> found.profiles.round(9).tolist(), found.stable
    ([[0.0, 1.0, 0.0, 1.0], [0.4, 0.4, 0.4, 0.4], [1.0, 0.0, 1.0, 0.0]], (True, False, True))

    At 1/2 they may also do anything between:

    >>> line, = all_equilibria(LinearQuadratic(square, 1.0, interaction=-0.5, lower=0.0)).continua
    >>> line.ends.round(6).tolist()
    [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    """
    base = system.base if isinstance(system, Interdependent) else system
    if not isinstance(base, (LinearQuadratic, Participation)):
        raise InvalidInputError("system", system, allowed=_SYSTEMS)
    if exact and base.n > _MOST_EXACT:
        raise InvalidInputError(
            "exact", f"True for {base.n} people", allowed=f"False beyond {_MOST_EXACT} people"
        )
    if isinstance(base, Participation):
        _refuse(base.n > _MOST_SETS.bit_length() - 1, f"{base.n} people")
        game, diagonal, near = game_of(system, tolerance)
        profiles = (
            NormalForm.of(system, exact=True).pure_equilibria().astype(np.float64)  # type: ignore[arg-type]
            if exact
            else _all_profiles(game, near)
        )
        return result_of(
            game, diagonal, profiles, tolerance, complete=True, exact=exact, work={"profiles": 1 << game.n}
        )
    if exact and isinstance(system, Interdependent):
        raise UnsupportedProblemError(
            "the weights of interdependent utilities are known in floats only: an exact answer needs payoffs"
        )
    sets = prod(map(len, choices_of(base)))
    _refuse(base.n > _MOST_PEOPLE, f"{base.n} people")
    _refuse(sets > _MOST_SETS, f"{sets:,} active sets")
    game, diagonal, near = game_of(system, tolerance)
    bounded = Bounded.of(game, near)  # type: ignore[arg-type]
    states = np.concatenate([np.zeros((0, game.n), dtype=np.int8), *active_sets(bounded)])
    profiles, continua = equilibria_of_sets(bounded, states, exact=exact)
    return result_of(
        game, diagonal, profiles, tolerance, complete=True, exact=exact, continua=tuple(continua),
        work={"active sets": sets, "solved": len(states)},
    )  # fmt: skip


def _refuse(is_large: bool, what: str) -> None:
    """Refuse a game that is too large to be enumerated."""
    if is_large:
        raise InvalidInputError(
            "system", what, verb="has",
            allowed="one of at most 20 people who take part or not, or of at most 200 people and 1,048,576 active "
            "sets; sample_equilibria takes more",
        )  # fmt: skip


def game_of(system: System, tolerance: float) -> tuple[LinearQuadratic | Participation, Reals, float]:
    """Return the game to solve, what gains in it are worth to each, and the size of a difference that counts as none.

    Raises
    ------
    InvalidInputError
        If it is another system, or the tolerance is out of range.
    """
    if not (isinstance(tolerance, (int, float)) and 1e-12 <= tolerance <= 1e-3):
        raise InvalidInputError("tolerance", tolerance, allowed="a number in [1e-12, 0.001]")
    if isinstance(system, Interdependent):
        effective = effective_game(system)
        return effective.game, effective.diagonal, tolerance * scale_of(effective.game)
    if not isinstance(system, (LinearQuadratic, Participation)):
        raise InvalidInputError("system", system, allowed=_SYSTEMS)
    return system, np.ones(system.n), tolerance * scale_of(system)


def _all_profiles(game: LinearQuadratic | Participation, near: float) -> Reals:
    """Return the equilibria among all profiles of a participation game."""
    n, found = game.n, []
    for start in range(0, 1 << n, _CHUNK):
        numbers = np.arange(start, min(start + _CHUNK, 1 << n))
        profiles = ((numbers[:, None] >> np.arange(n - 1, -1, -1)) & 1).astype(np.float64)
        found.append(profiles[(gains_of(game, profiles) <= near).all(axis=1)])
    return np.concatenate(found)


def gains_of(game: LinearQuadratic | Participation, profiles: Reals) -> Reals:
    """Return by how much each could raise its own payoff alone, a row for every profile."""
    value = _values(game, profiles)
    if isinstance(game, Participation):
        return np.asarray(np.maximum(np.where(profiles == 0, value, -value), 0.0))
    gains = response_gain(value, profiles, response(value, game.lower, game.upper))
    return np.asarray(np.maximum(gains, 0.0) + 0.0)  # no negative zeros


def _values(game: LinearQuadratic | Participation, profiles: Reals) -> Reals:
    """Return what a unit of everybody's action, or taking part, is worth, a row for every profile."""
    own = game.benefit - game.cost if isinstance(game, Participation) else game.standalone
    return np.asarray(own + (game.matrix @ profiles.T).T)


def result_of(
    game: LinearQuadratic | Participation, diagonal: Reals, profiles: Reals, tolerance: float, **found: Any
) -> AllEquilibria:
    """Return equilibria with their gains, worth to each what `diagonal` says, and their stability."""
    gains, strict = np.empty(len(profiles)), np.empty(len(profiles), dtype=np.bool_)
    near = tolerance * scale_of(game)
    for start in range(0, len(profiles), _CHUNK):
        part = slice(start, start + _CHUNK)
        gains[part] = (gains_of(game, profiles[part]) * diagonal).max(axis=1)
        strict[part] = (np.abs(_values(game, profiles[part])) > near).all(axis=1)
    for array in (profiles, gains):
        array.flags.writeable = False
    stable = (
        tuple(strict.tolist())
        if isinstance(game, Participation)
        else tuple(is_stable(game, x, tolerance=tolerance) for x in profiles)
    )
    return AllEquilibria(game, profiles, gains, stable, **found)
