from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.project import errors, files
from pipeline.project.errors import SettingsError, TrainingError
from pipeline.running import key, pool, trainings
from pipeline.running.key import key_of
from pipeline.running.memo import recall
from pipeline.training.record import Outcome, Training
from tests.import_closure import closure

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "pipeline"

# A study of its own, for tests that interrupt it: prints a key as soon as a training is finished
SCRIPT = """
import sys
from pathlib import Path
from pipeline import errors, execution
from pipeline.files import read_json
from pipeline.records import Training

def main(folder):
    trainings = [Training(**fields) for fields in read_json(folder / "trainings.json")]
    print("started", flush=True)
    execution.run(
        trainings, lambda problem: folder / "learning", 2, folder / "memo",
        lambda outcome, fresh: print("fresh" if fresh else "known", outcome.key, flush=True),
    )

if __name__ == "__main__":
    with errors.one_message():
        main(Path(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def plain_main(monkeypatch):
    # workers import the main module again, and pytest's takes as long as a test
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)


@pytest.fixture
def pool_tasks(monkeypatch):
    """What can be sent to workers: they import it by this very name."""
    monkeypatch.syspath_prepend(str(TESTS))
    import pool_tasks

    return pool_tasks


def task(**changes: Any) -> Training:
    row = {"class": "Adam", "arguments": {}, "rest": None}
    return replace(Training("train", "digits", "adam", "digits_cnn", row, 0.001, 1, 32, 1, 1, "0" * 64), **changes)


def short() -> list[Training]:
    muon = {"class": "Muon", "arguments": {}, "rest": {"class": "AdamW", "arguments": {}}}
    sgd = {"class": "SGD", "arguments": {}, "rest": None}
    return [
        task(seed=1),
        task(seed=2, kind="tune"),
        task(optimizer="muon", row=muon),
        task(optimizer="sgd", row=sgd, learning_rate=1e20),
    ]


def run(
    trainings: list[Training], learning: Path, memo: Path, workers: int = 1
) -> tuple[list[Outcome], dict[str, bool]]:
    """Return the outcomes, and which of them were fresh."""
    fresh: dict[str, bool] = {}

    def heard(outcome: Outcome, is_fresh: bool) -> None:
        assert outcome.key not in fresh, "told twice"
        fresh[outcome.key] = is_fresh

    return trainings.run(trainings, lambda _: learning, workers, memo, heard), fresh


def content(outcomes: list[Outcome]) -> list[tuple[dict[str, Any], dict[str, bytes]]]:
    return [(o.to_json(), {n: a.tobytes() for n, a in (o.weights or {}).items()}) for o in outcomes]


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


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 9},
        {"kind": "tune"},
        {"learning_rate": 0.002},
        {"epochs": 2},
        {"batch_size": 16},
        {"validations_per_epoch": 5},
        {"data": "1" * 64},
        {"network": "wide_cnn"},
        {"problem": "other"},
        {"optimizer": "other"},
        {"row": {"class": "Adam", "arguments": {"eps": 1e-7}, "rest": None}},
    ],
)
def test_whatever_decides_the_outcome_is_in_the_key(change):
    assert key_of(replace(task(), **change), "code") != key_of(task(), "code")
    assert key_of(task(), "code") == key_of(task(), "code")
    assert key_of(task(), "other code") != key_of(task(), "code")


@pytest.mark.parametrize("damage", ["empty", "truncated", "no safetensors", "weights missing"])
def test_a_damaged_memo_is_trained_again(damage, finished, memo, learning):
    first = finished[1]
    path = memo / first[0].key[:2] / f"{first[0].key}.safetensors"
    whole = path.read_bytes()
    if damage == "weights missing":
        files.write_tensors(path, {}, {"other": "{}"})
    else:
        path.write_bytes({"empty": b"", "truncated": whole[:-7], "no safetensors": b"x" * 999}[damage])
    second, fresh = run(short(), learning, memo)
    assert [fresh[outcome.key] for outcome in second] == [True, False, False, False]
    assert content(second) == content(first)


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


def test_further_tasks_come_before_those_that_wait(pool_tasks, tmp_path):
    done: list[str] = []

    def on_result(task: tuple[str, str, Path], result: str) -> list[tuple[str, str, Path]]:
        done.append(task[0])
        return [(f"{task[0]}{letter}", "work", tmp_path) for letter in "ab"] if task[0] == "task1" else []

    pool.parallel(pool_tasks.note, [(f"task{n}", "work", tmp_path) for n in range(1, 6)], 1, on_result)
    # one more than the worker is under way already
    assert done == ["task1", "task2", "task1a", "task1b", "task3", "task4", "task5"]


@pytest.mark.parametrize("later", [[9], []], ids=["wanted", "unwanted"])
def test_a_likely_training_is_told_of_where_it_is_wanted(later, learning, tmp_path):
    told: dict[int, bool] = {}
    trainings.run(
        [task(seed=1, epochs=40)],
        lambda _: learning,
        2,
        tmp_path,
        lambda outcome, fresh: told.update({outcome.training.seed: fresh}),
        follow=lambda outcome: [task(seed=seed) for seed in later] if outcome.training.seed == 1 else [],
        likely=lambda: task(seed=9),
    )
    # done while the first one was under way, in the memo either way, and counted as this run's work
    assert told == dict.fromkeys([1, *later], True)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2


def test_a_likely_training_that_is_under_way_is_not_started_again(pool_tasks, tmp_path):
    first, second = ("first", "work", tmp_path), ("second", "sleep", tmp_path)
    offered = iter([second])
    done: list[str] = []

    def on_result(task: tuple[str, str, Path], result: str) -> list[tuple[str, str, Path]]:
        done.append(result)
        return [second] if task == first else []

    pool.parallel(pool_tasks.note, [first], 2, on_result, spare=lambda: next(offered, None))
    assert done == ["first done", "second done"]
    assert len(list(tmp_path.glob("second.*"))) == 1


def test_a_likely_task_does_not_keep_the_others_waiting(pool_tasks, tmp_path):
    before = set(psutil.Process().children(recursive=True))
    start = time.monotonic()
    endless = iter([("endless", "sleep long", tmp_path)])
    done: list[str] = []
    pool.parallel(
        pool_tasks.note,
        [("first", "sleep", tmp_path)],
        2,
        lambda task, result: done.append(result),
        spare=lambda: next(endless, None),
    )
    assert done == ["first done"]
    assert time.monotonic() - start < 30
    assert _left_over(before) == []


def test_nothing_to_do_is_done(tmp_path, learning):
    assert run([], learning, tmp_path / "memo") == ([], {})


# Workers


def test_workers_have_one_thread_and_keep_their_memory(pool_tasks):
    found: list[dict[str, Any]] = []
    before = dict(os.environ)
    pool.parallel(pool_tasks.surroundings, [1, 2], 2, lambda _, result: found.append(result))
    assert dict(os.environ) == before
    for result in found:
        assert result["pid"] != os.getpid()
        assert result["interrupt"]
        assert result["OMP_NUM_THREADS"] == "1"
        assert result["threads"] == 1
        assert int(result["MALLOC_TRIM_THRESHOLD_"]) == int(result["MALLOC_MMAP_THRESHOLD_"]) >= 1 << 30


def test_a_server_that_starts_early_has_the_memory_settings_of_the_workers():
    script = """
