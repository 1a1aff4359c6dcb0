"""The sections of a report on cheating, certificates and where everything comes from."""

from __future__ import annotations

from collections.abc import Sequence

from proofs import Refuted, Unrefuted, Verdict
from solvers.export import file_suffix
from solvers.report.content import Bundle, Content, bundles
from solvers.report.markup import Html, download, facts, foreign, join, paragraph, table, text
from solvers.report.provenance import campaign_facts, versions
from solvers.report.sections import letters
from solvers.report.sources import sources
from solvers.tables import percent

__all__ = ["certificates", "cheating", "origin", "papers"]

_WORDS = {True: "proved", False: "refuted", None: "open"}


def cheating(content: Content) -> Html:
    """Return who gains from what: every claim with its proof or its smallest counterexample."""
    claims = [_row(verdict) for verdict in content.verdicts]
    parts = [
        table(
            "Claims about the scheme of this report", ("claim", "verdict", "why"), [("", claims)], left=(1, 2)
        )
    ]
    if content.published:
        named = letters(content)
        rows = [
            (
                foreign(f"{row.name} ({named[row.name]})"),
                _verdict(verdicts[-1]),
                percent(row.gain),
                percent(row.gain_any_length),
                _why(verdicts[-1]),
            )
            for row, verdicts in content.published
        ]
        columns = ("scheme", "sybil-proof", "gain", "any length", "why")
        parts += [
            Html("<h3>Published schemes</h3>"),
            table("Who gains by fake identities from published schemes", columns, [("", rows)], left=(1, 4)),
        ]
    parts.append(
        paragraph(
            "A counterexample is the smallest there is: the chain before and after, rewards in brackets from the team",
            "on, in shares of the stake. Proved means accepted by an independent checker in exact arithmetic; nothing",
            "is called proved because a search found nothing.",
        )
    )
    return join(parts)


def _row(verdict: Verdict) -> tuple[object, ...]:
    return str(verdict.claim), _verdict(verdict), _why(verdict)


def _verdict(verdict: Verdict) -> Html:
    word = _WORDS[verdict.holds]
    where = verdict.claim.max_depth
    return Html(
        f'<span class="{word}">{word}</span>'
        + (f", length at most {where}" if verdict.holds and where is not None else "")
    )


def _why(verdict: Verdict) -> Html:
    """Return the smallest counterexample, or where the proof is."""
    if isinstance(verdict, Refuted):
        return join(str(verdict.counterexample).splitlines(), "<br>")
    if isinstance(verdict, Unrefuted):
        return text(f"searched {verdict.searched}")
    return text("certificate below")


def certificates(content: Content) -> Html:
    """Return the links that save schemes, certificates and results."""
    design = content.design
    found: list[Bundle] = bundles(content.verdicts, "", "the scheme of this report")
    for one in content.frontier.designs if content.frontier is not None else ():
        if one is not design:
            found += bundles(
                one.verdicts, file_suffix(one.epsilon), f"designed, epsilon {float(one.epsilon):g}"
            )
    named = letters(content)
    for row, verdicts in content.published:
        found += bundles(verdicts, f"-published-{named[row.name]}", row.name)
    rows = [
        (
            foreign(bundle.words),
            download(f"scheme{bundle.suffix}.json", bundle.scheme),
            download(f"certificate{bundle.suffix}.json", bundle.certificate),
            len(bundle.certificate["claims"]),
        )
        for bundle in found
    ]
    results = {"recruitment": content.recruitment.to_dict()}
    for name, part in (("design", design), ("frontier", content.frontier), ("beside", content.beside)):
        if part is not None:
            results[name] = part.to_dict()
    parts = [paragraph("All numbers of this report:", Html(f"{download('results.json', results)}."))]
    if rows:
        parts = [
            table(
                "Files of what is proved",
                ("scheme", "rewards", "certificate", "claims"),
                [("", rows)],
                left=(1, 2),
            ),
            paragraph(
                "The files are inside this page and are saved without a network. To check a certificate anew, with",
                "nothing but Python:",
                Html("<code>python -m proofs.check scheme.json certificate.json</code>."),
            ),
            *parts,
        ]
    return join(parts)


def origin(content: Content) -> Html:
    """Return the parameters, the versions and how to get the same numbers again."""
    given, parameters = content.provenance, _parameters(content)
    first, second = content.recruitment.world_key
    made: list[tuple[object, object]] = []
    if given.network is not None:
        made.append(("file of the network", foreign(given.network)))
    if given.sha256 is not None:
        made.append(("SHA-256 of that file", Html(f"<code>{text(given.sha256)}</code>")))
    if given.seed is not None:
        made.append(("seed", given.seed))
    if given.effort is not None:
        made.append(("effort", given.effort))
    made.append(
        ("worlds", Html(f"{content.recruitment.replicates:,}, named <code>{first:016x}-{second:016x}</code>"))
    )
    made.append(("stopped", content.recruitment.stop.value))
    parts = [
        Html("<h3>Parameters</h3>"),
        facts(parameters),
        Html("<h3>Making</h3>"),
        facts(made),
        Html("<h3>Versions</h3>"),
        facts(versions()),
    ]
    if given.command is not None:
        parts += [
            Html("<h3>The same report again</h3>"),
            Html(
                '<pre class="scroll" tabindex="0" role="group" aria-label="Command">'
                f"<code>{text(given.command)}</code></pre>"
            ),
        ]
    return join(parts)


def _parameters(content: Content) -> Sequence[tuple[object, object]]:
    if content.campaign is not None:
        return [(name, foreign(value)) for name, value in campaign_facts(content.campaign)]
    found = content.recruitment
    what = "prize for each target" if found.is_search else "contribution of each member"
    targets = [("targets", f"{found.targets:,}")] if found.targets is not None else []
    return [(what, f"{found.prize:,g}"), *targets, ("largest depth", content.depth)]


def papers(content: Content) -> Html:
    """Return the papers behind the model, the schemes and the claims."""
    items = join(Html(f"<li>{text(paper)}</li>") for paper in sources(content.names))
    return Html(f"<ul>\n{items}\n</ul>")
