"""Downloads from a real HTTP server that misbehaves."""

from __future__ import annotations

import datetime as dt
import email.utils
import random
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.project.errors import UserError
from tests.data import socks
from tests.data.made_up_archive import CONTENTS, WRONG, archive_of, digest, tar_bytes

GOOD = tar_bytes()


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `answers`, and the last one for ever."""

    daemon_threads = False  # joined when closed: no thread outlives its test

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = []
        self.ranges = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/small.tar.gz"

    def handle_error(self, request, client_address):
        """Say nothing: clients leave early here."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self.server.ranges.append(self.headers.get("Range"))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer(self)

    def log_message(self, *_):
        pass

    def reply(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def serve(content, *, cut=None, ranges=True, length=None):
    """Answer with `content`; `cut` says after how many bytes to hang up, `length` lies about the length."""

    def answer(request):
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if ranges and wanted and int(wanted[1]) >= len(content):
            request.reply(416, {"Content-Length": 0})
        elif ranges and wanted:
            body = content[int(wanted[1]) :]
            span = {"Content-Range": f"bytes {wanted[1]}-{len(content) - 1}/{len(content)}"}
            request.reply(206, span | {"Content-Length": len(body)}, body[:cut])
        else:
            request.reply(200, {"Content-Length": len(content) if length is None else length}, content[:cut])

    return answer


def status(code, **headers):
    return lambda request: request.reply(code, {"Content-Length": 0} | headers)


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_download_is_unpacked_and_kept(place, server):
    server.answers = [serve(GOOD)]
    assert place.fetch(server.url) == server.url
    assert place.is_whole()
    assert [path.name for path in place.downloads.glob("[!.]*")] == ["small.tar.gz"]
    for path in place.target.iterdir():
        path.unlink()
    assert place.fetch(place.downloads, server.url) == f"archive {place.downloads}/small.tar.gz"
    assert len(server.ranges) == 1


def test_a_broken_download_goes_on_where_it_stopped(place, server, capsys):
    server.answers = [serve(GOOD, cut=5000), serve(GOOD, cut=5000), serve(GOOD)]
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges == [None, "bytes=5000-", "bytes=10000-"]
    assert place.waits == [1, 1], "each attempt brought new bytes, so that the waits need not grow"
    assert "the connection broke after 5000 bytes" in capsys.readouterr().err


def test_a_later_run_goes_on_where_an_earlier_one_stopped(place, server):
    server.answers = [serve(GOOD, cut=5000), status(503)]
    assert "503" in place.refused(server.url)
    assert [part.read_bytes() for part in place.parts()] == [GOOD[:5000]]
    server.answers, server.ranges = [serve(GOOD)], []
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges == ["bytes=5000-"]
    assert place.parts() == []


def test_a_download_that_was_complete_is_not_loaded_again(place, server):
    server.answers = [serve(GOOD, cut=5000), status(404)]
    place.refused(server.url)
    place.parts()[0].write_bytes(GOOD)
    server.answers = [serve(GOOD)]
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges[-1] == f"bytes={len(GOOD)}-"


def test_a_file_that_changed_is_found_out_and_loaded_again_by_the_next_run(place, server):
    old, new = tar_bytes(folder="a/", mode="w:"), tar_bytes(folder="b/", mode="w:gz")
    server.answers = [serve(old, cut=5000), serve(new)]
    assert "expected" in place.refused(server.url)
    assert place.parts() == []
    place.fetch(server.url)
    assert place.is_whole()


def test_a_server_without_ranges_starts_over(place, server):
    server.answers = [serve(GOOD, cut=5000), serve(GOOD, ranges=False)]
    place.fetch(server.url)
    assert place.is_whole()


def test_another_address_does_not_resume_a_broken_download(place, server):
    server.answers = [serve(GOOD, cut=5000), status(404)]
    place.refused(server.url)
    server.answers, server.ranges = [serve(GOOD)], []
    place.fetch(f"{server.url}?mirror")
    assert server.ranges == [None]
    assert place.parts() == []


@pytest.mark.parametrize("code", [429, 503])
def test_a_passing_refusal_is_tried_again(place, server, code):
    server.answers = [status(code), status(code), serve(GOOD)]
    place.fetch(server.url)
    assert place.is_whole()
    assert place.waits == [1, 2]


def test_waits_double_and_end(place, server):
    server.answers = [status(503)]
    message = place.refused(server.url, attempts=5, longest_wait_seconds=5)
    assert "the server answered 503 Service Unavailable" in message
    assert place.waits == [1, 2, 4, 5]
    assert len(server.ranges) == 5


@pytest.mark.parametrize("code", [403, 404])
def test_a_final_refusal_is_not_tried_again(place, server, code):
    server.answers = [status(code)]
    assert f"the server answered {code}" in place.refused(server.url)
    assert len(server.ranges) == 1
    assert place.waits == []


def test_a_server_that_always_cuts_at_the_same_place_is_given_up(place, server):
    server.answers = [serve(GOOD, cut=5000, ranges=False)]
    assert "the connection broke" in place.refused(server.url)
    assert len(server.ranges) == 5


def test_a_length_that_is_too_short_is_an_error_and_not_resumed(place, server):
    server.answers = [serve(GOOD, length=len(GOOD) // 2)]
    assert "cut off" in place.refused(server.url)
    assert place.parts() == []


def test_a_download_without_a_length_works(place, server):
    server.answers = [lambda request: request.reply(200, {}, GOOD)]
    place.fetch(server.url)
    assert place.is_whole()


def test_a_download_that_is_too_large_is_refused(place, server):
    server.answers = [lambda request: request.reply(200, {}, bytes(3_000_000))]
    assert "refused, because it is larger than" in place.refused(server.url)
    assert place.parts() == []


def test_a_tampered_download_is_named_removed_and_the_next_source_tried(place, server):
    server.answers = [serve(tar_bytes(WRONG))]
    message = place.refused(server.url)
    for part in ("batch_2", digest(CONTENTS["batch_2"]), digest(WRONG["batch_2"])):
        assert part in message
    assert place.parts() == []
    good = place.file("good.tar", tar_bytes())
    assert place.fetch(server.url, good) == f"archive {good}"
    assert server.ranges == [None, None], "the tampered download was not resumed"


def test_a_server_that_says_nothing_is_left(place, server):
    hang_up = threading.Event()
    server.answers = [lambda _: hang_up.wait(60)]
    began = time.monotonic()
    assert "no answer in time" in place.refused(server.url, attempts=2, read_seconds=0.1)
    hang_up.set()
    assert time.monotonic() - began < 50


def trickle(before=b""):
    """Send a byte every 20 ms, after some content, and never end."""

    def answer(request):
        request.wfile.write(before)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 200 OK\r\nX-Never-Ends: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + GOOD[:3000],
    ],
    ids=["in its headers", "from the first byte", "after some content"],
)
def test_a_server_that_trickles_is_left_for_the_next_source(place, server, before):
    server.answers = [trickle(before)]
    good = place.file("good.tar", tar_bytes())
    began = time.monotonic()
    place.fetch(server.url, good, pace_seconds=0.5, least_bytes=2000)
    assert place.is_whole()
    assert time.monotonic() - began < 10
    assert len(server.ranges) == 1


def test_a_server_that_trickles_is_told_of(place, server):
    server.answers = [trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")]
    assert re.search(r"too slow: \d+ bytes in 0.5 s", place.refused(server.url, pace_seconds=0.5, least_bytes=2000))


def test_attempts_that_bring_a_byte_each_end_too(place, server):
    # the next byte at each request, and then a broken connection
    server.answers = [serve(GOOD, cut=1)]
    assert "the connection broke" in place.refused(server.url, total_seconds=0.3)


@pytest.mark.parametrize(("asked", "waits"), [("7", [7]), ("3600", [60]), ("never", [1]), ("0", [1])])
def test_a_server_may_say_when_to_come_again_up_to_a_minute(place, server, asked, waits):
    server.answers = [status(429, **{"Retry-After": asked}), serve(GOOD)]
    place.fetch(server.url)
    assert place.waits == waits


def test_a_date_to_come_again_is_understood(place, server):
    when = email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=40))
    server.answers = [status(503, **{"Retry-After": when}), serve(GOOD)]
    place.fetch(server.url)
    assert 30 < place.waits[0] <= 40


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALL_PROXY", "socks://127.0.0.1:7890/", "the proxy that ALL_PROXY names cannot be used"),
        ("https_proxy", "ftp://127.0.0.1:1", "the proxy that https_proxy names cannot be used"),
        ("NO_PROXY", "localhost,fe80::/10", "the proxy that NO_PROXY names cannot be used"),
        ("ALL_PROXY", "http://me:sec/ret@127.0.0.1:1", "the proxy that ALL_PROXY names cannot be used (Invalid port)"),
        ("HTTP_PROXY", "http://.proxy:80", "no connection (.*label empty.*, through the proxy that HTTP_PROXY names)"),
        ("HTTP_PROXY", "http://127.0.0.1:9", "no connection (.*, through the proxy that HTTP_PROXY names)"),
        ("SSL_CERT_FILE", "/nonexistent", "the certificates that SSL_CERT_FILE names cannot be read"),
    ],
)
def test_a_variable_that_stands_in_the_way_is_named(place, name, value, said, monkeypatch):
    for other in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    message = place.refused("http://example.invalid/small.tar.gz", attempts=1)
    assert re.search(said.replace("(", r"\(").replace(")", r"\)"), message), message
    assert place.fetch(place.file("good.tar", tar_bytes())), "another source is not in the way"


