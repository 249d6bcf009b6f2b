from dataclasses import replace

from pipeline.reporting.items import Paragraph, Picture, Table
from pipeline.reporting.plots import profiles
from pipeline.reporting.sections import aggregates
from pipeline.results.comparison import Comparison
from tests.reporting.conftest import flat

SPACE = "\N{NO-BREAK SPACE}"


def with_ranking(results, **changed):
    found = results.comparison.model_dump()
    found["ranking"] |= changed
    return replace(results, comparison=Comparison.model_validate(found))


def tables(results):
    return [item for item in flat(aggregates.build(results)) if isinstance(item, Table)]


def told(results):
    return next(item.text for item in aggregates.build(results) if isinstance(item, Paragraph))


def test_nothing_told_apart_is_said_to_be_so_in_the_section_and_in_the_answer(results):
    changed = with_ranking(results, tested=["muon", "adam", "sgd"], p=0.2, critical_difference=2.5)
    assert "**nothing is told apart over all problems**" in told(changed)
    assert "more than 2.50 apart" in told(changed)
    assert "tell no two optimizers apart." in aggregates.sentence(changed)


def test_those_that_lie_further_apart_than_the_critical_difference_are_named(results):
    changed = with_ranking(results, tested=["muon", "adam", "sgd"], p=0.01, critical_difference=1.5)
    assert "told apart: Muon from SGD." in told(changed)
    assert "tell apart only Muon from SGD." in aggregates.sentence(changed)


def test_who_is_left_out_somewhere_is_not_part_of_the_test(results):
    found = results.comparison.model_dump()
    found["problems"]["digits"]["ranking"]["left_out"] = {"muon": "the same as Adam in every seed"}
    del found["problems"]["digits"]["ranking"]["placed"]["muon"]
    found["ranking"] |= {"tested": ["adam", "sgd"], "p": 0.5, "critical_difference": 3.0}
    found["ranking"]["blocks"]["muon"] = 1
    changed = replace(results, comparison=Comparison.model_validate(found))
    assert "left out of a problem (Muon on Handwritten digits) cannot be part of this test" in told(changed)
    rows = {row[0]: row for row in tables(changed)[-1].rows}
    assert rows["Muon"][2] == "1 of 2"
    assert rows["Muon"][-1] == "–"
    assert rows["Adam"][2] == "2 of 2"


def test_the_best_of_each_problem_stands_beside_the_baseline_with_the_studys_own_interval(results):
    table = tables(results)[0]
    assert table.header[3] == "Adam's place"
    beaten = [row for row in table.rows if row[1] == "Muon"]
    for row in beaten:
        assert [cell.replace(SPACE, " ") for cell in row[-2:]] == ["+1.00 points", "+0.50 to +1.50"]


def test_interquartile_means_stand_beside_ranks_and_without_any_numbers_there_is_no_section(results):
    mean = {"mean": 0.9, "low": 0.85, "high": 0.95}
    slow = {"muon": {"cifar10": 1.0, "digits": 2.0}, "adam": {"cifar10": 3.0, "digits": None}}
    changed = with_ranking(results, interquartile_means={"muon": mean}, slowdowns=slow)
    assert "0.90 (0.85 to 0.95)" in tables(changed)[-1].rows[0]
    pictures = [item.name for item in aggregates.build(changed) if isinstance(item, Picture)]
    assert pictures == ["over_problems", "profiles"]
    assert aggregates.build(with_ranking(results, ranks={}, blocks={}, problems=[])) == []


def test_a_profile_is_the_share_of_problems_within_a_distance_of_the_best(results):
    slow = {"muon": {"cifar10": 1.0, "digits": 2.0}, "adam": {"cifar10": 3.0, "digits": None}}
    frame = profiles.data(with_ranking(results, slowdowns=slow))
    speed = frame[frame["quantity"] == "speed"]
    steps = {name: list(zip(own["distance"], own["value"], strict=True)) for name, own in speed.groupby("optimizer")}
    assert steps["muon"] == [(1.0, 50.0), (2.0, 100.0), (4.0, 100.0)]
    # what was never reached stays below 100 %
    assert steps["adam"] == [(1.0, 0.0), (3.0, 50.0), (4.0, 50.0)]
