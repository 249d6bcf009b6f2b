"""Any file is a picture or refused in a sentence, and a picture is turned and scaled whatever its mode."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.commands.predict import pictures
from pipeline.project.errors import DataError

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SHAPE = (8, 8, 3)
FORMATS = {
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "JPEG": ["L", "RGB", "CMYK"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["L", "P"],
    "BMP": ["1", "L", "P", "RGB"],
}
KINDS = [(kind, mode) for kind, modes in FORMATS.items() for mode in modes]


def picture(kind: str, mode: str, size: tuple[int, int], orientation: int) -> bytes:
    image = Image.new("RGB", size, (200, 30, 10))
    if mode == "I;16":
        image = Image.fromarray(np.full(size[::-1], 20_000, np.uint16))
    elif mode != "RGB":
        image = image.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    image.save(content, kind, **({"exif": exif} if kind in ("PNG", "JPEG", "WEBP") else {}))
    return content.getvalue()


@QUICK
@given(
    kind=st.sampled_from(KINDS),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    orientation=st.integers(0, 9),
)
def test_any_mode_size_and_orientation_is_read(
    tmp_path: Path, kind: tuple[str, str], size: tuple[int, int], orientation: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(picture(*kind, size, orientation))
    found = pictures.read(path, SHAPE, 255)
    assert (found.shape, found.dtype) == (SHAPE, np.uint8)


@QUICK
@given(
    kind=st.sampled_from(KINDS),
    cut=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
)
def test_a_damaged_picture_is_read_or_refused_in_a_sentence(
    tmp_path: Path, kind: tuple[str, str], cut: float, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(picture(*kind, (20, 30), 6))
    for place, value in changes:
        content[int(place * len(content))] = value
    path = tmp_path / "a"
    path.write_bytes(content[: int(len(content) * max(cut, 0.1))])
    message = ""
    try:
        pictures.read(path, SHAPE, 255)
    except DataError as error:
        message = str(error)
    assert not message or message.startswith(str(path))


def test_a_file_name_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = Path(str(tmp_path)) / "caf\udce9.png"
    with pytest.raises(DataError, match="No such file"):
        pictures.read(path, SHAPE, 255)
