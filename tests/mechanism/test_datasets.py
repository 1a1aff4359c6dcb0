"""Where data come from: the folder, the cache, a server that may fail, and what the catalogue says of them."""

import gc
import gzip
import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mechanism import InvalidInputError, datasets
from mechanism.datasets import Catalogue, Dataset, DatasetHashError, DatasetMissingError

BODY = gzip.compress(b"# two people\nu\tv\n1\t2\n" * 10_000, compresslevel=0)
PAIR = Dataset(
    "graphs/pair", "two people", 2, 1, "none", "Nobody 1900", "made here", hashlib.sha256(BODY).hexdigest()
)


class Handler(BaseHTTPRequestHandler):
    """Serves what the test has put into the server."""

    def do_GET(self):
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        if self.server.tells_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.breaks_off])

    def log_message(self, *args):
        """Keep quiet."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Run a server that holds the pair, with an empty cache, and no folder of data."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.files, running.asked = {"/data/graphs/pair.tsv.gz": BODY}, []
        running.tells_length, running.breaks_off = True, None
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.delenv("MECHANISM_DATA", raising=False)
        monkeypatch.setenv("MECHANISM_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("MECHANISM_DATA_URL", f"http://127.0.0.1:{running.server_port}/data/")
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setattr(datasets, "list", lambda: Catalogue([PAIR]))
        yield running
        running.shutdown()
        thread.join()
    gc.collect()  # a connection left open is a warning here, and so an error


def kept(tmp_path):
    """Return the files of the cache."""
    return [one for one in (tmp_path / "cache").rglob("*") if one.is_file()]


def test_a_download_is_kept_and_asked_for_once(server, tmp_path):
    first = datasets.path("graphs/pair")
    assert first == tmp_path / "cache" / "graphs" / "pair.tsv.gz"
    assert first.read_bytes() == BODY
    server.files.clear()
    assert datasets.path("graphs/pair.tsv.gz") == first
    assert server.asked == ["/data/graphs/pair.tsv.gz"]
    assert kept(tmp_path) == [first]


@pytest.mark.parametrize("tells_length", [True, False])
def test_progress_ends_with_all_bytes(server, tells_length):
    server.tells_length = tells_length
    seen = []
    datasets.path("graphs/pair", progress=lambda *step: seen.append(step))
    total = len(BODY) if tells_length else 0
    assert {(name, of) for name, _, of in seen} == {("graphs/pair", total)}
    done = [bytes_done for _, bytes_done, _ in seen]
    assert done == sorted(done)
    assert len(set(done)) > 1
    assert done[-1] >= len(BODY)


def test_the_folder_comes_before_the_cache(server, tmp_path, monkeypatch):
    datasets.path("graphs/pair")
    own = tmp_path / "own" / "graphs" / "pair.tsv.gz"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    monkeypatch.setenv("MECHANISM_DATA", str(tmp_path / "own"))
    assert datasets.path("graphs/pair") == own
    own.unlink()
    assert datasets.path("graphs/pair").is_relative_to(tmp_path / "cache")


def test_a_wrong_file_is_refused_and_not_kept(server, tmp_path):
    server.files["/data/graphs/pair.tsv.gz"] = BODY + b"!"
    with pytest.raises(DatasetHashError, match=rf"is not the data set 'graphs/pair'.*{PAIR.sha256}"):
        datasets.path("graphs/pair")
    assert not kept(tmp_path)


@pytest.mark.parametrize("tells_length, error", [(True, DatasetMissingError), (False, DatasetHashError)])
def test_half_a_file_is_not_kept(server, tmp_path, tells_length, error):
    server.breaks_off, server.tells_length = len(BODY) // 2, tells_length
    with pytest.raises(error, match="graphs/pair"):
        datasets.path("graphs/pair")
    assert not kept(tmp_path)
    server.breaks_off = None
    assert datasets.path("graphs/pair").read_bytes() == BODY


def test_another_file_in_the_cache_is_replaced_by_the_right_one_only(server, tmp_path, monkeypatch):
    place = datasets.path("graphs/pair")
    place.write_bytes(b"damaged")
    server.files["/data/graphs/pair.tsv.gz"] = b"wrong"
    with pytest.raises(DatasetHashError):
        datasets.path("graphs/pair")
    assert place.read_bytes() == b"damaged"
    server.files["/data/graphs/pair.tsv.gz"] = BODY
    assert datasets.path("graphs/pair").read_bytes() == BODY
    place.write_bytes(b"damaged")
    monkeypatch.delenv("MECHANISM_DATA_URL")
    with pytest.raises(DatasetMissingError, match=f"the cache holds another file as {re.escape(str(place))}"):
        datasets.path("graphs/pair")


def test_what_the_server_has_not_is_missing(server, tmp_path):
    server.files.clear()
    with pytest.raises(DatasetMissingError, match=r"404.*correct MECHANISM_DATA_URL"):
        datasets.path("graphs/pair")
    assert not kept(tmp_path)


def test_without_a_connection_the_message_says_what_to_do(server, tmp_path, monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as gone:
        port = gone.server_port
    monkeypatch.setenv("MECHANISM_DATA_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(DatasetMissingError, match=r"try again with a connection.*or set MECHANISM_DATA to"):
        datasets.path("graphs/pair")
    assert not kept(tmp_path)


def test_without_a_server_the_message_says_what_to_set(server, tmp_path, monkeypatch):
    monkeypatch.delenv("MECHANISM_DATA_URL")
    with pytest.raises(DatasetMissingError, match=r"set MECHANISM_DATA to .*; or set MECHANISM_DATA_URL to"):
        datasets.path("graphs/pair")
    monkeypatch.setenv("MECHANISM_DATA", str(tmp_path))
    with pytest.raises(DatasetMissingError, match=r"no data set 'graphs/pair'; or set MECHANISM_DATA_URL to"):
        datasets.path("graphs/pair")
    assert not server.asked


def test_no_server_is_asked_for_other_names(server):
    with pytest.raises(DatasetMissingError, match="no server is asked"):
        datasets.path("graphs/triple")
    assert not server.asked


def test_the_address_of_the_server_is_checked(server, monkeypatch):
    monkeypatch.setenv("MECHANISM_DATA_URL", "ftp://example.org")
    with pytest.raises(
        InvalidInputError, match=r"MECHANISM_DATA_URL is 'ftp://example.org'; it must be a URL"
    ):
        datasets.path("graphs/pair")


def test_the_usual_cache_is_that_of_the_system(server, tmp_path, monkeypatch):
    monkeypatch.delenv("MECHANISM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    place = datasets.path("graphs/pair")
    assert place.is_relative_to(tmp_path)
    assert "incentive-networks" in place.parts


def test_the_catalogue_is_a_table_with_licences():
    known = datasets.list()
    lines = str(known).splitlines()
    assert lines == repr(known).splitlines()
    assert len(lines) == len(known) + 2 == len({one.name for one in known}) + 2
    assert [word for word in lines[0].split() if word] == ["name", "what", "n", "m", "licence", "cite"]
    for one, line in zip(known, lines[2:], strict=True):
        assert all(part in line for part in (one.name, one.what, one.licence, one.cite))
        assert one.source
        assert re.fullmatch("[0-9a-f]{64}", one.sha256)
        assert one.n or one.m
    assert "15,229" in next(line for line in lines if line.startswith("graphs/nethept"))


@pytest.mark.parametrize("known", datasets.list(), ids=lambda one: one.name)
def test_the_pins_are_those_of_the_published_files(known):
    try:
        place = datasets.path(known.name)
    except DatasetMissingError as missing:
        pytest.skip(str(missing))
    assert hashlib.sha256(place.read_bytes()).hexdigest() == known.sha256
