"""Check what a certificate proves about a game on a network, in exact arithmetic.

Run ``python -m proofs.check_game SYSTEM.json CERTIFICATE.json``, or this file under ``python -I -S``: it needs the
standard library only. Exit code 0: every claim holds; 1: refused; 2: a file cannot be read.

A number is the decimal that is written; one alone stands for one each. An arc i -> j of weight w_ij makes what j does
count for i: others' actions x reach it through its value z_i = b_i - c_i + sum_j w_ij x_j. What is best for i is, in
linear_quadratic  z_i, cut at the bounds of x_i, for the payoff z_i x_i - x_i^2 / 2, with no cost c;
participation     1 if z_i >= 0, else 0, for the payoff z_i x_i;
logit             q = 1 / (1 + exp(-L z_i)), for the payoff x_i z_i + H(x_i) / L, H entropy and L the "rationality";
interdependent    what makes most of u_i, where u = p + A u, p the payoffs of a "base" of the first two. If B is the
                  inverse of I - A and B_ii > 0, it is what is best in the base with weights w_ij + B_ij w_ji / B_ii,
                  and u_i gains B_ii times as much. B is computed for at most 60 people.
The certificate holds "actions" x and claims, which may use those before them:
EQUILIBRIUM  nobody gains more than "gain" alone, or is further than "residual" from what is best. exp is enclosed: its
             series alternates; arguments above 1/2 are halved, results squared. In a logit game the gain is
             KL(x || q) / L <= |x - q| |log of the ratio of odds| / L if 0 < x < 1; else -log q or -log (1 - q), over L.
WELL POSED   |A| v <= rate v for a "vector" v > 0, rate < 1: the spectral radius of A is at most the rate (Collatz and
             Wielandt), so I + A + A^2 + ... = B. Other claims about an interdependent system need this one first.
UNIQUE       there is one equilibrium and no other, by
contraction  s |W| v <= rate v for a v > 0, rate < 1: s = 1, or L / 4, bounds the slope of what is best, so that it
             contracts in the norm max |x_i| / v_i.
enclosure    likewise, with s_i the largest slope in a box that holds every equilibrium: that of all actions, replaced
             "steps" times by its meet with what is best against it. Brouwer's theorem says that there is one.
monotone     I - (W + W^T) / 2 = F F^T + E, the "factor" F lower triangular, and E_ii - sum_j |E_ij| >= m > 0.
extremes     the actions are the least and the greatest equilibrium.
ERROR        the only equilibrium x* is within "bound" of the actions. With a contraction, |x_i - x*_i| is at most v_i
             max_k (r_k / v_k) / (1 - rate), r the residuals, if x is in the box. With m the game is a strongly monotone
             variational inequality, and the Euclidean distance at most |(2 I - W^T) (x - best)| / m.
LEAST        x is the least equilibrium of a participation game, no weight negative: in their "order", those who take
             part join, as z_i >= 0 from those before alone, and then z_i < 0 for all others.
GREATEST     likewise: in their order, those who do not take part leave, as z_i < 0 with all but those before.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import cached_property, partial
from itertools import pairwise
from math import ceil, floor, isfinite, lcm
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["FORMAT", "LARGEST", "Refused", "check"]
FORMAT = "incentive-networks/game-certificate/1"
LARGEST, MOST_STEPS = 60, 1000  # people whose utilities are solved for; steps of a box
BITS, FAR = 128, 4096  # kept of exponentials; exp(-FAR) < 2^-FAR counts as nothing
GRID = 1 << 64  # boxes are rounded outwards to multiples of 1 / GRID
NUMBER = re.compile(r"-?[0-9]{1,4000}(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?")
FIELDS = {
    "linear_quadratic": ("standalone", "interaction", "lower", "upper"),
    "participation": ("benefit", "support", "cost"),
    "logit": ("benefit", "support", "cost", "rationality"),
}
ZERO, ONE = Fraction(0), Fraction(1)
Reals = list[Fraction]
Row = list[tuple[int, Fraction]]  # the arcs of a person: who counts, and its weight


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


class Game(NamedTuple):
    """Its kind; for each its value without the others, arcs, bounds, and what a unit of payoff counts; L."""

    kind: str
    start: Reals
    rows: list[Row]
    lower: list[Fraction | None]
    upper: list[Fraction | None]
    scale: Reals
    sharpness: Fraction = ONE

    def values(self, actions: Reals) -> Reals:
        """Return everybody's z."""
        return [start + weighed(row, actions) for start, row in zip(self.start, self.rows, strict=True)]

    def cut(self, i: int, value: Fraction) -> Fraction:
        """Return a value cut at the bounds of a person's actions."""
        low, high = self.lower[i], self.upper[i]
        value = value if low is None else max(value, low)
        return value if high is None else min(value, high)

    def slips(self, actions: Reals) -> Iterator[tuple[Fraction, Fraction]]:
        """Yield for each bounds on the distance of its action from what is best, and on what that gains."""
        for i, (x, z) in enumerate(zip(actions, self.values(actions), strict=True)):
            if self.kind == "logit":
                distance, gain = logit_slip(self.sharpness * z, x)
            elif self.kind == "participation":
                distance, gain = Fraction((z >= 0) is not (x == 1)), max(z if x == 0 else -z, ZERO)
            else:
                best = self.cut(i, z)
                distance, gain = abs(best - x), (best - x) * (z - (best + x) / 2)
            yield distance, gain * self.scale[i]

    def across(self, box: tuple[Reals, Reals]) -> Iterator[tuple[Fraction, Fraction, Fraction]]:
        """Yield for each bounds on what is best against the actions in a box, and on its slope there."""
        least, most = box
        for i, (start, row) in enumerate(zip(self.start, self.rows, strict=True)):
            low = sum((w * (least if w > 0 else most)[j] for j, w in row), start)
            high = sum((w * (most if w > 0 else least)[j] for j, w in row), start)
            if self.kind == "logit":
                low, high = chance(self.sharpness * low)[0], chance(self.sharpness * high)[1]
                steepest = min(max(Fraction(1, 2), low), high)
                slope = self.sharpness * steepest * (1 - steepest)
            else:
                low, high = self.cut(i, low), self.cut(i, high)
                slope = Fraction(low < high)
            yield low, high, slope


