"""What a person types for an optimizer -> a row, as ``params.yaml`` would hold it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipeline.project.errors import SettingsError
from pipeline.project.wording import closest, shortened
from pipeline.settings.study import OptimizerSettings, is_watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.settings.study import Settings

# Where a class has no default of its own: Adam's, the most common one
_USUAL_RATE = 0.001
_LARGEST_RATE = 1000
_LONGEST = 40


@dataclass(frozen=True)
class Entrant:
    """An optimizer that takes part: its row, and the name under which its trainings are kept."""

    name: str
    row: OptimizerSettings
    note: str = ""  # what a person should know about how it was read


def entrant(
    text: str,
    settings: Settings,
    arguments: Mapping[str, Any] | Sequence[str] = (),
    centre: float | None = None,
) -> Entrant:
    """Return the optimizer that a person means; whether it takes its arguments is checked later, by a step.

    Parameters
    ----------
    text
        The name of a row of ``params.yaml`` or of a class of ``torch.optim``, ``package.module:Class``, or
        ``path/to/file.py:Class``.
    arguments
        Values by name, or texts such as ``betas=0.9,0.99``; they replace those of a row.
    centre
        Of the grid of learning rates; the class's default where it is None.

    Raises
    ------
    SettingsError
        If there is no such optimizer, or an argument cannot be read.
    """
    base = settings.optimizers.get(text)
    class_name = _class_name(text, settings) if base is None else base.class_name
    defaults = _defaults(class_name)
    given = _arguments(arguments, defaults)
    note = ""
    if base is None:
        # says what takes the parameters that the class cannot take
        like_it = next((row for row in settings.optimizers.values() if row.class_name == class_name), None)
        rate, note = (centre, "") if centre is not None else _usual_rate(class_name, defaults)
    else:
        like_it, given = base, base.arguments | given
        rate = base.learning_rate_centre if centre is None else centre
    return _named(_row(class_name, rate, given, like_it), settings, note)


def _class_name(text: str, settings: Settings) -> str:
    """Return what a row's ``class`` would be: a file inside the project is named from the project's folder."""
    import torch

    place, separator, name = text.rpartition(":")
    if place.endswith(".py"):
        return f"{_from_here(Path(place))}:{name}"
    if separator:
        return name if place == "torch.optim" else text
    if name.endswith(".py"):
        raise SettingsError(f"{name}: give the class too, as {name}:{_first_class(Path(name))}.")
    if "." in name:
        module, _, kind = name.rpartition(".")
        raise SettingsError(f"{name}: a colon separates the class from its module, as in {module}:{kind}.")
    if isinstance(getattr(torch.optim, name, None), type):
        return name
    from pipeline.training.optimizers import ALLOWED

    raise SettingsError(
        f"{name!r} is neither a row of params.yaml nor a class of torch.optim"
        f"{closest(name, [*settings.optimizers, *ALLOWED])}. "
        "Any other class is given as package.module:Class or path/to/file.py:Class."
    )


def _from_here(path: Path) -> Path:
    whole, here = path.expanduser().resolve(), Path.cwd().resolve()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole


def _first_class(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = re.search(r"^class\s+(\w+)", text, re.MULTILINE)
    return found[1] if found else "Class"


def unwatched_file(text: str) -> Path | None:
    """Return the file of a class that no row may name, because it does not lie in ``optimizers/``."""
    place = text.rpartition(":")[0]
    path = _from_here(Path(place))
    return path if place.endswith(".py") and not is_watched(path) else None


def _defaults(class_name: str) -> dict[str, Any]:
    """Return the arguments of a class that have a default, with it."""
    from pipeline.running.refusals import in_words
    from pipeline.training.optimizers import classes
    from pipeline.training.record import OptimizerRow

    with in_words():
        parameters = classes.signature(classes.find(OptimizerRow(class_name), ""))
    return {name: one.default for name, one in parameters.items() if one.default is not inspect.Parameter.empty}


def _usual_rate(class_name: str, defaults: Mapping[str, Any]) -> tuple[float, str]:
    default = defaults.get("lr")
    if isinstance(default, int | float) and 0 < default <= _LARGEST_RATE:
        return float(default), ""
    note = (
        f"{class_name} has no default learning rate: the search begins around {_USUAL_RATE:g} "
        "(--learning-rate-centre gives another)."
    )
    return _USUAL_RATE, note


def _row(
    class_name: str, rate: float, arguments: dict[str, Any], like_it: OptimizerSettings | None
) -> OptimizerSettings:
    rest = None if like_it is None else like_it.rest
    values = {
        "label": "unnamed",
        "class": class_name,
        "learning_rate_centre": rate,
        "arguments": arguments,
        "rest": None if rest is None else rest.model_dump(by_alias=True),
    }
    try:
        return OptimizerSettings.model_validate(values)
    except ValidationError as error:
        raise _wrong(dict(error.errors()[0])) from None


def _wrong(detail: dict[str, Any]) -> SettingsError:
    place = [str(part) for part in detail["loc"] if part not in ("arguments", "[key]")]
    options = {"learning_rate_centre": "--learning-rate-centre", "class": ""}
    option = options.get(place[0], f"--arg {place[0]}")
    if detail["type"] == "value_error":
        return SettingsError(f"{option}: {detail['ctx']['error']}.".removeprefix(": "))
    reason = detail["msg"].replace("Input should be", "it must be")
    return SettingsError(f"{option}: found {shortened(detail['input'])}; {reason}.")


def _named(row: OptimizerSettings, settings: Settings, note: str) -> Entrant:
    """Name a row as the study does if it has the same one; otherwise give it a name and a label that are free."""
    for name, known in settings.optimizers.items():
        if (known.class_name, known.arguments, known.rest) == (row.class_name, row.arguments, row.rest):
            return Entrant(name, row.model_copy(update={"label": known.label}), note)
    class_name = row.class_name.rpartition(":")[2]
    labels = {known.label for known in settings.optimizers.values()}
    shown = ", ".join(f"{name}={value}" for name, value in row.arguments.items())
    candidates = [class_name, f"{class_name} ({shown})", *(f"{class_name} {number}" for number in range(2, 1000))]
    label = next(one for one in candidates if one not in labels and len(one) <= _LONGEST)
    return Entrant(free_name(class_name, settings), row.model_copy(update={"label": label}), note)


def free_name(wanted: str, settings: Settings) -> str:
    """Return the name of a row that is not taken yet, as close to `wanted` as possible."""
    plain = re.sub(r"[^a-z0-9_]", "", wanted.lower()).lstrip("0123456789_")[: _LONGEST - 4] or "optimizer"
    names = [plain, *(f"{plain}_{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in settings.optimizers)


def _arguments(given: Mapping[str, Any] | Sequence[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, Mapping):
        found = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    else:
        texts = dict(_split(text) for text in given)
        found = {name: _value(text, defaults.get(name)) for name, text in texts.items()}
    if "lr" in found:
        raise SettingsError("--arg lr: the search sets it; give the centre of its grid by --learning-rate-centre.")
    return found


def _split(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise SettingsError(f"--arg {text}: write an argument as name=value, for example --arg betas=0.9,0.99.")
    return name.strip(), value.strip()


def _value(text: str, default: object) -> Any:
    """Read a list where the default is one or there are commas; else a number, true, false, none or text."""
    if isinstance(default, tuple | list) or "," in text:
        return [_plain(part.strip()) for part in text.strip("()[] ").split(",")]
    return _plain(text)


def _plain(text: str) -> Any:
    words = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
