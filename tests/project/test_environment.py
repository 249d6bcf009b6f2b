from __future__ import annotations

import importlib.metadata
import json
import platform

from pipeline.project import environment
from pipeline.project.environment import available_cores


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


def test_a_processor_is_named_with_its_generation() -> None:
    assert environment._generation({"cpu family": "6", "model": "85"}) == ["(family 6, model 85)"]
    assert environment._generation({"model name": "x"}) == []
