"""A bound on what all allowed path schemes pay, the scheme that attains it, and the certificate of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from mechanism.errors import CertificateError, InvalidInputError
from mechanism.numbers import Number, exact, number, whole
from mechanism.schemes import PathTable
from proofs import check_linear
from proofs.spelling import full, short

__all__ = ["Position", "Positions", "RewardBound", "SchemeRules"]

Position = tuple[int, int]
Positions = str | Iterable[Position]
"""``"all"``, ``"interior"``, or pairs (depth, distance)."""

_LONGEST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class SchemeRules:
    """Which path schemes a bound speaks about, and at which positions. All numbers are exact.

    Parameters
    ----------
    max_depth : int
        Length N of the longest chain.
    epsilon : Fraction
        Relative gain that a split into several identities may bring.
    identity_cost : Fraction
        What each fake identity costs, in shares of the prize.
    collusion : Fraction or None
        Relative gain that a merger of successive members may bring; None where mergers are not ruled out.
    positions : str or tuple of (int, int)
        ``"all"``, ``"interior"``, or pairs (depth, distance) in increasing order.
    budget : Fraction
        What a chain is paid at most in all, in shares of the prize.
    """

    max_depth: int
    epsilon: Fraction = Fraction(0)
    identity_cost: Fraction = Fraction(0)
    collusion: Fraction | None = None
    positions: str | tuple[Position, ...] = "all"
    budget: Fraction = Fraction(1)

    @classmethod
    def of(
        cls,
        max_depth: int,
        *,
        epsilon: Number,
        identity_cost: Number,
        collusion: Number | None,
        positions: Positions,
        budget: Number,
    ) -> SchemeRules:
        """Return validated rules; floats stand for their shortest decimals."""
        max_depth = whole(max_depth, argument="max_depth")
        if not isinstance(positions, str):
            positions = _pairs(positions, max_depth)
        elif positions not in ("all", "interior"):
            raise InvalidInputError("positions", positions, allowed='"all", "interior" or pairs')
        elif positions == "interior":
            whole(max_depth, argument="max_depth", least=3)  # shorter chains have no interior
        share = _share(budget, "budget")
        if share == 0:
            raise InvalidInputError("budget", budget, allowed="a number above 0")
        return cls(
            max_depth,
            _share(epsilon, "epsilon"),
            _share(identity_cost, "identity_cost"),
            None if collusion is None else _share(collusion, "collusion"),
            positions,
            share,
        )

    def places(self) -> list[Position]:
        """Return the positions as pairs (depth, distance)."""
        if not isinstance(self.positions, str):
            return list(self.positions)
        triangle = [(depth, j) for depth in range(1, self.max_depth + 1) for j in range(depth)]
        if self.positions == "all":
            return triangle
        return [(depth, j) for depth, j in triangle if 1 <= j <= depth - 2]

    def program(self, objective: str) -> check_linear.Program:
        """Return the rows of the checker for these rules."""
        merge = None if self.collusion is None else 1 + self.collusion
        split, places = 1 + self.epsilon, frozenset(self.places())
        least = objective == "least"
        return check_linear.Program(
            self.max_depth, split, self.identity_cost, merge, self.budget, places, least
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as a certificate states them."""
        given = self.positions
        return {
            "max_depth": self.max_depth,
            "epsilon": full(self.epsilon),
            "identity_cost": full(self.identity_cost),
            "collusion": None if self.collusion is None else full(self.collusion),
            "positions": given if isinstance(given, str) else [list(pair) for pair in given],
            "budget": full(self.budget),
        }

    def __str__(self) -> str:
        extra = f" up to {short(self.epsilon)}" if self.epsilon else ""
        cost = f" at {short(self.identity_cost)} per identity" if self.identity_cost else ""
        words = [f"sybil-proof{extra}{cost}"]
        if self.collusion is not None:
            words.append(f"collusion-proof{f' up to {short(self.collusion)}' if self.collusion else ''}")
        if self.budget != 1:
            words.append(f"budget {short(self.budget)}")
        return ", ".join([*words, f"chains of length at most {self.max_depth}"])


