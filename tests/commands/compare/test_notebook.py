"""A class object in the place of its name."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import torch

from pipeline.commands.compare import plot
from pipeline.commands.compare.comparing import compare_optimizer
from pipeline.commands.compare.notebook import text_of
from pipeline.project.errors import UserError

if TYPE_CHECKING:
    from tests.commands.compare.conftest import Folder

# the process that has made the first comparison
pytestmark = pytest.mark.xdist_group("compared")


def imported(folder: Folder) -> Any:
    specification = importlib.util.spec_from_file_location("lion_of_a_test", folder.path / "lion.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module
    specification.loader.exec_module(module)
    return module.Lion


def cell(folder: Folder, monkeypatch: pytest.MonkeyPatch, source: str, **names: object) -> Any:
    """Define a class as a notebook does: in a main module without a file, its source known to `inspect`."""
    import linecache

    main = ModuleType("__main__")
    place = "<cell 1>"
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    vars(main).update(names)
    exec(compile(source, place, "exec"), vars(main))  # noqa: S102 - as a notebook does
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main.Lion


def test_a_class_is_named_by_where_it_comes_from(folder: Folder) -> None:
    assert text_of(torch.optim.Adamax) == "Adamax"
    assert text_of(imported(folder)) == f"{folder.path}/lion.py:Lion"


def test_a_comparison_of_a_class_gives_a_frame_html_and_a_pdf(compared: tuple[Folder, dict[str, Any]]) -> None:
    folder, before = compared
    found = compare_optimizer(imported(folder), show=False)
    plot.write(found, folder.path / "lion.pdf")
    assert (folder.path / "lion.pdf").read_bytes().startswith(b"%PDF")
    assert found.known == found.trainings
    assert found.as_items()["optimizer"]["scores"] == before["optimizer"]["scores"]
    frame = found.to_frame()
    assert list(frame.columns) == ["problem", "optimizer", "seed", "learning_rate", "test_accuracy"]
    assert list(frame["optimizer"]) == ["lion", "lion", "adam", "adam"]
    html = found._repr_html_()
    assert found.sentence in html
    assert "<table" in html


def test_a_class_of_a_notebook_is_written_down_with_its_imports(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import torch\nfrom torch import Tensor as T\n" + (folder.path / "lion.py").read_text()
    text = text_of(cell(folder, monkeypatch, source))
    path, _, name = text.rpartition(":")
    assert name == "Lion"
    written = (folder.path / path).read_text()
    assert written.startswith("import torch as torch\n")
    assert "class Lion(torch.optim.Optimizer):" in written


def test_a_class_that_uses_more_of_the_notebook_is_asked_into_a_file(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (folder.path / "lion.py").read_text().replace(".sign()", ".mul(SCALE)") + "\nSCALE = 3\n"
    with pytest.raises(UserError, match=r"Lion uses SCALE, which is defined in the notebook too: .*%%writefile"):
        text_of(cell(folder, monkeypatch, source))
