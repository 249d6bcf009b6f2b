"""What is trained: the sections of ``params.yaml`` that all trainings share."""

from __future__ import annotations

import math
import re
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline.project.errors import SettingsError
from pipeline.project.paths import OPTIMIZERS, PARAMS
from pipeline.project.wording import closest, shortened
from pipeline.settings.section import Name, Section, Seed, ShownText
from pipeline.settings.spaces import LEARNING_RATE, Space, is_beta

MeasureName = Literal["accuracy", "loss"]
LearningRate = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False, strict=True)]


def _empty_mapping(value: object) -> object:
    """YAML reads ``arguments:`` with nothing behind it as None; a person means none."""
    return {} if value is None else value


def _not_the_learning_rate(name: str) -> str:
    if name == "lr":
        raise ValueError("the search sets it: give its range as search.learning_rate")
    return name


_LARGEST = 1e38  # float32 holds hardly more


def _plain(value: object) -> object:
    """Refuse what no optimizer takes, before it reaches a hash or a worker."""
    if any(_is_too_large(item) for item in (value if isinstance(value, list) else [value])):
        raise ValueError(f"found {shortened(value)}; it is too large: networks compute in float32, up to {_LARGEST:g}")
    if not _is_plain(value):
        raise ValueError(f"found {shortened(value)}; it must be a finite number, true, false, text or a list of these")
    return value


def _is_too_large(value: object) -> bool:
    # not by math.isfinite: an integer may be larger than any float
    return isinstance(value, int | float) and _LARGEST <= abs(value) < math.inf


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(not isinstance(item, list) and _is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))


def _class_spec(text: str) -> str:
    if not re.fullmatch(r"([A-Za-z_][\w.]*:|.+\.py:)?[A-Za-z_]\w*", text):
        package, _, name = text.rpartition(".")
        hint = f"; did you mean '{package}:{name}'?" if re.fullmatch(r"[A-Za-z_][\w.]*", package) else ";"
        raise ValueError(
            f"found {shortened(text)}{hint} it must be a name of torch.optim, "
            f"or package.module:Class, or {OPTIMIZERS}/file.py:Class"
        )
    return text


def _package_name(name: str) -> str:
    if not name.isidentifier():
        raise ValueError(f"found {shortened(name)}; it must be the name by which Python imports a package")
    return name


def _empty_list(value: object) -> object:
    """YAML reads ``plugins:`` with nothing behind it as None; a person means none."""
    return () if value is None else value


def is_watched(path: PurePath) -> bool:
    """Return whether a file, named from the project's folder, lies where DVC watches the files of optimizers."""
    return path.parts[0] == OPTIMIZERS.name and ".." not in path.parts


ClassSpec = Annotated[str, AfterValidator(_class_spec)]
Plugins = Annotated[tuple[Annotated[str, AfterValidator(_package_name)], ...], BeforeValidator(_empty_list)]
ArgumentName = Annotated[str, AfterValidator(_not_the_learning_rate)]
Argument = Annotated[Any, BeforeValidator(_plain)]
Arguments = Annotated[dict[ArgumentName, Argument], BeforeValidator(_empty_mapping)]


def _possible_validations(value: object) -> object:
    allowed = (1, 2, 5, 10, 0.5, 0.25, 0.2, 0.1)
    if isinstance(value, bool) or value not in allowed:
        shown = shortened(value)
        raise ValueError(f"found {shown}; it must be 1, 2, 5 or 10, or 0.5, 0.25, 0.2 or 0.1 (not after every epoch)")
    return value


ValidationsPerEpoch = Annotated[int | float, BeforeValidator(_possible_validations)]

Loss = Annotated[float, Field(gt=0, lt=100, strict=True)]
Accuracy = Annotated[float, Field(gt=0, lt=1, strict=True)]


