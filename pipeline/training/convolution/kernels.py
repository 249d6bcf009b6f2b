"""Convolution of kernel size 2, 2 × 2 max-pool and ReLU as one compiled loop nest, forward and backward.

Importing this module brings numba, which takes long: import it where it is used.

A block is as many images as fit side by side into `LANES` columns. Its rows are split into even and odd columns, so
that the four outputs that a max-pool compares, and all inputs that they need, lie at the same lane of several arrays.
Every innermost loop runs over the lanes, without a branch: LLVM turns it into a few vector instructions.

Three things keep these loops vectorised. Indices are unsigned: numba checks whether signed ones are negative. All
arrays of an innermost loop are one-dimensional with a stride known at compile time: LLVM must see that they do not
overlap. Their length is a constant: nothing remains to be done number by number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

# numba would turn an index made of a signed and an unsigned integer into a float
_0, _1, _2, _3, _4 = (np.uint64(number) for number in range(5))
LANES = np.uint64(64)
_HALF = np.uint64(80)  # lanes of even, or odd, columns; a loop may read one lane beyond its own
_ROW = np.uint64(160)
_ZERO = np.float32(0)
_FIRST, _SECOND, _THIRD, _FOURTH = (np.uint8(number) for number in range(4))
DEAD = np.uint8(4)  # the place of a maximum that ReLU lets no gradient through

# Sums may be reordered (to be vectors) and products fused into them; NaN and infinity keep their meaning. Without
# forced inlining, a process that compiles would call these functions as compiled alone, one that reads numba's cache
# as compiled into their caller: their sums differ in the last bit.
_FASTMATH = {"contract", "reassoc"}
_compiled = njit(fastmath=_FASTMATH, error_model="numpy", forceinline=True)


def _at_once(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile at import, or read numba's cache, so that no training waits for it."""

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return njit(signature, fastmath=_FASTMATH, error_model="numpy", cache=True)(function)
        except (RuntimeError, OSError):  # there is no folder or no space for the cache
            return njit(signature, fastmath=_FASTMATH, error_model="numpy")(function)

    return compiled


@_compiled
def _deal(images: Any, first: Any, count: Any, width: Any, planes: Any) -> None:
    """Lay the even and the odd columns of a block's images side by side, channel by channel and row by row."""
    rows = np.uint64(planes.shape[1])
    channels = np.uint64(planes.shape[0])
    for n in range(count):
        start = n * (width + _1)
        for y in range(rows):
            for j in range(width):
                for c in range(channels):
                    planes[c, y, start + j] = images[first + n, y, _2 * j * channels + c]
                    planes[c, y, _HALF + start + j] = images[first + n, y, (_2 * j + _1) * channels + c]
            for c in range(channels):
                planes[c, y, start + width] = images[first + n, y, _2 * width * channels + c]


@_compiled
def _convolve(flat: Any, p: Any, w0: Any, w1: Any, w2: Any, w3: Any, sums: Any) -> None:
    """Add one channel's share to the outputs at (even, even), (even, odd), (odd, even) and (odd, odd) places."""
    for lane in range(LANES):
        a = p + lane
        b = a + _ROW
        c = b + _ROW
        sums[lane] += w0 * flat[a] + w1 * flat[a + _HALF] + w2 * flat[b] + w3 * flat[b + _HALF]
        sums[LANES + lane] += w0 * flat[a + _HALF] + w1 * flat[a + _1] + w2 * flat[b + _HALF] + w3 * flat[b + _1]
        sums[_2 * LANES + lane] += w0 * flat[b] + w1 * flat[b + _HALF] + w2 * flat[c] + w3 * flat[c + _HALF]
        sums[_3 * LANES + lane] += w0 * flat[b + _HALF] + w1 * flat[b + _1] + w2 * flat[c + _HALF] + w3 * flat[c + _1]


