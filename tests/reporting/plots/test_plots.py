"""What every plot must do; a new file in plots/ is picked up by itself."""

import importlib
import inspect
import pkgutil
import re
from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.figure import Figure

from pipeline.reporting import plots
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.plots import (
    assignment,
    budget,
    confusion,
    cost,
    per_class,
    ranking,
    search,
    speed,
    training_curves,
    tuned,
    updates,
)
from pipeline.results.comparison import Comparison
from tests.reporting.conftest import POINTS, judged_by_loss, with_rules

NAMES = sorted(module.name for module in pkgutil.iter_modules(plots.__path__))
WITHOUT_AXES = {"backprop_network"}


def frames(name, results):
    """The plot's data, of every problem where it asks for one."""
    data = importlib.import_module(f"{plots.__name__}.{name}").data
    if name.startswith("backprop_"):
        return [data(results.backprop)]
    if "problem" in inspect.signature(data).parameters:
        return [data(results, problem) for problem in results.settings.problems]
    return [data(results)]


def draw(name, frame):
    return importlib.import_module(f"{plots.__name__}.{name}").draw(frame)


def names_every_row(axes, frame):
    """Whether the y axis has the optimizers' names in their order: then it needs no other label."""
    return [text.get_text() for text in axes.get_yticklabels()] == list(frame["label"].unique())


@pytest.mark.parametrize("name", NAMES)
def test_there_is_data_for_every_problem(name, results):
    for frame in frames(name, results):
        assert isinstance(frame, pd.DataFrame)
        assert not frame.empty


@pytest.mark.parametrize("name", NAMES)
def test_the_same_data_gives_the_same_svg_with_nothing_from_elsewhere(name, results):
    frame = frames(name, results)[0]
    figure = draw(name, frame)
    assert type(figure) is Figure
    svg = to_svg(figure)
    assert svg == to_svg(draw(name, frame))
    links = re.findall(r'href="([^"]+)"', svg)
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)


@pytest.mark.parametrize("name", sorted(set(NAMES) - WITHOUT_AXES))
def test_both_directions_say_what_they_show(name, results):
    frame = frames(name, results)[0]
    figure = draw(name, frame)
    axes = figure.axes
    assert any(one.get_xlabel() for one in axes) or figure.get_supxlabel()
    assert any(one.get_ylabel() for one in axes) or figure.get_supylabel() or names_every_row(axes[0], frame)


