from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import yaml
from torch.nn import functional as F  # noqa: N812

from pipeline.prepared import reader
from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import SettingsError
from pipeline.running import memo
from pipeline.running.refusals import in_words
from pipeline.training import networks, train
from pipeline.training.batches import Batches
from pipeline.training.record import OptimizerRow, Outcome, Training
from pipeline.training.schedule import factor
from tests.training import made_up_data

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())["optimizers"]


def typed(row: dict[str, Any]) -> OptimizerRow:
    rest = row.get("rest")
    return OptimizerRow(row["class"], row["arguments"], typed(rest) if rest else None)


def task(name="adam", **changes) -> Training:
    row, rate = typed(ROWS[name]), ROWS[name]["learning_rate_centre"]
    plain = Training("train", "digits", name, "digits_cnn", row, rate, 2, 32, 1, 1, "0" * 64)
    return replace(plain, **changes)


def run(learning: Path, name="adam", **changes) -> Outcome:
    return train.train(task(name, **changes), learning, "key")


def content(outcome: Outcome) -> tuple[str, list[tuple[str, bytes]]]:
    """All of an outcome that a second run must bring again."""
    return json.dumps(outcome.to_json(), allow_nan=False), [(n, a.tobytes()) for n, a in outcome.weights.items()]


@pytest.mark.parametrize("name", ["adam", "muon"])
def test_the_same_settings_give_the_same_bytes(name, learning):
    first = run(learning, name)
    # whatever else drew random numbers or set threads in this process
    torch.rand(7)
    np.random.default_rng().random()
    torch.set_num_threads(2)
    assert content(run(learning, name)) == content(first)


def test_a_training_leaves_the_global_random_state_alone(learning):
    before = torch.random.get_rng_state()
    run(learning, epochs=1)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("change", [{"seed": 2}, {"learning_rate": 0.002}, {"batch_size": 31}])
def test_other_settings_give_other_weights(change, learning):
    weights, others = run(learning, epochs=1).weights, run(learning, epochs=1, **change).weights
    assert all(not np.array_equal(weights[name], others[name]) for name in weights)


@pytest.fixture
def watched(monkeypatch):
    """Record the network's initial weights and every batch's labels, as training asks for them."""
    initial: list[dict[str, torch.Tensor]] = []
    orders: list[torch.Tensor] = []
    build, in_order = networks.build, Batches.in_order

    def watched_build(*arguments):
        network = build(*arguments)
        initial.append({name: value.clone() for name, value in network.state_dict().items()})
        return network

    def watched_order(self, order):
        orders.append(order.clone())
        return in_order(self, order)

    monkeypatch.setattr(networks, "build", watched_build)
    monkeypatch.setattr(Batches, "in_order", watched_order)
    return initial, orders


def test_seeds_pair_the_optimizers(watched, learning):
    initial, orders = watched
    names = ["sgd", "adam", "muon"]
    for name in names:
        run(learning, name, learning_rate=0.01)
    run(learning, "sgd", seed=2)
    assert [len(initial), len(orders)] == [4, 8]
    for own, (first, second) in zip(initial[:3], zip(orders[0:6:2], orders[1:6:2], strict=True), strict=True):
        assert all(torch.equal(own[name], initial[0][name]) for name in own)
        assert torch.equal(first, orders[0])
        assert torch.equal(second, orders[1])
    assert not torch.equal(orders[0], orders[1])
    # another seed is another start and another order
    assert not torch.equal(orders[6], orders[0])
    assert all(not torch.equal(initial[3][name], initial[0][name]) for name in initial[0])


def test_weights_and_order_come_from_streams_of_their_own():
    streams = {train.stream(seed, purpose) for seed in range(100) for purpose in ("weights", "order", "dropout")}
    assert len(streams) == 300
    assert all(0 <= stream < 2**63 for stream in streams)


