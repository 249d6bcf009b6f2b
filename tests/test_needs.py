"""What CI requires is not skipped in silence."""

from __future__ import annotations

import pytest

from tests import needs


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIFAR10_SOURCE", raising=False)
    monkeypatch.delenv("DEEPOBS_CURVES", raising=False)
    monkeypatch.setattr(needs.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(needs.shutil, "which", lambda _: None)


@pytest.mark.usefixtures("nothing_here")
@pytest.mark.parametrize(
    ("need", "ask"),
    [
        ("cifar", needs.cifar),
        ("deepobs", needs.deepobs),
        ("ray", needs.ray),
        ("postgres", needs.psycopg2),
        ("chromium", needs.chromium),
    ],
)
def test_what_is_missing_skips_a_test_and_fails_it_where_it_is_required(need, ask, monkeypatch):
    monkeypatch.setattr(needs, "NAMES", sorted(needs.KNOWN - {need}))
    with pytest.raises(pytest.skip.Exception):
        ask()
    monkeypatch.setattr(needs, "NAMES", [need])
    with pytest.raises(pytest.fail.Exception, match=f"REQUIRE={need}, but "):
        ask()


def test_a_need_that_is_none_is_refused():
    with pytest.raises(pytest.UsageError, match="REQUIRE: rai: only chromium, cifar, deepobs"):
        needs.required(["ray", "rai"])
