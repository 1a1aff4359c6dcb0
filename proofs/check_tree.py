"""Check what a certificate proves about a tree scheme in every referral forest, in exact arithmetic.

Run ``python -m proofs.check_tree SCHEME.json CERTIFICATE.json``, or this file under ``python -I -S``: it needs the
standard library only. Exit code 0: every claim holds; 1: refused; 2: a file cannot be read.

LOCAL FOLDS. Who contributes c and gets the sum s of the messages of its recruits sends f(c, s) and is paid g(c, s):
rational functions, and theta log(P / Q). They are local and symmetric, and bypassing changes nothing. The rest follows
from inequalities for variables of at least 0: over a positive denominator no coefficient is negative; strictly where
some variables are positive, if a monomial in these alone has a positive one. log(P / Q) >= (P - Q) / P is used.

budget      g + k f <= budget c + k s, k the "potential"; summed, as every message is received at most once.
balance     g = c.             additivity   f and g are additive, so linear: a level weighs its contributions alike.
CCI         g(c+h, s) > g(c, s) if h > 0.                             RPC   g >= fraction c.
CSI         f(h, 0) > 0 and f(c, s+h) > f(c, s) if h > 0, g(c, s+h) > g(c, s) if c > 0 too: the newcomer is a leaf.
URO         g >= kappa s c / (1+c), f >= tau c + rho s, kappa, tau > 0: m recruits of c make s >= m tau c; with at most
            k recruits each, k rho >= 1, full trees of equal c: s >= k tau c (1 + k rho + (k rho)^2 + ...).
no URO      g <= phi c + kappa s, f <= tau c + rho s, kappa = 0 or k rho < 1: then s <= k tau c / (1 - k rho).
PO          as URO, or g(c, 0) >= c.                                  no PO   g(c, s) < c if c > 0.
USA         chain: g(c, t + f(h, s)) + g(h, s) <= g(c+h, t + s), one identity absorbs one right below that has no
            identity above it, whatever else (t) it recruited; t = 0 if identities are a path. siblings: g(c, s) +
            g(h, t) <= g(c+h, s+t). Any: both; absorb from the top until none is below another, then unite the rest.
UGSA        USA, and g(c+h, s) - g(c, s) <= h.

"max_children" = k: at most k recruits each, and nobody below u contributes more than u. Lemmas on other families:

TDRM. Pieces 0 < x <= unit are a fold, f = x + a s, g = (slope / unit) x (x + a s) + base x. Sums over pieces: budget
(x = unit z / (1+z)), RPC. As C(u) grows so does its top piece, then a new one starts above it: CCI. Who contributes 0
passes s on: CSI holds, and PO, URO, as two recruits each suffice, those between contributing 0; on a path s <= unit /
(1-a). USA: cut identities into pieces, ancestors first, X in all before x. With H(X) = a x_1 + a^2 x_2 + ... for
X = x_1 + x_2 + ... = unit + ... + unit + rest, x earns with those above at most x H(X), and a message y from outside
at most y H(C(u)), as much as unsplit; these times slope / unit. Unsplit, the pieces earn G(C) by themselves, with
G' = 2 r + H(m unit) at C = m unit + r, r <= unit. At X = C, G(X+x) - G(X) exceeds x^2 + x H(X) by r x (2 - a^(m+1)) if
r + x <= unit, else by (unit-r) (unit-x) (2 - a^(m+1)). UGSA fails: going from half a unit to one pays if s is large.

CAPPED RATE that is not constant, R = x rate(x+y): rates are in [floor, cap], reach cap and never fall. Splitting
lowers them; the largest marginal reward is 2 cap - floor, right below the cap for y = 0 (UGSA).

L-PACHIRA, beta < 1: R = budget (beta x + (1-beta) (X^e - sum y^e) / T^d), e = 1 + d, X and y what subtrees contribute,
T what all do; if T = 0 nobody is paid. One root is paid budget T, more less. X^e >= sum y^e: RPC, USA siblings; a chain
breaks even. dR / dx = budget (beta + (1-beta) (F(z) + d sum w^e)), F(z) = e z^d - d z^e, z = X / T, w = y / T, is
positive (CCI), its supremum at z = w = 1 (UGSA); F rises on [0, 1] (CSI). In full binary trees X^e / T^d - 2 y^e / T^d
>= 2 y (1 - 2^-d): PO, URO; on a path R <= budget x (beta + (1-beta) e).
PACHIRA, LUXOR are chances: scale rules out most. Pachira splits as L-Pachira and pays 1 in all forests iff beta = 1.
Luxor, q = climb, is linear in the tickets; n fakes raise the worth 1 - q of one to at most 1 - q^(n+1).
SHAPLEY, R = sum of C / depth: every C(w) is shared by depth(w). Siblings break even; 1/d + 1/(d+1) + ... diverges.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["FORMAT", "Refused", "check"]
FORMAT = "incentive-networks/tree-certificate/1"
NUMBER = re.compile(r"[0-9]{1,4000}(/0*[1-9][0-9]{0,4000}|(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?)")
BC, BB, CCI, CSI = "budget_constraint", "budget_balance", "contribution_incentive", "solicitation_incentive"
RPC, PO, URO = "proportional_reward", "profitable_opportunity", "unbounded_reward"
SL, USB, SYM = "subtree_locality", "unprofitable_bypassing", "symmetry"
USA, UGSA = "unprofitable_sybil_attack", "unprofitable_generalized_sybil_attack"
DLD, ZVR, NO_PO, NO_URO = "additivity", "zero_value_root", f"not {PO}", f"not {URO}"
PARAMETERS: dict[str, list[str]] = {name: [] for name in (BB, CCI, CSI, PO, SL, USB, UGSA, SYM, DLD, ZVR)} | {
    BC: ["budget"],
    RPC: ["fraction"],
    URO: ["max_children"],
    USA: ["structure", "identity_cost"],
}
Polynomial = dict[tuple[int, ...], Fraction]  # from exponents of four variables to coefficients
ZERO, ONE = Fraction(0), Fraction(1)
UNIT: Polynomial = {(0, 0, 0, 0): ONE}


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


def plus(p: Polynomial, q: Polynomial, factor: Fraction = ONE) -> Polynomial:
    """Return p + factor q."""
    return {m: p.get(m, ZERO) + factor * q.get(m, ZERO) for m in p | q}


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return p q."""
    product: Polynomial = {}
    for m, x in p.items():
        for n, y in q.items():
            exponents = tuple(i + j for i, j in zip(m, n, strict=True))
            product[exponents] = product.get(exponents, ZERO) + x * y
    return product


