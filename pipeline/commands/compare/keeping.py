"""An optimizer that was compared becomes a row of ``params.yaml``."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from pipeline.commands.compare.entrants import free_name, unwatched_file
from pipeline.project import files, paths
from pipeline.project.errors import SettingsError
from pipeline.settings import loading
from pipeline.training.origin import origin_of

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.commands.compare.compared import OptimizerComparison, Side

_FIELDS = ("label", "class", "default_learning_rate", "arguments", "search", "rest")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def check(name: str, optimizer: str) -> None:
    """Refuse, before any work, a name that is taken or no name, and a class that no row may have."""
    settings = loading.load()
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"--keep {name}: a name is lower-case letters, digits and underscores, a letter first, "
            f"for example {free_name(name, settings)}."
        )
    if name in settings.optimizers:
        raise SettingsError(
            f"--keep {name}: params.yaml has such a row already; {free_name(name, settings)} would be free."
        )
    if optimizer in settings.optimizers:
        raise SettingsError(f"--keep {name}: {optimizer} is a row of params.yaml already.")
    file = unwatched_file(optimizer)
    if file is not None and file.is_file() and _is_taken(copy := _copy_of(file), file):
        raise SettingsError(
            f"--keep {name}: {file} would be copied to {copy}, but another file has this name: give it a new one."
        )


def _copy_of(file: Path) -> Path:
    return paths.OPTIMIZERS / file.name


def _is_taken(place: Path, file: Path) -> bool:
    return place.exists() and place.read_bytes() != file.read_bytes()


def keep(name: str, found: OptimizerComparison) -> str:
    """Add the optimizer to ``params.yaml``, and its finished trainings to the memo under the row's name."""
    side, said = _in_optimizers(found.optimizer)
    yaml = loading.with_comments()
    content = yaml.load(paths.PARAMS)
    content["optimizers"][name] = _row(side)
    origin = origin_of(side.row.class_name)
    if not (origin.is_torch or origin.is_file):
        _add_plugin(content, origin.package)
    with files.atomic(paths.PARAMS) as temporary:
        yaml.dump(content, temporary)
    if (name, side) != (found.optimizer.name, found.optimizer):
        _rename_trainings(side, name)
    told = "`dvc repro` trains it on all problems, and what else is out of date."
    return f"{said}params.yaml has the new row {name}: {told}"


def _in_optimizers(side: Side) -> tuple[Side, str]:
    """Copy the class's file to where DVC watches it, unless it lies there; say so."""
    file = unwatched_file(side.row.class_name)
    if file is None:
        return side, ""
    copy = _copy_of(file)
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, copy)
    class_name = f"{copy}:{origin_of(side.row.class_name).name}"
    moved = replace(side, row=side.row.model_copy(update={"class_name": class_name}))
    return moved, f"{file} was copied: from now on edit {copy}, which DVC watches.\n"


def _row(side: Side) -> CommentedMap:
    values = side.row.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return _as_yaml({name: values[name] for name in _FIELDS if values.get(name)})


def _as_yaml(values: dict[str, Any]) -> CommentedMap:
    """Return a mapping as the file has them: in one line if there is no other mapping in it."""
    mapping = CommentedMap(
        {name: _as_yaml(value) if isinstance(value, dict) else value for name, value in values.items()}
    )
    if not any(isinstance(value, dict) for value in values.values()):
        mapping.fa.set_flow_style()
    return mapping


def _add_plugin(content: CommentedMap, package: str) -> None:
    plugins = content.get("plugins") or []
    if package not in plugins:
        content["plugins"] = CommentedSeq([*plugins, package])
        content["plugins"].fa.set_flow_style()


def _rename_trainings(side: Side, name: str) -> None:
    """Keep every finished training under the key of the row and with its class: a key holds the name of its row."""
    from pipeline.running import memo
    from pipeline.running.key import code_fingerprint, key_of

    for key in side.keys:
        outcome = memo.recall(paths.memo(), key)
        if outcome is not None:
            row = replace(outcome.training.row, class_name=side.row.class_name)
            training = replace(outcome.training, optimizer=name, row=row)
            memo.keep(paths.memo(), replace(outcome, training=training, key=key_of(training, code_fingerprint())))
