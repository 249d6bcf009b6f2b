import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import pipeline.reporting
from pipeline.project import files, paths
from pipeline.project.errors import DataError
from pipeline.reporting import report, study_results
from pipeline.reporting.items import Heading, Paragraph, Picture, Table
from pipeline.results import tables
from pipeline.results.comparison import Comparison
from pipeline.results.verdicts import Verdicts
from stages import report as stage
from tests import yaml_text
from tests.reporting.conftest import DECIDED, METHOD, PARAMS, flat, with_rows, with_rules


@pytest.fixture(scope="module")
def judged(results):
    return replace(results, verdicts=Verdicts(method=METHOD, claims={"it": DECIDED}))


@pytest.fixture(scope="module")
def everything(judged):
    return report.items(judged)


@pytest.fixture(scope="module")
def folder(judged, tmp_path_factory):
    where = tmp_path_factory.mktemp("reports")
    report.write(judged, where)
    return where


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


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def markdown(folder):
    """The report, and what it folds away."""
    return "".join((folder / name).read_text(encoding="utf-8") for name in ("report.md", "details.md"))


def test_the_answer_comes_first_and_what_is_absent_is_left_out(everything, one_problem):
    assert anchors(everything) == [
        "what-to-use",
        "verdicts",
        "ranking",
        "over-problems",
        "comparison",
        "assignment",
        "training",
        "search",
        "per-class",
        "confusion",
        "cost",
        "others",
        "diverged",
        "backprop",
        "setup",
    ]
    missing = {"verdicts", "over-problems", "assignment", "cost", "others", "backprop"}
    assert anchors(report.items(one_problem)) == [name for name in anchors(everything) if name not in missing]


def test_the_first_verdict_is_the_answer(everything):
    assert everything[0] == Paragraph("**No, it is not: \\*.**")


def test_links_inside_the_report_lead_somewhere_once(page):
    tags = Tags(page).found
    targets = Counter(attributes["id"] for _, attributes in tags if "id" in attributes)
    assert set(targets.values()) == {1}
    assert {attributes["href"][1:] for tag, attributes in tags if tag == "a"} <= set(targets)


def test_links_inside_the_markdown_lead_somewhere_once(markdown):
    targets = Counter(re.findall(r'^<a id="([^"]+)"></a>$', markdown, re.MULTILINE))
    assert set(targets.values()) == {1}
    folds = set(re.findall(r'<details id="([^"]+)">', markdown))
    assert set(re.findall(r"\]\((?:report\.md|details\.md)?#([^)]+)\)", markdown)) <= set(targets) | folds


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(page):
    assert set(re.findall(r"https?://[^\"'<> )]+", page)) <= {"http://www.w3.org/1998/Math/MathML"}
    tags = Tags(page).found
    assert {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in tags} == set()
    assert not [key for _, attributes in tags for key in attributes if key.startswith("on")]
    assert "img" not in {tag for tag, _ in tags}
    links = re.findall(r'(?:href="|url\()([^")]*)', page)
    assert any(link.startswith("#") for link in links)
    # the cells of a heat map are an image inside the page
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)


def test_both_formats_hold_the_same(everything, page, markdown):
    tags = Counter(tag for tag, _ in Tags(page).found)
    kinds = Counter(type(item).__name__ for item in flat(everything))
    assert (tags["table"], tags["figure"], tags["details"]) == (kinds["Table"], kinds["Picture"], kinds["Folded"])
    assert tags["h2"] + tags["h3"] == kinds["Heading"]
    main = sum(isinstance(item, Picture) and item.narrow is not None for item in everything)
    assert tags["svg"] == kinds["Picture"] + main
    assert tags["caption"] == sum(isinstance(item, Table) and bool(item.caption) for item in flat(everything))
    assert tags["figcaption"] == kinds["Picture"]
    assert tags["math"] == len(re.findall(r"\$[^$`]+\$", re.sub(r"`[^`]*`", "", markdown)))
    strong = sum(len(item.strong_rows) for item in flat(everything) if isinstance(item, Table))
    assert len(re.findall('<tr class="strong">', page)) == strong > 5


def test_no_mark_of_markdown_is_left_on_the_page(page):
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", "", page, flags=re.DOTALL)
    assert not re.search(r"\*\*|`|\$|\]\(|&lt;a id|^_|_$|:--|\\", text.replace("made up *", ""), re.MULTILINE)


def test_every_picture_has_words(page, markdown):
    assert all(len(attributes["aria-label"]) > 20 for tag, attributes in Tags(page).found if tag == "svg")
    assert all(alt for alt in re.findall(r"!\[(.*?)\]\(", markdown))


def test_the_markdown_shows_every_figure_and_no_other_is_kept(folder, markdown):
    shown = set(re.findall(r"\]\(figures/([^)]+)\)", markdown))
    assert shown == {path.name for path in (folder / "figures").iterdir()}
    assert {
        "ranking_cifar10.svg",
        "search_digits.svg",
        "budget_cifar10.svg",
        "speed_cifar10.svg",
        "assignment.svg",
    } <= shown


