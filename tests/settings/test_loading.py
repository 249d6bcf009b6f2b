from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dvc.utils.serialize import parse_yaml

from pipeline.data.settings import DataSettings
from pipeline.project.errors import SettingsError
from pipeline.settings import loading, study
from tests import yaml_text
from tests.studies import ROOT, params

if TYPE_CHECKING:
    from pathlib import Path

NAN, INF = float("nan"), float("inf")
CHEAP = {"network": "linear", "epochs": 1, "batch_size": 32}
SPLIT = {"validation_fraction": 0.2}


def changed(path: str, value: Any) -> dict[str, Any]:
    content = params()
    *parents, last = path.split(".")
    place = content
    for part in parents:
        place = place[part]
    place[last] = value
    return content


def refusal(content: object) -> str:
    with pytest.raises(SettingsError) as caught:
        loading.validate(content, "params.yaml")
    return str(caught.value)


def load(folder: Path, content: str | bytes) -> study.Settings:
    path = folder / "params.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return loading.load(path)


def test_the_projects_own_file_is_valid() -> None:
    settings = loading.load(ROOT / "params.yaml")
    assert settings.main_problem == "cifar10"
    assert settings.tuning.seed not in settings.seeds("cifar10")


# --- one line: where, what was found, what is allowed -----------------------------------------------------

