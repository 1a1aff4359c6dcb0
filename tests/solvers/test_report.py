"""A report is one page that needs nothing, says what the results say, and shows foreign names as text."""

import json
import re
from collections import Counter
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mechanism import (
    Campaign,
    Contribution,
    Members,
    Motives,
    PathTable,
    Recursive,
    ResponseTime,
    TopDegree,
)
from mechanism.errors import InvalidInputError
from proofs import SybilProof, WithinBudget, check, verify
from solvers import frontier, recruit
from solvers.report import Provenance, forest, markup, report_html, write_report
from solvers.report.sources import PAPERS, sources
from solvers.tables import frontier_cells, percent
from tests.solvers.designs import small_campaign
from tests.solvers.pages import Page, is_sound, star

HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    '"\' onload=alert(1) x="',
    "ann\u202egpj.exe\u2066",
    "nul\0 &lt; &#60;b>",
    "$title ${body} %s {0}",
)


@pytest.fixture(scope="module")
def campaign():
    return small_campaign(n=60, depth=2, prize=300.0, find=0.02, targets=3)


@pytest.fixture(scope="module")
def result(campaign):
    return frontier(campaign, [0, 0.25], rng=1)


@pytest.fixture(scope="module")
def today(campaign, result):
    found = result.designs[0].recruitment
    return recruit(campaign, Recursive(0.5), replicates=found.replicates, rng=forest.same_worlds(found))


@pytest.fixture(scope="module")
def whole(result, today):
    return report_html(
        frontier=result, recruitment=today, provenance=Provenance(seed=1, network="friends.tsv")
    )


@pytest.fixture(scope="module")
def page(whole):
    return is_sound(whole)


def test_the_page_is_sound_and_has_every_section(page):
    links = {href[1:] for href in page.values("href") if href.startswith("#")}
    assert links == {
        "content", "summary", "frontier", "depths", "cheating", "payouts", "run", "certificates", "origin", "sources",
    }  # fmt: skip


def test_the_headline_says_what_the_result_says(page, result):
    found = result.designs[0].recruitment
    low, high = np.quantile(found.sample, (0.05, 0.95), method="closest_observation")
    for words in (
        f"Expected recruits{found.recruits:,.1f} ± {found.recruits_stderr:.1f} (standard error, ",
        f"{found.replicates:,} worlds). 9 runs of 10 end between {low} and {high}.",
        f"P(found){found.found:.3f} ± {found.found_stderr:.3f}",
        f"Payout{percent(found.payout)} of a prize on average for each target, {300 * found.payout:,.2f} in money",
        "GuaranteeNobody gains by fake identities. Proved in exact arithmetic: sybil-proof in chains of every length.",
    ):
        assert words in page.text


def test_the_tables_say_what_the_results_say(page, result):
    rows = page.cells
    for row in result.rows:
        expected = list(frontier_cells(row))
        assert any(cells[1:] == expected[1:] and cells[0].startswith(expected[0]) for cells in rows)
    found = result.designs[0].recruitment
    for depth in (1, 2):
        members, share = found.members_by_depth[depth - 1], found.depth_distribution[depth - 1]
        chances = [f"{chance[depth - 1]:.3f}" for chance in (found.join, found.invite)]
        assert [str(depth), f"{members:,.2f}", percent(share), *chances] in rows


def test_payments_by_depth_add_up_to_the_payout(page, result):
    found = result.designs[0].recruitment
    start = next(i for i, cells in enumerate(page.cells) if "money per member" in cells)
    rows = page.cells[start + 1 : start + 3]
    assert sum(float(cells[2]) for cells in rows) == pytest.approx(found.payout, abs=2e-4)
    money = sum(float(cells[3].replace(",", "")) for cells in rows)
    assert money == pytest.approx(found.payout * 300 * 3, abs=0.02)
    for cells, members in zip(rows, found.members_by_depth, strict=True):
        assert float(cells[4]) == pytest.approx(float(cells[3]) / members, abs=0.02)


def test_the_other_scheme_is_compared_world_by_world(page, result, today):
    assert f"paired world by world: {result.designs[0].recruitment.difference(today)}." in page.text


def test_every_certificate_in_the_page_is_accepted(page, result):
    files_ = page.files
    pairs = [name for name in files_ if name.startswith("scheme")]
    assert {"scheme.json", "scheme-epsilon-0.25.json", "scheme-published-a.json"} <= set(pairs)
    for name in pairs:
        certificate = files_[name.replace("scheme", "certificate")]
        assert check.check(files_[name], certificate)
    assert files_["scheme.json"] == result.designs[0].scheme.to_dict()
    spoilt = files_["scheme.json"]
    spoilt["rewards"][1][1] = "9/10"
    with pytest.raises(check.Refused):
        check.check(spoilt, files_["certificate.json"])


