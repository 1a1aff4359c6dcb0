"""Rewards in query incentive networks: what an asker has to promise for a wanted chance of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isinf, log
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.branching import GaltonWatson
from mechanism.errors import InvalidInputError, SolveError
from mechanism.games.query import QueryNetwork
from mechanism.games.query_offers import (
    NOTHING,
    Offer,
    Payments,
    Reach,
    Shares,
    Terms,
    largest_gain,
    menu,
    reach,
)
from mechanism.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["QueryRewards", "Split", "draw_line", "query_rewards"]

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
Split = float | Literal["selfish", "best"] | None
"""A contract: fixed payments, or the fraction that is handed on."""
_MOST_LEVELS = 100_000
_ROWS = 24
_PRECISION = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class QueryRewards:
    """The equilibrium at the least reward for a wanted chance of an answer.

    Attributes
    ----------
    network : QueryNetwork
        Who may be asked.
    split : float, "selfish", "best" or None
        The contract: None for fixed payments, else the fraction that is handed on.
    integer : bool
        Whether payments are whole multiples of the cost.
    levels : ndarray of int64, shape (k,)
        Levels that may be explored below the asker, increasing; the last is what is explored.
    offers : ndarray of float64, shape (k,)
        The least offer to the asker's contacts for which they explore them: money, or the share that they keep.
    success, failure : ndarray of float64, shape (k,)
        Chance that somebody on these levels holds the answer, and that nobody does.
    reward : float
        What the asker has to promise, in money: the payment to its contact, or what the person who answers receives.
    gain : float
        Most that a person gains by another offer, relative to what it is offered: rounding, if this is an
        equilibrium. NaN where splits are not chosen.
    """

    network: QueryNetwork
    split: Split
    integer: bool
    levels: Whole
    offers: Reals
    success: Reals
    failure: Reals
    reward: float
    gain: float

    def __post_init__(self) -> None:
        for name in ("levels", "offers", "success", "failure"):
            getattr(self, name).flags.writeable = False

    @property
    def depth(self) -> int:
        """Levels that are explored."""
        return int(self.levels[-1])

    @property
    def expected_distance(self) -> float:
        """Expected distance to the nearest answer on the explored levels, if there is one."""
        gained = np.diff(self.success, prepend=0.0)
        return float(self.levels @ gained / self.success[-1])

    @property
    def contract(self) -> str:
        """The contract in a few words."""
        if self.split is None:
            return f"fixed payments{' in whole units of cost' if self.integer else ''}"
        if isinstance(self.split, str):
            return {"selfish": "selfish splits", "best": "the best split for all"}[self.split]
        return f"splits of {self.split:g}"

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        offer = "payment" if self.split is None else "share kept"
        table = plain_table(("level", offer, "success"), left=0)
        shown = range(len(self.levels))
        rows = [*shown[: _ROWS // 2], None, *shown[-_ROWS // 2 :]] if len(shown) > _ROWS else list(shown)
        for row in rows:
            cells = ("...", "...", "...") if row is None else (
                str(self.levels[row]), f"{self.offers[row]:,.6g}", f"{self.success[row]:.4g}"
            )  # fmt: skip
            table.add_row(*cells)
        return render(
            f"Query rewards under {self.contract}, one answer in {self.network.rarity:.4g}",
            table,
            footer=(
                f"reward         {self.reward:,.6g} for {self.depth} levels",
                f"success        {self.success[-1]:.4g} of at most {self.network.limit:.4g}",
                f"distance       {self.expected_distance:.4g} levels to the nearest answer, if one is found",
            ),
        )

    def plot(self, *, label: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the offers against the levels; draw several results on the same axes to compare them.

        Parameters
        ----------
        label : str, optional
            Name of the line; the mean number of children by default.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
            Payments on a logarithmic scale: straight lines grow exponentially with depth.
        """
        from solvers.plots import styled_axes

        with styled_axes(ax) as axes:
            draw_line(axes, self.levels, self.offers, f"{self.network.mean:.4g}" if label is None else label)
            axes.set_xlabel("levels explored below the asker")
            axes.set_ylabel("payment offered (money)" if self.split is None else "share of the receipts kept")
            axes.set_yscale("log" if self.split is None else "linear")
            axes.legend(title="mean children", loc="best", frameon=False)
            return axes

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "network": self.network.to_dict(),
            "split": self.split,
            "integer": self.integer,
            **{name: getattr(self, name).tolist() for name in ("levels", "offers", "success", "failure")},
            "reward": self.reward,
            "gain": None if np.isnan(self.gain) else self.gain,
        }


