from dataclasses import replace

import pytest

from pipeline.reporting.items import Folded, Paragraph, Picture, Table
from pipeline.reporting.sections import training
from tests.reporting.conftest import judged_by_loss, with_measured


def speed_tables(results, problem="cifar10"):
    return [table for item in training.speed(results, problem) if isinstance(item, Folded) for table in item.items]


def without_targets(results, *absent):
    changed = {
        name: {"speed": found.speed.model_copy(update=dict.fromkeys(absent, ()))}
        for name, found in results.measured("cifar10").items()
    }
    return with_measured(results, "cifar10", **changed)


@pytest.mark.parametrize(
    ("absent", "left"), [((), 2), (("train_loss",), 1), (("train_loss", "validation_accuracy"), 0)]
)
def test_only_targets_that_were_set_have_a_table(results, absent, left):
    changed = without_targets(results, *absent)
    assert len(speed_tables(changed)) == left
    texts = [item.text for item in training.build(changed) if isinstance(item, Paragraph)]
    assert any(text.startswith("**Speed.**") for text in texts) == bool(left)


def test_a_row_has_images_and_seconds_to_every_target_and_the_area(results):
    losses, accuracies = speed_tables(results)
    assert losses.header == (
        *("optimizer", "images to 1.700", "images to 1.500", "images to 1.350"),
        *("seconds to 1.700", "seconds to 1.500", "seconds to 1.350", "mean over the training (nats)"),
    )
    rows = {row[0]: row[1:] for row in losses.rows}
    assert rows["Adam"][:3] == ("21,000", "41,000", "62,001 (1 never)")
    assert rows["Adam"][-1] == "1.610"
    assert rows["SGD"][2] == "not reached by 2 of 3"
    # a seed of it diverged
    assert rows["SGD"][-1] == "diverged"
    per_step = results.cost.time_per_step["cifar10"]["adam"].microseconds
    assert rows["Adam"][3] == f"{21_000.5 * per_step / 1e6 * 1406 / 90_000:.2f}"
    assert accuracies.header[1] == "images to 45.0\N{NO-BREAK SPACE}%"


def test_without_a_measured_cost_there_are_no_seconds(results):
    losses, _ = speed_tables(replace(results, cost=None))
    rows = {row[0]: row[1:] for row in losses.rows}
    assert rows["Adam"][3:6] == ("–", "–", "–")


def test_the_text_says_what_the_training_loss_is(results):
    (text,) = (i.text for i in training.build(results) if isinstance(i, Paragraph) and i.text.startswith("**Speed"))
    assert "an average over an epoch's length" in text


def test_the_ranking_at_equal_seconds_describes(results):
    items = training.build(results)
    (text,) = (i.text for i in items if isinstance(i, Paragraph) and i.text.startswith("**At equal seconds"))
    assert "tests nothing" in text
    assert "learning rate is still high" in text
    (table,) = (item for item in items if isinstance(item, Table))
    assert table.rows[1] == ("2", "Adam", "80.0", "1.300", "59.0")
    by_loss = training.standings(judged_by_loss(results, "cifar10", "regression"), "cifar10")
    assert by_loss[0].header[-1] == "training loss (squared error)"


def test_nothing_stands_at_equal_seconds_without_times(results):
    problems = {
        name: one.model_copy(update={"at_equal_seconds": None}) for name, one in results.comparison.problems.items()
    }
    changed = replace(results, comparison=results.comparison.model_copy(update={"problems": problems}))
    assert training.standings(changed, "cifar10") == []
    assert not any("At equal seconds" in str(item) for item in training.build(changed) if isinstance(item, Paragraph))


def test_words_are_counted_in_blocks(results):
    found = judged_by_loss(results, "cifar10")
    assert speed_tables(found)[0].header[1].startswith("blocks to ")
    captions = [item.caption for item in training.build(found) if isinstance(item, Picture)]
    assert any("validation loss" in caption for caption in captions)


def test_a_shrinking_step_is_put_down_to_the_schedule_where_there_is_one(results):
    folds = {name: training.build(with_schedule(results, name))[-1] for name in ("linear", "constant")}
    said = {name: fold.items[0].caption for name, fold in folds.items()}
    assert "falls to 0" in said["linear"]
    assert "the optimizer's own doing" in said["constant"]


def with_schedule(results, schedule):
    problems = results.settings.problems
    rows = {**problems, "cifar10": problems["cifar10"].model_copy(update={"schedule": schedule})}
    return replace(results, settings=results.settings.model_copy(update={"problems": rows}))
