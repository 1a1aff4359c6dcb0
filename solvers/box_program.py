"""A linear program that bounds the recruits of the surrogate over a box of member counts, whatever the rewards."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import highspy
import numpy as np
from numpy.typing import NDArray

from mechanism.errors import SolveError
from solvers.box_rows import FLOOR, ROOM, Box, BoxRows, Setting, reach

__all__ = ["BoxBound", "BoxProgram"]

Reals = NDArray[np.float64]
_ROUNDS = 12  # of tangents laid at the solution,
_CLOSE = 1e-4  # while it violates one by more than this


@dataclass(frozen=True, slots=True)
class BoxBound:
    """What the linear program of a box says.

    Attributes
    ----------
    value : float
        No equilibrium in the box has more recruits, or more than asked for; minus infinity where the box is empty.
    box : Box
        The box, contracted.
    table : ndarray of float64, shape (max_depth, max_depth)
        Rewards that attain the bound in the program.
    """

    value: float
    box: Box
    table: Reals


class BoxProgram:
    """Upper bounds on the recruits of the surrogate's equilibria over boxes of expected members by depth.

    Parameters
    ----------
    setting : Setting
        The game and the tables; inequalities are added to the space of tables as they are violated.

    Notes
    -----
    Members N alone nearly span the search. Write T[d] = N[1] + ... + N[d], and k, c, r, s for conversion, contacts,
    rivalry and saturation. Given N the chances w are known, and with them

        V_join(d) = money sum_m w[d+m] / N[d] R(d+m, m),
        i[d] V_invite(d) = money sum_m w[d+m] (1 + r[d] T[d]) / (N[d] c[d]) R(d+m, m)  =: v[d],

    both linear in R. Since i = F(V) means ``i F^-1(i) = v``, the chance to invite is a function of v alone; its
    logarithm is concave in v, because ``e^y F^-1(e^y)`` is a product of positive, increasing, convex functions of y
    (log F is concave and V at least 0). So an equilibrium with members N satisfies

        log N[1] = log reached + log F(V_join(1)),
        log N[d+1] = log F(V_join(d+1)) + L(log(k c) + log N[d] - log(1 + r T[d]) + log i(v[d])),

    with ``L(t) = log((1 - exp(-s e^t)) / s)``, concave and increasing; log(1 + r T) is convex in the logarithms of
    N. All terms on the right are concave in (R, log N) but for the coefficients w / N. In a box these are replaced by
    their upper ends, valid as R >= 0, and equality by <=; concave functions are replaced by tangents, which lie above
    them. The recruits, sums of e^(log N), are replaced by chords, which lie above inside the box.

    From below, with lower ends, V_join(1) is at most F^-1(N[1] / reached), v[d] at most i F^-1(i) for the largest i[d]
    of the box, and V_join(d+1) at most F^-1(N[d+1] / reach) for the least reach. That takes ends for the chances to
    invite, the further dimensions of a box; they are halved where halving N leaves a gap. As boxes shrink all
    inequalities become the equations, so that the bounds converge to the best equilibrium.

    The ends are exact: w[e] / N[d] rises with N[e] and falls with N[k] for k < e. With the factor 1 + r T[d] it
    still falls with N[d], and in x = N[1] + ... + N[d-1] it is q^x (1 + r (x + N[d])), which has a single maximum.

    Empty depths need no limits: an equation is used only where the box keeps the members of that depth, and with
    it those of all depths above, from 0. Elsewhere they count by the upper end of the box.

    What the solver returns is not trusted: any multipliers y >= 0 of the rows ``A x <= b`` give, with the bounds of
    the variables, ``max c x <= y b + sum_j max((c - y A)_j x_j)``, and this is the bound used (Neumaier and Shcherbina,
    2004), in floating point. All rows but those of the space may be violated at a price, so that every
    program over a space that is not empty has a solution.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.solved = 0
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        self._solver.silent()
        self._solver.setOptionValue("presolve", "off")

    def root(self) -> Box:
        """Return a box that holds every equilibrium."""
        depth = self.setting.game.max_depth
        low, high = np.zeros(depth), np.zeros(depth)
        for d in range(depth):
            high[d] = self._most(d, low, high, 1.0)
        return Box(low, high, np.zeros(depth - 1), np.ones(depth - 1))

    def contracted(self, box: Box, goal: float) -> Box | None:
        """Return the part of a box in which an equilibrium may have more than `goal` recruits, None if empty."""
        game, low, high = self.setting.game, box.low.copy(), box.high.copy()
        for _ in range(3):
            for d in range(game.max_depth):
                high[d] = min(high[d], self._most(d, low, high, box.most[d - 1] if d else 1.0))
            low = np.maximum(low, (goal - (high.sum() - high)) * (1 - ROOM))
            for d in range(game.max_depth - 2, -1, -1):
                low[d] = max(low[d], low[d + 1] / (game.conversion[d] * game.contacts[d]) * (1 - ROOM))
            if (low > high).any() or high.sum() <= goal:
                return None
        return Box(low, high, box.least, box.most)

    def _most(self, d: int, low: Reals, high: Reals, invite: float) -> float:
        """Return the most members of depth d + 1 that those above can bring in."""
        game = self.setting.game
        reached = (
            game.reached if d == 0 else reach(game, d - 1, high[d - 1], float(low[: d - 1].sum()), invite)
        )
        return reached * (1 + ROOM)

    def bound(self, box: Box, *, goal: float) -> BoxBound:
        """Bound the recruits of the equilibria in a box; any bound of at most `goal` will do.

        Raises
        ------
        SolveError
            If the solver fails, or the space of tables is empty.
        """
        space, part = self.setting.space, self.contracted(box, goal)
        nothing = np.zeros((len(box.low), len(box.low)))
        if part is None:
            return BoxBound(-inf, box, nothing)
        if part.low[0] <= FLOOR:  # no equation is used
            return BoxBound(float(part.high.sum()), part, nothing)
        rows = BoxRows(self.setting, part)
        best, rounds = float(part.high.sum()), 0
        while True:
            point, value = self._solve(rows)
            best = min(best, value)
            table = space.table(point[: space.size])
            if space.cut(table):
                rows.renew()
                continue
            rounds += 1
            if best <= goal or rounds > _ROUNDS or rows.refine(point) <= _CLOSE:
                return BoxBound(best * (1 + ROOM), part, table)

    def _solve(self, rows: BoxRows) -> tuple[Reals, float]:
        """Return the solution of the linear program and a bound from its multipliers."""
        matrix, bound = rows.matrix, rows.bound
        self.solved += 1
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(rows.cost), len(bound)
        model.col_cost_ = -rows.cost
        model.col_lower_, model.col_upper_ = rows.lower, rows.upper
        model.row_lower_, model.row_upper_ = np.full(len(bound), -highspy.kHighsInf), bound
        places, columns = np.nonzero(matrix)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.searchsorted(places, np.arange(len(bound) + 1)).astype(np.int32)
        model.a_matrix_.index_ = columns.astype(np.int32)
        model.a_matrix_.value_ = matrix[places, columns]
        self._solver.passModel(model)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise SolveError("no table has all the properties wanted")
        solution = self._solver.getSolution()
        if len(solution.row_dual) != len(bound) or not np.isfinite(solution.col_value).all():
            raise SolveError(
                f"the program of a box was not solved: {self._solver.modelStatusToString(status)}"
            )
        weight = np.maximum(-np.array(solution.row_dual), 0.0)
        rest = rows.cost - weight @ matrix
        value = float(weight @ bound + np.maximum(rest * rows.lower, rest * rows.upper).sum()) + rows.constant
        return np.array(solution.col_value), value
