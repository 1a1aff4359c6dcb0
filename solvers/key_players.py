"""Key players: whose removal lowers the sum of actions most."""

from __future__ import annotations

from bisect import insort
from dataclasses import asdict, dataclass
from itertools import combinations, islice
from math import comb, inf
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from mechanism.games import LinearQuadratic
from mechanism.numbers import whole
from mechanism.vectors import Reals
from solvers.centrality import certified_sums, feedback
from solvers.spectral import SpectralRadius

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from scipy.sparse import csr_array

__all__ = ["KeyPlayers", "Player", "key_player"]

_SAME = 1e-9  # relative difference of drops that counts as none
_MOST_DENSE = 2000  # players of a dense inverse
_MOST_WORK = 5e6  # groups times the cube of their size, if groups are compared one by one
_CHUNK = 1 << 20  # numbers of the blocks that are solved together
_CONDITION = 1e10
_METHODS = {
    "exact": "no other {} lowers the sum more",
    "greedy": "one after the other, each the best then: another {} may lower the sum more",
    "stopped": "the best of those tried: another {} may lower the sum more",
}


@dataclass(frozen=True, slots=True)
class Player:
    """One player and what its removal does.

    Attributes
    ----------
    label : int or str
        Its label in the graph.
    action : float
        x_i, what it does in equilibrium.
    reach : float
        k_i, by how much the sum of actions grows per unit of its own standalone value.
    returns : float
        m_ii, by how much its own action grows per unit of that.
    drop : float
        x_i k_i / m_ii, by how much the sum of actions falls if it alone is removed.
    """

    label: int | str
    action: float
    reach: float
    returns: float
    drop: float


