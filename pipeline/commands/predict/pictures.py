"""A picture file of any size and mode -> pixels as the training data has them.

docs/decisions/0010-torchvision.md says why this is not torchvision's work.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_MODES = {1: "L", 3: "RGB"}


def read(path: Path, shape: tuple[int, ...], largest: int) -> np.ndarray:
    """Read a picture: its middle part in the proportions of `shape` (1 or 3 channels), as uint8 from 0 to `largest`."""
    if not path.is_file():
        raise DataError(f"{path} is not a file." if path.exists() else f"No such file: {path}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # pillow itself refuses only pictures of more than twice this size
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _pixels(path, shape, largest)
    except UnidentifiedImageError:
        raise DataError(f"{path} is not a picture that can be read ({', '.join(_FORMATS)}).") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{path} has more than {Image.MAX_IMAGE_PIXELS:,} pixels: scale it down first.") from None
    # pillow's readers raise all of these for damaged files
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _pixels(path: Path, shape: tuple[int, ...], largest: int) -> np.ndarray:
    height, width, channels = shape
    with Image.open(path, formats=_FORMATS) as image:
        upright = ImageOps.exif_transpose(_eight_bits(image))
    plain = _on_white(upright).convert(_MODES[channels])
    fitted = np.asarray(ImageOps.fit(plain, (width, height), method=Image.Resampling.LANCZOS))
    return np.rint(fitted.reshape(shape) * (largest / 255)).astype(np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    # pillow's own conversion cuts off at 255 instead of scaling
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) // 257).clip(0, 255).astype(np.uint8))
    image.load()
    return image.copy()


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
