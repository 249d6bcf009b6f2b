import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import yaml

from pipeline.project import files
from pipeline.project.errors import DataError
from pipeline.reporting import report
from pipeline.reporting import results as results_module
from pipeline.reporting.items import Bullets, Folded, Heading, Paragraph, Table
from pipeline.reporting.sections import answer, assignment, diverged, ranking, setup, training
from pipeline.reporting.summary import lines
from pipeline.reporting.wording import interval, number
from stages import report as stage


@pytest.fixture(scope="module")
def everything(results):
    return report.items(results)


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    where = tmp_path_factory.mktemp("reports")
    report.write(results, where)
    return where


def flat(items):
    for item in items:
        yield item
        if isinstance(item, Folded):
            yield from flat(item.items)


def anchors(items):
    return [item.anchor for item in items if isinstance(item, Heading) and item.level == 2]


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_answer_comes_first_and_what_is_absent_is_left_out(everything, one_problem):
    assert anchors(everything) == [
        "answer",
        "ranking",
        "assignment",
        "training",
        "learning-rates",
        "per-class",
        "confusion",
        "cost",
        "others",
        "diverged",
        "backprop",
        "setup",
    ]
    missing = {"assignment", "cost", "others", "backprop"}
    assert anchors(report.items(one_problem)) == [name for name in anchors(everything) if name not in missing]


def test_links_inside_the_report_lead_somewhere_once(folder):
    tags = Tags((folder / "report.html").read_text(encoding="utf-8")).found
    targets = Counter(attributes["id"] for _, attributes in tags if "id" in attributes)
    assert set(targets.values()) == {1}
    assert {attributes["href"][1:] for tag, attributes in tags if tag == "a"} <= set(targets)


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"'<> )]+", page)) <= {"http://www.w3.org/1998/Math/MathML"}
    tags = Tags(page).found
    assert {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in tags} == set()
    assert not [key for _, attributes in tags for key in attributes if key.startswith("on")]
    sources = [attributes["src"] for tag, attributes in tags if tag == "img"]
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)


def test_every_picture_has_words(folder):
    tags = Tags((folder / "report.html").read_text(encoding="utf-8")).found
    assert all(len(attributes["alt"]) > 20 for tag, attributes in tags if tag == "img")
    assert all(alt for alt in re.findall(r"!\[(.*?)\]\(", (folder / "report.md").read_text(encoding="utf-8")))


def test_the_markdown_shows_every_figure_and_no_other_is_kept(results, folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(figures/([^)]+)\)", text))
    assert shown == {path.name for path in (folder / "figures").iterdir()}
    assert {"ranking_cifar10.svg", "learning_rates_digits.svg", "assignment.svg"} <= shown


