"""What the file of every network must do (the docstring of `pipeline.training.networks`), yours included."""

from __future__ import annotations

import pytest
import torch

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import SettingsError
from pipeline.running import refusals
from pipeline.running.key import network_fingerprint
from pipeline.training import determinism, networks

OUTPUTS = 7
BATCH = 5
# a network is tested with the first of these that it takes; add yours where it takes none
IMAGES = [(32, 32, 3), (8, 8, 1), (28, 28, 1), (64, 64, 3), (224, 224, 3)]
TOKENS = [(12,)]
NUMBERS = [(13,), (6, 4)]


def generator():
    return torch.Generator().manual_seed(0)


def examples():
    for shape in IMAGES:
        yield shape, torch.randn(BATCH, *shape, generator=generator()).permute(0, 3, 1, 2)
    for shape in TOKENS:
        yield shape, torch.randint(OUTPUTS, (BATCH, *shape), generator=generator())
    for shape in NUMBERS:
        yield shape, torch.randn(BATCH, *shape, generator=generator())


def build(name, shape, seed=0, convolution="compiled"):
    with determinism.random_numbers(seed):
        return networks.build(name, shape, OUTPUTS, convolution)


def fitting(name):
    """Return the shape of an input that a network takes, and a batch of such inputs."""
    for shape, batch in examples():
        try:
            build(name, shape)(batch)
        except (Refusal, RuntimeError, ValueError, IndexError):
            continue
        return shape, batch
    raise AssertionError(f"{name} takes no inputs that this test knows: add some")


@pytest.fixture(params=networks.names())
def name(request):
    return request.param


@pytest.fixture(autouse=True)
def deterministic():
    threads = torch.get_num_threads()
    determinism.enforce()
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)


def test_returns_logits_or_numbers_for_every_example_or_token(name):
    shape, batch = fitting(name)
    outputs = build(name, shape)(batch)
    assert outputs.dtype == torch.float32
    assert outputs.shape == ((*batch.shape, OUTPUTS) if batch.dtype == torch.int64 else (BATCH, OUTPUTS))
    assert outputs.isfinite().all()


def test_an_answer_does_not_depend_on_the_other_examples(name):
    shape, batch = fitting(name)
    network = build(name, shape).eval()
    torch.testing.assert_close(network(batch)[2:3], network(batch[2:3]))


def test_the_same_random_numbers_give_the_same_weights_and_others_do_not(name):
    shape, _ = fitting(name)
    first, again, other = (build(name, shape, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_outputs_and_gradients_have_the_same_bytes_again(name):
    shape, batch = fitting(name)

    def once():
        network = build(name, shape)
        with determinism.random_numbers(1):
            outputs = network(batch)
        outputs.square().mean().backward()
        return [outputs, *(parameter.grad for parameter in network.parameters())]

    first = once()
    torch.rand(100)
    assert all(torch.equal(a, b) for a, b in zip(first, once(), strict=True))


def test_every_parameter_is_trained(name):
    shape, batch = fitting(name)
    network = build(name, shape)
    network(batch).square().mean().backward()
    assert [key for key, parameter in network.named_parameters() if parameter.grad is None] == []


def test_in_evaluation_nothing_is_random_and_nothing_changes(name):
    shape, batch = fitting(name)
    network = build(name, shape).eval()
    state = {key: value.clone() for key, value in network.state_dict().items()}
    before = torch.random.get_rng_state()
    with torch.inference_mode():
        first, again = network(batch), network(batch)
    assert torch.equal(first, again)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())


def test_both_convolutions_have_the_same_weights(name):
    shape, batch = fitting(name)
    compiled, plain = build(name, shape).eval(), build(name, shape, convolution="torch").eval()
    torch.testing.assert_close(compiled(batch), plain(batch), rtol=1e-4, atol=1e-5)


def test_its_code_can_be_part_of_a_key(name):
    assert len(network_fingerprint(name)) == 64


# Broken files


GOOD = "from torch import nn\ndef build(shape, outputs, convolution):\n    return nn.Linear(shape[0], outputs)\n"


def test_a_file_is_found_by_its_name(own_network):
    before = networks.names()
    own_network("mine", GOOD)
    assert networks.names() == sorted([*before, "mine"])
    assert networks.build("mine", (4,), 3)(torch.zeros(2, 4)).shape == (2, 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def build(:\n", "networks/mine.py, line 1: SyntaxError: invalid syntax"),
        (GOOD.replace("build", "biuld"), "networks/mine.py defines no function `build(shape, outputs, convolution)`."),
        ("build = 3\n", "networks/mine.py defines no function `build"),
        ("import torch\nimport torhc\n", "networks/mine.py, line 2: ModuleNotFoundError: No module named 'torhc'."),
        ("X = 1\n\nY = X / 0\n", "networks/mine.py, line 3: ZeroDivisionError: division by zero."),
        (GOOD.replace("shape[0]", "shape[1]"), "networks/mine.py, line 3: IndexError: tuple index out of range."),
        (GOOD.replace("shape, ", ""), "networks/mine.py: TypeError: build() takes 2 positional arguments but 3 were"),
        ("def build(*_):\n    return 3\n", "networks/mine.py: `build` must return a torch.nn.Module; it returned int."),
        (GOOD.replace("outputs)", "outputs).double()"), "all of them float32 and made by `build` (no lazy modules)."),
        (GOOD.replace("Linear(shape[0], ", "LazyLinear("), "all of them float32 and made by `build`"),
        (GOOD.replace("Linear(shape[0], outputs)", "Identity()"), "networks/mine.py: a network needs parameters"),
    ],
)
def test_a_broken_file_is_one_sentence(text, sentence, own_network):
    own_network("mine", text)
    with pytest.raises(SettingsError) as caught, refusals.in_words():
        networks.build("mine", (4,), 3)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_network_is_refused_with_those_that_there_are():
    with pytest.raises(Refusal) as caught:
        networks.build("linaer", (8, 8, 1), 10)
    assert caught.value.code == "unknown_network"
    assert caught.value.values == {"found": "linaer", "allowed": networks.names()}


@pytest.mark.parametrize(
    ("name", "shape", "sentence"),
    [
        ("assignment_cnn", (32,), "this network takes images of shape (height, width, channels), not inputs of shape"),
        ("causal_transformer", (8, 8, 1), "this network takes token ids of shape (length,), not inputs of shape (8, 8"),
    ],
)
def test_inputs_of_another_kind_are_refused(name, shape, sentence):
    with pytest.raises(SettingsError) as caught, refusals.in_words():
        networks.build(name, shape, 10)
    assert sentence in str(caught.value)
