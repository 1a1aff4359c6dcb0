"""The frontier: what sybil-proofness costs in recruits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import nan
from typing import TYPE_CHECKING, Any

from mechanism import Campaign
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.schemes import PathScheme
from proofs import SybilProof, sybil_gain, verify
from solvers.design_problem import Candidate
from solvers.design_properties import wanted_properties
from solvers.engine import Engine
from solvers.families import KNOWN, Member
from solvers.progress import Progress, Stages
from solvers.recruitment import Recruitment, recruit, replicates_for
from solvers.scheme_design import Design, DesignSearch
from solvers.seeds import Rng

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Frontier", "FrontierRow", "frontier"]


@dataclass(frozen=True, slots=True, eq=False)
class FrontierRow:
    """One scheme on the common fresh worlds.

    Attributes
    ----------
    name : str
        The scheme in a few words.
    kind : str
        "known", "best of family" or "designed".
    epsilon : Fraction or None
        The constraint it was chosen under; None for a known scheme.
    scheme : PathScheme
        Its rewards.
    recruitment : Recruitment
        Its equilibrium.
    gain, gain_any_length : float
        The most a cheater gains relative to the honest reward in chains of at most the campaign's
        largest depth, and of any length; may be infinite, and the latter NaN if it is not known.
    verdict : str
        "proved", "proved up to ... %" or "refuted", in words; at every length unless it says otherwise.
    """

    name: str
    kind: str
    epsilon: Fraction | None
    scheme: PathScheme
    recruitment: Recruitment
    gain: float
    gain_any_length: float
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain Python values, ready for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "epsilon": None if self.epsilon is None else str(self.epsilon),
            "recruitment": self.recruitment.to_dict(),
            "gain": self.gain,
            "gain_any_length": self.gain_any_length,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """Expected recruits against what a cheater may gain, with the known schemes beside it.

    Attributes
    ----------
    campaign : Campaign
        The campaign.
    epsilons : tuple of Fraction
        Allowed relative gains, increasing.
    designs : tuple of Design
        The designed scheme for each.
    rows : tuple of FrontierRow
        Known schemes, the best member of each known family for each epsilon, and the designs, all on
        the same fresh worlds, so that differences can be paired.
    """

    campaign: Campaign
    epsilons: tuple[Fraction, ...]
    designs: tuple[Design, ...]
    rows: tuple[FrontierRow, ...]

    def __str__(self) -> str:
        from solvers.tables import frontier_table

        return frontier_table(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the frontier; return the axes."""
        from solvers.plots import plot_frontier

        return plot_frontier(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "epsilons": [str(epsilon) for epsilon in self.epsilons],
            "designs": [design.to_dict() for design in self.designs],
            "rows": [row.to_dict() for row in self.rows],
        }


def frontier(
    campaign: Campaign,
    epsilons: Sequence[float | Fraction],
    *,
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Design a scheme for every epsilon and compare all with the known schemes on fresh worlds.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    epsilons : sequence of float or Fraction
        Allowed relative gains of a cheater, each at least 0.
    effort, rng, engine, progress
        As in `design`.

    Returns
    -------
    Frontier

    Raises
    ------
    InvalidInputError
        If `epsilons` is empty or holds a value out of range.

    Notes
    -----
    What is admissible for one epsilon is so for every larger one: each design may also start from that
    of the next smaller epsilon and, from effort 2 on, made feasible, from that of the next larger one.
    """
    allowed = sorted({SybilProof(epsilon).epsilon for epsilon in epsilons})
    if not allowed:
        raise InvalidInputError("epsilons", list(epsilons), allowed="at least one number of at least 0")
    search = DesignSearch(campaign, rng, effort=effort, engine=engine)
    backward = search.effort > 1
    climbs = search.steps + 1 + (1 if backward else 0)
    stages = Stages(progress, len(allowed) * climbs + len(KNOWN) - (1 if backward else 0))
    wanted = [wanted_properties(epsilon, (), search.chain_limit) for epsilon in allowed]
    rivals: list[tuple[Member, ...]] = []
    best: list[Candidate] = []
    for properties in wanted:
        rivals.append(search.rivals(properties, stages))
        neighbours = [candidate.table for candidate in best[-1:]]
        best.append(search.best(properties, rivals[-1], stages, neighbours=neighbours))
    if backward:
        for index in reversed(range(len(allowed) - 1)):
            shrunk = search.climb_from(wanted[index], best[index + 1].table, stages)
            best[index] = max(best[index], shrunk, key=lambda candidate: candidate.value)
    for index in range(1, len(allowed)):  # a smaller epsilon's scheme is admissible for a larger one
        best[index] = max(best[index - 1 : index + 1], key=lambda candidate: candidate.value)

    # Every choice has been made: from here on fresh worlds only, the same for every scheme.
    largest = max(best, key=lambda candidate: candidate.recruits)
    replicates = replicates_for(largest.equilibria[0])
    rows = []
    for name, scheme in KNOWN.items():
        rows.append(_row(search, scheme, name, "known", None, replicates))
        stages.tick("fresh worlds")
    designs = []
    for epsilon, properties, members, candidate in zip(allowed, wanted, rivals, best, strict=True):
        for member in members:
            if member.scheme not in [row.scheme for row in rows]:
                rows.append(
                    _row(search, member.scheme, member.scheme.label, "best of family", epsilon, replicates)
                )
        found = search.finish(candidate, properties, members, replicates=replicates)
        designs.append(found)
        name = f"designed, epsilon {float(epsilon):g}"
        rows.append(_row(search, found.scheme, name, "designed", epsilon, replicates, found.recruitment))
        stages.tick("fresh worlds")
    stages.done()
    return Frontier(campaign, tuple(allowed), tuple(designs), tuple(rows))


def _row(
    search: DesignSearch,
    scheme: PathScheme,
    name: str,
    kind: str,
    epsilon: Fraction | None,
    replicates: int,
    recruitment: Recruitment | None = None,
) -> FrontierRow:
    """Measure a scheme on the fresh worlds and prove what can be proved of it."""
    campaign = search.campaign
    if recruitment is None:
        recruitment = recruit(campaign, scheme, replicates=replicates, rng=search.fresh, engine=search.engine)
    return FrontierRow(
        name=name,
        kind=kind,
        epsilon=epsilon,
        scheme=scheme,
        recruitment=recruitment,
        gain=float(sybil_gain(scheme, max_depth=campaign.max_depth)),
        gain_any_length=_gain_at_any_length(scheme),
        verdict=_verdict(scheme, campaign.max_depth, epsilon or Fraction(0)),
    )


def _gain_at_any_length(scheme: PathScheme) -> float:
    """Return what a cheater gains at most at any length; NaN where that takes more identities than are counted."""
    try:
        return float(sybil_gain(scheme))
    except UnsupportedProblemError:
        return nan


def _verdict(scheme: PathScheme, max_depth: int, epsilon: Fraction) -> str:
    """Return in words what is proved about a scheme: at every length, else within the campaign."""
    for allowed in dict.fromkeys((Fraction(0), epsilon)):
        words = "proved" if allowed == 0 else f"proved up to {100 * float(allowed):g} %"
        if verify(scheme, SybilProof(allowed)).holds:
            return words
        if verify(scheme, SybilProof(allowed), max_depth=max_depth).holds:
            return f"{words}, length <= {max_depth}"
    return "refuted"