@dataclass(frozen=True, slots=True)
class KeyPlayers:
    """Whom to remove, and what that does to the sum of actions.

    Attributes
    ----------
    labels : tuple of int or str
        Labels of the key player, or of the members of the key group; a greedy group in the order of choice.
    drop : float
        By how much the sum of actions falls if they are removed.
    total : float
        The sum of actions before.
    method : {"exact", "greedy", "stopped"}
        "exact": no other choice has a larger drop, but for rounding. "greedy": the group was built player by player
        and may not be the best. "stopped": the allowed number of solves did not suffice to exclude all others.
    bound : float or None
        No choice of that size has a larger drop; None if nothing is known.
    ranking : tuple of Player
        The players whose removal alone lowers the sum most, best first: fewer than asked for if the solves did not
        suffice to tell.
    solves : int
        Number of players tried, each by a linear system; 0 if a dense inverse gave all.
    """

    labels: tuple[int | str, ...]
    drop: float
    total: float
    method: Literal["exact", "greedy", "stopped"]
    bound: float | None
    ranking: tuple[Player, ...]
    solves: int

    def __str__(self) -> str:
        from solvers.tables import percent, plain_table, render

        table = plain_table(("player", "action", "reach", "returns", "drop", "of the sum"))
        for one in self.ranking:
            numbers = (one.action, one.reach, one.returns, one.drop)
            cells = (f"{x:,.4f}" for x in numbers)
            table.add_row(str(one.label), *cells, percent(one.drop / self.total) if self.total else "-")
        kind = "player" if len(self.labels) == 1 else "group"
        bound = "" if self.bound is None or self.method == "exact" else f", at most {self.bound:,.4f} for any"
        return render(
            f"Key {kind}: {', '.join(map(str, self.labels))}",
            table,
            footer=(
                f"sum of actions {self.total:,.4f}, without the key {kind} {self.total - self.drop:,.4f}",
                f"drop           {self.drop:,.4f}{bound}",
                f"{self.method:<14} {_METHODS[self.method].format(kind)}",
                "drop in the table: if the player alone is removed, action * reach / returns.",
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return asdict(self) | {"labels": list(self.labels), "ranking": [asdict(one) for one in self.ranking]}

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw what the removal of each ranked player takes from the sum of actions, beside its own action."""
        from solvers.plots import BLUE, ORANGE, styled_axes

        with styled_axes(ax) as axes:
            places = range(len(self.ranking))
            axes.barh(
                places, [one.drop for one in self.ranking], color=BLUE, height=0.7, label="sum of actions"
            )
            axes.plot(
                [one.action for one in self.ranking], list(places), color=ORANGE, marker="D",
                markeredgecolor="white", linestyle="none", label="own action",
            )  # fmt: skip
            axes.set_yticks(list(places), [str(one.label) for one in self.ranking])
            axes.invert_yaxis()
            axes.set_ylabel("player removed")
            axes.set_xlabel("lost by the removal, in units of action")
            axes.grid(visible=False, axis="y")
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
            return axes


def key_player(
    system: LinearQuadratic, *, size: int = 1, ranked: int = 10, most_solves: int = 1000
) -> KeyPlayers:
    """Find the player, or the group, without whom the sum of equilibrium actions is least.

    Parameters
    ----------
    system : LinearQuadratic
        The game. A player who is removed does nothing, and nobody draws on it.
    size : int
        Number of players to remove, from 1 to n.
    ranked : int
        How many players to rank by the drop of each alone, at least 1.
    most_solves : int
        Linear systems after which to stop with the best so far, at least 1; each stage of a greedy search counts
        anew.

    Returns
    -------
    KeyPlayers

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, weights of at least 0 have a spectral radius of 1 or more, or I - W is
        singular.
    UnsupportedProblemError
        If bounds of the actions may bind before or after a removal, some weights are below 0 and there are more than
        2,000 players, or the game without some player has no single equilibrium.
    SolveError
        If a linear system could not be solved, or the removal, computed afresh, does not have the drop of the formula.

    Notes
    -----
    Without bounds the actions x = M b, M = (I - W)^-1, are the only equilibrium if I - W is not singular: payoffs are
    concave in one's own action. Without the players in S the sum is lower by k_S^T (M_SS)^-1 x_S, where k = M^T 1; for
    one player by x_i k_i / m_ii, the intercentrality b_i^2 / m_ii of Ballester et al. if W is symmetric and all
    standalone values are 1. M_SS must not be singular either: it is, if the others' game has no single equilibrium.

    *Weights of at least 0*, asymmetric or not, need a spectral radius of W below 1, which M 1 certifies. Walks that
    come back to i for the first time weigh at least s_i = sum_j w_ij w_ji, so that m_ii >= 1 / (1 - s_i) and the drop
    of i is at most x_i k_i (1 - s_i). One linear system gives m_ii of one player; players are taken in the order of the
    bound until the next bound is no higher than the best found. That is exact after few systems unless many players are
    alike. O(n + m) memory, O(n + m) per Krylov iteration. Bounds of actions do not matter if 0 and the lower ones are
    at most b and the upper ones at least x: then no removal lets one bind.

    *Groups* are compared one by one, by a dense inverse, if their number times the cube of their size is at most
    5,000,000: pairs of 1,100 players, triples of 100. Otherwise they are built greedily. For W, b >= 0 the drop is the
    weight of all walks that meet the group, hence submodular: the greedy drop is at least 1 - 1/e of the best, and at
    every stage no group's drop exceeds the greedy one by more than the sum of as many largest further drops, which
    gives `bound`.

    *Weights below 0* go through a dense inverse, O(n^3).

    References
    ----------
    Ballester, Calvo-Armengol and Zenou, "Who's who in networks. Wanted: the key player", Econometrica 74, 2006.
    Nemhauser, Wolsey and Fisher, "An analysis of approximations for maximizing submodular set functions I",
    Mathematical Programming 14, 1978.

    Examples
    --------
    >>> from mechanism import Graph
    >>> star = Graph.from_edges(["ann"] * 3, ["bob", "cem", "dea"], directed=False)
    >>> found = key_player(LinearQuadratic(star, 1.0, interaction=0.25))
    >>> found.labels, round(found.total, 6), round(found.drop, 6), found.method, found.solves
    (('ann',), 6.769231, 3.769231, 'exact', 4)
    """
    if not isinstance(system, LinearQuadratic):
        raise InvalidInputError("system", system, allowed="a LinearQuadratic game")
    count = whole(size, argument="size")
    if count > system.n:
        raise InvalidInputError("size", size, allowed=f"at most the number of players, {system.n}")
    wanted, most = whole(ranked, argument="ranked"), whole(most_solves, argument="most_solves")
    weights = system.matrix
    is_small = system.n <= _MOST_DENSE
    has_few_groups = is_small and comb(system.n, count) * count**3 <= _MOST_WORK
    has_substitutes = bool((weights.data < 0).any())
    if has_substitutes and (system.is_bounded or not is_small):
        raise UnsupportedProblemError(
            "substitutes with bounds: who acts at a bound may change with who is removed"
            if system.is_bounded
            else f"weights below 0 among more than {_MOST_DENSE:,} players"
        )
    if not has_substitutes:
        certified_sums(weights, refuse=_supercritical)
        _check_bounds(system)
    if has_substitutes or (count > 1 and has_few_groups):
        members, found = _by_inverse(system, count, wanted, is_exhaustive=has_few_groups)
    else:
        members, found = _by_search(system, count, wanted, most)
    _check_removal(system, members, found)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Complements:
    """A game with weights of at least 0 in which some players are left."""

    weights: csr_array
    left: NDArray[np.bool_]
    actions: Reals  # M b
    reach: Reals  # M^T 1

    @classmethod
    def of(cls, system: LinearQuadratic, left: NDArray[np.bool_]) -> _Complements:
        weights = _left(system, left)
        actions = feedback(weights)(system.standalone * left)
        return cls(weights, left, actions, feedback(weights.T.tocsr())(left.astype(np.float64)))

    def search(self, wanted: int, most: int) -> tuple[list[tuple[float, int, float]], Reals, int]:
        """Return (drop, player, m_ii) of the largest drops, upper bounds of all drops, and how many were tried."""
        first_returns = self.weights.multiply(self.weights.T).sum(axis=1)
        product = self.actions * self.reach
        ceiling = np.where(product > 0, product * (1 - first_returns), self.actions)  # m_ii is at most k_i
        solve = feedback(self.weights)
        rows: list[tuple[float, int, float]] = []
        players, beyond = np.flatnonzero(self.left), -inf
        for player in players[np.argsort(-ceiling[players], kind="stable")].tolist():
            is_done = len(rows) >= wanted and not _exceeds(ceiling[player], rows[wanted - 1][0])
            if is_done or len(rows) == most:
                beyond = float(ceiling[player])
                break
            unit = np.zeros(len(self.left))
            unit[player] = 1.0
            own = float(solve(unit)[player])
            ceiling[player] = product[player] / own
            insort(rows, (float(ceiling[player]), player, own), key=lambda row: -row[0])
        scale = abs(rows[0][0]) or 1.0
        rows.sort(key=lambda row: (-round(row[0] / scale, 9), row[1]))  # equal drops by the players' numbers
        sure = [row for row in rows if not _exceeds(beyond, row[0])]
        return (sure or rows)[:wanted], ceiling, len(rows)


def _by_search(system: LinearQuadratic, size: int, wanted: int, most: int) -> tuple[list[int], KeyPlayers]:
    """Return a key player, or a group built one by one, in a game with weights of at least 0."""
    left = np.ones(system.n, dtype=np.bool_)
    members: list[int] = []
    drop, bound, solves, is_sure = 0.0, inf, 0, True
    total = 0.0
    ranking: tuple[Player, ...] = ()
    for place in range(size):
        stage = _Complements.of(system, left)
        rows, ceiling, tried = stage.search(wanted if place == 0 else 1, most)
        if place == 0:
            total = float(stage.actions.sum())
            ranking = tuple(_player(system, node, stage.actions, stage.reach, own) for _, node, own in rows)
        bound = min(bound, drop + float(np.partition(ceiling, -size)[-size:].sum()))
        is_sure &= not _exceeds(ceiling[left].max(), rows[0][0])
        solves += tried
        drop += rows[0][0]
        members.append(rows[0][1])
        left[rows[0][1]] = False
    is_bound = size == 1 or bool((system.standalone >= 0).all())
    is_best = is_bound and not _exceeds(bound, drop)
    return members, KeyPlayers(
        labels=_labels(system, members), drop=drop, total=total,
        method="exact" if is_best else "greedy" if is_sure else "stopped",
        bound=max(bound, drop) if is_bound else None, ranking=ranking, solves=solves,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Inverse:
    """A game solved by its dense inverse."""

    system: LinearQuadratic
    inverse: Reals  # M
    actions: Reals
    reach: Reals

    @classmethod
    def of(cls, system: LinearQuadratic, left: NDArray[np.bool_]) -> _Inverse:
        matrix = np.eye(system.n) - _left(system, left).toarray()
        try:
            inverse = np.linalg.inv(matrix)
        except np.linalg.LinAlgError:
            inverse = np.full_like(matrix, inf)
        if not np.linalg.norm(matrix, 1) * np.linalg.norm(inverse, 1) <= _CONDITION:
            _refuse_without(system, np.flatnonzero(~left))
        return cls(system, inverse, inverse @ (system.standalone * left), inverse.sum(axis=0))

    def drops(self, groups: NDArray[np.int64]) -> Reals:
        """Return by how much the sum falls without each group: k_S^T (M_SS)^-1 x_S."""
        blocks = self.inverse[groups[:, :, None], groups[:, None, :]]
        least = np.linalg.svd(blocks, compute_uv=False)[:, -1]
        if (least * _CONDITION < np.abs(self.inverse).max()).any():
            _refuse_without(self.system, groups[int(np.argmin(least))])
        moved = np.linalg.solve(blocks, self.actions[groups][:, :, None])[:, :, 0]
        return np.asarray((self.reach[groups] * moved).sum(axis=1))

    def best(self, size: int) -> list[int]:
        """Return the group with the largest drop, of equal ones the first."""
        groups = combinations(range(self.system.n), size)
        best: list[int] = []
        most = -inf
        while True:
            chunk = list(islice(groups, max(1, _CHUNK // size**2)))
            if not chunk:
                return best
            drops = self.drops(np.array(chunk))
            first = _first_best(drops)
            if not best or _exceeds(drops[first], most):
                best, most = list(chunk[first]), float(drops[first])


def _by_inverse(
    system: LinearQuadratic, size: int, wanted: int, *, is_exhaustive: bool
) -> tuple[list[int], KeyPlayers]:
    """Return the key player or group of a game of few players, whatever the signs of its weights."""
    left = np.ones(system.n, dtype=np.bool_)
    game = _Inverse.of(system, left)
    alone = game.drops(np.arange(system.n)[:, None])
    if is_exhaustive:
        members = game.best(size)
    else:
        members = []
        for _ in range(size):
            players = np.flatnonzero(left)
            further = _Inverse.of(system, left).drops(players[:, None])
            members.append(int(players[_first_best(further)]))
            left[members[-1]] = False
    drop = float(game.drops(np.array([members]))[0])
    order = np.lexsort((np.arange(system.n), -np.round(alone / (np.abs(alone).max() or 1.0), 9)))[:wanted]
    return members, KeyPlayers(
        labels=_labels(system, members), drop=drop, total=float(game.actions.sum()),
        method="exact" if is_exhaustive else "greedy", bound=drop if is_exhaustive else None,
        ranking=tuple(
            _player(system, i, game.actions, game.reach, float(game.inverse[i, i])) for i in order.tolist()
        ),
        solves=0,
    )  # fmt: skip


def _first_best(drops: Reals) -> int:
    """Return the first of the largest numbers, but for rounding."""
    most = drops.max()
    return int(np.argmax(drops >= most - _SAME * abs(most)))


def _exceeds(first: float, second: float) -> bool:
    """Return whether a number is larger than another by more than rounding."""
    return bool(first > second + _SAME * abs(second))


def _left(system: LinearQuadratic, left: NDArray[np.bool_]) -> csr_array:
    """Return the weights between the players who are left."""
    from scipy.sparse import diags_array

    keep = diags_array(left.astype(np.float64))
    return (keep @ system.matrix @ keep).tocsr()


def _labels(system: LinearQuadratic, nodes: list[int]) -> tuple[int | str, ...]:
    return tuple(system.graph.labels[nodes].tolist())


def _player(system: LinearQuadratic, node: int, actions: Reals, reach: Reals, own: float) -> Player:
    action, k = float(actions[node]), float(reach[node])
    return Player(_labels(system, [node])[0], action, k, own, action * k / own)


def _supercritical(radius: SpectralRadius) -> InvalidInputError:
    return InvalidInputError(
        "interaction",
        f"a spectral radius of {radius.upper:.9g}",
        verb="has",
        allowed=f"of a radius below 1: multiply all weights by less than {1 / radius.upper:.9g}",
    )


def _refuse_without(system: LinearQuadratic, nodes: NDArray[np.int64]) -> NoReturn:
    """Raise the error for a game that is singular without some players."""
    if not len(nodes):
        raise InvalidInputError(
            "interaction", "I - W singular", verb="leaves", allowed="one with a single equilibrium"
        )
    names = ", ".join(map(str, _labels(system, nodes.tolist())))
    raise UnsupportedProblemError(
        f"without {names} the game has no single equilibrium, so no drop is defined"
    )


def _check_bounds(system: LinearQuadratic) -> None:
    """Refuse bounds of actions that may bind in a game of complements, with all players or without some."""
    if not system.is_bounded:
        return
    own = system.standalone
    actions = feedback(system.matrix)(own)
    binds = (own < 0) | (own < system.lower) | (actions > system.upper)
    if binds.any():
        label = system.graph.labels[int(np.argmax(binds))]
        raise UnsupportedProblemError(
            f"the bounds of player {label} may bind, with all players or without some: "
            "the drop of a removal is known in closed form only within bounds"
        )


def _check_removal(system: LinearQuadratic, members: list[int], found: KeyPlayers) -> None:
    """Solve the game without the players anew; refuse a drop that is not the difference."""
    left = np.ones(system.n, dtype=np.bool_)
    left[members] = False
    weights, standalone = _left(system, left), system.standalone * left
    if (weights.data < 0).any():
        after = np.linalg.solve(np.eye(system.n) - weights.toarray(), standalone)
    else:
        after = feedback(weights)(standalone)
    scale = abs(found.total) + np.abs(after).sum()
    if not abs(found.total - found.drop - after.sum()) <= 1e-6 * scale:
        raise SolveError(
            "the removal, computed afresh, does not have the drop of the formula", solution=found
        )
