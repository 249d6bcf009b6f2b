"""A study that never ran: made-up numbers in the types of the real ones."""

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
from pipeline.comparison import recommending
from pipeline.comparison.evidence import Evidence
from pipeline.comparison.settings import ComparisonSettings
from pipeline.reporting.study_results import Results
from pipeline.results.champions import ChampionRecord, Champions
from pipeline.results.comparison import Comparison
from pipeline.results.cost import Cost
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics, OptimizerMetrics, OverSeeds
from pipeline.results.problems import ProblemFacts, Problems
from pipeline.results.tables import CONFUSION, LEARNING_RATES, PER_CLASS, TRAINING_CURVES
from pipeline.results.verdicts import VerdictRecord, Verdicts
from pipeline.settings import loading
from pipeline.statistics.intervals import mean_interval, wilson_interval

PARAMS = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8"))
CLASSES = {
    "cifar10": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    "digits": [str(digit) for digit in range(10)],
}
TITLES = {"cifar10": "CIFAR-10", "digits": "Handwritten digits"}
OPTIMIZERS = ("sgd", "adam", "muon")
COUNTS = {
    "cifar10": {"train": 45_000, "validation": 5_000, "test": 10_000},
    "digits": {"train": 1_149, "validation": 288, "test": 360},
}
DECIDED = VerdictRecord(
    verdict="refuted",
    effect=-1.234,
    unit="percentage points",
    low=-2.0,
    high=-0.5,
    p=0.0123,
    problems=("cifar10", "digits"),
    sentence="It is not: made up *.",
    test="sign-flip test of 3 seeds",
    rule="The rule in `params.yaml`.",
    what_would_change_it="More seeds.",
    title="It is",
    quote="It is, they say",
    needs=("all",),
    p_over_all_claims=0.04,
)


def made_up_settings(optimizers=None, seeds=3):
    """The real params.yaml with two problems, and with the given optimizers only."""
    content = json.loads(json.dumps(PARAMS))
    content["problems"] = {name: content["problems"][name] for name in CLASSES}
    content["problems"]["digits"]["epochs"] = 3
    content["training"]["seeds"] = seeds
    rows = content["optimizers"]
    content["optimizers"] = {name: rows[name] for name in optimizers or rows}
    return loading.validate(content, "made up")


def over_seeds(values):
    """What the evaluation makes of one value per seed; a seed without one leaves no mean."""
    values = [float(value) for value in values]
    seeds = tuple(None if np.isnan(value) else value for value in values)
    if None in seeds:
        return OverSeeds(mean=None, low=None, high=None, seeds=seeds)
    found = mean_interval(values)
    return OverSeeds(mean=found.estimate, low=found.low, high=found.high, seeds=seeds)


def made_up_metrics(rng, settings, problem, level, diverged):
    seeds = len(settings.seeds(problem))
    test = np.clip(level + rng.normal(0, 0.006, seeds), 0, 1)
    loss = rng.uniform(1.0, 1.2, seeds)
    test[:diverged], loss[:diverged] = 0.0, np.nan
    train = np.clip(test + 0.03, 0, 1)
    accuracies = np.clip(level + rng.uniform(-0.2, 0.2, 10), 0, 1).tolist()
    steps = [None if seed < diverged else 800 + seed for seed in range(seeds)]
    images = [None if one is None else 64 * one for one in steps]
    return OptimizerMetrics.model_validate(
        {
            "test_accuracy": over_seeds(test),
            "train_accuracy": over_seeds(train),
            "validation_accuracy": over_seeds(np.clip(test + 0.01, 0, 1)),
            "generalization_gap": over_seeds(train - test),
            "test_loss": over_seeds(loss),
            "train_loss": over_seeds(loss - 0.1),
            "calibration_error": over_seeds(rng.uniform(0.01, 0.03, seeds)),
            "per_class": dict(zip(CLASSES[problem], accuracies, strict=True)),
            "diverged": diverged,
            "trainings": tuple(f"key{seed}" for seed in range(seeds)),
            "learning_rate": 0.00316,
            "tuned_accuracy": level,
            "trials": 7,
            "on_edge": False,
            "parameters": {"Muon": 900, "AdamW": 100},
            "convergence": {
                "train_loss": {"target": 1.4, "steps": steps, "images": images},
                "validation_accuracy": {
                    "target": 0.5,
                    "steps": [600 + seed for seed in range(seeds)],
                    "images": [60_000] * seeds,
                },
                "length": {"steps": 1406, "images": 90_000},
                "step_persistence": over_seeds(rng.uniform(0.4, 0.9, seeds)),
            },
        }
    )


