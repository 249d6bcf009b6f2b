from dataclasses import replace

import pytest

from pipeline.reporting.items import Bullets, Paragraph
from pipeline.reporting.numbers_in_words import number
from pipeline.reporting.sections import answer
from pipeline.results.comparison import Comparison
from pipeline.results.metrics import Metrics
from pipeline.results.verdicts import Verdicts
from tests.reporting.conftest import DECIDED, judged_by_loss

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
        f"On CIFAR-10, after 2 epochs, Muon reaches the highest test accuracy, {number(means['muon'])} %; Adam comes "
        f"second of 3 with {number(means['adam'])} % (Muon minus Adam: +1.00 points, 95 % interval +0.50 to +1.50, a "
        "difference that matters)."
    )
    times = results.cost.time_per_step["cifar10"]
    assert second == (
        f"But a step of Muon takes {times['muon'].microseconds / times['adam'].microseconds:.2f} times as long as one "
        "of Adam: stopped after the 1.2 s of the cheapest training, SGD leads (validation accuracy 60.0 %, Muon "
        "58.0 %, Adam 59.0 %)."
    )
    assert third.startswith("Something beats Adam by a difference that matters on 2 of the 2 problems that all")


def test_a_lead_that_is_kept_at_equal_seconds_is_said_to_be(results):
    def change(found):
        found["problems"]["cifar10"]["at_equal_seconds"]["validation_accuracy"] = {"muon": 0.6, "adam": 0.5}

    changed = with_comparison(with_comparison(results, placed("cifar10", "muon", "adam", "sgd")), change)
    assert "Muon still leads (validation accuracy 60.0 %, Adam 50.0 %)." in told(changed)[1]


def test_the_figure_shows_equal_epochs_and_equal_seconds_and_its_words_the_numbers(results):
    shown = answer.picture(results)
    assert len(shown.figure.axes) == 2
    assert "after equal epochs, best first: " in shown.alt
    assert "after 1.2 s of steps, best first: SGD 60.0" in shown.alt.replace(SPACE, " ")
    without = with_comparison(results, lambda found: found["problems"]["cifar10"].update(at_equal_seconds=None))
    assert len(answer.picture(without).figure.axes) == 1


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
    assert first.startswith("On CIFAR-10, after 2 epochs, Adam reaches the highest test accuracy")
    assert "Muon comes second of 3" in first
    assert "(Muon minus Adam: −1.00 points, 95 % interval −1.50 to −0.50, a difference that matters)." in first


def test_an_optimizer_alone_or_one_that_was_not_compared_has_no_difference(results):
    alone = told(with_comparison(results, placed("cifar10", "adam")))[0]
    assert alone.endswith(" %.")
    missing = told(with_comparison(results, placed("cifar10", "sgd", "adam")))[0]
    assert "minus" not in missing


def test_without_timings_or_a_second_problem_the_other_sentences_are_left_out(one_problem):
    def untimed(found):
        for problem in found["problems"].values():
            problem["at_equal_seconds"] = None
        found["ranking"]["problems"] = ["digits"]

    assert len(told(with_comparison(one_problem, untimed))) == 1


def test_a_problem_that_is_judged_by_its_loss_is_told_in_its_unit(results):
    first = told(judged_by_loss(results, "cifar10"))[0]
    assert "reaches the lowest test loss" in first
    assert " nats; " in first


def test_the_verdict_on_the_question_comes_first(results):
    items = answer.build(replace(results, verdicts=Verdicts(method="", claims={"one": DECIDED})))
    assert items[0] == Paragraph("**No, it is not: \\*.**")
    assert isinstance(items[1], Bullets)


def test_where_everything_diverged_there_is_nothing_to_compare(results):
    found = results.metrics.model_dump()
    for one in found["problems"][results.main_problem].values():
        one["diverged"] = list(range(len(one["trainings"])))
    lost = replace(results, metrics=Metrics.model_validate(found))
    assert told(lost) == [
        f"On {results.title(results.main_problem)}, every training diverged, so there is nothing to compare: "
        "[what diverged](#diverged)."
    ]
    assert len(told(results)) > 1
