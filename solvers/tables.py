"""Results as text tables, the same on every terminal and in every file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import inf, isnan
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from mechanism.budgets import WorstCaseBudget
from mechanism.objectives import Recruits

if TYPE_CHECKING:
    from solvers.design_frontier import Frontier, FrontierRow
    from solvers.design_regret import Regret
    from solvers.design_surface import Surface
    from solvers.diffusion import Spread
    from solvers.recruitment import Recruitment
    from solvers.scheme_design import Design
    from solvers.timeline import Timeline

__all__ = [
    "ASKED",
    "FRONTIER_COLUMNS",
    "design_table",
    "frontier_cells",
    "frontier_report",
    "frontier_table",
    "percent",
    "recruitment_table",
    "regret_table",
    "spread_table",
    "surface_table",
]

_ROWS = 24  # depths shown one by one
_MOVED = ("rewards move", "finder", "recruiter", "above")
_WIDTH = 400  # no cell is ever cut; the text is as wide as its contents
ASKED = {
    "epsilon": ("gain by fakes", "sybil-proofness"),
    "identity_cost": ("cost of a fake", "cheap fakes"),
    "collusion": ("gain by merging", "collusion-proofness"),
    "finder_share": ("finder's share", "finder's share"),
    "recruiter_share": ("recruiter's share", "recruiter's share"),
    "budget": ("budget", "the budget"),
}
"""Axes of a surface: what is varied, and what the price along it is the price of."""
FRONTIER_COLUMNS = (
    "scheme",
    "recruits",
    "s.e.",
    "depth",
    "P(found)",
    "payout",
    "gain",
    "any length",
    "sybil-proof",
)


def render(title: str, table: Table, *, footer: Sequence[str] = ()) -> str:
    """Return a table as plain text under a title, with lines of notes below it."""
    console = Console(file=io.StringIO(), width=_WIDTH, color_system=None, legacy_windows=False)
    console.print(title, markup=False, highlight=False)
    console.print(table)
    for line in footer:
        console.print(line, markup=False, highlight=False)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def plain_table(columns: Sequence[str], *, left: int = 1) -> Table:
    """Return an empty table whose columns after the first `left` are aligned right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < left else "right", no_wrap=True)
    return table


def percent(share: float) -> str:
    """Return a share as a percentage: ``"25 %"``, ``"unbounded"``.

    Examples
    --------
    >>> percent(0.25), percent(0.0), percent(float("inf"))
    ('25 %', '0', 'unbounded')
    """
    if share == inf:
        return "unbounded"
    if isnan(share):
        return "unknown"
    return "0" if share == 0 else f"{100 * share:.3g} %"


def recruitment_table(result: Recruitment) -> str:
    """Return the equilibrium of a campaign, depth by depth."""
    columns = ("depth", "members", "join", "invite")
    table = plain_table(columns, left=0)
    for depth, (members, join, invite) in enumerate(
        zip(result.members_by_depth, result.join, result.invite, strict=True), start=1
    ):
        table.add_row(str(depth), f"{members:,.2f}", f"{join:.3f}", f"{invite:.3f}")
    mean_depth = "-" if isnan(result.mean_depth) else f"{result.mean_depth:.2f}"
    return render(
        f"Recruitment under {result.scheme.label}",
        table,
        footer=(
            f"recruits       {result.recruits:,.1f} ± {result.recruits_stderr:.1f} in {result.replicates:,} worlds",
            f"mean depth     {mean_depth}, deepest {result.max_depth}",
            *_paid(result),
            f"equilibrium    {result.status.value} (gap {result.gap:.2g})",
            *_by_clock(result.timeline),
        ),
    )


def _paid(result: Recruitment) -> list[str]:
    """Return what is found or contributed, and what is paid for it."""
    money, spread = result.payout * result.prize, result.payout_std * result.prize
    if result.is_search:
        return [
            f"P(found)       {result.found:.3f} ± {result.found_stderr:.3f} per target",
            (
                f"payout         {result.payout:.3f} of a prize on average ({money:,.2f} in money), "
                f"with standard deviation {result.payout_std:.3f}"
            ),
        ]
    return [
        f"contributed    {result.recruits * result.prize:,.2f} in money on average, {result.prize:g} each",
        f"payout         {money:,.2f} in money on average, with standard deviation {spread:,.2f}",
        f"               {_share(result.paid_share)} of all contributions",
    ]


def _share(share: float) -> str:
    return "-" if isnan(share) else f"{share:.3f}"


