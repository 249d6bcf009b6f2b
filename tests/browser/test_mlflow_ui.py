"""MLflow's own UI on a finished study, as a person sees it in a browser."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import playwright.sync_api as playwright
import pytest

from tests import needs
from tests.conftest import Project, clean_environment
from tests.stores import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(finished_study: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished study whose store is not there yet: `ui` fills it."""
    folder = tmp_path_factory.mktemp("ui") / "project"
    leave = shutil.ignore_patterns("mlflow.db", "mlartifacts", ".memo")
    shutil.copytree(finished_study.folder, folder, symlinks=True, ignore=leave)
    return Project(folder)


@pytest.fixture(scope="module")
def address(project: Project) -> Iterator[str]:
    """The address that `python -m pipeline ui` prints, while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    log = project.folder / "ui.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            ["python", "-m", "pipeline", "ui", "--port", port],
            cwd=project.folder,
            env=clean_environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield printed_address(log, server)
        finally:
            # it takes MLflow's server, which has a session of its own, with it
            server.send_signal(signal.SIGINT)
            server.wait(30)


def printed_address(log: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"MLflow UI: (\S+) ", log.read_text()):
            return found[1]
        time.sleep(0.2)
    pytest.fail(f"no UI (status {server.poll()}): {log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = needs.chromium()
    playwright.expect.set_options(timeout=30_000)
    with playwright.sync_playwright() as driver:
        # Chromium's own sandbox does not start as root, as in a container
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty browser of somebody who never saw MLflow before."""
    context = browser.new_context(viewport={"width": 1700, "height": 1000})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def store(project: Project) -> Store:
    return Store(f"sqlite:///{project.folder / 'mlflow.db'}")


def see(place: Any, text: str) -> None:
    playwright.expect(place.get_by_text(text, exact=True).first).to_be_visible()


def table(page: Any) -> Any:
    return page.get_by_role("treegrid").or_(page.get_by_role("grid")).first


def base(address: str) -> str:
    return address.split("/#")[0]


def test_the_printed_address_opens_the_table_of_runs(address: str, page: Any) -> None:
    page.goto(address)
    see(page, "Runs")
    see(page, "digits")
    see(table(page), "Adam")
    see(table(page), "SGD")
    # the page that language models get
    assert page.get_by_text("Prompts", exact=True).count() == 0


def test_an_experiment_is_found_by_its_name(address: str, page: Any) -> None:
    page.goto(f"{base(address)}/#/experiments")
    page.get_by_text("Model training", exact=True).click()
    page.get_by_test_id("experiment-list-item-link").get_by_text("digits", exact=True).click()
    see(table(page), "Adam")


def test_a_filter_on_tags_leaves_one_kind_of_trainings(address: str, page: Any) -> None:
    page.goto(address)
    see(table(page), "Adam")
    box = page.get_by_placeholder("metrics.rmse")
    of_the_search, final = (re.compile(rf"^(adam|sgd) lr \S+{seed}$") for seed in ("", r" seed \d"))
    for kind, shown, hidden in (("tune", of_the_search, final), ("train", final, of_the_search)):
        box.fill(f'tags.kind = "{kind}"')
        box.press("Enter")
        playwright.expect(table(page).get_by_text(hidden)).to_have_count(0)
        playwright.expect(table(page).get_by_text(shown)).not_to_have_count(0)


# MLflow's own, of its own library
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_tells_all_of_its_training(address: str, page: Any, store: Store) -> None:
    run = next(run for run in store.runs("tags.kind = 'train'") if "model" in run.data.tags)
    experiment = f"{base(address)}/#/experiments/{run.info.experiment_id}"
    page.goto(f"{experiment}/runs/{run.info.run_id}?workflowType=machine_learning")
    see(page, run.data.tags["mlflow.runName"])
    digest = run.inputs.dataset_inputs[0].dataset.digest
    playwright.expect(page.get_by_text(f"digits ({digest})")).to_be_visible()
    for name in ("learning_rate", "batch_size", "precision", "device", "test_accuracy", "validation_accuracy"):
        see(page, name)
    page.goto(f"{experiment}/runs/{run.info.run_id}/model-metrics?workflowType=machine_learning")
    for name in ("epoch", "images", "test_accuracy"):
        see(page, name)
    # a chart is drawn, not only its title
    playwright.expect(page.locator("svg.main-svg .scatterlayer .trace").first).to_be_visible()


def test_the_champion_is_the_registered_model(address: str, page: Any) -> None:
    page.goto(f"{base(address)}/#/models?workflowType=machine_learning")
    see(page, "digits-cnn")
    page.goto(f"{base(address)}/#/models/digits-cnn")
    see(page, "Version 1")
    playwright.expect(page.get_by_text(re.compile("@\\s*champion"))).to_be_visible()
