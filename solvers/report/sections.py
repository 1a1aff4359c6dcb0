"""The sections of a report on recruits, rewards and one run."""

from __future__ import annotations

from math import isnan

import numpy as np

from mechanism import Search
from proofs import SybilProof, sybil_gain
from solvers.report import forest
from solvers.report.charts import SIZE, bars, lines, stems
from solvers.report.content import Content
from solvers.report.markup import Html, facts, figure, foreign, join, paragraph, table, text
from solvers.tables import FRONTIER_COLUMNS, frontier_cells, percent

__all__ = ["depths", "frontier", "headline", "letters", "payouts", "tree"]

_MOST_LENGTHS = 12  # columns of rewards


def headline(content: Content) -> Html:
    """Return the four numbers that matter most."""
    found = content.recruitment
    low, high = np.quantile(found.sample, (0.05, 0.95), method="closest_observation")
    pairs: list[tuple[object, object]] = [
        (
            "Expected recruits",
            _card(
                f"{found.recruits:,.1f}",
                f"± {found.recruits_stderr:.1f} (standard error, {found.replicates:,} worlds). "
                f"9 runs of 10 end between {low:,} and {high:,}.",
            ),
        )
    ]
    worst = found.scheme.table(content.depth).sum(axis=1).max()
    if found.is_search:
        pairs += [
            (
                "P(found)",
                _card(
                    f"{found.found:.3f}",
                    f"± {found.found_stderr:.3f}, the chance that a given target is found.",
                ),
            ),
            (
                "Payout",
                _card(
                    f"{percent(found.payout)} of a prize",
                    f"on average for each target, {found.payout * found.prize:,.2f} in money; "
                    f"at most {percent(float(worst))} when it is found.",
                ),
            ),
        ]
    else:
        pairs += [
            (
                "Contributed",
                _card(
                    f"{found.recruits * found.prize:,.2f}",
                    f"in money on average, {found.prize:g} by each recruit.",
                ),
            ),
            (
                "Payout",
                _card(
                    f"{percent(found.paid_share)} of all contributions",
                    f"on average, {found.payout * found.prize:,.2f} in money; "
                    f"at most {percent(float(worst))} of any one of them.",
                ),
            ),
        ]
    notes: list[object] = [
        Html(f"The scheme: {foreign(found.scheme.label)}."),
        f"The equilibrium: {found.status.value}; largest distance of a decision from a best response {found.gap:.2g}.",
    ]
    if content.design is not None:
        notes[0] = (
            f"The scheme was designed for {content.design.objective} with a budget of {_budget(content)}; "
            f"asked for: {', '.join(map(str, content.design.properties))}."
        )
    if found.timeline is not None:
        notes.append(f"By the clock, half of the recruits have joined by {found.timeline.half_time:.3g}.")
    return join([facts([*pairs, ("Guarantee", _guarantee(content))], kind="cards"), paragraph(*notes)])


def _card(number: str, words: str) -> Html:
    return Html(f"<strong>{text(number)}</strong> <span>{text(words)}</span>")


def _budget(content: Content) -> str:
    words = str(content.design.budget) if content.design is not None else ""
    return (
        words
        if content.recruitment.is_search
        else words.replace("of a prize per target", "of all contributions")
    )


def _guarantee(content: Content) -> Html:
    """Return what is proved of cheating with fake identities, the least conditional first."""
    proved = [
        (
            attack.identity_cost > 0 or attack.identities is not None,
            attack.epsilon,
            one.claim.max_depth or 0,
            one,
        )
        for one in content.verdicts
        if isinstance(attack := one.claim.property, SybilProof) and one.holds
    ]
    if not proved:
        gain = float(sybil_gain(content.scheme, content.depth))
        return _card(
            f"None: up to {percent(gain)}",
            f"is what a cheater gains by fake identities in chains of at most {content.depth}.",
        )
    _, allowed, _, verdict = min(proved, key=lambda entry: entry[:3])
    words = "Nobody gains" if allowed == 0 else f"At most {percent(float(allowed))}"
    return _card(words, f"by fake identities. Proved in exact arithmetic: {verdict.claim}.")


