"""Read ``params.yaml``, with errors that say where, what and what else."""

from __future__ import annotations

import importlib
import itertools
import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from pipeline.project.errors import SettingsError, first_line
from pipeline.project.paths import PARAMS, merge_marks
from pipeline.project.wording import closest, shortened
from pipeline.settings.section import Section
from pipeline.settings.study import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from ruamel.yaml.nodes import Node

Model = TypeVar("Model", bound=BaseModel)
SectionModel = TypeVar("SectionModel", bound=Section)

# Twenty times the project's own file; reading more would only take long
_LARGEST = 200_000
_MOST_LINES = 10
_LONGEST_LINE = 500
# The project's own file has five levels; the parser takes a minute for a thousand brackets in each other
_DEEPEST = 50
_QUOTED_OR_COMMENT = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|#[^\n]*""")

_TOO_DEEP = "{path} is nested too deeply: remove some of its brackets or levels."

# Sections that a folder above owns, and its class for them. By name: to refuse a wrong value before any work, every
# command reads them all, but only what uses a section depends on its folder.
OWNERS = {
    "backprop": "pipeline.backprop.settings:BackpropSettings",
    "comparison": "pipeline.comparison.settings:ComparisonSettings",
    "data": "pipeline.data.settings:DataSettings",
    "execution": "pipeline.running.settings:ExecutionSettings",
}


def load(path: Path = PARAMS) -> Settings:
    """Read and validate all of ``params.yaml``; return what is trained. A `SettingsError` names every mistake."""
    return validate(read(path), str(path))


def section(name: str, model: type[SectionModel], path: Path = PARAMS) -> SectionModel:
    """Read and validate all of ``params.yaml``; return one section that another folder owns, as its class `model`."""
    content: Any = read(path)
    validate(content, str(path))
    return model.model_validate(content[name])


def read(path: Path) -> object:
    """Return the plain values of a YAML file, read as DVC reads it."""
    try:
        if path.stat().st_size > _LARGEST:
            raise SettingsError(f"{path} is too large: at most {_LARGEST:,} bytes are read.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            f"{path.name} is not in {path.parent.resolve()}: run the command in the project's folder, "
            "or make one with `optimizer-study init FOLDER`."
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: byte {error.start} cannot be read; save it as UTF-8.") from None
    return _parsed(text, path)


def with_comments() -> YAML:
    """Return a reader and writer of ``params.yaml`` that keeps comments and layout."""
    yaml = YAML()
    yaml.width = 200
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return yaml


def _parsed(text: str, path: Path) -> object:
    if _deepest_brackets(text) > _DEEPEST:
        raise SettingsError(_TOO_DEEP.format(path=path))
    yaml = YAML(typ="safe", pure=True)
    try:
        # values are made after the count: a few aliases of aliases would become more than any memory holds
        node = yaml.compose(text)
        if _expands_too_far(node):
            raise SettingsError(f"{path} is too large once its aliases (*name) are replaced by what they stand for.")
        return None if node is None else yaml.constructor.construct_document(node)
    except DuplicateKeyError as error:
        raise SettingsError(f"{path}: {_given_twice(error)}.") from None
    except MarkedYAMLError as error:
        if marks := merge_marks(path, text):
            raise SettingsError(marks) from None
        where = error.problem_mark or error.context_mark
        line = f", line {where.line + 1}" if where else ""
        reason = ", ".join(filter(None, (error.context, error.problem)))
        raise SettingsError(f"{path}{line} is not valid YAML: {reason}.") from None
    except RecursionError:
        raise SettingsError(_TOO_DEEP.format(path=path)) from None
    except (YAMLError, ValueError, LookupError) as error:  # what looks like a date but is not one, `!!bool maybe`
        raise SettingsError(f"{path} is not valid YAML: {first_line(error)}.") from None


def _given_twice(error: DuplicateKeyError) -> str:
    first, again = (mark.line + 1 for mark in (error.context_mark, error.problem_mark))
    key = str(error.problem).partition('"')[2].partition('"')[0]
    where = f"in line {first}" if first == again else f"in line {again}, in the mapping that starts in line {first}"
    return f"{key}: given twice {where}; keep one"


def _deepest_brackets(text: str) -> int:
    """Return how many brackets and braces are open at once, at most."""
    signs = re.findall(r"[\[\]{}]", _QUOTED_OR_COMMENT.sub("", text))
    return max(itertools.accumulate(1 if sign in "[{" else -1 for sign in signs), default=0)


def _expands_too_far(node: Node | None) -> bool:
    """Return whether following every alias leads to too many values or characters (an endless loop included)."""
    pending, seen = [node], 0
    while pending and seen + len(pending) <= _LARGEST:
        found = pending.pop()
        seen += 1
        if isinstance(found, ScalarNode):
            seen += len(found.value)
        elif isinstance(found, MappingNode):
            pending += itertools.chain.from_iterable(found.value)
        elif isinstance(found, SequenceNode):
            pending += found.value
    return bool(pending)


def validate(content: object, origin: str) -> Settings:
    """Validate all sections of parsed YAML; a `SettingsError` has a line for each of the first ten mistakes."""
    if not isinstance(content, dict):
        raise SettingsError(f"{origin}: found {shortened(content)}; it must be a mapping (key: value)")
    own = {name: value for name, value in content.items() if name not in OWNERS}
    lines, settings = _validated(Settings, own, ())
    for name in OWNERS:
        lines += _check_section(name, content.get(name), settings)
    if settings is None or lines:
        more = len(lines) - _MOST_LINES
        cut = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines[:_MOST_LINES]]
        shown = [*cut, *([f"… and {more} more"] if more > 0 else [])]
        raise SettingsError(f"{origin}: " + "\n       ".join(shown))
    return settings


def _check_section(name: str, content: object, settings: Settings | None) -> list[str]:
    module, _, attribute = OWNERS[name].partition(":")
    owner: type[Section] = getattr(importlib.import_module(module), attribute)
    lines, found = _validated(owner, content, (name,))
    if found is not None and settings is not None:
        try:
            found.check_against(settings)
        except ValueError as error:
            return [f"{name}.{error}"]
    return lines


def _validated(model: type[Model], content: object, place: tuple[str, ...]) -> tuple[list[str], Model | None]:
    """Return a line for every wrong key or value, and the section where there is none."""
    if content is None and place:
        return [f"{'.'.join(place)}: missing"], None
    try:
        return [], model.model_validate(content)
    except ValidationError as error:
        return [_explain(model, dict(detail), place) for detail in error.errors()], None


# What pydantic calls things, in a person's words
_PLAIN = {
    "invalid_key": "a key must be text",
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
