from dataclasses import replace

from pipeline.reporting.items import Bullets, Folded, Table
from pipeline.reporting.sections import setup
from tests.reporting.conftest import flat, judged_by_loss


def tables(results):
    return [item for item in setup.build(results) if isinstance(item, Table)]


def rows_of(table):
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def with_problem(results, problem, **changed):
    problems = results.settings.problems
    rows = {**problems, problem: problems[problem].model_copy(update=changed)}
    return replace(results, settings=results.settings.model_copy(update={"problems": rows}))


def test_the_numbers_of_examples_are_those_of_the_prepared_data(results):
    rows = rows_of(tables(results)[0])
    assert [row["trained on"] for row in rows] == ["45,000 images", "1,149 images"]
    assert [row["validated on"] for row in rows] == ["5,000 images", "288 images"]
    assert [row["tested on"] for row in rows] == ["10,000 images", "360 images"]
    assert "split seed 5" in str(setup.build(results))
    words = rows_of(tables(judged_by_loss(results, "digits"))[0])[1]
    assert (words["trained on"], words["judged by"]) == ("1,149 blocks", "test loss")


def test_schedule_seeds_and_the_origin_of_the_settings_are_told(results):
    later = with_problem(results, "digits", tuned_on="cifar10", schedule="constant", seeds=2)
    first, second = rows_of(tables(later)[1])
    assert (first["schedule"], first["settings from"], first["seeds"]) == ("linear", "its own search", "3")
    assert (second["schedule"], second["settings from"], second["seeds"]) == (
        *("constant", "the search on CIFAR-10"),
        "2",
    )
    assert rows_of(tables(with_problem(results, "digits", untuned=True))[1])[1]["settings from"] == "the default"
    warm = with_problem(results, "digits", warmup_fraction=0.1)
    assert rows_of(tables(warm)[1])[1]["schedule"] == "linear, with warm-up"


def test_problems_of_the_demo_are_named_and_have_no_row(results):
    demo = with_problem(results, "digits", demo=True)
    table = tables(demo)[0]
    assert [row[0] for row in table.rows] == ["CIFAR-10"]
    assert table.caption == "The problems. Not part of the study, but of the demo and the tests: `digits`."


def test_budget_and_picks_are_told(results):
    (entries,) = (item.entries for item in setup.build(results)[:3] if isinstance(item, Bullets))
    text = " ".join(entries)
    assert "12 settings for each optimizer and problem" in text
    assert "Every survivor is trained with 3 fresh seeds, from 51 on" in text
    assert "Each seed picks one of the survivors by its own validation result" in text


def test_the_ranges_of_the_search_are_in_the_settings_terms(results):
    folded = next(item for item in setup.build(results) if isinstance(item, Folded))
    rows = {row[0]: row for row in folded.items[0].rows}
    assert rows["Adam"][2] == "`learning_rate` 0.0001 to 0.1; `beta1` 0.7 to 0.98; `eps` 1e-08 to 0.001"
    assert (rows["Adam"][3], rows["SGD"][3]) == ("0.001", "–")
    assert "the rest: `AdamW(weight_decay=0.0)`" in rows["Muon"][1]


def test_muons_share_of_the_parameters_is_told(results):
    entries = [entry for item in flat(setup.build(results)) if isinstance(item, Bullets) for entry in item.entries]
    assert any("900 to Muon" in entry and "100 to AdamW" in entry for entry in entries)
