"""Do the verdicts hold for other seeds and another search? ``make other-seeds``.

Repeats the whole study in a copy of the project: the search with another seed, which also draws other settings, and all
final trainings with seeds that the study has not used. Both studies are then judged by the same rules, with the same
times of a step. Finished trainings go to the project's memo, so an interrupted run goes on where it stopped, and
takes about as long as ``make run`` from nothing. Writes ``results/other_seeds.json``, which the report shows beside the
verdicts, and the second study's table of runs, from which ``make calibrate`` learns what the search does by chance.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.stages import copy_environment, copy_project
from pipeline.comparison import claims
from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.evidence import Evidence
from pipeline.project import errors, files, paths
from pipeline.project.wording import closest
from pipeline.results import tables
from pipeline.results.cost import Cost
from pipeline.results.metrics import Metrics
from pipeline.results.other_seeds import ClaimAgain, Judged, OtherSeeds, SeedsRecord
from pipeline.results.problems import Problems
from pipeline.running import refusals
from pipeline.settings import loading

if TYPE_CHECKING:
    from pipeline.results.verdicts import Verdicts
    from pipeline.settings.study import Settings

RUNS = replace(tables.RUNS, path=Path("benchmarks/results/other_seeds_runs.csv"))
"""The second study's ``results/runs.csv``."""


@dataclass(frozen=True)
class Seeds:
    """The seeds of a study: of its search, and of its final trainings."""

    search: int
    first: int
    count: int

    def described(self) -> SeedsRecord:
        """Return them for the result."""
        return SeedsRecord(search=self.search, first=self.first, last=self.first + self.count - 1)


def main(
    problems: Annotated[str, typer.Option(help="With commas between; all of the study unless given.")] = "",
    first_seed: Annotated[
        int | None, typer.Option(help="The first of the other seeds; the next ones unless given.")
    ] = None,
    search_seed: Annotated[
        int | None, typer.Option(help="Of the other search; the one after the other seeds unless given.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to work; a temporary folder unless given.")] = None,
    result: Annotated[Path, typer.Option(help="Where to write.")] = OtherSeeds.PATH,
) -> None:
    """Train, compare the verdicts, print and write ``results/other_seeds.json``."""
    settings = loading.load()
    names = chosen(settings, problems)
    own, other = own_and_other_seeds(settings, first_seed, search_seed)
    Metrics.read()  # fails before any work if there is nothing to compare with
    print(
        f"{len(names)} problems again: search with seed {other.search}, trainings with seeds {other.first} to "
        f"{other.first + other.count - 1}. This takes about as long as the study itself did for them.",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as temporary:
        copy = folder or Path(temporary) / "study"
        _train(copy, names, other)
        verdicts = {root: judged(root, names) for root in (Path(), copy)}
        RUNS.write(tables.RUNS.read(copy))
    found = OtherSeeds(
        problems=tuple(names),
        seeds=own.described(),
        other_seeds=other.described(),
        claims=compared(verdicts[Path()], verdicts[copy]),
    )
    found.write(result)
    report(found)


def chosen(settings: Settings, problems: str) -> list[str]:
    """Return the problems to repeat, in the study's order, with those whose settings they take over."""
    asked = problems.split(",") if problems else settings.study
    for name in asked:
        if name not in settings.study:
            raise errors.UserError(f"the study has no problem {name!r}{closest(name, settings.study)}.")
    needed = {settings.problems[name].tuned_on for name in asked}
    return [name for name in settings.study if name in asked or name in needed]


def own_and_other_seeds(settings: Settings, first: int | None, search: int | None) -> tuple[Seeds, Seeds]:
    """Return the study's seeds and those of the second one; no seed may be in both."""
    own = Seeds(settings.tuning.seed, settings.training.first_seed, settings.training.seeds)
    # the next ones, beyond the search's as well
    first = max(own.search, own.first + own.count - 1) + 1 if first is None else first
    other = Seeds(first + own.count if search is None else search, first, own.count)
    used, wanted = ({seeds.search, *range(seeds.first, seeds.first + seeds.count)} for seeds in (own, other))
    if used & wanted:
        raise errors.UserError(f"seed {min(used & wanted)} is one of the study's own: take others.")
    return own, other


def params_of_copy(content: dict[str, Any], problems: list[str], seeds: Seeds) -> dict[str, Any]:
    """Return the content of ``params.yaml`` with other seeds, and with some of its problems alone."""
    margins = content["comparison"].get("problem_margins", {})
    return {
        **content,
        "problems": {name: content["problems"][name] for name in problems},
        "tuning": {**content["tuning"], "seed": seeds.search},
        "training": {**content["training"], "first_seed": seeds.first},
        "comparison": {
            **content["comparison"],
            "problem_margins": {name: own for name, own in margins.items() if name in problems},
        },
    }


def _train(copy: Path, problems: list[str], seeds: Seeds) -> None:
    """Run the stages up to ``evaluate`` in a copy that shares the memo; one that is there already goes on."""
    if not (copy / paths.PARAMS).exists():
        copy_project(copy)
        memo = paths.memo()
        memo.mkdir(exist_ok=True)
        (copy / memo.name).symlink_to(memo, target_is_directory=True)
    content: Any = loading.read(paths.PARAMS)
    with files.atomic(copy / paths.PARAMS) as temporary:
        loading.with_comments().dump(params_of_copy(content, problems, seeds), temporary)
    if subprocess.run(["dvc", "repro", "evaluate"], cwd=copy, env=copy_environment(), check=False).returncode:
        raise errors.UserError("the study stopped: see above; the same command goes on.")


def judged(root: Path, problems: list[str]) -> Verdicts:
    """Judge every claim by the results in a folder, on some of its problems, with the times of this project."""
    settings = loading.load()
    metrics = Metrics.read(root / Metrics.PATH)
    return claims.judge_all(
        Evidence(
            settings=comparison_settings.load(),
            metrics=Metrics(problems={name: metrics.problems[name] for name in problems}),
            searches=tables.SEARCHES.read(root),
            points=settings.tuning.points,
            cost=Cost.read_if_there(),
            facts=Problems.read().problems,
            constant=[name for name in problems if settings.problems[name].schedule == "constant"],
            labels={name: row.label for name, row in settings.optimizers.items()},
        )
    )


def compared(own: Verdicts, other: Verdicts) -> dict[str, ClaimAgain]:
    """Return every claim in both studies.

    A verdict could change if any of the claim's numbers did: one that rests on timings alone, or could not be tested,
    has the same in both studies.
    """
    pairs = {name: (before, other.claims[name]) for name, before in own.claims.items()}
    return {
        name: ClaimAgain(could_change=before != after, study=Judged.of(before), other=Judged.of(after))
        for name, (before, after) in pairs.items()
    }


def report(found: OtherSeeds) -> None:
    """Print both verdicts on every claim, and how many are the same."""
    for name, claim in found.claims.items():
        after = "same" if claim.same else claim.other.verdict
        print(f"{name:30} {claim.study.verdict:26} {after if claim.could_change else 'could not change'}")
    could, changed = len(found.could_change), len(found.changed)
    print(
        f"{could - changed} of the {could} verdicts that could change are the same; "
        f"{len(found.turned_round)} turned into the opposite"
    )


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
