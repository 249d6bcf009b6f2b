"""Any table gives an answer or one sentence: no traceback, whatever it holds and however it is written."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.commands.judge import shown
from pipeline.commands.judge.judgement import judge_results
from pipeline.commands.judge.reading import _parsed as parsed
from pipeline.project.errors import UserError

QUICK = settings(max_examples=60, deadline=None)
CELLS = st.one_of(
    st.text(max_size=8),
    st.floats().map(str),
    st.integers().map(str),
    st.sampled_from(["", "nan", "None", "NA", "1e309", "1.797e308", "0,5", "adam", "sgd", "1", "2", "\x1b[31m", "−1"]),
)
HEADERS = st.sampled_from(["optimizer", "seed", "test_accuracy", "loss", "epoch", "lr", "problem", "diverged", "adam"])


@st.composite
def tables(draw: st.DrawFn) -> str:
    header = draw(st.lists(HEADERS | st.text(max_size=5), min_size=1, max_size=5))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=8))
    text = io.StringIO()
    separator, end = draw(st.sampled_from([",", ";", "\t"])), draw(st.sampled_from(["\n", "\r\n"]))
    csv.writer(text, delimiter=separator, lineterminator=end).writerows([header, *rows])
    return text.getvalue()


def refusal(content: bytes) -> str | None:
    try:
        parsed(content)
    except UserError as error:
        return str(error)
    return None


@QUICK
@given(tables(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252", "shift_jis"]))
def test_any_table_in_any_encoding_is_read_or_refused_in_a_sentence(text: str, encoding: str) -> None:
    content = text.encode(encoding, errors="replace")
    message = refusal(content)
    if message is None:
        table = parsed(content)
        assert {len(column) for column in table.columns.values()} <= {len(table.numbers)}
    else:
        assert message.endswith((".", "judge -"))


@QUICK
@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b", b"PAR1", codecs.BOM_UTF16_LE]))
def test_any_bytes_are_read_or_refused_in_a_sentence(content: bytes, start: bytes) -> None:
    assert refusal(start + content) != ""


@QUICK
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["adam", "sgd", " sgd", "nan", "e\u0301", "\u00e9"]),
            st.integers(0, 3),
            st.floats() | st.sampled_from([0.3, 0.30000000000000004, 1e308, 0.0]),
        ),
        max_size=12,
    ),
    st.sampled_from([None, 0.01, 1e-300, 1e300]),
)
def test_any_numbers_get_a_verdict_within_their_range_or_a_sentence(
    rows: list[tuple[str, int, float]], margin: float | None
) -> None:
    frame = pd.DataFrame(rows, columns=["optimizer", "seed", "test_accuracy"])
    try:
        found = judge_results(frame, margin=margin)
    except UserError:
        return
    for entry in found.judged:
        assert entry.a.optimizer == unicodedata.normalize("NFC", entry.a.optimizer).strip()
        assert shown.sentence(found, entry)


@pytest.mark.parametrize("name", ["nan", "None", "NA", "null", "-", "<NA>"])
@pytest.mark.parametrize("wide", [False, True])
def test_an_optimizer_may_be_called_missing(name: str, wide: bool) -> None:
    values = {"adam": [0.1 * seed for seed in range(6)], name: [0.05] * 6}
    if wide:
        frame = pd.DataFrame({"seed": range(6), **values})
    else:
        rows = [(one, seed, value) for one in values for seed, value in enumerate(values[one])]
        frame = pd.DataFrame(rows, columns=["optimizer", "seed", "test_accuracy"])
    found = judge_results(frame, metric="test_accuracy", baseline=f" {name} ")
    assert {one.optimizer: one.values.size for one in found.scores} == {"adam": 6, name: 6}