def query_rewards(
    network: QueryNetwork,
    *,
    success: float | None = None,
    failure: float | None = None,
    split: Split = None,
    integer: bool = False,
) -> QueryRewards:
    """Find the least reward for which the answer is found with a wanted chance, in equilibrium.

    Parameters
    ----------
    network : QueryNetwork
        Who may be asked, how rare the answer is and what a person's effort costs.
    success, failure : float
        The wanted chance that somebody who is reached holds the answer, at least, or that nobody does, at most; one
        of the two, in (0, 1).
    split : float, "selfish" or "best", optional
        None for fixed payments. Else the contract is a split: the person who answers receives the reward, and everybody
        hands on a fraction of what it receives. A number in (0, 1) fixes that fraction for all, "best" the one for
        which the reward is least, and under "selfish" all choose what their children hand on.
    integer : bool
        Whether payments are whole multiples of the cost.

    Returns
    -------
    QueryRewards

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, or the chance cannot be reached at any reward.
    SolveError
        If it is not reached within 100,000 levels, or the reward is above 1e308.

    Notes
    -----
    *Fixed payments.* A person offered r who offers x < r to its children has r - x - cost if an answer is found below.
    With s_j the chance of that on j levels, a person explores one level more from u_j on, in units of cost,

        u_1 = 1,   u_j = u_(j-1) + 1 + (u_(j-1) - u_(j-2)) s_(j-2) / (s_(j-1) - s_(j-2)),

    where it is indifferent between offering u_(j-1) and u_(j-2); with whole payments the last term is rounded up.
    Who is indifferent asks: offered 2, a person offers 1 (if it did not, whole payments would be a unit higher).
    A last term within 1e-9 of a whole number counts as that number. At such ties, as at a mean of 3, whole payments
    hang on digits of the chances that nobody can observe: without the tolerance they are up to a quarter higher.

    *Splits in equilibrium ("selfish").* Ours: Cebrian et al. prove that a reward linear in the expected distance to
    the answer is enough for every mean above 1; their formula is not used here. A person that keeps the share k has
    k X - cost if an answer below brings it X, and chooses what its children keep: more for them lets them explore
    deeper. The thresholds follow as for payments; the reward is the least for which contacts who keep all of what
    they receive explore deep enough. To pay J people on a path their costs takes J units; in all examples computed
    the reward is above J and, with a constant chance, tends to J as the answer becomes rare, for means below
    2, too. With a chance of failure as small as 1 / rarity it grows much faster than J.

    *One split for all.* With the fraction rho handed on by all, the j-th person above the one who answers has
    (1 - rho) rho^j of the reward, and hands the answer on if this is at least the cost: J levels need the reward
    rho^(1-J) / (1 - rho), exponential in J for a given rho, and J (J / (J - 1))^(J-1) < e J for the
    best, rho = 1 - 1 / J. Nobody is free to choose here.

    O(J K) for one law of K chances (100 times as much for selfish splits, O(J^2) for `gain`), O(H^2 K) for H laws.

    References
    ----------
    Kleinberg and Raghavan, "Query incentive networks", FOCS 2005.
    Arcaute, Kirsch, Kumar, Liben-Nowell and Vassilvitskii, "On threshold behavior in query incentive
    networks", EC 2007.
    Cebrian, Coviello, Vattani and Voulgaris, "Finding red balloons with split contracts", STOC 2012.
    Chen, Wang, Yu and Zhang, "Sybil-proof mechanisms in query incentive networks", EC 2013: a reward quadratic
    in the depth that no fake identities can raise; see `mechanism.DirectReferral`.

    Examples
    --------
    >>> from mechanism import GaltonWatson
    >>> network = QueryNetwork(GaltonWatson.binomial(contacts=5, chance=0.3), rarity=1e6)
    >>> paid = query_rewards(network, success=0.3)
    >>> paid.depth, f"{paid.reward:.3e}"
    (30, '6.333e+08')
    >>> round(query_rewards(network, success=0.3, split="selfish").reward, 2)
    37.78
    """
    if not isinstance(network, QueryNetwork):
        raise InvalidInputError("network", network, allowed="a QueryNetwork")
    _check_split(split, integer)
    wanted = _Wanted.of(success, failure)
    wanted.check(network)
    rows = _explored(network, wanted)
    depth = next(level for level, one in enumerate(rows[0]) if level and wanted.met(one))
    if split is None:
        terms: Terms = Payments(integer=integer)
        menus = _menus(network, terms, rows)
        reward = next((float(one.price) for one in menus[0] if one.levels >= depth), inf)
    elif split == "selfish":
        reward = _least_split(network, rows, depth)
        terms = Shares(reward)
        menus = _menus(network, terms, rows)
    else:
        ratio = 1 - 1 / depth if isinstance(split, str) else float(split)
        log_reward = (1 - depth) * log(ratio) - log(1 - ratio) if ratio else 0.0
        reward = exp(log_reward) if log_reward < log(np.finfo(np.float64).max) else inf
        menus = [[Offer(level, 1 - ratio, 0, 0) for level in range(1, depth + 1)]]
    if isinf(reward * network.cost):
        raise SolveError(f"the reward for {depth} levels is above 1e308: ask for a smaller chance or rarity")
    last = next(place for place, one in enumerate(menus[0]) if one.levels >= depth)
    offers = menus[0][: last + 1]
    reached = [rows[0][one.levels] for one in offers]
    gain = float("nan")
    if split in (None, "selfish"):
        own = [[*offers], *menus[1:]]
        gain = max(largest_gain(terms, one, row) for one, row in zip(own, rows[1:] or rows, strict=True))
    money = network.cost if split is None else 1.0
    return QueryRewards(
        network=network,
        split=split,
        integer=integer,
        levels=np.array([one.levels for one in offers], dtype=np.int64),
        offers=np.array([float(one.price) * money for one in offers]),
        success=np.array([float(one.found) for one in reached]),
        failure=np.array([float(one.missed) for one in reached]),
        reward=reward * network.cost,
        gain=gain,
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The wanted chance, as success or as failure."""

    success: float | None
    failure: float | None

    @classmethod
    def of(cls, success: float | None, failure: float | None) -> _Wanted:
        given = {"success": success, "failure": failure}
        if (success is None) == (failure is None):
            raise InvalidInputError("success", given, verb="is", allowed="given, or failure, but not both")
        for name, value in given.items():
            if value is not None and not 0 < number(value, argument=name, allowed="in (0, 1)") < 1:
                raise InvalidInputError(name, value, allowed="in (0, 1)")
        return cls(*(None if value is None else float(value) for value in given.values()))

    def met(self, one: Reach) -> bool:
        """Return whether this reach is enough."""
        if self.success is not None:
            return bool(one.found >= self.success)
        return bool(one.missed <= (self.failure or 0.0))

    def check(self, network: QueryNetwork) -> None:
        """Refuse what no reward buys."""
        limit, law = network.limit, network.offspring
        several = not isinstance(law, GaltonWatson)
        possible = self.success is None or (self.success <= limit if several else self.success < limit)
        if self.failure is not None and limit < 1:
            possible = self.failure >= 1 - limit if several else self.failure > 1 - limit
        if possible:
            return
        name = "failure" if self.success is None else "success"
        side = ("at least", "at most") if several else ("above", "below")
        bound = f"{side[0]} {1 - limit:.6g}" if self.success is None else f"{side[1]} {limit:.6g}"
        if several:
            why = "the tree ends after the last generation"
        elif network.mean <= 1:
            why = f"with {network.mean:.4g} children on average the question dies out"
        else:
            why = f"the question lives on with chance {1 - law.extinction:.6g}"  # type: ignore[union-attr]
        raise InvalidInputError(
            name, getattr(self, name),
            allowed=f"{bound}: somebody in the whole tree holds the answer with chance {limit:.6g}; {why}",
        )  # fmt: skip


def _check_split(split: object, integer: object) -> None:
    allowed = 'a fraction in (0, 1), "selfish", "best" or None'
    if isinstance(split, str):
        if split not in ("selfish", "best"):
            raise InvalidInputError("split", split, allowed=allowed)
    elif split is not None and not 0 < number(split, argument="split", allowed=allowed) < 1:
        raise InvalidInputError("split", split, allowed=allowed)
    if not isinstance(integer, bool):
        raise InvalidInputError("integer", integer, allowed="True or False")
    if integer and split is not None:
        raise InvalidInputError("integer", integer, allowed="False for splits: shares are no whole numbers")


def _explored(network: QueryNetwork, wanted: _Wanted) -> list[list[Reach]]:
    """Return the reaches of the asker, for as many levels as are wanted, and of each generation if they differ."""
    if not isinstance(network.offspring, GaltonWatson):
        return network.generations()
    law, row = network.laws[0], [NOTHING]
    for _ in range(_MOST_LEVELS):
        row.append(reach(law, network.chance, row))
        if wanted.met(row[-1]):
            return [row]
    raise SolveError(f"{_MOST_LEVELS:,} levels reach the chance {row[-1].found:.6g} only: ask for less")


def _menus(network: QueryNetwork, terms: Terms, rows: Sequence[Sequence[Reach]]) -> list[list[Offer]]:
    """Return what the asker's contacts may be offered, and those of each generation below if they differ."""
    if len(rows) == 1:
        return [menu(terms, network.chance, rows[0])]
    menus: list[list[Offer]] = [[]]
    for row in reversed(rows[1:]):
        menus.insert(0, menu(terms, network.chance, row, menus[0]))
    return menus[:-1]


def _least_split(network: QueryNetwork, rows: Sequence[Sequence[Reach]], depth: int) -> float:
    """Return the least reward, in units of cost, for which contacts who keep all explore so deep; by bisection."""

    def enough(reward: float) -> bool:
        return _menus(network, Shares(reward), rows)[0][-1].levels >= depth

    low = high = 1.0  # less pays for nobody's effort
    while not enough(high):
        low, high = high, 2 * high
        if isinf(high):
            raise SolveError(f"no split reaches {depth} levels")
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def draw_line(axes: Axes, x: ArrayLike, y: ArrayLike, label: str) -> None:
    """Draw a line unlike those that are there."""
    from solvers.plots import DASHES, LINES

    there = len(axes.get_lines())
    axes.plot(
        x, y, label=label, linewidth=2,
        color=LINES[there % len(LINES)], linestyle=DASHES[there % len(DASHES)],
    )  # fmt: skip