@pytest.mark.parametrize("batch_size", [32, 50, 191, 192])
def test_an_epoch_takes_whole_batches_and_no_example_twice(batch_size, learning, monkeypatch):
    used: list[torch.Tensor] = []
    in_order = Batches.in_order

    def watched_order(self, order):
        for images, labels in in_order(self, order):
            used.append(images.flatten(1))
            yield images, labels

    monkeypatch.setattr(Batches, "in_order", watched_order)
    run(learning, epochs=1, batch_size=batch_size)
    whole = 192 // batch_size
    assert [len(batch) for batch in used] == [batch_size] * whole
    stored = Batches(reader.open_part(learning, "train"), reader.describe(learning), 192)
    everything = Counter(map(tuple, next(iter(stored.in_sequence()))[0].flatten(1).tolist()))
    taken = Counter(map(tuple, torch.cat(used).tolist()))
    # every example at most once, and all where none is left over
    assert taken <= everything
    assert taken.total() == whole * batch_size


def test_a_batch_larger_than_the_data_is_refused(learning):
    with pytest.raises(Refusal) as caught:
        run(learning, batch_size=193)
    assert caught.value.code == "batch_too_large"
    assert caught.value.values == {"problem": "digits", "found": 193, "examples": 192}


def plain_loop(
    task: Training, learning: Path, scale: Callable[[int], float] = lambda step: 1.0
) -> tuple[list[float], torch.nn.Module, list[tuple[float, float]]]:
    """The usual PyTorch loop, from the files on: losses of all steps, the network, validation after each epoch."""
    stored = json.loads((learning / "description.json").read_text())

    def part(name):
        images = np.load(learning / f"{name}_inputs.npy").astype(np.float64)
        images = (images - np.array(stored["mean"])) / np.array(stored["std"])
        labels = np.load(learning / f"{name}_labels.npy")
        return torch.from_numpy(images).float().permute(0, 3, 1, 2), torch.from_numpy(labels)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 16, 2)
            self.hidden = torch.nn.Linear(9 * 16, 64)
            self.head = torch.nn.Linear(64, 10)

        def forward(self, images):
            maps = F.max_pool2d(F.relu(self.conv(images)), 2)
            # the project flattens (height, width, channel)
            return self.head(F.relu(self.hidden(maps.permute(0, 2, 3, 1).flatten(1))))

    net = Net()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(train.stream(task.seed, "weights"))  # noqa: TID251
        start = networks.build(task.network, (8, 8, 1), 10).state_dict()
    net.load_state_dict(dict(zip(net.state_dict(), start.values(), strict=True)))
    optimizer = getattr(torch.optim, task.row.class_name)(net.parameters(), lr=task.learning_rate, **task.row.arguments)
    images, labels = part("train")
    order = torch.Generator().manual_seed(train.stream(task.seed, "order"))
    losses, validations = [], []
    for _ in range(task.epochs):
        shuffled = torch.randperm(len(images), generator=order)
        for begin in range(0, len(images) - task.batch_size + 1, task.batch_size):
            rows = shuffled[begin : begin + task.batch_size]
            optimizer.param_groups[0]["lr"] = task.learning_rate * scale(len(losses))
            optimizer.zero_grad()
            loss = F.cross_entropy(net(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            outputs, truth = net(part("validation")[0]), part("validation")[1]
            accuracy = (outputs.argmax(1) == truth).float().mean().item()
            validations.append((F.cross_entropy(outputs, truth).item(), accuracy))
    return losses, net, validations


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam", "rmsprop"])
def test_history_and_weights_are_those_of_the_usual_loop(name, learning):
    settings = task(name, epochs=3, batch_size=13, learning_rate=min(ROWS[name]["learning_rate_centre"], 0.003))
    outcome = train.train(settings, learning, "key")
    losses, net, validations = plain_loop(settings, learning)
    # 14 batches of 13 per epoch, 10 examples are left over; looked at after every tenth: 1.4, 2.8, 4.2, …
    assert len(losses) == 3 * 14
    looks = [1, 3, 4, 6, 7, 8, 10, 11, 13, 14]
    steps = [14 * epoch + look for epoch in range(3) for look in looks]
    assert [point.step for point in outcome.history] == steps
    assert [point.images for point in outcome.history] == [13 * step for step in steps]
    means = [np.mean(losses[a:b]) for a, b in zip([0, *steps], steps, strict=False)]
    np.testing.assert_allclose([point.train_loss for point in outcome.history], means, rtol=0, atol=1e-5)
    looked_at = [point for point in outcome.history if point.validation_accuracy is not None]
    assert [point.step for point in looked_at] == [14, 28, 42]
    for point, (loss, accuracy) in zip(looked_at, validations, strict=True):
        assert point.validation_loss == pytest.approx(loss, abs=1e-5)
        assert point.validation_accuracy == pytest.approx(accuracy, abs=1e-6)
    for ours, plain in zip(outcome.weights.values(), net.state_dict().values(), strict=True):
        np.testing.assert_allclose(ours, plain.numpy(), rtol=0, atol=2e-5)


def test_the_update_is_the_root_mean_square_of_a_steps_change(learning):
    # one step an epoch: the only change is that from the initial weights
    outcome = run(learning, "sgd", epochs=1, batch_size=192)
    assert [point.step for point in outcome.history] == [1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(train.stream(1, "weights"))  # noqa: TID251
        start = networks.build("digits_cnn", (8, 8, 1), 10).state_dict()
    changes = [(outcome.weights[name] - start[name].numpy()).ravel() for name in start]
    expected = np.sqrt(np.mean(np.concatenate(changes) ** 2))
    assert outcome.history[0].update == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("times", "steps"), [(1, [21]), (2, [10, 21]), (5, [4, 8, 13, 17, 21])])
def test_validation_is_looked_at_as_often_as_asked(times, steps, learning):
    # 21 batches of 9 per epoch
    outcome = run(learning, epochs=2, batch_size=9, validations_per_epoch=times)
    found = [point.step for point in outcome.history if point.validation_accuracy is not None]
    assert found == [*steps, *(21 + step for step in steps)]
    assert all((point.validation_loss is None) == (point.validation_accuracy is None) for point in outcome.history)


def test_looking_changes_nothing(learning):
    once, often = run(learning), run(learning, validations_per_epoch=10)
    assert all(np.array_equal(once.weights[name], often.weights[name]) for name in once.weights)
    assert [point.train_loss for point in once.history] == [point.train_loss for point in often.history]


@pytest.mark.parametrize("steps", range(1, 40))
def test_an_epoch_of_any_length_ends_with_a_look_at_the_validation_examples(steps):
    for times in (1, 2, 5, 10):
        looks = train.look_steps(task(validations_per_epoch=times), 1, steps)
        assert list(looks) == sorted(looks)
        assert min(looks) >= 1
        assert max(looks) == steps
        assert looks[steps]
        if steps >= 10:
            assert len(looks) == 10
            assert sum(looks.values()) == times


@pytest.mark.parametrize(
    ("times", "epochs", "validated"),
    [
        (0.5, 6, [2, 4, 6]),
        (0.5, 5, [1, 3, 5]),
        (0.25, 10, [2, 6, 10]),
        (0.2, 3, [3]),
        (0.1, 20, [10, 20]),
        (1, 2, [1, 2]),
    ],
)
def test_in_some_epochs_nothing_is_validated_but_always_in_the_last(times, epochs, validated, learning):
    outcome = run(learning, epochs=epochs, validations_per_epoch=times)
    assert [point.step for point in outcome.history if point.validation_loss is not None] == [6 * e for e in validated]
    # nothing else changes
    always = run(learning, epochs=epochs)
    assert all(np.array_equal(outcome.weights[name], always.weights[name]) for name in always.weights)
    assert [(p.step, p.train_loss, p.update) for p in outcome.history] == [
        (p.step, p.train_loss, p.update) for p in always.history
    ]
    assert outcome.last == always.last


def test_a_divergence_is_found_in_an_epoch_without_validation(learning):
    often, rarely = (run(learning, "sgd", learning_rate=1000.0, epochs=8, validations_per_epoch=v) for v in (1, 0.1))
    assert rarely.diverged_at == often.diverged_at
    assert rarely.last.step == often.last.step < 48
    assert rarely.last.validation_accuracy is None
    assert rarely.validation_accuracy == 0


def first_bad_step(settings: Training, learning: Path) -> int:
    losses, _, _ = plain_loop(settings, learning)
    return int(np.flatnonzero(~np.isfinite(losses))[0]) + 1


@pytest.mark.parametrize(("name", "rate"), [("sgd", 1000.0), ("momentum", 30.0), ("adam", 1e20)])
def test_a_training_that_diverges_is_an_outcome(name, rate, learning):
    outcome = run(learning, name, learning_rate=rate, epochs=4)
    assert outcome.diverged
    expected = first_bad_step(outcome.training, learning)
    assert outcome.diverged_at == expected
    # it ends with the epoch in which it diverged
    assert outcome.last.step == 6 * (-(-expected // 6))
    assert outcome.last.train_loss is None
    assert outcome.last.update is None
    assert outcome.last.validation_loss is None
    # a network that computes no numbers is right about nothing, not about a tenth
    assert outcome.last.validation_accuracy == 0
    assert outcome.validation_accuracy == 0
    json.dumps(outcome.to_json(), allow_nan=False)
    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json()))) == replace(outcome, seconds=0.0)


def test_a_last_step_that_breaks_the_network_is_a_divergence(learning):
    # one step: its own loss is that of the initial weights
    outcome = run(learning, "sgd", learning_rate=1e20, epochs=1, batch_size=192)
    assert outcome.last.validation_loss is None
    assert outcome.diverged


@pytest.mark.parametrize("name", ROWS)
def test_every_optimizer_of_the_study_learns_the_digits(name, learning):
    outcome = run(learning, name, epochs=8, batch_size=8)
    assert not outcome.diverged
    assert outcome.history[0].train_loss > outcome.last.train_loss
    assert outcome.last.validation_accuracy > 0.35
    assert outcome.parameters == {**outcome.parameters, ROWS[name]["class"]: pytest.approx(10_000, rel=0.2)}


def test_both_convolutions_train_the_same_up_to_rounding(learning):
    compiled, plain = run(learning), run(learning, convolution="torch")
    assert content(plain) == content(run(learning, convolution="torch"))
    assert content(plain)[1] != content(compiled)[1]
    for name, array in compiled.weights.items():
        np.testing.assert_allclose(plain.weights[name], array, rtol=0, atol=1e-4)


def test_bfloat16_rounds_products_and_keeps_weights_in_float32(learning):
    rounded, exact = run(learning, epochs=6, precision="bfloat16"), run(learning, epochs=6)
    assert content(rounded) == content(run(learning, epochs=6, precision="bfloat16"))
    assert {array.dtype.name for array in rounded.weights.values()} == {"float32"}
    first, same = (outcome.history[0].train_loss for outcome in (rounded, exact))
    assert first != same
    assert first == pytest.approx(same, rel=1e-2)
    assert rounded.validation_accuracy == pytest.approx(exact.validation_accuracy, abs=0.15)


# Schedules


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize(("schedule", "fraction"), [("linear", 0.0), ("cosine", 0.25), ("constant", 0.5)])
def test_a_schedule_is_that_of_torch_in_the_usual_loop(name, schedule, fraction, learning):
    settings = task(name, epochs=3, batch_size=13, learning_rate=0.003, schedule=schedule, warmup_fraction=fraction)
    outcome = train.train(settings, learning, "key")
    _, net, _ = plain_loop(settings, learning, lambda step: factor(schedule, fraction, step, 3 * 14))
    for ours, plain in zip(outcome.weights.values(), net.state_dict().values(), strict=True):
        np.testing.assert_allclose(ours, plain.numpy(), rtol=0, atol=2e-5)
    assert (
        content(outcome)[1]
        != content(train.train(replace(settings, schedule="constant", warmup_fraction=0), learning, "key"))[1]
    )


def test_the_last_steps_of_a_linear_schedule_are_small(learning):
    constant, linear = (
        run(learning, "sgd", epochs=10, schedule=schedule).history for schedule in ("constant", "linear")
    )
    assert linear[0].update == constant[0].update
    assert linear[-1].update < 0.1 * constant[-1].update


# Trainings that are no better than chance


def test_a_network_that_learns_nothing_is_stopped_at_the_first_validation_after_a_quarter(tmp_path):
    learning = made_up_data.noise(tmp_path / "l")
    asked = made_up_data.asked(learning_rate=1e-9, epochs=6, validations_per_epoch=2, stop_if_hopeless=True)
    # 24 steps an epoch, 144 in all; validations after 12, 24, 36, …
    outcome = train.train(asked, learning, "key")
    assert outcome.hopeless_at == 36
    assert not outcome.diverged
    assert outcome.last.step == 36
    assert outcome.last.validation_accuracy == outcome.validation_accuracy > 0
    assert outcome.steps_per_epoch == 24
    whole = train.train(replace(asked, stop_if_hopeless=False), learning, "key")
    assert whole.hopeless_at is None
    assert whole.history[: len(outcome.history)] == outcome.history
    assert whole.last.step == 144
    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json()))) == replace(outcome, seconds=0.0)


