"""Sentences for the errors of `pipeline.prepared` and `pipeline.training`, which are codes with values there."""

from __future__ import annotations

import difflib
import importlib.metadata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import DataError, SettingsError, UserError, line_in
from pipeline.project.wording import alike, closest

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
}

# Of an optimizer's row: which of its keys is wrong, and how. The key is named where the row stands in ``params.yaml``.
_OF_OPTIMIZERS: dict[str, tuple[str, str]] = {
    "unknown_class": (".class", "{found!r} is not an optimizer that this study knows{closest}."),
    "unknown_member": (".class", "{module} has no optimizer {found!r}{closest}."),
    "no_optimizer": (".class", "{kind} is not derived from torch.optim.Optimizer{closest}."),
    "no_file": (".class", "{path} cannot be read: {reason}{hint}"),
    "no_package": (".class", "no installed package provides {found!r}: install it, or give path/to/file.py:Class."),
    "imports_neighbour": (
        ".class",
        "{path} imports {found!r}, which lies beside it or in this folder. Only the file itself identifies its "
        "trainings, so it must be complete: put both into one file, or install {found!r} as a package.",
    ),
    "not_loaded": (".class", "{path} cannot be loaded: {reason}{hint}"),
    "another_identity": (
        ".class",
        "{kind} is not the one that was asked for: expected {expected}, found {found}. "
        "If it was edited in the meantime, run the same command again.",
    ),
    "needs_closure": (
        ".class",
        "{kind} computes the loss several times in a step (its `step` needs a closure); a training here computes it "
        "once, so this class cannot take part.",
    ),
    "needs_graph": (
        ".class",
        "{kind} needs second derivatives (`backward(create_graph=True)`), which no training here computes, so this "
        "class cannot take part.",
    ),
    "needs_sparse": (
        ".class",
        "{kind} takes sparse gradients only; all gradients here are dense, so this class cannot take part.",
    ),
    "no_learning_rate": (".class", "{kind} has no argument 'lr', which every search sets: it cannot take part."),
    "wraps_another": (
        ".class",
        "{kind} wraps another optimizer (argument {found!r}), which a row cannot give: it cannot take part.",
    ),
    "unknown_argument": (".arguments.{found}", "{kind} has no argument {found!r}{closest}."),
    "missing_argument": (
        ".arguments",
        "{kind} needs the argument {found!r}, which has no default: give it in `arguments`, or to `compare` by "
        "--arg {found}=VALUE.",
    ),
    "refused_arguments": ("", "{kind} refuses {arguments}: {reason}."),
    "cannot_step": ("", "{kind} cannot step{given}: {reason}."),
    "another_type": (
        "",
        "{kind} turned a parameter into {found} or gave it another shape; parameters must stay as they are.",
    ),
    "no_rest": (
        "",
        "{kind} takes hidden weight matrices only; "
        "add `rest: {{class: AdamW, arguments: {{}}}}` for the other parameters.",
    ),
}
# What an optimizer's own error says where it needs more than a gradient
_SIGNS = {
    "closure": "needs_closure",
    "'NoneType' object is not callable": "needs_closure",
    "does not require grad": "needs_graph",
}
# A package may have hundreds of classes
_MOST_NAMES = 20


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a `Refusal` raised inside the block into a sentence: a `SettingsError` or a `DataError`."""
    try:
        yield
    except Refusal as refusal:
        raise error_of(refusal) from None


def error_of(refusal: Refusal) -> UserError:
    """Return a refusal as an error for people."""
    words = dict(refusal.values)
    if "allowed" in words:
        words["closest"] = _closest(words["found"], words["allowed"])
    if "beside" in words:
        # only what is alike: any file may be named
        words["hint"] = alike(words["found"], words["beside"]) or "."
    if "reason" in words:
        words["reason"] = _placed(refusal)
        words.setdefault("hint", _installed(refusal.__cause__) or ".")
    if "arguments" in words:
        words["given"] = f" with {words['arguments']}" if words["arguments"] else ""
        words["arguments"] = words["arguments"] or "to be built"
    if "line" in words:
        words["line"] = f", line {words['line']}" if words["line"] else ""
    if refusal.code in _OF_OPTIMIZERS:
        where = words["where"]
        key, sentence = _OF_OPTIMIZERS[_code(refusal)]
        return SettingsError((f"params.yaml: {where}{key}: {sentence}" if where else sentence).format(**words))
    kind, sentence = _SENTENCES[refusal.code]
    return kind(sentence.format(**words))


def _installed(error: BaseException | None) -> str:
    """Return the name of an installed package like one that is missing, as part of a sentence, or nothing."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return alike(missing, importlib.metadata.packages_distributions()) if missing else ""


def _placed(refusal: Refusal) -> str:
    """Return the reason, with the line of the user's own file that raised the error, where there is one."""
    reason, error = str(refusal.values["reason"]), refusal.__cause__ or refusal.__context__
    file = str(refusal.values.get("kind", "")).rpartition(":")[0]
    if isinstance(error, SyntaxError) and refusal.code == "not_loaded":
        return f"line {error.lineno}: {error.msg}"
    # without a traceback, it was raised in another process
    if error is None or error.__traceback__ is None or not file.endswith(".py"):
        return reason
    # by its name: the same file is loaded once, from wherever it was first
    line = line_in(error, lambda path: Path(path).name == Path(file).name)
    kind = type(error).__name__
    named = reason if reason.startswith(kind) else f"{kind}: {reason}"
    return f"line {line}: {named}" if line else named


def _code(refusal: Refusal) -> str:
    """Return a refusal's code; of a step that failed, a more exact one where the optimizer's error shows it."""
    if refusal.code != "cannot_step":
        return refusal.code
    return next((code for part, code in _SIGNS.items() if part in refusal.values["reason"]), refusal.code)


def _closest(found: str, allowed: list[str]) -> str:
    if len(allowed) > _MOST_NAMES:
        allowed = [*difflib.get_close_matches(found, allowed, n=_MOST_NAMES // 2, cutoff=0), "…"]
    return closest(found, allowed) if allowed else ""
