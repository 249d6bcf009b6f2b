from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.reporting.items import Paragraph, Picture, Table
from pipeline.reporting.sections import cost as section
from pipeline.results.cost import Cost, Ratio, StepCost
from tests.reporting.conftest import flat, made_up_results, made_up_settings, with_rows, with_rules


def entry(step, update, state, spread=0.02):
    def quantity(value):
        return Ratio(median=value, low=value - spread, high=value + spread)

    return StepCost(
        step_ratio=quantity(step),
        optimizer_ratio=quantity(update),
        microseconds_per_step=1000 * step,
        microseconds_optimizer=50 * update,
        state_bytes_per_parameter=state,
        rounds=(step,) * 21,
    )


@pytest.fixture(scope="module")
def everybody():
    return made_up_results(made_up_settings())


@pytest.fixture
def measured(everybody):
    """Costs of four optimizers."""
    costs = {
        "sgd": entry(1.001, 1.0, 0.0),
        "adam": entry(1.05, 1.75, 8.0),
        "nadam": entry(1.03, 1.8, 12.0),
        "muon": entry(1.6, 18.0, 4.04),
    }
    return replace(everybody, cost=Cost(optimizers=costs))


def test_without_a_measurement_there_is_no_section(results):
    assert section.build(replace(results, cost=None)) == []
    assert section.build(replace(results, cost=Cost(optimizers={}))) == []


def test_the_table_holds_every_number_cheapest_first(measured):
    [table] = [item for item in section.build(measured) if isinstance(item, Table)]
    assert [row[0] for row in table.rows] == ["SGD", "NAdam", "Adam", "Muon"]
    assert table.rows[2] == ("Adam", "1.05", "1.03 to 1.07", "1,050", "1.75", "1.73 to 1.77", "88", "8.0")
    assert table.strong_rows == {2}


def test_it_is_about_the_baseline_whichever_it_is(measured):
    items = section.build(with_rules(measured, baseline="muon"))
    [table] = [item for item in items if isinstance(item, Table)]
    assert table.strong_rows == {3}
    texts = [item.text for item in items if isinstance(item, Paragraph)]
    assert any("with Muon takes 1.60" in text for text in texts)
    assert not any("Adam" in text for text in texts)


def test_the_text_says_what_adam_costs_and_what_is_noise(measured):
    text = " ".join(getattr(item, "text", "") for item in flat(section.build(measured))).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "with Adam takes 1.05 × the time of one with plain SGD (95 % interval 1.03 to 1.07)" in text
    assert "8 bytes of state" in text
    assert "21 rounds" in text
    assert "1.00 × (95 % interval 0.98 to 1.02). Smaller differences than that cannot be told from chance" in text


def test_every_problem_has_a_column_unless_it_is_measured_together_with_another(results):
    found = [item for item in flat(section.build(results)) if isinstance(item, Table)]
    assert found[-1].header == ("optimizer", "CIFAR-10", "Handwritten digits")
    time = results.cost.time_per_step["digits"]["adam"].ratio
    rows = {row[0]: row for row in found[-1].rows}
    assert rows["Adam"][2] == f"{time.median:.2f} ({time.low:.2f} to {time.high:.2f})"
    assert [found[-1].rows[place][0] for place in found[-1].strong_rows] == ["Adam"]
    problems = results.settings.problems
    same = problems["cifar10"].model_copy(update={"optimizers": ("adam",)})
    settings = results.settings.model_copy(update={"problems": {**problems, "digits": same}})
    together = [item for item in flat(section.build(replace(results, settings=settings))) if isinstance(item, Table)]
    assert len(together) == 1


def test_a_changed_sgd_row_is_not_called_the_reference(measured):
    changed = with_rows(measured, sgd={"arguments": {"momentum": 0.9}})
    assert "measured twice" in str(section.build(measured))
    assert "measured twice" not in str(section.build(changed))


def test_an_unknown_interval_is_a_dash(measured):
    costs = measured.cost.optimizers
    unknown = Ratio(median=1.05, low=None, high=None)
    adam = costs["adam"].model_copy(update={"step_ratio": unknown, "optimizer_ratio": unknown})
    items = section.build(replace(measured, cost=Cost(optimizers={**costs, "adam": adam})))
    [table] = [item for item in items if isinstance(item, Table)]
    assert table.rows[2][2] == "–"
    assert "None" not in str([item for item in items if not isinstance(item, Picture)])
