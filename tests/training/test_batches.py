from __future__ import annotations

import numpy as np
import pytest
import torch

from pipeline.prepared import reader
from pipeline.training.batches import Batches
from tests.training import made_up_data


def batches(learning, size=8):
    return Batches(reader.open_part(learning, "train"), reader.describe(learning), size)


@pytest.mark.parametrize("shape", [(5,), (3, 2), (4, 3, 2), (2, 4, 3, 2)])
def test_numbers_of_any_shape_are_normalised_along_the_last_axis(shape, tmp_path):
    own = batches(made_up_data.numbers(tmp_path / "l", shape))
    stored = np.load(tmp_path / "l" / "train_inputs.npy")
    order = torch.randperm(len(stored), generator=torch.Generator().manual_seed(0))
    found = list(own.in_order(order))
    assert all(inputs.dtype == torch.float32 and inputs.shape == (8, *shape) for inputs, _ in found)
    expected = (stored[order] - 100.0) / 20
    np.testing.assert_allclose(torch.cat([inputs for inputs, _ in found]), expected[: 8 * len(own)], atol=1e-5)
    labels = np.load(tmp_path / "l" / "train_labels.npy")[order]
    np.testing.assert_array_equal(torch.cat([labels for _, labels in found]), labels[: 8 * len(own)])
    np.testing.assert_allclose(torch.cat([i for i, _ in own.in_sequence()]), (stored - 100.0) / 20, atol=1e-5)


def test_each_channel_has_a_scale_of_its_own(tmp_path):
    inputs = np.random.default_rng(0).normal(size=(16, 3, 2)).astype(np.float32)
    changes = {"mean": [1.0, -2.0], "std": [0.5, 4.0]}
    learning = made_up_data.write(tmp_path / "l", inputs, np.zeros(16, np.int64), 2, **changes)
    expected = (inputs[4:] - [1.0, -2.0]) / [0.5, 4.0]
    np.testing.assert_allclose(torch.cat([i for i, _ in batches(learning).in_sequence()]), expected, atol=1e-5)


def test_without_scaling_numbers_stay_as_they_are(tmp_path):
    stored = np.load(made_up_data.noise(tmp_path / "l") / "train_inputs.npy")
    found = torch.cat([inputs for inputs, _ in batches(tmp_path / "l").in_sequence()])
    np.testing.assert_array_equal(found, stored)


def test_token_ids_are_no_numbers(tmp_path):
    own = batches(made_up_data.tokens(tmp_path / "l"), size=10)
    inputs, labels = next(own.in_order(torch.arange(96)))
    assert inputs.dtype == labels.dtype == torch.int64
    assert inputs.shape == labels.shape == (10, made_up_data.LENGTH)
    assert torch.equal(labels, (inputs + 1) % made_up_data.WORDS)


def test_images_come_channels_first_and_lie_channels_last(pictures):
    own = batches(pictures)
    inputs, _ = next(own.in_sequence())
    assert inputs.shape == (8, 3, 32, 32)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