def test_refuted_schemes_show_their_smallest_counterexample(page):
    lines = str(verify(Recursive(0.5), SybilProof()).counterexample).splitlines()
    rows = [cells for cells in page.cells if cells[0] == "recursive 1/2 (MIT) (b)" and len(cells) == 5]
    assert [cells[1] for cells in rows] == ["refuted"]
    assert rows[0][-1] == "".join(lines)
    assert not [cells for cells in page.cells if cells[0] == "finder takes all (a)" and "refuted" in cells]


def test_all_numbers_can_be_saved(page, result, today):
    def plain(value):
        return json.loads(
            json.dumps(value, default=str), parse_constant=lambda word: None if word == "NaN" else "inf"
        )

    saved = page.files["results.json"]
    assert saved["frontier"] == plain(result.to_dict())
    assert saved["recruitment"] == plain(result.designs[0].recruitment.to_dict())
    assert saved["beside"] == plain(today.to_dict())


def test_equal_results_give_equal_pages(whole, result, today, campaign):
    again = Provenance(seed=1, network="friends.tsv")
    assert report_html(frontier=result, recruitment=today, provenance=again) == whole
    other = recruit(campaign, Recursive(0.5), replicates=256, rng=3)
    assert report_html(frontier=result, recruitment=other, provenance=again) != whole


def test_a_page_tells_no_time_and_no_place(whole, tmp_path):
    assert not re.search(r"20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d|/home|/tmp|/usr|site-packages", whole)
    assert str(tmp_path.parent) not in whole


def test_a_recruitment_alone_is_enough(today):
    page = is_sound(report_html(recruitment=today))
    assert "Recruits against a cheater's gain" not in page.text
    assert "No run is shown: the report was made without the campaign." in page.text
    assert "None: up to 50 %" in page.text  # two members: the finder takes 1/2, with one fake 3/4
    assert set(page.files) == {
        "results.json",
        "scheme.json",
        "certificate.json",
    }  # within budget, collusion-proof
    assert is_sound(report_html(recruitment=today, title="")).text


def test_a_design_alone_is_enough(result, campaign):
    scheme = PathTable([[0.5], [0.375, 0.25]])
    verdicts = (verify(scheme, SybilProof(0.25)), verify(scheme, WithinBudget()))
    found = recruit(campaign, scheme, replicates=64, rng=4)
    plan = replace(result.designs[1], scheme=scheme, verdicts=verdicts, recruitments=(found,))
    page = is_sound(report_html(design=plan, campaign=campaign))
    assert "GuaranteeAt most 25 % by fake identities. Proved in exact arithmetic" in page.text
    assert "The scheme was designed for recruits with a budget of at most 1 of a prize per chain" in page.text
    row = next(cells for cells in page.cells if cells[0] == "sybil-proof in chains of every length")
    assert row[1] == "refuted"
    assert "(+25 %)" in row[2]


@pytest.mark.parametrize(
    "case, words",
    [
        ({"task": Contribution(amount=2.0)}, "of all contributions on average"),
        ({"response": ResponseTime.exponential(mean=1), "horizon": 5.0}, "half of the recruits have joined by"),
        ({"motives": Motives(charity=np.linspace(0, 1, 31))}, "No run is shown where motives differ"),
        ({"mean": 1e9}, "Nobody joins."),
        ({"max_invites": 2}, "at most 2 by each member"),
    ],
)  # fmt: skip
def test_every_kind_of_campaign_has_a_page(case, words):
    campaign = star(**case)
    found = recruit(campaign, Recursive(0.5), replicates=16, rng=2)
    assert words in is_sound(report_html(recruitment=found, campaign=campaign)).text


def test_payments_of_contributions_add_up():
    campaign = small_campaign(n=60, depth=3)
    campaign = Campaign(campaign.network, Contribution(amount=2.0), team=TopDegree(3), max_depth=3)
    found = recruit(campaign, PathTable([[0.5], [0.4, 0.2], [0.3, 0.2, 0.1]]), replicates=64, rng=2)
    page = is_sound(report_html(recruitment=found, campaign=campaign))
    start = next(i for i, cells in enumerate(page.cells) if "money per member" in cells)
    money = sum(float(cells[3].replace(",", "")) for cells in page.cells[start + 1 : start + 4])
    assert money == pytest.approx(found.payout * 2.0, abs=0.02)
    assert money > 0


# Names that others chose


