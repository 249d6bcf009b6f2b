"""The compiled convolution, max-pool and ReLU give what PyTorch's give, gradients and NaN included."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline.training import networks, train
from pipeline.training.convolution import kernels, layer
from pipeline.training.convolution.layer import conv_pool_relu
from pipeline.training.record import OptimizerRow, Training
from tests.conftest import ROOT

# (batch, channels, height, width, outputs): whole blocks of images, a rest, one image to a block, odd and even sides
SIZES = [
    (64, 3, 32, 32, 6),
    (64, 6, 15, 15, 16),
    (7, 2, 11, 8, 3),
    (3, 1, 4, 128, 2),
    (2, 15, 3, 3, 1),
    (33, 1, 8, 9, 16),
]


def plain(features, weight, bias):
    return F.relu(F.max_pool2d(F.conv2d(features, weight, bias), 2))


def random(*shape, values=None, seed=0):
    """Return random numbers, float32."""
    generator = torch.Generator().manual_seed(seed)
    if values is None:
        return torch.randn(shape, generator=generator)
    return torch.tensor(values)[torch.randint(len(values), shape, generator=generator)]


def arguments(batch, channels, height, width, outputs, values=None):
    """Return features laid out channels-last, weight and bias, which all want gradients."""
    features = random(batch, height, width, channels, values=values).permute(0, 3, 1, 2)
    weight, bias = random(outputs, channels, 2, 2, values=values, seed=1), random(outputs, values=values, seed=2)
    return [tensor.requires_grad_() for tensor in (features, weight, bias)]


def outputs_and_gradients(function, given):
    outputs = function(*given)
    weighting = random(*outputs.shape, values=[-2.0, 1.0, 3.0], seed=3).to(outputs.dtype)
    return [outputs.detach(), *torch.autograd.grad(outputs, given, weighting)]


@st.composite
def sizes(draw):
    """Draw sizes as in `SIZES`, of little work: the larger the sides, the fewer the images."""
    channels, outputs = draw(st.integers(1, 15)), draw(st.integers(1, 40))
    height, width = draw(st.integers(3, 24)), draw(st.integers(3, 128))
    most = max(1, min(130, 300_000 // (channels * outputs * height * width)))
    return draw(st.integers(1, most)), channels, height, width, outputs


def is_compiled(*given):
    return conv_pool_relu(*given).grad_fn.name() == "_ConvPoolReluBackward"


@pytest.mark.parametrize("size", SIZES)
def test_outputs_and_gradients_are_pytorchs_up_to_rounding(size):
    given = arguments(*size)
    assert is_compiled(*given)
    exact = outputs_and_gradients(plain, [tensor.detach().double().requires_grad_() for tensor in given])
    for own, reference in zip(outputs_and_gradients(conv_pool_relu, given), exact, strict=True):
        assert own.dtype == torch.float32
        assert own.shape == reference.shape
        error = (own.double() - reference).abs().max() / reference.abs().max()
        assert error < 3e-6
        assert (own != 0).any()


@pytest.mark.parametrize("size", SIZES[:3])
def test_rounding_is_no_worse_than_pytorchs_own_by_much(size):
    given = arguments(*size)
    exact = outputs_and_gradients(plain, [tensor.detach().double().requires_grad_() for tensor in given])
    own, torchs = (outputs_and_gradients(function, given) for function in (conv_pool_relu, plain))
    for mine, other, reference in zip(own, torchs, exact, strict=True):
        allowed = 16 * (other.double() - reference).abs().max() + 1e-6 * reference.abs().max()
        assert (mine.double() - reference).abs().max() <= allowed


@pytest.mark.parametrize("values", [[0.0, 1.0], [-1.0, 0.0, 2.0], [-1.0, -2.0], [-0.0, 0.0]])
def test_of_equal_values_the_same_one_gets_the_gradient(values):
    # whole numbers have no rounding, and many are equal
    given = arguments(5, 3, 9, 10, 4, values)
    for own, other in zip(
        *(outputs_and_gradients(function, given) for function in (conv_pool_relu, plain)), strict=True
    ):
        assert torch.equal(own, other)


@settings(max_examples=100, deadline=None)
@for_all(sizes(), st.sampled_from([[-1.0, 0.0, 1.0], [-7.0, -2.0, 0.0, 3.0, 5.0, 11.0]]))
def test_of_whole_numbers_every_size_gives_the_exact_result(size, values):
    given = arguments(*size, values)
    assert is_compiled(*given)
    exact = outputs_and_gradients(plain, [tensor.detach().double().requires_grad_() for tensor in given])
    for own, reference in zip(outputs_and_gradients(conv_pool_relu, given), exact, strict=True):
        assert torch.equal(own.double(), reference)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_a_number_is_not_lost(odd):
    features, weight, bias = arguments(6, 3, 9, 9, 4)
    with torch.no_grad():
        features[1, 2, 4, 4] = odd
    own, torchs = (function(features, weight, bias).detach() for function in (conv_pool_relu, plain))
    torch.testing.assert_close(own, torchs, equal_nan=True)
    assert not own.isfinite().all()
    assert own[[0, 2, 3, 4, 5]].isfinite().all()


def digests(cache):
    """Return hashes of outputs and gradients from a process of its own whose compiled code is kept in a folder."""
    program = (
        "import hashlib\n"
        "from tests.training import test_convolution as here\n"
        "found = here.outputs_and_gradients(here.conv_pool_relu, here.arguments(*here.SIZES[1]))\n"
        "print(*(hashlib.sha256(each.contiguous().numpy().tobytes()).hexdigest() for each in found))\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == 4
    return done.stdout


def test_freshly_compiled_code_and_numbas_cache_give_the_same_bits(tmp_path):
    fresh = digests(tmp_path)
    assert list(tmp_path.rglob("kernels*.nbc"))
    assert digests(tmp_path) == fresh
    # where nothing can be kept, it is compiled again
    (tmp_path / "file").touch()
    assert digests(tmp_path / "file" / "folder") == fresh


def test_images_do_not_depend_on_those_beside_them():
    features, weight, bias = arguments(64, 3, 32, 32, 6)
    together = conv_pool_relu(features, weight, bias)
    for rows in (slice(0, 1), slice(3, 8), slice(63, 64)):
        assert torch.equal(conv_pool_relu(features[rows], weight, bias), together[rows])


def test_the_rows_and_columns_that_no_output_reads_get_no_gradient():
    features, weight, bias = arguments(4, 3, 8, 8, 4)
    gradient = torch.autograd.grad(conv_pool_relu(features, weight, bias).sum(), features)[0]
    assert (gradient[:, :, 7] == 0).all()
    assert (gradient[:, :, :, 7] == 0).all()
    assert (gradient[:, :, 6] != 0).any()


def test_features_that_want_no_gradient_get_none():
    features, weight, bias = arguments(4, 3, 8, 8, 4)
    with_gradient = torch.autograd.grad(conv_pool_relu(features, weight, bias).sum(), (weight, bias))
    without = torch.autograd.grad(conv_pool_relu(features.detach(), weight, bias).sum(), (weight, bias))
    assert all(torch.equal(a, b) for a, b in zip(with_gradient, without, strict=True))


def test_evaluation_gives_the_same_bits_as_training():
    given = arguments(*SIZES[0])
    with torch.inference_mode():
        evaluated = conv_pool_relu(*given)
    assert torch.equal(evaluated, conv_pool_relu(*given))


@pytest.mark.parametrize(
    "given",
    [
        [tensor.detach().contiguous().requires_grad_() for tensor in arguments(2, 3, 8, 8, 4)],
        [tensor.detach().double().requires_grad_() for tensor in arguments(2, 3, 8, 8, 4)],
        arguments(2, 16, 8, 8, 4),
        arguments(2, 3, 8, 129, 4),
    ],
    ids=["laid out channels first", "float64", "whole vectors of channels", "wider than the lanes"],
)
def test_what_is_not_compiled_for_gets_pytorchs_own(given):
    assert not is_compiled(*given)
    assert torch.equal(conv_pool_relu(*given), plain(*given))


def test_few_channels_stay_float32_where_bfloat16_is_asked_for():
    given, many = arguments(2, 3, 8, 8, 4), arguments(2, 16, 8, 8, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert is_compiled(*given)
        assert conv_pool_relu(*given).dtype == torch.float32
        assert conv_pool_relu(*many).dtype == torch.bfloat16
        assert conv_pool_relu(given[0].bfloat16(), *given[1:]).dtype == torch.bfloat16


def test_the_widest_row_is_what_the_lanes_hold():
    assert int(kernels.LANES) == (layer._WIDEST - 1) // 2 + 1


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_whole_training_goes_the_same_way(optimizer, pictures):
    row = OptimizerRow(optimizer)
    asked = Training("train", "cifar10", "one", "assignment_cnn", row, 0.001, 3, 16, 1, 1, "0" * 64)
    compiled = train.train(asked, pictures, "key")
    torchs = train.train(replace(asked, convolution="torch"), pictures, "key")
    for own, other in zip(compiled.history, torchs.history, strict=True):
        assert own.train_loss == pytest.approx(other.train_loss, abs=1e-4)
    assert any(not np.array_equal(compiled.weights[name], torchs.weights[name]) for name in torchs.weights)
    for name, weights in torchs.weights.items():
        np.testing.assert_allclose(compiled.weights[name], weights, atol=1e-3)


def test_an_exported_model_holds_pytorchs_own():
    network = networks.build("assignment_cnn", (32, 32, 3), 10)
    images = torch.randn(2, 32, 32, 3).permute(0, 3, 1, 2)
    exported = torch.export.export(network, (images,))
    names = {str(node.target) for node in exported.graph.nodes}
    assert any("max_pool2d" in name for name in names)
    assert not any("ConvPoolRelu" in name for name in names)
    torch.testing.assert_close(exported.module()(images), network(images))
