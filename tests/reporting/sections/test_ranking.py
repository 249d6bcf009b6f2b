from dataclasses import replace

from pipeline.reporting.items import Bullets, Paragraph
from pipeline.reporting.numbers_in_words import number
from pipeline.reporting.sections import ranking
from pipeline.results.comparison import Comparison
from tests.reporting.conftest import judged_by_loss, with_rules


def cells(table):
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def test_numbers_in_the_ranking_are_those_of_the_comparison_and_the_metrics(results):
    placed = results.comparison.problems["cifar10"].ranking.placed
    table = ranking.table(results, "cifar10")
    assert [row[1] for row in table.rows] == [results.label(name) for name in placed]
    for row, (name, one) in zip(cells(table), placed.items(), strict=True):
        found = results.measured("cifar10")[name]
        assert row["group"] == str(one.group)
        assert row["test accuracy (%)"] == f"{100 * one.mean:.1f}"
        assert row["95 % interval"] == f"{number(one.low)} to {number(one.high)}"
        assert row["behind (margins)"] == f"{one.behind:.1f}"
        assert row["gap (points)"] == number(found.generalization_gap.mean)
        assert row["seeds diverged"] == f"{len(found.diverged)} of 3"


def test_the_baseline_is_in_bold_whichever_it_is(results):
    for baseline, label in [("adam", "Adam"), ("muon", "Muon")]:
        table = ranking.table(with_rules(results, baseline=baseline), "cifar10")
        assert [table.rows[place][1] for place in table.strong_rows] == [label]


def test_a_loss_without_a_mean_is_shown_as_diverged(results):
    losses = {row["optimizer"]: row["test loss (nats)"] for row in cells(ranking.table(results, "cifar10"))}
    assert losses["SGD"] == "diverged"
    assert losses["Adam"] == f"{results.measured('cifar10')['adam'].test_loss.mean:.3f}"


def test_a_problem_judged_by_its_loss_is_ranked_by_it(results):
    rows = cells(ranking.table(judged_by_loss(results, "cifar10"), "cifar10"))
    shown = [float(row["test loss (nats)"]) for row in rows]
    assert shown == sorted(shown)
    assert "training loss (nats)" in rows[0]
    # a regression has no accuracy
    regression = judged_by_loss(results, "cifar10", "regression")
    assert not any("accuracy" in name for name in ranking.table(regression, "cifar10").header)


def with_twin(results):
    """Muon is the same as Adam on the digits."""
    found = results.comparison.model_dump()
    digits = found["problems"]["digits"]["ranking"]
    del digits["placed"]["muon"]
    digits["left_out"] = {"muon": "the same as Adam in every seed"}
    found["ranking"]["blocks"]["muon"] = 1
    return replace(results, comparison=Comparison.model_validate(found))


def test_twins_are_left_out_with_the_reason(results):
    changed = with_twin(results)
    assert {row["optimizer"] for row in cells(ranking.table(changed, "digits"))} == {"SGD", "Adam"}
    paragraph, reasons = ranking.left_out(changed, "digits")
    assert isinstance(paragraph, Paragraph)
    assert reasons == Bullets(("Muon: the same as Adam in every seed",))
    assert ranking.left_out(results, "digits") == []
