"""Figures that pages quote are those of the results that lie in git."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipeline.project import files
from pipeline.reporting import study_results
from pipeline.reporting.numbers_in_words import rate
from pipeline.results import tables
from pipeline.results.recommendations import Recommendations
from pipeline.settings import loading
from tests.conftest import ROOT
from tests.docs.pages import text

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results

WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
README = text("README.md")
ANSWER = " ".join(README.partition("## The answer")[2].partition("### What to use")[0].split())


@pytest.fixture(scope="module")
def results() -> Results:
    return study_results.load(loading.load(ROOT / "params.yaml"), ROOT)


def missing(said: list[str], where: str) -> list[str]:
    return [piece for piece in said if piece not in where]


def test_the_answer_has_the_accuracies_of_the_main_problem(results: Results) -> None:
    reached = {name: 100 * found.test_accuracy.mean for name, found in results.best_first("cifar10").items()}
    place = list(reached).index("adam") + 1
    said = [
        f"Muon reaches {reached['muon']:.1f} % test accuracy",
        f"SGD with Nesterov's momentum {reached['nesterov']:.1f} %",
        f"Adam, {place}th of {WORDS[len(reached)]}, {reached['adam']:.1f} %",
    ]
    labels = {name: f"{results.settings.optimizers[name].label} {value:.1f} %" for name, value in reached.items()}
    first, second, *_, last = labels.values()
    said.append(f"intervals: {first}, {second}, …, {labels['adam']}, …, {last}]")
    assert missing(said, ANSWER) == []
    assert list(reached)[:2] == ["muon", "nesterov"]


def test_the_answer_has_the_cost_and_what_is_left_at_equal_time(results: Results) -> None:
    ratios = {name: cost.step_ratio.median for name, cost in results.cost.optimizers.items()}
    equal = results.comparison.problems["cifar10"].at_equal_seconds
    accuracies = {name: f"{100 * value:.1f} %" for name, value in equal.validation_accuracy.items()}
    said = [
        f"a step of Muon takes {ratios['muon']:.2f} times as long as a step of SGD",
        f"Nesterov's {ratios['nesterov']:.2f} times and Adam's {ratios['adam']:.2f} times",
        f"in the {equal.seconds:.1f} seconds that SGD needs",
        f"Nesterov {accuracies['nesterov']}, Adam {accuracies['adam']}, Muon {accuracies['muon']}",
    ]
    assert missing(said, ANSWER) == []
    assert equal.share["sgd"] == 1
    assert equal.share["muon"] < 0.5


def test_the_answer_has_what_muon_reaches_when_it_is_planned_for_the_time() -> None:
    planned = files.read_json(ROOT / "benchmarks/results/equal_time.json")["problems"]
    own = planned["cifar10"]
    said = [
        f"in {own['time']:.2f} times the time of Adam's training, it reaches {100 * own['validation_accuracy']:.1f} %: "
        "ahead of Adam, behind Nesterov"
    ]
    assert missing(said, ANSWER) == []
    assert (own["epochs"], own["whole_epochs"]) == (1, 2)
    assert own["minus"]["adam"]["low"] > 0 > own["minus"]["nesterov"]["high"]


def test_the_page_on_robustness_has_what_muon_reaches_when_it_is_planned_for_the_time() -> None:
    page = text("docs/why/robustness.md").replace("\N{MINUS SIGN}", "-")
    for problem, own in files.read_json(ROOT / "benchmarks/results/equal_time.json")["problems"].items():
        start = f"| `{problem}` | {own['epochs']} of {own['whole_epochs']} | {own['time']:.2f} |"
        cells = [f"{100 * own['validation_accuracy']:.1f} %"]
        for other in ("adam", "nesterov", "muon"):
            mean, low, high = (100 * own["minus"][other][part] for part in ("mean", "low", "high"))
            unit = " points" * (other == "adam")
            cells.append(f"{mean:+.2f}{unit} ({low:.2f} to {high:.2f})")
        assert f"{start} {' | '.join(cells)} |" in page


def test_the_page_on_robustness_has_what_the_plain_loop_and_the_other_convolution_reach() -> None:
    page = " ".join(text("docs/why/robustness.md").replace("\N{MINUS SIGN}", "-").split())
    plain = files.read_json(ROOT / "benchmarks/results/plain_check.json")["optimizers"]
    torchs = files.read_json(ROOT / "benchmarks/results/convolutions.json")["optimizers"]
    found = [(own["difference"], f"; {len(own['plain']['seeds'])} seeds") for own in plain.values()]
    found += [(own["validation_accuracy"]["difference"], "") for own in torchs.values()]
    said = []
    for difference, seeds in found:
        mean, low, high = (round(100 * difference[part], 2) + 0.0 for part in ("mean", "low", "high"))
        said.append(rf"{mean:+.2f}( points)? \({low:.2f} to {high:.2f}{seeds}\)".replace("+", r"\+"))
    assert [piece for piece in said if not re.search(piece, page)] == []
    assert len(said) == 6


def test_the_answer_has_the_verdicts(results: Results) -> None:
    claims = results.verdicts.claims
    found = [one.verdict for one in claims.values()]
    count = {verdict: WORDS[found.count(verdict)] for verdict in ("supported", "refuted", "inconclusive")}
    said = [
        f"{count['supported'].capitalize()} of the twenty claims are supported",
        f"{count['refuted']} refuted, and {count['inconclusive']} stay open",
    ]
    assert missing(said, ANSWER) == []
    assert len(found) == 20
    outcomes = {(row.problem, row.a): row.outcome for part in claims["adam_not_always_best"].parts for row in part.rows}
    # NAdam's lead there is no more than the luck of a search (docs/why/robustness.md)
    assert {name for (problem, name), outcome in outcomes.items() if (problem, outcome) == ("next_word", "better")} == {
        "Muon",
        "NAdam",
    }
    # on sparse data and on text every kind of SGD is worse; with little data nothing is better
    sgd = [results.settings.optimizers[name].label for name in ("sgd", "momentum", "nesterov")]
    assert {outcomes[problem, name] for problem in ("visual_words", "next_word") for name in sgd} == {"worse"}
    assert "better" not in {outcome for (problem, _), outcome in outcomes.items() if problem == "cats_dogs"}


def test_the_table_of_what_to_use_is_that_of_the_recommendations() -> None:
    recommended = Recommendations.read(ROOT / Recommendations.PATH).problems
    section = README.partition("### What to use")[2].partition("##")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")
    ]
    shown = {re.search(r"`(\w+)`", row[0])[1]: row[1:] for row in rows if "`" in row[0]}
    assert set(shown) == {"cifar10", "cats_dogs", "visual_words", "next_word"}
    for name, cells in shown.items():
        problem = recommended[name]
        budgets = {budget.trials: budget for budget in problem.budgets}
        for trials, cell in zip((1, 3, 12), cells[:3], strict=True):
            best = budgets[trials].choices[0]
            loss = problem.measure == "loss"
            value = f"{best.expected:.3f} nats" if loss else f"{100 * best.expected:.1f} %"
            assert cell == f"{problem.candidates[best.optimizer].label} {value}"
        candidate = problem.candidates[budgets[12].choices[0].optimizer]
        low, high = candidate.search["learning_rate"]
        assert cells[3] == f"{rate(candidate.learning_rate)}, {rate(low)} to {rate(high)}"
        assert cells[4] == f"{candidate.step_ratio:.2f}"
        alike = [choice.optimizer for choice in budgets[12].choices if choice.standing == "no meaningful difference"]
        worse = {choice.standing for choice in budgets[12].choices[1:]} == {"worse"}
        assert cells[5] == ("all others are worse" if worse else f"{len(alike)} others are as good, Adam among them")
        assert worse or "adam" in alike


def test_pages_say_how_many_verdicts_other_seeds_changed(results: Results) -> None:
    again = results.again
    assert again is not None, "the verdicts are not those that `make other-seeds` judged again"
    could, changed = len(again.could_change), again.changed
    assert again.turned_round == []
    said = f"of {could} verdicts that could change {could - len(changed)} are the same, and none turned"
    assert said in " ".join(README.split())
    page = " ".join(text("docs/why/robustness.md").split())
    assert f"{could - len(changed)} of the {could} verdicts that could change are the same, and none turned" in page
    for name in changed:
        claim = again.claims[name]
        assert f"| `{name}` | {claim.study.verdict} | {claim.other.verdict} |" in page


def test_the_best_network_is_the_one_that_the_page_shows(results: Results) -> None:
    best = results.champions.problems["cifar10"]
    label = results.settings.optimizers[best.optimizer].label
    said = f"Model: {label}, learning rate {best.learning_rate:g}, seed {best.seed}, trained on {best.problem}; commit "
    assert said in text("docs/how-to/predict.md")


def test_the_reference_has_every_file_of_results_and_every_column() -> None:
    page = text("docs/reference/results.md")
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "results").iterdir()}
    made = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert {path for path in files if path in made and f"`{path}`" not in page} == set()
    assert {path for path in re.findall(r"`(results/[\w.]+)`", page) if path not in made} == set()
    for table in (value for value in vars(tables).values() if isinstance(value, tables.Table)):
        section = page.partition(f"### `{table.path}`")[2].partition("\n#")[0]
        assert {column for column in table.columns if f"`{column}`" not in section} == set()
