"""A download that breaks off is gone on with, and what is not the published file does not stay."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from harness.disk import download
from harness.errors import BenchError

CONTENT = np.random.default_rng(0).bytes(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Breaking(BaseHTTPRequestHandler):
    """Sends the file from where it is asked for, or breaks off after ``server.until`` bytes of it."""

    def do_GET(self):
        ranged = self.headers.get("Range") if self.server.ranges else None
        start = int(ranged.removeprefix("bytes=").removesuffix("-")) if ranged else 0
        self.server.asked.append(start)
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : self.server.until])
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as found:
        found.ranges, found.until, found.asked = True, len(CONTENT), []
        found.url = f"http://127.0.0.1:{found.server_port}/set.tar.gz"
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join(10)


def test_it_is_fetched_once_with_word_of_how_far_it_is(server, tmp_path):
    seen = []
    path = download.fetched(server.url, SHA256, tmp_path, lambda done, whole: seen.append((done, whole)))
    assert path.read_bytes() == CONTENT
    assert (seen[0], seen[-1]) == ((0, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert download.fetched(server.url, SHA256, tmp_path) == path
    assert server.asked == [0]


@pytest.mark.parametrize("ranges", [True, False])
def test_after_a_break_it_goes_on_where_the_host_allows_it(server, tmp_path, ranges):
    server.until, server.ranges = 400_000, ranges
    with pytest.raises(BenchError, match="400000 bytes are kept") as broken:
        download.fetched(server.url, SHA256, tmp_path)
    assert server.url in str(broken.value)
    server.until = len(CONTENT)
    assert download.fetched(server.url, SHA256, tmp_path).read_bytes() == CONTENT
    assert server.asked == [0, 400_000 if ranges else 0]
    assert [path.name for path in tmp_path.iterdir()] == ["set.tar.gz"]


def test_a_part_that_was_whole_already_is_taken_as_it_is(server, tmp_path):
    (tmp_path / "set.tar.gz.part").write_bytes(CONTENT)
    assert download.fetched(server.url, SHA256, tmp_path).read_bytes() == CONTENT


def test_another_file_does_not_stay(server, tmp_path):
    with pytest.raises(BenchError, match="could not be fetched"):
        download.fetched(server.url, "0" * 64, tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "set.tar.gz.part").write_bytes(b"of an older file")
    with pytest.raises(BenchError):
        download.fetched(server.url, SHA256, tmp_path)
    assert download.fetched(server.url, SHA256, tmp_path).read_bytes() == CONTENT