class Case:
    """A system, actions, and what the claims so far have proved."""

    is_well_posed = False
    contraction: tuple[Reals, Fraction, tuple[Reals, Reals] | None] | None = None
    curvature: Fraction | None = None

    def __init__(self, system: Any, actions: Any) -> None:
        self.altruism: list[Row] | None = None
        self.extremes: set[bool] = set()
        if isinstance(system, dict) and system.get("system") == "interdependent":
            graph, base, weights = members(system, "system", "graph", "base", "altruism")[1:]
            self.base, self.altruism = read_game(base), read_rows(graph, weights, "altruism")
            require(self.base.kind != "logit", "the base must be linear_quadratic or participation")
            require(base["graph"]["labels"] == graph["labels"], "the two graphs must have the same labels")
        else:
            self.base = read_game(system)
        self.n = len(self.base.rows)
        self.actions = numbers(actions, self.n, "actions")
        for i, x in enumerate(self.actions):
            whole = x in (0, 1) or self.base.kind != "participation"
            require(whole and x == self.base.cut(i, x), f"actions[{i}] is not allowed in the game")

    @cached_property
    def game(self) -> Game:
        """The game that is played, with what people care for one another in its weights."""
        if self.altruism is None:
            return self.base
        require(self.is_well_posed, "this claim about an interdependent system needs well_posed before it")
        require(self.n <= LARGEST, f"{self.n} people: utilities are solved for {LARGEST} at most")
        return caring(self.base, self.altruism)


def check(system: Any, certificate: Any) -> list[str]:
    """Return in words what a certificate proves about a system, both as read from JSON, or raise Refused."""
    form, actions, claims = members(certificate, "format", "actions", "claims")
    require(form == FORMAT and array(claims) != [], f"there must be claims, in the format {FORMAT}")
    case = Case(system, actions)
    return [check_claim(case, claim) for claim in claims]


def check_claim(case: Case, document: Any) -> str:
    """Check one claim; return it in words."""
    name = str(document.get("claim")) if isinstance(document, dict) else ""
    by = ["by"] if name == "unique" else []
    kind = f"{name} by {document.get('by')}" if by else name
    require(kind in CLAIMS, "the claim is of no known kind")
    fields, prove = CLAIMS[kind]
    return prove(case, *members(document, "claim", *by, *fields)[1 + len(by) :])


