"""Check a certificate about a tree scheme, for every referral forest, in exact arithmetic, trusting neither.

Run ``python -m proofs.check_tree SCHEME.json CERTIFICATE.json``, or this file under ``python -I -S``: it needs
the standard library only. Exit code 0: every claim holds; 1: refused; 2: a file cannot be read.

Most schemes are folds: a member that contributed c >= 0, and whose recruits sent it s >= 0 in all, sends its own
recruiter f(c, s) and is paid g(c, s). Claims about all forests then follow from inequalities between f and g,
each proved by expanding its numerator over a positive denominator: no coefficient is negative, and if it is to be
strict, some monomial of the variables that are positive is there. Where g holds a logarithm, log x >= 1 - 1 / x,
strictly if x is not 1. The lemmas, with D standing for "is at least 0":

budget        D: budget c + k s - g(c, s) - k f(c, s), with the multiplier k = "potential" >= 0. Summed over a forest,
              all that is sent arrives, but for the roots': budget C(T) - (all rewards) - k (sent by the roots) >= 0.
contribution  D strictly: g(c+h, s) - g(c, s), h > 0.
solicitation  D strictly: f(c, 0), c > 0; f(c, s+h) - f(c, s), h > 0; g(c, s+h) - g(c, s), c, h > 0: a newcomer is
              felt all the way up.
proportional  D: g(c, s) - fraction c.
locality, bypassing, symmetry: by form. Additivity: f and g are linear.
splitting     D: f and g do not fall with s; g(p+v, t+s) - g(p, t+f(v, s)) - g(v, s); f(p+v, t+s) - f(p, t+f(v, s)):
              an identity with v may join the one above it, that with p, which earns them together no less and sends
              up no less. D: g(c+d, s+t) - g(c, s) - g(d, t): siblings that are left may join, too. If they
              form a chain with all recruits below the last, t = 0 and no siblings; if siblings, the last line alone.
general       splitting, and D: h - g(c+h, s) + g(c, s): contributing more does not raise the profit either.
unbounded     D: g(c, s) - slope s or g(c, s) - slope c s, "slope" > 0; D strictly: f(c, 0), c > 0: a star of many gives
              any s. With at most m recruits each: D: f(1, m s) - s - slope instead: every level adds to s.
profitable    from unbounded.  loss  D strictly: c - g(c, s), c > 0.  bounded  D: bound c - g(c, s).

TDRM is a fold of pieces, 0 < c <= unit. A member has as many as it takes, full ones below and the rest on top; a
larger contribution fills the top one, then adds another; without a contribution there is none, and s is sent on.
Splitting never pays. What the identities' pieces x earn from a recruit w is S(w) times the sum of c(x) a^distance,
with at most one piece, of at most a unit, at each distance: most if the distances are filled from 1 on, as one
member's are. What they earn from one another, together with that, is convex in the shift of contribution between any
two pieces, so it is most with all full but one; n full pieces earn the sum over their depths of 1 + a + ..., most in
a chain; and the chain's lead is linear in the size of the one that is not full, and not negative at 0 and at a unit.

L-Pachira pays budget T (pi(X/T) - sum of pi(y/T)), pi(x) = beta x + (1-beta) x^(1+delta), on a subtree X with subtrees
y of T in all. As pi is convex, pi(0) = 0 and pi(1) = 1: all rewards are at most budget T, with equality for
one root; a reward is at least budget beta c; identities get pi of their roots' subtrees less what their recruits
weigh, which is most for one root. X^(1+delta) / T^delta rises, and y^(1+delta) / T^delta falls with c. If a
newcomer joins under y, z = y/X < 1, the reward rises by at least 1 - (1+delta) z^delta + delta z^(1+delta) > 0, times
1-beta. The profit's slope is at most budget (1 + (1-beta) delta) - 1, approached with one large recruit. On a wide tree
X (1 - m^-delta) grows without bound, m > 1.

Capped rates pay c r(c + y) with r(z) = min(cap, floor + slope z), which does not fall. Shapley pays
C / depth of everybody below: what w contributed reaches depth(w) members.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "incentive-networks/tree-certificate/1"
NUMBER = re.compile(r"[0-9]{1,4000}(/0*[1-9][0-9]{0,4000}|(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?)")
ONE = Fraction(1)
Polynomial = dict[tuple[str, ...], Fraction]  # the coefficient of each product of names, sorted
FAMILIES = {
    "geometric_tree": ["decay", "share"],
    "multi_level": ["decay", "share"],
    "linear_luxor": ["budget", "climb"],
    "cdrm_1": ["budget", "penalty"],
    "cdrm_2": ["budget", "penalty"],
    "tdrm": ["decay", "slope", "base", "unit"],
    "linear_pachira": ["budget", "beta", "delta"],
    "capped_rate": ["floor", "slope", "cap"],
    "shapley_tree": [],
}


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


class Ratio:
    """A quotient of polynomials in named variables."""

    def __init__(
        self, above: dict[tuple[str, ...], Fraction], below: dict[tuple[str, ...], Fraction]
    ) -> None:
        self.above, self.below = above, below

    def __add__(self, other: Any) -> Ratio:
        other = ratio(other)
        if self.below == other.below:
            return Ratio(plus(self.above, other.above), self.below)
        above = plus(times(self.above, other.below), times(other.above, self.below))
        return Ratio(above, times(self.below, other.below))

    def __mul__(self, other: Any) -> Ratio:
        other = ratio(other)
        return Ratio(times(self.above, other.above), times(self.below, other.below))

    def __sub__(self, other: Any) -> Ratio:
        return self + ratio(other) * -1

    def __truediv__(self, other: Any) -> Ratio:
        other = ratio(other)
        return self * Ratio(other.below, other.above)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Ratio:
        return ratio(other) - self

    def __rtruediv__(self, other: Any) -> Ratio:
        return ratio(other) / self


class Fold(NamedTuple):
    """What a member sends and is paid: g(c, s) = pay(c, s) - weight log(argument(c, s)), argument >= 1."""

    send: Callable[[Any, Any], Ratio]
    pay: Callable[[Any, Any], Ratio]
    weight: Fraction = Fraction(0)
    argument: Callable[[Any, Any], Ratio] = lambda c, s: ratio(1)


def plus(
    p: dict[tuple[str, ...], Fraction], q: dict[tuple[str, ...], Fraction]
) -> dict[tuple[str, ...], Fraction]:
    """Return the sum of two polynomials."""
    return {m: x for m in p | q if (x := p.get(m, Fraction(0)) + q.get(m, Fraction(0)))}


def times(
    p: dict[tuple[str, ...], Fraction], q: dict[tuple[str, ...], Fraction]
) -> dict[tuple[str, ...], Fraction]:
    """Return the product of two polynomials."""
    product: Polynomial = {}
    for m, x in p.items():
        for n, y in q.items():
            key = tuple(sorted(m + n))
            product[key] = product.get(key, Fraction(0)) + x * y
    return {m: x for m, x in product.items() if x}


def ratio(x: Any) -> Ratio:
    """Return a number, or a variable by its name, as a quotient."""
    if isinstance(x, Ratio):
        return x
    return Ratio({(x,): ONE} if isinstance(x, str) else {(): Fraction(x)} if x else {}, {(): ONE})


def holds(difference: Ratio, *positive: str) -> bool:
    """Return whether a quotient is at least 0 by its coefficients, and above 0 if variables are named that are."""
    if min(difference.below.values()) < 0 or difference.below.get((), 0) == 0:
        return False
    strict = not positive or any(set(m) <= set(positive) for m in difference.above)
    return strict and all(x > 0 for x in difference.above.values())


def sums(fold: Fold, rest: Any, *terms: tuple[int, Any, Any], positive: tuple[str, ...] = ()) -> bool:
    """Return whether rest + (sum of sign g(c, s)) is at least 0, or above 0 for positive variables."""
    total, product = ratio(rest), ratio(1)
    for sign, c, s in terms:
        total += sign * fold.pay(c, s)
        if fold.weight:
            argument = fold.argument(c, s)
            product = product / argument if sign > 0 else product * argument
    total += fold.weight * (1 - 1 / product)
    strictly = fold.weight and any(
        holds(1 - x, *positive) or holds(x - 1, *positive) for x in (product, 1 / product)
    )
    return holds(total, *positive) or bool(positive and strictly and holds(total))


def fold_of(kind: str, p: list[Fraction]) -> Fold | None:
    """Return the fold of a family with checked parameters; None if it is none."""
    if kind in ("geometric_tree", "multi_level", "linear_luxor"):
        a, b = p if kind != "linear_luxor" else (p[1], p[0] * (1 - p[1]))
        own = 0 if kind == "multi_level" else 1
        return Fold(lambda c, s: c + a * s, lambda c, s: b * (own * c + (a if own else 1) * s))
    if kind == "cdrm_1":
        return Fold(lambda c, s: c + s, lambda c, s: (p[0] - p[1] / (1 + c + s)) * c)
    if kind == "cdrm_2":
        return Fold(lambda c, s: c + s, lambda c, s: p[0] * c, p[1], lambda c, s: (1 + c + s) / (1 + s))
    if kind == "tdrm":
        a, slope, base, unit = p
        return Fold(lambda c, s: c + a * s, lambda c, s: slope / unit * c * (c + a * s) + base * c)
    return None


def in_range(kind: str, p: list[Fraction]) -> bool:
    """Return whether non-negative parameters are in the ranges of their family."""
    if kind in ("geometric_tree", "multi_level"):
        return p[0] < 1
    if kind == "linear_luxor":
        return 0 < p[0] <= 1 and p[1] < 1
    if kind in ("cdrm_1", "cdrm_2"):
        return 0 < p[1] <= p[0] <= 1
    if kind == "tdrm":
        return 0 < p[0] < 1 and p[1] > 0 and p[3] > 0
    if kind == "linear_pachira":
        return 0 < p[0] <= 1 and p[1] <= 1 and p[2] > 0
    return kind != "capped_rate" or p[0] <= p[2] <= 1


def check(scheme: Any, certificate: Any) -> list[str]:
    """Return in words what a certificate proves about a scheme, both as read from JSON, or raise Refused."""
    kind = scheme.get("scheme") if isinstance(scheme, dict) else None
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise Refused("the scheme is of no known kind")
    parameters = [number(text) for text in members(scheme, "scheme", *FAMILIES[kind])[1:]]
    if not in_range(kind, parameters):
        raise Refused(f"a parameter of {kind} is out of its range")
    form, claims = members(certificate, "format", "claims")
    if form != FORMAT or not isinstance(claims, list) or not claims:
        raise Refused(f"the certificate must hold at least one claim, in the format {FORMAT}")
    return [check_claim(kind, parameters, *members(entry, "claim", "multipliers")) for entry in claims]


def check_claim(kind: str, parameters: list[Fraction], claim: Any, multipliers: Any) -> str:
    """Check one claim; return it in words."""
    name = claim.get("property") if isinstance(claim, dict) else None
    if not isinstance(name, str) or name not in CLAIMS:
        raise Refused("the claim is about no known property")
    _, *constants = members(claim, "property", *CLAIMS[name])
    if not isinstance(multipliers, dict):
        raise Refused("the multipliers must be a JSON object from names to numbers")
    given = {key: number(text) for key, text in multipliers.items()}
    fold = fold_of(kind, parameters)
    if fold is None:
        proved = not given and by_lemma(kind, parameters, name, constants)
    else:
        proved = by_inequalities(kind, parameters, fold, name, constants, given)
    if not proved:
        raise Refused(f"{name} is not proved of {kind}")
    return " ".join([name, *(f"{key} {value}" for key, value in zip(CLAIMS[name], constants, strict=True))])


CLAIMS = {
    "budget_constraint": ["budget"],
    "budget_balance": [],
    "contribution_incentive": [],
    "solicitation_incentive": [],
    "proportional_reward": ["fraction"],
    "subtree_locality": [],
    "unprofitable_bypassing": [],
    "symmetry": [],
    "additivity": [],
    "unprofitable_sybil_attack": ["structure", "identity_cost"],
    "unprofitable_generalized_sybil_attack": [],
    "unbounded_reward": ["max_children"],
    "profitable_opportunity": [],
    "certain_loss": [],
    "bounded_reward": ["bound"],
}


def by_inequalities(
    kind: str, p: list[Fraction], fold: Fold, name: str, constants: list[Any], given: dict[str, Fraction]
) -> bool:
    """Return whether the inequalities of a claim about a fold hold; exactly the multipliers it needs are given."""
    f, c, s, h = fold.send, ratio("c"), ratio("s"), ratio("h")
    pieces = kind == "tdrm"
    if name == "budget_constraint" and set(given) == {"potential"}:
        x = p[3] * ratio("c") / (1 + c) if pieces else c
        k = given["potential"]
        return holds(f(c, s)) and sums(fold, number(constants[0]) * x + k * s - k * f(x, s), (-1, x, s))
    if name in ("unbounded_reward", "profitable_opportunity") and set(given) == {"slope"}:
        m = children(constants[0]) if constants else None
        level = f(ratio(1), s) if m is None else f(ratio(1), m * s) - s - given["slope"]
        if m is not None and pieces:
            return False
        reached = holds(f(c, ratio(0)), "c") if m is None else holds(level)
        earned = any(sums(fold, given["slope"] * s * -1 * x, (1, c, s)) for x in (1, c))
        return given["slope"] > 0 and reached and earned
    if given:
        return False
    up = holds(f(c, s + h) - f(c, s)) and sums(fold, 0, (1, c, s + h), (-1, c, s))
    if name == "contribution_incentive":
        return sums(fold, 0, (1, c + h, s), (-1, c, s), positive=("h",))
    if name == "solicitation_incentive":
        felt = holds(f(c, ratio(0)), "c") and holds(f(c, s + h) - f(c, s), "h")
        return felt and sums(fold, 0, (1, c, s + h), (-1, c, s), positive=("c", "h"))
    if name == "proportional_reward":
        return sums(fold, number(constants[0]) * c * -1, (1, c, s))
    if name == "budget_balance":
        return not fold.weight and not (fold.pay(c, s) - c).above
    if name == "additivity":
        linear = all(
            set(x.above) <= {("c",), ("s",)} and set(x.below) == {()} for x in (f(c, s), fold.pay(c, s))
        )
        return linear and not fold.weight and not pieces
    if name == "unprofitable_sybil_attack":
        structure, cost = constants[0], number(constants[1])
        return (
            structure in ("any", "chain", "siblings")
            and cost >= 0
            and (pieces or unsplit(fold, structure, up))
        )
    if name == "unprofitable_generalized_sybil_attack":
        return not pieces and unsplit(fold, "any", up) and sums(fold, h, (-1, c + h, s), (1, c, s))
    if name == "certain_loss":
        return sums(fold, c, (-1, c, s), positive=("c",))
    if name == "bounded_reward":
        return sums(fold, number(constants[0]) * c, (-1, c, s))
    return name in ("subtree_locality", "unprofitable_bypassing", "symmetry")


def unsplit(fold: Fold, structure: str, up: bool) -> bool:
    """Return whether identities of a fold may always be joined."""
    f, (c, d, s, t) = fold.send, map(ratio, "cdst")
    siblings = sums(fold, 0, (1, c + d, s + t), (-1, c, s), (-1, d, t))
    if structure == "siblings":
        return siblings
    if structure == "chain":
        t = ratio(0)
    sent = f(d, s)
    joined = sums(fold, 0, (1, c + d, t + s), (-1, c, t + sent), (-1, d, s))
    joined = joined and holds(f(c + d, t + s) - f(c, t + sent)) and up
    return joined and (siblings or structure == "chain")


def by_lemma(kind: str, p: list[Fraction], name: str, constants: list[Any]) -> bool:
    """Return whether a claim about a family that is no fold is true, by the exact condition on its parameters."""
    x = (
        number(constants[0])
        if name in ("budget_constraint", "proportional_reward", "bounded_reward")
        else ONE
    )
    if name == "symmetry":
        return True
    if name == "unprofitable_sybil_attack":
        known = constants[0] in ("any", "chain", "siblings") and number(constants[1]) >= 0
        return known and (kind != "shapley_tree" or constants[0] == "siblings")
    m = children(constants[0]) if name == "unbounded_reward" else None
    if kind == "shapley_tree":
        always = ("budget_balance", "contribution_incentive", "solicitation_incentive", "unbounded_reward")
        least = {"budget_constraint": x >= 1, "proportional_reward": x == 0}
        return least.get(name, name in always or name == "profitable_opportunity")
    if kind == "linear_pachira":
        budget, beta, delta = p
        return {
            "budget_constraint": x >= budget,
            "budget_balance": beta == budget == 1,
            "contribution_incentive": True,
            "solicitation_incentive": beta < 1,
            "proportional_reward": x <= budget * beta,
            "unprofitable_bypassing": True,
            "subtree_locality": beta == 1,
            "additivity": beta == 1,
            "unprofitable_generalized_sybil_attack": budget * (1 + (1 - beta) * delta) <= 1,
            "unbounded_reward": beta < 1 and m != 1,
            "profitable_opportunity": beta < 1 or budget == 1,
            "certain_loss": beta == 1 and budget < 1,
            "bounded_reward": beta == 1 and x >= budget,
        }[name]
    floor, slope, cap = p
    top = cap if slope > 0 else floor
    return {
        "budget_constraint": x >= top,
        "budget_balance": floor == top == 1,
        "contribution_incentive": top > 0,
        "solicitation_incentive": False,
        "proportional_reward": x <= floor,
        "unprofitable_bypassing": True,
        "subtree_locality": True,
        "additivity": floor == top,
        "unprofitable_generalized_sybil_attack": 2 * top - floor <= 1,
        "unbounded_reward": False,
        "profitable_opportunity": top == 1,
        "certain_loss": top < 1,
        "bounded_reward": x >= top,
    }[name]


def children(bound: Any) -> int | None:
    """Return a bound on the number of recruits: null, or a whole number from 1 on."""
    if bound is None or (type(bound) is int and bound >= 1):
        return bound
    raise Refused("max_children must be null or an integer of at least 1")


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


def load(path: str) -> Any:
    """Read a JSON file; an object that repeats a name is refused."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Refused(f"{path} repeats a name in a JSON object")
        return dict(pairs)

    return json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=unique)


def main(arguments: list[str]) -> int:
    """Check the files named on the command line; return the exit code."""
    if len(arguments) != 2:
        print("usage: python -m proofs.check_tree SCHEME.json CERTIFICATE.json", file=sys.stderr)
        return 2
    try:
        print(*(f"accepted: {claim}" for claim in check(*map(load, arguments))), sep="\n")
        return 0
    except Refused as reason:
        print(f"refused: {reason}")
        return 1
    except (OSError, ValueError, RecursionError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
