"""The answer in Persian says what the results say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.comparison import claims
from pipeline.reporting import report, study_results
from pipeline.reporting.persian import page, words
from pipeline.results.verdicts import Verdicts
from pipeline.settings import loading
from tests.conftest import ROOT
from tests.reporting.conftest import DECIDED, METHOD


@pytest.fixture(scope="module")
def committed():
    return study_results.load(loading.load(ROOT / "params.yaml"), ROOT)


@pytest.fixture(scope="module")
def shown(committed, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("reports")
    page.write(committed, folder)
    return (folder / page.NAME).read_text(encoding="utf-8")


def latin(text: str) -> str:
    """Return a text with Latin digits and signs, so that its numbers can be looked for."""
    return text.translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹٫٪−", "0123456789.%-"))


def test_it_reads_from_right_to_left_and_needs_nothing_else(shown) -> None:
    assert '<html lang="fa" dir="rtl">' in shown
    # no script, no font, no address outside
    assert not re.search(r"<script|<link|@import|url\(|https?://", shown)


def test_the_accuracies_are_those_of_the_results(shown, committed) -> None:
    text = latin(shown)
    for name, found in committed.measured(committed.main_problem).items():
        row = re.search(rf"<bdi>{re.escape(committed.label(name))}</bdi></td>.*?</tr>", text, re.DOTALL)
        assert row
        assert f"{100 * found.test_accuracy.mean:.1f}%" in row[0]
    adam = committed.per_class.query("problem == 'cifar10' and optimizer == 'adam'")
    for name, accuracy in zip(adam["class"], adam["accuracy"], strict=True):
        row = re.search(rf"<tr><td>{words.CLASSES[name]}</td>.*?</tr>", text, re.DOTALL)
        assert row
        assert f"{100 * accuracy:.1f}%" in row[0]
    assert "16.7%" in text  # what the assignment reports of birds


def test_every_claim_stands_there_with_its_verdict(shown, committed) -> None:
    for name, found in committed.verdicts.claims.items():
        row = re.search(rf"<tr><td>{re.escape(words.CLAIMS[name])}</td>.*?</tr>", shown, re.DOTALL)
        assert row
        assert words.VERDICTS[found.verdict] in row[0]


def test_every_claim_problem_and_class_of_the_study_has_its_words(committed) -> None:
    assert set(words.CLAIMS) == set(claims.names())
    assert set(words.PROBLEMS) >= set(committed.settings.problems)
    assert set(words.CLASSES) == set(committed.problems.problems["cifar10"].classes)
    rows = [
        row for one in committed.verdicts.claims.values() for part in one.parts for row in part.rows if row.decisive
    ]
    labels = {row.label for row in committed.settings.optimizers.values()}
    english = {name for row in rows for name in (row.a, row.b) if words.side(name, {}) == name and name not in labels}
    assert not english
    assert not {row.measure for row in rows if words.measure(row.measure) == row.measure}


@pytest.mark.parametrize(
    ("verdict", "answer"), [("supported", "نه، Adam"), ("refuted", "هیچ بهینه‌سازی"), ("inconclusive", words.OPEN)]
)
def test_the_answer_follows_the_first_verdict(committed, verdict, answer) -> None:
    first = DECIDED.model_copy(update={"verdict": verdict})
    found = page.content(replace(committed, verdicts=Verdicts(method=METHOD, claims={"it": first})))
    assert answer in found["answer"]


def test_what_has_no_words_stays_english(results, tmp_path) -> None:
    page.write(replace(results, verdicts=Verdicts(method=METHOD, claims={"it": DECIDED})), tmp_path)
    text = (tmp_path / page.NAME).read_text(encoding="utf-8")
    assert "<td>It is</td>" in text
    assert words.VERDICTS["refuted"] in text


def test_the_same_results_give_the_same_bytes(committed, shown, tmp_path) -> None:
    page.write(committed, tmp_path)
    assert (tmp_path / page.NAME).read_text(encoding="utf-8") == shown


def test_a_study_of_other_data_has_no_such_page(results, tmp_path) -> None:
    problems = {"digits": results.settings.problems["digits"]}
    digits = results.settings.model_copy(update={"problems": problems})
    (tmp_path / page.NAME).write_text("of an earlier study")
    page.write(replace(results, settings=digits), tmp_path)
    assert not (tmp_path / page.NAME).exists()


def test_the_report_brings_it(results, tmp_path) -> None:
    report.write(results, tmp_path)
    assert (tmp_path / page.NAME).exists()
