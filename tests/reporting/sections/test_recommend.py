"""The section on what to use: one table, and a sentence or two on each problem."""

from __future__ import annotations

from typing import Any

from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.items import Bullets, Heading, Table
from pipeline.reporting.numbers_in_words import rate
from pipeline.reporting.sections import recommend as section
from pipeline.results.recommendations import ProblemRecommendation, Recommendations
from tests.recommended import budget, candidate, choice, one
from tests.reporting.conftest import flat


def of(problem: ProblemRecommendation) -> Recommendations:
    return Recommendations(problems={"digits": problem})


def sentence(problem: ProblemRecommendation) -> str:
    (text,) = section.sentences(of(problem))
    return plain(text)


def test_the_section_has_one_table_and_a_sentence_per_problem(results: Any) -> None:
    items = section.build(results)
    assert items[0] == Heading("What to use", "what-to-use")
    (bullets,) = (item for item in flat(items) if isinstance(item, Bullets))
    short, table = (item for item in flat(items) if isinstance(item, Table))
    titles = [problem.title for problem in results.recommendations.problems.values()]
    assert len(bullets.entries) == len(titles)
    assert [row[0] for row in table.rows if row[1].startswith("all (")] == titles
    assert short.rows[0] == (
        "CIFAR-10 (45,000 images, 2 epochs)",
        "**Muon**",
        "1, 3 or 12",
        rate(results.recommendations.problems["cifar10"].candidates["muon"].learning_rate),
        "0.001 to 1",
        "not told apart: Adam; after 3 trials 1 other not shown to be worse; after 1 trial 1 other not shown to be "
        "worse",
    )


def test_a_row_says_what_to_use_how_and_who_is_as_good() -> None:
    problem = one(
        budget(
            12,
            choice("a"),
            choice("b", "no meaningful difference"),
            *(choice(name, "inconclusive") for name in "cdef"),
            whole=True,
        )
    )
    (row,) = section.table(of(problem)).rows
    assert [plain(cell) for cell in row] == [
        *("Digits", "all (12)", "A", "0.01, beta1 0.904", "0.0001 to 0.1", "60.0\N{NO-BREAK SPACE}%", "55.0 to 65.0"),
        *("1.23", "8.0", "B", "C, D, E and 1 more"),
    ]


def test_a_rate_on_the_border_says_that_a_better_one_may_lie_beyond() -> None:
    problem = one(budget(1, choice("a")), candidates={"a": candidate("A", on_border=True)})
    assert section.table(of(problem)).rows[0][4] == "0.0001 to 0.1 or beyond"
    assert sentence(problem).endswith("A better learning rate may lie beyond those that were tried: A.")


def test_another_winner_after_few_trials_is_named_with_its_number_of_trials() -> None:
    worse = [choice(name, "worse") for name in "cdef"]
    problem = one(
        budget(1, choice("b")),
        budget(3, choice("a")),
        budget(12, choice("a"), choice("b", "better"), *worse, whole=True),
    )
    assert sentence(problem) == (
        "Digits: B after 1 trial, A after 3 trials and after the whole search. "
        "After the whole search, ahead on test examples: B; worse: the other 4."
    )


def test_groups_are_named_apart() -> None:
    beside = [choice(name, standing) for name, standing in GROUPS.items()]
    assert sentence(one(budget(3, choice("a"), *beside))) == (
        "Digits: A after 3 trials. After 3 trials, as good: B; not told apart: C; worse: D."
    )


GROUPS = {"b": "no meaningful difference", "c": "inconclusive", "d": "worse"}


def test_no_evidence_and_its_reason_are_said() -> None:
    problem = one(budget(20, reason="the searches made 12 trials at most"))
    assert sentence(problem) == "Digits: no evidence (the searches made 12 trials at most)."
    for found in (section.table(of(problem)), section.details(problem)):
        assert {len(row) for row in found.rows} == {len(found.header)}
    assert section.table(of(problem)).rows[0][:3] == ("Digits", "20", "no evidence")
    assert section.details(problem).rows[0][:2] == ("20", "no evidence")


def test_a_lonely_optimizer_and_a_borrowed_search_are_said() -> None:
    left_out = {"a": candidate("A"), "b": candidate("B", left_out="the same as A in every seed")}
    problem = one(budget(3, choice("a", low=None, high=None), whole=True), tuned_on="cifar10", candidates=left_out)
    assert sentence(problem) == (
        "Digits: A after the whole search. After the whole search, there is nothing to compare it with. "
        "Left out: B (the same as A in every seed). The settings are those that did best on cifar10."
    )
    assert section.table(of(problem)).rows[0][6] == "–"


def test_a_loss_is_shown_as_one() -> None:
    problem = one(budget(3, choice("a", expected=0.51234, low=0.4, high=1.2)), measure="loss")
    assert section.table(of(problem)).rows[0][5:7] == ("loss\N{NO-BREAK SPACE}0.512", "0.400 to 1.200")


def test_details_show_everybody_who_is_not_worse_and_the_whole_range() -> None:
    problem = one(budget(3, choice("a"), choice("b", "inconclusive", corrected_p=0.2), choice("c", "worse")))
    found = section.details(problem)
    assert [row[:4] for row in found.rows] == [("3", "A", "best", "–"), ("3", "B", "not told apart", "0.2")]
    assert {len(row) for row in found.rows} == {len(found.header)} == {len(found.align)}
    assert plain(found.rows[0][5]) == "0.0001 to 0.1; beta1 0.7 to 0.98"
