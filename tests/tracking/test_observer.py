"""What watches a stage neither delays it nor decides any of its bytes."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.project import paths
from pipeline.tracking import connection, store, writer
from pipeline.tracking.observer import observed
from pipeline.tracking.runs import Runs
from stages import train, tune
from tests import studies, yaml_text
from tests.conftest import ROOT, clean_environment
from tests.servers import free_port
from tests.stores import Store, point_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome

OUTCOMES = [studies.outcome(seed=seed, optimizer="sgd") for seed in range(1, 7)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with prepared digits."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        studies.prepare_digits()
    return folder


@pytest.fixture
def settings(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a tiny study in a folder of its own, which is the current one."""
    shutil.copytree(prepared, tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    point_to(tmp_path / "study", monkeypatch)
    return studies.settings()


def recorded() -> set[str]:
    return {run.data.tags["key"] for run in Store().runs("tags.kind = 'train'")}


def feed(settings: Settings) -> float:
    """Hand all outcomes over; return how many seconds that took."""
    with observed("train", "sgd", len(OUTCOMES), settings, 1) as watch:
        start = time.monotonic()
        for outcome in OUTCOMES:
            watch.finished(outcome, fresh=True)
        return time.monotonic() - start


def test_a_slow_store_does_not_delay_the_study_and_gets_all_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = Runs.write_missing

    def slowly(runs: Runs, outcome: Outcome) -> int:
        time.sleep(0.5)
        return write(runs, outcome)

    monkeypatch.setattr(Runs, "write_missing", slowly)
    assert feed(settings) < 1.5
    assert recorded() == {outcome.key for outcome in OUTCOMES}
    assert "warning" not in capsys.readouterr().err


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A store that stops answering with its third run, until the test is over."""
    begun, over = threading.Event(), threading.Event()
    write = Runs.write_missing

    def hang(runs: Runs, outcome: Outcome) -> int:
        if outcome in OUTCOMES[2:]:
            begun.set()
            over.wait(30)
            return 0
        return write(runs, outcome)

    monkeypatch.setattr(Runs, "write_missing", hang)
    yield over
    # a thread that connects later would do so to the store of the next test
    begun.wait(60)
    over.set()


def test_a_store_that_hangs_is_given_up_at_the_end_of_the_stage(
    settings: Settings,
    hanging: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with store.quietly():
        Store()  # MLflow's import and the making of the database are not what is timed
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 5.0)
    start = time.monotonic()
    assert feed(settings) < 5
    assert time.monotonic() - start < 60
    said = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    address = f"sqlite:///{paths.shared_root()}/mlflow.db"
    left = "4 runs are left. The study goes on without it; `make ui` fills the runs in later."
    assert said == [f"warning: MLflow store {address} did not finish a write within 5 s. {left}"]


def test_a_stage_that_fails_does_not_wait_for_the_store(settings: Settings, hanging: threading.Event) -> None:
    def interrupted() -> None:
        with observed("train", "sgd", 3, settings, 1) as watch:
            for outcome in OUTCOMES:
                watch.finished(outcome, fresh=True)
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - start < 25


_WAITS = """
import sys, time
from pipeline.tracking import Tracker
from pipeline.tracking.runs import Runs
from pipeline.tracking.writer import writing
from tests import stores, studies
Runs.write_missing = lambda *_, **__: time.sleep(60)
with writing(Tracker({"digits": stores.DATA}, print)) as writer:
    writer.submit(lambda runs: runs.write_missing(studies.outcome()))
    print("handed over", flush=True)
"""


def test_ctrl_c_ends_the_wait_for_the_store_and_the_process(tmp_path: Path) -> None:
    environment = {**clean_environment(), "PYTHONPATH": str(ROOT), "DVC_ROOT": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _WAITS], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"handed over\n"
        time.sleep(1)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(120)
    assert time.monotonic() - start < 50
    assert process.returncode in (1, -signal.SIGINT)


def test_nothing_is_recorded_where_that_is_wanted_later(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(connection.TRACKING, connection.LATER)
    feed(settings)
    assert not (paths.shared_root() / "mlflow.db").exists()


def trained(searched: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run the stage `train` in a copy of a study whose search is done; return the hashes of what it wrote."""
    shutil.copytree(searched, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_ROOT", str(folder))
    train.main("sgd")
    files = [path for path in Path("runs/train").rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_recorded_and_unrecorded_studies_give_the_same_bytes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = studies.params()
    content["problems"] = {"digits": {**content["problems"]["digits"], "epochs": 1, "demo": False}}
    content["tuning"].update(points=3, points_beyond=0, survivors=2)
    content["training"] = {"first_seed": 1, "seeds": 2}
    content["optimizers"] = {"sgd": content["optimizers"]["sgd"]}
    content["comparison"]["baseline"] = "sgd"
    content["execution"]["workers"] = 1
    paths.PARAMS.write_text(yaml_text.dump(content))
    tune.main("sgd")
    assert len(Store().runs("tags.kind = 'tune'")) == 3
    searched = Path.cwd()

    live = trained(searched, tmp_path / "recorded", monkeypatch)
    # the records, the weights, and their sums
    assert len(live) == 3
    # two settings with two seeds
    assert len(recorded()) == 4
    assert "warning" not in capsys.readouterr().err
    monkeypatch.setenv(connection.TRACKING, connection.LATER)
    assert trained(searched, tmp_path / "later", monkeypatch) == live
    monkeypatch.delenv(connection.TRACKING)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    assert trained(searched, tmp_path / "unreachable", monkeypatch) == live
    assert "cannot be used" in capsys.readouterr().err
