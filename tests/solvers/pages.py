"""A page taken apart, what must hold for every page, and a small campaign to make pages of."""

import base64
import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Search, TopDegree

VOID = {"meta", "br"}
FORBIDDEN_TAGS = {
    "script",
    "img",
    "iframe",
    "object",
    "embed",
    "link",
    "base",
    "form",
    "input",
    "foreignobject",
}


class Page(HTMLParser):
    """A page taken apart; tags that do not close in order are an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.headings, self.cells, self.pieces = [], [], [], [], []
        self.svgs, self.texts = [], {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        assert len(values) == len(attributes), attributes
        self.tags.append((tag, values))
        if tag == "svg":
            self.svgs.append([])
        elif "svg" in self.open and self.open[-1] == "svg":
            self.svgs[-1].append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("th", "td"):
            self.cells[-1].append("")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.pieces.append(data)
        if self.cells and "tr" in self.open:
            self.cells[-1][-1] += data

    @property
    def text(self):
        return " ".join("".join(self.pieces).split())

    def values(self, name):
        return [values[name] for _, values in self.tags if name in values]

    @property
    def files(self):
        """Contents of the files to save, by name."""
        found = {}
        for _, values in self.tags:
            if "download" in values:
                head, _, packed = values["href"].partition(",")
                assert head == "data:application/json;base64"
                assert values["download"] not in found
                found[values["download"]] = json.loads(base64.b64decode(packed, validate=True))
        return found


def is_sound(text):
    """Assert what holds for every page; return it taken apart."""
    page = Page(text)
    assert text.startswith("<!doctype html>\n")
    assert len(text.encode()) < 3_000_000
    names = Counter(page.values("id"))
    assert not [name for name, count in names.items() if count > 1]
    for attribute in ("aria-labelledby", "aria-describedby"):
        assert set(page.values(attribute)) <= set(names)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(page.headings))
    assert page.svgs
    assert all(inside[0] == "title" for inside in page.svgs)
    for tag, values in page.tags:
        assert tag not in FORBIDDEN_TAGS
        assert not [name for name in values if name.startswith("on") or name in ("src", "srcset", "action")]
        if tag == "th":
            assert values["scope"] in ("col", "row", "rowgroup")
        if tag == "a":
            href = values["href"]
            assert (
                href[1:] in names
                if href.startswith("#")
                else href.startswith("data:application/json;base64,")
            )
        if values.get("tabindex") == "0":
            assert values["aria-label"]
    assert not re.search(r"https?:|//|url\(|@import", text)
    assert {tag for tag, _ in page.tags} >= {"header", "nav", "main", "section", "caption"}
    assert re.search(r'<html lang="en">', text)
    return page


def star(*, labels=None, task=None, leaves=30, **settings):
    names = labels if labels is not None else [str(number) for number in range(leaves + 1)]
    cost = CostModel.exponential(mean=settings.pop("mean", 0.1))
    motives = settings.pop("motives", None)
    network = IncentiveNetwork(
        Graph.from_edges([names[0]] * (len(names) - 1), names[1:]),
        contact=0.9,
        join=cost,
        invite=cost,
        motives=motives,
    )
    settings.setdefault("team", TopDegree(1))
    return Campaign(network, task or Search(prize=100, find=0.01), max_depth=3, **settings)
