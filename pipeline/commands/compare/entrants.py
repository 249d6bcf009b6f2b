"""What a person types for an optimizer -> a row, as ``params.yaml`` would hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipeline.project.errors import SettingsError
from pipeline.project.wording import closest
from pipeline.settings.study import OptimizerSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.settings.study import Settings

# Where a class has no default of its own: Adam's, the most common one
_USUAL_RATE = 0.001
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
    """Return the optimizer that a person means.

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
        If there is no such optimizer, or an argument is unknown or of the wrong kind.
    """
    from pipeline.commands.compare import classes

    base = settings.optimizers.get(text)
    class_name = classes.normal(text) if base is None else base.class_name
    found = classes.load(class_name, settings.optimizers)
    given = read_arguments(arguments, classes.defaults(found), found.__name__)
    note = ""
    if base is None:
        base = _row_of_class(class_name, settings)
        rate, note = _usual_rate(found) if centre is None else (centre, "")
    else:
        given = base.arguments | given
        rate = base.learning_rate_centre if centre is None else centre
    row = _row(class_name, rate, given, base)
    return _named(row, found.__name__, settings, note)


def _row_of_class(class_name: str, settings: Settings) -> OptimizerSettings | None:
    """Return a row of the same class, which says what takes the parameters that the class cannot take."""
    return next((row for row in settings.optimizers.values() if row.class_name == class_name), None)


def _usual_rate(found: type) -> tuple[float, str]:
    from pipeline.commands.compare import classes

    default = classes.defaults(found).get("lr")
    if isinstance(default, int | float) and 0 < default <= 1000:
        return float(default), ""
    note = (
        f"{found.__name__} has no default learning rate: the search begins around {_USUAL_RATE:g} "
        "(--learning-rate-centre gives another)."
    )
    return _USUAL_RATE, note


def _row(class_name: str, rate: float, arguments: dict[str, Any], base: OptimizerSettings | None) -> OptimizerSettings:
    rest = None if base is None else base.rest
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
        detail = error.errors()[0]
        where = ".".join(str(part) for part in detail["loc"] if part != "[key]")
        option = "--learning-rate-centre" if where == "learning_rate_centre" else f"--arg {where}"
        reason = str(detail.get("ctx", {}).get("error", detail["msg"].replace("Input should be", "it must be")))
        raise SettingsError(f"{option}: found {detail['input']!r}; {reason}.") from None


def _named(row: OptimizerSettings, class_name: str, settings: Settings, note: str) -> Entrant:
    """Name a row as the study does if it has the same one; otherwise give it a name and a label that are free."""
    for name, known in settings.optimizers.items():
        if (known.class_name, known.arguments, known.rest) == (row.class_name, row.arguments, row.rest):
            return Entrant(name, row.model_copy(update={"label": known.label}), note)
    labels = {known.label for known in settings.optimizers.values()}
    shown = ", ".join(f"{name}={value}" for name, value in row.arguments.items())
    candidates = [class_name, f"{class_name} ({shown})"[:_LONGEST], *(f"{class_name} {n}" for n in range(2, 1000))]
    label = next(candidate for candidate in candidates if candidate not in labels)
    return Entrant(free_name(class_name, settings), row.model_copy(update={"label": label}), note)


def free_name(wanted: str, settings: Settings) -> str:
    """Return the name of a row that is not taken yet, as close to `wanted` as possible."""
    plain = re.sub(r"[^a-z0-9_]", "", wanted.lower()).lstrip("0123456789_")[: _LONGEST - 4] or "optimizer"
    names = [plain, *(f"{plain}_{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in settings.optimizers)


def read_arguments(
    given: Mapping[str, Any] | Sequence[str], defaults: Mapping[str, Any], class_name: str
) -> dict[str, Any]:
    """Return arguments by name, checked by the defaults of the class; a mapping's values are taken as they are."""
    if isinstance(given, Mapping):
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
        _check_names(values, defaults, class_name)
        return values
    texts = dict(_split(text) for text in given)
    _check_names(texts, defaults, class_name)
    return {name: _value(name, text, defaults.get(name)) for name, text in texts.items()}


def _split(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise SettingsError(f"--arg {text}: write an argument as name=value, for example --arg betas=0.9,0.99.")
    return name.strip(), value.strip()


def _check_names(names: Iterable[str], defaults: Mapping[str, Any], class_name: str) -> None:
    allowed = [known for known in defaults if known not in ("lr", "**")]
    for name in names:
        if name == "lr":
            raise SettingsError("--arg lr: the search sets it; give the centre of its grid by --learning-rate-centre.")
        if name not in allowed and "**" not in defaults:
            raise SettingsError(f"--arg {name}: {class_name} has no such argument{closest(name, allowed)}.")


def _value(name: str, text: str, default: object) -> Any:
    """Read a value as its default's type asks; without one, as what it looks like."""
    if isinstance(default, tuple | list):
        return [_plain(part.strip()) for part in text.strip("()[] ").split(",")]
    value = _plain(text)
    if isinstance(default, bool) and not isinstance(value, bool):
        raise SettingsError(f"--arg {name}: found {text!r}; it must be true or false.")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, int | float) and not isinstance(default, bool) and not number:
        raise SettingsError(f"--arg {name}: found {text!r}; it must be a number, such as the default {default:g}.")
    if "," in text and isinstance(value, str):
        return [_plain(part.strip()) for part in text.strip("()[] ").split(",")]
    return value


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
