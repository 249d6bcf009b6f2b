"""What a reader sees: the comparison that decided, the sentence with its numbers, and what would change the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipeline.comparison import claims
from tests.comparison.claims.made_up_study import study, timed
from tests.comparison.claims.test_outcomes import (
    ADAGRAD,
    SPEEDS,
    THREE,
    both,
    easier,
    epochs,
    forgiving,
    gaps,
    on,
    on_all,
    slow,
    speeds,
)

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.results.verdicts import VerdictRecord

GROUP = "the methods without adaptive rates"
OTHERS = "Other problems, networks or tuning budgets in which this difference shrinks below the margin of "


def decisive(found: VerdictRecord) -> tuple[str, str, str, str]:
    (row,) = (row for part in found.parts for row in part.rows if row.decisive)
    assert (found.effect, found.low, found.high, found.unit) == (row.difference, row.low, row.high, row.unit)
    return row.problem, row.a, row.b, row.outcome


CASES: list[tuple[str, Evidence, tuple[str, str, str, str], str, str]] = [
    (
        "adam_not_always_best",
        study({**on("cifar10", adam=0.6, sgd=0.5, nadam=0.602), **on("cats_dogs", adam=0.6, sgd=0.62, muon=0.65)}),
        ("cats_dogs", "Muon", "Adam", "better"),
        "No, Adam is not always the best optimizer: on cats_dogs, test accuracy 65.00 % (Muon) against 60.00 % (Adam), "
        "+5.00 points",
        OTHERS + "0.5 points",
    ),
    (
        "adam_improves_rmsprop",
        study(
            {
                **on("a", adam=0.70, rmsprop=0.60),
                **on("b", adam=0.60, rmsprop=0.60),
                **on("c", adam=0.65, rmsprop=0.60),
            }
        ),
        ("c", "Adam", "rmsprop", "better"),  # the second of three that agrees, not the largest difference
        "Adam does better than RMSprop: on c, test accuracy 65.00 % (Adam) against 60.00 % (rmsprop)",
        OTHERS + "0.5 points",
    ),
    (
        "adam_converges_quickly",
        speeds(adam=20_000, sgd=40_000),
        ("cifar10", "Adam", "SGD", "better"),
        "Adam converges quickly: it is faster than the methods without adaptive rates: on cifar10, ",
        OTHERS + "1.1 times",
    ),
    (
        "adam_step_persists",
        study(on("slow", "step", adam=0.3), constant=["slow"]),
        ("slow", "Adam", "a step that counts as died out", "worse"),
        "Adam's steps do die out: on slow, share of the early step that is left 0.3 (Adam) against 0.5 (a step",
        "Other problems, networks or tuning budgets in which this difference turns round.",
    ),
    (
        "adam_costs_compute",
        study(on_all(("a", "b"), adam=0.5), cost=timed(0.98, 1.05, "a", "b")),
        ("b", "Adam", "plain SGD", "no meaningful difference"),
        "A step of Adam costs about what one of SGD does: on b a training step takes 1.02 times as long as SGD's",
        "Another machine, implementation or network",
    ),
    (
        "nadam_sometimes_better",
        study({**on("a", adam=0.6, nadam=0.5), **on("b", adam=0.6, nadam=0.59)}),
        ("b", "NAdam", "Adam", "worse"),  # the case that came nearest
        "NAdam is not better than Adam in any of these cases: on b,",
        OTHERS + "0.5 points",
    ),
    (
        "nadam_validates_better",
        study(on_all(THREE, "validation", adam=0.5, nadam=0.501)),
        ("cats_dogs", "NAdam", "Adam", "no meaningful difference"),
        "NAdam and Adam do equally well on validation data: on cats_dogs, validation accuracy 50.10 % (NAdam)",
        "A margin below 0.35 points: the interval reaches that far.",
    ),
    (
        "newer_ones_alike",
        study(on_all(THREE, adam=0.6, rmsprop=0.606, adadelta=0.6)),
        ("cats_dogs", "Adam", "rmsprop", "no meaningful difference"),  # the pair that is farthest apart
        "Adadelta, RMSprop and Adam mostly perform alike: on cats_dogs, test accuracy 60.00 % (Adam)",
        "A margin below 0.76 points: the interval reaches that far.",
    ),
    (
        "adagrad_slows",
        slow({**ADAGRAD, "end": 0.5}),
        ("cifar10", "Adadelta, RMSprop and Adam", "adagrad", "worse"),
        "Adagrad's step does not shrink more than Adadelta's, or Adagrad is not slower: on cifar10, final",
        OTHERS + "0.02 nats",
    ),
    (
        "adadelta_for_sparse",
        study(on("visual_words", adadelta=0.7, sgd=0.6, nesterov=0.65)),
        ("visual_words", "adadelta", GROUP, "better"),
        "On sparse data Adadelta does better than the methods without adaptive rates: on visual_words, test accuracy "
        "70.00 % (adadelta) against 62.50 % (the methods without adaptive rates), +7.50 points",
        OTHERS + "0.5 points",
    ),
    (
        "adadelta_forgives_rate",
        forgiving(0.02, noise=0.1),
        ("cifar10", "adadelta", "Adam", "inconclusive"),
        "The searches do not decide whether Adadelta forgives more: on cifar10, validation accuracy of a",
        "Hardly more trials of the search: the difference lies too near to the margin of 2 points.",
    ),
    (
        "adaptive_for_speed",
        speeds(adam=40_000, nadam=40_000, sgd=20_000),
        ("cifar10", "the adaptive methods", "SGD", "worse"),
        "Methods with adaptive rates are not faster: on cifar10, ",
        OTHERS + "1.1 times",
    ),
    (
        "sgd_slower_but_better",
        both({"sgd": {"test": 0.6, "end": 0.9}, "adam": {"test": 0.5, "end": 0.7}}),
        ("cifar10", "SGD", "Adam", "worse"),
        "SGD methods do not end with better test results and a lower training loss: on cifar10, final training loss "
        "0.9 (SGD) against 0.7 (Adam), +0.200 nats",
        OTHERS + "0.02 nats",
    ),
    (
        "newer_sgd_converges",
        easier(20_000, good=9),
        ("cifar10", "the newer SGD methods", "SGD", "better"),
        "The newer SGD methods converge faster than SGD, and more settings are good ones: on cifar10, share of good "
        "settings 75.00 % (the newer SGD methods) against 25.00 % (SGD), +50.00 points",
        OTHERS + "10 points",
    ),
    (
        "adam_trains_best",
        study(on_all(THREE, "fit", adam=0.7, sgd=0.6, muon=0.8)),
        ("cifar10", "Adam", "Muon", "worse"),
        "The data do not decide whether Adam's accuracy on training data is high: on cifar10, training",
        "Not more seeds: the comparisons disagree.",
    ),
    (
        "adam_does_not_hold_it",
        gaps(adam=(0.75, 0.65), sgd=(0.5, 0.45)),
        ("cifar10", "SGD", "Adam", "no meaningful difference"),
        "Adam does not lose noticeably more from training to test data: on cifar10, generalization gap at equal "
        "training results 0.00 % (SGD) against",
        "A margin below 0.22 points",
    ),
    (
        "small_data_favours_sgd",
        study(on("cats_dogs", noise=0.02, adam=0.6, sgd=0.615)),
        ("cats_dogs", "SGD", "Adam", "inconclusive"),
        "The data do not decide which is better with little data: on cats_dogs, test accuracy 61.50 % (SGD)",
        "More seeds: about 23 instead of 10 would narrow the interval enough.",
    ),
    (
        "adam_for_sparse",
        study({**on("visual_words", adam=0.7, sgd=0.6), **on("next_word", adam=0.6, sgd=0.7)}),
        ("next_word", "Adam", "SGD", "worse"),
        "The data do not decide whether Adam does better on sparse data: on next_word,",
        "Not more seeds: the comparisons disagree.",
    ),
    (
        "newer_sgd_for_test_accuracy",
        study({**on_all(THREE[:2], nesterov=0.7, adam=0.6), **on("c", nesterov=0.6, adam=0.7)}),
        ("c", "nesterov", "Adam", "worse"),  # the one that forbids the rule
        "It depends on the problem, or the data do not decide it: on c, test accuracy 60.00 % (nesterov)",
        "Not more seeds: the comparisons disagree.",
    ),
    (
        "few_epochs_cost",
        epochs(0.55, 0.47),
        ("assignment_longer", "Adam", "Adam on assignment_batch64", "better"),
        "Yes, more epochs give a higher accuracy: the few epochs cost some: test accuracy 55.00 % (Adam on "
        "assignment_longer) against 47.00 % (Adam on assignment_batch64), +8.00 points",
        OTHERS + "0.5 points",
    ),
]


@pytest.mark.parametrize(("claim", "evidence", "pair", "sentence", "change"), CASES, ids=[case[0] for case in CASES])
def test_words(claim: str, evidence: Evidence, pair: tuple[str, ...], sentence: str, change: str) -> None:
    found = claims.by_name(claim).judge(evidence)
    assert decisive(found) == pair
    assert found.sentence.startswith(sentence), found.sentence
    assert found.what_would_change_it.startswith(change), found.what_would_change_it
    assert found.sentence.startswith(found.answer.rstrip("."))


def test_every_claim_is_read() -> None:
    assert sorted(case[0] for case in CASES) == sorted(claims.names())


def judged(**levels: Any) -> VerdictRecord:
    """Return the verdict on "With little data SGD beats Adam"."""
    return claims.by_name("small_data_favours_sgd").judge(study({"cats_dogs": levels}))


@pytest.mark.parametrize(
    ("levels", "verdict", "change"),
    [
        (
            {"adam": {"test": 0.6}, "sgd": {"test": 0.606}},
            "inconclusive",
            "Another margin: there is a difference, but it is about as large as the margin of 0.5 points. More",
        ),
        (
            {"adam": {"test": 0.6}, "sgd": {"test": 0.5, "on_border": True}},
            "inconclusive",
            "A larger tuning budget, or a wider range of learning rates: the best learning rate of SGD on cats_dogs",
        ),
        (
            {"adam": {"test": 0.6}, "sgd": {"test": 0.65, "diverged": [2]}},
            "inconclusive",
            "Settings that do not diverge: SGD diverged in 1 of 10 seeds",
        ),
        (
            {"adam": {"test": 0.6}, "sgd": {"test": 0.65, "diverged": [0, 1, 2, 3, 4, 5, 6, 7]}},
            "refuted",
            "Settings that do not diverge: SGD diverged in 8 of 10 seeds",
        ),
        (
            {"adam": {"test": 0.6, "seeds": 4}, "sgd": {"test": 0.6, "seeds": 4}},
            "inconclusive",
            "More seeds: with fewer than 6 no two can be shown to be alike.",
        ),
        (
            {"adam": {"test": 0.6, "noise": 0.02}, "sgd": {"test": 0.605, "noise": 0.02}},
            "inconclusive",
            "Hardly more seeds: the difference lies too near to the margin of 0.5 points.",
        ),
    ],
)
def test_what_stands_in_the_way_is_said(levels: dict[str, Any], verdict: str, change: str) -> None:
    found = judged(**levels)
    assert found.verdict == verdict
    assert found.what_would_change_it.startswith(change), found.what_would_change_it


def test_a_missed_target_is_what_stands_in_the_way() -> None:
    level = [80_000.0] * 8 + [None] * 2
    rows = {"adam": {"images": [level] * 3}, "sgd": {"images": [[90_000.0] * 10] * 3}}
    found = claims.by_name("adam_converges_quickly").judge(study({"cifar10": rows}, steps=SPEEDS))
    assert found.verdict == "inconclusive"
    assert found.what_would_change_it.startswith("A longer training or an easier target")


def test_too_few_seeds_for_so_many_problems_are_named() -> None:
    problems = {
        name: {row: {"test": level, "seeds": 7} for row, level in (("adam", 0.6), ("rmsprop", 0.5))} for name in "abcde"
    }
    found = claims.by_name("adam_improves_rmsprop").judge(study(problems))
    assert found.verdict == "inconclusive"
    assert found.what_would_change_it == "More seeds: 8 at least, because with 7 no test over 5 problems can decide."


def test_a_concession_is_shown_and_cannot_refute() -> None:
    fast = {"test": 0.6, "end": 0.5, "images": [10_000, 15_000, 20_000]}
    late = {"test": 0.5, "end": 0.7, "images": [20_000, 30_000, 40_000]}
    found = claims.by_name("sgd_slower_but_better").judge(both({"sgd": fast, "adam": late}))
    assert found.verdict == "supported"
    (conceded,) = (part for part in found.parts if part.concession)
    assert conceded.verdict == "refuted"
    assert found.sentence.endswith("(what it concedes (SGD methods take longer): refuted).")


def test_a_rule_is_not_decided_by_a_difference_within_the_margin() -> None:
    # 0.4 points more epochs' worth, with hardly any spread: significant, and too small to matter
    found = claims.by_name("few_epochs_cost").judge(epochs(0.474, 0.47, noise=0.0002, seeds=10))
    assert found.verdict == "no meaningful difference"
