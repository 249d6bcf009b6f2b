"""Where bytes come from: local sources, a real HTTP server that misbehaves, and hostile archives."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import os
import random
import re
import resource
import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from pipeline.data import downloads, unpacking
from pipeline.data.archives import CIFAR10, Archive, Member
from pipeline.data.sources import Patience, fetch, sources_in_order
from pipeline.project.errors import DataError, UserError

CONTENTS = {
    name: random.Random(name).randbytes(size)  # noqa: S311 - test data
    for name, size in [("batch_1", 9000), ("batch_2", 7000), ("meta", 90)]
}
ARCHIVE = Archive(
    name="small",
    folder="small-batches",
    members=tuple(
        Member(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in CONTENTS.items()
    ),
    url="https://example.org/small.tar.gz",
)
WRONG = CONTENTS | {"batch_2": bytes(7000)}


def tar_bytes(contents=CONTENTS, folder="small-batches/", mode="w:gz", extra=()):
    """Return an archive of `contents`, preceded by the `extra` entries."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as tar:
        for entry in extra:
            tar.addfile(entry, io.BytesIO(bytes(entry.size)))
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"{folder}{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def zip_bytes(contents=CONTENTS, folder="small-batches/", extra=()):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in extra:
            archive.writestr(entry, content)
        for name, content in contents.items():
            archive.writestr(f"{folder}{name}", content)
    return stream.getvalue()


def entry_of(name, kind=tarfile.REGTYPE, link="", size=0):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, size
    return entry


def write_all(folder, contents=CONTENTS):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


