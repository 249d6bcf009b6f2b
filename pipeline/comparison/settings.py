"""The section ``comparison`` of ``params.yaml``: what every decision rule uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from pipeline.project.wording import closest
from pipeline.settings import loading
from pipeline.settings.section import Name, Section

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False, strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Ratio = Annotated[float, Field(gt=1, le=100, allow_inf_nan=False, strict=True)]


# Names that a group may hold without a row: of the study, and of torch.optim
USUAL = frozenset(
    (
        *("sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "nadam", "adamw", "muon"),
        *("amsgrad", "adamax", "radam", "asgd", "rprop", "adafactor"),
    )
)


class Margins(Section):
    """The largest differences that do not matter; ``params.yaml`` says what each is a difference of, and its unit.

    `step_left` is the share of the early step below which a step has died out, and `alike` the factor by which a
    margin grows where a claim says "mostly alike".
    """

    accuracy: Share
    loss: Positive
    speed: Ratio
    cost: Ratio
    step: Ratio
    step_left: Share
    search: Share
    search_loss: Positive
    good_settings: Share
    alike: Ratio


class ProblemMargins(Section):
    """A problem's own margins, where they are not the common ones."""

    accuracy: Share | None = None
    loss: Positive | None = None


class ComparisonSettings(Section):
    """All that a decision rule needs, fixed before the numbers are known; explained beside each in ``params.yaml``.

    A row may be neither `adaptive` nor `not_adaptive`. A usual name without a row is passed over: a study of fewer rows
    needs no other groups.
    """

    baseline: Name
    alpha: Annotated[float, Field(gt=0, lt=0.5, allow_inf_nan=False, strict=True)]
    adaptive: Annotated[tuple[Name, ...], Field(min_length=1)]
    not_adaptive: Annotated[tuple[Name, ...], Field(min_length=1)]
    assignment_accuracy: Share
    margins: Margins
    problem_margins: dict[Name, ProblemMargins] = {}

    @model_validator(mode="after")
    def _kinds_are_apart(self) -> ComparisonSettings:
        both = [name for name in self.adaptive if name in self.not_adaptive]
        if both:
            raise ValueError(f"{both[0]!r} is both adaptive and not_adaptive; name it once")
        return self

    def margin(self, name: str, problem: str) -> float:
        """Return a margin by its name: the problem's own, or the common one."""
        own = getattr(self.problem_margins.get(problem), name, None)
        return float(getattr(self.margins, name) if own is None else own)

    def check_against(self, settings: Settings) -> None:
        """Check that the baseline, both groups and the problems with margins exist; see `Section.check_against`."""
        if self.baseline not in settings.optimizers:
            known = closest(self.baseline, settings.optimizers)
            raise ValueError(f"baseline: there is no row {self.baseline!r} in optimizers{known}")
        names = [*settings.optimizers, *sorted(USUAL.difference(settings.optimizers))]
        for group in ("adaptive", "not_adaptive"):
            if unknown := next((name for name in getattr(self, group) if name not in names), None):
                raise ValueError(f"{group}: there is no row {unknown!r} in optimizers{closest(unknown, names)}")
        for name in self.problem_margins:
            if name not in settings.problems:
                raise ValueError(f"problem_margins: there is no problem {name!r}{closest(name, settings.problems)}")


def load() -> ComparisonSettings:
    """Read the section of ``params.yaml``; see `loading.section`."""
    return loading.section("comparison", ComparisonSettings)
