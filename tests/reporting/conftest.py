"""A study that never ran: made-up numbers in the shape of the real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.backprop.example import worked_example
from pipeline.backprop.settings import ASSIGNMENT
from pipeline.evaluation.metrics import over_seeds
from pipeline.reporting.results import Results
from pipeline.settings import loading
from pipeline.statistics.intervals import wilson_interval

PARAMS = Path(__file__).parents[2] / "params.yaml"
CLASSES = {
    "cifar10": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    "digits": [str(digit) for digit in range(10)],
}
OPTIMIZERS = ("sgd", "adam", "muon")
TEST_IMAGES = {"cifar10": 10_000, "digits": 360}
TRAIN_IMAGES = {"cifar10": 45_000, "digits": 1_149}


def made_up_settings(optimizers=None, seeds=3):
    """The real params.yaml with two problems, and with the given optimizers only."""
    content = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    content["problems"] = {
        "cifar10": {"network": "assignment_cnn", "epochs": 2, "batch_size": 64, "validation_fraction": 0.1},
        "digits": {"network": "digits_cnn", "epochs": 3, "batch_size": 32, "validation_fraction": 0.2},
    }
    content["training"]["seeds"] = seeds
    rows = content["optimizers"]
    content["optimizers"] = {name: rows[name] for name in optimizers or rows}
    return loading.validate(content, "made up")


def made_up_metrics(rng, settings, problem, level, diverged):
    seeds = len(settings.seeds(problem))
    test = np.clip(level + rng.normal(0, 0.006, seeds), 0, 1)
    loss = rng.uniform(1.0, 1.2, seeds)
    test[:diverged], loss[:diverged] = 0.0, np.nan
    train = np.clip(test + 0.03, 0, 1)
    classes = CLASSES[problem]
    return {
        "test_accuracy": over_seeds(test),
        "train_accuracy": over_seeds(train),
        "validation_accuracy": over_seeds(np.clip(test + 0.01, 0, 1)),
        "generalization_gap": over_seeds(train - test),
        "test_loss": over_seeds(loss),
        "train_loss": over_seeds(loss - 0.1),
        "calibration_error": over_seeds(rng.uniform(0.01, 0.03, seeds)),
        "per_class": dict(zip(classes, np.clip(level + rng.uniform(-0.2, 0.2, 10), 0, 1).tolist(), strict=True)),
        "diverged": diverged,
        "learning_rate": 0.00316,
        "tuned_accuracy": level,
        "trials": 7,
        "on_edge": False,
        "parameters": {"Muon": 900, "AdamW": 100},
        "convergence": {
            "train_loss": {"target": 1.4, "steps": [None if s < diverged else 800 + s for s in range(seeds)]},
            "validation_accuracy": {"target": 0.5, "steps": [600 + s for s in range(seeds)]},
            "length": {"steps": 1406, "images": 90_000},
            "step_persistence": over_seeds(rng.uniform(0.4, 0.9, seeds)),
        },
    }


def made_up_results(settings, diverged=()):
    """Return Results; `diverged` names optimizers of which one seed and the highest learning rate diverged."""
    rng = np.random.default_rng(0)
    metrics, per_class, confusion, curves, trials = {}, [], [], [], []
    for problem, classes in CLASSES.items():
        metrics[problem] = {}
        per_test_class = TEST_IMAGES[problem] // len(classes)
        for number, name in enumerate(settings.roster(problem)):
            level = 0.62 - 0.012 * ((5 * number) % 13) + 0.3 * (problem == "digits")
            found = made_up_metrics(rng, settings, problem, level, int(name in diverged))
            metrics[problem][name] = found
            for kind, accuracy in found["per_class"].items():
                bounds = wilson_interval(accuracy * per_test_class, per_test_class)
                row = {"problem": problem, "optimizer": name, "class": kind, "accuracy": accuracy}
                per_class.append({**row, "low": bounds.low, "high": bounds.high})
            curves += made_up_curve(rng, settings, problem, name, level, name in diverged)
            trials += made_up_trials(settings, problem, name, level, name in diverged)
        for actual in classes:
            wrong = rng.multinomial(per_test_class // 2, [1 / 9] * 9).tolist()
            for predicted in classes:
                count = per_test_class - per_test_class // 2 if actual == predicted else wrong.pop()
                confusion.append({"problem": problem, "actual": actual, "predicted": predicted, "count": count})
    best = {
        problem: {"optimizer": max(found, key=lambda n: found[n]["validation_accuracy"]["mean"] or 0), "seed": 2}
        for problem, found in metrics.items()
    }
    return Results(
        settings=settings,
        metrics=json.loads(json.dumps(metrics)),
        per_class=pd.DataFrame(per_class),
        confusion=pd.DataFrame(confusion),
        training_curves=pd.DataFrame(curves),
        learning_rates=pd.DataFrame(trials).astype({"diverged_at": "Float64"}),
        champion=best,
        environment={
            "processor": "Abacus <9>",
            "cores": 2,
            "memory_gib": 4,
            "system": "Linux x86_64",
            "python": "3.11.7",
            "versions": {"torch": "2.15.0", "numpy": "2.4.6"},
        },
        backprop=worked_example(ASSIGNMENT),
        cost={name: made_up_cost(rng, name) for name in settings.optimizers},
    )


def made_up_cost(rng, optimizer):
    ratio = 1.0 if optimizer == "sgd" else float(rng.uniform(1.02, 1.6))
    return {
        "step_ratio": {"median": ratio, "low": ratio - 0.01, "high": ratio + 0.01},
        "optimizer_ratio": {"median": 3 * ratio, "low": 3 * ratio - 0.1, "high": 3 * ratio + 0.1},
        "microseconds_per_step": 900 * ratio,
        "microseconds_optimizer": 60 * ratio,
        "state_bytes_per_parameter": 0.0 if optimizer == "sgd" else 8.0,
        "rounds": [ratio] * 5,
    }


def made_up_curve(rng, settings, problem, optimizer, level, diverged):
    epochs, images = settings.problems[problem].epochs, TRAIN_IMAGES[problem]
    rows = []
    for part in range(1, 10 * epochs + 1):
        epoch = part / 10
        lost = diverged and epoch > 1
        measured = part % 2 == 0 and not lost
        rows.append(
            {
                "problem": problem,
                "optimizer": optimizer,
                "step": part * 70,
                "images": round(epoch * images),
                "epoch": epoch,
                "train_loss": np.nan if lost else 2.3 * np.exp(-epoch * level) + rng.normal(0, 0.02),
                "update": 0.001,
                "validation_loss": 1.5 if measured else np.nan,
                "validation_accuracy": level - 0.3 * np.exp(-2 * epoch) if measured else np.nan,
            }
        )
    return rows


def made_up_trials(settings, problem, optimizer, level, diverged):
    middle = settings.optimizers[optimizer].learning_rate_centre
    rows = []
    for step in range(-3, 4):
        lost = diverged and step == 3
        rows.append(
            {
                "problem": problem,
                "optimizer": optimizer,
                "learning_rate": float(f"{middle * 10 ** (step / 2):.3g}"),
                "validation_accuracy": 0.0 if lost else level - 0.045 * step**2,
                "validation_loss": np.nan if lost else 1.4,
                "diverged_at": 17.0 if lost else np.nan,
                "chosen": step == 0,
            }
        )
    return rows


@pytest.fixture(scope="session")
def results():
    """Three optimizers, three seeds, two problems; no comparison and no verdicts. A seed of SGD diverged."""
    return made_up_results(made_up_settings(OPTIMIZERS), diverged=("sgd",))


@pytest.fixture(scope="session")
def one_problem(results):
    """The same on digits alone, with nothing optional: the demo before its other stages."""
    settings = results.settings.model_copy(update={"problems": {"digits": results.settings.problems["digits"]}})
    return replace(results, settings=settings, backprop=None, cost=None)
