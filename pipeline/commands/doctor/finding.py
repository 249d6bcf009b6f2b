"""What was found about one subject, how bad it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line of a checkup: a ``problem`` would stop the study, a ``warning`` would not."""

    subject: str
    mark: Mark
    found: str
    remedy: str = ""


def ok(subject: str, found: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(subject, "ok", found)


def warning(subject: str, found: str, remedy: str) -> Finding:
    """Return a finding with which the study can run."""
    return Finding(subject, "warning", found, remedy)


def problem(subject: str, found: str, remedy: str) -> Finding:
    """Return a finding that would stop the study."""
    return Finding(subject, "problem", found, remedy)