class Value:
    """above / below + theta log(top / bottom); the last three have a constant term > 0 and no coefficient < 0."""

    def __init__(
        self, above: Polynomial, below: Polynomial = UNIT, top: Polynomial = UNIT, bottom: Polynomial = UNIT
    ) -> None:
        self.above, self.below, self.top, self.bottom = above, below, top, bottom

    def __add__(self, y: Value) -> Value:
        above = plus(times(self.above, y.below), times(y.above, self.below))
        top, bottom = times(self.top, y.top), times(self.bottom, y.bottom)
        return Value(above, times(self.below, y.below), top, bottom)

    def __sub__(self, y: Value) -> Value:
        return self + Value(plus({}, y.above, -ONE), y.below, y.bottom, y.top)

    def __mul__(self, y: Value | Fraction) -> Value:  # without logarithms
        factor = Value(plus({}, UNIT, y)) if isinstance(y, Fraction) else y
        return Value(times(self.above, factor.above), times(self.below, factor.below))

    def __truediv__(self, y: Value) -> Value:  # likewise
        return self * Value(y.below, y.above)


E, NOTHING = Value(UNIT), Value({})
C, H, S, T = (Value({tuple(int(i == j) for j in range(4)): ONE}) for i in range(4))
Function = Callable[[Value, Value], Value]


