from pipeline.reporting.numbers_in_words import interval, number
from pipeline.reporting.sections import ranking
from tests.reporting.conftest import with_rules


def test_numbers_in_the_ranking_are_those_of_the_results(results):
    table = ranking.table(results, "cifar10")
    assert [row[1] for row in table.rows] == [results.label(name) for name in results.ranked("cifar10")]
    for row, name in zip(table.rows, results.ranked("cifar10"), strict=True):
        found = results.measured("cifar10")[name]
        cells = dict(zip(table.header, row, strict=True))
        assert cells["test accuracy (%)"] == f"{100 * found.test_accuracy.mean:.1f}"
        assert cells["95 % interval"] == interval(found.test_accuracy)
        assert cells["gap (points)"] == number(found.generalization_gap.mean)
        assert cells["seeds diverged"] == f"{found.diverged} of 3"


def test_the_baseline_is_in_bold_whichever_it_is(results):
    for baseline, label in [("adam", "Adam"), ("muon", "Muon")]:
        table = ranking.table(with_rules(results, baseline=baseline), "cifar10")
        assert [table.rows[place][1] for place in table.strong_rows] == [label]


def test_a_loss_without_a_mean_is_shown_as_diverged(results):
    table = ranking.table(results, "cifar10")
    losses = {row[1]: row[table.header.index("test loss (nats)")] for row in table.rows}
    assert losses["SGD"] == "diverged"
    assert losses["Adam"] == f"{results.measured('cifar10')['adam'].test_loss.mean:.3f}"
