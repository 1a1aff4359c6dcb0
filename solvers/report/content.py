"""What a report is about: one scheme at its equilibrium, and whatever else is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mechanism import Campaign
from mechanism.errors import InvalidInputError
from mechanism.schemes import PathScheme
from proofs import CollusionProof, Proved, SybilProof, Verdict, WithinBudget, verify
from solvers.design_frontier import Frontier, FrontierRow
from solvers.recruitment import Recruitment
from solvers.report.provenance import Provenance
from solvers.scheme_design import Design

__all__ = ["Bundle", "Content", "bundles"]

_STANDARD = (SybilProof(), CollusionProof(), WithinBudget())


@dataclass(frozen=True)
class Bundle:
    """A scheme and the certificate of what is proved of it, as files.

    Attributes
    ----------
    suffix : str
        Part of the names of the files.
    words : str
        The scheme in a few words.
    scheme, certificate : dict
        The contents.
    """

    suffix: str
    words: str
    scheme: dict[str, Any]
    certificate: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Content:
    """The parts of a report.

    Attributes
    ----------
    recruitment : Recruitment
        The equilibrium that is shown in detail.
    design : Design or None
        The design whose equilibrium it is.
    frontier : Frontier or None
        The comparison.
    campaign : Campaign or None
        Whose equilibrium it is.
    beside : Recruitment or None
        The equilibrium of another scheme, for comparison.
    provenance : Provenance
        Where the numbers come from.
    """

    recruitment: Recruitment
    design: Design | None
    frontier: Frontier | None
    campaign: Campaign | None
    beside: Recruitment | None
    provenance: Provenance

    @classmethod
    def of(
        cls,
        *,
        design: Design | None,
        frontier: Frontier | None,
        recruitment: Recruitment | None,
        campaign: Campaign | None,
        provenance: Provenance | None,
    ) -> Content:
        """Return the content of a report from the parts that are given.

        Raises
        ------
        InvalidInputError
            If nothing is given, or something of another kind.
        """
        for name, value, kind in (
            ("design", design, Design),
            ("frontier", frontier, Frontier),
            ("recruitment", recruitment, Recruitment),
            ("campaign", campaign, Campaign),
            ("provenance", provenance, Provenance),
        ):
            if value is not None and not isinstance(value, kind):
                raise InvalidInputError(name, value, allowed=f"a {kind.__name__}, or left out")
        if frontier is not None:
            design = frontier.designs[0] if design is None else design
            campaign = frontier.campaign if campaign is None else campaign
        beside = recruitment
        if recruitment is None or (design is not None and design.scheme != recruitment.scheme):
            if design is None:
                raise InvalidInputError("recruitment", None, allowed="given, or a design or a frontier")
            recruitment = design.recruitment
        else:
            beside = None
        return cls(recruitment, design, frontier, campaign, beside, provenance or Provenance())

    @property
    def scheme(self) -> PathScheme:
        """The reward scheme that is shown in detail."""
        return self.recruitment.scheme

    @property
    def depth(self) -> int:
        """Largest depth of the campaign."""
        return len(self.recruitment.members_by_depth)

    @property
    def stake(self) -> str:
        """What rewards are shares of."""
        return "the prize" if self.recruitment.is_search else "a contribution"

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What is known of the scheme: what was asked for, and whether anybody gains by cheating at all."""
        found = list(self.design.verdicts) if self.design is not None else []
        for one in _STANDARD:
            found += _decided(self.scheme, one, self.depth)
        return tuple({str(verdict.claim): verdict for verdict in found}.values())

    @cached_property
    def published(self) -> tuple[tuple[FrontierRow, tuple[Verdict, ...]], ...]:
        """The published schemes of the frontier, and whether they are sybil-proof."""
        rows = self.frontier.rows if self.frontier is not None else ()
        return tuple(
            (row, tuple(_decided(row.scheme, SybilProof(), self.depth)))
            for row in rows
            if row.kind == "known"
        )

    @property
    def names(self) -> set[str]:
        """Kinds of the schemes, and the properties, that the report speaks of."""
        kinds = {self.scheme.kind, *(row.scheme.kind for row, _ in self.published)}
        return kinds | {verdict.claim.property.name for verdict in self.verdicts}


def _decided(
    scheme: PathScheme, wanted: SybilProof | CollusionProof | WithinBudget, depth: int
) -> list[Verdict]:
    """Return the verdict at every length, and that within the campaign where only that is a proof."""
    everywhere = verify(scheme, wanted)
    if everywhere.holds is True:
        return [everywhere]
    inside = verify(scheme, wanted, max_depth=depth)
    return [everywhere, inside] if inside.holds is True else [everywhere]


def bundles(verdicts: Iterable[Verdict], suffix: str, words: str) -> list[Bundle]:
    """Return the files that prove what is proved, one pair for each spelling of the scheme."""
    from proofs import certificate_of, check_certificate

    groups: list[list[Proved]] = []
    for verdict in verdicts:
        if isinstance(verdict, Proved):
            group = next((one for one in groups if one[0].scheme == verdict.scheme), None)
            if group is None:
                groups.append([verdict])
            else:
                group.append(verdict)
    found = []
    for number, group in enumerate(groups):
        scheme, certificate = dict(group[0].scheme), certificate_of(group)
        check_certificate(scheme, certificate)
        end = suffix if not number else f"{suffix}-{number + 1}"
        found.append(Bundle(end, words, scheme, certificate))
    return found