def _by_clock(timeline: Timeline | None) -> list[str]:
    if timeline is None:
        return []
    words = f"by the clock   half of the recruits by {timeline.half_time:.3g}"
    if isnan(timeline.time_to_find):
        return [words]
    return [f"{words}, a target is found after {timeline.time_to_find:.3g} on average"]


def spread_table(result: Spread) -> str:
    """Return how far an activation spread, depth by depth."""
    table = plain_table(("depth", "members", "s.e."), left=0)
    rows = list(zip(result.members_by_depth, result.members_by_depth_stderr, strict=True))
    for depth, (members, error) in enumerate(rows[:_ROWS]):
        table.add_row(str(depth), f"{members:,.3f}", f"{error:.2g}")
    if len(rows) > _ROWS:
        deeper = sum(members for members, _ in rows[_ROWS:])
        table.add_row(f"{_ROWS}-{len(rows) - 1}", f"{deeper:,.3f}", "")
    arcs = result.work["arcs"] / result.replicates
    return render(
        "Spread from the seeds (depth 0)",
        table,
        footer=(
            f"spread         {result.spread:,.3f} ± {result.stderr:.2g} in {result.replicates:,} worlds",
            f"arcs tried     {arcs:,.1f} per world",
            f"stopped        {result.stop.value}",
        ),
    )


def design_table(result: Design) -> str:
    """Return a designed scheme: its rewards, what it recruits and what is proved of it."""
    rows = [row for row in result.scheme.rows if any(row)]
    widest = max((max(j for j, x in enumerate(row) if x) + 1 for row in rows), default=1)
    found = result.recruitment
    who, stake = ("finder", "the prize") if found.is_search else ("member", "each contribution")
    columns = (f"{who}'s depth", *(who if j == 0 else f"{j} above" for j in range(widest)), "all")
    table = plain_table(columns, left=0)
    for depth, row in enumerate(rows, start=1):
        cells = [f"{float(row[j]):.4f}" if j < len(row) and row[j] else "" for j in range(widest)]
        table.add_row(str(depth), *cells, f"{float(sum(row)):.4f}")
    notes = [
        f"Longer chains than {len(rows)} pay nobody.",
        f"recruits       {found.recruits:,.1f} ± {found.recruits_stderr:.1f} on fresh worlds",
        *(
            (
                f"P(found)       {found.found:.3f} per target, mean depth {found.mean_depth:.2f}",
                f"payout         {found.payout:.3f} of a prize on average",
            )
            if found.is_search
            else (
                f"mean depth     {found.mean_depth:.2f}",
                f"payout         {_share(found.paid_share)} of all contributions on average",
            )
        ),
    ]
    if len(result.recruitments) > 1:
        several = ", ".join(f"{one.recruits:,.1f}" for one in result.recruitments)
        notes.append(f"scenarios      {several} recruits")
    if not isinstance(result.objective, Recruits) or len(result.recruitments) > 1:
        notes.append(f"objective      {result.objective}: {result.value:,.4g} ± {result.value_stderr:.2g}")
    if not isinstance(result.budget, WorstCaseBudget):
        spent = ", ".join(f"{one.value:.4f} ± {one.stderr:.4f}" for one in result.spending)
        limit = str(result.budget)
        if not found.is_search:
            limit = limit.replace("of a prize per target", "of all contributions")
        notes.append(f"budget         {limit}{': ' if spent else ''}{spent}")
    rival = max(result.rivals, key=lambda member: member.value, default=None)
    searched = f"in the search  {result.search_value:,.5g} {result.objective}"
    if rival is not None:
        searched += f"; best member of a known family there: {rival.scheme.label}, {rival.value:,.5g}"
    return render(
        f"Designed scheme, in shares of {stake}: {', '.join(map(str, result.properties))}",
        table,
        footer=(*notes, searched, *(str(verdict) for verdict in result.verdicts)),
    )


def frontier_cells(row: FrontierRow) -> tuple[str, ...]:
    """Return the cells of one scheme in the comparison table."""
    found = row.recruitment
    return (
        row.name,
        f"{found.recruits:.1f}",
        f"{found.recruits_stderr:.1f}",
        "-" if isnan(found.mean_depth) else f"{found.mean_depth:.2f}",
        _share(found.found),
        _share(found.paid_share),
        percent(row.gain),
        percent(row.gain_any_length),
        row.verdict,
    )