def test_markdown_tables_have_one_width(markdown):
    blocks = re.findall(r"(?:^\|.*\|\n)+", markdown, flags=re.MULTILINE)
    assert len(blocks) > 8
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_the_answer_stands_above_the_contents_and_the_rest_below(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    places = [
        text.index(part) for part in ("# Is Adam", "**No, it is", "## What to use", "- [The claims", "## The claims")
    ]
    assert places == sorted(places)
    assert "3 optimizers on 2 problems. Measured on Abacus &lt;9>, 2 cores" in text


def test_the_committed_report_is_short_and_light():
    folder = Path(__file__).parents[2] / "reports"
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert text.count("![") <= 12
    assert (folder / "report.html").stat().st_size <= 2_500_000


def test_a_difference_has_one_interval_wherever_the_committed_results_give_it():
    root = Path(__file__).parents[2]
    compared, judged = (kind.read(root / kind.PATH) for kind in (Comparison, Verdicts))
    labels = {row["label"]: name for name, row in PARAMS["optimizers"].items()}
    same = 0
    for row in (row for claim in judged.claims.values() for part in claim.parts for row in part.rows):
        problem = compared.problems.get(row.problem)
        records = problem.against_baseline.get(row.measure.replace(" ", "_"), {}) if problem else {}
        if row.b == "Adam" and (record := records.get(labels.get(row.a, ""))) and row.difference is not None:
            assert (row.difference, row.low, row.high) == (record.difference, record.low, record.high)
            same += 1
    assert same > 20


def test_written_twice_it_is_the_same_and_old_figures_go(judged, folder):
    before = bytes_of(folder)
    (folder / "figures" / "old.svg").write_text("<svg/>", encoding="utf-8")
    report.write(judged, folder)
    assert bytes_of(folder) == before


def test_no_text_is_left_with_python_in_it(everything):
    for item in flat(everything):
        cells = [cell for row in item.rows for cell in row] if isinstance(item, Table) else []
        text = " ".join([getattr(item, "text", ""), getattr(item, "caption", ""), *cells])
        assert not re.search(r"\b(None|nan|NaN|True|False|inf)\b", re.sub(r"`[^`]*`", "", text)), text


def test_a_label_is_shown_as_it_is_in_both_formats(one_problem, tmp_path):
    label = "<b>|*x*|_y_|`z`|$w$"
    report.write(with_rows(one_problem, adam={"label": label}), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;|*x*|_y_|`z`|$w$" in page
    assert not {"b", "math"} & {tag for tag, _ in Tags(page).found}
    assert "<b>" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_another_baseline_is_named_everywhere(results, tmp_path):
    report.write(with_rules(results, baseline="muon"), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "## Every optimizer against Muon" in text
    assert "A training step with Muon takes" in text
    assert not re.search(r"^\|.*\*\*Adam\*\*", text.partition("## Ranking")[2], re.MULTILINE)
    assert re.search(r"^\|.*\*\*Muon\*\*", text, re.MULTILINE)


def test_the_baseline_is_a_setting_alone():
    code = Path(pipeline.reporting.__file__).parent.rglob("*.py")
    assert [path.name for path in code if '"adam"' in path.read_text(encoding="utf-8")] == []


@pytest.fixture
def stored(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for document in (
        results.problems,
        results.metrics,
        results.champions,
        results.environment,
        results.comparison,
        results.verdicts,
        results.recommendations,
    ):
        document.write()
    tables.PER_CLASS.write(results.per_class)
    tables.CONFUSION.write(results.confusion)
    tables.TRAINING_CURVES.write(results.training_curves)
    tables.SEARCHES.write(results.searches)
    return results


def test_results_are_read_as_the_stages_wrote_them(stored):
    found = study_results.load(stored.settings)
    assert found.metrics == stored.metrics
    assert found.comparison == stored.comparison
    assert found.recommendations == stored.recommendations
    assert found.per_class["class"].tolist() == stored.per_class["class"].tolist()
    assert found.confusion["predicted"].tolist() == stored.confusion["predicted"].tolist()
    assert (found.backprop, found.cost) == (None, None)
    assert anchors(report.items(found))[0] == "what-to-use"


def test_the_stage_writes_the_report_of_the_settings_in_its_folder(stored):
    params = stored.settings.model_dump(by_alias=True, mode="json", exclude_none=True)
    comparison = {**PARAMS["comparison"], "problem_margins": {}}
    files.write_text(paths.PARAMS, yaml_text.dump({**PARAMS, **params, "comparison": comparison}))
    stage.main()
    text = (paths.REPORTS / "report.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {report.TITLE}")
    assert (paths.REPORTS / "report.html").exists()


def test_a_missing_file_or_optimizer_is_named(stored):
    more = stored.settings
    rows = {**more.optimizers, "lion": more.optimizers["sgd"]}
    with pytest.raises(DataError, match=r"lacks lion on cifar10, lion on digits.*dvc repro"):
        study_results.load(more.model_copy(update={"optimizers": rows}))
    tables.PER_CLASS.path.unlink()
    with pytest.raises(DataError, match=r"per_class\.csv is missing"):
        study_results.load(stored.settings)