def made_up_results(settings, diverged=()):
    """Return Results; `diverged` names optimizers of which one seed and the highest learning rate diverged."""
    rng = np.random.default_rng(0)
    metrics, per_class, confusion, curves, trials = {}, [], [], [], []
    for problem, classes in CLASSES.items():
        metrics[problem] = {}
        per_test_class = COUNTS[problem]["test"] // len(classes)
        for number, name in enumerate(settings.roster(problem)):
            level = 0.62 - 0.012 * ((5 * number) % 13) + 0.3 * (problem == "digits")
            found = made_up_metrics(rng, settings, problem, level, int(name in diverged))
            metrics[problem][name] = found
            for kind, accuracy in found.per_class.items():
                bounds = wilson_interval(accuracy * per_test_class, per_test_class)
                per_class.append((problem, name, kind, accuracy, bounds.low, bounds.high))
            curves += made_up_curve(rng, settings, problem, name, level, name in diverged)
            trials += made_up_trials(settings, problem, name, level, name in diverged)
        for actual in classes:
            wrong = rng.multinomial(per_test_class // 2, [1 / 9] * 9).tolist()
            for predicted in classes:
                count = per_test_class - per_test_class // 2 if actual == predicted else wrong.pop()
                confusion.append((problem, actual, predicted, count))
    comparison = made_up_comparison(settings)
    cost = Cost(optimizers={name: made_up_cost(rng, name) for name in settings.optimizers})
    tried = pd.DataFrame(trials, columns=LEARNING_RATES.columns).astype({"diverged_at": "Float64"})
    rules = ComparisonSettings.model_validate(PARAMS["comparison"])
    labels = {name: row.label for name, row in settings.optimizers.items()}
    evidence = Evidence(rules, Metrics(problems=metrics), comparison, cost, labels, TITLES)
    return Results(
        settings=settings,
        problems=Problems(problems={problem: made_up_facts(problem) for problem in CLASSES}),
        metrics=Metrics(problems=metrics),
        per_class=pd.DataFrame(per_class, columns=PER_CLASS.columns),
        confusion=pd.DataFrame(confusion, columns=CONFUSION.columns),
        training_curves=pd.DataFrame(curves, columns=TRAINING_CURVES.columns),
        learning_rates=tried,
        champions=Champions(problems={problem: made_up_champion(settings, problem) for problem in metrics}),
        environment=Environment(
            processor="Abacus <9>",
            cores=2,
            memory_gib=4,
            system="Linux x86_64",
            python="3.11.7",
            versions={"torch": "2.15.0", "numpy": "2.4.6"},
        ),
        comparison=comparison,
        verdicts=Verdicts(claims={}),
        recommendations=recommending.recommendations(evidence, tried, {}),
        cost=cost,
        backprop=worked_example(ASSIGNMENT),
    )


def made_up_facts(problem):
    return ProblemFacts(
        title=TITLES[problem],
        description=f"Made-up {problem}.",
        data=problem,
        shape=(8, 8, 1),
        classes=tuple(CLASSES[problem]),
        counts=COUNTS[problem],
        validation_fraction=0.1,
        split_seed=5,
        white=255,
    )


def made_up_champion(settings, problem):
    name = settings.roster(problem)[-1]
    return ChampionRecord(
        label=settings.optimizers[name].label,
        problem=problem,
        optimizer=name,
        network="made_up",
        learning_rate=0.01,
        seed=22,
        validation_accuracy=0.6,
        key="key1",
    )


def made_up_comparison(settings, **changed):
    """Every optimizer one point better than the baseline, but the first one, which could not be compared."""
    rules = {**PARAMS["comparison"], **changed}
    problems = {}
    for problem in CLASSES:
        names = settings.roster(problem)
        others = [name for name in names if name != rules["baseline"]]
        ranks = {name: 1.0 + place for place, name in enumerate(reversed(names))}
        problems[problem] = {
            "against_baseline": {"test_accuracy": {name: made_up_difference(name != names[0]) for name in others}},
            "ranking": made_up_ranking(ranks, 2.34),
            "searches": {},
        }
    over_problems = {**made_up_ranking({}, None), "reason": "too few problems", "problems": []}
    return Comparison.model_validate({"settings": rules, "problems": problems, "ranking": over_problems})


def made_up_difference(compared):
    numbers = {"difference": 1.0, "low": 0.5, "high": 1.5, "p": 0.25, "corrected_p": 0.25}
    return {
        **(numbers if compared else dict.fromkeys(numbers)),
        "unit": "percentage points",
        "probability_of_improvement": 1.0 if compared else None,
        "outcome": "better" if compared else "not tested",
        "pairs": 3,
        "reason": None if compared else "it diverged in 1 seed",
    }


def made_up_ranking(ranks, critical_difference):
    return {
        "ranks": ranks,
        "blocks": 3,
        "critical_difference": critical_difference,
        "p": 0.1,
        "left_out": [],
        "reason": None,
    }


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
    # whole batches only: fewer images per epoch than there are
    epochs, images = settings.problems[problem].epochs, COUNTS[problem]["train"] // 64 * 64
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


def with_rows(results, **changed):
    """Return results with changed fields of some optimizers' settings: ``with_rows(results, adam={"label": "x"})``."""
    rows = {name: row.model_copy(update=changed.get(name, {})) for name, row in results.settings.optimizers.items()}
    return replace(results, settings=results.settings.model_copy(update={"optimizers": rows}))


def with_measured(results, problem, **changed):
    """Return results with changed fields of some optimizers' metrics on a problem."""
    found = {name: row.model_copy(update=changed.get(name, {})) for name, row in results.measured(problem).items()}
    return replace(results, metrics=Metrics(problems={**results.metrics.problems, problem: found}))


def with_rules(results, **changed):
    """Return results of a study whose section ``comparison`` has other values."""
    return replace(results, comparison=made_up_comparison(results.settings, **changed))


@pytest.fixture(scope="session")
def results():
    """Three optimizers, three seeds, two problems; no verdicts. A seed of SGD diverged."""
    return made_up_results(made_up_settings(OPTIMIZERS), diverged=("sgd",))


@pytest.fixture(scope="session")
def one_problem(results):
    """The same on digits alone, with nothing optional: the demo before its other stages."""
    settings = results.settings.model_copy(update={"problems": {"digits": results.settings.problems["digits"]}})
    return replace(results, settings=settings, backprop=None, cost=None)