@pytest.fixture
def through_a_socks_proxy(monkeypatch):
    for other in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(other, raising=False)
    with socks.proxy() as (address, reached):
        monkeypatch.setenv("ALL_PROXY", address)
        yield reached


def test_a_download_through_a_socks_proxy(place, server, through_a_socks_proxy):
    server.answers = [serve(GOOD)]
    place.fetch(server.url)
    assert place.is_whole()
    assert through_a_socks_proxy == ["127.0.0.1"]


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["nothing", "HTTP"])
def test_what_is_no_socks_proxy_is_a_source_that_failed(place, monkeypatch, said):
    monkeypatch.delenv("NO_PROXY")
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            connection = other.accept()[0]
            with connection:
                connection.recv(100)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{other.getsockname()[1]}")
        message = place.refused("http://example.invalid/small.tar.gz", attempts=1)
        thread.join()
    assert "no connection (Malformed reply, through the proxy that ALL_PROXY names)" in message


def test_a_library_for_socks_that_is_not_installed_is_named(place, monkeypatch):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "socksio", None)
    message = place.refused("http://example.invalid/small.tar.gz", attempts=1)
    assert "the proxy that ALL_PROXY names cannot be used (" in message
    assert "socksio" in message


def test_no_part_of_a_password_is_shown_that_is_taken_for_a_port(place):
    assert "sec" not in place.refused("https://me:sec/ret@127.0.0.1:1/a.tar.gz")


