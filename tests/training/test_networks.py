"""The study's networks compute what the textbook's would, only faster."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pipeline.prepared.refusal import Refusal
from pipeline.training import networks, optimizers
from pipeline.training.convolution import kernels
from pipeline.training.record import OptimizerRow

SHAPES = {"assignment_cnn": (32, 32, 3), "wide_cnn": (32, 32, 3), "digits_cnn": (8, 8, 1)}
ADAMW = OptimizerRow("AdamW", {"weight_decay": 0.0})
MUON = OptimizerRow("Muon", {"weight_decay": 0.0}, ADAMW)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def images(shape, count=5):
    """Return random images laid out channels-last, float32 (count, channels, height, width)."""
    return random(count, *shape).permute(0, 3, 1, 2)


def conventional(network):
    """Build the usual network of the same weights: ReLU before the pool, features flattened channel by channel."""
    layers = []
    for convolution in network.convolutions:
        channels = convolution.out_channels
        own = nn.Conv2d(convolution.in_channels, channels, 2)
        own.load_state_dict({name: value.contiguous() for name, value in convolution.state_dict().items()})
        layers += [own, nn.ReLU(), nn.MaxPool2d(2)]
    layers.append(nn.Flatten())
    for dense in network.dense:
        layers += [nn.Linear(dense.in_features, dense.out_features), nn.ReLU()]
        layers[-2].load_state_dict(dense.state_dict())
    first = layers[3 * len(network.convolutions) + 1]
    side = int((first.in_features / channels) ** 0.5)
    columns = first.weight.data.view(-1, side, side, channels).permute(0, 3, 1, 2)
    first.weight.data = columns.reshape(first.weight.shape).clone()
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("name", SHAPES)
def test_a_network_computes_what_the_conventional_one_of_permuted_weights_does(name):
    network = networks.build(name, SHAPES[name], 10)
    usual = conventional(network)
    batch = images(SHAPES[name])
    torch.testing.assert_close(network(batch), usual(batch.contiguous()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_its_gradients_are_those_of_the_conventional_one(name):
    network = networks.build(name, SHAPES[name], 10)
    usual = conventional(network)
    batch, labels = images(SHAPES[name]), torch.arange(5)
    for model in (network, usual):
        nn.functional.cross_entropy(model(batch.contiguous()), labels).backward()
    pairs = list(zip(network.parameters(), usual.parameters(), strict=True))
    # the first dense layer's columns are permuted: its gradient holds the same numbers in another order
    for own, other in pairs:
        sizes = (own.grad.flatten().sort().values, other.grad.flatten().sort().values)
        torch.testing.assert_close(*sizes, rtol=1e-4, atol=1e-6)


def test_without_the_permutation_the_outputs_would_differ():
    network = networks.build("digits_cnn", SHAPES["digits_cnn"], 10)
    usual = conventional(network)
    usual[4].load_state_dict(network.dense[0].state_dict())
    batch = images(SHAPES["digits_cnn"])
    assert (network(batch) - usual(batch)).abs().max() > 1e-3


def test_the_assignments_network_has_its_layers():
    network = networks.build("assignment_cnn", (32, 32, 3), 10)
    shapes = [tuple(parameter.shape) for parameter in network.parameters() if parameter.dim() > 1]
    assert shapes == [(6, 3, 2, 2), (16, 6, 2, 2), (120, 16 * 7 * 7), (84, 120), (10, 84)]


@pytest.mark.parametrize("name", SHAPES)
def test_images_and_kernels_lie_channels_last_and_stay_so(name):
    network = networks.build(name, SHAPES[name], 10)
    batch = images(SHAPES[name])
    assert batch.is_contiguous(memory_format=torch.channels_last)
    for convolution in network.convolutions:
        assert convolution.weight.is_contiguous(memory_format=torch.channels_last)
    assert network.convolutions[0](batch).is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(network(batch), network(batch.contiguous()))


@pytest.mark.parametrize("shape", [(1, 1, 50), (4, 3, 2)])
def test_linear_is_one_matrix_and_a_bias(shape):
    network, batch = networks.build("linear", shape, 3), images(shape)
    weight, bias = network.parameters()
    assert weight.shape == (3, shape[0] * shape[1] * shape[2])
    rows = batch.permute(0, 2, 3, 1).reshape(5, -1)
    torch.testing.assert_close(network(batch), rows @ weight.T + bias)


@pytest.mark.parametrize("shape", [(7,), (3, 2), (2, 2, 2, 2)])
def test_linear_takes_numbers_of_any_shape(shape):
    network, batch = networks.build("linear", shape, 3), random(5, *shape)
    weight, bias = network.parameters()
    torch.testing.assert_close(network(batch), batch.flatten(1) @ weight.T + bias)


@pytest.mark.parametrize("layers", [1, 2])
def test_where_there_are_no_hidden_matrices_the_rest_of_muon_takes_all(layers):
    def make():
        model = nn.Sequential(*(nn.Linear(6, 6) for _ in range(layers)))
        for seed, parameter in enumerate(model.parameters()):
            parameter.data = random(*parameter.shape, seed=seed)
        return model

    by_muon, by_rest = make(), make()
    stepper = optimizers.build("muon", MUON, 0.01, by_muon)
    plain = optimizers.build("adamw", ADAMW, 0.01, by_rest)
    assert stepper.parameter_counts == {"Muon": 0, "AdamW": 42 * layers}
    for model, own in ((by_muon, stepper), (by_rest, plain)):
        before = own.values.clone()
        for _ in range(3):
            own.zero_grad()
            model(random(4, 6)).square().sum().backward()
            own.step()
        assert (own.values != before).all()
    torch.testing.assert_close(stepper.values, plain.values)


def test_a_third_layer_gives_muon_something_to_do():
    model = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 6))
    assert optimizers.build("muon", MUON, 0.01, model).parameter_counts == {"Muon": 36, "AdamW": 90}


def test_images_that_shrink_to_nothing_are_refused():
    with pytest.raises(Refusal) as caught:
        networks.build("assignment_cnn", (4, 4, 3), 10)
    assert (caught.value.code, caught.value.values) == ("images_too_small", {"height": 4, "width": 4})


@pytest.mark.parametrize("name", SHAPES)
def test_torch_convolves_where_it_is_asked_to(name, monkeypatch):
    def never(*arguments):
        raise AssertionError("the compiled loop was called")

    batch = images(SHAPES[name])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # noqa: TID251
        compiled = networks.build(name, SHAPES[name], 10)
        torch.manual_seed(0)  # noqa: TID251
        plain = networks.build(name, SHAPES[name], 10, "torch")
    expected = compiled(batch)
    monkeypatch.setattr(kernels, "forward", never)
    torch.testing.assert_close(plain(batch), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(AssertionError, match="was called"):
        compiled(batch)