def check_equilibrium(case: Case, gain: Any, residual: Any) -> str:
    """Check that nobody gains more, or is further from what is best."""
    most, furthest = number(gain, "gain"), number(residual, "residual")
    for i, (distance, gained) in enumerate(case.game.slips(case.actions)):
        require(gained <= most, f"person {i} gains more than {spell(most)}")
        require(distance <= furthest, f"person {i} is further than {spell(furthest)} from what is best")
    return f"nobody gains over {spell(most)} alone, or is further than {spell(furthest)} from what is best"


def check_well_posed(case: Case, vector: Any, rate: Any) -> str:
    """Check that utilities do not feed one another without end."""
    require(case.altruism is not None, "only an interdependent system is well posed or not")
    _, rho = check_shrinking(case.altruism or [], [ONE] * case.n, vector, rate)
    case.is_well_posed = True
    return f"utilities are well posed: the spectral radius of altruism is at most {spell(rho)}"


def check_contraction(case: Case, vector: Any, rate: Any, steps: Any = None) -> str:
    """Check that what is best contracts: everywhere, or in a box that holds every equilibrium."""
    game, box, where = case.game, None, ""
    require(game.kind != "participation", "whole actions do not contract")
    slopes = [game.sharpness / 4 if game.kind == "logit" else ONE] * case.n
    if steps is not None:
        require(type(steps) is int and 0 <= steps <= MOST_STEPS, f"steps must be one of 0..{MOST_STEPS}")
        low, high = ([x for x in bounds if x is not None] for bounds in (game.lower, game.upper))
        require(len(low) == len(high) == case.n, "an enclosure needs bounds of all actions")
        for _ in range(steps):
            found = list(game.across((low, high)))
            low = [max(x, Fraction(floor(a * GRID), GRID)) for x, (a, _, _) in zip(low, found, strict=True)]
            high = [min(x, Fraction(ceil(b * GRID), GRID)) for x, (_, b, _) in zip(high, found, strict=True)]
        box, where = (low, high), f" in a box after {steps} steps"
        slopes = [slope for *_, slope in game.across(box)]
    v, rho = check_shrinking(game.rows, slopes, vector, rate)
    case.contraction = v, rho, box
    return f"there is one equilibrium: best responses contract{where} at the rate {spell(rho)}"


def check_monotone(case: Case, factor: Any) -> str:
    """Check that no eigenvalue of I - (W + W^T) / 2 is below a number above 0."""
    require(case.game.kind == "linear_quadratic", "only a linear_quadratic game can be monotone")
    columns: list[dict[int, Fraction]] = [{} for _ in case.actions]
    for i, entries in enumerate(spread(array(factor), case.n, "factor")):
        places, values = members(entries, "columns", "values")
        for j, x in zip(array(places), numbers(values, len(places), f"factor[{i}]"), strict=True):
            require(type(j) is int and 0 <= j <= i, f"the columns of row {i} must be 0..{i}")
            columns[j][i] = x
    unit = lcm(*(x.denominator for column in columns for x in column.values()))
    product: list[dict[int, int]] = [{} for _ in columns]
    for column in columns:
        whole = [(i, int(x * unit)) for i, x in column.items()]
        for place, (i, a) in enumerate(whole):
            sums = product[i]
            for j, b in whole[: place + 1]:
                sums[j] = sums.get(j, 0) + a * b
    rest = [{j: Fraction(-a, unit * unit) for j, a in sums.items()} for sums in product]
    for i, row in enumerate(case.game.rows):
        for j, w in [(i, Fraction(-2)), *row]:
            left = rest[max(i, j)]
            left[min(i, j)] = left.get(min(i, j), ZERO) - w / 2
    spare = [row[i] for i, row in enumerate(rest)]
    for i, left in enumerate(rest):
        for j in left.keys() - {i}:
            spare[i] -= abs(left[j])
            spare[j] -= abs(left[j])
    require(min(spare) > 0, "what the factor leaves is not diagonally dominant")
    case.curvature = min(spare)
    return "there is one equilibrium: the game is strongly monotone"


