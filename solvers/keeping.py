"""Residual rewards within a budget that keep as many members of a burst as possible."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Participation
from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import exact, number
from solvers.peeling import leaving_rounds
from solvers.retention import Retention, members_of, sustain

__all__ = ["Kept", "Leavers", "keep"]

Reals = NDArray[np.float64]
Marks = NDArray[np.bool_]
Method = Literal["greedy", "exact"]
_ROWS = 24  # people shown one by one
_OVER = 1e-9  # part of the budget by which rounding may exceed it
_UNIT = float(np.finfo(np.float64).eps)
_STARTS = 9  # sets that the solution of the linear program suggests
_GIVEN = 0.1  # what a unit of support counts that is not needed yet
_WHOLE = 1e-6  # rounding in a bound on a number of people


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Residual rewards, and who stays for them.

    Attributes
    ----------
    system : Participation
        The game without them.
    burst : ndarray of float64, shape (n,)
        Who takes part when the campaign stops, 1 or 0.
    budget : float
        What may be paid per period, money.
    method : {"greedy", "exact"}
        How they were found.
    residual : ndarray of float64, shape (n,)
        What each is paid per period for staying, money, at least 0.
    kept : ndarray of float64, shape (n,)
        1 for those who stay for ever, else 0.
    before : int
        How many would stay without rewards.
    bound : int
        No rewards within the budget keep more, by linear programming.
    """

    system: Participation
    burst: Reals
    budget: float
    method: Method
    residual: Reals
    kept: Reals
    before: int
    bound: int

    @property
    def members(self) -> int:
        """How many stay."""
        return int(self.kept.sum())

    @property
    def spent(self) -> float:
        """What is paid per period, money."""
        return float(self.residual.sum())

    @property
    def is_most(self) -> bool:
        """Whether it is known that no rewards within the budget keep more."""
        return self.members >= self.bound

    def retention(self, *, periods: int = 50, discount: float = 1.0) -> Retention:
        """Return the members period by period under these rewards."""
        return sustain(self.system, self.burst, residual=self.residual, periods=periods, discount=discount)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        table = plain_table(("person", "paid"))
        paid = np.flatnonzero(self.residual)
        rows = paid[np.argsort(-self.residual[paid], kind="stable")]
        for i in rows[:_ROWS]:
            table.add_row(str(self.system.graph.labels[i]), f"{self.residual[i]:,.5g}")
        if len(rows) > _ROWS:
            table.add_row(f"{len(rows) - _ROWS:,} more", f"{self.residual[rows[_ROWS:]].sum():,.5g}")
        size = self.burst.sum()
        most = "no rewards keep more" if self.is_most else f"none keep more than {self.bound:,}"
        return render(
            f"Residual rewards within a budget of {self.budget:g} per period",
            table,
            footer=(
                f"kept           {self.members:,} of {size:,.0f} members instead of {self.before:,}; {most}",
                f"spent          {self.spent:,.5g} per period on {len(rows):,} people",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        arrays = ("burst", "residual", "kept")
        figures = ("budget", "method", "members", "before", "bound", "is_most", "spent")
        return {
            **{name: getattr(self, name).tolist() for name in arrays},
            **{name: getattr(self, name) for name in figures},
        }


def keep(
    system: Participation,
    burst: ArrayLike,
    *,
    budget: float,
    method: Method = "greedy",
    seconds: float = inf,
) -> Kept:
    """Choose whom of a burst to go on paying, and how much, so that as many as possible stay.

    Parameters
    ----------
    system : Participation
        The game; all support at least 0.
    burst : array_like
        Who takes part when the campaign stops, as in `solvers.sustain`.
    budget : float
        What may be paid to all together per period, money, at least 0; exceeded by rounding alone, up to 1e-9 of it.
    method : {"greedy", "exact"}
        "greedy" lets go one after the other of those who save most, of all people and of those most in the solution
        of a linear program, wins back those who cost least, takes the best of these sets, and bounds what others could
        reach. "exact" solves the integer program, for up to some hundred people.
    seconds : float
        Exact: time limit of the search, above 0. When it is over, the best found and the bound proved are returned.

    Returns
    -------
    Kept

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If HiGHS fails.

    Notes
    -----
    To keep a set S costs sum_{i in S} (c_i - b_i - sum_{j in S} w_ij)^+: each is paid what it lacks, and S supports
    itself. Whom to keep is NP-hard: with c_i - b_i = 2n and all support 1 both ways, k people can be kept for
    2nk - k (k - 1) iff some k people all support one another. (At a price of 1 for each who is paid at all it is the
    anchored k-core problem, which is hard to approximate, too.)

    The program: maximise sum x_i with r_i + sum_j w_ij y_ij >= (c_i - b_i) x_i, y_ij <= x_i, y_ij <= x_j, sum r_i at
    most the budget, x_i whole. Those who stay unpaid are in some best set and are taken out first. The bound of the
    relaxation is computed anew from its multipliers, by weak duality, and rounded down; that of the integer program
    is HiGHS's own.

    Greedy: the linear program, and O(k (k + a)) for k members who would leave and a arcs between them. Who is paid gets
    enough in exact arithmetic: the next machine number above what is lacking, if that is none.

    References
    ----------
    Bhawalkar, Kleinberg, Lewi, Roughgarden and Sharma, "Preventing unraveling in social networks: the anchored k-core
    problem", ICALP 2012.

    Examples
    --------
    Two triangles joined by a seventh person. Everybody is short of half a unit but the two with three friends.

    >>> from mechanism import Graph
    >>> graph = Graph.from_edges([0, 1, 2, 2, 3, 4, 5, 6], [1, 2, 0, 3, 4, 5, 6, 4], directed=False)
    >>> game = Participation(graph, 0.0, support=1.0, cost=2.5)
    >>> [keep(game, range(7), budget=money, method="exact").members for money in (1.4, 1.5, 2.4, 2.5)]
    [0, 3, 3, 7]
    """
    if not isinstance(system, Participation):
        raise InvalidInputError("system", system, allowed="a Participation game")
    members = members_of(burst, system.n)
    allowed = "a finite number of at least 0"
    money = float(number(budget, argument="budget", allowed=allowed))
    if money < 0:
        raise InvalidInputError("budget", budget, allowed=allowed)
    if method not in ("greedy", "exact"):
        raise InvalidInputError("method", method, allowed='"greedy" or "exact"')
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise InvalidInputError("seconds", seconds, allowed="a number above 0")
    present = np.zeros(system.n)
    present[members] = 1.0
    unpaid = leaving_rounds(system, present, np.zeros(system.n))[0] == 0
    case = Leavers.of(system, present, unpaid)
    nobody, everybody = np.zeros(case.size, dtype=bool), np.ones(case.size, dtype=bool)
    limit = money * (1 + _OVER / 2)

    def settled(chosen: Marks) -> tuple[int, Reals]:
        """Win back whom the rest of the budget allows; return how many stay for which rewards."""
        if money == 0:
            return int(unpaid.sum()), np.zeros(system.n)
        chosen = case.shrink(chosen, limit)
        while True:
            chosen = case.fill(chosen, limit)
            residual = _payments(system, case.joined(unpaid, chosen))
            stay = leaving_rounds(system, present, residual)[0] == 0
            if stay[case.people].sum() <= chosen.sum():
                return int(stay.sum()), residual
            chosen = stay[case.people]  # some support one another once the others are paid

    before = int(unpaid.sum())
    best, residual = settled(everybody)
    bound = best
    if best < len(members) and money > 0:
        proved, shares = case.relaxed(money)
        bound = before + proved
        starts = np.unique(np.quantile(shares, np.linspace(0, 1, _STARTS)))
        tried = [(best, residual), settled(nobody), *(settled(shares >= start) for start in starts)]
        best, residual = max(tried, key=lambda pair: pair[0])
    if method == "exact" and best < bound:
        found, proved = case.search(money, seconds)
        bound = min(bound, before + proved)
        if found is not None:
            best, residual = max(((best, residual), settled(found)), key=lambda pair: pair[0])
    lasting = (leaving_rounds(system, present, residual)[0] == 0).astype(np.float64)
    if lasting.sum() != best or best > bound or residual.sum() > money * (1 + _OVER):
        raise SolveError(
            "the rewards found do not keep whom they should within the budget", solution=residual
        )
    for array in (present, residual, lasting):
        array.flags.writeable = False
    return Kept(system, present, money, method, residual, lasting, before, bound)


@dataclass(frozen=True, slots=True, eq=False)
class Leavers:
    """Those who leave unpaid, numbered anew: what each lacks without the others, and how they support one another.

    Attributes
    ----------
    people : ndarray of int64, shape (k,)
        Who they are.
    gap : ndarray of float64, shape (k,)
        What each lacks if only those stay who do so unpaid, money, above 0.
    source, target : ndarray of int64, shape (a,)
        Who is supported by whom, in the new numbers.
    weight : ndarray of float64, shape (a,)
        How much, at most what is lacking in all.
    """

    people: NDArray[np.int64]
    gap: Reals
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: Reals

    @classmethod
    def of(cls, system: Participation, present: Reals, unpaid: Marks) -> Leavers:
        """Return the case; those who stay unpaid support the others."""
        people = np.flatnonzero((present > 0) & ~unpaid)
        free = system.pull(unpaid.astype(np.float64))
        least = _UNIT * (
            np.abs(system.cost) + np.abs(system.benefit) + free
        )  # it lacks something, by exact rounds
        gap = np.maximum(system.cost - system.benefit - free, least)[people]
        arcs = system.matrix[people][:, people].tocoo()
        kept = arcs.data > 0
        source = arcs.row[kept].astype(np.int64)
        weight = np.minimum(arcs.data[kept], gap[source])  # more than all that is lacking does not help more
        return cls(people, gap, source, arcs.col[kept].astype(np.int64), weight)

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.people)

    def joined(self, unpaid: Marks, chosen: Marks) -> Marks:
        """Return who stays, among all people."""
        stay = unpaid.copy()
        stay[self.people[chosen]] = True
        return stay

    def lacks(self, chosen: Marks) -> Reals:
        """Return what each lacks if the chosen stay; below 0 if it has more than enough."""
        support = np.bincount(self.source, self.weight * chosen[self.target], minlength=self.size)
        return np.asarray(self.gap - support)

    def cost(self, chosen: Marks) -> float:
        """Return what the chosen have to be paid."""
        return float(np.maximum(self.lacks(chosen), 0.0)[chosen].sum())

    def change(self, chosen: Marks) -> Reals:
        """Return by how much less is to be paid if one of the chosen goes, and more if one of the others comes."""
        lack = self.lacks(chosen)
        pays = np.maximum(lack, 0.0)
        without = lack[self.source] + np.where(chosen[self.target], self.weight, -self.weight)
        moved = np.abs(np.maximum(without, 0.0) - pays[self.source]) * chosen[self.source]
        return np.asarray(pays - np.bincount(self.target, moved, minlength=self.size))

    def shrink(self, chosen: Marks, limit: float) -> Marks:
        """Let go of one after the other, of who saves most and gives little, until the rest can be paid."""
        chosen = chosen.copy()
        while chosen.any() and self.cost(chosen) > limit:
            given = np.bincount(self.target, self.weight * chosen[self.source], minlength=self.size)
            chosen[np.argmax(np.where(chosen, self.change(chosen) - _GIVEN * given, -inf))] = False
        return chosen

    def fill(self, chosen: Marks, limit: float) -> Marks:
        """Add one after the other, of who costs least, as long as all can be paid."""
        chosen = chosen.copy()
        while not chosen.all():
            best = int(np.argmin(np.where(chosen, inf, self.change(chosen))))
            chosen[best] = True
            if self.cost(chosen) > limit:
                chosen[best] = False
                break
        return chosen

    def _program(self, budget: float) -> tuple[Any, Reals, Reals]:
        """Return A, h, c: minimise c'v with A v <= h, v = (x, r / gap, y) in [0, 1]; what is lacking is the unit."""
        from scipy.sparse import coo_array

        k, arcs = self.size, len(self.weight)
        one, each = np.arange(k), np.arange(arcs)
        y = 2 * k + each
        lacks = k + arcs
        rows = (
            one,
            one,
            self.source,
            k + each,
            k + each,
            lacks + each,
            lacks + each,
            np.full(k, lacks + arcs),
        )
        columns = (one, k + one, y, y, self.source, y, self.target, k + one)
        minus, plus = np.full(arcs, -1.0), np.ones(arcs)
        values = (
            np.ones(k), -np.ones(k), -self.weight / self.gap[self.source], plus, minus, plus, minus, self.gap / budget,
        )  # fmt: skip
        places = np.concatenate(rows), np.concatenate(columns)
        matrix = coo_array((np.concatenate(values), places), shape=(lacks + arcs + 1, 2 * k + arcs)).tocsr()
        most = np.zeros(lacks + arcs + 1)
        most[-1] = 1.0
        return matrix, most, np.concatenate((-np.ones(k), np.zeros(k + arcs)))

    def relaxed(self, budget: float) -> tuple[int, Reals]:
        """Return a bound on how many can be paid, as any multipliers of the relaxation give one, and its shares."""
        from scipy.optimize import linprog

        matrix, most, cost = self._program(budget)
        done = linprog(cost, A_ub=matrix, b_ub=most, bounds=(0, 1), method="highs")
        if done.status != 0:
            raise SolveError(f"the bound on how many can be kept was not found: {done.message}")
        price = np.maximum(-done.ineqlin.marginals, 0.0)
        least = float(np.minimum(cost + matrix.T @ price, 0.0).sum() - price @ most)
        return min(self.size, floor(-least + _WHOLE)), done.x[: self.size]

    def search(self, budget: float, seconds: float) -> tuple[Marks | None, int]:
        """Return the best set that HiGHS finds, if any, and its bound on how many."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        matrix, most, cost = self._program(budget)
        options = {"mip_rel_gap": 0.0} | ({} if seconds == inf else {"time_limit": float(seconds)})
        done = milp(
            cost, integrality=np.arange(len(cost)) < self.size, bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, ub=most), options=options,
        )  # fmt: skip
        if done.status not in (0, 1):
            raise SolveError(f"whom to keep was not found: {done.message}")
        dual = done.mip_dual_bound
        bound = self.size if dual is None or not np.isfinite(dual) else floor(-dual + _WHOLE)
        return None if done.x is None else done.x[: self.size] > 0.5, min(bound, self.size)


def _payments(system: Participation, stay: Marks) -> Reals:
    """Return what each of those who are to stay lacks, so much that it stays in exact arithmetic."""
    graph, support = system.graph, system.layer.by_arc
    lacks = system.cost - system.benefit - system.pull(stay.astype(np.float64))
    size = np.abs(system.cost) + np.abs(system.benefit) + np.abs(lacks)
    residual = np.zeros(system.n)
    for i in np.flatnonzero(stay & (lacks > -1e-9 * size)).tolist():
        arcs = np.arange(graph.indptr[i], graph.indptr[i + 1])
        wanted = exact(float(system.cost[i])) - sum(
            (exact(w) for w in support[arcs[stay[graph.indices[arcs]]]].tolist()), exact(0)
        )
        benefit = exact(float(system.benefit[i]))
        paid = max(float(wanted - benefit), 0.0)
        while min(benefit + exact(paid), exact(float(benefit + exact(paid)))) < wanted:  # also rounded
            paid = float(np.nextafter(paid, inf)) + float(np.spacing(abs(float(benefit))))
        residual[i] = paid
    return residual
