"""Problems that are judged by their loss, in every section of the report."""

from __future__ import annotations

import pytest

from pipeline.reporting import judging, report, summary
from pipeline.reporting.items import Bullets, Folded, Heading, Paragraph, Picture, Table
from tests.reporting.conftest import judged_by_loss


def texts(items):
    for item in items:
        match item:
            case Folded(items=inner):
                yield from texts(inner)
            case Heading(text=text) | Paragraph(text=text):
                yield text
            case Bullets(entries=entries):
                yield from entries
            case Table(caption=caption, header=header):
                yield from (caption, *header)
            case Picture(alt=alt, caption=caption):
                yield from (alt, caption)


@pytest.mark.parametrize(("task", "unit"), [("regression", "squared error"), ("next_token", "nats")])
def test_the_main_problem_is_ranked_by_its_loss(results, task, unit):
    found = judged_by_loss(results, "cifar10", task)
    said = list(texts(report.items(found)))
    assert any("reaches the lowest test loss" in text for text in said)
    assert f"test loss ({unit})" in said
    assert f"validation loss ({unit})" in said
    assert any(text.startswith("CIFAR-10: test loss against") for text in said)
    assert not {"per-class", "confusion"} & {item.anchor for item in report.items(found) if isinstance(item, Heading)}
    assert ("test accuracy (%)" in said) == (task == "next_token" or "digits" in found.settings.study)


def test_optimizers_are_in_the_order_of_their_loss(results):
    found = judged_by_loss(results, "digits", "regression")
    means = {name: row.test_loss.mean for name, row in found.measured("digits").items()}
    finite = [name for name in found.ranked("digits") if means[name] is not None]
    assert finite == sorted(finite, key=means.__getitem__)
    assert found.ranked("digits")[: len(finite)] == finite
    assert found.ranked("cifar10") == results.ranked("cifar10")


def test_the_last_lines_of_a_run_name_the_loss(results):
    lines = summary.lines(judged_by_loss(results, "cifar10", "next_token"))
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
