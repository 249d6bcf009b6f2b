import re
from xml.etree import ElementTree as ET

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from pipeline.backprop.example import worked_example
from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.formats.mathml import to_mathml
from pipeline.reporting.items import Bullets, Heading, Paragraph, Picture, Table
from pipeline.reporting.plots import backprop_descent, backprop_network
from pipeline.reporting.sections import backprop as section
from tests.backprop.examples import of_size
from tests.reporting.conftest import flat

FORMULA = re.compile(r"\$([^$]+)\$")
NAMESPACE = "http://www.w3.org/1998/Math/MathML"


@pytest.fixture(scope="module")
def example():
    return worked_example(ASSIGNMENT)


@pytest.fixture(scope="module")
def items(example):
    return list(flat(section.build(example)))


def texts(items):
    for item in items:
        match item:
            case Heading() | Paragraph():
                yield item.text
            case Bullets():
                yield from item.entries
            case Table():
                yield item.caption
                yield from (cell for row in (item.header, *item.rows) for cell in row)
            case Picture():
                yield item.caption


def table_with(items, header):
    return next(item for item in items if isinstance(item, Table) and header in item.header)


def test_the_section_opens_with_its_heading_and_has_all_tables_and_pictures(items):
    assert items[0] == Heading("Back-propagation, worked by hand", "backprop", 2)
    assert [len(item.rows) for item in items if isinstance(item, Table)] == [4, 4, 5, 11, 2, 6, 5, 6]
    assert [item.name for item in items if isinstance(item, Picture)] == ["backprop_network", "backprop_descent"]


def test_it_says_which_numbers_are_legible_and_which_reconstructed(items):
    given = {row[0]: row[3].split(":")[0] for row in table_with(items, "where it comes from").rows}
    assert given == {
        "inputs": "**reconstructed**",
        "weights": "**reconstructed**",
        "target": "**legible**",
        "learning rate": "**assumed**",
    }
    assert any(t.startswith("Legible in the assignment: $y = 1$, $h_{1} = 1.9$, $h_{2} = 1.1$") for t in texts(items))


def test_it_says_why_the_reconstructed_numbers_are_these(items):
    rows = table_with(items, "can be read in part").rows
    assert [row[1] for row in rows][:3] == ["$w_{5} = 0.8$", "$z = 1.85$", "$1 - o = 0.135873$"]
    assert {row[2] for row in rows} == {"yes"}


def test_it_says_what_was_written_and_what_is_right(items):
    first, second = table_with(items, "what was written").rows
    assert first[1:] == (
        r"$w_{1} \cdot i_{1} + w_{2} \cdot i_{1}$",
        "$1.2$",
        r"$w_{1} \cdot i_{1} + w_{2} \cdot i_{2}$",
        "$1.9$",
    )
    assert (second[2], second[4]) == ("$-0.734508$", "$0.117411$")
    found = list(texts(items))
    assert any("the number that the assignment prints, $1.9$, is the right one" in text for text in found)
    assert any("that gradient has the other sign" in text for text in found)


def test_a_trace_that_does_not_fit_is_said_not_to():
    other = ASSIGNMENT.model_dump() | {"output_weights": (1, 0.5), "steps": 2}
    items = list(flat(section.build(worked_example(BackpropSettings.model_validate(other)))))
    rows = table_with(items, "can be read in part").rows
    assert [row[2] for row in rows] == ["**no**", "yes", "**no**", "**no**"]


def test_the_tables_show_the_numbers_of_the_assignment(items):
    values = {row[0]: (row[3], row[4]) for row in table_with(items, "source").rows}
    assert values["$h_{1}$"] == ("$1.9$", "legible")
    assert values["$z$"] == ("$1.85$", "computed")
    assert values["$J$"] == ("$0.00923072$", "computed")
    row = table_with(items, "autograd").rows[4]
    assert row[:3] == (r"$\dfrac{\partial J}{\partial w_{5}}$", "$-0.030310765062$", "$-0.030310765062$")
    assert row[3].startswith("$-0.030310765")