def test_a_network_that_learns_is_never_stopped(learning):
    plain, judged = (run(learning, epochs=8, stop_if_hopeless=flag) for flag in (False, True))
    assert judged.hopeless_at is None
    assert content(replace(judged, training=plain.training)) == content(plain)


def test_words_are_judged_as_classes_are(tmp_path):
    learning = made_up_data.tokens(tmp_path / "l")
    asked = made_up_data.asked(network="causal_transformer", stop_if_hopeless=True)
    assert train.train(asked, learning, "key").hopeless_at is None
    assert train.train(replace(asked, learning_rate=1e-12), learning, "key").hopeless_at == 12


def test_a_regression_is_never_hopeless(tmp_path):
    asked = made_up_data.asked(learning_rate=1e-12, stop_if_hopeless=True)
    assert train.train(asked, made_up_data.numbers(tmp_path / "l"), "key").hopeless_at is None


def test_a_training_that_diverges_is_not_hopeless_as_well(learning):
    outcome = run(learning, "sgd", learning_rate=1000.0, epochs=4, stop_if_hopeless=True)
    assert outcome.diverged
    assert outcome.hopeless_at is None


# Tasks


def test_a_regression_learns_and_has_no_accuracy(tmp_path):
    asked = made_up_data.asked(epochs=60, learning_rate=0.05)
    outcome = train.train(asked, made_up_data.numbers(tmp_path / "l"), "key")
    assert outcome.history[0].train_loss > 1
    assert outcome.last.validation_loss < 1e-3
    assert {point.validation_accuracy for point in outcome.history} == {None}
    assert outcome.validation_accuracy == 0
    assert not outcome.diverged
    inputs, labels = (
        torch.from_numpy(np.load(tmp_path / "l" / f"validation_{name}.npy")) for name in ("inputs", "labels")
    )
    weight, bias = (torch.from_numpy(outcome.weights[f"dense.{name}"]) for name in ("weight", "bias"))
    outputs = (inputs - 100) / 20 @ weight.T + bias
    assert outcome.last.validation_loss == pytest.approx((outputs - labels).square().mean().item(), rel=1e-3)


