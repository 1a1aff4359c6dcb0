"""Check what the best path scheme can guarantee, in exact arithmetic, from multipliers of inequalities.

Run ``python -m proofs.check_linear CERTIFICATE.json``, or this file under ``python -I -S``: it needs the
standard library only. Exit code 0: every claim holds; 1: refused; 2: the file cannot be read.

A path scheme pays the share R(l, j) >= 0 of the prize to the member j steps above a finder at depth l. For
chains of length at most "max_depth" = N a claim allows the schemes that satisfy, wherever indices are in range,

budget(l)           R(l, 0) + ... + R(l, l-1) <= "budget"                                        1 <= l <= N
sybil(l, j, k)      S_k(l, j) <= (1 + "epsilon") R(l, j) + k "identity_cost"      0 <= j < l, 1 <= k <= N - l
collusion(l, j, k)  R(l, j) <= (1 + "collusion") S_k(l, j), or no such row if null             likewise
paid(l, j)          t <= R(l, j), if the "objective" is "least"                      (l, j) in "positions"

with S_k(l, j) = R(l+k, j) + ... + R(l+k, j+k), and says that the largest "objective" is exactly the "value":
"least" is t, the least reward at the "positions", "total" the sum of those. Positions are "all", "interior"
(1 <= j <= l-2), or a list of pairs [l, j] in increasing order.

The "rewards" are a scheme that is allowed and attains the value. The "multipliers" y >= 0 of rows prove that none
exceeds it: summed with them, the rows leave every unknown at least its coefficient in the objective; no unknown is
negative; so the objective is at most the sum of the right-hand sides, which is the value.
"""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["FORMAT", "LEAST", "Program", "Refused", "check"]
FORMAT = "incentive-networks/linear-certificate/1"
CLAIM = ["objective", "max_depth", "epsilon", "identity_cost", "collusion", "positions", "budget", "value"]
LEAST = (0, 0)  # the unknown t, named as no reward is
NUMBER = re.compile(r"[0-9]{1,4000}(/0*[1-9][0-9]{0,4000}|(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?)")
ROW = re.compile(r"(budget|sybil|collusion|paid)\(((0|[1-9][0-9]{0,3})(, (0|[1-9][0-9]{0,3}))*)\)")
Position = tuple[int, int]  # l and j


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


class Program(NamedTuple):
    """The schemes that a claim allows, and what is maximised over them."""

    depth: int
    split: Fraction  # 1 + epsilon
    cost: Fraction
    merge: Fraction | None  # 1 + collusion
    budget: Fraction
    positions: frozenset[Position]
    least: bool

    def row(self, kind: str, *at: int) -> tuple[dict[Position, Fraction], Fraction] | None:
        """Return the coefficients and the right-hand side of an inequality, or None if there is none such."""
        one = Fraction(1)
        if kind == "paid" and self.least and at in self.positions:
            return {LEAST: one, (at[0], at[1]): -one}, Fraction(0)
        if kind == "budget" and len(at) == 1 and 1 <= at[0] <= self.depth:
            return dict.fromkeys([(at[0], j) for j in range(at[0])], one), self.budget
        if len(at) == 3 and at[1] < at[0] < at[0] + at[2] <= self.depth:
            length, j, k = at
            after = [(length + k, j + i) for i in range(k + 1)]
            if kind == "sybil":
                return dict.fromkeys(after, one) | {(length, j): -self.split}, k * self.cost
            if kind == "collusion" and self.merge is not None:
                return dict.fromkeys(after, -self.merge) | {(length, j): one}, Fraction(0)
        return None


def check(certificate: Any) -> list[str]:
    """Return in words what a certificate, as read from JSON, proves, or raise Refused."""
    form, claims = members(certificate, "format", "claims")
    if form != FORMAT or not array(claims):
        raise Refused(f"the certificate must hold at least one claim, in the format {FORMAT}")
    return [check_claim(*members(entry, "claim", "rewards", "multipliers")) for entry in claims]


def check_claim(claim: Any, rewards: Any, multipliers: Any) -> str:
    """Check one claim; return it in words."""
    table = [[number(reward) for reward in array(row)] for row in array(rewards)]
    program, value = read_claim(claim, [len(row) for row in table])
    check_rewards(program, table)
    paid = [table[length - 1][j] for length, j in program.positions]
    if not (min(paid) if program.least else sum(paid)) == value == bound(program, multipliers):
        raise Refused("the value is not what the rewards attain and the multipliers prove")
    given = ", ".join(f"{name} {claim[name]}" for name in CLAIM[1:-1])
    return f"the largest {claim['objective']} reward is {claim['value']} with {given}"