@_compiled
def _pool(sums: Any, maxima: Any, m: Any, winners: Any, q: Any) -> None:
    """Take the first largest of four (or a NaN) and its place; nothing negative."""
    for lane in range(LANES):
        best, place = sums[lane], _FIRST
        # a NaN is unequal to itself and stays: a comparison alone would lose it
        value = sums[LANES + lane]
        if value > best or value != value:
            best, place = value, _SECOND
        value = sums[_2 * LANES + lane]
        if value > best or value != value:
            best, place = value, _THIRD
        value = sums[_3 * LANES + lane]
        if value > best or value != value:
            best, place = value, _FOURTH
        if best <= _ZERO:
            best, place = _ZERO, DEAD
        maxima[m + lane] = best
        winners[q + lane] = place


@_compiled
def _row_of_outputs(planes: Any, i: Any, weights: Any, bias: Any, sums: Any, maxima: Any, winners: Any, q: Any) -> None:
    """Fill a row of a block's pooled outputs, output by output."""
    channels, rows = np.uint64(planes.shape[0]), np.uint64(planes.shape[1])
    flat = planes.reshape(planes.size)
    for o in range(np.uint64(bias.size)):
        sums[:] = bias[o]
        for c in range(channels):
            w, p = (o * channels + c) * _4, (c * rows + _2 * i) * _ROW
            _convolve(flat, p, weights[w], weights[w + _1], weights[w + _2], weights[w + _3], sums)
        _pool(sums, maxima, o * LANES, winners, q + o * LANES)


@_compiled
def _put_outputs(maxima: Any, first: Any, count: Any, i: Any, pooled: Any) -> None:
    """Put a row of a block's pooled outputs into its images."""
    width, outputs = np.uint64(pooled.shape[2]), np.uint64(pooled.shape[3])
    for n in range(count):
        for j in range(width):
            for o in range(outputs):
                pooled[first + n, i, j, o] = maxima[o * LANES + n * (width + _1) + j]


# images (batch, height, width · channels); weights (outputs · channels · 4,), ordered (output, channel, row, column);
# bias (outputs,); pooled (batch, (height − 1) // 2, (width − 1) // 2, outputs), its width below `LANES`;
# winners (`winners_size`,)
@_at_once("void(float32[:, :, ::1], float32[::1], float32[::1], float32[:, :, :, ::1], uint8[::1])")
def forward(images: Any, weights: Any, bias: Any, pooled: Any, winners: Any) -> None:
    """Convolve, pool and rectify: fill `pooled`, and note in `winners` which of the four won, for `backward`."""
    batch, height = np.uint64(pooled.shape[0]), np.uint64(pooled.shape[1])
    width, outputs = np.uint64(pooled.shape[2]), np.uint64(pooled.shape[3])
    channels, rows = np.uint64(weights.size) // (_4 * outputs), _2 * height + _1
    planes = np.zeros((channels, rows, _ROW), np.float32)
    sums, maxima = np.empty(_4 * LANES, np.float32), np.empty(outputs * LANES, np.float32)
    per_block = LANES // (width + _1)
    q = _0
    for first in range(_0, batch, per_block):
        count = min(per_block, batch - first)
        _deal(images, first, count, width, planes)
        for i in range(height):
            _row_of_outputs(planes, i, weights, bias, sums, maxima, winners, q)
            _put_outputs(maxima, first, count, i, pooled)
            q += outputs * LANES