def test_a_regression_that_diverges_is_an_outcome(tmp_path):
    asked = made_up_data.asked(row=OptimizerRow("SGD"), learning_rate=1e9, validations_per_epoch=0.1)
    outcome = train.train(asked, made_up_data.numbers(tmp_path / "l"), "key")
    assert outcome.diverged
    json.dumps(outcome.to_json(), allow_nan=False)


def test_the_loss_and_accuracy_of_words_are_means_over_all_of_them(tmp_path):
    learning = made_up_data.tokens(tmp_path / "l")
    description = reader.describe(learning)
    network = networks.build("causal_transformer", description.shape, description.outputs)
    # 32 validation texts: more than one batch
    examples = reader.open_part(learning, "validation")
    found = train.measure(network, train.evaluation_batches(examples, description), "next_token")
    outputs, labels = network(torch.from_numpy(examples.inputs)), torch.from_numpy(examples.labels)
    assert found[0] == pytest.approx(F.cross_entropy(outputs.flatten(0, 1), labels.flatten()).item(), rel=1e-6)
    assert found[1] == pytest.approx((outputs.argmax(dim=2) == labels).double().mean().item(), abs=1e-12)
    seven = train.measure(network, Batches(examples, description, 7), "next_token")
    assert seven == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize(
    "text", ["nn.Linear(shape[0], outputs + 1)", "nn.Sequential(nn.Linear(shape[0], 1), nn.Flatten(0))"]
)
def test_outputs_of_another_shape_are_refused(text, own_network, tmp_path):
    name = own_network("mine", f"from torch import nn\ndef build(shape, outputs, convolution):\n    return {text}\n")
    with (
        pytest.raises(SettingsError, match=r"for one example the network returns \(1.*must return \(1, 4\)"),
        in_words(),
    ):
        train.train(made_up_data.asked(network=name), made_up_data.noise(tmp_path / "l"), "key")