class Place:
    """A target and a downloads folder, and what should be true of them."""

    def __init__(self, root):
        self.root = root
        self.target = root / "data/raw"
        self.downloads = root / "data/downloads"
        self.part = self.downloads / "small.tar.gz.part"
        self.waits = []

    def fetch(self, *places, archive=ARCHIVE, **patience):
        options = {"sleep": self.waits.append, "connect_seconds": 5, "read_seconds": 5} | patience
        return fetch(archive, [str(p) for p in places], self.target, self.downloads, patience=Patience(**options))

    def refused(self, *places, **options):
        """Return why the places were refused, after checking that nothing is left of them."""
        with pytest.raises(DataError) as error:
            self.fetch(*places, **options)
        assert not self.target.exists()
        assert self.leftovers() == []
        return str(error.value)

    def is_whole(self):
        found = {path.name: path.read_bytes() for path in self.target.iterdir()}
        return found == CONTENTS and self.leftovers() == []

    def leftovers(self):
        parent = self.target.parent
        return [path.name for path in parent.glob(".*")] if parent.exists() else []

    def file(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Place(tmp_path)


# --- the order of sources ---


def test_the_variable_comes_first():
    assert sources_in_order(["a", "b"], {"CIFAR10_SOURCE": "/c"}) == ["/c", "a", "b"]
    assert sources_in_order(["a", "b"], {"CIFAR10_SOURCE": "b"}) == ["b", "a"]
    assert sources_in_order(["a", "b"], {"CIFAR10_SOURCE": " "}) == ["a", "b"]
    assert sources_in_order(["a", "b"], {}) == ["a", "b"]


# --- folders and archive files ---


@pytest.mark.parametrize("inner", [".", "small-batches"])
def test_a_folder_that_holds_the_members(place, inner):
    folder = write_all(place.root / "given" / inner)
    assert place.fetch(place.root / "given") == f"folder {folder}"
    assert place.is_whole()


def test_a_folder_that_holds_an_archive(place):
    place.file("given/a-first.tar", b"not an archive")
    path = place.file("given/small.tar.gz", tar_bytes())
    assert place.fetch(place.root / "given") == f"archive {path}"
    assert place.is_whole()


def test_a_folder_whose_archive_has_another_name_and_kind(place):
    place.file("given/notes.tar", b"not an archive")
    place.file("given/Copy of small.ZIP", zip_bytes())
    assert place.fetch(place.root / "given").endswith("Copy of small.ZIP")


def test_a_folder_with_damaged_members_beside_a_good_archive(place):
    write_all(place.root / "given", WRONG)
    place.file("given/small.tar.gz", tar_bytes())
    assert place.fetch(place.root / "given").endswith("small.tar.gz")
    assert place.is_whole()


@pytest.mark.parametrize("folder", ["small-batches/", "", "./", "wrapped/deeply/"])
@pytest.mark.parametrize("kind", ["w:", "w:gz", "w:bz2", "w:xz", "zip"])
def test_any_archive_that_holds_the_members(place, folder, kind):
    content = zip_bytes(folder=folder) if kind == "zip" else tar_bytes(folder=folder, mode=kind)
    path = place.file("download", content)
    assert place.fetch(path) == f"archive {path}"
    assert place.is_whole()


def test_entries_that_nobody_needs_are_left_out(place):
    path = place.file("a.tar", tar_bytes(CONTENTS | {"readme.html": b"hello"}))
    place.fetch(path)
    assert place.is_whole()


def test_the_home_folder_is_expanded_and_relative_paths_are_relative(place, monkeypatch):
    place.file("a.tar.gz", tar_bytes())
    monkeypatch.setenv("HOME", str(place.root))
    assert place.fetch("~/a.tar.gz") == f"archive {place.root}/a.tar.gz"
    monkeypatch.chdir(place.root)
    place.target = place.root / "other"
    assert place.fetch("a.tar.gz") == "archive a.tar.gz"


def test_a_whole_target_touches_no_source(place):
    write_all(place.target)
    (place.target / "readme.html").write_text("may stay")
    assert "already there" in place.fetch("http://127.0.0.1:9/nobody-listens")
    assert (place.target / "readme.html").exists()
    assert place.waits == []


def test_a_damaged_target_is_replaced(place):
    write_all(place.target, WRONG)
    place.fetch(write_all(place.root / "given"))
    assert place.is_whole()


def test_what_a_killed_run_left_is_removed(place):
    write_all(place.target.parent / ".raw.123.part")
    write_all(place.target.parent / ".raw.124.old.part")
    place.fetch(write_all(place.root / "given"))
    assert place.is_whole()


def test_an_interruption_leaves_nothing(place, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Member, "fault", interrupted)
    with pytest.raises(KeyboardInterrupt):
        place.fetch(place.file("a.tar.gz", tar_bytes()))
    assert not place.target.exists()
    assert place.leftovers() == []


# --- wrong and hostile archives ---


def digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("make", [tar_bytes, zip_bytes])
def test_a_wrong_member_is_named_with_both_hashes_and_the_next_source_is_tried(place, make):
    bad = place.file("bad", make(WRONG))
    message = place.refused(bad)
    for part in ("batch_2", digest(CONTENTS["batch_2"]), digest(WRONG["batch_2"]), "7000 bytes"):
        assert part in message
    good = place.file("good", make())
    assert place.fetch(bad, good) == f"archive {good}"
    assert place.is_whole()


def test_a_wrong_member_in_a_folder(place):
    message = place.refused(write_all(place.root / "given", WRONG))
    assert "batch_2: expected 7000 bytes" in message
    assert digest(WRONG["batch_2"]) in message


@pytest.mark.parametrize(("content", "found"), [(b"", "found 0 bytes"), (bytes(50_000_000), "found 7001 bytes")])
def test_a_member_of_the_wrong_size_is_read_no_further_than_needed(place, content, found):
    archive = zip_bytes(CONTENTS | {"batch_2": content})
    assert found in place.refused(place.file("bad.zip", archive))


def test_a_missing_member_is_named(place):
    contents = {name: content for name, content in CONTENTS.items() if name != "meta"}
    message = place.refused(place.file("bad.tar", tar_bytes(contents)))
    assert f"meta: expected 90 bytes with SHA-256 {digest(CONTENTS['meta'])}, found nothing" in message


def test_a_wrong_file_of_the_same_name_elsewhere_in_the_archive_does_no_harm(place):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("old/batch_1", b"an old version")
        for name, content in CONTENTS.items():
            archive.writestr(f"small-batches/{name}", content)
    place.fetch(place.file("a.zip", stream.getvalue()))
    assert place.is_whole()


HOSTILE = {
    "a path upwards": entry_of("../../batch_1", size=9000),
    "a path upwards further in": entry_of("small-batches/../../evil", size=5),
    "an absolute path": entry_of("/tmp/sources-evil/batch_1", size=5),  # noqa: S108 - never written
    "a Windows path": entry_of("C:\\evil\\batch_1", size=5),
    "a path upwards with backslashes": entry_of("..\\..\\evil", size=5),
    "a symbolic link": entry_of("small-batches/batch_1", tarfile.SYMTYPE, "/etc/passwd"),
    "a symbolic link to a folder": entry_of("small-batches", tarfile.SYMTYPE, "/tmp"),  # noqa: S108
    "a hard link": entry_of("small-batches/batch_1", tarfile.LNKTYPE, "../../secret"),
    "a device": entry_of("small-batches/batch_1", tarfile.CHRTYPE),
    "a pipe": entry_of("small-batches/batch_1", tarfile.FIFOTYPE),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_tar_is_refused_and_writes_nothing(place, what):
    path = place.file("given/bad.tar.gz", tar_bytes(extra=[HOSTILE[what]]))
    message = place.refused(path)
    assert "refused" in message
    assert repr(HOSTILE[what].name) in message
    assert sorted(p.name for p in place.root.rglob("*")) == ["bad.tar.gz", "data", "given"]


def test_a_hostile_zip_is_refused(place):
    link = zipfile.ZipInfo("elsewhere/batch_1")
    link.external_attr = 0o120777 << 16
    locked = zip_bytes(folder="")
    assert "a link or device" in place.refused(place.file("b.zip", zip_bytes(extra=[(link, "/etc/passwd")])))
    upwards = zip_bytes(extra=[("../../evil", b"x")])
    assert "outside its folder" in place.refused(place.file("c.zip", upwards))
    flag = locked.index(b"PK\x01\x02") + 8
    encrypted = locked[:flag] + b"\x01" + locked[flag + 1 :]
    assert "is encrypted" in place.refused(place.file("d.zip", encrypted))
    assert sorted(p.name for p in place.root.glob("*")) == ["b.zip", "c.zip", "d.zip", "data"]


def test_a_decompression_bomb_is_refused_early(place):
    bomb = tar_bytes(extra=[entry_of("filler", size=60_000_000)])
    assert "unpacks to more than" in place.refused(place.file("bomb.tar.gz", bomb))


def test_a_bomb_in_a_header_is_refused_early(place):
    # A pax header is read as a whole before anybody sees an entry.
    header = entry_of("header", tarfile.XHDTYPE, size=60_000_000)
    bomb = gzip.compress(header.tobuf() + bytes(60_000_000))
    assert "unpacks to more than" in place.refused(place.file("bomb.tar.gz", bomb))


def test_an_archive_of_endless_entries_is_refused(place, monkeypatch):
    monkeypatch.setattr(unpacking, "_MAX_ENTRIES", 20)
    many = tar_bytes(extra=[entry_of(f"file-{number}") for number in range(30)])
    assert "more than 20 entries" in place.refused(place.file("many.tar.gz", many))


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "w:", "zip"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9])
def test_a_cut_off_archive_is_refused(place, mode, share):
    content = zip_bytes() if mode == "zip" else tar_bytes(mode=mode)
    if mode == "w:":  # without the padding at the end, which nobody misses
        content = content[: 3 * 512 + 9216 + 7168 + 512]
    message = place.refused(place.file("cut", content[: int(len(content) * share)]))
    assert re.search(r"expected \d+ bytes with SHA-256|is no readable archive, or is cut off", message)