class Claim(NamedTuple):
    """A property, named with "not " if it is denied; its number; its structure; how many may be recruited."""

    name: str
    amount: Fraction
    structure: str
    most: int | None


class Fold(NamedTuple):
    """Its message and reward, theta, and its largest c."""

    message: Function
    reward: Function
    theta: Fraction = ZERO
    largest: Fraction | None = None


def geometric(a: Fraction, b: Fraction) -> Fold:
    """Return the fold that pays b per unit contributed, less by a per step; with a = 0 for the own ones only."""
    return Fold(lambda c, s: c + s * a, lambda c, s: (c + s * a) * b)


def lemmas(kind: str, claim: Claim, p: list[Fraction]) -> dict[str, bool]:
    """Return which properties a family has, as far as lemmas say and inequalities for a fold do not."""
    amount, siblings, path = claim.amount, claim.structure == "siblings", claim.most == 1
    local, branching = {SL: True, USB: True, SYM: True}, {PO: True, URO: not path, NO_URO: path}
    lottery = {RPC: amount == 0, NO_PO: True, NO_URO: True, USB: True, SYM: True}
    if kind == "tdrm":
        return local | branching | {USA: True, UGSA: False}
    if kind == "capped_rate" and not is_constant(kind, p):
        floor, _, cap = p
        told = {
            BC: cap <= amount,
            CCI: True,
            RPC: amount <= floor,
            PO: cap == 1,
            NO_PO: cap < 1,
            NO_URO: True,
        }
        return local | told | {USA: True, UGSA: 2 * cap - floor <= 1}
    if kind == "linear_pachira" and not is_constant(kind, p):
        budget, beta, delta = p
        told = {
            BC: budget <= amount,
            CCI: True,
            CSI: True,
            RPC: amount <= budget * beta,
            USB: True,
            SYM: True,
        }
        return branching | told | {USA: True, UGSA: budget * (1 + (1 - beta) * delta) <= 1}
    if kind == "pachira":
        return lottery | {USA: True, ZVR: p[0] == 1}
    if kind == "luxor":
        return lottery | {USA: siblings or p[0] * (1 - p[0]) <= amount, ZVR: p[0] == 0}
    if kind == "shapley_tree":
        told = {BC: amount >= 1, BB: True, CCI: True, CSI: True, RPC: amount == 0, PO: True, URO: True}
        return told | {USA: siblings, SYM: True}
    return local


def is_constant(kind: str, p: list[Fraction]) -> bool:
    """Return whether everybody is paid the same share of its own contribution, in two families."""
    return p[1] == 0 or p[0] == p[2] if kind == "capped_rate" else p[1] == 1


def fold(kind: str, p: list[Fraction]) -> Fold | None:
    """Return a family as a fold, if it is one."""
    if kind == "geometric_tree":
        return geometric(*p)
    if kind == "linear_luxor":
        return geometric(p[1], p[0] * (1 - p[1]))
    if kind == "multi_level":
        return geometric(*p)._replace(reward=lambda c, s: s * p[1])
    if kind == "cdrm_1":
        return Fold(lambda c, s: c + s, lambda c, s: c * p[0] - c * p[1] / (E + c + s))
    if kind == "cdrm_2":
        return Fold(lambda c, s: c + s, lambda c, s: c * p[0] + log((E + s) / (E + c + s)), p[1])
    if kind == "tdrm":
        a, slope, base, unit = p
        reward: Function = lambda c, s: (c + s * a) * c * (slope / unit) + c * base  # noqa: E731
        return geometric(a, base)._replace(reward=reward, largest=unit)
    return (
        geometric(ZERO, p[0]) if kind in ("capped_rate", "linear_pachira") and is_constant(kind, p) else None
    )


def log(y: Value) -> Value:
    """Return theta times the logarithm of a ratio."""
    return Value({}, UNIT, y.above, y.below)