import psutil
from pipeline import execution

if __name__ == "__main__":
    execution.start_server()
    started = psutil.Process().children()
    execution.parallel(len, ["task"], 1, lambda task, result: None)
    # the fork server and multiprocessing's resource tracker
    print(len(started), psutil.Process().children() == started)
    print(*["MALLOC_TRIM_THRESHOLD_" in process.environ() for process in (*started, psutil.Process())])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["2 True", "True True False"]


@pytest.mark.parametrize("deed", ["exit", "kill"])
def test_a_deadly_task_is_retried_once_and_named_and_the_others_are_done(deed, pool_tasks, tmp_path):
    tasks = [(f"task{n}", deed if n == 2 else "work", tmp_path) for n in range(8)]
    done: list[str] = []
    with pytest.raises(TrainingError) as caught:
        pool.parallel(pool_tasks.note, tasks, 2, lambda task, result: done.append(result), lambda task: f"<{task[0]}>")
    assert sorted(done) == [f"task{n} done" for n in range(8) if n != 2]
    # once beside others, once alone
    assert len(list(tmp_path.glob("task2.*"))) == 2
    message = str(caught.value)
    assert "<task2>" in message
    assert [n for n in range(8) if f"<task{n}>" in message] == [2]
    assert "execution.workers" in message


