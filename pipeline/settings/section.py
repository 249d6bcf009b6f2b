"""What all sections of ``params.yaml`` share: frozen, and no unknown key."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.project.wording import shortened

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Seed = Annotated[int, Field(ge=0, lt=2**31, strict=True)]


def _shown_text(text: str) -> str:
    """Return a text for people as it looks: composed, one space between words; no sign may be invisible."""
    clean = " ".join(unicodedata.normalize("NFC", text).split())
    if not clean.isprintable():
        raise ValueError(f"found {shortened(text)}; it must have no control characters or other invisible signs")
    return clean


ShownText = Annotated[str, AfterValidator(_shown_text), Field(min_length=1, max_length=40)]


class Section(BaseModel):
    """A section of ``params.yaml``, validated by the folder that owns it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def check_against(self, settings: Settings) -> None:
        """Compare names in this section with what is trained; a ValueError begins with the key: ``baseline: …``."""
