"""The champion on pictures of a finished study."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipeline.evaluation import champion
from pipeline.prepared import reader
from pipeline.project import paths
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
    assert lines[0] == "error: No such file: absent.png."
    assert [line.partition(" is not a")[0] for line in lines[1:]] == ["error: params.yaml", "error: pipeline"]


def test_a_champion_without_numbers_gives_no_answer(study: Project) -> None:
    path = study.folder / paths.CHAMPION_WEIGHTS
    best = champion.read(path)
    weights = {name: np.full_like(array, np.nan) for name, array in best.weights.items()}
    path.unlink()
    champion.write(path, best.record, best.description, weights)
    name, _ = digit_picture(study, 0)
    done = study.run("python", "-m", "pipeline", "predict", "--json", name, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: every training on digits diverged, so there is no network to use: ")
    assert len(done.stderr.splitlines()) == 1


def test_outside_the_project_it_says_where_to_run_it(finished_study: Project, tmp_path: Path) -> None:
    shutil.copytree(finished_study.folder / "pipeline", tmp_path / "pipeline")
    done = Project(tmp_path).run("python", "-m", "pipeline", "predict", "a.png", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: models/champion.safetensors is not in {tmp_path}: run the command in the ")


def test_without_a_champion_it_says_how_to_get_one(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    done = project.run("python", "-m", "pipeline", "predict", "a.png", check=False)
    assert done.returncode == 2
    assert "dvc repro" in done.stderr
    assert len(done.stderr.splitlines()) == 1
