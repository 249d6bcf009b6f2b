"""The picture of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from tests.commands.compare.conftest import Folder


def test_the_svg_holds_its_words_as_text(compared: tuple[Folder, dict[str, Any]]) -> None:
    folder, _ = compared
    tree = ET.fromstring((folder.path / "lion.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    words = {"".join(node.itertext()).strip() for node in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert "Lion and Adam on Handwritten digits" in words
    assert {"learning rate (logarithmic)", "validation accuracy (%)", "seed", "difference (points)"} <= words
    assert {"Lion", "Adam"} <= words


def test_png_and_pdf_are_drawn_as_well(compared: tuple[Folder, dict[str, Any]]) -> None:
    folder, _ = compared
    for name, beginning in (("out.png", b"\x89PNG"), ("out.pdf", b"%PDF")):
        said = folder.compare("lion.py:Lion", "--plot", name).stdout
        assert f"The picture: {name}" in said
        assert (folder.path / name).read_bytes().startswith(beginning)
