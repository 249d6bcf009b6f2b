"""What every claim must offer, whatever its subject."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.comparison import claims
from pipeline.comparison.verdict import Outcome, Verdict
from tests.comparison.claims.made_up_study import study

IDS = [
    "adam_always_best",
    "adagrad_slows",
    "adam_costs_compute",
    "adam_fastest",
    "adam_overfits",
    "adam_step_persists",
    "adaptive_alike",
    "adaptive_forgives_lr",
    "few_epochs",
    "momentum_beats_sgd",
    "nadam_validates_better",
    "sgd_ends_lower",
    "small_data_favours_sgd",
    "sparse_favours_adaptive",
]
NOTHING = study({"somewhere": {}})
NEARLY = study({"cifar10": {name: {"test_accuracy": 0.5} for name in ("adam", "sgd")}})


def test_the_claims_of_the_assignment_are_found_the_question_first():
    assert set(IDS) <= set(claims.names())
    assert claims.names()[0] == "adam_always_best"


def test_every_other_file_of_the_room_is_known_to_be_no_claim():
    files = {path.stem for path in Path(claims.__file__).parent.glob("*.py")} - {"__init__"}
    assert files - set(claims.names()) == {"decisions", "evidence", "verdict", "wording"}


@pytest.mark.parametrize("name", claims.names())
class TestClaim:
    def test_its_id_is_its_file(self, name):
        assert name == claims.by_name(name).ID

    def test_it_has_words(self, name):
        claim = claims.by_name(name)
        assert claim.TITLE
        assert not claim.TITLE.endswith(".")
        assert claim.QUOTE[-1] in ".?"
        assert len(claim.RULE) > 100
        assert claim.NEEDS
        assert all(isinstance(need, str) and need for need in claim.NEEDS)

    def test_its_rule_names_outcomes_and_no_number_of_the_settings(self, name):
        rule = claims.by_name(name).RULE
        assert all(stem in rule.lower() for stem in ("support", "refute", "inconclusive"))
        assert not any(text in rule for text in ("0.05", "0.005", "0.5 point", "1.1", "0.02"))

    def test_without_evidence_it_was_not_tested_and_says_why(self, name):
        verdict = claims.by_name(name).judge(NOTHING)
        assert verdict.outcome is Outcome.NOT_TESTED
        assert len(verdict.sentence) > len("Not tested: .")
        assert verdict.effect is None
        assert verdict.p is None

    def test_its_verdict_is_json_with_the_agreed_keys(self, name):
        verdict = claims.by_name(name).judge(NEARLY)
        assert isinstance(verdict, Verdict)
        assert verdict.claim == name
        assert verdict.rule == claims.by_name(name).RULE
        record = json.loads(json.dumps(verdict.to_json(), allow_nan=False))
        assert {"verdict", "effect", "unit", "low", "high", "p", "problems", "sentence"} <= set(record)
        assert record["verdict"] in {str(outcome) for outcome in Outcome}
        assert record["sentence"].endswith(".")
        assert record["what_would_change_it"]


def test_all_verdicts_together_tell_what_holm_over_the_claims_leaves():
    levels = {"validation_accuracy": 0.5, "test_accuracy": 0.5}
    evidence = study(
        {
            "cifar10": {"adam": levels, "nadam": {**levels, "validation_accuracy": 0.52}},
            "cats_dogs": {"adam": {"test_accuracy": 0.5}, "sgd": {"test_accuracy": 0.6}},
        }
    )
    found = claims.judge_all(evidence).claims
    assert list(found) == claims.names()
    tested = {name: verdict.p for name, verdict in found.items() if verdict.p is not None}
    assert set(tested) == {"adam_always_best", "nadam_validates_better", "small_data_favours_sgd"}
    assert found["nadam_validates_better"].p == pytest.approx(2 / 1024, abs=1e-6)
    assert found["nadam_validates_better"].p_over_all_claims == pytest.approx(3 * 2 / 1024, abs=1e-6)
    assert found["few_epochs"].p_over_all_claims is None


def test_the_same_evidence_gives_the_same_verdicts():
    assert claims.judge_all(NEARLY) == claims.judge_all(NEARLY)