FAMILIES: dict[
    str, tuple[list[str], Callable[..., bool]]
] = {  # their parameters, all at least 0, and the rest
    "geometric_tree": (["decay", "share"], lambda a, b: a < 1),
    "linear_luxor": (["budget", "climb"], lambda budget, climb: 0 < budget <= 1 and climb < 1),
    "multi_level": (["decay", "share"], lambda a, b: a < 1),
    "cdrm_1": (["budget", "penalty"], lambda budget, theta: 0 < theta <= budget <= 1),
    "cdrm_2": (["budget", "penalty"], lambda budget, theta: 0 < theta <= budget <= 1),
    "tdrm": (["decay", "slope", "base", "unit"], lambda a, slope, base, unit: 0 < a < 1 and slope * unit > 0),
    "capped_rate": (["floor", "slope", "cap"], lambda floor, slope, cap: floor <= cap <= 1),
    "linear_pachira": (["budget", "beta", "delta"], lambda b, beta, d: 0 < b <= 1 and beta <= 1 and d > 0),
    "pachira": (["beta", "delta"], lambda beta, delta: beta <= 1 and delta > 0),
    "luxor": (["climb"], lambda climb: climb < 1),
    "shapley_tree": ([], lambda: True),
}


def check(scheme: Any, certificate: Any) -> list[str]:
    """Return in words what a certificate proves about a scheme, both as read from JSON, or raise Refused."""
    kind = scheme.get("scheme") if isinstance(scheme, dict) else None
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise Refused("the scheme is of no known kind")
    names, in_range = FAMILIES[kind]
    p = [number(text) for text in members(scheme, "scheme", *names)[1:]]
    require(in_range(*p), "the parameters of the scheme are out of range")
    form, claims = members(certificate, "format", "claims")
    if form != FORMAT or not isinstance(claims, list) or not claims:
        raise Refused(f"the certificate must hold at least one claim, in the format {FORMAT}")
    return [check_claim(kind, p, *members(entry, "claim", "multipliers")) for entry in claims]


def read_claim(document: Any) -> Claim:
    """Return the claim that a JSON document makes."""
    name = document.get("property") if isinstance(document, dict) else None
    if not isinstance(name, str) or name not in PARAMETERS:
        raise Refused("the claim is about no known property")
    given = members(document, "property", *PARAMETERS[name])[1:]
    if name == URO:
        most = given[0]
        require(most is None or (type(most) is int and most > 0), "max_children must be null or at least 1")
        return Claim(name, ZERO, "any", most)
    structure = given[0] if name == USA else "any"
    require(structure in ("any", "chain", "siblings"), 'the structure must be "any", "chain" or "siblings"')
    return Claim(name, number(given[-1]) if given else ZERO, structure, None)


def check_claim(kind: str, p: list[Fraction], document: Any, multipliers: Any) -> str:
    """Check one claim; return it in words."""
    denied = isinstance(document, dict) and "not" in document
    told = members(document, "not")[0] if denied else document
    claim = read_claim(told)
    if denied:
        claim = claim._replace(name=f"not {claim.name}")
    known, form = lemmas(kind, claim, p), fold(kind, p)
    if claim.name in known or form is None:
        members(multipliers)  # none
        require(known.get(claim.name, False), f"{kind} with these parameters: {claim.name} does not follow")
    else:
        check_fold(form, claim, multipliers)
    words = [claim.name.replace("_", " ")]
    words += [f"with {key} = {x}" for key, x in told.items() if key != "property" and x is not None]
    return " ".join([*words, "in every forest"])


