"""What all files of ``results/`` share: frozen, checked on reading, and marked with the version of their layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.project import files
from pipeline.project.errors import DataError


class Record(BaseModel):
    """A part of a result: frozen, and no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(Record):
    """A JSON file of ``results/``.

    `SCHEMA` is the version of its layout (``schema`` in the file), raised with every change that a reader would notice;
    None for a file whose every number DVC shows as a metric. `MADE_BY` is the command that writes it.
    """

    PATH: ClassVar[Path]
    SCHEMA: ClassVar[int | None] = 1
    MADE_BY: ClassVar[str] = "dvc repro"

    @classmethod
    def read(cls, path: Path | None = None) -> Self:
        """Read the file.

        Raises
        ------
        DataError
            If it is missing, damaged, or written by another version of the project.
        """
        path = cls.PATH if path is None else path
        if not path.exists():
            raise DataError(f"{path} is missing: run `{cls.MADE_BY}` to make it.")
        try:
            content = files.read_json(path)
        except ValueError as error:
            raise DataError(f"{path} is not valid JSON ({error}): run `{cls.MADE_BY}` to make it again.") from None
        return cls._checked(content, path)

    @classmethod
    def read_if_there(cls, path: Path | None = None) -> Self | None:
        """Read the file as `read` does, or return None where there is none."""
        return cls.read(path) if (cls.PATH if path is None else path).exists() else None

    def write(self, path: Path | None = None) -> None:
        """Write the file, atomically; equal results give equal bytes."""
        head = {} if self.SCHEMA is None else {"schema": self.SCHEMA}
        files.write_json(self.PATH if path is None else path, head | self.model_dump(mode="json"))

    @classmethod
    def _checked(cls, content: Any, path: Path) -> Self:
        schema = content.pop("schema", None) if isinstance(content, dict) else None
        if schema != cls.SCHEMA:
            raise DataError(
                f"{path} has layout {schema}, this version of the project reads {cls.SCHEMA}: run `{cls.MADE_BY}`."
            )
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DataError(f"{path}: {where}: {first['msg']}: run `{cls.MADE_BY}` to make it again.") from None
