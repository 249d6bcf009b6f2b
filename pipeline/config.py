"""``params.yaml`` as frozen, validated settings, with errors that say where, what and what else."""

from __future__ import annotations

import difflib
import math
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipeline.backprop_settings import BackpropSettings
from pipeline.comparison_settings import ComparisonSettings
from pipeline.errors import SettingsError
from pipeline.paths import PARAMS

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
LearningRate = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False, strict=True)]
Seed = Annotated[int, Field(ge=0, lt=2**31, strict=True)]
_MOST_WORKERS = 4096


def _empty_mapping(value: object) -> object:
    """YAML reads ``arguments:`` with nothing behind it as None; a person means none."""
    return {} if value is None else value


def _not_the_learning_rate(name: str) -> str:
    if name == "lr":
        raise ValueError("the tuning sets it: give the middle of its grid as learning_rate")
    return name


def _plain(value: object) -> object:
    """Refuse what no optimizer takes, before it reaches a hash or a worker."""
    if not _is_plain(value):
        raise ValueError(f"found {_shortened(value)}; it must be a finite number, true, false, text or a list of these")
    return value


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(not isinstance(item, list) and _is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))


def _ray_address(value: object) -> object:
    if value is None or value == "auto" or (isinstance(value, str) and re.fullmatch(r"[^\s:/]+:\d{1,5}", value)):
        return value
    raise ValueError(f"found {_shortened(value)}; it must be null, 'auto' or 'host:port'")


def _worker_count(value: object) -> object:
    # a union's own error would be one line for each of its members
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_WORKERS):
        return value
    raise ValueError(f"found {_shortened(value)}; it must be 'auto' or a whole number from 1 to {_MOST_WORKERS}")