def check_extremes(case: Case) -> str:
    """Check that the least and the greatest equilibrium coincide."""
    require(case.extremes == {True, False}, "this claim needs least and greatest before it")
    return "there is one equilibrium (the indifferent take part): the least is the greatest"


def check_error(case: Case, bound: Any) -> str:
    """Check how far the only equilibrium can be."""
    most, game, holds = number(bound, "bound"), case.game, False
    require(most >= 0, "the bound must be at least 0")
    if case.contraction is not None:
        v, rho, box = case.contraction
        if box is None or all(a <= x <= b for a, x, b in zip(box[0], case.actions, box[1], strict=True)):
            far = max(
                distance / scale for (distance, _), scale in zip(game.slips(case.actions), v, strict=True)
            )
            holds = max(v) * far <= most * (1 - rho)
    if case.curvature is not None and not holds:
        values = game.values(case.actions)
        steps = [x - game.cut(i, z) for i, (x, z) in enumerate(zip(case.actions, values, strict=True))]
        pushes = [2 * step for step in steps]
        for step, row in zip(steps, game.rows, strict=True):
            for j, w in row:
                pushes[j] -= w * step
        holds = sum(x * x for x in pushes) <= (most * case.curvature) ** 2
    require(holds, f"no claim before shows that the equilibrium is within {spell(most)} of the actions")
    return f"the equilibrium is within {spell(most)} of the actions"


def check_order(case: Case, order: Any, *, joins: bool) -> str:
    """Check that people join one after the other from nobody, or leave from all, and then nobody else."""
    game, moved = case.game, [False] * case.n
    require(game.kind == "participation", "only a participation game has an order")
    supported: list[Row] = [[] for _ in moved]
    for i, row in enumerate(game.rows):
        for j, w in row:
            require(w >= 0, "an order needs weights of at least 0")
            supported[j].append((i, w if joins else -w))
    values = game.values([ZERO if joins else ONE] * case.n)
    for i in array(order):
        require(type(i) is int and 0 <= i < case.n and not moved[i], "the order must name people once")
        require((values[i] >= 0) is joins, f"person {i} does not {'join' if joins else 'leave'} in its turn")
        moved[i] = True
        for k, w in supported[i]:
            values[k] += w
    for i, x in enumerate(case.actions):
        require(moved[i] or (values[i] >= 0) is not joins, f"person {i} lacks in the order")
        require(moved[i] is ((x == 1) is joins), f"the order does not lead to the action of person {i}")
    case.extremes.add(joins)
    return f"the actions are the {'least' if joins else 'greatest'} equilibrium (the indifferent take part)"


CLAIMS: dict[str, tuple[list[str], Callable[..., str]]] = {
    "equilibrium": (["gain", "residual"], check_equilibrium),
    "well_posed": (["vector", "rate"], check_well_posed),
    "unique by contraction": (["vector", "rate"], check_contraction),
    "unique by enclosure": (["vector", "rate", "steps"], check_contraction),
    "unique by monotone": (["factor"], check_monotone),
    "unique by extremes": ([], check_extremes),
    "error": (["bound"], check_error),
    "least": (["order"], partial(check_order, joins=True)),
    "greatest": (["order"], partial(check_order, joins=False)),
}


def check_shrinking(rows: list[Row], slopes: Reals, vector: Any, rate: Any) -> tuple[Reals, Fraction]:
    """Check that slope_i sum_j |w_ij| v_j <= rate v_i; return v and the rate."""
    v, rho = numbers(vector, len(rows), "vector"), number(rate, "rate")
    require(min(v) > 0 and 0 <= rho < 1, "the vector must be above 0, the rate at least 0 and below 1")
    for i, row in enumerate(rows):
        reach = slopes[i] * weighed([(j, abs(w)) for j, w in row], v)
        require(reach <= rho * v[i], f"at person {i} the rate is above {spell(rho)}")
    return v, rho