def test_a_cut_inside_a_member_names_the_member_and_its_hash(place):
    content = tar_bytes()
    message = place.refused(place.file("cut", content[: len(content) * 4 // 5]))
    assert f"batch_2: expected 7000 bytes with SHA-256 {digest(CONTENTS['batch_2'])}, found" in message
    assert "cut off" in message


def test_a_cut_near_the_start_names_the_first_member(place):
    message = place.refused(place.file("cut", tar_bytes()[:100]))
    assert "cut off" in message
    assert f"batch_1: expected 9000 bytes with SHA-256 {digest(CONTENTS['batch_1'])}, found nothing" in message


def test_a_missing_end_of_the_gzip_file_is_found(place):
    assert "cut off" in place.refused(place.file("cut", tar_bytes()[:-6]))


def test_flipped_bits_never_pass(place):
    content = tar_bytes()
    for position in range(20, len(content) - 8, len(content) // 12):
        flipped = bytearray(content)
        flipped[position] ^= 0x10
        place.refused(place.file("flipped", bytes(flipped)))


def test_no_archive_at_all(place):
    message = place.refused(place.file("a.html", b"<html>please log in</html>" * 100))
    assert "no readable archive" in message


# --- the one message ---


def test_when_nothing_works_one_message_says_why_and_what_to_do(place):
    empty = place.root / "empty"
    empty.mkdir()
    message = place.refused(
        place.root / "nowhere",
        empty,
        "ftp://example.org/a",
        "",
        "http://user:secret@127.0.0.1:1/a",
        attempts=1,
    )
    lines = message.splitlines()
    assert lines[0] == "small could not be fetched. Every source failed:"
    assert lines[1] == f"  - {place.root}/nowhere: no such file or folder"
    assert lines[2] == f"  - {empty}: holds neither batch_1 nor an archive"
    assert lines[3].startswith("  - ftp://example.org/a: unknown kind of address")
    assert lines[4] == "  - : an empty source"
    assert lines[5].startswith("  - http://127.0.0.1:1/a: no connection")
    assert f"Put small.tar.gz into {place.downloads}/" in lines[6]
    assert "CIFAR10_SOURCE=/path/to/small.tar.gz" in lines[6]
    assert "make demo" in lines[7]


# --- a disk that refuses ---


def test_a_target_that_cannot_be_written_is_no_fault_of_the_source(place):
    place.file("data", b"a file where a folder should be")
    with pytest.raises(UserError, match=r"cannot be written: .*Free space") as error:
        place.fetch(write_all(place.root / "given"))
    assert not isinstance(error.value, DataError)


@pytest.fixture
def nearly_full_disk():
    """Every write beyond 100 kB of a file fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_nothing_half_written(place, request):
    content = bytes(300_000)
    archive = Archive("large", "large", (Member("one", len(content), digest(content)),), "https://a.org/l.tar.gz")
    path = place.file("given.tar.gz", tar_bytes({"one": content}))
    request.getfixturevalue("nearly_full_disk")
    with pytest.raises(UserError, match=r"one cannot be written: File too large") as error:
        place.fetch(path, archive=archive)
    assert not isinstance(error.value, DataError)
    assert not place.target.exists()
    assert place.leftovers() == []


# --- a server that misbehaves ---


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


def serve(content, etag='"v1"', *, cut=None, ranges=True, heed_if_range=True, length=None):
    """Answer with `content`; `cut` says after how many bytes to hang up, `length` lies about the length."""

    def answer(request):
        validators = {"ETag": etag} if etag else {}
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        same = request.headers.get("If-Range") == etag or not heed_if_range
        if ranges and wanted and same:
            start = int(wanted[1])
            span = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            body = content[start:]
            request.reply(206, validators | span | {"Content-Length": len(body)}, body[:cut])
        else:
            size = len(content) if length is None else length
            request.reply(200, validators | {"Content-Length": size}, content[:cut])

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


GOOD = tar_bytes()
HALF = len(GOOD) // 2


def test_a_download_is_unpacked_and_kept(place, server):
    server.answers = [serve(GOOD)]
    assert place.fetch(server.url) == server.url
    assert place.is_whole()
    assert [path.name for path in place.downloads.iterdir()] == ["small.tar.gz"]
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
    message = place.refused(server.url)
    assert "503" in message
    assert place.part.read_bytes() == GOOD[:5000]
    server.answers, server.ranges = [serve(GOOD)], []
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges == ["bytes=5000-"]
    assert not place.part.exists()


def test_a_download_that_was_complete_is_not_loaded_again(place, server):
    server.answers = [serve(GOOD, cut=5000), status(404)]
    place.refused(server.url)
    place.part.write_bytes(GOOD)
    server.ranges = []
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges == []


@pytest.mark.parametrize("heed_if_range", [True, False])
def test_a_file_that_changed_is_not_glued_together(place, server, heed_if_range):
    # Of the same length, so that the validator alone tells them apart.
    old, new = tar_bytes(folder="a/", mode="w:"), tar_bytes(folder="b/", mode="w:")
    assert len(old) == len(new)
    server.answers = [serve(old, '"v1"', cut=5000), serve(new, '"v2"', heed_if_range=heed_if_range)]
    place.fetch(server.url)
    assert place.is_whole()
    assert (place.downloads / "small.tar.gz").read_bytes() == new
    assert server.ranges == [None, "bytes=5000-"] + [None] * (not heed_if_range)


def test_a_server_that_sends_less_than_the_rest_is_asked_again(place, server):
    def some(request):
        span = {"Content-Range": f"bytes 5000-6999/{len(GOOD)}", "ETag": '"v1"', "Content-Length": 2000}
        request.reply(206, span, GOOD[5000:7000])

    server.answers = [serve(GOOD, cut=5000), some, serve(GOOD)]
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges == [None, "bytes=5000-", "bytes=7000-"]


def test_a_server_without_ranges_starts_over(place, server):
    server.answers = [serve(GOOD, cut=5000), serve(GOOD, ranges=False)]
    place.fetch(server.url)
    assert place.is_whole()


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_strong_validator_a_download_starts_over(place, server, etag):
    server.answers = [serve(GOOD, etag, cut=5000), serve(GOOD, etag)]
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges == [None, None]


def test_last_modified_is_a_validator_too(place, server):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    seen = []

    def cut(request):
        request.reply(200, {"Last-Modified": date, "Content-Length": len(GOOD)}, GOOD[:5000])

    def rest(request):
        seen.append(request.headers["If-Range"])
        headers = {"Content-Range": f"bytes 5000-{len(GOOD) - 1}/{len(GOOD)}", "Last-Modified": date}
        request.reply(206, headers | {"Content-Length": len(GOOD) - 5000}, GOOD[5000:])

    server.answers = [cut, rest]
    place.fetch(server.url)
    assert place.is_whole()
    assert seen == [date]


def test_another_address_does_not_resume_a_broken_download(place, server):
    server.answers = [serve(GOOD, cut=5000), status(404)]
    place.refused(server.url)
    server.answers, server.ranges = [serve(GOOD)], []
    place.fetch(f"{server.url}?mirror")
    assert server.ranges == [None]


def test_a_range_that_the_server_cannot_satisfy_starts_over(place, server):
    server.answers = [serve(GOOD, cut=5000), status(416), serve(GOOD)]
    place.fetch(server.url)
    assert place.is_whole()
    assert server.ranges == [None, "bytes=5000-", None]


@pytest.mark.parametrize("code", [429, 500, 503])
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


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_final_refusal_is_not_tried_again(place, server, code):
    server.answers = [status(code)]
    assert f"the server answered {code}" in place.refused(server.url)
    assert len(server.ranges) == 1
    assert place.waits == []


def test_a_server_that_always_cuts_at_the_same_place_is_given_up(place, server):
    server.answers = [serve(GOOD, None, cut=5000)]
    assert "the connection broke" in place.refused(server.url)
    assert len(server.ranges) == 5


def test_a_length_that_is_too_long_is_an_error(place, server):
    server.answers = [serve(GOOD, length=len(GOOD) + 100, ranges=False)]
    assert "the connection broke" in place.refused(server.url)


def test_a_length_that_is_too_short_is_an_error_and_not_resumed(place, server):
    server.answers = [serve(GOOD, length=HALF)]
    assert "cut off" in place.refused(server.url)
    assert list(place.downloads.iterdir()) == []


def test_a_download_without_a_length_works(place, server):
    server.answers = [lambda request: request.reply(200, {"ETag": '"v1"'}, GOOD)]
    place.fetch(server.url)
    assert place.is_whole()


def test_a_download_that_is_too_large_is_refused(place, server):
    server.answers = [serve(GOOD, length=10**12), lambda request: request.reply(200, {}, bytes(3_000_000))]
    assert "is larger (1000000000000 bytes)" in place.refused(server.url)
    assert "refused, because it is larger than" in place.refused(server.url)
    assert list(place.downloads.iterdir()) == []


def test_a_tampered_download_is_named_removed_and_the_next_source_tried(place, server):
    server.answers = [serve(tar_bytes(WRONG))]
    message = place.refused(server.url)
    for part in ("batch_2", digest(CONTENTS["batch_2"]), digest(WRONG["batch_2"])):
        assert part in message
    assert list(place.downloads.iterdir()) == []
    good = place.file("good.tar", tar_bytes())
    assert place.fetch(server.url, good) == f"archive {good}"
    assert server.ranges == [None, None], "the tampered download was not resumed"


def test_a_server_that_says_nothing_is_left(place, server):
    hang_up = threading.Event()
    server.answers = [lambda _: hang_up.wait(5)]
    began = time.monotonic()
    assert "no answer in time" in place.refused(server.url, attempts=2, read_seconds=0.1)
    hang_up.set()
    assert time.monotonic() - began < 4


def test_a_redirect_is_followed(place, server):
    server.answers = [status(302, Location="/elsewhere"), serve(GOOD)]
    place.fetch(server.url)
    assert place.is_whole()


def test_a_redirect_to_a_file_is_refused(place, server):
    server.answers = [status(302, Location="file:///etc/passwd")]
    place.refused(server.url, attempts=2)
    assert place.waits == []


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        (["https://a.org/x", "http://a.org/y"], True),
        (["http://a.org/x", "https://a.org/y", "http://a.org/z"], True),
        (["http://a.org/x", "http://a.org/y"], False),
        (["http://a.org/x", "https://a.org/y"], False),
        (["https://a.org/x", "https://b.org/y"], False),
    ],
)
def test_encryption_is_never_given_up(place, monkeypatch, steps, refused):
    following = dict(itertools.pairwise(steps))

    def handle(request):
        location = following.get(str(request.url))
        return (
            httpx.Response(302, headers={"Location": location})
            if location
            else httpx.Response(200, stream=httpx.ByteStream(GOOD))
        )

    real = downloads._client
    monkeypatch.setattr(downloads, "_client", lambda patience: real(patience, httpx.MockTransport(handle)))
    if refused:
        assert "refused a redirect from https" in place.refused(steps[0])
    else:
        place.fetch(steps[0])
        assert place.is_whole()


def test_a_version_file_of_nonsense_is_ignored(place, server):
    for nonsense in ("", "[1]", '{"url": 3}', json.dumps({"url": server.url, "validator": "", "size": 9})):
        place.file("data/downloads/small.tar.gz.part", b"12345")
        place.file("data/downloads/small.tar.gz.part.json", nonsense.encode())
        server.answers = [status(404)]
        place.refused(server.url)
    assert server.ranges == [None] * 4


def test_downloads_that_cannot_be_written_are_a_clear_message(place, server):
    place.file("data/downloads", b"a file where a folder should be")
    server.answers = [serve(GOOD)]
    with pytest.raises(UserError, match="cannot be written"):
        place.fetch(server.url)
    assert not place.target.exists()


def test_a_full_disk_keeps_the_download_resumable(place, server, request):
    noise = random.Random(1).randbytes(300_000)  # noqa: S311
    archive = Archive("small", "small", (Member("one", len(noise), digest(noise)),), ARCHIVE.url)
    server.answers = [serve(tar_bytes({"one": noise}))]
    request.getfixturevalue("nearly_full_disk")
    with pytest.raises(UserError, match=r"small.tar.gz.part cannot be written: File too large"):
        place.fetch(server.url, archive=archive)
    assert not place.target.exists()
    assert 0 < place.part.stat().st_size <= 100_000


# --- the real archive ---


@pytest.mark.cifar
def test_the_official_members_arrive(place):
    places = [
        os.environ.get("CIFAR10_SOURCE", ""),
        Path(__file__).parents[3] / "shared/data" / CIFAR10.file_name,
    ]
    found = next((Path(path) for path in places if path and Path(path).is_file()), None)
    if found is None:
        pytest.skip("no CIFAR-10 archive: set CIFAR10_SOURCE=/path/to/cifar-10-python.tar.gz")
    place.fetch(found, archive=CIFAR10)
    assert sorted(path.name for path in place.target.iterdir()) == sorted(m.name for m in CIFAR10.members)
