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
        """Check what a section says about the rest of ``params.yaml``; an owner overrides this where there is anything.

        Parameters
        ----------
        settings
            The valid rest of the file.

        Raises
        ------
        ValueError
            Says which key is wrong, what was found and what is allowed: ``baseline: there is no row …``.
        """