@pytest.fixture(scope="module")
def hostile():
    labels = ["team", *HOSTILE]
    campaign = star(labels=labels, team=Members(["team"]))
    scheme = PathTable([[0.5], [0.25, 0.25], [0.2, 0.2, 0.2]], label=HOSTILE[0])
    return campaign, recruit(campaign, scheme, replicates=16, rng=1)


@pytest.mark.parametrize("name", HOSTILE)
def test_foreign_names_are_text(hostile, name):
    campaign, found = hostile
    provenance = Provenance(network=name, command=f"mechanism {name}", sha256=name)
    plain = report_html(
        recruitment=found, campaign=campaign, title="T", provenance=Provenance(network="n", sha256="s")
    )
    text = report_html(recruitment=found, campaign=campaign, title=name, provenance=provenance)
    page = is_sound(text)
    added = Counter(tag for tag, _ in page.tags) - Counter(tag for tag, _ in Page(plain).tags)
    assert added <= Counter(["h3", "pre", "code"])  # those of the command
    shown = re.sub("[\0\u202e\u2066]", lambda mark: f"[U+{ord(mark[0]):04X}]", name)
    heading = re.search(r"<h1><bdi>(.*?)</bdi></h1>", text)[1]
    assert Page(f"<p>{heading}</p>").text == shown
    assert Page(f"<p>{re.search(r'<title>(.*?)</title>', text)[1]}</p>").text == shown
    assert "<script" not in text
    assert not re.search("[\0\u202a-\u202e\u2066-\u2069]", text)


def test_the_longest_chain_is_named(hostile):
    campaign, found = hostile
    text = report_html(recruitment=found, campaign=campaign)
    run = forest.sample_run(campaign, found)
    labels = [campaign.network.graph.labels[run.people[place]] for place in forest.longest_chain(run)]
    assert labels[0] == "team"
    assert len(labels) == 2
    assert f'<td class="words">{markup.foreign(labels[1])}</td>' in text


@given(st.text(alphabet=st.characters(exclude_categories=())))
@example("\ud800\udfff")
@example("</bdi></h1><script>")
def test_any_text_stays_text(value):
    for made in (markup.text(value), markup.attribute(value)):
        made.encode()
        assert not set(made) & set("<>\"'\0\u202e\n")
        assert markup.text(markup.Html(made)) == made
    assert Page(f"<p>{markup.text(value)}</p>").tags == [("p", {})]
    assert Page(f'<p title="{markup.attribute(value)}"></p>').tags[0][1].keys() == {"title"}


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda part: st.lists(part, max_size=3))
)
def test_any_document_can_be_saved(value):
    name, document = 'a"b.json', {"value": value}
    saved = Page(f"<p>{markup.download(name, document)}</p>").files[name]["value"]

    def same(first, second):
        if isinstance(first, list):
            return len(first) == len(second) and all(map(same, first, second))
        if isinstance(first, float) and first in (inf, -inf):
            return second == str(first)
        return second is None if first != first else first == second

    assert same(value, saved)


# Files


def test_a_page_is_written_whole_or_not_at_all(today, whole, result, tmp_path, monkeypatch):
    target = tmp_path / "new" / "page.html"
    assert write_report(target, recruitment=today) == target
    assert target.read_text(encoding="utf-8") == report_html(recruitment=today)
    with pytest.raises(InvalidInputError, match="not there yet"):
        write_report(target, recruitment=today, title="another")
    write_report(target, recruitment=today, title="another", force=True)
    before = target.read_bytes()
    assert b"another" in before

    def full(*arguments, **settings):
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_report(target, recruitment=today, force=True)
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]
    assert target.read_bytes() == before


def test_wrong_targets_and_parts_are_refused(today, hostile, result, tmp_path):
    with pytest.raises(InvalidInputError, match="not a folder"):
        write_report(tmp_path, recruitment=today, force=True)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidInputError, match="a file in a folder"):
        write_report(tmp_path / "file" / "page.html", recruitment=today)
    with pytest.raises(InvalidInputError, match="recruitment is None"):
        report_html()
    with pytest.raises(InvalidInputError, match="design is 3"):
        report_html(design=3, recruitment=today)
    with pytest.raises(InvalidInputError, match="has depth 3"):
        report_html(recruitment=today, campaign=hostile[0])
    campaign = small_campaign(n=61, depth=2, prize=300.0, find=0.02, targets=3)
    with pytest.raises(InvalidInputError, match="that of the result"):
        report_html(frontier=result, campaign=campaign)


def test_sources_are_those_of_what_is_shown(page):
    assert sources(["recursive"]) == sorted(PAPERS[key] for key in ("cebrian", "kleinberg", "pickard"))
    for key in ("pickard", "cebrian", "nath", "zhang", "zhang_tang"):
        assert PAPERS[key] in page.text
