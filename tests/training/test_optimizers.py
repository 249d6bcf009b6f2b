"""What every row of ``optimizers`` in params.yaml must do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from pipeline.prepared.refusal import Refusal
from pipeline.training import networks, optimizers
from pipeline.training.optimizers.muon import Muon
from pipeline.training.record import OptimizerRow
from tests import studies

ROWS = studies.central_rows()
# Allowed, though no row uses them
OTHERS = {
    kind.lower(): {"class": kind, "learning_rate": 0.01, "arguments": {}}
    for kind in optimizers.ALLOWED
    if kind not in {row["class"] for row in ROWS.values()}
}
ALL = ROWS | OTHERS
# torch computes these in one kernel where it can, which rounds in another order
FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}


@pytest.fixture(autouse=True)
def one_deterministic_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def network(name="assignment_cnn", shape=(32, 32, 3), seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # noqa: TID251
        return networks.build(name, shape, 10)


def batches(count, size=16, shape=(32, 32, 3)):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        images = torch.randn(size, *shape, generator=generator).permute(0, 3, 1, 2)
        yield images, torch.randint(10, (size,), generator=generator)


def typed(row: dict[str, Any]) -> OptimizerRow:
    rest = row.get("rest")
    return OptimizerRow(row["class"], row["arguments"], typed(rest) if rest else None)


def stepped(row, net, data, learning_rate=None):
    """Train by the project's own optimizers; return the loss of every step."""
    stepper = optimizers.build("row", typed(row), learning_rate or row["learning_rate"], net)
    return _train(net, data, stepper.zero_grad, stepper.step)


def stepped_plainly(row, net, data):
    """Train as any PyTorch tutorial does: one optimizer over the network's own tensors."""
    plain = []
    if row["class"] == "Muon":
        # the hidden matrices are named here by hand
        hidden = [
            p for n, p in net.named_parameters() if n in ("convolutions.1.weight", "dense.0.weight", "dense.1.weight")
        ]
        rest = [p for p in net.parameters() if all(p is not other for other in hidden)]
        # a kernel is a matrix of its storage order; views share memory with the network
        flattened = [
            torch.nn.Parameter(p.data.permute(0, 2, 3, 1).reshape(len(p), -1) if p.dim() == 4 else p.data)
            for p in hidden
        ]
        muon = Muon(flattened, lr=row["learning_rate"], **row["arguments"])
        rest_class = getattr(torch.optim, row["rest"]["class"])
        adam = rest_class(rest, lr=row["learning_rate"], fused=True, **row["rest"]["arguments"])

        def step():
            for matrix, parameter in zip(flattened, hidden, strict=True):
                gradient = parameter.grad
                matrix.grad = (gradient.permute(0, 2, 3, 1) if gradient.dim() == 4 else gradient).reshape(matrix.shape)
            muon.step()
            adam.step()
            with torch.no_grad():
                for matrix, parameter in zip(flattened, hidden, strict=True):
                    if parameter.dim() == 4:
                        o, i, h, w = parameter.shape
                        parameter.data.copy_(matrix.view(o, h, w, i).permute(0, 3, 1, 2))

        return _train(net, data, lambda: [setattr(p, "grad", None) for p in net.parameters()], step)
    options = {"fused": False} if row["class"] in FUSED else {}
    plain = getattr(torch.optim, row["class"])(net.parameters(), lr=row["learning_rate"], **options, **row["arguments"])
    return _train(net, data, plain.zero_grad, plain.step)


def _train(net, data, zero_grad, step):
    losses = []
    for images, labels in data:
        loss = F.cross_entropy(net(images), labels)
        zero_grad()
        loss.backward()
        step()
        losses.append(loss.item())
    return losses


def weights(net):
    return {name: value.detach().contiguous().clone() for name, value in net.state_dict().items()}


class Parabola(torch.nn.Module):
    """Three matrices, so that every kind of optimizer has something to take; the lowest point is at 3."""

    def __init__(self):
        super().__init__()
        self.matrices = torch.nn.ParameterList([torch.zeros(3, 3) for _ in range(3)])
        self.vector = torch.nn.Parameter(torch.zeros(5))

    def forward(self):
        return sum(((p - 3) ** 2).mean() for p in self.parameters())


@pytest.mark.parametrize("name", ALL)
def test_descends_a_parabola(name):
    parabola = Parabola()
    start = [parameter.detach().clone() for parameter in parabola.parameters()]
    stepper = optimizers.build(name, typed(ALL[name]), ALL[name]["learning_rate"], parabola)
    costs = []
    for _ in range(100):
        cost = parabola()
        stepper.zero_grad()
        cost.backward()
        stepper.step()
        costs.append(cost.item())
    assert costs[-1] < costs[0]
    # every single number moved towards the lowest point, none was left out
    for before, parameter in zip(start, parabola.parameters(), strict=True):
        assert (parameter > before).all()


@pytest.mark.parametrize("name", ALL)
def test_descends_the_loss_of_a_network(name):
    data = list(batches(1, shape=(8, 8, 1))) * 30
    losses = stepped(ALL[name], network("digits_cnn", (8, 8, 1)), data)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ALL)
