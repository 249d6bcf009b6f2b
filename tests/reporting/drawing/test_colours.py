from itertools import combinations

import pytest

from pipeline.reporting.drawing.colours import ink_on, styles

SGD = ("sgd", "momentum", "nesterov")
ADAGRAD = ("adagrad", "adadelta", "rmsprop")
ADAM = ("adam", "amsgrad", "adamax", "nadam", "radam", "adamw")
ROWS = (*SGD, *ADAGRAD, *ADAM, "muon")


def rgb(style):
    return [int(style.colour[at : at + 2], 16) for at in (1, 3, 5)]


def test_no_two_optimizers_look_alike():
    for one, other in combinations(styles(ROWS).values(), 2):
        assert one.colour != other.colour


def test_lines_of_similar_colour_differ_in_dash_or_marker():
    for one, other in combinations(styles(ROWS).values(), 2):
        if sum(abs(a - b) for a, b in zip(rgb(one), rgb(other), strict=True)) < 150:
            assert (one.dash, one.marker) != (other.dash, other.marker)


def test_adam_stands_out():
    given = styles(ROWS)
    assert given["adam"].width > max(style.width for name, style in given.items() if name != "adam")


def test_a_new_row_changes_nobody_elses_style():
    before = styles([*ROWS, "lion"])
    after = styles([*ROWS, "lion", "sophia"])
    assert {name: after[name] for name in before} == before
    assert after["sophia"] not in before.values()
    assert styles(["adam"])["adam"] == before["adam"]


def test_many_unknown_rows_get_styles_of_their_own():
    given = styles([f"new{number}" for number in range(12)])
    assert len(set(given.values())) == 12


@pytest.mark.parametrize(("colour", "ink"), [((1, 1, 1), "black"), ((0, 0, 0, 1), "white"), ((0, 0, 0.6), "white")])
def test_ink_reads_on_its_ground(colour, ink):
    assert ink_on(colour) == ink