REFUSED = [
    (
        "comparison.adaptive",
        ["adagrdd", "adam"],
        "comparison.adaptive: there is no row 'adagrdd' in optimizers; did you mean 'adagrad'?",
    ),
    (
        "comparison.not_adaptive",
        ["sgdd"],
        "comparison.not_adaptive: there is no row 'sgdd' in optimizers; did you",
    ),
    (
        "optimizers.adam.label",
        "Ad\x1b[31mam",
        r"optimizers.adam.label: found 'Ad\x1b[31mam'; it must have no control characters or other invisible signs",
    ),
    (
        "problems.digits.title",
        "Di\u200bgits",
        r"problems.digits.title: found 'Di\u200bgits'; it must have no control characters or other invisible signs",
    ),
    (
        "optimizers.sgd.arguments",
        {"momentum": 10**400},
        f"optimizers.sgd.arguments.momentum: found 1{'0' * 76}…; it is too large: networks compute in float32, up to ",
    ),
    (
        "optimizers.sgd.arguments",
        {"weight_decay": 1e308},
        "optimizers.sgd.arguments.weight_decay: found 1e+308; it is too large: networks compute in float32, up",
    ),
    ("trainings", {}, "trainings: unknown key; did you mean 'training'? Allowed: problems, "),
    ("problems.digits.epoch", 2, "problems.digits.epoch: unknown key; did you mean 'epochs'? Allowed: data, "),
    ("optimizers.adam.serch", {}, "optimizers.adam.serch: unknown key; did you mean 'search'? Allowed: label, "),
    ("optimizers.adam.class_name", "Adam", "optimizers.adam.class_name: unknown key; did you mean 'class'?"),
    ("optimizers.muon.rest.clas", "AdamW", "optimizers.muon.rest.clas: unknown key; did you mean 'class'? Allowed: cl"),
    ("problems.digits.zzz", 1, "problems.digits.zzz: unknown key; allowed: data, "),
    ("problems.digits.epochs", "two", "problems.digits.epochs: found 'two'; it must be a whole number"),
    ("problems.digits.epochs", True, "problems.digits.epochs: found True; it must be a whole number"),
    ("problems.digits.epochs", 2.0, "problems.digits.epochs: found 2.0; it must be a whole number"),
    ("problems.digits.epochs", 0, "problems.digits.epochs: found 0; it must be greater than or equal to 1"),
    ("problems.digits.epochs", None, "problems.digits.epochs: found None; it must be a whole number"),
    ("problems.digits.validation_fraction", 0.1, "problems.digits.validation_fraction: unknown key"),
    (
        "problems.digits.data",
        "cifer10",
        "data.sets: there is no row 'cifer10', which problems.digits is about; did you",
    ),
    (
        "problems.digit",
        CHEAP,
        "data.sets: there is no row 'digit', which problems.digit is about; did you mean 'digits'",
    ),
    ("problems.digits.title", "", "problems.digits.title: found ''; it must not be empty"),
    ("data.sets", {}, "data.sets: found {}; it must not be empty"),
    (
        "data.sets.digit",
        SPLIT,
        "data.sets.digit: there is no pipeline/data/problems/digit.py; did you mean 'digits'? Al",
    ),
    ("data.sets.digits.validation_fraction", 1, "data.sets.digits.validation_fraction: found 1; it must be less than"),
    ("data.sets.digits.validation_fraction", NAN, "data.sets.digits.validation_fraction: found nan; it must be "),
    ("data.sets.digits.validation_fraction", "0.1", "data.sets.digits.validation_fraction: found '0.1'; it must be a"),
    ("problems.digits.validations_per_epoch", 3, "found 3; it must be 1, 2, 5 or 10"),
    ("problems.digits.validations_per_epoch", 0.3, "found 0.3; it must be 1, 2, 5 or 10, or 0.5, 0.25, 0.2 or 0.1"),
    ("problems.digits.validations_per_epoch", True, "found True; it must be 1, 2, 5 or 10"),
    ("problems.digits.schedule", "linaer", "found 'linaer'; it must be 'constant', 'linear' or 'cosine'"),
    ("problems.digits.warmup_fraction", 1, "problems.digits.warmup_fraction: found 1; it must be less than 1"),
    ("problems.digits.warmup_fraction", -0.1, "problems.digits.warmup_fraction: found -0.1; it must be "),
    ("problems.digits.precision", "half", "found 'half'; it must be 'float32', 'bfloat16' or 'auto'"),
    ("device", "gpu", "device: found 'gpu'; it must be 'auto', 'cpu' or 'cuda'"),
    ("problems.digits.network", "CNN!", "problems.digits.network: found 'CNN!'; it must be lower-case letters, digi"),
    ("problems.digits", None, "problems.digits: found None; it must be a mapping (key: value)"),
    ("problems", {}, "problems: found {}; it must not be empty"),
    ("problems", None, "problems: found None; it must be a mapping (key: value)"),
    ("problems.digits.optimizers", [], "problems.digits.optimizers: found []; it must not be empty"),
    ("problems.digits.optimizers", "adam", "problems.digits.optimizers: found 'adam'; it must be a list"),
    (
        "problems.digits.optimizers",
        ["adamm"],
        "problems.digits.optimizers: there is no row 'adamm'; did you mean 'adam'",
    ),
    ("problems.digits.tuned_on", "digits", "problems.digits.tuned_on: 'digits' is not a problem with a search of its"),
    ("problems.digits.tuned_on", "cifar10_longer", "'cifar10_longer' is not a problem with a search of its own"),
    ("problems.digits.tuned_on", "cifar1", "did you mean 'cifar10'? Allowed: cifar10"),
    ("problems.digits.untuned", True, "problems.digits.untuned: optimizers.sgd has no default_learning_rate"),
    ("problems.digits.targets", [0.5], "problems.digits.targets: found [0.5]; it must be a mapping (key: value)"),
    (
        "problems.digits.targets.train_los",
        [1],
        "targets.train_los: unknown key; did you mean 'train_loss'? Allowed: tra",
    ),
    ("problems.digits.targets.train_loss", 0.5, "problems.digits.targets.train_loss: found 0.5; it must be a list"),
    ("problems.digits.targets.train_loss", [0], "targets.train_loss.0: found 0; it must be greater than 0"),
    (
        "problems.digits.targets.train_loss",
        [0.5, 1.0],
        "problems.digits.targets: train_loss: found [0.5, 1.0]; the easy targets come first: [1.0, 0.5]",
    ),
    ("problems.digits.targets.train_loss", [1, 1], "train_loss: found [1.0, 1.0]; the easy targets come first: [1.0]"),
    (
        "problems.digits.targets.validation_accuracy",
        [1],
        "targets.validation_accuracy.0: found 1; it must be less than",
    ),
    ("problems.digits.targets.validation_accuracy", [0.9, 0.8], "the easy targets come first: [0.8, 0.9]"),
    ("optimizers", {}, "optimizers: found {}; it must not be empty"),
    ("optimizers.adam.label", "", "optimizers.adam.label: found ''; it must not be empty"),
    ("optimizers.adam.label", "x" * 41, "optimizers.adam.label: found 'xxx"),
    ("optimizers.adam.label", "SGD", "optimizers.adam.label: 'SGD' is also the label of sgd"),
    ("optimizers.adam.class", 5, "optimizers.adam.class: found 5; it must be text"),
    ("optimizers.adam.search", None, "optimizers.adam.search: found None; it must be a mapping (key: value)"),
    ("optimizers.adam.search", {}, "optimizers.adam: search.learning_rate: {log_uniform: [lowest, highest]} is needed"),
    (
        "optimizers.adam.search.learning_rate",
        {"uniform": [0, 1]},
        "search.learning_rate: {log_uniform: [lowest, highest",
    ),
    (
        "optimizers.adam.search.learning_rate.log_uniform",
        [0.1, NAN],
        "log_uniform.1: found nan; it must be a finite num",
    ),
    ("optimizers.adam.search.learning_rate.log_uniform", [0, 1], "log_uniform.0: found 0; it must be greater than 0"),
    ("optimizers.adam.search.learning_rate.log_uniform", [1, 0.1], "found [1.0, 0.1]; the lower bound comes first"),
    (
        "optimizers.adam.search.eps",
        {"loguniform": [1, 2]},
        "search.eps.loguniform: unknown key; did you mean 'log_unif",
    ),
    ("optimizers.adam.default_learning_rate", NAN, "optimizers.adam.default_learning_rate: found nan; it must be a"),
    ("optimizers.adam.default_learning_rate", 0, "optimizers.adam.default_learning_rate: found 0; it must be greater"),
    (
        "optimizers.adam.default_learning_rate",
        1001,
        "optimizers.adam.default_learning_rate: found 1001; it must be less",
    ),
    ("optimizers.adam.default_learning_rate", True, "optimizers.adam.default_learning_rate: found True; it must be a"),
    ("optimizers.adam.arguments", {"betas": [0.9, 0.999], "eps": 1e-8}, "optimizers.adam: search.eps: the row's argu"),
    ("optimizers.adam.arguments", [1], "optimizers.adam.arguments: found [1]; it must be a mapping (key: value)"),
    ("optimizers.adam.arguments", {"lr": 1}, "optimizers.adam.arguments.lr: the search sets it: give its range as"),
    ("optimizers.muon.rest.arguments", {"lr": 1}, "optimizers.muon.rest.arguments.lr: the search sets it"),
    ("optimizers.adam.arguments", {"eps": NAN}, "optimizers.adam.arguments.eps: found nan; it must be a finite num"),
    ("optimizers.adam.arguments", {"betas": [0.9, INF]}, "optimizers.adam.arguments.betas: found [0.9, inf]; it must"),
    ("optimizers.adam.arguments", {"eps": {}}, "optimizers.adam.arguments.eps: found {}; it must be a finite number"),
    ("tuning.seed", 53, "tuning.seed is 53, which is also a training seed (51 to 60): "),
    ("tuning.survivors", 0, "tuning.survivors: found 0; it must be greater than or equal to 1"),
    ("tuning.seed", -1, "tuning.seed: found -1; it must be greater than or equal to 0"),
    ("execution.workers", 0, "execution.workers: found 0; it must be 'auto' or a whole number from 1 to 4096"),
    ("execution.workers", "all", "execution.workers: found 'all'; it must be 'auto' or a whole number from 1 to 4096"),
    ("execution.workers", 2.5, "execution.workers: found 2.5; it must be 'auto' or a whole number"),
    ("execution.workers", True, "execution.workers: found True; it must be 'auto' or a whole number"),
    ("data.sources", "x", "data.sources: found 'x'; it must be a list"),
    ("data.sources", [1], "data.sources.0: found 1; it must be text"),
    ("backprop.step", 2, "backprop.step: unknown key; did you mean 'steps'? Allowed: inputs, "),
    ("backprop.target", INF, "backprop.target: found inf; it must be a finite number"),
    ("backprop.legible", {"q": 1}, "backprop: legible names 'q', which this network lacks; it has i1, i2"),
    ("comparison.baseline", "adamm", "comparison.baseline: there is no row 'adamm' in optimizers; did you mean 'adam'"),
    ("comparison.alpha", "0.05", "comparison.alpha: found '0.05'; it must be a number"),
    ("comparison.margins.loss", True, "comparison.margins.loss: found True; it must be a number"),
    ("comparison.alpha", 1, "comparison.alpha: found 1; it must be less than 0.5"),
    ("comparison.margins.alik", 1, "comparison.margins.alik: unknown key; did you mean 'alike'? Allowed: accuracy, "),
]


