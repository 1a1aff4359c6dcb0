"""The parts of a report: the run as a tree, charts, colours, origin, and the command that writes it."""

import hashlib
import html
import re
import shlex
from collections import Counter
from importlib.resources import files
from math import hypot, inf, nan

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import (
    Campaign,
    Contribution,
    CostModel,
    Graph,
    IncentiveNetwork,
    Members,
    Recursive,
    Search,
)
from mechanism.errors import InvalidInputError
from solvers import recruit
from solvers.cli_report import report
from solvers.report import Provenance, charts, forest, report_html
from solvers.report.provenance import campaign_facts
from solvers.tables import percent
from tests.solvers.designs import small_campaign
from tests.solvers.pages import is_sound, star

# The run


@pytest.fixture(scope="module")
def run():
    campaign = small_campaign(n=300, depth=4, prize=9000.0)
    found = recruit(campaign, Recursive(0.4), replicates=33, rng=5)
    return campaign, found, forest.sample_run(campaign, found)


def test_the_run_is_the_median_one(run):
    campaign, found, shown = run
    assert found.sample[shown.world] == np.sort(found.sample)[16] == (shown.depth > 0).sum()
    graph = campaign.network.graph
    for place, above in enumerate(shown.above):
        if above < 0:
            assert shown.depth[place] == 0
            continue
        assert shown.depth[place] == shown.depth[above] + 1
        recruiter, member = shown.people[above], shown.people[place]
        assert member in graph.indices[graph.indptr[recruiter] : graph.indptr[recruiter + 1]]
    assert shown.below[shown.depth == 0].sum() == (shown.depth > 0).sum()
    chain = forest.longest_chain(run[2])
    assert shown.depth[chain].tolist() == list(range(shown.depth.max() + 1))


def dots(drawing, kind):
    path = re.search(rf'<path class="dots {kind}"[^>]* d="([^"]*)"', drawing)[1]
    return [tuple(map(float, place)) for place in re.findall(r"M([-\d.]+) ([-\d.]+)h", path)]


def test_everybody_stands_on_the_ring_of_the_depth(run):
    shown = run[2]
    drawing = forest.draw(shown)
    rings = [float(ring) for ring in re.findall(r'class="ring"[^>]* r="([\d.]+)"', drawing)]
    assert len(rings) == shown.depth.max()
    places = dots(drawing, "member")
    assert len(set(places)) > 0.95 * len(places)  # hardly two members on one spot
    middle = forest.SIDE / 2
    ring_of = Counter(
        1 + int(np.abs(np.array(rings) - hypot(x - middle, y - middle)).argmin()) for x, y in places
    )
    assert ring_of == Counter(depth for depth in shown.depth.tolist() if depth)
    assert max(abs(hypot(x - middle, y - middle) - np.array(rings)).min() for x, y in places) < 0.2


@pytest.mark.parametrize("most", [4, 20, 60])
def test_a_large_run_is_thinned_from_its_ends(run, monkeypatch, most):
    shown = run[2]
    monkeypatch.setattr(forest, "_MOST", most)
    drawn = set(forest.shown(shown).tolist())
    assert most <= len(drawn) <= most + shown.depth.max() + 1
    assert drawn >= set(forest.longest_chain(shown))
    assert all(shown.above[place] in drawn for place in drawn if shown.above[place] >= 0)
    left = min(shown.below[place] for place in drawn - set(forest.longest_chain(shown)))
    assert max(shown.below[place] for place in range(len(shown.people)) if place not in drawn) <= left
    assert len(dots(forest.draw(shown), "member")) == sum(shown.above[place] >= 0 for place in drawn)


def test_a_page_with_thousands_of_members_stays_small():
    campaign = star(leaves=8000, task=Search(prize=1e6, find=0.01))
    found = recruit(campaign, Recursive(0.5), replicates=8, rng=1)
    text = report_html(recruitment=found, campaign=campaign)
    page = is_sound(text)
    members = int(np.sort(found.sample)[3])
    assert members > 4000
    assert f"Of {members + 1:,} people 4,000 are drawn" in page.text.replace("4,001", "4,000")
    assert len(text) < 500_000


# Charts, colours, origin


@given(st.floats(0, 1e9), st.floats(1e-9, 1e9))
def test_an_axis_covers_its_range(low, span):
    scale = charts.Scale.over(low, low + span)
    assert scale.low <= low + 1e-6 * span
    assert scale.high >= low + span - 1e-6 * (low + span)
    assert 2 <= len(scale.ticks) <= 8
    assert scale.at(scale.low) == 0
    assert scale.at(scale.high) == 1


