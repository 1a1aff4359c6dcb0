"""Check what a certificate proves about a scheme with a share function, in every referral forest, exactly.

Run ``python -m proofs.check_share SCHEME.json CERTIFICATE.json``, or this file under ``python -I -S``: it needs the
standard library only. Exit code 0: every claim holds; 1: refused; 2: a file cannot be read.

The share x of a subtree is what it contributed over all contributions T. A member whose subtree holds z and whose
recruits' hold w_1, w_2, ... is paid B T (pi(z) - sum pi(w_i)) by a "share_tree", and wins with the chance
pi(z) - sum pi(w_i) in a "share_lottery". pi >= 0 is given at 0, 1/N, ..., 1 as v_0 = 0, v_1, ..., v_N; on cell k,
between k/N and (k+1)/N, it is the line s_k x + g_k, with g_k = (k+1) v_k - k v_(k+1); at 1 that line is
a_k = s_k + g_k = v_k + (N-k) (v_(k+1) - v_k). Nothing but v is trusted: each claim holds by one of these conditions.

SUPERADDITIVE, v_i + v_j <= v_(i+j) for all i + j <= N. Then pi(x) + pi(y) <= pi(x+y) everywhere: the difference is
linear on the triangles that the lines x, y, x + y in Z/N cut out, and their corners are points of the grid. pi is
LINEAR if v_k = k v_N / N.
USA         superadditive: the weights of identities telescope but for those on top, which are siblings. A chain breaks
            even under every pi.
BUDGET      the largest sum of v over parts of N: roots of shares x, y off the grid move apart or together, one way of
            which loses nothing, until at most one is off it, and then none, since they sum to 1. Lottery: pi = 0.
RPC         superadditive and B N v_1 >= fraction: B pi - fraction x is then superadditive and, by k times its value at
            1/N, nowhere negative. Lottery: superadditive and fraction 0, since chances do not grow with contributions.
BALANCE     of a tree, B v_k = k / N; ZERO VALUE of a lottery, v_k = k / N. SL, DLD of a tree: linear.
USB, SYM    always: a reward depends on shares of subtrees, that of a moved member's own stays as it is.
As long as no share changes its cell, T pi(X/T) = s X + g T: a member's own contribution earns it, per unit and over B,
            a_k - (g of the cells of the w_i), k the cell of z. Recruits in the cells j_1, j_2, ... fit below it, at
            their left ends, if and only if j_1 + j_2 + ... <= k. (g_0 = 0.) So, with the largest and least such sums:
CCI         of a tree, a_k > the largest sum of g over parts of at most k, for every cell k.
UGSA        of a tree, superadditive and B (a_k - the least such sum) <= 1, for every cell k.
PO          of a tree: B N v_k >= k for some k > 0, by a member without recruits; or superadditive, not linear, as URO.
URO         of a tree, max_children not 1: superadditive and not linear, so v_i + v_j < v_(i+j) somewhere: who recruits
            two paths of these shares, of members that contribute as much as itself, gets B T times nearly the slack.
no URO, PO  a chance is at most 1. On a path a tree pays at most B c times the steepest s. If linear: B v_N c.
"""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["FORMAT", "Refused", "check"]
FORMAT = "incentive-networks/share-certificate/1"
MOST_CELLS = 10_000
NUMBER = re.compile(r"[0-9]{1,4000}(/0*[1-9][0-9]{0,4000}|(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,3})?)")
BC, BB, CCI, RPC = "budget_constraint", "budget_balance", "contribution_incentive", "proportional_reward"
CSI, PO, URO = "solicitation_incentive", "profitable_opportunity", "unbounded_reward"
SL, USB, SYM = "subtree_locality", "unprofitable_bypassing", "symmetry"
USA, UGSA = "unprofitable_sybil_attack", "unprofitable_generalized_sybil_attack"
DLD, ZVR, NO_PO, NO_URO = "additivity", "zero_value_root", f"not {PO}", f"not {URO}"
PARAMETERS: dict[str, list[str]] = {name: [] for name in (BB, CCI, CSI, PO, SL, USB, UGSA, SYM, DLD, ZVR)} | {
    BC: ["budget"],
    RPC: ["fraction"],
    URO: ["max_children"],
    USA: ["structure", "identity_cost"],
}
ZERO = Fraction(0)


class Refused(Exception):
    """The certificate does not prove what it claims; the message says where it fails."""


class Claim(NamedTuple):
    """A property, named with "not " if it is denied; its number; its structure; how many may be recruited."""

    name: str
    amount: Fraction
    structure: str
    most: int | None


