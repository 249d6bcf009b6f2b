"""Nothing is unpickled before its hash is right, and then numpy arrays and plain values only."""

from __future__ import annotations

import os
import pickle
import struct
import warnings

import numpy as np
import pytest

from pipeline.data.archives import CIFAR10
from pipeline.data.problems import cifar10
from pipeline.data.unpickling import unpickle
from pipeline.project.errors import DataError
from tests.data.made_up_archive import member_of

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
    batch = cifar10.read_batch(path, member_of("batch", content))
    assert batch.inputs.shape == (4, 32, 32, 3)
    assert batch.inputs.dtype == np.uint8
    assert batch.inputs.flags.c_contiguous
    assert batch.labels.dtype == np.int64
    assert batch.labels.tolist() == [3, 0, 9, 1]
    assert batch.inputs[2, 5, 7].tolist() == [rows[2, channel * 1024 + 5 * 32 + 7] for channel in range(3)]


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
        unpickle(path, expected)
    found = member_of("batch", content)
    for part in (str(path), expected.sha256, found.sha256, str(expected.size), str(found.size)):
        assert part in str(error.value)
    assert not sprung.exists()


def test_even_with_the_right_hash_a_pickle_reaches_numpy_arrays_only(tmp_path):
    sprung = tmp_path / "sprung"
    content = pickle.dumps(Trap(sprung))
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(pickle.UnpicklingError, match=r"mkdir is refused"):
        unpickle(path, member_of("batch", content))
    assert not sprung.exists()


def test_one_flipped_bit_is_found(tmp_path, rows):
    content = bytearray(batch_bytes(rows, [1, 2, 3, 4]))
    expected = member_of("batch", bytes(content))
    content[-100] ^= 1
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(DataError, match="batch is damaged: expected"):
        unpickle(path, expected)


def test_a_missing_batch_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere is missing"):
        unpickle(tmp_path / "nowhere", CIFAR10.members[0])


@pytest.mark.cifar
def test_we_read_what_torchvision_reads(official, monkeypatch):
    torchvision = pytest.importorskip("torchvision")
    reference = torchvision.datasets.CIFAR10
    # one of the six batches is enough: torchvision would read (and check) them all
    monkeypatch.setattr(reference, "train_list", [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy 2.4 warns about how torchvision unpickles
        theirs = reference(official, train=False, download=False)
    folder = official / CIFAR10.folder
    batch = cifar10.read_batch(folder / "test_batch", CIFAR10.member("test_batch"))
    meta = unpickle(folder / "batches.meta", CIFAR10.member("batches.meta"))
    assert np.array_equal(batch.inputs, theirs.data)
    assert batch.labels.tolist() == theirs.targets
    assert meta["label_names"] == theirs.classes