@pytest.mark.parametrize(
    ("path", "value", "said"), REFUSED, ids=[f"{path}={value!r}"[:80] for path, value, _ in REFUSED]
)
def test_a_wrong_value_is_one_line_with_its_path(path: str, value: Any, said: str) -> None:
    message = refusal(changed(path, value))
    assert said in message
    assert message.startswith("params.yaml: ")
    assert len(message.splitlines()) == 1
    words = ("[type", "pydantic", "a valid", "dictionary", "tuple", "instance of", "[key]", "literal[", "constrained")
    assert not [word for word in words if word in message]


@pytest.mark.parametrize("path", ["tuning", "problems.digits.epochs", "optimizers.adam.class", "training.seeds"])
def test_a_missing_key_is_named(path: str) -> None:
    content = params()
    *parents, last = path.split(".")
    place = content
    for part in parents:
        place = place[part]
    del place[last]
    assert refusal(content) == f"params.yaml: {path}: missing"


@pytest.mark.parametrize("content", [None, [1], "text", 5])
def test_a_file_that_is_no_mapping(content: object) -> None:
    assert refusal(content) == f"params.yaml: found {content!r}; it must be a mapping (key: value)"


def test_a_name_that_is_none() -> None:
    content = params()
    content["optimizers"]["Bad Name"] = {**content["optimizers"]["adam"], "label": "Bad"}
    assert refusal(content).startswith("params.yaml: optimizers.Bad Name: found 'Bad Name'; it must be lower-case ")


