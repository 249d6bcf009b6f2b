"""A small study that is broken again and again: ``make torture SEED=1 KILLS=30``.

After everything that happens to it: no orphan at work, no traceback, no finished training lost or repeated; in the end
the same bytes as an unbroken run, and in the MLflow store every training once. About an hour on two quick cores.
``benchmarks/results/torture.json`` is written anew after every try.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.machine import machine
from pipeline.project import errors, files
from tests.faults.torture import kills
from tests.faults.torture.kinds import KINDS
from tests.faults.torture.study import Attempt, Bench, Copy, NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable

RESULT = Path("benchmarks/results/torture.json")


class Record:
    """What was tried, and what held; a file at any time."""

    def __init__(self, path: Path, seed: int, until: str, earlier: list[Path]) -> None:
        self._path, self._began, self._earlier_seconds = path, time.perf_counter(), 0
        self._head = {"date": dt.datetime.now(dt.UTC).date().isoformat(), "seed": seed, "until": until}
        self._machine = machine()
        self._tried: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._not_possible: dict[str, str] = {}
        self.failures: list[dict[str, str | int]] = []
        for content in map(files.read_json, earlier):
            self._count(content)

    def _count(self, earlier: dict[str, Any]) -> None:
        """Add what an earlier run has found."""
        for kind, count in earlier["counts"].items():
            self._tried[kind] += count["tried"]
            self._held[kind] += count["held"]
        self._not_possible |= earlier["not_possible"]
        self.failures += earlier["failures"]
        self._earlier_seconds += earlier["seconds"]

    def attempt(self, bench: Bench, kind: str, torture: Callable[[Attempt], object]) -> None:
        """Try a kind of torture, and note how it went."""
        attempt = Attempt(bench, kind)
        try:
            torture(attempt)
        except NotPossibleError as reason:
            self._not_possible[kind] = str(reason)
        except Exception as error:  # noqa: BLE001 - the others must still be tried
            attempt.fail(f"the torture itself failed: {error!r}")
        if kind not in self._not_possible:
            self._tried[kind] += 1
            self._held[kind] += not attempt.faults
        self.failures += [{"kind": kind, "number": self._tried[kind], "what": fault} for fault in attempt.faults]
        self.write(bench)
        print(f"{kind}: {' | '.join(attempt.faults) or self._not_possible.get(kind, 'held')}", flush=True)

    def write(self, bench: Bench) -> None:
        counts = {kind: {"tried": count, "held": self._held[kind]} for kind, count in sorted(self._tried.items())}
        seconds = {"unbroken_seconds": round(bench.seconds), "seconds": self._seconds()}
        state = {"load": round(os.getloadavg()[0], 1), **seconds, "machine": self._machine}
        # without the folders of this machine
        told = [{**one, "what": re.sub(r"(?:/[\w.+-]+)+/", "…/", str(one["what"]))} for one in self.failures]
        found = {"counts": counts, "not_possible": self._not_possible, "failures": told}
        files.write_json(self._path, {**self._head, **state, **found})

    def _seconds(self) -> int:
        return round(time.perf_counter() - self._began) + self._earlier_seconds


class Kills:
    """Kills of one study after the other: each goes on from what the kill before has left."""

    def __init__(self) -> None:
        self._copy: Copy | None = None

    def strike(self, attempt: Attempt, target: str, number: int) -> None:
        self._copy = self._copy or attempt.copy("nothing")
        while not kills.strike(attempt, target, number, self._copy):
            # the study was whole before the kill
            attempt.finish(self._copy)
            self._copy = attempt.copy("nothing")

    def finish(self, attempt: Attempt) -> None:
        if self._copy:
            attempt.finish(self._copy)


def main(
    seed: Annotated[int, typer.Option(help="Decides what is broken, and when.")] = 1,
    kill: Annotated[int, typer.Option("--kills", min=0, help="How many kills.")] = 30,
    each: Annotated[int, typer.Option(min=0, help="How often everything else is tried.")] = 3,
    until: Annotated[str, typer.Option(help="The last stage of the study; all stages without it.")] = "",
    only: Annotated[str, typer.Option(help="Only kinds whose name holds this.")] = "",
    add: Annotated[list[Path] | None, typer.Option(help="Count what is in the file of an earlier run as well.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep the unbroken study there, and use it again.")] = None,
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Torture a small study of the handwritten digits."""
    chance = random.Random(seed)  # noqa: S311
    record = Record(result.resolve(), seed, until or "report", add or [])
    with tempfile.TemporaryDirectory(prefix="torture", ignore_cleanup_errors=True) as temporary:
        root = (folder or Path(temporary)).resolve()
        root.mkdir(mode=0o755, exist_ok=True)
        root.chmod(0o755)
        bench = Bench(root, chance, (until,) if until else ())
        print(f"unbroken: {bench.seconds:.0f} s", flush=True)
        targets = Kills()
        for number in range(kill):
            target = chance.choice(kills.TARGETS)
            kind = f"kill: {target}{' while MLflow is written' if kills.is_seventh(number) else ''}"
            record.attempt(bench, kind, partial(targets.strike, target=target, number=number))
        if kill:
            record.attempt(bench, "the killed study goes on to its end", targets.finish)
        for _ in range(each):
            for kind in (kind for kind in KINDS if only in kind):
                record.attempt(bench, kind, KINDS[kind])
        record.write(bench)
    if record.failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    with errors.one_message():
        typer.run(main)
