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
    each = [
        losses.loss("classification", outputs[i, t : t + 1], labels[i, t : t + 1]) for i in (0, 1) for t in range(4)
    ]
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


@pytest.mark.parametrize("shape", [(64,), (16, 4)])
@pytest.mark.parametrize(
    ("error", "hits", "hopeless"),
    [
        (1.4, 0.30, True),
        # below ln 4 = 1.386
        (1.38, 0.30, False),
        # 24 of 64 labels are the same: 0.375, and a standard error of 0.0605
        (1.4, 0.435, True),
        (1.4, 0.436, False),
        (NAN, 0.0, True),
        (INF, 0.0, True),
        (1.4, None, False),
    ],
)
def test_hopeless_is_no_better_than_equal_probabilities_and_the_most_frequent_label(error, hits, hopeless, shape):
    labels = torch.tensor([3] * 24 + [0] * 20 + [1] * 20).view(shape)
    assert losses.is_hopeless(error, hits, labels, 4) == hopeless
