"""Any ``params.yaml`` is taken or refused in a message of bounded length: no traceback, no endless wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.project.errors import SettingsError
from pipeline.settings import loading
from tests.studies import params

if TYPE_CHECKING:
    from pathlib import Path

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


def places(content: Any, start: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [place for key, value in pairs for place in [(*start, key), *places(value, (*start, key))]]


PLACES = places(params())


@QUICK
@given(st.sampled_from(PLACES), VALUES)
def test_any_value_anywhere_is_taken_or_refused_in_a_message(place: tuple[Any, ...], value: Any) -> None:
    content: Any = params()
    *parents, last = place
    inner = content
    for key in parents:
        inner = inner[key]
    inner[last] = value
    message = "params.yaml: "
    try:
        loading.validate(content, "params.yaml")
    except SettingsError as error:
        message = str(error)
    assert message.startswith("params.yaml: ")
    assert len(message) < 6_000


@QUICK
@given(text=st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@`#,? \n\t01é\x00\x85\ufeff"), max_size=80))
def test_any_text_is_taken_or_refused_in_a_message(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(text.encode())
    with pytest.raises(SettingsError) as caught:
        loading.load(path)
    assert "params.yaml" in str(caught.value)


@QUICK
@given(content=st.binary(max_size=60))
def test_any_bytes_are_refused_in_a_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError):
        loading.load(path)