def test_markdown_tables_have_one_width(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    assert len(blocks) > 8
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_written_twice_it_is_the_same_and_old_figures_go(results, folder):
    before = bytes_of(folder)
    (folder / "figures" / "old.svg").write_text("<svg/>", encoding="utf-8")
    report.write(results, folder)
    assert bytes_of(folder) == before


def test_numbers_in_the_ranking_are_those_of_the_results(results):
    table = ranking.table(results, "cifar10")
    assert [row[1] for row in table.rows] == [results.label(name) for name in results.ranked("cifar10")]
    for row, name in zip(table.rows, results.ranked("cifar10"), strict=True):
        found = results.metrics["cifar10"][name]
        cells = dict(zip(table.header, row, strict=True))
        assert cells["test accuracy (%)"] == f"{100 * found['test_accuracy']['mean']:.1f}"
        assert cells["95 % interval"] == interval(found["test_accuracy"])
        assert cells["gap (points)"] == number(found["generalization_gap"]["mean"])
        assert cells["seeds diverged"] == f"{found['diverged']} of 3"
    assert [table.rows[place][1] for place in table.strong_rows] == ["Adam"]


def test_a_loss_without_a_mean_is_shown_as_diverged(results):
    table = ranking.table(results, "cifar10")
    losses = {row[1]: row[table.header.index("test loss (nats)")] for row in table.rows}
    assert losses["SGD"] == "diverged"
    assert losses["Adam"] == f"{results.metrics['cifar10']['adam']['test_loss']['mean']:.3f}"


def test_diverged_trainings_have_a_section(results, one_problem):
    table = next(item for item in diverged.build(results) if isinstance(item, Table))
    assert [row[:3] for row in table.rows] == [
        ("CIFAR-10", "SGD", "1 of 3"),
        ("Handwritten digits", "SGD", "1 of 3"),
    ]
    assert table.rows[0][-1] == "17"
    sound = replace(one_problem, learning_rates=one_problem.learning_rates.assign(diverged_at=float("nan")))
    sound.metrics["digits"]["sgd"]["diverged"], kept = 0, sound.metrics["digits"]["sgd"]["diverged"]
    try:
        assert diverged.build(sound) == []
    finally:
        sound.metrics["digits"]["sgd"]["diverged"] = kept


def test_the_answer_names_best_adam_and_last_with_their_numbers(results):
    text = " ".join(answer.sentences(results))
    ranked = results.ranked("cifar10")
    assert f"{results.label(ranked[0])} reached the highest mean test accuracy of 3 optimizers" in text
    for name in {ranked[0], ranked[-1], "adam"}:
        assert number(results.metrics["cifar10"][name]["test_accuracy"]["mean"]) in text
    assert "paired by seed" in text


def test_the_answer_works_when_adam_is_best_or_absent_or_alone(results):
    def only(*names):
        kept = {name: row for name, row in results.settings.optimizers.items() if name in names}
        return replace(results, settings=results.settings.model_copy(update={"optimizers": kept}))

    assert [text.split(" ")[0] for text in answer.sentences(only("adam"))] == ["On"]
    without = " ".join(answer.sentences(only("sgd", "muon")))
    assert "Adam" not in without
    assert len(answer.sentences(only("adam", results.ranked("cifar10")[-1]))) == 2


def test_the_verdict_is_the_answer_where_there_is_one(results):
    sentence = "Adam is not always the best choice: made up."
    judged = replace(results, verdicts={"adam_always_best": {"sentence": sentence}})
    items = answer.build(judged)
    assert items[1] == Paragraph(f"**{sentence}**")
    assert lines(judged)[0] == sentence


def test_the_assignment_is_beside_ours(results):
    items = assignment.build(results)
    table = next(item for item in items if isinstance(item, Table))
    ours = results.metrics["cifar10"]["adam"]
    assert table.rows[0][:3] == ("all", "47.0", number(ours["test_accuracy"]["mean"]))
    assert table.rows[3][:3] == ("bird", "16.7", number(ours["per_class"]["bird"]))
    conditions = next(item for item in items if isinstance(item, Bullets)).entries
    assert "kernel size 2, Adam, cross-entropy, 2 epochs" in conditions[0]
    assert any("Assumed: the layer widths" in entry for entry in conditions)


def test_muons_share_of_the_parameters_is_told(everything):
    entries = [entry for item in flat(everything) if isinstance(item, Bullets) for entry in item.entries]
    assert any("900 to Muon" in entry and "100 to AdamW" in entry for entry in entries)


def test_the_summary_ranks_from_top_to_bottom(results):
    text = lines(results)
    ranked = results.ranked("cifar10")
    places = [line.split()[0] for line in text[1:4]]
    assert places == ["1", "2", "3"]
    assert all(results.label(name) in line for name, line in zip(ranked, text[1:4], strict=True))
    assert "1 of 3 diverged" in next(line for line in text if "SGD" in line)
    assert text[-1] == "Report: reports/report.html (or reports/report.md)"
    assert results.label(ranked[0]) in text[-2]


def test_no_text_is_left_with_python_in_it(everything):
    for item in flat(everything):
        cells = [cell for row in item.rows for cell in row] if isinstance(item, Table) else []
        text = " ".join([getattr(item, "text", ""), getattr(item, "caption", ""), *cells])
        assert not re.search(r"\b(None|nan|NaN|True|False|inf)\b", re.sub(r"`[^`]*`", "", text)), text


@pytest.fixture
def stored(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files.write_json(results_module.paths.METRICS, results.metrics)
    files.write_json(results_module.paths.CHAMPION, results.champion)
    files.write_json(results_module.paths.ENVIRONMENT, results.environment)
    files.write_csv(results_module.paths.PER_CLASS, results.per_class)
    files.write_csv(results_module.paths.CONFUSION, results.confusion)
    files.write_csv(results_module.paths.TRAINING_CURVES, results.training_curves)
    files.write_csv(results_module.paths.LEARNING_RATES, results.learning_rates)
    return results


def test_results_are_read_as_the_stages_wrote_them(stored):
    found = results_module.load(stored.settings)
    assert found.metrics == stored.metrics
    assert found.per_class["class"].tolist() == stored.per_class["class"].tolist()
    assert found.confusion["predicted"].tolist() == stored.confusion["predicted"].tolist()
    assert (found.backprop, found.cost, found.comparison, found.verdicts) == (None, None, None, None)
    assert anchors(report.items(found))[0] == "answer"


def test_the_stage_writes_the_report_of_the_settings_in_its_folder(stored):
    params = stored.settings.model_dump(by_alias=True, mode="json", exclude_none=True)
    files.write_text(results_module.paths.PARAMS, yaml.safe_dump(params, sort_keys=False))
    stage.main()
    text = (results_module.paths.REPORTS / "report.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {report.TITLE}")
    assert (results_module.paths.REPORTS / "report.html").exists()


def test_seeds_that_do_not_tell_two_apart_are_said_to(results):
    def seeds(values):
        return {"test_accuracy": {"mean": sum(values) / 3, "low": 0.4, "high": 0.6, "seeds": values}}

    metrics = {name: dict(found) for name, found in results.metrics["cifar10"].items()}
    metrics["adam"] |= seeds([0.50, 0.52, 0.54])
    metrics["muon"] |= seeds([0.51, 0.54, 0.55])
    metrics["sgd"] |= seeds([0.10, 0.10, 0.10])
    assert (
        "do not tell the two apart"
        in answer.sentences(replace(results, metrics={**results.metrics, "cifar10": metrics}))[1]
    )
    metrics["muon"] |= seeds([0.52, 0.50, 0.5401])
    tied = answer.sentences(replace(results, metrics={**results.metrics, "cifar10": metrics}))[1]
    assert "level with Muon (paired by seed" in tied
    metrics["muon"] |= seeds([0.61, 0.63, 0.65])
    clear = answer.sentences(replace(results, metrics={**results.metrics, "cifar10": metrics}))[1]
    assert clear.startswith("Adam came second")
    assert "11.0 points behind Muon (paired by seed, 95 % interval 11.0 to 11.0)" in clear.replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_a_search_that_starts_from_another_problem_is_told(results):
    problems = results.settings.problems
    later = problems["digits"].model_copy(update={"tuned_on": "cifar10", "neighbours": 1})
    settings = results.settings.model_copy(update={"problems": {**problems, "digits": later}})
    entries = next(
        item for item in setup.build(replace(results, settings=settings)) if isinstance(item, Bullets)
    ).entries
    assert any("tuned on CIFAR-10 and 1 step of the grid to each side" in entry for entry in entries)


def test_a_missing_file_or_optimizer_is_named(stored):
    more = stored.settings
    rows = {**more.optimizers, "lion": more.optimizers["sgd"]}
    with pytest.raises(DataError, match=r"lacks lion on cifar10, lion on digits.*dvc repro"):
        results_module.load(more.model_copy(update={"optimizers": rows}))
    results_module.paths.PER_CLASS.unlink()
    with pytest.raises(DataError, match=r"per_class\.csv is missing"):
        results_module.load(stored.settings)


@pytest.mark.parametrize(
    ("absent", "left"), [((), 2), (("train_loss",), 1), (("train_loss", "validation_accuracy"), 0)]
)
def test_only_targets_that_were_set_have_a_column(results, absent, left):
    metrics = {
        name: {**found, "convergence": {**found["convergence"], **dict.fromkeys(absent)}}
        for name, found in results.metrics["cifar10"].items()
    }
    items = training.build(replace(results, metrics={**results.metrics, "cifar10": metrics}))
    headers = [item.header for item in items if isinstance(item, Table)]
    assert [sum("steps to" in cell for cell in header) for header in headers] == ([left] if left else [])


def test_a_target_that_some_seeds_missed_says_so(results):
    table = next(item for item in training.build(results) if isinstance(item, Table))
    rows = {row[0]: row for row in table.rows}
    assert rows["SGD"][1] == "802 (not by 1)"
    assert rows["Adam"][1:3] == ("801", "601")