def frontier_table(result: Frontier) -> str:
    """Return the comparison of known, best and designed schemes."""
    table = plain_table(FRONTIER_COLUMNS)
    table.columns[-1].justify = "left"
    for kind, epsilon in dict.fromkeys((row.kind == "known", row.epsilon) for row in result.rows):
        table.add_section()
        heading = "as published" if epsilon is None else f"gain at most {percent(float(epsilon))}"
        table.add_row(f"[italic]{heading}[/]")
        for row in result.rows:
            if (row.kind == "known", row.epsilon) == (kind, epsilon):
                table.add_row(*frontier_cells(row), style="bold" if row.kind == "designed" else "")
    what = "a prize" if all(row.recruitment.is_search for row in result.rows) else "all contributions"
    return render(
        "Reward schemes at their equilibrium, all on the same fresh worlds",
        table,
        footer=(
            "recruits: expected members without the team; s.e.: its standard error; depth: their mean depth.",
            f"payout: expected share of {what} that is paid. gain: the most a cheater gains over the honest reward",
            f"with any number of fake identities, in chains of at most {result.campaign.max_depth} and of any length.",
            "sybil-proof: what is proved in exact arithmetic, at every length unless it says otherwise.",
        ),
    )


def frontier_report(result: Frontier) -> str:
    """Return the comparison and then every designed scheme."""
    return "\n\n".join(map(str, (result, *result.designs)))


def surface_table(result: Surface) -> str:
    """Return the designs over a grid of demands, and what each demand costs."""
    varied = result.varied
    words = str(result.objective)
    prices = {axis: {id(point): price for point, price in result.price(axis)} for axis in varied}
    names = [ASKED[axis][0] for axis in varied]
    table = plain_table(
        [*names, words, "fresh worlds", "s.e.", "alone", *(f"price of {ASKED[axis][1]}" for axis in varied)],
        left=0,
    )
    failures = []
    for point in result.points:
        cells = [point.demands.word(axis) for axis in varied]
        if point.design is None:
            table.add_row(*cells, "none")
            asked = ", ".join(f"{name} {word}" for name, word in zip(names, cells, strict=True))
            failures.append(f"none: {asked + ': ' if asked else ''}{point.failure}")
            continue
        alone = "none" if isnan(point.cold) else "0"
        if point.cold < point.value:
            alone = f"{100 * (point.cold / point.value - 1):.2f} %"
        cells += [
            f"{point.value:,.5g}",
            f"{point.design.value:,.5g}",
            f"{point.design.value_stderr:.2g}",
            alone,
        ]
        table.add_row(*cells, *(f"{100 * prices[axis][id(point)]:.2f} %" for axis in varied))
    notes = [
        f"{words}: on the worlds of the search; fresh worlds: on worlds drawn after every choice.",
        "alone: how much less the point reaches without the designs of the others.",
        "gain by fakes, by merging: what a cheater, or members who pose as one, may gain over the honest reward;",
        "cost of a fake, shares: of the prize, a recruiter's of the reward below. price: what the demand costs",
        "against the loosest one here, all others being equal, on the worlds of the search.",
    ]
    for axis in varied:
        if prices[axis]:
            least, most = min(prices[axis].values()), max(prices[axis].values())
            notes.append(f"price of {ASKED[axis][1]}: {100 * least:.2f} to {100 * most:.2f} %")
    return render(
        f"Designed schemes: {words} under every combination of demands", table, footer=[*notes, *failures]
    )


def regret_table(result: Regret) -> str:
    """Return what a scheme loses in campaigns that it was not designed for, and how the best scheme moves."""
    words = str(result.objective)
    table = plain_table(
        ("if instead", "recruits", "redesigned", f"{words} lost", "s.e.", "relative", *_MOVED)
    )
    overspent = []
    for row in result.rows:
        table.add_row(
            row.name,
            f"{row.kept.recruits:,.1f}",
            f"{row.redesigned.recruitment.recruits:,.1f}",
            f"{row.regret:,.3g}",
            f"{row.regret_stderr:.2g}",
            f"{100 * row.relative:.2f} %",
            f"{row.moved:.3f}",
            *("-" if isnan(mean) else f"{mean:.3f}" for mean in row.mean_rewards),
        )
        if row.spent is not None:
            limit = float(row.redesigned.budget.share)  # type: ignore[attr-defined]  # a budget on chances
            kept = "more than" if row.spent > limit else "within"
            overspent.append(
                f"{row.name}: the scheme as it is spends {row.spent:.4f}, {kept} the budget of {limit:g}."
            )
    return render(
        f"Regret: {words} lost where the truth is another",
        table,
        footer=(
            "recruits: with the scheme as it is; redesigned: with the scheme for that campaign, on the same worlds.",
            "rewards move: the largest change of any reward between the two schemes, in shares of the prize.",
            "finder, recruiter, above: what the redesigned scheme pays them on average when a target is found.",
            *overspent,
        ),
    )
