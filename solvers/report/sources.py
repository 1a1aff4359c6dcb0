"""The papers that a report rests on: those of its schemes, its claims and its model."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["PAPERS", "sources"]

PAPERS = {
    "babaioff": "Babaioff, Dobzinski, Oren and Zohar: On Bitcoin and red balloons. EC 2012. arXiv 1111.2626",
    "cebrian": (
        "Cebrian, Coviello, Vattani and Voulgaris: Finding red balloons with split contracts: robustness to "
        "individuals' selfishness. STOC 2012, 775-788"
    ),
    "chen": "Chen, Wang, Yu and Zhang: Sybil-proof mechanisms in query incentive networks. EC 2013. arXiv 1304.7432",
    "kleinberg": "Kleinberg and Raghavan: Query incentive networks. FOCS 2005",
    "nath": (
        "Nath, Dayama, Garg, Narahari and Zou: Mechanism design for time critical and cost critical task execution "
        "via crowdsourcing. WINE 2012. arXiv 1208.1676"
    ),
    "pickard": (
        "Pickard, Pan, Rahwan, Cebrian, Crane, Madan and Pentland: Time-critical social mobilization. "
        "Science 334 (2011) 509-512. arXiv 1008.3172"
    ),
    "zhang": "Zhang, Zhang and Zhao: Sybil-proof answer querying mechanism. IJCAI 2020. arXiv 2005.13224",
    "zhang_tang": (
        "Zhang and Tang: Collusion-proof and sybil-proof reward mechanisms for query incentive networks. "
        "AAAI 2023. arXiv 2302.06061"
    ),
}
"""Authors, title and where it appeared, by the name of the first author."""
_MODEL = ("pickard", "kleinberg")
_OF = {
    "almost_uniform": ("babaioff",),
    "balanced_geometric": ("nath",),
    "direct_referral": ("chen",),
    "double_geometric": ("zhang",),
    "geometric": ("nath",),
    "recursive": ("pickard", "cebrian"),
    "sybil_proof": ("zhang", "nath"),
    "collusion_proof": ("nath", "zhang_tang"),
    "finder_share": ("nath",),
    "recruiter_share": ("nath",),
}


def sources(names: Iterable[str]) -> list[str]:
    """Return the papers of the model and of some schemes and properties, in the order of the alphabet.

    Parameters
    ----------
    names : iterable of str
        Kinds of schemes and names of properties, as files spell them.

    Examples
    --------
    >>> len(sources([])), len(sources(["collusion_proof"]))
    (2, 4)
    """
    keys = {*_MODEL, *(key for name in names for key in _OF.get(name, ()))}
    return sorted(PAPERS[key] for key in keys)