def test_a_task_that_dies_once_is_done_all_the_same(pool_tasks, tmp_path):
    tasks = [(f"task{n}", "kill once" if n in (0, 4) else "work", tmp_path) for n in range(6)]
    done: list[str] = []
    pool.parallel(pool_tasks.note, tasks, 2, lambda task, result: done.append(result))
    assert sorted(done) == [f"task{n} done" for n in range(6)]


def test_two_deadly_tasks_are_both_named(pool_tasks, tmp_path):
    tasks = [(f"task{n}", "exit" if n in (0, 1, 5) else "work", tmp_path) for n in range(6)]
    done: list[str] = []
    with pytest.raises(TrainingError) as caught:
        pool.parallel(pool_tasks.note, tasks, 2, lambda task, result: done.append(result))
    assert [n for n in range(6) if f"task{n}" in str(caught.value)] == [0, 1, 5]
    assert sorted(done) == ["task2 done", "task3 done", "task4 done"]


def test_a_training_whose_process_died_is_named_with_its_settings(learning, tmp_path):
    # what a training without data or with too much of it would do; the name alone is of interest
    name = pool._name_of((task(seed=7), learning, tmp_path, "key"))
    assert name == "adam on digits lr 0.001 seed 7"


@pytest.mark.parametrize("error", [SettingsError("params.yaml: wrong"), ValueError("what"), MemoryError("full")])
def test_an_error_in_a_worker_arrives_as_it_is(error, pool_tasks):
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(type(error)) as caught:
        pool.parallel(pool_tasks.fail, [error], 2, lambda task, result: None)
    assert str(caught.value) == str(error)
    assert _left_over(before) == []


def test_a_wrong_row_is_an_error_of_the_settings(learning, tmp_path):
    row = {"class": "Adam", "arguments": {"beta": 1}, "rest": None}
    with pytest.raises(SettingsError, match="did you mean 'betas'"):
        run([task(row=row)], learning, tmp_path / "memo")


def test_an_error_in_the_listener_leaves_no_worker_behind(pool_tasks, tmp_path):
    before = set(psutil.Process().children(recursive=True))

    def interrupted(task: object, result: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.parallel(pool_tasks.note, [(f"task{n}", "work", tmp_path) for n in range(50)], 2, interrupted)
    assert _left_over(before) == []
    assert len(list(tmp_path.iterdir())) < 10


def _left_over(before: set[psutil.Process]) -> list[list[str]]:
    """Return workers that are still there a moment later; fork server and resource tracker stay on purpose."""
    new = [p for p in psutil.Process().children(recursive=True) if p not in before]
    servers = [p for p in new if p.ppid() == os.getpid()]
    _, alive = psutil.wait_procs([p for p in new if p not in servers], timeout=3)
    return [p.cmdline() for p in alive if p.status() != psutil.STATUS_ZOMBIE]


# Interruptions


@pytest.fixture(scope="module")
def long() -> list[Training]:
    # some tenths of a second each
    return [task(seed=seed, epochs=12, batch_size=8) for seed in range(6)]


@pytest.fixture
def study(learning, long, tmp_path):
    """A folder for the script, and a way of starting it in a process group of its own."""
    shutil.copytree(learning, tmp_path / "learning")
    files.write_json(tmp_path / "trainings.json", [training.__dict__ for training in long])
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


def _all_gone(process: subprocess.Popen[str], seconds: float = 5.0) -> bool:
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
    _, stderr = process.communicate(timeout=10)
    assert process.returncode == 130
    assert stderr.splitlines() == ["interrupted: finished trainings are kept; the same command goes on from here"]
    assert _all_gone(process)
    known = recall(tmp_path / "memo", first)
    assert known is not None
    assert known.training in long


@pytest.mark.parametrize("delay", [0.05, 0.6])
def test_ctrl_c_while_the_workers_start_ends_with_one_message(delay, study):
    process = study()
    _lines_until(process, 1)
    # the fork server is importing torch
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=15)
    assert process.returncode == 130
    assert stderr.splitlines() == ["interrupted: finished trainings are kept; the same command goes on from here"]
    assert _all_gone(process)


