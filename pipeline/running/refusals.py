"""Sentences for the errors of `pipeline.prepared` and `pipeline.training`, which are codes with values there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import DataError, SettingsError, UserError
from pipeline.project.wording import closest

if TYPE_CHECKING:
    from collections.abc import Iterator

_SENTENCES: dict[str, tuple[type[UserError], str]] = {
    "not_prepared": (
        DataError,
        "{path} is missing or was written by another version: run `dvc repro` to prepare the data.",
    ),
    "unknown_network": (SettingsError, "params.yaml: network {found!r} is unknown{closest}."),
    "broken_network": (
        SettingsError,
        "pipeline/training/networks/{network}.py{line}: {kind}: {reason}.",
    ),
    "no_build": (
        SettingsError,
        "pipeline/training/networks/{network}.py defines no function `build(shape, outputs, convolution)`.",
    ),
    "no_module": (
        SettingsError,
        "pipeline/training/networks/{network}.py: `build` must return a torch.nn.Module; it returned {found}.",
    ),
    "wrong_parameters": (
        SettingsError,
        "pipeline/training/networks/{network}.py: a network needs parameters, all of them float32 "
        "and made by `build` (no lazy modules).",
    ),
    "wrong_outputs": (
        SettingsError,
        "pipeline/training/networks/{network}.py: for one example the network returns {found}; "
        "for this problem it must return {wanted}.",
    ),
    "no_images": (
        SettingsError,
        "this network takes images of shape (height, width, channels), not inputs of shape {shape}.",
    ),
    "no_tokens": (SettingsError, "this network takes token ids of shape (length,), not inputs of shape {shape}."),
    "images_too_small": (SettingsError, "images of {height} × {width} pixels are too small for this network."),
    "batch_too_large": (
        SettingsError,
        "params.yaml: problems.{problem}.batch_size: found {found}; there are only {examples} training examples.",
    ),
    "unknown_class": (
        SettingsError,
        "params.yaml: {where}.class: {found!r} is not an optimizer that this study knows{closest}.",
    ),
    "unknown_argument": (
        SettingsError,
        "params.yaml: {where}.arguments.{found}: torch.optim.{kind} has no such argument{closest}.",
    ),
    "refused_arguments": (SettingsError, "params.yaml: {where}: torch.optim.{kind} refuses {arguments}: {reason}."),
    "no_rest": (
        SettingsError,
        "params.yaml: {where}: {kind} takes hidden weight matrices only; "
        "add `rest: {{class: AdamW, arguments: {{}}}}` for the other parameters.",
    ),
}


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a `Refusal` raised inside the block into a sentence: a `SettingsError` or a `DataError`."""
    try:
        yield
    except Refusal as refusal:
        raise _error(refusal.code, refusal.values) from None


def _error(code: str, values: dict[str, Any]) -> UserError:
    kind, sentence = _SENTENCES[code]
    words = dict(values)
    if "allowed" in values:
        words["closest"] = closest(values["found"], values["allowed"])
    if "line" in values:
        words["line"] = f", line {values['line']}" if values["line"] else ""
    return kind(sentence.format(**words))
