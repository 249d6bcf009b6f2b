"""What a problem needs is made, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.commands.compare import needs
from pipeline.data import sources
from pipeline.project.errors import DataError
from pipeline.settings import loading
from tests import yaml_text
from tests.studies import params

if TYPE_CHECKING:
    from tests.commands.compare.conftest import Folder


def test_the_examples_are_prepared_once(folder: Folder) -> None:
    said: list[str] = []
    first = needs.prepared("digits", loading.load(), said.append)
    assert len(said) == 1
    assert said[0].startswith("Preparing the examples of Handwritten digits in data/prepared/learning/digits/")
    assert needs.prepared("digits", loading.load(), said.append) == first
    assert len(said) == 1


def test_another_split_is_prepared_anew(folder: Folder) -> None:
    first = needs.prepared("digits", loading.load(), print)
    content = yaml_text.load((folder.path / "params.yaml").read_text())
    content["data"]["split_seed"] += 1
    (folder.path / "params.yaml").write_text(yaml_text.dump(content))
    assert needs.prepared("digits", loading.load(), print).digest != first.digest


def test_without_any_source_one_sentence_offers_what_needs_none(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(sources.SOURCE_VARIABLE, raising=False)
    content = params()
    content["data"]["sources"] = ["data/downloads/", "nowhere.tar.gz"]
    (folder.path / "params.yaml").write_text(yaml_text.dump(content))
    with pytest.raises(DataError) as error:
        needs.prepared("cifar10", loading.load(), lambda _: None)
    message = str(error.value)
    assert message.startswith("cifar10 needs cifar-10-python.tar.gz, which none of 2 sources has: put it into")
    assert "--problem next_word, which needs no download" in message
    assert "\n" not in message