def winners_size(batch: int, height: int, width: int, outputs: int) -> int:
    """Return how many places `forward` notes for a pooled output of this shape."""
    blocks = -(-batch // (int(LANES) // (width + 1)))
    return blocks * height * outputs * int(LANES)


@_compiled
def _collect(gradients: Any, first: Any, count: Any, i: Any, collected: Any) -> None:
    """Lay a row of the gradients of a block's images side by side, output by output."""
    width, outputs = np.uint64(gradients.shape[2]), np.uint64(gradients.shape[3])
    for n in range(count):
        for j in range(width):
            for o in range(outputs):
                collected[o * LANES + n * (width + _1) + j] = gradients[first + n, i, j, o]


@_compiled
def _spread(collected: Any, m: Any, winners: Any, q: Any, spread: Any, g: Any) -> None:
    """Give every gradient to the one of four places that won, one lane further on, and 0 to the others."""
    for lane in range(LANES):
        gradient, place, at = collected[m + lane], winners[q + lane], g + lane + _1
        spread[at] = gradient if place == _FIRST else _ZERO
        spread[at + _HALF] = gradient if place == _SECOND else _ZERO
        spread[at + _2 * _HALF] = gradient if place == _THIRD else _ZERO
        spread[at + _3 * _HALF] = gradient if place == _FOURTH else _ZERO


@_compiled
def _bias_gradient(spread: Any, g: Any) -> Any:
    total = _ZERO
    for lane in range(LANES):
        a = g + lane + _1
        total += spread[a] + spread[a + _HALF] + spread[a + _2 * _HALF] + spread[a + _3 * _HALF]
    return total


@_compiled
def _add_weight_gradients(flat: Any, p: Any, spread: Any, g: Any, gradients: Any, w: Any) -> None:
    w0, w1, w2, w3 = _ZERO, _ZERO, _ZERO, _ZERO
    for lane in range(LANES):
        a = p + lane
        b = a + _ROW
        c = b + _ROW
        at = g + lane + _1
        ee, eo, oe, oo = spread[at], spread[at + _HALF], spread[at + _2 * _HALF], spread[at + _3 * _HALF]
        w0 += ee * flat[a] + eo * flat[a + _HALF] + oe * flat[b] + oo * flat[b + _HALF]
        w1 += ee * flat[a + _HALF] + eo * flat[a + _1] + oe * flat[b + _HALF] + oo * flat[b + _1]
        w2 += ee * flat[b] + eo * flat[b + _HALF] + oe * flat[c] + oo * flat[c + _HALF]
        w3 += ee * flat[b + _HALF] + eo * flat[b + _1] + oe * flat[c + _HALF] + oo * flat[c + _1]
    gradients[w] += w0
    gradients[w + _1] += w1
    gradients[w + _2] += w2
    gradients[w + _3] += w3


@_compiled
def _add_input_gradients(spread: Any, g: Any, above: Any, w0: Any, w1: Any, w2: Any, w3: Any, sums: Any) -> None:
    """Add one output's share to the inputs at (even, even), (even, odd), (odd, even) and (odd, odd) places.

    An input in an even row has a share in outputs of the row above, one in an even column in those of the column
    before.
    """
    for lane in range(LANES):
        at, up = g + lane + _1, above + lane + _1
        ee, eo, oe, oo = spread[at], spread[at + _HALF], spread[at + _2 * _HALF], spread[at + _3 * _HALF]
        eo_before, oo_before = spread[at + _HALF - _1], spread[at + _3 * _HALF - _1]
        oe_above, oo_above = spread[up + _2 * _HALF], spread[up + _3 * _HALF]
        oo_above_before = spread[up + _3 * _HALF - _1]
        sums[lane] += w0 * ee + w1 * eo_before + w2 * oe_above + w3 * oo_above_before
        sums[LANES + lane] += w0 * eo + w1 * ee + w2 * oo_above + w3 * oe_above
        sums[_2 * LANES + lane] += w0 * oe + w1 * oo_before + w2 * ee + w3 * eo_before
        sums[_3 * LANES + lane] += w0 * oo + w1 * oe + w2 * eo + w3 * ee


@_compiled
def _row_of_weight_gradients(
    planes: Any, i: Any, spread: Any, here: Any, weight_gradients: Any, bias_gradients: Any
) -> None:
    """Add the share that a row of a block's outputs has in the gradients of weights and bias."""
    channels, rows = np.uint64(planes.shape[0]), np.uint64(planes.shape[1])
    flat = planes.reshape(planes.size)
    for o in range(np.uint64(bias_gradients.size)):
        g = here + o * _4 * _HALF
        bias_gradients[o] += _bias_gradient(spread, g)
        for c in range(channels):
            p = (c * rows + _2 * i) * _ROW
            _add_weight_gradients(flat, p, spread, g, weight_gradients, (o * channels + c) * _4)


@_compiled
def _row_of_input_gradients(
    spread: Any, here: Any, above: Any, weights: Any, c: Any, channels: Any, outputs: Any, sums: Any
) -> None:
    """Fill one channel's gradients of a block's inputs, in an even row and the odd one below it."""
    sums[:] = _ZERO
    for o in range(outputs):
        w, g = (o * channels + c) * _4, o * _4 * _HALF
        w0, w1, w2, w3 = weights[w], weights[w + _1], weights[w + _2], weights[w + _3]
        _add_input_gradients(spread, here + g, above + g, w0, w1, w2, w3, sums)


@_compiled
def _deal_back(
    sums: Any, even: Any, first: Any, count: Any, y: Any, width: Any, c: Any, channels: Any, images: Any
) -> None:
    """Put one channel's even and odd columns of a row back into a block's images."""
    odd = even + LANES
    for n in range(count):
        start = n * (width + _1)
        for j in range(width):
            images[first + n, y, _2 * j * channels + c] = sums[even + start + j]
            images[first + n, y, (_2 * j + _1) * channels + c] = sums[odd + start + j]
        images[first + n, y, _2 * width * channels + c] = sums[even + start + width]


@_compiled
def _put_gradients(
    sums: Any, first: Any, count: Any, i: Any, height: Any, width: Any, c: Any, channels: Any, images: Any
) -> None:
    _deal_back(sums, _0, first, count, _2 * i, width, c, channels, images)
    if i < height:
        _deal_back(sums, _2 * LANES, first, count, _2 * i + _1, width, c, channels, images)


# gradients are those of `forward`'s pooled outputs; all gradients have the shapes of their arrays there, and
# image_gradients is empty (0, 0, 0) if nobody needs it
@_at_once(
    "void(float32[:, :, :, ::1], uint8[::1], float32[:, :, ::1], float32[::1], float32[::1], float32[::1],"
    " float32[:, :, ::1])"
)
def backward(
    gradients: Any,
    winners: Any,
    images: Any,
    weights: Any,
    weight_gradients: Any,
    bias_gradients: Any,
    image_gradients: Any,
) -> None:
    """Take gradients back through `forward`: fill the gradients of weights and bias, and of images if not empty."""
    batch, height = np.uint64(gradients.shape[0]), np.uint64(gradients.shape[1])
    width, outputs = np.uint64(gradients.shape[2]), np.uint64(gradients.shape[3])
    channels, rows = np.uint64(weights.size) // (_4 * outputs), _2 * height + _1
    planes = np.zeros((channels, rows, _ROW), np.float32)
    collected, sums = np.zeros(outputs * LANES, np.float32), np.empty(_4 * LANES, np.float32)
    size = outputs * _4 * _HALF
    spread = np.zeros(_2 * size, np.float32)  # of this row and, in turn, of the one above
    per_block = LANES // (width + _1)
    weight_gradients[:] = _ZERO
    bias_gradients[:] = _ZERO
    image_gradients[:] = _ZERO
    q = _0
    for first in range(_0, batch, per_block):
        count = min(per_block, batch - first)
        _deal(images, first, count, width, planes)
        spread[:] = _ZERO
        collected[:] = _ZERO  # the last block may have fewer images
        for i in range(height + _1):
            here = (i & _1) * size
            if i == height:
                spread[here : here + size] = _ZERO  # there is nothing below the last row
            else:
                _collect(gradients, first, count, i, collected)
                for o in range(outputs):
                    _spread(collected, o * LANES, winners, q + o * LANES, spread, here + o * _4 * _HALF)
                _row_of_weight_gradients(planes, i, spread, here, weight_gradients, bias_gradients)
                q += outputs * LANES
            for c in range(channels if image_gradients.size else _0):
                _row_of_input_gradients(spread, here, size - here, weights, c, channels, outputs, sums)
                _put_gradients(sums, first, count, i, height, width, c, channels, image_gradients)