class TargetSettings(Section):
    """What "how soon" asks for, fixed beforehand; the easy ones first. An empty list: not asked."""

    train_loss: Annotated[tuple[Loss, ...], Field(max_length=5)] = ()  # averaged over an epoch's length
    validation_accuracy: Annotated[tuple[Accuracy, ...], Field(max_length=5)] = ()  # fractions

    @model_validator(mode="after")
    def _the_easy_ones_come_first(self) -> TargetSettings:
        order = {
            "train_loss": tuple(sorted(set(self.train_loss), reverse=True)),
            "validation_accuracy": tuple(sorted(set(self.validation_accuracy))),
        }
        for name, ordered in order.items():
            if (found := getattr(self, name)) != ordered:
                raise ValueError(f"{name}: found {list(found)}; the easy targets come first: {list(ordered)}")
        return self


class ProblemSettings(Section):
    """One row of ``problems``: how a problem is trained on."""

    data: Name | None = None  # a row of ``data.sets``; the problem's own name if None
    title: ShownText | None = None
    network: Name  # in ``pipeline.training.networks``
    epochs: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    batch_size: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    validations_per_epoch: ValidationsPerEpoch = 1
    # of the learning rate, see ``pipeline.training.schedule``: the share of the steps over which it rises first
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup_fraction: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False, strict=True)] = 0.0
    # of a network's products in training; ``auto``: ``bfloat16`` where the hardware has it
    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    seeds: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = None  # ``training.seeds`` if None
    optimizers: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None  # all rows if None
    # what the search, the champion and the ranking go by; a regression has no accuracy and goes by its loss
    measure: MeasureName = "accuracy"
    targets: TargetSettings = TargetSettings()
    # no search of its own: the settings that survived on another problem; or the rows' default learning rates
    tuned_on: Name | None = None
    untuned: bool = False
    # not part of the study: for the demo, the tests, and comparisons of one's own
    demo: bool = False


class TuningSettings(Section):
    """The search budget that every optimizer gets."""

    seed: Seed  # of the trainings, and of the points
    points: Annotated[int, Field(ge=2, le=256, strict=True)]
    points_beyond: Annotated[int, Field(ge=0, le=256, strict=True)]  # where the best lies on the border of the rates
    survivors: Annotated[int, Field(ge=1, le=20, strict=True)]  # the best settings, trained with fresh seeds


class TrainingSettings(Section):
    """The seeds of the final trainings."""

    first_seed: Seed
    seeds: Annotated[int, Field(ge=1, le=1000, strict=True)]


class RestSettings(Section):
    """The optimizer of those parameters that a row's own class cannot take."""

    class_name: ClassSpec = Field(alias="class")
    arguments: Arguments = {}


class OptimizerSettings(Section):
    """One row of ``optimizers``: its class, its fixed arguments, and what the search varies."""

    label: ShownText
    class_name: ClassSpec = Field(alias="class")
    arguments: Arguments = {}
    # by name of an argument; ``beta1`` is the first of ``betas``
    search: Annotated[dict[str, Space], Field(max_length=8)]
    # the class's own, where that is a considered value
    default_learning_rate: LearningRate | None = None
    rest: RestSettings | None = None

    @model_validator(mode="after")
    def _the_rate_is_searched(self) -> OptimizerSettings:
        rate = self.search.get(LEARNING_RATE)
        if rate is None or rate.log_uniform is None:
            raise ValueError("search.learning_rate: {log_uniform: [lowest, highest]} is needed")
        for name in self.search:
            if name in self.arguments and not is_beta(name, self.arguments):
                raise ValueError(
                    f"search.{name}: the row's arguments give a value for it too; take one of the two away"
                )
        return self

    @property
    def centre(self) -> float:
        """The middle of the range of learning rates, three significant digits."""
        return self.search[LEARNING_RATE].at(0.5)


