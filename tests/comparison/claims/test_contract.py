"""What every claim must offer, whatever its subject."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.comparison import claims
from pipeline.comparison.claim import Claim
from pipeline.comparison.decisions import VerdictKind
from pipeline.results.verdicts import Verdicts
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


def test_the_folder_holds_claims_and_nothing_else():
    files = {path.stem for path in Path(claims.__file__).parent.iterdir() if path.suffix == ".py"}
    assert files - {"__init__"} == set(claims.names())


def test_one_claim_is_the_question():
    assert [name for name in claims.names() if claims.by_name(name).is_the_question] == ["adam_always_best"]


@pytest.mark.parametrize("name", claims.names())
class TestClaim:
    def test_it_has_words(self, name):
        claim = claims.by_name(name)
        assert isinstance(claim, Claim)
        assert claim.title
        assert not claim.title.endswith(".")
        assert claim.quote[-1] in ".?"
        assert len(claim.rule) > 100
        assert claim.needs
        assert all(isinstance(need, str) and need for need in claim.needs)

    def test_its_rule_names_verdicts_and_no_number_of_the_settings(self, name):
        rule = claims.by_name(name).rule
        assert all(stem in rule.lower() for stem in ("support", "refute", "inconclusive"))
        assert not any(text in rule for text in ("0.05", "0.005", "0.5 point", "1.1", "0.02"))

    def test_without_evidence_it_was_not_tested_and_says_why(self, name):
        verdict = claims.by_name(name).judge(NOTHING)
        assert verdict.kind is VerdictKind.NOT_TESTED
        assert len(verdict.sentence) > len("Not tested: .")
        assert verdict.effect is None
        assert verdict.p is None

    def test_its_verdict_is_a_sentence_and_what_would_change_it(self, name):
        verdict = claims.by_name(name).judge(NEARLY)
        assert verdict.kind in VerdictKind
        assert verdict.sentence.endswith(".")
        assert verdict.what_would_change_it.endswith(".")


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
    assert {name for name, verdict in found.items() if verdict.p is not None} == {
        "adam_always_best",
        "nadam_validates_better",
        "small_data_favours_sgd",
    }
    assert found["nadam_validates_better"].p == pytest.approx(2 / 1024, abs=1e-6)
    assert found["nadam_validates_better"].p_over_all_claims == pytest.approx(3 * 2 / 1024, abs=1e-6)
    assert found["few_epochs"].p_over_all_claims is None


def test_the_same_evidence_gives_the_same_verdicts():
    assert claims.judge_all(NEARLY) == claims.judge_all(NEARLY)


def test_verdicts_are_written_and_read_with_words_and_rule(tmp_path):
    path = tmp_path / "verdicts.json"
    verdicts = claims.judge_all(NEARLY)
    verdicts.write(path)
    assert Verdicts.read(path) == verdicts
    question = claims.by_name("adam_always_best")
    record = verdicts.claims["adam_always_best"]
    assert (record.title, record.quote, record.rule) == (question.title, question.quote, question.rule)
    assert record.effect == round(record.effect, 6)
