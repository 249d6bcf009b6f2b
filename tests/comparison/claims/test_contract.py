"""What every claim must offer, whatever its subject."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.comparison import claims
from pipeline.comparison.claim import Claim
from pipeline.comparison.decisions import METHOD, VerdictKind
from pipeline.comparison.outside import MIXED, REFUTES, SUPPORTS, Direction, Outside, Source
from pipeline.results.verdicts import Verdicts
from tests.comparison.claims.made_up_study import study

IDS = {
    "adam_not_always_best",
    "adam_improves_rmsprop",
    "adam_converges_quickly",
    "adam_step_persists",
    "adam_costs_compute",
    "nadam_sometimes_better",
    "nadam_validates_better",
    "newer_ones_alike",
    "adagrad_slows",
    "adadelta_for_sparse",
    "adadelta_forgives_rate",
    "adaptive_for_speed",
    "sgd_slower_but_better",
    "newer_sgd_converges",
    "adam_trains_best",
    "adam_does_not_hold_it",
    "small_data_favours_sgd",
    "adam_for_sparse",
    "newer_sgd_for_test_accuracy",
    "few_epochs_cost",
}
QUESTION = "adam_not_always_best"
ROOT = Path(__file__).parents[3]
SOURCE = Source("Ada 1843", "Notes", "a journal")
NOTHING = study({"somewhere": {}})
NEARLY = study({"cifar10": {name: {"test": 0.5} for name in ("adam", "sgd")}})


def test_the_claims_of_the_assignment_are_found_the_question_first() -> None:
    assert set(claims.names()) == IDS
    assert claims.names()[0] == QUESTION
    assert [name for name in claims.names() if claims.by_name(name).is_the_question] == [QUESTION]


def test_the_folder_holds_claims_and_nothing_else() -> None:
    files = {path.stem for path in Path(str(claims.__file__)).parent.iterdir() if path.suffix == ".py"}
    assert files - {"__init__"} == set(claims.names())


@pytest.mark.parametrize("name", sorted(IDS))
class TestClaim:
    def test_it_has_words(self, name: str) -> None:
        claim = claims.by_name(name)
        assert isinstance(claim, Claim)
        assert not claim.title.endswith(".")
        assert claim.says.endswith(".")
        assert '"' not in claim.says
        assert claim.tested.endswith(".")
        assert claim.needs
        assert all(clause and clause[-1] != "." for clause in (claim.yes, claim.no, claim.same, claim.undecided))
        assert all(one.differs and one.differs[-1] != "." for one in claim.outside)

    def test_its_rule_names_every_verdict_and_no_number_of_the_settings(self, name: str) -> None:
        rule = claims.by_name(name).whole_rule
        assert all(stem in rule.lower() for stem in ("support", "refute", "inconclusive", "meaningful difference"))
        assert not any(text in rule for text in ("0.05", "0.005", "0.5 point", "1.1", "0.02"))

    def test_without_evidence_it_was_not_tested_and_says_why(self, name: str) -> None:
        verdict = claims.by_name(name).judge(NOTHING)
        assert verdict.verdict == VerdictKind.NOT_TESTED
        assert len(verdict.sentence) > len("Not tested: .")
        assert verdict.what_would_change_it.startswith("A study that has ")
        assert (verdict.effect, verdict.p) == (None, None)
        assert {one.stands for one in verdict.outside} <= {"not comparable"}

    def test_its_verdict_is_a_sentence_and_what_would_change_it(self, name: str) -> None:
        verdict = claims.by_name(name).judge(NEARLY)
        assert verdict.verdict in list(VerdictKind)
        assert verdict.sentence.endswith(".")
        assert verdict.what_would_change_it.endswith(".")


def test_the_same_evidence_gives_the_same_verdicts() -> None:
    assert claims.judge_all(NEARLY) == claims.judge_all(NEARLY)


def test_verdicts_are_written_and_read_with_words_and_rule(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    verdicts = claims.judge_all(NEARLY)
    verdicts.write(path)
    assert Verdicts.read(path) == verdicts
    assert verdicts.method == METHOD
    question, record = claims.by_name(QUESTION), verdicts.claims[QUESTION]
    assert (record.title, record.says, record.rule) == (question.title, question.says, question.whole_rule)


@pytest.mark.parametrize(
    ("found", "kind", "stands"),
    [
        (SUPPORTS, VerdictKind.SUPPORTED, "agrees"),
        (SUPPORTS, VerdictKind.REFUTED, "differs"),
        (SUPPORTS, VerdictKind.NO_MEANINGFUL_DIFFERENCE, "differs"),
        (REFUTES, VerdictKind.REFUTED, "agrees"),
        (REFUTES, VerdictKind.NO_MEANINGFUL_DIFFERENCE, "agrees"),
        (REFUTES, VerdictKind.SUPPORTED, "differs"),
        (SUPPORTS, VerdictKind.INCONCLUSIVE, "not comparable"),
        (REFUTES, VerdictKind.NOT_TESTED, "not comparable"),
        (MIXED, VerdictKind.SUPPORTED, "not comparable"),
        (MIXED, VerdictKind.REFUTED, "not comparable"),
    ],
)
def test_how_a_study_of_others_stands_to_a_verdict(found: Direction, kind: VerdictKind, stands: str) -> None:
    record = Outside(source=SOURCE, finding="Adam won.", found=found, differs="its tasks are others").beside(kind)
    assert (record.source, record.finding, record.found, record.stands) == ("Ada 1843", "Adam won.", found, stands)
    assert record.reference == "Ada 1843, Notes (a journal)"
    assert record.sentence.endswith(".")
    # what explains a conflict is said wherever the two are set against each other
    decided = kind not in (VerdictKind.INCONCLUSIVE, VerdictKind.NOT_TESTED)
    assert ("its tasks are others" in record.sentence) == (decided or found is MIXED)


def test_a_conflict_names_both_sides() -> None:
    assert Outside(source=SOURCE, finding="No.", found=REFUTES, differs="it is old").beside(
        VerdictKind.SUPPORTED
    ).sentence == ("It speaks against the claim, this study for it. What is not the same: it is old.")


def test_a_claim_is_judged_with_what_others_found() -> None:
    beaten = study({"cifar10": {"adam": {"test": 0.5}, "muon": {"test": 0.6}}})
    outside = {one.source: one.stands for one in claims.by_name(QUESTION).judge(beaten).outside}
    assert outside["Schmidt et al. 2021"] == "agrees"
    assert outside["Choi et al. 2019"] == "not comparable"
    ahead = study({"cifar10": {"adam": {"test": 0.6}, "muon": {"test": 0.5}}})
    outside = {one.source: one.stands for one in claims.by_name(QUESTION).judge(ahead).outside}
    assert outside["Schmidt et al. 2021"] == "differs"


def test_the_page_on_related_work_has_every_study_and_every_finding() -> None:
    page = " ".join((ROOT / "docs" / "why" / "related.md").read_text(encoding="utf-8").split())
    for name in claims.names():
        for one in claims.by_name(name).outside:
            assert one.source.title in page
            assert f"| `{name}` | {one.source.short} | {one.found} |" in page