def test_all_mistakes_are_told_at_once_a_line_each() -> None:
    content = changed("execution.workers", 0)
    content["problems"]["digits"]["epochs"] = "two"
    lines = refusal(content).splitlines()
    assert [line.split(":")[-2].split()[-1] for line in lines] == ["problems.digits.epochs", "execution.workers"]


def test_of_very_many_mistakes_the_first_ten_are_named() -> None:
    content = params() | {f"key{number}": 1 for number in range(25)}
    lines = refusal(content).splitlines()
    assert len(lines) == 11
    assert lines[-1].strip() == "… and 15 more"


def test_a_mistake_as_long_as_a_file_is_cut() -> None:
    content = params() | {f"{number}" + "k" * 100_000: 1 for number in range(3)}
    assert len(refusal(content)) < 2_000
    assert len(refusal(params() | {f"k{number}": 1 for number in range(20_000)})) < 6_000


def test_a_section_is_read_only_where_the_whole_file_is_right(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml_text.dump(changed("data.split_seed", 5)), encoding="utf-8")
    assert loading.section("data", DataSettings, path).split_seed == 5
    path.write_text(yaml_text.dump(changed("tuning.points", 1)), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"tuning.points: found 1; it must be greater than or equal to 2"):
        loading.section("data", DataSettings, path)


def test_the_baseline_is_judged_only_where_the_rows_are_right() -> None:
    content = changed("comparison.baseline", "adamm")
    content["optimizers"]["sgd"]["default_learning_rate"] = "fast"
    assert refusal(content) == "params.yaml: optimizers.sgd.default_learning_rate: found 'fast'; it must be a number"


def test_a_tuned_value_must_be_there_to_start_from() -> None:
    content = params()
    digits = {**content["problems"]["digits"], "data": "digits"}
    content["problems"] = {
        "first": {**digits, "optimizers": ["sgd"]},
        "second": {**digits, "tuned_on": "first"},
    }
    assert "problems.second.tuned_on: 'first' is not tuned for momentum, nesterov" in refusal(content)
    content["problems"]["second"]["optimizers"] = ["sgd"]
    content["problems"]["third"] = {**digits, "optimizers": ["sgd"], "tuned_on": "second"}
    assert "problems.third.tuned_on: 'second' is not a problem with a search of its own" in refusal(content)
    del content["problems"]["third"]
    assert loading.validate(content, "params.yaml").problems["second"].tuned_on == "first"


def test_a_problems_own_seeds_count_against_the_tuning_seed() -> None:
    content = changed("tuning.seed", 15)
    content["training"] = {"first_seed": 1, "seeds": 10}
    loading.validate(content, "params.yaml")
    content["problems"]["digits"]["seeds"] = 20
    assert "tuning.seed is 15, which is also a training seed (1 to 20)" in refusal(content)


# --- the file ---------------------------------------------------------------------------------------------


# nine aliases of nine aliases of …, a file of 400 bytes that stands for 9^9 values
BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)