def test_an_error_in_a_networks_forward_is_one_sentence(own_network, tmp_path):
    name = own_network("mine", BROKEN)
    with pytest.raises(SettingsError, match=r"networks/mine.py, line 9: TypeError: "), in_words():
        train.train(made_up_data.asked(network=name), made_up_data.noise(tmp_path / "l"), "key")


BROKEN = """
from torch import nn
class Net(nn.Module):
    def __init__(self, numbers, outputs):
        super().__init__()
        self.dense = nn.Linear(numbers, outputs)
    def forward(self, inputs):
        # a mistake
        return self.dense(inputs) + "1"
def build(shape, outputs, convolution):
    return Net(shape[0], outputs)
"""


# Networks that draw random numbers or change buffers while they learn


DROPOUT = """
from torch import nn
def build(shape, outputs, convolution):
    return nn.Sequential(nn.Linear(shape[0], 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, outputs))
"""
NORMALISED = """
from torch import nn
def build(shape, outputs, convolution):
    return nn.Sequential(nn.Linear(shape[0], 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, outputs))
"""


def test_dropout_draws_from_a_stream_of_the_trainings_own_seed(own_network, tmp_path):
    name, learning = own_network("dropout", DROPOUT), made_up_data.noise(tmp_path / "l")
    asked = made_up_data.asked(network=name)
    before = torch.random.get_rng_state()
    first = train.train(asked, learning, "key")
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(7)
    assert content(train.train(asked, learning, "key")) == content(first)
    # looking more often draws nothing
    often = train.train(replace(asked, validations_per_epoch=10), learning, "key")
    assert content(often)[1] == content(first)[1]


