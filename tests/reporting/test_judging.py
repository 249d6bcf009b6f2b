"""Problems that are judged by their loss, in every section of the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.reporting import judging, report, summary
from pipeline.reporting.items import Folded, Heading, Paragraph, Picture, Table
from pipeline.results.comparison import Comparison
from pipeline.results.metrics import OverSeeds
from pipeline.results.problems import Problems
from tests.reporting.conftest import with_measured

_ACCURACIES = ("test_accuracy", "train_accuracy", "validation_accuracy", "generalization_gap", "calibration_error")


def by_loss(results, problem, task):
    """Return results in which a problem is judged by its loss; a regression has no accuracy anywhere."""
    changed = {"measure": "loss", "per_class": {}, "tuned_accuracy": None, "tuned_loss": 1.4}
    changed["validation_loss"] = OverSeeds(mean=1.5, low=1.4, high=1.6, seeds=(1.5, 1.5, 1.5))
    changed |= dict.fromkeys(_ACCURACIES) if task == "regression" else {}
    found = with_measured(results, problem, **dict.fromkeys(results.settings.optimizers, changed))
    facts = results.problems.problems[problem].model_copy(update={"measure": "loss", "task": task})
    compared = results.comparison.model_dump()
    against = compared["problems"][problem]["against_baseline"]
    against["test_loss"] = against.pop("test_accuracy")
    return replace(
        found,
        problems=Problems(problems={**results.problems.problems, problem: facts}),
        comparison=Comparison.model_validate(compared),
        per_class=results.per_class[results.per_class["problem"] != problem],
        confusion=results.confusion[results.confusion["problem"] != problem],
        training_curves=results.training_curves.assign(
            validation_accuracy=results.training_curves["validation_accuracy"].where(
                results.training_curves["problem"] != problem
            )
        ),
    )


def texts(items):
    for item in items:
        match item:
            case Folded(items=inner):
                yield from texts(inner)
            case Heading(text=text) | Paragraph(text=text):
                yield text
            case Table(caption=caption, header=header):
                yield from (caption, *header)
            case Picture(alt=alt, caption=caption):
                yield from (alt, caption)


@pytest.mark.parametrize(("task", "unit"), [("regression", "squared error"), ("next_token", "nats")])
def test_the_main_problem_is_ranked_by_its_loss(results, task, unit):
    found = by_loss(results, "cifar10", task)
    said = list(texts(report.items(found)))
    assert any("reached the lowest mean test loss of 3 optimizers" in text for text in said)
    assert f"test loss ({unit})" in said
    assert f"validation loss ({unit})" in said
    assert any(text.startswith("CIFAR-10: test loss against") for text in said)
    assert not {"per-class", "confusion"} & {item.anchor for item in report.items(found) if isinstance(item, Heading)}
    assert ("test accuracy (%)" in said) == (task == "next_token" or "digits" in found.settings.problems)


def test_optimizers_are_in_the_order_of_their_loss(results):
    found = by_loss(results, "digits", "regression")
    means = {name: row.test_loss.mean for name, row in found.measured("digits").items()}
    finite = [name for name in found.ranked("digits") if means[name] is not None]
    assert finite == sorted(finite, key=means.__getitem__)
    assert found.ranked("digits")[: len(finite)] == finite
    assert found.ranked("cifar10") == results.ranked("cifar10")


def test_the_last_lines_of_a_run_name_the_loss(results):
    lines = summary.lines(by_loss(results, "cifar10", "next_token"))
    assert any(line.startswith("CIFAR-10: test loss, mean of 3 seeds") for line in lines)
    assert any("nats" in line for line in lines)


def test_values_carry_their_unit(results):
    facts = results.problems.problems["digits"]
    accuracy, loss = (judging.of(facts.model_copy(update={"measure": measure})) for measure in ("accuracy", "loss"))
    assert (accuracy.axis("test"), loss.axis("test")) == ("test accuracy (%)", "test loss (nats)")
    assert accuracy.with_unit(0.5).replace("\N{NO-BREAK SPACE}", " ") == "50.0 %"
    assert loss.with_unit(0.5).replace("\N{NO-BREAK SPACE}", " ") == "0.500 nats"
    assert loss.between(0.1, 0.2) == "0.100 to 0.200"
    assert loss.between(None, 0.2) == "–"
    assert loss.with_unit(None) == accuracy.with_unit(None) == "diverged"
