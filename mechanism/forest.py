"""Referral forests: who recruited whom, and what each member contributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, number, parse, whole
from mechanism.readers import read_rows

__all__ = ["ReferralForest"]

_AMOUNT = "a finite contribution of at least 0"


@dataclass(frozen=True, slots=True, eq=False, init=False)
class ReferralForest:
    """Trees of members: each has contributed something, and each but the roots was recruited by another.

    Members are numbered 0..n - 1 in any order. The roots were recruited by the organiser, at depth 1.

    Parameters
    ----------
    parents : sequence of int or ndarray, shape (n,)
        The recruiter of each member, -1 for a root.
    contributions : sequence of numbers or ndarray, shape (n,), optional
        What each member contributed, at least 0, in any one unit; 1 each by default. Whole numbers and
        fractions in a sequence are kept exactly; with a float among them, or as an array, they become float64.

    Attributes
    ----------
    parents : ndarray of int64, shape (n,)
        Read-only.
    contributions : ndarray of float64 or of Fraction, shape (n,)
        Read-only.

    Raises
    ------
    InvalidInputError
        If a recruiter is no member, somebody recruits itself through others, or a contribution is negative.

    Examples
    --------
    >>> forest = ReferralForest([-1, 0, 0, 1], [1, 2, 3, 4])
    >>> forest, forest.depths.tolist(), forest.subtree(1).tolist()
    (ReferralForest(members=4, roots=1), [1, 2, 2, 3], [1, 3])
    """

    parents: NDArray[np.int64]
    contributions: NDArray[Any]

    def __init__(
        self,
        parents: Sequence[int] | NDArray[np.integer[Any]],
        contributions: Sequence[Number] | NDArray[Any] | None = None,
    ) -> None:
        recruiters = _recruiters(parents)
        amounts = (
            _ones(len(recruiters)) if contributions is None else _amounts(contributions, len(recruiters))
        )
        for name, values in (("parents", recruiters), ("contributions", amounts)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)
        if not self.is_ordered:
            _refuse_cycles(recruiters)

    @classmethod
    def from_recruiters(
        cls, recruiters: Mapping[Any, Any], contributions: Mapping[Any, Number] | None = None
    ) -> Self:
        """Return the forest of named members; the order of the mapping numbers them.

        Parameters
        ----------
        recruiters : mapping from member to recruiter
            None for a root.
        contributions : mapping from member to number, optional
            1 each by default.

        Raises
        ------
        InvalidInputError
            If a recruiter is no member, or a contribution is missing or belongs to nobody.

        Examples
        --------
        >>> ReferralForest.from_recruiters({"ann": None, "bob": "ann"}).parents.tolist()
        [-1, 0]
        """
        place = {member: i for i, member in enumerate(recruiters)}
        for member, recruiter in recruiters.items():
            if recruiter is not None and recruiter not in place:
                raise InvalidInputError(
                    "recruiters", recruiter, index=repr(member), allowed="a member or None"
                )
        if contributions is not None and (strange := contributions.keys() ^ recruiters.keys()):
            name = min(strange, key=str)
            raise InvalidInputError(
                "contributions",
                "given" if name in contributions else "missing",
                index=repr(name),
                allowed="given for every member and for nobody else",
            )
        parents = [-1 if recruiter is None else place[recruiter] for recruiter in recruiters.values()]
        return cls(parents, None if contributions is None else [contributions[name] for name in recruiters])

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        member: str = "id",
        recruiter: str = "recruiter",
        contribution: str | None = None,
    ) -> Self:
        r"""Read a forest from a table with a row for every member.

        Parameters
        ----------
        path : path-like
            Text with named columns, separated by tabs, commas or semicolons; gzip-compressed or not. Lines that
            begin with ``#`` are comments.
        member, recruiter : str
            The columns that name a member and its recruiter, empty for a root.
        contribution : str, optional
            The column of contributions; 1 each by default. Numbers with a point or an exponent make all floats.

        Raises
        ------
        InvalidInputError
            If a column is missing, a member stands in two rows, a recruiter in none, or a contribution is no
            number; the message names the line.

        Examples
        --------
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "members.csv"
        >>> _ = path.write_text("id,recruiter,spent\nann,,3\nbob,ann,1\n")
        >>> ReferralForest.from_file(path, contribution="spent")
        ReferralForest(members=2, roots=1)
        """
        source = Path(path)
        columns = [member, recruiter] + ([contribution] if contribution is not None else [])
        recruiters: dict[str, str | None] = {}
        amounts: dict[str, Number] = {}
        for line, (name, above, *amount) in read_rows(source, columns):
            place = f"{source.name}, line {line}"
            if not name or name in recruiters:
                raise InvalidInputError("path", name, index=place, allowed="the only row of a named member")
            recruiters[name] = above or None
            if amount:
                try:
                    amounts[name] = parse(amount[0])
                except InvalidInputError:
                    raise InvalidInputError(
                        "path", amount[0], index=place, allowed="a contribution, a number of at least 0"
                    ) from None
        if not recruiters:
            raise InvalidInputError("path", str(source), allowed="a file with at least one member")
        return cls.from_recruiters(recruiters, amounts if contribution is not None else None)

    @classmethod
    def random_recursive(
        cls, members: int, *, roots: int = 1, rng: int | np.random.Generator, contribution: float = 1.0
    ) -> Self:
        """Return a random recursive forest: everybody after the roots is recruited by one of those before, uniformly.

        Parameters
        ----------
        members : int
            At least 1.
        roots : int
            In 1..members; members 0..roots - 1.
        rng : int or numpy.random.Generator
            The same seed gives the same forest.
        contribution : float
            Of everybody, at least 0.

        Examples
        --------
        >>> ReferralForest.random_recursive(6, rng=7).parents.tolist()
        [-1, 0, 1, 1, 2, 4]
        """
        members = whole(members, argument="members")
        if whole(roots, argument="roots") > members:
            raise InvalidInputError("roots", roots, allowed=f"an integer in 1..{members}")
        parents = np.full(members, -1, dtype=np.int64)
        parents[roots:] = np.random.default_rng(rng).integers(0, np.arange(roots, members))
        return cls(parents, np.full(members, contribution))

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.parents)

    @property
    def is_exact(self) -> bool:
        """Whether the contributions are fractions."""
        return self.contributions.dtype == object

    @property
    def is_ordered(self) -> bool:
        """Whether every member comes after its recruiter."""
        return bool((self.parents < np.arange(len(self.parents))).all())

    @property
    def roots(self) -> NDArray[np.int64]:
        """The members whom nobody recruited, increasing."""
        return np.flatnonzero(self.parents < 0)

    @property
    def depths(self) -> NDArray[np.int64]:
        """Depth of each member, 1 for a root. Cost: O(n log depth), by doubling steps towards the root."""
        depths = np.ones(len(self.parents), dtype=np.int64)
        above = self.parents
        active = np.flatnonzero(above >= 0)
        while len(active):
            ancestors = above[active]
            gained, further = depths[ancestors], above[ancestors]
            depths[active] += gained
            above = above.copy()
            above[active] = further
            active = active[further >= 0]
        return depths

    @property
    def order(self) -> NDArray[np.int64]:
        """The members, each after its recruiter: as numbered if that will do, else by depth."""
        return np.arange(self.size) if self.is_ordered else np.argsort(self.depths, kind="stable")

    @property
    def total(self) -> Any:
        """Sum of all contributions, in their arithmetic: pairwise for floats."""
        return self.contributions.sum() if self.size else Fraction(0)

    def children(self, member: int) -> NDArray[np.int64]:
        """Return whom a member recruited, increasing. Cost: O(n)."""
        return np.flatnonzero(self.parents == self._member(member))

    def subtree(self, member: int) -> NDArray[np.int64]:
        """Return a member and all who descend from it, increasing. Cost: O(n)."""
        inside = np.zeros(self.size, dtype=bool)
        inside[self._member(member)] = True
        for u in self.order:
            parent = self.parents[u]
            if parent >= 0 and inside[parent]:
                inside[u] = True
        return np.flatnonzero(inside)

    def exact(self) -> Self:
        """Return the forest with contributions as fractions: a float stands for its shortest decimal.

        Examples
        --------
        >>> ReferralForest([-1], [0.1]).exact().contributions[0]
        Fraction(1, 10)
        """
        if self.is_exact:
            return self
        return type(self)(self.parents, [Fraction(repr(float(x))) for x in self.contributions])

    def to_dict(self) -> dict[str, Any]:
        """Return the forest as plain Python values; numbers are texts."""
        return {
            "parents": self.parents.tolist(),
            "contributions": [str(x) for x in self.contributions.tolist()],
        }

    def _member(self, member: int) -> int:
        if isinstance(member, bool) or not isinstance(member, (int, np.integer)):
            raise InvalidInputError("member", member, allowed=f"an integer in 0..{self.size - 1}")
        if not 0 <= member < self.size:
            raise InvalidInputError("member", member, allowed=f"an integer in 0..{self.size - 1}")
        return int(member)

    def __repr__(self) -> str:
        return f"ReferralForest(members={self.size}, roots={len(self.roots)})"

    def __reduce__(self) -> tuple[Any, ...]:
        amounts = self.contributions.tolist() if self.is_exact else self.contributions
        return type(self), (self.parents, amounts)


def _recruiters(parents: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    given = np.asarray(parents)
    if given.ndim != 1:
        raise InvalidInputError("parents", given.shape, index="shape", allowed="(n,)")
    if not given.size:
        raise InvalidInputError("parents", 0, index="length", allowed="at least 1")
    if given.dtype.kind not in "iu":
        raise InvalidInputError("parents", given.dtype, index="dtype", allowed="whole numbers")
    n = len(given)
    wrong = (given < -1) | (given >= n) | (given == np.arange(n))
    if wrong.any():
        i = int(np.argmax(wrong))
        allowed = f"-1 or another member, in 0..{n - 1}"
        raise InvalidInputError("parents", int(given[i]), index=i, allowed=allowed)
    return np.array(given, dtype=np.int64)


def _ones(n: int) -> NDArray[Any]:
    amounts = np.empty(n, dtype=object)
    amounts[:] = Fraction(1)
    return amounts


def _amounts(given: Sequence[Number] | NDArray[Any], n: int) -> NDArray[Any]:
    if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)):
        raise InvalidInputError("contributions", given, allowed="a sequence of numbers")
    if len(given) != n:
        raise InvalidInputError("contributions", len(given), index="length", allowed=f"{n}: one per member")
    if isinstance(given, np.ndarray) and given.ndim != 1:
        raise InvalidInputError("contributions", given.shape, index="shape", allowed=f"({n},)")
    if isinstance(given, np.ndarray) and given.dtype.kind in "iuf":
        amounts = given.astype(np.float64)
        wrong = ~(np.isfinite(amounts) & (amounts >= 0))
        if wrong.any():
            i = int(np.argmax(wrong))
            raise InvalidInputError("contributions", float(amounts[i]), index=i, allowed=_AMOUNT)
        return amounts + 0.0  # no negative zero
    checked = [number(x, argument="contributions", allowed=_AMOUNT, index=(i,)) for i, x in enumerate(given)]
    for i, x in enumerate(checked):
        if x < 0:
            raise InvalidInputError("contributions", x, index=i, allowed=_AMOUNT)
    if any(isinstance(x, float) for x in checked):
        return np.array([float(x) for x in checked])
    amounts = np.empty(n, dtype=object)
    amounts[:] = [Fraction(x) for x in checked]
    return amounts


def _refuse_cycles(parents: NDArray[np.int64]) -> None:
    """Refuse recruiters that lead back to a member: after n steps everybody must be above a root."""
    above = parents.copy()
    for _ in range(len(parents).bit_length()):
        active = above >= 0
        if not active.any():
            return
        above[active] = above[above[active]]
    if (stuck := above >= 0).any():
        on_cycle = int(above[np.argmax(stuck)])
        raise InvalidInputError(
            "parents",
            int(parents[on_cycle]),
            index=on_cycle,
            allowed="a recruiter whose own recruiters lead to a root, not back to the member",
        )