def letters(content: Content) -> dict[str, str]:
    """Return the letter that stands for each published scheme in the picture."""
    return {row.name: chr(ord("a") + number % 26) for number, (row, _) in enumerate(content.published)}


def frontier(content: Content) -> Html:
    """Return expected recruits against what a cheater gains, drawn and as a table."""
    result = content.frontier
    if result is None:
        return Html("")
    named = letters(content)
    designed = [row for row in result.rows if row.kind == "designed"]
    best = []
    for epsilon in result.epsilons:
        kept = [
            row.recruitment.recruits
            for row in result.rows
            if row.kind != "designed" and row.gain <= float(epsilon) + 1e-12
        ]
        best += [(float(epsilon), max(kept), 0.0)] if kept else []
    drawing = lines(
        [
            ("second", best),
            (
                "first",
                [
                    (
                        float(row.epsilon or 0),
                        row.recruitment.recruits,
                        1.96 * row.recruitment.recruits_stderr,
                    )
                    for row in designed
                ],
            ),
        ],
        [(named[row.name], row.gain, row.recruitment.recruits) for row, _ in content.published],
        names=("most that a cheater gains over the honest reward", "expected recruits"),
        words=(lambda share: f"{100 * share:g} %", "{:,g}".format),
    )
    found = "; ".join(
        f"{row.recruitment.recruits:,.1f} recruits at a gain of at most {percent(float(row.epsilon or 0))}"
        for row in designed
    )
    key = "; ".join(f"{letter} {name}" for name, letter in named.items())
    caption = Html(
        '<span class="key"><svg viewBox="0 0 24 10" aria-hidden="true"><title>designed</title>'
        '<path class="line first" d="M0 5H24"/></svg> designed, with 95 % intervals</span> '
        '<span class="key"><svg viewBox="0 0 24 10" aria-hidden="true"><title>best of the families</title>'
        '<path class="line second" d="M0 5H24"/></svg> best member of any known family</span> '
        f"<br>Published schemes: {text(key)}. An arrow at the right edge stands for a larger gain."
    )
    picture = figure(
        "frontier-chart",
        "Expected recruits against a cheater's gain",
        f"Designed schemes: {found}. The numbers of all schemes stand in the table that follows.",
        drawing,
        size=SIZE,
        caption=caption,
    )
    groups: dict[str, list[tuple[object, ...]]] = {}
    for row in result.rows:
        head = "as published"
        if row.kind != "known":
            head = f"gain at most {percent(float(row.epsilon or 0))}"
        name = f"{row.name} ({named[row.name]})" if row.kind == "known" else row.name
        cells = (foreign(name), *frontier_cells(row)[1:])
        groups.setdefault(head, []).append(
            tuple(Html(f"<b>{text(cell)}</b>") for cell in cells) if row.kind == "designed" else cells
        )
    what = "a prize" if content.recruitment.is_search else "all contributions"
    return join(
        [
            picture,
            table(
                "Reward schemes at their equilibrium, all on the same fresh worlds",
                FRONTIER_COLUMNS,
                list(groups.items()),
                left=(len(FRONTIER_COLUMNS) - 1,),
            ),
            paragraph(
                "Recruits: expected members without the team; s.e.: its standard error; depth: their mean depth.",
                f"Payout: expected share of {what} that is paid. Gain: the most that a cheater gains over the honest",
                f"reward with any number of fake identities, in chains of at most {content.depth} and of any length.",
            ),
        ]
    )


