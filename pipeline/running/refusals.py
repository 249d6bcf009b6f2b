"""The words for what `pipeline.prepared` and `pipeline.training` refuse: there, an error is a code with values."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import DataError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SENTENCES: dict[str, tuple[type[UserError], str]] = {
    "not_prepared": (
        DataError,
        "{path} is missing or was written by another version: run `dvc repro` to prepare the data.",
    ),
}


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a refusal inside the block into a sentence.

    Raises
    ------
    UserError
        Where the block raises `Refusal`: a `SettingsError` or a `DataError`, whichever fits.
    """
    try:
        yield
    except Refusal as refusal:
        kind, sentence = _SENTENCES[refusal.code]
        raise kind(sentence.format(**refusal.values)) from None
