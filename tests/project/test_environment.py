from __future__ import annotations

import importlib.metadata
import json
import platform
from typing import TYPE_CHECKING

import pytest

from pipeline.project import environment
from pipeline.project.environment import available_cores

if TYPE_CHECKING:
    from pathlib import Path


def test_it_says_what_figures_were_measured_with_and_the_same_on_every_call() -> None:
    found = environment.describe()
    assert found == environment.describe()
    assert found["python"] == platform.python_version()
    assert found["cores"] == available_cores() >= 1
    assert found["memory_gib"] >= 1
    assert found["processor"]
    versions = found["versions"]
    assert isinstance(versions, dict)
    assert versions["torch"] == importlib.metadata.version("torch")
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("processor\t: 0\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Xeon\n", "Xeon (family 6, model 85)"),
        ("model name\t: Xeon\n", "Xeon"),
        ("", platform.machine()),
    ],
)
def test_a_processor_is_named_with_its_generation(tmp_path: Path, content: str, name: str) -> None:
    (tmp_path / "cpuinfo").write_text(content)
    assert environment.processor(tmp_path / "cpuinfo") == name