def depths(content: Content) -> Html:
    """Return the members by depth and what they decide."""
    found = content.recruitment
    shares = found.depth_distribution
    rows = [
        (depth, f"{members:,.2f}", percent(float(share)), f"{joining:.3f}", f"{inviting:.3f}")
        for depth, (members, share, joining, inviting) in enumerate(
            zip(found.members_by_depth, shares, found.join, found.invite, strict=True), start=1
        )
    ]
    mean = (
        "Nobody joins."
        if isnan(found.mean_depth)
        else f"A member stands at depth {found.mean_depth:.2f} on average."
    )
    picture = figure(
        "depth-chart",
        "Expected members at each depth",
        f"{mean} The numbers stand in the table that follows.",
        bars(found.members_by_depth.tolist(), names=("depth", "expected members")),
        size=SIZE,
        caption=(
            f"{mean} Depth 1 is recruited by the team. The deepest in {found.replicates:,} worlds: {found.max_depth}."
        ),
    )
    return join(
        [
            picture,
            table(
                "Members and decisions by depth",
                ("depth", "members", "share", "join if asked", "make an invitation"),
                [("", rows)],
            ),
            *_beside(content),
        ]
    )


def _beside(content: Content) -> list[Html]:
    """Return the comparison with the other scheme that was given."""
    other = content.beside
    if other is None:
        return []
    found = content.recruitment
    cells = [
        (
            "the scheme of this report" if one is found else foreign(one.scheme.label),
            f"{one.recruits:,.1f}",
            f"{one.recruits_stderr:.1f}",
            "-" if isnan(one.mean_depth) else f"{one.mean_depth:.2f}",
            f"{one.found:.3f}" if one.is_search else "-",
            percent(one.paid_share),
        )
        for one in (found, other)
    ]
    columns = ("scheme", "recruits", "s.e.", "mean depth", "P(found)", "payout")
    parts = [
        Html("<h3>Beside another scheme</h3>"),
        table("Two schemes in this campaign", columns, [("", cells)]),
    ]
    if other.world_key == found.world_key:
        parts.append(paragraph(f"Difference in recruits, paired world by world: {found.difference(other)}."))
    return parts


def payouts(content: Content) -> Html:
    """Return what is paid, with what chance, and to whom."""
    found = content.recruitment
    stake, rewards = content.stake, found.scheme.table(content.depth)
    weights = found.winners_by_depth if found.is_search else found.members_by_depth
    amounts, chances = found.payout_distribution
    per = "for one target" if found.is_search else "for one contribution"
    together: dict[float, float] = {}  # amounts that differ by rounding alone
    for amount, chance in zip(amounts.tolist(), chances.tolist(), strict=True):
        together[round(amount, 9)] = together.get(round(amount, 9), 0.0) + chance
    points = [(amount, chance) for amount, chance in together.items() if not isnan(chance)]
    picture = figure(
        "payout-chart",
        f"What is paid {per}, and with what chance",
        "; ".join(f"{percent(amount)} with chance {chance:.3g}" for amount, chance in points[:_MOST_LENGTHS]),
        stems(
            points,
            names=(f"paid, share of {stake}", "chance"),
            words=(lambda share: f"{100 * share:g} %", "{:g}".format),
        ),
        size=SIZE,
        caption=(
            f"On average {percent(found.paid_share)} of {stake} is paid. "
            + ("Nothing is paid if the target is not found." if found.is_search else "")
        ),
    )
    who = "finder" if found.is_search else "member"
    widest = max((int(np.flatnonzero(row).max()) + 1 for row in rewards if row.any()), default=1)
    columns = min(widest, _MOST_LENGTHS)
    heads = [who, *(f"{steps} above" for steps in range(1, columns))]
    rest = ["all farther above"] if widest > columns else []
    by_length = [
        (
            depth + 1,
            f"{weights[depth]:.4f}",
            *(f"{row[j]:.4f}" if j <= depth else "" for j in range(columns)),
            *([f"{row[columns:].sum():.4f}"] if rest else []),
            f"{row.sum():.4f}",
            f"{row.sum() * found.prize:,.2f}",
        )
        for depth, row in enumerate(rewards)
    ]
    # A member at depth d is paid R(l, l - d) from what falls to depth l.
    ends = range(content.depth)
    paid = [sum(weights[end] * rewards[end, end - depth] for end in ends[depth:]) for depth in ends]
    money = [share * found.prize * (found.targets or 1) for share in paid]
    by_depth = [
        (
            depth + 1,
            f"{members:,.2f}",
            f"{paid[depth]:.4f}",
            f"{money[depth]:,.2f}",
            f"{money[depth] / members:,.2f}" if members else "-",
        )
        for depth, members in enumerate(found.members_by_depth)
    ]
    weight = "chance" if found.is_search else "contributions"
    return join(
        [
            picture,
            Html("<h3>By length of the chain</h3>"),
            table(
                f"Rewards in shares of {stake}, by the {who}'s depth",
                (f"{who}'s depth", weight, *heads, *rest, "all", "money"),
                [("", by_length)],
            ),
            paragraph(
                f"Each row is a chain from the team to the {who}; {weight}: "
                + (
                    "that the winner of a given target stands there."
                    if found.is_search
                    else "expected number made there."
                ),
                f"Money is what the whole chain is paid, of {found.prize:,g}.",
            ),
            Html("<h3>By depth of who is paid</h3>"),
            table(
                "Expected payments to the members at each depth",
                ("depth", "members", f"paid, shares {'of a prize' if found.is_search else 'of a contribution'}",
                 "money, in all", "money per member"),
                [("", by_depth)],
            ),
            paragraph(
                "Shares are for one target, money is for all targets."
                if found.is_search
                else "Shares and money are for all contributions.",
                "Money per member is expected money over expected members.",
            ),
        ]
    )  # fmt: skip


