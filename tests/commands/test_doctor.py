"""The checkup: each check on a made-up machine or folder where all is well, and on one where it is not."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest
from typer.testing import CliRunner

from pipeline import tracking
from pipeline.__main__ import app
from pipeline.commands.doctor import command, data, flow, machine, parameters, store, versions
from pipeline.commands.doctor.finding import Finding, ok, problem, warning
from pipeline.commands.run import repository
from pipeline.data import archives
from pipeline.project import paths
from pipeline.project.errors import UserError
from pipeline.running import hardware
from tests import servers, stores, studies, yaml_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result

    from tests.conftest import Project

GIB = 2**30
OK, WARNING, PROBLEM = ok("a", "good"), warning("b", "so so", "look"), problem("c", "bad", "repair it")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with an MLflow store of its own."""
    monkeypatch.chdir(tmp_path)
    stores.point_to(tmp_path, monkeypatch)
    return tmp_path


# --- the command ---


def run_doctor(monkeypatch: pytest.MonkeyPatch, found: list[Finding], *arguments: str) -> Result:
    monkeypatch.setattr(command, "examine", lambda: found)
    return CliRunner().invoke(app, ["doctor", *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("found", "status", "last"),
    [
        ([OK], 0, "The study can run."),
        ([OK, WARNING], 0, "The study can run. Worth a look: 1 of 2."),
        ([OK, WARNING, PROBLEM], 1, "1 of 3 would stop the study."),
    ],
)
def test_only_what_would_stop_the_study_makes_the_status_1(
    monkeypatch: pytest.MonkeyPatch, found: list[Finding], status: int, last: str
) -> None:
    done = run_doctor(monkeypatch, found)
    assert done.exit_code == status
    assert done.stdout.strip().endswith(last)


def test_a_log_gets_every_mark_and_remedy_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    text = run_doctor(monkeypatch, [OK, WARNING, PROBLEM]).stdout
    for one in (OK, WARNING, PROBLEM):
        (line,) = [line for line in text.splitlines() if line.split()[:1] == [one.mark]]
        assert line.split() == [one.mark, one.subject, *one.found.split()]
    assert "→ look" in text
    assert "→ repair it" in text
    assert "\x1b" not in text


def test_json_holds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run_doctor(monkeypatch, [OK, PROBLEM], "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == [
        {"subject": "a", "mark": "ok", "found": "good", "remedy": ""},
        {"subject": "c", "mark": "problem", "found": "bad", "remedy": "repair it"},
    ]


def test_wrong_settings_are_a_problem_and_the_rest_is_looked_at(folder: Path) -> None:
    content = studies.params()
    content["training"]["seeds"] = "many"
    Path("params.yaml").write_text(yaml_text.dump(content), encoding="utf-8")
    done = CliRunner().invoke(app, ["doctor", "--json"], catch_exceptions=False)
    found = {one["subject"]: one for one in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert found["params.yaml"]["mark"] == "problem"
    assert "training.seeds: found 'many'; it must be a whole number" in found["params.yaml"]["found"]
    assert {"packages", "disk", "MLflow", "stages"} <= set(found)
    assert {"cores", "device", "data: cifar10"}.isdisjoint(found)


def test_a_row_that_torch_refuses_is_a_problem(folder: Path) -> None:
    content = studies.params()
    content["optimizers"]["adam"]["arguments"] = {"betas": [0.9, 1.5]}
    Path("params.yaml").write_text(yaml_text.dump(content), encoding="utf-8")
    _, found = parameters.check()
    assert (found.subject, found.mark) == ("params.yaml", "problem")
    assert "optimizers.adam" in found.found


def test_a_finished_study_needs_nothing(finished_study: Project) -> None:
    done = finished_study.run("python", "-m", "pipeline", "doctor", "--json")
    marks = {one["subject"]: one["mark"] for one in json.loads(done.stdout)}
    assert marks["params.yaml"] == marks["stages"] == marks["MLflow"] == "ok"


# --- versions ---


def test_the_versions_are_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {one.subject: one for one in versions.check()}
    assert found["Python"] == ok("Python", platform.python_version())
    for name in ("torch", "torchvision", "dvc", "mlflow", "numba"):
        assert f"{name} {importlib.metadata.version(name)}" in found["packages"].found


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the project be installed with the requirements given."""

    def make(*requirements: str) -> None:
        lines = ["Metadata-Version: 2.1", f"Name: {versions.PROJECT}", "Version: 9", "Requires-Python: >=3.11,<3.14"]
        lines += [f"Requires-Dist: {one}" for one in requirements]
        folder = tmp_path / "optimizer_study-9.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)

    return make


@pytest.mark.parametrize(("python", "mark"), [("3.10.14", "problem"), ("3.12.1", "ok"), ("3.14.0", "problem")])
def test_a_python_outside_the_range_is_a_problem(
    python: str, mark: str, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    monkeypatch.setattr(platform, "python_version", lambda: python)
    found = versions.check()[1]
    assert (found.subject, found.mark) == ("Python", mark)
    assert python in found.found


@pytest.mark.parametrize(
    ("requirement", "mark", "said"),
    [
        ('absent-from-here; extra == "ray"', "ok", "torch "),
        ("absent-from-here>=2", "problem", "not installed: absent-from-here>=2"),
        ("numpy<1", "warning", f"numpy {importlib.metadata.version('numpy')} (wanted <1)"),
    ],
)
def test_a_package_that_is_absent_is_a_problem_and_another_version_a_warning(
    requirement: str, mark: str, said: str, install: Callable[..., None]
) -> None:
    install("numpy>=1", requirement)
    found = versions.check()[2]
    assert (found.subject, found.mark) == ("packages", mark)
    assert said in found.found
    assert ("requirements.lock" in found.remedy) == (mark != "ok")


def test_a_project_that_is_not_installed_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "PROJECT", "absent-from-here")
    (found,) = versions.check()
    assert found.mark == "warning"
    assert "pip install" in found.remedy


def test_no_version_costs_an_import() -> None:
    code = "import sys; from pipeline.commands.doctor import versions; versions.check(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "torchvision", "dvc", "mlflow", "numba"}.isdisjoint(done.stdout.split())


# --- the machine ---


def test_more_workers_than_cores_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "available_cores", lambda: 2)
    assert machine.cores(2) == ok("cores", "2 usable, 2 workers of one thread each")
    assert machine.cores(3).mark == "warning"


def test_memory_has_to_do_for_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(available=2 * GIB, total=8 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: now)
    assert machine.memory(2) == ok("memory", "2.0 GiB of 8.0 GiB available")
    many = machine.memory(64)
    assert many.mark == "warning"
    assert "for 64 workers" in many.found


@pytest.mark.parametrize(("free", "mark"), [(100.0, "ok"), (1.5, "warning"), (0.1, "problem")])
def test_a_disk_that_is_nearly_full_is_a_problem(
    free: float, mark: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=int(free * GIB)))
    found = machine.disk()
    assert found.mark == mark
    assert f"{free:.1f} GiB free in {folder}" in found.found


def test_a_byte_is_written_wherever_a_run_writes(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    assert machine.places().mark == "ok"
    assert sorted(folder.rglob("*")) == before
    (folder / "runs").write_text("a file where a folder should be")
    found = machine.places()
    assert found.mark == "problem"
    assert "runs: Not a directory" in found.found


def test_a_full_disk_is_a_problem(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        found = machine.places()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert found.mark == "problem"
    assert "File too large" in found.found


def test_the_device_is_the_one_that_the_trainings_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "has_gpu", lambda: False)
    monkeypatch.setattr(hardware, "has_fast_bfloat16", lambda device: True)
    settings = studies.settings()
    expected = "cpu float32 as set in params.yaml; auto would take cpu bfloat16"
    assert machine.device(settings) == ok("device", expected)
    refused = machine.device(settings.model_copy(update={"device": "cuda"}))
    assert refused.mark == "problem"
    assert "torch sees no GPU" in refused.found


def test_a_broken_torch_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(device: str) -> bool:
        raise ImportError("libtorch_cpu.so: no such file")

    monkeypatch.setattr(hardware, "has_fast_bfloat16", broken)
    monkeypatch.setattr(hardware, "has_gpu", lambda: False)
    found = machine.device(studies.settings())
    assert found.mark == "problem"
    assert "libtorch_cpu.so" in found.found


# --- data ---


URL = "https://example.org/cifar-10-python.tar.gz"


@pytest.fixture
def small_archive(monkeypatch: pytest.MonkeyPatch) -> archives.Archive:
    """An archive of one small file, known by the name ``small``."""
    content = b"ten pictures"
    member = archives.Member("batch", len(content), hashlib.sha256(content).hexdigest())
    small = archives.Archive("small", "small-folder", (member,), "https://example.org/small.tar.gz")
    monkeypatch.setitem(archives.ARCHIVES, "small", small)
    return small


def test_data_that_is_there_is_verified(folder: Path, small_archive: archives.Archive) -> None:
    path = paths.raw("small") / "batch"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"ten pictures")
    found = data.check("small", [], {})
    assert found.mark == "ok"
    assert "verified in data/raw/small/" in found.found
    path.write_bytes(b"ten drawings")
    found = data.check("small", [], {})
    assert found.mark == "problem"
    assert "damaged" in found.found


def test_the_first_source_that_is_there_would_be_tried(folder: Path, small_archive: archives.Archive) -> None:
    (folder / "empty").mkdir()
    (folder / "full").mkdir()
    (folder / "full" / "batch").write_bytes(b"ten pictures")
    found = data.check("small", ["absent.zip", "empty", "full", URL], {})
    assert found.mark == "ok"
    assert found.found == (
        "not in data/raw/small/ yet; full would be tried first. "
        f"Sources: absent.zip: not there; empty: holds no data; full: there; {URL}: not tried"
    )


def test_the_environments_source_comes_first(folder: Path, small_archive: archives.Archive) -> None:
    (folder / "own.zip").write_bytes(b"")
    assert "own.zip would be tried first" in data.check("small", [URL], {"CIFAR10_SOURCE": "own.zip"}).found


def test_a_url_alone_is_named_not_tried_and_a_warning(folder: Path, small_archive: archives.Archive) -> None:
    found = data.check("small", ["absent.zip", URL], {})
    assert found.mark == "warning"
    assert f"{URL} would be tried first" in found.found
    assert "put small.tar.gz into data/downloads/" in found.remedy


@pytest.mark.parametrize("sources", [[], ["absent.zip"], ["ftp://example.org/small.zip"]])
def test_no_source_and_no_data_is_a_problem(sources: list[str], folder: Path, small_archive: archives.Archive) -> None:
    found = data.check("small", sources, {})
    assert found.mark == "problem"
    assert "there is no source" in found.found
    assert "CIFAR10_SOURCE=" in found.remedy


def test_data_in_dvcs_cache_needs_no_source(folder: Path, small_archive: archives.Archive) -> None:
    digest = "0123456789abcdef0123456789abcdef"
    lock = {"stages": {"fetch": {"outs": [{"path": "data/raw", "md5": f"{digest}.dir"}]}}}
    (folder / "dvc.lock").write_text(yaml_text.dump(lock), encoding="utf-8")
    assert data.check("small", [], {}).mark == "problem"
    cached = folder / ".dvc/cache/files/md5" / digest[:2] / f"{digest[2:]}.dir"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"")
    assert data.check("small", [], {}).found.startswith("in DVC's cache")


# --- the MLflow store ---

# a busy machine takes long to import MLflow
LONG = 120


def test_a_store_that_is_not_there_is_not_made(folder: Path) -> None:
    found = store.runs(LONG)
    assert found.mark == "ok"
    assert "not there yet" in found.found
    assert not (folder / "mlflow.db").exists()


def test_the_runs_of_a_real_store_are_counted(folder: Path) -> None:
    tracking.Tracker({"digits": stores.DATA}, pytest.fail).sync([studies.outcome()])
    # the training and its parent
    assert store.runs(LONG) == ok("MLflow", f"{tracking.shown_uri()}: 2 runs")


def test_the_runs_behind_a_real_server_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.mlflow_server(folder / "server", servers.free_port()) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        tracking.Tracker({"digits": stores.DATA}, pytest.fail).sync([studies.outcome()])
        assert store.runs(LONG) == ok("MLflow", f"{address}: 2 runs")
    assert store.runs(LONG).mark == "warning"


def test_the_runs_in_a_real_postgresql_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.postgres() as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        tracking.Tracker({"digits": stores.DATA}, pytest.fail).sync([studies.outcome()])
        assert store.runs(LONG).found.endswith(": 2 runs")


def test_a_store_that_is_none_is_a_warning(folder: Path) -> None:
    (folder / "mlflow.db").write_bytes(b"this is no database, and long enough to be seen as none" * 100)
    found = store.runs(LONG)
    assert found.mark == "warning"
    assert "not a database" in found.found
    assert "make ui" in found.remedy


@pytest.mark.parametrize(
    ("address", "seconds", "said"),
    [
        ("http://me:secret@127.0.0.1:9", LONG, "Connection refused"),
        ("http://127.0.0.1:port", LONG, "Invalid url"),
        ("sqlite:mlflow.db", LONG, "ArgumentError"),
        ("nosuchdb://me:secret@127.0.0.1/runs", LONG, "unsupported"),
        # MLflow tries a database again and again
        ("postgresql+psycopg2://me:secret@127.0.0.1:9/runs", 3, "no answer within 3 s"),
    ],
)
def test_a_store_out_of_reach_is_a_warning_without_the_password(
    address: str, seconds: float, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    found = store.runs(seconds)
    assert found.mark == "warning"
    assert said in found.found
    assert "secret" not in found.found


# --- DVC's stages ---


def test_a_project_without_git_is_a_problem_with_its_remedy(folder: Path) -> None:
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("")
    assert flow.stale().mark == "problem"
    assert "`git init`" in flow.stale().found
    with pytest.raises(UserError, match="not a git repository, which DVC needs: run `git init`"):
        repository.check()
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = true\n")
    repository.check()
    (folder / ".dvc" / "config").write_text("")
    (folder / ".git").mkdir()
    repository.check()


def test_half_a_dvc_lock_is_a_problem_with_its_remedy(folder: Path) -> None:
    # as a full disk left it
    (folder / "dvc.lock").write_text("schema: '2.0'\nstages:\n  evaluate:\n    deps:\n    - path: data\n    - ")
    found = flow.stale()
    assert (found.mark, found.remedy) == ("problem", repository.LOCK_REMEDY)
    with pytest.raises(UserError, match=r"dvc\.lock is cut off, .*: git checkout -- dvc\.lock \(or delete it\)"):
        repository.check_lock()
    (folder / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    repository.check_lock()


def test_the_marks_of_a_merge_in_dvc_lock_are_a_problem_with_their_line(
    folder: Path, small_archive: archives.Archive
) -> None:
    (folder / "dvc.lock").write_text("schema: '2.0'\n<<<<<<< HEAD\nstages: {}\n=======\nstages: {}\n>>>>>>> other\n")
    found = data.check("small", [], {})
    assert found.mark == "problem"
    assert "dvc.lock, line " in found.found
    assert "git checkout --ours dvc.lock" in found.found


def test_dvc_is_asked_what_is_stale(folder: Path) -> None:
    outside = flow.stale()
    assert outside.mark == "warning"
    assert "DVC repository" in outside.found

    (folder / "in.txt").write_text("one", encoding="utf-8")
    stage = {"cmd": "cp in.txt out.txt", "deps": ["in.txt"], "outs": ["out.txt"]}
    (folder / "dvc.yaml").write_text(yaml_text.dump({"stages": {"copy": stage}}), encoding="utf-8")
    for words in (["init", "--no-scm", "--quiet"], ["repro", "--quiet"]):
        subprocess.run([sys.executable, "-m", "dvc", *words], check=True)
    assert flow.stale() == ok("stages", "none would rerun")

    (folder / "in.txt").write_text("two", encoding="utf-8")
    changed = flow.stale()
    assert changed.mark == "warning"
    assert changed.found.endswith(": copy")
    assert "dvc repro" in changed.remedy

    (folder / "dvc.yaml").write_text("stages:\n<<<<<<< HEAD\n", encoding="utf-8")
    broken = flow.stale()
    assert broken.mark == "problem", "`dvc repro` would not start either"
    assert "dvc.yaml' is invalid (possible merge conflicts). While scanning a simple key, in line 2" in broken.found


def test_a_dvc_that_does_not_answer_is_a_warning(folder: Path) -> None:
    found = flow.stale(seconds=0.01)
    assert found.mark == "warning"
    assert "within 0.01 s" in found.found


def test_the_rows_of_a_stage_are_named_together() -> None:
    found = flow.summarize(["tune@sgd", "tune@adam", "train@adam", "report"])
    assert found.mark == "warning"
    assert found.found == "would rerun, and what follows from them: tune (2 rows), train, report"
