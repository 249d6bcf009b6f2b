# Everything a person types. Only Python 3.11 to 3.13, make and git are needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
# "cpu" picks PyTorch's small CPU build where its own index can be reached
TORCH_BACKEND ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-slow demo ui slides pdf experiments check lint format bench bench-precision bench-steps bench-pipeline calibrate plain-check other-seeds lock ray

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11, 3.12 or 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock $(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND))
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

run: $(READY) ## the whole study, ends with the answer; PROBLEMS=cifar10,next_word: some problems alone
	@$(BIN)/python -m pipeline run $(if $(PROBLEMS),--problems "$(PROBLEMS)")

# one process makes the small study that many tests use; the other tests run in the others
PYTEST := $(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist loadgroup

test: $(READY) ## the tests
	$(PYTEST)

test-slow: $(READY) ## the slow tests as well
	$(PYTEST) -m "slow or not slow"

demo: $(READY) ## the same pipeline on handwritten digits, no download, about two minutes
	@$(BIN)/python -m pipeline demo

ui: $(READY) ## the runs, in the MLflow UI on 127.0.0.1
	@$(BIN)/python -m pipeline ui

slides: $(READY) ## the report's main figures as pictures for slides, in exports/
	@$(BIN)/python -m pipeline slides

pdf: $(READY) ## the report on paper, exports/report.pdf (needs Chromium or Chrome)
	@$(BIN)/python -m pipeline pdf

# comparison.baseline of params.yaml
BASELINE = $(shell sed -n 's/^  baseline: *\([a-z0-9_]*\).*/\1/p' params.yaml)

experiments: $(READY) ## the experiments side by side: the key figures, and the params that differ
	@$(BIN)/dvc exp show --only-changed --keep 'champion|accuracy.(champion|$(BASELINE))' --drop '.*/|.*\.(label|class)$$|claims.(inconclusive|not_tested)|Created|State|Executor'

check: lint test ## format, lint, types, import layers, tests

lint: $(READY) ## format, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## correct format and lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## images per second compared with plain PyTorch loops, about ten minutes
	$(BIN)/python -m benchmarks.throughput

bench-precision: $(READY) ## how much faster bfloat16 is, for each network
	$(BIN)/python -m benchmarks.precision

bench-steps: $(READY) ## how much each part of the fast training step gains
	$(BIN)/python -m benchmarks.steps

bench-pipeline: $(READY) ## wall time, overhead and memory of every stage
	$(BIN)/python -m benchmarks.stages

calibrate: $(READY) ## how often the study reports a difference where there is none, and how small a real one it finds
	$(BIN)/python -m benchmarks.calibrate

plain-check: $(READY) ## three optimizers by a plain PyTorch loop: does it reach what the study reports?
	$(BIN)/python -m benchmarks.plain_check

other-seeds: $(READY) ## the whole study again with other seeds and another search: which verdicts change?
	$(BIN)/python -m benchmarks.other_seeds

ray: $(READY) ## install Ray, for trainings on many machines (docs/scaling.md)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-ray.lock $(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND))

lock: $(READY) ## write requirements.lock and requirements-ray.lock again
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --group dev --extra ray --constraint requirements.lock pyproject.toml -o requirements-ray.lock
