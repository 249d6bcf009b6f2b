from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.items import Bullets, Heading, Table
from pipeline.reporting.sections import recommend as section
from pipeline.results.recommendations import Budget, Candidate, Choice, ProblemRecommendation, Recommendations
from tests.conftest import ROOT


def candidate(label, **changed):
    values = {
        "label": label,
        "learning_rate": 0.01,
        "search_from": 0.00316,
        "search_to": 0.01,
        "open_low": False,
        "open_high": False,
        "trials": 7,
        "seeds": 14,
        "step_ratio": 1.234,
        "state_bytes_per_parameter": 8.0,
        "left_out": None,
    }
    return Candidate.model_validate({**values, **changed})


def choice(optimizer, standing="best", expected=0.6, **changed):
    values = {"optimizer": optimizer, "standing": standing, "expected": expected}
    return Choice.model_validate({**values, "low": 0.55, "high": 0.65, "corrected_p": None, **changed})


CANDIDATES = {name: candidate(name.upper()) for name in ("a", "b", "c", "d", "e", "f")}


def one(*budgets, **changed):
    values = {"title": "Digits", "measure": "accuracy", "tuned_on": None, "candidates": CANDIDATES, "budgets": budgets}
    return ProblemRecommendation.model_validate({**values, **changed})


def budget(trials, *choices, whole=False, reason=None):
    return Budget(trials=trials, whole_search=whole, choices=choices, reason=reason)


def of(problem):
    return Recommendations(problems={"digits": problem})


def sentence(problem):
    (text,) = section.sentences(of(problem))
    return plain(text)


def test_the_section_has_one_table_and_a_sentence_per_problem(results):
    items = section.build(results)
    assert [type(item) for item in items].count(Table) == 1
    assert items[0] == Heading("What to use", "what-to-use")
    (bullets,) = (item for item in items if isinstance(item, Bullets))
    assert len(bullets.entries) == len(results.settings.problems)
    # its seed diverged
    assert all("Left out: SGD (1 of its 3 final trainings diverged)." in text for text in bullets.entries)
    (table,) = (item for item in items if isinstance(item, Table))
    assert [row[:2] for row in table.rows] == [
        (title, trials) for title in ("CIFAR-10", "Handwritten digits") for trials in ("1", "3", "all (7)")
    ]


def test_a_row_says_what_to_use_how_and_who_is_as_good():
    problem = one(
        budget(
            7,
            choice("a"),
            choice("b", "no meaningful difference"),
            choice("c", "inconclusive"),
            choice("d", "inconclusive"),
            choice("e", "inconclusive"),
            choice("f", "inconclusive"),
            whole=True,
        )
    )
    (row,) = section.table(of(problem)).rows
    assert [plain(cell) for cell in row] == [
        *("Digits", "all (7)", "A", "0.01", "0.00316 to 0.01", "60.0\N{NO-BREAK SPACE}%", "55.0 to 65.0"),
        *("1.23", "8.0", "B", "C, D, E and 1 more"),
    ]


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"open_low": True}, "0.00316 to 0.01 or less"),
        ({"open_high": True}, "0.00316 to 0.01 or more"),
        ({"open_low": True, "open_high": True}, "0.00316 to 0.01 or beyond"),
        ({"search_from": 0.01}, "0.01"),
        ({"search_from": None, "search_to": None}, "–"),
    ],
)
def test_rates_that_may_go_on_say_so(changed, shown):
    problem = one(budget(1, choice("a")), candidates={"a": candidate("A", **changed)})
    assert section.table(of(problem)).rows[0][4] == shown


def test_another_winner_after_few_trials_is_named_with_its_number_of_trials():
    worse = [choice(name, "worse") for name in "cdef"]
    problem = one(
        budget(1, choice("b")),
        budget(3, choice("a")),
        budget(7, choice("a"), choice("b", "better"), *worse, whole=True),
    )
    assert sentence(problem) == (
        "Digits: B after 1 trial, A after 3 trials and after the whole search. "
        "After the whole search, ahead on test examples: B; worse: the other 4."
    )


def test_groups_are_named_apart():
    problem = one(
        budget(
            3, choice("a"), choice("b", "no meaningful difference"), choice("c", "inconclusive"), choice("d", "worse")
        )
    )
    assert sentence(problem) == ("Digits: A after 3 trials. After 3 trials, as good: B; not told apart: C; worse: D.")


def test_no_evidence_and_its_reason_are_said():
    problem = one(budget(12, reason="the searches made 7 trials at most"))
    assert sentence(problem) == "Digits: no evidence (the searches made 7 trials at most)."
    assert section.table(of(problem)).rows[0][:3] == ("Digits", "12", "no evidence")
    assert section.details(problem).rows[0][:2] == ("12", "no evidence")


def test_a_lonely_optimizer_and_a_borrowed_search_are_said():
    problem = one(budget(3, choice("a", low=None, high=None), whole=True), tuned_on="cifar10")
    assert sentence(problem) == (
        "Digits: A after the whole search. After the whole search, there is nothing to compare it with. "
        "Only rates near the best of cifar10 were tried."
    )
    assert section.table(of(problem)).rows[0][6] == "–"


def test_a_loss_is_shown_as_one():
    problem = one(budget(3, choice("a", expected=0.51234, low=0.4, high=1.2)), measure="loss")
    assert section.table(of(problem)).rows[0][5:7] == ("loss\N{NO-BREAK SPACE}0.512", "0.400 to 1.200")


def test_details_show_everybody_who_is_not_clearly_worse():
    problem = one(budget(3, choice("a"), choice("b", "inconclusive", corrected_p=0.2), choice("c", "worse")))
    assert [row[:4] for row in section.details(problem).rows] == [
        ("3", "A", "best", "–"),
        ("3", "B", "not told apart", "0.2"),
    ]


def test_the_committed_recommendations_can_be_shown(results):
    found = Recommendations.read(ROOT / Recommendations.PATH)
    (table,) = (i for i in section.build(replace(results, recommendations=found)) if isinstance(i, Table))
    assert len(table.rows) == 3 * len(found.problems)