def test_a_changed_weight_is_said_to_contradict_the_assignment():
    changed = ASSIGNMENT.model_dump() | {"hidden_weights": ((0.6, 0.7), (0.3, 0.4)), "steps": 2}
    found = list(texts(flat(section.build(worked_example(BackpropSettings.model_validate(changed))))))
    assert any("it prints $h_{1} = 1.9$, these settings give $2$" in text for text in found)
    assert "**given**: set in `params.yaml`" in found


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (4, 5)])
def test_networks_of_other_sizes_have_a_section_too(size):
    items = list(flat(section.build(worked_example(of_size(*size)))))
    assert not any("ssignment" in text for text in texts(items))
    for latex in {formula for text in texts(items) for formula in FORMULA.findall(text)}:
        to_mathml(latex, display=False)


def test_every_formula_becomes_mathml_and_nothing_else(items):
    assert all(text.count("$") % 2 == 0 for text in texts(items))
    formulas = {formula for text in texts(items) for formula in FORMULA.findall(text)}
    assert len(formulas) > 50
    for latex in formulas:
        root = ET.fromstring(to_mathml(latex, display=True))  # noqa: S314
        assert root.get("display") == "block"
        assert {element.tag.partition("}")[0] for element in root.iter()} == {"{" + NAMESPACE}
        assert not any("href" in name or "src" in name for element in root.iter() for name in element.attrib)


@pytest.mark.parametrize(
    "latex",
    [r"\dfrac{1}{", r"\unknown x", r"\text{<script>alert(1)</script>}", r"\href{http://example.org}{x}", "a & b"],
)
def test_what_is_no_plain_formula_is_refused(latex):
    with pytest.raises(ValueError, match="LaTeX formula"):
        to_mathml(latex, display=False)


def test_smaller_than_is_a_formula():
    assert "&#x0003C;" in to_mathml("x < y", display=False)


def test_the_network_has_a_value_on_every_node_and_edge(example):
    frame = backprop_network.data(example)
    forward, backward = (frame[frame["panel"] == panel].set_index("symbol") for panel in ("forward", "backward"))
    assert forward.loc["w4", "value"] == 0.4
    assert forward.loc["z", "value"] == pytest.approx(1.85)
    assert backward.loc["dJ/dw2", "value"] == pytest.approx(-0.025524854789)
    assert list(frame.loc[frame["value"].isna(), "symbol"]) == ["σ(z)"]
    # from the upper input to the lower hidden unit
    assert list(forward.loc["w3", ["layer", "height", "end_height"]]) == [0, 0.5, -0.5]


def overlaps(figure):
    """Return pairs of texts of `figure` whose boxes cover each other."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for axes in figure.axes for text in axes.texts]
    pairs = [(one, other) for number, one in enumerate(boxes) for other in boxes[:number]]
    return [(one[0], other[0]) for one, other in pairs if one[1].overlaps(other[1])]


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (4, 2), (2, 3), (8, 8)])
def test_no_labels_of_the_network_overlap(size):
    frame = backprop_network.data(worked_example(of_size(*size)))
    assert overlaps(backprop_network.draw(frame)) == []


def test_the_descent_has_a_row_for_every_curve_and_step(example):
    frame = backprop_descent.data(example)
    assert list(frame["curve"].unique()) == ["gradient descent, α = 0.5", "Adam, α = 0.5", "Adam, α = 0.001"]
    assert len(frame) == 3 * 101
    assert frame["cost"].iloc[0] == pytest.approx(0.0092307221)


def test_a_cost_of_zero_can_be_drawn(example):
    nothing = [curve.model_copy(update={"costs": (0.0, 0.0)}) for curve in example.curves]
    frame = backprop_descent.data(example.model_copy(update={"curves": tuple(nothing)}))
    assert "<svg" in to_svg(backprop_descent.draw(frame))