def test_dropout_is_off_where_the_network_is_measured(own_network, tmp_path):
    name, learning = own_network("dropout", DROPOUT), made_up_data.noise(tmp_path / "l")
    outcome = train.train(made_up_data.asked(network=name), learning, "key")
    description = reader.describe(learning)
    network = networks.build(name, description.shape, description.outputs)
    network.load_state_dict({key: torch.from_numpy(array) for key, array in outcome.weights.items()})
    validation = train.evaluation_batches(reader.open_part(learning, "validation"), description)
    assert network.training
    assert train.measure(network, validation, "classification") == (
        outcome.last.validation_loss,
        outcome.last.validation_accuracy,
    )
    assert network.training
    assert torch.equal(train.logits(network, validation), train.logits(network, validation))


def test_buffers_are_saved_with_the_weights(own_network, tmp_path):
    name, learning = own_network("normalised", NORMALISED), made_up_data.noise(tmp_path / "l")
    asked = made_up_data.asked(network=name)
    outcome = train.train(asked, learning, "key")
    assert content(train.train(asked, learning, "key")) == content(outcome)
    # 4 epochs of 24 steps, and no validation
    assert outcome.weights["1.num_batches_tracked"] == 96
    often = train.train(replace(asked, validations_per_epoch=10), learning, "key")
    assert content(often)[1] == content(outcome)[1]
    memo.keep(tmp_path / "memo", outcome)
    kept = memo.recall(tmp_path / "memo", "key")
    assert sorted(content(kept)[1]) == sorted(content(outcome)[1])
    description = reader.describe(learning)
    network = networks.build(name, description.shape, description.outputs)
    network.load_state_dict({key: torch.from_numpy(array) for key, array in kept.weights.items()})
    validation = train.evaluation_batches(reader.open_part(learning, "validation"), description)
    assert train.measure(network, validation, "classification")[0] == outcome.last.validation_loss


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
@pytest.mark.parametrize("name", ["adam", "muon"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_repeats_itself_and_learns_what_the_cpu_does(name, precision, learning):
    first = run(learning, name, epochs=6, precision=precision, device="cuda")
    assert content(first) == content(run(learning, name, epochs=6, precision=precision, device="cuda"))
    assert first.validation_accuracy == pytest.approx(run(learning, name, epochs=6).validation_accuracy, abs=0.15)