def check_fold(form: Fold, claim: Claim, multipliers: Any) -> None:
    """Check the inequalities that prove a claim about a local fold."""
    f, g, name, most = form.message, form.reward, claim.name, claim.most
    if name == BC:
        k = number(*members(multipliers, "potential"))
        x = C if form.largest is None else C * form.largest / (E + C)
        tests = [x * claim.amount + S * k - g(x, S) - f(x, S) * k]
    elif name == URO or (name == PO and multipliers):
        kappa, tau, rho = map(number, members(multipliers, "kappa", "tau", "rho"))
        require(kappa > 0 and tau > 0, "kappa and tau must be above 0")
        require(most is None or most * rho >= 1, "max_children * rho must be at least 1")
        tests = [g(C, S) - S * C * kappa / (E + C), f(C, S) - C * tau - S * rho]
    elif name == NO_URO:
        phi, kappa, tau, rho = map(number, members(multipliers, "phi", "kappa", "tau", "rho"))
        few = most is not None and most * rho < 1
        require(kappa == 0 or few, "kappa must be 0, or max_children * rho below 1")
        tests = [C * phi + S * kappa - g(C, S), C * tau + S * rho - f(C, S)]
    else:
        members(multipliers)  # none
        tests = inequalities(form, claim)
    positive = {NO_PO: [{0}], CCI: [{1}], CSI: [{1}, {1}, {0, 1}]}.get(name, [set[int]()] * len(tests))
    for i, (value, strict) in enumerate(zip(tests, positive, strict=True), 1):
        require(is_nonnegative(value, form.theta, strict), f"{name}: inequality {i} does not follow")


def inequalities(form: Fold, claim: Claim) -> list[Value]:
    """Return what must not be negative for a property that needs no multipliers."""
    f, g, name = form.message, form.reward, claim.name
    if name == PO:
        return [g(C, NOTHING) - C]
    if name == NO_PO:
        return [C - g(C, S)]
    if name == BB:
        return [g(C, S) - C, C - g(C, S)]
    if name == DLD:
        excess = [u(C + H, S + T) - u(C, S) - u(H, T) for u in (f, g)]
        return [*excess, *(NOTHING - value for value in excess)]
    if name == CCI:
        return [g(C + H, S) - g(C, S)]
    if name == CSI:
        return [f(H, NOTHING), f(C, S + H) - f(C, S), g(C, S + H) - g(C, S)]
    if name == RPC:
        return [g(C, S) - C * claim.amount]
    require(name in (USA, UGSA), f"{name} does not follow for a local fold")
    t = NOTHING if claim.structure == "chain" else T
    chain = g(C + H, t + S) - g(C, t + f(H, S)) - g(H, S)
    siblings = g(C + H, S + T) - g(C, S) - g(H, T)
    if name == UGSA:
        return [chain, siblings, H - g(C + H, S) + g(C, S)]
    return {"any": [chain, siblings], "chain": [chain], "siblings": [siblings]}[claim.structure]


def is_nonnegative(value: Value, theta: Fraction, strict: set[int]) -> bool:
    """Return whether no coefficient is negative; if variables are positive, whether some term in them is too."""
    excess = plus(value.top, value.bottom, -ONE)
    bound = plus(times(value.above, value.top), times(excess, value.below), theta)
    # The bound on the logarithm is strict unless top = bottom.
    apart = [plus({}, excess, theta), plus({}, excess, -theta)]
    signs = [p for p in (bound, *apart) if min(p.values(), default=ZERO) >= 0]
    return bound in signs and (not strict or any(has_term(p, strict) for p in signs))


def has_term(p: Polynomial, variables: set[int]) -> bool:
    """Return whether some term in certain variables alone is positive."""
    return any(x > 0 and all(e == 0 or i in variables for i, e in enumerate(m)) for m, x in p.items())


def require(holds: bool, otherwise: str) -> None:
    """Refuse unless something holds."""
    if not holds:
        raise Refused(otherwise)


def number(text: Any) -> Fraction:
    """Return the rational that a text such as "1/5", "0.2" or "2e-1" spells; none is negative."""
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise Refused('a number must be a text such as "1/5" or "0.2"')
    return Fraction(text)


def members(document: Any, *names: str) -> list[Any]:
    """Return the members of a JSON object, which must be exactly those named."""
    if not isinstance(document, dict) or set(document) != set(names):
        raise Refused(f"expected a JSON object with the members {list(names)}")
    return [document[name] for name in names]


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
    except Refused as reason:
        print(f"refused: {reason}")
        return 1
    except (OSError, ValueError, RecursionError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
