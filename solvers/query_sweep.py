"""Growth of query rewards: what an asker has to promise as the answer becomes rare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError
from mechanism.games.query import QueryNetwork
from mechanism.numbers import number
from solvers.query_contracts import Split, draw_line, query_rewards

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["QueryGrowth", "query_growth"]

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class QueryGrowth:
    """How the least reward grows as the answer becomes rare.

    Attributes
    ----------
    networks : tuple of QueryNetwork
        The networks; their own rarity is left out.
    rarities : ndarray of float64, shape (k,)
        One in so many people holds the answer, increasing.
    contract : str
        The contract in a few words.
    wanted : str
        The wanted chance in a few words.
    rewards, distances : ndarray of float64, shape (len(networks), k)
        Least reward in money, and expected distance to the nearest answer, if one is found.
    levels : ndarray of int64, shape (len(networks), k)
        Levels that are explored.
    """

    networks: tuple[QueryNetwork, ...]
    rarities: Reals
    contract: str
    wanted: str
    rewards: Reals
    distances: Reals
    levels: Whole

    def __post_init__(self) -> None:
        for name in ("rarities", "rewards", "distances", "levels"):
            getattr(self, name).flags.writeable = False

    @property
    def exponents(self) -> Reals:
        """The power of the rarity that each reward grows with, fitted by least squares; shape (len(networks),)."""
        fits = np.polyfit(np.log(self.rarities), np.log(self.rewards).T, 1)
        return np.asarray(fits[0])

    @property
    def slopes(self) -> Reals:
        """What a level adds to each reward, in units of cost, fitted by least squares; shape (len(networks),)."""
        costs = [network.cost for network in self.networks]
        fits = [
            np.polyfit(levels, rewards / cost, 1)[0] if levels[0] < levels[-1] else np.nan
            for levels, rewards, cost in zip(self.levels, self.rewards, costs, strict=True)
        ]
        return np.array(fits)

    def __str__(self) -> str:
        from solvers.tables import plain_table, render

        columns = ("children", "levels", "distance", "reward", "exponent", "per level")
        table = plain_table(columns, left=0)
        exponents, slopes = self.exponents, self.slopes
        for place, network in enumerate(self.networks):
            table.add_row(
                f"{network.mean:.4g}", f"{self.levels[place, -1]:,}", f"{self.distances[place, -1]:.4g}",
                f"{self.rewards[place, -1]:,.6g}", f"{exponents[place]:.4g}", f"{slopes[place]:.4g}",
            )  # fmt: skip
        first, last = self.rarities[[0, -1]]
        return render(
            f"Query rewards under {self.contract}, {self.wanted}, one answer in {last:.4g}",
            table,
            footer=[f"exponent and cost per level are fitted from one answer in {first:.4g} on"],
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the rewards against the rarity of the answer, both logarithmic; return the axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        """
        from solvers.plots import styled_axes

        with styled_axes(ax) as axes:
            for network, rewards in zip(self.networks, self.rewards, strict=True):
                draw_line(axes, self.rarities, rewards, f"{network.mean:.4g}")
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_ylim(bottom=self.rewards.min() / 2)
            axes.set_xlabel("people for each who holds the answer")
            axes.set_ylabel("least reward (money)")
            axes.legend(title="mean children", loc="best", frameon=False)
            return axes

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "networks": [network.to_dict() for network in self.networks],
            "contract": self.contract,
            "wanted": self.wanted,
            **{name: getattr(self, name).tolist() for name in ("rarities", "rewards", "distances", "levels")},
        }


def query_growth(
    networks: Sequence[QueryNetwork],
    *,
    rarities: ArrayLike,
    success: float | None = None,
    failure_exponent: float | None = None,
    split: Split = None,
    integer: bool = False,
) -> QueryGrowth:
    """Find the least rewards of several networks as the answer becomes rare.

    Parameters
    ----------
    networks : sequence of QueryNetwork
        At least one.
    rarities : array_like of float, shape (k,)
        At least two, increasing; they take the place of the rarity of each network.
    success : float
        The wanted chance of an answer, in (0, 1), or
    failure_exponent : float
        the chance of failure is at most rarity ** -failure_exponent, above 0.
    split, integer
        As in `query_rewards`.

    Returns
    -------
    QueryGrowth

    Raises
    ------
    InvalidInputError, SolveError
        As `query_rewards` does.

    Notes
    -----
    As many calls of `query_rewards` as there are networks and rarities. With a constant chance fixed payments grow
    with the power `QueryNetwork.exponent` of the rarity below a mean of 2, and `QueryNetwork.slope` for each level
    above it. If the chance of failure falls with a power of the rarity, they grow exponentially with the levels
    for every law (Arcaute et al.): where everybody has b >= 2 children and failure is at most 1 / rarity, with a power
    of the rarity that moves between 1 / (b (b - 1)) and 1 / (b - 1) as levels are whole.

    References
    ----------
    Arcaute, Kirsch, Kumar, Liben-Nowell and Vassilvitskii, "On threshold behavior in query incentive
    networks", EC 2007.

    Examples
    --------
    >>> from mechanism import GaltonWatson
    >>> network = QueryNetwork(GaltonWatson.binomial(contacts=5, chance=0.36), rarity=2)
    >>> growth = query_growth([network], rarities=[1e40, 1e60, 1e80, 1e100], success=0.3)
    >>> growth.exponents.round(2).tolist(), round(network.exponent, 2)
    ([0.38], 0.38)
    """
    given = tuple(networks) if isinstance(networks, Sequence) else ()
    if not given or not all(isinstance(one, QueryNetwork) for one in given):
        raise InvalidInputError("networks", networks, allowed="a sequence of at least one QueryNetwork")
    values = np.array(rarities, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not (np.diff(values) > 0).all():
        raise InvalidInputError("rarities", rarities, allowed="at least two increasing numbers")
    if (success is None) == (failure_exponent is None):
        raise InvalidInputError(
            "success", {"success": success, "failure_exponent": failure_exponent},
            allowed="given, or failure_exponent, but not both",
        )  # fmt: skip
    power = 1.0
    if failure_exponent is not None:
        power = float(number(failure_exponent, argument="failure_exponent", allowed="a number above 0"))
        if power <= 0:
            raise InvalidInputError("failure_exponent", failure_exponent, allowed="a number above 0")
    found = [
        [
            query_rewards(
                replace(network, rarity=rarity), success=success,
                failure=None if failure_exponent is None else rarity**-power, split=split, integer=integer,
            )
            for rarity in values.tolist()
        ]
        for network in given
    ]  # fmt: skip
    return QueryGrowth(
        networks=given,
        rarities=values,
        contract=found[0][0].contract,
        wanted=f"success {success:g}" if success is not None else f"failure in one of rarity^{power:g}",
        rewards=np.array([[one.reward for one in row] for row in found]),
        distances=np.array([[one.expected_distance for one in row] for row in found]),
        levels=np.array([[one.depth for one in row] for row in found], dtype=np.int64),
    )
