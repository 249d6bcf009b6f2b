from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest
import torch

from pipeline.running import pool
from pipeline.training import determinism, networks, train
from tests.training import made_up_data

LENGTH, WORDS = 12, 50


def network(seed=0):
    with determinism.random_numbers(seed):
        return networks.build("causal_transformer", (LENGTH,), WORDS)


def text(count=3, length=LENGTH):
    return torch.randint(WORDS, (count, length), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("place", range(LENGTH))
def test_a_word_changes_its_own_output_and_later_ones_alone(place):
    model, tokens = network(), text()
    changed = tokens.clone()
    changed[:, place] = (tokens[:, place] + 1) % WORDS
    before, after = model(tokens), model(changed)
    assert torch.equal(before[:, :place], after[:, :place])
    assert (before[:, place:] != after[:, place:]).any(dim=2).all()


def test_a_word_does_not_see_those_after_it_in_its_gradient():
    model, tokens = network(), text(1)
    found = []
    model.words.register_forward_hook(lambda _, __, output: found.append(output.retain_grad() or output))
    model(tokens)[0, 4].sum().backward()
    gradient = found[0].grad[0]
    assert (gradient[:5] != 0).any(dim=1).all()
    assert (gradient[5:] == 0).all()


def test_places_are_told_apart():
    model, tokens = network(), torch.full((1, LENGTH), 7)
    outputs = model(tokens)[0]
    assert (outputs[1:] - outputs[:-1]).abs().amax(dim=1).min() > 1e-4


def test_shorter_texts_get_the_outputs_of_their_words():
    model, tokens = network(), text()
    torch.testing.assert_close(model(tokens[:, :5]), model(tokens)[:, :5])


def test_it_begins_near_equal_probabilities():
    outputs = network()(text(20))
    loss = torch.nn.functional.cross_entropy(outputs.flatten(0, 1), text(20).flatten())
    assert loss.item() == pytest.approx(torch.tensor(float(WORDS)).log().item(), abs=0.5)


def trained(learning):
    """Return a hash of the weights and the history of a short training."""
    outcome = train.train(made_up_data.asked(network="causal_transformer"), learning, "key")
    digest = hashlib.sha256(repr(outcome.history).encode())
    for name, values in outcome.weights.items():
        digest.update(name.encode() + values.tobytes())
    return digest.hexdigest()


def test_a_training_has_the_same_bytes_again_and_in_another_process(tmp_path):
    learning = made_up_data.tokens(tmp_path / "learning")
    first = trained(learning)
    torch.rand(5)
    assert trained(learning) == first
    program = (
        "import sys\nfrom pathlib import Path\nfrom tests.training.test_causal_transformer import trained\n"
        "print(trained(Path(sys.argv[1])))\n"
    )
    command = [sys.executable, "-c", program, str(learning)]
    environment = {**os.environ, **pool.WORKER_ENVIRONMENT}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == first


@pytest.mark.parametrize("name", ["adam", "muon"])
def test_it_learns_to_count(name, tmp_path):
    row = {"adam": {}, "muon": {"row": made_up_data.MUON}}[name]
    asked = made_up_data.asked(network="causal_transformer", optimizer=name, epochs=12, **row)
    outcome = train.train(asked, made_up_data.tokens(tmp_path / "learning"), "key")
    assert outcome.history[0].train_loss > 2
    assert outcome.last.validation_loss < 0.2
    assert outcome.validation_accuracy == 1
