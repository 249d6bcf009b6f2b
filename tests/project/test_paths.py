from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.project import paths
from tests.conftest import ROOT

LOCK = """schema: '2.0'
stages:
  fetch:
    cmd: python -m stages.fetch
    deps:
    - {path: data/prepared/learning/digits, hash: md5, md5: 00000000000000000000000000000000.dir}
  prepare@digits:
    cmd: python -m stages.prepare digits
    outs:
    - path: data/prepared/learning/digits
      hash: md5
      md5: 5d41402abc4b2a76b9719d911017c592.dir
      size: 100
      nfiles: 3
    - path: results/metrics.json
      hash: md5
      md5: 7d793037a0760186574b0282f2f435e7
"""


def test_dvc_hash_is_that_of_the_output(tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_text(LOCK)
    assert paths.dvc_hash(paths.learning("digits"), lock) == "5d41402abc4b2a76b9719d911017c592"
    assert paths.dvc_hash(Path("results/metrics.json"), lock) == "7d793037a0760186574b0282f2f435e7"
    assert paths.dvc_hash(paths.learning("cifar10"), lock) is None


@pytest.mark.parametrize("content", [None, "", "schema: '2.0'\n", "schema: '2.0'\nstages:\n  a:\n    cmd: x\n"])
def test_dvc_hash_of_what_is_not_yet_known(tmp_path: Path, content: str | None) -> None:
    lock = tmp_path / "dvc.lock"
    if content is not None:
        lock.write_text(content)
    assert paths.dvc_hash(Path("results/metrics.json"), lock) is None


def test_what_outlives_a_run_is_in_the_users_own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, own = tmp_path / "temporary", tmp_path / "own"
    temporary.mkdir()
    monkeypatch.chdir(temporary)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    assert paths.memo() == temporary / ".memo"
    monkeypatch.setenv("DVC_ROOT", "")
    assert paths.shared_root() == temporary
    monkeypatch.setenv("DVC_ROOT", str(own))
    assert paths.memo() == own / ".memo"


def test_no_path_but_these_is_absolute_or_outside() -> None:
    named = [value for value in vars(paths).values() if isinstance(value, Path)]
    assert len(named) > 8
    assert not [path for path in named if path.is_absolute() or ".." in path.parts]


def test_what_is_made_on_the_side_is_ignored_by_git() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    for path in (paths.RAW, paths.LEARNING.parent, paths.TUNE.parent, Path(".memo")):
        assert f"/{path}/" in ignored
    assert f"/{paths.TIMINGS.parent}/" in ignored
