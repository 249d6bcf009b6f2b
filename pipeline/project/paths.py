"""Where data, trainings and logs lie; `pipeline.results` knows where results do. All paths are relative to the root."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pipeline.project.errors import UserError

_MERGE_MARK = re.compile(r"^(<{7}|={7}|>{7})", re.MULTILINE)

PARAMS = Path("params.yaml")
OPTIMIZERS = Path("optimizers")  # the files whose classes rows of `optimizers` name; DVC watches it

DOWNLOADS = Path("data/downloads")
RAW = Path("data/raw")
LEARNING = Path("data/prepared/learning")
TEST = Path("data/prepared/test")

TUNE = Path("runs/tune")
TRAIN = Path("runs/train")
CHAMPION_WEIGHTS = Path("models/champion.safetensors")
CHAMPION_CARD = Path("models/CARD.md")

REPORTS = Path("reports")
LOGS = Path("logs")
TIMINGS = LOGS / "timings.jsonl"


def shared_root() -> Path:
    """Return the user's own project, which survives a run.

    ``dvc exp run --temp`` and ``--queue`` work in a copy that DVC deletes afterwards, and put that project into
    ``DVC_ROOT``: the MLflow store and finished trainings belong there.
    """
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).resolve()


def memo() -> Path:
    """Return the folder of finished trainings, shared by all ways of starting a run."""
    return shared_root() / ".memo"


def remedy(inside: str) -> str:
    """Return what to do about a file of the study that is missing here: `inside`, where this is a project at all."""
    if not PARAMS.exists():
        return "this folder is no project (it has no params.yaml): run the command in the project's folder"
    return inside


def expanded(path: str | Path) -> Path:
    """Return a path whose ~ is replaced by a home folder; as it is, where the name behind it is nobody's."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def timings() -> Path:
    """Return the folder of the times of steps on this machine; without it, stage ``cost`` measures all again."""
    return memo() / "timings"


def raw(archive: str) -> Path:
    """Return the folder with an archive's members."""
    return RAW / archive


def merge_marks(path: Path, content: str) -> str:
    """Say where the marks of a merge stand in a YAML file's content, and what to do; empty where there are none."""
    mark = _MERGE_MARK.search(content)
    if not mark:
        return ""
    line = content.count("\n", 0, mark.start()) + 1
    return (
        f"{path}, line {line}: not valid YAML (the marks of a merge?). Edit it or take one side, such as "
        f"`git checkout --ours {path}`, then `dvc repro`."
    )


def dvc_hash(path: Path, lock: Path = Path("dvc.lock")) -> str | None:
    """Return DVC's MD5 of an output (without ``.dir``), or None where it is not yet known."""
    if not lock.exists():
        return None
    content = lock.read_text(encoding="utf-8", errors="replace")
    if marks := merge_marks(lock, content):
        raise UserError(marks)
    # DVC writes each value on a line of its own; reading a whole study's file as YAML takes seconds
    name = re.escape(path.as_posix())
    entry = re.compile(rf"^    - path: {name}\n(?:      .*\n)*?      md5: '?([0-9a-f]{{32}})", re.MULTILINE)
    outputs = re.findall(r"^    outs:\n((?:    - .*\n|      .*\n)+)", content, re.MULTILINE)
    return next((found[1] for listed in outputs if (found := entry.search(listed))), None)


def learning(dataset: str) -> Path:
    """Return the folder with a data set's training and validation examples."""
    return LEARNING / dataset


def test(dataset: str) -> Path:
    """Return the folder with a data set's test examples, which stage ``evaluate`` alone may read."""
    return TEST / dataset


def trials(optimizer: str) -> Path:
    """Return the file with every tuning trial of an optimizer."""
    return TUNE / optimizer / "trials.json"


def choice(optimizer: str) -> Path:
    """Return the file with the tuned learning rate of an optimizer, by problem."""
    return TUNE / optimizer / "choice.json"


def trainings(optimizer: str) -> Path:
    """Return the file with the records of an optimizer's final trainings."""
    return TRAIN / optimizer / "trainings.json"


def weights(optimizer: str, problem: str) -> Path:
    """Return the file with the weights of all seeds."""
    return TRAIN / optimizer / f"{problem}.safetensors"


def ui_log(port: int) -> Path:
    """Return the file with what MLflow's server says while it shows its UI on a port."""
    return LOGS / f"mlflow-ui-{port}.log"