# the same by merge keys, which the values alone do not show
MERGED_BOMB = "a0: &a0 {x: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 9)}], k{level}: 1}}\n" for level in range(1, 20)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: 1\na: 2\n", "params.yaml: a: given twice in line 2, in the mapping that starts in line 1; keep one."),
        ("problems:\n  digits:\n    epochs: 1\n    epochs: 2\n", "epochs: given twice in line 4, in the mapping that"),
        ("optimizers:\n  sgd: {label: a, label: b}\n", "label: given twice in line 2; keep one."),
        ("a: [1", "params.yaml, line 1 is not valid YAML: while parsing a flow sequence, expected ',' or ']'"),
        ("a: 1\n---\nb: 1\n", "params.yaml, line 2 is not valid YAML: expected a single document in the stream, but"),
        (
            "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n",
            "params.yaml, line 2: not valid YAML (the marks of a merge?). Edit it or take one side, such as `git ",
        ),
        ("a: 2020-13-45", "is not valid YAML: month must be in 1..12."),
        ("a: !!bool maybe", "is not valid YAML: 'maybe'."),
        ('a: !!int ""', "is not valid YAML: string index out of range."),
        (
            "? {a: 1}\n: 2\n",
            "params.yaml, line 1 is not valid YAML: while constructing a mapping, found unhashable key.",
        ),
        (b"label: \xe9", "is not UTF-8 text: byte 7 cannot be read"),
        (b"a: \x00", "is not valid YAML: unacceptable character"),
        ("", "found None; it must be a mapping (key: value)"),
        ("- 1\n", "found [1]; it must be a mapping (key: value)"),
        ("- " * 2_000, "is nested too deeply: remove some of its brackets or levels."),
        ("a: 1\n" * 50_000, "is too large: at most 200,000 bytes are read."),
        ("&a [*a]", "is too large once its aliases (*name) are replaced"),
        (BOMB, "is too large once its aliases (*name) are replaced"),
        ("a: &a " + "x" * 9_000 + "\nb: [" + "*a, " * 900 + "]", "is too large once its aliases (*name) are replaced"),
        (MERGED_BOMB, "is too large once its aliases (*name) are replaced"),
        ("a: " + "[" * 3_000 + "]" * 3_000, "is nested too deeply: remove some of its brackets or levels."),
        ("!!python/object/apply:os.getcwd []", "line 1 is not valid YAML: could not determine a constructor"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, content)
    assert said in str(caught.value)
    assert "params.yaml" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_same_key_in_two_mappings_is_no_repetition() -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert text.count("label:") >= 10
    loading.load(ROOT / "params.yaml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"params.yaml is not in .*: run the command in the project's folder"):
        loading.load(tmp_path / "params.yaml")


@pytest.mark.parametrize("number", ["1e-3", "1.0e-3", "1E-3", "0.001", "+1e-3", "1.e-3"])
def test_numbers_with_an_exponent_are_numbers(tmp_path: Path, number: str) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    found = load(tmp_path, text.replace("arguments: {nesterov: true}", f"arguments: {{weight_decay: {number}}}"))
    assert found.optimizers["nesterov"].arguments == {"weight_decay": 0.001}


TRICKY = [
    *("010", "021", "08", "1_4", "1_000.5", "1:4", "12:30:45", "0o17", "0x1F", "0b11", "+5", "-0"),
    *("1e3", "1e-8", "1E-3", "1.e3", "+1.5e+3", ".5", "5.", ".inf", "-.INF", ".NaN", "1e", "e3"),
    *("on", "off", "yes", "No", "y", "n", "true", "True", "TRUE", "~", "null", "Null", "", "'010'", '"on"'),
    *("2020-01-01", "2020-01-01T10:20:30Z", "2020-01-01 10:20:30 +02:00", "2020-1-1", "[1, 0o7, on, 1e3]", "{on: off}"),
]


@pytest.mark.parametrize("value", TRICKY)
def test_values_that_versions_of_yaml_read_differently_are_read_as_dvc_reads_them(tmp_path: Path, value: str) -> None:
    text = f"a: {value}\n"
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    assert repr(loading.read(path)) == repr(parse_yaml(text, "params.yaml"))


def test_the_projects_own_file_is_read_as_dvc_reads_it() -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert loading.read(ROOT / "params.yaml") == parse_yaml(text, "params.yaml")


def test_labels_that_only_look_different_are_the_same() -> None:
    content = params()
    content["optimizers"]["sgd"]["label"] = "  A\u0301dam "
    content["optimizers"]["adam"]["label"] = "\u00c1dam"
    assert "optimizers.adam.label: 'Ádam' is also the label of sgd; take another" in refusal(content)
    content["optimizers"]["adam"]["label"] = "Adam"
    assert loading.validate(content, "params.yaml").optimizers["sgd"].label == "Ádam"


def test_arguments_left_empty_are_none(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    found = load(tmp_path, text.replace("arguments: {nesterov: true}", "arguments:"))
    assert found.optimizers["nesterov"].arguments == {}
