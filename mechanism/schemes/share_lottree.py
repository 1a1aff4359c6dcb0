"""Lottery trees of any share function: Pachira is one point of a whole polytope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction
from math import lcm
from typing import Any, ClassVar, Self

import numpy as np

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number, parse, spell, whole
from mechanism.schemes.lottree import LotteryTree, Pachira
from mechanism.schemes.parameters import check_parameter
from mechanism.schemes.tree import TreeScheme

__all__ = ["SHARE_FAMILIES", "ShareLottery", "ShareTree", "pachira_values"]

_DECIMALS = 12
_DIGITS = Context(prec=60)


def _weight(parameters: Any, first: Any, x: Any) -> Any:
    """Return pi(x), linear between its values at 0, 1/N, ..., 1, which begin at the parameter number `first`."""
    cells = len(parameters) - first - 1
    place = x * cells
    k = int(place)
    if k >= cells:
        k = cells - 1
    low, high = parameters[first + k], parameters[first + k + 1]
    return low + (place - k) * (high - low)


def _share(subtree: Any, total: Any) -> Any:
    """Return the share of all contributions; of none it is none."""
    return subtree / total if total > 0 else subtree


@dataclass(frozen=True, slots=True)
class _Shares(TreeScheme):
    """What the two kinds of share functions have in common."""

    local: ClassVar[bool] = False
    width: ClassVar[int] = 2
    values: tuple[Number, ...]

    @property
    def cells(self) -> int:
        """Cells of the grid, N."""
        return len(self.values) - 1

    @property
    def is_superadditive(self) -> bool:
        """Whether pi(x) + pi(y) <= pi(x + y) everywhere: splitting never gains. Cost: O(N ** 2), exact."""
        return _gap(self.values) is None

    @property
    def is_convex(self) -> bool:
        """Whether pi is convex, exactly: its increments from cell to cell never fall."""
        v = _whole_numbers(self.values)
        return all(v[k + 1] + v[k - 1] >= 2 * v[k] for k in range(1, len(v) - 1))

    def weight(self, x: Number) -> Number:
        """Return pi(x) for a share x in [0, 1], exactly if the share and the values are exact.

        Examples
        --------
        >>> ShareTree([0, Fraction(1, 4), 1]).weight(Fraction(3, 4))
        Fraction(5, 8)
        """
        weight: Number = _weight(self.values, 0, check_parameter("x", x, most=1))
        return weight

    def _check_values(self) -> None:
        given: Any = self.values
        if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)):
            raise InvalidInputError("values", given, allowed="a sequence of numbers: pi at 0, 1/N, ..., 1")
        if len(given) < 2:
            raise InvalidInputError(
                "values", len(given), index="length", allowed="at least 2: pi(0) and pi(1)"
            )
        checked = []
        for k, x in enumerate(given):
            allowed = "0, as nobody pays for nothing" if k == 0 else "a number in [0, 1]"
            value = number(x, argument="values", allowed=allowed, index=(k,))
            if not 0 <= value <= (0 if k == 0 else 1):
                raise InvalidInputError("values", value, index=k, allowed=allowed)
            checked.append(value)
        object.__setattr__(self, "values", tuple(checked))

    @classmethod
    def _read_values(cls, parameters: dict[str, Any], *names: str) -> tuple[Number, ...]:
        if sorted(parameters) != sorted(names):
            allowed = f"{cls.kind!r} with the parameters {list(names)}"
            raise InvalidInputError("scheme", sorted(parameters), allowed=allowed)
        values = parameters["values"]
        if not isinstance(values, list):
            raise InvalidInputError("values", values, allowed="a list of texts")
        return tuple(parse(x) for x in values)


@dataclass(frozen=True, slots=True)
class ShareTree(_Shares):
    """R(u) = budget * (all contributions) * (pi(x_u) - sum of pi(x_v) over those whom u recruited).

    x_u is the share that the subtree of u holds of all contributions. The share function pi is any
    function on [0, 1] with pi(0) = 0, given at 0, 1/N, ..., 1 and linear in between. L-Pachira (Lv and
    Moscibroda, PODC 2013, after Douceur and Moscibroda, SIGCOMM 2007) has pi(x) = beta x + (1 - beta)
    x ** (1 + delta): two parameters, where a design may choose N.

    Parameters
    ----------
    values : sequence of float or Fraction
        pi at 0, 1/N, ..., 1, each in [0, 1], the first 0; at least two.
    budget : float or Fraction
        In (0, 1], the fraction of all contributions that may be paid, times pi(1).

    Raises
    ------
    InvalidInputError
        If a value is out of range.

    Notes
    -----
    *Superadditive is sybil-proof.* The rewards of identities, in any structure, telescope: the weights of
    those that recruited other identities cancel, and what is left is B T (sum of pi over the topmost
    identities - sum of pi over the real recruits). So the gain of a split is that of the siblings on top,
    pi(s_1) + ... + pi(s_m) - pi(s_1 + ... + s_m) times B T: never above 0 if and only if pi is superadditive,
    pi(x) + pi(y) <= pi(x + y). A split into a chain breaks even under every pi. Rewards are never
    negative under the same condition: pi(x) >= sum of pi(x_v) where the x_v sum to x at most, since
    pi >= 0; and a member that contributes nothing and recruited the shares x and y gets B T times
    the slack. Summed over all, B T (sum of pi over the roots) <= B T pi(1): within budget.

    *The grid decides.* D(x, y) = pi(x + y) - pi(x) - pi(y) is linear on each triangle that the lines
    x, y, x + y in {0, 1/N, ...} cut out of x, y >= 0, x + y <= 1; the corners are points of the grid; so
    D >= 0 at pairs of the grid implies D >= 0 everywhere.

    *Convex implies superadditive*: pi(x) <= x / (x + y) pi(x + y), as pi(0) = 0, and the same for y.

    *Fair share.* R(u) >= phi C(u) in every forest if and only if q(x) = B pi(x) - phi x is superadditive and
    nowhere negative: then q(x) >= sum of q(x_v); a member without recruits needs q >= 0, and one
    that contributes nothing needs superadditivity. The line cancels in q(x + y) - q(x) - q(y), and
    q(k/N) >= k q(1/N): so if and only if pi is superadditive and B N pi(1/N) >= phi.

    *Soliciting.* With a line s x + g on each cell, R(u) is linear in the contributions as long as no share
    leaves its cell. If pi is convex, nobody loses by any contribution below it, nor by more of its own. On a grid
    a recruit may bring nothing: while a member and its only recruit hold shares in one cell, their
    difference is what counts. Superadditivity alone allows that a recruit's growth costs its recruiter something.
    `proofs.check_share` has the exact conditions.

    Cost: `rewards` O(n); `solvers.tree_rewards` compiles a branch for every value, some ten seconds for hundreds.

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> scheme = ShareTree([0, Fraction(1, 4), 1])
    >>> [str(x) for x in scheme.rewards(ReferralForest([-1, 0]))]
    ['3/2', '1/2']
    >>> scheme.is_superadditive, ShareTree([0, 0.75, 1]).is_superadditive
    (True, False)
    """

    kind: ClassVar[str] = "share_tree"
    budget: Number = 1

    def __post_init__(self) -> None:
        self._check_values()
        self._check("budget", above=0, most=1)

    @classmethod
    def from_pachira(cls, beta: Number, delta: Number, *, cells: int, budget: Number = 1) -> Self:
        """Return L-Pachira on a grid, exactly superadditive.

        Parameters
        ----------
        beta, delta : float or Fraction
            As `LinearPachira` has them.
        cells : int
            N, at least 1.
        budget : float or Fraction
            In (0, 1].

        Examples
        --------
        >>> print(*ShareTree.from_pachira(Fraction(1, 2), 1, cells=2).values)
        0 3/8 1
        """
        return cls(pachira_values(beta, delta, cells=cells), budget)

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what the subtree contributed, and the weight of its share."""
        subtree = contribution + below[0]
        return subtree, _weight(parameters, 1, _share(subtree, total))

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the weight of the subtree's share beyond the weights below, times what is paid in all."""
        weight = _weight(parameters, 1, _share(contribution + below[0], total))
        return parameters[0] * total * (weight - below[1])

    @property
    def parameters(self) -> tuple[Number, ...]:
        """The budget, then the values."""
        return (self.budget, *self.values)

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"shares on {self.cells} cells ({float(self.budget):g})"

    def exact(self) -> Self:
        """Return the same scheme in exact arithmetic: a float stands for its shortest decimal."""
        return type(self)(tuple(exact(x) for x in self.values), exact(self.budget))

    def to_dict(self) -> dict[str, Any]:
        """Return the scheme as JSON-ready values; numbers are texts."""
        values = [spell(x) for x in self.values]
        return {"scheme": self.kind, "values": values, "budget": spell(self.budget)}

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the scheme with the given parameters, as texts."""
        values = cls._read_values(parameters, "values", "budget")
        return cls(values, parse(parameters["budget"]))


@dataclass(frozen=True, slots=True)
class ShareLottery(_Shares, LotteryTree):
    """Chance of u to win: pi(x_u) - sum of pi(x_v) over those whom u recruited.

    The lottery whose expected values `ShareTree` pays, for one prize that does not grow with the contributions. The
    organiser keeps 1 - (sum of pi over the roots).

    Parameters
    ----------
    values : sequence of float or Fraction
        pi at 0, 1/N, ..., 1, the first 0, each in [0, 1]; superadditive, since only then are these chances
        in every forest: none negative and at most 1 in sum.

    Raises
    ------
    InvalidInputError
        If a value is out of range, or the values are not superadditive.

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> lottery = ShareLottery([0, 0.25, 1])
    >>> forest = ReferralForest([-1, 0], [1.0, 1.0])
    >>> lottery.rewards(forest).tolist(), lottery.draw(forest, 5, rng=7).tolist()
    ([0.75, 0.25], [0, 1, 1, 0, 0])
    """

    kind: ClassVar[str] = "share_lottery"

    def __post_init__(self) -> None:
        self._check_values()
        pair = _gap(self.values)
        if pair is not None:
            i, j = pair
            allowed = f"superadditive: at least {spell(self.values[i])} + {spell(self.values[j])}, values {i} and {j}"
            raise InvalidInputError("values", self.values[i + j], index=i + j, allowed=allowed)

    @classmethod
    def from_pachira(cls, beta: Number, delta: Number, *, cells: int) -> Self:
        """Return Pachira on a grid of so many cells, exactly superadditive."""
        return cls(pachira_values(beta, delta, cells=cells))

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what the subtree contributed, and the weight of its share."""
        subtree = contribution + below[0]
        return subtree, _weight(parameters, 0, _share(subtree, total))

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the weight of the subtree's share beyond the weights below."""
        return _weight(parameters, 0, _share(contribution + below[0], total)) - below[1]

    @property
    def parameters(self) -> tuple[Number, ...]:
        """The values."""
        return self.values

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"share lottery on {self.cells} cells"

    def exact(self) -> Self:
        """Return the same scheme in exact arithmetic: a float stands for its shortest decimal."""
        return type(self)(tuple(exact(x) for x in self.values))

    def to_dict(self) -> dict[str, Any]:
        """Return the scheme as JSON-ready values; numbers are texts."""
        return {"scheme": self.kind, "values": [spell(x) for x in self.values]}

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the scheme with the given values, as texts."""
        return cls(cls._read_values(parameters, "values"))


SHARE_FAMILIES: dict[str, type[TreeScheme]] = {family.kind: family for family in (ShareTree, ShareLottery)}
"""Families with a function for a parameter; `proofs.check_share` checks what is claimed of them."""


def pachira_values(beta: Number, delta: Number, *, cells: int) -> tuple[Fraction, ...]:
    """Return Pachira's pi(x) = beta x + (1 - beta) x ** (1 + delta) at 0, 1/N, ..., 1, superadditive exactly.

    Where delta is whole the values are exact, elsewhere rounded down to 12 decimals: floor keeps
    superadditivity, as floor(x) + floor(y) <= floor(x + y).

    Examples
    --------
    >>> print(*pachira_values(0.5, 0.5, cells=2))
    0 833548233/1953125000 1
    """
    family = Pachira(beta, delta).exact()
    cells = whole(cells, argument="cells")
    if family.is_rational:
        beta, whole_power = exact(family.beta), int(family.delta) + 1
        shares = [Fraction(k, cells) for k in range(cells + 1)]
        return tuple(beta * x + (1 - beta) * x**whole_power for x in shares)
    with localcontext(_DIGITS):
        share, power = _decimal(family.beta), 1 + _decimal(family.delta)
        points = [Decimal(k) / cells for k in range(cells + 1)]
        weights = [share * x + (1 - share) * x**power if x else x for x in points]
        units = [int(weight.scaleb(_DECIMALS).to_integral_value(ROUND_FLOOR)) for weight in weights]
    for k in range(2, cells + 1):  # where the power itself was rounded across a unit
        units[k] = max(units[k], *(units[i] + units[k - i] for i in range(1, k // 2 + 1)))
    return tuple(Fraction(x, 10**_DECIMALS) for x in units)


def _decimal(x: Number) -> Decimal:
    above, below = exact(x).as_integer_ratio()
    return Decimal(above) / below


def _whole_numbers(values: Sequence[Number]) -> list[int]:
    """Return exact values times their common denominator."""
    fractions = [exact(x) for x in values]
    unit = lcm(*(x.denominator for x in fractions))
    return [int(x * unit) for x in fractions]


def _gap(values: Sequence[Number]) -> tuple[int, int] | None:
    """Return indices i <= j with pi(i/N) + pi(j/N) > pi((i + j)/N), the least i + j, or None."""
    v = _whole_numbers(values)
    for k in range(2, len(v)):
        for i in range(1, k // 2 + 1):
            if v[i] + v[k - i] > v[k]:
                return i, k - i
    return None