def test_is_the_plain_torch_optimizer_stepped_tensor_by_tensor(name):
    ours, plain = network(), network()
    our_losses = stepped(ALL[name], ours, batches(20))
    plain_losses = stepped_plainly(ALL[name], plain, batches(20))
    exact = ALL[name]["class"] not in FUSED
    tolerance = {"rtol": 0, "atol": 0} if exact else {"rtol": 1e-4, "atol": 1e-6}
    torch.testing.assert_close(our_losses, plain_losses, rtol=1e-5, atol=0 if exact else 1e-5)
    torch.testing.assert_close(weights(ours), weights(plain), **tolerance)
    assert any(not torch.equal(a, b) for a, b in zip(weights(ours).values(), weights(network()).values(), strict=True))


@pytest.mark.parametrize("name", ROWS)
def test_every_parameter_has_one_optimizer(name):
    net = network()
    stepper = optimizers.build(name, typed(ROWS[name]), ROWS[name]["learning_rate"], net)
    assert sum(stepper.parameter_counts.values()) == sum(p.numel() for p in net.parameters()) == len(stepper.values)
    # what the network computes with is what the optimizer changes, and its gradients are those that it reads
    stepper.values.fill_(0.25)
    stepper.gradients.fill_(0.5)
    assert all((p == 0.25).all() and (p.grad == 0.5).all() for p in net.parameters())


def test_moving_into_one_vector_changes_no_output():
    moved, untouched = network(), network()
    optimizers.build("sgd", typed(ROWS["sgd"]), 0.1, moved)
    images, _ = next(batches(1))
    assert torch.equal(moved(images), untouched(images))
    torch.testing.assert_close(weights(moved), weights(untouched), rtol=0, atol=0)


def test_muon_takes_the_hidden_matrices_and_nothing_else():
    net = network()
    stepper = optimizers.build("muon", typed(ROWS["muon"]), 0.001, net)
    muon, rest = stepper.optimizers
    shapes = [tuple(p.shape) for group in muon.param_groups for p in group["params"]]
    # the second convolution (16 filters of 2 × 2 × 6), both hidden layers; not the first convolution, not the head
    assert shapes == [(16, 24), (120, 784), (84, 120)]
    hidden = 16 * 24 + 120 * 784 + 84 * 120
    everything = sum(p.numel() for p in net.parameters())
    assert stepper.parameter_counts == {"Muon": hidden, "AdamW": everything - hidden}
    assert {group["lr"] for o in (muon, rest) for group in o.param_groups} == {0.001}


def test_muon_takes_no_table_of_words_or_positions():
    net = networks.build("causal_transformer", (32,), 100)
    stepper = optimizers.build("muon", typed(ROWS["muon"]), 0.01, net)
    everything = sum(parameter.numel() for parameter in net.parameters())
    # queries, keys, values and their mixture; both dense layers of the block
    hidden = 4 * 64 * 64 + 2 * 64 * 256
    assert stepper.parameter_counts == {"Muon": hidden, "AdamW": everything - hidden}


def test_muon_leaves_a_network_without_hidden_matrices_to_its_rest():
    net = torch.nn.Linear(4, 3)
    stepper = optimizers.build("muon", typed(ROWS["muon"]), 0.001, net)
    assert stepper.parameter_counts == {"Muon": 0, "AdamW": 15}
    stepper.gradients.fill_(1.0)
    before = stepper.values.clone()
    stepper.step()
    assert (stepper.values < before).all()


# Limiting cases and formulas, on one vector


GRADIENTS = np.random.default_rng(0).normal(size=(12, 7))


def vector_after(kind, gradients=GRADIENTS, learning_rate=0.05, **arguments):
    """Return the float32 vector, from zero on, after a step with each gradient."""
    module = torch.nn.Module()
    module.vector = torch.nn.Parameter(torch.zeros(gradients.shape[1]))
    stepper = optimizers.build("row", OptimizerRow(kind, arguments), learning_rate, module)
    for gradient in gradients:
        stepper.gradients.copy_(torch.from_numpy(gradient))
        stepper.step()
    return stepper.values.numpy().copy()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("SGD", {"momentum": 0.0}), ("SGD", {})),
        (("AdamW", {"weight_decay": 0.0}), ("Adam", {})),
        (("Adam", {"weight_decay": 0.0}), ("Adam", {})),
        (("RMSprop", {"momentum": 0.0}), ("RMSprop", {})),
        (("Adagrad", {"lr_decay": 0.0}), ("Adagrad", {})),
    ],
)
def test_limiting_cases(one, other):
    assert np.array_equal(vector_after(one[0], **one[1]), vector_after(other[0], **other[1]))


def test_amsgrad_is_adam_while_the_second_moment_grows():
    growing = GRADIENTS[:1] * 1.5 ** np.arange(12)[:, None]
    assert np.array_equal(vector_after("Adam", growing, amsgrad=True), vector_after("Adam", growing))
    shrinking = growing[::-1]
    assert not np.allclose(vector_after("Adam", shrinking, amsgrad=True), vector_after("Adam", shrinking))


