"""The results that lie in git are those that this version reads."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from pipeline import results
from pipeline.project import files
from pipeline.results.document import Document
from pipeline.results.key_figures import Accuracies
from pipeline.results.other_seeds import OtherSeeds
from pipeline.results.tables import Table
from tests import yaml_text
from tests.conftest import ROOT

MODULES = [
    importlib.import_module(f"{results.__name__}.{module.name}") for module in pkgutil.iter_modules(results.__path__)
]
FOUND = [value for module in MODULES for value in vars(module).values()]
TYPES = {
    kind.PATH: kind for kind in FOUND if isinstance(kind, type) and issubclass(kind, Document) and kind != Document
}
TABLES = {table.path: table for table in FOUND if isinstance(table, Table)}


@pytest.mark.parametrize("path", TYPES, ids=str)
def test_a_document_loses_nothing_when_it_is_read_and_written(path, tmp_path) -> None:
    found = TYPES[path].read(ROOT / path)
    found.write(tmp_path / path.name)
    assert TYPES[path].read(tmp_path / path.name) == found
    committed = files.read_json(ROOT / path)
    committed.pop("schema", None)
    # fields that are younger than the committed file are not set in it
    assert found.model_dump(mode="json", exclude_unset=True) == committed


@pytest.mark.parametrize("path", TABLES, ids=str)
def test_a_table_reads_with_its_columns(path) -> None:
    assert len(Table(ROOT / path, TABLES[path].columns).read())


def test_every_file_of_results_that_a_stage_writes_has_a_type() -> None:
    stages = yaml_text.load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"].values()
    outs = [out for stage in stages for out in [*stage.get("outs", []), *stage.get("metrics", [])]]
    written = {name for out in outs if isinstance(out, dict) for name in out if name.startswith("results/")}
    typed = {str(path) for path in [*TYPES, *TABLES, Accuracies.PATH]}
    assert written == typed - {str(OtherSeeds.PATH)}