def tree(content: Content) -> Html:
    """Return the recruitment tree of one run."""
    campaign, found = content.campaign, content.recruitment
    if campaign is None:
        return paragraph("No run is shown: the report was made without the campaign.")
    run = forest.sample_run(campaign, found)
    if run is None:
        return paragraph(
            "No run is shown where motives differ between people, or where the race runs by the clock."
        )
    members = int((run.depth > 0).sum())
    drawn = len(forest.shown(run))
    chain = forest.longest_chain(run)
    about = f"World {run.world:,} of {found.replicates:,}: the first with the median number of recruits, {members:,}."
    notes = [
        about,
        "The team stands in the middle, each ring is a depth, and lines lead from recruiters to recruits.",
    ]
    if drawn < len(run.people):
        notes.append(
            f"Of {len(run.people):,} people {drawn:,} are drawn: those with most members below them, at equal numbers "
            "evenly chosen, and the highlighted chain."
        )
    if chain:
        notes.append("Highlighted is a longest chain.")
    counts = np.bincount(run.depth)[1:]
    by_depth = ", ".join(f"{count:,} at depth {depth}" for depth, count in enumerate(counts, start=1))
    picture = figure(
        "tree",
        "Recruitment tree of one run",
        f"{members:,} recruits: {by_depth}." if members else "Nobody was recruited.",
        forest.draw(run),
        size=(forest.SIDE, forest.SIDE),
        caption=" ".join(notes),
    )
    if not chain:
        return picture
    labels = campaign.network.graph.labels
    end = len(chain) - 1
    paid = found.scheme.table(content.depth)[end - 1]
    rows = [
        (
            depth,
            foreign(labels[run.people[place]]),
            f"{run.below[place]:,}",
            "the team, not paid" if depth == 0 else f"{paid[end - depth]:.4f}",
            "" if depth == 0 else f"{paid[end - depth] * found.prize:,.2f}",
        )
        for depth, place in enumerate(chain)
    ]
    what = "finds a target" if isinstance(campaign.task, Search) else "contributes"
    return join(
        [
            picture,
            table(
                f"The highlighted chain, and what it is paid if its last member {what}",
                ("depth", "person", "members below", f"share of {content.stake}", "money"),
                [("", rows)],
                left=(1,),
            ),
        ]
    )
