"""The table of optimizers, and what is said of a wrong row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.project.errors import SettingsError
from pipeline.results.metrics import Metrics
from pipeline.running import outputs
from pipeline.running.outputs import Setting
from tests import studies, yaml_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    return studies.params()


def run(params: dict[str, Any], *arguments: str) -> str:
    from pathlib import Path

    Path("params.yaml").write_text(yaml_text.dump(params), encoding="utf-8")
    return CliRunner().invoke(app, ["optimizers", *arguments], catch_exceptions=False).stdout


def test_every_row_with_its_defaults_and_what_was_tuned(params: dict[str, Any], tmp_path: Path) -> None:
    problem = next(iter(params["problems"]))
    best = Setting(0.0123, {"beta1": 0.8})
    outputs.write_search("adam", {}, {problem: studies.choice(best, Setting(0.1))})
    rows = {row["optimizer"]: row for row in json.loads(run(params, "--json"))}
    assert list(rows) == list(params["optimizers"])
    assert rows["adam"]["defaults"]["betas"] == [0.9, 0.999]
    assert rows["adam"]["tuned"] == {problem: {"learning_rate": 0.0123, "arguments": {"beta1": 0.8}}}
    assert rows["adam"]["search"]["learning_rate"] == {"log_uniform": [0.0001, 0.1]}
    assert rows["adam"]["default_learning_rate"] == 0.001
    assert rows["muon"]["rest"]["class"] == "AdamW"
    text = run(params)
    assert f"{problem} 0.0123 beta1=0.8" in text
    # 1 minus these is what the row gives
    assert "beta1 0.7 to 0.98" in text
    assert "not tuned yet" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class": "Adm"}, r"optimizers.adam.class: 'Adm' is not .* did you mean 'Adam'\? Allowed: .*RAdam"),
        ({"arguments": {"beta": [0.9, 0.9]}}, r"optimizers.adam.arguments.beta: .* did you mean 'betas'\? Allowed: "),
        ({"default_learning_rate": "fast"}, r"adam.default_learning_rate: found 'fast'; it must be a number"),
        ({"arguments": {"lr": "fast"}}, r"optimizers.adam.arguments.lr: the search sets it"),
        ({"arguments": {"amsgrad": 1}}, r"adam.arguments.amsgrad: found 1; it must be true or false"),
    ],
)
def test_a_wrong_row_is_named_with_what_was_found_and_what_is_allowed(
    params: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    params["optimizers"]["adam"] |= changes
    with pytest.raises(SettingsError, match=message):
        run(params)


def test_the_rest_is_checked_as_well(params: dict[str, Any]) -> None:
    for arguments, said in (({"eps": "small"}, "eps: found 'small'"), ({"esp": 1e-8}, "esp: .* did you mean 'eps'")):
        params["optimizers"]["muon"]["rest"]["arguments"] = arguments
        with pytest.raises(SettingsError, match=f"optimizers.muon.rest.arguments.{said}"):
            run(params)


def test_without_a_search_of_ones_own_the_published_one_is_shown(params: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / Metrics.PATH).write_bytes((studies.ROOT / Metrics.PATH).read_bytes())
    published = Metrics.read(studies.ROOT / Metrics.PATH).problems["cifar10"]["adam"].search.survivors[0]
    rows = {row["optimizer"]: row for row in json.loads(run(params, "--json"))}
    assert rows["adam"]["tuned"]["cifar10"] == published.model_dump()
    # tuned on another problem: no search of its own
    assert "cifar10_longer" not in rows["adam"]["tuned"]
    outputs.write_search("adam", {}, {"cifar10": studies.choice(Setting(0.0123))})
    rows = {row["optimizer"]: row for row in json.loads(run(params, "--json"))}
    assert rows["adam"]["tuned"]["cifar10"]["learning_rate"] == 0.0123
