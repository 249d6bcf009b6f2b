"""The compiled max-pool and ReLU give the bits of PyTorch's, gradients and NaN included."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline import networks, pooling, training
from pipeline.data import prepared
from pipeline.data.problems import cifar10
from pipeline.records import Training

SIZES = [(1, 2, 2), (6, 31, 31), (3, 4, 7), (5, 9, 2), (16, 14, 14)]


def features(channels, height, width, *, values=None):
    """Return random features laid out channels-last, float32 (4, channels, height, width)."""
    generator = torch.Generator().manual_seed(0)
    shape = (4, height, width, channels)
    if values is None:
        numbers = torch.randn(shape, generator=generator)
    else:
        numbers = torch.tensor(values)[torch.randint(len(values), shape, generator=generator)]
    return numbers.permute(0, 3, 1, 2).requires_grad_()


def both(inputs, gradients=None):
    """Return outputs and gradients of the compiled function, and of PyTorch's."""
    found = []
    for function in (pooling.compiled_max_pool_relu, lambda x: F.relu(F.max_pool2d(x, 2))):
        outputs = function(inputs)
        given = torch.randn_like(outputs, memory_format=torch.contiguous_format) if gradients is None else gradients
        gradients = given
        found.append((outputs, *torch.autograd.grad(outputs, inputs, given)))
    return found


def is_compiled(inputs):
    return pooling.compiled_max_pool_relu(inputs).grad_fn.name() == "_MaxPoolReluBackward"


@pytest.mark.parametrize("size", SIZES)
def test_the_compiled_pool_gives_the_same_bits(size):
    inputs = features(*size)
    assert is_compiled(inputs)
    ours, torchs = both(inputs)
    for own, other in zip(ours, torchs, strict=True):
        assert own.shape == other.shape
        assert torch.equal(own, other)
    assert (ours[1] != 0).any()


@pytest.mark.parametrize("values", [[0.0, 1.0], [-1.0, 0.0, 2.0], [-1.0, -2.0], [-0.0, 0.0]])
def test_of_equal_values_the_same_one_gets_the_gradient(values):
    ours, torchs = both(features(6, 9, 9, values=values))
    for own, other in zip(ours, torchs, strict=True):
        assert torch.equal(own, other)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_a_number_is_not_lost(odd):
    inputs = features(6, 9, 9, values=[odd, -1.0, 1.0, 2.0])
    ours, torchs = both(inputs)
    for own, other in zip(ours, torchs, strict=True):
        torch.testing.assert_close(own, other, rtol=0, atol=0, equal_nan=True)
    assert ours[0].isnan().any() == (odd != odd)


@pytest.mark.parametrize(
    "inputs",
    [features(6, 8, 8).detach().contiguous().requires_grad_(), features(6, 8, 8).double()],
    ids=["laid out channels first", "float64"],
)
def test_what_is_not_compiled_for_gets_pytorchs_own(inputs):
    assert not is_compiled(inputs)
    assert torch.equal(pooling.compiled_max_pool_relu(inputs), F.relu(F.max_pool2d(inputs, 2)))


def test_channels_that_fill_vectors_need_no_compiled_code():
    assert pooling.for_channels((16, 32)) is pooling.max_pool_relu
    assert pooling.for_channels((6, 16)) is pooling.compiled_max_pool_relu


@pytest.fixture(scope="module")
def learning(tmp_path_factory):
    """Prepared training and validation examples: a few generated 32 × 32 pictures."""
    folder = tmp_path_factory.mktemp("cifar10")
    prepared.prepare(cifar10.tiny(), 0.2, 0, folder / "learning", folder / "test")
    return folder / "learning"


@pytest.mark.parametrize("optimizer", [{"class": "SGD", "arguments": {}}, {"class": "Adam", "arguments": {}}])
def test_a_whole_training_is_the_same_to_the_last_bit(optimizer, learning, monkeypatch):
    row = {**optimizer, "rest": None}
    asked = Training("train", "cifar10", "one", "assignment_cnn", row, 0.01, 3, 16, 1, 1, "0" * 64)
    compiled = training.train(asked, learning, "key")
    monkeypatch.setattr(pooling, "for_channels", lambda channels: pooling.max_pool_relu)
    plain = training.train(asked, learning, "key")
    assert compiled.history == plain.history
    assert all(np.array_equal(compiled.weights[name], plain.weights[name]) for name in plain.weights)


def test_an_exported_model_holds_pytorchs_own():
    network = networks.build("assignment_cnn", (32, 32, 3), 10)
    images = torch.randn(2, 32, 32, 3).permute(0, 3, 1, 2)
    exported = torch.export.export(network, (images,))
    names = {str(node.target) for node in exported.graph.nodes}
    assert any("max_pool2d" in name for name in names)
    assert not any("MaxPoolRelu" in name for name in names)
    torch.testing.assert_close(exported.module()(images), network(images))