def test_a_socks_proxy_that_trickles_is_left_too(place, server, through_a_socks_proxy):
    server.answers = [trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")]
    began = time.monotonic()
    assert "too slow" in place.refused(server.url, pace_seconds=0.5, least_bytes=2000)
    assert time.monotonic() - began < 10
    assert through_a_socks_proxy == ["127.0.0.1"]


def test_a_redirect_to_a_file_is_refused(place, server):
    server.answers = [status(302, Location="file:///etc/passwd")]
    place.refused(server.url, attempts=2)
    assert place.waits == []


def test_downloads_that_cannot_be_written_are_a_clear_message(place, server):
    place.file("data/downloads", b"a file where a folder should be")
    server.answers = [serve(GOOD)]
    with pytest.raises(UserError, match="cannot be written"):
        place.fetch(server.url)
    assert not place.target.exists()


def test_a_full_disk_keeps_the_download_resumable(place, server, request):
    noise = {"one": random.Random(1).randbytes(300_000)}  # noqa: S311
    server.answers = [serve(tar_bytes(noise))]
    request.getfixturevalue("nearly_full_disk")
    with pytest.raises(UserError, match=r"small.tar.gz.*\.part cannot be written: File too large"):
        place.fetch(server.url, archive=archive_of(noise))
    assert not place.target.exists()
    assert 0 < place.parts()[0].stat().st_size <= 100_000
