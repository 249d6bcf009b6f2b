from dataclasses import replace

import pytest

from pipeline.reporting.items import Bullets, Paragraph
from pipeline.reporting.numbers_in_words import number
from pipeline.reporting.sections import answer
from pipeline.results.comparison import Comparison
from pipeline.results.verdicts import Verdicts
from tests.reporting.conftest import DECIDED, judged_by_loss, with_rules

SPACE = "\N{NO-BREAK SPACE}"


def told(results):
    return [text.replace(SPACE, " ") for text in answer.sentences(results)]


def with_comparison(results, change):
    """Return results whose comparison was changed in place, as a dictionary."""
    found = results.comparison.model_dump()
    change(found)
    return replace(results, comparison=Comparison.model_validate(found))


def difference(problem, measure, optimizer, **changed):
    def change(found):
        found["problems"][problem]["against_baseline"][measure][optimizer] |= changed

    return change


def placed(problem, *names):
    """Rank these optimizers alone, in this order."""

    def change(found):
        ranking = found["problems"][problem]["ranking"]["placed"]
        found["problems"][problem]["ranking"]["placed"] = {name: ranking[name] for name in names}

    return change


def test_the_answer_is_in_three_sentences_the_result_the_seconds_and_all_problems(results):
    first, second, third = told(with_comparison(results, placed("cifar10", "muon", "adam", "sgd")))
    means = {name: results.comparison.problems["cifar10"].ranking.placed[name].mean for name in ("muon", "adam")}
    assert first == (
        f"On CIFAR-10, Muon reaches the highest test accuracy, {number(means['muon'])} % (mean of 3 seeds); Adam comes "
        f"second of 3 with {number(means['adam'])} % (Muon minus Adam: +1.00 points, 95 % interval +0.50 to +1.50, a "
        "difference that matters)."
    )
    adam, muon = (results.cost.time_per_step["cifar10"][name].microseconds * 1406 / 1e6 for name in ("adam", "muon"))
    assert second.startswith(f"A whole training takes {adam:.1f} s with Adam and {muon:.1f} s with Muon, on one core; ")
    assert third.startswith("Over the 2 problems that all took part in, Muon has the best mean rank (1.0)")
    assert "Adam the second (2.0)" in third
    assert "; on 2 of them something beats Adam in the result by a difference that matters, and on 2 something" in third


@pytest.mark.parametrize(
    ("ratio", "outcome", "expected"),
    [
        (0.8, "better", "to a training loss of 1.7 Muon is the quickest: its seconds are 0.80 times Adam's"),
        (1.2, "worse", "to a training loss of 1.7 nothing is quicker than Adam: the seconds of Muon are 1.20 times"),
    ],
)
def test_the_seconds_name_the_quickest_with_its_interval(results, ratio, outcome, expected):
    numbers = {"difference": ratio, "low": ratio - 0.1, "high": ratio + 0.1, "outcome": outcome}
    change = difference("cifar10", "seconds_to_train_loss_1", "muon", **numbers)
    text = told(with_comparison(results, change))[1]
    assert expected in text
    assert f"(95 % interval {ratio - 0.1:.2f} to {ratio + 0.1:.2f}), a difference that matters." in text


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("no meaningful difference", "too small to matter"), ("inconclusive", "which these seeds do not decide")],
)
def test_a_difference_that_is_none_or_open_is_said_to_be(results, outcome, expected):
    changed = with_comparison(results, placed("cifar10", "muon", "adam", "sgd"))
    changed = with_comparison(changed, difference("cifar10", "test_accuracy", "muon", outcome=outcome))
    assert f"{expected})." in told(changed)[0]


def test_where_the_baseline_is_best_the_second_stands_beside_it(results):
    changed = with_comparison(results, placed("cifar10", "adam", "muon", "sgd"))
    changed = with_comparison(
        changed, difference("cifar10", "test_accuracy", "muon", difference=-1.0, low=-1.5, high=-0.5, outcome="worse")
    )
    first = told(changed)[0]
    assert first.startswith("On CIFAR-10, Adam reaches the highest test accuracy")
    assert "Muon comes second of 3" in first
    assert "(Muon minus Adam: −1.00 points, 95 % interval −1.50 to −0.50, a difference that matters)." in first


def test_an_optimizer_alone_or_one_that_was_not_compared_has_no_difference(results):
    alone = told(with_comparison(results, placed("cifar10", "adam")))[0]
    assert alone.endswith("(mean of 3 seeds).")
    missing = told(with_comparison(results, placed("cifar10", "sgd", "adam")))[0]
    assert "minus" not in missing


def test_without_timings_or_a_second_problem_the_other_sentences_are_left_out(results, one_problem):
    def untimed(found):
        for problem in found["problems"].values():
            del problem["against_baseline"]["seconds_to_train_loss_1"]
        found["ranking"]["problems"] = ["digits"]

    changed = with_comparison(one_problem, untimed)
    assert len(told(changed)) == 1
    assert not any(isinstance(item, Bullets) for item in answer.build(changed))


def test_another_baseline_stands_beside_the_best_of_each_problem(results):
    changed = with_rules(results, baseline="sgd")
    items = answer.build(changed)
    assert Paragraph("The best of each problem, and SGD beside it:") in items
    entries = next(item for item in items if isinstance(item, Bullets)).entries
    assert [entry.partition(":")[0] for entry in entries] == ["CIFAR-10", "Handwritten digits"]
    assert all("SGD" in entry for entry in entries)


def test_a_problem_that_is_judged_by_its_loss_is_told_in_its_unit(results):
    first = told(judged_by_loss(results, "cifar10"))[0]
    assert "reaches the lowest test loss" in first
    assert " nats (mean of 3 seeds)" in first


def test_the_verdict_on_the_question_comes_first_and_all_verdicts_are_counted(results):
    verdicts = Verdicts(method="", claims={"one": DECIDED, "two": DECIDED.model_copy(update={"verdict": "supported"})})
    items = answer.build(replace(results, verdicts=verdicts))
    assert items[1] == Paragraph("**No, it is not: \\*.**")
    assert (
        Paragraph("Of 2 claims of the assignment: 1 refuted and 1 supported ([each with its evidence](#verdicts)).")
        in items
    )
