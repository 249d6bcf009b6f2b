"""``optimizer-study predict``: classify picture files with the champion."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.project import paths
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from pipeline.evaluation.champion import Champion

_SHOWN = 3


def predict(
    images: Annotated[list[Path], typer.Argument(help="PNG, JPEG, WebP, GIF or BMP files of any size.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Classify pictures with the champion of the last study, and show the three most likely classes of each.

    The middle square of every picture is scaled to the size of the training images. Example:

    optimizer-study predict cat.png photos/*.jpg
    """
    import numpy as np

    from pipeline.evaluation import champion

    best = champion.read(paths.CHAMPION_WEIGHTS)
    shape, task, dtype = best.description.shape, best.description.task, best.description.dtype
    if (len(shape), task, dtype) != (3, "classification", "uint8") or shape[-1] not in (1, 3):
        raise DataError(f"the champion was trained on {best.record.problem}, whose inputs are not pictures.")
    if not all(np.isfinite(array).all() for array in best.weights.values()):
        raise DataError(
            f"every training on {best.record.problem} diverged, so there is no network to use: correct its row, the "
            "optimizers or their rates in params.yaml, and run `dvc repro`."
        )
    answers = _answers(best, images)
    origin = {**best.record.model_dump(mode="json"), "commit": champion.commit(paths.CHAMPION_WEIGHTS)}
    if as_json:
        typer.echo(json.dumps({"model": origin, "images": answers}, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(origin, answers)
    faults = [answer["error"] for answer in answers if "error" in answer]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if faults:
        raise typer.Exit(2)


def _answers(best: Champion, images: list[Path]) -> list[dict[str, Any]]:
    import torch

    from pipeline.commands.predict import pictures
    from pipeline.evaluation.classifier import Classifier

    model = Classifier(best.record.network, best.weights, best.description)
    classes = best.description.classes

    def answer(path: Path) -> dict[str, Any]:
        try:
            pixels = pictures.read(path, best.description.shape, best.description.white)
        except DataError as error:
            return {"file": str(path), "error": str(error)}
        with torch.inference_mode():
            found = model(torch.from_numpy(pixels)[None])[0].topk(min(_SHOWN, len(classes)))
        pairs = zip(found.indices.tolist(), found.values.tolist(), strict=True)
        return {"file": str(path), "classes": [{"class": classes[i], "probability": p} for i, p in pairs]}

    return [answer(path) for path in images]


def _print(origin: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        if "classes" in answer:
            top = ", ".join(f"{entry['class']} {entry['probability']:.1%}" for entry in answer["classes"])
            typer.echo(f"{answer['file']}: {top}")
    commit = origin["commit"]
    typer.echo(
        f"Model: {origin['label']}, learning rate {origin['learning_rate']:g}, seed {origin['seed']}, "
        f"trained on {origin['problem']}; {commit if commit == 'uncommitted' else f'commit {commit}'}"
    )
