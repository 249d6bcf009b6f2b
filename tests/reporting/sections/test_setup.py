from dataclasses import replace

from pipeline.reporting.items import Bullets, Table
from pipeline.reporting.sections import setup


def test_the_numbers_of_images_are_those_of_the_prepared_data(results):
    table = next(item for item in setup.build(results) if isinstance(item, Table))
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    assert [row["training images"] for row in rows] == ["45,000", "1,149"]
    assert [row["test images"] for row in rows] == ["10,000", "360"]
    assert {row["set aside for validation"] for row in rows} == {"10.0\N{NO-BREAK SPACE}%"}
    assert "split seed 5" in str(setup.build(results))


def test_a_search_that_starts_from_another_problem_is_told(results):
    problems = results.settings.problems
    later = problems["digits"].model_copy(update={"tuned_on": "cifar10", "neighbours": 1})
    settings = results.settings.model_copy(update={"problems": {**problems, "digits": later}})
    items = setup.build(replace(results, settings=settings))
    entries = next(item for item in items if isinstance(item, Bullets)).entries
    assert any("tuned on CIFAR-10 and 1 step of the grid to each side" in entry for entry in entries)


def test_muons_share_of_the_parameters_is_told(results):
    entries = [entry for item in setup.build(results) if isinstance(item, Bullets) for entry in item.entries]
    assert any("900 to Muon" in entry and "100 to AdamW" in entry for entry in entries)
