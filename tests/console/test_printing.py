from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from pipeline.console import printing

if TYPE_CHECKING:
    import pytest


def test_a_file_gets_plain_text_that_is_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("adam", "[bold]betas[/bold] 0.9"), ("sgd", Text("fast", style="red"))]
    printing.table(("row", "arguments"), rows, "last " + "x" * 200)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == "row arguments"
    assert lines[2:] == ["adam [bold]betas[/bold] 0.9", "sgd fast", "last " + "x" * 200]


def test_long_cells_are_folded_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    printing.table(("a", "b"), [("x" * 100, "y" * 100)])
    text = capsys.readouterr().out
    assert (text.count("x"), text.count("y")) == (100, 100)
    assert max(len(line) for line in text.splitlines()) <= 150
