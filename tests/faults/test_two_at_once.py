"""Two runs in one folder: the second waits for the first, and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from pipeline.commands.run import processes
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ALONE = """
import sys
from pathlib import Path
from pipeline.commands.run.processes import alone
with alone(Path()):
    print("begins", flush=True)
    sys.stdin.readline()
    print("ends", flush=True)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command, pipe = [sys.executable, "-c", ALONE], subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_a_second_run_waits_and_goes_on(tmp_path: Path) -> None:
    with start(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "begins\n"
        with start(tmp_path) as second:
            assert second.stderr is not None
            assert second.stderr.readline() == "Another run works in this folder: waiting until it has ended.\n"
            assert first.communicate("end\n", timeout=120)[0] == "ends\n"
            assert second.communicate("end\n", timeout=120) == ("begins\nends\n", "")


def test_a_run_waits_for_a_stage_of_dvc_and_not_for_one_that_was_killed(tmp_path: Path) -> None:
    # DVC's own note of who works on what; the process sleeps in place of a training
    working = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "dvc"])
    note = tmp_path / ".dvc" / "tmp" / "rwlock"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"write": {"runs/tune/adam": {"pid": working.pid, "cmd": "dvc repro"}}, "read": {}}))
    try:
        with start(tmp_path) as waiting:
            assert waiting.stderr is not None
            assert "Another run works" in waiting.stderr.readline()
            time.sleep(1.5)
            assert waiting.poll() is None
            working.kill()
            working.wait()
            assert waiting.communicate("end\n", timeout=120)[0] == "begins\nends\n"
    finally:
        working.kill()
        working.wait()


def test_a_run_after_a_killed_one_begins_without_warnings(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    processes.run_in(tmp_path, ["dvc", "init", "--no-scm", "--quiet"])
    (tmp_path / "dvc.yaml").write_text("stages:\n  hello:\n    cmd: echo hello > hello.txt\n    outs: [hello.txt]\n")
    with subprocess.Popen(["true"]) as killed:
        killed.wait()
    note = {"write": {str(tmp_path / "hello.txt"): {"pid": killed.pid, "cmd": "dvc repro"}}, "read": {}}
    (tmp_path / ".dvc" / "tmp").mkdir(exist_ok=True)
    (tmp_path / ".dvc" / "tmp" / "rwlock").write_text(json.dumps(note))
    processes.repro(tmp_path)
    assert (tmp_path / "hello.txt").exists()
    assert "killed" not in "".join(capfd.readouterr())
