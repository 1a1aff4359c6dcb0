"""Check a certificate against a reward scheme in exact arithmetic, trusting neither.

Run ``python -m proofs.check SCHEME.json CERTIFICATE.json``, or this file under ``python -I -S``: it needs
the standard library only. Exit code 0: every claim holds; 1: refused; 2: a file cannot be read.

A scheme pays the share R(l, j) >= 0 of the prize to the member j steps above a finder at depth l,
for l >= 1 and 0 <= j < l. Two claims are known:

sybil_proof    S_k(l, j) = R(l+k, j) + R(l+k, j+1) + ... + R(l+k, j+k) <= (1 + epsilon) R(l, j)
               for all l >= 1, 0 <= j < l, k >= 1: a member that splits into k + 1 identities
within_budget  R(l, 0) + R(l, 1) + ... + R(l, l-1) <= 1 for all l >= 1

"max_depth": H makes it a claim about the scheme cut at H, which pays nobody on a chain longer than H.
Tables and cut schemes have finitely many inequalities that are not 0 <= something; every one is recomputed.
Other schemes are power terms R(l, j) = s p^(l-1) q^j, with the convention 0^0 = 1. For them

    S_k(l, j) = g_k R(l, j)   and   R(l, 0) + ... + R(l, l-1) = s g_(l-1),   where, with a = p and b = p q,
    g_k = p^k (1 + q + ... + q^k) = a^k + a^(k-1) b + ... + b^k,

so that a ceiling on g_0, g_1, ... decides both claims. The certificate says where it is, by its "peak":

k        g_(k-1) <= g_k >= g_(k+1) and g_k > 0, where g_(-1) = 0. As g_k^2 - g_(k-1) g_(k+1) = (a b)^k >= 0,
         the ratio g_(k+1) / g_k never rises, and no g exceeds g_k. (If p = 0, then g = 1, 0, 0, ... and k = 0.)
"limit"  if a <= 1, b <= 1 and m = min(a, b) < 1: g_k <= 1 + m + m^2 + ... = 1 / (1 - m).

Two families need no multipliers. Equal split, R(l, j) = 1/l, pays every chain 1. Direct referral with 0 < c <= 1,
R(l, 0) = 1 - c (l-1) and R(l, 1) = c while 1 - c (l-1) >= 0 and 0 beyond, pays a chain at most 1; a split of the
finder gets at most R(l+1, 0) + R(l+1, 1) <= R(l, 0), one of its recruiter at most c, one of others 0.
"""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "incentive-networks/certificate/1"
LARGEST_PEAK = 10_000
NUMBER = re.compile(r"[0-9]{1,4000}(/0*[1-9][0-9]{0,4000}|(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?)")
FAMILIES: dict[str, Any] = {  # kind: the names of its parameters, and its term (s, p, q)
    "finder_takes_all": ([], lambda: (Fraction(1), Fraction(1), Fraction(0))),
    "recursive": (["ratio"], lambda ratio: (1 - ratio, Fraction(1), ratio)),
    "geometric": (["first", "ratio"], lambda first, ratio: (first, Fraction(1), ratio)),
    "double_geometric": (["b"], lambda b: (Fraction(1), 1 - b, b / (1 - b) if b < 1 else -b)),
    "power": (["scale", "p", "q"], lambda scale, p, q: (scale, p, q)),
}


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


class Scheme(NamedTuple):
    """The rows of a table; or a power term (s, p, q); or the c of direct referral; or else equal split."""

    table: list[list[Fraction]] | None = None
    term: tuple[Fraction, Fraction, Fraction] | None = None
    referral: Fraction | None = None

    def row(self, length: int) -> list[Fraction]:
        """Return R(length, 0), ..., R(length, length - 1)."""
        if self.table is not None:
            return self.table[length - 1]
        if self.referral is not None:
            paid = [1 - self.referral * (length - 1), self.referral, *[Fraction(0)] * length]
            return paid[:length] if paid[0] >= 0 else paid[2:]
        if self.term is None:
            return [Fraction(1, length)] * length
        s, p, q = self.term
        return [s * p ** (length - 1) * q**j for j in range(length)]


def check(scheme: Any, certificate: Any) -> list[str]:
    """Return in words what a certificate proves about a scheme, both as read from JSON, or raise Refused."""
    rewards = read_scheme(scheme)
    form, claims = members(certificate, "format", "claims")
    if form != FORMAT or not array(claims):
        raise Refused(f"the certificate must hold at least one claim, in the format {FORMAT}")
    return [check_claim(rewards, *members(entry, "claim", "multipliers")) for entry in claims]


