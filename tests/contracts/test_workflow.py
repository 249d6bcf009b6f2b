"""The check of a pull request calls what exists, pinned, with no more rights than it needs."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest

from tests import yaml_text
from tests.conftest import ROOT

WORKFLOW: dict[Any, Any] = yaml_text.load((ROOT / ".github" / "workflows" / "check.yml").read_text())
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
SHELL = "\n".join(step["run"] for step in STEPS if "run" in step)


def test_every_make_target_of_the_workflow_exists() -> None:
    called = set(re.findall(r"^ *make ([a-z-]+)$", SHELL, re.MULTILINE))
    assert called == {"lint", "test", "sbom", "audit"}
    assert called <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_script_of_the_workflow_can_be_run() -> None:
    scripts = re.findall(r"\.github/\S+\.sh|\.ci/run", SHELL)
    assert len(scripts) == 2
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)


@pytest.mark.parametrize("step", [step for step in STEPS if "uses" in step], ids=lambda step: step["uses"])
def test_actions_are_pinned_by_their_whole_hash(step: dict[str, Any]) -> None:
    assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])


def test_only_the_job_that_runs_no_code_of_the_pull_request_may_write() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    writers = {name for name, job in JOBS.items() if "permissions" in job}
    assert writers == {"comment"}
    assert not [step for step in JOBS["comment"]["steps"] if "uses" in step]


def test_nothing_of_the_event_is_pasted_into_a_shell() -> None:
    assert "${{" not in SHELL
    assert "secrets." not in (ROOT / ".github" / "workflows" / "check.yml").read_text()


def test_the_versions_that_the_workflow_installs_are_those_of_the_lock() -> None:
    (command,) = re.findall(r"^sed .* requirements\.lock", SHELL, re.MULTILINE)
    versions = subprocess.run(["bash", "-c", command], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = versions.splitlines()
    locked = re.findall(r"^[A-Za-z0-9._-]+==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert len(lines) == len(locked)
    assert any(re.fullmatch(r"dvc==[0-9.]+", line) for line in lines)
    assert not [line for line in lines if "\\" in line or "--hash" in line]
