from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Picture, Table
from pipeline.reporting.plots import cost as cost_plot
from pipeline.reporting.plots import updates
from pipeline.reporting.sections import cost as section
from tests.reporting.conftest import made_up_results, made_up_settings


def entry(step, update, state, spread=0.02):
    def quantity(value):
        return {"median": value, "low": value - spread, "high": value + spread}

    return {
        "step_ratio": quantity(step),
        "optimizer_ratio": quantity(update),
        "microseconds_per_step": 1000 * step,
        "microseconds_optimizer": 50 * update,
        "state_bytes_per_parameter": state,
        "rounds": [step] * 21,
    }


@pytest.fixture(scope="module")
def everybody():
    return made_up_results(made_up_settings())


@pytest.fixture
def measured(everybody):
    """Costs of four optimizers."""
    costs = {
        "sgd": entry(1.001, 1.0, 0.0),
        "adam": entry(1.05, 1.75, 8.0),
        "amsgrad": entry(1.03, 1.8, 12.0),
        "muon": entry(1.6, 18.0, 4.04),
    }
    return replace(everybody, cost=costs)


def test_without_a_measurement_there_is_no_section(results):
    assert section.build(replace(results, cost=None)) == []
    assert section.build(replace(results, cost={})) == []


def test_the_table_holds_every_number_cheapest_first(measured):
    [table] = [item for item in section.build(measured) if isinstance(item, Table)]
    assert [row[0] for row in table.rows] == ["SGD", "AMSGrad", "Adam", "Muon"]
    assert table.rows[2] == ("Adam", "1.05", "1.03 to 1.07", "1,050", "1.75", "1.73 to 1.77", "88", "8.0")
    assert table.strong_rows == {2}


def test_the_text_says_what_adam_costs_and_what_is_noise(measured):
    text = " ".join(getattr(item, "text", "") for item in section.build(measured)).replace("\N{NO-BREAK SPACE}", " ")
    assert "with Adam takes 1.05 × the time of one with plain SGD (95 % interval 1.03 to 1.07)" in text
    assert "8 bytes of state" in text
    assert "21 rounds" in text
    assert "1.00 × (95 % interval 0.98 to 1.02). Smaller differences than that are noise" in text


def test_a_changed_sgd_row_is_not_called_the_yardstick(measured):
    rows = dict(measured.settings.optimizers)
    rows["sgd"] = rows["momentum"]
    changed = replace(measured, settings=measured.settings.model_copy(update={"optimizers": rows}))
    assert "measured twice" not in str(section.build(changed))


def test_an_unknown_interval_is_a_dash(measured):
    for quantity in ("step_ratio", "optimizer_ratio"):
        measured.cost["adam"][quantity] |= {"low": None, "high": None}
    items = section.build(measured)
    [table] = [item for item in items if isinstance(item, Table)]
    assert table.rows[2][2] == "–"
    assert "None" not in str([item for item in items if not isinstance(item, Picture)])


def test_the_plot_has_a_row_for_every_optimizer_and_quantity(measured):
    frame = cost_plot.data(measured)
    assert len(frame) == 4 * 3
    adam = frame[frame["optimizer"] == "adam"].set_index("quantity")
    assert adam.loc["step_ratio", ["value", "low", "high"]].tolist() == pytest.approx([1.05, 1.03, 1.07])
    assert adam.loc["state", "value"] == 8.0
    figure = cost_plot.draw(frame)
    assert [axes.get_xscale() for axes in figure.axes] == ["linear", "log", "linear"]
    assert to_svg(figure) == to_svg(cost_plot.draw(frame))


def test_updates_are_drawn_on_a_logarithmic_axis_largest_last_step_first(everybody):
    results = everybody
    curves = results.training_curves.copy()
    sizes = {"sgd": 0.01, "adam": 0.1}
    curves["update"] = curves["optimizer"].map(sizes)
    curves.loc[(curves["optimizer"] == "adam") & (curves["epoch"] > 1), "update"] = float("nan")
    curves.loc[(curves["optimizer"] == "sgd") & (curves["step"] == 70), "update"] = 0.0
    frame = updates.data(replace(results, training_curves=curves), "cifar10")
    assert list(frame["optimizer"].unique()) == ["adam", "sgd"]
    # a step of size zero has no place on the axis; what diverged ends
    assert len(frame[frame["optimizer"] == "sgd"]) == 19
    assert frame[frame["optimizer"] == "adam"]["epoch"].max() == 1
    figure = updates.draw(frame)
    assert figure.axes[0].get_yscale() == "log"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Adam", "SGD"]


def test_updates_of_a_study_in_which_everything_diverged_can_be_drawn(results):
    curves = results.training_curves.assign(update=float("nan"))
    frame = updates.data(replace(results, training_curves=curves), "cifar10")
    assert frame.empty
    assert "<svg" in to_svg(updates.draw(frame))
