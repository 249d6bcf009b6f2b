from __future__ import annotations

import numpy as np
import pytest
import torch

from pipeline.training import losses

NAN, INF = float("nan"), float("inf")


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_classification_is_mean_cross_entropy_in_nats():
    outputs, labels = random(6, 3), torch.tensor([0, 1, 2, 2, 1, 0])
    shares = outputs.double().exp() / outputs.double().exp().sum(dim=1, keepdim=True)
    expected = -np.mean([shares[row, label].log().item() for row, label in enumerate(labels)])
    assert losses.loss("classification", outputs, labels).item() == pytest.approx(expected, rel=1e-6)
    right = np.mean([outputs[row].argmax() == label for row, label in enumerate(labels)])
    assert losses.accuracy("classification", outputs, labels) == right


def test_next_token_averages_over_all_tokens():
    outputs, labels = random(2, 4, 5), torch.arange(8).view(2, 4) % 5
    each = [losses.loss("classification", outputs[i, t : t + 1], labels[i, t : t + 1]) for i in (0, 1) for t in range(4)]
    assert losses.loss("next_token", outputs, labels).item() == pytest.approx(np.mean(each), rel=1e-6)
    assert losses.accuracy("next_token", outputs, outputs.argmax(dim=2)) == 1
    assert losses.accuracy("next_token", outputs, labels) == (outputs.argmax(dim=2) == labels).double().mean().item()


def test_regression_is_mean_squared_error_and_has_no_accuracy():
    outputs, labels = random(3, 2), torch.ones(3, 2)
    expected = np.mean((outputs.numpy() - 1) ** 2)
    assert losses.loss("regression", outputs, labels).item() == pytest.approx(expected, rel=1e-6)
    assert losses.accuracy("regression", outputs, labels) is None


def test_no_number_is_no_prediction():
    outputs = torch.tensor([[1.0, 2.0], [3.0, 2.0], [NAN, 1.0], [1.0, INF], [-INF, 1.0], [NAN, NAN]])
    assert losses.predicted(outputs).tolist() == [1, 0, -1, -1, -1, -1]
    assert losses.predicted(outputs.view(2, 3, 2)).tolist() == [[1, 0, -1], [-1, -1, -1]]


@pytest.mark.parametrize("shape", [(8,), (2, 4)])
def test_chance_is_the_share_of_the_most_frequent_label(shape):
    labels = torch.tensor([3, 0, 3, 1, 3, 3, 3, 3]).view(shape)
    assert losses.chance(labels) == pytest.approx((0.75, (0.75 * 0.25 / 8) ** 0.5))
