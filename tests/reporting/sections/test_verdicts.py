import re
from dataclasses import replace

import pytest

from pipeline.comparison import claims
from pipeline.reporting.formats import markdown
from pipeline.reporting.items import Bullets, Folded, Paragraph, Table
from pipeline.reporting.sections import verdicts as section
from pipeline.results.other_seeds import ClaimAgain, Judged, OtherSeeds, SeedsRecord
from pipeline.results.verdicts import Verdicts
from tests.comparison.claims.made_up_study import study
from tests.reporting.conftest import DECIDED

OPEN = DECIDED.model_copy(
    update=dict.fromkeys(("effect", "unit", "low", "high", "p"))
    | {"verdict": "inconclusive", "problems": (), "test": "", "title": "Other", "parts": (), "outside": ()}
)
SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def judged(results):
    verdicts = Verdicts(method="By sign flips.", claims={"first_one": DECIDED, "second_one": OPEN})
    return replace(results, verdicts=verdicts)


def of(items, claim):
    """What the section says of a claim."""
    return list(next(item.items for item in items if getattr(item, "anchor", "") == f"claim-{claim}"))


def bullets(items):
    found = next(item for item in items if isinstance(item, Bullets))
    return [entry.replace(SPACE, " ") for entry in found.entries]


def test_every_claim_has_a_row_that_links_to_its_evidence(judged):
    items = section.build(judged)
    table = next(item for item in items if isinstance(item, Table))
    anchors = [item.anchor for item in items if isinstance(item, Folded) and item.anchor]
    assert anchors == ["claim-first_one", "claim-second_one"]
    assert [re.search(r"\(#(.*)\)", row[0]).group(1) for row in table.rows] == anchors
    assert [row[1:] for row in table.rows] == [
        ("**refuted**", "No, it is not: \\*.", "*agrees*: Somebody 2020"),
        ("**inconclusive**", "No, it is not: \\*.", "–"),
    ]
    (how,) = (item for item in items if isinstance(item, Folded) and item.title == "How verdicts are reached")
    assert how.items[-1] == Paragraph("By sign flips.")


def test_a_claim_shows_what_the_assignment_says_the_verdict_and_what_decided(judged):
    found = of(section.build(judged), "first_one")
    assert found[0] == Paragraph("*The assignment, translated:* It is, they say.")
    assert found[1] == Paragraph("**Refuted.** It is not: made up \\*.")
    assert bullets(found) == [
        "**What was tested.** Whether it is.",
        "**What decided it.** Adam against Muon: −1.23 points, 95 % interval −2.00 to −0.50, p 0.012 "
        "(sign-flip test of 3 seeds)",
        "**Test accuracy**: refuted. CIFAR-10: worse; Handwritten digits: not tested",
        "**What would change it.** More seeds.",
    ]


def test_every_comparison_of_a_claim_is_in_a_fold_out_and_the_deciding_one_in_bold(judged):
    items = of(section.build(judged), "first_one")
    table = [item for item in items if isinstance(item, Table)][-1]
    assert [[cell.replace(SPACE, " ") for cell in row] for row in table.rows] == [
        ["CIFAR-10", "test accuracy", "Adam", "Muon", "−1.23 points", "−2.00 to −0.50", "0.012", "worse"],
        ["Handwritten digits", "test accuracy", "Adam", "SGD", "–", "–", "–", "not tested: made-up reason"],
    ]
    assert table.strong_rows == frozenset({0})
    assert Paragraph("**Rule, fixed beforehand.** The rule in `params.yaml`.") in items
    assert items[-1] == Paragraph("The studies: Somebody 2020, A Title (a place).")


def test_what_others_found_stands_beside_the_verdict(judged):
    table = next(item for item in of(section.build(judged), "first_one") if isinstance(item, Table))
    assert table.rows == (("Somebody 2020", "It was not.", "**agrees**", "Both find that the claim does not hold."),)


def test_an_inconclusive_claim_says_what_stands_in_the_way_and_shows_no_numbers(judged):
    found = of(section.build(judged), "second_one")
    assert bullets(found) == ["**What was tested.** Whether it is.", "**What stands in the way.** More seeds."]
    assert not any(isinstance(item, Table) for item in found)
    assert found[-1] == Paragraph("**Rule, fixed beforehand.** The rule in `params.yaml`.")


def test_a_claim_that_was_not_tested_says_so_once(judged):
    changed = OPEN.model_copy(update={"verdict": "not tested", "sentence": "Not tested: there is no *."})
    items = section.build(replace(judged, verdicts=Verdicts(method="", claims={"it": changed})))
    assert of(items, "it")[1] == Paragraph("**Not tested:** there is no \\*.")


def test_a_concession_is_called_one_and_several_comparisons_are_counted(judged):
    part = DECIDED.parts[0]
    rows = tuple(part.rows[0].model_copy(update={"outcome": outcome}) for outcome in ("better", "worse", "better"))
    conceded = part.model_copy(update={"title": "slower", "concession": True, "rows": rows})
    changed = DECIDED.model_copy(update={"parts": (part, conceded)})
    items = section.build(replace(judged, verdicts=Verdicts(method="", claims={"it": changed})))
    assert (
        "**Slower**: refuted, which the claim concedes and which decides nothing. CIFAR-10: 2 better, 1 worse"
        in bullets(of(items, "it"))
    )


def test_the_real_claims_can_be_shown(results):
    """All twenty, one of them decided, in Markdown; problems that the study lacks keep their names."""
    beaten = study({"cifar10": {"adam": {"test": 0.5}, "muon": {"test": 0.6}}})
    items = section.build(replace(results, verdicts=claims.judge_all(beaten)))
    text = markdown.blocks(items)
    assert text.count("*The assignment, translated:*") == 20
    assert "*agrees*: Schmidt et al. 2021, Wilson et al. 2017" in text
    assert "visual\\_words" in text


def test_without_claims_there_is_no_section(results):
    assert section.build(results) == []


def judged_again(judged, *others):
    """The study and a second one, whose verdicts are those given, the first ones' places in turn."""
    pairs = zip(judged.verdicts.claims.items(), others, strict=True)
    claims = {
        name: ClaimAgain(could_change=before != after, study=Judged.of(before), other=Judged.of(after))
        for (name, before), after in pairs
    }
    seeds = SeedsRecord(search=71, first=61, last=70)
    return OtherSeeds(problems=("cifar10",), seeds=seeds, other_seeds=seeds, claims=claims)


def test_a_second_study_stands_beside_the_verdicts(judged):
    after = DECIDED.model_copy(update={"verdict": "supported", "sentence": "Now it is."})
    items = section.build(replace(judged, other_seeds=judged_again(judged, after, OPEN)))
    table = next(item for item in items if isinstance(item, Table))
    assert table.header[3] == "with other seeds"
    assert [row[3] for row in table.rows] == ["**supported**", "–"]
    assert any("of the 1 verdict that could change, 0 are the same, and 1 turned" in str(item) for item in items)
    assert "**With other seeds and another search.** supported: Now it is." in bullets(of(items, "first_one"))
    assert not [entry for entry in bullets(of(items, "second_one")) if "other seeds" in entry]


def test_a_second_study_of_other_verdicts_is_left_out(judged):
    again = judged_again(judged, DECIDED, OPEN)
    changed = {**judged.verdicts.claims, "first_one": DECIDED.model_copy(update={"effect": -1.3})}
    verdicts = judged.verdicts.model_copy(update={"claims": changed})
    items = section.build(replace(judged, verdicts=verdicts, other_seeds=again))
    assert "other seeds" not in str(items)