ArgumentName = Annotated[str, AfterValidator(_not_the_learning_rate)]
Argument = Annotated[Any, BeforeValidator(_plain)]
Arguments = Annotated[dict[ArgumentName, Argument], BeforeValidator(_empty_mapping)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProblemSettings(_Settings):
    """One row of ``problems``: how a problem is trained on.

    Attributes
    ----------
    network
        Name of a network in ``pipeline.networks``.
    epochs, batch_size
        Passes over the training examples; examples a step.
    validation_fraction
        Share of the published training examples that is set aside for validation.
    validations_per_epoch
        How often the validation accuracy is measured: 1, 2, 5 or 10 times.
    precision
        Of a network's products in training; ``auto``: ``bfloat16`` where the hardware has it.
    seeds
        Number of final seeds; ``training.seeds`` if None.
    optimizers
        Rows of ``optimizers`` that take part; all if None.
    target_train_loss, target_validation_accuracy
        What "steps to reach" means: mean training loss (nats), accuracy (fraction). None: not asked.
    tuned_on
        Another problem whose tuned learning rate is the middle of this one's grid, or None for the row's own.
    neighbours
        With `tuned_on`: how many grid points on each side of that middle are tried.
    """

    network: Name
    epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    batch_size: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    validation_fraction: Annotated[float, Field(gt=0, lt=1, strict=True)]
    validations_per_epoch: Literal[1, 2, 5, 10] = 1
    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    seeds: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = None
    optimizers: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    target_train_loss: Annotated[float, Field(gt=0, lt=100, strict=True)] | None = None
    target_validation_accuracy: Annotated[float, Field(gt=0, lt=1, strict=True)] | None = None
    tuned_on: Name | None = None
    neighbours: Annotated[int, Field(ge=0, le=9, strict=True)] = 1


class DataSettings(_Settings):
    """Where data comes from and how it is split."""

    split_seed: Seed
    archives: tuple[Name, ...]
    sources: tuple[str, ...]


class TuningSettings(_Settings):
    """The search budget that every optimizer gets."""

    seed: Seed
    points: Annotated[int, Field(ge=3, le=99, strict=True)]
    points_per_decade: Annotated[int, Field(ge=1, le=20, strict=True)]
    max_extensions: Annotated[int, Field(ge=0, le=99, strict=True)]


class TrainingSettings(_Settings):
    """The seeds of the final trainings."""

    first_seed: Seed
    seeds: Annotated[int, Field(ge=1, le=1000, strict=True)]


class ExecutionSettings(_Settings):
    """How the trainings are run; changes no result.

    Attributes
    ----------
    workers
        Trainings at once, each of one thread; ``auto``: one per core.
    engine
        ``processes`` of this machine, or ``ray`` for a cluster.
    ray_address
        See `pipeline.cluster.Cluster`.
    ray_logs
        Whether Ray's own lines reach the terminal.
    """

    workers: Annotated[Literal["auto"] | int, BeforeValidator(_worker_count)] = "auto"
    engine: Literal["processes", "ray"] = "processes"
    ray_address: Annotated[str | None, BeforeValidator(_ray_address)] = None
    ray_logs: Annotated[bool, Field(strict=True)] = False

    def worker_count(self) -> int:
        """Return the number of worker processes: as many as this process may use cores if ``auto``."""
        return available_cores() if self.workers == "auto" else self.workers


class RestSettings(_Settings):
    """The optimizer of those parameters that a row's own class cannot take."""

    class_name: str = Field(alias="class")
    arguments: Arguments = {}


class OptimizerSettings(_Settings):
    """One row of ``optimizers``."""

    label: Annotated[str, Field(min_length=1, max_length=40)]
    class_name: str = Field(alias="class")
    learning_rate: LearningRate
    arguments: Arguments = {}
    rest: RestSettings | None = None


class Settings(_Settings):
    """All of ``params.yaml``."""

    problems: Annotated[dict[Name, ProblemSettings], Field(min_length=1)]
    data: DataSettings
    tuning: TuningSettings
    training: TrainingSettings
    device: Literal["auto", "cpu", "cuda"] = "auto"
    execution: ExecutionSettings
    comparison: ComparisonSettings
    backprop: BackpropSettings
    optimizers: Annotated[dict[Name, OptimizerSettings], Field(min_length=1)]

    @model_validator(mode="after")
    def _tuning_seed_is_fresh(self) -> Settings:
        seeds = range(
            self.training.first_seed,
            self.training.first_seed + max(p.seeds or self.training.seeds for p in self.problems.values()),
        )
        if self.tuning.seed in seeds:
            raise ValueError(
                f"tuning.seed is {self.tuning.seed}, which is also a training seed ({seeds[0]} to {seeds[-1]}): "
                "a winner must not be judged on the seed that chose it; take another"
            )
        return self

    @model_validator(mode="after")
    def _problems_fit(self) -> Settings:
        for name, problem in self.problems.items():
            for optimizer in problem.optimizers or ():
                if optimizer not in self.optimizers:
                    known = closest(optimizer, self.optimizers)
                    raise ValueError(f"problems.{name}.optimizers: there is no row {optimizer!r}{known}")
        return self

    @model_validator(mode="after")
    def _grids_have_middles(self) -> Settings:
        possible: list[str] = []
        for name, problem in self.problems.items():
            if problem.tuned_on is None:
                possible.append(name)
                continue
            where = f"problems.{name}.tuned_on: {problem.tuned_on!r}"
            if problem.tuned_on not in possible:
                raise ValueError(
                    f"{where} is not a problem that stands before it and is tuned by itself"
                    + (closest(problem.tuned_on, possible) if possible else "")
                )
            absent = [row for row in self.roster(name) if row not in self.roster(problem.tuned_on)]
            if absent:
                raise ValueError(f"{where} is not tuned for {', '.join(absent)}: add them to its optimizers")
        return self

    @model_validator(mode="after")
    def _labels_differ(self) -> Settings:
        rows: dict[str, str] = {}
        for name, row in self.optimizers.items():
            if (other := rows.setdefault(row.label, name)) != name:
                raise ValueError(f"optimizers.{name}.label: {row.label!r} is also the label of {other}; take another")
        return self

    def roster(self, problem: str) -> list[str]:
        """Return the optimizers that take part in a problem, in the order of their rows."""
        chosen = self.problems[problem].optimizers
        return [name for name in self.optimizers if chosen is None or name in chosen]

    def problems_of(self, optimizer: str) -> list[str]:
        """Return the problems that an optimizer takes part in, in their order."""
        return [name for name in self.problems if optimizer in self.roster(name)]

    def seeds(self, problem: str) -> range:
        """Return the seeds of the final trainings on a problem."""
        count = self.problems[problem].seeds or self.training.seeds
        return range(self.training.first_seed, self.training.first_seed + count)

    @property
    def main_problem(self) -> str:
        """The first problem: the one whose champion is kept."""
        return next(iter(self.problems))

    def optimizer(self, name: str) -> OptimizerSettings:
        """Return one row of ``optimizers``.

        Raises
        ------
        SettingsError
            Where there is no such row.
        """
        if name not in self.optimizers:
            raise SettingsError(f"{PARAMS}: optimizers.{name}: there is no such row{closest(name, self.optimizers)}.")
        return self.optimizers[name]


def available_cores() -> int:
    """Return how many cores this process may use (its CPU affinity, where the system tells)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def closest(found: object, allowed: Any) -> str:
    """Return ``; did you mean 'x'? Allowed: x, y, z`` for an error message."""
    names = [str(name) for name in allowed]
    folded = {name.casefold(): name for name in names}
    matches = [folded[m] for m in difflib.get_close_matches(str(found).casefold(), folded, n=1, cutoff=0.5)]
    hint = f"; did you mean {matches[0]!r}?" if matches else ";"
    return f"{hint} Allowed: {', '.join(names)}"


def load(path: Path = PARAMS) -> Settings:
    """Read and validate ``params.yaml``.

    Raises
    ------
    SettingsError
        Where the file is missing, is no YAML, or holds a wrong key or value; names each of them.
    """
    try:
        content = _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} is not in {Path.cwd()}: run the command in the project's folder.") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: byte {error.start} cannot be read; save it as UTF-8.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: what looks like a date and is none
        raise SettingsError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except _RepeatedKeyError as error:
        raise SettingsError(f"{path}: {error}") from None
    return validate(content, str(path))


def validate(content: object, origin: str) -> Settings:
    """Turn parsed YAML into settings; `origin` is named in errors.

    Raises
    ------
    SettingsError
        With a line for every wrong key or value.
    """
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        lines = [_explain(dict(detail)) for detail in error.errors()]
        raise SettingsError(f"{origin}: " + "\n       ".join(lines)) from None


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


def _explain(detail: dict[str, Any]) -> str:
    location = [part for part in detail["loc"] if part != "[key]"]
    path = ".".join(str(part) for part in location)
    return f"{path}: {_reason(detail, location)}" if path else _reason(detail, location)


def _reason(detail: dict[str, Any], location: list[Any]) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        return f"unknown key{closest(location[-1], _allowed_keys(location[:-1]))}"
    if detail["type"] == "missing":
        return "missing"
    if detail["type"] == "value_error":
        return str(context["error"])
    words = _PLAIN.get(detail["type"], detail["msg"].replace("Input should be", "it must be"))
    return f"found {_shortened(detail['input'])}; {words.format(**context)}"


class _Loader(yaml.SafeLoader):
    """YAML as DVC reads it, in which ``1e-8`` is a number."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _parse(text: str) -> object:
    """Return a YAML text's plain values; raise where a mapping holds a key twice (YAML would take the last)."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_repeated_keys(node, ())
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _refuse_repeated_keys(node: yaml.Node, path: tuple[str, ...]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _refuse_repeated_keys(item, (*path, str(number)))
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            here = (*path, name)
            if name in lines:
                where = "line {}" if lines[name] == line else "lines {} and {}"
                raise _RepeatedKeyError(
                    f"{'.'.join(here)}: given twice, in {where.format(lines[name], line)}; keep one"
                )
            lines[name] = line
            _refuse_repeated_keys(value, here)


class _RepeatedKeyError(Exception):
    """Says which key a mapping holds twice."""


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _allowed_keys(location: list[Any]) -> list[str]:
    """Return the keys that are allowed at a place in the settings."""
    model: type[BaseModel] = Settings
    for part in location:
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        if field is not None:
            model = _model_in(field.annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the settings class inside ``X``, ``X | None`` or ``dict[str, X]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