# What counts as the same code


@pytest.fixture
def package(tmp_path) -> Path:
    for name in key.RESULT_CODE:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PACKAGE / name, tmp_path / name)
    return tmp_path


def _edited(package: Path, name: str, edit: Any) -> str:
    path = package / name
    path.write_text(edit(path.read_text()))
    key._fingerprint.cache_clear()
    return key._fingerprint(package)


@pytest.mark.parametrize("name", key.RESULT_CODE)
def test_comments_docstrings_and_formatting_are_no_code(name, package):
    before = key._fingerprint(package)
    assert before == key.code_fingerprint()
    assert _edited(package, name, lambda text: text + "\n\n# a comment\n") == before
    assert _edited(package, name, lambda text: text.replace("\n\n\n", "\n\n\n\n")) == before
    assert _edited(package, name, _with_other_docstrings) == before


def _with_other_docstrings(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body[0] = ast.Expr(ast.Constant("Something else."))
    changed = ast.unparse(tree)
    assert "Something else." in changed
    return changed


@pytest.mark.parametrize("name", key.RESULT_CODE)
def test_code_is_code(name, package):
    before = key._fingerprint(package)
    assert _edited(package, name, lambda text: text + "\n\nEXTRA = 1\n") != before
    inside = _edited(package, name, lambda text: text.replace("return ", "return not ", 1).replace(" = 1", " = 2", 1))
    assert inside != before


def test_the_versions_of_the_libraries_that_compute_count(monkeypatch, package):
    before = key._fingerprint(package)
    version = pool.importlib.metadata.version
    for library in ("torch", "numpy", "numba"):
        monkeypatch.setattr(
            pool.importlib.metadata,
            "version",
            lambda name, library=library: "0.0" if name == library else version(name),
        )
        key._fingerprint.cache_clear()
        assert key._fingerprint(package) != before
    monkeypatch.undo()
    key._fingerprint.cache_clear()


def test_further_files_count_where_they_decide_what_is_asked_for(package):
    shutil.copy(PACKAGE / "evaluation.py", package)
    alone = key._fingerprint(package)
    with_evaluation = key._fingerprint(package, ("evaluation.py",))
    assert with_evaluation != alone
    assert with_evaluation == key.code_fingerprint("evaluation.py")
    (package / "evaluation.py").write_text("NOTHING = 1")
    key._fingerprint.cache_clear()
    assert key._fingerprint(package) == alone
    assert key._fingerprint(package, ("evaluation.py",)) != with_evaluation


def test_the_result_code_is_what_training_imports():
    # words of errors, the schema of settings, places of files, and how bytes get onto the disk decide nothing:
    # a training takes its settings and its folder as arguments, and its data is in its key
    no_matter = {"config.py", "errors.py", "files.py", "paths.py", "backprop_settings.py", "comparison_settings.py"}
    imported = {path.removeprefix("pipeline/") for path in closure("pipeline.training.train")}
    assert set(key.RESULT_CODE) - imported == set()
    assert imported - no_matter == set(key.RESULT_CODE)


def test_what_is_left_out_of_the_code_is_used_for_nothing_that_matters():
    """Training may take these names, and no others, from the files whose changes repeat no training."""
    harmless = {
        "pipeline.settings.study": {"closest"},
        "pipeline.project.errors": {"SettingsError", "DataError", "first_line"},
        "pipeline": {"files"},
    }
    for name in key.RESULT_CODE:
        tree = ast.parse((PACKAGE / name).read_text())
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or node.module not in harmless:
                continue
            taken = {alias.name for alias in node.names} - {"determinism", "kernels", "networks", "optimizers"}
            assert taken <= harmless[node.module] | _for_types_only(tree), f"{name} imports {taken}"


def _for_types_only(tree: ast.Module) -> set[str]:
    blocks = [node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    return {
        alias.name
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_one_message_is_what_ctrl_c_says(capsys):
    with pytest.raises(SystemExit) as caught, errors.one_message():
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert capsys.readouterr().err.count("\n") == 1
