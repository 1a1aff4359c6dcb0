"""How much a cheater can gain: the smallest epsilon for which a scheme is sybil-proof."""

from __future__ import annotations

from fractions import Fraction
from math import inf

from mechanism.schemes import EqualSplit, PathScheme, PathTable
from proofs.power import supremum
from proofs.properties.sybil import attacks

__all__ = ["sybil_gain"]


def sybil_gain(scheme: PathScheme, *, max_depth: int | None = None) -> Fraction | float:
    """Return the largest relative gain by splitting into any number of fake identities.

    Parameters
    ----------
    scheme : PathScheme
        The scheme.
    max_depth : int, optional
        Longest chain, fakes included; every length by default, where the gain may be a limit.

    Returns
    -------
    Fraction or float
        At least 0; `math.inf` if there is no bound or if a member gains who gets nothing honestly, NaN if it is
        not known at every length.

    Examples
    --------
    >>> from mechanism import Recursive
    >>> sybil_gain(Recursive(1 / 2), max_depth=3), sybil_gain(Recursive(1 / 2))
    (Fraction(3, 4), Fraction(1, 1))
    """
    if max_depth is None and not isinstance(scheme, PathTable):
        if isinstance(scheme, EqualSplit):
            return inf
        term = scheme.exact().power_term()
        if term is None:
            return float("nan")
        return supremum(Fraction(term.p), Fraction(term.q)) - 1 if term.scale else Fraction(0)
    depth = scheme.max_depth if isinstance(scheme, PathTable) and max_depth is None else max_depth
    largest = Fraction(0)
    for attack in attacks(scheme.exact_table(int(depth or 1))):
        if attack.split > attack.honest:
            if attack.honest == 0:
                return inf
            largest = max(largest, attack.gain / attack.honest)
    return largest
