"""Sybil-proofness: nobody gains by posing as several people on the chain."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number
from mechanism.schemes import EqualSplit, PathScheme
from proofs.power import Bounded, Exceeded, decide
from proofs.properties.base import Property, Reason, Rows
from proofs.verdict import Counterexample

__all__ = ["SybilAttack", "SybilProof", "attacks"]


@dataclass(frozen=True, slots=True)
class SybilAttack:
    """A member splits into several identities, one recruiting the next, and gains.

    Attributes
    ----------
    depth : int
        Length of the honest chain.
    distance : int
        Steps from the finder up to the cheater.
    fakes : int
        Fake identities added.
    honest, split : Fraction
        What the cheater gets honestly and with all identities together, shares of the prize.
    """

    depth: int
    distance: int
    fakes: int
    honest: Fraction
    split: Fraction

    @property
    def gain(self) -> Fraction:
        """Absolute gain, share of the prize."""
        return self.split - self.honest

    @property
    def relative_gain(self) -> Fraction | None:
        """Gain over the honest reward; None if that is 0."""
        return self.gain / self.honest if self.honest else None

    def to_dict(self) -> dict[str, Any]:
        """Return the attack as JSON-ready values."""
        relative = self.relative_gain
        return {
            "depth": self.depth,
            "distance": self.distance,
            "fake_identities": self.fakes,
            "honest": str(self.honest),
            "split": str(self.split),
            "gain": str(self.gain),
            "relative_gain": None if relative is None else str(relative),
        }

    def __str__(self) -> str:
        who = "the finder" if self.distance == 0 else f"the member {self.distance} above the finder"
        relative = self.relative_gain
        more = "from nothing" if relative is None else f"{float(relative):+.4g} of it"
        identities = "identity" if self.fakes == 1 else "identities"
        return (
            f"in a chain of {self.depth}, {who} gets {self.honest} of the prize; with {self.fakes} fake {identities} "
            f"(a chain of {self.depth + self.fakes}) {self.split}: {self.gain} of the prize more ({more})"
        )


@dataclass(frozen=True, slots=True, init=False)
class SybilProof(Property):
    """S_k(l, j) <= (1 + epsilon) R(l, j) for all l, j and every number k >= 1 of fake identities.

    ``S_k(l, j) = R(l + k, j) + ... + R(l + k, j + k)`` is what a member at distance j of a chain of
    length l collects who splits into k + 1 identities, each recruiting the next.

    Parameters
    ----------
    epsilon : float, int or Fraction
        Allowed relative gain, at least 0; a float stands for its shortest decimal.

    Notes
    -----
    At epsilon = 0 the case k = 1 implies all others: S_k(l, j) <= S_(k-1)(l + 1, j) + S_(k-1)(l + 1, j + 1), and
    induction. For epsilon > 0 it only gives (1 + epsilon)^k.

    Sybil-proofness of query rewards: Chen, Wang, Yu and Zhang, EC 2013; with epsilon: Nath, Dayama,
    Garg, Narahari and Zou, WINE 2012.
    """

    epsilon: Fraction

    def __init__(self, epsilon: Number = 0) -> None:
        allowed = "a finite number of at least 0"
        value = exact(number(epsilon, argument="epsilon", allowed=allowed))
        if value < 0:
            raise InvalidInputError("epsilon", epsilon, allowed=allowed)
        object.__setattr__(self, "epsilon", value)

    def to_dict(self) -> dict[str, str]:
        """Return name and parameters as a certificate spells them."""
        return {"property": "sybil_proof", "epsilon": str(self.epsilon)}

    def __str__(self) -> str:
        return "sybil-proof" if self.epsilon == 0 else f"sybil-proof up to a gain of {float(self.epsilon):g}"

    def violation(self, rows: Rows) -> SybilAttack | None:
        """Return the attack with the shortest attacked chain, then the fewest fakes and the smallest distance."""
        found = (attack for attack in attacks(rows) if attack.split > (1 + self.epsilon) * attack.honest)
        return min(found, key=_size, default=None)

    def at_every_length(self, scheme: PathScheme) -> Reason | Counterexample | None:
        """Decide by the closed form: the gain of a split does not depend on where it happens."""
        if isinstance(scheme, EqualSplit):
            return _equal_split_attack(self.epsilon)
        term = scheme.exact().power_term()
        if term is None:
            return None
        scale, p, q = Fraction(term.scale), Fraction(term.p), Fraction(term.q)
        if scale == 0:
            return Reason({})
        decision = decide(p, q, 1 + self.epsilon)
        if isinstance(decision, Bounded):
            return Reason(decision.multipliers)
        if isinstance(decision, Exceeded):
            fakes = decision.fakes
            factor = p**fakes * sum(q**i for i in range(fakes + 1))
            return SybilAttack(1, 0, fakes, scale, scale * factor)
        return None


def attacks(rows: Rows) -> list[SybilAttack]:
    """Return every split in a finite table of exact rewards, O(length ** 3) of them."""
    totals = []
    for row in rows:
        total = [Fraction(0)]
        for reward in row:
            total.append(total[-1] + reward)
        totals.append(total)
    return [
        SybilAttack(
            depth, j, fakes, honest, totals[depth + fakes - 1][j + fakes + 1] - totals[depth + fakes - 1][j]
        )
        for depth, row in enumerate(rows, start=1)
        for j, honest in enumerate(row)
        for fakes in range(1, len(rows) - depth + 1)
    ]


def _size(attack: SybilAttack) -> tuple[int, int, int]:
    return attack.depth + attack.fakes, attack.fakes, attack.distance


def _equal_split_attack(epsilon: Fraction) -> SybilAttack:
    """Return the smallest attack on an equal split: k fakes multiply a share by (k + 1) l / (l + k), without bound."""
    length = 2
    while True:
        for fakes in range(1, length):
            depth = length - fakes
            if Fraction((fakes + 1) * depth, length) > 1 + epsilon:
                return SybilAttack(depth, 0, fakes, Fraction(1, depth), Fraction(fakes + 1, length))
        length += 1
