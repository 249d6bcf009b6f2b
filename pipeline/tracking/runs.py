"""Trainings as MLflow's runs: one experiment per problem, one parent run per optimizer, one child run per training."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.project import files, paths
from pipeline.running import memo
from pipeline.tracking import entities, views
from pipeline.tracking.store import artifacts, is_server, store_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from pipeline.tracking.entities import DataSet
    from pipeline.tracking.findings import Findings
    from pipeline.training.record import Outcome

# Stores that are written to directly, without a server that keeps the artifacts
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
# As many as MLflow gives at once
_MOST_RUNS = 50_000
# MLflow takes a thousand at once, tags and params counted
_MOST_METRICS = 900
# To a server, most of the time is waiting; a database is written to by one at a time
_CONNECTIONS = 6
_PARENT_TAG = "mlflow.parentRunId"
# MLflow draws a run in this colour; the UI writes it, too, when a person picks one
_COLOUR_TAG = "mlflow.runColor"
# Without it, the UI guesses, and may take an experiment for one of language models and their traces
_KIND_TAG, _KIND = "mlflow.experimentKind", "custom_model_development"


class Runs:
    """The runs of the store that MLflow's `client` writes to.

    `datasets` are the problems' data, by name; `searched` the names of the searched arguments, by optimizer.
    """

    def __init__(
        self, client: Any, datasets: Mapping[str, DataSet], searched: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self.client = client
        self._datasets = datasets
        self._searched = searched or {}
        self._experiments: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._last_end = 0
        # what was written or found last: the parent run by problem, and the run of a study
        self.last_parents: dict[str, str] = {}
        self.last_study: str | None = None

    def write_missing(self, outcome: Outcome) -> int:
        """Write a training's run, or the tags and params that its run lacks; return 1 if anything was written."""
        if run := self.find(outcome):
            if parent := run.data.tags.get(_PARENT_TAG):
                self.last_parents[outcome.training.problem] = parent
            return self._complete(run, outcome)
        self.delete_remains(self._experiment(outcome.training.problem), outcome.key)
        self._planned(self._experiment(outcome.training.problem), outcome)()
        return 1

    def write_all(self, outcomes: Sequence[Outcome]) -> int:
        """Write many trainings as `write_missing` does each, but look for all at once, and over a few connections."""
        wanted = {outcome.key: outcome for outcome in outcomes}
        problems = dict.fromkeys(outcome.training.problem for outcome in wanted.values())
        found = [run for problem in problems for run in self._all_of(self._experiment(problem))]
        for remains in found:
            if remains.data.tags.get("writing") in wanted:
                self.client.delete_run(remains.info.run_id)
        known: dict[str, list[Any]] = defaultdict(list)
        for run in found:
            known[run.data.tags.get("key", "")].append(run)
        written, writing = 0, []
        for key, outcome in wanted.items():
            if run := self._one_of(known[key]):
                written += self._complete(run, outcome)
            else:
                # in this thread: parents are made once, and times follow the order of the outcomes
                writing.append(self._planned(self._experiment(outcome.training.problem), outcome))
        self._at_once(writing)
        return written + len(writing)

    def _all_of(self, experiment: str) -> list[Any]:
        return list(self.client.search_runs([experiment], max_results=_MOST_RUNS))

    def _at_once(self, calls: Sequence[Callable[[], object]]) -> None:
        """Make calls that do not depend on each other, a few at a time where a server answers."""
        with ThreadPoolExecutor(_CONNECTIONS if is_server(store_uri()) else 1) as threads:
            try:
                for done in [threads.submit(call) for call in calls]:
                    done.result()
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise

    def find(self, outcome: Outcome) -> Any:
        """Return the run of a training, or None."""
        experiment = self._experiment(outcome.training.problem)
        return self._only(experiment, f"tags.key = '{outcome.key}'")

    def _only(self, experiment: str, condition: str) -> Any:
        """Return the run that meets a condition, or None.

        There may be several: an experiment that was deleted and restored brings back the runs that had been deleted
        before. The one with a model stays.
        """
        return self._one_of(self.client.search_runs([experiment], condition))

    def _one_of(self, found: Sequence[Any]) -> Any:
        first, *doubles = sorted(found, key=lambda run: "model" not in run.data.tags) or [None]
        for double in doubles:
            self.client.delete_run(double.info.run_id)
        return first

    def add_metrics(self, problem: str, metrics: Mapping[str, Mapping[str, float]]) -> int:
        """Add metrics, by a training's key, to runs that lack them; return to how many."""
        experiment = self._experiment(problem)
        calls = []
        for run in self.client.search_runs([experiment], "tags.kind = 'train'", max_results=_MOST_RUNS):
            values = metrics.get(run.data.tags.get("key", ""), {})
            if missing := [item for item in values.items() if run.data.metrics.get(item[0]) != item[1]]:
                batch = [entities.metric(*item) for item in missing]
                calls.append(partial(self.client.log_batch, run.info.run_id, metrics=batch))
        self._at_once(calls)
        return len(calls)

    def write_findings(self, found: Findings, outcome: Outcome | None) -> int:
        """Write what the results say into the parent run of a training, or of none; return 1 if it changed."""
        from mlflow.entities import Metric, RunTag

        run = self.client.get_run(self._parent_of(found, outcome))
        changed = self._replace_stand_in(run, found) if outcome else 0
        if run.data.tags.get("results") == found.digest:
            return changed
        start = run.info.start_time
        curves = [Metric(name, value, start, step) for step, row in found.curves for name, value in row.items()]
        metrics = [entities.metric(*item) for item in found.metrics.items()]
        tags = [RunTag("mlflow.runName", found.title), RunTag("mlflow.note.content", found.note)]
        for first in range(0, len(curves), _MOST_METRICS):
            self.client.log_batch(run.info.run_id, metrics=curves[first : first + _MOST_METRICS])
        self.client.log_batch(run.info.run_id, metrics=metrics, tags=[*tags, RunTag("results", found.digest)])
        return 1

    def write_figures(self, found: Findings, outcome: Outcome | None, figures: Sequence[Path]) -> int:
        """Add figures to a parent run that lacks them as they are; return 1 if it did."""
        run_id = self._parent_of(found, outcome)
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in figures)).hexdigest()[:32]
        if self.client.get_run(run_id).data.tags.get("figures") == digest:
            return 0
        for path in figures:
            self.client.log_artifact(run_id, str(path), "figures")
        self.client.set_tag(run_id, "figures", digest)
        return 1

    def write_colours(self, problem: str, colours: Mapping[str, str]) -> int:
        """Give all runs with test results, parents and trainings, their optimizer's colour; return how many."""
        runs = self.client.search_runs([self._experiment(problem)], "metrics.test_loss >= 0", max_results=_MOST_RUNS)
        plain = [run for run in runs if _COLOUR_TAG not in run.data.tags and run.data.tags.get("optimizer") in colours]
        for run in plain:
            self.client.set_tag(run.info.run_id, _COLOUR_TAG, colours[run.data.tags["optimizer"]])
        return len(plain)

    def known_experiment(self, problem: str) -> str | None:
        """Return the id of a problem's experiment, if it was needed before."""
        return self._experiments.get(problem)

    def _experiment(self, problem: str) -> str:
        data = self._datasets[problem]
        # plain text: the list of experiments does not render it
        note = f"{data.title}: {data.description}\n\nOne parent run per optimizer, one child run per training."
        return self.experiment(problem, note, {"problem": problem, **views.tags(data.measure)})

    def experiment(self, name: str, note: str, tags: Mapping[str, str]) -> str:
        """Return the id of an experiment, which is made if there is none; it gets the tags that it lacks."""
        if name not in self._experiments:
            found = self.client.get_experiment_by_name(name)
            if found and found.lifecycle_stage == "deleted":  # in the UI; its name stays taken
                self.client.restore_experiment(found.experiment_id)
                for remains in self.client.search_runs([found.experiment_id], "tags.writing LIKE '%'"):
                    self.client.delete_run(remains.info.run_id)
            self._experiments[name] = found.experiment_id if found else self._new_experiment(name, note)
            present = found.tags if found else {}
            # the UI writes its own guess of the kind; what a person chose there stays
            guessed = present.get(_KIND_TAG, "_inferred").endswith("_inferred")
            for tag, value in {**tags, **({_KIND_TAG: _KIND} if guessed else {})}.items():
                if present.get(tag) != value:
                    self.client.set_experiment_tag(self._experiments[name], tag, value)
        return self._experiments[name]

    def _new_experiment(self, problem: str, note: str) -> str:
        # a database holds no files, and MLflow's own folder for them is relative to where a process runs
        local = store_uri().startswith(_DATABASES)
        location = str(artifacts(problem)) if local else None
        tags = {"mlflow.note.content": note}
        return str(self.client.create_experiment(problem, artifact_location=location, tags=tags))

    def _params(self, outcome: Outcome, *, shared: bool = False) -> list[Any]:
        searched = self._searched.get(outcome.training.optimizer, ())
        return entities.params(outcome, searched, shared=shared)

    def _complete(self, run: Any, outcome: Outcome) -> int:
        """Add what a run lacks: an earlier version of the project wrote it, or its parent was deleted in the UI."""
        from mlflow.entities import RunTag

        parent = self._parent(run.info.experiment_id, outcome)
        tags = [RunTag(n, v) for n, v in entities.tags(outcome).items() if n not in run.data.tags]
        if run.data.tags.get(_PARENT_TAG) != parent:
            tags.append(RunTag(_PARENT_TAG, parent))
        params = [param for param in self._params(outcome) if param.key not in run.data.params]
        if tags or params:
            self.client.log_batch(run.info.run_id, tags=tags, params=params)
        return int(bool(tags or params))

    def _planned(self, experiment: str, outcome: Outcome) -> Callable[[], None]:
        """Return what is still to be done to write a training's run, once its parent is there."""
        # later than the one before, so that runs can be sorted
        self._last_end = end = max(time.time_ns() // 1_000_000, self._last_end + 1)
        start = end - round(outcome.seconds * 1000)
        own = {_PARENT_TAG: self._parent(experiment, outcome, start), "mlflow.runName": entities.name(outcome)}
        return partial(self._write, experiment, outcome, {**own, **entities.tags(outcome)}, start, end)

    def _write(self, experiment: str, outcome: Outcome, own: Mapping[str, str], start: int, end: int) -> None:
        kind, problem = outcome.training.kind, outcome.training.problem
        with self.new_run(experiment, kind, ("key", outcome.key), own, problem, start) as run_id:
            series = entities.metrics(outcome, start, end)
            self.client.log_batch(run_id, metrics=series, params=self._params(outcome))
            if outcome.weights:
                self._log_weights(run_id, outcome)
            self.client.set_terminated(run_id, status="FAILED" if outcome.diverged else "FINISHED", end_time=end)

    def _parent_of(self, found: Findings, outcome: Outcome | None) -> str:
        """Return the parent run of a training; without one, the run that stands in for it."""
        experiment = self._experiment(found.problem)
        if outcome:
            return self._parent(experiment, outcome)
        present = self.client.search_runs([experiment], f"tags.stand_in = '{found.optimizer}'", max_results=1)
        return str(present[0].info.run_id) if present else self._stand_in(experiment, found)

    def _stand_in(self, experiment: str, found: Findings) -> str:
        """Write the parent run of an optimizer whose trainings are not here: a fresh clone has results alone."""
        from mlflow.entities import Param

        own = {"optimizer": found.optimizer, "problem": found.problem}
        self.delete_remains(experiment, found.optimizer)
        with self.new_run(experiment, "parent", ("stand_in", found.optimizer), own, found.problem) as run_id:
            self.client.log_batch(run_id, params=[Param(name, value) for name, value in found.params.items()])
            self.client.set_terminated(run_id)
        return run_id

    def _parent(self, experiment: str, outcome: Outcome, start: int | None = None) -> str:
        """Return the run that gathers an optimizer's trials and seeds under equal settings."""
        training = outcome.training
        arguments = entities.common_arguments(outcome, self._searched.get(training.optimizer, ()))
        how = [training.precision, training.device, training.convolution, training.schedule, training.warmup_fraction]
        what = [training.problem, training.network, training.epochs, training.batch_size, training.data]
        same = [{**asdict(training.row), "arguments": arguments}, *what, *how]
        if (key := f"{training.optimizer} {files.canonical(same)}") not in self._parents:
            group = hashlib.sha256(key.encode()).hexdigest()[:32]
            known = self._only(experiment, f"tags.group = '{group}'")
            self._parents[key] = known.info.run_id if known else self._write_parent(experiment, outcome, group, start)
        self.last_parents[training.problem] = self._parents[key]
        return self._parents[key]

    def _write_parent(self, experiment: str, outcome: Outcome, group: str, start: int | None) -> str:
        name = outcome.training.optimizer
        own = {**entities.tags(outcome), "mlflow.runName": name}
        self.delete_remains(experiment, group)
        with self.new_run(experiment, "parent", ("group", group), own, outcome.training.problem, start) as run_id:
            self.client.log_batch(run_id, params=self._params(outcome, shared=True))
            self.client.set_terminated(run_id)
        return run_id

    def _replace_stand_in(self, parent: Any, found: Findings) -> int:
        """Let a parent run take the place of the one that stood in for it; return 1 if it lasted too short before."""
        for run in self.client.search_runs([parent.info.experiment_id], f"tags.stand_in = '{found.optimizer}'"):
            self.client.delete_run(run.info.run_id)
        return self._lengthen(parent)

    def _lengthen(self, parent: Any) -> int:
        """Let a parent run last as long as all its trainings together; return 1 if it did not before."""
        children = self.client.search_runs(
            [parent.info.experiment_id], f"tags.{_PARENT_TAG} = '{parent.info.run_id}'", max_results=_MOST_RUNS
        )
        lasted = sum((run.info.end_time or run.info.start_time) - run.info.start_time for run in children)
        end = parent.info.start_time + lasted
        if parent.info.end_time == end:
            return 0
        self.client.set_terminated(parent.info.run_id, end_time=end)
        return 1

    @contextmanager
    def new_run(
        self,
        experiment: str,
        kind: str,
        identity: tuple[str, str],
        own_tags: Mapping[str, str],
        problem: str | None = None,
        start: int | None = None,
    ) -> Iterator[str]:
        """Make a run, which gets its identifying tag last: one that was cut off half-way is not found by it.

        `problem` is the one whose data it uses; `start` in milliseconds, now if not given. What an earlier attempt left
        is deleted beforehand (`delete_remains`).
        """
        name, value = identity
        tags = {**self._circumstances, **entities.source(kind), **own_tags, "kind": kind, "writing": value}
        run_id = self.client.create_run(experiment, tags=tags, start_time=start).info.run_id
        if problem:
            self.client.log_inputs(run_id, [entities.dataset_input(self._datasets[problem])])
        yield run_id
        self.client.set_tag(run_id, name, value)
        self.client.delete_tag(run_id, "writing")

    def delete_remains(self, experiment: str, identity: str) -> None:
        """Delete the runs of an identity that were cut off half-way."""
        for remains in self.client.search_runs([experiment], f"tags.writing = '{identity}'"):
            self.client.delete_run(remains.info.run_id)

    @cached_property
    def _circumstances(self) -> dict[str, str]:
        return entities.circumstances()

    def _log_weights(self, run_id: str, outcome: Outcome) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            # a clone after `dvc pull` has no memo
            if memo.recall(paths.memo(), outcome.key):
                path.symlink_to(memo.place(paths.memo(), outcome.key))
            else:
                files.write_tensors(path, outcome.weights or {})
            self.client.log_artifact(run_id, str(path))
