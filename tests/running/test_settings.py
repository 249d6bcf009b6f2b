from __future__ import annotations

from typing import Literal

import pytest

from pipeline.project.environment import available_cores
from pipeline.running.settings import ExecutionSettings


@pytest.mark.parametrize(("given", "count"), [(3, 3), ("auto", available_cores())])
def test_worker_count(given: int | Literal["auto"], count: int) -> None:
    assert ExecutionSettings(workers=given).worker_count() == count