def test_momentum_and_nesterov_are_not_plain_sgd():
    plain, heavy = vector_after("SGD"), vector_after("SGD", momentum=0.9)
    nesterov = vector_after("SGD", momentum=0.9, nesterov=True)
    assert not np.allclose(plain, heavy)
    assert not np.allclose(heavy, nesterov)


def sgd(gradients, rate):
    return -rate * gradients.sum(axis=0)


def momentum(gradients, rate, mu=0.9):
    """Sutskever et al. (2013) in torch's form: v = mu v + g, w = w - rate v."""
    w = v = np.zeros(gradients.shape[1])
    for g in gradients:
        v = mu * v + g
        w = w - rate * v
    return w


def nesterov(gradients, rate, mu=0.9):
    w = v = np.zeros(gradients.shape[1])
    for g in gradients:
        v = mu * v + g
        w = w - rate * (g + mu * v)
    return w


def adagrad(gradients, rate, eps=1e-10):
    """Duchi et al. (2011)."""
    w = total = np.zeros(gradients.shape[1])
    for g in gradients:
        total = total + g**2
        w = w - rate * g / (np.sqrt(total) + eps)
    return w


def adadelta(gradients, rate, rho=0.9, eps=1e-6):
    """Zeiler (2012), algorithm 1, times a learning rate."""
    w = squares = changes = np.zeros(gradients.shape[1])
    for g in gradients:
        squares = rho * squares + (1 - rho) * g**2
        change = np.sqrt(changes + eps) / np.sqrt(squares + eps) * g
        changes = rho * changes + (1 - rho) * change**2
        w = w - rate * change
    return w


def rmsprop(gradients, rate, alpha=0.99, eps=1e-8):
    """Tieleman & Hinton (2012), lecture 6.5."""
    w = squares = np.zeros(gradients.shape[1])
    for g in gradients:
        squares = alpha * squares + (1 - alpha) * g**2
        w = w - rate * g / (np.sqrt(squares) + eps)
    return w


def adam(gradients, rate, beta1=0.9, beta2=0.999, eps=1e-8):
    """Kingma & Ba (2015), algorithm 1."""
    w = m = v = np.zeros(gradients.shape[1])
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w


def adamax(gradients, rate, beta1=0.9, beta2=0.999, eps=1e-8):
    """Kingma & Ba (2015), algorithm 2."""
    w = m = u = np.zeros(gradients.shape[1])
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        u = np.maximum(beta2 * u, np.abs(g) + eps)
        w = w - rate / (1 - beta1**t) * m / u
    return w


def nadam(gradients, rate, beta1=0.9, beta2=0.999, eps=1e-8, psi=0.004):
    """Dozat (2016), algorithm 2, with its schedule of mu."""
    w = m = v = np.zeros(gradients.shape[1])
    mu = [beta1 * (1 - 0.5 * 0.96 ** (t * psi)) for t in range(len(gradients) + 2)]
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        ahead = mu[t + 1] * m / (1 - np.prod(mu[1 : t + 2])) + (1 - mu[t]) * g / (1 - np.prod(mu[1 : t + 1]))
        w = w - rate * ahead / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w


def radam(gradients, rate, beta1=0.9, beta2=0.999, eps=1e-8):
    """Liu et al. (2020), algorithm 2."""
    w = m = v = np.zeros(gradients.shape[1])
    longest = 2 / (1 - beta2) - 1
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        step = m / (1 - beta1**t)
        if length > 5:
            r = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length)
            step = step * np.sqrt(r) * np.sqrt(1 - beta2**t) / (np.sqrt(v) + eps)
        w = w - rate * step
    return w


@pytest.mark.parametrize(
    ("formula", "kind", "arguments"),
    [
        (sgd, "SGD", {}),
        (momentum, "SGD", {"momentum": 0.9}),
        (nesterov, "SGD", {"momentum": 0.9, "nesterov": True}),
        (adagrad, "Adagrad", {}),
        (adadelta, "Adadelta", {}),
        (rmsprop, "RMSprop", {}),
        (adam, "Adam", {}),
        (adam, "AdamW", {"weight_decay": 0.0}),
        (adamax, "Adamax", {}),
        (nadam, "NAdam", {}),
        (radam, "RAdam", {}),
    ],
)
def test_is_the_formula_of_its_paper(formula, kind, arguments):
    # steps of about the learning rate, but Adadelta's, which begins with tiny ones
    rate = 100.0 if kind == "Adadelta" else 0.05
    expected = formula(GRADIENTS, rate)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(vector_after(kind, learning_rate=rate, **arguments), expected, rtol=2e-5, atol=1e-6)


def test_what_cannot_be_built_is_refused_by_code_and_values():
    with pytest.raises(Refusal) as caught:
        optimizers.build("mine", OptimizerRow("Adamm"), 0.1, network())
    assert (caught.value.code, caught.value.values["found"]) == ("unknown_class", "Adamm")