def test_the_ranking_holds_every_seed_and_sorts_by_the_mean(results):
    frame = ranking.data(results, "cifar10")
    for name, rows in frame.groupby("optimizer"):
        quantity = results.measured("cifar10")[name].test_accuracy
        assert rows["value"].tolist() == pytest.approx([100 * value for value in quantity.seeds])
        assert rows["mean"].tolist() == pytest.approx([100 * quantity.mean] * 3)
    means = frame.drop_duplicates("optimizer")["mean"].tolist()
    assert means == sorted(means, reverse=True)
    assert frame["rank"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_twin_is_not_ranked(results):
    compared = results.comparison.model_dump()
    compared["problems"]["cifar10"]["ranking"]["left_out"] = {"muon": "made-up reason"}
    changed = replace(results, comparison=Comparison.model_validate(compared))
    assert set(ranking.data(changed, "cifar10")["optimizer"]) == {"sgd", "adam"}


def test_the_baseline_is_in_bold_whichever_it_is(results):
    for baseline, label in [("adam", "Adam"), ("muon", "Muon")]:
        figure = ranking.draw(ranking.data(with_rules(results, baseline=baseline), "cifar10"))
        names = figure.axes[0].get_yticklabels()
        assert [text.get_text() for text in names if text.get_fontweight() == "bold"] == [label]


def test_a_diverged_seed_does_not_squeeze_the_axis_of_the_ranking(results):
    frame = ranking.data(results, "cifar10")
    assert frame["value"].min() == 0
    figure = ranking.draw(frame)
    left, right = figure.axes[0].get_xlim()
    assert left > 10
    assert left < frame["mean"].min() < frame["mean"].max() < right
    assert any("1 diverged" in text.get_text() for text in figure.axes[0].texts)


def test_a_ranking_without_any_mean_can_be_drawn(results):
    frame = ranking.data(results, "cifar10").assign(mean=float("nan"), low=float("nan"), high=float("nan"))
    figure = ranking.draw(frame.assign(accuracy=float("nan"), diverged=3))
    assert {text.get_text() for text in figure.axes[0].texts} == {"diverged"}


def test_training_curves_end_where_a_seed_diverged(results):
    frame = training_curves.data(results, "cifar10")
    assert frame["value"].notna().all()
    ends = frame.groupby("optimizer")["epoch"].max()
    assert ends["sgd"] == pytest.approx(1.0)
    assert ends["adam"] == pytest.approx(2.0)


def test_training_curves_stay_readable_after_a_very_bad_start(results):
    frame = training_curves.data(results, "cifar10")
    first = (frame["quantity"] == "train_loss") & (frame["epoch"] < 0.2)
    top = training_curves.draw(frame.assign(value=frame["value"].mask(first, 1e6))).axes[0].get_ylim()[1]
    assert top < 4


def test_the_search_shows_every_trial_and_marks_the_special_ones(results):
    frame = search.data(results, "cifar10")
    # SGD has no default setting
    assert len(frame) == 3 * POINTS + 2
    assert frame["optimizer"].drop_duplicates().tolist() == list(results.settings.optimizers)
    assert frame.groupby("optimizer")["survivor"].sum().tolist() == [3, 3, 3]
    assert frame.groupby("optimizer", sort=False)["default"].sum().tolist() == [0, 1, 1]
    lost = frame[frame["diverged"]]
    assert lost["optimizer"].tolist() == ["sgd"]
    assert lost["value"].tolist() == [0.0]
    figure = search.draw(frame)
    marks = {
        marker: [
            x for axes in figure.axes for line in axes.lines if line.get_marker() == marker for x in line.get_xdata()
        ]
        for marker in ("x", "D", "v")
    }
    assert marks["x"] == lost["learning_rate"].tolist()
    assert marks["D"] == frame.loc[frame["default"], "learning_rate"].tolist()
    assert marks["v"] == frame.loc[frame["stopped"], "learning_rate"].tolist()


def test_a_search_by_loss_gives_a_diverged_trial_the_worst_loss(results):
    frame = search.data(judged_by_loss(results, "cifar10"), "cifar10")
    assert frame["axis"].unique().tolist() == ["validation loss (nats)"]
    assert frame.loc[frame["diverged"], "value"].tolist() == [frame["value"].max()]
    assert search.draw(frame).axes[0].get_xscale() == "log"


def test_what_a_shorter_search_finds_has_a_value_for_every_number_of_trials(results):
    frame = budget.data(results, "cifar10")
    found = results.comparison.problems["cifar10"].searches
    assert frame["optimizer"].drop_duplicates().tolist()[0] == max(
        found, key=lambda name: found[name].expected_best[-1]
    )
    adam = frame[frame["optimizer"] == "adam"]
    assert adam["trials"].tolist() == list(range(1, POINTS + 1))
    assert adam["value"].tolist() == pytest.approx([100 * value for value in found["adam"].expected_best])
    by_loss = budget.data(judged_by_loss(results, "cifar10"), "cifar10")
    assert by_loss["value"].max() < 2


def test_default_and_tuned_stand_beside_each_other_also_without_a_default(results):
    compared = results.comparison.model_dump()
    compared["problems"]["cifar10"]["searches"]["sgd"]["default"] = None
    frame = tuned.data(replace(results, comparison=Comparison.model_validate(compared)), "cifar10")
    by_name = frame.set_index("optimizer")
    assert by_name["default"].isna().tolist() == (by_name.index == "sgd").tolist()
    assert (by_name["best"] - by_name["default"]).dropna().tolist() == pytest.approx([2.0, 2.0])
    assert by_name["good"].tolist() == [25.0] * 3
    assert "<svg" in to_svg(tuned.draw(frame))


def test_speed_is_in_images_and_in_seconds_and_a_target_that_half_missed_has_no_dot(results):
    frame = speed.data(results, "cifar10")
    assert len(frame) == 3 * 2 * 3 * 2
    adam = frame[(frame["optimizer"] == "adam") & (frame["kind"] == "train_loss")]
    images, seconds = (adam.loc[adam["unit"] == unit, "value"].tolist() for unit in ("images", "seconds"))
    assert images == [21_000.5, 41_000.5, 62_001.0]
    microseconds = results.cost.time_per_step["cifar10"]["adam"].microseconds
    assert seconds == pytest.approx([value * microseconds / 1e6 * 1406 / 90_000 for value in images])
    # of SGD's three seeds one diverged and one was too slow
    sgd = frame[(frame["optimizer"] == "sgd") & (frame["unit"] == "images") & (frame["kind"] == "train_loss")]
    assert sgd["value"].isna().tolist() == [False, False, True]
    assert len(speed.draw(frame).axes) == 4
    without = speed.data(replace(results, cost=None), "cifar10")
    assert without["unit"].unique().tolist() == ["images"]
    assert len(speed.draw(without).axes) == 2


def test_the_heat_map_shows_every_number(results):
    frame = per_class.data(results, "digits")
    shown = [text.get_text() for text in per_class.draw(frame).axes[0].texts]
    assert shown == [f"{value:.1f}" for value in frame["accuracy"]]
    assert frame["class"].drop_duplicates().tolist() == [str(digit) for digit in range(10)]


def test_a_confusion_matrix_may_have_a_class_none(results):
    frame = results.confusion
    lost = {"problem": "digits", "actual": "0", "predicted": "none", "count": 2}
    changed = replace(results, confusion=pd.concat([frame, pd.DataFrame([lost])]))
    found = confusion.data(changed, "digits")
    assert found.loc[found["predicted"] == "none", "column"].tolist() == [10]
    axes = confusion.draw(found).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()][-1] == "none"


