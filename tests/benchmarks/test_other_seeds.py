from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import other_seeds
from benchmarks.other_seeds import Seeds
from pipeline.comparison import claims
from pipeline.project.errors import UserError
from pipeline.results.other_seeds import OtherSeeds, SeedsRecord
from pipeline.settings import loading
from tests import yaml_text
from tests.comparison.claims.made_up_study import study, timed
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.results.verdicts import Verdicts

SETTINGS = loading.load(ROOT / "params.yaml")
OTHER = Seeds(search=71, first=61, count=10)


def verdicts(sgd: float, adam: float, noise: float = 0.002) -> Verdicts:
    rows = {"sgd": {"test": sgd, "noise": noise}, "adam": {"test": adam, "noise": noise}}
    return claims.judge_all(study({"cats_dogs": rows}, cost=timed(1.2, 1.3, "cats_dogs")))


def test_the_next_seeds_are_taken_and_none_of_the_studys_own() -> None:
    own, other = other_seeds.own_and_other_seeds(SETTINGS, None, None)
    assert own == Seeds(search=50, first=51, count=10)
    assert other == OTHER
    with pytest.raises(UserError, match="seed 55 is one of the study's own"):
        other_seeds.own_and_other_seeds(SETTINGS, 55, None)
    with pytest.raises(UserError, match="seed 50 is one of the study's own"):
        other_seeds.own_and_other_seeds(SETTINGS, None, 50)


def test_a_problem_brings_the_one_whose_settings_it_takes_over() -> None:
    assert other_seeds.chosen(SETTINGS, "") == SETTINGS.study
    assert other_seeds.chosen(SETTINGS, "next_word,cifar10_longer") == ["cifar10", "cifar10_longer", "next_word"]
    with pytest.raises(UserError, match="no problem 'cats_dog'; did you mean 'cats_dogs'"):
        other_seeds.chosen(SETTINGS, "cats_dog")


@pytest.mark.parametrize("problems", [SETTINGS.study, ["cifar10", "cifar10_longer"]])
def test_the_copy_has_the_same_settings_but_for_the_seeds(tmp_path: Path, problems: list[str]) -> None:
    content = yaml_text.load((ROOT / "params.yaml").read_text())
    changed = other_seeds.params_of_copy(content, problems, OTHER)
    path = tmp_path / "params.yaml"
    path.write_text(yaml_text.dump(changed))
    found = loading.load(path)
    assert sorted(found.problems) == sorted(problems)
    assert (found.tuning.seed, found.training.first_seed) == (71, 61)
    assert found.optimizers == SETTINGS.optimizers
    assert (found.tuning.points, found.training.seeds) == (SETTINGS.tuning.points, SETTINGS.training.seeds)
    assert content["tuning"]["seed"] == 50


def second(own: Verdicts, other: Verdicts) -> OtherSeeds:
    seeds = SeedsRecord(search=50, first=51, last=60)
    return OtherSeeds(problems=("cats_dogs",), seeds=seeds, other_seeds=seeds, claims=other_seeds.compared(own, other))


def test_of_the_verdicts_that_could_change_those_that_did_are_named() -> None:
    own = verdicts(sgd=0.62, adam=0.60)
    found = second(own, verdicts(sgd=0.601, adam=0.60, noise=0.01))
    claim = found.claims["small_data_favours_sgd"]
    assert (claim.study.verdict, claim.other.verdict) == ("supported", "inconclusive")
    assert "small_data_favours_sgd" in found.changed
    assert found.turned_round == []
    # timings are shared, and nothing else of the assignment's claims can be tested on one problem with two optimizers
    assert {"adam_costs_compute", "adam_step_persists"}.isdisjoint(found.could_change)
    assert 1 <= len(found.could_change) < len(own.claims)


def test_a_verdict_that_turns_into_its_opposite_is_named() -> None:
    found = second(verdicts(sgd=0.62, adam=0.60), verdicts(sgd=0.60, adam=0.62))
    assert "small_data_favours_sgd" in found.turned_round
    assert set(found.turned_round) <= set(found.changed)


def test_it_belongs_to_the_verdicts_that_were_judged_again_and_to_no_others() -> None:
    own, other = verdicts(sgd=0.62, adam=0.60), verdicts(sgd=0.61, adam=0.60)
    found = second(own, other)
    assert found.repeats(own)
    assert not found.repeats(other)


def test_the_command_says_how_many_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    own = verdicts(sgd=0.62, adam=0.60)
    other_seeds.report(second(own, own))
    printed = capsys.readouterr().out
    assert "0 of the 0 verdicts that could change are the same; 0 turned into the opposite" in printed
    assert "could not change" in printed
