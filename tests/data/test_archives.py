"""Which bytes are right: sizes and hashes, and the official CIFAR-10."""

from __future__ import annotations

import hashlib

import pytest

from pipeline.data.archives import ARCHIVES, CIFAR10, sizes_fit, verify
from pipeline.project.errors import DataError
from tests.data.made_up_archive import ARCHIVE, CONTENTS, digest, write_all


def test_verify_accepts_the_right_bytes_and_ignores_other_files(tmp_path):
    verify(ARCHIVE, write_all(tmp_path, CONTENTS | {"readme.html": b"hello"}))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "batch_2 is missing"),
        (b"short", f"found 5 bytes with SHA-256 {digest(b'short')}"),
        (bytes(7000), digest(bytes(7000))),
        (CONTENTS["batch_2"] + b"!", "found more"),
    ],
)
def test_verify_names_the_member_and_what_was_found(tmp_path, content, found):
    write_all(tmp_path)
    (tmp_path / "batch_2").unlink() if content is None else (tmp_path / "batch_2").write_bytes(content)
    with pytest.raises(DataError, match=found) as error:
        verify(ARCHIVE, tmp_path)
    assert str(tmp_path / "batch_2") in str(error.value)
    assert f"expected 7000 bytes with SHA-256 {digest(CONTENTS['batch_2'])}" in str(error.value)


@pytest.mark.parametrize(("content", "fits"), [(bytes(7000), True), (b"short", False), (None, False)])
def test_sizes_alone_can_tell_that_a_member_is_amiss(tmp_path, content, fits):
    write_all(tmp_path)
    (tmp_path / "batch_2").unlink() if content is None else (tmp_path / "batch_2").write_bytes(content)
    assert sizes_fit(ARCHIVE, tmp_path) is fits


def test_the_official_archive_is_described_in_full():
    assert ARCHIVES["cifar10"] is CIFAR10
    assert CIFAR10.file_name == "cifar-10-python.tar.gz"
    assert CIFAR10.size == 186_214_026
    assert len({member.sha256 for member in CIFAR10.members}) == 7


@pytest.mark.cifar
def test_our_sha256s_are_of_the_bytes_whose_md5s_torchvision_knows(official):
    torchvision = pytest.importorskip("torchvision")
    reference = torchvision.datasets.CIFAR10
    meta = (reference.meta["filename"], reference.meta["md5"])
    for name, md5 in [*reference.train_list, *reference.test_list, meta]:
        content = (official / CIFAR10.folder / name).read_bytes()
        assert hashlib.md5(content, usedforsecurity=False).hexdigest() == md5
        assert digest(content) == CIFAR10.member(name).sha256
