"""Faults of the MLflow store: killed while it is made, copied, moved, deleted from, slow, of another version."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.commands.doctor import store as doctor
from pipeline.project import paths
from pipeline.tracking import Tracker, sqlite_file, store
from tests import studies
from tests.conftest import ROOT
from tests.stores import DATA, Store, point_to

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = {"dense.0.bias": np.arange(3, dtype=np.float32)}

# Makes a store, and dies when its file has grown to a part of its size
KILLED = """
import os, signal, sys, threading, time
from pathlib import Path

def kill(folder):
    # not its journal, which comes and goes
    paths = [folder / "mlflow.db", folder / "mlflow.db.new"]
    while not any(path.exists() and path.stat().st_size > 200_000 for path in paths):
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGKILL)

threading.Thread(target=kill, args=[Path(sys.argv[1])], daemon=True).start()
from pipeline.tracking import store
"""
BY_US = "store.connect()"
# As this project did before, and other programs do
IN_PLACE = "store._open(store.store_uri())"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a name to be quoted, and the store of the project there."""
    place = tmp_path / "my 100% #1? project"
    place.mkdir()
    point_to(place, monkeypatch)
    return place


def tracker() -> Tracker:
    return Tracker({"digits": DATA}, pytest.fail)


def killed(root: Path, how: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED + how, str(root)], env=environment, check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("how", [BY_US, IN_PLACE])
def test_a_kill_while_the_store_is_made_leaves_nothing_in_the_way(how: str, root: Path) -> None:
    killed(root, how)
    path = root / "mlflow.db"
    assert path.exists() == (how == IN_PLACE)
    if path.exists():
        assert sqlite_file.is_unfinished(path)
        assert "the next run makes it anew" in doctor.runs(120).found
    assert tracker().sync([studies.outcome()]) == 1
    assert sorted(run.data.tags["kind"] for run in Store().runs()) == ["parent", "train"]
    assert not sqlite_file.is_unfinished(path)
    assert not (root / "mlflow.db.new").exists()


def leave_a_journal(path: Path) -> None:
    """Leave what a process that was killed while it wrote leaves beside a database, and no database."""
    journal = path.with_name(f"{path.name}-journal")
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma cache_size = 1")  # so that pages and journal are written before the end
        database.execute("create table mine (a)")
        database.executemany("insert into mine values (?)", [("before" * 100,)] * 1000)
        database.commit()
        database.execute("update mine set a = ?", ["after" * 100])
        left = journal.read_bytes()
    assert left.startswith(b"\xd9\xd5\x05\xf9"), "a journal that is to be played back"
    path.unlink()
    journal.write_bytes(left)


def test_a_journal_of_a_store_that_was_removed_does_not_spoil_the_new_one(root: Path) -> None:
    leave_a_journal(root / "mlflow.db")
    tracker().sync([studies.outcome()])
    with closing(sqlite3.connect(root / "mlflow.db")) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)


def test_somebody_elses_database_is_not_moved_aside(root: Path) -> None:
    with closing(sqlite3.connect(root / "own.db")) as database, database:
        database.execute("create table mine (a)")
    assert not sqlite_file.is_unfinished(root / "own.db")
    (root / "text").write_text("no database at all")
    assert not sqlite_file.is_unfinished(root / "text")


