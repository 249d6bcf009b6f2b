"""A picture file of any size and mode -> pixels as the training data has them.

docs/decisions/0010-torchvision.md says why this is not torchvision's work.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from pipeline.project.errors import DataError, first_line

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_MODES = {1: "L", 3: "RGB"}
# what makes a picture upright, by how its camera was held
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read(path: Path, shape: tuple[int, ...], largest: int) -> np.ndarray:
    """Read a picture: its middle part in the proportions of `shape` (1 or 3 channels), as uint8 from 0 to `largest`."""
    try:
        if not path.is_file():
            raise DataError(f"{path} is not a file." if path.exists() else f"No such file: {path}.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # pillow itself refuses only pictures of more than twice this size
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _pixels(path, shape, largest)
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"{path} is not a picture that can be read ({', '.join(_FORMATS)}).") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{path} has more than {Image.MAX_IMAGE_PIXELS:,} pixels: scale it down first.") from None
    except Exception as error:  # noqa: BLE001 - pillow's readers raise anything for damaged files
        why = getattr(error, "strerror", None) or first_line(error)
        raise DataError(f"{path} cannot be read: {why}.") from None


def _pixels(path: Path, shape: tuple[int, ...], largest: int) -> np.ndarray:
    height, width, channels = shape
    with Image.open(path, formats=_FORMATS) as image:
        image.load()
        turn = _TURNS.get(_orientation(image) or 1)
        whole = _eight_bits(image)
    upright = whole if turn is None else whole.transpose(turn)
    plain = _on_white(upright).convert(_MODES[channels])
    fitted = np.asarray(ImageOps.fit(plain, (width, height), method=Image.Resampling.LANCZOS))
    return np.rint(fitted.reshape(shape) * (largest / 255)).astype(np.uint8)


def _orientation(image: Image.Image) -> int | None:
    """Return how the camera was held, of its data that alone: another entry may be damaged."""
    try:
        held: int | None = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - damaged data raises anything, and the picture itself is good
        return None
    return held


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 8 bits; of 16 bits of grey, one of their values may stand for transparent."""
    if not image.mode.startswith("I"):
        return image.copy()
    # pillow's own conversion cuts off at 255 instead of scaling, and loses what is transparent
    values = np.asarray(image).astype(np.int64)
    alpha = np.where(values == image.info.get("transparency", -1), 0, 255)
    return Image.fromarray(np.dstack([(values // 257).clip(0, 255), alpha]).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
