"""Trained networks to predictions, and what the memo knows of them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.evaluation import assessment
from pipeline.evaluation.assessment import AssessmentTask
from pipeline.prepared import reader
from pipeline.project import files, paths
from pipeline.running import outputs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def memo(tmp_path: Path) -> Path:
    return tmp_path / "memo"


def task(memo: Path, name: str = "sgd") -> AssessmentTask:
    return AssessmentTask(
        "digits",
        name,
        "digits_cnn",
        "compiled",
        paths.learning("digits"),
        paths.test("digits"),
        assessment.test_hash(paths.test("digits")),
        paths.weights(name, "digits"),
        memo,
    )


def test_assessment_is_that_of_a_plain_loop(folder: Path, memo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from pipeline.training import networks

    monkeypatch.chdir(folder)
    found = assessment.assess(task(memo))
    description = reader.describe(paths.learning("digits"))
    for row, (_, weights) in enumerate(sorted(outputs.read_weights("sgd", "digits").items())):
        network = networks.build("digits_cnn", description.shape, 10)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        for part, root in (("test", paths.test("digits")), ("train", paths.learning("digits"))):
            examples = reader.open_part(root, part)
            scaled = (examples.inputs.astype(np.float64) - description.mean) / description.std
            images = torch.from_numpy(scaled.astype(np.float32)).permute(0, 3, 1, 2)
            with torch.inference_mode():
                logits = network(images).double()
            probabilities = torch.softmax(logits, dim=1).numpy()
            guesses = probabilities.argmax(axis=1)
            loss = -np.log(probabilities[np.arange(len(guesses)), examples.labels]).mean()
            if part == "test":
                assert (found.predictions[row] == guesses).mean() == 1
                assert found.confidences[row] == pytest.approx(probabilities.max(axis=1), abs=1e-5)
                assert found.test_loss[row] == pytest.approx(loss, abs=1e-5)
            else:
                assert found.train_accuracy[row] == pytest.approx((guesses == examples.labels).mean())
                assert found.train_loss[row] == pytest.approx(loss, abs=1e-5)


def test_the_validation_accuracy_of_the_record_is_that_of_the_stored_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from pipeline.evaluation.classifier import Classifier

    monkeypatch.chdir(folder)
    validation = reader.open_part(paths.learning("digits"), "validation")
    description = reader.describe(paths.learning("digits"))
    for outcome in outputs.read_trainings_with_weights("muon"):
        assert outcome.weights is not None
        model = Classifier("digits_cnn", outcome.weights, description)
        with torch.inference_mode():
            guesses = model(torch.from_numpy(np.asarray(validation.inputs))).argmax(dim=1).numpy()
        assert (guesses == validation.labels).mean() == pytest.approx(outcome.validation_accuracy, abs=1e-9)


def test_what_was_assessed_is_not_assessed_again(folder: Path, memo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    before = assessment.assess(task(memo))
    (kept,) = memo.rglob("*.safetensors")
    written = kept.stat().st_mtime_ns
    again = assessment.assess(task(memo))
    assert kept.stat().st_mtime_ns == written
    for name, array in vars(before).items():
        found = getattr(again, name)
        assert (found.dtype, found.tobytes()) == (array.dtype, array.tobytes()), name
    # what lies there is the answer
    files.write_tensors(kept, {**vars(before), "test_loss": before.test_loss + 1})
    assert assessment.assess(task(memo)).test_loss == pytest.approx(before.test_loss + 1)


def test_an_assessment_that_was_cut_off_is_done_again(
    folder: Path, memo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = assessment.assess(task(memo))
    (kept,) = memo.rglob("*.safetensors")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1])
    assert assessment.assess(task(memo)).predictions.tobytes() == before.predictions.tobytes()
    assert kept.read_bytes() == whole


def test_weights_examples_and_network_decide_what_the_memo_knows(
    folder: Path, memo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    made = task(memo)
    shutil.copytree(made.test, tmp_path / "test")
    labels = np.load(tmp_path / "test" / "test_labels.npy")
    labels[0] = (labels[0] + 1) % 10
    np.save(tmp_path / "test" / "test_labels.npy", labels)
    elsewhere = replace(made, test=tmp_path / "test", examples=assessment.test_hash(tmp_path / "test"))
    for number, one in enumerate((made, task(memo, "muon"), elsewhere), 1):
        assessment.assess(one)
        assert len(list(memo.rglob("*.safetensors"))) == number
    with pytest.raises(RuntimeError, match="Missing key"):
        assessment.assess(replace(made, network="linear"))
    other_memo = tmp_path / "elsewhere"
    assessment.assess(task(other_memo))
    (name,) = (path.name for path in other_memo.rglob("*.safetensors"))
    assert name in {path.name for path in memo.rglob("*.safetensors")}


def test_code_and_learning_examples_decide_too(folder: Path, memo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    description = reader.describe(paths.learning("digits"))
    assessment.assess(task(memo))
    with monkeypatch.context() as patch:
        patch.setattr(reader, "describe", lambda _: replace(description, digest="another"))
        assessment.assess(task(memo))
    with monkeypatch.context() as patch:
        patch.setattr(assessment, "code_fingerprint", lambda *_: "other code")
        assessment.assess(task(memo))
    assert len(list(memo.rglob("*.safetensors"))) == 3


def test_a_network_of_nans_predicts_nothing(
    folder: Path, memo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    weights = files.read_tensors(paths.weights("sgd", "digits"))
    broken = {name: array * np.float32(np.nan) if name.startswith("2/") else array for name, array in weights.items()}
    files.write_tensors(tmp_path / "weights.safetensors", broken)
    found = assessment.assess(replace(task(memo), weights=tmp_path / "weights.safetensors"))
    assert set(found.predictions[1].tolist()) == {-1}
    assert not found.confidences[1].any()
    assert np.isnan([found.test_loss[1], found.train_loss[1]]).all()
    assert found.train_accuracy[1] == 0
    assert (found.predictions[0] >= 0).all()
