"""The picture of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.commands.compare.conftest import Folder

# the process that has made the first comparison
pytestmark = pytest.mark.xdist_group("compared")


def test_the_svg_holds_its_words_as_text(first: tuple[Folder, dict[str, Any]]) -> None:
    folder, _ = first
    tree = ET.fromstring((folder.path / "lion.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    words = {"".join(node.itertext()).strip() for node in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert "Lion and Adam on Handwritten digits" in words
    assert {"learning rate (logarithmic)", "validation accuracy (%)", "seed", "difference (points)"} <= words
    assert {"Lion", "Adam"} <= words