def read_scheme(document: Any) -> Scheme:
    """Return the scheme that a JSON document describes."""
    kind = document.get("scheme") if isinstance(document, dict) else None
    if kind == "equal_split":
        members(document, "scheme")
        return Scheme()
    if kind == "direct_referral":
        referral = number(members(document, "scheme", "referral")[1])
        if not 0 < referral <= 1:
            raise Refused("the referral must be above 0 and at most 1")
        return Scheme(referral=referral)
    if kind == "path_table":
        _, rewards = members(document, "scheme", "rewards")
        table = [[number(reward) for reward in array(row)] for row in array(rewards)]
        if not table or any(len(row) != length for length, row in enumerate(table, 1)):
            raise Refused("row l of a table must hold l rewards, l = 1, 2, ...")
        return Scheme(table=table)
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise Refused("the scheme is of no known kind")
    names, term_of = FAMILIES[kind]
    term = term_of(*map(number, members(document, "scheme", *names)[1:]))
    if min(term) < 0:
        raise Refused(f"a parameter of {kind} is out of its range")
    return Scheme(term=term if term[0] > 0 else (term[0],) * 3)  # s = 0 pays nothing, whatever p and q


def check_claim(scheme: Scheme, claim: Any, multipliers: Any) -> str:
    """Check one claim; return it in words."""
    name = claim.get("property") if isinstance(claim, dict) else None
    if name == "sybil_proof":
        _, epsilon, depth = members(claim, "property", "epsilon", "max_depth")
        limit, words = 1 + number(epsilon), f"sybil-proof with epsilon = {epsilon}"
    elif name == "within_budget":
        _, depth = members(claim, "property", "max_depth")
        limit, words = None, "within budget"
    else:
        raise Refused("the claim is about no known property")
    if depth is not None and (type(depth) is not int or depth < 1):
        raise Refused("max_depth must be null or an integer of at least 1")
    words += " at every length" if depth is None else f" in chains of length at most {depth}"
    if scheme.table is not None:  # a chain longer than the table pays nobody
        depth = min(depth or len(scheme.table), len(scheme.table))
    if depth is not None:
        members(multipliers)  # none
        check_rows([scheme.row(length) for length in range(1, depth + 1)], limit)
    elif scheme.term is not None:
        s, p, q = scheme.term
        top = ceiling(p, p * q, *members(multipliers, "peak"))
        if s > 0 and top > (1 / s if limit is None else limit):
            raise Refused("the ceiling of g_0, g_1, ... is too high")
    else:  # equal split pays 1 in all, but S_k(l, j) / R(l, j) = (k + 1) l / (l + k)
        members(multipliers)  # none
        if limit is not None and scheme.referral is None:
            raise Refused("with equal split S_k(l, j) / R(l, j) exceeds every 1 + epsilon somewhere")
    return words


def check_rows(rows: list[list[Fraction]], limit: Fraction | None) -> None:
    """Check every inequality of a table: sybil-proofness with limit = 1 + epsilon, the budget with None."""
    for length, row in enumerate(rows, 1):
        sums = [Fraction(0), *accumulate(row)]
        if limit is None:
            if sums[-1] > 1:
                raise Refused(f"R({length}, 0) + ... + R({length}, {length - 1}) <= 1 fails")
            continue
        for k in range(1, length):
            for j, reward in enumerate(rows[length - k - 1]):
                if sums[j + k + 1] - sums[j] > limit * reward:
                    raise Refused(f"S_{k}({length - k}, {j}) <= (1 + epsilon) R({length - k}, {j}) fails")


def ceiling(a: Fraction, b: Fraction, peak: Any) -> Fraction:
    """Return a bound on every g_k = a^k + a^(k-1) b + ... + b^k, after checking that it is one."""
    if peak == "limit":
        if max(a, b) > 1 or min(a, b) == 1:
            raise Refused("a limit needs p <= 1 and p q <= 1, and not both 1")
        return 1 / (1 - min(a, b))
    if type(peak) is not int or not 0 <= peak <= LARGEST_PEAK:
        raise Refused(f'a peak must be "limit" or an integer in 0..{LARGEST_PEAK}')
    around = (peak - 1, peak, peak + 1)
    g = [(k + 1) * a ** abs(k) if a == b else (a ** (k + 1) - b ** (k + 1)) / (a - b) for k in around]
    if not g[0] <= g[1] >= g[2] or g[1] == 0:
        raise Refused(f"g has no peak at {peak}")
    return g[1]


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
