"""The hybrid scheme: a few generous short trees keep the many cheap tall ones honest."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from mechanism.errors import InvalidInputError
from mechanism.numbers import whole
from mechanism.schemes.almost_uniform import AlmostUniform

__all__ = ["Hybrid"]

_SHORT_TREES = 7


@dataclass(frozen=True, slots=True, init=False)
class Hybrid:
    """Two almost-uniform schemes on one forest (Babaioff, Dobzinski, Oren and Zohar, EC 2012, theorem 2.3).

    The forest consists of complete trees, one below each seed. On seven of them beta = 1 and information spreads to
    the short height only; on the others beta = 1 / height, and everybody is informed.

    Parameters
    ----------
    degree : int
        Children of every node above the leaves, at least 2.
    height : int
        Levels of a tree, the seed's included, at least 1.
    seeds : int
        Trees, at least 8.
    short_height : int, optional
        Levels that are informed in the seven trees, in 1..height. By default 1 + log(height) to base
        `degree`, rounded down, and at most the height.

    Examples
    --------
    >>> scheme = Hybrid(3, 5, seeds=15)
    >>> print(scheme.short_height, scheme.expected_payment, scheme.worst_payment)
    2 505/249 3

    Notes
    -----
    What a member is paid depends on the tree it stands in, not only on the chain: so this is no path scheme,
    but holds the two that it runs, `short` and `tall`. Payments are in units of the authorisation fee.

    With 3 or more children and 15 or more seeds, the payment is expected to be at most 3, is at worst
    2 + log(height) to base `degree`, and at least (seeds - 7) / seeds of the forest is informed. The
    first two hold as the logarithm is rounded down; rounded up, a forest of degree 3 and height 5 pays 4 at worst,
    more than 2 + log 5 / log 3, about 3.465.
    """

    degree: int
    height: int
    seeds: int
    short_height: int

    def __init__(self, degree: int, height: int, *, seeds: int, short_height: int | None = None) -> None:
        degree = whole(degree, argument="degree", least=2)
        height = whole(height, argument="height")
        seeds = whole(seeds, argument="seeds", least=_SHORT_TREES + 1)
        if short_height is None:
            short_height = min(height, 1 + _whole_log(height, base=degree))
        elif whole(short_height, argument="short_height") > height:
            raise InvalidInputError("short_height", short_height, allowed=f"an integer in 1..{height}")
        for name, value in (("degree", degree), ("height", height), ("seeds", seeds)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "short_height", int(short_height))

    @property
    def short(self) -> AlmostUniform:
        """The scheme of the seven short trees, beta = 1."""
        return AlmostUniform(Fraction(1), self.short_height)

    @property
    def tall(self) -> AlmostUniform:
        """The scheme of the other trees, beta = 1 / height."""
        return AlmostUniform(Fraction(1, self.height), self.height)

    @property
    def informed(self) -> tuple[int, int]:
        """Informed members of all short trees, and of all others."""
        short, tall = self._size(self.short_height), self._size(self.height)
        return _SHORT_TREES * short, (self.seeds - _SHORT_TREES) * tall

    @property
    def expected_payment(self) -> Fraction:
        """Payment if the authoriser is uniform over the informed members, in units of the authorisation fee."""
        short, tall = self.informed
        paid = Fraction(short) * self.short.total + Fraction(tall) * self.tall.total
        return Fraction(paid) / (short + tall)

    @property
    def worst_payment(self) -> Fraction:
        """Payment in the more expensive kind of tree, in units of the authorisation fee."""
        return max(Fraction(self.short.total), Fraction(self.tall.total))

    @property
    def informed_share(self) -> Fraction:
        """Informed members over all members of the forest."""
        return Fraction(sum(self.informed), self.seeds * self._size(self.height))

    def _size(self, levels: int) -> int:
        """Return the members of a complete tree."""
        size: int = (self.degree**levels - 1) // (self.degree - 1)
        return size


def _whole_log(x: int, *, base: int) -> int:
    """Return the largest k with base ** k <= x."""
    k = 0
    while base ** (k + 1) <= x:
        k += 1
    return k
