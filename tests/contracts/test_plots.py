"""DVC's plots use the report's colours, and a new row of params.yaml is drawn too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.reporting.drawing import colours
from tests import yaml_text
from tests.conftest import ROOT

PARAMS = yaml_text.load((ROOT / "params.yaml").read_text())
CLASSES = {name: row["class"] for name, row in PARAMS["optimizers"].items()}


def template(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / ".dvc" / "plots" / f"{name}.json").read_text())
    return content


@pytest.mark.parametrize("name", ["curves_by_optimizer", "points_by_optimizer_log"])
def test_every_optimizer_has_the_colour_that_it_has_in_the_report(name: str) -> None:
    found = template(name)
    colour = found["spec"]["encoding"]["color"]
    assert colour["value"] == colours.GREY  # what is not chosen
    scale = colour["condition"]["scale"]
    *names, others = scale["domain"]
    styles = colours.styles(CLASSES, PARAMS["comparison"]["baseline"])
    assert dict(zip(names, scale["range"], strict=False)) == {row: styles[row].colour for row in CLASSES}
    assert len(scale["range"]) == len(names) + 1
    # a row that the template does not know is drawn as one of the others, and stands out like the well-known ones
    (hue,) = (step["calculate"] for step in found["transform"] if step.get("as") == "hue")
    assert (
        hue == f"indexof([{', '.join(repr(row) for row in names)}], datum.optimizer) < 0 ? '{others}' : datum.optimizer"
    )
    (chosen,) = found["spec"]["params"]
    assert {"hue": others} in chosen["value"]
    assert {"hue": PARAMS["comparison"]["baseline"]} in chosen["value"]


def test_the_bars_leave_out_known_rows_alone() -> None:
    first, *_ = template("bars_by_class")["transform"]
    left_out = first["filter"].partition("[")[2].partition("]")[0].replace("'", "").split(", ")
    assert set(left_out) < set(CLASSES)
    assert PARAMS["comparison"]["baseline"] not in left_out


def test_every_axis_is_named_in_words() -> None:
    for plot in yaml_text.load((ROOT / "dvc.yaml").read_text())["plots"]:
        (found,) = plot.values()
        text = (ROOT / ".dvc" / "plots" / f"{found['template']}.json").read_text()
        # a label that DVC is not told is the name of a column
        for axis in ("x", "y"):
            asked = f"<DVC_METRIC_{axis.upper()}_LABEL>" in text
            assert asked == (f"{axis}_label" in found)
            assert "_" not in found.get(f"{axis}_label", "")