def test_letters_of_points_keep_apart():
    points = [(letter, 0.0, 10.0 + step) for step, letter in enumerate("abcdef")] + [("g", inf, 5.0)]
    drawing = charts.lines(
        [("first", [(0.0, 12.0, 1.0), (1.0, 20.0, 1.0)])], points, names=("x", "y"), words=(str, str)
    )
    places = [tuple(map(float, at)) for at in re.findall(r'letter" x="([\d.]+)" y="([\d.]+)"', drawing)]
    assert len(places) == 7
    for number, first in enumerate(places):
        for second in places[number + 1 :]:
            assert max(abs(first[0] - second[0]), abs(first[1] - second[1])) > 7
    assert "M-4 -5l9 5l-9 5z" in drawing  # what gains without bound stands at the edge, as an arrow
    assert ">more</text>" in drawing
    assert "nan" not in drawing
    assert "inf" not in drawing


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_told_apart_in_light_dark_and_print():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    style = files("solvers.report").joinpath("page.html").read_text(encoding="utf-8")
    schemes = re.findall(r":root \{([^}]*)\}", style)
    palettes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme)) for scheme in schemes]
    palettes = [palette for palette in palettes if palette]
    assert len(palettes) == 3
    for palette in palettes:
        for ground in ("paper", "panel"):
            for ink in ("ink", "faint", "first", "second", "third", "good"):
                assert contrast(palette[ink], palette[ground]) >= 4.5


def test_no_name_of_a_folder_is_kept(tmp_path):
    path = tmp_path / "friends.tsv"
    path.write_bytes(b"1 2\n")
    made = Provenance.of_file(path, seed=3)
    assert (made.network, made.sha256) == ("friends.tsv", hashlib.sha256(b"1 2\n").hexdigest())
    assert Provenance(network=r"C:\people\ann\friends.tsv").network == "friends.tsv"
    with pytest.raises(InvalidInputError, match="a readable file"):
        Provenance.of_file(tmp_path / "nobody.tsv")


def test_parameters_are_told_in_words():
    cost = CostModel.empirical([1.0, 2.0, 4.0])
    graph = Graph.from_edges([1, 1, 2], [2, 3, 3])
    network = IncentiveNetwork(
        graph, contact=[0.1, 0.2, 0.6], join=cost, invite=CostModel.uniform(low=0, high=2)
    )
    facts = dict(campaign_facts(Campaign(network, Contribution(amount=5), team=Members([1, 2]), max_depth=4)))
    assert facts["contact"] == "an invitation arrives with probability by arc, 0.1 to 0.6, mean 0.3"
    assert facts["cost of joining"] == "empirical, 3 observations"
    assert facts["cost of an invitation"] == "uniform, low 0, high 2"
    assert facts["team"] == "2: 1, 2"
    assert facts["task"] == "every recruit contributes 5"


# The command


def test_the_command_writes_the_page_and_says_how_to_do_so_again(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(5)
    edges = {(min(u, v), max(u, v)) for u, v in rng.integers(20, size=(40, 2)).tolist() if u != v}
    folder = tmp_path / "private"
    folder.mkdir()
    network = folder / "friends.tsv"
    network.write_text("".join(f"{u}\t{v}\n" for u, v in sorted(edges)))
    words = ["--undirected", "--max-depth", "2", "--team", "2", "--find", "0.05", "--epsilon", "0"]
    words += ["--scheme", "recursive:1/2", "--title", "Who's <first>?"]
    out = tmp_path / "page.html"
    report.main([str(network), *words, "--out", str(out)], standalone_mode=False)
    assert capsys.readouterr().out.endswith(f"Wrote {out}.\n")
    text = out.read_text(encoding="utf-8")
    page = is_sound(text)
    assert hashlib.sha256(network.read_bytes()).hexdigest() in page.text
    assert "Two schemes in this campaign" in page.text
    assert str(tmp_path) not in text
    assert "private" not in text
    command = shlex.split(html.unescape(re.search("<code>(mechanism report .*)</code>", text)[1]))
    assert command[:3] == ["mechanism", "report", "friends.tsv"]
    assert sorted(command[3:]) == sorted(words)
    monkeypatch.chdir(folder)
    report.main([*command[2:], "--out", "again.html"], standalone_mode=False)
    assert (folder / "again.html").read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["--effort", "0"], "--effort is 0"),
        (["--epsilon", "-1"], "--epsilon is -1.0"),
        (["--scheme", "cdrm_1:budget=1/2,penalty=0.3"], "must be a path scheme"),
        (["--out", "page.html"], "exists; --force replaces it"),
    ],
)
def test_wrong_words_are_refused_before_any_work(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("solvers.design_frontier.frontier", lambda *_, **__: pytest.fail("work began"))
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(click.UsageError, match=re.escape(sentence)):
        report.main(words, standalone_mode=False)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text() == "mine"


def test_the_shares_of_nothing_are_unknown():
    assert charts.bars([0.0, 0.0], names=("x", "y")).count('class="bar"') == 2
    assert "nan" not in charts.stems([], names=("x", "y"), words=(str, str))
    assert percent(nan) == "unknown"