@dataclass(frozen=True, slots=True)
class RewardBound:
    """The largest value of an objective over all allowed path schemes; the checker has accepted the proof.

    Attributes
    ----------
    objective : str
        ``"least"``: the least of the rewards at the positions; ``"total"``: their sum.
    rules : SchemeRules
        The allowed schemes and the positions.
    value : Fraction
        The largest objective, in shares of the prize.
    scheme : PathTable
        An allowed scheme that attains it.
    multipliers : mapping from str to Fraction
        Positive multipliers of inequalities, ``"sybil(2, 0, 1)"`` and the like as `proofs.check_linear` names
        them, that add up to the statement that no allowed scheme exceeds the value.
    method : str
        ``"formula"`` or ``"linear program"``: where scheme and multipliers come from.
    """

    objective: str
    rules: SchemeRules
    value: Fraction
    scheme: PathTable = field(repr=False)
    multipliers: Mapping[str, Fraction] = field(repr=False)
    method: str

    def __post_init__(self) -> None:
        try:
            check_linear.check(self.certificate)
        except check_linear.Refused as reason:
            raise CertificateError(f"the bound is not proved: {reason}") from reason

    @property
    def claim(self) -> dict[str, Any]:
        """What is proved, as the checker reads it."""
        return {"objective": self.objective} | self.rules.to_dict() | {"value": full(self.value)}

    @property
    def certificate(self) -> dict[str, Any]:
        """The whole proof as the checker reads it: ``python -m proofs.check_linear`` on its JSON accepts it."""
        return {"format": check_linear.FORMAT, "claims": [self._entry()]}

    def to_dict(self) -> dict[str, Any]:
        """Return the bound as plain Python values, ready for JSON."""
        return self._entry() | {"method": self.method}

    def _entry(self) -> dict[str, Any]:
        rows = self.scheme.exact_table(self.rules.max_depth)
        return {
            "claim": self.claim,
            "rewards": [[full(reward) for reward in row] for row in rows],
            "multipliers": {name: full(factor) for name, factor in self.multipliers.items()},
        }

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        where = {"all": "every position", "interior": "every interior position"}.get(
            str(self.rules.positions), f"{len(self.rules.places())} given position(s)"
        )
        what = "At most" if self.objective == "least" else "In all at most"
        lines = [f"{what} {short(self.value)} of the prize to {where}.", f"Schemes: {self.rules}."]
        if self.rules.max_depth <= _LONGEST_SHOWN:
            lines.append("Attained by the rewards, the finder's first:")
            lines += [
                "  " + "  ".join(map(short, row)) for row in self.scheme.exact_table(self.rules.max_depth)
            ]
        lines.append(f"Proved by {len(self.multipliers)} multipliers, from a {self.method}.")
        return "\n".join(lines)


def _share(x: Number, argument: str) -> Fraction:
    allowed = "a finite number of at least 0"
    value = number(x, argument=argument, allowed=allowed)
    if value < 0:
        raise InvalidInputError(argument, x, allowed=allowed)
    return exact(value)


def _pairs(positions: Iterable[Position], max_depth: int) -> tuple[Position, ...]:
    allowed = (
        f"pairs (depth, distance) with 0 <= distance < depth <= {max_depth}, at least one and none twice"
    )
    try:
        pairs = [
            (whole(depth, argument="depth"), whole(j, argument="distance", least=0)) for depth, j in positions
        ]
    except (TypeError, ValueError) as error:
        raise InvalidInputError("positions", positions, allowed=allowed) from error
    for index, (depth, distance) in enumerate(pairs):
        if not distance < depth <= max_depth or (depth, distance) in pairs[:index]:
            raise InvalidInputError("positions", (depth, distance), index=index, allowed=allowed)
    if not pairs:
        raise InvalidInputError("positions", pairs, allowed=allowed)
    return tuple(sorted(pairs))
