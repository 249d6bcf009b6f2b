"""The right members arrive out of whatever holds them; nothing else is ever written."""

from __future__ import annotations

import re
import tarfile
import zipfile

import pytest

from pipeline.data.archives import Member
from pipeline.project.errors import DataError, UserError
from tests.data.made_up_archive import CONTENTS, WRONG, archive_of, digest, tar_bytes, write_all, zip_bytes


def entry_of(name, kind=tarfile.REGTYPE, link="", size=0):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, link, size
    return entry


@pytest.mark.parametrize("folder", ["small-batches/", "", "./", "wrapped/deeply/"])
@pytest.mark.parametrize("kind", ["w:", "w:gz", "zip"])
def test_any_archive_that_holds_the_members(place, folder, kind):
    content = zip_bytes(folder=folder) if kind == "zip" else tar_bytes(folder=folder, mode=kind)
    path = place.file("download", content)
    assert place.fetch(path) == f"archive {path}"
    assert place.is_whole()


def test_entries_that_nobody_needs_are_left_out(place):
    place.fetch(place.file("a.tar", tar_bytes(CONTENTS | {"readme.html": b"hello"})))
    assert place.is_whole()


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


@pytest.mark.parametrize(("content", "found"), [(b"", "found 0 bytes"), (bytes(50_000_000), "found more")])
def test_a_member_of_the_wrong_size(place, content, found):
    assert found in place.refused(place.file("bad.zip", zip_bytes(CONTENTS | {"batch_2": content})))


def test_a_missing_member_is_named(place):
    contents = {name: content for name, content in CONTENTS.items() if name != "meta"}
    message = place.refused(place.file("bad.tar", tar_bytes(contents)))
    assert f"meta: expected 90 bytes with SHA-256 {digest(CONTENTS['meta'])}, found nothing" in message


def test_a_wrong_file_of_the_same_name_elsewhere_in_the_archive_does_no_harm(place):
    place.fetch(place.file("a.zip", zip_bytes(extra=[("old/batch_1", b"an old version")])))
    assert place.is_whole()


@pytest.mark.parametrize(
    "entry",
    [
        entry_of("../../evil", size=5),
        entry_of("/tmp/sources-evil/batch_1", size=5),  # noqa: S108 - never written
        entry_of("small-batches/batch_1", tarfile.SYMTYPE, "/etc/passwd"),
        entry_of("small-batches", tarfile.SYMTYPE, "/tmp"),  # noqa: S108
        entry_of("small-batches/batch_1", tarfile.LNKTYPE, "../../secret"),
        entry_of("small-batches/batch_1", tarfile.CHRTYPE),
    ],
    ids=lambda entry: f"{entry.name} {entry.linkname}",
)
def test_what_a_hostile_tar_holds_beside_the_members_is_never_written(place, entry):
    path = place.file("given/bad.tar.gz", tar_bytes(extra=[entry]))
    place.fetch(path)
    assert place.is_whole()
    found = sorted(p.name for p in place.root.rglob("*") if p.parent != place.target)
    assert found == [".small.lock", "bad.tar.gz", "data", "downloads", "given", "raw", "small"]


def test_what_a_hostile_zip_holds_beside_the_members_is_never_written(place):
    link = zipfile.ZipInfo("elsewhere/batch_1")
    link.external_attr = 0o120777 << 16
    place.fetch(place.file("a.zip", zip_bytes(extra=[(link, "/etc/passwd"), ("../../evil", b"x")])))
    assert place.is_whole()
    assert sorted(p.name for p in place.root.iterdir()) == ["a.zip", "data"]


def test_an_encrypted_zip_is_refused(place):
    content = zip_bytes(folder="")
    flag = content.index(b"PK\x01\x02") + 8
    assert "encrypted" in place.refused(place.file("d.zip", content[:flag] + b"\x01" + content[flag + 1 :]))


@pytest.mark.parametrize("mode", ["w:gz", "w:", "zip"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9])
def test_a_cut_off_archive_is_refused(place, mode, share):
    content = zip_bytes() if mode == "zip" else tar_bytes(mode=mode)
    if mode == "w:":  # without the padding at the end, which nobody misses
        content = content[: 3 * 512 + 9216 + 7168 + 512]
    message = place.refused(place.file("cut", content[: int(len(content) * share)]))
    assert re.search(r"expected \d+ bytes with SHA-256", message)


def test_a_cut_inside_a_member_names_the_member_and_its_hash(place):
    content = tar_bytes()
    message = place.refused(place.file("cut", content[: len(content) * 4 // 5]))
    assert f"batch_2: expected 7000 bytes with SHA-256 {digest(CONTENTS['batch_2'])}, found nothing" in message
    assert "cut off" in message


def test_flipped_bits_never_pass(place):
    content = tar_bytes()
    for position in range(20, len(content) - 8, len(content) // 12):
        flipped = bytearray(content)
        flipped[position] ^= 0x10
        try:
            place.fetch(place.file("flipped", bytes(flipped)))
        except DataError:
            assert not place.target.exists()
        else:  # a bit that no member needs
            assert place.is_whole()


def test_no_archive_at_all(place):
    message = place.refused(place.file("a.html", b"<html>please log in</html>" * 100))
    assert "is not a readable archive" in message


def test_an_interruption_leaves_nothing(place, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Member, "fault", interrupted)
    with pytest.raises(KeyboardInterrupt):
        place.fetch(place.file("a.tar.gz", tar_bytes()))
    assert not place.target.exists()
    assert place.leftovers() == []


def test_a_target_that_cannot_be_written_is_no_fault_of_the_source(place):
    place.file("data", b"a file where a folder should be")
    with pytest.raises(UserError, match=r"cannot be written: .*Free space") as error:
        place.fetch(write_all(place.root / "given"))
    assert not isinstance(error.value, DataError)


def test_a_full_disk_leaves_nothing_half_written(place, request):
    content = {"one": bytes(300_000)}
    path = place.file("given.tar.gz", tar_bytes(content))
    request.getfixturevalue("nearly_full_disk")
    with pytest.raises(UserError, match=r"one cannot be written: File too large") as error:
        place.fetch(path, archive=archive_of(content))
    assert not isinstance(error.value, DataError)
    assert not place.target.exists()
    assert place.leftovers() == []
