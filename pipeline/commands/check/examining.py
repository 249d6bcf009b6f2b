"""Everything that can be said about a data set of one's own, before anything is trained on it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.check import trying
from pipeline.data import archives, checking, preparing, problems
from pipeline.data.settings import DataSettings
from pipeline.project import paths
from pipeline.project.errors import SettingsError, UserError, first_line, line_in
from pipeline.project.wording import closest, counted
from pipeline.running.refusals import in_words
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.data.problems import DataSet
    from pipeline.prepared.examples import LabelledData
    from pipeline.prepared.reader import Description
    from pipeline.settings.study import Settings

# what is proposed where params.yaml has no row
_FRACTION = 0.2
_BATCH_SIZE = 16
_STEPS = 400
_MOST_EPOCHS = 100


@dataclass(frozen=True)
class Finding:
    """What was found about one thing: a sentence, or what is right about it."""

    what: str
    ok: bool
    found: str


@dataclass
class Checked:
    """All findings about a data set, and the lines of ``params.yaml`` that are missing, as YAML."""

    name: str
    findings: list[Finding] = field(default_factory=list)
    missing: str = ""

    @property
    def ready(self) -> bool:
        """Whether a study can use it as it is."""
        return all(finding.ok for finding in self.findings) and not self.missing

    @property
    def last_line(self) -> str:
        """The result in one line."""
        wrong = sum(not finding.ok for finding in self.findings)
        if wrong:
            return f"{self.name} is not ready: {counted(wrong, 'thing')} to mend."
        return f"{self.name} is right. Add to params.yaml:" if self.missing else f"{self.name} is ready."

    def add(self, what: str, faults: list[str], right: str) -> bool:
        """Add what is wrong, or else what is right; return whether it is right."""
        self.findings += [Finding(what, False, f"{fault}.") for fault in faults] or [Finding(what, True, right)]
        return not faults


def check_problem(name: str) -> Checked:
    """Check a data set: its file, `tiny`, the real examples where they can be read, and a few steps of training.

    Raises
    ------
    SettingsError
        If there is no such file, or ``params.yaml`` is wrong elsewhere.
    """
    if name not in problems.names():
        raise SettingsError(f"there is no pipeline/data/problems/{name}.py{closest(name, problems.names())}.")
    checked = Checked(name)
    dataset = None
    with _own_errors(checked, "the file", name):
        dataset = problems.by_name(name)
    if dataset is not None:
        right = f"{getattr(dataset, 'TITLE', '')}: {problems.task_of(dataset)}"
        if checked.add("the file", checking.of_file(dataset), right):
            _check_examples(checked, dataset)
    return checked


def _check_examples(checked: Checked, dataset: DataSet) -> None:
    tiny = _examples(checked, dataset, "tiny()")
    real = _examples(checked, dataset, "load()") if _can_be_read(dataset) else None
    if not _can_be_read(dataset):
        checked.add("load()", [], f"not tried: archive {dataset.ARCHIVE} is not there (`dvc repro fetch` brings it)")
    if all(finding.ok for finding in checked.findings) and (data := real or tiny):
        _check_use(checked, dataset, data, "prepared" if real else "tiny() prepared")


def _can_be_read(dataset: DataSet) -> bool:
    name = dataset.ARCHIVE
    return name is None or archives.sizes_fit(archives.ARCHIVES[name], paths.raw(name))


def _examples(checked: Checked, dataset: DataSet, call: str) -> LabelledData | None:
    raw = paths.raw(dataset.ARCHIVE) if dataset.ARCHIVE else paths.RAW
    with _own_errors(checked, call, checked.name):
        data = dataset.tiny() if call == "tiny()" else dataset.load(raw)
        faults = checking.of_examples(problems.task_of(dataset), data)
        if checked.add(call, faults, "" if faults else _described(data)):
            return data
    return None


def _described(data: LabelledData) -> str:
    inputs, labels = data.train.inputs, data.train.labels
    names = f", {len(data.classes):,} names" if data.classes else ""
    return (
        f"to train on: inputs {inputs.dtype} {inputs.shape}, labels {labels.dtype} {labels.shape}; "
        f"{len(data.test):,} test examples{names}"
    )


def _check_use(checked: Checked, dataset: DataSet, data: LabelledData, what: str) -> None:
    """Prepare the examples, and train a few steps for every row of ``problems`` that uses them."""
    content: Any = loading.read(paths.PARAMS)
    rows = _with_rows(checked, content, dataset, len(data.train))
    settings = loading.validate(content, str(paths.PARAMS))
    row = DataSettings.model_validate(content["data"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            found = preparing.prepare(
                dataset, data, row.of(checked.name).validation_fraction, row.split_seed, folder / "l", folder / "t"
            )
        except UserError as error:
            checked.add(what, [str(error).rstrip(".")], "")
            return
        checked.add(what, [], _prepared(found, trying.guessing(found, folder / "l")))
        for problem in rows:
            _try(checked, settings, problem, found, folder)


def _try(checked: Checked, settings: Settings, problem: str, found: Description, folder: Path) -> None:
    what = f"problems.{problem}"
    with _own_errors(checked, what, settings.problems[problem].network), in_words():
        tried = trying.few_steps(settings, problem, found, folder)
        checked.add(what, tried.faults, tried.found)


def _prepared(found: Description, guessing: float) -> str:
    counts = ", ".join(f"{count:,} {part}" for part, count in found.counts.items())
    knows = "the mean of the targets" if found.task == "regression" else "how frequent each label is"
    unit = "" if found.task == "regression" else " nats"
    return (
        f"{counts}; {found.dtype} {found.shape}, scaling {found.scaling}, {counted(found.outputs, 'output')}; "
        f"a network that only knows {knows} has a loss of {guessing:.3g}{unit}"
    )


def _with_rows(checked: Checked, content: Any, dataset: DataSet, examples: int) -> list[str]:
    """Add the rows that `content` lacks, and say which; return the problems that use the data set."""
    name, task = checked.name, problems.task_of(dataset)
    sets = content.get("data", {}).get("sets") if isinstance(content, dict) else None
    rows = content.get("problems") if isinstance(content, dict) else None
    if not isinstance(sets, dict) or not isinstance(rows, dict):
        # says what is wrong with the file
        loading.validate(content, str(paths.PARAMS))
        return []
    lines = []
    if name not in sets:
        sets[name] = {"validation_fraction": _FRACTION}
        lines += ["data:", "  sets:", f"    {name}: {{validation_fraction: {_FRACTION}}}"]
    users = [key for key, row in rows.items() if isinstance(row, dict) and row.get("data", key) == name]
    if not users:
        epochs = round(_STEPS * _BATCH_SIZE / ((1 - _FRACTION) * examples))
        row: dict[str, Any] = {"network": "causal_transformer" if task == "next_token" else "linear"}
        row |= {"epochs": min(max(epochs, 1), _MOST_EPOCHS), "batch_size": _BATCH_SIZE}
        row |= {} if task == "classification" else {"measure": "loss"}
        rows[name] = row
        lines += ["problems:", f"  {name}:", *(f"    {key}: {value}" for key, value in row.items())]
    checked.missing = "\n".join(lines)
    return users or [name]


@contextmanager
def _own_errors(checked: Checked, what: str, file: str) -> Iterator[None]:
    """Turn an error in the user's own code into a finding that names its line."""
    try:
        yield
    except UserError as error:
        checked.add(what, [str(error).rstrip(".")], "")
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises
        line = line_in(error, lambda path: Path(path).stem == file)
        where = f" in line {line} of {file}.py" if line else ""
        checked.add(what, [f"{type(error).__name__}{where}: {first_line(error)}"], "")
