"""What a notebook imports: the names, and what they cost before they are used."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import pipeline
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LARGE = {"torch", "dvc", "mlflow", "pandas", "numpy", "scipy", "matplotlib", "sklearn", "pydantic", "typer", "rich"}


def modules_after(code: str, *arguments: str) -> set[str]:
    """Return the top-level modules that are loaded in a fresh Python after some code."""
    tail = "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    command = [sys.executable, "-c", code + tail, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_the_import_loads_nothing_large() -> None:
    assert LARGE.isdisjoint(modules_after("import pipeline; dir(pipeline)"))


def test_the_command_line_loads_nothing_large_before_it_knows_the_command() -> None:
    loaded = modules_after("import pipeline.script, pipeline.__main__")
    assert loaded.isdisjoint(LARGE - {"pydantic", "typer", "rich"})


@pytest.mark.parametrize("code", ["load_results().to_frame()", "recommend().to_frame()", "judge(sys.argv[1])"])
def test_results_are_read_and_judged_without_torch(code: str, tmp_path: Path) -> None:
    rows = [f"{name},{seed},{seed / 10}" for name in ("one", "other") for seed in range(4)]
    (tmp_path / "results.csv").write_text("\n".join(["optimizer,seed,accuracy", *rows]))
    loaded = modules_after(f"import pipeline, sys; pipeline.{code}", str(tmp_path / "results.csv"))
    assert "numpy" in loaded
    assert loaded.isdisjoint({"torch", "dvc", "mlflow"})


def test_the_names_are_those_that_the_documentation_has() -> None:
    assert dir(pipeline) == sorted(pipeline.__all__)
    for name in pipeline.__all__:
        assert f"`{name}`" in (pipeline.__doc__ or ""), name
        assert f"pipeline.{name}(" in (pipeline.__doc__ or ""), name


@pytest.mark.parametrize("name", pipeline.__all__)
def test_every_name_is_a_documented_function(name: str) -> None:
    assert len((getattr(pipeline, name).__doc__ or "").splitlines()) >= 1


def test_another_name_is_an_ordinary_mistake() -> None:
    with pytest.raises(AttributeError, match="'pipeline' has no attribute 'jugde'"):
        pipeline.jugde  # noqa: B018
