"""A study that never ran: made-up numbers in the types of the real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.backprop.example import worked_example
from pipeline.backprop.settings import ASSIGNMENT
from pipeline.reporting.items import Folded
from pipeline.reporting.study_results import Results
from pipeline.results.champions import ChampionRecord, Champions
from pipeline.results.comparison import Comparison
from pipeline.results.cost import Cost
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics, OptimizerMetrics, OverSeeds
from pipeline.results.problems import ProblemFacts, Problems
from pipeline.results.recommendations import Recommendations
from pipeline.results.tables import CONFUSION, PER_CLASS, SEARCHES, TRAINING_CURVES
from pipeline.results.verdicts import OutsideRecord, PartRecord, VerdictRecord, VerdictRow, Verdicts
from pipeline.settings import loading
from pipeline.settings.spaces import LEARNING_RATE, values_at
from pipeline.statistics.intervals import mean_interval, wilson_interval
from tests import yaml_text

PARAMS = yaml_text.load((Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8"))
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
POINTS = PARAMS["tuning"]["points"]
METHOD = "Made up: sign flips of 3 seeds."
DECIDED = VerdictRecord(
    title="It is",
    says="It is, they say.",
    tested="Whether it is.",
    rule="The rule in `params.yaml`.",
    needs=("all",),
    verdict="refuted",
    answer="No, it is not: *.",
    sentence="It is not: made up *.",
    what_would_change_it="More seeds.",
    effect=-1.234,
    low=-2.0,
    high=-0.5,
    unit="percentage points",
    p=0.0123,
    test="sign-flip test of 3 seeds",
    problems=("cifar10", "digits"),
    parts=(
        PartRecord(
            title="test accuracy",
            verdict="refuted",
            concession=False,
            rows=(
                VerdictRow(
                    problem="cifar10",
                    measure="test accuracy",
                    a="Adam",
                    b="Muon",
                    difference=-1.234,
                    low=-2.0,
                    high=-0.5,
                    unit="percentage points",
                    p=0.0123,
                    outcome="worse",
                    decisive=True,
                ),
                VerdictRow(
                    problem="digits",
                    measure="test accuracy",
                    a="Adam",
                    b="SGD",
                    difference=None,
                    low=None,
                    high=None,
                    unit="percentage points",
                    p=None,
                    outcome="not tested",
                    reason="made-up reason",
                ),
            ),
        ),
    ),
    outside=(
        OutsideRecord(
            source="Somebody 2020",
            reference="Somebody 2020, A Title (a place)",
            finding="It was not.",
            found="refutes",
            stands="agrees",
            sentence="Both find that the claim does not hold.",
        ),
    ),
)


def flat(items):
    """Yield all items of a section, also those that are folded away, the folds among them."""
    for item in items:
        yield item
        if isinstance(item, Folded):
            yield from flat(item.items)


def made_up_settings(optimizers=None, seeds=3):
    """The real params.yaml with two problems, and with the given optimizers only."""
    content = json.loads(json.dumps(PARAMS))
    content["problems"] = {name: content["problems"][name] for name in CLASSES}
    content["problems"]["digits"] |= {"epochs": 3, "demo": False}
    content["training"]["seeds"] = seeds
    content["comparison"]["problem_margins"] = {}
    rows = content["optimizers"]
    content["optimizers"] = {name: rows[name] for name in optimizers or rows}
    return loading.validate(content, "made up")


def over_seeds(values):
    """What the evaluation makes of one value per seed; a seed without one leaves no mean."""
    values = [float("nan") if value is None else float(value) for value in values]
    seeds = tuple(None if np.isnan(value) else value for value in values)
    if None in seeds:
        return OverSeeds(mean=None, low=None, high=None, seeds=seeds)
    found = mean_interval(values)
    return OverSeeds(mean=found.estimate, low=found.low, high=found.high, seeds=seeds)


def made_up_metrics(rng, settings, problem, name, level, diverged):
    """What one optimizer reached: about `level`; its first `diverged` seeds picked a training that diverged."""
    seeds = len(settings.seeds(problem))
    test = np.clip(level + rng.normal(0, 0.006, seeds), 0, 1)
    loss = rng.uniform(1.0, 1.2, seeds)
    train = np.clip(test + 0.03, 0, 1)
    test[:diverged], train[:diverged], loss[:diverged] = 0.0, 0.0, np.nan
    accuracies = np.clip(level + rng.uniform(-0.2, 0.2, 10), 0, 1).tolist()
    trials = made_up_trials(settings, problem, name, level, diverged)
    survivors = sorted((trial for trial in trials if trial["survivor"] is not None), key=lambda one: one["survivor"])
    return OptimizerMetrics.model_validate(
        {
            "test_accuracy": over_seeds(test),
            "train_accuracy": over_seeds(train),
            "validation_accuracy": over_seeds(np.clip(test + 0.01 * (test > 0), 0, 1)),
            "generalization_gap": over_seeds(train - test),
            "test_loss": over_seeds(loss),
            "train_loss": over_seeds(loss - 0.1),
            "validation_loss": over_seeds(loss + 0.05),
            "calibration_error": over_seeds(rng.uniform(0.01, 0.03, seeds)),
            "best_train_loss": over_seeds(rng.uniform(0.8, 0.9, seeds)),
            "best_train_accuracy": over_seeds(np.clip(level + rng.uniform(0.03, 0.04, seeds), 0, 1)),
            "per_class": dict(zip(CLASSES[problem], accuracies, strict=True)),
            "speed": made_up_speed(settings, problem, seeds, diverged),
            "step_persistence": over_seeds(rng.uniform(0.4, 0.9, seeds)),
            "length": {"steps": 1406, "images": 90_000},
            "search": {
                "survivors": [
                    {"learning_rate": trial["learning_rate"], "arguments": made_up_arguments(trial["arguments"])}
                    for trial in survivors
                ],
                "picked": [place % 2 for place in range(seeds)],
                "trials": POINTS,
                "on_edge": False,
                "tuned_accuracy": survivors[0]["validation_accuracy"],
                "tuned_loss": survivors[0]["validation_loss"],
            },
            "diverged": list(range(diverged)),
            "trainings": [f"key{seed}" for seed in range(seeds)],
            "parameters": {"Muon": 900, "AdamW": 100}
            if name == "muon"
            else {settings.optimizers[name].class_name: 1000},
        }
    )


def made_up_speed(settings, problem, seeds, diverged):
    """Later targets take longer; a diverged seed reaches none, and the second seed misses the last one."""
    targets = settings.problems[problem].targets

    def reached(target, place, last):
        images = [place * 20_000 + 1_000.5 * seed for seed in range(seeds)]
        images[:diverged] = [None] * diverged
        if last and seeds > 1:
            images[1] = None
        return {"target": target, "images": images}

    return {
        kind: [reached(target, place, place == len(values)) for place, target in enumerate(values, start=1)]
        for kind, values in (("train_loss", targets.train_loss), ("validation_accuracy", targets.validation_accuracy))
    } | {"area": over_seeds([None if seed < diverged else 1.6 + 0.01 * seed for seed in range(seeds)])}


def made_up_arguments(text):
    return {name: float(value) for name, _, value in (part.partition("=") for part in (text or "").split())}


def made_up_results(settings, diverged=()):
    """Return Results; `diverged` names optimizers of which one seed and the highest learning rate diverged."""
    rng = np.random.default_rng(0)
    metrics, per_class, confusion, curves, trials = {}, [], [], [], []
    for problem, classes in CLASSES.items():
        metrics[problem] = {}
        per_test_class = COUNTS[problem]["test"] // len(classes)
        for number, name in enumerate(settings.roster(problem)):
            level = 0.62 - 0.012 * ((5 * number) % 13) + 0.3 * (problem == "digits")
            found = made_up_metrics(rng, settings, problem, name, level, int(name in diverged))
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
    whole = dict.fromkeys(("number", "diverged_at", "survivor"), "Int64")
    return Results(
        settings=settings,
        problems=Problems(problems={problem: made_up_facts(problem) for problem in CLASSES}),
        metrics=Metrics(problems=metrics),
        per_class=pd.DataFrame(per_class, columns=PER_CLASS.columns),
        confusion=pd.DataFrame(confusion, columns=CONFUSION.columns),
        training_curves=pd.DataFrame(curves, columns=TRAINING_CURVES.columns),
        searches=pd.DataFrame(trials, columns=SEARCHES.columns).astype(whole),
        champions=Champions(problems={problem: made_up_champion(settings, problem) for problem in metrics}),
        environment=Environment(
            processor="Abacus <9>",
            cores=2,
            memory_gib=4,
            system="Linux x86_64",
            python="3.11.7",
            versions={"torch": "2.15.0", "numpy": "2.4.6"},
        ),
        comparison=made_up_comparison(settings, metrics),
        verdicts=Verdicts(method=METHOD, claims={}),
        recommendations=made_up_recommendations(settings, metrics),
        cost=made_up_cost(rng, settings),
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
        validation_loss=1.1,
        key="key1",
    )


def made_up_comparison(settings, metrics, **changed):
    """Every optimizer one point better than the baseline, but the first one, which could not be compared.

    The ranking is the real one by the means: the first optimizer is a group of its own, all others are the second.
    """
    rules = {**PARAMS["comparison"], "problem_margins": {}, **changed}
    problems = {}
    for problem in CLASSES:
        names = settings.roster(problem)
        others = [name for name in names if name != rules["baseline"]]
        problems[problem] = {
            "against_baseline": {
                measure: {name: made_up_difference(unit, name != names[0]) for name in others}
                for measure, unit in (
                    ("test_accuracy", "percentage points"),
                    ("train_loss", "nats"),
                    ("images_to_train_loss_1", "times"),
                    ("seconds_to_train_loss_1", "times"),
                )
            },
            "ranking": made_up_ranking(metrics[problem]),
            "searches": {name: made_up_search_summary(found) for name, found in metrics[problem].items()},
            "at_equal_seconds": {
                "seconds": 1.25,
                "share": {name: 1.0 - 0.2 * place for place, name in enumerate(names)},
                "train_loss": dict.fromkeys(names, 1.3),
                "validation_accuracy": {name: 0.6 - 0.01 * place for place, name in enumerate(names)},
            },
        }
    ranks = {name: 1.0 + place for place, name in enumerate(reversed(settings.optimizers))}
    over_problems = {"ranks": ranks, "blocks": dict.fromkeys(ranks, len(CLASSES)), "problems": list(CLASSES)}
    return Comparison.model_validate({"settings": rules, "problems": problems, "ranking": over_problems})


def made_up_difference(unit, compared):
    numbers = {"difference": 1.0, "low": 0.5, "high": 1.5, "margin": 1.0, "p": 0.25, "corrected_p": 0.25}
    return {
        **(numbers if compared else dict.fromkeys(numbers)),
        "unit": unit,
        "probability_of_improvement": 1.0 if compared else None,
        "outcome": "better" if compared else "not tested",
        "pairs": 3 if compared else 0,
        "method": "sign flips" if compared else None,
        "reason": None if compared else "made-up reason",
    }


def made_up_ranking(found):
    means = {name: sum(one.test_accuracy.seeds) / len(one.test_accuracy.seeds) for name, one in found.items()}
    ordered = sorted(means, key=means.__getitem__, reverse=True)
    placed = {
        name: {
            "mean": means[name],
            "low": found[name].test_accuracy.low,
            "high": found[name].test_accuracy.high,
            "group": 1 if place == 0 else 2,
            "behind": 100 * (means[ordered[0]] - means[name]),
        }
        for place, name in enumerate(ordered)
    }
    return {"placed": placed, "left_out": {}}


def made_up_search_summary(found):
    best = found.search.tuned_accuracy
    return {
        "trials": POINTS,
        "expected_best": [best - 0.12 / trials for trials in range(1, POINTS + 1)],
        "default": best - 0.03,
        "good_settings": 0.25,
        "decade_off": best - 0.15,
    }


def made_up_recommendations(settings, metrics):
    """Whoever is last in the table is best; an optimizer of which a seed diverged is left out."""
    problems = {}
    for problem, found in metrics.items():
        able = [name for name, one in found.items() if not one.diverged]
        problems[problem] = {
            "title": TITLES[problem],
            "measure": "accuracy",
            "tuned_on": None,
            "candidates": {
                name: {
                    "label": settings.optimizers[name].label,
                    "learning_rate": one.search.survivors[0].learning_rate,
                    "arguments": {},
                    "picked": 2,
                    "search": {"learning_rate": (0.001, 1.0)},
                    "on_border": False,
                    "trials": POINTS,
                    "seeds": len(one.test_loss.seeds),
                    "step_ratio": 1.2,
                    "state_bytes_per_parameter": 8.0,
                    "left_out": "1 of its 3 final trainings diverged" if one.diverged else None,
                }
                for name, one in found.items()
            },
            "budgets": [
                {
                    "trials": trials,
                    "whole_search": trials == POINTS,
                    "choices": [
                        {
                            "optimizer": name,
                            "standing": "inconclusive" if place else "best",
                            "expected": 0.6 - 0.01 * place,
                            "low": 0.55,
                            "high": 0.62,
                            "corrected_p": 0.2 if place else None,
                        }
                        for place, name in enumerate(reversed(able))
                    ],
                }
                for trials in range(1, POINTS + 1)
            ],
        }
    return Recommendations.model_validate({"problems": problems})


def made_up_cost(rng, settings):
    ratios = {name: 1.0 if name == "sgd" else float(rng.uniform(1.02, 1.6)) for name in settings.optimizers}
    times = {
        name: {"microseconds": 900 * ratio, "ratio": {"median": ratio, "low": ratio - 0.01, "high": ratio + 0.01}}
        for name, ratio in ratios.items()
    }
    return Cost.model_validate(
        {
            "optimizers": {name: made_up_step_cost(name, ratio) for name, ratio in ratios.items()},
            "time_per_step": {problem: {name: times[name] for name in settings.roster(problem)} for problem in CLASSES},
        }
    )


def made_up_step_cost(optimizer, ratio):
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
    """The row's own space at evenly spread points; the seventh is best, with its neighbours; the first is hopeless."""
    row, rows = settings.optimizers[optimizer], []
    ranks = {POINTS // 2: 0, POINTS // 2 - 1: 1, POINTS // 2 + 1: 2}
    for number in range(POINTS):
        values = values_at(row.search, [(number + 0.5) / POINTS] * 16)
        others = {name: value for name, value in values.items() if name != LEARNING_RATE}
        lost = bool(diverged) and number == POINTS - 1
        away = number - POINTS // 2
        rows.append(
            {
                "problem": problem,
                "optimizer": optimizer,
                "learning_rate": values[LEARNING_RATE],
                "arguments": " ".join(f"{name}={value:g}" for name, value in others.items()) or None,
                "number": number,
                "validation_accuracy": 0.0 if lost else level - 0.012 * away**2 - 0.001 * (away > 0),
                "validation_loss": np.nan if lost else 1.4 + 0.02 * away**2,
                "diverged_at": 17 if lost else None,
                "hopeless": number == 0,
                "survivor": ranks.get(number),
            }
        )
    if row.default_learning_rate is None:
        return rows
    default = {**rows[2], "learning_rate": row.default_learning_rate, "arguments": None, "number": None}
    return [{**default, "survivor": None}, *rows]


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
    compared = made_up_comparison(results.settings, results.metrics.problems, **changed)
    return replace(results, comparison=compared)


def with_facts(results, problem, **changed):
    """Return results with changed facts of a problem: ``with_facts(results, "digits", task="next_token")``."""
    facts = results.problems.problems[problem].model_copy(update=changed)
    return replace(results, problems=Problems(problems={**results.problems.problems, problem: facts}))


_ACCURACIES = (
    *("test_accuracy", "train_accuracy", "validation_accuracy", "generalization_gap", "calibration_error"),
    "best_train_accuracy",
)


def judged_by_loss(results, problem, task="next_token"):
    """Return results in which a problem is judged by its loss; a regression has no accuracy anywhere."""
    without = dict.fromkeys(_ACCURACIES) if task == "regression" else {}
    changed = {name: {"measure": "loss", "per_class": {}, **without} for name in results.measured(problem)}
    found = with_measured(results, problem, **changed)
    compared = results.comparison.model_dump()
    by_measure = compared["problems"][problem]["against_baseline"]
    by_measure["test_loss"] = {
        name: {**one, "unit": "squared error" if task == "regression" else "nats"}
        for name, one in by_measure.pop("test_accuracy").items()
    }
    ranking = compared["problems"][problem]["ranking"]
    for name, one in results.measured(problem).items():
        loss = one.test_loss
        # a loss after divergence counts as that of guessing
        mean = {"mean": 2.303 if loss.mean is None else loss.mean}
        ranking["placed"][name] |= {**mean, "low": loss.low, "high": loss.high}
    ranking["placed"] = dict(sorted(ranking["placed"].items(), key=lambda item: item[1]["mean"]))
    if task == "regression":
        compared["problems"][problem]["at_equal_seconds"]["validation_accuracy"] = {}
    for summary in compared["problems"][problem]["searches"].values():
        summary |= {"expected_best": [1.4 + 0.1 / trials for trials in range(1, POINTS + 1)], "default": 1.5}
        summary["decade_off"] = 1.9
    here = {
        name: getattr(results, name)["problem"] != problem for name in ("per_class", "confusion", "training_curves")
    }
    curves = results.training_curves
    if task == "regression":
        known = curves["validation_accuracy"].where(here["training_curves"])
        curves = curves.assign(validation_accuracy=known)
    return replace(
        with_facts(found, problem, measure="loss", task=task),
        comparison=Comparison.model_validate(compared),
        per_class=results.per_class[here["per_class"]],
        confusion=results.confusion[here["confusion"]],
        training_curves=curves,
    )


@pytest.fixture(scope="session")
def results():
    """Three optimizers, three seeds, two problems; no verdicts. A seed of SGD diverged."""
    return made_up_results(made_up_settings(OPTIMIZERS), diverged=("sgd",))


@pytest.fixture(scope="session")
def one_problem(results):
    """The same on digits alone, with nothing optional: the demo before its other stages."""
    settings = results.settings.model_copy(update={"problems": {"digits": results.settings.problems["digits"]}})
    alone = {"digits": results.comparison.problems["digits"]}
    over = results.comparison.ranking.model_copy(
        update={"problems": tuple(alone), "blocks": dict.fromkeys(results.comparison.ranking.ranks, 1)}
    )
    compared = results.comparison.model_copy(update={"problems": alone, "ranking": over})
    to_use = Recommendations(problems={"digits": results.recommendations.problems["digits"]})
    return replace(results, settings=settings, comparison=compared, recommendations=to_use, backprop=None, cost=None)
