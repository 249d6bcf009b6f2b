"""Many trainings: the same bytes whatever runs beside them, nothing trained twice, nothing lost by an interruption."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pipeline.project import errors, files
from pipeline.project.environment import available_cores
from pipeline.project.errors import SettingsError
from pipeline.running import memo as kept
from pipeline.running import trainings
from pipeline.running.cluster import Cluster
from pipeline.running.settings import ExecutionSettings
from pipeline.training.record import OptimizerRow
from pipeline.training.train import train
from tests import own_optimizers as own
from tests.conftest import ROOT
from tests.running.helpers import content, run, short, task

if TYPE_CHECKING:
    from pipeline.training.record import Outcome, Training

# A study of its own, for tests that interrupt it: prints a key as soon as a training is finished
SCRIPT = """
import sys
from pathlib import Path
from pipeline.project import errors
from pipeline.project.files import read_json
from pipeline.running import trainings
from pipeline.training.record import OptimizerRow, Training

def main(folder):
    fields = read_json(folder / "trainings.json")
    wanted = [Training(**{**some, "row": OptimizerRow.from_json(some["row"])}) for some in fields]
    print("started", flush=True)
    trainings.run(
        wanted, lambda problem: folder / "learning", 2, folder / "memo",
        lambda outcome, fresh: print("fresh" if fresh else "known", outcome.key, flush=True),
    )

if __name__ == "__main__":
    with errors.one_message():
        main(Path(sys.argv[1]))
