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
from pipeline.project.paths import expanded
from pipeline.project.wording import closest, shortened
from pipeline.settings.spaces import LEARNING_RATE, is_beta
from pipeline.settings.study import OptimizerSettings, is_watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.settings.study import Settings

# Where a class has no default of its own: the centre of the rows whose steps are not as large as the gradient
_USUAL_RATE = 0.00316
_LARGEST_RATE = 1000
# Of the range of learning rates to either side of the default: three in all, as every row of params.yaml has
_DECADES = 1.5
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
    learning_rates: tuple[float, float] | None = None,
) -> Entrant:
    """Return the optimizer that a person means; whether it takes its arguments is checked later, by a step.

    A class that a row has is searched as that row is, without the arguments that are given. Of any other class the
    learning rate is searched.

    Parameters
    ----------
    text
        The name of a row of ``params.yaml`` or of a class of ``torch.optim``, ``package.module:Class``, or
        ``path/to/file.py:Class``.
    arguments
        Values by name, or texts such as ``betas=0.9,0.99``; they replace those of a row.
    learning_rates
        The lowest and the highest to search; where it is None those of the row, or three decades around the class's
        default.

    Raises
    ------
    SettingsError
        If there is no such optimizer, or an argument cannot be read.
    """
    base = settings.optimizers.get(text)
    class_name = _class_name(text, settings) if base is None else base.class_name
    defaults = _defaults(class_name)
    given = _arguments(arguments, defaults)
    if base is None:
        base = _like(class_name, given, settings)
    elif not given and learning_rates is None:
        return Entrant(text, base)
    note = ""
    values: dict[str, Any] = {"label": "unnamed", "class": class_name, "arguments": given}
    if base is not None:
        values = base.model_dump(by_alias=True, exclude_unset=True) | values
        values["arguments"] = base.arguments | given
        values["search"] = {name: space for name, space in values["search"].items() if not _is_given(name, given)}
    else:
        searched, note = _usual_search(class_name, defaults.get("lr"), learning_rates)
        values |= searched
    if learning_rates is not None:
        values["search"][LEARNING_RATE] = {"log_uniform": learning_rates}
    return _named(_row(values), given, settings, note)


def _like(class_name: str, given: Mapping[str, Any], settings: Settings) -> OptimizerSettings | None:
    """Return the row that a class stands for: with the arguments given, or else the first one with this class."""
    rows = [row for row in settings.optimizers.values() if row.class_name == class_name]
    return next((row for row in rows if row.arguments == given), rows[0] if rows else None)


def _is_given(name: str, given: Mapping[str, Any]) -> bool:
    return name in given or is_beta(name, given)


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
    whole, here = expanded(path).resolve(), Path.cwd().resolve()
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


def _usual_search(
    class_name: str, default: object, learning_rates: tuple[float, float] | None
) -> tuple[dict[str, Any], str]:
    """Return what the search of a class without a row varies, and a sentence on it if nobody said what."""
    own = float(default) if isinstance(default, int | float) and 0 < default <= _LARGEST_RATE else None
    centre = _USUAL_RATE if own is None else own
    low, high = (float(f"{centre * 10**decades:.3g}") for decades in (-_DECADES, _DECADES))
    values: dict[str, Any] = {"search": {LEARNING_RATE: {"log_uniform": (low, high)}}}
    if own is not None:
        values["default_learning_rate"] = own
    where = f"{centre:g}, because it has no default" if own is None else f"its default {centre:g}"
    note = (
        f"The search of {class_name.rpartition(':')[2]}: learning rates from {low:g} to {high:g}, three decades around "
        f"{where} (--learning-rates gives others)."
    )
    return values, "" if learning_rates else note


def _row(values: Mapping[str, Any]) -> OptimizerSettings:
    try:
        return OptimizerSettings.model_validate(values)
    except ValidationError as error:
        raise _wrong(dict(error.errors()[0])) from None


def _wrong(detail: dict[str, Any]) -> SettingsError:
    place = [str(part) for part in detail["loc"] if part not in ("arguments", "[key]")]
    options = {"search": "--learning-rates", "class": ""}
    option = options.get(place[0], f"--arg {place[0]}")
    if detail["type"] == "value_error":
        return SettingsError(f"{option}: {detail['ctx']['error']}.".removeprefix(": "))
    reason = detail["msg"].replace("Input should be", "it must be")
    return SettingsError(f"{option}: found {shortened(detail['input'])}; {reason}.")


def _named(row: OptimizerSettings, given: Mapping[str, Any], settings: Settings, note: str) -> Entrant:
    """Name a row as the study does if it has the same one; otherwise give it a name and a label that are free."""
    for name, known in settings.optimizers.items():
        if _identity(known) == _identity(row):
            return Entrant(name, row.model_copy(update={"label": known.label}), note)
    class_name = row.class_name.rpartition(":")[2]
    labels = {known.label for known in settings.optimizers.values()}
    shown = ", ".join(f"{name}={value}" for name, value in given.items())
    with_arguments = [f"{class_name} ({shown})"] if shown else []
    candidates = [class_name, *with_arguments, *(f"{class_name} {number}" for number in range(2, 1000))]
    label = next(one for one in candidates if one not in labels and len(one) <= _LONGEST)
    return Entrant(free_name(class_name, settings), row.model_copy(update={"label": label}), note)


def _identity(row: OptimizerSettings) -> tuple[object, ...]:
    """Return what makes an optimizer: not the ranges that are searched, but what is."""
    return row.class_name, row.arguments, row.rest, set(row.search)


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
        raise SettingsError("--arg lr: the search sets it; give its range by --learning-rates.")
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
