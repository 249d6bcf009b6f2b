from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd


@pytest.fixture
def write(tmp_path: Path) -> Callable[[pd.DataFrame | str | bytes], Path]:
    def to_file(content: pd.DataFrame | str | bytes) -> Path:
        path = tmp_path / "results.csv"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else content.to_csv(index=False)
            path.write_text(text, encoding="utf-8", newline="")
        return path

    return to_file
