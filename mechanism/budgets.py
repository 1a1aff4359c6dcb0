"""Budgets: what an organiser may pay, whatever happens, on average, or in the worst cases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction

from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.numbers import Number, exact, number
from mechanism.tasks import Search, Task

__all__ = ["Budget", "ExpectedBudget", "TailBudget", "TotalBudget", "WorstCaseBudget"]


@dataclass(frozen=True, slots=True)
class Budget(ABC):
    """What may be paid for a target, in shares of its prize, or for contributions, in shares of them.

    Make one with `Budget.worst_case`, `total`, `expected` or `tail`. Every budget limits what a single chain is
    paid as well (`chain_limit`), since that is what can be proved of a scheme. Where members contribute, "a prize"
    stands for one contribution, whose recruiter line is the chain, and "a target" for all contributions together.
    """

    @staticmethod
    def worst_case(share: Number = 1) -> WorstCaseBudget:
        """Return the budget under which no chain is ever paid more than `share` prizes.

        Examples
        --------
        >>> Budget.worst_case(0.5).chain_limit(Search(prize=4000, find=0.001))
        Fraction(1, 2)
        """
        return WorstCaseBudget(_share("share", share))

    @staticmethod
    def total(amount: Number) -> TotalBudget:
        """Return the budget under which all targets together never cost more than an amount of money.

        There is none for contributions, whose number has no bound.

        Examples
        --------
        >>> Budget.total(1000).chain_limit(Search(prize=4000, find=0.001, targets=5))
        Fraction(1, 20)
        """
        return TotalBudget(_share("amount", amount))

    @staticmethod
    def expected(share: Number, *, chain: Number = 10) -> ExpectedBudget:
        """Return the budget under which a target costs at most `share` prizes on average, a chain at most `chain`.

        Where members contribute, `share` limits the expected payments divided by the expected contributions.

        Examples
        --------
        >>> Budget.expected(0.25)
        ExpectedBudget(share=Fraction(1, 4), chain=Fraction(10, 1))
        """
        return ExpectedBudget(_share("share", share), _share("chain", chain))

    @staticmethod
    def tail(share: Number, *, level: float = 0.95, chain: Number = 10) -> TailBudget:
        """Return the budget under which the worst cases cost at most `share` prizes per target on average.

        Parameters
        ----------
        share : float, int or Fraction
            Largest conditional value at risk, in prizes per target, above 0.
        level : float
            In [0, 1): the worst cases are the dearest of chance 1 - level; at 0 they are all. Of contributions they are
            the runs of the campaign that pay out the largest shares of what is contributed and that bring in
            the part 1 - level of all contributions.
        chain : float, int or Fraction
            The most that a single chain may be paid, in prizes, above 0.

        Examples
        --------
        >>> Budget.tail(0.5, level=0.9).level
        0.9
        """
        return TailBudget(_share("share", share), _level(level), _share("chain", chain))

    @abstractmethod
    def chain_limit(self, task: Task) -> Fraction:
        """Return the most that a single chain may be paid, in shares of the prize."""


@dataclass(frozen=True, slots=True)
class WorstCaseBudget(Budget):
    """No chain is paid more than `share` prizes."""

    share: Fraction

    def chain_limit(self, task: Task) -> Fraction:
        """Return the most that a single chain may be paid, in shares of the prize."""
        return self.share

    def __str__(self) -> str:
        return f"at most {float(self.share):g} of a prize per chain"


@dataclass(frozen=True, slots=True)
class TotalBudget(Budget):
    """All targets together never cost more than `amount`, money."""

    amount: Fraction

    def chain_limit(self, task: Task) -> Fraction:
        """Return the most that a single chain may be paid, in shares of the prize.

        Raises
        ------
        UnsupportedProblemError
            If members contribute: what all are paid together has a bound only if their number has one.
        """
        if not isinstance(task, Search):
            raise UnsupportedProblemError(
                "a budget for all payments together does not limit what is paid for one contribution, since any number "
                "of members may contribute: use Budget.worst_case or Budget.expected"
            )
        return self.amount / (exact(task.prize) * task.targets)

    def __str__(self) -> str:
        return f"at most {float(self.amount):g} in all, whatever happens"


@dataclass(frozen=True, slots=True)
class ExpectedBudget(Budget):
    """A target costs at most `share` prizes on average, and a chain at most `chain` prizes."""

    share: Fraction
    chain: Fraction

    def chain_limit(self, task: Task) -> Fraction:
        """Return the most that a single chain may be paid, in shares of the prize."""
        return self.chain

    def __str__(self) -> str:
        return f"at most {float(self.share):g} of a prize per target on average"


@dataclass(frozen=True, slots=True)
class TailBudget(Budget):
    """The dearest cases of chance 1 - `level` cost at most `share` prizes per target on average.

    That average is the conditional value at risk (Rockafellar and Uryasev, 2000) of what all targets together
    cost, divided by their number.
    """

    share: Fraction
    level: float
    chain: Fraction

    def chain_limit(self, task: Task) -> Fraction:
        """Return the most that a single chain may be paid, in shares of the prize."""
        return self.chain

    def __str__(self) -> str:
        return (
            f"at most {float(self.share):g} of a prize per target on average in the dearest "
            f"{100 * (1 - self.level):g} % of cases"
        )


def _share(name: str, value: Number) -> Fraction:
    """Return an exact number above 0."""
    allowed = "a finite number above 0"
    share = exact(number(value, argument=name, allowed=allowed))
    if share <= 0:
        raise InvalidInputError(name, value, allowed=allowed)
    return share


def _level(value: float) -> float:
    allowed = "a number of at least 0 and below 1"
    level = float(number(value, argument="level", allowed=allowed))
    if not 0 <= level < 1:
        raise InvalidInputError("level", value, allowed=allowed)
    return level
