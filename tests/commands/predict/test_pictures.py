from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pipeline.commands.predict import pictures
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (32, 32, 3)
RED = (200, 30, 10)


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_a_picture_of_the_datas_own_size_is_kept_as_it_is(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8)
    path = save(tmp_path / "a.png", Image.fromarray(pixels))
    np.testing.assert_array_equal(pictures.read(path, SHAPE, 255), pixels)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    return image.quantize(4) if mode == "P" else image.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
@pytest.mark.parametrize("size", [(1, 1), (7, 400), (640, 480)])
def test_any_mode_and_size(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    path = save(tmp_path / ("a.jpg" if mode == "CMYK" else "a.png"), in_mode(Image.new("RGB", size, RED), mode))
    found = pictures.read(path, SHAPE, 255)
    assert (found.shape, found.dtype) == (SHAPE, np.uint8)
    assert np.abs(found.astype(int) - RED).max() <= 3


def test_sixteen_bits_are_scaled_instead_of_cut_off(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.fromarray(np.full((40, 40), 100 * 257, np.uint16)))
    assert (pictures.read(path, SHAPE, 255) == 100).all()


def test_grey_pictures_in_the_datas_own_range(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.new("L", (50, 50), 255))
    assert (pictures.read(path, (8, 8, 1), 16) == 16).all()


def test_transparent_is_white(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.new("RGBA", (40, 40), (0, 0, 0, 0)))
    assert (pictures.read(path, SHAPE, 255) == 255).all()


@pytest.mark.parametrize("name", ["a.webp", "a.gif", "a.png"])
def test_the_first_frame_of_an_animation(tmp_path: Path, name: str) -> None:
    second = Image.new("RGB", (40, 40), (0, 0, 250))
    first = Image.new("RGB", (40, 40), RED)
    path = save(tmp_path / name, first, save_all=True, append_images=[second])
    assert np.abs(pictures.read(path, SHAPE, 255).astype(int) - RED).max() <= 40


def test_the_middle_square_is_taken(tmp_path: Path) -> None:
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 40:80] = RED
    assert (pictures.read(save(tmp_path / "a.png", Image.fromarray(wide)), SHAPE, 255)[:, 2:-2] == RED).all()


def test_turned_as_the_camera_was(tmp_path: Path) -> None:
    half = np.zeros((40, 40, 3), np.uint8)
    half[:20] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    found = pictures.read(save(tmp_path / "a.png", Image.fromarray(half), exif=exif), SHAPE, 255)
    assert found[0].max() < 20
    assert found[-1].min() > 235


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("transparent", [False, True])
def test_sixteen_bits_of_grey_are_read_as_their_eight_bit_twin(tmp_path: Path, turn: int, transparent: bool) -> None:
    eight = np.random.default_rng(0).integers(1, 256, (32, 32)).astype(np.uint8)
    eight[:16, :8] = 0
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"exif": exif, **({"transparency": 0} if transparent else {})}
    twin = save(tmp_path / "8.png", Image.fromarray(eight), **options)
    sixteen = save(tmp_path / "16.png", Image.fromarray(eight.astype(np.uint16) * 257), **options)
    found = pictures.read(sixteen, SHAPE, 255)
    np.testing.assert_array_equal(found, pictures.read(twin, SHAPE, 255))
    assert (found == (255 if transparent else 0)).all(axis=2).sum() >= 128


def test_damaged_camera_data_leave_the_orientation(tmp_path: Path) -> None:
    half = np.zeros((40, 40, 3), np.uint8)
    half[:20] = 255
    exif = Image.Exif()
    exif[0x0112] = 3
    exif[0x011A] = 72.0
    path = save(tmp_path / "a.jpg", Image.fromarray(half), exif=exif, quality=95)
    # XResolution as a signed rational of -1/0
    content = bytearray(path.read_bytes())
    entry = content.find(bytes.fromhex("011a0005"))
    big_endian = entry >= 0
    if not big_endian:
        entry = content.find(bytes.fromhex("1a010500"))
    order = "big" if big_endian else "little"
    start = content.find(b"Exif\0\0") + 6
    content[entry + 2 : entry + 4] = (10).to_bytes(2, order)
    place = start + int.from_bytes(content[entry + 8 : entry + 12], order)
    content[place : place + 8] = (-1).to_bytes(4, order, signed=True) + bytes(4)
    path.write_bytes(content)
    found = pictures.read(path, SHAPE, 255)
    assert found[0].max() < 20
    assert found[-1].min() > 235


def bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def cut_short() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3)).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()[:2000]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"problems:\n", "is not a picture"),
        (b"", "is not a picture"),
        (bomb(), "pixels: scale it down"),
        (cut_short(), "cannot be read"),
    ],
)
def test_what_is_no_good_picture_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=message):
        pictures.read(tmp_path / "a.png", SHAPE, 255)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        pictures.read(tmp_path / "a.png", SHAPE, 255)
    with pytest.raises(DataError, match="is not a file"):
        pictures.read(tmp_path, SHAPE, 255)
    with pytest.raises(DataError, match="cannot be read: File name too long"):
        pictures.read(tmp_path / ("a" * 300), SHAPE, 255)
