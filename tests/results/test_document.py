"""What all JSON files of ``results/`` share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.project.errors import DataError
from pipeline.results.environment import Environment
from pipeline.results.key_figures import Accuracies, Summary

MADE = Environment(
    processor="p", cores=2, memory_gib=4, system="Linux x86_64", python="3.11", versions={"torch": "2.0"}
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "environment.json"


def changed(path: Path, **entries: object) -> Path:
    MADE.write(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))
    return path


def test_a_file_is_marked_with_its_layout_and_reads_as_it_was(path: Path) -> None:
    MADE.write(path)
    assert next(iter(json.loads(path.read_text()).items())) == ("schema", 1)
    assert Environment.read(path) == MADE


def test_equal_results_give_equal_bytes(path: Path, tmp_path: Path) -> None:
    MADE.write(path)
    Environment.read(path).write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_each_type_knows_where_its_file_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Environment.read_if_there() is None
    MADE.write()
    assert Path("results/environment.json").exists()
    assert Environment.read_if_there() == Environment.read() == MADE


def test_a_result_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        MADE.cores = 3  # type: ignore[misc]


def test_a_missing_file_says_how_to_make_it(path: Path) -> None:
    with pytest.raises(DataError, match=r"environment\.json is missing: run `dvc repro`"):
        Environment.read(path)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"schema": 2}, r"has layout 2, this version of the project reads 1"),
        ({"schema": None}, r"has layout None"),
        ({"cores": "two"}, r"environment\.json: cores: .*integer.*run `dvc repro`"),
        ({"versions": {"torch": 2}}, r"environment\.json: versions\.torch: "),
        ({"unknown": 1}, r"environment\.json: unknown: "),
    ],
)
def test_a_file_of_another_version_is_refused_in_one_sentence(
    path: Path, entries: dict[str, object], words: str
) -> None:
    with pytest.raises(DataError, match=words) as refusal:
        Environment.read(changed(path, **entries))
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_damaged_file_is_refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(DataError, match=r"environment\.json .*run `dvc repro`"):
        Environment.read(path)


def test_what_dvc_lists_as_metrics_has_no_layout_number(tmp_path: Path) -> None:
    made = Summary(champion="sgd", accuracy={"champion": 50.0}, lead={"digits": None}, claims={"refuted": 1})
    made.write(tmp_path / "summary.json")
    assert json.loads((tmp_path / "summary.json").read_text()) == made.model_dump()
    assert Summary.read(tmp_path / "summary.json") == made
    Accuracies({"digits": {"sgd": None}}).write(tmp_path / "accuracies.json")
    assert json.loads((tmp_path / "accuracies.json").read_text()) == {"digits": {"sgd": None}}
