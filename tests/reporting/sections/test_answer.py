from dataclasses import replace

import pytest

from pipeline.reporting.items import Bullets, Paragraph
from pipeline.reporting.numbers_in_words import number
from pipeline.reporting.sections import answer
from tests.reporting.conftest import over_seeds, with_measured, with_rules


def test_the_answer_names_best_baseline_and_last_with_their_numbers(results):
    text = " ".join(answer.sentences(results))
    ranked = results.ranked("cifar10")
    assert f"{results.label(ranked[0])} reached the highest mean test accuracy of 3 optimizers" in text
    for name in {ranked[0], ranked[-1], "adam"}:
        assert number(results.measured("cifar10")[name].test_accuracy.mean) in text
    assert "paired by seed" in text


def only(results, *names):
    kept = {name: row for name, row in results.settings.optimizers.items() if name in names}
    return replace(results, settings=results.settings.model_copy(update={"optimizers": kept}))


def test_the_answer_works_when_the_baseline_is_best_or_absent_or_alone(results):
    assert [text.split(" ")[0] for text in answer.sentences(only(results, "adam"))] == ["On"]
    without = " ".join(answer.sentences(only(results, "sgd", "muon")))
    assert "Adam" not in without
    assert len(answer.sentences(only(results, "adam", results.ranked("cifar10")[-1]))) == 2


def test_another_baseline_stands_beside_the_best(results):
    ranked = results.ranked("cifar10")
    middle, last = ranked[1], ranked[2]
    other = last if middle == "adam" else middle
    changed = with_rules(results, baseline=other)
    assert f"{results.label(other)} came {'third' if other == last else 'second'}" in answer.sentences(changed)[1]
    items = answer.build(changed)
    assert Paragraph(f"The best of each problem, and {results.label(other)} beside it:") in items
    bullets = next(item for item in items if isinstance(item, Bullets))
    assert f"; {results.label(other)} " in bullets.entries[0]


def seeds(values):
    return {"test_accuracy": over_seeds(values)}


@pytest.mark.parametrize(
    ("muon", "expected"),
    [
        ([0.51, 0.54, 0.55], "do not tell the two apart"),
        ([0.52, 0.50, 0.5401], "level with Muon (paired by seed"),
        ([0.61, 0.63, 0.65], "11.0 points behind Muon (paired by seed, 95 % interval 11.0 to 11.0)."),
        ([0.61, 0.63, None], "Adam came second"),
    ],
)
def test_a_difference_is_taken_within_seeds_and_a_doubt_is_said(results, muon, expected):
    values = [float("nan") if value is None else value for value in muon]
    measured = {"adam": seeds([0.50, 0.52, 0.54]), "muon": seeds(values), "sgd": seeds([0.10, 0.10, 0.10])}
    if None in muon:
        measured["muon"]["test_accuracy"] = measured["muon"]["test_accuracy"].model_copy(update={"mean": 0.62})
    text = answer.sentences(with_measured(results, "cifar10", **measured))[1].replace("\N{NO-BREAK SPACE}", " ")
    assert expected in text
    assert ("paired" in text) == (None not in muon)