def read_claim(claim: Any, lengths: list[int]) -> tuple[Program, Fraction]:
    """Return the program and the value of a claim about schemes with rows of these lengths."""
    objective, depth, epsilon, cost, collusion, positions, budget, value = members(claim, *CLAIM)
    if objective not in ("least", "total"):
        raise Refused('the objective must be "least" or "total"')
    if type(depth) is not int or depth != len(lengths) or lengths != list(range(1, depth + 1)):
        raise Refused("the rewards must be rows of 1, 2, ..., max_depth numbers")
    pairs = [(length, j) for length in range(1, depth + 1) for j in range(length)]
    if positions == "interior":
        pairs = [(length, j) for length, j in pairs if 1 <= j <= length - 2]
    elif positions != "all":
        told = [tuple(array(pair)) for pair in array(positions)]
        pairs = [pair for pair in pairs if pair in told]
        if pairs != told or any(type(index) is not int for pair in told for index in pair):
            raise Refused("positions must be pairs [l, j] with 0 <= j < l <= max_depth, in increasing order")
    if not pairs:
        raise Refused("there is no position")
    merge = None if collusion is None else 1 + number(collusion)
    rules = 1 + number(epsilon), number(cost), merge, number(budget), frozenset(pairs), objective == "least"
    return Program(depth, *rules), number(value)


def check_rewards(program: Program, table: list[list[Fraction]]) -> None:
    """Check that a scheme is allowed: every inequality but those of t, each once."""
    for length, row in enumerate(table, 1):
        sums = [Fraction(0), *accumulate(row)]
        if sums[-1] > program.budget:
            raise Refused(f"the rewards break budget({length})")
        for k in range(1, length):
            for j, reward in enumerate(table[length - k - 1]):
                after = sums[j + k + 1] - sums[j]
                if after > program.split * reward + k * program.cost:
                    raise Refused(f"the rewards break sybil({length - k}, {j}, {k})")
                if program.merge is not None and reward > program.merge * after:
                    raise Refused(f"the rewards break collusion({length - k}, {j}, {k})")


def bound(program: Program, multipliers: Any) -> Fraction:
    """Return the bound on the objective that the multipliers prove."""
    if not isinstance(multipliers, dict):
        raise Refused("the multipliers must be a JSON object from rows to numbers")
    total, most = dict[Position, Fraction](), Fraction(0)
    for name, text in multipliers.items():
        match = ROW.fullmatch(name)
        row = program.row(match[1], *map(int, match[2].split(", "))) if match else None
        if row is None:
            raise Refused(f"there is no row {name!r}")
        for unknown, coefficient in row[0].items():
            total[unknown] = total.get(unknown, Fraction(0)) + number(text) * coefficient
        most += number(text) * row[1]
    objective = dict.fromkeys([LEAST] if program.least else program.positions, 1)
    for unknown in total | objective:
        if total.get(unknown, 0) < objective.get(unknown, 0):
            raise Refused(f"the multipliers leave {unknown} too small a coefficient")
    return most


def number(text: Any) -> Fraction:
    """Return the rational that a text such as "1/5", "0.2" or "2e-1" spells; none is negative."""
    if isinstance(text, str) and NUMBER.fullmatch(text):
        return Fraction(text)
    raise Refused('a number must be a text such as "1/5" or "0.2"')


def members(document: Any, *names: str) -> list[Any]:
    """Return the members of a JSON object, which must be exactly those named."""
    if isinstance(document, dict) and set(document) == set(names):
        return [document[name] for name in names]
    raise Refused(f"expected a JSON object with the members {list(names)}")


def array(document: Any) -> list[Any]:
    """Return a JSON array."""
    if isinstance(document, list):
        return document
    raise Refused("expected a JSON array")


def load(path: str) -> Any:
    """Read a JSON file; an object that repeats a name is refused."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Refused(f"{path} repeats a name in a JSON object")
        return dict(pairs)

    return json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=unique)


def main(arguments: list[str]) -> int:
    """Check the file named on the command line; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m proofs.check_linear CERTIFICATE.json", file=sys.stderr)
        return 2
    try:
        print(*(f"accepted: {claim}" for claim in check(load(arguments[0]))), sep="\n")
        return 0
    except Refused as reason:
        print(f"refused: {reason}")
        return 1
    except (OSError, ValueError, RecursionError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