def weighed(row: Row, x: Reals) -> Fraction:
    """Return the sum of w_j x_j over the arcs of a person, with one denominator."""
    d, e = lcm(*[w.denominator for _, w in row]), lcm(*[x[j].denominator for j, _ in row])
    total = sum(w.numerator * (d // w.denominator) * x[j].numerator * (e // x[j].denominator) for j, w in row)
    return Fraction(total, d * e)


def caring(base: Game, altruism: list[Row]) -> Game:
    """Return the game of people who maximise utilities; the spectral radius of |A| is below 1, so no pivot is 0."""
    n, last, rows = len(altruism), 1, list[Row]()
    table = [[0] * (2 * n) for _ in range(n)]  # I - A and I, whole; Bareiss's steps invert the first
    for i, row in enumerate(altruism):
        unit = lcm(*(w.denominator for _, w in row))
        table[i][i] = table[i][n + i] = unit
        for j, w in row:
            table[i][j] = int(-w * unit)
    for k in range(n):
        top = table[k]
        for i in range(n):
            if i != k:
                x = table[i][k]
                table[i] = [(top[k] * a - x * b) // last for a, b in zip(table[i], top, strict=True)]
        last = top[k]
    weights = [dict(row) for row in base.rows]
    for i, row in enumerate(base.rows):
        own, mine = table[i][n + i], dict(row)
        require(own * last > 0, f"person {i} would lose utility by its own payoff")
        for k, theirs in enumerate(weights):
            if i in theirs:
                mine[k] = mine.get(k, ZERO) + Fraction(table[i][n + k], own) * theirs[i]
        rows.append(sorted(mine.items()))
    return base._replace(rows=rows, scale=[Fraction(table[i][n + i], last) for i in range(n)])


def exponential(t: Fraction) -> tuple[Fraction, Fraction]:
    """Return numbers below and above exp(-t), t >= 0."""
    if t > FAR:
        return ZERO, Fraction(1, 1 << FAR)
    halvings = int(t).bit_length() + 1
    u = (t.numerator << BITS) // (t.denominator << halvings)
    term = total = 1 << BITS
    for k in range(1, 40):
        term = term * u // (k << BITS)
        total += -term if k % 2 else term
    low, high, shift = total - 80, total + 80, BITS  # 39 terms lack < 2 each, the rest and u < 1
    for _ in range(halvings):
        extra = (high * high).bit_length() - BITS
        low, high, shift = low * low >> extra, -(-high * high >> extra), 2 * shift - extra
    return Fraction(low, 1 << shift), Fraction(high, 1 << shift)


def chance(value: Fraction) -> tuple[Fraction, Fraction]:
    """Return numbers below and above 1 / (1 + exp(-value))."""
    low, high = exponential(abs(value))
    return (1 / (1 + high), 1 / (1 + low)) if value >= 0 else (low / (1 + low), high / (1 + high))


def logit_slip(value: Fraction, p: Fraction) -> tuple[Fraction, Fraction]:
    """Return bounds on |p - q| and KL(p || q), q = 1 / (1 + exp(-value))."""
    if value < 0:
        value, p = -value, 1 - p
    low, high = exponential(value)
    distance = max(p - 1 / (1 + high), 1 / (1 + low) - p)
    if p == 1:
        return distance, high  # log(1 + x) <= x
    require(low > 0, "an action is too far from what is best: what is gained has no bound")
    odds = p / (1 - p)
    ratio = max(odds * high, 1 / (odds * low)) if p > 0 else 1 + 1 / low
    k = ratio.numerator.bit_length() - ratio.denominator.bit_length()
    k -= ratio < 1 << k
    m = ratio / (1 << k)  # log ratio = k log 2 + log m, where log 2 < 7 / 10 and log m <= (m - 1 / m) / 2
    return distance, (distance if p > 0 else ONE) * (Fraction(7 * k, 10) + (m - 1 / m) / 2)


def read_game(document: Any) -> Game:
    """Return the game that a JSON document describes."""
    kind = str(document.get("system")) if isinstance(document, dict) else ""
    require(kind in FIELDS, "the system is of no known kind")
    graph, own, weights, *more = members(document, "system", "graph", *FIELDS[kind])[1:]
    rows = read_rows(graph, weights, FIELDS[kind][1])
    n = len(rows)
    start = numbers(own, n, FIELDS[kind][0])
    if kind == "linear_quadratic":
        lower, upper = ([x if x is None else number(x, "bound") for x in spread(b, n, "bound")] for b in more)
        for low, high in zip(lower, upper, strict=True):
            require(low is None or high is None or low <= high, "a lower bound is above the upper one")
        return Game(kind, start, rows, lower, upper, [ONE] * n)
    start = [b - c for b, c in zip(start, numbers(more[0], n, "cost"), strict=True)]
    sharpness = number(more[1], "rationality") if kind == "logit" else ONE
    require(sharpness > 0, "the rationality must be above 0")
    return Game(kind, start, rows, [ZERO] * n, [ONE] * n, [1 / sharpness] * n, sharpness)


def read_rows(graph: Any, weights: Any, name: str) -> list[Row]:
    """Return the arcs of each person with their weights."""
    pointers, ends, labels = map(array, members(graph, "indptr", "indices", "labels"))
    n, m = len(labels), len(ends)
    require(all(type(x) is int for x in pointers + ends), "pointers and indices must be whole numbers")
    rising = len(pointers) == n + 1 > 1 and sorted([0, *pointers[1:], m]) == [*pointers, m]
    require(rising and pointers[-1] == m, f"indptr must rise from 0 to {m}, one more than labels")
    values, rows = numbers(weights, m, name), []
    for i, (begin, end) in enumerate(pairwise(pointers)):
        own = ends[begin:end]
        allowed = all(a < b for a, b in pairwise([-1, *own, n])) and i not in own
        require(allowed, f"the arcs of person {i} must lead to others, in increasing order")
        rows.append(list(zip(own, values[begin:end], strict=True)))
    return rows


def require(holds: bool, otherwise: str) -> None:
    """Refuse unless something holds."""
    if not holds:
        raise Refused(otherwise)


def number(value: Any, name: str) -> Fraction:
    """Return a number of JSON; a float stands for its shortest decimal."""
    if isinstance(value, Fraction) or type(value) is int:
        return Fraction(value)
    if isinstance(value, float) and isfinite(value):
        return Fraction(Decimal(float.__repr__(value)))
    raise Refused(f"{name} must be a finite number")


def spread(document: Any, size: int, name: str) -> list[Any]:
    """Return an array of one entry for each; an entry alone stands for all."""
    entries = document if isinstance(document, list) else [document] * size
    require(len(entries) == size, f"{name}: {len(entries)} entries, not {size}")
    return entries


def numbers(document: Any, size: int, name: str) -> Reals:
    """Return one number for each."""
    return [number(x, f"{name}[{i}]") for i, x in enumerate(spread(document, size, name))]


def spell(x: Fraction) -> str:
    """Return a number in decimals, rounded up."""
    return str(Context(prec=20, rounding=ROUND_CEILING).divide(Decimal(x.numerator), Decimal(x.denominator)))


def members(document: Any, *names: str) -> list[Any]:
    """Return the members of a JSON object, which must be exactly those named."""
    known = isinstance(document, dict) and set(document) == set(names)
    require(known, f"expected a JSON object with the members {list(names)}")
    return [document[name] for name in names]


def array(document: Any) -> list[Any]:
    """Return a JSON array."""
    if not isinstance(document, list):
        raise Refused("expected a JSON array")
    return document


def load(path: str) -> Any:
    """Read a JSON file; an object that repeats a name, or a number that is too long, is refused."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        require(len(dict(pairs)) == len(pairs), f"{path} repeats a name in a JSON object")
        return dict(pairs)

    def decimal(text: str) -> Fraction:
        require(NUMBER.fullmatch(text) is not None, f"{path}: {text[:40]} is not finite or too long")
        return Fraction(Decimal(text))

    text = Path(path).read_text(encoding="utf-8")
    return json.loads(text, object_pairs_hook=unique, parse_float=decimal, parse_constant=decimal)


def main(arguments: list[str]) -> int:
    """Check the files named on the command line; return the exit code."""
    if len(arguments) != 2:
        print("usage: python -m proofs.check_game SYSTEM.json CERTIFICATE.json", file=sys.stderr)
        return 2
    try:
        print(*(f"accepted: {claim}" for claim in check(*map(load, arguments))), sep="\n")
    except Refused as reason:
        print(f"refused: {reason}")
        return 1
    except (OSError, ValueError, RecursionError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
