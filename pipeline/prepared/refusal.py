"""An error without words: `pipeline.running.refusals` puts it into a sentence."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 - no error for a person until it is put into words
    """Data or settings that a training cannot use.

    Sentences would be part of the code that decides which trainings are known, so that a better wording would
    repeat them all.

    Attributes
    ----------
    code
        What is wrong, such as ``not_prepared``.
    values
        What the sentence names.
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        return f"{self.code} {self.values}"
