from itertools import combinations

import pytest

from pipeline.reporting.drawing.colours import ink_on, styles

ROWS = {
    "sgd": "SGD",
    "momentum": "SGD",
    "nesterov": "SGD",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "amsgrad": "Adam",
    "adamax": "Adamax",
    "nadam": "NAdam",
    "radam": "RAdam",
    "adamw": "AdamW",
    "muon": "Muon",
}


def rgb(style):
    return [int(style.colour[at : at + 2], 16) for at in (1, 3, 5)]


def test_no_two_optimizers_look_alike():
    for one, other in combinations(styles(ROWS, "adam").values(), 2):
        assert one.colour != other.colour


def test_lines_of_similar_colour_differ_in_dash_or_marker():
    for one, other in combinations(styles(ROWS, "adam").values(), 2):
        if sum(abs(a - b) for a, b in zip(rgb(one), rgb(other), strict=True)) < 150:
            assert (one.dash, one.marker) != (other.dash, other.marker)


@pytest.mark.parametrize("baseline", ["adam", "momentum"])
def test_the_baseline_stands_out(baseline):
    given = styles(ROWS, baseline)
    assert given[baseline].width > max(style.width for name, style in given.items() if name != baseline)


def test_a_new_row_changes_no_other_style():
    before = styles(ROWS | {"lion": "Lion"}, "adam")
    after = styles(ROWS | {"lion": "Lion", "sophia": "Sophia", "fourth": "SGD"}, "adam")
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == len(after)
    assert styles({"adam": "Adam"}, "adam")["adam"] == before["adam"]


def test_many_unknown_rows_get_styles_of_their_own():
    given = styles({f"new{number}": f"New{number}" for number in range(12)}, "new0")
    assert len(set(given.values())) == 12


@pytest.mark.parametrize(("colour", "ink"), [((1, 1, 1), "black"), ((0, 0, 0, 1), "white"), ((0, 0, 0.6), "white")])
def test_ink_reads_on_its_ground(colour, ink):
    assert ink_on(colour) == ink