"""


# Results


@pytest.fixture(scope="module")
def finished(learning, tmp_path_factory) -> tuple[Path, list[Outcome]]:
    """The memo and the outcomes of a run with two workers."""
    memo = tmp_path_factory.mktemp("finished") / "memo"
    outcomes, fresh = run(short(), learning, memo, workers=2)
    assert list(fresh.values()) == [True] * 4
    return memo, outcomes


@pytest.fixture
def memo(finished, tmp_path) -> Path:
    """A copy of the memo of a finished run."""
    return Path(shutil.copytree(finished[0], tmp_path / "memo"))


def test_the_number_of_workers_changes_no_byte(finished, learning, tmp_path):
    one, _ = run(short(), learning, tmp_path / "one", workers=1)
    assert content(one) == content(finished[1])
    assert [outcome.training for outcome in one] == short()
    # weights are kept of final trainings only; a training that diverged is one of them
    assert [outcome.weights is not None for outcome in one] == [True, False, True, True]
    assert [outcome.diverged for outcome in one] == [False, False, False, True]


def test_the_pool_and_this_process_agree(finished, learning):
    from pipeline.training import train

    outcome = finished[1][0]
    assert content([train.train(short()[0], learning, outcome.key)]) == content([outcome])


def test_a_second_run_trains_nothing(finished, memo, learning):
    second, known = run(short(), learning, memo)
    assert list(known.values()) == [False] * 4
    assert content(second) == content(finished[1])
    # a new row trains that alone
    _, mixed = run([task(seed=3), *short()], learning, memo)
    assert sorted(mixed.values()) == [False] * 4 + [True]


def test_rows_are_checked_only_before_a_training_that_is_not_finished(memo: Path, learning: Path) -> None:
    def refuse() -> None:
        raise SettingsError("checked")

    def again(wanted: list[Training]) -> list[Outcome]:
        return trainings.run(wanted, lambda _: learning, 1, memo, check=refuse)

    assert len(again(short())) == len(short())
    with pytest.raises(SettingsError, match="checked"):
        again([task(seed=77)])


@pytest.mark.parametrize("damage", ["empty", "truncated", "no safetensors", "weights missing", "one bit", "a folder"])
def test_a_damaged_memo_is_trained_again(damage, finished, memo, learning, capfd):
    first = finished[1]
    path = memo / first[0].key[:2] / f"{first[0].key}.safetensors"
    whole = path.read_bytes()
    if damage == "weights missing":
        files.write_tensors(path, {}, {"other": "{}"})
    elif damage == "a folder":
        path.unlink()
        (path / "inside").mkdir(parents=True)
    else:
        flipped = whole[:-1] + bytes([whole[-1] ^ 1])
        path.write_bytes({"empty": b"", "truncated": whole[:-7], "no safetensors": b"x" * 999}.get(damage, flipped))
    second, fresh = run(short(), learning, memo)
    assert [fresh[outcome.key] for outcome in second] == [True, False, False, False]
    assert content(second) == content(first)
    assert capfd.readouterr().err == f"warning: {path} is damaged; this finished work is done again\n"


def test_a_flipped_digit_in_a_record_is_damage_too(finished, memo, learning):
    key = finished[1][1].key
    path = kept.place(memo, key)
    changed = path.read_bytes().replace(b'\\"batch_size\\": 32', b'\\"batch_size\\": 33')
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    assert kept.recall(memo, key) is None


def test_finished_work_without_a_hash_is_taken_and_gets_one(finished, memo, learning):
    key = finished[1][0].key
    path = kept.place(memo, key)
    metadata = {"outcome": files.read_metadata(path)["outcome"]}
    files.write_tensors(path, files.read_tensors(path), metadata)
    _, fresh = run(short(), learning, memo)
    assert list(fresh.values()) == [False] * 4
    assert files.read_metadata(path) == files.read_metadata(kept.place(finished[0], key))
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert kept.recall(memo, key) is None


def test_the_memo_holds_whole_files_only(memo):
    found = [path.name for path in memo.rglob("*") if path.is_file()]
    assert len(found) == 4
    assert all(name.endswith(".safetensors") and not name.startswith(".") for name in found)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_follows_from_an_outcome_is_trained_and_told_of(workers, learning, memo, tmp_path):
    def follow(outcome: Outcome) -> list[Training]:
        seed = outcome.training.seed
        return [task(seed=seed + n) for n in (10, 20)] if outcome.training.kind == "tune" else []

    def follow_into(folder: Path) -> dict[int, bool]:
        told: dict[int, bool] = {}
        first = trainings.run(
            [task(seed=1), task(seed=2, kind="tune")],
            lambda _: learning,
            workers,
            folder,
            lambda outcome, fresh: told.update({outcome.training.seed: fresh}),
            follow=follow,
        )
        assert [outcome.training.seed for outcome in first] == [1, 2]
        return told

    # what is known has followers that are not
    assert follow_into(memo) == {1: False, 2: False, 12: True, 22: True}
    assert follow_into(memo) == {1: False, 2: False, 12: False, 22: False}
    assert follow_into(tmp_path / "new") == {1: True, 2: True, 12: True, 22: True}


def test_nothing_to_do_is_done(tmp_path, learning):
    assert run([], learning, tmp_path / "memo") == ([], {})


# Settings


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"row": OptimizerRow("Adam", {"beta": 1})}, "optimizers.adam.arguments.beta: .* did you mean 'betas'"),
        ({"row": OptimizerRow("Adamm")}, "optimizers.adam.class: 'Adamm' is not .* did you mean 'Adam'"),
        ({"network": "digit_cnn"}, "network 'digit_cnn' is unknown; did you mean 'digits_cnn'"),
        ({"batch_size": 193}, "problems.digits.batch_size: found 193; there are only 192 training examples"),
    ],
)
def test_what_a_training_refuses_is_one_sentence(changes, expected, learning, tmp_path):
    with pytest.raises(SettingsError, match=expected) as caught:
        run([task(**changes)], learning, tmp_path / "memo")
    assert "\n" not in str(caught.value)


def test_data_that_is_not_prepared_is_one_sentence(tmp_path):
    with pytest.raises(errors.DataError, match=r"description.json is missing .*: run `dvc repro`"):
        run([task()], tmp_path, tmp_path / "memo")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"engine": "ray", "workers": 3}, Cluster(None, 3)),
        ({"engine": "ray", "workers": "auto"}, Cluster(None, available_cores())),
        ({"engine": "ray", "workers": "auto", "ray_address": "auto"}, Cluster("auto", None)),
        ({"engine": "ray", "workers": 5, "ray_address": "head:6379", "ray_logs": True}, Cluster("head:6379", 5, True)),
    ],
)
def test_the_settings_say_where(changes, expected):
    assert trainings.cluster_of(ExecutionSettings(**changes)) == expected


# Interruptions


@pytest.fixture(scope="module")
def long() -> list[Training]:
    # some tenths of a second each
    return [task(seed=seed, epochs=12, batch_size=8) for seed in range(6)]


@pytest.fixture
def study(learning, long, tmp_path):
    """A folder for the script, and a way of starting it in a process group of its own."""
    shutil.copytree(learning, tmp_path / "learning")
    files.write_json(tmp_path / "trainings.json", [asdict(training) for training in long])
    script = tmp_path / "study.py"
    script.write_text(SCRIPT)
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        for member in _group(process):
            member.kill()
        process.communicate()


def _group(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the living processes of the group that `process` leads or led."""
    members = []
    for candidate in psutil.process_iter():
        try:
            if os.getpgid(candidate.pid) == process.pid and candidate.status() != psutil.STATUS_ZOMBIE:
                members.append(candidate)
        except (psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            continue
    return members


def _all_gone(process: subprocess.Popen[str], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _group(process):
            return True
        time.sleep(0.05)
    return False


def _lines_until(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().split()[-1] for _ in range(count)]


def test_a_killed_run_goes_on_and_leaves_no_orphans(study, long, learning, tmp_path):
    process = study()
    _, *finished = _lines_until(process, 3)
    os.kill(process.pid, signal.SIGKILL)
    assert _all_gone(process), "workers outlived the process that they worked for"
    outcomes, fresh = run(long, learning, tmp_path / "memo", workers=2)
    assert all(not fresh[key] for key in finished)
    assert any(fresh.values())
    unbroken, _ = run(long, learning, tmp_path / "other memo", workers=2)
    assert content(outcomes) == content(unbroken)


def test_ctrl_c_ends_with_one_message_and_no_orphans(study, long, learning, tmp_path):
    process = study()
    _, first = _lines_until(process, 2)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines() == ["interrupted: finished trainings are kept; the same command goes on from here"]
    assert _all_gone(process)
    known = kept.recall(tmp_path / "memo", first)
    assert known is not None
    assert known.training in long


@pytest.mark.parametrize("delay", [0.05, 0.6])
def test_ctrl_c_while_the_workers_start_ends_with_one_message(delay, study):
    process = study()
    _lines_until(process, 1)
    # the fork server is importing torch
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines() == ["interrupted: finished trainings are kept; the same command goes on from here"]
    assert _all_gone(process)


def test_one_message_is_what_ctrl_c_says(capsys):
    with pytest.raises(SystemExit) as caught, errors.one_message():
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_an_optimizer_of_a_file_trains_in_workers_as_here_and_once_wherever_the_file_lies(learning, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    asked = [task(row=own.row_of(folder, own.LION, "Lion")) for folder in (tmp_path, tmp_path / "elsewhere")]
    (first,), _ = run(asked[:1], learning, tmp_path / "memo", workers=2)
    (second,), fresh = run(asked[1:], learning, tmp_path / "memo")
    assert content([second])[0][1] == content([first])[0][1]
    assert (second.key, second.training) == (first.key, asked[1])
    assert list(fresh.values()) == [False]
    here = train(asked[1], learning, first.key)
    assert {name: array.tobytes() for name, array in here.weights.items()} == content([first])[0][1]


def test_an_error_of_an_optimizer_in_a_worker_is_one_sentence(learning, tmp_path):
    asked = task(optimizer="mine", row=own.row_of(tmp_path, own.FAILS))
    with pytest.raises(
        SettingsError, match=r"optimizers.mine: .*mine.py:Mine cannot step: line \d+: KeyError: 'momentum lost'\."
    ):
        run([asked], learning, tmp_path / "memo")


def test_a_file_that_changes_before_it_is_trained_is_one_sentence(learning, tmp_path):
    asked = task(optimizer="mine", row=own.row_of(tmp_path, own.LION, "Lion"))
    own.row_of(tmp_path, own.LION + "\n", "Lion")
    with pytest.raises(SettingsError, match=r"optimizers.mine.class: .*:Lion is not the one that was asked for"):
        run([asked], learning, tmp_path / "memo")
