"""An error without words: `pipeline.running.refusals` puts it into a sentence."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 - becomes an error for people only with its words
    """Data or settings that a training cannot use: a code such as ``not_prepared``, and the values to name.

    Sentences here would be part of the code that decides a training's key: better wording would repeat all trainings.
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        return f"{self.code} {self.values}"
