"""What bytes are right: hashes, the verified and restricted unpickling, the official CIFAR-10."""

from __future__ import annotations

import hashlib
import os
import pickle
import struct
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.archives import (
    CIFAR10,
    Archive,
    Member,
    by_name,
    read_cifar10_batch,
    read_cifar10_class_names,
    verify,
)
from pipeline.project.errors import DataError

PROJECT = Path(__file__).parents[2]


def member_of(name, content):
    return Member(name, len(content), hashlib.sha256(content).hexdigest())


# --- a batch as Python 2 wrote it: byte strings, and numpy under the names of that time ---


def text(value):
    return b"U" + bytes([len(value)]) + value.encode("ascii")


def number(value):
    return b"J" + struct.pack("<i", value)


def array(values):
    data_type = b"cnumpy\ndtype\n" + text("u1") + number(0) + number(1) + b"\x87R("
    data_type += number(3) + text("|") + b"NNN" + number(-1) * 2 + number(0) + b"tb"
    shape = number(values.shape[0]) + number(values.shape[1]) + b"\x86"
    content = b"T" + struct.pack("<i", values.size) + values.tobytes()
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + number(0) + b"\x85" + text("b")
    return empty + b"\x87R(" + number(1) + shape + data_type + b"\x89" + content + b"tb"


def batch_bytes(images, labels):
    listed = b"](" + b"".join(number(label) for label in labels) + b"e"
    return b"\x80\x02}(" + text("labels") + listed + text("data") + array(images) + b"u."


@pytest.fixture
def rows():
    return np.random.default_rng(0).integers(0, 256, (4, 3072), dtype=np.uint8)


def test_a_batch_becomes_images_with_channels_last(tmp_path, rows):
    content = batch_bytes(rows, [3, 0, 9, 1])
    path = tmp_path / "batch"
    path.write_bytes(content)
    images, labels = read_cifar10_batch(path, member_of("batch", content))
    assert images.shape == (4, 32, 32, 3)
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    assert images.flags.writeable
    assert labels.dtype == np.int64
    assert labels.tolist() == [3, 0, 9, 1]
    # In the file: all red, then all green, then all blue, each row by row.
    assert images[2, 5, 7].tolist() == [rows[2, channel * 1024 + 5 * 32 + 7] for channel in range(3)]


