"""Altruism design: who is to care more for whom, so that those who are wanted take part, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism import Layer, Participation
from mechanism.errors import InvalidInputError, SolveError
from mechanism.graph import Graph
from mechanism.vectors import one_each
from solvers.programs import silence_highs, solve_program
from solvers.subsidy_design import wanted_profile

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["AltruismDesign", "design_altruism"]

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
_ROWS = 24  # changes shown one by one
_TOLERANCE = 1e-9  # relative
_FEASIBLE = 1e-7  # of the largest margin or effect: what a solver of programs may be off by


@dataclass(frozen=True, slots=True, eq=False)
class AltruismDesign:
    """Altruism before and after, and what the change costs.

    Attributes
    ----------
    system : Participation
        The game that makes the payoffs p.
    profile : ndarray of float64, shape (n,)
        Who is wanted to take part, 1 or 0.
    before, after : Layer
        a_ij of every arc i -> j.
    price : ndarray of float64, shape (m,)
        What a unit of change costs on each arc.
    multipliers : ndarray of float64, shape (n,)
        What the cost falls by if a person lacks a unit less: the certificate of the bound.
    bound : float
        No change costs less; computed from the multipliers.
    """

    system: Participation
    profile: Reals
    before: Layer
    after: Layer
    price: Reals
    multipliers: Reals
    bound: float

    @property
    def change(self) -> Reals:
        """By how much each a_ij is changed, float64 of shape (m,)."""
        return np.asarray(self.after.by_arc - self.before.by_arc)

    @property
    def cost(self) -> float:
        """What the changes cost in all."""
        return float(self.price @ np.abs(self.change))

    @property
    def is_least(self) -> bool:
        """Whether the bound proves that no change costs less, up to 1e-9 of the cost."""
        return self.cost - self.bound <= _TOLERANCE * max(self.cost, abs(self.bound))

    def utilities(self, actions: ArrayLike) -> Reals:
        """Return p + A p of everybody after the change, money, float64 of shape (n,)."""
        payoffs = self.system.payoffs(actions)
        return np.asarray(payoffs + self.after.matrix @ payoffs)

    @property
    def gains(self) -> Reals:
        """By how much each could raise its utility alone at the profile, at least 0, float64 of shape (n,)."""
        sources = _sources(self.after.graph)
        effect = _effects(self.system, self.profile, self.after.graph)
        reasons = np.bincount(sources, effect * self.after.by_arc, minlength=self.system.n)
        worth = self.system.margin(self.profile) + reasons
        return np.asarray(np.maximum(np.where(self.profile == 1, -worth, worth), 0.0))

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        graph, change = self.after.graph, self.change
        table = plain_table(("who", "cares for", "before", "after", "cost"), left=2)
        sources, costs = _sources(graph), self.price * np.abs(change)
        changed = np.flatnonzero(np.abs(change) > _TOLERANCE)
        rows = changed[np.argsort(-costs[changed], kind="stable")]
        for arc in rows[:_ROWS]:
            names = (str(graph.labels[i]) for i in (sources[arc], graph.indices[arc]))
            cells = (self.before.by_arc[arc], self.after.by_arc[arc], costs[arc])
            table.add_row(*names, *(f"{x:,.4g}" for x in cells))
        if len(rows) > _ROWS:
            table.add_row(f"{len(rows) - _ROWS:,} more", "", "", "", f"{costs[rows[_ROWS:]].sum():,.4g}")
        least = "no change costs less" if self.is_least else f"none below {self.bound:,.6g} is possible"
        return render(
            f"Altruism with which {int(self.profile.sum()):,} of {self.system.n:,} people take part",
            table,
            footer=(
                f"cost           {self.cost:,.6g} for {len(rows):,} changes; {least}",
                f"gain           at most {self.gains.max():.2g} by deciding otherwise alone",
                "altruism is direct: people weigh the payoffs of others, not their utilities",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "profile": self.profile.astype(int).tolist(),
            "source": _sources(self.after.graph).tolist(),
            "target": self.after.graph.indices.tolist(),
            "before": self.before.by_arc.tolist(),
            "after": self.after.by_arc.tolist(),
            "multipliers": self.multipliers.tolist(),
            "cost": self.cost,
            "bound": self.bound,
            "gain": float(self.gains.max()),
        }


def design_altruism(
    system: Participation,
    profile: ArrayLike,
    *,
    altruism: Layer | None = None,
    cost: float | ArrayLike = 1.0,
    most: float | ArrayLike = 1.0,
    mutual: bool = False,
    whole: bool = False,
) -> AltruismDesign:
    """Change at least cost how much people care for one another, so that a wanted profile is an equilibrium.

    Parameters
    ----------
    system : Participation
        The game that makes the payoffs p.
    profile : array_like of 0 and 1, shape () or (n,)
        Who is wanted to take part; 1 for everybody.
    altruism : Layer, optional
        a_ij of every arc i -> j as it is, at least 0; arcs of 0 may be raised, others than these stay 0. By default
        nobody cares for anybody, and may come to care for those it supports.
    cost : float or array_like of float, shape () or (m,)
        What a unit of change costs on every arc, up or down, at least 0.
    most : float or array_like of float, shape () or (m,)
        Largest a_ij allowed, at least the present one.
    mutual : bool
        Whether i comes to care for j as much as j for i: the arcs i -> j and j -> i change together, and cost both.
    whole : bool
        Whether changes are all or nothing: to 0, to the largest allowed, or none. Then the program is one in integers.

    Returns
    -------
    AltruismDesign

    Raises
    ------
    InvalidInputError
        If an argument is out of range, or `mutual` is asked for where the two directions differ.
    SolveError
        If no change does; the message names somebody who cannot be won over, if there is one.

    Notes
    -----
    Altruism is direct: i maximises U_i = p_i + sum_j a_ij p_j. If i takes part it gets its margin, and each j in the
    profile gets w_ji more. So i is to take part if b_i + sum_j w_ij x_j - c_i + sum_j a_ij w_ji x_j >= 0, or <= 0 if it
    is wanted out: linear in a, and the least change is a linear program in two numbers per arc (Yu, Kempe and
    Vorobeychik). HiGHS solves it. The multipliers y >= 0 prove the bound: with effects g_ia of a unit more of a on what
    i lacks, l_i, any change costs at least

        sum_i y_i l_i - sum_a (room up (sum_i y_i g_ia - cost)^+ + room down (- sum_i y_i g_ia - cost)^+).

    All-or-nothing changes are NP-hard: HiGHS searches, by branch and bound, until it finds nothing cheaper, and the
    bound is that of fractional changes.

    In `Interdependent` people weigh utilities instead, u = p + A u, so that i counts what happens to those for whom
    those it cares for care: weights B_ij / B_ii with B = (I - A)^-1 take the place of a_ij. If nothing is negative they
    are at least a_ij, so those whom direct altruism wins over are won over then, too, but those wanted out may be drawn
    in.

    References
    ----------
    Yu, Kempe and Vorobeychik, "Altruism design in networked public goods games", IJCAI 2021.

    Examples
    --------
    >>> pair = Graph.from_edges(["ann"], ["bob"], directed=False)
    >>> game = Participation(pair, 0.0, support=1.0, cost=[1.25, 0.5])
    >>> plan = design_altruism(game, 1)  # ann lacks .25, and brings bob 1
    >>> plan.after.by_arc.tolist(), plan.cost, round(plan.bound, 9)
    ([0.25, 0.0], 0.25, 0.25)
    """
    if not isinstance(system, Participation):
        raise InvalidInputError("system", system, allowed="a Participation game")
    wanted = wanted_profile(system, profile)
    before = _layer(system, altruism)
    m = before.graph.m
    price = one_each("cost", cost, m, least=0.0, each="arc")
    limit = one_each("most", most, m, least=0.0, each="arc")
    above = before.by_arc > limit
    if above.any():
        first = int(np.argmax(above))
        raise InvalidInputError(
            "most", float(limit[first]), index=first, allowed=f"at least the present {before.by_arc[first]:g}"
        )
    program = _Program.of(system, wanted, before, price, limit, mutual)
    program.refuse_hopeless(before.graph)
    up, down, multipliers = program.solve()
    if whole:
        up, down = program.solve_whole()
    after = np.clip(before.by_arc + program.arcs @ (up - down), 0.0, limit)
    result = AltruismDesign(
        system=system,
        profile=wanted,
        before=before,
        after=Layer(before.graph, after),
        price=price,
        multipliers=multipliers,
        bound=program.bound(multipliers),
    )
    if result.gains.max() > _FEASIBLE * program.size:
        raise SolveError("the altruism that was found does not bring about the profile", solution=result)
    return result


def _layer(system: Participation, altruism: Layer | None) -> Layer:
    if altruism is None:
        return Layer(system.layer.reversed.graph, 0.0)
    if not isinstance(altruism, Layer) or not np.array_equal(altruism.graph.labels, system.graph.labels):
        raise InvalidInputError("altruism", altruism, allowed="a Layer on the same people as the game")
    one_each("altruism", altruism.by_arc, altruism.graph.m, least=0.0, each="arc")
    return altruism


def _sources(graph: Graph) -> Ids:
    return np.repeat(np.arange(graph.n), graph.out_degree)


def _effects(system: Participation, wanted: Reals, graph: Graph) -> Reals:
    """Return for every arc i -> j of altruism what j gets if i takes part: w_ji x_j."""
    of_game = _sources(system.graph) * system.n + system.graph.indices  # increasing
    asked = graph.indices.astype(np.int64) * system.n + _sources(graph)
    if not len(of_game):
        return np.zeros(graph.m)
    place = np.minimum(np.searchsorted(of_game, asked), len(of_game) - 1)
    found = of_game[place] == asked
    return np.asarray(np.where(found, system.layer.by_arc[place] * wanted[graph.indices], 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class _Program:
    """Minimise price (up + down) subject to effects (up - down) >= lacks and 0 <= up, down <= room."""

    effects: csr_array
    lacks: Reals
    price: Reals
    room_up: Reals
    room_down: Reals
    arcs: csr_array
    """Which arcs each change concerns, shape (m, changes)."""

    @classmethod
    def of(
        cls, system: Participation, wanted: Reals, before: Layer, price: Reals, limit: Reals, mutual: bool
    ) -> _Program:
        from scipy.sparse import csr_array

        graph, n = before.graph, system.n
        sources, m = _sources(graph), graph.m
        change = np.arange(m)
        if mutual:
            change = _pairs(graph, {"altruism": before.by_arc, "most": limit})
        changes = int(change.max(initial=-1)) + 1
        arcs = csr_array((np.ones(m), (np.arange(m), change)), shape=(m, changes))
        sign = 2 * wanted - 1
        values = sign[sources] * _effects(system, wanted, graph)
        by_arc = csr_array((values, (sources, np.arange(m))), shape=(n, m))
        one = np.empty(changes, dtype=np.int64)
        one[change] = np.arange(m)  # any arc of each change
        return cls(
            (by_arc @ arcs).tocsr(),
            -(sign * system.margin(wanted) + by_arc @ before.by_arc),
            arcs.T @ price,
            (limit - before.by_arc)[one],
            before.by_arc[one],
            arcs,
        )

    @property
    def size(self) -> float:
        """The largest margin or effect."""
        return float(max(np.abs(self.lacks).max(), np.abs(self.effects.data).max(initial=0.0))) or 1.0

    def refuse_hopeless(self, graph: Graph) -> None:
        """Refuse people who lack more than all changes together bring."""
        bring = self.effects.maximum(0) @ self.room_up - self.effects.minimum(0) @ self.room_down
        short = self.lacks > bring + _TOLERANCE * self.size
        if short.any():
            raise SolveError(
                f"no altruism allowed wins over person {graph.labels[int(np.argmax(short))]}",
                solution=np.flatnonzero(short).tolist(),
            )

    def solve(self) -> tuple[Reals, Reals, Reals]:
        """Return the least changes up and down, and the multipliers of the rows."""
        import cvxpy as cp

        if not len(self.price):
            return np.zeros(0), np.zeros(0), np.zeros(len(self.lacks))
        up, down = (cp.Variable(len(self.price), nonneg=True) for _ in range(2))
        kept = self.effects @ (up - down) >= self.lacks
        program = cp.Problem(
            cp.Minimize(self.price @ (up + down)), [kept, up <= self.room_up, down <= self.room_down]
        )
        solve_program(program, "a change of altruism")
        return up.value, down.value, np.maximum(kept.dual_value, 0.0)

    def solve_whole(self) -> tuple[Reals, Reals]:
        """Return the least changes that are all or nothing."""
        import cvxpy as cp

        if not len(self.price):
            return np.zeros(0), np.zeros(0)
        raised, dropped = (cp.Variable(len(self.price), boolean=True) for _ in range(2))
        up, down = cp.multiply(self.room_up, raised), cp.multiply(self.room_down, dropped)
        program = cp.Problem(
            cp.Minimize(self.price @ (up + down)),
            [self.effects @ (up - down) >= self.lacks, raised + dropped <= 1],
        )
        silence_highs()
        program.solve(solver=cp.HIGHS, mip_rel_gap=0.0, mip_abs_gap=0.0)
        if program.status != cp.OPTIMAL:
            raise SolveError(f"no all-or-nothing change was found: the program is {program.status}")
        return self.room_up * np.rint(raised.value), self.room_down * np.rint(dropped.value)

    def bound(self, multipliers: Reals) -> float:
        """Return what any changes cost at least, from multipliers of at least 0."""
        pull = self.effects.T @ multipliers
        saved = self.room_up * np.maximum(pull - self.price, 0) + self.room_down * np.maximum(
            -pull - self.price, 0
        )
        return float(multipliers @ self.lacks - saved.sum())


def _pairs(graph: Graph, alike: dict[str, Reals]) -> Ids:
    """Return the number of the pair of each arc; refuse arcs without their reverse, and pairs that are not alike."""
    sources, targets = _sources(graph), graph.indices.astype(np.int64)
    forth, back = sources * graph.n + targets, targets * graph.n + sources
    reverse = np.searchsorted(forth, back)
    missing = forth[np.minimum(reverse, graph.m - 1)] != back if graph.m else np.zeros(0, dtype=bool)
    if missing.any():
        first = int(np.argmax(missing))
        raise InvalidInputError(
            "mutual",
            f"asked for, but arc {graph.labels[sources[first]]} -> {graph.labels[targets[first]]} has no reverse",
            allowed="left out",
        )
    for name, values in alike.items():
        differs = values != values[reverse]
        if differs.any():
            first = int(np.argmax(differs))
            raise InvalidInputError(
                name, float(values[first]), index=first, allowed="the same in both directions if mutual"
            )
    _, pair = np.unique(np.minimum(forth, back), return_inverse=True)
    return np.asarray(pair)
