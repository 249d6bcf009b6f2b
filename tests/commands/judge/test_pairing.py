from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.commands.judge.judgement import judge_results
from pipeline.statistics.unpaired import UnpairedComparison, compare_unpaired
from tests.commands.judge.made_up import results

FRAME = results(adam=0.02, sgd=0.0)


def test_other_seeds_are_compared_as_independent_runs() -> None:
    frame = FRAME.assign(seed=FRAME.seed.where(FRAME.optimizer == "adam", FRAME.seed + 1))
    found = judge_results(frame)
    (entry,) = found.judged
    adam, sgd = (FRAME[FRAME.optimizer == name].test_accuracy for name in ("adam", "sgd"))
    assert isinstance(entry.comparison, UnpairedComparison)
    assert entry.comparison.p == compare_unpaired(adam, sgd, None).p
    assert "not paired (seed 0 only in adam and seed 10 only in sgd), by exact permutation test" in found.notes[0]
    assert "would need fewer seeds" in found.notes[0]


def test_a_seed_too_many_is_no_reason_to_drop_it() -> None:
    found = judge_results(FRAME.drop(index=19))
    assert (found.judged[0].runs, found.judged[0].test) == ("10 and 9 runs", "exact permutation test")


def test_no_seeds_at_all() -> None:
    found = judge_results(FRAME.drop(columns="seed"))
    assert "no column says the seed; name one with --seed-column" in found.notes[0]
    assert found.ranking is None


def test_many_runs_get_welchs_test() -> None:
    found = judge_results(results(seeds=30, adam=0.02, sgd=0.0).drop(columns="seed"))
    assert found.judged[0].test == "Welch's t test"


@pytest.mark.parametrize("pair_only", [True, False])
def test_no_pairs_figures_depend_on_the_other_optimizers(pair_only: bool) -> None:
    many = results(seeds=20, **{f"o{number:02}": number / 1000 for number in range(15)})
    frame = many[many.optimizer.isin(["o00", "o05"])] if pair_only else many
    (entry,) = [e for e in judge_results(frame).judged if (e.a.optimizer, e.b.optimizer) == ("o00", "o05")]
    assert entry.comparison is not None
    alone = judge_results(many[many.optimizer.isin(["o00", "o05"])]).judged[0].comparison
    assert alone is not None
    assert entry.comparison.p == alone.p
    assert entry.comparison.interval.low == pytest.approx(alone.interval.low, abs=1e-12)


def test_two_equal_differences_prove_nothing() -> None:
    frame = pd.DataFrame(
        {"optimizer": ["a", "a", "b", "b"], "seed": [1, 2, 1, 2], "accuracy": [0.81, 0.82, 0.80, 0.81]}
    )
    found = judge_results(frame, margin=0.05)
    (entry,) = found.judged
    assert entry.comparison is not None
    assert entry.conclusion == "inconclusive"
    assert entry.comparison.interval.low is None
    assert any("the interval is not known" in note for note in found.notes)


def test_an_accuracys_interval_ends_where_accuracies_do() -> None:
    frame = pd.DataFrame({"optimizer": ["a"] * 2 + ["b"] * 2, "accuracy": [0.0, 1.0, 0.1, 1.0]})
    interval = judge_results(frame).judged[0].comparison
    assert interval is not None
    assert (interval.interval.low, interval.interval.high) == (-1, 1)
    unbounded = judge_results(frame.rename(columns={"accuracy": "f1"})).judged[0].comparison
    assert unbounded is not None
    assert unbounded.interval.high is not None
    assert unbounded.interval.high > 1


def test_a_thousand_seeds() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"seed": range(1000), "a": rng.normal(0.1, 1, 1000), "b": rng.normal(0, 1, 1000)})
    (entry,) = judge_results(frame, higher_is_better=True).judged
    assert entry.comparison is not None
    assert 0 < entry.comparison.p < 0.2
