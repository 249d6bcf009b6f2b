from dataclasses import replace
from pathlib import Path

from pipeline.reporting.summary import lines
from pipeline.results.verdicts import Verdicts
from tests.reporting.conftest import DECIDED, METHOD, with_rows


def test_the_summary_ranks_from_top_to_bottom(results):
    text = lines(results)
    ranked = results.ranked("cifar10")
    start = next(place for place, line in enumerate(text) if line.startswith("CIFAR-10: test accuracy")) + 1
    rows = text[start : start + 3]
    assert [line.split()[0] for line in rows] == ["1", "2", "3"]
    assert all(results.label(name) in line for name, line in zip(ranked, rows, strict=True))
    assert "1 of 3 diverged" in next(line for line in rows if "SGD" in line)
    assert "  CIFAR-10: Muon; not told apart: Adam" in text
    assert text[-1] == f"Report: {Path.cwd()}/reports/report.html (or report.md beside it)"
    assert results.label(ranked[0]) in text[start + 3]


def test_the_answer_comes_first_and_no_mark_of_markdown_is_left(results):
    judged = replace(results, verdicts=Verdicts(method=METHOD, claims={"it": DECIDED}))
    text = lines(with_rows(judged, adam={"label": "A*b_*"}))
    assert text[0] == "No, it is not: *."
    assert any("A*b_*" in line for line in text)
    assert "\\" not in "".join(text)
