"""The champion's file, and the command that uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pipeline.evaluation import champion
from pipeline.prepared import reader
from pipeline.project import files
from pipeline.project.errors import DataError
from pipeline.results.champions import Champions
from tests.conftest import Project, copy_project

if TYPE_CHECKING:
    from pathlib import Path


def digit_picture(project: Project, number: int) -> tuple[str, str]:
    """Save a test digit, four times as large; return the file's name and the digit's class."""
    part = reader.open_part(project.folder / "data" / "prepared" / "test" / "digits", "test")
    pixels = (part.inputs[number, ..., 0].astype(int) * 255 // 16).astype(np.uint8)
    name = f"digit{number}.png"
    Image.fromarray(pixels).resize((32, 32), Image.Resampling.NEAREST).save(project.folder.parent / name)
    return str(project.folder.parent / name), str(part.labels[number])


def test_the_champion_knows_test_digits_it_never_saw(finished_study: Project) -> None:
    pictures = [digit_picture(finished_study, number) for number in range(10)]
    done = finished_study.run("python", "-m", "pipeline", "predict", "--json", *(name for name, _ in pictures))
    found = json.loads(done.stdout)
    right = [image["classes"][0]["class"] == c for image, (_, c) in zip(found["images"], pictures, strict=True)]
    assert sum(right) >= 6
    best = Champions.read(finished_study.folder / Champions.PATH).problems["digits"].model_dump()
    assert {name: found["model"][name] for name in best} == best
    assert [len(image["classes"]) for image in found["images"]] == [3] * 10


def test_wrong_files_do_not_keep_the_others_from_an_answer(finished_study: Project) -> None:
    name, _ = digit_picture(finished_study, 0)
    command = ("python", "-m", "pipeline", "predict", "absent.png", name, "params.yaml", "pipeline")
    done = finished_study.run(*command, check=False)
    assert done.returncode == 2
    assert f"{name}: " in done.stdout
    assert "Model: " in done.stdout
    lines = done.stderr.splitlines()
    assert [line.split()[1].rstrip(":") for line in lines] == ["absent.png", "params.yaml", "pipeline"]
    assert all(line.startswith("error: ") for line in lines)


def test_without_a_champion_it_says_how_to_get_one(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    done = project.run("python", "-m", "pipeline", "predict", "a.png", check=False)
    assert done.returncode == 2
    assert "dvc repro" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"\x00" * 100])
def test_a_damaged_champion_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.safetensors").write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        champion.read(tmp_path / "c.safetensors")


@pytest.mark.parametrize(
    "about",
    [
        None,
        {"champion": "{}"},
        {"champion": json.dumps({"record": {"label": "SGD"}, "description": {"shape": [8, 8, 1]}})},
    ],
)
def test_a_champion_of_another_version_is_refused(tmp_path: Path, about: dict[str, str] | None) -> None:
    files.write_tensors(tmp_path / "c.safetensors", {"a": np.zeros(1, np.float32)}, about)
    with pytest.raises(DataError, match="another version"):
        champion.read(tmp_path / "c.safetensors")