class Settings(Section):
    """What is trained: the problems, the optimizers, the search and the seeds."""

    problems: Annotated[dict[Name, ProblemSettings], Field(min_length=1)]
    tuning: TuningSettings
    training: TrainingSettings
    device: Literal["auto", "cpu", "cuda"] = "auto"
    convolution: Literal["compiled", "torch"] = "compiled"
    plugins: Plugins = ()  # installed packages whose optimizers rows may name
    optimizers: Annotated[dict[Name, OptimizerSettings], Field(min_length=1)]

    @model_validator(mode="after")
    def _tuning_seed_is_fresh(self) -> Settings:
        seeds = max(map(self.seeds, self.problems), key=len)
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
    def _settings_come_from_somewhere(self) -> Settings:
        for name, problem in self.problems.items():
            if problem.untuned and (bare := [row for row in self.roster(name) if self._has_no_default(row)]):
                raise ValueError(f"problems.{name}.untuned: optimizers.{bare[0]} has no default_learning_rate")
            if problem.tuned_on is None:
                continue
            where = f"problems.{name}.tuned_on: {problem.tuned_on!r}"
            possible = [other for other, row in self.problems.items() if not (row.tuned_on or row.untuned)]
            if problem.tuned_on not in possible:
                raise ValueError(
                    f"{where} is not a problem with a search of its own{closest(problem.tuned_on, possible)}"
                )
            absent = [row for row in self.roster(name) if row not in self.roster(problem.tuned_on)]
            if absent:
                raise ValueError(f"{where} is not tuned for {', '.join(absent)}: add them to its optimizers")
        return self

    def _has_no_default(self, optimizer: str) -> bool:
        return self.optimizers[optimizer].default_learning_rate is None

    @model_validator(mode="after")
    def _labels_differ(self) -> Settings:
        rows: dict[str, str] = {}
        for name, row in self.optimizers.items():
            if (other := rows.setdefault(row.label, name)) != name:
                raise ValueError(f"optimizers.{name}.label: {row.label!r} is also the label of {other}; take another")
        return self

    @model_validator(mode="after")
    def _classes_may_be_used(self) -> Settings:
        for name, row in self.optimizers.items():
            self._check_origin(row.class_name, f"optimizers.{name}.class")
            if row.rest is not None:
                self._check_origin(row.rest.class_name, f"optimizers.{name}.rest.class")
        return self

    def _check_origin(self, class_name: str, where: str) -> None:
        module, _, name = class_name.rpartition(":")
        package = module.partition(".")[0]
        if module.endswith(".py"):
            if not is_watched(PurePath(module)):
                inside = OPTIMIZERS / PurePath(module).name
                raise ValueError(
                    f"{where}: {module} does not lie in {OPTIMIZERS}/: move the file there, so that DVC watches it, "
                    f"and write {inside}:{name}"
                )
        elif module and package not in self.plugins:
            known = closest(package, self.plugins) if self.plugins else f"; add it: plugins: [{package}]"
            raise ValueError(f"{where}: the package {package!r} is not named in plugins{known}")

    def data_of(self, problem: str) -> str:
        """Return the name of a problem's data set."""
        return self.problems[problem].data or problem

    def roster(self, problem: str) -> list[str]:
        """Return the optimizers that take part in a problem, in the order of their rows."""
        chosen = self.problems[problem].optimizers
        return [name for name in self.optimizers if chosen is None or name in chosen]

    def problems_of(self, optimizer: str) -> list[str]:
        """Return the study's problems that an optimizer takes part in, in their order."""
        return [name for name in self.study if optimizer in self.roster(name)]

    def searched_problems_of(self, optimizer: str) -> list[str]:
        """Return those of `problems_of` that have a search of their own."""
        return [
            name
            for name in self.problems_of(optimizer)
            if not (self.problems[name].tuned_on or self.problems[name].untuned)
        ]

    @property
    def study(self) -> list[str]:
        """The problems of the study, in their order: without those of the demo."""
        return [name for name, problem in self.problems.items() if not problem.demo]

    def seeds(self, problem: str) -> range:
        """Return the seeds of the final trainings on a problem."""
        count = self.problems[problem].seeds or self.training.seeds
        return range(self.training.first_seed, self.training.first_seed + count)

    @property
    def main_problem(self) -> str:
        """The study's first problem: the one whose champion is kept."""
        return self.study[0]

    def optimizer(self, name: str) -> OptimizerSettings:
        """Return one row of ``optimizers``; a `SettingsError` where there is none."""
        if name not in self.optimizers:
            raise SettingsError(f"{PARAMS}: optimizers.{name}: there is no such row{closest(name, self.optimizers)}.")
        return self.optimizers[name]
