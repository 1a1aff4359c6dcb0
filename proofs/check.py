"""Check a certificate against a reward scheme in exact arithmetic, trusting neither.

Run ``python -m proofs.check SCHEME.json CERTIFICATE.json``, or this file under ``python -I -S``: it needs
the standard library only. Exit code 0: every claim holds; 1: refused; 2: a file cannot be read.

A scheme pays the share R(l, j) >= 0 of the prize to the member j steps above a finder at depth l, for l >= 1 and
0 <= j < l. A claim says that what `inequalities` lists for its property holds for every l. "max_depth": H claims it for
l <= H, of the scheme cut at H; all of it is recomputed. If chains longer than L are paid nothing, it is recomputed for
l <= L + 1, since longer chains say the same again. Other families are judged by the arguments below, where

    S_k(l, j) = R(l+k, j) + R(l+k, j+1) + ... + R(l+k, j+k)   is paid to k + 1 members, or one with k fake identities.

POWER TERMS: R(l, j) is a sum of terms s p^(l-1) q^j, with 0^0 = 1. For a term, with a = p, b = p q,

    S_k(l, j) = g_k R(l, j)   and   R(l, 0) + ... + R(l, l-1) = s g_(l-1),   g_k = a^k + a^(k-1) b + ... + b^k.

Ceilings on g for every term prove sybil-proofness and the budget. The certificate says where they are, its "peaks":
k        g_(k-1) <= g_k >= g_(k+1) and g_k > 0, where g_(-1) = 0. As g_k^2 - g_(k-1) g_(k+1) = (a b)^k >= 0,
         the ratio g_(k+1) / g_k never rises, and no g exceeds g_k. (If p = 0, then g = 1, 0, 0, ... and k = 0.)
"limit"  if M = max(a, b) <= 1 and m = min(a, b) < 1: g_k <= 1 + m + m^2 + ... = 1 / (1 - m).
If identities are few or cost c each, a "horizon" h proves sybil-proofness: k <= h is recomputed. If M <= 1 in all
terms, the lone finder has most to gain, as R(l, j) <= s, and as g_(k+1) = M g_k + m^(k+1) an identity after the first h
earns at most the sum of s m^(h+1). If M > 1, g_k <= 1 + epsilon is demanded. Collusion-proof: every g_k >= M^k >= 1.
Budget balance is an identity between 2 n + 1 exponentials in l, n the number of terms: l <= 2 n + 1 decides it.

EQUAL SPLIT, R = 1 / l: S_k / R = (k+1) l / (l+k) is at least 1 and below k + 1. If identities cost c, then
S_k <= R + k c if k c >= 1, for S_k <= 1, and if l c >= 2, for S_k <= 2 k / l. The rest is recomputed.

BALANCED GEOMETRIC, R(l, j) = (1-r) r^j / (1-r^l): S_k / R = (1-r^(k+1)) (1-r^l) / ((1-r) (1-r^(l+k))) is below
1 + r + ... + r^k, and at least 1, as (1-r^(k+1)) (1-r^l) - (1-r) (1-r^(l+k)) = (r-r^l) (1-r^k). If identities cost c,
the finder has most to gain; with y = r^l, Q(y) = k c (1-y) (1-r^k y) - (1-r^(k+1)) (1-y) + (1+epsilon) (1-r) (1-r^k y)
>= 0 is needed where k c < 1. Q is convex, so for l >= h it suffices that Q(0) + min(0, Q'(0)) r^h >= 0.

DIRECT REFERRAL with 0 < c <= 1, R(l, 0) = 1 - c (l-1) and R(l, 1) = c while 1 - c (l-1) >= 0, and 0 beyond: a chain is
paid at most 1; a finder that splits gets at most R(l+1, 0) + R(l+1, 1) <= R(l, 0), its recruiter at most c, others 0.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil, floor
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "incentive-networks/certificate/1"
LARGEST_PEAK = 10_000
MOST_WORK = 2_000_000  # inequalities, weighed by the length of their numbers: some seconds
LONGEST_CHAIN = 600  # of those looked at where identities cost something and nothing is a ceiling
NUMBER = re.compile(r"[0-9]{1,4000}(/0*[1-9][0-9]{0,4000}|(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?)")
ZERO, ONE = Fraction(0), Fraction(1)
PROPERTIES = {  # and the bound in their inequalities
    "within_budget": [],
    "budget_balanced": [],
    "sybil_proof": ["epsilon"],
    "collusion_proof": ["epsilon"],
    "recruiter_share": ["delta"],
    "rho_split": ["rho"],
    "finder_share": ["gamma"],
    "individual_rationality": ["cost"],
    "monotone": [],
    "reward_cap": ["cap"],
    "subtree_local": [],
}
OPTIONAL: dict[str, dict[str, Any]] = {
    "sybil_proof": {"identity_cost": "0", "identities": None},
    "within_budget": {"budget": "1"},
}
POWERS: dict[str, Any] = {  # kind: the names of its parameters, and its term (s, p, q)
    "finder_takes_all": ([], lambda: (ONE, ONE, ZERO)),
    "recursive": (["ratio"], lambda ratio: (1 - ratio, ONE, ratio)),
    "geometric": (["first", "ratio"], lambda first, ratio: (first, ONE, ratio)),
    "double_geometric": (["b"], lambda b: (ONE, 1 - b, b / (1 - b) if b < 1 else -b)),
    "power": (["scale", "p", "q"], lambda scale, p, q: (scale, p, q)),
}


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


class Scheme(NamedTuple):
    """The rewards of a chain, the length beyond which there are none, power terms, and r of balanced geometric."""

    row: Callable[[int], list[Fraction]]
    longest: int | None = None
    terms: tuple[tuple[Fraction, Fraction, Fraction], ...] = ()
    ratio: Fraction = ONE
    is_referral: bool = False


class Claim(NamedTuple):
    """A property with its bound; what a fake identity costs and how many there are at most; the longest chain."""

    name: str
    bound: Fraction
    cost: Fraction
    most: int | None
    depth: int | None


def check(scheme: Any, certificate: Any) -> list[str]:
    """Return in words what a certificate proves about a scheme, both as read from JSON, or raise Refused."""
    rewards = read_scheme(scheme)
    form, claims = members(certificate, "format", "claims")
    require(form == FORMAT and array(claims) != [], f"there must be at least one claim, in {FORMAT}")
    return [check_claim(rewards, *members(entry, "claim", "multipliers")) for entry in claims]


def read_scheme(document: Any) -> Scheme:
    """Return the scheme that a JSON document describes."""
    kind = document.get("scheme") if isinstance(document, dict) else None
    if kind == "equal_split":
        members(document, "scheme")
        return Scheme(lambda n: [Fraction(1, n)] * n)
    if kind == "balanced_geometric":
        r = number(members(document, "scheme", "ratio")[1])
        require(0 < r < 1, "the ratio must be above 0 and below 1")
        return Scheme(lambda n: [(1 - r) * r**j / (1 - r**n) for j in range(n)], ratio=r)
    if kind == "path_table":
        _, rewards = members(document, "scheme", "rewards")
        table = [[number(reward) for reward in array(row)] for row in array(rewards)]
        if not table or any(len(row) != length for length, row in enumerate(table, 1)):
            raise Refused("row l of a table must hold l rewards, l = 1, 2, ...")
        return stopping(len(table), lambda n: table[n - 1])
    if kind == "constant_split":
        parts = count(members(document, "scheme", "members")[1])
        return stopping(parts, lambda n: [Fraction(1, parts)] * n)
    if kind == "almost_uniform":
        _, text, levels = members(document, "scheme", "beta", "height")
        beta, height = number(text), count(levels)
        require(beta > 0, "beta must be above 0")
        total = 1 + beta * height
        return stopping(height, lambda n: [(total - beta * (n - 1)) / total, *[beta / total] * (n - 1)])
    if kind == "direct_referral":
        c = number(members(document, "scheme", "referral")[1])
        require(0 < c <= 1, "the referral must be above 0 and at most 1")
        paid = stopping(floor(1 / c) + 1, lambda n: [1 - c * (n - 1), c, *[ZERO] * n][:n])
        return paid._replace(is_referral=True)
    if kind == "power_sum":
        terms = array(members(document, "scheme", "terms")[1])
        return powers([[*map(number, array(term))] for term in terms])
    if not isinstance(kind, str) or kind not in POWERS:
        raise Refused("the scheme is of no known kind")
    names, term_of = POWERS[kind]
    return powers([term_of(*map(number, members(document, "scheme", *names)[1:]))])


def stopping(longest: int, row: Callable[[int], list[Fraction]]) -> Scheme:
    """Return a scheme that pays nobody on longer chains."""
    return Scheme(lambda n: row(n) if n <= longest else [ZERO] * n, longest)


def powers(given: list[Any]) -> Scheme:
    """Return a sum of power terms; s = 0 pays nothing, whatever p and q."""
    if not given or any(len(term) != 3 or min(term) < 0 for term in given):
        raise Refused("there must be terms of three numbers of at least 0")
    terms = tuple((s, p, q) if s > 0 else (s, s, s) for s, p, q in given)
    return Scheme(
        lambda n: [sum((s * p ** (n - 1) * q**j for s, p, q in terms), ZERO) for j in range(n)], terms=terms
    )


def read_claim(document: Any) -> Claim:
    """Return the claim that a JSON document makes."""
    name = document.get("property") if isinstance(document, dict) else None
    if not isinstance(name, str) or name not in PROPERTIES:
        raise Refused("the claim is about no known property")
    more = OPTIONAL.get(name, {})
    _, depth, *given = members(more | document, "property", "max_depth", *PROPERTIES[name], *more)
    bound, cost, most = [*given, "0", None] if len(given) == 1 else given or ["0", "0", None]
    if name == "recruiter_share" and bound is None:
        name, bound = "recruiter_share above 0", "0"
    depth, most = (None if x is None else whole(x) for x in (depth, most))
    return Claim(name, number(bound), number(cost), most, depth)


def check_claim(scheme: Scheme, document: Any, multipliers: Any) -> str:
    """Check one claim; return it in words."""
    claim = read_claim(document)
    name, last = claim.name, claim.depth
    if scheme.longest is not None:
        last = min(last or scheme.longest + 1, scheme.longest + 1)
    promised = name == "sybil_proof" or (name == "within_budget" and claim.bound >= 1)
    if scheme.is_referral and promised:  # cut or not
        members(multipliers)  # none
    elif last is not None:
        members(multipliers)  # none
        check_chains(scheme, claim, last)
    elif isinstance(multipliers, dict) and "horizon" in multipliers and name == "sybil_proof":
        horizon = whole(*members(multipliers, "horizon"), least=0, most=LARGEST_PEAK)
        (check_horizon if scheme.terms else check_costs)(scheme, claim, horizon)
    elif scheme.terms and name in ("sybil_proof", "within_budget"):
        tops = ceilings(scheme, multipliers)
        paid = sum(s * top for (s, _, _), top in zip(scheme.terms, tops, strict=True))
        holds = paid <= claim.bound if name == "within_budget" else max(tops) <= 1 + claim.bound
        require(holds, "the ceiling of g_0, g_1, ... is too high")
    elif scheme.terms and name == "budget_balanced":
        members(multipliers)  # none
        check_chains(scheme, claim, 2 * len(scheme.terms) + 1)
    else:
        members(multipliers)  # none
        require(holds_at_every_length(scheme, claim), f"the closed form does not show {name}")
    words = [document["property"].replace("_", "-" if name.endswith("proof") else " ")]
    words += [f"with {key} = {x}" for key, x in document.items() if key not in ("property", "max_depth")]
    words.append("at every length" if claim.depth is None else f"in chains of length at most {claim.depth}")
    return " ".join(words)


def check_chains(scheme: Scheme, claim: Claim, last: int) -> None:
    """Check every inequality of a claim in chains of at most that length."""
    rows, work, several = list[list[Fraction]](), 0, claim.name in ("sybil_proof", "collusion_proof")
    for n in range(1, last + 1):
        rows.append(scheme.row(n))
        work = spent(work, n * (min(n, claim.most or n) if several else 3), sum(rows[-1], ZERO))
        for holds, text in inequalities(claim, rows, n):
            require(holds, f"{text} fails")


def inequalities(claim: Claim, rows: list[list[Fraction]], n: int) -> Iterator[tuple[bool, str]]:
    """Yield what a claim says of chains of length n: of attacked ones, and of honest ones whose members merge."""
    name, bound, row = claim.name, claim.bound, rows[n - 1]
    if name == "within_budget":
        yield sum(row) <= bound, f"R({n}, 0) + ... + R({n}, {n - 1}) <= {bound}"
    elif name == "budget_balanced":
        yield sum(row) == 1, f"R({n}, 0) + ... + R({n}, {n - 1}) = 1"
    elif name == "recruiter_share above 0":
        yield all(row) or not any(row), f"R({n}, j) > 0 for all j or for none"
    elif name == "recruiter_share":
        yield all(y >= bound * x for x, y in pairwise(row)), f"R({n}, j+1) >= delta R({n}, j)"
    elif name == "rho_split":
        yield all(y == bound * x for x, y in pairwise(row)), f"R({n}, j+1) = rho R({n}, j)"
    elif name == "finder_share":
        yield row[0] >= bound, f"R({n}, 0) >= gamma"
    elif name == "monotone":
        yield all(y <= x for x, y in pairwise(row)), f"R({n}, j+1) <= R({n}, j)"
    elif name == "reward_cap":
        yield max(row) <= bound, f"R({n}, j) <= cap"
    elif name == "subtree_local":  # every length as the one before, so all alike
        yield n == 1 or row[:-1] == rows[n - 2], f"R({n}, j) = R({n - 1}, j) for j < {n - 1}"
    elif name == "individual_rationality":
        yield min(row) >= bound, f"R({n}, j) >= cost"
    else:
        sums = [ZERO, *accumulate(row)]
        for k in range(1, n if claim.most is None else min(n, claim.most + 1)):
            for j, one in enumerate(rows[n - k - 1]):
                place, several = f"({n - k}, {j})", sums[j + k + 1] - sums[j]
                if name == "collusion_proof":
                    yield one <= (1 + bound) * several, f"R{place} <= (1 + epsilon) S_{k}{place}"
                else:
                    fair = several <= (1 + bound) * one + k * claim.cost
                    yield fair, f"S_{k}{place} <= (1 + epsilon) R{place} + {k} identity_cost"


def holds_at_every_length(scheme: Scheme, claim: Claim) -> bool:
    """Return whether a claim without multipliers follows from a closed form."""
    name, bound, terms, r, most = claim.name, claim.bound, scheme.terms, scheme.ratio, claim.most
    ratios = [q for s, p, q in terms if s * p > 0] if terms else [r]  # R(l, j+1) / R(l, j), term by term
    if name == "sybil_proof" and r == 1:
        return most is not None and bound >= most
    if name == "sybil_proof":
        spent(0, 1, r, min(most or 0, LARGEST_PEAK) + 1)
        return bound * (1 - r) >= r - (0 if most is None or most > LARGEST_PEAK else r ** (most + 1))
    if name == "recruiter_share above 0":  # one term suffices
        return not ratios or max(ratios) > 0
    if name == "recruiter_share":
        return all(ratio >= bound for ratio in ratios)
    if name == "rho_split":
        return all(ratio == bound for ratio in ratios)
    if name == "finder_share":
        return bound <= (sum(s for s, p, _ in terms if p >= 1) if terms else 1 - r)
    if name == "individual_rationality":
        return bound <= sum(s for s, p, q in terms if min(p, p * q) >= 1)
    if name == "monotone":
        return all(ratio <= 1 for ratio in ratios)
    if name == "subtree_local":
        return bool(terms) and all(s == 0 or p == 1 for s, p, _ in terms)
    if name in ("reward_cap", "within_budget"):  # a chain of length 1 is paid the most
        calm = all(s == 0 or max(p, p * q) <= 1 for s, p, q in terms)
        return calm and bound >= (sum(s for s, _, _ in terms) if terms else 1)
    # no collusion pays; the rest is paid 1 in all
    return all(s == 0 or max(p, p * q) >= 1 for s, p, q in terms)


def ceilings(scheme: Scheme, multipliers: Any) -> list[Fraction]:
    """Return a bound on every g_k of each term."""
    peaks = members(multipliers, "peak") if len(scheme.terms) == 1 else array(*members(multipliers, "peaks"))
    require(len(peaks) == len(scheme.terms), "there must be a peak for each term")
    return [ceiling(p, p * q, peak) for (_, p, q), peak in zip(scheme.terms, peaks, strict=True)]


def ceiling(a: Fraction, b: Fraction, peak: Any) -> Fraction:
    """Return a bound on every g_k = a^k + a^(k-1) b + ... + b^k, after checking that it is one."""
    if peak == "limit":
        require(max(a, b) <= 1 and min(a, b) < 1, "a limit needs p <= 1 and p q <= 1, and not both 1")
        return 1 / (1 - min(a, b))
    if type(peak) is not int or not 0 <= peak <= LARGEST_PEAK:
        raise Refused(f'a peak must be "limit" or an integer in 0..{LARGEST_PEAK}')
    g = [growth(a, b, k) for k in (peak - 1, peak, peak + 1)]
    require(g[0] <= g[1] >= g[2] and g[1] > 0, f"g has no peak at {peak}")
    return g[1]


def growth(a: Fraction, b: Fraction, k: int) -> Fraction:
    """Return g_k; g_(-1) = 0."""
    spent(0, 1, a + b, k + 1)
    return (k + 1) * a ** abs(k) if a == b else (a ** (k + 1) - b ** (k + 1)) / (a - b)


def check_horizon(scheme: Scheme, claim: Claim, h: int) -> None:
    """Check that with power terms h identities earn too little, and then each one more."""
    terms = [(s, p, p * q) for s, p, q in scheme.terms]
    spent(0, h, sum((a + b for _, a, b in terms), ZERO), h + 1)
    if claim.most is None or claim.most > h:
        rise = sum(s * min(a, b) ** (h + 1) for s, a, b in terms)
        calm = all(max(a, b) <= 1 for _, a, b in terms)
        require(calm and rise <= claim.cost, f"more than {h} identities may earn too much")
    for k in range(1, min(h, claim.most or h) + 1):
        extra = [(s, max(a, b), growth(a, b, k) - 1 - claim.bound) for s, a, b in terms]
        calm = all(largest <= 1 or above <= 0 for _, largest, above in extra)
        earned = sum(s * max(above, ZERO) for s, _, above in extra)
        require(calm and earned <= k * claim.cost, f"{k} identities earn too much")


def check_costs(scheme: Scheme, claim: Claim, h: int) -> None:
    """Check that with equal split or balanced geometric identities earn too little, for l < h and for l >= h."""
    r, c, allowed = scheme.ratio, claim.cost, 1 + claim.bound
    require(h <= LONGEST_CHAIN and c * LONGEST_CHAIN >= 1, "these are too many chains to look at")
    require(r < 1 or h * c >= 2, f"the horizon {h} is too near")
    spent(0, h * min(ceil(1 / c), claim.most or LONGEST_CHAIN), r, h)
    for k in range(1, min(ceil(1 / c) - 1, claim.most or LONGEST_CHAIN) + 1):
        start = k * c - 1 + r ** (k + 1) + allowed * (1 - r)
        slope = 1 - r ** (k + 1) - k * c * (1 + r**k) - allowed * (1 - r) * r**k
        holds = r == 1 or start + min(slope, ZERO) * r**h >= 0
        require(holds, f"{k} identities earn too much in long chains")
        for n in range(1, h):
            several = sum(scheme.row(n + k)[: k + 1])
            require(several <= allowed * scheme.row(n)[0] + k * c, f"S_{k}({n}, 0) is too much")


def spent(work: int, times: int, x: Fraction, power: int = 1) -> int:
    """Return the work so far and that with so many numbers as long as a power of another; refuse too much."""
    work += times * (1 + (power * (x.numerator.bit_length() + x.denominator.bit_length()) // 1000) ** 2)
    require(work <= MOST_WORK, "these are too many chains or too long numbers to look at")
    return work


def require(holds: bool, otherwise: str) -> None:
    """Refuse unless something holds."""
    if not holds:
        raise Refused(otherwise)


def number(text: Any) -> Fraction:
    """Return the rational that a text such as "1/5", "0.2" or "2e-1" spells; none is negative."""
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise Refused('a number must be a text such as "1/5" or "0.2"')
    return Fraction(text)


def count(text: Any) -> int:
    """Return the integer of at least 1 that a text spells."""
    value = number(text)
    return whole(int(value) if value.denominator == 1 else None, most=LARGEST_PEAK)


def whole(value: Any, *, least: int = 1, most: int | None = None) -> int:
    """Return an integer in a range."""
    if type(value) is not int or value < least or (most is not None and value > most):
        raise Refused(f"expected an integer of at least {least}{f' and at most {most}' if most else ''}")
    return value


def members(document: Any, *names: str) -> list[Any]:
    """Return the members of a JSON object, which must be exactly those named."""
    if not isinstance(document, dict) or set(document) != set(names):
        raise Refused(f"expected a JSON object with the members {list(names)}")
    return [document[name] for name in names]


def array(document: Any) -> list[Any]:
    """Return a JSON array."""
    if not isinstance(document, list):
        raise Refused("expected a JSON array")
    return document


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
        print("usage: python -m proofs.check SCHEME.json CERTIFICATE.json", file=sys.stderr)
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