@pytest.mark.parametrize("way", ["copied", "moved"])
def test_a_project_elsewhere_keeps_its_artifacts_in_its_own_folder(
    way: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (studies.outcome(seed=seed, weights=WEIGHTS) for seed in (1, 2))
    tracker().sync([first])
    before = sorted(root.rglob("*"))
    other = tmp_path / "other_%_place"
    (shutil.copytree if way == "copied" else shutil.move)(root, other)
    monkeypatch.setenv("DVC_ROOT", str(other))
    assert tracker().sync([first, second]) == 1
    for outcome in (first, second):
        run = Store().run(outcome)
        assert run.info.artifact_uri.startswith(f"{other}/mlartifacts/digits/")
        assert Store().client.list_artifacts(run.info.run_id)[0].path == "weights.safetensors"
    assert len(list(other.rglob("weights.safetensors"))) == 2
    assert (sorted(root.rglob("*")) == before) if way == "copied" else not root.exists()


def test_a_parent_that_was_deleted_in_the_ui_is_made_again_and_has_all_its_children(root: Path) -> None:
    outcomes = [studies.outcome(seed=seed) for seed in (1, 2)]
    tracker().sync(outcomes)
    (parent,) = Store().runs("tags.kind = 'parent'")
    Store().client.delete_run(parent.info.run_id)
    assert tracker().sync(outcomes) == 2
    assert tracker().sync(outcomes) == 0
    (parent,) = Store().runs("tags.kind = 'parent'")
    assert len(Store().runs(f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")) == 2


def test_an_experiment_that_was_deleted_and_restored_has_every_training_once(root: Path) -> None:
    outcomes = [studies.outcome(seed=seed) for seed in (1, 2)]
    tracker().sync(outcomes)
    client = Store().client
    for run in Store().runs():
        client.delete_run(run.info.run_id)
    tracker().sync(outcomes)
    experiment = client.get_experiment_by_name("digits").experiment_id
    client.delete_experiment(experiment)
    client.restore_experiment(experiment)
    assert len(Store().runs()) == 6, "the deleted ones are back"
    tracker().sync(outcomes)
    assert tracker().sync(outcomes) == 0
    assert len(Store().runs()) == 3
    (parent,) = Store().runs("tags.kind = 'parent'")
    assert len(Store().runs(f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")) == 2


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("sqlite:///mlflow.db", "sqlite:///{quoted}/mlflow.db"),
        ("sqlite:///below/a.db?timeout=3", "sqlite:///{quoted}/below/a.db?timeout=3"),
        ("file:./mlruns", "file://{whole}/mlruns"),
        ("mlruns", "file://{whole}/mlruns"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("file:///tmp/mlruns", "file:///tmp/mlruns"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("http://example.org/x", "http://example.org/x"),
        ("databricks", "databricks"),
        ("postgresql://a/b", "postgresql://a/b"),
    ],
)
def test_a_relative_address_belongs_to_the_users_project(
    given: str, found: str, root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    monkeypatch.chdir(tmp_path)  # the copy that DVC works in and deletes
    whole = root.as_uri().removeprefix("file://")
    assert store.store_uri() == found.format(quoted=whole.replace("%20", " "), whole=whole)
    if "sqlite" in given and ":memory:" not in given:
        path = store.sqlite_path()
        assert path is not None
        assert path.is_absolute()
        assert path.parent in (root, root / "below", paths.Path("/tmp"))  # noqa: S108 - not written


def test_a_server_that_trickles_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        over = threading.Event()

        def trickle() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
                while not over.wait(0.2):
                    connection.sendall(b" ")

        thread = threading.Thread(target=trickle)
        thread.start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        monkeypatch.setattr(store, "CONNECT_SECONDS", 2.0)
        __import__("mlflow")  # its import does not count
        began = time.monotonic()
        said: list[str] = []
        assert Tracker({"digits": DATA}, said.append).sync([studies.outcome()]) == 0
        assert time.monotonic() - began < 15
        over.set()
        thread.join()
    assert "no answer within 2 s" in said[0]
    assert "correct or unset MLFLOW_TRACKING_URI" in said[0]


def damaged(path: Path) -> None:
    path.write_bytes(b"this is no database, and long enough to be seen as none" * 100)


def older(path: Path) -> None:
    _schema(path, "0a8213491aaa")


def newer(path: Path) -> None:
    _schema(path, "ffffffffffff")


def _schema(path: Path, version: str) -> None:
    # under another name: MLflow looks at a store's version once in a process
    made = path.with_name("made.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{made.name}")
        tracker().sync([studies.outcome()])
    made.rename(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update alembic_version set version_num = ?", [version])


@pytest.mark.parametrize(
    ("harm", "said"), [(damaged, "move it away"), (older, "mlflow db upgrade sqlite:///"), (newer, "another store")]
)
def test_a_store_that_cannot_be_opened_has_a_remedy(harm, said: str, root: Path) -> None:
    harm(root / "mlflow.db")
    content = (root / "mlflow.db").read_bytes()
    warned: list[str] = []
    assert Tracker({"digits": DATA}, warned.append).sync([studies.outcome(seed=2)]) == 0
    assert "What helps: " in warned[0]
    assert said in warned[0]
    finding = doctor.runs(120)
    assert finding.mark == "warning"
    assert said in finding.remedy
    assert (root / "mlflow.db").read_bytes() == content, "what may be somebody's is left as it is"


def test_a_folder_of_runs_has_a_remedy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:./mlruns")
    warned: list[str] = []
    assert Tracker({"digits": DATA}, warned.append).sync([studies.outcome()]) == 0
    assert "MLFLOW_TRACKING_URI=sqlite:///mlflow.db" in warned[0]


SILENCE = """
import sys
from pipeline.tracking import silence
silence.keep() if sys.argv[1] == "keep" else print(silence.holds())
"""
# What DVC is to its stages: a process without DVC_STAGE that starts others with it, through a shell
DVC = """
import os, subprocess, sys
for deed in sys.argv[2:]:
    command = ["sh", "-c", f'"$0" -c "$1" {deed}; true', sys.executable, sys.argv[1]]
    subprocess.run(command, env={**os.environ, "DVC_STAGE": "tune@adam"}, check=True)
"""


def test_a_store_that_failed_one_stage_is_left_alone_by_the_others_of_the_same_run(root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": str(root)}

    def repro(*deeds: str, **variables: str) -> list[str]:
        command = [sys.executable, "-c", DVC, SILENCE, *deeds]
        done = subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert repro("ask", "keep", "ask", "ask") == ["False", "True", "True"]
    assert repro("ask") == ["False"], "another run tries again"
    assert subprocess.run([sys.executable, "-c", SILENCE, "keep"], env=environment, check=True).returncode == 0
