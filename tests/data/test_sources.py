"""Where bytes come from: several sources in order, and one message where none works."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

from pipeline.data.archives import CIFAR10
from pipeline.data.sources import candidates, sources_in_order
from tests.conftest import ROOT
from tests.data.made_up_archive import ARCHIVE, WRONG, tar_bytes, write_all, zip_bytes


def test_the_variable_comes_first():
    assert sources_in_order(["a", "b"], {"CIFAR10_SOURCE": "/c"}) == ["/c", "a", "b"]
    assert sources_in_order(["a", "b"], {"CIFAR10_SOURCE": "b"}) == ["b", "a"]
    assert sources_in_order(["a", "b"], {"CIFAR10_SOURCE": " "}) == ["a", "b"]
    assert sources_in_order(["a", "b"], {}) == ["a", "b"]


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


def test_a_folder_that_a_program_made_around_the_archives_own(place):
    folder = write_all(place.root / "given" / "small" / "small-batches")
    assert place.fetch(place.root / "given") == f"folder {folder}"
    assert place.is_whole()


def test_a_zip_around_the_published_archive(place):
    path = place.root / "given.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("readme.txt", "hello")
        zipped.writestr("download/small.tar.gz", tar_bytes())
    place.fetch(path)
    assert place.is_whole()


def test_an_address_of_a_file_is_its_path(place):
    path = place.file("with a blank/small.tar.gz", tar_bytes())
    place.fetch(path.as_uri())
    assert place.is_whole()


FETCH = """
import sys
from pathlib import Path
from pipeline.data import sources, unpacking
from tests.data.made_up_archive import ARCHIVE
take = unpacking._take_all
def when_told(*arguments):
    print("begun", flush=True)
    sys.stdin.readline()
    take(*arguments)
unpacking._take_all = when_told
archive, target, downloads = map(Path, sys.argv[1:])
print(sources.fetch(ARCHIVE, [str(archive)], target, downloads))
"""


def test_two_at_once_do_not_take_each_others_work(place):
    path = place.file("small.tar.gz", tar_bytes())
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FETCH, str(path), str(place.target), str(place.downloads)]
    with subprocess.Popen(command, env=environment, **pipes) as first:
        assert first.stdout.readline() == "begun\n"
        with subprocess.Popen(command, env=environment, **pipes) as second:
            assert "another process fetches it already" in second.stderr.readline()
            assert first.communicate("go on\n", timeout=60)[0].startswith("archive ")
            assert second.communicate(timeout=60)[0].endswith("(already there, verified)\n")
    assert place.is_whole()


def test_a_folder_with_neither_offers_nothing(place):
    place.file("given/readme.html", b"hello")
    assert candidates(ARCHIVE, place.root / "given") == []


def test_the_home_folder_is_expanded_and_relative_paths_are_relative(place, monkeypatch):
    place.file("a.tar.gz", tar_bytes())
    monkeypatch.setenv("HOME", str(place.root))
    assert place.fetch("~/a.tar.gz") == f"archive {place.root}/a.tar.gz"
    monkeypatch.chdir(place.root)
    place.target = place.root / "other/small"
    assert place.fetch("a.tar.gz") == "archive a.tar.gz"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("~nobody-of-this-name/a.tar.gz", "no such file or folder"),
        ("file://[x/a.tar.gz", "unknown kind of address"),
    ],
)
def test_a_path_that_cannot_be_is_a_source_that_failed(place, source, said):
    assert f"{source}: {said}" in place.refused(source)


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


def test_a_damaged_target_stays_where_no_source_works(place):
    write_all(place.target, WRONG)
    with pytest.raises(Exception, match="could not be fetched"):
        place.fetch(place.root / "nowhere")
    assert sorted(path.name for path in place.target.iterdir()) == sorted(WRONG)


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_killed_run_left_is_removed(place, whole):
    write_all(place.target.parent / ".small.part")
    if whole:
        write_all(place.target)
    place.fetch(write_all(place.root / "given"))
    assert place.is_whole()


def test_when_nothing_works_one_message_says_why_and_what_to_do(place):
    empty = place.root / "empty"
    empty.mkdir()
    message = place.refused(
        place.root / "nowhere",
        empty,
        "ftp://example.org/a",
        "http://user:secret@127.0.0.1:1/a",
        attempts=1,
    )
    lines = message.splitlines()
    assert lines[0] == "small could not be fetched. Every source failed:"
    assert lines[1] == f"  - {place.root}/nowhere: no such file or folder"
    assert lines[2] == f"  - {empty}: holds neither batch_1 nor an archive"
    assert lines[3].startswith("  - ftp://example.org/a: unknown kind of address")
    assert lines[4].startswith("  - http://***@127.0.0.1:1/a: no connection")
    assert f"Put small.tar.gz into {place.downloads}/" in lines[5]
    assert "CIFAR10_SOURCE=/path/to/small.tar.gz" in lines[5]
    assert "make demo" in lines[6]


@pytest.mark.cifar
def test_the_official_members_arrive(place, official):
    place.fetch(official, archive=CIFAR10)
    assert sorted(path.name for path in place.target.iterdir()) == sorted(m.name for m in CIFAR10.members)
