"""The floor under any training step: the matrix products of the network, and nothing else.

A convolution counts as the product of its unfolded input with its kernels, without the unfolding. Each layer has one
product forward and two backward (the first has no gradient of its input to compute).
"""

from __future__ import annotations

import multiprocessing
import time
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import plain_loops

_WARM_UP_STEPS = 20


def rate(batch_size: int, workers: int, seconds: float) -> float:
    """Return images per second of the products alone, summed over processes of one thread each that start together."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers)
    with context.Pool(workers, initializer=_share, initargs=(barrier,)) as pool:
        return sum(pool.starmap(_one_thread, [(batch_size, seconds)] * workers, chunksize=1))


_shared: list[Any] = []


def _share(barrier: Any) -> None:
    _shared.append(barrier)


def _one_thread(batch_size: int, seconds: float) -> float:
    torch.set_num_threads(1)
    operands = [_operands(*shape) for shape in shapes(batch_size)]
    for _ in range(_WARM_UP_STEPS):
        _multiply(operands)
    _shared[0].wait()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        _multiply(operands)
        steps += 1
    return steps * batch_size / (time.perf_counter() - start)


def shapes(batch_size: int) -> list[tuple[int, int, int]]:
    """Return (rows, inputs, outputs) of each layer's product; the first row is the first layer."""
    found: list[tuple[int, int, int]] = []

    def note(module: nn.Module, _: Any, outputs: Tensor) -> None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        found.append((outputs.numel() // len(weight), weight[0].numel(), len(weight)))

    network = plain_loops.network()
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(note)
    network(torch.zeros(batch_size, 3, 32, 32))
    return found


def _operands(rows: int, inputs: int, outputs: int) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    results = [torch.empty(rows, outputs), torch.empty(inputs, outputs), torch.empty(rows, inputs)]
    return torch.randn(rows, inputs), torch.randn(inputs, outputs), torch.randn(rows, outputs), results


def _multiply(operands: list[tuple[Tensor, Tensor, Tensor, list[Tensor]]]) -> None:
    for number, (inputs, weights, gradients, (outputs, weight_gradients, input_gradients)) in enumerate(operands):
        torch.mm(inputs, weights, out=outputs)
        torch.mm(inputs.T, gradients, out=weight_gradients)
        if number:
            torch.mm(gradients, weights.T, out=input_gradients)
