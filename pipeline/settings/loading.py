"""Read ``params.yaml``, with errors that say where, what and what else."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

from pipeline.project.errors import SettingsError
from pipeline.project.paths import PARAMS
from pipeline.project.wording import closest, shortened
from pipeline.settings.study import Settings

Model = TypeVar("Model", bound=BaseModel)

# Sections that a folder above owns, and its class for them. By name: to refuse a wrong value before any work, every
# command reads them all, but only what uses a section depends on its folder.
OWNERS = {
    "backprop": "pipeline.backprop.settings:BackpropSettings",
    "comparison": "pipeline.comparison.settings:ComparisonSettings",
    "data": "pipeline.data.settings:DataSettings",
    "execution": "pipeline.running.settings:ExecutionSettings",
}


def load(path: Path = PARAMS) -> Settings:
    """Read and validate all of ``params.yaml``; return what is trained.

    Raises
    ------
    SettingsError
        Where the file is missing, is no YAML, or holds a wrong key or value; names each of them.
    """
    return validate(read(path), str(path))


def section(name: str, model: type[Model], path: Path = PARAMS) -> Model:
    """Read one section that another folder owns; `model` is its class.

    Raises
    ------
    SettingsError
        As `load` does, for that section.
    """
    content = read(path)
    found = content.get(name) if isinstance(content, dict) else None
    lines, made = _validated(model, found, (name,))
    if made is None:
        raise _refusal(str(path), lines)
    return made


def read(path: Path) -> object:
    """Return the plain values of a YAML file, read as DVC reads it.

    Raises
    ------
    SettingsError
        Where the file is missing or is no YAML, or a mapping holds a key twice.
    """
    try:
        content: object = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} is not in {Path.cwd()}: run the command in the project's folder.") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: byte {error.start} cannot be read; save it as UTF-8.") from None
    except DuplicateKeyError as error:
        raise SettingsError(f"{path}: {_given_twice(error)}") from None
    except (YAMLError, ValueError, RecursionError) as error:  # ValueError: what looks like a date and is none
        raise SettingsError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    return content


def validate(content: object, origin: str) -> Settings:
    """Validate all sections of parsed YAML; return what is trained. `origin` is named in errors.

    Raises
    ------
    SettingsError
        With a line for every wrong key or value.
    """
    rest = content
    lines: list[str] = []
    if isinstance(content, dict):
        rest = {name: value for name, value in content.items() if name not in OWNERS}
        for name in OWNERS:
            lines += _validated(_owner(name), content.get(name), (name,))[0]
    own_lines, settings = _validated(Settings, rest, ())
    if settings is None or lines:
        raise _refusal(origin, own_lines + lines)
    return settings


def _owner(name: str) -> type[BaseModel]:
    module, _, attribute = OWNERS[name].partition(":")
    model: type[BaseModel] = getattr(importlib.import_module(module), attribute)
    return model


def _validated(model: type[Model], content: object, place: tuple[str, ...]) -> tuple[list[str], Model | None]:
    """Return a line for every wrong key or value, and the section where there is none."""
    if content is None and place:
        return [f"{'.'.join(place)}: missing"], None
    try:
        return [], model.model_validate(content)
    except ValidationError as error:
        return [_explain(model, dict(detail), place) for detail in error.errors()], None


def _refusal(origin: str, lines: list[str]) -> SettingsError:
    return SettingsError(f"{origin}: " + "\n       ".join(lines))


def _given_twice(error: DuplicateKeyError) -> str:
    first, again = (mark.line + 1 for mark in (error.context_mark, error.problem_mark))
    key = str(error.problem).partition('"')[2].partition('"')[0]
    return f"{key}: given twice in the mapping that starts in line {first}, again in line {again}; keep one"


# What pydantic calls things, in a person's words
_PLAIN = {
    "int_type": "it must be a whole number",
    "float_type": "it must be a number",
    "string_type": "it must be text",
    "dict_type": "it must be a mapping (key: value)",
    "mapping_type": "it must be a mapping (key: value)",
    "model_type": "it must be a mapping (key: value)",
    "tuple_type": "it must be a list",
    "string_pattern_mismatch": "it must be lower-case letters, digits and underscores, a letter first",
    "string_too_short": "it must not be empty",
    "string_too_long": "it must have at most {max_length} characters",
    "too_short": "it must not be empty",
    "too_long": "it must have at most {max_length} items",
}


def _explain(model: type[BaseModel], detail: dict[str, Any], place: tuple[str, ...]) -> str:
    location = [part for part in detail["loc"] if part != "[key]"]
    path = ".".join(str(part) for part in (*place, *location))
    reason = _reason(model, detail, location)
    return f"{path}: {reason}" if path else reason


def _reason(model: type[BaseModel], detail: dict[str, Any], location: list[Any]) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        return f"unknown key{closest(location[-1], _allowed_keys(model, location[:-1]))}"
    if detail["type"] == "missing":
        return "missing"
    if detail["type"] == "value_error":
        return str(context["error"])
    words = _PLAIN.get(detail["type"], detail["msg"].replace("Input should be", "it must be"))
    return f"found {shortened(detail['input'])}; {words.format(**context)}"


def _allowed_keys(model: type[BaseModel], location: list[Any]) -> list[str]:
    """Return the keys that are allowed at a place in the settings."""
    top = [*OWNERS] if model is Settings and not location else []
    for part in location:
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        if field is not None:
            model = _model_in(field.annotation) or model
    return [*(field.alias or name for name, field in model.model_fields.items()), *top]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the settings class inside ``X``, ``X | None`` or ``dict[str, X]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
