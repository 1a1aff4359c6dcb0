"""Readers of edge lists: what is a label, what is a column name, and where the fault is."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph, InvalidInputError, readers
from mechanism.readers import read_edges

whole = st.integers(-(2**63), 2**63 - 1)
separators = st.sampled_from(["\t", ",", ";", " ", "  ", ", "])


def write(folder, text):
    path = folder / "edges.txt"
    path.write_bytes(text.encode())
    return path


def edges_in(path):
    edges = read_edges(path)
    return [*zip(edges.source.tolist(), edges.target.tolist(), strict=True)]


@given(st.data())
def test_all_readers_read_the_same(tmp_path_factory, data):
    """Whole numbers take a fast road, everything else a slow one; on whole numbers both lead to the same."""
    separator = data.draw(separators)
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    pairs = data.draw(st.lists(st.tuples(whole, whole), min_size=1, max_size=8))
    noise = st.sampled_from(["", "# a comment", "#", "   " if separator.isspace() else ""])
    lines, expected = [], []
    if data.draw(st.booleans()):
        lines.append(separator.join(["person", "friend"]))
    for u, v in pairs:
        lines += data.draw(st.lists(noise, max_size=2))
        rest = data.draw(st.sampled_from(["", f"{separator}0.5", f"{separator}x y", " # seen"]))
        lines.append(f"{u}{separator}{v}{rest}")
        expected.append(len(lines))
    path = write(tmp_path_factory.mktemp("edges"), end.join(lines) + data.draw(st.sampled_from(["", end])))
    fast = read_edges(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "_whole_numbers", lambda *_, **__: None)
        slow = read_edges(path)
    for edges in (fast, slow):
        assert [*zip(edges.source.tolist(), edges.target.tolist(), strict=True)] == pairs
        assert edges.source.dtype == edges.target.dtype == np.int64
        assert edges.lines().tolist() == expected


def test_whole_numbers_take_the_fast_road(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "_line_by_line", lambda *_: pytest.fail("read line by line"))
    assert edges_in(write(tmp_path, "# title\nu\tv\tweight\n1\t-2\t0.5\n\n3\t4\t\n")) == [(1, -2), (3, 4)]


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("a b\nb c\n", [("a", "b"), ("b", "c")]),
        ("u v\nv w\n", [("u", "v"), ("v", "w")]),
        ("ann bob\n", [("ann", "bob")]),
        (
            "ann bob\n12 34\ncem dan\neva fay\n",
            [("ann", "bob"), ("12", "34"), ("cem", "dan"), ("eva", "fay")],
        ),
        ("from to\nann bob\n", [("ann", "bob")]),
        ("Source,Target\nann,bob\n", [("ann", "bob")]),
        ("ego ego\nann bob\n", [("ego", "ego"), ("ann", "bob")]),
        ("person friend\n1 2\n", [(1, 2)]),
    ],
)
def test_no_edge_is_taken_for_column_names(tmp_path, text, edges):
    assert edges_in(write(tmp_path, text)) == edges


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("1 2 {'weight': 3, 'since': 9}\n2 3 {}\n", [(1, 2), (2, 3)]),
        ("Lee, Ann\tRay, Bob\n", [("Lee, Ann", "Ray, Bob")]),
        ("Ann Lee,Bob Ray\n", [("Ann Lee", "Bob Ray")]),
        ("NA DE\nDE FR\n", [("NA", "DE"), ("DE", "FR")]),
        ("zoë 李\n", [("zoë", "李")]),
        ('1\t2\t"two\n3\t4\tlines"\n', [(1, 2), (3, 4)]),
    ],
)
def test_columns_are_told_apart(tmp_path, text, edges):
    assert edges_in(write(tmp_path, text)) == edges


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("first", ["1\t2#seen", "1\t2 # a, b", "1\t2"])
def test_the_first_edge_is_kept(tmp_path, mark, first):
    assert edges_in(write(tmp_path, f"{mark}{first}\n3\t4\n")) == [(1, 2), (3, 4)]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("first", ["x\t5#seen", "1\tx"])
def test_half_a_number_on_the_first_line_is_no_column_name(tmp_path, mark, first):
    with pytest.raises(InvalidInputError, match=r"edges\.txt, line 1\] is 'x'"):
        read_edges(write(tmp_path, f"{mark}{first}\n3\t4\n5\t6\n"))


@pytest.mark.parametrize("position", range(4))
def test_a_text_among_whole_numbers_is_refused_wherever_it_stands(tmp_path, position):
    lines = ["1 2", "3 4", "5 6"]
    lines.insert(position, "x 8")
    with pytest.raises(InvalidInputError, match=rf"edges\.txt, line {position + 1}\] is 'x'"):
        read_edges(write(tmp_path, "\n".join(lines)))


@given(st.permutations(["ann bob", "12 bob", "cem 7", "3 4"]))
def test_the_kind_of_labels_does_not_depend_on_the_order_of_lines(tmp_path_factory, lines):
    edges = edges_in(write(tmp_path_factory.mktemp("edges"), "\n".join(lines)))
    assert edges == [tuple(line.split()) for line in lines]


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "null", "None"])
@pytest.mark.parametrize("text", ["1,2\n3,{}\n", "ann,bob\n{},cem\n"])
def test_missing_ends_are_named_with_file_and_line(tmp_path, text, missing):
    with pytest.raises(InvalidInputError, match=r"edges\.txt, line 2\].*both ends"):
        read_edges(write(tmp_path, text.format(missing)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2\n2 3\n3 3\n", r"1 self-loop \(the first: line 3 of edges\.txt\)"),
        ("1 2\n\n1 2\n", r"1 repeated arc \(the first: line 3 of edges\.txt\)"),
    ],
)
def test_refused_edges_are_named_with_file_and_line(tmp_path, text, words):
    with pytest.raises(InvalidInputError, match=words):
        Graph.from_file(write(tmp_path, text))


def test_a_cut_archive_is_no_file_to_read(tmp_path):
    path = tmp_path / "edges.txt.gz"
    path.write_bytes(gzip.compress(b"1 2\n" * 1000)[:-12])
    with pytest.raises(InvalidInputError, match="a readable file"):
        read_edges(path)
