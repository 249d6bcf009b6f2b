from __future__ import annotations

import numpy as np
import pytest
import torch

from pipeline.evaluation.classifier import Classifier
from pipeline.prepared.reader import Description
from pipeline.training import networks

SHAPE = (8, 8, 3)
DESCRIPTION = Description(
    title="Pets",
    description="Pictures of pets.",
    shape=SHAPE,
    classes=("cat", "dog", "owl"),
    counts={"train": 1, "validation": 1, "test": 1},
    validation_fraction=0.5,
    split_seed=0,
    white=255,
    mean=(100.0, 50.0, 3.0),
    std=(20.0, 10.0, 1.0),
    digest="d",
)


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    state = networks.build("digits_cnn", SHAPE, 3).state_dict()
    return {name: rng.normal(0, 0.1, tuple(tensor.shape)).astype(np.float32) for name, tensor in state.items()}


def test_stored_pixels_in_probabilities_out(weights: dict[str, np.ndarray]) -> None:
    images = np.random.default_rng(1).integers(0, 256, (5, *SHAPE)).astype(np.uint8)
    found = Classifier("digits_cnn", weights, DESCRIPTION)(torch.from_numpy(images)).detach().numpy()
    network = networks.build("digits_cnn", SHAPE, 3)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    normalised = (images - np.array(DESCRIPTION.mean)) / np.array(DESCRIPTION.std)
    logits = network(torch.from_numpy(normalised.transpose(0, 3, 1, 2).astype(np.float32))).detach().numpy()
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert found == pytest.approx(expected, abs=1e-5)
    assert found.dtype == np.float32
    assert found.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_any_number_type_gives_the_same(weights: dict[str, np.ndarray], kind: type) -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, *SHAPE))
    model = Classifier("digits_cnn", weights, DESCRIPTION)
    torch.testing.assert_close(model(torch.from_numpy(images.astype(kind))), model(torch.from_numpy(images)))


def test_all_that_it_needs_is_in_its_state(weights: dict[str, np.ndarray]) -> None:
    model = Classifier("digits_cnn", weights, DESCRIPTION)
    assert {"scale", "shift"} < set(model.state_dict())
    assert not model.training


def test_weights_of_another_network_are_refused(weights: dict[str, np.ndarray]) -> None:
    with pytest.raises(RuntimeError, match=r"size mismatch|Missing key"):
        Classifier("assignment_cnn", weights, Description(**{**DESCRIPTION.__dict__, "shape": (32, 32, 3)}))