def test_a_class_may_have_any_number_of_columns_and_dark_cells_have_white_text(results):
    figure = per_class.draw(per_class.data(results, "cifar10"))
    assert {text.get_color() for text in figure.axes[0].texts} == {"black", "white"}


def test_the_assignment_is_matched_by_class_whichever_of_its_names_is_used(results):
    frame = assignment.data(results)
    assert frame["class"].tolist() == ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    accuracies = results.measured("cifar10")["adam"].per_class
    assert frame["ours"].iloc[0] == pytest.approx(100 * accuracies["airplane"])
    assert assignment.data(replace(results, per_class=results.per_class.iloc[:0])).empty


def test_the_cost_has_a_row_for_every_optimizer_and_quantity(results):
    frame = cost.data(results)
    assert len(frame) == 3 * 3
    found = results.cost.optimizers["adam"]
    adam = frame[frame["optimizer"] == "adam"].set_index("quantity")
    ratio = found.step_ratio
    assert adam.loc["step_ratio", ["value", "low", "high"]].tolist() == [ratio.median, ratio.low, ratio.high]
    assert adam.loc["state", "value"] == 8.0
    wide = frame["value"].mask((frame["quantity"] == "optimizer_ratio") & (frame["optimizer"] == "muon"), 90.0)
    figure = cost.draw(frame.assign(value=wide))
    assert [axes.get_xscale() for axes in figure.axes] == ["linear", "log", "linear"]


def test_updates_are_drawn_on_a_logarithmic_axis_largest_last_step_first(results):
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
    assert [text.get_text() for text in figure.axes[0].texts] == ["Adam", "SGD"]


def test_curves_of_a_study_in_which_everything_diverged_say_so(results):
    figure = training_curves.draw(training_curves.data(results, results.main_problem).iloc[:0])
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == [
        "no curve: every optimizer has a seed that diverged"
    ] * 2


def test_updates_of_a_study_in_which_everything_diverged_can_be_drawn(results):
    curves = results.training_curves.assign(update=float("nan"))
    frame = updates.data(replace(results, training_curves=curves), "cifar10")
    assert frame.empty
    assert "<svg" in to_svg(updates.draw(frame))