class Shares(NamedTuple):
    """A share function by its values on the grid, the fraction paid, and whether it is a lottery's."""

    values: list[Fraction]
    budget: Fraction
    is_lottery: bool

    @property
    def cells(self) -> int:
        """N."""
        return len(self.values) - 1

    def is_superadditive(self) -> bool:
        """Return whether no two shares are worth more apart."""
        v = self.values
        return all(v[i] + v[k - i] <= v[k] for k in range(2, len(v)) for i in range(1, k // 2 + 1))

    def is_linear(self) -> bool:
        """Return whether every share is worth alike."""
        return all(x * self.cells == k * self.values[-1] for k, x in enumerate(self.values))

    def ends(self) -> list[Fraction]:
        """Return where the lines of the cells stand at 1."""
        v, n = self.values, self.cells
        return [v[k] + (n - k) * (v[k + 1] - v[k]) for k in range(n)]

    def starts(self) -> list[Fraction]:
        """Return where the lines of the cells stand at 0."""
        v = self.values
        return [(k + 1) * v[k] - k * v[k + 1] for k in range(self.cells)]


def largest_sums(items: list[Fraction]) -> list[Fraction]:
    """Return the largest sums of items whose indices, repeated at will, sum to at most 0, 1, 2, ...; item 0 is 0."""
    best = [ZERO]
    for k in range(1, len(items)):
        best.append(max(best[k - 1], *(items[j] + best[k - j] for j in range(1, k + 1))))
    return best


def holds(pi: Shares, claim: Claim) -> bool:
    """Return whether a claim follows from the conditions."""
    name, amount, tree = claim.name, claim.amount, not pi.is_lottery
    n, v, b = pi.cells, pi.values, pi.budget
    if name in (USB, SYM) or (name == USA and claim.structure == "chain"):
        return True
    if name == USA:
        return pi.is_superadditive()
    if name == BC:
        return b * largest_sums(v)[-1] <= amount if tree else not any(v)
    if name == RPC:
        return (b * n * v[1] >= amount if tree else amount == 0) and pi.is_superadditive()
    if name in (BB, ZVR):
        return tree is (name == BB) and all(b * x * n == k for k, x in enumerate(v))
    if name in (SL, DLD):
        return tree and pi.is_linear()
    if name == CCI:
        return tree and all(a > most for a, most in zip(pi.ends(), largest_sums(pi.starts()), strict=True))
    if name == UGSA:
        falls = largest_sums([-g for g in pi.starts()])
        steep = max(a + most for a, most in zip(pi.ends(), falls, strict=True))
        return tree and b * steep <= 1 and pi.is_superadditive()
    branching = tree and not pi.is_linear() and pi.is_superadditive()
    if name == PO:
        return branching or (tree and any(b * n * v[k] >= k for k in range(1, n + 1)))
    if name == URO:
        return branching and claim.most != 1
    if name == NO_URO:
        return not tree or pi.is_linear() or claim.most == 1
    return name == NO_PO and (not tree or (pi.is_linear() and b * v[-1] < 1))


def check(scheme: Any, certificate: Any) -> list[str]:
    """Return in words what a certificate proves about a scheme, both as read from JSON, or raise Refused."""
    pi = read_scheme(scheme)
    form, claims = members(certificate, "format", "claims")
    if form != FORMAT or not isinstance(claims, list) or not claims:
        raise Refused(f"the certificate must hold at least one claim, in the format {FORMAT}")
    return [check_claim(pi, *members(entry, "claim", "multipliers")) for entry in claims]


def read_scheme(document: Any) -> Shares:
    """Return the share function of a scheme."""
    kind = document.get("scheme") if isinstance(document, dict) else None
    if kind not in ("share_tree", "share_lottery"):
        raise Refused("the scheme is of no known kind")
    names = ["values", "budget"] if kind == "share_tree" else ["values"]
    texts, *rest = members(document, "scheme", *names)[1:]
    if not isinstance(texts, list) or not 2 <= len(texts) <= MOST_CELLS + 1:
        raise Refused(f"the values must be an array of 2 to {MOST_CELLS + 1} numbers")
    pi = Shares([number(text) for text in texts], number(rest[0]) if rest else Fraction(1), not rest)
    if pi.values[0] != 0 or max(pi.values) > 1 or not 0 < pi.budget <= 1:
        raise Refused("the values must begin with 0 and lie in [0, 1], the budget in (0, 1]")
    if pi.is_lottery and not pi.is_superadditive():
        raise Refused("the values of a lottery must be superadditive")
    return pi


def check_claim(pi: Shares, document: Any, multipliers: Any) -> str:
    """Check one claim; return it in words."""
    members(multipliers)  # none
    denied = isinstance(document, dict) and "not" in document
    told = members(document, "not")[0] if denied else document
    claim = read_claim(told)
    if denied:
        claim = claim._replace(name=f"not {claim.name}")
    if not holds(pi, claim):
        raise Refused(f"{claim.name} does not follow from the values")
    words = [claim.name.replace("_", " ")]
    words += [f"with {key} = {x}" for key, x in told.items() if key != "property" and x is not None]
    return " ".join([*words, "in every forest"])


def read_claim(document: Any) -> Claim:
    """Return the claim that a JSON document makes."""
    name = document.get("property") if isinstance(document, dict) else None
    if not isinstance(name, str) or name not in PARAMETERS:
        raise Refused("the claim is about no known property")
    given = members(document, "property", *PARAMETERS[name])[1:]
    if name == URO:
        most = given[0]
        if most is not None and (type(most) is not int or most < 1):
            raise Refused("max_children must be null or at least 1")
        return Claim(name, ZERO, "any", most)
    structure = given[0] if name == USA else "any"
    if structure not in ("any", "chain", "siblings"):
        raise Refused('the structure must be "any", "chain" or "siblings"')
    return Claim(name, number(given[-1]) if given else ZERO, structure, None)


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
        print("usage: python -m proofs.check_share SCHEME.json CERTIFICATE.json", file=sys.stderr)
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
