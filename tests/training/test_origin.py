"""What identifies the code of an optimizer."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.prepared.refusal import Refusal
from pipeline.training import origin

if TYPE_CHECKING:
    from pathlib import Path


def refused(class_name: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        origin.identity(class_name, "optimizers.mine")
    assert caught.value.values["where"] == "optimizers.mine"
    return caught.value


@pytest.mark.parametrize(
    ("text", "shown", "kind"),
    [
        ("Adam", "torch.optim.Adam", "torch"),
        ("a.b:C", "a.b:C", "package"),
        ("a/b.py:C", "a/b.py:C", "file"),
        ("/x y/b.py:C", "/x y/b.py:C", "file"),
    ],
)
def test_a_class_is_of_torch_of_a_package_or_of_a_file(text: str, shown: str, kind: str) -> None:
    found = origin.origin_of(text)
    assert str(found) == shown
    assert (found.is_torch, found.is_file) == (kind == "torch", kind == "file")


def test_torchs_version_is_in_the_key_anyway() -> None:
    assert origin.identity("Adam") == ""


def test_a_package_is_its_version() -> None:
    version = importlib.metadata.version("pytorch_optimizer")
    assert origin.identity("pytorch_optimizer:Lion") == f"pytorch_optimizer {version}"
    assert origin.identity("pytorch_optimizer.optimizer.lion:Lion") == f"pytorch_optimizer {version}"
    # the distribution has another name than the package
    assert origin.identity("sklearn:X").startswith("scikit-learn ")


def test_a_file_is_its_bytes_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = b"import math\nimport torch\n"
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_bytes(source)
    monkeypatch.chdir(tmp_path / "one")
    expected = f"sha256:{hashlib.sha256(source).hexdigest()}"
    assert origin.identity("mine.py:Lion") == origin.identity(f"{tmp_path}/two/mine.py:Lion") == expected
    (tmp_path / "one" / "mine.py").write_bytes(source + b"# edited\n")
    assert origin.identity("mine.py:Lion") != expected


def test_what_a_file_imports_counts_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f():\n    from pytorch_optimizer.optimizer import lion\n")
    version = importlib.metadata.version("pytorch_optimizer")
    assert origin.identity(f"{tmp_path}/mine.py:Lion").endswith(f", pytorch_optimizer {version}")


@pytest.mark.parametrize("neighbour", ["helper.py", "helper/__init__.py"])
def test_a_file_beside_it_would_go_unnoticed(neighbour: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from helper import zero\n")
    (tmp_path / neighbour).parent.mkdir(exist_ok=True)
    (tmp_path / neighbour).write_text("zero = 0\n")
    found = refused(f"{tmp_path}/mine.py:Mine")
    assert (found.code, found.values["found"]) == ("imports_neighbour", "helper")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lion.py").write_text("x = 1\n")
    (tmp_path / "broken.py").write_text("def\n")
    missing = refused(f"{tmp_path}/lino.py:Lion")
    assert (missing.code, missing.values["beside"]) == ("no_file", ["broken.py", "lion.py"])
    assert refused(f"{tmp_path}/broken.py:Lion").code == "not_loaded"
    assert refused("no_such_package_here:Lion").code == "no_package"


def test_a_package_that_somebody_works_in_is_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def installed(name: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("RATE = 1\n")
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (facts / "direct_url.json").write_text(json.dumps({"url": "file:///x", "dir_info": {"editable": True}}))

    def identity(name: str) -> Any:
        # read once per process
        origin._package_identity.cache_clear()
        return origin.identity(f"{name}:Mine")

    installed("editable_optimizer")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = identity("editable_optimizer")
    assert before.startswith("editable_optimizer 1.0 sha256:")
    (tmp_path / "editable_optimizer" / "__init__.py").write_text("RATE = 2\n")
    assert identity("editable_optimizer") != before