class Trap:
    """What an attacker would put into a pickle."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_nothing_is_unpickled_before_its_hash_is_right(tmp_path, rows):
    sprung = tmp_path / "sprung"
    expected = member_of("batch", batch_bytes(rows, [1, 2, 3, 4]))
    content = pickle.dumps(Trap(sprung))
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_cifar10_batch(path, expected)
    found = member_of("batch", content)
    for part in (str(path), expected.sha256, found.sha256, str(expected.size), str(found.size)):
        assert part in str(error.value)
    assert not sprung.exists()


def test_even_with_the_right_hash_a_pickle_reaches_numpy_arrays_only(tmp_path):
    sprung = tmp_path / "sprung"
    content = pickle.dumps(Trap(sprung))
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"mkdir.*refused"):
        read_cifar10_batch(path, member_of("batch", content))
    assert not sprung.exists()


def test_one_flipped_bit_is_found(tmp_path, rows):
    content = bytearray(batch_bytes(rows, [1, 2, 3, 4]))
    expected = member_of("batch", bytes(content))
    content[-100] ^= 1
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged, and was not opened"):
        read_cifar10_batch(path, expected)


def test_a_missing_batch_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere is missing"):
        read_cifar10_batch(tmp_path / "nowhere", CIFAR10.members[0])


def test_class_names(tmp_path):
    content = b"\x80\x02}" + text("label_names") + b"](" + text("cat") + text("dog") + b"es."
    path = tmp_path / "batches.meta"
    path.write_bytes(content)
    assert read_cifar10_class_names(path, member_of("batches.meta", content)) == ("cat", "dog")
    with pytest.raises(DataError, match=CIFAR10.member("batches.meta").sha256):
        read_cifar10_class_names(path)


# --- archives ---


@pytest.fixture
def small():
    contents = {"one": b"first" * 10, "two": b"second" * 10}
    members = tuple(member_of(name, content) for name, content in contents.items())
    return Archive("small", "small-folder", members, "https://example.org/small.tar.gz"), contents


def write_all(folder, contents):
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def test_verify_accepts_the_right_bytes_and_ignores_other_files(tmp_path, small):
    archive, contents = small
    write_all(tmp_path, contents | {"readme.html": b"hello"})
    verify(archive, tmp_path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "two is missing"),
        (b"short", "found 5"),
        (b"SECOND" * 10, hashlib.sha256(b"SECOND" * 10).hexdigest()),
    ],
)
def test_verify_names_the_member_and_what_was_found(tmp_path, small, content, found):
    archive, contents = small
    write_all(tmp_path, contents)
    (tmp_path / "two").unlink() if content is None else (tmp_path / "two").write_bytes(content)
    with pytest.raises(DataError, match=found) as error:
        verify(archive, tmp_path)
    assert str(tmp_path / "two") in str(error.value)
    assert "expected 60 bytes" in str(error.value)


def test_archives_are_found_by_name():
    assert by_name("cifar10") is CIFAR10


@pytest.mark.parametrize("name", ["cifar-10", "CIFAR10", "cifr10"])
def test_an_unknown_archive_gets_the_closest_match(name):
    with pytest.raises(DataError, match=f"no archive '{name}'. Did you mean 'cifar10'"):
        by_name(name)


def test_an_unknown_member_gets_the_known_ones(small):
    with pytest.raises(DataError, match=r"small has no member 'three': it has one, two\."):
        small[0].member("three")


def test_the_official_archive_is_described_in_full():
    assert CIFAR10.file_name == "cifar-10-python.tar.gz"
    assert CIFAR10.size == 186_214_026
    assert len({member.sha256 for member in CIFAR10.members}) == 7


# --- the official bytes ---

OFFICIAL_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}


@pytest.fixture(scope="session")
def official(tmp_path_factory):
    """Three official members, unpacked into ``cifar-10-batches-py`` in the returned folder."""
    places = [os.environ.get("CIFAR10_SOURCE", ""), PROJECT.parent / "shared/data" / CIFAR10.file_name]
    found = next((Path(place) for place in places if place and Path(place).is_file()), None)
    if found is None:
        pytest.skip("no CIFAR-10 archive: set CIFAR10_SOURCE=/path/to/cifar-10-python.tar.gz")
    root = tmp_path_factory.mktemp("official")
    with tarfile.open(found) as tar:
        for name in OFFICIAL_MD5:
            entry = tar.extractfile(f"{CIFAR10.folder}/{name}")
            assert entry is not None
            (root / CIFAR10.folder).mkdir(exist_ok=True)
            (root / CIFAR10.folder / name).write_bytes(entry.read())
    return root


@pytest.mark.cifar
@pytest.mark.parametrize("name", OFFICIAL_MD5)
def test_our_sha256s_are_of_the_bytes_whose_md5s_are_published(official, name):
    content = (official / CIFAR10.folder / name).read_bytes()
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == OFFICIAL_MD5[name]
    assert CIFAR10.member(name) == member_of(name, content)


@pytest.mark.cifar
def test_we_read_what_torchvision_reads(official, monkeypatch):
    torchvision = pytest.importorskip("torchvision")
    reference = torchvision.datasets.CIFAR10
    # Of the six batches one is enough: torchvision would read (and check) them all.
    monkeypatch.setattr(reference, "test_list", [["test_batch", OFFICIAL_MD5["test_batch"]]])
    monkeypatch.setattr(reference, "train_list", [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy 2.4 warns about how torchvision unpickles
        theirs = reference(official, train=False, download=False)
    folder = official / CIFAR10.folder
    images, labels = read_cifar10_batch(folder / "test_batch", CIFAR10.member("test_batch"))
    assert np.array_equal(images, theirs.data)
    assert labels.tolist() == theirs.targets
    assert list(read_cifar10_class_names(folder / "batches.meta")) == theirs.classes
