"""One page about a designed campaign: everything in one file, nothing from elsewhere."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from string import Template

from mechanism import Campaign
from mechanism.errors import InvalidInputError
from solvers.design_frontier import Frontier
from solvers.recruitment import Recruitment
from solvers.report import claims, sections
from solvers.report.content import Content
from solvers.report.markup import Html, foreign, join, text
from solvers.report.provenance import Provenance
from solvers.scheme_design import Design

__all__ = ["report_html", "write_report"]

_SECTIONS = (
    ("summary", "In short", sections.headline),
    ("frontier", "Recruits against a cheater's gain", sections.frontier),
    ("depths", "Recruits by depth", sections.depths),
    ("cheating", "Who gains from cheating", claims.cheating),
    ("payouts", "Payouts", sections.payouts),
    ("run", "One run", sections.tree),
    ("certificates", "Certificates to download", claims.certificates),
    ("origin", "Where the numbers come from", claims.origin),
    ("sources", "Sources", claims.papers),
)


def report_html(
    *,
    design: Design | None = None,
    frontier: Frontier | None = None,
    recruitment: Recruitment | None = None,
    title: str | None = None,
    campaign: Campaign | None = None,
    provenance: Provenance | None = None,
) -> str:
    """Return the page that `write_report` writes, with the same parameters.

    Returns
    -------
    str
        A whole HTML document without scripts. The same results give the same text.

    Raises
    ------
    InvalidInputError
        If no result is given, something is of another kind, or the campaign is not that of the results.

    Examples
    --------
    >>> from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Recursive, Search, TopDegree
    >>> from solvers import recruit
    >>> cost = CostModel.exponential(mean=0.1)
    >>> star = IncentiveNetwork(Graph.from_edges([0] * 50, range(1, 51)), contact=0.5, join=cost, invite=cost)
    >>> campaign = Campaign(star, Search(prize=100, find=0.01), team=TopDegree(1), max_depth=3)
    >>> found = recruit(campaign, Recursive(1 / 2), replicates=64, rng=7)
    >>> page = report_html(recruitment=found, campaign=campaign, title="A <star>")
    >>> page.startswith("<!doctype html>"), "A &lt;star&gt;" in page, f"{found.recruits:,.1f}" in page
    (True, True, True)
    """
    content = Content.of(
        design=design, frontier=frontier, recruitment=recruitment, campaign=campaign, provenance=provenance
    )
    name = "Recruitment campaign" if title is None else title
    parts = [(key, heading, body) for key, heading, make in _SECTIONS if (body := make(content))]
    links = join(Html(f'<li><a href="#{key}">{text(heading)}</a></li>') for key, heading, _ in parts)
    body = join(
        Html(f'<section aria-labelledby="{key}">\n<h2 id="{key}">{text(heading)}</h2>\n{part}\n</section>')
        for key, heading, part in parts
    )
    template = Template(files("solvers.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(title=text(name), heading=foreign(name), links=links, body=body)


def write_report(
    path: str | os.PathLike[str],
    *,
    design: Design | None = None,
    frontier: Frontier | None = None,
    recruitment: Recruitment | None = None,
    title: str | None = None,
    campaign: Campaign | None = None,
    provenance: Provenance | None = None,
    force: bool = False,
) -> Path:
    """Write one self-contained HTML page about a campaign, whole or not at all.

    Parameters
    ----------
    path : path
        The file; its folder is made if need be.
    design : Design, optional
        The scheme that is shown in detail; by default that of the smallest epsilon of the frontier.
    frontier : Frontier, optional
        The comparison with other schemes.
    recruitment : Recruitment, optional
        The equilibrium that is shown in detail. Of another scheme than the design's it is shown beside that.
    title : str, optional
        Heading of the page.
    campaign : Campaign, optional
        Whose equilibrium it is, for its parameters and one run; by default that of the frontier.
    provenance : Provenance, optional
        File of the network, seed and command.
    force : bool
        Whether to replace a file.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InvalidInputError
        If no result is given, something is of another kind, the campaign is not that of the results, or the file is
        there already.
    OSError
        If the file cannot be written; what stood there is left as it was.

    Notes
    -----
    The page needs no network, runs no script and tells no time: equal results give equal bytes. Names of people,
    schemes and files are shown as text, whatever they hold. One run of the campaign is played, O(n + m).
    """
    target = _target(path, force=force)
    page = report_html(
        design=design,
        frontier=frontier,
        recruitment=recruitment,
        title=title,
        campaign=campaign,
        provenance=provenance,
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        draft.write_text(page, encoding="utf-8", newline="\n")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _target(path: str | os.PathLike[str], *, force: bool) -> Path:
    """Return the path if a page can be written there; nothing is made yet."""
    target = Path(path)
    if target.is_dir():
        raise InvalidInputError("path", os.fspath(path), allowed="a file, not a folder")
    if target.exists() and not force:
        raise InvalidInputError(
            "path", os.fspath(path), allowed="a file that is not there yet, unless force is set"
        )
    place = next((one for one in target.absolute().parents if one.exists()), target)
    if not place.is_dir():
        raise InvalidInputError("path", os.fspath(path), allowed="a file in a folder")
    return target
