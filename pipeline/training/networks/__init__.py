"""The networks: one file each, found by its name. Nothing else lives in this folder.

A file ``name.py`` defines ``build(shape, outputs, convolution)``, which returns a `torch.nn.Module`. In
``params.yaml``, ``problems.<problem>.network: name`` uses it. ``docs/how-to/your-network.md`` writes one, step by step.

What `build` gets
    `shape` is that of one input, without the batch: (height, width, channels) of an image, (length,) of token ids, and
    any shape of numbers. `outputs` is the number of classes, of words, or of the numbers that a regression predicts.
    `convolution` is ``compiled`` or ``torch``; a network without `pipeline.training.convolution` ignores it.

What the module takes and returns
    ===============  ========================================  ===========================================
    examples         inputs                                    outputs, float32
    ===============  ========================================  ===========================================
    images (uint8)   float32 (batch, channels, height, width)  (batch, outputs): logits, or numbers
    numbers          float32 (batch, …)                        (batch, outputs): logits, or numbers
    token ids        int64 (batch, length)                     (batch, length, outputs): logits of each
                                                               token's successor, from it and earlier ones
    ===============  ========================================  ===========================================

    Images lie channels-last in memory. Numbers are normalised already, unless the data set says otherwise.

What it must be
    - All parameters are float32 and exist after `build` (no lazy modules), and all of them are trained.
    - `build` draws initial weights from torch's global random numbers, which the training has seeded; nothing else
      draws them, and nothing draws from `random` or NumPy.
    - The outputs are a function of inputs, parameters and buffers: the same bytes for the same bytes, whatever ran
      before. Operations without a deterministic algorithm are errors.
    - In training mode it may draw from torch's global random numbers (dropout), which then come from a stream of the
      training's own seed, and may change its buffers (batch normalisation). In evaluation mode it does neither: every
      validation, every test and every saved model use that mode. Buffers are saved with the weights, and the optimizer
      leaves them alone.
    - The file imports from the standard library, installed packages, `pipeline.training` and `pipeline.prepared`, but
      not from another file of this folder: its own code, and the versions of the packages, are all that the key of a
      training holds. So an edited network repeats the trainings that use it, and a new one repeats none.
"""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import first_line, line_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.training.record import Convolution


class Builder(Protocol):
    """What the file of a network defines."""

    def __call__(self, shape: tuple[int, ...], outputs: int, convolution: Convolution) -> nn.Module:
        """Return the network with its initial weights."""


def names() -> list[str]:
    """Return the names of all networks."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def builder(name: str) -> Builder:
    """Return the function `build` of a network's file.

    Raises
    ------
    Refusal
        If there is no network of that name, its file cannot be imported, or has no `build`.
    """
    if name not in names():
        raise Refusal("unknown_network", found=name, allowed=names())
    with own_errors(name):
        module = importlib.import_module(f"{__name__}.{name}")
    if not callable(getattr(module, "build", None)):
        raise Refusal("no_build", network=name)
    return cast(Builder, module.build)


def build(name: str, shape: tuple[int, ...], outputs: int, convolution: Convolution = "compiled") -> nn.Module:
    """Build a network; its initial weights come from torch's global random state.

    Parameters
    ----------
    name
        One of `names`.
    shape
        Of one input: (height, width, channels) of an image, (length,) of token ids, any other shape of numbers.
    outputs
        Number of classes, of words, or of numbers that a regression predicts.
    convolution
        Whether to use ``compiled`` loops where they are faster, or always ``torch``.

    Returns
    -------
    Module
        In training mode, on the CPU.

    Raises
    ------
    Refusal
        If there is no network of that name, its file is broken, it cannot take the inputs, or it has parameters other
        than float32.
    """
    make = builder(name)
    with own_errors(name):
        network = make(shape, outputs, convolution)
    if not isinstance(network, nn.Module):
        raise Refusal("no_module", network=name, found=type(network).__name__)
    parameters = list(network.parameters())
    if any(is_lazy(parameter) or parameter.dtype != torch.float32 for parameter in parameters) or not parameters:
        raise Refusal("wrong_parameters", network=name)
    return network


@contextmanager
def own_errors(name: str) -> Iterator[None]:
    """Turn an error in the code of a network's file into a `Refusal` that names its line."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        line = line_in(error, lambda path: _is_own(path, name))
        kind = type(error).__name__
        raise Refusal("broken_network", network=name, line=line, kind=kind, reason=first_line(error)) from error


def _is_own(path: str, name: str) -> bool:
    return any(path.startswith(folder) for folder in __path__) and path.endswith(f"{name}.py")
