"""Images as bags of visual words: how often each word of a learned dictionary of patches occurs in an image.

Csurka et al., "Visual categorization with bags of keypoints", ECCV workshop 2004; on a grid of small patches as in
Coates, Lee & Ng, "An analysis of single-layer networks in unsupervised feature learning", AISTATS 2011.

The dictionary is meant to be uneven, as the words of a language are: patches are neither whitened nor is their contrast
made quite equal, k-means++ spreads its first centres to rare patches, and a centre that few patches choose is kept.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pipeline.prepared.examples import Examples, LabelledData
from pipeline.project.environment import available_cores

# Patches and words are whole numbers up to _LARGEST: a squared distance and all its parts are whole numbers below 2^24,
# which float32 holds exactly, so that neither the processor nor the number of threads can change the nearest word
_UNIT = 32
_LARGEST = 127
_MOST_VALUES = 2**24 // (3 * _LARGEST**2)

_SEED = 0
_PATCHES_SEEN_PER_IMAGE = 10
_FITTING_BATCH = 4096
_COUNTING_IMAGES = 16


@dataclass(frozen=True)
class Recipe:
    """How words are made of images."""

    side: int  # of the square patches, in pixels
    stride: int  # of the grid on which they lie, in pixels
    words: int
    # Added to the contrast (in squares) by which a patch is divided, in stored units: patches of much less contrast
    # stay weak, those of much more become alike. 0 would enlarge the small random differences in flat patches.
    softening: float
    images: int  # the dictionary is learned on so many training images, drawn from a fixed seed


def as_bags(data: LabelledData, recipe: Recipe) -> LabelledData:
    """Replace images by counts of visual words, uint8 (n, 1, 1, words), learned from training images without labels."""
    dictionary = learn(data.train.inputs, recipe)
    train, test = (Examples(count(part.inputs, dictionary, recipe), part.labels) for part in (data.train, data.test))
    return LabelledData(train, test, data.classes)


def learn(images: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Learn a dictionary, float32 (words, side² · channels), on one thread: the same bytes on any number of cores."""
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rng = np.random.default_rng(_SEED)
    rows = np.sort(rng.choice(len(images), min(recipe.images, len(images)), replace=False))
    grid = _grid(images, recipe)
    places = rng.integers(grid.shape[1:3], size=(len(rows), _PATCHES_SEEN_PER_IMAGE, 2))
    patches = normalised(grid[rows[:, np.newaxis], places[..., 0], places[..., 1]], recipe)
    fit = MiniBatchKMeans(
        recipe.words,
        n_init=1,
        max_iter=1,
        batch_size=_FITTING_BATCH,
        max_no_improvement=None,
        reassignment_ratio=0,
        random_state=_SEED,
    )
    with threadpool_limits(1):
        centres: np.ndarray = fit.fit(rng.permutation(patches)).cluster_centers_
    dictionary: np.ndarray = np.rint(centres).astype(np.float32)
    return dictionary


def count(images: np.ndarray, dictionary: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Count the words of images, uint8 (n, 1, 1, words): every patch is its nearest word (the first of equals)."""
    from threadpoolctl import threadpool_limits

    words, values = dictionary.shape
    grid = _grid(images, recipe)
    if values > _MOST_VALUES:
        raise ValueError(f"patches of {values} values: distances are exact up to {_MOST_VALUES}")
    if grid.shape[1] * grid.shape[2] > 255:
        raise ValueError(f"{grid.shape[1]} × {grid.shape[2]} patches per image: a byte counts up to 255")
    # |patch − word|² without |patch|², which is the same for all words
    slopes = np.ascontiguousarray(-2 * dictionary.T)
    squares = np.square(dictionary).sum(axis=1)
    counts = np.empty((len(images), words), dtype=np.uint8)

    def fill(start: int) -> None:
        block = counts[start : start + _COUNTING_IMAGES]
        patches = normalised(grid[start : start + _COUNTING_IMAGES], recipe)
        distances = patches @ slopes
        distances += squares
        firsts = np.repeat(np.arange(len(block)) * words, len(patches) // len(block))
        tally = np.bincount(distances.argmin(axis=1) + firsts, minlength=block.size)
        block[:] = tally.reshape(block.shape)

    # threads of ours, each with whole blocks: those of BLAS wait for one another after every product
    with threadpool_limits(1), ThreadPoolExecutor(available_cores()) as pool:
        list(pool.map(fill, range(0, len(images), _COUNTING_IMAGES)))
    return counts[:, np.newaxis, np.newaxis]


def _grid(images: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Return all patches as a view, uint8 (n, rows, columns, channels, side, side)."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (recipe.side, recipe.side), axis=(1, 2))
    view: np.ndarray = windows[:, :: recipe.stride, :: recipe.stride]
    return view


def normalised(patches: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Return patches without their brightness and with softened contrast: whole numbers, float32 (n, values)."""
    values = patches.reshape(-1, np.prod(patches.shape[-3:])).astype(np.float32)
    size = values.shape[1]
    # sums of whole numbers below 2^24: exact, in whatever order they are added
    sums = values.sum(axis=1, dtype=np.float64)
    squares = np.square(values).sum(axis=1, dtype=np.float64)
    mean = sums / size
    contrast = np.sqrt((squares * size - sums**2) / size**2 + recipe.softening**2)
    values -= mean[:, np.newaxis].astype(np.float32)
    values *= (_UNIT / contrast)[:, np.newaxis].astype(np.float32)
    return np.clip(np.rint(values, out=values), -_LARGEST, _LARGEST, out=values)
