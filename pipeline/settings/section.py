"""What all sections of ``params.yaml`` share: frozen, and no unknown key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Seed = Annotated[int, Field(ge=0, lt=2**31, strict=True)]


class Section(BaseModel):
    """A section of ``params.yaml``, validated by the folder that owns it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def check_against(self, settings: Settings) -> None:
        """Compare names in this section with what is trained; a ValueError begins with the key: ``baseline: …``."""
