"""Files that claim to be large are refused before there is room for them, and nothing in a file is run."""

import gzip
import json
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mechanism import Graph, InvalidInputError
from mechanism.campaign_file import load_campaign
from mechanism.readers import largest
from mechanism.storage import draft_of, map_arrays, whole_file
from proofs import write_json

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
MEASURED = """
import resource, sys
from mechanism import Graph, InvalidInputError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    Graph.from_file(sys.argv[1])
except InvalidInputError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    print(error)
"""


def peak(path):
    """Return by how much memory grew in MiB while a file was refused, and the message."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    grown, words = done.stdout.splitlines()
    return int(grown) / 1024, words


@pytest.mark.parametrize("line", [b"\0", b"1 2\n"])
def test_a_bomb_is_refused_within_bounded_memory(tmp_path, line):
    """300 MB in 1 MB or less: at most 64 MiB are held, and nothing is made of them."""
    path = tmp_path / "edges.txt.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(line * (MIB // len(line)))
    assert path.stat().st_size < 3 * MIB
    grown, words = peak(path)
    assert grown < 64 * 3
    assert "grows to at most" in words
    assert "give it uncompressed" in words


def test_the_limit_grows_with_the_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    assert largest(path) == 64 * MIB
    path.write_bytes(bytes(MIB))
    assert largest(path) == 100 * MIB


def test_a_compressed_file_of_arrays_is_limited(tmp_path):
    path = tmp_path / "graph.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("format", "indptr", "indices", "labels"):
            with file.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array_header_1_0(
                    stream, {"descr": "<i8", "fortran_order": False, "shape": (3 * MIB,)}
                )
                stream.write(bytes(24 * MIB))
    grown, words = peak(path)
    assert grown < 64
    assert "store them uncompressed" in words


def test_an_array_longer_than_its_file_is_refused(tmp_path):
    path = tmp_path / "graph.npz"
    Graph.from_edges([0], [1]).save(path)
    data = bytearray(path.read_bytes())
    place = data.index(b"'shape': (3,)")
    data[place : place + 13] = b"'shape': (9,)"
    path.write_bytes(data)
    for memory_map in (False, True):
        with pytest.raises(InvalidInputError, match=r"as long as they say|CRC"):
            Graph.from_file(path, memory_map=memory_map)


def test_objects_in_arrays_are_never_read(tmp_path):
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return Path.touch, (ran,)

    arrays = {"format": np.array(1), "indices": np.array([1]), "labels": np.array([0, 1])}
    np.savez(tmp_path / "graph.npz", indptr=np.array([Evil(), 1, 1], dtype=object), **arrays)
    for memory_map in (False, True):
        with pytest.raises(InvalidInputError, match="objects"):
            Graph.from_file(tmp_path / "graph.npz", memory_map=memory_map)
    with pytest.raises(ValueError, match="objects"):
        map_arrays(tmp_path / "graph.npz")
    assert not ran.exists()


def test_no_reader_unpickles():
    """Between processes of one run objects travel pickled; from files nothing does."""
    forbidden = re.compile(
        r"allow_pickle=True|\bnp\.load\(|read_pickle|\bmarshal\b|\bshelve\b|joblib|yaml|\beval\(|\bexec\(|pickle\.load\b"
    )
    sources = [path for package in ("mechanism", "proofs") for path in (ROOT / package).rglob("*.py")]
    assert len(sources) > 50
    assert not [path for path in sources if forbidden.search(path.read_text(encoding="utf-8"))]
    for path in sources:
        for call in re.findall(r"read_array\([^)]*\)", path.read_text(encoding="utf-8")):
            assert "allow_pickle=False" in call


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "..", "a/b", "~", "c\\d", "COM1", "-rf"])
def test_names_in_files_lead_nowhere(tmp_path, name):
    """Labels are texts: no file is named by them, whatever they hold."""
    folder = tmp_path / "in" / "out"
    folder.mkdir(parents=True)
    graph = Graph.from_edges([name, "x"], ["x", name + "2"])
    before = set(tmp_path.rglob("*"))
    for kind in (".npz", ".parquet"):
        graph.save(folder / f"graph{kind}")
        assert Graph.from_file(folder / f"graph{kind}").labels.tolist() == graph.labels.tolist()
    write_json(folder / "scheme.json", {"scheme": name, "labels": [name]})
    new = set(tmp_path.rglob("*")) - before
    assert new == {folder / "graph.npz", folder / "graph.parquet", folder / "scheme.json"}


def test_members_of_an_archive_are_not_unpacked(tmp_path):
    path = tmp_path / "in" / "graph.npz"
    path.parent.mkdir()
    Graph.from_edges([0], [1]).save(path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../../escaped.npy", b"x")
        file.writestr("/tmp/escaped.npy", b"x")
    with pytest.raises(InvalidInputError, match="path is"):
        Graph.from_file(path)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "in", path]


CAMPAIGN = """max_depth = 3
network = {{file = {file}, contact = 0.5}}
costs = {{join = 1, invite = 1}}
task = {{kind = "contribution", amount = 1}}
team = {{top_degree = 1}}
scheme = {scheme}
"""


@pytest.mark.parametrize(
    "file, scheme",
    [
        ("../../none.tsv", "recursive:1/2"),
        ("/dev/zero", "recursive:1/2"),
        ("a\0b", "recursive:1/2"),
        ("net.tsv", "evil.py:rule"),
        ("net.tsv", "../evil.py:rule"),
        ("net.tsv", "recursive:__import__('os')"),
    ],
)
def test_a_campaign_file_runs_and_writes_nothing(tmp_path, file, scheme):
    (tmp_path / "net.tsv").write_text("1 2\n2 3\n")
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nrule = 1\n")
    text = CAMPAIGN.format(file=json.dumps(file), scheme=json.dumps(scheme))
    (tmp_path / "campaign.toml").write_text(text)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidInputError):
        load_campaign(tmp_path / "campaign.toml")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / "note"
    path.write_text("old")

    def fail():
        with whole_file(path) as draft:
            draft.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_drafts_of_ended_processes_are_removed_and_no_others(tmp_path):
    path = tmp_path / "note[1]"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = draft_of(path)
    dead = mine.with_name(re.sub(r"\.\d+\.([0-9a-f]+)\.part$", rf".{ended.pid}.\1.part", mine.name))
    others = [
        mine,
        tmp_path / "note[1].part",
        tmp_path / ".note1.part",
        tmp_path / ".note[1].elsewhere.1.ab.part",
    ]
    for one in (dead, *others):
        one.write_text("draft")
    folder = dead.with_name(dead.name.replace(".part", "0.part"))
    folder.mkdir()
    draft_of(path)
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_headers_of_zip_files_may_lie(tmp_path):
    """An entry that says it is small is read no further than it says."""
    path = tmp_path / "graph.npz"
    Graph.from_edges([0], [1]).save(path, compressed=True)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02") + 24  # size of the last entry, in the directory
    struct.pack_into("<I", data, place, 8)
    path.write_bytes(data)
    with pytest.raises(InvalidInputError, match="path is"):
        Graph.from_file(path)
